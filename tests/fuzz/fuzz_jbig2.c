/*
 * Any raster, coded and decoded again: the same raster.  The decoder stands
 * here, written from the standard and not from the coder.
 *
 * Input: width and height (a byte each, less one), then the pixels, used
 * again from their start where they do not reach.
 *
 * Source: ITU-T T.88 6.2.5.7, annex E.3.
 */
#include <stdlib.h>
#include <string.h>

#include "ocr/jbig2.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

#define HEADS		(11 + 19 + 11 + 17 + 9)	/* bytes before the data */

/* Rule: T.88 table E.1: Qe, next after more likely, after less, switch. */
static const uint16_t qe[47][4] = {
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
	{ 0x0001, 45, 43, 0 }, { 0x5601, 46, 46, 0 } };

static struct {
	const uint8_t *p, *end;
	uint32_t c, a;
	int ct;
	uint8_t index[65536], sense[65536];
} d;

static unsigned
byte_at(const uint8_t *p)
{
	return (p < d.end ? *p : 0xff);
}

/* Rule: T.88 figure E.19, BYTEIN. */
static void
byte_in(void)
{
	if (byte_at(d.p) == 0xff) {
		if (byte_at(d.p + 1) > 0x8f) {
			d.c += 0xff00;
			d.ct = 8;
			return;
		}
		d.c += byte_at(++d.p) << 9;
		d.ct = 7;
		return;
	}
	d.c += byte_at(++d.p) << 8;
	d.ct = 8;
}

static void
begin(const uint8_t *p, const uint8_t *end)
{
	memset(&d, 0, sizeof(d));
	d.p = p;
	d.end = end;
	d.c = byte_at(p) << 16;
	byte_in();
	d.c <<= 7;
	d.ct -= 7;
	d.a = 0x8000;
}

/* Rule: T.88 figures E.14 to E.18. */
static unsigned
decode(unsigned cx)
{
	const uint16_t *q = qe[d.index[cx]];
	unsigned bit = d.sense[cx], less;

	d.a -= q[0];
	if (d.c >> 16 < q[0]) {
		less = d.a >= q[0];
		d.a = q[0];
	} else {
		d.c -= (uint32_t)q[0] << 16;
		if (d.a & 0x8000)
			return (bit);
		less = d.a < q[0];
	}
	if (less) {
		bit ^= 1;
		if (q[3])
			d.sense[cx] ^= 1;
		d.index[cx] = (uint8_t)q[2];
	} else {
		d.index[cx] = (uint8_t)q[1];
	}
	do {
		if (d.ct == 0)
			byte_in();
		d.a <<= 1;
		d.c <<= 1;
		d.ct--;
	} while ((d.a & 0x8000) == 0);
	return (bit);
}

static unsigned
at(const struct sh_bits *b, int x, int y)
{
	return (x < 0 || y < 0 || x >= b->width_px ? 0 : b->word[(size_t)y *
	    b->stride + (size_t)x / 64] >> (63 - x % 64) & 1);
}

/* Rule: T.88 6.2.5.7, template 0. */
static void
decode_region(struct sh_bits *b)
{
	unsigned same = 0, cx;
	int x, y, i;

	for (y = 0; y < b->height_px; y++) {
		same ^= decode(0x9b25);
		for (x = 0; x < b->width_px; x++) {
			unsigned v;

			if (same) {
				v = at(b, x, y - 1);
			} else {
				for (cx = 0, i = -2; i <= 2; i++)
					cx = cx << 1 | at(b, x + i, y - 2);
				for (i = -3; i <= 3; i++)
					cx = cx << 1 | at(b, x + i, y - 1);
				for (i = -4; i < 0; i++)
					cx = cx << 1 | at(b, x + i, y);
				v = decode(cx);
			}
			b->word[(size_t)y * b->stride + (size_t)x / 64] |=
			    (uint64_t)v << (63 - x % 64);
		}
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_buf coded = SH_BUF_INIT;
	struct sh_bits b, back;
	int x, y;
	size_t i = 0, n;

	if (len < 3)
		return (0);
	if (sh_bits_new(&b, data[0] + 1, data[1] + 1, &err) ||
	    sh_bits_new(&back, b.width_px, b.height_px, &err))
		abort();
	n = (len - 2) * 8;
	for (y = 0; y < b.height_px; y++)
		for (x = 0; x < b.width_px; x++, i++)
			if (data[2 + i % n / 8] >> (i % 8) & 1)
				b.word[(size_t)y * b.stride +
				    (size_t)x / 64] |= (uint64_t)1 <<
				    (63 - x % 64);
	if (sh_jbig2_encode(&b, &coded, &err) || coded.len < HEADS)
		abort();
	begin(coded.data + HEADS, coded.data + coded.len);
	decode_region(&back);
	if (memcmp(b.word, back.word, b.stride * (size_t)b.height_px * 8))
		abort();
	sh_buf_free(&coded);
	sh_bits_free(&b);
	sh_bits_free(&back);
	return (0);
}
