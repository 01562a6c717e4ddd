/*
 * A time-stamping authority asked for its word: RFC 3161 over HTTP.
 *
 * What comes back is not believed: the token must be over the digest that
 * was sent, carry our nonce and the policy that was asked for, be signed by
 * a certificate that is for nothing but time stamps and leads to an anchor,
 * and tell a time that this machine's clock agrees with.
 *
 * Source: RFC 3161, RFC 5816; EN 319 422.
 */
#ifndef SH_SIGNING_TSA_H
#define SH_SIGNING_TSA_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "signing/algorithm.h"

struct sh_trust;

struct sh_tsa {
	const char *url;
	const char *policy;	/* OID in dots that must be followed; NULL */
	const struct sh_trust *trust;	/* NULL: whoever signed it */
	int timeout_ms;		/* of one try */
	int tries;
	int64_t now;		/* 0: this machine's clock */
	/* Carries the bytes to the authority and back; NULL: HTTP. */
	int (*carry)(void *arg, const struct sh_buf *question,
	    struct sh_buf *answer, struct sh_error *err);
	void *arg;
};

/* The most bytes of a token that is taken. */
#define SH_TOKEN_MAX	((size_t)16 << 10)
/* How far the authority's clock and ours may be apart, seconds. */
#define SH_CLOCK_SKEW_S	300

/*
 * A token over DIGEST (of MD), appended to TOKEN; *WHENP the time it tells.
 *
 * Errors: those of http.h; SH_EAGAIN "tsa.refused", the authority says no;
 * SH_EFORMAT "tsa.answer"; SH_ESIGNATURE "tsa.other" (another digest, nonce
 * or policy), "tsa.clock", "tsa.untrusted", and what cms.h says.
 */
int sh_tsa_stamp(const struct sh_tsa *tsa, enum sh_md md,
    const uint8_t *digest, struct sh_buf *token, int64_t *whenp,
    struct sh_error *err) SH_MUST_CHECK;

#endif
