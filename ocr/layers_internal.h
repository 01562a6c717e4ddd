/*
 * What the files of layers.h share.
 *
 * A cell is CELL x CELL pixels of the page, the last ones of a row or
 * column fewer; cells lie as JPEG's blocks do, so what is flat in a cell
 * costs nothing in a block.
 */
#ifndef SH_OCR_LAYERS_INTERNAL_H
#define SH_OCR_LAYERS_INTERNAL_H

#include "ocr/jbig2.h"
#include "ocr/layers.h"

#define SH_CELL		8

struct sh_area {		/* in pixels */
	int32_t x, y, w, h;
};

/*
 * What stands where on a page.  Five tones make a stroke, from paper over its
 * edges to its core: with fewer it is ragged, and reads worse.
 */
struct sh_plan {
	/* Ink outside the patches, its edges too; of each, what is darker. */
	struct sh_bits tone[SH_STENCILS_MAX];
	struct sh_area patch[SH_PATCHES_MAX];
	int is_card[SH_PATCHES_MAX];
	size_t npatches;
};
void sh_plan_clear(struct sh_plan *plan);

/* layers_find.c */
int sh_layers_find(const struct sh_pixels *px, struct sh_plan *plan,
    struct sh_error *err) SH_MUST_CHECK;

/* Each pixel of OUT is set where one of B is within a pixel of it. */
int sh_bits_grow(const struct sh_bits *b, struct sh_bits *out,
    struct sh_error *err) SH_MUST_CHECK;

/* layers_fill.c */
/*
 * PX made smaller to WIDTH_PX x HEIGHT_PX by the mean of what each pixel
 * covers.  Pixels in HIDDEN do not count; where all are hidden the colours
 * around go on smoothly.  HIDDEN may be NULL.
 */
int sh_layers_shrink(const struct sh_pixels *px, const struct sh_bits *hidden,
    int32_t width_px, int32_t height_px, struct sh_pixels *out,
    struct sh_error *err) SH_MUST_CHECK;

/*
 * Cells with no more than noise in them become even, going over into each
 * other: what is left is what can be seen.
 */
int sh_layers_calm(struct sh_pixels *px, struct sh_error *err) SH_MUST_CHECK;

#endif
