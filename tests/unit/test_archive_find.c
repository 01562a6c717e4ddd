/* archive/: find, need, the search, and the forms of their answers. */
#include <fcntl.h>
#include <sys/wait.h>

#include "archive/archive_internal.h"
#include "archive/reuse_internal.h"
#include "archive/search.h"
#include "tests/unit/archive_scene.h"

static int
setup(void **state)
{
	return (scene_setup(state, "", NULL));
}

/* V is of the form that the schema tells: an independent program says so. */
static void
expect_form(const json_t *v, const char *schema)
{
	static const char program[] = "import json,sys,jsonschema\n"
	    "s=json.load(open(sys.argv[1]))\n"
	    "jsonschema.Draft202012Validator.check_schema(s)\n"
	    "jsonschema.Draft202012Validator(s).validate(json.load("
	    "open(sys.argv[2])))\n";
	struct sh_error err = SH_ERROR_INIT;
	struct sh_buf b = SH_BUF_INIT;
	char path[] = "/tmp/sohoa-form-XXXXXX";
	int fd, status;
	pid_t pid;

	assert_true((fd = mkstemp(path)) >= 0);
	must(sh_json_print(v, 1, &b, &err));
	must(sh_write_all(fd, b.data, b.len, &err));
	(void)close(fd);
	if ((pid = fork()) == 0) {
		(void)execlp("python3", "python3", "-c", program, schema,
		    path, (char *)NULL);
		_exit(127);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (status != 0)
		fail_msg("not of %s: %s", schema, (char *)b.data);
	(void)unlink(path);
	sh_buf_free(&b);
}

/* ---- find ---------------------------------------------------------------- */

static json_t *
find(struct sh_archive *ar, const struct sh_query *q)
{
	struct sh_error err = SH_ERROR_INIT;
	json_t *a;

	must(sh_archive_find(ar, &fixture_reader, q, &a, &err));
	return (a);
}

static size_t
count(struct sh_archive *ar, const struct sh_query *q)
{
	json_t *a = find(ar, q);
	size_t n = json_array_size(json_object_get(a, "documents"));

	json_decref(a);
	return (n);
}

/* All pages of LIMIT each: every document once, none older before newer. */
static size_t
page_through(struct sh_archive *ar, struct sh_query q, size_t limit)
{
	char cursor[80] = "";
	json_t *a, *v, *docs, *seen = json_object();
	const char *at, *last = NULL, *next;
	char before[40] = "9";
	size_t i, n;

	q.limit = limit;
	do {
		q.after = cursor[0] != '\0' ? cursor : NULL;
		a = find(ar, &q);
		docs = json_object_get(a, "documents");
		assert_true(json_array_size(docs) <= limit);
		json_array_foreach(docs, i, v) {
			at = sh_member(v, "archived_at");
			assert_true(strcmp(at, before) <= 0);
			(void)snprintf(before, sizeof(before), "%s", at);
			assert_null(json_object_get(seen, sh_member(v,
			    "id")));
			json_object_set_new(seen, sh_member(v, "id"),
			    json_true());
		}
		next = sh_member(a, "next");
		(void)snprintf(cursor, sizeof(cursor), "%s",
		    next != NULL ? next : "");
		json_decref(a);
	} while (cursor[0] != '\0');
	(void)last;
	n = json_object_size(seen);
	json_decref(seen);
	return (n);
}

/* 30 documents: persons 0..4, every third a marriage of two. */
static void
fill(struct test *t, struct sh_document_id ids[30])
{
	struct fixture_doc d;
	unsigned i;

	for (i = 0; i < 30; i++) {
		fixture_make(&d, i, i % 5, i % 3 == 0);
		if (i % 10 == 9)
			d.acc.number = "07/2020/GKS";
		if (i % 10 == 8)
			d.acc.type = NULL;
		ids[i] = accede(t->ar, &d.acc, SH_ACCEDED);
		fixture_free(&d);
	}
}

static void
found_by_holder_number_type(void **state)
{
	struct test *t = *state;
	struct sh_document_id ids[30];
	struct fixture_doc d;
	struct sh_query q = { .limit = 100 };
	json_t *a, *v;
	int i;

	fill(t, ids);
	fixture_make(&d, 0, 2, 1);
	for (i = 0; i < 2; i++) {
		q = (struct sh_query){ .limit = 100,
		    .holder = &d.holders[0].id };
		assert_int_equal(count(t->ar, &q), 6);
		assert_int_equal(page_through(t->ar, q, 1), 6);
		assert_int_equal(page_through(t->ar, q, 4), 6);
		q.type = "giay-chung-nhan-ket-hon";
		assert_int_equal(count(t->ar, &q), 2);
		q.type = "ho-chieu";
		assert_int_equal(count(t->ar, &q), 0);
		q.type = NULL;
		q.number = "12 - 2020 tlks bs";
		assert_int_equal(count(t->ar, &q), 1);
		/* The wife has only the marriages. */
		q = (struct sh_query){ .limit = 100,
		    .holder = &d.holders[1].id };
		assert_int_equal(count(t->ar, &q), 2);
		q = (struct sh_query){ .limit = 100,
		    .number = "07/2020/gks" };
		assert_int_equal(count(t->ar, &q), 3);
		assert_int_equal(page_through(t->ar, q, 2), 3);
		q.number = "07/2020";
		assert_int_equal(count(t->ar, &q), 0);
		q = (struct sh_query){ .limit = 100,
		    .type = "giay-khai-sinh" };
		assert_int_equal(page_through(t->ar, q, 7), 18);
		reopen(t, i == 0);
	}
	q = (struct sh_query){ .limit = 100, .holder = &d.holders[0].id };
	a = find(t->ar, &q);
	expect_form(a, "schemas/find.schema.json");
	/* Archived within one second or not: the newest leads. */
	v = json_array_get(json_object_get(a, "documents"), 0);
	assert_non_null(sh_member(v, "issuer"));
	assert_int_equal(json_integer_value(json_object_get(v, "pages")), 1);
	json_decref(a);
	{
		struct sh_error err = SH_ERROR_INIT;

		must(sh_archive_show(t->ar, &fixture_reader, &ids[9], &a,
		    &err));
		expect_form(a, "schemas/document.schema.json");
		json_decref(a);
		q.after = "h00";
		must_fail(sh_archive_find(t->ar, &fixture_reader, &q, &a,
		    &err), SH_EARG);
		q.after = "n0000000000000000000000000000000000000000"
		    "00000000";
		must_fail(sh_archive_find(t->ar, &fixture_reader, &q, &a,
		    &err), SH_EARG);
		q = (struct sh_query){ .limit = 0, .type = "x" };
		must_fail(sh_archive_find(t->ar, &fixture_reader, &q, &a,
		    &err), SH_EARG);
		q = (struct sh_query){ .limit = 5 };
		must_fail(sh_archive_find(t->ar, &fixture_reader, &q, &a,
		    &err), SH_EARG);
	}
	fixture_free(&d);
}

static void
found_by_words(void **state)
{
	static const struct {
		const char *text;
		int exact;
		size_t want;
	} cases[] = {
		{ "riêng7", 0, 1 },
		{ "rieng7", 0, 1 },
		{ "RIENG7", 1, 0 },
		{ "RIÊNG7", 1, 1 },
		{ "uy ban", 0, 31 },
		{ "\"phường Thử Nghiệm 7\"", 0, 1 },
		{ "\"phuong thu nghiem 7\"", 1, 0 },
		{ "\"phường THỬ nghiệm 7\"", 1, 1 },
		{ "\"nghiệm thử\"", 0, 0 },
		{ "nghiem thu riêng7", 0, 1 },
		{ "không-có-từ-này", 0, 0 },
		{ "\"đám cưới vàng\"", 0, 1 },
		{ "dam cuoi vang", 0, 1 },
		{ "dam cuoi vang", 1, 0 },
		{ "đám vàng", 1, 1 },
		{ "vang*", 0, 0 },	/* beginnings: names, numbers only */
		{ "đặcbi*", 0, 1 },
		{ "dacbi*", 0, 1 },
		{ "dacbi*", 1, 0 },
		{ "ĐẶCBI*", 1, 1 },
		{ "acbi*", 0, 0 },
		{ "XYZ99*", 0, 1 },
		{ "\"xyz99 b\"", 0, 0 },
		{ "XYZ99999/20*", 0, 1 },
		{ "XYZ9999/20*", 0, 0 },
		{ "02709900*", 0, 1 },
		{ "e\xcc\x82m\xcc\x80", 0, 0 },
		{ "gia tri tu truong", 0, 1 },
	};
	struct sh_error err = SH_ERROR_INIT;
	struct test *t = *state;
	struct sh_document_id ids[30];
	struct fixture_doc d;
	struct sh_query q = { .limit = 100 };
	json_t *a;
	size_t i, k;

	fill(t, ids);
	fixture_make(&d, 77, 40, 0);
	d.holders[0].name = "Đặcbiệt Thị Duynhất";
	(void)snprintf(d.holders[0].id.value, sizeof(d.holders[0].id.value),
	    "027099000123");
	d.acc.number = "XYZ99999/2020";
	d.acc.text = "Đám cưới vàng của hai ông bà";
	json_decref((json_t *)(uintptr_t)d.acc.fields);
	d.acc.fields = json_pack("{s:{s:s}}", "note", "value",
	    "giá trị từ trường");
	(void)accede(t->ar, &d.acc, SH_ACCEDED);
	fixture_free(&d);
	for (k = 0; k < 3; k++) {
		for (i = 0; i < SH_COUNT(cases); i++) {
			size_t n;

			q = (struct sh_query){ .limit = 100,
			    .text = cases[i].text, .exact = cases[i].exact };
			n = count(t->ar, &q);
			if (n != cases[i].want && !(cases[i].want == 31 &&
			    n >= 30))
				fail_msg("%s (%d): %zu found, expected %zu",
				    cases[i].text, cases[i].exact, n,
				    cases[i].want);
		}
		/* Again from a file made anew, and by a reader. */
		if (k == 0) {
			sh_archive_close(t->ar);
			must(sh_fs_remove_tree(t->p.search, &err));
			must(sh_archive_open(&t->p.place, NULL, 0, &t->ar,
			    &err));
		} else if (k == 1) {
			reopen(t, 1);
		}
	}
	q = (struct sh_query){ .text = "nhan dan" };
	assert_true(page_through(t->ar, q, 4) >= 20);
	q.text = "riêng7";
	q.type = "ho-chieu";
	q.limit = 10;
	assert_int_equal(count(t->ar, &q), 0);
	fixture_make(&d, 7, 2, 1);
	q.type = NULL;
	q.holder = &d.holders[0].id;
	assert_int_equal(count(t->ar, &q), 1);
	q.holder = &d.holders[1].id;
	assert_int_equal(count(t->ar, &q), 0);
	fixture_free(&d);
	q = (struct sh_query){ .limit = 100, .text = "nhan" };
	a = find(t->ar, &q);
	expect_form(a, "schemas/find.schema.json");
	json_decref(a);
	q.text = "?!";
	must_fail(sh_archive_find(t->ar, &fixture_reader, &q, &a, &err),
	    SH_EARG);
	q.text = "a*";
	must_fail(sh_archive_find(t->ar, &fixture_reader, &q, &a, &err),
	    SH_EARG);
	q.text = "\xff";
	must_fail(sh_archive_find(t->ar, &fixture_reader, &q, &a, &err),
	    SH_EFORMAT);
	q.text = "\" OR body : \"x";
	assert_int_equal(count(t->ar, &q), 0);
}

static int
count_findings(void *arg, const char *key, const char *text,
    struct sh_error *err)
{
	(void)key;
	(void)text;
	(void)err;
	++*(int *)arg;
	return (0);
}

/* The middle of a pseudonym behind FROM. */
static size_t
word_in(const struct sh_buf *b, size_t from)
{
	size_t run = 0;

	for (; from < b->len && run < 11; from++)
		run = strchr("abcdefghijklmnopqrstuvwxyz234567",
		    b->data[from]) != NULL && b->data[from] != 0 ? run + 1 :
		    0;
	assert_true(run == 11);
	return (from - 5);
}

static void
a_damaged_search_is_seen_and_made_anew(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct test *t = *state;
	struct sh_document_id ids[30];
	struct sh_query q = { .limit = 100, .text = "riêng7" };
	struct sh_buf file = SH_BUF_INIT;
	char path[500];
	json_t *a;
	int findings = 0, i;

	fill(t, ids);
	must(sh_archive_search_follow(t->ar, &err));
	must(sh_archive_status(t->ar, &a, &err));
	assert_int_equal(json_integer_value(json_object_get(json_object_get(
	    a, "search"), "documents")), 30);
	json_decref(a);
	must(sh_search_check(t->ar->search, t->ar, count_findings, &findings,
	    &err));
	assert_int_equal(findings, 0);
	sh_archive_close(t->ar);
	(void)snprintf(path, sizeof(path), "%s/words.sqlite", t->p.search);
	must(sh_fs_read(path, 64 << 20, &file, &err));
	/* A letter of a word is changed: SQLite itself does not notice. */
	for (i = 0; i < 3; i++) {
		size_t at = word_in(&file, 30000 + (size_t)i * 9000);

		file.data[at] ^= 1;
		must(sh_fs_replace(path, file.data, file.len, 0600, &err));
		file.data[at] ^= 1;
		must(sh_archive_open(&t->p.place, NULL, 0, &t->ar, &err));
		findings = 0;
		must(sh_search_check(t->ar->search, t->ar, count_findings,
		    &findings, &err));
		assert_true(findings > 0);
		sh_archive_close(t->ar);
	}
	/* No database at all. */
	must(sh_fs_replace(path, "nonsense", 8, 0600, &err));
	must(sh_archive_open(&t->p.place, NULL, 0, &t->ar, &err));
	assert_int_equal(count(t->ar, &q), 1);
	sh_buf_free(&file);
}

/* ---- need ---------------------------------------------------------------- */

static struct sh_date
day(const char *s)
{
	struct sh_date d = { 0 };

	if (s != NULL)
		assert_int_equal(sh_date_parse(s, &d), 0);
	return (d);
}

static void
need_follows_the_rules(void **state)
{
	static const struct sh_paper_type *const types[][2] = {
		{ &fixture_types[BIRTH] }, { &fixture_types[MARRIAGE] },
		{ &fixture_types[RECORD] }, { &fixture_types[PASSPORT] },
		{ &fixture_types[RESIDENCE] }, { &fixture_types[SINGLE] },
		{ &fixture_types[OLD_CARD] },
		{ &fixture_types[PASSPORT], &fixture_types[OLD_CARD] },
	};
	static const struct {
		enum fixture_type type;
		const char *issued, *until, *procedure;
	} held[] = {
		{ BIRTH, "1990-05-06", NULL, NULL },
		{ RECORD, "2026-03-15", NULL, NULL },
		{ RECORD, "2025-01-01", NULL, NULL },
		{ PASSPORT, "2020-06-01", "2030-06-01", NULL },
		{ RESIDENCE, "2024-01-01", NULL, NULL },
		{ RESIDENCE, "2026-02-01", NULL, NULL },
		{ SINGLE, "2026-05-01", NULL, "1.004873.000.00.00.H13" },
		{ OLD_CARD, "2010-01-01", NULL, NULL },
	};
	/* Component i asks for types[i]; fresh: the freshness in months. */
	static const struct {
		const char *day, *procedure;
		size_t component;
		int fresh;
		const char *state, *reason, *until;
	} cases[] = {
		{ "2026-06-01", "1.1", 0, 0, "held", NULL, NULL },
		{ "1990-05-05", "1.1", 0, 0, "missing", "issued-later", NULL },
		{ "1990-05-06", "1.1", 0, 0, "held", NULL, NULL },
		{ "2026-06-01", "1.1", 0, 12, "expired", "not-fresh",
		    "1991-05-06" },
		{ "2026-06-01", "1.1", 1, 0, "missing", NULL, NULL },
		{ "2026-06-01", "1.1", 2, 0, "held", NULL, "2026-09-15" },
		{ "2026-09-15", "1.1", 2, 0, "held", NULL, "2026-09-15" },
		{ "2026-09-16", "1.1", 2, 0, "expired", "expired",
		    "2026-09-15" },
		{ "2026-06-01", "1.1", 2, 3, "held", NULL, "2026-06-15" },
		{ "2026-06-16", "1.1", 2, 3, "expired", "not-fresh",
		    "2026-06-15" },
		{ "2030-06-01", "1.1", 3, 0, "held", NULL, "2030-06-01" },
		{ "2030-06-02", "1.1", 3, 0, "expired", "expired",
		    "2030-06-01" },
		{ "2026-06-01", "1.1", 4, 0, "held", NULL, NULL },
		{ "2025-06-01", "1.1", 4, 0, "held", NULL, NULL },
		{ "2026-06-01", "1.1", 5, 0, "missing", "other-purpose",
		    NULL },
		{ "2026-06-01", "1.004873", 5, 0, "held", NULL,
		    "2026-11-01" },
		{ "2026-06-01", "1.00487", 5, 0, "missing", "other-purpose",
		    NULL },
		{ "2026-12-01", "1.004873", 5, 0, "expired", "expired",
		    "2026-11-01" },
		{ "2024-12-31", "1.1", 6, 0, "held", NULL, "2024-12-31" },
		{ "2025-01-01", "1.1", 6, 0, "expired", "void-by-law",
		    "2024-12-31" },
		{ "2026-06-01", "1.1", 7, 0, "held", NULL, "2030-06-01" },
		{ "2031-06-01", "1.1", 7, 0, "expired", "expired",
		    "2030-06-01" },
	};
	struct sh_error err = SH_ERROR_INIT;
	struct test *t = *state;
	struct fixture_doc d;
	struct sh_component c = { .code = "TP", .name = "Giấy tờ",
	    .required = 1 };
	struct sh_procedure p = { .name = "Thử", .components = &c,
	    .ncomponents = 1 };
	json_t *a, *v;
	const char *s;
	size_t i;

	for (i = 0; i < SH_COUNT(held); i++) {
		fixture_make(&d, 200 + i, 9, 0);
		d.acc.type = &fixture_types[held[i].type];
		d.acc.issued = day(held[i].issued);
		d.acc.valid_until = day(held[i].until);
		d.acc.procedure = held[i].procedure;
		(void)accede(t->ar, &d.acc, SH_ACCEDED);
		fixture_free(&d);
	}
	fixture_make(&d, 1, 9, 0);
	for (i = 0; i < SH_COUNT(cases); i++) {
		c.types = types[cases[i].component];
		c.ntypes = cases[i].component == 7 ? 2 : 1;
		c.freshness_months = cases[i].fresh;
		p.code = cases[i].procedure;
		must(sh_reuse_need(t->ar, &fixture_reader, &p,
		    &d.holders[0], day(cases[i].day), &a, &err));
		v = json_array_get(json_object_get(a, "components"), 0);
		s = sh_member(v, "reason");
		if (strcmp(sh_member(v, "state"), cases[i].state) != 0 ||
		    (s == NULL) != (cases[i].reason == NULL) ||
		    (s != NULL && strcmp(s, cases[i].reason) != 0))
			fail_msg("case %zu: %s, %s", i, sh_member(v, "state"),
			    s != NULL ? s : "-");
		s = sh_member(v, "valid_until");
		if ((s == NULL) != (cases[i].until == NULL) ||
		    (s != NULL && strcmp(s, cases[i].until) != 0))
			fail_msg("case %zu: until %s", i,
			    s != NULL ? s : "-");
		if (i % 7 == 0)
			expect_form(a, "schemas/need.schema.json");
		json_decref(a);
	}
	/* The older of its kind is superseded by the newer, on its day. */
	c.types = types[4];
	c.ntypes = 1;
	c.freshness_months = 0;
	must(sh_reuse_need(t->ar, &fixture_reader, &p, &d.holders[0],
	    day("2026-06-01"), &a, &err));
	v = json_array_get(json_object_get(a, "components"), 0);
	assert_string_equal(sh_member(v, "issued"), "2026-02-01");
	assert_string_equal(sh_member(v, "provenance"), "seen");
	json_decref(a);
	fixture_free(&d);
}

static void
need_without_dates_and_papers(void **state)
{
	static const struct sh_paper_type *const record[] = {
		&fixture_types[RECORD] };
	static const struct sh_component c[] = {
		{ .code = "A", .name = "một", .types = record, .ntypes = 1,
		    .required = 1 },
		{ .code = "B", .name = "hai", .types = record, .ntypes = 0 },
	};
	static const struct sh_procedure p = { .code = "1.001193",
	    .components = c, .ncomponents = 2 };
	struct sh_error err = SH_ERROR_INIT;
	struct test *t = *state;
	struct sh_reader nobody = { .name = "x" };
	struct fixture_doc d;
	json_t *a, *v;

	fixture_make(&d, 1, 9, 0);
	must(sh_reuse_need(t->ar, &fixture_reader, &p, &d.holders[0],
	    day("2026-06-01"), &a, &err));
	expect_form(a, "schemas/need.schema.json");
	assert_int_equal(json_array_size(json_object_get(a, "components")),
	    2);
	v = json_array_get(json_object_get(a, "components"), 0);
	assert_string_equal(sh_member(v, "state"), "missing");
	assert_string_equal(sh_member(v, "type"), "phieu-ly-lich-tu-phap");
	json_decref(a);
	d.acc.type = &fixture_types[RECORD];
	d.acc.issued = (struct sh_date){ 0 };
	(void)accede(t->ar, &d.acc, SH_ACCEDED);
	must(sh_reuse_need(t->ar, &fixture_reader, &p, &d.holders[0],
	    day("2026-06-01"), &a, &err));
	v = json_array_get(json_object_get(a, "components"), 0);
	assert_string_equal(sh_member(v, "state"), "expired");
	assert_string_equal(sh_member(v, "reason"), "no-issue-date");
	json_decref(a);
	must_fail(sh_reuse_need(t->ar, &nobody, &p, &d.holders[0],
	    day("2026-06-01"), &a, &err), SH_EDENIED);
	must_fail(sh_reuse_need(t->ar, &fixture_reader, &p, &d.holders[0],
	    (struct sh_date){ 2026, 2, 30 }, &a, &err), SH_EARG);
	must_fail(sh_archive_need(t->ar, &fixture_reader, "9.999999",
	    &d.holders[0].id, day("2026-06-01"), &a, &err), SH_ENOTFOUND);
	assert_null(a);
	fixture_free(&d);
}

#define EACH(f)	cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		EACH(found_by_holder_number_type),
		EACH(found_by_words),
		EACH(a_damaged_search_is_seen_and_made_anew),
		EACH(need_follows_the_rules),
		EACH(need_without_dates_and_papers),
	};

	return (cmocka_run_group_tests_name("archive find", tests, NULL,
	    NULL));
}
