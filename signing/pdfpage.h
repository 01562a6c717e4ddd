/*
 * The first page and its geometry.
 *
 * Source: ISO 32000-2 7.7.3, 14.11.2.
 */
#ifndef SH_SIGNING_PDFPAGE_H
#define SH_SIGNING_PDFPAGE_H

#include "base/error.h"
#include "signing/pdfread.h"

struct sh_pdf_page {
	const struct sh_pdf_object *object;
	double box[4];		/* what is shown, x0 < x1, y0 < y1, user units */
	int rotate;		/* 0, 90, 180, 270 clockwise */
	double unit;		/* UserUnit: points per user unit */
};

/*
 * The document's first page with what it inherits.
 * Errors: SH_EFORMAT "pdf.damaged".
 */
int sh_pdf_first_page(struct sh_pdf *doc, struct sh_pdf_page *out,
    struct sh_error *err) SH_MUST_CHECK;

/*
 * A box as the reader sees it, in points from the top left of the upright
 * page, as a rectangle in the page's own coordinates.
 */
void sh_pdf_page_place(const struct sh_pdf_page *page, double x, double y,
    double w, double h, double rect[4]);

#endif
