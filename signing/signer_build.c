/* A signer from certificates in any order. */
#include <openssl/x509v3.h>

#include "base/mem.h"
#include "signing/signer.h"

#define MAX_CHAIN	8

/* The algorithm that goes with the key. */
static int
choose(const EVP_PKEY *key, enum sh_sig_algorithm *algp, struct sh_error *err)
{
	int bits = key != NULL ? EVP_PKEY_get_bits(key) : 0;

	switch (key != NULL ? EVP_PKEY_get_base_id(key) : EVP_PKEY_NONE) {
	case EVP_PKEY_RSA:
		*algp = SH_SIG_RSA_PKCS1_SHA256;
		return (0);
	case EVP_PKEY_RSA_PSS:
		*algp = SH_SIG_RSA_PSS_SHA256;
		return (0);
	case EVP_PKEY_ED25519:
		*algp = SH_SIG_ED25519;
		return (0);
	case EVP_PKEY_EC:
		*algp = bits == 384 ? SH_SIG_ECDSA_SHA384 :
		    SH_SIG_ECDSA_SHA256;
		if (bits == 256 || bits == 384)
			return (0);
	}
	return (sh_error_set(err, SH_EUNSUPPORTED, "key.kind",
	    "a key of another kind than RSA, P-256, P-384, Ed25519"));
}

/* Is A the authority that issued X (and not X itself)? */
static int
issued(X509 *a, X509 *x)
{
	return (X509_NAME_cmp(X509_get_subject_name(a),
	    X509_get_issuer_name(x)) == 0 && X509_cmp(a, x) != 0 &&
	    X509_check_issued(a, x) == X509_V_OK);
}

/*
 * The root stays out: whoever verifies has it, or must not take it from us.
 */
int
sh_signer_build(const struct sh_signer_ops *ops, void *take_self, X509 *leaf,
    const STACK_OF(X509) *others, struct sh_signer **sp,
    struct sh_error *err)
{
	unsigned char *der[MAX_CHAIN] = { NULL };
	size_t len[MAX_CHAIN], n = 0, k;
	enum sh_sig_algorithm alg;
	X509 *x = leaf, *next;
	int i, got, rc = -1;

	*sp = NULL;
	while (x != NULL && n < MAX_CHAIN) {
		if ((got = i2d_X509(x, &der[n])) < 0) {
			(void)sh_error_nomem(err, "a certificate");
			goto out;
		}
		len[n++] = (size_t)got;
		for (i = 0, next = NULL; i < sk_X509_num(others); i++)
			if (issued(sk_X509_value(others, i), x))
				next = sk_X509_value(others, i);
		if (next != NULL && (X509_get_extension_flags(next) &
		    EXFLAG_SS) != 0)
			next = NULL;
		x = next;
	}
	if (choose(X509_get0_pubkey(leaf), &alg, err))
		goto out;
	rc = sh_signer_new(ops, take_self,
	    (const uint8_t *const *)(void *)der, len, n, alg, sp, err);
	take_self = NULL;
out:
	if (take_self != NULL)
		ops->close(take_self);
	for (k = 0; k < MAX_CHAIN; k++)
		OPENSSL_free(der[k]);
	return (rc);
}
