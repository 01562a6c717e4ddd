/*
 * Who signs: a certificate chain and one callback, *to be signed out,
 * signature in*.  Back ends: PKCS#12 file (signer_file), PKCS#11 token
 * (signer_pkcs11), remote service (signer_remote); none of them shows in the
 * callers.  A signer is used by one thread at a time.
 */
#ifndef SH_SIGNING_SIGNER_H
#define SH_SIGNING_SIGNER_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/secret.h"

enum sh_sig_algorithm {
	SH_SIG_RSA_PKCS1_SHA256,	/* RSA >= 2048 */
	SH_SIG_RSA_PSS_SHA256,
	SH_SIG_ECDSA_SHA256,		/* P-256 */
	SH_SIG_ECDSA_SHA384,		/* P-384 */
	SH_SIG_ED25519
};

struct sh_signer;

/* What a back end gives; SELF is its own. */
struct sh_signer_ops {
	const char *name;		/* "file", "pkcs11", "remote" */
	/* The signature value over TBS[LEN] in the form CMS wants. */
	int (*sign)(void *self, enum sh_sig_algorithm alg, const void *tbs,
	    size_t len, struct sh_buf *sig, struct sh_error *err);
	void (*close)(void *self);
};

/* CHAIN: DER certificates, the signer's first; copied.  Takes SELF. */
int sh_signer_new(const struct sh_signer_ops *ops, void *take_self,
    const uint8_t *const *chain, const size_t *chainlen, size_t nchain,
    enum sh_sig_algorithm alg, struct sh_signer **sp, struct sh_error *err)
    SH_MUST_CHECK;
void sh_signer_close(struct sh_signer *s);

/*
 * The same from certificates in any order: LEAF and, one after the other,
 * those of OTHERS (may be NULL) that issued it; the root stays out.  The
 * algorithm is the one that goes with the leaf's key.
 * Errors: SH_EUNSUPPORTED "key.kind".
 */
struct x509_st;
struct stack_st_X509;
int sh_signer_build(const struct sh_signer_ops *ops, void *take_self,
    struct x509_st *leaf, const struct stack_st_X509 *others,
    struct sh_signer **sp, struct sh_error *err) SH_MUST_CHECK;

/*
 * A PKCS#12 file of mode 0600 and its passphrase.
 * Errors: SH_ENOTFOUND "key.missing"; SH_EDENIED "key.mode",
 * "key.passphrase"; SH_EFORMAT "key.file"; SH_EUNSUPPORTED "key.kind".
 */
int sh_signer_open_p12(const char *path, const struct sh_secret *passphrase,
    struct sh_signer **sp, struct sh_error *err) SH_MUST_CHECK;

/*
 * A key on a token.  MODULE is the driver's file; TOKEN and OBJECT are
 * labels (OBJECT may be NULL when the token has one private key).  The
 * certificate lies beside the key, under the same identifier.
 *
 * The PIN is told to the token once.  Tokens lock after three wrong ones, so
 * it is never tried again, and not at all when it would be the last try.
 *
 * Errors: SH_ENOTFOUND "key.module", "key.token", "key.missing"; SH_EDENIED
 * "key.pin", "key.pin-last", "key.locked"; SH_EAGAIN "key.token-gone";
 * SH_EUNSUPPORTED "key.kind".
 */
int sh_signer_open_pkcs11(const char *module, const char *token,
    const char *object, const struct sh_secret *pin, struct sh_signer **sp,
    struct sh_error *err) SH_MUST_CHECK;

/*
 * A key at a signing service after the Cloud Signature Consortium's API v2:
 * only digests leave this machine.  PIN may be NULL where the service asks
 * for none.  A signature that does not verify under the certificate is
 * refused.
 * Errors: those of http.h; SH_EFORMAT "csc.answer"; SH_EDENIED "key.pin";
 * SH_ESIGNATURE "key.lying".
 */
struct sh_remote {
	const char *url;	/* up to and with "/csc/v2" */
	const char *credential;	/* its identifier there */
	const struct sh_secret *bearer;	/* access token */
	const struct sh_secret *pin;
	int timeout_ms, tries;
};
int sh_signer_open_remote(const struct sh_remote *r, struct sh_signer **sp,
    struct sh_error *err) SH_MUST_CHECK;

int sh_signer_sign(struct sh_signer *s, const void *tbs, size_t len,
    struct sh_buf *sig, struct sh_error *err) SH_MUST_CHECK;

enum sh_sig_algorithm sh_signer_algorithm(const struct sh_signer *s);
size_t sh_signer_nchain(const struct sh_signer *s);
const uint8_t *sh_signer_certificate(const struct sh_signer *s, size_t i,
    size_t *lenp);
/* The most bytes that a signature value has. */
size_t sh_signer_signature_max(const struct sh_signer *s);
/*
 * Sign with another algorithm than the back end chose.
 * Errors: SH_EUNSUPPORTED "key.kind", the key is not for that.
 */
int sh_signer_use(struct sh_signer *s, enum sh_sig_algorithm alg,
    struct sh_error *err) SH_MUST_CHECK;
/* The subject's common name, UTF-8 NFC; borrowed. */
const char *sh_signer_name(const struct sh_signer *s);

/*
 * May this certificate sign at the moment WHEN?  Validity, key usage, key
 * size.  Rule: Circular 15/2025/TT-BKHCN Art. 5.
 * Errors: SH_ESIGNATURE "cert.expired", "cert.not-yet", "cert.usage",
 * "cert.weak".
 */
int sh_signer_check(struct sh_signer *s, int64_t when, struct sh_error *err)
    SH_MUST_CHECK;

/*
 * Make a self-contained test authority with an officer's and an agency's
 * key in FOLDER (officer.p12, agency.p12, root.pem; P-256).  Its subject
 * says TEST in both languages; nothing made with it has legal value.  The
 * authority's own key is not kept.
 * Errors: SH_EEXISTS "key.exists", one of the files is there already.
 */
int sh_signer_make_test_keys(const char *folder,
    const struct sh_secret *passphrase, int64_t now, struct sh_error *err)
    SH_MUST_CHECK;

#endif
