/*
 * Machine-readable lines of cards and passports: letters and figures of a
 * type (OCR-B) that the Vietnamese model hardly knows.  Where a reading has
 * such lines, they are read again by the English one.
 *
 * Source: ICAO Doc 9303-3.
 */
#ifndef SH_OCR_MACHINE_H
#define SH_OCR_MACHINE_H

#include "base/error.h"
#include "ocr/engine.h"

/*
 * *PP was read from the grey raster of DPI through VIEW; becomes a page with
 * the better of both readings of its machine lines.
 */
int sh_machine_read(struct sh_engine *e, struct Pix *grey, double dpi,
    const struct sh_view *view, struct sh_page **pp, struct sh_error *err)
    SH_MUST_CHECK;

#endif
