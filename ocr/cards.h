/*
 * Where cards lie on a page: identity cards, licences, insurance cards, both
 * sides of one on one sheet.  Each is to be read by itself, for what stands
 * in one row on two sides is no line.
 *
 * Source: ISO/IEC 7810, ID-1: 85.60 x 53.98 mm.
 */
#ifndef SH_OCR_CARDS_H
#define SH_OCR_CARDS_H

#include <stddef.h>

#include "base/error.h"
#include "ocr/page.h"

#define SH_CARDS_MAX	8

struct Pix;

/*
 * The cards on the upright grey raster of DPI, row by row, in its pixels, a
 * little more than each card, none over another; *NP of them.  A raster
 * hardly larger than a card has none.
 */
int sh_cards_find(struct Pix *grey, double dpi,
    struct sh_box out[SH_CARDS_MAX], size_t *np, struct sh_error *err)
    SH_MUST_CHECK;

#endif
