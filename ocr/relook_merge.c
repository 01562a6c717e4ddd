#include "ocr/relook_merge.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

#define RIM_PX		2
#define GAP		3	/* heights of a word, to the next in a line */
#define GAIN		4	/* letters by which a reading is better */

/* A word of the first reading that the second one is to be better than. */
int
sh_relook_is_poor(const struct sh_word *w, const struct sh_box *place)
{
	return ((double)w->confidence < SH_RELOOK_SURE &&
	    sh_box_holds(place, &w->box));
}

/* ---- which ------------------------------------------------------------------ */

/* A line of the second reading is print where its words are half sure. */
static int
is_print(const struct sh_page *p, const struct sh_line *l)
{
	double sum = 0;
	uint32_t k;

	for (k = l->first; k < l->first + l->nwords; k++)
		sum += (double)p->words[k].confidence;
	return (sum >= SH_RELOOK_SURE * l->nwords);
}

/* Cut by the place's rim? */
static int
is_cut(const struct sh_box *b, const struct sh_box *place)
{
	return (b->x <= place->x + RIM_PX ||
	    b->x + b->w >= place->x + place->w - RIM_PX);
}

/* What becomes of a word of the second reading. */
enum fate { GOES, COMES, OUTDOES };

/*
 * W comes where no sure word of P stands, or instead of such as it says
 * more surely, or whole: of a number only its two ends may have been read.
 */
static enum fate
fate_of(const struct sh_word *w, const struct sh_page *p)
{
	double covered = 0;
	int beside = 0, under = 0, agree = 0;
	size_t i;

	for (i = 0; i < p->nwords; i++) {
		const struct sh_word *o = &p->words[i];

		if ((double)o->confidence < SH_RELOOK_SURE)
			continue;
		if (sh_box_holds(&w->box, &o->box)) {
			covered += sh_word_worth(o);
			under++;
			agree += strstr(w->text, o->text) != NULL;
		} else if (sh_box_holds(&o->box, &w->box)) {
			beside = 1;
		}
	}
	if (beside)
		return (GOES);
	if (under == 0)
		return (COMES);
	return ((under > 1 && agree == under) ||
	    sh_word_worth(w) >= covered + GAIN ?
	    OUTDOES : GOES);
}

/* The fate of each word of OTHER, and what it would gain in all. */
static double
judge(const struct sh_page *p, const struct sh_box *place,
    const struct sh_page *other, enum fate *fate)
{
	double sum = 0;
	size_t i;

	for (i = 0; i < p->nwords; i++)
		if (sh_relook_is_poor(&p->words[i], place))
			sum -= sh_word_worth(&p->words[i]);
	/* Worse than nothing is no reason to put something in its place. */
	sum = fmin(sum, 0);
	for (i = 0; i < other->nwords; i++) {
		const struct sh_word *w = &other->words[i];

		fate[i] = is_cut(&w->box, place) || !is_print(other,
		    &other->lines[w->line]) ? GOES : fate_of(w, p);
		if (fate[i] == COMES)
			sum += sh_word_worth(w);
	}
	return (sum);
}

/* Does the word of P make room for OTHER's? */
static int
goes(const struct sh_word *o, const struct sh_box *place,
    const struct sh_page *other, const enum fate *fate)
{
	size_t i;

	if (sh_relook_is_poor(o, place))
		return (1);
	for (i = 0; i < other->nwords; i++)
		if (fate[i] == OUTDOES &&
		    sh_box_holds(&other->words[i].box, &o->box))
			return (1);
	return (0);
}

/* ---- putting together --------------------------------------------------------- */

/* A word that stays or comes, in line LINE: those of the page, then new ones. */
struct piece {
	const struct sh_word *word;
	size_t line, rank;	/* lines come by rank, then by number */
};

static int
compare_pieces(const void *va, const void *vb)
{
	const struct piece *a = va, *b = vb;

	if (a->rank != b->rank)
		return (a->rank < b->rank ? -1 : 1);
	if (a->line != b->line)
		return (a->line < b->line ? -1 : 1);
	return (a->word->box.x < b->word->box.x ? -1 :
	    a->word->box.x > b->word->box.x);
}

/* The line of the words that stay which word W goes on, or P's number. */
static size_t
line_of(const struct sh_word *w, const struct sh_page *p,
    const struct piece *stays, size_t n)
{
	int32_t gap, nearest = INT32_MAX, high, top, foot;
	size_t i, line = p->nlines;

	for (i = 0; i < n; i++) {
		const struct sh_box *a = &stays[i].word->box, *b = &w->box;

		high = a->h < b->h ? a->h : b->h;
		top = a->y > b->y ? a->y : b->y;
		foot = a->y + a->h < b->y + b->h ? a->y + a->h : b->y + b->h;
		gap = a->x < b->x ? b->x - a->x - a->w : a->x - b->x - b->w;
		if (2 * (foot - top) >= high && gap < nearest &&
		    gap <= GAP * high) {
			nearest = gap;
			line = stays[i].line;
		}
	}
	return (line);
}

/* The number of P's line before which a new one of box B belongs. */
static size_t
rank_of(const struct sh_box *b, const struct sh_page *p,
    const struct sh_box *place)
{
	size_t i, below = p->nlines;

	for (i = 0; i < p->nwords; i++)
		if (sh_relook_is_poor(&p->words[i], place) &&
		    sh_box_holds(b, &p->words[i].box))
			return (p->words[i].line);
	for (i = p->nlines; i-- > 0;) {
		const struct sh_box *o = &p->lines[i].box;

		if (o->y > b->y && o->x < b->x + b->w && b->x < o->x + o->w)
			below = i;
	}
	return (below);
}

/* The pieces, in order, as lines of a page like P. */
static struct sh_page *
build(const struct sh_page *p, const struct sh_page *other,
    const struct piece *piece, size_t n, struct sh_error *err)
{
	struct sh_page *out = sh_page_frame(p, err);
	size_t i;

	for (i = 0; out != NULL && i < n; i++) {
		const struct piece *k = &piece[i];
		const struct sh_line *l = k->line < p->nlines ?
		    &p->lines[k->line] : &other->lines[k->line - p->nlines];
		uint32_t block = k->rank < p->nlines ?
		    p->lines[k->rank].block : 0;

		if (((i == 0 || k[-1].line != k->line) && sh_page_add_line(
		    out, l->box, l->baseline, block, err)) ||
		    sh_page_add_word(out, k->word->text, k->word->box,
		    (double)k->word->confidence, err)) {
			sh_page_free(out);
			return (NULL);
		}
	}
	return (out);
}

/*
 * A new word stands in the row of its neighbours in the second reading,
 * where one of those goes on a line that was there.
 */
static void
join_rows(struct piece *new, size_t n, size_t nlines)
{
	size_t i, k;

	for (i = 0; i < n; i++) {
		size_t line = new[i].word->line;

		for (k = 0; k < n && new[i].line >= nlines; k++)
			if (new[k].line < nlines && new[k].word->line == line)
				new[i].line = new[i].rank = new[k].line;
	}
}

/* P with those of OTHER's words that come. */
static struct sh_page *
merge(const struct sh_page *p, const struct sh_box *place,
    const struct sh_page *other, const enum fate *fate, struct sh_error *err)
{
	struct piece *piece = sh_alloc(p->nwords + other->nwords + 1,
	    sizeof(*piece), "words", err);
	struct sh_page *out;
	size_t i, line, kept, n = 0;

	if (piece == NULL)
		return (NULL);
	for (i = 0; i < p->nwords; i++) {
		line = p->words[i].line;
		if (!goes(&p->words[i], place, other, fate))
			piece[n++] = (struct piece){ &p->words[i], line,
			    line };
	}
	kept = n;
	for (i = 0; i < other->nwords; i++) {
		const struct sh_word *w = &other->words[i];

		if (fate[i] == GOES)
			continue;
		line = line_of(w, p, piece, kept);
		piece[n] = (struct piece){ w, line, line };
		if (line == p->nlines) {
			piece[n].line += w->line;
			piece[n].rank = rank_of(&other->lines[w->line].box, p,
			    place);
		}
		n++;
	}
	join_rows(piece + kept, n - kept, p->nlines);
	qsort(piece, n, sizeof(*piece), compare_pieces);
	out = build(p, other, piece, n, err);
	free(piece);
	return (out);
}

int
sh_relook_merge(struct sh_page **pp, const struct sh_box *place,
    struct sh_page *const *other, size_t n, struct sh_error *err)
{
	enum fate *fate = NULL, *best_fate = NULL;
	double gain, most = GAIN;
	struct sh_page *both;
	size_t i, best = n;
	int rc = -1;

	for (i = 0; i < n; i++) {
		if ((fate = sh_alloc(other[i]->nwords + 1, sizeof(*fate),
		    "words", err)) == NULL)
			goto out;
		gain = judge(*pp, place, other[i], fate);
		if (gain > most) {
			most = gain;
			best = i;
			free(best_fate);
			best_fate = fate;
		} else {
			free(fate);
		}
	}
	rc = 0;
	if (best < n) {
		both = merge(*pp, place, other[best], best_fate, err);
		if (both == NULL) {
			rc = -1;
			goto out;
		}
		sh_page_free(*pp);
		*pp = both;
	}
out:
	free(best_fate);
	return (rc);
}
