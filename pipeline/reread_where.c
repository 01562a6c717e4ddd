#include "pipeline/reread_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pipeline/version.h"

#define CONDITION_MAX	120

/* Word N (from 0) of "tesseract 5.3.0 vie 1a2b3c4d …"; "" when absent. */
static void
word_of(const char *engine, int n, char out[CONDITION_MAX])
{
	size_t len;

	for (; n > 0 && *engine != '\0'; n--) {
		engine += strcspn(engine, " ");
		engine += strspn(engine, " ");
	}
	len = strcspn(engine, " ");
	(void)snprintf(out, CONDITION_MAX, "%.*s", len < CONDITION_MAX ?
	    (int)len : 0, engine);
}

/* The record's value of that name; 0: there is no such name. */
static int
value_of(const char *name, const json_t *record, const char *engine,
    const char **wantp, char out[CONDITION_MAX], char today[CONDITION_MAX])
{
	const json_t *by = json_object_get(record, "made_by"), *p;
	const char *was = json_string_value(json_object_get(by, "engine"));
	const char *s;
	json_int_t least = 10000, c;
	size_t i;

	was = was != NULL ? was : "";
	today[0] = '\0';
	if (strcmp(name, "model") == 0 || strcmp(name, "engine") == 0) {
		word_of(was, *name == 'm' ? 3 : 1, out);
		word_of(engine, *name == 'm' ? 3 : 1, today);
	} else if (strcmp(name, "sohoa") == 0) {
		s = json_string_value(json_object_get(by, "sohoa"));
		(void)snprintf(out, CONDITION_MAX, "%s", s != NULL ? s : "");
		(void)snprintf(today, CONDITION_MAX, "%s", SH_VERSION);
	} else if (strcmp(name, "archived") == 0) {
		s = json_string_value(json_object_get(record,
		    "archived_at"));
		(void)snprintf(out, CONDITION_MAX, "%.10s", s != NULL ? s :
		    "");
	} else if (strcmp(name, "confidence") == 0) {
		json_array_foreach(json_object_get(record, "pages"), i, p) {
			c = json_integer_value(json_object_get(p,
			    "confidence_bp"));
			least = c < least ? c : least;
		}
		(void)snprintf(out, CONDITION_MAX, "%.4f", (double)least /
		    1e4);
	} else {
		return (0);
	}
	if (strcmp(*wantp, "current") == 0 && today[0] != '\0')
		*wantp = today;
	return (1);
}

/* 1, 0, or -1 when it is no condition. */
static int
holds(char *text, const json_t *record, const char *engine)
{
	char is[CONDITION_MAX], today[CONDITION_MAX], op, *end;
	char *at = text + strcspn(text, "<>=!");
	const char *want;
	double number;
	int d, negated;

	op = *at;
	negated = op == '!';
	if (op == '\0' || (negated && at[1] != '='))
		return (-1);
	*at = '\0';
	want = at + 1 + negated;
	if (*want == '\0' || !value_of(text, record, engine, &want, is,
	    today))
		return (-1);
	if (strcmp(text, "confidence") == 0) {
		number = strtod(want, &end);
		if (*end != '\0' || !(number >= 0 && number <= 1))
			return (-1);
		d = (atof(is) > number) - (atof(is) < number);
	} else {
		d = strverscmp(is, want);
	}
	return (op == '<' ? d < 0 : op == '>' ? d > 0 : op == '=' ? d == 0 :
	    d != 0);
}

int
sh_reread_fits(const char *where, const json_t *record, const char *engine,
    struct sh_error *err)
{
	char one[CONDITION_MAX];
	size_t len;
	int r;

	while (where != NULL && *where != '\0') {
		len = strcspn(where, ",");
		if (len >= sizeof(one))
			goto bad;
		memcpy(one, where, len);
		one[len] = '\0';
		if ((r = holds(one, record, engine)) < 0)
			goto bad;
		if (r == 0)
			return (0);
		where += len + (where[len] == ',');
	}
	return (1);
bad:
	sh_error_param(err, "value", "%.100s", where);
	return (sh_error_set(err, SH_EARG, "reread.where",
	    "no condition: %.100s", where));
}
