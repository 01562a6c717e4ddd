/* A test authority that says so, for demos and tests. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509v3.h>

#include "base/digest.h"
#include "base/fs.h"
#include "base/mem.h"
#include "signing/signer.h"

#define WARNING	"TEST - KHÔNG CÓ GIÁ TRỊ PHÁP LÝ / NO LEGAL VALUE"
#define DAY_S	86400

static int
failed(struct sh_error *err)
{
	ERR_clear_error();
	return (sh_error_set(err, SH_ELIBRARY, "library.openssl",
	    "OpenSSL does not make a test certificate"));
}

static int
add_name(X509_NAME *name, const char *field, const char *value)
{
	return (X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8,
	    (const unsigned char *)value, -1, -1, 0));
}

static int
add_extension(X509 *x, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509_EXTENSION *e;
	int ok;

	X509V3_set_ctx(&ctx, issuer, x, NULL, NULL, 0);
	if ((e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value)) == NULL)
		return (0);
	ok = X509_add_ext(x, e, -1);
	X509_EXTENSION_free(e);
	return (ok);
}

static int
set_serial(X509 *x, struct sh_error *err)
{
	uint8_t random[16];
	BIGNUM *bn;
	int ok;

	if (sh_random(random, sizeof(random), err))
		return (0);
	random[0] = (uint8_t)((random[0] & 0x3f) | 0x40);
	bn = BN_bin2bn(random, sizeof(random), NULL);
	ok = bn != NULL &&
	    BN_to_ASN1_INTEGER(bn, X509_get_serialNumber(x)) != NULL;
	BN_free(bn);
	return (ok);
}

/* A certificate for KEY; ISSUER NULL makes the root. */
static X509 *
make_certificate(const char *cn, EVP_PKEY *key, X509 *issuer,
    EVP_PKEY *issuer_key, int64_t now, int days, struct sh_error *err)
{
	X509 *x = X509_new(), *ca = issuer != NULL ? issuer : x;
	X509_NAME *name;
	int ok;

	if (x == NULL) {
		(void)sh_error_nomem(err, "a certificate");
		return (NULL);
	}
	name = X509_get_subject_name(x);
	ok = X509_set_version(x, X509_VERSION_3) && set_serial(x, err) &&
	    add_name(name, "C", "VN") && add_name(name, "O", WARNING) &&
	    add_name(name, "CN", cn) &&
	    X509_set_issuer_name(x, X509_get_subject_name(ca)) &&
	    /* Five minutes for clocks that do not agree. */
	    ASN1_TIME_set(X509_getm_notBefore(x), (time_t)now - 300) &&
	    ASN1_TIME_set(X509_getm_notAfter(x),
		(time_t)now + (time_t)days * DAY_S) &&
	    X509_set_pubkey(x, key) &&
	    add_extension(x, ca, NID_subject_key_identifier, "hash");
	if (issuer == NULL)
		ok = ok && add_extension(x, ca, NID_basic_constraints,
		    "critical,CA:TRUE") && add_extension(x, ca, NID_key_usage,
		    "critical,keyCertSign,cRLSign");
	else
		ok = ok && add_extension(x, ca, NID_authority_key_identifier,
		    "keyid") && add_extension(x, ca, NID_basic_constraints,
		    "critical,CA:FALSE") && add_extension(x, ca,
		    NID_key_usage,
		    "critical,digitalSignature,nonRepudiation") &&
		    add_extension(x, ca, NID_ext_key_usage,
		    "1.3.6.1.5.5.7.3.36,emailProtection");
	if (ok && X509_sign(x, issuer_key, EVP_sha256()) > 0)
		return (x);
	X509_free(x);
	(void)failed(err);
	return (NULL);
}

/* The file FOLDER/NAME from a memory BIO, durable, with MODE. */
static int
write_file(const char *folder, const char *name, BIO *bio, mode_t mode,
    struct sh_error *err)
{
	char *path, *data;
	long len = BIO_get_mem_data(bio, &data);
	int rc;

	if ((path = sh_path_join(folder, name, err)) == NULL)
		return (-1);
	rc = sh_fs_replace(path, data, (size_t)len, mode, err);
	free(path);
	return (rc);
}

static int
make_leaf(const char *folder, const char *file, const char *cn, X509 *root,
    EVP_PKEY *root_key, const char *word, int64_t now, struct sh_error *err)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	STACK_OF(X509) *ca = sk_X509_new_null();
	BIO *bio = BIO_new(BIO_s_secmem());
	PKCS12 *p12 = NULL;
	X509 *x = NULL;
	int rc = -1;

	if (key == NULL || ca == NULL || bio == NULL ||
	    sk_X509_push(ca, root) == 0) {
		(void)failed(err);
		goto out;
	}
	if ((x = make_certificate(cn, key, root, root_key, now, 3 * 365,
	    err)) == NULL)
		goto out;
	p12 = PKCS12_create(word, cn, key, x, ca, 0, 0, 0, 0, 0);
	if (p12 == NULL || i2d_PKCS12_bio(bio, p12) != 1)
		(void)failed(err);
	else
		rc = write_file(folder, file, bio, 0600, err);
out:
	PKCS12_free(p12);
	BIO_free(bio);
	sk_X509_free(ca);
	X509_free(x);
	EVP_PKEY_free(key);
	return (rc);
}

/* Keys are never overwritten: one of them may have signed something. */
static int
check_absent(const char *folder, struct sh_error *err)
{
	static const char *const names[] = { "officer.p12", "agency.p12",
	    "root.pem" };
	char *path;
	size_t i;
	int there;

	for (i = 0; i < SH_COUNT(names); i++) {
		if ((path = sh_path_join(folder, names[i], err)) == NULL)
			return (-1);
		there = access(path, F_OK) == 0;
		if (there) {
			(void)sh_error_set(err, SH_EEXISTS, "key.exists",
			    "%s is there already", path);
			sh_error_param(err, "file", "%s", path);
		}
		free(path);
		if (there)
			return (-1);
	}
	return (0);
}

int
sh_signer_make_test_keys(const char *folder,
    const struct sh_secret *passphrase, int64_t now, struct sh_error *err)
{
	struct sh_secret word = SH_SECRET_INIT;
	EVP_PKEY *key = NULL;
	X509 *root = NULL;
	BIO *pem = NULL;
	int rc = -1;

	if (sh_fs_mkdirs(folder, 0700, err) || check_absent(folder, err) ||
	    sh_secret_new(&word, passphrase->len + 1, err))
		return (-1);
	memcpy(word.data, passphrase->data, passphrase->len);
	key = EVP_EC_gen("P-256");
	pem = BIO_new(BIO_s_mem());
	if (key == NULL || pem == NULL) {
		(void)failed(err);
		goto out;
	}
	root = make_certificate("TEST sohoa root", key, NULL, key, now,
	    10 * 365, err);
	if (root == NULL)
		goto out;
	if (PEM_write_bio_X509(pem, root) != 1) {
		(void)failed(err);
		goto out;
	}
	if (make_leaf(folder, "officer.p12", "TEST Cán bộ số hóa", root, key,
	    (char *)word.data, now, err) == 0 &&
	    make_leaf(folder, "agency.p12", "TEST Bộ phận Một cửa", root, key,
	    (char *)word.data, now, err) == 0)
		rc = write_file(folder, "root.pem", pem, 0644, err);
out:
	BIO_free(pem);
	X509_free(root);
	EVP_PKEY_free(key);
	sh_secret_free(&word);
	return (rc);
}
