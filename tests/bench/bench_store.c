/*
 * The store beside its peers on the same work, in one run: changes with their
 * index entries by batch, blobs by size and batch, point reads, lists of a
 * holder.
 *
 *   bench_store [CHANGES [DIR]]
 *
 * sohoa seals every value, chains and feeds every change, and reads nothing
 * back that does not open; the peers store plain bytes with the same index
 * entries: LMDB in its default mode, SQLite in WAL with synchronous FULL, a
 * file for each blob (synced, renamed, its folder synced).  Every batch is on
 * the disk before the next begins.  Ratios are to LMDB: rates above 1 and CPU
 * below 1 are better than it.
 */
#include <fcntl.h>
#include <lmdb.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "archive/engine.h"
#include "archive/stream.h"
#include "archive/vault.h"
#include "base/fs.h"
#include "tests/unit/archive_fixture.h"

#define RECORD	700	/* bytes of a document's plain record, packed */
#define SUMMARY	160
#define EVENT	260
#define ENTRIES	5

static void
check(int bad, const char *what)
{
	if (bad == 0)
		return;
	(void)fprintf(stderr, "%s: %d\n", what, bad);
	exit(1);
}

static void
checked(int rc, const struct sh_error *err)
{
	if (rc == 0)
		return;
	(void)fprintf(stderr, "%s: %s\n", err->key, err->text);
	exit(1);
}

static double
wall_s(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return ((double)t.tv_sec + (double)t.tv_nsec / 1e9);
}

static double
cpu_s(void)
{
	struct rusage u;

	(void)getrusage(RUSAGE_SELF, &u);
	return ((double)u.ru_utime.tv_sec + (double)u.ru_stime.tv_sec +
	    (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6);
}

/* What change N is made of; every tenth person has forty documents. */
struct change {
	uint8_t document[16], holder[16], term[ENTRIES][16], sort[24];
	uint8_t record[RECORD], summary[SUMMARY], event[EVENT];
};

static void
spread(uint8_t out[16], unsigned what, unsigned n)
{
	uint64_t h = ((uint64_t)what << 40 | n) + 1;
	int i;

	/* Evenly, as keyed digests are. */
	for (i = 0; i < 2; i++) {
		h ^= h >> 31;
		h *= 0x9e3779b97f4a7c15;
		h ^= h >> 29;
		h *= 0xbf58476d1ce4e5b9;
		h ^= h >> 32;
		sh_put_be(out + 8 * i, h, 8);
	}
}

static void
make_change(struct change *c, unsigned n)
{
	unsigned i;

	spread(c->document, 1, n);
	spread(c->holder, 2, n / 4);
	spread(c->term[0], 3, n);
	spread(c->term[1], 4, n % 190);
	spread(c->term[2], 5, n);
	sh_put_be(c->sort, 1795140000 + n, 8);
	memcpy(c->sort + 8, c->document, 16);
	for (i = 0; i < RECORD; i++)
		c->record[i] = (uint8_t)(n * 31 + i * 7);
	memcpy(c->summary, c->record, SUMMARY);
	memcpy(c->event, c->record, EVENT);
}

/* ---- the stores ---------------------------------------------------------- */

struct ours {
	struct sh_engine *e;
	struct sh_vault *v;
};

static struct sh_tag
tag_of(const uint8_t b[16])
{
	struct sh_tag t;

	memcpy(t.b, b, 16);
	return (t);
}

static void
seal(struct ours *o, unsigned table, const struct sh_tag *holder,
    const void *key, size_t keylen, const void *data, size_t len,
    struct sh_buf *out)
{
	struct sh_label l = { .table = table, .holder = holder, .key = key,
	    .keylen = keylen, .version = 1 };
	struct sh_error err = SH_ERROR_INIT;

	sh_buf_reset(out);
	checked(sh_vault_seal(o->v, &l, data, len, out, &err), &err);
}

/* One change with its memory. */
struct sealed {
	struct sh_put put;
	struct sh_entry entries[ENTRIES];
	struct sh_buf value, list, content, event;
};

static void
ours_put(void *arg, unsigned first, unsigned n)
{
	static struct sealed s[SH_CHANGES_MAX];
	static struct sh_change ch[SH_CHANGES_MAX];
	struct sh_error err = SH_ERROR_INIT;
	struct ours *o = arg;
	static struct sh_tag holders[SH_CHANGES_MAX];
	struct change c;
	unsigned i, k;

	/* The engine takes so many changes at once, in one transaction. */
	for (; n > SH_CHANGES_MAX; n -= SH_CHANGES_MAX,
	    first += SH_CHANGES_MAX)
		ours_put(arg, first, SH_CHANGES_MAX);
	for (i = 0; i < n; i++) {
		make_change(&c, first + i);
		holders[i] = tag_of(c.holder);
	}
	checked(sh_vault_need_keys(o->v, holders, n, &err), &err);
	for (i = 0; i < n; i++) {
		struct sealed *d = &s[i];
		const struct sh_tag *h = &holders[i];

		make_change(&c, first + i);
		seal(o, 0x40, h, c.document, 16, c.record, RECORD,
		    &d->value);
		seal(o, 1, h, c.sort, 24, c.summary, SUMMARY, &d->list);
		seal(o, 2, h, c.term[2], 16, c.document, 16, &d->content);
		seal(o, 0x41, h, c.document, 16, c.event, EVENT, &d->event);
		d->put = (struct sh_put){ tag_of(c.document), d->value.data,
		    d->value.len };
		memset(d->entries, 0, sizeof(d->entries));
		d->entries[0] = (struct sh_entry){ .table = 1, .term = *h,
		    .sortlen = 24, .value = d->list.data,
		    .len = d->list.len };
		d->entries[1] = (struct sh_entry){ .table = 2, .term = *h,
		    .sortlen = 16, .value = d->content.data,
		    .len = d->content.len };
		d->entries[2] = (struct sh_entry){ .table = 0x80,
		    .term = tag_of(c.document), .sortlen = 17,
		    .value = c.sort, .len = 8 };
		d->entries[3] = (struct sh_entry){ .table = 0x81,
		    .term = tag_of(c.term[0]), .sortlen = 24,
		    .value = h->b, .len = 16 };
		d->entries[4] = (struct sh_entry){ .table = 0x82,
		    .term = tag_of(c.term[1]), .sortlen = 24,
		    .value = h->b, .len = 16 };
		memcpy(d->entries[0].sort, c.sort, 24);
		memcpy(d->entries[1].sort, c.term[2], 16);
		memcpy(d->entries[2].sort + 1, h->b, 16);
		for (k = 3; k < 5; k++)
			memcpy(d->entries[k].sort, c.sort, 24);
		d->entries[2].value = "12345678";
		ch[i] = (struct sh_change){ .holder = *h,
		    .operation = tag_of(c.document), .puts = &d->put,
		    .nputs = 1, .entries = d->entries, .nentries = ENTRIES,
		    .event = d->event.data, .eventlen = d->event.len };
	}
	checked(sh_engine_commit(o->e, ch, n, &err), &err);
}

static void
ours_get(void *arg, unsigned n)
{
	static struct sh_buf plain;
	struct sh_error err = SH_ERROR_INIT;
	uint8_t value[SH_VALUE_MAX];
	struct ours *o = arg;
	struct change c;
	struct sh_tag h, d;
	struct sh_label l = { .table = 0x40, .keylen = 16, .version = 1 };
	size_t len;

	spread(c.document, 1, n);
	spread(c.holder, 2, n / 4);
	h = tag_of(c.holder);
	d = tag_of(c.document);
	l.holder = &h;
	l.key = d.b;
	sh_buf_reset(&plain);
	checked(sh_engine_get(o->e, &h, &d, value, &len, &err), &err);
	checked(sh_vault_unseal(o->v, &l, value, len, &plain, &err), &err);
	check(plain.len != RECORD, "a record");
}

struct listing {
	struct ours *o;
	struct sh_tag holder;
	unsigned n;
};

static int
list_one(void *arg, const struct sh_entry *t, struct sh_error *err)
{
	static struct sh_buf plain;
	struct listing *l = arg;
	struct sh_label label = { .table = 1, .holder = &l->holder,
	    .key = t->sort, .keylen = t->sortlen, .version = 1 };

	l->n++;
	sh_buf_reset(&plain);
	return (sh_vault_unseal(l->o->v, &label, t->value, t->len, &plain,
	    err));
}

static void
ours_list(void *arg, unsigned person)
{
	struct sh_error err = SH_ERROR_INIT;
	struct listing l = { .o = arg };
	struct sh_range r = { .table = 1, .descending = 1 };
	uint8_t holder[16];

	spread(holder, 2, person);
	r.term = l.holder = tag_of(holder);
	checked(sh_engine_scan(l.o->e, &r, list_one, &l, &err), &err);
	check(l.n != 4, "a list");
}

/* ---- LMDB ---------------------------------------------------------------- */

struct raw {
	MDB_env *env;
	MDB_dbi document, entry, blob;
};

static void
raw_open(struct raw *r, const char *dir)
{
	MDB_txn *t;

	(void)mkdir(dir, 0700);
	check(mdb_env_create(&r->env), "lmdb");
	check(mdb_env_set_maxdbs(r->env, 4), "lmdb");
	check(mdb_env_set_mapsize(r->env, (size_t)16 << 30), "lmdb");
	check(mdb_env_open(r->env, dir, 0, 0600), "lmdb");
	check(mdb_txn_begin(r->env, NULL, 0, &t), "lmdb");
	check(mdb_dbi_open(t, "d", MDB_CREATE, &r->document), "lmdb");
	check(mdb_dbi_open(t, "e", MDB_CREATE, &r->entry), "lmdb");
	check(mdb_dbi_open(t, "b", MDB_CREATE, &r->blob), "lmdb");
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
		v.mv_size = RECORD;
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

static void
raw_get(void *arg, unsigned n)
{
	static uint8_t out[RECORD];
	struct raw *r = arg;
	uint8_t key[32];
	MDB_val k = { 32, key }, v;
	MDB_txn *t;

	spread(key, 2, n / 4);
	spread(key + 16, 1, n);
	check(mdb_txn_begin(r->env, NULL, MDB_RDONLY, &t), "lmdb begin");
	check(mdb_get(t, r->document, &k, &v), "lmdb get");
	memcpy(out, v.mv_data, RECORD);
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
		(void)sqlite3_bind_blob(s->put, 7, c.record, RECORD, NULL);
		(void)sqlite3_bind_blob(s->put, 8, c.summary, SUMMARY, NULL);
		step(s->put, SQLITE_DONE);
	}
	step(s->commit, SQLITE_DONE);
}

static void
sql_get(void *arg, unsigned n)
{
	static uint8_t out[RECORD];
	struct sql *s = arg;
	uint8_t document[16];

	spread(document, 1, n);
	(void)sqlite3_bind_blob(s->get, 1, document, 16, NULL);
	check(sqlite3_step(s->get) != SQLITE_ROW, "sqlite get");
	memcpy(out, sqlite3_column_blob(s->get, 0), RECORD);
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

/* ---- blobs --------------------------------------------------------------- */

static uint8_t bytes[200000];

struct source {
	unsigned n;
	size_t len, at;
};

static int
blob_source(void *arg, void *buf, size_t cap, size_t *lenp,
    struct sh_error *err)
{
	struct source *s = arg;

	(void)err;
	*lenp = s->len - s->at < cap ? s->len - s->at : cap;
	memcpy(buf, bytes + s->at, *lenp);
	if (s->at == 0 && *lenp >= 4)
		sh_put_be(buf, s->n, 4);
	s->at += *lenp;
	return (0);
}

static void
blob_digest(unsigned n, size_t len, struct sh_digest *d)
{
	struct sh_error err = SH_ERROR_INIT;

	sh_put_be(bytes, n, 4);
	checked(sh_sha256(bytes, len, d, &err), &err);
}

static void
ours_blobs(void *arg, unsigned first, unsigned n, size_t len)
{
	static struct sh_blob blobs[128];
	static struct source src[128];
	struct sh_error err = SH_ERROR_INIT;
	struct sh_sealer *sealers[128];
	struct ours *o = arg;
	struct sh_digest plain, key;
	unsigned i;

	for (i = 0; i < n; i++) {
		blob_digest(first + i, len, &plain);
		checked(sh_vault_name(o->v, SH_NAME_BLOB, plain.b, 32,
		    &blobs[i].name, &err), &err);
		checked(sh_vault_name(o->v, SH_NAME_BLOB_KEY, plain.b, 32,
		    &key, &err), &err);
		src[i] = (struct source){ first + i, len, 0 };
		sealers[i] = sh_sealer_new(sh_vault_aead(o->v), key.b,
		    &blobs[i].name, &plain, len, blob_source, &src[i], &err);
		blobs[i].source = sh_sealer_source;
		blobs[i].arg = sealers[i];
	}
	checked(sh_engine_blob_put(o->e, blobs, n, &err), &err);
	for (i = 0; i < n; i++)
		sh_sealer_free(sealers[i]);
}

static void
raw_blobs(void *arg, unsigned first, unsigned n, size_t len)
{
	struct raw *r = arg;
	struct sh_digest d;
	MDB_val k = { 32, d.b }, v = { len, bytes };
	MDB_txn *t;
	unsigned i;

	check(mdb_txn_begin(r->env, NULL, 0, &t), "lmdb begin");
	for (i = 0; i < n; i++) {
		blob_digest(first + i, len, &d);
		check(mdb_put(t, r->blob, &k, &v, 0), "lmdb put");
	}
	check(mdb_txn_commit(t), "lmdb commit");
}

static void
sql_blobs(void *arg, unsigned first, unsigned n, size_t len)
{
	struct sql *s = arg;
	struct sh_digest d;
	unsigned i;

	step(s->begin, SQLITE_DONE);
	for (i = 0; i < n; i++) {
		blob_digest(first + i, len, &d);
		(void)sqlite3_bind_blob(s->blob, 1, d.b, 32, NULL);
		(void)sqlite3_bind_blob(s->blob, 2, bytes, (int)len, NULL);
		step(s->blob, SQLITE_DONE);
	}
	step(s->commit, SQLITE_DONE);
}

/* Two levels of folders, as content stores have them. */
static void
file_blobs(void *arg, unsigned first, unsigned n, size_t len)
{
	const char *dir = arg;
	struct sh_error err = SH_ERROR_INIT;
	char hex[SH_HEX_LEN], path[600];
	struct sh_digest d;
	unsigned i;

	for (i = 0; i < n; i++) {
		blob_digest(first + i, len, &d);
		sh_hex(d.b, 32, hex);
		(void)snprintf(path, sizeof(path), "%s/%.2s", dir, hex);
		(void)mkdir(path, 0700);
		(void)snprintf(path, sizeof(path), "%s/%.2s/%s", dir, hex,
		    hex + 2);
		checked(sh_fs_replace(path, bytes, len, 0600, &err), &err);
	}
}

/* ---- the tables ---------------------------------------------------------- */

struct cost {
	double wall, cpu;
};

static void
row(const char *what, const char *unit, const struct cost *c, size_t n,
    double items)
{
	static const char *const names[] = { "LMDB", "SQLite", "sohoa",
	    "files" };
	size_t i;

	for (i = 0; i < n; i++)
		(void)printf("%-22s %-7s %11.0f %s/s %6.2f x %9.1f us CPU "
		    "%6.2f x\n", i == 0 ? what : "", names[i],
		    items / c[i].wall, unit, c[0].wall / c[i].wall,
		    c[i].cpu / items * 1e6, c[i].cpu / c[0].cpu);
}

static struct cost
timed_put(void (*put)(void *, unsigned, unsigned), void *store,
    unsigned first, unsigned n, unsigned batch)
{
	struct cost c = { wall_s(), cpu_s() };
	unsigned i;

	for (i = 0; i < n; i += batch)
		put(store, first + i, batch);
	return ((struct cost){ wall_s() - c.wall, cpu_s() - c.cpu });
}

static struct cost
timed_blobs(void (*put)(void *, unsigned, unsigned, size_t), void *store,
    unsigned first, unsigned n, unsigned batch, size_t len)
{
	struct cost c = { wall_s(), cpu_s() };
	unsigned i;

	for (i = 0; i < n; i += batch)
		put(store, first + i, batch, len);
	return ((struct cost){ wall_s() - c.wall, cpu_s() - c.cpu });
}

static struct cost
timed_read(void (*get)(void *, unsigned), void *store, unsigned below,
    unsigned n)
{
	struct cost c = { wall_s(), cpu_s() };
	uint32_t seed = 7;
	unsigned i;

	for (i = 0; i < n; i++)
		get(store, fixture_draw(&seed, below));
	return ((struct cost){ wall_s() - c.wall, cpu_s() - c.cpu });
}

int
main(int argc, char **argv)
{
	static const unsigned batches[] = { 1, 10, 100, 1000 };
	static const size_t sizes[] = { 20000, 200000 };
	unsigned changes = argc > 1 ? (unsigned)atoi(argv[1]) : 1000000;
	char tmpl[] = "/tmp/sohoa-store-XXXXXX", path[4][300], what[40];
	const char *dir = argc > 2 ? argv[2] : mkdtemp(tmpl);
	struct sh_error err = SH_ERROR_INIT;
	struct cost c[4];
	struct ours o;
	struct raw r;
	struct sql s;
	unsigned first = 0, i, k, n, reads = 200000;
	uint32_t seed = 1;

	if (dir == NULL || changes < 10000)
		return (64);
	for (i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)fixture_draw(&seed, 256);
	(void)snprintf(path[0], 300, "lmdb:%s/ours", dir);
	(void)snprintf(path[1], 300, "%s/keys", dir);
	(void)snprintf(path[2], 300, "%s/lmdb", dir);
	(void)snprintf(path[3], 300, "%s/sqlite", dir);
	checked(sh_engine_open(path[0], SH_ENGINE_CREATE, &o.e, &err), &err);
	checked(sh_vault_create(path[1], &err), &err);
	checked(sh_vault_open(path[1], 1, &o.v, &err), &err);
	raw_open(&r, path[2]);
	sql_open(&s, path[3]);
	(void)printf("# %u changes of %u bytes with %u index entries\n",
	    changes, RECORD, ENTRIES);
	for (i = 0; i < SH_COUNT(batches); i++) {
		/* Most of them in large batches, as a back catalogue is. */
		n = i == 3 ? changes - first : batches[i] * (i == 2 ? 50 :
		    100);
		n -= n % batches[i];
		c[0] = timed_put(raw_put, &r, first, n, batches[i]);
		c[1] = timed_put(sql_put, &s, first, n, batches[i]);
		c[2] = timed_put(ours_put, &o, first, n, batches[i]);
		(void)snprintf(what, sizeof(what), "changes, batch %u",
		    batches[i]);
		row(what, "changes", c, 3, n);
		first += n;
	}
	first -= first % 4;
	c[0] = timed_read(raw_get, &r, first, reads);
	c[1] = timed_read(sql_get, &s, first, reads);
	c[2] = timed_read(ours_get, &o, first, reads);
	row("point read", "records", c, 3, reads);
	c[0] = timed_read(raw_list, &r, first / 4, reads / 4);
	c[1] = timed_read(sql_list, &s, first / 4, reads / 4);
	c[2] = timed_read(ours_list, &o, first / 4, reads / 4);
	row("list of a holder", "lists", c, 3, reads / 4);
	(void)snprintf(path[0], 300, "%s/files", dir);
	(void)mkdir(path[0], 0700);
	for (k = 0, first = 0; k < SH_COUNT(sizes); k++) {
		for (i = 0; i < 3; i++) {
			n = batches[i] * (i == 2 ? 5 : 20);
			c[0] = timed_blobs(raw_blobs, &r, first, n,
			    batches[i], sizes[k]);
			c[1] = timed_blobs(sql_blobs, &s, first, n,
			    batches[i], sizes[k]);
			c[2] = timed_blobs(ours_blobs, &o, first, n,
			    batches[i], sizes[k]);
			c[3] = timed_blobs(file_blobs, path[0], first, n,
			    batches[i], sizes[k]);
			(void)snprintf(what, sizeof(what),
			    "blobs %zu kB, batch %u", sizes[k] / 1000,
			    batches[i]);
			row(what, "blobs", c, 4, n);
			first += n;
		}
	}
	(void)sqlite3_close(s.db);
	mdb_env_close(r.env);
	sh_vault_close(o.v);
	sh_engine_close(o.e);
	if (argc <= 2)
		checked(sh_fs_remove_tree(dir, &err), &err);
	return (0);
}
