/*
 * A read from asking to answering, and who read what.
 *
 * An entry of the journal: {"id", "at", "actor", "agency", "purpose",
 * "basis", "action", "rendition", "denied", "holders": {tag: [documents]}}.
 */
#include <stdlib.h>
#include <string.h>

#include "archive/access_internal.h"
#include "archive/act.h"
#include "base/mem.h"

#define SHOWN_MAX	10	/* documents that an event names */
#define BATCH		64

void
sh_archive_use_rights(struct sh_archive *ar, const struct sh_rights *p)
{
	ar->rights = p;
}

/* ---- the purpose's procedure --------------------------------------------- */

struct purpose {
	struct sh_archive *ar;
	char *procedure;
};

static int
take_dossier(void *arg, const struct sh_entry *t, struct sh_error *err)
{
	struct purpose *p = arg;
	struct sh_tag holder, document;
	const char *code;
	json_t *record;
	int r = 0;

	if (t->sortlen != SH_IN_DOSSIER_LEN || t->len != 16)
		return (sh_error_set(err, SH_EFIXITY, "record.damaged",
		    "an entry of a dossier"));
	memcpy(holder.b, t->value, 16);
	memcpy(document.b, t->sort + 8, 16);
	record = sh_document_record(p->ar, &holder, &document, err);
	if (record == NULL) {
		if (err->code != SH_ENOTFOUND)
			return (-1);
		sh_error_clear(err);
		return (0);
	}
	if ((code = sh_member(record, "procedure")) != NULL)
		r = (p->procedure = sh_strdup(code, err)) != NULL ? 1 : -1;
	json_decref(record);
	return (r);
}

/* A procedure's code, or that of the dossier's; NULL: not known. */
static int
find_procedure(struct sh_archive *ar, const char *purpose, char **out,
    struct sh_error *err)
{
	struct purpose p = { ar, NULL };
	struct sh_range r = { .table = SH_TABLE_DOSSIER };

	*out = NULL;
	if (ar->rights == NULL)
		return (0);
	if (sh_procedure_code_valid(purpose))
		return ((*out = sh_strdup(purpose, err)) != NULL ? 0 : -1);
	if (sh_filing_dossier(ar, purpose, &r.term, err) ||
	    sh_engine_scan(ar->engine, &r, take_dossier, &p, err))
		return (-1);
	*out = p.procedure;
	return (0);
}

/* ---- a read -------------------------------------------------------------- */

int
sh_access_begin(struct sh_access *a, struct sh_archive *ar,
    const struct sh_reader *who, enum sh_action action, struct sh_error *err)
{
	memset(a, 0, sizeof(*a));
	if (sh_rights_check(ar->rights, who, action, err))
		return (-1);
	a->ar = ar;
	a->who = who;
	a->action = action;
	return (find_procedure(ar, who->purpose, &a->procedure, err));
}

void
sh_access_end(struct sh_access *a)
{
	if (a->ar != NULL)
		sh_vault_rest(a->ar->vault);
	free(a->procedure);
	free(a->seen);
	memset(a, 0, sizeof(*a));
}

int
sh_access_may(const struct sh_access *a, const char *type)
{
	return (sh_rights_allows(a->ar->rights, a->who, a->procedure, type));
}

int
sh_access_saw(struct sh_access *a, const struct sh_tag *holder,
    const struct sh_tag *document, struct sh_error *err)
{
	if (a->ar->access == NULL)
		return (0);
	if (sh_grow(&a->seen, &a->cap, a->n + 1, sizeof(*a->seen), "a read",
	    err))
		return (-1);
	memset(&a->seen[a->n], 0, sizeof(a->seen[a->n]));
	a->seen[a->n].holder = *holder;
	if (document != NULL)
		a->seen[a->n].document = *document;
	a->n++;
	return (0);
}

int
sh_access_saw_all(struct sh_access *a, const struct sh_tag *document,
    struct sh_error *err)
{
	struct sh_tag tags[SH_HOLDERS_MAX];
	int64_t archived_at;
	size_t n, i;

	if (sh_document_locate(a->ar, document, tags, &n, &archived_at, err))
		return (-1);
	for (i = 0; i < n; i++)
		if (sh_access_saw(a, &tags[i], document, err))
			return (-1);
	return (0);
}

static int
put_seen(json_t *holders, const struct sh_access_seen *s,
    struct sh_error *err)
{
	static const struct sh_tag none;
	char hex[SH_TAG_HEX];
	json_t *list;

	sh_tag_print(&s->holder, hex);
	if ((list = json_object_get(holders, hex)) == NULL &&
	    ((list = sh_json_new_array(err)) == NULL ||
	    sh_json_set(holders, hex, list, err)))
		return (-1);
	if (memcmp(&s->document, &none, sizeof(none)) == 0)
		return (0);
	sh_tag_print(&s->document, hex);
	return (sh_json_append(list, json_string(hex), err));
}

int
sh_access_record(struct sh_access *a, struct sh_error *err)
{
	char at[SH_TIME_LEN], id[SH_TAG_HEX];
	struct sh_tag random;
	json_t *v, *holders;
	size_t i;
	int rc = -1;

	if (a->ar->access == NULL || a->who->machine)
		return (0);
	sh_time_print(sh_now(), at);
	if (sh_random(random.b, sizeof(random.b), err) ||
	    (v = sh_json_new_object(err)) == NULL)
		return (-1);
	sh_tag_print(&random, id);
	if (sh_json_set_str(v, "id", id, err) ||
	    sh_json_set_str(v, "at", at, err) ||
	    sh_json_set_str(v, "actor", a->who->name, err) ||
	    sh_json_set_str(v, "agency", a->who->agency, err) ||
	    sh_json_set_str(v, "purpose", a->who->purpose, err) ||
	    sh_json_set_str(v, "basis", a->who->basis, err) ||
	    sh_json_set_str(v, "action", sh_action_word(a->action), err) ||
	    sh_json_set_str(v, "rendition", a->rendition, err) ||
	    (a->denied && sh_json_set(v, "denied", json_true(), err)) ||
	    (holders = sh_json_new_object(err)) == NULL ||
	    sh_json_set(v, "holders", holders, err))
		goto out;
	for (i = 0; i < a->n; i++)
		if (put_seen(holders, &a->seen[i], err))
			goto out;
	/* A question costs as much as an answer: guessing is work. */
	rc = sh_access_log_append(a->ar->access, a->ar->vault, v, a->who,
	    sh_rights_budget(a->ar->rights, a->who), a->n > 0 ? a->n : 1,
	    err);
out:
	json_decref(v);
	return (rc);
}

/* ---- into the chains ----------------------------------------------------- */

struct folding {
	struct sh_archive *ar;
	struct sh_change changes[BATCH];
	struct sh_buf sealed[BATCH];
	size_t n;
};

static int
flush(struct folding *f, struct sh_error *err)
{
	size_t i;
	int rc = 0;

	if (f->n > 0)
		rc = sh_engine_commit(f->ar->engine, f->changes, f->n, err);
	for (i = 0; i < f->n; i++)
		sh_buf_free(&f->sealed[i]);
	f->n = 0;
	return (rc);
}

/* What the holder's chain says of the entry. */
static json_t *
make_note(const json_t *entry, const json_t *documents, struct sh_error *err)
{
	static const char *const copied[] = { "at", "actor", "agency",
	    "purpose", "basis", "action", "rendition" };
	json_t *v, *list;
	size_t i;

	if ((v = sh_json_new_object(err)) == NULL)
		return (NULL);
	for (i = 0; i < SH_COUNT(copied); i++)
		if (sh_json_set_str(v, copied[i], sh_member(entry,
		    copied[i]), err))
			goto bad;
	if (sh_json_set_str(v, "event", "read", err) ||
	    (json_is_true(json_object_get(entry, "denied")) &&
	    sh_json_set(v, "denied", json_true(), err)) ||
	    sh_json_set_int(v, "count", (int64_t)json_array_size(documents),
	    err) || (list = sh_json_new_array(err)) == NULL ||
	    sh_json_set(v, "documents", list, err))
		goto bad;
	for (i = 0; i < json_array_size(documents) && i < SHOWN_MAX; i++)
		if (sh_json_append(list, json_incref(json_array_get(
		    documents, i)), err))
			goto bad;
	return (v);
bad:
	json_decref(v);
	return (NULL);
}

/* 1 if HOLDER has a chain that can be written to, 0, or -1. */
static int
has_chain(struct sh_archive *ar, const struct sh_tag *holder,
    struct sh_error *err)
{
	struct sh_head head;

	if (sh_engine_head(ar->engine, holder, &head, err))
		return (-1);
	return (head.sequence == 0 ? 0 : sh_vault_has_key(ar->vault, holder,
	    err));
}

static int
fold_one(struct folding *f, const json_t *entry, const char *hex,
    const json_t *documents, struct sh_error *err)
{
	struct sh_change *c = &f->changes[f->n];
	struct sh_digest digest;
	json_t *note;
	char *name;
	int r, rc;

	memset(c, 0, sizeof(*c));
	if (sh_tag_parse(hex, &c->holder))
		return (sh_error_set(err, SH_EFIXITY, "access.damaged",
		    "an entry's holder"));
	/* Somebody was asked about of whom nothing is held. */
	if ((r = has_chain(f->ar, &c->holder, err)) <= 0)
		return (r);
	if ((name = sh_asprintf(err, "%s %s", sh_member(entry, "id"), hex)) ==
	    NULL)
		return (-1);
	rc = sh_vault_digest_for(f->ar->vault, "read", name, strlen(name),
	    &digest, err);
	free(name);
	if (rc != 0 || (note = make_note(entry, documents, err)) == NULL)
		return (-1);
	memcpy(c->operation.b, digest.b, sizeof(c->operation.b));
	rc = sh_act_seal_note(f->ar, note, &c->holder, &c->operation,
	    &f->sealed[f->n], &c->digest, err);
	json_decref(note);
	if (rc != 0)
		return (-1);
	c->event = f->sealed[f->n].data;
	c->eventlen = f->sealed[f->n].len;
	return (++f->n == BATCH ? flush(f, err) : 0);
}

static int
fold_entry(void *arg, const json_t *entry, struct sh_error *err)
{
	struct folding *f = arg;
	const char *holder;
	json_t *documents;

	if (entry == NULL)
		return (flush(f, err));
	json_object_foreach(json_object_get(entry, "holders"), holder,
	    documents)
		if (fold_one(f, entry, holder, documents, err))
			return (-1);
	return (0);
}

int
sh_access_fold(struct sh_archive *ar, struct sh_error *err)
{
	struct folding *f;
	size_t i;
	int rc;

	if (ar->access == NULL)
		return (0);
	if ((f = sh_alloc(1, sizeof(*f), "reads", err)) == NULL)
		return (-1);
	f->ar = ar;
	rc = sh_access_log_each(ar->access, ar->vault, 1, fold_entry, f, err);
	for (i = 0; i < BATCH; i++)
		sh_buf_free(&f->sealed[i]);
	free(f);
	return (rc);
}

/* ---- who read what ------------------------------------------------------- */

struct asked {
	struct sh_archive *ar;
	struct sh_tag tags[SH_ALIASES_MAX];
	size_t ntags;
	json_t *list;
};

static int
take_read(void *arg, const struct sh_fed *item, struct sh_error *err)
{
	struct asked *q = arg;
	const char *kind;
	json_t *e;
	int rc = 0;

	if (item->len == 0)
		return (0);
	if ((e = sh_event_open(q->ar, item, err)) == NULL)
		return (-1);
	kind = sh_member(e, "event");
	if (kind != NULL && strcmp(kind, "read") == 0) {
		(void)json_object_del(e, "salt");
		(void)json_object_del(e, "lead");
		(void)json_object_del(e, "event");
		rc = sh_json_append(q->list, json_incref(e), err);
	}
	json_decref(e);
	return (rc);
}

static int
take_pending(void *arg, const json_t *entry, struct sh_error *err)
{
	struct asked *q = arg;
	char hex[SH_TAG_HEX];
	json_t *documents, *note;
	size_t i;

	for (i = 0; entry != NULL && i < q->ntags; i++) {
		sh_tag_print(&q->tags[i], hex);
		documents = json_object_get(json_object_get(entry,
		    "holders"), hex);
		if (documents == NULL)
			continue;
		if ((note = make_note(entry, documents, err)) == NULL)
			return (-1);
		(void)json_object_del(note, "event");
		if (sh_json_append(q->list, note, err))
			return (-1);
	}
	return (0);
}

int
sh_archive_accesses(struct sh_archive *ar, const struct sh_reader *who,
    const struct sh_holder *holder, json_t **answerp, struct sh_error *err)
{
	struct asked q = { .ar = ar };
	struct sh_tag tag;
	json_t *out;
	size_t i;

	*answerp = NULL;
	if (sh_rights_check(ar->rights, who, SH_DO_AUDIT, err) ||
	    sh_holder_tag(ar, &holder->id, holder->name, holder->birth, &tag,
	    err) || sh_alias_group(ar, &tag, q.tags, &q.ntags, err) ||
	    (out = sh_json_new_object(err)) == NULL)
		return (-1);
	if (sh_json_set_str(out, "holder", holder->id.kind != SH_ID_NONE ?
	    holder->id.value : holder->name, err) ||
	    (q.list = sh_json_new_array(err)) == NULL ||
	    sh_json_set(out, "reads", q.list, err))
		goto bad;
	for (i = 0; i < q.ntags; i++)
		if (sh_engine_feed(ar->engine, 0, &q.tags[i], 0, take_read,
		    &q, err)) {
			if (err->code != SH_ENOTFOUND)
				goto bad;
			sh_error_clear(err);	/* an erased holder's */
		}
	if (ar->access != NULL && sh_access_log_each(ar->access, ar->vault, 0,
	    take_pending, &q, err))
		goto bad;
	*answerp = out;
	return (0);
bad:
	json_decref(out);
	return (-1);
}
