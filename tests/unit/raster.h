/* Rasters for tests: Leptonica's as ours, and things done to them. */
#ifndef SH_TESTS_RASTER_H
#define SH_TESTS_RASTER_H

#include <allheaders.h>

#include "ocr/image.h"

/* P as pixels; P is destroyed.  The data is the caller's, with free(). */
static inline struct sh_pixels
raster_pixels(PIX *p, double dpi)
{
	PIX *any = pixGetDepth(p) == 32 ? pixClone(p) : pixConvertTo8(p, 0);
	int w = pixGetWidth(any), h = pixGetHeight(any), x, y;
	int n = pixGetDepth(any) == 32 ? 3 : 1;
	struct sh_pixels px = { .width_px = w, .height_px = h,
	    .channels = n, .dpi_x = dpi, .dpi_y = dpi,
	    .exif_orientation = 1 };
	uint8_t *d = malloc((size_t)w * (size_t)h * (size_t)n);
	l_uint32 v;

	px.data = d;
	for (y = 0; y < h; y++)
		for (x = 0; x < w; x++) {
			(void)pixGetPixel(any, x, y, &v);
			if (n == 3) {
				*d++ = (uint8_t)(v >> 24);
				*d++ = (uint8_t)(v >> 16);
				v >>= 8;
			}
			*d++ = (uint8_t)v;
		}
	pixDestroy(&any);
	pixDestroy(&p);
	return (px);
}

/* A number in 0..N-1 that depends on nothing but the calls before. */
static inline unsigned
raster_random(unsigned *state, unsigned n)
{
	*state = *state * 1664525 + 1013904223;
	return ((*state >> 8) % n);
}

/* The scene as a camera with that EXIF orientation stores it. */
static inline PIX *
raster_store(PIX *scene, int exif)
{
	static const struct { int quarters, flip; } how[9] = { { 0, 0 },
	    { 0, 0 }, { 0, 1 }, { 2, 0 }, { 2, 1 }, { 1, 1 }, { 3, 0 },
	    { 3, 1 }, { 1, 0 } };
	PIX *p = pixRotateOrth(scene, how[exif].quarters);

	if (how[exif].flip)
		pixFlipLR(p, p);
	return (p);
}

#endif
