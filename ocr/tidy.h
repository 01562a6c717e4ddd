/*
 * A reading put in order: what is no writing goes, lines come as they are
 * read.
 *
 *	- Upright bars at a word's ends are rules of tables; words of signs
 *	  alone that were not read surely are rims, folds, strokes.
 *	- What stands right behind a label's colon is another word.
 *	- An eth is a D with a stroke.
 *	- A line without a figure, of which most are signs or nothing but a
 *	  letter or two was read at all, is a signature or a seal; so is one
 *	  of words twice as high as the page's of which none is half sure.
 *	- A line stands before all that lie below it in the same columns; in
 *	  the head of a page, what stands side by side is read row by row;
 *	  lines with nothing beside them are read from above.
 *	- Cards come one after the other, each column by column, without what
 *	  their portrait and pattern were read as.
 *	- A table is read cell by cell, each row from the left: what was
 *	  wrapped in a cell stays together.
 *
 * Machine-readable lines ("<<") are left alone.
 */
#ifndef SH_OCR_TIDY_H
#define SH_OCR_TIDY_H

#include "base/error.h"
#include "ocr/grid.h"
#include "ocr/page.h"

/*
 * A tidied copy of P, on which NCARDS (SH_CARDS_MAX at most) and the tables
 * of GRID (or NULL) lie, all else as in P; the caller's.
 */
struct sh_page *sh_page_tidy(const struct sh_page *p,
    const struct sh_box *card, size_t ncards, const struct sh_grid *grid,
    struct sh_error *err);

#endif
