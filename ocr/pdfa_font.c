/*
 * The font of the invisible text: TrueType, two glyphs without outlines.
 * Glyph 0 is what the format wants there, glyph 1 stands for every character
 * (the CIDToGIDMap sends all of them to it).
 */
#include "ocr/pdfa_internal.h"

#include <string.h>

#define UNITS		1000	/* to the em */
#define ADVANCE		500
#define NTABLES		6

/* Rule: OpenType 1.9, tables head, hhea, hmtx, maxp; loca and glyf empty. */
static const uint16_t head[27] = { 1, 0, 1, 0, 0, 0, 0x5f0f, 0x3cf5, 0x0003,
    UNITS, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8, 2, 0, 0 };
static const uint16_t hhea[18] = { 1, 0, UNITS, 0, 0, ADVANCE, 0, 0, 0, 1, 0,
    0, 0, 0, 0, 0, 0, 2 };
static const uint16_t hmtx[4] = { ADVANCE, 0, ADVANCE, 0 };
static const uint16_t loca[3] = { 0, 0, 0 };
static const uint16_t maxp[16] = { 1, 0, 2, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0,
    0, 0 };

static const struct {
	const char *tag;
	const uint16_t *words;
	size_t n;
} tables[NTABLES] = {
	{ "glyf", NULL, 0 },
	{ "head", head, 27 },
	{ "hhea", hhea, 18 },
	{ "hmtx", hmtx, 4 },
	{ "loca", loca, 3 },
	{ "maxp", maxp, 16 },
};

/* The sum of big-endian words of four bytes, zeros behind the end. */
static uint32_t
checksum(const uint8_t *p, size_t len)
{
	uint32_t sum = 0;
	size_t i;

	for (i = 0; i < len; i++)
		sum += (uint32_t)p[i] << (24 - 8 * (i % 4));
	return (sum);
}

int
sh_pdfa_font(struct sh_buf *out, struct sh_error *err)
{
	/* Six tables: the search fields are for the next lower power, four. */
	static const uint16_t start[6] = { 1, 0, NTABLES, 64, 2,
	    NTABLES * 16 - 64 };
	size_t begin = out->len, at = 12 + NTABLES * 16, i, k, adjust = 0;
	uint8_t *dir;

	for (i = 0; i < 6; i++)
		if (sh_buf_put_be(out, start[i], 2, err))
			return (-1);
	if (sh_buf_reserve(out, NTABLES * 16, err) == NULL)
		return (-1);
	out->len += NTABLES * 16;
	for (i = 0; i < NTABLES; i++) {
		size_t len = tables[i].n * 2;

		at = out->len - begin;
		for (k = 0; k < tables[i].n; k++)
			if (sh_buf_put_be(out, tables[i].words[k], 2, err))
				return (-1);
		while ((out->len - begin) % 4 != 0)
			if (sh_buf_put_be(out, 0, 1, err))
				return (-1);
		if (tables[i].words == head)
			adjust = begin + at + 8;
		dir = out->data + begin + 12 + i * 16;
		memcpy(dir, tables[i].tag, 4);
		sh_put_be(dir + 4, checksum(out->data + begin + at, len), 4);
		sh_put_be(dir + 8, at, 4);
		sh_put_be(dir + 12, len, 4);
	}
	sh_put_be(out->data + adjust, 0xb1b0afbaU - checksum(out->data +
	    begin, out->len - begin), 4);
	return (0);
}
