/*
 * What the files of the embedded engine share.  LMDB 0.9.24 is used by the
 * rules of archive/DESIGN.md: default sync, no DUPSORT, no nested
 * transactions, readers short, the map grown while no transaction is open.
 *
 * Invariants
 *  - One struct env per place and process (LMDB forbids opening it twice);
 *    its references are counted under the registry's lock.
 *  - Whoever holds a transaction holds env->growth for reading; the map is
 *    changed under env->growth for writing.
 *  - Only the handle with the flock on "lock" writes.
 *  - PENDING holds blobs that are durable in the segments and not yet in the
 *    index; the next write transaction indexes them together with the place
 *    up to which the segments are indexed.
 */
#ifndef SH_ARCHIVE_ENGINE_LMDB_INTERNAL_H
#define SH_ARCHIVE_ENGINE_LMDB_INTERNAL_H

#include <lmdb.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/types.h>

#include "archive/engine.h"
#include "archive/segment.h"

/* The names and layouts are frozen: archive/FORMAT, "Embedded engine". */
enum sh_lmdb_table {
	LMDB_STATE, LMDB_HOLDER, LMDB_ENTRY, LMDB_BLOB, LMDB_FEED, LMDB_JOB,
	LMDB_DUE, LMDB_NTABLES
};

/*
 * Rows of LMDB_HOLDER begin with the holder and one of these: what a change
 * writes about its holder lies on one page or two.
 */
#define LMDB_ROW_CHAIN		'c'
#define LMDB_ROW_DOCUMENT	'd'	/* document */
#define LMDB_ROW_EVENT		'e'	/* sequence (8) */
#define LMDB_ROW_OPERATION	'o'	/* operation */
#define LMDB_ROW_ENTRY		't'	/* table (1), order bytes */
#define LMDB_ROW_HEAD		17

#define LMDB_KEY_MAX	(LMDB_ROW_HEAD + 1 + SH_SORT_MAX)
#define SH_LMDB_FORMAT	2
#define SH_LMDB_STATE	36	/* bytes of LMDB_STATE's row */
#define LMDB_REFERENCE_LEN	64	/* rows of LMDB_BLOB: 32, or this */
#define SH_LMDB_PENDING_MAX	8192	/* blobs not yet in the index */

struct sh_lmdb_env {
	struct sh_lmdb_env *next;
	dev_t dev;
	ino_t ino;
	unsigned refs;
	MDB_env *env;
	MDB_dbi table[LMDB_NTABLES];
	pthread_rwlock_t growth;
	struct sh_tag id;
};

struct sh_lmdb_pending {
	struct sh_digest name;
	struct sh_blob_place at;
};

struct sh_lmdb {
	struct sh_engine base;
	char *path;
	struct sh_lmdb_env *env;
	struct sh_segments *segments;
	int lock_fd;
	int head_fd;
	int stopped;
	int reindex;
	uint64_t segment_limit;
	int64_t reader_check_ms;
	uint8_t state[SH_LMDB_STATE];	/* as this handle wrote it last */
	pid_t opened_by;
	MDB_txn *reader;	/* at rest: pins nothing, NULL while it reads */
	struct sh_lmdb_pending *pending;
	size_t npending;
	size_t pending_cap;
};

/* LMDB's code RC as an error of ours; returns -1. */
int sh_lmdb_failed(struct sh_lmdb *h, int rc, const char *what,
    struct sh_error *err);
int sh_lmdb_damaged(struct sh_error *err, const char *what);

/* The key of a row of HOLDER's; returns its length. */
size_t sh_lmdb_row(uint8_t key[LMDB_KEY_MAX], const struct sh_tag *holder,
    char row, const void *rest, size_t len);
size_t sh_lmdb_event_row(uint8_t key[LMDB_KEY_MAX],
    const struct sh_tag *holder, uint64_t sequence);
/* What an index entry's key has before its order bytes, and its table. */
size_t sh_lmdb_entry_head(uint8_t key[LMDB_KEY_MAX], unsigned table,
    const struct sh_tag *term, enum sh_lmdb_table *inp);

/* A read transaction, to be ended within a moment. */
int sh_lmdb_begin_read(struct sh_lmdb *h, MDB_txn **txnp,
    struct sh_error *err) SH_MUST_CHECK;
void sh_lmdb_end_read(struct sh_lmdb *h, MDB_txn *txn);

/*
 * A write: FN puts through the sh_lmdb_put() family, whose first failure
 * sticks in w->rc, and may be run again from its start when the map was
 * full.  Pending blobs are indexed in the same transaction.
 */
struct sh_lmdb_write {
	struct sh_lmdb *h;
	MDB_txn *txn;
	MDB_cursor *holder;	/* in LMDB_HOLDER; ends with the transaction */
	int rc;
};

int sh_lmdb_run(struct sh_lmdb *h, int (*fn)(struct sh_lmdb_write *w,
    void *arg, struct sh_error *err), void *arg, struct sh_error *err)
    SH_MUST_CHECK;
void sh_lmdb_put(struct sh_lmdb_write *w, enum sh_lmdb_table table,
    const void *key, size_t keylen, const void *value, size_t len);
void sh_lmdb_del(struct sh_lmdb_write *w, enum sh_lmdb_table table,
    const void *key, size_t keylen);
/* 1 with the value (valid until the next write), 0, or -1 with w->rc set. */
int sh_lmdb_find(struct sh_lmdb_write *w, enum sh_lmdb_table table,
    const void *key, size_t keylen, MDB_val *value);

/* The last position of the feed, 0 when it is empty. */
int sh_lmdb_last_position(MDB_txn *txn, MDB_dbi feed, uint64_t *positionp);

/* Where a blob lies: 1, 0 or -1. */
int sh_lmdb_blob_place(struct sh_lmdb *h, const struct sh_digest *name,
    struct sh_blob_place *at, struct sh_error *err);
int sh_lmdb_parse_place(const MDB_val *value, struct sh_blob_place *at);

/* An event's row into ITEM; -1 when it is too short. */
int sh_lmdb_parse_event(const MDB_val *value, struct sh_fed *item);

/* engine_lmdb_write.c */
int sh_lmdb_blob_put(struct sh_engine *e, struct sh_blob *blobs, size_t n,
    struct sh_error *err);
int sh_lmdb_commit(struct sh_engine *e, struct sh_change *changes, size_t n,
    struct sh_error *err);
int sh_lmdb_lease(struct sh_engine *e, unsigned queue, size_t n,
    int64_t now, int64_t ttl_s, struct sh_engine_job *jobs, size_t *gotp,
    struct sh_error *err);
int sh_lmdb_done(struct sh_engine *e, const struct sh_engine_job *jobs,
    size_t n, int64_t again, struct sh_error *err);

/* engine_lmdb_read.c */
int sh_lmdb_blob_get(struct sh_engine *e, const struct sh_digest *name,
    uint64_t offset, uint64_t len, sh_sink sink, void *arg,
    uint64_t *totalp, struct sh_error *err);
int sh_lmdb_get(struct sh_engine *e, const struct sh_tag *holder,
    const struct sh_tag *document, uint8_t *value, size_t *lenp,
    struct sh_error *err);
int sh_lmdb_scan(struct sh_engine *e, const struct sh_range *range,
    int (*fn)(void *, const struct sh_entry *, struct sh_error *),
    void *arg, struct sh_error *err);
int sh_lmdb_head(struct sh_engine *e, const struct sh_tag *holder,
    struct sh_head *head, struct sh_error *err);
int sh_lmdb_feed(struct sh_engine *e, unsigned shard,
    const struct sh_tag *holder, uint64_t after,
    int (*fn)(void *, const struct sh_fed *, struct sh_error *),
    void *arg, struct sh_error *err);

/* engine_lmdb_purge.c */
int sh_lmdb_purge(struct sh_engine *e, struct sh_error *err);

/* engine_lmdb_check.c */
int sh_lmdb_check(struct sh_engine *e, const struct sh_visit *visit,
    struct sh_error *err);

#endif
