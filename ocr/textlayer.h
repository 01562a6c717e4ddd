/*
 * The words that a PDF page tells of itself, held against its picture.
 *
 * A page from a word processor tells its words exactly, and in none of the
 * time that reading takes.  But a page can tell other words than it shows:
 * fonts of the time before Unicode, scans with a stamped line of text, white
 * text, text behind a picture.  So the words are taken only where
 *   - they are written in Latin letters as Vietnamese or English use them;
 *   - there is ink where nearly every one of them stands;
 *   - none stands on another;
 *   - there is next to nothing that looks like a word anywhere else.
 *
 * That keeps out what went wrong, not who lies with care: a font may show
 * other digits than it tells.
 */
#ifndef SH_OCR_TEXTLAYER_H
#define SH_OCR_TEXTLAYER_H

#include <stddef.h>

#include "base/error.h"
#include "ocr/page.h"
#include "ocr/quality.h"

/*
 * XML is what pdftotext -bbox-layout wrote: hostile.  PAGE is empty and
 * upright, its dpi the picture's; SKETCH shows it.  1 with the page filled;
 * 0: the words are not to be trusted, and the page is to be thrown away.
 */
int sh_textlayer_fill(const char *xml, size_t len,
    const struct sh_sketch *sketch, struct sh_page *page,
    struct sh_error *err) SH_MUST_CHECK;

#endif
