/* Labels, where they can stand, and whose value they announce. */
#include "ocr/fields_internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define OCC_MAX		8000
#define QUALIFIER_MAX	9	/* words between a label and its colon */

/* ---- the catalogue's wordings ---- */

static int
add_phrases(struct sh_find *f, struct sh_phrases *p, const json_t *list)
{
	const json_t *s;
	size_t i;

	json_array_foreach(list, i, s)
		if (sh_phrases_add(p, json_string_value(s), f->err) < 0)
			return (-1);
	return (0);
}

/* Wordings of one list mean the same: the first list that has one. */
static int
set_groups(struct sh_find *f, const json_t *list, uint32_t group)
{
	const json_t *s;
	size_t i, had = f->capgroup;
	int k;

	if (sh_grow(&f->group, &f->capgroup, f->labels.n, sizeof(*f->group),
	    "labels", f->err))
		return (-1);
	if (f->capgroup > had)
		memset(f->group + had, 0, (f->capgroup - had) *
		    sizeof(*f->group));
	json_array_foreach(list, i, s) {
		k = sh_phrases_add(&f->labels, json_string_value(s), f->err);
		if (k < 0)
			return (-1);
		if (f->group[k] == 0)
			f->group[k] = group;
	}
	return (0);
}

static int
load_labels(struct sh_find *f)
{
	const json_t *rule;
	const char *key;
	uint32_t group = 0;
	json_t *v;
	size_t i, k;

	json_object_foreach(json_object_get(f->shared, "labels"), key, v) {
		if (add_phrases(f, &f->labels, v) ||
		    set_groups(f, v, ++group))
			return (-1);
	}
	for (i = 0; i < f->type->nfields; i++)
		json_array_foreach(f->type->fields[i].find, k, rule) {
			v = json_object_get(rule, "text");
			if (add_phrases(f, &f->labels, v) ||
			    set_groups(f, v, ++group))
				return (-1);
		}
	return (0);
}

int
sh_find_want(struct sh_find *f, const char *name, uint8_t *want)
{
	const json_t *s;
	size_t i;
	int k;

	json_array_foreach(json_object_get(json_object_get(f->shared,
	    "labels"), name), i, s) {
		k = sh_phrases_add(&f->labels, json_string_value(s), f->err);
		if (k < 0)
			return (-1);
		want[k] = 1;
	}
	return (0);
}

static int
in_list(const json_t *list, const char *name)
{
	const json_t *s;
	size_t i;

	json_array_foreach(list, i, s)
		if (strcmp(json_string_value(s), name) == 0)
			return (1);
	return (0);
}

/*
 * Words behind labels of all contexts, so that "Họ tên mẹ" is never the
 * main person's; headings only of the type's own.
 */
static int
load_contexts(struct sh_find *f)
{
	const json_t *list, *s;
	const char *key;
	json_t *v;
	size_t i, n = 0;
	int k;

	json_object_foreach(json_object_get(f->shared, "contexts"), key, v) {
		if (n == SH_CONTEXTS_MAX)
			break;
		f->context_name[n++] = key;
		if (add_phrases(f, &f->ofs, json_object_get(v, "of")) ||
		    add_phrases(f, &f->heads, json_object_get(v, "heads")))
			return (-1);
	}
	f->ncontexts = n;
	f->of_context = sh_alloc(f->ofs.n, sizeof(*f->of_context),
	    "contexts", f->err);
	f->head_contexts = sh_alloc(f->heads.n, sizeof(*f->head_contexts),
	    "contexts", f->err);
	if (f->of_context == NULL || f->head_contexts == NULL)
		return (-1);
	for (i = 0; i < f->ofs.n; i++)
		f->of_context[i] = -1;
	for (n = 0; n < f->ncontexts; n++) {
		int own = in_list(f->type->contexts, f->context_name[n]);

		v = json_object_get(json_object_get(f->shared, "contexts"),
		    f->context_name[n]);
		if (own)
			f->own_contexts |= 1ULL << n;
		if (json_is_true(json_object_get(v, "line")))
			f->line_contexts |= 1ULL << n;
		list = json_object_get(v, "of");
		json_array_foreach(list, i, s) {
			k = sh_phrases_add(&f->ofs, json_string_value(s),
			    f->err);
			if (k < 0)
				return (-1);
			/* The type's own meaning of a word comes first. */
			if (f->of_context[k] < 0 || own)
				f->of_context[k] = (int)n;
		}
		list = json_object_get(v, "heads");
		json_array_foreach(list, i, s) {
			k = sh_phrases_add(&f->heads, json_string_value(s),
			    f->err);
			if (k < 0)
				return (-1);
			if (own)
				f->head_contexts[k] |= 1ULL << n;
		}
	}
	return (0);
}

int
sh_find_context(const struct sh_find *f, const char *name)
{
	size_t i;

	for (i = 0; i < f->ncontexts; i++)
		if (strcmp(f->context_name[i], name) == 0)
			return ((int)i);
	return (-1);
}

uint64_t
sh_find_of(const struct sh_find *f, const json_t *of)
{
	size_t i, n = json_is_array(of) ? json_array_size(of) : 1;
	uint64_t mask = 0;
	int k;

	if (of == NULL)
		return (SH_OF_SELF);
	for (i = 0; i < n; i++) {
		const char *s = json_string_value(json_is_array(of) ?
		    json_array_get(of, i) : of);

		if (strcmp(s, "self") == 0)
			mask |= SH_OF_SELF;
		else if (strcmp(s, "any") == 0)
			mask |= SH_OF_ANY;
		else if ((k = sh_find_context(f, s)) >= 0)
			mask |= 1ULL << k;
	}
	return (mask);
}

/* ---- where labels stand ---- */

/* "2.", "a)", "IV.": what numbers an entry. */
static int
is_numbering(const struct sh_atom *a)
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
		if (!is_numbering(&v->atom[i]) &&
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
	return (end);
}

/* "Họ và tên(1):", "Số tiền (đồng)": what brackets add to a label. */
static uint32_t
past_brackets(const struct sh_view *v, uint32_t end, uint32_t stop)
{
	uint32_t i;

	if (end >= stop || !(v->atom[end].flags & SH_ATOM_OPEN))
		return (end);
	for (i = end; i < stop && i < end + 5; i++) {
		if (v->atom[i].flags & SH_ATOM_SHUT)
			return (i + 1);
		if (v->atom[i].flags & SH_ATOM_COLON)
			break;
	}
	return (end);
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
		if (colon == SH_NONE && k > 0)
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
	/* In running text its value follows at once, or it is long. */
	return (p->nwords >= 4 || (p->len >= 6 && (next == NULL ? p->numbers || p->len >= 9 :
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
	return (o->end < b->first + b->n);
}

static int
find_labels(struct sh_find *f)
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

/* ---- contexts ---- */

static int
add_opener(struct sh_find *f, uint32_t row, int32_t x, int context)
{
	if (sh_grow(&f->opener, &f->capopener, f->nopener + 1,
	    sizeof(*f->opener), "contexts", f->err))
		return (-1);
	f->opener[f->nopener++] = (struct sh_opener){ row, x, context };
	return (0);
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

	while (at < stop && is_numbering(&v->atom[at]) && at < s->first + 2) {
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
	if (sh_phrases_match(&f->heads, v, atoms, k, &m) &&
	    f->head_contexts[m.phrase] != 0) {
		i = at + m.n;
		/* A heading: alone, or with a colon or a bracket behind. */
		if (i >= stop || v->atom[i - 1].flags & SH_ATOM_COLON ||
		    v->atom[i].flags & (SH_ATOM_OPEN | SH_ATOM_COLON) ||
		    (i + 1 < stop && v->atom[i + 1].flags & SH_ATOM_COLON) ||
		    (sh_view_is_upper(v, seg) && stop - i < 6) ||
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
	int k;

	for (seg = r->first; seg < r->first + r->n; seg++) {
		k = heading_context(f, seg);
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

static int
find_contexts(struct sh_find *f)
{
	const struct sh_view *v = &f->v;
	uint32_t row, seg, i;
	int k, table;

	for (row = 0; row < v->nrows; row++) {
		const struct sh_row *r = &v->row[row];

		if (f->row_out[row])
			continue;
		if ((table = r->n > 1 ? add_columns(f, row) : 0) < 0)
			return (-1);
		for (seg = r->first; seg < r->first + r->n; seg++) {
			const struct sh_seg *s = &v->seg[seg];

			k = heading_context(f, seg);
			if (k != -1 && !table && add_opener(f, row,
			    s->box.x, k == -2 ? -1 : k))
				return (-1);
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

/* ---- opening a document ---- */

/* What certifies the copy is not the paper's own. */
static int
cut_certification(struct sh_find *f, int certified_copy)
{
	const struct sh_view *v = &f->v;
	uint32_t page, row, end;

	f->row_out = sh_alloc(v->nrows, 1, "rows", f->err);
	f->out_from = SH_NONE;
	if (f->row_out == NULL)
		return (-1);
	for (page = 0; certified_copy && page < v->npages; page++) {
		row = sh_heading_certification(v, page);
		end = sh_view_page_end(v, page);
		if (row == SH_NONE)
			continue;
		if (f->out_from == SH_NONE)
			f->out_from = row;
		/* A stamp at the head of the page is only its few lines. */
		if (row < (page == 0 ? 0 : sh_view_page_end(v, page - 1)) +
		    (end - row) / 2)
			end = row + 6 < end ? row + 6 : end;
		for (; row < end; row++)
			f->row_out[row] = 1;
	}
	return (0);
}

int
sh_find_open(struct sh_find *f, const struct sh_catalogue *c,
    const struct sh_paper_type *type, const struct sh_page *const *pages,
    size_t npages, int certified_copy, struct sh_error *err)
{
	memset(f, 0, sizeof(*f));
	f->labels.exact_below = 8;
	f->heads.exact_below = 9;
	f->ofs.exact_below = 7;
	f->c = c;
	f->type = type;
	f->shared = sh_catalogue_shared(c);
	f->err = err;
	if ((f->spelling = sh_spelling_new(c, err)) == NULL ||
	    sh_view_build(&f->v, pages, npages, err) ||
	    cut_certification(f, certified_copy) || load_labels(f) ||
	    load_contexts(f) || find_labels(f) || find_contexts(f)) {
		sh_find_close(f);
		return (-1);
	}
	sh_heading_find(&f->v, 0, &f->head);
	return (0);
}

void
sh_find_close(struct sh_find *f)
{
	sh_view_free(&f->v);
	sh_spelling_free(f->spelling);
	sh_phrases_free(&f->labels);
	sh_phrases_free(&f->ofs);
	sh_phrases_free(&f->heads);
	free(f->row_out);
	free(f->of_context);
	free(f->head_contexts);
	free(f->occ);
	free(f->occ_at);
	free(f->group);
	free(f->opener);
	free(f->columns);
	memset(f, 0, sizeof(*f));
}
