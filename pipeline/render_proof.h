/*
 * Does a page in layers still say what it said?  Its fields are read again
 * where they stand, on strips of the whole page's width; what is not read
 * again is taken to say what it said.
 */
#ifndef SH_PIPELINE_RENDER_PROOF_H
#define SH_PIPELINE_RENDER_PROOF_H

#include "base/error.h"
#include "ocr/fields.h"
#include "ocr/page.h"
#include "pipeline/worker_pool.h"

/*
 * PAGE, on which SHOWN was composed, with the lines of FIELDS that stand on
 * it (theirs of page INDEX) as they are read now: *PP, the caller's; NULL
 * where no field stands on it.  *WHOLEP: all of it was read again, for too
 * little could be left out.
 * Errors: of reading a page.
 */
int sh_proof_read(struct sh_pool *pool, const struct sh_raster *shown,
    const struct sh_page *page, const struct sh_fields *fields,
    uint32_t index, struct sh_page **pp, int *wholep, struct sh_error *err)
    SH_MUST_CHECK;

#endif
