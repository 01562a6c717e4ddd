/*
 * Are the confidences true?  What people confirmed and corrected, and what
 * the samples showed, against the confidence with which the machine had read
 * each value: by confidence, by method, by month, and whether that drifts.
 *
 * Reviewed documents are those that the machine doubted, samples those that
 * it did not; they are told apart.  The answer's form is
 * schemas/calibration.schema.json.
 */
#ifndef SH_PIPELINE_CALIBRATE_H
#define SH_PIPELINE_CALIBRATE_H

#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "pipeline/home.h"

/*
 * Documents archived from FROM to TO, both included.  PAIRS, unless NULL,
 * takes a CSV line for each value: no value, but type, field, method,
 * confidence, whether it was right; to fit confidences with.
 */
int sh_calibrate(struct sh_home *h, struct sh_date from, struct sh_date to,
    struct sh_buf *pairs, json_t **answer, struct sh_error *err)
    SH_MUST_CHECK;

#endif
