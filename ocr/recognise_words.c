/* One raster to words: treated, read, judged, read again, tidied. */
#include "ocr/recognise_internal.h"

#include <allheaders.h>
#include <math.h>
#include <string.h>

#include "base/text.h"
#include "ocr/cards.h"
#include "ocr/grid.h"
#include "ocr/machine.h"
#include "ocr/relook.h"
#include "ocr/tidy.h"

#define READ_PX_MAX	12e6	/* a raster scaled up for reading */
#define CARD_DPI	450	/* their smallest print is of 4 points */
#define FAINT		0.82	/* read worse: the ink may be faded */
#define SHAPES_FEW	40	/* like words: their height may be wrong */
#define SHAPES_MIN	8	/* like words: fewer may be a picture's */
#define LOST_E2		60	/* less of their ink was read: a page is lost */

static double
worth(const struct sh_page *p)
{
	double sum = 0;
	size_t i;

	for (i = 0; i < p->nwords; i++)
		sum += sh_word_worth(&p->words[i]);
	return (sum);
}

/*
 * Small print is read at twice its size, very large scans at 300 dpi.
 * Between, scaling only costs.
 */
static double
choose_scale(const struct sh_upright *j)
{
	double px = (double)j->px->width_px * j->px->height_px, s = 1;
	int height = j->lie->height_px;

	if (height > 0 && height <= 12) {
		s = fmin(2, sqrt(READ_PX_MAX / px));
		return (s < 1.2 ? 1 : s);
	}
	if (j->dpi > 450)
		s = 300 / j->dpi;
	else if (!j->dpi_known && height > 50)
		s = 28.0 / height;
	/* However it came about: not more than the engine can bear. */
	return (fmin(s, sqrt(4 * READ_PX_MAX / px)));
}

/*
 * The dpi at which small letters would have their usual 2.4 mm.  On grainy
 * paper a few shapes say nothing of that: grain may be among them.  On even
 * paper they are a card's small print, whose dots are no specks.
 */
static double
print_dpi(const struct sh_upright *j)
{
	double dpi = j->lie->height_px * 300.0 / 28;

	if (j->lie->nwords < SHAPES_FEW && sh_quality_is_grainy(j->q))
		return (j->dpi);
	return (dpi > 0 && dpi < j->dpi ? dpi : j->dpi);
}

/* The card on the page. */
static struct sh_box
card_box(const struct sh_upright *j, size_t i)
{
	const struct sh_box *b = &j->card[i];

	return ((struct sh_box){ (int32_t)(b->x * j->scale_x),
	    (int32_t)(b->y * j->scale_y), (int32_t)(b->w * j->scale_x),
	    (int32_t)(b->h * j->scale_y) });
}

/* A card's print is smaller than a page's: it is read enlarged. */
static int
read_card(const struct sh_upright *j, struct sh_box card, struct Pix *grey,
    double dpi, enum sh_layout layout, const struct sh_view *view,
    struct sh_page *p, struct sh_error *err)
{
	double scale = dpi < CARD_DPI ? CARD_DPI / dpi : 1;
	struct sh_view at, enlarged;
	struct Pix *cut = sh_view_cut(grey, view, &card, &at, err);
	int upended, rc = -1;

	if (cut != NULL &&
	    sh_clean_straighten(&cut, scale, scale, 0, &enlarged, err) == 0) {
		at.a *= enlarged.a;
		at.b *= enlarged.e;
		at.d *= enlarged.a;
		at.e *= enlarged.e;
		rc = sh_engine_run(j->r->engine, cut, dpi * scale, layout,
		    &at, p, &upended, err);
	}
	pixDestroy(&cut);
	return (rc);
}

/* One card after the other, then what is left. */
static int
read_raster(const struct sh_upright *j, struct Pix *grey, double dpi,
    enum sh_layout layout, const struct sh_view *view, struct sh_page *p,
    int *upendedp, struct sh_error *err)
{
	struct Pix *rest;
	struct sh_box card;
	size_t i;
	int paper, rc;

	*upendedp = 0;
	if (j->ncards == 0)
		return (sh_engine_run(j->r->engine, grey, dpi, layout, view,
		    p, upendedp, err));
	if ((rest = pixCopy(NULL, grey)) == NULL)
		return (sh_error_nomem(err, "a raster"));
	paper = sh_clean_paper_level(grey);
	for (i = 0, rc = 0; i < j->ncards && rc == 0; i++) {
		card = card_box(j, i);
		rc = read_card(j, card, grey, dpi, layout, view, p, err);
		/* White on grey paper would make print of all the rest. */
		sh_view_clear(rest, view, &card, paper);
	}
	if (rc == 0 && !j->only_cards)
		rc = sh_engine_run(j->r->engine, rest, dpi, layout, view, p,
		    upendedp, err);
	pixDestroy(&rest);
	return (rc);
}

/*
 * Read with these treatments.  A lean of up to a degree costs less than
 * setting it straight does.
 */
static int
read_with(const struct sh_upright *j, unsigned plan, enum sh_layout layout,
    struct sh_page **pp, struct sh_error *err)
{
	double scale = choose_scale(j);
	double lean = fabs(j->skew_deg) > 1 ? j->skew_deg : 0;
	struct sh_page *p = NULL;
	struct Pix *grey = NULL;
	struct sh_view view;
	int upended, rc = -1;

	*pp = NULL;
	if ((grey = sh_treat_apply(j->px, j->dpi,
	    print_dpi(j), j->q, &plan, err)) == NULL ||
	    sh_clean_straighten(&grey, scale, scale, lean, &view, err) ||
	    (p = sh_upright_page(j, err)) == NULL ||
	    sh_page_set_measure(p, "treatments_bits", plan, err))
		goto out;
	view.a *= j->scale_x;
	view.b *= j->scale_x;
	view.c *= j->scale_x;
	view.d *= j->scale_y;
	view.e *= j->scale_y;
	view.f *= j->scale_y;
	if (read_raster(j, grey, j->dpi * scale, layout, &view, p, &upended,
	    err))
		goto out;
	if (upended > 0 && layout == SH_LAYOUT_AUTO) {
		/*
		 * Columns of numbers were taken for a line that runs down
		 * the page.  The upright page has none: read it as one
		 * column, where the engine looks for none.
		 */
		sh_page_free(p);
		if ((p = sh_upright_page(j, err)) == NULL ||
		    sh_page_set_measure(p, "treatments_bits", plan, err) ||
		    read_raster(j, grey, j->dpi * scale, SH_LAYOUT_COLUMN,
		    &view, p, &upended, err))
			goto out;
	}
	if (sh_machine_read(j->r->engine, grey, j->dpi * scale, &view, &p,
	    err) || (j->ncards == 0 && sh_relook(j->r->engine, grey, j->dpi *
	    scale, &view, j->q, &p, err)))
		goto out;
	if (worth(p) <= 0) {
		/* A picture, a scrawl, ink from the other side: no reading. */
		sh_page_free(p);
		if ((p = sh_upright_page(j, err)) == NULL ||
		    sh_page_set_measure(p, "treatments_bits", plan, err))
			goto out;
		p->state = SH_PAGE_UNREADABLE;
	}
	p->confidence = sh_page_sureness(p);
	*pp = p;
	p = NULL;
	rc = 0;
out:
	pixDestroy(&grey);
	sh_page_free(p);
	return (rc);
}

/* Keep the better of two readings in *PP. */
void
sh_words_keep_better(struct sh_page **pp, struct sh_page *other)
{
	if (worth(other) > worth(*pp)) {
		sh_page_free(*pp);
		*pp = other;
	} else {
		sh_page_free(other);
	}
}

/*
 * A page of which half was lost is as sure of the other half as any: what
 * it has not read must be looked for.  It is kept with the reading.
 */
static int
record_coverage(const struct sh_upright *j, const struct sh_sketch *sketch,
    struct sh_page *p, struct sh_coverage *out, struct sh_error *err)
{
	if (sh_sketch_coverage(sketch, p, j->scale_x, j->scale_y, out, err) ||
	    sh_page_set_measure(p, "word_shapes", out->shapes, err) ||
	    sh_page_set_measure(p, "ink_read_e2", out->read_e2, err) ||
	    sh_page_set_measure(p, "clipped_shapes", out->clipped, err))
		return (-1);
	return (0);
}

/* What was chosen, in order, its marks mended. */
static int
finish_words(const struct sh_upright *j, const struct sh_sketch *sketch,
    struct sh_page **pp, struct sh_error *err)
{
	struct sh_box card[SH_CARDS_MAX];
	struct sh_grid grid;
	struct sh_page *tidy = NULL;
	unsigned mended;
	size_t i;

	for (i = 0; i < j->ncards; i++)
		card[i] = card_box(j, i);
	if (sh_grid_find(sketch, j->scale_x, j->scale_y, j->skew_deg, &grid,
	    err) == 0)
		tidy = sh_page_tidy(*pp, card, j->ncards, &grid, err);
	sh_grid_clear(&grid);
	if (tidy == NULL)
		return (-1);
	sh_page_free(*pp);
	*pp = tidy;
	tidy->confidence = sh_page_sureness(tidy);
	if (tidy->state == SH_PAGE_READ && tidy->nwords == 0)
		tidy->state = SH_PAGE_UNREADABLE;
	if (j->r->marks == NULL)
		return (0);
	return (sh_marks_mend(j->r->marks, tidy, &mended, err) ||
	    sh_page_set_measure(tidy, "marks_mended", mended, err) ? -1 : 0);
}

int
sh_words_once(const struct sh_upright *j, struct sh_page **pp,
    struct sh_error *err)
{
	return (read_with(j, sh_treat_plan(j->q, print_dpi(j)),
	    SH_LAYOUT_AUTO, pp, err));
}

int
sh_words_read(const struct sh_upright *j, const struct sh_sketch *sketch,
    struct sh_page **pp, struct sh_error *err)
{
	unsigned plan = sh_treat_plan(j->q, print_dpi(j));
	struct sh_coverage covered;
	struct sh_page *again;

	if (read_with(j, plan, SH_LAYOUT_AUTO, pp, err))
		return (-1);
	if ((*pp)->confidence < FAINT && !j->q->two_level) {
		/* Faded ink is the ill that no measure tells surely. */
		plan |= SH_TREAT_REVIVE;
		if ((plan & SH_TREAT_COLOUR) == 0)
			plan |= SH_TREAT_PAPER;
		if (read_with(j, plan, SH_LAYOUT_AUTO, &again, err))
			goto fail;
		sh_words_keep_better(pp, again);
	}
	if (record_coverage(j, sketch, *pp, &covered, err))
		goto fail;
	if ((*pp)->state == SH_PAGE_READ && covered.shapes >= SHAPES_MIN &&
	    covered.read_e2 < LOST_E2) {
		/* The engine's layout lost it: once more without one. */
		if (read_with(j, plan, SH_LAYOUT_COLUMN, &again, err))
			goto fail;
		sh_words_keep_better(pp, again);
		if (record_coverage(j, sketch, *pp, &covered, err))
			goto fail;
	}
	if (finish_words(j, sketch, pp, err) == 0)
		return (0);
fail:
	sh_page_free(*pp);
	*pp = NULL;
	return (-1);
}
