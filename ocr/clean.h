/*
 * From a page's pixels to the raster that is read: turned upright, made
 * grey, and changed only where a measure says that something is broken.
 * The page that is shown and archived is never touched.
 *
 * Rasters are Leptonica's (struct Pix): "grey" has 8 bits a pixel, "bilevel"
 * 1 bit, 1 is ink.  The caller owns what is returned and releases it with
 * pixDestroy().  Nothing here trusts the pixels' content; their shape was
 * checked by sh_clean_check().
 *
 * Errors: SH_ENOMEM, also where Leptonica gives no result.
 */
#ifndef SH_OCR_CLEAN_H
#define SH_OCR_CLEAN_H

#include "base/error.h"
#include "ocr/image.h"

struct Pix;

/* SH_EARG "raster.shape" or SH_ELIMIT "raster.too-large". */
int sh_clean_check(const struct sh_pixels *px, struct sh_error *err)
    SH_MUST_CHECK;

/*
 * Turn as EXIF says (1..8), then DEGREES (0, 90, 180, 270) clockwise.  OUT's
 * data is the caller's, released with free(); its exif_orientation is 1 and
 * its dpi follow the turn.
 */
int sh_clean_turn(const struct sh_pixels *px, int exif_orientation,
    int degrees, struct sh_pixels *out, struct sh_error *err) SH_MUST_CHECK;

/* Luminance. */
struct Pix *sh_clean_grey(const struct sh_pixels *px, struct sh_error *err);

#endif
