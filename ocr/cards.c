#include "ocr/cards.h"

#include <allheaders.h>
#include <math.h>
#include <stdlib.h>

#include "ocr/clean.h"

#define DPI		50	/* enough to tell a card's edges */
#define SHEET_MM	120	/* a page whose sides are smaller is a card */
#define WIDE_MIN_MM	76	/* what is printed on a card without a frame */
#define WIDE_MAX_MM	92	/* a card that leans a little */
#define HIGH_MIN_MM	46
#define HIGH_MAX_MM	60
#define FULL(area)	((area) * 4 / 5)	/* of its box; else it is text */
#define APART_MM	2	/* cards lie so far from all else */
#define FRAME_MM	84	/* wider: it was seen to its edges */
#define MARGIN_MM	0.6	/* read around each */

/*
 * Darker than paper by so much: tinted cards first, then print alone.  One
 * block of print may be a signature's; two are the sides of a card.
 */
static const int depths[] = { 6, 10, 16, 24, 40, 64 };

struct found {
	struct sh_box box[SH_CARDS_MAX];	/* in pixels of the copy */
	size_t n;
};

/* What lies within APART_MM of each other is one, with all inside it. */
static struct Pix *
join(struct Pix *dark)
{
	int reach = (int)(APART_MM * DPI / 25.4) + 1;
	struct Pix *closed = pixCloseSafeBrick(NULL, dark, reach, reach);
	struct Pix *full = closed != NULL ? pixFillHolesToBoundingRect(closed,
	    1, 0.8F, 0.5F) : NULL;
	struct Pix *holes = full != NULL ? pixHolesByFilling(full, 4) : NULL;

	pixDestroy(&closed);
	if (holes == NULL)
		pixDestroy(&full);
	else
		(void)pixOr(full, full, holes);
	pixDestroy(&holes);
	return (full);
}

static int
is_card(struct Box *b, int ink)
{
	int x, y, w, h;

	boxGetGeometry(b, &x, &y, &w, &h);
	return (w >= WIDE_MIN_MM * DPI / 25.4 && w <= WIDE_MAX_MM * DPI / 25.4 &&
	    h >= HIGH_MIN_MM * DPI / 25.4 && h <= HIGH_MAX_MM * DPI / 25.4 &&
	    ink >= FULL(w * h));
}

/* Cards where the copy is darker than LEVEL; -1: no memory. */
static int
find_at(struct Pix *small, int level, struct found *out)
{
	struct Pix *dark = pixThresholdToBinary(small, level), *full = NULL;
	struct Pixa *parts = NULL;
	struct Boxa *boxes = NULL;
	int i, ink, rc = -1;

	out->n = 0;
	if (dark == NULL || (full = join(dark)) == NULL ||
	    (boxes = pixConnComp(full, &parts, 8)) == NULL)
		goto out;
	for (i = 0; i < boxaGetCount(boxes) && out->n < SH_CARDS_MAX; i++) {
		struct Box *b = boxaGetBox(boxes, i, L_CLONE);
		struct Pix *part = pixaGetPix(parts, i, L_CLONE);
		struct sh_box *card = &out->box[out->n];

		if (b == NULL || part == NULL ||
		    pixCountPixels(part, &ink, NULL))
			ink = -1;
		else if (is_card(b, ink)) {
			boxGetGeometry(b, &card->x, &card->y, &card->w,
			    &card->h);
			out->n++;
		}
		boxDestroy(&b);
		pixDestroy(&part);
		if (ink < 0)
			goto out;
	}
	rc = 0;
out:
	pixDestroy(&dark);
	pixDestroy(&full);
	pixaDestroy(&parts);
	boxaDestroy(&boxes);
	return (rc);
}

/* Row by row: what overlaps by half in height is a row. */
static int
by_rows(const void *pa, const void *pb)
{
	const struct sh_box *a = pa, *b = pb;

	if (abs(a->y - b->y) * 2 > a->h)
		return (a->y < b->y ? -1 : 1);
	return (a->x < b->x ? -1 : a->x > b->x);
}

int
sh_cards_find(struct Pix *grey, double dpi, struct sh_box out[SH_CARDS_MAX],
    size_t *np, struct sh_error *err)
{
	int wide = pixGetWidth(grey), high = pixGetHeight(grey), paper;
	float scale = (float)(DPI / dpi);
	struct found best = { .n = 0 }, f;
	struct Pix *small;
	double margin = MARGIN_MM * dpi / 25.4;
	size_t i;
	int rc = 0;

	*np = 0;
	if (fmin(wide, high) / dpi * 25.4 < HIGH_MIN_MM ||
	    fmax(wide, high) / dpi * 25.4 < SHEET_MM)
		return (0);
	if ((small = pixScaleAreaMap(grey, scale, scale)) == NULL)
		return (sh_error_nomem(err, "a raster"));
	paper = sh_clean_paper_level(small);
	for (i = 0; i < sizeof(depths) / sizeof(*depths) && rc == 0; i++)
		if ((rc = find_at(small, paper - depths[i], &f)) == 0 &&
		    f.n > best.n && (f.n > 1 ||
		    f.box[0].w >= FRAME_MM * DPI / 25.4))
			best = f;
	pixDestroy(&small);
	if (rc)
		return (sh_error_nomem(err, "a raster"));
	qsort(best.box, best.n, sizeof(*best.box), by_rows);
	for (i = 0; i < best.n; i++) {
		double x = best.box[i].x / scale - margin;
		double y = best.box[i].y / scale - margin;

		out[i].x = (int32_t)fmax(0, x);
		out[i].y = (int32_t)fmax(0, y);
		out[i].w = (int32_t)fmin(wide, x + best.box[i].w / scale +
		    2 * margin) - out[i].x;
		out[i].h = (int32_t)fmin(high, y + best.box[i].h / scale +
		    2 * margin) - out[i].y;
	}
	*np = best.n;
	return (0);
}
