/*
 * What stands on a side by itself: paragraphs, lines of a form, text and
 * pictures at a given place.
 */
#include <stdlib.h>
#include <string.h>

#include "samples/art.h"
#include "samples/flow_internal.h"

/* ---- paragraphs ---------------------------------------------------------- */

static void
put_lines(struct sh_flow *fl, const struct sh_lay *lay, double x,
    double width, enum sh_align align, double size, double indent)
{
	double lh = sh_flow_line_height(fl, size), lx, w;
	size_t i;

	for (i = 0; i < lay->nlines; i++) {
		sh_flow_room(fl, lh);
		w = width - (i == 0 ? indent : 0);
		lx = x + (i == 0 ? indent : 0);
		if (align == SH_ALIGN_CENTER)
			lx += (w - lay->lines[i].width) / 2;
		else if (align == SH_ALIGN_RIGHT)
			lx += w - lay->lines[i].width;
		sh_side_read(fl->p, sh_flow_last(fl), sh_lay_put(fl->p, lay,
		    i, lx, fl->y + (lh + 0.66 * size) / 2, align ==
		    SH_ALIGN_JUSTIFY ? sh_lay_stretch(lay, i, w) : 0));
		fl->y += lh;
	}
}

static int
paragraph(struct sh_flow *fl, const struct sh_form_line *line)
{
	struct sh_attrs at;
	struct sh_runs runs = { .n = 0 };
	struct sh_lay lay;
	const char *cmd = line->cmd;
	double width = fl->w - fl->left - fl->right, indent = 0;

	if (sh_flow_attrs(fl, line, &at) == -1)
		return (-1);
	if (strcmp(cmd, "title") == 0) {
		at.align = SH_ALIGN_CENTER;
		at.ink.face |= SH_FACE_BOLD;
		if (!at.fixed)
			at.ink.size = fl->size + 3;
		if (at.ink.rgb == 0)
			at.ink.rgb = fl->title_rgb;
	} else if (strcmp(cmd, "p") == 0) {
		if (!at.aligned)
			at.align = SH_ALIGN_JUSTIFY;
		indent = at.plain ? 0 : fl->indent;
	} else if (!at.aligned)
		at.align = strcmp(cmd, "center") == 0 ? SH_ALIGN_CENTER :
		    strcmp(cmd, "right") == 0 ? SH_ALIGN_RIGHT : SH_ALIGN_LEFT;
	if (sh_flow_expand(fl, line, line->text, &at.ink, &runs) == -1)
		return (-1);
	sh_flow_read_rows(fl);
	sh_lay_break(fl->f->arena, &runs, width - indent, width, &lay);
	put_lines(fl, &lay, fl->left, width, at.align, at.ink.size, indent);
	fl->y += fl->after;
	return (0);
}

/* A dotted line under what is filled in, from the first value on. */
static void
leader(struct sh_flow *fl, const struct sh_lay *lay, size_t i, double x,
    double y, double to)
{
	const struct sh_lay_line *l = &lay->lines[i];
	struct sh_item *it;
	size_t k;

	for (k = l->from; k < l->to && !lay->pieces[k].ink->value; k++)
		x += lay->pieces[k].width + (k > l->from ?
		    lay->pieces[k].space : 0);
	if (k == l->to || to - x < 10)
		return;
	it = sh_side_item(fl->p, sh_flow_last(fl), SH_ITEM_DOTS);
	it->x = x + 3;
	it->y = y + 2;
	it->w = to - it->x;
	it->size = fl->size;
}

/*
 * Label and value, several side by side where they fit: "Label: {name:...}
 * || Label: {sex:...}".
 */
static int
form_line(struct sh_flow *fl, const struct sh_form_line *line)
{
	const char *parts[SH_FLOW_COLS], *text;
	struct sh_runs runs[SH_FLOW_COLS] = { { .n = 0 } };
	struct sh_lay lay[SH_FLOW_COLS];
	struct sh_attrs at;
	double width = fl->w - fl->left - fl->right, used, slack, x, y, lh, to;
	size_t n, i, from, next;

	if (sh_flow_attrs(fl, line, &at) == -1)
		return (-1);
	n = sh_flow_parts(fl, line->text, parts, SH_FLOW_COLS);
	fl->apart = 1;
	for (i = 0; i < n; i++) {
		if (sh_flow_expand(fl, line, parts[i], &at.ink, &runs[i]) == -1)
			return (-1);
		sh_lay_break(fl->f->arena, &runs[i], width, width, &lay[i]);
	}
	fl->apart = 0;
	sh_flow_read_rows(fl);
	lh = sh_flow_line_height(fl, at.ink.size);
	for (from = 0; from < n; from = next) {
		/* As many parts as one line takes. */
		for (next = from, used = 0; next < n &&
		    lay[next].nlines == 1 && (next == from || used +
		    lay[next].lines[0].width <= width); next++)
			used += lay[next].lines[0].width + 10;
		if (next == from)
			next = from + 1;
		if (next == from + 1 && lay[from].nlines != 1) {
			for (i = 0; i < lay[from].nlines; i++) {
				struct sh_lay one = lay[from];

				one.lines += i;
				one.nlines = 1;
				put_lines(fl, &one, fl->left, width,
				    SH_ALIGN_LEFT, at.ink.size, 0);
				if (fl->leaders && !at.plain)
					leader(fl, &lay[from], i, fl->left,
					    fl->y - lh / 2 + 0.33 * at.ink.size,
					    fl->left + width);
			}
			continue;
		}
		sh_flow_room(fl, lh);
		slack = (width - used + 10) / (double)(next - from);
		text = "";
		y = fl->y + (lh + 0.66 * at.ink.size) / 2;
		for (i = from, x = fl->left; i < next; i++, x = to + 6) {
			text = sh_arena_printf(fl->f->arena, "%s%s%s", text,
			    *text == '\0' ? "" : " ",
			    sh_lay_put(fl->p, &lay[i], 0, x, y, 0));
			to = i + 1 == next ? fl->left + width :
			    x + lay[i].lines[0].width + slack + 4;
			if (fl->leaders && !at.plain)
				leader(fl, &lay[i], 0, x, y, to);
		}
		sh_side_read(fl->p, sh_flow_last(fl), text);
		fl->y += lh;
	}
	fl->y += fl->after / 2;
	return (0);
}

/* ---- free places --------------------------------------------------------- */

int
sh_para_numbers(struct sh_flow *fl, const struct sh_form_line *line, double *v,
    unsigned n, const char **restp)
{
	const char *s = line->text;
	char *end;
	unsigned i;

	for (i = 0; i < n; i++) {
		v[i] = strtod(s, &end);
		if (end == s)
			return (sh_form_fail(line, fl->err, "%u numbers", n));
		s = end;
	}
	*restp = s + strspn(s, " ");
	return (0);
}

/* "at X Y TEXT": millimetres from the origin to the baseline. */
static int
at_place(struct sh_flow *fl, const struct sh_form_line *line)
{
	struct sh_attrs at;
	struct sh_runs runs = { .n = 0 };
	struct sh_lay lay;
	const char *text = "";
	double v[2] = { 0, 0 }, w, x, y;
	size_t i;

	if (sh_flow_attrs(fl, line, &at) == -1 ||
	    sh_para_numbers(fl, line, v, 2, &text) == -1 ||
	    sh_flow_expand(fl, line, text, &at.ink, &runs) == -1)
		return (-1);
	w = at.width > 0 ? at.width * SH_MM : 2 * fl->w;
	sh_lay_break(fl->f->arena, &runs, w, w, &lay);
	for (i = 0; i < lay.nlines; i++) {
		x = fl->ox + v[0] * SH_MM;
		y = fl->oy + v[1] * SH_MM + (double)i * at.ink.size * 1.22;
		if (at.align == SH_ALIGN_CENTER)
			x -= lay.lines[i].width / 2;
		else if (at.align == SH_ALIGN_RIGHT)
			x -= lay.lines[i].width;
		sh_rows_add(fl->f->arena, &fl->rows, x, y, sh_lay_put(fl->p,
		    &lay, i, x, y, 0));
	}
	return (0);
}

/* "art KIND X Y W H ARGUMENT" */
static int
art(struct sh_flow *fl, const struct sh_form_line *line)
{
	struct sh_form_line shifted = *line;
	struct sh_item *it;
	const char *rest = "", *arg;
	double v[4] = { 0, 0, 0, 0 };
	size_t len = strcspn(line->text, " ");

	shifted.text = line->text + len;
	if (sh_para_numbers(fl, &shifted, v, 4, &rest) == -1 ||
	    sh_flow_string(fl, line, rest, &arg) == -1)
		return (-1);
	it = sh_side_item(fl->p, sh_flow_last(fl), SH_ITEM_ART);
	it->text = sh_arena_ndup(fl->f->arena, line->text, len);
	if (!sh_art_known(it->text))
		return (sh_form_fail(line, fl->err, "no picture %s",
		    it->text));
	it->len = len;
	it->arg = arg;
	it->x = fl->ox + v[0] * SH_MM;
	it->y = fl->oy + v[1] * SH_MM;
	it->w = v[2] * SH_MM;
	it->h = v[3] * SH_MM;
	it->seed = sh_rng_next(&fl->f->rng);
	return (0);
}

static int
box(struct sh_flow *fl, const struct sh_form_line *line)
{
	struct sh_item *it;
	struct sh_attrs at;
	const char *rest;
	double v[4] = { 0, 0, 0, 0 };

	if (sh_para_numbers(fl, line, v, 4, &rest) == -1 ||
	    sh_flow_attrs(fl, line, &at) == -1)
		return (-1);
	it = sh_side_item(fl->p, sh_flow_last(fl), SH_ITEM_BOX);
	it->x = fl->ox + v[0] * SH_MM;
	it->y = fl->oy + v[1] * SH_MM;
	it->w = v[2] * SH_MM;
	it->h = v[3] * SH_MM;
	it->size = 0.7;
	it->rgb = at.ink.rgb;
	return (0);
}

int
sh_para_line(struct sh_flow *fl, const struct sh_form_line *line)
{
	static const struct {
		const char *cmd;
		int (*put)(struct sh_flow *, const struct sh_form_line *);
	} table[] = {
		{ "f", form_line }, { "p", paragraph }, { "title", paragraph },
		{ "center", paragraph }, { "left", paragraph },
		{ "right", paragraph }, { "at", at_place }, { "art", art },
		{ "box", box }
	};
	size_t i;

	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (strcmp(table[i].cmd, line->cmd) == 0)
			return (table[i].put(fl, line) == -1 ? -1 : 1);
	return (0);
}
