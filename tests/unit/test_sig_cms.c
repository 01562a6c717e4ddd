/*
 * signing/cms and signer: every kind of key, an independent verifier, and a
 * crafted CMS for each way of being wrong.
 */
#include "tests/unit/test_sig.h"

#include <sys/stat.h>

#include <openssl/cms.h>

#include "base/digest.h"
#include "signing/certificate.h"
#include "signing/cms.h"
#include "signing/oid.h"

static const char content[] = "what was signed";

static void
digest_content(enum sh_md md, uint8_t out[SH_MD_MAX])
{
	struct sh_error err = SH_ERROR_INIT;

	must(sh_md_digest(md, content, sizeof(content), out, &err));
}

/* OpenSSL's own reader, which shares no code with ours above EVP. */
static int
openssl_accepts(const struct sh_buf *cms)
{
	const unsigned char *p = cms->data;
	CMS_ContentInfo *ci = d2i_CMS_ContentInfo(NULL, &p, (long)cms->len);
	BIO *data = BIO_new_mem_buf(content, sizeof(content));
	X509_STORE *store = X509_STORE_new();
	int ok;

	assert_non_null(ci);
	assert_true(p == cms->data + cms->len);
	X509_STORE_add_cert(store, test_root()->cert);
	X509_VERIFY_PARAM_set_time(X509_STORE_get0_param(store), NOW);
	X509_STORE_set_purpose(store, X509_PURPOSE_ANY);
	ok = CMS_verify(ci, NULL, store, data, NULL,
	    CMS_BINARY | CMS_CADES) == 1;
	X509_STORE_free(store);
	BIO_free(data);
	CMS_ContentInfo_free(ci);
	return (ok);
}

static void
sign_one(enum test_key kind, int alg, int openssl_can)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_signer *s = test_signer(kind, GOOD_CERT);
	struct sh_buf out = SH_BUF_INIT;
	struct sh_cms *cms;
	uint8_t digest[SH_MD_MAX];
	size_t max;

	if (alg >= 0)
		must(sh_signer_use(s, (enum sh_sig_algorithm)alg, &err));
	must(sh_signer_check(s, NOW, &err));
	digest_content(sh_sig_md(sh_signer_algorithm(s)), digest);
	must(sh_cms_size(s, &max, &err));
	must(sh_cms_sign(s, digest, &out, &err));
	assert_true(out.len <= max);
	assert_true(max - out.len <= 16);
	must(sh_cms_read(out.data, out.len, SH_CMS_DETACHED, &cms, &err));
	assert_int_equal(cms->len, out.len);
	assert_int_equal(cms->ess, 2);
	assert_int_equal(cms->has_signing_time, 0);
	must(sh_cms_verify(cms, digest, &err));
	digest[3] ^= 1;
	must_fail(sh_cms_verify(cms, digest, &err), SH_ESIGNATURE);
	sh_cms_free(cms);
	if (openssl_can)
		assert_true(openssl_accepts(&out));
	sh_buf_free(&out);
	sh_signer_close(s);
}

static void
every_algorithm(void **state)
{
	(void)state;
	sign_one(RSA2048, -1, 1);
	sign_one(RSA2048, SH_SIG_RSA_PSS_SHA256, 1);
	sign_one(RSA3072, -1, 1);
	sign_one(P256, -1, 1);
	sign_one(P384, -1, 1);
	/* OpenSSL 3.0's CMS cannot do Ed25519. */
	sign_one(ED25519, -1, 0);
}

static void
signer_refuses_what_does_not_fit(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_signer *s = test_signer(P256, GOOD_CERT);
	struct test_cert c;

	(void)state;
	assert_string_equal(sh_signer_name(s), "Nguyễn Thị Ánh (TEST)");
	assert_int_equal(sh_signer_nchain(s), 1);	/* not the root */
	must_fail(sh_signer_use(s, SH_SIG_ECDSA_SHA384, &err),
	    SH_EUNSUPPORTED);
	must_fail(sh_signer_use(s, SH_SIG_RSA_PSS_SHA256, &err),
	    SH_EUNSUPPORTED);
	must_fail_key(sh_signer_check(s, NOW + 701 * DAY, &err),
	    "cert.expired");
	must_fail_key(sh_signer_check(s, NOW - 31 * DAY, &err),
	    "cert.not-yet");
	sh_signer_close(s);

	c = GOOD_CERT;
	c.usage = "critical,keyEncipherment";
	s = test_signer(P256, c);
	must_fail_key(sh_signer_check(s, NOW, &err),
	    "cert.usage");
	sh_signer_close(s);

	c = GOOD_CERT;
	c.eku = "serverAuth";
	s = test_signer(P256, c);
	must_fail_key(sh_signer_check(s, NOW, &err),
	    "cert.usage");
	sh_signer_close(s);

	s = test_signer(RSA1024, GOOD_CERT);
	must_fail_key(sh_signer_check(s, NOW, &err),
	    "cert.weak");
	sh_signer_close(s);
}

static void
key_files(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_secret word = test_secret("secret"), bad = test_secret("no");
	struct sh_signer *s;
	char *dir = test_mkdir(), path[128], second[160];
	EVP_PKEY *key = test_make_key(P521);
	X509 *x;

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/k.p12", dir);
	must_fail(sh_signer_open_p12(path, &word, &s, &err), SH_ENOTFOUND);
	must(sh_fs_replace(path, "\x30\x03\x02\x01\x03", 5, 0600, &err));
	must_fail(sh_signer_open_p12(path, &word, &s, &err), SH_EFORMAT);
	x = test_make_cert(&GOOD_CERT, key, test_root()->cert,
	    test_root()->key);
	test_write_p12(path, key, x);
	must_fail_key(sh_signer_open_p12(path, &word, &s, &err),
	    "key.kind");
	X509_free(x);
	EVP_PKEY_free(key);

	must(sh_signer_make_test_keys(dir, &word, NOW, &err));
	must_fail(sh_signer_make_test_keys(dir, &word, NOW, &err),
	    SH_EEXISTS);
	(void)snprintf(path, sizeof(path), "%s/officer.p12", dir);
	must_fail_key(sh_signer_open_p12(path, &bad, &s, &err),
	    "key.passphrase");
	assert_null(s);
	must(sh_signer_open_p12(path, &word, &s, &err));
	must(sh_signer_check(s, NOW, &err));
	assert_non_null(strstr(sh_signer_name(s), "TEST"));
	sh_signer_close(s);
	assert_int_equal(chmod(path, 0644), 0);
	must_fail_key(sh_signer_open_p12(path, &word, &s, &err),
	    "key.mode");
	(void)snprintf(second, sizeof(second), "%s/agency.p12", dir);
	must(sh_signer_open_p12(second, &word, &s, &err));
	sh_signer_close(s);
	sh_secret_free(&word);
	sh_secret_free(&bad);
	test_rmdir(dir);
}

/* ---- crafted ones ---- */

enum flaw {
	NONE, TWO_SIGNERS, NO_SIGNER, INNER_CONTENT, CONTENT_TYPE,
	NO_ATTRIBUTES, TWICE_DIGEST, TWO_VALUES, NO_DIGEST, NO_CONTENT_TYPE,
	NO_ESS, WRONG_ESS, WRONG_SERIAL, DIGESTS_DIFFER, NOT_ANNOUNCED,
	SHA1_DIGEST, NO_CERTIFICATE, OTHER_CERTIFICATE, OTHER_VERSION,
	PARAMETERS, BER_LENGTH, NOT_SIGNED_DATA, SCHEME_DIFFERS
};

struct craft {
	EVP_PKEY *key;
	X509 *cert, *other;
	enum flaw flaw;
};

#define oid(w, s)	sh_der_put(w, SH_DER_OID, s, sizeof(s) - 1)

static void
put_digest_attribute(struct sh_der_writer *w, const struct craft *c,
    const uint8_t *digest, size_t len)
{
	sh_der_open(w, SH_DER_SEQUENCE);
	oid(w, SH_OID_MESSAGE_DIGEST);
	sh_der_open(w, SH_DER_SET);
	sh_der_put(w, SH_DER_OCTETS, digest, len);
	if (c->flaw == TWO_VALUES)
		sh_der_put(w, SH_DER_OCTETS, "other", 5);
	sh_der_close(w);
	sh_der_close(w);
}

static void
craft_attributes(const struct craft *c, enum sh_md md, struct sh_buf *out)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_der_writer w;
	struct sh_der_element issuer, serial;
	struct sh_digest hash;
	uint8_t digest[SH_MD_MAX], *der = NULL;
	int len = i2d_X509(c->cert, &der);

	digest_content(md, digest);
	must(sh_certificate_names(der, (size_t)len, &issuer, &serial, &err));
	must(sh_sha256(der, (size_t)len, &hash, &err));
	if (c->flaw == WRONG_ESS)
		hash.b[5] ^= 1;
	sh_der_write_begin(&w, out, &err);
	sh_der_open(&w, SH_DER_SET);
	if (c->flaw != NO_CONTENT_TYPE) {
		sh_der_open(&w, SH_DER_SEQUENCE);
		oid(&w, SH_OID_CONTENT_TYPE);
		sh_der_open(&w, SH_DER_SET);
		if (c->flaw == CONTENT_TYPE)
			oid(&w, SH_OID_TST_INFO);
		else
			oid(&w, SH_OID_DATA);
		sh_der_close(&w);
		sh_der_close(&w);
	}
	if (c->flaw != NO_DIGEST)
		put_digest_attribute(&w, c, digest, sh_md_size(md));
	if (c->flaw == TWICE_DIGEST)
		put_digest_attribute(&w, c, digest, sh_md_size(md));
	if (c->flaw != NO_ESS) {
		sh_der_open(&w, SH_DER_SEQUENCE);
		oid(&w, SH_OID_ESS_V2);
		sh_der_open(&w, SH_DER_SET);
		sh_der_open(&w, SH_DER_SEQUENCE);
		sh_der_open(&w, SH_DER_SEQUENCE);
		sh_der_open(&w, SH_DER_SEQUENCE);
		sh_der_put(&w, SH_DER_OCTETS, hash.b, sizeof(hash.b));
		sh_der_open(&w, SH_DER_SEQUENCE);
		sh_der_open(&w, SH_DER_SEQUENCE);
		sh_der_open(&w, SH_DER_CONTEXT_C(4));
		sh_der_put_raw(&w, issuer.whole, issuer.wholelen);
		sh_der_close(&w);
		sh_der_close(&w);
		if (c->flaw == WRONG_SERIAL)
			sh_der_put_uint(&w, 7);
		else
			sh_der_put_raw(&w, serial.whole, serial.wholelen);
		sh_der_close(&w);
		sh_der_close(&w);
		sh_der_close(&w);
		sh_der_close(&w);
		sh_der_close(&w);
		sh_der_close(&w);
	}
	sh_der_close_set(&w);
	must(sh_der_write_end(&w));
	OPENSSL_free(der);
}

static void
craft_signer_info(struct sh_der_writer *w, const struct craft *c,
    const struct sh_buf *attributes, enum sh_md md)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_der_element issuer, serial;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t sig[512], *der = NULL;
	size_t siglen = sizeof(sig);
	int len = i2d_X509(c->cert, &der);

	must(sh_certificate_names(der, (size_t)len, &issuer, &serial, &err));
	assert_int_equal(EVP_DigestSignInit(ctx, NULL, sh_md_evp(md), NULL,
	    c->key), 1);
	assert_int_equal(EVP_DigestSign(ctx, sig, &siglen, attributes->data,
	    attributes->len), 1);
	sh_der_open(w, SH_DER_SEQUENCE);
	sh_der_put_uint(w, c->flaw == OTHER_VERSION ? 3 : 1);
	sh_der_open(w, SH_DER_SEQUENCE);
	sh_der_put_raw(w, issuer.whole, issuer.wholelen);
	sh_der_put_raw(w, serial.whole, serial.wholelen);
	sh_der_close(w);
	sh_md_write(w, c->flaw == DIGESTS_DIFFER ? SH_MD_SHA512 : md);
	if (c->flaw != NO_ATTRIBUTES) {
		sh_der_put_raw(w, "\xa0", 1);
		sh_der_put_raw(w, attributes->data + 1, attributes->len - 1);
	}
	if (c->flaw == PARAMETERS)
		sh_der_put_raw(w, "\x30\x0c\x06\x08\x2a\x86\x48\xce\x3d\x04"
		    "\x03\x02\x30\x00", 14);
	else if (md == SH_MD_SHA1)
		sh_der_put_raw(w, "\x30\x09\x06\x07\x2a\x86\x48\xce\x3d\x04"
		    "\x01", 11);
	else
		sh_sig_write(w, c->flaw == SCHEME_DIFFERS ?
		    SH_SIG_ECDSA_SHA384 : SH_SIG_ECDSA_SHA256);
	sh_der_put(w, SH_DER_OCTETS, sig, siglen);
	sh_der_close(w);
	EVP_MD_CTX_free(ctx);
	OPENSSL_free(der);
}

static void
craft(const struct craft *c, struct sh_buf *out)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_buf attributes = SH_BUF_INIT;
	struct sh_der_writer w;
	enum sh_md md = c->flaw == SHA1_DIGEST ? SH_MD_SHA1 : SH_MD_SHA256;
	uint8_t *der = NULL;
	int len = i2d_X509(c->flaw == OTHER_CERTIFICATE ? c->other : c->cert,
	    &der);

	craft_attributes(c, md, &attributes);
	sh_der_write_begin(&w, out, &err);
	sh_der_open(&w, SH_DER_SEQUENCE);
	if (c->flaw == NOT_SIGNED_DATA)
		oid(&w, SH_OID_DATA);
	else
		oid(&w, SH_OID_SIGNED_DATA);
	sh_der_open(&w, SH_DER_CONTEXT_C(0));
	sh_der_open(&w, SH_DER_SEQUENCE);
	sh_der_put_uint(&w, 1);
	sh_der_open(&w, SH_DER_SET);
	sh_md_write(&w, c->flaw == NOT_ANNOUNCED ? SH_MD_SHA384 : md);
	sh_der_close(&w);
	sh_der_open(&w, SH_DER_SEQUENCE);
	oid(&w, SH_OID_DATA);
	if (c->flaw == INNER_CONTENT) {
		sh_der_open(&w, SH_DER_CONTEXT_C(0));
		sh_der_put(&w, SH_DER_OCTETS, content, sizeof(content));
		sh_der_close(&w);
	}
	sh_der_close(&w);
	if (c->flaw != NO_CERTIFICATE) {
		sh_der_open(&w, SH_DER_CONTEXT_C(0));
		sh_der_put_raw(&w, der, (size_t)len);
		sh_der_close(&w);
	}
	sh_der_open(&w, SH_DER_SET);
	if (c->flaw != NO_SIGNER)
		craft_signer_info(&w, c, &attributes, md);
	if (c->flaw == TWO_SIGNERS)
		craft_signer_info(&w, c, &attributes, md);
	sh_der_close(&w);
	sh_der_close(&w);
	sh_der_close(&w);
	sh_der_close(&w);
	must(sh_der_write_end(&w));
	if (c->flaw == BER_LENGTH) {
		/* 30 82 hi lo to 30 83 00 hi lo */
		must(sh_buf_append(out, "", 1, &err));
		memmove(out->data + 3, out->data + 2, out->len - 3);
		out->data[1] = 0x83;
		out->data[2] = 0;
	}
	sh_buf_free(&attributes);
	OPENSSL_free(der);
}

static void
crafted(void **state)
{
	static const struct {
		enum flaw flaw;
		const char *key;	/* NULL: accepted */
	} cases[] = {
		{ NONE, NULL },
		{ NO_ESS, NULL },	/* the verdict knows the profile */
		{ BER_LENGTH, NULL },	/* around what is signed */
		{ TWO_SIGNERS, "cms.signers" },
		{ NO_SIGNER, "cms.signers" },
		{ INNER_CONTENT, "cms.content" },
		{ CONTENT_TYPE, "cms.content" },
		{ NO_ATTRIBUTES, "cms.attributes" },
		{ TWICE_DIGEST, "cms.attributes" },
		{ TWO_VALUES, "cms.attributes" },
		{ NO_DIGEST, "cms.attributes" },
		{ NO_CONTENT_TYPE, "cms.attributes" },
		{ WRONG_ESS, "cms.substituted" },
		{ WRONG_SERIAL, "cms.substituted" },
		{ DIGESTS_DIFFER, "cms.digests" },
		{ NOT_ANNOUNCED, "cms.digests" },
		{ SCHEME_DIFFERS, "cms.digests" },
		{ SHA1_DIGEST, "cms.weak" },
		{ NO_CERTIFICATE, "cms.certificate" },
		{ OTHER_CERTIFICATE, "cms.substituted" },
		{ OTHER_VERSION, "cms.damaged" },
		{ PARAMETERS, "cms.damaged" },
		{ NOT_SIGNED_DATA, "cms.damaged" },
	};
	struct sh_error err = SH_ERROR_INIT;
	struct craft c = { .key = test_make_key(P256) };
	struct sh_buf out = SH_BUF_INIT;
	struct sh_cms *cms;
	uint8_t digest[SH_MD_MAX];
	size_t i;
	int rc;

	(void)state;
	c.cert = test_make_cert(&GOOD_CERT, c.key, test_root()->cert,
	    test_root()->key);
	/* The same key, issuer and serial number, another certificate. */
	c.other = X509_dup(c.cert);
	ASN1_TIME_set(X509_getm_notAfter(c.other), NOW + 9000 * DAY);
	X509_sign(c.other, test_root()->key, EVP_sha256());
	digest_content(SH_MD_SHA256, digest);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		c.flaw = cases[i].flaw;
		sh_buf_reset(&out);
		craft(&c, &out);
		rc = sh_cms_read(out.data, out.len, SH_CMS_DETACHED, &cms,
		    &err);
		if (rc == 0)
			rc = sh_cms_verify(cms, digest, &err);
		sh_cms_free(cms);
		if (rc == 0 ? cases[i].key != NULL : cases[i].key == NULL ||
		    strcmp(err.key, cases[i].key) != 0)
			fail_msg("flaw %d: %d [%s] %s", (int)cases[i].flaw,
			    rc, err.key, err.text);
		sh_error_clear(&err);
	}
	sh_buf_free(&out);
	X509_free(c.cert);
	X509_free(c.other);
	EVP_PKEY_free(c.key);
}

static void
padding_is_zeros(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct craft c = { .key = test_make_key(P256) };
	struct sh_buf out = SH_BUF_INIT;
	struct sh_cms *cms;
	size_t len;

	(void)state;
	c.cert = test_make_cert(&GOOD_CERT, c.key, test_root()->cert,
	    test_root()->key);
	craft(&c, &out);
	len = out.len;
	must(sh_buf_append(&out, "\0\0\0\0", 4, &err));
	must(sh_cms_read(out.data, out.len, SH_CMS_DETACHED, &cms, &err));
	assert_int_equal(cms->len, len);
	sh_cms_free(cms);
	out.data[out.len - 1] = 1;
	must_fail_key(sh_cms_read(out.data, out.len, SH_CMS_DETACHED, &cms, &err),
	    "cms.padding");
	/* Cut short, it never reads beyond its end. */
	for (; len > 0; len--) {
		uint8_t *exact = malloc(len);

		memcpy(exact, out.data, len - 1);
		assert_int_equal(sh_cms_read(exact, len - 1, SH_CMS_DETACHED,
		    &cms, &err), -1);
		sh_error_clear(&err);
		free(exact);
	}
	sh_buf_free(&out);
	X509_free(c.cert);
	EVP_PKEY_free(c.key);
}

/* Whatever byte is another one, the signature is no longer good. */
static void
no_byte_may_differ(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct craft c = { .key = test_make_key(P256) };
	struct sh_buf out = SH_BUF_INIT;
	struct sh_cms *cms;
	uint8_t digest[SH_MD_MAX];
	size_t i, accepted = 0;
	int rc;

	(void)state;
	c.cert = test_make_cert(&GOOD_CERT, c.key, test_root()->cert,
	    test_root()->key);
	craft(&c, &out);
	digest_content(SH_MD_SHA256, digest);
	for (i = 0; i < out.len; i++) {
		out.data[i] ^= 0x04;
		rc = sh_cms_read(out.data, out.len, SH_CMS_DETACHED, &cms,
		    &err);
		if (rc == 0)
			rc = sh_cms_verify(cms, digest, &err);
		accepted += rc == 0;
		sh_cms_free(cms);
		sh_error_clear(&err);
		out.data[i] ^= 0x04;
	}
	/* The version of SignedData, 1 or 5, is signed by nobody. */
	assert_int_equal(accepted, 1);
	sh_buf_free(&out);
	X509_free(c.cert);
	EVP_PKEY_free(c.key);
}

static int
free_root(void **state)
{
	(void)state;
	test_root_free();
	return (0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_algorithm),
		cmocka_unit_test(signer_refuses_what_does_not_fit),
		cmocka_unit_test(key_files),
		cmocka_unit_test(crafted),
		cmocka_unit_test(padding_is_zeros),
		cmocka_unit_test(no_byte_may_differ),
	};

	return (cmocka_run_group_tests_name("signing/cms", tests, NULL,
	    free_root));
}
