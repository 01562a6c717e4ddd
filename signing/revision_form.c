/* The rules for form fields and their widgets. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "signing/revision_internal.h"

/* /F: a signature locks its widget; hiding it is another matter. */
static int
flags(struct sh_comparison *c, const struct sh_pdf_value *was,
    const struct sh_pdf_value *now, struct sh_error *err)
{
	const int64_t hiding = 1 | 2 | 32;	/* invisible, hidden, no view */

	if (sh_revision_resolve(c, &was, &now, err))
		return (-1);
	return ((now == NULL || now->kind == SH_PDF_INT) &&
	    ((now != NULL ? now->num : 0) & hiding) ==
	    ((was != NULL ? was->num : 0) & hiding));
}

/*
 * What filling in changes must be of the kind that fields have there: the
 * same object may serve elsewhere under the same keys (/AS of optional
 * content, /I of a transparency group).
 */
static int
of_kind(struct sh_comparison *c, const struct sh_pdf_value *was,
    const struct sh_pdf_value *now, enum sh_pdf_kind kind,
    struct sh_error *err)
{
	if (sh_revision_resolve(c, &was, &now, err))
		return (-1);
	return ((was == NULL || was->kind == kind) &&
	    (now == NULL || now->kind == kind));
}

static int
a_name(struct sh_comparison *c, const struct sh_pdf_value *was,
    const struct sh_pdf_value *now, struct sh_error *err)
{
	return (of_kind(c, was, now, SH_PDF_NAME, err));
}

static int
a_list(struct sh_comparison *c, const struct sh_pdf_value *was,
    const struct sh_pdf_value *now, struct sh_error *err)
{
	return (of_kind(c, was, now, SH_PDF_ARRAY, err));
}

static int
a_number(struct sh_comparison *c, const struct sh_pdf_value *was,
    const struct sh_pdf_value *now, struct sh_error *err)
{
	return (of_kind(c, was, now, SH_PDF_INT, err));
}

static sh_revision_check widgets;

/* What signing or filling in a field changes in it. */
static const struct sh_revision_rule field_rules[] = {
	{ "V", sh_revision_any }, { "AP", sh_revision_any }, { "AS", a_name },
	{ "F", flags }, { "M", sh_revision_any }, { "Kids", widgets },
	{ "P", sh_revision_may_appear }, { "I", a_list }, { "TI", a_number },
	{ "RV", sh_revision_any }, { NULL, sh_revision_strict }
};

/* The kids of a field without fields below it are its widgets. */
static int
widgets(struct sh_comparison *c, const struct sh_pdf_value *was,
    const struct sh_pdf_value *now, struct sh_error *err)
{
	const struct sh_pdf_value *a, *b, *x, *y;
	int got = 1;

	if (sh_revision_resolve(c, &was, &now, err))
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
		if (sh_revision_resolve(c, &x, &y, err) ||
		    sh_numbers_add(&c->licensed, (uint64_t)a->num, err) < 0)
			return (-1);
		if (!sh_pdf_is(x, SH_PDF_DICT) || !sh_pdf_is(y, SH_PDF_DICT) ||
		    sh_pdf_member(x, "Kids") != NULL ||
		    sh_pdf_member(y, "Kids") != NULL)
			return (0);
		got = sh_revision_rules(c, x, y, field_rules, err);
	}
	return (got);
}

static int
is_stamp(struct sh_comparison *c, const struct sh_pdf_field *f,
    struct sh_error *err)
{
	const struct sh_pdf_value *sig, *sub;

	if (f->value == NULL)
		return (0);
	if (sh_pdf_resolve(c->now, f->value, &sig, NULL, err) ||
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
new_widget(struct sh_comparison *c, const struct sh_pdf_value *ref, int levels,
    int is_signed, struct sh_error *err)
{
	static const char *const known[] = { "Type", "Subtype", "FT", "T",
	    "V", "F", "Ff", "Rect", "P", "AP", "AS", "Border", "BS", "MK",
	    "DA", "DR", "Lock", "SV", "TU", "TM", "NM", "M", "H", "Kids",
	    "Parent", "Contents", "C" };
	const struct sh_pdf_value *dict, *v;
	size_t i;
	int got;

	got = sh_numbers_add(&c->added, (uint64_t)ref->num, err);
	if (got < 0 || sh_pdf_resolve(c->now, ref, &dict, NULL, err))
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

static void
sort_fields(struct sh_pdf_form *form)
{
	if (form->nfields > 0)
		qsort(form->fields, form->nfields, sizeof(form->fields[0]),
		    compare_objects);
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
int
sh_revision_fields(struct sh_comparison *c, struct sh_error *err)
{
	struct sh_pdf_form *was = &c->was_form, *now = &c->now_form;
	struct sh_pdf_field *a, *b;
	size_t i = 0, k;
	int got = 1;

	sort_fields(was);
	sort_fields(now);
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
			got = sh_revision_rules(c, a->object->value,
			    b->object->value, field_rules, err);
		} else if (got == 0)
			got = 1;	/* strictly, with all else */
	}
	if (got == 1 && i < was->nfields)
		return (sh_revision_no(c, "the field %.40s is gone",
		    was->fields[i].name));
	return (got == 1 ? unique_names(c, err) : got);
}
