#include "archive/aead.h"

#include <limits.h>
#include <stdlib.h>

#include <openssl/evp.h>

#include "base/mem.h"
#include "base/secret.h"

#define STEP	((size_t)1 << 30)	/* OpenSSL counts in int */

struct sh_aead {
	EVP_CIPHER *cipher;
	EVP_CIPHER_CTX *ctx;
};

static int
failed(struct sh_error *err)
{
	return (sh_error_nomem(err, "a cipher"));
}

struct sh_aead *
sh_aead_new(struct sh_error *err)
{
	struct sh_aead *a;

	if ((a = sh_alloc(1, sizeof(*a), "a cipher", err)) == NULL)
		return (NULL);
	if ((a->cipher = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL)) ==
	    NULL || (a->ctx = EVP_CIPHER_CTX_new()) == NULL) {
		(void)failed(err);
		sh_aead_free(a);
		return (NULL);
	}
	return (a);
}

void
sh_aead_free(struct sh_aead *a)
{
	if (a == NULL)
		return;
	EVP_CIPHER_CTX_free(a->ctx);
	EVP_CIPHER_free(a->cipher);
	free(a);
}

/* Additional data (OUT NULL) or data through the cipher. */
static int
feed(struct sh_aead *a, int sealing, const uint8_t *in, size_t len,
    uint8_t *out)
{
	size_t n;
	int got, ok = 1;

	for (; ok == 1 && len > 0; in += n, len -= n) {
		n = len < STEP ? len : STEP;
		ok = sealing ?
		    EVP_EncryptUpdate(a->ctx, out, &got, in, (int)n) :
		    EVP_DecryptUpdate(a->ctx, out, &got, in, (int)n);
		if (out != NULL)
			out += n;
	}
	return (ok == 1);
}

int
sh_aead_seal(struct sh_aead *a, const uint8_t key[SH_KEY_LEN],
    const uint8_t nonce[SH_NONCE_LEN], const void *aad, size_t aadlen,
    const void *in, size_t len, uint8_t *out, struct sh_error *err)
{
	uint8_t none[16];
	int got;

	if (EVP_EncryptInit_ex(a->ctx, a->cipher, NULL, key, nonce) != 1 ||
	    !feed(a, 1, aad, aadlen, NULL) || !feed(a, 1, in, len, out) ||
	    EVP_EncryptFinal_ex(a->ctx, none, &got) != 1 ||
	    EVP_CIPHER_CTX_ctrl(a->ctx, EVP_CTRL_AEAD_GET_TAG, SH_TAG_LEN,
	    out + len) != 1)
		return (failed(err));
	return (0);
}

int
sh_aead_open(struct sh_aead *a, const uint8_t key[SH_KEY_LEN],
    const uint8_t nonce[SH_NONCE_LEN], const void *aad, size_t aadlen,
    const void *in, size_t len, uint8_t *out, struct sh_error *err)
{
	uint8_t tag[SH_TAG_LEN], none[16];
	size_t i;
	int got;

	/* IN may be OUT. */
	for (i = 0; i < SH_TAG_LEN; i++)
		tag[i] = ((const uint8_t *)in)[len + i];
	if (EVP_DecryptInit_ex(a->ctx, a->cipher, NULL, key, nonce) != 1 ||
	    !feed(a, 0, aad, aadlen, NULL) || !feed(a, 0, in, len, out) ||
	    EVP_CIPHER_CTX_ctrl(a->ctx, EVP_CTRL_AEAD_SET_TAG, SH_TAG_LEN,
	    tag) != 1)
		return (failed(err));
	if (EVP_DecryptFinal_ex(a->ctx, none, &got) == 1)
		return (1);
	sh_wipe(out, len);
	return (0);
}
