/*
 * Memory of the generator.  A page is made in one go and thrown away, so its
 * strings and items live in an arena that is freed as a whole.  A generator
 * that runs out of memory has nothing to save: the program ends with
 * EX_OSERR, and no function here fails.  An arena is used by one thread.
 */
#ifndef SH_SAMPLES_KEEP_H
#define SH_SAMPLES_KEEP_H

#include <stddef.h>

#include "base/error.h"

struct sh_arena {
	struct sh_arena_chunk *last;
};

#define SH_ARENA_INIT	{ .last = NULL }

void sh_arena_free(struct sh_arena *a);
/* Zeroed, aligned for any type. */
void *sh_arena_get(struct sh_arena *a, size_t n, size_t size);
char *sh_arena_dup(struct sh_arena *a, const char *s);
char *sh_arena_ndup(struct sh_arena *a, const char *s, size_t len);
char *sh_arena_printf(struct sh_arena *a, const char *fmt, ...)
    SH_PRINTF(2, 3);

/* Outside an arena: zeroed, and an array grown to hold NEED elements. */
void *sh_keep(size_t n, size_t size);
void *sh_keep_grow(void *p, size_t *capp, size_t need, size_t size);

/* Print why and end with EX_OSERR. */
void sh_keep_die(void) __attribute__((noreturn));

#endif
