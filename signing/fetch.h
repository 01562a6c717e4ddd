/*
 * Asking for the revocation of certificates where their issuer publishes it:
 * OCSP first, then the list.  Only for certificates that are known to lead
 * to an anchor: then their issuer, not a stranger's file, names the address.
 *
 * Whatever comes back must speak of the certificate and be signed by its
 * issuer (revocation.h), else the next address is tried.  Answers are kept
 * in a folder; while nobody answers, one that is not older than the grace
 * period and still in force is used.
 */
#ifndef SH_SIGNING_FETCH_H
#define SH_SIGNING_FETCH_H

#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/json.h"
#include "signing/revocation.h"

struct x509_st;
struct stack_st_X509;

struct sh_fetch {
	int timeout_ms;		/* of one try */
	int tries;
	const char *cache;	/* folder, made when needed; NULL: none */
	int64_t fresh_s;	/* a kept answer that young is not asked for */
	int64_t grace_s;	/* how old one may be while nobody answers */
};

/*
 * Add to OUT what is said of CERT at the moment NOW.  1: answered; 0: the
 * issuer publishes nothing.
 * Errors: SH_EAGAIN "revocation.down", nobody answers; SH_ESIGNATURE
 * "revocation.wrong", what is answered is not of the issuer, or of another
 * certificate or time.
 */
int sh_fetch_revocation(const struct sh_fetch *f, struct x509_st *cert,
    struct x509_st *issuer, int64_t now, struct sh_answers *out,
    struct sh_error *err);

/* The same for every certificate of a way but its end, the anchor. */
int sh_fetch_chain(const struct sh_fetch *f, struct stack_st_X509 *chain,
    int64_t now, struct sh_answers *out, struct sh_error *err) SH_MUST_CHECK;

/*
 * What a report of verify.h says is unanswered: asked for every way that
 * TRUST has an anchor for, the answers appended to PEM as blocks for
 * sh_trust_parse().  *NP: how many there were.  Who does not answer leaves
 * the verdict as it is.
 */
struct sh_trust;
int sh_fetch_report(const struct sh_fetch *f, const struct sh_trust *trust,
    const json_t *report, int64_t now, struct sh_buf *pem, size_t *np,
    struct sh_error *err) SH_MUST_CHECK;

#endif
