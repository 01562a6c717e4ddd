/*
 * Reuse: a dossier's component satisfied with a document that is held, the
 * signed receipt of which version it relied on, and the notices when that
 * changes.
 */
#include "archive/reuse.h"

#include <stdlib.h>
#include <string.h>

#include "archive/access_internal.h"
#include "archive/act.h"
#include "archive/reuse_internal.h"
#include "archive/stream.h"
#include "base/mem.h"
#include "signing/algorithm.h"
#include "signing/cms.h"

#define RECEIPT_MAX	((size_t)64 << 10)

/* ---- the blob that a receipt lies in ------------------------------------- */

int
sh_receipt_keep(struct sh_archive *ar, const void *data, size_t len, json_t *v,
    struct sh_error *err)
{
	struct sh_content c = { .fd = -1, .data = data, .len = len };
	struct sh_stored s = { .bytes = len };
	struct sh_blob blob = { .source = sh_sealer_source };
	struct sh_sealer *sealer;
	struct sh_digest key;
	char digest[SH_HEX_LEN], hex[SH_HEX_LEN];
	int rc;

	if (sh_sha256(data, len, &s.plain, err) || sh_vault_name(ar->vault,
	    SH_NAME_BLOB_KEY, s.plain.b, SH_DIGEST_LEN, &key, err) ||
	    sh_document_blob_name(ar, &s.plain, &blob.name, err))
		return (-1);
	sealer = sh_sealer_new(sh_vault_aead(ar->vault), key.b, &blob.name,
	    &s.plain, s.bytes, sh_accession_source, &c, err);
	if (sealer == NULL)
		return (-1);
	blob.arg = sealer;
	rc = sh_engine_blob_put(ar->engine, &blob, 1, err);
	sh_sealer_free(sealer);
	sh_hex(s.plain.b, SH_DIGEST_LEN, digest);
	sh_hex(key.b, SH_DIGEST_LEN, hex);
	return (rc != 0 || sh_json_set_int(v, "bytes", (int64_t)len, err) ||
	    sh_json_set_str(v, "digest", digest, err) ||
	    sh_json_set_str(v, "key", hex, err) ? -1 : 0);
}

static int
to_buf(void *arg, const void *data, size_t len, struct sh_error *err)
{
	return (sh_buf_append(arg, data, len, err));
}

/* The receipt behind an act of reuse: {"text", "signature"}. */
static json_t *
read_blob(struct sh_archive *ar, const json_t *act, struct sh_error *err)
{
	struct sh_buf b = { .limit = RECEIPT_MAX };
	struct sh_stored s;
	json_t *v = NULL;

	if (sh_stored_parse(json_object_get(act, "receipt"), &s, err) == 0 &&
	    sh_document_read(ar, &s, to_buf, &b, err) == 0)
		v = sh_json_parse(b.data, b.len, RECEIPT_MAX, err);
	sh_buf_free(&b);
	return (v);
}

/* ---- what it says -------------------------------------------------------- */

static int
set_day(json_t *v, const char *name, struct sh_date d, struct sh_error *err)
{
	char s[SH_DATE_LEN];

	if (d.year == 0)
		return (sh_json_set(v, name, json_null(), err));
	sh_date_print(d, s);
	return (sh_json_set_str(v, name, s, err));
}

/* The document's version: its record's digest and its renditions'. */
static int
tell_version(struct sh_archive *ar, const struct sh_tag *holder,
    const struct sh_tag *document, json_t *to, struct sh_error *err)
{
	static const char *const copied[] = { "type", "number", "issued",
	    "issuer", "provenance", "archived_at" };
	struct sh_buf bytes = SH_BUF_INIT;
	struct sh_digest digest;
	struct sh_head head;
	char hex[SH_HEX_LEN];
	json_t *record, *list, *r, *v;
	size_t i;
	int rc = -1;

	record = sh_document_record(ar, holder, document, err);
	if (record == NULL)
		return (-1);
	if ((list = sh_json_new_array(err)) == NULL ||
	    sh_json_set(to, "renditions", list, err) ||
	    sh_record_bytes(record, &bytes, err) ||
	    sh_sha256(bytes.data, bytes.len, &digest, err) ||
	    sh_engine_head(ar->engine, holder, &head, err))
		goto out;
	sh_hex(digest.b, sizeof(digest.b), hex);
	if (sh_json_set_str(to, "record", hex, err))
		goto out;
	sh_hex(head.head.b, SH_DIGEST_LEN, hex);
	v = json_pack("{s:I,s:s}", "sequence", (json_int_t)head.sequence,
	    "head", hex);
	if (sh_json_set(to, "chain", v, err))
		goto out;
	for (i = 0; i < SH_COUNT(copied); i++)
		if (sh_json_set_str(to, copied[i], sh_member(record,
		    copied[i]), err))
			goto out;
	json_array_foreach(json_object_get(record, "renditions"), i, r) {
		v = json_pack("{s:s,s:s}", "name", sh_member(r, "name"),
		    "digest", sh_member(r, "digest"));
		if (sh_json_append(list, v, err))
			goto out;
	}
	rc = 0;
out:
	json_decref(record);
	sh_buf_free(&bytes);
	return (rc);
}

static json_t *
make_receipt(struct sh_archive *ar, const struct sh_reuse *u,
    const struct sh_reusable *how, const json_t *act,
    const struct sh_tag *document, struct sh_error *err)
{
	static const char *const copied[] = { "at", "actor", "agency",
	    "purpose", "basis", "dossier", "procedure", "component",
	    "document" };
	json_t *v;
	size_t i;

	if ((v = sh_json_new_object(err)) == NULL)
		return (NULL);
	for (i = 0; i < SH_COUNT(copied); i++)
		if (sh_json_set_str(v, copied[i], sh_member(act, copied[i]),
		    err))
			goto bad;
	if (sh_json_set_str(v, "format", "sohoa-receipt-1", err) ||
	    sh_json_set_str(v, "receipt", sh_member(act, "id"), err) ||
	    sh_json_set_str(v, "holder", u->holder->id.kind != SH_ID_NONE ?
	    u->holder->id.value : u->holder->name, err) ||
	    set_day(v, "day", u->day, err) ||
	    set_day(v, "valid_until", how->until, err) ||
	    sh_json_set(v, "instead", json_boolean(u->instead), err) ||
	    sh_json_set(v, "national", json_boolean(u->national), err) ||
	    tell_version(ar, &how->holder, document, v, err))
		goto bad;
	return (v);
bad:
	json_decref(v);
	return (NULL);
}

/* Sign the receipt's canonical bytes; both go into one blob. */
static int
sign_receipt(struct sh_archive *ar, const json_t *receipt,
    struct sh_signer *signer, json_t *act, struct sh_error *err)
{
	struct sh_buf text = SH_BUF_INIT, cms = SH_BUF_INIT, b = SH_BUF_INIT;
	uint8_t digest[SH_MD_MAX];
	json_t *both = NULL, *stored;
	char *hex = NULL;
	int rc = -1;

	if (sh_signer_check(signer, sh_now(), err) ||
	    sh_record_bytes(receipt, &text, err) ||
	    sh_md_digest(sh_sig_md(sh_signer_algorithm(signer)), text.data,
	    text.len, digest, err) ||
	    sh_cms_sign(signer, digest, &cms, err) ||
	    (hex = sh_alloc(cms.len + 1, 2, "a signature", err)) == NULL)
		goto out;
	sh_hex(cms.data, cms.len, hex);
	both = json_pack("{s:s,s:s}", "signature", hex, "text",
	    (char *)text.data);
	if (both == NULL) {
		(void)sh_error_nomem(err, "JSON");
		goto out;
	}
	if ((stored = sh_json_new_object(err)) == NULL ||
	    sh_json_set(act, "receipt", stored, err) ||
	    sh_record_bytes(both, &b, err))
		goto out;
	rc = sh_receipt_keep(ar, b.data, b.len, stored, err);
out:
	json_decref(both);
	free(hex);
	sh_buf_free(&text);
	sh_buf_free(&cms);
	sh_buf_free(&b);
	return (rc);
}

/* ---- receipts that are there --------------------------------------------- */

struct wanted {
	const char *id;
	json_t *act;
};

static int
take_receipt(void *arg, const struct sh_act_seen *seen, struct sh_error *err)
{
	struct wanted *w = arg;
	const char *id = sh_member(seen->act, "id");

	(void)err;
	if (id == NULL || strcmp(id, w->id) != 0)
		return (0);
	w->act = json_incref((json_t *)(uintptr_t)seen->act);
	return (1);
}

/* The act behind receipt ID; NULL with no error: there is none. */
static json_t *
find_receipt(struct sh_archive *ar, const struct sh_tag *document,
    const char *id, struct sh_error *err)
{
	struct sh_tag tags[SH_HOLDERS_MAX];
	struct wanted w = { id, NULL };
	int64_t archived_at;
	size_t n, i;

	if (sh_document_locate(ar, document, tags, &n, &archived_at, err))
		return (NULL);
	for (i = 0; i < n && w.act == NULL; i++)
		if (sh_act_each(ar, &tags[i], document, 'u', take_receipt,
		    &w, err)) {
			if (err->code != SH_ENOTFOUND)
				return (NULL);
			sh_error_clear(err);	/* an erased holder's */
		}
	return (w.act);
}

/* {"receipt", "text", "signature"} as the schema has it. */
static json_t *
answer_of(struct sh_archive *ar, const json_t *act, struct sh_error *err)
{
	json_t *v, *receipt;
	const char *text;

	if ((v = read_blob(ar, act, err)) == NULL)
		return (NULL);
	text = sh_member(v, "text");
	if (text == NULL || (receipt = sh_json_parse(text, strlen(text),
	    RECEIPT_MAX, err)) == NULL || sh_json_set(v, "receipt", receipt,
	    err)) {
		(void)sh_error_set(err, SH_EFIXITY, "record.damaged",
		    "a receipt");
		json_decref(v);
		return (NULL);
	}
	return (v);
}

int
sh_archive_receipt(struct sh_archive *ar, const struct sh_reader *who,
    const char *receipt, const struct sh_document_id *document,
    struct sh_buf *text, struct sh_buf *signature, struct sh_error *err)
{
	struct sh_tag tag;
	const char *s, *hex;
	json_t *act = NULL, *v = NULL;
	uint8_t *p;
	int rc = -1;

	memcpy(tag.b, document->b, sizeof(tag.b));
	if (sh_rights_check(ar->rights, who, SH_DO_REUSE, err))
		return (-1);
	if ((act = find_receipt(ar, &tag, receipt, err)) == NULL) {
		sh_error_param(err, "value", "%s", receipt);
		(void)sh_error_set(err, SH_ENOTFOUND, "receipt.unknown",
		    "no receipt %s for that document", receipt);
		goto out;
	}
	if ((v = read_blob(ar, act, err)) == NULL)
		goto out;
	s = sh_member(v, "text");
	hex = sh_member(v, "signature");
	if (s == NULL || hex == NULL) {
		(void)sh_error_set(err, SH_EFIXITY, "record.damaged",
		    "a receipt");
		goto out;
	}
	if (sh_buf_puts(text, s, err) || (p = sh_buf_reserve(signature,
	    strlen(hex) / 2, err)) == NULL)
		goto out;
	if (sh_unhex(hex, p, strlen(hex) / 2)) {
		(void)sh_error_set(err, SH_EFIXITY, "record.damaged",
		    "a receipt's signature");
		goto out;
	}
	signature->len += strlen(hex) / 2;
	rc = 0;
out:
	json_decref(act);
	json_decref(v);
	return (rc);
}

/* ---- reuse --------------------------------------------------------------- */

static const struct sh_component *
find_component(const struct sh_procedure *p, const char *code,
    struct sh_error *err)
{
	size_t i;

	for (i = 0; i < p->ncomponents; i++)
		if (strcmp(p->components[i].code, code) == 0)
			return (&p->components[i]);
	sh_error_param(err, "value", "%s", code);
	(void)sh_error_set(err, SH_ENOTFOUND, "component.unknown",
	    "procedure %s has no component %s", p->code, code);
	return (NULL);
}

/* The same dossier, component and document: the same receipt. */
static int
receipt_id(struct sh_archive *ar, const struct sh_reuse *u,
    char out[SH_TAG_HEX], struct sh_error *err)
{
	struct sh_buf b = SH_BUF_INIT;
	struct sh_digest d;
	int rc = -1;

	if (sh_buf_append(&b, u->document.b, 16, err) == 0 &&
	    sh_buf_append(&b, u->dossier, strlen(u->dossier) + 1, err) == 0 &&
	    sh_buf_puts(&b, u->component, err) == 0)
		rc = sh_vault_digest_for(ar->vault, "receipt", b.data, b.len,
		    &d, err);
	if (rc == 0)
		sh_hex(d.b, 16, out);
	sh_buf_free(&b);
	return (rc);
}

static int
check_usable(const struct sh_reuse *u, const struct sh_reusable *how,
    struct sh_error *err)
{
	const char *why = how->reason;

	if (how->counts && how->named != u->instead)
		return (0);
	if (how->counts)
		why = u->instead ? "named-already" : "other-type";
	sh_error_param(err, "value", "%s", why != NULL ? why : "");
	return (sh_error_set(err, SH_ECONFLICT, "reuse.not-held",
	    "the document does not count for the component: %s",
	    why != NULL ? why : "?"));
}

static json_t *
make_act(struct sh_archive *ar, const struct sh_reader *who,
    const struct sh_reuse *u, const struct sh_reusable *how,
    const struct sh_tag *document, const char *id, struct sh_signer *signer,
    struct sh_error *err)
{
	json_t *act, *receipt = NULL;

	if ((act = sh_act_new(ar, "reuse", who, err)) == NULL)
		return (NULL);
	if (sh_act_set_document(act, "document", document, err) ||
	    sh_act_set_reason(act, "dossier", u->dossier, err) ||
	    sh_act_set_reason(act, "procedure", u->procedure, err) ||
	    sh_act_set_reason(act, "component", u->component, err) ||
	    sh_json_set_str(act, "id", id, err) ||
	    sh_json_set(act, "instead", json_boolean(u->instead), err) ||
	    sh_json_set(act, "national", json_boolean(u->national), err) ||
	    (receipt = make_receipt(ar, u, how, act, document, err)) ==
	    NULL || sh_json_set_str(act, "type", sh_member(receipt, "type"),
	    err) || sign_receipt(ar, receipt, signer, act, err)) {
		json_decref(act);
		act = NULL;
	}
	json_decref(receipt);
	return (act);
}

int
sh_archive_reuse(struct sh_archive *ar, const struct sh_reader *who,
    const struct sh_reuse *u, struct sh_signer *signer, json_t **receiptp,
    struct sh_error *err)
{
	const struct sh_procedure *p;
	const struct sh_component *c;
	struct sh_reusable how;
	struct sh_tag document;
	char id[SH_TAG_HEX];
	json_t *act = NULL;
	int rc = -1;

	*receiptp = NULL;
	memcpy(document.b, u->document.b, sizeof(document.b));
	if (sh_rights_check(ar->rights, who, SH_DO_REUSE, err) ||
	    sh_reuse_procedure(ar, u->procedure, &p, err) ||
	    (c = find_component(p, u->component, err)) == NULL ||
	    receipt_id(ar, u, id, err))
		return (-1);
	act = find_receipt(ar, &document, id, err);
	if (act == NULL && err->code != SH_OK)
		return (-1);
	if (act == NULL) {
		if (sh_reuse_judge(ar, p, c, u->holder, &document, u->day,
		    &how, err) || check_usable(u, &how, err) ||
		    (act = make_act(ar, who, u, &how, &document, id, signer,
		    err)) == NULL || sh_act_make(ar, act, NULL, err))
			goto out;
	}
	*receiptp = answer_of(ar, act, err);
	rc = *receiptp != NULL ? 0 : -1;
out:
	json_decref(act);
	return (rc);
}

/* ---- notices ------------------------------------------------------------- */

struct notifying {
	struct sh_archive *ar;
	const json_t *cause;
	json_t *receipts;	/* id: act of reuse */
	json_t *told;		/* ids */
};

static int
take_for_notice(void *arg, const struct sh_act_seen *seen,
    struct sh_error *err)
{
	struct notifying *n = arg;
	const char *id, *cause;

	if (seen->kind == 'u' && (id = sh_member(seen->act, "id")) != NULL)
		return (sh_json_set(n->receipts, id,
		    json_incref((json_t *)(uintptr_t)seen->act), err));
	id = sh_member(seen->act, "id");
	cause = sh_member(seen->act, "cause");
	if (seen->kind == 'n' && id != NULL && cause != NULL &&
	    strcmp(cause, sh_member(n->cause, "event")) == 0)
		return (sh_json_set(n->told, id, json_true(), err));
	return (0);
}

static int
notify_one(struct notifying *n, const char *id, const json_t *reuse,
    struct sh_error *err)
{
	static const char *const from_cause[] = { "at", "actor", "agency",
	    "purpose", "basis", "by", "document" };
	static const char *const from_reuse[] = { "dossier", "procedure",
	    "component" };
	json_t *act;
	size_t i;
	int rc = -1;

	if ((act = sh_json_new_object(err)) == NULL)
		return (-1);
	for (i = 0; i < SH_COUNT(from_cause); i++)
		if (sh_json_set_str(act, from_cause[i], sh_member(n->cause,
		    from_cause[i]), err))
			goto out;
	for (i = 0; i < SH_COUNT(from_reuse); i++)
		if (sh_json_set_str(act, from_reuse[i], sh_member(reuse,
		    from_reuse[i]), err))
			goto out;
	if (sh_json_set_str(act, "event", "notice", err) == 0 &&
	    sh_json_set_str(act, "cause", sh_member(n->cause, "event"),
	    err) == 0 && sh_json_set_str(act, "id", id, err) == 0)
		rc = sh_act_make(n->ar, act, NULL, err);
out:
	json_decref(act);
	return (rc);
}

int
sh_receipt_notify(struct sh_archive *ar, const json_t *cause,
    const struct sh_tag *holder, const struct sh_tag *document,
    struct sh_error *err)
{
	struct notifying n = { .ar = ar, .cause = cause };
	const char *id;
	json_t *reuse;
	int rc = -1;

	if ((n.receipts = sh_json_new_object(err)) == NULL ||
	    (n.told = sh_json_new_object(err)) == NULL ||
	    sh_act_each(ar, holder, document, 0, take_for_notice, &n, err))
		goto out;
	json_object_foreach(n.receipts, id, reuse)
		if (json_object_get(n.told, id) == NULL &&
		    notify_one(&n, id, reuse, err))
			goto out;
	rc = 0;
out:
	json_decref(n.receipts);
	json_decref(n.told);
	return (rc);
}

/* ---- what ends a document's worth ---------------------------------------- */

static int
end_document(struct sh_archive *ar, const struct sh_reader *who,
    const char *kind, const struct sh_document_id *document,
    const struct sh_document_id *by, const char *reason,
    struct sh_error *err)
{
	struct sh_tag tag;
	json_t *act;
	int rc = -1;

	memcpy(tag.b, document->b, sizeof(tag.b));
	if ((act = sh_act_new(ar, kind, who, err)) == NULL)
		return (-1);
	if (sh_act_set_document(act, "document", &tag, err) == 0 &&
	    sh_act_set_reason(act, "reason", reason, err) == 0) {
		if (by != NULL)
			memcpy(tag.b, by->b, sizeof(tag.b));
		if (by == NULL || sh_act_set_document(act, "by", &tag,
		    err) == 0)
			rc = sh_act_make(ar, act, NULL, err);
	}
	json_decref(act);
	return (rc);
}

int
sh_archive_revoke(struct sh_archive *ar, const struct sh_reader *who,
    const struct sh_document_id *document, const char *reason,
    struct sh_error *err)
{
	return (end_document(ar, who, "revoke", document, NULL, reason,
	    err));
}

int
sh_archive_supersede(struct sh_archive *ar, const struct sh_reader *who,
    const struct sh_document_id *old, const struct sh_document_id *by,
    const char *reason, struct sh_error *err)
{
	struct sh_tag a, b, olds[SH_HOLDERS_MAX], news[SH_HOLDERS_MAX];
	struct sh_tag group[SH_ALIASES_MAX];
	int64_t archived_at;
	size_t nold, nnew, ngroup, i, k, g;

	memcpy(a.b, old->b, sizeof(a.b));
	memcpy(b.b, by->b, sizeof(b.b));
	if (memcmp(&a, &b, sizeof(a)) == 0)
		return (sh_error_set(err, SH_EARG, "supersede.same",
		    "a document does not take its own place"));
	if (sh_document_locate(ar, &a, olds, &nold, &archived_at, err) ||
	    sh_document_locate(ar, &b, news, &nnew, &archived_at, err))
		return (-1);
	if (nold == 0 || nnew == 0) {
		char hex[SH_TAG_HEX];

		sh_tag_print(nold == 0 ? &a : &b, hex);
		sh_error_param(err, "value", "%s", hex);
		return (sh_error_set(err, SH_ENOTFOUND, "document.missing",
		    "no document %s", hex));
	}
	for (i = 0; i < nold; i++) {
		if (sh_alias_group(ar, &olds[i], group, &ngroup, err))
			return (-1);
		for (g = 0; g < ngroup; g++)
			for (k = 0; k < nnew; k++)
				if (memcmp(&group[g], &news[k], 16) == 0)
					return (end_document(ar, who,
					    "supersede", old, by, reason,
					    err));
	}
	return (sh_error_set(err, SH_ECONFLICT, "supersede.holder",
	    "the documents have no holder in common"));
}
