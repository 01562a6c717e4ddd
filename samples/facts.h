/*
 * What a paper can say: variables, people and places by name, and the small
 * functions and filters of the description language.
 *
 * Facts chain: a paper's own facts look into its dossier's, those into the
 * family's.  Strings live in the arena given at the start.
 */
#ifndef SH_SAMPLES_FACTS_H
#define SH_SAMPLES_FACTS_H

#include "samples/form.h"
#include "samples/keep.h"
#include "samples/people.h"
#include "samples/rng.h"

struct sh_facts {
	struct sh_arena *arena;
	const struct sh_facts *up;	/* asked when a name is not here */
	const struct sh_family *family;
	struct sh_date day;		/* the paper's day: old or new names */
	struct sh_rng rng;
	struct sh_fact *vars;
	size_t nvars, vars_cap;
	struct sh_bind *binds;
	size_t nbinds, binds_cap;
};

void sh_facts_start(struct sh_facts *f, struct sh_arena *a,
    const struct sh_facts *up, const struct sh_family *family, uint64_t seed);

void sh_facts_set(struct sh_facts *f, const char *name, const char *value);
/* NAME means this person, or this place, from now on. */
void sh_facts_bind(struct sh_facts *f, const char *name,
    const struct sh_person *p);
void sh_facts_bind_place(struct sh_facts *f, const char *name,
    const struct sh_place *p);

/* Borrowed; NULL when nothing has that name. */
const char *sh_facts_get(struct sh_facts *f, const char *name);
/* The person behind a bound name or a word of kin; NULL: none. */
const struct sh_person *sh_facts_person(const struct sh_facts *f,
    const char *name);

/*
 * The value of an expression such as "child.birth|long" or "rand 1 300|pad2";
 * *RAWP (may be NULL) is the value before the filters, where a date still is
 * yyyy-mm-dd.  Errors: SH_EFORMAT "sample.form" at LINE.
 */
int sh_facts_eval(struct sh_facts *f, const struct sh_form_line *line,
    const char *expr, const char **valuep, const char **rawp,
    struct sh_error *err) SH_MUST_CHECK;

/* "birth + 5..40", "today - 3..60", "2019-05-01": a day.  PAPER's rng. */
int sh_facts_day(struct sh_facts *f, const struct sh_form_line *line,
    const char *text, struct sh_date *dayp, struct sh_error *err)
    SH_MUST_CHECK;

#endif
