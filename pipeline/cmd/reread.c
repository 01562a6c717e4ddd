/* sohoa reread: archived documents read again, the better reading kept. */
#include "pipeline/reread.h"

#include <stdio.h>

#include "base/text.h"
#include "pipeline/cmd/command.h"

struct report {
	const struct sh_args *a;
	struct sh_progress progress;
};

static void
on_progress(void *arg, size_t done, size_t known)
{
	struct report *r = arg;

	sh_progress_show(&r->progress, done, known);
}

/* One line a document: what came of it, what it was worth and is. */
static void
on_told(void *arg, const json_t *v)
{
	struct report *r = arg;

	if (r->a->json)
		return;
	sh_progress_clear(&r->progress);
	(void)printf("%s  %-24s %-8s %6lld -> %6lld  %s%s\n", sh_json_text(v,
	    "document"), sh_json_text(v, "type"), sh_json_text(v, "outcome"),
	    (long long)json_integer_value(json_object_get(v,
	    "worth_before")), (long long)json_integer_value(json_object_get(v,
	    "worth_now")), sh_json_text(v, "by"), sh_json_text(v, "differs"));
	(void)fflush(stdout);
}

static int
finish(const struct sh_args *a, json_t *v, struct sh_error *err)
{
	static const char *const words[] = { "replaced", "better", "same",
	    "differs", "failed", "current" };
	size_t i;

	if (a->json)
		return (sh_print_json(v, err));
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		(void)printf("%s%s %lld", i > 0 ? ", " : "", words[i],
		    (long long)json_integer_value(json_object_get(v,
		    words[i])));
	(void)fputc('\n', stdout);
	json_decref(v);
	return (EX_OK);
}

int
sh_cmd_reread(struct sh_args *a, struct sh_error *err)
{
	const char *document = sh_args_get(a, "document");
	const char *readers = sh_args_get(a, "readers");
	struct report r = { .a = a };
	struct sh_pool_options po = { .worker = NULL };
	struct sh_document_id id;
	struct sh_home *h = NULL;
	struct sh_reread o = { .type = sh_args_get(a, "type"),
	    .where = sh_args_get(a, "where"),
	    .dry = sh_args_get(a, "dry-run") != NULL, .stop = &sh_stop,
	    .progress = on_progress, .told = on_told, .arg = &r };
	json_t *v = NULL;
	uint64_t n = 1;
	int rc = -1;

	if (o.type == NULL && o.where == NULL && document == NULL)
		return (sh_args_usage(a,
		    "it wants --where, --type or --document"));
	if (readers != NULL && sh_parse_u64(readers, 256, &n))
		return (sh_args_usage(a, "--readers wants 0 to 256"));
	if (document != NULL && sh_args_document(document, &id, err))
		return (-1);
	o.document = document != NULL ? &id : NULL;
	if (sh_open_home(a, SH_HOME_WRITE, &h, err))
		return (-1);
	po.readers = (unsigned)n;
	po.as_read = sh_home_reads_as_is(h);
	o.home = h;
	o.who = sh_reader_of(h, a);
	sh_catch_signals();
	sh_progress_start(&r.progress, a, a->command->name, a->lang == SH_VI ?
	    "giấy tờ" : "documents");
	if (sh_pool_new(&po, &o.pool, err) == 0) {
		rc = sh_reread(&o, &v, err);
		sh_progress_clear(&r.progress);
		sh_pool_free(o.pool);
	}
	if (rc == 0)
		rc = finish(a, v, err);
	sh_home_close(h);
	return (rc);
}
