#include "ocr/tidy.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

#define SIGNS_SURE	0.9	/* signs read so surely are printed */
#define LETTERS_SURE	0.5	/* so are one or two letters of a line */
#define SCRAWL_HIGH	2	/* times a page's word: higher, and none of a */
#define SCRAWL_SURE	0.5	/* ... line's words as sure: a signature */
#define WORDS_LEAST	20	/* that tell how high a page's words are */
#define HEAD		0.2	/* of the page's height */

/* ---- what is no writing ----------------------------------------------------- */

struct look {
	size_t chars, letters, digits;
	double sure;		/* of the surest word */
	int32_t height;		/* of the lowest */
	int machine;		/* a machine-readable line */
};

static void
look_at(const struct sh_word *w, struct look *l)
{
	const char *p = w->text, *end = p + strlen(p);
	uint32_t cp;
	size_t n;

	for (; (n = sh_utf8_get(p, end, &cp)) > 0; p += n) {
		l->chars++;
		l->digits += cp >= '0' && cp <= '9';
		l->letters += (size_t)sh_is_letter(cp);
	}
	l->sure = fmax(l->sure, (double)w->confidence);
	l->height = l->height == 0 || w->box.h < l->height ? w->box.h :
	    l->height;
	l->machine |= strstr(w->text, "<<") != NULL;
}

static int
compare_heights(const void *va, const void *vb)
{
	const int32_t *a = va, *b = vb;

	return (*a < *b ? -1 : *a > *b);
}

/* The median of the words; INT32_MAX / SCRAWL_HIGH where they are few. */
static int
find_height(const struct sh_page *p, int32_t *out, struct sh_error *err)
{
	int32_t *height;
	size_t i;

	*out = INT32_MAX / SCRAWL_HIGH;
	if (p->nwords < WORDS_LEAST)
		return (0);
	if ((height = sh_alloc(p->nwords, sizeof(*height), "words", err)) ==
	    NULL)
		return (-1);
	for (i = 0; i < p->nwords; i++)
		height[i] = p->words[i].box.h;
	qsort(height, p->nwords, sizeof(*height), compare_heights);
	*out = height[p->nwords / 2];
	free(height);
	return (0);
}

/* HEIGHT is that of the page's words. */
static int
is_scrawl(const struct sh_page *p, const struct sh_line *line, int32_t height)
{
	struct look l = { 0, 0, 0, 0, 0, 0 };
	uint32_t i;

	for (i = line->first; i < line->first + line->nwords; i++)
		look_at(&p->words[i], &l);
	if (l.machine)
		return (0);
	if (l.height > height * SCRAWL_HIGH && l.sure < SCRAWL_SURE)
		return (1);
	if (l.digits > 0)
		return (0);
	return ((2 * l.letters < l.chars && l.sure < SIGNS_SURE) ||
	    (l.letters <= 2 && l.sure < LETTERS_SURE));
}

/* A sign that rules, rims and strokes are taken for. */
static int
is_stroke(uint32_t cp)
{
	static const char strokes[] = "|`~^\\_{}[]<>=*'\"#";

	return (cp < 0x80 ? strchr(strokes, (int)cp) != NULL :
	    cp == 0xa6 || cp == 0xac || cp == 0xb0 || cp == 0xb7 ||
	    cp == 0xab || cp == 0xbb || cp == 0x2014 || cp == 0x2018 ||
	    cp == 0x2019 || cp == 0x201c || cp == 0x201d || cp == 0x2022);
}

static int
is_bar(uint32_t cp)
{
	return (cp == '|' || cp == 0xa6 || cp == 0xac);
}

/* The word without bars at its ends; its length, 0: nothing is left. */
static size_t
cut_bars(const struct sh_word *w, const char **from)
{
	const char *p = w->text, *end = p + strlen(p), *stop;
	int strokes = 1;
	uint32_t cp;
	size_t n;

	while ((n = sh_utf8_get(p, end, &cp)) > 0 && is_bar(cp))
		p += n;
	*from = stop = p;
	for (; (n = sh_utf8_get(p, end, &cp)) > 0; p += n) {
		strokes &= is_stroke(cp);
		if (!is_bar(cp))
			stop = p + n;
	}
	return (strokes && (double)w->confidence < SIGNS_SURE ? 0 :
	    (size_t)(stop - *from));
}

/* ---- the order of lines ------------------------------------------------------- */

/* A line as it would lie on a page that does not lean. */
struct place {
	double top, middle, height;
	int32_t left, right;
	int row;		/* of the head, or -1 */
	uint32_t waits;		/* lines that come before it */
	int placed;
};

static void
place_line(const struct sh_line *l, double lean, struct place *out)
{
	double high = l->box.h - fabs(lean) * l->box.w;

	out->height = fmax(high, l->box.h / 4.0);
	out->middle = l->box.y + l->box.h / 2.0 -
	    lean * (l->box.x + l->box.w / 2.0);
	out->top = out->middle - out->height / 2;
	out->left = l->box.x;
	out->right = l->box.x + l->box.w;
	out->row = -1;
	out->waits = 0;
	out->placed = 0;
}

/* Do they stand side by side? */
static int
beside(const struct place *a, const struct place *b)
{
	double top = fmax(a->top, b->top);
	double foot = fmin(a->top + a->height, b->top + b->height);

	return ((a->right <= b->left || b->right <= a->left) &&
	    foot - top >= 0.5 * fmin(a->height, b->height));
}

/* Rows of the head, from above. */
static void
find_rows(struct place *at, uint32_t n, double until)
{
	int row = 0;
	uint32_t i, first;

	for (;;) {
		first = n;
		for (i = 0; i < n; i++)
			if (at[i].row < 0 && at[i].middle < until &&
			    (first == n || at[i].middle < at[first].middle))
				first = i;
		if (first == n)
			return;
		at[first].row = row;
		for (i = 0; i < n; i++)
			if (at[i].row < 0 && at[i].middle < until &&
			    beside(&at[first], &at[i]))
				at[i].row = row;
		row++;
	}
}

static int
comes_before(const struct place *a, const struct place *b)
{
	if (a->row >= 0 && b->row >= 0)
		return (a->row != b->row ? a->row < b->row :
		    a->left < b->left);
	return (a->middle < b->top && a->left < b->right &&
	    b->left < a->right);
}

/* Line numbers in the order in which they are read. */
static uint32_t *
find_order(const struct sh_page *p, struct sh_error *err)
{
	double lean = tan(p->skew_deg * M_PI / 180);
	uint32_t n = (uint32_t)p->nlines, i, k, next, *order;
	struct place *at;

	order = sh_alloc(n + 1, sizeof(*order), "lines", err);
	at = sh_alloc(n + 1, sizeof(*at), "lines", err);
	if (order == NULL || at == NULL) {
		free(order);
		free(at);
		return (NULL);
	}
	for (i = 0; i < n; i++)
		place_line(&p->lines[i], lean, &at[i]);
	find_rows(at, n, HEAD * p->height_px);
	for (i = 0; i < n; i++)
		for (k = 0; k < n; k++)
			at[i].waits += k != i && comes_before(&at[k], &at[i]);
	for (k = 0; k < n; k++) {
		/* Where lines wait for each other, as the engine had them. */
		next = n;
		for (i = 0; i < n && (next == n || at[next].waits > 0); i++)
			if (!at[i].placed && (next == n || at[i].waits == 0))
				next = i;
		order[k] = next;
		at[next].placed = 1;
		for (i = 0; i < n; i++)
			if (!at[i].placed && comes_before(&at[next], &at[i]))
				at[i].waits--;
	}
	free(at);
	return (order);
}

/* ---- the copy ------------------------------------------------------------------ */

/* The line's words, the line itself with the first of them. */
static int
copy_line(const struct sh_page *p, const struct sh_line *l, uint32_t block,
    struct sh_page *out, struct sh_error *err)
{
	struct look look = { 0, 0, 0, 0, 0, 0 };
	char text[SH_PAGE_WORD_BYTES + 1];
	const char *from;
	int open = 0;
	uint32_t i;
	size_t n;

	for (i = l->first; i < l->first + l->nwords; i++)
		look_at(&p->words[i], &look);
	for (i = l->first; i < l->first + l->nwords; i++) {
		const struct sh_word *w = &p->words[i];

		from = w->text;
		n = look.machine ? strlen(from) : cut_bars(w, &from);
		if (n == 0)
			continue;
		memcpy(text, from, n);
		text[n] = '\0';
		if (!open && sh_page_add_line(out, l->box, l->baseline, block,
		    err))
			return (-1);
		open = 1;
		if (sh_page_add_word(out, text, w->box,
		    (double)w->confidence, err))
			return (-1);
	}
	return (0);
}

static int
copy_rest(const struct sh_page *p, struct sh_page *out, struct sh_error *err)
{
	const char *name;
	json_t *v;
	size_t i;

	out->state = p->state;
	out->dpi = p->dpi;
	out->dpi_y = p->dpi_y;
	out->dpi_known = p->dpi_known;
	out->orientation = p->orientation;
	out->skew_deg = p->skew_deg;
	out->confidence = p->confidence;
	if (p->engine != NULL && sh_page_set_engine(out, p->engine, err))
		return (-1);
	for (i = 0; i < p->nmarks; i++)
		if (sh_page_add_mark(out, p->marks[i].kind, p->marks[i].text,
		    p->marks[i].box, p->marks[i].method, err))
			return (-1);
	json_object_foreach(p->measures, name, v)
		if (sh_page_set_measure(out, name, json_integer_value(v),
		    err))
			return (-1);
	return (0);
}

struct sh_page *
sh_page_tidy(const struct sh_page *p, struct sh_error *err)
{
	struct sh_page *out = sh_page_new(err);
	uint32_t *order = NULL, i, block = 0, last = UINT32_MAX;
	int32_t height;

	if (out == NULL || find_height(p, &height, err) ||
	    (order = find_order(p, err)) == NULL)
		goto fail;
	out->width_px = p->width_px;
	out->height_px = p->height_px;
	for (i = 0; i < p->nlines; i++) {
		const struct sh_line *l = &p->lines[order[i]];

		if (is_scrawl(p, l, height))
			continue;
		if (last != UINT32_MAX && l->block != last)
			block++;
		last = l->block;
		if (copy_line(p, l, block, out, err))
			goto fail;
	}
	if (copy_rest(p, out, err))
		goto fail;
	free(order);
	return (out);
fail:
	free(order);
	sh_page_free(out);
	return (NULL);
}
