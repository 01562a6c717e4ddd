/* Opening the home, printing errors and progress, signals. */
#include "pipeline/cmd/command.h"

#include <errno.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/mem.h"
#include "pipeline/result.h"

volatile int sh_stop;

static void
on_signal(int sig)
{
	(void)sig;
	/* The second one is not waited for. */
	if (sh_stop++)
		_exit(128 + sig);
}

void
sh_catch_signals(void)
{
	struct sigaction sa;

	memset(&sa, 0, sizeof(sa));
	sa.sa_handler = on_signal;
	(void)sigaction(SIGINT, &sa, NULL);
	(void)sigaction(SIGTERM, &sa, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
}

int
sh_open_home(const struct sh_args *a, unsigned flags, struct sh_home **hp,
    struct sh_error *err)
{
	const char *dir = sh_args_get(a, "home");

	if (dir == NULL)
		dir = getenv("SOHOA_HOME");
	if (dir == NULL || *dir == '\0')
		return (sh_error_set(err, SH_EARG, "home.unnamed",
		    "neither --home nor SOHOA_HOME names an archive home"));
	/* Somebody sits at it: bulk runs give way. */
	if ((flags & SH_HOME_WRITE) != 0 && a->command->run != sh_cmd_bulk)
		flags |= SH_HOME_DESK;
	return (sh_home_open(dir, flags, hp, err));
}

struct sh_reader
sh_reader_of(const struct sh_home *h, const struct sh_args *a)
{
	const struct passwd *pw = getpwuid(getuid());
	const char *purpose = sh_args_get(a, "purpose");
	const char *basis = sh_args_get(a, "basis");

	return ((struct sh_reader){
		.name = pw != NULL ? pw->pw_name : "unknown",
		.agency = sh_config_text(h->config, "agency-code"),
		/* The one who sits at the machine that holds the archive. */
		.purpose = purpose != NULL ? purpose : "local",
		.basis = basis,
	});
}

int
sh_args_document(const char *s, struct sh_document_id *id,
    struct sh_error *err)
{
	if (sh_document_id_parse(s, id) == 0)
		return (0);
	sh_error_param(err, "value", "%.40s", s);
	return (sh_error_set(err, SH_EARG, "document.id",
	    "\"%.40s\" is no document id", s));
}

int
sh_args_holder(const struct sh_args *a, const char *number,
    struct sh_holder *out, struct sh_error *err)
{
	const char *birth = sh_args_get(a, "birth");

	memset(out, 0, sizeof(*out));
	out->name = sh_args_get(a, "name");
	if (number == NULL && out->name == NULL)
		return (sh_args_usage(a, "whose? a number, or --name"));
	if (birth != NULL && sh_date_parse(birth, &out->birth))
		return (sh_args_usage(a, "--birth wants yyyy-mm-dd"));
	return (number == NULL ? 0 : sh_id_parse(number, &out->id, err));
}

int
sh_write_list(const char *path, const json_t *answer, struct sh_error *err)
{
	const char *text = json_string_value(json_object_get(answer, "text"));
	const char *hex = json_string_value(json_object_get(answer,
	    "signature"));
	struct sh_buf sig = SH_BUF_INIT;
	char *beside = NULL;
	uint8_t *p;
	int rc = -1;

	if ((p = sh_buf_reserve(&sig, strlen(hex) / 2, err)) == NULL ||
	    (beside = sh_asprintf(err, "%s.p7s", path)) == NULL)
		goto out;
	if (sh_unhex(hex, p, strlen(hex) / 2)) {
		(void)sh_error_set(err, SH_EFIXITY, "record.damaged",
		    "a signature");
		goto out;
	}
	if (sh_fs_replace(path, text, strlen(text), 0600, err) == 0)
		rc = sh_fs_replace(beside, p, strlen(hex) / 2, 0600, err);
out:
	free(beside);
	sh_buf_free(&sig);
	return (rc);
}

int
sh_print_error(const struct sh_args *a, const struct sh_error *e)
{
	struct sh_buf text = SH_BUF_INIT, line = SH_BUF_INIT;
	struct sh_error own = SH_ERROR_INIT;
	json_t *v;

	if (a->json && (v = sh_result_error(e, a->lang, &own)) != NULL) {
		if (sh_print_json(v, &own))
			sh_error_clear(&own);
	}
	if (sh_message(e, a->lang, &text, &own) == 0)
		(void)fprintf(stderr, "sohoa %s: %s\n  [%s] %s\n",
		    a->command->name, (char *)text.data, e->key, e->text);
	else
		(void)fprintf(stderr, "sohoa %s: [%s] %s\n", a->command->name,
		    e->key, e->text);
	sh_buf_free(&text);
	sh_buf_free(&line);
	if (strcmp(e->key, "run.stopped") == 0)
		return (130);
	if (strcmp(e->key, "home.unnamed") == 0)
		return (EX_USAGE);
	if (strcmp(e->key, "config.line") == 0)
		return (EX_CONFIG);
	return (sh_code_exit(e->code));
}

int
sh_print_json(json_t *take_v, struct sh_error *err)
{
	struct sh_buf b = SH_BUF_INIT;
	int rc;

	if ((rc = sh_json_print(take_v, isatty(STDOUT_FILENO), &b, err)) == 0)
		(void)printf("%s\n", (char *)b.data);
	json_decref(take_v);
	sh_buf_free(&b);
	return (rc);
}

void
sh_progress_start(struct sh_progress *p, const struct sh_args *a,
    const char *what, const char *unit)
{
	memset(p, 0, sizeof(*p));
	p->what = what;
	p->unit = unit;
	p->quiet = a->quiet;
	p->tty = isatty(STDERR_FILENO);
	p->started_ms = p->shown_ms = sh_monotonic_ms();
}

void
sh_progress_clear(struct sh_progress *p)
{
	if (p->shown && p->tty)
		(void)fputs("\r\033[K", stderr);
	p->shown = 0;
}

void
sh_progress_show(struct sh_progress *p, uint64_t done, uint64_t total)
{
	static const char full[] = "##############################";
	int64_t now = sh_monotonic_ms(), spent = now - p->started_ms;
	double rate = spent > 0 ? (double)done * 1000 / (double)spent : 0;
	uint64_t left_s;
	int bar;

	if (p->quiet || now - p->shown_ms < (p->tty ? 200 : 10000))
		return;
	p->shown_ms = now;
	p->shown = 1;
	left_s = rate > 0 && total > done ?
	    (uint64_t)((double)(total - done) / rate) : 0;
	bar = total > 0 ? (int)(done * 30 / total) : 0;
	if (p->tty)
		(void)fprintf(stderr, "\r\033[K%s [%-30.*s] %llu/%llu %s  "
		    "%.1f/s  %llu:%02llu", p->what, bar > 30 ? 30 : bar, full,
		    (unsigned long long)done, (unsigned long long)total,
		    p->unit, rate, (unsigned long long)left_s / 60,
		    (unsigned long long)left_s % 60);
	else
		(void)fprintf(stderr, "%s %llu/%llu %s, %.1f/s\n", p->what,
		    (unsigned long long)done, (unsigned long long)total,
		    p->unit, rate);
	(void)fflush(stderr);
}
