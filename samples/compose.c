#include "samples/compose.h"

#include <stdlib.h>
#include <string.h>

#include "samples/flow_internal.h"

#define A4_W	(210 * SH_MM)
#define A4_H	(297 * SH_MM)

/* "a=b c=d": names for people, unless the dossier has given them one. */
static int
cast(struct sh_flow *fl, const struct sh_form_line *line)
{
	struct sh_facts *f = fl->f;
	const struct sh_person *p;
	const char *s = line->text, *who;
	char *word, *eq;
	size_t len;

	for (; *s != '\0'; s += len, s += strspn(s, " ")) {
		len = strcspn(s, " ");
		word = sh_arena_ndup(f->arena, s, len);
		if ((eq = strchr(word, '=')) == NULL)
			return (sh_form_fail(line, fl->err, "cast %s", word));
		*eq = '\0';
		/* "cast.owner=husband" comes from a procedure. */
		who = sh_facts_get(f, sh_arena_printf(f->arena, "cast.%s",
		    word));
		if (who == NULL && sh_facts_person(f, word) != NULL)
			continue;
		if ((p = sh_facts_person(f, who != NULL ? who : eq + 1)) ==
		    NULL)
			return (sh_form_fail(line, fl->err, "nobody: %s",
			    who != NULL ? who : eq + 1));
		sh_facts_bind(f, word, p);
	}
	return (0);
}

/* The day of the paper: given by the dossier or by the description. */
static int
issue(struct sh_flow *fl, const struct sh_form_line *line)
{
	const char *given = sh_facts_get(fl->f, "issue");
	struct sh_date today;
	char out[SH_DATE_LEN];

	if (sh_facts_day(fl->f, line, given != NULL ? given : line->text,
	    &fl->f->day, fl->err) == -1)
		return (-1);
	/* Nothing is issued after the day on which it was handed in. */
	if (sh_facts_get(fl->f, "today") != NULL && sh_date_parse(
	    sh_facts_get(fl->f, "today"), &today) == 0 &&
	    sh_date_compare(fl->f->day, today) > 0)
		fl->f->day = today;
	sh_date_print(fl->f->day, out);
	sh_facts_set(fl->f, "issue", sh_arena_dup(fl->f->arena, out));
	return (0);
}

/* "PERSON" or "PERSON.origin": whose place the agency stands in. */
static int
issuer(struct sh_flow *fl, const struct sh_form_line *line)
{
	const char *dot = strchr(line->text, '.');
	const struct sh_person *p = sh_facts_person(fl->f, dot == NULL ?
	    line->text : sh_arena_ndup(fl->f->arena, line->text,
	    (size_t)(dot - line->text)));

	if (p == NULL)
		return (sh_form_fail(line, fl->err, "nobody: %s",
		    line->text));
	sh_facts_bind_place(fl->f, "agency", dot == NULL ? &p->home :
	    &p->origin);
	return (0);
}

/* Rule: NĐ 30/2020/NĐ-CP, Appendix I: sizes, margins. */
static void
dress(struct sh_flow *fl)
{
	static const double sizes[] = { 12.5, 13, 13, 13.5, 14 };
	struct sh_rng *r = &fl->f->rng;

	fl->w = A4_W;
	fl->h = A4_H;
	fl->left = sh_rng_real(r, 28, 33) * SH_MM;
	fl->right = sh_rng_real(r, 15, 20) * SH_MM;
	fl->top = sh_rng_real(r, 15, 22) * SH_MM;
	fl->bottom = 16 * SH_MM;
	fl->face = sh_rng_chance(r, 92) ? SH_FACE_SERIF : SH_FACE_SANS;
	fl->size = sizes[sh_rng_below(r, 5)] -
	    (fl->face == SH_FACE_SANS ? 1 : 0);
	fl->spacing = sh_rng_real(r, 1.22, 1.55);
	fl->after = sh_rng_real(r, 1, 7);
	fl->indent = sh_rng_real(r, 9, 13) * SH_MM;
	fl->leaders = sh_rng_chance(r, 50);
	fl->numbers = 1;
	fl->fill = sh_rng_chance(r, 45) ? SH_FILL_BOLD : SH_FILL_PLAIN;
}

static int
header(struct sh_flow *fl, struct sh_form_span span)
{
	const struct sh_form_line *line;
	unsigned k;
	size_t i, next;
	int rc;

	for (i = span.from; i < span.to; i = next) {
		line = sh_form_line_at(i);
		next = sh_form_is_block(line) ? sh_form_block_end(i) : i + 1;
		rc = 0;
		if (strcmp(line->cmd, "cast") == 0)
			rc = cast(fl, line);
		else if (strcmp(line->cmd, "issue") == 0)
			rc = issue(fl, line);
		else if (strcmp(line->cmd, "issuer") == 0)
			rc = issuer(fl, line);
		else if (strcmp(line->cmd, "paper") == 0) {
			if (strcmp(line->text, "a5l") == 0) {
				fl->w = A4_W;
				fl->h = A4_H / 2;
			} else if (strcmp(line->text, "a4l") == 0) {
				fl->w = A4_H;
				fl->h = A4_W;
			} else
				rc = sh_form_fail(line, fl->err, "paper");
		} else if (strcmp(line->cmd, "fill") == 0) {
			/* By hand, by machine, or either. */
			k = sh_rng_below(&fl->f->rng, 100);
			if (strcmp(line->text, "any") == 0 && k < 40)
				fl->fill = SH_FILL_HAND;
		} else if (strcmp(line->cmd, "about") != 0 &&
		    strcmp(line->cmd, "things") != 0)
			rc = sh_flow_run(fl, (struct sh_form_span){ i, next });
		if (rc == -1)
			return (-1);
	}
	return (0);
}

/* "name=value;name=value" */
static void
preset(struct sh_facts *f, const char *more)
{
	const char *s = more, *eq;
	size_t len;

	for (; s != NULL && *s != '\0'; s += len + (s[len] == ';')) {
		len = strcspn(s, ";");
		eq = memchr(s, '=', len);
		if (eq != NULL)
			sh_facts_set(f, sh_arena_ndup(f->arena, s,
			    (size_t)(eq - s)), sh_arena_ndup(f->arena, eq + 1,
			    (size_t)(s + len - eq - 1)));
	}
}

/* A field that was begun but has no value is not on the paper. */
static void
drop_empty_fields(struct sh_paper *p)
{
	size_t i, n = 0;

	for (i = 0; i < p->nfields; i++)
		if (p->fields[i].value != NULL)
			p->fields[n++] = p->fields[i];
	p->nfields = n;
}

/* All that is there is a copy; what follows is fresh ink. */
static void
copy_all(struct sh_paper *p)
{
	size_t i, k;

	for (i = 0; i < p->nsides; i++)
		for (k = 0; k < p->sides[i].nitems; k++)
			p->sides[i].items[k].copied = 1;
}

int
sh_compose(const struct sh_order *o, struct sh_paper *paper,
    struct sh_error *err)
{
	const struct sh_form *form = o->form;
	struct sh_facts f;
	struct sh_flow fl = { .p = paper, .f = &f, .err = err };
	size_t v;

	*paper = (struct sh_paper){ .slug = form->slug };
	sh_facts_start(&f, &paper->arena, o->facts, o->family, o->seed);
	if (o->facts != NULL)
		f.day = o->facts->day;
	preset(&f, o->more);
	dress(&fl);
	v = sh_rng_below(&f.rng, (unsigned)form->nvariants);
	if (o->variant >= 0)
		v = (size_t)o->variant % form->nvariants;
	if (header(&fl, form->header) == -1)
		goto fail;
	sh_flow_side(&fl);
	if (sh_flow_run(&fl, form->variant[v]) == -1)
		goto fail;
	if (o->copy == SH_COPY_CERTIFIED) {
		copy_all(paper);
		sh_flow_room(&fl, 64 * SH_MM);
		sh_rng_start(&f.rng, o->copy_seed);
		if (sh_flow_run(&fl, sh_form_macro("certification")) == -1)
			goto fail;
	}
	sh_flow_read_rows(&fl);
	drop_empty_fields(paper);
	return (0);
fail:
	return (sh_error_context(err, "%s", form->name));
}

int
sh_compose_macro_facts(struct sh_facts *f, const char *name,
    struct sh_error *err)
{
	struct sh_paper none = { .slug = name };
	struct sh_flow fl = { .p = &none, .f = f, .err = err };
	int rc = sh_flow_run(&fl, sh_form_macro(name));

	sh_paper_free(&none);
	return (rc);
}
