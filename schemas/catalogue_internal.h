/*
 * What catalogue.c and catalogue_check.c share.
 *
 * Invariants of a loaded catalogue: slugs, field names within a type, labels
 * and contexts are unique; every name that a rule uses exists; type[i].index
 * is i; all strings are borrowed from the two parsed files.
 */
#ifndef SH_SCHEMAS_CATALOGUE_INTERNAL_H
#define SH_SCHEMAS_CATALOGUE_INTERNAL_H

#include "schemas/catalogue.h"

#define SH_CATALOGUE_TYPES_MAX		500
#define SH_CATALOGUE_PROCEDURES_MAX	5000
#define SH_CATALOGUE_FIELDS_MAX		64
#define SH_CATALOGUE_LIST_MAX		400	/* strings in one list */
#define SH_CATALOGUE_TEXT_MAX		400	/* bytes of one string */

/* The entry is wrong: FMT says how; returns -1. */
int sh_catalogue_wrong(struct sh_error *err, const char *fmt, ...)
    SH_PRINTF(2, 3);

/* The lists of strings that the types share. */
int sh_catalogue_check_shared(const json_t *shared, struct sh_error *err)
    SH_MUST_CHECK;
int sh_catalogue_check_recognise(const json_t *v, struct sh_error *err)
    SH_MUST_CHECK;
/* Names of contexts, each known to SHARED. */
int sh_catalogue_check_contexts(const json_t *v, const json_t *shared,
    struct sh_error *err) SH_MUST_CHECK;
/* The rules that find a field in a type with the CONTEXTS. */
int sh_catalogue_check_find(const json_t *v, const json_t *contexts,
    const json_t *shared, struct sh_error *err) SH_MUST_CHECK;
int sh_catalogue_check_people(const struct sh_paper_type *type,
    struct sh_error *err) SH_MUST_CHECK;

#endif
