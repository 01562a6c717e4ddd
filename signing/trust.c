#include "signing/trust.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/fs.h"
#include "base/mem.h"
#include "signing/algorithm.h"

#define MAX_PEM		((size_t)4 << 20)
#define MAX_ANCHORS	4096
#define MAX_DEPTH	8
#define LEVEL_112_BITS	2	/* OpenSSL: RSA 2048 and up, no SHA-1 */

struct sh_trust {
	X509_STORE *store;
};

int
sh_trust_parse(const void *pem, size_t len, struct sh_trust **tp,
    struct sh_error *err)
{
	struct sh_trust *t;
	BIO *bio = NULL;
	X509 *x;
	int n = 0, ok = 1;

	*tp = NULL;
	if (len > MAX_PEM)
		return (sh_error_set(err, SH_ELIMIT, "trust.limit",
		    "anchors of %zu bytes, limit %zu", len, MAX_PEM));
	if ((t = sh_alloc(1, sizeof(*t), "trust anchors", err)) == NULL)
		return (-1);
	if ((t->store = X509_STORE_new()) == NULL ||
	    (bio = BIO_new_mem_buf(pem, (int)len)) == NULL) {
		(void)sh_error_nomem(err, "trust anchors");
		goto bad;
	}
	while (ok && n <= MAX_ANCHORS &&
	    (x = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL) {
		ok = X509_STORE_add_cert(t->store, x);
		X509_free(x);
		n++;
	}
	/* The end of PEM looks like an error; any other is one. */
	ok = ok && ERR_GET_REASON(ERR_peek_last_error()) ==
	    PEM_R_NO_START_LINE;
	ERR_clear_error();
	/* No bytes at all is an answer: nothing is trusted. */
	if (!ok || (n == 0 && len > 0) || n > MAX_ANCHORS) {
		(void)sh_error_set(err, SH_EFORMAT, n == 0 ? "trust.empty" :
		    "trust.damaged", "trust anchors: certificate %d", n + 1);
		goto bad;
	}
	BIO_free(bio);
	*tp = t;
	return (0);
bad:
	BIO_free(bio);
	sh_trust_free(t);
	return (-1);
}

static int
is_pem(const struct dirent *d)
{
	size_t len = strlen(d->d_name);

	return (d->d_name[0] != '.' && len > 4 &&
	    strcmp(d->d_name + len - 4, ".pem") == 0);
}

int
sh_trust_read(const char *dir, struct sh_buf *pem, struct sh_error *err)
{
	struct dirent **names = NULL;
	char *path = NULL;
	int n, i, rc = -1;

	pem->limit = MAX_PEM;
	if ((n = scandir(dir, &names, is_pem, alphasort)) < 0)
		return (sh_error_sys(err, "trust.read", "trust anchors in %s",
		    dir));
	if (n == 0)
		(void)sh_error_set(err, SH_EFORMAT, "trust.empty",
		    "no trust anchors");
	for (i = 0; i < n; i++) {
		free(path);
		if ((path = sh_path_join(dir, names[i]->d_name, err)) == NULL ||
		    sh_fs_read(path, MAX_PEM, pem, err) ||
		    sh_buf_puts(pem, "\n", err))
			break;
	}
	if (n > 0 && i == n)
		rc = 0;
	if (rc != 0) {
		(void)sh_error_context(err, "%s", dir);
		sh_error_param(err, "file", "%s", dir);
	}
	for (i = 0; i < n; i++)
		free(names[i]);
	free(names);
	free(path);
	return (rc);
}

int
sh_trust_load(const char *dir, struct sh_trust **tp, struct sh_error *err)
{
	struct sh_buf all = SH_BUF_INIT;
	int rc = -1;

	*tp = NULL;
	if (sh_trust_read(dir, &all, err) == 0 &&
	    (rc = sh_trust_parse(all.data, all.len, tp, err)) != 0) {
		(void)sh_error_context(err, "%s", dir);
		sh_error_param(err, "file", "%s", dir);
	}
	sh_buf_free(&all);
	return (rc);
}

void
sh_trust_free(struct sh_trust *t)
{
	if (t == NULL)
		return;
	X509_STORE_free(t->store);
	free(t);
}

/* OpenSSL's verdict on the way to an anchor in our words. */
static const char *
key_of(int error)
{
	switch (error) {
	case X509_V_ERR_CERT_HAS_EXPIRED:
		return ("chain.expired");
	case X509_V_ERR_CERT_NOT_YET_VALID:
		return ("chain.not-yet");
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
	case X509_V_ERR_CERT_UNTRUSTED:
		return ("chain.none");
	case X509_V_ERR_EE_KEY_TOO_SMALL:
	case X509_V_ERR_CA_KEY_TOO_SMALL:
	case X509_V_ERR_CA_MD_TOO_WEAK:
		return ("chain.weak");
	default:
		return ("chain.invalid");
	}
}

/*
 * Is CERT named by a revocation list that ISSUER signed?  1 revoked, 0 a
 * list in force covers it and does not name it, -1 no list says.
 *
 * OpenSSL would look at one list alone, the newest by its own word, before
 * it knows whether the issuer made it.
 */
static int
revoked(X509 *cert, X509 *issuer, STACK_OF(X509_CRL) *crls, int64_t when)
{
	EVP_PKEY *key = X509_get0_pubkey(issuer);
	time_t t = (time_t)when;
	const ASN1_TIME *next;
	X509_REVOKED *entry;
	X509_CRL *crl;
	int i, state = -1;

	if (key == NULL || (X509_get_key_usage(issuer) & KU_CRL_SIGN) == 0)
		return (-1);
	for (i = 0; i < sk_X509_CRL_num(crls); i++) {
		crl = sk_X509_CRL_value(crls, i);
		if (X509_NAME_cmp(X509_CRL_get_issuer(crl),
		    X509_get_subject_name(issuer)) != 0 ||
		    X509_CRL_verify(crl, key) != 1)
			continue;
		/* Out of date, it still knows what was revoked. */
		if (X509_CRL_get0_by_cert(crl, &entry, cert) == 1)
			return (1);
		/* A critical extension narrows what the list covers. */
		next = X509_CRL_get0_nextUpdate(crl);
		if (X509_CRL_get_ext_by_critical(crl, 1, -1) < 0 &&
		    X509_cmp_time(X509_CRL_get0_lastUpdate(crl), &t) < 0 &&
		    next != NULL && X509_cmp_time(next, &t) > 0)
			state = 0;
	}
	return (state);
}

/* Every certificate on the way but the anchor, which nobody revokes. */
static void
check_revocation(X509_STORE_CTX *ctx, STACK_OF(X509_CRL) *crls, int64_t when,
    struct sh_findings *out)
{
	STACK_OF(X509) *chain = X509_STORE_CTX_get0_chain(ctx);
	int i, state, unchecked = sk_X509_num(chain) < 2;

	for (i = 0; i + 1 < sk_X509_num(chain); i++) {
		state = revoked(sk_X509_value(chain, i),
		    sk_X509_value(chain, i + 1), crls, when);
		if (state > 0)
			sh_findings_add(out, "chain.revoked",
			    "certificate %d", i);
		else if (state < 0)
			unchecked = 1;
	}
	if (unchecked)
		sh_findings_add(out, "revocation.unchecked", "%s", "");
}

static int
find_way(const struct sh_trust *trust, X509 *cert,
    const struct sh_trust_help *help, int64_t when, struct sh_findings *out,
    struct sh_error *err)
{
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	X509_VERIFY_PARAM *param;
	int error, rc = -1;

	if (ctx == NULL || X509_STORE_CTX_init(ctx, trust->store, cert,
	    help->certificates) != 1) {
		(void)sh_error_nomem(err, "a chain of certificates");
		goto out;
	}
	param = X509_STORE_CTX_get0_param(ctx);
	X509_VERIFY_PARAM_set_time(param, (time_t)when);
	X509_VERIFY_PARAM_set_depth(param, MAX_DEPTH);
	X509_VERIFY_PARAM_set_auth_level(param, LEVEL_112_BITS);
	/* An anchor may be an authority below a root. */
	(void)X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN);
	if (X509_verify_cert(ctx) != 1) {
		error = X509_STORE_CTX_get_error(ctx);
		if (error == X509_V_ERR_OUT_OF_MEM) {
			(void)sh_error_nomem(err, "a chain of certificates");
			goto out;
		}
		sh_findings_add(out, key_of(error), "certificate %d: %s",
		    X509_STORE_CTX_get_error_depth(ctx),
		    X509_verify_cert_error_string(error));
		sh_findings_add(out, "revocation.unchecked", "%s", "");
	} else
		check_revocation(ctx, help->crls, when, out);
	rc = 0;
out:
	X509_STORE_CTX_free(ctx);
	ERR_clear_error();
	return (rc);
}

int
sh_trust_judge(const struct sh_trust *trust, X509 *cert,
    const struct sh_trust_help *help, int64_t when, enum sh_purpose purpose,
    struct sh_findings *out, struct sh_error *err)
{
	char why[64];
	int period;

	if ((period = sh_certificate_period(cert, when)) != 0)
		sh_findings_add(out, period > 0 ? "chain.expired" :
		    "chain.not-yet", "the signer's certificate");
	if (!sh_certificate_usage(cert, purpose))
		sh_findings_add(out, "chain.usage", "key usage or extended "
		    "key usage");
	if (!sh_key_strong(X509_get0_pubkey(cert), why))
		sh_findings_add(out, "chain.weak", "%s", why);
	if (trust == NULL) {
		sh_findings_add(out, "chain.none", "no anchor is known");
		sh_findings_add(out, "revocation.unchecked", "%s", "");
		return (0);
	}
	return (find_way(trust, cert, help, when, out, err));
}
