/*
 * What a document says, in a form in which two captures of the same sheet
 * are alike: the paper's own number, date and issuer, its fields, its words
 * folded, and where what tells it from others stands.  Made of a draft, or of
 * what the archive holds.
 */
#ifndef SH_PIPELINE_SHEET_H
#define SH_PIPELINE_SHEET_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "ocr/fields.h"
#include "ocr/likeness.h"
#include "ocr/page.h"
#include "schemas/catalogue.h"

#define SH_SHEET_TOKENS_MAX	2000	/* more are not compared */
#define SH_SHEET_SURE		0.80	/* a token read better is believed */

struct sh_token {
	uint32_t at;		/* in the sheet's folded text */
	uint16_t len;		/* bytes */
	uint8_t digits;		/* it has some */
	uint8_t sure;
	uint8_t agrees;		/* letter by letter: sh_kin_compare() */
	uint32_t hash;
};

struct sh_saying {
	const struct sh_field_def *def;
	char *value;
	double confidence;
};

/* Where something stands that was read surely, a long number, or a field. */
struct sh_place {
	size_t page;
	enum {
		SH_PLACE_WORD,
		SH_PLACE_TELLING,	/* another one is another paper */
		SH_PLACE_OWN		/* the paper's own number */
	} what;
	size_t token, ntokens;	/* a word's; a field has none */
	struct sh_look_at at;	/* its look: what another capture shows there */
};

struct sh_sheet {
	const struct sh_paper_type *type;
	int certified_copy;
	size_t npages;
	double confidence;	/* mean of the pages' */
	double dpi;		/* of the coarsest page */
	struct sh_saying *says;
	size_t nsays;
	char *number;		/* the paper's own, folded; or NULL */
	struct sh_buf text;	/* every word with a space before and behind */
	struct sh_token *tokens;
	size_t ntokens;
	struct sh_place *places;
	size_t nplaces, placecap;
};

/* Room for NFIELDS says; sh_sheet_free() takes NULL. */
struct sh_sheet *sh_sheet_new(const struct sh_paper_type *type,
    size_t nfields, struct sh_error *err);
void sh_sheet_free(struct sh_sheet *s);

/*
 * DEF and TYPE are borrowed from the catalogue, VALUE is copied; METHOD read
 * it in BOX of page PAGE.  Fields come before the pages.
 */
int sh_sheet_say(struct sh_sheet *s, const struct sh_field_def *def,
    const char *value, double confidence, const char *method, size_t page,
    struct sh_box box, struct sh_error *err) SH_MUST_CHECK;
/* Fields in which two readings of the same print must agree. */
int sh_sheet_is_exact(enum sh_field_kind kind);
int sh_sheet_add_page(struct sh_sheet *s, const struct sh_page *p,
    struct sh_error *err) SH_MUST_CHECK;

/* What the same page of HELD shows in each place of page PAGE. */
int sh_sheet_look(struct sh_sheet *s, size_t page, struct sh_looks *l,
    struct sh_looks *held, struct sh_error *err) SH_MUST_CHECK;

const struct sh_saying *sh_sheet_says(const struct sh_sheet *s,
    const char *field);

#endif
