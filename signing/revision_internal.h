/*
 * Shared by revision (the rules) and revision_walk (strict comparison).
 *
 * Invariants: a pair in the queue is a pair in the set; the licensed objects
 * are complete before the queue is run.
 */
#ifndef SH_SIGNING_REVISION_INTERNAL_H
#define SH_SIGNING_REVISION_INTERNAL_H

#include "signing/revision.h"

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
	uint64_t work;
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

#endif
