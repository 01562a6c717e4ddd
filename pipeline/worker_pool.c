#include "pipeline/worker_pool.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/mem.h"
#include "ocr/turn.h"
#include "pipeline/worker_pool_internal.h"

#define PAGES_PER_READER	200
#define DECODE_WALL_MS		60000
#define READ_WALL_MS		120000
#define CROP_WALL_MS	20000
#define VERIFY_WALL_MS		60000
#define READERS_MAX		256

/* ---- start and end ---------------------------------------------------------- */

/* Beside this program, then where an installation puts it. */
static char *
find_worker(struct sh_error *err)
{
	static const char *const places[] = { "sohoa-worker",
	    "../libexec/sohoa/sohoa-worker" };
	char self[1024], *slash, *path;
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	size_t i;

	if (n < 0) {
		(void)sh_error_sys(err, "worker.missing", "/proc/self/exe");
		return (NULL);
	}
	self[n] = '\0';
	if ((slash = strrchr(self, '/')) != NULL)
		*slash = '\0';
	for (i = 0; i < SH_COUNT(places); i++) {
		if ((path = sh_path_join(self, places[i], err)) == NULL)
			return (NULL);
		if (access(path, X_OK) == 0)
			return (path);
		free(path);
	}
	(void)sh_error_set(err, SH_ENOTFOUND, "worker.missing",
	    "no sohoa-worker beside %s", self);
	return (NULL);
}

static unsigned
usable_cores(void)
{
	cpu_set_t set;
	int n = sched_getaffinity(0, sizeof(set), &set) == 0 ?
	    CPU_COUNT(&set) : 1;

	return (n < 1 ? 1 : n > READERS_MAX ? READERS_MAX : (unsigned)n);
}

int
sh_pool_new(const struct sh_pool_options *options, struct sh_pool **pp,
    struct sh_error *err)
{
	struct sh_pool *p;

	*pp = NULL;
	if ((p = sh_alloc(1, sizeof(*p), "the workers", err)) == NULL)
		return (-1);
	p->null_fd = -1;
	p->nreaders = options->readers != 0 ? options->readers :
	    usable_cores();
	if (p->nreaders > READERS_MAX)
		p->nreaders = READERS_MAX;
	p->pages_per_reader = options->pages_per_reader != 0 ?
	    options->pages_per_reader : PAGES_PER_READER;
	p->decode_wall_ms = options->decode_wall_ms > 0 ?
	    options->decode_wall_ms : DECODE_WALL_MS;
	p->read_wall_ms = options->read_wall_ms > 0 ? options->read_wall_ms :
	    READ_WALL_MS;
	p->as_read = options->as_read;
	p->worker = options->worker != NULL ? sh_strdup(options->worker, err)
	    : find_worker(err);
	if (p->worker == NULL)
		goto fail;
	if (access(p->worker, X_OK) != 0) {
		(void)sh_error_set(err, SH_ENOTFOUND, "worker.missing",
		    "%s cannot be executed", p->worker);
		goto fail;
	}
	if (options->model_dir != NULL && (p->model_dir =
	    sh_strdup(options->model_dir, err)) == NULL)
		goto fail;
	if ((p->null_fd = open("/dev/null", O_RDWR | O_CLOEXEC)) < 0) {
		(void)sh_error_sys(err, "worker.start", "/dev/null");
		goto fail;
	}
	/* Two descriptors of each reader and of one decoder. */
	if ((p->polls = sh_alloc(2 * ((size_t)p->nreaders + 1),
	    sizeof(*p->polls), "the workers", err)) == NULL ||
	    sh_readers_new(p, err))
		goto fail;
	*pp = p;
	return (0);
fail:
	sh_pool_free(p);
	return (-1);
}

void
sh_pool_free(struct sh_pool *p)
{
	if (p == NULL)
		return;
	sh_readers_free(p);
	if (p->null_fd >= 0)
		(void)close(p->null_fd);
	free(p->polls);
	free(p->worker);
	free(p->model_dir);
	free(p);
}

/* ---- waiting -------------------------------------------------------------------- */

static size_t
watch(struct pollfd *fds, const struct sh_child *c)
{
	fds[0] = (struct pollfd){ .fd = c->control, .events = POLLIN };
	/* Past its limit only the end of the stream is news. */
	fds[1] = (struct pollfd){ .fd = c->complaints,
	    .events = c->complained < SH_COMPLAINTS_MAX ? POLLIN : 0 };
	return (2);
}

static int
time_left(int64_t deadline_ms, int64_t now)
{
	int64_t left = deadline_ms - now;

	return (left < 0 ? 0 : left > 3600000 ? 3600000 : (int)left);
}

int
sh_pool_wait(struct sh_pool *p, struct sh_child *child, int64_t deadline_ms,
    struct sh_error *err)
{
	int64_t now = sh_monotonic_ms(), until = deadline_ms;
	size_t n = 0, i;
	int timeout;

	for (i = 0; i < p->nreaders; i++) {
		struct sh_reader *r = &p->readers[i];

		sh_reader_refill(p, r);
		if (r->deadline_ms != 0 && (until < 0 ||
		    r->deadline_ms < until))
			until = r->deadline_ms;
	}
	sh_readers_dispatch(p);
	if (child != NULL)
		n += watch(p->polls, child);
	for (i = 0; i < p->nreaders; i++)
		n += watch(p->polls + n, &p->readers[i].child);
	timeout = deadline_ms == 0 ? 0 : until < 0 ? -1 :
	    time_left(until, now);
	if (p->broken.code != SH_OK && child == NULL)
		timeout = 0;
	if (poll(p->polls, (nfds_t)n, timeout) < 0 && errno != EINTR)
		return (sh_error_sys(err, "worker.start", "poll"));
	for (i = 0; i < p->nreaders; i++)
		sh_reader_serve(p, &p->readers[i]);
	sh_readers_dispatch(p);
	if (child == NULL)
		return (0);
	return (p->polls[0].revents != 0 || p->polls[1].revents != 0);
}

const char *
sh_pool_engine(struct sh_pool *p, struct sh_error *err)
{
	p->wanted = 1;
	while (p->engine[0] == '\0') {
		if (p->broken.code != SH_OK) {
			*err = p->broken;
			return (NULL);
		}
		if (sh_pool_wait(p, NULL, -1, err) < 0)
			return (NULL);
	}
	return (p->engine);
}

/* ---- files ----------------------------------------------------------------------- */

int
sh_pool_reopen(int fd, struct sh_error *err)
{
	struct stat st;
	char path[48];
	int again;

	if (fstat(fd, &st) != 0)
		return (sh_error_sys(err, "file.read", "the file"));
	if (!S_ISREG(st.st_mode))
		return (sh_error_set(err, SH_EUNSUPPORTED, "file.not-regular",
		    "no regular file"));
	/* The caller's may write, and shares its position. */
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if ((again = open(path, O_RDONLY | O_CLOEXEC)) < 0)
		return (sh_error_sys(err, "file.read", "open again"));
	return (again);
}

/* ---- verify -------------------------------------------------------------------------- */

int
sh_child_answer(struct sh_pool *p, struct sh_child *c, int wall_ms,
    struct sh_message *m, struct sh_error *err)
{
	int64_t deadline = sh_monotonic_ms() + wall_ms;
	int rc, alive;

	for (;;) {
		alive = sh_child_listen(c);
		rc = sh_child_receive(c, m, err);
		if (rc == 1)
			return (0);
		if (rc == -2)
			return (-1);
		if (rc == -1 || !alive) {
			(void)sh_child_end(p, c, SH_END_ITSELF, wall_ms, err);
			return (-1);
		}
		if (sh_monotonic_ms() >= deadline) {
			(void)sh_child_end(p, c, SH_END_TIME, wall_ms, err);
			return (-1);
		}
		if (sh_pool_wait(p, c, deadline, err) < 0)
			return (-1);
	}
}

/* The members that verify.h promises; the rest is for people. */
static int
check_report(const json_t *v, struct sh_error *err)
{
	const char *format, *status;
	json_t *signatures;

	if (sh_json_str(v, "format", 1, 32, &format, err) ||
	    sh_json_str(v, "status", 1, 32, &status, err) ||
	    sh_json_array(v, "signatures", 1, 1000, &signatures, err))
		return (-1);
	if (strcmp(format, "sohoa-verdict-1") != 0 ||
	    (strcmp(status, "TOTAL-PASSED") != 0 &&
	    strcmp(status, "INDETERMINATE") != 0 &&
	    strcmp(status, "TOTAL-FAILED") != 0))
		return (sh_error_set(err, SH_ELIBRARY, "worker.protocol",
		    "verdict %s, %s", format, status));
	return (0);
}

static int
verify_once(struct sh_pool *p, const int *fds, const char *when,
    json_t **reportp, struct sh_error *err)
{
	struct sh_child c = SH_CHILD_INIT;
	const char *args[2] = { when, NULL };
	struct sh_message m = SH_MESSAGE_INIT;
	struct sh_error bad = SH_ERROR_INIT;
	json_t *v = NULL;
	int rc = -1;

	if (sh_child_start(p, &c, "verify", args, fds, 3, err))
		return (-1);
	if (sh_child_answer(p, &c, VERIFY_WALL_MS, &m, err))
		goto out;
	if (json_object_get(m.v, "error") != NULL) {
		if (sh_wire_error(m.v, err, &bad))
			*err = bad;
		goto out;
	}
	if ((v = sh_wire_file(fds[2], m.v, SH_REPORT_MAX, err)) == NULL ||
	    check_report(v, err))
		goto out;
	*reportp = v;
	v = NULL;
	rc = 0;
out:
	json_decref(v);
	sh_message_clear(&m);
	(void)sh_child_end(p, &c, SH_END_DONE, 0, NULL);
	return (rc);
}

int
sh_pool_verify(struct sh_pool *p, int fd, const void *roots, size_t rootslen,
    int64_t when, json_t **report, struct sh_error *err)
{
	char text[SH_TIME_LEN];
	int fds[3] = { -1, -1, -1 }, rc = -1, attempt;
	size_t i;

	*report = NULL;
	sh_time_print(when, text);
	if ((fds[1] = sh_memfd("anchors", err)) < 0 ||
	    sh_write_all(fds[1], roots, rootslen, err))
		goto out;
	for (attempt = 0; attempt < SH_ATTEMPTS; attempt++) {
		sh_error_clear(err);
		if (fds[0] >= 0)
			(void)close(fds[0]);
		if (fds[2] >= 0)
			(void)close(fds[2]);
		fds[0] = fds[2] = -1;
		if ((fds[0] = sh_pool_reopen(fd, err)) < 0 ||
		    lseek(fds[1], 0, SEEK_SET) != 0 ||
		    (fds[2] = sh_memfd("report", err)) < 0)
			break;
		rc = verify_once(p, fds, text, report, err);
		if (rc == 0 || sh_code_retry(err->code) != SH_RETRY_FRESH)
			break;
	}
out:
	for (i = 0; i < SH_COUNT(fds); i++)
		if (fds[i] >= 0)
			(void)close(fds[i]);
	return (rc);
}

/* ---- pictures for a screen -------------------------------------------------- */

int
sh_pool_crop(struct sh_pool *p, const struct sh_raster *r, int orientation,
    struct sh_box box, int step, int out, struct sh_error *err)
{
	unsigned turn = sh_turn_of(r->exif_orientation, orientation);
	int32_t w = turn & SH_TURN_SWAP ? r->height_px : r->width_px;
	int32_t h = turn & SH_TURN_SWAP ? r->width_px : r->height_px;
	const int32_t v[9] = { r->width_px, r->height_px, r->channels,
	    (int32_t)turn, box.x, box.y, box.w, box.h, step };
	char text[9][16];
	const char *args[10];
	struct sh_child c = SH_CHILD_INIT;
	struct sh_message m = { .fd = { -1, -1 } };
	struct sh_error bad = SH_ERROR_INIT;
	int fds[3] = { -1, -1, out }, rc = -1;
	size_t i;

	if (box.x < 0 || box.y < 0 || box.w <= 0 || box.h <= 0 ||
	    box.w > w - box.x || box.h > h - box.y || step < 1)
		return (sh_error_set(err, SH_EARG, "crop.box",
		    "%d x %d at %d, %d of a page of %d x %d", box.w, box.h,
		    box.x, box.y, w, h));
	for (i = 0; i < SH_COUNT(v); i++) {
		(void)snprintf(text[i], sizeof(text[i]), "%d", v[i]);
		args[i] = text[i];
	}
	args[SH_COUNT(v)] = NULL;
	if ((fds[0] = sh_pool_reopen(r->fd, err)) < 0)
		return (-1);
	if (sh_child_start(p, &c, "crop", args, fds, 3, err) == 0 &&
	    sh_child_answer(p, &c, CROP_WALL_MS, &m, err) == 0) {
		if (json_object_get(m.v, "error") == NULL)
			rc = 0;
		else if (sh_wire_error(m.v, err, &bad))
			*err = bad;
	}
	sh_message_clear(&m);
	(void)sh_child_end(p, &c, SH_END_DONE, 0, NULL);
	(void)close(fds[0]);
	return (rc);
}

/* ---- figures -------------------------------------------------------------------------- */

/* Of a process that still runs: /proc/PID/status and stat. */
static void
look_at(pid_t pid, uint64_t *peakp, double *cpup)
{
	char path[48], line[1024], *p;
	unsigned long long kb, user, sys;
	FILE *f;

	(void)snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	if ((f = fopen(path, "re")) != NULL) {
		while (fgets(line, sizeof(line), f) != NULL)
			if (sscanf(line, "VmHWM: %llu kB", &kb) == 1 &&
			    kb * 1024 > *peakp)
				*peakp = kb * 1024;
		(void)fclose(f);
	}
	(void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	if ((f = fopen(path, "re")) != NULL) {
		/* Behind the name in brackets: 11 fields, then the times. */
		if (fgets(line, sizeof(line), f) != NULL &&
		    (p = strrchr(line, ')')) != NULL && sscanf(p + 2,
		    "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu",
		    &user, &sys) == 2)
			*cpup += (double)(user + sys) /
			    (double)sysconf(_SC_CLK_TCK);
		(void)fclose(f);
	}
}

void
sh_pool_usage(const struct sh_pool *p, uint64_t *decode_peak,
    uint64_t *read_peak, double *decode_cpu_s, double *read_cpu_s)
{
	unsigned i;

	*decode_peak = p->decode_peak;
	*read_peak = p->read_peak;
	*decode_cpu_s = p->decode_cpu_s;
	*read_cpu_s = p->read_cpu_s;
	for (i = 0; i < p->nreaders; i++)
		if (p->readers[i].child.pid > 0)
			look_at(p->readers[i].child.pid, read_peak,
			    read_cpu_s);
}

uint64_t
sh_pool_reads(const struct sh_pool *p)
{
	return (p->order - p->dropped);
}
