/*
 * Which words were written with a pen: their ink is blue, as print's is not.
 * Handwriting is not read well enough to be believed; a field that stands in
 * it goes to a person.  A black pen, a grey or a two-level scan tell nothing.
 */
#ifndef SH_OCR_PEN_H
#define SH_OCR_PEN_H

#include "ocr/image.h"
#include "ocr/page.h"

/*
 * Mark the words of the upright page P as penned; SCALE_X and SCALE_Y of its
 * pixels are one of PX.  PAPER_LEVEL is the grey of its paper.
 */
void sh_pen_find(const struct sh_pixels *px, double scale_x, double scale_y,
    int paper_level, struct sh_page *p);

/* Is more than half of what stands in BOX penned? */
int sh_pen_wrote(const struct sh_page *p, struct sh_box box);

#endif
