#include "archive/engine_fault.h"

#include <stdlib.h>

#include "archive/engine.h"
#include "base/mem.h"

struct fault {
	struct sh_engine base;
	struct sh_engine *under;
};

static struct {
	enum sh_fault_kind kind;
	uint64_t n, calls;
} plan;

void
sh_engine_fault_plan(enum sh_fault_kind kind, uint64_t n)
{
	plan.kind = kind;
	plan.n = n;
	plan.calls = 0;
}

uint64_t
sh_engine_fault_calls(void)
{
	return (plan.calls);
}

static struct sh_engine *
under(struct sh_engine *e)
{
	return (((struct fault *)e)->under);
}

/* 0: go on; 1: go on and lose the answer; -1: fail now. */
static int
turn(struct sh_error *err)
{
	uint64_t n = plan.calls++;

	if (plan.kind == SH_FAULT_NONE || n < plan.n ||
	    (n > plan.n && plan.kind != SH_FAULT_FROM))
		return (0);
	if (plan.kind == SH_FAULT_AFTER)
		return (1);
	return (sh_error_set(err, SH_ESYSTEM, SH_FAULT_KEY,
	    "a failure that was asked for"));
}

/* The call's result, or its loss. */
static int
answer(int lost, int rc, struct sh_error *err)
{
	if (!lost || rc != 0)
		return (rc);
	return (sh_error_set(err, SH_ESYSTEM, SH_FAULT_KEY,
	    "a failure that was asked for"));
}

static int
fault_open(const char *place, enum sh_engine_mode mode,
    struct sh_engine **ep, struct sh_error *err)
{
	struct fault *f;
	int lost;

	if ((lost = turn(err)) < 0)
		return (-1);
	if ((f = sh_alloc(1, sizeof(*f), "an engine", err)) == NULL)
		return (-1);
	if (answer(lost, sh_engine_open(place, mode, &f->under, err), err)) {
		sh_engine_close(f->under);
		free(f);
		return (-1);
	}
	f->base.shards = sh_engine_shards(f->under);
	*ep = &f->base;
	return (0);
}

static void
fault_close(struct sh_engine *e)
{
	sh_engine_close(under(e));
	free(e);
}

static int
fault_blob_put(struct sh_engine *e, struct sh_blob *blobs, size_t n,
    struct sh_error *err)
{
	int lost;

	return ((lost = turn(err)) < 0 ? -1 : answer(lost,
	    sh_engine_blob_put(under(e), blobs, n, err), err));
}

static int
fault_blob_get(struct sh_engine *e, const struct sh_digest *name,
    uint64_t offset, uint64_t len, sh_sink sink, void *arg, uint64_t *totalp,
    struct sh_error *err)
{
	int lost;

	return ((lost = turn(err)) < 0 ? -1 : answer(lost,
	    sh_engine_blob_get(under(e), name, offset, len, sink, arg, totalp,
	    err), err));
}

static int
fault_commit(struct sh_engine *e, struct sh_change *changes, size_t n,
    struct sh_error *err)
{
	int lost;

	return ((lost = turn(err)) < 0 ? -1 : answer(lost,
	    sh_engine_commit(under(e), changes, n, err), err));
}

static int
fault_get(struct sh_engine *e, const struct sh_tag *holder,
    const struct sh_tag *document, uint8_t *value, size_t *lenp,
    struct sh_error *err)
{
	int lost;

	return ((lost = turn(err)) < 0 ? -1 : answer(lost,
	    sh_engine_get(under(e), holder, document, value, lenp, err),
	    err));
}

static int
fault_scan(struct sh_engine *e, const struct sh_range *range,
    int (*fn)(void *, const struct sh_entry *, struct sh_error *), void *arg,
    struct sh_error *err)
{
	int lost;

	return ((lost = turn(err)) < 0 ? -1 : answer(lost,
	    sh_engine_scan(under(e), range, fn, arg, err), err));
}

static int
fault_head(struct sh_engine *e, const struct sh_tag *holder,
    struct sh_head *head, struct sh_error *err)
{
	int lost;

	return ((lost = turn(err)) < 0 ? -1 : answer(lost,
	    sh_engine_head(under(e), holder, head, err), err));
}

static int
fault_feed(struct sh_engine *e, unsigned shard, const struct sh_tag *holder,
    uint64_t after, int (*fn)(void *, const struct sh_fed *,
    struct sh_error *), void *arg, struct sh_error *err)
{
	int lost;

	return ((lost = turn(err)) < 0 ? -1 : answer(lost,
	    sh_engine_feed(under(e), shard, holder, after, fn, arg, err),
	    err));
}

static int
fault_lease(struct sh_engine *e, unsigned queue, size_t n, int64_t now,
    int64_t ttl_s, struct sh_engine_job *jobs, size_t *gotp,
    struct sh_error *err)
{
	int lost;

	return ((lost = turn(err)) < 0 ? -1 : answer(lost,
	    sh_engine_lease(under(e), queue, n, now, ttl_s, jobs, gotp, err),
	    err));
}

static int
fault_done(struct sh_engine *e, const struct sh_engine_job *jobs, size_t n,
    int64_t again, struct sh_error *err)
{
	int lost;

	return ((lost = turn(err)) < 0 ? -1 : answer(lost,
	    sh_engine_done(under(e), jobs, n, again, err), err));
}

static int
fault_purge(struct sh_engine *e, struct sh_error *err)
{
	int lost;

	return ((lost = turn(err)) < 0 ? -1 : answer(lost,
	    sh_engine_purge(under(e), err), err));
}

static int
fault_check(struct sh_engine *e, const struct sh_visit *visit,
    struct sh_error *err)
{
	int lost;

	return ((lost = turn(err)) < 0 ? -1 : answer(lost,
	    sh_engine_check(under(e), visit, err), err));
}

const struct sh_engine_driver sh_engine_fault = {
	.scheme = "fault:", .open = fault_open, .close = fault_close,
	.blob_put = fault_blob_put, .blob_get = fault_blob_get,
	.commit = fault_commit, .get = fault_get, .scan = fault_scan,
	.head = fault_head, .feed = fault_feed, .lease = fault_lease,
	.done = fault_done, .purge = fault_purge, .check = fault_check
};
