/*
 * What a document says, in a form in which two captures of the same sheet
 * are alike: the paper's own number, date and issuer, its fields, its words
 * folded.  Made of a draft, or of what the archive holds.
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
#include "ocr/page.h"
#include "schemas/catalogue.h"

#define SH_SHEET_TOKENS_MAX	2000	/* more are not compared */
#define SH_SHEET_SURE		0.80	/* a token read better is believed */

struct sh_token {
	uint32_t at;		/* in the sheet's folded text */
	uint16_t len;		/* bytes */
	uint8_t digits;		/* it has some */
	uint8_t sure;
	uint32_t hash;
};

struct sh_saying {
	const struct sh_field_def *def;
	char *value;
	double confidence;
};

struct sh_sheet {
	const struct sh_paper_type *type;
	int certified_copy;
	size_t npages;
	double confidence;	/* mean of the pages' */
	double dpi;		/* of the coarsest page */
	struct sh_saying *says;
	size_t nsays;
	struct sh_buf text;	/* every word with a space before and behind */
	struct sh_token *tokens;
	size_t ntokens;
};

/* Room for NFIELDS says; sh_sheet_free() takes NULL. */
struct sh_sheet *sh_sheet_new(const struct sh_paper_type *type,
    size_t nfields, struct sh_error *err);
void sh_sheet_free(struct sh_sheet *s);

/* DEF and TYPE are borrowed from the catalogue, VALUE is copied. */
int sh_sheet_say(struct sh_sheet *s, const struct sh_field_def *def,
    const char *value, double confidence, struct sh_error *err) SH_MUST_CHECK;
int sh_sheet_add_page(struct sh_sheet *s, const struct sh_page *p,
    struct sh_error *err) SH_MUST_CHECK;

const struct sh_saying *sh_sheet_says(const struct sh_sheet *s,
    const char *field);

#endif
