#include "pipeline/worker_pool_internal.h"

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/mem.h"

/* A file that ends worker after worker is not a page's bad luck. */
#define DEATHS_MAX	16
/* ocr/image.h's limits, and a page more for what breaks a chain of them. */
#define FILE_MAX	((off_t)2 << 30)
#define PAGES_MAX	20001
/* pdftoppm draws a full page in one or two seconds, or has been tricked. */
#define RASTER_WALL_MS	30000

struct sh_decoding {
	struct sh_pool *pool;
	int fd;			/* read only, a description of its own */
	struct sh_child child;
	int64_t deadline_ms;
	uint32_t page;		/* the one that comes next */
	uint32_t npages;	/* told once, and then not otherwise */
	unsigned attempts;	/* processes that tried that page, the
				   present one too */
	unsigned deaths;
	int ended;
	int is_raster;		/* of a page that pdftoppm drew */
	int is_pdf;
	int32_t side_px;	/* of a drawing, at most; 0: as many as it has */
};

void
sh_raster_clear(struct sh_raster *r)
{
	if (r->fd >= 0)
		(void)close(r->fd);
	if (r->image.fd >= 0)
		(void)close(r->image.fd);
	if (r->text_bytes > 0)
		(void)close(r->text_fd);
	sh_buf_free(&r->likeness);
	memset(r, 0, sizeof(*r));
	r->fd = r->image.fd = -1;
}

static void
set_deadline(struct sh_decoding *d)
{
	d->deadline_ms = sh_monotonic_ms() + d->pool->decode_wall_ms;
}

static int
start(struct sh_decoding *d, struct sh_error *err)
{
	char number[16];
	const char *args[2] = { number, NULL };

	d->attempts++;
	(void)snprintf(number, sizeof(number), "%u", d->page);
	set_deadline(d);
	return (sh_child_start(d->pool, &d->child, "decode", args, &d->fd, 1,
	    err));
}

static int
wish(struct sh_decoding *d, struct sh_error *err)
{
	return (sh_child_send(&d->child, sh_json_new_object(err), NULL, 0,
	    err));
}

/*
 * The next message of the worker: 1; 0 when there is none because it died,
 * hung or lied, which is in WHY; -1 when the supervisor itself failed.
 */
static int
next_message(struct sh_decoding *d, struct sh_message *m,
    struct sh_error *why, struct sh_error *err)
{
	enum sh_end end = SH_END_ITSELF;
	int rc, alive;

	for (;;) {
		/* First what is there: the caller may have been away. */
		alive = sh_child_listen(&d->child);
		rc = sh_child_receive(&d->child, m, why);
		if (rc == 1)
			return (1);
		if (rc == -1 || (rc == 0 && !alive))
			break;
		if (rc == -2) {
			end = SH_END_LIE;
			break;
		}
		if (sh_monotonic_ms() >= d->deadline_ms) {
			end = SH_END_TIME;
			break;
		}
		if (sh_pool_wait(d->pool, &d->child, d->deadline_ms, err) < 0)
			return (-1);
	}
	(void)sh_child_end(d->pool, &d->child, end, d->pool->decode_wall_ms,
	    why);
	if (why->code == SH_OK)
		(void)sh_error_set(why, SH_ELIBRARY, "worker.killed",
		    "the decode worker went away");
	return (0);
}

/* A worker whose words cannot be true. */
static int
refuse(struct sh_decoding *d, struct sh_error *why, const char *text)
{
	(void)sh_child_end(d->pool, &d->child, SH_END_LIE, 0, NULL);
	return (sh_error_set(why, SH_ELIBRARY, "worker.protocol",
	    "the decode worker: %s", text));
}

/* Start and hear what the file is: 1, 0 with WHY of the worker, -1. */
static int
try_open(struct sh_decoding *d, struct sh_error *why, struct sh_error *err)
{
	struct sh_message m = SH_MESSAGE_INIT;
	struct sh_error bad = SH_ERROR_INIT;
	const char *kind;
	int64_t npages;
	int rc;

	if (start(d, err))
		return (-1);
	if ((rc = next_message(d, &m, why, err)) != 1)
		return (rc);
	rc = 0;
	if (json_object_get(m.v, "error") != NULL) {
		if (sh_wire_error(m.v, why, &bad))
			(void)refuse(d, why, bad.text);
		goto out;
	}
	if (sh_json_str(m.v, "open", 1, 16, &kind, &bad) || sh_json_int(m.v,
	    "npages", 1, d->npages != 0 ? d->npages : 1, d->npages != 0 ?
	    d->npages : PAGES_MAX, 0, &npages, &bad)) {
		(void)refuse(d, why, bad.text);
		goto out;
	}
	d->npages = (uint32_t)npages;
	d->is_pdf = strcmp(kind, "pdf") == 0;
	if (wish(d, &bad) == 0)
		rc = 1;
	else
		(void)refuse(d, why, "it does not listen");
out:
	sh_message_clear(&m);
	return (rc);
}

static int
is_workers_fault(const struct sh_error *why)
{
	return (sh_code_retry(why->code) == SH_RETRY_FRESH ||
	    strcmp(why->key, "page.time-limit") == 0);
}

/* Open, twice if the worker is at fault; 0, or -1 with ERR. */
static int
open_again(struct sh_decoding *d, struct sh_error *err)
{
	struct sh_error why = SH_ERROR_INIT;
	int rc;

	for (;;) {
		rc = try_open(d, &why, err);
		if (rc == 1)
			return (0);
		(void)sh_child_end(d->pool, &d->child, SH_END_DONE, 0, NULL);
		if (rc < 0)
			return (-1);
		if (!is_workers_fault(&why) || d->attempts >= SH_ATTEMPTS)
			break;
		sh_error_clear(&why);
	}
	*err = why;
	return (-1);
}

static int
open_decoding(struct sh_pool *p, int fd, int is_raster,
    struct sh_decoding **dp, struct sh_error *err)
{
	struct sh_decoding *d;
	struct stat st;

	*dp = NULL;
	if ((d = sh_alloc(1, sizeof(*d), "a decoding", err)) == NULL)
		return (-1);
	d->pool = p;
	d->child = (struct sh_child)SH_CHILD_INIT;
	d->is_raster = is_raster;
	if ((d->fd = sh_pool_reopen(fd, err)) < 0)
		goto fail;
	if (fstat(d->fd, &st) != 0) {
		(void)sh_error_sys(err, "file.read", "the file");
		goto fail;
	}
	if (st.st_size == 0) {
		(void)sh_error_set(err, SH_EFORMAT, "file.empty",
		    "the file is empty");
		goto fail;
	}
	if (st.st_size > FILE_MAX) {
		(void)sh_error_set(err, SH_ELIMIT, "file.too-large",
		    "file of %lld bytes; limit %lld", (long long)st.st_size,
		    (long long)FILE_MAX);
		sh_error_param(err, "limit", "%lld", (long long)FILE_MAX);
		goto fail;
	}
	if (open_again(d, err))
		goto fail;
	d->attempts = 1;
	*dp = d;
	return (0);
fail:
	sh_decode_close(d);
	return (-1);
}

int
sh_decode_open(struct sh_pool *p, int fd, struct sh_decoding **dp,
    struct sh_error *err)
{
	return (open_decoding(p, fd, 0, dp, err));
}

int
sh_decode_seek(struct sh_decoding *d, uint32_t page, struct sh_error *err)
{
	if (page == d->page)
		return (0);
	(void)sh_child_end(d->pool, &d->child, SH_END_DONE, 0, NULL);
	d->page = page;
	d->attempts = 0;
	if (open_again(d, err))
		return (-1);
	d->attempts = 1;
	return (0);
}

void
sh_decode_small(struct sh_decoding *d, int32_t side_px)
{
	d->side_px = side_px;
}

void
sh_decode_close(struct sh_decoding *d)
{
	if (d == NULL)
		return;
	(void)sh_child_end(d->pool, &d->child, SH_END_DONE, 0, NULL);
	if (d->fd >= 0)
		(void)close(d->fd);
	free(d);
}

uint32_t
sh_decode_npages(const struct sh_decoding *d)
{
	return (d->npages);
}

/* ---- pages that pdftoppm draws --------------------------------------------- */

static int
raster_failed(int status, uint32_t page, const struct sh_error *died,
    struct sh_error *err)
{
	int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;

	if (code == SH_RASTER_NO_SANDBOX)
		return (sh_error_set(err, SH_ESYSTEM, "sandbox.none",
		    "no sandbox for pdftoppm"));
	if (code == SH_RASTER_MISSING)
		return (sh_error_set(err, SH_ESYSTEM, "raster.missing",
		    "no pdftoppm on this system"));
	if (code < 0) {
		*err = *died;
		return (-1);
	}
	return (sh_error_set(err, SH_EFORMAT, "raster.failed",
	    "pdftoppm cannot draw page %u: status %d", page + 1, code));
}

/* Let ARGS[0] to ARGS[4] be done to the page, into the memory file OUT. */
static int
draw_with(struct sh_decoding *d, const char *const *args, int out,
    struct sh_error *err)
{
	struct sh_pool *p = d->pool;
	struct sh_child c = SH_CHILD_INIT;
	struct sh_error died = SH_ERROR_INIT;
	int fds[3] = { -1, -1, out }, status, rc = -1, alive;
	int wall_ms = p->decode_wall_ms < RASTER_WALL_MS ? p->decode_wall_ms :
	    RASTER_WALL_MS;
	int64_t deadline = sh_monotonic_ms() + wall_ms;
	struct stat st;

	if ((fds[0] = sh_pool_reopen(d->fd, err)) < 0)
		return (-1);
	if (sh_child_start(p, &c, "raster", args, fds, 3, err))
		goto out;
	/* Its end is closed: that would be news to every wait. */
	(void)close(c.control);
	c.control = -1;
	while ((alive = sh_child_listen(&c)) &&
	    sh_monotonic_ms() < deadline)
		if (sh_pool_wait(p, &c, deadline, err) < 0)
			goto out;
	status = sh_child_end(p, &c, alive ? SH_END_TIME : SH_END_ITSELF,
	    wall_ms, &died);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0 ||
	    fstat(out, &st) != 0 || st.st_size == 0) {
		(void)raster_failed(status, d->page, &died, err);
		goto out;
	}
	rc = 0;
out:
	(void)sh_child_end(p, &c, SH_END_DONE, 0, NULL);
	(void)close(fds[0]);
	return (rc);
}

/* No more dots than are looked at; the finest lines of ink keep theirs. */
static void
draw_smaller(struct sh_wire_request *q, int32_t side_px)
{
	double w = q->width_pt * q->dpi_x, h = q->height_pt * q->dpi_y,
	    side = (w > h ? w : h) / 72;

	if (side_px == 0 || q->mono || side <= side_px)
		return;
	q->dpi_x *= side_px / side;
	q->dpi_y *= side_px / side;
}

/* Let pdftoppm draw the page into the memory file OUT. */
static int
draw(struct sh_decoding *d, const struct sh_wire_request *q, int out,
    struct sh_error *err)
{
	char page[16], dpi_x[24], dpi_y[24], bytes[24];
	const char *args[6] = { page, dpi_x, dpi_y, q->mono ? "mono" :
	    "colour", bytes, NULL };

	(void)snprintf(page, sizeof(page), "%u", d->page);
	(void)snprintf(dpi_x, sizeof(dpi_x), "%.6f", q->dpi_x);
	(void)snprintf(dpi_y, sizeof(dpi_y), "%.6f", q->dpi_y);
	/* A pixel more on each side, and the header. */
	(void)snprintf(bytes, sizeof(bytes), "%.0f", 3 *
	    (ceil(q->width_pt * q->dpi_x / 72) + 2) *
	    (ceil(q->height_pt * q->dpi_y / 72) + 2) + 64);
	return (draw_with(d, args, out, err));
}

/*
 * The words that the page itself tells, for a reader to hold against what
 * it shows.  A page that cannot tell them is read like any other.
 */
static void
ask_for_text(struct sh_decoding *d, struct sh_raster *out)
{
	struct sh_error ignored = SH_ERROR_INIT;
	char page[16], bytes[24];
	const char *args[6] = { page, "72", "72", "text", bytes, NULL };
	struct stat st;
	int fd;

	(void)snprintf(page, sizeof(page), "%u", d->page);
	(void)snprintf(bytes, sizeof(bytes), "%zu", SH_TEXT_MAX);
	if ((fd = sh_memfd("words", &ignored)) < 0)
		return;
	if (draw_with(d, args, fd, &ignored) != 0 || fstat(fd, &st) != 0 ||
	    st.st_size == 0 || (uint64_t)st.st_size > SH_TEXT_MAX) {
		(void)close(fd);
		return;
	}
	out->text_fd = fd;
	out->text_bytes = (uint64_t)st.st_size;
}

/* The drawn page through a decoder of its own, like any file. */
static int
take_drawing(struct sh_decoding *d, const struct sh_wire_request *q, int fd,
    struct sh_raster *out, struct sh_error *err)
{
	struct sh_decoding *inner = NULL;
	uint32_t page;
	int rc;

	if (fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW |
	    F_SEAL_WRITE) != 0)
		return (sh_error_sys(err, "raster.failed", "seal"));
	if (open_decoding(d->pool, fd, 1, &inner, err))
		return (-1);
	rc = sh_decode_next(inner, out, &page, err);
	sh_decode_close(inner);
	if (rc != 1) {
		(void)sh_error_set(err, SH_EFORMAT, "raster.failed",
		    "nothing was drawn");
		err->nparam = 0;	/* they told the drawing's page */
		return (-1);
	}
	/* They were cut by a hundredth of a dot. */
	out->dpi_x = round(q->dpi_x * 10) / 10;
	out->dpi_y = round(q->dpi_y * 10) / 10;
	out->digest = q->digest;
	out->page = d->page;
	out->drawn = 1;
	/* What is drawn anew is the same only to the eye. */
	sh_buf_free(&out->likeness);
	return (0);
}

static int
raster_page(struct sh_decoding *d, const json_t *v, struct sh_raster *out,
    struct sh_error *err)
{
	struct sh_wire_request q;
	unsigned attempt;
	int fd, rc = -1;

	if (d->is_raster || sh_wire_request(v, &q, err))
		return (sh_error_set(err, SH_ELIBRARY, "worker.protocol",
		    "no page to draw"));
	draw_smaller(&q, d->side_px);
	for (attempt = 0; attempt < SH_ATTEMPTS && rc != 0; attempt++) {
		sh_error_clear(err);
		if ((fd = sh_memfd("drawing", err)) < 0)
			return (-1);
		rc = draw(d, &q, fd, err);
		if (rc == 0)
			rc = take_drawing(d, &q, fd, out, err);
		(void)close(fd);
		if (rc != 0 && sh_code_retry(err->code) != SH_RETRY_FRESH)
			break;
	}
	if (rc != 0)
		sh_error_param(err, "page", "%u", d->page + 1);
	else if (q.text && d->side_px == 0)
		ask_for_text(d, out);
	return (rc);
}

/* ---- pages -------------------------------------------------------------------- */

/* What one message about the wanted page means: 1, -1 as decode_next; -2:
   the worker lies or failed, see WHY. */
static int
take_page(struct sh_decoding *d, struct sh_message *m, struct sh_raster *out,
    struct sh_error *why, struct sh_error *err)
{
	struct sh_error bad = SH_ERROR_INIT;
	int64_t told;

	if (json_object_get(m->v, "page") == NULL) {
		/* The whole file failed. */
		if (sh_wire_error(m->v, err, &bad)) {
			(void)refuse(d, why, bad.text);
			return (-2);
		}
		d->ended = 1;
		return (-1);
	}
	if (sh_json_int(m->v, "page", 1, d->page, d->page, 0, &told, &bad)) {
		(void)refuse(d, why, bad.text);
		return (-2);
	}
	if (json_object_get(m->v, "error") != NULL) {
		if (sh_wire_error(m->v, why, &bad)) {
			(void)refuse(d, why, bad.text);
			return (-2);
		}
		if (is_workers_fault(why)) {
			(void)sh_child_end(d->pool, &d->child, SH_END_LIE, 0,
			    NULL);
			return (-2);
		}
		*err = *why;
		return (-1);
	}
	if (json_object_get(m->v, "raster_x") != NULL)
		return (raster_page(d, m->v, out, err) == 0 ? 1 : -1);
	if (sh_wire_raster(m, out, &bad)) {
		(void)refuse(d, why, bad.text);
		return (-2);
	}
	return (1);
}

/* The page is behind us, well or badly; the worker goes on ahead. */
static void
advance(struct sh_decoding *d)
{
	struct sh_error ignored = SH_ERROR_INIT;

	d->page++;
	d->attempts = d->child.pid > 0;
	set_deadline(d);
	if (d->page >= d->npages)
		(void)sh_child_end(d->pool, &d->child, SH_END_DONE, 0, NULL);
	else if (d->child.pid > 0)
		/* If it does not listen, the next call finds it dead. */
		(void)wish(d, &ignored);
}

/* The worker failed on this page: again, or give the page up. */
static int
give_up(struct sh_decoding *d, const struct sh_error *why,
    struct sh_error *err)
{
	if (d->attempts < SH_ATTEMPTS)
		return (0);
	*err = *why;
	(void)sh_error_context(err, "page %u", d->page + 1);
	sh_error_param(err, "page", "%u", d->page + 1);
	d->page++;
	d->attempts = 0;
	if (++d->deaths >= DEATHS_MAX) {
		d->ended = 1;
		sh_error_clear(err);
		(void)sh_error_set(err, SH_ELIMIT, "file.deaths",
		    "%u pages of this file ended their workers", d->deaths);
		sh_error_param(err, "limit", "%d", DEATHS_MAX);
	}
	return (1);
}

int
sh_decode_next(struct sh_decoding *d, struct sh_raster *out,
    uint32_t *pagep, struct sh_error *err)
{
	struct sh_message m = SH_MESSAGE_INIT;
	struct sh_error why = SH_ERROR_INIT;
	int rc;

	memset(out, 0, sizeof(*out));
	out->fd = out->image.fd = -1;
	for (;;) {
		if (d->ended || d->page >= d->npages)
			return (0);
		*pagep = out->page = d->page;
		sh_error_clear(&why);
		if (d->child.pid == 0)
			rc = try_open(d, &why, err);
		else
			rc = 1;
		if (rc == 1)
			rc = next_message(d, &m, &why, err);
		if (rc < 0) {
			d->ended = 1;
			return (-1);
		}
		if (rc == 1) {
			rc = take_page(d, &m, out, &why, err);
			sh_message_clear(&m);
			if (rc != -2) {
				out->from_pdf = d->is_pdf;
				if (!d->ended)
					advance(d);
				return (rc);
			}
		}
		if (give_up(d, &why, err))
			return (-1);
	}
}
