/*
 * The parts of a PDF/A file that pdfa.c puts together.  Each appends bytes
 * to a buffer and is a pure function of its arguments.
 */
#ifndef SH_OCR_PDFA_INTERNAL_H
#define SH_OCR_PDFA_INTERNAL_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "ocr/pdfa.h"

#define SH_PDFA_PRODUCER	"sohoa"

/*
 * The characters that a document uses, ascending; a character's CID is its
 * index + 1.  Space is always one of them.
 */
struct sh_pdfa_chars {
	uint32_t *cp;
	size_t n;
};

int sh_pdfa_chars_find(const struct sh_pdfa_page *pages, size_t npages,
    struct sh_pdfa_chars *out, struct sh_error *err) SH_MUST_CHECK;
void sh_pdfa_chars_clear(struct sh_pdfa_chars *c);
/* The CMap that gives each CID its character. */
int sh_pdfa_tounicode(const struct sh_pdfa_chars *c, struct sh_buf *out,
    struct sh_error *err) SH_MUST_CHECK;

/* A real number without exponent, four decimals, the locale's never. */
int sh_pdfa_number(struct sh_buf *out, double v, struct sh_error *err)
    SH_MUST_CHECK;

/*
 * The page's content: the image /I over WIDTH_PT x HEIGHT_PT, then its words
 * in the font /F, invisible, each on its baseline.
 */
int sh_pdfa_content(const struct sh_pdfa_page *page,
    const struct sh_pdfa_chars *chars, double width_pt, double height_pt,
    struct sh_buf *out, struct sh_error *err) SH_MUST_CHECK;

/* A TrueType font of two empty glyphs, 500 of 1,000 units wide. */
int sh_pdfa_font(struct sh_buf *out, struct sh_error *err) SH_MUST_CHECK;

/* An ICC 2.1 profile of sRGB, ours. */
int sh_pdfa_icc(struct sh_buf *out, struct sh_error *err) SH_MUST_CHECK;

/* The XMP packet, with room for a later writer to change it in place. */
int sh_pdfa_xmp(const struct sh_pdfa_info *info, struct sh_buf *out,
    struct sh_error *err) SH_MUST_CHECK;

#endif
