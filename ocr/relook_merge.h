/*
 * Two readings of one place of a page: which words stay, which come.
 *
 * A word of the second reading comes where no sure word stands, or where it
 * says more surely, or whole, what such words say.
 */
#ifndef SH_OCR_RELOOK_MERGE_H
#define SH_OCR_RELOOK_MERGE_H

#include "base/error.h"
#include "ocr/page.h"

#define SH_RELOOK_SURE	0.5	/* a word read less surely may go */

/* 1 if word W of the first reading, in PLACE, is none to keep. */
int sh_relook_is_poor(const struct sh_word *w, const struct sh_box *place);

/*
 * Put the best of N second readings of PLACE into *PP, which is replaced, if
 * any is better than what was read there.
 */
int sh_relook_merge(struct sh_page **pp, const struct sh_box *place,
    struct sh_page *const *other, size_t n, struct sh_error *err)
    SH_MUST_CHECK;

#endif
