/*
 * Codes a bilevel raster as one JBIG2 generic region, losslessly, in the
 * form that PDF embeds: page information and region, no file header.
 *
 * Symbols are never looked for: a coder that takes two glyphs for one swaps
 * digits.  What goes in comes out, pixel for pixel.
 *
 * Source: ITU-T T.88 6.2, 7.4.6, 7.4.8, annex E; ISO 32000-1 7.4.7.
 */
#ifndef SH_OCR_JBIG2_H
#define SH_OCR_JBIG2_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"

/* 1 bit a pixel, 1 is ink; rows of whole 64-bit words, first pixel highest. */
struct sh_bits {
	uint64_t *word;
	int32_t width_px, height_px;
	size_t stride;		/* words a row; bits behind the width are 0 */
};

/* All paper.  Errors: SH_ELIMIT "image.too-large"; SH_ENOMEM. */
int sh_bits_new(struct sh_bits *b, int64_t width_px, int64_t height_px,
    struct sh_error *err) SH_MUST_CHECK;
void sh_bits_free(struct sh_bits *b);

/* Appends to OUT. */
int sh_jbig2_encode(const struct sh_bits *bits, struct sh_buf *out,
    struct sh_error *err) SH_MUST_CHECK;

#endif
