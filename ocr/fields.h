/*
 * From a reading to named values: anchors, patterns, codes, MRZ, checks.
 *
 * Values are in the forms of samples' truth: dates yyyy-mm-dd, names and
 * money as printed, numbers without stray spaces, "mrz" three lines.  A
 * field that is not on the paper is absent.  What the rules are for a type
 * stands in the catalogue; this file only knows how to apply a rule.
 */
#ifndef SH_OCR_FIELDS_H
#define SH_OCR_FIELDS_H

#include "base/error.h"
#include "base/json.h"
#include "ocr/page.h"
#include "schemas/catalogue.h"
#include "schemas/identifier.h"

struct sh_field {
	const struct sh_field_def *def;
	char *value;
	double confidence;	/* probability that the value is exact */
	uint32_t page;		/* index into the document's pages */
	struct sh_box box;
	const char *method;	/* "anchor", "pattern", "qr", "mrz", "title" */
	const char *doubt;	/* NULL, or the key of a check that it fails */
	int review;		/* less sure than its def's error rate wants */
};

struct sh_fields {
	struct sh_field *field;
	size_t n;
};

/* A holder as the paper names it. */
struct sh_party {
	struct sh_id id;	/* kind SH_ID_NONE when the paper has none */
	char *name;		/* as printed; may be NULL */
	const char *role;
	struct sh_date birth;	/* year 0: not on the paper */
	double confidence;
	int unsure;		/* its number is for a person to look at */
	int files;		/* the document is filed under it */
};

struct sh_parties {
	struct sh_party *party;
	size_t n;
};

int sh_fields_extract(const struct sh_catalogue *c,
    const struct sh_paper_type *type, const struct sh_page *const *pages,
    size_t npages, int certified_copy, struct sh_fields *out,
    struct sh_error *err) SH_MUST_CHECK;
void sh_fields_clear(struct sh_fields *f);
const struct sh_field *sh_fields_get(const struct sh_fields *f,
    const char *name);

/* The holders that the type's rules find in the fields (and member lists). */
int sh_parties_extract(const struct sh_catalogue *c,
    const struct sh_paper_type *type, const struct sh_fields *fields,
    const struct sh_page *const *pages, size_t npages,
    struct sh_parties *out, struct sh_error *err) SH_MUST_CHECK;
void sh_parties_clear(struct sh_parties *p);

/*
 * Two spellings of a person's name.  REASON (may be NULL) is static: for the
 * same "equal", "marks-left-out" (a machine line, a foreign keyboard);
 * for likely ones "marks", "i-y", "order", "initials", "cut", "middle-name",
 * "one-letter", "parted"; "other-words", "other-number" or "empty" for
 * different ones.
 */
enum sh_likeness { SH_SAME, SH_LIKELY, SH_DIFFERENT };
enum sh_likeness sh_name_compare(const char *a, const char *b);
enum sh_likeness sh_name_compare_why(const char *a, const char *b,
    const char **reason);

/*
 * Two addresses, the largest unit last.  Reasons: "equal", "reform" (the
 * province of before July 2025 and today's, a district left out), "marks",
 * "shorter", "one-letter", "other-place", "other-province", "empty".
 */
enum sh_likeness sh_place_compare(const char *a, const char *b,
    const char **reason);

#endif
