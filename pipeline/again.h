/*
 * Nobody is asked for the same paper twice: before a dossier is scanned, what
 * is held of its components; after, those that were not scanned are satisfied
 * from the archive, each with its receipt.
 */
#ifndef SH_PIPELINE_AGAIN_H
#define SH_PIPELINE_AGAIN_H

#include "base/error.h"
#include "pipeline/home.h"
#include "pipeline/job.h"

enum sh_reuse_mode {
	SH_REUSE_NEVER,		/* only told */
	SH_REUSE_AUTO,		/* what the procedure requires and is held */
	SH_REUSE_ASK		/* what somebody has said yes to */
};

/*
 * Fill the job's need: for each component {"code", "name", "required",
 * "state": "held", "expired", "missing", "document", "reuse": may it be}.
 * A dossier without a known procedure has none.
 */
int sh_again_look(struct sh_home *h, struct sh_job *j,
    enum sh_reuse_mode mode, struct sh_error *err) SH_MUST_CHECK;

/*
 * Reuse what may be and no draft of the job is; "receipt" says that it was,
 * "reason" why it could not.
 */
int sh_again_take(struct sh_home *h, struct sh_job *j, struct sh_error *err)
    SH_MUST_CHECK;

/* What was held of the components that the job's own pages do not bring. */
json_t *sh_again_held(const struct sh_job *j, struct sh_error *err);

/* "auto", "ask", "never"; -1: none of them. */
int sh_reuse_mode_parse(const char *s, enum sh_reuse_mode *out);
const char *sh_reuse_mode_word(enum sh_reuse_mode mode);

#endif
