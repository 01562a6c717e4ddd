/*
 * Known wordings, found in a view in spite of misread letters.
 *
 * Phrases are compared folded and without spaces, so that "Ho va ten",
 * "HỌ VÀ TÊN" and a word that was cut in two are the same; longer phrases
 * forgive more.  A phrase added twice keeps one number.
 */
#ifndef SH_OCR_PHRASE_H
#define SH_OCR_PHRASE_H

#include "base/json.h"
#include "ocr/view.h"

#define SH_PHRASE_LEN_MAX	120	/* folded bytes; longer are cut */

struct sh_phrase {
	char *fold;
	uint16_t len;
	uint8_t nwords;
	uint8_t numbers;	/* it ends with "số": a number follows */
};

struct sh_phrases {
	struct sh_phrase *phrase;
	size_t n, cap;
	size_t exact_below;	/* shorter phrases forgive nothing */
	uint32_t *bucket;	/* private: first of each hash, 1-based */
	uint32_t *next;		/* private */
	size_t capnext;
};

struct sh_match {
	uint32_t phrase;
	uint32_t n;		/* atoms that it takes */
	unsigned errors;	/* letters that differ */
};

/* The number of TEXT among the phrases, or -1. */
int sh_phrases_add(struct sh_phrases *p, const char *text,
    struct sh_error *err) SH_MUST_CHECK;
void sh_phrases_free(struct sh_phrases *p);

/*
 * The best phrase that begins at the first of the N atoms: 1, or 0 when
 * there is none.  Longer wins, then fewer errors.
 */
int sh_phrases_match(const struct sh_phrases *p, const struct sh_view *v,
    const uint32_t *atoms, size_t n, struct sh_match *m);

/*
 * Letters to change, add or drop until A is B, or LIMIT + 1 when more.
 * At most 255 letters each.
 */
unsigned sh_edit_distance(const char *a, size_t alen, const char *b,
    size_t blen, unsigned limit);

/* How many errors a text of LEN letters may have. */
unsigned sh_edit_allowed(size_t len);

#endif
