/*
 * Turns of a raster: what EXIF says, then quarters clockwise.
 *
 * A turn tells where a pixel of the upright raster is found in the stored
 * one: swap x and y, then mirror x, then mirror y.
 */
#ifndef SH_OCR_TURN_H
#define SH_OCR_TURN_H

enum {
	SH_TURN_MIRROR_Y = 1,
	SH_TURN_MIRROR_X = 2,
	SH_TURN_SWAP = 4
};

/*
 * EXIF_ORIENTATION (1..8) applied first, then DEGREES (0, 90, 180, 270)
 * clockwise, as one turn.
 */
unsigned sh_turn_of(int exif_orientation, int degrees);

/*
 * From the stored raster's unit square to the upright one's, both with the
 * first row at y = 0.
 */
void sh_turn_upright(unsigned turn, double sx, double sy, double *ux,
    double *uy);

#endif
