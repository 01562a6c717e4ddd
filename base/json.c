#include "base/json.h"

#include <math.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include "base/fs.h"

#define JSON_DEPTH_MAX	64

/*
 * jansson 2.14 leaves out the letter for which a string found no room, and
 * goes on, into an assertion at worst: the parser is left where an allocation
 * fails.  What it had allocated by then is lost.
 */
static _Thread_local jmp_buf *way_out;

static void *
take_memory(size_t n)
{
	void *p = malloc(n);

	if (p == NULL && way_out != NULL)
		longjmp(*way_out, 1);
	return (p);
}

__attribute__((constructor)) static void
watch_memory(void)
{
	json_set_alloc_funcs(take_memory, free);
}

/* jansson's own bound on depth is 2,048: bound the stack before it. */
static int
too_deep(const char *p, size_t len)
{
	unsigned depth = 0;
	int in_string = 0;

	for (; len > 0; p++, len--) {
		if (in_string) {
			if (*p == '\\' && len > 1) {
				p++;
				len--;
			} else if (*p == '"') {
				in_string = 0;
			}
		} else if (*p == '"') {
			in_string = 1;
		} else if (*p == '[' || *p == '{') {
			if (++depth > JSON_DEPTH_MAX)
				return (1);
		} else if ((*p == ']' || *p == '}') && depth > 0) {
			depth--;
		}
	}
	return (0);
}

json_t *
sh_json_parse(const void *data, size_t len, size_t limit,
    struct sh_error *err)
{
	json_error_t je;
	jmp_buf env;
	json_t *v;

	if (len > limit) {
		(void)sh_error_set(err, SH_ELIMIT, "json.too-large",
		    "JSON of %zu bytes; limit %zu", len, limit);
		return (NULL);
	}
	if (too_deep(data, len)) {
		(void)sh_error_set(err, SH_ELIMIT, "json.too-deep",
		    "JSON nested deeper than %d", JSON_DEPTH_MAX);
		return (NULL);
	}
	if (setjmp(env) != 0) {
		way_out = NULL;
		(void)sh_error_nomem(err, "JSON");
		return (NULL);
	}
	way_out = &env;
	v = json_loadb(data, len, JSON_REJECT_DUPLICATES, &je);
	way_out = NULL;
	if (v == NULL)
		(void)sh_error_set(err, SH_EFORMAT, "json.syntax",
		    "line %d column %d: %s", je.line, je.column, je.text);
	return (v);
}

json_t *
sh_json_load(const char *path, size_t limit, struct sh_error *err)
{
	struct sh_buf b = SH_BUF_INIT;
	json_t *v = NULL;

	if (sh_fs_read(path, limit, &b, err) == 0 &&
	    (v = sh_json_parse(b.data, b.len, limit, err)) == NULL)
		(void)sh_error_context(err, "%s", path);
	sh_buf_free(&b);
	return (v);
}

static int
has_float(const json_t *v)
{
	const json_t *child;
	const char *key;
	size_t i;

	if (json_is_real(v))
		return (1);
	if (json_is_array(v)) {
		json_array_foreach(v, i, child)
			if (has_float(child))
				return (1);
	} else if (json_is_object(v)) {
		json_object_foreach((json_t *)(uintptr_t)v, key, child)
			if (has_float(child))
				return (1);
	}
	return (0);
}

struct sink {
	struct sh_buf *out;
	struct sh_error *err;
	int failed;
};

/* jansson does not look whether a member's name went through. */
static int
to_buf(const char *data, size_t len, void *arg)
{
	struct sink *s = arg;

	if (!s->failed)
		s->failed = sh_buf_append(s->out, data, len, s->err) != 0;
	return (s->failed ? -1 : 0);
}

static int
dump(const json_t *v, size_t flags, struct sh_buf *out, struct sh_error *err)
{
	struct sink s = { out, err, 0 };
	size_t start = out->len;

	if (json_dump_callback(v, to_buf, &s, flags | JSON_ENCODE_ANY) != 0 ||
	    s.failed) {
		out->len = start;
		/* A refused sink has told its own cause. */
		return (sh_error_nomem(err, "JSON"));
	}
	return (0);
}

int
sh_json_canonical(const json_t *v, struct sh_buf *out, struct sh_error *err)
{
	if (has_float(v))
		return (sh_error_set(err, SH_EARG, "json.float",
		    "a float has no canonical form"));
	return (dump(v, JSON_SORT_KEYS | JSON_COMPACT, out, err));
}

int
sh_json_print(const json_t *v, int pretty, struct sh_buf *out,
    struct sh_error *err)
{
	return (dump(v, JSON_REAL_PRECISION(6) |
	    (pretty ? JSON_INDENT(2) : JSON_COMPACT), out, err));
}

static int
wrong(const char *name, const char *want, struct sh_error *err)
{
	sh_error_param(err, "member", "%s", name);
	return (sh_error_set(err, SH_EFORMAT, "json.member",
	    "\"%s\" must be %s", name, want));
}

/* 1: there; 0: absent and that is fine; -1: absent and required. */
static int
member(const json_t *obj, const char *name, int required, json_t **vp,
    struct sh_error *err)
{
	*vp = json_object_get(obj, name);
	if (*vp != NULL && !json_is_null(*vp))
		return (1);
	if (!required)
		return (0);
	sh_error_param(err, "member", "%s", name);
	return (sh_error_set(err, SH_EFORMAT, "json.member",
	    "\"%s\" is missing", name));
}

int
sh_json_str(const json_t *obj, const char *name, int required, size_t max,
    const char **sp, struct sh_error *err)
{
	json_t *v;
	int r;

	*sp = NULL;
	if ((r = member(obj, name, required, &v, err)) <= 0)
		return (r);
	if (!json_is_string(v))
		return (wrong(name, "a string", err));
	if (json_string_length(v) > max) {
		sh_error_param(err, "member", "%s", name);
		return (sh_error_set(err, SH_ELIMIT, "json.member",
		    "\"%s\" has %zu bytes; limit %zu", name,
		    json_string_length(v), max));
	}
	*sp = json_string_value(v);
	return (0);
}

int
sh_json_int(const json_t *obj, const char *name, int required, int64_t lo,
    int64_t hi, int64_t dflt, int64_t *vp, struct sh_error *err)
{
	json_t *v;
	int64_t n;
	int r;

	*vp = dflt;
	if ((r = member(obj, name, required, &v, err)) <= 0)
		return (r);
	if (!json_is_integer(v))
		return (wrong(name, "an integer", err));
	n = json_integer_value(v);
	if (n < lo || n > hi) {
		sh_error_param(err, "member", "%s", name);
		return (sh_error_set(err, SH_ELIMIT, "json.member",
		    "\"%s\" is %lld; allowed %lld to %lld", name,
		    (long long)n, (long long)lo, (long long)hi));
	}
	*vp = n;
	return (0);
}

int
sh_json_num(const json_t *obj, const char *name, int required, double lo,
    double hi, double dflt, double *vp, struct sh_error *err)
{
	json_t *v;
	double n;
	int r;

	*vp = dflt;
	if ((r = member(obj, name, required, &v, err)) <= 0)
		return (r);
	if (!json_is_number(v))
		return (wrong(name, "a number", err));
	n = json_number_value(v);
	if (!(n >= lo && n <= hi)) {
		sh_error_param(err, "member", "%s", name);
		return (sh_error_set(err, SH_ELIMIT, "json.member",
		    "\"%s\" is %g; allowed %g to %g", name, n, lo, hi));
	}
	*vp = n;
	return (0);
}

int
sh_json_bool(const json_t *obj, const char *name, int dflt, int *vp,
    struct sh_error *err)
{
	json_t *v;
	int r;

	*vp = dflt;
	if ((r = member(obj, name, 0, &v, err)) <= 0)
		return (r);
	if (!json_is_boolean(v))
		return (wrong(name, "true or false", err));
	*vp = json_is_true(v);
	return (0);
}

int
sh_json_array(const json_t *obj, const char *name, int required, size_t max,
    json_t **vp, struct sh_error *err)
{
	json_t *v;
	int r;

	*vp = NULL;
	if ((r = member(obj, name, required, &v, err)) <= 0)
		return (r);
	if (!json_is_array(v))
		return (wrong(name, "an array", err));
	if (json_array_size(v) > max) {
		sh_error_param(err, "member", "%s", name);
		return (sh_error_set(err, SH_ELIMIT, "json.member",
		    "\"%s\" has %zu elements; limit %zu", name,
		    json_array_size(v), max));
	}
	*vp = v;
	return (0);
}

int
sh_json_object(const json_t *obj, const char *name, int required,
    json_t **vp, struct sh_error *err)
{
	json_t *v;
	int r;

	*vp = NULL;
	if ((r = member(obj, name, required, &v, err)) <= 0)
		return (r);
	if (!json_is_object(v))
		return (wrong(name, "an object", err));
	*vp = v;
	return (0);
}

const char *
sh_json_text(const json_t *obj, const char *name)
{
	const char *s = json_string_value(json_object_get(obj, name));

	return (s != NULL ? s : "");
}

int
sh_json_set(json_t *obj, const char *name, json_t *v, struct sh_error *err)
{
	/* json_object_set_new drops V when it fails. */
	if (v == NULL || json_object_set_new(obj, name, v) != 0)
		return (sh_error_nomem(err, "JSON"));
	return (0);
}

int
sh_json_set_str(json_t *obj, const char *name, const char *s,
    struct sh_error *err)
{
	if (s == NULL)
		return (0);
	return (sh_json_set(obj, name, json_string(s), err));
}

int
sh_json_set_int(json_t *obj, const char *name, int64_t v,
    struct sh_error *err)
{
	return (sh_json_set(obj, name, json_integer(v), err));
}

int
sh_json_append(json_t *array, json_t *v, struct sh_error *err)
{
	if (v == NULL || json_array_append_new(array, v) != 0)
		return (sh_error_nomem(err, "JSON"));
	return (0);
}

json_t *
sh_json_copy(const json_t *v, int deep, struct sh_error *err)
{
	json_t *copy;

	copy = deep ? json_deep_copy(v) : json_copy((json_t *)(uintptr_t)v);
	if (copy != NULL && (deep ? json_equal(v, copy) :
	    json_object_size(v) == json_object_size(copy) &&
	    json_array_size(v) == json_array_size(copy)))
		return (copy);
	json_decref(copy);
	(void)sh_error_nomem(err, "JSON");
	return (NULL);
}

json_t *
sh_json_new_object(struct sh_error *err)
{
	json_t *v = json_object();

	if (v == NULL)
		(void)sh_error_nomem(err, "JSON");
	return (v);
}

json_t *
sh_json_new_array(struct sh_error *err)
{
	json_t *v = json_array();

	if (v == NULL)
		(void)sh_error_nomem(err, "JSON");
	return (v);
}
