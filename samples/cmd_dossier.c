/*
 * sample dossier: what one applicant brings for one procedure.
 * sample texts: papers as text only, for training.
 * sample types, sample procedures: what there is.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "base/json.h"
#include "base/mem.h"
#include "samples/cmd.h"
#include "samples/scenario.h"
#include "samples/reading.h"
#include "samples/seen.h"

/* The dossiers in these folders came before. */
static int
load_earlier(struct sh_seen *seen, const char *list, struct sh_error *err)
{
	const char *s = list;
	char *dir;
	size_t len;
	int rc = 0;

	for (; s != NULL && *s != '\0' && rc == 0; s += len + (s[len] ==
	    ',')) {
		len = strcspn(s, ",");
		if ((dir = sh_strndup(s, len, err)) == NULL)
			return (-1);
		rc = sh_seen_load(seen, dir, err);
		free(dir);
	}
	return (rc);
}

int
sh_cmd_dossier(const struct sh_options *o, struct sh_error *err)
{
	struct sh_scenario sc = { .seed = o->seed,
	    .procedure = o->procedure, .after = o->after, .me = o->me,
	    .things = o->things, .dpi = o->dpi, .depth = o->depth,
	    .quality = (int)o->quality, .capture = o->capture };
	const char *slash = strrchr(o->output, '/');
	struct sh_seen seen = { .n = 0 };
	struct sh_staged s;
	int rc = -1;

	sc.name = slash == NULL ? o->output : slash + 1;
	if (sh_feeding_from_word(o->carrier, &sc.feeding) == -1)
		return (sh_error_set(err, SH_EARG, "sample.usage",
		    "no carrier is called %s", o->carrier));
	if (sh_with_parse(o->with, &sc.with, err) == -1 ||
	    sh_wear_parse(o->degrade, &sc.wear, err) == -1)
		return (-1);
	if (sh_scenario_stage(&sc, &s, err) == 0 &&
	    load_earlier(&seen, o->earlier, err) == 0 &&
	    sh_fs_mkdirs(o->output, 0755, err) == 0) {
		sh_seen_link(&seen, &s.dossier, &sc);
		rc = sh_dossier_write(&s.dossier, o->output, 1, err);
	}
	sh_staged_free(&s);
	sh_seen_free(&seen);
	return (rc);
}

/*
 * One line of JSON: type, name of the form, fields, holders, sides as text or
 * as readings.
 */
static int
put_text(const struct sh_form *form, uint64_t seed,
    const struct sh_options *o, FILE *out, struct sh_error *err)
{
	struct sh_dossier d = { .name = "text" };
	struct sh_case c;
	struct sh_wanted w = { .form = form, .variant = o->variant,
	    .more = o->more, .copy = o->copy,
	    .copy_seed = sh_seed(seed, "copy") };
	struct sh_buf b = SH_BUF_INIT;
	const struct sh_paper *p;
	json_t *v = NULL, *sides;
	size_t i;
	int rc = -1;

	if (sh_case_make(&c, seed, sh_scenario_day(seed), 0, err) == -1)
		goto out;
	w.today = c.family.base;
	(void)sh_plan_document(&d, &c, &w);
	if (sh_dossier_compose(&d, err) == -1)
		goto out;
	p = &d.documents[0].paper;
	v = sh_truth_document(p);
	if ((sides = sh_json_new_array(err)) == NULL ||
	    sh_json_set(v, "sides", sides, err) == -1 ||
	    sh_json_set_str(v, "form", form->name, err) == -1)
		goto out;
	for (i = 0; i < p->nsides; i++)
		if (sh_json_append(sides, o->readings ? sh_reading_of(p, i,
		    o->noise, sh_seed_n(seed, "reading", i)) :
		    json_string(p->sides[i].text), err) == -1)
			goto out;
	if (sh_json_canonical(v, &b, err) == -1)
		goto out;
	if (fprintf(out, "%s\n", (const char *)b.data) < 0) {
		(void)sh_error_sys(err, "sample.write", "texts");
		goto out;
	}
	rc = 0;
out:
	json_decref(v);
	sh_buf_free(&b);
	sh_dossier_free(&d);
	sh_case_free(&c);
	return (rc);
}

int
sh_cmd_texts(const struct sh_options *o, struct sh_error *err)
{
	const struct sh_form *form = NULL;
	FILE *out = stdout;
	size_t i, k, n = sh_forms_count();
	int rc = 0;

	if (o->type != NULL && (form = sh_form_find(o->type)) == NULL)
		return (sh_error_set(err, SH_EARG, "sample.type",
		    "no paper type is called %s (see: sample types)",
		    o->type));
	if (o->output != NULL && (out = fopen(o->output, "we")) == NULL)
		return (sh_error_sys(err, "sample.write", "%s", o->output));
	for (i = 0; i < o->n && rc == 0; i++)
		for (k = 0; k < n && rc == 0; k++) {
			if (form == NULL ? strcmp(sh_form_at(k)->slug,
			    "separator") == 0 : sh_form_at(k) != form)
				continue;
			rc = put_text(sh_form_at(k), sh_seed_n(o->seed,
			    "text", i), o, out, err);
		}
	if ((out != stdout ? fclose(out) : fflush(out)) != 0 && rc == 0)
		rc = sh_error_sys(err, "sample.write", "texts");
	return (rc);
}

int
sh_cmd_types(const struct sh_options *o, struct sh_error *err)
{
	const struct sh_form *f;
	const struct sh_form_line *l;
	const char *about;
	size_t i, k;

	(void)o;
	(void)err;
	for (i = 0; i < sh_forms_count(); i++) {
		f = sh_form_at(i);
		about = "";
		for (k = f->header.from; k < f->header.to; k++) {
			l = sh_form_line_at(k);
			if (strcmp(l->cmd, "about") == 0)
				about = l->text;
		}
		if (*about != '\0')
			(void)printf("%s\t%s\t%zu\t%s\n", f->name, f->slug,
			    f->nvariants, about);
	}
	return (0);
}

int
sh_cmd_procedures(const struct sh_options *o, struct sh_error *err)
{
	const struct sh_form_procedure *p;
	size_t i;

	(void)o;
	(void)err;
	for (i = 0; i < sh_form_nprocedures(); i++) {
		p = sh_form_procedure_at(i);
		(void)printf("%s\t%s\n", p->code, p->name);
	}
	return (0);
}
