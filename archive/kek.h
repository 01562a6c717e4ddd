/*
 * The archive key, which wraps all others: in a file of 32 bytes, or wrapped
 * by a key pair inside a PKCS#11 token, so that the files alone open nothing.
 *
 * A file that begins with '{' describes the token (archive/FORMAT, "Keys"):
 * its private key unwraps the archive key whenever the archive is opened.
 */
#ifndef SH_ARCHIVE_KEK_H
#define SH_ARCHIVE_KEK_H

#include "base/error.h"
#include "base/secret.h"

/* Where a wrapping key lies. */
struct sh_kek_token {
	const char *module;	/* driver: path of a shared library */
	const char *token;	/* its label */
	const char *object;	/* label of an RSA key pair, >= 2048 bits */
	const char *pin_file;	/* mode 0600 */
};

/*
 * Errors: SH_EDENIED "key.mode", "key.pin"; SH_EFORMAT "key.size",
 * "key.file"; SH_ENOTFOUND "key.module", "key.token", "key.missing";
 * SH_EAGAIN "key.token-gone"; SH_EDENIED "key.wrong", the token has another
 * key.
 */
int sh_kek_load(const char *path, struct sh_secret *kek,
    struct sh_error *err) SH_MUST_CHECK;

/* Durable: KEK at PATH, as it is (TOKEN NULL) or wrapped. */
int sh_kek_store(const char *path, const struct sh_secret *kek,
    const struct sh_kek_token *token, struct sh_error *err) SH_MUST_CHECK;

#endif
