#include "ocr/turn.h"

#define X	SH_TURN_MIRROR_X
#define Y	SH_TURN_MIRROR_Y
#define SWAP	SH_TURN_SWAP

/* Rule: EXIF 2.3 tag 0x0112, where row 0 and column 0 of the scene lie. */
static const unsigned exif_turn[9] = { 0, 0, X, X | Y, Y, SWAP, SWAP | Y,
    SWAP | X | Y, SWAP | X };

unsigned
sh_turn_of(int exif_orientation, int degrees)
{
	/* Turning clockwise by 90 is what EXIF calls 6. */
	static const int as_exif[4] = { 1, 6, 3, 8 };
	unsigned first = exif_turn[exif_orientation];
	unsigned then = exif_turn[as_exif[degrees / 90 % 4]];
	unsigned mirror = then & (X | Y);

	/* The later turn's mirrors pass through the earlier one's swap. */
	if (first & SWAP)
		mirror = (mirror & X ? Y : 0) | (mirror & Y ? X : 0);
	return ((first ^ then) & SWAP) | ((first & (X | Y)) ^ mirror);
}

void
sh_turn_upright(unsigned turn, double sx, double sy, double *ux, double *uy)
{
	if (turn & X)
		sx = 1 - sx;
	if (turn & Y)
		sy = 1 - sy;
	*ux = turn & SWAP ? sy : sx;
	*uy = turn & SWAP ? sx : sy;
}
