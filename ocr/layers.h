/*
 * Takes a page's picture apart so that it needs little room and still reads
 * and looks as it did: ink as a bilevel mask at full resolution with its
 * colours at a low one, what lies behind it at 200 dpi or more, and patches
 * at full resolution where colour or tone matters: stamps, signatures,
 * photographs.
 *
 * Runs where pixels from outside may be looked at: in a worker.  The pixels
 * are as stored, not turned.  The same pixels give the same bytes.
 *
 * Errors: SH_ENOMEM; of image.h.
 */
#ifndef SH_OCR_LAYERS_H
#define SH_OCR_LAYERS_H

#include "base/buf.h"
#include "base/error.h"
#include "ocr/image.h"
#include "ocr/jbig2.h"
#include "ocr/pdfa.h"

#define SH_LAYERS_DPI		200	/* of the background, at least */
#define SH_PREVIEW_SIDE_PX	1400	/* longer side of a preview */

/*
 * Coded images one behind the other: their offsets count from the start of
 * 'bytes', their descriptors are -1.
 */
struct sh_layers {
	struct sh_buf bytes;
	struct sh_pdfa_layers of;
	struct sh_bits mask[SH_STENCILS_MAX];	/* what is coded in 'bytes' */
};
void sh_layers_clear(struct sh_layers *l);

/*
 * DPI is the finer of the page's two resolutions, as it was read or
 * estimated.  A page of 1 bit has no layers: see sh_layers_bilevel().
 */
int sh_layers_make(const struct sh_pixels *px, double dpi,
    struct sh_layers *out, struct sh_error *err) SH_MUST_CHECK;

/* What a viewer shows of the layers; PX as from sh_pixels_new(). */
int sh_layers_compose(const struct sh_layers *l, struct sh_pixels *px,
    struct sh_error *err) SH_MUST_CHECK;

/* A grey page of only 0 and 255 as one JBIG2 image. */
int sh_layers_bilevel(const struct sh_pixels *px, struct sh_buf *out,
    struct sh_error *err) SH_MUST_CHECK;

/* A small JPEG of the page, at most SH_PREVIEW_SIDE_PX a side. */
int sh_layers_preview(const struct sh_pixels *px, struct sh_page_image *im,
    struct sh_buf *out, struct sh_error *err) SH_MUST_CHECK;

/*
 * The pixels of a coded image as sh_page_image tells it: JPEG, or T.6
 * without a file around it.  Errors: SH_EUNSUPPORTED "image.compression"
 * for other codings.
 */
int sh_layers_decode(const struct sh_page_image *im, const void *data,
    size_t len, struct sh_pixels *px, struct sh_error *err) SH_MUST_CHECK;

#endif
