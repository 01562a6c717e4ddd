#include "ocr/heading.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define HEAD_ROWS	80	/* of a page, searched for its head */

/* Folded, without spaces. */
static const char *const motto_lines[] = {
	"conghoaxahoichunghiavietnam", "doclaptudohanhphuc",
	"socialistrepublicofvietnam", "independencefreedomhappiness",
};

/*
 * The atom of the segment where a line of the motto begins, or SH_NONE; it
 * may go on into the next segments of the row.  Stamps and pale print cost
 * letters: a fifth may be wrong.
 */
static uint32_t
motto_in(const struct sh_view *v, uint32_t seg)
{
	const struct sh_seg *s = &v->seg[seg];
	const struct sh_row *r = &v->row[s->row];
	const struct sh_seg *last = &v->seg[r->first + r->n - 1];
	char text[128];
	uint32_t i;
	size_t k, len, n;

	for (i = s->first; i < s->first + s->n; i++) {
		len = sh_view_join(v, i, last->first + last->n, text, sizeof(text));
		for (k = 0; k < SH_COUNT(motto_lines); k++) {
			n = strlen(motto_lines[k]);
			if (text[0] == motto_lines[k][0] && len + n / 5 >= n &&
			    sh_edit_distance(text, len < n + 2 ? len : n,
			    motto_lines[k], n, (unsigned)n / 5) <= n / 5)
				return (i);
		}
	}
	return (SH_NONE);
}

static int
is_upper_run(const struct sh_view *v, uint32_t first, uint32_t end)
{
	size_t upper = 0, all = 0, n;
	uint32_t i;

	for (i = first; i < end; i++) {
		if (v->atom[i].flags & SH_ATOM_DIGITS)
			continue;
		n = strlen(v->atom[i].fold);
		all += n;
		if (v->atom[i].flags & SH_ATOM_UPPER)
			upper += n;
	}
	return (all >= 2 && upper * 10 >= all * 7);
}

/* "Số", "S6", "sø": what stands before a document's number. */
static int
is_number_word(const struct sh_atom *a)
{
	/* Not "sở" and "sổ", which fold alike. */
	if (strstr(a->text, "ở") != NULL || strstr(a->text, "Ở") != NULL ||
	    strstr(a->text, "ổ") != NULL || strstr(a->text, "Ổ") != NULL)
		return (0);
	return (strcmp(a->fold, "so") == 0 || strcmp(a->fold, "s6") == 0 ||
	    strcmp(a->fold, "s0") == 0 || strcmp(a->fold, "sø") == 0);
}

/*
 * "UBND XÃ TÂN AN Hà Tĩnh, ngày …": the place and the day stand close behind
 * the agency.  Where its capitals end; the segment's begin if no day follows.
 */
static uint32_t
before_date(const struct sh_view *v, const struct sh_seg *s)
{
	uint32_t i, end = s->first + s->n, capitals;

	for (i = s->first; i < end && v->atom[i].flags & SH_ATOM_UPPER; i++)
		;
	capitals = i;
	for (; i < end && i < capitals + 6; i++)
		if (strcmp(v->atom[i].fold, "ngay") == 0)
			return (capitals);
	return (s->first);
}

/*
 * What stands left of the motto in the row: all before its line, or the
 * first segment when it ends left of it.
 */
static struct sh_run
left_run(const struct sh_view *v, const struct sh_heading *h,
    const struct sh_row *r)
{
	const struct sh_seg *s = &v->seg[r->first];
	struct sh_run run = { s->first, s->first };
	uint32_t seg, at;

	for (seg = r->first; seg < r->first + r->n; seg++)
		if ((at = motto_in(v, seg)) != SH_NONE) {
			run.end = at;
			return (run);
		}
	if (s->box.x + s->box.w < h->motto_x + r->h)
		run.end = s->first + s->n;
	else
		run.end = before_date(v, s);
	return (run);
}

/* Does the run's middle stand under one of the lines? */
static int
is_under(const struct sh_view *v, const struct sh_run *line, uint32_t n,
    struct sh_run run)
{
	const struct sh_atom *last = &v->atom[run.end - 1];
	int32_t middle = (v->atom[run.first].box.x + last->box.x +
	    last->box.w) / 2;
	uint32_t i;

	for (i = 0; i < n; i++) {
		const struct sh_atom *b = &v->atom[line[i].end - 1];

		if (middle >= v->atom[line[i].first].box.x &&
		    middle <= b->box.x + b->box.w)
			return (1);
	}
	return (0);
}

/* Does the run stand in the middle of what is left of the motto? */
static int
is_left(const struct sh_view *v, const struct sh_heading *h, struct sh_run run)
{
	const struct sh_box *a = &v->atom[run.first].box;
	const struct sh_box *b = &v->atom[run.end - 1].box;
	int32_t left = v->left[h->page];

	return ((a->x + b->x + b->w) / 2 - left < (h->motto_x - left) * 2 / 3);
}

/* Add the left part of a row to the agency's lines; 0 ends them. */
static int
add_issuer(const struct sh_view *v, struct sh_heading *h,
    const struct sh_row *r)
{
	struct sh_run run = left_run(v, h, r);
	uint32_t i;

	for (i = run.first; i < run.end; i++)
		if (is_number_word(&v->atom[i]) &&
		    (v->atom[i].flags & SH_ATOM_COLON ||
		    i + 1 == run.end || (i == run.first &&
		    v->atom[i + 1].flags & SH_ATOM_DIGITS))) {
			h->number = i + 1;
			return (0);
		}
	if (run.end == run.first)
		return (1);
	if (!is_upper_run(v, run.first, run.end))
		return (h->nissuer == 0);
	/* "NHÂN DANH NƯỚC …" heads a judgment. */
	if (strcmp(v->atom[run.first].fold, "nhan") == 0 &&
	    run.first + 1 < run.end &&
	    strcmp(v->atom[run.first + 1].fold, "danh") == 0)
		return (0);
	/* A title that ends left of the motto is not under the agency. */
	if (h->nissuer > 0 ? !is_under(v, h->issuer, h->nissuer, run) :
	    r > &v->row[h->motto] + 1 && !is_left(v, h, run))
		return (0);
	if (h->nissuer < SH_ISSUER_LINES)
		h->issuer[h->nissuer++] = run;
	return (1);
}

void
sh_heading_find(const struct sh_view *v, uint32_t page, struct sh_heading *h)
{
	uint32_t row, seg, at, last = SH_NONE, seen = 0;

	memset(h, 0, sizeof(*h));
	h->page = page;
	h->row = page == 0 ? 0 : sh_view_page_end(v, page - 1);
	h->end = sh_view_page_end(v, page);
	h->motto = h->number = SH_NONE;
	h->motto_x = 0;
	for (row = h->row; row < h->end && seen < HEAD_ROWS; row++, seen++) {
		const struct sh_row *r = &v->row[row];

		for (seg = r->first; seg < r->first + r->n; seg++) {
			if ((at = motto_in(v, seg)) == SH_NONE)
				continue;
			if (h->motto == SH_NONE) {
				h->motto = row;
				h->motto_x = v->atom[at].box.x;
			}
			if (v->atom[at].box.x < h->motto_x)
				h->motto_x = v->atom[at].box.x;
			last = row;
			break;
		}
		if (last != SH_NONE && row > last + 3)
			break;
	}
	h->body = last == SH_NONE ? h->row : last + 1;
	if (h->motto == SH_NONE)
		return;
	/* The agency may begin a line above the motto. */
	row = h->motto > h->row && v->row[h->motto].y -
	    v->row[h->motto - 1].y < 3 * v->row[h->motto].h ?
	    h->motto - 1 : h->motto;
	for (seen = 0; row < h->end && seen < 8; row++, seen++) {
		if (row > last + 4 || !add_issuer(v, h, &v->row[row]))
			break;
	}
	if (h->number != SH_NONE && v->atom[h->number - 1].row >= h->body)
		h->body = v->atom[h->number - 1].row + 1;
}

/* "Số: 05/QĐ-UBND": capitals, but no title. */
static int
is_number_line(const struct sh_view *v, const struct sh_seg *s)
{
	const struct sh_atom *a = &v->atom[s->first];

	return (is_number_word(a) && (a->flags & SH_ATOM_COLON ||
	    (s->n > 1 && a[1].flags & SH_ATOM_DIGITS)));
}

/* "Mẫu số 01/…", "Mẫu CT07 ban hành …": names the form, not the paper. */
static int
is_form_line(const struct sh_view *v, const struct sh_seg *s)
{
	const char *f = v->atom[s->first].fold;

	return (strcmp(f, "mau") == 0 || strcmp(f, "ma") == 0 ||
	    strcmp(f, "form") == 0 || strcmp(f, "phuluc") == 0);
}

static int
is_issuer_line(const struct sh_heading *h, const struct sh_seg *s)
{
	uint32_t i;

	for (i = 0; i < h->nissuer; i++)
		if (h->issuer[i].first >= s->first &&
		    h->issuer[i].first < s->first + s->n)
			return (1);
	return (0);
}

/* 1 if B can be the next line of the title that A ends. */
static int
continues(const struct sh_view *v, const struct sh_seg *a,
    const struct sh_seg *b)
{
	const struct sh_row *ra = &v->row[a->row], *rb = &v->row[b->row];
	int32_t h = ra->h > rb->h ? ra->h : rb->h;
	int32_t ca = 2 * a->box.x + a->box.w, cb = 2 * b->box.x + b->box.w;
	int32_t off = ca > cb ? ca - cb : cb - ca;

	if (ra->page != rb->page || rb->y - ra->y > 3 * h ||
	    b->row > a->row + 1)
		return (0);
	/* Beside it, or centred below it. */
	if (a->row == b->row)
		return (b->box.x - (a->box.x + a->box.w) < 4 * h);
	return (off < 2 * (a->box.w > b->box.w ? a->box.w : b->box.w) / 3);
}

/* 1 if B is the last word of the title whose line A is full. */
static int
ends_title(const struct sh_view *v, const struct sh_seg *a,
    const struct sh_seg *b)
{
	uint32_t page = v->row[a->row].page;

	return (b->row == a->row + 1 && b->n == 1 && a->n >= 4 &&
	    2 * a->box.w > v->right[page] - v->left[page] &&
	    v->atom[b->first].flags & SH_ATOM_UPPER &&
	    strlen(v->atom[b->first].fold) >= 2);
}

void
sh_heading_titles(const struct sh_view *v, const struct sh_heading *h,
    struct sh_title_block *block, size_t max, size_t *np)
{
	struct sh_title_block *b = NULL;
	uint32_t row, seg;
	size_t n = 0;

	for (row = h->row; row < h->end; row++) {
		const struct sh_row *r = &v->row[row];

		for (seg = r->first; seg < r->first + r->n; seg++) {
			const struct sh_seg *s = &v->seg[seg];
			double height = v->pages[h->page]->height_px;

			if (!(sh_view_is_upper(v, seg) || (b != NULL &&
			    ends_title(v, &v->seg[b->seg[b->nsegs - 1]],
			    s))) || is_number_line(v, s) ||
			    is_form_line(v, s) || is_issuer_line(h, s) ||
			    motto_in(v, seg) != SH_NONE)
				continue;
			if (b != NULL && b->nsegs < SH_TITLE_LINES &&
			    continues(v, &v->seg[b->seg[b->nsegs - 1]], s)) {
				b->seg[b->nsegs++] = seg;
				continue;
			}
			if (n == max)
				goto out;
			b = &block[n];
			memset(b, 0, sizeof(*b));
			b->seg[b->nsegs++] = seg;
			b->ordinal = (int)n++;
			b->below_motto = h->motto != SH_NONE &&
			    row > h->motto && r->y - v->row[h->motto].y <
			    16 * v->height[h->page];
			b->centred = abs(2 * s->box.x + s->box.w -
			    v->left[h->page] - v->right[h->page]) <
			    (v->right[h->page] - v->left[h->page]) / 4;
			b->place = 1 - (s->box.y + s->box.h / 2.0) / height;
			b->size = (double)r->h / v->height[h->page];
		}
	}
out:
	*np = n;
}

uint32_t
sh_heading_certification(const struct sh_view *v, uint32_t page)
{
	static const char *const marks[] = { "bansaodungvoibanchinh",
	    "chungthucbansaodung", "saoybanchinh", "saoydungvoibanchinh",
	    "bansaochungthuc", "chungthucsaodungvoibanchinh" };
	uint32_t row = page == 0 ? 0 : sh_view_page_end(v, page - 1);
	uint32_t end = sh_view_page_end(v, page), seg, i, stop;
	char text[128];
	size_t k, len, n;

	for (; row < end; row++) {
		const struct sh_row *r = &v->row[row];

		for (seg = r->first; seg < r->first + r->n; seg++) {
			const struct sh_seg *s = &v->seg[seg];

			/* In running text it is only spoken of. */
			stop = s->first + s->n;
			for (i = s->first; i < stop; i++) {
				if (i > s->first && !sh_view_is_upper(v, seg))
					break;
				len = sh_view_join(v, i, stop, text, sizeof(text));
				for (k = 0; k < SH_COUNT(marks); k++) {
					n = strlen(marks[k]);
					if (len + 3 >= n && text[0] ==
					    marks[k][0] && sh_edit_distance(
					    text, len < n ? len : n,
					    marks[k], n, 3) <= 3)
						return (row);
				}
			}
		}
	}
	return (SH_NONE);
}
