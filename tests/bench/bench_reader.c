/*
 * One reader that stays open while others write: how much larger the index
 * becomes than without it.
 *
 *   bench_reader [CHANGES]
 *
 * The reader stands in the middle of a scan, in its callback, all the time.
 * Beside it raw LMDB, whose reader does what is usual: it stays within its
 * read transaction.  Every change replaces a value and adds an event.
 */
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive/engine.h"
#include "base/buf.h"
#include "base/fs.h"

#define BATCH	100
#define HOLDERS	2000
#define VALUE	700

static void
check(int rc, const struct sh_error *err)
{
	if (rc == 0)
		return;
	(void)fprintf(stderr, "%s: %s\n", err->key, err->text);
	exit(1);
}

static void
lmdb(int rc)
{
	if (rc == 0)
		return;
	(void)fprintf(stderr, "lmdb: %s\n", mdb_strerror(rc));
	exit(1);
}

static double
megabytes(const char *dir)
{
	char path[1300];
	struct stat st;

	(void)snprintf(path, sizeof(path), "%s/data.mdb", dir);
	return (stat(path, &st) == 0 ? (double)st.st_size / 1e6 : 0);
}

static void
write_changes(struct sh_engine *e, unsigned first, unsigned n)
{
	static struct sh_change ch[BATCH];
	static struct sh_entry entries[BATCH];
	static uint8_t value[VALUE];
	struct sh_error err = SH_ERROR_INIT;
	unsigned i, k;

	for (i = 0; i < n; i += BATCH) {
		for (k = 0; k < BATCH; k++) {
			struct sh_entry *t = &entries[k];

			memset(t, 0, sizeof(*t));
			t->table = 1;
			sh_put_be(t->term.b, (first + i + k) % HOLDERS *
			    0x9e3779b97f4a7c15, 8);
			t->sortlen = 4;
			t->value = value;
			t->len = VALUE;
			ch[k] = (struct sh_change){ .holder = t->term,
			    .entries = t, .nentries = 1 };
			sh_put_be(ch[k].operation.b, first + i + k + 1, 8);
		}
		check(sh_engine_commit(e, ch, BATCH, &err), &err);
	}
}

struct reading {
	struct sh_engine *writer;
	unsigned n;
	unsigned seen;
};

static int
write_meanwhile(void *arg, const struct sh_entry *entry,
    struct sh_error *err)
{
	struct reading *r = arg;

	(void)entry;
	(void)err;
	if (r->seen++ == 0)
		write_changes(r->writer, HOLDERS, r->n);
	return (0);
}

static double
ours(const char *dir, unsigned n, int read)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_range range = { .table = 1 };
	struct reading r = { .n = n };
	struct sh_engine *reader;
	char uri[1300];

	(void)snprintf(uri, sizeof(uri), "lmdb:%s", dir);
	check(sh_engine_open(uri, SH_ENGINE_CREATE, &r.writer, &err), &err);
	write_changes(r.writer, 0, HOLDERS);
	if (read) {
		check(sh_engine_open(uri, SH_ENGINE_READ, &reader, &err),
		    &err);
		check(sh_engine_scan(reader, &range, write_meanwhile, &r,
		    &err), &err);
		sh_engine_close(reader);
	} else {
		write_changes(r.writer, HOLDERS, n);
	}
	sh_engine_close(r.writer);
	return (megabytes(dir));
}

/* The same values and as many rows, the reader in one transaction. */
static double
raw(const char *dir, unsigned n, int read)
{
	static uint8_t value[VALUE + 80];
	uint8_t key[24] = { 0 };
	MDB_val k = { 24, key }, v = { VALUE, value };
	MDB_txn *t, *reader = NULL;
	MDB_env *env;
	MDB_dbi db;
	unsigned i;

	(void)mkdir(dir, 0700);
	lmdb(mdb_env_create(&env));
	lmdb(mdb_env_set_mapsize(env, (size_t)16 << 30));
	lmdb(mdb_env_open(env, dir, MDB_NOTLS, 0600));
	for (i = 0; i < HOLDERS + n; i++) {
		if (i % BATCH == 0)
			lmdb(mdb_txn_begin(env, NULL, 0, &t));
		if (i == 0)
			lmdb(mdb_dbi_open(t, NULL, 0, &db));
		sh_put_be(key, i % HOLDERS * 0x9e3779b97f4a7c15, 8);
		memset(key + 8, 0, 16);
		v.mv_size = VALUE;
		lmdb(mdb_put(t, db, &k, &v, 0));
		sh_put_be(key + 8, i + 1, 8);
		v.mv_size = 80;
		lmdb(mdb_put(t, db, &k, &v, 0));
		if (i % BATCH == BATCH - 1)
			lmdb(mdb_txn_commit(t));
		if (read && i == HOLDERS - 1)
			lmdb(mdb_txn_begin(env, NULL, MDB_RDONLY, &reader));
	}
	mdb_txn_abort(reader);
	mdb_env_close(env);
	return (megabytes(dir));
}

int
main(int argc, char **argv)
{
	unsigned n = argc > 1 ? (unsigned)atoi(argv[1]) : 100000;
	char tmpl[] = "/tmp/sohoa-reader-XXXXXX", path[4][300];
	const char *dir = mkdtemp(tmpl);
	struct sh_error err = SH_ERROR_INIT;
	double mb[4];
	unsigned i;

	if (dir == NULL || n < BATCH)
		return (64);
	n -= n % BATCH;
	for (i = 0; i < 4; i++)
		(void)snprintf(path[i], sizeof(path[i]), "%s/%u", dir, i);
	for (i = 0; i < 2; i++) {
		mb[i] = ours(path[i], n, (int)i);
		mb[2 + i] = raw(path[2 + i], n, (int)i);
	}
	(void)printf("index after %u changes: %.0f MB, with a reader open all "
	    "the time %.0f MB, %.2f x\n", n, mb[0], mb[1], mb[1] / mb[0]);
	(void)printf("raw LMDB: %.0f MB, with a reader within a transaction "
	    "%.0f MB, %.2f x\n", mb[2], mb[3], mb[3] / mb[2]);
	check(sh_fs_remove_tree(dir, &err), &err);
	return (0);
}
