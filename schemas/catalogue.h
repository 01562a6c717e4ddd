/*
 * The catalogue: paper types, procedures and their components, as data.
 *
 * schemas/paper-types.json and schemas/procedures.json are built into the
 * program and copied into an archive home, where an agency changes them;
 * sh_catalogue_load() reads that copy, NULL the built-in one.  Loading
 * checks everything (names, patterns, references between entries) and
 * reports the entry.  Immutable once loaded; may be shared by threads.
 * Pointers inside are borrowed from the catalogue.
 *
 * Errors: SH_EFORMAT "catalogue.entry" with the parameter "entry".
 */
#ifndef SH_SCHEMAS_CATALOGUE_H
#define SH_SCHEMAS_CATALOGUE_H

#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/json.h"

/* How long a paper counts (DESIGN.md 5.4). */
enum sh_validity {
	SH_VALID_ALWAYS,
	SH_VALID_MONTHS,	/* so many months from its date of issue */
	SH_VALID_UNTIL,		/* until the date in one of its fields */
	SH_VALID_SUPERSEDED,	/* until a newer one of its kind is held */
	SH_VALID_PURPOSE,	/* months, and only for its stated purpose;
				   0 months: only for its own dossier */
	SH_VALID_VOID		/* by law, from a day on */
};

/* What happens to a second document like one that is held. */
enum sh_duplicate { SH_DUP_LINK, SH_DUP_KEEP, SH_DUP_REPLACE, SH_DUP_ASK };

/* How its pages are kept (ocr/DESIGN.md, Layers). */
enum sh_profile {
	SH_PROFILE_STANDARD,	/* the image as it was fed */
	SH_PROFILE_ARCHIVE,	/* layers: a quarter of the room */
	SH_PROFILE_PREVIEW	/* a small picture, only to be looked at */
};

enum sh_field_kind {
	SH_FIELD_TEXT, SH_FIELD_NAME, SH_FIELD_ID, SH_FIELD_NUMBER,
	SH_FIELD_DATE, SH_FIELD_MONEY, SH_FIELD_AREA, SH_FIELD_PLACE,
	SH_FIELD_ENUM, SH_FIELD_MRZ, SH_FIELD_QR
};

/* What may be wrong of the values that nobody looks at, unless told. */
#define SH_ERROR_RATE_CRITICAL	0.01
#define SH_ERROR_RATE_USUAL	0.03

struct sh_field_def {
	const char *name;		/* "id_number" */
	enum sh_field_kind kind;
	const char *label;		/* Vietnamese, for people */
	int required;			/* a document without it is reviewed */
	int critical;			/* a wrong one harms: keyed twice */
	double error_rate;		/* of values that nobody looks at */
	const json_t *find;		/* rules; ocr/fields.c reads them */
	const json_t *values;		/* known values; may be NULL */
};

/* Which fields name a holder of a document, in which role. */
struct sh_holder_def {
	const char *role;		/* "wife" */
	const char *id_field;		/* may be NULL */
	const char *other_id_field;	/* when that is not on the paper */
	const char *name_field;
	const char *birth_field;	/* may be NULL */
	int files;			/* the document is filed under it */
};

struct sh_paper_type {
	const char *slug;		/* "giay-khai-sinh"; frozen */
	const char *name;		/* "Giấy khai sinh" */
	const char *name_en;
	unsigned index;			/* place in the catalogue */
	enum sh_validity validity;
	int validity_months;
	const char *validity_field;	/* SH_VALID_UNTIL */
	struct sh_date void_from;	/* SH_VALID_VOID */
	int retention_years;		/* 0: permanent; -1: with the dossier */
	enum sh_duplicate duplicate;
	enum sh_profile profile;
	const char *number_field;	/* its own number and symbol; or NULL */
	const char *issued_field;	/* its date of issue; or NULL */
	const char *issuer_field;	/* or NULL */
	const struct sh_field_def *fields;
	size_t nfields;
	const struct sh_holder_def *holders;
	size_t nholders;
	int card;			/* an identity card or passport */
	const json_t *recognise;	/* titles, words; ocr/classify.c reads it */
	const json_t *contexts;		/* names of people's sections on it */
	const json_t *people;		/* lists of holders; ocr/parties.c */
};

struct sh_component {
	const char *code;		/* within its procedure */
	const char *name;
	const struct sh_paper_type *const *types;	/* any satisfies it */
	size_t ntypes;
	int required;
	int freshness_months;		/* 0: as long as it is valid */
};

struct sh_procedure {
	const char *code;		/* "1.001193" */
	const char *name;
	const struct sh_component *components;
	size_t ncomponents;
};

struct sh_catalogue;

/* DIR holds paper-types.json and procedures.json; NULL: the built-in ones. */
int sh_catalogue_load(const char *dir, struct sh_catalogue **cp,
    struct sh_error *err) SH_MUST_CHECK;
void sh_catalogue_free(struct sh_catalogue *c);

/* Durable: write the built-in files into DIR. */
int sh_catalogue_install(const char *dir, struct sh_error *err) SH_MUST_CHECK;

/* NULL when there is none. */
const struct sh_paper_type *sh_catalogue_type(const struct sh_catalogue *c,
    const char *slug);
/* Suffixes such as ".000.00.00.H13" are ignored. */
const struct sh_procedure *sh_catalogue_procedure(
    const struct sh_catalogue *c, const char *code);
size_t sh_catalogue_ntypes(const struct sh_catalogue *c);
const struct sh_paper_type *sh_catalogue_type_at(
    const struct sh_catalogue *c, size_t i);
size_t sh_catalogue_nprocedures(const struct sh_catalogue *c);
const struct sh_procedure *sh_catalogue_procedure_at(
    const struct sh_catalogue *c, size_t i);

/* "standard", "archive", "preview". */
const char *sh_profile_word(enum sh_profile profile);

const struct sh_field_def *sh_paper_type_field(
    const struct sh_paper_type *type, const char *name);

/*
 * What the types share: "labels", "contexts", "patterns", "others" (titles
 * of papers outside the catalogue), "usual" (phrases, for their spelling);
 * the rules of fields refer to the first three.
 */
const json_t *sh_catalogue_shared(const struct sh_catalogue *c);

/* Digest of both files: goes into every stage key that depends on them. */
const struct sh_digest *sh_catalogue_digest(const struct sh_catalogue *c);

#endif
