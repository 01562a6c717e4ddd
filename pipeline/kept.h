/*
 * A dossier that is not finished, kept durably on its spool: its fed pages,
 * their readings, its drafts, and what people have done with them.
 *
 * The order is the spool's: images and readings are synced first, then the
 * entry "job" appears in one step.  A folder without "job" is an intake that
 * was cut short: the same intake goes on with it.
 */
#ifndef SH_PIPELINE_KEPT_H
#define SH_PIPELINE_KEPT_H

#include "base/error.h"
#include "base/json.h"
#include "pipeline/job.h"
#include "pipeline/spool.h"

#define SH_KEPT_JOB	"job"	/* the spool entry */

/* Durable, in place of what was kept before. */
int sh_kept_put(struct sh_spool *s, const struct sh_job *j,
    struct sh_error *err) SH_MUST_CHECK;

/*
 * 1 with the job as it was kept, 0 when none is.  It has no scans to open:
 * they lie on the spool.  Without READINGS its pages cannot be asked for.
 * Errors: SH_EFIXITY "spool.damaged"; json.h's.
 */
int sh_kept_get(struct sh_spool *s, const struct sh_catalogue *catalogue,
    int readings, struct sh_job **jp, struct sh_error *err);

/*
 * The stored form, "sohoa-kept-1".  BRIEF leaves out what the papers say:
 * pages, decisions' outcome and document ids stay.
 */
json_t *sh_kept_to_json(const struct sh_job *j, int brief,
    struct sh_error *err);
int sh_kept_from_json(json_t *take_v, const struct sh_catalogue *catalogue,
    struct sh_job **jp, struct sh_error *err) SH_MUST_CHECK;

#endif
