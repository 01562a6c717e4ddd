#include "ocr/marks.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/embed.h"
#include "base/mem.h"
#include "base/text.h"
#include "ocr/names.h"
#include "ocr/syllable.h"

SH_EMBED(sh_marks_model, "ocr/data/marks.model");

#define WORDS_MAX	60000	/* an index fits two bytes */
#define PAIRS_MAX	2000000
#define WORD_MAX	24	/* bytes; no syllable is longer */
#define CHOICES_MAX	16	/* words with the same letters */
#define NONE		UINT32_MAX

/*
 * Reading a word rightly is so many nats likelier than reading it wrongly,
 * and more where the engine is sure.  Chosen on real scans between what
 * mends nothing and what mends names.
 */
#define LEAVE		2.0
#define LEAVE_SURE	4.0
#define SURE		0.95	/* of the word that was read */
#define SEEN_MIN	2	/* a pair seen once is no witness */
#define PAIR_SHARE	0.7	/* of the pair in the model, against its word */
#define NAME_SHARE	6	/* of "a capitalised word": so many times rarer */
#define NAMES_MIN	20	/* before so many, to be a witness there */
#define NAMES_MORE	20	/* times as often as the word that was read */
#define HABIT_TIMES	4	/* so often a page's tone was taken for another */
#define HABIT_WORDS	2	/* ... in so many different words */

struct entry {
	const char *text;	/* in lower case */
	char fold[WORD_MAX];
	uint32_t count;
	uint32_t next;		/* with the same letters, or NONE */
};

struct pair {
	uint32_t key;		/* a << 16 | b, plus 1; 0: an empty slot */
	uint32_t count;
};

struct sh_marks {
	char *text;		/* of all words */
	struct entry *word;
	uint32_t nwords;
	uint32_t *slot;		/* first word with these letters, or NONE */
	uint32_t nslots;	/* a power of two, as npairs */
	struct pair *pair;
	uint32_t npairs;
	uint32_t name;		/* the word "^": any capitalised one */
	double total;
	char version[9];
};

/* ---- the model ------------------------------------------------------------ */

static uint32_t
hash(const char *s)
{
	uint32_t h = 2166136261u;

	for (; *s != '\0'; s++)
		h = (h ^ (unsigned char)*s) * 16777619u;
	return (h ^ h >> 15);
}

static struct pair *
pair_slot(const struct sh_marks *m, uint32_t a, uint32_t b)
{
	uint32_t key = (a << 16 | b) + 1, i = key * 2654435761u;

	for (i ^= i >> 13;; i++) {
		struct pair *p = &m->pair[i & (m->npairs - 1)];

		if (p->key == 0 || p->key == key)
			return (p);
	}
}

static uint32_t
letters_slot(const struct sh_marks *m, const char *fold)
{
	uint32_t i = hash(fold);

	for (;; i++) {
		uint32_t w = m->slot[i & (m->nslots - 1)];

		if (w == NONE || strcmp(m->word[w].fold, fold) == 0)
			return (i & (m->nslots - 1));
	}
}

/* A number and the sign behind it; 0 when there is none. */
static int
take_number(char **at, char until, uint32_t max, uint32_t *out)
{
	char *end;
	unsigned long v;

	if (**at < '0' || **at > '9')
		return (0);
	v = strtoul(*at, &end, 10);
	if (*end != until || v > max)
		return (0);
	*out = (uint32_t)v;
	*at = end + 1;
	return (1);
}

static uint32_t
power_above(uint32_t n)
{
	uint32_t p = 64;

	while (p < 2 * n)
		p *= 2;
	return (p);
}

static int
read_words(struct sh_marks *m, char **at, struct sh_error *err)
{
	struct sh_buf fold = SH_BUF_INIT;
	uint32_t i, s;
	int rc = -1;

	m->name = NONE;
	for (i = 0; i < m->nwords; i++) {
		struct entry *w = &m->word[i];
		char *e;

		if (!take_number(at, ' ', INT32_MAX, &w->count) ||
		    (e = strchr(*at, '\n')) == NULL)
			goto out;
		*e = '\0';
		w->text = *at;
		*at = e + 1;
		if (strcmp(w->text, "^") == 0) {
			m->name = i;
			continue;
		}
		sh_buf_reset(&fold);
		if (sh_text_fold(w->text, strlen(w->text), &fold, err))
			goto out;
		if (fold.len == 0 || fold.len >= WORD_MAX)
			goto out;
		memcpy(w->fold, fold.data, fold.len);
		s = letters_slot(m, w->fold);
		w->next = m->slot[s];
		m->slot[s] = i;
		m->total += w->count;
	}
	rc = 0;
out:
	sh_buf_free(&fold);
	return (rc);
}

static int
read_pairs(struct sh_marks *m, char **at, uint32_t n)
{
	uint32_t i, a, b, count;

	for (i = 0; i < n; i++) {
		struct pair *p;

		if (!take_number(at, ' ', INT32_MAX, &count) ||
		    !take_number(at, ' ', m->nwords - 1, &a) ||
		    !take_number(at, '\n', m->nwords - 1, &b))
			return (-1);
		p = pair_slot(m, a, b);
		p->key = (a << 16 | b) + 1;
		p->count = count;
	}
	return (**at == '\0' ? 0 : -1);
}

static int
read_model(struct sh_marks *m, struct sh_error *err)
{
	static const char head[] = "sohoa-marks 1\n";
	char *at = m->text;
	uint32_t n;

	if (strncmp(at, head, sizeof(head) - 1) != 0)
		return (-1);
	at += sizeof(head) - 1;
	if (!take_number(&at, ' ', WORDS_MAX, &m->nwords) ||
	    !take_number(&at, '\n', PAIRS_MAX, &n) || m->nwords == 0)
		return (-1);
	m->nslots = power_above(m->nwords);
	m->npairs = power_above(n);
	m->word = sh_alloc(m->nwords, sizeof(*m->word), "the model", err);
	m->slot = sh_alloc(m->nslots, sizeof(*m->slot), "the model", err);
	m->pair = sh_alloc(m->npairs, sizeof(*m->pair), "the model", err);
	if (m->word == NULL || m->slot == NULL || m->pair == NULL)
		return (-1);
	memset(m->slot, 0xff, m->nslots * sizeof(*m->slot));
	return (read_words(m, &at, err) || read_pairs(m, &at, n) ? -1 : 0);
}

int
sh_marks_new(const char *data, size_t len, struct sh_marks **mp,
    struct sh_error *err)
{
	struct sh_digest digest;
	struct sh_marks *m;
	char hex[SH_HEX_LEN];

	*mp = NULL;
	if (data == NULL) {
		data = sh_marks_model;
		len = (size_t)sh_marks_model_size;
	}
	if ((m = sh_alloc(1, sizeof(*m), "the model", err)) == NULL)
		return (-1);
	if (sh_sha256(data, len, &digest, err) ||
	    (m->text = sh_strndup(data, len, err)) == NULL)
		goto fail;
	sh_hex(digest.b, 4, hex);
	memcpy(m->version, hex, 8);
	if (read_model(m, err)) {
		if (err->code == SH_OK)
			(void)sh_error_set(err, SH_EFORMAT, "model.damaged",
			    "the model of marks is damaged");
		goto fail;
	}
	*mp = m;
	return (0);
fail:
	sh_marks_free(m);
	return (-1);
}

void
sh_marks_free(struct sh_marks *m)
{
	if (m == NULL)
		return;
	free(m->text);
	free(m->word);
	free(m->slot);
	free(m->pair);
	free(m);
}

const char *
sh_marks_version(const struct sh_marks *m)
{
	return (m->version);
}

/* ---- a line of words -------------------------------------------------------- */

enum pattern { LOWER, CAPITAL, UPPER };

/* What a word may be; the first choice is what was read. */
struct cell {
	uint32_t word;		/* of the page */
	size_t before, core;	/* bytes in front of its letters, and these */
	int shut;		/* a sign behind it parts it from the next */
	enum pattern pattern;
	double sure;
	uint32_t choice[CHOICES_MAX];	/* of the model; NONE: not in it */
	double score[CHOICES_MAX];
	unsigned from[CHOICES_MAX];
	unsigned n, chosen;
};

static int
same_bytes(const struct sh_buf *b, const char *s, size_t n)
{
	return (b->len == n && memcmp(b->data, s, n) == 0);
}

/* LOW with a capital in front. */
static int
capitalise(const char *low, struct sh_buf *out, struct sh_error *err)
{
	uint32_t cp;
	size_t n = sh_utf8_get(low, low + strlen(low), &cp);

	sh_buf_reset(out);
	return (sh_text_upper(low, n, out, err) ||
	    sh_buf_puts(out, low + n, err) ? -1 : 0);
}

/* 1 and the pattern, 0: the case is mixed, or -1. */
static int
find_pattern(const char *core, size_t n, const char *low, struct cell *c,
    struct sh_error *err)
{
	struct sh_buf b = SH_BUF_INIT;
	int rc = -1;

	if (strlen(low) == n && memcmp(low, core, n) == 0) {
		c->pattern = LOWER;
		return (1);
	}
	if (capitalise(low, &b, err))
		goto out;
	if (same_bytes(&b, core, n)) {
		c->pattern = CAPITAL;
		rc = 1;
		goto out;
	}
	sh_buf_reset(&b);
	if (sh_text_upper(low, strlen(low), &b, err))
		goto out;
	c->pattern = UPPER;
	rc = same_bytes(&b, core, n);
out:
	sh_buf_free(&b);
	return (rc);
}

/* The words of the model with the same letters as LOW, itself first. */
static int
find_choices(const struct sh_marks *m, const char *low, struct cell *c,
    struct sh_error *err)
{
	struct sh_buf fold = SH_BUF_INIT;
	uint32_t w = NONE;

	if (sh_text_fold(low, strlen(low), &fold, err))
		return (-1);
	if (fold.len > 0 && fold.len < WORD_MAX)
		w = m->slot[letters_slot(m, (char *)fold.data)];
	c->choice[0] = NONE;
	c->n = 1;
	for (; w != NONE; w = m->word[w].next) {
		if (strcmp(m->word[w].text, low) == 0)
			c->choice[0] = w;
		/* A letter alone numbers something; hòa is hoà. */
		else if (c->n < CHOICES_MAX && fold.len > 1 &&
		    !sh_name_same(m->word[w].text, low))
			c->choice[c->n++] = w;
	}
	sh_buf_free(&fold);
	return (0);
}

/* 1: the word is letters alone, with signs around it; 0: it stays. */
static int
open_cell(const struct sh_marks *m, const struct sh_word *w, struct cell *c,
    struct sh_error *err)
{
	const char *p = w->text, *end = p + strlen(p), *core, *stop, *q;
	struct sh_buf low = SH_BUF_INIT;
	uint32_t cp;
	size_t n;
	int rc;

	for (core = p; (n = sh_utf8_get(core, end, &cp)) > 0 &&
	    !sh_is_letter(cp) && !(cp >= '0' && cp <= '9'); core += n)
		;
	for (stop = core; (n = sh_utf8_get(stop, end, &cp)) > 0 &&
	    sh_is_letter(cp); stop += n)
		;
	for (q = stop; (n = sh_utf8_get(q, end, &cp)) > 0; q += n)
		if (sh_is_letter(cp) || (cp >= '0' && cp <= '9'))
			return (0);
	if (stop == core)
		return (0);
	c->before = (size_t)(core - p);
	c->core = (size_t)(stop - core);
	c->shut = stop < end;
	c->sure = (double)w->confidence;
	if (sh_text_lower(core, c->core, &low, err))
		return (-1);
	rc = find_pattern(core, c->core, (char *)low.data, c, err);
	if (rc == 1 && find_choices(m, (char *)low.data, c, err))
		rc = -1;
	sh_buf_free(&low);
	return (rc);
}

static uint32_t
seen(const struct sh_marks *m, uint32_t a, uint32_t b)
{
	const struct pair *p;

	if (a == NONE || b == NONE)
		return (0);
	p = pair_slot(m, a, b);
	return (p->key != 0 ? p->count : 0);
}

/*
 * How likely B is behind A, a logarithm; A NONE: anywhere.  CAPITALISED: B
 * is, and A is not.
 */
static double
likely(const struct sh_marks *m, uint32_t a, uint32_t b, int capitalised)
{
	double one = ((b != NONE ? m->word[b].count : 0) + 0.02) /
	    (m->total + 1), sum;

	if (a == NONE)
		return (log(one));
	sum = PAIR_SHARE * seen(m, a, b) / m->word[a].count +
	    (1 - PAIR_SHARE) * one;
	if (capitalised)
		sum += NAME_SHARE * one * seen(m, a, m->name) /
		    m->word[a].count;
	return (log(sum));
}

/* A small word before a capitalised one, which follows it in its run. */
static int
calls_name(const struct cell *c)
{
	return (c[0].pattern == LOWER && c[1].pattern == CAPITAL);
}

/* The likeliest choices of a run of N words (Viterbi). */
static void
choose(const struct sh_marks *m, struct cell *c, size_t n)
{
	unsigned i, k, best;
	size_t at;
	double s;

	for (at = 0; at < n; at++)
		for (i = 0; i < c[at].n; i++) {
			double leave = i == 0 ? 0 : LEAVE + LEAVE_SURE *
			    c[at].sure;

			c[at].score[i] = at > 0 ? -HUGE_VAL :
			    likely(m, NONE, c[at].choice[i], 0) - leave;
			for (k = 0; at > 0 && k < c[at - 1].n; k++) {
				s = c[at - 1].score[k] + likely(m,
				    c[at - 1].choice[k], c[at].choice[i],
				    calls_name(&c[at - 1])) - leave;
				if (s > c[at].score[i]) {
					c[at].score[i] = s;
					c[at].from[i] = k;
				}
			}
		}
	best = 0;
	for (i = 1; i < c[n - 1].n; i++)
		if (c[n - 1].score[i] > c[n - 1].score[best])
			best = i;
	for (at = n; at-- > 0; best = c[at].from[best])
		c[at].chosen = best;
}

/* The word that cell I of the run was chosen to be; NONE: no such cell. */
static uint32_t
chosen(const struct cell *run, size_t n, size_t i)
{
	return (i < n ? run[i].choice[run[i].chosen] : NONE);
}

enum witness { NOBODY, ONE_SIDE, ENOUGH };

/*
 * Is the new form of word I of the run witnessed by its neighbours?  One
 * side is not enough where the word was read surely.
 */
static enum witness
find_witness(const struct sh_marks *m, const struct cell *run, size_t n,
    size_t i)
{
	const struct cell *c = &run[i];
	uint32_t was = c->choice[0], is = chosen(run, n, i);
	uint32_t left = chosen(run, n, i - 1), right = chosen(run, n, i + 1);
	uint32_t l = seen(m, left, is), r = seen(m, is, right);
	int first = i == 0, last = i + 1 == n, calls, both, strong;

	/* "phường" stands before names, "phương" does not. */
	calls = !last && calls_name(c) && seen(m, is, m->name) >=
	    NAMES_MIN && seen(m, is, m->name) > NAMES_MORE * seen(m, was,
	    m->name);
	if ((l < SEEN_MIN && r < SEEN_MIN && !calls) ||
	    seen(m, left, was) > 0 || seen(m, was, right) > (unsigned)calls)
		return (NOBODY);
	/* Capitals beside capitals may be a name: all of it must be known. */
	if (c->pattern != LOWER && ((!first && c[-1].pattern != LOWER &&
	    l < SEEN_MIN) || (!last && c[1].pattern != LOWER &&
	    r < SEEN_MIN)))
		return (NOBODY);
	if (c->sure < SURE)
		return (ENOUGH);
	both = (first || l >= SEEN_MIN) && (last || r >= SEEN_MIN || calls);
	strong = c->pattern == LOWER &&
	    ((l >= SEEN_MIN && 2 * l >= m->word[left].count) ||
	    (r >= SEEN_MIN && 2 * r >= m->word[right].count));
	/* A word that the model does not know may well be one. */
	if (was == NONE)
		both = both && !first && !last;
	return (both || strong ? ENOUGH : ONE_SIDE);
}

/* ---- what a page's reading does again and again ------------------------------ */

/* A blurred hook is an acute each time: how often one tone was another. */
struct habits {
	unsigned times[SH_TONES][SH_TONES];	/* read, in truth */
	uint32_t words[SH_TONES][SH_TONES];	/* a bit for each, by a hash */
};

/* Of a cell that was chosen to be another word: its tones, read and true. */
static int
find_tones(const struct sh_marks *m, const struct sh_page *p,
    const struct cell *c, enum sh_tone *was, enum sh_tone *is,
    struct sh_error *err)
{
	struct sh_buf low = SH_BUF_INIT;
	int rc = sh_text_lower(p->words[c->word].text + c->before, c->core,
	    &low, err) || sh_buf_puts(&low, "", err) ? -1 : 0;

	if (rc == 0) {
		*was = sh_syllable_tone((char *)low.data);
		*is = sh_syllable_tone(m->word[c->choice[c->chosen]].text);
	}
	sh_buf_free(&low);
	return (rc);
}

static int
is_habit(const struct habits *h, enum sh_tone was, enum sh_tone is)
{
	return (was != is && h->times[was][is] >= HABIT_TIMES &&
	    __builtin_popcount(h->words[was][is]) >= HABIT_WORDS);
}

static int
put_word(const struct sh_marks *m, struct sh_page *p, const struct cell *c,
    struct sh_error *err)
{
	const char *low = m->word[c->choice[c->chosen]].text;
	struct sh_word *w = &p->words[c->word];
	struct sh_buf b = SH_BUF_INIT, all = SH_BUF_INIT;
	int rc = -1;

	if (c->pattern == CAPITAL ? capitalise(low, &b, err) :
	    c->pattern == UPPER ? sh_text_upper(low, strlen(low), &b, err) :
	    sh_buf_puts(&b, low, err))
		goto out;
	if (sh_buf_append(&all, w->text, c->before, err) ||
	    sh_buf_append(&all, b.data, b.len, err) ||
	    sh_buf_puts(&all, w->text + c->before + c->core, err))
		goto out;
	rc = sh_page_set_word(p, c->word, (char *)all.data,
	    fmin(c->sure, SH_MARKS_SURE), err);
out:
	sh_buf_free(&b);
	sh_buf_free(&all);
	return (rc);
}

/* What is done with each run of a page's words. */
struct pass {
	const struct sh_marks *m;
	struct sh_page *p;
	struct habits habits;
	int mends;		/* 0: habits are looked for */
	unsigned mended;
};

static int
take_run(struct pass *a, struct cell *c, size_t n, struct sh_error *err)
{
	enum witness w;
	enum sh_tone was, is;
	size_t i;

	if (n < 2)
		return (0);
	choose(a->m, c, n);
	for (i = 0; i < n; i++) {
		if (c[i].chosen == 0 ||
		    (w = find_witness(a->m, c, n, i)) == NOBODY)
			continue;
		if (find_tones(a->m, a->p, &c[i], &was, &is, err))
			return (-1);
		if (!a->mends) {
			a->habits.times[was][is]++;
			a->habits.words[was][is] |= (uint32_t)1 <<
			    (chosen(c, n, i) * 2654435761u >> 27);
			continue;
		}
		if (w == ONE_SIDE && !is_habit(&a->habits, was, is))
			continue;
		if (put_word(a->m, a->p, &c[i], err))
			return (-1);
		a->mended++;
	}
	return (0);
}

/* Run by run: signs and figures part what stands around them. */
static int
take_page(struct pass *a, struct sh_error *err)
{
	const struct sh_page *p = a->p;
	struct cell *c = NULL;
	size_t cap = 0, n, i, k;
	int rc = 0, r;

	for (i = 0; i < p->nlines && rc == 0; i++) {
		const struct sh_line *l = &p->lines[i];

		if (sh_grow(&c, &cap, l->nwords + 1, sizeof(*c), "a line",
		    err)) {
			rc = -1;
			break;
		}
		for (k = n = 0; k < l->nwords && rc == 0; k++) {
			memset(&c[n], 0, sizeof(*c));
			c[n].word = l->first + (uint32_t)k;
			r = open_cell(a->m, &p->words[c[n].word], &c[n], err);
			if (r < 0) {
				rc = -1;
				break;
			}
			if (n > 0 && (r == 0 || c[n].before > 0)) {
				rc = take_run(a, c, n, err);
				c[0] = c[n];
				n = 0;
			}
			n += (size_t)r;
			if (rc == 0 && r == 1 && c[n - 1].shut) {
				rc = take_run(a, c, n, err);
				n = 0;
			}
		}
		if (rc == 0)
			rc = take_run(a, c, n, err);
	}
	free(c);
	return (rc);
}

int
sh_marks_mend(const struct sh_marks *m, struct sh_page *p, unsigned *np,
    struct sh_error *err)
{
	struct pass a = { .m = m, .p = p };
	int rc = take_page(&a, err);

	a.mends = 1;
	if (rc == 0)
		rc = take_page(&a, err);
	*np = a.mended;
	return (rc);
}
