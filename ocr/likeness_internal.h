/* What the makers and the comparers of likenesses share. */
#ifndef SH_OCR_LIKENESS_INTERNAL_H
#define SH_OCR_LIKENESS_INTERNAL_H

#include <stdint.h>

#include "ocr/likeness.h"

/* px at the edge that are not compared: shadows, punched holes */
#define SH_LIKENESS_MARGIN	24

struct sh_looks {
	int w, h, words;	/* 64-bit words a row */
	int faint;		/* some of its strokes are no ink here */
	double angle;		/* that its lines leaned by, clockwise degrees */
	uint64_t *bits;		/* 1 is ink; the first px is the lowest bit */
	int16_t *profile;	/* ink by row, once it was compared; or NULL */
	int16_t *columns;	/* ink by column, behind it */
};

/* Nothing but paper. */
struct sh_looks *sh_likeness_empty(int w, int h, struct sh_error *err);

static inline uint64_t *
row_of(const struct sh_looks *l, int y)
{
	return (l->bits + (size_t)y * (size_t)l->words);
}

/* How many bits are set; the processor's own way is not everywhere. */
static inline unsigned
ones(uint64_t v)
{
	v -= v >> 1 & UINT64_C(0x5555555555555555);
	v = (v & UINT64_C(0x3333333333333333)) + (v >> 2 &
	    UINT64_C(0x3333333333333333));
	v = (v + (v >> 4)) & UINT64_C(0x0f0f0f0f0f0f0f0f);
	return ((unsigned)(v * UINT64_C(0x0101010101010101) >> 56));
}

/* 64 pixels of a row from x on; beyond the page is paper. */
static inline uint64_t
span(const struct sh_looks *l, int x, int y)
{
	const uint64_t *row;
	uint64_t v = 0;
	int k = x >> 6, shift = x & 63;

	if (y < 0 || y >= l->h || x <= -64 || x >= l->w)
		return (0);
	row = row_of(l, y);
	if (k >= 0)
		v = row[k] >> shift;
	if (shift != 0 && k + 1 < l->words)
		v |= row[k + 1] << (64 - shift);
	return (v);
}

#endif
