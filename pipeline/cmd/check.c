/* sohoa check: everything that is kept against itself, in a child. */
#include "pipeline/cmd/command.h"

#include <string.h>
#include <unistd.h>

#include "base/child.h"

#define ANSWER_MAX	((size_t)16 << 20)
#define PATIENCE_S	600	/* for one entry */

/*
 * The archive may be anybody's, and LMDB dies on damaged pages of its own:
 * whoever opens it for the first time does so in a process of its own.
 */
struct checking {
	const struct sh_args *a;
	struct sh_progress progress;
};

static void
on_check(void *arg, uint64_t done, uint64_t total)
{
	(void)alarm(PATIENCE_S);
	sh_progress_show(arg, done, total);
}

static int
check(void *arg, struct sh_buf *out, struct sh_error *err)
{
	struct checking *c = arg;
	struct sh_home *h = NULL;
	json_t *answer = NULL;
	int rc;

	(void)alarm(PATIENCE_S);
	if (sh_open_home(c->a, 0, &h, err))
		return (-1);
	sh_progress_start(&c->progress, c->a, "check", "entries");
	rc = sh_archive_check(h->archive, on_check, &c->progress, &answer,
	    err);
	sh_progress_clear(&c->progress);
	if (rc == 0)
		rc = sh_json_canonical(answer, out, err);
	json_decref(answer);
	sh_home_close(h);
	return (rc);
}

/* The child's death as the finding that it is. */
static json_t *
crashed(const struct sh_error *e)
{
	return (json_pack("{s:i,s:i,s:i,s:i,s:[{s:s,s:s}]}", "documents", 0,
	    "blobs", 0, "bytes", 0, "unreferenced", 0, "findings", "key",
	    "engine.crashed", "text", e->text));
}

static long long
number(const json_t *v, const char *name)
{
	return ((long long)json_integer_value(json_object_get(v, name)));
}

static void
print_answer(const json_t *answer, enum sh_lang lang)
{
	const json_t *list = json_object_get(answer, "findings"), *finding;
	const char *text;
	size_t i;

	(void)printf(lang == SH_VI ?
	    "%lld giấy tờ, %lld khối dữ liệu, %lld byte: %zu sai lệch\n" :
	    "%lld documents, %lld blobs, %lld bytes: %zu findings\n",
	    number(answer, "documents"), number(answer, "blobs"),
	    number(answer, "bytes"), json_array_size(list));
	json_array_foreach(list, i, finding) {
		text = json_string_value(json_object_get(finding, "text"));
		(void)printf("  %s\n", text != NULL ? text : "?");
	}
}

int
sh_cmd_check(struct sh_args *a, struct sh_error *err)
{
	struct checking c = { .a = a };
	struct sh_buf b = { .limit = ANSWER_MAX };
	json_t *answer = NULL;
	int rc = -1;

	if (sh_child_run(check, &c, &b, err) == 0) {
		answer = sh_json_parse(b.data, b.len, ANSWER_MAX, err);
	} else if (strcmp(err->key, "child.died") == 0) {
		answer = crashed(err);
		sh_error_clear(err);
		if (answer == NULL)
			(void)sh_error_nomem(err, "JSON");
	}
	sh_buf_free(&b);
	if (answer == NULL)
		return (-1);
	rc = json_array_size(json_object_get(answer, "findings")) > 0 ?
	    EX_PROTOCOL : EX_OK;
	if (a->json)
		return (sh_print_json(answer, err) ? -1 : rc);
	print_answer(answer, a->lang);
	json_decref(answer);
	return (rc);
}
