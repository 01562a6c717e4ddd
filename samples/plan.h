/*
 * Who brings which papers: a household as a case, its documents, a whole
 * dossier for a procedure.
 */
#ifndef SH_SAMPLES_PLAN_H
#define SH_SAMPLES_PLAN_H

#include "samples/dossier.h"
#include "samples/facts.h"
#include "samples/people.h"

/*
 * A family and what belongs to it (a parcel, a business), from a seed.  The
 * same seed and base day are the same people with the same papers, in
 * whichever dossier they come.
 */
struct sh_case {
	struct sh_family family;
	struct sh_facts facts;
	struct sh_arena arena;
	const struct sh_person *me;	/* who applies */
	unsigned things;
};

/* THINGS 0, 1, ...: another parcel, another business of the same people. */
int sh_case_make(struct sh_case *c, uint64_t seed, struct sh_date base,
    unsigned things, struct sh_error *err) SH_MUST_CHECK;
void sh_case_free(struct sh_case *c);
/* ME is the applicant from now on, and the desk is the one at home. */
void sh_case_applicant(struct sh_case *c, enum sh_kin me);

struct sh_wanted {
	const struct sh_form *form;
	int variant;		/* -1: by chance */
	const char *more;	/* "cast.subject=wife;topic=..."; or NULL */
	struct sh_date today;	/* the day on which it was handed in first */
	enum sh_copy copy;
	uint64_t copy_seed;
};

/*
 * Add the document to D.  It is the same paper wherever the family, the
 * form and MORE are the same (and, for a paper made for one dossier, the
 * day; for one about things, the things).  Borrows C until D is
 * written.
 */
struct sh_document *sh_plan_document(struct sh_dossier *d,
    const struct sh_case *c, const struct sh_wanted *w);

#endif
