/*
 * The embedded engine's reads.  What a transaction yields is copied out and
 * the transaction ended before anybody is called: a reader that waits for a
 * client would keep every page of that moment from being reused.
 */
#include "archive/engine_lmdb_internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

#define BATCH		64	/* rows copied in one transaction */
#define BATCH_BYTES	(64 * 1024)

/* ---- blobs --------------------------------------------------------------- */

int
sh_lmdb_parse_place(const MDB_val *v, struct sh_blob_place *at)
{
	const uint8_t *p = v->mv_data;

	if (v->mv_size != 20)
		return (-1);
	at->segment = (uint32_t)sh_get_be(p, 4);
	at->offset = sh_get_be(p + 4, 8);
	at->bytes = sh_get_be(p + 12, 8);
	return (at->offset > INT64_MAX || at->bytes > INT64_MAX ? -1 : 0);
}

int
sh_lmdb_blob_place(struct sh_lmdb *h, const struct sh_digest *name,
    struct sh_blob_place *at, struct sh_error *err)
{
	MDB_val k = { SH_DIGEST_LEN, (void *)(uintptr_t)name->b }, v;
	MDB_txn *txn;
	size_t i;
	int rc, r;

	for (i = h->npending; i-- > 0;) {
		if (memcmp(&h->pending[i].name, name, sizeof(*name)) == 0) {
			*at = h->pending[i].at;
			return (1);
		}
	}
	if (sh_lmdb_begin_read(h, &txn, err))
		return (-1);
	rc = mdb_get(txn, h->env->table[LMDB_BLOB], &k, &v);
	if (rc == MDB_NOTFOUND)
		r = 0;
	else if (rc != 0)
		r = sh_lmdb_failed(h, rc, "blob", err);
	else if (sh_lmdb_parse_place(&v, at))
		r = sh_lmdb_damaged(err, "a blob's place");
	else
		r = 1;
	sh_lmdb_end_read(h, txn);
	return (r);
}

int
sh_lmdb_blob_get(struct sh_engine *e, const struct sh_digest *name,
    uint64_t offset, uint64_t len, sh_sink sink, void *arg,
    uint64_t *totalp, struct sh_error *err)
{
	struct sh_lmdb *h = (struct sh_lmdb *)e;
	struct sh_blob_place at;
	char hex[SH_HEX_LEN];
	int r;

	if ((r = sh_lmdb_blob_place(h, name, &at, err)) < 0)
		return (-1);
	if (r == 0) {
		sh_hex(name->b, SH_DIGEST_LEN, hex);
		return (sh_error_set(err, SH_ENOTFOUND, "engine.blob-missing",
		    "blob %.16s… is not held", hex));
	}
	if (totalp != NULL)
		*totalp = at.bytes;
	return (sh_segments_read(h->segments, name, &at, offset, len, sink,
	    arg, err));
}

/* ---- single rows --------------------------------------------------------- */

int
sh_lmdb_get(struct sh_engine *e, const struct sh_tag *holder,
    const struct sh_tag *document, uint8_t *value, size_t *lenp,
    struct sh_error *err)
{
	struct sh_lmdb *h = (struct sh_lmdb *)e;
	uint8_t key[LMDB_KEY_MAX];
	MDB_val k = { sh_lmdb_row(key, holder, LMDB_ROW_DOCUMENT, document->b,
	    16), key }, v;
	MDB_txn *txn;
	int rc, r = -1;

	if (sh_lmdb_begin_read(h, &txn, err))
		return (-1);
	rc = mdb_get(txn, h->env->table[LMDB_HOLDER], &k, &v);
	if (rc == MDB_NOTFOUND) {
		(void)sh_error_set(err, SH_ENOTFOUND,
		    "engine.document-missing", "no such document");
	} else if (rc != 0) {
		(void)sh_lmdb_failed(h, rc, "document", err);
	} else if (v.mv_size > SH_VALUE_MAX) {
		(void)sh_lmdb_damaged(err, "a document's length");
	} else if (v.mv_size == 0) {
		(void)sh_error_set(err, SH_ENOTFOUND, "engine.tombstone",
		    "the document was destroyed");
	} else {
		memcpy(value, v.mv_data, v.mv_size);
		*lenp = v.mv_size;
		r = 0;
	}
	sh_lmdb_end_read(h, txn);
	return (r);
}

int
sh_lmdb_head(struct sh_engine *e, const struct sh_tag *holder,
    struct sh_head *head, struct sh_error *err)
{
	struct sh_lmdb *h = (struct sh_lmdb *)e;
	uint8_t key[LMDB_KEY_MAX];
	MDB_val k = { sh_lmdb_row(key, holder, LMDB_ROW_CHAIN, NULL, 0),
	    key }, v;
	MDB_txn *txn;
	int rc, r = 0;

	if (sh_lmdb_begin_read(h, &txn, err))
		return (-1);
	rc = mdb_get(txn, h->env->table[LMDB_HOLDER], &k, &v);
	if (rc != 0 && rc != MDB_NOTFOUND) {
		r = sh_lmdb_failed(h, rc, "chain", err);
	} else if (rc == 0 && v.mv_size != 40) {
		r = sh_lmdb_damaged(err, "a chain's head");
	} else if (rc == 0) {
		head->sequence = sh_get_be(v.mv_data, 8);
		memcpy(head->head.b, (uint8_t *)v.mv_data + 8, SH_DIGEST_LEN);
	}
	sh_lmdb_end_read(h, txn);
	return (r);
}

/* ---- scan ---------------------------------------------------------------- */

struct batch {
	struct sh_buf bytes;	/* every row: keylen 2, len 2, key, value */
	size_t n;
	int more;
};

static int
keep_row(struct batch *b, const MDB_val *k, const MDB_val *v,
    struct sh_error *err)
{
	if (k->mv_size > LMDB_KEY_MAX || v->mv_size > UINT16_MAX)
		return (sh_lmdb_damaged(err, "a row's length"));
	if (sh_buf_put_be(&b->bytes, k->mv_size, 2, err) ||
	    sh_buf_put_be(&b->bytes, v->mv_size, 2, err) ||
	    sh_buf_append(&b->bytes, k->mv_data, k->mv_size, err) ||
	    sh_buf_append(&b->bytes, v->mv_data, v->mv_size, err))
		return (-1);
	b->n++;
	return (0);
}

/* What every key of a range begins with, and where it is looked for. */
struct head {
	uint8_t key[LMDB_KEY_MAX];
	size_t len;
	enum sh_lmdb_table in;
};

/* Place the cursor on the first row of the range; MDB_NOTFOUND: none. */
static int
seek(MDB_cursor *c, const struct sh_range *range, const struct head *head,
    const uint8_t *after, size_t afterlen, MDB_val *k, MDB_val *v)
{
	uint8_t key[LMDB_KEY_MAX + 1];
	size_t len = head->len;
	int rc, resumed = after != NULL;

	memcpy(key, head->key, len);
	if (!resumed) {
		after = range->prefix;
		afterlen = range->prefixlen;
	}
	if (afterlen > 0)
		memcpy(key + len, after, afterlen);
	len += afterlen;
	if (range->descending && !resumed) {
		/* Above every key that begins with the prefix. */
		memset(key + len, 0xff, sizeof(key) - len);
		len = sizeof(key);
	}
	k->mv_data = key;
	k->mv_size = len;
	rc = mdb_cursor_get(c, k, v, MDB_SET_RANGE);
	if (range->descending)
		return (mdb_cursor_get(c, k, v, rc == MDB_NOTFOUND ?
		    MDB_LAST : MDB_PREV));
	if (rc == 0 && resumed && k->mv_size == len &&
	    memcmp(k->mv_data, key, len) == 0)
		rc = mdb_cursor_get(c, k, v, MDB_NEXT);
	return (rc);
}

static int
in_range(const struct sh_range *range, const struct head *head,
    const MDB_val *k)
{
	const uint8_t *p = k->mv_data;

	return (k->mv_size >= head->len + range->prefixlen &&
	    k->mv_size <= head->len + SH_SORT_MAX &&
	    memcmp(p, head->key, head->len) == 0 &&
	    (range->prefixlen == 0 || memcmp(p + head->len, range->prefix,
	    range->prefixlen) == 0));
}

static int
scan_batch(struct sh_lmdb *h, const struct sh_range *range,
    const struct head *head, const uint8_t *after, size_t afterlen,
    struct batch *b, struct sh_error *err)
{
	MDB_cursor *c;
	MDB_txn *txn;
	MDB_val k, v;
	int rc, r = -1;

	sh_buf_reset(&b->bytes);
	b->n = 0;
	b->more = 0;
	if (sh_lmdb_begin_read(h, &txn, err))
		return (-1);
	rc = mdb_cursor_open(txn, h->env->table[head->in], &c);
	if (rc != 0) {
		(void)sh_lmdb_failed(h, rc, "scan", err);
		goto out;
	}
	for (rc = seek(c, range, head, after, afterlen, &k, &v);
	    rc == 0 && in_range(range, head, &k);
	    rc = mdb_cursor_get(c, &k, &v,
	    range->descending ? MDB_PREV : MDB_NEXT)) {
		if (b->n == BATCH || b->bytes.len > BATCH_BYTES) {
			b->more = 1;
			break;
		}
		if (keep_row(b, &k, &v, err))
			break;
	}
	mdb_cursor_close(c);
	if (rc != 0 && rc != MDB_NOTFOUND)
		(void)sh_lmdb_failed(h, rc, "scan", err);
	r = err->code != SH_OK ? -1 : 0;
out:
	sh_lmdb_end_read(h, txn);
	return (r);
}

int
sh_lmdb_scan(struct sh_engine *e, const struct sh_range *range,
    int (*fn)(void *, const struct sh_entry *, struct sh_error *),
    void *arg, struct sh_error *err)
{
	struct sh_entry t = { .table = range->table, .term = range->term };
	struct batch b = { .n = 0 };
	struct head head;
	const uint8_t *p;
	size_t i;
	int r = 0, first = range->after == NULL;

	head.len = sh_lmdb_entry_head(head.key, range->table, &range->term,
	    &head.in);
	if (!first) {
		t.sortlen = range->afterlen;
		memcpy(t.sort, range->after, range->afterlen);
	}
	do {
		if (scan_batch((struct sh_lmdb *)e, range, &head,
		    first ? NULL : t.sort, t.sortlen, &b, err)) {
			r = -1;
			break;
		}
		first = 0;
		for (i = 0, p = b.bytes.data; i < b.n && r == 0; i++) {
			size_t keylen = sh_get_be(p, 2);

			t.sortlen = keylen - head.len;
			t.len = sh_get_be(p + 2, 2);
			memcpy(t.sort, p + 4 + head.len, t.sortlen);
			t.value = p + 4 + keylen;
			p += 4 + keylen + t.len;
			r = fn(arg, &t, err);
		}
	} while (r == 0 && b.more);
	sh_buf_free(&b.bytes);
	return (r < 0 ? -1 : 0);
}

/* ---- feed ---------------------------------------------------------------- */

int
sh_lmdb_parse_event(const MDB_val *v, struct sh_fed *item)
{
	const uint8_t *p = v->mv_data;

	if (v->mv_size < 80 || v->mv_size > 80 + SH_EVENT_MAX)
		return (-1);
	memcpy(item->operation.b, p, 16);
	memcpy(item->digest.b, p + 16, 32);
	memcpy(item->head.b, p + 48, 32);
	item->event = p + 80;
	item->len = v->mv_size - 80;
	return (0);
}

/* Keep an event's row under its position, holder and sequence. */
static int
keep_event(struct sh_lmdb *h, MDB_txn *txn, const struct sh_tag *holder,
    const MDB_val *k, const MDB_val *v, struct batch *b,
    struct sh_error *err)
{
	uint8_t kept[32], key[LMDB_KEY_MAX];
	MDB_val row = { sizeof(kept), kept }, ek = { 0, key }, ev = *v;
	struct sh_tag of;
	int rc;

	if (holder != NULL) {
		if (k->mv_size != LMDB_ROW_HEAD + 8)
			return (sh_lmdb_damaged(err, "an event's key"));
		/* A chain's positions are its sequence. */
		memcpy(kept, (uint8_t *)k->mv_data + LMDB_ROW_HEAD, 8);
		memcpy(kept + 8, holder->b, 16);
		memcpy(kept + 24, kept, 8);
	} else {
		if (k->mv_size != 8 || v->mv_size != 24)
			return (sh_lmdb_damaged(err, "a row of the feed"));
		memcpy(kept, k->mv_data, 8);
		memcpy(kept + 8, v->mv_data, 24);
		memcpy(of.b, v->mv_data, 16);
		ek.mv_size = sh_lmdb_row(key, &of, LMDB_ROW_EVENT, kept + 24,
		    8);
		rc = mdb_get(txn, h->env->table[LMDB_HOLDER], &ek, &ev);
		if (rc != 0)
			return (sh_lmdb_failed(h, rc, "an event of the feed",
			    err));
	}
	return (keep_row(b, &row, &ev, err));
}

/* At most N events of the feed (HOLDER NULL) or of one chain behind AFTER. */
static int
feed_batch(struct sh_lmdb *h, const struct sh_tag *holder, uint64_t after,
    size_t n, struct batch *b, struct sh_error *err)
{
	uint8_t start[LMDB_KEY_MAX];
	MDB_cursor *c;
	MDB_txn *txn;
	MDB_val k, v;
	int rc;

	sh_buf_reset(&b->bytes);
	b->n = 0;
	b->more = 0;
	if (sh_lmdb_begin_read(h, &txn, err))
		return (-1);
	rc = mdb_cursor_open(txn, h->env->table[holder != NULL ? LMDB_HOLDER :
	    LMDB_FEED], &c);
	if (rc != 0)
		goto out;
	k.mv_data = start;
	k.mv_size = 8;
	if (holder != NULL)
		k.mv_size = sh_lmdb_event_row(start, holder, after + 1);
	else
		sh_put_be(start, after + 1, 8);
	for (rc = mdb_cursor_get(c, &k, &v, MDB_SET_RANGE); rc == 0;
	    rc = mdb_cursor_get(c, &k, &v, MDB_NEXT)) {
		if (holder != NULL && (k.mv_size < LMDB_ROW_HEAD ||
		    memcmp(k.mv_data, start, LMDB_ROW_HEAD) != 0))
			break;
		if (b->n == n || b->bytes.len > BATCH_BYTES) {
			b->more = 1;
			break;
		}
		if (keep_event(h, txn, holder, &k, &v, b, err))
			break;
	}
	mdb_cursor_close(c);
out:
	sh_lmdb_end_read(h, txn);
	if (rc != 0 && rc != MDB_NOTFOUND)
		return (sh_lmdb_failed(h, rc, "feed", err));
	return (err->code != SH_OK ? -1 : 0);
}

int
sh_lmdb_feed(struct sh_engine *e, unsigned shard,
    const struct sh_tag *holder, uint64_t after,
    int (*fn)(void *, const struct sh_fed *, struct sh_error *),
    void *arg, struct sh_error *err)
{
	struct batch b = { .n = 0 };
	struct sh_fed item = { .position = after };
	const uint8_t *p;
	MDB_val v;
	/* Events lie apart, a page each, and some callers want but one. */
	size_t i, n = 1;
	int r = 0;

	(void)shard;
	do {
		if (item.position == UINT64_MAX)
			break;
		if (feed_batch((struct sh_lmdb *)e, holder, item.position, n,
		    &b, err)) {
			r = -1;
			break;
		}
		n = n * 4 < BATCH ? n * 4 : BATCH;
		for (i = 0, p = b.bytes.data; i < b.n && r == 0; i++) {
			v.mv_size = sh_get_be(p + 2, 2);
			v.mv_data = (void *)(uintptr_t)(p + 36);
			item.position = sh_get_be(p + 4, 8);
			memcpy(item.holder.b, p + 12, 16);
			item.sequence = sh_get_be(p + 28, 8);
			if (sh_lmdb_parse_event(&v, &item))
				r = sh_lmdb_damaged(err, "an event's row");
			else
				r = fn(arg, &item, err);
			p += 36 + v.mv_size;
		}
	} while (r == 0 && b.more);
	sh_buf_free(&b.bytes);
	return (r < 0 ? -1 : 0);
}
