/*
 * sample catalogue: a back catalogue of many pages, for bulk tests.
 *
 * What page number I is follows from the seed and I alone: a repeated page
 * is found by computing what it repeats, and nothing is kept in memory.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "base/json.h"
#include "base/mem.h"
#include "samples/cmd.h"
#include "samples/scenario.h"

#define PER_FOLDER	1000

enum kind { FRESH, SAME, RESCAN, BLANK, BROKEN };

struct sheet {
	enum kind kind;
	unsigned original;	/* whose paper it shows */
	uint64_t scanning;	/* seed of its wear */
};

static enum kind
kind_of(const struct sh_options *o, unsigned i)
{
	struct sh_rng r;
	unsigned n;

	sh_rng_start(&r, sh_seed_n(o->seed, "kind", i));
	n = sh_rng_below(&r, 100);
	if (i > 0 && n < o->same)
		return (SAME);
	if (i > 0 && n < o->same + o->rescan)
		return (RESCAN);
	n = sh_rng_below(&r, 100);
	return (n < o->blank ? BLANK : n < o->blank + o->broken ? BROKEN :
	    FRESH);
}

/* Follow repetitions to the page that is not one. */
static struct sheet
sheet_at(const struct sh_options *o, unsigned i)
{
	struct sheet s = { .kind = kind_of(o, i) };
	struct sh_rng r;
	enum kind k = s.kind;
	unsigned at = i, shown = i;
	int same = 1;

	while (k == SAME || k == RESCAN) {
		/* Its own scanning begins at the first re-scan. */
		if (k == RESCAN && same) {
			same = 0;
			shown = at;
		}
		sh_rng_start(&r, sh_seed_n(o->seed, "of", at));
		at = sh_rng_below(&r, at);
		k = kind_of(o, at);
		if (same)
			shown = at;
	}
	s.original = at;
	s.scanning = sh_seed_n(o->seed, "scanning", shown);
	return (s);
}

/* Whether a form is among the comma-parted SLUGS; NULL: all but separators. */
static int
is_listed(const char *slugs, const struct sh_form *f)
{
	size_t len = strlen(f->slug);
	const char *s = slugs;

	if (slugs == NULL)
		return (strcmp(f->slug, "separator") != 0);
	while (strcspn(s, ",") != len || strncmp(s, f->slug, len) != 0) {
		s += strcspn(s, ",");
		if (*s++ == '\0')
			return (0);
	}
	return (1);
}

static int
check_types(const char *slugs, struct sh_error *err)
{
	const char *s = slugs;
	char slug[64];
	size_t len;

	for (; s != NULL; s = s[len] == ',' ? s + len + 1 : NULL) {
		len = strcspn(s, ",");
		(void)snprintf(slug, sizeof(slug), "%.*s", (int)len, s);
		if (sh_form_find(slug) == NULL)
			return (sh_error_set(err, SH_EARG, "sample.type",
			    "no paper type is called %s (see: sample types)",
			    slug));
	}
	return (0);
}

/* The paper number N as a dossier of one side in one scan. */
static int
stage(const struct sh_options *o, const struct sheet *sh, const char *name,
    struct sh_dossier *d, struct sh_case *c, struct sh_error *err)
{
	uint64_t seed = sh_seed_n(o->seed, "paper", sh->original);
	struct sh_wanted w = { .variant = -1 };
	struct sh_scan *s;
	struct sh_page *p;
	struct sh_rng r;
	size_t forms = sh_forms_count();

	sh_rng_start(&r, seed);
	do
		w.form = sh_form_at(sh_rng_below(&r, (unsigned)forms));
	while (!is_listed(o->type, w.form));
	if (sh_case_make(c, seed, sh_scenario_day(seed), 0, err) == -1)
		return (-1);
	w.today = c->family.base;
	(void)sh_plan_document(d, c, &w);
	if (sh_dossier_compose(d, err) == -1)
		return (-1);
	s = sh_dossier_scan(d);
	*s = (struct sh_scan){ .name = name, .kind = SH_CARRIER_JPEG,
	    .dpi = o->dpi, .depth = o->depth, .quality = (int)o->quality };
	p = sh_dossier_page(d, s);
	p->kind = kind_of(o, sh->original) == BLANK ? SH_PAGE_BLANK :
	    SH_PAGE_DOCUMENT;
	p->seed = sh->scanning;
	return (sh_wear_parse(o->degrade, &p->wear, err));
}

/* Half a file, or bytes that are none. */
static int
spoil(const char *path, uint64_t seed, struct sh_error *err)
{
	struct sh_buf b = SH_BUF_INIT;
	struct sh_rng r;
	size_t i, len;
	int rc = -1;

	sh_rng_start(&r, sh_seed(seed, "broken"));
	if (sh_fs_read(path, (size_t)1 << 28, &b, err) == -1)
		goto out;
	len = b.len * sh_rng_below(&r, 70) / 100;
	if (sh_rng_chance(&r, 40))
		for (i = 0; i < len; i++)
			b.data[i] = (uint8_t)sh_rng_next(&r);
	rc = sh_carrier_write(path, b.data, len, err);
out:
	sh_buf_free(&b);
	return (rc);
}

/* One line of the manifest. */
static int
put_line(FILE *out, const char *name, const struct sheet *sh, enum kind root,
    const struct sh_dossier *d, struct sh_error *err)
{
	static const char *const words[] = { "fresh", "same-bytes", "rescan",
	    "blank", "broken" };
	struct sh_buf b = SH_BUF_INIT;
	json_t *v = root == FRESH ? sh_truth_document(&d->documents[0].paper) :
	    sh_json_new_object(err);
	int rc = -1;

	if (v != NULL && sh_json_set_str(v, "file", name, err) == 0 &&
	    sh_json_set_str(v, "kind", words[sh->kind], err) == 0 &&
	    sh_json_set_str(v, "page", words[root], err) == 0 &&
	    sh_json_set_int(v, "original", sh->original, err) == 0 &&
	    sh_json_canonical(v, &b, err) == 0) {
		rc = 0;
		if (fprintf(out, "%s\n", (const char *)b.data) < 0)
			rc = sh_error_sys(err, "sample.write", "manifest");
	}
	json_decref(v);
	sh_buf_free(&b);
	return (rc);
}

static int
one(const struct sh_options *o, unsigned i, FILE *manifest,
    struct sh_error *err)
{
	struct sheet sh = sheet_at(o, i);
	enum kind root = kind_of(o, sh.original);
	struct sh_dossier d = { .name = "page" };
	struct sh_case c = { .me = NULL };
	char folder[16], name[32], *dir, *path = NULL;
	int rc = -1;

	(void)snprintf(folder, sizeof(folder), "%04u", i / PER_FOLDER);
	(void)snprintf(name, sizeof(name), "%s/%07u.jpg", folder, i);
	if ((dir = sh_path_join(o->output, folder, err)) == NULL ||
	    (i % PER_FOLDER == 0 && sh_fs_mkdirs(dir, 0755, err) == -1) ||
	    stage(o, &sh, name, &d, &c, err) == -1 ||
	    sh_dossier_write(&d, o->output, 0, err) == -1)
		goto out;
	if (root == BROKEN && ((path = sh_path_join(o->output, name, err)) ==
	    NULL || spoil(path, sh.scanning, err) == -1))
		goto out;
	rc = put_line(manifest, name, &sh, root, &d, err);
out:
	free(path);
	free(dir);
	sh_dossier_free(&d);
	sh_case_free(&c);
	return (rc);
}

int
sh_cmd_catalogue(const struct sh_options *o, struct sh_error *err)
{
	FILE *manifest = NULL;
	char *path = NULL;
	unsigned i;
	int rc = -1;

	if (o->same + o->rescan > 90 || o->blank + o->broken > 90)
		return (sh_error_set(err, SH_EARG, "sample.usage",
		    "more than 90 %% of the pages are repeated or bad"));
	if (check_types(o->type, err) == -1 ||
	    sh_fs_mkdirs(o->output, 0755, err) == -1 ||
	    (path = sh_path_join(o->output, "manifest.jsonl", err)) == NULL)
		goto out;
	if ((manifest = fopen(path, "we")) == NULL) {
		(void)sh_error_sys(err, "sample.write", "%s", path);
		goto out;
	}
	for (i = 0, rc = 0; i < o->n && rc == 0; i++)
		rc = one(o, i, manifest, err);
out:
	if (manifest != NULL && fclose(manifest) != 0 && rc == 0)
		rc = sh_error_sys(err, "sample.write", "%s", path);
	free(path);
	return (rc);
}
