/*
 * What became of a dossier, for programs (schemas/intake.schema.json) and
 * for people.
 */
#ifndef SH_PIPELINE_RESULT_H
#define SH_PIPELINE_RESULT_H

#include <stdio.h>

#include "base/error.h"
#include "pipeline/job.h"
#include "schemas/message.h"

struct sh_tally {
	size_t fed, archived, blank, separators, set_aside, waiting, failed;
};

void sh_result_tally(const struct sh_job *j, struct sh_tally *t);

/*
 * One JSON object on one line, written page by page so that memory does not
 * grow with the dossier.  TEXT: the pages' words too.
 */
int sh_result_json(const struct sh_job *j, enum sh_lang lang, FILE *out,
    struct sh_error *err) SH_MUST_CHECK;

/* A few lines: each document with its state and reasons, then the count. */
int sh_result_print(const struct sh_job *j, int archived, enum sh_lang lang,
    FILE *out, struct sh_error *err) SH_MUST_CHECK;

/* The sentence of each page that was set aside. */
int sh_result_print_aside(const struct sh_job *j, enum sh_lang lang,
    FILE *out, struct sh_error *err) SH_MUST_CHECK;

/* {"code","key","text","cause"} of an error. */
json_t *sh_result_error(const struct sh_error *e, enum sh_lang lang,
    struct sh_error *err);

#endif
