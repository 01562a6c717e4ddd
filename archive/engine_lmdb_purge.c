/*
 * What was removed is overwritten.  LMDB copies a page before it changes it:
 * the old one stays in the file until it is used again, and bytes of other
 * pages' past lie in the unused middle of pages that live.  Here the pages of
 * the two newest states are walked; every page that belongs to neither
 * becomes zeros, and so does the unused part of every page that does.
 *
 * No byte that a state consists of is written, so a crash at any moment
 * leaves both states as they are.  LMDB's 0.9 format, as in its mdb.c.
 */
#include "archive/engine_lmdb_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"

#define PAGE_HEAD	16
#define DEPTH_MAX	32	/* LMDB's own stack */
#define PATIENCE_MS	5000	/* a reader ends within a second */
#define NO_PAGE		UINT64_MAX
#define DRAIN_CLEAN	256	/* so many in a row: the rest is clean too */
#define DRAIN_MAX	65536	/* more than one transaction has */
/* Flags of pages and nodes. */
#define P_BRANCH	0x01
#define P_LEAF		0x02
#define P_OVERFLOW	0x04
#define F_BIGDATA	0x01
#define F_SUBDATA	0x02
#define F_DUPDATA	0x04
/* Places in a page of meta data. */
#define META_MAGIC	16
#define META_PAGE_SIZE	40
#define META_ROOTS	80	/* of the free list; 48 on, of the tables */
#define META_LAST	136
#define META_TXNID	144
#define DB_BYTES	48
#define DB_ROOT		40

struct purge {
	int fd;
	size_t size;		/* of a page */
	uint64_t pages;		/* in the file */
	uint8_t *live;		/* a bit for each */
	int free_list;		/* whose tree is walked */
	uint8_t *page[DEPTH_MAX];
	uint8_t *zeros;
};

/* The machine's own order: LMDB's file is not to be carried about. */
static uint64_t
number(const uint8_t *p, size_t n)
{
	uint16_t a;
	uint32_t b;
	uint64_t c;

	if (n == 2) {
		memcpy(&a, p, 2);
		return (a);
	}
	if (n == 4) {
		memcpy(&b, p, 4);
		return (b);
	}
	memcpy(&c, p, 8);
	return (c);
}

static int
is_live(const struct purge *p, uint64_t page)
{
	return (p->live[page / 8] >> (page % 8) & 1);
}

static int
read_page(const struct purge *p, uint64_t page, uint8_t *buf,
    struct sh_error *err)
{
	if (page >= p->pages)
		return (sh_lmdb_damaged(err, "a page behind its end"));
	return (sh_pread_all(p->fd, buf, p->size, page * p->size, err));
}

/* Zeros over the bytes FROM .. TO of the file, if they are not. */
static int
clear(const struct purge *p, const uint8_t *now, uint64_t from, size_t len,
    struct sh_error *err)
{
	if (len == 0 || memcmp(now, p->zeros, len) == 0)
		return (0);
	return (sh_pwrite_all(p->fd, p->zeros, len, from, err));
}

/* ---- what lives ---------------------------------------------------------- */

/*
 * How many of a value's LEN bytes count.  A list of free pages (a number, so
 * many pages) gets more room than it fills.
 */
static uint64_t
used_bytes(const struct purge *p, const uint8_t *value, uint64_t len)
{
	uint64_t n;

	if (!p->free_list || len < 8)
		return (len);
	n = number(value, 8);
	return (n < len / 8 ? (n + 1) * 8 : len);
}

/* A value on pages of its own: all but what counts is cleared. */
static int
keep_overflow(struct purge *p, uint64_t first, uint64_t len, int depth,
    struct sh_error *err)
{
	uint8_t *buf = p->page[depth];
	uint64_t n = (PAGE_HEAD + len + p->size - 1) / p->size, i, end = 0;
	size_t from;

	if (first >= p->pages || n > p->pages - first)
		return (sh_lmdb_damaged(err, "a long value"));
	for (i = 0; i < n; i++) {
		p->live[(first + i) / 8] |= (uint8_t)(1 << (first + i) % 8);
		if (read_page(p, first + i, buf, err))
			return (-1);
		if (i == 0)
			end = PAGE_HEAD + used_bytes(p, buf + PAGE_HEAD, len);
		from = end <= i * p->size ? 0 : end - i * p->size > p->size ?
		    p->size : (size_t)(end - i * p->size);
		if (clear(p, buf + from, (first + i) * p->size + from,
		    p->size - from, err))
			return (-1);
	}
	return (0);
}

static int keep(struct purge *p, uint64_t page, int depth,
    struct sh_error *err);

static int
keep_node(struct purge *p, uint64_t page, uint64_t at, int leaf, int depth,
    struct sh_error *err)
{
	const uint8_t *node = p->page[depth] + at, *data;
	uint64_t low, flags, ksize, used;

	if (at < PAGE_HEAD || at + 8 > p->size)
		return (sh_lmdb_damaged(err, "a node"));
	low = number(node, 2) | number(node + 2, 2) << 16;
	flags = number(node + 4, 2);
	ksize = number(node + 6, 2);
	if (!leaf)
		return (keep(p, low | flags << 32, depth + 1, err));
	data = node + 8 + ksize;
	if (flags == 0) {
		if (at + 8 + ksize + low > p->size)
			return (sh_lmdb_damaged(err, "a node"));
		used = used_bytes(p, data, low);
		return (clear(p, data + used, page * p->size + at + 8 +
		    ksize + used, (size_t)(low - used), err));
	}
	if ((flags & F_DUPDATA) != 0 || at + 8 + ksize + ((flags &
	    F_SUBDATA) != 0 ? DB_BYTES : 8) > p->size)
		return (sh_lmdb_damaged(err, "a node"));
	if ((flags & F_BIGDATA) != 0)
		return (keep_overflow(p, number(data, 8), low, depth + 1,
		    err));
	return (keep(p, number(data + DB_ROOT, 8), depth + 1, err));
}

/* The page and what hangs from it. */
static int
keep(struct purge *p, uint64_t page, int depth, struct sh_error *err)
{
	uint8_t *buf;
	uint64_t flags, lower, upper, i;

	if (page == NO_PAGE)
		return (0);
	if (depth + 1 >= DEPTH_MAX || page >= p->pages)
		return (sh_lmdb_damaged(err, "a tree"));
	/* The two states share it, and with it all below. */
	if (is_live(p, page))
		return (0);
	p->live[page / 8] |= (uint8_t)(1 << page % 8);
	buf = p->page[depth];
	if (read_page(p, page, buf, err))
		return (-1);
	flags = number(buf + 10, 2) & (P_BRANCH | P_LEAF | P_OVERFLOW);
	lower = number(buf + 12, 2);
	upper = number(buf + 14, 2);
	if (number(buf, 8) != page || (flags != P_BRANCH && flags != P_LEAF) ||
	    lower < PAGE_HEAD || lower > upper || upper > p->size)
		return (sh_lmdb_damaged(err, "a page"));
	for (i = PAGE_HEAD; i < lower; i += 2)
		if (keep_node(p, page, number(buf + i, 2), flags == P_LEAF,
		    depth, err))
			return (-1);
	return (clear(p, buf + lower, page * p->size + lower,
	    (size_t)(upper - lower), err));
}

/* ---- what does not ------------------------------------------------------- */

static int
clear_rest(struct purge *p, struct sh_error *err)
{
	uint64_t page;

	for (page = 2; page < p->pages; page++) {
		if (is_live(p, page))
			continue;
		if (read_page(p, page, p->page[0], err) ||
		    clear(p, p->page[0], page * p->size, p->size, err))
			return (-1);
	}
	return (0);
}

static int
purge_file(struct purge *p, size_t newest, struct sh_error *err)
{
	uint8_t meta[2][META_TXNID + 8];
	struct stat st;
	uint64_t roots[4], i;

	if (fstat(p->fd, &st) != 0)
		return (sh_error_sys(err, "engine.file", "data.mdb"));
	for (i = 0; i < 2; i++)
		if (sh_pread_all(p->fd, meta[i], sizeof(meta[i]), i * p->size,
		    err))
			return (-1);
	for (i = 0; i < 4; i++)
		roots[i] = number(meta[i / 2] + META_ROOTS + i % 2 *
		    DB_BYTES, 8);
	/* The layout is what it was written for, and both are the newest. */
	for (i = 0; i < 2; i++)
		if (number(meta[i] + META_MAGIC, 4) != 0xbeefc0de ||
		    number(meta[i] + META_PAGE_SIZE, 4) != p->size ||
		    number(meta[i] + META_TXNID, 8) + 1 < newest)
			return (sh_lmdb_damaged(err, "its meta data"));
	p->pages = (uint64_t)st.st_size / p->size;
	if ((p->live = sh_alloc((size_t)(p->pages / 8 + 1), 1, "pages",
	    err)) == NULL)
		return (-1);
	for (i = 0; i < 4; i++) {
		p->free_list = i % 2 == 0;
		if (keep(p, roots[i], 0, err))
			return (-1);
	}
	if (clear_rest(p, err))
		return (-1);
	return (fdatasync(p->fd) == 0 ? 0 : sh_error_sys(err, "engine.sync",
	    "data.mdb"));
}

/* ---- in memory ----------------------------------------------------------- */

/*
 * LMDB writes its next pages into the buffers of earlier transactions, as
 * they are: unused parts of new pages would hold what was removed.  Here all
 * of them are taken out, newest first, filled with zeros and given back.
 */
static int
drain(struct sh_lmdb_write *w, void *drainedp, struct sh_error *err)
{
	uint8_t key[16] = "purge", *p;
	MDB_val k = { sizeof(key), key }, v;
	MDB_stat st;
	size_t i, j, clean = 0;

	if ((w->rc = mdb_env_stat(w->h->env->env, &st)) != 0)
		return (-1);
	for (i = 0; clean < DRAIN_CLEAN && i < DRAIN_MAX; i++) {
		memcpy(key + 8, &i, sizeof(i));
		/* A page of its own, whole. */
		v.mv_size = st.ms_psize - PAGE_HEAD;
		v.mv_data = NULL;
		w->rc = mdb_put(w->txn, w->h->env->table[LMDB_STATE], &k, &v,
		    MDB_RESERVE);
		if (w->rc != 0)
			return (-1);
		for (p = v.mv_data, j = 0; j < v.mv_size && p[j] == 0; j++)
			;
		clean = j == v.mv_size ? clean + 1 : 0;
		memset(p, 0, v.mv_size);
	}
	*(int *)drainedp = 1;
	/* Nothing of it is to be written. */
	return (sh_error_set(err, SH_EAGAIN, "engine.pinned", "drained"));
}

static int
drain_buffers(struct sh_lmdb *h, struct sh_error *err)
{
	int drained = 0;

	if (sh_lmdb_run(h, drain, &drained, err) != 0 && !drained)
		return (-1);
	sh_error_clear(err);
	return (0);
}

/* ---- the call ------------------------------------------------------------ */

struct readers {
	size_t newest;
	int older;
};

static int
on_reader(const char *line, void *arg)
{
	struct readers *r = arg;
	size_t txnid, thread;
	int pid;

	/* A heading first; those who read nothing have "-". */
	if (sscanf(line, "%d %zx %zu", &pid, &thread, &txnid) == 3 &&
	    txnid + 1 < r->newest)
		r->older = 1;
	return (0);
}

/* Nobody reads a state before the two newest. */
static int
wait_for_readers(struct sh_lmdb *h, size_t newest, struct sh_error *err)
{
	static const struct timespec moment = { .tv_nsec = 20000000 };
	struct readers r = { .newest = newest };
	int i, dead;

	for (i = 0; i < PATIENCE_MS / 20; i++) {
		r.older = 0;
		(void)mdb_reader_check(h->env->env, &dead);
		if (mdb_reader_list(h->env->env, on_reader, &r) < 0)
			break;
		if (!r.older)
			return (0);
		(void)nanosleep(&moment, NULL);
	}
	return (sh_error_set(err, SH_EAGAIN, "engine.pinned",
	    "data.mdb: a reader holds on to an older state"));
}

static int
purge_locked(struct sh_lmdb *h, size_t newest, struct sh_error *err)
{
	struct purge p = { .fd = -1 };
	MDB_stat st;
	int i, rc = -1;

	if (mdb_env_get_fd(h->env->env, &p.fd) != 0 ||
	    mdb_env_stat(h->env->env, &st) != 0)
		return (sh_lmdb_damaged(err, "it is not open"));
	p.size = st.ms_psize;
	if ((p.zeros = sh_alloc(p.size, 1, "a page", err)) == NULL)
		goto out;
	for (i = 0; i < DEPTH_MAX; i++)
		if ((p.page[i] = sh_alloc(p.size, 1, "a page", err)) == NULL)
			goto out;
	rc = purge_file(&p, newest, err);
out:
	for (i = 0; i < DEPTH_MAX; i++)
		free(p.page[i]);
	free(p.zeros);
	free(p.live);
	return (rc);
}

int
sh_lmdb_purge(struct sh_engine *e, struct sh_error *err)
{
	struct sh_lmdb *h = (struct sh_lmdb *)e;
	MDB_txn *txn;
	size_t newest;
	int rc;

	/* What was removed belongs to neither of the two newest states. */
	if (drain_buffers(h, err) || sh_lmdb_run(h, NULL, NULL, err) ||
	    sh_lmdb_run(h, NULL, NULL, err))
		return (-1);
	(void)pthread_rwlock_rdlock(&h->env->growth);
	/* Holds off every writer; it writes nothing itself. */
	if ((rc = mdb_txn_begin(h->env->env, NULL, 0, &txn)) != 0) {
		(void)pthread_rwlock_unlock(&h->env->growth);
		return (sh_lmdb_failed(h, rc, "purge", err));
	}
	newest = mdb_txn_id(txn) - 1;
	rc = wait_for_readers(h, newest, err);
	if (rc == 0)
		rc = purge_locked(h, newest, err);
	mdb_txn_abort(txn);
	(void)pthread_rwlock_unlock(&h->env->growth);
	return (rc);
}
