#include "archive/erase.h"

#include <stdlib.h>
#include <string.h>

#include "archive/access_internal.h"
#include "archive/act.h"
#include "archive/retention_internal.h"
#include "base/mem.h"

#define DOCUMENTS_MAX	100000	/* of one person, in a list */

int
sh_erase_register(struct sh_archive *ar, struct sh_tag *out,
    struct sh_error *err)
{
	static const char name[] = "sohoa register";

	return (sh_vault_tag(ar->vault, SH_NAME_HOLDER, name,
	    sizeof(name) - 1, out, err));
}

/* ---- whose, and what ----------------------------------------------------- */

struct erasing {
	struct sh_archive *ar;
	struct sh_tag tag;		/* of the proposal */
	struct sh_tag holders[SH_ALIASES_MAX];
	size_t nholders;
	struct sh_tag *documents;
	size_t n, cap;
	json_t *proposed;		/* the act */
	int done;
};

static void
erasing_free(struct erasing *e)
{
	free(e->documents);
	json_decref(e->proposed);
}

static int
take_document(void *arg, const struct sh_entry *t, struct sh_error *err)
{
	struct erasing *e = arg;
	size_t i;

	if (t->sortlen != SH_PLACE_LEN)
		return (sh_error_set(err, SH_EFIXITY, "record.damaged",
		    "an entry of a list"));
	/* It may lie with two numbers of one person. */
	for (i = 0; i < e->n; i++)
		if (memcmp(e->documents[i].b, t->sort + 8, 16) == 0)
			return (0);
	if (e->n == DOCUMENTS_MAX)
		return (sh_error_set(err, SH_ELIMIT, "erase.many",
		    "more than %d documents", DOCUMENTS_MAX));
	if (sh_grow(&e->documents, &e->cap, e->n + 1, sizeof(*e->documents),
	    "documents", err))
		return (-1);
	memcpy(e->documents[e->n++].b, t->sort + 8, 16);
	return (0);
}

static int
find_documents(struct erasing *e, struct sh_error *err)
{
	struct sh_range r = { .table = SH_TABLE_LIST };
	size_t i;

	e->n = 0;
	for (i = 0; i < e->nholders; i++) {
		r.term = e->holders[i];
		if (sh_engine_scan(e->ar->engine, &r, take_document, e, err))
			return (-1);
	}
	return (0);
}

/* How many others keep the document. */
static int
count_others(const struct erasing *e, const struct sh_tag *document,
    size_t *np, struct sh_error *err)
{
	struct sh_tag tags[SH_HOLDERS_MAX];
	int64_t archived_at;
	size_t n, i, k;
	int r;

	*np = 0;
	if (sh_document_locate(e->ar, document, tags, &n, &archived_at, err))
		return (-1);
	for (i = 0; i < n; i++) {
		for (k = 0; k < e->nholders; k++)
			if (memcmp(&tags[i], &e->holders[k], 16) == 0)
				break;
		if (k < e->nholders)
			continue;
		if ((r = sh_vault_has_key(e->ar->vault, &tags[i], err)) < 0)
			return (-1);
		*np += r == 1;
	}
	return (0);
}

static int
tell(const struct erasing *e, const struct sh_tag *document, json_t *list,
    struct sh_error *err)
{
	static const char *const copied[] = { "type", "dossier",
	    "archived_at" };
	struct sh_retention ret;
	struct sh_tag holder;
	char hex[SH_TAG_HEX], day[SH_DATE_LEN];
	json_t *record, *v;
	size_t i, others;
	int rc = -1;

	sh_tag_print(document, hex);
	if ((record = sh_document_find(e->ar, document, &holder, err)) ==
	    NULL)
		return (-1);
	if (sh_retention_of(e->ar, &holder, document, record, &ret, err) ||
	    count_others(e, document, &others, err) ||
	    (v = sh_json_new_object(err)) == NULL ||
	    sh_json_append(list, v, err))
		goto out;
	if (ret.held) {
		sh_error_param(err, "value", "%s", hex);
		(void)sh_error_set(err, SH_ECONFLICT, "erase.held",
		    "document %s is held", hex);
		goto out;
	}
	for (i = 0; i < SH_COUNT(copied); i++)
		if (sh_json_set_str(v, copied[i], sh_member(record,
		    copied[i]), err))
			goto out;
	if (ret.until.year != 0)
		sh_date_print(ret.until, day);
	if (sh_json_set_str(v, "document", hex, err) == 0 &&
	    sh_json_set_int(v, "others", (int64_t)others, err) == 0)
		rc = sh_json_set_str(v, "until", ret.permanent ?
		    "permanent" : ret.until.year != 0 ? day : NULL, err);
out:
	json_decref(record);
	return (rc);
}

/* Everything that goes; what is held stops it. */
static int
list_documents(struct erasing *e, json_t *out, struct sh_error *err)
{
	json_t *list;
	size_t i;

	if (find_documents(e, err) ||
	    (list = sh_json_new_array(err)) == NULL ||
	    sh_json_set(out, "documents", list, err))
		return (-1);
	for (i = 0; i < e->n; i++)
		if (tell(e, &e->documents[i], list, err))
			return (-1);
	return (0);
}

/* ---- acts of the register ------------------------------------------------ */

static int
set_holders(json_t *act, const struct erasing *e, struct sh_error *err)
{
	char hex[SH_TAG_HEX];
	json_t *list;
	size_t i;

	if ((list = sh_json_new_array(err)) == NULL ||
	    sh_json_set(act, "holders", list, err))
		return (-1);
	for (i = 0; i < e->nholders; i++) {
		sh_tag_print(&e->holders[i], hex);
		if (sh_json_append(list, json_string(hex), err))
			return (-1);
	}
	return (0);
}

static int
get_holders(const json_t *act, struct sh_tag tags[SH_ALIASES_MAX],
    size_t *np, struct sh_error *err)
{
	const json_t *list = json_object_get(act, "holders");

	for (*np = 0; *np < json_array_size(list); ++*np)
		if (*np == SH_ALIASES_MAX || sh_tag_parse(json_string_value(
		    json_array_get(list, *np)), &tags[*np]))
			break;
	if (*np > 0 && *np == json_array_size(list))
		return (0);
	return (sh_error_set(err, SH_EFIXITY, "event.damaged",
	    "an erasure without its holders"));
}

static int
destroy_keys(struct sh_archive *ar, const json_t *act, struct sh_error *err)
{
	struct sh_tag tags[SH_ALIASES_MAX];
	size_t n, i;

	if (get_holders(act, tags, &n, err))
		return (-1);
	for (i = 0; i < n; i++)
		if (sh_vault_destroy_key(ar->vault, &tags[i], err))
			return (-1);
	return (0);
}

int
sh_erase_do(struct sh_archive *ar, const json_t *act, struct sh_error *err)
{
	/* Pseudonyms of the holder's words go with the projection. */
	return (destroy_keys(ar, act, err) ||
	    sh_archive_search_rebuild(ar, err) ? -1 : 0);
}

static int
take_erased(void *arg, const struct sh_entry *t, struct sh_error *err)
{
	struct sh_archive *ar = arg;
	struct sh_tag own;
	json_t *act;
	int rc;

	if (t->sortlen != SH_ACT_SORT || t->sort[17] == SH_LETTER_ERASURE)
		return (0);
	if (sh_erase_register(ar, &own, err) ||
	    (act = sh_document_entry(ar, &own, t, err)) == NULL)
		return (-1);
	rc = destroy_keys(ar, act, err);
	json_decref(act);
	return (rc);
}

int
sh_erase_again(struct sh_archive *ar, struct sh_error *err)
{
	struct sh_range r = { .table = SH_TABLE_ACT };

	if (sh_erase_register(ar, &r.term, err))
		return (-1);
	return (sh_engine_scan(ar->engine, &r, take_erased, ar, err));
}

static int
take_act(void *arg, const struct sh_entry *t, struct sh_error *err)
{
	struct erasing *e = arg;
	struct sh_tag own;

	if (t->sortlen != SH_ACT_SORT)
		return (sh_error_set(err, SH_EFIXITY, "record.damaged",
		    "an entry of an act"));
	if (t->sort[17] != SH_LETTER_ERASURE) {
		e->done = 1;
		return (0);
	}
	if (sh_erase_register(e->ar, &own, err))
		return (-1);
	json_decref(e->proposed);
	e->proposed = sh_document_entry(e->ar, &own, t, err);
	return (e->proposed != NULL ? 0 : -1);
}

static int
load(struct erasing *e, const char *proposal, struct sh_error *err)
{
	uint8_t prefix[17] = { 'h' };
	struct sh_range r = { .table = SH_TABLE_ACT, .prefix = prefix,
	    .prefixlen = sizeof(prefix) };

	if (sh_tag_parse(proposal, &e->tag) == 0) {
		memcpy(prefix + 1, e->tag.b, 16);
		if (sh_erase_register(e->ar, &r.term, err) ||
		    sh_engine_scan(e->ar->engine, &r, take_act, e, err))
			return (-1);
	}
	sh_error_param(err, "value", "%.40s", proposal);
	if (e->proposed == NULL)
		return (sh_error_set(err, SH_ENOTFOUND, "proposal.unknown",
		    "no proposal %.40s", proposal));
	if (e->done)
		return (sh_error_set(err, SH_ECONFLICT, "erase.done",
		    "proposal %.40s was carried out", proposal));
	sh_error_clear(err);
	return (get_holders(e->proposed, e->holders, &e->nholders, err));
}

/* ---- calls --------------------------------------------------------------- */

int
sh_archive_propose_erasure(struct sh_archive *ar,
    const struct sh_reader *who, const struct sh_holder *holder,
    const char *reason, char proposal[SH_DOCUMENT_ID_LEN],
    struct sh_error *err)
{
	struct erasing e = { .ar = ar };
	json_t *act = NULL, *all = NULL;
	int rc = -1;

	if ((act = sh_act_new(ar, "propose-erasure", who, err)) == NULL)
		return (-1);
	if (who->basis == NULL) {
		(void)sh_error_set(err, SH_EARG, "erase.basis",
		    "an erasure without its legal basis");
		goto out;
	}
	if (sh_holder_tag(ar, &holder->id, holder->name, holder->birth,
	    &e.tag, err) || sh_alias_group(ar, &e.tag, e.holders,
	    &e.nholders, err) || (all = sh_json_new_object(err)) == NULL ||
	    list_documents(&e, all, err))
		goto out;
	if (e.n == 0) {
		sh_error_param(err, "value", "%s", holder->id.kind !=
		    SH_ID_NONE ? holder->id.value : holder->name);
		(void)sh_error_set(err, SH_ENOTFOUND, "holder.nothing",
		    "nothing is held of that person");
		goto out;
	}
	if (sh_random(e.tag.b, sizeof(e.tag.b), err) ||
	    sh_act_set_document(act, "proposal", &e.tag, err) ||
	    sh_act_set_reason(act, "reason", reason, err) ||
	    set_holders(act, &e, err) || sh_act_make(ar, act, NULL, err))
		goto out;
	sh_tag_print(&e.tag, proposal);
	rc = 0;
out:
	json_decref(act);
	json_decref(all);
	erasing_free(&e);
	return (rc);
}

static int
describe(struct erasing *e, json_t *out, struct sh_error *err)
{
	static const char *const copied[] = { "proposal", "reason", "basis" };
	size_t i;

	for (i = 0; i < SH_COUNT(copied); i++)
		if (sh_json_set_str(out, copied[i], sh_member(e->proposed,
		    copied[i]), err))
			return (-1);
	return (sh_json_set_str(out, "proposed_by", sh_member(e->proposed,
	    "actor"), err) || sh_json_set_str(out, "proposed_at",
	    sh_member(e->proposed, "at"), err) ||
	    list_documents(e, out, err) ? -1 : 0);
}

int
sh_archive_erasure(struct sh_archive *ar, const struct sh_reader *who,
    const char *proposal, json_t **answerp, struct sh_error *err)
{
	struct erasing e = { .ar = ar };
	json_t *out = NULL;
	int rc = -1;

	*answerp = NULL;
	if (sh_rights_check(ar->rights, who, SH_DO_RETAIN, err) == 0 &&
	    load(&e, proposal, err) == 0 &&
	    (out = sh_json_new_object(err)) != NULL &&
	    describe(&e, out, err) == 0) {
		*answerp = json_incref(out);
		rc = 0;
	}
	json_decref(out);
	erasing_free(&e);
	return (rc);
}

/* The list as it is signed. */
static json_t *
make_list(struct erasing *e, const struct sh_reader *who,
    struct sh_error *err)
{
	char at[SH_TIME_LEN];
	json_t *list;

	sh_time_print(sh_now(), at);
	if ((list = sh_json_new_object(err)) == NULL)
		return (NULL);
	if (describe(e, list, err) == 0 && set_holders(list, e, err) == 0 &&
	    sh_json_set_str(list, "format", "sohoa-erasure-1", err) == 0 &&
	    sh_json_set_str(list, "archive", e->ar->id, err) == 0 &&
	    sh_json_set_str(list, "approved_by", who->name, err) == 0 &&
	    sh_json_set_str(list, "approved_at", at, err) == 0 &&
	    sh_json_set_str(list, "agency", who->agency, err) == 0)
		return (list);
	json_decref(list);
	return (NULL);
}

static int
make_act(struct erasing *e, const struct sh_reader *who, const char *list,
    struct sh_error *err)
{
	json_t *act;
	int rc = -1;

	if ((act = sh_act_new(e->ar, "erase", who, err)) == NULL)
		return (-1);
	if (sh_act_set_document(act, "proposal", &e->tag, err) == 0 &&
	    sh_json_set_str(act, "proposed_by", sh_member(e->proposed,
	    "actor"), err) == 0 && sh_json_set_str(act, "reason",
	    sh_member(e->proposed, "reason"), err) == 0 &&
	    set_holders(act, e, err) == 0 && sh_json_set_int(act,
	    "documents", (int64_t)e->n, err) == 0 &&
	    sh_json_set_str(act, "list", list, err) == 0)
		rc = sh_act_make(e->ar, act, NULL, err);
	json_decref(act);
	return (rc);
}

int
sh_archive_erase(struct sh_archive *ar, const struct sh_reader *who,
    const char *proposal, struct sh_signer *signer, json_t **listp,
    struct sh_error *err)
{
	struct erasing e = { .ar = ar };
	struct sh_tag first;
	json_t *list = NULL, *out = NULL;
	const char *by;
	int rc = -1;

	*listp = NULL;
	if (sh_rights_check(ar->rights, who, SH_DO_RETAIN, err) ||
	    load(&e, proposal, err))
		goto out;
	by = sh_member(e.proposed, "actor");
	if (by == NULL || strcmp(by, who->name) == 0) {
		sh_error_param(err, "value", "%s", who->name);
		(void)sh_error_set(err, SH_EDENIED, "erase.same-person",
		    "%s proposed it", who->name);
		goto out;
	}
	/* Numbers may have been joined since. */
	first = e.holders[0];
	if (sh_alias_group(ar, &first, e.holders, &e.nholders, err) ||
	    (list = make_list(&e, who, err)) == NULL ||
	    (out = sh_json_new_object(err)) == NULL ||
	    sh_json_set(out, "list", json_incref(list), err) ||
	    sh_retention_sign(list, signer, out, err) ||
	    make_act(&e, who, sh_member(out, "digest"), err))
		goto out;
	*listp = json_incref(out);
	rc = 0;
out:
	json_decref(list);
	json_decref(out);
	erasing_free(&e);
	return (rc);
}

/* ---- proof --------------------------------------------------------------- */

struct proof {
	struct sh_archive *ar;
	struct sh_tag holder;
	json_t *events;
};

static int
take_event(void *arg, const struct sh_fed *item, struct sh_error *err)
{
	struct proof *p = arg;
	struct sh_tag tags[SH_ALIASES_MAX];
	char digest[SH_HEX_LEN], head[SH_HEX_LEN];
	size_t n, i;
	json_t *e;
	int rc;

	if ((e = sh_event_open(p->ar, item, err)) == NULL)
		return (-1);
	if (get_holders(e, tags, &n, err)) {
		json_decref(e);
		return (-1);
	}
	for (i = 0; i < n; i++)
		if (memcmp(&tags[i], &p->holder, sizeof(p->holder)) == 0)
			break;
	sh_hex(item->digest.b, SH_DIGEST_LEN, digest);
	sh_hex(item->head.b, SH_DIGEST_LEN, head);
	rc = i == n ? 0 : sh_json_append(p->events, json_pack(
	    "{s:I,s:s,s:s,s:O}", "sequence", (json_int_t)item->sequence,
	    "digest", digest, "head", head, "event", e), err);
	json_decref(e);
	return (rc);
}

int
sh_archive_erasures(struct sh_archive *ar, const struct sh_reader *who,
    const struct sh_holder *holder, json_t **answerp, struct sh_error *err)
{
	struct proof p = { .ar = ar };
	struct sh_tag own;
	json_t *out;

	*answerp = NULL;
	if (sh_rights_check(ar->rights, who, SH_DO_AUDIT, err) ||
	    sh_holder_tag(ar, &holder->id, holder->name, holder->birth,
	    &p.holder, err) || sh_erase_register(ar, &own, err) ||
	    (out = sh_json_new_object(err)) == NULL)
		return (-1);
	if ((p.events = sh_json_new_array(err)) == NULL ||
	    sh_json_set(out, "events", p.events, err) ||
	    sh_engine_feed(ar->engine, 0, &own, 0, take_event, &p, err))
		goto bad;
	if (json_array_size(p.events) > 0) {
		*answerp = out;
		return (0);
	}
	(void)sh_error_set(err, SH_ENOTFOUND, "erase.never",
	    "nobody proposed to erase that person");
bad:
	json_decref(out);
	return (-1);
}
