/*
 * Classify and extract sample dossiers with their true division into
 * documents, and print what was found in the form that the evaluator of
 * fields takes:
 *
 *	extract DOSSIERS READINGS OUTPUTS [DOSSIER...]
 *
 * DOSSIERS/<name>/truth.json and dossier.json; READINGS/<name>/<scan>-<page>
 * .json are readings in their stored form; OUTPUTS/<name>.json is written.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "base/mem.h"
#include "ocr/classify.h"
#include "ocr/fields.h"

#define PAGES_MAX	200

struct run {
	const char *dossiers, *readings, *outputs;
	struct sh_catalogue *c;
	int verbose;
	struct sh_error *err;
};

static json_t *
load(struct run *r, const char *dir, const char *name, const char *file)
{
	char path[1024];

	(void)snprintf(path, sizeof(path), "%s/%s/%s", dir, name, file);
	return (sh_json_load(path, 64 << 20, r->err));
}

static struct sh_page *
load_page(struct run *r, const char *name, const json_t *at)
{
	struct sh_page *p = NULL;
	char file[64];
	json_t *v;

	(void)snprintf(file, sizeof(file), "%lld-%lld.json",
	    (long long)json_integer_value(json_array_get(at, 0)),
	    (long long)json_integer_value(json_array_get(at, 1)));
	if ((v = load(r, r->readings, name, file)) == NULL)
		return (NULL);
	if (sh_page_from_json(v, &p, r->err))
		p = NULL;
	json_decref(v);
	return (p);
}

static int
put_fields(struct run *r, json_t *doc, const struct sh_fields *f)
{
	json_t *o = json_object(), *v;
	size_t i;

	for (i = 0; i < f->n; i++) {
		v = json_pack("{s:s, s:f, s:s, s:s?, s:i}", "value",
		    f->field[i].value, "confidence", f->field[i].confidence,
		    "method", f->field[i].method, "doubt", f->field[i].doubt,
		    "page", (int)f->field[i].page);
		if (sh_json_set(o, f->field[i].def->name, v, r->err)) {
			json_decref(o);
			return (-1);
		}
	}
	return (sh_json_set(doc, "fields", o, r->err));
}

static int
put_parties(struct run *r, json_t *doc, const struct sh_parties *p)
{
	json_t *a = json_array();
	size_t i;

	for (i = 0; i < p->n; i++)
		if (sh_json_append(a, json_pack("{s:s?, s:s, s:s, s:f}",
		    "id", p->party[i].id.kind == SH_ID_NONE ? NULL :
		    p->party[i].id.value, "name", p->party[i].name != NULL ?
		    p->party[i].name : "", "role", p->party[i].role,
		    "confidence", p->party[i].confidence), r->err)) {
			json_decref(a);
			return (-1);
		}
	return (sh_json_set(doc, "holders", a, r->err));
}

/* One true document: its pages are given, all else is found. */
static json_t *
do_document(struct run *r, const char *name, const json_t *truth,
    const struct sh_procedure *procedure)
{
	struct sh_page *page[PAGES_MAX] = { NULL };
	const struct sh_page *const *pages =
	    (const struct sh_page *const *)page;
	json_t *at = json_object_get(truth, "pages"), *doc = NULL;
	struct sh_guess g = { NULL };
	struct sh_fields f = { NULL };
	struct sh_parties p = { NULL };
	size_t i, n = json_array_size(at);
	int rc = -1;

	if (n > PAGES_MAX)
		n = PAGES_MAX;
	for (i = 0; i < n; i++)
		if ((page[i] = load_page(r, name, json_array_get(at, i))) ==
		    NULL)
			goto out;
	if (sh_classify(r->c, pages, n, procedure, &g, r->err))
		goto out;
	if (g.type != NULL && (sh_fields_extract(r->c, g.type, pages, n,
	    g.certified_copy, &f, r->err) || sh_parties_extract(r->c, g.type,
	    &f, pages, n, &p, r->err)))
		goto out;
	doc = json_pack("{s:s, s:O, s:f, s:i, s:b, s:O}", "type",
	    g.type != NULL ? g.type->slug : "unknown", "pages", at,
	    "confidence", g.confidence, "first_page", g.first_page,
	    "certified_copy", g.certified_copy, "evidence", g.evidence);
	if (doc == NULL || put_fields(r, doc, &f) || put_parties(r, doc, &p))
		goto out;
	rc = 0;
out:
	sh_parties_clear(&p);
	sh_fields_clear(&f);
	sh_guess_clear(&g);
	for (i = 0; i < n; i++)
		sh_page_free(page[i]);
	if (rc != 0) {
		json_decref(doc);
		doc = NULL;
	}
	return (doc);
}

static int
do_dossier(struct run *r, const char *name)
{
	json_t *truth = load(r, r->dossiers, name, "truth.json");
	json_t *dossier = load(r, r->dossiers, name, "dossier.json");
	json_t *docs = json_array(), *out = NULL, *d, *v;
	const struct sh_procedure *procedure;
	const char *code;
	char path[1024];
	size_t i;
	int rc = -1;

	if (truth == NULL || dossier == NULL)
		goto out;
	code = json_string_value(json_object_get(json_object_get(dossier,
	    "procedure"), "code"));
	procedure = code == NULL ? NULL : sh_catalogue_procedure(r->c, code);
	json_array_foreach(json_object_get(truth, "documents"), i, v)
		if ((d = do_document(r, name, v, procedure)) == NULL ||
		    sh_json_append(docs, d, r->err))
			goto out;
	out = json_pack("{s:O, s:O, s:O}", "documents", docs, "blank_pages",
	    json_object_get(truth, "blank_pages"), "separator_pages",
	    json_object_get(truth, "separator_pages"));
	(void)snprintf(path, sizeof(path), "%s/%s.json", r->outputs, name);
	rc = json_dump_file(out, path, JSON_INDENT(1));
out:
	if (rc != 0)
		(void)fprintf(stderr, "%s: %s\n", name, r->err->text);
	json_decref(out);
	json_decref(docs);
	json_decref(dossier);
	json_decref(truth);
	return (rc);
}

int
main(int argc, char **argv)
{
	struct sh_error err = SH_ERROR_INIT;
	struct run r = { .err = &err };
	struct dirent **names;
	int i, n, bad = 0;

	if (argc < 4) {
		(void)fprintf(stderr,
		    "usage: extract DOSSIERS READINGS OUTPUTS [DOSSIER...]\n");
		return (64);
	}
	r.dossiers = argv[1];
	r.readings = argv[2];
	r.outputs = argv[3];
	if (sh_catalogue_load(NULL, &r.c, &err)) {
		(void)fprintf(stderr, "%s\n", err.text);
		return (1);
	}
	for (i = 4; i < argc; i++)
		bad |= do_dossier(&r, argv[i]);
	if (argc == 4) {
		if ((n = scandir(r.dossiers, &names, NULL, alphasort)) < 0)
			return (1);
		for (i = 0; i < n; i++) {
			if (names[i]->d_name[0] != '.') {
				sh_error_clear(&err);
				bad |= do_dossier(&r, names[i]->d_name);
			}
			free(names[i]);
		}
		free(names);
	}
	sh_catalogue_free(r.c);
	return (bad ? 1 : 0);
}
