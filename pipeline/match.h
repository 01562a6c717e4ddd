/*
 * The right person: is each draft a paper of the dossier's holder, or of
 * somebody whom the holder's own papers name?  Only then is it filed, under
 * the people whom it names; everything else waits with its reasons.
 */
#ifndef SH_PIPELINE_MATCH_H
#define SH_PIPELINE_MATCH_H

#include "base/error.h"
#include "pipeline/job.h"

/* Every draft in state NEW becomes READY, with its holders, or WAITS. */
int sh_match(struct sh_job *j, struct sh_error *err) SH_MUST_CHECK;

#endif
