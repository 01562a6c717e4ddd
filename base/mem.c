#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *
sh_alloc(size_t n, size_t size, const char *what, struct sh_error *err)
{
	void *p;

	if (n == 0)
		n = 1;
	/* calloc refuses a product that overflows. */
	if ((p = calloc(n, size)) == NULL)
		(void)sh_error_nomem(err, what);
	return (p);
}

int
sh_grow(void *ptrp, size_t *capp, size_t need, size_t size, const char *what,
    struct sh_error *err)
{
	void *p;
	size_t cap, bytes;

	if (need <= *capp)
		return (0);
	cap = *capp + *capp / 2;
	if (cap < need)
		cap = need;
	if (cap < 8)
		cap = 8;
	if (__builtin_mul_overflow(cap, size, &bytes))
		return (sh_error_nomem(err, what));
	memcpy(&p, ptrp, sizeof(p));
	if ((p = realloc(p, bytes)) == NULL)
		return (sh_error_nomem(err, what));
	memcpy(ptrp, &p, sizeof(p));
	*capp = cap;
	return (0);
}

char *
sh_strdup(const char *s, struct sh_error *err)
{
	return (sh_strndup(s, strlen(s), err));
}

char *
sh_strndup(const char *s, size_t len, struct sh_error *err)
{
	char *p;

	if ((p = malloc(len + 1)) == NULL) {
		(void)sh_error_nomem(err, "a string");
		return (NULL);
	}
	if (len > 0)
		memcpy(p, s, len);
	p[len] = '\0';
	return (p);
}

char *
sh_asprintf(struct sh_error *err, const char *fmt, ...)
{
	char *p = NULL;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&p, fmt, ap);
	va_end(ap);
	if (n < 0) {
		(void)sh_error_nomem(err, "a string");
		return (NULL);
	}
	return (p);
}
