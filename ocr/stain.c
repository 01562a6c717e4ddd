/*
 * What lies between paper and print: stains with edges that are too sharp
 * for the map of the paper, and print that shines through from the other
 * side.
 */
#include "ocr/clean_internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define MIN(a, b)	((a) < (b) ? (a) : (b))
#define MAX(a, b)	((a) > (b) ? (a) : (b))

/* More is no stain but what a page lies on, or a picture. */
#define STAINED_MIN_E4	3
#define STAINED_MAX_E4	500

/* ---- stains -------------------------------------------------------------- */

/* The brightest of every FACTOR x FACTOR pixels. */
static void
shrink(const struct sh_plane *p, int factor, struct sh_plane *out)
{
	int x, y, i, j;

	for (y = 0; y < out->h; y++)
		for (x = 0; x < out->w; x++) {
			uint8_t v = 0;

			for (i = 0; i < factor; i++) {
				const uint8_t *s = p->data + (size_t)(y *
				    factor + i) * (size_t)p->w + x * factor;

				for (j = 0; j < factor; j++)
					v = MAX(v, s[j]);
			}
			out->data[(size_t)y * (size_t)out->w + (size_t)x] =
			    v;
		}
}

/* D's bytes become S's where those are larger, or smaller. */
static void
merge(uint8_t *restrict d, const uint8_t *restrict s, size_t n, int largest)
{
	size_t i;

	if (largest)
		for (i = 0; i < n; i++)
			d[i] = MAX(d[i], s[i]);
	else
		for (i = 0; i < n; i++)
			d[i] = MIN(d[i], s[i]);
}

/*
 * Each byte becomes the largest, or smallest, within REACH along one axis;
 * COPY is room for as many.
 */
static void
spread(struct sh_plane *p, uint8_t *copy, int reach, int largest, int along_x)
{
	size_t w = (size_t)p->w;
	int y, j, k;

	memcpy(copy, p->data, w * (size_t)p->h);
	for (y = 0; y < p->h; y++) {
		uint8_t *d = p->data + (size_t)y * w;
		const uint8_t *s = copy + (size_t)y * w;

		for (j = -reach; j <= reach; j++) {
			k = j < 0 ? -j : j;
			if (!along_x && y + j >= 0 && y + j < p->h)
				merge(d, copy + (size_t)(y + j) * w, w,
				    largest);
			else if (along_x && k < p->w)
				merge(j < 0 ? d + k : d, j < 0 ? s : s + k,
				    w - (size_t)k, largest);
		}
	}
}

/* Between four of the small plane's values, in 1/256 of a step. */
static int
between(const struct sh_plane *s, int x256, int y256)
{
	int x = x256 >> 8, y = y256 >> 8, fx = x256 & 255, fy = y256 & 255;
	int x1 = MIN(x + 1, s->w - 1), y1 = MIN(y + 1, s->h - 1);
	const uint8_t *a = s->data + (size_t)y * (size_t)s->w;
	const uint8_t *b = s->data + (size_t)y1 * (size_t)s->w;

	return (((a[x] * (256 - fx) + a[x1] * fx) * (256 - fy) +
	    (b[x] * (256 - fx) + b[x1] * fx) * fy) >> 16);
}

/* Hundredths of a percent of the page that are neither paper nor black. */
static int
stained_e4(const struct sh_plane *s, int paper)
{
	size_t n = (size_t)s->w * (size_t)s->h, i, found = 0;

	for (i = 0; i < n; i++)
		found += s->data[i] * 100 < paper * 82 &&
		    s->data[i] * 100 > paper * 25;
	return ((int)(found * 10000 / n));
}

int
sh_plane_clear_stains(struct sh_plane *p, double dpi, int paper,
    struct sh_error *err)
{
	int factor = (int)(dpi / 75 + 0.5), x, y, v, bg, reach = 2;
	int stained;
	struct sh_plane s = { NULL, 0, 0 };
	uint8_t *copy = NULL;
	int rc = -1;

	factor = factor < 1 ? 1 : factor;
	s.w = p->w / factor;
	s.h = p->h / factor;
	if (s.w < 32 || s.h < 32)
		return (0);
	s.data = sh_alloc((size_t)s.w, (size_t)s.h, "a plane", err);
	copy = sh_alloc((size_t)s.w, (size_t)s.h, "a plane", err);
	if (s.data == NULL || copy == NULL)
		goto out;
	shrink(p, factor, &s);
	for (v = 0; v < 2; v++)
		spread(&s, copy, reach, 1, v);
	for (v = 0; v < 2; v++)
		spread(&s, copy, reach, 0, v);
	rc = 0;
	stained = stained_e4(&s, paper);
	if (stained < STAINED_MIN_E4 || stained > STAINED_MAX_E4)
		goto out;
	for (y = 0; y < p->h; y++) {
		uint8_t *d = p->data + (size_t)y * (size_t)p->w;
		int y256 = (256 * y + 128) / factor - 128;

		y256 = y256 < 0 ? 0 : MIN(y256, (s.h - 1) * 256);
		for (x = 0; x < p->w; x++) {
			int x256 = (256 * x + 128) / factor - 128;

			x256 = x256 < 0 ? 0 : MIN(x256, (s.w - 1) * 256);
			bg = between(&s, x256, y256);
			if (bg >= paper || bg * 4 < paper)
				continue;
			v = d[x] * paper / bg;
			d[x] = (uint8_t)MIN(v, paper);
		}
	}
	rc = 1;
out:
	free(s.data);
	free(copy);
	return (rc);
}

/* ---- print from the other side --------------------------------------------- */

#define BINS	16		/* of darkness under the paper */

/*
 * How dark a second, fainter print is at most, in levels under the paper; 0
 * when there is none.  Between paper and ink lie only the edges of letters,
 * which are as often a little darker as much darker; what is more often so
 * up to some darkness, and over much of the page, is a print of its own.
 */
static int
ghost_depth(const struct sh_plane *p, int paper)
{
	uint64_t n[BINS] = { 0 }, total = 0, edges, print = 0, over = 0;
	int x, y, d, i, k;

	for (y = 0; y < p->h; y += 3) {
		const uint8_t *s = p->data + (size_t)y * (size_t)p->w;

		for (x = 0; x < p->w; x++) {
			d = (paper - s[x]) * BINS / paper;
			n[d < 0 ? 0 : MIN(d, BINS - 1)]++;
		}
		total += (uint64_t)p->w;
	}
	edges = n[7];
	for (i = 8; i <= 10; i++)
		edges = MIN(edges, n[i]);
	for (i = 11; i < BINS; i++)
		print += n[i];
	for (k = 6; k > 1 && n[k] * 10 <= edges * 16; k--)
		;
	for (i = 2; i <= k; i++)	/* 1 is the paper's own grain */
		over += n[i] > edges ? n[i] - edges : 0;
	if (k == 1 || print * 100 < total || over * 1000 < 16 * total)
		return (0);
	return (paper * k / BINS);
}

int
sh_plane_clear_ghost(struct sh_plane *p, int paper)
{
	size_t i, n = (size_t)p->w * (size_t)p->h;
	int v, d, depth = ghost_depth(p, paper);
	uint8_t tone[256];

	if (depth == 0)
		return (0);
	for (v = 0; v < 256; v++) {
		d = paper - v;
		tone[v] = (uint8_t)(d <= depth ? paper :
		    paper - (d - depth) * paper / (paper - depth));
	}
	for (i = 0; i < n; i++)
		p->data[i] = tone[p->data[i]];
	return (1);
}
