/*
 * What is seen of a signature: black upright text of 10 points in the
 * corner of the first page, with the letters it needs embedded, so that
 * PDF/A stays PDF/A.
 *
 * Rule: NĐ 30/2020/NĐ-CP App. I (agency: top right of page 1, Times New
 * Roman, upright, 10, black); TT 01/2023/TT-VPCP Art. 8 (officer: top left).
 * Source: ISO 32000-2 12.5.5, 9.7; ISO 19005-2 6.2.11, 6.3.3.
 */
#ifndef SH_SIGNING_APPEARANCE_H
#define SH_SIGNING_APPEARANCE_H

#include "base/error.h"
#include "signing/pdfpage.h"
#include "signing/pdfsig.h"
#include "signing/pdfupdate.h"

/*
 * Adds the appearance of WHAT to the update: *FORMP is the number of its
 * form XObject, RECT where the annotation stands (all zero when invisible).
 * Errors: SH_ELIMIT "sign.text", more text than fits; those of the font.
 */
int sh_appearance_write(struct sh_pdf_update *u,
    const struct sh_pdf_page *page, const struct sh_pdf_signature *what,
    uint32_t *formp, double rect[4], struct sh_error *err) SH_MUST_CHECK;

#endif
