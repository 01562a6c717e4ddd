/* Strict comparison of two object graphs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "base/mem.h"
#include "signing/revision_internal.h"

#define CHUNK		((size_t)64 * 1024)
#define MAX_PAIRS	((size_t)1 << 21)
#define PAIR_COST	256	/* of comparing two objects, in bytes */

/* ---- numbers ---- */

static uint64_t *
slot(const struct sh_numbers *s, uint64_t key)
{
	size_t i = (size_t)((key * 0x9e3779b97f4a7c15u) >> 20) & (s->size - 1);

	while (s->slot[i] != 0 && s->slot[i] != key + 1)
		i = (i + 1) & (s->size - 1);
	return (&s->slot[i]);
}

int
sh_numbers_has(const struct sh_numbers *s, uint64_t key)
{
	return (s->size > 0 && *slot(s, key) != 0);
}

int
sh_numbers_add(struct sh_numbers *s, uint64_t key, struct sh_error *err)
{
	struct sh_numbers bigger = { .n = s->n };
	uint64_t *at;
	size_t i;

	if (s->n >= MAX_PAIRS)
		return (sh_error_set(err, SH_ELIMIT, "pdf.limit",
		    "more than %zu objects to compare", MAX_PAIRS));
	if (2 * (s->n + 1) > s->size) {
		bigger.size = s->size > 0 ? 2 * s->size : 64;
		if ((bigger.slot = sh_alloc(bigger.size, sizeof(*s->slot),
		    "objects", err)) == NULL)
			return (-1);
		for (i = 0; i < s->size; i++)
			if (s->slot[i] != 0)
				*slot(&bigger, s->slot[i] - 1) = s->slot[i];
		free(s->slot);
		*s = bigger;
	}
	if (*(at = slot(s, key)) != 0)
		return (0);
	*at = key + 1;
	s->n++;
	return (1);
}

/* ---- values ---- */

int
sh_revision_no(struct sh_comparison *c, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(c->why, SH_WHY_LEN, fmt, ap);
	va_end(ap);
	return (0);
}

static int
same_streams(struct sh_comparison *c, const struct sh_pdf_object *a,
    const struct sh_pdf_object *b, struct sh_error *err)
{
	uint8_t *chunk;
	uint64_t done;
	size_t n;
	int rc = -1;

	if (a->stream_len != b->stream_len)
		return (sh_revision_no(c, "the stream of object %u is "
		    "another one", b->num));
	if (a->stream_at == b->stream_at)
		return (1);
	if (sh_pdf_work(c->now, a->stream_len, err))
		return (-1);
	if ((chunk = sh_alloc(2, CHUNK, "streams", err)) == NULL)
		return (-1);
	for (done = 0; done < a->stream_len; done += n) {
		n = a->stream_len - done < CHUNK ?
		    (size_t)(a->stream_len - done) : CHUNK;
		if (sh_pread_all(sh_pdf_fd(c->was), chunk, n,
		    a->stream_at + done, err) ||
		    sh_pread_all(sh_pdf_fd(c->now), chunk + CHUNK, n,
		    b->stream_at + done, err))
			goto out;
		if (memcmp(chunk, chunk + CHUNK, n) != 0) {
			rc = sh_revision_no(c, "the stream of object %u is "
			    "another one", b->num);
			goto out;
		}
	}
	rc = 1;
out:
	free(chunk);
	return (rc);
}

static int
is_text(const struct sh_pdf_value *v)
{
	return (v->kind == SH_PDF_STRING || v->kind == SH_PDF_HEX);
}

static int
is_number(const struct sh_pdf_value *v)
{
	return (v->kind == SH_PDF_INT || v->kind == SH_PDF_REAL);
}

static int
same_scalars(const struct sh_pdf_value *a, const struct sh_pdf_value *b)
{
	if (is_number(a) && is_number(b))
		return (a->num == b->num && !(a->real < b->real) &&
		    !(a->real > b->real));
	if (a->kind != b->kind && !(is_text(a) && is_text(b)))
		return (0);
	if (a->kind == SH_PDF_NAME || is_text(a))
		return (a->len == b->len &&
		    memcmp(a->text, b->text, a->len) == 0);
	return (a->num == b->num);
}

/* Neither is a reference. */
static int
same_direct(struct sh_comparison *c, const struct sh_pdf_value *a,
    const struct sh_pdf_value *b, unsigned depth, struct sh_error *err)
{
	const struct sh_pdf_value *x, *y;
	int got = 1;

	if (a->kind == SH_PDF_ARRAY && b->kind == SH_PDF_ARRAY) {
		if (a->n != b->n)
			return (sh_revision_no(c, "a list of %zu has become "
			    "one of %zu", a->n, b->n));
		for (x = a->first, y = b->first; got == 1 && x != NULL;
		    x = x->next, y = y->next)
			got = sh_revision_same(c, x, y, depth + 1, err);
		return (got);
	}
	if (a->kind != SH_PDF_DICT || b->kind != SH_PDF_DICT) {
		if (!same_scalars(a, b))
			return (sh_revision_no(c, "a value is another one"));
		return (1);
	}
	if (a->n != b->n)
		return (sh_revision_no(c, "a dictionary of %zu entries has "
		    "become one of %zu", a->n, b->n));
	/* No two members have one key, so equal counts suffice. */
	for (x = a->first, y = b->first; got == 1 && x != NULL; x = x->next,
	    y = y->next != NULL ? y->next : b->first) {
		if (!sh_pdf_key_is(y, (const char *)x->key)) {
			if (sh_pdf_work(c->now, SH_KEY_COST * b->n, err))
				return (-1);
			y = sh_pdf_member(b, (const char *)x->key);
		}
		if (y == NULL)
			return (sh_revision_no(c, "/%s is gone",
			    (const char *)x->key));
		got = sh_revision_same(c, x, y, depth + 1, err);
		if (got == 0 && strlen(c->why) + x->keylen + 8 < SH_WHY_LEN)
			(void)snprintf(c->why + strlen(c->why),
			    SH_WHY_LEN - strlen(c->why), " in /%s",
			    (const char *)x->key);
	}
	return (got);
}

static int
enqueue(struct sh_comparison *c, const struct sh_pdf_value *was,
    const struct sh_pdf_value *now, struct sh_error *err)
{
	uint64_t key = (uint64_t)was->num << 40 | (uint64_t)now->num << 16 |
	    now->gen;
	int got;

	if (was->gen != now->gen)
		return (sh_revision_no(c, "object %u has another generation",
		    (unsigned)now->num));
	if ((got = sh_numbers_add(&c->pairs, key, err)) <= 0)
		return (got < 0 ? -1 : 1);
	if (sh_pdf_work(c->now, PAIR_COST, err) ||
	    sh_grow(&c->queue, &c->capqueue, c->nqueue + 1,
	    sizeof(*c->queue), "objects to compare", err))
		return (-1);
	c->queue[c->nqueue].was = was;
	c->queue[c->nqueue++].now = now;
	return (1);
}

int
sh_revision_same(struct sh_comparison *c, const struct sh_pdf_value *was,
    const struct sh_pdf_value *now, unsigned depth, struct sh_error *err)
{
	if (was == NULL || now == NULL) {
		if (was != now)
			return (sh_revision_no(c, "a value %s",
			    was == NULL ? "is new" : "is gone"));
		return (1);
	}
	if (depth > SH_PDF_DEPTH)
		return (sh_error_set(err, SH_ELIMIT, "pdf.limit",
		    "values nested deeper than %d", SH_PDF_DEPTH));
	if (was->kind == SH_PDF_REF && now->kind == SH_PDF_REF)
		return (enqueue(c, was, now, err));
	/* A value that moved into an object of its own, or back. */
	if (sh_pdf_resolve(c->was, was, &was, NULL, err) ||
	    sh_pdf_resolve(c->now, now, &now, NULL, err))
		return (-1);
	return (same_direct(c, was, now, depth, err));
}

int
sh_revision_run(struct sh_comparison *c, struct sh_error *err)
{
	const struct sh_pdf_value *a, *b;
	const struct sh_pdf_object *oa, *ob;
	int got = 1;

	while (got == 1 && c->nqueue > 0) {
		a = c->queue[--c->nqueue].was;
		b = c->queue[c->nqueue].now;
		if (a->num == b->num &&
		    sh_numbers_has(&c->licensed, (uint64_t)a->num))
			continue;
		oa = ob = NULL;
		if (sh_pdf_resolve(c->was, a, &a, &oa, err) ||
		    sh_pdf_resolve(c->now, b, &b, &ob, err))
			return (-1);
		if (oa == NULL || ob == NULL) {
			if (oa != ob)
				got = sh_revision_no(c, "object %u %s",
				    oa != NULL ? oa->num : ob->num,
				    oa == NULL ? "is new" : "is gone");
			continue;
		}
		got = same_direct(c, a, b, 0, err);
		if (got == 1 && oa->is_stream != ob->is_stream)
			got = sh_revision_no(c, "it is another kind");
		if (got == 1 && oa->is_stream)
			got = same_streams(c, oa, ob, err);
		if (got == 0 && strlen(c->why) < SH_WHY_LEN - 24)
			(void)snprintf(c->why + strlen(c->why),
			    SH_WHY_LEN - strlen(c->why), ", object %u",
			    ob->num);
	}
	return (got);
}
