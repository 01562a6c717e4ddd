/*
 * archive/engine.h: opening, limits, the check, a stop at any call; and two
 * engines that answer the same to the same random calls.
 */
#include "tests/conform/engine.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/wait.h>

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

int
main(void)
{
	static const struct CMUnitTest each[] = {
		EACH(one_writes_and_many_read),
		EACH(no_handle_survives_fork),
		EACH(limits_hold),
		EACH(check_sees_everything),
		EACH(a_stop_at_any_call_is_made_good),
	};

	return (run_drivers(each, SH_COUNT(each),
	    (struct CMUnitTest)cmocka_unit_test(engines_agree)));
}
