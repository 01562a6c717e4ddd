#include "base/digest.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#ifdef __x86_64__
#include <nmmintrin.h>
#endif

struct sh_hasher {
	EVP_MD_CTX *md;
	EVP_MAC *mac;
	EVP_MAC_CTX *ctx;
	int begun;	/* what failed or ended must begin anew before more */
};

int
sh_crypto_ready(void)
{
	return (OSSL_LIB_CTX_get0_global_default() != NULL);
}

/* Fetched once: a fetch for each short digest costs three times the digest. */
static const EVP_MD *
sha256(void)
{
	static EVP_MD *md;
	EVP_MD *fetched, *none = NULL;

	if (__atomic_load_n(&md, __ATOMIC_ACQUIRE) != NULL)
		return (md);
	if (!sh_crypto_ready() ||
	    (fetched = EVP_MD_fetch(NULL, "SHA256", NULL)) == NULL)
		return (NULL);
	if (!__atomic_compare_exchange_n(&md, &none, fetched, 0,
	    __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
		EVP_MD_free(fetched);
	return (md);
}

static int
failed(struct sh_error *err)
{
	return (sh_error_set(err, SH_ENOMEM, "memory.none",
	    "no memory for a digest"));
}

struct sh_hasher *
sh_hasher_new(const void *key, size_t keylen, struct sh_error *err)
{
	struct sh_hasher *h;
	OSSL_PARAM params[2];
	char md[] = "SHA256";

	if ((h = calloc(1, sizeof(*h))) == NULL) {
		(void)sh_error_nomem(err, "a digest");
		return (NULL);
	}
	if (key == NULL) {
		if ((h->md = EVP_MD_CTX_new()) == NULL ||
		    EVP_DigestInit_ex(h->md, sha256(), NULL) != 1)
			goto bad;
		h->begun = 1;
		return (h);
	}
	params[0] = OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST,
	    md, 0);
	params[1] = OSSL_PARAM_construct_end();
	if (!sh_crypto_ready() ||
	    (h->mac = EVP_MAC_fetch(NULL, "HMAC", NULL)) == NULL ||
	    (h->ctx = EVP_MAC_CTX_new(h->mac)) == NULL ||
	    EVP_MAC_init(h->ctx, key, keylen, params) != 1)
		goto bad;
	h->begun = 1;
	return (h);
bad:
	(void)failed(err);
	sh_hasher_free(h);
	return (NULL);
}

void
sh_hasher_free(struct sh_hasher *h)
{
	if (h == NULL)
		return;
	EVP_MD_CTX_free(h->md);
	EVP_MAC_CTX_free(h->ctx);
	EVP_MAC_free(h->mac);
	free(h);
}

static int
begin(struct sh_hasher *h)
{
	if (!h->begun)
		h->begun = h->md != NULL ?
		    EVP_DigestInit_ex(h->md, sha256(), NULL) == 1 :
		    EVP_MAC_init(h->ctx, NULL, 0, NULL) == 1;
	return (h->begun);
}

int
sh_hasher_update(struct sh_hasher *h, const void *data, size_t len,
    struct sh_error *err)
{
	int ok;

	if (!begin(h))
		return (failed(err));
	if (h->md != NULL)
		ok = EVP_DigestUpdate(h->md, data, len);
	else
		ok = EVP_MAC_update(h->ctx, data, len);
	h->begun = ok == 1;
	return (ok == 1 ? 0 : failed(err));
}

int
sh_hasher_final(struct sh_hasher *h, struct sh_digest *out,
    struct sh_error *err)
{
	size_t len;
	int ok;

	if (!begin(h))
		return (failed(err));
	if (h->md != NULL)
		ok = EVP_DigestFinal_ex(h->md, out->b, NULL);
	else
		ok = EVP_MAC_final(h->ctx, out->b, &len, sizeof(out->b));
	h->begun = 0;
	return (ok == 1 ? 0 : failed(err));
}

int
sh_sha256(const void *data, size_t len, struct sh_digest *out,
    struct sh_error *err)
{
	if (EVP_Digest(data, len, out->b, NULL, sha256(), NULL) != 1)
		return (failed(err));
	return (0);
}

int
sh_hmac(const void *key, size_t keylen, const void *data, size_t len,
    struct sh_digest *out, struct sh_error *err)
{
	if (keylen > 1024 || HMAC(sha256(), key, (int)keylen, data, len,
	    out->b, NULL) == NULL)
		return (failed(err));
	return (0);
}

int
sh_sha256_fd(int fd, struct sh_digest *out, uint64_t *bytesp,
    struct sh_error *err)
{
	struct sh_hasher *h;
	uint8_t *chunk = NULL;
	const size_t size = 256 * 1024;
	off_t at = 0;
	ssize_t n;
	int rc = -1;

	if ((h = sh_hasher_new(NULL, 0, err)) == NULL)
		goto out;
	if ((chunk = malloc(size)) == NULL) {
		(void)sh_error_nomem(err, "a digest");
		goto out;
	}
	for (;;) {
		if ((n = pread(fd, chunk, size, at)) < 0) {
			if (errno == EINTR)
				continue;
			(void)sh_error_sys(err, "file.read", "read");
			goto out;
		}
		if (n == 0)
			break;
		if (sh_hasher_update(h, chunk, (size_t)n, err))
			goto out;
		at += n;
	}
	if (sh_hasher_final(h, out, err))
		goto out;
	if (bytesp != NULL)
		*bytesp = (uint64_t)at;
	rc = 0;
out:
	free(chunk);
	sh_hasher_free(h);
	return (rc);
}

int
sh_hkdf(const void *key, size_t keylen, const char *info, void *out,
    size_t outlen, struct sh_error *err)
{
	EVP_KDF *kdf = NULL;
	EVP_KDF_CTX *ctx = NULL;
	OSSL_PARAM params[4];
	char md[] = "SHA256";
	int rc = -1;

	params[0] = OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST,
	    md, 0);
	params[1] = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY,
	    (void *)(uintptr_t)key, keylen);
	params[2] = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO,
	    (void *)(uintptr_t)info, strlen(info));
	params[3] = OSSL_PARAM_construct_end();
	if (!sh_crypto_ready() ||
	    (kdf = EVP_KDF_fetch(NULL, "HKDF", NULL)) == NULL ||
	    (ctx = EVP_KDF_CTX_new(kdf)) == NULL ||
	    EVP_KDF_derive(ctx, out, outlen, params) != 1)
		(void)failed(err);
	else
		rc = 0;
	EVP_KDF_CTX_free(ctx);
	EVP_KDF_free(kdf);
	return (rc);
}

int
sh_random(void *out, size_t len, struct sh_error *err)
{
	if (len > INT32_MAX || !sh_crypto_ready() ||
	    RAND_bytes(out, (int)len) != 1)
		return (sh_error_set(err, SH_ESYSTEM, "random.none",
		    "the system gives no random bytes"));
	return (0);
}

#ifdef __x86_64__
__attribute__((target("sse4.2"))) static uint32_t
crc32c_fast(uint32_t crc, const uint8_t *p, size_t len)
{
	uint64_t c = ~crc, word;

	for (; len >= 8; p += 8, len -= 8) {
		memcpy(&word, p, 8);
		c = _mm_crc32_u64(c, word);
	}
	while (len-- > 0)
		c = _mm_crc32_u8((uint32_t)c, *p++);
	return (~(uint32_t)c);
}
#endif

uint32_t
sh_crc32c(uint32_t crc, const void *data, size_t len)
{
	const uint8_t *p = data;
	unsigned bit;

#ifdef __x86_64__
	if (__builtin_cpu_supports("sse4.2"))
		return (crc32c_fast(crc, p, len));
#endif
	crc = ~crc;
	while (len-- > 0) {
		crc ^= *p++;
		for (bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (0x82f63b78 & -(crc & 1));
	}
	return (~crc);
}

int
sh_equal_secret(const void *a, const void *b, size_t len)
{
	return (CRYPTO_memcmp(a, b, len) == 0);
}

int
sh_digest_equal(const struct sh_digest *a, const struct sh_digest *b)
{
	return (sh_equal_secret(a->b, b->b, sizeof(a->b)));
}

void
sh_hex(const void *data, size_t len, char *out)
{
	static const char digits[] = "0123456789abcdef";
	const uint8_t *p = data;

	for (; len > 0; p++, len--) {
		*out++ = digits[*p >> 4];
		*out++ = digits[*p & 15];
	}
	*out = '\0';
}

static int
nibble(char c)
{
	if (c >= '0' && c <= '9')
		return (c - '0');
	if (c >= 'a' && c <= 'f')
		return (c - 'a' + 10);
	if (c >= 'A' && c <= 'F')
		return (c - 'A' + 10);
	return (-1);
}

int
sh_unhex(const char *s, void *out, size_t len)
{
	uint8_t *p = out;
	int hi, lo;

	for (; len > 0; len--, s += 2) {
		if ((hi = nibble(s[0])) < 0 || (lo = nibble(s[1])) < 0)
			return (-1);
		*p++ = (uint8_t)(hi << 4 | lo);
	}
	return (*s == '\0' ? 0 : -1);
}

void
sh_base32(const void *data, size_t len, char *out)
{
	static const char digits[] = "abcdefghijklmnopqrstuvwxyz234567";
	const uint8_t *p = data;
	unsigned bits = 0, n = 0;

	for (; len > 0; len--) {
		bits = bits << 8 | *p++;
		for (n += 8; n >= 5; n -= 5)
			*out++ = digits[bits >> (n - 5) & 31];
	}
	if (n > 0)
		*out++ = digits[bits << (5 - n) & 31];
	*out = '\0';
}
