/* Where the value of a label stands: behind it, below it, in its column. */
#include "ocr/fields_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

static void
push(struct sh_span *s, uint32_t atom)
{
	if (s->n < SH_SPAN_MAX)
		s->atom[s->n++] = atom;
}

/* Does the label at the atom end the value before it? */
static int
ends_value(const struct sh_find *f, uint32_t atom, int prose)
{
	const struct sh_occ *o;

	if (f->occ_at[atom] == 0)
		return (0);
	o = &f->occ[f->occ_at[atom] - 1];
	return (o->colon || o->leads ||
	    (!prose && !sh_find_honorific(f, o)));
}

/* Atoms [from, end) up to the next label; 0 when a label cut them off. */
static int
push_until_label(const struct sh_find *f, struct sh_span *s, uint32_t from,
    uint32_t end, int prose)
{
	uint32_t i;

	for (i = from; i < end; i++) {
		if (ends_value(f, i, prose)) {
			/* Its numbering is not the value's. */
			while (s->n > 0 && s->atom[s->n - 1] + 1 == i &&
			    i > from && strlen(f->v.atom[i - 1].fold) <= 2 &&
			    f->v.atom[i - 1].flags & (SH_ATOM_STOP |
			    SH_ATOM_SHUT) && f->v.atom[i - 1].flags &
			    SH_ATOM_DIGITS) {
				s->n--;
				i--;
			}
			return (0);
		}
		push(s, i);
	}
	return (1);
}

int
sh_find_stop(const struct sh_atom *a)
{
	static const char *const words[] = { "tp", "tx", "tt", "tnhh", "ths",
	    "bs", "gs", "pgs", "st", "ttr", "mr", "ms", "mrs", "ks", "ls",
	    "cty", "dn", "dt", "kp", NULL };
	size_t i;

	if (!(a->flags & SH_ATOM_STOP) || strlen(a->fold) < 2 ||
	    (a->flags & SH_ATOM_UPPER && !(a->flags & SH_ATOM_DIGITS)))
		return (0);
	for (i = 0; words[i] != NULL; i++)
		if (strcmp(a->fold, words[i]) == 0)
			return (0);
	return (1);
}

static uint32_t
seg_end(const struct sh_view *v, uint32_t seg)
{
	return (v->seg[seg].first + v->seg[seg].n);
}

/* The segment's first word that is not its numbering. */
static int
begins_with_label(const struct sh_find *f, uint32_t seg)
{
	const struct sh_seg *s = &f->v.seg[seg];
	uint32_t i;

	for (i = s->first; i < s->first + s->n && i < s->first + 3; i++)
		if (f->occ_at[i] != 0 && f->occ[f->occ_at[i] - 1].leads)
			return (1);
	return (0);
}

/* "- Vị trí", "3. …", "b) …", "Điều 2", "II." begin something new. */
static int
begins_item(const struct sh_view *v, uint32_t seg)
{
	const struct sh_seg *s = &v->seg[seg];
	const struct sh_atom *a = &v->atom[s->first];
	size_t n = strlen(a->fold);

	if (a->flags & SH_ATOM_DASH)
		return (1);
	if (a->flags & (SH_ATOM_STOP | SH_ATOM_SHUT) && s->n > 1 &&
	    !((a + 1)->flags & SH_ATOM_GLUED) &&
	    ((a->flags & SH_ATOM_DIGITS && n <= 2) || n == 1 ||
	    (a->flags & SH_ATOM_UPPER && strspn(a->fold, "ivx") == n)))
		return (1);
	return (strcmp(a->fold, "dieu") == 0 && s->n > 1 &&
	    (a + 1)->flags & SH_ATOM_DIGITS);
}

/* "Bắc Ninh, ngày 05 tháng 02 năm 2025" alone in its segment. */
static int
is_date_line(const struct sh_view *v, uint32_t seg)
{
	const struct sh_seg *s = &v->seg[seg];
	uint32_t i, day = 0, month = 0, year = 0;

	if (s->n > 14)
		return (0);
	for (i = s->first; i < s->first + s->n; i++) {
		day |= strncmp(v->atom[i].fold, "ngay", 4) == 0;
		month |= strncmp(v->atom[i].fold, "thang", 5) == 0;
		year |= strcmp(v->atom[i].fold, "nam") == 0;
	}
	return (day + month + year >= 2 && month);
}

/* Bits of a stamp: a few letters at most, and not the word "Nữ". */
static int
is_scrap(const struct sh_view *v, uint32_t seg)
{
	const struct sh_seg *s = &v->seg[seg];
	size_t n = 0;
	uint32_t i;

	for (i = s->first; i < s->first + s->n; i++) {
		if (v->atom[i].flags & SH_ATOM_DIGITS)
			return (0);
		n += strlen(v->atom[i].fold);
	}
	return (n <= 2 && strcmp(v->atom[s->first].fold, "nu") != 0);
}

/*
 * The next segment below ROW that stands under [x0, x1), leftmost in its row
 * and not further than LINES; or SH_NONE.
 */
static uint32_t
seg_under(const struct sh_find *f, uint32_t row, int32_t x0, int32_t x1,
    int lines)
{
	const struct sh_view *v = &f->v;
	const struct sh_row *from = &v->row[row];
	uint32_t seg;

	for (row++; row < v->nrows && v->row[row].page == from->page &&
	    v->row[row].y - from->y <= lines * from->h; row++) {
		const struct sh_row *r = &v->row[row];

		if (f->row_out[row])
			return (SH_NONE);
		for (seg = r->first; seg < r->first + r->n; seg++) {
			const struct sh_box *b = &v->seg[seg].box;

			if (b->x < x1 && b->x + b->w > x0 &&
			    !is_scrap(v, seg))
				return (seg);
		}
	}
	return (SH_NONE);
}

/* A place does not end with the word for its kind. */
static int
wants_more(const struct sh_atom *a)
{
	static const char *const words[] = { "phố", "tỉnh", "xã", "phường",
	    "huyện", "quận", "thị", "trấn", "đường", "thôn", "ấp", "tổ",
	    "khu", "Thành", "Tỉnh", "TP.", "TP", "của", "và", "về", "cho",
	    "tại", NULL };
	size_t i;

	for (i = 0; words[i] != NULL; i++)
		if (strcmp(a->text, words[i]) == 0)
			return (1);
	return (0);
}

/*
 * "tỉnh Phú" / "Yên": the last part of an address is no province until the
 * next word comes.
 */
static int
parts_province(const struct sh_find *f, const struct sh_span *s,
    const struct sh_atom *next)
{
	char text[64], whole[96];
	size_t i, n, len = 0;

	for (i = s->n; i > 0 && s->n - i < 5 && (i == s->n || !(f->v.atom[
	    s->atom[i - 1]].flags & SH_ATOM_COMMA)); i--)
		;
	for (; i < s->n; i++) {
		const char *fold = f->v.atom[s->atom[i]].fold;

		n = strlen(fold);
		if (len + n + 2 > sizeof(text))
			return (0);
		if (len > 0)
			text[len++] = ' ';
		memcpy(text + len, fold, n);
		len += n;
	}
	text[len] = '\0';
	(void)snprintf(whole, sizeof(whole), "%s %.30s", text, next->fold);
	return (!sh_province_known(text) && sh_province_known(whole));
}

static int
begins_small(const struct sh_atom *a)
{
	uint32_t cp;

	return (!(a->flags & (SH_ATOM_CAPITAL | SH_ATOM_DIGITS)) &&
	    sh_utf8_get(a->text, a->text + strlen(a->text), &cp) > 0 &&
	    !(cp >= '0' && cp <= '9') && strlen(a->fold) > 1);
}

/* "Căn cứ:": a label that the catalogue does not know. */
static int
begins_like_label(const struct sh_view *v, uint32_t seg)
{
	const struct sh_seg *s = &v->seg[seg];
	uint32_t i;

	if (!(v->atom[s->first].flags & SH_ATOM_CAPITAL))
		return (0);
	for (i = s->first; i < s->first + s->n && i < s->first + 5; i++)
		if (v->atom[i].flags & SH_ATOM_COLON &&
		    !(v->atom[i].flags & SH_ATOM_DIGITS))
			return (1);
	return (0);
}

/*
 * Does the line that the span's last atom ends run on?  It is full, ends
 * with a comma, or the next begins small.
 */
static int
runs_on(const struct sh_find *f, const struct sh_span *s, uint32_t next)
{
	const struct sh_view *v = &f->v;
	const struct sh_atom *last = &v->atom[s->atom[s->n - 1]];
	const struct sh_atom *a = &v->atom[v->seg[next].first];
	const struct sh_seg *own = &v->seg[last->seg];
	int32_t right = v->right[last->page], h = v->row[last->row].h;

	if (sh_find_stop(last) && !begins_small(a))
		return (0);
	if (begins_with_label(f, next) || begins_item(v, next) ||
	    is_date_line(v, next))
		return (0);
	/* A new remark in brackets. */
	if (a->flags & SH_ATOM_OPEN && a->flags & SH_ATOM_CAPITAL)
		return (0);
	/* An office in capitals is no end of a sentence. */
	if (sh_view_is_upper(v, next) && !(last->flags & SH_ATOM_UPPER &&
	    strlen(last->fold) > 1))
		return (0);
	/* "thành phố" / "Cần Thơ:" is a speck behind a name. */
	if (begins_like_label(v, next) && !(wants_more(last) && v->atom[
	    v->seg[next].first + v->seg[next].n - 1].flags & SH_ATOM_COLON))
		return (0);
	/* A name in capitals does not go on in small letters. */
	if (s->n > 1 && last->flags & (last - 1)->flags & SH_ATOM_UPPER &&
	    strlen(last->fold) > 1 && strlen((last - 1)->fold) > 1 &&
	    !(last->flags & SH_ATOM_COMMA) && !(a->flags & (SH_ATOM_UPPER |
	    SH_ATOM_DIGITS)))
		return (0);
	/* A signature's block stands far to the right. */
	if (v->seg[next].box.x > own->box.x + 10 * h &&
	    v->seg[next].box.x > v->pages[last->page]->width_px * 2 / 5)
		return (0);
	if (last->flags & SH_ATOM_COMMA || wants_more(last) ||
	    begins_small(a) || parts_province(f, s, a))
		return (1);
	/* Full: the next line's first word would not have fitted. */
	if (v->row[last->row].first + v->row[last->row].n - 1 == last->seg)
		return (last->box.x + last->box.w + a->box.w + h > right);
	return (0);
}

/*
 * In a table a new entry begins where text stands below the label's own
 * segment LABEL again.
 */
static int
is_new_entry(const struct sh_find *f, uint32_t label, uint32_t seg)
{
	const struct sh_view *v = &f->v;
	const struct sh_row *r = &v->row[v->seg[seg].row];

	return (seg != r->first && !is_scrap(v, r->first) &&
	    abs(v->seg[r->first].box.x - v->seg[label].box.x) <= 2 * r->h);
}

/* Let a span that ends at its line's end go on below. */
static void
wrap(const struct sh_find *f, struct sh_span *s, uint32_t label, int lines,
    int prose)
{
	const struct sh_view *v = &f->v;
	uint32_t seg;

	while (lines-- > 0 && s->n > 0 && s->n < SH_SPAN_MAX) {
		const struct sh_atom *last = &v->atom[s->atom[s->n - 1]];
		const struct sh_seg *own = &v->seg[last->seg];

		/* Below its own segment, or back at the left margin. */
		seg = seg_under(f, last->row, own->box.x, own->box.x +
		    own->box.w, 3);
		if ((seg == SH_NONE || v->seg[seg].row > last->row + 1) &&
		    last->row + 1 < v->nrows &&
		    v->row[last->row + 1].n == 1 &&
		    !f->row_out[last->row + 1] &&
		    v->row[last->row + 1].page == last->page &&
		    v->row[last->row + 1].y - v->row[last->row].y <
		    3 * v->row[last->row].h &&
		    own == &v->seg[v->row[own->row].first +
		    v->row[own->row].n - 1])
			seg = v->row[last->row + 1].first;
		if (seg == SH_NONE || !runs_on(f, s, seg) ||
		    is_new_entry(f, label, seg))
			return;
		s->wraps = 1;
		if (!push_until_label(f, s, v->seg[seg].first,
		    seg_end(v, seg), prose))
			return;
	}
}

/* Left of where the row's next label begins. */
void
sh_find_span_below(const struct sh_find *f, const struct sh_occ *o,
    struct sh_span *s)
{
	const struct sh_view *v = &f->v;
	const struct sh_atom *a = &v->atom[o->first];
	const struct sh_row *r = &v->row[a->row];
	int32_t x0 = (o->leads ? v->seg[a->seg].box.x : a->box.x) - r->h;
	int32_t limit = INT32_MAX;
	uint32_t row, seg, i;
	int alone = 1;

	memset(s, 0, sizeof(*s));
	s->below = 1;
	for (i = o->end; i < seg_end(v, r->first + r->n - 1); i++)
		if (f->occ_at[i] != 0) {
			limit = v->atom[i].box.x - r->h / 2;
			alone = 0;
			break;
		}
	/* The head of a table's column stands in its middle. */
	if (!o->colon && r->n > 2 && a->seg > r->first &&
	    v->atom[o->end - 1].seg == a->seg) {
		x0 = v->seg[a->seg - 1].box.x + v->seg[a->seg - 1].box.w;
		if (a->seg + 1 < r->first + r->n) {
			limit = v->seg[a->seg + 1].box.x - r->h;
			alone = 0;
		}
	}
	/* Alone in its row: what begins far to the right is not below it. */
	if (alone)
		limit = v->seg[a->seg].box.x + v->seg[a->seg].box.w +
		    6 * r->h;
	for (row = a->row + 1; row < v->nrows && v->row[row].page ==
	    a->page && v->row[row].y - r->y <= 4 * r->h &&
	    !f->row_out[row]; row++) {
		for (seg = v->row[row].first; seg < v->row[row].first +
		    v->row[row].n; seg++) {
			const struct sh_seg *b = &v->seg[seg];

			if (b->box.x + b->box.w <= x0 || b->box.x >= limit ||
			    is_scrap(v, seg))
				continue;
			for (i = b->first; i < b->first + b->n; i++) {
				if (f->occ_at[i] != 0 &&
				    (i == b->first || i > b->first + 2))
					return;
				/* "7. Nơi tạm trú:" */
				if (i == b->first && i + 1 < b->first + b->n &&
				    f->occ_at[i + 1] != 0 &&
				    sh_find_numbering(&v->atom[i]))
					return;
				if (v->atom[i].box.x >= x0 && (alone ||
				    v->atom[i].box.x < limit))
					push(s, i);
			}
			if (s->n > 0)
				return;
		}
	}
}

/* "06 ...... tháng 04 ...... năm 2009": leaders part what belongs together. */
static int
goes_on_with_date(const struct sh_view *v, const struct sh_span *s,
    uint32_t seg)
{
	const char *word = v->atom[v->seg[seg].first].fold;

	return (v->atom[s->atom[s->n - 1]].flags & SH_ATOM_DIGITS &&
	    (strcmp(word, "thang") == 0 || strcmp(word, "nam") == 0));
}

void
sh_find_span(const struct sh_find *f, const struct sh_occ *o, int lines,
    int prose, struct sh_span *s)
{
	const struct sh_view *v = &f->v;
	uint32_t seg = v->atom[o->end - 1].seg, row = v->seg[seg].row, last;
	uint32_t from = o->end, last_of;
	int open;

	memset(s, 0, sizeof(*s));
	last = v->row[row].first + v->row[row].n - 1;
	/* "Nội dung: Họ, chữ đệm, tên: từ …": a label is what it is about. */
	if (prose && o->colon && from < seg_end(v, seg) && f->occ_at[from] != 0)
		for (last_of = f->occ[f->occ_at[from] - 1].end; from <
		    last_of && from < seg_end(v, seg); from++)
			push(s, from);
	open = push_until_label(f, s, from, seg_end(v, seg), prose);
	/* Running text goes on below, a form to the right. */
	if (open && s->n == 0 && !o->leads) {
		uint32_t next = seg_under(f, row, v->seg[seg].box.x,
		    v->seg[seg].box.x + v->seg[seg].box.w, 3);

		if (next != SH_NONE && !begins_with_label(f, next) &&
		    push_until_label(f, s, v->seg[next].first,
		    seg_end(v, next), prose))
			wrap(f, s, seg, lines, prose);
		if (s->n > 0 || !o->colon)
			return;
	}
	for (; open && seg < last; seg++) {
		const struct sh_box *b = &v->seg[seg + 1].box;
		int32_t gap = b->x - (v->seg[seg].box.x + v->seg[seg].box.w);

		/* A value that stands already does not leap to a column. */
		if (s->n > 0 && gap > 6 * v->row[row].h &&
		    !goes_on_with_date(v, s, seg + 1))
			break;
		open = push_until_label(f, s, v->seg[seg + 1].first,
		    seg_end(v, seg + 1), prose);
	}
	if (s->n == 0)
		sh_find_span_below(f, o, s);
	if (open && s->n > 0)
		wrap(f, s, v->atom[o->first].seg, lines, prose);
}

/* Atoms of ROW behind the label, one run for each column. */
static size_t
cut_cells(const struct sh_find *f, uint32_t from, uint32_t row,
    const struct sh_columns *c, uint32_t start[SH_COLUMNS_MAX + 1])
{
	const struct sh_view *v = &f->v;
	uint32_t end = seg_end(v, v->row[row].first + v->row[row].n - 1), i;
	int32_t gap[SH_COLUMNS_MAX - 1];
	uint32_t at[SH_COLUMNS_MAX - 1];
	size_t n = 0, k, j;

	start[0] = from;
	/* Where the table's cells begin, if they do in this row. */
	for (i = from + 1, n = 1; c->aligned && i < end && n < c->n; i++)
		if (abs(v->atom[i].box.x - c->x[n]) <= v->row[row].h &&
		    !(v->atom[i].flags & SH_ATOM_GLUED))
			start[n++] = i;
	if (n == c->n && c->aligned) {
		start[n] = end;
		return (n);
	}
	n = 0;
	/* The widest gaps are the borders; few atoms, few columns. */
	for (i = from + 1; i < end; i++) {
		const struct sh_atom *a = &v->atom[i - 1], *b = &v->atom[i];
		int32_t w = b->box.x - (a->box.x + a->box.w);

		if (b->flags & SH_ATOM_GLUED || w < v->row[row].h / 3)
			continue;
		/* Where a column's head begins a border is likelier. */
		for (k = 1; k < c->n; k++)
			if (abs(b->box.x - c->x[k]) < 3 * v->row[row].h)
				w += 4 * v->row[row].h;
		if (b->seg != a->seg)
			w += 2 * v->row[row].h;
		for (k = 0; k < n && gap[k] >= w; k++)
			;
		if (k >= c->n - 1)
			continue;
		for (j = n < c->n - 1 ? n++ : n - 1; j > k; j--) {
			gap[j] = gap[j - 1];
			at[j] = at[j - 1];
		}
		gap[k] = w;
		at[k] = i;
	}
	for (k = 0; k < n; k++)
		for (j = k + 1; j < n; j++)
			if (at[j] < at[k]) {
				uint32_t t = at[k];

				at[k] = at[j];
				at[j] = t;
			}
	for (k = 0; k < n; k++)
		start[k + 1] = at[k];
	start[n + 1] = end;
	return (n + 1);
}

/* The rest of the cell in the rows below, where no new label begins. */
static void
cell_below(const struct sh_find *f, uint32_t row, int32_t x0, int32_t x1,
    int32_t label, int lines, struct sh_span *s)
{
	const struct sh_view *v = &f->v;
	uint32_t seg, i, page = v->row[row].page;

	for (row++; lines-- > 0 && row < v->nrows && v->row[row].page ==
	    page && !f->row_out[row]; row++) {
		const struct sh_row *r = &v->row[row];

		if (r->y - v->row[row - 1].y > 3 * r->h ||
		    v->seg[r->first].box.x < label + r->h)
			return;
		s->wraps = 1;
		for (seg = r->first; seg < r->first + r->n; seg++)
			for (i = v->seg[seg].first; i < seg_end(v, seg); i++)
				if (v->atom[i].box.x >= x0 - r->h &&
				    v->atom[i].box.x < x1 - r->h)
					push(s, i);
	}
}

void
sh_find_cell(const struct sh_find *f, const struct sh_occ *o,
    const struct sh_columns *c, size_t k, int lines, struct sh_span *s)
{
	const struct sh_view *v = &f->v;
	uint32_t row = v->atom[o->first].row, start[SH_COLUMNS_MAX + 1], i;
	size_t n, j, best = 0;

	memset(s, 0, sizeof(*s));
	if (o->end >= seg_end(v, v->row[row].first + v->row[row].n - 1))
		return;
	n = cut_cells(f, o->end, row, c, start);
	if (n == c->n) {
		for (i = start[k]; i < start[k + 1]; i++)
			push(s, i);
		if (lines > 0)
			cell_below(f, row, v->atom[start[k]].box.x, k + 1 <
			    n ? v->atom[start[k + 1]].box.x : INT32_MAX,
			    v->atom[o->first].box.x, lines, s);
		return;
	}
	/* One value only: whose it is, its place tells. */
	if (n != 1 || start[0] >= start[1])
		return;
	for (j = 1; j < c->n; j++)
		if (abs(v->atom[start[0]].box.x - c->x[j]) <
		    abs(v->atom[start[0]].box.x - c->x[best]))
			best = j;
	for (i = start[0]; best == k && i < start[1]; i++)
		push(s, i);
}
