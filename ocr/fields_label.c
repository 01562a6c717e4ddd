/* Labels, and where they can stand. */
#include "ocr/fields_internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define OCC_MAX		8000
#define QUALIFIER_MAX	9	/* words between a label and its colon */

int
sh_find_numbering(const struct sh_atom *a)
{
	size_t n = strlen(a->fold);

	if (a->flags & SH_ATOM_COMMA)
		return (a->flags & SH_ATOM_UPPER &&
		    strspn(a->fold, "ivxl") == n);
	if (!(a->flags & (SH_ATOM_STOP | SH_ATOM_SHUT | SH_ATOM_DASH |
	    SH_ATOM_SLASH)))
		return (0);
	return ((a->flags & SH_ATOM_DIGITS && n <= 2) || n == 1 ||
	    strspn(a->fold, "ivxl") == n);
}

/* 1 if only numbering stands in the segment before the atom. */
static int
leads_segment(const struct sh_view *v, uint32_t atom)
{
	const struct sh_seg *s = &v->seg[v->atom[atom].seg];
	uint32_t i;

	for (i = s->first; i < atom; i++)
		if (!sh_find_numbering(&v->atom[i]) &&
		    strcmp(v->atom[i].fold, "stt") != 0 &&
		    strcmp(v->atom[i].fold, "tt") != 0 && (i > s->first + 1 ||
		    strlen(v->atom[i].fold) > 1 ||
		    !(v->atom[i].flags & SH_ATOM_DIGITS)))
			return (0);
	return (1);
}

/* Honorifics stand for a name in running text. */
static int
is_honorific(const char *fold)
{
	static const char *const words[] = { "ong", "ba", "anh", "chi",
	    "chau", "ongba", "anhchi", "hoong", "hoba", "vavolaba",
	    "vachonglaong", "vavo", "vachong", NULL };
	size_t i;

	for (i = 0; words[i] != NULL; i++)
		if (strcmp(fold, words[i]) == 0)
			return (1);
	return (0);
}

int
sh_find_honorific(const struct sh_find *f, const struct sh_occ *o)
{
	return (is_honorific(f->labels.phrase[o->phrase].fold));
}

/* With its marks: "chi", "ba" and "anh" are also other words. */
static int
is_printed_honorific(const char *text)
{
	static const char *const words[] = { "ông", "bà", "anh", "chị",
	    "cháu", "Ông", "Bà", "Anh", "Chị", "Cháu", "ÔNG", "BÀ", "hộ",
	    "Hộ", "và", "Và", NULL };
	size_t i, n;

	for (i = 0; words[i] != NULL; i++) {
		n = strlen(words[i]);
		if (strncmp(text, words[i], n) == 0 &&
		    !((unsigned char)text[n] >= 0x80 ||
		    (text[n] >= 'A' && text[n] <= 'Z') ||
		    (text[n] >= 'a' && text[n] <= 'z')))
			return (1);
	}
	return (0);
}

static int
is_capital_word(const struct sh_atom *a)
{
	return (a->flags & SH_ATOM_CAPITAL && !(a->flags & SH_ATOM_DIGITS));
}

/* "Quê quán / Place of": a word of an English label that lost some. */
static int
is_english(const char *fold)
{
	static const char *const words[] = { "place", "of", "date", "full",
	    "name", "birth", "origin", "residence", "expiry" };
	size_t i;

	for (i = 0; i < SH_COUNT(words); i++)
		if (strcmp(fold, words[i]) == 0)
			return (1);
	return (0);
}

/*
 * A label may be said again behind it, in English or as another paper calls
 * it; where that ends.
 */
static uint32_t
said_again(const struct sh_find *f, uint32_t end, uint32_t stop,
    uint32_t phrase)
{
	const struct sh_view *v = &f->v;
	uint32_t atoms[24], k;
	struct sh_match m;

	/* "Giấy tờ tùy thân: CCCD số …" says it again behind the colon. */
	while (end < stop) {
		for (k = 0; k < SH_COUNT(atoms) && end + k < stop; k++)
			atoms[k] = end + k;
		if (!sh_phrases_match(&f->labels, v, atoms, k, &m) ||
		    (f->group[m.phrase] != f->group[phrase] &&
		    !(v->atom[end - 1].flags & SH_ATOM_SLASH)) ||
		    (v->atom[end - 1].flags & SH_ATOM_COLON &&
		    !f->labels.phrase[m.phrase].numbers &&
		    !(v->atom[end + m.n - 1].flags & SH_ATOM_COLON)))
			break;
		end += m.n;
	}
	if (v->atom[end - 1].flags & SH_ATOM_SLASH)
		while (end < stop && is_english(v->atom[end].fold))
			end++;
	return (end);
}

/* "Họ và tên(1):", "Số tiền (đồng)": what brackets add to a label. */
static uint32_t
past_brackets(const struct sh_view *v, uint32_t end, uint32_t stop)
{
	uint32_t i;

	if (end >= stop || !(v->atom[end].flags & SH_ATOM_OPEN))
		return (end);
	/* "(2:" lost its bracket. */
	if (v->atom[end].flags & SH_ATOM_DIGITS && v->atom[end].flags &
	    SH_ATOM_COLON)
		return (end + 1);
	for (i = end; i < stop && i < end + 5; i++) {
		if (v->atom[i].flags & SH_ATOM_SHUT)
			return (i + 1);
		if (v->atom[i].flags & SH_ATOM_COLON)
			break;
	}
	return (end);
}

int
sh_find_is_family(const struct sh_view *v, uint32_t atom)
{
	const struct sh_atom *a = &v->atom[atom];
	const struct sh_seg *s = &v->seg[a->seg];

	return (strcmp(a->fold, "vo") == 0 && a->flags & SH_ATOM_CAPITAL &&
	    !(a->flags & SH_ATOM_COLON) && strstr(a->text, "ợ") == NULL &&
	    strstr(a->text, "Ợ") == NULL && atom + 1 < s->first + s->n &&
	    v->atom[atom + 1].flags & SH_ATOM_CAPITAL);
}

/*
 * Words between the label and its colon say whose it is or repeat it in
 * English; where they end.
 */
static uint32_t
qualify(const struct sh_find *f, uint32_t end, uint32_t stop,
    struct sh_occ *o)
{
	const struct sh_view *v = &f->v;
	uint32_t atoms[QUALIFIER_MAX], i, colon = SH_NONE;
	struct sh_match m;
	size_t n = 0, k;

	o->context = -1;
	o->colon = v->atom[end - 1].flags & SH_ATOM_COLON;
	end = said_again(f, end, stop, o->phrase);
	end = past_brackets(v, end, stop);
	o->colon |= v->atom[end - 1].flags & SH_ATOM_COLON;
	if (is_honorific(f->labels.phrase[o->phrase].fold))
		return (end);
	for (i = end; !o->colon && i < stop && n < QUALIFIER_MAX; i++) {
		const struct sh_atom *a = &v->atom[i], *before = a - 1;

		if (a->flags & SH_ATOM_DIGITS ||
		    (before->flags & (SH_ATOM_COMMA | SH_ATOM_STOP) &&
		    i > end))
			break;
		atoms[n++] = i;
		if (a->flags & SH_ATOM_COLON) {
			colon = i;
			break;
		}
	}
	/* A colon further on is this label's if no value stands before. */
	for (k = 0; colon != SH_NONE && k < n; k++) {
		const struct sh_atom *a = &v->atom[atoms[k]];

		if (is_capital_word(a) && !((a - 1)->flags & SH_ATOM_SLASH) &&
		    !(a->flags & SH_ATOM_OPEN) &&
		    !(k > 0 && v->atom[atoms[k - 1]].flags & SH_ATOM_CAPITAL))
			colon = SH_NONE;
	}
	for (k = 0; k < n; k++) {
		if (!sh_phrases_match(&f->ofs, v, atoms + k, n - k, &m))
			continue;
		/* Without a colon only what follows at once. */
		if (colon == SH_NONE && (k > 0 ||
		    sh_find_is_family(v, atoms[k])))
			break;
		o->context = f->of_context[m.phrase];
		if (colon == SH_NONE)
			return (end + m.n);
		break;
	}
	if (colon == SH_NONE)
		return (end);
	o->colon = 1;
	return (colon + 1);
}

/* "phát sinh ngày" tells no birth, "ủy quyền số" no book. */
static int
is_part_of_word(const struct sh_find *f, uint32_t first,
    const struct sh_phrase *p)
{
	static const char *const pairs[][2] = { { "phat", "sinh" },
	    { "uy", "quyenso" } };
	size_t i;

	if (first == f->v.seg[f->v.atom[first].seg].first)
		return (0);
	for (i = 0; i < SH_COUNT(pairs); i++)
		if (strcmp(f->v.atom[first - 1].fold, pairs[i][0]) == 0 &&
		    strncmp(p->fold, pairs[i][1], strlen(pairs[i][1])) == 0)
			return (1);
	return (0);
}

/* May the match at FIRST be a label, given how it stands there? */
static int
plausible(const struct sh_find *f, const struct sh_match *m, uint32_t first,
    const struct sh_occ *o)
{
	const struct sh_view *v = &f->v;
	const struct sh_phrase *p = &f->labels.phrase[m->phrase];
	const struct sh_seg *s = &v->seg[v->atom[first].seg];
	const struct sh_atom *next = o->end < s->first + s->n ?
	    &v->atom[o->end] : NULL;

	if (is_honorific(p->fold)) {
		if (next != NULL && strcmp(next->fold, "ria") == 0)
			return (0);	/* "Bà Rịa" */
		if (o->colon)
			return (1);
		if (!is_printed_honorific(v->atom[first].text) ||
		    (!o->leads && is_capital_word(&v->atom[first - 1]) &&
		    !(v->atom[first - 1].flags & (SH_ATOM_COLON |
		    SH_ATOM_COMMA | SH_ATOM_SLASH))))
			return (0);	/* "đường Hai Bà Trưng" */
		if (next == NULL)	/* the name begins the next line */
			return (1);
		return (is_capital_word(next) && (o->end + 1 == s->first +
		    s->n || is_capital_word(next + 1)) &&
		    !(next->flags & SH_ATOM_COMMA));
	}
	/* "Số 15, đường Lê Lợi" is an address; "Số 31 ngày …" is none. */
	if (strcmp(p->fold, "so") == 0 && !o->colon && (next == NULL ||
	    strlen(next->fold) < 6) && !(next != NULL && o->end + 1 <
	    s->first + s->n && strcmp(next[1].fold, "ngay") == 0) && !(next != NULL &&
	    o->end + 1 < s->first + s->n && (next[1].flags & SH_ATOM_GLUED ||
	    (next->flags & next[1].flags & SH_ATOM_DIGITS))))
		return (0);
	if (is_part_of_word(f, first, p))
		return (0);
	/* A misread label needs its colon, or many letters, or its place. */
	if (m->errors > 0 && (!o->leads || (!o->colon && p->len < 14)) &&
	    !(v->atom[first + m->n - 1].flags & SH_ATOM_COLON))
		return (0);
	/* "- Chủ đầu tư;" is one of those who get a copy. */
	if (!o->colon && v->atom[first + m->n - 1].flags & SH_ATOM_COMMA)
		return (0);
	/* "Quyền sở hữu" is no "quyển số": a number follows. */
	if (!o->colon && p->numbers && next != NULL &&
	    strpbrk(next->fold, "0123456789") == NULL &&
	    (o->end + 1 >= s->first + s->n ||
	    strpbrk(next[1].fold, "0123456789") == NULL))
		return (0);
	/* A title's words announce nothing. */
	if (!o->colon && !p->numbers && p->nwords <= 2 && s->row >=
	    f->title && s->row < f->title_end)
		return (0);
	/* "Hồ Văn Đề, sinh 02/7/1984" */
	if (strcmp(p->fold, "sinh") == 0 && first > s->first && next != NULL &&
	    next->flags & SH_ATOM_DIGITS && (v->atom[first - 1].flags &
	    SH_ATOM_COMMA || v->atom[first].flags & SH_ATOM_DASH))
		return (1);
	/* A short word alone is a label only with its colon or a value. */
	if (p->nwords == 1 && !o->colon)
		return (next != NULL && v->atom[first].flags &
		    SH_ATOM_CAPITAL && (strpbrk(next->fold, "0123456789") !=
		    NULL || is_capital_word(next)) && (p->len >= 8 ||
		    next->flags & SH_ATOM_DIGITS));
	if (o->leads || o->colon)
		return (1);
	/* A title's words announce nothing. */
	if (sh_view_is_upper(v, v->atom[first].seg))
		return (0);
	/* "…: DOANH NGHIỆP TƯ NHÂN …" is a value that begins so. */
	if (first > s->first && v->atom[first - 1].flags & SH_ATOM_COLON &&
	    v->atom[first].flags & SH_ATOM_UPPER)
		return (0);
	/* In running text its value follows at once, or it is long. */
	return (p->nwords >= 4 || ((p->len >= 6 || strcmp(p->fold,
	    "toila") == 0) && (next == NULL ? p->numbers || p->len >= 9 ||
	    strcmp(p->fold, "dientich") == 0 :
	    is_capital_word(next) || next->flags & SH_ATOM_DIGITS)));
}

/*
 * A label in a narrow cell goes on in the next row: match it with the
 * words below; 1 and o->below set.
 */
static int
broken_label(struct sh_find *f, uint32_t first, struct sh_match *m,
    struct sh_occ *o)
{
	const struct sh_view *v = &f->v;
	const struct sh_seg *s = &v->seg[v->atom[first].seg], *b;
	const struct sh_row *r = &v->row[s->row], *next;
	uint32_t atoms[40], i;
	struct sh_match longer;
	size_t n = 0, k;

	/* Only cells: something stands to its right. */
	if (s->row + 1 >= v->nrows || s != &v->seg[r->first] || r->n < 2)
		return (0);
	next = &v->row[s->row + 1];
	b = &v->seg[next->first];
	if (next->page != r->page || next->y - r->y > 3 * r->h ||
	    abs(b->box.x - v->atom[first].box.x) > 2 * r->h || b->n > 5)
		return (0);
	for (i = first; i < s->first + s->n && n < 30; i++)
		atoms[n++] = i;
	for (k = 0; k < b->n && n < SH_COUNT(atoms); k++)
		atoms[n++] = b->first + (uint32_t)k;
	if (!sh_phrases_match(&f->labels, v, atoms, n, &longer) ||
	    longer.n <= s->first + s->n - first ||
	    (m->n > 0 && f->labels.phrase[longer.phrase].len <=
	    f->labels.phrase[m->phrase].len))
		return (0);
	*m = longer;
	o->end = s->first + s->n;
	o->below = b->first + longer.n - (o->end - first);
	return (1);
}

/*
 * "… có diện" / "tích 106,5 m²": a label of running text that goes on in the
 * next row.
 */
static int
prose_label(const struct sh_find *f, uint32_t first, struct sh_occ *o)
{
	const struct sh_view *v = &f->v;
	const struct sh_seg *s = &v->seg[v->atom[first].seg], *b;
	const struct sh_row *r = &v->row[s->row], *next;
	uint32_t atoms[12], k, own = s->first + s->n - first;
	struct sh_match m;

	if (own > 6 || first == s->first || s != &v->seg[r->first + r->n - 1] ||
	    s->row + 1 >= v->nrows || f->row_out[s->row + 1])
		return (0);
	next = r + 1;
	b = &v->seg[next->first];
	if (next->page != r->page || next->y - r->y > 3 * r->h ||
	    s->box.x + s->box.w < v->right[r->page] - 4 * r->h ||
	    b->box.x > v->left[r->page] + 3 * r->h)
		return (0);
	for (k = 0; k < SH_COUNT(atoms) && k < own + b->n; k++)
		atoms[k] = first + k;
	if (!sh_phrases_match(&f->labels, v, atoms, k, &m) || m.n <= own ||
	    m.errors > 0 || f->labels.phrase[m.phrase].len < 8)
		return (0);
	memset(o, 0, sizeof(*o));
	o->first = first;
	o->below = SH_NONE;
	o->phrase = m.phrase;
	o->end = first + m.n;
	o->context = -1;
	o->colon = (v->atom[o->end - 1].flags & SH_ATOM_COLON) != 0;
	return (o->colon || o->end < b->first + b->n);
}

int
sh_find_labels(struct sh_find *f)
{
	struct sh_view *v = &f->v;
	uint32_t atoms[40], i, k, stop, end;
	struct sh_occ o;
	struct sh_match m;

	f->occ_at = sh_alloc(v->natoms, sizeof(*f->occ_at), "labels", f->err);
	if (f->occ_at == NULL)
		return (-1);
	for (i = 0; i < v->natoms; i = end) {
		const struct sh_seg *s = &v->seg[v->atom[i].seg];

		end = i + 1;
		if (f->row_out[s->row] || f->nocc >= OCC_MAX)
			continue;
		stop = s->first + s->n;
		for (k = 0; k < SH_COUNT(atoms) && i + k < stop; k++)
			atoms[k] = i + k;
		if (prose_label(f, i, &o)) {
			if (sh_grow(&f->occ, &f->capocc, f->nocc + 1,
			    sizeof(*f->occ), "labels", f->err))
				return (-1);
			f->occ[f->nocc++] = o;
			f->occ_at[i] = (uint32_t)f->nocc;
			end = o.end;
			continue;
		}
		memset(&o, 0, sizeof(o));
		memset(&m, 0, sizeof(m));
		o.first = i;
		o.below = SH_NONE;
		o.leads = (uint8_t)leads_segment(v, i);
		if (sh_phrases_match(&f->labels, v, atoms, k, &m)) {
			o.phrase = m.phrase;
			o.end = qualify(f, i + m.n, stop, &o);
		}
		if (o.leads && broken_label(f, i, &m, &o)) {
			o.colon = 0;
			o.context = -1;
		} else if (m.n == 0 || !plausible(f, &m, i, &o)) {
			continue;
		}
		o.phrase = m.phrase;
		o.errors = m.errors;
		if (sh_grow(&f->occ, &f->capocc, f->nocc + 1,
		    sizeof(*f->occ), "labels", f->err))
			return (-1);
		f->occ[f->nocc++] = o;
		f->occ_at[i] = (uint32_t)f->nocc;
		end = o.end;
	}
	return (0);
}
