/*
 * What a dossier has: the papers captured for it, those linked to it and
 * those reused in it, and the flags of each component that the national
 * portal counts.
 */
#include "archive/reuse.h"

#include <stdlib.h>
#include <string.h>

#include "archive/access_internal.h"
#include "archive/act.h"
#include "archive/reuse_internal.h"
#include "base/mem.h"

#define DOCUMENTS_MAX	10000	/* of one dossier */

struct dossier {
	struct sh_archive *ar;
	struct sh_access access;
	const char *template;
	char *procedure;		/* its own; or NULL */
	json_t *found;			/* items in the order of time */
};

/* ---- what is there ------------------------------------------------------- */

struct item {
	struct sh_archive *ar;
	struct sh_tag holder, document, operation;
	json_t *record;
	json_t *source;		/* who brought it: record, link or act */
	const char *how;	/* static */
};

static int
take_link(void *arg, const struct sh_entry *t, struct sh_error *err)
{
	struct item *i = arg;

	i->source = sh_document_entry(i->ar, &i->holder, t, err);
	return (i->source != NULL ? 1 : -1);
}

static int
take_reuse(void *arg, const struct sh_act_seen *seen, struct sh_error *err)
{
	struct item *i = arg;

	(void)err;
	if (memcmp(&seen->operation, &i->operation, sizeof(i->operation)))
		return (0);
	i->source = json_incref((json_t *)(uintptr_t)seen->act);
	return (1);
}

/* 1 with record and source, 0 when it has gone, or -1. */
static int
load(struct sh_archive *ar, struct item *i, struct sh_error *err)
{
	uint8_t sort[32];
	struct sh_range r = { .table = SH_TABLE_LINK, .term = i->holder,
	    .prefix = sort, .prefixlen = sizeof(sort) };

	i->record = sh_document_record(ar, &i->holder, &i->document, err);
	if (i->record == NULL) {
		if (err->code != SH_ENOTFOUND)
			return (-1);
		sh_error_clear(err);
		return (0);
	}
	if (memcmp(&i->document, &i->operation, 16) == 0) {
		i->how = "captured";
		i->source = json_incref(i->record);
		return (1);
	}
	memcpy(sort, i->document.b, 16);
	memcpy(sort + 16, i->operation.b, 16);
	i->how = "linked";
	if (sh_engine_scan(ar->engine, &r, take_link, i, err))
		return (-1);
	if (i->source != NULL)
		return (1);
	i->how = "reused";
	if (sh_act_each(ar, &i->holder, &i->document, 'u', take_reuse, i,
	    err))
		return (-1);
	return (i->source != NULL);
}

/* ---- the code of a digitised paper --------------------------------------- */

static int
put_word(struct sh_buf *out, const json_t *record, const char *word,
    size_t len, struct sh_error *err)
{
	const json_t *leader = json_array_get(json_object_get(record,
	    "holders"), 0);
	const char *s = NULL;

	if (len == 6 && memcmp(word, "holder", 6) == 0)
		s = sh_member(leader, "id");
	else if (len == 4 && memcmp(word, "type", 4) == 0)
		s = sh_member(record, "type");
	else if (len == 6 && memcmp(word, "number", 6) == 0)
		s = sh_member(record, "number");
	else if (len == 2 && memcmp(word, "id", 2) == 0)
		return (sh_buf_append(out, sh_member(record, "id"), 12, err));
	/* Rule: TT 01/2023/TT-VPCP Art. 10(2): unknown parts stay empty. */
	return (s == NULL ? 0 : sh_buf_puts(out, s, err));
}

static int
make_code(const char *template, const json_t *record, struct sh_buf *out,
    struct sh_error *err)
{
	const char *p = template, *end;

	while (*p != '\0') {
		if (*p == '{' && (end = strchr(p, '}')) != NULL) {
			if (put_word(out, record, p + 1, (size_t)(end - p) -
			    1, err))
				return (-1);
			p = end + 1;
		} else if (sh_buf_append(out, p++, 1, err)) {
			return (-1);
		}
	}
	return (0);
}

/* ---- one document in the dossier ----------------------------------------- */

static int
set_code(const struct dossier *d, json_t *v, const json_t *record,
    struct sh_error *err)
{
	struct sh_buf code = SH_BUF_INIT;
	int rc = -1;

	if (make_code(d->template, record, &code, err) == 0)
		rc = sh_json_set_str(v, "code", code.len > 0 ?
		    (char *)code.data : "", err);
	sh_buf_free(&code);
	return (rc);
}

static int
tell(struct dossier *d, const struct item *i, struct sh_error *err)
{
	static const char *const from_source[] = { "component", "copy",
	    "provenance" };
	struct sh_standing standing;
	char hex[SH_TAG_HEX];
	const char *s;
	json_t *v;
	size_t k;
	int rc = -1;

	if (sh_standing_read(d->ar, &i->holder, &i->document, &standing, err))
		return (-1);
	sh_tag_print(&i->document, hex);
	if ((v = sh_json_new_object(err)) == NULL ||
	    sh_json_append(d->found, v, err))
		goto out;
	for (k = 0; k < SH_COUNT(from_source); k++)
		if (sh_json_set_str(v, from_source[k], sh_member(i->source,
		    from_source[k]), err))
			goto out;
	s = sh_member(i->source, i->source == i->record ? "archived_at" :
	    "at");
	if (sh_json_set_str(v, "document", hex, err) ||
	    sh_json_set_str(v, "how", i->how, err) ||
	    sh_json_set_str(v, "at", s, err) ||
	    sh_json_set_str(v, "type", sh_member(i->record, "type"), err) ||
	    sh_json_set_str(v, "name", sh_member(i->record, "type_name"),
	    err) ||
	    sh_json_set_int(v, "pages", (int64_t)json_array_size(
	    json_object_get(i->record, "pages")), err) ||
	    sh_json_set_str(v, "status", sh_standing_word(&standing), err) ||
	    sh_json_set_str(v, "by", sh_member(standing.supersede, "by"),
	    err) || set_code(d, v, i->record, err))
		goto out;
	if (strcmp(i->how, "reused") == 0 && (sh_json_set_str(v, "receipt",
	    sh_member(i->source, "id"), err) ||
	    sh_json_set_str(v, "provenance", sh_member(i->record,
	    "provenance"), err) ||
	    sh_json_set(v, "instead", json_boolean(json_is_true(
	    json_object_get(i->source, "instead"))), err) ||
	    sh_json_set(v, "national", json_boolean(json_is_true(
	    json_object_get(i->source, "national"))), err)))
		goto out;
	rc = 0;
out:
	sh_standing_clear(&standing);
	return (rc);
}

static int
take_item(void *arg, const struct sh_entry *t, struct sh_error *err)
{
	struct dossier *d = arg;
	const char *code;
	struct item i;
	int r;

	if (t->sortlen != SH_IN_DOSSIER_LEN || t->len != 16)
		return (sh_error_set(err, SH_EFIXITY, "record.damaged",
		    "an entry of a dossier"));
	if (json_array_size(d->found) == DOCUMENTS_MAX)
		return (1);
	memset(&i, 0, sizeof(i));
	i.ar = d->ar;
	memcpy(i.holder.b, t->value, 16);
	memcpy(i.document.b, t->sort + 8, 16);
	memcpy(i.operation.b, t->sort + 24, 16);
	if ((r = load(d->ar, &i, err)) == 1 && !sh_access_may(&d->access,
	    sh_member(i.record, "type")))
		r = 0;
	if (r == 1 && (r = sh_access_saw(&d->access, &i.holder, &i.document,
	    err)) == 0)
		r = tell(d, &i, err);
	if (r == 0 && d->procedure == NULL && (code = sh_member(i.source,
	    "procedure")) != NULL && (d->procedure = sh_strdup(code, err)) ==
	    NULL)
		r = -1;
	json_decref(i.record);
	json_decref(i.source);
	return (r);
}

/* ---- components ---------------------------------------------------------- */

/* The flags, in the portal's own words. */
struct flags {
	int captured;		/* DuocSoHoa */
	int reused;		/* DuocTaiSuDung: 0, 1, 2 */
	int national;		/* DuocLayTuKhoDMQG */
	int originals, copies;
	int64_t pages;
	const char *instead;	/* MaKetQuaThayThe */
	const char *code;	/* MaGiayToKetQua */
};

static void
count(struct flags *f, const json_t *v)
{
	const char *how = sh_member(v, "how"), *copy = sh_member(v, "copy");

	f->pages += json_integer_value(json_object_get(v, "pages"));
	f->code = sh_member(v, "code");
	if (strcmp(how, "reused") != 0) {
		f->captured = 1;
		f->originals += copy == NULL || strcmp(copy, "original") == 0;
		f->copies += copy != NULL && strcmp(copy, "original") != 0;
		return;
	}
	f->reused = f->reused == 2 || json_is_true(json_object_get(v,
	    "instead")) ? 2 : 1;
	if (json_is_true(json_object_get(v, "instead")))
		f->instead = sh_member(v, "code");
	f->national |= json_is_true(json_object_get(v, "national"));
}

static json_t *
tell_component(const struct sh_component *c, const json_t *found,
    struct sh_error *err)
{
	struct flags f = { .captured = 0 };
	const char *code;
	json_t *v, *list, *d;
	size_t i;

	if ((v = sh_json_new_object(err)) == NULL)
		return (NULL);
	if ((list = sh_json_new_array(err)) == NULL ||
	    sh_json_set(v, "documents", list, err))
		goto bad;
	json_array_foreach(found, i, d) {
		code = sh_member(d, "component");
		if (code == NULL || strcmp(code, c->code) != 0)
			continue;
		count(&f, d);
		if (sh_json_append(list, json_incref(d), err))
			goto bad;
	}
	/* Rule: component flags of the dossier package sent to DVCQG. */
	if (sh_json_set_str(v, "MaThanhPhanHoSo", c->code, err) ||
	    sh_json_set_str(v, "TenThanhPhanHoSo", c->name, err) ||
	    sh_json_set(v, "required", json_boolean(c->required), err) ||
	    sh_json_set_int(v, "DuocSoHoa", f.captured, err) ||
	    sh_json_set_int(v, "DuocTaiSuDung", f.reused, err) ||
	    sh_json_set_int(v, "DuocLayTuKhoDMQG", f.national, err) ||
	    sh_json_set(v, "MaKetQuaThayThe", f.instead == NULL ?
	    json_null() : json_string(f.instead), err) ||
	    sh_json_set(v, "MaGiayToKetQua", f.code == NULL ? json_null() :
	    json_string(f.code), err) ||
	    sh_json_set_int(v, "SoBanChinh", f.originals, err) ||
	    sh_json_set_int(v, "SoBanSao", f.copies, err) ||
	    sh_json_set_int(v, "SoTrang", f.pages, err))
		goto bad;
	return (v);
bad:
	json_decref(v);
	return (NULL);
}

static int
is_of(const struct sh_procedure *p, const char *component)
{
	size_t i;

	for (i = 0; p != NULL && component != NULL && i < p->ncomponents; i++)
		if (strcmp(p->components[i].code, component) == 0)
			return (1);
	return (0);
}

static int
arrange(const struct sh_procedure *p, const json_t *found, json_t *out,
    struct sh_error *err)
{
	json_t *components, *others, *d;
	size_t i;

	if ((components = sh_json_new_array(err)) == NULL ||
	    sh_json_set(out, "components", components, err) ||
	    (others = sh_json_new_array(err)) == NULL ||
	    sh_json_set(out, "others", others, err))
		return (-1);
	for (i = 0; p != NULL && i < p->ncomponents; i++)
		if (sh_json_append(components, tell_component(
		    &p->components[i], found, err), err))
			return (-1);
	json_array_foreach(found, i, d)
		if (!is_of(p, sh_member(d, "component")) &&
		    sh_json_append(others, json_incref(d), err))
			return (-1);
	return (0);
}

int
sh_archive_dossier(struct sh_archive *ar, const struct sh_reader *who,
    const char *code, const char *procedure, const char *template,
    json_t **answerp, struct sh_error *err)
{
	struct dossier d = { .ar = ar, .template = template };
	struct sh_range r = { .table = SH_TABLE_DOSSIER };
	const struct sh_procedure *p = NULL;
	json_t *out = NULL;
	int rc = -1;

	*answerp = NULL;
	if (sh_access_begin(&d.access, ar, who, SH_DO_DOSSIER, err) ||
	    (procedure != NULL &&
	    (d.procedure = sh_strdup(procedure, err)) == NULL) ||
	    sh_filing_dossier(ar, code, &r.term, err) ||
	    (d.found = sh_json_new_array(err)) == NULL ||
	    sh_engine_scan(ar->engine, &r, take_item, &d, err))
		goto out;
	if (sh_access_record(&d.access, err))
		goto out;
	if (json_array_size(d.found) == 0) {
		sh_error_param(err, "value", "%s", code);
		(void)sh_error_set(err, SH_ENOTFOUND, "dossier.unknown",
		    "the archive has nothing of dossier %s", code);
		goto out;
	}
	if (d.procedure != NULL && ar->catalogue != NULL)
		p = sh_catalogue_procedure(ar->catalogue, d.procedure);
	if ((out = sh_json_new_object(err)) == NULL ||
	    sh_json_set_str(out, "dossier", code, err) ||
	    sh_json_set(out, "procedure", d.procedure == NULL ? json_null() :
	    json_string(d.procedure), err))
		goto out;
	if (arrange(p, d.found, out, err))
		goto out;
	*answerp = out;
	out = NULL;
	rc = 0;
out:
	sh_access_end(&d.access);
	json_decref(out);
	json_decref(d.found);
	free(d.procedure);
	return (rc);
}
