#include "ocr/jbig2.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "ocr/image.h"
#include "ocr/image_internal.h"

/* ---- the arithmetic coder ------------------------------------------------ */

/* Rule: ITU-T T.88 table E.1; the state behind it has the sense in bit 0. */
static const struct {
	uint16_t qe;
	uint8_t mps, lps, change;
} table[47] = {
	{ 0x5601, 1, 1, 1 }, { 0x3401, 2, 6, 0 }, { 0x1801, 3, 9, 0 },
	{ 0x0ac1, 4, 12, 0 }, { 0x0521, 5, 29, 0 }, { 0x0221, 38, 33, 0 },
	{ 0x5601, 7, 6, 1 }, { 0x5401, 8, 14, 0 }, { 0x4801, 9, 14, 0 },
	{ 0x3801, 10, 14, 0 }, { 0x3001, 11, 17, 0 }, { 0x2401, 12, 18, 0 },
	{ 0x1c01, 13, 20, 0 }, { 0x1601, 29, 21, 0 }, { 0x5601, 15, 14, 1 },
	{ 0x5401, 16, 14, 0 }, { 0x5101, 17, 15, 0 }, { 0x4801, 18, 16, 0 },
	{ 0x3801, 19, 17, 0 }, { 0x3401, 20, 18, 0 }, { 0x3001, 21, 19, 0 },
	{ 0x2801, 22, 19, 0 }, { 0x2401, 23, 20, 0 }, { 0x2201, 24, 21, 0 },
	{ 0x1c01, 25, 22, 0 }, { 0x1801, 26, 23, 0 }, { 0x1601, 27, 24, 0 },
	{ 0x1401, 28, 25, 0 }, { 0x1201, 29, 26, 0 }, { 0x1101, 30, 27, 0 },
	{ 0x0ac1, 31, 28, 0 }, { 0x09c1, 32, 29, 0 }, { 0x08a1, 33, 30, 0 },
	{ 0x0521, 34, 31, 0 }, { 0x0441, 35, 32, 0 }, { 0x02a1, 36, 33, 0 },
	{ 0x0221, 37, 34, 0 }, { 0x0141, 38, 35, 0 }, { 0x0111, 39, 36, 0 },
	{ 0x0085, 40, 37, 0 }, { 0x0049, 41, 38, 0 }, { 0x0025, 42, 39, 0 },
	{ 0x0015, 43, 40, 0 }, { 0x0009, 44, 41, 0 }, { 0x0005, 45, 42, 0 },
	{ 0x0001, 45, 43, 0 }, { 0x5601, 46, 46, 0 },
};

#define CONTEXTS	65536
#define REPEATS		0x9b25	/* Rule: T.88 figure 8, "the row repeats" */

struct coder {
	uint32_t c, a;
	int ct;
	int first;		/* no byte was put out yet */
	uint8_t byte;		/* the last one, which a carry may change */
	uint8_t *state;		/* of each context: index << 1 | sense */
	struct sh_buf *out;
	struct sh_error *err;
	int failed;
};

static void
put(struct coder *k, uint8_t byte)
{
	if (!k->failed && sh_buf_append(k->out, &byte, 1, k->err))
		k->failed = 1;
}

/* The byte before this one is final. */
static void
next_byte(struct coder *k, uint8_t byte)
{
	if (!k->first)
		put(k, k->byte);
	k->first = 0;
	k->byte = byte;
}

/* Rule: T.88 figure E.5, BYTEOUT. */
static void
byte_out(struct coder *k)
{
	if (k->c >= 0x8000000 && !(k->byte == 0xff && !k->first)) {
		/* Nothing can carry into what stands before the data. */
		k->byte++;
		k->c &= 0x7ffffff;
	}
	if (!k->first && k->byte == 0xff) {
		next_byte(k, (uint8_t)(k->c >> 20));
		k->c &= 0xfffff;
		k->ct = 7;
	} else {
		next_byte(k, (uint8_t)(k->c >> 19));
		k->c &= 0x7ffff;
		k->ct = 8;
	}
}

static void
renormalise(struct coder *k)
{
	do {
		k->a <<= 1;
		k->c <<= 1;
		if (--k->ct == 0)
			byte_out(k);
	} while ((k->a & 0x8000) == 0);
}

/* What the fast path of code() leaves: an unlikely pixel, or a small A. */
static void
code_rest(struct coder *k, uint8_t *state, unsigned pixel)
{
	unsigned i = *state >> 1, sense = *state & 1;
	uint32_t qe = table[i].qe;

	k->a -= qe;
	if (pixel == sense) {
		if (k->a < qe)
			k->a = qe;
		else
			k->c += qe;
		*state = (uint8_t)(table[i].mps << 1 | sense);
	} else {
		if (k->a < qe)
			k->c += qe;
		else
			k->a = qe;
		*state = (uint8_t)(table[i].lps << 1 |
		    (sense ^ table[i].change));
	}
	renormalise(k);
}

static inline void
code(struct coder *k, unsigned context, unsigned pixel)
{
	uint8_t *state = &k->state[context];
	uint32_t qe = table[*state >> 1].qe;

	if (pixel == (*state & 1u) && ((k->a - qe) & 0x8000) != 0) {
		k->a -= qe;
		k->c += qe;
		return;
	}
	code_rest(k, state, pixel);
}

/* Rule: T.88 figures E.10 and E.11, FLUSH. */
static void
finish(struct coder *k)
{
	uint32_t high = k->c + k->a;

	k->c |= 0xffff;
	if (k->c >= high)
		k->c -= 0x8000;
	k->c <<= k->ct;
	byte_out(k);
	k->c <<= k->ct;
	byte_out(k);
	if (k->byte != 0xff)
		next_byte(k, 0xff);
	put(k, 0xff);
	put(k, 0xac);
}

/* ---- the region ------------------------------------------------------------ */

int
sh_bits_new(struct sh_bits *b, int64_t width_px, int64_t height_px,
    struct sh_error *err)
{
	memset(b, 0, sizeof(*b));
	if (sh_image_check_size(width_px, height_px, err))
		return (-1);
	b->stride = ((size_t)width_px + 63) / 64;
	b->word = sh_alloc(b->stride * (size_t)height_px, sizeof(*b->word),
	    "a bilevel page", err);
	if (b->word == NULL)
		return (-1);
	b->width_px = (int32_t)width_px;
	b->height_px = (int32_t)height_px;
	return (0);
}

void
sh_bits_free(struct sh_bits *b)
{
	free(b->word);
	memset(b, 0, sizeof(*b));
}

static inline unsigned
pixel_at(const uint64_t *row, size_t stride, size_t x)
{
	return (x / 64 < stride ? (unsigned)(row[x / 64] >> (63 - x % 64)) &
	    1u : 0);
}

/*
 * One row.  Rule: T.88 figure 3, template 0 with its nominal pixels: five
 * of the row two above (bits 15 to 11), seven of the row above (10 to 4),
 * four of this row.
 */
static void
code_row(struct coder *k, const uint64_t *row, const uint64_t *above,
    const uint64_t *above2, size_t stride, size_t width)
{
	unsigned a2 = pixel_at(above2, stride, 0) << 1 |
	    pixel_at(above2, stride, 1);
	unsigned a1 = pixel_at(above, stride, 0) << 2 |
	    pixel_at(above, stride, 1) << 1 | pixel_at(above, stride, 2);
	unsigned here = 0, pixel;
	uint64_t word, w1, w2;
	size_t x, i, n;

	for (x = 0; x < width; x += 64) {
		/* Ahead of the pixel by 2 and 3: what the contexts take in. */
		i = x / 64;
		word = row[i];
		w2 = above2[i] << 2 | (i + 1 < stride ? above2[i + 1] >> 62 :
		    0);
		w1 = above[i] << 3 | (i + 1 < stride ? above[i + 1] >> 61 :
		    0);
		for (n = width - x < 64 ? width - x : 64; n > 0; n--) {
			a2 = (a2 << 1 | (unsigned)(w2 >> 63)) & 0x1f;
			a1 = (a1 << 1 | (unsigned)(w1 >> 63)) & 0x7f;
			pixel = (unsigned)(word >> 63);
			code(k, a2 << 11 | a1 << 4 | here, pixel);
			here = (here << 1 | pixel) & 0xf;
			word <<= 1;
			w1 <<= 1;
			w2 <<= 1;
		}
	}
}

static int
code_region(const struct sh_bits *b, struct sh_buf *out,
    struct sh_error *err)
{
	struct coder k = { .a = 0x8000, .ct = 12, .first = 1, .out = out,
	    .err = err };
	size_t bytes = b->stride * sizeof(*b->word);
	uint64_t *blank;
	unsigned repeats = 0, before = 0;
	int32_t y;
	int rc = -1;

	blank = sh_alloc(b->stride, sizeof(*blank), "a row", err);
	k.state = sh_alloc(CONTEXTS, 1, "contexts", err);
	if (blank == NULL || k.state == NULL)
		goto out;
	for (y = 0; y < b->height_px; y++) {
		const uint64_t *row = b->word + (size_t)y * b->stride;
		const uint64_t *above = y > 0 ? row - b->stride : blank;
		const uint64_t *above2 = y > 1 ? above - b->stride : blank;

		/* Rule: T.88 6.2.5.7, typical prediction. */
		repeats = memcmp(row, above, bytes) == 0;
		code(&k, REPEATS, repeats ^ before);
		before = repeats;
		if (!repeats)
			code_row(&k, row, above, above2, b->stride,
			    (size_t)b->width_px);
	}
	finish(&k);
	rc = k.failed ? -1 : 0;
out:
	free(blank);
	free(k.state);
	return (rc);
}

/* A segment's head.  Rule: T.88 7.2. */
static int
put_head(struct sh_buf *out, uint32_t number, uint8_t type, size_t len,
    struct sh_error *err)
{
	return (sh_buf_put_be(out, number, 4, err) ||
	    sh_buf_put_be(out, type, 1, err) ||
	    sh_buf_put_be(out, 0, 1, err) ||	/* refers to nothing */
	    sh_buf_put_be(out, 1, 1, err) ||	/* page 1 */
	    sh_buf_put_be(out, len, 4, err) ? -1 : 0);
}

int
sh_jbig2_encode(const struct sh_bits *b, struct sh_buf *out,
    struct sh_error *err)
{
	/* Template 0, typical prediction; the adaptive pixels' places. */
	static const uint8_t how[9] = { 0x08, 3, 0xff, 0xfd, 0xff, 2, 0xfe,
	    0xfe, 0xfe };
	const uint64_t w = (uint64_t)b->width_px, h = (uint64_t)b->height_px;
	struct sh_buf region = SH_BUF_INIT;
	int rc = -1;

	if (code_region(b, &region, err))
		goto out;
	/* Rule: T.88 7.4.8: page information, lossless, no stripes. */
	if (put_head(out, 0, 48, 19, err) || sh_buf_put_be(out, w, 4, err) ||
	    sh_buf_put_be(out, h, 4, err) || sh_buf_put_be(out, 0, 8, err) ||
	    sh_buf_put_be(out, 1, 1, err) || sh_buf_put_be(out, 0, 2, err))
		goto out;
	/* Rule: T.88 7.4.6: immediate lossless generic region. */
	if (put_head(out, 1, 39, 17 + sizeof(how) + region.len, err) ||
	    sh_buf_put_be(out, w, 4, err) || sh_buf_put_be(out, h, 4, err) ||
	    sh_buf_put_be(out, 0, 8, err) || sh_buf_put_be(out, 0, 1, err) ||
	    sh_buf_append(out, how, sizeof(how), err) ||
	    sh_buf_append(out, region.data, region.len, err))
		goto out;
	rc = 0;
out:
	sh_buf_free(&region);
	return (rc);
}
