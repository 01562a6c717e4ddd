/* The embedded engine's writes: blobs, changes, jobs. */
#include "archive/engine_lmdb_internal.h"

#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"

/* ---- blobs --------------------------------------------------------------- */

static int
put_one(struct sh_lmdb *h, struct sh_blob *b, struct sh_error *err)
{
	struct sh_lmdb_pending *p;
	struct sh_blob_place at;
	int r;

	if ((r = sh_lmdb_blob_place(h, &b->name, &at, err)) < 0)
		return (-1);
	b->existed = r;
	/* Put again: the index names the newer place from then on. */
	if (r == 0 || b->again) {
		if (sh_grow(&h->pending, &h->pending_cap, h->npending + 1,
		    sizeof(*h->pending), "blobs", err) ||
		    sh_segments_append(h->segments, &b->name, b->source,
		    b->arg, &at, err))
			return (-1);
		p = &h->pending[h->npending++];
		p->name = b->name;
		p->at = at;
	}
	b->bytes = at.bytes;
	return (0);
}

int
sh_lmdb_blob_put(struct sh_engine *e, struct sh_blob *blobs, size_t n,
    struct sh_error *err)
{
	struct sh_lmdb *h = (struct sh_lmdb *)e;
	size_t before, i;

	if (h->npending + n > SH_LMDB_PENDING_MAX &&
	    sh_lmdb_run(h, NULL, NULL, err))
		return (-1);
	before = h->npending;
	for (i = 0; i < n; i++)
		if (put_one(h, &blobs[i], err))
			break;
	if (i == n && sh_segments_sync(h->segments, err) == 0)
		return (0);
	sh_segments_undo(h->segments);
	h->npending = before;
	return (-1);
}

/* ---- keys ---------------------------------------------------------------- */

static size_t
document_row(uint8_t key[LMDB_KEY_MAX], const struct sh_tag *holder,
    const struct sh_tag *document)
{
	return (sh_lmdb_row(key, holder, LMDB_ROW_DOCUMENT, document->b, 16));
}

static size_t
operation_row(uint8_t key[LMDB_KEY_MAX], const struct sh_change *c)
{
	return (sh_lmdb_row(key, &c->holder, LMDB_ROW_OPERATION,
	    c->operation.b, 16));
}

/* ---- changes ------------------------------------------------------------- */

struct commit {
	struct sh_change *changes;
	size_t n;
	uint64_t position;	/* of the last event in the feed */
};

/* The chain's state before the change; zeros when there is none. */
static int
find_head(struct sh_lmdb_write *w, const struct sh_tag *holder,
    struct sh_head *head)
{
	uint8_t key[LMDB_KEY_MAX];
	MDB_val v;
	int r;

	memset(head, 0, sizeof(*head));
	if ((r = sh_lmdb_find(w, LMDB_HOLDER, key, sh_lmdb_row(key, holder,
	    LMDB_ROW_CHAIN, NULL, 0), &v)) <= 0)
		return (r);
	if (v.mv_size != 40) {
		w->rc = MDB_CORRUPTED;
		return (-1);
	}
	head->sequence = sh_get_be(v.mv_data, 8);
	memcpy(head->head.b, (uint8_t *)v.mv_data + 8, SH_DIGEST_LEN);
	return (0);
}

/* 1 and the change's outcome if this operation was made before. */
static int
made_before(struct sh_lmdb_write *w, struct sh_change *c)
{
	struct sh_fed item;
	uint8_t key[LMDB_KEY_MAX];
	MDB_val v;
	int r;

	if ((r = sh_lmdb_find(w, LMDB_HOLDER, key, operation_row(key, c),
	    &v)) <= 0)
		return (r);
	if (v.mv_size != 8) {
		w->rc = MDB_CORRUPTED;
		return (-1);
	}
	c->sequence = sh_get_be(v.mv_data, 8);
	r = sh_lmdb_find(w, LMDB_HOLDER, key, sh_lmdb_event_row(key,
	    &c->holder, c->sequence), &v);
	if (r == 0 || (r > 0 && sh_lmdb_parse_event(&v, &item))) {
		w->rc = MDB_CORRUPTED;
		return (-1);
	}
	if (r < 0)
		return (-1);
	c->head = item.head;
	c->outcome = SH_COMMITTED_BEFORE;
	return (1);
}

/* 1 if a document of the change is there already, or its tombstone. */
static int
documents_conflict(struct sh_lmdb_write *w, const struct sh_change *c)
{
	uint8_t key[LMDB_KEY_MAX];
	MDB_val v;
	size_t i;
	int r;

	for (i = 0; i < c->nputs; i++) {
		if ((r = sh_lmdb_find(w, LMDB_HOLDER, key, document_row(key,
		    &c->holder, &c->puts[i].document), &v)) < 0)
			return (-1);
		if (r > 0 && (c->puts[i].len > 0 || v.mv_size == 0))
			return (1);
	}
	return (0);
}

static void
put_entry(struct sh_lmdb_write *w, const struct sh_entry *t)
{
	uint8_t key[LMDB_KEY_MAX];
	enum sh_lmdb_table in;
	size_t len = sh_lmdb_entry_head(key, t->table, &t->term, &in);

	memcpy(key + len, t->sort, t->sortlen);
	if (t->remove)
		sh_lmdb_del(w, in, key, len + t->sortlen);
	else
		sh_lmdb_put(w, in, key, len + t->sortlen, t->value, t->len);
}

static int
put_reference(struct sh_lmdb_write *w, const struct sh_tag *holder,
    const struct sh_reference *ref, struct sh_error *err)
{
	uint8_t key[LMDB_REFERENCE_LEN];
	MDB_val v;
	int r;

	memcpy(key, ref->blob.b, 32);
	memcpy(key + 32, holder->b, 16);
	memcpy(key + 48, ref->document.b, 16);
	if (ref->remove) {
		sh_lmdb_del(w, LMDB_BLOB, key, sizeof(key));
		return (0);
	}
	if ((r = sh_lmdb_find(w, LMDB_BLOB, ref->blob.b, 32, &v)) < 0)
		return (-1);
	if (r == 0)
		return (sh_error_set(err, SH_ENOTFOUND, "engine.blob-missing",
		    "a reference to a blob that is not held"));
	sh_lmdb_put(w, LMDB_BLOB, key, sizeof(key), "", 0);
	return (0);
}

/* Job rows, frozen: crc, when, lease, tries, data. */
#define JOB_HEAD	32

static void
put_job(struct sh_lmdb_write *w, const struct sh_engine_job *j, uint64_t when)
{
	uint8_t key[17], due[25], v[JOB_HEAD + SH_JOB_MAX];
	size_t len = JOB_HEAD + j->len;

	key[0] = due[0] = (uint8_t)j->queue;
	memcpy(key + 1, j->id.b, 16);
	sh_put_be(due + 1, when, 8);
	memcpy(due + 9, j->id.b, 16);
	sh_put_be(v + 4, when, 8);
	memcpy(v + 12, j->lease.b, 16);
	sh_put_be(v + 28, j->tries, 4);
	memcpy(v + JOB_HEAD, j->data, j->len);
	sh_put_be(v, sh_crc32c(0, v + 4, len - 4), 4);
	sh_lmdb_put(w, LMDB_JOB, key, sizeof(key), v, len);
	sh_lmdb_put(w, LMDB_DUE, due, sizeof(due), "", 0);
}

/* 1 and the job with its time, 0, or -1. */
static int
find_job(struct sh_lmdb_write *w, unsigned queue, const uint8_t id[16],
    struct sh_engine_job *j, uint64_t *whenp)
{
	const uint8_t *p;
	uint8_t key[17];
	MDB_val v;
	int r;

	key[0] = (uint8_t)queue;
	memcpy(key + 1, id, 16);
	if ((r = sh_lmdb_find(w, LMDB_JOB, key, sizeof(key), &v)) <= 0)
		return (r);
	p = v.mv_data;
	if (v.mv_size < JOB_HEAD || v.mv_size > JOB_HEAD + SH_JOB_MAX ||
	    sh_get_be(p, 4) != sh_crc32c(0, p + 4, v.mv_size - 4)) {
		w->rc = MDB_CORRUPTED;
		return (-1);
	}
	j->queue = queue;
	memcpy(j->id.b, id, 16);
	*whenp = sh_get_be(p + 4, 8);
	memcpy(j->lease.b, p + 12, 16);
	j->tries = (uint32_t)sh_get_be(p + 28, 4);
	j->len = v.mv_size - JOB_HEAD;
	memcpy(j->data, p + JOB_HEAD, j->len);
	return (1);
}

static void
drop_due(struct sh_lmdb_write *w, const struct sh_engine_job *j, uint64_t when)
{
	uint8_t due[25];

	due[0] = (uint8_t)j->queue;
	sh_put_be(due + 1, when, 8);
	memcpy(due + 9, j->id.b, 16);
	sh_lmdb_del(w, LMDB_DUE, due, sizeof(due));
}

static int
enqueue(struct sh_lmdb_write *w, const struct sh_engine_job *job)
{
	struct sh_engine_job known, j = *job;
	uint64_t when;
	int r;

	if ((r = find_job(w, job->queue, job->id.b, &known, &when)) != 0)
		return (r < 0 ? -1 : 0);
	memset(&j.lease, 0, sizeof(j.lease));
	j.tries = 0;
	put_job(w, &j, 0);
	return (0);
}

/* Event rows, frozen: operation, digest, head, sealed event. */
static int
put_event(struct sh_lmdb_write *w, struct sh_change *c, uint64_t position,
    const struct sh_head *before, struct sh_error *err)
{
	uint8_t key[LMDB_KEY_MAX], v[80 + SH_EVENT_MAX], row[40], at[8];
	size_t len;

	c->sequence = before->sequence + 1;
	if (sh_chain_next(&before->head, c->sequence, &c->digest, &c->head,
	    err))
		return (-1);
	memcpy(v, c->operation.b, 16);
	memcpy(v + 16, c->digest.b, 32);
	memcpy(v + 48, c->head.b, 32);
	if (c->eventlen > 0)
		memcpy(v + 80, c->event, c->eventlen);
	len = sh_lmdb_event_row(key, &c->holder, c->sequence);
	sh_lmdb_put(w, LMDB_HOLDER, key, len, v, 80 + c->eventlen);
	memcpy(row, c->holder.b, 16);
	sh_put_be(row + 16, c->sequence, 8);
	sh_put_be(at, position, 8);
	sh_lmdb_put(w, LMDB_FEED, at, 8, row, 24);
	sh_put_be(row, c->sequence, 8);
	memcpy(row + 8, c->head.b, 32);
	len = sh_lmdb_row(key, &c->holder, LMDB_ROW_CHAIN, NULL, 0);
	sh_lmdb_put(w, LMDB_HOLDER, key, len, row, 40);
	sh_put_be(at, c->sequence, 8);
	sh_lmdb_put(w, LMDB_HOLDER, key, operation_row(key, c), at, 8);
	return (0);
}

static int
apply(struct sh_lmdb_write *w, struct commit *all, struct sh_change *c,
    struct sh_error *err)
{
	struct sh_head before;
	uint8_t key[LMDB_KEY_MAX];
	size_t i, len;
	int r;

	if ((r = made_before(w, c)) != 0)
		return (r < 0 ? -1 : 0);
	if (find_head(w, &c->holder, &before))
		return (-1);
	c->sequence = before.sequence;
	c->head = before.head;
	c->outcome = SH_COMMIT_CONFLICT;
	if (c->expect != NULL && memcmp(c->expect, &before.head,
	    sizeof(before.head)) != 0)
		return (0);
	if ((r = documents_conflict(w, c)) != 0)
		return (r < 0 ? -1 : 0);
	for (i = 0; i < c->nputs; i++) {
		len = document_row(key, &c->holder, &c->puts[i].document);
		sh_lmdb_put(w, LMDB_HOLDER, key, len, c->puts[i].value,
		    c->puts[i].len);
	}
	for (i = 0; i < c->nentries; i++)
		put_entry(w, &c->entries[i]);
	for (i = 0; i < c->nreferences; i++)
		if (put_reference(w, &c->holder, &c->references[i], err))
			return (-1);
	for (i = 0; i < c->njobs; i++)
		if (enqueue(w, &c->jobs[i]))
			return (-1);
	c->outcome = SH_COMMITTED;
	return (put_event(w, c, ++all->position, &before, err));
}

static int
commit_all(struct sh_lmdb_write *w, void *arg, struct sh_error *err)
{
	struct commit *all = arg;
	size_t i;

	w->rc = sh_lmdb_last_position(w->txn, w->h->env->table[LMDB_FEED],
	    &all->position);
	if (w->rc != 0)
		return (-1);
	for (i = 0; i < all->n; i++)
		if (apply(w, all, &all->changes[i], err) || w->rc != 0)
			return (-1);
	return (0);
}

/* The whole array goes into one transaction: that is the group commit. */
int
sh_lmdb_commit(struct sh_engine *e, struct sh_change *changes, size_t n,
    struct sh_error *err)
{
	struct commit all = { .changes = changes, .n = n };

	if (n == 0)
		return (0);
	return (sh_lmdb_run((struct sh_lmdb *)e, commit_all, &all, err));
}

/* ---- jobs ---------------------------------------------------------------- */

struct lease {
	unsigned queue;
	size_t n;
	uint64_t now, until;
	struct sh_engine_job *jobs;
	size_t got;
	struct sh_tag fresh;	/* mark of this lease */
};

/* The ids that are due, in the order of their time. */
static int
collect_due(struct sh_lmdb_write *w, const struct lease *l,
    struct sh_tag *ids, size_t *np)
{
	MDB_cursor *c;
	MDB_val k, v;
	uint8_t first[25] = { (uint8_t)l->queue };
	int rc;

	*np = 0;
	rc = mdb_cursor_open(w->txn, w->h->env->table[LMDB_DUE], &c);
	if (rc != 0) {
		w->rc = rc;
		return (-1);
	}
	k.mv_data = first;
	k.mv_size = sizeof(first);
	rc = mdb_cursor_get(c, &k, &v, MDB_SET_RANGE);
	while (rc == 0 && *np < l->n) {
		const uint8_t *p = k.mv_data;

		if (k.mv_size != 25) {
			rc = MDB_CORRUPTED;
			break;
		}
		if (p[0] != l->queue || sh_get_be(p + 1, 8) > l->now)
			break;
		memcpy(ids[(*np)++].b, p + 9, 16);
		rc = mdb_cursor_get(c, &k, &v, MDB_NEXT);
	}
	mdb_cursor_close(c);
	if (rc != 0 && rc != MDB_NOTFOUND) {
		w->rc = rc;
		return (-1);
	}
	return (0);
}

static int
lease_all(struct sh_lmdb_write *w, void *arg, struct sh_error *err)
{
	struct lease *l = arg;
	struct sh_tag ids[SH_LEASE_MAX];
	struct sh_engine_job *j;
	uint64_t when;
	size_t i, n;
	int r;

	(void)err;
	if (collect_due(w, l, ids, &n))
		return (-1);
	for (i = l->got = 0; i < n; i++) {
		j = &l->jobs[l->got];
		if ((r = find_job(w, l->queue, ids[i].b, j, &when)) <= 0) {
			if (r == 0)
				w->rc = MDB_CORRUPTED;
			return (-1);
		}
		drop_due(w, j, when);
		j->lease = l->fresh;
		j->tries++;
		put_job(w, j, l->until);
		l->got++;
	}
	return (0);
}

int
sh_lmdb_lease(struct sh_engine *e, unsigned queue, size_t n, int64_t now,
    int64_t ttl_s, struct sh_engine_job *jobs, size_t *gotp,
    struct sh_error *err)
{
	struct lease l = { .queue = queue, .n = n, .now = (uint64_t)now,
	    .until = (uint64_t)now + (uint64_t)ttl_s, .jobs = jobs };

	if (sh_random(l.fresh.b, sizeof(l.fresh.b), err) ||
	    sh_lmdb_run((struct sh_lmdb *)e, lease_all, &l, err))
		return (-1);
	*gotp = l.got;
	return (0);
}

struct done {
	const struct sh_engine_job *jobs;
	size_t n;
	int64_t again;
};

static int
done_all(struct sh_lmdb_write *w, void *arg, struct sh_error *err)
{
	const struct done *d = arg;
	struct sh_engine_job j;
	uint8_t key[17];
	uint64_t when;
	size_t i;
	int r;

	(void)err;
	for (i = 0; i < d->n; i++) {
		r = find_job(w, d->jobs[i].queue, d->jobs[i].id.b, &j, &when);
		if (r < 0)
			return (-1);
		if (r == 0 || memcmp(&j.lease, &d->jobs[i].lease,
		    sizeof(j.lease)) != 0)
			continue;
		drop_due(w, &j, when);
		if (d->again >= 0) {
			memset(&j.lease, 0, sizeof(j.lease));
			put_job(w, &j, (uint64_t)d->again);
			continue;
		}
		key[0] = (uint8_t)j.queue;
		memcpy(key + 1, j.id.b, 16);
		sh_lmdb_del(w, LMDB_JOB, key, sizeof(key));
	}
	return (0);
}

int
sh_lmdb_done(struct sh_engine *e, const struct sh_engine_job *jobs, size_t n,
    int64_t again, struct sh_error *err)
{
	struct done d = { jobs, n, again };

	if (n == 0)
		return (0);
	return (sh_lmdb_run((struct sh_lmdb *)e, done_all, &d, err));
}
