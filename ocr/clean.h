/*
 * From a page's pixels to the raster that is read: turned upright, made
 * grey, and changed only where a measure says that something is broken.
 * The page that is shown and archived is never touched.
 *
 * Rasters are Leptonica's (struct Pix): "grey" has 8 bits a pixel, "bilevel"
 * 1 bit, 1 is ink.  The caller owns what is returned and releases it with
 * pixDestroy().  Nothing here trusts the pixels' content; their shape was
 * checked by sh_clean_check().
 *
 * Errors: SH_ENOMEM, also where Leptonica gives no result.
 */
#ifndef SH_OCR_CLEAN_H
#define SH_OCR_CLEAN_H

#include "base/error.h"
#include "ocr/image.h"

struct Pix;

/* SH_EARG "raster.shape" or SH_ELIMIT "raster.too-large". */
int sh_clean_check(const struct sh_pixels *px, struct sh_error *err)
    SH_MUST_CHECK;

/*
 * Turn as EXIF says (1..8), then DEGREES (0, 90, 180, 270) clockwise.  OUT's
 * data is the caller's, released with free(); its exif_orientation is 1 and
 * its dpi follow the turn.
 */
int sh_clean_turn(const struct sh_pixels *px, int exif_orientation,
    int degrees, struct sh_pixels *out, struct sh_error *err) SH_MUST_CHECK;

/*
 * Make the pixels square: columns or rows are repeated until both dpi are
 * the larger of the two.  OUT's data is the caller's.
 */
int sh_clean_square(const struct sh_pixels *px, struct sh_pixels *out,
    struct sh_error *err) SH_MUST_CHECK;

/* Luminance. */
struct Pix *sh_clean_grey(const struct sh_pixels *px, struct sh_error *err);

/* Treatments (treat.c), for what is broken and nothing else. */
enum {
	SH_TREAT_PAPER = 1,	/* uneven or dark paper is evened */
	SH_TREAT_COLOUR = 2,	/* ... each channel, and seals and pen strokes
				   over the text become paper */
	SH_TREAT_MEDIAN = 4,	/* noise of single pixels */
	SH_TREAT_STRETCH = 8,	/* grey on grey */
	SH_TREAT_REVIVE = 16,	/* ink faded in patches; needs even paper */
	/* Found out while treating, not planned: */
	SH_TREAT_STAINS = 32,	/* paper behind sharp-edged stains is evened */
	SH_TREAT_GHOST = 64	/* a fainter print behind the print goes */
};

struct sh_quality;

unsigned sh_treat_plan(const struct sh_quality *q, double print_dpi);

/*
 * PRINT_DPI is the dpi at which the page's small letters would have their
 * usual height: less than DPI for small print.
 *
 * The grey raster to read: the plan's treatments, and dotted lines of forms
 * painted over, which Tesseract would take whole lines of text for.
 * Adds to *PLANP what it found out.
 */
struct Pix *sh_treat_apply(const struct sh_pixels *px, double dpi,
    double print_dpi, const struct sh_quality *q, unsigned *planp,
    struct sh_error *err);

/* From pixels u, v of a raster to pixels x, y of the page it came from. */
struct sh_view {
	double a, b, c;		/* x = a u + b v + c */
	double d, e, f;		/* y = d u + e v + f */
};

/*
 * Replace *GREYP by one scaled by SCALE_X and SCALE_Y and turned so that
 * what leans by LEAN_DEG clockwise lies straight; nothing is cut off.  Done
 * only where it matters: no scale of 1, no lean of 0.
 */
int sh_clean_straighten(struct Pix **greyp, double scale_x, double scale_y,
    double lean_deg, struct sh_view *view, struct sh_error *err)
    SH_MUST_CHECK;

struct sh_box;

/* The part of GREY that shows BOX of the page, and its view in *OUT. */
struct Pix *sh_view_cut(struct Pix *grey, const struct sh_view *view,
    const struct sh_box *box, struct sh_view *out, struct sh_error *err);
/* The level of the paper: the commonest of the lighter half; 255 if none. */
int sh_clean_paper_level(struct Pix *grey);
/* That part becomes LEVEL. */
void sh_view_clear(struct Pix *grey, const struct sh_view *view,
    const struct sh_box *box, int level);

#endif
