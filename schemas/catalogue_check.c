/* The parts of the catalogue that other rooms read: lists, rules, people. */
#include "schemas/catalogue_internal.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

static int
one_of(const char *s, const char *const *words)
{
	for (; *words != NULL; words++)
		if (strcmp(s, *words) == 0)
			return (1);
	return (0);
}

/* Every member of OBJ has a name among WORDS. */
static int
known_members(const json_t *obj, const char *const *words,
    struct sh_error *err)
{
	const char *key;
	json_t *v;

	if (!json_is_object(obj))
		return (sh_catalogue_wrong(err, "must be an object"));
	json_object_foreach((json_t *)(uintptr_t)obj, key, v)
		if (!one_of(key, words))
			return (sh_catalogue_wrong(err,
			    "unknown member \"%s\"", key));
	return (0);
}

static int
text_ok(const json_t *v)
{
	return (json_is_string(v) && json_string_length(v) > 0 &&
	    json_string_length(v) <= SH_CATALOGUE_TEXT_MAX);
}

/* A list of strings; WEIGHTED lets ["text", 0.5] stand for one. */
static int
check_list(const json_t *v, const char *name, int weighted,
    struct sh_error *err)
{
	const json_t *s;
	size_t i;

	if (v == NULL)
		return (0);
	if (!json_is_array(v) || json_array_size(v) > SH_CATALOGUE_LIST_MAX)
		return (sh_catalogue_wrong(err,
		    "\"%s\" must be a list of at most %d", name,
		    SH_CATALOGUE_LIST_MAX));
	json_array_foreach(v, i, s) {
		if (weighted && json_array_size(s) == 2 &&
		    json_is_number(json_array_get(s, 1)))
			s = json_array_get(s, 0);
		if (!text_ok(s))
			return (sh_catalogue_wrong(err,
			    "\"%s\"[%zu] must be a short text", name, i));
	}
	return (0);
}

/*
 * The small language of patterns: 9 a digit, A a capital, X either, a space
 * white space that may be missing, _ a space, dot or hyphen that may be
 * missing; {m}, {m,n} and ? repeat the one before; all else is itself.
 */
static int
pattern_ok(const char *p)
{
	unsigned lo, hi;
	int n, any = 0;

	for (; *p != '\0'; p++) {
		if (*p == '{') {
			n = 0;
			if (sscanf(p, "{%2u}%n", &lo, &n) == 1 && n > 0)
				hi = lo;
			else if (sscanf(p, "{%2u,%2u}%n", &lo, &hi, &n) < 2 ||
			    n == 0)
				return (0);
			if (!any || lo > hi || hi == 0 || hi > 40)
				return (0);
			p += n - 1;
			any = 0;
		} else if (*p == '?') {
			if (!any)
				return (0);
			any = 0;
		} else if (*p == '}' || (unsigned char)*p >= 0x80) {
			return (0);
		} else {
			any = 1;
		}
	}
	return (1);
}

static int
check_patterns(const json_t *patterns, struct sh_error *err)
{
	const char *key;
	const json_t *s;
	json_t *v;
	size_t i;

	json_object_foreach((json_t *)(uintptr_t)patterns, key, v) {
		if (check_list(v, key, 0, err))
			return (-1);
		json_array_foreach(v, i, s)
			if (!pattern_ok(json_string_value(s)))
				return (sh_catalogue_wrong(err,
				    "pattern \"%s\" is not well formed",
				    json_string_value(s)));
	}
	return (0);
}

static int
check_shared_contexts(const json_t *contexts, struct sh_error *err)
{
	static const char *const members[] = { "of", "heads", "line", NULL };
	const char *key;
	json_t *v;

	json_object_foreach((json_t *)(uintptr_t)contexts, key, v)
		if (strcmp(key, "self") == 0 || strcmp(key, "any") == 0 ||
		    known_members(v, members, err) ||
		    check_list(json_object_get(v, "of"), "of", 0, err) ||
		    check_list(json_object_get(v, "heads"), "heads", 0, err))
			return (sh_catalogue_wrong(err, "context \"%s\"",
			    key));
	return (0);
}

int
sh_catalogue_check_shared(const json_t *shared, struct sh_error *err)
{
	static const char *const objects[] = { "labels", "contexts",
	    "patterns", "fields", NULL };
	const char *key;
	json_t *v;
	size_t i;

	for (i = 0; objects[i] != NULL; i++)
		if (!json_is_object(json_object_get(shared, objects[i])))
			return (sh_catalogue_wrong(err,
			    "\"%s\" must be an object", objects[i]));
	json_object_foreach(json_object_get(shared, "labels"), key, v)
		if (check_list(v, key, 0, err))
			return (-1);
	if (check_patterns(json_object_get(shared, "patterns"), err) ||
	    check_shared_contexts(json_object_get(shared, "contexts"), err))
		return (-1);
	return (check_list(json_object_get(shared, "others"), "others", 0,
	    err) || check_list(json_object_get(shared, "usual"), "usual", 0,
	    err) ? -1 : 0);
}

int
sh_catalogue_check_recognise(const json_t *v, struct sh_error *err)
{
	static const char *const members[] = { "titles", "soft", "words",
	    "not", "symbols", "issuer", "applicant", "untitled", "mrz", "qr",
	    NULL };
	const json_t *titles = json_object_get(v, "titles");

	if (known_members(v, members, err) ||
	    check_list(titles, "titles", 0, err) ||
	    check_list(json_object_get(v, "soft"), "soft", 0, err) ||
	    check_list(json_object_get(v, "words"), "words", 1, err) ||
	    check_list(json_object_get(v, "not"), "not", 1, err) ||
	    check_list(json_object_get(v, "symbols"), "symbols", 0, err))
		return (-1);
	if (json_array_size(titles) == 0 &&
	    !json_is_true(json_object_get(v, "untitled")))
		return (sh_catalogue_wrong(err, "it has no title"));
	return (0);
}

int
sh_catalogue_check_contexts(const json_t *v, const json_t *shared,
    struct sh_error *err)
{
	const json_t *all = json_object_get(shared, "contexts");
	const json_t *s;
	size_t i;

	if (check_list(v, "contexts", 0, err))
		return (-1);
	json_array_foreach(v, i, s)
		if (json_object_get(all, json_string_value(s)) == NULL)
			return (sh_catalogue_wrong(err,
			    "unknown context \"%s\"", json_string_value(s)));
	return (0);
}

static int
has_string(const json_t *array, const char *want)
{
	const json_t *s;
	size_t i;

	json_array_foreach(array, i, s)
		if (strcmp(json_string_value(s), want) == 0)
			return (1);
	return (0);
}

/* One name or a list of names, each a member of TABLE. */
static int
check_names(const json_t *v, const char *what, const json_t *table,
    struct sh_error *err)
{
	size_t i, n = json_is_array(v) ? json_array_size(v) : 1;

	for (i = 0; v != NULL && i < n; i++) {
		const json_t *s = json_is_array(v) ? json_array_get(v, i) : v;

		if (!text_ok(s))
			return (sh_catalogue_wrong(err,
			    "\"%s\" must name something", what));
		if (json_object_get(table, json_string_value(s)) == NULL)
			return (sh_catalogue_wrong(err, "unknown %s \"%s\"",
			    what, json_string_value(s)));
	}
	return (0);
}

/* The contexts that a rule names are the type's, or "self" or "any". */
static int
check_of(const json_t *v, const json_t *contexts, struct sh_error *err)
{
	size_t i, n = json_is_array(v) ? json_array_size(v) : 1;

	for (i = 0; v != NULL && i < n; i++) {
		const json_t *s = json_is_array(v) ? json_array_get(v, i) : v;
		const char *name = json_string_value(s);

		if (name == NULL || (strcmp(name, "self") != 0 &&
		    strcmp(name, "any") != 0 && !has_string(contexts, name)))
			return (sh_catalogue_wrong(err,
			    "its type has no context \"%s\"",
			    name != NULL ? name : "?"));
	}
	return (0);
}

int
sh_catalogue_check_find(const json_t *v, const json_t *contexts,
    const json_t *shared, struct sh_error *err)
{
	static const char *const members[] = { "label", "text", "at",
	    "pattern", "sentence", "title", "of", "where", "after", "exact",
	    "organisation", "weak", "colon", "from", NULL };
	static const char *const places[] = { "number", "date", "signer",
	    "issuer", "title", "subject", "today", "transfer", "name", "mrz",
	    "qr", NULL };
	static const char *const wheres[] = { "top", "bottom", "any", "edge", "row",
	    "first", NULL };
	const char *at, *where;
	const json_t *rule;
	size_t i;

	if (!json_is_array(v) || json_array_size(v) == 0 ||
	    json_array_size(v) > 16)
		return (sh_catalogue_wrong(err,
		    "\"find\" must hold 1 to 16 rules"));
	json_array_foreach(v, i, rule) {
		if (known_members(rule, members, err) ||
		    check_names(json_object_get(rule, "label"), "label",
		    json_object_get(shared, "labels"), err) ||
		    check_names(json_object_get(rule, "pattern"), "pattern",
		    json_object_get(shared, "patterns"), err) ||
		    check_of(json_object_get(rule, "of"), contexts, err) ||
		    check_list(json_object_get(rule, "text"), "text", 0,
		    err) ||
		    check_list(json_object_get(rule, "after"), "after", 0,
		    err) ||
		    check_list(json_object_get(rule, "sentence"), "sentence",
		    0, err) ||
		    sh_json_str(rule, "at", 0, 16, &at, err) ||
		    sh_json_str(rule, "where", 0, 16, &where, err))
			return (sh_catalogue_wrong(err, "rule %zu", i + 1));
		if ((at != NULL && !one_of(at, places)) ||
		    (where != NULL && !one_of(where, wheres)))
			return (sh_catalogue_wrong(err,
			    "rule %zu: unknown place", i + 1));
	}
	return (0);
}

int
sh_catalogue_check_people(const struct sh_paper_type *type,
    struct sh_error *err)
{
	static const char *const members[] = { "role", "from", "of", "name",
	    "transferred", NULL };
	static const char *const froms[] = { "prose", "context", "table",
	    "row", NULL };
	const char *role, *from, *name, *transferred;
	const json_t *v;
	size_t i;

	if (type->people != NULL && !json_is_array(type->people))
		return (sh_catalogue_wrong(err, "\"people\" must be a list"));
	json_array_foreach(type->people, i, v) {
		if (known_members(v, members, err) ||
		    sh_json_str(v, "role", 1, 40, &role, err) ||
		    sh_json_str(v, "from", 1, 16, &from, err) ||
		    sh_json_str(v, "name", 0, 40, &name, err) ||
		    sh_json_str(v, "transferred", 0, 40, &transferred, err) ||
		    check_of(json_object_get(v, "of"), type->contexts, err))
			return (sh_catalogue_wrong(err, "people %zu", i + 1));
		if (!one_of(from, froms))
			return (sh_catalogue_wrong(err,
			    "people %zu: unknown \"%s\"", i + 1, from));
		if (name != NULL && sh_paper_type_field(type, name) == NULL)
			return (sh_catalogue_wrong(err,
			    "people %zu: no field \"%s\"", i + 1, name));
	}
	return (0);
}
