/*
 * Pixels of one side: 8 bits each of red, green, blue.
 */
#ifndef SH_SAMPLES_RASTER_H
#define SH_SAMPLES_RASTER_H

#include <stddef.h>
#include <stdint.h>

struct sh_raster {
	unsigned w, h;
	unsigned dpi;		/* 0: a photograph */
	uint8_t *px;		/* 3 * w * h bytes, rows from the top */
};

void sh_raster_new(struct sh_raster *r, unsigned w, unsigned h, unsigned dpi);
void sh_raster_free(struct sh_raster *r);

#endif
