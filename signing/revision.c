/* The rules: what may differ, and where. */
#include "signing/revision.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "signing/revision_internal.h"

typedef const struct sh_pdf_value value;

/* One rule for one member of a dictionary; either may be NULL, not both. */
typedef int rule(struct sh_comparison *, value *was, value *now,
    struct sh_error *);

struct rules {
	const char *key;
	rule *apply;
};

static int
strict(struct sh_comparison *c, value *was, value *now, struct sh_error *err)
{
	return (sh_revision_same(c, was, now, 0, err));
}

static int
any(struct sh_comparison *c, value *was, value *now, struct sh_error *err)
{
	(void)c;
	(void)was;
	(void)now;
	(void)err;
	return (1);
}

static rule *
rule_for(const struct rules *rules, const char *key)
{
	for (; rules->key != NULL; rules++)
		if (strcmp(rules->key, key) == 0)
			break;
	return (rules->apply);
}

/* The answer 0 with the member in front of what was said below it. */
static int
within(struct sh_comparison *c, value *v, const char *what)
{
	char below[SH_WHY_LEN];

	(void)snprintf(below, sizeof(below), "%s", c->why);
	if (below[0] == '\0')
		return (sh_revision_no(c, "/%.40s %s", (const char *)v->key,
		    what));
	return (sh_revision_no(c, "/%.40s: %s", (const char *)v->key, below));
}

/*
 * Two dictionaries, either of them perhaps NULL, member by member under
 * RULES; the last rule, without a key, is for all other members.
 */
static int
by_rules(struct sh_comparison *c, value *was, value *now,
    const struct rules *rules, struct sh_error *err)
{
	value *v, *other;
	int got = 1;

	for (v = was != NULL ? was->first : NULL; got == 1 && v != NULL;
	    v = v->next) {
		other = sh_pdf_member(now, (const char *)v->key);
		got = rule_for(rules, (const char *)v->key)(c, v, other, err);
		if (got == 0)
			return (within(c, v, "differs"));
	}
	for (v = now != NULL ? now->first : NULL; got == 1 && v != NULL;
	    v = v->next) {
		if (sh_pdf_member(was, (const char *)v->key) != NULL)
			continue;
		got = rule_for(rules, (const char *)v->key)(c, NULL, v, err);
		if (got == 0)
			return (within(c, v, "is new"));
	}
	return (got);
}

/* V of one of the documents resolved; NULL for null. */
static int
resolve(struct sh_pdf *doc, value *v, value **out, struct sh_error *err)
{
	if (sh_pdf_resolve(doc, v, out, NULL, err))
		return (-1);
	if (sh_pdf_is(*out, SH_PDF_NULL))
		*out = NULL;
	return (0);
}

static int
resolve_both(struct sh_comparison *c, value **was, value **now,
    struct sh_error *err)
{
	return (resolve(c->was, *was, was, err) ||
	    resolve(c->now, *now, now, err) ? -1 : 0);
}

/* What stood in the dictionary stays; more may have come. */
static int
additive(struct sh_comparison *c, value *was, value *now,
    struct sh_error *err)
{
	value *v, *other;
	int got = 1;

	if (resolve_both(c, &was, &now, err))
		return (-1);
	if (was == NULL)
		return (sh_pdf_is(now, SH_PDF_DICT));
	if (was->kind != SH_PDF_DICT || !sh_pdf_is(now, SH_PDF_DICT))
		return (0);
	for (v = was->first; got == 1 && v != NULL; v = v->next) {
		other = sh_pdf_member(now, (const char *)v->key);
		got = other == NULL ? 0 : strict(c, v, other, err);
	}
	return (got);
}

/* A developer's extension may rise to another level. */
static int
extension(struct sh_comparison *c, value *was, value *now,
    struct sh_error *err)
{
	static const struct rules rules[] = {
		{ "BaseVersion", any }, { "ExtensionLevel", any },
		{ "ExtensionRevision", any }, { NULL, strict }
	};

	if (resolve_both(c, &was, &now, err))
		return (-1);
	if (!sh_pdf_is(was, SH_PDF_DICT) || !sh_pdf_is(now, SH_PDF_DICT))
		return (was == NULL);
	return (by_rules(c, was, now, rules, err));
}

static int
extensions(struct sh_comparison *c, value *was, value *now,
    struct sh_error *err)
{
	static const struct rules rules[] = { { NULL, extension } };

	if (resolve_both(c, &was, &now, err))
		return (-1);
	if ((was != NULL && was->kind != SH_PDF_DICT) ||
	    !sh_pdf_is(now, SH_PDF_DICT))
		return (0);
	return (by_rules(c, was, now, rules, err));
}

/* The same one level deeper: /DR has a dictionary for each kind. */
static int
resources(struct sh_comparison *c, value *was, value *now,
    struct sh_error *err)
{
	static const struct rules rules[] = {
		/* Obsolete since PDF 1.4, and nothing but names. */
		{ "ProcSet", any }, { NULL, additive }
	};

	if (resolve_both(c, &was, &now, err))
		return (-1);
	if ((was != NULL && was->kind != SH_PDF_DICT) ||
	    !sh_pdf_is(now, SH_PDF_DICT))
		return (0);
	return (by_rules(c, was, now, rules, err));
}

static int
may_appear(struct sh_comparison *c, value *was, value *now,
    struct sh_error *err)
{
	return (was == NULL ? 1 : strict(c, was, now, err));
}

/* ---- fields ---- */

/* /F: a signature locks its widget; hiding it is another matter. */
static int
flags(struct sh_comparison *c, value *was, value *now, struct sh_error *err)
{
	const int64_t hiding = 1 | 2 | 32;	/* invisible, hidden, no view */

	if (resolve_both(c, &was, &now, err))
		return (-1);
	return ((now == NULL || now->kind == SH_PDF_INT) &&
	    ((now != NULL ? now->num : 0) & hiding) ==
	    ((was != NULL ? was->num : 0) & hiding));
}

static int widgets(struct sh_comparison *, value *, value *,
    struct sh_error *);

/* What signing or filling in a field changes in it. */
static const struct rules field_rules[] = {
	{ "V", any }, { "AP", any }, { "AS", any }, { "F", flags },
	{ "M", any }, { "Kids", widgets }, { "P", may_appear },
	{ "I", any }, { "TI", any }, { "RV", any },
	{ NULL, strict }
};

/* The kids of a field without fields below it are its widgets. */
static int
widgets(struct sh_comparison *c, value *was, value *now, struct sh_error *err)
{
	value *a, *b, *x, *y;
	int got = 1;

	if (resolve_both(c, &was, &now, err))
		return (-1);
	if (!sh_pdf_is(was, SH_PDF_ARRAY) || !sh_pdf_is(now, SH_PDF_ARRAY) ||
	    was->n != now->n)
		return (0);
	for (a = was->first, b = now->first; got == 1 && a != NULL;
	    a = a->next, b = b->next) {
		if (a->kind != SH_PDF_REF || b->kind != SH_PDF_REF ||
		    a->num != b->num || a->gen != b->gen)
			return (0);
		x = a;
		y = b;
		if (resolve_both(c, &x, &y, err) ||
		    sh_numbers_add(&c->licensed, (uint64_t)a->num, err) < 0)
			return (-1);
		if (!sh_pdf_is(x, SH_PDF_DICT) || !sh_pdf_is(y, SH_PDF_DICT) ||
		    sh_pdf_member(x, "Kids") != NULL ||
		    sh_pdf_member(y, "Kids") != NULL)
			return (0);
		got = by_rules(c, x, y, field_rules, err);
	}
	return (got);
}

static int
is_stamp(struct sh_comparison *c, const struct sh_pdf_field *f,
    struct sh_error *err)
{
	value *sig, *sub;

	if (f->value == NULL)
		return (0);
	if (resolve(c->now, f->value, &sig, err) ||
	    sh_pdf_find(c->now, sig, "SubFilter", &sub, err))
		return (-1);
	return (sh_pdf_is_name(sub, "ETSI.RFC3161"));
}

/* May this field, there before, have got a value since? */
static int
may_change(struct sh_comparison *c, const struct sh_pdf_field *was,
    const struct sh_pdf_field *now, struct sh_error *err)
{
	int stamp, locked;

	if ((stamp = is_stamp(c, now, err)) < 0)
		return (-1);
	locked = sh_pdf_lock_holds(c->was, c->lock, was->name, err);
	if (locked != 0)
		return (locked < 0 ? -1 : 0);
	if (was->is_signature)
		return (was->value == NULL && now->value != NULL &&
		    (c->lock->level != 1 || stamp));
	return (c->lock->level >= 2);
}

/*
 * Nothing in a new field or widget but what a signature needs.  LEVELS is
 * how many kinds of object may follow below: a field has widgets, a widget
 * nothing.  One that is not signed shows nothing.
 */
static int
new_widget(struct sh_comparison *c, value *ref, int levels, int is_signed,
    struct sh_error *err)
{
	static const char *const known[] = { "Type", "Subtype", "FT", "T",
	    "V", "F", "Ff", "Rect", "P", "AP", "AS", "Border", "BS", "MK",
	    "DA", "DR", "Lock", "SV", "TU", "TM", "NM", "M", "H", "Kids",
	    "Parent", "Contents", "C" };
	value *dict, *v;
	size_t i;
	int got;

	got = sh_numbers_add(&c->added, (uint64_t)ref->num, err);
	if (got < 0 || resolve(c->now, ref, &dict, err))
		return (-1);
	if (!sh_pdf_is(dict, SH_PDF_DICT))
		return (sh_revision_no(c, "a new field is none"));
	for (v = dict->first; v != NULL; v = v->next) {
		for (i = 0; i < SH_COUNT(known); i++)
			if (sh_pdf_key_is(v, known[i]))
				break;
		if (i == SH_COUNT(known) ||
		    (!is_signed && sh_pdf_key_is(v, "AP")))
			return (sh_revision_no(c, "/%s in a new field",
			    (const char *)v->key));
	}
	if ((v = sh_pdf_member(dict, "Subtype")) != NULL &&
	    !sh_pdf_is_name(v, "Widget"))
		return (sh_revision_no(c, "a new annotation"));
	if (sh_pdf_find(c->now, dict, "Kids", &v, err))
		return (-1);
	if (v == NULL)
		return (1);
	if (levels == 0 || v->kind != SH_PDF_ARRAY)
		return (sh_revision_no(c, "fields below a new field"));
	for (v = v->first; v != NULL; v = v->next) {
		if (v->kind != SH_PDF_REF)
			return (sh_revision_no(c, "a new field is none"));
		if ((got = new_widget(c, v, levels - 1, is_signed,
		    err)) != 1)
			return (got);
	}
	return (1);
}

static int
new_field(struct sh_comparison *c, const struct sh_pdf_field *f,
    struct sh_error *err)
{
	const struct sh_pdf_object *before;
	struct sh_pdf_value ref = { .kind = SH_PDF_REF, .num = f->object->num,
	    .gen = f->object->gen };
	int stamp, locked;

	if (!f->is_signature)
		return (sh_revision_no(c, "a field %.40s that signs nothing "
		    "is new", f->name));
	if ((stamp = is_stamp(c, f, err)) < 0 || sh_pdf_object(c->was,
	    f->object->num, f->object->gen, &before, err))
		return (-1);
	if (before != NULL)
		return (sh_revision_no(c, "object %u has become a field",
		    f->object->num));
	locked = sh_pdf_lock_holds(c->was, c->lock, f->name, err);
	if (locked < 0)
		return (-1);
	if (!stamp && (c->lock->level == 1 || locked))
		return (sh_revision_no(c, "a signature was added where none "
		    "was allowed"));
	return (new_widget(c, &ref, 1, f->value != NULL, err));
}

static int
compare_objects(const void *va, const void *vb)
{
	const struct sh_pdf_field *a = va, *b = vb;

	return (a->object->num < b->object->num ? -1 :
	    a->object->num > b->object->num);
}

static int
compare_names(const void *va, const void *vb)
{
	const struct sh_pdf_field *const *a = va, *const *b = vb;

	return (strcmp((*a)->name, (*b)->name));
}

/* A second field of one name would stand before or behind the first. */
static int
unique_names(struct sh_comparison *c, struct sh_error *err)
{
	const struct sh_pdf_form *form = &c->now_form;
	const struct sh_pdf_field **byname;
	size_t i;
	int got = 1;

	if ((byname = sh_alloc(form->nfields, sizeof(const void *),
	    "form fields", err)) == NULL)
		return (-1);
	for (i = 0; i < form->nfields; i++)
		byname[i] = &form->fields[i];
	qsort(byname, form->nfields, sizeof(const void *), compare_names);
	for (i = 1; got == 1 && i < form->nfields; i++)
		if (strcmp(byname[i]->name, byname[i - 1]->name) == 0 &&
		    (sh_numbers_has(&c->added, byname[i]->object->num) ||
		    sh_numbers_has(&c->added, byname[i - 1]->object->num)))
			got = sh_revision_no(c, "a second field %.40s is new",
			    byname[i]->name);
	free(byname);
	return (got);
}

/* Each field: there before, perhaps signed since; or new, and signed. */
static int
compare_fields(struct sh_comparison *c, struct sh_error *err)
{
	struct sh_pdf_form *was = &c->was_form, *now = &c->now_form;
	struct sh_pdf_field *a, *b;
	size_t i = 0, k;
	int got = 1;

	qsort(was->fields, was->nfields, sizeof(*a), compare_objects);
	qsort(now->fields, now->nfields, sizeof(*a), compare_objects);
	for (k = 0; got == 1 && k < now->nfields; k++) {
		b = &now->fields[k];
		a = i < was->nfields ? &was->fields[i] : NULL;
		if (a == NULL || a->object->num > b->object->num) {
			got = new_field(c, b, err);
			continue;
		}
		if (a->object->num < b->object->num ||
		    strcmp(a->name, b->name) != 0)
			return (sh_revision_no(c, "the field %.40s is gone",
			    a->name));
		i++;
		if ((got = may_change(c, a, b, err)) == 1) {
			if (sh_numbers_add(&c->licensed, a->object->num,
			    err) < 0)
				return (-1);
			got = by_rules(c, a->object->value, b->object->value,
			    field_rules, err);
		} else if (got == 0)
			got = 1;	/* strictly, with all else */
	}
	if (got == 1 && i < was->nfields)
		return (sh_revision_no(c, "the field %.40s is gone",
		    was->fields[i].name));
	return (got == 1 ? unique_names(c, err) : got);
}

/* ---- lists that may grow ---- */

/* The old elements in their order; between and behind them only new ones. */
static int
grown(struct sh_comparison *c, value *was, value *now, struct sh_error *err)
{
	value *a, *b;
	int got = 1;

	if (resolve_both(c, &was, &now, err))
		return (-1);
	if ((was != NULL && was->kind != SH_PDF_ARRAY) ||
	    (now != NULL && now->kind != SH_PDF_ARRAY))
		return (sh_revision_no(c, "a list is none"));
	a = was != NULL ? was->first : NULL;
	for (b = now != NULL ? now->first : NULL; got == 1 && b != NULL;
	    b = b->next) {
		if (b->kind == SH_PDF_REF &&
		    sh_numbers_has(&c->added, (uint64_t)b->num))
			continue;
		if (a == NULL)
			return (sh_revision_no(c, "something is added to a "
			    "list"));
		got = strict(c, a, b, err);
		a = a->next;
	}
	if (got == 1 && a != NULL)
		return (sh_revision_no(c, "something is gone from a list"));
	return (got);
}

/* ---- pages ---- */

static int pages(struct sh_comparison *, value *, value *, unsigned,
    struct sh_error *);

static const struct rules page_rules[] = {
	{ "Annots", grown },
	{ "Tabs", any },	/* in which order the tabulator goes */
	{ NULL, strict }
};

/* Everything of a node of the page tree but its kids. */
static const struct rules node_rules[] = {
	{ "Kids", any }, { NULL, strict }
};

static int
page_node(struct sh_comparison *c, value *was, value *now, unsigned depth,
    struct sh_error *err)
{
	value *a, *b;
	int got;

	if (sh_pdf_find(c->was, was, "Kids", &a, err) ||
	    sh_pdf_find(c->now, now, "Kids", &b, err))
		return (-1);
	if (a == NULL || b == NULL) {
		if (a != b)
			return (sh_revision_no(c, "a page is another one"));
		return (by_rules(c, was, now, page_rules, err));
	}
	if (a->kind != SH_PDF_ARRAY || b->kind != SH_PDF_ARRAY ||
	    a->n != b->n)
		return (sh_revision_no(c, "pages were added or removed"));
	got = by_rules(c, was, now, node_rules, err);
	for (a = a->first, b = b->first; got == 1 && a != NULL;
	    a = a->next, b = b->next)
		got = pages(c, a, b, depth + 1, err);
	return (got);
}

static int
pages(struct sh_comparison *c, value *was, value *now, unsigned depth,
    struct sh_error *err)
{
	int got;

	if (depth > SH_PDF_DEPTH)
		return (sh_error_set(err, SH_ELIMIT, "pdf.limit",
		    "a page tree deeper than %d", SH_PDF_DEPTH));
	if (!sh_pdf_is(was, SH_PDF_REF) || !sh_pdf_is(now, SH_PDF_REF) ||
	    was->num != now->num || was->gen != now->gen)
		return (sh_revision_no(c, "a page is another one"));
	if ((got = sh_numbers_add(&c->licensed, (uint64_t)was->num, err)) < 0)
		return (-1);
	if (got == 0)
		return (sh_revision_no(c, "a page stands twice in the tree"));
	if (resolve_both(c, &was, &now, err))
		return (-1);
	if (!sh_pdf_is(was, SH_PDF_DICT) || !sh_pdf_is(now, SH_PDF_DICT))
		return (sh_revision_no(c, "a page is none"));
	return (page_node(c, was, now, depth, err));
}

static int
page_tree(struct sh_comparison *c, value *was, value *now,
    struct sh_error *err)
{
	return (pages(c, was, now, 0, err));
}

/* ---- the catalog and what hangs on it ---- */

static int
sig_flags(struct sh_comparison *c, value *was, value *now,
    struct sh_error *err)
{
	int64_t before;

	if (resolve_both(c, &was, &now, err))
		return (-1);
	before = sh_pdf_is(was, SH_PDF_INT) ? was->num : 0;
	return (sh_pdf_is(now, SH_PDF_INT) && (now->num & ~(int64_t)3) == 0 &&
	    (before & ~now->num) == 0);
}

/* Appearances made anew by the viewer: never from now on. */
static int
need_appearances(struct sh_comparison *c, value *was, value *now,
    struct sh_error *err)
{
	if (resolve_both(c, &was, &now, err))
		return (-1);
	return (now == NULL || (now->kind == SH_PDF_BOOL &&
	    (now->num == 0 || (was != NULL && was->num == 1))));
}

static int
form(struct sh_comparison *c, value *was, value *now, struct sh_error *err)
{
	static const struct rules rules[] = {
		{ "Fields", grown }, { "SigFlags", sig_flags },
		{ "DR", resources }, { "DA", may_appear },
		{ "NeedAppearances", need_appearances }, { NULL, strict }
	};

	if (resolve_both(c, &was, &now, err))
		return (-1);
	if ((was != NULL && was->kind != SH_PDF_DICT) ||
	    !sh_pdf_is(now, SH_PDF_DICT))
		return (0);
	return (by_rules(c, was, now, rules, err));
}

/* Certificates, revocation lists, answers: data for whoever verifies. */
static int
security_store(struct sh_comparison *c, value *was, value *now,
    struct sh_error *err)
{
	(void)was;
	if (resolve(c->now, now, &now, err))
		return (-1);
	return (sh_pdf_is(now, SH_PDF_DICT));
}

/* /Version: a later one of the file format may be named. */
static int
version(struct sh_comparison *c, value *was, value *now, struct sh_error *err)
{
	if (resolve_both(c, &was, &now, err))
		return (-1);
	return (sh_pdf_is(now, SH_PDF_NAME) && (was == NULL ||
	    (was->kind == SH_PDF_NAME && strcmp((const char *)was->text,
	    (const char *)now->text) <= 0)));
}

/*
 * The description of the file: signing software notes there that it wrote.
 * Nothing of it is shown on a page.
 */
static int
metadata(struct sh_comparison *c, value *was, value *now,
    struct sh_error *err)
{
	const struct sh_pdf_object *o = NULL;

	(void)was;
	if (sh_pdf_resolve(c->now, now, &now, &o, err))
		return (-1);
	return (o != NULL && o->is_stream &&
	    sh_pdf_is_name(sh_pdf_member(now, "Type"), "Metadata"));
}

static const struct rules catalog_rules[] = {
	{ "Pages", page_tree }, { "AcroForm", form },
	{ "DSS", security_store }, { "Extensions", extensions },
	{ "Version", version }, { "Metadata", metadata }, { NULL, strict }
};

static int
catalog(struct sh_comparison *c, value *was, value *now, struct sh_error *err)
{
	if (!sh_pdf_is(was, SH_PDF_REF) || !sh_pdf_is(now, SH_PDF_REF) ||
	    was->num != now->num || was->gen != now->gen)
		return (0);
	if (sh_numbers_add(&c->licensed, (uint64_t)was->num, err) < 0 ||
	    resolve_both(c, &was, &now, err))
		return (-1);
	if (!sh_pdf_is(was, SH_PDF_DICT) || !sh_pdf_is(now, SH_PDF_DICT))
		return (0);
	return (by_rules(c, was, now, catalog_rules, err));
}

/* The information dictionary: who wrote last, and when, may differ. */
static int
information(struct sh_comparison *c, value *was, value *now,
    struct sh_error *err)
{
	static const struct rules rules[] = {
		{ "ModDate", any }, { "Producer", any }, { NULL, strict }
	};

	if (resolve_both(c, &was, &now, err))
		return (-1);
	if (now == NULL)
		return (1);
	if ((was != NULL && was->kind != SH_PDF_DICT) ||
	    now->kind != SH_PDF_DICT)
		return (0);
	return (by_rules(c, was, now, rules, err));
}

/*
 * Other entries of a trailer may be dropped, but not come or change.  One
 * that keeps an object in reach beside the catalog has no honest use.
 */
static int
may_go(struct sh_comparison *c, value *was, value *now, struct sh_error *err)
{
	if (now == NULL)
		return (1);
	if (now->kind == SH_PDF_REF)
		return (sh_revision_no(c, "it leads past the catalog"));
	return (strict(c, was, now, err));
}

/* The first of the two parts says which document this is. */
static int
identifier(struct sh_comparison *c, value *was, value *now,
    struct sh_error *err)
{
	if (resolve_both(c, &was, &now, err))
		return (-1);
	if (was == NULL || now == NULL)
		return (1);
	if (was->kind != SH_PDF_ARRAY || now->kind != SH_PDF_ARRAY ||
	    was->n == 0 || now->n == 0)
		return (0);
	return (strict(c, was->first, now->first, err));
}

static const struct rules trailer_rules[] = {
	{ "Size", any }, { "Prev", any }, { "XRefStm", any },
	{ "Type", any }, { "W", any }, { "Index", any }, { "Length", any },
	{ "Filter", any }, { "DecodeParms", any }, { "DL", any },
	{ "Root", catalog }, { "Info", information }, { "ID", identifier },
	{ NULL, may_go }
};

int
sh_revision_compare(struct sh_pdf *was, struct sh_pdf *now,
    const struct sh_pdf_lock *lock, char why[SH_WHY_LEN],
    struct sh_error *err)
{
	struct sh_comparison c = { .was = was, .now = now, .lock = lock,
	    .why = why };
	int got = -1;

	why[0] = '\0';
	if (sh_pdf_form_read(was, &c.was_form, err) == 0 &&
	    sh_pdf_form_read(now, &c.now_form, err) == 0)
		got = compare_fields(&c, err);
	if (got == 1)
		got = by_rules(&c, sh_pdf_trailer(was), sh_pdf_trailer(now),
		    trailer_rules, err);
	if (got == 1)
		got = sh_revision_run(&c, err);
	sh_pdf_form_clear(&c.was_form);
	sh_pdf_form_clear(&c.now_form);
	free(c.pairs.slot);
	free(c.licensed.slot);
	free(c.added.slot);
	free(c.queue);
	return (got);
}
