/*
 * Which paper is this?  Title lines and words against the catalogue, the
 * linear model's view of all other wordings (linear.h), times what the
 * procedure expects, with an answer "unknown" and the evidence.
 * Pure: no files, no state.
 */
#ifndef SH_OCR_CLASSIFY_H
#define SH_OCR_CLASSIFY_H

#include "base/error.h"
#include "base/json.h"
#include "ocr/page.h"
#include "schemas/catalogue.h"

struct sh_guess {
	const struct sh_paper_type *type;	/* NULL: unknown */
	double confidence;	/* of that answer */
	int certified_copy;	/* a certification block stands on it */
	int first_page;		/* > 0: a title stands at its top, of TYPE or
				   of a paper that is in no list;
				   < 0: it reads as a continuation */
	json_t *evidence;	/* [{"title":…,"page":…},{"word":…,"page":…},
				   {"procedure":…},{"wording":…},…] */
};

/*
 * Judge one document's pages.  PROCEDURE may be NULL.  Free the evidence
 * with sh_guess_clear().
 */
int sh_classify(const struct sh_catalogue *c,
    const struct sh_page *const *pages, size_t npages,
    const struct sh_procedure *procedure, struct sh_guess *out,
    struct sh_error *err) SH_MUST_CHECK;
void sh_guess_clear(struct sh_guess *g);

#endif
