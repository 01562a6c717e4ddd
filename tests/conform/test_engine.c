/*
 * archive/engine.h: what goes in comes out, once, in order: blobs, changes,
 * scans, references, the feed, jobs.
 */
#include "tests/conform/engine.h"

/* ---- blobs --------------------------------------------------------------- */

static const size_t sizes[] = { 0, 1, 95, 96, 97, 65535, 65536, 65537,
    131072, 300001 };

static void
blobs_come_back(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct place *p = *state;
	struct content c[SH_COUNT(sizes)];
	struct sh_blob b[SH_COUNT(sizes) + 1];
	struct sh_buf part = SH_BUF_INIT;
	struct sh_digest d;
	char n[SH_COUNT(sizes)][20];
	size_t i, k;

	memset(b, 0, sizeof(b));
	for (i = 0; i < SH_COUNT(sizes); i++) {
		(void)snprintf(n[i], sizeof(n[i]), "blob %zu", i);
		c[i] = (struct content){ .seed = i, .len = sizes[i] };
		b[i] = (struct sh_blob){ .name = name(n[i]),
		    .source = content_source, .arg = &c[i] };
	}
	/* One name twice in a batch. */
	b[i] = b[0];
	must(sh_engine_blob_put(p->e, b, SH_COUNT(b), &err));
	assert_int_equal(b[i].existed, 1);
	for (k = 0; k < 2; k++) {
		for (i = 0; i < SH_COUNT(sizes); i++)
			expect_blob(p->e, n[i], i, sizes[i]);
		reopen(p);
	}
	/* Held: the source is not asked. */
	c[4].asked = 0;
	must(sh_engine_blob_put(p->e, &b[4], 1, &err));
	assert_int_equal(b[4].existed, 1);
	assert_int_equal(b[4].bytes, sizes[4]);
	assert_int_equal(c[4].asked, 0);
	/* A part, a part over the end, a part behind it. */
	d = name(n[7]);
	must(sh_engine_blob_get(p->e, &d, 65530, 3, to_buf, &part, NULL,
	    &err));
	must(sh_engine_blob_get(p->e, &d, 65533, 1000, to_buf, &part, NULL,
	    &err));
	must(sh_engine_blob_get(p->e, &d, 70000, 10, to_buf, &part, NULL,
	    &err));
	assert_int_equal(part.len, 7);
	for (i = 0; i < 7; i++)
		assert_int_equal(part.data[i], byte_at(7, 65530 + i));
	sh_buf_free(&part);
	d = name("unknown");
	must_fail(sh_engine_blob_get(p->e, &d, 0, UINT64_MAX, NULL, NULL,
	    NULL, &err), SH_ENOTFOUND);
}

static void
a_failed_batch_leaves_nothing(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct place *p = *state;
	struct content good = { .seed = 1, .len = 5000 };
	struct content bad = { .seed = 2, .len = 90000, .fail_at = 80000 };
	struct sh_blob b[2] = {
		{ .name = name("good"), .source = content_source,
		    .arg = &good },
		{ .name = name("bad"), .source = content_source,
		    .arg = &bad },
	};

	put_blob(p->e, "before", 7, 1234);
	must_fail(sh_engine_blob_put(p->e, b, 2, &err), SH_EFORMAT);
	must_fail(sh_engine_blob_get(p->e, &b[0].name, 0, UINT64_MAX, NULL,
	    NULL, NULL, &err), SH_ENOTFOUND);
	must_fail(sh_engine_blob_get(p->e, &b[1].name, 0, UINT64_MAX, NULL,
	    NULL, NULL, &err), SH_ENOTFOUND);
	good.at = bad.at = bad.fail_at = 0;
	must(sh_engine_blob_put(p->e, b, 2, &err));
	reopen(p);
	expect_blob(p->e, "before", 7, 1234);
	expect_blob(p->e, "good", 1, 5000);
	expect_blob(p->e, "bad", 2, 90000);
}

/* ---- changes ------------------------------------------------------------- */

static void
commit_is_made_once(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct place *p = *state;
	struct sh_put put = { .document = tag("d1"), .value = "v1", .len = 2 };
	struct sh_digest head, zero = { { 0 } };
	struct sh_head at;
	struct sh_change c;
	uint8_t value[SH_VALUE_MAX], chained[72];
	size_t len;

	simple_change(&c, "h1", "op1");
	c.puts = &put;
	c.nputs = 1;
	c.expect = &zero;
	must(sh_engine_commit(p->e, &c, 1, &err));
	assert_int_equal(c.outcome, SH_COMMITTED);
	assert_int_equal(c.sequence, 1);
	/* The chain, computed here from the contract's words. */
	memset(chained, 0, sizeof(chained));
	chained[39] = 1;
	memcpy(chained + 40, c.digest.b, 32);
	must(sh_sha256(chained, sizeof(chained), &head, &err));
	assert_memory_equal(&head, &c.head, 32);

	reopen(p);
	must(sh_engine_get(p->e, &c.holder, &put.document, value, &len, &err));
	assert_int_equal(len, 2);
	assert_memory_equal(value, "v1", 2);
	/* The same operation, even with an old condition. */
	must(sh_engine_commit(p->e, &c, 1, &err));
	assert_int_equal(c.outcome, SH_COMMITTED_BEFORE);
	assert_int_equal(c.sequence, 1);
	assert_memory_equal(&head, &c.head, 32);
	/* The head has moved. */
	simple_change(&c, "h1", "op2");
	c.expect = &zero;
	must(sh_engine_commit(p->e, &c, 1, &err));
	assert_int_equal(c.outcome, SH_COMMIT_CONFLICT);
	assert_memory_equal(&head, &c.head, 32);
	c.expect = &head;
	must(sh_engine_commit(p->e, &c, 1, &err));
	assert_int_equal(c.outcome, SH_COMMITTED);
	assert_int_equal(c.sequence, 2);
	must(sh_engine_head(p->e, &c.holder, &at, &err));
	assert_int_equal(at.sequence, 2);
	assert_memory_equal(&at.head, &c.head, 32);
	/* An operation id is the holder's own. */
	simple_change(&c, "h2", "op1");
	must(sh_engine_commit(p->e, &c, 1, &err));
	assert_int_equal(c.outcome, SH_COMMITTED);
	assert_int_equal(c.sequence, 1);
	c.holder = tag("h3");
	must(sh_engine_head(p->e, &c.holder, &at, &err));
	assert_int_equal(at.sequence, 0);
}

static void
documents_are_put_once(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct place *p = *state;
	struct sh_put put = { .document = tag("d"), .value = "one", .len = 3 };
	struct sh_tag other = tag("other");
	struct sh_change c;
	uint8_t value[SH_VALUE_MAX];
	size_t len;

	simple_change(&c, "h", "1");
	c.puts = &put;
	c.nputs = 1;
	must(sh_engine_commit(p->e, &c, 1, &err));
	c.operation = tag("2");
	put.value = "two";
	must(sh_engine_commit(p->e, &c, 1, &err));
	assert_int_equal(c.outcome, SH_COMMIT_CONFLICT);
	must(sh_engine_get(p->e, &c.holder, &put.document, value, &len, &err));
	assert_memory_equal(value, "one", 3);
	must_fail(sh_engine_get(p->e, &other, &put.document, value, &len,
	    &err), SH_ENOTFOUND);
	c.operation = tag("3");
	put.value = NULL;
	put.len = 0;
	must(sh_engine_commit(p->e, &c, 1, &err));
	assert_int_equal(c.outcome, SH_COMMITTED);
	assert_int_equal(sh_engine_get(p->e, &c.holder, &put.document, value,
	    &len, &err), -1);
	assert_string_equal(err.key, "engine.tombstone");
	sh_error_clear(&err);
	/* For good. */
	c.operation = tag("4");
	must(sh_engine_commit(p->e, &c, 1, &err));
	assert_int_equal(c.outcome, SH_COMMIT_CONFLICT);
	put.value = "new";
	put.len = 3;
	must(sh_engine_commit(p->e, &c, 1, &err));
	assert_int_equal(c.outcome, SH_COMMIT_CONFLICT);
}

/* A conflict in the middle leaves its neighbours alone. */
static void
changes_stand_alone(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct place *p = *state;
	struct sh_digest wrong = name("wrong");
	struct sh_change c[4];

	simple_change(&c[0], "a", "x");
	simple_change(&c[1], "b", "x");
	c[1].expect = &wrong;
	simple_change(&c[2], "a", "y");
	simple_change(&c[3], "a", "x");
	must(sh_engine_commit(p->e, c, 4, &err));
	assert_int_equal(c[0].outcome, SH_COMMITTED);
	assert_int_equal(c[1].outcome, SH_COMMIT_CONFLICT);
	assert_int_equal(c[2].outcome, SH_COMMITTED);
	assert_int_equal(c[2].sequence, 2);
	assert_int_equal(c[3].outcome, SH_COMMITTED_BEFORE);
	assert_int_equal(c[3].sequence, 1);
}

static void
scan_keeps_the_order(void **state)
{
	static const struct {
		unsigned table;
		const char *term, *prefix, *after;
		int descending;
		size_t stop;
		const char *want;
	} cases[] = {
		{ 1, "h", NULL, NULL, 0, 0, "=0 a=1 a1=2 a2=3 ab=4 b=5 " },
		{ 1, "h", NULL, NULL, 1, 0, "b=5 ab=4 a2=3 a1=2 a=1 =0 " },
		{ 1, "h", "a", NULL, 0, 0, "a=1 a1=2 a2=3 ab=4 " },
		{ 1, "h", "a", NULL, 1, 0, "ab=4 a2=3 a1=2 a=1 " },
		{ 1, "h", "a", "a1", 0, 0, "a2=3 ab=4 " },
		{ 1, "h", "a", "a1", 1, 0, "a=1 " },
		{ 1, "h", NULL, "a1x", 0, 0, "a2=3 ab=4 b=5 " },
		{ 1, "h", NULL, "a1x", 1, 0, "a1=2 a=1 =0 " },
		{ 1, "h", NULL, "", 0, 2, "a=1 a1=2 " },
		{ 1, "h", NULL, NULL, 0, 2, "=0 a=1 " },
		{ 1, "h", "c", NULL, 0, 0, "" },
		{ 1, "g", NULL, NULL, 0, 0, "" },
		{ 2, "h", NULL, NULL, 0, 0, "z=own2 " },
		{ 200, "t", NULL, NULL, 0, 0, "k=global " },
		{ 201, "t", NULL, NULL, 1, 0, "" },
	};
	struct sh_error err = SH_ERROR_INIT;
	struct place *p = *state;
	struct sh_entry t[9];
	struct sh_change c;
	size_t i;

	entry(&t[0], 1, "h", "ab", "4");
	entry(&t[1], 1, "h", "", "0");
	entry(&t[2], 1, "h", "b", "5");
	entry(&t[3], 1, "h", "a1", "2");
	entry(&t[4], 1, "h", "a", "old");
	entry(&t[5], 1, "h", "a2", "3");
	entry(&t[6], 2, "h", "z", "own2");
	entry(&t[7], 200, "t", "k", "global");
	entry(&t[8], 1, "h", "gone", "x");
	simple_change(&c, "h", "1");
	c.entries = t;
	c.nentries = 9;
	must(sh_engine_commit(p->e, &c, 1, &err));
	entry(&t[0], 1, "h", "a", "1");
	entry(&t[1], 1, "h", "gone", NULL);
	entry(&t[2], 1, "h", "never", NULL);
	simple_change(&c, "h", "2");
	c.entries = t;
	c.nentries = 3;
	must(sh_engine_commit(p->e, &c, 1, &err));
	for (i = 0; i < SH_COUNT(cases); i++) {
		struct sh_range r = { .table = cases[i].table,
		    .term = tag(cases[i].term), .prefix = cases[i].prefix,
		    .after = cases[i].after,
		    .descending = cases[i].descending };
		struct seen s = { .e = p->e, .stop = cases[i].stop };

		if (r.prefix != NULL)
			r.prefixlen = strlen(r.prefix);
		if (r.after != NULL)
			r.afterlen = strlen(r.after);
		must(sh_engine_scan(p->e, &r, see_entry, &s, &err));
		if (strcmp(s.text, cases[i].want) != 0)
			fail_msg("case %zu: \"%s\", expected \"%s\"", i,
			    s.text, cases[i].want);
	}
	/* An own table's term is the holder, nothing else. */
	entry(&t[0], 1, "other", "a", "1");
	c.nentries = 1;
	c.operation = tag("3");
	must_fail(sh_engine_commit(p->e, &c, 1, &err), SH_EARG);
}

static int
count_entry(void *arg, const struct sh_entry *t, struct sh_error *err)
{
	size_t *n = arg;
	uint8_t want[4];

	(void)err;
	sh_put_be(want, *n, 4);
	assert_int_equal(t->sortlen, 4);
	assert_memory_equal(t->sort, want, 4);
	assert_int_equal(t->len, 100);
	(*n)++;
	return (0);
}

static void
long_scans_and_callbacks_that_write(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct place *p = *state;
	struct sh_range r = { .table = 1, .term = tag("h") };
	struct seen s = { .e = p->e, .writes = 1, .stop = 150 };
	struct sh_head head;
	struct sh_entry *t;
	struct sh_change c;
	uint8_t value[100] = { 0 };
	size_t i, n = 0;

	t = calloc(1000, sizeof(*t));
	for (i = 0; i < 1000; i++) {
		entry(&t[i], 1, "h", "", "");
		t[i].sortlen = 4;
		sh_put_be(t[i].sort, i, 4);
		t[i].value = value;
		t[i].len = sizeof(value);
	}
	simple_change(&c, "h", "many");
	c.entries = t;
	c.nentries = 1000;
	must(sh_engine_commit(p->e, &c, 1, &err));
	free(t);
	must(sh_engine_scan(p->e, &r, count_entry, &n, &err));
	assert_int_equal(n, 1000);
	must(sh_engine_scan(p->e, &r, see_entry, &s, &err));
	c.holder = tag("writer");
	must(sh_engine_head(p->e, &c.holder, &head, &err));
	assert_int_equal(head.sequence, 150);
}

static void
references_need_their_blob(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct place *p = *state;
	struct sh_reference ref = { .blob = name("b"), .document = tag("d") };
	struct sh_put put = { .document = tag("d"), .value = "v", .len = 1 };
	struct sh_head head;
	struct sh_change c;
	uint8_t value[SH_VALUE_MAX];
	size_t len;

	simple_change(&c, "h", "1");
	c.references = &ref;
	c.nreferences = 1;
	c.puts = &put;
	c.nputs = 1;
	must_fail(sh_engine_commit(p->e, &c, 1, &err), SH_ENOTFOUND);
	must_fail(sh_engine_get(p->e, &c.holder, &put.document, value, &len,
	    &err), SH_ENOTFOUND);
	must(sh_engine_head(p->e, &c.holder, &head, &err));
	assert_int_equal(head.sequence, 0);
	put_blob(p->e, "b", 1, 10);
	must(sh_engine_commit(p->e, &c, 1, &err));
	assert_int_equal(c.outcome, SH_COMMITTED);
}

/* ---- feed ---------------------------------------------------------------- */

static void
feed_is_ordered_and_resumes(void **state)
{
	static const char *const holders[] = { "h2", "h1", "h2", "h3", "h2" };
	struct sh_error err = SH_ERROR_INIT;
	struct place *p = *state;
	struct seen s = { .e = p->e };
	struct sh_tag h2 = tag("h2");
	struct sh_change c[5];
	uint64_t end;
	char op[8];
	size_t i;

	must(sh_engine_feed_end(p->e, 0, 0, &end, &err));
	assert_int_equal(end, 0);
	for (i = 0; i < 5; i++) {
		(void)snprintf(op, sizeof(op), "op%zu", i);
		simple_change(&c[i], holders[i], op);
		c[i].event = holders[i];
		c[i].eventlen = 2;
	}
	must(sh_engine_commit(p->e, c, 1, &err));
	must(sh_engine_feed_end(p->e, 0, 0, &end, &err));
	assert_int_equal(end, 1);
	must(sh_engine_commit(p->e, c + 1, 4, &err));
	reopen(p);
	s.e = p->e;
	must(sh_engine_feed(p->e, 0, NULL, 0, see_fed, &s, &err));
	assert_string_equal(s.text, "1:h21:h2 2:h11:h1 3:h22:h2 4:h31:h3 "
	    "5:h23:h2 ");
	s = (struct seen){ .e = p->e, .stop = 2 };
	must(sh_engine_feed(p->e, 0, NULL, 2, see_fed, &s, &err));
	assert_string_equal(s.text, "3:h22:h2 4:h31:h3 ");
	s = (struct seen){ .e = p->e };
	must(sh_engine_feed(p->e, 0, &h2, 1, see_fed, &s, &err));
	assert_string_equal(s.text, "2:h22:h2 3:h23:h2 ");
	s = (struct seen){ .e = p->e };
	must(sh_engine_feed(p->e, 0, NULL, UINT64_MAX, see_fed, &s, &err));
	assert_string_equal(s.text, "");
	must_fail(sh_engine_feed(p->e, 1, NULL, 0, see_fed, &s, &err),
	    SH_EARG);
	for (i = 0; i < 8; i++) {
		must(sh_engine_feed_end(p->e, 0, i, &end, &err));
		assert_int_equal(end, i < 5 ? 5 : i);
	}
	s = (struct seen){ .e = p->e, .writes = 1 };
	must(sh_engine_feed(p->e, 0, NULL, 3, see_fed, &s, &err));
	assert_true(s.n >= 2);
}

/* ---- jobs ---------------------------------------------------------------- */

static void
jobs_are_leased(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct place *p = *state;
	struct sh_engine_job j[8], first;
	size_t n;

	enqueue(p->e, "1", 3, "a");
	enqueue(p->e, "2", 3, "b");
	enqueue(p->e, "3", 3, "a");	/* known: left alone */
	enqueue(p->e, "4", 4, "x");
	reopen(p);
	must(sh_engine_lease(p->e, 3, 1, 1000, 60, j, &n, &err));
	assert_int_equal(n, 1);
	assert_int_equal(j[0].tries, 1);
	assert_int_equal(j[0].len, 1);
	first = j[0];
	must(sh_engine_lease(p->e, 3, 8, 1000, 60, j, &n, &err));
	assert_int_equal(n, 1);
	assert_memory_not_equal(&j[0].id, &first.id, 16);
	must(sh_engine_lease(p->e, 3, 8, 1059, 60, j, &n, &err));
	assert_int_equal(n, 0);
	/* The leases have run out. */
	must(sh_engine_lease(p->e, 3, 8, 1060, 60, j, &n, &err));
	assert_int_equal(n, 2);
	assert_int_equal(j[0].tries, 2);
	/* The first lease is no longer anybody's. */
	must(sh_engine_done(p->e, &first, 1, -1, &err));
	must(sh_engine_done(p->e, &j[0], 1, -1, &err));
	must(sh_engine_done(p->e, &j[0], 1, -1, &err));
	must(sh_engine_done(p->e, &j[1], 1, 5000, &err));
	must(sh_engine_lease(p->e, 3, 8, 4999, 60, j, &n, &err));
	assert_int_equal(n, 0);
	must(sh_engine_lease(p->e, 3, 8, 5000, 0, j, &n, &err));
	assert_int_equal(n, 1);
	assert_int_equal(j[0].tries, 3);
	must(sh_engine_done(p->e, j, 1, -1, &err));
	must(sh_engine_lease(p->e, 3, 8, 9000, 60, j, &n, &err));
	assert_int_equal(n, 0);
	/* Never leased: who queued it may finish it. */
	memset(&first, 0, sizeof(first));
	first.queue = 4;
	first.id = tag("x");
	must(sh_engine_done(p->e, &first, 1, -1, &err));
	must(sh_engine_lease(p->e, 4, 8, 9000, 60, j, &n, &err));
	assert_int_equal(n, 0);
}

int
main(void)
{
	static const struct CMUnitTest each[] = {
		EACH(blobs_come_back),
		EACH(a_failed_batch_leaves_nothing),
		EACH(commit_is_made_once),
		EACH(documents_are_put_once),
		EACH(changes_stand_alone),
		EACH(scan_keeps_the_order),
		EACH(long_scans_and_callbacks_that_write),
		EACH(references_need_their_blob),
		EACH(feed_is_ordered_and_resumes),
		EACH(jobs_are_leased),
	};

	return (run_drivers(each, SH_COUNT(each),
	    (struct CMUnitTest){ NULL }));
}
