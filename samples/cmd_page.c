/*
 * sample page: one paper in one file, and what is true about it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "samples/cmd.h"
#include "samples/scenario.h"

/* One scan with the sides I .. LAST of the only document. */
static void
add_scan(struct sh_dossier *d, const struct sh_options *o,
    const struct sh_wear *wear, const char *name, int kind, size_t i,
    size_t last)
{
	struct sh_scan *s = sh_dossier_scan(d);
	struct sh_page *p;

	*s = (struct sh_scan){ .name = name, .kind = kind, .dpi = o->dpi,
	    .depth = o->depth, .quality = (int)o->quality,
	    .camera = SH_WEAR_HAS(wear, SH_WEAR_PHOTO) };
	for (; i <= last; i++) {
		p = sh_dossier_page(d, s);
		p->side = i;
		p->wear = *wear;
		p->seed = sh_seed_n(o->seed, "wear", i);
	}
}

/* The name of side I of FILE when each needs a file of its own. */
static const char *
numbered(struct sh_arena *a, const char *file, size_t i)
{
	const char *dot = strrchr(file, '.');

	return (sh_arena_printf(a, "%.*s-%zu%s", (int)(dot - file), file,
	    i + 1, dot));
}

int
sh_cmd_page(const struct sh_options *o, struct sh_error *err)
{
	struct sh_dossier d = { .name = "page", .code = "",
	    .code_style = "new", .procedure = "", .procedure_name = "",
	    .station = "", .note = "" };
	struct sh_case c;
	struct sh_wanted w = { .variant = o->variant, .more = o->more,
	    .copy = o->copy, .copy_seed = sh_seed(o->seed, "copy") };
	struct sh_wear wear = { .has = 0 };
	const char *slash = strrchr(o->output, '/');
	const char *file = slash == NULL ? o->output : slash + 1;
	char *dir = NULL, *json = NULL;
	enum sh_carrier_kind kind;
	size_t i, n;
	int rc = -1;

	if (sh_case_make(&c, o->seed, sh_scenario_day(o->seed), 0,
	    err) == -1)
		goto out;
	d.holder = c.me;
	w.today = c.family.base;
	if ((w.form = sh_form_find(o->type)) == NULL) {
		(void)sh_error_set(err, SH_EARG, "sample.type",
		    "no paper type is called %s (see: sample types)",
		    o->type);
		goto out;
	}
	if (sh_wear_parse(o->degrade, &wear, err) == -1)
		goto out;
	if (sh_carrier_kind_of(file, &kind) == -1) {
		(void)sh_error_set(err, SH_EARG, "sample.usage",
		    "%s is none of .jpg .png .tif .pdf", file);
		goto out;
	}
	(void)sh_plan_document(&d, &c, &w);
	if (sh_dossier_compose(&d, err) == -1)
		goto out;
	n = d.documents[0].paper.nsides;
	if (kind == SH_CARRIER_TIFF || kind == SH_CARRIER_PDF || n == 1)
		add_scan(&d, o, &wear, file, o->vector ? SH_VECTOR :
		    (int)kind, 0, n - 1);
	else
		for (i = 0; i < n; i++)
			add_scan(&d, o, &wear, numbered(&d.arena, file, i),
			    (int)kind, i, i);
	dir = slash == NULL ? sh_strdup(".", err) : sh_strndup(o->output,
	    (size_t)(slash - o->output), err);
	if (dir == NULL || sh_dossier_write(&d, dir, 0, err) == -1)
		goto out;
	if ((json = sh_asprintf(err, "%s.json", o->output)) == NULL)
		goto out;
	rc = sh_truth_save(json, sh_truth(&d), err);
out:
	free(dir);
	free(json);
	sh_dossier_free(&d);
	sh_case_free(&c);
	return (rc);
}
