/*
 * By what the first page of a view shows that it begins a document, or goes
 * on with one, whatever the paper is.  Pure; 1 or 0.
 */
#ifndef SH_OCR_BEGINS_H
#define SH_OCR_BEGINS_H

#include "ocr/heading.h"
#include "ocr/view.h"

/* A page number of 2 or more in the middle of the first row. */
int sh_begins_numbered(const struct sh_view *v, const struct sh_heading *h);
/*
 * A short line alone in the middle of the upper part: in capitals, or before
 * anything else.
 */
int sh_begins_headed(const struct sh_view *v, const struct sh_heading *h);
/* A line of capitals in the middle of the head names some paper. */
int sh_begins_named(const struct sh_view *v, const struct sh_heading *h);
/* "Đà Lạt, ngày 3 tháng 9 năm 2021" in one of the first rows. */
int sh_begins_letter(const struct sh_view *v);

#endif
