/*
 * What became of a file's pages when it was decoded: the same bytes need not
 * be decoded again, as long as what was read of them is known as well.
 *
 * Remembered are each page's measures, its likeness and where its coded image
 * lies in the file; a file whose images were coded anew is not remembered.
 */
#ifndef SH_PIPELINE_DECODED_H
#define SH_PIPELINE_DECODED_H

#include "pipeline/spool.h"
#include "pipeline/worker_pool.h"

#define SH_DECODED_PAGES_MAX	64
#define SH_DECODED_NAME		72

struct sh_decoded;

/*
 * The entry of the file behind FD, to be filled while its pages come.  *DP
 * stays NULL for one that is too large to be remembered.  FD is borrowed.
 */
int sh_decoded_new(struct sh_archive *ar, int fd, struct sh_decoded **dp,
    struct sh_error *err) SH_MUST_CHECK;
/* Takes NULL, as the others do. */
void sh_decoded_free(struct sh_decoded *d);
/* The next page; the file is forgotten where it cannot be remembered. */
int sh_decoded_add(struct sh_decoded *d, const struct sh_raster *r,
    struct sh_error *err) SH_MUST_CHECK;
/* A page failed, or not all of them came. */
void sh_decoded_forget(struct sh_decoded *d);
/* All pages came: into the cache. */
int sh_decoded_put(struct sh_decoded *d, struct sh_spool *cache,
    struct sh_error *err) SH_MUST_CHECK;

/*
 * The pages as they were decoded, but without pixels (fd -1): 1, 0: not
 * known, -1.  PAGES has room for SH_DECODED_PAGES_MAX; each of the *NP is
 * cleared by the caller.
 */
int sh_decoded_get(struct sh_decoded *d, struct sh_spool *cache,
    struct sh_raster *pages, size_t *np, struct sh_error *err);

#endif
