/*
 * What drawing a PDF page would cost, told before pdftoppm begins: it has
 * no limit of its own on how often a form draws forms, or on the size of an
 * image that it fits into the page.
 */
#ifndef SH_OCR_PDFIN_COST_H
#define SH_OCR_PDFIN_COST_H

#include "base/error.h"
#include "ocr/pdfin_dict.h"

/*
 * CONTENTS and RESOURCES are the page's.  *VEILEDP: its words may not be
 * what it shows: other words than its glyphs (/ActualText), invisible text,
 * an image as large as a scan, over text or under.  Errors: SH_ELIMIT "pdf.too-complex";
 * "image.too-large", an image of the page.
 */
int sh_pdf_check_cost(qpdf_data q, qpdf_oh contents, qpdf_oh resources,
    int *veiledp, struct sh_error *err) SH_MUST_CHECK;

#endif
