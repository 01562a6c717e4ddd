/* sohoa export and sohoa import. */
#include "archive/package.h"

#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "pipeline/cmd/command.h"
#include "pipeline/version.h"

struct run {
	const struct sh_args *a;
	struct sh_home *h;
	struct sh_reader who;
	const char *dir;
	struct sh_package_options options;
	json_t *list;
};

static int
export_one(void *arg, const char *dossier, struct sh_error *err)
{
	struct run *r = arg;
	char *name;
	int rc = 0;

	if (sh_archive_export(r->h->archive, &r->who, dossier, r->dir,
	    &r->options, &name, err))
		return (-1);
	if (r->a->json)
		rc = sh_json_append(r->list, json_pack("{s:s,s:s}",
		    "dossier", dossier, "package", name), err);
	else
		(void)printf("%s  %s\n", name, dossier);
	free(name);
	return (rc);
}

static int
export_all(struct run *r, struct sh_error *err)
{
	int i;

	if (sh_args_get(r->a, "all") != NULL)
		return (sh_archive_each_dossier(r->h->archive, export_one, r,
		    err));
	for (i = 0; i < r->a->noperands; i++)
		if (export_one(r, r->a->operands[i], err))
			return (-1);
	return (0);
}

int
sh_cmd_export(struct sh_args *a, struct sh_error *err)
{
	const char *form = sh_args_get(a, "form");
	struct run r = { .a = a, .dir = sh_args_get(a, "output") };
	int rc = -1;

	if (r.dir == NULL || (sh_args_get(a, "all") != NULL) ==
	    (a->noperands > 0))
		return (sh_args_usage(a, "dossiers or --all, and --output"));
	if (form != NULL && strcmp(form, "bag") == 0)
		r.options.form = SH_PACKAGE_BAG;
	else if (form != NULL && strcmp(form, "eark") != 0)
		return (sh_args_usage(a, "--form is eark or bag"));
	if (sh_open_home(a, 0, &r.h, err))
		return (-1);
	r.who = sh_reader_of(r.h, a);
	r.options.agency = sh_config_text(r.h->config, "agency-code");
	r.options.agency_name = sh_config_text(r.h->config, "agency-name");
	r.options.program = "sohoa " SH_VERSION;
	if ((r.list = sh_json_new_array(err)) != NULL &&
	    sh_fs_mkdirs(r.dir, 0700, err) == 0 && export_all(&r, err) == 0)
		rc = !a->json ? EX_OK : sh_print_json(json_pack("{s:O}",
		    "packages", r.list), err);
	json_decref(r.list);
	sh_home_close(r.h);
	return (rc);
}

int
sh_cmd_import(struct sh_args *a, struct sh_error *err)
{
	struct sh_imported one, all = { 0, 0, 0 };
	struct sh_reader who;
	struct sh_home *h;
	int i, rc = 0;

	if (sh_open_home(a, SH_HOME_WRITE, &h, err))
		return (-1);
	who = sh_reader_of(h, a);
	for (i = 0; i < a->noperands && rc == 0; i++) {
		rc = sh_archive_import(h->archive, &who, a->operands[i],
		    &one, err);
		all.documents += one.documents;
		all.known += one.known;
		all.acts += one.acts;
	}
	if (rc == 0)
		rc = sh_archive_search_follow(h->archive, err);
	sh_home_close(h);
	if (rc != 0)
		return (-1);
	if (a->json)
		return (sh_print_json(json_pack("{s:I,s:I,s:I}", "documents",
		    (json_int_t)all.documents, "known",
		    (json_int_t)all.known, "acts", (json_int_t)all.acts),
		    err));
	(void)printf(a->lang == SH_VI ?
	    "%llu giấy tờ mới, %llu đã có, %llu việc ghi nhận\n" :
	    "%llu documents new, %llu known, %llu acts\n",
	    (unsigned long long)all.documents, (unsigned long long)all.known,
	    (unsigned long long)all.acts);
	return (EX_OK);
}
