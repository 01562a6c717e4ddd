#include "pipeline/original.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/mem.h"
#include "pipeline/render.h"

void
sh_originals_clear(struct sh_originals *o)
{
	size_t i;

	for (i = 0; i < o->n; i++)
		(void)close(o->rendition[i].fd);
	o->n = 0;
}

/* What our verifier says of the file; NULL where it cannot say anything. */
static int
judge(struct sh_home *home, struct sh_pool *pool, int fd, json_t **reportp,
    struct sh_error *err)
{
	struct sh_buf roots = SH_BUF_INIT;
	char *dir;
	int rc;

	*reportp = NULL;
	if ((dir = sh_home_path(home, sh_config_text(home->config, "roots"),
	    err)) == NULL)
		return (-1);
	rc = sh_trust_read(dir, &roots, err);
	if (rc == 0 && sh_pool_verify(pool, fd, roots.data, roots.len,
	    sh_now(), reportp, err) != 0) {
		rc = err->code == SH_ESYSTEM || err->code == SH_ENOMEM ? -1 :
		    0;
		if (rc == 0)
			sh_error_clear(err);
	}
	sh_buf_free(&roots);
	free(dir);
	return (rc);
}

/* The scan out of the spool: 1, 0 when it is not there, -1. */
static int
fetch(struct sh_spool *spool, uint32_t scan, int *fdp, struct sh_error *err)
{
	char name[32];

	(void)snprintf(name, sizeof(name), SH_SPOOL_SCAN, (size_t)scan);
	if ((*fdp = sh_memfd("original", err)) < 0)
		return (-1);
	if (sh_spool_get_file(spool, name, *fdp, err) == 0)
		return (0);
	(void)close(*fdp);
	*fdp = -1;
	return (-1);
}

static int
keep(struct sh_originals *out, uint32_t scan, int fd, const json_t *report,
    json_t *told, struct sh_error *err)
{
	char *name = out->name[out->n];

	if (out->n > 0)
		(void)snprintf(name, sizeof(out->name[0]), "original-%zu",
		    out->n + 1);
	else
		(void)snprintf(name, sizeof(out->name[0]), "original");
	out->rendition[out->n++] = (struct sh_rendition){ name,
	    "application/pdf", fd, NULL, 0 };
	return (sh_json_append(told, json_pack("{s:s, s:i, s:i, s:s*}",
	    "rendition", name, "scan", (int)scan, "signatures",
	    (int)json_array_size(json_object_get(report, "signatures")),
	    "status", json_string_value(json_object_get(report, "status"))),
	    err));
}

/* One file of the document, seen for the first time. */
static int
look_at(struct sh_home *home, struct sh_pool *pool, struct sh_spool *spool,
    struct sh_job *job, uint32_t scan, int composed,
    struct sh_originals *out, json_t *told, struct sh_error *err)
{
	signed char *is_signed = &job->signed_scan[scan];
	json_t *report = NULL;
	int fd = -1, rc = -1;

	/* A batch of many documents in one file is judged once. */
	if (*is_signed < 0 && !composed)
		return (0);
	if (fetch(spool, scan, &fd, err) ||
	    judge(home, pool, fd, &report, err))
		goto out;
	*is_signed = json_array_size(json_object_get(report, "signatures")) >
	    0 ? 1 : -1;
	rc = 0;
	if (*is_signed < 0 && !composed)
		goto out;
	if (out->n == SH_ORIGINALS_MAX) {
		sh_error_param(err, "limit", "%d", SH_ORIGINALS_MAX);
		rc = sh_error_set(err, SH_ELIMIT, "original.many",
		    "a document out of more than %d PDF files",
		    SH_ORIGINALS_MAX);
		goto out;
	}
	rc = keep(out, scan, fd, report, told, err);
	fd = -1;
out:
	if (fd >= 0)
		(void)close(fd);
	json_decref(report);
	return (rc);
}

/* Is it the draft's first page of that scan?  COMPOSEDP: is any of them? */
static int
is_first(const struct sh_job *job, const struct sh_draft *d, size_t i,
    int *composedp)
{
	uint32_t scan = job->fed[d->pages[i]].scan;
	size_t k;

	*composedp = 0;
	for (k = 0; k < d->npages; k++) {
		const struct sh_fed_page *f = &job->fed[d->pages[k]];

		if (f->scan != scan)
			continue;
		if (k < i)
			return (0);
		*composedp |= f->composed;
	}
	return (1);
}

int
sh_originals_find(struct sh_home *home, struct sh_pool *pool,
    struct sh_spool *spool, struct sh_job *job, const struct sh_draft *d,
    struct sh_originals *out, json_t *made_by, struct sh_error *err)
{
	json_t *told;
	size_t i;
	int composed;

	memset(out, 0, sizeof(*out));
	if (job->signed_scan == NULL && (job->signed_scan = sh_alloc(
	    job->dossier->nscans, 1, "scans", err)) == NULL)
		return (-1);
	if ((told = sh_json_new_array(err)) == NULL)
		return (-1);
	for (i = 0; i < d->npages; i++) {
		const struct sh_fed_page *f = &job->fed[d->pages[i]];

		if (!f->from_pdf || !is_first(job, d, i, &composed))
			continue;
		if (look_at(home, pool, spool, job, f->scan, composed, out,
		    told, err)) {
			json_decref(told);
			sh_originals_clear(out);
			return (-1);
		}
	}
	if (out->n > 0)
		return (sh_json_set(made_by, "originals", told, err));
	json_decref(told);
	return (0);
}
