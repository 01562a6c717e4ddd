/* The embedded engine compared with itself. */
#include "archive/engine_lmdb_internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

#define BATCH	256

struct walk {
	struct sh_lmdb *h;
	const struct sh_visit *visit;
	uint64_t rows;		/* of the table being walked */
	/* The chain being followed. */
	int in_chain;
	struct sh_tag holder;
	struct sh_head last;
	uint64_t chains, heads;
	uint64_t events, operations;
};

static int
find(struct walk *w, struct sh_error *err, const char *key, const char *text)
{
	if (w->visit->finding == NULL)
		return (0);
	return (w->visit->finding(w->visit->arg, key, text, err));
}

/* Damage becomes a finding and the walk goes on; anything else ends it. */
static int
forgive(struct walk *w, struct sh_error *err)
{
	struct sh_error cause = *err;

	if (err->code != SH_EFIXITY)
		return (-1);
	sh_error_clear(err);
	return (find(w, err, cause.key, cause.text));
}

static void
step(struct walk *w)
{
	if (w->visit->step != NULL)
		w->visit->step(w->visit->arg);
}

/* ---- rows ---------------------------------------------------------------- */

typedef int (*row_fn)(struct walk *w, const MDB_val *k, const MDB_val *v,
    struct sh_error *err);

/* Up to BATCH rows behind the key AFTER; returns how many, or -1. */
static int
read_rows(struct walk *w, enum sh_lmdb_table table, const MDB_val *after,
    struct sh_buf *rows, struct sh_error *err)
{
	MDB_val k = *after, v;
	MDB_cursor *c;
	MDB_txn *txn;
	int n = 0, rc, bad = 0;

	sh_buf_reset(rows);
	if (sh_lmdb_begin_read(w->h, &txn, err))
		return (-1);
	rc = mdb_cursor_open(txn, w->h->env->table[table], &c);
	if (rc != 0)
		goto out;
	rc = mdb_cursor_get(c, &k, &v, after->mv_size > 0 ? MDB_SET_RANGE :
	    MDB_FIRST);
	if (rc == 0 && k.mv_size == after->mv_size &&
	    memcmp(k.mv_data, after->mv_data, k.mv_size) == 0)
		rc = mdb_cursor_get(c, &k, &v, MDB_NEXT);
	for (; rc == 0 && n < BATCH && !bad; n++) {
		bad = k.mv_size > 511 || v.mv_size > 65535 ||
		    sh_buf_put_be(rows, k.mv_size, 2, err) ||
		    sh_buf_put_be(rows, v.mv_size, 2, err) ||
		    sh_buf_append(rows, k.mv_data, k.mv_size, err) ||
		    sh_buf_append(rows, v.mv_data, v.mv_size, err);
		rc = mdb_cursor_get(c, &k, &v, MDB_NEXT);
	}
	mdb_cursor_close(c);
out:
	sh_lmdb_end_read(w->h, txn);
	if (bad)
		return (sh_lmdb_damaged(err, "a row's length"));
	if (rc != 0 && rc != MDB_NOTFOUND)
		return (sh_lmdb_failed(w->h, rc, "check", err));
	return (n);
}

static int
walk_table(struct walk *w, enum sh_lmdb_table table, row_fn fn,
    struct sh_error *err)
{
	struct sh_buf rows = SH_BUF_INIT;
	uint8_t last[512];
	MDB_val after = { 0, last }, k, v;
	uint8_t *p;
	int i, n, rc = -1;

	w->rows = 0;
	do {
		n = read_rows(w, table, &after, &rows, err);
		if (n < 0) {
			rc = forgive(w, err);
			goto out;
		}
		for (i = 0, p = rows.data; i < n; i++) {
			k.mv_size = sh_get_be(p, 2);
			v.mv_size = sh_get_be(p + 2, 2);
			k.mv_data = p + 4;
			v.mv_data = p + 4 + k.mv_size;
			p += 4 + k.mv_size + v.mv_size;
			w->rows++;
			if (fn(w, &k, &v, err) && forgive(w, err))
				goto out;
			step(w);
		}
		if (n > 0) {
			memcpy(last, k.mv_data, k.mv_size);
			after.mv_size = k.mv_size;
		}
	} while (n == BATCH);
	rc = 0;
out:
	sh_buf_free(&rows);
	return (rc);
}

/* The row under KEY of another table is EXPECT: 1, 0 or -1. */
static int
row_is(struct walk *w, enum sh_lmdb_table table, const void *key,
    size_t keylen, const void *expect, size_t len, struct sh_error *err)
{
	MDB_val k = { keylen, (void *)(uintptr_t)key }, v;
	MDB_txn *txn;
	int rc, r;

	if (sh_lmdb_begin_read(w->h, &txn, err))
		return (-1);
	rc = mdb_get(txn, w->h->env->table[table], &k, &v);
	if (rc == 0)
		r = expect == NULL || (v.mv_size == len &&
		    memcmp(v.mv_data, expect, len) == 0);
	else if (rc == MDB_NOTFOUND)
		r = 0;
	else
		r = sh_lmdb_failed(w->h, rc, "check", err);
	sh_lmdb_end_read(w->h, txn);
	return (r);
}

/* ---- events, chains, feed ------------------------------------------------ */

static int
end_chain(struct walk *w, struct sh_error *err)
{
	uint8_t row[40], key[LMDB_KEY_MAX];
	int r;

	if (!w->in_chain)
		return (0);
	w->in_chain = 0;
	w->chains++;
	sh_put_be(row, w->last.sequence, 8);
	memcpy(row + 8, w->last.head.b, 32);
	r = row_is(w, LMDB_HOLDER, key, sh_lmdb_row(key, &w->holder,
	    LMDB_ROW_CHAIN, NULL, 0), row, sizeof(row), err);
	if (r == 0)
		r = find(w, err, "chain.head",
		    "a chain's head is not that of its last event");
	return (r < 0 ? -1 : 0);
}

static int
follow_chain(struct walk *w, const struct sh_fed *item, struct sh_error *err)
{
	struct sh_digest head;

	if (!w->in_chain || memcmp(&w->holder, &item->holder,
	    sizeof(w->holder)) != 0) {
		if (end_chain(w, err))
			return (-1);
		w->in_chain = 1;
		w->holder = item->holder;
		memset(&w->last, 0, sizeof(w->last));
	}
	if (sh_chain_next(&w->last.head, item->sequence, &item->digest, &head,
	    err))
		return (-1);
	if ((item->sequence != w->last.sequence + 1 ||
	    memcmp(&head, &item->head, sizeof(head)) != 0) &&
	    find(w, err, "chain.broken",
	    "an event does not follow from the one before it"))
		return (-1);
	w->last.sequence = item->sequence;
	w->last.head = item->head;
	return (0);
}

static int
on_event(struct walk *w, const MDB_val *k, const MDB_val *v,
    struct sh_error *err)
{
	struct sh_fed item = { .position = 0 };
	uint8_t key[LMDB_KEY_MAX], seq[8];
	int r;

	w->events++;
	if (k->mv_size != LMDB_ROW_HEAD + 8 || sh_lmdb_parse_event(v, &item))
		return (sh_lmdb_damaged(err, "an event's row"));
	memcpy(item.holder.b, k->mv_data, 16);
	item.sequence = sh_get_be((uint8_t *)k->mv_data + LMDB_ROW_HEAD, 8);
	item.position = item.sequence;
	if (follow_chain(w, &item, err))
		return (-1);
	sh_put_be(seq, item.sequence, 8);
	r = row_is(w, LMDB_HOLDER, key, sh_lmdb_row(key, &item.holder,
	    LMDB_ROW_OPERATION, item.operation.b, 16), seq, 8, err);
	if (r < 0 || (r == 0 && find(w, err, "operation.missing",
	    "an event whose operation is not known")))
		return (-1);
	if (w->visit->event == NULL)
		return (0);
	return (w->visit->event(w->visit->arg, &item, err));
}

static int
on_feed(struct walk *w, const MDB_val *k, const MDB_val *v,
    struct sh_error *err)
{
	uint8_t key[LMDB_KEY_MAX];
	struct sh_tag holder;
	int r;

	if (k->mv_size != 8 || v->mv_size != 24)
		return (sh_lmdb_damaged(err, "a row of the feed"));
	if (sh_get_be(k->mv_data, 8) != w->rows && find(w, err, "feed.gap",
	    "the feed's positions do not follow each other"))
		return (-1);
	memcpy(holder.b, v->mv_data, 16);
	r = row_is(w, LMDB_HOLDER, key, sh_lmdb_row(key, &holder,
	    LMDB_ROW_EVENT, (uint8_t *)v->mv_data + 16, 8), NULL, 0, err);
	if (r == 0)
		r = find(w, err, "feed.dangling",
		    "the feed names an event that is not there");
	return (r < 0 ? -1 : 0);
}

static int
on_count(struct walk *w, const MDB_val *k, const MDB_val *v,
    struct sh_error *err)
{
	(void)w;
	(void)k;
	(void)v;
	(void)err;
	return (0);
}

/* ---- documents, entries -------------------------------------------------- */

static int
on_document(struct walk *w, const MDB_val *k, const MDB_val *v,
    struct sh_error *err)
{
	struct sh_put put = { .value = v->mv_data, .len = v->mv_size };
	struct sh_tag holder;

	if (k->mv_size != LMDB_ROW_HEAD + 16 || v->mv_size > SH_VALUE_MAX)
		return (sh_lmdb_damaged(err, "a document's row"));
	if (w->visit->document == NULL)
		return (0);
	memcpy(holder.b, k->mv_data, 16);
	memcpy(put.document.b, (uint8_t *)k->mv_data + LMDB_ROW_HEAD, 16);
	return (w->visit->document(w->visit->arg, &holder, &put, err));
}

static int
on_own_entry(struct walk *w, const MDB_val *k, const MDB_val *v,
    struct sh_error *err)
{
	struct sh_entry t = { .value = v->mv_data, .len = v->mv_size };
	const uint8_t *p = k->mv_data;
	const size_t head = LMDB_ROW_HEAD + 1;

	if (k->mv_size < head || k->mv_size > head + SH_SORT_MAX ||
	    p[LMDB_ROW_HEAD] == 0 || p[LMDB_ROW_HEAD] >= SH_TABLE_GLOBAL ||
	    v->mv_size > SH_ENTRY_MAX)
		return (sh_lmdb_damaged(err, "an index entry"));
	if (w->visit->entry == NULL)
		return (0);
	t.table = p[LMDB_ROW_HEAD];
	memcpy(t.term.b, p, 16);
	t.sortlen = k->mv_size - head;
	memcpy(t.sort, p + head, t.sortlen);
	return (w->visit->entry(w->visit->arg, &t, err));
}

static int
on_entry(struct walk *w, const MDB_val *k, const MDB_val *v,
    struct sh_error *err)
{
	struct sh_entry t = { .value = v->mv_data, .len = v->mv_size };
	const uint8_t *p = k->mv_data;

	if (k->mv_size < 17 || k->mv_size > 17 + SH_SORT_MAX ||
	    p[0] < SH_TABLE_GLOBAL || v->mv_size > SH_ENTRY_MAX)
		return (sh_lmdb_damaged(err, "an index entry"));
	if (w->visit->entry == NULL)
		return (0);
	t.table = p[0];
	memcpy(t.term.b, p + 1, 16);
	t.sortlen = k->mv_size - 17;
	memcpy(t.sort, p + 17, t.sortlen);
	return (w->visit->entry(w->visit->arg, &t, err));
}

/* ---- holders ------------------------------------------------------------- */

static int
on_holder(struct walk *w, const MDB_val *k, const MDB_val *v,
    struct sh_error *err)
{
	const uint8_t *p = k->mv_data;

	switch (k->mv_size < LMDB_ROW_HEAD ? 0 : p[16]) {
	case LMDB_ROW_CHAIN:
		w->heads++;
		return (0);
	case LMDB_ROW_DOCUMENT:
		return (on_document(w, k, v, err));
	case LMDB_ROW_EVENT:
		return (on_event(w, k, v, err));
	case LMDB_ROW_OPERATION:
		w->operations++;
		return (0);
	case LMDB_ROW_ENTRY:
		return (on_own_entry(w, k, v, err));
	default:
		return (sh_lmdb_damaged(err, "a holder's row"));
	}
}

static int
check_holders(struct walk *w, struct sh_error *err)
{
	if (walk_table(w, LMDB_HOLDER, on_holder, err) || end_chain(w, err) ||
	    walk_table(w, LMDB_FEED, on_feed, err))
		return (-1);
	if (w->rows != w->events && find(w, err, "feed.count",
	    "the feed has not as many entries as there are events"))
		return (-1);
	if (w->heads != w->chains && find(w, err, "chain.count",
	    "a chain's head without events"))
		return (-1);
	if (w->operations != w->events && find(w, err, "operation.count",
	    "operations and events are not as many"))
		return (-1);
	return (0);
}

/* ---- blobs --------------------------------------------------------------- */

static int
on_reference(struct walk *w, const MDB_val *k, const MDB_val *v,
    struct sh_error *err)
{
	struct sh_reference ref = { .remove = 0 };
	struct sh_tag holder;
	int r;

	if (v->mv_size != 0)
		return (sh_lmdb_damaged(err, "a reference"));
	memcpy(ref.blob.b, k->mv_data, 32);
	memcpy(holder.b, (uint8_t *)k->mv_data + 32, 16);
	memcpy(ref.document.b, (uint8_t *)k->mv_data + 48, 16);
	r = row_is(w, LMDB_BLOB, ref.blob.b, 32, NULL, 0, err);
	if (r < 0 || (r == 0 && find(w, err, "reference.dangling",
	    "a reference to a blob that is not held")))
		return (-1);
	if (w->visit->reference == NULL)
		return (0);
	return (w->visit->reference(w->visit->arg, &holder, &ref, err));
}

static int
is_referenced(struct walk *w, const struct sh_digest *name,
    struct sh_error *err)
{
	MDB_val k = { SH_DIGEST_LEN, (void *)(uintptr_t)name->b }, v;
	MDB_cursor *c;
	MDB_txn *txn;
	int rc, r = 0;

	if (sh_lmdb_begin_read(w->h, &txn, err))
		return (-1);
	rc = mdb_cursor_open(txn, w->h->env->table[LMDB_BLOB], &c);
	if (rc == 0) {
		/* References lie behind their blob. */
		rc = mdb_cursor_get(c, &k, &v, MDB_SET);
		if (rc == 0)
			rc = mdb_cursor_get(c, &k, &v, MDB_NEXT);
		r = rc == 0 && k.mv_size == LMDB_REFERENCE_LEN &&
		    memcmp(k.mv_data, name->b, SH_DIGEST_LEN) == 0;
		mdb_cursor_close(c);
	}
	sh_lmdb_end_read(w->h, txn);
	if (rc != 0 && rc != MDB_NOTFOUND)
		return (sh_lmdb_failed(w->h, rc, "check", err));
	return (r);
}

static int
on_blob(struct walk *w, const MDB_val *k, const MDB_val *v,
    struct sh_error *err)
{
	struct sh_blob_place at;
	struct sh_digest name;
	int referenced;

	if (k->mv_size == LMDB_REFERENCE_LEN)
		return (on_reference(w, k, v, err));

	if (k->mv_size != SH_DIGEST_LEN || sh_lmdb_parse_place(v, &at))
		return (sh_lmdb_damaged(err, "a blob's place"));
	memcpy(name.b, k->mv_data, SH_DIGEST_LEN);
	if ((referenced = is_referenced(w, &name, err)) < 0 ||
	    sh_segments_read(w->h->segments, &name, &at, 0, 0, NULL, NULL,
	    err))
		return (-1);
	if (w->visit->blob == NULL)
		return (0);
	return (w->visit->blob(w->visit->arg, &name, at.bytes, referenced,
	    err));
}

/* ---- jobs ---------------------------------------------------------------- */

static int
on_job(struct walk *w, const MDB_val *k, const MDB_val *v,
    struct sh_error *err)
{
	const uint8_t *p = v->mv_data;
	uint8_t due[25];
	int r;

	if (k->mv_size != 17 || v->mv_size < 32 ||
	    sh_get_be(p, 4) != sh_crc32c(0, p + 4, v->mv_size - 4))
		return (sh_lmdb_damaged(err, "a job"));
	due[0] = *(uint8_t *)k->mv_data;
	memcpy(due + 1, p + 4, 8);
	memcpy(due + 9, (uint8_t *)k->mv_data + 1, 16);
	r = row_is(w, LMDB_DUE, due, sizeof(due), NULL, 0, err);
	if (r == 0)
		r = find(w, err, "job.lost", "a job that is never due");
	return (r < 0 ? -1 : 0);
}

static int
check_jobs(struct walk *w, struct sh_error *err)
{
	uint64_t jobs;

	if (walk_table(w, LMDB_JOB, on_job, err))
		return (-1);
	jobs = w->rows;
	if (walk_table(w, LMDB_DUE, on_count, err))
		return (-1);
	if (w->rows != jobs)
		return (find(w, err, "job.count",
		    "jobs and their times are not as many"));
	return (0);
}

/* ---- all of it ----------------------------------------------------------- */

static int
count_rows(struct walk *w, uint64_t *totalp, struct sh_error *err)
{
	MDB_txn *txn;
	MDB_stat st;
	int i, rc = 0;

	*totalp = 0;
	if (sh_lmdb_begin_read(w->h, &txn, err))
		return (-1);
	for (i = LMDB_HOLDER; i < LMDB_NTABLES && rc == 0; i++) {
		rc = mdb_stat(txn, w->h->env->table[i], &st);
		if (rc == 0)
			*totalp += st.ms_entries;
	}
	sh_lmdb_end_read(w->h, txn);
	return (rc == 0 ? 0 : sh_lmdb_failed(w->h, rc, "check", err));
}

int
sh_lmdb_check(struct sh_engine *e, const struct sh_visit *visit,
    struct sh_error *err)
{
	struct walk w = { .h = (struct sh_lmdb *)e, .visit = visit };
	uint64_t total;

	if (count_rows(&w, &total, err))
		return (-1);
	if (visit->total != NULL)
		visit->total(visit->arg, total);
	if (check_holders(&w, err) ||
	    walk_table(&w, LMDB_ENTRY, on_entry, err) ||
	    walk_table(&w, LMDB_BLOB, on_blob, err) || check_jobs(&w, err))
		return (-1);
	return (0);
}
