#include "ocr/image_internal.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <png.h>

#include "base/mem.h"

#define CHUNK_MAX	(8 << 20)	/* bytes of one unpacked side chunk */
#define INTERLACED_MAX	((uint64_t)600 << 20)

struct png_read {
	png_structp png;
	png_infop info;
	const uint8_t *at, *end;
	struct sh_error *err;
	uint8_t *scratch;	/* a row, or the whole of an interlaced page */
	png_bytep *rows;
};

static void
on_error(png_structp png, png_const_charp text)
{
	struct png_read *r = png_get_error_ptr(png);

	(void)sh_error_set(r->err, SH_EFORMAT, "image.damaged", "PNG: %s",
	    text);
	png_longjmp(png, 1);
}

static void
on_warning(png_structp png, png_const_charp text)
{
	(void)png;
	(void)text;
}

static void
on_read(png_structp png, png_bytep dst, size_t len)
{
	struct png_read *r = png_get_io_ptr(png);

	if ((size_t)(r->end - r->at) < len) {
		(void)sh_error_set(r->err, SH_EFORMAT, "image.truncated",
		    "PNG: the file ends early");
		png_longjmp(png, 1);
	}
	memcpy(dst, r->at, len);
	r->at += len;
}

/* Text, profiles and time are not looked at: nothing to unpack. */
static void
ignore_side_chunks(png_structp png)
{
	static const png_byte names[] = "iCCP\0tEXt\0zTXt\0iTXt\0sPLT\0"
	    "tIME\0eXIf\0hIST\0pCAL\0sCAL\0oFFs\0cHRM\0gAMA\0sRGB\0bKGD";

	png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, NULL, 0);
	png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, names,
	    (int)(sizeof(names) / 5));
}

/* Exactly black and white, one bit: the page stays bilevel. */
static int
is_bilevel(const struct png_read *r, int depth, int type)
{
	png_colorp palette;
	int n, i;

	if (depth != 1 || png_get_valid(r->png, r->info, PNG_INFO_tRNS))
		return (0);
	if (type == PNG_COLOR_TYPE_GRAY)
		return (1);
	if (png_get_PLTE(r->png, r->info, &palette, &n) == 0)
		return (0);
	for (i = 0; i < n; i++)
		if (palette[i].red != palette[i].green ||
		    palette[i].red != palette[i].blue ||
		    (palette[i].red != 0 && palette[i].red != 255))
			return (0);
	return (1);
}

static void
set_dpi(const struct png_read *r, struct sh_pixels *px)
{
	png_uint_32 x, y;
	int unit;

	if (png_get_pHYs(r->png, r->info, &x, &y, &unit) != 0 &&
	    unit == PNG_RESOLUTION_METER)
		sh_image_set_dpi(px, x * 0.0254, y * 0.0254);
}

static int
read_pixels(struct png_read *r, struct sh_pixels *px)
{
	png_structp png = r->png;
	struct sh_colour colour = { .alpha = -1 };
	size_t row, held, width = (size_t)px->width_px,
	    height = (size_t)px->height_px, y;
	int passes = png_get_interlace_type(png, r->info) !=
	    PNG_INTERLACE_NONE;

	colour.nsamples = png_get_channels(png, r->info);
	colour.model = px->channels == 1 ? SH_COLOUR_GREY : SH_COLOUR_RGB;
	if (colour.nsamples == px->channels + 1)
		colour.alpha = px->channels;
	row = png_get_rowbytes(png, r->info);
	held = passes ? height : 1;
	if (row != width * (size_t)colour.nsamples)
		return (sh_error_set(r->err, SH_EUNSUPPORTED,
		    "image.samples", "PNG row of %zu bytes", row));
	if ((uint64_t)row * held > INTERLACED_MAX) {
		(void)sh_error_set(r->err, SH_ELIMIT, "image.too-large",
		    "interlaced PNG of %zu x %zu px", width, height);
		sh_error_param(r->err, "value", "%zu x %zu", width, height);
		sh_error_param(r->err, "limit", "%d", SH_IMAGE_SIDE_MAX);
		return (-1);
	}
	if ((r->scratch = sh_alloc(held, row, "PNG rows", r->err)) == NULL ||
	    (r->rows = sh_alloc(held, sizeof(*r->rows), "PNG rows",
	    r->err)) == NULL)
		return (-1);
	if (passes) {
		for (y = 0; y < height; y++)
			r->rows[y] = r->scratch + y * row;
		png_read_image(png, r->rows);
	}
	for (y = 0; y < height; y++) {
		const uint8_t *src = r->scratch + (passes ? y * row : 0);

		if (!passes)
			png_read_row(png, r->scratch, NULL);
		sh_colour_row(&colour, src, width,
		    px->data + y * width * (size_t)px->channels);
	}
	png_read_end(png, NULL);
	return (0);
}

static int
decode(struct png_read *r, struct sh_image_page *out)
{
	png_structp png = r->png;
	int depth, type, bilevel, channels;

	if (setjmp(png_jmpbuf(png)) != 0)
		return (-1);
	png_set_read_fn(png, r, on_read);
	png_set_crc_action(png, PNG_CRC_ERROR_QUIT, PNG_CRC_ERROR_QUIT);
	png_set_user_limits(png, 0x7fffffff, 0x7fffffff);
	png_set_chunk_malloc_max(png, CHUNK_MAX);
	png_set_chunk_cache_max(png, 16);
	ignore_side_chunks(png);
	png_read_info(png, r->info);
	depth = png_get_bit_depth(png, r->info);
	type = png_get_color_type(png, r->info);
	bilevel = is_bilevel(r, depth, type);
	channels = type & PNG_COLOR_MASK_COLOR && !bilevel ? 3 : 1;
	if (sh_pixels_new(&out->pixels, png_get_image_width(png, r->info),
	    png_get_image_height(png, r->info), channels, r->err))
		return (-1);
	png_set_expand(png);
	if (type & PNG_COLOR_MASK_COLOR && bilevel)
		png_set_rgb_to_gray(png, PNG_ERROR_ACTION_NONE,
		    PNG_RGB_TO_GRAY_DEFAULT, PNG_RGB_TO_GRAY_DEFAULT);
	png_set_scale_16(png);
	(void)png_set_interlace_handling(png);
	png_read_update_info(png, r->info);
	set_dpi(r, &out->pixels);
	if (read_pixels(r, &out->pixels))
		return (-1);
	return (bilevel + 1);
}

static int
png_page(struct sh_image *im, struct sh_image_page *out,
    struct sh_error *err)
{
	struct sh_span all = { im->data, im->len };
	struct png_read r;
	int rc;

	memset(&r, 0, sizeof(r));
	r.at = im->data;
	r.end = im->data + im->len;
	r.err = err;
	r.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &r, on_error,
	    on_warning);
	r.info = r.png != NULL ? png_create_info_struct(r.png) : NULL;
	if (r.info == NULL)
		rc = sh_error_nomem(err, "PNG");
	else
		rc = decode(&r, out);
	png_destroy_read_struct(&r.png, &r.info, NULL);
	free(r.scratch);
	free(r.rows);
	if (rc < 0 || sh_image_code(out, rc == 2, err))
		return (-1);
	return (sh_image_digest("png", &all, 1, &out->digest, err));
}

const struct sh_image_decoder sh_image_png = {
	.kind = "png", .open = sh_image_open_single, .page = png_page
};
