/* The back end whose key lies in a PKCS#12 file. */
#include <stdlib.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pkcs12.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include "base/mem.h"
#include "signing/algorithm.h"
#include "signing/signer.h"

#define MAX_FILE	((size_t)1 << 20)
#define PROBE		((size_t)1 << 16)

static int
file_sign(void *self, enum sh_sig_algorithm alg, const void *tbs, size_t len,
    struct sh_buf *sig, struct sh_error *err)
{
	EVP_PKEY *key = self;
	EVP_PKEY_CTX *pctx = NULL;	/* borrowed from ctx */
	EVP_MD_CTX *ctx;
	const EVP_MD *md = NULL;
	size_t siglen = (size_t)EVP_PKEY_get_size(key);
	uint8_t *room;
	int ok;

	if ((room = sh_buf_reserve(sig, siglen, err)) == NULL)
		return (-1);
	/* Rule: RFC 8032: Ed25519 signs the bytes, not a digest of them. */
	if (alg != SH_SIG_ED25519)
		md = sh_md_evp(sh_sig_md(alg));
	if ((ctx = EVP_MD_CTX_new()) == NULL)
		return (sh_error_nomem(err, "a signature"));
	ok = EVP_DigestSignInit(ctx, &pctx, md, NULL, key) == 1 &&
	    (alg != SH_SIG_RSA_PSS_SHA256 ||
	    (EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PSS_PADDING) == 1 &&
	    EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, RSA_PSS_SALTLEN_DIGEST) ==
	    1)) && EVP_DigestSign(ctx, room, &siglen, tbs, len) == 1;
	EVP_MD_CTX_free(ctx);
	ERR_clear_error();
	if (!ok)
		return (sh_error_set(err, SH_ELIBRARY, "key.failed",
		    "OpenSSL does not sign with this key"));
	sig->len += siglen;
	return (0);
}

static void
file_close(void *self)
{
	EVP_PKEY_free(self);
}

static const struct sh_signer_ops file_ops = {
	.name = "file", .sign = file_sign, .close = file_close
};

/* The passphrase with the NUL that OpenSSL wants behind it. */
static int
terminated(const struct sh_secret *s, struct sh_secret *out,
    struct sh_error *err)
{
	size_t len = s != NULL ? s->len : 0;

	if (sh_secret_new(out, len + 1, err))
		return (-1);
	if (len > 0)
		memcpy(out->data, s->data, len);
	return (0);
}

static int
open_once(const char *path, const struct sh_secret *passphrase,
    struct sh_signer **sp, struct sh_error *err)
{
	struct sh_secret file = SH_SECRET_INIT, word = SH_SECRET_INIT;
	PKCS12 *p12 = NULL;
	EVP_PKEY *key = NULL;
	X509 *leaf = NULL;
	STACK_OF(X509) *ca = NULL;
	const unsigned char *p;
	int rc = -1;

	*sp = NULL;
	if (sh_secret_load(&file, path, MAX_FILE, err) ||
	    terminated(passphrase, &word, err))
		goto out;
	p = file.data;
	if ((p12 = d2i_PKCS12(NULL, &p, (long)file.len)) == NULL) {
		(void)sh_error_set(err, SH_EFORMAT, "key.file",
		    "%s is no PKCS#12 file", path);
		goto out;
	}
	if (PKCS12_mac_present(p12) && !PKCS12_verify_mac(p12,
	    (char *)word.data, (int)word.len - 1)) {
		(void)sh_error_set(err, SH_EDENIED, "key.passphrase",
		    "%s: the passphrase is wrong", path);
		goto out;
	}
	if (!PKCS12_parse(p12, (char *)word.data, &key, &leaf, &ca)) {
		/* The sum was right, so it is the coding: RC2, DES. */
		(void)sh_error_set(err, SH_EUNSUPPORTED, "key.kind",
		    "%s: coded in a way that is not taken", path);
		goto out;
	}
	if (key == NULL || leaf == NULL) {
		(void)sh_error_set(err, SH_EFORMAT, "key.file",
		    "%s holds no key with its certificate", path);
		goto out;
	}
	rc = sh_signer_build(&file_ops, key, leaf, ca, sp, err);
	key = NULL;
	if (rc != 0)
		(void)sh_error_context(err, "%s", path);
out:
	if (err->code != SH_OK)
		sh_error_param(err, "file", "%s", path);
	ERR_clear_error();
	sk_X509_pop_free(ca, X509_free);
	X509_free(leaf);
	EVP_PKEY_free(key);
	PKCS12_free(p12);
	sh_secret_free(&word);
	sh_secret_free(&file);
	return (rc);
}

/*
 * OpenSSL does not always tell that it had no memory: what it takes for a
 * wrong passphrase or file then is believed when it says so again, with
 * memory to be had.
 */
int
sh_signer_open_p12(const char *path, const struct sh_secret *passphrase,
    struct sh_signer **sp, struct sh_error *err)
{
	struct sh_error first = SH_ERROR_INIT;
	void *some;

	if (open_once(path, passphrase, sp, &first) == 0)
		return (0);
	if ((some = OPENSSL_malloc(PROBE)) == NULL)
		return (sh_error_nomem(err, "a key file"));
	OPENSSL_free(some);
	return (open_once(path, passphrase, sp, err));
}
