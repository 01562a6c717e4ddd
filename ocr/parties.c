/* Whose the document is: from its fields, its lists, its running text. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "ocr/fields.h"
#include "ocr/fields_internal.h"

#define PARTIES_MAX	64
#define TABLE_ROWS	60

struct gather {
	struct sh_find f;
	const struct sh_fields *fields;
	struct sh_parties *out;
	size_t cap;
	struct sh_error *err;
};

/* A name that a line's end cut off: "Hoàng Phương" of "Hoàng Phương Anh". */
static int
begins(const char *whole, const char *part)
{
	size_t n = part == NULL ? 0 : strlen(part);

	return (whole != NULL && n > 0 && strncmp(whole, part, n) == 0 &&
	    whole[n] == ' ');
}

/* The party with that number, or of that name when one has no number. */
static struct sh_party *
known(struct gather *g, const struct sh_id *id, const char *name)
{
	size_t i;

	for (i = 0; i < g->out->n; i++) {
		struct sh_party *p = &g->out->party[i];

		if (id->kind != SH_ID_NONE && p->id.kind != SH_ID_NONE) {
			if (sh_id_equal(&p->id, id))
				return (p);
			continue;
		}
		if (sh_name_compare(p->name, name) == SH_SAME ||
		    (id->kind == SH_ID_NONE && begins(p->name, name)))
			return (p);
	}
	return (NULL);
}

static int
add_party(struct gather *g, const struct sh_id *id, const char *name,
    const char *role, struct sh_date birth, double confidence, int unsure,
    int files)
{
	struct sh_party *p;

	if (id->kind == SH_ID_NONE && name == NULL)
		return (0);
	if ((p = known(g, id, name)) != NULL) {
		/* Named again: what was missing is filled in. */
		if (p->id.kind == SH_ID_NONE)
			p->id = *id;
		if (p->birth.year == 0)
			p->birth = birth;
		if (p->name == NULL && name != NULL &&
		    (p->name = sh_strdup(name, g->err)) == NULL)
			return (-1);
		return (0);
	}
	if (g->out->n >= PARTIES_MAX)
		return (0);
	if (sh_grow(&g->out->party, &g->cap, g->out->n + 1, sizeof(*p),
	    "parties", g->err))
		return (-1);
	p = &g->out->party[g->out->n];
	memset(p, 0, sizeof(*p));
	if (name != NULL && (p->name = sh_strdup(name, g->err)) == NULL)
		return (-1);
	p->id = *id;
	p->role = role;
	p->birth = birth;
	p->confidence = confidence;
	p->unsure = unsure;
	p->files = files;
	g->out->n++;
	return (0);
}

static int
is_unsure(const struct gather *g, const struct sh_id *id, double sure)
{
	return (id->kind != SH_ID_NONE && sure < sh_calibration_threshold(
	    g->f.calibration, SH_FIELD_ID, SH_ERROR_RATE_CRITICAL));
}

/* A number that has no identifier's form names nobody. */
static void
parse_id(const char *s, struct sh_id *id)
{
	struct sh_error err = SH_ERROR_INIT;

	memset(id, 0, sizeof(*id));
	if (s != NULL && sh_id_parse(s, id, &err) != 0)
		memset(id, 0, sizeof(*id));
}

static const struct sh_field *
field(const struct gather *g, const char *name)
{
	return (name == NULL ? NULL : sh_fields_get(g->fields, name));
}

static int
from_fields(struct gather *g, const struct sh_holder_def *h)
{
	const struct sh_field *name = field(g, h->name_field);
	const struct sh_field *id = field(g, h->id_field);
	const struct sh_field *birth = field(g, h->birth_field);
	struct sh_date day = { 0, 0, 0 };
	struct sh_id number;
	double confidence;

	if (id == NULL)
		id = field(g, h->other_id_field);
	parse_id(id == NULL ? NULL : id->value, &number);
	if (birth != NULL && sh_date_parse(birth->value, &day))
		memset(&day, 0, sizeof(day));
	confidence = number.kind != SH_ID_NONE ? id->confidence :
	    name != NULL ? 0.8 * name->confidence : 0;
	return (add_party(g, &number, name == NULL ? NULL : name->value,
	    h->role, day, confidence, number.kind != SH_ID_NONE &&
	    id->review, h->files));
}

/* ---- lists ---- */

/* The head of a table of people: where its column of names stands. */
struct table {
	uint32_t row, end;
	int32_t x0, x1;
};

static int
is_wanted(const struct sh_find *f, const uint8_t *want, uint32_t seg)
{
	const struct sh_seg *s = &f->v.seg[seg];
	uint32_t i;

	for (i = s->first; i < s->first + s->n; i++)
		if (f->occ_at[i] != 0 &&
		    want[f->occ[f->occ_at[i] - 1].phrase])
			return (1);
	return (0);
}

/* A heading may stand in the middle of its column. */
static int32_t
cell_left(const struct sh_view *v, uint32_t seg, uint32_t atom)
{
	const struct sh_row *r = &v->row[v->seg[seg].row];
	const struct sh_box *before;

	if (seg == r->first || v->seg[seg].first != atom)
		return (v->atom[atom].box.x - 2 * r->h);
	before = &v->seg[seg - 1].box;
	return (before->x + before->w + r->h / 3);
}

/*
 * A row of headings, at least three and without colons, one of them a name,
 * another a number, a birth or a kinship.
 */
static int
find_table(struct gather *g, uint32_t from, const uint8_t *name,
    const uint8_t *others, struct table *t)
{
	const struct sh_view *v = &g->f.v;
	uint32_t row, seg, page;

	for (row = from; row < v->nrows; row++) {
		const struct sh_row *r = &v->row[row];
		uint32_t at = SH_NONE, other = 0, i, colons = 0;
		const struct sh_seg *last = &v->seg[r->first + r->n - 1];

		for (i = v->seg[r->first].first; i < last->first + last->n;
		    i++)
			colons += (v->atom[i].flags & SH_ATOM_COLON) != 0;
		if (colons > 0 || last->first + last->n -
		    v->seg[r->first].first < 4)
			continue;
		for (seg = r->first; seg < r->first + r->n; seg++) {
			if (at == SH_NONE && is_wanted(&g->f, name, seg))
				at = seg;
			other += is_wanted(&g->f, others, seg);
		}
		if (at == SH_NONE || other == 0)
			continue;
		t->row = row;
		t->x0 = v->seg[at].box.x - 2 * r->h;
		t->x1 = v->right[r->page];
		/* To the next heading, in its own segment or the next. */
		for (i = v->seg[at].first; i < v->seg[at].first +
		    v->seg[at].n; i++)
			if (g->f.occ_at[i] != 0 && name[g->f.occ[
			    g->f.occ_at[i] - 1].phrase]) {
				uint32_t end = g->f.occ[g->f.occ_at[i] -
				    1].end;

				t->x0 = cell_left(v, at, i);
				if (end < last->first + last->n)
					t->x1 = v->atom[end].box.x - r->h / 3;
				break;
			}
		page = r->page;
		for (t->end = row + 1; t->end < v->nrows && t->end < row +
		    TABLE_ROWS && v->row[t->end].page == page; t->end++)
			;
		return (1);
	}
	return (0);
}

/* The first number of twelve digits in the row, or 0. */
static int
row_number(struct gather *g, uint32_t row, struct sh_id *id,
    struct sh_date *birth, double *confidence)
{
	const struct sh_view *v = &g->f.v;
	struct sh_span s = { .n = 0 };
	struct sh_proposal p;
	uint32_t i, seg;
	size_t from, to;
	unsigned bad;
	char out[24];

	for (seg = v->row[row].first; seg < v->row[row].first +
	    v->row[row].n; seg++)
		for (i = 0; i < v->seg[seg].n && s.n < SH_SPAN_MAX; i++)
			s.atom[s.n++] = v->seg[seg].first + i;
	if (!sh_find_id(v, &s, out, &from, &to, &bad))
		return (0);
	parse_id(out, id);
	if (id->kind != SH_ID_CITIZEN && id->kind != SH_ID_OLD)
		return (0);
	memset(&p, 0, sizeof(p));
	sh_find_place(v, &s, from, to, &p);
	*confidence = p.confidence;
	if (!sh_find_date(v, &s, birth, &from, &to, &bad))
		memset(birth, 0, sizeof(*birth));
	return (1);
}

/* The name in the column, over the rows [row, end). */
static int
row_name(struct gather *g, const struct table *t, uint32_t row,
    uint32_t end, char **out)
{
	const struct sh_view *v = &g->f.v;
	struct sh_span s = { .n = 0 };
	uint32_t i, seg;
	size_t k;

	*out = NULL;
	for (; row < end; row++)
		for (seg = v->row[row].first; seg < v->row[row].first +
		    v->row[row].n; seg++)
			for (i = v->seg[seg].first; i < v->seg[seg].first +
			    v->seg[seg].n && s.n < 12; i++) {
				const struct sh_atom *a = &v->atom[i];

				if (a->box.x < t->x0 || a->box.x + a->box.w /
				    2 >= t->x1)
					continue;
				if (a->flags & SH_ATOM_DIGITS)
					continue;
				if (!(a->flags & (SH_ATOM_CAPITAL |
				    SH_ATOM_UPPER)))
					goto out;
				s.atom[s.n++] = i;
			}
out:
	for (k = 0; k < s.n; k++)
		if (strlen(v->atom[s.atom[k]].fold) > 1)
			break;
	if (s.n < k + 2)
		return (0);
	return (sh_find_text(&g->f, &s, k, s.n, SH_MEND_NOT, out));
}

static int
from_table(struct gather *g, const char *role)
{
	static const char *const others[] = { "id_number", "birth_date",
	    "relation", "nationality", "sex" };
	uint8_t *name = NULL, *other = NULL;
	struct sh_view *v = &g->f.v;
	struct sh_date birth, next_birth;
	struct sh_id id, next_id;
	double confidence, ignored, sure;
	uint32_t row, next, from = 0;
	struct table t;
	char *text = NULL;
	size_t i;
	int rc = -1;

	if ((name = sh_alloc(g->f.labels.n, 1, "table", g->err)) == NULL ||
	    (other = sh_alloc(g->f.labels.n, 1, "table", g->err)) == NULL ||
	    sh_find_want(&g->f, "name", name) ||
	    sh_find_want(&g->f, "member_name", name))
		goto out;
	for (i = 0; i < SH_COUNT(others); i++)
		if (sh_find_want(&g->f, others[i], other))
			goto out;
	while (find_table(g, from, name, other, &t)) {
		for (row = t.row + 1; row < t.end; row = next) {
			next = row + 1;
			if (g->f.row_out[row] || !row_number(g, row, &id,
			    &birth, &confidence))
				continue;
			/* A name may be broken over the rows of its cell. */
			while (next < t.end && next < row + 3 &&
			    v->row[next].y - v->row[row].y < (int32_t)(next -
			    row) * 3 * v->row[row].h && !row_number(g, next,
			    &next_id, &next_birth, &ignored))
				next++;
			free(text);
			sure = sh_calibration_apply(g->f.calibration,
			    SH_FIELD_ID, 0, 0.9 * confidence);
			if (row_name(g, &t, row, next, &text) ||
			    add_party(g, &id, text, role, birth, sure,
			    is_unsure(g, &id, sure), 0))
				goto out;
		}
		from = t.end;
	}
	rc = 0;
out:
	free(text);
	free(name);
	free(other);
	return (rc);
}

/* ---- people whom labels or sentences name ---- */

static int
add_person(struct gather *g, const struct sh_person *p, const char *role,
    int files)
{
	struct sh_id id;
	double sure;

	parse_id(p->id.value, &id);
	sure = id.kind == SH_ID_NONE ? 0.6 * p->name.confidence :
	    sh_calibration_apply(g->f.calibration, SH_FIELD_ID,
	    p->id.doubt != NULL, p->id.confidence);
	return (add_party(g, &id, p->name.value, role, p->birth, sure,
	    is_unsure(g, &id, sure), files));
}

/*
 * People of the sections that the rule names.  Where the paper passes on to
 * somebody, that is the present holder and the others were.
 */
static int
from_context(struct gather *g, const json_t *rule,
    const struct sh_persons *all)
{
	const char *role = json_string_value(json_object_get(rule, "role"));
	const char *former = json_string_value(json_object_get(rule,
	    "transferred"));
	uint64_t of = sh_find_of(&g->f, json_object_get(rule, "of"));
	size_t i;
	int moved = 0;

	for (i = 0; i < all->n; i++)
		moved |= former != NULL && all->person[i].moved;
	for (i = 0; moved && i < all->n; i++)
		if (all->person[i].moved &&
		    add_person(g, &all->person[i], role, 1))
			return (-1);
	for (i = 0; i < all->n; i++) {
		const struct sh_person *p = &all->person[i];

		if (p->moved || !(of & SH_OF_ANY || (p->context < 0 ?
		    of & SH_OF_SELF : of >> p->context & 1)))
			continue;
		/* Of a type with sections a bare name is no holder. */
		if (p->context < 0 && p->id.value == NULL)
			continue;
		if (add_person(g, p, moved ? former : role, !moved))
			return (-1);
	}
	return (0);
}

/* Everybody with a number; if nobody has one, those with a birth. */
static int
from_prose(struct gather *g, const char *role, const struct sh_persons *all)
{
	size_t i;
	int numbered = 0;

	if (g->out->n > 0)
		return (0);
	for (i = 0; i < all->n; i++)
		numbered |= all->person[i].id.value != NULL;
	for (i = 0; i < all->n; i++) {
		const struct sh_person *p = &all->person[i];

		if (numbered ? p->id.value == NULL : p->birth.year == 0)
			continue;
		if (add_person(g, p, role, 1))
			return (-1);
	}
	return (0);
}

/* The number of a holder whom a field names, from wherever it stands. */
static int
from_row(struct gather *g, const json_t *rule, const struct sh_persons *all)
{
	const struct sh_field *name = field(g, json_string_value(
	    json_object_get(rule, "name")));
	size_t i;

	for (i = 0; name != NULL && i < all->n; i++)
		if (all->person[i].id.value != NULL &&
		    sh_name_compare(all->person[i].name.value, name->value) ==
		    SH_SAME)
			return (add_person(g, &all->person[i],
			    json_string_value(json_object_get(rule, "role")),
			    1));
	return (0);
}

static int
from_people(struct gather *g, const struct sh_paper_type *type)
{
	struct sh_persons all = { NULL };
	const json_t *rule;
	size_t i;
	int rc = -1;

	if (sh_find_persons(&g->f, &all))
		goto out;
	json_array_foreach(type->people, i, rule) {
		const char *role = json_string_value(json_object_get(rule,
		    "role"));
		const char *from = json_string_value(json_object_get(rule,
		    "from"));

		if (strcmp(from, "context") == 0 ?
		    from_context(g, rule, &all) :
		    strcmp(from, "prose") == 0 ? from_prose(g, role, &all) :
		    strcmp(from, "row") == 0 ? from_row(g, rule, &all) :
		    from_table(g, role))
			goto out;
	}
	rc = 0;
out:
	sh_persons_free(&all);
	return (rc);
}

int
sh_parties_extract(const struct sh_catalogue *c,
    const struct sh_paper_type *type, const struct sh_fields *fields,
    const struct sh_page *const *pages, size_t npages,
    struct sh_parties *out, struct sh_error *err)
{
	struct gather g = { .fields = fields, .out = out, .err = err };
	size_t i;
	int rc = -1;

	memset(out, 0, sizeof(*out));
	for (i = 0; i < type->nholders; i++)
		if (from_fields(&g, &type->holders[i]))
			goto out;
	if (json_array_size(type->people) > 0) {
		if (sh_find_open(&g.f, c, type, pages, npages, 1, err))
			goto out;
		rc = from_people(&g, type);
		sh_find_close(&g.f);
	} else {
		rc = 0;
	}
out:
	if (rc != 0)
		sh_parties_clear(out);
	return (rc);
}

void
sh_parties_clear(struct sh_parties *p)
{
	size_t i;

	for (i = 0; i < p->n; i++)
		free(p->party[i].name);
	free(p->party);
	memset(p, 0, sizeof(*p));
}
