#include "ocr/recognise.h"

#include <allheaders.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "ocr/barcode.h"
#include "ocr/clean.h"
#include "ocr/engine.h"
#include "ocr/marks.h"
#include "ocr/quality.h"
#include "ocr/textlayer.h"
#include "ocr/tidy.h"

#define LONG_SIDE_IN	11.69	/* A4, where the file knows no dpi */
#define SIDE_IN_MAX	48	/* A0; a file that says more is wrong */
#define COARSE_IN_MAX	17.5	/* A3, below 150 dpi: 72 is what cameras say */
#define SIDE_MIN	32	/* px: no word fits in less */
#define READ_PX_MAX	12e6	/* a raster scaled up for reading */
#define FAINT		0.82	/* read worse: the ink may be faded */
#define POOR		0.6	/* read worse: it may lie another way */
#define SHAPES_FEW	40	/* like words: their height may be wrong */
#define SHAPES_MIN	8	/* like words: fewer may be a picture's */
#define FAINT_SHAPES	3	/* like words: worth looking at them */
#define BAND_MM		12	/* of faint print, read to know whose it is */
#define OWN_WORDS	3	/* read so surely: */
#define OWN_SURE	0.9
#define LOST_E2		60	/* less of their ink was read: a page is lost */

/*
 * What is done to a page before and after the engine: to be raised with each
 * change that readings show, so that kept readings are told apart.
 */
#define TREATMENT	3

/* How else a page may lie than it seems to. */
static const int others[] = { 180, 90, 270 };

struct sh_recogniser {
	struct sh_engine *engine;
	struct sh_marks *marks;		/* NULL: words stay as read */
	char name[SH_PAGE_NAME_BYTES + 1];
};

void
sh_recogniser_free(struct sh_recogniser *r)
{
	if (r == NULL)
		return;
	sh_engine_free(r->engine);
	sh_marks_free(r->marks);
	free(r);
}

const char *
sh_recogniser_engine(const struct sh_recogniser *r)
{
	return (r->name);
}

void
sh_recogniser_leave_marks(struct sh_recogniser *r)
{
	char *marks = strstr(r->name, " marks ");

	if (marks != NULL)
		*marks = '\0';
	sh_marks_free(r->marks);
	r->marks = NULL;
}

int
sh_recogniser_new(const char *data_dir, struct sh_recogniser **rp,
    struct sh_error *err)
{
	struct sh_recogniser *r;

	*rp = NULL;
	if ((r = sh_alloc(1, sizeof(*r), "the reader", err)) == NULL)
		return (-1);
	if (sh_engine_new(data_dir, &r->engine, err) ||
	    sh_marks_new(NULL, 0, &r->marks, err)) {
		sh_recogniser_free(r);
		return (-1);
	}
	(void)snprintf(r->name, sizeof(r->name), "%.60s treated %d marks %s",
	    sh_engine_name(r->engine), TREATMENT, sh_marks_version(r->marks));
	*rp = r;
	return (0);
}

/* ---- one reading ---------------------------------------------------------- */

/* An upright page on its way; borrowed all. */
struct job {
	struct sh_recogniser *r;
	const struct sh_pixels *px;
	const struct sh_quality *q;
	const struct sh_lie *lie;
	double dpi;		/* of px */
	double scale_x, scale_y;	/* page pixels to one of px */
	int dpi_known;
	int orientation;
	double skew_deg;
};

static struct sh_page *
new_page(const struct job *j, struct sh_error *err)
{
	struct sh_page *p = sh_page_new(err);

	if (p == NULL)
		return (NULL);
	p->width_px = sh_px_clamp(j->px->width_px * j->scale_x, 1,
	    SH_PAGE_SIDE_MAX);
	p->height_px = sh_px_clamp(j->px->height_px * j->scale_y, 1,
	    SH_PAGE_SIDE_MAX);
	p->dpi = j->dpi * j->scale_x;
	p->dpi_y = j->dpi * j->scale_y;
	p->dpi_known = j->dpi_known;
	p->orientation = j->orientation;
	p->skew_deg = j->skew_deg;
	if (sh_page_set_engine(p, j->r->name, err) == 0 &&
	    sh_quality_record(j->q, p, err) == 0)
		return (p);
	sh_page_free(p);
	return (NULL);
}

/* Letters expected right minus letters expected wrong. */
static double
worth(const struct sh_page *p)
{
	double sum = 0;
	size_t i;

	for (i = 0; i < p->nwords; i++)
		sum += (2 * (double)p->words[i].confidence - 1) *
		    (double)sh_utf8_count(p->words[i].text,
		    strlen(p->words[i].text));
	return (sum);
}

/*
 * Small print is read at twice its size, very large scans at 300 dpi.
 * Between, scaling only costs.
 */
static double
choose_scale(const struct job *j)
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
print_dpi(const struct job *j)
{
	double dpi = j->lie->height_px * 300.0 / 28;

	if (j->lie->nwords < SHAPES_FEW && sh_quality_is_grainy(j->q))
		return (j->dpi);
	return (dpi > 0 && dpi < j->dpi ? dpi : j->dpi);
}

static double
mean_confidence(const struct sh_page *p)
{
	double sum = 0;
	size_t i;

	for (i = 0; i < p->nwords; i++)
		sum += (double)p->words[i].confidence;
	return (p->nwords > 0 ? sum / (double)p->nwords : 0);
}

/*
 * Read with these treatments.  A lean of up to a degree costs less than
 * setting it straight does.
 */
static int
read_with(const struct job *j, unsigned plan, enum sh_layout layout,
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
	    (p = new_page(j, err)) == NULL ||
	    sh_page_set_measure(p, "treatments_bits", plan, err))
		goto out;
	view.a *= j->scale_x;
	view.b *= j->scale_x;
	view.c *= j->scale_x;
	view.d *= j->scale_y;
	view.e *= j->scale_y;
	view.f *= j->scale_y;
	if (sh_engine_run(j->r->engine, grey, j->dpi * scale, layout, &view,
	    p, &upended, err))
		goto out;
	if (upended > 0 && layout == SH_LAYOUT_AUTO) {
		/*
		 * Columns of numbers were taken for a line that runs down
		 * the page.  The upright page has none: read it as one
		 * column, where the engine looks for none.
		 */
		sh_page_free(p);
		if ((p = new_page(j, err)) == NULL ||
		    sh_page_set_measure(p, "treatments_bits", plan, err) ||
		    sh_engine_run(j->r->engine, grey, j->dpi * scale,
		    SH_LAYOUT_COLUMN, &view, p, &upended, err))
			goto out;
	}
	if (worth(p) <= 0) {
		/* A picture, a scrawl, ink from the other side: no reading. */
		sh_page_free(p);
		if ((p = new_page(j, err)) == NULL ||
		    sh_page_set_measure(p, "treatments_bits", plan, err))
			goto out;
		p->state = SH_PAGE_UNREADABLE;
	}
	p->confidence = mean_confidence(p);
	*pp = p;
	p = NULL;
	rc = 0;
out:
	pixDestroy(&grey);
	sh_page_free(p);
	return (rc);
}

/* Keep the better of two readings in *PP. */
static void
keep_better(struct sh_page **pp, struct sh_page *other)
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
record_coverage(const struct job *j, const struct sh_sketch *sketch,
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
finish_words(const struct job *j, struct sh_page **pp, struct sh_error *err)
{
	struct sh_page *tidy = sh_page_tidy(*pp, err);
	unsigned mended;

	if (tidy == NULL)
		return (-1);
	sh_page_free(*pp);
	*pp = tidy;
	tidy->confidence = mean_confidence(tidy);
	if (tidy->state == SH_PAGE_READ && tidy->nwords == 0)
		tidy->state = SH_PAGE_UNREADABLE;
	if (j->r->marks == NULL)
		return (0);
	return (sh_marks_mend(j->r->marks, tidy, &mended, err) ||
	    sh_page_set_measure(tidy, "marks_mended", mended, err) ? -1 : 0);
}

static int
read_upright(const struct job *j, const struct sh_sketch *sketch,
    struct sh_page **pp, struct sh_error *err)
{
	unsigned plan = sh_treat_plan(j->q, print_dpi(j));
	struct sh_coverage covered;
	struct Pix *grey = NULL;
	struct sh_page *again;
	int rc;

	if (read_with(j, plan, SH_LAYOUT_AUTO, pp, err))
		return (-1);
	if ((*pp)->confidence < FAINT && !j->q->two_level) {
		/* Faded ink is the ill that no measure tells surely. */
		plan |= SH_TREAT_REVIVE;
		if ((plan & SH_TREAT_COLOUR) == 0)
			plan |= SH_TREAT_PAPER;
		if (read_with(j, plan, SH_LAYOUT_AUTO, &again, err))
			goto fail;
		keep_better(pp, again);
	}
	if (record_coverage(j, sketch, *pp, &covered, err))
		goto fail;
	if ((*pp)->state == SH_PAGE_READ && covered.shapes >= SHAPES_MIN &&
	    covered.read_e2 < LOST_E2) {
		/* The engine's layout lost it: once more without one. */
		if (read_with(j, plan, SH_LAYOUT_COLUMN, &again, err))
			goto fail;
		keep_better(pp, again);
		if (record_coverage(j, sketch, *pp, &covered, err))
			goto fail;
	}
	if (finish_words(j, pp, err))
		goto fail;
	if ((grey = sh_clean_grey(j->px, err)) == NULL)
		goto fail;
	rc = sh_barcode_find(grey, sketch, j->scale_x, j->scale_y, *pp, err);
	pixDestroy(&grey);
	if (rc == 0)
		return (0);
fail:
	sh_page_free(*pp);
	*pp = NULL;
	return (-1);
}

/* ---- one page --------------------------------------------------------------- */

/* A page, its sketch turned clockwise with it. */
struct turned {
	struct job job;
	struct sh_sketch sketch;
	struct sh_pixels px;
};

static void
turned_clear(struct turned *t)
{
	sh_sketch_clear(&t->sketch);
	free(t->px.data);
}

/* As j, turned clockwise by DEGREES more; points into itself. */
static int
turn_job(const struct job *j, const struct sh_sketch *sketch, int degrees,
    struct turned *t, struct sh_error *err)
{
	t->job = *j;
	t->sketch = *sketch;
	t->px = (struct sh_pixels){ .data = NULL };
	if ((t->sketch.pix = pixClone(sketch->pix)) == NULL)
		return (sh_error_nomem(err, "a raster"));
	if (degrees != 0) {
		if (sh_sketch_turn(&t->sketch, degrees, err) ||
		    sh_clean_turn(j->px, 1, degrees, &t->px, err))
			return (-1);
		t->job.px = &t->px;
		t->job.orientation = degrees;
		if (degrees % 180 != 0) {
			t->job.scale_x = j->scale_y;
			t->job.scale_y = j->scale_x;
		}
	}
	t->job.skew_deg = sh_sketch_skew(&t->sketch);
	return (0);
}

static int
read_turned(const struct job *j, const struct sh_sketch *sketch, int degrees,
    struct sh_page **pp, struct sh_error *err)
{
	struct turned t;
	int rc = -1;

	*pp = NULL;
	if (turn_job(j, sketch, degrees, &t, err) == 0)
		rc = read_upright(&t.job, &t.sketch, pp, err);
	turned_clear(&t);
	return (rc);
}

/*
 * Faint print on a page that is blank otherwise: is it the page's own, or
 * does the other side shine through?  A band of it is read: 1, 0 or -1.
 */
static int
is_own_print(const struct job *j, const struct sh_sketch *sketch,
    int degrees, struct sh_error *err)
{
	struct sh_page *p = NULL;
	struct sh_pixels band;
	struct turned t;
	int rows, top, words = 0, rc = -1;
	size_t i;

	if (turn_job(j, sketch, degrees, &t, err))
		goto out;
	rows = (int)(BAND_MM * t.sketch.dpi / 25.4);
	top = sh_sketch_densest(&t.sketch, rows) * t.sketch.factor;
	band = *t.job.px;
	band.height_px = rows * t.sketch.factor;
	if (band.height_px > t.job.px->height_px - top)
		band.height_px = t.job.px->height_px - top;
	band.data += (size_t)top * (size_t)band.width_px *
	    (size_t)band.channels;
	t.job.px = &band;
	if (read_with(&t.job, sh_treat_plan(j->q, print_dpi(j)),
	    SH_LAYOUT_AUTO, &p, err))
		goto out;
	for (i = 0; i < p->nwords; i++)
		words += (double)p->words[i].confidence >= OWN_SURE &&
		    sh_utf8_count(p->words[i].text,
		    strlen(p->words[i].text)) >= 3;
	rc = words >= OWN_WORDS;
out:
	turned_clear(&t);
	sh_page_free(p);
	return (rc);
}

/*
 * Read as the page seems to lie; where that is not sure and what came of it
 * is poor, the other ways too.
 */
static int
read_any_way(const struct job *j, const struct sh_sketch *sketch,
    struct sh_page **pp, struct sh_error *err)
{
	struct sh_page *again;
	size_t i;

	if (read_turned(j, sketch, j->lie->degrees, pp, err))
		return (-1);
	for (i = 0; i < SH_COUNT(others) && !j->lie->sure &&
	    (*pp)->confidence < POOR; i++) {
		if (read_turned(j, sketch, (j->lie->degrees + others[i]) %
		    360, &again, err)) {
			sh_page_free(*pp);
			*pp = NULL;
			return (-1);
		}
		keep_better(pp, again);
	}
	return (0);
}

/*
 * 1: there is print on the page; 0: it is blank.  Where the print is faint,
 * SKETCH and LIE become those that show it, and the job's raster FAINTP,
 * with nothing else on it.
 */
static int
find_print(struct job *j, struct Pix *grey, struct sh_sketch *sketch,
    struct sh_lie *lie, struct sh_pixels *faintp, struct sh_error *err)
{
	struct sh_sketch faint;
	struct sh_lie faint_lie;
	struct job k = *j;
	int degrees, rc = -1;
	size_t i;

	if (!sh_sketch_blank(sketch, lie))
		return (1);
	if (j->q->two_level)
		return (0);
	if (sh_sketch_make_faint(grey, j->dpi, j->q, &faint, err) ||
	    sh_sketch_lie(&faint, &faint_lie, err))
		goto out;
	k.lie = &faint_lie;
	if ((rc = faint_lie.nwords >= FAINT_SHAPES) == 0)
		goto out;
	rc = is_own_print(&k, &faint, faint_lie.degrees, err);
	for (i = 0; i < SH_COUNT(others) && rc == 0 && !faint_lie.sure; i++) {
		degrees = (faint_lie.degrees + others[i]) % 360;
		if ((rc = is_own_print(&k, &faint, degrees, err)) == 1)
			faint_lie.degrees = degrees;
	}
	if (rc == 1) {
		rc = -1;
		if (sh_sketch_keep(&faint, j->px, j->q->median_level, faintp,
		    err))
			goto out;
		j->px = faintp;
		faint_lie.sure = 1;
		sh_sketch_clear(sketch);
		*sketch = faint;
		*lie = faint_lie;
		return (1);
	}
out:
	sh_sketch_clear(&faint);
	return (rc);
}

/* The file's dpi where it can be believed, else as if the page were A4. */
static void
choose_dpi(const struct sh_pixels *px, struct job *j)
{
	int32_t side = px->width_px > px->height_px ? px->width_px :
	    px->height_px;
	double least = fmin(px->dpi_x, px->dpi_y);
	double most = fmax(px->dpi_x, px->dpi_y);

	j->dpi_known = least >= 72 && most <= 1200 && most <= 4 * least &&
	    side / most <= (most < 150 ? COARSE_IN_MAX : SIDE_IN_MAX);
	j->dpi = j->dpi_known ? most : side / LONG_SIDE_IN;
}

int
sh_recogniser_read(struct sh_recogniser *r, const struct sh_pixels *px,
    struct sh_page **pagep, struct sh_error *err)
{
	struct sh_pixels upright = { .data = NULL }, square = { .data = NULL };
	struct sh_pixels faint = { .data = NULL };
	struct sh_sketch sketch = { .pix = NULL };
	struct Pix *grey = NULL;
	struct sh_quality q = { .two_level = 0 };
	struct sh_lie lie = { .degrees = 0 };
	struct job j = { .r = r, .q = &q, .lie = &lie, .scale_x = 1,
	    .scale_y = 1 };
	int print, rc = -1;

	*pagep = NULL;
	if (sh_clean_check(px, err))
		return (-1);
	if (px->exif_orientation != 1) {
		if (sh_clean_turn(px, px->exif_orientation, 0, &upright, err))
			goto out;
		px = &upright;
	}
	choose_dpi(px, &j);
	if (j.dpi_known && fabs(px->dpi_x - px->dpi_y) > 0.02 * j.dpi) {
		/* Pixels of old faxes are not square. */
		if (sh_clean_square(px, &square, err))
			goto out;
		j.scale_x = (double)px->width_px / square.width_px;
		j.scale_y = (double)px->height_px / square.height_px;
		px = &square;
	}
	j.px = px;
	if (px->width_px < SIDE_MIN || px->height_px < SIDE_MIN) {
		if ((*pagep = new_page(&j, err)) != NULL) {
			(*pagep)->state = SH_PAGE_UNREADABLE;
			rc = 0;
		}
		goto out;
	}
	if ((grey = sh_clean_grey(px, err)) == NULL)
		goto out;
	sh_quality_measure(px, grey, &q);
	if (sh_sketch_make(grey, j.dpi, &q, &sketch, err) ||
	    sh_sketch_lie(&sketch, &lie, err))
		goto out;
	if (sh_quality_is_noise(&q)) {
		/* The engine would look for letters in it for minutes. */
		if ((*pagep = new_page(&j, err)) != NULL) {
			(*pagep)->state = SH_PAGE_UNREADABLE;
			rc = 0;
		}
	} else if ((print = find_print(&j, grey, &sketch, &lie,
	    &faint, err)) == 1) {
		pixDestroy(&grey);
		rc = read_any_way(&j, &sketch, pagep, err);
	} else if (print == 0 && (*pagep = new_page(&j, err)) != NULL) {
		(*pagep)->state = SH_PAGE_BLANK;
		rc = 0;
	}
out:
	pixDestroy(&grey);
	sh_sketch_clear(&sketch);
	free(upright.data);
	free(square.data);
	free(faint.data);
	return (rc);
}

int
sh_recogniser_take(struct sh_recogniser *r, const struct sh_pixels *px,
    const char *xml, size_t len, struct sh_page **pagep,
    struct sh_error *err)
{
	struct sh_sketch sketch = { .pix = NULL };
	struct sh_quality q = { .two_level = 0 };
	struct job j = { .r = r, .px = px, .q = &q, .scale_x = 1,
	    .scale_y = 1 };
	struct sh_page *p = NULL;
	struct Pix *grey = NULL;
	int rc = -1;

	*pagep = NULL;
	if (sh_clean_check(px, err))
		return (-1);
	choose_dpi(px, &j);
	/* What pdftoppm drew stands upright and tells its dpi. */
	if (!j.dpi_known || px->exif_orientation != 1 ||
	    fabs(px->dpi_x - px->dpi_y) > 0.5 || px->width_px < SIDE_MIN ||
	    px->height_px < SIDE_MIN)
		return (0);
	if ((grey = sh_clean_grey(px, err)) == NULL)
		goto out;
	sh_quality_measure(px, grey, &q);
	if (sh_sketch_make(grey, j.dpi, &q, &sketch, err) ||
	    (p = new_page(&j, err)) == NULL ||
	    (rc = sh_textlayer_fill(xml, len, &sketch, p, err)) != 1)
		goto out;
	rc = -1;
	p->confidence = (double)p->words[0].confidence;
	if (sh_page_set_engine(p, "pdftotext", err) ||
	    sh_barcode_find(grey, &sketch, 1, 1, p, err))
		goto out;
	*pagep = p;
	p = NULL;
	rc = 0;
out:
	pixDestroy(&grey);
	sh_sketch_clear(&sketch);
	sh_page_free(p);
	return (rc);
}
