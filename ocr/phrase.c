#include "ocr/phrase.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

#define BUCKETS		1024
#define EDIT_LEN_MAX	255

unsigned
sh_edit_allowed(size_t len)
{
	return (len < 5 ? 0 : len < 12 ? 1 : len < 20 ? 2 :
	    len < 40 ? 3 : 4);
}

unsigned
sh_edit_distance(const char *a, size_t alen, const char *b, size_t blen,
    unsigned limit)
{
	unsigned row[EDIT_LEN_MAX + 1], diag, up, best, least;
	size_t i, k, lo, hi;

	if (alen > EDIT_LEN_MAX || blen > EDIT_LEN_MAX ||
	    (alen > blen ? alen - blen : blen - alen) > limit)
		return (limit + 1);
	for (k = 0; k <= blen; k++)
		row[k] = (unsigned)k;
	for (i = 1; i <= alen; i++) {
		/* Only cells within LIMIT of the diagonal can matter. */
		lo = i > limit ? i - limit : 1;
		hi = i + limit < blen ? i + limit : blen;
		diag = row[lo - 1];
		row[lo - 1] = lo == 1 ? (unsigned)i : limit + 1;
		least = row[lo - 1];
		for (k = lo; k <= hi; k++) {
			up = k == i + limit ? limit + 1 : row[k];
			best = diag + (a[i - 1] != b[k - 1]);
			if (up + 1 < best)
				best = up + 1;
			if (row[k - 1] + 1 < best)
				best = row[k - 1] + 1;
			diag = row[k];
			row[k] = best;
			if (best < least)
				least = best;
		}
		if (least > limit)
			return (limit + 1);
	}
	return (row[blen] > limit ? limit + 1 : row[blen]);
}

static unsigned
hash(const char *s, size_t len)
{
	uint32_t h = 2166136261u;
	size_t i;

	for (i = 0; i < len; i++)
		h = (h ^ (unsigned char)s[i]) * 16777619u;
	return (h % BUCKETS);
}

static int
ends_with_number(const char *text)
{
	static const char *const ends[] = { "số", "Số", "SỐ", "No", "N°" };
	size_t i, n = strlen(text), k;

	for (i = 0; i < SH_COUNT(ends); i++) {
		k = strlen(ends[i]);
		if (n >= k && strcmp(text + n - k, ends[i]) == 0)
			return (1);
	}
	return (0);
}

int
sh_phrases_add(struct sh_phrases *p, const char *text, struct sh_error *err)
{
	struct sh_buf fold = SH_BUF_INIT;
	struct sh_phrase *ph;
	size_t i, n = 0, words = 1;
	uint32_t k;
	unsigned h;
	int rc = -1;

	if (sh_text_fold(text, strlen(text), &fold, err))
		goto out;
	for (i = 0; i < fold.len; i++) {
		if (fold.data[i] == ' ')
			words++;
		else if (n < SH_PHRASE_LEN_MAX)
			fold.data[n++] = fold.data[i];
	}
	if (n == 0) {
		rc = sh_error_set(err, SH_EFORMAT, "catalogue.entry",
		    "\"%.40s\" has no letter", text);
		goto out;
	}
	if (p->bucket == NULL && (p->bucket = sh_alloc(BUCKETS,
	    sizeof(*p->bucket), "phrases", err)) == NULL)
		goto out;
	h = hash((char *)fold.data, n);
	for (k = p->bucket[h]; k != 0; k = p->next[k - 1])
		if (p->phrase[k - 1].len == n &&
		    memcmp(p->phrase[k - 1].fold, fold.data, n) == 0) {
			rc = (int)(k - 1);
			goto out;
		}
	if (sh_grow(&p->phrase, &p->cap, p->n + 1, sizeof(*p->phrase),
	    "phrases", err) || sh_grow(&p->next, &p->capnext, p->n + 1,
	    sizeof(*p->next), "phrases", err))
		goto out;
	ph = &p->phrase[p->n];
	if ((ph->fold = sh_strndup((char *)fold.data, n, err)) == NULL)
		goto out;
	ph->len = (uint16_t)n;
	ph->nwords = (uint8_t)(words < 255 ? words : 255);
	ph->numbers = (uint8_t)ends_with_number(text);
	p->next[p->n] = p->bucket[h];
	p->bucket[h] = (uint32_t)++p->n;
	rc = (int)p->n - 1;
out:
	sh_buf_free(&fold);
	return (rc);
}

void
sh_phrases_free(struct sh_phrases *p)
{
	size_t i;

	for (i = 0; i < p->n; i++)
		free(p->phrase[i].fold);
	free(p->phrase);
	free(p->bucket);
	free(p->next);
	memset(p, 0, sizeof(*p));
}

/* Cheap: of the first four letters three must stand at or beside their place. */
static int
may_match(const char *a, size_t alen, const char *b, size_t blen)
{
	size_t i, n = alen < blen ? alen : blen, hits = 0;

	if (n > 4)
		n = 4;
	for (i = 0; i < n; i++)
		hits += a[i] == b[i] || (i + 1 < alen && a[i + 1] == b[i]) ||
		    (i > 0 && a[i - 1] == b[i]);
	return (n < 4 ? hits == n : hits >= 3);
}

int
sh_phrases_match(const struct sh_phrases *p, const struct sh_view *v,
    const uint32_t *atoms, size_t n, struct sh_match *m)
{
	char text[SH_PHRASE_LEN_MAX + 40];
	size_t stop[SH_PHRASE_LEN_MAX];
	size_t i, k, len = 0, nstops = 0;
	long score, best = 0;

	for (i = 0; i < n && nstops < SH_PHRASE_LEN_MAX; i++) {
		const char *fold = v->atom[atoms[i]].fold;
		size_t more = strlen(fold);

		if (len + more > sizeof(text))
			break;
		memcpy(text + len, fold, more);
		len += more;
		stop[nstops++] = len;
		/* What stands behind a colon is its value. */
		if (v->atom[atoms[i]].flags & SH_ATOM_COLON)
			break;
	}
	for (i = 0; i < p->n; i++) {
		const struct sh_phrase *ph = &p->phrase[i];
		unsigned allowed = ph->len < p->exact_below ? 0 :
		    sh_edit_allowed(ph->len), d;

		if (len + allowed < ph->len ||
		    !may_match(text, len, ph->fold, ph->len))
			continue;
		for (k = 0; k < nstops; k++) {
			if (stop[k] + allowed < ph->len)
				continue;
			if (stop[k] > (size_t)ph->len + allowed)
				break;
			d = sh_edit_distance(text, stop[k], ph->fold, ph->len,
			    allowed);
			score = (long)ph->len * 2 - 5 * (long)d;
			if (d > allowed || score <= best)
				continue;
			/* "Ninh ngày" is not "sinh ngày". */
			if (d > 0 && ph->len < 16 && text[0] != ph->fold[0])
				continue;
			best = score;
			m->phrase = (uint32_t)i;
			m->n = (uint32_t)k + 1;
			m->errors = d;
		}
	}
	return (best > 0);
}
