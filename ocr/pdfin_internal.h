/*
 * The parts of pdfin that need no PDF library: the content stream of a
 * page, and the samples of an image.
 */
#ifndef SH_OCR_PDFIN_INTERNAL_H
#define SH_OCR_PDFIN_INTERNAL_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "ocr/image_internal.h"

#define SH_PDF_NAME_MAX	128

/* Where a page that only draws one image puts it. */
struct sh_pdf_placing {
	char image[SH_PDF_NAME_MAX];	/* "/Im0" */
	double ctm[6];		/* unit square to default user space */
	int coloured;		/* a colour was set: matters to stencils */
	int states;		/* graphics states were set by name */
};

/*
 * 1 if the content draws exactly one named object and besides it nothing
 * that shows inside BOX (x0, y0, x1, y1): only graphics state, marked
 * content, invisible text, and clips that hold the whole box.  Else 0.
 */
int sh_pdf_content_scan(const uint8_t *p, size_t len, const double box[4],
    struct sh_pdf_placing *out);

/*
 * How the image lies on the page as shown, as an EXIF orientation; its side
 * lengths in points, along its rows and down its columns.  0 when it is
 * skewed or does not fill the box.
 */
int sh_pdf_orientation(const double ctm[6], const double box[4], int rotate,
    double *row_pt, double *column_pt);

/* Samples of a Flate or unfiltered image. */
struct sh_pdf_samples {
	int32_t width_px, height_px;
	int bits;		/* 1, 2, 4, 8 */
	struct sh_colour colour;
	int deflated;
	int predictor;		/* 1 none, 2 TIFF, 10..15 PNG */
};
/*
 * Fill the pixels, row by row; a short stream is "image.truncated".  1: the
 * stream is whole, nothing was cut off, but its writer had fewer rows than
 * he told of.
 */
int sh_pdf_samples_page(const struct sh_pdf_samples *s, const uint8_t *data,
    size_t len, struct sh_image_page *out, struct sh_error *err)
    SH_MUST_CHECK;

/* Append what DATA inflates to; 0 at the end, 1 past the buffer's limit. */
int sh_pdf_inflate(const uint8_t *data, size_t len, struct sh_buf *out,
    struct sh_error *err) SH_MUST_CHECK;

#endif
