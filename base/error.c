#include "base/error.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "base/text.h"

static const struct {
	const char *word;
	int exit;
	int http;
	enum sh_retry retry;
} codes[] = {
	[SH_OK] = { "ok", EX_OK, 200, SH_RETRY_RECORD },
	[SH_EARG] = { "argument", EX_DATAERR, 400, SH_RETRY_PARK },
	[SH_EFORMAT] = { "format", EX_DATAERR, 400, SH_RETRY_PARK },
	[SH_EUNSUPPORTED] = { "unsupported", EX_DATAERR, 415, SH_RETRY_PARK },
	[SH_ELIMIT] = { "limit", EX_DATAERR, 413, SH_RETRY_PARK },
	[SH_ENOTFOUND] = { "not-found", EX_NOINPUT, 404, SH_RETRY_RECORD },
	[SH_EEXISTS] = { "exists", EX_CANTCREAT, 409, SH_RETRY_RECORD },
	[SH_ECONFLICT] = { "conflict", EX_TEMPFAIL, 409, SH_RETRY_DELAY },
	[SH_EDENIED] = { "denied", EX_NOPERM, 403, SH_RETRY_STOP },
	[SH_ENOMEM] = { "no-memory", EX_OSERR, 503, SH_RETRY_DELAY },
	[SH_ESYSTEM] = { "system", EX_OSERR, 500, SH_RETRY_DELAY },
	[SH_EAGAIN] = { "again", EX_TEMPFAIL, 503, SH_RETRY_DELAY },
	[SH_ELIBRARY] = { "library", EX_SOFTWARE, 500, SH_RETRY_FRESH },
	[SH_EFIXITY] = { "fixity", EX_PROTOCOL, 422, SH_RETRY_ALERT },
	[SH_ESIGNATURE] = { "signature", EX_PROTOCOL, 422, SH_RETRY_ALERT },
};

_Static_assert(sizeof(codes) / sizeof(codes[0]) == SH_NCODES,
    "every code needs its row");

/*
 * Whatever could move a terminal or turn a line around becomes '?', and so do
 * bytes that are no character, a cut one among them: what an error says goes
 * into JSON.
 */
static void
clean(char *s)
{
	const char *p = s, *end = s + strlen(s);
	uint32_t cp;
	size_t n;

	while (p < end) {
		if ((n = sh_utf8_get(p, end, &cp)) > 0 && cp >= 0x20 &&
		    (cp < 0x7f || cp > 0x9f) && !sh_is_hidden(cp)) {
			memmove(s, p, n);
			s += n;
			p += n;
			continue;
		}
		*s++ = '?';
		for (p += n > 0 ? n : 1; n == 0 && p < end &&
		    ((unsigned char)*p & 0xc0) == 0x80; p++)
			;
	}
	*s = '\0';
}

SH_PRINTF(3, 0) static void
print_clean(char *dst, size_t size, const char *fmt, va_list ap)
{
	(void)vsnprintf(dst, size, fmt, ap);
	clean(dst);
}

int
sh_error_set(struct sh_error *err, enum sh_code code, const char *key,
    const char *fmt, ...)
{
	va_list ap;

	assert(code > SH_OK && code < SH_NCODES);
	assert(strlen(key) < sizeof(err->key));
	if (err->code != SH_OK)
		return (-1);
	err->code = code;
	err->sys = 0;
	(void)snprintf(err->key, sizeof(err->key), "%s", key);
	va_start(ap, fmt);
	print_clean(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	return (-1);
}

int
sh_error_sys(struct sh_error *err, const char *key, const char *fmt, ...)
{
	int sys = errno;
	char what[256];
	va_list ap;

	if (err->code != SH_OK)
		return (-1);
	va_start(ap, fmt);
	print_clean(what, sizeof(what), fmt, ap);
	va_end(ap);
	if (sys == ENOSPC || sys == EDQUOT)
		key = "disk.full";
	(void)sh_error_set(err, sys == ENOMEM ? SH_ENOMEM : SH_ESYSTEM,
	    sys == ENOMEM ? "memory.none" : key, "%s: %s", what,
	    strerror(sys));
	err->sys = sys;
	return (-1);
}

int
sh_error_nomem(struct sh_error *err, const char *what)
{
	return (sh_error_set(err, SH_ENOMEM, "memory.none",
	    "no memory for %s", what));
}

int
sh_error_told(struct sh_error *err)
{
	return (sh_error_set(err, SH_ELIBRARY, "internal.untold",
	    "a failure without its cause"));
}

int
sh_error_context(struct sh_error *err, const char *fmt, ...)
{
	char front[256], whole[sizeof(err->text)];
	va_list ap;

	va_start(ap, fmt);
	print_clean(front, sizeof(front), fmt, ap);
	va_end(ap);
	if (snprintf(whole, sizeof(whole), "%s: %s", front, err->text) < 0)
		return (-1);
	clean(whole);
	memcpy(err->text, whole, sizeof(whole));
	return (-1);
}

void
sh_error_param(struct sh_error *err, const char *name, const char *fmt, ...)
{
	va_list ap;
	unsigned i;

	for (i = 0; i < err->nparam; i++)
		if (strcmp(err->param[i].name, name) == 0)
			return;
	if (err->nparam == SH_ERROR_PARAMS)
		return;
	(void)snprintf(err->param[i].name, sizeof(err->param[i].name), "%s",
	    name);
	va_start(ap, fmt);
	print_clean(err->param[i].value, sizeof(err->param[i].value), fmt, ap);
	va_end(ap);
	err->nparam++;
}

void
sh_error_clear(struct sh_error *err)
{
	memset(err, 0, sizeof(*err));
}

const char *
sh_code_word(enum sh_code code)
{
	assert(code < SH_NCODES);
	return (codes[code].word);
}

int
sh_code_exit(enum sh_code code)
{
	assert(code < SH_NCODES);
	return (codes[code].exit);
}

int
sh_code_http(enum sh_code code)
{
	assert(code < SH_NCODES);
	return (codes[code].http);
}

enum sh_retry
sh_code_retry(enum sh_code code)
{
	assert(code < SH_NCODES);
	return (codes[code].retry);
}

enum sh_code
sh_code_from_word(const char *word)
{
	enum sh_code code;

	for (code = SH_OK; code < SH_NCODES; code++)
		if (strcmp(codes[code].word, word) == 0)
			break;
	return (code);
}
