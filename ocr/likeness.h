/*
 * What a page looks like, small enough to keep: its ink as one bit a pixel
 * at 200 dpi.  Two captures of one sheet are alike in every place as large
 * as a stroke of a digit; a form that says something else is not, however
 * little it is.
 *
 * Made in the decode worker from pixels; compared in the main program, which
 * checks the packed form as any message of a worker.  Pure.
 */
#ifndef SH_OCR_LIKENESS_H
#define SH_OCR_LIKENESS_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "ocr/page.h"

#define SH_LIKENESS_DPI		200
#define SH_LIKENESS_MAX		((size_t)1 << 20)	/* packed, bytes */

struct sh_looks;

/*
 * *LP stays NULL, without an error, of pixels of which none can be made:
 * coarser than 190 dpi, of unknown size or larger than A3.  One with strokes
 * too faint to be surely seen is the same sheet as no other; what is ink on it
 * can still be looked at.  DATA as in ocr/image.h; what it looks like is
 * upright by EXIF_ORIENTATION (1..8), as boxes of readings are (ocr/page.h).
 */
int sh_likeness_new(const uint8_t *data, int32_t width_px, int32_t height_px,
    int channels, double dpi_x, double dpi_y, int exif_orientation,
    struct sh_looks **lp, struct sh_error *err) SH_MUST_CHECK;
void sh_likeness_free(struct sh_looks *l);

/* The form that is kept and sent; frozen: "SHL1", or "SHF1" of a faint one. */
int sh_likeness_pack(const struct sh_looks *l, struct sh_buf *out,
    struct sh_error *err) SH_MUST_CHECK;
/* Errors: SH_EFORMAT "likeness.damaged". */
int sh_likeness_unpack(const void *data, size_t len, struct sh_looks **lp,
    struct sh_error *err) SH_MUST_CHECK;
/* May the packed one be the same sheet as another: is none of it faint? */
int sh_likeness_is_whole(const void *data, size_t len);

/*
 * Where what stands at x, y of the held page, in pixels of SH_LIKENESS_DPI,
 * stands on the new one: x' = x + a y + b, y' = y - a x + c.
 */
struct sh_shift {
	double a, b, c;
};

/*
 * How many places differ; 0: the same sheet, as SHIFT says.  Counting stops
 * at LIMIT, and at once where the two have nothing in common.  Either keeps
 * what was found out about it: the next comparison is cheaper.  -1: no memory.
 */
int sh_likeness_compare(struct sh_looks *l, struct sh_looks *held, int limit,
    struct sh_shift *shift, struct sh_error *err);

enum sh_look {
	SH_LOOK_NOTHING,	/* no ink there, or none that can be compared */
	SH_LOOK_SAME,		/* no stroke more, no stroke less */
	SH_LOOK_DIFFERENT
};

/* A place of a page: BOX in pixels, of so many a page. */
struct sh_look_at {
	struct sh_box box;
	int32_t width_px, height_px;
	int orientation;	/* the box is on a page turned so; page.h */
	enum sh_look look;
};

/* Does the held page show the same in each of the places of the new one? */
int sh_likeness_look(struct sh_looks *l, struct sh_looks *held,
    struct sh_look_at *at, size_t n, struct sh_error *err) SH_MUST_CHECK;

#endif
