/* sohoa scrub: prove what is kept, a budget at a time; the month's report. */
#include "pipeline/cmd/command.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "archive/fixity.h"
#include "base/clock.h"
#include "base/fs.h"
#include "base/text.h"

static void
on_progress(void *arg, uint64_t done, uint64_t total)
{
	sh_progress_show(arg, done >> 20, total >> 20);
}

static long long
number(const json_t *v, const char *name)
{
	return ((long long)json_integer_value(json_object_get(v, name)));
}

static const char *
text_of(const json_t *v, const char *name)
{
	const char *s = json_string_value(json_object_get(v, name));

	return (s != NULL ? s : "-");
}

static void
print_spans(const json_t *v)
{
	const json_t *s;
	size_t i;

	json_array_foreach(json_object_get(v, "list"), i, s)
		(void)printf("%lld:%lld  %lld  %lld  %lld  %s\n", number(s,
		    "shard"), number(s, "from"), number(s, "events"),
		    number(s, "documents"), number(s, "bytes"), text_of(s,
		    "checked_at"));
}

static void
print_answer(const json_t *v, enum sh_lang lang)
{
	json_t *list = json_object_get(v, "findings"), *f;
	size_t i;

	(void)printf(lang == SH_VI ? "%lld/%lld đoạn đã kiểm, lâu nhất từ %s; "
	    "%lld giấy tờ, %lld byte: %zu sai lệch\n" : "%lld of %lld spans "
	    "proven, the oldest at %s; %lld documents, %lld bytes: %zu "
	    "findings\n", number(v, "spans") - number(v, "never"),
	    number(v, "spans"), text_of(v, "oldest"),
	    number(v, "documents"), number(v, "bytes"),
	    json_array_size(list));
	json_array_foreach(list, i, f)
		(void)printf("  %s %s\n", text_of(f, "document"), text_of(f,
		    "text"));
	if (json_object_get(v, "repaired") != NULL)
		(void)printf(lang == SH_VI ? "%lld khối đã sửa\n" :
		    "%lld blobs mended\n", number(v, "repaired"));
}

/* In the scrub's answer *VP: what it is after repairing. */
static int
repair(struct sh_home *h, const struct sh_args *a, const char *from,
    const char *dir, json_t **vp, struct sh_error *err)
{
	struct sh_reader who = sh_reader_of(h, a);
	struct stat one, other;

	if (stat(h->dir, &one) == 0 && stat(from, &other) == 0 &&
	    one.st_dev == other.st_dev && one.st_ino == other.st_ino) {
		sh_error_param(err, "file", "%s", from);
		return (sh_error_set(err, SH_ENOTFOUND, "scrub.source",
		    "%s is this very home", from));
	}
	json_decref(*vp);
	*vp = NULL;
	return (sh_fixity_repair(h->archive, &who, dir, from, vp, err));
}

int
sh_cmd_scrub(struct sh_args *a, struct sh_error *err)
{
	const char *budget = sh_args_get(a, "budget");
	const char *from = sh_args_get(a, "repair-from");
	int report = sh_args_get(a, "report") != NULL, rc = -1;
	struct sh_scrub how = { .now = sh_now(), .stop = &sh_stop,
	    .progress = on_progress };
	struct sh_progress progress;
	struct sh_home *h;
	char *dir = NULL, *path = NULL;
	json_t *v = NULL;
	uint64_t mb = UINT64_MAX >> 20;
	size_t found;

	if (budget != NULL && sh_parse_u64(budget, UINT64_MAX >> 20, &mb))
		return (sh_args_usage(a, "--budget wants megabytes"));
	if (sh_open_home(a, (report ? SH_HOME_SIGN : 0) | (from != NULL ?
	    SH_HOME_WRITE : 0), &h, err))
		return (-1);
	sh_catch_signals();
	how.bytes = mb << 20;
	how.arg = &progress;
	sh_progress_start(&progress, a, "scrub", "MB");
	if ((dir = sh_path_join(h->dir, "scrub", err)) == NULL)
		goto out;
	how.dir = dir;
	if (sh_fixity_scrub(h->archive, &how, &v, err) || (from != NULL &&
	    repair(h, a, from, dir, &v, err)) || (report &&
	    sh_fixity_report(h->archive, dir, h->sealer, how.now, &path,
	    err)) || sh_json_set_str(v, "format", "sohoa-scrub-1", err) ||
	    sh_json_set_str(v, "report", path, err))
		goto out;
	sh_progress_clear(&progress);
	found = json_array_size(json_object_get(v, "findings"));
	if (!a->json && sh_args_get(a, "list") != NULL)
		print_spans(v);
	if (!a->json)
		print_answer(v, a->lang);
	rc = a->json && sh_print_json(json_incref(v), err) ? -1 : found > 0 ?
	    EX_PROTOCOL : EX_OK;
out:
	json_decref(v);
	free(path);
	free(dir);
	sh_home_close(h);
	return (rc);
}
