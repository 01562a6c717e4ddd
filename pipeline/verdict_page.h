/*
 * A verdict as a page to print and file: one HTML document that needs
 * nothing from anywhere, A4.
 */
#ifndef SH_PIPELINE_VERDICT_PAGE_H
#define SH_PIPELINE_VERDICT_PAGE_H

#include "base/buf.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/json.h"
#include "schemas/message.h"

/*
 * REPORTS: an array of reports of signing/verify.h, each with its "name" and
 * the file's "digest" beside what verify.h says.
 */
int sh_verdict_page(const json_t *reports, enum sh_lang lang,
    struct sh_buf *out, struct sh_error *err) SH_MUST_CHECK;

#endif
