/* Source: learn.microsoft.com/windows/win32/gdi/bitmap-storage. */
#include "ocr/image_internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define HEAD	14		/* of the file, before the image's own */

enum { RGB, RLE8, RLE4, BITFIELDS, ALPHA_BITFIELDS = 6 };

struct bmp {
	const uint8_t *data;
	size_t len;
	size_t at;		/* of the first row */
	int64_t width_px, height_px;
	int top_down;
	uint32_t bits, compression;
	uint32_t mask[3];	/* of red, green, blue */
	uint8_t palette[256][3];
	unsigned npalette;
	uint32_t told_bytes;	/* of all rows; 0: not told */
	uint32_t per_metre_x, per_metre_y;
};

static uint32_t
u16(const uint8_t *p)
{
	return ((uint32_t)p[0] | (uint32_t)p[1] << 8);
}

static uint32_t
u32(const uint8_t *p)
{
	return (u16(p) | u16(p + 2) << 16);
}

static int
damaged(struct sh_error *err, const char *what)
{
	return (sh_error_set(err, SH_EFORMAT, "image.damaged", "BMP: %s",
	    what));
}

static int
truncated(struct sh_error *err)
{
	return (sh_error_set(err, SH_EFORMAT, "image.truncated",
	    "BMP: the file ends early"));
}

static int
read_palette(struct bmp *b, size_t at, size_t entry, uint32_t told,
    struct sh_error *err)
{
	size_t n = told != 0 ? told : (size_t)1 << b->bits, i;

	if (n > (size_t)1 << b->bits)
		return (damaged(err, "more colours than its depth has"));
	if (at > b->len || n * entry > b->len - at)
		return (truncated(err));
	if (b->at < at + n * entry)
		return (damaged(err, "its pixels begin in its palette"));
	for (i = 0; i < n; i++) {
		b->palette[i][0] = b->data[at + i * entry + 2];
		b->palette[i][1] = b->data[at + i * entry + 1];
		b->palette[i][2] = b->data[at + i * entry];
	}
	b->npalette = (unsigned)n;
	return (0);
}

/* Bits side by side, inside a pixel. */
static int
is_mask(uint32_t mask, uint32_t bits)
{
	uint32_t low;

	if (mask == 0 || (bits == 16 && mask >> 16 != 0))
		return (0);
	low = mask >> __builtin_ctz(mask);
	return ((low & (low + 1)) == 0);
}

/* The masks of 16 and 32 bits. */
static int
read_masks(struct bmp *b, struct sh_error *err)
{
	const uint8_t *p = b->data + HEAD + 40;
	int i;

	if (b->compression == RGB) {
		for (i = 0; i < 3; i++)
			b->mask[i] = b->bits == 16 ? 0x7c00u >> 5 * i :
			    0xff0000u >> 8 * i;
		return (0);
	}
	/* Behind a short header, inside a long one: the same place. */
	if (b->len < HEAD + 52)
		return (truncated(err));
	for (i = 0; i < 3; i++) {
		b->mask[i] = u32(p + 4 * i);
		if (!is_mask(b->mask[i], b->bits))
			return (damaged(err, "a colour mask"));
	}
	return (0);
}

static int
check_kind(const struct bmp *b, uint32_t planes, struct sh_error *err)
{
	int ok;

	if (planes != 1)
		return (damaged(err, "not one plane"));
	switch (b->compression) {
	case RGB:
		ok = b->bits == 1 || b->bits == 2 || b->bits == 4 ||
		    b->bits == 8 || b->bits == 16 || b->bits == 24 ||
		    b->bits == 32;
		break;
	case RLE8:
		ok = b->bits == 8 && !b->top_down;
		break;
	case RLE4:
		ok = b->bits == 4 && !b->top_down;
		break;
	case BITFIELDS:
	case ALPHA_BITFIELDS:
		ok = b->bits == 16 || b->bits == 32;
		break;
	default:
		return (sh_error_set(err, SH_EUNSUPPORTED,
		    "image.compression", "BMP compression %u",
		    b->compression));
	}
	return (ok ? 0 : sh_error_set(err, SH_EUNSUPPORTED, "image.samples",
	    "BMP of %u bits, compression %u", b->bits, b->compression));
}

static int
read_header(struct bmp *b, struct sh_error *err)
{
	uint32_t size, colours = 0, planes;
	size_t entry = 4;
	int64_t height;

	if (b->len < HEAD + 12)
		return (truncated(err));
	b->at = u32(b->data + 10);
	size = u32(b->data + HEAD);
	if (size == 12) {
		b->width_px = u16(b->data + HEAD + 4);
		height = u16(b->data + HEAD + 6);
		planes = u16(b->data + HEAD + 8);
		b->bits = u16(b->data + HEAD + 10);
		entry = 3;
	} else {
		if (size != 40 && size != 52 && size != 56 && size != 64 &&
		    size != 108 && size != 124)
			return (damaged(err, "a header of no known size"));
		if (b->len < HEAD + size)
			return (truncated(err));
		b->width_px = (int32_t)u32(b->data + HEAD + 4);
		height = (int32_t)u32(b->data + HEAD + 8);
		planes = u16(b->data + HEAD + 12);
		b->bits = u16(b->data + HEAD + 14);
		b->compression = u32(b->data + HEAD + 16);
		b->told_bytes = u32(b->data + HEAD + 20);
		b->per_metre_x = u32(b->data + HEAD + 24);
		b->per_metre_y = u32(b->data + HEAD + 28);
		colours = u32(b->data + HEAD + 32);
	}
	b->top_down = height < 0;
	b->height_px = height < 0 ? -height : height;
	if (sh_image_check_size(b->width_px, b->height_px, err) ||
	    check_kind(b, planes, err))
		return (-1);
	if (b->at < HEAD + size || b->at > b->len)
		return (damaged(err, "its pixels begin outside"));
	if (b->bits > 8)
		return (b->bits == 24 ? 0 : read_masks(b, err));
	return (read_palette(b, HEAD + size, entry, colours, err));
}

/* ---- rows -------------------------------------------------------------- */

static uint8_t *
row_of(const struct bmp *b, uint8_t *base, size_t stride, int64_t y)
{
	return (base + (size_t)(b->top_down ? y : b->height_px - 1 - y) *
	    stride);
}

static uint8_t
masked(uint32_t v, uint32_t mask)
{
	uint64_t max = mask >> __builtin_ctz(mask);

	v = (v & mask) >> __builtin_ctz(mask);
	return ((uint8_t)((v * UINT64_C(255) + max / 2) / max));
}

static void
colour_row(const struct bmp *b, const uint8_t *src, uint8_t *dst)
{
	int64_t x;
	int c;

	for (x = 0; x < b->width_px; x++, dst += 3) {
		if (b->bits == 24) {
			for (c = 0; c < 3; c++)
				dst[c] = src[3 * x + 2 - c];
		} else {
			uint32_t v = b->bits == 16 ? u16(src + 2 * x) :
			    u32(src + 4 * x);

			for (c = 0; c < 3; c++)
				dst[c] = masked(v, b->mask[c]);
		}
	}
}

static int
read_plain(const struct bmp *b, struct sh_pixels *px, struct sh_error *err)
{
	const struct sh_colour colour = { .model = SH_COLOUR_PALETTE,
	    .nsamples = 1, .alpha = -1, .npalette = b->npalette,
	    .palette = (const uint8_t (*)[3])b->palette };
	size_t width = (size_t)b->width_px;
	size_t stride = (width * b->bits + 31) / 32 * 4;
	const uint8_t *src = b->data + b->at;
	uint8_t *row, *dst;
	int64_t y;

	if (stride * (size_t)b->height_px > b->len - b->at)
		return (truncated(err));
	/* Some count a last word that is not there; nobody a whole row. */
	if (b->told_bytes >= stride * ((size_t)b->height_px + 1))
		return (damaged(err, "it has more rows than its height"));
	if ((row = sh_alloc(width, 1, "a row", err)) == NULL)
		return (-1);
	for (y = 0; y < b->height_px; y++, src += stride) {
		dst = row_of(b, px->data, width * 3, y);
		if (b->bits > 8) {
			colour_row(b, src, dst);
			continue;
		}
		sh_samples_unpack(src, (int)b->bits, SH_SAMPLE_UNSIGNED, 1,
		    width, row, 1);
		sh_colour_row(&colour, row, width, dst);
	}
	free(row);
	return (0);
}

/* Where run lengths put their next pixel. */
struct pen {
	const struct bmp *b;
	uint8_t *base;
	int64_t x, y;
};

static int
put(struct pen *p, unsigned index)
{
	if (p->x >= p->b->width_px || p->y >= p->b->height_px ||
	    index >= p->b->npalette)
		return (-1);
	memcpy(row_of(p->b, p->base, (size_t)p->b->width_px * 3, p->y) +
	    3 * p->x, p->b->palette[index], 3);
	p->x++;
	return (0);
}

/* N pixels one by one, of 8 bits or 4. */
static int
put_run(struct pen *p, const uint8_t *src, unsigned n, int same)
{
	unsigned i, v;

	for (i = 0; i < n; i++) {
		if (p->b->compression == RLE8)
			v = src[same ? 0 : i];
		else
			v = src[same ? 0 : i / 2] >> (i % 2 ? 0 : 4) & 15;
		if (put(p, v))
			return (-1);
	}
	return (0);
}

static int
read_runs(const struct bmp *b, struct sh_pixels *px, struct sh_error *err)
{
	const uint8_t *p = b->data + b->at, *end = b->data + b->len;
	struct pen pen = { b, px->data, 0, 0 };
	size_t held;

	memset(px->data, 255, px->mapped);
	while (end - p >= 2) {
		unsigned n = p[0], v = p[1];

		p += 2;
		if (n > 0) {
			if (put_run(&pen, p - 1, n, 1))
				return (damaged(err, "a run leaves its row"));
		} else if (v == 0) {
			pen.x = 0;
			pen.y++;
		} else if (v == 1) {
			return (pen.y + 1 < b->height_px ? truncated(err) :
			    0);
		} else if (v == 2) {
			if (end - p < 2)
				break;
			pen.x += p[0];
			pen.y += p[1];
			p += 2;
		} else {
			held = b->compression == RLE8 ? v : (v + 1) / 2;
			if ((size_t)(end - p) < held)
				break;
			if (put_run(&pen, p, v, 0))
				return (damaged(err, "a run leaves its row"));
			p += held;
			if (held % 2 != 0 && p < end)
				p++;
		}
	}
	/* Without its end mark, but with each row. */
	return (pen.y >= b->height_px || (pen.y + 1 == b->height_px &&
	    pen.x == b->width_px) ? 0 : truncated(err));
}

/* One bit, exactly black and white. */
static int
is_bilevel(const struct bmp *b)
{
	static const uint8_t black_white[2][3] = { { 0, 0, 0 },
	    { 255, 255, 255 } };

	return (b->bits == 1 && b->npalette == 2 &&
	    (memcmp(b->palette, black_white, 6) == 0 ||
	    (memcmp(b->palette[0], black_white[1], 3) == 0 &&
	    memcmp(b->palette[1], black_white[0], 3) == 0)));
}

static int
bmp_page(struct sh_image *im, struct sh_image_page *out,
    struct sh_error *err)
{
	struct bmp b = { .data = im->data, .len = im->len };
	struct sh_span all = { im->data, im->len };

	if (read_header(&b, err) || sh_pixels_new(&out->pixels, b.width_px,
	    b.height_px, 3, err))
		return (-1);
	if (b.compression == RLE8 || b.compression == RLE4 ?
	    read_runs(&b, &out->pixels, err) :
	    read_plain(&b, &out->pixels, err))
		return (-1);
	sh_image_set_dpi(&out->pixels, b.per_metre_x * 0.0254,
	    b.per_metre_y * 0.0254);
	if (sh_image_drop_colour(&out->pixels, err) ||
	    sh_image_code(out, is_bilevel(&b), err))
		return (-1);
	return (sh_image_digest("bmp", &all, 1, &out->digest, err));
}

const struct sh_image_decoder sh_image_bmp = {
	.kind = "bmp", .open = sh_image_open_single, .page = bmp_page
};
