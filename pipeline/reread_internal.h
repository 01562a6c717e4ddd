/* What the files of reread share. */
#ifndef SH_PIPELINE_REREAD_INTERNAL_H
#define SH_PIPELINE_REREAD_INTERNAL_H

#include "base/error.h"
#include "base/json.h"
#include "pipeline/home.h"

enum sh_reread_outcome {
	SH_REREAD_CURRENT,	/* superseded, or tried with this engine */
	SH_REREAD_REPLACED,
	SH_REREAD_BETTER,	/* it would be replaced */
	SH_REREAD_SAME,
	SH_REREAD_DIFFERS,	/* better, but a critical value changed */
	SH_REREAD_FAILED,
	SH_REREAD_OUTCOMES
};

/* The program, comparing: nobody sees what it reads. */
struct sh_reader sh_reread_reader(const struct sh_home *home);

/* Does the record meet the conditions of reread.h?  1, 0, -1. */
int sh_reread_fits(const char *where, const json_t *record,
    const char *engine, struct sh_error *err);

#endif
