/*
 * Pages for tests, drawn as text: a character is a cell of 20 by 60 px at
 * 300 dpi, so that what stands under something in the text stands under it
 * on the page, and four spaces are a gap between columns.
 */
#ifndef SH_TESTS_PAGE_TEXT_H
#define SH_TESTS_PAGE_TEXT_H

#include "base/text.h"
#include "ocr/page.h"
#include "tests/unit/test.h"

#define TEXT_CELL_W	20
#define TEXT_CELL_H	60
#define TEXT_LEFT	200
#define TEXT_TOP	200

/* One line of the page; words are what spaces part. */
static inline void
text_line(struct sh_page *p, const char *s, const char *end, int32_t y,
    double confidence)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_box box, line = { 0, 0, 0, 0 };
	int32_t base[4], col = 0, from;
	const char *q = s, *w;
	char word[256];
	uint32_t cp;
	size_t n, pass;

	/* First the line's box, then its words. */
	for (pass = 0; pass < 2; pass++) {
		if (pass == 1) {
			if (line.w == 0)
				return;
			base[0] = line.x;
			base[1] = base[3] = y + 40;
			base[2] = line.x + line.w;
			must(sh_page_add_line(p, line, base, 0, &err));
		}
		for (q = s, col = 0; q < end;) {
			if (*q == ' ') {
				q++;
				col++;
				continue;
			}
			from = col;
			for (w = q; q < end && *q != ' '; q += n, col++)
				assert_true((n = sh_utf8_get(q, end, &cp)) >
				    0);
			box = (struct sh_box){ TEXT_LEFT + from *
			    TEXT_CELL_W, y, (col - from) * TEXT_CELL_W - 4,
			    40 };
			if (pass == 0) {
				line = line.w == 0 ? box :
				    sh_box_union(line, box);
				continue;
			}
			assert_true((size_t)(q - w) < sizeof(word));
			memcpy(word, w, (size_t)(q - w));
			word[q - w] = '\0';
			must(sh_page_add_word(p, word, box, confidence,
			    &err));
		}
	}
}

/* A page from S to END, lines by '\n'. */
static inline struct sh_page *
text_page(const char *s, const char *end, double confidence)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_page *p;
	const char *e;
	int32_t y = TEXT_TOP;

	must_ptr(p = sh_page_new(&err));
	p->state = SH_PAGE_READ;
	p->width_px = 2480;
	p->height_px = 3508;
	p->dpi = 300;
	p->dpi_known = 1;
	for (; s < end; s = e < end ? e + 1 : e, y += TEXT_CELL_H) {
		for (e = s; e < end && *e != '\n'; e++)
			;
		text_line(p, s, e, y, confidence);
	}
	return (p);
}

#endif
