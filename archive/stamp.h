/*
 * Time stamps: a digest goes to an authority, a token comes back that says
 * when the digest was known.  What the authority answers is not believed
 * before sh_stamp_judge() has.
 *
 * Source: RFC 3161, RFC 5816.
 */
#ifndef SH_ARCHIVE_STAMP_H
#define SH_ARCHIVE_STAMP_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "signing/algorithm.h"
#include "signing/verify.h"

/* The most bytes of a token. */
#define SH_STAMP_MAX	((size_t)64 << 10)

/* Who stamps: a token over DIGEST (of MD) is appended to TOKEN. */
struct sh_stamper {
	int (*stamp)(void *arg, enum sh_md md, const uint8_t *digest,
	    struct sh_buf *token, struct sh_error *err);
	void *arg;
};

/*
 * An authority behind an URL ("http://tsa.example:8080/"), which is ARG; the
 * stamp function of a struct sh_stamper.  Waits at most SH_STAMP_WAIT_S.
 * Errors: SH_EARG "stamp.url"; SH_EAGAIN "stamp.unreachable",
 * "stamp.refused"; SH_ESIGNATURE "stamp.wrong", not the answer to our
 * question.
 */
#define SH_STAMP_WAIT_S	60
int sh_stamp_http(void *arg, enum sh_md md, const uint8_t *digest,
    struct sh_buf *token, struct sh_error *err);

/*
 * Is the token a genuine stamp of DIGEST (of MD) by an authority that TRUST
 * leads to at the moment AT (0: that of the stamp)?  TRUST NULL: whoever made
 * it.  *WHENP: the time it tells.
 * Errors: SH_EFORMAT, SH_ESIGNATURE "cms.…"; SH_ESIGNATURE "stamp.wrong", it
 * stamps something else; "stamp.untrusted".
 */
int sh_stamp_judge(const void *token, size_t len, enum sh_md md,
    const uint8_t *digest, const struct sh_trust *trust, int64_t at,
    int64_t *whenp, struct sh_error *err) SH_MUST_CHECK;

#endif
