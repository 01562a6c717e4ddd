/*
 * What changed between a signed revision and the document as it is now.
 *
 * Both documents are walked from their trailers side by side; whatever can
 * be reached must be equal, value by value and byte by byte, but for what a
 * later signature may add.  Not the cross-references are compared but what
 * they lead to, so that an old object under a new number, or a new meaning
 * of an old number, is seen.
 *
 * Allowed behind a signature: new signature fields with their values, the
 * signing of fields that were prepared, their widgets on pages, the document
 * security store, developer extensions; filling in a form only where a
 * certification says so, and never in a locked field.
 *
 * Source: ISO 32000-2 12.8.2.2, 12.8.2.4, 12.8.4.3.
 */
#ifndef SH_SIGNING_REVISION_H
#define SH_SIGNING_REVISION_H

#include "base/error.h"
#include "signing/pdfform.h"
#include "signing/pdfread.h"

#define SH_WHY_LEN	160

/*
 * 1: nothing changed but what may; 0: something did, WHY says what; -1.
 * LOCK is what the signature says of later changes.
 */
int sh_revision_compare(struct sh_pdf *was, struct sh_pdf *now,
    const struct sh_pdf_lock *lock, char why[SH_WHY_LEN],
    struct sh_error *err);

#endif
