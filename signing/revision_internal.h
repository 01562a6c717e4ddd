/*
 * Shared by revision, revision_form (the rules) and revision_walk (strict
 * comparison).
 *
 * Invariants: a pair in the queue is a pair in the set; the licensed objects
 * are complete before the queue is run.
 */
#ifndef SH_SIGNING_REVISION_INTERNAL_H
#define SH_SIGNING_REVISION_INTERNAL_H

#include "signing/revision.h"

#define SH_KEY_COST	16	/* of comparing two keys, in bytes of work */

/* Object numbers, or pairs of them, each once. */
struct sh_numbers {
	uint64_t *slot;		/* 0: free; else the key + 1 */
	size_t n, size;		/* size is 0 or a power of two */
};
/* 1 added, 0 was there, -1 error. */
int sh_numbers_add(struct sh_numbers *s, uint64_t key, struct sh_error *err);
int sh_numbers_has(const struct sh_numbers *s, uint64_t key);

struct sh_comparison {
	struct sh_pdf *was, *now;
	const struct sh_pdf_lock *lock;
	struct sh_pdf_form was_form, now_form;
	struct sh_numbers pairs;	/* met: both numbers, generation */
	struct sh_numbers licensed;	/* compared by a rule of their own */
	struct sh_numbers added;	/* new signature fields and widgets */
	struct {
		const struct sh_pdf_value *was, *now;	/* references */
	} *queue;
	size_t nqueue, capqueue;
	char *why;
};

/* The answer 0 with its reason. */
int sh_revision_no(struct sh_comparison *c, const char *fmt, ...)
    SH_PRINTF(2, 3);

/*
 * Must be equal, references included; what lies behind references is put in
 * the queue.  Either may be NULL (absent): then both must be.
 */
int sh_revision_same(struct sh_comparison *c, const struct sh_pdf_value *was,
    const struct sh_pdf_value *now, unsigned depth, struct sh_error *err);
/* Compare what is queued until nothing is. */
int sh_revision_run(struct sh_comparison *c, struct sh_error *err);

/*
 * One rule for one member of a dictionary; either value may be NULL
 * (absent), not both.  1: allowed, 0: not, -1.
 */
typedef int sh_revision_check(struct sh_comparison *,
    const struct sh_pdf_value *was, const struct sh_pdf_value *now,
    struct sh_error *);

/* The last rule, without a key, is for all other members. */
struct sh_revision_rule {
	const char *key;
	sh_revision_check *check;
};

sh_revision_check sh_revision_strict, sh_revision_any;
/* What was there is as it was; it may be new. */
sh_revision_check sh_revision_may_appear;

/* Two dictionaries, either perhaps NULL, member by member. */
int sh_revision_rules(struct sh_comparison *c,
    const struct sh_pdf_value *was, const struct sh_pdf_value *now,
    const struct sh_revision_rule *rules, struct sh_error *err);
/* Both with references followed; null becomes NULL. */
int sh_revision_resolve(struct sh_comparison *c,
    const struct sh_pdf_value **was, const struct sh_pdf_value **now,
    struct sh_error *err) SH_MUST_CHECK;

/*
 * revision_form: every field of the form, matched by object.  Fills licensed
 * and added.
 */
int sh_revision_fields(struct sh_comparison *c, struct sh_error *err);

#endif
