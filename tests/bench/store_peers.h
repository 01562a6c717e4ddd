/* The peers of bench_store, raw LMDB and SQLite. */
#ifndef SH_TESTS_STORE_PEERS_H
#define SH_TESTS_STORE_PEERS_H

#include <lmdb.h>
#include <sqlite3.h>

#include "tests/bench/store_ours.h"

/* ---- LMDB ---------------------------------------------------------------- */

struct raw {
	MDB_env *env;
	MDB_dbi document, entry, blob, holder, feed;
	uint64_t position;
};

static void
raw_open(struct raw *r, const char *dir)
{
	MDB_txn *t;

	(void)mkdir(dir, 0700);
	check(mdb_env_create(&r->env), "lmdb");
	check(mdb_env_set_maxdbs(r->env, 5), "lmdb");
	check(mdb_env_set_mapsize(r->env, (size_t)16 << 30), "lmdb");
	check(mdb_env_open(r->env, dir, 0, 0600), "lmdb");
	check(mdb_txn_begin(r->env, NULL, 0, &t), "lmdb");
	check(mdb_dbi_open(t, "d", MDB_CREATE, &r->document), "lmdb");
	check(mdb_dbi_open(t, "e", MDB_CREATE, &r->entry), "lmdb");
	check(mdb_dbi_open(t, "b", MDB_CREATE, &r->blob), "lmdb");
	check(mdb_dbi_open(t, "h", MDB_CREATE, &r->holder), "lmdb");
	check(mdb_dbi_open(t, "f", MDB_CREATE, &r->feed), "lmdb");
	check(mdb_txn_commit(t), "lmdb");
}

static void
raw_entry(MDB_txn *t, MDB_dbi db, unsigned table, const uint8_t term[16],
    const void *sort, size_t sortlen, const void *value, size_t len)
{
	uint8_t key[1 + 16 + 24];
	MDB_val k = { 17 + sortlen, key };
	MDB_val v = { len, (void *)(uintptr_t)value };

	key[0] = (uint8_t)table;
	memcpy(key + 1, term, 16);
	memcpy(key + 17, sort, sortlen);
	check(mdb_put(t, db, &k, &v, 0), "lmdb put");
}

static void
raw_put(void *arg, unsigned first, unsigned n)
{
	struct raw *r = arg;
	struct change c;
	uint8_t key[32];
	MDB_val k = { 32, key }, v;
	MDB_txn *t;
	unsigned i;

	check(mdb_txn_begin(r->env, NULL, 0, &t), "lmdb begin");
	for (i = 0; i < n; i++) {
		make_change(&c, first + i);
		memcpy(key, c.holder, 16);
		memcpy(key + 16, c.document, 16);
		v.mv_size = RECORD_BYTES;
		v.mv_data = c.record;
		check(mdb_put(t, r->document, &k, &v, 0), "lmdb put");
		raw_entry(t, r->entry, 1, c.holder, c.sort, 24, c.summary,
		    SUMMARY);
		raw_entry(t, r->entry, 2, c.holder, c.term[2], 16,
		    c.document, 16);
		raw_entry(t, r->entry, 0x80, c.document, c.holder, 16,
		    c.sort, 8);
		raw_entry(t, r->entry, 0x81, c.term[0], c.sort, 24,
		    c.holder, 16);
		raw_entry(t, r->entry, 0x82, c.term[1], c.sort, 24,
		    c.holder, 16);
	}
	check(mdb_txn_commit(t), "lmdb commit");
}

/* A row of the holder's: KIND and REST in its key, LEN bytes of VALUE. */
static void
raw_row(MDB_txn *t, struct raw *r, const struct change *c, char kind,
    const void *rest, size_t restlen, const void *value, size_t len)
{
	uint8_t key[17 + 25];
	MDB_val k = { 17 + restlen, key };
	MDB_val v = { len, (void *)(uintptr_t)value };

	memcpy(key, c->holder, 16);
	key[16] = (uint8_t)kind;
	memcpy(key + 17, rest, restlen);
	check(mdb_put(t, r->holder, &k, &v, 0), "lmdb put");
}

/* What sohoa keeps of a change, sealing's bytes included. */
static void
raw_put_rows(void *arg, unsigned first, unsigned n)
{
	static uint8_t value[SH_VALUE_MAX];
	struct raw *r = arg;
	struct change c;
	uint8_t key[25], fed[24];
	MDB_val k = { 8, key }, v = { 24, fed };
	MDB_txn *t;
	unsigned i;

	check(mdb_txn_begin(r->env, NULL, 0, &t), "lmdb begin");
	for (i = 0; i < n; i++) {
		make_change(&c, first + i);
		memcpy(value, c.record, RECORD_BYTES);
		raw_row(t, r, &c, 'd', c.document, 16, value,
		    RECORD_BYTES + SH_SEAL_OVERHEAD);
		key[0] = 1;
		memcpy(key + 1, c.sort, 24);
		raw_row(t, r, &c, 't', key, 25, value,
		    SUMMARY + SH_SEAL_OVERHEAD);
		key[0] = 2;
		memcpy(key + 1, c.term[2], 16);
		raw_row(t, r, &c, 't', key, 17, value, 16 + SH_SEAL_OVERHEAD);
		raw_entry(t, r->entry, 0x80, c.document, c.holder, 16,
		    c.sort, 8);
		raw_entry(t, r->entry, 0x81, c.term[0], c.sort, 24,
		    c.holder, 16);
		raw_entry(t, r->entry, 0x82, c.term[1], c.sort, 24,
		    c.holder, 16);
		sh_put_be(key, (first + i) % 4 + 1, 8);
		raw_row(t, r, &c, 'e', key, 8, value,
		    80 + EVENT + SH_SEAL_OVERHEAD);
		memcpy(fed, c.holder, 16);
		memcpy(fed + 16, key, 8);
		raw_row(t, r, &c, 'c', "", 0, value, 40);
		raw_row(t, r, &c, 'o', c.document, 16, key, 8);
		sh_put_be(key, ++r->position, 8);
		check(mdb_put(t, r->feed, &k, &v, MDB_APPEND), "lmdb put");
	}
	check(mdb_txn_commit(t), "lmdb commit");
}

static void
raw_get(void *arg, unsigned n)
{
	static uint8_t out[RECORD_BYTES];
	struct raw *r = arg;
	uint8_t key[32];
	MDB_val k = { 32, key }, v;
	MDB_txn *t;

	spread(key, 2, n / 4);
	spread(key + 16, 1, n);
	check(mdb_txn_begin(r->env, NULL, MDB_RDONLY, &t), "lmdb begin");
	check(mdb_get(t, r->document, &k, &v), "lmdb get");
	memcpy(out, v.mv_data, RECORD_BYTES);
	mdb_txn_abort(t);
}

static void
raw_list(void *arg, unsigned person)
{
	static uint8_t out[SUMMARY];
	struct raw *r = arg;
	uint8_t key[17] = { 1 };
	MDB_val k = { 17, key }, v;
	MDB_cursor *c;
	MDB_txn *t;
	unsigned n = 0;
	int rc;

	spread(key + 1, 2, person);
	check(mdb_txn_begin(r->env, NULL, MDB_RDONLY, &t), "lmdb begin");
	check(mdb_cursor_open(t, r->entry, &c), "lmdb cursor");
	for (rc = mdb_cursor_get(c, &k, &v, MDB_SET_RANGE); rc == 0 &&
	    memcmp(k.mv_data, key, 17) == 0; rc = mdb_cursor_get(c, &k, &v,
	    MDB_NEXT), n++)
		memcpy(out, v.mv_data, SUMMARY);
	mdb_cursor_close(c);
	mdb_txn_abort(t);
	check(n != 4, "a list");
}

/* ---- SQLite -------------------------------------------------------------- */

struct sql {
	sqlite3 *db;
	sqlite3_stmt *put, *get, *list, *begin, *commit, *blob;
};

static sqlite3_stmt *
prepare(struct sql *s, const char *text)
{
	sqlite3_stmt *st;

	check(sqlite3_prepare_v2(s->db, text, -1, &st, NULL), text);
	return (st);
}

static void
sql_open(struct sql *s, const char *path)
{
	check(sqlite3_open(path, &s->db), "sqlite");
	check(sqlite3_exec(s->db, "pragma journal_mode=wal;"
	    "pragma synchronous=full; create table d (document blob, holder "
	    "blob, at integer, number blob, type blob, content blob, record "
	    "blob, summary blob); create table b (name blob primary key, "
	    "bytes blob)", NULL, NULL, NULL), "sqlite");
	check(sqlite3_exec(s->db, "create unique index dd on d (document);"
	    "create index dh on d (holder, at); create index dn on d "
	    "(number); create index dt on d (type, at); create index dc on d "
	    "(holder, content)", NULL, NULL, NULL), "sqlite");
	s->begin = prepare(s, "begin");
	s->commit = prepare(s, "commit");
	s->put = prepare(s, "insert into d values (?,?,?,?,?,?,?,?)");
	s->get = prepare(s, "select record from d where document = ?");
	s->list = prepare(s, "select summary from d where holder = ? "
	    "order by at desc");
	s->blob = prepare(s, "insert into b values (?,?)");
}

static void
step(sqlite3_stmt *st, int want)
{
	check(sqlite3_step(st) != want, "sqlite step");
	check(sqlite3_reset(st), "sqlite reset");
}

static void
sql_put(void *arg, unsigned first, unsigned n)
{
	struct sql *s = arg;
	struct change c;
	unsigned i;

	step(s->begin, SQLITE_DONE);
	for (i = 0; i < n; i++) {
		make_change(&c, first + i);
		(void)sqlite3_bind_blob(s->put, 1, c.document, 16, NULL);
		(void)sqlite3_bind_blob(s->put, 2, c.holder, 16, NULL);
		(void)sqlite3_bind_int64(s->put, 3, 1795140000 + first + i);
		(void)sqlite3_bind_blob(s->put, 4, c.term[0], 16, NULL);
		(void)sqlite3_bind_blob(s->put, 5, c.term[1], 16, NULL);
		(void)sqlite3_bind_blob(s->put, 6, c.term[2], 16, NULL);
		(void)sqlite3_bind_blob(s->put, 7, c.record, RECORD_BYTES, NULL);
		(void)sqlite3_bind_blob(s->put, 8, c.summary, SUMMARY, NULL);
		step(s->put, SQLITE_DONE);
	}
	step(s->commit, SQLITE_DONE);
}

static void
sql_get(void *arg, unsigned n)
{
	static uint8_t out[RECORD_BYTES];
	struct sql *s = arg;
	uint8_t document[16];

	spread(document, 1, n);
	(void)sqlite3_bind_blob(s->get, 1, document, 16, NULL);
	check(sqlite3_step(s->get) != SQLITE_ROW, "sqlite get");
	memcpy(out, sqlite3_column_blob(s->get, 0), RECORD_BYTES);
	(void)sqlite3_reset(s->get);
}

static void
sql_list(void *arg, unsigned person)
{
	static uint8_t out[SUMMARY];
	struct sql *s = arg;
	uint8_t holder[16];
	unsigned n = 0;

	spread(holder, 2, person);
	(void)sqlite3_bind_blob(s->list, 1, holder, 16, NULL);
	for (; sqlite3_step(s->list) == SQLITE_ROW; n++)
		memcpy(out, sqlite3_column_blob(s->list, 0), SUMMARY);
	(void)sqlite3_reset(s->list);
	check(n != 4, "a list");
}

#endif
