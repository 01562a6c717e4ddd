/*
 * A paper as a recogniser would give it, without drawing or reading: words
 * in place, some of them misread the way print is misread.  The form is that
 * of schemas/reading.schema.json.
 *
 * For truth in thousands, where drawing and reading one page takes seconds.
 * What it misreads is a model of errors, not a measure of a recogniser.
 */
#ifndef SH_SAMPLES_READING_H
#define SH_SAMPLES_READING_H

#include <jansson.h>

#include "samples/paper.h"

/*
 * Side SIDE of the paper at 300 dpi; NOISE, in thousandths, is how often an
 * ordinary word of five letters is misread.  Repeatable from SEED.
 */
json_t *sh_reading_of(const struct sh_paper *p, size_t side, unsigned noise,
    uint64_t seed);

#endif
