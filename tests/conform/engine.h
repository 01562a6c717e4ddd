/*
 * A place and its engine for each test of the contract (archive/engine.h);
 * every test runs once with every driver, and knows none.
 */
#ifndef SH_TESTS_CONFORM_ENGINE_H
#define SH_TESTS_CONFORM_ENGINE_H

#include "tests/unit/test.h"

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

static inline struct sh_tag
tag(const char *s)
{
	struct sh_tag t = { { 0 } };

	memcpy(t.b, s, strlen(s) < 16 ? strlen(s) : 16);
	return (t);
}

static inline struct sh_digest
name(const char *s)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_digest d;

	must(sh_sha256(s, strlen(s), &d, &err));
	return (d);
}

static inline void
create(struct place *p, const struct driver *d)
{
	struct sh_error err = SH_ERROR_INIT;

	p->dir = test_mkdir();
	(void)snprintf(p->uri, sizeof(p->uri), "%s%s%s", d->scheme, p->dir,
	    d->rest);
	must(sh_engine_open(p->uri, SH_ENGINE_CREATE, &p->e, &err));
}

static inline int
setup(void **state)
{
	struct place *p = calloc(1, sizeof(*p));

	create(p, *state);
	*state = p;
	return (0);
}

static inline int
teardown(void **state)
{
	struct place *p = *state;

	sh_engine_close(p->e);
	test_rmdir(p->dir);
	free(p);
	return (0);
}

static inline void
reopen(struct place *p)
{
	struct sh_error err = SH_ERROR_INIT;

	sh_engine_close(p->e);
	p->e = NULL;
	must(sh_engine_open(p->uri, SH_ENGINE_WRITE, &p->e, &err));
}

/* LEN bytes that depend on SEED; FAIL_AT: break there. */
struct content {
	unsigned seed;
	size_t len, at, fail_at;
	int asked;
};

static inline uint8_t
byte_at(unsigned seed, size_t i)
{
	return ((uint8_t)((seed * 2654435761u + i * 40503u) >> 7));
}

static inline int
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

static inline int
to_buf(void *arg, const void *data, size_t len, struct sh_error *err)
{
	return (sh_buf_append(arg, data, len, err));
}

static inline void
put_blob(struct sh_engine *e, const char *n, unsigned seed, size_t len)
{
	struct sh_error err = SH_ERROR_INIT;
	struct content c = { .seed = seed, .len = len };
	struct sh_blob b = { .name = name(n), .source = content_source,
	    .arg = &c };

	must(sh_engine_blob_put(e, &b, 1, &err));
	assert_int_equal(b.bytes, len);
}

static inline void
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

static inline void
simple_change(struct sh_change *c, const char *holder, const char *operation)
{
	memset(c, 0, sizeof(*c));
	c->holder = tag(holder);
	c->operation = tag(operation);
	c->event = "event";
	c->eventlen = 5;
	c->digest = name(operation);
}

struct seen {
	struct sh_engine *e;
	size_t n;
	char text[4096];
	size_t stop;
	int writes;
};

static inline int
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

static inline void
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

static inline int
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

static inline void
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

#define EACH(test)	{ #test, test, setup, teardown, NULL }

/* The N tests of EACH with every driver, then LAST unless it has no name. */
static inline int
run_drivers(const struct CMUnitTest *each, size_t n, struct CMUnitTest last)
{
	struct CMUnitTest *tests = calloc(n * SH_COUNT(drivers) + 1,
	    sizeof(*tests));
	char (*names)[80] = calloc(n * SH_COUNT(drivers), sizeof(*names));
	size_t i, k, m = 0;
	int failed;

	assert_true(tests != NULL && names != NULL);
	for (i = 0; i < SH_COUNT(drivers); i++)
		for (k = 0; k < n; k++, m++) {
			(void)snprintf(names[m], sizeof(names[m]), "%s %s",
			    drivers[i].scheme, each[k].name);
			tests[m] = each[k];
			tests[m].name = names[m];
			tests[m].initial_state =
			    (void *)(uintptr_t)&drivers[i];
		}
	if (last.name != NULL)
		tests[m++] = last;
	failed = _cmocka_run_group_tests("engine", tests, m, NULL, NULL);
	free(names);
	free(tests);
	return (failed);
}

#endif
