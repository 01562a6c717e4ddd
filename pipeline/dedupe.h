/*
 * Seen before?  A draft against the documents that its leading holder has;
 * no other holder's, so that no reader of one learns of another's.
 */
#ifndef SH_PIPELINE_DEDUPE_H
#define SH_PIPELINE_DEDUPE_H

#include "pipeline/job.h"

/*
 * The nearest kin of a matched draft, whose pages look like LOOKS (near.h);
 * nothing alike: SH_KIN_OTHER.  WHO is accountable for looking.
 */
int sh_dedupe(struct sh_archive *ar, const struct sh_reader *who,
    const struct sh_job *job, const struct sh_draft *d,
    const struct sh_buf *looks, struct sh_kin *out, struct sh_error *err)
    SH_MUST_CHECK;

/*
 * A better capture, or a later issue of a paper that replaces the earlier,
 * takes its place, unless it has done so: what DOCUMENT's own record says it
 * is.
 */
int sh_dedupe_replace(struct sh_archive *ar, const struct sh_reader *who,
    const struct sh_paper_type *type, const struct sh_document_id *document,
    struct sh_error *err) SH_MUST_CHECK;

#endif
