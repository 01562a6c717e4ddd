/*
 * What clean.c's neighbours share: planes, one byte a pixel, rows without
 * padding, at least 32 px a side.
 */
#ifndef SH_OCR_CLEAN_INTERNAL_H
#define SH_OCR_CLEAN_INTERNAL_H

#include <stdint.h>

#include "base/error.h"

struct Pix;

struct sh_plane {
	uint8_t *data;
	int w, h;
};

/* The same as a raster. */
struct Pix *sh_plane_pix(const struct sh_plane *p);

/*
 * Paint over small marks that are not writing, where darker than INK is ink
 * and PAPER is the colour of paper: rows of dots that forms are filled in
 * on; on dusty pages, specks.  PRINT_DPI is the dpi at which the print would
 * be as large as print is: small print has small dots of its own.
 */
int sh_plane_sweep(struct sh_plane *p, double dpi, double print_dpi, int ink,
    int paper, struct sh_error *err) SH_MUST_CHECK;

/*
 * Even the paper behind stains whose edges are sharper than the map of the
 * paper, wider than strokes and lighter than ink.  1 if there were any.
 */
int sh_plane_clear_stains(struct sh_plane *p, double dpi, int paper,
    struct sh_error *err) SH_MUST_CHECK;

/*
 * Let a print go that is much fainter than the print; PAPER is the level of
 * most of the page.  1 if there was one.
 */
int sh_plane_clear_ghost(struct sh_plane *p, int paper);

#endif
