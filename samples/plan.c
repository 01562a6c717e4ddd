#include "samples/plan.h"

#include <stdlib.h>
#include <string.h>

static const char *
iso(struct sh_arena *a, struct sh_date d)
{
	char out[SH_DATE_LEN];

	sh_date_print(d, out);
	return (sh_arena_dup(a, out));
}

int
sh_case_make(struct sh_case *c, uint64_t seed, struct sh_date base,
    unsigned things, struct sh_error *err)
{
	*c = (struct sh_case){ .things = things };
	sh_family_make(&c->family, seed, base);
	sh_facts_start(&c->facts, &c->arena, NULL, &c->family,
	    sh_seed(seed, "life"));
	c->facts.day = base;
	sh_facts_set(&c->facts, "base", iso(&c->arena, base));
	sh_facts_set(&c->facts, "marriage", iso(&c->arena,
	    c->family.marriage));
	sh_case_applicant(c, SH_KIN_HUSBAND);
	if (sh_compose_macro_facts(&c->facts, "life", err) == -1)
		return (-1);
	sh_rng_start(&c->facts.rng, sh_seed_n(seed, "things", things));
	return (sh_compose_macro_facts(&c->facts, "things", err));
}

void
sh_case_free(struct sh_case *c)
{
	sh_family_free(&c->family);
	sh_arena_free(&c->arena);
}

void
sh_case_applicant(struct sh_case *c, enum sh_kin me)
{
	c->me = &c->family.person[me];
	sh_facts_bind(&c->facts, "me", c->me);
	sh_facts_bind(&c->facts, "applicant", c->me);
	sh_facts_bind_place(&c->facts, "desk", &c->me->home);
}

/* The text of the header's line CMD; NULL: there is none. */
static const char *
header_line(const struct sh_form *form, const char *cmd)
{
	const struct sh_form_line *l;
	size_t i;

	for (i = form->header.from; i < form->header.to; i++) {
		l = sh_form_line_at(i);
		if (strcmp(l->cmd, cmd) == 0)
			return (l->text);
	}
	return (NULL);
}

/* 1 if the paper is made for one dossier, not kept at home. */
static int
is_fresh(const struct sh_form *form)
{
	const char *issue = header_line(form, "issue");

	return (issue != NULL && strncmp(issue, "today", 5) == 0);
}

struct sh_document *
sh_plan_document(struct sh_dossier *d, const struct sh_case *c,
    const struct sh_wanted *w)
{
	struct sh_document *doc = sh_dossier_document(d);
	struct sh_facts *f = sh_arena_get(&d->arena, 1, sizeof(*f));
	int fresh = is_fresh(w->form);
	const char *label;

	/* What is kept at home does not know when it will be needed. */
	sh_facts_start(f, &d->arena, &c->facts, &c->family, 0);
	f->day = fresh ? w->today : c->family.base;
	sh_facts_set(f, "today", iso(&d->arena, f->day));
	label = sh_arena_printf(&d->arena, "%s %s %u %s", w->form->name,
	    fresh ? iso(&d->arena, w->today) : "",
	    fresh || header_line(w->form, "things") != NULL ? c->things : 0,
	    w->more != NULL ? w->more : "");
	doc->order = (struct sh_order){ .form = w->form,
	    .seed = sh_seed(c->family.seed, label),
	    .variant = w->variant, .copy = w->copy,
	    .copy_seed = w->copy_seed, .facts = f, .family = &c->family,
	    .more = w->more };
	return (doc);
}
