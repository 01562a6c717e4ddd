/*
 * An accession made ready: every text cleaned and bounded, every rendition
 * digested, the record in its canonical bytes.  Nothing is written here.
 */
#include "archive/archive_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "archive/stream.h"
#include "base/mem.h"
#include "base/text.h"

#define TEXT_MAX	((size_t)64 << 20)

static int
wrong(struct sh_error *err, const char *member, const char *what)
{
	sh_error_param(err, "value", "%s", member);
	return (sh_error_set(err, SH_EARG, "accession.member",
	    "\"%s\" of an accession %s", member, what));
}

/* ---- members ------------------------------------------------------------- */

enum need { OPTIONAL, REQUIRED };

/* One line of text, cleaned, at most MAX bytes; nothing when it is empty. */
static int
set_text(json_t *obj, const char *name, const char *s, size_t max,
    enum need need, struct sh_error *err)
{
	struct sh_buf b = SH_BUF_INIT;
	int rc = -1;

	if (s != NULL && sh_text_clean(s, strlen(s), &b, err)) {
		(void)sh_error_context(err, "%s", name);
		goto out;
	}
	if (b.len == 0 && need == REQUIRED)
		(void)wrong(err, name, "is missing");
	else if (b.len > max)
		(void)wrong(err, name, "is too long");
	else if (b.len == 0)
		rc = 0;
	else
		rc = sh_json_set(obj, name, json_stringn((char *)b.data,
		    b.len), err);
out:
	sh_buf_free(&b);
	return (rc);
}

static int
set_date(json_t *obj, const char *name, struct sh_date d,
    struct sh_error *err)
{
	char s[SH_DATE_LEN];

	if (d.year == 0)
		return (0);
	if (!sh_date_valid(d))
		return (wrong(err, name, "is no day"));
	sh_date_print(d, s);
	return (sh_json_set_str(obj, name, s, err));
}

static int
set_time(json_t *obj, const char *name, int64_t when, struct sh_error *err)
{
	char s[SH_TIME_LEN];

	sh_time_print(when, s);
	return (sh_json_set_str(obj, name, s, err));
}

static int
set_json(json_t *obj, const char *name, const json_t *v, json_type type,
    struct sh_error *err)
{
	json_t *copy;

	if (v == NULL || json_is_null(v))
		return (sh_json_set(obj, name, type == JSON_ARRAY ?
		    json_array() : json_object(), err));
	if (json_typeof(v) != type)
		return (wrong(err, name, "has another form"));
	if ((copy = sh_record_normal(v, err)) == NULL)
		return (sh_error_context(err, "%s", name));
	return (sh_json_set(obj, name, copy, err));
}

static int
set_one_of(json_t *obj, const char *name, const char *s, const char *words,
    struct sh_error *err)
{
	const char *p = words;
	size_t len;

	for (; s != NULL && *p != '\0'; p += len + (p[len] == '|')) {
		len = strcspn(p, "|");
		if (strlen(s) == len && memcmp(s, p, len) == 0)
			return (sh_json_set_str(obj, name, s, err));
	}
	return (wrong(err, name, s == NULL ? "is missing" : "is unknown"));
}

static int
add_holder(json_t *list, const struct sh_holder *h, struct sh_error *err)
{
	json_t *v;

	if ((v = sh_json_new_object(err)) == NULL ||
	    sh_json_append(list, v, err))
		return (-1);
	if (h->id.kind != SH_ID_NONE &&
	    (memchr(h->id.value, 0, sizeof(h->id.value)) == NULL ||
	    sh_json_set_str(v, "kind", sh_id_kind_word(h->id.kind), err) ||
	    set_text(v, "id", h->id.value, sizeof(h->id.value), REQUIRED,
	    err)))
		return (wrong(err, "holders", "has a holder without number"));
	if (set_text(v, "name", h->name, 400, OPTIONAL, err) ||
	    set_text(v, "role", h->role, 64, OPTIONAL, err))
		return (-1);
	return (set_date(v, "birth", h->birth, err));
}

static int
set_holders(json_t *record, const struct sh_accession *acc,
    struct sh_error *err)
{
	json_t *list;
	size_t i;

	if (acc->nholders == 0 || acc->nholders > SH_HOLDERS_MAX)
		return (wrong(err, "holders", acc->nholders == 0 ?
		    "is missing" : "has too many"));
	if ((list = sh_json_new_array(err)) == NULL ||
	    sh_json_set(record, "holders", list, err))
		return (-1);
	for (i = 0; i < acc->nholders; i++)
		if (add_holder(list, &acc->holders[i], err))
			return (-1);
	return (0);
}

static int
set_members(json_t *r, const struct sh_accession *acc, struct sh_error *err)
{
	char hex[SH_HEX_LEN];

	if (set_text(r, "dossier", acc->dossier, 64, REQUIRED, err) ||
	    set_text(r, "procedure", acc->procedure, 64, OPTIONAL, err) ||
	    set_text(r, "component", acc->component, 64, OPTIONAL, err) ||
	    set_text(r, "copy", acc->copy, 32, OPTIONAL, err) ||
	    set_text(r, "number", acc->number, 120, OPTIONAL, err) ||
	    set_text(r, "issuer", acc->issuer, 600, OPTIONAL, err) ||
	    set_text(r, "station", acc->station, 64, OPTIONAL, err) ||
	    set_text(r, "actor", acc->actor, 400, REQUIRED, err) ||
	    set_one_of(r, "provenance", acc->provenance,
	    "issued|seen|submitted", err) ||
	    set_date(r, "issued", acc->issued, err) ||
	    set_date(r, "valid_until", acc->valid_until, err) ||
	    set_time(r, "received_at", acc->received_at, err) ||
	    set_json(r, "fields", acc->fields, JSON_OBJECT, err) ||
	    set_json(r, "pages", acc->pages, JSON_ARRAY, err) ||
	    set_json(r, "made_by", acc->made_by, JSON_OBJECT, err) ||
	    (acc->kinship != NULL && set_json(r, "kinship", acc->kinship,
	    JSON_OBJECT, err)) ||
	    set_holders(r, acc, err))
		return (-1);
	if (acc->confidence_bp < 0 || acc->confidence_bp > 10000)
		return (wrong(err, "confidence_bp", "is outside 0..10000"));
	if (acc->type != NULL && (set_text(r, "type", acc->type->slug, 64,
	    REQUIRED, err) || set_text(r, "type_name", acc->type->name, 300,
	    OPTIONAL, err) || sh_json_set_int(r, "confidence_bp",
	    acc->confidence_bp, err)))
		return (-1);
	sh_hex(acc->content.b, sizeof(acc->content.b), hex);
	return (sh_json_set_str(r, "content", hex, err) ||
	    sh_json_set_int(r, "format", 1, err) ? -1 : 0);
}

/* ---- identity ------------------------------------------------------------ */

static int
put_counted(struct sh_buf *b, const char *s, struct sh_error *err)
{
	size_t len = s != NULL ? strlen(s) : 0;

	if (sh_buf_put_be(b, len, 4, err))
		return (-1);
	return (sh_buf_append(b, s != NULL ? s : "", len, err));
}

/* Frozen: archive/FORMAT, "Names". */
static int
name_operation(struct sh_archive *ar, struct sh_accession_plan *in,
    struct sh_error *err)
{
	struct sh_buf b = SH_BUF_INIT;
	char hex[SH_TAG_HEX];
	int rc = -1;

	if (sh_buf_append(&b, in->tags[0].b, 16, err) ||
	    put_counted(&b, sh_member(in->record, "dossier"), err) ||
	    put_counted(&b, sh_member(in->record, "component"), err) ||
	    sh_buf_append(&b, in->acc->content.b, SH_DIGEST_LEN, err) ||
	    sh_vault_tag(ar->vault, SH_NAME_DOCUMENT, b.data, b.len,
	    &in->operation, err))
		goto out;
	sh_tag_print(&in->operation, hex);
	rc = sh_json_set_str(in->record, "id", hex, err);
out:
	sh_buf_free(&b);
	return (rc);
}

int
sh_accession_begin(struct sh_archive *ar, const struct sh_accession *acc,
    struct sh_accession_plan *in, struct sh_error *err)
{
	memset(in, 0, sizeof(*in));
	in->acc = acc;
	if ((in->record = sh_json_new_object(err)) == NULL)
		return (-1);
	if (set_members(in->record, acc, err) ||
	    sh_holder_tags(ar, in->record, in->tags, &in->ntags, err))
		return (-1);
	return (name_operation(ar, in, err));
}

void
sh_accession_free(struct sh_accession_plan *in)
{
	size_t i;

	json_decref(in->record);
	sh_buf_free(&in->text);
	sh_buf_free(&in->bytes);
	for (i = 0; i < in->nblobs; i++)
		sh_sealer_free(in->blobs[i].sealer);
	memset(in, 0, sizeof(*in));
}

/* ---- measuring ----------------------------------------------------------- */

int
sh_accession_source(void *arg, void *buf, size_t cap, size_t *lenp,
    struct sh_error *err)
{
	struct sh_content *c = arg;
	ssize_t n;

	if (c->fd < 0) {
		n = c->len - c->at < cap ? (ssize_t)(c->len - c->at) :
		    (ssize_t)cap;
		if (n > 0)
			memcpy(buf, c->data + c->at, (size_t)n);
	} else {
		do
			n = pread(c->fd, buf, cap, (off_t)c->at);
		while (n < 0 && errno == EINTR);
		if (n < 0)
			return (sh_error_sys(err, "file.read", "read"));
	}
	c->at += (uint64_t)n;
	*lenp = (size_t)n;
	return (0);
}

/* Digest the content and make it a blob; {bytes, digest, key} goes to V. */
int
sh_accession_blob(struct sh_archive *ar, struct sh_accession_plan *in,
    const struct sh_content *content, json_t *v, struct sh_error *err)
{
	struct sh_planned *b = &in->blobs[in->nblobs];
	struct sh_digest key;
	char hex[SH_HEX_LEN];
	int rc;

	b->content = *content;
	b->stored.bytes = content->len;
	rc = content->fd >= 0 ? sh_sha256_fd(content->fd, &b->stored.plain,
	    &b->stored.bytes, err) : sh_sha256(content->data, content->len,
	    &b->stored.plain, err);
	if (rc != 0 || sh_vault_name(ar->vault, SH_NAME_BLOB_KEY,
	    b->stored.plain.b, SH_DIGEST_LEN, &key, err) ||
	    sh_document_blob_name(ar, &b->stored.plain, &b->name, err))
		return (-1);
	memcpy(b->stored.key, key.b, SH_KEY_LEN);
	if ((b->sealer = sh_sealer_new(sh_vault_aead(ar->vault),
	    b->stored.key, &b->name, &b->stored.plain, b->stored.bytes,
	    sh_accession_source, &b->content, err)) == NULL)
		return (-1);
	in->nblobs++;
	if (v == NULL)
		return (0);
	if (sh_json_set_int(v, "bytes", (json_int_t)b->stored.bytes, err))
		return (-1);
	sh_hex(b->stored.plain.b, SH_DIGEST_LEN, hex);
	if (sh_json_set_str(v, "digest", hex, err))
		return (-1);
	sh_hex(b->stored.key, SH_KEY_LEN, hex);
	return (sh_json_set_str(v, "key", hex, err));
}

static int
is_word(const char *s, size_t max)
{
	size_t n = s == NULL ? 0 : strspn(s, "abcdefghijklmnopqrstuvwxyz"
	    "0123456789-");

	return (n > 0 && n <= max && s[n] == '\0');
}

static int
plan_renditions(struct sh_archive *ar, struct sh_accession_plan *in,
    struct sh_error *err)
{
	const struct sh_rendition *r = in->acc->renditions;
	json_t *list, *v;
	size_t i, k;

	if (in->acc->nrenditions == 0 ||
	    in->acc->nrenditions > SH_RENDITIONS_MAX)
		return (wrong(err, "renditions", in->acc->nrenditions == 0 ?
		    "is missing" : "has too many"));
	if ((list = sh_json_new_array(err)) == NULL ||
	    sh_json_set(in->record, "renditions", list, err))
		return (-1);
	for (i = 0; i < in->acc->nrenditions; i++, r++) {
		struct sh_content c = { .fd = r->fd, .data = r->data,
		    .len = r->fd >= 0 ? 0 : r->len };

		if (!is_word(r->name, 32))
			return (wrong(err, "renditions", "has a bad name"));
		for (k = 0; k < i; k++)
			if (strcmp(in->acc->renditions[k].name, r->name) == 0)
				return (wrong(err, "renditions",
				    "has one name twice"));
		if ((v = sh_json_new_object(err)) == NULL ||
		    sh_json_append(list, v, err) ||
		    set_text(v, "name", r->name, 32, REQUIRED, err) ||
		    set_text(v, "media", r->media, 100, REQUIRED, err))
			return (-1);
		if (sh_accession_blob(ar, in, &c, v, err))
			return (sh_error_context(err, "rendition %s",
			    r->name));
	}
	return (0);
}

static int
plan_text(struct sh_archive *ar, struct sh_accession_plan *in,
    struct sh_error *err)
{
	struct sh_content c = { .fd = -1 };
	json_t *v;

	if (in->acc->text == NULL || in->acc->text[0] == '\0')
		return (0);
	in->text.limit = TEXT_MAX;
	if (sh_text_nfc(in->acc->text, strlen(in->acc->text), &in->text, err))
		return (sh_error_context(err, "text"));
	c.data = in->text.data;
	c.len = in->text.len;
	if ((v = sh_json_new_object(err)) == NULL ||
	    sh_json_set(in->record, "text", v, err))
		return (-1);
	return (sh_accession_blob(ar, in, &c, v, err));
}

/* A record that does not fit a value becomes a blob itself. */
int
sh_accession_body(struct sh_archive *ar, struct sh_accession_plan *in,
    struct sh_error *err)
{
	struct sh_filed what = { .bytes = &in->bytes };
	struct sh_buf packed = SH_BUF_INIT;
	struct sh_content c = { .fd = -1, .data = in->bytes.data,
	    .len = in->bytes.len };
	int rc;

	rc = sh_filing_value(ar, &what, &packed, err);
	if (rc == 0 && packed.len + SH_SEAL_OVERHEAD > SH_VALUE_MAX) {
		in->has_body = 1;
		rc = sh_accession_blob(ar, in, &c, NULL, err);
		if (rc == 0)
			in->body = in->blobs[in->nblobs - 1].stored;
	}
	sh_buf_free(&packed);
	return (rc);
}

int
sh_accession_measure(struct sh_archive *ar, struct sh_accession_plan *in,
    int64_t now, struct sh_error *err)
{
	if (set_time(in->record, "archived_at", now, err) ||
	    plan_renditions(ar, in, err) || plan_text(ar, in, err) ||
	    sh_record_bytes(in->record, &in->bytes, err))
		return (-1);
	return (sh_accession_body(ar, in, err));
}

static json_t *
new_holders(const json_t *all, const json_t *known, struct sh_error *err)
{
	json_t *out, *h;
	size_t i;

	if ((out = sh_json_new_array(err)) == NULL)
		return (NULL);
	json_array_foreach(all, i, h) {
		if (!sh_holder_listed(known, h) &&
		    sh_json_append(out, json_incref(h), err)) {
			json_decref(out);
			return (NULL);
		}
	}
	return (out);
}

json_t *
sh_accession_link(const struct sh_accession_plan *in,
    const json_t *record, int64_t now, struct sh_error *err)
{
	static const char *const copied[] = { "dossier", "procedure",
	    "component", "copy", "provenance", "actor", "station" };
	char hex[SH_TAG_HEX];
	json_t *v, *holders;
	size_t i;

	if ((v = sh_json_new_object(err)) == NULL)
		return (NULL);
	for (i = 0; i < SH_COUNT(copied); i++)
		if (sh_json_set_str(v, copied[i], sh_member(in->record,
		    copied[i]), err))
			goto bad;
	sh_tag_print(&in->operation, hex);
	if (json_object_get(in->record, "kinship") != NULL &&
	    sh_json_set(v, "kinship", json_incref(json_object_get(in->record,
	    "kinship")), err))
		goto bad;
	if (sh_json_set_str(v, "accession", hex, err) ||
	    set_time(v, "at", now, err) || (holders = new_holders(
	    json_object_get(in->record, "holders"), json_object_get(record,
	    "holders"), err)) == NULL || sh_json_set(v, "holders", holders,
	    err))
		goto bad;
	return (v);
bad:
	json_decref(v);
	return (NULL);
}
