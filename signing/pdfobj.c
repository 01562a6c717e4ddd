#include "signing/pdfobj.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define CHUNK	((size_t)64 * 1024)
#define MANY	24		/* members from which duplicates are sorted */

struct sh_pdf_chunk {
	struct sh_pdf_chunk *older;
	size_t size;
	_Alignas(16) uint8_t bytes[];
};

void *
sh_pdf_alloc(struct sh_pdf_arena *a, size_t len, struct sh_error *err)
{
	struct sh_pdf_chunk *c;
	size_t size;

	if (len > a->limit) {
		(void)sh_error_set(err, SH_ELIMIT, "pdf.limit",
		    "a value of %zu bytes, limit %zu", len, a->limit);
		return (NULL);
	}
	len = (len + 15) & ~(size_t)15;
	if (len > a->left) {
		size = len > CHUNK ? len : CHUNK;
		if (size > a->limit - a->used) {
			(void)sh_error_set(err, SH_ELIMIT, "pdf.limit",
			    "values of more than %zu bytes", a->limit);
			return (NULL);
		}
		if ((c = malloc(sizeof(*c) + size)) == NULL) {
			(void)sh_error_nomem(err, "PDF values");
			return (NULL);
		}
		c->older = a->chunks;
		c->size = size;
		a->chunks = c;
		a->used += size;
		a->left = size;
	}
	a->left -= len;
	return (a->chunks->bytes + (a->chunks->size - a->left - len));
}

void
sh_pdf_arena_free(struct sh_pdf_arena *a)
{
	struct sh_pdf_chunk *c;

	while ((c = a->chunks) != NULL) {
		a->chunks = c->older;
		free(c);
	}
	a->left = a->used = 0;
}

int
sh_pdf_is(const struct sh_pdf_value *v, enum sh_pdf_kind kind)
{
	return (v != NULL && v->kind == kind);
}

int
sh_pdf_is_name(const struct sh_pdf_value *v, const char *name)
{
	return (v != NULL && v->kind == SH_PDF_NAME &&
	    v->len == strlen(name) && memcmp(v->text, name, v->len) == 0);
}

int
sh_pdf_key_is(const struct sh_pdf_value *v, const char *key)
{
	return (v->keylen == strlen(key) &&
	    memcmp(v->key, key, v->keylen) == 0);
}

const struct sh_pdf_value *
sh_pdf_member(const struct sh_pdf_value *dict, const char *key)
{
	const struct sh_pdf_value *v;

	if (!sh_pdf_is(dict, SH_PDF_DICT))
		return (NULL);
	for (v = dict->first; v != NULL; v = v->next)
		if (sh_pdf_key_is(v, key))
			return (v);
	return (NULL);
}

/* ---- characters ---- */

void
sh_pdf_lex(struct sh_pdf_lexer *lx, struct sh_pdf_arena *a, const void *bytes,
    size_t len, int final)
{
	lx->base = lx->p = bytes;
	lx->end = lx->base + len;
	lx->final = final;
	lx->hit_end = 0;
	lx->arena = a;
}

int
sh_pdf_peek(struct sh_pdf_lexer *lx, size_t k)
{
	if (k < (size_t)(lx->end - lx->p))
		return (lx->p[k]);
	if (!lx->final)
		lx->hit_end = 1;
	return (-1);
}

int
sh_pdf_is_space(int c)
{
	return (c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == '\f' ||
	    c == 0);
}

int
sh_pdf_is_break(int c)
{
	return (c < 0 || sh_pdf_is_space(c) || strchr("()<>[]{}/%", c) != NULL);
}

void
sh_pdf_skip(struct sh_pdf_lexer *lx)
{
	int c;

	for (;;) {
		c = sh_pdf_peek(lx, 0);
		if (sh_pdf_is_space(c)) {
			lx->p++;
			continue;
		}
		if (c != '%')
			return;
		while (c >= 0 && c != '\n' && c != '\r') {
			lx->p++;
			c = sh_pdf_peek(lx, 0);
		}
	}
}

int
sh_pdf_word(struct sh_pdf_lexer *lx, const char *word)
{
	size_t n = strlen(word), i;

	for (i = 0; i < n; i++)
		if (sh_pdf_peek(lx, i) != (uint8_t)word[i])
			return (0);
	if (!sh_pdf_is_break(sh_pdf_peek(lx, n)))
		return (0);
	lx->p += n;
	return (1);
}

static int
damaged(struct sh_pdf_lexer *lx, const char *what, struct sh_error *err)
{
	return (sh_error_set(err, SH_EFORMAT, "pdf.damaged", "%s at byte %zu",
	    what, (size_t)(lx->p - lx->base)));
}

static int
is_digit(int c)
{
	return (c >= '0' && c <= '9');
}

int
sh_pdf_digits(struct sh_pdf_lexer *lx, uint64_t max, uint64_t *vp,
    struct sh_error *err)
{
	uint64_t v = 0;
	int c;

	if (!is_digit(sh_pdf_peek(lx, 0)))
		return (damaged(lx, "no digit where a number belongs", err));
	while (is_digit(c = sh_pdf_peek(lx, 0))) {
		if (v > (UINT64_MAX - 9) / 10)
			return (damaged(lx, "number out of range", err));
		v = v * 10 + (uint64_t)(c - '0');
		lx->p++;
	}
	if (v > max)
		return (damaged(lx, "number out of range", err));
	*vp = v;
	return (0);
}

int
sh_pdf_header(struct sh_pdf_lexer *lx, uint32_t *nump, uint32_t *genp,
    struct sh_error *err)
{
	uint64_t num, gen;

	sh_pdf_skip(lx);
	if (sh_pdf_digits(lx, SH_PDF_MAX_OBJECT, &num, err))
		return (-1);
	sh_pdf_skip(lx);
	if (sh_pdf_digits(lx, 65535, &gen, err))
		return (-1);
	sh_pdf_skip(lx);
	if (!sh_pdf_word(lx, "obj"))
		return (damaged(lx, "no object", err));
	*nump = (uint32_t)num;
	*genp = (uint32_t)gen;
	return (0);
}

/* ---- values ---- */

static int parse(struct sh_pdf_lexer *, unsigned, struct sh_pdf_value **,
    struct sh_error *);

static int
hex_digit(int c)
{
	if (is_digit(c))
		return (c - '0');
	if (c >= 'a' && c <= 'f')
		return (c - 'a' + 10);
	if (c >= 'A' && c <= 'F')
		return (c - 'A' + 10);
	return (-1);
}

/* Decodes the name behind the slash at lx->p. */
static int
parse_name(struct sh_pdf_lexer *lx, const uint8_t **textp, size_t *lenp,
    struct sh_error *err)
{
	size_t n, i;
	uint8_t *text;
	int hi, lo;

	lx->p++;
	for (n = 0; !sh_pdf_is_break(sh_pdf_peek(lx, n)); n++)
		;
	if ((text = sh_pdf_alloc(lx->arena, n + 1, err)) == NULL)
		return (-1);
	*textp = text;
	for (i = 0; i < n; i++) {
		if (lx->p[i] != '#') {
			*text++ = lx->p[i];
			continue;
		}
		if (n - i < 3 || (hi = hex_digit(lx->p[i + 1])) < 0 ||
		    (lo = hex_digit(lx->p[i + 2])) < 0 || (hi | lo) == 0)
			return (damaged(lx, "a name with a broken escape",
			    err));
		*text++ = (uint8_t)(hi << 4 | lo);
		i += 2;
	}
	*text = '\0';
	*lenp = (size_t)(text - *textp);
	lx->p += n;
	return (0);
}

static int
parse_hex(struct sh_pdf_lexer *lx, struct sh_pdf_value *v,
    struct sh_error *err)
{
	size_t n, i, digits = 0;
	uint8_t *text;
	int c, d;

	for (n = 1; (c = sh_pdf_peek(lx, n)) != '>'; n++)
		if (c < 0 || (hex_digit(c) < 0 && !sh_pdf_is_space(c)))
			return (damaged(lx, "a broken hexadecimal string",
			    err));
	if ((text = sh_pdf_alloc(lx->arena, n / 2 + 2, err)) == NULL)
		return (-1);
	for (i = 1; i < n; i++) {
		if ((d = hex_digit(lx->p[i])) < 0)
			continue;
		if (digits % 2 == 0)
			text[digits / 2] = (uint8_t)(d << 4);
		else
			text[digits / 2] |= (uint8_t)d;
		digits++;
	}
	v->kind = SH_PDF_HEX;
	v->text = text;
	v->len = (digits + 1) / 2;
	v->n = digits;
	text[v->len] = '\0';
	lx->p += n + 1;
	return (0);
}

/* One escape of a literal string, lx->p behind the backslash. */
static uint8_t *
parse_escape(struct sh_pdf_lexer *lx, uint8_t *out)
{
	static const char from[] = "nrtbf", to[] = "\n\r\t\b\f";
	const char *f;
	int c = *lx->p++, v, i;

	if (c >= '0' && c <= '7') {
		v = c - '0';
		for (i = 0; i < 2 && lx->p < lx->end && *lx->p >= '0' &&
		    *lx->p <= '7'; i++)
			v = v * 8 + (*lx->p++ - '0');
		*out++ = (uint8_t)v;
	} else if (c == '\r' || c == '\n') {
		if (c == '\r' && lx->p < lx->end && *lx->p == '\n')
			lx->p++;
	} else if (c != 0 && (f = strchr(from, c)) != NULL)
		*out++ = (uint8_t)to[f - from];
	else
		*out++ = (uint8_t)c;
	return (out);
}

static int
parse_string(struct sh_pdf_lexer *lx, struct sh_pdf_value *v,
    struct sh_error *err)
{
	const uint8_t *close;
	size_t n, open = 1;
	uint8_t *text, *out;
	int c;

	for (n = 1; open > 0; n++) {
		if ((c = sh_pdf_peek(lx, n)) < 0)
			return (damaged(lx, "a string without its end", err));
		if (c == '\\') {
			n++;
			if (sh_pdf_peek(lx, n) < 0)
				return (damaged(lx,
				    "a string without its end", err));
		} else if (c == '(')
			open++;
		else if (c == ')')
			open--;
	}
	close = lx->p + n - 1;
	if ((text = out = sh_pdf_alloc(lx->arena, n, err)) == NULL)
		return (-1);
	for (lx->p++; lx->p < close;) {
		c = *lx->p++;
		if (c == '\\')
			out = parse_escape(lx, out);
		else if (c == '\r') {
			if (*lx->p == '\n')
				lx->p++;
			*out++ = '\n';
		} else
			*out++ = (uint8_t)c;
	}
	*out = '\0';
	v->kind = SH_PDF_STRING;
	v->text = text;
	v->len = (size_t)(out - text);
	lx->p = close + 1;
	return (0);
}

/* A number, or a reference if two more tokens make it one. */
static int
parse_number(struct sh_pdf_lexer *lx, struct sh_pdf_value *v,
    struct sh_error *err)
{
	struct sh_pdf_lexer ahead;
	int c = sh_pdf_peek(lx, 0), negative = c == '-', sign, ndigits = 0;
	double scale = 1;
	uint64_t gen = 0;

	sign = c == '-' || c == '+';
	lx->p += sign;
	v->kind = SH_PDF_INT;
	for (;; lx->p++) {
		c = sh_pdf_peek(lx, 0);
		if (c == '.' && v->kind == SH_PDF_INT) {
			v->kind = SH_PDF_REAL;
			continue;
		}
		if (!is_digit(c))
			break;
		ndigits++;
		if (v->kind == SH_PDF_REAL) {
			scale /= 10;
			v->real += (c - '0') * scale;
			continue;
		}
		if (v->num > (INT64_MAX - 9) / 10)
			return (damaged(lx, "number out of range", err));
		v->num = v->num * 10 + (c - '0');
		v->real = (double)v->num;
	}
	if (ndigits == 0 || !sh_pdf_is_break(c))
		return (damaged(lx, "no value where one belongs", err));
	if (negative) {
		v->num = -v->num;
		v->real = -v->real;
	}
	if (v->kind == SH_PDF_REAL || sign || v->num > SH_PDF_MAX_OBJECT)
		return (0);
	ahead = *lx;
	sh_pdf_skip(&ahead);
	while (ndigits < 32 && is_digit(c = sh_pdf_peek(&ahead, 0))) {
		gen = gen * 10 + (uint64_t)(c - '0');
		ahead.p++;
		ndigits = gen > 65535 ? 32 : ndigits;
	}
	lx->hit_end |= ahead.hit_end;
	if (ahead.p == lx->p || !is_digit(ahead.p[-1]) || gen > 65535)
		return (0);
	sh_pdf_skip(&ahead);
	c = sh_pdf_word(&ahead, "R");
	lx->hit_end |= ahead.hit_end;
	if (c) {
		v->kind = SH_PDF_REF;
		v->gen = (uint32_t)gen;
		lx->p = ahead.p;
	}
	return (0);
}

static int
parse_array(struct sh_pdf_lexer *lx, unsigned depth, struct sh_pdf_value *v,
    struct sh_error *err)
{
	const struct sh_pdf_value **tail = &v->first;
	struct sh_pdf_value *e;

	lx->p++;
	v->kind = SH_PDF_ARRAY;
	for (;;) {
		sh_pdf_skip(lx);
		if (sh_pdf_peek(lx, 0) == ']')
			break;
		if (parse(lx, depth + 1, &e, err))
			return (-1);
		*tail = e;
		tail = &e->next;
		v->n++;
	}
	lx->p++;
	return (0);
}

static int
compare_keys(const void *va, const void *vb)
{
	const struct sh_pdf_value *a = *(const struct sh_pdf_value *const *)va;
	const struct sh_pdf_value *b = *(const struct sh_pdf_value *const *)vb;

	if (a->keylen != b->keylen)
		return (a->keylen < b->keylen ? -1 : 1);
	return (memcmp(a->key, b->key, a->keylen));
}

/* Which of two equal keys counts is a viewer's guess: refused. */
static int
check_unique(struct sh_pdf_lexer *lx, const struct sh_pdf_value *dict,
    struct sh_error *err)
{
	const struct sh_pdf_value *a, *b, **sorted;
	size_t i = 0;

	if (dict->n <= MANY) {
		for (a = dict->first; a != NULL; a = a->next)
			for (b = a->next; b != NULL; b = b->next)
				if (compare_keys(&a, &b) == 0)
					return (damaged(lx, "a key that occurs "
					    "twice in a dictionary", err));
		return (0);
	}
	if ((sorted = sh_alloc(dict->n, sizeof(*sorted), "PDF values",
	    err)) == NULL)
		return (-1);
	for (a = dict->first; a != NULL; a = a->next)
		sorted[i++] = a;
	qsort(sorted, i, sizeof(*sorted), compare_keys);
	while (--i > 0)
		if (compare_keys(&sorted[i - 1], &sorted[i]) == 0)
			break;
	free(sorted);
	if (i > 0)
		return (damaged(lx, "a key that occurs twice in a dictionary",
		    err));
	return (0);
}

static int
parse_dict(struct sh_pdf_lexer *lx, unsigned depth, struct sh_pdf_value *v,
    struct sh_error *err)
{
	const struct sh_pdf_value **tail = &v->first;
	struct sh_pdf_value *e;
	const uint8_t *key;
	size_t keylen, keystart;

	lx->p += 2;
	v->kind = SH_PDF_DICT;
	for (;;) {
		sh_pdf_skip(lx);
		if (sh_pdf_peek(lx, 0) == '>' && sh_pdf_peek(lx, 1) == '>')
			break;
		if (sh_pdf_peek(lx, 0) != '/')
			return (damaged(lx, "a dictionary key that is no name",
			    err));
		keystart = (size_t)(lx->p - lx->base);
		if (parse_name(lx, &key, &keylen, err))
			return (-1);
		sh_pdf_skip(lx);
		if (parse(lx, depth + 1, &e, err))
			return (-1);
		e->key = key;
		e->keylen = keylen;
		e->keystart = keystart;
		*tail = e;
		tail = &e->next;
		v->n++;
	}
	lx->p += 2;
	return (check_unique(lx, v, err));
}

/* One value at lx->p. */
static int
parse(struct sh_pdf_lexer *lx, unsigned depth, struct sh_pdf_value **vp,
    struct sh_error *err)
{
	struct sh_pdf_value *v;
	int c = sh_pdf_peek(lx, 0), rc = 0;

	if (depth > SH_PDF_DEPTH)
		return (sh_error_set(err, SH_ELIMIT, "pdf.limit",
		    "values nested deeper than %d", SH_PDF_DEPTH));
	if ((v = sh_pdf_alloc(lx->arena, sizeof(*v), err)) == NULL)
		return (-1);
	memset(v, 0, sizeof(*v));
	v->start = (size_t)(lx->p - lx->base);
	if (c == '<' && sh_pdf_peek(lx, 1) == '<')
		rc = parse_dict(lx, depth, v, err);
	else if (c == '<')
		rc = parse_hex(lx, v, err);
	else if (c == '[')
		rc = parse_array(lx, depth, v, err);
	else if (c == '(')
		rc = parse_string(lx, v, err);
	else if (c == '/') {
		v->kind = SH_PDF_NAME;
		rc = parse_name(lx, &v->text, &v->len, err);
	} else if (sh_pdf_word(lx, "true") || sh_pdf_word(lx, "false")) {
		v->kind = SH_PDF_BOOL;
		v->num = c == 't';
	} else if (!sh_pdf_word(lx, "null"))
		rc = parse_number(lx, v, err);
	v->end = (size_t)(lx->p - lx->base);
	*vp = v;
	return (rc);
}

int
sh_pdf_value(struct sh_pdf_lexer *lx, const struct sh_pdf_value **vp,
    struct sh_error *err)
{
	struct sh_pdf_value *v;

	sh_pdf_skip(lx);
	if (parse(lx, 0, &v, err))
		return (-1);
	*vp = v;
	return (0);
}
