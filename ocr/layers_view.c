/* What layers look like, small pictures of a page, coded pages as pixels. */
#include "ocr/layers.h"

#include <string.h>

#include "ocr/image_internal.h"
#include "ocr/layers_internal.h"

#define PREVIEW_QUALITY	60
#define FIX		8	/* bits behind the point of a place */

/* ---- composing ------------------------------------------------------------------ */

static int
open_jpeg(const struct sh_layers *l, const struct sh_page_image *im,
    struct sh_image_page *out, struct sh_error *err)
{
	memset(out, 0, sizeof(*out));
	return (sh_jpeg_page(l->bytes.data + im->offset, (size_t)im->bytes,
	    out, err));
}

/* The place in a smaller row under the middle of pixel I of N. */
static inline int32_t
place(int32_t i, int32_t n, int32_t small, int32_t *part)
{
	int64_t at = ((int64_t)(2 * i + 1) * small << FIX) / (2 * n) -
	    (1 << (FIX - 1));

	if (at < 0)
		at = 0;
	if (at >= (int64_t)(small - 1) << FIX)
		at = (int64_t)(small - 1) << FIX;
	*part = (int32_t)(at & ((1 << FIX) - 1));
	return ((int32_t)(at >> FIX));
}

/* Lay SMALL over all of PX, bilinearly, where MASK (NULL: everywhere). */
static void
lay(const struct sh_pixels *small, const struct sh_bits *mask,
    struct sh_pixels *px)
{
	size_t ch = (size_t)px->channels, row = (size_t)small->width_px * ch;
	int32_t x, y, fx, fy, x0, y0, c;

	for (y = 0; y < px->height_px; y++) {
		const uint64_t *bits = mask == NULL ? NULL : mask->word +
		    (size_t)y * mask->stride;
		uint8_t *to = px->data + (size_t)y * (size_t)px->width_px *
		    ch;
		const uint8_t *a, *b;

		y0 = place(y, px->height_px, small->height_px, &fy);
		for (x = 0; x < px->width_px; x++, to += ch) {
			size_t right;

			if (bits != NULL && !(bits[x / 64] >> (63 - x % 64) &
			    1))
				continue;
			x0 = place(x, px->width_px, small->width_px, &fx);
			a = small->data + (size_t)y0 * row + (size_t)x0 * ch;
			b = fy > 0 ? a + row : a;
			right = fx > 0 ? ch : 0;
			for (c = 0; c < (int32_t)ch; c++) {
				int32_t up = (a[c] << FIX) + (a[right +
				    (size_t)c] - a[c]) * fx;
				int32_t down = (b[c] << FIX) + (b[right +
				    (size_t)c] - b[c]) * fx;

				to[c] = (uint8_t)((((int64_t)up << FIX) +
				    (int64_t)(down - up) * fy) >> (2 * FIX));
			}
		}
	}
}

static void
paste(const struct sh_pixels *part, int32_t x, int32_t y,
    struct sh_pixels *px)
{
	size_t ch = (size_t)px->channels, row = (size_t)part->width_px * ch;
	int32_t i;

	for (i = 0; i < part->height_px; i++)
		memcpy(px->data + ((size_t)(y + i) * (size_t)px->width_px +
		    (size_t)x) * ch, part->data + (size_t)i * row, row);
}

int
sh_layers_compose(const struct sh_layers *l, struct sh_pixels *px,
    struct sh_error *err)
{
	const struct sh_pdfa_layers *of = &l->of;
	struct sh_image_page part;
	size_t i;

	if (sh_pixels_new(px, of->width_px, of->height_px,
	    of->background.components, err))
		return (-1);
	if (open_jpeg(l, &of->background, &part, err))
		goto fail;
	lay(&part.pixels, NULL, px);
	sh_image_page_clear(&part);
	for (i = 0; i < of->nstencils; i++) {
		if (open_jpeg(l, &of->stencil[i].ink, &part, err))
			goto fail;
		lay(&part.pixels, &l->mask[i], px);
		sh_image_page_clear(&part);
	}
	for (i = 0; i < of->npatches; i++) {
		if (open_jpeg(l, &of->patch[i].image, &part, err))
			goto fail;
		paste(&part.pixels, of->patch[i].x, of->patch[i].y, px);
		sh_image_page_clear(&part);
	}
	return (0);
fail:
	sh_image_page_clear(&part);
	sh_pixels_free(px);
	return (-1);
}

/* ---- other forms ---------------------------------------------------------------- */

int
sh_layers_bilevel(const struct sh_pixels *px, struct sh_buf *out,
    struct sh_error *err)
{
	const uint8_t *p = px->data;
	struct sh_bits bits;
	int32_t x, y;
	int rc;

	if (px->channels != 1)
		return (sh_error_set(err, SH_EARG, "raster.shape",
		    "%d channels; one bit needs one", px->channels));
	if (sh_bits_new(&bits, px->width_px, px->height_px, err))
		return (-1);
	for (y = 0; y < px->height_px; y++)
		for (x = 0; x < px->width_px; x++)
			if (*p++ == 0)
				bits.word[(size_t)y * bits.stride +
				    (size_t)x / 64] |= (uint64_t)1 <<
				    (63 - x % 64);
	rc = sh_jbig2_encode(&bits, out, err);
	sh_bits_free(&bits);
	return (rc);
}

int
sh_layers_preview(const struct sh_pixels *px, struct sh_page_image *im,
    struct sh_buf *out, struct sh_error *err)
{
	int32_t side = px->width_px > px->height_px ? px->width_px :
	    px->height_px, w = px->width_px, h = px->height_px;
	struct sh_pixels small;
	int rc;

	if (side > SH_PREVIEW_SIDE_PX) {
		w = (int32_t)((int64_t)w * SH_PREVIEW_SIDE_PX / side);
		h = (int32_t)((int64_t)h * SH_PREVIEW_SIDE_PX / side);
	}
	if (sh_layers_shrink(px, NULL, w > 0 ? w : 1, h > 0 ? h : 1, &small,
	    err))
		return (-1);
	*im = (struct sh_page_image){ .fd = -1, .offset = out->len,
	    .coding = SH_IMAGE_JPEG, .width_px = small.width_px,
	    .height_px = small.height_px, .components = small.channels };
	rc = sh_jpeg_encode_small(&small, PREVIEW_QUALITY, out, err);
	im->bytes = out->len - im->offset;
	sh_pixels_free(&small);
	return (rc);
}

int
sh_layers_decode(const struct sh_page_image *im, const void *data, size_t len,
    struct sh_pixels *px, struct sh_error *err)
{
	struct sh_fax fax = { .k = -1, .width_px = im->width_px,
	    .height_px = im->height_px, .inverted = im->inverted };
	struct sh_image_page page = { .coding = im->coding };
	int rc;

	switch (im->coding) {
	case SH_IMAGE_JPEG:
		rc = sh_jpeg_page(data, len, &page, err);
		break;
	case SH_IMAGE_G4:
		rc = sh_fax_page(&fax, data, len, &page, err);
		break;
	case SH_IMAGE_FLATE:
	case SH_IMAGE_JBIG2:
	default:
		return (sh_error_set(err, SH_EUNSUPPORTED,
		    "image.compression", "coding %d is not taken apart",
		    im->coding));
	}
	if (rc == 0 && (page.pixels.width_px != im->width_px ||
	    page.pixels.height_px != im->height_px))
		rc = sh_error_set(err, SH_EFORMAT, "image.damaged",
		    "an image of %d x %d px, told as %d x %d",
		    page.pixels.width_px, page.pixels.height_px,
		    im->width_px, im->height_px);
	if (rc == 0) {
		*px = page.pixels;
		memset(&page.pixels, 0, sizeof(page.pixels));
		page.pixels.memory_fd = -1;
	}
	sh_image_page_clear(&page);
	return (rc);
}
