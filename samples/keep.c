#include "samples/keep.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/mem.h"

#define CHUNK	65536

struct sh_arena_chunk {
	struct sh_arena_chunk *prev;
	size_t len, cap;
	max_align_t data[];
};

void
sh_keep_die(void)
{
	(void)fputs("sample: out of memory\n", stderr);
	exit(EX_OSERR);
}

void *
sh_keep(size_t n, size_t size)
{
	struct sh_error err = SH_ERROR_INIT;
	void *p;

	if ((p = sh_alloc(n, size, "the samples", &err)) == NULL)
		sh_keep_die();
	return (p);
}

void *
sh_keep_grow(void *p, size_t *capp, size_t need, size_t size)
{
	struct sh_error err = SH_ERROR_INIT;

	if (sh_grow(&p, capp, need, size, "the samples", &err) == -1)
		sh_keep_die();
	return (p);
}

void
sh_arena_free(struct sh_arena *a)
{
	struct sh_arena_chunk *prev;

	for (; a->last != NULL; a->last = prev) {
		prev = a->last->prev;
		free(a->last);
	}
}

void *
sh_arena_get(struct sh_arena *a, size_t n, size_t size)
{
	struct sh_arena_chunk *c = a->last;
	size_t bytes, cap;
	char *p;

	if (__builtin_mul_overflow(n, size, &bytes) || bytes > SIZE_MAX / 2)
		sh_keep_die();
	bytes = (bytes + sizeof(max_align_t)) / sizeof(max_align_t) *
	    sizeof(max_align_t);
	if (c == NULL || c->cap - c->len < bytes) {
		cap = bytes > CHUNK ? bytes : CHUNK;
		c = sh_keep(1, sizeof(*c) + cap);
		c->cap = cap;
		c->prev = a->last;
		a->last = c;
	}
	p = (char *)c->data + c->len;
	c->len += bytes;
	return (p);
}

char *
sh_arena_ndup(struct sh_arena *a, const char *s, size_t len)
{
	char *p = sh_arena_get(a, len + 1, 1);

	memcpy(p, s, len);
	return (p);
}

char *
sh_arena_dup(struct sh_arena *a, const char *s)
{
	return (sh_arena_ndup(a, s, strlen(s)));
}

char *
sh_arena_printf(struct sh_arena *a, const char *fmt, ...)
{
	va_list ap;
	char *p;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		sh_keep_die();
	p = sh_arena_get(a, (size_t)n + 1, 1);
	va_start(ap, fmt);
	(void)vsnprintf(p, (size_t)n + 1, fmt, ap);
	va_end(ap);
	return (p);
}
