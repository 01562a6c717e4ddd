/*
 * What takes a document away from a holder: a tombstone in place of its
 * record, and the removal of every entry and reference that came with it,
 * with its links and with acts about it.
 */
#include "archive/act.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"

struct sh_removal {
	struct sh_archive *ar;
	struct sh_tag holder, document;
	int lead;
	struct sh_put put;
	struct sh_entry *entries;
	size_t nentries, entrycap;
	struct sh_reference *references;
	size_t nreferences, referencecap;
};

void
sh_removal_free(struct sh_removal *r)
{
	if (r == NULL)
		return;
	free(r->entries);
	free(r->references);
	free(r);
}

static int
remove_entry(struct sh_removal *r, unsigned table, const struct sh_tag *term,
    const void *sort, size_t sortlen, struct sh_error *err)
{
	struct sh_entry *t;

	if (sh_grow(&r->entries, &r->entrycap, r->nentries + 1,
	    sizeof(*r->entries), "entries", err))
		return (-1);
	t = &r->entries[r->nentries++];
	memset(t, 0, sizeof(*t));
	t->table = table;
	t->term = *term;
	memcpy(t->sort, sort, sortlen);
	t->sortlen = sortlen;
	t->remove = 1;
	return (0);
}

static int
remove_reference(struct sh_removal *r, const struct sh_reference *ref,
    struct sh_error *err)
{
	if (sh_grow(&r->references, &r->referencecap, r->nreferences + 1,
	    sizeof(*r->references), "references", err))
		return (-1);
	r->references[r->nreferences] = *ref;
	r->references[r->nreferences++].remove = 1;
	return (0);
}

/* What filing the record put there. */
static int
remove_filed(struct sh_removal *r, size_t rank, struct sh_error *err)
{
	struct sh_tag tags[SH_HOLDERS_MAX];
	struct sh_filed what = { .document = r->document,
	    .operation = r->document, .tags = tags, .ntags = 1 };
	struct sh_buf bytes = SH_BUF_INIT;
	struct sh_filing *f = NULL;
	struct sh_change *c;
	struct sh_stored body;
	uint8_t value[SH_VALUE_MAX];
	json_t *record = NULL;
	size_t len, i;
	int has_body, rc = -1;

	memset(tags, 0, sizeof(tags));
	tags[rank] = r->holder;
	if (sh_engine_get(r->ar->engine, &r->holder, &r->document, value,
	    &len, err) || (record = sh_document_open(r->ar, &r->holder,
	    &r->document, value, len, &body, &has_body, err)) == NULL ||
	    sh_record_bytes(record, &bytes, err))
		goto out;
	what.record = record;
	what.bytes = &bytes;
	what.body = has_body ? &body : NULL;
	if ((f = sh_filing_new(r->ar, &what, rank, err)) == NULL)
		goto out;
	c = sh_filing_change(f);
	for (i = 0; i < c->nentries; i++)
		if (remove_entry(r, c->entries[i].table, &c->entries[i].term,
		    c->entries[i].sort, c->entries[i].sortlen, err))
			goto out;
	for (i = 0; i < c->nreferences; i++)
		if (remove_reference(r, &c->references[i], err))
			goto out;
	rc = 0;
out:
	json_decref(record);
	sh_buf_free(&bytes);
	sh_filing_free(f);
	return (rc);
}

static int
remove_link(void *arg, const struct sh_entry *t, struct sh_error *err)
{
	struct sh_removal *r = arg;
	uint8_t sort[SH_IN_DOSSIER_LEN];
	struct sh_tag tag, operation;
	const char *code, *at;
	json_t *link;
	int64_t when;
	int rc = -1;

	if (t->sortlen != 32)
		return (sh_error_set(err, SH_EFIXITY, "record.damaged",
		    "a link"));
	if (remove_entry(r, SH_TABLE_LINK, &r->holder, t->sort, t->sortlen,
	    err))
		return (-1);
	if (!r->lead)
		return (0);
	if ((link = sh_document_entry(r->ar, &r->holder, t, err)) == NULL)
		return (-1);
	code = sh_member(link, "dossier");
	at = sh_member(link, "at");
	memcpy(operation.b, t->sort + 16, 16);
	if (sh_member(link, "evidence") != NULL)
		rc = 0;
	else if (code == NULL || at == NULL || sh_time_parse(at, &when))
		(void)sh_error_set(err, SH_EFIXITY, "record.damaged",
		    "a link");
	else if (sh_filing_dossier(r->ar, code, &tag, err) == 0) {
		sh_filing_in_dossier(when, &r->document, &operation, sort);
		rc = remove_entry(r, SH_TABLE_DOSSIER, &tag, sort,
		    sizeof(sort), err);
	}
	json_decref(link);
	return (rc);
}

static int
remove_act(void *arg, const struct sh_act_seen *seen, struct sh_error *err)
{
	struct sh_removal *r = arg;
	struct sh_act_index x;
	json_t *event;
	size_t i;
	int rc = -1;

	if ((event = sh_json_copy(seen->act, 0, err)) == NULL)
		return (-1);
	if (sh_json_set(event, "lead", json_boolean(r->lead), err) ||
	    sh_act_index(r->ar, event, &seen->operation, &r->holder, &x,
	    err)) {
		json_decref(event);
		return (-1);
	}
	for (i = 0; i < x.nentries; i++)
		if (memcmp(&x.about[i], &r->document, 16) == 0 &&
		    remove_entry(r, x.entries[i].table, &x.entries[i].term,
		    x.entries[i].sort, x.entries[i].sortlen, err))
			goto out;
	rc = x.has_reference ? remove_reference(r, &x.reference, err) : 0;
out:
	sh_act_index_clear(&x);
	json_decref(event);
	return (rc);
}

struct ranked {
	const struct sh_tag *holder;
	size_t rank;			/* and 1; 0: not found */
};

static int
take_rank(void *arg, const struct sh_entry *t, struct sh_error *err)
{
	struct ranked *r = arg;

	(void)err;
	if (t->sortlen != 17 || memcmp(t->sort + 1, r->holder->b, 16) != 0)
		return (0);
	r->rank = (size_t)t->sort[0] + 1;
	return (1);
}

struct sh_removal *
sh_removal_new(struct sh_archive *ar, const struct sh_tag *holder,
    const struct sh_tag *document, struct sh_error *err)
{
	struct sh_range where = { .table = SH_TABLE_DOCUMENT,
	    .term = *document };
	struct sh_range links = { .table = SH_TABLE_LINK, .term = *holder,
	    .prefix = document->b, .prefixlen = 16 };
	struct sh_removal *r;
	struct ranked ranked = { holder, 0 };

	if ((r = sh_alloc(1, sizeof(*r), "a removal", err)) == NULL)
		return (NULL);
	r->ar = ar;
	r->holder = *holder;
	r->document = r->put.document = *document;
	if (sh_engine_scan(ar->engine, &where, take_rank, &ranked, err))
		goto bad;
	if (ranked.rank == 0 || ranked.rank > SH_HOLDERS_MAX) {
		(void)sh_error_set(err, SH_EFIXITY, "record.damaged",
		    "where a document lies");
		goto bad;
	}
	r->lead = ranked.rank == 1;
	if (remove_filed(r, ranked.rank - 1, err) ||
	    sh_engine_scan(ar->engine, &links, remove_link, r, err) ||
	    sh_act_each(ar, holder, document, 0, remove_act, r, err))
		goto bad;
	return (r);
bad:
	sh_removal_free(r);
	return (NULL);
}

int
sh_purge(struct sh_archive *ar, struct sh_error *err)
{
	struct sh_engine_job *jobs;
	size_t n;
	int purged = 0, rc = -1;

	jobs = sh_alloc(SH_LEASE_MAX, sizeof(*jobs), "jobs", err);
	if (jobs == NULL)
		return (-1);
	for (;;) {
		if (sh_engine_lease(ar->engine, SH_QUEUE_PURGE, SH_LEASE_MAX,
		    sh_now(), 0, jobs, &n, err))
			goto out;
		if (n == 0)
			break;
		if (!purged && sh_engine_purge(ar->engine, err)) {
			if (err->code != SH_EAGAIN)
				goto out;
			sh_log(SH_WARN, "purge: %s", err->text);
			sh_error_clear(err);
			break;
		}
		purged = 1;
		if (sh_engine_done(ar->engine, jobs, n, -1, err))
			goto out;
	}
	rc = 0;
out:
	free(jobs);
	return (rc);
}

void
sh_removal_add(struct sh_removal *r, struct sh_change *c)
{
	c->puts = &r->put;
	c->nputs = 1;
	c->entries = r->entries;
	c->nentries = r->nentries;
	c->references = r->references;
	c->nreferences = r->nreferences;
}
