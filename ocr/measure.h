/*
 * How well papers are told apart and read, against papers of known truth.
 *
 * A truth is one JSON object: "type" (a slug, or "unknown" for a paper
 * outside the catalogue), "fields" (name to value), "sides" (the pages'
 * readings in their stored form), "procedure" (optional).  What the paper is
 * and says is found anew and compared; sums grow in struct sh_measure, which
 * is plain data.
 *
 * Equal means: case does not count in names, places and texts, nor spaces in
 * numbers, nor what ends a sentence.
 */
#ifndef SH_OCR_MEASURE_H
#define SH_OCR_MEASURE_H

#include <stdio.h>

#include "base/error.h"
#include "base/json.h"
#include "schemas/catalogue.h"

#define SH_MEASURE_BINS	10
#define SH_FIELD_KINDS	(SH_FIELD_QR + 1)

/* Values of one confidence: how many, how sure on average, how many right. */
struct sh_bin {
	double said;		/* sum */
	size_t n, right;
};

struct sh_tally {
	size_t truth, exact, folded, missing, invented;
	struct sh_bin bin[SH_MEASURE_BINS];
};

struct sh_measure {
	size_t papers, known, type_right, foreign, foreign_right;
	struct sh_bin type_bin[SH_MEASURE_BINS];
	struct sh_tally kind[SH_FIELD_KINDS];
	FILE *errors;		/* each difference as a line; NULL: none */
	FILE *values;		/* each value found, tab separated; or NULL */
};

/* Read the paper and add what comes of it. */
int sh_measure_paper(struct sh_measure *m, const struct sh_catalogue *c,
    const json_t *truth, struct sh_error *err) SH_MUST_CHECK;

/*
 * The interval that holds the true rate in 95 of 100 cases when RIGHT of N
 * were right.  Source: E. B. Wilson 1927, without continuity correction.
 */
void sh_measure_interval(size_t right, size_t n, double *lo, double *hi);

/* Sum of |said - right| over the bins, by their share; 0 without values. */
double sh_measure_ece(const struct sh_bin bin[SH_MEASURE_BINS]);
/* The bins of all kinds together. */
void sh_measure_all(const struct sh_measure *m,
    struct sh_bin bin[SH_MEASURE_BINS]);

const char *sh_field_kind_name(enum sh_field_kind kind);

#endif
