/*
 * ASN.1 as signatures need it: a writer of DER, and a reader that takes
 * untrusted bytes.
 *
 * The reader hands out elements that point into the caller's bytes; nothing
 * is copied.  Under SH_DER rules every length has one spelling; SH_BER also
 * takes indefinite and padded lengths, for what others have made.  Tag
 * numbers over 30 appear nowhere in CMS or X.509 and are refused, as are
 * elements nested deeper than SH_DER_DEPTH.
 *
 * Errors: SH_EFORMAT "cms.damaged" for whatever is not well formed.
 *
 * Source: ITU-T X.690.
 */
#ifndef SH_SIGNING_DER_H
#define SH_SIGNING_DER_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"

#define SH_DER_DEPTH	24

/* Identifier octets. */
#define SH_DER_BOOLEAN		0x01
#define SH_DER_INTEGER		0x02
#define SH_DER_BITS		0x03
#define SH_DER_OCTETS		0x04
#define SH_DER_NULL		0x05
#define SH_DER_OID		0x06
#define SH_DER_UTC_TIME		0x17
#define SH_DER_GENERAL_TIME	0x18
#define SH_DER_SEQUENCE		0x30
#define SH_DER_SET		0x31
#define SH_DER_CONTEXT(n)	(0x80 | (n))	/* [n] primitive */
#define SH_DER_CONTEXT_C(n)	(0xa0 | (n))	/* [n] constructed */

enum sh_der_rules { SH_DER, SH_BER };

/* A run of elements; plain data. */
struct sh_der {
	const uint8_t *p, *end;
	enum sh_der_rules rules;
	unsigned depth;
};

struct sh_der_element {
	uint8_t tag;		/* the identifier octet */
	const uint8_t *whole;	/* with tag and length (and end of contents) */
	size_t wholelen;
	const uint8_t *body;
	size_t len;
	enum sh_der_rules rules;
	unsigned depth;		/* of what stands in it */
};

void sh_der_init(struct sh_der *d, const void *bytes, size_t len,
    enum sh_der_rules rules);
/* 1 when nothing is left. */
int sh_der_done(const struct sh_der *d);
/* Something left behind is an error. */
int sh_der_finish(const struct sh_der *d, struct sh_error *err) SH_MUST_CHECK;
/* The next element, whatever it is. */
int sh_der_next(struct sh_der *d, struct sh_der_element *e,
    struct sh_error *err) SH_MUST_CHECK;
/* The next element, which must have that tag. */
int sh_der_expect(struct sh_der *d, uint8_t tag, struct sh_der_element *e,
    struct sh_error *err) SH_MUST_CHECK;
/* 1 and the element if the next one has that tag, else 0. */
int sh_der_optional(struct sh_der *d, uint8_t tag, struct sh_der_element *e,
    struct sh_error *err) SH_MUST_CHECK;
/* The elements inside E, which must be of a constructed form. */
int sh_der_enter(const struct sh_der_element *e, struct sh_der *inner,
    struct sh_error *err) SH_MUST_CHECK;
/* The value of an INTEGER from 0 to MAX. */
int sh_der_uint(const struct sh_der_element *e, uint64_t max, uint64_t *vp,
    struct sh_error *err) SH_MUST_CHECK;
/* UTCTime or GeneralizedTime in UTC to the second (fractions are cut). */
int sh_der_time(const struct sh_der_element *e, int64_t *whenp,
    struct sh_error *err) SH_MUST_CHECK;
/*
 * The content of an OCTET STRING; under BER the pieces of a constructed one
 * are put together in OUT, else OUT stays empty and *PP points into E.
 */
int sh_der_octets(const struct sh_der_element *e, struct sh_buf *out,
    const uint8_t **pp, size_t *lenp, struct sh_error *err) SH_MUST_CHECK;

/*
 * Writing: elements are opened and closed like brackets.  The first error
 * (no memory) sticks: calls after it do nothing and sh_der_write_end() tells.
 */
struct sh_der_writer {
	struct sh_buf *out;
	struct sh_error *err;
	size_t open[SH_DER_DEPTH];
	unsigned depth;
	int failed;
};

void sh_der_write_begin(struct sh_der_writer *w, struct sh_buf *out,
    struct sh_error *err);
int sh_der_write_end(struct sh_der_writer *w) SH_MUST_CHECK;
void sh_der_open(struct sh_der_writer *w, uint8_t tag);
void sh_der_close(struct sh_der_writer *w);
/* The same for SET OF: puts the elements into the order of X.690 11.6. */
void sh_der_close_set(struct sh_der_writer *w);
/* A primitive element. */
void sh_der_put(struct sh_der_writer *w, uint8_t tag, const void *body,
    size_t len);
/* Encoded elements as they are. */
void sh_der_put_raw(struct sh_der_writer *w, const void *der, size_t len);
void sh_der_put_uint(struct sh_der_writer *w, uint64_t v);

#endif
