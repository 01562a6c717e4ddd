/*
 * The vault: nothing leaves it readable, nothing comes back altered.
 *
 * It holds the archive key (keys/archive.key) and the key store (keys/
 * holders), derives from the store's root key what names and seals the
 * archive's own things, and seals each holder's values under the holder's
 * data key.  Every sealed value is bound to its table, key and version, so
 * that a value moved to another place does not open.
 *
 * A handle belongs to one thread.  Formats: archive/FORMAT, "Sealed values".
 *
 * Errors of everything that opens: SH_EFIXITY "value.damaged", the bytes are
 * not what was sealed for this place; SH_ENOTFOUND "key.destroyed", the
 * holder was erased; SH_EFIXITY "key.absent", the holder's key is not in the
 * key store.
 */
#ifndef SH_ARCHIVE_VAULT_H
#define SH_ARCHIVE_VAULT_H

#include <stddef.h>
#include <stdint.h>

#include "archive/aead.h"
#include "archive/engine.h"
#include "base/buf.h"
#include "base/digest.h"
#include "base/error.h"

struct sh_vault;

/* Bytes that sealing adds. */
#define SH_SEAL_OVERHEAD	36

/*
 * Durable: archive.key and holders/table below the folder KEYS.  What a
 * crashed creation left is used or replaced; a key store that holds a
 * holder's key is never touched.
 * Errors: SH_EEXISTS "key.in-use".
 */
int sh_vault_create(const char *keys, struct sh_error *err) SH_MUST_CHECK;

/* Errors: SH_ENOTFOUND "key.missing"; SH_EDENIED "key.mode", "key.wrong". */
int sh_vault_open(const char *keys, int writable, struct sh_vault **vp,
    struct sh_error *err) SH_MUST_CHECK;
void sh_vault_close(struct sh_vault *v);

struct sh_kek_token;

/*
 * Durable: another archive key, at random, in keys/archive.key or wrapped by
 * a token (archive/kek.h).  Only the key store is written again; a crash
 * leaves the old key or the new one.
 */
int sh_vault_rotate(struct sh_vault *v, const char *keys,
    const struct sh_kek_token *token, struct sh_error *err) SH_MUST_CHECK;

/* What a keyed digest is for; each kind has a key of its own. */
enum sh_name_kind {
	SH_NAME_HOLDER,		/* kind and number of a holder */
	SH_NAME_DOCUMENT,	/* what an accession is made of */
	SH_NAME_CONTENT,	/* a document's content digest */
	SH_NAME_TERM,		/* what a global index is looked up by */
	SH_NAME_BLOB,		/* a blob's plain digest */
	SH_NAME_BLOB_KEY,	/* the same: the key that seals it */
	SH_NAME_WORD,		/* a word of the full-text search */
	SH_NAME_EDGE,		/* the beginning of one */
	SH_NAME_KINDS
};

int sh_vault_name(struct sh_vault *v, enum sh_name_kind kind,
    const void *data, size_t len, struct sh_digest *out,
    struct sh_error *err) SH_MUST_CHECK;

/* Its first 16 bytes. */
int sh_vault_tag(struct sh_vault *v, enum sh_name_kind kind,
    const void *data, size_t len, struct sh_tag *out, struct sh_error *err)
    SH_MUST_CHECK;

/* Durable: every one of the holders has a data key. */
int sh_vault_need_keys(struct sh_vault *v, const struct sh_tag *holders,
    size_t n, struct sh_error *err) SH_MUST_CHECK;

/* Values of HOLDER are about to be read; said before they are looked for. */
void sh_vault_expect(const struct sh_vault *v, const struct sh_tag *holder);

/*
 * The same of somebody whom nobody may have read for long: the disk brings
 * the key while it is asked for the rows.  Costs a call of the system.
 */
void sh_vault_fetch(const struct sh_vault *v, const struct sh_tag *holder);

/*
 * A read has ended, and nobody knows when the next one comes: a vault that
 * others may destroy keys of remembers none until then.
 */
void sh_vault_rest(struct sh_vault *v);

/* 1 if HOLDER has a key, 0 if it was destroyed, or -1. */
int sh_vault_has_key(struct sh_vault *v, const struct sh_tag *holder,
    struct sh_error *err);

/* Durable: nothing of HOLDER can be opened again, in no copy. */
int sh_vault_destroy_key(struct sh_vault *v, const struct sh_tag *holder,
    struct sh_error *err) SH_MUST_CHECK;

/* Where a sealed value lies. */
struct sh_label {
	unsigned table;
	const struct sh_tag *holder;	/* whose key; NULL: the archive's */
	const void *key;
	size_t keylen;			/* at most 128 */
	uint32_t version;		/* of the value */
};

/* Append the sealed value to OUT. */
int sh_vault_seal(struct sh_vault *v, const struct sh_label *label,
    const void *data, size_t len, struct sh_buf *out, struct sh_error *err)
    SH_MUST_CHECK;
int sh_vault_unseal(struct sh_vault *v, const struct sh_label *label,
    const void *data, size_t len, struct sh_buf *out, struct sh_error *err)
    SH_MUST_CHECK;

/* The same for bytes of the pipeline, under a key derived for PURPOSE. */
int sh_vault_seal_for(struct sh_vault *v, const char *purpose,
    const char *name, const void *data, size_t len, struct sh_buf *out,
    struct sh_error *err) SH_MUST_CHECK;
int sh_vault_unseal_for(struct sh_vault *v, const char *purpose,
    const char *name, const void *data, size_t len, struct sh_buf *out,
    struct sh_error *err) SH_MUST_CHECK;

/* HMAC of the bytes under a key derived for PURPOSE. */
int sh_vault_digest_for(struct sh_vault *v, const char *purpose,
    const void *data, size_t len, struct sh_digest *out,
    struct sh_error *err) SH_MUST_CHECK;

/* The vault's cipher, for blobs (archive/stream.h). */
struct sh_aead *sh_vault_aead(struct sh_vault *v);

int sh_vault_check(struct sh_vault *v, int (*finding)(void *arg,
    const char *key, const char *text, struct sh_error *err), void *arg,
    struct sh_error *err) SH_MUST_CHECK;

#endif
