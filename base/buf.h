/*
 * A growing byte buffer with a limit.  Plain data: zero it, or SH_BUF_INIT,
 * and release with sh_buf_free().  data[len] is always a NUL once anything
 * was appended, so text can be printed.  When limit is not 0, a buffer that
 * would pass it fails with SH_ELIMIT and is left as it was.
 */
#ifndef SH_BASE_BUF_H
#define SH_BASE_BUF_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct sh_buf {
	uint8_t *data;
	size_t len;
	size_t cap;
	size_t limit;
};

#define SH_BUF_INIT	{ .data = NULL }

void sh_buf_free(struct sh_buf *b);

/* Forget the content, keep the memory. */
void sh_buf_reset(struct sh_buf *b);

/* Room for LEN more bytes; the place to write them, or NULL. */
uint8_t *sh_buf_reserve(struct sh_buf *b, size_t len, struct sh_error *err);

int sh_buf_append(struct sh_buf *b, const void *data, size_t len,
    struct sh_error *err) SH_MUST_CHECK;
int sh_buf_puts(struct sh_buf *b, const char *s, struct sh_error *err)
    SH_MUST_CHECK;
int sh_buf_printf(struct sh_buf *b, struct sh_error *err, const char *fmt,
    ...) SH_PRINTF(3, 4) SH_MUST_CHECK;
int sh_buf_vprintf(struct sh_buf *b, struct sh_error *err, const char *fmt,
    va_list ap) SH_PRINTF(3, 0) SH_MUST_CHECK;

/* Big-endian integers of NBYTES (1..8). */
int sh_buf_put_be(struct sh_buf *b, uint64_t v, unsigned nbytes,
    struct sh_error *err) SH_MUST_CHECK;
void sh_put_be(uint8_t *p, uint64_t v, unsigned nbytes);
uint64_t sh_get_be(const uint8_t *p, unsigned nbytes);

/* The bytes as a string that the caller frees; the buffer becomes empty. */
char *sh_buf_steal(struct sh_buf *b, struct sh_error *err);

#endif
