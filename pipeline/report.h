/*
 * Figures of digitising for a period, by agency and level: from the ledger
 * (figures.h), the queue and the samples; the indicators by the formulas of
 * schemas/indicators.json.
 *
 * The answer's form is schemas/report.schema.json.
 */
#ifndef SH_PIPELINE_REPORT_H
#define SH_PIPELINE_REPORT_H

#include <stdio.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "pipeline/home.h"
#include "schemas/message.h"

/*
 * Dossiers received from FROM to TO, both included.  DRILL: the code of an
 * indicator whose dossiers are listed; NULL: none.
 * Errors: SH_ENOTFOUND "report.indicator"; of the indicators' file.
 */
int sh_report(struct sh_home *h, struct sh_date from, struct sh_date to,
    const char *drill, json_t **answer, struct sh_error *err) SH_MUST_CHECK;

/* One line for each agency behind the names of the columns. */
int sh_report_csv(const json_t *report, struct sh_buf *out,
    struct sh_error *err) SH_MUST_CHECK;

/* A page with plots. */
int sh_report_svg(const json_t *report, enum sh_lang lang,
    struct sh_buf *out, struct sh_error *err) SH_MUST_CHECK;

#endif
