#include "ocr/fields.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "ocr/fields_internal.h"
#include "ocr/names.h"
#include "ocr/pen.h"

/*
 * What a way of finding is worth: the share of values found so that were
 * exact, on readings with known truth (tests/tools/extract).
 */
#define PENNED	0.5	/* of ten fields on sample forms five were exact */
#define ELSEWHERE	0.3	/* mostly somebody else's */
#define Q_COLON		1.0	/* a label with its colon */
#define Q_LEADS		0.96	/* a label at its segment's head */
#define Q_WEAK		0.93	/* a label in running text */
#define Q_HONORIFIC	0.90	/* "ông", "bà" */
#define Q_BELOW		0.93	/* times: the value stands below */
#define Q_MISREAD	0.97	/* times, for each letter of the label */
#define Q_PATTERN	0.85	/* the form of the value alone */
#define Q_CELL		0.95
#define Q_LATER_RULE	0.97	/* times, for each rule before it */
#define Q_WEAK_RULE	0.5	/* times: a rule that calls itself weak */
#define Q_BEHIND_NAME	0.85	/* times: a number that follows its owner */
#define ALIKE		0.05	/* places as good as each other */
#define FAIR		0.5	/* good enough not to try the next rule */

/*
 * How well a proposal suits: where it stands counts more than how well it
 * was read, or a name in the small print would beat a pale one at its label.
 */
static double
suits(const struct sh_proposal *p)
{
	return (p->worth * p->worth * p->worth * (0.5 + 0.5 * p->confidence));
}

/*
 * Of two that stand in places as good the first counts, unless it was read
 * badly: the second is another person's, or said again.
 */
static int
outdoes(const struct sh_proposal *best, const struct sh_proposal *p)
{
	if (best->value == NULL)
		return (1);
	if (fabs(p->worth - best->worth) < ALIKE && best->confidence >= FAIR)
		return (0);
	return (suits(p) > suits(best));
}

static int
better(struct sh_proposal *best, struct sh_proposal *p)
{
	if (outdoes(best, p)) {
		/* The same value twice is surer than once. */
		if (best->value != NULL && strcmp(best->value, p->value) == 0)
			p->confidence = 1 - (1 - p->confidence) *
			    (1 - 0.5 * best->confidence);
		sh_proposal_free(best);
		*best = *p;
		return (1);
	}
	if (strcmp(best->value, p->value) == 0)
		best->confidence = 1 - (1 - best->confidence) *
		    (1 - 0.5 * p->confidence);
	sh_proposal_free(p);
	return (0);
}

/* How many lines a value of the kind may take. */
static int
lines_of(enum sh_field_kind kind, int organisation)
{
	switch (kind) {
	case SH_FIELD_TEXT:
	case SH_FIELD_PLACE:
		return (4);
	case SH_FIELD_NAME:
		return (organisation ? 2 : 1);
	case SH_FIELD_ENUM:
		return (3);
	default:
		return (1);
	}
}

static double
quality(const struct sh_find *f, const struct sh_occ *o)
{
	double q = o->colon ? Q_COLON : o->leads ? Q_LEADS : Q_WEAK;
	unsigned i;

	if (sh_find_honorific(f, o))
		q *= Q_HONORIFIC;
	for (i = 0; i < o->errors; i++)
		q *= Q_MISREAD;
	return (q);
}

/* One compiled rule. */
struct rule {
	const json_t *json;
	uint8_t *want;		/* by phrase of f->labels; NULL: none */
	uint64_t of;
	const char *pattern, *where;
	int organisation, colon;
};

/* 1 if one of the texts stands at most 30 atoms before the label. */
static int
stands_after(struct sh_find *f, const json_t *texts, uint32_t atom)
{
	char have[600];
	const json_t *s;
	size_t i, k, len = 0, n;
	uint32_t a = atom > 30 ? atom - 30 : 0;
	int found = 0;

	for (; a < atom; a++) {
		n = strlen(f->v.atom[a].fold);
		if (len + n >= sizeof(have))
			break;
		memcpy(have + len, f->v.atom[a].fold, n);
		len += n;
	}
	have[len] = '\0';
	json_array_foreach(texts, i, s) {
		char *fold = sh_text_fold_dup(json_string_value(s), f->err);

		if (fold == NULL)
			return (-1);
		for (n = k = 0; fold[k] != '\0'; k++)
			if (fold[k] != ' ')
				fold[n++] = fold[k];
		fold[n] = '\0';
		found |= strstr(have, fold) != NULL;
		free(fold);
	}
	return (found);
}

static int
fits_where(const struct sh_find *f, const char *where, uint32_t atom)
{
	const struct sh_atom *a = &f->v.atom[atom];
	double y = (a->box.y + a->box.h / 2.0) /
	    f->v.pages[a->page]->height_px;

	if (where == NULL || strcmp(where, "any") == 0)
		return (1);
	if (strcmp(where, "top") == 0)
		return (a->page == 0 && y < 0.45);
	if (strcmp(where, "bottom") == 0)
		return (y > 0.5);
	/* row: in the first column */
	if (strcmp(where, "row") == 0)
		return (a->seg == f->v.row[a->row].first);
	/* edge: among the first or the last rows of its page */
	return (a->row < (a->page == 0 ? 0 : sh_view_page_end(&f->v,
	    a->page - 1)) + 6 || a->row + 6 > sh_view_page_end(&f->v,
	    a->page));
}

/* How far down the list of an "of" the context stands, or -1. */
static int
rank_of(const struct sh_find *f, const json_t *of, int context)
{
	size_t i, n = json_is_array(of) ? json_array_size(of) : 1;
	const char *name = context == SH_IN_TABLE ? "" : context < 0 ?
	    "self" : f->context_name[context];

	if (of == NULL)
		return (context == -1 ? 0 : -1);
	for (i = 0; i < n; i++) {
		const char *s = json_string_value(json_is_array(of) ?
		    json_array_get(of, i) : of);

		if (strcmp(s, name) == 0 || strcmp(s, "any") == 0)
			return ((int)i);
	}
	return (-1);
}

/*
 * "Công ty …; do bà …, CCCD số … làm đại diện": the party is the company, not
 * who speaks for it.
 */
static int
speaks_for_company(const struct sh_find *f, uint32_t at)
{
	const struct sh_view *v = &f->v;
	uint32_t i, from = at, end = at > 14 ? at - 14 : 0;

	while (from > end && strcmp(v->atom[from].fold, "do") != 0)
		from--;
	if (from == end || from + 1 >= v->natoms ||
	    f->occ_at[from + 1] == 0 || !sh_find_honorific(f,
	    &f->occ[f->occ_at[from + 1] - 1]))
		return (0);
	for (i = from; i > 0 && from - i < 60; i--)
		if ((strcmp(v->atom[i].fold, "ty") == 0 &&
		    strcmp(v->atom[i - 1].fold, "cong") == 0) ||
		    (strcmp(v->atom[i].fold, "tac") == 0 &&
		    strcmp(v->atom[i - 1].fold, "hop") == 0))
			return (1);
	return (0);
}

/* What the rule's labels announce, behind and below them. */
static int
try_labels(struct sh_find *f, const struct sh_field_def *def,
    const struct rule *r, struct sh_proposal *best)
{
	const json_t *after = json_object_get(r->json, "after");
	const json_t *of = json_object_get(r->json, "of");
	struct sh_proposal p;
	struct sh_span s;
	size_t i, seen = 0;
	int rank, got, written, unread = 0;

	for (i = 0; i < f->nocc; i++) {
		const struct sh_occ *o = &f->occ[i];

		if (!r->want[o->phrase] ||
		    !fits_where(f, r->where, o->first) ||
		    (r->colon && !o->colon))
			continue;
		rank = rank_of(f, of, sh_find_occ_context(f, o));
		if (rank < 0)
			continue;
		if (after != NULL &&
		    (got = stands_after(f, after, o->first)) <= 0) {
			if (got < 0)
				return (-1);
			continue;
		}
		sh_find_span(f, o, lines_of(def->kind, r->organisation),
		    def->kind == SH_FIELD_TEXT || def->kind == SH_FIELD_ENUM,
		    &s);
		written = o->colon && s.n > 0;
		got = sh_find_value(f, def, &s, r->pattern, r->organisation,
		    &p);
		/* What stood behind it was no value: look below. */
		if (got == 0 && !s.below) {
			sh_find_span_below(f, o, &s);
			got = sh_find_value(f, def, &s, r->pattern,
			    r->organisation, &p);
		}
		if (got < 0)
			return (-1);
		if (got == 0) {
			unread |= written;
			continue;
		}
		if ((def->kind == SH_FIELD_NAME || def->kind == SH_FIELD_ID) &&
		    !r->organisation && speaks_for_company(f, o->first))
			p.doubt = SH_DOUBT_ELSEWHERE;
		/* What was written at its place nobody could read. */
		if (unread && sh_find_honorific(f, o) && p.doubt == NULL)
			p.doubt = SH_DOUBT_ELSEWHERE;
		p.method = "anchor";
		p.worth = quality(f, o) * (1 - 0.04 * rank) *
		    (1 - 0.03 * (double)(seen < 5 ? seen : 5));
		if (s.below)
			p.worth *= o->colon ? Q_BELOW : Q_BELOW * Q_BELOW;
		p.confidence *= p.worth;
		seen++;
		(void)better(best, &p);
	}
	return (0);
}

/* The same in tables whose columns are people. */
static int
try_columns(struct sh_find *f, const struct sh_field_def *def,
    const struct rule *r, struct sh_proposal *best)
{
	struct sh_proposal p;
	struct sh_span s;
	size_t i, k, j;
	int got;

	for (k = 0; k < f->ncolumns; k++)
		for (j = 0; j < f->columns[k].n; j++) {
			const struct sh_columns *c = &f->columns[k];

			if (!(r->of >> c->context[j] & 1))
				continue;
			for (i = 0; i < f->nocc; i++) {
				const struct sh_occ *o = &f->occ[i];
				uint32_t row = f->v.atom[o->first].row;

				if (!r->want[o->phrase] || row < c->row ||
				    row >= c->end || !o->leads)
					continue;
				sh_find_cell(f, o, c, j, def->kind ==
				    SH_FIELD_NAME || def->kind ==
				    SH_FIELD_PLACE, &s);
				got = sh_find_value(f, def, &s, r->pattern,
				    r->organisation, &p);
				if (got == 0) {
					sh_find_cell(f, o, c, j, 2, &s);
					got = sh_find_value(f, def, &s,
					    r->pattern, r->organisation, &p);
				}
				if (got < 0)
					return (-1);
				if (got == 0)
					continue;
				p.method = "anchor";
				p.worth = Q_CELL;
				p.confidence *= Q_CELL;
				(void)better(best, &p);
			}
		}
	return (0);
}

/* The form of the value alone, anywhere where the rule allows. */
static int
try_pattern(struct sh_find *f, const struct sh_field_def *def,
    const struct rule *r, struct sh_proposal *best)
{
	const struct sh_view *v = &f->v;
	struct sh_proposal p;
	struct sh_span s;
	uint32_t seg, i;
	int got;

	for (seg = 0; seg < v->nsegs; seg++) {
		if (f->row_out[v->seg[seg].row] ||
		    !fits_where(f, r->where, v->seg[seg].first))
			continue;
		memset(&s, 0, sizeof(s));
		for (i = 0; i < v->seg[seg].n && s.n < SH_SPAN_MAX; i++)
			s.atom[s.n++] = v->seg[seg].first + i;
		got = sh_find_value(f, def, &s, r->pattern, 0, &p);
		if (got < 0)
			return (-1);
		if (got == 0)
			continue;
		p.method = "pattern";
		p.worth = Q_PATTERN;
		p.confidence *= Q_PATTERN;
		(void)better(best, &p);
	}
	return (0);
}

/* The sentence, or only the words, that hold one of the rule's texts. */
static int
try_sentence(struct sh_find *f, const struct sh_field_def *def,
    const struct rule *r, struct sh_proposal *best)
{
	const json_t *list = json_object_get(r->json, "sentence"), *t;
	int exact = json_is_true(json_object_get(r->json, "exact"));
	const struct sh_view *v = &f->v;
	struct sh_phrases ph = { .n = 0 };
	struct sh_proposal p;
	struct sh_match m;
	struct sh_span s;
	uint32_t atoms[24], k;
	size_t i, n;
	uint32_t from = json_integer_value(json_object_get(r->json, "from")) ==
	    2;
	int rc = -1;

	ph.exact_below = 40;	/* "chưa" and "chú" must not be one */
	json_array_foreach(list, i, t)
		if (sh_phrases_add(&ph, json_string_value(t), f->err) < 0)
			goto out;
	for (i = f->head.body < v->nrows ? v->seg[v->row[f->head.body].first]
	    .first : 0; i < v->natoms; i++) {
		if (f->row_out[v->atom[i].row])
			continue;
		for (n = 0; n < SH_COUNT(atoms) && i + n < v->natoms; n++)
			atoms[n] = (uint32_t)(i + n);
		if (!sh_phrases_match(&ph, v, atoms, n, &m))
			continue;
		memset(&s, 0, sizeof(s));
		memset(&p, 0, sizeof(p));
		for (k = from; k < m.n; k++)
			s.atom[s.n++] = atoms[k];
		/* The sentence goes on to its full stop; a choice ends. */
		for (; !exact && k < n && !(v->atom[atoms[k - 1]].flags &
		    SH_ATOM_STOP) && (def->kind != SH_FIELD_ENUM ||
		    v->atom[atoms[k]].seg == v->atom[atoms[0]].seg); k++)
			s.atom[s.n++] = atoms[k];
		if (sh_find_text(f, &s, 0, s.n, SH_MEND_USUAL, &p.value))
			goto out;
		sh_find_place(v, &s, 0, s.n, &p);
		p.method = "pattern";
		p.worth = exact ? 0.95 : 0.7;
		p.confidence *= p.worth;
		(void)better(best, &p);
		i += m.n - 1;
	}
	rc = 0;
out:
	sh_phrases_free(&ph);
	return (rc);
}

/* The year in the title: "HỘ NGHÈO NĂM 2024". */
static int
try_title_year(struct sh_find *f, const struct sh_field_def *def,
    struct sh_proposal *best)
{
	struct sh_title_block block[8];
	struct sh_proposal p;
	struct sh_span s;
	uint32_t k, i;
	size_t n, b;
	int got;

	sh_heading_titles(&f->v, &f->head, block, SH_COUNT(block), &n);
	for (b = 0; b < n && b < 2; b++) {
		memset(&s, 0, sizeof(s));
		for (k = 0; k < block[b].nsegs; k++) {
			const struct sh_seg *g = &f->v.seg[block[b].seg[k]];

			for (i = 0; i < g->n && s.n < SH_SPAN_MAX; i++)
				s.atom[s.n++] = g->first + i;
		}
		got = sh_find_value(f, def, &s, "year", 0, &p);
		if (got < 0)
			return (-1);
		if (got == 0)
			continue;
		p.method = "title";
		p.worth = 1;
		(void)better(best, &p);
		return (0);
	}
	return (0);
}

static int
try_at(struct sh_find *f, const struct sh_field_def *def,
    const struct rule *r, const char *at, struct sh_proposal *best)
{
	struct sh_proposal p;
	int got = sh_find_at(f, def, at, r->where, &p);

	if (got == 1) {
		p.worth = 1;
		(void)better(best, &p);
	}
	return (got < 0 ? -1 : 0);
}

static int
mark_labels(struct sh_find *f, const json_t *rule, uint8_t *want)
{
	const json_t *label = json_object_get(rule, "label"), *s;
	size_t i, n = json_is_array(label) ? json_array_size(label) : 1;
	int k;

	for (i = 0; label != NULL && i < n; i++)
		if (sh_find_want(f, json_string_value(json_is_array(label) ?
		    json_array_get(label, i) : label), want))
			return (-1);
	json_array_foreach(json_object_get(rule, "text"), i, s) {
		k = sh_phrases_add(&f->labels, json_string_value(s), f->err);
		if (k < 0)
			return (-1);
		want[k] = 1;
	}
	return (0);
}

static int
try_rule(struct sh_find *f, const struct sh_field_def *def,
    const json_t *json, struct sh_proposal *best)
{
	struct rule r = { .json = json };
	const char *at = json_string_value(json_object_get(json, "at"));
	int rc = -1;

	r.of = sh_find_of(f, json_object_get(json, "of"));
	r.pattern = json_string_value(json_object_get(json, "pattern"));
	r.where = json_string_value(json_object_get(json, "where"));
	r.organisation = json_is_true(json_object_get(json, "organisation"));
	r.colon = json_is_true(json_object_get(json, "colon"));
	if (at != NULL)
		return (try_at(f, def, &r, at, best));
	if (json_object_get(json, "sentence") != NULL)
		return (try_sentence(f, def, &r, best));
	if (json_object_get(json, "title") != NULL)
		return (try_title_year(f, def, best));
	if (json_object_get(json, "label") == NULL &&
	    json_object_get(json, "text") == NULL)
		return (try_pattern(f, def, &r, best));
	/* All phrases stand already: their number does not grow. */
	if ((r.want = sh_alloc(f->labels.n, 1, "rule", f->err)) == NULL ||
	    mark_labels(f, json, r.want) ||
	    try_labels(f, def, &r, best) || try_columns(f, def, &r, best))
		goto out;
	rc = 0;
out:
	free(r.want);
	return (rc);
}

static int
find_field(struct sh_find *f, const struct sh_field_def *def,
    struct sh_proposal *best)
{
	const json_t *rule;
	double worth = 1;
	size_t i;

	memset(best, 0, sizeof(*best));
	best->first = SH_NONE;
	json_array_foreach(def->find, i, rule) {
		struct sh_proposal p;

		/* Rules stand in their order: a fair find needs no other. */
		if (best->value != NULL && best->confidence >= FAIR)
			break;

		memset(&p, 0, sizeof(p));
		p.first = SH_NONE;
		if (try_rule(f, def, rule, &p)) {
			sh_proposal_free(&p);
			sh_proposal_free(best);
			return (-1);
		}
		p.confidence *= worth;
		p.worth *= worth;
		if (json_is_true(json_object_get(rule, "weak"))) {
			p.confidence *= Q_WEAK_RULE;
			p.worth *= Q_WEAK_RULE;
		}
		worth *= Q_LATER_RULE;
		if (p.value != NULL)
			(void)better(best, &p);
	}
	return (0);
}

static int
add_field(struct sh_fields *out, size_t *capp, const struct sh_field_def *def,
    struct sh_proposal *p, struct sh_error *err)
{
	struct sh_field *f;

	if (sh_grow(&out->field, capp, out->n + 1, sizeof(*out->field),
	    "fields", err))
		return (-1);
	f = &out->field[out->n++];
	f->def = def;
	f->value = p->value;
	f->confidence = p->confidence;
	f->page = p->page;
	f->box = p->box;
	f->method = p->method;
	f->doubt = p->doubt;
	p->value = NULL;
	return (0);
}

/*
 * A holder's number that no label announced, behind the holder's name:
 * "ông Trần Văn An (số 027080001234)".  FIRST: each field's first atom.
 */
static int
find_holder_numbers(struct sh_find *f, const struct sh_paper_type *type,
    struct sh_fields *out, size_t *capp, const uint32_t *first)
{
	size_t i, k, n = out->n;

	for (i = 0; i < type->nholders; i++) {
		const struct sh_holder_def *h = &type->holders[i];
		struct sh_proposal p;
		int r;

		if (h->id_field == NULL || h->name_field == NULL ||
		    sh_fields_get(out, h->id_field) != NULL)
			continue;
		for (k = 0; k < n && strcmp(out->field[k].def->name,
		    h->name_field) != 0; k++)
			;
		if (k == n || first[k] == SH_NONE)
			continue;
		if ((r = sh_find_number_of(f, first[k], &p)) < 0)
			return (-1);
		if (r == 0)
			continue;
		p.method = "pattern";
		p.confidence *= Q_BEHIND_NAME;
		if (add_field(out, capp, sh_paper_type_field(type,
		    h->id_field), &p, f->err)) {
			sh_proposal_free(&p);
			return (-1);
		}
	}
	return (0);
}

/*
 * From here on a confidence is a probability.  What was written by hand, or
 * stands where its label does not, is for a person, whatever else is thought
 * of it.
 */
static void
calibrate(const struct sh_calibration *c, const struct sh_page *const *pages,
    struct sh_fields *out)
{
	size_t i;

	for (i = 0; i < out->n; i++) {
		struct sh_field *f = &out->field[i];
		int penned = sh_pen_wrote(pages[f->page], f->box);
		int elsewhere = f->doubt != NULL && strcmp(f->doubt,
		    SH_DOUBT_ELSEWHERE) == 0;

		f->confidence = sh_calibration_apply(c, f->def->kind,
		    f->doubt != NULL, f->confidence);
		if (penned) {
			f->doubt = "field.handwritten";
			f->confidence = fmin(f->confidence, PENNED);
		} else if (elsewhere) {
			f->confidence = fmin(f->confidence, ELSEWHERE);
		}
		f->review = penned || elsewhere || f->confidence < sh_calibration_threshold(c,
		    f->def->kind, f->def->error_rate);
	}
}

static struct sh_field *
field_named(struct sh_fields *out, const char *name)
{
	return (name == NULL ? NULL : (struct sh_field *)(uintptr_t)
	    sh_fields_get(out, name));
}

/* Two parties of one number: one of them got the other's. */
static void
doubt_shared_numbers(const struct sh_paper_type *type, struct sh_fields *out)
{
	struct sh_field *a, *b;
	size_t i, k;

	for (i = 0; i < type->nholders; i++)
		for (k = 0; k < i; k++) {
			a = field_named(out, type->holders[i].id_field);
			b = field_named(out, type->holders[k].id_field);
			if (a != NULL && b != NULL && a != b &&
			    strcmp(a->value, b->value) == 0)
				a->doubt = b->doubt = SH_DOUBT_ELSEWHERE;
		}
}

int
sh_fields_extract(const struct sh_catalogue *c,
    const struct sh_paper_type *type, const struct sh_page *const *pages,
    size_t npages, int certified_copy, struct sh_fields *out,
    struct sh_error *err)
{
	struct sh_proposal p;
	struct sh_find f;
	uint32_t *first = NULL;
	size_t i, cap = 0;
	int rc = -1;

	memset(out, 0, sizeof(*out));
	if (sh_find_open(&f, c, type, pages, npages, certified_copy, err))
		return (-1);
	if ((first = sh_alloc(type->nfields, sizeof(*first), "fields",
	    err)) == NULL)
		goto out;
	for (i = 0; i < type->nfields; i++) {
		if (find_field(&f, &type->fields[i], &p))
			goto out;
		first[out->n] = p.first;
		if (p.value != NULL && add_field(out, &cap, &type->fields[i],
		    &p, err)) {
			sh_proposal_free(&p);
			goto out;
		}
	}
	if (find_holder_numbers(&f, type, out, &cap, first) ||
	    sh_find_mend_names(&f, out) || (type->card &&
	    sh_find_card(&f, out)))
		goto out;
	doubt_shared_numbers(type, out);
	calibrate(f.calibration, pages, out);
	rc = 0;
out:
	free(first);
	sh_find_close(&f);
	if (rc != 0)
		sh_fields_clear(out);
	return (rc);
}

void
sh_fields_clear(struct sh_fields *f)
{
	size_t i;

	for (i = 0; i < f->n; i++)
		free(f->field[i].value);
	free(f->field);
	memset(f, 0, sizeof(*f));
}

const struct sh_field *
sh_fields_get(const struct sh_fields *f, const char *name)
{
	size_t i;

	for (i = 0; i < f->n; i++)
		if (strcmp(f->field[i].def->name, name) == 0)
			return (&f->field[i]);
	return (NULL);
}
