#include "signing/algorithm.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/rsa.h>

#include "base/fs.h"
#include "base/mem.h"

#define CHUNK	((size_t)32 * 1024)	/* a processor's nearest cache */

#define OID(bytes)	(const uint8_t *)bytes, sizeof(bytes) - 1

static const struct {
	const uint8_t *oid;
	size_t oidlen;
	const char *name, *evp;
	uint8_t size;
	uint8_t strong;
} mds[SH_NMDS] = {
	[SH_MD_NONE] = { OID(""), "none", NULL, 0, 0 },
	[SH_MD_MD5] = { OID("\x2a\x86\x48\x86\xf7\x0d\x02\x05"),
	    "MD5", "MD5", 16, 0 },
	[SH_MD_SHA1] = { OID("\x2b\x0e\x03\x02\x1a"),
	    "SHA-1", "SHA1", 20, 0 },
	[SH_MD_SHA224] = { OID("\x60\x86\x48\x01\x65\x03\x04\x02\x04"),
	    "SHA-224", "SHA224", 28, 1 },
	[SH_MD_SHA256] = { OID("\x60\x86\x48\x01\x65\x03\x04\x02\x01"),
	    "SHA-256", "SHA256", 32, 1 },
	[SH_MD_SHA384] = { OID("\x60\x86\x48\x01\x65\x03\x04\x02\x02"),
	    "SHA-384", "SHA384", 48, 1 },
	[SH_MD_SHA512] = { OID("\x60\x86\x48\x01\x65\x03\x04\x02\x03"),
	    "SHA-512", "SHA512", 64, 1 },
	[SH_MD_SHA3_256] = { OID("\x60\x86\x48\x01\x65\x03\x04\x02\x08"),
	    "SHA3-256", "SHA3-256", 32, 1 },
	[SH_MD_SHA3_384] = { OID("\x60\x86\x48\x01\x65\x03\x04\x02\x09"),
	    "SHA3-384", "SHA3-384", 48, 1 },
	[SH_MD_SHA3_512] = { OID("\x60\x86\x48\x01\x65\x03\x04\x02\x0a"),
	    "SHA3-512", "SHA3-512", 64, 1 },
	[SH_MD_SHAKE256] = { OID("\x60\x86\x48\x01\x65\x03\x04\x02\x0c"),
	    "SHAKE256", "SHAKE256", 64, 1 },
};

static const struct {
	const uint8_t *oid;
	size_t oidlen;
	enum sh_scheme scheme;
	enum sh_md md;
} schemes[] = {
#define RSA(n)	OID("\x2a\x86\x48\x86\xf7\x0d\x01\x01" n), SH_SCHEME_RSA
	{ RSA("\x01"), SH_MD_NONE },
	{ RSA("\x04"), SH_MD_MD5 },
	{ RSA("\x05"), SH_MD_SHA1 },
	{ RSA("\x0e"), SH_MD_SHA224 },
	{ RSA("\x0b"), SH_MD_SHA256 },
	{ RSA("\x0c"), SH_MD_SHA384 },
	{ RSA("\x0d"), SH_MD_SHA512 },
#define NIST(n)	OID("\x60\x86\x48\x01\x65\x03\x04\x03" n)
	{ NIST("\x0e"), SH_SCHEME_RSA, SH_MD_SHA3_256 },
	{ NIST("\x0f"), SH_SCHEME_RSA, SH_MD_SHA3_384 },
	{ NIST("\x10"), SH_SCHEME_RSA, SH_MD_SHA3_512 },
	{ NIST("\x0a"), SH_SCHEME_ECDSA, SH_MD_SHA3_256 },
	{ NIST("\x0b"), SH_SCHEME_ECDSA, SH_MD_SHA3_384 },
	{ NIST("\x0c"), SH_SCHEME_ECDSA, SH_MD_SHA3_512 },
	{ OID("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a"), SH_SCHEME_PSS,
	    SH_MD_NONE },
#define ECDSA(n) OID("\x2a\x86\x48\xce\x3d\x04" n), SH_SCHEME_ECDSA
	{ ECDSA("\x01"), SH_MD_SHA1 },
	{ ECDSA("\x03\x01"), SH_MD_SHA224 },
	{ ECDSA("\x03\x02"), SH_MD_SHA256 },
	{ ECDSA("\x03\x03"), SH_MD_SHA384 },
	{ ECDSA("\x03\x04"), SH_MD_SHA512 },
	{ OID("\x2b\x65\x70"), SH_SCHEME_ED25519, SH_MD_SHA512 },
	{ OID("\x2b\x65\x71"), SH_SCHEME_ED448, SH_MD_SHAKE256 },
};

static const struct {
	const uint8_t *der;	/* the whole AlgorithmIdentifier */
	size_t derlen;
	enum sh_scheme scheme;
	enum sh_md md;
} ours[] = {
	[SH_SIG_RSA_PKCS1_SHA256] = {
	    OID("\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b\x05\x00"),
	    SH_SCHEME_RSA, SH_MD_SHA256 },
	/* SHA-256, MGF1 with SHA-256, 32 bytes of salt. */
	[SH_SIG_RSA_PSS_SHA256] = {
	    OID("\x30\x41\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a\x30\x34"
		"\xa0\x0f\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01"
		"\x05\x00"
		"\xa1\x1c\x30\x1a\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x08"
		"\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00"
		"\xa2\x03\x02\x01\x20"),
	    SH_SCHEME_PSS, SH_MD_SHA256 },
	[SH_SIG_ECDSA_SHA256] = {
	    OID("\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02"),
	    SH_SCHEME_ECDSA, SH_MD_SHA256 },
	[SH_SIG_ECDSA_SHA384] = {
	    OID("\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x03"),
	    SH_SCHEME_ECDSA, SH_MD_SHA384 },
	/* Rule: RFC 8419 3.1: SHA-512 goes with Ed25519. */
	[SH_SIG_ED25519] = { OID("\x30\x05\x06\x03\x2b\x65\x70"),
	    SH_SCHEME_ED25519, SH_MD_SHA512 },
};

static int
is_oid(const struct sh_der_element *e, const uint8_t *oid, size_t len)
{
	return (e->len == len && memcmp(e->body, oid, len) == 0);
}

const char *
sh_md_name(enum sh_md md)
{
	return (mds[md].name);
}

size_t
sh_md_size(enum sh_md md)
{
	return (mds[md].size);
}

int
sh_md_strong(enum sh_md md)
{
	return (mds[md].strong);
}

const EVP_MD *
sh_md_evp(enum sh_md md)
{
	static EVP_MD *fetched[SH_NMDS];
	EVP_MD *mine, *none = NULL;

	assert(md > SH_MD_NONE && md < SH_NMDS);
	if (__atomic_load_n(&fetched[md], __ATOMIC_ACQUIRE) != NULL)
		return (fetched[md]);
	if ((mine = EVP_MD_fetch(NULL, mds[md].evp, NULL)) == NULL)
		return (NULL);
	if (!__atomic_compare_exchange_n(&fetched[md], &none, mine, 0,
	    __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
		EVP_MD_free(mine);
	return (fetched[md]);
}

static int
no_digest(struct sh_error *err, enum sh_md md)
{
	return (sh_error_set(err, SH_ENOMEM, "memory.none",
	    "no memory for a digest (%s)", mds[md].name));
}

static int
final(EVP_MD_CTX *ctx, enum sh_md md, uint8_t *out)
{
	if (md == SH_MD_SHAKE256)
		return (EVP_DigestFinalXOF(ctx, out, mds[md].size));
	return (EVP_DigestFinal_ex(ctx, out, NULL));
}

int
sh_md_digest(enum sh_md md, const void *data, size_t len,
    uint8_t out[SH_MD_MAX], struct sh_error *err)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	int ok;

	ok = ctx != NULL &&
	    EVP_DigestInit_ex(ctx, sh_md_evp(md), NULL) == 1 &&
	    EVP_DigestUpdate(ctx, data, len) == 1 && final(ctx, md, out) == 1;
	EVP_MD_CTX_free(ctx);
	return (ok ? 0 : no_digest(err, md));
}

int
sh_md_ranges(enum sh_md md, int fd, const uint64_t (*range)[2],
    size_t nranges, uint8_t out[SH_MD_MAX], struct sh_error *err)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t *chunk = NULL;
	uint64_t at, left;
	size_t i, n;
	int rc = -1;

	if (ctx == NULL || EVP_DigestInit_ex(ctx, sh_md_evp(md), NULL) != 1) {
		(void)no_digest(err, md);
		goto out;
	}
	if ((chunk = malloc(CHUNK)) == NULL) {
		(void)sh_error_nomem(err, "a digest");
		goto out;
	}
	for (i = 0; i < nranges; i++) {
		at = range[i][0];
		for (left = range[i][1]; left > 0; left -= n, at += n) {
			n = left < CHUNK ? (size_t)left : CHUNK;
			if (sh_pread_all(fd, chunk, n, at, err))
				goto out;
			if (EVP_DigestUpdate(ctx, chunk, n) != 1) {
				(void)no_digest(err, md);
				goto out;
			}
		}
	}
	if (final(ctx, md, out) != 1)
		(void)no_digest(err, md);
	else
		rc = 0;
out:
	free(chunk);
	EVP_MD_CTX_free(ctx);
	return (rc);
}

/* ---- names ---- */

/* Absent or NULL: what all but RSASSA-PSS have (RFC 5754 2, RFC 8410 3). */
static int
no_parameters(struct sh_der *d, struct sh_error *err)
{
	struct sh_der_element null;
	int got = sh_der_optional(d, SH_DER_NULL, &null, err);

	if (got < 0 || sh_der_finish(d, err))
		return (-1);
	if (got && null.len != 0)
		return (sh_error_set(err, SH_EFORMAT, "cms.damaged",
		    "ASN.1: NULL that is not empty"));
	return (0);
}

int
sh_md_read(const struct sh_der_element *algorithm, enum sh_md *mdp,
    struct sh_error *err)
{
	struct sh_der d;
	struct sh_der_element oid;
	enum sh_md md;

	*mdp = SH_MD_NONE;
	if (sh_der_enter(algorithm, &d, err) ||
	    sh_der_expect(&d, SH_DER_OID, &oid, err))
		return (-1);
	for (md = SH_MD_NONE + 1; md < SH_NMDS; md++)
		if (is_oid(&oid, mds[md].oid, mds[md].oidlen))
			*mdp = md;
	return (*mdp != SH_MD_NONE ? no_parameters(&d, err) : 0);
}

void
sh_md_write(struct sh_der_writer *w, enum sh_md md)
{
	sh_der_open(w, SH_DER_SEQUENCE);
	sh_der_put(w, SH_DER_OID, mds[md].oid, mds[md].oidlen);
	sh_der_close(w);
}

/*
 * RSASSA-PSS-params with the same digest throughout.
 * Rule: RFC 4055 3.1; what is absent means SHA-1 and 20.
 */
static int
read_pss(struct sh_der *d, enum sh_md *mdp, int *saltp, struct sh_error *err)
{
	struct sh_der in, seq;
	struct sh_der_element e, oid, hash;
	enum sh_md mgf = SH_MD_SHA1;
	uint64_t v = 20;
	int got;

	*mdp = SH_MD_SHA1;
	if (sh_der_expect(d, SH_DER_SEQUENCE, &e, err) ||
	    sh_der_enter(&e, &seq, err))
		return (-1);
	if ((got = sh_der_optional(&seq, SH_DER_CONTEXT_C(0), &e, err)) < 0 ||
	    (got && (sh_der_enter(&e, &in, err) ||
	    sh_der_expect(&in, SH_DER_SEQUENCE, &hash, err) ||
	    sh_md_read(&hash, mdp, err))))
		return (-1);
	if ((got = sh_der_optional(&seq, SH_DER_CONTEXT_C(1), &e, err)) < 0)
		return (-1);
	if (got) {
		if (sh_der_enter(&e, &in, err) ||
		    sh_der_expect(&in, SH_DER_SEQUENCE, &e, err) ||
		    sh_der_enter(&e, &in, err) ||
		    sh_der_expect(&in, SH_DER_OID, &oid, err) ||
		    sh_der_expect(&in, SH_DER_SEQUENCE, &hash, err) ||
		    sh_md_read(&hash, &mgf, err))
			return (-1);
		if (!is_oid(&oid, OID("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x08")))
			mgf = SH_MD_NONE;
	}
	if ((got = sh_der_optional(&seq, SH_DER_CONTEXT_C(2), &e, err)) < 0 ||
	    (got && (sh_der_enter(&e, &in, err) ||
	    sh_der_expect(&in, SH_DER_INTEGER, &e, err) ||
	    sh_der_uint(&e, 512, &v, err))))
		return (-1);
	*saltp = (int)v;
	if (*mdp == SH_MD_NONE || mgf != *mdp || !sh_der_done(&seq))
		return (sh_error_set(err, SH_EUNSUPPORTED, "cms.algorithm",
		    "RSASSA-PSS with other parameters"));
	return (0);
}

int
sh_scheme_read(const struct sh_der_element *algorithm,
    enum sh_scheme *schemep, enum sh_md *mdp, int *saltp,
    struct sh_error *err)
{
	struct sh_der d;
	struct sh_der_element oid;
	size_t i;

	*saltp = 0;
	if (sh_der_enter(algorithm, &d, err) ||
	    sh_der_expect(&d, SH_DER_OID, &oid, err))
		return (-1);
	for (i = 0; i < SH_COUNT(schemes); i++)
		if (is_oid(&oid, schemes[i].oid, schemes[i].oidlen))
			break;
	if (i == SH_COUNT(schemes))
		return (sh_error_set(err, SH_EUNSUPPORTED, "cms.algorithm",
		    "a signature algorithm that is not known"));
	*schemep = schemes[i].scheme;
	*mdp = schemes[i].md;
	if (*schemep == SH_SCHEME_PSS)
		return (read_pss(&d, mdp, saltp, err));
	return (no_parameters(&d, err));
}

const char *
sh_scheme_name(enum sh_scheme s)
{
	static const char *const names[] = { "none", "RSA", "RSA-PSS",
	    "ECDSA", "Ed25519", "Ed448" };

	return (names[s]);
}

enum sh_md
sh_sig_md(enum sh_sig_algorithm alg)
{
	return (ours[alg].md);
}

enum sh_scheme
sh_sig_scheme(enum sh_sig_algorithm alg)
{
	return (ours[alg].scheme);
}

void
sh_sig_write(struct sh_der_writer *w, enum sh_sig_algorithm alg)
{
	sh_der_put_raw(w, ours[alg].der, ours[alg].derlen);
}

/* ---- keys ---- */

static int
key_fits(enum sh_scheme s, const EVP_PKEY *key)
{
	switch (EVP_PKEY_get_base_id(key)) {
	case EVP_PKEY_RSA:
		return (s == SH_SCHEME_RSA || s == SH_SCHEME_PSS);
	case EVP_PKEY_RSA_PSS:
		return (s == SH_SCHEME_PSS);
	case EVP_PKEY_EC:
		return (s == SH_SCHEME_ECDSA);
	case EVP_PKEY_ED25519:
		return (s == SH_SCHEME_ED25519);
	case EVP_PKEY_ED448:
		return (s == SH_SCHEME_ED448);
	default:
		return (0);
	}
}

int
sh_scheme_verify(enum sh_scheme s, enum sh_md md, int salt, EVP_PKEY *key,
    const void *tbs, size_t len, const uint8_t *sig, size_t siglen,
    struct sh_error *err)
{
	EVP_MD_CTX *ctx;
	EVP_PKEY_CTX *pctx = NULL;	/* borrowed from ctx */
	const EVP_MD *evp = NULL;
	int got = 0;

	if (!key_fits(s, key))
		return (0);
	if (s != SH_SCHEME_ED25519 && s != SH_SCHEME_ED448)
		evp = sh_md_evp(md);
	if ((ctx = EVP_MD_CTX_new()) == NULL)
		return (sh_error_nomem(err, "a signature"));
	if (EVP_DigestVerifyInit(ctx, &pctx, evp, NULL, key) != 1 ||
	    (s == SH_SCHEME_PSS &&
	    (EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PSS_PADDING) != 1 ||
	    EVP_PKEY_CTX_set_rsa_mgf1_md(pctx, evp) != 1 ||
	    EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, salt) != 1)))
		got = 0;
	else
		got = EVP_DigestVerify(ctx, sig, siglen, tbs, len) == 1;
	ERR_clear_error();
	EVP_MD_CTX_free(ctx);
	return (got);
}

int
sh_key_strong(EVP_PKEY *key, char why[64])
{
	int bits = key != NULL ? EVP_PKEY_get_bits(key) : 0;

	switch (key != NULL ? EVP_PKEY_get_base_id(key) : EVP_PKEY_NONE) {
	case EVP_PKEY_RSA:
	case EVP_PKEY_RSA_PSS:
		(void)snprintf(why, 64, "RSA of %d bits", bits);
		return (bits >= 2048 && bits <= 16384);
	case EVP_PKEY_EC:
		(void)snprintf(why, 64, "an elliptic curve of %d bits", bits);
		return (bits >= 256);
	case EVP_PKEY_ED25519:
	case EVP_PKEY_ED448:
		why[0] = '\0';
		return (1);
	default:
		(void)snprintf(why, 64, "a key of another kind");
		return (0);
	}
}

int
sh_algorithm_warm(struct sh_error *err)
{
	static const char *const kinds[] = { "RSA", "EC", "ED25519", "ED448" };
	static const char *const ops[] = { "RSA", "ECDSA", "ED25519", "ED448" };
	EVP_KEYMGMT *keys;
	EVP_SIGNATURE *op;
	enum sh_md md;
	size_t i;

	/* Reads OpenSSL's configuration, loads its error texts. */
	if (OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CRYPTO_STRINGS |
	    OPENSSL_INIT_ADD_ALL_CIPHERS | OPENSSL_INIT_ADD_ALL_DIGESTS |
	    OPENSSL_INIT_LOAD_CONFIG, NULL) != 1)
		return (sh_error_set(err, SH_ELIBRARY, "library.openssl",
		    "OpenSSL does not start"));
	for (md = SH_MD_NONE + 1; md < SH_NMDS; md++)
		(void)sh_md_evp(md);
	for (i = 0; i < SH_COUNT(kinds); i++) {
		keys = EVP_KEYMGMT_fetch(NULL, kinds[i], NULL);
		op = EVP_SIGNATURE_fetch(NULL, ops[i], NULL);
		EVP_KEYMGMT_free(keys);
		EVP_SIGNATURE_free(op);
	}
	ERR_clear_error();
	return (0);
}
