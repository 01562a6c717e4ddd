/*
 * Bytes that must not leave the process: keys, PINs.  The memory is locked
 * where the limits allow, kept out of core dumps, and wiped when freed.
 * Never logged, never passed to a worker.
 */
#ifndef SH_BASE_SECRET_H
#define SH_BASE_SECRET_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct sh_secret {
	uint8_t *data;
	size_t len;
	size_t mapped;		/* private */
};

#define SH_SECRET_INIT	{ .data = NULL }

/* LEN zero bytes (1 to 1 MiB). */
int sh_secret_new(struct sh_secret *s, size_t len, struct sh_error *err)
    SH_MUST_CHECK;
int sh_secret_random(struct sh_secret *s, size_t len, struct sh_error *err)
    SH_MUST_CHECK;
void sh_secret_free(struct sh_secret *s);

/*
 * The content of a file that only its owner may read (mode 0600 or 0400;
 * anything wider is SH_EDENIED "key.mode"), at most LIMIT bytes.
 */
int sh_secret_load(struct sh_secret *s, const char *path, size_t limit,
    struct sh_error *err) SH_MUST_CHECK;

void sh_wipe(void *p, size_t len);

#endif
