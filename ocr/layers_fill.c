/* Pixels made fewer, holes filled, noise calmed. */
#include "ocr/layers_internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define ONE		64	/* a pixel's whole weight along one axis */
#define LEVELS_MAX	16
#define NOISE		7	/* largest deviation in a cell that is noise, */
#define SLOPE		4	/* ... and difference of its quarters */

/* ---- shrinking ---------------------------------------------------------------- */

/*
 * Along one axis a source pixel covers at most two of the smaller ones:
 * 'at', by 'part' of ONE, and the one behind it by the rest.
 */
struct cover {
	int32_t at;
	uint32_t part;
};

static struct cover *
cover(int32_t from, int32_t to, struct sh_error *err)
{
	struct cover *c = sh_alloc((size_t)from, sizeof(*c), "columns", err);
	int64_t i, start, end, edge;

	for (i = 0; c != NULL && i < from; i++) {
		/* In parts of 1/from of a target pixel. */
		start = i * to;
		end = start + to;
		c[i].at = (int32_t)(start / from);
		edge = ((int64_t)c[i].at + 1) * from;
		c[i].part = (uint32_t)(end <= edge ? ONE :
		    (edge - start) * ONE / to);
	}
	return (c);
}

/* Sums of a target row: channels, then the weight. */
struct shrinking {
	const struct sh_pixels *px;
	const struct sh_bits *hidden;
	struct cover *cols, *rows;
	uint32_t *line;		/* of one source row */
	uint64_t *sum;		/* of this target row and the next */
	size_t n;		/* numbers a row: width * (channels + 1) */
};

static void
add_pixel(struct shrinking *s, size_t x, const uint8_t *p, size_t ch)
{
	uint32_t *to = s->line + (size_t)s->cols[x].at * (ch + 1);
	uint32_t first = s->cols[x].part, rest = ONE - first;
	size_t k;

	for (k = 0; k < ch; k++)
		to[k] += first * p[k];
	to[ch] += first;
	if (rest == 0)
		return;
	for (k = 0; k < ch; k++)
		to[ch + 1 + k] += rest * p[k];
	to[2 * ch + 1] += rest;
}

static void
add_row(struct shrinking *s, int32_t y)
{
	const struct sh_pixels *px = s->px;
	size_t ch = (size_t)px->channels, width = (size_t)px->width_px;
	const uint8_t *p = px->data + (size_t)y * width * ch;
	uint32_t first = s->rows[y].part, rest = ONE - first;
	uint64_t take = ~(uint64_t)0;
	size_t x, i, end;

	memset(s->line, 0, (s->n + ch + 1) * sizeof(*s->line));
	for (x = 0; x < width; x = end) {
		end = x + 64 < width ? x + 64 : width;
		if (s->hidden != NULL)
			take = ~s->hidden->word[(size_t)y *
			    s->hidden->stride + x / 64];
		for (i = x; i < end; i++)
			if (take >> (63 - (i - x)) & 1)
				add_pixel(s, i, p + i * ch, ch);
	}
	for (i = 0; i < s->n; i++)
		s->sum[i] += (uint64_t)first * s->line[i];
	for (i = 0; rest != 0 && i < s->n; i++)
		s->sum[s->n + i] += (uint64_t)rest * s->line[i];
}

/* A row is whole: its means, and in WEIGHT where there are any. */
static void
end_row(struct shrinking *s, uint8_t *out, uint8_t *weight, size_t width)
{
	size_t ch = (size_t)s->px->channels, x, k;
	const uint64_t *sum = s->sum;

	for (x = 0; x < width; x++, sum += ch + 1) {
		weight[x] = sum[ch] > 0;
		for (k = 0; k < ch; k++)
			*out++ = sum[ch] == 0 ? 0 : (uint8_t)
			    ((sum[k] + sum[ch] / 2) / sum[ch]);
	}
	memcpy(s->sum, s->sum + s->n, s->n * sizeof(*s->sum));
	memset(s->sum + s->n, 0, s->n * sizeof(*s->sum));
}

/* ---- holes -------------------------------------------------------------------- */

/* A picture with holes, at one of ever smaller sizes. */
struct level {
	uint8_t *data;
	uint8_t *weight;	/* 0: a hole */
	int32_t w, h;
};

static int
halve(const struct level *from, struct level *to, int ch,
    struct sh_error *err)
{
	int32_t x, y, i, k, c;

	to->w = (from->w + 1) / 2;
	to->h = (from->h + 1) / 2;
	to->data = sh_alloc((size_t)to->w * (size_t)to->h, (size_t)ch,
	    "a smaller page", err);
	to->weight = sh_alloc((size_t)to->w * (size_t)to->h, 1,
	    "a smaller page", err);
	if (to->data == NULL || to->weight == NULL)
		return (-1);
	for (y = 0; y < to->h; y++)
		for (x = 0; x < to->w; x++) {
			unsigned sum[3] = { 0 }, n = 0;
			size_t at;

			for (k = 2 * y; k < 2 * y + 2 && k < from->h; k++)
				for (i = 2 * x; i < 2 * x + 2 &&
				    i < from->w; i++) {
					at = (size_t)k * (size_t)from->w +
					    (size_t)i;
					if (!from->weight[at])
						continue;
					n++;
					for (c = 0; c < ch; c++)
						sum[c] += from->data[at *
						    (size_t)ch + (size_t)c];
				}
			at = (size_t)y * (size_t)to->w + (size_t)x;
			to->weight[at] = n > 0;
			for (c = 0; n > 0 && c < ch; c++)
				to->data[at * (size_t)ch + (size_t)c] =
				    (uint8_t)((sum[c] + n / 2) / n);
		}
	return (0);
}

/* The holes of TO from the smaller FROM, which has none, bilinearly. */
static void
fill_from(const struct level *from, struct level *to, int ch)
{
	int32_t x, y, c;

	for (y = 0; y < to->h; y++)
		for (x = 0; x < to->w; x++) {
			size_t at = (size_t)y * (size_t)to->w + (size_t)x;
			int32_t x0 = x / 2, y0 = y / 2;
			int32_t x1 = x0 + (x % 2 ? 1 : -1);
			int32_t y1 = y0 + (y % 2 ? 1 : -1);
			const uint8_t *a, *b, *d, *e;

			if (to->weight[at])
				continue;
			x1 = x1 < 0 ? 0 : x1 >= from->w ? from->w - 1 : x1;
			y1 = y1 < 0 ? 0 : y1 >= from->h ? from->h - 1 : y1;
#define AT(u, v)	(from->data + ((size_t)(v) * (size_t)from->w + \
			    (size_t)(u)) * (size_t)ch)
			a = AT(x0, y0);
			b = AT(x1, y0);
			d = AT(x0, y1);
			e = AT(x1, y1);
#undef AT
			for (c = 0; c < ch; c++)
				to->data[at * (size_t)ch + (size_t)c] =
				    (uint8_t)((9 * a[c] + 3 * b[c] +
				    3 * d[c] + e[c] + 8) / 16);
		}
}

static int
fill_holes(uint8_t *data, uint8_t *weight, int32_t w, int32_t h, int ch,
    struct sh_error *err)
{
	struct level level[LEVELS_MAX] = { { data, weight, w, h } };
	int n = 1, i, rc = -1;

	if (memchr(weight, 0, (size_t)w * (size_t)h) == NULL)
		return (0);
	if (memchr(weight, 1, (size_t)w * (size_t)h) == NULL)
		return (0);	/* nothing to go on from */
	while (n < LEVELS_MAX && (level[n - 1].w > 1 || level[n - 1].h > 1)) {
		if (halve(&level[n - 1], &level[n], ch, err)) {
			n++;
			goto out;
		}
		n++;
		if (memchr(level[n - 1].weight, 0, (size_t)level[n - 1].w *
		    (size_t)level[n - 1].h) == NULL)
			break;
	}
	for (i = n - 1; i > 0; i--)
		fill_from(&level[i], &level[i - 1], ch);
	rc = 0;
out:
	for (i = 1; i < n; i++) {
		free(level[i].data);
		free(level[i].weight);
	}
	return (rc);
}

int
sh_layers_shrink(const struct sh_pixels *px, const struct sh_bits *hidden,
    int32_t width_px, int32_t height_px, struct sh_pixels *out,
    struct sh_error *err)
{
	struct shrinking s = { .px = px, .hidden = hidden };
	size_t row = (size_t)width_px * (size_t)px->channels;
	uint8_t *weight = NULL;
	int32_t y, done = 0;
	int rc = -1;

	if (sh_pixels_new(out, width_px, height_px, px->channels, err))
		return (-1);
	s.n = (size_t)width_px * ((size_t)px->channels + 1);
	s.cols = cover(px->width_px, width_px, err);
	s.rows = cover(px->height_px, height_px, err);
	s.line = sh_alloc(s.n + 4, sizeof(*s.line), "a row", err);
	s.sum = sh_alloc(2 * s.n, sizeof(*s.sum), "a row", err);
	weight = sh_alloc((size_t)width_px * (size_t)height_px, 1,
	    "weights", err);
	if (s.cols == NULL || s.rows == NULL || s.line == NULL ||
	    s.sum == NULL || weight == NULL)
		goto out;
	for (y = 0; y < px->height_px; y++) {
		for (; done < s.rows[y].at; done++)
			end_row(&s, out->data + (size_t)done * row,
			    weight + (size_t)done * (size_t)width_px,
			    (size_t)width_px);
		add_row(&s, y);
	}
	for (; done < height_px; done++)
		end_row(&s, out->data + (size_t)done * row, weight +
		    (size_t)done * (size_t)width_px, (size_t)width_px);
	rc = fill_holes(out->data, weight, width_px, height_px, px->channels,
	    err);
out:
	free(s.cols);
	free(s.rows);
	free(s.line);
	free(s.sum);
	free(weight);
	if (rc != 0)
		sh_pixels_free(out);
	return (rc);
}

/* ---- noise -------------------------------------------------------------------- */

struct calm {
	uint8_t mean[3];
	uint8_t flat;
};

static void
measure_cell(const struct sh_pixels *px, int32_t x0, int32_t y0,
    struct calm *out)
{
	int32_t x1 = x0 + SH_CELL < px->width_px ? x0 + SH_CELL :
	    px->width_px;
	int32_t y1 = y0 + SH_CELL < px->height_px ? y0 + SH_CELL :
	    px->height_px;
	uint32_t sum[3], squares[3] = { 0 }, quarter[4][3] = { { 0 } };
	uint32_t n = (uint32_t)((x1 - x0) * (y1 - y0)), lo, hi;
	int32_t x, y, c, q;

	for (y = y0; y < y1; y++) {
		const uint8_t *p = px->data + ((size_t)y *
		    (size_t)px->width_px + (size_t)x0) *
		    (size_t)px->channels;

		for (x = x0; x < x1; x++) {
			q = 2 * (y - y0 >= SH_CELL / 2) +
			    (x - x0 >= SH_CELL / 2);
			for (c = 0; c < px->channels; c++, p++) {
				quarter[q][c] += *p;
				squares[c] += (uint32_t)*p * *p;
			}
		}
	}
	/* What is cut off at the page's end is left alone. */
	out->flat = n == SH_CELL * SH_CELL;
	for (c = 0; c < px->channels; c++) {
		uint64_t var;

		sum[c] = 0;
		lo = hi = quarter[0][c];
		for (q = 0; q < 4; q++) {
			sum[c] += quarter[q][c];
			lo = quarter[q][c] < lo ? quarter[q][c] : lo;
			hi = quarter[q][c] > hi ? quarter[q][c] : hi;
		}
		var = (uint64_t)squares[c] * n - (uint64_t)sum[c] * sum[c];
		out->mean[c] = (uint8_t)((sum[c] + n / 2) / n);
		if (var > (uint64_t)NOISE * NOISE * n * n ||
		    hi - lo > SLOPE * SH_CELL * SH_CELL / 4)
			out->flat = 0;
	}
}

/* A flat cell's pixels go over from the means around into each other. */
static void
even_cell(struct sh_pixels *px, const struct calm *cell, int32_t cols,
    int32_t rows, int32_t cx, int32_t cy)
{
	int32_t x, y, c;

	for (y = 0; y < SH_CELL && cy * SH_CELL + y < px->height_px; y++) {
		int32_t ny = cy + (y < SH_CELL / 2 ? -1 : 1);
		int32_t fy = y < SH_CELL / 2 ? 2 * y + 1 + SH_CELL :
		    3 * SH_CELL - 1 - 2 * y;	/* own share, of 2 cells */

		ny = ny < 0 || ny >= rows ? cy : ny;
		for (x = 0; x < SH_CELL && cx * SH_CELL + x < px->width_px;
		    x++) {
			int32_t nx = cx + (x < SH_CELL / 2 ? -1 : 1);
			int32_t fx = x < SH_CELL / 2 ? 2 * x + 1 + SH_CELL :
			    3 * SH_CELL - 1 - 2 * x;
			const struct calm *a = &cell[cy * cols + cx], *b, *d,
			    *e;
			uint8_t *p = px->data + ((size_t)(cy * SH_CELL + y) *
			    (size_t)px->width_px + (size_t)(cx * SH_CELL +
			    x)) * (size_t)px->channels;

			nx = nx < 0 || nx >= cols ? cx : nx;
			b = &cell[cy * cols + nx];
			d = &cell[ny * cols + cx];
			e = &cell[ny * cols + nx];
			/* What is not flat does not reach in here. */
			b = b->flat ? b : a;
			d = d->flat ? d : a;
			e = e->flat ? e : a;
			for (c = 0; c < px->channels; c++)
				p[c] = (uint8_t)((fy * (fx * a->mean[c] +
				    (2 * SH_CELL - fx) * b->mean[c]) +
				    (2 * SH_CELL - fy) * (fx * d->mean[c] +
				    (2 * SH_CELL - fx) * e->mean[c]) +
				    2 * SH_CELL * SH_CELL) /
				    (4 * SH_CELL * SH_CELL));
		}
	}
}

int
sh_layers_calm(struct sh_pixels *px, struct sh_error *err)
{
	int32_t cols = (px->width_px + SH_CELL - 1) / SH_CELL, x, y;
	int32_t rows = (px->height_px + SH_CELL - 1) / SH_CELL;
	struct calm *cell;

	cell = sh_alloc((size_t)cols * (size_t)rows, sizeof(*cell), "cells",
	    err);
	if (cell == NULL)
		return (-1);
	for (y = 0; y < rows; y++)
		for (x = 0; x < cols; x++)
			measure_cell(px, x * SH_CELL, y * SH_CELL,
			    &cell[(size_t)y * (size_t)cols + (size_t)x]);
	for (y = 0; y < rows; y++)
		for (x = 0; x < cols; x++)
			if (cell[(size_t)y * (size_t)cols + (size_t)x].flat)
				even_cell(px, cell, cols, rows, x, y);
	free(cell);
	return (0);
}
