#include "signing/signer.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "base/clock.h"
#include "base/mem.h"
#include "signing/algorithm.h"
#include "signing/certificate.h"

#define MAX_CHAIN	16

struct sh_signer {
	const struct sh_signer_ops *ops;
	void *self;
	struct sh_buf chain[MAX_CHAIN];
	size_t nchain;
	enum sh_sig_algorithm alg;
	X509 *leaf;
	char *name;
	int64_t fit_at;		/* the check's last good answer */
	int fit;		/* there is one */
};

static int
unfit(struct sh_error *err, const char *what)
{
	return (sh_error_set(err, SH_EUNSUPPORTED, "key.kind",
	    "the key is not for %s", what));
}

int
sh_signer_use(struct sh_signer *s, enum sh_sig_algorithm alg,
    struct sh_error *err)
{
	static const struct {
		int base, bits;
	} needs[] = {
		[SH_SIG_RSA_PKCS1_SHA256] = { EVP_PKEY_RSA, 0 },
		[SH_SIG_RSA_PSS_SHA256] = { EVP_PKEY_RSA, 0 },
		[SH_SIG_ECDSA_SHA256] = { EVP_PKEY_EC, 256 },
		[SH_SIG_ECDSA_SHA384] = { EVP_PKEY_EC, 384 },
		[SH_SIG_ED25519] = { EVP_PKEY_ED25519, 0 },
	};
	const EVP_PKEY *key = X509_get0_pubkey(s->leaf);
	int base = key != NULL ? EVP_PKEY_get_base_id(key) : EVP_PKEY_NONE;

	if (base == EVP_PKEY_RSA_PSS && alg == SH_SIG_RSA_PSS_SHA256)
		base = EVP_PKEY_RSA;
	if (base != needs[alg].base || (needs[alg].bits != 0 &&
	    EVP_PKEY_get_bits(key) != needs[alg].bits))
		return (unfit(err, sh_scheme_name(sh_sig_scheme(alg))));
	s->alg = alg;
	return (0);
}

int
sh_signer_new(const struct sh_signer_ops *ops, void *take_self,
    const uint8_t *const *chain, const size_t *chainlen, size_t nchain,
    enum sh_sig_algorithm alg, struct sh_signer **sp, struct sh_error *err)
{
	struct sh_signer *s;
	const uint8_t *p;
	size_t i;

	*sp = NULL;
	if ((s = sh_alloc(1, sizeof(*s), "a signer", err)) == NULL) {
		ops->close(take_self);
		return (-1);
	}
	s->ops = ops;
	s->self = take_self;
	if (nchain == 0 || nchain > MAX_CHAIN) {
		(void)sh_error_set(err, SH_ELIMIT, "key.chain",
		    "%zu certificates, from 1 to %d are taken", nchain,
		    MAX_CHAIN);
		goto out;
	}
	for (i = 0; i < nchain; i++, s->nchain++)
		if (sh_buf_append(&s->chain[i], chain[i], chainlen[i], err))
			goto out;
	p = chain[0];
	s->leaf = d2i_X509(NULL, &p, (long)chainlen[0]);
	ERR_clear_error();
	if (s->leaf == NULL || p != chain[0] + chainlen[0]) {
		(void)sh_error_set(err, SH_EFORMAT, "key.file",
		    "the signer's certificate is none");
		goto out;
	}
	if (sh_signer_use(s, alg, err) ||
	    (s->name = sh_certificate_name(s->leaf, err)) == NULL)
		goto out;
	*sp = s;
	s = NULL;
out:
	sh_signer_close(s);
	return (*sp != NULL ? 0 : -1);
}

void
sh_signer_close(struct sh_signer *s)
{
	size_t i;

	if (s == NULL)
		return;
	s->ops->close(s->self);
	for (i = 0; i < MAX_CHAIN; i++)
		sh_buf_free(&s->chain[i]);
	X509_free(s->leaf);
	free(s->name);
	free(s);
}

int
sh_signer_sign(struct sh_signer *s, const void *tbs, size_t len,
    struct sh_buf *sig, struct sh_error *err)
{
	size_t before = sig->len;

	if (s->ops->sign(s->self, s->alg, tbs, len, sig, err))
		return (sh_error_context(err, "signer %s", s->ops->name));
	if (sig->len - before > sh_signer_signature_max(s))
		return (sh_error_set(err, SH_ELIBRARY, "key.failed",
		    "signer %s: a signature of %zu bytes", s->ops->name,
		    sig->len - before));
	return (0);
}

enum sh_sig_algorithm
sh_signer_algorithm(const struct sh_signer *s)
{
	return (s->alg);
}

size_t
sh_signer_nchain(const struct sh_signer *s)
{
	return (s->nchain);
}

const uint8_t *
sh_signer_certificate(const struct sh_signer *s, size_t i, size_t *lenp)
{
	*lenp = s->chain[i].len;
	return (s->chain[i].data);
}

const char *
sh_signer_name(const struct sh_signer *s)
{
	return (s->name);
}

size_t
sh_signer_signature_max(const struct sh_signer *s)
{
	return ((size_t)EVP_PKEY_get_size(X509_get0_pubkey(s->leaf)));
}

/* A bound of the certificate's validity, for the message. */
static void
param_time(struct sh_error *err, const ASN1_TIME *t)
{
	char text[SH_TIME_LEN];
	struct tm tm;

	if (ASN1_TIME_to_tm(t, &tm) == 1) {
		sh_time_print(timegm(&tm), text);
		sh_error_param(err, "value", "%s", text);
	}
}

int
sh_signer_check(struct sh_signer *s, int64_t when, struct sh_error *err)
{
	char why[64];
	int period, rc = 0;

	/* A batch asks again and again within a second. */
	if (s->fit && s->fit_at == when)
		return (0);
	period = sh_certificate_period(s->leaf, when);
	if (period > 0) {
		rc = sh_error_set(err, SH_ESIGNATURE, "cert.expired",
		    "the certificate of %s has expired", s->name);
		param_time(err, X509_get0_notAfter(s->leaf));
	} else if (period < 0) {
		rc = sh_error_set(err, SH_ESIGNATURE, "cert.not-yet",
		    "the certificate of %s is not valid yet", s->name);
		param_time(err, X509_get0_notBefore(s->leaf));
	} else if (!sh_certificate_usage(s->leaf, SH_PURPOSE_DOCUMENT)) {
		rc = sh_error_set(err, SH_ESIGNATURE, "cert.usage",
		    "the certificate of %s is not for signing documents",
		    s->name);
	} else if (!sh_key_strong(X509_get0_pubkey(s->leaf), why)) {
		rc = sh_error_set(err, SH_ESIGNATURE, "cert.weak",
		    "the certificate of %s has %s", s->name, why);
		sh_error_param(err, "value", "%s", why);
	}
	if (rc != 0)
		sh_error_param(err, "signer", "%s", s->name);
	s->fit = rc == 0;
	s->fit_at = when;
	return (rc);
}
