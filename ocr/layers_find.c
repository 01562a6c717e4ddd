/* Where ink, stamps, signatures and photographs are on a page. */
#include "ocr/layers_internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define WINDOW		1	/* cells to each side that decide on ink */
#define CONTRAST	45	/* less between paper and ink is none */
#define EDGE_LEAST	16	/* darker than paper, whatever the share */
#define INK_SPREAD	48	/* largest less smallest channel: coloured */
#define INK_PIXELS	3	/* of those make a cell coloured */
#define PALE_SPREAD	36	/* thin strokes beside them: paler, */
#define PALE_PIXELS	2	/* ... fewer */
#define PALE_SHARE	4	/* more than one cell in so many: coloured paper */
#define REACH		2	/* cells: coloured ones so near are one */
#define STROKE_CELLS	12	/* fewer coloured cells are no stamp */
#define TONE(paper)	((paper) * 7 / 8)	/* darker than paper, */
#define TONE_LEAST	50	/* ... lighter than ink */
#define TONE_PIXELS	40	/* of those: a cell has tone */
#define PHOTO_CELLS	80	/* as many are a photograph */
#define CARD(sheet)	((sheet) * 31 / 32)	/* darker than the sheet: a card, */
#define CARD_CELLS	1800	/* ... if as many, */
#define CARD_FILL(area)	((area) * 4 / 5)	/* ... without gaps between */
#define CARD_ACROSS	6	/* blocks: half a card at least, */
#define CARD_DOWN	8	/* ... half of two below each other */
#define BLOCK		16	/* cells; paper is told by blocks of them */
#define PATCH_COST	150	/* cells that one more patch costs as much as */
#define SPLITS		12	/* halvings of what is coloured, at most */

struct cell {
	uint32_t sum;		/* of the luminance */
	uint8_t darkest;
	uint8_t coloured;	/* pixels */
	uint8_t pale;		/* pixels with some colour at least */
	uint8_t tones;		/* pixels between ink and paper */
	uint8_t kind;		/* bits of KIND_* */
	uint8_t pixels;
};

enum {
	KIND_INK = 1, KIND_PHOTO = 2, KIND_PALE = 4, KIND_SEEN = 8,
	KIND_CARD = 16
};

struct finder {
	const struct sh_pixels *px;
	uint8_t *luma;		/* of each pixel */
	struct cell *cell;
	int32_t cols, rows;
	uint8_t *paper;		/* luminance of each block's paper */
	uint8_t *sheet;		/* ... of what a card there would lie on */
	int32_t bcols, brows;
	struct levels {		/* of each cell: what is darker */
		uint8_t tone[SH_STENCILS_MAX];
	} *level;
};

/* Per cent of the way from ink to paper: strokes' edges, ... cores. */
static const unsigned share[SH_STENCILS_MAX] = { 88, 68, 45, 18 };

static inline unsigned
luminance(const uint8_t *p)
{
	return ((77u * p[0] + 150u * p[1] + 29u * p[2] + 128) >> 8);
}

static inline unsigned
spread(const uint8_t *p)
{
	unsigned hi = p[0] > p[1] ? p[0] : p[1];
	unsigned lo = p[0] < p[1] ? p[0] : p[1];

	hi = p[2] > hi ? p[2] : hi;
	lo = p[2] < lo ? p[2] : lo;
	return (hi - lo);
}

/* ---- cells ------------------------------------------------------------------ */

static void
measure_row(struct finder *f, int32_t y)
{
	const struct sh_pixels *px = f->px;
	size_t width = (size_t)px->width_px;
	const uint8_t *p = px->data + (size_t)y * width *
	    (size_t)px->channels;
	uint8_t *luma = f->luma + (size_t)y * width;
	struct cell *c = f->cell + (size_t)(y / SH_CELL) * (size_t)f->cols;
	size_t x, end;

	for (x = 0; x < width; c++) {
		unsigned sum = 0, darkest = 255, coloured = 0, pale = 0;

		end = x + SH_CELL < width ? x + SH_CELL : width;
		c->pixels = (uint8_t)(c->pixels + (end - x));
		for (; x < end; x++) {
			unsigned v = p[0], n;

			if (px->channels == 3) {
				v = luminance(p);
				n = spread(p);
				coloured += n > INK_SPREAD;
				pale += n > PALE_SPREAD;
			}
			p += px->channels;
			luma[x] = (uint8_t)v;
			sum += v;
			darkest = v < darkest ? v : darkest;
		}
		c->sum += sum;
		if (y % SH_CELL == 0 || darkest < c->darkest)
			c->darkest = (uint8_t)darkest;
		c->coloured = (uint8_t)(c->coloured + coloured);
		c->pale = (uint8_t)(c->pale + pale);
	}
}

/* The mean that a quarter of the cells around a block are brighter than. */
static uint8_t
paper_of(const struct finder *f, int32_t bx, int32_t by)
{
	uint32_t n[256] = { 0 }, all = 0, seen = 0;
	int32_t x, y, v;

	for (y = (by - 1) * BLOCK; y < (by + 2) * BLOCK; y++)
		for (x = (bx - 1) * BLOCK; x < (bx + 2) * BLOCK; x++)
			if (x >= 0 && x < f->cols && y >= 0 && y < f->rows) {
				const struct cell *c = &f->cell[(size_t)y *
				    (size_t)f->cols + (size_t)x];

				n[c->sum / c->pixels]++;
				all++;
			}
	for (v = 255; v > 0; v--)
		if ((seen += n[v]) * 4 >= all)
			break;
	return ((uint8_t)v);
}

/*
 * Value I of N, STRIDE apart, or what lies on both sides of it within REACH
 * where that is higher.  Behind the ends all is as at the ends.
 */
static uint8_t
raised(const uint8_t *v, int32_t n, int32_t stride, int32_t i, int32_t reach)
{
	uint8_t least = 255, most;
	int32_t from, k;

	for (from = i - 2 * reach; from <= i; from++) {
		most = 0;
		for (k = from; k <= from + 2 * reach; k++) {
			int32_t at = k < 0 ? 0 : k < n ? k : n - 1;

			if (v[at * stride] > most)
				most = v[at * stride];
		}
		least = most < least ? most : least;
	}
	return (least);
}

/*
 * Light that falls off over the page makes no card: what lies lower than
 * what is on both sides of it, within a card's size, does.
 */
static void
find_sheet(struct finder *f)
{
	int32_t w = f->bcols, h = f->brows, x, y;

	for (y = 0; y < h; y++)
		for (x = 0; x < w; x++) {
			uint8_t a = raised(f->paper + y * w, w, 1, x,
			    CARD_ACROSS);
			uint8_t d = raised(f->paper + x, h, w, y, CARD_DOWN);

			f->sheet[y * w + x] = a > d ? a : d;
		}
}

/* Paper is never much darker than the page's brightest. */
static void
find_paper(struct finder *f)
{
	size_t i, n = (size_t)f->bcols * (size_t)f->brows;
	unsigned brightest = 0;

	for (i = 0; i < n; i++) {
		f->paper[i] = paper_of(f, (int32_t)(i % (size_t)f->bcols),
		    (int32_t)(i / (size_t)f->bcols));
		if (f->paper[i] > brightest)
			brightest = f->paper[i];
	}
	find_sheet(f);
	for (i = 0; i < n; i++)
		if (f->paper[i] < brightest * 7 / 10)
			f->paper[i] = (uint8_t)(brightest * 7 / 10);
}

static unsigned
paper_at(const struct finder *f, int32_t col, int32_t row)
{
	return (f->paper[(size_t)(row / BLOCK) * (size_t)f->bcols +
	    (size_t)(col / BLOCK)]);
}

static unsigned
sheet_at(const struct finder *f, size_t cell)
{
	return (f->sheet[cell / (size_t)f->cols / BLOCK * (size_t)f->bcols +
	    cell % (size_t)f->cols / BLOCK]);
}

/*
 * Below which luminance is ink in each cell?  Told by the paper and by the
 * darkest around.
 */
static int
find_levels(struct finder *f, struct sh_error *err)
{
	int32_t x, y, k;
	uint8_t *column;

	column = sh_alloc((size_t)f->cols, sizeof(*column), "columns", err);
	if (column == NULL)
		return (-1);
	for (y = 0; y < f->rows; y++) {
		memset(column, 255, (size_t)f->cols);
		for (k = y - WINDOW; k <= y + WINDOW; k++)
			for (x = 0; k >= 0 && k < f->rows && x < f->cols;
			    x++) {
				uint8_t v = f->cell[(size_t)k *
				    (size_t)f->cols + (size_t)x].darkest;

				if (v < column[x])
					column[x] = v;
			}
		for (x = 0; x < f->cols; x++) {
			struct levels *level = &f->level[(size_t)y *
			    (size_t)f->cols + (size_t)x];
			unsigned ink = 255, paper = paper_at(f, x, y), tone;

			for (k = x - WINDOW; k <= x + WINDOW; k++)
				if (k >= 0 && k < f->cols && column[k] < ink)
					ink = column[k];
			if (paper < ink + CONTRAST)
				continue;	/* nothing is darker than 0 */
			for (k = 0; k < SH_STENCILS_MAX; k++) {
				tone = ink + (paper - ink) * share[k] / 100;
				level->tone[k] = (uint8_t)
				    (tone < paper - EDGE_LEAST ? tone :
				    paper - EDGE_LEAST);
			}
		}
	}
	free(column);
	return (0);
}

/* ---- the mask --------------------------------------------------------------- */

static void
threshold(struct finder *f, struct sh_bits mask[SH_STENCILS_MAX])
{
	size_t width = (size_t)f->px->width_px, x, end, k, at;
	int32_t y;

	for (y = 0; y < f->px->height_px; y++) {
		const uint8_t *luma = f->luma + (size_t)y * width;
		struct cell *c = f->cell + (size_t)(y / SH_CELL) *
		    (size_t)f->cols;
		const struct levels *level = f->level +
		    (size_t)(y / SH_CELL) * (size_t)f->cols;
		int32_t col = 0;

		for (x = 0; x < width; col++, c++, level++) {
			unsigned tone = TONE(paper_at(f, col, y / SH_CELL));
			unsigned bits[SH_STENCILS_MAX] = { 0 };
			unsigned tones = 0, n;

			end = x + SH_CELL < width ? x + SH_CELL : width;
			n = (unsigned)(end - x);
			for (; x < end; x++) {
				for (k = 0; k < SH_STENCILS_MAX; k++)
					bits[k] = bits[k] << 1 |
					    (luma[x] < level->tone[k]);
				tones += luma[x] < tone &&
				    luma[x] > TONE_LEAST;
			}
			c->tones = (uint8_t)(c->tones + tones);
			at = (size_t)y * mask->stride + (size_t)col / 8;
			for (k = 0; k < SH_STENCILS_MAX; k++)
				mask[k].word[at] |= (uint64_t)(bits[k] <<
				    (8 - n)) << (56 - 8 * (col % 8));
		}
	}
}

/* The row moved by a pixel to the right, or to the left. */
static inline uint64_t
from_left(const uint64_t *row, size_t i)
{
	return (row[i] >> 1 | (i > 0 ? row[i - 1] << 63 : 0));
}

static inline uint64_t
from_right(const uint64_t *row, size_t i, size_t stride)
{
	return (row[i] << 1 | (i + 1 < stride ? row[i + 1] >> 63 : 0));
}

/* Is there ink on each pixel of the row, or beside it? */
static void
around(const struct sh_bits *b, int32_t y, uint64_t *out)
{
	size_t i;
	int32_t k;

	for (i = 0; i < b->stride; i++) {
		const uint64_t *row = b->word + (size_t)y * b->stride;
		uint64_t v = from_left(row, i) |
		    from_right(row, i, b->stride) | row[i];

		for (k = y - 1; k <= y + 1; k += 2)
			if (k >= 0 && k < b->height_px) {
				row = b->word + (size_t)k * b->stride;
				v |= from_left(row, i) | row[i] |
				    from_right(row, i, b->stride);
			}
		out[i] = v;
	}
	if (b->width_px % 64 != 0)
		out[b->stride - 1] &= ~(uint64_t)0 << (64 -
		    b->width_px % 64);
}

int
sh_bits_grow(const struct sh_bits *b, struct sh_bits *out,
    struct sh_error *err)
{
	int32_t y;

	if (sh_bits_new(out, b->width_px, b->height_px, err))
		return (-1);
	for (y = 0; y < b->height_px; y++)
		around(b, y, out->word + (size_t)y * out->stride);
	return (0);
}

/* ---- patches ------------------------------------------------------------------ */

struct box {
	int32_t x0, y0, x1, y1;	/* cells, the last ones inside */
	uint32_t n;
	int card;		/* there is one in it */
};

/* The box of N cells. */
static struct box
around_cells(const struct finder *f, const uint32_t *cell, size_t n)
{
	struct box b = { f->cols, f->rows, 0, 0, (uint32_t)n, 0 };
	size_t i;

	for (i = 0; i < n; i++) {
		int32_t x = (int32_t)(cell[i] % (uint32_t)f->cols);
		int32_t y = (int32_t)(cell[i] / (uint32_t)f->cols);

		b.x0 = x < b.x0 ? x : b.x0;
		b.y0 = y < b.y0 ? y : b.y0;
		b.x1 = x > b.x1 ? x : b.x1;
		b.y1 = y > b.y1 ? y : b.y1;
	}
	return (b);
}

/*
 * The cells of one of KINDS that are connected with START over at most REACH
 * cells; QUEUE, which has room for all cells, begins with them.
 */
static struct box
flood(struct finder *f, size_t start, unsigned kinds, uint32_t *queue)
{
	size_t head = 0, tail = 0;
	int32_t x, y, i, k;

	queue[tail++] = (uint32_t)start;
	f->cell[start].kind |= KIND_SEEN;
	while (head < tail) {
		x = (int32_t)(queue[head] % (uint32_t)f->cols);
		y = (int32_t)(queue[head++] / (uint32_t)f->cols);
		for (k = y - REACH; k <= y + REACH; k++)
			for (i = x - REACH; i <= x + REACH; i++) {
				size_t at = (size_t)k * (size_t)f->cols +
				    (size_t)i;

				if (k < 0 || k >= f->rows || i < 0 ||
				    i >= f->cols ||
				    (f->cell[at].kind & kinds) == 0 ||
				    (f->cell[at].kind & KIND_SEEN) != 0)
					continue;
				f->cell[at].kind |= KIND_SEEN;
				queue[tail++] = (uint32_t)at;
			}
	}
	return (around_cells(f, queue, tail));
}

static void
unite(struct box *a, const struct box *b)
{
	a->x0 = a->x0 < b->x0 ? a->x0 : b->x0;
	a->y0 = a->y0 < b->y0 ? a->y0 : b->y0;
	a->x1 = a->x1 > b->x1 ? a->x1 : b->x1;
	a->y1 = a->y1 > b->y1 ? a->y1 : b->y1;
	a->n += b->n;
	a->card |= b->card;
}

static uint64_t
area(const struct box *b)
{
	return ((uint64_t)(b->x1 - b->x0 + 1) *
	    (uint64_t)(b->y1 - b->y0 + 1));
}

/* Another box; the one that costs the least is united when there is no room. */
static size_t
add_box(struct box *box, size_t n, struct box b)
{
	size_t i, best = 0;
	uint64_t cost, least = UINT64_MAX;
	struct box u;

	for (i = 0; i < n; ) {
		u = b;
		unite(&u, &box[i]);
		if (area(&u) > area(&b) + area(&box[i]) + PATCH_COST) {
			i++;
			continue;
		}
		b = u;
		box[i] = box[--n];
		i = 0;		/* it grew: look at all again */
	}
	if (n < SH_PATCHES_MAX) {
		box[n] = b;
		return (n + 1);
	}
	for (i = 0; i < n; i++) {
		u = b;
		unite(&u, &box[i]);
		cost = area(&u) - area(&box[i]);
		if (cost < least) {
			least = cost;
			best = i;
		}
	}
	unite(&b, &box[best]);
	box[best] = box[n - 1];
	return (add_box(box, n - 1, b));
}

/*
 * A frame's box would take the whole paper in: halved again and again, its
 * sides get boxes of their own, where that takes less room.  CELL is sorted
 * anew.  Writes at most MAX boxes, and their area.
 */
static size_t
split(const struct finder *f, uint32_t *cell, size_t n, int depth,
    struct box *out, size_t max, uint64_t *areap)
{
	struct box b = around_cells(f, cell, n);
	int across = b.x1 - b.x0 >= b.y1 - b.y0;
	uint32_t middle = (uint32_t)(across ? b.x0 + b.x1 + 1 :
	    b.y0 + b.y1 + 1) / 2, cols = (uint32_t)f->cols, swap;
	uint64_t part[2] = { 0, 0 };
	size_t i, k = 0, first, both;

	out[0] = b;
	*areap = area(&b);
	if (depth == 0 || max < 2 || n * 2 >= *areap ||
	    *areap < 2 * PATCH_COST)
		return (1);
	for (i = 0; i < n; i++)
		if ((across ? cell[i] % cols : cell[i] / cols) < middle) {
			swap = cell[k];
			cell[k++] = cell[i];
			cell[i] = swap;
		}
	first = split(f, cell, k, depth - 1, out, max - 1, &part[0]);
	both = first + split(f, cell + k, n - k, depth - 1, out + first,
	    max - first, &part[1]);
	part[0] += part[1];
	if (part[0] + (both - 1) * PATCH_COST < *areap) {
		*areap = part[0];
		return (both);
	}
	out[0] = b;
	return (1);
}

static void
mark_cells(struct finder *f)
{
	size_t i, n = (size_t)f->cols * (size_t)f->rows, npale = 0;
	unsigned pale;

	for (i = 0; i < n; i++)
		npale += f->cell[i].pale >= PALE_PIXELS;
	pale = npale * PALE_SHARE > n ? 0 : KIND_PALE;
	for (i = 0; i < n; i++) {
		struct cell *c = &f->cell[i];

		c->kind = (uint8_t)
		    ((c->coloured >= INK_PIXELS ? KIND_INK : 0) |
		    (c->pale >= PALE_PIXELS ? pale : 0) |
		    (c->tones >= TONE_PIXELS ? KIND_PHOTO : 0) |
		    (c->sum / c->pixels < CARD(sheet_at(f, i)) ?
		    KIND_CARD : 0));
	}
}

static int
find_patches(struct finder *f, struct sh_plan *plan, struct sh_error *err)
{
	static const struct {
		unsigned kind, with;
		uint32_t least;
	} look[] = { { KIND_CARD, 0, CARD_CELLS },
	    { KIND_PHOTO, 0, PHOTO_CELLS }, { KIND_INK, KIND_PALE, STROKE_CELLS } };
	struct box box[SH_PATCHES_MAX], part[SH_PATCHES_MAX];
	size_t i, k, n = (size_t)f->cols * (size_t)f->rows, nboxes = 0, m;
	uint64_t sum;
	uint32_t *queue;

	if ((queue = sh_alloc(n, sizeof(*queue), "cells", err)) == NULL)
		return (-1);
	mark_cells(f);
	for (k = 0; k < SH_COUNT(look); k++) {
		for (i = 0; i < n; i++)
			f->cell[i].kind &= (uint8_t)~KIND_SEEN;
		for (i = 0; i < n; i++) {
			struct box b;

			if ((f->cell[i].kind & (look[k].kind | KIND_SEEN)) !=
			    look[k].kind)
				continue;
			b = flood(f, i, look[k].kind | look[k].with, queue);
			/*
			 * A frame's thin lines have tone too: no picture.
			 * Lines of text leave gaps, coloured paper none at
			 * all: no card.
			 */
			if (b.n < look[k].least || (look[k].kind ==
			    KIND_PHOTO && b.n * 2 < area(&b)) ||
			    (look[k].kind == KIND_CARD && (b.n <
			    CARD_FILL(area(&b)) || b.n * 2 > n)))
				continue;
			m = split(f, queue, b.n, SPLITS, part,
			    SH_COUNT(part), &sum);
			while (m-- > 0) {
				b = part[m];
				b.card = look[k].kind == KIND_CARD;
				b.x0 -= b.x0 > 0;
				b.y0 -= b.y0 > 0;
				b.x1 += b.x1 < f->cols - 1;
				b.y1 += b.y1 < f->rows - 1;
				nboxes = add_box(box, nboxes, b);
			}
		}
	}
	free(queue);
	for (i = 0; i < nboxes; i++) {
		struct sh_area *a = &plan->patch[i];
		int32_t x1 = (box[i].x1 + 1) * SH_CELL;
		int32_t y1 = (box[i].y1 + 1) * SH_CELL;

		plan->is_card[i] = box[i].card;
		a->x = box[i].x0 * SH_CELL;
		a->y = box[i].y0 * SH_CELL;
		a->w = (x1 < f->px->width_px ? x1 : f->px->width_px) - a->x;
		a->h = (y1 < f->px->height_px ? y1 : f->px->height_px) - a->y;
	}
	plan->npatches = nboxes;
	return (0);
}

/* Patches begin on cells, and cells on bytes of the mask. */
static void
clear_patches(const struct sh_plan *plan, struct sh_bits *mask)
{
	size_t i;
	int32_t x, y;

	for (i = 0; i < plan->npatches; i++) {
		const struct sh_area *a = &plan->patch[i];

		for (y = a->y; y < a->y + a->h; y++)
			for (x = a->x; x < a->x + a->w; x += SH_CELL)
				mask->word[(size_t)y * mask->stride +
				    (size_t)x / 64] &=
				    ~((uint64_t)0xff << (56 - x % 64));
	}
}

void
sh_plan_clear(struct sh_plan *plan)
{
	size_t i;

	for (i = 0; i < SH_STENCILS_MAX; i++)
		sh_bits_free(&plan->tone[i]);
}

int
sh_layers_find(const struct sh_pixels *px, struct sh_plan *plan,
    struct sh_error *err)
{
	struct finder f = { .px = px };
	size_t ncells, i;
	int32_t y;
	int rc = -1;

	memset(plan, 0, sizeof(*plan));
	f.cols = (px->width_px + SH_CELL - 1) / SH_CELL;
	f.rows = (px->height_px + SH_CELL - 1) / SH_CELL;
	f.bcols = (f.cols + BLOCK - 1) / BLOCK;
	f.brows = (f.rows + BLOCK - 1) / BLOCK;
	ncells = (size_t)f.cols * (size_t)f.rows;
	for (i = 0; i < SH_STENCILS_MAX; i++)
		if (sh_bits_new(&plan->tone[i], px->width_px, px->height_px,
		    err))
			goto out;
	if ((f.luma = sh_alloc((size_t)px->width_px *
	    (size_t)px->height_px, 1, "a grey page", err)) == NULL ||
	    (f.cell = sh_alloc(ncells, sizeof(*f.cell), "cells", err)) ==
	    NULL || (f.level = sh_alloc(ncells, sizeof(*f.level), "cells",
	    err)) == NULL || (f.paper = sh_alloc((size_t)f.bcols *
	    (size_t)f.brows, 1, "cells", err)) == NULL || (f.sheet = sh_alloc(
	    (size_t)f.bcols * (size_t)f.brows, 1, "cells", err)) == NULL)
		goto out;
	for (y = 0; y < px->height_px; y++)
		measure_row(&f, y);
	find_paper(&f);
	if (find_levels(&f, err))
		goto out;
	threshold(&f, plan->tone);
	if (find_patches(&f, plan, err))
		goto out;
	for (i = 0; i < SH_STENCILS_MAX; i++)
		clear_patches(plan, &plan->tone[i]);
	rc = 0;
out:
	free(f.luma);
	free(f.cell);
	free(f.level);
	free(f.paper);
	free(f.sheet);
	if (rc != 0)
		sh_plan_clear(plan);
	return (rc);
}
