/* Creating, opening, closing an archive; what has no room of its own. */
#include "archive/archive.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "archive/access_internal.h"
#include "archive/act.h"
#include "archive/archive_internal.h"
#include "archive/seal_internal.h"
#include "archive/search.h"
#include "base/log.h"
#include "base/mem.h"

/*
 * The manifest: a document of the pseudo-holder "archive", the first change
 * of all.  An engine without it was never finished, or belongs to other keys.
 * Frozen: archive/FORMAT, "Manifest".
 */
#define FORMAT	1

int
sh_archive_manifest(struct sh_vault *v, struct sh_tag *holder,
    struct sh_error *err)
{
	/* No holder's kind has this first byte. */
	return (sh_vault_tag(v, SH_NAME_HOLDER, "\377archive", 8, holder,
	    err));
}

static int
manifest_names(struct sh_vault *v, struct sh_tag *holder,
    struct sh_tag *document, struct sh_error *err)
{
	if (sh_archive_manifest(v, holder, err))
		return (-1);
	return (sh_vault_tag(v, SH_NAME_DOCUMENT, "manifest", 8, document,
	    err));
}

static void
manifest_label(const struct sh_tag *document, struct sh_label *l)
{
	memset(l, 0, sizeof(*l));
	l->table = SH_LABEL_RECORD;
	l->key = document->b;
	l->keylen = sizeof(document->b);
	l->version = 1;
}

static int
seal_manifest(struct sh_vault *v, const struct sh_tag *document,
    struct sh_buf *out, struct sh_digest *digest, struct sh_error *err)
{
	char id[SH_TAG_HEX], at[SH_TIME_LEN];
	struct sh_buf bytes = SH_BUF_INIT;
	struct sh_label l;
	struct sh_tag random;
	json_t *m;
	int rc = -1;

	if (sh_random(random.b, sizeof(random.b), err))
		return (-1);
	sh_tag_print(&random, id);
	sh_time_print(sh_now(), at);
	manifest_label(document, &l);
	m = json_pack("{s:s,s:s,s:i}", "archive", id, "created_at", at,
	    "format", FORMAT);
	if (m == NULL)
		return (sh_error_nomem(err, "JSON"));
	if (sh_record_bytes(m, &bytes, err) == 0 &&
	    sh_sha256(bytes.data, bytes.len, digest, err) == 0)
		rc = sh_vault_seal(v, &l, bytes.data, bytes.len, out, err);
	json_decref(m);
	sh_buf_free(&bytes);
	return (rc);
}

static int
put_manifest(struct sh_engine *e, struct sh_vault *v, struct sh_error *err)
{
	struct sh_buf value = SH_BUF_INIT;
	struct sh_put put;
	struct sh_change c = { .nputs = 1, .puts = &put };
	int rc = -1;

	if (manifest_names(v, &c.holder, &put.document, err) ||
	    seal_manifest(v, &put.document, &value, &c.digest, err))
		goto out;
	put.value = value.data;
	put.len = value.len;
	c.operation = put.document;
	rc = sh_engine_commit(e, &c, 1, err);
out:
	sh_buf_free(&value);
	return (rc);
}

static int
stop_at_first(void *arg, const struct sh_fed *item, struct sh_error *err)
{
	(void)item;
	(void)err;
	*(int *)arg = 1;
	return (1);
}

/*
 * 1 if the manifest is there and opens, with the archive's ID; 0 if nothing
 * ever was put, or -1.
 */
static int
has_manifest(struct sh_engine *e, struct sh_vault *v, char id[SH_TAG_HEX],
    struct sh_error *err)
{
	struct sh_buf plain = SH_BUF_INIT;
	struct sh_tag holder, document;
	struct sh_label l;
	uint8_t value[SH_VALUE_MAX];
	const char *name;
	json_t *m = NULL;
	size_t len;
	int64_t format;
	unsigned shard;
	int used = 0, r = -1;

	if (manifest_names(v, &holder, &document, err))
		return (-1);
	if (sh_engine_get(e, &holder, &document, value, &len, err)) {
		if (err->code != SH_ENOTFOUND)
			return (-1);
		sh_error_clear(err);
		for (shard = 0; shard < sh_engine_shards(e); shard++)
			if (sh_engine_feed(e, shard, NULL, 0, stop_at_first,
			    &used, err))
				return (-1);
		if (!used)
			return (0);
		return (sh_error_set(err, SH_EDENIED, "key.wrong",
		    "these keys belong to another archive"));
	}
	manifest_label(&document, &l);
	if (sh_vault_unseal(v, &l, value, len, &plain, err) ||
	    (m = sh_json_parse(plain.data, plain.len, 4096, err)) == NULL ||
	    sh_json_int(m, "format", 1, 1, INT32_MAX, 0, &format, err) ||
	    sh_json_str(m, "archive", 1, SH_TAG_HEX - 1, &name, err))
		goto out;
	(void)snprintf(id, SH_TAG_HEX, "%s", name);
	if (format > FORMAT)
		(void)sh_error_set(err, SH_EUNSUPPORTED, "archive.format",
		    "the archive has format %d, this program knows %d",
		    (int)format, FORMAT);
	else
		r = 1;
out:
	json_decref(m);
	sh_buf_free(&plain);
	return (r);
}

/* ---- create -------------------------------------------------------------- */

static int
exists(struct sh_error *err, const char *what)
{
	return (sh_error_set(err, SH_EEXISTS, "archive.exists",
	    "%s: an archive is there already", what));
}

/* The engine's place, new or as a crashed creation left it. */
static int
open_or_create(const char *uri, struct sh_engine **ep, struct sh_error *err)
{
	if (sh_engine_open(uri, SH_ENGINE_WRITE, ep, err) == 0)
		return (0);
	if (err->code != SH_ENOTFOUND)
		return (-1);
	sh_error_clear(err);
	if (sh_engine_open(uri, SH_ENGINE_CREATE, ep, err) == 0)
		return (0);
	if (err->code == SH_EEXISTS) {
		sh_error_clear(err);
		return (exists(err, uri));
	}
	return (-1);
}

/*
 * The keys come first, the manifest last: before it is there, opening finds
 * no archive, and creating goes on with what it finds.
 */
int
sh_archive_create(const struct sh_archive_place *place, struct sh_error *err)
{
	struct sh_engine *e = NULL;
	struct sh_vault *v = NULL;
	char id[SH_TAG_HEX];
	int r, rc = -1;

	if (sh_engine_open(place->engine, SH_ENGINE_WRITE, &e, err)) {
		if (err->code == SH_EAGAIN) {
			sh_error_clear(err);
			return (exists(err, place->engine));
		}
		if (err->code != SH_ENOTFOUND)
			return (-1);
		sh_error_clear(err);
	} else {
		int used = 0;

		if (sh_engine_feed(e, 0, NULL, 0, stop_at_first, &used, err))
			goto out;
		if (used) {
			(void)exists(err, place->engine);
			goto out;
		}
		sh_engine_close(e);
		e = NULL;
	}
	if (sh_vault_create(place->keys, err) ||
	    sh_vault_open(place->keys, 1, &v, err) ||
	    sh_search_create(place->search, err) ||
	    open_or_create(place->engine, &e, err))
		goto out;
	if ((r = has_manifest(e, v, id, err)) < 0)
		goto out;
	rc = r == 1 ? exists(err, place->engine) : put_manifest(e, v, err);
out:
	sh_vault_close(v);
	sh_engine_close(e);
	return (rc);
}

/* ---- open ---------------------------------------------------------------- */

static int
open_parts(struct sh_archive *ar, const struct sh_archive_place *place,
    struct sh_error *err)
{
	int r, behind;

	if (sh_engine_open(place->engine, ar->readonly ? SH_ENGINE_READ :
	    SH_ENGINE_WRITE, &ar->engine, err)) {
		if (err->code != SH_ENOTFOUND)
			return (-1);
		sh_error_clear(err);
		sh_error_param(err, "value", "%s", place->engine);
		return (sh_error_set(err, SH_ENOTFOUND, "archive.missing",
		    "%s: no archive is there", place->engine));
	}
	if (sh_vault_open(place->keys, !ar->readonly, &ar->vault, err) ||
	    (ar->packer = sh_packer_new(err)) == NULL ||
	    (r = has_manifest(ar->engine, ar->vault, ar->id, err)) < 0)
		return (-1);
	if (r == 0)
		return (sh_error_set(err, SH_ENOTFOUND, "archive.missing",
		    "%s: its creation was not finished", place->engine));
	if (place->access != NULL && sh_access_log_open(place->access,
	    &ar->access, err))
		return (-1);
	if (sh_seals_open(ar, place, err) ||
	    sh_search_open(place->search, ar->vault, ar->readonly,
	    &ar->search, err))
		return (-1);
	if (ar->readonly)
		return (0);
	/* Takes nothing in, but makes a search anew that is of no use. */
	if (sh_search_follow(ar->search, ar, 0, &behind, err)) {
		sh_log(SH_WARN, "search: %s", err->text);
		sh_error_clear(err);
	}
	return (sh_sweep(ar, err) || sh_act_sweep(ar, err) ||
	    sh_purge(ar, err) || sh_access_fold(ar, err) ? -1 : 0);
}

int
sh_archive_open(const struct sh_archive_place *place,
    const struct sh_catalogue *catalogue, int readonly,
    struct sh_archive **ap, struct sh_error *err)
{
	struct sh_archive *ar;

	*ap = NULL;
	if ((ar = sh_alloc(1, sizeof(*ar), "an archive", err)) == NULL)
		return (-1);
	ar->catalogue = catalogue;
	ar->readonly = readonly;
	if (open_parts(ar, place, err)) {
		sh_archive_close(ar);
		return (-1);
	}
	*ap = ar;
	return (0);
}

void
sh_archive_close(struct sh_archive *ar)
{
	if (ar == NULL)
		return;
	sh_seals_close(ar);
	sh_access_log_close(ar->access);
	sh_search_close(ar->search);
	sh_packer_free(ar->packer);
	sh_vault_close(ar->vault);
	sh_engine_close(ar->engine);
	free(ar);
}

int
sh_archive_seal(struct sh_archive *ar, const char *purpose, const char *name,
    const void *data, size_t len, struct sh_buf *out, struct sh_error *err)
{
	return (sh_vault_seal_for(ar->vault, purpose, name, data, len, out,
	    err));
}

int
sh_archive_unseal(struct sh_archive *ar, const char *purpose,
    const char *name, const void *data, size_t len, struct sh_buf *out,
    struct sh_error *err)
{
	return (sh_vault_unseal_for(ar->vault, purpose, name, data, len, out,
	    err));
}

int
sh_archive_keyed_digest(struct sh_archive *ar, const char *purpose,
    const void *data, size_t len, struct sh_digest *out,
    struct sh_error *err)
{
	return (sh_vault_digest_for(ar->vault, purpose, data, len, out, err));
}

/* ---- each ---------------------------------------------------------------- */

struct each {
	struct sh_archive *ar;
	int (*fn)(void *arg, const struct sh_document_id *id,
	    const json_t *record, struct sh_error *err);
	void *arg;
};

static int
each_item(void *arg, const struct sh_fed *item, struct sh_error *err)
{
	struct each *each = arg;
	struct sh_document_id id;
	struct sh_tag document;
	json_t *record, *view;
	int r;

	if ((r = sh_event_document(each->ar, item, &document, err)) <= 0)
		return (r);
	record = sh_document_record(each->ar, &item->holder, &document, err);
	if (record == NULL) {
		if (err->code != SH_ENOTFOUND)
			return (-1);
		sh_error_clear(err);
		return (0);
	}
	view = sh_document_view(each->ar, &item->holder, &document, record,
	    err);
	json_decref(record);
	if (view == NULL)
		return (-1);
	memcpy(id.b, document.b, sizeof(id.b));
	r = each->fn(each->arg, &id, view, err);
	json_decref(view);
	return (r);
}

int
sh_archive_each(struct sh_archive *ar, int (*fn)(void *,
    const struct sh_document_id *, const json_t *, struct sh_error *),
    void *arg, struct sh_error *err)
{
	struct each each = { ar, fn, arg };
	unsigned shard;

	for (shard = 0; shard < sh_engine_shards(ar->engine); shard++)
		if (sh_engine_feed(ar->engine, shard, NULL, 0, each_item,
		    &each, err))
			return (-1);
	return (0);
}
