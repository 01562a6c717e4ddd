#include "ocr/grid.h"

#include <allheaders.h>
#include <math.h>
#include <stdlib.h>

#include "base/mem.h"

#define RULE_MM		5	/* no stroke of a letter is as long */
#define GAP_MM		1	/* in a rule */
#define TABLE_WIDE_MM	25
#define TABLE_HIGH_MM	8
#define CELL_MM		2.5	/* a side; smaller: between double rules */
#define CELLS_MIN	4
#define HOLES_MAX	4000	/* more: a pattern, a photograph */

struct cell {
	int32_t left, right, top, foot;		/* the last one not in it */
	double y;	/* of its top, were the page straight */
	uint32_t label, number;
};

struct table {
	struct Pix *labels;	/* of what rules shut in, 16 bits */
	struct cell *cell;
	size_t n;
};

static int32_t
px(const struct sh_sketch *s, double mm)
{
	return ((int32_t)(mm * s->dpi / 25.4) + 1);
}

/* Rules that lie or stand, thickened first: a leaning one is stairs. */
static struct Pix *
find_rules(const struct sh_sketch *s, struct sh_error *err)
{
	int len = px(s, RULE_MM), gap = px(s, GAP_MM);
	struct Pix *high = pixDilateBrick(NULL, s->pix, 1, 3);
	struct Pix *wide = pixDilateBrick(NULL, s->pix, 3, 1);
	struct Pix *lying = high == NULL ? NULL :
	    pixOpenCompBrick(NULL, high, len, 1);
	struct Pix *standing = wide == NULL ? NULL :
	    pixOpenCompBrick(NULL, wide, 1, len);
	struct Pix *rules = NULL;

	if (lying != NULL && standing != NULL &&
	    pixOr(lying, lying, standing) != NULL)
		rules = pixCloseSafeBrick(NULL, lying, gap, gap);
	pixDestroy(&high);
	pixDestroy(&wide);
	pixDestroy(&lying);
	pixDestroy(&standing);
	if (rules == NULL)
		(void)sh_error_nomem(err, "a raster");
	return (rules);
}

static int
by_top(const void *va, const void *vb)
{
	const struct cell *a = va, *b = vb;

	return (a->y < b->y ? -1 : a->y > b->y);
}

static int
by_row(const void *va, const void *vb)
{
	const struct cell *a = va, *b = vb;

	if (a->number != b->number)
		return (a->number < b->number ? -1 : 1);
	return (a->left < b->left ? -1 : a->left > b->left);
}

/* Number the cells row by row, from 1 on; first the rows are numbered. */
static void
number_cells(struct table *t, double side)
{
	double row = 0;
	uint32_t k = 0;
	size_t i;

	qsort(t->cell, t->n, sizeof(*t->cell), by_top);
	for (i = 0; i < t->n; i++) {
		if (i == 0 || t->cell[i].y > row + side) {
			row = t->cell[i].y;
			k++;
		}
		t->cell[i].number = k;
	}
	qsort(t->cell, t->n, sizeof(*t->cell), by_row);
	for (i = 0; i < t->n; i++)
		t->cell[i].number = (uint32_t)i + 1;
}

/* The extent of each label but that of the OUTSIDE. */
static void
measure_cells(struct Pix *labels, uint32_t outside, struct table *t)
{
	int w = pixGetWidth(labels), h = pixGetHeight(labels), x, y;
	l_uint32 *data = pixGetData(labels);
	int words = pixGetWpl(labels);

	for (y = 0; y < h; y++) {
		const l_uint32 *row = data + (size_t)y * (size_t)words;

		for (x = 0; x < w; x++) {
			uint32_t label = GET_DATA_TWO_BYTES(row, x);
			struct cell *c;

			if (label == 0 || label == outside || label > t->n)
				continue;
			c = &t->cell[label - 1];
			if (c->label == 0)
				*c = (struct cell){ x, x + 1, y, y + 1, 0,
				    label, 0 };
			c->left = x < c->left ? x : c->left;
			c->right = x >= c->right ? x + 1 : c->right;
			c->foot = y + 1;
		}
	}
}

/*
 * What the rules of PART shut in, as cells in reading order; none of them
 * where it is no table.
 */
static int
find_cells(const struct sh_sketch *s, struct Pix *part, double lean,
    struct table *out, struct sh_error *err)
{
	int32_t side = px(s, CELL_MM);
	struct Pix *open = pixAddBorder(part, 1, 0);
	l_uint32 outside;
	int holes = 0, rc = -1;
	size_t i, n;

	*out = (struct table){ .labels = NULL };
	if (open == NULL || pixInvert(open, open) == NULL ||
	    pixCountConnComp(open, 4, &holes)) {
		(void)sh_error_nomem(err, "a raster");
		goto out;
	}
	rc = 0;
	if (holes <= CELLS_MIN || holes > HOLES_MAX)
		goto out;
	rc = -1;
	out->n = (size_t)holes;
	if ((out->cell = sh_alloc(out->n, sizeof(*out->cell), "cells",
	    err)) == NULL)
		goto out;
	if ((out->labels = pixConnCompTransform(open, 4, 16)) == NULL ||
	    pixGetPixel(out->labels, 0, 0, &outside)) {
		(void)sh_error_nomem(err, "a raster");
		goto out;
	}
	measure_cells(out->labels, outside, out);
	for (i = n = 0; i < out->n; i++) {
		struct cell *c = &out->cell[i];

		c->y = c->top - lean * c->left;
		if (c->right - c->left >= side && c->foot - c->top >= side)
			out->cell[n++] = *c;
	}
	out->n = n >= CELLS_MIN ? n : 0;
	number_cells(out, side);
	rc = 0;
out:
	pixDestroy(&open);
	return (rc);
}

/* The table's cells into the page's, which FIRST of them are before. */
static void
paint_cells(const struct table *t, int32_t left, int32_t top, uint32_t first,
    struct Pix *page)
{
	int w = pixGetWidth(t->labels) - 2, h = pixGetHeight(t->labels) - 2;
	uint32_t number[HOLES_MAX + 1] = { 0 };
	l_uint32 label;
	size_t i;
	int x, y;

	for (i = 0; i < t->n; i++)
		number[t->cell[i].label] = first + t->cell[i].number;
	for (y = 0; y < h; y++)
		for (x = 0; x < w; x++)
			if (pixGetPixel(t->labels, x + 1, y + 1, &label) ==
			    0 && number[label] != 0)
				(void)pixSetPixel(page, left + x, top + y,
				    number[label]);
}

/* One group of rules that touch each other, at BOX of the sketch. */
static int
take_rules(const struct sh_sketch *s, struct Pix *part, struct Box *box,
    double lean, uint32_t *ncells, struct sh_grid *out, struct sh_error *err)
{
	struct table t = { .labels = NULL };
	int x, y, w, h, rc = -1;

	boxGetGeometry(box, &x, &y, &w, &h);
	if (w < px(s, TABLE_WIDE_MM) || h < px(s, TABLE_HIGH_MM) ||
	    out->ntables == SH_GRID_TABLES_MAX)
		return (0);
	if (find_cells(s, part, lean, &t, err))
		goto out;
	if (t.n > 0 && *ncells + t.n < UINT16_MAX) {
		if (out->cells == NULL && (out->cells =
		    pixCreate(pixGetWidth(s->pix), pixGetHeight(s->pix),
		    16)) == NULL) {
			(void)sh_error_nomem(err, "a raster");
			goto out;
		}
		paint_cells(&t, x, y, *ncells, out->cells);
		*ncells += (uint32_t)t.n;
		out->table[out->ntables++] = (struct sh_box){
		    (int32_t)(x * out->scale_x), (int32_t)(y * out->scale_y),
		    (int32_t)(w * out->scale_x), (int32_t)(h * out->scale_y) };
	}
	rc = 0;
out:
	pixDestroy(&t.labels);
	free(t.cell);
	return (rc);
}

int
sh_grid_find(const struct sh_sketch *s, double scale_x, double scale_y,
    double lean_deg, struct sh_grid *out, struct sh_error *err)
{
	struct Pix *rules = find_rules(s, err);
	struct Boxa *boxes = NULL;
	struct Pixa *parts = NULL;
	uint32_t ncells = 0;
	int i, rc = -1;

	*out = (struct sh_grid){ .scale_x = s->factor * scale_x,
	    .scale_y = s->factor * scale_y };
	if (rules == NULL)
		return (-1);
	if ((boxes = pixConnComp(rules, &parts, 8)) == NULL) {
		(void)sh_error_nomem(err, "a raster");
		goto out;
	}
	for (i = 0, rc = 0; i < boxaGetCount(boxes) && rc == 0; i++) {
		struct Box *b = boxaGetBox(boxes, i, L_CLONE);
		struct Pix *part = pixaGetPix(parts, i, L_CLONE);

		rc = b != NULL && part != NULL ? take_rules(s, part, b,
		    tan(lean_deg * M_PI / 180), &ncells, out, err) :
		    sh_error_nomem(err, "a raster");
		boxDestroy(&b);
		pixDestroy(&part);
	}
out:
	boxaDestroy(&boxes);
	pixaDestroy(&parts);
	pixDestroy(&rules);
	return (rc);
}

void
sh_grid_clear(struct sh_grid *g)
{
	pixDestroy(&g->cells);
}

uint32_t
sh_grid_cell(const struct sh_grid *g, const struct sh_box *box)
{
	l_uint32 v = 0;

	if (g == NULL || g->cells == NULL || pixGetPixel(g->cells,
	    (int)((box->x + box->w / 2) / g->scale_x),
	    (int)((box->y + box->h / 2) / g->scale_y), &v))
		return (0);
	return (v);
}
