/* Values of each kind, read out of the words where they stand. */
#include "ocr/fields_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "ocr/names.h"

#define SURE_WORD	0.93	/* a word whose marks may be trusted */
#define SCAN_MAX	1024

/* A span as folded ASCII, with the atom that each character comes from. */
struct scan {
	char s[SCAN_MAX + 1];
	uint16_t at[SCAN_MAX + 1];	/* index into the span */
	size_t n;
};

static void
scan_put(struct scan *c, char ch, size_t at)
{
	if (c->n < SCAN_MAX) {
		c->s[c->n] = ch;
		c->at[c->n++] = (uint16_t)at;
	}
}

static int
is_digit(char c)
{
	return (c >= '0' && c <= '9');
}

/* Capitals stay capitals: patterns tell them apart. */
static void
scan_span(const struct sh_view *v, const struct sh_span *s, struct scan *c)
{
	size_t i, n;
	uint32_t cp, low;

	c->n = 0;
	for (i = 0; i < s->n; i++) {
		const struct sh_atom *a = &v->atom[s->atom[i]];
		const char *p = a->text, *end = p + strlen(p);

		if (i > 0 && !(a->flags & SH_ATOM_GLUED &&
		    s->atom[i] == s->atom[i - 1] + 1)) {
			scan_put(c, ' ', i);
			if (a->flags & SH_ATOM_APART) {
				scan_put(c, '-', i);
				scan_put(c, ' ', i);
			}
		}
		for (; (n = sh_utf8_get(p, end, &cp)) > 0; p += n) {
			if ((low = sh_fold_char(cp)) == 0)
				continue;
			/* Among digits an ó is what a six looks like. */
			if ((cp == 0xf3 || cp == 0xd3) && c->n > 0 &&
			    is_digit(c->s[c->n - 1])) {
				scan_put(c, 'b', i);
				continue;
			}
			if (low < 0x80 && low != cp && low >= 'a' &&
			    low <= 'z' && (cp < 0x80 || a->flags &
			    SH_ATOM_UPPER))
				low -= 32;
			scan_put(c, low < 0x80 ? (char)low : '?', i);
		}
	}
	c->s[c->n] = '\0';
}

/* A letter that stands for a digit; 0 when it resembles none. */
static char
digit_for(char c)
{
	switch (c) {
	case 'O': case 'o': case 'Q': case 'D':
		return ('0');
	case 'I': case 'l': case 'L': case 'i': case '|': case '!': case 'T':
		return ('1');
	case 'Z': case 'z':
		return ('2');
	case 'S': case 's':
		return ('5');
	case 'b':
		return ('6');
	case 'B':
		return ('8');
	case 'g': case 'q':
		return ('9');
	default:
		return (is_digit(c) ? c : 0);
	}
}

void
sh_proposal_free(struct sh_proposal *p)
{
	free(p->value);
	memset(p, 0, sizeof(*p));
	p->first = SH_NONE;
}

void
sh_find_place(const struct sh_view *v, const struct sh_span *s, size_t from,
    size_t to, struct sh_proposal *p)
{
	double sum = 0, least = 1;
	size_t i, n = 0, len;

	p->page = v->atom[s->atom[from]].page;
	p->box = v->atom[s->atom[from]].box;
	p->first = s->atom[from];
	for (i = from; i < to; i++) {
		const struct sh_atom *a = &v->atom[s->atom[i]];

		if (a->page == p->page)
			p->box = sh_box_union(p->box, a->box);
		len = strlen(a->fold);
		sum += (double)a->confidence * (double)len;
		n += len;
		if ((double)a->confidence < least)
			least = (double)a->confidence;
	}
	/* The worst word decides most of whether all of them are right. */
	p->confidence = n == 0 ? 0 : 0.35 * sum / (double)n + 0.65 * least;
}

/* ---- text ---- */

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
	if ((double)a->confidence < SURE_WORD || spelt_so(f, o, beside))
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
    size_t i)
{
	const char *word;

	if (!is_uncertain(&f->v.atom[s->atom[i]]))
		return (NULL);
	word = usual_beside(f, s, from, to, i, 0);
	return (word != NULL ? word : usual_beside(f, s, from, to, i, 1));
}

int
sh_find_text(struct sh_find *f, const struct sh_span *s, size_t from,
    size_t to, int mend, char **out)
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
		    sh_buf_puts(&b, a->flags & SH_ATOM_APART ? " - " : " ",
		    f->err))
			goto out;
		word = mend ? usual(f, s, from, to, i) : NULL;
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
static size_t
without_noise(const struct sh_view *v, const struct sh_span *s, size_t from,
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

static int
value_text(struct sh_find *f, const struct sh_span *s, int cut,
    struct sh_proposal *p)
{
	const struct sh_view *v = &f->v;
	size_t from = noise_before(v, s), to = s->n, i;

	/* A sentence's end ends the value, unless it shortens a word. */
	for (i = 0; cut && i + 1 < s->n; i++) {
		const struct sh_atom *a = &v->atom[s->atom[i]];

		if (a->flags & SH_ATOM_STOP && strlen(a->fold) > 3 &&
		    !(a->flags & SH_ATOM_UPPER) &&
		    !((a + 1)->flags & SH_ATOM_GLUED) &&
		    v->atom[s->atom[i + 1]].flags & SH_ATOM_CAPITAL) {
			to = i + 1;
			break;
		}
	}
	to = without_noise(v, s, from, to);
	if (to == from)
		return (0);
	if (sh_find_text(f, s, from, to, 1, &p->value))
		return (-1);
	if (*p->value == '\0') {
		sh_proposal_free(p);
		return (0);
	}
	sh_find_place(v, s, from, to, p);
	return (1);
}

/* A place in Vietnam needs not say so. */
/* Does the part of an address that atom LAST ends begin with "tỉnh"? */
static int
names_province(const struct sh_view *v, const struct sh_span *s, size_t last)
{
	size_t i;

	for (i = last; i > 0 && last - i < 5; i--) {
		const struct sh_atom *a = &v->atom[s->atom[i - 1]];

		if (strcmp(a->fold, "tinh") == 0 || (strcmp(a->fold, "pho") ==
		    0 && i > 1 && strcmp(v->atom[s->atom[i - 2]].fold,
		    "thanh") == 0))
			return (1);
		if (a->flags & SH_ATOM_COMMA)
			break;
	}
	return (0);
}

static int
value_place(struct sh_find *f, const struct sh_span *s,
    struct sh_proposal *p)
{
	static const char *const tails[] = { ", Việt Nam", ", Viet Nam" };
	struct sh_span few = *s;
	size_t i, n, k;
	int r;

	/* "…, tỉnh Đồng Nai, đủ điều kiện …": behind the province. */
	for (i = 0; i + 1 < few.n; i++)
		if (f->v.atom[few.atom[i]].flags & SH_ATOM_COMMA &&
		    names_province(&f->v, &few, i) &&
		    strcmp(f->v.atom[few.atom[i + 1]].fold, "tinh") != 0 &&
		    !(f->v.atom[few.atom[i + 1]].flags & (SH_ATOM_CAPITAL |
		    SH_ATOM_DIGITS)))
			few.n = i + 1;
	r = value_text(f, &few, 0, p);

	for (i = 0; r == 1 && i < SH_COUNT(tails); i++) {
		n = strlen(p->value);
		k = strlen(tails[i]);
		if (n > k && strcmp(p->value + n - k, tails[i]) == 0)
			p->value[n - k] = '\0';
	}
	return (r);
}

/* ---- names ---- */

/* "Ông", "bà", "Mr" before a name; Châu and Chi are names. */
static int
is_title_word(const struct sh_atom *a)
{
	static const char *const words[] = { "ông", "bà", "anh", "chị",
	    "cháu", "Ông", "Bà", "Anh", "Chị", "Cháu", "ÔNG", "BÀ", "ANH",
	    "đồng", "Đồng", "chí", "Mr", "Ms", "Mrs", "đ", "đ/", NULL };
	size_t i, n;

	for (i = 0; words[i] != NULL; i++) {
		n = strlen(words[i]);
		if (strncmp(a->text, words[i], n) == 0 &&
		    strspn(a->text + n, ".:/()-, ") == strlen(a->text + n))
			return (1);
	}
	return (0);
}

/* "Thượng tá", "Bác sĩ", "ThS.": atoms of a rank before a name, or 0. */
static size_t
rank_before(const struct sh_view *v, const struct sh_span *s, size_t i)
{
	static const char *const first[] = { "trung", "thuong", "dai",
	    "thieu", "thac", "tien", "bac", "ky", "luat", "cu", "duoc" };
	static const char *const second[] = { "ta", "uy", "tuong", "si",
	    "sy", "su", "nhan" };
	static const char *const alone[] = { "bs", "ths", "ts", "pgs", "gs",
	    "bscki", "bsckii", "bsck1", "bsck2", "cki", "ckii", "ks", "ls",
	    "ds", "nhs", "cn" };
	const struct sh_atom *a = &v->atom[s->atom[i]];
	size_t k, n;

	for (k = 0; k < SH_COUNT(alone); k++)
		if (strcmp(a->fold, alone[k]) == 0)
			return (a->flags & SH_ATOM_STOP ||
			    a->flags & SH_ATOM_UPPER);
	for (k = 0; i + 3 < s->n && k < SH_COUNT(first); k++)
		for (n = 0; n < SH_COUNT(second); n++)
			if (strcmp(a->fold, first[k]) == 0 &&
			    strcmp(v->atom[s->atom[i + 1]].fold,
			    second[n]) == 0 && !(v->atom[s->atom[i +
			    1]].flags & SH_ATOM_CAPITAL &&
			    !(a->flags & SH_ATOM_UPPER)))
				return (2);
	return (0);
}

/* "ÔNG THẾ VINH" is called so; "ÔNG NGUYỄN VĂN AN" is not. */
static int
is_family_of_capitals(const struct sh_view *v, const struct sh_span *s,
    size_t i)
{
	const struct sh_atom *a = &v->atom[s->atom[i]];

	return (strcmp(a->fold, "ong") == 0 && a->flags & SH_ATOM_UPPER &&
	    i + 2 < s->n && !(a->flags & (SH_ATOM_COLON | SH_ATOM_SLASH)) &&
	    v->atom[s->atom[i + 1]].flags & SH_ATOM_UPPER &&
	    !sh_name_is_family(v->atom[s->atom[i + 1]].fold));
}

int
sh_find_name(const struct sh_view *v, const struct sh_span *s, size_t *from,
    size_t *to)
{
	size_t i = 0, k, rank;
	int upper;

	/* Noise and titles before it. */
	while (i < s->n && i < 6) {
		const struct sh_atom *a = &v->atom[s->atom[i]];

		if (is_family_of_capitals(v, s, i))
			break;
		if ((rank = rank_before(v, s, i)) > 0) {
			i += rank;
			continue;
		}
		if (!is_title_word(a) && strcmp(a->fold, "<") != 0 &&
		    !(strlen(a->fold) == 1 && (double)a->confidence < 0.5 &&
		    !(a->flags & SH_ATOM_CAPITAL)))
			break;
		i++;
	}
	if (i >= s->n)
		return (0);
	upper = (v->atom[s->atom[i]].flags & SH_ATOM_UPPER) != 0 &&
	    strlen(v->atom[s->atom[i]].fold) > 1;
	for (k = i; k < s->n && k < i + 9; k++) {
		const struct sh_atom *a = &v->atom[s->atom[k]];
		const char *q;
		int mixed = 0;

		/* Its letters may hold a digit that was misread, not two. */
		for (q = a->fold; *q != '\0'; q++)
			mixed += is_digit(*q) || *q == '<';
		if (!(a->flags & (SH_ATOM_CAPITAL | SH_ATOM_UPPER)) ||
		    a->flags & SH_ATOM_DIGITS || mixed > 1 ||
		    (k > i && a->flags & SH_ATOM_OPEN) ||
		    (k > i && a->flags & SH_ATOM_DASH))
			break;
		/* In a name of capitals a small word is no longer it. */
		if (k > i && upper && !(a->flags & SH_ATOM_UPPER) &&
		    !(a->flags & SH_ATOM_GLUED))
			break;
		/* Another column or line is another value. */
		if (k > i && a->seg != v->atom[s->atom[k - 1]].seg &&
		    k - i >= 2 && !(s->wraps &&
		    a->row != v->atom[s->atom[k - 1]].row))
			break;
		if (a->flags & (SH_ATOM_COMMA | SH_ATOM_COLON |
		    SH_ATOM_STOP | SH_ATOM_SHUT) && !((a + 1)->flags &
		    SH_ATOM_GLUED)) {
			k++;
			break;
		}
	}
	/* One word is no name; nor is a sentence. */
	if (k - i < 2 || k - i > 8)
		return (0);
	*from = i;
	*to = k;
	return (1);
}

/* Words that the name of an organisation begins with. */
static int
is_organisation(const struct sh_view *v, const struct sh_span *s)
{
	static const char *const words[] = { "congty", "doanhnghiep",
	    "hoptac", "hokinh", "uyban", "nganhang", "chinhanh", "trungtam",
	    "vanphong", "banquan", "tongcong", "xinghiep", "truong",
	    "tapdoan", "hogiadinh" };
	char text[64];
	size_t i, n, len = 0;

	for (i = 0; i < s->n && i < 2; i++) {
		n = strlen(v->atom[s->atom[i]].fold);
		if (len + n >= sizeof(text))
			return (0);
		memcpy(text + len, v->atom[s->atom[i]].fold, n);
		len += n;
	}
	text[len] = '\0';
	for (i = 0; i < SH_COUNT(words); i++)
		if (strncmp(text, words[i], strlen(words[i])) == 0 &&
		    (strcmp(words[i], "truong") != 0 || s->n > 4))
			return (1);
	return (0);
}

/* "HỘ KINH DOANH BẢO HƯNG, do ông … làm chủ": up to the comma. */
static int
value_organisation(struct sh_find *f, const struct sh_span *s,
    struct sh_proposal *p)
{
	struct sh_span few = *s;
	size_t i;

	for (i = 0; i + 1 < few.n; i++)
		if (f->v.atom[few.atom[i]].flags & SH_ATOM_COMMA &&
		    !(f->v.atom[few.atom[i + 1]].flags & SH_ATOM_CAPITAL))
			few.n = i + 1;
	return (value_text(f, &few, 1, p));
}

static int
value_name(struct sh_find *f, const struct sh_span *s, struct sh_proposal *p)
{
	size_t from, to;

	if (is_organisation(&f->v, s))
		return (value_organisation(f, s, p));
	if (!sh_find_name(&f->v, s, &from, &to))
		return (0);
	to = without_noise(&f->v, s, from, to);
	if (to - from < 2)
		return (0);
	if (sh_find_text(f, s, from, to, 0, &p->value) ||
	    sh_find_unglue(f, &p->value))
		return (-1);
	sh_find_place(&f->v, s, from, to, p);
	return (1);
}

/* ---- dates ---- */

/* At most MAX digits at P, letters that resemble them counted. */
static size_t
read_digits(const char *p, size_t max, int *out, unsigned *corrected)
{
	size_t n = 0, real = 0;
	int v = 0;

	while (n < max && digit_for(p[n]) != 0) {
		real += is_digit(p[n]);
		v = v * 10 + digit_for(p[n]) - '0';
		n++;
	}
	if (n == 0)
		return (0);
	/* "I" alone may be a one; of more, most must be digits. */
	if (real == 0 && n > 2)
		return (0);
	*out = v;
	*corrected += (unsigned)(n - real);
	return (n);
}

static int
good_date(struct sh_date d)
{
	return (sh_date_valid(d) && d.year >= 1880 && d.year <= 2150);
}

/* dd/mm/yyyy with / . - or spaces around them, at C->s[i]. */
static size_t
read_short_date(const struct scan *c, size_t i, struct sh_date *d,
    unsigned *corrected)
{
	const char *p = c->s + i, *start = p;
	unsigned bad = 0;
	size_t n;

	if (!is_digit(*p) || (i > 0 && (is_digit(p[-1]))))
		return (0);
	n = read_digits(p, 2, &d->day, &bad);
	p += n;
	while (*p == ' ')
		p++;
	/* A slash is misread as a one or a capital I. */
	if (strchr("/.-,", *p) == NULL && !(strchr("IJ|!l", *p) != NULL &&
	    n == 2))
		return (0);
	if (*p == '\0')
		return (0);
	bad += strchr("/.-", *p) == NULL;
	p++;
	while (*p == ' ')
		p++;
	if ((n = read_digits(p, 2, &d->month, &bad)) == 0)
		return (0);
	p += n;
	while (*p == ' ')
		p++;
	if (*p == '\0' || strchr("/.-,IJ|!", *p) == NULL)
		return (0);
	bad += strchr("/.-", *p) == NULL;
	p++;
	while (*p == ' ')
		p++;
	if (read_digits(p, 4, &d->year, &bad) != 4 || is_digit(p[4]) ||
	    !good_date(*d))
		return (0);
	*corrected += bad;
	return ((size_t)(p + 4 - start));
}

/* WORD at P, one letter wrong if it is long; its length, or 0. */
static size_t
read_word(const char *p, const char *word)
{
	size_t n = strlen(word), k = 0;

	while ((p[k] >= 'a' && p[k] <= 'z') || (p[k] >= 'A' && p[k] <= 'Z') ||
	    p[k] == '?')
		k++;
	if (k == 0 || k > n + 1 || k + 1 < n)
		return (0);
	if (strncasecmp(p, word, n) == 0 && k == n)
		return (n);
	{
		char low[16];
		size_t i;

		for (i = 0; i < k && i < sizeof(low); i++)
			low[i] = (char)(p[i] >= 'A' && p[i] <= 'Z' ?
			    p[i] + 32 : p[i]);
		if (n >= 3 && sh_edit_distance(low, k, word, n, 1) <= 1)
			return (k);
	}
	return (0);
}

/* Spaces, and "/month" or "(month)" in another language. */
static const char *
skip_gap(const char *p)
{
	while (*p == ' ' || *p == ',' || *p == '.' || *p == ':')
		p++;
	if (*p == '/' || *p == '(') {
		p++;
		while (*p == ' ')
			p++;
		while ((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z'))
			p++;
		while (*p == ' ' || *p == ')' || *p == ':')
			p++;
	}
	return (p);
}

/* "05 tháng 02 năm 2025" at C->s[i], "ngày" before it or not. */
static size_t
read_long_date(const struct scan *c, size_t i, struct sh_date *d,
    unsigned *corrected)
{
	const char *p = c->s + i, *start = p;
	unsigned bad = 0;
	size_t n;

	if (i > 0 && p[-1] != ' ' && !(p[-1] >= 'a' && p[-1] <= 'z') &&
	    p[-1] != '.' && p[-1] != ':' && p[-1] != ',')
		return (0);
	if ((n = read_digits(p, 2, &d->day, &bad)) == 0)
		return (0);
	p = skip_gap(p + n);
	if ((n = read_word(p, "thang")) == 0)
		return (0);
	p = skip_gap(p + n);
	if ((n = read_digits(p, 2, &d->month, &bad)) == 0)
		return (0);
	p = skip_gap(p + n);
	if ((n = read_word(p, "nam")) == 0)
		return (0);
	p = skip_gap(p + n);
	if (read_digits(p, 4, &d->year, &bad) != 4 || is_digit(p[4]) ||
	    !good_date(*d))
		return (0);
	*corrected += bad;
	return ((size_t)(p + 4 - start));
}

int
sh_find_date(const struct sh_view *v, const struct sh_span *s,
    struct sh_date *d, size_t *from, size_t *to, unsigned *corrected)
{
	struct scan c;
	unsigned bad = 0;
	size_t i, n;

	scan_span(v, s, &c);
	for (i = 0; i < c.n; i++) {
		if (digit_for(c.s[i]) == 0)
			continue;
		if ((n = read_short_date(&c, i, d, &bad)) == 0 &&
		    (n = read_long_date(&c, i, d, &bad)) == 0)
			continue;
		*from = c.at[i];
		*to = (size_t)c.at[i + n - 1] + 1;
		*corrected = bad;
		return (1);
	}
	return (0);
}

static int
value_date(struct sh_find *f, const struct sh_span *s, struct sh_proposal *p)
{
	struct sh_date d;
	unsigned bad = 0;
	size_t from, to;

	if (!sh_find_date(&f->v, s, &d, &from, &to, &bad))
		return (0);
	if ((p->value = sh_alloc(SH_DATE_LEN, 1, "date", f->err)) == NULL)
		return (-1);
	sh_date_print(d, p->value);
	sh_find_place(&f->v, s, from, to, p);
	if (bad > 0) {
		p->confidence *= 0.8;
		p->doubt = "field.corrected";
	}
	return (1);
}

/* ---- numbers of people and organisations ---- */

/*
 * A run of digits at C->s[i]: spaces, dots and hyphens may part groups;
 * letters count as the digits they resemble inside a word that is mostly
 * digits.  Where it ends; the digits go to OUT.
 */
static size_t
digit_run(const struct scan *c, size_t i, size_t want, char *out,
    unsigned *corrected)
{
	size_t n = 0, k = i, real = 0;

	while (k < c->n && n < want) {
		char ch = c->s[k];

		if (is_digit(ch)) {
			out[n++] = ch;
			real++;
		} else if (k == i && ch == '(') {
			out[n++] = '0';
		} else if (digit_for(ch) != 0 && ((k > i &&
		    is_digit(c->s[k - 1])) || is_digit(c->s[k + 1]))) {
			out[n++] = digit_for(ch);
		} else if (n > 0 && (ch == ' ' || (ch == '.' && want == 12)) &&
		    digit_for(c->s[k + 1]) != 0 && n % 3 == 0) {
			;
		} else {
			break;
		}
		k++;
	}
	out[n] = '\0';
	if (n != want || real * 10 < n * 7)
		return (0);
	*corrected += (unsigned)(n - real);
	return (k);
}

int
sh_find_id(const struct sh_view *v, const struct sh_span *s, char out[24],
    size_t *from, size_t *to, unsigned *corrected)
{
	static const size_t lengths[] = { 12, 10, 9 };
	struct sh_error err = SH_ERROR_INIT;
	struct scan c;
	struct sh_id id;
	size_t i, k, end;

	scan_span(v, s, &c);
	for (i = 0; i < c.n; i++) {
		if (i > 0 && ((digit_for(c.s[i - 1]) != 0 &&
		    c.s[i - 1] != 'D') || (i > 1 && strchr(".,",
		    c.s[i - 1]) != NULL && is_digit(c.s[i - 2]))))
			continue;
		/* A bracket is a nought with a gap. */
		if (digit_for(c.s[i]) == 0 && !(c.s[i] == '(' &&
		    is_digit(c.s[i + 1])))
			continue;
		for (k = 0; k < SH_COUNT(lengths); k++) {
			unsigned bad = 0;

			end = digit_run(&c, i, lengths[k], out, &bad);
			if (end == 0 || (digit_for(c.s[end]) != 0 &&
			    c.s[end] != 'D' && c.s[end] != 'T'))
				continue;
			/* A branch of an organisation. */
			if (lengths[k] == 10 && c.s[end] == '-' &&
			    is_digit(c.s[end + 1]) &&
			    is_digit(c.s[end + 2]) &&
			    is_digit(c.s[end + 3]) &&
			    !is_digit(c.s[end + 4])) {
				memcpy(out + 10, c.s + end, 4);
				out[14] = '\0';
				end += 4;
			}
			/* Telephones have ten digits too. */
			if (lengths[k] == 10 && sh_id_parse(out, &id, &err)) {
				sh_error_clear(&err);
				if (out[0] == '0' && out[1] >= '3')
					continue;
			}
			*from = c.at[i];
			*to = (size_t)c.at[end - 1] + 1;
			*corrected = bad;
			return (1);
		}
	}
	return (0);
}

/* How far the number's own structure speaks for it. */
static void
weigh_id(struct sh_proposal *p, unsigned corrected)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_citizen who;
	struct sh_id id;
	int proved;

	proved = sh_id_parse(p->value, &id, &err) == 0 &&
	    (id.kind == SH_ID_TAX || (sh_id_citizen(&id, &who) == 0 &&
	    who.province_name != NULL && who.birth_year <= 2030));
	if (strcmp(err.key, "id.check-digit") == 0) {
		p->confidence *= 0.5;
		p->doubt = "field.check-digit";
		return;
	}
	if (id.kind == SH_ID_CITIZEN && !proved) {
		p->confidence *= 0.5;
		p->doubt = "field.id-structure";
	} else if (corrected > 0) {
		p->confidence *= proved ? 0.75 : 0.4;
		p->doubt = "field.corrected";
	}
}

static int
value_id(struct sh_find *f, const struct sh_span *s, struct sh_proposal *p)
{
	unsigned bad = 0;
	size_t from, to;
	char out[24];

	if (!sh_find_id(&f->v, s, out, &from, &to, &bad))
		return (0);
	if ((p->value = sh_strdup(out, f->err)) == NULL)
		return (-1);
	sh_find_place(&f->v, s, from, to, p);
	weigh_id(p, bad);
	return (1);
}

/* ---- patterns ---- */

/* One step of a pattern: what it takes, how often. */
struct step {
	char what;
	unsigned lo, hi;
};

static size_t
parse_pattern(const char *p, struct step *step, size_t max)
{
	size_t n = 0;
	int used;

	while (*p != '\0' && n < max) {
		struct step *s = &step[n++];

		s->what = *p++;
		s->lo = s->hi = 1;
		if (s->what == ' ' || s->what == '_') {
			s->lo = 0;
			s->hi = 3;
		} else if (*p == '?') {
			s->lo = 0;
			p++;
		} else if (*p == '{') {
			used = 0;
			if (sscanf(p, "{%2u}%n", &s->lo, &used) == 1 &&
			    used > 0)
				s->hi = s->lo;
			else
				(void)sscanf(p, "{%2u,%2u}%n", &s->lo, &s->hi,
				    &used);
			p += used;
		}
	}
	return (n);
}

/* 1 if CH is what the step takes; a resembling letter counts as a digit. */
static int
takes(char what, char ch, char *as, unsigned *corrected)
{
	*as = ch;
	switch (what) {
	case '9':
		if (is_digit(ch))
			return (1);
		*as = digit_for(ch);
		if (*as == 0)
			return (0);
		++*corrected;
		return (1);
	case 'A':
		return (ch >= 'A' && ch <= 'Z');
	case 'X':
		return (is_digit(ch) || (ch >= 'A' && ch <= 'Z'));
	case ' ':
		return (ch == ' ');
	case '_':
		return (ch == ' ' || ch == '.' || ch == '-');
	default:
		if (is_digit(what) && !is_digit(ch) && digit_for(ch) == what) {
			*as = what;
			++*corrected;
			return (1);
		}
		return (ch == what);
	}
}

struct matcher {
	const struct scan *c;
	const struct step *step;
	size_t nsteps;
	char *out;
	size_t size;
	unsigned tries;		/* left, before it gives up */
};

/* Where the steps from K on end, greedy with a way back; 0 when never. */
static size_t
match_steps(struct matcher *m, size_t k, size_t i, size_t len,
    unsigned corrected, unsigned *total)
{
	const struct step *s = &m->step[k];
	size_t n, end;
	unsigned bad = corrected;
	char as;

	if (m->tries == 0)
		return (0);
	m->tries--;
	if (k == m->nsteps) {
		m->out[len] = '\0';
		*total = corrected;
		return (i);
	}
	for (n = 0; n < s->hi && i + n < m->c->n && len + n + 1 < m->size;
	    n++) {
		if (!takes(s->what, m->c->s[i + n], &as, &bad))
			break;
		m->out[len + n] = as;
	}
	for (;; n--) {
		if (n < s->lo)
			return (0);
		/* What was corrected beyond N is counted too: rare, harmless. */
		end = match_steps(m, k + 1, i + n, len + n, n > 0 ? bad :
		    corrected, total);
		if (end != 0)
			return (end);
		if (n == 0)
			return (0);
	}
}

int
sh_find_pattern(const struct sh_find *f, const char *name,
    const struct sh_span *s, char *out, size_t size, size_t *from,
    size_t *to, unsigned *corrected)
{
	const json_t *list = json_object_get(json_object_get(f->shared,
	    "patterns"), name), *p;
	struct step step[48];
	struct scan c;
	size_t i, k, end, len;
	unsigned bad;

	scan_span(&f->v, s, &c);
	json_array_foreach(list, k, p) {
		struct matcher m = { .c = &c, .step = step, .out = out,
		    .size = size };

		m.nsteps = parse_pattern(json_string_value(p), step,
		    SH_COUNT(step));
		for (i = 0; i < c.n; i++) {
			char before = i == 0 ? ' ' : c.s[i - 1];

			/* Whole words: nothing of the kind stands around. */
			if (c.s[i] == ' ' || is_digit(before) ||
			    (before >= 'A' && before <= 'Z') ||
			    (before >= 'a' && before <= 'z'))
				continue;
			m.tries = 2000;
			bad = 0;
			end = match_steps(&m, 0, i, 0, 0, &bad);
			if (end <= i || is_digit(c.s[end]) ||
			    (c.s[end] >= 'A' && c.s[end] <= 'Z') ||
			    (c.s[end] >= 'a' && c.s[end] <= 'z'))
				continue;
			len = strlen(out);
			while (len > 0 && strchr(" .-", out[len - 1]) !=
			    NULL)
				out[--len] = '\0';
			if (bad * 3 > len)
				continue;
			*from = c.at[i];
			*to = (size_t)c.at[end - 1] + 1;
			*corrected = bad;
			return (1);
		}
	}
	return (0);
}

/* Letters of a match with their marks, where folding took them. */
static int
value_pattern(struct sh_find *f, const struct sh_field_def *def,
    const struct sh_span *s, const char *pattern, struct sh_proposal *p)
{
	size_t from, to, i, k;
	unsigned bad = 0;
	char out[64];

	if (!sh_find_pattern(f, pattern, s, out, sizeof(out), &from, &to,
	    &bad))
		return (0);
	/* A Đ among the letters folds to D: take the printed form then. */
	for (i = from, k = 0; i < to; i++)
		k += strpbrk(f->v.atom[s->atom[i]].text, "\xc4\xc3\xe1") !=
		    NULL;
	if (def->kind == SH_FIELD_ID) {
		for (i = k = 0; out[i] != '\0'; i++)
			if (out[i] != ' ' && out[i] != '.')
				out[k++] = out[i];
		out[k] = '\0';
		k = 0;
	}
	if (k > 0 && bad == 0) {
		if (sh_find_text(f, s, from, to, 0, &p->value))
			return (-1);
	} else if ((p->value = sh_strdup(out, f->err)) == NULL) {
		return (-1);
	}
	sh_find_place(&f->v, s, from, to, p);
	if (def->kind == SH_FIELD_ID && strcmp(pattern, "phone") != 0) {
		weigh_id(p, bad);
	} else if (bad > 0) {
		p->confidence *= 0.7;
		p->doubt = "field.corrected";
	}
	return (1);
}

/* ---- numbers, money, measures ---- */

/* In a group that is mostly digits a letter was one: "20Z1". */
static void
mend_number(struct sh_proposal *p)
{
	char *s = p->value, *e;
	size_t n, digits, others;

	for (; *s != '\0'; s = e) {
		if (strchr("/-. ", *s) != NULL) {
			e = s + 1;
			continue;
		}
		n = strcspn(s, "/-. ");
		e = s + n;
		for (digits = others = 0; s < e; s++) {
			digits += is_digit(*s);
			others += !is_digit(*s) && digit_for(*s) == 0;
		}
		if (digits < 3 || others > 0 || digits == n || digits + 1 < n)
			continue;
		for (s -= n; s < e; s++)
			*s = digit_for(*s);
		p->confidence *= 0.7;
		p->doubt = "field.corrected";
	}
}

/* Spaces only part capitals from digits. */
static void
close_number(char *s)
{
	char *w = s, *start = s;

	for (; *s != '\0'; s++)
		if (*s != ' ' || (w > start && !is_digit(w[-1]) &&
		    w[-1] != '/' && w[-1] != '-' && is_digit(s[1])))
			*w++ = *s;
	*w = '\0';
}

/*
 * A document's number: one printed word with a digit in it, or a few
 * capitals and the word behind them ("CS 01234"); "05 / QĐ - UBND" with
 * stray spaces counts as one.
 */
static int
value_number(struct sh_find *f, const struct sh_span *s,
    struct sh_proposal *p)
{
	const struct sh_view *v = &f->v;
	size_t i, from, to, digits = 0;

	for (from = 0; from < s->n && from < 4; from++) {
		const struct sh_atom *a = &v->atom[s->atom[from]];

		if (a->flags & SH_ATOM_DIGITS || strpbrk(a->fold,
		    "0123456789") != NULL || (a->flags & SH_ATOM_UPPER &&
		    strlen(a->fold) <= 8))
			break;
	}
	for (to = from; to < s->n; to++) {
		const struct sh_atom *a = &v->atom[s->atom[to]], *b;

		if (to > from && !(a->flags & SH_ATOM_GLUED)) {
			const char *t;
			size_t n;

			b = &v->atom[s->atom[to - 1]];
			t = b->text;
			n = strlen(t);
			/* Signs that join, or capitals before digits. */
			if (!(b->flags & SH_ATOM_SLASH ||
			    a->flags & SH_ATOM_DASH ||
			    (n > 1 && (t[n - 1] == '-' ||
			    t[n - 1] == '/')) ||
			    (to == from + 1 && b->flags & SH_ATOM_UPPER &&
			    strlen(b->fold) <= 3 && digits == 0 &&
			    !(b->flags & (SH_ATOM_COLON | SH_ATOM_COMMA)) &&
			    a->flags & SH_ATOM_DIGITS) ||
			    (digits > 0 && a->flags & SH_ATOM_UPPER &&
			    a->flags & SH_ATOM_SLASH &&
			    strlen(a->fold) <= 3)))
				break;
		}
		if (to > from && !(a->flags & (SH_ATOM_DIGITS |
		    SH_ATOM_UPPER | SH_ATOM_GLUED)))
			break;
		for (i = 0; a->fold[i] != '\0'; i++)
			digits += is_digit(a->fold[i]);
		if (a->flags & (SH_ATOM_COMMA | SH_ATOM_COLON) &&
		    !((a + 1)->flags & SH_ATOM_GLUED)) {
			to++;
			break;
		}
	}
	if (digits == 0 || to - from > 12)
		return (0);
	if (sh_find_text(f, s, from, to, 0, &p->value))
		return (-1);
	sh_find_place(v, s, from, to, p);
	mend_number(p);
	close_number(p->value);
	return (1);
}

/* Groups of digits parted by dots or commas: 9.000.000.000. */
static int
value_money(struct sh_find *f, const struct sh_span *s,
    struct sh_proposal *p)
{
	struct scan c;
	char out[40];
	size_t i, k, n, digits;
	unsigned bad;

	scan_span(&f->v, s, &c);
	for (i = 0; i < c.n; i++) {
		if (!is_digit(c.s[i]) || (i > 0 && (is_digit(c.s[i - 1]) ||
		    strchr("./-", c.s[i - 1]) != NULL)))
			continue;
		for (k = i, n = digits = bad = 0; k < c.n && n + 1 <
		    sizeof(out); k++) {
			char ch = c.s[k];

			if (digit_for(ch) != 0) {
				out[n++] = digit_for(ch);
				bad += !is_digit(ch);
				digits++;
			} else if ((ch == '.' || ch == ',') &&
			    digit_for(c.s[k + 1]) != 0) {
				out[n++] = '.';
			} else if (ch == ' ' && n > 0 && k + 3 < c.n &&
			    is_digit(c.s[k + 1]) && is_digit(c.s[k + 2]) &&
			    is_digit(c.s[k + 3]) && !is_digit(c.s[k + 4]) &&
			    (strchr(out, '.') != NULL || out[n - 1] == '.')) {
				if (out[n - 1] != '.')
					out[n++] = '.';
			} else if ((ch == '.' || ch == ',') && k + 1 < c.n &&
			    c.s[k + 1] == ' ' && is_digit(c.s[k + 2])) {
				out[n++] = '.';
				k++;
			} else {
				break;
			}
			out[n] = '\0';
		}
		while (n > 0 && out[n - 1] == '.')
			out[--n] = '\0';
		/* Four digits, or "đồng" behind fewer. */
		if (digits < 4 && read_word(c.s + k + (c.s[k] == ' '),
		    "dong") == 0)
			continue;
		if (digits > 18)
			continue;
		if ((p->value = sh_strdup(out, f->err)) == NULL)
			return (-1);
		sh_find_place(&f->v, s, c.at[i], (size_t)c.at[k - 1] + 1, p);
		if (bad > 0) {
			p->confidence *= 0.6;
			p->doubt = "field.corrected";
		}
		return (1);
	}
	return (0);
}

/* The unit at P as it is printed when read well; NULL when it is none. */
static const char *
unit_at(const char *p)
{
	while (*p == ' ')
		p++;
	if (strncasecmp(p, "met vuong", 9) == 0)
		return ("mét vuông");
	if (p[0] == 'm' || p[0] == 'M')
		return ("m²");
	if (strncasecmp(p, "gram", 4) == 0)
		return ("gram");
	if (strncasecmp(p, "gam", 3) == 0)
		return ("gam");
	if (strncasecmp(p, "kg", 2) == 0)
		return ("kg");
	if (strncasecmp(p, "ha", 2) == 0)
		return ("ha");
	if ((p[0] == 'g' || p[0] == 'G') && (p[1] == '\0' || p[1] == ' ' ||
	    p[1] == '.' || p[1] == ',' || p[1] == ';' || p[1] == 'r'))
		return ("g");
	return (NULL);
}

/* A number with its unit: "186,5 m²". */
static int
value_area(struct sh_find *f, const struct sh_span *s, struct sh_proposal *p)
{
	struct scan c;
	char out[32];
	size_t i, k, n;
	const char *unit;

	scan_span(&f->v, s, &c);
	for (i = 0; i < c.n; i++) {
		if (!is_digit(c.s[i]) || (i > 0 && is_digit(c.s[i - 1])))
			continue;
		for (k = i, n = 0; k < c.n && n + 1 < sizeof(out); k++)
			if (is_digit(c.s[k]) || ((c.s[k] == '.' ||
			    c.s[k] == ',') && is_digit(c.s[k + 1])))
				out[n++] = c.s[k];
			else
				break;
		out[n] = '\0';
		unit = unit_at(c.s + k);
		if (unit == NULL && i > 0)
			continue;
		if ((p->value = sh_asprintf(f->err, "%s%s%s", out,
		    unit != NULL ? " " : "", unit != NULL ? unit : "")) ==
		    NULL)
			return (-1);
		sh_find_place(&f->v, s, c.at[i], (size_t)c.at[k - 1] + 1, p);
		if (unit == NULL) {
			p->confidence *= 0.5;
			p->doubt = "field.unclear";
		}
		return (1);
	}
	return (0);
}

/* ---- known values ---- */

/* The longest known value that the span begins with. */
static int
value_known(struct sh_find *f, const struct sh_field_def *def,
    const struct sh_span *s, struct sh_proposal *p)
{
	const struct sh_view *v = &f->v;
	const json_t *value;
	char text[96], want[96];
	size_t i, k, at, len, n, best = 0, best_to = 0, best_at = 0;
	const char *found = NULL;
	struct sh_buf b = SH_BUF_INIT;

	for (at = 0; at < s->n && at < 3 && found == NULL; at++)
		json_array_foreach(def->values, i, value) {
			sh_buf_reset(&b);
			if (sh_text_fold(json_string_value(value),
			    json_string_length(value), &b, f->err)) {
				sh_buf_free(&b);
				return (-1);
			}
			for (n = k = 0; k < b.len && n + 1 < sizeof(want);
			    k++)
				if (b.data[k] != ' ')
					want[n++] = (char)b.data[k];
			for (len = 0, k = at; k < s->n; k++) {
				const char *fold = v->atom[s->atom[k]].fold;
				size_t m = strlen(fold);

				if (len + m >= sizeof(text))
					break;
				memcpy(text + len, fold, m);
				len += m;
				if (len + 1 < n)
					continue;
				if (n > best && sh_edit_distance(text, len,
				    want, n, n > 5) <= (n > 5)) {
					best = n;
					best_to = k + 1;
					best_at = at;
					found = json_string_value(value);
				}
				if (len > n)
					break;
			}
		}
	sh_buf_free(&b);
	if (found == NULL)
		return (0);
	if ((p->value = sh_strdup(found, f->err)) == NULL)
		return (-1);
	sh_find_place(v, s, best_at, best_to, p);
	/* One of few: a weak reading that names it is still it. */
	p->confidence = 0.5 + 0.5 * p->confidence;
	return (1);
}

/* ---- all kinds ---- */

int
sh_find_value(struct sh_find *f, const struct sh_field_def *def,
    const struct sh_span *s, const char *pattern, int organisation,
    struct sh_proposal *p)
{
	int r;

	memset(p, 0, sizeof(*p));
	p->first = SH_NONE;
	if (s->n == 0)
		return (0);
	if (pattern != NULL)
		return (value_pattern(f, def, s, pattern, p));
	switch (def->kind) {
	case SH_FIELD_NAME:
		return (organisation ? value_organisation(f, s, p) :
		    value_name(f, s, p));
	case SH_FIELD_ID:
		return (value_id(f, s, p));
	case SH_FIELD_NUMBER:
		return (value_number(f, s, p));
	case SH_FIELD_DATE:
		return (value_date(f, s, p));
	case SH_FIELD_MONEY:
		return (value_money(f, s, p));
	case SH_FIELD_AREA:
		return (value_area(f, s, p));
	case SH_FIELD_ENUM:
		if (def->values == NULL)
			return (value_text(f, s, 1, p));
		r = value_known(f, def, s, p);
		/* A value outside the list: short, in capitals. */
		if (r == 0 && json_array_size(def->values) > 6) {
			struct sh_span few = *s;

			few.n = few.n > 3 ? 3 : few.n;
			if (f->v.atom[few.atom[0]].flags & SH_ATOM_CAPITAL &&
			    (r = value_text(f, &few, 1, p)) == 1)
				p->confidence *= 0.5;
		}
		return (r);
	case SH_FIELD_TEXT:
		return (value_text(f, s, 1, p));
	case SH_FIELD_PLACE:
		return (value_place(f, s, p));
	case SH_FIELD_MRZ:
	case SH_FIELD_QR:
		return (0);
	}
	return (0);
}
