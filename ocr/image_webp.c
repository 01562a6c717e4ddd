/* Source: developers.google.com/speed/webp/docs/riff_container. */
#include "ocr/image_internal.h"

#include <stdlib.h>

#include <webp/decode.h>

#include "base/mem.h"

#define SCRATCH_MAX	((uint64_t)500 << 20)	/* bytes; with alpha only */

static int
failed(VP8StatusCode status, struct sh_error *err)
{
	switch (status) {
	case VP8_STATUS_OUT_OF_MEMORY:
		return (sh_error_nomem(err, "WebP"));
	case VP8_STATUS_NOT_ENOUGH_DATA:
	case VP8_STATUS_SUSPENDED:
		return (sh_error_set(err, SH_EFORMAT, "image.truncated",
		    "WebP: the file ends early"));
	case VP8_STATUS_UNSUPPORTED_FEATURE:
		return (sh_error_set(err, SH_EUNSUPPORTED, "image.samples",
		    "WebP of a kind that libwebp does not decode"));
	default:
		return (sh_error_set(err, SH_EFORMAT, "image.damaged",
		    "WebP: not well formed (%d)", (int)status));
	}
}

/* Straight into the pixels; with alpha by way of a scratch image. */
static int
decode(const struct sh_image *im, WebPDecoderConfig *c,
    struct sh_pixels *px, struct sh_error *err)
{
	static const struct sh_colour rgba = { .model = SH_COLOUR_RGB,
	    .nsamples = 4, .alpha = 3 };
	size_t width = (size_t)px->width_px, height = (size_t)px->height_px;
	size_t n = c->input.has_alpha ? 4 : 3, y;
	uint8_t *scratch = NULL;
	VP8StatusCode status;

	if (n == 4 && (scratch = sh_alloc(height, width * n, "WebP rows",
	    err)) == NULL)
		return (-1);
	c->output.colorspace = n == 4 ? MODE_RGBA : MODE_RGB;
	c->output.is_external_memory = 1;
	c->output.u.RGBA.rgba = n == 4 ? scratch : px->data;
	c->output.u.RGBA.stride = (int)(width * n);
	c->output.u.RGBA.size = width * n * height;
	status = WebPDecode(im->data, im->len, c);
	for (y = 0; n == 4 && status == VP8_STATUS_OK && y < height; y++)
		sh_colour_row(&rgba, scratch + y * width * n, width,
		    px->data + y * width * 3);
	free(scratch);
	return (status == VP8_STATUS_OK ? 0 : failed(status, err));
}

static int
webp_page(struct sh_image *im, struct sh_image_page *out,
    struct sh_error *err)
{
	struct sh_span all = { im->data, im->len };
	WebPDecoderConfig c;
	VP8StatusCode status;

	if (!WebPInitDecoderConfig(&c))
		return (sh_error_set(err, SH_ELIBRARY, "image.damaged",
		    "libwebp is another than this was built with"));
	status = WebPGetFeatures(im->data, im->len, &c.input);
	if (status != VP8_STATUS_OK)
		return (failed(status, err));
	if (c.input.has_animation)
		return (sh_error_set(err, SH_EUNSUPPORTED, "image.samples",
		    "WebP that moves"));
	if (sh_image_check_size(c.input.width, c.input.height, err))
		return (-1);
	if (c.input.has_alpha && (uint64_t)c.input.width *
	    (uint64_t)c.input.height * 4 > SCRATCH_MAX) {
		(void)sh_error_set(err, SH_ELIMIT, "image.too-large",
		    "WebP of %d x %d px with alpha", c.input.width,
		    c.input.height);
		sh_error_param(err, "value", "%d x %d", c.input.width,
		    c.input.height);
		sh_error_param(err, "limit", "%d", SH_IMAGE_SIDE_MAX);
		return (-1);
	}
	if (sh_pixels_new(&out->pixels, c.input.width, c.input.height, 3,
	    err) || decode(im, &c, &out->pixels, err) ||
	    sh_image_drop_colour(&out->pixels, err) ||
	    sh_image_code(out, 0, err))
		return (-1);
	return (sh_image_digest("webp", &all, 1, &out->digest, err));
}

const struct sh_image_decoder sh_image_webp = {
	.kind = "webp", .open = sh_image_open_single, .page = webp_page
};
