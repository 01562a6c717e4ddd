/*
 * The cells of a page's ruled tables.  A cell is what rules shut in on all
 * sides; fewer than four of them are frames, and of no table.
 */
#ifndef SH_OCR_GRID_H
#define SH_OCR_GRID_H

#include "ocr/page.h"
#include "ocr/quality.h"

#define SH_GRID_TABLES_MAX	16

struct Pix;

struct sh_grid {
	struct Pix *cells;	/* a cell's number at each of its pixels, 0
				   elsewhere; NULL: there is no table */
	double scale_x, scale_y;	/* page pixels to one of those */
	/* From above, in page pixels. */
	struct sh_box table[SH_GRID_TABLES_MAX];
	size_t ntables;
};

/*
 * The tables that S shows, upright, leaning by LEAN_DEG clockwise: SCALE_X
 * and SCALE_Y of the page's pixels to one of the raster that S is a sketch
 * of.  OUT is the caller's, released with sh_grid_clear(), also after an
 * error: SH_ENOMEM.
 */
int sh_grid_find(const struct sh_sketch *s, double scale_x, double scale_y,
    double lean_deg, struct sh_grid *out, struct sh_error *err)
    SH_MUST_CHECK;
void sh_grid_clear(struct sh_grid *g);

/*
 * The number of the cell in which the middle of BOX lies, counted from 1
 * through all tables row by row; 0: none.
 */
uint32_t sh_grid_cell(const struct sh_grid *g, const struct sh_box *box);

#endif
