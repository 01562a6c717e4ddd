/* Small marks that are not writing: dotted lines of forms, specks. */
#include "ocr/clean_internal.h"

#include <allheaders.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define DOTS_MAX	60000	/* more is noise, not dots */
#define RUN_MIN		7	/* dots that make a dotted line */
#define GAPS_MAX	4	/* dots that letters may hide between two */
#define LEADERS_MAX	300	/* whose strays are looked for */
#define LONE_MAX	120	/* lone specks that a clean page may have */

struct dot {
	int x, y, w, h;
	int cx2, cy2;		/* twice its middle */
	int next;		/* to the right in its row, or -1 */
	int linked;		/* something stands to its left */
	int cell_next;
	int lone;		/* far from anything larger */
	int swept;
};

/* Dots by cells of SIDE px, so that neighbours are found at once. */
struct grid {
	struct dot *dot;
	int n;
	int side, w, h;
	int *cell;		/* first dot or -1 */
};

static int
grid_fill(struct grid *g, int width, int height, int side,
    struct sh_error *err)
{
	int i, c;

	g->side = side;
	g->w = width / side + 1;
	g->h = height / side + 1;
	g->cell = sh_alloc((size_t)g->w * (size_t)g->h, sizeof(int),
	    "a grid", err);
	if (g->cell == NULL)
		return (-1);
	for (i = 0; i < g->w * g->h; i++)
		g->cell[i] = -1;
	for (i = 0; i < g->n; i++) {
		c = g->dot[i].cy2 / 2 / side * g->w + g->dot[i].cx2 / 2 /
		    side;
		g->dot[i].cell_next = g->cell[c];
		g->cell[c] = i;
	}
	return (0);
}

/* The nearest dot of the same size to the right of dot I in its row. */
static int
right_of(const struct grid *g, int i, double mm)
{
	const struct dot *a = &g->dot[i];
	int reach = (int)(3.2 * mm), nearest = -1, best = 2 * reach + 1;
	int slack = (int)(0.4 * mm) + 1, size = (int)(0.15 * mm) + 1;
	int cx = a->cx2 / 2 / g->side, cy = a->cy2 / 2 / g->side, x, y, k;

	for (y = cy > 0 ? cy - 1 : 0; y <= cy + 1 && y < g->h; y++)
		for (x = cx; x <= cx + reach / g->side + 1 && x < g->w; x++)
			for (k = g->cell[y * g->w + x]; k >= 0;
			    k = g->dot[k].cell_next) {
				const struct dot *b = &g->dot[k];
				int dx = b->cx2 - a->cx2;

				if (dx > (int)(0.6 * mm) && dx < best &&
				    abs(b->cy2 - a->cy2) <= slack &&
				    abs(b->w - a->w) <= size &&
				    abs(b->h - a->h) <= size) {
					best = dx;
					nearest = k;
				}
			}
	return (nearest);
}

static int
compare_int(const void *a, const void *b)
{
	const int *x = a, *y = b;

	return ((*x > *y) - (*x < *y));
}

/* A dotted line: where it runs, in half pixels, and what its dots are like. */
struct leader {
	int x, y;		/* its first dot */
	double slope;
	int pitch;
	int area;		/* of a dot, px */
};

/*
 * A run is a dotted line when its steps are one pitch, or a few of them
 * where letters hide dots.  1 if it is.
 */
static int
judge_run(struct grid *g, int first, int *steps, double mm,
    struct leader *out)
{
	int n = 0, i, last = first, pitch, regular = 0;
	int slack = (int)(0.25 * mm) + 1;

	for (i = first; g->dot[i].next >= 0; i = last) {
		last = g->dot[i].next;
		steps[n++] = g->dot[last].cx2 - g->dot[i].cx2;
	}
	if (n + 1 < RUN_MIN)
		return (0);
	qsort(steps, (size_t)n, sizeof(steps[0]), compare_int);
	pitch = steps[n / 4];
	for (i = 0; i < n; i++) {
		int times = (steps[i] + pitch / 2) / pitch;

		if (times >= 1 && times <= GAPS_MAX &&
		    abs(steps[i] - times * pitch) <= slack)
			regular++;
	}
	if (regular * 5 < n * 4)
		return (0);
	for (i = first, n = 0; i >= 0; i = g->dot[i].next)
		steps[n++] = g->dot[i].w * g->dot[i].h;
	qsort(steps, (size_t)n, sizeof(steps[0]), compare_int);
	*out = (struct leader){ g->dot[first].cx2, g->dot[first].cy2,
	    (double)(g->dot[last].cy2 - g->dot[first].cy2) /
	    (g->dot[last].cx2 - g->dot[first].cx2), pitch, steps[n / 2] };
	/* A mark below a letter may stand in the row: it is larger. */
	for (i = first; i >= 0; i = g->dot[i].next)
		g->dot[i].swept = g->dot[i].w * g->dot[i].h * 2 <=
		    out->area * 3;
	return (1);
}

/* Dots of the line that letters cut off from the rest of it. */
static void
sweep_strays(struct grid *g, const struct leader *l, double mm)
{
	int reach = (int)(160 * mm), slack = (int)(0.3 * mm) + 1, i;

	for (i = 0; i < g->n; i++) {
		struct dot *d = &g->dot[i];
		int dx = d->cx2 - l->x, area = d->w * d->h, off;

		if (abs(dx) > reach || fabs(d->cy2 - l->y - dx * l->slope) >
		    slack || area * 2 > l->area * 3 || area * 3 < l->area)
			continue;
		off = ((dx % l->pitch) + l->pitch) % l->pitch;
		if (off > l->pitch / 2)
			off = l->pitch - off;
		if (off * 5 <= l->pitch + 5)
			d->swept = 1;
	}
}

static int
sweep_lines(struct grid *g, double mm, struct sh_error *err)
{
	struct leader leader;
	int *steps, i, next, nleaders = 0;

	steps = sh_alloc((size_t)g->n + 1, sizeof(int), "dots", err);
	if (steps == NULL)
		return (-1);
	for (i = 0; i < g->n; i++) {
		next = right_of(g, i, mm);
		/* Two dots that want the same neighbour are no line. */
		if (next >= 0 && !g->dot[next].linked) {
			g->dot[i].next = next;
			g->dot[next].linked = 1;
		}
	}
	for (i = 0; i < g->n; i++)
		if (!g->dot[i].linked &&
		    judge_run(g, i, steps, mm, &leader) &&
		    nleaders++ < LEADERS_MAX)
			sweep_strays(g, &leader, mm);
	free(steps);
	return (0);
}

static void
paint(struct sh_plane *p, const struct dot *d, int margin, int paper)
{
	int x0 = d->x - margin, y0 = d->y - margin, y;
	int x1 = d->x + d->w + margin, y1 = d->y + d->h + margin;

	x0 = x0 < 0 ? 0 : x0;
	y0 = y0 < 0 ? 0 : y0;
	x1 = x1 > p->w ? p->w : x1;
	y1 = y1 > p->h ? p->h : y1;
	for (y = y0; y < y1; y++)
		memset(p->data + (size_t)y * (size_t)p->w + (size_t)x0,
		    paper, (size_t)(x1 - x0));
}

/*
 * What stands farther than 0.85 mm from anything larger than a dot is no
 * part of a letter.  Where there is much of it the page is dusty, and it
 * goes, with the smallest specks wherever they are.
 */
static int
sweep_specks(struct grid *g, struct Pix *bits, double mm,
    struct sh_error *err)
{
	struct Pix *small = NULL, *near = NULL;
	int any = (int)(0.25 * mm + 0.5), far = (int)(0.5 * mm + 0.5);
	int i, reach, lone = 0, rc = -1;
	l_uint32 v;

	for (i = 0; i < g->n; i++) {
		struct Box *b = boxCreate(g->dot[i].x, g->dot[i].y,
		    g->dot[i].w, g->dot[i].h);

		(void)pixClearInRect(bits, b);
		boxDestroy(&b);
	}
	reach = 2 * (int)(0.85 * mm / 4 + 0.5) + 1;
	if ((small = pixReduceRankBinaryCascade(bits, 1, 1, 0, 0)) == NULL ||
	    (near = pixDilateBrick(NULL, small, reach, reach)) == NULL) {
		(void)sh_error_nomem(err, "a raster");
		goto out;
	}
	for (i = 0; i < g->n; i++) {
		struct dot *d = &g->dot[i];

		(void)pixGetPixel(near, d->cx2 / 8, d->cy2 / 8, &v);
		d->lone = !d->swept && !v;
		lone += d->lone;
	}
	for (i = 0; i < g->n && lone > LONE_MAX; i++) {
		struct dot *d = &g->dot[i];
		int side = d->w > d->h ? d->w : d->h;

		if (side <= any || (d->lone && side <= far))
			d->swept = 1;
	}
	rc = 0;
out:
	pixDestroy(&small);
	pixDestroy(&near);
	return (rc);
}

int
sh_plane_sweep(struct sh_plane *p, double dpi, double print_dpi, int ink,
    int paper, struct sh_error *err)
{
	double mm = dpi / 25.4;
	int most = (int)(0.6 * mm + 0.5), i, n, rc = -1;
	struct grid g = { NULL, 0, 0, 0, 0, NULL };
	struct Pix *grey, *bits = NULL;
	struct Boxa *boxes = NULL;

	if ((grey = sh_plane_pix(p)) == NULL ||
	    (bits = pixThresholdToBinary(grey, ink)) == NULL ||
	    (boxes = pixConnCompBB(bits, 8)) == NULL) {
		(void)sh_error_nomem(err, "a raster");
		goto out;
	}
	n = boxaGetCount(boxes);
	g.dot = sh_alloc(DOTS_MAX, sizeof(*g.dot), "dots", err);
	if (g.dot == NULL)
		goto out;
	for (i = 0; i < n && g.n < DOTS_MAX; i++) {
		struct dot *d = &g.dot[g.n];

		boxaGetBoxGeometry(boxes, i, &d->x, &d->y, &d->w, &d->h);
		if (d->w > most || d->h > most)
			continue;
		d->cx2 = 2 * d->x + d->w;
		d->cy2 = 2 * d->y + d->h;
		d->next = -1;
		g.n++;
	}
	if (grid_fill(&g, p->w, p->h, (int)(1.5 * mm) + 1, err) ||
	    sweep_lines(&g, mm, err) || sweep_specks(&g, bits, print_dpi / 25.4, err))
		goto out;
	for (i = 0; i < g.n; i++)
		if (g.dot[i].swept)
			paint(p, &g.dot[i], 1, paper);
	rc = 0;
out:
	pixDestroy(&grey);
	pixDestroy(&bits);
	boxaDestroy(&boxes);
	free(g.dot);
	free(g.cell);
	return (rc);
}
