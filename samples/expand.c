/*
 * The text of a description: [one|other] is a choice, {name} a value,
 * {field:...} the value of a field, <b> <i> <u> <v> marks, <br> a new line.
 */
#include <stdlib.h>
#include <string.h>

#include "samples/flow_internal.h"

/* What expansion knows on its way through one text. */
struct expansion {
	struct sh_flow *fl;
	const struct sh_form_line *line;
	struct sh_runs *out;
	struct sh_ink ink;
	const char *raw;	/* before filters, of the last value */
	unsigned nvalues;	/* values and literal parts seen in a field */
	int depth;
};

static int expand(struct expansion *x, const char *s, const char *end);

/* The closing bracket that belongs to the opening one at S, or NULL. */
static const char *
matching(const char *s, const char *end)
{
	char stack[32];
	int depth = 0;

	for (; s < end; s++) {
		if (*s == '[' || *s == '{') {
			if (depth == 31)
				return (NULL);
			stack[depth++] = *s == '[' ? ']' : '}';
		} else if (depth > 0 && *s == stack[depth - 1] &&
		    --depth == 0)
			return (s);
	}
	return (NULL);
}

/* The ink of what is filled in; on some lines it is shown apart. */
static void
value_ink(const struct sh_flow *fl, struct sh_ink *ink)
{
	if (ink->value)
		return;
	ink->value = 1;
	if (!fl->apart)
		return;
	switch (fl->fill) {
	case SH_FILL_PLAIN:
		break;
	case SH_FILL_BOLD:
		ink->face |= SH_FACE_BOLD;
		break;
	case SH_FILL_ITALIC:
		ink->face |= SH_FACE_ITALIC;
		break;
	case SH_FILL_HAND:
		ink->face = (ink->face & ~(unsigned)SH_FACE_BOLD) |
		    SH_FACE_ITALIC;
		ink->hand = 1;
		ink->rgb = SH_BLUE;
		ink->size *= 1.08;
		break;
	}
}

static void
add(struct expansion *x, const char *s, size_t len)
{
	x->nvalues++;
	sh_runs_add(x->fl->f->arena, x->out, &x->ink, s, len);
}

static int
choice(struct expansion *x, const char *s, const char *end)
{
	const char *part[32], *p, *close;
	unsigned n = 0, k;

	part[n++] = s;
	for (p = s; p < end; p++) {
		if (*p == '[' || *p == '{') {
			if ((close = matching(p, end)) != NULL)
				p = close;
		} else if (*p == '|' && n < 31)
			part[n++] = p + 1;
	}
	part[n] = end + 1;
	k = sh_rng_below(&x->fl->f->rng, n);
	return (expand(x, part[k], part[k + 1] - 1));
}

/* {name:...}: what stands inside is the value of that field. */
static int
field(struct expansion *x, const char *name, const char *s, const char *end)
{
	struct expansion inner = *x;
	struct sh_runs runs = { .n = 0 };
	struct sh_date d;
	const char *text;
	int index = sh_paper_field(x->fl->p, name);
	size_t i;

	inner.out = &runs;
	value_ink(x->fl, &inner.ink);
	if (index >= 0)
		inner.ink.field = index;
	inner.nvalues = 0;
	inner.raw = "";
	if (expand(&inner, s, end) == -1)
		return (-1);
	text = sh_runs_text(x->fl->f->arena, &runs);
	/* One date, however printed, is yyyy-mm-dd. */
	if (inner.nvalues == 1 && sh_date_parse(inner.raw, &d) == 0)
		text = inner.raw;
	/* A field whose value turned out empty is not on the paper. */
	if (index >= 0 && *text != '\0')
		x->fl->p->fields[index].value = text;
	for (i = 0; i < runs.n; i++)
		sh_runs_add(x->fl->f->arena, x->out, &runs.v[i].ink,
		    runs.v[i].s, runs.v[i].len);
	return (0);
}

static int
value(struct expansion *x, const char *s, const char *end)
{
	struct sh_arena *a = x->fl->f->arena;
	size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyz_0123456789");
	const char *v;

	if (s[n] == ':' && s + n < end)
		return (field(x, sh_arena_ndup(a, s, n), s + n + 1, end));
	if (sh_facts_eval(x->fl->f, x->line, sh_arena_ndup(a, s,
	    (size_t)(end - s)), &v, &x->raw, x->fl->err) == -1)
		return (-1);
	add(x, v, strlen(v));
	return (0);
}

/* <b>; the length of the mark, or 0 when it is none. */
static size_t
mark(struct expansion *x, const char *s, const char *end)
{
	size_t len = strcspn(s, ">") + 1;
	int off = s[1] == '/';
	char c = s[1 + off];

	if (len > (size_t)(end - s))
		return (0);
	if (len == 4 && memcmp(s, "<br>", 4) == 0) {
		add(x, "\n", 1);
		return (4);
	}
	if (len != 3 + (size_t)off)
		return (0);
	switch (c) {
	case 'b':
		x->ink.face = off ? x->ink.face & ~(unsigned)SH_FACE_BOLD :
		    x->ink.face | SH_FACE_BOLD;
		break;
	case 'i':
		x->ink.face = off ? x->ink.face & ~(unsigned)SH_FACE_ITALIC :
		    x->ink.face | SH_FACE_ITALIC;
		break;
	case 'u':
		x->ink.underline = !off;
		break;
	default:
		return (0);
	}
	return (len);
}

static int
expand(struct expansion *x, const char *s, const char *end)
{
	const char *close, *p;
	struct sh_ink saved;
	size_t n;

	if (x->depth++ > 16)
		return (sh_form_fail(x->line, x->fl->err, "nested too deep"));
	while (s < end) {
		if (*s == '[' || *s == '{') {
			if ((close = matching(s, end)) == NULL)
				return (sh_form_fail(x->line, x->fl->err,
				    "unmatched %c", *s));
			if ((*s == '[' ? choice(x, s + 1, close) :
			    value(x, s + 1, close)) == -1)
				return (-1);
			s = close + 1;
			continue;
		}
		/* <v>...</v>: filled in, but no field. */
		if (end - s > 6 && memcmp(s, "<v>", 3) == 0 &&
		    (p = strstr(s, "</v>")) != NULL && p < end) {
			saved = x->ink;
			value_ink(x->fl, &x->ink);
			if (expand(x, s + 3, p) == -1)
				return (-1);
			x->ink = saved;
			s = p + 4;
			continue;
		}
		if (*s == '<' && (n = mark(x, s, end)) > 0) {
			s += n;
			continue;
		}
		for (p = s + 1; p < end && strchr("[{<", *p) == NULL; )
			p++;
		add(x, s, (size_t)(p - s));
		s = p;
	}
	x->depth--;
	return (0);
}

int
sh_flow_expand(struct sh_flow *fl, const struct sh_form_line *line,
    const char *text, const struct sh_ink *ink, struct sh_runs *out)
{
	struct expansion x = { .fl = fl, .line = line, .out = out,
	    .ink = *ink, .raw = "" };

	return (expand(&x, text, text + strlen(text)));
}

int
sh_flow_string(struct sh_flow *fl, const struct sh_form_line *line,
    const char *text, const char **sp)
{
	struct sh_ink ink = { .field = -1 };
	struct sh_runs runs = { .n = 0 };

	if (sh_flow_expand(fl, line, text, &ink, &runs) == -1)
		return (-1);
	*sp = sh_runs_text(fl->f->arena, &runs);
	return (0);
}

size_t
sh_flow_parts(struct sh_flow *fl, const char *text, const char *parts[],
    size_t max)
{
	const char *end;
	size_t n = 0, len;

	while (n < max) {
		end = strstr(text, "||");
		if (end == NULL || n + 1 == max)
			end = text + strlen(text);
		for (len = (size_t)(end - text); len > 0 &&
		    text[len - 1] == ' '; )
			len--;
		parts[n++] = sh_arena_ndup(fl->f->arena, text, len);
		if (*end == '\0')
			break;
		text = end + 2 + strspn(end + 2, " ");
	}
	return (n);
}

/* One attribute. */
static int
attribute(struct sh_flow *fl, const struct sh_form_line *line,
    struct sh_attrs *at, const char *word)
{
	static const struct {
		const char *name;
		uint32_t rgb;
	} colours[] = {
		{ "red", SH_RED }, { "blue", SH_BLUE }, { "grey", 0x777777 },
		{ "white", 0xffffff }, { "green", 0x1d6b3a },
		{ "brown", 0x6b3d1d }
	};
	static const char *const families[] = { "serif", "sans", "mono",
	    "narrow" };
	static const char *const aligns[] = { "left", "center", "right",
	    "justify" };
	unsigned i;

	if (*word >= '0' && *word <= '9') {
		at->ink.size = atof(word);
		at->fixed = 1;
		return (0);
	}
	for (i = 0; i < sizeof(colours) / sizeof(colours[0]); i++)
		if (strcmp(word, colours[i].name) == 0) {
			at->ink.rgb = colours[i].rgb;
			return (0);
		}
	for (i = 0; i < 4; i++)
		if (strcmp(word, families[i]) == 0) {
			at->ink.face = (at->ink.face &
			    (SH_FACE_BOLD | SH_FACE_ITALIC)) | i;
			return (0);
		} else if (strcmp(word, aligns[i]) == 0) {
			at->align = (enum sh_align)i;
			at->aligned = 1;
			return (0);
		}
	if (strcmp(word, "b") == 0)
		at->ink.face |= SH_FACE_BOLD;
	else if (strcmp(word, "i") == 0)
		at->ink.face |= SH_FACE_ITALIC;
	else if (strcmp(word, "plain") == 0)
		at->plain = 1;
	else if (strncmp(word, "w=", 2) == 0)
		at->width = atof(word + 2);
	else
		return (sh_form_fail(line, fl->err, "attribute %s", word));
	return (0);
}

int
sh_flow_attrs(struct sh_flow *fl, const struct sh_form_line *line,
    struct sh_attrs *at)
{
	const char *s = line->attrs;
	size_t len;

	*at = (struct sh_attrs){ .ink = { .face = fl->face, .size = fl->size,
	    .field = -1 } };
	for (; *s != '\0'; s += len + (s[len] == ',')) {
		len = strcspn(s, ",");
		if (attribute(fl, line, at, sh_arena_ndup(fl->f->arena, s,
		    len)) == -1)
			return (-1);
	}
	return (0);
}
