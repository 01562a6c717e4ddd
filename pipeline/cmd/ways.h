/*
 * Verbs that go several ways, each named by an option that is given alone:
 * what one person proposes and another one approves, and the proof of it.
 */
#ifndef SH_PIPELINE_CMD_WAYS_H
#define SH_PIPELINE_CMD_WAYS_H

#include "pipeline/cmd/command.h"

struct sh_run {
	struct sh_args *a;
	struct sh_home *h;
	struct sh_reader who;
};

struct sh_way {
	const char *name;	/* of its option */
	unsigned flags;		/* the home is opened with */
	int operands;		/* may follow */
	/* As a command; *ANSWER is printed when --json asks for it. */
	int (*run)(struct sh_run *r, json_t **answer, struct sh_error *err);
};

/* WAYS ends with a NULL name; WANTED is the usage when not one is given. */
int sh_run_way(struct sh_args *a, const struct sh_way *ways,
    const char *wanted, struct sh_error *err);

/* {"documents": […]} as lines. */
void sh_print_documents(const json_t *answer, enum sh_lang lang);
/* {"events": […]} as lines. */
void sh_print_events(const json_t *answer);
/*
 * What follows an approval: the signed list goes to --output and, but for
 * --json, its documents under WORD to the terminal.
 */
int sh_tell_list(const struct sh_run *r, const json_t *answer,
    const char *word, struct sh_error *err) SH_MUST_CHECK;

#endif
