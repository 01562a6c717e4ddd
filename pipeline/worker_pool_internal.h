/*
 * What the files of the pool share.
 *
 * Invariants.  A child that runs has pid > 0 and both descriptors (a drawing
 * program has no control); one that ended has pid 0 and both -1, and was
 * waited for.  Everything that comes out of a child has passed sh_wire_*()
 * before it is used.  The number of jobs is fixed, so the pool's memory is.
 */
#ifndef SH_PIPELINE_WORKER_POOL_INTERNAL_H
#define SH_PIPELINE_WORKER_POOL_INTERNAL_H

#include <poll.h>
#include <stdint.h>
#include <sys/types.h>

#include "pipeline/worker/protocol.h"
#include "pipeline/worker_pool.h"

#define SH_ATTEMPTS	2	/* a page is tried in two processes */
#define SH_COMPLAINTS_MAX ((size_t)64 << 10)	/* of one worker, bytes */

/* ---- one worker process (worker_pool_child.c) ---------------------------- */

enum sh_end {			/* why a child was ended */
	SH_END_ITSELF,		/* it went away */
	SH_END_DONE,		/* no longer needed */
	SH_END_TIME,		/* its page took too long */
	SH_END_LIE		/* it broke the protocol */
};

struct sh_child {
	const char *mode;	/* "decode"; static */
	pid_t pid;
	int control;		/* -1: it tells by its status alone */
	int complaints;		/* its standard error */
	size_t complained;	/* bytes */
	unsigned lines;		/* logged */
};
#define SH_CHILD_INIT	{ .control = -1, .complaints = -1 }

/*
 * Start a worker; ARGS ends with NULL, FDS (NFDS of them, -1 leaves a hole)
 * appear from SH_WORKER_INPUT on and stay the caller's.
 */
int sh_child_start(struct sh_pool *p, struct sh_child *c, const char *mode,
    const char *const *args, const int *fds, size_t nfds,
    struct sh_error *err) SH_MUST_CHECK;
/*
 * End it if it runs, wait, count what it used.  What it died of goes into
 * WHY (may be NULL); a clean exit leaves that empty.  Gives the wait status.
 */
int sh_child_end(struct sh_pool *p, struct sh_child *c, enum sh_end end,
    int wall_ms, struct sh_error *why);
/* Take in what it wrote to standard error; 0 once that is closed. */
int sh_child_listen(struct sh_child *c);

struct sh_message {
	json_t *v;
	int fd[SH_MESSAGE_FDS];	/* -1 where there is none; owned */
};
#define SH_MESSAGE_INIT	{ .v = NULL, .fd = { -1, -1, -1 } }
void sh_message_clear(struct sh_message *m);
/* The one message of a worker that has one job. */
int sh_child_answer(struct sh_pool *p, struct sh_child *c, int wall_ms,
    struct sh_message *m, struct sh_error *err) SH_MUST_CHECK;

int sh_child_send(struct sh_child *c, json_t *v, const int *fds, size_t nfds,
    struct sh_error *err) SH_MUST_CHECK;

/*
 * 1 with *M filled; 0: nothing there now; -1: the other end is closed;
 * -2: what came is no message (err says why).
 */
int sh_child_receive(struct sh_child *c, struct sh_message *m,
    struct sh_error *err);

/* ---- checking what came (worker_pool_wire.c) ------------------------------ */

/* "error" of the message into *WHY; SH_EFORMAT when it is not well formed. */
int sh_wire_error(const json_t *v, struct sh_error *why,
    struct sh_error *err) SH_MUST_CHECK;
/* A page's message: the raster takes the descriptors. */
int sh_wire_raster(struct sh_message *m, struct sh_raster *out,
    struct sh_error *err) SH_MUST_CHECK;
struct sh_wire_request {	/* for a raster worker */
	double dpi_x, dpi_y;
	int mono, text;
	double width_pt, height_pt;
	struct sh_digest digest;
};
int sh_wire_request(const json_t *v, struct sh_wire_request *out,
    struct sh_error *err) SH_MUST_CHECK;
/* LEN bytes of JSON in FD. */
/* The file holds so many bytes, and can be neither changed nor cut. */
int sh_wire_sealed(int fd, uint64_t bytes, struct sh_error *err)
    SH_MUST_CHECK;
json_t *sh_wire_file(int fd, const json_t *message, size_t limit,
    struct sh_error *err);

/* ---- the pool (worker_pool.c, worker_pool_read.c) ------------------------- */

struct sh_job {
	enum { JOB_FREE, JOB_WAITS, JOB_RUNS, JOB_DONE } state;
	uint64_t order;		/* first in, first out */
	uint64_t tag;
	int pixels;		/* owned */
	int text;		/* owned, or -1: the page's own words */
	uint64_t text_bytes;
	int32_t width_px, height_px;
	int channels, exif_orientation;
	double dpi_x, dpi_y;
	unsigned attempts;	/* counted before each begins */
	struct sh_page *page;	/* when done: this, */
	struct sh_error failure;	/* or this */
};

struct sh_reader {
	struct sh_child child;
	int ready;		/* its model is loaded, its walls are closed */
	struct sh_job *job;	/* it works on, or NULL */
	int output;		/* memory file of that job's reading */
	int64_t deadline_ms;	/* of its start or its job; 0: none */
	unsigned pages;		/* read so far */
};

struct sh_pool {
	char *worker;
	char *model_dir;	/* or NULL */
	int as_read;
	int null_fd;
	int wanted;		/* readers are: they start with the first need */
	unsigned nreaders;
	unsigned pages_per_reader;
	int decode_wall_ms, read_wall_ms;
	struct sh_reader *readers;
	unsigned bad_starts;	/* in a row */
	struct sh_error broken;	/* no reader can be kept running */
	char engine[256];	/* empty until a reader told it */
	struct sh_job *jobs;
	unsigned njobs;		/* one more is sh_read_now()'s */
	int (*ahead)(void *);	/* sh_read_ahead() */
	void *ahead_arg;
	uint64_t order;		/* pages taken so far */
	uint64_t dropped;	/* of them no reader got */
	struct pollfd *polls;
	uint64_t decode_peak, read_peak;
	double decode_cpu_s, read_cpu_s;
};

/*
 * Serve the readers until CHILD (may be NULL) has something to say, a job is
 * done, or it is DEADLINE_MS (0: at once, -1: never).  1 when CHILD has.
 */
int sh_pool_wait(struct sh_pool *p, struct sh_child *child,
    int64_t deadline_ms, struct sh_error *err);

/* Room for them; none runs yet. */
int sh_readers_new(struct sh_pool *p, struct sh_error *err) SH_MUST_CHECK;
void sh_readers_free(struct sh_pool *p);
/* A reader's descriptors are ready, or its time is up. */
void sh_reader_serve(struct sh_pool *p, struct sh_reader *r);
/* Start the reader where none runs, once readers are wanted. */
void sh_reader_refill(struct sh_pool *p, struct sh_reader *r);
/* Give waiting jobs to readers that are free. */
void sh_readers_dispatch(struct sh_pool *p);

/* A description of FD's file that can only read, at its start. */
int sh_pool_reopen(int fd, struct sh_error *err);

#endif
