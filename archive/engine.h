/*
 * The engine: where sealed bytes lie.  Two drivers are real, "lmdb:PATH"
 * (embedded) and Ceph RADOS (one object per holder); "mem:NAME" is the small
 * reference that the conformance suite holds them against; "fault:" and
 * another's place fails on request (engine_fault.h).
 *
 * An engine knows no key and no meaning.  Holders, documents, operations and
 * index terms are 16 opaque bytes (struct sh_tag), blobs are named by 32
 * opaque bytes, values are sealed by the vault before they come here.
 *
 * The contract is what both drivers can keep, and no more:
 *
 *  - A change concerns one holder.  It is atomic, linearizable per holder
 *    and made once per operation id.  Nothing is atomic across holders: an
 *    array of changes is made in order, and a crash may leave any number of
 *    its first elements made.
 *  - Index entries of a holder's own tables (below SH_TABLE_GLOBAL) change
 *    with the holder.  Entries of global tables may be seen shortly before
 *    their change and shortly after their removal: who finds one looks at
 *    the holder.
 *  - A scan or a feed is resumed by key and is no snapshot.  No callback
 *    runs inside a read transaction, so it may take as long as it likes and
 *    call the engine.
 *  - The feed is ordered per shard and delivers at least once.
 *  - A job may be handed out twice, and before the change that queued it is
 *    seen: its effects are idempotent.
 *
 * Returns are 0 or -1.  A handle belongs to one thread at a time; several
 * handles may read one place, one may write it.  No handle survives fork().
 *
 * Errors of every call: SH_EFIXITY "engine.damaged", the store contradicts
 * itself; SH_ESYSTEM "engine.stopped", an earlier write failed in a way that
 * leaves the disk's state unknown: close, look at the disk, open again.
 */
#ifndef SH_ARCHIVE_ENGINE_H
#define SH_ARCHIVE_ENGINE_H

#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/error.h"

struct sh_engine;

struct sh_tag {
	uint8_t b[16];
};

#define SH_VALUE_MAX	1984	/* a document's sealed value */
#define SH_EVENT_MAX	1900	/* a sealed event */
#define SH_SORT_MAX	64	/* order bytes of an index entry */
#define SH_ENTRY_MAX	1900	/* value of an index entry */
#define SH_JOB_MAX	1024
#define SH_CHANGES_MAX	1024	/* changes in one call */
#define SH_BLOBS_MAX	4096	/* blobs in one call */
#define SH_LEASE_MAX	64	/* jobs in one call */

/* Tables from here on are global; below, the term is the holder. */
#define SH_TABLE_GLOBAL	0x80

enum sh_engine_mode {
	SH_ENGINE_READ,
	SH_ENGINE_WRITE,
	SH_ENGINE_CREATE	/* write; an existing place is refused */
};

/*
 * Errors: SH_ENOTFOUND "engine.missing"; SH_EEXISTS "engine.exists";
 * SH_EAGAIN "lock.held", another handle writes; SH_EUNSUPPORTED
 * "engine.scheme", no such driver, "engine.format", another program's.
 * Creation is durable and leaves nothing or all of it.
 */
int sh_engine_open(const char *uri, enum sh_engine_mode mode,
    struct sh_engine **ep, struct sh_error *err) SH_MUST_CHECK;
void sh_engine_close(struct sh_engine *e);

/* Shards of the feed, numbered from 0; fixed while the handle is open. */
unsigned sh_engine_shards(const struct sh_engine *e);

/*
 * Where a blob's bytes come from: up to CAP bytes into BUF, *LENP 0 at the
 * end.  Asked from the start, and only for a name that is not held, unless it
 * is put again.
 */
typedef int (*sh_source)(void *arg, void *buf, size_t cap, size_t *lenp,
    struct sh_error *err);
/* Where bytes go, in order. */
typedef int (*sh_sink)(void *arg, const void *data, size_t len,
    struct sh_error *err);

struct sh_blob {
	struct sh_digest name;
	sh_source source;
	void *arg;
	int again;		/* in place of what is held, if it is */
	uint64_t bytes;		/* out: stored bytes */
	int existed;		/* out: held already, the source not asked */
};

/*
 * Keep N blobs.  All are durable when the call returns 0 (one sync for the
 * whole array: give many at once); when it returns -1 none is promised.
 * Idempotent; a name that occurs twice is stored once.  Nothing refers to
 * them yet.
 */
int sh_engine_blob_put(struct sh_engine *e, struct sh_blob *blobs, size_t n,
    struct sh_error *err) SH_MUST_CHECK;

/*
 * Bytes OFFSET .. OFFSET + LEN of a blob into SINK, which may be NULL; cut at
 * the blob's end.  *TOTALP, unless NULL, is the size of the whole, known
 * before the first byte comes.  When the whole is asked for (0, UINT64_MAX)
 * the stored digest is checked before the call returns 0; a part is only as
 * good as what the caller checks itself.
 * Errors: SH_ENOTFOUND "engine.blob-missing"; SH_EFIXITY.
 */
int sh_engine_blob_get(struct sh_engine *e, const struct sh_digest *name,
    uint64_t offset, uint64_t len, sh_sink sink, void *arg,
    uint64_t *totalp, struct sh_error *err) SH_MUST_CHECK;

/* A document's value; NULL with length 0: its tombstone. */
struct sh_put {
	struct sh_tag document;
	const void *value;
	size_t len;
};

/* An index entry is unique by (table, term, sort); a later value replaces. */
struct sh_entry {
	unsigned table;		/* 1..255 */
	struct sh_tag term;	/* own tables: the holder */
	uint8_t sort[SH_SORT_MAX];	/* memcmp order */
	size_t sortlen;
	const void *value;
	size_t len;
	int remove;		/* absent is fine */
};

/* The set of (blob, holder, document) that keeps a blob. */
struct sh_reference {
	struct sh_digest blob;
	struct sh_tag document;
	int remove;
};

struct sh_engine_job {
	unsigned queue;		/* 1..255 */
	struct sh_tag id;
	struct sh_tag lease;	/* zero until it was handed out */
	uint32_t tries;		/* times handed out, this one counted */
	size_t len;
	uint8_t data[SH_JOB_MAX];
};

enum sh_outcome {
	SH_COMMITTED,
	SH_COMMITTED_BEFORE,	/* this operation was made earlier */
	SH_COMMIT_CONFLICT	/* the head moved, or a document is there */
};

struct sh_change {
	struct sh_tag holder;
	struct sh_tag operation;
	const struct sh_digest *expect;	/* chain head; NULL: any */
	const struct sh_put *puts;
	size_t nputs;
	const struct sh_entry *entries;
	size_t nentries;
	const struct sh_reference *references;
	size_t nreferences;
	const struct sh_engine_job *jobs;	/* a known one is left alone */
	size_t njobs;
	const void *event;
	size_t eventlen;
	struct sh_digest digest;	/* what the chain commits to */

	enum sh_outcome outcome;	/* out, all three */
	uint64_t sequence;		/* of the holder's chain, from 1 */
	struct sh_digest head;		/* after this operation */
};

/*
 * Make N changes, each on its own; outcomes are in the elements.  A document
 * is put once: a second put under its id is SH_COMMIT_CONFLICT, a tombstone
 * replaces it for good.  0: every element has its outcome and what is
 * SH_COMMITTED is durable.  -1: any of them may have been made or not; the
 * same call with the same operation ids settles it.
 * Errors: SH_ENOTFOUND "engine.blob-missing", a reference to no blob;
 * SH_ESYSTEM "disk.full".
 */
int sh_engine_commit(struct sh_engine *e, struct sh_change *changes,
    size_t n, struct sh_error *err) SH_MUST_CHECK;

/*
 * A document's value into VALUE[SH_VALUE_MAX].
 * Errors: SH_ENOTFOUND "engine.document-missing", "engine.tombstone".
 */
int sh_engine_get(struct sh_engine *e, const struct sh_tag *holder,
    const struct sh_tag *document, uint8_t *value, size_t *lenp,
    struct sh_error *err) SH_MUST_CHECK;

struct sh_range {
	unsigned table;
	struct sh_tag term;
	const void *prefix;	/* of the order bytes; may be NULL */
	size_t prefixlen;
	const void *after;	/* order bytes to resume behind; may be NULL */
	size_t afterlen;
	int descending;
};

/* FN returns 0 to go on, 1 to stop, -1 with the error set. */
int sh_engine_scan(struct sh_engine *e, const struct sh_range *range,
    int (*fn)(void *arg, const struct sh_entry *entry, struct sh_error *err),
    void *arg, struct sh_error *err) SH_MUST_CHECK;

struct sh_head {
	uint64_t sequence;	/* 0: the holder has no event */
	struct sh_digest head;	/* zero then */
};

int sh_engine_head(struct sh_engine *e, const struct sh_tag *holder,
    struct sh_head *head, struct sh_error *err) SH_MUST_CHECK;

struct sh_fed {
	uint64_t position;	/* resume behind it */
	struct sh_tag holder;
	struct sh_tag operation;
	uint64_t sequence;	/* in the holder's chain */
	struct sh_digest digest;
	struct sh_digest head;
	const void *event;
	size_t len;
};

/*
 * Events behind position AFTER (0: from the first): of SHARD, or of HOLDER's
 * chain alone when it is not NULL (positions are then its sequence).
 * FN as in sh_engine_scan.
 */
int sh_engine_feed(struct sh_engine *e, unsigned shard,
    const struct sh_tag *holder, uint64_t after,
    int (*fn)(void *arg, const struct sh_fed *item, struct sh_error *err),
    void *arg, struct sh_error *err) SH_MUST_CHECK;

/*
 * Asked with sh_engine_feed(): the position of SHARD's last event; AFTER
 * when there is none behind it.  Looked for in steps that double, so that
 * what lies between is not read.
 */
int sh_engine_feed_end(struct sh_engine *e, unsigned shard, uint64_t after,
    uint64_t *positionp, struct sh_error *err) SH_MUST_CHECK;

/*
 * Hand out up to N jobs of QUEUE that are due at NOW (Unix seconds), for
 * TTL_S seconds; the attempt is counted durably before the call returns.
 */
int sh_engine_lease(struct sh_engine *e, unsigned queue, size_t n,
    int64_t now, int64_t ttl_s, struct sh_engine_job *jobs, size_t *gotp,
    struct sh_error *err) SH_MUST_CHECK;

/*
 * Jobs finished (AGAIN < 0), or to be handed out again from the moment
 * AGAIN.  A job that has gone, or whose lease is another's by now, is left
 * alone.
 */
int sh_engine_done(struct sh_engine *e, const struct sh_engine_job *jobs,
    size_t n, int64_t again, struct sh_error *err) SH_MUST_CHECK;

/*
 * Overwrite what removed documents and entries left behind: afterwards no
 * byte of them is found where the engine keeps its index.  Blobs stay.
 * Errors: SH_EAGAIN "engine.pinned", somebody still reads an older state.
 */
int sh_engine_purge(struct sh_engine *e, struct sh_error *err) SH_MUST_CHECK;

/*
 * Walk over everything that is kept and compare it with itself: chains from
 * their first event, feed against chains, references against blobs, blobs
 * against where they lie.  Every callback may be NULL and returns 0 to go
 * on, -1 with the error set; references come in the order of their blobs,
 * events in the order of their chains.
 */
struct sh_visit {
	void *arg;
	void (*total)(void *arg, uint64_t items);
	void (*step)(void *arg);	/* one item is done */
	int (*document)(void *arg, const struct sh_tag *holder,
	    const struct sh_put *put, struct sh_error *err);
	int (*entry)(void *arg, const struct sh_entry *entry,
	    struct sh_error *err);
	int (*reference)(void *arg, const struct sh_tag *holder,
	    const struct sh_reference *ref, struct sh_error *err);
	int (*blob)(void *arg, const struct sh_digest *name, uint64_t bytes,
	    int referenced, struct sh_error *err);
	int (*event)(void *arg, const struct sh_fed *item,
	    struct sh_error *err);
	/* KEY is stable and dotted, like an error's. */
	int (*finding)(void *arg, const char *key, const char *text,
	    struct sh_error *err);
};

int sh_engine_check(struct sh_engine *e, const struct sh_visit *visit,
    struct sh_error *err) SH_MUST_CHECK;

/* For drivers and for who verifies a chain without one. */

/* head = SHA-256(previous head, sequence as 8 bytes, digest of the event) */
int sh_chain_next(const struct sh_digest *previous, uint64_t sequence,
    const struct sh_digest *digest, struct sh_digest *head,
    struct sh_error *err) SH_MUST_CHECK;

struct sh_engine_driver {
	const char *scheme;		/* "lmdb:" */
	int (*open)(const char *place, enum sh_engine_mode mode,
	    struct sh_engine **ep, struct sh_error *err);
	void (*close)(struct sh_engine *e);
	int (*blob_put)(struct sh_engine *e, struct sh_blob *blobs, size_t n,
	    struct sh_error *err);
	int (*blob_get)(struct sh_engine *e, const struct sh_digest *name,
	    uint64_t offset, uint64_t len, sh_sink sink, void *arg,
	    uint64_t *totalp, struct sh_error *err);
	int (*commit)(struct sh_engine *e, struct sh_change *changes,
	    size_t n, struct sh_error *err);
	int (*get)(struct sh_engine *e, const struct sh_tag *holder,
	    const struct sh_tag *document, uint8_t *value, size_t *lenp,
	    struct sh_error *err);
	int (*scan)(struct sh_engine *e, const struct sh_range *range,
	    int (*fn)(void *, const struct sh_entry *, struct sh_error *),
	    void *arg, struct sh_error *err);
	int (*head)(struct sh_engine *e, const struct sh_tag *holder,
	    struct sh_head *head, struct sh_error *err);
	int (*feed)(struct sh_engine *e, unsigned shard,
	    const struct sh_tag *holder, uint64_t after,
	    int (*fn)(void *, const struct sh_fed *, struct sh_error *),
	    void *arg, struct sh_error *err);
	int (*lease)(struct sh_engine *e, unsigned queue, size_t n,
	    int64_t now, int64_t ttl_s, struct sh_engine_job *jobs,
	    size_t *gotp, struct sh_error *err);
	int (*done)(struct sh_engine *e, const struct sh_engine_job *jobs,
	    size_t n, int64_t again, struct sh_error *err);
	int (*purge)(struct sh_engine *e, struct sh_error *err);
	int (*check)(struct sh_engine *e, const struct sh_visit *visit,
	    struct sh_error *err);
};

/* The head of every driver's own handle. */
struct sh_engine {
	const struct sh_engine_driver *driver;
	enum sh_engine_mode mode;
	unsigned shards;
	int pid;			/* who opened it */
};

extern const struct sh_engine_driver sh_engine_lmdb;
extern const struct sh_engine_driver sh_engine_mem;
extern const struct sh_engine_driver sh_engine_fault;

#endif
