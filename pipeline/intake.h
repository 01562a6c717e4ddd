/*
 * The way of a sheet of paper, for one dossier after another: capture,
 * decode, read, divide, match, archive.  Decoding and reading of the next
 * dossiers go on while one is archived, so that every core has work.
 *
 * What may go wrong with a page sets that page aside; with a document makes
 * it wait or fail; with a dossier ends that dossier: the others go on.  The
 * same call after a crash, a kill or a full disk ends in the same archive.
 */
#ifndef SH_PIPELINE_INTAKE_H
#define SH_PIPELINE_INTAKE_H

#include <stddef.h>

#include "base/error.h"
#include "pipeline/again.h"
#include "pipeline/home.h"
#include "pipeline/job.h"
#include "pipeline/worker_pool.h"

struct sh_intake_watch {
	/* After each page: done and known pages of all dossiers so far. */
	void (*progress)(void *arg, size_t done, size_t known);
	/*
	 * A dossier is finished: JOB with its drafts, or NULL and WHY.  INDEX
	 * counts the dossiers in the order given.
	 */
	void (*finished)(void *arg, size_t index, const struct sh_job *job,
	    const struct sh_error *why);
	/* Asked between pages: 1 ends the run as a signal does.  May be NULL. */
	int (*halt)(void *arg);
	void *arg;
	/*
	 * A dossier is opened: JOB->need says what is held.  What is said
	 * yes to in "reuse" is reused if it is not scanned.
	 */
	void (*opened)(void *arg, size_t index, struct sh_job *job);
};

struct sh_intake_options {
	struct sh_pool *pool;
	const struct sh_catalogue *catalogue;
	struct sh_home *home;		/* NULL: read only, archive nothing */
	struct sh_intake_watch watch;
	enum sh_reuse_mode reuse;
	const volatile int *stop;	/* set by a signal: end between pages */
};

/*
 * NEXT gives the next dossier (taken over), 0 at the end, -1 with err for a
 * dossier that could not be opened (it is reported and the run goes on).
 * Returns -1 only for what ends the run: the system's failures, and
 * SH_EAGAIN "run.stopped".
 */
int sh_intake(const struct sh_intake_options *options,
    int (*next)(void *arg, struct sh_dossier **dp, struct sh_error *err),
    void *arg, struct sh_error *err) SH_MUST_CHECK;

#endif
