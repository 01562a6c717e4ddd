/*
 * Digests and signature algorithms by their names in CMS, which of them
 * count as strong, and the digest of a file's byte ranges.
 *
 * Rule: TT 15/2025/TT-BKHCN appendix (SHA-2, SHA-3; RSA >= 2048, RSASSA-PSS;
 * ECDSA >= 256).  ETSI TS 119 312.  Ed25519 and Ed448: RFC 8419.
 */
#ifndef SH_SIGNING_ALGORITHM_H
#define SH_SIGNING_ALGORITHM_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "signing/der.h"
#include "signing/signer.h"

#define SH_MD_MAX	64	/* bytes of the longest digest */

enum sh_md {
	SH_MD_NONE,
	SH_MD_MD5, SH_MD_SHA1, SH_MD_SHA224,
	SH_MD_SHA256, SH_MD_SHA384, SH_MD_SHA512,
	SH_MD_SHA3_256, SH_MD_SHA3_384, SH_MD_SHA3_512,
	SH_MD_SHAKE256,		/* 64 bytes */
	SH_NMDS
};

enum sh_scheme {
	SH_SCHEME_NONE,
	SH_SCHEME_RSA,		/* PKCS#1 v1.5 */
	SH_SCHEME_PSS,
	SH_SCHEME_ECDSA,
	SH_SCHEME_ED25519,
	SH_SCHEME_ED448
};

struct evp_md_st;

const char *sh_md_name(enum sh_md md);		/* "SHA-256" */
size_t sh_md_size(enum sh_md md);
/* 0: collisions are within reach; nothing signed over it counts. */
int sh_md_strong(enum sh_md md);
/* Fetched once for the process.  NULL: this OpenSSL has it not. */
const struct evp_md_st *sh_md_evp(enum sh_md md);
int sh_md_digest(enum sh_md md, const void *data, size_t len,
    uint8_t out[SH_MD_MAX], struct sh_error *err) SH_MUST_CHECK;
/*
 * The digest of NRANGES pairs (first byte, length) of a file, in pieces: the
 * memory does not depend on the file.
 */
int sh_md_ranges(enum sh_md md, int fd, const uint64_t (*range)[2],
    size_t nranges, uint8_t out[SH_MD_MAX], struct sh_error *err)
    SH_MUST_CHECK;

/* The digest of an AlgorithmIdentifier; SH_MD_NONE if it is not known. */
int sh_md_read(const struct sh_der_element *algorithm, enum sh_md *mdp,
    struct sh_error *err) SH_MUST_CHECK;
void sh_md_write(struct sh_der_writer *w, enum sh_md md);

/*
 * Scheme, digest (SH_MD_NONE: whatever the SignerInfo says) and for PSS the
 * salt's length from an AlgorithmIdentifier.
 * Errors: SH_EUNSUPPORTED "cms.algorithm"; SH_EFORMAT "cms.damaged".
 */
int sh_scheme_read(const struct sh_der_element *algorithm,
    enum sh_scheme *schemep, enum sh_md *mdp, int *saltp,
    struct sh_error *err) SH_MUST_CHECK;
const char *sh_scheme_name(enum sh_scheme s);	/* "RSA-PSS" */

/* What our own signers use. */
enum sh_md sh_sig_md(enum sh_sig_algorithm alg);
enum sh_scheme sh_sig_scheme(enum sh_sig_algorithm alg);
void sh_sig_write(struct sh_der_writer *w, enum sh_sig_algorithm alg);

/*
 * Verify SIG over TBS under the public key of a certificate, which must be
 * of the scheme's kind.  1 right, 0 wrong, -1 error.
 */
struct evp_pkey_st;
int sh_scheme_verify(enum sh_scheme s, enum sh_md md, int salt,
    struct evp_pkey_st *key, const void *tbs, size_t len, const uint8_t *sig,
    size_t siglen, struct sh_error *err);

/* 1 if the key counts; 0 and why not ("RSA of 1024 bits"). */
int sh_key_strong(struct evp_pkey_st *key, char why[64]);

/*
 * Fetch every algorithm and let OpenSSL do its one-time work, so that a
 * process may then give up opening files.
 */
int sh_algorithm_warm(struct sh_error *err) SH_MUST_CHECK;

#endif
