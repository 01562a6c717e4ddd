/* Values as printed: words, their marks mended. */
#include "ocr/fields_value_internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "ocr/names.h"

#define SURE_WORD	0.93	/* a word whose marks may be trusted */

/* Characters that do not end a value. */
static size_t
trimmed(const char *s, size_t n)
{
	static const char *const ends[] = { ".", ",", ";", ":", "-", "/",
	    "_", " ", "…", "–", "—", "*", "'", "`", "\"", "“", "”", "‘" };
	size_t i, k;

	for (i = 0; i < SH_COUNT(ends); i++) {
		k = strlen(ends[i]);
		if (n >= k && memcmp(s + n - k, ends[i], k) == 0) {
			n -= k;
			i = SIZE_MAX;
		}
	}
	return (n);
}

/* WORD in the case of the atom, with the signs around its letters. */
static int
put_mended(struct sh_find *f, const struct sh_atom *a, const char *word,
    struct sh_buf *out)
{
	struct sh_buf b = SH_BUF_INIT;
	const char *p = a->text, *end = p + strlen(p), *core, *stop;
	uint32_t cp;
	size_t n;
	int rc = -1;

	for (core = p; (n = sh_utf8_get(core, end, &cp)) > 0 && cp < 0x80 &&
	    sh_fold_char(cp) == cp && !(cp >= 'a' && cp <= 'z'); core += n)
		;
	for (stop = core; (n = sh_utf8_get(stop, end, &cp)) > 0 &&
	    (cp >= 0x80 || (cp >= 'a' && cp <= 'z') ||
	    (cp >= 'A' && cp <= 'Z')) && cp != 0x2026 && cp != 0x201d;
	    stop += n)
		;
	if (a->flags & SH_ATOM_UPPER && strlen(a->fold) > 1 ?
	    sh_text_upper(word, strlen(word), &b, f->err) :
	    sh_buf_puts(&b, word, f->err))
		goto out;
	if (a->flags & SH_ATOM_CAPITAL && !(a->flags & SH_ATOM_UPPER)) {
		n = sh_utf8_get(word, word + strlen(word), &cp);
		sh_buf_reset(&b);
		if (sh_text_upper(word, n, &b, f->err) ||
		    sh_buf_puts(&b, word + n, f->err))
			goto out;
	}
	if (sh_buf_append(out, p, (size_t)(core - p), f->err) ||
	    sh_buf_append(out, b.data, b.len, f->err) ||
	    sh_buf_puts(out, stop, f->err))
		goto out;
	rc = 0;
out:
	sh_buf_free(&b);
	return (rc);
}

/* Hoà and hòa: what is printed stays. */
static int
spelt_so(struct sh_find *f, const struct sh_atom *a, const char *word)
{
	struct sh_buf low = SH_BUF_INIT;
	int same = 0;
	size_t n;

	if (sh_text_lower(a->text, strlen(a->text), &low, f->err) == 0) {
		n = low.len;
		while (n > 0 && low.data[n - 1] < 0x80 &&
		    !(low.data[n - 1] >= 'a' && low.data[n - 1] <= 'z'))
			low.data[--n] = '\0';
		same = sh_name_same((char *)low.data + (low.data[0] == '('),
		    word);
	} else {
		sh_error_clear(f->err);
	}
	sh_buf_free(&low);
	return (same);
}

/* The usual spelling of word A beside OTHER, and of OTHER, or 0. */
static int
pair_of(const struct sh_find *f, const struct sh_atom *a,
    const struct sh_atom *other, int before, const char **word,
    const char **beside)
{
	if ((before ? other : a)->flags & (SH_ATOM_COMMA | SH_ATOM_COLON))
		return (0);
	return (before ? sh_spelling_pair(f->spelling, other->fold, a->fold,
	    beside, word) : sh_spelling_pair(f->spelling, a->fold,
	    other->fold, word, beside));
}

/*
 * The usual spelling of the atom I of a text beside its neighbour, or NULL.
 * Two words that were read well and are both spelt otherwise are other
 * words, "PHƯỜNG NAM" is no "phương năm"; unless the neighbour's own
 * neighbour says that it lost its marks too.
 */
static const char *
usual_beside(struct sh_find *f, const struct sh_span *s, size_t from,
    size_t to, size_t i, int before)
{
	const struct sh_view *v = &f->v;
	const struct sh_atom *a = &v->atom[s->atom[i]], *o, *third;
	size_t k = before ? i - 1 : i + 1, n = before ? k - 1 : k + 1;
	const char *word, *beside, *again, *ignored;

	if (before ? i == from : k >= to)
		return (NULL);
	o = &v->atom[s->atom[k]];
	if (!pair_of(f, a, o, before, &word, &beside))
		return (NULL);
	if (spelt_so(f, o, beside))
		return (word);
	if (before ? k == from : n >= to)
		return (NULL);
	third = &v->atom[s->atom[n]];
	if (pair_of(f, o, third, before, &again, &ignored) &&
	    strcmp(again, beside) == 0 && spelt_so(f, third, ignored))
		return (word);
	return (NULL);
}

/* A word that the reading may have got wrong: pale, capitals, no marks. */
static int
is_uncertain(const struct sh_atom *a)
{
	const char *p;

	if (a->flags & SH_ATOM_DIGITS)
		return (0);
	if ((double)a->confidence < SURE_WORD ||
	    (a->flags & SH_ATOM_UPPER && strlen(a->fold) > 1))
		return (1);
	for (p = a->text; *p != '\0'; p++)
		if ((unsigned char)*p >= 0x80)
			return (0);
	return (1);
}

static const char *
usual(struct sh_find *f, const struct sh_span *s, size_t from, size_t to,
    size_t i, enum sh_mend mend)
{
	const struct sh_atom *a = &f->v.atom[s->atom[i]];
	const char *word, *before;

	if (!is_uncertain(a))
		return (NULL);
	word = usual_beside(f, s, from, to, i, 0);
	before = usual_beside(f, s, from, to, i, 1);
	/* "AN LONG" is no "ăn": of a word read well both sides must say so. */
	if (mend == SH_MEND_SURE && (double)a->confidence >= SURE_WORD &&
	    (word == NULL || before == NULL || strcmp(word, before) != 0))
		return (NULL);
	return (word != NULL ? word : before);
}

int
sh_find_text(struct sh_find *f, const struct sh_span *s, size_t from,
    size_t to, enum sh_mend mend, char **out)
{
	const struct sh_view *v = &f->v;
	struct sh_buf b = SH_BUF_INIT, clean = SH_BUF_INIT;
	const char *word;
	size_t i;
	int rc = -1;

	*out = NULL;
	for (i = from; i < to; i++) {
		const struct sh_atom *a = &v->atom[s->atom[i]];

		if (i > from && !(a->flags & SH_ATOM_GLUED &&
		    s->atom[i] == s->atom[i - 1] + 1) &&
		    sh_buf_puts(&b, a->flags & SH_ATOM_APART ? " - " :
		    sh_slash_apart(v, s, i) ? "/" : " ", f->err))
			goto out;
		word = mend != SH_MEND_NOT ? usual(f, s, from, to, i, mend) :
		    NULL;
		if (word != NULL && !spelt_so(f, a, word) ?
		    put_mended(f, a, word, &b) :
		    sh_buf_puts(&b, a->text, f->err))
			goto out;
	}
	if (sh_text_clean(b.data, b.len, &clean, f->err))
		goto out;
	clean.len = trimmed((char *)clean.data, clean.len);
	if ((*out = sh_strndup((char *)clean.data, clean.len, f->err)) !=
	    NULL)
		rc = 0;
out:
	sh_buf_free(&b);
	sh_buf_free(&clean);
	return (rc);
}

/* Stray marks at a span's end: short, and the reading did not trust them. */
size_t
sh_span_without_noise(const struct sh_view *v, const struct sh_span *s, size_t from,
    size_t to)
{
	while (to > from) {
		const struct sh_atom *a = &v->atom[s->atom[to - 1]];

		if (strlen(a->fold) > 2 || (double)a->confidence > 0.6)
			break;
		to--;
	}
	return (to);
}

/* The same in front: single small letters, stray digits behind them. */
static size_t
noise_before(const struct sh_view *v, const struct sh_span *s)
{
	size_t i;

	for (i = 0; i + 1 < s->n && i < 4; i++) {
		const struct sh_atom *a = &v->atom[s->atom[i]];

		if (strlen(a->fold) > 1 || a->flags & (SH_ATOM_CAPITAL |
		    SH_ATOM_SLASH | SH_ATOM_COMMA) || (a->flags &
		    SH_ATOM_DIGITS && (i == 0 || (a + 1)->flags &
		    SH_ATOM_GLUED)))
			break;
	}
	return (i);
}

int
sh_value_text(struct sh_find *f, const struct sh_span *s, int cut,
    enum sh_mend mend, struct sh_proposal *p)
{
	const struct sh_view *v = &f->v;
	size_t from = noise_before(v, s), to = s->n, i;

	/*
	 * A sentence's end ends the value, unless it shortens a word; "Hiện
	 * tại …" says what is so now.
	 */
	for (i = 0; cut && i + 1 < s->n; i++) {
		const struct sh_atom *a = &v->atom[s->atom[i]];

		if (sh_find_stop(a) && !((a + 1)->flags & SH_ATOM_GLUED) &&
		    v->atom[s->atom[i + 1]].flags & SH_ATOM_CAPITAL &&
		    strcmp(v->atom[s->atom[i + 1]].fold, "hien") != 0) {
			to = i + 1;
			break;
		}
	}
	to = sh_span_without_noise(v, s, from, to);
	if (to == from)
		return (0);
	if (sh_find_text(f, s, from, to, mend, &p->value))
		return (-1);
	if (*p->value == '\0') {
		sh_proposal_free(p);
		return (0);
	}
	sh_find_place(v, s, from, to, p);
	return (1);
}
