#include "signing/trust.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/mem.h"
#include "signing/algorithm.h"
#include "signing/policy.h"

#define MAX_PEM		((size_t)16 << 20)
#define MAX_ANCHORS	4096
#define MAX_DEPTH	8
#define MAX_KNOWN	((size_t)4 << 20)	/* bytes of old answers */

struct sh_trust {
	X509_STORE *store;
	struct sh_answers answers;	/* fetched, for what is judged */
};

/* One block of PEM: an anchor, a revocation list, an answer. */
static int
take_block(struct sh_trust *t, const char *name, const uint8_t *der,
    size_t len, int *nanchors, struct sh_error *err)
{
	const uint8_t *p = der;
	X509 *x;
	int ok;

	if (strcmp(name, PEM_STRING_X509_CRL) == 0)
		return (sh_answers_add(&t->answers, SH_ANSWER_CRL, der, len,
		    0, err) < 0 ? -1 : 1);
	if (strcmp(name, SH_PEM_OCSP) == 0)
		return (sh_answers_add(&t->answers, SH_ANSWER_OCSP, der, len,
		    0, err) < 0 ? -1 : 1);
	if (strcmp(name, PEM_STRING_X509) != 0 &&
	    strcmp(name, PEM_STRING_X509_OLD) != 0)
		return (1);
	if (++*nanchors > MAX_ANCHORS)
		return (0);
	x = d2i_X509(NULL, &p, (long)len);
	ok = x != NULL && p == der + len && X509_STORE_add_cert(t->store, x);
	X509_free(x);
	return (ok);
}

int
sh_trust_parse(const void *pem, size_t len, struct sh_trust **tp,
    struct sh_error *err)
{
	struct sh_trust *t;
	BIO *bio = NULL;
	char *name, *header;
	unsigned char *der;
	long derlen;
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
	while (ok == 1 && PEM_read_bio(bio, &name, &header, &der, &derlen)) {
		ok = take_block(t, name, der, (size_t)derlen, &n, err);
		OPENSSL_free(name);
		OPENSSL_free(header);
		OPENSSL_free(der);
	}
	if (ok < 0)
		goto bad;
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
	sh_answers_clear(&t->answers);
	free(t);
}

int
sh_trust_know(struct sh_trust *t, const struct sh_answers *answers,
    struct sh_error *err)
{
	const struct sh_answer *a;
	size_t i;

	/* A service that runs for years: what is old was asked for again. */
	if (t->answers.n + answers->n > SH_MAX_ANSWERS / 2 ||
	    t->answers.bytes > answers->bytes + MAX_KNOWN)
		sh_answers_clear(&t->answers);
	for (i = 0; i < answers->n; i++) {
		a = &answers->item[i];
		if (sh_answers_add(&t->answers, a->kind, a->der.data,
		    a->der.len, 0, err) < 0)
			return (-1);
	}
	return (0);
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

/* What the answers of both sides say together. */
static enum sh_revocation_state
ask(const struct sh_trust *trust, X509 *cert, X509 *issuer,
    const struct sh_trust_help *help, int64_t when,
    struct sh_revocation *out)
{
	int64_t now = help->now != 0 ? help->now : when;

	sh_revocation_judge(cert, issuer, &trust->answers, when, now, out);
	if (out->state != SH_REVOKED && help->answers != NULL) {
		struct sh_revocation own;

		sh_revocation_judge(cert, issuer, help->answers, when, now,
		    &own);
		if (own.state > out->state)
			*out = own;
	}
	return (out->state);
}

/* Every certificate on the way but the anchor, which nobody revokes. */
static void
check_revocation(const struct sh_trust *trust, STACK_OF(X509) *chain,
    const struct sh_trust_help *help, int64_t when, struct sh_findings *out)
{
	struct sh_revocation r;
	char text[SH_TIME_LEN];
	X509 *cert;
	int i, unchecked = sk_X509_num(chain) < 2;

	for (i = 0; i + 1 < sk_X509_num(chain); i++) {
		cert = sk_X509_value(chain, i);
		switch (ask(trust, cert, sk_X509_value(chain, i + 1), help,
		    when, &r)) {
		case SH_REVOKED:
			sh_time_print(r.when, text);
			sh_findings_add(out, "chain.revoked",
			    "certificate %d, %s", i, text);
			break;
		case SH_UNKNOWN:
			if (help->strict && sh_revocation_published(cert))
				sh_findings_add(out, "chain.unanswered",
				    "certificate %d", i);
			else
				unchecked = 1;
			break;
		case SH_NOT_REVOKED:
			break;
		}
	}
	if (unchecked)
		sh_findings_add(out, "revocation.unchecked", "%s", "");
}

/* Keys and digests of the way, by the day; the anchor is trusted as it is. */
static void
check_algorithms(STACK_OF(X509) *chain, int64_t when,
    struct sh_findings *out)
{
	char why[64];
	enum sh_md md;
	X509 *x;
	int i, hash;

	for (i = 0; i + 1 < sk_X509_num(chain); i++) {
		x = sk_X509_value(chain, i);
		if (!sh_policy_key(X509_get0_pubkey(x), when, why))
			sh_findings_add(out, "chain.weak", "certificate %d: "
			    "%s", i, why);
		if (X509_get_signature_info(x, &hash, NULL, NULL, NULL) != 1 ||
		    hash == NID_undef)
			continue;	/* EdDSA has its own */
		for (md = SH_MD_NONE + 1; md < SH_NMDS; md++)
			if (sh_md_evp(md) != NULL && EVP_MD_is_a(
			    sh_md_evp(md), OBJ_nid2sn(hash)))
				break;
		if (md == SH_NMDS)
			sh_findings_add(out, "chain.weak", "certificate %d: "
			    "%s", i, OBJ_nid2sn(hash));
		else if (!sh_policy_digest(md, when, why))
			sh_findings_add(out, "chain.weak", "certificate %d: "
			    "%s", i, why);
	}
	ERR_clear_error();
}

/* What came along, in one stack of borrowed certificates. */
static STACK_OF(X509) *
gather(const struct sh_trust_help *help)
{
	STACK_OF(X509) *all = sk_X509_new_null();
	int i;

	for (i = 0; all != NULL && i < sk_X509_num(help->certificates); i++)
		if (sk_X509_push(all, sk_X509_value(help->certificates, i)) ==
		    0)
			goto bad;
	for (i = 0; all != NULL && i < sk_X509_num(help->more); i++)
		if (sk_X509_push(all, sk_X509_value(help->more, i)) == 0)
			goto bad;
	return (all);
bad:
	sk_X509_free(all);
	return (NULL);
}

static int
find_way(const struct sh_trust *trust, X509 *cert,
    const struct sh_trust_help *help, int64_t when, struct sh_findings *out,
    struct sh_error *err)
{
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	STACK_OF(X509) *all = gather(help), *chain;
	X509_VERIFY_PARAM *param;
	int error, rc = -1;

	if (ctx == NULL || all == NULL || X509_STORE_CTX_init(ctx,
	    trust->store, cert, all) != 1) {
		(void)sh_error_nomem(err, "a chain of certificates");
		goto out;
	}
	param = X509_STORE_CTX_get0_param(ctx);
	X509_VERIFY_PARAM_set_time(param, (time_t)when);
	X509_VERIFY_PARAM_set_depth(param, MAX_DEPTH);
	/* Which keys and digests count depends on the day: policy.h. */
	X509_VERIFY_PARAM_set_auth_level(param, 0);
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
	} else {
		chain = X509_STORE_CTX_get0_chain(ctx);
		check_algorithms(chain, when, out);
		check_revocation(trust, chain, help, when, out);
		if (help->chainp != NULL && (*help->chainp =
		    X509_chain_up_ref(chain)) == NULL) {
			(void)sh_error_nomem(err, "a chain of certificates");
			goto out;
		}
	}
	rc = 0;
out:
	X509_STORE_CTX_free(ctx);
	sk_X509_free(all);
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

	if (help->chainp != NULL)
		*help->chainp = NULL;
	if ((period = sh_certificate_period(cert, when)) != 0)
		sh_findings_add(out, period > 0 ? "chain.expired" :
		    "chain.not-yet", "the signer's certificate");
	if (!sh_certificate_usage(cert, purpose))
		sh_findings_add(out, "chain.usage", "key usage or extended "
		    "key usage");
	if (!sh_policy_key(X509_get0_pubkey(cert), when, why))
		sh_findings_add(out, "chain.weak", "%s", why);
	if (trust == NULL) {
		sh_findings_add(out, "chain.none", "no anchor is known");
		sh_findings_add(out, "revocation.unchecked", "%s", "");
		return (0);
	}
	return (find_way(trust, cert, help, when, out, err));
}
