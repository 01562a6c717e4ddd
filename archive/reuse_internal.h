/* What need, reuse and the dossier share. */
#ifndef SH_ARCHIVE_REUSE_INTERNAL_H
#define SH_ARCHIVE_REUSE_INTERNAL_H

#include "archive/archive_internal.h"

int sh_reuse_need(struct sh_archive *ar, const struct sh_reader *who,
    const struct sh_procedure *procedure, const struct sh_holder *holder,
    struct sh_date day, json_t **answer, struct sh_error *err)
    SH_MUST_CHECK;

/* Errors: SH_ENOTFOUND "procedure.unknown". */
int sh_reuse_procedure(struct sh_archive *ar, const char *code,
    const struct sh_procedure **pp, struct sh_error *err) SH_MUST_CHECK;

/* Does the document count for the component on that day? */
struct sh_reusable {
	int counts;
	int named;		/* the component names its type */
	const char *reason;	/* why it does not count; static */
	struct sh_date until;	/* last day; year 0: no end known */
	struct sh_tag holder;	/* to read it from */
};
int sh_reuse_judge(struct sh_archive *ar,
    const struct sh_procedure *procedure,
    const struct sh_component *component, const struct sh_holder *holder,
    const struct sh_tag *document, struct sh_date day,
    struct sh_reusable *out, struct sh_error *err) SH_MUST_CHECK;

/* ---- receipt.c ----------------------------------------------------------- */

/* Keep DATA as a blob; {bytes, digest, key} goes to V. */
int sh_receipt_keep(struct sh_archive *ar, const void *data, size_t len,
    json_t *v, struct sh_error *err) SH_MUST_CHECK;

/*
 * CAUSE, an act, ends what dossiers relied on: a notice for every receipt of
 * DOCUMENT, which HOLDER leads, that has none of this kind.
 */
int sh_receipt_notify(struct sh_archive *ar, const json_t *cause,
    const struct sh_tag *holder, const struct sh_tag *document,
    struct sh_error *err) SH_MUST_CHECK;

#endif
