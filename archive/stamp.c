#include "archive/stamp.h"

#include <string.h>

#include <openssl/err.h>
#include <openssl/http.h>
#include <openssl/ts.h>

#include "base/digest.h"
#include "signing/cms.h"
#include "signing/trust.h"

#define NONCE_LEN	8

/* ---- judging ------------------------------------------------------------- */

static int
judge_signer(const struct sh_cms *cms, const struct sh_trust *trust,
    int64_t when, struct sh_error *err)
{
	const char *sub;
	const struct sh_trust_help help = {
		.certificates = cms->certificates
	};
	struct sh_findings f = { .n = 0 };

	if (sh_trust_judge(trust, cms->signer, &help, when,
	    SH_PURPOSE_TIMESTAMP, &f, err))
		return (-1);
	if (sh_findings_status(&f, &sub) == SH_TOTAL_PASSED)
		return (0);
	return (sh_error_set(err, SH_ESIGNATURE, "stamp.untrusted",
	    "the time stamp's authority: %s %s", f.item[0].reason->key,
	    f.item[0].detail));
}

static int
judge(const struct sh_cms *cms, enum sh_md md, const uint8_t *digest,
    const struct sh_trust *trust, int64_t at, int64_t *whenp,
    struct sh_error *err)
{
	struct sh_timestamp stamp;
	uint8_t own[SH_MD_MAX];

	if (sh_timestamp_read(cms, &stamp, err) || sh_md_digest(cms->md,
	    cms->content.data, cms->content.len, own, err) ||
	    sh_cms_verify(cms, own, err))
		return (-1);
	*whenp = stamp.when;
	if (stamp.md != md || memcmp(stamp.imprint, digest,
	    sh_md_size(md)) != 0)
		return (sh_error_set(err, SH_ESIGNATURE, "stamp.wrong",
		    "the time stamp is of something else"));
	return (trust == NULL ? 0 : judge_signer(cms, trust, at != 0 ? at :
	    stamp.when, err));
}

int
sh_stamp_judge(const void *token, size_t len, enum sh_md md,
    const uint8_t *digest, const struct sh_trust *trust, int64_t at,
    int64_t *whenp, struct sh_error *err)
{
	struct sh_cms *cms;
	int rc;

	*whenp = 0;
	if (sh_cms_read(token, len, SH_CMS_TIMESTAMP, &cms, err))
		return (-1);
	rc = judge(cms, md, digest, trust, at, whenp, err);
	sh_cms_free(cms);
	return (rc);
}

/* ---- asking -------------------------------------------------------------- */

/* TimeStampReq { version 1, messageImprint, nonce, certReq TRUE } */
static int
write_request(enum sh_md md, const uint8_t *digest,
    const uint8_t nonce[NONCE_LEN], struct sh_buf *out, struct sh_error *err)
{
	struct sh_der_writer w;

	sh_der_write_begin(&w, out, err);
	sh_der_open(&w, SH_DER_SEQUENCE);
	sh_der_put_uint(&w, 1);
	sh_der_open(&w, SH_DER_SEQUENCE);
	sh_md_write(&w, md);
	sh_der_put(&w, SH_DER_OCTETS, digest, sh_md_size(md));
	sh_der_close(&w);
	sh_der_put(&w, SH_DER_INTEGER, nonce, NONCE_LEN);
	sh_der_put(&w, SH_DER_BOOLEAN, "\xff", 1);
	sh_der_close(&w);
	return (sh_der_write_end(&w));
}

static int
wrong(struct sh_error *err, const char *what)
{
	return (sh_error_set(err, SH_ESIGNATURE, "stamp.wrong",
	    "the time stamp's %s", what));
}

/* The token must carry our nonce: an older answer is no answer. */
static int
check_nonce(const struct sh_cms *cms, const uint8_t nonce[NONCE_LEN],
    struct sh_error *err)
{
	const uint8_t *p = cms->content.data;
	const ASN1_INTEGER *got;
	TS_TST_INFO *info;
	int same = 0;

	info = d2i_TS_TST_INFO(NULL, &p, (long)cms->content.len);
	if (info != NULL && (got = TS_TST_INFO_get_nonce(info)) != NULL)
		same = ASN1_STRING_length(got) == NONCE_LEN &&
		    memcmp(ASN1_STRING_get0_data(got), nonce, NONCE_LEN) == 0;
	TS_TST_INFO_free(info);
	ERR_clear_error();
	return (same ? 0 : wrong(err, "nonce is not the one asked with"));
}

/* TimeStampResp { PKIStatusInfo { status … }, timeStampToken } */
static int
read_response(const uint8_t *bytes, size_t len,
    const uint8_t nonce[NONCE_LEN], struct sh_buf *token,
    struct sh_error *err)
{
	struct sh_der_element e, status;
	struct sh_cms *cms;
	struct sh_der d, in;
	uint64_t code;
	int rc;

	sh_der_init(&d, bytes, len, SH_BER);
	if (sh_der_expect(&d, SH_DER_SEQUENCE, &e, err) ||
	    sh_der_finish(&d, err) || sh_der_enter(&e, &d, err) ||
	    sh_der_expect(&d, SH_DER_SEQUENCE, &e, err) ||
	    sh_der_enter(&e, &in, err) ||
	    sh_der_expect(&in, SH_DER_INTEGER, &status, err) ||
	    sh_der_uint(&status, 255, &code, err))
		return (-1);
	/* 0 granted, 1 granted with changes. */
	if (code > 1)
		return (sh_error_set(err, SH_EAGAIN, "stamp.refused",
		    "the time-stamp authority answers with status %d",
		    (int)code));
	if (sh_der_expect(&d, SH_DER_SEQUENCE, &e, err) ||
	    sh_der_finish(&d, err) || sh_cms_read(e.whole, e.wholelen,
	    SH_CMS_TIMESTAMP, &cms, err))
		return (-1);
	rc = check_nonce(cms, nonce, err);
	sh_cms_free(cms);
	return (rc != 0 ? -1 : sh_buf_append(token, e.whole, e.wholelen,
	    err));
}

/* POST the request; the answer's bytes in OUT. */
static int
post(const char *url, const struct sh_buf *request, struct sh_buf *out,
    struct sh_error *err)
{
	char *host = NULL, *port = NULL, *path = NULL;
	BIO *req = NULL, *answer = NULL;
	const char *data;
	int use_ssl, rc = -1;
	long len;

	if (OSSL_HTTP_parse_url(url, &use_ssl, NULL, &host, &port, NULL,
	    &path, NULL, NULL) != 1 || use_ssl) {
		sh_error_param(err, "value", "%s", url);
		(void)sh_error_set(err, SH_EARG, "stamp.url",
		    "%s is no http address", url);
		goto out;
	}
	req = BIO_new_mem_buf(request->data, (int)request->len);
	if (req == NULL) {
		(void)sh_error_nomem(err, "a time stamp");
		goto out;
	}
	answer = OSSL_HTTP_transfer(NULL, host, port, path, 0, NULL, NULL,
	    NULL, NULL, NULL, NULL, 0, NULL, "application/timestamp-query",
	    req, "application/timestamp-reply", 1, SH_STAMP_MAX,
	    SH_STAMP_WAIT_S, 0);
	if (answer == NULL) {
		const char *why = ERR_reason_error_string(
		    ERR_peek_last_error());

		sh_error_param(err, "value", "%s", url);
		(void)sh_error_set(err, SH_EAGAIN, "stamp.unreachable",
		    "%s: %s", url, why != NULL ? why : "no answer");
		goto out;
	}
	len = BIO_get_mem_data(answer, &data);
	rc = sh_buf_append(out, data, len < 0 ? 0 : (size_t)len, err);
out:
	BIO_free(req);
	BIO_free(answer);
	OPENSSL_free(host);
	OPENSSL_free(port);
	OPENSSL_free(path);
	ERR_clear_error();
	return (rc);
}

int
sh_stamp_http(void *arg, enum sh_md md, const uint8_t *digest,
    struct sh_buf *token, struct sh_error *err)
{
	struct sh_buf request = SH_BUF_INIT, answer = SH_BUF_INIT;
	uint8_t nonce[NONCE_LEN];
	int rc = -1;

	if (sh_random(nonce, sizeof(nonce), err))
		return (-1);
	/* A positive integer in its shortest form. */
	nonce[0] = (uint8_t)((nonce[0] & 0x3f) | 0x40);
	if (write_request(md, digest, nonce, &request, err) == 0 &&
	    post(arg, &request, &answer, err) == 0)
		rc = read_response(answer.data, answer.len, nonce, token,
		    err);
	sh_buf_free(&request);
	sh_buf_free(&answer);
	return (rc);
}
