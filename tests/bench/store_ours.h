/*
 * What the stores of the benches are given, and ours: changes sealed, put,
 * read, listed; how long it takes.
 */
#ifndef SH_TESTS_STORE_OURS_H
#define SH_TESTS_STORE_OURS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>

#include "archive/engine.h"
#include "archive/vault.h"
#include "base/buf.h"
#include "tests/unit/archive_fixture.h"

#define RECORD_BYTES	700	/* bytes of a document's plain record, packed */
#define SUMMARY	160
#define EVENT	260
#define ENTRIES	5

static void
check(int bad, const char *what)
{
	if (bad == 0)
		return;
	(void)fprintf(stderr, "%s: %d\n", what, bad);
	exit(1);
}

/* What change N is made of; every tenth person has forty documents. */
struct change {
	uint8_t document[16], holder[16], term[ENTRIES][16], sort[24];
	uint8_t record[RECORD_BYTES], summary[SUMMARY], event[EVENT];
};

static void
spread(uint8_t out[16], unsigned what, unsigned n)
{
	uint64_t h = ((uint64_t)what << 40 | n) + 1;
	int i;

	/* Evenly, as keyed digests are. */
	for (i = 0; i < 2; i++) {
		h ^= h >> 31;
		h *= 0x9e3779b97f4a7c15;
		h ^= h >> 29;
		h *= 0xbf58476d1ce4e5b9;
		h ^= h >> 32;
		sh_put_be(out + 8 * i, h, 8);
	}
}

static void
make_change(struct change *c, unsigned n)
{
	unsigned i;

	spread(c->document, 1, n);
	spread(c->holder, 2, n / 4);
	spread(c->term[0], 3, n);
	spread(c->term[1], 4, n % 190);
	spread(c->term[2], 5, n);
	sh_put_be(c->sort, 1795140000 + n, 8);
	memcpy(c->sort + 8, c->document, 16);
	for (i = 0; i < RECORD_BYTES; i++)
		c->record[i] = (uint8_t)(n * 31 + i * 7);
	memcpy(c->summary, c->record, SUMMARY);
	memcpy(c->event, c->record, EVENT);
}

static void
checked(int rc, const struct sh_error *err)
{
	if (rc == 0)
		return;
	(void)fprintf(stderr, "%s: %s\n", err->key, err->text);
	exit(1);
}

static double
wall_s(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return ((double)t.tv_sec + (double)t.tv_nsec / 1e9);
}

static double
cpu_s(void)
{
	struct rusage u;

	(void)getrusage(RUSAGE_SELF, &u);
	return ((double)u.ru_utime.tv_sec + (double)u.ru_stime.tv_sec +
	    (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6);
}

/* ---- ours ---------------------------------------------------------------- */

struct ours {
	struct sh_engine *e;
	struct sh_vault *v;
};

static struct sh_tag
tag_of(const uint8_t b[16])
{
	struct sh_tag t;

	memcpy(t.b, b, 16);
	return (t);
}

static void
seal(struct ours *o, unsigned table, const struct sh_tag *holder,
    const void *key, size_t keylen, const void *data, size_t len,
    struct sh_buf *out)
{
	struct sh_label l = { .table = table, .holder = holder, .key = key,
	    .keylen = keylen, .version = 1 };
	struct sh_error err = SH_ERROR_INIT;

	sh_buf_reset(out);
	checked(sh_vault_seal(o->v, &l, data, len, out, &err), &err);
}

/* One change with its memory. */
struct sealed {
	struct sh_put put;
	struct sh_entry entries[ENTRIES];
	struct sh_buf value, list, content, event;
};

static void
ours_put(void *arg, unsigned first, unsigned n)
{
	static struct sealed s[SH_CHANGES_MAX];
	static struct sh_change ch[SH_CHANGES_MAX];
	struct sh_error err = SH_ERROR_INIT;
	struct ours *o = arg;
	static struct sh_tag holders[SH_CHANGES_MAX];
	static struct change made[SH_CHANGES_MAX];
	unsigned i, k;

	/* The engine takes so many changes at once, in one transaction. */
	for (; n > SH_CHANGES_MAX; n -= SH_CHANGES_MAX,
	    first += SH_CHANGES_MAX)
		ours_put(arg, first, SH_CHANGES_MAX);
	for (i = 0; i < n; i++) {
		make_change(&made[i], first + i);
		holders[i] = tag_of(made[i].holder);
	}
	checked(sh_vault_need_keys(o->v, holders, n, &err), &err);
	for (i = 0; i < n; i++) {
		struct sealed *d = &s[i];
		const struct sh_tag *h = &holders[i];
		const struct change *m = &made[i];

		seal(o, 0x40, h, m->document, 16, m->record, RECORD_BYTES,
		    &d->value);
		seal(o, 1, h, m->sort, 24, m->summary, SUMMARY, &d->list);
		seal(o, 2, h, m->term[2], 16, m->document, 16, &d->content);
		seal(o, 0x41, h, m->document, 16, m->event, EVENT, &d->event);
		d->put = (struct sh_put){ tag_of(m->document), d->value.data,
		    d->value.len };
		memset(d->entries, 0, sizeof(d->entries));
		d->entries[0] = (struct sh_entry){ .table = 1, .term = *h,
		    .sortlen = 24, .value = d->list.data,
		    .len = d->list.len };
		d->entries[1] = (struct sh_entry){ .table = 2, .term = *h,
		    .sortlen = 16, .value = d->content.data,
		    .len = d->content.len };
		d->entries[2] = (struct sh_entry){ .table = 0x80,
		    .term = tag_of(m->document), .sortlen = 17,
		    .value = m->sort, .len = 8 };
		d->entries[3] = (struct sh_entry){ .table = 0x81,
		    .term = tag_of(m->term[0]), .sortlen = 24,
		    .value = h->b, .len = 16 };
		d->entries[4] = (struct sh_entry){ .table = 0x82,
		    .term = tag_of(m->term[1]), .sortlen = 24,
		    .value = h->b, .len = 16 };
		memcpy(d->entries[0].sort, m->sort, 24);
		memcpy(d->entries[1].sort, m->term[2], 16);
		memcpy(d->entries[2].sort + 1, h->b, 16);
		for (k = 3; k < 5; k++)
			memcpy(d->entries[k].sort, m->sort, 24);
		d->entries[2].value = "12345678";
		ch[i] = (struct sh_change){ .holder = *h,
		    .operation = tag_of(m->document), .puts = &d->put,
		    .nputs = 1, .entries = d->entries, .nentries = ENTRIES,
		    .event = d->event.data, .eventlen = d->event.len };
	}
	checked(sh_engine_commit(o->e, ch, n, &err), &err);
}

static void
ours_get(void *arg, unsigned n)
{
	static struct sh_buf plain;
	struct sh_error err = SH_ERROR_INIT;
	uint8_t value[SH_VALUE_MAX];
	struct ours *o = arg;
	struct change c;
	struct sh_tag h, d;
	struct sh_label l = { .table = 0x40, .keylen = 16, .version = 1 };
	size_t len;

	spread(c.document, 1, n);
	spread(c.holder, 2, n / 4);
	h = tag_of(c.holder);
	d = tag_of(c.document);
	l.holder = &h;
	l.key = d.b;
	sh_buf_reset(&plain);
	sh_vault_expect(o->v, &h);
	checked(sh_engine_get(o->e, &h, &d, value, &len, &err), &err);
	checked(sh_vault_unseal(o->v, &l, value, len, &plain, &err), &err);
	check(plain.len != RECORD_BYTES, "a record");
}

struct listing {
	struct ours *o;
	struct sh_tag holder;
	unsigned n;
};

static int
list_one(void *arg, const struct sh_entry *t, struct sh_error *err)
{
	static struct sh_buf plain;
	struct listing *l = arg;
	struct sh_label label = { .table = 1, .holder = &l->holder,
	    .key = t->sort, .keylen = t->sortlen, .version = 1 };

	l->n++;
	sh_buf_reset(&plain);
	return (sh_vault_unseal(l->o->v, &label, t->value, t->len, &plain,
	    err));
}

static void
ours_list(void *arg, unsigned person)
{
	struct sh_error err = SH_ERROR_INIT;
	struct listing l = { .o = arg };
	struct sh_range r = { .table = 1, .descending = 1 };
	uint8_t holder[16];

	spread(holder, 2, person);
	r.term = l.holder = tag_of(holder);
	sh_vault_fetch(l.o->v, &l.holder);
	checked(sh_engine_scan(l.o->e, &r, list_one, &l, &err), &err);
	check(l.n != 4, "a list");
}

/* ---- how long it takes --------------------------------------------------- */

struct cost {
	double wall, cpu;
};

static uint64_t
file_bytes(const char *dir, const char *name)
{
	char path[400];
	struct stat st;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	return (stat(path, &st) == 0 ? (uint64_t)st.st_size : 0);
}

static struct cost
timed_read(void (*get)(void *, unsigned), void *store, unsigned below,
    unsigned n)
{
	struct cost c = { wall_s(), cpu_s() };
	uint32_t seed = 7;
	unsigned i;

	for (i = 0; i < n; i++)
		get(store, fixture_draw(&seed, below));
	return ((struct cost){ wall_s() - c.wall, cpu_s() - c.cpu });
}

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x < y ? -1 : x > y);
}

/* One by one: what the slowest hundredth takes. */
static void
slowest(const char *what, void (*get)(void *, unsigned), void *store,
    unsigned below)
{
	static double wall[20000], cpu[20000];
	const size_t n = SH_COUNT(wall);
	uint32_t seed = 11;
	size_t i;

	for (i = 0; i < n; i++) {
		wall[i] = wall_s();
		cpu[i] = cpu_s();
		get(store, fixture_draw(&seed, below));
		cpu[i] = cpu_s() - cpu[i];
		wall[i] = wall_s() - wall[i];
	}
	qsort(wall, n, sizeof(*wall), by_value);
	qsort(cpu, n, sizeof(*cpu), by_value);
	(void)printf("%-23s sohoa      p50 %.4f ms p99 %.4f ms, CPU p50 %.4f "
	    "ms p99 %.4f ms\n", what, wall[n / 2] * 1e3, wall[n * 99 / 100] *
	    1e3, cpu[n / 2] * 1e3, cpu[n * 99 / 100] * 1e3);
}

#endif
