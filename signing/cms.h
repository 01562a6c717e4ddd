/*
 * CMS SignedData for signatures in PDF: one signer, our own DER.
 *
 * What is built is PAdES B-B: content-type, message-digest and ESS
 * signing-certificate-v2 as signed attributes, no signing-time (the time of
 * signing stands in the PDF's /M), SHA-2, the chain inside.
 *
 * What is read is pinned down before any of it counts: exactly one
 * SignerInfo, signed attributes there, each once and with one value, the
 * digests named in three places the same, the certificate that the signature
 * verifies under the one that the attributes name.
 *
 * Source: RFC 5652, RFC 5035, RFC 8933, ETSI EN 319 122-1, EN 319 142-1 6.3.
 */
#ifndef SH_SIGNING_CMS_H
#define SH_SIGNING_CMS_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "signing/algorithm.h"
#include "signing/signer.h"

/*
 * The SignedData over content whose digest (of sh_sig_md() of the signer's
 * algorithm) is DIGEST, appended to OUT.  Errors: what the signer says.
 */
int sh_cms_sign(struct sh_signer *s, const uint8_t *digest,
    struct sh_buf *out, struct sh_error *err) SH_MUST_CHECK;

/*
 * The same with a time stamp over the signature value as an unsigned
 * attribute.  TSA NULL: without.
 */
struct sh_tsa;
int sh_cms_sign_stamped(struct sh_signer *s, const uint8_t *digest,
    const struct sh_tsa *tsa, struct sh_buf *out, struct sh_error *err)
    SH_MUST_CHECK;

/*
 * The most bytes that sh_cms_sign() gives; nothing is signed to learn it.  A
 * time stamp takes SH_CMS_STAMP_ROOM more.
 */
#define SH_CMS_STAMP_ROOM	(((size_t)16 << 10) + 64)
int sh_cms_size(const struct sh_signer *s, size_t *maxp,
    struct sh_error *err) SH_MUST_CHECK;

/* ---- reading ---- */

struct x509_st;
struct stack_st_X509;

enum sh_cms_kind {
	SH_CMS_DETACHED,	/* over bytes outside: no content within */
	SH_CMS_TIMESTAMP	/* RFC 3161: a TSTInfo within */
};
/*
 * Or'ed to the kind: digests that are weak today are read too, for a caller
 * that asks policy.h whether they counted on the day.
 */
#define SH_CMS_OLD	0x10

struct sh_cms {
	int old;		/* SH_CMS_OLD */
	size_t len;		/* of the encoding, padding not counted */
	enum sh_md md;
	enum sh_scheme scheme;
	int salt;		/* RSASSA-PSS */
	const uint8_t *digest;	/* message-digest attribute; borrowed */
	const uint8_t *signature;	/* borrowed */
	size_t signaturelen;
	struct sh_buf attributes;	/* the SET that was signed */
	struct sh_buf content;	/* SH_CMS_TIMESTAMP: the TSTInfo */
	struct x509_st *signer;	/* owned by certificates */
	struct stack_st_X509 *certificates;
	int ess;		/* 0: none, 1, 2: which version */
	int has_signing_time;
	int64_t signing_time;
	const uint8_t *token;	/* the first unsigned signature-time-stamp;
				   borrowed; NULL: none */
	size_t tokenlen;
};

/*
 * Read the SignedData at the start of BYTES, which it borrows until
 * sh_cms_free().  What stands behind it must be zeros.
 *
 * Errors: SH_EFORMAT "cms.damaged", "cms.padding", "cms.signers",
 * "cms.content", "cms.attributes", "cms.digests" (they disagree);
 * SH_EUNSUPPORTED "cms.algorithm"; SH_ESIGNATURE "cms.weak",
 * "cms.certificate" (the signer's is not there), "cms.substituted" (it is
 * not the one that was signed with); SH_ELIMIT "cms.limit".
 */
int sh_cms_read(const void *bytes, size_t len, unsigned kind,
    struct sh_cms **cmsp, struct sh_error *err) SH_MUST_CHECK;
void sh_cms_free(struct sh_cms *cms);

/*
 * Does it sign content with DIGEST (of cms->md)?
 * Errors: SH_ESIGNATURE "cms.digest", the content is another one;
 * "cms.signature", the signature value is wrong.
 */
int sh_cms_verify(const struct sh_cms *cms, const uint8_t *digest,
    struct sh_error *err) SH_MUST_CHECK;

/* What a time-stamp token says: the digest it stamps, and when. */
struct sh_timestamp {
	enum sh_md md;
	const uint8_t *imprint;	/* borrowed from the token, as all here */
	int64_t when;
	const uint8_t *policy;	/* body of the OBJECT IDENTIFIER */
	size_t policylen;
	const uint8_t *nonce;	/* body of the INTEGER; NULL: none */
	size_t noncelen;
};
int sh_timestamp_read(const struct sh_cms *cms, struct sh_timestamp *out,
    struct sh_error *err) SH_MUST_CHECK;

#endif
