/*
 * QR codes and Code 128 on a page.  Each place that looks like a code goes
 * down a cascade until a step reads it; a page without such places costs
 * next to nothing.  What is read is data: nobody has checked what it says.
 */
#ifndef SH_OCR_BARCODE_H
#define SH_OCR_BARCODE_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "ocr/page.h"

struct Pix;
struct sh_sketch;

/* A code as a decoder found it; TEXT is bytes, not yet UTF-8. */
struct sh_barcode_hit {
	enum sh_barcode kind;
	uint8_t text[SH_PAGE_CODE_BYTES];
	size_t len;
	int x0, y0, x1, y1;	/* corners of the box around it */
};

/*
 * The only caller of zxing (barcode_zxing.cpp): codes on a grey raster of
 * rows of STRIDE bytes.  At most MAX hits; how many, or -1 when the library
 * threw something.  No exception gets out.
 */
int sh_barcode_zxing(const uint8_t *grey, int width, int height, int stride,
    int harder, struct sh_barcode_hit *hits, int max);

/*
 * Codes of the upright page: GREY is the page's raster, SKETCH its sketch;
 * SCALE_X and SCALE_Y are page pixels to one of GREY's.  Adds the marks.
 */
int sh_barcode_find(struct Pix *grey, const struct sh_sketch *sketch,
    double scale_x, double scale_y, struct sh_page *page,
    struct sh_error *err) SH_MUST_CHECK;

#endif
