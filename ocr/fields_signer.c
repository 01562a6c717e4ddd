/* Who signed a paper, and whom it names without any label. */
#include "ocr/fields_internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "ocr/names.h"

#define SIGNER_LINES	16	/* a signature may stand so high */
#define COVERED_LINES	4	/* wide, in heights of the row: one word */
#define Q_COVERED	0.4	/* a word of it cannot be read */
#define Q_NO_OFFICE	0.7	/* a name at the foot, no office above it */
#define Q_LONE		0.85	/* a name that nothing announces */

/* Offices and formulas that stand above a signature. */
static int
is_authority(const struct sh_view *v, uint32_t seg)
{
	static const char *const marks[] = { "giamdoc", "chutich", "truong",
	    "tmuyban", "ktchutich", "ktgiamdoc", "nguoiky", "thutruong",
	    "hieutruong", "cuctruong", "chicuctruong", "congchungvien",
	    "thamphan", "chutoa", "nguoiketluan", "chanhvanphong", "vientruong",
	    "tlchutich", "tuqchutich", "phogiamdoc", "phochutich", "ktctuong",
	    "tmhoidong", "doitruong", "trungta", "thuongta", "daita",
	    "thieuta", "tmubnd", "nguoithuchien", "congchuc",
	    "kttruong", "photruong", "cucpho", "tongcuctruong", "botruong",
	    "thutruongdonvi", "canbo", "chutri", "lanhdao", "bacsi",
	    "nguoilapbienban", "daidien", "tp",
	    "nguoitiepnhan", "chaphanhvien", "kiemsatvien", "thamtravien" };
	const struct sh_seg *g = &v->seg[seg];
	char text[160];
	size_t i;

	if (g->n > 14)
		return (0);
	(void)sh_view_join(v, g->first, g->first + g->n, text, sizeof(text));
	for (i = 0; i < SH_COUNT(marks); i++)
		if (strncmp(text, marks[i], strlen(marks[i])) == 0 ||
		    (strlen(marks[i]) > 6 && strstr(text, marks[i]) != NULL))
			return (sh_view_is_upper(v, seg) || g->n <= 8);
	return (0);
}

/* Heads of a citizen's own signature: not the paper's signer. */
static int
is_private(const struct sh_view *v, uint32_t seg)
{
	static const char *const marks[] = { "nguoilapphieu", "nguoikhai",
	    "nguoiyeucau", "nguoilamdon", "nguoidenghi", "nguoidode",
	    "nguoinop", "nguoinhan", "vo", "chong", "bena", "benb",
	    "nguoidikhai", "noinhan", "nguoithutien", "nguoikekhai",
	    "ykiencua", "nguoidenghikham", "nguoivietdon" };
	const struct sh_seg *g = &v->seg[seg];
	char text[64];
	size_t len, i;

	len = sh_view_join(v, g->first, g->first + g->n, text, sizeof(text));
	for (i = 0; i < SH_COUNT(marks); i++)
		if (strncmp(text, marks[i], strlen(marks[i])) == 0 &&
		    (strlen(marks[i]) > 5 || len == strlen(marks[i])))
			return (1);
	return (0);
}

/*
 * 1 if the words look like a person's: a family name in front and syllables
 * that names have, or a few short words of which the reading is sure.
 */
static int
is_likely_name(const struct sh_view *v, const struct sh_span *s, size_t from,
    size_t to)
{
	size_t i, points = 0;
	int sure = to - from <= 4;

	for (i = from; i < to; i++) {
		const struct sh_atom *a = &v->atom[s->atom[i]];

		sure &= (double)a->confidence >= 0.9 &&
		    (!(a->flags & SH_ATOM_UPPER) || strlen(a->fold) == 1) &&
		    strlen(a->fold) <= 9;
		if (i == from)
			points += sh_name_is_family(a->fold) ? 2 : 0;
		else
			points += sh_name_is_given(a->fold);
	}
	return (sure || points * 10 >= (to - from + 1) * 6);
}

/* Of a stamp: a letter or two, or what the reading did not trust. */
static int
is_noise(const struct sh_atom *a)
{
	return (strlen(a->fold) <= 2 || (double)a->confidence < 0.75);
}

/*
 * A name alone in its segment; one all in capitals only where CAPITALS may
 * stand, for so stamps and offices do.
 */
static int
name_segment(const struct sh_find *f, uint32_t seg, int capitals,
    struct sh_span *s, size_t *from, size_t *to)
{
	const struct sh_view *v = &f->v;
	uint32_t i, at;
	size_t skip, letters;

	if (v->seg[seg].n > 12 || f->occ_at[v->seg[seg].first] != 0 ||
	    (!capitals && sh_view_is_upper(v, seg)))
		return (0);
	/* Bits of a stamp may stand before it. */
	for (skip = 0; skip < v->seg[seg].n && skip < 6; skip++) {
		const struct sh_atom *a = &v->atom[v->seg[seg].first + skip];

		if (skip > 0 && (double)(a - 1)->confidence > 0.75 &&
		    strlen((a - 1)->fold) > 2)
			return (0);
		memset(s, 0, sizeof(*s));
		for (i = (uint32_t)skip; i < v->seg[seg].n; i++)
			s->atom[s->n++] = v->seg[seg].first + i;
		if (!sh_find_name(v, s, from, to))
			continue;
		if (*to - *from > 6 || s->n - *to > 3 ||
		    (*to < s->n && !is_noise(&v->atom[s->atom[*to]])))
			continue;
		if (!is_likely_name(v, s, *from, *to))
			continue;
		/* Nobody's name ends so. */
		if (strcmp(v->atom[s->atom[*to - 1]].fold, "thi") == 0 &&
		    *to - *from == 2)
			continue;
		letters = 0;
		for (at = (uint32_t)*from; at < *to; at++)
			letters += strlen(v->atom[s->atom[at]].fold);
		if (letters < 5)
			continue;
		/* "ỦY BAN NHÂN DÂN" is nobody. */
		if (sh_view_is_upper(v, seg) && is_authority(v, seg))
			return (0);
		return (1);
	}
	return (0);
}

/*
 * The name under the authority at SEG: the first one below it whose middle
 * is near.
 */
static int
name_under(const struct sh_find *f, uint32_t seg, int capitals,
    struct sh_span *s, size_t *from, size_t *to)
{
	const struct sh_view *v = &f->v;
	const struct sh_seg *g = &v->seg[seg];
	uint32_t row = g->row + 1, page = v->row[g->row].page, k;
	int32_t centre = g->box.x + g->box.w / 2, c, h = v->height[page];
	int32_t width = v->pages[page]->width_px;

	for (; row < v->nrows && v->row[row].page == page &&
	    v->row[row].y - v->row[g->row].y < SIGNER_LINES * h; row++) {
		if (f->row_out[row])
			return (0);
		for (k = v->row[row].first; k < v->row[row].first +
		    v->row[row].n; k++) {
			const struct sh_seg *b = &v->seg[k];

			c = b->box.x + b->box.w / 2;
			if (abs(c - centre) > width / 7)
				continue;
			/* Another office below is the one that signs. */
			if (sh_view_is_upper(v, k) && is_authority(v, k) &&
			    b->n > 1 && v->row[row].y - v->row[g->row].y <
			    4 * h)
				return (0);
			if (name_segment(f, k, capitals, s, from, to))
				return (1);
		}
	}
	return (0);
}

/* The row from which on the signature of the paper stands. */
static uint32_t
signing_row(struct sh_find *f, const char *where, uint32_t *endp)
{
	struct sh_proposal p = { .value = NULL };
	const struct sh_view *v = &f->v;
	uint32_t row = f->head.body;

	*endp = (uint32_t)v->nrows;
	/* A date at the foot stands above it, on the same page. */
	if (sh_find_date_line(f, where == NULL ? "bottom" : where, &p) ==
	    1) {
		row = v->atom[p.first].row;
		*endp = sh_view_page_end(v, p.page);
	}
	sh_proposal_free(&p);
	return (row);
}

/* A name at a place where someone signs. */
struct signer {
	struct sh_span span;
	size_t from, to;
	uint32_t row;
	int32_t x;		/* of what stands above it */
	int found;
};

/* The names under the offices in rows [row, end). */
static void
names_under_offices(const struct sh_find *f, uint32_t row, uint32_t end,
    int capitals, struct signer *best)
{
	const struct sh_view *v = &f->v;
	struct signer c;
	uint32_t seg;

	for (; row < end; row++)
		for (seg = v->row[row].first; !f->row_out[row] && seg <
		    v->row[row].first + v->row[row].n; seg++) {
			c.x = v->seg[seg].box.x;
			if (!is_authority(v, seg) || is_private(v, seg) ||
			    !name_under(f, seg, capitals, &c.span, &c.from,
			    &c.to))
				continue;
			/* Of two that sign side by side the right. */
			if (best->found && c.x < best->x -
			    v->pages[0]->width_px / 6 && row < best->row)
				continue;
			*best = c;
			best->row = v->atom[c.span.atom[c.from]].row;
			best->found = 1;
		}
}

/* 1 if a citizen's own signature stands at the segment. */
static int
is_under_private(const struct sh_find *f, uint32_t seg)
{
	const struct sh_view *v = &f->v;
	const struct sh_seg *g = &v->seg[seg];
	uint32_t row, k, page = v->row[g->row].page;

	for (row = g->row; row > 0 && v->row[row - 1].page == page &&
	    v->row[g->row].y - v->row[row - 1].y < SIGNER_LINES *
	    v->height[page]; row--)
		for (k = v->row[row - 1].first; k < v->row[row - 1].first +
		    v->row[row - 1].n; k++)
			if (is_private(v, k) && abs(2 * v->seg[k].box.x +
			    v->seg[k].box.w - 2 * g->box.x - g->box.w) <
			    v->pages[page]->width_px / 3)
				return (1);
	return (0);
}

/*
 * Seals cover offices: the last name in the right half of the paper's foot
 * that no citizen's heading claims.
 */
static void
name_at_foot(const struct sh_find *f, uint32_t row, uint32_t end,
    struct signer *best)
{
	const struct sh_view *v = &f->v;
	struct signer c;
	uint32_t seg;

	for (; row < end; row++)
		for (seg = v->row[row].first; !f->row_out[row] && seg <
		    v->row[row].first + v->row[row].n; seg++) {
			const struct sh_box *b = &v->seg[seg].box;
			const struct sh_page *p = v->pages[v->row[row].page];

			if (2 * b->x + b->w < p->width_px ||
			    !name_segment(f, seg, 0, &c.span, &c.from,
			    &c.to) || c.to - c.from < 2 ||
			    !sh_name_is_family(v->atom[c.span.atom[
			    c.from]].fold) || is_under_private(f, seg))
				continue;
			*best = c;
			best->found = 1;
		}
}

/*
 * "Nguyễn ¡ Ngọc Tâm": a seal covers a word of the name, and its family name
 * stands before that; its atom, or SH_NONE.
 */
static uint32_t
family_before(const struct sh_view *v, uint32_t first)
{
	const struct sh_row *r = &v->row[v->atom[first].row];
	uint32_t i = first, begin = v->seg[r->first].first;
	const struct sh_box *b = &v->atom[first].box, *a;

	while (i > begin && is_noise(&v->atom[i - 1]) &&
	    !sh_name_is_family(v->atom[i - 1].fold))
		i--;
	if (i == begin || !(v->atom[i - 1].flags & SH_ATOM_CAPITAL) ||
	    !sh_name_is_family(v->atom[i - 1].fold))
		return (SH_NONE);
	a = &v->atom[i - 1].box;
	return (b->x - a->x - a->w < COVERED_LINES * r->h ? i - 1 : SH_NONE);
}

static int
take_name(struct sh_find *f, const struct sh_span *s, size_t from, size_t to,
    double worth, struct sh_proposal *p)
{
	const struct sh_view *v = &f->v;
	uint32_t first = s->atom[from], family;
	struct sh_span whole = { .n = 0 };

	family = sh_name_is_family(v->atom[first].fold) ? SH_NONE :
	    family_before(v, first);
	if (family != SH_NONE) {
		whole.atom[whole.n++] = family;
		for (; from < to && whole.n < SH_SPAN_MAX; from++)
			whole.atom[whole.n++] = s->atom[from];
		from = 0;
		to = whole.n;
		s = &whole;
	}
	/* "1Lương Quốc Thái": what was dropped may be the family name. */
	if (family != SH_NONE || (first > v->seg[v->atom[first].seg].first &&
	    (to - from == 2 || !sh_name_is_family(v->atom[first].fold)))) {
		worth *= Q_COVERED;
		p->doubt = "field.unclear";
	}
	if (sh_find_text(f, s, from, to, SH_MEND_NOT, &p->value))
		return (-1);
	sh_find_tidy_name(p->value);
	sh_find_place(v, s, from, to, p);
	p->confidence *= worth;
	p->method = "pattern";
	return (1);
}

int
sh_find_signer(struct sh_find *f, const char *where, struct sh_proposal *p)
{
	struct signer best = { .found = 0 };
	uint32_t row, end, all = (uint32_t)f->v.nrows;
	double worth = 1;
	int capitals;

	row = signing_row(f, where, &end);
	for (capitals = 0; capitals < 2 && !best.found; capitals++)
		names_under_offices(f, row, end, capitals, &best);
	if (!best.found && row > f->head.body) {
		name_at_foot(f, row, end, &best);
		worth = Q_NO_OFFICE;
	}
	if (!best.found && where == NULL) {
		worth = 1;
		for (capitals = 0; capitals < 2 && !best.found; capitals++)
			names_under_offices(f, f->head.body, all, capitals,
			    &best);
	}
	/* Without a date above it: in the lower half of the text. */
	if (!best.found && row == f->head.body) {
		name_at_foot(f, (f->head.body + all) / 2, end, &best);
		worth = Q_NO_OFFICE;
	}
	if (!best.found)
		return (0);
	return (take_name(f, &best.span, best.from, best.to, worth, p));
}

int
sh_find_lone_name(struct sh_find *f, struct sh_proposal *p)
{
	const struct sh_view *v = &f->v;
	uint32_t row, seg;
	size_t from, to;
	struct sh_span s;

	for (row = f->head.body; row < f->head.end; row++)
		for (seg = v->row[row].first; !f->row_out[row] && seg <
		    v->row[row].first + v->row[row].n; seg++) {
			/* From the first label on labels tell. */
			if (f->occ_at[v->seg[seg].first] != 0 &&
			    f->occ[f->occ_at[v->seg[seg].first] - 1].colon)
				return (0);
			if (name_segment(f, seg, 1, &s, &from, &to) &&
			    to - from >= 2 && sh_name_is_family(v->atom[
			    s.atom[from]].fold))
				return (take_name(f, &s, from, to, Q_LONE,
				    p));
		}
	return (0);
}
