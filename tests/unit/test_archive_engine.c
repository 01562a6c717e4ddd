/* archive/: segments, and what is the embedded engine's own affair. */
#include "tests/unit/test.h"

#include <fcntl.h>
#include <lmdb.h>
#include <pthread.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "archive/segment.h"
#include "base/mem.h"

static const struct sh_tag id = { "an engine's id.." };

struct bytes {
	const uint8_t *data;
	size_t len;
};

static int
from_bytes(void *arg, void *buf, size_t cap, size_t *lenp,
    struct sh_error *err)
{
	struct bytes *b = arg;

	(void)err;
	*lenp = b->len < cap ? b->len : cap;
	memcpy(buf, b->data, *lenp);
	b->data += *lenp;
	b->len -= *lenp;
	return (0);
}

static struct sh_digest
name(unsigned n)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_digest d;

	must(sh_sha256(&n, sizeof(n), &d, &err));
	return (d);
}

/* Blob N: N * 1000 + 10 bytes of the letter n. */
static size_t
content(unsigned n, uint8_t *data)
{
	memset(data, 'a' + (int)(n % 26), n * 1000 + 10);
	return (n * 1000 + 10);
}

static struct sh_blob_place
append(struct sh_segments *s, unsigned n)
{
	static uint8_t data[100000];
	struct sh_error err = SH_ERROR_INIT;
	struct sh_digest d = name(n);
	struct sh_blob_place at;
	struct bytes b = { data, content(n, data) };

	must(sh_segments_append(s, &d, from_bytes, &b, &at, &err));
	return (at);
}

struct found {
	size_t n;
	struct sh_blob_place at[64];
	struct sh_digest names[64];
};

static int
take(void *arg, const struct sh_digest *d, const struct sh_blob_place *at,
    struct sh_error *err)
{
	struct found *f = arg;

	(void)err;
	f->names[f->n] = *d;
	f->at[f->n++] = *at;
	return (0);
}

/* Open and recover from (SEGMENT, OFFSET). */
static struct sh_segments *
reopen(const char *dir, int writable, uint32_t segment, uint64_t offset,
    struct found *f)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_segments *s;

	f->n = 0;
	must(sh_segments_open(dir, &id, writable, 30000, &s, &err));
	must(sh_segments_recover(s, segment, offset, take, f, &err));
	return (s);
}

static void
expect_whole(struct sh_segments *s, const struct found *f)
{
	struct sh_error err = SH_ERROR_INIT;
	size_t i;

	for (i = 0; i < f->n; i++)
		must(sh_segments_read(s, &f->names[i], &f->at[i], 0,
		    UINT64_MAX, NULL, NULL, &err));
}

static void
change_file(const char *dir, unsigned number, uint64_t at, const void *data,
    size_t len, int64_t cut)
{
	char path[300];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/%08u.seg", dir, number);
	assert_true((fd = open(path, O_RDWR)) >= 0);
	if (len > 0)
		assert_int_equal(pwrite(fd, data, len, (off_t)at), len);
	if (cut >= 0)
		assert_int_equal(ftruncate(fd, cut), 0);
	(void)close(fd);
}

static void
segments_are_recovered(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	char *dir = test_mkdir();
	struct sh_segments *s;
	struct sh_blob_place at[20];
	struct found f;
	struct stat st;
	char path[300];
	uint32_t segment;
	uint64_t offset;
	unsigned i;

	(void)state;
	s = reopen(dir, 1, 0, 0, &f);
	assert_int_equal(f.n, 0);
	for (i = 0; i < 20; i++)
		at[i] = append(s, i);
	must(sh_segments_sync(s, &err));
	sh_segments_end(s, &segment, &offset);
	assert_true(segment > 3);
	sh_segments_close(s);
	/* All of them; those behind a place; none behind the end. */
	s = reopen(dir, 1, 0, 0, &f);
	assert_int_equal(f.n, 20);
	expect_whole(s, &f);
	sh_segments_close(s);
	s = reopen(dir, 1, at[7].segment, at[7].offset, &f);
	assert_int_equal(f.n, 13);
	sh_segments_close(s);
	s = reopen(dir, 1, segment, offset, &f);
	assert_int_equal(f.n, 0);
	sh_segments_close(s);
	/* The last entry torn, in its payload and in its head. */
	change_file(dir, at[19].segment, 0, NULL, 0,
	    (int64_t)at[19].offset + 5000);
	s = reopen(dir, 1, 0, 0, &f);
	assert_int_equal(f.n, 19);
	(void)append(s, 19);
	must(sh_segments_sync(s, &err));
	sh_segments_close(s);
	change_file(dir, at[19].segment, at[19].offset + 50, "torn", 4, -1);
	s = reopen(dir, 0, 0, 0, &f);
	assert_int_equal(f.n, 19);
	sh_segments_close(s);
	s = reopen(dir, 1, 0, 0, &f);
	assert_int_equal(f.n, 19);
	sh_segments_close(s);
	(void)snprintf(path, sizeof(path), "%s/%08u.seg", dir,
	    at[19].segment);
	assert_int_equal(stat(path, &st), 0);
	assert_true((uint64_t)st.st_size <= at[19].offset);
	/* Damage in the middle loses that one and no other. */
	change_file(dir, at[5].segment, at[5].offset + 9, "x", 1, -1);
	change_file(dir, at[9].segment, at[9].offset + 200, "x", 1, -1);
	s = reopen(dir, 1, 0, 0, &f);
	assert_int_equal(f.n, 17);
	expect_whole(s, &f);
	{
		struct sh_digest five = name(5), nine = name(9);

		must_fail(sh_segments_read(s, &five, &at[5], 0, 10, NULL,
		    NULL, &err), SH_EFIXITY);
		must_fail(sh_segments_read(s, &nine, &at[9], 0, UINT64_MAX,
		    NULL, NULL, &err), SH_EFIXITY);
		must_fail(sh_segments_read(s, &nine, &at[8], 0, 10, NULL,
		    NULL, &err), SH_EFIXITY);
	}
	sh_segments_close(s);
	/* An empty newest file, as a crash at its creation leaves it. */
	(void)snprintf(path, sizeof(path), "%s/%08u.seg", dir, segment + 1);
	must(sh_fs_replace(path, "", 0, 0600, &err));
	s = reopen(dir, 1, 0, 0, &f);
	at[0] = append(s, 21);
	must(sh_segments_sync(s, &err));
	assert_int_equal(at[0].segment, segment + 1);
	sh_segments_close(s);
	s = reopen(dir, 1, segment + 1, 0, &f);
	assert_int_equal(f.n, 1);
	sh_segments_close(s);
	test_rmdir(dir);
}

static void
what_was_not_synced_is_undone(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	char *dir = test_mkdir();
	struct sh_segments *s;
	struct sh_blob_place first, again;
	struct found f;

	(void)state;
	s = reopen(dir, 1, 0, 0, &f);
	(void)append(s, 1);
	must(sh_segments_sync(s, &err));
	first = append(s, 2);
	(void)append(s, 3);
	sh_segments_undo(s);
	again = append(s, 4);
	assert_int_equal(first.offset, again.offset);
	must(sh_segments_sync(s, &err));
	sh_segments_close(s);
	s = reopen(dir, 1, 0, 0, &f);
	assert_int_equal(f.n, 2);
	sh_segments_close(s);
	test_rmdir(dir);
}

/* ---- the embedded engine ------------------------------------------------- */

static void
change(struct sh_change *c, const char *holder, unsigned n)
{
	memset(c, 0, sizeof(*c));
	memcpy(c->holder.b, holder, strlen(holder));
	sh_put_be(c->operation.b, n, 4);
}

static void
put(struct sh_engine *e, unsigned n)
{
	static uint8_t data[100000];
	struct sh_error err = SH_ERROR_INIT;
	struct bytes b = { data, content(n, data) };
	struct sh_blob blob = { .name = name(n), .source = from_bytes,
	    .arg = &b };

	must(sh_engine_blob_put(e, &blob, 1, &err));
}

static void
commit(struct sh_engine *e, unsigned n)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_change c;

	change(&c, "holder", n);
	must(sh_engine_commit(e, &c, 1, &err));
	assert_int_equal(c.outcome, SH_COMMITTED);
}

static void
copy_file(const char *from, const char *to)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_buf b = SH_BUF_INIT;

	must(sh_fs_read(from, 64 << 20, &b, &err));
	must(sh_fs_replace(to, b.data, b.len, 0600, &err));
	sh_buf_free(&b);
}

/* What a blob_put acknowledged is there although nothing was committed. */
static void
blobs_outlive_a_crash_before_any_change(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	char *dir = test_mkdir(), uri[300], data[300], old[300];
	struct sh_engine *e;
	struct sh_digest d;
	int status, i;
	pid_t pid;

	(void)state;
	(void)snprintf(uri, sizeof(uri), "lmdb:%s/e?segment=30000", dir);
	(void)snprintf(data, sizeof(data), "%s/e/data.mdb", dir);
	(void)snprintf(old, sizeof(old), "%s/old.mdb", dir);
	must(sh_engine_open(uri, SH_ENGINE_CREATE, &e, &err));
	sh_engine_close(e);
	copy_file(data, old);
	if ((pid = fork()) == 0) {
		if (sh_engine_open(uri, SH_ENGINE_WRITE, &e, &err) != 0)
			_exit(1);
		for (i = 1; i < 20; i++)
			put(e, (unsigned)i);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	must(sh_engine_open(uri, SH_ENGINE_WRITE, &e, &err));
	for (i = 1; i < 20; i++) {
		d = name((unsigned)i);
		must(sh_engine_blob_get(e, &d, 0, UINT64_MAX, NULL, NULL,
		    NULL, &err));
	}
	sh_engine_close(e);
	/* The index of blobs is made again from the segments alone. */
	copy_file(old, data);
	(void)snprintf(uri, sizeof(uri), "lmdb:%s/e?reindex=1", dir);
	must(sh_engine_open(uri, SH_ENGINE_WRITE, &e, &err));
	d = name(3);
	must(sh_engine_blob_get(e, &d, 0, UINT64_MAX, NULL, NULL, NULL,
	    &err));
	sh_engine_close(e);
	test_rmdir(dir);
}

static void
an_index_that_fell_back_is_refused(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	char *dir = test_mkdir(), uri[300], data[300], old[300];
	struct sh_engine *e;

	(void)state;
	(void)snprintf(uri, sizeof(uri), "lmdb:%s/e", dir);
	(void)snprintf(data, sizeof(data), "%s/e/data.mdb", dir);
	(void)snprintf(old, sizeof(old), "%s/old.mdb", dir);
	must(sh_engine_open(uri, SH_ENGINE_CREATE, &e, &err));
	commit(e, 1);
	sh_engine_close(e);
	copy_file(data, old);
	must(sh_engine_open(uri, SH_ENGINE_WRITE, &e, &err));
	commit(e, 2);
	sh_engine_close(e);
	copy_file(old, data);
	assert_int_equal(sh_engine_open(uri, SH_ENGINE_WRITE, &e, &err), -1);
	assert_string_equal(err.key, "engine.rolled-back");
	sh_error_clear(&err);
	assert_int_equal(sh_engine_open(uri, SH_ENGINE_READ, &e, &err), -1);
	sh_error_clear(&err);
	/* Who restores a copy on purpose takes the head away. */
	(void)snprintf(data, sizeof(data), "%s/e/head", dir);
	assert_int_equal(unlink(data), 0);
	must(sh_engine_open(uri, SH_ENGINE_WRITE, &e, &err));
	commit(e, 2);
	sh_engine_close(e);
	test_rmdir(dir);
}

/* FORMAT into the state's row; the table NAME away, unless it is NULL. */
static void
rewrite_index(const char *dir, unsigned format, const char *table)
{
	char path[400];
	uint8_t row[36];
	MDB_env *env;
	MDB_txn *txn;
	MDB_dbi dbi;
	MDB_val k = { 5, (void *)(uintptr_t)"state" }, v;

	(void)snprintf(path, sizeof(path), "%s/e", dir);
	assert_int_equal(mdb_env_create(&env), 0);
	assert_int_equal(mdb_env_set_maxdbs(env, 8), 0);
	assert_int_equal(mdb_env_open(env, path, 0, 0600), 0);
	assert_int_equal(mdb_txn_begin(env, NULL, 0, &txn), 0);
	assert_int_equal(mdb_dbi_open(txn, "state", 0, &dbi), 0);
	assert_int_equal(mdb_get(txn, dbi, &k, &v), 0);
	assert_int_equal(v.mv_size, sizeof(row));
	memcpy(row, v.mv_data, sizeof(row));
	sh_put_be(row, format, 4);
	sh_put_be(row + 32, sh_crc32c(0, row, 32), 4);
	v.mv_data = row;
	assert_int_equal(mdb_put(txn, dbi, &k, &v, 0), 0);
	if (table != NULL) {
		assert_int_equal(mdb_dbi_open(txn, table, 0, &dbi), 0);
		assert_int_equal(mdb_drop(txn, dbi, 1), 0);
	}
	assert_int_equal(mdb_txn_commit(txn), 0);
	mdb_env_close(env);
}

static void
an_index_of_another_format_is_refused_by_name(void **state)
{
	static const struct {
		unsigned format;
		const char *table;
		const char *key;
	} cases[] = {
		{ 3, NULL, "engine.format" }, { 1, NULL, "engine.format" },
		{ 1, "holder", "engine.format" },
		{ 2, "blob", "engine.damaged" },
	};
	struct sh_error err = SH_ERROR_INIT;
	struct sh_engine *e;
	char uri[300], *dir;
	size_t i;

	(void)state;
	for (i = 0; i < SH_COUNT(cases); i++) {
		dir = test_mkdir();
		(void)snprintf(uri, sizeof(uri), "lmdb:%s/e", dir);
		must(sh_engine_open(uri, SH_ENGINE_CREATE, &e, &err));
		sh_engine_close(e);
		rewrite_index(dir, cases[i].format, cases[i].table);
		assert_int_equal(sh_engine_open(uri, SH_ENGINE_WRITE, &e,
		    &err), -1);
		assert_string_equal(err.key, cases[i].key);
		sh_error_clear(&err);
		test_rmdir(dir);
	}
}

struct reading {
	char uri[300];
	int stop;
	int failed;
	uint64_t reads;
};

static void *
read_on(void *arg)
{
	struct reading *r = arg;
	struct sh_error err = SH_ERROR_INIT;
	struct sh_engine *e;
	struct sh_head head;
	struct sh_change c;
	uint64_t last = 0;

	change(&c, "holder", 0);
	if (sh_engine_open(r->uri, SH_ENGINE_READ, &e, &err) != 0) {
		r->failed = 1;
		return (NULL);
	}
	do {
		if (sh_engine_head(e, &c.holder, &head, &err) != 0 ||
		    head.sequence < last) {
			r->failed = 1;
			break;
		}
		last = head.sequence;
		r->reads++;
	} while (!__atomic_load_n(&r->stop, __ATOMIC_ACQUIRE));
	sh_engine_close(e);
	return (NULL);
}

/* Threads of this process read through handles of their own meanwhile. */
static void
the_map_grows_under_readers(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	char *dir = test_mkdir();
	static uint8_t value[1900];
	struct reading r[2];
	pthread_t threads[2];
	struct sh_engine *e;
	struct sh_change c;
	struct stat st;
	char data[300];
	unsigned i, k;

	(void)state;
	memset(r, 0, sizeof(r));
	(void)snprintf(r[0].uri, sizeof(r[0].uri), "lmdb:%s/e?map=131072",
	    dir);
	r[1] = r[0];
	must(sh_engine_open(r[0].uri, SH_ENGINE_CREATE, &e, &err));
	for (i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, read_on,
		    &r[i]), 0);
	for (i = 0; i < 60; i++) {
		struct sh_change many[10];

		for (k = 0; k < 10; k++) {
			change(&many[k], "holder", i * 10 + k);
			many[k].event = value;
			many[k].eventlen = sizeof(value);
		}
		must(sh_engine_commit(e, many, 10, &err));
	}
	for (i = 0; i < 2; i++) {
		__atomic_store_n(&r[i].stop, 1, __ATOMIC_RELEASE);
		assert_int_equal(pthread_join(threads[i], NULL), 0);
		assert_int_equal(r[i].failed, 0);
		assert_true(r[i].reads > 0);
	}
	change(&c, "holder", 0);
	(void)snprintf(data, sizeof(data), "%s/e/data.mdb", dir);
	assert_int_equal(stat(data, &st), 0);
	assert_true(st.st_size > 1000000);
	sh_engine_close(e);
	test_rmdir(dir);
}

/* A place that is none, names that are none. */
static void
odd_places_are_refused(void **state)
{
	static const char *const odd[] = { "lmdb:", "lmdb:/tmp/x?map=1",
	    "lmdb:/tmp/x?nonsense=1", "lmdb:/tmp/x?segment=0" };
	struct sh_error err = SH_ERROR_INIT;
	char *dir = test_mkdir(), uri[300], path[320];
	struct sh_engine *e;
	size_t i;

	(void)state;
	for (i = 0; i < SH_COUNT(odd); i++)
		must_fail(sh_engine_open(odd[i], SH_ENGINE_WRITE, &e, &err),
		    SH_EARG);
	/* Somebody's folder is not made an engine's. */
	(void)snprintf(path, sizeof(path), "%s/f/data.mdb", dir);
	(void)snprintf(uri, sizeof(uri), "%s/f", dir);
	must(sh_fs_mkdirs(uri, 0700, &err));
	must(sh_fs_replace(path, "nonsense", 8, 0600, &err));
	(void)snprintf(uri, sizeof(uri), "lmdb:%s/f", dir);
	must_fail(sh_engine_open(uri, SH_ENGINE_CREATE, &e, &err),
	    SH_EEXISTS);
	assert_int_equal(sh_engine_open(uri, SH_ENGINE_WRITE, &e, &err), -1);
	assert_null(e);
	test_rmdir(dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(segments_are_recovered),
		cmocka_unit_test(what_was_not_synced_is_undone),
		cmocka_unit_test(blobs_outlive_a_crash_before_any_change),
		cmocka_unit_test(an_index_that_fell_back_is_refused),
		cmocka_unit_test(an_index_of_another_format_is_refused_by_name),
		cmocka_unit_test(the_map_grows_under_readers),
		cmocka_unit_test(odd_places_are_refused),
	};

	return (cmocka_run_group_tests_name("archive engine", tests, NULL,
	    NULL));
}
