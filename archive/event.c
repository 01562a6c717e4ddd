/*
 * Events: what happened to a holder, in the holder's chain and in the feed.
 * The chain commits to the plain event, which carries a random salt: whoever
 * is shown it can check it, who is not learns nothing from its digest.
 */
#include "archive/archive_internal.h"

#include <string.h>

#include "base/mem.h"

static int
set_members(json_t *e, const struct sh_filed *what, int lead,
    struct sh_aead *aead, struct sh_error *err)
{
	/* A link tells of its own dossier, the document of its first. */
	const json_t *from = what->link != NULL ? what->link : what->record;
	static const char *const copied[] = { "dossier", "procedure",
	    "component", "actor", "station", "evidence" };
	char hex[SH_HEX_LEN], salt[SH_TAG_HEX];
	struct sh_digest digest;
	struct sh_tag random;
	size_t i;

	if (sh_aead_random(aead, random.b, sizeof(random.b), err) ||
	    sh_sha256(what->bytes->data, what->bytes->len, &digest, err))
		return (-1);
	for (i = 0; i < SH_COUNT(copied); i++)
		if (sh_json_set_str(e, copied[i], sh_member(from, copied[i]),
		    err))
			return (-1);
	sh_tag_print(&random, salt);
	if (sh_json_set_str(e, "event", what->link != NULL ? "link" :
	    "accede", err) || sh_json_set_str(e, "salt", salt, err) ||
	    sh_json_set_str(e, "at", sh_member(from, what->link != NULL ?
	    "at" : "archived_at"), err) ||
	    sh_json_set_str(e, "content", sh_member(what->record, "content"),
	    err) || sh_json_set(e, "lead", json_boolean(lead), err))
		return (-1);
	sh_hex(digest.b, sizeof(digest.b), hex);
	if (sh_json_set_str(e, "record", hex, err))
		return (-1);
	sh_tag_print(&what->document, salt);
	return (sh_json_set_str(e, "document", salt, err));
}

int
sh_event_make(struct sh_archive *ar, const struct sh_filed *what, int lead,
    struct sh_buf *out, struct sh_digest *digest, struct sh_error *err)
{
	json_t *e;
	int rc = -1;

	if ((e = sh_json_new_object(err)) == NULL)
		return (-1);
	if (set_members(e, what, lead, sh_vault_aead(ar->vault), err) == 0 &&
	    sh_record_bytes(e, out, err) == 0)
		rc = sh_sha256(out->data, out->len, digest, err);
	json_decref(e);
	return (rc);
}

int
sh_event_seal(struct sh_archive *ar, const struct sh_tag *holder,
    const struct sh_tag *operation, const struct sh_buf *event,
    struct sh_buf *out, struct sh_error *err)
{
	struct sh_label l = { .table = SH_LABEL_EVENT, .holder = holder,
	    .key = operation->b, .keylen = sizeof(operation->b),
	    .version = 1 };
	struct sh_buf packed = SH_BUF_INIT;
	int rc = -1;

	if (sh_record_pack(ar->packer, event->data, event->len, &packed,
	    err) == 0)
		rc = sh_vault_seal(ar->vault, &l, packed.data, packed.len,
		    out, err);
	sh_buf_free(&packed);
	return (rc);
}

json_t *
sh_event_open(struct sh_archive *ar, const struct sh_fed *item,
    struct sh_error *err)
{
	struct sh_label l = { .table = SH_LABEL_EVENT,
	    .holder = &item->holder, .key = item->operation.b,
	    .keylen = sizeof(item->operation.b), .version = 1 };
	struct sh_buf packed = SH_BUF_INIT, event = SH_BUF_INIT;
	struct sh_digest digest;
	json_t *v = NULL;

	if (sh_vault_unseal(ar->vault, &l, item->event, item->len, &packed,
	    err) || sh_record_unpack(ar->packer, packed.data, packed.len,
	    &event, err) || sh_sha256(event.data, event.len, &digest, err))
		goto out;
	if (memcmp(&digest, &item->digest, sizeof(digest)) != 0) {
		(void)sh_error_set(err, SH_EFIXITY, "event.damaged",
		    "an event is not what its chain commits to");
		goto out;
	}
	v = sh_json_parse(event.data, event.len, SH_RECORD_MAX, err);
out:
	sh_buf_free(&packed);
	sh_buf_free(&event);
	return (v);
}

/* An accession seen from a follower, who speaks when the leader cannot. */
static int
stands_in(struct sh_archive *ar, const struct sh_fed *item,
    const struct sh_tag *document, struct sh_error *err)
{
	struct sh_tag first;
	json_t *record;

	if ((record = sh_document_find(ar, document, &first, err)) == NULL) {
		if (err->code != SH_ENOTFOUND)
			return (-1);
		sh_error_clear(err);
		return (0);
	}
	json_decref(record);
	return (memcmp(&first, &item->holder, sizeof(first)) == 0);
}

int
sh_event_about(struct sh_archive *ar, const struct sh_fed *item,
    enum sh_event_kind *kindp, struct sh_tag *document, struct sh_error *err)
{
	const char *kind;
	json_t *e;
	int lead, accede, dispose, r = 1;

	*kindp = SH_EVENT_OTHER;
	/* The manifest's change has no event. */
	if (item->len == 0)
		return (0);
	if ((e = sh_event_open(ar, item, err)) == NULL) {
		if (err->code != SH_ENOTFOUND)
			return (-1);
		/* An erased holder's. */
		sh_error_clear(err);
		return (0);
	}
	kind = sh_member(e, "event");
	accede = kind != NULL && strcmp(kind, "accede") == 0;
	dispose = kind != NULL && strcmp(kind, "dispose") == 0;
	lead = json_is_true(json_object_get(e, "lead"));
	if ((accede || dispose) && sh_tag_parse(sh_member(e, "document"),
	    document) != 0)
		accede = dispose = 0;
	json_decref(e);
	if (accede && !lead && (r = stands_in(ar, item, document, err)) < 0)
		return (-1);
	if (accede && r == 1)
		*kindp = SH_EVENT_ARCHIVED;
	else if (dispose)
		*kindp = SH_EVENT_DISPOSED;
	return (0);
}

int
sh_event_document(struct sh_archive *ar, const struct sh_fed *item,
    struct sh_tag *document, struct sh_error *err)
{
	enum sh_event_kind kind;

	if (sh_event_about(ar, item, &kind, document, err))
		return (-1);
	return (kind == SH_EVENT_ARCHIVED);
}
