/*
 * A second look at what the engine lost on a page or made a muddle of: a
 * pen's stroke or a seal across print joins lines that it then takes for a
 * picture.
 *
 * Ink in the shape of letters that no sure word covers is cut out and read
 * by itself, as it is and with nothing but its darkest ink, for seals of
 * photocopies and most pens are paler than print.  The better reading
 * stays.
 */
#ifndef SH_OCR_RELOOK_H
#define SH_OCR_RELOOK_H

#include "base/error.h"
#include "ocr/engine.h"
#include "ocr/quality.h"

/*
 * GREY, of DPI, is what *PP was read from, by VIEW; Q its page's measures.
 * *PP is replaced where the second reading was better.
 */
int sh_relook(struct sh_engine *e, struct Pix *grey, double dpi,
    const struct sh_view *view, const struct sh_quality *q,
    struct sh_page **pp, struct sh_error *err) SH_MUST_CHECK;

#endif
