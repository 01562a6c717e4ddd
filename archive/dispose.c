/* Destruction: what is due, proposals, the second person, proof. */
#include "archive/retention.h"

#include <stdlib.h>
#include <string.h>

#include "archive/access_internal.h"
#include "archive/act.h"
#include "archive/retention_internal.h"
#include "base/mem.h"
#include "signing/algorithm.h"
#include "signing/cms.h"

/* ---- what is due --------------------------------------------------------- */

struct due {
	struct sh_archive *ar;
	struct sh_date day;
	json_t *list;
};

/* What people need to know of a document that is to go. */
static json_t *
tell(const struct sh_tag *document, const json_t *record,
    const struct sh_retention *r, struct sh_error *err)
{
	static const char *const copied[] = { "type", "number", "issued",
	    "dossier", "archived_at" };
	char hex[SH_TAG_HEX], day[SH_DATE_LEN];
	json_t *v;
	size_t i;

	if ((v = sh_json_new_object(err)) == NULL)
		return (NULL);
	sh_tag_print(document, hex);
	for (i = 0; i < SH_COUNT(copied); i++)
		if (sh_json_set_str(v, copied[i], sh_member(record,
		    copied[i]), err))
			goto bad;
	if (r->until.year != 0)
		sh_date_print(r->until, day);
	if (sh_json_set_str(v, "document", hex, err) ||
	    sh_json_set_int(v, "pages", (int64_t)json_array_size(
	    json_object_get(record, "pages")), err) ||
	    sh_json_set_int(v, "years", r->years, err) ||
	    sh_json_set_str(v, "until", r->until.year != 0 ? day : NULL, err))
		goto bad;
	return (v);
bad:
	json_decref(v);
	return (NULL);
}

static int
is_over(const struct sh_retention *r, struct sh_date day)
{
	return (!r->permanent && r->until.year != 0 &&
	    sh_date_compare(r->until, day) < 0);
}

static int
take_due(void *arg, const struct sh_fed *item, struct sh_error *err)
{
	struct due *d = arg;
	struct sh_retention ret;
	struct sh_tag document;
	json_t *record;
	int r, rc;

	if ((r = sh_event_document(d->ar, item, &document, err)) <= 0)
		return (r);
	record = sh_document_record(d->ar, &item->holder, &document, err);
	if (record == NULL) {
		if (err->code != SH_ENOTFOUND)
			return (-1);
		sh_error_clear(err);
		return (0);
	}
	rc = sh_retention_of(d->ar, &item->holder, &document, record, &ret,
	    err);
	if (rc == 0 && is_over(&ret, d->day) && !ret.held)
		rc = sh_json_append(d->list, tell(&document, record, &ret,
		    err), err);
	json_decref(record);
	return (rc);
}

int
sh_archive_due(struct sh_archive *ar, const struct sh_reader *who,
    struct sh_date day, json_t **answerp, struct sh_error *err)
{
	struct due d = { .ar = ar, .day = day };
	char s[SH_DATE_LEN];
	unsigned shard;
	json_t *out;

	*answerp = NULL;
	if (sh_rights_check(ar->rights, who, SH_DO_RETAIN, err))
		return (-1);
	sh_date_print(day, s);
	if ((out = sh_json_new_object(err)) == NULL)
		return (-1);
	if (sh_json_set_str(out, "day", s, err) ||
	    (d.list = sh_json_new_array(err)) == NULL ||
	    sh_json_set(out, "documents", d.list, err))
		goto bad;
	for (shard = 0; shard < sh_engine_shards(ar->engine); shard++)
		if (sh_engine_feed(ar->engine, shard, NULL, 0, take_due, &d,
		    err))
			goto bad;
	*answerp = out;
	return (0);
bad:
	json_decref(out);
	return (-1);
}

/* ---- proposals ----------------------------------------------------------- */

/* The record of a document that may be destroyed today; its terms in R. */
static json_t *
load_disposable(struct sh_archive *ar, const struct sh_tag *document,
    struct sh_retention *r, struct sh_error *err)
{
	char hex[SH_TAG_HEX];
	struct sh_tag holder;
	json_t *record;

	if ((record = sh_document_find(ar, document, &holder, err)) == NULL)
		return (NULL);
	if (sh_retention_of(ar, &holder, document, record, r, err))
		goto bad;
	sh_tag_print(document, hex);
	if (r->held) {
		sh_error_param(err, "value", "%s", hex);
		(void)sh_error_set(err, SH_ECONFLICT, "dispose.held",
		    "document %s is held", hex);
		goto bad;
	}
	if (!is_over(r, sh_date_at(sh_now()))) {
		sh_error_param(err, "value", "%s", hex);
		(void)sh_error_set(err, SH_ECONFLICT, "dispose.early",
		    "the term of document %s is not over", hex);
		goto bad;
	}
	return (record);
bad:
	json_decref(record);
	return (NULL);
}

static int
propose_one(struct sh_archive *ar, const struct sh_reader *who,
    const struct sh_tag *document, const struct sh_tag *proposal,
    const char *reason, struct sh_error *err)
{
	json_t *act;
	int rc = -1;

	if ((act = sh_act_new(ar, "propose", who, err)) == NULL)
		return (-1);
	if (sh_act_set_document(act, "document", document, err) == 0 &&
	    sh_act_set_document(act, "proposal", proposal, err) == 0 &&
	    sh_act_set_reason(act, "reason", reason, err) == 0)
		rc = sh_act_make(ar, act, NULL, err);
	json_decref(act);
	return (rc);
}

int
sh_archive_propose(struct sh_archive *ar, const struct sh_reader *who,
    const struct sh_document_id *documents, size_t n, const char *reason,
    char proposal[SH_DOCUMENT_ID_LEN], struct sh_error *err)
{
	struct sh_retention r;
	struct sh_tag tag, document;
	json_t *record;
	size_t i;

	if (n == 0 || n > SH_PROPOSED_MAX) {
		sh_error_param(err, "limit", "%d", SH_PROPOSED_MAX);
		return (sh_error_set(err, SH_EARG, "dispose.empty",
		    "%zu documents; 1 to %d", n, SH_PROPOSED_MAX));
	}
	/* All or none: what may not go stops the proposal before it begins. */
	for (i = 0; i < n; i++) {
		memcpy(document.b, documents[i].b, sizeof(document.b));
		if ((record = load_disposable(ar, &document, &r, err)) ==
		    NULL)
			return (-1);
		json_decref(record);
	}
	if (sh_random(tag.b, sizeof(tag.b), err))
		return (-1);
	for (i = 0; i < n; i++) {
		memcpy(document.b, documents[i].b, sizeof(document.b));
		if (propose_one(ar, who, &document, &tag, reason, err))
			return (-1);
	}
	sh_tag_print(&tag, proposal);
	return (0);
}

struct proposal {
	struct sh_archive *ar;
	struct sh_tag tag;
	struct sh_tag *documents;
	size_t n, cap;
	json_t *act;			/* the latest that proposed it */
};

static int
take_proposed(void *arg, const struct sh_entry *t, struct sh_error *err)
{
	struct proposal *p = arg;

	if (t->sortlen != 16 || t->len != 16)
		return (sh_error_set(err, SH_EFIXITY, "record.damaged",
		    "a proposal"));
	if (sh_grow(&p->documents, &p->cap, p->n + 1, sizeof(*p->documents),
	    "documents", err))
		return (-1);
	memcpy(p->documents[p->n++].b, t->sort, 16);
	return (0);
}

static int
load_proposal(struct proposal *p, const char *hex, struct sh_error *err)
{
	struct sh_range r = { .table = SH_TABLE_PROPOSAL };

	if (sh_tag_parse(hex, &p->tag) == 0) {
		r.term = p->tag;
		if (sh_engine_scan(p->ar->engine, &r, take_proposed, p, err))
			return (-1);
	}
	if (p->n > 0)
		return (0);
	sh_error_param(err, "value", "%.40s", hex);
	return (sh_error_set(err, SH_ENOTFOUND, "proposal.unknown",
	    "no proposal %.40s", hex));
}

static int
take_act(void *arg, const struct sh_act_seen *seen, struct sh_error *err)
{
	struct proposal *p = arg;
	struct sh_tag t;

	(void)err;
	if (sh_tag_parse(sh_member(seen->act, "proposal"), &t) != 0 ||
	    memcmp(&t, &p->tag, sizeof(t)) != 0)
		return (0);
	p->act = json_incref((json_t *)(uintptr_t)seen->act);
	return (1);
}

/* The act that proposed the document. */
static int
find_act(struct proposal *p, const struct sh_tag *document,
    struct sh_error *err)
{
	struct sh_tag tags[SH_HOLDERS_MAX];
	int64_t archived_at;
	size_t n, i;

	json_decref(p->act);
	p->act = NULL;
	if (sh_document_locate(p->ar, document, tags, &n, &archived_at, err))
		return (-1);
	for (i = 0; i < n && p->act == NULL; i++)
		if (sh_act_each(p->ar, &tags[i], document, 'p', take_act, p,
		    err)) {
			if (err->code != SH_ENOTFOUND)
				return (-1);
			sh_error_clear(err);	/* an erased holder's */
		}
	return (p->act != NULL ? 0 : sh_error_set(err, SH_EFIXITY,
	    "record.damaged", "a proposal without its act"));
}

static int
list_proposed(struct proposal *p, json_t *out, struct sh_error *err)
{
	struct sh_retention r;
	struct sh_tag holder;
	char hex[SH_TAG_HEX];
	json_t *list, *record;
	size_t i;
	int rc;

	sh_tag_print(&p->tag, hex);
	if (sh_json_set_str(out, "proposal", hex, err) ||
	    (list = sh_json_new_array(err)) == NULL ||
	    sh_json_set(out, "documents", list, err))
		return (-1);
	for (i = 0; i < p->n; i++) {
		record = sh_document_find(p->ar, &p->documents[i], &holder,
		    err);
		if (record == NULL)
			return (-1);
		rc = sh_retention_of(p->ar, &holder, &p->documents[i],
		    record, &r, err);
		if (rc == 0)
			rc = sh_json_append(list, tell(&p->documents[i],
			    record, &r, err), err);
		json_decref(record);
		if (rc != 0)
			return (-1);
	}
	if (find_act(p, &p->documents[0], err))
		return (-1);
	return (sh_json_set_str(out, "proposed_by", sh_member(p->act,
	    "actor"), err) || sh_json_set_str(out, "proposed_at",
	    sh_member(p->act, "at"), err) || sh_json_set_str(out, "reason",
	    sh_member(p->act, "reason"), err) ? -1 : 0);
}

static void
proposal_free(struct proposal *p)
{
	free(p->documents);
	json_decref(p->act);
}

int
sh_archive_proposal(struct sh_archive *ar, const struct sh_reader *who,
    const char *proposal, json_t **answerp, struct sh_error *err)
{
	struct proposal p = { .ar = ar };
	json_t *out = NULL;
	int rc = -1;

	*answerp = NULL;
	if (sh_rights_check(ar->rights, who, SH_DO_RETAIN, err) || load_proposal(&p, proposal, err) ||
	    (out = sh_json_new_object(err)) == NULL ||
	    list_proposed(&p, out, err))
		goto out;
	*answerp = out;
	out = NULL;
	rc = 0;
out:
	json_decref(out);
	proposal_free(&p);
	return (rc);
}

/* ---- destruction --------------------------------------------------------- */

/* Terms, holds, and that nobody approves what he proposed. */
static int
check_all(struct proposal *p, const struct sh_reader *who,
    struct sh_error *err)
{
	struct sh_retention r;
	json_t *record;
	const char *by;
	size_t i;

	for (i = 0; i < p->n; i++) {
		record = load_disposable(p->ar, &p->documents[i], &r, err);
		if (record == NULL)
			return (-1);
		json_decref(record);
		if (find_act(p, &p->documents[i], err))
			return (-1);
		by = sh_member(p->act, "actor");
		if (by == NULL || strcmp(by, who->name) == 0) {
			sh_error_param(err, "value", "%s", who->name);
			return (sh_error_set(err, SH_EDENIED,
			    "dispose.same-person", "%s proposed it",
			    who->name));
		}
	}
	return (0);
}

int
sh_retention_sign(const json_t *list, struct sh_signer *signer, json_t *out,
    struct sh_error *err)
{
	struct sh_buf text = SH_BUF_INIT, cms = SH_BUF_INIT;
	struct sh_digest digest;
	uint8_t md[SH_MD_MAX];
	char *hex = NULL, sum[SH_HEX_LEN];
	int rc = -1;

	if (sh_signer_check(signer, sh_now(), err) ||
	    sh_record_bytes(list, &text, err) ||
	    sh_sha256(text.data, text.len, &digest, err) ||
	    sh_md_digest(sh_sig_md(sh_signer_algorithm(signer)), text.data,
	    text.len, md, err) || sh_cms_sign(signer, md, &cms, err) ||
	    (hex = sh_alloc(cms.len + 1, 2, "a signature", err)) == NULL)
		goto out;
	sh_hex(cms.data, cms.len, hex);
	sh_hex(digest.b, sizeof(digest.b), sum);
	if (sh_json_set_str(out, "text", (char *)text.data, err) == 0 &&
	    sh_json_set_str(out, "signature", hex, err) == 0)
		rc = sh_json_set_str(out, "digest", sum, err);
out:
	free(hex);
	sh_buf_free(&text);
	sh_buf_free(&cms);
	return (rc);
}

static int
destroy(struct proposal *p, const struct sh_reader *who,
    const struct sh_tag *document, const char *list, struct sh_error *err)
{
	json_t *act, *record;
	struct sh_tag holder;
	int rc = -1;

	if (find_act(p, document, err) || (record = sh_document_find(p->ar,
	    document, &holder, err)) == NULL)
		return (-1);
	act = sh_act_new(p->ar, "dispose", who, err);
	if (act != NULL && sh_act_set_document(act, "document", document,
	    err) == 0 && sh_act_set_document(act, "proposal", &p->tag,
	    err) == 0 && sh_json_set_str(act, "proposed_by",
	    sh_member(p->act, "actor"), err) == 0 &&
	    sh_json_set_str(act, "reason", sh_member(p->act, "reason"),
	    err) == 0 && sh_json_set_str(act, "type", sh_member(record,
	    "type"), err) == 0 && sh_json_set_str(act, "dossier",
	    sh_member(record, "dossier"), err) == 0 &&
	    sh_json_set_str(act, "list", list, err) == 0)
		rc = sh_act_make(p->ar, act, NULL, err);
	json_decref(act);
	json_decref(record);
	return (rc);
}

int
sh_archive_dispose(struct sh_archive *ar, const struct sh_reader *who,
    const char *proposal, struct sh_signer *signer, json_t **listp,
    struct sh_error *err)
{
	struct proposal p = { .ar = ar };
	char at[SH_TIME_LEN];
	json_t *list = NULL, *out = NULL;
	size_t i;
	int rc = -1;

	*listp = NULL;
	sh_time_print(sh_now(), at);
	if (sh_rights_check(ar->rights, who, SH_DO_RETAIN, err) || load_proposal(&p, proposal, err) ||
	    check_all(&p, who, err) ||
	    (list = sh_json_new_object(err)) == NULL ||
	    list_proposed(&p, list, err) ||
	    sh_json_set_str(list, "format", "sohoa-destruction-1", err) ||
	    sh_json_set_str(list, "approved_by", who->name, err) ||
	    sh_json_set_str(list, "approved_at", at, err) ||
	    sh_json_set_str(list, "agency", who->agency, err) ||
	    (out = sh_json_new_object(err)) == NULL ||
	    sh_json_set(out, "list", json_incref(list), err) ||
	    sh_retention_sign(list, signer, out, err))
		goto out;
	for (i = 0; i < p.n; i++)
		if (destroy(&p, who, &p.documents[i], sh_member(out,
		    "digest"), err))
			goto out;
	if (sh_purge(ar, err))
		goto out;
	*listp = out;
	out = NULL;
	rc = 0;
out:
	json_decref(list);
	json_decref(out);
	proposal_free(&p);
	return (rc);
}

/* ---- proof --------------------------------------------------------------- */

struct proof {
	struct sh_archive *ar;
	const char *document;
	json_t *events;
};

static int
take_event(void *arg, const struct sh_fed *item, struct sh_error *err)
{
	struct proof *p = arg;
	char digest[SH_HEX_LEN], head[SH_HEX_LEN];
	const char *document;
	json_t *e, *v;

	if (item->len == 0)
		return (0);
	if ((e = sh_event_open(p->ar, item, err)) == NULL)
		return (-1);
	document = sh_member(e, "document");
	if (document == NULL || strcmp(document, p->document) != 0) {
		json_decref(e);
		return (0);
	}
	sh_hex(item->digest.b, SH_DIGEST_LEN, digest);
	sh_hex(item->head.b, SH_DIGEST_LEN, head);
	v = json_pack("{s:I,s:s,s:s,s:o}", "sequence",
	    (json_int_t)item->sequence, "digest", digest, "head", head,
	    "event", e);
	return (sh_json_append(p->events, v, err));
}

int
sh_archive_proof(struct sh_archive *ar, const struct sh_reader *who,
    const struct sh_holder *holder, const struct sh_document_id *document,
    json_t **answerp, struct sh_error *err)
{
	struct sh_tag tag, tags[SH_ALIASES_MAX];
	char hex[SH_TAG_HEX];
	struct proof p = { .ar = ar, .document = hex };
	json_t *out = NULL;
	size_t n, i;

	*answerp = NULL;
	sh_document_id_print(document, hex);
	if (sh_rights_check(ar->rights, who, SH_DO_AUDIT, err) || sh_holder_tag(ar, &holder->id,
	    holder->name, holder->birth, &tag, err) || sh_alias_group(ar,
	    &tag, tags, &n, err) || (out = sh_json_new_object(err)) == NULL)
		return (-1);
	if (sh_json_set_str(out, "document", hex, err) ||
	    (p.events = sh_json_new_array(err)) == NULL ||
	    sh_json_set(out, "events", p.events, err))
		goto bad;
	for (i = 0; i < n; i++)
		if (sh_engine_feed(ar->engine, 0, &tags[i], 0, take_event,
		    &p, err))
			goto bad;
	if (json_array_size(p.events) > 0) {
		*answerp = out;
		return (0);
	}
	sh_error_param(err, "value", "%s", hex);
	(void)sh_error_set(err, SH_ENOTFOUND, "document.missing",
	    "no document %s", hex);
bad:
	json_decref(out);
	return (-1);
}
