/*
 * Who is the same: older numbers of a person, children whose number came
 * after their papers.
 */
#include "archive/access_internal.h"
#include "archive/act.h"
#include "archive/reuse.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* ---- groups -------------------------------------------------------------- */

struct group {
	struct sh_tag *tags;
	size_t n, cap;
};

static int
take_alias(void *arg, const struct sh_entry *t, struct sh_error *err)
{
	struct group *g = arg;
	size_t i;

	if (t->sortlen != SH_ACT_SORT)
		return (sh_error_set(err, SH_EFIXITY, "record.damaged",
		    "an alias"));
	for (i = 0; i < g->n; i++)
		if (memcmp(g->tags[i].b, t->sort + 1, 16) == 0)
			return (0);
	if (g->n == g->cap)
		return (1);
	memcpy(g->tags[g->n++].b, t->sort + 1, 16);
	return (0);
}

int
sh_alias_group(struct sh_archive *ar, const struct sh_tag *tag,
    struct sh_tag tags[SH_ALIASES_MAX], size_t *np, struct sh_error *err)
{
	struct group g = { .tags = tags, .n = 1, .cap = SH_ALIASES_MAX };
	struct sh_range r = { .table = SH_TABLE_ACT, .prefix = "h",
	    .prefixlen = 1 };
	size_t i;

	tags[0] = *tag;
	for (i = 0; i < g.n; i++) {
		r.term = tags[i];
		sh_vault_fetch(ar->vault, &r.term);
		if (sh_engine_scan(ar->engine, &r, take_alias, &g, err))
			return (-1);
	}
	*np = g.n;
	return (0);
}

/* ---- aliases ------------------------------------------------------------- */

static json_t *
tell_holder(const struct sh_holder *h, struct sh_error *err)
{
	char day[SH_DATE_LEN];
	json_t *v;

	if ((v = sh_json_new_object(err)) == NULL)
		return (NULL);
	if (h->birth.year != 0)
		sh_date_print(h->birth, day);
	if ((h->id.kind != SH_ID_NONE && (sh_json_set_str(v, "kind",
	    sh_id_kind_word(h->id.kind), err) || sh_json_set_str(v, "id",
	    h->id.value, err))) ||
	    (h->name != NULL && sh_act_set_reason(v, "name", h->name, err)) ||
	    sh_json_set_str(v, "role", h->role, err) ||
	    (h->birth.year != 0 && sh_json_set_str(v, "birth", day, err))) {
		json_decref(v);
		return (NULL);
	}
	return (v);
}

static int
check_kinds(const struct sh_holder *holder, const struct sh_holder *alias,
    struct sh_error *err)
{
	/* Rule: TT 86/2024/TT-BTC: the citizen's number is the tax code. */
	if (holder->id.kind == SH_ID_CITIZEN &&
	    (alias->id.kind == SH_ID_OLD || alias->id.kind ==
	    SH_ID_PASSPORT || (alias->id.kind == SH_ID_TAX &&
	    strlen(alias->id.value) == 10)))
		return (0);
	return (sh_error_set(err, SH_EARG, "alias.kind",
	    "a citizen's number and an older number of the same person"));
}

int
sh_archive_alias(struct sh_archive *ar, const struct sh_reader *who,
    const struct sh_holder *holder, const struct sh_holder *alias,
    const char *evidence, struct sh_error *err)
{
	struct sh_tag one, other, known[SH_ALIASES_MAX];
	json_t *act = NULL;
	size_t n;
	int rc = -1;

	if (check_kinds(holder, alias, err) ||
	    sh_holder_tag(ar, &holder->id, NULL, holder->birth, &one, err) ||
	    sh_holder_tag(ar, &alias->id, NULL, alias->birth, &other, err) ||
	    sh_alias_group(ar, &other, known, &n, err))
		return (-1);
	if (n > 1 && memcmp(&known[1], &one, sizeof(one)) == 0)
		return (0);
	if (n > 1) {
		sh_error_param(err, "value", "%s", alias->id.value);
		return (sh_error_set(err, SH_ECONFLICT, "alias.conflict",
		    "%s belongs to somebody else", alias->id.value));
	}
	if (sh_alias_group(ar, &one, known, &n, err))
		return (-1);
	if (n == SH_ALIASES_MAX)
		return (sh_error_set(err, SH_ELIMIT, "alias.many",
		    "a person with more than %d numbers", SH_ALIASES_MAX));
	if ((act = sh_act_new(ar, "alias", who, err)) == NULL)
		return (-1);
	if (sh_act_set_reason(act, "reason", evidence, err) == 0 &&
	    sh_json_set(act, "holder", tell_holder(holder, err), err) == 0 &&
	    sh_json_set(act, "alias", tell_holder(alias, err), err) == 0)
		rc = sh_act_make(ar, act, NULL, err);
	json_decref(act);
	return (rc);
}

/* ---- a number that came later -------------------------------------------- */

struct child {
	struct sh_archive *ar;
	const struct sh_reader *who;
	const struct sh_holder *holder;
	const char *evidence;
	struct sh_tag from, to;
	struct sh_tag *documents;
	size_t n, cap;
};

static int
take_document(void *arg, const struct sh_entry *t, struct sh_error *err)
{
	struct child *c = arg;

	if (t->sortlen != SH_PLACE_LEN)
		return (sh_error_set(err, SH_EFIXITY, "record.damaged",
		    "an entry of a holder's list"));
	if (sh_grow(&c->documents, &c->cap, c->n + 1, sizeof(*c->documents),
	    "documents", err))
		return (-1);
	memcpy(c->documents[c->n++].b, t->sort + 8, 16);
	return (0);
}

/* The role that the paper gives whoever has this name and no number. */
static const char *
role_of(const json_t *record, const struct child *c, struct sh_error *err)
{
	static const struct sh_id nobody;
	const json_t *h;
	struct sh_date day;
	struct sh_tag t;
	size_t i;

	json_array_foreach(json_object_get(record, "holders"), i, h) {
		const char *birth = sh_member(h, "birth");

		memset(&day, 0, sizeof(day));
		if (sh_member(h, "id") != NULL || (birth != NULL &&
		    sh_date_parse(birth, &day)))
			continue;
		if (sh_holder_tag(c->ar, &nobody, sh_member(h, "name"), day,
		    &t, err) == 0 && memcmp(&t, &c->from, sizeof(t)) == 0)
			return (sh_member(h, "role"));
		sh_error_clear(err);
	}
	return (NULL);
}

static json_t *
make_link(const struct child *c, const struct sh_tag *operation,
    const json_t *record, struct sh_error *err)
{
	struct sh_holder h = *c->holder;
	char at[SH_TIME_LEN], hex[SH_TAG_HEX];
	json_t *v, *list;

	h.role = role_of(record, c, err);
	sh_time_print(sh_now(), at);
	sh_tag_print(operation, hex);
	if ((v = sh_json_new_object(err)) == NULL)
		return (NULL);
	if (sh_json_set_str(v, "accession", hex, err) ||
	    sh_json_set_str(v, "at", at, err) ||
	    sh_act_set_reason(v, "dossier", c->who->purpose, err) ||
	    sh_act_set_reason(v, "actor", c->who->name, err) ||
	    sh_act_set_reason(v, "evidence", c->evidence, err) ||
	    sh_json_set_str(v, "provenance", sh_member(record, "provenance"),
	    err) || (list = sh_json_new_array(err)) == NULL ||
	    sh_json_set(v, "holders", list, err) ||
	    sh_json_append(list, tell_holder(&h, err), err)) {
		json_decref(v);
		return (NULL);
	}
	return (v);
}

/* Under which operation: the same document and number once. */
static int
name_operation(const struct child *c, const struct sh_tag *document,
    struct sh_tag *out, struct sh_error *err)
{
	struct sh_digest d;
	uint8_t b[32];

	memcpy(b, document->b, 16);
	memcpy(b + 16, c->to.b, 16);
	if (sh_vault_digest_for(c->ar->vault, "file", b, sizeof(b), &d, err))
		return (-1);
	memcpy(out->b, d.b, sizeof(out->b));
	return (0);
}

static int
commit_all(struct child *c, const struct sh_filed *what,
    struct sh_error *err)
{
	struct sh_engine_job job;
	struct sh_filing *f;
	size_t i;
	int rc;

	if (sh_vault_need_keys(c->ar->vault, what->tags, what->ntags, err))
		return (-1);
	for (i = 0; i < what->ntags; i++) {
		if ((f = sh_filing_new(c->ar, what, i, err)) == NULL)
			return (-1);
		rc = sh_engine_commit(c->ar->engine, sh_filing_change(f), 1,
		    err);
		sh_filing_free(f);
		if (rc != 0)
			return (-1);
	}
	memset(&job, 0, sizeof(job));
	job.queue = SH_QUEUE_FILE;
	job.id = what->operation;
	return (sh_engine_done(c->ar->engine, &job, 1, -1, err));
}

static int
file_one(struct child *c, const struct sh_tag *document,
    struct sh_error *err)
{
	struct sh_filed what = { .document = *document };
	struct sh_tag tags[SH_HOLDERS_MAX];
	uint8_t value[SH_VALUE_MAX];
	struct sh_buf bytes = SH_BUF_INIT;
	struct sh_stored body;
	json_t *record = NULL, *link = NULL;
	int64_t archived_at;
	size_t len, i;
	int has_body, rc = -1;

	if (sh_document_locate(c->ar, document, tags, &what.ntags,
	    &archived_at, err))
		return (-1);
	for (i = 0; i < what.ntags; i++)
		if (memcmp(&tags[i], &c->to, sizeof(c->to)) == 0)
			return (0);
	if (what.ntags == SH_HOLDERS_MAX)
		return (sh_error_set(err, SH_ELIMIT, "holder.many",
		    "more than %d holders", SH_HOLDERS_MAX));
	tags[what.ntags++] = c->to;
	if (sh_engine_get(c->ar->engine, &c->from, document, value, &len,
	    err) || (record = sh_document_open(c->ar, &c->from, document,
	    value, len, &body, &has_body, err)) == NULL ||
	    sh_record_bytes(record, &bytes, err) ||
	    name_operation(c, document, &what.operation, err) ||
	    (link = make_link(c, &what.operation, record, err)) == NULL)
		goto out;
	what.record = record;
	what.bytes = &bytes;
	what.body = has_body ? &body : NULL;
	what.link = link;
	what.tags = tags;
	rc = commit_all(c, &what, err);
out:
	json_decref(record);
	json_decref(link);
	sh_buf_free(&bytes);
	return (rc);
}

int
sh_archive_file(struct sh_archive *ar, const struct sh_reader *who,
    const struct sh_holder *holder, const char *evidence, size_t *np,
    struct sh_error *err)
{
	static const struct sh_id nobody;
	struct child c = { .ar = ar, .who = who, .holder = holder,
	    .evidence = evidence };
	struct sh_range r = { .table = SH_TABLE_LIST };
	size_t i;
	int rc = -1;

	*np = 0;
	if (sh_rights_check(ar->rights, who, SH_DO_CORRECT, err) ||
	    sh_holder_tag(ar, &holder->id, NULL, holder->birth, &c.to, err) ||
	    sh_holder_tag(ar, &nobody, holder->name, holder->birth, &c.from,
	    err))
		return (-1);
	if (holder->id.kind == SH_ID_NONE || holder->birth.year == 0)
		return (sh_error_set(err, SH_EARG, "holder.malformed",
		    "a number, a name and a day of birth"));
	if (ar->readonly)
		return (sh_error_set(err, SH_EDENIED, "archive.readonly",
		    "the archive was opened for reading"));
	r.term = c.from;
	if (sh_engine_scan(ar->engine, &r, take_document, &c, err))
		goto out;
	if (c.n == 0) {
		sh_error_param(err, "value", "%s", holder->name);
		(void)sh_error_set(err, SH_ENOTFOUND, "holder.nothing",
		    "nothing is filed under that name and birth");
		goto out;
	}
	for (i = 0; i < c.n; i++)
		if (file_one(&c, &c.documents[i], err))
			goto out;
	*np = c.n;
	rc = 0;
out:
	free(c.documents);
	return (rc);
}
