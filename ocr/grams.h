/*
 * A paper as a bag of wordings: what the linear model counts.
 *
 * Words, pairs of neighbouring words and runs of five letters, all folded,
 * without figures; and signs of the paper's form.  Each falls into one of
 * SH_GRAM_BUCKETS by its hash and counts once.  Frozen with the model: what
 * changes here makes ocr/data/papers.model wrong until it is made again.
 */
#ifndef SH_OCR_GRAMS_H
#define SH_OCR_GRAMS_H

#include "ocr/heading.h"
#include "ocr/view.h"

#define SH_GRAM_BUCKETS	8192
#define SH_GRAM_BYTES	48

struct sh_gram {
	uint32_t bucket;
	char text[SH_GRAM_BYTES];	/* the first that fell into it */
};

struct sh_grams {
	struct sh_gram *gram;
	size_t n, cap;
	uint8_t seen[SH_GRAM_BUCKETS / 8];
};

/* Add one line's words, folded; empty ones and figures part it. */
int sh_grams_add(struct sh_grams *g, const char *const *words, size_t n,
    struct sh_error *err) SH_MUST_CHECK;
/* Add what no words say: "motto", "id lines". */
int sh_grams_sign(struct sh_grams *g, const char *sign, struct sh_error *err)
    SH_MUST_CHECK;

/* Which rows of a view count. */
struct sh_gram_part {
	uint32_t first, end;	/* rows */
	int no_capitals;	/* as if the titles were lost */
};

/* Add what stands in those rows; PART NULL: all. */
int sh_grams_view(struct sh_grams *g, const struct sh_view *v,
    const struct sh_heading *h, const struct sh_gram_part *part,
    struct sh_error *err) SH_MUST_CHECK;

void sh_grams_free(struct sh_grams *g);

#endif
