#include "pipeline/cmd/ways.h"

int
sh_run_way(struct sh_args *a, const struct sh_way *ways, const char *wanted,
    struct sh_error *err)
{
	const struct sh_way *w, *way = NULL;
	struct sh_run r = { .a = a };
	json_t *answer = NULL;
	int given = 0, rc;

	for (w = ways; w->name != NULL; w++)
		if (sh_args_get(a, w->name) != NULL) {
			way = w;
			given++;
		}
	if (given != 1 || (a->noperands > 0 && !way->operands))
		return (sh_args_usage(a, "%s", wanted));
	if (sh_open_home(a, way->flags, &r.h, err))
		return (-1);
	r.who = sh_reader_of(r.h, a);
	rc = way->run(&r, &answer, err);
	if (rc == 0 && a->json) {
		rc = sh_print_json(answer, err);
		answer = NULL;
	}
	json_decref(answer);
	sh_home_close(r.h);
	return (rc);
}

void
sh_print_documents(const json_t *answer, enum sh_lang lang)
{
	const json_t *d;
	long long others;
	size_t i;

	json_array_foreach(json_object_get(answer, "documents"), i, d) {
		(void)printf("%s  %-24s %s  %s %s",
		    sh_json_text(d, "document"), sh_json_text(d, "type"),
		    sh_json_text(d, "dossier"),
		    lang == SH_VI ? "giữ đến" : "kept until",
		    sh_json_text(d, "until"));
		others = (long long)json_integer_value(json_object_get(d,
		    "others"));
		if (others > 0)
			(void)printf(lang == SH_VI ?
			    "  còn %lld chủ giấy tờ khác giữ" :
			    "  stays with %lld others", others);
		(void)putchar('\n');
	}
	if (i == 0)
		(void)puts(lang == SH_VI ? "Không có giấy tờ nào." :
		    "No documents.");
}

void
sh_print_events(const json_t *answer)
{
	const json_t *e, *v;
	size_t i;

	json_array_foreach(json_object_get(answer, "events"), i, e) {
		v = json_object_get(e, "event");
		(void)printf("%lld  %s  %-15s %s  %s\n",
		    (long long)json_integer_value(json_object_get(e,
		    "sequence")), sh_json_text(v, "at"),
		    sh_json_text(v, "event"), sh_json_text(v, "actor"),
		    sh_json_text(e, "head"));
	}
}

int
sh_tell_list(const struct sh_run *r, const json_t *answer, const char *word,
    struct sh_error *err)
{
	const char *out = sh_args_get(r->a, "output");

	if (out != NULL && sh_write_list(out, answer, err))
		return (-1);
	if (!r->a->json) {
		sh_print_documents(json_object_get(answer, "list"),
		    r->a->lang);
		(void)printf("%s %s\n", word, sh_json_text(answer, "digest"));
	}
	return (0);
}
