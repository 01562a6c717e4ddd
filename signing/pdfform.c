#include "signing/pdfform.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

#define MAX_FIELDS	65536
#define MAX_DEPTH	32
#define MAX_NAME	1024

int
sh_pdf_text(const struct sh_pdf_value *v, struct sh_buf *out,
    struct sh_error *err)
{
	const uint8_t *p, *end;
	char utf8[4];
	uint32_t cp, low;

	if (!sh_pdf_is(v, SH_PDF_STRING) && !sh_pdf_is(v, SH_PDF_HEX))
		return (0);
	p = v->text;
	end = p + v->len;
	if (v->len >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0 &&
	    sh_text_is_utf8(p + 3, v->len - 3))
		return (sh_buf_append(out, p + 3, v->len - 3, err));
	if (v->len >= 2 && memcmp(p, "\xfe\xff", 2) == 0) {
		for (p += 2; end - p >= 2; p += 2) {
			cp = (uint32_t)sh_get_be(p, 2);
			if (cp >= 0xd800 && cp < 0xdc00 && end - p >= 4 &&
			    (low = (uint32_t)sh_get_be(p + 2, 2)) >= 0xdc00 &&
			    low < 0xe000) {
				cp = 0x10000 + ((cp - 0xd800) << 10) +
				    (low - 0xdc00);
				p += 2;
			} else if (cp == 0 || (cp >= 0xd800 && cp < 0xe000))
				cp = 0xfffd;
			if (sh_buf_append(out, utf8, sh_utf8_put(cp, utf8),
			    err))
				return (-1);
		}
		return (0);
	}
	for (; p < end; p++)
		if (sh_buf_append(out, utf8, sh_utf8_put(*p != 0 ? *p :
		    0xfffd, utf8), err))
			return (-1);
	return (0);
}

/* ---- fields ---- */

struct walk {
	struct sh_pdf *doc;
	struct sh_pdf_form *form;
	struct sh_buf name;	/* of the field being visited */
	uint32_t *seen;		/* object numbers, in the order met */
	size_t nseen, capseen;
};

static int
compare_numbers(const void *va, const void *vb)
{
	const uint32_t *a = va, *b = vb;

	return (*a < *b ? -1 : *a > *b);
}

static int
add_field(struct walk *w, const struct sh_pdf_object *o,
    const struct sh_pdf_value *ft, const struct sh_pdf_value *v,
    struct sh_error *err)
{
	struct sh_pdf_form *form = w->form;
	struct sh_pdf_field *f;
	char *name;

	if (sh_grow(&form->fields, &form->capfields, form->nfields + 1,
	    sizeof(*f), "form fields", err) ||
	    (name = sh_strndup(w->name.len > 0 ? (char *)w->name.data : "",
	    w->name.len, err)) == NULL)
		return (-1);
	f = &form->fields[form->nfields++];
	f->name = name;
	f->object = o;
	f->is_signature = sh_pdf_is_name(ft, "Sig");
	f->value = v;
	return (0);
}

/* FT and V are inherited from the fields above. */
static int
visit(struct walk *w, const struct sh_pdf_value *ref, unsigned depth,
    const struct sh_pdf_value *ft, const struct sh_pdf_value *v,
    struct sh_error *err)
{
	const struct sh_pdf_object *o = NULL;
	const struct sh_pdf_value *dict, *own, *kids, *kid, *e;
	size_t namelen = w->name.len, children = 0;

	if (ref->kind != SH_PDF_REF)
		return (sh_error_set(err, SH_EFORMAT, "pdf.damaged",
		    "a form field that is not referred to"));
	if (depth > MAX_DEPTH || w->nseen == MAX_FIELDS)
		return (sh_error_set(err, SH_ELIMIT, "pdf.limit",
		    "more than %d form fields, or deeper than %d",
		    MAX_FIELDS, MAX_DEPTH));
	if (sh_pdf_resolve(w->doc, ref, &dict, &o, err))
		return (-1);
	if (o == NULL || dict->kind != SH_PDF_DICT)
		return (sh_error_set(err, SH_EFORMAT, "pdf.damaged",
		    "form field %u is no dictionary", (unsigned)ref->num));
	if (sh_grow(&w->seen, &w->capseen, w->nseen + 1, sizeof(*w->seen),
	    "form fields", err))
		return (-1);
	w->seen[w->nseen++] = o->num;
	if (sh_pdf_find(w->doc, dict, "T", &own, err))
		return (-1);
	if (own != NULL && ((w->name.len > 0 && sh_buf_puts(&w->name, ".",
	    err)) || sh_pdf_text(own, &w->name, err)))
		return (-1);
	if (sh_pdf_find(w->doc, dict, "FT", &own, err))
		return (-1);
	ft = own != NULL ? own : ft;
	own = sh_pdf_member(dict, "V");
	v = own != NULL ? own : v;
	if (sh_pdf_find_kind(w->doc, dict, "Kids", SH_PDF_ARRAY, &kids, err))
		return (-1);
	for (kid = kids != NULL ? kids->first : NULL; kid != NULL;
	    kid = kid->next) {
		if (sh_pdf_resolve(w->doc, kid, &e, NULL, err) ||
		    sh_pdf_work(w->doc, 16 * (e->n + 1), err))
			return (-1);
		/* Without a name of its own it is a widget of this field. */
		if (sh_pdf_member(e, "T") == NULL)
			continue;
		children++;
		if (visit(w, kid, depth + 1, ft, v, err))
			return (-1);
	}
	if (children == 0 && add_field(w, o, ft, v, err))
		return (-1);
	w->name.len = namelen;
	return (0);
}

int
sh_pdf_form_read(struct sh_pdf *doc, struct sh_pdf_form *out,
    struct sh_error *err)
{
	const struct sh_pdf_value *root, *fields, *v;
	struct walk w = { .doc = doc, .form = out };
	size_t i;
	int rc = -1;

	memset(out, 0, sizeof(*out));
	w.name.limit = MAX_NAME;
	if (sh_pdf_resolve(doc, sh_pdf_member(sh_pdf_trailer(doc), "Root"),
	    &root, &out->catalog, err))
		return (-1);
	if (out->catalog == NULL || root->kind != SH_PDF_DICT)
		return (sh_error_set(err, SH_EFORMAT, "pdf.damaged",
		    "the file has no catalog"));
	if (sh_pdf_resolve(doc, sh_pdf_member(root, "AcroForm"), &v,
	    &out->object, err))
		return (-1);
	if (v == NULL || v->kind == SH_PDF_NULL)
		return (0);
	if (v->kind != SH_PDF_DICT)
		return (sh_error_set(err, SH_EFORMAT, "pdf.damaged",
		    "/AcroForm is no dictionary"));
	out->value = v;
	out->has_xfa = sh_pdf_member(v, "XFA") != NULL;
	if (sh_pdf_find_kind(doc, v, "Fields", SH_PDF_ARRAY, &fields, err))
		return (-1);
	for (v = fields != NULL ? fields->first : NULL; v != NULL; v = v->next)
		if (visit(&w, v, 0, NULL, NULL, err))
			goto out;
	if (w.nseen > 0)
		qsort(w.seen, w.nseen, sizeof(*w.seen), compare_numbers);
	for (i = 1; i < w.nseen; i++)
		if (w.seen[i] == w.seen[i - 1]) {
			(void)sh_error_set(err, SH_EFORMAT, "pdf.damaged",
			    "form field %u stands twice in the form",
			    w.seen[i]);
			goto out;
		}
	rc = 0;
out:
	free(w.seen);
	sh_buf_free(&w.name);
	return (rc);
}

void
sh_pdf_form_clear(struct sh_pdf_form *f)
{
	size_t i;

	for (i = 0; i < f->nfields; i++)
		free(f->fields[i].name);
	free(f->fields);
	memset(f, 0, sizeof(*f));
}

/* ---- what a signature locks ---- */

static int
read_docmdp(struct sh_pdf *doc, const struct sh_pdf_value *params,
    struct sh_pdf_lock *out, struct sh_error *err)
{
	const struct sh_pdf_value *p;

	/* Rule: ISO 32000-2 table 257: 2 when absent. */
	out->level = 2;
	if (sh_pdf_find_kind(doc, params, "P", SH_PDF_INT, &p, err))
		return (-1);
	if (p != NULL)
		out->level = p->num >= 1 && p->num <= 3 ? (int)p->num : 1;
	return (0);
}

static int
read_fieldmdp(struct sh_pdf *doc, const struct sh_pdf_value *params,
    struct sh_pdf_lock *out, struct sh_error *err)
{
	const struct sh_pdf_value *action;

	if (sh_pdf_find(doc, params, "Action", &action, err) ||
	    sh_pdf_find_kind(doc, params, "Fields", SH_PDF_ARRAY,
	    &out->fields, err))
		return (-1);
	if (sh_pdf_is_name(action, "Include"))
		out->action = SH_LOCK_INCLUDE;
	else if (sh_pdf_is_name(action, "Exclude"))
		out->action = SH_LOCK_EXCLUDE;
	else
		out->action = SH_LOCK_ALL;
	return (0);
}

int
sh_pdf_lock_read(struct sh_pdf *doc, const struct sh_pdf_value *sig,
    struct sh_pdf_lock *out, struct sh_error *err)
{
	const struct sh_pdf_value *refs, *v, *ref, *method, *params;

	memset(out, 0, sizeof(*out));
	if (sh_pdf_find_kind(doc, sig, "Reference", SH_PDF_ARRAY, &refs, err))
		return (-1);
	for (v = refs != NULL ? refs->first : NULL; v != NULL; v = v->next) {
		if (sh_pdf_resolve(doc, v, &ref, NULL, err) ||
		    sh_pdf_find(doc, ref, "TransformMethod", &method, err) ||
		    sh_pdf_find(doc, ref, "TransformParams", &params, err))
			return (-1);
		if (sh_pdf_is_name(method, "DocMDP")) {
			if (read_docmdp(doc, params, out, err))
				return (-1);
		} else if (sh_pdf_is_name(method, "FieldMDP")) {
			if (read_fieldmdp(doc, params, out, err))
				return (-1);
		}
	}
	return (0);
}

int
sh_pdf_lock_holds(struct sh_pdf *doc, const struct sh_pdf_lock *lock,
    const char *name, struct sh_error *err)
{
	const struct sh_pdf_value *v, *e;
	struct sh_buf text = SH_BUF_INIT;
	int listed = 0;
	size_t len;

	if (lock->action == SH_LOCK_NONE || lock->action == SH_LOCK_ALL)
		return (lock->action == SH_LOCK_ALL);
	if (lock->fields != NULL &&
	    sh_pdf_work(doc, 256 * lock->fields->n, err))
		return (-1);
	for (v = lock->fields != NULL ? lock->fields->first : NULL;
	    v != NULL && !listed; v = v->next) {
		sh_buf_reset(&text);
		if (sh_pdf_resolve(doc, v, &e, NULL, err) ||
		    sh_pdf_text(e, &text, err)) {
			sh_buf_free(&text);
			return (-1);
		}
		/* A name stands for the fields below it too. */
		len = text.len;
		listed = strncmp(name, len > 0 ? (char *)text.data : "",
		    len) == 0 && (name[len] == '\0' || name[len] == '.');
	}
	sh_buf_free(&text);
	return (listed == (lock->action == SH_LOCK_INCLUDE));
}

int
sh_pdf_certification(struct sh_pdf *doc, int *levelp, struct sh_error *err)
{
	const struct sh_pdf_value *root, *perms, *sig;
	struct sh_pdf_lock lock;

	*levelp = 0;
	if (sh_pdf_find(doc, sh_pdf_trailer(doc), "Root", &root, err) ||
	    sh_pdf_find(doc, root, "Perms", &perms, err) ||
	    sh_pdf_find(doc, perms, "DocMDP", &sig, err))
		return (-1);
	if (sig == NULL)
		return (0);
	if (sh_pdf_lock_read(doc, sig, &lock, err))
		return (-1);
	*levelp = lock.level;
	return (0);
}
