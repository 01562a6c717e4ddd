/*
 * JSON as contracts need it: strict in, canonical out, typed getters.
 *
 * json_t is jansson's; references follow its rules (a getter's result is
 * borrowed from the object).  Getters name the member in their error:
 * SH_EFORMAT "json.member".
 */
#ifndef SH_BASE_JSON_H
#define SH_BASE_JSON_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"

/*
 * One JSON value and nothing behind it: duplicate keys, bad UTF-8, NUL in
 * strings, nesting deeper than 64 and input over LIMIT bytes are refused.
 * Errors: SH_EFORMAT "json.syntax" (with line and column), SH_ELIMIT.
 */
json_t *sh_json_parse(const void *data, size_t len, size_t limit,
    struct sh_error *err);
json_t *sh_json_load(const char *path, size_t limit, struct sh_error *err);

/*
 * Canonical bytes: keys sorted by code point, no white space, UTF-8 as is.
 * Floats have no canonical form here and are refused (SH_EARG).
 */
int sh_json_canonical(const json_t *v, struct sh_buf *out,
    struct sh_error *err) SH_MUST_CHECK;

/* For people and programs outside: two spaces of indent, or one line. */
int sh_json_print(const json_t *v, int pretty, struct sh_buf *out,
    struct sh_error *err) SH_MUST_CHECK;

/*
 * Members.  REQUIRED 0: an absent or null member gives NULL / DEFAULT and 0.
 * Strings longer than MAX bytes are SH_ELIMIT "json.member".
 */
int sh_json_str(const json_t *obj, const char *name, int required,
    size_t max, const char **sp, struct sh_error *err) SH_MUST_CHECK;
int sh_json_int(const json_t *obj, const char *name, int required,
    int64_t lo, int64_t hi, int64_t dflt, int64_t *vp, struct sh_error *err)
    SH_MUST_CHECK;
int sh_json_num(const json_t *obj, const char *name, int required,
    double lo, double hi, double dflt, double *vp, struct sh_error *err)
    SH_MUST_CHECK;
int sh_json_bool(const json_t *obj, const char *name, int dflt, int *vp,
    struct sh_error *err) SH_MUST_CHECK;
/* An array of at most MAX elements. */
int sh_json_array(const json_t *obj, const char *name, int required,
    size_t max, json_t **vp, struct sh_error *err) SH_MUST_CHECK;
int sh_json_object(const json_t *obj, const char *name, int required,
    json_t **vp, struct sh_error *err) SH_MUST_CHECK;

/* For what is shown only: the string under NAME, "" when there is none. */
const char *sh_json_text(const json_t *obj, const char *name);

/*
 * Builders: set a member and steal the reference, checked.  A NULL value is
 * out of memory; a NULL string leaves the member out.
 */
int sh_json_set(json_t *obj, const char *name, json_t *v,
    struct sh_error *err) SH_MUST_CHECK;
int sh_json_set_str(json_t *obj, const char *name, const char *s,
    struct sh_error *err) SH_MUST_CHECK;
int sh_json_set_int(json_t *obj, const char *name, int64_t v,
    struct sh_error *err) SH_MUST_CHECK;
int sh_json_append(json_t *array, json_t *v, struct sh_error *err)
    SH_MUST_CHECK;
/*
 * A copy that lacks nothing: jansson's own leave out what there was no memory
 * for.  Shallow, members are shared with V.
 */
json_t *sh_json_copy(const json_t *v, int deep, struct sh_error *err);
json_t *sh_json_new_object(struct sh_error *err);
json_t *sh_json_new_array(struct sh_error *err);

#endif
