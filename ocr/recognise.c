#include "ocr/recognise_internal.h"

#include <allheaders.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "ocr/barcode.h"
#include "ocr/cards.h"
#include "ocr/pen.h"
#include "ocr/textlayer.h"

#define LONG_SIDE_IN	11.69	/* A4, where the file knows no dpi */
#define SIDE_IN_MAX	48	/* A0; a file that says more is wrong */
#define COARSE_IN_MAX	17.5	/* A3, below 150 dpi: 72 is what cameras say */
#define SIDE_MIN	32	/* px: no word fits in less */
#define POOR		0.6	/* read worse: it may lie another way */
#define FAINT_SHAPES	3	/* like words: worth looking at them */
#define BAND_MM		12	/* of faint print, read to know whose it is */
#define OWN_WORDS	3	/* read so surely: */
#define OWN_SURE	0.9

/*
 * What is done to a page before and after the engine: to be raised with each
 * change that readings show, so that kept readings are told apart.
 */
#define TREATMENT	7

/* How else a page may lie than it seems to. */
static const int others[] = { 180, 90, 270 };

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

/* ---- one page --------------------------------------------------------------- */

struct sh_page *
sh_upright_page(const struct sh_upright *j, struct sh_error *err)
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

/* Is there print beside the cards?  1, 0 or -1. */
static int
has_more(const struct sh_upright *j, const struct sh_sketch *sketch,
    struct sh_error *err)
{
	struct sh_sketch rest = *sketch;
	int words, f = sketch->factor, rc = -1;
	size_t i;

	if ((rest.pix = pixCopy(NULL, sketch->pix)) == NULL)
		return (sh_error_nomem(err, "a raster"));
	for (i = 0; i < j->ncards; i++) {
		const struct sh_box *c = &j->card[i];
		struct Box *b = boxCreate(c->x / f, c->y / f, c->w / f + 1,
		    c->h / f + 1);

		(void)pixClearInRect(rest.pix, b);
		boxDestroy(&b);
	}
	if (sh_sketch_count_words(&rest, &words, err) == 0)
		rc = words >= FAINT_SHAPES;
	pixDestroy(&rest.pix);
	return (rc);
}

static int
read_upright(const struct sh_upright *upright, const struct sh_sketch *sketch,
    struct sh_page **pp, struct sh_error *err)
{
	struct sh_upright j = *upright;
	struct Pix *grey = sh_clean_grey(j.px, err);
	struct sh_box card[SH_CARDS_MAX];
	int more = 1, rc = -1;

	*pp = NULL;
	j.card = card;
	if (grey == NULL || sh_cards_find(grey, j.dpi, card, &j.ncards, err) ||
	    (j.ncards > 0 && (more = has_more(&j, sketch, err)) < 0))
		goto out;
	j.only_cards = !more;
	if (sh_words_read(&j, sketch, pp, err))
		goto out;
	sh_pen_find(j.px, j.scale_x, j.scale_y, j.q->paper_level, *pp);
	rc = sh_barcode_find(grey, sketch, j.scale_x, j.scale_y, *pp, err);
out:
	pixDestroy(&grey);
	if (rc) {
		sh_page_free(*pp);
		*pp = NULL;
	}
	return (rc);
}

/* A page, its sketch turned clockwise with it. */
struct turned {
	struct sh_upright job;
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
turn_job(const struct sh_upright *j, const struct sh_sketch *sketch,
    int degrees, struct turned *t, struct sh_error *err)
{
	t->job = *j;
	t->sketch = *sketch;
	t->px = (struct sh_pixels){ .data = NULL };
	if ((t->sketch.pix = pixClone(sketch->pix)) == NULL)
		return (sh_error_nomem(err, "a raster"));
	if (degrees != 0) {
		if (sh_sketch_turn(&t->sketch, degrees, err))
			return (-1);
		if (j->px->data != NULL) {
			if (sh_clean_turn(j->px, 1, degrees, &t->px, err))
				return (-1);
			t->job.px = &t->px;
		}
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
read_turned(const struct sh_upright *j, const struct sh_sketch *sketch,
    int degrees, struct sh_page **pp, struct sh_error *err)
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
 * A part of the page's rows, or where ACROSS of its columns: FIRST and the
 * N - 1 after it, in pixels of its own.
 */
static int
cut_band(const struct sh_pixels *px, int across, int32_t first, int32_t n,
    struct sh_pixels *out, struct sh_error *err)
{
	size_t row = (size_t)px->width_px * (size_t)px->channels, at, len;
	int32_t y;

	*out = *px;
	*(across ? &out->width_px : &out->height_px) = n;
	len = (size_t)out->width_px * (size_t)px->channels;
	at = across ? (size_t)first * (size_t)px->channels : (size_t)first *
	    row;
	if ((out->data = sh_alloc((size_t)out->height_px, len, "a raster",
	    err)) == NULL)
		return (-1);
	for (y = 0; y < out->height_px; y++)
		memcpy(out->data + (size_t)y * len, px->data + at +
		    (size_t)y * row, len);
	return (0);
}

/*
 * As turn_job(), of the densest band of what the sketch shows alone: the
 * page itself is not turned for it.
 */
static int
turn_band(const struct sh_upright *j, const struct sh_sketch *sketch,
    int degrees, struct turned *t, struct sh_error *err)
{
	const struct sh_pixels *px = j->px;
	int across = degrees % 180 != 0, rows, rc;
	int32_t side = across ? px->width_px : px->height_px, top, n;
	struct sh_pixels none = { .data = NULL }, band;
	struct sh_upright k = *j;

	/* The sketch with the page's shape alone. */
	k.px = &none;
	if (turn_job(&k, sketch, degrees, t, err))
		return (-1);
	rows = (int)(BAND_MM * t->sketch.dpi / 25.4);
	top = sh_sketch_densest(&t->sketch, rows) * t->sketch.factor;
	n = rows * t->sketch.factor;
	if (n > side - top)
		n = side - top;
	/* Turned by 180 and 270 the last become the first. */
	if (cut_band(px, across, degrees < 180 ? top : side - top - n, n,
	    &band, err))
		return (-1);
	rc = sh_clean_turn(&band, 1, degrees, &t->px, err);
	free(band.data);
	t->job.px = &t->px;
	return (rc);
}

/*
 * Faint print on a page that is blank otherwise: is it the page's own, or
 * does the other side shine through?  A band of it is read: 1, 0 or -1.
 */
static int
is_own_print(const struct sh_upright *j, const struct sh_sketch *sketch,
    int degrees, struct sh_error *err)
{
	struct sh_page *p = NULL;
	struct turned t;
	int words = 0, rc = -1;
	size_t i;

	if (turn_band(j, sketch, degrees, &t, err) ||
	    sh_words_once(&t.job, &p, err))
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
read_any_way(const struct sh_upright *j, const struct sh_sketch *sketch,
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
		sh_words_keep_better(pp, again);
	}
	return (0);
}

/*
 * 1: there is print on the page; 0: it is blank.  Where the print is faint,
 * SKETCH and LIE become those that show it, and the job's raster FAINTP,
 * with nothing else on it.
 */
static int
find_print(struct sh_upright *j, struct Pix *grey, struct sh_sketch *sketch,
    struct sh_lie *lie, struct sh_pixels *faintp, struct sh_error *err)
{
	struct sh_sketch faint;
	struct sh_lie faint_lie;
	struct sh_upright k = *j;
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
choose_dpi(const struct sh_pixels *px, struct sh_upright *j)
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
	struct sh_upright j = { .r = r, .q = &q, .lie = &lie, .scale_x = 1,
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
		if ((*pagep = sh_upright_page(&j, err)) != NULL) {
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
		if ((*pagep = sh_upright_page(&j, err)) != NULL) {
			(*pagep)->state = SH_PAGE_UNREADABLE;
			rc = 0;
		}
	} else if ((print = find_print(&j, grey, &sketch, &lie,
	    &faint, err)) == 1) {
		pixDestroy(&grey);
		rc = read_any_way(&j, &sketch, pagep, err);
	} else if (print == 0 && (*pagep = sh_upright_page(&j, err)) != NULL) {
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
	struct sh_upright j = { .r = r, .px = px, .q = &q, .scale_x = 1,
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
	    (p = sh_upright_page(&j, err)) == NULL ||
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
