#include "ocr/tidy.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "ocr/cards.h"

#define SIGNS_SURE	0.9	/* signs read so surely are printed */
#define LETTERS_SURE	0.5	/* so are one or two letters of a line */
#define SCRAWL_HIGH	2	/* times a page's word: higher, and none of a */
#define SCRAWL_SURE	0.5	/* ... line's words as sure: a signature */
#define WORDS_LEAST	20	/* that tell how high a page's words are */
#define CARD_SURE	0.55	/* a card's pattern gives words less sure */
#define CARD_SHORT	2	/* ... and so short */
#define GAP(height)	(5 * (height) / 2)	/* between lines in one row */
#define NUMBER		9	/* digits, of an old identity card or more */
#define HEAD		0.2	/* of the page's height */
#define CELLS		((uint32_t)1 << 30)	/* blocks from here are cells */

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

/* What a cell's left rule is read as when a word stands close to it. */
static int
is_rim(const char *p, uint32_t cp)
{
	return ((cp == '[' && strchr(p, ']') == NULL) ||
	    (cp == '{' && strchr(p, '}') == NULL));
}

/*
 * The word without bars at its ends, AT_RULE without what a cell's rule
 * gives; its length, 0: nothing is left.
 */
static size_t
cut_bars(const struct sh_word *w, int at_rule, const char **from)
{
	const char *p = w->text, *end = p + strlen(p), *stop;
	int strokes = 1;
	uint32_t cp;
	size_t n;

	while ((n = sh_utf8_get(p, end, &cp)) > 0 && (is_bar(cp) ||
	    (at_rule && is_rim(p, cp))))
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

/*
 * Does the pattern or the portrait of a card make this word of a line's end?
 * What has figures may be a number misread.
 */
static int
is_pattern(const struct sh_word *w)
{
	struct look l = { 0, 0, 0, 0, 0, 0 };

	look_at(w, &l);
	return (l.letters + l.digits == 0 || (l.digits < 2 && !l.machine &&
	    l.sure < CARD_SURE && (l.chars <= CARD_SHORT ||
	    l.sure < 0.15)));
}

/* The line loses a card's pattern at its ends; its box is its words'. */
static void
cut_pattern(const struct sh_page *p, struct sh_line *l)
{
	uint32_t i;

	while (l->nwords > 0 && is_pattern(&p->words[l->first])) {
		l->first++;
		l->nwords--;
	}
	while (l->nwords > 0 &&
	    is_pattern(&p->words[l->first + l->nwords - 1]))
		l->nwords--;
	if (l->nwords == 0)
		return;
	l->box = p->words[l->first].box;
	for (i = 1; i < l->nwords; i++)
		l->box = sh_box_union(l->box, p->words[l->first + i].box);
}

/* ---- the order of lines ------------------------------------------------------- */

/* Cards and tables, from above: each is read before what lies below it. */
struct layout {
	struct sh_box region[SH_CARDS_MAX + SH_GRID_TABLES_MAX];
	int is_card[SH_CARDS_MAX + SH_GRID_TABLES_MAX];
	size_t n;
	double lean;	/* downwards, of what lies straight */
	const struct sh_grid *grid;
};

/* A line as it would lie on a page that does not lean. */
struct place {
	double top, middle, height;
	int32_t left, right;
	size_t part;		/* odd: a region; even: what lies between */
	uint32_t cell;		/* of a table, or 0 */
	int row;		/* of the head, or -1 */
	int alone;		/* nothing beside it */
	uint32_t waits;		/* lines that come before it */
	int placed;
};

static double
middle_of(const struct sh_box *b, double lean)
{
	return (b->y + b->h / 2.0 - lean * (b->x + b->w / 2.0));
}

/* The region on which BOX lies, or n. */
static size_t
find_region(const struct layout *at, const struct sh_box *box)
{
	size_t i;

	for (i = 0; i < at->n && !sh_box_holds(&at->region[i], box); i++)
		;
	return (i);
}

static int
meet(const struct sh_box *a, const struct sh_box *b)
{
	return (a->x < b->x + b->w && b->x < a->x + a->w &&
	    a->y < b->y + b->h && b->y < a->y + a->h);
}

/* A table where a card lies is the card's. */
static void
add_table(struct layout *at, const struct sh_box *table)
{
	size_t i, k;

	for (i = 0; i < at->n; i++)
		if (at->is_card[i] && meet(&at->region[i], table))
			return;
	for (i = 0; i < at->n && middle_of(&at->region[i], at->lean) <
	    middle_of(table, at->lean); i++)
		;
	for (k = at->n++; k > i; k--) {
		at->region[k] = at->region[k - 1];
		at->is_card[k] = at->is_card[k - 1];
	}
	at->region[i] = *table;
	at->is_card[i] = 0;
}

static void
lay_out(const struct sh_page *p, const struct sh_box *card, size_t ncards,
    const struct sh_grid *grid, struct layout *out)
{
	size_t i;

	*out = (struct layout){ .lean = tan(p->skew_deg * M_PI / 180),
	    .grid = grid };
	for (; out->n < ncards; out->n++) {
		out->region[out->n] = card[out->n];
		out->is_card[out->n] = 1;
	}
	for (i = 0; grid != NULL && i < grid->ntables; i++)
		add_table(out, &grid->table[i]);
}

static void
place_line(const struct sh_line *l, const struct layout *at,
    struct place *out)
{
	double high = l->box.h - fabs(at->lean) * l->box.w;
	size_t i = find_region(at, &l->box);

	out->height = fmax(high, l->box.h / 4.0);
	out->middle = middle_of(&l->box, at->lean);
	out->cell = l->block > CELLS ? l->block - CELLS : 0;
	out->part = 2 * i + 1;
	if (i == at->n)
		for (out->part = i = 0; i < at->n; i++)
			out->part += 2 * (middle_of(&at->region[i],
			    at->lean) < out->middle);
	out->top = out->middle - out->height / 2;
	out->left = l->box.x;
	out->right = l->box.x + l->box.w;
	out->row = -1;
	out->alone = out->part % 2 == 0;
	out->waits = 0;
	out->placed = 0;
}

/* Do they stand side by side, with so much of the lower one's height? */
static int
beside(const struct place *a, const struct place *b, double much)
{
	double top = fmax(a->top, b->top);
	double foot = fmin(a->top + a->height, b->top + b->height);

	return (a->part == b->part &&
	    (a->right <= b->left || b->right <= a->left) &&
	    foot - top >= much * fmin(a->height, b->height));
}

static int
in_head(const struct place *at, double until)
{
	return (at->row < 0 && at->part % 2 == 0 && at->middle < until);
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
			if (in_head(&at[i], until) &&
			    (first == n || at[i].middle < at[first].middle))
				first = i;
		if (first == n)
			return;
		at[first].row = row;
		for (i = 0; i < n; i++)
			if (in_head(&at[i], until) &&
			    beside(&at[first], &at[i], 0.5))
				at[i].row = row;
		row++;
	}
}

static int
comes_before(const struct place *a, const struct place *b)
{
	if (a->part != b->part)
		return (a->part < b->part);
	if (a->cell != b->cell)
		return (a->cell < b->cell);
	if (a->row >= 0 && b->row >= 0)
		return (a->row != b->row ? a->row < b->row :
		    a->left < b->left);
	return (a->middle < b->top && ((a->alone && b->alone) ||
	    (a->left < b->right && b->left < a->right)));
}

/* Is A's line on one card with the LAST and in its column? */
static int
goes_on(const struct place *a, const struct place *last)
{
	return (last != NULL && a->part == last->part &&
	    a->left < last->right && last->left < a->right);
}

/*
 * Is A to be read before B, which comes first in the engine's order?  On a
 * card, where a portrait parts the lines, the column of the LAST goes on
 * from above.
 */
static int
is_sooner(const struct place *a, const struct place *b,
    const struct place *last)
{
	if ((a->waits > 0) != (b->waits > 0))
		return (a->waits == 0);
	if (a->waits > 0 || a->part % 2 == 0 || a->part != b->part)
		return (0);
	if (goes_on(a, last) != goes_on(b, last))
		return (goes_on(a, last));
	return (fabs(a->middle - b->middle) < a->height / 2 ?
	    a->left < b->left : a->middle < b->middle);
}

/* The next line: one that waits for none, if there is one. */
static uint32_t
choose_next(const struct place *at, uint32_t n, const struct place *last)
{
	uint32_t i, next = n;

	for (i = 0; i < n; i++)
		if (!at[i].placed && (next == n ||
		    is_sooner(&at[i], &at[next], last)))
			next = i;
	return (next);
}

/* Line numbers in the order in which they are read. */
static uint32_t *
find_order(const struct sh_page *p, const struct sh_line *lines, uint32_t n,
    const struct layout *layout, struct sh_error *err)
{
	uint32_t i, k, next, *order;
	struct place *at;

	order = sh_alloc(n + 1, sizeof(*order), "lines", err);
	at = sh_alloc(n + 1, sizeof(*at), "lines", err);
	if (order == NULL || at == NULL) {
		free(order);
		free(at);
		return (NULL);
	}
	for (i = 0; i < n; i++)
		place_line(&lines[i], layout, &at[i]);
	find_rows(at, n, HEAD * p->height_px);
	for (i = 0; i < n; i++)
		for (k = 0; k < n; k++)
			if (k != i && beside(&at[k], &at[i], 0))
				at[i].alone = 0;
	for (i = 0; i < n; i++)
		for (k = 0; k < n; k++)
			at[i].waits += k != i && comes_before(&at[k], &at[i]);
	for (k = 0; k < n; k++) {
		next = choose_next(at, n, k > 0 ? &at[order[k - 1]] : NULL);
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

/*
 * Where the word in fact ends, for the engine saw no space behind a label:
 * "sinh:16/08/1990", "No.027090098192"; its length where it is one.
 */
static size_t
label_end(const char *s, size_t len)
{
	uint32_t cp = 0, before = 0, next;
	size_t at, n;

	for (at = 0; (n = sh_utf8_get(s + at, s + len, &cp)) > 0; at += n) {
		if ((cp == ':' || cp == '.') && sh_is_letter(before) &&
		    sh_utf8_get(s + at + n, s + len, &next) > 0 &&
		    ((cp == ':' && sh_is_letter(next)) ||
		    strspn(s + at + n, "0123456789") >=
		    (cp == ':' ? 1 : NUMBER)))
			return (at + n);
		before = cp;
	}
	return (len);
}

/* No Vietnamese word has an eth, which looks like the letter that is meant. */
static void
mend_eth(char *s)
{
	for (; (s = strchr(s, '\xc3')) != NULL; s++)
		if (s[1] == '\x90')
			memcpy(s, "\xc4\x90", 2);
		else if (s[1] == '\xb0')
			memcpy(s, "\xc4\x91", 2);
}

/* Part of a word, FROM to TO of LEN bytes; boxes go by the bytes. */
static int
copy_word(const struct sh_word *w, const char *text, size_t len, size_t from,
    size_t to, struct sh_page *out, struct sh_error *err)
{
	char part[SH_PAGE_WORD_BYTES + 1];
	struct sh_box b = w->box;

	memcpy(part, text + from, to - from);
	part[to - from] = '\0';
	mend_eth(part);
	b.x += (int32_t)((int64_t)w->box.w * (int64_t)from / (int64_t)len);
	b.w = (int32_t)((int64_t)w->box.w * (int64_t)(to - from) /
	    (int64_t)len);
	b.w += b.w == 0;
	return (sh_page_add_word(out, part, b, (double)w->confidence, err));
}

/* The line's words, the line itself with the first of them. */
static int
copy_line(const struct sh_page *p, const struct sh_line *l, uint32_t block,
    struct sh_page *out, struct sh_error *err)
{
	struct look look = { 0, 0, 0, 0, 0, 0 };
	const char *from;
	int open = 0;
	uint32_t i;
	size_t n, end;

	for (i = l->first; i < l->first + l->nwords; i++)
		look_at(&p->words[i], &look);
	for (i = l->first; i < l->first + l->nwords; i++) {
		const struct sh_word *w = &p->words[i];

		from = w->text;
		n = look.machine ? strlen(from) : cut_bars(w, i == l->first &&
		    l->block > CELLS, &from);
		if (n == 0)
			continue;
		if (!open && sh_page_add_line(out, l->box, l->baseline, block,
		    err))
			return (-1);
		open = 1;
		end = look.machine ? n : label_end(from, n);
		if (copy_word(w, from, n, 0, end, out, err) ||
		    (end < n && copy_word(w, from, n, end, n, out, err)))
			return (-1);
	}
	return (0);
}

/*
 * Word K of a card's line stands so far from the one before it that it
 * belongs to another line beside this one.
 */
static int
stands_apart(const struct sh_page *p, uint32_t k)
{
	const struct sh_box *a = &p->words[k - 1].box, *b = &p->words[k].box;

	return (b->x - a->x - a->w > GAP(a->h > b->h ? a->h : b->h));
}

/* Lines on their way to the copy. */
struct lines {
	const struct sh_page *page;
	int32_t height;		/* of the page's words */
	struct sh_line *line;
	size_t n;
};

/* The line's words FROM to END as one more, unless it is no writing. */
static void
keep_card_line(struct lines *to, const struct sh_line *line, uint32_t from,
    uint32_t end)
{
	struct sh_line l = *line;

	l.first = from;
	l.nwords = end - from;
	cut_pattern(to->page, &l);
	if (l.nwords > 0 && !is_scrawl(to->page, &l, to->height))
		to->line[to->n++] = l;
}

/* A card's line, cut where two stand in one row. */
static void
cut_card_line(struct lines *to, const struct sh_line *line)
{
	uint32_t first = line->first, end = first + line->nwords, k;

	for (k = first + 1; k < end; k++)
		if (stands_apart(to->page, k)) {
			keep_card_line(to, line, first, k);
			first = k;
		}
	keep_card_line(to, line, first, end);
}

/* A table's line, cut where the next cell begins. */
static void
cut_cells(struct lines *to, const struct sh_line *line,
    const struct sh_grid *grid)
{
	uint32_t k, end = line->first + line->nwords, cell = 0, next;
	struct sh_line *l = NULL;

	for (k = line->first; k < end; k++) {
		const struct sh_box *b = &to->page->words[k].box;

		next = sh_grid_cell(grid, b);
		if (l == NULL || (next != 0 && next != cell)) {
			l = &to->line[to->n++];
			*l = *line;
			l->box = *b;
			l->first = k;
			l->nwords = 0;
			l->block = CELLS + next;
			cell = next;
		}
		l->box = sh_box_union(l->box, *b);
		l->nwords++;
	}
}

/*
 * The page's lines of writing; those of cards without pattern, and cut where
 * two stand in one row, those of tables by cells.  OUT->line is the caller's.
 */
static int
cut_lines(const struct sh_page *p, const struct layout *layout,
    struct lines *out, struct sh_error *err)
{
	size_t i, region;

	*out = (struct lines){ .page = p };
	if (find_height(p, &out->height, err) ||
	    (out->line = sh_alloc(p->nlines + p->nwords + 1,
	    sizeof(*out->line), "lines", err)) == NULL)
		return (-1);
	for (i = 0; i < p->nlines; i++) {
		const struct sh_line *l = &p->lines[i];

		region = find_region(layout, &l->box);
		if (region < layout->n && layout->is_card[region])
			cut_card_line(out, l);
		else if (is_scrawl(p, l, out->height))
			continue;
		else if (region < layout->n)
			cut_cells(out, l, layout->grid);
		else
			out->line[out->n++] = *l;
	}
	return (0);
}

struct sh_page *
sh_page_tidy(const struct sh_page *p, const struct sh_box *card,
    size_t ncards, const struct sh_grid *grid, struct sh_error *err)
{
	struct sh_page *out = sh_page_frame(p, err);
	struct lines lines = { .line = NULL };
	uint32_t *order = NULL, i, block = 0, last = UINT32_MAX;
	struct layout layout;

	lay_out(p, card, ncards, grid, &layout);
	if (out == NULL || cut_lines(p, &layout, &lines, err) ||
	    (order = find_order(p, lines.line, (uint32_t)lines.n, &layout,
	    err)) == NULL)
		goto fail;
	for (i = 0; i < lines.n; i++) {
		const struct sh_line *l = &lines.line[order[i]];

		if (last != UINT32_MAX && l->block != last)
			block++;
		last = l->block;
		if (copy_line(p, l, block, out, err))
			goto fail;
	}
	free(order);
	free(lines.line);
	return (out);
fail:
	free(order);
	free(lines.line);
	sh_page_free(out);
	return (NULL);
}
