#include "ocr/layers.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "ocr/image_internal.h"
#include "ocr/layers_internal.h"

#define BACKGROUND_QUALITY	45
#define PATCH_QUALITY		80
#define CARD_QUALITY		92	/* its small print is in no stencil */
#define INK_QUALITY		70
#define INK_SHRINK		16
#define SEAM			2	/* px of a patch that lie on true paper */

/* ---- making ------------------------------------------------------------------ */

/* Code the pixels behind what is there. */
static int
put_jpeg(struct sh_layers *l, const struct sh_pixels *px, int quality,
    struct sh_page_image *im, struct sh_error *err)
{
	size_t at = l->bytes.len;

	if (sh_jpeg_encode_small(px, quality, &l->bytes, err))
		return (-1);
	*im = (struct sh_page_image){ .fd = -1, .offset = at,
	    .bytes = l->bytes.len - at, .coding = SH_IMAGE_JPEG,
	    .width_px = px->width_px, .height_px = px->height_px,
	    .components = px->channels };
	return (0);
}

static int
put_background(const struct sh_pixels *px, const struct sh_plan *plan,
    double dpi, struct sh_layers *l, struct sh_error *err)
{
	double k = dpi > SH_LAYERS_DPI ? SH_LAYERS_DPI / dpi : 1;
	struct sh_pixels small = { .data = NULL };
	struct sh_bits hidden;
	size_t i;
	int32_t x, y;
	int rc = -1;

	if (sh_bits_grow(&plan->tone[0], &hidden, err))
		return (-1);
	for (i = 0; i < plan->npatches; i++) {
		const struct sh_area *a = &plan->patch[i];

		for (y = a->y + SEAM; y < a->y + a->h - SEAM; y++)
			for (x = a->x + SEAM; x < a->x + a->w - SEAM; x++)
				hidden.word[(size_t)y * hidden.stride +
				    (size_t)x / 64] |= (uint64_t)1 <<
				    (63 - x % 64);
	}
	if (sh_layers_shrink(px, &hidden, (int32_t)ceil(px->width_px * k),
	    (int32_t)ceil(px->height_px * k), &small, err) ||
	    sh_layers_calm(&small, err) ||
	    put_jpeg(l, &small, BACKGROUND_QUALITY, &l->of.background, err))
		goto out;
	rc = 0;
out:
	sh_pixels_free(&small);
	sh_bits_free(&hidden);
	return (rc);
}

/*
 * Another stencil: MASK, which the layers take over, and the colours of its
 * ink but of what OVER will paint again (NULL: nothing).
 */
static int
put_stencil(const struct sh_pixels *px, struct sh_bits *mask,
    const struct sh_bits *over, struct sh_layers *l, struct sh_error *err)
{
	size_t at = l->bytes.len, k = l->of.nstencils, i;
	size_t n = mask->stride * (size_t)mask->height_px;
	struct sh_pixels small = { .data = NULL };
	struct sh_bits hidden;
	int rc = -1;

	for (i = 0; i < n && mask->word[i] == 0; i++)
		;
	if (i == n)
		return (0);
	if (sh_bits_new(&hidden, mask->width_px, mask->height_px, err))
		return (-1);
	for (i = 0; i < n; i++)
		hidden.word[i] = ~mask->word[i] | (over != NULL ?
		    over->word[i] : 0);
	if (sh_jbig2_encode(mask, &l->bytes, err))
		goto out;
	l->of.stencil[k].mask = (struct sh_page_image){
	    .fd = -1, .offset = at, .bytes = l->bytes.len - at,
	    .coding = SH_IMAGE_JBIG2, .width_px = px->width_px,
	    .height_px = px->height_px, .components = 1 };
	if (sh_layers_shrink(px, &hidden,
	    (px->width_px + INK_SHRINK - 1) / INK_SHRINK,
	    (px->height_px + INK_SHRINK - 1) / INK_SHRINK, &small, err) ||
	    put_jpeg(l, &small, INK_QUALITY,
	    &l->of.stencil[k].ink, err))
		goto out;
	l->mask[k] = *mask;
	mask->word = NULL;
	l->of.nstencils++;
	rc = 0;
out:
	sh_pixels_free(&small);
	sh_bits_free(&hidden);
	return (rc);
}

static int
cut(const struct sh_pixels *px, const struct sh_area *a,
    struct sh_pixels *out, struct sh_error *err)
{
	size_t ch = (size_t)px->channels, row = (size_t)a->w * ch;
	int32_t y;

	if (sh_pixels_new(out, a->w, a->h, px->channels, err))
		return (-1);
	for (y = 0; y < a->h; y++)
		memcpy(out->data + (size_t)y * row, px->data +
		    ((size_t)(a->y + y) * (size_t)px->width_px +
		    (size_t)a->x) * ch, row);
	return (0);
}

static int
put_patches(const struct sh_pixels *px, const struct sh_plan *plan,
    struct sh_layers *l, struct sh_error *err)
{
	struct sh_pixels part;
	size_t i;
	int rc = 0;

	for (i = 0; rc == 0 && i < plan->npatches; i++) {
		if (cut(px, &plan->patch[i], &part, err))
			return (-1);
		rc = sh_layers_calm(&part, err);
		if (rc == 0)
			rc = put_jpeg(l, &part, plan->is_card[i] ?
			    CARD_QUALITY : PATCH_QUALITY,
			    &l->of.patch[i].image, err);
		sh_pixels_free(&part);
		l->of.patch[i].x = plan->patch[i].x;
		l->of.patch[i].y = plan->patch[i].y;
	}
	l->of.npatches = plan->npatches;
	return (rc);
}

int
sh_layers_make(const struct sh_pixels *px, double dpi, struct sh_layers *out,
    struct sh_error *err)
{
	struct sh_plan plan;
	size_t i;
	int rc = -1;

	memset(out, 0, sizeof(*out));
	if (sh_layers_find(px, &plan, err))
		return (-1);
	out->of.width_px = px->width_px;
	out->of.height_px = px->height_px;
	if (put_background(px, &plan, dpi, out, err))
		goto out;
	for (i = 0; i < SH_STENCILS_MAX; i++)
		if (put_stencil(px, &plan.tone[i], i + 1 < SH_STENCILS_MAX ?
		    &plan.tone[i + 1] : NULL, out, err))
			goto out;
	if (put_patches(px, &plan, out, err))
		goto out;
	rc = 0;
out:
	sh_plan_clear(&plan);
	if (rc != 0)
		sh_layers_clear(out);
	return (rc);
}

void
sh_layers_clear(struct sh_layers *l)
{
	size_t i;

	sh_buf_free(&l->bytes);
	for (i = 0; i < SH_STENCILS_MAX; i++)
		sh_bits_free(&l->mask[i]);
	memset(l, 0, sizeof(*l));
}
