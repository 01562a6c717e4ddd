/*
 * Digests, keyed digests, key derivation and their spellings.
 *
 * A struct sh_digest is 32 bytes of SHA-256 (FIPS 180-4) or HMAC-SHA-256
 * (RFC 2104).  Contexts may be used by one thread at a time.  OpenSSL fails
 * here only for want of memory.
 */
#ifndef SH_BASE_DIGEST_H
#define SH_BASE_DIGEST_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define SH_DIGEST_LEN	32
#define SH_HEX_LEN	(2 * SH_DIGEST_LEN + 1)

struct sh_digest {
	uint8_t b[SH_DIGEST_LEN];
};

struct sh_hasher;		/* a running SHA-256, or HMAC when keyed */

/* KEY may be NULL: plain SHA-256. */
struct sh_hasher *sh_hasher_new(const void *key, size_t keylen,
    struct sh_error *err);
void sh_hasher_free(struct sh_hasher *h);
int sh_hasher_update(struct sh_hasher *h, const void *data, size_t len,
    struct sh_error *err) SH_MUST_CHECK;
/* Gives the digest and starts anew under the same key. */
int sh_hasher_final(struct sh_hasher *h, struct sh_digest *out,
    struct sh_error *err) SH_MUST_CHECK;

int sh_sha256(const void *data, size_t len, struct sh_digest *out,
    struct sh_error *err) SH_MUST_CHECK;
int sh_hmac(const void *key, size_t keylen, const void *data, size_t len,
    struct sh_digest *out, struct sh_error *err) SH_MUST_CHECK;

/* Digest of the whole file behind FD, read from its start with pread. */
int sh_sha256_fd(int fd, struct sh_digest *out, uint64_t *bytesp,
    struct sh_error *err) SH_MUST_CHECK;

/*
 * OUTLEN bytes (at most 255 * 32) derived from KEY for the purpose INFO.
 * Rule: RFC 5869, empty salt.
 */
int sh_hkdf(const void *key, size_t keylen, const char *info, void *out,
    size_t outlen, struct sh_error *err) SH_MUST_CHECK;

/*
 * Has OpenSSL what it works with?  Asked before anything else is asked of it:
 * OpenSSL 3.0, for which there was no memory at its start, dies of the next
 * call.  It stays so for the life of the process.
 */
int sh_crypto_ready(void);

/* LEN random bytes from the system's generator. */
int sh_random(void *out, size_t len, struct sh_error *err) SH_MUST_CHECK;

/* CRC-32C (Castagnoli), continued from CRC (0 to begin). */
uint32_t sh_crc32c(uint32_t crc, const void *data, size_t len);

/* 1 if equal, in time that does not depend on the content. */
int sh_equal_secret(const void *a, const void *b, size_t len);
int sh_digest_equal(const struct sh_digest *a, const struct sh_digest *b);

/* Lower-case hex of LEN bytes into OUT[2 * LEN + 1]. */
void sh_hex(const void *data, size_t len, char *out);
/* LEN bytes from exactly 2 * LEN hex digits; -1 when S is anything else. */
int sh_unhex(const char *s, void *out, size_t len);

/* RFC 4648 base32 in lower case, no padding; OUT holds (8 * LEN + 4) / 5 + 1. */
void sh_base32(const void *data, size_t len, char *out);

#endif
