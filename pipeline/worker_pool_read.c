#include "pipeline/worker_pool_internal.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/mem.h"

#define START_WALL_MS	60000	/* to load the model */
#define BAD_STARTS_MAX	3
/* Jobs that wait while all readers work; more than one while they are small. */
#define AHEAD_MAX	4
#define AHEAD_BYTES	((uint64_t)192 << 20)

/* ---- jobs ------------------------------------------------------------------ */

static void
close_files(struct sh_job *j)
{
	if (j->pixels >= 0)
		(void)close(j->pixels);
	if (j->text >= 0)
		(void)close(j->text);
	j->pixels = j->text = -1;
}

static void
free_job(struct sh_job *j)
{
	close_files(j);
	sh_page_free(j->page);
	memset(j, 0, sizeof(*j));
	j->pixels = j->text = -1;
}

static void
finish_job(struct sh_job *j, struct sh_page *page, const struct sh_error *why)
{
	close_files(j);
	j->page = page;
	if (page == NULL)
		j->failure = *why;
	j->state = JOB_DONE;
}

/* Of the first N jobs. */
static struct sh_job *
first_job(struct sh_pool *p, int state, unsigned n)
{
	struct sh_job *best = NULL, *j;

	for (j = p->jobs; j < p->jobs + n; j++)
		if ((int)j->state == state &&
		    (best == NULL || j->order < best->order))
			best = j;
	return (best);
}

static unsigned
count_jobs(const struct sh_pool *p, int state)
{
	unsigned n = 0, i;

	for (i = 0; i < p->njobs; i++)
		n += (int)p->jobs[i].state == state;
	return (n);
}

/* ---- readers ---------------------------------------------------------------- */

static int
start_reader(struct sh_pool *p, struct sh_reader *r, struct sh_error *err)
{
	const char *args[3] = { NULL };
	size_t n = 0;

	if (p->as_read)
		args[n++] = "--as-read";
	args[n] = p->model_dir;
	r->ready = 0;
	r->pages = 0;
	r->deadline_ms = sh_monotonic_ms() + START_WALL_MS;
	return (sh_child_start(p, &r->child, "read", args, NULL, 0, err));
}

/*
 * Readers that do not come up will not by being started for ever; one that
 * can say why (no model, no sandbox) need not be asked again.
 */
static void
bad_start(struct sh_pool *p, const struct sh_error *why, int told)
{
	if (p->broken.code != SH_OK ||
	    (++p->bad_starts < BAD_STARTS_MAX && !told))
		return;
	p->broken = *why;
	sh_log(SH_ERR, "no reader: %s", why->text);
}

void
sh_reader_refill(struct sh_pool *p, struct sh_reader *r)
{
	struct sh_error err = SH_ERROR_INIT;

	if (p->wanted && p->broken.code == SH_OK && r->child.pid == 0 &&
	    start_reader(p, r, &err))
		bad_start(p, &err, 0);
}

/*
 * The reader is gone or goes now; its page gets a second try in another
 * process, then fails.  A fresh one takes its place.
 */
static void
replace_reader(struct sh_pool *p, struct sh_reader *r, enum sh_end end,
    const struct sh_error *told)
{
	struct sh_error why = SH_ERROR_INIT;
	struct sh_job *j = r->job;

	if (told != NULL)
		why = *told;
	(void)sh_child_end(p, &r->child, end, p->read_wall_ms, &why);
	if (r->output >= 0)
		(void)close(r->output);
	r->output = -1;
	r->job = NULL;
	if (!r->ready) {
		if (told == NULL) {
			sh_error_clear(&why);
			(void)sh_error_set(&why, SH_ELIBRARY, "worker.start",
			    "a reader did not come up");
		}
		bad_start(p, &why, told != NULL);
	}
	if (j != NULL && j->attempts >= SH_ATTEMPTS)
		finish_job(j, NULL, &why);
	else if (j != NULL)
		j->state = JOB_WAITS;
	sh_reader_refill(p, r);
}

/* The page lies as the raster told, one way or turned by a quarter. */
static int
fits(const struct sh_page *page, const struct sh_job *j)
{
	return ((page->width_px == j->width_px &&
	    page->height_px == j->height_px) ||
	    (page->width_px == j->height_px &&
	    page->height_px == j->width_px));
}

/* Once more in a fresh worker, or the page's own fault? */
static int
is_workers_fault(const struct sh_error *why)
{
	return (sh_code_retry(why->code) == SH_RETRY_FRESH ||
	    sh_code_retry(why->code) == SH_RETRY_DELAY);
}

static void
take_result(struct sh_pool *p, struct sh_reader *r, const struct sh_message *m)
{
	struct sh_error err = SH_ERROR_INIT, why = SH_ERROR_INIT;
	struct sh_page *page = NULL;
	struct sh_job *j = r->job;
	json_t *v = NULL;

	if (json_object_get(m->v, "error") != NULL) {
		if (sh_wire_error(m->v, &why, &err)) {
			replace_reader(p, r, SH_END_LIE, &err);
			return;
		}
		if (is_workers_fault(&why)) {
			replace_reader(p, r, SH_END_LIE, &why);
			return;
		}
		finish_job(j, NULL, &why);
	} else if ((v = sh_wire_file(r->output, m->v, SH_READING_MAX, &err))
	    == NULL || sh_page_from_json(v, &page, &err) || !fits(page, j)) {
		(void)sh_error_set(&why, SH_ELIBRARY, "worker.protocol",
		    "the reader's answer: %s", err.code != SH_OK ? err.text :
		    "a page of another size");
		json_decref(v);
		sh_page_free(page);
		replace_reader(p, r, SH_END_LIE, &why);
		return;
	} else {
		finish_job(j, page, NULL);
	}
	json_decref(v);
	(void)close(r->output);
	r->output = -1;
	r->job = NULL;
	r->deadline_ms = 0;
	if (++r->pages >= p->pages_per_reader)
		replace_reader(p, r, SH_END_DONE, NULL);
}

static void
take_ready(struct sh_pool *p, struct sh_reader *r, const struct sh_message *m)
{
	struct sh_error err = SH_ERROR_INIT, why = SH_ERROR_INIT;
	const char *engine;

	if (json_object_get(m->v, "error") != NULL) {
		if (sh_wire_error(m->v, &why, &err))
			why = err;
		replace_reader(p, r, SH_END_LIE, &why);
		return;
	}
	if (sh_json_str(m->v, "ready", 1, sizeof(p->engine) - 1, &engine,
	    &err) || (p->engine[0] != '\0' &&
	    strcmp(p->engine, engine) != 0)) {
		/* Readings of two engines must not share a key. */
		(void)sh_error_set(&why, SH_ELIBRARY, "worker.start",
		    "a reader with another engine than before");
		replace_reader(p, r, SH_END_LIE, &why);
		return;
	}
	memcpy(p->engine, engine, strlen(engine) + 1);
	p->bad_starts = 0;
	r->ready = 1;
	r->deadline_ms = 0;
}

void
sh_reader_serve(struct sh_pool *p, struct sh_reader *r)
{
	struct sh_error err = SH_ERROR_INIT, lie = SH_ERROR_INIT;
	struct sh_message m;
	int rc, alive;

	if (r->child.pid == 0)
		return;
	alive = sh_child_listen(&r->child);
	rc = sh_child_receive(&r->child, &m, &err);
	if (rc == 1 && !r->ready) {
		take_ready(p, r, &m);
	} else if (rc == 1 && r->job != NULL) {
		take_result(p, r, &m);
	} else if (rc == -1 || (rc == 0 && !alive)) {
		replace_reader(p, r, SH_END_ITSELF, NULL);
	} else if (rc != 0) {
		(void)sh_error_set(&lie, SH_ELIBRARY, "worker.protocol",
		    "the reader spoke out of turn: %s", err.text);
		replace_reader(p, r, SH_END_LIE, &lie);
	} else if (r->deadline_ms != 0 &&
	    sh_monotonic_ms() >= r->deadline_ms) {
		replace_reader(p, r, SH_END_TIME, NULL);
	}
	if (rc == 1)
		sh_message_clear(&m);
}

static int
begin_job(struct sh_pool *p, struct sh_reader *r, struct sh_job *j,
    struct sh_error *err)
{
	json_t *v;
	int fds[3];

	j->attempts++;
	j->state = JOB_RUNS;
	r->job = j;
	r->deadline_ms = sh_monotonic_ms() + p->read_wall_ms;
	if ((r->output = sh_memfd("reading", err)) < 0)
		return (-1);
	fds[0] = j->pixels;
	fds[1] = r->output;
	fds[2] = j->text >= 0 ? j->text : p->null_fd;
	if ((v = sh_json_new_object(err)) == NULL)
		return (-1);
	if (sh_json_set_int(v, "width", j->width_px, err) ||
	    sh_json_set_int(v, "height", j->height_px, err) ||
	    sh_json_set_int(v, "channels", j->channels, err) ||
	    sh_json_set_int(v, "exif", j->exif_orientation, err) ||
	    sh_json_set_int(v, "text", (int64_t)j->text_bytes, err) ||
	    sh_json_set(v, "dpi_x", json_real(j->dpi_x), err) ||
	    sh_json_set(v, "dpi_y", json_real(j->dpi_y), err)) {
		json_decref(v);
		return (-1);
	}
	return (sh_child_send(&r->child, v, fds, 3, err));
}

void
sh_readers_dispatch(struct sh_pool *p)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_job *j;
	unsigned i;

	for (i = 0; i < p->nreaders; i++) {
		struct sh_reader *r = &p->readers[i];

		if (r->child.pid == 0 || !r->ready || r->job != NULL)
			continue;
		if ((j = first_job(p, JOB_WAITS, p->njobs + 1)) == NULL)
			return;
		if (begin_job(p, r, j, &err)) {
			replace_reader(p, r, SH_END_LIE, &err);
			sh_error_clear(&err);
		}
	}
}

int
sh_readers_new(struct sh_pool *p, struct sh_error *err)
{
	unsigned i;

	p->njobs = 2 * p->nreaders + AHEAD_MAX;
	p->readers = sh_alloc(p->nreaders, sizeof(*p->readers), "readers",
	    err);
	p->jobs = sh_alloc((size_t)p->njobs + 1, sizeof(*p->jobs), "readers",
	    err);
	if (p->readers == NULL || p->jobs == NULL)
		return (-1);
	for (i = 0; i <= p->njobs; i++)
		p->jobs[i].pixels = p->jobs[i].text = -1;
	for (i = 0; i < p->nreaders; i++) {
		p->readers[i].child = (struct sh_child)SH_CHILD_INIT;
		p->readers[i].output = -1;
	}
	return (0);
}

void
sh_readers_free(struct sh_pool *p)
{
	unsigned i;

	for (i = 0; p->readers != NULL && i < p->nreaders; i++) {
		(void)sh_child_end(p, &p->readers[i].child, SH_END_DONE, 0,
		    NULL);
		if (p->readers[i].output >= 0)
			(void)close(p->readers[i].output);
	}
	for (i = 0; p->jobs != NULL && i <= p->njobs; i++)
		free_job(&p->jobs[i]);
	free(p->readers);
	free(p->jobs);
}

/* ---- the caller's side ------------------------------------------------------------ */

int
sh_read_room(const struct sh_pool *p)
{
	unsigned used = count_jobs(p, JOB_WAITS) + count_jobs(p, JOB_RUNS), i;
	uint64_t bytes = 0;

	for (i = 0; i < p->njobs; i++) {
		const struct sh_job *j = &p->jobs[i];

		if (j->state == JOB_WAITS)
			bytes += (uint64_t)j->width_px * (uint64_t)
			    j->height_px * (uint64_t)j->channels;
	}
	return (used < p->nreaders + AHEAD_MAX && (used <= p->nreaders ||
	    bytes < AHEAD_BYTES) && used + count_jobs(p, JOB_DONE) <
	    p->njobs);
}

void
sh_read_ahead(struct sh_pool *p, int (*more)(void *), void *arg)
{
	p->ahead = more;
	p->ahead_arg = arg;
}

void
sh_read_drop(struct sh_pool *p)
{
	unsigned i;

	for (i = 0; i < p->njobs; i++)
		if (p->jobs[i].state == JOB_WAITS) {
			free_job(&p->jobs[i]);
			p->dropped++;
		}
}

/* The job waits for a reader with the raster's pixels. */
static int
fill_job(struct sh_pool *p, struct sh_job *j, const struct sh_raster *r,
    struct sh_error *err)
{
	int fd, text = -1;

	if ((fd = fcntl(r->fd, F_DUPFD_CLOEXEC, 0)) < 0)
		return (sh_error_sys(err, "worker.start", "descriptor"));
	if (r->text_bytes > 0 &&
	    (text = fcntl(r->text_fd, F_DUPFD_CLOEXEC, 0)) < 0) {
		(void)close(fd);
		return (sh_error_sys(err, "worker.start", "descriptor"));
	}
	j->state = JOB_WAITS;
	j->order = p->order++;
	j->pixels = fd;
	j->text = text;
	j->text_bytes = r->text_bytes;
	j->width_px = r->width_px;
	j->height_px = r->height_px;
	j->channels = r->channels;
	j->exif_orientation = r->exif_orientation;
	j->dpi_x = r->dpi_x;
	j->dpi_y = r->dpi_y;
	p->wanted = 1;
	return (0);
}

int
sh_read_submit(struct sh_pool *p, const struct sh_raster *r, uint64_t tag,
    struct sh_error *err)
{
	struct sh_job *j;

	if (p->broken.code != SH_OK) {
		*err = p->broken;
		return (-1);
	}
	if (!sh_read_room(p))
		return (sh_error_set(err, SH_EAGAIN, "worker.busy",
		    "every reader has a page"));
	for (j = p->jobs; j->state != JOB_FREE; j++)
		;
	j->tag = tag;
	if (fill_job(p, j, r, err))
		return (-1);
	return (sh_pool_wait(p, NULL, 0, err) < 0 ? -1 : 0);
}

int
sh_read_now(struct sh_pool *p, const struct sh_raster *r,
    struct sh_page **pagep, struct sh_error *err)
{
	struct sh_job *j = &p->jobs[p->njobs];

	*pagep = NULL;
	if (p->broken.code != SH_OK) {
		*err = p->broken;
		return (-1);
	}
	if (fill_job(p, j, r, err))
		return (-1);
	j->order = 0;		/* somebody waits for it */
	while (j->state != JOB_DONE) {
		if (p->broken.code != SH_OK)
			*err = p->broken;
		if (p->broken.code != SH_OK)
			return (-1);
		if (p->ahead != NULL && sh_read_room(p) &&
		    p->ahead(p->ahead_arg))
			continue;
		if (sh_pool_wait(p, NULL, -1, err) < 0)
			return (-1);
	}
	*pagep = j->page;
	j->page = NULL;
	if (*pagep == NULL)
		*err = j->failure;
	free_job(j);
	return (*pagep == NULL ? -1 : 0);
}

int
sh_read_wait(struct sh_pool *p, int wait, uint64_t *tagp,
    struct sh_page **pagep, struct sh_error *failure, struct sh_error *err)
{
	struct sh_job *j;

	*pagep = NULL;
	for (;;) {
		if ((j = first_job(p, JOB_DONE, p->njobs)) != NULL)
			break;
		if (p->broken.code != SH_OK) {
			*err = p->broken;
			return (-1);
		}
		if (count_jobs(p, JOB_WAITS) + count_jobs(p, JOB_RUNS) == 0)
			return (0);
		if (sh_pool_wait(p, NULL, wait ? -1 : 0, err) < 0)
			return (-1);
		if (!wait && first_job(p, JOB_DONE, p->njobs) == NULL)
			return (0);
	}
	*tagp = j->tag;
	*pagep = j->page;
	j->page = NULL;
	if (*pagep == NULL)
		*failure = j->failure;
	free_job(j);
	return (1);
}
