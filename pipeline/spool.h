/*
 * Bytes of the pipeline's own on disk, sealed: what was fed, and results
 * that need not be made twice.  Nothing readable lies there.
 *
 * A spool is a folder of sealed entries named by the caller (letters,
 * digits, '-', '.').  Large files are sealed in pieces, so memory does not
 * grow with them; a piece cut off, swapped or altered is SH_EFIXITY.
 */
#ifndef SH_PIPELINE_SPOOL_H
#define SH_PIPELINE_SPOOL_H

#include <stddef.h>
#include <stdint.h>

#include "archive/archive.h"
#include "base/buf.h"
#include "base/digest.h"
#include "base/error.h"

struct sh_spool;

/* The folder is made when it is not there.  AR is borrowed. */
int sh_spool_open(const char *dir, struct sh_archive *ar,
    struct sh_spool **sp, struct sh_error *err) SH_MUST_CHECK;
void sh_spool_close(struct sh_spool *s);
/* Borrowed: the folder as it was opened. */
const char *sh_spool_dir(const struct sh_spool *s);

/*
 * Keep these bytes under NAME, in place of what was there.  Durable when
 * SYNC; without it they may be gone, but never half there, after a crash.
 */
int sh_spool_put(struct sh_spool *s, const char *name, const void *data,
    size_t len, int sync, struct sh_error *err) SH_MUST_CHECK;
/* 1 with the bytes, 0 when there is no such entry or a crash left half. */
int sh_spool_get(struct sh_spool *s, const char *name, struct sh_buf *out,
    struct sh_error *err);

/* Durable: the whole file behind FD, and its digest. */
int sh_spool_put_file(struct sh_spool *s, const char *name, int fd,
    struct sh_digest *digest, uint64_t *bytes, struct sh_error *err)
    SH_MUST_CHECK;
/* The entry's content appended to OUT_FD. */
int sh_spool_get_file(struct sh_spool *s, const char *name, int out_fd,
    struct sh_error *err) SH_MUST_CHECK;

/* What was put without SYNC is durable now; absent is fine. */
int sh_spool_sync(struct sh_spool *s, const char *name, struct sh_error *err)
    SH_MUST_CHECK;

/* Each entry's name, in no promised order; FN returns 0 to go on. */
int sh_spool_each(struct sh_spool *s,
    int (*fn)(void *arg, const char *name, struct sh_error *err), void *arg,
    struct sh_error *err) SH_MUST_CHECK;

int sh_spool_remove(struct sh_spool *s, const char *name,
    struct sh_error *err) SH_MUST_CHECK;
/* The folder and all in it. */
int sh_spool_destroy(struct sh_spool *s, struct sh_error *err) SH_MUST_CHECK;

/* Remove the oldest entries until at most LIMIT bytes are left. */
int sh_spool_trim(struct sh_spool *s, uint64_t limit, struct sh_error *err)
    SH_MUST_CHECK;

#endif
