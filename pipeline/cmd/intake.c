/* sohoa intake and sohoa read: the same way, with and without an archive. */
#include "pipeline/intake.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/text.h"
#include "pipeline/cmd/command.h"
#include "pipeline/picture.h"
#include "pipeline/result.h"

struct run {
	const struct sh_args *a;
	const struct sh_catalogue *catalogue;
	struct sh_home *home;
	struct sh_progress progress;
	enum sh_reuse_mode reuse;
	int loose;		/* operands are files, not dossiers */
	int at;			/* next operand */
	size_t printed;
	size_t taken, pages;
	int incomplete;		/* something waits, failed or is set aside */
	struct sh_error failed;	/* the first dossier that was not taken */
};

static int
next_dossier(void *arg, struct sh_dossier **dp, struct sh_error *err)
{
	struct run *r = arg;
	const struct sh_args *a = r->a;

	if (r->at == a->noperands)
		return (0);
	if (!r->loose) {
		if (sh_dossier_load(a->operands[r->at++], r->catalogue, dp,
		    err))
			return (-1);
	} else {
		r->at = a->noperands;
		if (sh_dossier_from_files(a->operands, (size_t)a->noperands,
		    sh_args_get(a, "holder"), sh_args_get(a, "procedure"),
		    r->catalogue, dp, err))
			return (-1);
	}
	(*dp)->result = r->home != NULL && sh_args_get(a, "result") != NULL;
	return (1);
}

static void
on_progress(void *arg, size_t done, size_t known)
{
	struct run *r = arg;

	sh_progress_show(&r->progress, done, known);
}

/* Only the words, a line "file:page" before each page. */
static int
print_text(const struct sh_job *j, struct sh_error *err)
{
	struct sh_buf text = SH_BUF_INIT;
	struct sh_page *p;
	size_t i;
	int rc = 0;

	for (i = 0; rc == 0 && i < j->nfed; i++) {
		if (j->fed[i].reading_len == 0)
			continue;
		if ((p = sh_job_page(j, i, err)) == NULL)
			return (-1);
		sh_buf_reset(&text);
		rc = sh_page_text(p, &text, err);
		sh_page_free(p);
		if (rc == 0)
			(void)printf("--- %s:%u\n%s\n",
			    j->dossier->scans[j->fed[i].scan],
			    j->fed[i].page + 1, text.len > 0 ?
			    (char *)text.data : "");
	}
	sh_buf_free(&text);
	return (rc);
}

static int
print_job(struct run *r, const struct sh_job *j, struct sh_error *err)
{
	int text = r->home == NULL && sh_args_get(r->a, "text") != NULL;
	int svg = r->home == NULL && sh_args_get(r->a, "svg") != NULL;

	if (r->a->json) {
		if (r->printed > 0)
			(void)fputs(",\n", stdout);
		return (sh_result_json(j, r->a->lang, stdout, err));
	}
	/* Neither has a place for pages that nobody could read. */
	if ((text || svg) && sh_result_print_aside(j, r->a->lang, stderr,
	    err))
		return (-1);
	if (text)
		return (print_text(j, err));
	if (svg)
		return (sh_picture(j, r->a->lang, stdout, err));
	if (r->printed > 0)
		(void)fputc('\n', stdout);
	return (sh_result_print(j, r->home != NULL, r->a->lang, stdout, err));
}

/* A dossier that could not be taken, in its place among the others. */
static int
print_failure(struct run *r, const struct sh_error *why, struct sh_error *err)
{
	struct sh_buf b = SH_BUF_INIT;
	json_t *v;
	int rc = -1;

	if ((v = json_pack("{s:s}", "format", "sohoa-intake-1")) == NULL)
		return (sh_error_nomem(err, "JSON"));
	if (sh_json_set(v, "error", sh_result_error(why, r->a->lang, err),
	    err) == 0 && sh_json_print(v, 0, &b, err) == 0) {
		(void)printf("%s%s", r->printed++ > 0 ? ",\n" : "",
		    (char *)b.data);
		rc = 0;
	}
	json_decref(v);
	sh_buf_free(&b);
	return (rc);
}

static void
on_finished(void *arg, size_t index, const struct sh_job *job,
    const struct sh_error *why)
{
	struct run *r = arg;
	struct sh_error err = SH_ERROR_INIT;
	struct sh_tally t;

	(void)index;
	sh_progress_clear(&r->progress);
	if (job == NULL) {
		r->incomplete = 1;
		if (r->failed.code == SH_OK)
			r->failed = *why;
		(void)sh_print_error(&(struct sh_args){ .command =
		    r->a->command, .lang = r->a->lang }, why);
		if (r->a->json && print_failure(r, why, &err))
			(void)sh_print_error(r->a, &err);
		return;
	}
	r->taken++;
	r->pages += job->nfed;
	sh_result_tally(job, &t);
	r->incomplete |= t.set_aside > 0 || (r->home != NULL &&
	    t.waiting + t.failed > 0);
	if (print_job(r, job, &err))
		(void)sh_print_error(r->a, &err);
	else
		r->printed++;
	(void)fflush(stdout);
}

void
sh_print_usage(const struct sh_usage *u)
{
	static const char *const stages[SH_STAGES] = { "divide", "dedupe", "render",
	    "sign", "prove", "archive" };
	struct rusage own;
	size_t i;
	uint64_t decode_peak, read_peak;
	double decode_s, read_s;

	(void)getrusage(RUSAGE_SELF, &own);
	sh_pool_usage(u->pool, &decode_peak, &read_peak, &decode_s, &read_s);
	(void)fprintf(stderr, "{\"pages\":%llu,\"read\":%llu,"
	    "\"main_cpu_s\":%.3f,"
	    "\"decode_cpu_s\":%.3f,\"read_cpu_s\":%.3f,"
	    "\"main_peak_bytes\":%llu,\"decode_peak_bytes\":%llu,"
	    "\"read_peak_bytes\":%llu", (unsigned long long)u->pages,
	    (unsigned long long)sh_pool_reads(u->pool),
	    (double)(own.ru_utime.tv_sec + own.ru_stime.tv_sec) +
	    (double)(own.ru_utime.tv_usec + own.ru_stime.tv_usec) / 1e6,
	    decode_s, read_s, (unsigned long long)own.ru_maxrss * 1024,
	    (unsigned long long)decode_peak, (unsigned long long)read_peak);
	for (i = 0; u->home != NULL && i < SH_STAGES; i++)
		(void)fprintf(stderr, ",\"%s_cpu_s\":%.3f", stages[i],
		    u->home->stage_cpu_s[i]);
	(void)fputs("}\n", stderr);
}

/* Yes or no on the terminal; no without one. */
static int
say_yes(const char *name, enum sh_lang lang)
{
	char line[16];

	(void)fprintf(stderr, lang == SH_VI ? "  Dùng lại \"%s\" đã có trong "
	    "kho? [c/K] " : "  Reuse \"%s\", which is held? [y/N] ", name);
	return (fgets(line, sizeof(line), stdin) != NULL &&
	    strchr("cCyY", line[0]) != NULL && line[0] != '\0');
}

/* What is held is said before anything is scanned. */
static void
on_opened(void *arg, size_t index, struct sh_job *job)
{
	struct run *r = arg;
	const char *name;
	json_t *v;
	size_t i;
	int ask = r->reuse == SH_REUSE_ASK && isatty(STDIN_FILENO);

	(void)index;
	json_array_foreach(job->need, i, v) {
		if (json_object_get(v, "document") == NULL)
			continue;
		name = json_string_value(json_object_get(v, "name"));
		sh_progress_clear(&r->progress);
		if (!r->a->quiet && !r->a->json)
			(void)fprintf(stderr, r->a->lang == SH_VI ?
			    "%s: đã có %s\n" : "%s: %s is held\n",
			    job->dossier->code, name);
		if (ask)
			(void)json_object_set_new(v, "reuse", json_boolean(
			    say_yes(name, r->a->lang)));
	}
}

static int
is_folder(const char *path)
{
	struct stat st;

	return (stat(path, &st) == 0 && S_ISDIR(st.st_mode));
}

static int
take_in(struct sh_args *a, struct sh_home *home,
    const struct sh_catalogue *catalogue, struct sh_error *err)
{
	struct run r = { .a = a, .home = home, .catalogue = catalogue };
	struct sh_pool_options po = { .worker = NULL };
	struct sh_intake_options o = {
		.catalogue = catalogue, .home = home, .stop = &sh_stop,
		.watch = { .progress = on_progress, .finished = on_finished,
		    .opened = on_opened, .arg = &r },
	};
	const char *readers = sh_args_get(a, "readers"), *mode;
	uint64_t n = 0;
	int many, rc;

	if (home != NULL)
		n = (uint64_t)sh_config_int(home->config, "readers");
	if (readers != NULL && sh_parse_u64(readers, 256, &n))
		return (sh_args_usage(a, "--readers wants 0 to 256"));
	po.readers = (unsigned)n;
	if (home != NULL) {
		po.as_read = sh_home_reads_as_is(home);
		mode = sh_args_get(a, "reuse");
		if (mode == NULL)
			mode = sh_config_text(home->config, "reuse");
		if (sh_reuse_mode_parse(mode, &o.reuse))
			return (sh_args_usage(a,
			    "--reuse wants auto, ask or never"));
		r.reuse = o.reuse;
	}
	r.loose = !is_folder(a->operands[0]);
	many = !r.loose && a->noperands > 1;
	if (sh_pool_new(&po, &o.pool, err))
		return (-1);
	sh_catch_signals();
	sh_progress_start(&r.progress, a, a->command->name, a->lang == SH_VI ?
	    "trang" : "pages");
	if (a->json && many)
		(void)fputs("{\"format\":\"sohoa-intakes-1\",\"dossiers\":[\n",
		    stdout);
	rc = sh_intake(&o, next_dossier, &r, err);
	sh_progress_clear(&r.progress);
	if (a->json && many)
		(void)fputs("\n]}", stdout);
	if (a->json && (many || r.printed > 0))
		(void)fputc('\n', stdout);
	if (sh_args_get(a, "usage") != NULL)
		sh_print_usage(&(struct sh_usage){ home, o.pool, r.pages });
	sh_pool_free(o.pool);
	if (rc != 0) {
		/* One object on standard output is enough. */
		a->json &= r.printed == 0 && !many;
		return (-1);
	}
	if (r.failed.code != SH_OK && r.taken == 0)
		return (sh_code_exit(r.failed.code));
	return (r.incomplete ? 1 : EX_OK);
}

int
sh_cmd_intake(struct sh_args *a, struct sh_error *err)
{
	struct sh_home *h;
	int rc;

	if (!is_folder(a->operands[0]) && (sh_args_get(a, "holder") == NULL ||
	    sh_args_get(a, "procedure") == NULL))
		/* A mistyped folder is no loose file. */
		return (access(a->operands[0], F_OK) != 0 ?
		    sh_fs_unread(a->operands[0], err) : sh_args_usage(a,
		    "loose files want --holder and --procedure"));
	if (sh_open_home(a, SH_HOME_WRITE | SH_HOME_SIGN, &h, err))
		return (-1);
	rc = take_in(a, h, h->catalogue, err);
	sh_home_close(h);
	return (rc);
}

int
sh_cmd_read(struct sh_args *a, struct sh_error *err)
{
	struct sh_catalogue *c;
	int rc;

	if (sh_args_get(a, "svg") != NULL && (a->json || (a->noperands > 1 &&
	    is_folder(a->operands[0]))))
		return (sh_args_usage(a,
		    "--svg draws one dossier, without --json"));
	if (sh_catalogue_load(NULL, &c, err))
		return (-1);
	rc = take_in(a, NULL, c, err);
	sh_catalogue_free(c);
	return (rc);
}
