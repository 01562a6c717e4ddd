/*
 * Signing a PDF at a level of the PAdES baseline: the one call that the
 * intake and the command share.
 *
 *   B-B   the signature
 *   B-T   with a time stamp over its value
 *   B-LT  and with the certificates and revocation answers that whoever
 *         verifies will need, in the file
 *   B-LTA and with a document time stamp over all of it
 *
 * A signature is made at the level that is asked for or not at all.  While
 * an authority is down nothing is signed and the error is SH_EAGAIN, so that
 * the caller keeps the document and comes again.
 *
 * Source: ETSI EN 319 142-1 6.
 */
#ifndef SH_SIGNING_PADES_H
#define SH_SIGNING_PADES_H

#include <stdint.h>

#include "base/error.h"
#include "signing/fetch.h"
#include "signing/pdfsig.h"
#include "signing/signer.h"
#include "signing/tsa.h"
#include "signing/verify.h"

enum sh_pades_level { SH_PADES_B, SH_PADES_T, SH_PADES_LT, SH_PADES_LTA };

struct sh_pades {
	enum sh_pades_level level;
	const struct sh_tsa *tsa;	/* from B-T on */
	struct sh_trust *trust;		/* learns what is fetched */
	const struct sh_fetch *fetch;	/* NULL: nobody is asked */
};

/* "b", "t", "lt", "lta"; -1 for another word. */
int sh_pades_parse(const char *word, enum sh_pades_level *levelp);
const char *sh_pades_name(enum sh_pades_level level);	/* "B-LTA" */

/*
 * May SIGNER sign at the moment NOW: its own certificate (signer.h), a way
 * to an anchor, no certificate on it revoked.
 * Errors: those of sh_signer_check(); SH_ESIGNATURE "cert.untrusted",
 * "cert.revoked"; those of fetch.h.
 */
int sh_pades_check(const struct sh_pades *p, struct sh_signer *signer,
    int64_t now, struct sh_error *err) SH_MUST_CHECK;

/*
 * Check the signer, then sign: B-B, or B-T with its stamp.  Several
 * signatures follow one another; sh_pades_finish() ends them.  WHAT->tsa is
 * ours to set.
 */
int sh_pades_sign(const struct sh_pades *p, int fd, struct sh_signer *signer,
    const struct sh_pdf_signature *what, struct sh_error *err)
    SH_MUST_CHECK;

/*
 * What B-LT and B-LTA need beyond the signatures; for B-T the authority's
 * own certificate is asked about, and nothing is written.  Called again years later it prolongs: fresh answers and another stamp around all
 * that is there.  On failure the file is cut back to what it was.
 */
int sh_pades_finish(const struct sh_pades *p, int fd, int64_t now,
    struct sh_error *err) SH_MUST_CHECK;

#endif
