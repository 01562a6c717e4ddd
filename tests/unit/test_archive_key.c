/*
 * Keys of an archive: changed, wrapped by a token; what a thief of the files
 * sees; values that change places.
 */
#include "tests/unit/test.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "archive/archive_internal.h"
#include "archive/kek.h"
#include "base/mem.h"
#include "tests/unit/archive_fixture.h"

#define COUNT	8
#define MANY	150
#define ONES	110	/* from here on they are one person's */

/* Paper N: two of a person's, the last ones all of one. */
static void
make(struct fixture_doc *d, unsigned n)
{
	fixture_make(d, n, n < ONES ? n / 2 : ONES, n < ONES && n % 4 == 0);
}

struct scene {
	char *dir;
	char key[300], next[320], table[300];
	struct fixture_place p;
	struct sh_archive *ar;
};

static void
open_scene(struct scene *s)
{
	struct sh_error err = SH_ERROR_INIT;

	must(sh_archive_open(&s->p.place, NULL, 0, &s->ar, &err));
}

static void
close_scene(struct scene *s)
{
	sh_archive_close(s->ar);
	s->ar = NULL;
}

static void
accede(struct scene *s, unsigned n)
{
	struct sh_error err = SH_ERROR_INIT;
	enum sh_accession_state state;
	struct sh_document_id id;
	struct fixture_doc d;

	make(&d, n);
	must(sh_archive_accede(s->ar, &d.acc, &id, &state, &err));
	fixture_free(&d);
}

static int
setup(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct scene *s = calloc(1, sizeof(*s));
	unsigned n;

	s->dir = test_mkdir();
	fixture_place(&s->p, s->dir, "");
	(void)snprintf(s->key, sizeof(s->key), "%s/keys/archive.key", s->dir);
	(void)snprintf(s->next, sizeof(s->next), "%s.next", s->key);
	(void)snprintf(s->table, sizeof(s->table), "%s/keys/holders/table",
	    s->dir);
	must(sh_archive_create(&s->p.place, &err));
	open_scene(s);
	for (n = 0; n < COUNT; n++)
		accede(s, n);
	must(sh_archive_search_follow(s->ar, &err));
	*state = s;
	return (0);
}

static int
teardown(void **state)
{
	struct scene *s = *state;

	close_scene(s);
	test_rmdir(s->dir);
	free(s);
	return (0);
}

/* How many of the first N documents come back whole. */
static unsigned
readable(struct scene *s, unsigned n)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_document_id id;
	struct sh_buf b = SH_BUF_INIT;
	struct fixture_doc d;
	unsigned i, whole = 0;
	int fd;

	for (i = 0; i < n; i++) {
		make(&d, i);
		must(sh_archive_document_id(s->ar, &d.acc, &id, &err));
		fd = sh_memfd("rendition", &err);
		sh_buf_reset(&b);
		if (sh_archive_get(s->ar, &fixture_reader, &id, "pdf", fd,
		    &err) == 0) {
			assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
			must(sh_fs_read_fd(fd, 1 << 20, &b, &err));
			assert_int_equal(b.len, d.renditions[0].len);
			assert_memory_equal(b.data, d.pdf, b.len);
			whole++;
		}
		sh_error_clear(&err);
		(void)close(fd);
		fixture_free(&d);
	}
	sh_buf_free(&b);
	return (whole);
}

static size_t
findings(struct scene *s)
{
	struct sh_error err = SH_ERROR_INIT;
	json_t *a;
	size_t n;

	must(sh_archive_check(s->ar, NULL, NULL, &a, &err));
	n = json_array_size(json_object_get(a, "findings"));
	json_decref(a);
	return (n);
}

static void
copy(const char *from, const char *to)
{
	char command[1000];

	(void)snprintf(command, sizeof(command), "cp -a '%s' '%s'", from, to);
	assert_int_equal(system(command), 0);
}

static const char *
opening_says(struct scene *s)
{
	static char key[48];
	struct sh_error err = SH_ERROR_INIT;

	close_scene(s);
	key[0] = '\0';
	if (sh_archive_open(&s->p.place, NULL, 0, &s->ar, &err))
		(void)snprintf(key, sizeof(key), "%s", err.key);
	return (key);
}

/* ---- another archive key ------------------------------------------------- */

static off_t
bytes_of(const char *dir)
{
	char path[400];
	struct stat st;

	(void)snprintf(path, sizeof(path), "%s/archive/blobs/00000001.seg",
	    dir);
	assert_int_equal(stat(path, &st), 0);
	return (st.st_size);
}

static void
the_archive_key_is_changed_without_touching_blobs(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct scene *s = *state;
	char old[320], store[320];
	off_t before;

	(void)snprintf(old, sizeof(old), "%s/old.key", s->dir);
	(void)snprintf(store, sizeof(store), "%s/old.table", s->dir);
	copy(s->key, old);
	copy(s->table, store);
	before = bytes_of(s->dir);
	must(sh_archive_rotate_key(s->ar, s->p.place.keys, NULL, &err));
	assert_int_equal(bytes_of(s->dir), before);
	/* The same handle goes on, and adds keys. */
	accede(s, COUNT);
	assert_int_equal(readable(s, COUNT + 1), COUNT + 1);
	assert_string_equal(opening_says(s), "");
	assert_int_equal(readable(s, COUNT + 1), COUNT + 1);
	assert_int_equal(findings(s), 0);

	/* The old key opens the store no more, the new key not the old one. */
	copy(s->key, s->next);
	copy(old, s->key);
	assert_int_equal(unlink(s->next), 0);
	assert_string_equal(opening_says(s), "key.wrong");
}

/* Cut short before the store was rewritten, and after. */
static void
a_change_that_was_cut_short_is_finished(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct scene *s = *state;
	char old[320];

	(void)snprintf(old, sizeof(old), "%s/old.key", s->dir);
	copy(s->key, old);
	/* A next key that the store does not know yet. */
	must(sh_fs_replace(s->next, "0123456789abcdef0123456789abcdef", 32,
	    0600, &err));
	assert_string_equal(opening_says(s), "");
	assert_int_equal(access(s->next, F_OK), -1);
	must(sh_archive_rotate_key(s->ar, s->p.place.keys, NULL, &err));
	close_scene(s);
	/* The store knows it, the file has not got its name. */
	assert_int_equal(rename(s->key, s->next), 0);
	copy(old, s->key);
	assert_string_equal(opening_says(s), "");
	assert_int_equal(access(s->next, F_OK), -1);
	assert_int_equal(readable(s, COUNT), COUNT);
	close_scene(s);
	open_scene(s);
	assert_int_equal(findings(s), 0);
}

/* ---- a token ------------------------------------------------------------- */

static const char *
softhsm(void)
{
	static const char *const places[] = {
		"/usr/lib/softhsm/libsofthsm2.so",
		"/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
	};
	size_t i;

	for (i = 0; i < SH_COUNT(places); i++)
		if (access(places[i], R_OK) == 0)
			return (places[i]);
	return (NULL);
}

static void
make_token(const char *dir, const char *module)
{
	char command[2000];

	(void)snprintf(command, sizeof(command), "cd '%s' && mkdir tokens && "
	    "printf 'directories.tokendir = %s/tokens\\n"
	    "objectstore.backend = file\\nlog.level = ERROR\\n' > hsm.conf && "
	    "export SOFTHSM2_CONF='%s/hsm.conf' && "
	    "softhsm2-util --init-token --free --label kho --pin 1234 "
	    "--so-pin 5678 >/dev/null && openssl genpkey -algorithm RSA -pkeyopt "
	    "rsa_keygen_bits:2048 -out k.pem 2>/dev/null && "
	    "softhsm2-util --import k.pem --token kho --label archive --id 01 "
	    "--pin 1234 >/dev/null && rm k.pem && printf '1234\\n' > pin && "
	    "chmod 600 pin && test -n '%s'", dir, dir, dir, module);
	assert_int_equal(system(command), 0);
}

static void
a_token_can_hold_what_opens_the_archive(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct scene *s = *state;
	struct sh_kek_token t = { .module = softhsm(), .token = "kho",
	    .object = "archive" };
	struct sh_buf file = SH_BUF_INIT;
	char conf[320], pin[320], tokens[320], away[340];

	if (t.module == NULL || system("softhsm2-util --version >/dev/null "
	    "2>&1") != 0)
		test_skip();
	make_token(s->dir, t.module);
	(void)snprintf(conf, sizeof(conf), "%s/hsm.conf", s->dir);
	(void)snprintf(pin, sizeof(pin), "%s/pin", s->dir);
	(void)snprintf(tokens, sizeof(tokens), "%s/tokens", s->dir);
	(void)snprintf(away, sizeof(away), "%s.away", tokens);
	(void)setenv("SOFTHSM2_CONF", conf, 1);
	t.pin_file = pin;
	must(sh_archive_rotate_key(s->ar, s->p.place.keys, &t, &err));
	must(sh_fs_read(s->key, 4096, &file, &err));
	assert_int_equal(file.data[0], '{');
	assert_string_equal(opening_says(s), "");
	assert_int_equal(readable(s, COUNT), COUNT);
	/* Without the token the files open nothing. */
	assert_int_equal(rename(tokens, away), 0);
	assert_int_equal(mkdir(tokens, 0700), 0);
	assert_string_equal(opening_says(s), "key.token");
	assert_int_equal(rmdir(tokens), 0);
	assert_int_equal(rename(away, tokens), 0);
	/* A wrong PIN is tried once. */
	must(sh_fs_replace(pin, "9999", 4, 0600, &err));
	assert_string_equal(opening_says(s), "key.pin");
	must(sh_fs_replace(pin, "1234", 4, 0600, &err));
	assert_string_equal(opening_says(s), "");
	/* And back into a file. */
	must(sh_archive_rotate_key(s->ar, s->p.place.keys, NULL, &err));
	(void)unsetenv("SOFTHSM2_CONF");
	assert_string_equal(opening_says(s), "");
	assert_int_equal(readable(s, COUNT), COUNT);
	sh_buf_free(&file);
}

/* ---- what a thief sees --------------------------------------------------- */

static void
load_tree(const char *dir, struct sh_buf *out)
{
	struct sh_error err = SH_ERROR_INIT;
	struct dirent *e;
	struct stat st;
	char path[600];
	DIR *d = opendir(dir);

	assert_non_null(d);
	while ((e = readdir(d)) != NULL) {
		if (e->d_name[0] == '.')
			continue;
		(void)snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
		must(sh_buf_puts(out, e->d_name, &err));
		assert_int_equal(stat(path, &st), 0);
		if (S_ISDIR(st.st_mode))
			load_tree(path, out);
		else
			must(sh_fs_read(path, 64 << 20, out, &err));
	}
	(void)closedir(d);
}

static void
a_thousand_known_strings_are_nowhere(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct scene *s = *state;
	struct sh_buf all = SH_BUF_INIT;
	struct fixture_doc d;
	unsigned n, k, looked = 0;

	for (n = COUNT; n < MANY; n++)
		accede(s, n);
	must(sh_archive_search_follow(s->ar, &err));
	load_tree(s->dir, &all);
	for (n = 0; n < MANY; n++) {
		make(&d, n);
		const char *known[] = { d.holders[0].id.value, d.names[0],
		    d.dossier, d.number, d.issuer, (char *)d.pdf,
		    d.text + strlen(d.text) - 12, d.text + 100 };
		const size_t len[] = { 0, 0, 0, 0, 0, 16, 8, 24 };

		/* Short numbers occur in any random megabyte. */
		for (k = 0; k < SH_COUNT(known); k++) {
			size_t size = len[k] > 0 ? len[k] : strlen(known[k]);

			if (size < 7)
				continue;
			looked++;
			if (memmem(all.data, all.len, known[k], size) != NULL)
				fail_msg("\"%.*s\" can be read", (int)size,
				    known[k]);
		}
		fixture_free(&d);
	}
	print_message("# %u strings in %zu bytes\n", looked, all.len);
	assert_true(looked >= 1000);
	assert_non_null(memmem(all.data, all.len, "sohoaBLB", 8));
	sh_buf_free(&all);
}

/* ---- values that change places ------------------------------------------- */

/* The sealed values of two documents of one holder, of the same length. */
static int
a_pair(struct scene *s, uint8_t a[SH_VALUE_MAX], uint8_t b[SH_VALUE_MAX],
    size_t *lenp)
{
	struct sh_error err = SH_ERROR_INIT;
	static uint8_t value[MANY - ONES][SH_VALUE_MAX];
	struct sh_document_id id;
	struct fixture_doc d;
	struct sh_tag tag, document;
	size_t len[MANY - ONES];
	unsigned i, k;

	for (i = 0; i < MANY - ONES; i++) {
		make(&d, ONES + i);
		must(sh_holder_tag(s->ar, &d.holders[0].id, NULL,
		    d.holders[0].birth, &tag, &err));
		must(sh_archive_document_id(s->ar, &d.acc, &id, &err));
		memcpy(document.b, id.b, 16);
		must(sh_engine_get(s->ar->engine, &tag, &document, value[i],
		    &len[i], &err));
		fixture_free(&d);
		for (k = 0; k < i; k++) {
			if (len[k] != len[i])
				continue;
			memcpy(a, value[k], len[k]);
			memcpy(b, value[i], len[i]);
			*lenp = len[i];
			return (1);
		}
	}
	return (0);
}

static void
values_that_change_places_do_not_open(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct scene *s = *state;
	uint8_t a[SH_VALUE_MAX], b[SH_VALUE_MAX], *p, *q;
	struct sh_buf file = SH_BUF_INIT;
	char path[300];
	size_t len = 0;
	unsigned n;

	for (n = COUNT; n < MANY; n++)
		accede(s, n);
	assert_int_equal(readable(s, MANY), MANY);
	assert_true(a_pair(s, a, b, &len));
	close_scene(s);
	(void)snprintf(path, sizeof(path), "%s/archive/data.mdb", s->dir);
	must(sh_fs_read(path, 64 << 20, &file, &err));
	/* Wherever LMDB has copies of them. */
	for (p = file.data; (p = memmem(p, file.len - (size_t)(p -
	    file.data), a, len)) != NULL; p += len)
		memcpy(p, "swap", 4);
	for (q = file.data; (q = memmem(q, file.len - (size_t)(q -
	    file.data), b, len)) != NULL; q += len)
		memcpy(q, a, len);
	for (p = file.data; (p = memmem(p, file.len - (size_t)(p -
	    file.data), "swap", 4)) != NULL; p++)
		if (memcmp(p + 4, a + 4, len - 4) == 0)
			memcpy(p, b, len);
	must(sh_fs_replace(path, file.data, file.len, 0600, &err));
	open_scene(s);
	assert_int_equal(readable(s, MANY), MANY - 2);
	assert_true(findings(s) >= 2);
	sh_buf_free(&file);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f)	cmocka_unit_test_setup_teardown(f, setup, teardown)
		T(the_archive_key_is_changed_without_touching_blobs),
		T(a_change_that_was_cut_short_is_finished),
		T(a_token_can_hold_what_opens_the_archive),
		T(a_thousand_known_strings_are_nowhere),
		T(values_that_change_places_do_not_open),
	};

	return (cmocka_run_group_tests_name("archive keys", tests, NULL,
	    NULL));
}
