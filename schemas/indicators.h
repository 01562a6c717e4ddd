/*
 * The indicators by which digitising is judged (QĐ 766/QĐ-TTg), as data: what
 * counts for each, its target and most points, and the levels of agencies.
 * An agency that knows better changes catalogue/indicators.json of its home;
 * without that file the built-in one holds.
 */
#ifndef SH_SCHEMAS_INDICATORS_H
#define SH_SCHEMAS_INDICATORS_H

#include "base/error.h"
#include "base/json.h"

/*
 * A new reference to {"levels", "agencies", "indicators"}, checked.
 * Errors: SH_EFORMAT "indicators.entry", "json.syntax".
 */
int sh_indicators_load(const char *dir, json_t **out, struct sh_error *err)
    SH_MUST_CHECK;

#endif
