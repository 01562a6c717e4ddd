/*
 * A reading as a picture: each word where it stands on the page, in a box
 * whose colour tells how sure it is, and the fields that were found.  One
 * SVG file with the pages one below the other, no scripts, no outside parts.
 */
#ifndef SH_PIPELINE_PICTURE_H
#define SH_PIPELINE_PICTURE_H

#include <stdio.h>

#include "base/error.h"
#include "pipeline/job.h"
#include "schemas/message.h"

/* Errors: SH_ESYSTEM "file.write". */
int sh_picture(const struct sh_job *j, enum sh_lang lang, FILE *out,
    struct sh_error *err) SH_MUST_CHECK;

#endif
