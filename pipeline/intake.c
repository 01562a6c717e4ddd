#include "pipeline/intake.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/mem.h"
#include "pipeline/accede.h"
#include "pipeline/decoded.h"
#include "pipeline/divide.h"
#include "pipeline/match.h"
#include "pipeline/near.h"
#include "pipeline/review.h"
#include "pipeline/seal.h"
#include "pipeline/spool.h"

/*
 * Dossiers that may be on their way at once: of one page each they keep the
 * readers busy while the oldest is still being read.
 */
#define WINDOW	16

struct lane {			/* one dossier on its way */
	struct sh_job *job;
	struct sh_spool *spool;	/* NULL when nothing is archived */
	size_t index;
	size_t scan;		/* the next to open */
	int fed_all;
	struct sh_near *near;	/* of the holder; NULL until it is asked */
};

struct run {
	const struct sh_intake_options *o;
	int (*next)(void *, struct sh_dossier **, struct sh_error *);
	void *next_arg;
	struct sh_spool *cache;
	const char *engine;	/* what reads, for the record */
	struct lane lanes[WINDOW];
	size_t nlanes;		/* oldest first */
	size_t opened;
	int no_more;
	struct sh_decoding *decoding;	/* of the newest lane */
	struct sh_decoded *decoded;	/* of the same file; or NULL */
	size_t done, known;
	uint64_t serial;	/* of lanes[0], for the pool's tags */
	struct sh_error ahead;	/* what feed_ahead() could not do */
};

/* ---- names and results on the spool ------------------------------------ */

/*
 * The name of a page's reading: whatever could change the reading changes
 * the name.
 */
static int
reading_name(struct sh_home *home, const char *engine,
    const struct sh_raster *r, char name[72], struct sh_error *err)
{
	struct sh_buf b = SH_BUF_INIT;
	struct sh_digest digest;
	char hex[SH_HEX_LEN];
	int rc = -1;

	if (sh_buf_append(&b, r->digest.b, SH_DIGEST_LEN, err) ||
	    sh_buf_printf(&b, err, "|%s|%d|%d|%d|%.3f|%.3f|%d", engine,
	    r->width_px, r->height_px, r->channels, r->dpi_x, r->dpi_y,
	    r->exif_orientation) ||
	    sh_archive_keyed_digest(home->archive, "reading", b.data, b.len,
	    &digest, err))
		goto out;
	sh_hex(digest.b, SH_DIGEST_LEN, hex);
	(void)snprintf(name, 72, "r-%s", hex);
	rc = 0;
out:
	sh_buf_free(&b);
	return (rc);
}

/* 1 with the cached reading, 0 or -1. */
static int
cached_reading(struct run *r, const char *name, struct sh_page **pagep,
    struct sh_error *err)
{
	struct sh_buf b = SH_BUF_INIT;
	json_t *v = NULL;
	int rc;

	rc = sh_spool_get(r->cache, name, &b, err);
	if (rc == 1) {
		v = sh_json_parse(b.data, b.len, b.len, err);
		if (v == NULL || sh_page_from_json(v, pagep, err))
			rc = -1;
	}
	json_decref(v);
	sh_buf_free(&b);
	return (rc);
}

static int
cache_reading(struct run *r, const char *name, const struct sh_page *page,
    struct sh_error *err)
{
	struct sh_buf b = SH_BUF_INIT;
	json_t *v;
	int rc = -1;

	if ((v = sh_page_to_json(page, err)) != NULL &&
	    sh_json_print(v, 0, &b, err) == 0)
		rc = sh_spool_put(r->cache, name, b.data, b.len, 0, err);
	json_decref(v);
	sh_buf_free(&b);
	return (rc);
}

/* ---- lanes --------------------------------------------------------------- */

static void
close_lane(struct run *r)
{
	struct lane *l = &r->lanes[0];

	sh_near_close(l->near);
	sh_spool_close(l->spool);
	sh_job_free(l->job);
	r->nlanes--;
	r->serial++;
	memmove(&r->lanes[0], &r->lanes[1], r->nlanes * sizeof(r->lanes[0]));
}

/* Everything that was fed, on the spool and synced before anything else. */
static int
capture(struct run *r, struct lane *l, struct sh_error *err)
{
	const struct sh_dossier *d = l->job->dossier;
	struct sh_digest digest;
	struct sh_error absent;
	char *dir = NULL, name[32];
	uint64_t bytes;
	size_t i;
	int fd, rc = -1;

	if (sh_review_folder(r->o->home, d, &dir, err) ||
	    sh_spool_open(dir, r->o->home->archive, &l->spool, err))
		goto out;
	for (i = 0; i < d->nscans; i++) {
		sh_error_clear(&absent);
		/* Its own failure is told when it is to be decoded. */
		if ((fd = sh_dossier_open_scan(d, i, &absent)) < 0)
			continue;
		(void)snprintf(name, sizeof(name), SH_SPOOL_SCAN, i);
		rc = sh_spool_put_file(l->spool, name, fd, &digest, &bytes,
		    err);
		(void)close(fd);
		if (rc != 0) {
			sh_error_param(err, "file", "%s", d->scans[i]);
			goto out;
		}
	}
	rc = 0;
out:
	free(dir);
	return (rc);
}

/* Tell that a dossier ended before its documents did. */
static void
report(struct run *r, size_t index, const struct sh_error *why)
{
	if (r->o->watch.finished != NULL)
		r->o->watch.finished(r->o->watch.arg, index, NULL, why);
}

static int
open_lane(struct run *r, struct sh_error *err)
{
	struct sh_dossier *d = NULL;
	struct sh_error own = SH_ERROR_INIT;
	struct lane *l = &r->lanes[r->nlanes];
	size_t index;

	switch (r->next(r->next_arg, &d, &own)) {
	case 0:
		r->no_more = 1;
		return (0);
	case 1:
		break;
	default:
		report(r, r->opened++, &own);
		return (0);
	}
	index = r->opened++;
	memset(l, 0, sizeof(*l));
	l->index = index;
	if (sh_job_new(d, r->o->catalogue, &l->job, err))
		return (-1);
	r->nlanes++;
	if (r->o->home != NULL)
		l->job->archive = r->o->home->archive;
	if (r->o->home != NULL && capture(r, l, &own)) {
		/* A full disk ends the run, not just this dossier. */
		if (own.code == SH_ESYSTEM || own.code == SH_ENOMEM) {
			*err = own;
			return (-1);
		}
		report(r, index, &own);
		sh_spool_close(l->spool);
		sh_job_free(l->job);
		r->nlanes--;
		return (0);
	}
	/* Nobody hears it and nothing is reused: then it is not asked. */
	if (r->o->home != NULL && (r->o->reuse != SH_REUSE_NEVER ||
	    r->o->watch.opened != NULL) && sh_again_look(r->o->home, l->job,
	    r->o->reuse, err))
		return (-1);
	if (r->o->watch.opened != NULL)
		r->o->watch.opened(r->o->watch.arg, index, l->job);
	return (0);
}

static struct lane *
feeding_lane(struct run *r)
{
	struct lane *l;

	if (r->nlanes == 0)
		return (NULL);
	l = &r->lanes[r->nlanes - 1];
	return (l->fed_all ? NULL : l);
}

static void
show_progress(struct run *r)
{
	if (r->o->watch.progress != NULL)
		r->o->watch.progress(r->o->watch.arg, r->done, r->known);
}

/* A page that cannot be had: it is fed all the same, as a visible hole. */
static int
feed_hole(struct run *r, struct lane *l, uint32_t page,
    const struct sh_error *why, struct sh_error *err)
{
	size_t index;

	if (sh_job_feed(l->job, (uint32_t)l->scan, page, &index, err) ||
	    sh_job_set_aside(l->job, index, why, err))
		return (-1);
	r->known++;
	r->done++;
	show_progress(r);
	return (0);
}

static int
keep_image(struct lane *l, size_t index, const struct sh_raster *raster,
    struct sh_error *err)
{
	struct sh_fed_page *f = &l->job->fed[index];
	struct sh_buf bytes = SH_BUF_INIT;
	uint8_t *p;
	char name[SH_IMAGE_NAME];
	int rc = -1;

	f->digest = raster->digest;
	f->image = raster->image;
	f->image.fd = -1;
	f->exif_orientation = raster->exif_orientation;
	f->from_pdf = raster->from_pdf;
	f->composed = raster->drawn || raster->text_bytes > 0;
	if (l->spool == NULL)
		return (0);
	if ((p = sh_buf_reserve(&bytes, (size_t)raster->image.bytes, err)) ==
	    NULL || sh_pread_all(raster->image.fd, p,
	    (size_t)raster->image.bytes, raster->image.offset, err))
		goto out;
	sh_job_image_name(l->job, index, name);
	if (sh_spool_put(l->spool, name, p, (size_t)raster->image.bytes, 0,
	    err))
		goto out;
	(void)snprintf(name, sizeof(name), SH_SPOOL_LIKENESS, index);
	if (raster->likeness.len == 0 || sh_spool_put(l->spool, name,
	    raster->likeness.data, raster->likeness.len, 0, err) == 0)
		rc = 0;
out:
	sh_buf_free(&bytes);
	return (rc);
}

/* The lane and page of a tag; NULL when its lane is gone. */
static struct lane *
lane_of(struct run *r, uint64_t tag, size_t *indexp)
{
	uint64_t lane = (tag >> 32) - r->serial;

	*indexp = (size_t)(tag & 0xffffffff);
	return (lane < r->nlanes ? &r->lanes[lane] : NULL);
}

/* 1 if a reader has a page with that very reading under way. */
static int
under_way(const struct run *r, const char *name)
{
	size_t i, k;

	for (i = 0; i < r->nlanes; i++) {
		const struct sh_job *j = r->lanes[i].job;

		for (k = 0; j->npending > 0 && k < j->nfed; k++)
			if (j->fed[k].kind == SH_FED_PENDING &&
			    !j->fed[k].follows &&
			    strcmp(j->fed[k].cache, name) == 0)
				return (1);
	}
	return (0);
}

/* What became of a page becomes of those that follow it. */
static int
serve_followers(struct run *r, const char *name, const struct sh_page *page,
    const struct sh_error *failure, struct sh_error *err)
{
	size_t i, k;

	for (i = 0; i < r->nlanes; i++) {
		struct sh_job *j = r->lanes[i].job;

		for (k = 0; j->npending > 0 && k < j->nfed; k++) {
			struct sh_fed_page *f = &j->fed[k];

			if (f->kind != SH_FED_PENDING || !f->follows ||
			    strcmp(f->cache, name) != 0)
				continue;
			*f->cache = '\0';
			if (page != NULL ? sh_job_read(j, k, page, err) :
			    sh_job_set_aside(j, k, failure, err))
				return (-1);
			r->done++;
		}
	}
	return (0);
}

/*
 * Is it a sheet that the dossier's holder has, captured again?  1: its
 * reading is taken over.
 */
static int
known_sheet(struct run *r, struct lane *l, size_t index,
    const struct sh_raster *raster, struct sh_error *err)
{
	const struct sh_dossier *d = l->job->dossier;
	struct sh_holder holder = { .id = d->holder, .name = d->holder_name,
	    .birth = d->holder_birth };
	struct sh_reader who = { .machine = 1, .purpose = d->code,
	    .name = sh_signer_name(r->o->home->officer),
	    .agency = sh_config_text(r->o->home->config, "agency-code") };
	struct sh_page *page = NULL;
	struct sh_near_page where;
	int rc;

	if (raster->likeness.len == 0 || d->holder.kind == SH_ID_NONE)
		return (0);
	if (l->near == NULL && sh_near_open(r->o->home->archive, &who,
	    &holder, &l->near, err))
		return (-1);
	rc = sh_near_find(l->near, &who, raster, r->engine, &page, &where,
	    err);
	if (rc == 1) {
		l->job->fed[index].near = where;
		rc = sh_job_read(l->job, index, page, err) == 0 ? 1 : -1;
		sh_page_free(page);
	}
	return (rc);
}

static int
feed_page(struct run *r, struct lane *l, struct sh_raster *raster,
    struct sh_error *err)
{
	struct sh_page *page = NULL;
	char name[72];
	size_t index;
	uint64_t tag;
	int cached, rc = -1;

	if (sh_job_feed(l->job, (uint32_t)l->scan, raster->page, &index,
	    err) || keep_image(l, index, raster, err))
		return (-1);
	r->known++;
	tag = (r->serial + (uint64_t)(l - r->lanes)) << 32 | index;
	if (r->cache != NULL) {
		if (reading_name(r->o->home, r->engine, raster, name, err) ||
		    (cached = cached_reading(r, name, &page, err)) < 0)
			return (-1);
		if (cached) {
			rc = sh_job_read(l->job, index, page, err);
			sh_page_free(page);
			r->done++;
			show_progress(r);
			return (rc);
		}
		if ((cached = known_sheet(r, l, index, raster, err)) != 0) {
			r->done++;
			show_progress(r);
			return (cached < 0 ? -1 : 0);
		}
		l->job->fed[index].follows = under_way(r, name);
		(void)snprintf(l->job->fed[index].cache,
		    sizeof(l->job->fed[index].cache), "%s", name);
		if (l->job->fed[index].follows)
			return (0);
	}
	return (sh_read_submit(r->o->pool, raster, tag, err));
}

/* 1 if there is, or will be, a reading of the page. */
static int
is_read(struct run *r, const struct sh_raster *raster, struct sh_error *err)
{
	struct sh_buf b = SH_BUF_INIT;
	char name[72];
	int rc;

	if (reading_name(r->o->home, r->engine, raster, name, err))
		return (-1);
	rc = under_way(r, name) ? 1 : sh_spool_get(r->cache, name, &b, err);
	sh_buf_free(&b);
	return (rc);
}

/*
 * Were the very bytes of the scan decoded before, and all its pages read?  1:
 * they are fed.
 */
static int
feed_known(struct run *r, struct lane *l, int fd, struct sh_error *err)
{
	struct sh_raster pages[SH_DECODED_PAGES_MAX];
	size_t i, n = 0;
	int rc;

	if (r->cache == NULL)
		return (0);
	if (sh_decoded_new(r->o->home->archive, fd, &r->decoded, err))
		return (-1);
	rc = sh_decoded_get(r->decoded, r->cache, pages, &n, err);
	for (i = 0; i < n && rc == 1; i++)
		rc = is_read(r, &pages[i], err);
	for (i = 0; i < n; i++) {
		if (rc == 1 && feed_page(r, l, &pages[i], err))
			rc = -1;
		sh_raster_clear(&pages[i]);
	}
	return (rc);
}

static void
end_scan(struct run *r, struct lane *l)
{
	sh_decode_close(r->decoding);
	sh_decoded_free(r->decoded);
	r->decoding = NULL;
	r->decoded = NULL;
	l->scan++;
}

/* Open the lane's next scan; what it cannot be decoded for is a hole. */
static int
open_scan(struct run *r, struct lane *l, struct sh_error *err)
{
	struct sh_error own = SH_ERROR_INIT;
	int fd, rc = 0;

	fd = sh_dossier_open_scan(l->job->dossier, l->scan, &own);
	if (fd >= 0 && (rc = feed_known(r, l, fd, err)) == 0 &&
	    sh_decode_open(r->o->pool, fd, &r->decoding, &own) == 0) {
		(void)close(fd);
		return (0);
	}
	if (rc == 0)
		rc = feed_hole(r, l, 0, &own, err);
	if (fd >= 0)
		(void)close(fd);
	end_scan(r, l);
	return (rc < 0 ? -1 : 0);
}

/* Decode one more page of the newest dossier and hand it to a reader. */
static int
feed(struct run *r, struct lane *l, struct sh_error *err)
{
	struct sh_raster raster;
	struct sh_error own = SH_ERROR_INIT;
	uint32_t page = 0;
	int rc;

	if (r->decoding == NULL && l->scan == l->job->dossier->nscans) {
		l->fed_all = 1;
		return (0);
	}
	if (r->decoding == NULL)
		return (open_scan(r, l, err));
	switch (sh_decode_next(r->decoding, &raster, &page, &own)) {
	case 1:
		rc = sh_decoded_add(r->decoded, &raster, err) ? -1 :
		    feed_page(r, l, &raster, err);
		sh_raster_clear(&raster);
		return (rc);
	case 0:
		rc = sh_decoded_put(r->decoded, r->cache, err);
		end_scan(r, l);
		return (rc);
	default:
		sh_decoded_forget(r->decoded);
		return (feed_hole(r, l, page, &own, err));
	}
}

/* Take one reading from the pool; 0 when there is none to wait for. */
static int
collect(struct run *r, int wait, struct sh_error *err)
{
	struct sh_page *page = NULL;
	struct sh_error failure = SH_ERROR_INIT;
	struct lane *l;
	char name[72];
	uint64_t tag;
	size_t index;
	int got, rc;

	got = sh_read_wait(r->o->pool, wait, &tag, &page, &failure, err);
	if (got <= 0)
		return (got);
	if ((l = lane_of(r, tag, &index)) == NULL) {
		sh_page_free(page);
		return (1);
	}
	(void)snprintf(name, sizeof(name), "%s", l->job->fed[index].cache);
	if (page == NULL) {
		rc = sh_job_set_aside(l->job, index, &failure, err);
	} else {
		rc = sh_job_read(l->job, index, page, err);
		if (rc == 0 && r->cache != NULL)
			rc = cache_reading(r, name, page, err);
	}
	if (rc == 0 && r->cache != NULL)
		rc = serve_followers(r, name, page, &failure, err);
	sh_page_free(page);
	r->done++;
	show_progress(r);
	return (rc == 0 ? 1 : -1);
}

/* ---- documents ------------------------------------------------------------ */

static int
stopped(const struct run *r, struct sh_error *err)
{
	if ((r->o->stop == NULL || !*r->o->stop) && (r->o->watch.halt ==
	    NULL || !r->o->watch.halt(r->o->watch.arg)))
		return (0);
	return (sh_error_set(err, SH_EAGAIN, "run.stopped",
	    "stopped; the same command goes on from here"));
}

/* While a document's page is read again the readers get more of the next. */
static int
feed_ahead(void *arg)
{
	struct run *r = arg;
	struct lane *l = feeding_lane(r);
	struct sh_error ignored = SH_ERROR_INIT;

	if (r->ahead.code != SH_OK || stopped(r, &ignored))
		return (0);
	if (l != NULL)
		return (feed(r, l, &r->ahead) == 0);
	if (r->no_more || r->nlanes == WINDOW)
		return (0);
	return (open_lane(r, &r->ahead) == 0);
}

static int
archive_drafts(struct run *r, struct lane *l, struct sh_error *err)
{
	struct sh_error own;
	size_t i;

	for (i = 0; i < l->job->ndrafts; i++) {
		struct sh_draft *d = &l->job->drafts[i];

		if (d->state != SH_DRAFT_READY)
			continue;
		if (stopped(r, err))
			return (-1);
		sh_error_clear(&own);
		if (sh_accede(r->o->home, r->o->pool, l->spool, l->job, d,
		    r->engine, &own) == 0)
			continue;
		if (own.code == SH_ESYSTEM || own.code == SH_ENOMEM ||
		    own.code == SH_EDENIED) {
			*err = own;
			return (-1);
		}
		d->failure = sh_alloc(1, sizeof(own), "a document", err);
		if (d->failure == NULL)
			return (-1);
		*d->failure = own;
		d->state = SH_DRAFT_FAILED;
	}
	return (0);
}

/* The oldest dossier has all its readings: make documents of them. */
static int
finish(struct run *r, struct sh_error *err)
{
	struct lane *l = &r->lanes[0];
	double at = sh_cpu_seconds();

	if (sh_divide(l->job, err))
		return (-1);
	if (l->job->dossier->holder.kind != SH_ID_NONE &&
	    sh_match(l->job, err))
		return (-1);
	if (r->o->home != NULL && sh_review_recall(r->o->home, l->spool,
	    l->job, err))
		return (-1);
	if (sh_job_account(l->job, err))
		return (-1);
	if (r->o->home != NULL)
		sh_home_spent(r->o->home, SH_STAGE_DIVIDE, &at);
	if (r->o->home != NULL && (archive_drafts(r, l, err) ||
	    sh_again_take(r->o->home, l->job, err) ||
	    sh_review_settle(r->o->home, l->spool, l->job, err)))
		return (-1);
	if (r->o->watch.finished != NULL)
		r->o->watch.finished(r->o->watch.arg, l->index, l->job, NULL);
	close_lane(r);
	return (0);
}

static int
step(struct run *r, struct sh_error *err)
{
	struct lane *l = feeding_lane(r);
	int got;

	if (r->ahead.code != SH_OK) {
		*err = r->ahead;
		return (-1);
	}
	if (stopped(r, err))
		return (-1);
	if (l == NULL && !r->no_more && r->nlanes < WINDOW)
		return (open_lane(r, err));
	/* Readers first: whatever they are done with is taken without waiting. */
	while ((got = collect(r, 0, err)) == 1)
		;
	if (got < 0)
		return (-1);
	if (r->nlanes > 0 && r->lanes[0].fed_all &&
	    r->lanes[0].job->npending == 0)
		return (finish(r, err));
	if (l != NULL && sh_read_room(r->o->pool))
		return (feed(r, l, err));
	if ((got = collect(r, 1, err)) < 0)
		return (-1);
	return (0);
}

int
sh_intake(const struct sh_intake_options *o,
    int (*next)(void *, struct sh_dossier **, struct sh_error *), void *arg,
    struct sh_error *err)
{
	struct run r = { .o = o, .next = next, .next_arg = arg };
	struct sh_error ignored = SH_ERROR_INIT;
	int rc = -1;

	if (o->home != NULL && ((r.engine = sh_pool_engine(o->pool, err)) ==
	    NULL || sh_home_readings(o->home, &r.cache, err)))
		goto out;
	sh_read_ahead(o->pool, feed_ahead, &r);
	while (!r.no_more || r.nlanes > 0)
		if (step(&r, err))
			goto out;
	if (r.cache != NULL && (sh_spool_trim(r.cache,
	    (uint64_t)sh_config_int(o->home->config, "cache-mb") << 20, err) ||
	    sh_archive_search_follow(o->home->archive, err) ||
	    sh_home_seal_due(o->home, err)))
		goto out;
	rc = 0;
out:
	/*
	 * Pages under way are read to their end: nothing is read twice.  The
	 * others are not begun with: somebody may be waiting.
	 */
	sh_read_ahead(o->pool, NULL, NULL);
	sh_read_drop(o->pool);
	while (collect(&r, 1, &ignored) > 0)
		;
	sh_decode_close(r.decoding);
	sh_decoded_free(r.decoded);
	while (r.nlanes > 0)
		close_lane(&r);
	sh_spool_close(r.cache);
	return (rc);
}
