/*
 * archive/engine.h: one suite for every driver.  Each test opens a place of
 * its own; the last test drives two engines with the same random calls and
 * compares all that they answer.
 */
#include "tests/unit/test.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/wait.h>

#include "archive/engine.h"
#include "archive/engine_fault.h"
#include "base/buf.h"
#include "base/mem.h"

/* Around the test's folder.  The small map and segments make both grow. */
static const struct driver {
	const char *scheme, *rest;
} drivers[] = {
	{ "mem:", "" }, { "lmdb:", "/e?map=65536&segment=20000" },
	{ "fault:mem:", "" },
};

struct place {
	char uri[300];
	char *dir;
	struct sh_engine *e;
};

static struct sh_tag
tag(const char *s)
{
	struct sh_tag t = { { 0 } };

	memcpy(t.b, s, strlen(s) < 16 ? strlen(s) : 16);
	return (t);
}

static struct sh_digest
name(const char *s)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_digest d;

	must(sh_sha256(s, strlen(s), &d, &err));
	return (d);
}

static void
create(struct place *p, const struct driver *d)
{
	struct sh_error err = SH_ERROR_INIT;

	p->dir = test_mkdir();
	(void)snprintf(p->uri, sizeof(p->uri), "%s%s%s", d->scheme, p->dir,
	    d->rest);
	must(sh_engine_open(p->uri, SH_ENGINE_CREATE, &p->e, &err));
}

static int
setup(void **state)
{
	struct place *p = calloc(1, sizeof(*p));

	create(p, *state);
	*state = p;
	return (0);
}

static int
teardown(void **state)
{
	struct place *p = *state;

	sh_engine_close(p->e);
	test_rmdir(p->dir);
	free(p);
	return (0);
}

static void
reopen(struct place *p)
{
	struct sh_error err = SH_ERROR_INIT;

	sh_engine_close(p->e);
	p->e = NULL;
	must(sh_engine_open(p->uri, SH_ENGINE_WRITE, &p->e, &err));
}

/* ---- blobs --------------------------------------------------------------- */

/* LEN bytes that depend on SEED; FAIL_AT: break there. */
struct content {
	unsigned seed;
	size_t len, at, fail_at;
	int asked;
};

static uint8_t
byte_at(unsigned seed, size_t i)
{
	return ((uint8_t)((seed * 2654435761u + i * 40503u) >> 7));
}

static int
content_source(void *arg, void *buf, size_t cap, size_t *lenp,
    struct sh_error *err)
{
	struct content *c = arg;
	size_t i, n = c->len - c->at < cap ? c->len - c->at : cap;

	c->asked++;
	if (c->fail_at > 0 && c->at + n >= c->fail_at)
		return (sh_error_set(err, SH_EFORMAT, "test.source", "fails"));
	for (i = 0; i < n; i++)
		((uint8_t *)buf)[i] = byte_at(c->seed, c->at + i);
	c->at += n;
	*lenp = n;
	return (0);
}

static int
to_buf(void *arg, const void *data, size_t len, struct sh_error *err)
{
	return (sh_buf_append(arg, data, len, err));
}

static void
put_blob(struct sh_engine *e, const char *n, unsigned seed, size_t len)
{
	struct sh_error err = SH_ERROR_INIT;
	struct content c = { .seed = seed, .len = len };
	struct sh_blob b = { .name = name(n), .source = content_source,
	    .arg = &c };

	must(sh_engine_blob_put(e, &b, 1, &err));
	assert_int_equal(b.bytes, len);
}

static void
expect_blob(struct sh_engine *e, const char *n, unsigned seed, size_t len)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_digest d = name(n);
	struct sh_buf b = SH_BUF_INIT;
	uint64_t total = 0;
	size_t i;

	must(sh_engine_blob_get(e, &d, 0, UINT64_MAX, to_buf, &b, &total,
	    &err));
	assert_int_equal(total, len);
	assert_int_equal(b.len, len);
	for (i = 0; i < len; i++)
		if (b.data[i] != byte_at(seed, i))
			fail_msg("blob %s differs at %zu", n, i);
	sh_buf_free(&b);
}

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
		{ name("good"), content_source, &good, 0, 0 },
		{ name("bad"), content_source, &bad, 0, 0 },
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
simple_change(struct sh_change *c, const char *holder, const char *operation)
{
	memset(c, 0, sizeof(*c));
	c->holder = tag(holder);
	c->operation = tag(operation);
	c->event = "event";
	c->eventlen = 5;
	c->digest = name(operation);
}

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

struct seen {
	struct sh_engine *e;
	size_t n;
	char text[4096];
	size_t stop;
	int writes;
};

static int
see_entry(void *arg, const struct sh_entry *t, struct sh_error *err)
{
	struct seen *s = arg;
	struct sh_change c;
	char op[20];

	(void)snprintf(s->text + strlen(s->text), sizeof(s->text) -
	    strlen(s->text), "%.*s=%.*s ", (int)t->sortlen,
	    (const char *)t->sort, (int)t->len, (const char *)t->value);
	if (s->writes) {
		(void)snprintf(op, sizeof(op), "in scan %zu", s->n);
		simple_change(&c, "writer", op);
		if (sh_engine_commit(s->e, &c, 1, err))
			return (-1);
	}
	return (++s->n == s->stop);
}

static void
entry(struct sh_entry *t, unsigned table, const char *term, const char *sort,
    const char *value)
{
	memset(t, 0, sizeof(*t));
	t->table = table;
	t->term = tag(term);
	t->sortlen = strlen(sort);
	memcpy(t->sort, sort, t->sortlen);
	t->value = value;
	t->len = value != NULL ? strlen(value) : 0;
	t->remove = value == NULL;
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

static int
see_fed(void *arg, const struct sh_fed *item, struct sh_error *err)
{
	struct seen *s = arg;
	struct sh_change c;

	(void)snprintf(s->text + strlen(s->text), sizeof(s->text) -
	    strlen(s->text), "%llu:%.2s%llu:%.*s ",
	    (unsigned long long)item->position, (const char *)item->holder.b,
	    (unsigned long long)item->sequence, (int)item->len,
	    (const char *)item->event);
	if (s->writes && s->n < 3) {
		simple_change(&c, "hz", s->n == 0 ? "a" : s->n == 1 ? "b" :
		    "c");
		if (sh_engine_commit(s->e, &c, 1, err))
			return (-1);
	}
	return (++s->n == s->stop);
}

static void
feed_is_ordered_and_resumes(void **state)
{
	static const char *const holders[] = { "h2", "h1", "h2", "h3", "h2" };
	struct sh_error err = SH_ERROR_INIT;
	struct place *p = *state;
	struct seen s = { .e = p->e };
	struct sh_tag h2 = tag("h2");
	struct sh_change c[5];
	char op[8];
	size_t i;

	for (i = 0; i < 5; i++) {
		(void)snprintf(op, sizeof(op), "op%zu", i);
		simple_change(&c[i], holders[i], op);
		c[i].event = holders[i];
		c[i].eventlen = 2;
	}
	must(sh_engine_commit(p->e, c, 2, &err));
	must(sh_engine_commit(p->e, c + 2, 3, &err));
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
	s = (struct seen){ .e = p->e, .writes = 1 };
	must(sh_engine_feed(p->e, 0, NULL, 3, see_fed, &s, &err));
	assert_true(s.n >= 2);
}

/* ---- jobs ---------------------------------------------------------------- */

static void
enqueue(struct sh_engine *e, const char *op, unsigned queue, const char *id)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_engine_job j = { .queue = queue, .id = tag(id),
	    .len = strlen(id) };
	struct sh_change c;

	memcpy(j.data, id, j.len);
	simple_change(&c, "h", op);
	c.jobs = &j;
	c.njobs = 1;
	must(sh_engine_commit(e, &c, 1, &err));
	assert_int_equal(c.outcome, SH_COMMITTED);
}

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

/* ---- opening ------------------------------------------------------------- */

static void
one_writes_and_many_read(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct place *p = *state;
	struct sh_engine *r1, *r2, *w;
	struct sh_change c;
	struct sh_head head;
	char missing[320];

	must_fail(sh_engine_open(p->uri, SH_ENGINE_CREATE, &w, &err),
	    SH_EEXISTS);
	assert_null(w);
	must_fail(sh_engine_open(p->uri, SH_ENGINE_WRITE, &w, &err),
	    SH_EAGAIN);
	must(sh_engine_open(p->uri, SH_ENGINE_READ, &r1, &err));
	must(sh_engine_open(p->uri, SH_ENGINE_READ, &r2, &err));
	put_blob(p->e, "b", 3, 30000);
	simple_change(&c, "h", "1");
	must_fail(sh_engine_commit(r1, &c, 1, &err), SH_EDENIED);
	must(sh_engine_commit(p->e, &c, 1, &err));
	must(sh_engine_head(r2, &c.holder, &head, &err));
	assert_int_equal(head.sequence, 1);
	expect_blob(r1, "b", 3, 30000);
	sh_engine_close(r1);
	/* Closing a reader takes nothing from the writer. */
	c.operation = tag("2");
	must(sh_engine_commit(p->e, &c, 1, &err));
	sh_engine_close(p->e);
	must(sh_engine_open(p->uri, SH_ENGINE_WRITE, &p->e, &err));
	must(sh_engine_head(r2, &c.holder, &head, &err));
	assert_int_equal(head.sequence, 2);
	sh_engine_close(r2);
	(void)snprintf(missing, sizeof(missing), "%.4s:%s/none",
	    p->uri[0] == 'm' ? "mem" : "lmdb", p->dir);
	must_fail(sh_engine_open(missing, SH_ENGINE_WRITE, &w, &err),
	    SH_ENOTFOUND);
	must_fail(sh_engine_open(missing, SH_ENGINE_READ, &w, &err),
	    SH_ENOTFOUND);
	must_fail(sh_engine_open("tape:x", SH_ENGINE_READ, &w, &err),
	    SH_EUNSUPPORTED);
}

static void
no_handle_survives_fork(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct place *p = *state;
	struct sh_head head;
	struct sh_tag h = tag("h");
	int status;
	pid_t pid;

	if ((pid = fork()) == 0) {
		_exit(sh_engine_head(p->e, &h, &head, &err) == -1 &&
		    strcmp(err.key, "engine.forked") == 0 ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void
limits_hold(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct place *p = *state;
	static uint8_t big[4096];
	struct sh_put put = { .document = tag("d"), .value = big };
	struct sh_entry t;
	struct sh_change c;
	struct sh_engine_job jobs[1];
	size_t n, len;

	simple_change(&c, "h", "1");
	c.event = big;
	c.eventlen = SH_EVENT_MAX + 1;
	must_fail(sh_engine_commit(p->e, &c, 1, &err), SH_ELIMIT);
	c.eventlen = SH_EVENT_MAX;
	c.puts = &put;
	c.nputs = 1;
	put.len = SH_VALUE_MAX + 1;
	must_fail(sh_engine_commit(p->e, &c, 1, &err), SH_ELIMIT);
	put.len = SH_VALUE_MAX;
	entry(&t, 1, "h", "", "");
	t.value = big;
	t.len = SH_ENTRY_MAX + 1;
	c.entries = &t;
	c.nentries = 1;
	must_fail(sh_engine_commit(p->e, &c, 1, &err), SH_ELIMIT);
	t.len = SH_ENTRY_MAX;
	memset(t.sort, 0xff, SH_SORT_MAX);
	t.sortlen = SH_SORT_MAX;
	must(sh_engine_commit(p->e, &c, 1, &err));
	must(sh_engine_get(p->e, &c.holder, &put.document, big, &len, &err));
	assert_int_equal(len, SH_VALUE_MAX);
	{
		struct sh_range r = { .table = 1, .term = tag("h"),
		    .descending = 1 };
		struct seen s = { .stop = 1 };

		must(sh_engine_scan(p->e, &r, see_entry, &s, &err));
		assert_int_equal(s.n, 1);
	}
	must_fail(sh_engine_commit(p->e, &c, SH_CHANGES_MAX + 1, &err),
	    SH_ELIMIT);
	must_fail(sh_engine_lease(p->e, 1, SH_LEASE_MAX + 1, 0, 0, jobs, &n,
	    &err), SH_ELIMIT);
}

/* ---- check --------------------------------------------------------------- */

struct walked {
	uint64_t total, steps;
	size_t documents, entries, references, blobs, loose, events, findings;
};

static void
on_total(void *arg, uint64_t n)
{
	((struct walked *)arg)->total = n;
}

static int
on_document(void *arg, const struct sh_tag *h, const struct sh_put *put,
    struct sh_error *err)
{
	(void)h;
	(void)err;
	assert_int_equal(put->len, 1);
	((struct walked *)arg)->documents++;
	return (0);
}

static int
on_entry(void *arg, const struct sh_entry *t, struct sh_error *err)
{
	(void)t;
	(void)err;
	((struct walked *)arg)->entries++;
	return (0);
}

static int
on_reference(void *arg, const struct sh_tag *h, const struct sh_reference *r,
    struct sh_error *err)
{
	(void)h;
	(void)r;
	(void)err;
	((struct walked *)arg)->references++;
	return (0);
}

static int
on_blob(void *arg, const struct sh_digest *n, uint64_t bytes, int referenced,
    struct sh_error *err)
{
	struct walked *w = arg;

	(void)n;
	(void)err;
	assert_true(bytes > 0);
	w->blobs++;
	w->loose += !referenced;
	return (0);
}

static int
on_event(void *arg, const struct sh_fed *item, struct sh_error *err)
{
	(void)err;
	assert_true(item->sequence > 0);
	((struct walked *)arg)->events++;
	return (0);
}

static int
on_finding(void *arg, const char *key, const char *text, struct sh_error *err)
{
	(void)err;
	print_message("# finding %s: %s\n", key, text);
	((struct walked *)arg)->findings++;
	return (0);
}

static void
walk(struct sh_engine *e, struct walked *w)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_visit v = { .arg = w, .total = on_total,
	    .document = on_document, .entry = on_entry,
	    .reference = on_reference, .blob = on_blob, .event = on_event,
	    .finding = on_finding };

	memset(w, 0, sizeof(*w));
	must(sh_engine_check(e, &v, &err));
}

static void
check_sees_everything(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct place *p = *state;
	struct sh_reference ref[2] = {
		{ .blob = name("b0"), .document = tag("d") },
		{ .blob = name("b1"), .document = tag("d") },
	};
	struct sh_put put = { .document = tag("d"), .value = "v", .len = 1 };
	struct sh_entry t[2];
	struct sh_change c;
	struct walked w;

	put_blob(p->e, "b0", 0, 100);
	put_blob(p->e, "b1", 1, 100000);
	put_blob(p->e, "b2", 2, 1);
	entry(&t[0], 1, "h", "s", "v");
	entry(&t[1], 130, "g", "s", "");
	simple_change(&c, "h", "1");
	c.puts = &put;
	c.nputs = 1;
	c.entries = t;
	c.nentries = 2;
	c.references = ref;
	c.nreferences = 2;
	must(sh_engine_commit(p->e, &c, 1, &err));
	simple_change(&c, "h", "2");
	c.references = ref;
	c.nreferences = 1;
	ref[0].remove = 1;
	must(sh_engine_commit(p->e, &c, 1, &err));
	simple_change(&c, "i", "1");
	must(sh_engine_commit(p->e, &c, 1, &err));
	walk(p->e, &w);
	assert_int_equal(w.documents, 1);
	assert_int_equal(w.entries, 2);
	assert_int_equal(w.references, 1);
	assert_int_equal(w.blobs, 3);
	assert_int_equal(w.loose, 2);
	assert_int_equal(w.events, 3);
	assert_int_equal(w.findings, 0);
	assert_true(w.total >= 10);
}

/* ---- two engines, the same calls ----------------------------------------- */

static uint32_t
draw(uint32_t *seed, uint32_t n)
{
	*seed = *seed * 1664525u + 1013904223u;
	return ((*seed >> 8) % n);
}

static struct sh_tag
small_tag(char kind, uint32_t n)
{
	struct sh_tag t = { { 0 } };

	t.b[0] = (uint8_t)kind;
	t.b[15] = (uint8_t)n;
	return (t);
}

static int
trace_entry(void *arg, const struct sh_entry *t, struct sh_error *err)
{
	struct sh_buf *b = arg;

	if (sh_buf_put_be(b, t->sortlen, 2, err) ||
	    sh_buf_append(b, t->sort, t->sortlen, err) ||
	    sh_buf_put_be(b, t->len, 2, err) ||
	    sh_buf_append(b, t->value, t->len, err))
		return (-1);
	return (0);
}

static int
trace_fed(void *arg, const struct sh_fed *f, struct sh_error *err)
{
	struct sh_buf *b = arg;

	if (sh_buf_put_be(b, f->position, 8, err) ||
	    sh_buf_append(b, f->holder.b, 16, err) ||
	    sh_buf_append(b, f->head.b, 32, err) ||
	    sh_buf_append(b, f->event, f->len, err))
		return (-1);
	return (0);
}

static void
answer_error(struct sh_buf *out, struct sh_error *cause)
{
	struct sh_error err = SH_ERROR_INIT;

	must(sh_buf_puts(out, cause->key, &err));
	sh_error_clear(cause);
}

/* One random call; what it answers goes to OUT. */
static void
one_call(struct place *p, uint32_t seed, struct sh_buf *out)
{
	struct sh_error err = SH_ERROR_INIT;
	static const unsigned tables[] = { 1, 2, 128, 129 };
	struct sh_put puts[2];
	struct sh_entry entries[4];
	struct sh_reference refs[2];
	struct sh_engine_job jobs[4];
	struct sh_head head;
	struct sh_change c[3];
	uint8_t value[SH_VALUE_MAX];
	static uint8_t bytes[SH_VALUE_MAX];
	char n[16];
	size_t i, k, len;
	uint64_t total;

	switch (draw(&seed, 8)) {
	case 0:
		k = draw(&seed, 12);
		(void)snprintf(n, sizeof(n), "b%zu", k);
		put_blob(p->e, n, k, k * 700);
		break;
	case 1:
		(void)snprintf(n, sizeof(n), "b%u", draw(&seed, 12));
		{
			struct sh_digest d = name(n);

			total = 0;
			if (sh_engine_blob_get(p->e, &d, draw(&seed, 4000),
			    draw(&seed, 4000), to_buf, out, &total, &err))
				assert_int_equal(err.code, SH_ENOTFOUND);
			sh_error_clear(&err);
			must(sh_buf_put_be(out, total, 8, &err));
		}
		break;
	case 2:
		must(sh_engine_lease(p->e, 1 + draw(&seed, 2), 3,
		    draw(&seed, 1000), 100, jobs, &len, &err));
		for (i = 0; i < len; i++)
			must(sh_buf_printf(out, &err, "job %d %u %zu ",
			    jobs[i].id.b[15], jobs[i].tries, jobs[i].len));
		if (len > 0 && draw(&seed, 2))
			must(sh_engine_done(p->e, jobs, 1, draw(&seed, 2) ?
			    -1 : (int64_t)draw(&seed, 1000), &err));
		break;
	case 3:
		reopen(p);
		break;
	default:
		memset(c, 0, sizeof(c));
		for (i = 0; i < 3; i++) {
			c[i].holder = small_tag('h', draw(&seed, 5));
			c[i].operation = small_tag('o', draw(&seed, 200));
			c[i].event = bytes;
			c[i].eventlen = draw(&seed, 400);
			c[i].digest.b[0] = (uint8_t)draw(&seed, 256);
		}
		for (i = 0; i < 2; i++) {
			puts[i].document = small_tag('d', 2 * draw(&seed, 40) +
			    i);
			puts[i].value = bytes + draw(&seed, 50);
			puts[i].len = draw(&seed, 10) == 0 ? 0 :
			    draw(&seed, 1800);
			(void)snprintf(n, sizeof(n), "b%u", draw(&seed, 12));
			refs[i].blob = name(n);
			refs[i].document = puts[i].document;
			refs[i].remove = draw(&seed, 4) == 0;
			memset(&jobs[i], 0, sizeof(jobs[i]));
			jobs[i].queue = 1 + draw(&seed, 2);
			jobs[i].id = small_tag('j', draw(&seed, 20));
			jobs[i].len = draw(&seed, 100);
		}
		for (i = 0; i < 4; i++) {
			memset(&entries[i], 0, sizeof(entries[i]));
			entries[i].table = tables[draw(&seed, 4)];
			entries[i].term = entries[i].table < SH_TABLE_GLOBAL ?
			    c[0].holder : small_tag('t', draw(&seed, 4));
			entries[i].sortlen = draw(&seed, 4);
			for (k = 0; k < entries[i].sortlen; k++)
				entries[i].sort[k] = (uint8_t)draw(&seed, 3);
			entries[i].value = bytes + draw(&seed, 9);
			entries[i].len = draw(&seed, 60);
			entries[i].remove = draw(&seed, 4) == 0;
		}
		c[0].puts = puts;
		c[0].nputs = 2;
		c[0].entries = entries;
		c[0].nentries = 4;
		c[1].references = refs;
		c[1].nreferences = draw(&seed, 3);
		c[2].jobs = jobs;
		c[2].njobs = 2;
		must(sh_engine_head(p->e, &c[2].holder, &head, &err));
		c[2].expect = draw(&seed, 2) ? &head.head : NULL;
		if (sh_engine_commit(p->e, c, 3, &err)) {
			assert_string_equal(err.key, "engine.blob-missing");
			/* How far the array came is the driver's affair. */
			sh_error_clear(&err);
			c[1].nreferences = 0;
			must(sh_engine_commit(p->e, c, 3, &err));
		} else {
			for (i = 0; i < 3; i++)
				must(sh_buf_printf(out, &err, "%d %llu ",
				    c[i].outcome,
				    (unsigned long long)c[i].sequence));
		}
		break;
	}
	/* A look at everything small. */
	for (i = 0; i < 4; i++) {
		struct sh_range r = { .table = tables[i], .term =
		    small_tag(tables[i] < SH_TABLE_GLOBAL ? 'h' : 't',
		    draw(&seed, 4)), .descending = (int)draw(&seed, 2),
		    .prefix = "\1", .prefixlen = draw(&seed, 2),
		    .after = draw(&seed, 2) ? "\1\1" : NULL, .afterlen = 2 };

		if (r.after == NULL)
			r.afterlen = 0;
		sh_error_clear(&err);
		must(sh_engine_scan(p->e, &r, trace_entry, out, &err));
	}
	for (i = 0; i < 5; i++) {
		struct sh_tag h = small_tag('h', i);
		struct sh_tag d = small_tag('d', draw(&seed, 80));

		if (sh_engine_get(p->e, &h, &d, value, &len, &err) == 0)
			must(sh_buf_append(out, value, len, &err));
		else
			answer_error(out, &err);
	}
}

static void
engines_agree(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct place p[SH_COUNT(drivers)];
	struct sh_buf out[SH_COUNT(drivers)];
	struct walked w[SH_COUNT(drivers)];
	uint32_t seed = 20261121;
	size_t i, step;

	(void)state;
	memset(out, 0, sizeof(out));
	for (i = 0; i < SH_COUNT(drivers); i++) {
		create(&p[i], &drivers[i]);
	}
	for (step = 0; step < 400; step++) {
		uint32_t s = draw(&seed, UINT32_MAX);

		for (i = 0; i < SH_COUNT(drivers); i++) {
			sh_buf_reset(&out[i]);
			one_call(&p[i], s, &out[i]);
			if (step % 50 == 49)
				must(sh_engine_feed(p[i].e, 0, NULL,
				    step / 2, trace_fed, &out[i], &err));
			if (out[i].len != out[0].len || (out[0].len > 0 &&
			    memcmp(out[i].data, out[0].data, out[0].len)))
				fail_msg("%s and %s differ at call %zu",
				    drivers[0].scheme, drivers[i].scheme,
				    step);
		}
	}
	for (i = 0; i < SH_COUNT(drivers); i++) {
		struct sh_visit v = { .arg = &w[i], .entry = on_entry,
		    .reference = on_reference, .event = on_event,
		    .finding = on_finding };

		memset(&w[i], 0, sizeof(w[i]));
		must(sh_engine_check(p[i].e, &v, &err));
		assert_memory_equal(&w[i], &w[0], sizeof(w[0]));
		assert_int_equal(w[i].findings, 0);
		sh_engine_close(p[i].e);
		sh_buf_free(&out[i]);
		test_rmdir(p[i].dir);
	}
}

/* ---- a stop at any call -------------------------------------------------- */

/* Two blobs, three changes of two holders, a job handed out and done. */
static int
work(struct sh_engine *e, struct sh_error *err)
{
	struct content c[2] = { { .seed = 1, .len = 900 },
	    { .seed = 2, .len = 50 } };
	struct sh_blob blobs[2] = {
		{ .name = name("one"), .source = content_source, .arg = &c[0] },
		{ .name = name("two"), .source = content_source, .arg = &c[1] },
	};
	struct sh_engine_job job = { .queue = 3, .id = tag("job"), .len = 3,
	    .data = "abc" }, got;
	struct sh_reference ref = { .blob = name("one"),
	    .document = tag("doc") };
	struct sh_put put = { tag("doc"), "value", 5 };
	struct sh_entry entry = { .table = 7, .term = tag("holder"),
	    .sort = "s", .sortlen = 1, .value = "v", .len = 1 };
	struct sh_change ch[3] = {
		{ .holder = tag("holder"), .operation = tag("op1"),
		    .puts = &put, .nputs = 1, .entries = &entry,
		    .nentries = 1, .references = &ref, .nreferences = 1,
		    .jobs = &job, .njobs = 1, .event = "e1", .eventlen = 2 },
		{ .holder = tag("other"), .operation = tag("op1"),
		    .puts = &put, .nputs = 1, .event = "e2", .eventlen = 2 },
		{ .holder = tag("holder"), .operation = tag("op2"),
		    .event = "e3", .eventlen = 2 },
	};
	size_t n = 1;

	if (sh_engine_blob_put(e, blobs, 2, err) ||
	    sh_engine_commit(e, ch, 2, err) ||
	    sh_engine_commit(e, ch + 2, 1, err))
		return (-1);
	if (ch[0].outcome == SH_COMMIT_CONFLICT ||
	    ch[1].outcome == SH_COMMIT_CONFLICT ||
	    ch[2].outcome == SH_COMMIT_CONFLICT)
		return (sh_error_set(err, SH_ECONFLICT, "test", "conflict"));
	/* Whatever was handed out is due again by now. */
	while (n > 0)
		if (sh_engine_lease(e, 3, 1, 1000, 0, &got, &n, err) ||
		    (n > 0 && sh_engine_done(e, &got, 1, -1, err)))
			return (-1);
	return (0);
}

static void
expect_work(struct sh_engine *e)
{
	struct sh_error err = SH_ERROR_INIT;
	struct walked w = { 0 };
	struct sh_visit v = { .arg = &w, .entry = on_entry,
	    .reference = on_reference, .event = on_event,
	    .finding = on_finding };
	struct sh_tag h[2] = { tag("holder"), tag("other") };
	struct sh_tag d = tag("doc");
	struct sh_engine_job job;
	struct sh_head head;
	uint8_t value[SH_VALUE_MAX];
	size_t i, n;

	for (i = 0; i < 2; i++) {
		must(sh_engine_get(e, &h[i], &d, value, &n, &err));
		assert_int_equal(n, 5);
		must(sh_engine_head(e, &h[i], &head, &err));
		assert_int_equal(head.sequence, 2 - i);
	}
	expect_blob(e, "one", 1, 900);
	expect_blob(e, "two", 2, 50);
	must(sh_engine_lease(e, 3, 1, 5000, 0, &job, &n, &err));
	assert_int_equal(n, 0);
	must(sh_engine_check(e, &v, &err));
	assert_int_equal(w.findings, 0);
	assert_int_equal(w.events, 3);
	assert_int_equal(w.references, 1);
	assert_int_equal(w.entries, 1);
}

/* The driver under the one that fails on request; then the work again. */
static void
a_stop_at_any_call_is_made_good(void **state)
{
	struct place *p = *state, q;
	const char *bare = p->uri;
	enum sh_fault_kind kind;
	struct sh_error err = SH_ERROR_INIT;
	char faulty[320];
	uint64_t n, calls = 0, stops = 0;

	for (kind = SH_FAULT_BEFORE; kind <= SH_FAULT_FROM; kind++) {
		for (n = 0; n == 0 || n < calls; n++, stops++) {
			struct driver d = { "", "" };
			char scheme[40], *rest;

			/* The same driver at a place of its own. */
			rest = strstr(bare, p->dir);
			(void)snprintf(scheme, sizeof(scheme), "%.*s",
			    (int)(rest - bare), bare);
			d.scheme = scheme;
			d.rest = rest + strlen(p->dir);
			create(&q, &d);
			sh_engine_close(q.e);
			(void)snprintf(faulty, sizeof(faulty), "fault:%s",
			    q.uri);
			sh_engine_fault_plan(SH_FAULT_NONE, 0);
			must(sh_engine_open(faulty, SH_ENGINE_WRITE, &q.e,
			    &err));
			sh_engine_fault_plan(kind, n);
			if (work(q.e, &err) == 0)
				assert_true(calls > 0 && n + 1 >= calls);
			else
				assert_string_equal(err.key, SH_FAULT_KEY);
			sh_error_clear(&err);
			sh_engine_fault_plan(SH_FAULT_NONE, 0);
			sh_engine_close(q.e);
			must(sh_engine_open(q.uri, SH_ENGINE_WRITE, &q.e,
			    &err));
			must(work(q.e, &err));
			expect_work(q.e);
			if (calls == 0) {
				sh_engine_close(q.e);
				must(sh_engine_open(faulty, SH_ENGINE_WRITE,
				    &q.e, &err));
				sh_engine_fault_plan(SH_FAULT_NONE, 0);
				must(work(q.e, &err));
				calls = sh_engine_fault_calls() + 2;
			}
			sh_engine_close(q.e);
			test_rmdir(q.dir);
		}
	}
	print_message("# %llu stops\n", (unsigned long long)stops);
}

#define EACH(test)	{ #test, test, setup, teardown, NULL }

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
		EACH(one_writes_and_many_read),
		EACH(no_handle_survives_fork),
		EACH(limits_hold),
		EACH(check_sees_everything),
		EACH(a_stop_at_any_call_is_made_good),
	};
	struct CMUnitTest tests[SH_COUNT(each) * SH_COUNT(drivers) + 1];
	char names[SH_COUNT(each) * SH_COUNT(drivers)][80];
	size_t i, k, n = 0;

	for (i = 0; i < SH_COUNT(drivers); i++) {
		for (k = 0; k < SH_COUNT(each); k++, n++) {
			(void)snprintf(names[n], sizeof(names[n]), "%s %s",
			    drivers[i].scheme, each[k].name);
			tests[n] = each[k];
			tests[n].name = names[n];
			tests[n].initial_state =
			    (void *)(uintptr_t)&drivers[i];
		}
	}
	tests[n] = (struct CMUnitTest)cmocka_unit_test(engines_agree);
	return (_cmocka_run_group_tests("engine", tests, n + 1, NULL, NULL));
}
