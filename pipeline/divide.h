/*
 * From fed pages to drafts: where does a document begin, what is it, what
 * does it say?  Separator sheets decide; else a title or the national motto
 * at the top begins a document, and a page without either goes on with the
 * one before.  A file boundary begins one unless the page reads as a
 * continuation.
 */
#ifndef SH_PIPELINE_DIVIDE_H
#define SH_PIPELINE_DIVIDE_H

#include "base/error.h"
#include "pipeline/job.h"

/* Fills the job's drafts; every page of kind DOCUMENT is in exactly one. */
int sh_divide(struct sh_job *j, struct sh_error *err) SH_MUST_CHECK;

/*
 * What one draft is and says, from its pages: content digest, type, fields,
 * parties.  What it was taken for before is forgotten, but not its pages,
 * component and what people did with it.
 */
int sh_draft_judge(struct sh_job *j, struct sh_draft *d, struct sh_error *err)
    SH_MUST_CHECK;

/*
 * The type is known now: its fields are read again, then the parties that
 * they name.  TYPE NULL: only the parties, from fields that a person has
 * corrected.
 */
int sh_draft_retype(struct sh_job *j, struct sh_draft *d,
    const struct sh_paper_type *type, struct sh_error *err) SH_MUST_CHECK;

#endif
