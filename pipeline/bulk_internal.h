/*
 * What the rooms of a bulk run share.  On disk, all sealed, in HOME/bulk/RUN:
 *
 *   plan		source, counts, queue; written last: without it there is
 *			no run
 *   shard-N		up to SH_SHARD_ROWS rows, as {"row", ...dossier.json}
 *   refused-N		rows that were left out, with their causes
 *   result-N		results of shard N's rows so far, by row
 *   state		what sums up results, for who only looks
 *   term		how often work was begun: the queue's clock
 *   reuse		what is done with what is held; none: nothing
 *   pause		nobody works at it (empty, not sealed)
 *   reserve		room on disk for what is still to come (not sealed)
 *
 * Invariant: a row has a result only when everything that the result tells
 * is durable.  result-N is authority; state is made anew from it.
 */
#ifndef SH_PIPELINE_BULK_INTERNAL_H
#define SH_PIPELINE_BULK_INTERNAL_H

#include "archive/queue.h"
#include "pipeline/bulk.h"
#include "pipeline/result.h"
#include "pipeline/spool.h"

#define SH_SHARD_ROWS	64
#define SH_SHARD_BYTES	(256 << 10)
#define SH_CAUSES_MAX	64
#define SH_SAMPLES_MAX	3
#define SH_ENTRY_NAME	24
#define SH_STATE_VERSION	2

struct sh_bulk_plan {
	char *source;		/* path */
	char *folder;		/* that names in rows start from */
	uint64_t rows;		/* with the refused ones */
	uint64_t refused;
	uint64_t duplicates;	/* of the refused */
	uint64_t files, missing, bytes;
	uint32_t nshards, nrefused;	/* entries */
	unsigned queue;
	int64_t created_at;
};

struct sh_cause_sample {
	uint64_t row;
	char dossier[64];
	char file[116];
	int page;		/* from 1; 0: none */
	char text[200];
};

struct sh_cause {
	char key[48];
	char value[116], limit[32];	/* of the first one, for the sentence */
	uint64_t n;
	unsigned nsamples;
	struct sh_cause_sample sample[SH_SAMPLES_MAX];
};

struct sh_bulk_state {
	uint32_t version;
	uint64_t done, incomplete, failed;	/* rows with a result */
	uint64_t count[7];	/* of struct sh_tally, in its order */
	uint64_t read, reused;	/* pages by readers, pages from the cache */
	uint64_t held, receipts;	/* components not scanned: of them reused */
	uint64_t files, bytes;	/* of rows with a result */
	uint64_t working_ms;
	uint64_t yields;	/* times the desk was given way to */
	struct sh_cause cause[SH_CAUSES_MAX];
	unsigned ncauses;
	char waits_for[48];	/* key of a closed gate; "": none */
	int finished;
};

struct sh_bulk {
	struct sh_home **home;
	char name[SH_RUN_LEN];
	char *dir;
	struct sh_spool *spool;
	struct sh_bulk_plan plan;
	struct sh_bulk_state state;
	int folder_fd;
	int lock;		/* bulk/lock; -1: only looking */
	int reserve_fd;
	int64_t counted_ms;	/* when dossiers that wait were counted */
	uint64_t waiting;
	uint64_t taken_files, taken_bytes;	/* no longer reserved for */
	int64_t term;
};

/* ---- bulk.c: where things lie --------------------------------------------- */

void sh_bulk_entry(char name[SH_ENTRY_NAME], const char *what, uint32_t n);
/* 1 with the entry's JSON, 0 when there is none, or -1. */
int sh_bulk_get(struct sh_bulk *b, const char *entry, json_t **vp,
    struct sh_error *err);
int sh_bulk_put(struct sh_bulk *b, const char *entry, const json_t *v,
    int sync, struct sh_error *err) SH_MUST_CHECK;
char *sh_bulk_path(const struct sh_bulk *b, const char *entry,
    struct sh_error *err);
/* An object that knows the folder only; no plan is loaded. */
int sh_bulk_new(struct sh_home **homep, const char *run, struct sh_bulk **bp,
    struct sh_error *err) SH_MUST_CHECK;
int sh_bulk_load(struct sh_bulk *b, struct sh_error *err) SH_MUST_CHECK;
/* The home was closed and opened again. */
int sh_bulk_reattach(struct sh_bulk *b, struct sh_error *err) SH_MUST_CHECK;
/* RUN or the newest, its plan loaded, to look at. */
int sh_bulk_look(struct sh_home **homep, const char *run,
    struct sh_bulk **bp, struct sh_error *err) SH_MUST_CHECK;
/* Mark the queues of the other runs that are not finished. */
int sh_bulk_queues(struct sh_bulk *b, uint8_t used[SH_QUEUE_LAST + 1],
    struct sh_error *err) SH_MUST_CHECK;
int sh_bulk_is_paused(const struct sh_bulk *b);

/* The dossier of a row. */
int sh_bulk_dossier(struct sh_bulk *b, const json_t *row,
    struct sh_dossier **dp, struct sh_error *err) SH_MUST_CHECK;

/* ---- bulk_plan.c ----------------------------------------------------------- */

struct sh_manifest;

int sh_bulk_plan(struct sh_bulk *b, struct sh_manifest *m,
    const char *source, const volatile int *stop, struct sh_error *err)
    SH_MUST_CHECK;

/* ---- bulk_disk.c ----------------------------------------------------------- */

/* What is still to come, reserved; "disk.short" when there is no room. */
int sh_bulk_reserve(struct sh_bulk *b, struct sh_error *err) SH_MUST_CHECK;
/* Give back what was reserved for rows that were taken; never fails. */
void sh_bulk_release(struct sh_bulk *b);
void sh_bulk_unreserve(struct sh_bulk *b);
/* A gate: 1 when the disk has room to go on. */
int sh_bulk_disk_open(void *bulk, struct sh_home *home, struct sh_error *why);

/* A gate: 1 while people keep up with what waits for them. */
int sh_bulk_review_open(void *bulk, struct sh_home *home,
    struct sh_error *why);

/* ---- bulk_state.c ---------------------------------------------------------- */

/* A finished dossier's result; WHY when it was not taken. */
json_t *sh_bulk_result(uint64_t row, const struct sh_dossier *d,
    const struct sh_job *job, const struct sh_error *why,
    struct sh_error *err);
/* The parameter NAME of an error, or NULL. */
const char *sh_bulk_param(const struct sh_error *e, const char *name);
/* The sentence of {"key", "value", …}; NULL with err set. */
json_t *sh_bulk_sentence(const json_t *cause, enum sh_lang lang,
    struct sh_error *err);
/* Count a result. */
void sh_bulk_count(struct sh_bulk_state *s, const json_t *result);
int sh_bulk_state_save(struct sh_bulk *b, int sync, struct sh_error *err)
    SH_MUST_CHECK;
/* 1; 0 when there is none of this program's. */
int sh_bulk_state_load(struct sh_bulk *b, struct sh_error *err);
/* From the results; *NUMBERSP are the shards that are not done. */
int sh_bulk_recount(struct sh_bulk *b, uint32_t **numbersp, size_t *np,
    struct sh_error *err) SH_MUST_CHECK;

#endif
