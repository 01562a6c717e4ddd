/*
 * Anchors, and the way to them.  (Loading them is in verify.h: whoever asks
 * for a verdict brings them.)
 *
 * Source: RFC 5280 6; ETSI EN 319 102-1 5.2.6.
 */
#ifndef SH_SIGNING_TRUST_H
#define SH_SIGNING_TRUST_H

#include <stdint.h>

#include "base/error.h"
#include "signing/certificate.h"
#include "signing/reason.h"
#include "signing/revocation.h"
#include "signing/verify.h"

struct x509_st;
struct stack_st_X509;

/* What came with a signature and helps to judge it; none of it is trusted. */
struct sh_trust_help {
	struct stack_st_X509 *certificates;	/* may be on the way */
	struct stack_st_X509 *more;		/* these too */
	const struct sh_answers *answers;	/* count if their issuer
						   signed them; or NULL */
	int64_t now;		/* the moment of judgement; 0: WHEN */
	int strict;		/* no answer about revocation that its issuer
				   publishes is not a note */
	struct stack_st_X509 **chainp;	/* the way found, the signer's first,
					   for the caller to free; or NULL */
};

/*
 * Adds to OUT what speaks against CERT signing for PURPOSE at the moment
 * WHEN: no way to an anchor, validity, usage, weak keys, revocation.  A
 * certificate about which nothing is known is noted as not checked; when
 * STRICT and its issuer publishes its revocation it is not passed
 * (chain.unanswered).  What TRUST was told with
 * sh_trust_know() counts too.  TRUST may be NULL: nothing is trusted.
 */
int sh_trust_judge(const struct sh_trust *trust, struct x509_st *cert,
    const struct sh_trust_help *help, int64_t when, enum sh_purpose purpose,
    struct sh_findings *out, struct sh_error *err) SH_MUST_CHECK;

#endif
