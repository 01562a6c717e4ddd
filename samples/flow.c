/*
 * The interpreter of descriptions: one line after the other, down the page.
 */
#include <stdlib.h>
#include <string.h>

#include "samples/flow_internal.h"

#define MAX_SIDES	12


struct sh_side *
sh_flow_last(struct sh_flow *fl)
{
	return (&fl->p->sides[fl->p->nsides - 1]);
}

double
sh_flow_line_height(const struct sh_flow *fl, double size)
{
	return (size * fl->spacing);
}

void
sh_flow_read_rows(struct sh_flow *fl)
{
	sh_rows_read(fl->p, &fl->rows, 2.4);
}

void
sh_flow_side(struct sh_flow *fl)
{
	struct sh_ink ink = { .face = fl->face, .size = fl->size,
	    .field = -1 };
	struct sh_runs runs = { .n = 0 };
	struct sh_lay lay;
	const char *number;

	sh_flow_read_rows(fl);
	(void)sh_paper_side(fl->p, fl->w, fl->h);
	fl->y = fl->top;
	fl->ox = fl->oy = 0;
	/* Rule: NĐ 30/2020/NĐ-CP, Appendix I: numbers from the second side. */
	if (fl->p->nsides < 2 || !fl->numbers)
		return;
	number = sh_arena_printf(fl->f->arena, "%zu", fl->p->nsides);
	sh_runs_add(fl->f->arena, &runs, &ink, number, strlen(number));
	sh_lay_break(fl->f->arena, &runs, fl->w, fl->w, &lay);
	sh_side_read(fl->p, sh_flow_last(fl), sh_lay_put(fl->p, &lay, 0,
	    (fl->w - lay.lines[0].width) / 2, fl->top * 0.75, 0));
}

void
sh_flow_room(struct sh_flow *fl, double height)
{
	if (fl->y + height > fl->h - fl->bottom && fl->y > fl->top + 1 &&
	    fl->p->nsides < MAX_SIDES)
		sh_flow_side(fl);
}

/* ---- facts and control ---------------------------------------------- */

/* "NAME TEXT"; WEAK: only when NAME has no value. */
static int
set(struct sh_flow *fl, const struct sh_form_line *line, int weak)
{
	size_t len = strcspn(line->text, " ");
	const char *name = sh_arena_ndup(fl->f->arena, line->text, len);
	const char *text = line->text + len, *value;

	text += strspn(text, " ");
	if (weak && sh_facts_get(fl->f, name) != NULL)
		return (0);
	if (sh_flow_string(fl, line, text, &value) == -1)
		return (-1);
	sh_facts_set(fl->f, name, value);
	return (0);
}

/* "ROLE PERSON" or "ROLE ID || NAME" */
static int
holder(struct sh_flow *fl, const struct sh_form_line *line)
{
	const char *parts[2], *role, *id, *name;
	const struct sh_person *p;
	size_t len = strcspn(line->text, " ");

	role = sh_arena_ndup(fl->f->arena, line->text, len);
	if (sh_flow_parts(fl, line->text + len +
	    strspn(line->text + len, " "), parts, 2) == 2) {
		if (sh_flow_string(fl, line, parts[0], &id) == -1 ||
		    sh_flow_string(fl, line, parts[1], &name) == -1)
			return (-1);
		sh_paper_holder(fl->p, role, id, name);
		return (0);
	}
	if ((p = sh_facts_person(fl->f, parts[0])) == NULL)
		return (sh_form_fail(line, fl->err, "nobody: %s", parts[0]));
	sh_paper_holder(fl->p, role, p->id, p->name);
	return (0);
}

static int
hidden_field(struct sh_flow *fl, const struct sh_form_line *line)
{
	size_t len = strcspn(line->text, " ");
	const char *value;
	int i;

	if (sh_flow_string(fl, line, line->text + len + (line->text[len] ==
	    ' '), &value) == -1)
		return (-1);
	i = sh_paper_field(fl->p, sh_arena_ndup(fl->f->arena, line->text,
	    len));
	if (i >= 0 && *value != '\0')
		fl->p->fields[i].value = value;
	return (0);
}

static int
style(struct sh_flow *fl, const struct sh_form_line *line)
{
	const char *s = line->text, *word, *value;
	char *eq;
	size_t len;

	for (; *s != '\0'; s += len, s += strspn(s, " ")) {
		len = strcspn(s, " ");
		word = sh_arena_ndup(fl->f->arena, s, len);
		eq = strchr(word, '=');
		if (eq == NULL)
			return (sh_form_fail(line, fl->err, "style %s", word));
		*eq = '\0';
		value = eq + 1;
		if (strcmp(word, "size") == 0)
			fl->size = atof(value);
		else if (strcmp(word, "spacing") == 0)
			fl->spacing = atof(value);
		else if (strcmp(word, "after") == 0)
			fl->after = atof(value);
		else if (strcmp(word, "indent") == 0)
			fl->indent = atof(value) * SH_MM;
		else if (strcmp(word, "leaders") == 0)
			fl->leaders = atoi(value);
		else if (strcmp(word, "numbers") == 0)
			fl->numbers = atoi(value);
		else if (strcmp(word, "fill") == 0)
			fl->fill = *value == 'b' ? SH_FILL_BOLD : *value ==
			    'i' ? SH_FILL_ITALIC : *value == 'h' ?
			    SH_FILL_HAND : SH_FILL_PLAIN;
		else if (strcmp(word, "title") == 0)
			fl->title_rgb = *value == 'r' ? SH_RED : SH_BLACK;
		else if (strcmp(word, "font") == 0)
			fl->face = strcmp(value, "sans") == 0 ? SH_FACE_SANS :
			    strcmp(value, "narrow") == 0 ? SH_FACE_NARROW :
			    SH_FACE_SERIF;
		else if (strcmp(word, "left") == 0)
			fl->left = atof(value) * SH_MM;
		else if (strcmp(word, "right") == 0)
			fl->right = atof(value) * SH_MM;
		else if (strcmp(word, "top") == 0)
			fl->y = fl->top = atof(value) * SH_MM;
		else
			return (sh_form_fail(line, fl->err, "style %s", word));
	}
	return (0);
}

/* "not NAME", "NAME", "NAME = TEXT", "NAME < TEXT", "NAME > TEXT" */
static int
holds(struct sh_flow *fl, const struct sh_form_line *line, int *yesp)
{
	const char *s = line->text, *name, *value, *want;
	int not = 0, cmp;
	size_t len;

	if (strncmp(s, "not ", 4) == 0) {
		not = 1;
		s += 4;
	}
	len = strcspn(s, " ");
	name = sh_arena_ndup(fl->f->arena, s, len);
	s += len + strspn(s + len, " ");
	value = sh_facts_get(fl->f, name);
	if (*s == '\0') {
		*yesp = (value != NULL && *value != '\0') != not;
		return (0);
	}
	if (value == NULL)
		value = "";
	if (strchr("=<>", *s) == NULL || s[1] != ' ' ||
	    sh_flow_string(fl, line, s + 2, &want) == -1)
		return (sh_form_fail(line, fl->err, "condition"));
	cmp = strcmp(value, want);
	*yesp = (*s == '=' ? cmp == 0 : *s == '<' ? cmp < 0 : cmp > 0) != not;
	return (0);
}

/* Parts of a block between its opener I and its end, cut at lines CMD. */
static size_t
cut(size_t i, const char *cmd, struct sh_form_span *part, size_t max)
{
	size_t end = sh_form_block_end(i) - 1, n = 0, k;

	part[n].from = i + 1;
	for (k = i + 1; k < end; k = sh_form_is_block(sh_form_line_at(k)) ?
	    sh_form_block_end(k) : k + 1)
		if (strcmp(sh_form_line_at(k)->cmd, cmd) == 0 && n + 1 < max) {
			part[n++].to = k;
			part[n].from = k + 1;
		}
	part[n++].to = end;
	return (n);
}

static int
for_each(struct sh_flow *fl, const struct sh_form_line *line, size_t i)
{
	struct sh_form_span body = { i + 1, sh_form_block_end(i) - 1 };
	const char *s, *name, *who;
	const struct sh_person *p;
	size_t len = strcspn(line->text, " ");
	int n = 0;

	name = sh_arena_ndup(fl->f->arena, line->text, len);
	if (strncmp(line->text + len, " in ", 4) != 0)
		return (sh_form_fail(line, fl->err, "for NAME in LIST"));
	if (sh_flow_string(fl, line, line->text + len + 4, &s) == -1)
		return (-1);
	for (s += strspn(s, " "); *s != '\0'; s += strspn(s, " ")) {
		len = strcspn(s, " ");
		who = sh_arena_ndup(fl->f->arena, s, len);
		s += len;
		if ((p = sh_facts_person(fl->f, who)) == NULL)
			return (sh_form_fail(line, fl->err, "nobody: %s",
			    who));
		sh_facts_bind(fl->f, name, p);
		sh_facts_set(fl->f, "index", sh_arena_printf(fl->f->arena,
		    "%d", ++n));
		if (sh_flow_run(fl, body) == -1)
			return (-1);
	}
	return (0);
}

/* The line at I opens a block: do what is inside. */
static int
block(struct sh_flow *fl, size_t i)
{
	const struct sh_form_line *line = sh_form_line_at(i);
	struct sh_form_span part[16], body = { i + 1,
	    sh_form_block_end(i) - 1 };
	size_t n;
	int yes = 0;

	if (strcmp(line->cmd, "choose") == 0) {
		n = cut(i, "or", part, 16);
		return (sh_flow_run(fl, part[sh_rng_below(&fl->f->rng,
		    (unsigned)n)]));
	}
	if (strcmp(line->cmd, "if") == 0) {
		n = cut(i, "else", part, 2);
		if (holds(fl, line, &yes) == -1)
			return (-1);
		return (yes ? sh_flow_run(fl, part[0]) : n > 1 ?
		    sh_flow_run(fl, part[1]) : 0);
	}
	if (strcmp(line->cmd, "for") == 0)
		return (for_each(fl, line, i));
	if (sh_block_open(fl, line) == -1 || sh_flow_run(fl, body) == -1)
		return (-1);
	return (sh_block_close(fl));
}

static int
plain_line(struct sh_flow *fl, const struct sh_form_line *line)
{
	const char *cmd = line->cmd, *rest;
	struct sh_form_span macro;
	double v[2] = { 0, 0 };
	int rc;

	if ((rc = sh_para_line(fl, line)) != 0)
		return (rc == 1 ? 0 : -1);
	if (strcmp(cmd, "set") == 0 || strcmp(cmd, "default") == 0)
		return (set(fl, line, *cmd == 'd'));
	if (strcmp(cmd, "field") == 0)
		return (hidden_field(fl, line));
	if (strcmp(cmd, "holder") == 0)
		return (holder(fl, line));
	if (strcmp(cmd, "style") == 0)
		return (style(fl, line));
	if (strcmp(cmd, "space") == 0) {
		fl->y += atof(line->text) * SH_MM;
		return (0);
	}
	if (strcmp(cmd, "down") == 0) {
		/* To that height, if not below it already. */
		if (fl->y < atof(line->text) * SH_MM)
			fl->y = atof(line->text) * SH_MM;
		return (0);
	}
	if (strcmp(cmd, "side") == 0) {
		sh_flow_side(fl);
		return (0);
	}
	if (strcmp(cmd, "origin") == 0) {
		if (strcmp(line->text, "here") == 0)
			v[1] = fl->y / SH_MM;
		else if (sh_para_numbers(fl, line, v, 2, &rest) == -1)
			return (-1);
		sh_flow_read_rows(fl);
		fl->ox = v[0] * SH_MM;
		fl->oy = v[1] * SH_MM;
		return (0);
	}
	if (strcmp(cmd, "use") == 0) {
		macro = sh_form_macro(line->text);
		if (macro.from == macro.to)
			return (sh_form_fail(line, fl->err, "no macro %s",
			    line->text));
		return (sh_flow_run(fl, macro));
	}
	return (sh_form_fail(line, fl->err, "unknown: %s", cmd));
}

int
sh_flow_run(struct sh_flow *fl, struct sh_form_span span)
{
	const struct sh_form_line *line;
	size_t i, next;
	int rc = 0;

	if (++fl->depth > 24)
		return (sh_form_fail(sh_form_line_at(span.from), fl->err,
		    "nested too deep"));
	for (i = span.from; i < span.to; i = next) {
		line = sh_form_line_at(i);
		next = i + 1;
		if (fl->block != 0) {
			if ((rc = sh_block_line(fl, line)) == -1)
				return (-1);
			if (rc == 1)
				continue;
		}
		if (sh_form_is_block(line)) {
			next = sh_form_block_end(i);
			rc = block(fl, i);
		} else
			rc = plain_line(fl, line);
		if (rc == -1)
			return (-1);
	}
	fl->depth--;
	return (0);
}
