/* ocr/page, ocr/page_json, ocr/alto: the reading of a page. */
#include "tests/unit/test.h"

#include "base/mem.h"
#include "ocr/page.h"

/* Two lines in two blocks, a code, a measure; text that needs escapes. */
static struct sh_page *
make_page(void)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_page *p;
	const int32_t base[4] = { 10, 58, 500, 60 };

	must_ptr(p = sh_page_new(&err));
	p->width_px = 2480;
	p->height_px = 3508;
	p->dpi = 299.999;
	p->dpi_y = 98;
	p->orientation = 270;
	p->skew_deg = -0.4567;
	p->confidence = 0.87654;
	must(sh_page_add_line(p, (struct sh_box){ 10, 20, 490, 40 }, base, 0,
	    &err));
	must(sh_page_add_word(p, "Nguyễn", (struct sh_box){ 10, 20, 100, 40 },
	    0.98765, &err));
	must(sh_page_add_word(p, "&<\"'>]]>", (struct sh_box){ 120, 20, 90,
	    40 }, 1.0 / 3, &err));
	must(sh_page_add_line(p, (struct sh_box){ 10, 90, 50, 40 }, base, 1,
	    &err));
	must(sh_page_add_word(p, "đi", (struct sh_box){ 10, 90, 50, 40 }, 1,
	    &err));
	p->words[p->nwords - 1].penned = 1;
	must(sh_page_add_mark(p, SH_BARCODE_QR, "a|b\n\"c\"",
	    (struct sh_box){ 2000, 100, 200, 200 }, "plain", &err));
	must(sh_page_set_measure(p, "contrast_levels", 180, &err));
	must(sh_page_set_engine(p, "tesseract 5.3.0 vie 01234567", &err));
	return (p);
}

static char *
canonical(const struct sh_page *p)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_buf b = SH_BUF_INIT;
	json_t *v;
	char *s;

	must_ptr(v = sh_page_to_json(p, &err));
	must(sh_json_canonical(v, &b, &err));
	json_decref(v);
	must_ptr(s = sh_buf_steal(&b, &err));
	return (s);
}

static void
text_follows_lines(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_buf b = SH_BUF_INIT;
	struct sh_page *p = make_page();

	(void)state;
	must(sh_page_text(p, &b, &err));
	assert_string_equal((char *)b.data, "Nguyễn &<\"'>]]>\nđi");
	sh_buf_free(&b);
	sh_page_free(p);
	must_ptr(p = sh_page_new(&err));
	must(sh_page_text(p, &b, &err));
	assert_string_equal((char *)b.data, "");
	sh_buf_free(&b);
	sh_page_free(p);
}

static void
json_comes_back_the_same(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_page *p = make_page(), *q;
	char *s = canonical(p), *again;
	json_t *v;
	size_t i;

	(void)state;
	must_ptr(v = sh_json_parse(s, strlen(s), 1 << 20, &err));
	must(sh_page_from_json(v, &q, &err));
	json_decref(v);
	assert_int_equal(q->state, SH_PAGE_READ);
	assert_int_equal(q->orientation, 270);
	assert_float_equal(q->dpi, 300, 0.005);
	assert_float_equal(q->dpi_y, 98, 1e-9);
	assert_float_equal(q->skew_deg, -0.457, 1e-9);
	assert_int_equal(q->nlines, 2);
	assert_int_equal(q->lines[1].first, 2);
	assert_int_equal(q->lines[1].block, 1);
	assert_int_equal(q->nwords, p->nwords);
	for (i = 0; i < p->nwords; i++) {
		assert_string_equal(q->words[i].text, p->words[i].text);
		assert_memory_equal(&q->words[i].box, &p->words[i].box,
		    sizeof(struct sh_box));
		assert_true(q->words[i].confidence == p->words[i].confidence);
		assert_int_equal(q->words[i].line, p->words[i].line);
	}
	assert_string_equal(q->marks[0].text, "a|b\n\"c\"");
	assert_string_equal(q->engine, p->engine);
	again = canonical(q);
	assert_string_equal(s, again);
	free(s);
	free(again);
	sh_page_free(p);
	sh_page_free(q);
}

static void
json_fits_its_schema(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_page *p = make_page();
	char *s = canonical(p), *dir = test_mkdir(), path[256], cmd[600];

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/page.json", dir);
	must(sh_fs_replace(path, s, strlen(s), 0600, &err));
	(void)snprintf(cmd, sizeof(cmd), "python3 -W ignore -m jsonschema "
	    "-i %s schemas/reading.schema.json >/dev/null 2>&1", path);
	assert_int_equal(system(cmd), 0);
	/* The checker sees what is wrong. */
	must(sh_fs_replace(path, "{\"form\":1}", 10, 0600, &err));
	assert_int_not_equal(system(cmd), 0);
	free(s);
	sh_page_free(p);
	test_rmdir(dir);
}

/* Put WITH for the first WHAT of S, or fail. */
static char *
edit(const char *s, const char *what, const char *with)
{
	struct sh_error err = SH_ERROR_INIT;
	const char *at = strstr(s, what);
	char *r;

	if (at == NULL)
		fail_msg("no %s in %s", what, s);
	must_ptr(r = sh_asprintf(&err, "%.*s%s%s", (int)(at - s), s, with,
	    at + strlen(what)));
	return (r);
}

static void
json_is_not_trusted(void **state)
{
	static const struct {
		const char *what, *with, *key;
	} bad[] = {
		{ "\"form\":1", "\"form\":2", "json.member" },
		{ "\"form\":1", "\"former\":1", "json.member" },
		{ "\"read\"", "\"red\"", "json.member" },
		{ "\"read\"", "0", "json.member" },
		{ "2480", "30001", "json.member" },
		{ "2480", "0", "json.member" },
		{ "2480", "499", "reading.box" },
		{ "3508", "59", "reading.box" },
		{ "270", "45", "json.member" },
		{ "-457", "-90001", "json.member" },
		{ "877", "1001", "json.member" },
		{ "877", "0.877", "json.member" },
		{ "\"block\":1", "\"block\":5000", "json.member" },
		{ "\"block\":1", "\"block\":-1", "json.member" },
		{ "[10,20,100,40]", "[10,20,100]", "json.member" },
		{ "[10,20,100,40]", "[10,20,100,40,0]", "json.member" },
		{ "[10,20,100,40]", "[10,20,100,\"4\"]", "json.member" },
		{ "[10,20,100,40]", "[10,20,0,40]", "reading.box" },
		{ "[10,20,100,40]", "[-1,20,100,40]", "reading.box" },
		{ "[10,20,100,40]", "[2000,20,481,40]", "reading.box" },
		{ "[10,20,100,40]", "[10,20,2147483647,40]", "reading.box" },
		{ "[10,20,100,40]", "[10,20,2147483648,40]", "json.member" },
		{ "[10,20,490,40]", "[10,20,490,4000]", "reading.box" },
		{ "[10,58,500,60]", "[10,58,500,-1]", "reading.box" },
		{ "[10,58,500,60]", "[10,3509,500,60]", "reading.box" },
		{ "[2000,100,200,200]", "[2400,100,200,200]", "reading.box" },
		{ "988", "1001", "json.member" },
		{ "\"Nguyễn\"", "\"\"", "reading.word" },
		{ "\"Nguyễn\"", "\"a b\"", "reading.word" },
		{ "\"Nguyễn\"", "\"a\\nb\"", "reading.word" },
		{ "\"Nguyễn\"", "\"a\\u00a0b\"", "reading.word" },
		{ "\"Nguyễn\"", "\"a\\u202eb\"", "reading.word" },
		{ "\"Nguyễn\"", "\"e\\u0301\"", "reading.word" },
		{ "\"Nguyễn\"", "7", "json.member" },
		{ "\"qr\"", "\"qrs\"", "json.member" },
		{ "180", "180.5", "json.member" },
		{ "\"contrast_levels\"", "\"Contrast\"", "json.member" },
		{ "\"marks\":[", "\"marks\":[7,", "json.member" },
		{ "\"lines\":[", "\"lines\":[[],", "json.member" },
		{ "\"words\":[", "\"words\":[null,", "json.member" },
	};
	struct sh_error err = SH_ERROR_INIT;
	struct sh_page *p = make_page(), *q;
	char *s = canonical(p), *t;
	json_t *v;
	size_t i;

	(void)state;
	for (i = 0; i < SH_COUNT(bad); i++) {
		t = edit(s, bad[i].what, bad[i].with);
		must_ptr(v = sh_json_parse(t, strlen(t), 1 << 20, &err));
		if (sh_page_from_json(v, &q, &err) == 0)
			fail_msg("%s for %s passed", bad[i].with,
			    bad[i].what);
		assert_null(q);
		if (strcmp(err.key, bad[i].key) != 0)
			fail_msg("%s: %s, expected %s", bad[i].with, err.key,
			    bad[i].key);
		sh_error_clear(&err);
		json_decref(v);
		free(t);
	}
	free(s);
	sh_page_free(p);
}

static void
counts_have_limits(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_page *p;
	const struct sh_box box = { 0, 0, 1, 1 };
	const int32_t base[4] = { 0, 1, 1, 1 };
	char longest[SH_PAGE_WORD_BYTES + 2], name[32];
	int i;

	(void)state;
	must_ptr(p = sh_page_new(&err));
	p->width_px = p->height_px = 1;
	must_fail(sh_page_add_word(p, "a", box, 1, &err), SH_EARG);
	for (i = 0; i < SH_PAGE_LINES_MAX; i++)
		must(sh_page_add_line(p, box, base, 0, &err));
	must_fail(sh_page_add_line(p, box, base, 0, &err), SH_ELIMIT);
	for (i = 0; i < SH_PAGE_WORDS_MAX; i++)
		must(sh_page_add_word(p, "a", box, 1, &err));
	must_fail(sh_page_add_word(p, "a", box, 1, &err), SH_ELIMIT);
	for (i = 0; i < SH_PAGE_CODES_MAX; i++)
		must(sh_page_add_mark(p, SH_BARCODE_OTHER, "", box, "",
		    &err));
	must_fail(sh_page_add_mark(p, SH_BARCODE_OTHER, "", box, "", &err),
	    SH_ELIMIT);
	for (i = 0; i < SH_PAGE_MEASURES_MAX; i++) {
		(void)snprintf(name, sizeof(name), "m%d", i);
		must(sh_page_set_measure(p, name, i, &err));
	}
	must_fail(sh_page_set_measure(p, "m", 0, &err), SH_ELIMIT);
	sh_page_free(p);
	must_ptr(p = sh_page_new(&err));
	p->width_px = p->height_px = 1;
	must(sh_page_add_line(p, box, base, 0, &err));
	memset(longest, 'a', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	must_fail(sh_page_add_word(p, longest, box, 1, &err), SH_EFORMAT);
	must(sh_page_add_word(p, longest + 1, box, 1, &err));
	must_fail(sh_page_add_word(p, "a", box, 1.01, &err), SH_EARG);
	sh_page_free(p);
}

/* Run a command on the file; its standard output. */
static char *
run(const char *cmd, const char *path)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_buf b = SH_BUF_INIT;
	char line[512], *s;
	FILE *f;

	(void)snprintf(line, sizeof(line), "%s %s 2>&1", cmd, path);
	assert_non_null(f = popen(line, "r"));
	must(sh_fs_read_fd(fileno(f), 1 << 20, &b, &err));
	if (pclose(f) != 0)
		fail_msg("%s: %s", line, (char *)b.data);
	must(sh_buf_append(&b, "", 0, &err));
	must_ptr(s = sh_buf_steal(&b, &err));
	return (s);
}

static void
alto_is_well_formed(void **state)
{
	static const struct {
		const char *xpath, *want;
	} facts[] = {
		{ "count(//*[local-name()=\"Page\"])", "2" },
		{ "count(//*[local-name()=\"TextBlock\"])", "4" },
		{ "count(//*[local-name()=\"TextLine\"])", "4" },
		{ "count(//*[local-name()=\"String\"])", "6" },
		{ "count(//*[local-name()=\"SP\"])", "2" },
		{ "count(//@ID[not(. = preceding::*/@ID)])", "18" },
		{ "string(//*[local-name()=\"String\"][2]/@CONTENT)",
		    "&<\"'>]]>" },
		{ "string(//*[local-name()=\"String\"][1]/@WC)", "0.988" },
		{ "string(//*[local-name()=\"TextLine\"][1]/@BASELINE)",
		    "10,58 500,60" },
		{ "string(//*[local-name()=\"String\"][2]/@HPOS)", "120" },
		{ "namespace-uri(/*)",
		    "http://www.loc.gov/standards/alto/ns-v4#" },
	};
	struct sh_error err = SH_ERROR_INIT;
	struct sh_page *p = make_page();
	const struct sh_page *const pages[2] = { p, p };
	struct sh_buf b = SH_BUF_INIT;
	char *dir = test_mkdir(), path[256], cmd[256], *got;
	size_t i;

	(void)state;
	must_fail(sh_page_alto(pages, 0, &b, &err), SH_EARG);
	/* A line that got no words is not an element without content. */
	must(sh_page_add_line(p, (struct sh_box){ 1, 1, 1, 1 },
	    (const int32_t[4]){ 1, 1, 2, 1 }, 7, &err));
	must(sh_page_alto(pages, 2, &b, &err));
	(void)snprintf(path, sizeof(path), "%s/alto.xml", dir);
	must(sh_fs_replace(path, b.data, b.len, 0600, &err));
	free(run("xmllint --noout --nonet", path));
	for (i = 0; i < SH_COUNT(facts); i++) {
		(void)snprintf(cmd, sizeof(cmd), "xmllint --xpath '%s'",
		    facts[i].xpath);
		got = run(cmd, path);
		got[strcspn(got, "\n")] = '\0';
		if (strcmp(got, facts[i].want) != 0)
			fail_msg("%s: %s, expected %s", facts[i].xpath, got,
			    facts[i].want);
		free(got);
	}
	sh_buf_free(&b);
	sh_page_free(p);
	test_rmdir(dir);
}

static void
boxes_unite(void **state)
{
	struct sh_box a = { 5, 5, 10, 10 }, b = { 0, 8, 6, 20 }, u;

	(void)state;
	u = sh_box_union(a, b);
	assert_int_equal(u.x, 0);
	assert_int_equal(u.y, 5);
	assert_int_equal(u.w, 15);
	assert_int_equal(u.h, 23);
	u = sh_box_union((struct sh_box){ 0, 0, 0, 0 }, b);
	assert_memory_equal(&u, &b, sizeof(u));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_follows_lines),
		cmocka_unit_test(json_comes_back_the_same),
		cmocka_unit_test(json_fits_its_schema),
		cmocka_unit_test(json_is_not_trusted),
		cmocka_unit_test(counts_have_limits),
		cmocka_unit_test(alto_is_well_formed),
		cmocka_unit_test(boxes_unite),
	};

	return (cmocka_run_group_tests_name("page", tests, NULL, NULL));
}
