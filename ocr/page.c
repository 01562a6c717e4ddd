#include "ocr/page.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

#define CHUNK_BYTES	16384

/* Strings of a page; they never move. */
struct chunk {
	struct chunk *next;
	size_t used, cap;
	char data[];
};

/* A page and what only this file needs to build it. */
struct own {
	struct sh_page page;	/* first: sh_page_free() casts back */
	struct chunk *text;
	size_t cap_words, cap_lines, cap_marks;
};

struct sh_page *
sh_page_new(struct sh_error *err)
{
	struct own *o;

	if ((o = sh_alloc(1, sizeof(*o), "a page", err)) == NULL)
		return (NULL);
	o->page.engine = "";
	if ((o->page.measures = sh_json_new_object(err)) == NULL) {
		sh_page_free(&o->page);
		return (NULL);
	}
	return (&o->page);
}

void
sh_page_free(struct sh_page *p)
{
	struct own *o = (struct own *)p;
	struct chunk *c;

	if (p == NULL)
		return;
	while ((c = o->text) != NULL) {
		o->text = c->next;
		free(c);
	}
	free(p->words);
	free(p->lines);
	free(p->marks);
	json_decref(p->measures);
	free(o);
}

/* A copy of S that lives as long as the page. */
static const char *
keep_text(struct sh_page *p, const char *s, size_t len, struct sh_error *err)
{
	struct own *o = (struct own *)p;
	struct chunk *c = o->text;
	size_t cap = len + 1 > CHUNK_BYTES ? len + 1 : CHUNK_BYTES;
	char *copy;

	if (c == NULL || c->cap - c->used < len + 1) {
		c = sh_alloc(1, sizeof(*c) + cap, "a page's text", err);
		if (c == NULL)
			return (NULL);
		c->cap = cap;
		c->next = o->text;
		o->text = c;
	}
	copy = c->data + c->used;
	memcpy(copy, s, len);
	copy[len] = '\0';
	c->used += len + 1;
	return (copy);
}

static int
full(const char *what, size_t limit, struct sh_error *err)
{
	sh_error_param(err, "limit", "%zu", limit);
	return (sh_error_set(err, SH_ELIMIT, "reading.too-many",
	    "more than %zu %s on a page", limit, what));
}

static int
check_box(const struct sh_page *p, struct sh_box b, struct sh_error *err)
{
	if (b.x >= 0 && b.y >= 0 && b.w > 0 && b.h > 0 &&
	    b.x < p->width_px && b.y < p->height_px &&
	    b.w <= p->width_px - b.x && b.h <= p->height_px - b.y)
		return (0);
	return (sh_error_set(err, SH_EFORMAT, "reading.box",
	    "box %d,%d %dx%d leaves the page of %dx%d px", b.x, b.y, b.w,
	    b.h, p->width_px, p->height_px));
}

int
sh_page_add_line(struct sh_page *p, struct sh_box box,
    const int32_t baseline[4], uint32_t block, struct sh_error *err)
{
	struct own *o = (struct own *)p;
	struct sh_line *l;
	int i;

	if (p->nlines >= SH_PAGE_LINES_MAX)
		return (full("lines", SH_PAGE_LINES_MAX, err));
	if (block >= SH_PAGE_LINES_MAX)
		return (full("blocks", SH_PAGE_LINES_MAX, err));
	if (check_box(p, box, err))
		return (-1);
	for (i = 0; i < 4; i++)
		if (baseline[i] < 0 || baseline[i] >
		    (i % 2 == 0 ? p->width_px : p->height_px))
			return (sh_error_set(err, SH_EFORMAT, "reading.box",
			    "baseline leaves the page at %d", baseline[i]));
	if (sh_grow(&p->lines, &o->cap_lines, p->nlines + 1, sizeof(*l),
	    "a page's lines", err))
		return (-1);
	l = &p->lines[p->nlines++];
	*l = (struct sh_line){ .box = box, .block = block,
	    .first = (uint32_t)p->nwords };
	memcpy(l->baseline, baseline, sizeof(l->baseline));
	return (0);
}

/* A word is NFC without white space or control characters. */
static int
check_word(const char *s, size_t len, struct sh_error *err)
{
	struct sh_buf clean = SH_BUF_INIT;
	int same;

	if (len > 0 && len <= SH_PAGE_WORD_BYTES &&
	    memchr(s, ' ', len) == NULL) {
		if (sh_text_clean(s, len, &clean, err))
			return (-1);
		same = clean.len == len && memcmp(clean.data, s, len) == 0;
		sh_buf_free(&clean);
		if (same)
			return (0);
	}
	return (sh_error_set(err, SH_EFORMAT, "reading.word",
	    "%zu bytes are not one word", len));
}

int
sh_page_add_word(struct sh_page *p, const char *text, struct sh_box box,
    double confidence, struct sh_error *err)
{
	struct own *o = (struct own *)p;
	size_t len = strlen(text);
	struct sh_word w = { .box = box };

	if (p->nwords >= SH_PAGE_WORDS_MAX)
		return (full("words", SH_PAGE_WORDS_MAX, err));
	if (p->nlines == 0)
		return (sh_error_set(err, SH_EARG, "reading.word",
		    "a word before the first line"));
	if (!(confidence >= 0 && confidence <= 1))
		return (sh_error_set(err, SH_EARG, "reading.word",
		    "confidence %g is not in 0..1", confidence));
	if (check_word(text, len, err) || check_box(p, box, err))
		return (-1);
	w.line = (uint32_t)(p->nlines - 1);
	w.confidence = (float)(round(confidence * 1000) / 1000);
	if (sh_grow(&p->words, &o->cap_words, p->nwords + 1, sizeof(w),
	    "a page's words", err) ||
	    (w.text = keep_text(p, text, len, err)) == NULL)
		return (-1);
	p->words[p->nwords++] = w;
	p->lines[w.line].nwords++;
	return (0);
}

static int32_t
cut(int32_t v, int32_t lo, int32_t hi)
{
	return (v < lo ? lo : v > hi ? hi : v);
}

static struct sh_box
move_box(const struct sh_page *p, struct sh_box b, int32_t dx, int32_t dy)
{
	struct sh_box out;

	out.x = cut(b.x + dx, 0, p->width_px - 1);
	out.y = cut(b.y + dy, 0, p->height_px - 1);
	out.w = cut(b.x + dx + b.w, out.x + 1, p->width_px) - out.x;
	out.h = cut(b.y + dy + b.h, out.y + 1, p->height_px) - out.y;
	return (out);
}

int
sh_page_copy_line(struct sh_page *p, const struct sh_page *from, size_t i,
    int32_t dx, int32_t dy, uint32_t block, struct sh_error *err)
{
	const struct sh_line *l = &from->lines[i];
	const int32_t base[4] = { cut(l->baseline[0] + dx, 0, p->width_px),
	    cut(l->baseline[1] + dy, 0, p->height_px),
	    cut(l->baseline[2] + dx, 0, p->width_px),
	    cut(l->baseline[3] + dy, 0, p->height_px) };
	uint32_t k;

	if (sh_page_add_line(p, move_box(p, l->box, dx, dy), base, block,
	    err))
		return (-1);
	for (k = l->first; k < l->first + l->nwords; k++) {
		const struct sh_word *w = &from->words[k];

		if (sh_page_add_word(p, w->text, move_box(p, w->box, dx, dy),
		    (double)w->confidence, err))
			return (-1);
		p->words[p->nwords - 1].penned = w->penned;
	}
	return (0);
}

int
sh_page_set_word(struct sh_page *p, size_t i, const char *text,
    double confidence, struct sh_error *err)
{
	const char *copy;

	if (check_word(text, strlen(text), err) ||
	    (copy = keep_text(p, text, strlen(text), err)) == NULL)
		return (-1);
	p->words[i].text = copy;
	p->words[i].confidence = (float)(round(confidence * 1000) / 1000);
	return (0);
}

int
sh_page_add_mark(struct sh_page *p, enum sh_barcode kind, const char *text,
    struct sh_box box, const char *method, struct sh_error *err)
{
	struct own *o = (struct own *)p;
	size_t len = strlen(text), mlen = strlen(method);
	struct sh_mark m = { .kind = kind, .box = box };

	if (p->nmarks >= SH_PAGE_CODES_MAX)
		return (full("codes", SH_PAGE_CODES_MAX, err));
	if (len > SH_PAGE_CODE_BYTES || mlen > SH_PAGE_NAME_BYTES ||
	    !sh_text_is_utf8(text, len) || !sh_text_is_utf8(method, mlen))
		return (sh_error_set(err, SH_EFORMAT, "reading.mark",
		    "a code of %zu bytes is too long or not UTF-8", len));
	if (check_box(p, box, err) ||
	    sh_grow(&p->marks, &o->cap_marks, p->nmarks + 1, sizeof(m),
	    "a page's codes", err) ||
	    (m.text = keep_text(p, text, len, err)) == NULL ||
	    (m.method = keep_text(p, method, mlen, err)) == NULL)
		return (-1);
	p->marks[p->nmarks++] = m;
	return (0);
}

int
sh_page_set_engine(struct sh_page *p, const char *engine,
    struct sh_error *err)
{
	struct sh_buf clean = SH_BUF_INIT;
	const char *copy = NULL;

	if (sh_text_clean(engine, strlen(engine), &clean, err) == 0) {
		if (clean.len > SH_PAGE_NAME_BYTES)
			(void)sh_error_set(err, SH_ELIMIT, "reading.engine",
			    "the engine's name has %zu bytes; limit %d",
			    clean.len, SH_PAGE_NAME_BYTES);
		else
			copy = keep_text(p, (char *)clean.data, clean.len,
			    err);
	}
	sh_buf_free(&clean);
	if (copy == NULL)
		return (-1);
	p->engine = copy;
	return (0);
}

int
sh_page_set_measure(struct sh_page *p, const char *name, int64_t value,
    struct sh_error *err)
{
	if (strlen(name) > SH_PAGE_NAME_BYTES ||
	    json_object_size(p->measures) >= SH_PAGE_MEASURES_MAX)
		return (full("measures", SH_PAGE_MEASURES_MAX, err));
	return (sh_json_set_int(p->measures, name, value, err));
}

int
sh_page_text(const struct sh_page *p, struct sh_buf *out,
    struct sh_error *err)
{
	size_t i;

	if (sh_buf_append(out, "", 0, err))
		return (-1);
	for (i = 0; i < p->nwords; i++) {
		const struct sh_word *w = &p->words[i];

		if (i > 0 && sh_buf_append(out,
		    w->line == p->words[i - 1].line ? " " : "\n", 1, err))
			return (-1);
		if (sh_buf_puts(out, w->text, err))
			return (-1);
	}
	return (0);
}

struct sh_box
sh_box_union(struct sh_box a, struct sh_box b)
{
	struct sh_box u;

	if (a.w <= 0 || a.h <= 0)
		return (b);
	if (b.w <= 0 || b.h <= 0)
		return (a);
	u.x = a.x < b.x ? a.x : b.x;
	u.y = a.y < b.y ? a.y : b.y;
	u.w = (a.x + a.w > b.x + b.w ? a.x + a.w : b.x + b.w) - u.x;
	u.h = (a.y + a.h > b.y + b.h ? a.y + a.h : b.y + b.h) - u.y;
	return (u);
}

int
sh_box_holds(const struct sh_box *outer, const struct sh_box *inner)
{
	int32_t x = inner->x + inner->w / 2 - outer->x;
	int32_t y = inner->y + inner->h / 2 - outer->y;

	return (x >= 0 && x < outer->w && y >= 0 && y < outer->h);
}

double
sh_word_worth(const struct sh_word *w)
{
	return ((2 * (double)w->confidence - 1) *
	    (double)sh_utf8_count(w->text, strlen(w->text)));
}

double
sh_page_sureness(const struct sh_page *p)
{
	double sum = 0;
	size_t i;

	for (i = 0; i < p->nwords; i++)
		sum += (double)p->words[i].confidence;
	return (p->nwords > 0 ? sum / (double)p->nwords : 0);
}

struct sh_page *
sh_page_frame(const struct sh_page *p, struct sh_error *err)
{
	struct sh_page *out = sh_page_new(err);
	const char *name;
	json_t *v;
	size_t i;

	if (out == NULL)
		return (NULL);
	out->state = p->state;
	out->width_px = p->width_px;
	out->height_px = p->height_px;
	out->dpi = p->dpi;
	out->dpi_y = p->dpi_y;
	out->dpi_known = p->dpi_known;
	out->orientation = p->orientation;
	out->skew_deg = p->skew_deg;
	out->confidence = p->confidence;
	if (*p->engine != '\0' && sh_page_set_engine(out, p->engine, err))
		goto fail;
	for (i = 0; i < p->nmarks; i++)
		if (sh_page_add_mark(out, p->marks[i].kind, p->marks[i].text,
		    p->marks[i].box, p->marks[i].method, err))
			goto fail;
	json_object_foreach(p->measures, name, v)
		if (sh_page_set_measure(out, name, json_integer_value(v),
		    err))
			goto fail;
	return (out);
fail:
	sh_page_free(out);
	return (NULL);
}
