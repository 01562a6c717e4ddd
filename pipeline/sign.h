/*
 * How this installation signs: its keys, the level, the authorities, and
 * what happens while one of them is down.  The intake and the command sign
 * by the same calls.
 *
 * An outage is remembered in the home (outage.json): since when, and who
 * does not answer.  Until the grace period is over, papers are read and wait
 * in the spool to be signed; after it no more are taken.
 */
#ifndef SH_PIPELINE_SIGN_H
#define SH_PIPELINE_SIGN_H

#include <stdint.h>

#include "base/config.h"
#include "base/error.h"
#include "base/json.h"
#include "base/secret.h"
#include "signing/pades.h"

struct sh_home;

struct sh_signing {
	struct sh_tsa tsa;
	struct sh_fetch fetch;
	struct sh_pades pades;
	char *cache;		/* folder of revocation answers */
	char *outage;		/* path of the file */
	int64_t grace_s;
	int64_t down_until_ms;	/* nobody is asked again before */
};

/* From the home's settings; its trust must be loaded. */
int sh_signing_open(struct sh_home *h, struct sh_error *err) SH_MUST_CHECK;
void sh_signing_close(struct sh_signing *s);

/*
 * A key by the name that stands in sohoa.conf: FILE.p12, or
 * pkcs11:DRIVER?token=LABEL[&object=LABEL], or
 * csc:ADDRESS?credential=ID[&token-file=FILE].  Paths are below the home (H
 * may be NULL: below the working folder).  SECRET is its passphrase or PIN.
 * Errors: SH_EARG "key.spec"; those of signer.h.
 */
int sh_signing_key(const struct sh_home *h, const char *spec,
    const struct sh_secret *secret, struct sh_signer **sp,
    struct sh_error *err) SH_MUST_CHECK;

/*
 * A secret out of its file; a line's end behind it belongs to the file: a
 * token would count it as a wrong PIN.
 */
int sh_signing_secret(const char *path, struct sh_secret *s,
    struct sh_error *err) SH_MUST_CHECK;

/*
 * May papers be taken in?  After the grace period the authority is asked
 * once more.  Errors: SH_EAGAIN "sign.outage"; SH_EARG "tsa.missing".
 */
int sh_signing_ready(struct sh_home *h, struct sh_error *err) SH_MUST_CHECK;

/*
 * {"level", "waiting_since", "service", "refusing"}: the level of the home,
 * and what keeps it from signing, if anything.
 */
int sh_signing_status(const struct sh_home *h, int64_t now, json_t **answer,
    struct sh_error *err) SH_MUST_CHECK;

/*
 * The officer's and the agency's signature on a document that was made here,
 * at the level of the home.
 * Errors: SH_EAGAIN "sign.pending", an authority does not answer: nothing is
 * signed, the same call may succeed later; "sign.outage", for longer than
 * the grace period; others as pades.h says.
 */
int sh_sign_document(struct sh_home *h, int pdf, struct sh_error *err)
    SH_MUST_CHECK;

/*
 * What was signed must be what anybody can verify: at least NSIGNATURES, all
 * of them good, that of FIELD (NULL: each) at the level asked for.
 * Errors: SH_ESIGNATURE "document.unverified", "sign.level".
 */
int sh_sign_prove(const struct sh_pades *p, int pdf, int nsignatures,
    const char *field, struct sh_error *err) SH_MUST_CHECK;

#endif
