#include "ocr/engine.h"

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

#define DEBIAN_DATA	"/usr/share/tesseract-ocr/5/tessdata"
#define MODEL_MAX	((size_t)64 << 20)

/* What machines print: ICAO Doc 9303-3. */
#define MACHINE_SIGNS	"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789<"

/* A model and the engine that runs it, once it was needed. */
struct model {
	struct sh_buf data;
	TessBaseAPI *api;
};

struct sh_engine {
	struct model vie, eng;
	char name[SH_PAGE_NAME_BYTES + 1];
};

static void
stop_model(struct model *m)
{
	if (m->api != NULL)
		TessBaseAPIDelete(m->api);
	sh_buf_free(&m->data);
}

void
sh_engine_free(struct sh_engine *e)
{
	if (e == NULL)
		return;
	stop_model(&e->vie);
	stop_model(&e->eng);
	free(e);
}

const char *
sh_engine_name(const struct sh_engine *e)
{
	return (e->name);
}

/*
 * Settings that keep the text: textord_all_prop skips a test for fixed pitch
 * whose outcome the network does not use.
 */
static int
start_model(struct model *m, const char *lang, struct sh_error *err)
{
	char names[2][32] = { "debug_file", "textord_all_prop" };
	char values[2][32] = { "/dev/null", "1" };
	char *namep[2] = { names[0], names[1] };
	char *valuep[2] = { values[0], values[1] };

	if ((m->api = TessBaseAPICreate()) == NULL)
		return (sh_error_nomem(err, "the engine"));
	if (TessBaseAPIInit5(m->api, (const char *)m->data.data,
	    (int)m->data.len, lang, OEM_LSTM_ONLY, NULL, 0, namep, valuep, 2,
	    0) != 0)
		return (sh_error_set(err, SH_EFORMAT, "model.damaged",
		    "Tesseract %s refuses the model %s", TessVersion(),
		    lang));
	return (0);
}

/* The model LANG's bytes and, in HEX, the head of their digest. */
static int
load_model(struct model *m, const char *dir, const char *lang,
    char hex[SH_HEX_LEN], struct sh_error *err)
{
	char name[64], *path;
	struct sh_digest digest;
	int rc = -1;

	(void)snprintf(name, sizeof(name), "%s.traineddata", lang);
	path = sh_path_join(dir != NULL ? dir : DEBIAN_DATA, name, err);
	if (path == NULL)
		return (-1);
	if (sh_fs_read(path, MODEL_MAX, &m->data, err)) {
		if (err->code == SH_ENOTFOUND) {
			sh_error_clear(err);
			sh_error_param(err, "file", "%s", path);
			(void)sh_error_set(err, SH_ENOTFOUND, "model.missing",
			    "no model at %s", path);
		}
	} else if (sh_sha256(m->data.data, m->data.len, &digest, err) == 0) {
		sh_hex(digest.b, 4, hex);
		rc = 0;
	}
	free(path);
	return (rc);
}

int
sh_engine_new(const char *data_dir, struct sh_engine **ep,
    struct sh_error *err)
{
	const char *threads = getenv("OMP_THREAD_LIMIT");
	char vie[SH_HEX_LEN], eng[SH_HEX_LEN];
	struct sh_engine *e;

	*ep = NULL;
	if (threads == NULL || strcmp(threads, "1") != 0)
		return (sh_error_set(err, SH_EARG, "engine.threads",
		    "OMP_THREAD_LIMIT must be 1 before the process starts"));
	(void)setMsgSeverity(L_SEVERITY_NONE);
	if ((e = sh_alloc(1, sizeof(*e), "the engine", err)) == NULL)
		return (-1);
	if (load_model(&e->vie, data_dir, "vie", vie, err) ||
	    load_model(&e->eng, data_dir, "eng", eng, err) ||
	    start_model(&e->vie, "vie", err)) {
		sh_engine_free(e);
		return (-1);
	}
	sh_buf_free(&e->vie.data);
	(void)snprintf(e->name, sizeof(e->name),
	    "tesseract %.20s vie %.8s eng %.8s", TessVersion(), vie, eng);
	*ep = e;
	return (0);
}

/* ---- from the engine's words to the page's ---------------------------- */

/*
 * The engine's certainty as the share of words that were right at it, on
 * the sample pages (23,000 words on 135 pages); linear between.  Held out
 * pages have not confirmed it yet.
 */
static double
map_confidence(double raw)
{
	static const double at[][2] = { { 0, 0.05 }, { 20, 0.15 },
	    { 50, 0.32 }, { 65, 0.42 }, { 75, 0.53 }, { 80, 0.60 },
	    { 85, 0.70 }, { 88, 0.80 }, { 90, 0.89 }, { 92, 0.94 },
	    { 93.5, 0.97 }, { 95, 0.983 }, { 96, 0.994 }, { 100, 0.995 } };
	size_t i;

	if (!(raw > 0))
		return (at[0][1]);
	for (i = 1; i < SH_COUNT(at) - 1 && raw > at[i][0]; i++)
		;
	raw = raw > 100 ? 100 : raw;
	return (at[i - 1][1] + (at[i][1] - at[i - 1][1]) *
	    (raw - at[i - 1][0]) / (at[i][0] - at[i - 1][0]));
}

int32_t
sh_px_clamp(double v, int32_t lo, int32_t hi)
{
	return (v <= lo ? lo : v >= hi ? hi : (int32_t)lround(v));
}

struct sh_box
sh_view_box(const struct sh_view *v, const struct sh_page *p, double x,
    double y, double w, double h)
{
	double left = INFINITY, top = INFINITY, right = 0, foot = 0;
	struct sh_box b;
	int i;

	for (i = 0; i < 4; i++) {
		double u = x + (i & 1 ? w : 0), t = y + (i & 2 ? h : 0);
		double px = v->a * u + v->b * t + v->c;
		double py = v->d * u + v->e * t + v->f;

		left = fmin(left, px);
		right = fmax(right, px);
		top = fmin(top, py);
		foot = fmax(foot, py);
	}
	b.x = sh_px_clamp(left, 0, p->width_px - 1);
	b.y = sh_px_clamp(top, 0, p->height_px - 1);
	b.w = sh_px_clamp(right, b.x + 1, p->width_px) - b.x;
	b.h = sh_px_clamp(foot, b.y + 1, p->height_px) - b.y;
	return (b);
}

static int
add_line(struct sh_page *p, const TessPageIterator *at,
    const struct sh_view *t, uint32_t block, struct sh_error *err)
{
	int l, top, r, bottom, u0, v0, u1, v1;
	int32_t base[4];

	if (!TessPageIteratorBoundingBox(at, RIL_TEXTLINE, &l, &top, &r,
	    &bottom))
		return (sh_error_set(err, SH_ELIBRARY, "engine.failed",
		    "a line without a box"));
	if (!TessPageIteratorBaseline(at, RIL_TEXTLINE, &u0, &v0, &u1, &v1)) {
		u0 = l;
		u1 = r;
		v0 = v1 = bottom;
	}
	base[0] = sh_px_clamp(t->a * u0 + t->b * v0 + t->c, 0, p->width_px);
	base[1] = sh_px_clamp(t->d * u0 + t->e * v0 + t->f, 0, p->height_px);
	base[2] = sh_px_clamp(t->a * u1 + t->b * v1 + t->c, 0, p->width_px);
	base[3] = sh_px_clamp(t->d * u1 + t->e * v1 + t->f, 0, p->height_px);
	return (sh_page_add_line(p, sh_view_box(t, p, l, top,
	    r - l, bottom - top), base,
	    block, err));
}

/* Where the walk through the engine's words stands. */
struct walk {
	struct sh_page *page;
	const TessPageIterator *at;
	const struct sh_view *view;
	uint32_t block;
	int open;		/* the line has begun */
	int upended;		/* lines that run up or down the page */
};

static int
is_upended(const TessPageIterator *at)
{
	int l, top, r, bottom;

	return (TessPageIteratorBoundingBox(at, RIL_TEXTLINE, &l, &top, &r,
	    &bottom) && bottom - top > 150 && bottom - top > 5 * (r - l) / 2);
}

/* The engine's word as words of the page: cleaned, cut at spaces. */
static int
take_word(struct walk *k, const char *text, double confidence,
    struct sh_error *err)
{
	struct sh_buf clean = SH_BUF_INIT;
	int l, top, r, bottom, rc = -1;
	char *word, *rest;

	if (!sh_text_is_utf8(text, strlen(text)) ||
	    !TessPageIteratorBoundingBox(k->at, RIL_WORD, &l, &top, &r,
	    &bottom))
		return (0);
	if (sh_text_clean(text, strlen(text), &clean, err))
		goto out;
	rest = (char *)clean.data;
	while ((word = strsep(&rest, " ")) != NULL) {
		if (*word == '\0' || strlen(word) > SH_PAGE_WORD_BYTES ||
		    k->page->nwords >= SH_PAGE_WORDS_MAX)
			continue;
		if (!k->open) {
			if (k->page->nlines >= SH_PAGE_LINES_MAX)
				continue;
			if (add_line(k->page, k->at, k->view, k->block, err))
				goto out;
			k->open = 1;
			k->upended += is_upended(k->at);
		}
		if (sh_page_add_word(k->page, word, sh_view_box(k->view,
		    k->page, l, top, r - l, bottom - top),
		    map_confidence(confidence), err))
			goto out;
	}
	rc = 0;
out:
	sh_buf_free(&clean);
	return (rc);
}

/* Everything the engine read, in its reading order. */
static int
take_words(TessBaseAPI *api, struct sh_page *p, const struct sh_view *view,
    int *upendedp, struct sh_error *err)
{
	TessResultIterator *it = TessBaseAPIGetIterator(api);
	struct walk k = { .page = p, .view = view };
	uint32_t nblocks = p->nlines > 0 ?
	    p->lines[p->nlines - 1].block + 1 : 0;
	int block_open = 0, rc = 0;
	char *text;

	*upendedp = 0;
	if (it == NULL)
		return (0);
	k.at = TessResultIteratorGetPageIteratorConst(it);
	do {
		if (TessPageIteratorIsAtBeginningOf(k.at, RIL_BLOCK))
			block_open = 0;
		if (TessPageIteratorIsAtBeginningOf(k.at, RIL_TEXTLINE))
			k.open = 0;
		text = TessResultIteratorGetUTF8Text(it, RIL_WORD);
		if (text == NULL)
			continue;
		if (!block_open && nblocks < SH_PAGE_LINES_MAX) {
			k.block = nblocks++;
			block_open = 1;
		}
		rc = take_word(&k, text, (double)TessResultIteratorConfidence(
		    it, RIL_WORD), err);
		TessDeleteText(text);
	} while (rc == 0 && TessResultIteratorNext(it, RIL_WORD));
	*upendedp = k.upended;
	TessResultIteratorDelete(it);
	return (rc);
}

/*
 * The engine for the layout.  Few pages have machine lines: their model is
 * started with the first of them.
 */
static TessBaseAPI *
engine_for(struct sh_engine *e, enum sh_layout layout, struct sh_error *err)
{
	if (layout != SH_LAYOUT_MACHINE) {
		TessBaseAPISetPageSegMode(e->vie.api, layout ==
		    SH_LAYOUT_AUTO ? PSM_AUTO : layout == SH_LAYOUT_BLOCK ?
		    PSM_SINGLE_BLOCK : PSM_SINGLE_COLUMN);
		return (e->vie.api);
	}
	if (e->eng.api == NULL) {
		if (start_model(&e->eng, "eng", err))
			return (NULL);
		sh_buf_free(&e->eng.data);
		TessBaseAPISetPageSegMode(e->eng.api, PSM_SINGLE_BLOCK);
		(void)TessBaseAPISetVariable(e->eng.api,
		    "tessedit_char_whitelist", MACHINE_SIGNS);
	}
	return (e->eng.api);
}

int
sh_engine_run(struct sh_engine *e, struct Pix *grey, double dpi,
    enum sh_layout layout, const struct sh_view *view, struct sh_page *p,
    int *upendedp, struct sh_error *err)
{
	TessBaseAPI *api = engine_for(e, layout, err);
	int rc = -1;

	if (api == NULL)
		return (-1);
	TessBaseAPISetImage2(api, grey);
	TessBaseAPISetSourceResolution(api, sh_px_clamp(dpi, 70, 2400));
	if (TessBaseAPIRecognize(api, NULL) != 0)
		(void)sh_error_set(err, SH_ELIBRARY, "engine.failed",
		    "Tesseract could not read the page");
	else
		rc = take_words(api, p, view, upendedp, err);
	TessBaseAPIClear(api);
	return (rc);
}
