/*
 * Questions to a small bilevel copy of the page: is it blank, which way is
 * up, how far does it lean.
 */
#include "ocr/quality.h"

#include <allheaders.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define PAPER		200	/* of an evened sketch */
#define INK		150	/* darker is ink there */
#define INK_MAX		185	/* where all of the page is grey on grey */
#define NEAR_MM		6	/* of faint print, what may belong to it */
#define GREY_PAPER	215	/* and no paper is lighter */

/*
 * Print that is fainter than INK is print where the paper is grey too: a
 * scan without contrast.  On white paper it is the other side's.
 */
static int
ink_level(const struct sh_quality *q)
{
	int ink = q->ink_level * PAPER / (q->median_level > 0 ?
	    q->median_level : 1), level = (ink + PAPER) / 2;

	if (q->median_level >= GREY_PAPER || level <= INK)
		return (INK);
	return (level < INK_MAX ? level : INK_MAX);
}

/* As sh_sketch_make(), where darker than LEVEL is ink; SMOOTH: noise goes. */
static int
make(struct Pix *grey, double dpi, int level, int smooth,
    struct sh_sketch *out, struct sh_error *err)
{
	struct Pix *small = pixClone(grey), *next;

	out->pix = NULL;
	out->factor = 1;
	while (small != NULL && dpi / out->factor > 225 &&
	    pixGetWidth(small) > 100 && pixGetHeight(small) > 100) {
		next = pixScaleAreaMap2(small);
		pixDestroy(&small);
		small = next;
		out->factor *= 2;
	}
	out->dpi = dpi / out->factor;
	if (small != NULL && smooth &&
	    (next = pixBlockconvGray(small, NULL, 1, 1)) != NULL) {
		pixDestroy(&small);
		small = next;
	}
	/* Leptonica evens out nothing on rasters smaller than its tiles. */
	if (small != NULL &&
	    (next = pixBackgroundNormSimple(small, NULL, NULL)) != NULL) {
		pixDestroy(&small);
		small = next;
	}
	if (small != NULL)
		out->pix = pixThresholdToBinary(small, level);
	pixDestroy(&small);
	return (out->pix == NULL ? sh_error_nomem(err, "a raster") : 0);
}

int
sh_sketch_make(struct Pix *grey, double dpi, const struct sh_quality *q,
    struct sh_sketch *out, struct sh_error *err)
{
	return (make(grey, dpi, ink_level(q), sh_quality_is_grainy(q), out,
	    err));
}

int
sh_sketch_make_faint(struct Pix *grey, double dpi, const struct sh_quality *q,
    struct sh_sketch *out, struct sh_error *err)
{
	int ink = q->faint_level * PAPER / (q->median_level > 0 ?
	    q->median_level : 1);

	return (make(grey, dpi, (ink + PAPER) / 2, 1, out, err));
}

int
sh_sketch_keep(const struct sh_sketch *s, const struct sh_pixels *px,
    int level, struct sh_pixels *out, struct sh_error *err)
{
	size_t n = (size_t)px->channels, w = (size_t)px->width_px;
	int reach = 2 * (int)(NEAR_MM * s->dpi / 25.4) + 1;
	struct Pix *near = pixDilateBrick(NULL, s->pix, reach, reach);
	int32_t x, y;
	l_uint32 v;

	*out = *px;
	out->data = near == NULL ? NULL : sh_alloc((size_t)px->height_px * w,
	    n, "a raster", err);
	for (y = 0; out->data != NULL && y < px->height_px; y++)
		for (x = 0; x < px->width_px; x++) {
			size_t at = ((size_t)y * w + (size_t)x) * n;

			v = 0;
			(void)pixGetPixel(near, x / s->factor, y / s->factor,
			    &v);
			if (v)
				memcpy(out->data + at, px->data + at, n);
			else
				memset(out->data + at, level, n);
		}
	pixDestroy(&near);
	return (out->data == NULL ? sh_error_nomem(err, "a raster") : 0);
}

int
sh_sketch_densest(const struct sh_sketch *s, int rows)
{
	struct Numa *ink = pixCountPixelsByRow(s->pix, NULL);
	int n = ink != NULL ? numaGetCount(ink) : 0, i, v, at = 0;
	int64_t sum = 0, most = -1;

	for (i = 0; i < n; i++) {
		numaGetIValue(ink, i, &v);
		sum += v;
		if (i >= rows) {
			numaGetIValue(ink, i - rows, &v);
			sum -= v;
		}
		if (sum > most) {
			most = sum;
			at = i - rows + 1;
		}
	}
	numaDestroy(&ink);
	return (at > 0 ? at : 0);
}

void
sh_sketch_clear(struct sh_sketch *s)
{
	pixDestroy(&s->pix);
}

int
sh_sketch_turn(struct sh_sketch *s, int degrees, struct sh_error *err)
{
	struct Pix *turned;

	if (degrees == 0)
		return (0);
	if ((turned = pixRotateOrth(s->pix, degrees / 90)) == NULL)
		return (sh_error_nomem(err, "a raster"));
	pixDestroy(&s->pix);
	s->pix = turned;
	return (0);
}

/* Shapes like words on a raster of 55 to 115 dpi, along the rows. */
struct words {
	struct Boxa *boxes;
	int n;
	int64_t width_px;	/* together */
};

static int
find_words(struct Pix *b, double dpi, struct words *out)
{
	double mm = dpi / 25.4;
	int reach = (int)(3 * mm) | 1, i, x, y, w, h;
	struct Pix *closed;
	struct Boxa *all;

	*out = (struct words){ .boxes = boxaCreate(0) };
	closed = pixCloseSafeBrick(NULL, b, reach, 1);
	all = closed == NULL ? NULL : pixConnCompBB(closed, 8);
	pixDestroy(&closed);
	if (out->boxes == NULL || all == NULL) {
		boxaDestroy(&all);
		return (-1);
	}
	for (i = 0; i < boxaGetCount(all); i++) {
		boxaGetBoxGeometry(all, i, &x, &y, &w, &h);
		if (w >= 5 * mm && h >= 1.7 * mm && h <= 20 * mm &&
		    w > 2 * h) {
			boxaAddBox(out->boxes, boxCreate(x, y, w, h),
			    L_INSERT);
			out->n++;
			out->width_px += w;
		}
	}
	boxaDestroy(&all);
	return (0);
}

/*
 * Does the ink of a stretch of text stand over the band of small letters
 * (1) or hang below it (-1)?  Ascenders and, above all, Vietnamese marks
 * stand over it.  0: neither.  HEIGHTP is the height of that band.
 */
static int
judge_stretch(struct Pix *stretch, int *heightp)
{
	struct Numa *rows = pixCountPixelsByRow(stretch, NULL);
	int n, i, top, bottom, most = 0, above = 0, below = 0, total = 0, v;

	*heightp = 0;
	if (rows == NULL)
		return (0);
	n = numaGetCount(rows);
	for (i = 0; i < n; i++) {
		numaGetIValue(rows, i, &v);
		total += v;
		if (v > most)
			most = v;
	}
	for (top = 0; top < n; top++, above += v) {
		numaGetIValue(rows, top, &v);
		if (2 * v >= most)
			break;
	}
	for (bottom = n - 1; bottom > top; bottom--, below += v) {
		numaGetIValue(rows, bottom, &v);
		if (2 * v >= most)
			break;
	}
	numaDestroy(&rows);
	if (most <= 4 || bottom - top < 3)
		return (0);
	*heightp = bottom - top + 1;
	if (2 * above > 3 * below && 33 * above > total)
		return (1);
	if (2 * below > 3 * above && 33 * below > total)
		return (-1);
	return (0);
}

/*
 * Let every 2 cm of the shapes vote, so that a lean does not blur the band.
 * Gives votes up minus votes down, in standard deviations.
 */
static double
vote(struct Pix *b, struct Boxa *words, int factor, double dpi, int *heightp)
{
	int step = (int)(dpi * factor / 25.4 * 20), up = 0, down = 0, i, at;
	int x, y, w, h, v, height;
	struct Numa *heights = numaCreate(0);
	float median = 0;

	for (i = 0; i < boxaGetCount(words); i++) {
		boxaGetBoxGeometry(words, i, &x, &y, &w, &h);
		for (at = 0; at < w * factor; at += step) {
			int left = w * factor - at;
			struct Box *box;
			struct Pix *cut;

			if (left < step / 4)
				break;
			box = boxCreate(x * factor + at, y * factor,
			    left < step ? left : step, h * factor);
			cut = pixClipRectangle(b, box, NULL);
			boxDestroy(&box);
			if (cut == NULL)
				continue;
			v = judge_stretch(cut, &height);
			pixDestroy(&cut);
			up += v > 0;
			down += v < 0;
			if (height > 0)
				numaAddNumber(heights, (float)height);
		}
	}
	*heightp = 0;
	if (numaGetCount(heights) >= 5 &&
	    numaGetMedian(heights, &median) == 0)
		*heightp = (int)median;
	numaDestroy(&heights);
	return ((up - down) / sqrt(up + down + 1.0));
}

int
sh_sketch_lie(const struct sh_sketch *s, struct sh_lie *out,
    struct sh_error *err)
{
	/* Word shapes come from half the sketch's dpi. */
	struct Pix *flat, *tall = NULL, *turned = NULL;
	struct words rows = { NULL, 0, 0 }, columns = { NULL, 0, 0 };
	double along, votes;
	int factor = 2, upright, rc = -1;

	*out = (struct sh_lie){ 0, 0, 0, 0 };
	if (s->dpi < 110) {
		factor = 1;
		flat = pixClone(s->pix);
	} else {
		flat = pixReduceRankBinary2(s->pix, 1, NULL);
	}
	if (flat == NULL || (tall = pixRotateOrth(flat, 1)) == NULL ||
	    find_words(flat, s->dpi / factor, &rows) ||
	    find_words(tall, s->dpi / factor, &columns))
		goto out;
	along = (double)(rows.width_px + 1) / (double)(columns.width_px + 1);
	upright = along >= 1;
	if (!upright && (turned = pixRotateOrth(s->pix, 1)) == NULL)
		goto out;
	votes = vote(upright ? s->pix : turned,
	    upright ? rows.boxes : columns.boxes, factor, s->dpi / factor,
	    &out->height_px);
	out->height_px *= s->factor;
	out->degrees = (upright ? 0 : 90) + (votes < 0 ? 180 : 0);
	out->sure = fabs(votes) >= 4 && (along >= 2 || along <= 0.5);
	out->nwords = upright ? rows.n : columns.n;
	rc = 0;
out:
	pixDestroy(&flat);
	pixDestroy(&tall);
	pixDestroy(&turned);
	boxaDestroy(&rows.boxes);
	boxaDestroy(&columns.boxes);
	return (rc == 0 ? 0 : sh_error_nomem(err, "a raster"));
}

static int
count_ink(struct Pix *b, int x, int y, int w, int h)
{
	struct Box *box = boxCreate(x, y, w, h);
	int n = 0;

	(void)pixCountPixelsInRect(b, box, &n, NULL);
	boxDestroy(&box);
	return (n);
}

/* The sketch without what stands under the page's words. */
static struct Pix *
clear_words(const struct sh_sketch *s, const struct sh_page *page,
    double scale_x, double scale_y)
{
	struct Pix *rest = pixCopy(NULL, s->pix);
	double fx = s->factor * scale_x, fy = s->factor * scale_y;
	int margin = (int)(s->dpi / 25.4 / 2) + 1;
	size_t i;

	for (i = 0; rest != NULL && i < page->nwords; i++) {
		struct sh_box b = page->words[i].box;
		struct Box *box = boxCreate((int)(b.x / fx) - margin,
		    (int)(b.y / fy) - margin, (int)(b.w / fx) + 2 * margin,
		    (int)(b.h / fy) + 2 * margin);

		(void)pixClearInRect(rest, box);
		boxDestroy(&box);
	}
	return (rest);
}

int
sh_sketch_coverage(const struct sh_sketch *s, const struct sh_page *page,
    double scale_x, double scale_y, struct sh_coverage *out,
    struct sh_error *err)
{
	struct words rows = { NULL, 0, 0 };
	int f = s->dpi < 110 ? 1 : 2, i, x, y, w, h, rc = -1;
	int64_t ink = 0, left = 0;
	struct Pix *flat, *rest;

	*out = (struct sh_coverage){ 0, 100, 0 };
	flat = f == 1 ? pixClone(s->pix) : pixReduceRankBinary2(s->pix, 1,
	    NULL);
	rest = clear_words(s, page, scale_x, scale_y);
	if (flat == NULL || rest == NULL || find_words(flat, s->dpi / f,
	    &rows))
		goto out;
	for (i = 0; i < rows.n; i++) {
		boxaGetBoxGeometry(rows.boxes, i, &x, &y, &w, &h);
		ink += count_ink(s->pix, x * f, y * f, w * f, h * f);
		left += count_ink(rest, x * f, y * f, w * f, h * f);
		out->clipped += x <= 1 || x + w >= pixGetWidth(flat) - 1;
	}
	out->shapes = rows.n;
	if (ink > 0)
		out->read_e2 = (int)((ink - left) * 100 / ink);
	rc = 0;
out:
	boxaDestroy(&rows.boxes);
	pixDestroy(&flat);
	pixDestroy(&rest);
	return (rc == 0 ? 0 : sh_error_nomem(err, "a raster"));
}

int
sh_sketch_count_words(const struct sh_sketch *s, int *np,
    struct sh_error *err)
{
	struct words rows = { NULL, 0, 0 };
	int factor = s->dpi < 110 ? 1 : 2, rc = -1;
	struct Pix *flat = factor == 1 ? pixClone(s->pix) :
	    pixReduceRankBinary2(s->pix, 1, NULL);

	if (flat != NULL && find_words(flat, s->dpi / factor, &rows) == 0)
		rc = 0;
	*np = rows.n;
	boxaDestroy(&rows.boxes);
	pixDestroy(&flat);
	return (rc == 0 ? 0 : sh_error_nomem(err, "a raster"));
}

/*
 * What is larger than a speck and no scratch, and stands off the rim, where
 * scanners leave shadows and punches holes.  *BIGP: a seal, a signature.
 */
static int
count_marks(const struct sh_sketch *s, int *bigp)
{
	double mm = s->dpi / 25.4;
	struct Boxa *boxes = pixConnCompBB(s->pix, 8);
	int i, x, y, w, h, n = 0;
	int right = pixGetWidth(s->pix) - (int)(8 * mm);
	int bottom = pixGetHeight(s->pix) - (int)(6 * mm);

	*bigp = 0;
	if (boxes == NULL)
		return (0);
	for (i = 0; i < boxaGetCount(boxes); i++) {
		int lesser, greater;

		boxaGetBoxGeometry(boxes, i, &x, &y, &w, &h);
		lesser = w < h ? w : h;
		greater = w > h ? w : h;
		if (greater < 1.2 * mm || x < 8 * mm || y < 6 * mm ||
		    x + w > right || y + h > bottom)
			continue;
		if (lesser < 0.7 * mm && greater > 20 * mm)
			continue;
		n++;
		*bigp |= (double)w * h >= 64 * mm * mm;
	}
	boxaDestroy(&boxes);
	return (n);
}

int
sh_sketch_blank(const struct sh_sketch *s, const struct sh_lie *lie)
{
	int big, n;

	if (lie->nwords >= 3)
		return (0);
	n = count_marks(s, &big);
	return (n < 6 && !big);
}

double
sh_sketch_skew(const struct sh_sketch *s)
{
	float angle = 0, sure = 0;

	if (pixFindSkewSweepAndSearch(s->pix, &angle, &sure, 2, 1, 7, 1,
	    (float)0.01) != 0 || sure < 3)
		return (0);
	/* Leptonica gives the turn that would set it straight. */
	return (-(double)angle);
}
