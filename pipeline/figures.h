/*
 * The ledger: what became of each feed of a dossier, in numbers, kept sealed
 * in the home for the figures.  No value of a paper stands in it.
 *
 * An entry is written whenever intake or a person is done with a dossier;
 * the same scans are the same entry.
 */
#ifndef SH_PIPELINE_FIGURES_H
#define SH_PIPELINE_FIGURES_H

#include "base/error.h"
#include "base/json.h"
#include "pipeline/home.h"
#include "pipeline/job.h"

/* FOLDER: the name of the job's spool folder. */
int sh_figures_put(struct sh_home *h, const char *folder,
    const struct sh_job *j, struct sh_error *err) SH_MUST_CHECK;

/*
 * Components of a dossier that were satisfied by what is held:
 * [{"component", "document", "receipt", "national"}].
 */
int sh_figures_reused(struct sh_home *h, const struct sh_dossier *d,
    const json_t *components, struct sh_error *err) SH_MUST_CHECK;

/* Every entry once; FN returns 0 to go on. */
int sh_figures_each(struct sh_home *h,
    int (*fn)(void *arg, const json_t *entry, struct sh_error *err),
    void *arg, struct sh_error *err) SH_MUST_CHECK;

#endif
