/* base/text, base/digest, base/json, base/fs. */
#include "tests/unit/test.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/digest.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"

typedef int (*text_fn)(const void *, size_t, struct sh_buf *,
    struct sh_error *);

static void
gives(text_fn fn, const char *in, const char *want)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_buf b = SH_BUF_INIT;

	must(fn(in, strlen(in), &b, &err));
	assert_string_equal((char *)b.data, want);
	sh_buf_free(&b);
}

static void
fold_is_what_search_uses(void **state)
{
	(void)state;
	gives(sh_text_fold, "Đặng Thị Ngọc-Ánh", "dang thi ngoc anh");
	gives(sh_text_fold, "  ĐƯỜNG  số 12/QĐ-UBND.", "duong so 12 qd ubnd");
	/* Decomposed marks, and a foreign keyboard's eth. */
	gives(sh_text_fold, "Nguye\xcc\x82\xcc\x83n \xc3\x90\xc3\xacnh",
	    "nguyen dinh");
	gives(sh_text_fold, "", "");
	gives(sh_text_fold, "...", "");
	gives(sh_text_fold, "ằẵặừỷỵ ỢỜỞ", "aaauyy ooo");
}

static void
nfc_case_and_clean(void **state)
{
	(void)state;
	gives(sh_text_nfc, "Nguye\xcc\x82\xcc\x83n", "Nguyễn");
	gives(sh_text_upper, "đặng ngọc", "ĐẶNG NGỌC");
	gives(sh_text_lower, "ĐẶNG NGỌC", "đặng ngọc");
	gives(sh_text_clean, " a\tb\xe2\x80\xae" "c\n\x1b[2J ", "a bc [2J");
	gives(sh_text_clean, "\xc2\xa0x\xe2\x80\x8by\xc2\xa0", "xy");
}

static void
not_utf8_is_refused(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_buf b = SH_BUF_INIT;

	(void)state;
	must_fail(sh_text_fold("\xff", 1, &b, &err), SH_EFORMAT);
	must_fail(sh_text_nfc("\xc0\x80", 2, &b, &err), SH_EFORMAT);
	must_fail(sh_text_clean("\xed\xa0\x80", 3, &b, &err), SH_EFORMAT);
	must_fail(sh_text_nfc("a\0b", 3, &b, &err), SH_EFORMAT);
	sh_buf_free(&b);
}

static void
numbers_are_strict(void **state)
{
	uint64_t v;

	(void)state;
	assert_int_equal(sh_parse_u64("18446744073709551615", UINT64_MAX, &v),
	    0);
	assert_int_equal(sh_parse_u64("18446744073709551616", UINT64_MAX, &v),
	    -1);
	assert_int_equal(sh_parse_u64("12", 11, &v), -1);
	assert_int_equal(sh_parse_u64("", 9, &v), -1);
	assert_int_equal(sh_parse_u64("+1", 9, &v), -1);
	assert_true(sh_is_digits("0123", 4));
	assert_false(sh_is_digits("0123", 3));
	assert_false(sh_is_digits("012x", 4));
}

static void
digests_match_published_vectors(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_hasher *h;
	struct sh_digest d, e;
	char hex[SH_HEX_LEN], b32[64];
	uint8_t okm[42], key[20], raw[4];

	(void)state;
	must(sh_sha256("abc", 3, &d, &err));
	sh_hex(d.b, sizeof(d.b), hex);
	assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223"
	    "b00361a396177a9cb410ff61f20015ad");
	must_ptr(h = sh_hasher_new(NULL, 0, &err));
	must(sh_hasher_update(h, "a", 1, &err));
	must(sh_hasher_update(h, "bc", 2, &err));
	must(sh_hasher_final(h, &e, &err));
	assert_true(sh_digest_equal(&d, &e));
	must(sh_hasher_update(h, "abc", 3, &err));
	must(sh_hasher_final(h, &e, &err));
	assert_true(sh_digest_equal(&d, &e));
	sh_hasher_free(h);
	/* RFC 4231 test case 1, whole and in parts, twice. */
	memset(key, 0x0b, sizeof(key));
	must(sh_hmac(key, sizeof(key), "Hi There", 8, &d, &err));
	sh_hex(d.b, sizeof(d.b), hex);
	assert_string_equal(hex, "b0344c61d8db38535ca8afceaf0bf12b"
	    "881dc200c9833da726e9376c2e32cff7");
	must_ptr(h = sh_hasher_new(key, sizeof(key), &err));
	must(sh_hasher_update(h, "Hi There", 8, &err));
	must(sh_hasher_final(h, &e, &err));
	assert_true(sh_digest_equal(&d, &e));
	must(sh_hasher_update(h, "Hi ", 3, &err));
	must(sh_hasher_update(h, "There", 5, &err));
	must(sh_hasher_final(h, &e, &err));
	assert_true(sh_digest_equal(&d, &e));
	sh_hasher_free(h);
	/* RFC 5869 test case 3: no salt, no info. */
	memset(key, 0x0b, 20);
	must(sh_hkdf("\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b"
	    "\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b", 22, "", okm, 42,
	    &err));
	sh_hex(okm, 16, hex);
	assert_string_equal(hex, "8da4e775a563c18f715f802a063c5a31");
	assert_int_equal(sh_crc32c(0, "123456789", 9), 0xe3069283);
	assert_int_equal(sh_crc32c(sh_crc32c(0, "1234", 4), "56789", 5),
	    0xe3069283);
	sh_base32("foobar", 6, b32);
	assert_string_equal(b32, "mzxw6ytboi");
	assert_int_equal(sh_unhex("00fFa0", raw, 3), 0);
	assert_int_equal(raw[1], 0xff);
	assert_int_equal(sh_unhex("00ff", raw, 3), -1);
	assert_int_equal(sh_unhex("0g", raw, 1), -1);
}

static void
json_is_strict(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	static const char *const bad[] = { "{\"a\":1,\"a\":2}", "{} x",
	    "\"\\u0000\"", "\"\xff\"", "[1e999]", "", "[1,]" };
	char deep[300];
	json_t *v;
	size_t i;

	(void)state;
	for (i = 0; i < SH_COUNT(bad); i++) {
		assert_null(sh_json_parse(bad[i], strlen(bad[i]), 100, &err));
		assert_int_equal(err.code, SH_EFORMAT);
		sh_error_clear(&err);
	}
	memset(deep, '[', 100);
	memset(deep + 100, ']', 100);
	assert_null(sh_json_parse(deep, 200, 300, &err));
	assert_string_equal(err.key, "json.too-deep");
	sh_error_clear(&err);
	assert_null(sh_json_parse("[1]", 3, 2, &err));
	assert_int_equal(err.code, SH_ELIMIT);
	sh_error_clear(&err);
	must_ptr(v = sh_json_parse("{\"[[\\\"\":1}", 10, 300, &err));
	json_decref(v);
}

static void
json_members_are_typed(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	static const char text[] = "{\"z\":\"\xc3\xa9\",\"n\":7,\"b\":true,"
	    "\"a\":[1,2],\"x\":null,\"r\":1.5}";
	struct sh_buf b = SH_BUF_INIT;
	const char *s;
	int64_t n;
	double r;
	json_t *v, *a;
	int t;

	(void)state;
	must_ptr(v = sh_json_parse(text, sizeof(text) - 1, 300, &err));
	must(sh_json_str(v, "z", 1, 2, &s, &err));
	assert_string_equal(s, "é");
	must_fail(sh_json_str(v, "z", 1, 1, &s, &err), SH_ELIMIT);
	must_fail(sh_json_str(v, "n", 1, 9, &s, &err), SH_EFORMAT);
	must_fail(sh_json_str(v, "x", 1, 9, &s, &err), SH_EFORMAT);
	must(sh_json_str(v, "x", 0, 9, &s, &err));
	assert_null(s);
	must(sh_json_int(v, "n", 1, 0, 7, 0, &n, &err));
	assert_int_equal(n, 7);
	must_fail(sh_json_int(v, "n", 1, 0, 6, 0, &n, &err), SH_ELIMIT);
	must_fail(sh_json_int(v, "r", 1, 0, 6, 0, &n, &err), SH_EFORMAT);
	must(sh_json_num(v, "r", 1, 0, 2, 0, &r, &err));
	must(sh_json_bool(v, "b", 0, &t, &err));
	assert_int_equal(t, 1);
	must_fail(sh_json_array(v, "a", 1, 1, &a, &err), SH_ELIMIT);
	must(sh_json_array(v, "a", 1, 2, &a, &err));
	must_fail(sh_json_canonical(v, &b, &err), SH_EARG);
	assert_int_equal(json_object_del(v, "r"), 0);
	must(sh_json_canonical(v, &b, &err));
	assert_string_equal((char *)b.data,
	    "{\"a\":[1,2],\"b\":true,\"n\":7,\"x\":null,\"z\":\"é\"}");
	sh_buf_free(&b);
	json_decref(v);
}

static void
names_stay_in_their_folder(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	char *dir = test_mkdir(), path[256];
	int dirfd, fd;

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/a/b", dir);
	must(sh_fs_mkdirs(path, 0700, &err));
	must(sh_fs_mkdirs(path, 0700, &err));
	(void)snprintf(path, sizeof(path), "%s/a/f", dir);
	must(sh_fs_replace(path, "x", 1, 0600, &err));
	must_fail(sh_fs_mkdirs(path, 0700, &err), SH_ESYSTEM);
	(void)snprintf(path, sizeof(path), "%s/a/link", dir);
	assert_int_equal(symlink("/etc/passwd", path), 0);
	(void)snprintf(path, sizeof(path), "%s/a", dir);
	assert_true((dirfd = open(path, O_RDONLY | O_DIRECTORY)) >= 0);
	assert_true((fd = sh_fs_open_beneath(dirfd, "f", &err)) >= 0);
	(void)close(fd);
	must_fail(sh_fs_open_beneath(dirfd, "../a/f", &err) >= 0 ? 0 : -1,
	    SH_EDENIED);
	must_fail(sh_fs_open_beneath(dirfd, "/etc/passwd", &err) >= 0 ? 0 : -1,
	    SH_EDENIED);
	must_fail(sh_fs_open_beneath(dirfd, "link", &err) >= 0 ? 0 : -1,
	    SH_EDENIED);
	must_fail(sh_fs_open_beneath(dirfd, "b", &err) >= 0 ? 0 : -1,
	    SH_EUNSUPPORTED);
	must_fail(sh_fs_open_beneath(dirfd, "none", &err) >= 0 ? 0 : -1,
	    SH_ENOTFOUND);
	(void)close(dirfd);
	test_rmdir(dir);
}

static void
locks_exclude(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	char *dir = test_mkdir(), path[256];
	int fd;

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/lock", dir);
	assert_true((fd = sh_fs_lock(path, &err)) >= 0);
	must_fail(sh_fs_lock(path, &err) >= 0 ? 0 : -1, SH_EAGAIN);
	(void)close(fd);
	assert_true((fd = sh_fs_lock(path, &err)) >= 0);
	(void)close(fd);
	test_rmdir(dir);
}

static void
reads_keep_their_limit(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_buf b = SH_BUF_INIT;
	char *dir = test_mkdir(), path[256];

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/f", dir);
	must_fail(sh_fs_read(path, 9, &b, &err), SH_ENOTFOUND);
	must(sh_fs_replace(path, "0123456789", 10, 0600, &err));
	must_fail(sh_fs_read(path, 9, &b, &err), SH_ELIMIT);
	sh_buf_reset(&b);
	must(sh_fs_read(path, 10, &b, &err));
	assert_string_equal((char *)b.data, "0123456789");
	sh_buf_free(&b);
	test_rmdir(dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fold_is_what_search_uses),
		cmocka_unit_test(nfc_case_and_clean),
		cmocka_unit_test(not_utf8_is_refused),
		cmocka_unit_test(numbers_are_strict),
		cmocka_unit_test(digests_match_published_vectors),
		cmocka_unit_test(json_is_strict),
		cmocka_unit_test(json_members_are_typed),
		cmocka_unit_test(names_stay_in_their_folder),
		cmocka_unit_test(locks_exclude),
		cmocka_unit_test(reads_keep_their_limit),
	};

	return (cmocka_run_group_tests_name("text", tests, NULL, NULL));
}
