#include "archive/aead.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <openssl/evp.h>

#include "base/digest.h"
#include "base/mem.h"
#include "base/secret.h"

#define STEP	((size_t)1 << 30)	/* OpenSSL counts in int */
#define POOL	4096			/* a page at least */

/* One direction, and the key that its context is set up for. */
struct side {
	EVP_CIPHER_CTX *ctx;
	int keyed;
	uint8_t key[SH_KEY_LEN];
};

/* Zeros after a fork, so that nothing is left. */
struct pool {
	size_t left;
	uint8_t bytes[POOL - sizeof(size_t)];
};

struct sh_aead {
	struct side seal, open;
	struct sh_aead_guest guest;
	struct pool *pool;	/* NULL: the kernel cannot wipe it */
};

static int
failed(struct sh_error *err)
{
	return (sh_error_nomem(err, "a cipher"));
}

static int
side_new(struct side *s, int sealing)
{
	EVP_CIPHER *cipher = !sh_crypto_ready() ? NULL :
	    EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
	int rc = -1;

	if (cipher != NULL && (s->ctx = EVP_CIPHER_CTX_new()) != NULL &&
	    EVP_CipherInit_ex(s->ctx, cipher, NULL, NULL, NULL, sealing) == 1)
		rc = 0;
	EVP_CIPHER_free(cipher);
	return (rc);
}

struct sh_aead *
sh_aead_new(struct sh_error *err)
{
	struct sh_aead *a;

	if ((a = sh_alloc(1, sizeof(*a), "a cipher", err)) == NULL)
		return (NULL);
	if (side_new(&a->seal, 1) || side_new(&a->open, 0)) {
		(void)failed(err);
		sh_aead_free(a);
		return (NULL);
	}
	a->pool = mmap(NULL, POOL, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (a->pool == MAP_FAILED) {
		a->pool = NULL;
	} else if (madvise(a->pool, POOL, MADV_WIPEONFORK) != 0) {
		(void)munmap(a->pool, POOL);
		a->pool = NULL;
	}
	return (a);
}

void
sh_aead_free(struct sh_aead *a)
{
	if (a == NULL)
		return;
	if (a->guest.data != NULL)
		a->guest.free_data(a->guest.data);
	EVP_CIPHER_CTX_free(a->seal.ctx);
	EVP_CIPHER_CTX_free(a->open.ctx);
	if (a->pool != NULL)
		(void)munmap(a->pool, POOL);
	sh_wipe(a, sizeof(*a));
	free(a);
}

struct sh_aead_guest *
sh_aead_guest(struct sh_aead *a)
{
	return (&a->guest);
}

int
sh_aead_random(struct sh_aead *a, uint8_t *out, size_t len,
    struct sh_error *err)
{
	struct pool *p = a->pool;

	if (p == NULL || len > sizeof(p->bytes))
		return (sh_random(out, len, err));
	if (p->left < len) {
		if (sh_random(p->bytes, sizeof(p->bytes), err))
			return (-1);
		p->left = sizeof(p->bytes);
	}
	p->left -= len;
	memcpy(out, p->bytes + p->left, len);
	memset(p->bytes + p->left, 0, len);
	return (0);
}

/* Key and nonce; setting up a key costs more than sealing a short value. */
static int
begin(struct side *s, int sealing, const uint8_t key[SH_KEY_LEN],
    const uint8_t nonce[SH_NONCE_LEN])
{
	int same = s->keyed && sh_equal_secret(s->key, key, SH_KEY_LEN);

	s->keyed = EVP_CipherInit_ex(s->ctx, NULL, NULL, same ? NULL : key,
	    nonce, sealing) == 1;
	if (s->keyed && !same)
		memcpy(s->key, key, SH_KEY_LEN);
	return (s->keyed);
}

/* Additional data (OUT NULL) or data through the cipher. */
static int
feed(EVP_CIPHER_CTX *ctx, const uint8_t *in, size_t len, uint8_t *out)
{
	size_t n;
	int got, ok = 1;

	for (; ok == 1 && len > 0; in += n, len -= n) {
		n = len < STEP ? len : STEP;
		ok = EVP_CipherUpdate(ctx, out, &got, in, (int)n);
		if (out != NULL)
			out += n;
	}
	return (ok == 1);
}

void
sh_aead_forget(struct sh_aead *a)
{
	static const uint8_t none[SH_KEY_LEN];

	/* What cannot be keyed anew is of no use to anybody. */
	if (!begin(&a->seal, 1, none, none))
		(void)EVP_CIPHER_CTX_reset(a->seal.ctx);
	if (!begin(&a->open, 0, none, none))
		(void)EVP_CIPHER_CTX_reset(a->open.ctx);
	sh_wipe(a->seal.key, SH_KEY_LEN);
	sh_wipe(a->open.key, SH_KEY_LEN);
}

int
sh_aead_seal(struct sh_aead *a, const uint8_t key[SH_KEY_LEN],
    const uint8_t nonce[SH_NONCE_LEN], const void *aad, size_t aadlen,
    const void *in, size_t len, uint8_t *out, struct sh_error *err)
{
	EVP_CIPHER_CTX *ctx = a->seal.ctx;
	uint8_t none[16];
	int got;

	if (!begin(&a->seal, 1, key, nonce) ||
	    !feed(ctx, aad, aadlen, NULL) || !feed(ctx, in, len, out) ||
	    EVP_CipherFinal_ex(ctx, none, &got) != 1 ||
	    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, SH_TAG_LEN,
	    out + len) != 1)
		return (failed(err));
	return (0);
}

int
sh_aead_open(struct sh_aead *a, const uint8_t key[SH_KEY_LEN],
    const uint8_t nonce[SH_NONCE_LEN], const void *aad, size_t aadlen,
    const void *in, size_t len, uint8_t *out, struct sh_error *err)
{
	EVP_CIPHER_CTX *ctx = a->open.ctx;
	uint8_t tag[SH_TAG_LEN], none[16];
	size_t i;
	int got;

	/* IN may be OUT. */
	for (i = 0; i < SH_TAG_LEN; i++)
		tag[i] = ((const uint8_t *)in)[len + i];
	if (!begin(&a->open, 0, key, nonce) ||
	    !feed(ctx, aad, aadlen, NULL) || !feed(ctx, in, len, out) ||
	    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, SH_TAG_LEN,
	    tag) != 1)
		return (failed(err));
	if (EVP_CipherFinal_ex(ctx, none, &got) == 1)
		return (1);
	sh_wipe(out, len);
	return (0);
}
