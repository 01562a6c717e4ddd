/*
 * AES-256-GCM (NIST SP 800-38D) with a 12-byte nonce and a 16-byte tag: the
 * one cipher of the archive.  A struct sh_aead is a reusable context for one
 * thread; a key is set up anew only when it is another than the call before.
 */
#ifndef SH_ARCHIVE_AEAD_H
#define SH_ARCHIVE_AEAD_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define SH_KEY_LEN	32
#define SH_NONCE_LEN	12
#define SH_TAG_LEN	16

struct sh_aead;

struct sh_aead *sh_aead_new(struct sh_error *err);
void sh_aead_free(struct sh_aead *a);

/* The keys of the calls before are overwritten. */
void sh_aead_forget(struct sh_aead *a);

/* What a user of the cipher keeps beside it; FREE_DATA goes with the cipher. */
struct sh_aead_guest {
	void *data;
	void (*free_data)(void *data);
};
struct sh_aead_guest *sh_aead_guest(struct sh_aead *a);

/*
 * LEN random bytes for what is unique, not secret: nonces, salts.  Drawn in
 * advance, many at a time; a forked child never gets its parent's.
 */
int sh_aead_random(struct sh_aead *a, uint8_t *out, size_t len,
    struct sh_error *err) SH_MUST_CHECK;

/* OUT: LEN bytes and the tag behind them; may be IN. */
int sh_aead_seal(struct sh_aead *a, const uint8_t key[SH_KEY_LEN],
    const uint8_t nonce[SH_NONCE_LEN], const void *aad, size_t aadlen,
    const void *in, size_t len, uint8_t *out, struct sh_error *err)
    SH_MUST_CHECK;

/*
 * IN is LEN bytes with the tag behind them.  1 with the plain bytes in OUT,
 * 0 when they are not what was sealed (OUT is then wiped), or -1.
 */
int sh_aead_open(struct sh_aead *a, const uint8_t key[SH_KEY_LEN],
    const uint8_t nonce[SH_NONCE_LEN], const void *aad, size_t aadlen,
    const void *in, size_t len, uint8_t *out, struct sh_error *err)
    SH_MUST_CHECK;

#endif
