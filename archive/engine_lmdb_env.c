/* The embedded engine's environments and transactions. */
#include "archive/engine_lmdb_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"

int
sh_lmdb_damaged(struct sh_error *err, const char *what)
{
	return (sh_error_set(err, SH_EFIXITY, "engine.damaged",
	    "data.mdb: %s", what));
}

int
sh_lmdb_failed(struct sh_lmdb *h, int rc, const char *what,
    struct sh_error *err)
{
	switch (rc) {
	case MDB_CORRUPTED:
	case MDB_PAGE_NOTFOUND:
	case MDB_INVALID:
	case MDB_CURSOR_FULL:
	case MDB_NOTFOUND:
	case MDB_INCOMPATIBLE:
	case MDB_BAD_VALSIZE:
		return (sh_error_set(err, SH_EFIXITY, "engine.damaged",
		    "data.mdb: %s: %s", what, mdb_strerror(rc)));
	case MDB_VERSION_MISMATCH:
		return (sh_error_set(err, SH_EUNSUPPORTED, "engine.format",
		    "data.mdb: %s", mdb_strerror(rc)));
	case MDB_READERS_FULL:
		return (sh_error_set(err, SH_EAGAIN, "engine.readers",
		    "data.mdb: %s", mdb_strerror(rc)));
	case MDB_PANIC:
		h->stopped = 1;
		return (sh_error_set(err, SH_ESYSTEM, "engine.stopped",
		    "data.mdb: %s", mdb_strerror(rc)));
	default:
		break;
	}
	if (rc <= 0)
		return (sh_error_set(err, SH_ELIBRARY, "engine.library",
		    "data.mdb: %s: %s", what, mdb_strerror(rc)));
	if (rc != ENOSPC && rc != EDQUOT && rc != ENOMEM && rc != EACCES)
		h->stopped = 1;
	errno = rc;
	return (sh_error_sys(err, "engine.file", "data.mdb: %s", what));
}

/* ---- keys ---------------------------------------------------------------- */

size_t
sh_lmdb_row(uint8_t key[LMDB_KEY_MAX], const struct sh_tag *holder, char row,
    const void *rest, size_t len)
{
	memcpy(key, holder->b, 16);
	key[16] = (uint8_t)row;
	if (len > 0)
		memcpy(key + LMDB_ROW_HEAD, rest, len);
	return (LMDB_ROW_HEAD + len);
}

size_t
sh_lmdb_event_row(uint8_t key[LMDB_KEY_MAX], const struct sh_tag *holder,
    uint64_t sequence)
{
	uint8_t number[8];

	sh_put_be(number, sequence, 8);
	return (sh_lmdb_row(key, holder, LMDB_ROW_EVENT, number, 8));
}

size_t
sh_lmdb_entry_head(uint8_t key[LMDB_KEY_MAX], unsigned table,
    const struct sh_tag *term, enum sh_lmdb_table *inp)
{
	uint8_t t = (uint8_t)table;

	if (table < SH_TABLE_GLOBAL) {
		*inp = LMDB_HOLDER;
		return (sh_lmdb_row(key, term, LMDB_ROW_ENTRY, &t, 1));
	}
	*inp = LMDB_ENTRY;
	key[0] = t;
	memcpy(key + 1, term->b, 16);
	return (17);
}

/* ---- reading ------------------------------------------------------------- */

/* Another process has grown the map. */
static int
adopt_size(struct sh_lmdb_env *env)
{
	int rc;

	(void)pthread_rwlock_wrlock(&env->growth);
	rc = mdb_env_set_mapsize(env->env, 0);
	(void)pthread_rwlock_unlock(&env->growth);
	return (rc);
}

int
sh_lmdb_begin_read(struct sh_lmdb *h, MDB_txn **txnp, struct sh_error *err)
{
	int rc;

	for (;;) {
		(void)pthread_rwlock_rdlock(&h->env->growth);
		*txnp = h->reader;
		h->reader = NULL;
		rc = *txnp != NULL ? mdb_txn_renew(*txnp) :
		    mdb_txn_begin(h->env->env, NULL, MDB_RDONLY, txnp);
		if (rc == 0)
			return (0);
		mdb_txn_abort(*txnp);
		(void)pthread_rwlock_unlock(&h->env->growth);
		*txnp = NULL;
		if (rc != MDB_MAP_RESIZED || (rc = adopt_size(h->env)) != 0)
			return (sh_lmdb_failed(h, rc, "read", err));
	}
}

void
sh_lmdb_end_read(struct sh_lmdb *h, MDB_txn *txn)
{
	/* One is kept, with its slot: renewing costs a tenth of beginning. */
	if (h->reader == NULL) {
		mdb_txn_reset(txn);
		h->reader = txn;
	} else {
		mdb_txn_abort(txn);
	}
	(void)pthread_rwlock_unlock(&h->env->growth);
}

/* ---- writing ------------------------------------------------------------- */

/*
 * What a change reads and writes about its holder lies together: a cursor
 * that stands there already finds it without a walk from the root.
 */
static MDB_cursor *
at_holder(struct sh_lmdb_write *w)
{
	if (w->rc == 0 && w->holder == NULL)
		w->rc = mdb_cursor_open(w->txn,
		    w->h->env->table[LMDB_HOLDER], &w->holder);
	return (w->rc == 0 ? w->holder : NULL);
}

void
sh_lmdb_put(struct sh_lmdb_write *w, enum sh_lmdb_table table,
    const void *key, size_t keylen, const void *value, size_t len)
{
	MDB_val k = { keylen, (void *)(uintptr_t)key };
	MDB_val v = { len, (void *)(uintptr_t)value };
	MDB_cursor *c;

	if (table == LMDB_HOLDER) {
		if ((c = at_holder(w)) != NULL)
			w->rc = mdb_cursor_put(c, &k, &v, 0);
	} else if (w->rc == 0)
		w->rc = mdb_put(w->txn, w->h->env->table[table], &k, &v,
		    table == LMDB_FEED ? MDB_APPEND : 0);
}

void
sh_lmdb_del(struct sh_lmdb_write *w, enum sh_lmdb_table table,
    const void *key, size_t keylen)
{
	MDB_val k = { keylen, (void *)(uintptr_t)key };
	int rc;

	if (w->rc != 0)
		return;
	rc = mdb_del(w->txn, w->h->env->table[table], &k, NULL);
	if (rc != MDB_NOTFOUND)
		w->rc = rc;
}

int
sh_lmdb_find(struct sh_lmdb_write *w, enum sh_lmdb_table table,
    const void *key, size_t keylen, MDB_val *value)
{
	MDB_val k = { keylen, (void *)(uintptr_t)key };
	MDB_cursor *c;
	int rc;

	if (w->rc != 0)
		return (-1);
	if (table != LMDB_HOLDER)
		rc = mdb_get(w->txn, w->h->env->table[table], &k, value);
	else if ((c = at_holder(w)) == NULL)
		return (-1);
	else
		rc = mdb_cursor_get(c, &k, value, MDB_SET);
	if (rc == MDB_NOTFOUND)
		return (0);
	if (rc != 0) {
		w->rc = rc;
		return (-1);
	}
	return (1);
}

int
sh_lmdb_last_position(MDB_txn *txn, MDB_dbi feed, uint64_t *positionp)
{
	MDB_cursor *c;
	MDB_val k, v;
	int rc;

	*positionp = 0;
	if ((rc = mdb_cursor_open(txn, feed, &c)) != 0)
		return (rc);
	rc = mdb_cursor_get(c, &k, &v, MDB_LAST);
	mdb_cursor_close(c);
	if (rc == MDB_NOTFOUND)
		return (0);
	if (rc == 0) {
		if (k.mv_size != 8)
			return (MDB_CORRUPTED);
		*positionp = sh_get_be(k.mv_data, 8);
	}
	return (rc);
}

/* The one row of LMDB_STATE, frozen; a page less when it is as it was. */
static void
put_state(struct sh_lmdb_write *w, uint8_t v[SH_LMDB_STATE])
{
	uint32_t segment = 1;
	uint64_t offset = 0;

	if (w->h->segments != NULL)
		sh_segments_end(w->h->segments, &segment, &offset);
	sh_put_be(v, SH_LMDB_FORMAT, 4);
	memcpy(v + 4, w->h->env->id.b, 16);
	sh_put_be(v + 20, segment, 4);
	sh_put_be(v + 24, offset, 8);
	sh_put_be(v + 32, sh_crc32c(0, v, 32), 4);
	if (memcmp(v, w->h->state, SH_LMDB_STATE) != 0)
		sh_lmdb_put(w, LMDB_STATE, "state", 5, v, SH_LMDB_STATE);
}

static void
index_pending(struct sh_lmdb_write *w)
{
	const struct sh_lmdb_pending *p;
	uint8_t v[20];
	size_t i;

	for (i = 0; i < w->h->npending; i++) {
		p = &w->h->pending[i];
		sh_put_be(v, p->at.segment, 4);
		sh_put_be(v + 4, p->at.offset, 8);
		sh_put_be(v + 12, p->at.bytes, 8);
		sh_lmdb_put(w, LMDB_BLOB, p->name.b, SH_DIGEST_LEN, v,
		    sizeof(v));
	}
}

/*
 * What the feed had reached, outside of LMDB: an index that fell back to an
 * older state is noticed when it is opened.  Not synced: it may lag behind
 * the index, never lead it.
 */
static void
note_head(struct sh_lmdb *h, uint64_t position)
{
	uint8_t b[32];

	memcpy(b, "sohoaHED", 8);
	memset(b + 8, 0, sizeof(b) - 8);
	sh_put_be(b + 8, position, 8);
	sh_put_be(b + 28, sh_crc32c(0, b, 28), 4);
	if (pwrite(h->head_fd, b, sizeof(b), 0) < 0)
		return;		/* a hint: the next one may succeed */
}

static int
grow(struct sh_lmdb *h, struct sh_error *err)
{
	MDB_envinfo info;
	int rc;

	(void)pthread_rwlock_wrlock(&h->env->growth);
	rc = mdb_env_info(h->env->env, &info);
	if (rc == 0)
		rc = mdb_env_set_mapsize(h->env->env, info.me_mapsize * 2);
	(void)pthread_rwlock_unlock(&h->env->growth);
	if (rc != 0)
		return (sh_lmdb_failed(h, rc, "grow", err));
	return (0);
}

/* One attempt: 0, -1, or 1 when the map was full. */
static int
attempt(struct sh_lmdb *h, int (*fn)(struct sh_lmdb_write *, void *,
    struct sh_error *), void *arg, struct sh_error *err)
{
	struct sh_lmdb_write w = { .h = h };
	uint8_t state[SH_LMDB_STATE];
	uint64_t position = 0;
	int rc;

	(void)pthread_rwlock_rdlock(&h->env->growth);
	if ((rc = mdb_txn_begin(h->env->env, NULL, 0, &w.txn)) != 0) {
		(void)pthread_rwlock_unlock(&h->env->growth);
		return (sh_lmdb_failed(h, rc, "write", err));
	}
	index_pending(&w);
	put_state(&w, state);
	if (fn != NULL && w.rc == 0 && fn(&w, arg, err) != 0 && w.rc == 0) {
		mdb_txn_abort(w.txn);
		(void)pthread_rwlock_unlock(&h->env->growth);
		return (-1);
	}
	if (w.rc == 0)
		w.rc = sh_lmdb_last_position(w.txn, h->env->table[LMDB_FEED],
		    &position);
	if (w.rc == 0)
		w.rc = mdb_txn_commit(w.txn);
	else
		mdb_txn_abort(w.txn);
	(void)pthread_rwlock_unlock(&h->env->growth);
	if (w.rc == MDB_MAP_FULL)
		return (1);
	if (w.rc != 0)
		return (sh_lmdb_failed(h, w.rc, "commit", err));
	memcpy(h->state, state, sizeof(state));
	note_head(h, position);
	return (0);
}

int
sh_lmdb_run(struct sh_lmdb *h, int (*fn)(struct sh_lmdb_write *, void *,
    struct sh_error *), void *arg, struct sh_error *err)
{
	int64_t now = sh_monotonic_ms();
	int r, dead;

	if (h->stopped)
		return (sh_error_set(err, SH_ESYSTEM, "engine.stopped",
		    "an earlier write to data.mdb failed"));
	/* Slots of readers that were killed pin old pages. */
	if (now - h->reader_check_ms > 60000) {
		(void)mdb_reader_check(h->env->env, &dead);
		h->reader_check_ms = now;
	}
	while ((r = attempt(h, fn, arg, err)) == 1)
		if (grow(h, err))
			return (-1);
	if (r == 0)
		h->npending = 0;
	return (r);
}
