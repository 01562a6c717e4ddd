/*
 * Bulk runs: a back catalogue taken in unattended, on one machine.
 *
 * A manifest or a folder of dossiers becomes a run: its rows are checked,
 * cut into shards and kept, sealed, in HOME/bulk/RUN.  Shards are handed out
 * by the archive's queue.  A run is known by what its manifest says and where
 * it stands, so the same command goes on with the same run.  Whatever moment
 * it ends at, nothing that was read is read again and nothing that was
 * archived is signed again.
 *
 * One process at a time works at a home's runs ("bulk.held").  It gives way
 * to the desk: an intake that asks for the home gets it, with the readers,
 * after the pages under way.
 */
#ifndef SH_PIPELINE_BULK_H
#define SH_PIPELINE_BULK_H

#include <stdint.h>
#include <stdio.h>

#include "base/error.h"
#include "base/json.h"
#include "pipeline/again.h"
#include "pipeline/home.h"
#include "pipeline/worker_pool.h"
#include "schemas/message.h"

#define SH_RUN_LEN	17	/* name of a run: 16 hex digits and NUL */

struct sh_bulk;

/*
 * May work go on?  Asked before each dossier; what says no is waited for.
 * 1, or 0 with the cause in WHY, whose key names what is waited for.
 */
struct sh_bulk_gate {
	int (*open)(void *arg, struct sh_home *home, struct sh_error *why);
	void *arg;
};

struct sh_bulk_options {
	struct sh_pool *pool;
	const volatile int *stop;	/* set by a signal */
	int wait_s;		/* how long a gate may stay closed */
	/*
	 * Kept for the run; NULL: as it was told before, at first never,
	 * since the papers of old dossiers were brought.  Nobody sits there:
	 * to ask is to tell what is held.
	 */
	const enum sh_reuse_mode *reuse;
	const struct sh_bulk_gate *gates;	/* besides disk and review */
	size_t ngates;
	/* Pages done by this process and still to do; may be NULL. */
	void (*progress)(void *arg, uint64_t done, uint64_t total);
	void *arg;
};

/*
 * Make the run of the manifest or folder SOURCE, if it is not there, and
 * open it; STOP (may be NULL) ends the reading of a long manifest.  *HOMEP is
 * opened for writing; it is closed and opened again when the desk asks for
 * it, and the caller's to close.
 * Errors: sh_manifest_open()'s; what the first row says when none can be
 * used; SH_ESYSTEM "disk.short", with the bytes needed; SH_EAGAIN
 * "bulk.held", "run.stopped"; SH_ELIMIT "bulk.runs".
 */
int sh_bulk_make(struct sh_home **homep, const char *source,
    const volatile int *stop, struct sh_bulk **bp, struct sh_error *err)
    SH_MUST_CHECK;

/*
 * Open a run: by its name, or with RUN NULL the one that was worked at last.
 * Errors: SH_ENOTFOUND "bulk.none"; SH_EAGAIN "bulk.held".
 */
int sh_bulk_open(struct sh_home **homep, const char *run,
    struct sh_bulk **bp, struct sh_error *err) SH_MUST_CHECK;
void sh_bulk_close(struct sh_bulk *b);
const char *sh_bulk_name(const struct sh_bulk *b);
/* Pages of the rows that have a result. */
uint64_t sh_bulk_pages(const struct sh_bulk *b);

/*
 * Take in what is not taken in yet.  0: every row has its result.
 * Errors: SH_EAGAIN "run.stopped", "bulk.paused", "bulk.waiting"; the
 * system's failures.  The same call goes on from there.
 */
int sh_bulk_work(struct sh_bulk *b, const struct sh_bulk_options *o,
    struct sh_error *err) SH_MUST_CHECK;

/* 1 if something of the run waits, failed or was set aside. */
int sh_bulk_incomplete(const struct sh_bulk *b);

/*
 * Rows that failed or have pages set aside are to be done again; with KEY
 * only those with this cause.  *NP: how many.
 */
int sh_bulk_retry(struct sh_bulk *b, const char *key, uint64_t *np,
    struct sh_error *err) SH_MUST_CHECK;

/* ---- without working at it: HOME may be open for reading ----------------- */

/* Durable: whoever works at the run ends; nobody works at it until resumed. */
int sh_bulk_pause(struct sh_home *home, const char *run, int paused,
    struct sh_error *err) SH_MUST_CHECK;

/* schemas/bulk.schema.json, sentences in LANG. */
json_t *sh_bulk_status(struct sh_home *home, const char *run,
    enum sh_lang lang, struct sh_error *err);

/*
 * A line for each row: JSONL of schemas/bulk-report.schema.json, or CSV.
 * What has no result yet is told as open.
 */
int sh_bulk_report(struct sh_home *home, const char *run, int csv,
    enum sh_lang lang, FILE *out, struct sh_error *err) SH_MUST_CHECK;

#endif
