/*
 * What a page's raster is like, before anything is spent on reading it:
 * levels, noise, colour, blank or not, which way is up, how far it leans.
 * All of it together costs about a twentieth of reading the page.
 *
 * Rasters are as in clean.h; the page is upright as far as EXIF knows.
 */
#ifndef SH_OCR_QUALITY_H
#define SH_OCR_QUALITY_H

#include "base/error.h"
#include "ocr/image.h"
#include "ocr/page.h"

struct Pix;

struct sh_quality {
	int two_level;		/* nothing but black and white */
	int paper_level;	/* grey of the paper: median over blocks */
	int paper_spread;	/* of the same, 5 % to 95 % of the blocks */
	int median_level;	/* of all pixels */
	int ink_level;		/* the darkest 1 % of the pixels end here */
	int faint_level;	/* ... and the darkest 0.2 % here */
	int dark_e3;		/* pixels below 90, in thousandths */
	int roughness_e1;	/* mean distance to the 3x3 mean, in tenths */
	int lone_e5;		/* pixels unlike all their neighbours, 1e-5 */
	int colour_e5;		/* pixels of saturated colour, 1e-5 */
	int sharpness_e2;	/* steepest edges: change from one pixel to the
				   next but one, by contrast, hundredths */
};

/* A small bilevel copy of the page, paper and noise evened out. */
struct sh_sketch {
	struct Pix *pix;
	int factor;		/* page pixels to one of the sketch */
	double dpi;		/* of the sketch: 110 to 225 where possible */
};

/* How lines of text lie on a sketch. */
struct sh_lie {
	int degrees;		/* to turn it clockwise: 0, 90, 180, 270 */
	int sure;		/* else read it both ways before deciding */
	int nwords;		/* shapes like words, along the better axis */
	int height_px;		/* of small letters: median over those, in
				   pixels of the page; 0: not known */
};

/* 1 if the page is noise and nothing else: no scan of a page is like that. */
int sh_quality_is_noise(const struct sh_quality *q);
/* 1 if it has more noise than print ever has. */
int sh_quality_is_grainy(const struct sh_quality *q);

/* PX and its grey form. */
void sh_quality_measure(const struct sh_pixels *px, struct Pix *grey,
    struct sh_quality *q);
int sh_quality_record(const struct sh_quality *q, struct sh_page *p,
    struct sh_error *err) SH_MUST_CHECK;

int sh_sketch_make(struct Pix *grey, double dpi, const struct sh_quality *q,
    struct sh_sketch *out, struct sh_error *err) SH_MUST_CHECK;
/*
 * The same of print that is fainter than print of the other side may be:
 * whose it is must be told by reading some of it.
 */
int sh_sketch_make_faint(struct Pix *grey, double dpi,
    const struct sh_quality *q, struct sh_sketch *out, struct sh_error *err)
    SH_MUST_CHECK;
void sh_sketch_clear(struct sh_sketch *s);
/*
 * A copy of PX, whose data is the caller's: what is far from the sketch's
 * ink becomes LEVEL, for grain takes the engine minutes.
 */
int sh_sketch_keep(const struct sh_sketch *s, const struct sh_pixels *px,
    int level, struct sh_pixels *out, struct sh_error *err) SH_MUST_CHECK;
/* The first of the ROWS rows together that hold the most ink. */
int sh_sketch_densest(const struct sh_sketch *s, int rows);
/* Turn it clockwise by 0, 90, 180 or 270 degrees. */
int sh_sketch_turn(struct sh_sketch *s, int degrees, struct sh_error *err)
    SH_MUST_CHECK;

int sh_sketch_lie(const struct sh_sketch *s, struct sh_lie *out,
    struct sh_error *err) SH_MUST_CHECK;

/*
 * How much of what looks like words was read as words: PAGE's words, SCALE_X
 * and SCALE_Y of its pixels to one of the raster that S shows, upright.
 */
struct sh_coverage {
	int shapes;		/* like words */
	int read_e2;		/* of their ink, hundredths, under words */
	int clipped;		/* shapes that a left or right rim cuts */
};
int sh_sketch_coverage(const struct sh_sketch *s, const struct sh_page *page,
    double scale_x, double scale_y, struct sh_coverage *out,
    struct sh_error *err) SH_MUST_CHECK;

/* How many shapes like words stand in its rows. */
int sh_sketch_count_words(const struct sh_sketch *s, int *np,
    struct sh_error *err) SH_MUST_CHECK;

/* 1 if nothing was written or printed on the page. */
int sh_sketch_blank(const struct sh_sketch *s, const struct sh_lie *lie);

/*
 * How far upright lines lean, in degrees clockwise; 0 where it cannot be
 * told.
 */
double sh_sketch_skew(const struct sh_sketch *s);

#endif
