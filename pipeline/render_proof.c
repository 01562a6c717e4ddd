#include "pipeline/render_proof.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"

#define MUCH		60	/* % of the rows: the page may as well be read */
#define SPARSE		37	/* rows to one that tells the paper's colour */

/* What of a page is read again. */
struct strips {
	uint8_t *keep;		/* of each row: is it? */
	int32_t n;		/* rows */
	uint8_t *line;		/* of each line */
};

/* Does a word of a field stand in the line? */
static int
bears_field(const struct sh_page *p, const struct sh_line *l,
    const struct sh_fields *fields, uint32_t index)
{
	uint32_t k;
	size_t i;

	for (i = 0; i < fields->n; i++)
		for (k = l->first; k < l->first + l->nwords &&
		    fields->field[i].page == index; k++)
			if (sh_box_holds(&fields->field[i].box,
			    &p->words[k].box))
				return (1);
	return (0);
}

/* Lines with half a line's height around them. */
static int
choose_strips(const struct sh_page *p, const struct sh_fields *fields,
    uint32_t index, struct strips *out, struct sh_error *err)
{
	size_t i;
	int32_t y;

	out->n = 0;
	out->keep = sh_alloc((size_t)p->height_px, 1, "rows", err);
	out->line = sh_alloc(p->nlines + 1, 1, "lines", err);
	if (out->keep == NULL || out->line == NULL)
		return (-1);
	for (i = 0; i < p->nlines; i++) {
		const struct sh_box *b = &p->lines[i].box;

		out->line[i] = (uint8_t)bears_field(p, &p->lines[i], fields,
		    index);
		for (y = b->y - b->h / 2; out->line[i] && y < b->y + b->h +
		    b->h / 2; y++)
			if (y >= 0 && y < p->height_px)
				out->keep[y] = 1;
	}
	for (y = 0; y < p->height_px; y++)
		out->n += out->keep[y];
	return (0);
}

/* A raster that is painted row by row: pixels may be the size of memory. */
struct painting {
	const struct sh_raster *from;
	size_t stride;
	uint8_t *row, *paper;
	int fd;
};

static int
fetch_row(const struct painting *p, int32_t y, struct sh_error *err)
{
	return (sh_pread_all(p->from->fd, p->row, p->stride, p->stride *
	    (uint64_t)y, err));
}

/* A row of the paper's colour: of each channel the median level. */
static int
find_paper(const struct painting *p, struct sh_error *err)
{
	size_t count[3][256] = { { 0 } }, n = (size_t)p->from->channels, i, k;
	size_t seen = 0, sum;
	uint8_t level;
	int32_t y;

	for (y = 0; y < p->from->height_px; y += SPARSE) {
		if (fetch_row(p, y, err))
			return (-1);
		for (i = 0; i < p->stride; i++)
			count[i % n][p->row[i]]++;
		seen += p->stride / n;
	}
	for (k = 0; k < n; k++) {
		for (level = 0, sum = count[k][0]; 2 * sum < seen; level++)
			sum += count[k][level + 1];
		for (i = k; i < p->stride; i += n)
			p->paper[i] = level;
	}
	return (0);
}

static int
paint(const struct painting *p, const struct strips *s, struct sh_error *err)
{
	int32_t y;

	for (y = 0; y < p->from->height_px; y++)
		if ((s->keep[y] && fetch_row(p, y, err)) ||
		    sh_write_all(p->fd, s->keep[y] ? p->row : p->paper,
		    p->stride, err))
			return (-1);
	return (0);
}

/* The strips on a page of plain paper; its fd is the caller's. */
static int
paint_strips(const struct sh_raster *shown, const struct strips *s,
    struct sh_raster *out, struct sh_error *err)
{
	size_t stride = (size_t)shown->width_px * (size_t)shown->channels;
	struct painting p = { .from = shown, .stride = stride,
	    .row = sh_alloc(stride, 1, "a row", err),
	    .paper = sh_alloc(stride, 1, "a row", err), .fd = -1 };
	int rc = -1;

	if (p.row != NULL && p.paper != NULL &&
	    (p.fd = sh_memfd("strips", err)) >= 0 &&
	    find_paper(&p, err) == 0)
		rc = paint(&p, s, err);
	free(p.row);
	free(p.paper);
	*out = *shown;
	out->fd = p.fd;
	return (rc);
}

/* How far a word's middle lies from the line's, were it of it. */
static int32_t
distance(const struct sh_line *l, const struct sh_box *b)
{
	const int32_t *base = l->baseline;
	int32_t x = b->x + b->w / 2, wide = base[2] - base[0];
	int32_t y = base[1] + (wide > 0 ? (int32_t)((int64_t)(base[3] -
	    base[1]) * (x - base[0]) / wide) : 0);

	return (abs(y - (b->y + b->h)));
}

/* The line read again to which the word belongs, or nlines. */
static size_t
find_line(const struct sh_page *p, const struct strips *s,
    const struct sh_box *b)
{
	size_t i, best = p->nlines;

	for (i = 0; i < p->nlines; i++)
		if (s->line[i] && sh_box_holds(&p->lines[i].box, b) &&
		    (best == p->nlines || distance(&p->lines[i], b) <
		    distance(&p->lines[best], b)))
			best = i;
	return (best);
}

/* PAGE with what READ has in the lines that were read again. */
static struct sh_page *
splice(const struct sh_page *page, const struct strips *s,
    const struct sh_page *read, struct sh_error *err)
{
	struct sh_page *out = sh_page_frame(page, err);
	size_t *line = sh_alloc(read->nwords + 1, sizeof(*line), "words",
	    err), i, k;
	int rc = out == NULL || line == NULL ? -1 : 0;

	for (k = 0; rc == 0 && k < read->nwords; k++)
		line[k] = find_line(page, s, &read->words[k].box);
	for (i = 0; rc == 0 && i < page->nlines; i++) {
		const struct sh_line *l = &page->lines[i];

		if (!s->line[i]) {
			rc = sh_page_copy_line(out, page, i, 0, 0, l->block,
			    err);
			continue;
		}
		rc = sh_page_add_line(out, l->box, l->baseline, l->block, err);
		for (k = 0; rc == 0 && k < read->nwords; k++) {
			const struct sh_word *w = &read->words[k];

			if (line[k] == i && (rc = sh_page_add_word(out,
			    w->text, w->box, (double)w->confidence,
			    err)) == 0)
				out->words[out->nwords - 1].penned = w->penned;
		}
	}
	free(line);
	if (rc) {
		sh_page_free(out);
		out = NULL;
	}
	return (out);
}

int
sh_proof_read(struct sh_pool *pool, const struct sh_raster *shown,
    const struct sh_page *page, const struct sh_fields *fields,
    uint32_t index, struct sh_page **pp, int *wholep, struct sh_error *err)
{
	struct strips s = { .keep = NULL };
	struct sh_raster cut = { .fd = -1 };
	struct sh_page *read = NULL;
	int rc = -1;

	*pp = NULL;
	/* Codes are looked for on the page; strips go by upright lines. */
	*wholep = page->nmarks > 0 || page->orientation != 0 ||
	    shown->exif_orientation != 1 ||
	    page->width_px != shown->width_px ||
	    page->height_px != shown->height_px;
	if (*wholep)
		return (sh_read_now(pool, shown, pp, err));
	if (choose_strips(page, fields, index, &s, err))
		goto out;
	*wholep = s.n > page->height_px / 100 * MUCH;
	if (*wholep) {
		rc = sh_read_now(pool, shown, pp, err);
	} else if (s.n == 0) {
		rc = 0;
	} else if (paint_strips(shown, &s, &cut, err) == 0 &&
	    sh_read_now(pool, &cut, &read, err) == 0) {
		*pp = splice(page, &s, read, err);
		rc = *pp == NULL ? -1 : 0;
	}
out:
	if (cut.fd >= 0)
		(void)close(cut.fd);
	sh_page_free(read);
	free(s.keep);
	free(s.line);
	return (rc);
}
