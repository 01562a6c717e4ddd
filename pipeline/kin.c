#include "pipeline/kin.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

/* A field read better than this on both sides is held to be right. */
#define FIELD_SURE	0.90
/* Shares of words that must agree: with the paper's number, without one. */
#define WORDS_NUMBERED	0.40
#define WORDS_ALONE	0.85
/* A capture is better when its words are surer by this, no coarser. */
#define BETTER		0.03
/* Of a paper without a number so many places must look the same. */
#define PLACES_ALONE	3
/* One word of so many may look otherwise: a bilevel scan, a stain. */
#define WORDS_DIRTY	10
/* Inches: print so low melts in one capture and not in the other. */
#define LOW_PRINT	0.09
/* A number of so many characters is no other paper's. */
#define LONG_NUMBER	8

const char *
sh_kinship_word(enum sh_kinship kinship)
{
	static const char *const word[] = { "other", "rescan",
	    "certified-copy", "newer-issue", "older-issue", "conflict",
	    "unsure" };

	return (word[kinship]);
}

json_t *
sh_kin_json(const struct sh_kin *kin, struct sh_error *err)
{
	char id[SH_DOCUMENT_ID_LEN];
	json_t *v;

	sh_document_id_print(&kin->id, id);
	v = json_pack("{s:s, s:s, s:i, s:i, s:s*}", "kind",
	    sh_kinship_word(kin->kinship), "of", id, "agreeing",
	    (int)kin->agreeing, "words_bp", kin->words_bp, "differs",
	    kin->differs);
	if (v != NULL && kin->better && sh_json_set(v, "better", json_true(),
	    err)) {
		json_decref(v);
		return (NULL);
	}
	if (v != NULL && kin->pictured && sh_json_set(v, "pictured",
	    json_true(), err)) {
		json_decref(v);
		return (NULL);
	}
	if (v == NULL)
		(void)sh_error_nomem(err, "JSON");
	return (v);
}

/* ---- words --------------------------------------------------------------- */

/* At most one letter put in, left out or changed. */
static int
one_edit(const uint8_t *a, size_t an, const uint8_t *b, size_t bn)
{
	size_t i = 0;

	if (an > bn)
		return (one_edit(b, bn, a, an));
	if (bn - an > 1)
		return (0);
	while (i < an && a[i] == b[i])
		i++;
	if (an == bn)
		return (i == an || memcmp(a + i + 1, b + i + 1,
		    an - i - 1) == 0);
	return (memcmp(a + i, b + i + 1, an - i) == 0);
}

static int
same_letters(const struct sh_sheet *s, const struct sh_token *a,
    const struct sh_sheet *h, const struct sh_token *b)
{
	return (a->hash == b->hash && a->len == b->len && memcmp(s->text.data +
	    a->at, h->text.data + b->at, a->len) == 0);
}

static int
tokens_agree(const struct sh_sheet *s, const struct sh_token *a,
    const struct sh_sheet *h, const struct sh_token *b)
{
	const uint8_t *p = s->text.data + a->at, *q = h->text.data + b->at;

	if (same_letters(s, a, h, b))
		return (1);
	/* Recognition errs in a letter; a digit more is another number. */
	return (!a->digits && !b->digits && a->len >= 3 && b->len >= 3 &&
	    one_edit(p, a->len, q, b->len));
}

/* What is left of two sheets' words where they do not agree. */
struct left {
	size_t agreeing;
	size_t numbers;		/* read surely and differently */
	size_t any_numbers;	/* left over on either side, sure or not */
	size_t words;		/* read surely and differently */
};

struct run {
	size_t numbers, any_numbers, words;
};

static void
count_left(struct run *r, const struct sh_token *t)
{
	if (t->digits) {
		/* A single digit is as often dirt: no proof of another. */
		r->any_numbers++;
		r->numbers += t->len > 1 && t->sure;
	} else {
		r->words += t->len > 2 && t->sure;
	}
}

static void
close_gap(struct left *out, struct run *a, struct run *b)
{
	out->numbers += a->numbers < b->numbers ? a->numbers : b->numbers;
	out->any_numbers += a->any_numbers + b->any_numbers;
	out->words += a->words < b->words ? a->words : b->words;
	memset(a, 0, sizeof(*a));
	memset(b, 0, sizeof(*b));
}

/*
 * The longest common subsequence of the two sheets' words; what stands
 * between is looked at gap by gap.
 */
static int
compare_words(struct sh_sheet *s, struct sh_sheet *h, struct left *out,
    struct sh_error *err)
{
	size_t n = s->ntokens, m = h->ntokens, i, k;
	struct run a = { 0, 0, 0 }, b = { 0, 0, 0 };
	uint16_t *best;

	memset(out, 0, sizeof(*out));
	for (i = 0; i < n; i++)
		s->tokens[i].agrees = 0;
	for (k = 0; k < m; k++)
		h->tokens[k].agrees = 0;
	best = sh_alloc((n + 1) * (m + 1), sizeof(*best), "words", err);
	if (best == NULL)
		return (-1);
#define BEST(i, k)	best[(i) * (m + 1) + (k)]
	for (i = n; i-- > 0;)
		for (k = m; k-- > 0;) {
			if (tokens_agree(s, &s->tokens[i], h, &h->tokens[k]))
				BEST(i, k) = (uint16_t)(BEST(i + 1, k + 1) +
				    1);
			else
				BEST(i, k) = BEST(i + 1, k) > BEST(i, k + 1) ?
				    BEST(i + 1, k) : BEST(i, k + 1);
		}
	for (i = k = 0; i < n && k < m;) {
		if (tokens_agree(s, &s->tokens[i], h, &h->tokens[k])) {
			close_gap(out, &a, &b);
			out->agreeing++;
			s->tokens[i].agrees = h->tokens[k].agrees =
			    (uint8_t)same_letters(s, &s->tokens[i], h,
			    &h->tokens[k]);
			i++;
			k++;
		} else if (BEST(i + 1, k) >= BEST(i, k + 1)) {
			count_left(&a, &s->tokens[i++]);
		} else {
			count_left(&b, &h->tokens[k++]);
		}
	}
#undef BEST
	while (i < n)
		count_left(&a, &s->tokens[i++]);
	while (k < m)
		count_left(&b, &h->tokens[k++]);
	close_gap(out, &a, &b);
	free(best);
	return (0);
}

/* ---- fields -------------------------------------------------------------- */

enum agreement { SILENT, AGREES, UNSURE, DIFFERS };

static int
folds_alike(const char *a, const char *b, int *alike, struct sh_error *err)
{
	char *x = sh_text_fold_dup(a, err), *y = sh_text_fold_dup(b, err);
	int rc = -1;

	if (x != NULL && y != NULL) {
		*alike = strcmp(x, y) == 0;
		rc = 0;
	}
	free(x);
	free(y);
	return (rc);
}

static int
compare_field(const struct sh_sheet *s, const struct sh_sheet *h,
    const char *name, enum agreement *out, struct sh_error *err)
{
	const struct sh_saying *a = sh_sheet_says(s, name);
	const struct sh_saying *b = sh_sheet_says(h, name);
	int alike = 0;

	*out = SILENT;
	if (a == NULL || b == NULL)
		return (0);
	if (a->def->kind == SH_FIELD_NAME)
		alike = sh_name_compare(a->value, b->value) != SH_DIFFERENT;
	else if (folds_alike(a->value, b->value, &alike, err))
		return (-1);
	*out = alike ? AGREES : a->confidence < FIELD_SURE ||
	    b->confidence < FIELD_SURE ? UNSURE : DIFFERS;
	return (0);
}

/* Do the words of S, read as one run, have the value somewhere? */
static int
words_have(const struct sh_sheet *s, const char *value, int *has,
    struct sh_error *err)
{
	char *folded = sh_text_fold_dup(value, err), *needle;

	if (folded == NULL)
		return (-1);
	needle = sh_asprintf(err, " %s ", folded);
	free(folded);
	if (needle == NULL)
		return (-1);
	*has = memmem(s->text.data, s->text.len, needle, strlen(needle)) !=
	    NULL;
	free(needle);
	return (0);
}

/*
 * The paper's own number; where one side's was not taken from its place, it
 * must stand among the words at least.
 */
static int
compare_number(const struct sh_sheet *s, const struct sh_sheet *h,
    enum agreement *out, struct sh_error *err)
{
	const struct sh_saying *a = sh_sheet_says(s, s->type->number_field);
	const struct sh_saying *b = sh_sheet_says(h, h->type->number_field);
	const struct sh_saying *one = a != NULL ? a : b;
	int has;

	if ((a != NULL) == (b != NULL))
		return (compare_field(s, h, s->type->number_field, out, err));
	*out = SILENT;
	if (one->confidence < FIELD_SURE)
		return (0);
	if (words_have(a != NULL ? h : s, one->value, &has, err))
		return (-1);
	*out = has ? AGREES : DIFFERS;
	return (0);
}

struct facts {
	enum agreement number, issued, issuer;
	unsigned agreeing;
	unsigned telling;	/* of them numbers and dates */
	const char *differs;	/* a field that says what the paper is */
};

static int
compare_fields(const struct sh_sheet *s, const struct sh_sheet *h,
    struct facts *f, struct sh_error *err)
{
	const struct sh_paper_type *t = s->type;
	enum agreement r;
	size_t i;

	memset(f, 0, sizeof(*f));
	if (compare_number(s, h, &f->number, err) ||
	    compare_field(s, h, t->issued_field, &f->issued, err) ||
	    compare_field(s, h, t->issuer_field, &f->issuer, err))
		return (-1);
	for (i = 0; i < s->nsays; i++) {
		const struct sh_field_def *d = s->says[i].def;

		if (compare_field(s, h, d->name, &r, err))
			return (-1);
		if (r == AGREES) {
			f->agreeing++;
			f->telling += sh_sheet_is_exact(d->kind);
		}
		if (r == DIFFERS && (d->critical || sh_sheet_is_exact(d->kind)))
			f->differs = d->name;
	}
	return (0);
}

/* ---- judgement ----------------------------------------------------------- */

/* The latest day that the sheet surely names; 0: none. */
static int
latest_day(const struct sh_sheet *s, struct sh_date *out)
{
	struct sh_date d;
	size_t i;

	memset(out, 0, sizeof(*out));
	for (i = 0; i < s->nsays; i++)
		if (s->says[i].def->kind == SH_FIELD_DATE &&
		    s->says[i].confidence >= FIELD_SURE &&
		    sh_date_parse(s->says[i].value, &d) == 0 &&
		    (out->year == 0 || sh_date_compare(d, *out) > 0))
			*out = d;
	return (out->year != 0);
}

/*
 * Which of two issues came later, by their dates of issue; a first issue may
 * have none where the later ones tell of a change: then by any date.
 */
static int
days_apart(const struct sh_sheet *s, const struct sh_sheet *h)
{
	const struct sh_saying *a = sh_sheet_says(s, s->type->issued_field);
	const struct sh_saying *b = sh_sheet_says(h, h->type->issued_field);
	struct sh_date x, y;

	if (a != NULL && b != NULL && sh_date_parse(a->value, &x) == 0 &&
	    sh_date_parse(b->value, &y) == 0)
		return (sh_date_compare(x, y));
	return (latest_day(s, &x) && latest_day(h, &y) ?
	    sh_date_compare(x, y) : 0);
}

/*
 * Does the number say which paper it is?  "157" is a number of every office
 * and year: alone it does not.
 */
static int
says_which(const struct sh_sheet *s, const struct facts *f)
{
	const struct sh_saying *n = sh_sheet_says(s, s->type->number_field);

	return (f->number == AGREES && (f->issued == AGREES ||
	    f->issuer == AGREES || f->issued == DIFFERS ||
	    (n != NULL && strlen(n->value) >= LONG_NUMBER)));
}

/* The paper's own number stands on both, so it says which paper it is. */
static int
judge_numbered(const struct sh_sheet *s, const struct sh_sheet *h,
    const struct facts *f, const struct left *left, struct sh_kin *out)
{
	int apart;

	out->differs = f->differs;
	if (f->issuer == DIFFERS)
		return (SH_KIN_OTHER);
	/* A card or a business keeps its number from issue to issue. */
	if (left->numbers > 1 && (f->issued == DIFFERS || (f->issued ==
	    SILENT && s->type->duplicate == SH_DUP_REPLACE)) &&
	    (apart = days_apart(s, h)) != 0)
		return (apart > 0 ? SH_KIN_NEWER : SH_KIN_OLDER);
	if (f->differs != NULL)
		return (SH_KIN_CONFLICT);
	if (s->certified_copy != h->certified_copy)
		return (SH_KIN_COPY);
	if (s->npages != h->npages || out->words_bp < (int)(WORDS_NUMBERED *
	    10000))
		return (SH_KIN_OTHER);
	/* One of them was altered, or misread: for a person. */
	if (left->numbers > 0 || left->words > 0)
		return (SH_KIN_CONFLICT);
	out->differs = s->type->number_field;
	return (SH_KIN_UNSURE);
}

/* Nothing but the words themselves says that it is the same sheet. */
static int
judge_alone(const struct sh_sheet *s, const struct sh_sheet *h,
    const struct facts *f, const struct left *left, struct sh_kin *out)
{
	size_t total = s->ntokens < h->ntokens ? s->ntokens : h->ntokens;

	out->differs = f->differs;
	if (f->differs != NULL || f->telling == 0 || f->agreeing < 3 ||
	    s->npages != h->npages || s->certified_copy != h->certified_copy ||
	    left->any_numbers > 0 || left->words * 100 > total ||
	    out->words_bp < (int)(WORDS_ALONE * 10000))
		return (SH_KIN_OTHER);
	out->differs = s->type->number_field;
	return (SH_KIN_UNSURE);
}

int
sh_kin_compare(struct sh_sheet *s, struct sh_sheet *h, struct sh_kin *out,
    struct sh_error *err)
{
	struct facts f;
	struct left left;

	memset(out, 0, sizeof(*out));
	if (s->type != h->type)
		return (0);
	if (compare_fields(s, h, &f, err))
		return (-1);
	if (f.number == DIFFERS) {
		out->differs = s->type->number_field;
		return (0);
	}
	if (compare_words(s, h, &left, err))
		return (-1);
	out->agreeing = f.agreeing;
	if (s->ntokens + h->ntokens > 0)
		out->words_bp = (int)(20000 * left.agreeing / (s->ntokens +
		    h->ntokens));
	out->kinship = (enum sh_kinship)(says_which(s, &f) ?
	    judge_numbered(s, h, &f, &left, out) :
	    judge_alone(s, h, &f, &left, out));
	return (0);
}

/* ---- pictures -------------------------------------------------------------- */

int
sh_kin_is_open(const struct sh_kin *k)
{
	return (k->kinship == SH_KIN_UNSURE || (k->kinship ==
	    SH_KIN_CONFLICT && k->differs == NULL));
}

struct seen {
	unsigned places, same;
	unsigned own;		/* of the same: the paper's number */
	unsigned telling;	/* of the same: it and what tells as much */
	unsigned differ;
	unsigned dirty;		/* they differ, which says little */
};

/* It is no number, and both have every letter of it, or it is small print. */
static int
is_dirty(const struct sh_sheet *s, const struct sh_place *p)
{
	size_t i;
	int agrees = 1;

	for (i = p->token; i < p->token + p->ntokens; i++)
		agrees &= s->tokens[i].agrees;
	return (p->what == SH_PLACE_WORD && (agrees || p->at.box.h <
	    LOW_PRINT * s->dpi));
}

static void
count_looks(const struct sh_sheet *s, struct seen *n)
{
	size_t i;

	for (i = 0; i < s->nplaces; i++) {
		const struct sh_place *p = &s->places[i];
		int same = p->at.look == SH_LOOK_SAME;

		n->places++;
		n->same += same;
		n->own += same && p->what == SH_PLACE_OWN;
		n->telling += same && p->what != SH_PLACE_WORD;
		if (p->at.look == SH_LOOK_DIFFERENT)
			*(is_dirty(s, p) ? &n->dirty : &n->differ) += 1;
	}
}

static void
rescan(const struct sh_sheet *s, const struct sh_sheet *h, struct sh_kin *out)
{
	out->kinship = SH_KIN_RESCAN;
	out->differs = NULL;
	out->better = s->confidence >= h->confidence + BETTER && s->dpi >=
	    0.9 * h->dpi;
}

void
sh_kin_look(const struct sh_sheet *s, const struct sh_sheet *h,
    struct sh_kin *out)
{
	struct seen n = { 0 };

	if (!sh_kin_is_open(out))
		return;
	count_looks(s, &n);
	count_looks(h, &n);
	if (n.differ > 0 || n.dirty * WORDS_DIRTY > n.places ||
	    (s->type->number_field != NULL ? n.own == 0 : n.telling <
	    PLACES_ALONE))
		return;
	/* What was read in two ways is there to be seen, and is the same. */
	if (out->kinship == SH_KIN_CONFLICT && n.same < n.places)
		return;
	rescan(s, h, out);
}

void
sh_kin_picture(const struct sh_sheet *s, const struct sh_sheet *h,
    struct sh_kin *out)
{
	if (out->kinship == SH_KIN_NEWER || out->kinship == SH_KIN_OLDER)
		out->differs = s->type->issued_field;
	if (out->kinship == SH_KIN_COPY)
		return;
	if (out->kinship != SH_KIN_UNSURE && out->differs != NULL) {
		out->kinship = SH_KIN_CONFLICT;
		return;
	}
	rescan(s, h, out);
	out->pictured = 1;
}
