#include "samples/form.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/embed.h"
#include "base/mem.h"
#include "samples/keep.h"

SH_EMBED(sh_papers_common, "samples/papers/common.txt");
SH_EMBED(sh_papers_civil, "samples/papers/civil.txt");
SH_EMBED(sh_papers_cards, "samples/papers/cards.txt");
SH_EMBED(sh_papers_residence, "samples/papers/residence.txt");
SH_EMBED(sh_papers_land, "samples/papers/land.txt");
SH_EMBED(sh_papers_business, "samples/papers/business.txt");
SH_EMBED(sh_papers_office, "samples/papers/office.txt");
SH_EMBED(sh_papers_applicant, "samples/papers/applicant.txt");
SH_EMBED(sh_papers_social, "samples/papers/social.txt");
SH_EMBED(sh_papers_unknown, "samples/papers/unknown.txt");
SH_EMBED(sh_papers_procedures, "samples/papers/procedures.txt");

static const struct {
	const char *name, *text;
} files[] = {
	{ "common.txt", sh_papers_common },
	{ "civil.txt", sh_papers_civil },
	{ "cards.txt", sh_papers_cards },
	{ "residence.txt", sh_papers_residence },
	{ "land.txt", sh_papers_land },
	{ "business.txt", sh_papers_business },
	{ "office.txt", sh_papers_office },
	{ "applicant.txt", sh_papers_applicant },
	{ "social.txt", sh_papers_social },
	{ "unknown.txt", sh_papers_unknown },
	{ "procedures.txt", sh_papers_procedures },
};

static struct sh_arena arena;
static struct sh_form_line *lines;
static size_t nlines, lines_cap;
static struct sh_form *forms;
static size_t nforms, forms_cap;
static struct sh_form_procedure *procedures;
static size_t nprocedures, procedures_cap;

/* What opens a block that "end" closes. */
static int
opens(const char *cmd)
{
	static const char *const words[] = { "macro", "head", "sign", "table",
	    "for", "if", "choose" };
	size_t i;

	for (i = 0; i < SH_COUNT(words); i++)
		if (strcmp(words[i], cmd) == 0)
			return (1);
	return (0);
}

int
sh_form_fail(const struct sh_form_line *line, struct sh_error *err,
    const char *fmt, ...)
{
	va_list ap;
	char why[256];

	va_start(ap, fmt);
	(void)vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	return (sh_error_set(err, SH_EFORMAT, "sample.form", "%s:%d: %s",
	    line->file, line->no, why));
}

static void
add_line(const char *file, int no, const char *s, size_t len)
{
	struct sh_form_line *l;
	char *text, *p;

	while (len > 0 && (*s == ' ' || *s == '\t')) {
		s++;
		len--;
	}
	while (len > 0 && (s[len - 1] == ' ' || s[len - 1] == '\t'))
		len--;
	if (len == 0 || *s == '#')
		return;
	lines = sh_keep_grow(lines, &lines_cap, nlines + 1, sizeof(*lines));
	l = &lines[nlines++];
	*l = (struct sh_form_line){ .file = file, .no = no, .attrs = "",
	    .text = "" };
	l->cmd = text = sh_arena_ndup(&arena, s, len);
	p = text + strcspn(text, " (");
	if (*p == '(') {
		*p++ = '\0';
		l->attrs = p;
		p += strcspn(p, ")");
	}
	if (*p != '\0') {
		*p++ = '\0';
		l->text = p + strspn(p, " ");
	}
}

static void
add_file(const char *name, const char *text)
{
	const char *end;
	int no;

	for (no = 1; *text != '\0'; no++) {
		end = text + strcspn(text, "\n");
		add_line(name, no, text, (size_t)(end - text));
		text = *end == '\n' ? end + 1 : end;
	}
}

int
sh_form_is_block(const struct sh_form_line *line)
{
	return (opens(line->cmd));
}

size_t
sh_form_block_end(size_t i)
{
	int depth = 0;

	for (; i < nlines; i++) {
		if (opens(lines[i].cmd))
			depth++;
		else if (strcmp(lines[i].cmd, "end") == 0 && --depth == 0)
			return (i + 1);
	}
	return (nlines + 1);
}

/* "SLUG [NAME]" opens a form; the lines up to the next opener are its own. */
static int
add_form(const struct sh_form_line *l, size_t i, struct sh_error *err)
{
	struct sh_form *f;
	const char *blank = strchr(l->text, ' ');

	if (*l->text == '\0')
		return (sh_form_fail(l, err, "type without a slug"));
	forms = sh_keep_grow(forms, &forms_cap, nforms + 1, sizeof(*forms));
	f = &forms[nforms++];
	*f = (struct sh_form){ .slug = l->text, .name = l->text,
	    .header = { i + 1, i + 1 } };
	if (blank != NULL) {
		f->slug = sh_arena_ndup(&arena, l->text,
		    (size_t)(blank - l->text));
		f->name = blank + 1;
	}
	return (0);
}

static int
add_procedure(const struct sh_form_line *l, size_t i, struct sh_error *err)
{
	struct sh_form_procedure *p;
	const char *blank = strchr(l->text, ' ');

	if (blank == NULL)
		return (sh_form_fail(l, err, "procedure without a name"));
	procedures = sh_keep_grow(procedures, &procedures_cap, nprocedures + 1,
	    sizeof(*procedures));
	p = &procedures[nprocedures++];
	p->code = sh_arena_ndup(&arena, l->text, (size_t)(blank - l->text));
	p->name = blank + 1;
	p->lines = (struct sh_form_span){ i + 1, i + 1 };
	return (0);
}

static int
add_variant(const struct sh_form_line *l, size_t i, struct sh_error *err)
{
	struct sh_form *f = nforms > 0 ? &forms[nforms - 1] : NULL;

	if (f == NULL || f->nvariants == SH_FORM_VARIANTS)
		return (sh_form_fail(l, err, "no type, or too many variants"));
	f->variant[f->nvariants++] = (struct sh_form_span){ i + 1, i + 1 };
	return (0);
}

/* Sort the lines into forms, variants, macros and procedures. */
static int
divide(struct sh_error *err)
{
	struct sh_form *f = NULL;
	struct sh_form_procedure *p = NULL;
	size_t i, next;
	int rc;

	for (i = 0; i < nlines; i = next) {
		next = i + 1;
		rc = 0;
		if (opens(lines[i].cmd)) {
			if ((next = sh_form_block_end(i)) == nlines + 1)
				return (sh_form_fail(&lines[i], err,
				    "no end"));
		} else if (strcmp(lines[i].cmd, "type") == 0)
			rc = add_form(&lines[i], i, err);
		else if (strcmp(lines[i].cmd, "variant") == 0)
			rc = add_variant(&lines[i], i, err);
		else if (strcmp(lines[i].cmd, "procedure") == 0)
			rc = add_procedure(&lines[i], i, err);
		else if (strcmp(lines[i].cmd, "end") == 0)
			return (sh_form_fail(&lines[i], err, "end of nothing"));
		if (rc == -1)
			return (-1);
		f = nforms > 0 ? &forms[nforms - 1] : NULL;
		p = nprocedures > 0 ? &procedures[nprocedures - 1] : NULL;
		if (strcmp(lines[i].cmd, "macro") == 0)
			continue;
		if (p != NULL)
			p->lines.to = next;
		else if (f != NULL && f->nvariants > 0)
			f->variant[f->nvariants - 1].to = next;
		else if (f != NULL)
			f->header.to = next;
	}
	for (i = 0; i < nforms; i++)
		if (forms[i].nvariants == 0)
			return (sh_error_set(err, SH_EFORMAT, "sample.form",
			    "%s has no variant", forms[i].name));
	return (0);
}

int
sh_forms_load(struct sh_error *err)
{
	size_t i;

	for (i = 0; i < SH_COUNT(files); i++)
		add_file(files[i].name, files[i].text);
	return (divide(err));
}

void
sh_forms_free(void)
{
	free(lines);
	free(forms);
	free(procedures);
	sh_arena_free(&arena);
}

const struct sh_form_line *
sh_form_line_at(size_t i)
{
	return (&lines[i]);
}

size_t
sh_forms_count(void)
{
	return (nforms);
}

const struct sh_form *
sh_form_at(size_t i)
{
	return (&forms[i]);
}

const struct sh_form *
sh_form_find(const char *slug)
{
	size_t i;

	for (i = 0; i < nforms; i++)
		if (strcmp(forms[i].slug, slug) == 0 ||
		    strcmp(forms[i].name, slug) == 0)
			return (&forms[i]);
	return (NULL);
}

struct sh_form_span
sh_form_macro(const char *name)
{
	struct sh_form_span none = { 0, 0 };
	size_t i;

	for (i = 0; i < nlines; i++)
		if (strcmp(lines[i].cmd, "macro") == 0 &&
		    strcmp(lines[i].text, name) == 0)
			return ((struct sh_form_span){ i + 1,
			    sh_form_block_end(i) - 1 });
	return (none);
}

size_t
sh_form_nprocedures(void)
{
	return (nprocedures);
}

const struct sh_form_procedure *
sh_form_procedure_at(size_t i)
{
	return (&procedures[i]);
}

const struct sh_form_procedure *
sh_form_procedure_find(const char *code)
{
	size_t i;

	for (i = 0; i < nprocedures; i++)
		if (strcmp(procedures[i].code, code) == 0)
			return (&procedures[i]);
	return (NULL);
}
