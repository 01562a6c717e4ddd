/*
 * Any pixels in layers: of the page's size, inside it, put together again
 * without a hole; and any bytes as the coded image of a page.
 *
 * Input: width, height (a byte each, less one), 1 or 3 channels by the
 * lowest bit of the third byte, dpi by the others; then pixels, used again
 * from their start where they do not reach.
 */
#include <stdlib.h>
#include <string.h>

#include "ocr/layers.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
look(const struct sh_layers *l, const struct sh_pixels *px)
{
	size_t i, k, n;

	if (l->of.width_px != px->width_px || l->of.nstencils >
	    SH_STENCILS_MAX || l->of.npatches > SH_PATCHES_MAX)
		abort();
	for (i = 0; i < l->of.npatches; i++)
		if (l->of.patch[i].x < 0 || l->of.patch[i].y < 0 ||
		    l->of.patch[i].x + l->of.patch[i].image.width_px >
		    px->width_px || l->of.patch[i].y +
		    l->of.patch[i].image.height_px > px->height_px ||
		    l->of.patch[i].image.offset +
		    l->of.patch[i].image.bytes > l->bytes.len)
			abort();
	/* What is darker is part of what is dark. */
	for (i = 1; i < l->of.nstencils; i++) {
		n = l->mask[i].stride * (size_t)px->height_px;
		for (k = 0; k < n; k++)
			if (l->mask[i].word[k] & ~l->mask[i - 1].word[k])
				abort();
	}
}

/* Not what it costs: only that it ends, and well or with a reason. */
static void
decode_any(const uint8_t *data, size_t len)
{
	static const enum sh_image_coding as[] = { SH_IMAGE_JPEG,
	    SH_IMAGE_G4 };
	struct sh_error err = SH_ERROR_INIT;
	size_t i;

	for (i = 0; i < 2; i++) {
		struct sh_page_image im = { .coding = as[i], .width_px =
		    data[0] + 1, .height_px = data[1] + 1, .components = 1 };
		struct sh_pixels px;

		if (sh_layers_decode(&im, data + 3, len - 3, &px, &err)) {
			if (err.key[0] == '\0')
				abort();
			sh_error_clear(&err);
			continue;
		}
		if (px.width_px != im.width_px)
			abort();
		sh_pixels_free(&px);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_page_image im;
	struct sh_buf small = SH_BUF_INIT;
	struct sh_pixels px, shown;
	struct sh_layers l;
	size_t i, n;

	if (len < 4)
		return (0);
	decode_any(data, len);
	if (sh_pixels_new(&px, data[0] + 1, data[1] + 1, data[2] & 1 ? 3 : 1,
	    &err))
		abort();
	n = (size_t)px.width_px * (size_t)px.height_px * (size_t)px.channels;
	for (i = 0; i < n; i++)
		px.data[i] = data[3 + i % (len - 3)];
	if (sh_layers_make(&px, 1 + (data[2] >> 1) * 5, &l, &err))
		abort();
	look(&l, &px);
	if (sh_layers_compose(&l, &shown, &err) ||
	    shown.width_px != px.width_px ||
	    shown.channels != px.channels ||
	    sh_layers_preview(&px, &im, &small, &err))
		abort();
	sh_buf_free(&small);
	sh_pixels_free(&shown);
	sh_layers_clear(&l);
	sh_pixels_free(&px);
	return (0);
}
