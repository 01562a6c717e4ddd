/*
 * From how a value was found and read to the probability that it is exact.
 *
 * The terms were fitted to values of known truth and stand, with their date
 * and number, in ocr/data/calibration.json (tests/tools/calibrate.py).  A
 * kind that the file does not know keeps its raw confidence.
 */
#ifndef SH_OCR_CALIBRATE_H
#define SH_OCR_CALIBRATE_H

#include "base/error.h"
#include "schemas/catalogue.h"

struct sh_calibration;

struct sh_calibration *sh_calibration_new(struct sh_error *err);
void sh_calibration_free(struct sh_calibration *c);

/* RAW 0..1; DOUBT: a check speaks against the value. */
double sh_calibration_apply(const struct sh_calibration *c,
    enum sh_field_kind kind, int doubt, double raw);

/*
 * How sure a value must be so that of all that are surer only the share
 * ERROR_RATE is wrong.  0.998 for a rate below all that were measured.
 */
double sh_calibration_threshold(const struct sh_calibration *c,
    enum sh_field_kind kind, double error_rate);

#endif
