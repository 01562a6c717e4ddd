/*
 * Time stamps of seals and evidence: who gives them, and whether one that
 * was given proves what it should.
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

/* Who stamps: a token over DIGEST (of MD) is appended to TOKEN. */
struct sh_stamper {
	int (*stamp)(void *arg, enum sh_md md, const uint8_t *digest,
	    struct sh_buf *token, struct sh_error *err);
	void *arg;
};

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
