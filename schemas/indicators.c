#include "schemas/indicators.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/embed.h"
#include "base/fs.h"

#define FILE_NAME	"indicators.json"
#define LIMIT		((size_t)1 << 20)
#define MANY		200

SH_EMBED(sh_indicators_json, "schemas/" FILE_NAME);

static int
wrong(struct sh_error *err, size_t i)
{
	char why[sizeof(err->text)];

	memcpy(why, err->text, sizeof(why));
	sh_error_clear(err);
	sh_error_param(err, "value", "%zu", i + 1);
	return (sh_error_set(err, SH_EFORMAT, "indicators.entry",
	    "entry %zu: %s", i + 1, why));
}

/* What holds of a dossier, by name: report.c knows which there are. */
static int
check_facts(const json_t *v, const char *name, struct sh_error *err)
{
	json_t *list, *f;
	size_t i;

	if (sh_json_array(v, name, 1, 8, &list, err))
		return (-1);
	json_array_foreach(list, i, f)
		if (!json_is_string(f))
			return (sh_error_set(err, SH_EFORMAT, "json.member",
			    "\"%s\" must hold names", name));
	return (0);
}

static int
check(const json_t *root, struct sh_error *err)
{
	json_t *list, *v, *agencies;
	const char *s;
	int64_t n;
	size_t i;

	if (sh_json_array(root, "levels", 1, MANY, &list, err) ||
	    sh_json_object(root, "agencies", 1, &agencies, err))
		return (-1);
	json_array_foreach(list, i, v)
		if (sh_json_str(v, "level", 1, 40, &s, err) ||
		    sh_json_str(v, "label", 1, 100, &s, err) ||
		    sh_json_int(v, "segments", 1, 1, 8, 0, &n, err))
			return (wrong(err, i));
	if (sh_json_array(root, "indicators", 1, MANY, &list, err))
		return (-1);
	json_array_foreach(list, i, v)
		if (sh_json_str(v, "code", 1, 64, &s, err) ||
		    sh_json_str(v, "label", 1, 200, &s, err) ||
		    sh_json_str(v, "label_en", 1, 200, &s, err) ||
		    sh_json_str(v, "by", 0, 20, &s, err) ||
		    sh_json_int(v, "max", 1, 0, 100, 0, &n, err) ||
		    sh_json_int(v, "target_bp", 1, 1, 10000, 0, &n, err) ||
		    check_facts(v, "numerator", err) ||
		    check_facts(v, "denominator", err))
			return (wrong(err, i));
	return (0);
}

int
sh_indicators_load(const char *dir, json_t **out, struct sh_error *err)
{
	char *path = NULL;
	json_t *v = NULL;

	*out = NULL;
	if (dir != NULL && (path = sh_path_join(dir, FILE_NAME, err)) == NULL)
		return (-1);
	if (path != NULL && access(path, F_OK) == 0)
		v = sh_json_load(path, LIMIT, err);
	else
		v = sh_json_parse(sh_indicators_json,
		    (size_t)sh_indicators_json_size, LIMIT, err);
	free(path);
	if (v == NULL)
		return (-1);
	if (check(v, err)) {
		json_decref(v);
		return (-1);
	}
	*out = v;
	return (0);
}
