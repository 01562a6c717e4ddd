/* archive/: aead, keystore, vault: what seals and names. */
#include "tests/unit/test.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "archive/keystore.h"
#include "archive/vault.h"
#include "base/mem.h"

static struct sh_tag
holder(uint64_t n)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_digest d;
	struct sh_tag t;

	/* Tags are keyed digests: evenly spread. */
	must(sh_sha256(&n, sizeof(n), &d, &err));
	memcpy(t.b, d.b, sizeof(t.b));
	return (t);
}

static char *
join(const char *a, const char *b)
{
	struct sh_error err = SH_ERROR_INIT;
	char *p;

	must_ptr(p = sh_path_join(a, b, &err));
	return (p);
}

/* ---- aead ---------------------------------------------------------------- */

/* Source: NIST GCM test vector, 256-bit key (test case 16 of the GCM paper). */
static void
gcm_agrees_with_a_published_vector(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_aead *a;
	uint8_t key[32], nonce[12], plain[60], aad[20], want[76], got[76];

	(void)state;
	assert_int_equal(sh_unhex("feffe9928665731c6d6a8f9467308308"
	    "feffe9928665731c6d6a8f9467308308", key, 32), 0);
	assert_int_equal(sh_unhex("cafebabefacedbaddecaf888", nonce, 12), 0);
	assert_int_equal(sh_unhex("d9313225f88406e5a55909c5aff5269a"
	    "86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525"
	    "b16aedf5aa0de657ba637b39", plain, 60), 0);
	assert_int_equal(sh_unhex("feedfacedeadbeeffeedfacedeadbeefabaddad2",
	    aad, 20), 0);
	assert_int_equal(sh_unhex("522dc1f099567d07f47f37a32a84427d"
	    "643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838"
	    "c5f61e6393ba7a0abcc9f66276fc6ece0f4e1768cddf8853bb2d551b", want,
	    76), 0);
	must_ptr(a = sh_aead_new(&err));
	must(sh_aead_seal(a, key, nonce, aad, 20, plain, 60, got, &err));
	assert_memory_equal(got, want, 76);
	assert_int_equal(sh_aead_open(a, key, nonce, aad, 20, want, 60, got,
	    &err), 1);
	assert_memory_equal(got, plain, 60);
	want[75] ^= 1;
	assert_int_equal(sh_aead_open(a, key, nonce, aad, 20, want, 60, got,
	    &err), 0);
	assert_int_equal(got[0], 0);
	sh_aead_free(a);
}

/* ---- key store ----------------------------------------------------------- */

static const uint8_t kek[SH_KEY_LEN] = "0123456789abcdef0123456789abcde";

static void
keys_survive_growth(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_keystore *k, *reader;
	char *dir = test_mkdir(), *path = join(dir, "table");
	uint8_t key[SH_KEY_LEN], first[3000][4];
	struct sh_tag tags[100];
	uint32_t version;
	size_t i, n;

	(void)state;
	must(sh_keystore_create(path, kek, &err));
	must(sh_keystore_open(path, kek, 1, &k, &err));
	must(sh_keystore_open(path, kek, 0, &reader, &err));
	for (i = 0; i < 3000; i += 100) {
		for (n = 0; n < 100; n++)
			tags[n] = holder(i + n);
		must(sh_keystore_add(k, tags, 100, &err));
		for (n = 0; n < 100; n++) {
			version = 0;
			assert_int_equal(sh_keystore_get(k, &tags[n],
			    &version, key, &err), 1);
			assert_int_equal(version, 1);
			memcpy(first[i + n], key, 4);
		}
		must(sh_keystore_add(k, tags, 100, &err));
	}
	assert_int_equal(sh_keystore_count(k), 3000);
	for (i = 0; i < 3000; i++) {
		tags[0] = holder(i);
		version = 0;
		/* A reader is told that the store has grown under it. */
		if (sh_keystore_news(reader) == SH_KEYS_REPLACED) {
			assert_int_equal(i, 0);
			sh_keystore_close(reader);
			must(sh_keystore_open(path, kek, 0, &reader, &err));
		}
		assert_int_equal(sh_keystore_get(reader, &tags[0], &version,
		    key, &err), 1);
		assert_memory_equal(first[i], key, 4);
	}
	tags[0] = holder(3000);
	version = 0;
	assert_int_equal(sh_keystore_get(k, &tags[0], &version, key, &err),
	    0);
	sh_keystore_close(reader);
	sh_keystore_close(k);
	free(path);
	test_rmdir(dir);
}

static int
count_finding(void *arg, const char *key, const char *text,
    struct sh_error *err)
{
	(void)text;
	(void)err;
	assert_string_equal(key, "key.damaged");
	++*(int *)arg;
	return (0);
}

/* 1 if the LEN bytes stand anywhere in the file. */
static int
file_has(const char *path, const void *bytes, size_t len)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_buf b = SH_BUF_INIT;
	int found;

	must(sh_fs_read(path, 64 << 20, &b, &err));
	found = memmem(b.data, b.len, bytes, len) != NULL;
	sh_buf_free(&b);
	return (found);
}

static void
a_destroyed_key_is_gone(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_keystore *k;
	char *dir = test_mkdir(), *path = join(dir, "table");
	uint8_t key[SH_KEY_LEN], wrapped[48];
	struct sh_tag a = holder(1), b = holder(2);
	struct sh_buf file = SH_BUF_INIT;
	uint8_t *slot;
	uint32_t version = 0;

	(void)state;
	must(sh_keystore_create(path, kek, &err));
	must(sh_keystore_open(path, kek, 1, &k, &err));
	must(sh_keystore_add(k, &a, 1, &err));
	must(sh_keystore_add(k, &b, 1, &err));
	must(sh_fs_read(path, 64 << 20, &file, &err));
	slot = memmem(file.data, file.len, a.b, 16);
	assert_non_null(slot);
	memcpy(wrapped, slot + 40, sizeof(wrapped));
	assert_true(file_has(path, wrapped, sizeof(wrapped)));
	must(sh_keystore_destroy(k, &a, &err));
	assert_false(file_has(path, wrapped, sizeof(wrapped)));
	assert_int_equal(sh_keystore_get(k, &a, &version, key, &err), -1);
	assert_string_equal(err.key, "key.destroyed");
	sh_error_clear(&err);
	must_fail(sh_keystore_add(k, &a, 1, &err), SH_ENOTFOUND);
	version = 0;
	assert_int_equal(sh_keystore_get(k, &b, &version, key, &err), 1);
	sh_buf_free(&file);
	sh_keystore_close(k);
	free(path);
	test_rmdir(dir);
}

static void
one_damaged_copy_is_healed(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_keystore *k;
	char *dir = test_mkdir(), *path = join(dir, "table");
	uint8_t key[SH_KEY_LEN], want[SH_KEY_LEN], *p;
	struct sh_tag t = holder(7);
	struct sh_buf file = SH_BUF_INIT;
	size_t at, i, copy;
	uint32_t version = 0;
	int findings;

	(void)state;
	must(sh_keystore_create(path, kek, &err));
	must(sh_keystore_open(path, kek, 1, &k, &err));
	must(sh_keystore_add(k, &t, 1, &err));
	assert_int_equal(sh_keystore_get(k, &t, &version, want, &err), 1);
	sh_keystore_close(k);
	must(sh_fs_read(path, 64 << 20, &file, &err));
	p = memmem(file.data, file.len, t.b, 16);
	/* Every byte of either copy of the slot. */
	for (copy = 0; copy < 2; copy++) {
		at = (size_t)(p - file.data) - 8;
		for (i = 0; i < 128; i += 5) {
			file.data[at + i] ^= 0x10;
			must(sh_fs_replace(path, file.data, file.len, 0600,
			    &err));
			file.data[at + i] ^= 0x10;
			must(sh_keystore_open(path, kek, 1, &k, &err));
			version = 0;
			assert_int_equal(sh_keystore_get(k, &t, &version, key,
			    &err), 1);
			assert_memory_equal(key, want, SH_KEY_LEN);
			findings = 0;
			must(sh_keystore_check(k, count_finding, &findings,
			    &err));
			/* Looking it up has healed the first copy already. */
			assert_int_equal(findings, copy);
			findings = 0;
			must(sh_keystore_check(k, count_finding, &findings,
			    &err));
			assert_int_equal(findings, 0);
			sh_keystore_close(k);
		}
		p = memmem(p + 1, file.len - (size_t)(p + 1 - file.data), t.b,
		    16);
	}
	/* Both copies of a page zeroed: never a fresh key in silence. */
	at = (size_t)((uint8_t *)memmem(file.data, file.len, t.b, 16) -
	    file.data) - 8;
	file.data[at] ^= 1;
	p = memmem(file.data + at + 100, file.len - at - 100, t.b, 16);
	p[0] ^= 1;
	must(sh_fs_replace(path, file.data, file.len, 0600, &err));
	must(sh_keystore_open(path, kek, 1, &k, &err));
	version = 0;
	assert_int_equal(sh_keystore_get(k, &t, &version, key, &err), -1);
	assert_string_equal(err.key, "key.damaged");
	sh_error_clear(&err);
	must_fail(sh_keystore_add(k, &t, 1, &err), SH_EFIXITY);
	sh_keystore_close(k);
	sh_buf_free(&file);
	free(path);
	test_rmdir(dir);
}

static void
another_archive_key_opens_nothing(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_keystore *k;
	char *dir = test_mkdir(), *path = join(dir, "table");
	uint8_t other[SH_KEY_LEN] = { 1 };

	(void)state;
	must_fail(sh_keystore_open(path, kek, 0, &k, &err), SH_ENOTFOUND);
	must(sh_keystore_create(path, kek, &err));
	must_fail(sh_keystore_open(path, other, 0, &k, &err), SH_EDENIED);
	assert_int_equal(chmod(path, 0640), 0);
	must_fail(sh_keystore_open(path, kek, 0, &k, &err), SH_EDENIED);
	must(sh_fs_replace(path, "short", 5, 0600, &err));
	must_fail(sh_keystore_open(path, kek, 0, &k, &err), SH_EFIXITY);
	free(path);
	test_rmdir(dir);
}

/* ---- vault --------------------------------------------------------------- */

static void
vault_is_created_once(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_vault *v;
	struct sh_digest a, b, c;
	struct sh_tag h = holder(1);
	struct stat st;
	char *dir = test_mkdir(), *keys = join(dir, "keys");
	char *key = join(keys, "archive.key");
	char *table = join(keys, "holders/table");

	(void)state;
	must_fail(sh_vault_open(keys, 1, &v, &err), SH_ENOTFOUND);
	must(sh_vault_create(keys, &err));
	assert_int_equal(stat(key, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(st.st_size, 32);
	must(sh_vault_open(keys, 1, &v, &err));
	must(sh_vault_name(v, SH_NAME_HOLDER, "x", 1, &a, &err));
	must(sh_vault_name(v, SH_NAME_TERM, "x", 1, &b, &err));
	assert_memory_not_equal(&a, &b, sizeof(a));
	sh_vault_close(v);
	/* Unused: taken over as it is. */
	must(sh_vault_create(keys, &err));
	must(sh_vault_open(keys, 1, &v, &err));
	must(sh_vault_name(v, SH_NAME_HOLDER, "x", 1, &c, &err));
	assert_memory_equal(&a, &c, sizeof(a));
	must(sh_vault_need_keys(v, &h, 1, &err));
	sh_vault_close(v);
	must_fail(sh_vault_create(keys, &err), SH_EEXISTS);
	assert_int_equal(chmod(key, 0644), 0);
	must_fail(sh_vault_open(keys, 1, &v, &err), SH_EDENIED);
	/* The archive key is not where it should be: nothing is replaced. */
	assert_int_equal(unlink(key), 0);
	must_fail(sh_vault_create(keys, &err), SH_EEXISTS);
	must(sh_fs_replace(key, "too short", 9, 0600, &err));
	must_fail(sh_vault_open(keys, 1, &v, &err), SH_EFORMAT);
	assert_int_equal(unlink(key), 0);
	assert_int_equal(unlink(table), 0);
	must(sh_vault_create(keys, &err));
	free(key);
	free(table);
	free(keys);
	test_rmdir(dir);
}

struct vaulted {
	char *dir;
	struct sh_vault *v;
};

static int
setup(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct vaulted *f = calloc(1, sizeof(*f));

	f->dir = test_mkdir();
	must(sh_vault_create(f->dir, &err));
	must(sh_vault_open(f->dir, 1, &f->v, &err));
	*state = f;
	return (0);
}

static int
teardown(void **state)
{
	struct vaulted *f = *state;

	sh_vault_close(f->v);
	test_rmdir(f->dir);
	free(f);
	return (0);
}

static void
values_open_only_in_their_place(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct vaulted *f = *state;
	struct sh_tag h[2] = { holder(1), holder(2) };
	struct sh_label l = { .table = 3, .holder = &h[0], .key = "key",
	    .keylen = 3, .version = 5 }, other;
	struct sh_buf sealed = SH_BUF_INIT, plain = SH_BUF_INIT;
	size_t i;

	must_fail(sh_vault_seal(f->v, &l, "value", 5, &sealed, &err),
	    SH_EFIXITY);
	must(sh_vault_need_keys(f->v, h, 2, &err));
	must(sh_vault_seal(f->v, &l, "value", 5, &sealed, &err));
	assert_int_equal(sealed.len, 5 + SH_SEAL_OVERHEAD);
	must(sh_vault_unseal(f->v, &l, sealed.data, sealed.len, &plain,
	    &err));
	assert_string_equal((char *)plain.data, "value");
	for (i = 0; i < 5; i++) {
		other = l;
		if (i == 0)
			other.table = 4;
		else if (i == 1)
			other.holder = &h[1];
		else if (i == 2)
			other.holder = NULL;
		else if (i == 3)
			other.keylen = 2;
		else
			other.version = 6;
		must_fail(sh_vault_unseal(f->v, &other, sealed.data,
		    sealed.len, &plain, &err), SH_EFIXITY);
	}
	for (i = 0; i < sealed.len * 8; i++) {
		sealed.data[i / 8] ^= (uint8_t)(1 << i % 8);
		must_fail(sh_vault_unseal(f->v, &l, sealed.data, sealed.len,
		    &plain, &err), SH_EFIXITY);
		sealed.data[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	for (i = 0; i < sealed.len; i++)
		must_fail(sh_vault_unseal(f->v, &l, sealed.data, i, &plain,
		    &err), SH_EFIXITY);
	assert_int_equal(plain.len, 5);
	/* Erased. */
	must(sh_vault_destroy_key(f->v, &h[0], &err));
	must_fail(sh_vault_unseal(f->v, &l, sealed.data, sealed.len, &plain,
	    &err), SH_ENOTFOUND);
	sh_buf_free(&sealed);
	sh_buf_free(&plain);
}

/* Opens the value, or the key of the error. */
static const char *
opens(struct sh_vault *v, const struct sh_label *l,
    const struct sh_buf *sealed)
{
	static char key[64];
	struct sh_error err = SH_ERROR_INIT;
	struct sh_buf plain = SH_BUF_INIT;

	(void)snprintf(key, sizeof(key), "opens");
	if (sh_vault_unseal(v, l, sealed->data, sealed->len, &plain, &err))
		(void)snprintf(key, sizeof(key), "%s", err.key);
	sh_buf_free(&plain);
	return (key);
}

static void
who_reads_forgets_what_was_destroyed(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct vaulted *f = *state;
	struct sh_tag h[4] = { holder(1), holder(2), holder(3), holder(4) };
	struct sh_label l[4];
	struct sh_buf sealed[4] = { SH_BUF_INIT, SH_BUF_INIT, SH_BUF_INIT,
	    SH_BUF_INIT };
	struct sh_vault *reader;
	struct sh_tag more[500];
	size_t i, k;

	must(sh_vault_need_keys(f->v, h, 4, &err));
	for (i = 0; i < 4; i++) {
		l[i] = (struct sh_label){ .table = 3, .holder = &h[i],
		    .version = 1 };
		must(sh_vault_seal(f->v, &l[i], "value", 5, &sealed[i],
		    &err));
	}
	must(sh_vault_open(f->dir, 0, &reader, &err));
	for (i = 0; i < 4; i++)
		assert_string_equal(opens(reader, &l[i], &sealed[i]),
		    "opens");
	must(sh_vault_destroy_key(f->v, &h[0], &err));
	assert_string_equal(opens(reader, &l[0], &sealed[0]),
	    "key.destroyed");
	assert_string_equal(opens(reader, &l[1], &sealed[1]), "opens");
	/* The store grows, which makes another file of it. */
	for (i = 0; i < 6; i++) {
		for (k = 0; k < 500; k++)
			more[k] = holder(100 + 500 * i + k);
		must(sh_vault_need_keys(f->v, more, 500, &err));
	}
	must(sh_vault_destroy_key(f->v, &h[1], &err));
	assert_string_equal(opens(reader, &l[1], &sealed[1]),
	    "key.destroyed");
	assert_string_equal(opens(reader, &l[2], &sealed[2]), "opens");
	/* So does another archive key. */
	must(sh_vault_rotate(f->v, f->dir, NULL, &err));
	must(sh_vault_destroy_key(f->v, &h[2], &err));
	assert_string_equal(opens(reader, &l[2], &sealed[2]),
	    "key.destroyed");
	assert_string_equal(opens(reader, &l[3], &sealed[3]), "opens");
	sh_vault_close(reader);
	for (i = 0; i < 4; i++)
		sh_buf_free(&sealed[i]);
}

/* A crash within a growth: who reads asks each time, who writes ends it. */
static void
a_growth_cut_short_is_no_news_for_long(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct vaulted *f = *state;
	char *table = join(f->dir, "holders/table");
	const uint64_t replaced = UINT64_MAX;
	struct sh_keystore *k;
	struct sh_secret key = SH_SECRET_INIT;
	char *path = join(f->dir, "archive.key");
	int fd;

	must(sh_secret_load(&key, path, SH_KEY_LEN, &err));
	must(sh_keystore_open(table, key.data, 0, &k, &err));
	assert_int_equal(sh_keystore_news(k), SH_KEYS_AS_BEFORE);
	assert_true((fd = open(table, O_WRONLY | O_CLOEXEC)) >= 0);
	assert_int_equal(pwrite(fd, &replaced, 8, 128), 8);
	(void)close(fd);
	assert_int_equal(sh_keystore_news(k), SH_KEYS_DESTROYED);
	assert_int_equal(sh_keystore_news(k), SH_KEYS_DESTROYED);
	sh_vault_close(f->v);
	must(sh_vault_open(f->dir, 1, &f->v, &err));
	assert_int_equal(sh_keystore_news(k), SH_KEYS_DESTROYED);
	assert_int_equal(sh_keystore_news(k), SH_KEYS_AS_BEFORE);
	sh_keystore_close(k);
	sh_secret_free(&key);
	free(path);
	free(table);
}

static void
purposes_do_not_mix(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct vaulted *f = *state;
	struct sh_buf sealed = SH_BUF_INIT, plain = SH_BUF_INIT;

	must(sh_vault_seal_for(f->v, "spool", "page 1", "x", 1, &sealed,
	    &err));
	must(sh_vault_unseal_for(f->v, "spool", "page 1", sealed.data,
	    sealed.len, &plain, &err));
	assert_string_equal((char *)plain.data, "x");
	must_fail(sh_vault_unseal_for(f->v, "spool", "page 2", sealed.data,
	    sealed.len, &plain, &err), SH_EFIXITY);
	must_fail(sh_vault_unseal_for(f->v, "cache", "page 1", sealed.data,
	    sealed.len, &plain, &err), SH_EFIXITY);
	must_fail(sh_vault_unseal_for(f->v, "spool", "page 1", sealed.data,
	    10, &plain, &err), SH_EFIXITY);
	sh_buf_free(&sealed);
	sh_buf_free(&plain);
}

/* One nonce twice under one key would give both texts away. */
static void
a_forked_child_draws_no_nonce_of_its_parents(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	uint8_t ours[SH_NONCE_LEN], childs[SH_NONCE_LEN];
	struct sh_aead *a;
	int fds[2], status;
	pid_t pid;

	(void)state;
	must_ptr(a = sh_aead_new(&err));
	must(sh_aead_random(a, ours, sizeof(ours), &err));
	assert_int_equal(pipe(fds), 0);
	if ((pid = fork()) == 0) {
		if (sh_aead_random(a, childs, sizeof(childs), &err) != 0 ||
		    write(fds[1], childs, sizeof(childs)) !=
		    (ssize_t)sizeof(childs))
			_exit(1);
		_exit(0);
	}
	must(sh_aead_random(a, ours, sizeof(ours), &err));
	assert_int_equal(read(fds[0], childs, sizeof(childs)),
	    sizeof(childs));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_memory_not_equal(ours, childs, sizeof(ours));
	(void)close(fds[0]);
	(void)close(fds[1]);
	sh_aead_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gcm_agrees_with_a_published_vector),
		cmocka_unit_test(keys_survive_growth),
		cmocka_unit_test(a_destroyed_key_is_gone),
		cmocka_unit_test(one_damaged_copy_is_healed),
		cmocka_unit_test(another_archive_key_opens_nothing),
		cmocka_unit_test(vault_is_created_once),
		cmocka_unit_test_setup_teardown(
		    values_open_only_in_their_place, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    who_reads_forgets_what_was_destroyed, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    a_growth_cut_short_is_no_news_for_long, setup, teardown),
		cmocka_unit_test_setup_teardown(purposes_do_not_mix, setup,
		    teardown),
		cmocka_unit_test(a_forked_child_draws_no_nonce_of_its_parents),
	};

	return (cmocka_run_group_tests_name("vault", tests, NULL, NULL));
}
