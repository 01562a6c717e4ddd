/*
 * Allocation whose sizes are checked and whose failure has a name.
 * Everything here is released with free().
 */
#ifndef SH_BASE_MEM_H
#define SH_BASE_MEM_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* N zeroed elements of SIZE bytes (at least one byte); NULL with err set. */
void *sh_alloc(size_t n, size_t size, const char *what, struct sh_error *err);

/*
 * Make room for at least NEED elements of SIZE bytes in *PTRP, which has
 * room for *CAPP; grows by half.  New room is not cleared.
 */
int sh_grow(void *ptrp, size_t *capp, size_t need, size_t size,
    const char *what, struct sh_error *err) SH_MUST_CHECK;

/* A copy of the string, or of its first LEN bytes, ended by NUL. */
char *sh_strdup(const char *s, struct sh_error *err);
char *sh_strndup(const char *s, size_t len, struct sh_error *err);

/* printf into fresh memory. */
char *sh_asprintf(struct sh_error *err, const char *fmt, ...)
    SH_PRINTF(2, 3);

#define SH_COUNT(array)	(sizeof(array) / sizeof((array)[0]))

#endif
