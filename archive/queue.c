#include "archive/queue.h"

#include <stdlib.h>
#include <string.h>

#include "archive/archive_internal.h"
#include "base/mem.h"

#define ADD_MAX		256	/* jobs of one change */
#define NUMBER_LEN	4

static void
job_label(const struct sh_tag *id, struct sh_label *l)
{
	memset(l, 0, sizeof(*l));
	l->table = SH_LABEL_JOB;
	l->key = id->b;
	l->keylen = sizeof(id->b);
	l->version = 1;
}

static int
make_job(struct sh_archive *ar, unsigned queue, const char *name,
    uint32_t number, struct sh_engine_job *job, struct sh_error *err)
{
	struct sh_buf b = SH_BUF_INIT, sealed = SH_BUF_INIT;
	struct sh_digest digest;
	struct sh_label l;
	uint8_t data[NUMBER_LEN];
	int rc = -1;

	sh_put_be(data, number, NUMBER_LEN);
	if (sh_buf_printf(&b, err, "%s/%lu", name, (unsigned long)number) ||
	    sh_archive_keyed_digest(ar, "queue", b.data, b.len, &digest, err))
		goto out;
	memcpy(job->id.b, digest.b, sizeof(job->id.b));
	job_label(&job->id, &l);
	if (sh_vault_seal(ar->vault, &l, data, sizeof(data), &sealed, err))
		goto out;
	job->queue = queue;
	job->len = sealed.len;
	memcpy(job->data, sealed.data, sealed.len);
	rc = 0;
out:
	sh_buf_free(&b);
	sh_buf_free(&sealed);
	return (rc);
}

static int
add_some(struct sh_archive *ar, unsigned queue, const char *name,
    const uint32_t *numbers, size_t n, struct sh_error *err)
{
	struct sh_change c = { .njobs = n };
	struct sh_engine_job *jobs;
	size_t i;
	int rc = -1;

	if ((jobs = sh_alloc(n, sizeof(*jobs), "jobs", err)) == NULL)
		return (-1);
	c.jobs = jobs;
	/* An operation of its own: an item that was done may come again. */
	if (sh_archive_manifest(ar->vault, &c.holder, err) ||
	    sh_random(c.operation.b, sizeof(c.operation.b), err))
		goto out;
	for (i = 0; i < n; i++)
		if (make_job(ar, queue, name, numbers[i], &jobs[i], err))
			goto out;
	rc = sh_engine_commit(ar->engine, &c, 1, err);
out:
	free(jobs);
	return (rc);
}

int
sh_queue_add(struct sh_archive *ar, unsigned queue, const char *name,
    const uint32_t *numbers, size_t n, struct sh_error *err)
{
	size_t i, some;

	for (i = 0; i < n; i += some) {
		some = n - i < ADD_MAX ? n - i : ADD_MAX;
		if (add_some(ar, queue, name, numbers + i, some, err))
			return (-1);
	}
	return (0);
}

int
sh_queue_lease(struct sh_archive *ar, unsigned queue, int64_t now,
    int64_t ttl, struct sh_queued *out, struct sh_error *err)
{
	struct sh_buf plain = SH_BUF_INIT;
	struct sh_label l;
	size_t got;
	int rc = -1;

	if (sh_engine_lease(ar->engine, queue, 1, now, ttl, &out->job, &got,
	    err))
		return (-1);
	if (got == 0)
		return (0);
	job_label(&out->job.id, &l);
	if (sh_vault_unseal(ar->vault, &l, out->job.data, out->job.len,
	    &plain, err))
		goto out;
	if (plain.len != NUMBER_LEN) {
		(void)sh_error_set(err, SH_EFIXITY, "value.damaged",
		    "a job's length");
		goto out;
	}
	out->number = (uint32_t)sh_get_be(plain.data, NUMBER_LEN);
	out->tries = out->job.tries;
	rc = 1;
out:
	sh_buf_free(&plain);
	return (rc);
}

int
sh_queue_done(struct sh_archive *ar, const struct sh_queued *item,
    struct sh_error *err)
{
	return (sh_engine_done(ar->engine, &item->job, 1, -1, err));
}
