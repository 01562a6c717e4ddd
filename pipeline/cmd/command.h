/*
 * What the subcommands share: the option table, the parsed line, output.
 *
 * A command turns its line into one call of a library function and prints
 * the result: it holds no feature.  Help, usage errors and completion all
 * come from the table in commands.c.
 */
#ifndef SH_PIPELINE_CMD_COMMAND_H
#define SH_PIPELINE_CMD_COMMAND_H

#include <stdio.h>
#include <sysexits.h>

#include "base/error.h"
#include "base/json.h"
#include "pipeline/home.h"
#include "pipeline/worker_pool.h"
#include "schemas/message.h"

#define SH_OPTIONS_MAX	24

struct sh_option {
	const char *name;	/* without the dashes */
	char letter;		/* 0: none */
	const char *arg;	/* "HOME"; NULL: a switch */
	const char *help;
};

struct sh_args;

struct sh_command {
	const char *name;
	const char *line;	/* what follows the name in the usage */
	const char *summary;
	const char *examples;	/* lines, each with two spaces in front */
	const struct sh_option *options;	/* ends with a NULL name */
	int min_operands, max_operands;		/* max -1: any number */
	int (*run)(struct sh_args *a, struct sh_error *err);
};

extern const struct sh_command sh_commands[];	/* ends with a NULL name */

/* A parsed line; strings are borrowed from argv. */
struct sh_args {
	const struct sh_command *command;
	const char *value[SH_OPTIONS_MAX];	/* by place in the table */
	const char *const *operands;
	int noperands;
	enum sh_lang lang;
	int json;
	int quiet;
};

/* The option's value, "" for a switch that was given, NULL if it was not. */
const char *sh_args_get(const struct sh_args *a, const char *name);
/* A usage error: prints it with the way to the help; returns EX_USAGE. */
int sh_args_usage(const struct sh_args *a, const char *fmt, ...)
    SH_PRINTF(2, 3);

/* --home or SOHOA_HOME, opened; usage error when neither is set. */
int sh_open_home(const struct sh_args *a, unsigned flags,
    struct sh_home **hp, struct sh_error *err);

/* Who asks, from the system's user and --purpose; lives in static memory. */
struct sh_reader sh_reader_of(const struct sh_home *h,
    const struct sh_args *a);

/* Errors: SH_EARG "document.id". */
int sh_args_document(const char *s, struct sh_document_id *id,
    struct sh_error *err) SH_MUST_CHECK;
/*
 * Whoever is meant by a number (NUMBER may be NULL) and by --name and
 * --birth; 0, EX_USAGE, or -1 with the error.  Strings are borrowed.
 */
int sh_args_holder(const struct sh_args *a, const char *number,
    struct sh_holder *out, struct sh_error *err) SH_MUST_CHECK;

/* A list as it was signed ("text"), its "signature" beside it in PATH.p7s. */
int sh_write_list(const char *path, const json_t *answer,
    struct sh_error *err) SH_MUST_CHECK;

/* Print the error as a sentence (or as JSON with --json); its exit status. */
int sh_print_error(const struct sh_args *a, const struct sh_error *e);
int sh_print_json(json_t *take_v, struct sh_error *err) SH_MUST_CHECK;

/* Set by SIGINT and SIGTERM once sh_catch_signals() was called. */
extern volatile int sh_stop;
void sh_catch_signals(void);

/*
 * Progress on stderr: a bar with rate and time left on a terminal, a line
 * every ten seconds elsewhere, nothing when quiet.
 */
struct sh_progress {
	const char *what;
	const char *unit;
	int quiet, tty;
	int64_t started_ms, shown_ms;
	int shown;
};
void sh_progress_start(struct sh_progress *p, const struct sh_args *a,
    const char *what, const char *unit);
void sh_progress_show(struct sh_progress *p, uint64_t done, uint64_t total);
/* Take the bar away before something else is printed. */
void sh_progress_clear(struct sh_progress *p);

/* What a run cost: one JSON line on stderr, for the bench and operators. */
struct sh_usage {
	const struct sh_home *home;	/* or NULL */
	const struct sh_pool *pool;
	uint64_t pages;
};
void sh_print_usage(const struct sh_usage *u);

/* The commands, one file each. */
int sh_cmd_init(struct sh_args *a, struct sh_error *err);
int sh_cmd_intake(struct sh_args *a, struct sh_error *err);
int sh_cmd_bulk(struct sh_args *a, struct sh_error *err);
int sh_cmd_read(struct sh_args *a, struct sh_error *err);
int sh_cmd_find(struct sh_args *a, struct sh_error *err);
int sh_cmd_show(struct sh_args *a, struct sh_error *err);
int sh_cmd_get(struct sh_args *a, struct sh_error *err);
int sh_cmd_need(struct sh_args *a, struct sh_error *err);
int sh_cmd_reuse(struct sh_args *a, struct sh_error *err);
int sh_cmd_alias(struct sh_args *a, struct sh_error *err);
int sh_cmd_file(struct sh_args *a, struct sh_error *err);
int sh_cmd_dossier(struct sh_args *a, struct sh_error *err);
int sh_cmd_correct(struct sh_args *a, struct sh_error *err);
int sh_cmd_revoke(struct sh_args *a, struct sh_error *err);
int sh_cmd_hold(struct sh_args *a, struct sh_error *err);
int sh_cmd_dispose(struct sh_args *a, struct sh_error *err);
int sh_cmd_erase(struct sh_args *a, struct sh_error *err);
int sh_cmd_copy(struct sh_args *a, struct sh_error *err);
int sh_cmd_sign(struct sh_args *a, struct sh_error *err);
int sh_cmd_verify(struct sh_args *a, struct sh_error *err);
int sh_cmd_check(struct sh_args *a, struct sh_error *err);
int sh_cmd_calibrate(struct sh_args *a, struct sh_error *err);
int sh_cmd_search(struct sh_args *a, struct sh_error *err);
int sh_cmd_key(struct sh_args *a, struct sh_error *err);
int sh_cmd_scrub(struct sh_args *a, struct sh_error *err);
int sh_cmd_cover(struct sh_args *a, struct sh_error *err);
int sh_cmd_report(struct sh_args *a, struct sh_error *err);
int sh_cmd_review(struct sh_args *a, struct sh_error *err);
int sh_cmd_seal(struct sh_args *a, struct sh_error *err);
int sh_cmd_prove(struct sh_args *a, struct sh_error *err);
int sh_cmd_status(struct sh_args *a, struct sh_error *err);
int sh_cmd_accesses(struct sh_args *a, struct sh_error *err);
int sh_cmd_bench(struct sh_args *a, struct sh_error *err);
int sh_cmd_catalogue(struct sh_args *a, struct sh_error *err);
int sh_cmd_backup(struct sh_args *a, struct sh_error *err);
int sh_cmd_restore(struct sh_args *a, struct sh_error *err);
int sh_cmd_export(struct sh_args *a, struct sh_error *err);
int sh_cmd_import(struct sh_args *a, struct sh_error *err);
int sh_cmd_completion(struct sh_args *a, struct sh_error *err);

/* The seals of a status, as lines; the exit status they call for. */
void sh_print_seals(const json_t *seals, enum sh_lang lang);
int sh_seals_exit(const json_t *seals);

#endif
