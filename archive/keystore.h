/*
 * The key store: a small file beside the archive that holds the root key and
 * one data key for each holder, all wrapped by the archive key (archive/
 * FORMAT, "Key store").  It is no part of the archive's folder: a copy of
 * the archive does not contain it, and destroying a holder's key here makes
 * that holder unreadable in every copy.
 *
 * A table of fixed slots, found by the holder's tag, each kept twice with a
 * check sum: one damaged copy is healed from the other.  A slot lies within
 * one disk sector and is written in place, so that a destroyed key is
 * overwritten where it stood.
 *
 * A handle belongs to one thread; one handle writes (the archive's lock sees
 * to it), others may read meanwhile and ask for its news.
 */
#ifndef SH_ARCHIVE_KEYSTORE_H
#define SH_ARCHIVE_KEYSTORE_H

#include <stddef.h>
#include <stdint.h>

#include "archive/aead.h"
#include "archive/engine.h"
#include "base/error.h"
#include "base/secret.h"

struct sh_keystore;

/* Durable: a store with a fresh root key at PATH, which must not exist. */
int sh_keystore_create(const char *path, const uint8_t kek[SH_KEY_LEN],
    struct sh_error *err) SH_MUST_CHECK;

/*
 * KEK is borrowed until the store is closed.
 * Errors: SH_ENOTFOUND "key.missing"; SH_EDENIED "key.wrong", another
 * archive key wrapped this store; SH_EFIXITY "key.damaged".
 */
int sh_keystore_open(const char *path, const uint8_t kek[SH_KEY_LEN],
    int writable, struct sh_keystore **kp, struct sh_error *err)
    SH_MUST_CHECK;
void sh_keystore_close(struct sh_keystore *k);

/* SH_KEY_LEN bytes, borrowed. */
const uint8_t *sh_keystore_root(const struct sh_keystore *k);

/*
 * What other handles did since the store was opened or this was last asked,
 * for the price of a look into memory: what was had from the store before is
 * to be forgotten when it is anything but SH_KEYS_AS_BEFORE.
 */
enum sh_keystore_news {
	SH_KEYS_AS_BEFORE,
	SH_KEYS_DESTROYED,	/* or may be about to be */
	SH_KEYS_REPLACED	/* by a file that is to be opened instead */
};
enum sh_keystore_news sh_keystore_news(struct sh_keystore *k);

/* Slots in use, destroyed ones counted. */
uint64_t sh_keystore_count(const struct sh_keystore *k);

/* HOLDER's key will be asked for: its slot is fetched meanwhile. */
void sh_keystore_expect(const struct sh_keystore *k,
    const struct sh_tag *holder);
/* The same from the disk, when memory has not got it. */
void sh_keystore_fetch(const struct sh_keystore *k,
    const struct sh_tag *holder);

/*
 * The newest key of HOLDER (*VERSIONP 0 on entry), or that of a version.
 * 1 with the key and its version, 0 when the holder has none, -1.
 * Errors: SH_ENOTFOUND "key.destroyed"; SH_EFIXITY "key.damaged".
 */
int sh_keystore_get(struct sh_keystore *k, const struct sh_tag *holder,
    uint32_t *versionp, uint8_t key[SH_KEY_LEN], struct sh_error *err);

/*
 * Durable: every one of the N holders has a key.
 * Errors: SH_ENOTFOUND "key.destroyed", one of them had it destroyed.
 */
int sh_keystore_add(struct sh_keystore *k, const struct sh_tag *holders,
    size_t n, struct sh_error *err) SH_MUST_CHECK;

/*
 * Durable: every key wrapped by KEK, which is borrowed from now on; when it
 * fails, all of them still by the one before.
 */
int sh_keystore_rewrap(struct sh_keystore *k, const uint8_t kek[SH_KEY_LEN],
    struct sh_error *err) SH_MUST_CHECK;

/* Durable: the holder's keys are overwritten; absent is fine. */
int sh_keystore_destroy(struct sh_keystore *k, const struct sh_tag *holder,
    struct sh_error *err) SH_MUST_CHECK;

/*
 * Every slot, both copies, every key unwrapped.  A writing handle heals what
 * one good copy remains of.
 */
int sh_keystore_check(struct sh_keystore *k, int (*finding)(void *arg,
    const char *key, const char *text, struct sh_error *err), void *arg,
    struct sh_error *err) SH_MUST_CHECK;

#endif
