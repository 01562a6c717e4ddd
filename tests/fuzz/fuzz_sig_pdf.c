/*
 * A PDF from anywhere is judged; and when it can be signed, the signature is
 * good and not a byte of what was there has changed.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "base/fs.h"
#include "signing/pdfsig.h"
#include "signing/verify.h"

#define WHEN	((int64_t)1795228200)

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static int
fuzz_sign(void *self, enum sh_sig_algorithm alg, const void *tbs, size_t len,
    struct sh_buf *sig, struct sh_error *err)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	size_t siglen = 80;
	uint8_t *room = sh_buf_reserve(sig, siglen, err);

	(void)alg;
	if (ctx == NULL || room == NULL ||
	    EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, self) != 1 ||
	    EVP_DigestSign(ctx, room, &siglen, tbs, len) != 1)
		abort();
	sig->len += siglen;
	EVP_MD_CTX_free(ctx);
	return (0);
}

static void
fuzz_close(void *self)
{
	EVP_PKEY_free(self);
}

static const struct sh_signer_ops fuzz_ops = {
	.name = "fuzz", .sign = fuzz_sign, .close = fuzz_close
};

/* A key and a certificate signed by itself, for the whole run. */
static struct sh_signer *
fuzz_signer(void)
{
	static struct sh_signer *s;
	struct sh_error err = SH_ERROR_INIT;
	EVP_PKEY *key;
	X509 *x;
	uint8_t *der = NULL;
	const uint8_t *chain;
	size_t len;

	if (s != NULL)
		return (s);
	key = EVP_EC_gen("P-256");
	x = X509_new();
	X509_set_version(x, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN",
	    MBSTRING_ASC, (const unsigned char *)"fuzz", -1, -1, 0);
	X509_set_issuer_name(x, X509_get_subject_name(x));
	ASN1_TIME_set(X509_getm_notBefore(x), WHEN - 86400);
	ASN1_TIME_set(X509_getm_notAfter(x), WHEN + 86400);
	X509_set_pubkey(x, key);
	X509_sign(x, key, EVP_sha256());
	len = (size_t)i2d_X509(x, &der);
	chain = der;
	if (sh_signer_new(&fuzz_ops, key, &chain, &len, 1,
	    SH_SIG_ECDSA_SHA256, &s, &err) != 0)
		abort();
	OPENSSL_free(der);
	X509_free(x);
	return (s);
}

/* 1 if the field's signature is whole. */
static int
field_is_good(const struct sh_verdict *v, const char *field)
{
	json_t *sig;
	size_t i;

	json_array_foreach(json_object_get(v->report, "signatures"), i, sig)
		if (strcmp(json_string_value(json_object_get(sig, "field")),
		    field) == 0)
			return (json_is_true(json_object_get(sig,
			    "integrity")));
	return (0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const struct sh_pdf_signature what = {
		.field = "fuzz-field-9f3a", .place = SH_SIG_TOP_RIGHT,
		.offset_x_pt = 36, .offset_y_pt = 24, .when = WHEN,
		.lines = { "ký số" }
	};
	static int fd = -1;
	struct sh_error err = SH_ERROR_INIT;
	struct sh_buf back = SH_BUF_INIT;
	struct sh_verdict v;

	if (fd < 0 && (fd = sh_memfd("fuzz", &err)) < 0)
		abort();
	if (ftruncate(fd, 0) != 0 || sh_pwrite_all(fd, data, len, 0, &err))
		abort();
	if (sh_verify_pdf(fd, NULL, WHEN, &v, &err) != 0)
		abort();
	sh_verdict_clear(&v);
	if (sh_pdf_sign(fd, fuzz_signer(), &what, &err) == 0) {
		if (sh_verify_pdf(fd, NULL, WHEN, &v, &err) != 0 ||
		    (v.nsignatures > 0 && !field_is_good(&v, what.field)))
			abort();
		sh_verdict_clear(&v);
	}
	if (lseek(fd, 0, SEEK_SET) != 0)
		abort();
	sh_error_clear(&err);
	if (sh_fs_read_fd(fd, (size_t)1 << 28, &back, &err) != 0 ||
	    back.len < len || (len > 0 && memcmp(back.data, data, len) != 0))
		abort();
	sh_buf_free(&back);
	return (0);
}
