/* Everybody whom the paper names: name, number, birth, in which part. */
#include "ocr/fields_internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "ocr/names.h"

#define PERSONS_MAX	64
#define REACH		60	/* atoms from a name to its number */

void
sh_persons_free(struct sh_persons *p)
{
	size_t i;

	for (i = 0; i < p->n; i++) {
		sh_proposal_free(&p->person[i].name);
		sh_proposal_free(&p->person[i].id);
	}
	free(p->person);
	memset(p, 0, sizeof(*p));
}

/* Folded letters of the atoms [first, end), joined. */
static void
join(const struct sh_view *v, uint32_t first, uint32_t end, char *out,
    size_t size)
{
	size_t len = 0, n;

	for (; first < end; first++) {
		n = strlen(v->atom[first].fold);
		if (len + n >= size)
			break;
		memcpy(out + len, v->atom[first].fold, n);
		len += n;
	}
	out[len] = '\0';
}

uint32_t
sh_find_changes(const struct sh_find *f)
{
	static const char *const marks[] = { "nhungthaydoisaukhicap",
	    "noidungthaydoivacoso", "noidungbiendong",
	    "noidungthaydoicosophaply" };
	const struct sh_view *v = &f->v;
	char text[200];
	uint32_t seg;
	size_t i;

	for (seg = 0; seg < v->nsegs; seg++) {
		join(v, v->seg[seg].first, v->seg[seg].first +
		    v->seg[seg].n, text, sizeof(text));
		for (i = 0; i < SH_COUNT(marks); i++)
			if (strstr(text, marks[i]) != NULL)
				return (v->seg[seg].row);
	}
	return (SH_NONE);
}

/*
 * The atoms of the column around an atom, in its reading order: the rest of
 * its segment, then the segments below that stand under it.
 */
static size_t
column_from(const struct sh_view *v, uint32_t atom, uint32_t *out,
    size_t max)
{
	const struct sh_seg *own = &v->seg[v->atom[atom].seg];
	int32_t x0 = own->box.x, x1 = own->box.x + own->box.w;
	uint32_t row = own->row, seg, i, page = v->row[row].page;
	size_t n = 0;
	int rows = 0;

	for (i = atom; i < own->first + own->n && n < max; i++)
		out[n++] = i;
	for (seg = v->atom[atom].seg + 1; seg < v->row[row].first +
	    v->row[row].n; seg++)
		if (v->row[row].n <= 2 || v->seg[seg].box.x - x1 <
		    8 * v->row[row].h)
			for (i = v->seg[seg].first; i < v->seg[seg].first +
			    v->seg[seg].n && n < max; i++)
				out[n++] = i;
	for (row++; row < v->nrows && v->row[row].page == page && rows < 12 &&
	    n < max; row++, rows++) {
		const struct sh_row *r = &v->row[row];

		for (seg = r->first; seg < r->first + r->n; seg++) {
			const struct sh_box *b = &v->seg[seg].box;

			if (b->x >= x1 || b->x + b->w <= x0)
				continue;
			for (i = v->seg[seg].first; i < v->seg[seg].first +
			    v->seg[seg].n && n < max; i++)
				out[n++] = i;
		}
	}
	return (n);
}

/* "… của ông (số định danh …)" names nobody new. */
static int
names_somebody(const struct sh_find *f, const struct sh_occ *o)
{
	const struct sh_atom *a;

	if (!sh_find_honorific(f, o) || o->end >= f->v.natoms)
		return (1);
	a = &f->v.atom[o->end];
	return (a->flags & SH_ATOM_CAPITAL && !(a->flags & SH_ATOM_OPEN));
}

/* What stands behind the name that begins at AFTER, before the next name. */
static void
behind_name(const struct sh_find *f, const uint8_t *is_name, uint32_t after,
    struct sh_span *s)
{
	uint32_t atoms[REACH], k;
	size_t i, n;

	memset(s, 0, sizeof(*s));
	n = column_from(&f->v, after, atoms, REACH);
	for (i = 1; i < n; i++) {
		k = f->occ_at[atoms[i]];
		if (k != 0 && is_name[f->occ[k - 1].phrase] &&
		    names_somebody(f, &f->occ[k - 1]))
			break;
		s->atom[s->n++] = atoms[i];
	}
}

/* A person's number in the span; ten digits are an organisation's. */
static int
take_number(struct sh_find *f, const struct sh_span *s,
    struct sh_proposal *p)
{
	static const struct sh_field_def def = { .kind = SH_FIELD_ID };
	int r = sh_find_value(f, &def, s, NULL, 0, p);

	if (r == 1 && strlen(p->value) != 12 && strlen(p->value) != 9) {
		sh_proposal_free(p);
		r = 0;
	}
	return (r);
}

int
sh_find_number_of(struct sh_find *f, uint32_t name, struct sh_proposal *p)
{
	struct sh_span s;
	uint8_t *is_name;
	int r = -1;

	memset(p, 0, sizeof(*p));
	p->first = SH_NONE;
	if ((is_name = sh_alloc(f->labels.n, 1, "names", f->err)) != NULL &&
	    sh_find_want(f, "name", is_name) == 0) {
		behind_name(f, is_name, name, &s);
		r = take_number(f, &s, p);
	}
	free(is_name);
	return (r);
}

/* The number behind a name, and the day behind "sinh". */
static int
find_particulars(struct sh_find *f, const uint8_t *is_name, uint32_t after,
    struct sh_person *p)
{
	static const struct sh_field_def day = { .kind = SH_FIELD_DATE };
	struct sh_span s, t = { .n = 0 };
	struct sh_proposal date;
	size_t i;
	int r;

	behind_name(f, is_name, after, &s);
	for (i = 0; i < s.n && t.n < 8; i++)
		if (t.n > 0 || strcmp(f->v.atom[s.atom[i]].fold, "sinh") == 0)
			t.atom[t.n++] = s.atom[i];
	if ((r = sh_find_value(f, &day, &t, NULL, 0, &date)) < 0)
		return (-1);
	if (r == 1) {
		(void)sh_date_parse(date.value, &p->birth);
		sh_proposal_free(&date);
	}
	return (take_number(f, &s, &p->id) < 0 ? -1 : 0);
}

/* Does what stands before the name say that the land passed to it? */
static int
is_receiver(const struct sh_find *f, uint32_t atom)
{
	static const char *const marks[] = { "chuyennhuong", "tangcho",
	    "thuake", "muaban", "banchoong", "bancho", "doiten", "nhanchuyen",
	    "phanchia", "daugia" };
	const struct sh_view *v = &f->v;
	uint32_t i, seg = v->atom[atom].seg, row, s;
	int32_t x0 = v->seg[seg].box.x, x1 = x0 + v->seg[seg].box.w;
	char text[400];
	size_t k;
	int rows = 0;

	/* Its own line up to the name, and two lines above in its column. */
	join(v, v->seg[seg].first, atom + 1, text, sizeof(text) / 3);
	for (row = v->atom[atom].row; row > 0 && rows < 3; rows++) {
		row--;
		if (v->row[row].page != v->atom[atom].page)
			break;
		for (s = v->row[row].first; s < v->row[row].first +
		    v->row[row].n; s++) {
			i = (uint32_t)strlen(text);
			if (v->seg[s].box.x < x1 && v->seg[s].box.x +
			    v->seg[s].box.w > x0)
				join(v, v->seg[s].first, v->seg[s].first +
				    v->seg[s].n, text + i, sizeof(text) - i);
		}
	}
	for (k = 0; k < SH_COUNT(marks); k++)
		if (strstr(text, marks[k]) != NULL)
			return (1);
	return (0);
}

/* Add the person whose name the span begins with, if it does. */
static int
add_person(struct sh_find *f, struct sh_persons *out, const uint8_t *is_name,
    const struct sh_span *s, const struct sh_occ *o)
{
	static const struct sh_field_def def = { .kind = SH_FIELD_NAME };
	uint32_t changes = sh_find_changes(f);
	struct sh_person p;
	int r;

	memset(&p, 0, sizeof(p));
	p.id.first = SH_NONE;
	if ((r = sh_find_value(f, &def, s, NULL, 0, &p.name)) <= 0)
		return (r);
	p.context = sh_find_occ_context(f, o);
	p.row = f->v.atom[p.name.first].row;
	p.x = f->v.atom[p.name.first].box.x;
	p.moved = changes != SH_NONE && p.row > changes &&
	    is_receiver(f, p.name.first);
	if (find_particulars(f, is_name, p.name.first, &p) ||
	    sh_grow(&out->person, &out->cap, out->n + 1,
	    sizeof(*out->person), "names", f->err)) {
		sh_proposal_free(&p.name);
		sh_proposal_free(&p.id);
		return (-1);
	}
	out->person[out->n++] = p;
	return (0);
}

/* "1. Lê Thị Hồng Thu, sinh ngày …": the name of a list's entry. */
static int
listed_name(const struct sh_find *f, uint32_t seg, struct sh_span *s)
{
	const struct sh_view *v = &f->v;
	const struct sh_seg *g = &v->seg[seg];
	const struct sh_atom *a = &v->atom[g->first];
	uint32_t i = g->first;
	size_t from, to;

	memset(s, 0, sizeof(*s));
	if (a->flags & SH_ATOM_DIGITS && a->flags & SH_ATOM_STOP &&
	    strlen(a->fold) <= 2)
		i++;
	else if (!(a->flags & SH_ATOM_DASH))
		return (0);
	if (i >= g->first + g->n || f->occ_at[i] != 0)
		return (0);
	for (; i < g->first + g->n && s->n < 12; i++)
		s->atom[s->n++] = i;
	return (sh_find_name(v, s, &from, &to) && from == 0 && to > 1 &&
	    sh_name_is_family(v->atom[s->atom[0]].fold) &&
	    v->atom[s->atom[to - 1]].flags & SH_ATOM_COMMA);
}

int
sh_find_persons(struct sh_find *f, struct sh_persons *out)
{
	uint8_t *is_name;
	struct sh_span s;
	uint32_t seg;
	size_t i;
	int rc = -1;

	memset(out, 0, sizeof(*out));
	if ((is_name = sh_alloc(f->labels.n, 1, "names", f->err)) == NULL ||
	    sh_find_want(f, "name", is_name))
		goto out;
	for (i = 0; i < f->nocc && out->n < PERSONS_MAX; i++) {
		const struct sh_occ *o = &f->occ[i];

		/* A child in running text is nobody's holder. */
		if (!is_name[o->phrase] || (!o->colon && strcmp(
		    f->labels.phrase[o->phrase].fold, "chau") == 0))
			continue;
		sh_find_span(f, o, 1, 0, &s);
		if (add_person(f, out, is_name, &s, o))
			goto out;
	}
	for (seg = 0; seg < f->v.nsegs && out->n < PERSONS_MAX; seg++) {
		struct sh_occ o = { .context = -1 };

		if (f->row_out[f->v.seg[seg].row] ||
		    !listed_name(f, seg, &s))
			continue;
		o.first = f->v.seg[seg].first;
		if (add_person(f, out, is_name, &s, &o))
			goto out;
	}
	rc = 0;
out:
	free(is_name);
	if (rc != 0)
		sh_persons_free(out);
	return (rc);
}
