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
 * below 1 are better than it.  "LMDB, rows" is LMDB with every row and byte
 * that sohoa writes for a change, its layout too, but nothing sealed, digested
 * or looked up.  Records are read twice: the first time a process meets a page
 * of a mapped file the system has to enter it, the second time is how a
 * process goes on that stays; then by a reader on each core at once.
 */
#include <sys/wait.h>
#include <unistd.h>

#include "archive/stream.h"
#include "base/fs.h"
#include "tests/bench/store_peers.h"

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

/* ---- readers together ---------------------------------------------------- */

/* In a process of its own: reads when GO is closed, as READY was told. */
static void
read_alone(const char *uri, const char *keys, unsigned below, unsigned reads,
    int ready, int go)
{
	struct sh_error err = SH_ERROR_INIT;
	struct ours o;
	char byte = 0;

	checked(sh_engine_open(uri, SH_ENGINE_READ, &o.e, &err), &err);
	checked(sh_vault_open(keys, 0, &o.v, &err), &err);
	(void)timed_read(ours_get, &o, below, reads);
	check(write(ready, &byte, 1) != 1, "ready");
	check(read(go, &byte, 1) != 0, "go");
	(void)timed_read(ours_get, &o, below, reads);
	sh_vault_close(o.v);
	sh_engine_close(o.e);
	_exit(0);
}

/* A reader on every core: they share the file and nothing else. */
static void
read_together(const char *uri, const char *keys, unsigned below,
    unsigned reads)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN), i;
	int ready[2], go[2], status;
	double begin;
	char byte;

	check(pipe(ready) || pipe(go), "pipe");
	(void)fflush(stdout);
	for (i = 0; i < n; i++)
		if (fork() == 0) {
			(void)close(go[1]);
			read_alone(uri, keys, below, reads, ready[1], go[0]);
		}
	for (i = 0; i < n; i++)
		check(read(ready[0], &byte, 1) != 1, "ready");
	begin = wall_s();
	(void)close(go[1]);
	for (i = 0; i < n; i++)
		check(wait(&status) < 0 || status != 0, "a reader");
	(void)printf("point read, %2ld readers  sohoa      %9.0f records/s "
	    "together\n", n, (double)n * reads / (wall_s() - begin));
	(void)close(go[0]);
	(void)close(ready[0]);
	(void)close(ready[1]);
}

/* ---- the tables ---------------------------------------------------------- */

static void
row(const char *what, const char *unit, const char *fourth,
    const struct cost *c, size_t n, double items)
{
	const char *const names[] = { "LMDB", "SQLite", "sohoa", fourth };
	size_t i;

	for (i = 0; i < n; i++)
		(void)printf("%-23s %-10s %9.0f %s/s %6.2f x %8.1f us CPU "
		    "%6.2f x\n", i == 0 ? what : "", names[i],
		    items / c[i].wall, unit, c[0].wall / c[i].wall,
		    c[i].cpu / items * 1e6, c[i].cpu / c[0].cpu);
	(void)fflush(stdout);
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

int
main(int argc, char **argv)
{
	/* Most of them in large batches, as a back catalogue is. */
	static const unsigned batches[] = { 1, 10, 100, 1000, 1, 10, 100 };
	static const size_t sizes[] = { 20000, 200000 };
	unsigned changes = argc > 1 ? (unsigned)atoi(argv[1]) : 1000000;
	char tmpl[] = "/tmp/sohoa-store-XXXXXX", path[5][300], what[40];
	const char *dir = argc > 2 ? argv[2] : mkdtemp(tmpl);
	struct sh_error err = SH_ERROR_INIT;
	struct cost c[4];
	struct ours o;
	struct raw r, rows = { .position = 0 };
	struct rusage usage;
	struct sql s;
	unsigned first = 0, i, k, n, changed, reads = 200000;
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
	(void)snprintf(path[4], 300, "%s/rows", dir);
	raw_open(&r, path[2]);
	raw_open(&rows, path[4]);
	sql_open(&s, path[3]);
	(void)printf("# %u changes of %u bytes with %u index entries\n",
	    changes, RECORD_BYTES, ENTRIES);
	for (i = 0; i < SH_COUNT(batches); i++) {
		n = i == 3 ? changes - first : batches[i] *
		    (batches[i] == 100 ? 50 : 100);
		n -= n % batches[i];
		c[0] = timed_put(raw_put, &r, first, n, batches[i]);
		c[1] = timed_put(sql_put, &s, first, n, batches[i]);
		c[2] = timed_put(ours_put, &o, first, n, batches[i]);
		c[3] = timed_put(raw_put_rows, &rows, first, n, batches[i]);
		(void)snprintf(what, sizeof(what), "%s, batch %u", i > 3 ?
		    "among many" : "changes", batches[i]);
		row(what, "changes", "LMDB, rows", c, 4, n);
		first += n;
	}
	(void)printf("bytes a change: LMDB %.0f, SQLite %.0f, sohoa %.0f, "
	    "LMDB with its rows %.0f\n",
	    (double)file_bytes(dir, "lmdb/data.mdb") / first,
	    (double)file_bytes(dir, "sqlite") / first,
	    (double)file_bytes(dir, "ours/data.mdb") / first,
	    (double)file_bytes(dir, "rows/data.mdb") / first);
	changed = first -= first % 4;
	for (i = 0; i < 2; i++) {
		c[0] = timed_read(raw_get, &r, first, reads);
		c[1] = timed_read(sql_get, &s, first, reads);
		c[2] = timed_read(ours_get, &o, first, reads);
		row(i == 0 ? "point read" : "point read, again", "records",
		    NULL, c, 3, reads);
	}
	c[0] = timed_read(raw_list, &r, first / 4, reads / 4);
	c[1] = timed_read(sql_list, &s, first / 4, reads / 4);
	c[2] = timed_read(ours_list, &o, first / 4, reads / 4);
	row("list of a holder", "lists", NULL, c, 3, reads / 4);
	slowest("one list", ours_list, &o, first / 4);
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
			row(what, "blobs", "files", c, 4, n);
			first += n;
		}
	}
	(void)sqlite3_close(s.db);
	mdb_env_close(r.env);
	mdb_env_close(rows.env);
	sh_vault_close(o.v);
	sh_engine_close(o.e);
	(void)snprintf(path[0], 300, "lmdb:%s/ours", dir);
	read_together(path[0], path[1], changed, reads);
	(void)getrusage(RUSAGE_SELF, &usage);
	(void)printf("peak memory of all together, mapped files included: "
	    "%ld kB\n", usage.ru_maxrss);
	if (argc <= 2)
		checked(sh_fs_remove_tree(dir, &err), &err);
	return (0);
}
