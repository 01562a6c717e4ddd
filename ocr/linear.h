/*
 * The linear model: a second witness of what a paper is, from wordings that
 * no rule names, for papers whose title is lost.
 *
 * ocr/data/papers.model, made by "make model" from generated papers and the
 * catalogue's own words, holds one row of weights for each type.  Its bytes:
 * a head of lines
 *
 *	sohoa-papers 1
 *	buckets 8192
 *	types N
 *	SLUG BIAS SCALE		(N times; thousandths, billionths)
 *
 * then the weights, one signed byte each, all types of a bucket together.  A
 * type's score is its bias plus its scale times the sum of its weights in
 * the paper's buckets, by the square root of their number: above 0 it is
 * more like that type than unlike.  A type of the catalogue that the model
 * does not know has no score.
 */
#ifndef SH_OCR_LINEAR_H
#define SH_OCR_LINEAR_H

#include "base/error.h"
#include "ocr/grams.h"
#include "schemas/catalogue.h"

#define SH_LINEAR_NONE	(-9.0)	/* the score of a type without weights */
#define SH_LINEAR_WHY	5

struct sh_linear;

/* DATA of LEN bytes is borrowed; NULL: the program's own. */
struct sh_linear *sh_linear_new(const struct sh_catalogue *c,
    const void *data, size_t len, struct sh_error *err);
void sh_linear_free(struct sh_linear *m);

/* score[i]: of the catalogue's type i. */
void sh_linear_score(const struct sh_linear *m, const struct sh_grams *g,
    double *score);

/*
 * The wordings that say most for the type TYPE, best first: indices into
 * G.  Their number, at most SH_LINEAR_WHY.
 */
size_t sh_linear_why(const struct sh_linear *m, const struct sh_grams *g,
    size_t type, size_t why[SH_LINEAR_WHY]);

#endif
