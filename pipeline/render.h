/*
 * A draft's PDF/A: its pages as its paper type wants them kept.
 *
 * Layers are trusted only when they still read the same: the fields on a page
 * in layers are read again, and where one changed, all the document's pages
 * are kept as they were fed.
 */
#ifndef SH_PIPELINE_RENDER_H
#define SH_PIPELINE_RENDER_H

#include "base/error.h"
#include "base/json.h"
#include "ocr/page.h"
#include "ocr/pdfa.h"
#include "pipeline/home.h"
#include "pipeline/job.h"
#include "pipeline/spool.h"
#include "pipeline/worker_pool.h"

/* Names of the spool's entries: the coded image of a fed page, a scan. */
#define SH_SPOOL_IMAGE	"image-%zu"
#define SH_SPOOL_SCAN	"scan-%zu"

/* The part and conformance that this home writes. */
enum sh_pdfa_flavour sh_render_flavour(const struct sh_home *home);

/*
 * Write the document into FD.  PAGES are the draft's readings.  MADE_BY gets
 * "profile", how its pages are kept, and where that is not what the paper
 * type wants, "profile_why" (a message key) and "profile_field".
 * Errors: of the rooms; SH_EFIXITY "spool.damaged".
 */
int sh_render(struct sh_home *home, struct sh_pool *pool,
    struct sh_spool *spool, const struct sh_job *job,
    const struct sh_draft *draft, struct sh_page *const *pages,
    const char *identifier, int64_t now, int fd, json_t *made_by,
    struct sh_error *err) SH_MUST_CHECK;

#endif
