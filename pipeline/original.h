/*
 * PDF files that are documents themselves: signed, or showing more than one
 * scanned image a page.  They are kept bit for bit beside what is made of
 * them; a scanner's PDF is only a wrapper and is not.
 */
#ifndef SH_PIPELINE_ORIGINAL_H
#define SH_PIPELINE_ORIGINAL_H

#include "base/error.h"
#include "base/json.h"
#include "pipeline/home.h"
#include "pipeline/job.h"
#include "pipeline/spool.h"
#include "pipeline/worker_pool.h"

#define SH_ORIGINALS_MAX	8	/* files of one document */

struct sh_originals {
	struct sh_rendition rendition[SH_ORIGINALS_MAX];	/* own their fd */
	char name[SH_ORIGINALS_MAX][16];	/* "original", "original-2" */
	size_t n;
};

/*
 * The files of the draft's pages that are to be kept.  MADE_BY gets
 * "originals": for each its rendition, its scan, how many signatures it has
 * and how they verify.
 * Errors: SH_ELIMIT "original.many"; SH_EFIXITY; of a worker, but a file
 * whose signatures cannot be judged is kept all the same.
 */
int sh_originals_find(struct sh_home *home, struct sh_pool *pool,
    struct sh_spool *spool, struct sh_job *job, const struct sh_draft *draft,
    struct sh_originals *out, json_t *made_by, struct sh_error *err)
    SH_MUST_CHECK;
void sh_originals_clear(struct sh_originals *o);

#endif
