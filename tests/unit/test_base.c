/* base/: error, buf, mem, clock, config, secret. */
#include "tests/unit/test.h"

#include <errno.h>
#include <sys/stat.h>

#include <openssl/crypto.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/config.h"
#include "base/digest.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/secret.h"
#include "base/text.h"

static void
error_first_cause_wins(void **state)
{
	struct sh_error err = SH_ERROR_INIT;

	(void)state;
	assert_int_equal(sh_error_set(&err, SH_ELIMIT, "image.too-wide",
	    "image is %d px wide", 61000), -1);
	(void)sh_error_set(&err, SH_ENOMEM, "memory.none", "later");
	(void)sh_error_context(&err, "page %d", 2);
	(void)sh_error_context(&err, "dossier %s", "a\nb");
	assert_int_equal(err.code, SH_ELIMIT);
	assert_string_equal(err.key, "image.too-wide");
	assert_string_equal(err.text,
	    "dossier a?b: page 2: image is 61000 px wide");
	sh_error_param(&err, "page", "%d", 2);
	sh_error_param(&err, "page", "%d", 3);
	assert_int_equal(err.nparam, 1);
	assert_string_equal(err.param[0].value, "2");
}

/* What came from outside is shown on a terminal and put into JSON. */
static void
error_texts_are_clean(void **state)
{
	static const struct {
		const char *from, *to;
	} cases[] = {
		{ "Đặng \xe2\x80\xae\xe2\x81\xa6gpj.exe", "Đặng ??gpj.exe" },
		{ "\x1b[31m\xc2\x9b" "2J", "?[31m?2J" },
		{ "\xff\xfe\x80 a\xe1\xbb", "?? a?" },
	};
	struct sh_error err = SH_ERROR_INIT;
	char *name = malloc(3 * 300 + 1);
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		(void)sh_error_set(&err, SH_EFORMAT, "text.utf8", "%s",
		    cases[i].from);
		assert_string_equal(err.text, cases[i].to);
		sh_error_clear(&err);
	}
	assert_non_null(name);
	for (i = 0; i < 300; i++)
		memcpy(name + 3 * i, "ệ", 4);
	for (i = 0; i < 3; i++) {
		sh_error_param(&err, "file", "%.*s%s", (int)i, "aa", name);
		(void)sh_error_set(&err, SH_EFORMAT, "text.utf8", "%.*s%s",
		    (int)i, "aa", name);
		(void)sh_error_context(&err, "%s", name);
		assert_true(sh_text_is_utf8(err.text, strlen(err.text)));
		assert_true(sh_text_is_utf8(err.param[0].value,
		    strlen(err.param[0].value)));
		sh_error_clear(&err);
	}
	free(name);
}

static void
error_from_errno(void **state)
{
	struct sh_error err = SH_ERROR_INIT;

	(void)state;
	errno = ENOSPC;
	(void)sh_error_sys(&err, "file.write", "write %s", "x");
	assert_string_equal(err.key, "disk.full");
	assert_int_equal(err.sys, ENOSPC);
	sh_error_clear(&err);
	errno = ENOMEM;
	(void)sh_error_sys(&err, "file.write", "write");
	assert_int_equal(err.code, SH_ENOMEM);
}

static void
error_codes_have_faces(void **state)
{
	enum sh_code c;

	(void)state;
	for (c = SH_OK; c < SH_NCODES; c++) {
		assert_int_equal(sh_code_from_word(sh_code_word(c)), c);
		assert_true(c == SH_OK || sh_code_exit(c) >= 64);
		assert_true(sh_code_http(c) >= 200);
	}
	assert_int_equal(sh_code_from_word("nonsense"), SH_NCODES);
}

static void
buf_keeps_its_limit(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_buf b = { .limit = 10 };
	char *s;

	(void)state;
	must(sh_buf_puts(&b, "12345", &err));
	must(sh_buf_printf(&b, &err, "%s", "67890"));
	must_fail(sh_buf_puts(&b, "x", &err), SH_ELIMIT);
	must_fail(sh_buf_printf(&b, &err, "%d", 7), SH_ELIMIT);
	assert_int_equal(b.len, 10);
	assert_string_equal((char *)b.data, "1234567890");
	s = sh_buf_steal(&b, &err);
	assert_string_equal(s, "1234567890");
	free(s);
	assert_null(b.data);
}

static void
buf_big_endian(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_buf b = SH_BUF_INIT;

	(void)state;
	must(sh_buf_put_be(&b, 0x010203, 3, &err));
	must(sh_buf_put_be(&b, UINT64_MAX - 1, 8, &err));
	assert_int_equal(b.len, 11);
	assert_int_equal(sh_get_be(b.data, 3), 0x010203);
	assert_true(sh_get_be(b.data + 3, 8) == UINT64_MAX - 1);
	sh_buf_free(&b);
}

static void
alloc_refuses_overflow(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	char *p = NULL;
	size_t cap = 0;

	(void)state;
	assert_null(sh_alloc(SIZE_MAX / 2, 3, "a test", &err));
	assert_int_equal(err.code, SH_ENOMEM);
	sh_error_clear(&err);
	must_fail(sh_grow(&p, &cap, SIZE_MAX / 2, 4, "a test", &err),
	    SH_ENOMEM);
	must(sh_grow(&p, &cap, 3, 1, "a test", &err));
	assert_true(cap >= 3);
	free(p);
}

static void
time_prints_and_parses(void **state)
{
	char s[SH_TIME_LEN];
	int64_t t;

	(void)state;
	sh_time_print(0, s);
	assert_string_equal(s, "1970-01-01T07:00:00+07:00");
	sh_time_print(-25201, s);
	assert_string_equal(s, "1969-12-31T23:59:59+07:00");
	assert_int_equal(sh_time_parse("2024-08-18T09:28:14+07:00", &t), 0);
	sh_time_print(t, s);
	assert_string_equal(s, "2024-08-18T09:28:14+07:00");
	assert_int_equal(sh_time_parse("2024-08-18T02:28:14.5Z", &t), 0);
	sh_time_print(t, s);
	assert_string_equal(s, "2024-08-18T09:28:14+07:00");
	assert_int_equal(sh_time_parse("2024-02-30T00:00:00Z", &t), -1);
	assert_int_equal(sh_time_parse("2024-02-20T24:00:00Z", &t), -1);
	assert_int_equal(sh_time_parse("2024-02-20T00:00:00", &t), -1);
	assert_int_equal(sh_time_parse("2024-02-20T00:00:00Zx", &t), -1);
}

static void
dates_follow_the_calendar(void **state)
{
	struct sh_date d;
	int64_t t;
	int i;

	(void)state;
	assert_int_equal(sh_date_parse("2024-02-29", &d), 0);
	assert_int_equal(sh_date_parse("2023-02-29", &d), -1);
	assert_int_equal(sh_date_parse("2023-2-28", &d), -1);
	assert_int_equal(sh_date_parse("2024-01-31", &d), 0);
	d = sh_date_add_months(d, 1);
	assert_int_equal(d.month, 2);
	assert_int_equal(d.day, 29);
	d = sh_date_add_months(d, -14);
	assert_int_equal(d.year, 2022);
	assert_int_equal(d.month, 12);
	/* Every day from 1900 to 2200 comes back from its first second. */
	d = (struct sh_date){ 1900, 1, 1 };
	for (i = 0; i < 110000; i++) {
		struct sh_date next = sh_date_add_days(d, 1);

		t = sh_date_start(d);
		assert_int_equal(sh_date_compare(sh_date_at(t), d), 0);
		assert_int_equal(sh_date_compare(sh_date_at(t + 86399), d), 0);
		assert_int_equal(sh_date_compare(d, next), -1);
		assert_true(sh_date_valid(next));
		d = next;
	}
}

static const struct sh_setting table[] = {
	{ "name", SH_SETTING_TEXT, "x", 0, 0, NULL, "A name." },
	{ "count", SH_SETTING_INT, "3", -1, 10, NULL, "A count." },
	{ "mode", SH_SETTING_CHOICE, "on", 0, 0, "on|off", "A mode." },
	{ NULL, 0, NULL, 0, 0, NULL, NULL }
};

static void
config_says_the_line(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_config *c;
	char *dir = test_mkdir(), path[256];
	static const char *const bad[] = { "nam = x\n", "count = 11\n",
	    "count = 1x\n", "mode = of\n", "mode\n", "count=1\ncount=2\n",
	    "name = \xff\n" };
	static const char good[] = "# c\n\n name = a = b \r\ncount=-1\n"
	    "mode = off";
	size_t i;

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/c", dir);
	must_ptr(c = sh_config_new(table, &err));
	must(sh_fs_replace(path, good, sizeof(good) - 1, 0600, &err));
	must(sh_config_load(c, path, &err));
	assert_string_equal(sh_config_text(c, "name"), "a = b");
	assert_int_equal(sh_config_int(c, "count"), -1);
	must(sh_config_write(c, path, &err));
	must(sh_config_load(c, path, &err));
	for (i = 0; i < SH_COUNT(bad); i++) {
		must(sh_fs_replace(path, bad[i], strlen(bad[i]), 0600, &err));
		assert_int_equal(sh_config_load(c, path, &err), -1);
		assert_string_equal(err.key, "config.line");
		assert_non_null(strstr(err.text, " line "));
		sh_error_clear(&err);
	}
	sh_config_free(c);
	test_rmdir(dir);
}

static void
secret_wants_a_private_file(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_secret s;
	char *dir = test_mkdir(), path[256];

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/k", dir);
	must_fail(sh_secret_load(&s, path, 64, &err), SH_ENOTFOUND);
	must(sh_fs_replace(path, "0123", 4, 0644, &err));
	must_fail(sh_secret_load(&s, path, 64, &err), SH_EDENIED);
	assert_int_equal(chmod(path, 0600), 0);
	must_fail(sh_secret_load(&s, path, 3, &err), SH_EFORMAT);
	must(sh_secret_load(&s, path, 64, &err));
	assert_int_equal(s.len, 4);
	assert_memory_equal(s.data, "0123", 4);
	sh_secret_free(&s);
	test_rmdir(dir);
}

/* ---- digests ------------------------------------------------------------- */

static unsigned allocations_left = UINT32_MAX;

static void *
scarce_malloc(size_t len, const char *file, int line)
{
	(void)file;
	(void)line;
	return (allocations_left-- == 0 ? NULL : malloc(len));
}

static void *
scarce_realloc(void *p, size_t len, const char *file, int line)
{
	(void)file;
	(void)line;
	return (allocations_left-- == 0 ? NULL : realloc(p, len));
}

static void
scarce_free(void *p, const char *file, int line)
{
	(void)file;
	(void)line;
	free(p);
}

/* A digest that had no memory is an error, and the next one is right. */
static void
a_digest_without_memory_is_the_last_to_fail(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_digest want, got;
	struct sh_hasher *h;
	unsigned n, failures = 0;
	int keyed;

	(void)state;
	for (keyed = 0; keyed < 2; keyed++) {
		must_ptr(h = sh_hasher_new(keyed ? "key" : NULL, 3, &err));
		must(sh_hasher_update(h, "data", 4, &err));
		must(sh_hasher_final(h, &want, &err));
		for (n = 0; n < 20; n++) {
			allocations_left = n;
			if (sh_hasher_update(h, "data", 4, &err) ||
			    sh_hasher_final(h, &got, &err)) {
				assert_int_equal(err.code, SH_ENOMEM);
				failures++;
			}
			allocations_left = UINT32_MAX;
			sh_error_clear(&err);
			must(sh_hasher_update(h, "data", 4, &err));
			must(sh_hasher_final(h, &got, &err));
			assert_memory_equal(&got, &want, sizeof(got));
		}
		sh_hasher_free(h);
	}
	assert_true(failures > 0);
}

/* ---- JSON ---------------------------------------------------------------- */

/* jansson goes on behind a member's name that could not be written. */
static void
json_that_lacks_a_part_is_none(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_buf b = { .limit = 12 };
	json_t *v = json_pack("{s:i,s:i}", "a", 1, "a name that is long", 2);

	(void)state;
	must_fail(sh_json_canonical(v, &b, &err), SH_ELIMIT);
	assert_int_equal(b.len, 0);
	must_fail(sh_json_print(v, 0, &b, &err), SH_ELIMIT);
	assert_int_equal(b.len, 0);
	sh_buf_free(&b);
	json_decref(v);
}

static void
an_untold_failure_is_one(void **state)
{
	struct sh_error err = SH_ERROR_INIT;

	(void)state;
	must_fail(sh_error_told(&err), SH_ELIBRARY);
	sh_error_clear(&err);
	(void)sh_error_nomem(&err, "it");
	assert_int_equal(sh_error_told(&err), -1);
	assert_int_equal(err.code, SH_ENOMEM);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(error_first_cause_wins),
		cmocka_unit_test(error_texts_are_clean),
		cmocka_unit_test(error_from_errno),
		cmocka_unit_test(error_codes_have_faces),
		cmocka_unit_test(buf_keeps_its_limit),
		cmocka_unit_test(buf_big_endian),
		cmocka_unit_test(alloc_refuses_overflow),
		cmocka_unit_test(time_prints_and_parses),
		cmocka_unit_test(dates_follow_the_calendar),
		cmocka_unit_test(json_that_lacks_a_part_is_none),
		cmocka_unit_test(an_untold_failure_is_one),
		cmocka_unit_test(a_digest_without_memory_is_the_last_to_fail),
		cmocka_unit_test(config_says_the_line),
		cmocka_unit_test(secret_wants_a_private_file),
	};

	/* Before OpenSSL has any memory. */
	if (CRYPTO_set_mem_functions(scarce_malloc, scarce_realloc,
	    scarce_free) != 1)
		return (1);
	return (cmocka_run_group_tests_name("base", tests, NULL, NULL));
}
