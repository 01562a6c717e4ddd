#include "samples/lay.h"

#include <stdlib.h>
#include <string.h>

#include "samples/font.h"

static void *
more(struct sh_arena *a, void *old, size_t n, size_t *capp, size_t size)
{
	void *p;

	if (n < *capp)
		return (old);
	*capp = *capp == 0 ? 16 : 2 * *capp;
	p = sh_arena_get(a, *capp, size);
	if (n > 0)
		memcpy(p, old, n * size);
	return (p);
}

void
sh_runs_add(struct sh_arena *a, struct sh_runs *r, const struct sh_ink *ink,
    const char *s, size_t len)
{
	if (len == 0)
		return;
	r->v = more(a, r->v, r->n, &r->cap, sizeof(*r->v));
	r->v[r->n++] = (struct sh_run){ *ink, s, len };
}

const char *
sh_runs_text(struct sh_arena *a, const struct sh_runs *r)
{
	size_t i, len = 0;
	char *s, *p;

	for (i = 0; i < r->n; i++)
		len += r->v[i].len;
	p = s = sh_arena_get(a, len + 1, 1);
	for (i = 0; i < r->n; i++) {
		memcpy(p, r->v[i].s, r->v[i].len);
		p += r->v[i].len;
	}
	return (s);
}

/* Cut the runs at blanks and newlines. */
static void
cut(struct sh_arena *a, const struct sh_runs *r, struct sh_lay *lay)
{
	struct sh_piece *p;
	size_t i, cap = 0;
	const char *s, *end, *word;
	double space = 0;
	int newline = 0;

	for (i = 0; i < r->n; i++) {
		s = r->v[i].s;
		end = s + r->v[i].len;
		while (s < end) {
			if (*s == ' ' || *s == '\n') {
				if (*s++ == '\n')
					newline = 1;
				else
					space = sh_font_width(r->v[i].ink.face,
					    r->v[i].ink.size, " ", 1);
				continue;
			}
			for (word = s; s < end && *s != ' ' && *s != '\n'; )
				s++;
			lay->pieces = more(a, lay->pieces, lay->npieces, &cap,
			    sizeof(*p));
			p = &lay->pieces[lay->npieces++];
			*p = (struct sh_piece){ .ink = &r->v[i].ink, .s = word,
			    .len = (size_t)(s - word), .space = space,
			    .newline = newline };
			p->width = sh_font_width(p->ink->face, p->ink->size,
			    p->s, p->len);
			space = 0;
			newline = 0;
		}
	}
}

void
sh_lay_break(struct sh_arena *a, const struct sh_runs *r, double first,
    double rest, struct sh_lay *lay)
{
	struct sh_lay_line *l = NULL;
	size_t i, next, cap = 0;
	double width, limit = first;

	*lay = (struct sh_lay){ .pieces = NULL };
	cut(a, r, lay);
	for (i = 0; i < lay->npieces; i = next) {
		/* A word: pieces without a blank between them. */
		width = lay->pieces[i].width;
		for (next = i + 1; next < lay->npieces &&
		    lay->pieces[next].space == 0 && !lay->pieces[next].newline;
		    next++)
			width += lay->pieces[next].width;
		if (l == NULL || lay->pieces[i].newline ||
		    l->width + lay->pieces[i].space + width > limit + 0.01) {
			if (l != NULL) {
				l->last = lay->pieces[i].newline;
				limit = rest;
			}
			lay->lines = more(a, lay->lines, lay->nlines, &cap,
			    sizeof(*l));
			l = &lay->lines[lay->nlines++];
			*l = (struct sh_lay_line){ .from = i };
		} else
			width += lay->pieces[i].space;
		l->width += width;
		l->to = next;
	}
	if (l != NULL)
		l->last = 1;
}

static int
same_ink(const struct sh_ink *a, const struct sh_ink *b)
{
	return (a == b || (a->face == b->face && a->size == b->size &&
	    a->rgb == b->rgb && a->hand == b->hand && a->field == b->field &&
	    a->underline == b->underline));
}

static void
add_box(struct sh_paper *p, int field, struct sh_box box)
{
	struct sh_field *f = &p->fields[field];
	struct sh_box *last = f->nboxes > 0 ? &f->boxes[f->nboxes - 1] : NULL;

	/* Two inks on one line are one box. */
	if (last != NULL && last->side == box.side && last->y == box.y &&
	    box.x - (last->x + last->w) < box.h) {
		last->w = box.x + box.w - last->x;
		return;
	}
	f->boxes = more(&p->arena, f->boxes, f->nboxes, &f->boxes_cap,
	    sizeof(*f->boxes));
	f->boxes[f->nboxes++] = box;
}

/* Pieces FROM .. TO - 1, of one ink, as one item. */
static void
put_item(struct sh_paper *p, const char *s, size_t len,
    const struct sh_ink *ink, double x, double y, double width, double space)
{
	struct sh_side *side = &p->sides[p->nsides - 1];
	struct sh_item *it = sh_side_item(p, side, SH_ITEM_TEXT);

	it->face = ink->face;
	it->size = ink->size;
	it->rgb = ink->rgb;
	it->hand = ink->hand;
	it->x = x;
	it->y = y;
	it->w = width;
	it->space = space;
	it->text = s;
	it->len = len;
	it->seed = ink->hand ? 1 + side->nitems * 977 + (uint64_t)(y * 16) : 0;
	if (ink->field >= 0)
		add_box(p, ink->field, (struct sh_box){ p->nsides - 1, x,
		    y - 0.9 * ink->size, width, 1.15 * ink->size });
	if (ink->underline) {
		it = sh_side_item(p, side, SH_ITEM_LINE);
		it->x = x;
		it->y = y + 0.12 * ink->size;
		it->w = width;
		it->size = ink->size / 20;
		it->rgb = ink->rgb;
	}
}

const char *
sh_lay_put(struct sh_paper *p, const struct sh_lay *lay, size_t i, double x,
    double y, double space)
{
	const struct sh_lay_line *l = &lay->lines[i];
	const struct sh_piece *pc;
	char *text, *start, *out;
	size_t k, len = 0;
	double x0 = x, gap;

	for (k = l->from; k < l->to; k++)
		len += lay->pieces[k].len + 1;
	start = out = text = sh_arena_get(&p->arena, len + 1, 1);
	for (k = l->from; k < l->to; k++) {
		pc = &lay->pieces[k];
		gap = k > l->from && pc->space > 0 ? pc->space + space : 0;
		if (k > l->from && !same_ink(pc->ink, lay->pieces[k - 1].ink)) {
			put_item(p, start, (size_t)(out - start),
			    lay->pieces[k - 1].ink, x0, y, x - x0, space);
			if (gap > 0)
				*out++ = ' ';
			start = out;
			x0 = x + gap;
		} else if (gap > 0)
			*out++ = ' ';
		memcpy(out, pc->s, pc->len);
		out += pc->len;
		x += gap + pc->width;
	}
	if (l->to > l->from)
		put_item(p, start, (size_t)(out - start),
		    lay->pieces[l->to - 1].ink, x0, y, x - x0, space);
	return (text);
}

double
sh_lay_stretch(const struct sh_lay *lay, size_t i, double width)
{
	const struct sh_lay_line *l = &lay->lines[i];
	size_t k, blanks = 0;

	if (l->last || l->width > width)
		return (0);
	for (k = l->from + 1; k < l->to; k++)
		blanks += lay->pieces[k].space > 0;
	return (blanks == 0 ? 0 : (width - l->width) / (double)blanks);
}

void
sh_rows_add(struct sh_arena *a, struct sh_rows *r, double x, double y,
    const char *s)
{
	if (*s == '\0')
		return;
	r->v = more(a, r->v, r->n, &r->cap, sizeof(*r->v));
	r->v[r->n++] = (struct sh_row_text){ x, y, s };
}

static int
by_y(const void *a, const void *b)
{
	const struct sh_row_text *p = a, *q = b;

	return (p->y < q->y ? -1 : p->y > q->y ? 1 : p->x < q->x ? -1 :
	    p->x > q->x);
}

static int
by_x(const void *a, const void *b)
{
	const struct sh_row_text *p = a, *q = b;

	return (p->x < q->x ? -1 : p->x > q->x);
}

void
sh_rows_read(struct sh_paper *p, struct sh_rows *r, double tolerance)
{
	const char *line;
	size_t i, k, from;

	if (r->n == 0)
		return;
	qsort(r->v, r->n, sizeof(*r->v), by_y);
	for (from = 0; from < r->n; from = i) {
		for (i = from + 1; i < r->n &&
		    r->v[i].y - r->v[from].y < tolerance; i++)
			continue;
		qsort(r->v + from, i - from, sizeof(*r->v), by_x);
		line = r->v[from].s;
		for (k = from + 1; k < i; k++)
			line = sh_arena_printf(&p->arena, "%s %s", line,
			    r->v[k].s);
		sh_side_read(p, &p->sides[p->nsides - 1], line);
	}
	r->n = 0;
}
