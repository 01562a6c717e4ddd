/*
 * A name stands on a paper more than once, at its head and under its
 * signature: the readings vote on each syllable.  A syllable that no name
 * has takes the marks of the one usual syllable with its letters.
 */
#include "ocr/fields_internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "ocr/names.h"
#include "ocr/syllable.h"

#define WORDS_MAX	8
#define WORD_BYTES	32
#define VOTES_MAX	12	/* other places where the name may stand */

/* How sure a reading is that no list of names may change it. */
#define SURE_FAMILY	0.955	/* family names are few */
#define SURE_GIVEN	0.90

/* A syllable as one place reads it. */
struct vote {
	char word[WORD_BYTES];	/* lower case */
	double weight;
	double sure;		/* the best of its readings */
};

struct ballot {
	char fold[WORDS_MAX][WORD_BYTES];
	char low[WORDS_MAX][WORD_BYTES];
	size_t n;
	struct vote vote[WORDS_MAX][VOTES_MAX];
	size_t nvotes[WORDS_MAX];
	size_t places;
};

/* Letters only, in lower case. */
static int
lower_word(const char *s, size_t len, char out[WORD_BYTES])
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_buf low = SH_BUF_INIT;
	size_t from = 0, to;
	int rc = -1;

	if (sh_text_lower(s, len, &low, &err))
		goto out;
	to = low.len;
	while (from < to && low.data[from] < 0x80 &&
	    !(low.data[from] >= 'a' && low.data[from] <= 'z'))
		from++;
	while (to > from && low.data[to - 1] < 0x80 &&
	    !(low.data[to - 1] >= 'a' && low.data[to - 1] <= 'z'))
		to--;
	if (to == from || to - from >= WORD_BYTES)
		goto out;
	memcpy(out, low.data + from, to - from);
	out[to - from] = '\0';
	rc = 0;
out:
	sh_buf_free(&low);
	return (rc);
}

static int
split(const char *value, struct ballot *b)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_buf fold = SH_BUF_INIT;
	size_t n;

	memset(b, 0, sizeof(*b));
	for (; *value != '\0'; value += n) {
		n = strcspn(value, " ");
		if (n == 0) {
			n = 1;
			continue;
		}
		if (b->n == WORDS_MAX || lower_word(value, n, b->low[b->n]))
			return (-1);
		sh_buf_reset(&fold);
		if (sh_text_fold(b->low[b->n], strlen(b->low[b->n]), &fold,
		    &err) || fold.len + 1 > WORD_BYTES ||
		    memchr(fold.data, ' ', fold.len) != NULL) {
			sh_buf_free(&fold);
			return (-1);
		}
		memcpy(b->fold[b->n], fold.data, fold.len + 1);
		b->n++;
	}
	sh_buf_free(&fold);
	return (b->n >= 2 ? 0 : -1);
}

static int
is_usual(const char *low, size_t at)
{
	return (sh_name_syllable(low, at == 0) ||
	    (at > 0 && sh_name_syllable(low, 1)) ||
	    (at == 0 && sh_name_syllable(low, 0)));
}

/* A first word is a family name; "nguyên" is none. */
static double
prior(const char *low, size_t at)
{
	if (at == 0)
		return (sh_name_syllable(low, 1) ? 1.0 : 0.25);
	return (is_usual(low, at) ? 1.0 : 0.4);
}

static void
cast(struct ballot *b, size_t at, const char *low, double confidence)
{
	double weight = confidence * confidence * prior(low, at);
	size_t i;

	for (i = 0; i < b->nvotes[at]; i++)
		if (sh_name_same(b->vote[at][i].word, low)) {
			b->vote[at][i].weight += weight;
			if (b->vote[at][i].sure < confidence)
				b->vote[at][i].sure = confidence;
			return;
		}
	if (b->nvotes[at] == VOTES_MAX)
		return;
	memcpy(b->vote[at][b->nvotes[at]].word, low, strlen(low) + 1);
	b->vote[at][b->nvotes[at]].sure = confidence;
	b->vote[at][b->nvotes[at]++].weight = weight;
}

/* Is the atom a part of the name that the one before it belongs to? */
static int
goes_on(const struct sh_find *f, size_t i)
{
	const struct sh_atom *a = &f->v.atom[i - 1], *b = a + 1;

	return (i < f->v.natoms && a->seg == b->seg && f->occ_at[i] == 0 &&
	    b->flags & SH_ATOM_CAPITAL && !((a->flags ^ b->flags) &
	    SH_ATOM_UPPER) && !(a->flags & (SH_ATOM_COMMA | SH_ATOM_STOP |
	    SH_ATOM_COLON | SH_ATOM_SHUT)) && !(b->flags & SH_ATOM_OPEN));
}

/*
 * Do the atoms from I on read like the name, a letter or two apart?  What is
 * a part of a longer name is another's.
 */
static int
reads_like(const struct sh_find *f, size_t i, const struct ballot *b)
{
	const struct sh_view *v = &f->v;
	unsigned d, all = 0;
	size_t k;

	if (i + b->n > v->natoms)
		return (0);
	for (k = 0; k < b->n; k++) {
		const struct sh_atom *a = &v->atom[i + k];

		if (!(a->flags & (SH_ATOM_CAPITAL | SH_ATOM_UPPER)) ||
		    a->flags & SH_ATOM_DIGITS || a->page != v->atom[i].page)
			return (0);
		d = sh_edit_distance(a->fold, strlen(a->fold), b->fold[k],
		    strlen(b->fold[k]), 1);
		if (d > 1 || (d == 1 && strlen(b->fold[k]) < 3))
			return (0);
		all += d;
	}
	return (all == 0 || (all <= 2 && all * 2 <= b->n &&
	    !goes_on(f, i + b->n)));
}

static int
rebuild(struct sh_find *f, struct sh_field *field, const struct ballot *b,
    const char chosen[WORDS_MAX][WORD_BYTES])
{
	struct sh_buf out = SH_BUF_INIT;
	const char *p = field->value;
	uint32_t cp;
	size_t i, n, len;
	int upper, rc = -1;
	char *value;

	/* In capitals if the first two letters are. */
	n = sh_utf8_get(p, p + strlen(p), &cp);
	(void)sh_utf8_get(p + n, p + strlen(p), &cp);
	upper = cp == ' ' || sh_fold_char(cp) != cp ? 1 : 0;
	if (upper) {
		struct sh_buf t = SH_BUF_INIT;

		/* A small letter with a mark folds to another too. */
		if (sh_text_upper(p, strlen(p), &t, f->err)) {
			sh_buf_free(&t);
			goto out;
		}
		upper = strcmp((char *)t.data, p) == 0;
		sh_buf_free(&t);
	}
	for (i = 0; i < b->n; i++) {
		const char *w = chosen[i];

		len = strlen(w);
		if (i > 0 && sh_buf_append(&out, " ", 1, f->err))
			goto out;
		n = sh_utf8_get(w, w + len, &cp);
		if (upper ? sh_text_upper(w, len, &out, f->err) :
		    (sh_text_upper(w, n, &out, f->err) ||
		    sh_buf_puts(&out, w + n, f->err)))
			goto out;
	}
	if ((value = sh_buf_steal(&out, f->err)) == NULL)
		goto out;
	free(field->value);
	field->value = value;
	rc = 0;
out:
	sh_buf_free(&out);
	return (rc);
}

/*
 * Was the syllable LOW misread, however surely, since the USUAL one is
 * another?  Nobody's family name is "Nguyên".
 */
static int
is_misread(const char *low, const char *usual, double sure, int family)
{
	return (sure < (family ? SURE_FAMILY : SURE_GIVEN) ||
	    (family && sh_name_is_common(usual)) ||
	    !sh_syllable_possible(low));
}

/* An English copy, "MA THANH LONG", says nothing about marks. */
static int
has_marks(const struct sh_view *v, size_t i, size_t n)
{
	const char *p;

	for (; n > 0; i++, n--)
		for (p = v->atom[i].text; *p != '\0'; p++)
			if ((unsigned char)*p >= 0x80)
				return (1);
	return (0);
}

static int
mend(struct sh_find *f, struct sh_field *field)
{
	const struct sh_view *v = &f->v;
	char chosen[WORDS_MAX][WORD_BYTES], low[WORD_BYTES];
	struct ballot b;
	size_t i, k, best, changed = 0, strange = 0;
	int own = 0;

	if (split(field->value, &b))
		return (0);
	for (k = 0; k < b.n; k++)
		own |= strcmp(b.low[k], b.fold[k]) != 0;
	for (i = 0; i < v->natoms && b.places < VOTES_MAX; i++) {
		if (f->row_out[v->atom[i].row] || !reads_like(f, i, &b) ||
		    has_marks(v, i, b.n) < own)
			continue;
		for (k = 0; k < b.n; k++)
			if (lower_word(v->atom[i + k].text,
			    strlen(v->atom[i + k].text), low) == 0)
				cast(&b, k, low,
				    (double)v->atom[i + k].confidence);
		b.places++;
		i += b.n - 1;
	}
	for (k = 0; k < b.n; k++) {
		const char *usual;

		memcpy(chosen[k], b.low[k], WORD_BYTES);
		for (best = 0, i = 1; i < b.nvotes[k]; i++)
			if (b.vote[k][i].weight > b.vote[k][best].weight)
				best = i;
		if (b.nvotes[k] > 0 && !sh_name_same(b.vote[k][best].word,
		    b.low[k])) {
			memcpy(chosen[k], b.vote[k][best].word, WORD_BYTES);
			changed++;
		}
		if (k == 0 ? sh_name_syllable(chosen[k], 1) :
		    is_usual(chosen[k], k))
			continue;
		usual = sh_name_spelling(b.fold[k], k == 0);
		if (usual != NULL && strlen(usual) < WORD_BYTES &&
		    b.nvotes[k] > 0 && is_misread(chosen[k], usual,
		    b.vote[k][best].sure, k == 0)) {
			memcpy(chosen[k], usual, strlen(usual) + 1);
			changed++;
		} else if (sh_name_spelling(b.fold[k], 0) == NULL &&
		    !sh_name_is_family(b.fold[k])) {
			strange++;
		}
	}
	/* Places that agree make it surer; syllables of no name less so. */
	if (b.places > 1 && changed == 0)
		field->confidence = 1 - 0.5 * (1 - field->confidence);
	for (k = 0; k < strange; k++)
		field->confidence *= 0.85;
	if (changed == 0)
		return (0);
	field->confidence = 0.75 * (field->confidence < 0.6 ? 0.6 :
	    field->confidence);
	if (field->doubt == NULL)
		field->doubt = "field.corrected";
	return (rebuild(f, field, &b, (const char (*)[WORD_BYTES])chosen));
}

/* Where a word of N bytes is two usual syllables, or 0. */
static size_t
seam(const char *word, size_t n)
{
	char a[WORD_BYTES], b[WORD_BYTES];
	uint32_t cp;
	size_t i, step;

	for (i = 0; i < n; i += step) {
		step = sh_utf8_get(word + i, word + n, &cp);
		if (step == 0)
			break;
		if (i >= 2 && n - i >= 2 && lower_word(word, i, a) == 0 &&
		    lower_word(word + i, n - i, b) == 0 &&
		    sh_name_syllable(a, 0) && sh_name_syllable(b, 0))
			return (i);
	}
	return (0);
}

int
sh_find_unglue(struct sh_find *f, char **name)
{
	struct sh_buf out = SH_BUF_INIT;
	char low[WORD_BYTES];
	const char *p = *name;
	size_t n, at;
	int rc = -1;

	for (; *p != '\0'; p += n) {
		n = strcspn(p, " ");
		if (n == 0)
			n = 1;
		at = n > 5 && lower_word(p, n, low) == 0 &&
		    !is_usual(low, 1) ? seam(p, n) : 0;
		if (sh_buf_append(&out, p, at, f->err) || (at > 0 &&
		    sh_buf_append(&out, " ", 1, f->err)) ||
		    sh_buf_append(&out, p + at, n - at, f->err))
			goto out;
	}
	free(*name);
	if ((*name = sh_buf_steal(&out, f->err)) == NULL)
		goto out;
	rc = 0;
out:
	sh_buf_free(&out);
	return (rc);
}

/* Names of organisations are words like others. */
static int
is_organisation(const struct sh_field_def *def)
{
	const json_t *rule;
	size_t i;

	json_array_foreach(def->find, i, rule)
		if (json_is_true(json_object_get(rule, "organisation")))
			return (1);
	return (0);
}

int
sh_find_mend_names(struct sh_find *f, struct sh_fields *out)
{
	size_t i;

	for (i = 0; i < out->n; i++)
		if (out->field[i].def->kind == SH_FIELD_NAME &&
		    !is_organisation(out->field[i].def) &&
		    mend(f, &out->field[i]))
			return (-1);
	return (0);
}
