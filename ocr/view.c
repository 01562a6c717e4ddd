#include "ocr/view.h"

#include <stdlib.h>
#include <string.h>

#include <unictype.h>

#include "base/mem.h"
#include "base/text.h"

#define BLOCK	65536

/* While it is built: segments as found, before they have a row. */
struct piece {
	uint32_t first, n;	/* atoms */
	struct sh_box box;
	double y;		/* base line, slope taken out */
	int32_t h;
};

struct builder {
	struct sh_view *v;
	size_t capatoms;
	struct piece *piece;
	size_t npieces, cappieces;
	struct sh_error *err;
};

/* LEN bytes of the view's memory; pieces of one view are freed together. */
static char *
keep(struct builder *b, size_t len)
{
	struct sh_view *v = b->v;
	char *p;

	if (len > BLOCK) {
		(void)sh_error_set(b->err, SH_ELIMIT, "reading.word",
		    "a word of %zu bytes", len);
		return (NULL);
	}
	if (v->nblocks == 0 || v->used + len > BLOCK) {
		if (sh_grow(&v->block, &v->capblocks, v->nblocks + 1,
		    sizeof(*v->block), "view", b->err) ||
		    (p = sh_alloc(BLOCK, 1, "view", b->err)) == NULL)
			return (NULL);
		v->block[v->nblocks++] = p;
		v->used = 0;
	}
	p = v->block[v->nblocks - 1] + v->used;
	v->used += len;
	return (p);
}

static const char *
keep_text(struct builder *b, const char *s, size_t len)
{
	char *p = keep(b, len + 1);

	if (p != NULL) {
		memcpy(p, s, len);
		p[len] = '\0';
	}
	return (p);
}

/* A leader is what forms print to write upon: dots, underscores. */
static int
is_leader(uint32_t cp)
{
	return (cp == '.' || cp == '_' || cp == 0x2026 || cp == 0xb7 ||
	    cp == 0x2022);
}

static int
is_border(uint32_t cp)
{
	return (cp == '|' || cp == '[' || cp == ']' || cp == '{' ||
	    cp == '}');
}

static int
is_letter_or_digit(uint32_t cp)
{
	return (cp < 0x80 ? (cp >= '0' && cp <= '9') ||
	    (cp >= 'a' && cp <= 'z') || (cp >= 'A' && cp <= 'Z') :
	    uc_is_alnum(cp) || uc_is_general_category(cp, UC_CATEGORY_M));
}

/* Where a word is cut: [at, end) with its letters in [core, stop). */
struct cut {
	const char *at, *core, *stop, *end;
};

/*
 * The next atom of a word at P: punctuation before it, letters or digits,
 * punctuation behind.  '<' counts as a letter, it fills machine lines.
 * 0 when nothing with a letter is left.
 */
static int
next_atom(const char *p, const char *end, struct cut *c)
{
	uint32_t cp;
	size_t n;

	c->at = p;
	for (; (n = sh_utf8_get(p, end, &cp)) > 0; p += n)
		if (is_letter_or_digit(cp) || cp == '<')
			break;
	if (n == 0)
		return (0);
	for (c->core = p; (n = sh_utf8_get(p, end, &cp)) > 0; p += n)
		if (!is_letter_or_digit(cp) && cp != '<')
			break;
	for (c->stop = p; (n = sh_utf8_get(p, end, &cp)) > 0; p += n)
		if (is_letter_or_digit(cp) || cp == '<' || cp == '(' ||
		    is_border(cp))
			break;
	c->end = p;
	return (1);
}

/* The flags of letters [core, stop). */
static uint32_t
look(const struct cut *c)
{
	const char *p = c->core;
	uint32_t cp, flags = 0;
	size_t n, upper = 0, lower = 0, digits = 0, others = 0;

	for (; (n = sh_utf8_get(p, c->stop, &cp)) > 0; p += n) {
		if (cp >= '0' && cp <= '9')
			digits++;
		else if (uc_is_upper(cp))
			upper++;
		else if (uc_is_lower(cp))
			lower++;
		else if (!uc_is_general_category(cp, UC_CATEGORY_M))
			others++;
		if (p == c->core && uc_is_upper(cp))
			flags |= SH_ATOM_CAPITAL;
	}
	if (digits > 0 && upper + lower + others == 0)
		flags |= SH_ATOM_DIGITS;
	if (upper > 0 && lower == 0)
		flags |= SH_ATOM_UPPER;
	return (flags);
}

/* The flags of the punctuation around the letters. */
static uint32_t
surround(const struct cut *c)
{
	const char *p;
	uint32_t cp, flags = 0;
	size_t n;

	for (p = c->at; (n = sh_utf8_get(p, c->core, &cp)) > 0; p += n) {
		if (cp == '(')
			flags |= SH_ATOM_OPEN;
		if (cp == '-' || cp == 0x2013 || cp == 0x2014)
			flags |= SH_ATOM_DASH;
	}
	for (p = c->stop; (n = sh_utf8_get(p, c->end, &cp)) > 0; p += n) {
		if (cp == ':')
			flags |= SH_ATOM_COLON;
		else if (cp == '/')
			flags |= SH_ATOM_SLASH;
		else if (cp == ',' || cp == ';')
			flags |= SH_ATOM_COMMA;
		else if (cp == '.')
			flags |= SH_ATOM_STOP;
		else if (cp == ')')
			flags |= SH_ATOM_SHUT;
	}
	return (flags);
}

/* Where text ends when leaders and borders at its end are left out. */
static const char *
trim_end(const struct cut *c)
{
	const char *p = c->stop, *end = c->stop;
	uint32_t cp;
	size_t n, run = 0;

	for (; (n = sh_utf8_get(p, c->end, &cp)) > 0; p += n) {
		if (is_border(cp))
			break;
		run = is_leader(cp) ? run + 1 : 0;
		/* One full stop is text, two are a leader. */
		if (run >= 2)
			return (end > c->stop && end[-1] == '.' ? end - 1 :
			    end);
		end = p + n;
	}
	return (end);
}

static int
add_atom(struct builder *b, const struct sh_word *w, const struct cut *c,
    size_t wordlen, uint32_t page, int glued)
{
	struct sh_view *v = b->v;
	struct sh_buf fold = SH_BUF_INIT;
	struct sh_atom *a;
	const char *from = c->core, *end = trim_end(c), *p, *start = w->text;
	size_t k, n;
	int rc = -1;

	if (sh_grow(&v->atom, &b->capatoms, v->natoms + 1, sizeof(*v->atom),
	    "view", b->err))
		return (-1);
	a = &v->atom[v->natoms];
	memset(a, 0, sizeof(*a));
	/* Of what stands before, an opening bracket or quote is text. */
	for (p = c->at; p < c->core; p++)
		if (from == c->core && (*p == '(' || *p == '+' ||
		    *p == '"' || *p == '\'' || (*p == '\xe2' &&
		    c->core - p >= 3 && (p[2] == '\x9c' || p[2] == '\x98'))))
			from = p;
	if (sh_text_fold(c->core, (size_t)(c->stop - c->core), &fold,
	    b->err))
		goto out;
	/* No word of ours has letters that stay foreign: stray marks. */
	for (k = n = 0; k < fold.len; k++)
		if (fold.data[k] != ' ' && fold.data[k] < 0x80)
			fold.data[n++] = fold.data[k];
	if (n == 0) {
		/* Only '<', or signs that fold to nothing. */
		if (sh_buf_puts(&fold, "<", b->err))
			goto out;
		n = 1;
	}
	if ((a->text = keep_text(b, from, (size_t)(end - from))) == NULL ||
	    (a->fold = keep_text(b, (char *)fold.data, n)) == NULL)
		goto out;
	a->box = w->box;
	if (wordlen > 0) {
		a->box.x += (int32_t)((int64_t)w->box.w * (c->at - start) /
		    (int64_t)wordlen);
		a->box.w = (int32_t)((int64_t)w->box.w * (c->end - c->at) /
		    (int64_t)wordlen);
		if (a->box.w < 1)
			a->box.w = 1;
	}
	a->confidence = w->confidence;
	a->flags = look(c) | surround(c) | (glued ? SH_ATOM_GLUED : 0);
	a->page = page;
	v->natoms++;
	rc = 0;
out:
	sh_buf_free(&fold);
	return (rc);
}

static int
is_dash(const char *s)
{
	return (strcmp(s, "-") == 0 || strcmp(s, "–") == 0 ||
	    strcmp(s, "—") == 0);
}

/* The punctuation of a word without letters belongs to the atom before. */
static void
add_signs(struct sh_view *v, size_t first, const char *s)
{
	struct sh_atom *a;

	if (v->natoms == first)
		return;
	a = &v->atom[v->natoms - 1];
	for (; *s != '\0'; s++) {
		if (*s == ':')
			a->flags |= SH_ATOM_COLON;
		else if (*s == '/')
			a->flags |= SH_ATOM_SLASH;
		else if (*s == ',' || *s == ';')
			a->flags |= SH_ATOM_COMMA;
	}
}

static int
starts_with_border(const char *s)
{
	return (is_border((unsigned char)*s));
}

static int
ends_with_border(const char *s)
{
	size_t n = strlen(s);

	return (n > 0 && is_border((unsigned char)s[n - 1]));
}

static int
end_piece(struct builder *b, size_t first, double y, int32_t h)
{
	struct sh_view *v = b->v;
	struct piece *p;
	size_t i;

	if (v->natoms == first)
		return (0);
	if (sh_grow(&b->piece, &b->cappieces, b->npieces + 1,
	    sizeof(*b->piece), "view", b->err))
		return (-1);
	p = &b->piece[b->npieces++];
	p->first = (uint32_t)first;
	p->n = (uint32_t)(v->natoms - first);
	p->box = v->atom[first].box;
	for (i = first + 1; i < v->natoms; i++)
		p->box = sh_box_union(p->box, v->atom[i].box);
	p->y = y;
	p->h = h;
	return (0);
}

static int
by_int(const void *a, const void *b)
{
	int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;

	return (x < y ? -1 : x > y);
}

/* The middle of at most 64 sampled heights of the line's words. */
static int32_t
line_height(const struct sh_page *p, const struct sh_line *l)
{
	int32_t h[64];
	size_t i, n = 0, step = l->nwords / 64 + 1;

	for (i = 0; i < l->nwords && n < 64; i += step)
		h[n++] = p->words[l->first + i].box.h;
	if (n == 0)
		return (1);
	qsort(h, n, sizeof(h[0]), by_int);
	return (h[n / 2] > 0 ? h[n / 2] : 1);
}

static double
baseline_at(const struct sh_line *l, int32_t x)
{
	const int32_t *b = l->baseline;

	if (b[2] <= b[0])
		return (l->box.y + l->box.h);
	return (b[1] + (double)(b[3] - b[1]) * (x - b[0]) / (b[2] - b[0]));
}

/* Cut a line into pieces where a gap or a border stands. */
static int
add_line(struct builder *b, const struct sh_page *p, const struct sh_line *l,
    uint32_t page, double slope)
{
	struct sh_view *v = b->v;
	int32_t h = line_height(p, l), right = 0, left = 0;
	size_t i, first = v->natoms, before;
	int dash = 0;

	for (i = l->first; i < (size_t)l->first + l->nwords; i++) {
		const struct sh_word *w = &p->words[i];
		const char *end = w->text + strlen(w->text);
		size_t len = (size_t)(end - w->text);
		struct cut c;
		int glued = 0;

		if (v->natoms >= SH_VIEW_ATOMS_MAX)
			break;
		before = v->natoms;
		if (v->natoms > first && (w->box.x - right > h * 8 / 5 ||
		    starts_with_border(w->text))) {
			if (end_piece(b, first, baseline_at(l,
			    (left + right) / 2) - slope * (left + right) / 2,
			    h))
				return (-1);
			first = v->natoms;
		}
		if (v->natoms == first)
			left = w->box.x;
		right = w->box.x + w->box.w;
		for (c.end = w->text; next_atom(c.end, end, &c); glued = 1) {
			/* A border inside cuts too. */
			if (glued && is_border((unsigned char)*c.at)) {
				if (end_piece(b, first, baseline_at(l,
				    (left + right) / 2) - slope *
				    (left + right) / 2, h))
					return (-1);
				first = v->natoms;
			}
			if (add_atom(b, w, &c, len, page, glued))
				return (-1);
		}
		/* "766 /QLN" was written into a printed form. */
		if (v->natoms > before && before > first && w->text[0] == '/')
			v->atom[before - 1].flags |= SH_ATOM_SLASH;
		if (dash && v->natoms > before)
			v->atom[before].flags |= SH_ATOM_DASH | SH_ATOM_APART;
		dash = !glued && is_dash(w->text);
		if (!glued && !dash)
			add_signs(v, first, w->text);
		if (ends_with_border(w->text) && v->natoms > first) {
			if (end_piece(b, first, baseline_at(l,
			    (left + right) / 2) - slope * (left + right) / 2,
			    h))
				return (-1);
			first = v->natoms;
		}
	}
	if (end_piece(b, first, baseline_at(l, (left + right) / 2) -
	    slope * (left + right) / 2, h))
		return (-1);
	return (0);
}

static int
by_double(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x < y ? -1 : x > y);
}

/* How the page's lines slope: the middle of its longer ones. */
static double
page_slope(const struct sh_page *p)
{
	double slope[256];
	size_t i, n = 0;

	for (i = 0; i < p->nlines && n < 256; i++) {
		const int32_t *b = p->lines[i].baseline;

		if (b[2] - b[0] > p->width_px / 5)
			slope[n++] = (double)(b[3] - b[1]) / (b[2] - b[0]);
	}
	if (n < 3)
		return (0);
	qsort(slope, n, sizeof(slope[0]), by_double);
	return (slope[n / 2] > -0.3 && slope[n / 2] < 0.3 ? slope[n / 2] : 0);
}

static int
by_y(const void *a, const void *b)
{
	const struct piece *x = a, *y = b;

	if (x->y != y->y)
		return (x->y < y->y ? -1 : 1);
	return (x->first < y->first ? -1 : 1);
}

static int
by_x(const void *a, const void *b)
{
	const struct piece *x = a, *y = b;

	if (x->box.x != y->box.x)
		return (x->box.x < y->box.x ? -1 : 1);
	return (x->first < y->first ? -1 : 1);
}

/* 1 if P stands beside all of the N pieces at ROW, not above or below. */
static int
fits_beside(const struct piece *row, size_t n, const struct piece *p)
{
	size_t i;

	for (i = 0; i < n && i < 64; i++) {
		int32_t lo = row[i].box.x > p->box.x ? row[i].box.x :
		    p->box.x;
		int32_t hi = row[i].box.x + row[i].box.w <
		    p->box.x + p->box.w ? row[i].box.x + row[i].box.w :
		    p->box.x + p->box.w;
		int32_t less = row[i].box.w < p->box.w ? row[i].box.w :
		    p->box.w;

		if (hi - lo > less / 3)
			return (0);
	}
	return (1);
}

/* Sort the page's pieces into rows and hand them to the view. */
static int
make_rows(struct builder *b, size_t first, uint32_t page, size_t *caprows,
    size_t *capsegs)
{
	struct sh_view *v = b->v;
	struct piece *p = b->piece + first;
	size_t n = b->npieces - first, i, k, start;

	qsort(p, n, sizeof(*p), by_y);
	for (start = 0; start < n; start = i) {
		struct sh_row *r;
		double y = p[start].y;
		int32_t h = p[start].h;

		for (i = start + 1; i < n; i++) {
			int32_t less = p[i].h < h ? p[i].h : h;

			if (p[i].y - y > 0.45 * less ||
			    !fits_beside(p + start, i - start, &p[i]))
				break;
			y += (p[i].y - y) / (double)(i - start + 1);
			if (p[i].n > 1 && p[i].h < h)
				h = p[i].h;
		}
		qsort(p + start, i - start, sizeof(*p), by_x);
		if (sh_grow(&v->row, caprows, v->nrows + 1, sizeof(*v->row),
		    "view", b->err) ||
		    sh_grow(&v->seg, capsegs, v->nsegs + (i - start),
		    sizeof(*v->seg), "view", b->err))
			return (-1);
		r = &v->row[v->nrows];
		r->first = (uint32_t)v->nsegs;
		r->n = (uint32_t)(i - start);
		r->page = page;
		r->y = (int32_t)y;
		r->h = h;
		for (k = start; k < i; k++)
			v->seg[v->nsegs++] = (struct sh_seg){ p[k].first,
			    p[k].n, (uint32_t)v->nrows, p[k].box };
		v->nrows++;
	}
	return (0);
}

/* Put the atoms into the order of the segments. */
static int
order_atoms(struct builder *b)
{
	struct sh_view *v = b->v;
	struct sh_atom *a;
	size_t i, k, n = 0;

	/* One more, empty: who looks behind an atom finds no sign there. */
	a = sh_alloc(v->natoms + 1, sizeof(*a), "view", b->err);
	if (a == NULL)
		return (-1);
	for (i = 0; i < v->nsegs; i++) {
		struct sh_seg *s = &v->seg[i];

		for (k = 0; k < s->n; k++) {
			a[n + k] = v->atom[s->first + k];
			a[n + k].seg = (uint32_t)i;
			a[n + k].row = s->row;
		}
		s->first = (uint32_t)n;
		n += s->n;
	}
	free(v->atom);
	v->atom = a;
	v->natoms = n;
	return (0);
}

/* Where the page's text begins and ends, and how high its letters are. */
static int
measure(struct builder *b)
{
	struct sh_view *v = b->v;
	int32_t *x;
	size_t i, page, n, row = 0, from;

	v->left = sh_alloc(v->npages, sizeof(*v->left), "view", b->err);
	v->right = sh_alloc(v->npages, sizeof(*v->right), "view", b->err);
	v->height = sh_alloc(v->npages, sizeof(*v->height), "view", b->err);
	x = sh_alloc(v->nrows, sizeof(*x), "view", b->err);
	if (v->left == NULL || v->right == NULL || v->height == NULL ||
	    x == NULL) {
		free(x);
		return (-1);
	}
	for (page = 0; page < v->npages; page++) {
		from = row;
		row = sh_view_page_end(v, (uint32_t)page);
		v->right[page] = v->pages[page]->width_px;
		v->height[page] = 1;
		if (row == from)
			continue;
		for (n = 0, i = from; i < row; i++)
			x[n++] = v->seg[v->row[i].first].box.x;
		qsort(x, n, sizeof(*x), by_int);
		v->left[page] = x[n / 10];
		for (n = 0, i = from; i < row; i++) {
			const struct sh_seg *s = &v->seg[v->row[i].first +
			    v->row[i].n - 1];

			x[n++] = s->box.x + s->box.w;
		}
		qsort(x, n, sizeof(*x), by_int);
		v->right[page] = x[n - 1 - n / 10];
		for (n = 0, i = from; i < row; i++)
			x[n++] = v->row[i].h;
		qsort(x, n, sizeof(*x), by_int);
		v->height[page] = x[n / 2] > 0 ? x[n / 2] : 1;
	}
	free(x);
	return (0);
}

int
sh_view_build(struct sh_view *v, const struct sh_page *const *pages,
    size_t npages, struct sh_error *err)
{
	struct builder b = { .v = v, .err = err };
	size_t i, k, first, caprows = 0, capsegs = 0;
	int rc = -1;

	memset(v, 0, sizeof(*v));
	v->pages = pages;
	v->npages = npages;
	for (i = 0; i < npages; i++) {
		const struct sh_page *p = pages[i];
		double slope = page_slope(p);

		first = b.npieces;
		if (p->state == SH_PAGE_READ)
			for (k = 0; k < p->nlines; k++)
				if (add_line(&b, p, &p->lines[k],
				    (uint32_t)i, slope))
					goto out;
		if (make_rows(&b, first, (uint32_t)i, &caprows, &capsegs))
			goto out;
	}
	rc = order_atoms(&b) || measure(&b) ? -1 : 0;
out:
	free(b.piece);
	if (rc != 0)
		sh_view_free(v);
	return (rc);
}

void
sh_view_free(struct sh_view *v)
{
	size_t i;

	for (i = 0; i < v->nblocks; i++)
		free(v->block[i]);
	free(v->block);
	free(v->atom);
	free(v->seg);
	free(v->row);
	free(v->left);
	free(v->right);
	free(v->height);
	memset(v, 0, sizeof(*v));
}

uint32_t
sh_view_page_end(const struct sh_view *v, uint32_t page)
{
	size_t lo = 0, hi = v->nrows, mid;

	while (lo < hi) {
		mid = (lo + hi) / 2;
		if (v->row[mid].page <= page)
			lo = mid + 1;
		else
			hi = mid;
	}
	return ((uint32_t)lo);
}

size_t
sh_view_join(const struct sh_view *v, uint32_t first, uint32_t end, char *out,
    size_t size)
{
	size_t len = 0, n;
	uint32_t i;

	for (i = first; i < end; i++) {
		n = strlen(v->atom[i].fold);
		if (len + n >= size)
			break;
		memcpy(out + len, v->atom[i].fold, n);
		len += n;
	}
	out[len] = '\0';
	return (len);
}

int
sh_view_is_upper(const struct sh_view *v, uint32_t seg)
{
	const struct sh_seg *s = &v->seg[seg];
	size_t i, upper = 0, all = 0, n;

	for (i = s->first; i < (size_t)s->first + s->n; i++) {
		const struct sh_atom *a = &v->atom[i];

		if (a->flags & SH_ATOM_DIGITS)
			continue;
		n = strlen(a->fold);
		all += n;
		if (a->flags & SH_ATOM_UPPER)
			upper += n;
	}
	return (all >= 4 && upper * 10 >= all * 7);
}
