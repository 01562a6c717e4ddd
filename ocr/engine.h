/*
 * Tesseract: a raster to words on a page, as the engine read them.  The only
 * caller of Tesseract; recognise.h says what the process must keep.
 */
#ifndef SH_OCR_ENGINE_H
#define SH_OCR_ENGINE_H

#include "base/error.h"
#include "ocr/clean.h"
#include "ocr/page.h"

struct sh_engine;

/* DATA_DIR and errors are sh_recogniser_new()'s. */
int sh_engine_new(const char *data_dir, struct sh_engine **ep,
    struct sh_error *err) SH_MUST_CHECK;
void sh_engine_free(struct sh_engine *e);

/* "tesseract 5.3.0 vie 01234567 eng 89abcdef": digests of models; borrowed. */
const char *sh_engine_name(const struct sh_engine *e);

enum sh_layout {
	SH_LAYOUT_AUTO,		/* columns are looked for */
	SH_LAYOUT_COLUMN,	/* there is one */
	SH_LAYOUT_BLOCK,	/* lines of one height, one below the other */
	SH_LAYOUT_MACHINE	/* a block of machine-readable lines */
};

/*
 * Read the grey raster of DPI; VIEW leads from it to the page P, to
 * which lines and words are added.  *UPENDEDP: lines that run up or down the page.
 */
int sh_engine_run(struct sh_engine *e, struct Pix *grey, double dpi,
    enum sh_layout layout, const struct sh_view *view, struct sh_page *p,
    int *upendedp, struct sh_error *err) SH_MUST_CHECK;

/* V rounded, from LO to HI. */
int32_t sh_px_clamp(double v, int32_t lo, int32_t hi);

/* The upright box on P, cut to it, around a box of the raster that V shows. */
struct sh_box sh_view_box(const struct sh_view *v, const struct sh_page *p,
    double x, double y, double w, double h);

#endif
