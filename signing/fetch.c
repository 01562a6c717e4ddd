#include "signing/fetch.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <openssl/x509v3.h>

#include "base/digest.h"
#include "base/fs.h"
#include "base/mem.h"
#include "signing/http.h"

#define MAX_URLS	4
#define MAX_OCSP	((size_t)64 << 10)
#define MAX_CRL		((size_t)16 << 20)

struct asking {
	const struct sh_fetch *f;
	X509 *cert, *issuer;
	int64_t now;
	struct sh_answers *out;
	int wrong;		/* somebody answered, but not what counts */
};

/* Does the answer tell about the certificate, today? */
static int
counts(const struct asking *a, enum sh_answer_kind kind,
    const struct sh_buf *der, struct sh_error *err)
{
	struct sh_answers one = { .n = 0 };
	struct sh_revocation r = { .state = SH_UNKNOWN };
	int got = sh_answers_add(&one, kind, der->data, der->len, 0, err);

	if (got > 0)
		sh_revocation_judge(a->cert, a->issuer, &one, a->now, a->now,
		    &r);
	sh_answers_clear(&one);
	return (got < 0 ? -1 : r.state != SH_UNKNOWN);
}

static char *
cache_path(const struct asking *a, enum sh_answer_kind kind,
    struct sh_error *err)
{
	char hex[SH_HEX_LEN], name[SH_HEX_LEN + 8];
	struct sh_digest d;
	uint8_t *der = NULL;
	int len = i2d_X509(a->cert, &der), rc;

	if (len < 0) {
		(void)sh_error_nomem(err, "a certificate");
		return (NULL);
	}
	rc = sh_sha256(der, (size_t)len, &d, err);
	OPENSSL_free(der);
	if (rc != 0)
		return (NULL);
	sh_hex(d.b, sizeof(d.b), hex);
	(void)snprintf(name, sizeof(name), "%s.%s", hex,
	    kind == SH_ANSWER_OCSP ? "ocsp" : "crl");
	return (sh_path_join(a->f->cache, name, err));
}

/* What cannot be kept is no reason to stop: it was answered. */
static void
keep(const struct asking *a, enum sh_answer_kind kind,
    const struct sh_buf *der)
{
	struct sh_error ignored = SH_ERROR_INIT;
	char *path;

	if (a->f->cache == NULL ||
	    (path = cache_path(a, kind, &ignored)) == NULL)
		return;
	if (sh_fs_mkdirs(a->f->cache, 0700, &ignored) == 0)
		(void)!sh_fs_replace(path, der->data, der->len, 0600,
		    &ignored);
	free(path);
}

/* 1 if a kept answer is young enough and still counts. */
static int
kept(const struct asking *a, enum sh_answer_kind kind, int64_t age_s,
    struct sh_error *err)
{
	struct sh_buf der = SH_BUF_INIT;
	struct stat st;
	char *path;
	int got = 0;

	if (a->f->cache == NULL)
		return (0);
	if ((path = cache_path(a, kind, err)) == NULL)
		return (-1);
	if (stat(path, &st) == 0 && st.st_mtime <= a->now + 60 &&
	    a->now - st.st_mtime <= age_s) {
		if (sh_fs_read(path, MAX_CRL, &der, err))
			sh_error_clear(err);
		else if ((got = counts(a, kind, &der, err)) > 0)
			got = sh_answers_add(a->out, kind, der.data, der.len,
			    0, err) < 0 ? -1 : 1;
	}
	sh_buf_free(&der);
	free(path);
	return (got);
}

/* 1: told; 0: go on with the next address; -1. */
static int
ask(struct asking *a, enum sh_answer_kind kind, const struct sh_http *q,
    struct sh_error *err)
{
	struct sh_buf der = SH_BUF_INIT;
	int got = 0;

	if (sh_http(q, &der, err)) {
		if (err->code == SH_ENOMEM || err->code == SH_ESYSTEM)
			got = -1;
		else {
			a->wrong |= err->code != SH_EAGAIN;
			sh_error_clear(err);
		}
	} else if ((got = counts(a, kind, &der, err)) == 0)
		a->wrong = 1;
	if (got > 0) {
		keep(a, kind, &der);
		if (sh_answers_add(a->out, kind, der.data, der.len, 0,
		    err) < 0)
			got = -1;
	}
	sh_buf_free(&der);
	return (got);
}

/* OCSPRequest for the one certificate. */
static int
write_question(const struct asking *a, uint8_t **derp, struct sh_error *err)
{
	OCSP_REQUEST *req = OCSP_REQUEST_new();
	OCSP_CERTID *id = OCSP_cert_to_id(EVP_sha1(), a->cert, a->issuer);
	int len = -1;

	/* SHA-1 here only names the issuer, and is what responders know. */
	if (req != NULL && id != NULL &&
	    OCSP_request_add0_id(req, id) != NULL) {
		id = NULL;
		len = i2d_OCSP_REQUEST(req, derp);
	}
	OCSP_CERTID_free(id);
	OCSP_REQUEST_free(req);
	ERR_clear_error();
	return (len > 0 ? len : sh_error_nomem(err, "an OCSP request"));
}

static int
ask_ocsp(struct asking *a, int *published, struct sh_error *err)
{
	STACK_OF(OPENSSL_STRING) *urls = X509_get1_ocsp(a->cert);
	struct sh_http q = { .type = "application/ocsp-request",
	    .limit = MAX_OCSP, .timeout_ms = a->f->timeout_ms,
	    .tries = a->f->tries };
	uint8_t *der = NULL;
	int i, len, got = 0;

	if (sk_OPENSSL_STRING_num(urls) > 0) {
		*published = 1;
		if ((len = write_question(a, &der, err)) < 0)
			got = -1;
		q.body = der;
		q.len = (size_t)len;
	}
	for (i = 0; i < sk_OPENSSL_STRING_num(urls) && i < MAX_URLS &&
	    got == 0; i++) {
		q.url = sk_OPENSSL_STRING_value(urls, i);
		got = ask(a, SH_ANSWER_OCSP, &q, err);
	}
	OPENSSL_free(der);
	X509_email_free(urls);
	return (got);
}

static int
ask_point(struct asking *a, const DIST_POINT *point, struct sh_error *err)
{
	struct sh_http q = { .limit = MAX_CRL,
	    .timeout_ms = a->f->timeout_ms, .tries = a->f->tries };
	const GENERAL_NAME *name;
	int i, got = 0;

	/* A list for some reasons only, or of somebody else, is refused. */
	if (point->distpoint == NULL || point->distpoint->type != 0 ||
	    point->reasons != NULL || point->CRLissuer != NULL)
		return (0);
	for (i = 0; i < sk_GENERAL_NAME_num(point->distpoint->name.fullname)
	    && i < MAX_URLS && got == 0; i++) {
		name = sk_GENERAL_NAME_value(point->distpoint->name.fullname,
		    i);
		if (name->type != GEN_URI)
			continue;
		q.url = (const char *)ASN1_STRING_get0_data(
		    name->d.uniformResourceIdentifier);
		/* Directories in LDAP are for others. */
		if (strncmp(q.url, "http", 4) == 0)
			got = ask(a, SH_ANSWER_CRL, &q, err);
	}
	return (got);
}

static int
ask_crl(struct asking *a, int *published, struct sh_error *err)
{
	CRL_DIST_POINTS *points = X509_get_ext_d2i(a->cert,
	    NID_crl_distribution_points, NULL, NULL);
	int i, got = 0;

	ERR_clear_error();
	if (points != NULL)
		*published = 1;
	for (i = 0; i < sk_DIST_POINT_num(points) && i < MAX_URLS && got == 0;
	    i++)
		got = ask_point(a, sk_DIST_POINT_value(points, i), err);
	CRL_DIST_POINTS_free(points);
	return (got);
}

int
sh_fetch_revocation(const struct sh_fetch *f, X509 *cert, X509 *issuer,
    int64_t now, struct sh_answers *out, struct sh_error *err)
{
	struct asking a = { f, cert, issuer, now, out, 0 };
	int published = 0, got;

	if (f->fresh_s > 0 && ((got = kept(&a, SH_ANSWER_OCSP, f->fresh_s,
	    err)) != 0 || (got = kept(&a, SH_ANSWER_CRL, f->fresh_s, err)) !=
	    0))
		return (got);
	if ((got = ask_ocsp(&a, &published, err)) != 0 ||
	    (got = ask_crl(&a, &published, err)) != 0)
		return (got);
	if (!published)
		return (0);
	if ((got = kept(&a, SH_ANSWER_OCSP, f->grace_s, err)) != 0 ||
	    (got = kept(&a, SH_ANSWER_CRL, f->grace_s, err)) != 0)
		return (got);
	if (a.wrong)
		return (sh_error_set(err, SH_ESIGNATURE, "revocation.wrong",
		    "what is told about a certificate's revocation does not "
		    "count"));
	return (sh_error_set(err, SH_EAGAIN, "revocation.down",
	    "nobody tells whether a certificate was revoked"));
}

int
sh_fetch_chain(const struct sh_fetch *f, STACK_OF(X509) *chain, int64_t now,
    struct sh_answers *out, struct sh_error *err)
{
	int i;

	for (i = 0; i + 1 < sk_X509_num(chain); i++)
		if (sh_fetch_revocation(f, sk_X509_value(chain, i),
		    sk_X509_value(chain, i + 1), now, out, err) < 0)
			return (sh_error_context(err, "certificate %d", i));
	return (0);
}
