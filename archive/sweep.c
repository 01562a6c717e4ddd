/*
 * A document with several holders is committed to the first, whose change
 * queues a job; the others follow under the same operation id.  What a crash
 * left in between is found here and completed: everything needed stands in
 * the leader's record.
 */
#include "archive/archive_internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"

/* A job's sealed data, frozen: holder, document, 1 if it is a link. */
#define JOB_LEN	33

static void
job_label(const struct sh_tag *operation, struct sh_label *l)
{
	memset(l, 0, sizeof(*l));
	l->table = SH_LABEL_JOB;
	l->key = operation->b;
	l->keylen = sizeof(operation->b);
	l->version = 1;
}

int
sh_sweep_job(struct sh_archive *ar, const struct sh_filed *what,
    struct sh_engine_job *job, struct sh_error *err)
{
	struct sh_buf sealed = SH_BUF_INIT;
	struct sh_label l;
	uint8_t data[JOB_LEN];
	int rc;

	memcpy(data, what->tags[0].b, 16);
	memcpy(data + 16, what->document.b, 16);
	data[32] = what->link != NULL;
	job_label(&what->operation, &l);
	rc = sh_vault_seal(ar->vault, &l, data, sizeof(data), &sealed, err);
	if (rc == 0) {
		job->queue = SH_QUEUE_FILE;
		job->id = what->operation;
		job->len = sealed.len;
		memcpy(job->data, sealed.data, sealed.len);
	}
	sh_buf_free(&sealed);
	return (rc);
}

/* ---- completing ---------------------------------------------------------- */

struct sweep {
	struct sh_archive *ar;
	struct sh_filed what;
	struct sh_tag tags[SH_HOLDERS_MAX];
	struct sh_buf bytes;
	struct sh_stored body;
	json_t *record;
	json_t *link;
};

static int
open_job(struct sh_archive *ar, const struct sh_engine_job *job,
    uint8_t data[JOB_LEN], struct sh_error *err)
{
	struct sh_buf plain = SH_BUF_INIT;
	struct sh_label l;
	int rc;

	job_label(&job->id, &l);
	rc = sh_vault_unseal(ar->vault, &l, job->data, job->len, &plain, err);
	if (rc == 0 && plain.len != JOB_LEN)
		rc = sh_error_set(err, SH_EFIXITY, "value.damaged",
		    "a job's length");
	if (rc == 0)
		memcpy(data, plain.data, JOB_LEN);
	sh_buf_free(&plain);
	return (rc);
}

static int
take_link(void *arg, const struct sh_entry *t, struct sh_error *err)
{
	struct sweep *s = arg;

	s->link = sh_document_entry(s->ar, &s->tags[0], t, err);
	return (s->link != NULL ? 1 : -1);
}

/* What the leader has of the document: 1, or 0 when nothing was committed. */
static int
load(struct sweep *s, const uint8_t data[JOB_LEN], struct sh_error *err)
{
	uint8_t value[SH_VALUE_MAX], sort[32];
	struct sh_range r = { .table = SH_TABLE_LINK, .prefix = sort,
	    .prefixlen = sizeof(sort) };
	int64_t archived_at;
	size_t len;
	int has_body;

	memcpy(s->tags[0].b, data, 16);
	memcpy(s->what.document.b, data + 16, 16);
	if (sh_engine_get(s->ar->engine, &s->tags[0], &s->what.document,
	    value, &len, err) || (s->record = sh_document_open(s->ar,
	    &s->tags[0], &s->what.document, value, len, &s->body, &has_body,
	    err)) == NULL) {
		/* Erased, destroyed, or the job came before its change. */
		if (err->code != SH_ENOTFOUND)
			return (-1);
		sh_error_clear(err);
		return (0);
	}
	if (data[32]) {
		r.term = s->tags[0];
		memcpy(sort, s->what.document.b, 16);
		memcpy(sort + 16, s->what.operation.b, 16);
		if (sh_engine_scan(s->ar->engine, &r, take_link, s, err))
			return (-1);
		if (s->link == NULL)
			return (0);
		/* Earlier links may have brought holders too. */
		if (sh_document_locate(s->ar, &s->what.document, s->tags,
		    &s->what.ntags, &archived_at, err))
			return (-1);
	}
	if (sh_record_bytes(s->record, &s->bytes, err) ||
	    sh_holder_tags(s->ar, s->record, s->tags, &s->what.ntags, err) ||
	    (s->link != NULL && sh_holder_tags(s->ar, s->link, s->tags,
	    &s->what.ntags, err)))
		return (-1);
	s->what.record = s->record;
	s->what.bytes = &s->bytes;
	s->what.body = has_body ? &s->body : NULL;
	s->what.link = s->link;
	s->what.tags = s->tags;
	return (1);
}

static int
file_followers(struct sweep *s, struct sh_error *err)
{
	struct sh_filing *f;
	size_t i;
	int rc;

	for (i = 1; i < s->what.ntags; i++) {
		if (sh_vault_need_keys(s->ar->vault, &s->tags[i], 1, err)) {
			/* Erased since: nothing is filed there any more. */
			if (err->code != SH_ENOTFOUND)
				return (-1);
			sh_error_clear(err);
			continue;
		}
		if ((f = sh_filing_new(s->ar, &s->what, i, err)) == NULL)
			return (-1);
		rc = sh_engine_commit(s->ar->engine, sh_filing_change(f), 1,
		    err);
		sh_filing_free(f);
		if (rc != 0)
			return (-1);
	}
	return (0);
}

static int
complete(struct sh_archive *ar, const struct sh_engine_job *job,
    struct sh_error *err)
{
	struct sweep s = { .ar = ar };
	uint8_t data[JOB_LEN];
	int r, rc = -1;

	s.what.operation = job->id;
	if (open_job(ar, job, data, err))
		goto out;
	if ((r = load(&s, data, err)) < 0)
		goto out;
	rc = r == 1 ? file_followers(&s, err) : 0;
out:
	json_decref(s.record);
	json_decref(s.link);
	sh_buf_free(&s.bytes);
	return (rc);
}

int
sh_sweep(struct sh_archive *ar, struct sh_error *err)
{
	struct sh_engine_job *jobs;
	size_t n, i, failed = 0;
	int rc = -1;

	if ((jobs = calloc(SH_LEASE_MAX, sizeof(*jobs))) == NULL)
		return (sh_error_nomem(err, "jobs"));
	do {
		/*
		 * Without a term: whoever held a lease is dead, for this
		 * process has the lock, and completing twice does no harm.
		 */
		if (sh_engine_lease(ar->engine, SH_QUEUE_FILE, SH_LEASE_MAX,
		    sh_now(), 0, jobs, &n, err))
			goto out;
		for (i = 0; i < n; i++) {
			if (complete(ar, &jobs[i], err)) {
				if (err->code != SH_EFIXITY)
					goto out;
				/* The check tells of it; others go on. */
				sh_log(SH_ERR, "filing: %s", err->text);
				sh_error_clear(err);
				failed++;
				continue;
			}
			if (sh_engine_done(ar->engine, &jobs[i], 1, -1, err))
				goto out;
		}
	} while (n == SH_LEASE_MAX && failed == 0);
	ar->unfiled = 0;
	rc = 0;
out:
	free(jobs);
	return (rc);
}
