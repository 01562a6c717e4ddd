#include "ocr/classify.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "ocr/begins.h"
#include "ocr/heading.h"
#include "ocr/linear.h"

#define BLOCKS_MAX	24	/* of capitals, on one page */
#define PAGES_MAX	40	/* that are looked at */

/*
 * Weights of the evidence, in natural logarithms of odds.  What they are
 * worth was fitted on readings of pages with known types (tests/tools).
 */
#define W_TITLE		7.0
#define W_WORDS		4.0	/* all of a type's words together, at most */
#define W_CODE		3.0	/* a card's machine lines or QR code */
#define W_SYMBOL	1.2
#define W_AGENCY	0.5
#define W_APPLICANT	1.0
#define W_UNTITLED	4.5
#define W_PROCEDURE	1.0
#define W_AGAINST	1.5
#define W_UNKNOWN	2.6	/* what a type must outweigh */
#define W_OTHER		6.5	/* the title of a paper outside the catalogue */
#define W_STRANGE	0.8	/* a title that nobody knows */
#define W_LIKE		6.0	/* wordings like a type's, at most */
#define LIKE_FROM	(-0.4)	/* scores between which that grows */
#define LIKE_TO		0.4
#define W_FORMULA	0.4	/* times: "QUYẾT ĐỊNH:", what follows is decided */

/* What a phrase means: a title or a word of a type. */
struct meaning {
	uint32_t phrase;
	uint32_t type;		/* the number of types: outside */
	float weight;
};

struct meanings {
	struct meaning *m;
	size_t n, cap;
};

struct judge {
	const struct sh_catalogue *c;
	size_t ntypes;
	struct sh_phrases titles, words;
	struct meanings title_of, word_of, not_of;
	unsigned char *seen;	/* word phrases that were found */
	double *score;		/* by type; the last is unknown */
	double *title;		/* best title of each type */
	double *word;
	double *like;		/* the linear model's scores */
	struct sh_view view;
	struct sh_heading head;	/* of the first page */
	int applicant;		/* a person asks an agency */
	int numbered;		/* "Số: …" in the head */
	int about;		/* "V/v" */
	int id_lines, passport_lines, card_qr;
	uint32_t strange;	/* block whose title is in no list */
	int page_title;		/* a title stands at the top of page 1 */
	json_t *evidence;
	struct sh_error *err;
};

static int
add_meaning(struct meanings *a, int phrase, size_t type, double weight,
    struct sh_error *err)
{
	if (phrase < 0 || sh_grow(&a->m, &a->cap, a->n + 1, sizeof(*a->m),
	    "classifier", err))
		return (-1);
	a->m[a->n++] = (struct meaning){ (uint32_t)phrase, (uint32_t)type,
	    (float)weight };
	return (0);
}

/* Add a list of the catalogue: strings, or [string, weight]. */
static int
add_list(struct judge *j, struct sh_phrases *p, struct meanings *a,
    const json_t *list, size_t type, double weight)
{
	const json_t *v;
	size_t i;

	json_array_foreach(list, i, v) {
		double w = weight;

		if (json_is_array(v)) {
			w *= json_number_value(json_array_get(v, 1));
			v = json_array_get(v, 0);
		}
		if (add_meaning(a, sh_phrases_add(p, json_string_value(v),
		    j->err), type, w, j->err))
			return (-1);
	}
	return (0);
}

static int
load_lists(struct judge *j)
{
	size_t i;

	for (i = 0; i < j->ntypes; i++) {
		const json_t *r = sh_catalogue_type_at(j->c, i)->recognise;

		if (add_list(j, &j->titles, &j->title_of,
		    json_object_get(r, "titles"), i, 1) ||
		    add_list(j, &j->titles, &j->title_of,
		    json_object_get(r, "soft"), i, 0.8) ||
		    add_list(j, &j->words, &j->word_of,
		    json_object_get(r, "words"), i, 1) ||
		    add_list(j, &j->words, &j->not_of,
		    json_object_get(r, "not"), i, 1))
			return (-1);
	}
	return (add_list(j, &j->titles, &j->title_of,
	    json_object_get(sh_catalogue_shared(j->c), "others"), j->ntypes,
	    1));
}

static int
note(struct judge *j, const char *what, const char *text, uint32_t page)
{
	json_t *v;

	if (json_array_size(j->evidence) >= 64)
		return (0);
	if ((v = sh_json_new_object(j->err)) == NULL)
		return (-1);
	if (sh_json_set_str(v, what, text, j->err) || (page != SH_NONE &&
	    sh_json_set_int(v, "page", page, j->err))) {
		json_decref(v);
		return (-1);
	}
	return (sh_json_append(j->evidence, v, j->err));
}

/* Words of the atoms as printed, cut at SIZE. */
static void
print_atoms(const struct sh_view *v, const uint32_t *atoms, size_t n,
    char *out, size_t size)
{
	size_t i, len = 0, k;

	for (i = 0; i < n; i++) {
		k = strlen(v->atom[atoms[i]].text);
		if (len + k + 2 > size)
			break;
		if (len > 0 && !(v->atom[atoms[i]].flags & SH_ATOM_GLUED))
			out[len++] = ' ';
		memcpy(out + len, v->atom[atoms[i]].text, k);
		len += k;
	}
	out[len] = '\0';
}

/*
 * All atoms of a block from its line FROM on, and of the two lines below it:
 * a title may go on in small letters.
 */
static size_t
block_atoms(const struct sh_view *v, const struct sh_title_block *b,
    uint32_t from, uint32_t *out, size_t max)
{
	size_t n = 0;
	uint32_t i, k, row;

	for (i = from; i < b->nsegs; i++) {
		const struct sh_seg *s = &v->seg[b->seg[i]];

		for (k = 0; k < s->n && n < max; k++)
			out[n++] = s->first + k;
	}
	row = v->seg[b->seg[b->nsegs - 1]].row;
	for (i = 0; i < 2 && ++row < v->nrows && v->row[row].page ==
	    v->row[row - 1].page && v->row[row].n == 1; i++) {
		const struct sh_seg *s = &v->seg[v->row[row].first];

		for (k = 0; k < s->n && n < max; k++)
			out[n++] = s->first + k;
	}
	return (n);
}

/* How much a title counts for where it stands and how large it is. */
static double
standing(const struct sh_title_block *b, uint32_t page)
{
	double w = b->place > 0.6 ? 1 : b->place > 0.4 ? 0.8 : 0.45;

	if (b->below_motto || b->ordinal == 0)
		w = w > 0.9 ? w : 0.9;
	if (b->size > 1.15 && w < 1)
		w += 0.05;
	/* Later pages quote, certify, annex. */
	return (page == 0 ? w : b->ordinal == 0 ? w * 0.7 : w * 0.35);
}

/* A few letters like "BẢN ÁN" are misread only where the title stands. */
static int
forgives(const struct sh_title_block *b, size_t len)
{
	return (len >= 8 || (b->size > 1.1 && (b->below_motto ||
	    b->ordinal == 0)));
}

/*
 * The best title in the block, at any of its lines: its meanings are
 * scored; 1 when there is one.
 */
static int
judge_block(struct judge *j, const struct sh_title_block *b, uint32_t page,
    int *foundp)
{
	const struct sh_view *v = &j->view;
	uint32_t atoms[128], line;
	struct sh_match m;
	char text[200];
	size_t i, n;
	double w;

	*foundp = 0;
	for (line = 0; line < b->nsegs; line++) {
		n = block_atoms(&j->view, b, line, atoms, SH_COUNT(atoms));
		if (!sh_phrases_match(&j->titles, &j->view, atoms, n, &m) ||
		    (m.errors > 0 && !forgives(b,
		    j->titles.phrase[m.phrase].len)))
			continue;
		w = standing(b, page) * (v->atom[atoms[m.n - 1]].flags &
		    SH_ATOM_COLON ? W_FORMULA : 1) *
		    (1 - 1.2 * m.errors / j->titles.phrase[m.phrase].len);
		for (i = 0; i < j->title_of.n; i++) {
			const struct meaning *t = &j->title_of.m[i];

			if (t->phrase == m.phrase &&
			    j->title[t->type] < w * (double)t->weight)
				j->title[t->type] = w * (double)t->weight;
		}
		if (page == 0 && (b->place > 0.45 || b->below_motto ||
		    b->ordinal == 0))
			j->page_title = 1;
		print_atoms(&j->view, atoms, m.n, text, sizeof(text));
		*foundp = 1;
		return (note(j, "title", text, page));
	}
	return (0);
}

/* A title in small letters: a whole line that is one, high on the page. */
static int
judge_small_titles(struct judge *j, uint32_t page)
{
	const struct sh_view *v = &j->view;
	uint32_t row = j->head.body, end = j->head.end, seg, k;
	uint32_t atoms[64];
	struct sh_match m;
	size_t i;

	for (; row < end && row < j->head.body + 25; row++)
		for (seg = v->row[row].first;
		    seg < v->row[row].first + v->row[row].n; seg++) {
			const struct sh_seg *s = &v->seg[seg];

			if (s->n > SH_COUNT(atoms) || v->row[row].n != 1 ||
			    sh_view_is_upper(v, seg))
				continue;
			for (k = 0; k < s->n; k++)
				atoms[k] = s->first + k;
			if (!sh_phrases_match(&j->titles, v, atoms, s->n,
			    &m) || m.n + 2 < s->n || s->n < 2 ||
			    j->titles.phrase[m.phrase].nwords < 2 ||
			    v->atom[s->first].flags & SH_ATOM_DASH ||
			    v->atom[s->first + s->n - 1].flags &
			    (SH_ATOM_COMMA | SH_ATOM_STOP))
				continue;
			for (i = 0; i < j->title_of.n; i++) {
				const struct meaning *t = &j->title_of.m[i];

				if (t->phrase == m.phrase &&
				    j->title[t->type] < 0.55 *
				    (double)t->weight)
					j->title[t->type] = 0.55 *
					    (double)t->weight;
			}
			return (note(j, "title",
			    j->titles.phrase[m.phrase].fold, page));
		}
	return (0);
}

static int
judge_titles(struct judge *j, uint32_t page)
{
	struct sh_title_block block[BLOCKS_MAX];
	struct sh_heading other, *h = &j->head;
	size_t i, n;
	int found, any = 0;

	if (page > 0) {
		h = &other;
		sh_heading_find(&j->view, page, h);
	}
	sh_heading_titles(&j->view, h, block, BLOCKS_MAX, &n);
	for (i = 0; i < n; i++) {
		if (judge_block(j, &block[i], page, &found))
			return (-1);
		if (found && page == 0 && !any)
			any = 1;
		/* What stands first and large is the title if anything is. */
		if (!found && page == 0 && !any && block[i].place > 0.5 &&
		    block[i].centred && (block[i].below_motto || block[i].size > 1.15) &&
		    block[i].ordinal == 0)
			j->strange = 1;
	}
	return (page == 0 && !any ? judge_small_titles(j, page) : 0);
}

/* Find every type's words, wherever they stand. */
static int
judge_words(struct judge *j)
{
	const struct sh_view *v = &j->view;
	uint32_t atoms[24];
	struct sh_match m;
	size_t i, k, n;

	j->seen = sh_alloc(j->words.n, 1, "classifier", j->err);
	if (j->seen == NULL)
		return (-1);
	for (i = 0; i < v->natoms; i++) {
		n = v->natoms - i < SH_COUNT(atoms) ? v->natoms - i :
		    SH_COUNT(atoms);
		for (k = 0; k < n; k++)
			atoms[k] = (uint32_t)(i + k);
		if (sh_phrases_match(&j->words, v, atoms, n, &m) &&
		    !j->seen[m.phrase]) {
			j->seen[m.phrase] = 1;
			if (note(j, "word", j->words.phrase[m.phrase].fold,
			    v->atom[i].page))
				return (-1);
		}
	}
	/* A word that several types know says less of each. */
	for (i = 0; i < j->word_of.n; i++) {
		const struct meaning *a = &j->word_of.m[i];
		double share = 0;

		if (!j->seen[a->phrase])
			continue;
		for (k = 0; k < j->word_of.n; k++)
			share += j->word_of.m[k].phrase == a->phrase;
		j->word[a->type] += (double)a->weight / sqrt(share);
	}
	return (0);
}

static int
has_fold(const struct sh_view *v, uint32_t first, uint32_t end,
    const char *want)
{
	char text[96];

	(void)sh_view_join(v, first, end, text, sizeof(text));
	return (strstr(text, want) != NULL);
}

/* What the head and the form of the paper tell. */
static void
judge_form(struct judge *j)
{
	static const char *const asks[] = { "kinhgui", "toitenla", "tentoila",
	    "nguoilamdon", "nguoiyeucau", "nguoikhai", "nguoidenghi",
	    "toicamdoan", "toixincamdoan", "nguoivietdon", "nguoikekhai" };
	const struct sh_view *v = &j->view;
	uint32_t seg, i;
	size_t k, asked = 0;

	j->numbered = j->head.number != SH_NONE;
	for (k = 0; k < SH_COUNT(asks); k++)
		for (seg = 0; seg < v->nsegs; seg++)
			if (has_fold(v, v->seg[seg].first, v->seg[seg].first +
			    (v->seg[seg].n < 8 ? v->seg[seg].n : 8),
			    asks[k])) {
				asked++;
				break;
			}
	j->applicant = asked >= 2;
	for (i = 0; i < v->natoms && v->atom[i].page == 0; i++)
		if (v->atom[i].row < j->head.body + 4 &&
		    ((strcmp(v->atom[i].fold, "v") == 0 &&
		    v->atom[i].flags & SH_ATOM_SLASH &&
		    i + 1 < v->natoms &&
		    strcmp(v->atom[i + 1].fold, "v") == 0) ||
		    strcmp(v->atom[i].fold, "vv") == 0))
			j->about = 1;
}

/* Machine lines and codes of cards. */
static void
judge_codes(struct judge *j, const struct sh_page *const *pages,
    size_t npages)
{
	size_t i, k, n;
	const char *s;

	for (i = 0; i < j->view.natoms; i++) {
		const char *t = j->view.atom[i].text;

		if (strchr(t, '<') == NULL || strstr(t, "<<") == NULL)
			continue;
		if (strstr(t, "DVNM") != NULL)
			j->id_lines = 1;
		if (t[0] == 'P' && strstr(t, "VNM") != NULL)
			j->passport_lines = 1;
	}
	for (i = 0; i < npages; i++)
		for (k = 0; k < pages[i]->nmarks; k++) {
			s = pages[i]->marks[k].text;
			for (n = 0; *s != '\0'; s++)
				n += *s == '|';
			s = pages[i]->marks[k].text;
			if (pages[i]->marks[k].kind == SH_BARCODE_QR &&
			    n >= 6 && strspn(s, "0123456789") == 12 &&
			    s[12] == '|')
				j->card_qr = 1;
		}
}

/*
 * 1 if one of the symbols, letters between the signs of the paper's own
 * number ("QĐ" in 05/QĐ-UBND), stands in it whole.
 */
static int
symbol_fits(const struct judge *j, const json_t *symbols)
{
	const struct sh_view *v = &j->view;
	uint32_t i, k, end;
	struct sh_error err = SH_ERROR_INIT;
	const json_t *s;
	size_t n, at;
	int fits = 0;

	if (j->head.number == SH_NONE || j->head.number >= v->natoms)
		return (0);
	end = v->seg[v->atom[j->head.number - 1].seg].first +
	    v->seg[v->atom[j->head.number - 1].seg].n;
	json_array_foreach(symbols, at, s) {
		char *fold = sh_text_fold_dup(json_string_value(s), &err), *p;

		for (i = j->head.number; fold != NULL && i < end &&
		    i < j->head.number + 8 && !fits; i++) {
			for (p = fold, k = i; k < end; k++) {
				n = strlen(v->atom[k].fold);
				p += *p == ' ';
				if (strncmp(p, v->atom[k].fold, n) != 0)
					break;
				p += n;
			}
			fits = p > fold && *p == '\0';
		}
		free(fold);
	}
	return (fits);
}

/* The second witness: how like each type's the paper's wordings are. */
static int
judge_wordings(struct judge *j, struct sh_linear **mp, struct sh_grams *g)
{
	if ((*mp = sh_linear_new(j->c, NULL, 0, j->err)) == NULL ||
	    sh_grams_view(g, &j->view, &j->head, NULL, j->err))
		return (-1);
	sh_linear_score(*mp, g, j->like);
	return (0);
}

/* What the linear model's score adds to a type's odds. */
static double
likeness(double score)
{
	double w = (score - LIKE_FROM) / (LIKE_TO - LIKE_FROM);

	return (W_LIKE * (w < 0 ? 0 : w > 1 ? 1 : w));
}

static double
score_type(const struct judge *j, size_t i)
{
	const json_t *r = sh_catalogue_type_at(j->c, i)->recognise;
	const char *mrz = json_string_value(json_object_get(r, "mrz"));
	int wants_agency = json_is_true(json_object_get(r, "issuer"));
	double s, words;
	size_t k;

	words = j->word[i];
	s = W_TITLE * j->title[i];
	s += W_WORDS * words / (words + 2.5);
	s += likeness(j->like[i]);
	if (mrz != NULL && ((strcmp(mrz, "ID") == 0 && j->id_lines) ||
	    (strcmp(mrz, "P") == 0 && j->passport_lines)))
		s += W_CODE;
	if (json_is_true(json_object_get(r, "qr")) && j->card_qr)
		s += W_CODE;
	if (symbol_fits(j, json_object_get(r, "symbols")))
		s += W_SYMBOL;
	if (wants_agency)
		s += j->head.nissuer > 0 || j->numbered ? W_AGENCY :
		    j->applicant ? -2 * W_AGENCY : -W_AGENCY;
	if (json_is_true(json_object_get(r, "applicant")))
		s += j->applicant && j->head.nissuer == 0 ? W_APPLICANT :
		    j->head.nissuer > 0 ? -W_APPLICANT : 0;
	if (json_is_true(json_object_get(r, "untitled")) && !j->page_title &&
	    !j->strange && (j->head.nissuer > 0 || j->numbered))
		s += j->about ? W_UNTITLED : 0.3 * W_UNTITLED;
	for (k = 0; k < j->not_of.n; k++)
		if (j->not_of.m[k].type == i && j->seen[j->not_of.m[k].phrase])
			s -= W_AGAINST * (double)j->not_of.m[k].weight;
	return (s);
}

static int
asked_for(const struct sh_procedure *p, const struct sh_paper_type *t)
{
	size_t i, k;

	for (i = 0; i < p->ncomponents; i++)
		for (k = 0; k < p->components[i].ntypes; k++)
			if (p->components[i].types[k] == t)
				return (1);
	return (0);
}

/* Scores to probabilities; the index of the best. */
static size_t
decide(struct judge *j, const struct sh_procedure *procedure, double *confp)
{
	double max, sum = 0;
	size_t i, best;

	for (i = 0; i < j->ntypes; i++) {
		j->score[i] = score_type(j, i);
		if (procedure != NULL && asked_for(procedure,
		    sh_catalogue_type_at(j->c, i)))
			j->score[i] += W_PROCEDURE;
	}
	j->score[j->ntypes] = W_UNKNOWN + W_OTHER * j->title[j->ntypes] +
	    (j->strange ? W_STRANGE : 0);
	for (best = 0, i = 1; i <= j->ntypes; i++)
		if (j->score[i] > j->score[best])
			best = i;
	max = j->score[best];
	for (i = 0; i <= j->ntypes; i++)
		sum += exp(j->score[i] - max);
	*confp = 1 / sum;
	return (best);
}

/* What else spoke for the best: wordings of the model, the procedure. */
static int
explain(struct judge *j, const struct sh_linear *m, const struct sh_grams *g,
    const struct sh_procedure *procedure, size_t best)
{
	size_t why[SH_LINEAR_WHY], i, n;

	if (best == j->ntypes)
		return (0);
	if (procedure != NULL && asked_for(procedure,
	    sh_catalogue_type_at(j->c, best)) && note(j, "procedure",
	    procedure->code, SH_NONE))
		return (-1);
	n = j->like[best] > LIKE_FROM ? sh_linear_why(m, g, best, why) : 0;
	for (i = 0; i < n; i++)
		if (note(j, "wording", g->gram[why[i]].text, SH_NONE))
			return (-1);
	return (0);
}

/* Does the first page begin a document, or go on with one? */
static int
beginning(const struct judge *j, size_t best)
{
	const struct sh_heading *h = &j->head;

	if (sh_begins_numbered(&j->view, h))
		return (-1);
	if (j->page_title && j->title[best] >= 0.5)
		return (1);
	if (h->motto != SH_NONE && h->motto < h->row + 8)
		return (best < j->ntypes && j->title[best] > 0 ? 1 : 0);
	if ((best == j->ntypes || j->title[best] <= 0) && sh_begins_named(&j->view, h))
		return (1);
	if (j->view.nrows == 0 || j->title[j->ntypes] > 0.5 || j->strange)
		return (0);
	/* A heading of its own, or a letter's place and day; no card's back. */
	if (!(best < j->ntypes && sh_catalogue_type_at(j->c, best)->card) &&
	    (sh_begins_headed(&j->view, h) || sh_begins_letter(&j->view)))
		return (0);
	/* Neither title nor motto: it goes on. */
	return (-1);
}

static void
judge_free(struct judge *j)
{
	sh_phrases_free(&j->titles);
	sh_phrases_free(&j->words);
	free(j->title_of.m);
	free(j->word_of.m);
	free(j->not_of.m);
	free(j->seen);
	free(j->score);
	free(j->title);
	free(j->word);
	free(j->like);
	sh_view_free(&j->view);
	json_decref(j->evidence);
}

int
sh_classify(const struct sh_catalogue *c, const struct sh_page *const *pages,
    size_t npages, const struct sh_procedure *procedure,
    struct sh_guess *out, struct sh_error *err)
{
	struct judge j = { .c = c, .err = err };
	struct sh_linear *model = NULL;
	struct sh_grams grams = { .n = 0 };
	uint32_t page;
	size_t best;
	int rc = -1;

	memset(out, 0, sizeof(*out));
	if (npages > PAGES_MAX)
		npages = PAGES_MAX;
	j.words.exact_below = 12;
	j.ntypes = sh_catalogue_ntypes(c);
	j.score = sh_alloc(j.ntypes + 1, sizeof(*j.score), "classifier", err);
	j.title = sh_alloc(j.ntypes + 1, sizeof(*j.title), "classifier", err);
	j.word = sh_alloc(j.ntypes + 1, sizeof(*j.word), "classifier", err);
	j.like = sh_alloc(j.ntypes + 1, sizeof(*j.like), "classifier", err);
	j.evidence = sh_json_new_array(err);
	if (j.score == NULL || j.title == NULL || j.word == NULL ||
	    j.like == NULL ||
	    j.evidence == NULL || load_lists(&j) ||
	    sh_view_build(&j.view, pages, npages, err))
		goto out;
	sh_heading_find(&j.view, 0, &j.head);
	for (page = 0; page < npages; page++) {
		if (judge_titles(&j, page))
			goto out;
		if (sh_heading_certification(&j.view, page) != SH_NONE) {
			out->certified_copy = 1;
			if (note(&j, "certified", "bản sao", page))
				goto out;
		}
	}
	judge_form(&j);
	judge_codes(&j, pages, npages);
	if (judge_words(&j) || judge_wordings(&j, &model, &grams))
		goto out;
	best = decide(&j, procedure, &out->confidence);
	if (explain(&j, model, &grams, procedure, best))
		goto out;
	out->type = sh_catalogue_type_at(c, best);
	out->first_page = npages > 0 ? beginning(&j, best) : 0;
	out->evidence = j.evidence;
	j.evidence = NULL;
	rc = 0;
out:
	sh_grams_free(&grams);
	sh_linear_free(model);
	judge_free(&j);
	return (rc);
}

void
sh_guess_clear(struct sh_guess *g)
{
	json_decref(g->evidence);
	memset(g, 0, sizeof(*g));
}
