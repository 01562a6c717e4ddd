/* Whose values they are: sections, columns, words behind labels. */
#include "ocr/fields_internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static int
add_opener(struct sh_find *f, uint32_t row, int32_t x, int context)
{
	if (sh_grow(&f->opener, &f->capopener, f->nopener + 1,
	    sizeof(*f->opener), "contexts", f->err))
		return (-1);
	f->opener[f->nopener++] = (struct sh_opener){ row, x, context };
	return (0);
}

/*
 * A letterhead's "BỘ TƯ PHÁP" is no "Bố": of a capital heading's first word
 * the marks count, and nobody's own part stands above the title.
 */
static int
is_letterhead(const struct sh_find *f, uint32_t at)
{
	const struct sh_atom *a = &f->v.atom[at];

	return (a->row < f->title || (strcmp(a->fold, "bo") == 0 &&
	    strstr(a->text, "\341\273\230") != NULL));
}

/*
 * The best heading that begins the N atoms.  A misread one holds no bracket:
 * "Họ và tên (chữ in hoa)" is no "Họ và tên cha".
 */
static int
match_heading(const struct sh_find *f, const uint32_t *atoms, size_t n,
    struct sh_match *m)
{
	uint32_t i;

	if (!sh_phrases_match(&f->heads, &f->v, atoms, n, m))
		return (0);
	for (i = 1; m->errors > 0 && i < m->n; i++)
		if (f->v.atom[atoms[i]].flags & SH_ATOM_OPEN)
			return (sh_phrases_match(&f->heads, &f->v, atoms, i,
			    m));
	return (1);
}

/* The context that a segment opens as a heading; -1 none, -2 it ends one. */
static int
heading_context(const struct sh_find *f, uint32_t seg)
{
	const struct sh_view *v = &f->v;
	const struct sh_seg *s = &v->seg[seg];
	uint32_t atoms[40], i, k, stop = s->first + s->n, at = s->first;
	struct sh_match m;
	int roman = 0, n;

	while (at < stop && sh_find_numbering(&v->atom[at]) && at < s->first + 2) {
		if (!(v->atom[at].flags & SH_ATOM_DIGITS) &&
		    v->atom[at].flags & SH_ATOM_UPPER &&
		    strspn(v->atom[at].fold, "ivx") ==
		    strlen(v->atom[at].fold))
			roman = 1;
		at++;
	}
	if (at < stop && strcmp(v->atom[at].fold, "dieu") == 0 &&
	    at + 1 < stop && v->atom[at + 1].flags & SH_ATOM_DIGITS &&
	    v->atom[at].flags & SH_ATOM_CAPITAL)
		return (-2);
	for (k = 0; k < SH_COUNT(atoms) && at + k < stop; k++)
		atoms[k] = at + k;
	if (match_heading(f, atoms, k, &m) &&
	    f->head_contexts[m.phrase] != 0) {
		i = at + m.n;
		/* A heading: alone, or with a colon or a bracket behind. */
		if (i >= stop || v->atom[i - 1].flags & SH_ATOM_COLON ||
		    v->atom[i].flags & (SH_ATOM_OPEN | SH_ATOM_COLON) ||
		    (i + 1 < stop && v->atom[i + 1].flags & SH_ATOM_COLON) ||
		    (sh_view_is_upper(v, seg) && stop - i < 6 &&
		    !(m.n == 1 && (sh_find_is_family(v, at) ||
		    is_letterhead(f, at)))) ||
		    (i + 2 >= stop && roman) ||
		    /* "Bên A: Ông …" and "ủy quyền cho ông" name at once. */
		    (f->occ_at[i] != 0 && m.n >= 2)) {
			for (n = 0; n < (int)f->ncontexts; n++)
				if (f->head_contexts[m.phrase] >> n & 1)
					return (n);
		}
	}
	return (roman ? -2 : -1);
}

/*
 * Headings may stand in the middle of their columns; the cells below begin
 * at the left.  Take the places where most of them begin.
 */
static void
align_columns(const struct sh_view *v, struct sh_columns *c)
{
	struct { int32_t x; unsigned n; } at[32];
	uint32_t row, seg;
	size_t i, k, n = 0, best;
	int32_t tol;

	for (row = c->row; row < c->end && row < c->row + 20; row++) {
		const struct sh_row *r = &v->row[row];

		tol = r->h;
		/* The first segment of a row is its label. */
		for (seg = r->first + 1; seg < r->first + r->n; seg++) {
			int32_t x = v->seg[seg].box.x;

			for (i = 0; i < n && abs(at[i].x - x) > tol; i++)
				;
			if (i < n) {
				at[i].n++;
			} else if (n < SH_COUNT(at)) {
				at[n].x = x;
				at[n++].n = 1;
			}
		}
	}
	for (k = 0; k < c->n && k < n; k++) {
		for (best = k, i = k + 1; i < n; i++)
			if (at[i].n > at[best].n)
				best = i;
		if (at[best].n < 2)
			return;
		{
			int32_t x = at[k].x;
			unsigned m = at[k].n;

			at[k] = at[best];
			at[best].x = x;
			at[best].n = m;
		}
	}
	if (k < c->n)
		return;
	for (i = 0; i < c->n; i++)
		c->x[i] = at[i].x;
	for (i = 0; i < c->n; i++)
		for (k = i + 1; k < c->n; k++)
			if (c->x[k] < c->x[i]) {
				int32_t x = c->x[i];

				c->x[i] = c->x[k];
				c->x[k] = x;
			}
	c->aligned = 1;
}

/*
 * "Vự" beside "Chồng": a heading of one word, a letter wrong, where another
 * of the type's headings stands in the same row.
 */
static int
misread_heading(const struct sh_find *f, uint32_t seg)
{
	const struct sh_atom *a = &f->v.atom[f->v.seg[seg].first];
	size_t i, n = strlen(a->fold);
	int k;

	for (i = 0; i < f->heads.n && a->flags & SH_ATOM_CAPITAL; i++) {
		const struct sh_phrase *p = &f->heads.phrase[i];

		if (p->nwords != 1 || f->head_contexts[i] == 0 ||
		    p->fold[0] != a->fold[0] ||
		    sh_edit_distance(p->fold, p->len, a->fold, n, 1) != 1)
			continue;
		for (k = 0; k < (int)f->ncontexts; k++)
			if (f->head_contexts[i] >> k & 1)
				return (k);
	}
	return (-1);
}

/*
 * Two or more people's headings side by side are the head of a table, if
 * entries stand below; else each opens its own column.
 */
static int
add_columns(struct sh_find *f, uint32_t row)
{
	const struct sh_view *v = &f->v;
	const struct sh_row *r = &v->row[row];
	struct sh_columns c = { .row = row + 1 };
	uint32_t seg, i;
	int k, known = 0;

	for (seg = r->first; seg < r->first + r->n; seg++)
		known |= v->seg[seg].n == 1 && heading_context(f, seg) >= 0;
	for (seg = r->first; seg < r->first + r->n; seg++) {
		k = heading_context(f, seg);
		if (k < 0 && known && v->seg[seg].n == 1)
			k = misread_heading(f, seg);
		if (k < 0 || v->seg[seg].n > 4)
			continue;
		/* A heading of the rows may name the first column too. */
		if (c.n > 0 && c.context[c.n - 1] == k)
			c.n--;
		if (c.n < SH_COLUMNS_MAX) {
			c.context[c.n] = k;
			c.x[c.n++] = v->seg[seg].box.x;
		}
	}
	if (c.n < 2)
		return (0);
	for (i = row + 1; i < v->nrows && v->row[i].page == r->page; i++) {
		const struct sh_row *b = &v->row[i];
		int again = 0;

		for (seg = b->first; seg < b->first + b->n; seg++)
			again += heading_context(f, seg) >= 0;
		if (again >= 2)
			break;
	}
	c.end = i;
	align_columns(v, &c);
	if (sh_grow(&f->columns, &f->capcolumns, f->ncolumns + 1,
	    sizeof(*f->columns), "contexts", f->err))
		return (-1);
	f->columns[f->ncolumns++] = c;
	return (1);
}

/*
 * "Bằng giấy này tôi ủy quyền cho bà …": what names somebody in the middle of
 * a sentence; -1 where the atom begins nothing such.
 */
static int
running_context(const struct sh_find *f, uint32_t at, uint32_t stop)
{
	const struct sh_phrase *p;
	uint32_t atoms[8], k;
	struct sh_match m;
	int n;

	for (k = 0; k < SH_COUNT(atoms) && at + k < stop; k++)
		atoms[k] = at + k;
	if (!sh_phrases_match(&f->heads, &f->v, atoms, k, &m) || m.errors > 0)
		return (-1);
	p = &f->heads.phrase[m.phrase];
	if (p->nwords < 3 || strstr(p->fold, "cho") == NULL)
		return (-1);
	for (n = 0; n < (int)f->ncontexts; n++)
		if (f->head_contexts[m.phrase] >> n & 1)
			return (n);
	return (-1);
}

int
sh_find_contexts(struct sh_find *f)
{
	const struct sh_view *v = &f->v;
	uint32_t row, seg, i;
	int k, table, next = -1;

	for (row = 0; row < v->nrows; row++) {
		const struct sh_row *r = &v->row[row];

		if (f->row_out[row])
			continue;
		/* A sentence goes on at the left. */
		if (next >= 0 && add_opener(f, row, 0, next))
			return (-1);
		next = -1;
		if (sh_find_testimony(v, row) && add_opener(f, row, 0, -1))
			return (-1);
		if ((table = r->n > 1 ? add_columns(f, row) : 0) < 0)
			return (-1);
		for (seg = r->first; seg < r->first + r->n; seg++) {
			const struct sh_seg *s = &v->seg[seg];

			k = heading_context(f, seg);
			if (k != -1 && !table && add_opener(f, row,
			    s->box.x, k == -2 ? -1 : k))
				return (-1);
			for (i = s->first; k < 0 && i < s->first + s->n; i++) {
				int c = running_context(f, i, s->first + s->n);

				if (c >= 0 && add_opener(f, row,
				    v->atom[i].box.x, c))
					return (-1);
				next = c >= 0 ? c : next;
			}
			for (i = s->first; i < s->first + s->n; i++) {
				const struct sh_occ *o;

				if (f->occ_at[i] == 0)
					continue;
				o = &f->occ[f->occ_at[i] - 1];
				/* A heading says more than words in it. */
				if (o->context < 0 || (k >= 0 && i < s->first
				    + 3) || f->line_contexts >> o->context & 1)
					continue;
				if (add_opener(f, row, v->atom[i].box.x,
				    o->context))
					return (-1);
			}
		}
	}
	return (0);
}

/* The label heads a row: it ends left of the columns, cells follow. */
static int
heads_row(const struct sh_find *f, const struct sh_atom *a,
    const struct sh_columns *c)
{
	const struct sh_view *v = &f->v;
	const struct sh_row *r = &v->row[a->row];
	const struct sh_box *b = &v->seg[a->seg].box;
	uint32_t next = a->seg + 1;

	return (a->seg == r->first && r->n > 1 && b->x + b->w < c->x[0] +
	    r->h && v->seg[next].box.x >= c->x[0] - 2 * r->h &&
	    f->occ_at[v->seg[next].first] == 0);
}

/* The person in whose column of a table the atom stands; -1: in none. */
static int
column_context(const struct sh_find *f, const struct sh_atom *a)
{
	int32_t tol = f->v.pages[a->page]->width_px / 20;
	size_t i, k;

	for (i = 0; i < f->ncolumns; i++) {
		const struct sh_columns *c = &f->columns[i];

		if (a->row < c->row || a->row >= c->end)
			continue;
		if (heads_row(f, a, c))
			return (SH_IN_TABLE);
		for (k = c->n; k > 0; k--)
			if (a->box.x >= c->x[k - 1] - tol)
				return (c->context[k - 1]);
	}
	return (-1);
}

int
sh_find_occ_context(const struct sh_find *f, const struct sh_occ *o)
{
	const struct sh_view *v = &f->v;
	const struct sh_atom *a = &v->atom[o->first];
	int32_t tol = v->pages[a->page]->width_px / 20;
	uint32_t row;
	size_t i, k, best;
	int column;

	if (o->context >= 0)
		return (o->context);
	if ((column = column_context(f, a)) != -1)
		return (column);
	for (i = f->nopener; i > 0; i = k) {
		/* The openers of one row together. */
		row = f->opener[i - 1].row;
		for (k = i; k > 0 && f->opener[k - 1].row == row; k--)
			;
		if (row > a->row)
			continue;
		for (best = i; best > k; best--) {
			const struct sh_opener *op = &f->opener[best - 1];

			if (row == a->row ? op->x <= a->box.x :
			    op->x <= a->box.x + tol)
				return (op->context);
			/* Alone in its row and not far right of it. */
			if (row < a->row && i - k == 1 && op->x <=
			    a->box.x + 6 * tol)
				return (op->context);
		}
	}
	return (-1);
}
