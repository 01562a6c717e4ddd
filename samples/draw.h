/*
 * Draw a composed paper: to pixels, or to a PDF of outlines as an office
 * program writes it.
 */
#ifndef SH_SAMPLES_DRAW_H
#define SH_SAMPLES_DRAW_H

#include "base/buf.h"
#include "samples/paper.h"
#include "samples/raster.h"

/* Black on white at DPI; R is new. */
void sh_draw_side(const struct sh_paper *p, size_t side, unsigned dpi,
    struct sh_raster *r);

/* Errors: SH_ELIBRARY "sample.cairo". */
int sh_draw_pdf(const struct sh_paper *p, struct sh_buf *out,
    struct sh_error *err) SH_MUST_CHECK;

#endif
