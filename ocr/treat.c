/*
 * Treatments: each mends one thing that a measure said is broken.  A page
 * that scans well goes through untouched, because every treatment costs
 * some letters somewhere.
 *
 * Work is done on planes, one byte a pixel and rows without padding.  Pixel
 * sizes are for 300 dpi and follow the page's own.
 */
#include "ocr/clean.h"

#include <allheaders.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "ocr/clean_internal.h"
#include "ocr/quality.h"

#define PAPER		200	/* level of evened paper */
#define CELL		8	/* side of a cell of the colour map, px */
#define MIN(a, b)	((a) < (b) ? (a) : (b))
#define MAX(a, b)	((a) > (b) ? (a) : (b))

static uint8_t
cut(int v)
{
	return ((uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v));
}

/* Nothing is brighter than paper, or the paper would count as ink. */
static uint8_t
cut_paper(int v)
{
	return ((uint8_t)(v < 0 ? 0 : v > PAPER ? PAPER : v));
}

struct Pix *
sh_plane_pix(const struct sh_plane *p)
{
	struct Pix *pix = pixCreateNoInit(p->w, p->h, 8);
	int y, wpl;

	if (pix == NULL)
		return (NULL);
	wpl = pixGetWpl(pix);
	for (y = 0; y < p->h; y++) {
		uint8_t *d = (uint8_t *)(pixGetData(pix) +
		    (size_t)y * (size_t)wpl);

		memcpy(d, p->data + (size_t)y * (size_t)p->w, (size_t)p->w);
		memset(d + p->w, 255, (size_t)(wpl * 4 - p->w));
	}
	/* Leptonica keeps the first pixel in a word's high byte. */
	(void)pixEndianByteSwap(pix);
	return (pix);
}

/* ---- paper ---------------------------------------------------------------- */

/* What to multiply a tile's pixels by, in 1/256, to make its paper PAPER. */
struct paper {
	struct Pix *map;
	int tile_w, tile_h;	/* page pixels */
};

/*
 * The paper behind every STEP-th byte from DATA on, seen at half the page's
 * resolution.  No map (0 returned, map NULL) when the page is too small.
 */
static int
find_paper(const uint8_t *data, int step, int w, int h, struct paper *out,
    struct sh_error *err)
{
	struct sh_plane half = { NULL, w / 2, h / 2 };
	struct Pix *pix;
	int x, y;

	*out = (struct paper){ NULL, 10, 16 };
	if (half.w < 32 || half.h < 32)
		return (0);
	half.data = sh_alloc((size_t)half.w, (size_t)half.h, "a plane", err);
	if (half.data == NULL)
		return (-1);
	for (y = 0; y < half.h; y++) {
		const uint8_t *s = data + (size_t)(2 * y) * (size_t)w *
		    (size_t)step;
		uint8_t *d = half.data + (size_t)y * (size_t)half.w;

		for (x = 0; x < half.w; x++)
			d[x] = s[2 * x * step];
	}
	pix = sh_plane_pix(&half);
	free(half.data);
	if (pix == NULL)
		return (sh_error_nomem(err, "a raster"));
	(void)pixBackgroundNormGrayArray(pix, NULL, out->tile_w / 2,
	    out->tile_h / 2, 60, 15, PAPER, 2, 2, &out->map);
	pixDestroy(&pix);
	return (0);
}

/*
 * A row's factors, one a tile; FACTORS holds those of the row before, when
 * rows are gone through from the first of a tile on.
 */
static void
paper_row(const struct paper *p, int y, int w, uint16_t *factors)
{
	int ty = y / p->tile_h, n = w / p->tile_w + 1, tx, mw, mh;
	l_uint32 v;

	if (y % p->tile_h != 0)
		return;
	mw = p->map == NULL ? 0 : pixGetWidth(p->map);
	mh = p->map == NULL ? 0 : pixGetHeight(p->map);
	for (tx = 0; tx < n; tx++) {
		v = 256;
		if (p->map != NULL)
			(void)pixGetPixel(p->map, tx < mw ? tx : mw - 1,
			    ty < mh ? ty : mh - 1, &v);
		factors[tx] = (uint16_t)v;
	}
}

/* Make all paper alike. */
static int
even_paper(struct sh_plane *p, struct sh_error *err)
{
	struct paper paper;
	uint16_t *factors;
	int x, y, t, end;

	if (find_paper(p->data, 1, p->w, p->h, &paper, err))
		return (-1);
	factors = sh_alloc((size_t)(p->w / paper.tile_w + 1),
	    sizeof(*factors), "a row", err);
	for (y = 0; factors != NULL && y < p->h; y++) {
		uint8_t *d = p->data + (size_t)y * (size_t)p->w;

		paper_row(&paper, y, p->w, factors);
		for (x = t = 0; x < p->w; t++) {
			end = MIN(x + paper.tile_w, p->w);
			for (; x < end; x++)
				d[x] = cut_paper(d[x] * factors[t] >> 8);
		}
	}
	pixDestroy(&paper.map);
	free(factors);
	return (factors == NULL ? -1 : 0);
}

/* ---- colour ---------------------------------------------------------------- */

enum hue { RED, BLUE, NHUES };

/* Where stamps (RED) and pens (BLUE) lie: 1-bit maps of cells. */
struct colours {
	struct Pix *map[NHUES];
	int w, h;		/* in cells */
};

static void
colours_clear(struct colours *c)
{
	pixDestroy(&c->map[RED]);
	pixDestroy(&c->map[BLUE]);
}

/*
 * Keep of a map only the blobs that look like seals and signatures.  Lines
 * of coloured text stay ink: red titles are wide, what is written by hand
 * into a form is low.
 */
static int
keep_marks(struct Pix **mapp, enum hue hue, struct sh_error *err)
{
	struct Pix *closed, *grown = NULL;
	struct Boxa *boxes = NULL;
	struct Pixa *blobs = NULL;
	int i, x, y, w, h, rc = -1;

	closed = pixCloseSafeBrick(NULL, *mapp, 7, 3);
	if (closed != NULL)
		grown = pixDilateBrick(NULL, closed, 3, 3);
	if (grown != NULL)
		boxes = pixConnCompPixa(grown, &blobs, 8);
	if (boxes == NULL)
		goto out;
	for (i = 0; i < boxaGetCount(boxes); i++) {
		struct Pix *blob;

		boxaGetBoxGeometry(boxes, i, &x, &y, &w, &h);
		if (hue == RED ? h >= 12 && 2 * w < 5 * h :
		    h >= 13 && w < 4 * h)
			continue;
		if ((blob = pixaGetPix(blobs, i, L_CLONE)) == NULL)
			goto out;
		(void)pixRasterop(grown, x, y, w, h, PIX_DST & PIX_NOT(
		    PIX_SRC), blob, 0, 0);
		pixDestroy(&blob);
	}
	pixDestroy(mapp);
	*mapp = grown;
	grown = NULL;
	rc = 0;
out:
	pixDestroy(&closed);
	pixDestroy(&grown);
	pixaDestroy(&blobs);
	boxaDestroy(&boxes);
	return (rc == 0 ? 0 : sh_error_nomem(err, "a raster"));
}

/* One row of the page, each channel's paper evened. */
static void
even_row(const struct sh_pixels *px, const struct paper paper[3], int y,
    uint16_t *const factors[3], uint8_t *out)
{
	const uint8_t *s = px->data + (size_t)y * (size_t)px->width_px * 3;
	int x, c, t, end, f[3];

	for (c = 0; c < 3; c++)
		paper_row(&paper[c], y, px->width_px, factors[c]);
	for (x = t = 0; x < px->width_px; t++) {
		for (c = 0; c < 3; c++)
			f[c] = factors[c][t];
		end = MIN(x + paper[0].tile_w, px->width_px);
		for (; x < end; x++, s += 3, out += 3)
			for (c = 0; c < 3; c++)
				out[c] = cut_paper(s[c] * f[c] >> 8);
	}
}

/* A pixel's saturation and brightest channel. */
static int
saturation(const uint8_t p[3], int *hip)
{
	int hi = p[0] > p[1] ? p[0] : p[1], lo = p[0] < p[1] ? p[0] : p[1];

	if (p[2] > hi)
		hi = p[2];
	if (p[2] < lo)
		lo = p[2];
	*hip = hi;
	return (hi - lo);
}

/*
 * A cell is coloured when an eighth of its pixels are.  Seen on every second
 * row and column.
 */
static int
find_colours(const struct sh_pixels *px, const struct paper paper[3],
    uint16_t *const factors[3], uint8_t *row, struct colours *out,
    struct sh_error *err)
{
	int w = px->width_px / CELL, h = px->height_px / CELL, x, y, i, hi;
	uint8_t *count;

	*out = (struct colours){ { pixCreate(w, h, 1), pixCreate(w, h, 1) },
	    w, h };
	if (out->map[RED] == NULL || out->map[BLUE] == NULL)
		return (sh_error_nomem(err, "a raster"));
	count = sh_alloc((size_t)w * NHUES, 1, "a row", err);
	if (count == NULL)
		return (-1);
	for (y = 0; y < h * CELL; y += 2) {
		if (y % CELL == 0)
			memset(count, 0, (size_t)w * NHUES);
		even_row(px, paper, y, factors, row);
		for (x = 0; x < w * CELL; x += 2) {
			const uint8_t *p = row + 3 * x;

			if (saturation(p, &hi) > 50 && hi > 80)
				count[x / CELL * NHUES +
				    (p[2] == hi ? BLUE : RED)]++;
		}
		for (i = 0; y % CELL == CELL - 2 && i < w * NHUES; i++)
			if (count[i] >= CELL * CELL / 32)
				(void)pixSetPixel(out->map[i % NHUES],
				    i / NHUES, y / CELL, 1);
	}
	free(count);
	if (keep_marks(&out->map[RED], RED, err) ||
	    keep_marks(&out->map[BLUE], BLUE, err))
		return (-1);
	return (0);
}

/* Row Y of the luminance: coloured ink in coloured cells becomes paper. */
static void
drop_row(const struct colours *c, const uint8_t *row, int w, int y,
    uint8_t *out)
{
	int cy = y / CELL < c->h ? y / CELL : c->h - 1, cx, x, end, sat, hi;
	l_uint32 red, blue;

	for (cx = 0; cx < c->w; cx++) {
		(void)pixGetPixel(c->map[RED], cx, cy, &red);
		(void)pixGetPixel(c->map[BLUE], cx, cy, &blue);
		/* The last cell has what is left of the row. */
		end = cx + 1 < c->w ? (cx + 1) * CELL : w;
		for (x = cx * CELL; (red | blue) != 0 && x < end; x++) {
			const uint8_t *p = row + 3 * (size_t)x;

			sat = saturation(p, &hi);
			if (p[2] == hi ? blue : red)
				out[x] = cut_paper(hi + sat);
		}
	}
}

/*
 * Luminance, but coloured ink of seals and signatures becomes paper: what is
 * printed under them is dark in every channel and stays.
 */
static int
drop_marks(const struct sh_pixels *px, struct sh_plane *out,
    struct sh_error *err)
{
	struct paper paper[3] = { { NULL, 0, 0 } };
	struct colours colours = { { NULL, NULL }, 0, 0 };
	size_t w = (size_t)px->width_px, tiles = w / 10 + 2;
	uint16_t *factors[3] = { NULL, NULL, NULL };
	uint8_t *row = NULL;
	int c, x, y, rc = -1;

	for (c = 0; c < 3; c++)
		if ((factors[c] = sh_alloc(tiles, sizeof(uint16_t), "a row",
		    err)) == NULL || find_paper(px->data + c, 3,
		    px->width_px, px->height_px, &paper[c], err))
			goto out;
	if ((row = sh_alloc(w, 3, "a row", err)) == NULL ||
	    find_colours(px, paper, factors, row, &colours, err))
		goto out;
	for (y = 0; y < px->height_px; y++) {
		uint8_t *d = out->data + (size_t)y * w;

		even_row(px, paper, y, factors, row);
		for (x = 0; x < px->width_px; x++) {
			const uint8_t *p = row + 3 * (size_t)x;

			d[x] = (uint8_t)((77 * p[0] + 150 * p[1] +
			    29 * p[2]) >> 8);
		}
		drop_row(&colours, row, px->width_px, y, d);
	}
	rc = 0;
out:
	for (c = 0; c < 3; c++) {
		pixDestroy(&paper[c].map);
		free(factors[c]);
	}
	colours_clear(&colours);
	free(row);
	return (rc);
}

/* ---- noise ------------------------------------------------------------------ */

/* The 3x3 median; the rim stays.  Written for the vectoriser. */
static int
median(struct sh_plane *p, struct sh_error *err)
{
	size_t w = (size_t)p->w, x;
	uint8_t *old, *lo, *mid, *hi;
	int y;

	if (p->w < 3 || p->h < 3)
		return (0);
	old = sh_alloc((size_t)p->h, w, "a plane", err);
	lo = sh_alloc(3, w, "a row", err);
	if (old == NULL || lo == NULL) {
		free(old);
		free(lo);
		return (-1);
	}
	mid = lo + w;
	hi = mid + w;
	memcpy(old, p->data, (size_t)p->h * w);
	for (y = 1; y + 1 < p->h; y++) {
		const uint8_t *a = old + (size_t)(y - 1) * w, *b = a + w;
		const uint8_t *c = b + w;
		uint8_t *d = p->data + (size_t)y * w;

		for (x = 0; x < w; x++) {
			uint8_t s = MIN(a[x], b[x]), t = MAX(a[x], b[x]);
			uint8_t u = MIN(t, c[x]);

			hi[x] = MAX(t, c[x]);
			lo[x] = MIN(s, u);
			mid[x] = MAX(s, u);
		}
		for (x = 1; x + 1 < w; x++) {
			uint8_t l = MAX(MAX(lo[x - 1], lo[x]), lo[x + 1]);
			uint8_t h = MIN(MIN(hi[x - 1], hi[x]), hi[x + 1]);
			uint8_t s = MIN(mid[x - 1], mid[x]);
			uint8_t t = MAX(mid[x - 1], mid[x]);
			uint8_t m = MAX(s, MIN(t, mid[x + 1]));

			s = MIN(l, h);
			t = MAX(l, h);
			d[x] = MAX(s, MIN(t, m));
		}
	}
	free(old);
	free(lo);
	return (0);
}

/* ---- contrast ---------------------------------------------------------------- */

/* Where little is printed, tinted paper is among the darkest hundredth. */
static int
choose_ink(int median_level, int ink, int faint)
{
	return (median_level - ink < (median_level - faint) / 2 ? faint :
	    ink);
}

/* The ink's level and the paper's once noise, which hid them, is out. */
static int
measure_again(const struct sh_plane *p, int *paperp)
{
	uint64_t count[256] = { 0 }, n = (uint64_t)p->w * (uint64_t)p->h, i;
	uint64_t sum = 0;
	int level, half = 0, ink = 0, faint = 0;

	for (i = 0; i < n; i++)
		count[p->data[i]]++;
	for (level = 0; level < 256 && sum * 2 < n; level++) {
		sum += count[level];
		if (sum * 500 < n)
			faint = level + 1;
		if (sum * 100 < n)
			ink = level + 1;
		half = level;
	}
	*paperp = half;
	return (choose_ink(half, ink, faint));
}

/* From the ink's level to the paper's, linear over the whole range. */
static void
stretch(struct sh_plane *p, int ink, int paper)
{
	uint8_t tone[256];
	size_t i, n = (size_t)p->w * (size_t)p->h;
	int v;

	for (v = 0; v < 256; v++)
		tone[v] = cut((v - ink) * 255 / (paper - ink));
	for (i = 0; i < n; i++)
		p->data[i] = tone[p->data[i]];
}

/*
 * Faded ink becomes nearly as dark as fresh: darkness under PAPER saturates
 * after about 25 levels.  0 and nothing done where so much is a little
 * darker than paper that it is no ink: grain of the paper would be letters,
 * and the engine busy with them for minutes.
 */
static int
revive(struct sh_plane *p)
{
	uint8_t tone[256];
	size_t i, n = (size_t)p->w * (size_t)p->h, dark = 0;
	int v;

	for (i = 0; i < n; i++)
		dark += p->data[i] < PAPER - 17;
	if (dark > n / 6)
		return (0);
	for (v = 0; v < 256; v++)
		tone[v] = v >= PAPER ? PAPER :
		    cut((int)(PAPER * exp((v - PAPER) / 25.0)));
	for (i = 0; i < n; i++)
		p->data[i] = tone[p->data[i]];
	return (1);
}

/* ---- nearly empty pages -------------------------------------------------------- */

/*
 * The level that parts the plane's two kinds best, as the engine will part
 * them.  Source: N. Otsu, A threshold selection method from gray-level
 * histograms, 1979.
 */
static int
parting_level(const struct sh_plane *p)
{
	uint64_t count[256] = { 0 }, n = (uint64_t)p->w * (uint64_t)p->h, i;
	double all = 0, below = 0, sum = 0, between, best = -1;
	int level = 0, v;

	for (i = 0; i < n; i++)
		count[p->data[i]]++;
	for (v = 0; v < 256; v++)
		all += (double)v * (double)count[v];
	for (v = 0; v < 255; v++) {
		below += (double)count[v];
		sum += (double)v * (double)count[v];
		if (below <= 0 || below >= (double)n)
			continue;
		between = all * below / (double)n - sum;
		between *= between / (below * ((double)n - below));
		if (between > best) {
			best = between;
			level = v;
		}
	}
	return (level);
}

/*
 * Is what lies under the level grain rather than letters?  Pages of text have
 * up to 30 dark runs a row, a tenth of them shorter than 3 pixels; grain has
 * hundreds, and the engine is busy with them for minutes.
 */
static int
is_grainy(const struct sh_plane *p, int level)
{
	size_t runs = 0, few = 0, rows = 0;
	int32_t x, y, len;

	for (y = 0; y < p->h; y += 8, rows++) {
		const uint8_t *s = p->data + (size_t)y * (size_t)p->w;

		for (x = len = 0; x < p->w; x++) {
			if (s[x] <= level) {
				len++;
			} else if (len > 0) {
				runs++;
				few += len < 3;
				len = 0;
			}
		}
	}
	return (few > 50 * rows && 2 * few > runs);
}

/* What is lighter than FROM is paper. */
static void
whiten(struct sh_plane *p, int from, int paper)
{
	size_t i, n = (size_t)p->w * (size_t)p->h;

	for (i = 0; i < n; i++)
		if (p->data[i] >= from)
			p->data[i] = (uint8_t)paper;
}

/*
 * Where ink is scarce, a card on a sheet, the best parting runs through the
 * paper's own noise: take the grain out, and let what is nearly paper be
 * paper.
 */
static int
calm_paper(struct sh_plane *p, int paper, unsigned *planp,
    struct sh_error *err)
{
	int nearly = paper * 8 / 10, level = parting_level(p);
	int grainy = is_grainy(p, level);

	if (!grainy && level < nearly)
		return (0);
	if (grainy && (*planp & SH_TREAT_MEDIAN) == 0) {
		if (median(p, err))
			return (-1);
		*planp |= SH_TREAT_MEDIAN;
	}
	whiten(p, nearly, paper);
	level = parting_level(p);
	if (is_grainy(p, level))
		whiten(p, level * 3 / 4, paper);
	return (0);
}

/* ---- the plan ----------------------------------------------------------------- */

unsigned
sh_treat_plan(const struct sh_quality *q, double print_dpi)
{
	int contrast = MAX(q->median_level - q->faint_level, 1);
	int grey_on_grey = contrast < 110;
	/* Stretching makes noise larger too. */
	int rough = q->roughness_e1 * (grey_on_grey ? 255 / contrast : 1);
	unsigned plan = 0;

	if (q->two_level)
		return (0);
	/* Grey paper that is everywhere as grey only wants stretching. */
	if (q->colour_e5 > 50)
		plan |= SH_TREAT_COLOUR;
	else if (q->paper_spread > 30 || q->dark_e3 > 200 || (!grey_on_grey &&
	    (q->paper_level < 200 || q->median_level < 180)))
		plan |= SH_TREAT_PAPER;
	if (print_dpi >= 180 && (q->lone_e5 > 100 || rough > 140))
		plan |= SH_TREAT_MEDIAN;
	if (grey_on_grey)
		plan |= SH_TREAT_STRETCH;
	return (plan);
}

struct Pix *
sh_treat_apply(const struct sh_pixels *px, double dpi, double print_dpi,
    const struct sh_quality *q, unsigned *planp, struct sh_error *err)
{
	const unsigned plan = *planp;
	struct sh_plane p = { NULL, px->width_px, px->height_px };
	size_t n = (size_t)p.w * (size_t)p.h, i;
	struct Pix *out = NULL;
	const uint8_t *s;
	int paper, ink, rc;

	if ((p.data = sh_alloc(n, 1, "a plane", err)) == NULL)
		return (NULL);
	if (px->channels == 1) {
		memcpy(p.data, px->data, n);
	} else if ((plan & SH_TREAT_COLOUR) == 0) {
		for (i = 0, s = px->data; i < n; i++, s += 3)
			p.data[i] = (uint8_t)((77 * s[0] + 150 * s[1] +
			    29 * s[2]) >> 8);
	} else if (drop_marks(px, &p, err)) {
		goto out;
	}
	if ((plan & SH_TREAT_PAPER && even_paper(&p, err)) ||
	    (plan & SH_TREAT_MEDIAN && median(&p, err)))
		goto out;
	paper = plan & (SH_TREAT_PAPER | SH_TREAT_COLOUR) ? PAPER :
	    MAX(q->paper_level, 1);
	if (!q->two_level && (rc = sh_plane_clear_stains(&p, dpi, paper,
	    err)) != 0) {
		if (rc < 0)
			goto out;
		*planp |= SH_TREAT_STAINS;
	}
	if (plan & SH_TREAT_REVIVE) {
		if (!revive(&p))
			*planp &= ~(unsigned)SH_TREAT_REVIVE;
	} else if (!q->two_level && (plan & SH_TREAT_MEDIAN) == 0 &&
	    sh_plane_clear_ghost(&p, MIN(paper, q->median_level))) {
		*planp |= SH_TREAT_GHOST;
	}
	if ((plan & (SH_TREAT_STRETCH | SH_TREAT_MEDIAN)) ==
	    (SH_TREAT_STRETCH | SH_TREAT_MEDIAN))
		ink = measure_again(&p, &paper);
	else
		ink = choose_ink(q->median_level, q->ink_level,
		    q->faint_level) * paper / MAX(q->median_level, 1);
	if (plan & SH_TREAT_STRETCH && paper - ink >= 8) {
		stretch(&p, ink, paper);
		paper = 255;
	}
	if (sh_plane_sweep(&p, dpi, print_dpi, paper * 85 / 100, paper, err))
		goto out;
	if (!q->two_level && calm_paper(&p, paper, planp, err))
		goto out;
	if ((out = sh_plane_pix(&p)) == NULL)
		(void)sh_error_nomem(err, "a raster");
out:
	free(p.data);
	return (out);
}
