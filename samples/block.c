/*
 * Blocks of columns: the head of a paper, its signatures, tables.
 */
#include <stdlib.h>
#include <string.h>

#include "samples/flow_internal.h"

/* "42 58": shares of the width; the default is given. */
static void
shares(struct sh_flow *fl, const char *text, const double *dflt, unsigned n)
{
	double sum = 0, width = fl->w - fl->left - fl->right;
	char *end;
	unsigned i;

	for (fl->ncols = 0; fl->ncols < SH_FLOW_COLS; fl->ncols++) {
		fl->widths[fl->ncols] = strtod(text, &end);
		if (end == text)
			break;
		text = end;
	}
	if (fl->ncols == 0)
		for (; fl->ncols < n; fl->ncols++)
			fl->widths[fl->ncols] = dflt[fl->ncols];
	for (i = 0; i < fl->ncols; i++)
		sum += fl->widths[i];
	for (i = 0; i < fl->ncols; i++)
		fl->widths[i] *= width / sum;
}

int
sh_block_open(struct sh_flow *fl, const struct sh_form_line *line)
{
	static const double head[] = { 44, 56 }, sign[] = { 50, 50 };
	struct sh_attrs at;

	if (fl->block != 0)
		return (sh_form_fail(line, fl->err, "a block in a block"));
	if (sh_flow_attrs(fl, line, &at) == -1)
		return (-1);
	sh_flow_read_rows(fl);
	fl->block = *line->cmd;
	if (fl->block == 'h')
		shares(fl, line->text, head, 2);
	else
		shares(fl, line->text, sign, 2);
	fl->border = !at.plain;
	fl->table_size = at.ink.size;
	fl->nentries = 0;
	if (fl->block == 't')
		fl->y += 2;
	return (0);
}

static struct sh_entry *
entry(struct sh_flow *fl, enum sh_entry_kind kind, int col)
{
	struct sh_entry *e;

	if (fl->nentries == fl->entries_cap) {
		struct sh_entry *old = fl->entries;

		fl->entries_cap = fl->entries_cap == 0 ? 32 :
		    2 * fl->entries_cap;
		fl->entries = sh_arena_get(fl->f->arena, fl->entries_cap,
		    sizeof(*e));
		if (fl->nentries > 0)
			memcpy(fl->entries, old, fl->nentries * sizeof(*e));
	}
	e = &fl->entries[fl->nentries++];
	*e = (struct sh_entry){ .kind = kind, .col = col };
	return (e);
}

/* l, m and r: the columns from the left. */
static int
column(const struct sh_flow *fl, char c)
{
	return (c == 'l' ? 0 : c == 'm' ? 1 : (int)fl->ncols - 1);
}

/* ---- tables ------------------------------------------------------------- */

static int
row(struct sh_flow *fl, const struct sh_form_line *line, int head)
{
	const char *parts[SH_FLOW_COLS], *text = "";
	struct sh_lay lay[SH_FLOW_COLS];
	struct sh_attrs at;
	struct sh_runs runs;
	struct sh_item *it;
	double height = 0, lh, x, y, w;
	size_t i, k, n;
	int saved = fl->apart;

	if (sh_flow_attrs(fl, line, &at) == -1)
		return (-1);
	if (!at.fixed)
		at.ink.size = fl->table_size;
	if (head)
		at.ink.face |= SH_FACE_BOLD;
	lh = at.ink.size * 1.22;
	n = sh_flow_parts(fl, line->text, parts, fl->ncols);
	fl->apart = !head;
	for (i = 0; i < n; i++) {
		runs = (struct sh_runs){ .n = 0 };
		if (sh_flow_expand(fl, line, parts[i], &at.ink, &runs) == -1)
			return (-1);
		w = fl->widths[i] - (fl->border ? 6 : 4);
		sh_lay_break(fl->f->arena, &runs, w, w, &lay[i]);
		if ((double)lay[i].nlines * lh > height)
			height = (double)lay[i].nlines * lh;
	}
	fl->apart = saved;
	height = (height < lh ? lh : height) + 5;
	sh_flow_room(fl, height);
	for (i = 0, x = fl->left; i < n; x += fl->widths[i++]) {
		y = fl->y + 2.5 + lh * 0.78;
		for (k = 0; k < lay[i].nlines; k++, y += lh) {
			w = fl->widths[i] - lay[i].lines[k].width;
			text = sh_arena_printf(fl->f->arena, "%s%s%s", text,
			    *text != '\0' ? " " : "",
			    sh_lay_put(fl->p, &lay[i], k, x + (head ||
			    at.align == SH_ALIGN_CENTER || (!at.aligned &&
			    fl->widths[i] < 60) ? w / 2 : at.align ==
			    SH_ALIGN_RIGHT ? w - 3 : 3), y, 0));
		}
	}
	if (fl->border)
		for (i = 0, x = fl->left; i < fl->ncols; x += fl->widths[i++]) {
			it = sh_side_item(fl->p,
			    &fl->p->sides[fl->p->nsides - 1], SH_ITEM_BOX);
			it->x = x;
			it->y = fl->y;
			it->w = fl->widths[i];
			it->h = height;
			it->size = 0.6;
		}
	if (*text != '\0')
		sh_side_read(fl->p, &fl->p->sides[fl->p->nsides - 1], text);
	fl->y += height;
	return (0);
}

/* The motto stands on one line, whatever the margins: smaller if need be. */
static void
fit(struct sh_flow *fl, struct sh_entry *e)
{
	double width = 0, room = fl->widths[e->col] - 5;
	size_t i;

	for (i = 0; i < e->runs.n; i++)
		width += sh_font_width(e->runs.v[i].ink.face,
		    e->runs.v[i].ink.size, e->runs.v[i].s, e->runs.v[i].len);
	if (width <= room || width > room * 1.25)
		return;
	e->attrs.ink.size *= room / width;
	for (i = 0; i < e->runs.n; i++)
		e->runs.v[i].ink.size *= room / width;
}

int
sh_block_line(struct sh_flow *fl, const struct sh_form_line *line)
{
	const char *cmd = line->cmd, *parts[2];
	struct sh_entry *e;
	size_t n;

	if (fl->block == 't') {
		if (strcmp(cmd, "th") != 0 && strcmp(cmd, "tr") != 0)
			return (0);
		return (row(fl, line, cmd[1] == 'h') == -1 ? -1 : 1);
	}
	if (strlen(cmd) == 1 && strchr("lmr", *cmd) != NULL) {
		e = entry(fl, SH_ENTRY_TEXT, column(fl, *cmd));
		if (sh_flow_attrs(fl, line, &e->attrs) == -1 ||
		    sh_flow_expand(fl, line, line->text, &e->attrs.ink,
		    &e->runs) == -1)
			return (-1);
		if (fl->block == 'h' && *cmd == 'r')
			fit(fl, e);
		return (1);
	}
	if (strcmp(cmd, "rule") == 0) {
		e = entry(fl, SH_ENTRY_RULE, column(fl, *line->text));
		/* Under the motto as long as it, else a third. */
		e->gap = line->text[1] != '\0' ? atof(line->text + 1) : 0;
		return (1);
	}
	if (strcmp(cmd, "gap") == 0) {
		e = entry(fl, SH_ENTRY_GAP, column(fl, *line->text));
		e->gap = atof(line->text + 1) * SH_MM;
		return (1);
	}
	if (strlen(cmd) == 2 && *cmd == 'g' && strchr("lmr", cmd[1]) != NULL) {
		e = entry(fl, SH_ENTRY_SIGN, column(fl, cmd[1]));
		e->gap = sh_rng_real(&fl->f->rng, 19, 25) * SH_MM;
		n = sh_flow_parts(fl, line->text, parts, 2);
		if (sh_flow_attrs(fl, line, &e->attrs) == -1 ||
		    (*line->text != '\0' && sh_flow_string(fl, line, parts[0],
		    &e->seal) == -1) || (n > 1 && sh_flow_string(fl, line,
		    parts[1], &e->core) == -1))
			return (-1);
		return (1);
	}
	return (0);
}

/* ---- heads and signatures ------------------------------------------------ */

static void
picture(struct sh_flow *fl, const char *what, const char *arg, double x,
    double y, double w, double h)
{
	struct sh_item *it = sh_side_item(fl->p,
	    &fl->p->sides[fl->p->nsides - 1], SH_ITEM_ART);

	it->text = what;
	it->len = strlen(what);
	it->arg = arg;
	it->x = x;
	it->y = y;
	it->w = w;
	it->h = h;
	it->seed = sh_rng_next(&fl->f->rng);
}

static void
sign(struct sh_flow *fl, const struct sh_entry *e, double x, double width,
    double y)
{
	struct sh_rng *r = &fl->f->rng;
	double w = sh_rng_real(r, 30, 46) * SH_MM, mid = x + width / 2;
	double d = sh_rng_real(r, 33, 37) * SH_MM;

	if (!e->attrs.plain)
		picture(fl, "signature", NULL, mid - w / 2 +
		    sh_rng_real(r, -8, 8), y - 4 + sh_rng_real(r, -4, 4), w,
		    e->gap + 4);
	/* Rule: NĐ 30/2020/NĐ-CP Art. 33: over a third of the signature,
	 * on its left. */
	if (e->seal != NULL)
		picture(fl, "seal", sh_arena_printf(fl->f->arena, "%s|%s",
		    e->seal, e->core != NULL ? e->core : ""),
		    mid - d * sh_rng_real(r, 0.82, 1.0), y + e->gap / 2 -
		    d / 2 + sh_rng_real(r, -6, 6), d, d);
}

static void
rule(struct sh_flow *fl, double x, double width, double y, double share,
    double last)
{
	struct sh_item *it = sh_side_item(fl->p,
	    &fl->p->sides[fl->p->nsides - 1], SH_ITEM_LINE);
	double w = share > 0 ? width * share / 100 : last;

	it->x = x + (width - w) / 2;
	it->y = y + 1.5;
	it->w = w;
	it->size = 0.7;
}

/* One column from the top of the block; its height.  PUT 0: only measure. */
static double
col(struct sh_flow *fl, int c, double x, double top, int put)
{
	const struct sh_entry *e;
	struct sh_lay lay;
	double y = 0, w = fl->widths[c], lh, lw, last = 0, at;
	size_t i, k;

	for (i = 0; i < fl->nentries; i++) {
		e = &fl->entries[i];
		if (e->col != c)
			continue;
		switch (e->kind) {
		case SH_ENTRY_TEXT:
			lh = e->attrs.ink.size * 1.3;
			sh_lay_break(fl->f->arena, &e->runs, w - 4, w - 4,
			    &lay);
			for (k = 0; k < lay.nlines; k++, y += lh) {
				lw = last = lay.lines[k].width;
				at = x + (e->attrs.align == SH_ALIGN_LEFT &&
				    e->attrs.aligned ? 0 : e->attrs.align ==
				    SH_ALIGN_RIGHT ? w - lw : (w - lw) / 2);
				if (put)
					sh_rows_add(fl->f->arena, &fl->rows, at,
					    top + y + lh * 0.78, sh_lay_put(
					    fl->p, &lay, k, at, top + y +
					    lh * 0.78, 0));
			}
			if (lay.nlines == 0)
				y += lh;
			break;
		case SH_ENTRY_RULE:
			if (put)
				rule(fl, x, w, top + y, e->gap, last);
			y += 5;
			break;
		case SH_ENTRY_SIGN:
			if (put)
				sign(fl, e, x, w, top + y);
			y += e->gap;
			break;
		case SH_ENTRY_GAP:
			y += e->gap;
			break;
		}
	}
	return (y);
}

int
sh_block_close(struct sh_flow *fl)
{
	double height = 0, h, x;
	unsigned c;

	if (fl->block == 't') {
		fl->block = 0;
		fl->y += 5;
		return (0);
	}
	for (c = 0; c < fl->ncols; c++)
		if ((h = col(fl, (int)c, 0, 0, 0)) > height)
			height = h;
	/* Air above the signatures. */
	if (fl->block == 's')
		fl->y += fl->size * 0.8;
	sh_flow_room(fl, height);
	for (c = 0, x = fl->left; c < fl->ncols; x += fl->widths[c++])
		(void)col(fl, (int)c, x, fl->y, 1);
	sh_rows_read(fl->p, &fl->rows, 4);
	fl->y += height + (fl->block == 'h' ? fl->size * 0.8 : 4);
	fl->block = 0;
	fl->nentries = 0;
	return (0);
}
