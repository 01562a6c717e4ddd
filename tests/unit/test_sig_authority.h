/*
 * Authorities within the test itself: time stamps by OpenSSL's responder at
 * any hour, OCSP answers and revocation lists that say what they are told.
 */
#ifndef SH_TESTS_TEST_SIG_AUTHORITY_H
#define SH_TESTS_TEST_SIG_AUTHORITY_H

#include "tests/unit/test_sig.h"

#include <openssl/ocsp.h>
#include <openssl/ts.h>

#include "signing/dss.h"
#include "signing/tsa.h"

#define TEST_OCSP_URL	"OCSP;URI:http://127.0.0.1:1/ocsp"

/* GOOD_CERT below the test root, and that it publishes its revocation. */
TESTED X509 *
test_published(EVP_PKEY *key)
{
	struct test_cert c = GOOD_CERT;
	X509 *x = test_make_cert(&c, key, test_root()->cert,
	    test_root()->key);

	test_extend(x, test_root()->cert, NID_info_access, TEST_OCSP_URL);
	assert_true(X509_sign(x, test_root()->key, EVP_sha256()) > 0);
	return (x);
}

struct test_tsa {
	EVP_PKEY *key;
	X509 *cert;
	int64_t when;		/* that it tells */
	struct sh_tsa tsa;
};

TESTED int
test_tell(TS_RESP_CTX *ctx, void *arg, long *sec, long *usec)
{
	struct test_tsa *t = arg;

	(void)ctx;
	*sec = (long)t->when;
	*usec = 0;
	return (1);
}

/* RSA, so that all its tokens are of one length. */
TESTED int
test_carry(void *arg, const struct sh_buf *question, struct sh_buf *answer,
    struct sh_error *err)
{
	struct test_tsa *t = arg;
	TS_RESP_CTX *ctx = TS_RESP_CTX_new();
	ASN1_OBJECT *policy = OBJ_txt2obj("1.2.3.4.1", 1);
	BIO *bio = BIO_new_mem_buf(question->data, (int)question->len);
	TS_RESP *resp;
	uint8_t *der = NULL;
	int len, rc;

	assert_true(TS_RESP_CTX_set_signer_cert(ctx, t->cert));
	assert_true(TS_RESP_CTX_set_signer_key(ctx, t->key));
	assert_true(TS_RESP_CTX_set_signer_digest(ctx, EVP_sha256()));
	assert_true(TS_RESP_CTX_set_ess_cert_id_digest(ctx, EVP_sha256()));
	assert_true(TS_RESP_CTX_set_def_policy(ctx, policy));
	assert_true(TS_RESP_CTX_add_md(ctx, EVP_sha256()));
	assert_true(TS_RESP_CTX_add_md(ctx, EVP_sha384()));
	TS_RESP_CTX_set_time_cb(ctx, test_tell, t);
	resp = TS_RESP_create_response(ctx, bio);
	assert_non_null(resp);
	len = i2d_TS_RESP(resp, &der);
	rc = sh_buf_append(answer, der, (size_t)len, err);
	OPENSSL_free(der);
	TS_RESP_free(resp);
	BIO_free(bio);
	ASN1_OBJECT_free(policy);
	TS_RESP_CTX_free(ctx);
	return (rc);
}

/* EKU as OpenSSL writes it, normally "critical,timeStamping". */
TESTED struct test_tsa *
test_tsa_new(const char *eku, int64_t from_days, int64_t to_days)
{
	struct test_cert c = { "TEST stamps", from_days, to_days, NULL, eku,
	    0 };
	struct test_tsa *t = calloc(1, sizeof(*t));

	t->key = test_make_key(RSA2048);
	t->cert = test_make_cert(&c, t->key, test_root()->cert,
	    test_root()->key);
	t->when = NOW;
	t->tsa.carry = test_carry;
	t->tsa.arg = t;
	t->tsa.now = NOW;
	return (t);
}

TESTED void
test_tsa_free(struct test_tsa *t)
{
	X509_free(t->cert);
	EVP_PKEY_free(t->key);
	free(t);
}

/* An OCSPResponse about CERT; REVOKED 0: good. */
TESTED void
test_ocsp(X509 *cert, X509 *issuer, X509 *signer, EVP_PKEY *key,
    int64_t revoked, int64_t told, int64_t until, struct sh_buf *out)
{
	struct sh_error err = SH_ERROR_INIT;
	OCSP_BASICRESP *basic = OCSP_BASICRESP_new();
	OCSP_CERTID *id = OCSP_cert_to_id(EVP_sha1(), cert, issuer);
	ASN1_TIME *since = ASN1_TIME_set(NULL, revoked);
	ASN1_TIME *from = ASN1_TIME_set(NULL, told);
	ASN1_TIME *to = ASN1_TIME_set(NULL, until);
	OCSP_RESPONSE *resp;
	uint8_t *der = NULL;
	int len;

	assert_non_null(OCSP_basic_add1_status(basic, id, revoked != 0 ?
	    V_OCSP_CERTSTATUS_REVOKED : V_OCSP_CERTSTATUS_GOOD, 0,
	    revoked != 0 ? since : NULL, from, to));
	assert_int_equal(OCSP_basic_sign(basic, signer, key, EVP_sha256(),
	    NULL, 0), 1);
	resp = OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic);
	len = i2d_OCSP_RESPONSE(resp, &der);
	sh_buf_reset(out);
	must(sh_buf_append(out, der, (size_t)len, &err));
	OPENSSL_free(der);
	OCSP_RESPONSE_free(resp);
	OCSP_BASICRESP_free(basic);
	OCSP_CERTID_free(id);
	ASN1_TIME_free(since);
	ASN1_TIME_free(from);
	ASN1_TIME_free(to);
}

/* Put the answer (NULL: none) and the certificate (the same) into FD. */
TESTED void
test_store(int fd, const struct sh_buf *ocsp, X509 *cert)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_dss_entry e = { .contents = (const uint8_t *)"x", .len = 1 };
	int added;

	if (cert != NULL) {
		e.certificates = sk_X509_new_null();
		X509_up_ref(cert);
		sk_X509_push(e.certificates, cert);
	}
	if (ocsp != NULL)
		assert_int_equal(sh_answers_add(&e.answers, SH_ANSWER_OCSP,
		    ocsp->data, ocsp->len, 0, &err), 1);
	must(sh_dss_write(fd, &e, 1, &added, &err));
	assert_int_equal(added, 1);
	sk_X509_pop_free(e.certificates, X509_free);
	sh_answers_clear(&e.answers);
}

#endif
