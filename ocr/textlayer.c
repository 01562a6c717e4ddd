#include "ocr/textlayer.h"

#include <allheaders.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

#define TAG_MAX		512	/* bytes of a tag */
#define CONFIDENCE	0.99	/* as for what a person typed */
#define HIDDEN_MAX	3	/* of 100 words without ink */
#define FOREIGN_MAX	2	/* of 100 words not in our letters */
#define COVERED_MAX	1	/* of 100 words that stand on another */
#define UNTOLD_MAX	4	/* of 100 words that only the picture has */

struct layer {
	const char *p, *end;
	struct sh_page *page;
	const struct sh_sketch *sketch;
	uint32_t nblocks;
	int line_open;		/* it has a word */
	struct sh_box line;
	size_t told, hidden, foreign, covered;
	struct Pix *taken;	/* where words stand, as the sketch */
};

/* ---- the XML ------------------------------------------------------------- */

/* The next tag, without its brackets, in OUT: 1, 0 at the end. */
static int
next_tag(struct layer *l, char out[TAG_MAX])
{
	const char *open, *close;
	size_t n;

	for (;;) {
		if (l->p == l->end || (open = memchr(l->p, '<',
		    (size_t)(l->end - l->p))) == NULL || (close = memchr(open,
		    '>', (size_t)(l->end - open))) == NULL)
			return (0);
		l->p = close + 1;
		n = (size_t)(close - open) - 1;
		if (n == 0 || n >= TAG_MAX)
			continue;
		memcpy(out, open + 1, n);
		out[n] = '\0';
		return (1);
	}
}

static int
is_tag(const char *tag, const char *name)
{
	size_t n = strlen(name);

	return (strncmp(tag, name, n) == 0 && (tag[n] == ' ' ||
	    tag[n] == '\0'));
}

static int
attribute(const char *tag, const char *name, double *out)
{
	const char *at = strstr(tag, name);
	char *stop;

	if (at == NULL)
		return (0);
	at += strlen(name);
	*out = strtod(at, &stop);
	return (stop > at && *stop == '"' && fabs(*out) < 1e6);
}

/* The box of a tag on the page; 0 when it is none, or lies outside. */
static int
tag_box(const struct layer *l, const char *tag, struct sh_box *out)
{
	double x0, y0, x1, y1, sx = l->page->dpi / 72,
	    sy = l->page->dpi_y / 72;

	if (!attribute(tag, "xMin=\"", &x0) ||
	    !attribute(tag, "yMin=\"", &y0) ||
	    !attribute(tag, "xMax=\"", &x1) ||
	    !attribute(tag, "yMax=\"", &y1))
		return (0);
	x0 = fmax(0, floor(x0 * sx));
	y0 = fmax(0, floor(y0 * sy));
	x1 = fmin(l->page->width_px, ceil(x1 * sx));
	y1 = fmin(l->page->height_px, ceil(y1 * sy));
	if (!(x1 >= x0 + 1 && y1 >= y0 + 1))
		return (0);
	*out = (struct sh_box){ (int32_t)x0, (int32_t)y0, (int32_t)(x1 - x0),
	    (int32_t)(y1 - y0) };
	return (1);
}

/* What "&...;" at P stands for; its length, or 0. */
static size_t
entity(const char *p, const char *end, uint32_t *cp)
{
	static const struct {
		const char *name;
		uint32_t cp;
	} known[] = { { "&amp;", '&' }, { "&lt;", '<' }, { "&gt;", '>' },
	    { "&quot;", '"' }, { "&apos;", '\'' } };
	size_t i, n;

	for (i = 0; i < SH_COUNT(known); i++) {
		n = strlen(known[i].name);
		if ((size_t)(end - p) >= n && memcmp(p, known[i].name, n) ==
		    0) {
			*cp = known[i].cp;
			return (n);
		}
	}
	return (0);
}

/* The text up to the next tag, its entities resolved. */
static int
take_text(struct layer *l, struct sh_buf *out, struct sh_error *err)
{
	const char *stop;
	uint32_t cp;
	char utf8[4];
	size_t n;

	stop = memchr(l->p, '<', (size_t)(l->end - l->p));
	if (stop == NULL)
		stop = l->end;
	while (l->p < stop) {
		if ((n = entity(l->p, stop, &cp)) == 0 &&
		    (n = sh_utf8_get(l->p, stop, &cp)) == 0) {
			n = 1;
			cp = 0xfffd;
		}
		l->p += n;
		if (out->len >= SH_PAGE_WORD_BYTES)
			continue;
		if (sh_buf_append(out, utf8, sh_utf8_put(cp, utf8), err))
			return (-1);
	}
	return (0);
}

/* ---- the words -------------------------------------------------------------- */

/*
 * Is that what a page here is written with?  Fonts of the time before
 * Unicode show Vietnamese where the text has other letters and signs:
 * "Céng hoµ" (TCVN 3), "Coäng hoøa" (VNI).
 */
static int
is_ours(uint32_t c)
{
	static const char letters[] = "ÀÁÂÃÈÉÊÌÍÒÓÔÕÙÚÝàáâãèéêìíòóôõùúý";
	const char *p = letters, *end = letters + sizeof(letters) - 1;
	uint32_t known;

	if (c >= 0x20 && c < 0x7f)
		return (1);
	if (c < 0xc0)		/* m2, 90 degrees; the rest stands alone */
		return (c == 0xa0 || c == 0xad || c == 0xb0 || c == 0xb2 ||
		    c == 0xb3);
	if (c <= 0xff) {
		for (; p < end; p += sh_utf8_get(p, end, &known))
			if (sh_utf8_get(p, end, &known) > 0 && known == c)
				return (1);
		return (c == 0xd7);
	}
	return (c == 0x102 || c == 0x103 || c == 0x110 || c == 0x111 ||
	    c == 0x128 || c == 0x129 || c == 0x168 || c == 0x169 ||
	    c == 0x1a0 || c == 0x1a1 || c == 0x1af || c == 0x1b0 ||
	    (c >= 0x300 && c <= 0x323) || (c >= 0x1ea0 && c <= 0x1ef9) ||
	    (c >= 0x2010 && c <= 0x2044) || (c >= 0x2070 && c <= 0x218b) ||
	    (c >= 0x2190 && c <= 0x27bf) || (c >= 0xfb00 && c <= 0xfb04));
}

static int
is_foreign(const char *word)
{
	const char *end = word + strlen(word);
	int alone = sh_utf8_count(word, (size_t)(end - word)) <= 2;
	uint32_t c;
	size_t n;

	for (; word < end; word += n)
		if ((n = sh_utf8_get(word, end, &c)) == 0 || (!is_ours(c) &&
		    !(alone && c > 0xa0 && c < 0xc0)))
			return (1);
	return (0);
}

/* Does the picture show anything where the box lies? */
static int
has_ink(const struct sh_sketch *s, struct sh_box b)
{
	struct Box *box = boxCreate(b.x / s->factor, b.y / s->factor,
	    b.w / s->factor + 1, b.h / s->factor + 1);
	int n = 0;

	(void)pixCountPixelsInRect(s->pix, box, &n, NULL);
	boxDestroy(&box);
	return (n > 0);
}

/*
 * Does it stand where another was told of?  Something was painted over, and
 * who sees the page sees but one of them.
 */
static int
is_covered(struct layer *l, struct sh_box b)
{
	int f = l->sketch->factor, n = 0;
	int w = b.w / 2 / f + 1, h = b.h / 3 / f + 1;
	struct Box *box = boxCreate((b.x + b.w / 4) / f, (b.y + b.h / 3) / f,
	    w, h);

	(void)pixCountPixelsInRect(l->taken, box, &n, NULL);
	(void)pixSetInRect(l->taken, box);
	boxDestroy(&box);
	return (2 * n > w * h);
}

static int
take_word(struct layer *l, const char *tag, struct sh_error *err)
{
	struct sh_buf text = SH_BUF_INIT, clean = SH_BUF_INIT;
	struct sh_box box;
	int32_t base[4];
	char *word, *rest;
	int rc = -1;

	if (take_text(l, &text, err) || sh_buf_append(&text, "", 0, err))
		goto out;
	rc = 0;
	if (!tag_box(l, tag, &box))
		goto out;	/* off the page: nobody sees it */
	rc = -1;
	l->covered += is_covered(l, box);
	if (sh_text_clean(text.data, text.len, &clean, err))
		goto out;
	for (rest = (char *)clean.data; (word = strsep(&rest, " ")) !=
	    NULL;) {
		if (*word == '\0' || l->page->nwords >= SH_PAGE_WORDS_MAX)
			continue;
		l->told++;
		l->hidden += !has_ink(l->sketch, box);
		l->foreign += is_foreign(word);
		if (!l->line_open) {
			if (l->page->nlines >= SH_PAGE_LINES_MAX)
				continue;
			base[0] = l->line.x;
			base[2] = l->line.x + l->line.w;
			base[1] = base[3] = l->line.y + l->line.h * 4 / 5;
			if (sh_page_add_line(l->page, l->line, base,
			    l->nblocks > 0 ? l->nblocks - 1 : 0, err))
				goto out;
			l->line_open = 1;
		}
		if (sh_page_add_word(l->page, word, box, CONFIDENCE, err))
			goto out;
	}
	rc = 0;
out:
	sh_buf_free(&text);
	sh_buf_free(&clean);
	return (rc);
}

static int
take_words(struct layer *l, struct sh_error *err)
{
	char tag[TAG_MAX];

	while (next_tag(l, tag)) {
		if (is_tag(tag, "block")) {
			l->nblocks++;
		} else if (is_tag(tag, "line")) {
			l->line_open = 0;
			if (!tag_box(l, tag, &l->line))
				l->line = (struct sh_box){ 0, 0, 1, 1 };
		} else if (is_tag(tag, "word") && take_word(l, tag, err)) {
			return (-1);
		}
	}
	return (0);
}

/* Shapes like words where no word was told of. */
static int
count_untold(const struct layer *l, int *np, struct sh_error *err)
{
	struct sh_sketch rest = *l->sketch;
	int f = rest.factor, margin = (int)(rest.dpi / 25.4) + 1, rc;
	size_t i;

	if ((rest.pix = pixCopy(NULL, l->sketch->pix)) == NULL)
		return (sh_error_nomem(err, "a raster"));
	for (i = 0; i < l->page->nwords; i++) {
		struct sh_box b = l->page->words[i].box;
		struct Box *box = boxCreate(b.x / f - margin, b.y / f -
		    margin, b.w / f + 2 * margin, b.h / f + 2 * margin);

		(void)pixClearInRect(rest.pix, box);
		boxDestroy(&box);
	}
	rc = sh_sketch_count_words(&rest, np, err);
	sh_sketch_clear(&rest);
	return (rc);
}

int
sh_textlayer_fill(const char *xml, size_t len,
    const struct sh_sketch *sketch, struct sh_page *page,
    struct sh_error *err)
{
	struct layer l = { .p = xml, .end = xml + len, .page = page,
	    .sketch = sketch };
	int untold, rc;

	if ((l.taken = pixCreateTemplate(sketch->pix)) == NULL)
		return (sh_error_nomem(err, "a raster"));
	rc = take_words(&l, err);
	pixDestroy(&l.taken);
	if (rc != 0)
		return (-1);
	if (page->nwords == 0 || l.covered * 100 > l.told * COVERED_MAX || l.foreign * 100 > l.told * FOREIGN_MAX ||
	    l.hidden * 100 > l.told * HIDDEN_MAX)
		return (0);
	if (count_untold(&l, &untold, err))
		return (-1);
	return ((size_t)untold * 100 <= l.told * UNTOLD_MAX + 100);
}
