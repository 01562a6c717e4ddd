/* The contract's gate: what no driver has to check again. */
#include "archive/engine.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"

static const struct sh_engine_driver *const drivers[] = {
	&sh_engine_lmdb, &sh_engine_mem, &sh_engine_fault
};

int
sh_engine_open(const char *uri, enum sh_engine_mode mode,
    struct sh_engine **ep, struct sh_error *err)
{
	size_t i, len;

	*ep = NULL;
	for (i = 0; i < SH_COUNT(drivers); i++) {
		len = strlen(drivers[i]->scheme);
		if (strncmp(uri, drivers[i]->scheme, len) != 0)
			continue;
		if (drivers[i]->open(uri + len, mode, ep, err))
			return (sh_error_context(err, "%s", uri));
		(*ep)->driver = drivers[i];
		(*ep)->mode = mode;
		(*ep)->pid = (int)getpid();
		return (0);
	}
	sh_error_param(err, "value", "%s", uri);
	return (sh_error_set(err, SH_EUNSUPPORTED, "engine.scheme",
	    "no engine is called %s", uri));
}

void
sh_engine_close(struct sh_engine *e)
{
	if (e != NULL)
		e->driver->close(e);
}

unsigned
sh_engine_shards(const struct sh_engine *e)
{
	return (e->shards);
}

/*
 * This process, without a call of the system for each call of ours: where
 * it was noted the kernel wipes it in a forked child.
 */
static int
process(void)
{
	static int *noted;
	int *p = __atomic_load_n(&noted, __ATOMIC_ACQUIRE), *none = NULL, pid;

	if (p == NULL) {
		p = mmap(NULL, sizeof(*p), PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (p == MAP_FAILED)
			return ((int)getpid());
		if (madvise(p, sizeof(*p), MADV_WIPEONFORK) != 0 ||
		    !__atomic_compare_exchange_n(&noted, &none, p, 0,
		    __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
			(void)munmap(p, sizeof(*p));
			return ((int)getpid());
		}
	}
	if ((pid = __atomic_load_n(p, __ATOMIC_RELAXED)) == 0) {
		pid = (int)getpid();
		__atomic_store_n(p, pid, __ATOMIC_RELAXED);
	}
	return (pid);
}

/* LMDB's maps and locks and librados' threads do not survive fork(). */
static int
usable(const struct sh_engine *e, int writes, struct sh_error *err)
{
	if (e->pid != process())
		return (sh_error_set(err, SH_EARG, "engine.forked",
		    "an engine of another process was used"));
	if (writes && e->mode == SH_ENGINE_READ)
		return (sh_error_set(err, SH_EDENIED, "engine.readonly",
		    "the engine was opened for reading"));
	return (0);
}

static int
too_much(struct sh_error *err, const char *what, size_t n, size_t limit)
{
	sh_error_param(err, "limit", "%zu", limit);
	return (sh_error_set(err, SH_ELIMIT, "engine.limit",
	    "%s: %zu, limit %zu", what, n, limit));
}

int
sh_engine_blob_put(struct sh_engine *e, struct sh_blob *blobs, size_t n,
    struct sh_error *err)
{
	if (usable(e, 1, err))
		return (-1);
	if (n > SH_BLOBS_MAX)
		return (too_much(err, "blobs in one call", n, SH_BLOBS_MAX));
	return (e->driver->blob_put(e, blobs, n, err));
}

int
sh_engine_blob_get(struct sh_engine *e, const struct sh_digest *name,
    uint64_t offset, uint64_t len, sh_sink sink, void *arg,
    uint64_t *totalp, struct sh_error *err)
{
	if (usable(e, 0, err))
		return (-1);
	return (e->driver->blob_get(e, name, offset, len, sink, arg, totalp,
	    err));
}

static int
check_change(const struct sh_change *c, struct sh_error *err)
{
	size_t i;

	if (c->eventlen > SH_EVENT_MAX)
		return (too_much(err, "bytes of an event", c->eventlen,
		    SH_EVENT_MAX));
	for (i = 0; i < c->nputs; i++)
		if (c->puts[i].len > SH_VALUE_MAX)
			return (too_much(err, "bytes of a value",
			    c->puts[i].len, SH_VALUE_MAX));
	for (i = 0; i < c->nentries; i++) {
		const struct sh_entry *t = &c->entries[i];

		if (t->sortlen > SH_SORT_MAX || t->len > SH_ENTRY_MAX)
			return (too_much(err, "bytes of an index entry",
			    t->len, SH_ENTRY_MAX));
		if (t->table == 0 || t->table > 255 ||
		    (t->table < SH_TABLE_GLOBAL && memcmp(&t->term,
		    &c->holder, sizeof(t->term)) != 0))
			return (sh_error_set(err, SH_EARG, "engine.table",
			    "an index entry for table %u under another term",
			    t->table));
	}
	for (i = 0; i < c->njobs; i++)
		if (c->jobs[i].queue == 0 || c->jobs[i].queue > 255 ||
		    c->jobs[i].len > SH_JOB_MAX)
			return (too_much(err, "bytes of a job",
			    c->jobs[i].len, SH_JOB_MAX));
	return (0);
}

int
sh_engine_commit(struct sh_engine *e, struct sh_change *changes, size_t n,
    struct sh_error *err)
{
	size_t i;

	if (usable(e, 1, err))
		return (-1);
	if (n > SH_CHANGES_MAX)
		return (too_much(err, "changes in one call", n,
		    SH_CHANGES_MAX));
	for (i = 0; i < n; i++)
		if (check_change(&changes[i], err))
			return (-1);
	return (e->driver->commit(e, changes, n, err));
}

int
sh_engine_get(struct sh_engine *e, const struct sh_tag *holder,
    const struct sh_tag *document, uint8_t *value, size_t *lenp,
    struct sh_error *err)
{
	*lenp = 0;
	if (usable(e, 0, err))
		return (-1);
	return (e->driver->get(e, holder, document, value, lenp, err));
}

int
sh_engine_scan(struct sh_engine *e, const struct sh_range *range,
    int (*fn)(void *, const struct sh_entry *, struct sh_error *), void *arg,
    struct sh_error *err)
{
	if (usable(e, 0, err))
		return (-1);
	if (range->prefixlen > SH_SORT_MAX || range->afterlen > SH_SORT_MAX)
		return (too_much(err, "order bytes", range->afterlen,
		    SH_SORT_MAX));
	return (e->driver->scan(e, range, fn, arg, err));
}

int
sh_engine_head(struct sh_engine *e, const struct sh_tag *holder,
    struct sh_head *head, struct sh_error *err)
{
	memset(head, 0, sizeof(*head));
	if (usable(e, 0, err))
		return (-1);
	return (e->driver->head(e, holder, head, err));
}

int
sh_engine_feed(struct sh_engine *e, unsigned shard,
    const struct sh_tag *holder, uint64_t after,
    int (*fn)(void *, const struct sh_fed *, struct sh_error *), void *arg,
    struct sh_error *err)
{
	if (usable(e, 0, err))
		return (-1);
	if (holder == NULL && shard >= e->shards)
		return (sh_error_set(err, SH_EARG, "engine.shard",
		    "the feed has no shard %u", shard));
	return (e->driver->feed(e, shard, holder, after, fn, arg, err));
}

static int
take_position(void *arg, const struct sh_fed *item, struct sh_error *err)
{
	(void)err;
	*(uint64_t *)arg = item->position;
	return (1);
}

int
sh_engine_feed_end(struct sh_engine *e, unsigned shard, uint64_t after,
    uint64_t *positionp, struct sh_error *err)
{
	/* There is an event at LO, or LO is AFTER; none behind HI. */
	uint64_t lo = after, hi = UINT64_MAX, step = 1, mid, found;

	while (lo < hi) {
		mid = step > 0 && step < hi - lo ? lo + step :
		    lo + (hi - lo) / 2;
		found = 0;
		if (sh_engine_feed(e, shard, NULL, mid, take_position, &found,
		    err))
			return (-1);
		if (found > 0) {
			lo = found;
			step *= 2;
		} else {
			hi = mid;
			step = 0;
		}
	}
	*positionp = lo;
	return (0);
}

int
sh_engine_lease(struct sh_engine *e, unsigned queue, size_t n, int64_t now,
    int64_t ttl_s, struct sh_engine_job *jobs, size_t *gotp,
    struct sh_error *err)
{
	*gotp = 0;
	if (usable(e, 1, err))
		return (-1);
	if (n > SH_LEASE_MAX)
		return (too_much(err, "jobs in one call", n, SH_LEASE_MAX));
	if (now < 0 || ttl_s < 0)
		return (sh_error_set(err, SH_EARG, "engine.time",
		    "a time before 1970"));
	return (e->driver->lease(e, queue, n, now, ttl_s, jobs, gotp, err));
}

int
sh_engine_done(struct sh_engine *e, const struct sh_engine_job *jobs, size_t n,
    int64_t again, struct sh_error *err)
{
	if (usable(e, 1, err))
		return (-1);
	return (e->driver->done(e, jobs, n, again, err));
}

int
sh_engine_purge(struct sh_engine *e, struct sh_error *err)
{
	return (usable(e, 1, err) || e->driver->purge(e, err) ? -1 : 0);
}

int
sh_engine_check(struct sh_engine *e, const struct sh_visit *visit,
    struct sh_error *err)
{
	if (usable(e, 0, err))
		return (-1);
	return (e->driver->check(e, visit, err));
}

int
sh_chain_next(const struct sh_digest *previous, uint64_t sequence,
    const struct sh_digest *digest, struct sh_digest *head,
    struct sh_error *err)
{
	uint8_t b[SH_DIGEST_LEN + 8 + SH_DIGEST_LEN];

	memcpy(b, previous->b, SH_DIGEST_LEN);
	sh_put_be(b + SH_DIGEST_LEN, sequence, 8);
	memcpy(b + SH_DIGEST_LEN + 8, digest->b, SH_DIGEST_LEN);
	return (sh_sha256(b, sizeof(b), head, err));
}
