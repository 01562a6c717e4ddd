/*
 * Papers as text, captured with the errors of recognition.  The same seed
 * gives the same captures.
 */
#ifndef SH_TESTS_MISREAD_H
#define SH_TESTS_MISREAD_H

#include "base/mem.h"
#include "base/text.h"
#include "tests/unit/page_text.h"

#define NOISE		0.008	/* characters read wrongly */

static uint64_t rnd_state = 1;

/* xorshift64*: the same seed tests the same pairs. */
static inline double
rnd(void)
{
	rnd_state ^= rnd_state >> 12;
	rnd_state ^= rnd_state << 25;
	rnd_state ^= rnd_state >> 27;
	return ((double)(rnd_state * 2685821657736338717u >> 11) /
	    9007199254740992.0);
}

static inline size_t
below(size_t n)
{
	return ((size_t)(rnd() * (double)n) % n);
}

/* ---- a capture ----------------------------------------------------------- */

/* A word with a letter read wrongly; mostly, but not always, in doubt. */
static inline void
misread(struct sh_word *w, char *out, size_t cap)
{
	static const char *const wrong[] = { "o", "n", "l", "I", "e", ",",
	    "c", "m" };
	size_t len = strlen(w->text), at, n = 0;
	const char *end = w->text + len;
	uint32_t cp;

	at = below(sh_utf8_count(w->text, len));
	for (const char *p = w->text; p < end && n + 8 < cap; at--) {
		size_t k = sh_utf8_get(p, end, &cp);

		if (at == 0 && cp >= '0' && cp <= '9')
			out[n++] = (char)('0' + below(10));
		else if (at == 0)
			out[n++] = wrong[below(SH_COUNT(wrong))][0];
		else {
			memcpy(out + n, p, k);
			n += k;
		}
		p += k;
	}
	out[n] = '\0';
	w->confidence = (float)(0.35 + 0.6 * rnd());
}

static inline struct sh_page *
capture(const char *text)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_page *p = text_page(text, text + strlen(text), 0.95);
	struct sh_page *q;
	char word[1024];
	size_t i, line = 0;

	must_ptr(q = sh_page_new(&err));
	q->state = SH_PAGE_READ;
	q->width_px = p->width_px;
	q->height_px = p->height_px;
	q->dpi = p->dpi;
	q->confidence = 0.9 + 0.05 * rnd();
	for (i = 0; i < p->nwords; i++) {
		struct sh_word *w = &p->words[i];
		size_t letters = sh_utf8_count(w->text, strlen(w->text));

		if (i == 0 || w->line != line)
			must(sh_page_add_line(q, p->lines[w->line].box,
			    p->lines[w->line].baseline, 0, &err));
		line = w->line;
		(void)snprintf(word, sizeof(word), "%s", w->text);
		w->confidence = (float)(0.88 + 0.11 * rnd());
		if (rnd() < NOISE * (double)letters)
			misread(w, word, sizeof(word));
		must(sh_page_add_word(q, word, w->box, w->confidence, &err));
	}
	sh_page_free(p);
	return (q);
}

/* Lines as long as a page is wide. */
static inline void
wrap(char *text)
{
	size_t col = 0;
	char *p;

	for (p = text; *p != '\0'; p++) {
		col = *p == '\n' ? 0 : col + ((*p & 0xc0) != 0x80);
		if (*p == ' ' && col > 80) {
			*p = '\n';
			col = 0;
		}
	}
}

#endif
