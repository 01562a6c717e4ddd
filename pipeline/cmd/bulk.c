/* sohoa bulk: back catalogues, unattended. */
#include "pipeline/bulk.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "pipeline/cmd/command.h"
#include "pipeline/lane.h"

static long long
number(const json_t *v, const char *name)
{
	return ((long long)json_integer_value(json_object_get(v, name)));
}

/* ---- telling ------------------------------------------------------------- */

static const char *
state_text(const char *state, enum sh_lang lang)
{
	static const char *const vi[] = { "planned", "đã lập", "running",
	    "đang chạy", "waiting", "đang chờ", "paused", "tạm dừng",
	    "stopped", "đã dừng", "finished", "đã xong" };
	size_t i;

	for (i = 0; lang == SH_VI && i < sizeof(vi) / sizeof(vi[0]); i += 2)
		if (strcmp(vi[i], state) == 0)
			return (vi[i + 1]);
	return (state);
}

static void
print_causes(const json_t *causes)
{
	const json_t *c, *s;
	const char *text, *file;
	size_t i, k;

	json_array_foreach(causes, i, c) {
		text = json_string_value(json_object_get(c, "text"));
		(void)printf("%8lld  %s%s%s\n", number(c, "count"),
		    json_string_value(json_object_get(c, "key")),
		    text != NULL ? ": " : "", text != NULL ? text : "");
		json_array_foreach(json_object_get(c, "samples"), k, s) {
			text = json_string_value(json_object_get(s,
			    "dossier"));
			file = json_string_value(json_object_get(s, "file"));
			(void)printf("          #%lld %s %s", number(s, "row"),
			    text != NULL ? text : "", file != NULL ? file :
			    "");
			if (number(s, "page") > 0)
				(void)printf(":%lld", number(s, "page"));
			(void)fputc('\n', stdout);
		}
	}
}

static void
print_status(const json_t *v, enum sh_lang lang)
{
	const json_t *count = json_object_get(v, "count");
	const json_t *held = json_object_get(v, "components");
	const json_t *pace = json_object_get(v, "pace");
	const char *waits = json_string_value(json_object_get(v,
	    "waits_for"));
	int vi = lang == SH_VI;
	long long left;

	(void)printf("%s  %s%s%s\n%s\n", json_string_value(json_object_get(v,
	    "run")), state_text(json_string_value(json_object_get(v,
	    "state")), lang), waits != NULL ? ": " : "", waits != NULL ?
	    waits : "", json_string_value(json_object_get(v, "source")));
	(void)printf(vi ? "%lld hồ sơ: %lld xong, %lld còn việc, %lld hỏng, "
	    "%lld bị từ chối (%lld trùng), %lld chưa làm\n" :
	    "%lld dossiers: %lld done, %lld incomplete, %lld failed, "
	    "%lld refused (%lld repeated), %lld open\n", number(v, "rows"),
	    number(v, "done"), number(v, "incomplete"), number(v, "failed"),
	    number(v, "refused"), number(v, "duplicates"), number(v,
	    "open"));
	(void)printf(vi ? "%lld trang: %lld vào kho, %lld trắng, %lld tờ phân "
	    "cách, %lld để riêng, %lld chờ, %lld hỏng; đọc %lld, dùng lại "
	    "%lld\n" : "%lld pages: %lld archived, %lld blank, %lld "
	    "separators, %lld set aside, %lld waiting, %lld failed; %lld "
	    "read, %lld reused\n", number(count, "fed"), number(count,
	    "archived"), number(count, "blank"), number(count,
	    "separators"), number(count, "set_aside"), number(count,
	    "waiting"), number(count, "failed"), number(v, "read"),
	    number(v, "reused"));
	if (number(held, "held") > 0)
		(void)printf(vi ? "%lld thành phần đã có trong kho, %lld dùng "
		    "lại\n" : "%lld components held, %lld of them reused\n",
		    number(held, "held"), number(held, "reused"));
	if (pace != NULL) {
		left = number(pace, "left_s");
		(void)printf(vi ? "%lld trang/giờ, còn khoảng %lld:%02lld:"
		    "%02lld\n" : "%lld pages an hour, about %lld:%02lld:"
		    "%02lld left\n", number(pace, "pages_per_hour"),
		    left / 3600, left / 60 % 60, left % 60);
	}
	print_causes(json_object_get(v, "causes"));
}

static int
tell(const struct sh_args *a, struct sh_home *home, const char *run,
    struct sh_error *err)
{
	json_t *v;
	int rc = EX_OK;

	if ((v = sh_bulk_status(home, run, a->lang, err)) == NULL)
		return (-1);
	if (a->json)
		return (sh_print_json(v, err));
	print_status(v, a->lang);
	json_decref(v);
	return (rc);
}

/* ---- working -------------------------------------------------------------- */

static void
on_progress(void *arg, uint64_t done, uint64_t total)
{
	sh_progress_show(arg, done, total);
}

/* A desk that is at work is waited for; another bulk run is not. */
static int
open_to_work(const struct sh_args *a, struct sh_home **hp,
    struct sh_error *err)
{
	struct sh_error ignored = SH_ERROR_INIT;
	const char *dir = sh_args_get(a, "home");

	if (dir == NULL)
		dir = getenv("SOHOA_HOME");
	while (sh_open_home(a, SH_HOME_WRITE | SH_HOME_SIGN, hp, err)) {
		if (strcmp(err->key, "lock.held") != 0 || sh_stop ||
		    sh_lane_bulk(dir, &ignored) != 0 ||
		    sh_lane_wanted(dir, &ignored) != 1)
			return (-1);
		sh_error_clear(err);
		(void)poll(NULL, 0, 100);
	}
	return (0);
}

static int
pool_of(const struct sh_args *a, const struct sh_home *home,
    struct sh_pool **pp, struct sh_error *err)
{
	struct sh_pool_options po = { .worker = NULL };
	const char *readers = sh_args_get(a, "readers");
	uint64_t n = (uint64_t)sh_config_int(home->config, "readers");

	if (readers != NULL && sh_parse_u64(readers, 256, &n))
		return (sh_args_usage(a, "--readers wants 0 to 256"));
	po.readers = (unsigned)n;
	po.as_read = sh_home_reads_as_is(home);
	return (sh_pool_new(&po, pp, err));
}

static int
take_in(const struct sh_args *a, struct sh_bulk *b, struct sh_home **home,
    struct sh_error *err)
{
	struct sh_progress progress;
	struct sh_bulk_options o = { .stop = &sh_stop, .wait_s = 300,
	    .progress = on_progress, .arg = &progress };
	const char *wait = sh_args_get(a, "wait");
	const char *reuse = sh_args_get(a, "reuse");
	enum sh_reuse_mode mode;
	uint64_t n;
	int rc;

	if (wait != NULL) {
		if (sh_parse_u64(wait, 10000000, &n))
			return (sh_args_usage(a, "--wait wants seconds"));
		o.wait_s = (int)n;
	}
	if (reuse != NULL && sh_reuse_mode_parse(reuse, &mode))
		return (sh_args_usage(a, "--reuse wants auto, ask or never"));
	if (reuse != NULL)
		o.reuse = &mode;
	if ((rc = pool_of(a, *home, &o.pool, err)) != 0)
		return (rc);
	sh_progress_start(&progress, a, "bulk", a->lang == SH_VI ? "trang" :
	    "pages");
	rc = sh_bulk_work(b, &o, err);
	sh_progress_clear(&progress);
	if (sh_args_get(a, "usage") != NULL && *home != NULL)
		sh_print_usage(&(struct sh_usage){ *home, o.pool,
		    sh_bulk_pages(b) });
	sh_pool_free(o.pool);
	return (rc == 0 && sh_bulk_incomplete(b) ? 1 : rc);
}

static int
work(struct sh_args *a, const char *verb, const char *what,
    struct sh_error *err)
{
	struct sh_home *home = NULL;
	struct sh_bulk *b = NULL;
	struct sh_error own = SH_ERROR_INIT;
	char run[SH_RUN_LEN];
	uint64_t n = 0;
	int rc = -1;

	sh_catch_signals();
	if (open_to_work(a, &home, err))
		return (-1);
	if (strcmp(verb, "run") == 0) {
		if (sh_bulk_make(&home, what, &sh_stop, &b, err))
			goto out;
	} else {
		if ((strcmp(verb, "resume") == 0 &&
		    sh_bulk_pause(home, what, 0, err)) ||
		    sh_bulk_open(&home, what, &b, err))
			goto out;
		if (strcmp(verb, "retry") == 0 && sh_bulk_retry(b,
		    sh_args_get(a, "cause"), &n, err))
			goto out;
	}
	rc = take_in(a, b, &home, err);
	(void)snprintf(run, sizeof(run), "%s", sh_bulk_name(b));
	sh_bulk_close(b);
	b = NULL;
	/* What it came to is told also when it is not finished. */
	if (home != NULL && rc != EX_USAGE && tell(a, home, run, &own) < 0)
		(void)sh_print_error(a, &own);
	/* One object on standard output is enough. */
	a->json &= home == NULL || rc >= 0;
out:
	sh_bulk_close(b);
	sh_home_close(home);
	return (rc);
}

static int
look(const struct sh_args *a, const char *verb, const char *run,
    struct sh_error *err)
{
	const char *path = sh_args_get(a, "output");
	struct sh_home *home;
	FILE *out = stdout;
	int rc = EX_OK;

	if (sh_open_home(a, 0, &home, err))
		return (-1);
	if (strcmp(verb, "pause") == 0 && sh_bulk_pause(home, run, 1, err)) {
		rc = -1;
	} else if (strcmp(verb, "report") != 0) {
		rc = tell(a, home, run, err);
	} else if (path != NULL && strcmp(path, "-") != 0 &&
	    (out = fopen(path, "we")) == NULL) {
		rc = sh_error_sys(err, "file.create", "%s", path);
	} else {
		rc = sh_bulk_report(home, run, sh_args_get(a, "csv") != NULL,
		    a->lang, out, err);
		if (out != stdout && fclose(out) != 0 && rc == 0)
			rc = sh_error_sys(err, "file.write", "%s", path);
	}
	sh_home_close(home);
	return (rc);
}

int
sh_cmd_bulk(struct sh_args *a, struct sh_error *err)
{
	const char *verb = a->operands[0];
	const char *what = a->noperands > 1 ? a->operands[1] : NULL;

	if (strcmp(verb, "run") == 0 && what == NULL)
		return (sh_args_usage(a, "run wants a manifest or a folder"));
	if (strcmp(verb, "run") == 0 || strcmp(verb, "resume") == 0 ||
	    strcmp(verb, "retry") == 0)
		return (work(a, verb, what, err));
	if (strcmp(verb, "status") == 0 || strcmp(verb, "pause") == 0 ||
	    strcmp(verb, "report") == 0)
		return (look(a, verb, what, err));
	return (sh_args_usage(a, "no verb %s", verb));
}
