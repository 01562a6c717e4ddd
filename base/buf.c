#include "base/buf.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
sh_buf_free(struct sh_buf *b)
{
	free(b->data);
	b->data = NULL;
	b->len = b->cap = 0;
}

void
sh_buf_reset(struct sh_buf *b)
{
	b->len = 0;
	if (b->data != NULL)
		b->data[0] = '\0';
}

uint8_t *
sh_buf_reserve(struct sh_buf *b, size_t len, struct sh_error *err)
{
	size_t need, cap;
	uint8_t *p;

	if (__builtin_add_overflow(b->len, len, &need) || need == SIZE_MAX ||
	    (b->limit != 0 && need > b->limit)) {
		(void)sh_error_set(err, SH_ELIMIT, "size.too-large",
		    "more than %zu bytes", b->limit);
		return (NULL);
	}
	if (need + 1 > b->cap) {
		cap = b->cap + b->cap / 2;
		if (cap < need + 1)
			cap = need + 1;
		if (cap < 64)
			cap = 64;
		if ((p = realloc(b->data, cap)) == NULL) {
			(void)sh_error_nomem(err, "a buffer");
			return (NULL);
		}
		b->data = p;
		b->cap = cap;
	}
	return (b->data + b->len);
}

int
sh_buf_append(struct sh_buf *b, const void *data, size_t len,
    struct sh_error *err)
{
	uint8_t *p;

	if ((p = sh_buf_reserve(b, len, err)) == NULL)
		return (-1);
	if (len > 0)
		memcpy(p, data, len);
	b->len += len;
	b->data[b->len] = '\0';
	return (0);
}

int
sh_buf_puts(struct sh_buf *b, const char *s, struct sh_error *err)
{
	return (sh_buf_append(b, s, strlen(s), err));
}

int
sh_buf_vprintf(struct sh_buf *b, struct sh_error *err, const char *fmt,
    va_list ap)
{
	size_t room = b->cap - b->len;
	va_list again;
	uint8_t *p;
	int n;

	/* Mostly there is room, and one go will do. */
	va_copy(again, ap);
	n = vsnprintf(b->data == NULL ? NULL : (char *)b->data + b->len,
	    room, fmt, ap);
	assert(n >= 0);
	if ((p = sh_buf_reserve(b, (size_t)n, err)) == NULL) {
		if (b->data != NULL)
			b->data[b->len] = '\0';
		va_end(again);
		return (-1);
	}
	if ((size_t)n >= room)
		(void)vsnprintf((char *)p, (size_t)n + 1, fmt, again);
	va_end(again);
	b->len += (size_t)n;
	return (0);
}

int
sh_buf_printf(struct sh_buf *b, struct sh_error *err, const char *fmt, ...)
{
	va_list ap;
	int rc;

	va_start(ap, fmt);
	rc = sh_buf_vprintf(b, err, fmt, ap);
	va_end(ap);
	return (rc);
}

void
sh_put_be(uint8_t *p, uint64_t v, unsigned nbytes)
{
	assert(nbytes >= 1 && nbytes <= 8);
	while (nbytes-- > 0) {
		p[nbytes] = (uint8_t)v;
		v >>= 8;
	}
}

uint64_t
sh_get_be(const uint8_t *p, unsigned nbytes)
{
	uint64_t v = 0;

	assert(nbytes >= 1 && nbytes <= 8);
	while (nbytes-- > 0)
		v = v << 8 | *p++;
	return (v);
}

int
sh_buf_put_be(struct sh_buf *b, uint64_t v, unsigned nbytes,
    struct sh_error *err)
{
	uint8_t tmp[8];

	sh_put_be(tmp, v, nbytes);
	return (sh_buf_append(b, tmp, nbytes, err));
}

char *
sh_buf_steal(struct sh_buf *b, struct sh_error *err)
{
	char *s;

	/* An empty buffer may never have allocated its final NUL. */
	if (sh_buf_append(b, "", 0, err))
		return (NULL);
	s = (char *)b->data;
	b->data = NULL;
	b->len = b->cap = 0;
	return (s);
}
