#include "pipeline/reread.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "archive/reuse.h"
#include "base/fs.h"
#include "base/mem.h"
#include "pipeline/reread_internal.h"
#include "pipeline/version.h"

#define RENDITIONS_MAX	16
#define HOLDERS_MAX	32

/* What one new version holds while it is made. */
struct version {
	struct sh_accession acc;
	struct sh_holder holder[HOLDERS_MAX];
	struct sh_rendition rendition[RENDITIONS_MAX];
	struct sh_buf text, reading;
	json_t *pages, *made_by;
};

static const char *
text_of(const json_t *v, const char *name)
{
	return (json_string_value(json_object_get(v, name)));
}

static void
date_of(const json_t *v, const char *name, struct sh_date *out)
{
	const char *s = text_of(v, name);

	if (s == NULL || sh_date_parse(s, out))
		memset(out, 0, sizeof(*out));
}

struct sh_reader
sh_reread_reader(const struct sh_home *home)
{
	return ((struct sh_reader){ .machine = 1, .name = "sohoa",
	    .agency = sh_config_text(home->config, "agency-code"),
	    .purpose = "reread" });
}

static int
fill_holders(struct version *v, const json_t *record, struct sh_error *err)
{
	const json_t *h;
	size_t i;

	json_array_foreach(json_object_get(record, "holders"), i, h) {
		struct sh_holder *out = &v->holder[i];
		const char *id = text_of(h, "id");

		if (i == HOLDERS_MAX)
			return (sh_error_set(err, SH_ELIMIT, "holder.many",
			    "more than %d holders", HOLDERS_MAX));
		if (id != NULL && sh_id_parse(id, &out->id, err))
			return (-1);
		out->name = text_of(h, "name");
		out->role = text_of(h, "role");
		date_of(h, "birth", &out->birth);
	}
	v->acc.holders = v->holder;
	v->acc.nholders = i;
	return (0);
}

/* The words anew; every other rendition as it is. */
static int
fill_renditions(struct sh_home *home, struct version *v,
    const struct sh_document_id *old, const json_t *record,
    struct sh_error *err)
{
	struct sh_reader who = sh_reread_reader(home);
	const json_t *r;
	size_t i, n = 0;

	json_array_foreach(json_object_get(record, "renditions"), i, r) {
		struct sh_rendition *out = &v->rendition[n];
		const char *name = text_of(r, "name");

		if (n == RENDITIONS_MAX)
			return (sh_error_set(err, SH_ELIMIT,
			    "original.many", "more than %d renditions",
			    RENDITIONS_MAX));
		*out = (struct sh_rendition){ name, text_of(r, "media"), -1,
		    NULL, 0 };
		v->acc.nrenditions = ++n;
		if (strcmp(name, "text") == 0) {
			out->data = v->text.data;
			out->len = v->text.len;
		} else if (strcmp(name, "reading") == 0) {
			out->data = v->reading.data;
			out->len = v->reading.len;
		} else if ((out->fd = sh_memfd("rendition", err)) < 0 ||
		    sh_archive_get(home->archive, &who, old, name, out->fd,
		    err)) {
			return (-1);
		}
	}
	v->acc.renditions = v->rendition;
	return (0);
}

static int
fill_pages(struct version *v, const json_t *record,
    const struct sh_page *const *pages, size_t npages, struct sh_error *err)
{
	json_t *all, *one;
	size_t i;
	int rc;

	v->pages = sh_json_copy(json_object_get(record, "pages"), 1, err);
	if (v->pages == NULL)
		return (-1);
	if ((all = sh_json_new_array(err)) == NULL)
		return (-1);
	for (i = 0, rc = 0; rc == 0 && i < npages; i++) {
		one = json_array_get(v->pages, i);
		rc = sh_json_append(all, sh_page_to_json(pages[i], err),
		    err) || sh_json_set_int(one, "confidence_bp",
		    (int64_t)(pages[i]->confidence * 10000 + 0.5), err) ||
		    (i > 0 && sh_buf_puts(&v->text, "\f", err)) ||
		    sh_page_text(pages[i], &v->text, err) ? -1 : 0;
	}
	if (rc == 0)
		rc = sh_json_print(all, 0, &v->reading, err);
	json_decref(all);
	return (rc);
}

/* Who made it now, and of what; what people decided stays. */
static int
fill_made_by(struct version *v, const struct sh_home *home,
    const json_t *record, const char *engine, struct sh_error *err)
{
	const json_t *was = json_object_get(record, "made_by");
	char hex[SH_HEX_LEN];
	json_t *again;

	sh_hex(sh_catalogue_digest(home->catalogue)->b, SH_DIGEST_LEN, hex);
	v->made_by = sh_json_copy(was, 1, err);
	again = json_pack("{s:s, s:s*}", "of", text_of(record, "id"),
	    "engine", text_of(was, "engine"));
	if (v->made_by == NULL || again == NULL) {
		json_decref(again);
		return (sh_error_nomem(err, "JSON"));
	}
	return (sh_json_set(v->made_by, "reread", again, err) ||
	    sh_json_set_str(v->made_by, "sohoa", SH_VERSION, err) ||
	    sh_json_set_str(v->made_by, "engine", engine, err) ||
	    sh_json_set_str(v->made_by, "catalogue", hex, err) ? -1 : 0);
}

/* Another content than the first reading's, the same each time. */
static int
fill_content(struct version *v, const json_t *record, const char *engine,
    struct sh_error *err)
{
	struct sh_hasher *h = sh_hasher_new(NULL, 0, err);
	const char *was = text_of(record, "content");
	int rc;

	if (h == NULL)
		return (-1);
	rc = sh_hasher_update(h, "reread\n", 7, err) || sh_hasher_update(h,
	    was, strlen(was), err) || sh_hasher_update(h, engine,
	    strlen(engine), err) || sh_hasher_final(h, &v->acc.content, err);
	sh_hasher_free(h);
	return (rc ? -1 : 0);
}

static void
fill_rest(struct version *v, const struct sh_home *home,
    const json_t *record, const json_t *fields)
{
	struct sh_accession *a = &v->acc;
	const char *type = text_of(record, "type");

	a->dossier = text_of(record, "dossier");
	a->procedure = text_of(record, "procedure");
	a->component = text_of(record, "component");
	a->type = type == NULL ? NULL : sh_catalogue_type(home->catalogue,
	    type);
	a->confidence_bp = (int)json_integer_value(json_object_get(record,
	    "confidence_bp"));
	a->copy = text_of(record, "copy");
	a->number = text_of(record, "number");
	a->issuer = text_of(record, "issuer");
	date_of(record, "issued", &a->issued);
	date_of(record, "valid_until", &a->valid_until);
	a->fields = fields;
	a->pages = v->pages;
	a->made_by = v->made_by;
	a->provenance = text_of(record, "provenance");
	a->station = text_of(record, "station");
	a->actor = text_of(record, "actor");
	if (sh_time_parse(text_of(record, "received_at"), &a->received_at))
		a->received_at = sh_now();
	a->text = v->text.data != NULL ? (const char *)v->text.data : "";
}

int
sh_reread_replace(struct sh_home *home, const struct sh_reader *who,
    const json_t *record, const struct sh_page *const *pages, size_t npages,
    const json_t *fields, const char *engine, struct sh_document_id *id,
    struct sh_error *err)
{
	struct version v = { .made_by = NULL };
	enum sh_accession_state state;
	struct sh_document_id old;
	char reason[160];
	int rc = -1;
	size_t i;

	if (sh_document_id_parse(text_of(record, "id"), &old))
		return (sh_error_set(err, SH_EARG, "document.id",
		    "not a document's name"));
	if (fill_holders(&v, record, err) ||
	    fill_pages(&v, record, pages, npages, err) ||
	    fill_renditions(home, &v, &old, record, err) ||
	    fill_made_by(&v, home, record, engine, err) ||
	    fill_content(&v, record, engine, err))
		goto out;
	fill_rest(&v, home, record, fields);
	(void)snprintf(reason, sizeof(reason), "đọc lại: %.100s", engine);
	if (sh_archive_accede(home->archive, &v.acc, id, &state, err) ||
	    sh_archive_supersede(home->archive, who, &old, id, reason, err))
		goto out;
	rc = 0;
out:
	for (i = 0; i < v.acc.nrenditions; i++)
		if (v.rendition[i].fd >= 0)
			(void)close(v.rendition[i].fd);
	sh_buf_free(&v.text);
	sh_buf_free(&v.reading);
	json_decref(v.pages);
	json_decref(v.made_by);
	return (rc);
}
