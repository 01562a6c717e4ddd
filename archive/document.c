/* Documents as they come out: records, summaries, blobs, views. */
#include "archive/archive_internal.h"

#include <stdlib.h>
#include <string.h>

#include "archive/act.h"
#include "archive/stream.h"
#include "base/mem.h"

#define VALUE_VERSION	1	/* documents are immutable */

void
sh_document_id_print(const struct sh_document_id *id,
    char out[SH_DOCUMENT_ID_LEN])
{
	sh_hex(id->b, sizeof(id->b), out);
}

int
sh_document_id_parse(const char *s, struct sh_document_id *id)
{
	return (sh_unhex(s, id->b, sizeof(id->b)));
}

void
sh_document_sort(int64_t archived_at, const struct sh_tag *document,
    uint8_t sort[SH_PLACE_LEN])
{
	sh_put_be(sort, (uint64_t)archived_at, 8);
	memcpy(sort + 8, document->b, 16);
}

/* ---- blobs --------------------------------------------------------------- */

static int
damaged(struct sh_error *err, const char *what)
{
	return (sh_error_set(err, SH_EFIXITY, "record.damaged",
	    "a record: %s", what));
}

int
sh_stored_parse(const json_t *v, struct sh_stored *out, struct sh_error *err)
{
	const char *digest = sh_member(v, "digest"), *key;
	json_int_t bytes = json_integer_value(json_object_get(v, "bytes"));

	key = sh_member(v, "key");
	if (digest == NULL || key == NULL || bytes < 0 ||
	    sh_unhex(digest, out->plain.b, SH_DIGEST_LEN) ||
	    sh_unhex(key, out->key, SH_KEY_LEN))
		return (damaged(err, "what it says of a blob"));
	out->bytes = (uint64_t)bytes;
	return (0);
}

int
sh_document_stored(const json_t *record, const char *name,
    struct sh_stored *out, struct sh_error *err)
{
	json_t *v, *list = json_object_get(record, "renditions");
	const char *s;
	size_t i;

	if (name == NULL) {
		v = json_object_get(record, "text");
		return (v == NULL ? 0 : sh_stored_parse(v, out, err) ? -1 : 1);
	}
	json_array_foreach(list, i, v) {
		s = sh_member(v, "name");
		if (s != NULL && strcmp(s, name) == 0)
			return (sh_stored_parse(v, out, err) ? -1 : 1);
	}
	return (0);
}

int
sh_document_blob_name(struct sh_archive *ar, const struct sh_digest *plain,
    struct sh_digest *name, struct sh_error *err)
{
	return (sh_vault_name(ar->vault, SH_NAME_BLOB, plain->b,
	    sizeof(plain->b), name, err));
}

int
sh_document_read(struct sh_archive *ar, const struct sh_stored *stored,
    sh_sink sink, void *arg, struct sh_error *err)
{
	struct sh_opener *o;
	struct sh_digest name;
	int rc = -1;

	if (sh_document_blob_name(ar, &stored->plain, &name, err))
		return (-1);
	o = sh_opener_new(sh_vault_aead(ar->vault), stored->key, &name,
	    &stored->plain, stored->bytes, sink, arg, err);
	if (o != NULL && sh_engine_blob_get(ar->engine, &name, 0, UINT64_MAX,
	    sh_opener_sink, o, NULL, err) == 0)
		rc = sh_opener_finish(o, err);
	sh_opener_free(o);
	return (rc);
}

int
sh_document_blobs(struct sh_archive *ar, const json_t *record,
    const struct sh_stored *body, struct sh_digest *names, size_t *np,
    struct sh_error *err)
{
	json_t *v, *list = json_object_get(record, "renditions");
	struct sh_stored s;
	struct sh_digest name;
	size_t i, k;

	*np = 0;
	for (i = 0; i < json_array_size(list) + 2; i++) {
		if (i < json_array_size(list))
			v = json_array_get(list, i);
		else if (i == json_array_size(list))
			v = json_object_get(record, "text");
		else
			v = NULL;
		if (v != NULL && sh_stored_parse(v, &s, err))
			return (-1);
		if (v == NULL) {
			if (i < json_array_size(list) + 1 || body == NULL)
				continue;
			s = *body;
		}
		if (sh_document_blob_name(ar, &s.plain, &name, err))
			return (-1);
		/* Two renditions may be the same bytes. */
		for (k = 0; k < *np; k++)
			if (memcmp(&names[k], &name, sizeof(name)) == 0)
				break;
		if (k < *np)
			continue;
		if (*np == SH_RECORD_BLOBS_MAX)
			return (damaged(err, "it has too many renditions"));
		names[(*np)++] = name;
	}
	return (0);
}

/* ---- records ------------------------------------------------------------- */

static int
to_buf(void *arg, const void *data, size_t len, struct sh_error *err)
{
	return (sh_buf_append(arg, data, len, err));
}

json_t *
sh_document_open(struct sh_archive *ar, const struct sh_tag *holder,
    const struct sh_tag *document, const void *value, size_t len,
    struct sh_stored *body, int *has_bodyp, struct sh_error *err)
{
	struct sh_label l = { .table = SH_LABEL_RECORD, .holder = holder,
	    .key = document->b, .keylen = sizeof(document->b),
	    .version = VALUE_VERSION };
	struct sh_buf packed = SH_BUF_INIT, bytes = SH_BUF_INIT;
	json_t *v = NULL, *pointer = NULL, *b;
	char hex[SH_TAG_HEX];
	const char *id;

	*has_bodyp = 0;
	if (sh_vault_unseal(ar->vault, &l, value, len, &packed, err) ||
	    sh_record_unpack(ar->packer, packed.data, packed.len, &bytes,
	    err) || (v = sh_json_parse(bytes.data, bytes.len, SH_RECORD_MAX,
	    err)) == NULL)
		goto out;
	if ((b = json_object_get(v, "body")) != NULL) {
		pointer = v;
		v = NULL;
		sh_buf_reset(&bytes);
		bytes.limit = SH_RECORD_MAX;
		if (sh_stored_parse(b, body, err))
			goto out;
		*has_bodyp = 1;
		if (sh_document_read(ar, body, to_buf, &bytes, err))
			goto out;
		v = sh_json_parse(bytes.data, bytes.len, SH_RECORD_MAX, err);
		if (v == NULL)
			goto out;
	}
	sh_tag_print(document, hex);
	id = sh_member(v, "id");
	if (id == NULL || strcmp(id, hex) != 0) {
		(void)damaged(err, "it is another document's");
		json_decref(v);
		v = NULL;
	}
out:
	json_decref(pointer);
	sh_buf_free(&packed);
	sh_buf_free(&bytes);
	return (v);
}

json_t *
sh_document_record(struct sh_archive *ar, const struct sh_tag *holder,
    const struct sh_tag *document, struct sh_error *err)
{
	struct sh_stored body;
	uint8_t value[SH_VALUE_MAX];
	size_t len;
	int has_body;

	sh_vault_expect(ar->vault, holder);
	if (sh_engine_get(ar->engine, holder, document, value, &len, err))
		return (NULL);
	return (sh_document_open(ar, holder, document, value, len, &body,
	    &has_body, err));
}

struct located {
	struct sh_tag *tags;
	size_t n;
	int64_t archived_at;
};

static int
take_holder(void *arg, const struct sh_entry *t, struct sh_error *err)
{
	struct located *l = arg;

	if (t->sortlen != 17 || t->len != 8)
		return (damaged(err, "where it lies"));
	memcpy(l->tags[l->n++].b, t->sort + 1, 16);
	l->archived_at = (int64_t)sh_get_be(t->value, 8);
	return (l->n == SH_HOLDERS_MAX);
}

int
sh_document_locate(struct sh_archive *ar, const struct sh_tag *document,
    struct sh_tag tags[SH_HOLDERS_MAX], size_t *np, int64_t *archived_atp,
    struct sh_error *err)
{
	struct sh_range r = { .table = SH_TABLE_DOCUMENT, .term = *document };
	struct located l = { .tags = tags };

	if (sh_engine_scan(ar->engine, &r, take_holder, &l, err))
		return (-1);
	*np = l.n;
	*archived_atp = l.archived_at;
	return (0);
}

/* 1 if the error only says that this holder's copy is not to be had. */
static int
is_absence(const struct sh_error *err)
{
	return (err->code == SH_ENOTFOUND);
}

json_t *
sh_document_find(struct sh_archive *ar, const struct sh_tag *document,
    struct sh_tag *holder, struct sh_error *err)
{
	struct sh_tag tags[SH_HOLDERS_MAX];
	char hex[SH_TAG_HEX];
	int64_t archived_at;
	json_t *v;
	size_t n, i;

	if (sh_document_locate(ar, document, tags, &n, &archived_at, err))
		return (NULL);
	for (i = 0; i < n; i++) {
		v = sh_document_record(ar, &tags[i], document, err);
		if (v != NULL) {
			*holder = tags[i];
			return (v);
		}
		/* The next holder has the whole document too. */
		if (!is_absence(err))
			return (NULL);
		sh_error_clear(err);
	}
	sh_tag_print(document, hex);
	sh_error_param(err, "value", "%s", hex);
	(void)sh_error_set(err, SH_ENOTFOUND, "document.missing",
	    "no document %s", hex);
	return (NULL);
}

/* ---- index entries with a sealed value ----------------------------------- */

int
sh_document_seal(struct sh_archive *ar, unsigned table,
    const struct sh_tag *holder, const uint8_t *key, size_t keylen,
    const json_t *v, struct sh_buf *out, struct sh_error *err)
{
	struct sh_label l = { .table = table, .holder = holder, .key = key,
	    .keylen = keylen, .version = VALUE_VERSION };
	struct sh_buf bytes = SH_BUF_INIT, packed = SH_BUF_INIT;
	int rc = -1;

	if (sh_record_bytes(v, &bytes, err) == 0 &&
	    sh_record_pack(ar->packer, bytes.data, bytes.len, &packed,
	    err) == 0)
		rc = sh_vault_seal(ar->vault, &l, packed.data, packed.len,
		    out, err);
	sh_buf_free(&bytes);
	sh_buf_free(&packed);
	return (rc);
}

json_t *
sh_document_entry(struct sh_archive *ar, const struct sh_tag *holder,
    const struct sh_entry *entry, struct sh_error *err)
{
	struct sh_label l = { .table = entry->table, .holder = holder,
	    .key = entry->sort, .keylen = entry->sortlen,
	    .version = VALUE_VERSION };
	struct sh_buf packed = SH_BUF_INIT, bytes = SH_BUF_INIT;
	json_t *v = NULL;

	if (sh_vault_unseal(ar->vault, &l, entry->value, entry->len, &packed,
	    err) == 0 && sh_record_unpack(ar->packer, packed.data, packed.len,
	    &bytes, err) == 0)
		v = sh_json_parse(bytes.data, bytes.len, SH_RECORD_MAX, err);
	sh_buf_free(&packed);
	sh_buf_free(&bytes);
	return (v);
}

/* ---- summaries ----------------------------------------------------------- */

/* A long name is cut in a list; the record has it all. */
#define SUMMARY_TEXT	120	/* bytes */

static json_t *
clipped(const char *s)
{
	size_t len = strlen(s);

	if (len > SUMMARY_TEXT) {
		len = SUMMARY_TEXT;
		while (len > 0 && ((uint8_t)s[len] & 0xc0) == 0x80)
			len--;
	}
	return (json_stringn(s, len));
}

static json_t *
summary_holders(const json_t *record, size_t max, struct sh_error *err)
{
	static const char *const members[] = { "kind", "id", "name", "role" };
	json_t *out, *h, *copy, *list = json_object_get(record, "holders");
	const char *s;
	size_t i, k;

	if ((out = sh_json_new_array(err)) == NULL)
		return (NULL);
	json_array_foreach(list, i, h) {
		if (i == max)
			break;
		if ((copy = sh_json_new_object(err)) == NULL ||
		    sh_json_append(out, copy, err))
			goto bad;
		for (k = 0; k < SH_COUNT(members); k++)
			if ((s = sh_member(h, members[k])) != NULL &&
			    sh_json_set(copy, members[k], clipped(s), err))
				goto bad;
	}
	return (out);
bad:
	json_decref(out);
	return (NULL);
}

json_t *
sh_document_summary(const json_t *record, size_t max, struct sh_error *err)
{
	static const char *const members[] = { "archived_at", "component",
	    "dossier", "issued", "issuer", "number", "procedure",
	    "provenance", "type", "valid_until" };
	json_t *v, *holders;
	const char *s;
	size_t i;

	if ((v = sh_json_new_object(err)) == NULL)
		return (NULL);
	for (i = 0; i < SH_COUNT(members); i++)
		if ((s = sh_member(record, members[i])) != NULL &&
		    sh_json_set(v, members[i], clipped(s), err))
			goto bad;
	if ((holders = summary_holders(record, max, err)) ==
	    NULL ||
	    sh_json_set(v, "holders", holders, err) ||
	    sh_json_set_int(v, "pages", (json_int_t)json_array_size(
	    json_object_get(record, "pages")), err) ||
	    sh_json_set_str(v, "status", "archived", err))
		goto bad;
	return (v);
bad:
	json_decref(v);
	return (NULL);
}

struct one {
	struct sh_archive *ar;
	const struct sh_listed *at;
	json_t *v;
};

static int
take_one(void *arg, const struct sh_entry *t, struct sh_error *err)
{
	struct one *o = arg;

	o->v = sh_document_entry(o->ar, &o->at->holder, t, err);
	return (o->v != NULL ? 1 : -1);
}

json_t *
sh_document_listed(struct sh_archive *ar, const struct sh_listed *at,
    struct sh_error *err)
{
	struct sh_range r = { .table = SH_TABLE_LIST, .term = at->holder,
	    .prefix = at->sort, .prefixlen = sizeof(at->sort) };
	struct one o = { .ar = ar, .at = at };

	if (sh_engine_scan(ar->engine, &r, take_one, &o, err))
		return (NULL);
	if (o.v == NULL)
		(void)sh_error_set(err, SH_ENOTFOUND, "document.missing",
		    "a document is not in its holder's list");
	return (o.v);
}

/* ---- views --------------------------------------------------------------- */

struct links {
	struct sh_archive *ar;
	const struct sh_tag *holder;
	json_t *view;
	json_t *dossiers;
};

static int
take_link(void *arg, const struct sh_entry *t, struct sh_error *err)
{
	struct links *l = arg;
	json_t *link, *h, *holders = json_object_get(l->view, "holders");
	size_t i;

	if ((link = sh_document_entry(l->ar, l->holder, t, err)) == NULL)
		return (-1);
	json_array_foreach(json_object_get(link, "holders"), i, h) {
		if (sh_holder_listed(holders, h))
			continue;
		if (sh_json_append(holders, json_incref(h), err)) {
			json_decref(link);
			return (-1);
		}
	}
	return (sh_json_append(l->dossiers, link, err));
}

/* The dossier that brought the document, in the form of the links. */
static int
add_first(const json_t *record, json_t *dossiers, struct sh_error *err)
{
	static const char *const members[][2] = { { "accession", "id" },
	    { "at", "archived_at" }, { "dossier", "dossier" },
	    { "procedure", "procedure" }, { "component", "component" },
	    { "copy", "copy" }, { "provenance", "provenance" },
	    { "actor", "actor" }, { "station", "station" } };
	json_t *v;
	size_t i;

	if ((v = sh_json_new_object(err)) == NULL ||
	    sh_json_append(dossiers, v, err))
		return (-1);
	for (i = 0; i < SH_COUNT(members); i++)
		if (sh_json_set_str(v, members[i][0], sh_member(record,
		    members[i][1]), err))
			return (-1);
	return (0);
}

static void
strip_keys(json_t *view)
{
	json_t *v;
	size_t i;

	json_array_foreach(json_object_get(view, "renditions"), i, v)
		(void)json_object_del(v, "key");
	(void)json_object_del(json_object_get(view, "text"), "key");
}

/* How it stands, and what made it so. */
static int
add_standing(struct sh_archive *ar, const struct sh_tag *holder,
    const struct sh_tag *document, json_t *view, struct sh_error *err)
{
	struct sh_standing s;
	int rc = -1;

	if (sh_standing_read(ar, holder, document, &s, err))
		return (-1);
	if (sh_json_set_str(view, "status", sh_standing_word(&s), err) ||
	    sh_json_set_str(view, "superseded_by", sh_member(s.supersede,
	    "by"), err) ||
	    sh_json_set_str(view, "status_reason", sh_member(s.revoke != NULL
	    ? s.revoke : s.supersede, "reason"), err) ||
	    (s.held && sh_json_set_str(view, "hold", sh_member(s.hold,
	    "reason"), err)))
		goto out;
	rc = 0;
out:
	sh_standing_clear(&s);
	return (rc);
}

static int
take_reuse(void *arg, const struct sh_act_seen *seen, struct sh_error *err)
{
	static const char *const members[] = { "at", "dossier", "procedure",
	    "component", "actor", "agency" };
	json_t *list = arg;
	json_t *v;
	size_t i;

	if ((v = sh_json_new_object(err)) == NULL ||
	    sh_json_append(list, v, err) || sh_json_set_str(v, "receipt",
	    sh_member(seen->act, "id"), err))
		return (-1);
	for (i = 0; i < SH_COUNT(members); i++)
		if (sh_json_set_str(v, members[i], sh_member(seen->act,
		    members[i]), err))
			return (-1);
	return (0);
}

json_t *
sh_document_view(struct sh_archive *ar, const struct sh_tag *holder,
    const struct sh_tag *document, const json_t *record,
    struct sh_error *err)
{
	struct sh_range r = { .table = SH_TABLE_LINK, .term = *holder,
	    .prefix = document->b, .prefixlen = sizeof(document->b) };
	struct links l = { .ar = ar, .holder = holder };
	json_t *reuses;

	if ((l.view = sh_json_copy(record, 1, err)) == NULL)
		return (NULL);
	strip_keys(l.view);
	if ((l.dossiers = sh_json_new_array(err)) == NULL ||
	    sh_json_set(l.view, "dossiers", l.dossiers, err) ||
	    add_first(record, l.dossiers, err) ||
	    add_standing(ar, holder, document, l.view, err) ||
	    sh_engine_scan(ar->engine, &r, take_link, &l, err) ||
	    (reuses = sh_json_new_array(err)) == NULL ||
	    sh_json_set(l.view, "reuses", reuses, err) ||
	    sh_act_each(ar, holder, document, 'u', take_reuse, reuses,
	    err)) {
		json_decref(l.view);
		return (NULL);
	}
	return (l.view);
}
