#include "signing/revocation.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <openssl/x509v3.h>

#include "base/mem.h"
#include "signing/algorithm.h"
#include "signing/certificate.h"
#include "signing/policy.h"

/* All of them together: read, they take several times as much. */
#define MAX_BYTES	((size_t)16 << 20)
#define SKEW_S		300
/* An answer that names no end is good for so long. */
#define NO_END_S	86400

static void
free_parsed(enum sh_answer_kind kind, void *parsed)
{
	if (kind == SH_ANSWER_CRL)
		X509_CRL_free(parsed);
	else
		OCSP_BASICRESP_free(parsed);
}

static void *
parse(enum sh_answer_kind kind, const uint8_t *der, size_t len)
{
	const uint8_t *p = der;
	OCSP_RESPONSE *resp;
	void *parsed = NULL;

	if (kind == SH_ANSWER_CRL)
		parsed = d2i_X509_CRL(NULL, &p, (long)len);
	else if ((resp = d2i_OCSP_RESPONSE(NULL, &p, (long)len)) != NULL) {
		if (OCSP_response_status(resp) ==
		    OCSP_RESPONSE_STATUS_SUCCESSFUL)
			parsed = OCSP_response_get1_basic(resp);
		OCSP_RESPONSE_free(resp);
	}
	ERR_clear_error();
	if (parsed != NULL && p != der + len) {
		free_parsed(kind, parsed);
		parsed = NULL;
	}
	return (parsed);
}

int
sh_answers_add(struct sh_answers *a, enum sh_answer_kind kind,
    const void *der, size_t len, uint64_t at, struct sh_error *err)
{
	struct sh_answer *x;
	void *parsed;
	size_t i;

	for (i = 0; i < a->n; i++)
		if (a->item[i].kind == kind && a->item[i].der.len == len &&
		    memcmp(a->item[i].der.data, der, len) == 0)
			return (0);
	if (len == 0 || len > MAX_BYTES - a->bytes || a->n == SH_MAX_ANSWERS ||
	    (parsed = parse(kind, der, len)) == NULL)
		return (0);
	if (sh_grow(&a->item, &a->cap, a->n + 1, sizeof(*x), "revocation",
	    err)) {
		free_parsed(kind, parsed);
		return (-1);
	}
	x = &a->item[a->n];
	memset(x, 0, sizeof(*x));
	x->kind = kind;
	x->parsed = parsed;
	x->at = at;
	a->n++;
	a->bytes += len;
	return (sh_buf_append(&x->der, der, len, err) ? -1 : 1);
}

void
sh_answers_clear(struct sh_answers *a)
{
	size_t i;

	for (i = 0; i < a->n; i++) {
		free_parsed(a->item[i].kind, a->item[i].parsed);
		sh_buf_free(&a->item[i].der);
	}
	free(a->item);
	memset(a, 0, sizeof(*a));
}

/* Seconds of an ASN.1 time; 0 when there is none that can be read. */
static int64_t
seconds(const ASN1_TIME *t)
{
	struct tm tm;

	if (t == NULL || ASN1_TIME_to_tm(t, &tm) != 1) {
		ERR_clear_error();
		return (0);
	}
	return ((int64_t)timegm(&tm));
}

/* What one answer says; TOLD and UNTIL are thisUpdate and nextUpdate. */
struct said {
	int revoked;
	int64_t since, told, until;
	int keeps_expired;	/* certificates that ran out are in it still */
};

/* ---- lists ---- */

/*
 * A critical extension narrows what the list covers: an entry in it counts,
 * silence does not.
 */
static int
read_crl(X509_CRL *crl, X509 *cert, X509 *issuer, struct said *out)
{
	EVP_PKEY *key = X509_get0_pubkey(issuer);
	X509_REVOKED *entry;

	if (key == NULL || (X509_get_key_usage(issuer) & KU_CRL_SIGN) == 0 ||
	    X509_NAME_cmp(X509_CRL_get_issuer(crl),
	    X509_get_subject_name(issuer)) != 0 ||
	    X509_CRL_verify(crl, key) != 1)
		return (0);
	out->told = seconds(X509_CRL_get0_lastUpdate(crl));
	out->until = seconds(X509_CRL_get0_nextUpdate(crl));
	out->keeps_expired = 0;
	/* 2: taken off again, which only a delta says. */
	if (X509_CRL_get0_by_cert(crl, &entry, cert) == 1) {
		out->revoked = 1;
		out->since = seconds(X509_REVOKED_get0_revocationDate(entry));
		return (1);
	}
	out->revoked = 0;
	return (X509_CRL_get_ext_by_critical(crl, 1, -1) < 0 &&
	    out->until != 0);
}

/* ---- OCSP ---- */

/* Does the responder's certificate say that it may answer? */
static int
is_responder(X509 *x)
{
	return ((X509_get_extended_key_usage(x) & XKU_OCSP_SIGN) != 0 &&
	    (X509_get_extension_flags(x) & EXFLAG_XKUSAGE) != 0);
}

/*
 * Whoever holds a revoked responder's key writes any hour into an answer:
 * only one that is proven to be older than the revocation counts.
 */
static int
is_revoked(X509 *responder, X509 *issuer, const struct sh_answers *answers,
    int64_t known)
{
	struct said s;
	size_t i;

	if (X509_get_ext_by_NID(responder, NID_id_pkix_OCSP_noCheck, -1) >= 0)
		return (0);
	for (i = 0; i < answers->n; i++) {
		memset(&s, 0, sizeof(s));
		if (answers->item[i].kind == SH_ANSWER_CRL &&
		    read_crl(answers->item[i].parsed, responder, issuer, &s) &&
		    s.revoked && (known == 0 || s.since <= known))
			return (1);
	}
	return (0);
}

/*
 * Signed by the issuer himself or by a responder that he issued for this.
 * Rule: RFC 6960 4.2.2.2.
 */
static int
signed_for(const struct sh_answer *a, X509 *issuer,
    const struct sh_answers *answers)
{
	OCSP_BASICRESP *r = a->parsed;
	STACK_OF(X509) *help = sk_X509_new_null();
	X509 *signer = NULL;
	int ok = 0;

	if (help == NULL || sk_X509_push(help, issuer) == 0)
		goto out;
	/* NOVERIFY: the signature only; who may sign is for us to say. */
	if (OCSP_basic_verify(r, help, NULL, OCSP_NOVERIFY) != 1 ||
	    OCSP_resp_get0_signer(r, &signer, help) != 1)
		goto out;
	ok = X509_cmp(signer, issuer) == 0 || (is_responder(signer) &&
	    X509_check_issued(issuer, signer) == X509_V_OK &&
	    X509_verify(signer, X509_get0_pubkey(issuer)) == 1 &&
	    sh_certificate_period(signer,
	    seconds(OCSP_resp_get0_produced_at(r))) == 0 &&
	    !is_revoked(signer, issuer, answers, a->known));
out:
	sk_X509_free(help);
	ERR_clear_error();
	return (ok);
}

static int
is_about(const OCSP_CERTID *id, X509 *cert, X509 *issuer)
{
	ASN1_OBJECT *alg;
	const EVP_MD *md;
	OCSP_CERTID *own;
	int same;

	if (OCSP_id_get0_info(NULL, &alg, NULL, NULL,
	    (OCSP_CERTID *)(uintptr_t)id) != 1 ||
	    (md = EVP_get_digestbyobj(alg)) == NULL ||
	    (own = OCSP_cert_to_id(md, cert, issuer)) == NULL) {
		ERR_clear_error();
		return (0);
	}
	same = OCSP_id_cmp(own, id) == 0;
	OCSP_CERTID_free(own);
	return (same);
}

static int
read_ocsp(const struct sh_answer *a, X509 *cert, X509 *issuer,
    const struct sh_answers *answers, struct said *out)
{
	OCSP_BASICRESP *r = a->parsed;
	ASN1_GENERALIZEDTIME *since, *told, *until, *cut;
	OCSP_SINGLERESP *single;
	int i, reason, status;

	for (i = 0; i < OCSP_resp_count(r); i++) {
		single = OCSP_resp_get0(r, i);
		if (!is_about(OCSP_SINGLERESP_get0_id(single), cert, issuer))
			continue;
		status = OCSP_single_get0_status(single, &reason, &since,
		    &told, &until);
		if (status == V_OCSP_CERTSTATUS_UNKNOWN ||
		    !signed_for(a, issuer, answers))
			return (0);
		out->revoked = status == V_OCSP_CERTSTATUS_REVOKED;
		out->since = out->revoked ? seconds(since) : 0;
		out->told = seconds(told);
		out->until = seconds(until);
		cut = OCSP_SINGLERESP_get1_ext_d2i(single,
		    NID_id_pkix_OCSP_archiveCutoff, NULL, NULL);
		/* Rule: RFC 6960 4.4.4. */
		out->keeps_expired = cut != NULL && seconds(cut) <=
		    seconds(X509_get0_notAfter(cert));
		ASN1_GENERALIZEDTIME_free(cut);
		if (out->until == 0)
			out->until = out->told + NO_END_S;
		ERR_clear_error();
		return (1);
	}
	ERR_clear_error();
	return (0);
}

/* ---- together ---- */

/* 1 if silence (or "good") in that answer speaks for CERT at WHEN. */
static int
speaks_for(const struct said *s, X509 *cert, int64_t when, int64_t now)
{
	if (s->told == 0 || s->told > now + SKEW_S ||
	    s->until < when - SKEW_S)
		return (0);
	/* Who has run out may have been taken off the list. */
	return (s->told <= seconds(X509_get0_notAfter(cert)) ||
	    s->keeps_expired);
}

/* The answer's own signature must have counted when it is known to exist. */
static int
is_strong(const struct sh_answer *a, int64_t now)
{
	const X509_ALGOR *alg;
	const ASN1_BIT_STRING *value;
	char why[64];
	int nid, hash, pkey;
	const char *name;
	enum sh_md md;

	if (a->kind == SH_ANSWER_CRL) {
		X509_CRL_get0_signature(a->parsed, &value, &alg);
		nid = OBJ_obj2nid(alg->algorithm);
	} else {
		alg = OCSP_resp_get0_tbs_sigalg(a->parsed);
		nid = OBJ_obj2nid(alg->algorithm);
	}
	/* PSS and EdDSA name their digest elsewhere; SHA-2 in what we meet. */
	if (OBJ_find_sigid_algs(nid, &hash, &pkey) != 1 || hash == NID_undef)
		return (1);
	name = OBJ_nid2sn(hash);
	for (md = SH_MD_NONE + 1; md < SH_NMDS; md++)
		if (sh_md_evp(md) != NULL && EVP_MD_is_a(sh_md_evp(md), name))
			return (sh_policy_digest(md, a->known != 0 ?
			    a->known : now, why));
	return (0);
}

void
sh_revocation_judge(X509 *cert, X509 *issuer,
    const struct sh_answers *answers, int64_t when, int64_t now,
    struct sh_revocation *out)
{
	const struct sh_answer *a;
	struct said s;
	size_t i;
	int got;

	memset(out, 0, sizeof(*out));
	for (i = 0; i < answers->n; i++) {
		a = &answers->item[i];
		memset(&s, 0, sizeof(s));
		got = a->kind == SH_ANSWER_CRL ?
		    read_crl(a->parsed, cert, issuer, &s) :
		    read_ocsp(a, cert, issuer, answers, &s);
		ERR_clear_error();
		if (!got || !is_strong(a, now))
			continue;
		/* Out of date, it still knows what was revoked. */
		if (s.revoked && s.since <= when) {
			out->state = SH_REVOKED;
			out->when = s.since;
			out->told = s.told;
			out->answer = a;
			return;
		}
		/* Revoked later says that it was good until then. */
		if ((s.revoked || speaks_for(&s, cert, when, now)) &&
		    (out->state == SH_UNKNOWN || s.told > out->told)) {
			out->state = SH_NOT_REVOKED;
			out->told = s.told;
			out->until = s.until;
			out->answer = a;
		}
	}
}

int
sh_revocation_published(X509 *cert)
{
	STACK_OF(OPENSSL_STRING) *urls = X509_get1_ocsp(cert);
	int has = sk_OPENSSL_STRING_num(urls) > 0 ||
	    X509_get_ext_by_NID(cert, NID_crl_distribution_points, -1) >= 0;

	X509_email_free(urls);
	return (has);
}
