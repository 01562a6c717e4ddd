#include "signing/tsa.h"

#include <string.h>

#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/objects.h>

#include "base/clock.h"
#include "base/digest.h"
#include "signing/cms.h"
#include "signing/http.h"
#include "signing/trust.h"

/* A policy in dots as the body of an OBJECT IDENTIFIER. */
static int
policy_body(const char *policy, uint8_t out[64], size_t *lenp,
    struct sh_error *err)
{
	ASN1_OBJECT *o = OBJ_txt2obj(policy, 1);
	size_t len = o != NULL ? OBJ_length(o) : 0;

	ERR_clear_error();
	if (len > 0 && len <= 64)
		memcpy(out, OBJ_get0_data(o), len);
	ASN1_OBJECT_free(o);
	if (len == 0 || len > 64) {
		sh_error_param(err, "value", "%s", policy);
		return (sh_error_set(err, SH_EARG, "tsa.policy",
		    "%s is no object identifier", policy));
	}
	*lenp = len;
	return (0);
}

#define NONCE_LEN	8

static int
write_question(const struct sh_tsa *tsa, enum sh_md md,
    const uint8_t *digest, uint8_t nonce[NONCE_LEN], struct sh_buf *out,
    struct sh_error *err)
{
	struct sh_der_writer w;
	uint8_t policy[64];
	size_t len = 0;

	if ((tsa->policy != NULL && policy_body(tsa->policy, policy, &len,
	    err)) || sh_random(nonce, NONCE_LEN, err))
		return (-1);
	/* A positive INTEGER in its shortest form. */
	nonce[0] = (uint8_t)((nonce[0] & 0x3f) | 0x40);
	sh_der_write_begin(&w, out, err);
	sh_der_open(&w, SH_DER_SEQUENCE);
	sh_der_put_uint(&w, 1);
	sh_der_open(&w, SH_DER_SEQUENCE);
	sh_md_write(&w, md);
	sh_der_put(&w, SH_DER_OCTETS, digest, sh_md_size(md));
	sh_der_close(&w);
	if (len > 0)
		sh_der_put(&w, SH_DER_OID, policy, len);
	sh_der_put(&w, SH_DER_INTEGER, nonce, NONCE_LEN);
	sh_der_put(&w, SH_DER_BOOLEAN, "\xff", 1);	/* certReq */
	sh_der_close(&w);
	return (sh_der_write_end(&w));
}

/* TimeStampResp { PKIStatusInfo { status … }, token OPTIONAL } */
static int
open_answer(const void *answer, size_t len, struct sh_der_element *token,
    struct sh_error *err)
{
	struct sh_der d, in;
	struct sh_der_element e, info;
	uint64_t status;
	int got;

	sh_der_init(&d, answer, len, SH_DER);
	if (sh_der_expect(&d, SH_DER_SEQUENCE, &e, err) ||
	    sh_der_finish(&d, err) || sh_der_enter(&e, &d, err) ||
	    sh_der_expect(&d, SH_DER_SEQUENCE, &info, err) ||
	    sh_der_enter(&info, &in, err) ||
	    sh_der_expect(&in, SH_DER_INTEGER, &e, err) ||
	    sh_der_uint(&e, 5, &status, err) ||
	    (got = sh_der_optional(&d, SH_DER_SEQUENCE, token, err)) < 0 ||
	    sh_der_finish(&d, err)) {
		sh_error_clear(err);
		return (sh_error_set(err, SH_EFORMAT, "tsa.answer",
		    "the time-stamping authority answers something else"));
	}
	/* 0 granted, 1 granted with changes. */
	if (status > 1 || !got)
		return (sh_error_set(err, SH_EAGAIN, "tsa.refused",
		    "the time-stamping authority refuses (status %d)",
		    (int)status));
	return (0);
}

static int
other(struct sh_error *err, const char *what)
{
	return (sh_error_set(err, SH_ESIGNATURE, "tsa.other",
	    "the time stamp has another %s than was asked for", what));
}

static int
check_said(const struct sh_tsa *tsa, const struct sh_timestamp *said,
    enum sh_md md, const uint8_t *digest, const uint8_t *nonce, int64_t now,
    struct sh_error *err)
{
	uint8_t policy[64];
	char text[SH_TIME_LEN];
	size_t len;

	if (said->md != md ||
	    memcmp(said->imprint, digest, sh_md_size(md)) != 0)
		return (other(err, "digest"));
	if (said->noncelen != NONCE_LEN ||
	    memcmp(said->nonce, nonce, NONCE_LEN) != 0)
		return (other(err, "nonce"));
	if (tsa->policy != NULL) {
		if (policy_body(tsa->policy, policy, &len, err))
			return (-1);
		if (said->policylen != len ||
		    memcmp(said->policy, policy, len) != 0)
			return (other(err, "policy"));
	}
	if (said->when > now + SH_CLOCK_SKEW_S ||
	    said->when < now - SH_CLOCK_SKEW_S) {
		sh_time_print(said->when, text);
		sh_error_param(err, "value", "%s", text);
		return (sh_error_set(err, SH_ESIGNATURE, "tsa.clock",
		    "the time-stamping authority's clock says %s", text));
	}
	return (0);
}

static int
check_authority(const struct sh_tsa *tsa, const struct sh_cms *cms,
    int64_t when, int64_t now, struct sh_error *err)
{
	struct sh_trust_help help = { .certificates = cms->certificates,
	    .now = now };
	struct sh_findings found = { .n = 0 };
	const char *sub;

	if (sh_trust_judge(tsa->trust, cms->signer, &help, when,
	    SH_PURPOSE_TIMESTAMP, &found, err))
		return (-1);
	if (sh_findings_status(&found, &sub) != SH_TOTAL_PASSED)
		return (sh_error_set(err, SH_ESIGNATURE, "tsa.untrusted",
		    "the time-stamping authority: %s", sub));
	return (0);
}

static int
take_answer(const struct sh_tsa *tsa, const void *answer, size_t len,
    enum sh_md md, const uint8_t *digest, const uint8_t nonce[NONCE_LEN],
    int64_t now, struct sh_buf *token, int64_t *whenp, struct sh_error *err)
{
	struct sh_der_element e;
	struct sh_timestamp said;
	struct sh_cms *cms = NULL;
	uint8_t own[SH_MD_MAX];
	int rc = -1;

	if (open_answer(answer, len, &e, err))
		return (-1);
	if (e.wholelen > SH_TOKEN_MAX)
		return (sh_error_set(err, SH_ELIMIT, "tsa.answer",
		    "a time stamp of %zu bytes, limit %zu", e.wholelen,
		    SH_TOKEN_MAX));
	if (sh_cms_read(e.whole, e.wholelen, SH_CMS_TIMESTAMP, &cms, err) ||
	    sh_timestamp_read(cms, &said, err) ||
	    sh_md_digest(cms->md, cms->content.data, cms->content.len, own,
	    err) || sh_cms_verify(cms, own, err) ||
	    check_said(tsa, &said, md, digest, nonce, now, err) ||
	    (tsa->trust != NULL && check_authority(tsa, cms, said.when, now,
	    err)))
		goto out;
	*whenp = said.when;
	rc = sh_buf_append(token, e.whole, e.wholelen, err);
out:
	sh_cms_free(cms);
	return (rc);
}

static int
by_http(const struct sh_tsa *tsa, const struct sh_buf *question,
    struct sh_buf *answer, struct sh_error *err)
{
	const struct sh_http q = { .url = tsa->url,
	    .type = "application/timestamp-query", .body = question->data,
	    .len = question->len, .limit = 2 * SH_TOKEN_MAX,
	    .timeout_ms = tsa->timeout_ms, .tries = tsa->tries };

	return (sh_http(&q, answer, err));
}

int
sh_tsa_stamp(const struct sh_tsa *tsa, enum sh_md md, const uint8_t *digest,
    struct sh_buf *token, int64_t *whenp, struct sh_error *err)
{
	struct sh_buf question = SH_BUF_INIT, answer = SH_BUF_INIT;
	uint8_t nonce[NONCE_LEN];
	int rc = -1;

	if (write_question(tsa, md, digest, nonce, &question, err))
		goto out;
	if ((tsa->carry != NULL ? tsa->carry(tsa->arg, &question, &answer,
	    err) : by_http(tsa, &question, &answer, err)) == 0 &&
	    take_answer(tsa, answer.data, answer.len, md, digest, nonce,
	    tsa->now != 0 ? tsa->now : sh_now(), token, whenp, err) == 0)
		rc = 0;
	if (rc != 0) {
		if (tsa->url != NULL)
			sh_error_param(err, "file", "%s", tsa->url);
		(void)sh_error_context(err, "time stamp");
	}
out:
	sh_buf_free(&question);
	sh_buf_free(&answer);
	return (rc);
}
