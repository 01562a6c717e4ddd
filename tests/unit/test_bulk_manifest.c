/* Manifests of bulk runs: what rows say, and what wrong rows cost. */
#include "tests/unit/test.h"

#include "pipeline/bulk_manifest.h"

#define HEAD	"holder,procedure,files,dossier,name\n"
#define ROW	"033095502636,1.004222,a.jpg,,\n"

static struct sh_manifest *
open_text(const char *dir, const void *text, size_t len,
    struct sh_error *err)
{
	struct sh_manifest *m = NULL;
	char path[64];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/m", dir);
	assert_non_null(f = fopen(path, "w"));
	assert_int_equal(fwrite(text, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
	if (sh_manifest_open(path, &m, err))
		assert_null(m);
	return (m);
}

/* The keys of wrong rows and the first files of good ones, one a line. */
static void
expect(const char *text, size_t len, const char *want)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_buf got = SH_BUF_INIT;
	struct sh_manifest *m;
	char *dir = test_mkdir();
	uint64_t number;
	json_t *row;
	int r;

	must_ptr(m = open_text(dir, text, len, &err));
	while ((r = sh_manifest_next(m, &row, &number, &err)) != 0) {
		struct sh_error own = SH_ERROR_INIT;
		const char *file = json_string_value(json_array_get(
		    json_object_get(row, "scans"), 0));

		assert_int_equal(sh_buf_printf(&got, &own, "%d %s\n",
		    (int)number, r == 1 ? file : err.key), 0);
		assert_int_equal(r == 1, row != NULL);
		sh_error_clear(&err);
		json_decref(row);
	}
	assert_string_equal(got.data != NULL ? (char *)got.data : "", want);
	sh_buf_free(&got);
	sh_manifest_close(m);
	test_rmdir(dir);
}

#define EXPECT(text, want)	expect(text, sizeof(text) - 1, want)

static void
csv_as_spreadsheets_write_it(void **state)
{
	(void)state;
	EXPECT(HEAD ROW, "2 a.jpg\n");
	/* A byte order mark, other delimiters, other line ends, no last one. */
	EXPECT("\xef\xbb\xbf" "files;procedure;holder\r\n"
	    "a b.jpg;1.004222;033095502636\r\n\r\n"
	    "\"c;d.jpg\";1.004222;033095502636",
	    "2 a b.jpg\n4 c;d.jpg\n");
	EXPECT("holder\tprocedure\tfiles\n033095502636\t1.004222\tx|y\n",
	    "2 x\n");
	/* Blanks and what cannot be seen around the columns' names. */
	EXPECT("holder, procedure,\xe2\x80\xae" "files \n"
	    "033095502636,1.004222,y\n", "2 y\n");
	/* Quotes: doubled, over lines, in the middle of a field. */
	EXPECT(HEAD "033095502636,1.004222,\"a\"\"b\nc.jpg\",,\n"
	    "033095502636,1.004222,d\"e.jpg,,\n",
	    "2 a\"b\nc.jpg\n4 d\"e.jpg\n");
}

static void
a_wrong_row_costs_itself(void **state)
{
	(void)state;
	EXPECT(HEAD "1,2,3\n" ROW, "2 row.columns\n3 a.jpg\n");
	EXPECT(HEAD "1,2,3,4,5,6\n" ROW, "2 row.columns\n3 a.jpg\n");
	EXPECT(HEAD ",1.004222,a,,\n" ROW, "2 row.columns\n3 a.jpg\n");
	EXPECT(HEAD "1,2,a\0b,,\n" ROW, "2 row.malformed\n3 a.jpg\n");
	EXPECT(HEAD "1,2,a,\xff,\n" ROW, "2 text.utf8\n3 a.jpg\n");
	EXPECT(HEAD "1,2,../a,,\n1,2,/a,,\n1,2,a/..,,\n1,2,a/../b,,\n1,2,..a,,\n"
	    "1,2,b|,,\n", "2 file.outside\n3 file.outside\n4 file.outside\n"
	    "5 file.outside\n6 ..a\n7 file.outside\n");
	EXPECT(HEAD ROW "1,2,\"a,,\n" ROW, "2 a.jpg\n3 row.malformed\n");
}

static void
json_lines(void **state)
{
	(void)state;
	EXPECT("{\"holder\":\"1\",\"procedure\":\"2\",\"files\":\"a\"}\n\n"
	    "{\"holder\":\"1\",\"procedure\":\"2\",\"files\":[\"b\",\"c\"],"
	    "\"name\":null}\n"
	    "{\"holder\":\"1\",\"procedure\":\"2\",\"files\":[]}\n"
	    "{\"holder\":\"1\",\"procedure\":\"2\",\"file\":\"a\"}\n"
	    "{\"holder\":1,\"procedure\":\"2\",\"files\":\"a\"}\n"
	    "{\"holder\":\"1\",\"holder\":\"1\"}\n[]\n{\n",
	    "1 a\n3 b\n4 row.columns\n5 row.columns\n6 row.columns\n"
	    "7 json.syntax\n8 row.malformed\n9 json.syntax\n");
}

/* A row, or a quote that nobody closes, ends at the limit. */
static void
a_long_row_is_bounded(void **state)
{
	size_t n = 3 * SH_MANIFEST_LINE_MAX, at;
	char *text = malloc(n + 1000);

	(void)state;
	assert_non_null(text);
	at = (size_t)sprintf(text, HEAD "1,2,");
	memset(text + at, 'x', n);
	at += n;
	at += (size_t)sprintf(text + at, ",,\n" ROW);
	expect(text, at, "2 row.too-long\n3 a.jpg\n");
	at = (size_t)sprintf(text, HEAD "1,2,\"");
	memset(text + at, 'x', n);
	at += n;
	at += (size_t)sprintf(text + at, ",,\n" ROW);
	expect(text, at, "2 row.too-long\n4 a.jpg\n");
	free(text);
}

static void
no_manifest(void **state)
{
	static const struct {
		const char *text, *key;
	} cases[] = {
		{ "", "manifest.empty" }, { "a,b\n", "manifest.columns" },
		{ "\n", "manifest.columns" },
		{ "holder,files\n", "manifest.columns" },
		{ "holder,procedure,files,files\n", "manifest.columns" },
		{ "\"holder,procedure,files\n", "row.malformed" },
		{ "\xff\xfeh", "text.utf8" }, { "\xfe\xffh", "text.utf8" },
		{ "h\xf4,procedure,files\n", "text.utf8" },
		{ "holder,procedure,files,\n", "manifest.columns" },
	};
	struct sh_error err = SH_ERROR_INIT;
	char *dir = test_mkdir();
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_null(open_text(dir, cases[i].text,
		    strlen(cases[i].text), &err));
		assert_string_equal(err.key, cases[i].key);
		sh_error_clear(&err);
	}
	test_rmdir(dir);
}

/* The same manifest is known again; any change of it or its place is not. */
static void
its_name_follows_from_what_it_says(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_digest d[4];
	char *dir[2] = { test_mkdir(), test_mkdir() };
	struct sh_manifest *m;
	size_t i;

	(void)state;
	for (i = 0; i < 4; i++) {
		must_ptr(m = open_text(dir[i == 2], i == 3 ? HEAD ROW ROW :
		    HEAD ROW, strlen(HEAD ROW) + (i == 3 ? strlen(ROW) : 0),
		    &err));
		must(sh_manifest_name(m, &d[i], &err));
		sh_manifest_close(m);
	}
	assert_true(sh_digest_equal(&d[0], &d[1]));
	assert_false(sh_digest_equal(&d[0], &d[2]));
	assert_false(sh_digest_equal(&d[0], &d[3]));
	test_rmdir(dir[0]);
	test_rmdir(dir[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(csv_as_spreadsheets_write_it),
		cmocka_unit_test(a_wrong_row_costs_itself),
		cmocka_unit_test(json_lines),
		cmocka_unit_test(a_long_row_is_bounded),
		cmocka_unit_test(no_manifest),
		cmocka_unit_test(its_name_follows_from_what_it_says),
	};

	return (cmocka_run_group_tests_name("bulk_manifest", tests, NULL,
	    NULL));
}
