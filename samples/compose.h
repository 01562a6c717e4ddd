/*
 * From a description, people and a seed to a composed paper.
 */
#ifndef SH_SAMPLES_COMPOSE_H
#define SH_SAMPLES_COMPOSE_H

#include "samples/facts.h"
#include "samples/form.h"
#include "samples/paper.h"

enum sh_copy { SH_COPY_ORIGINAL, SH_COPY_CERTIFIED, SH_COPY_PHOTOCOPY };

struct sh_order {
	const struct sh_form *form;
	uint64_t seed;		/* of this paper; the same: the same paper */
	int variant;		/* -1: by chance */
	enum sh_copy copy;
	uint64_t copy_seed;	/* of the certification */
	/* Facts of the dossier: people, "today"; borrowed. */
	const struct sh_facts *facts;
	const struct sh_family *family;
	const char *more;	/* "name=value;..." set before all; or NULL */
};

/* PAPER is filled; free it with sh_paper_free() also after a failure. */
int sh_compose(const struct sh_order *o, struct sh_paper *paper,
    struct sh_error *err) SH_MUST_CHECK;

/*
 * Evaluate the "set" lines of the macro NAME into F: what several papers of
 * a dossier share (the parcel, the business).
 */
int sh_compose_macro_facts(struct sh_facts *f, const char *name,
    struct sh_error *err) SH_MUST_CHECK;

#endif
