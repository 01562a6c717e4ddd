#include "signing/der.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

static int
damaged(struct sh_error *err, const char *what)
{
	return (sh_error_set(err, SH_EFORMAT, "cms.damaged", "ASN.1: %s",
	    what));
}

void
sh_der_init(struct sh_der *d, const void *bytes, size_t len,
    enum sh_der_rules rules)
{
	d->p = bytes;
	d->end = d->p + len;
	d->rules = rules;
	d->depth = 0;
}

int
sh_der_done(const struct sh_der *d)
{
	return (d->p == d->end);
}

int
sh_der_finish(const struct sh_der *d, struct sh_error *err)
{
	if (d->p != d->end)
		return (damaged(err, "something behind the last element"));
	return (0);
}

/* The length octets; *INDEFINITEP is set when there is no length. */
static int
read_length(struct sh_der *d, size_t *lenp, int *indefinitep,
    struct sh_error *err)
{
	size_t len = 0;
	unsigned n;

	*indefinitep = 0;
	if (d->p == d->end)
		return (damaged(err, "cut off in a length"));
	n = *d->p++;
	if (n < 0x80) {
		*lenp = n;
		return (0);
	}
	n &= 0x7f;
	if (n == 0) {
		if (d->rules == SH_DER)
			return (damaged(err, "indefinite length"));
		*indefinitep = 1;
		*lenp = 0;
		return (0);
	}
	if ((size_t)(d->end - d->p) < n)
		return (damaged(err, "cut off in a length"));
	if (d->rules == SH_DER && (*d->p == 0 || (n == 1 && *d->p < 0x80)))
		return (damaged(err, "length longer than it needs to be"));
	while (n-- > 0) {
		if (len > SIZE_MAX >> 8)
			return (damaged(err, "length out of range"));
		len = len << 8 | *d->p++;
	}
	*lenp = len;
	return (0);
}

/*
 * Find the end of an element of indefinite length whose content starts at
 * d->p: one pass with a counter, so that hostile nesting costs no more than
 * its bytes.
 */
static int
skip_indefinite(struct sh_der *d, struct sh_error *err)
{
	unsigned open = 1;
	int indefinite;
	uint8_t tag;
	size_t len;

	while (open > 0) {
		if (d->end - d->p < 2)
			return (damaged(err, "no end of contents"));
		tag = *d->p;
		if (tag == 0 && d->p[1] == 0) {
			d->p += 2;
			open--;
			continue;
		}
		if (tag == 0 || (tag & 0x1f) == 0x1f)
			return (damaged(err, "tag out of range"));
		d->p++;
		if (read_length(d, &len, &indefinite, err))
			return (-1);
		if (indefinite) {
			if ((tag & 0x20) == 0)
				return (damaged(err,
				    "primitive of indefinite length"));
			if (d->depth + ++open > SH_DER_DEPTH)
				return (damaged(err, "nested too deeply"));
		} else if (len > (size_t)(d->end - d->p))
			return (damaged(err, "element longer than its place"));
		else
			d->p += len;
	}
	return (0);
}

int
sh_der_next(struct sh_der *d, struct sh_der_element *e, struct sh_error *err)
{
	int indefinite;

	memset(e, 0, sizeof(*e));
	if (d->p == d->end)
		return (damaged(err, "an element is missing"));
	e->whole = d->p;
	e->tag = *d->p++;
	e->rules = d->rules;
	e->depth = d->depth + 1;
	if (e->tag == 0 || (e->tag & 0x1f) == 0x1f)
		return (damaged(err, "tag out of range"));
	if (read_length(d, &e->len, &indefinite, err))
		return (-1);
	e->body = d->p;
	if (indefinite) {
		if ((e->tag & 0x20) == 0)
			return (damaged(err, "primitive of indefinite length"));
		if (skip_indefinite(d, err))
			return (-1);
		e->len = (size_t)(d->p - e->body) - 2;
	} else {
		if (e->len > (size_t)(d->end - d->p))
			return (damaged(err, "element longer than its place"));
		d->p += e->len;
	}
	e->wholelen = (size_t)(d->p - e->whole);
	return (0);
}

int
sh_der_expect(struct sh_der *d, uint8_t tag, struct sh_der_element *e,
    struct sh_error *err)
{
	if (sh_der_next(d, e, err))
		return (-1);
	if (e->tag != tag)
		return (sh_error_set(err, SH_EFORMAT, "cms.damaged",
		    "ASN.1: tag %02x where %02x belongs", e->tag, tag));
	return (0);
}

int
sh_der_optional(struct sh_der *d, uint8_t tag, struct sh_der_element *e,
    struct sh_error *err)
{
	if (d->p == d->end || *d->p != tag)
		return (0);
	return (sh_der_next(d, e, err) ? -1 : 1);
}

int
sh_der_enter(const struct sh_der_element *e, struct sh_der *inner,
    struct sh_error *err)
{
	if ((e->tag & 0x20) == 0)
		return (damaged(err, "a primitive where elements belong"));
	if (e->depth >= SH_DER_DEPTH)
		return (damaged(err, "nested too deeply"));
	inner->p = e->body;
	inner->end = e->body + e->len;
	inner->rules = e->rules;
	inner->depth = e->depth;
	return (0);
}

int
sh_der_uint(const struct sh_der_element *e, uint64_t max, uint64_t *vp,
    struct sh_error *err)
{
	uint64_t v = 0;
	size_t i;

	if (e->tag != SH_DER_INTEGER || e->len == 0 || e->len > 9 ||
	    (e->body[0] & 0x80) != 0 ||
	    (e->len > 1 && e->body[0] == 0 && (e->body[1] & 0x80) == 0) ||
	    (e->len == 9 && e->body[0] != 0))
		return (damaged(err, "integer out of range"));
	for (i = 0; i < e->len; i++)
		v = v << 8 | e->body[i];
	if (v > max)
		return (damaged(err, "integer out of range"));
	*vp = v;
	return (0);
}

int
sh_der_time(const struct sh_der_element *e, int64_t *whenp,
    struct sh_error *err)
{
	/* Where each pair of digits stands in the text that is parsed. */
	static const uint8_t place[] = { 0, 2, 5, 8, 11, 14, 17 };
	char iso[] = "20yy-mm-ddThh:mm:ssZ";
	const uint8_t *p = e->body, *end = e->body + e->len;
	unsigned i, first = e->tag == SH_DER_UTC_TIME;

	if (e->tag != SH_DER_GENERAL_TIME && e->tag != SH_DER_UTC_TIME)
		return (damaged(err, "a time of another kind"));
	for (i = first; i < sizeof(place) && end - p >= 2; i++, p += 2)
		memcpy(iso + place[i], p, 2);
	/* Rule: X.690 11.7: a fraction, if any, and Z. */
	if (first == 0 && end - p > 2 && p[0] == '.' && p[1] != 'Z')
		for (p++; p < end && *p >= '0' && *p <= '9'; p++)
			;
	if (i < sizeof(place) || end - p != 1 || *p != 'Z')
		return (damaged(err, "a time that is none"));
	/* Rule: RFC 5280 4.1.2.5.1: 50 to 99 mean 1950 to 1999. */
	if (first == 1 && iso[2] >= '5')
		memcpy(iso, "19", 2);
	if (sh_time_parse(iso, whenp))
		return (damaged(err, "a time that is none"));
	return (0);
}

int
sh_der_octets(const struct sh_der_element *e, struct sh_buf *out,
    const uint8_t **pp, size_t *lenp, struct sh_error *err)
{
	struct sh_der d;
	struct sh_der_element piece;

	if (e->tag == SH_DER_OCTETS) {
		*pp = e->body;
		*lenp = e->len;
		return (0);
	}
	if (e->tag != (SH_DER_OCTETS | 0x20) || e->rules == SH_DER)
		return (damaged(err, "no octet string"));
	if (sh_der_enter(e, &d, err))
		return (-1);
	while (!sh_der_done(&d))
		if (sh_der_expect(&d, SH_DER_OCTETS, &piece, err) ||
		    sh_buf_append(out, piece.body, piece.len, err))
			return (-1);
	*pp = out->data;
	*lenp = out->len;
	return (0);
}

/* ---- writing ---- */

void
sh_der_write_begin(struct sh_der_writer *w, struct sh_buf *out,
    struct sh_error *err)
{
	w->out = out;
	w->err = err;
	w->depth = 0;
	w->failed = 0;
}

int
sh_der_write_end(struct sh_der_writer *w)
{
	assert(w->depth == 0);
	return (w->failed ? -1 : 0);
}

void
sh_der_put_raw(struct sh_der_writer *w, const void *der, size_t len)
{
	if (!w->failed && sh_buf_append(w->out, der, len, w->err))
		w->failed = 1;
}

/* Tag and length into HEAD; how many bytes. */
static size_t
encode_head(uint8_t head[10], uint8_t tag, size_t len)
{
	unsigned n = 0;
	size_t v;

	head[0] = tag;
	if (len < 0x80) {
		head[1] = (uint8_t)len;
		return (2);
	}
	for (v = len; v != 0; v >>= 8)
		n++;
	head[1] = (uint8_t)(0x80 | n);
	sh_put_be(head + 2, len, n);
	return (2 + n);
}

void
sh_der_open(struct sh_der_writer *w, uint8_t tag)
{
	uint8_t head[2] = { tag, 0 };

	assert(w->depth < SH_DER_DEPTH);
	w->open[w->depth++] = w->out->len;
	sh_der_put_raw(w, head, sizeof(head));
}

void
sh_der_close(struct sh_der_writer *w)
{
	size_t at, len, headlen;
	uint8_t head[10];

	assert(w->depth > 0);
	at = w->open[--w->depth];
	if (w->failed)
		return;
	len = w->out->len - at - 2;
	headlen = encode_head(head, w->out->data[at], len);
	if (headlen > 2) {
		/* Two bytes of head were written; make room for the rest. */
		sh_der_put_raw(w, head, headlen - 2);
		if (w->failed)
			return;
		memmove(w->out->data + at + headlen, w->out->data + at + 2,
		    len);
	}
	memcpy(w->out->data + at, head, headlen);
}

static int
compare_elements(const void *va, const void *vb)
{
	const struct sh_der_element *a = va, *b = vb;
	size_t n = a->wholelen < b->wholelen ? a->wholelen : b->wholelen;
	int c = memcmp(a->whole, b->whole, n);

	if (c != 0)
		return (c);
	return (a->wholelen < b->wholelen ? -1 : a->wholelen > b->wholelen);
}

void
sh_der_close_set(struct sh_der_writer *w)
{
	struct sh_der_element e[64];
	struct sh_buf sorted = SH_BUF_INIT;
	struct sh_der d;
	size_t at, n = 0, i;

	assert(w->depth > 0);
	at = w->open[w->depth - 1] + 2;
	if (!w->failed) {
		sh_der_init(&d, w->out->data + at, w->out->len - at, SH_DER);
		while (!w->failed && !sh_der_done(&d)) {
			assert(n < sizeof(e) / sizeof(e[0]));
			w->failed = sh_der_next(&d, &e[n++], w->err) != 0;
		}
		qsort(e, n, sizeof(e[0]), compare_elements);
		for (i = 0; i < n && !w->failed; i++)
			w->failed = sh_buf_append(&sorted, e[i].whole,
			    e[i].wholelen, w->err) != 0;
		if (!w->failed && n > 0)
			memcpy(w->out->data + at, sorted.data, sorted.len);
	}
	sh_buf_free(&sorted);
	sh_der_close(w);
}

void
sh_der_put(struct sh_der_writer *w, uint8_t tag, const void *body, size_t len)
{
	uint8_t head[10];

	sh_der_put_raw(w, head, encode_head(head, tag, len));
	sh_der_put_raw(w, body, len);
}

void
sh_der_put_uint(struct sh_der_writer *w, uint64_t v)
{
	uint8_t body[9] = { 0 };
	unsigned i = 1;

	sh_put_be(body + 1, v, 8);
	/* Leading zeros go, but for one before a set top bit. */
	while (i < 8 && body[i] == 0)
		i++;
	if (body[i] & 0x80)
		i--;
	sh_der_put(w, SH_DER_INTEGER, body + i, sizeof(body) - i);
}
