/*
 * A time-stamp authority for tests: OpenSSL's own responder, with a root and
 * a key made on the spot and a clock that the test sets.
 */
#ifndef SH_TESTS_TEST_TSA_H
#define SH_TESTS_TEST_TSA_H

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ts.h>
#include <openssl/x509v3.h>

#include "archive/stamp.h"
#include "tests/unit/test.h"

struct test_tsa {
	X509 *root, *cert;
	EVP_PKEY *root_key, *key;
	int64_t now;
	long serial;
	int down;		/* 1: nobody answers */
	int asked;
	struct sh_stamper stamper;
	struct sh_trust *trust;	/* the root alone */
};

static inline X509 *
test_tsa_certificate(const char *cn, EVP_PKEY *key, X509 *issuer,
    EVP_PKEY *issuer_key, int64_t from, int years)
{
	X509 *x = X509_new(), *ca = issuer != NULL ? issuer : x;
	const struct { int nid; const char *value; } extensions[2][3] = {
		{ { NID_basic_constraints, "critical,CA:TRUE" },
		    { NID_key_usage, "critical,keyCertSign,cRLSign" },
		    { NID_subject_key_identifier, "hash" } },
		{ { NID_basic_constraints, "critical,CA:FALSE" },
		    { NID_key_usage, "critical,digitalSignature" },
		    { NID_ext_key_usage, "critical,timeStamping" } },
	};
	X509_NAME *name = X509_get_subject_name(x);
	X509V3_CTX ctx;
	X509_EXTENSION *e;
	size_t i;

	assert_true(X509_set_version(x, X509_VERSION_3));
	assert_true(ASN1_INTEGER_set(X509_get_serialNumber(x), 4711 +
	    (issuer != NULL)));
	assert_true(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
	    (const unsigned char *)cn, -1, -1, 0));
	assert_true(X509_set_issuer_name(x, X509_get_subject_name(ca)));
	assert_non_null(ASN1_TIME_set(X509_getm_notBefore(x), (time_t)from));
	assert_non_null(ASN1_TIME_set(X509_getm_notAfter(x), (time_t)from +
	    (time_t)years * 366 * 86400));
	assert_true(X509_set_pubkey(x, key));
	X509V3_set_ctx(&ctx, ca, x, NULL, NULL, 0);
	for (i = 0; i < 3; i++) {
		e = X509V3_EXT_conf_nid(NULL, &ctx,
		    extensions[issuer != NULL][i].nid,
		    extensions[issuer != NULL][i].value);
		assert_non_null(e);
		assert_true(X509_add_ext(x, e, -1));
		X509_EXTENSION_free(e);
	}
	assert_true(X509_sign(x, issuer_key, EVP_sha256()) > 0);
	return (x);
}

static inline ASN1_INTEGER *
test_tsa_serial(TS_RESP_CTX *ctx, void *arg)
{
	struct test_tsa *t = arg;
	ASN1_INTEGER *n = ASN1_INTEGER_new();

	(void)ctx;
	ASN1_INTEGER_set(n, ++t->serial);
	return (n);
}

static inline int
test_tsa_time(TS_RESP_CTX *ctx, void *arg, long *sec, long *usec)
{
	(void)ctx;
	*sec = (long)((struct test_tsa *)arg)->now;
	*usec = 0;
	return (1);
}

/* The answer to a request in DER, in OUT. */
static inline void
test_tsa_answer(struct test_tsa *t, BIO *request, struct sh_buf *out)
{
	struct sh_error err = SH_ERROR_INIT;
	TS_RESP_CTX *ctx = TS_RESP_CTX_new();
	ASN1_OBJECT *policy = OBJ_txt2obj("1.2.3.4.1", 1);
	uint8_t *der = NULL;
	TS_RESP *resp;
	PKCS7 *token;
	int len;

	assert_true(TS_RESP_CTX_set_signer_cert(ctx, t->cert));
	assert_true(TS_RESP_CTX_set_signer_key(ctx, t->key));
	assert_true(TS_RESP_CTX_set_signer_digest(ctx, EVP_sha256()));
	assert_true(TS_RESP_CTX_set_ess_cert_id_digest(ctx, EVP_sha256()));
	assert_true(TS_RESP_CTX_set_def_policy(ctx, policy));
	assert_true(TS_RESP_CTX_add_md(ctx, EVP_sha256()));
	assert_true(TS_RESP_CTX_add_md(ctx, EVP_sha512()));
	TS_RESP_CTX_set_serial_cb(ctx, test_tsa_serial, t);
	TS_RESP_CTX_set_time_cb(ctx, test_tsa_time, t);
	assert_non_null(resp = TS_RESP_create_response(ctx, request));
	assert_non_null(token = TS_RESP_get_token(resp));
	assert_true((len = i2d_PKCS7(token, &der)) > 0);
	must(sh_buf_append(out, der, (size_t)len, &err));
	OPENSSL_free(der);
	TS_RESP_free(resp);
	ASN1_OBJECT_free(policy);
	TS_RESP_CTX_free(ctx);
}

static inline int
test_tsa_stamp(void *arg, enum sh_md md, const uint8_t *digest,
    struct sh_buf *token, struct sh_error *err)
{
	struct test_tsa *t = arg;
	TS_REQ *req = TS_REQ_new();
	TS_MSG_IMPRINT *imprint = TS_MSG_IMPRINT_new();
	X509_ALGOR *alg = X509_ALGOR_new();
	BIO *bio = BIO_new(BIO_s_mem());

	t->asked++;
	if (!t->down) {
		X509_ALGOR_set_md(alg, sh_md_evp(md));
		assert_true(TS_MSG_IMPRINT_set_algo(imprint, alg));
		assert_true(TS_MSG_IMPRINT_set_msg(imprint,
		    (unsigned char *)(uintptr_t)digest,
		    (int)sh_md_size(md)));
		assert_true(TS_REQ_set_version(req, 1));
		assert_true(TS_REQ_set_msg_imprint(req, imprint));
		assert_true(TS_REQ_set_cert_req(req, 1));
		assert_true(i2d_TS_REQ_bio(bio, req) > 0);
		test_tsa_answer(t, bio, token);
	}
	BIO_free(bio);
	X509_ALGOR_free(alg);
	TS_MSG_IMPRINT_free(imprint);
	TS_REQ_free(req);
	return (t->down ? sh_error_set(err, SH_EAGAIN, "stamp.unreachable",
	    "the authority is down") : 0);
}

/* PEM of the root; the caller frees. */
static inline char *
test_tsa_root(const struct test_tsa *t)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *data, *pem;
	long len;

	assert_true(PEM_write_bio_X509(bio, t->root));
	len = BIO_get_mem_data(bio, &data);
	pem = strndup(data, (size_t)len);
	BIO_free(bio);
	return (pem);
}

static inline void
test_tsa_open(struct test_tsa *t, int64_t now)
{
	struct sh_error err = SH_ERROR_INIT;
	char *pem;

	memset(t, 0, sizeof(*t));
	t->now = now;
	assert_non_null(t->root_key = EVP_EC_gen("P-256"));
	assert_non_null(t->key = EVP_EC_gen("P-256"));
	t->root = test_tsa_certificate("test root", t->root_key, NULL,
	    t->root_key, now - 86400, 60);
	t->cert = test_tsa_certificate("test time stamps", t->key, t->root,
	    t->root_key, now - 86400, 30);
	t->stamper = (struct sh_stamper){ test_tsa_stamp, t };
	pem = test_tsa_root(t);
	must(sh_trust_parse(pem, strlen(pem), &t->trust, &err));
	free(pem);
}

static inline void
test_tsa_close(struct test_tsa *t)
{
	sh_trust_free(t->trust);
	X509_free(t->root);
	X509_free(t->cert);
	EVP_PKEY_free(t->root_key);
	EVP_PKEY_free(t->key);
}

#endif
