/*
 * Example papers of a catalogue, drawn as text: what a new paper type is
 * tried on before it is used.
 *
 *	=== slug                  or "unknown"
 *	# a remark
 *	field: value              all that stands on it; \n: a new line
 *	---
 *	the page as text; <<<page>>> begins the next
 *
 * A character is a cell of 20 by 60 px at 300 dpi, so that what stands under
 * something in the text stands under it on the page; four spaces are a gap
 * between columns.  Lines of the head that begin with @ or ! are passed over.
 */
#ifndef SH_OCR_EXAMPLE_H
#define SH_OCR_EXAMPLE_H

#include "base/error.h"
#include "base/json.h"

/*
 * The examples in TEXT as truths for sh_measure_paper(): a new array.
 * Errors: SH_EFORMAT "example.form" with the parameter "value", the line.
 */
json_t *sh_examples_read(const char *text, size_t len, struct sh_error *err);

#endif
