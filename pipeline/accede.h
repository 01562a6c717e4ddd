/*
 * From a matched draft to a signed document in the archive: PDF/A, officer's
 * and agency's signatures, verdict on the finished bytes, accession.
 */
#ifndef SH_PIPELINE_ACCEDE_H
#define SH_PIPELINE_ACCEDE_H

#include "base/error.h"
#include "pipeline/home.h"
#include "pipeline/job.h"
#include "pipeline/render.h"
#include "pipeline/spool.h"

/*
 * Archive a draft in state READY: ARCHIVED or LINKED with its id.  ENGINE
 * names what read it.  On -1 nothing of it is in the archive; the draft
 * stays READY.  Errors: of the rooms; SH_ESIGNATURE "document.unverified",
 * our own verdict on the finished bytes is not that they are signed.
 */
int sh_accede(struct sh_home *home, struct sh_pool *pool,
    struct sh_spool *spool, struct sh_job *job, struct sh_draft *draft,
    const char *engine, struct sh_error *err) SH_MUST_CHECK;

#endif
