#include "ocr/recognise.h"

#include <allheaders.h>
#include <capi.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/text.h"
#include "ocr/clean.h"
#include "ocr/quality.h"

#define DEBIAN_DATA	"/usr/share/tesseract-ocr/5/tessdata"
#define MODEL_MAX	((size_t)64 << 20)
#define ASSUMED_HEIGHT_IN 11.69		/* A4, where the file knows no dpi */
#define SIDE_MIN	32		/* px: no word fits in less */

struct sh_recogniser {
	TessBaseAPI *api;
	char engine[SH_PAGE_NAME_BYTES + 1];
};

void
sh_recogniser_free(struct sh_recogniser *r)
{
	if (r == NULL)
		return;
	if (r->api != NULL)
		TessBaseAPIDelete(r->api);
	free(r);
}

const char *
sh_recogniser_engine(const struct sh_recogniser *r)
{
	return (r->engine);
}

/*
 * Settings that keep the text: textord_all_prop skips a test for fixed pitch
 * whose outcome the network does not use.
 */
static int
start_engine(struct sh_recogniser *r, const struct sh_buf *model,
    struct sh_error *err)
{
	char names[2][32] = { "debug_file", "textord_all_prop" };
	char values[2][32] = { "/dev/null", "1" };
	char *namep[2] = { names[0], names[1] };
	char *valuep[2] = { values[0], values[1] };

	if ((r->api = TessBaseAPICreate()) == NULL)
		return (sh_error_nomem(err, "the engine"));
	if (TessBaseAPIInit5(r->api, (const char *)model->data,
	    (int)model->len, "vie", OEM_LSTM_ONLY, NULL, 0, namep, valuep, 2,
	    0) != 0)
		return (sh_error_set(err, SH_EFORMAT, "model.damaged",
		    "Tesseract %s refuses the model", TessVersion()));
	TessBaseAPISetPageSegMode(r->api, PSM_AUTO);
	return (0);
}

int
sh_recogniser_new(const char *data_dir, struct sh_recogniser **rp,
    struct sh_error *err)
{
	const char *threads = getenv("OMP_THREAD_LIMIT");
	struct sh_buf model = SH_BUF_INIT;
	struct sh_recogniser *r = NULL;
	struct sh_digest digest;
	char *path = NULL, hex[SH_HEX_LEN];
	int rc = -1;

	*rp = NULL;
	if (threads == NULL || strcmp(threads, "1") != 0)
		return (sh_error_set(err, SH_EARG, "engine.threads",
		    "OMP_THREAD_LIMIT must be 1 before the process starts"));
	(void)setMsgSeverity(L_SEVERITY_NONE);
	path = sh_path_join(data_dir != NULL ? data_dir : DEBIAN_DATA,
	    "vie.traineddata", err);
	if (path == NULL)
		goto out;
	if (sh_fs_read(path, MODEL_MAX, &model, err)) {
		if (err->code == SH_ENOTFOUND) {
			sh_error_clear(err);
			sh_error_param(err, "file", "%s", path);
			(void)sh_error_set(err, SH_ENOTFOUND, "model.missing",
			    "no model at %s", path);
		}
		goto out;
	}
	if (sh_sha256(model.data, model.len, &digest, err) ||
	    (r = sh_alloc(1, sizeof(*r), "the engine", err)) == NULL ||
	    start_engine(r, &model, err))
		goto out;
	sh_hex(digest.b, 4, hex);
	(void)snprintf(r->engine, sizeof(r->engine),
	    "tesseract %.20s vie %.8s", TessVersion(), hex);
	*rp = r;
	r = NULL;
	rc = 0;
out:
	sh_recogniser_free(r);
	sh_buf_free(&model);
	free(path);
	return (rc);
}

/* ---- from the engine's words to the page's ---------------------------- */

static int32_t
clamp(double v, int32_t lo, int32_t hi)
{
	return (v <= lo ? lo : v >= hi ? hi : (int32_t)lround(v));
}

/* The upright box around a box of the reading, cut to the page. */
static struct sh_box
map_box(const struct sh_view *t, const struct sh_page *p, int l, int top, int r,
    int bottom)
{
	const double u[4] = { l, r, l, r }, v[4] = { top, top, bottom,
	    bottom };
	double x0 = 1e9, y0 = 1e9, x1 = -1e9, y1 = -1e9, x, y;
	struct sh_box box;
	int i;

	for (i = 0; i < 4; i++) {
		x = t->a * u[i] + t->b * v[i] + t->c;
		y = t->d * u[i] + t->e * v[i] + t->f;
		x0 = fmin(x0, x);
		x1 = fmax(x1, x);
		y0 = fmin(y0, y);
		y1 = fmax(y1, y);
	}
	box.x = clamp(x0, 0, p->width_px - 1);
	box.y = clamp(y0, 0, p->height_px - 1);
	box.w = clamp(x1, box.x + 1, p->width_px) - box.x;
	box.h = clamp(y1, box.y + 1, p->height_px) - box.y;
	return (box);
}

static int
add_line(struct sh_page *p, const TessPageIterator *it, const struct sh_view *t,
    uint32_t block, struct sh_error *err)
{
	int l, top, r, bottom, u0, v0, u1, v1;
	int32_t base[4];

	if (!TessPageIteratorBoundingBox(it, RIL_TEXTLINE, &l, &top, &r,
	    &bottom))
		return (sh_error_set(err, SH_ELIBRARY, "engine.failed",
		    "a line without a box"));
	if (!TessPageIteratorBaseline(it, RIL_TEXTLINE, &u0, &v0, &u1, &v1)) {
		u0 = l;
		u1 = r;
		v0 = v1 = bottom;
	}
	base[0] = clamp(t->a * u0 + t->b * v0 + t->c, 0, p->width_px);
	base[1] = clamp(t->d * u0 + t->e * v0 + t->f, 0, p->height_px);
	base[2] = clamp(t->a * u1 + t->b * v1 + t->c, 0, p->width_px);
	base[3] = clamp(t->d * u1 + t->e * v1 + t->f, 0, p->height_px);
	return (sh_page_add_line(p, map_box(t, p, l, top, r, bottom), base,
	    block, err));
}

/* The engine's word as words of the page: cleaned, cut at spaces. */
static int
add_word(struct sh_page *p, const char *text, struct sh_box box,
    double confidence, struct sh_error *err)
{
	struct sh_buf clean = SH_BUF_INIT;
	char *word, *rest;
	int rc = -1;

	if (!sh_text_is_utf8(text, strlen(text)))
		return (0);
	if (sh_text_clean(text, strlen(text), &clean, err))
		goto out;
	rest = (char *)clean.data;
	while ((word = strsep(&rest, " ")) != NULL)
		if (*word != '\0' && strlen(word) <= SH_PAGE_WORD_BYTES &&
		    sh_page_add_word(p, word, box, confidence, err))
			goto out;
	rc = 0;
out:
	sh_buf_free(&clean);
	return (rc);
}

static double
map_confidence(double raw)
{
	return (raw <= 0 ? 0 : raw >= 100 ? 1 : raw / 100);
}

/* Everything the engine read, in its reading order. */
static int
take_words(struct sh_recogniser *r, struct sh_page *p, const struct sh_view *t,
    struct sh_error *err)
{
	TessResultIterator *it = TessBaseAPIGetIterator(r->api);
	const TessPageIterator *at;
	int l, top, right, bottom, open = 0, rc = -1;
	uint32_t block = 0, nblocks = 0;
	char *text;

	if (it == NULL)
		return (0);
	at = TessResultIteratorGetPageIteratorConst(it);
	do {
		if (TessPageIteratorIsAtBeginningOf(at, RIL_BLOCK))
			block = nblocks++;
		if (TessPageIteratorIsAtBeginningOf(at, RIL_TEXTLINE))
			open = 0;
		text = TessResultIteratorGetUTF8Text(it, RIL_WORD);
		if (text == NULL)
			continue;
		if (p->nwords >= SH_PAGE_WORDS_MAX ||
		    p->nlines >= SH_PAGE_LINES_MAX ||
		    block >= SH_PAGE_LINES_MAX ||
		    !TessPageIteratorBoundingBox(at, RIL_WORD, &l, &top,
		    &right, &bottom)) {
			TessDeleteText(text);
			continue;
		}
		if ((!open && add_line(p, at, t, block, err)) ||
		    add_word(p, text, map_box(t, p, l, top, right, bottom),
		    map_confidence((double)TessResultIteratorConfidence(it,
		    RIL_WORD)), err)) {
			TessDeleteText(text);
			goto out;
		}
		open = 1;
		TessDeleteText(text);
	} while (TessResultIteratorNext(it, RIL_WORD));
	rc = 0;
out:
	TessResultIteratorDelete(it);
	return (rc);
}

static int
recognise(struct sh_recogniser *r, struct Pix *grey, double dpi,
    const struct sh_view *t, struct sh_page *p, struct sh_error *err)
{
	size_t i;
	double sum = 0;
	int rc = -1;

	TessBaseAPISetImage2(r->api, grey);
	TessBaseAPISetSourceResolution(r->api, (int)lround(dpi));
	if (TessBaseAPIRecognize(r->api, NULL) != 0)
		(void)sh_error_set(err, SH_ELIBRARY, "engine.failed",
		    "Tesseract could not read the page");
	else
		rc = take_words(r, p, t, err);
	TessBaseAPIClear(r->api);
	for (i = 0; i < p->nwords; i++)
		sum += (double)p->words[i].confidence;
	p->confidence = p->nwords > 0 ? sum / (double)p->nwords : 0;
	return (rc);
}

/* ---- one page ----------------------------------------------------------- */

static double
choose_dpi(const struct sh_pixels *px, int *knownp)
{
	double dpi = px->dpi_x;
	int32_t side = px->width_px > px->height_px ? px->width_px :
	    px->height_px;

	*knownp = dpi >= 72 && dpi <= 1200;
	return (*knownp ? dpi : side / ASSUMED_HEIGHT_IN);
}

/*
 * Read the upright page.  A lean of up to a degree costs less than setting
 * it straight does.
 */
static int
read_upright(struct sh_recogniser *r, const struct sh_pixels *px,
    const struct sh_quality *q, struct sh_page *p, struct sh_error *err)
{
	unsigned plan = sh_treat_plan(q, p->dpi);
	double lean = fabs(p->skew_deg) > 1 ? p->skew_deg : 0;
	struct sh_view view;
	struct Pix *grey;
	int rc = -1;

	if ((grey = sh_treat_apply(px, p->dpi, q, plan, err)) != NULL &&
	    sh_clean_straighten(&grey, 1, 1, lean, &view, err) == 0 &&
	    sh_page_set_measure(p, "treatments_bits", plan, err) == 0 &&
	    recognise(r, grey, p->dpi, &view, p, err) == 0) {
		p->state = p->nwords > 0 ? SH_PAGE_READ : SH_PAGE_UNREADABLE;
		rc = 0;
	}
	pixDestroy(&grey);
	return (rc);
}

int
sh_recogniser_read(struct sh_recogniser *r, const struct sh_pixels *px,
    struct sh_page **pagep, struct sh_error *err)
{
	struct sh_pixels turned = { .data = NULL };
	struct sh_sketch sketch = { .pix = NULL };
	struct sh_page *p = NULL;
	struct Pix *grey = NULL;
	struct sh_quality q;
	struct sh_lie lie;
	int rc = -1;

	*pagep = NULL;
	if (sh_clean_check(px, err) || (p = sh_page_new(err)) == NULL ||
	    sh_page_set_engine(p, r->engine, err))
		goto out;
	if (px->exif_orientation != 1) {
		if (sh_clean_turn(px, px->exif_orientation, 0, &turned, err))
			goto out;
		px = &turned;
	}
	p->width_px = px->width_px;
	p->height_px = px->height_px;
	p->dpi = choose_dpi(px, &p->dpi_known);
	if (px->width_px < SIDE_MIN || px->height_px < SIDE_MIN) {
		p->state = SH_PAGE_UNREADABLE;
		rc = 0;
		goto out;
	}
	if ((grey = sh_clean_grey(px, err)) == NULL)
		goto out;
	sh_quality_measure(px, grey, &q);
	if (sh_quality_record(&q, p, err) ||
	    sh_sketch_make(grey, p->dpi, &q, &sketch, err) ||
	    sh_sketch_lie(&sketch, &lie, err))
		goto out;
	if (sh_sketch_blank(&sketch, &q, &lie)) {
		p->state = SH_PAGE_BLANK;
		rc = 0;
		goto out;
	}
	if (lie.degrees != 0) {
		struct sh_pixels again;

		if (sh_clean_turn(px, 1, lie.degrees, &again, err) ||
		    sh_sketch_turn(&sketch, lie.degrees, err))
			goto out;
		free(turned.data);
		turned = again;
		px = &turned;
		p->orientation = lie.degrees;
		p->width_px = px->width_px;
		p->height_px = px->height_px;
	}
	p->skew_deg = sh_sketch_skew(&sketch);
	rc = read_upright(r, px, &q, p, err);
out:
	pixDestroy(&grey);
	sh_sketch_clear(&sketch);
	free(turned.data);
	if (rc == 0) {
		*pagep = p;
		p = NULL;
	}
	sh_page_free(p);
	return (rc);
}
