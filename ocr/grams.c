#include "ocr/grams.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define LETTERS		5	/* of a run */
#define LINE_WORDS	64
#define LINE_BYTES	1000

/* FNV-1a, its high bits mixed into the low ones. */
static uint32_t
bucket_of(char kind, const char *s, size_t len)
{
	uint32_t h = (2166136261u ^ (uint8_t)kind) * 16777619u;
	size_t i;

	for (i = 0; i < len; i++)
		h = (h ^ (uint8_t)s[i]) * 16777619u;
	h ^= h >> 15;
	h *= 0x2c1b3c6du;
	h ^= h >> 13;
	return (h % SH_GRAM_BUCKETS);
}

static int
add(struct sh_grams *g, char kind, const char *s, size_t len,
    struct sh_error *err)
{
	uint32_t b = bucket_of(kind, s, len);
	struct sh_gram *m;

	if (g->seen[b / 8] >> b % 8 & 1)
		return (0);
	if (sh_grow(&g->gram, &g->cap, g->n + 1, sizeof(*g->gram),
	    "wordings", err))
		return (-1);
	g->seen[b / 8] |= (uint8_t)(1u << b % 8);
	m = &g->gram[g->n++];
	m->bucket = b;
	(void)snprintf(m->text, sizeof(m->text), "%.*s", len <
	    SH_GRAM_BYTES ? (int)len : SH_GRAM_BYTES - 1, s);
	return (0);
}

static int
is_wording(const char *s)
{
	return (*s != '\0' && strpbrk(s, "0123456789") == NULL);
}

/* Words and pairs; then the line without its spaces, in runs of letters. */
int
sh_grams_add(struct sh_grams *g, const char *const *words, size_t n,
    struct sh_error *err)
{
	char pair[2 * SH_GRAM_BYTES], run[LINE_BYTES];
	size_t i, k, len = 0;
	int two;

	for (i = 0; i < n; i++) {
		if (!is_wording(words[i]))
			continue;
		k = strlen(words[i]);
		if (k > 1 && add(g, 'w', words[i], k, err))
			return (-1);
		if (len + k < sizeof(run)) {
			memcpy(run + len, words[i], k);
			len += k;
		}
		if (i + 1 == n || !is_wording(words[i + 1]))
			continue;
		two = snprintf(pair, sizeof(pair), "%s %s", words[i],
		    words[i + 1]);
		if (two > 0 && (size_t)two < sizeof(pair) && add(g, 'p',
		    pair, (size_t)two, err))
			return (-1);
	}
	for (i = 0; i + LETTERS <= len; i++)
		if (add(g, 'c', run + i, LETTERS, err))
			return (-1);
	return (0);
}

int
sh_grams_sign(struct sh_grams *g, const char *sign, struct sh_error *err)
{
	return (add(g, 's', sign, strlen(sign), err));
}

static int
add_seg(struct sh_grams *g, const struct sh_view *v, uint32_t seg,
    struct sh_error *err)
{
	const char *words[LINE_WORDS];
	uint32_t i, end = v->seg[seg].first + v->seg[seg].n;
	size_t n = 0;

	for (i = v->seg[seg].first; i < end; i++) {
		/* Machine lines are a sign, not words. */
		if (strchr(v->atom[i].text, '<') != NULL)
			continue;
		words[n++] = v->atom[i].fold;
		if (n < LINE_WORDS && i + 1 < end)
			continue;
		if (sh_grams_add(g, words, n, err))
			return (-1);
		n = 0;
	}
	return (0);
}

int
sh_grams_view(struct sh_grams *g, const struct sh_view *v,
    const struct sh_heading *h, const struct sh_gram_part *part,
    struct sh_error *err)
{
	struct sh_gram_part all = { 0, (uint32_t)v->nrows, 0 };
	uint32_t row, i;

	part = part == NULL ? &all : part;
	for (row = part->first; row < part->end && row < v->nrows; row++)
		for (i = v->row[row].first; i < v->row[row].first +
		    v->row[row].n; i++)
			if (!(part->no_capitals && v->row[row].page == 0 &&
			    sh_view_is_upper(v, i)) && add_seg(g, v, i, err))
				return (-1);
	if (part->first > h->row)
		return (0);
	if ((h->motto != SH_NONE && sh_grams_sign(g, "motto", err)) ||
	    (h->number != SH_NONE && sh_grams_sign(g, "number", err)) ||
	    (h->nissuer > 0 && sh_grams_sign(g, "issuer", err)))
		return (-1);
	return (0);
}

void
sh_grams_free(struct sh_grams *g)
{
	free(g->gram);
	memset(g, 0, sizeof(*g));
}
