#include "signing/appearance.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/mem.h"
#include "base/text.h"
#include "signing/letters.h"

#define SIZE_PT		10
#define LEADING_PT	12
#define GUTTER_PT	6.0	/* between the halves of the page */
#define MIN_WIDTH_PT	72.0
#define MAX_LINES	24
#define MAX_TEXT	2048	/* bytes of all lines */

/* ---- the text ---- */

struct block {
	char text[MAX_TEXT];	/* the lines, each ended by NUL */
	size_t used;
	const char *lines[MAX_LINES];
	size_t nlines;
	double width_pt;	/* of the longest */
};

static int
add_line(struct block *b, const char *s, size_t len, unsigned long units,
    struct sh_error *err)
{
	double w = (double)units * SIZE_PT / 1000;

	if (b->nlines == MAX_LINES || len >= sizeof(b->text) - b->used)
		return (sh_error_set(err, SH_ELIMIT, "sign.text",
		    "a visible text of more than %d lines or %d bytes",
		    MAX_LINES, MAX_TEXT));
	memcpy(b->text + b->used, s, len);
	b->text[b->used + len] = '\0';
	b->lines[b->nlines++] = b->text + b->used;
	b->used += len + 1;
	if (w > b->width_pt)
		b->width_pt = w;
	return (0);
}

/* One line given, broken at spaces (or anywhere) where it is too wide. */
static int
wrap(struct block *b, const struct sh_font *f, const char *line, double max,
    struct sh_error *err)
{
	const char *end = line + strlen(line), *p, *fits, *space;
	unsigned long units, units_fit, units_space;	/* of width */
	uint32_t cp;
	size_t n;

	while (line < end) {
		fits = line;
		space = NULL;
		units = units_fit = units_space = 0;
		for (p = line; p < end; p += n) {
			if ((n = sh_utf8_get(p, end, &cp)) == 0)
				return (sh_error_set(err, SH_EFORMAT,
				    "text.utf8", "a visible line is no "
				    "UTF-8"));
			if (cp == ' ') {
				space = p;
				units_space = units;
			}
			units += sh_font_width(f, cp);
			/* At least one character a line, or it never ends. */
			if (p > line && (double)units * SIZE_PT / 1000 > max)
				break;
			fits = p + n;
			units_fit = units;
		}
		if (fits < end && space != NULL && space > line) {
			fits = space;
			units_fit = units_space;
		}
		if (add_line(b, line, (size_t)(fits - line), units_fit, err))
			return (-1);
		for (line = fits; line < end && *line == ' ';)
			line++;
	}
	return (0);
}

/* ---- the objects ---- */

/* The embedded letters as a Type 0 font; its number. */
static int
write_font(struct sh_pdf_update *u, const struct sh_letters *l,
    uint32_t *nump, struct sh_error *err)
{
	const struct sh_font_subset *s = &l->subset;
	const struct sh_font_metrics *m = &l->metrics;
	uint32_t file = sh_pdf_update_number(u);
	uint32_t set = sh_pdf_update_number(u);
	uint32_t map = sh_pdf_update_number(u);
	uint32_t descriptor = sh_pdf_update_number(u);
	uint32_t cid = sh_pdf_update_number(u);
	char members[64];

	*nump = sh_pdf_update_number(u);
	(void)snprintf(members, sizeof(members), "/Length1 %zu", s->file.len);
	if (sh_pdf_update_deflated(u, file, members, &l->file, err) ||
	    sh_pdf_update_deflated(u, set, "", &l->cidset, err) ||
	    sh_pdf_update_deflated(u, map, "", &l->cmap, err) ||
	    sh_pdf_update_print(u, descriptor, 0, err,
	    "<</Type/FontDescriptor/FontName/%s/Flags 4/FontBBox[%d %d %d %d]"
	    "/ItalicAngle 0/Ascent %d/Descent %d/CapHeight %d/StemV 80"
	    "/FontFile2 %u 0 R/CIDSet %u 0 R>>", s->name, m->bbox[0],
	    m->bbox[1], m->bbox[2], m->bbox[3], m->ascent, m->descent,
	    m->cap_height, file, set))
		return (-1);
	if (sh_pdf_update_print(u, cid, 0, err,
	    "<</Type/Font/Subtype/CIDFontType2/BaseFont/%s/CIDSystemInfo"
	    "<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>"
	    "/FontDescriptor %u 0 R/CIDToGIDMap/Identity/DW 0/W[0[%s]]>>",
	    s->name, descriptor, (const char *)l->widths.data))
		return (-1);
	return (sh_pdf_update_print(u, *nump, 0, err, "<</Type/Font/Subtype"
	    "/Type0/BaseFont/%s/Encoding/Identity-H/DescendantFonts[%u 0 R]"
	    "/ToUnicode %u 0 R>>", s->name, cid, map));
}

/* The lines downwards, the first one's baseline at FIRST_PT. */
static int
write_lines(const struct block *b, const struct sh_font_subset *s,
    double first_pt, struct sh_buf *out, struct sh_error *err)
{
	const char *p, *end;
	char first[SH_PDF_NUMBER_LEN], *room, *at;
	uint8_t glyph[2];
	uint32_t cp;
	size_t i;

	sh_pdf_number(first_pt, first);
	if (sh_buf_printf(out, err, "0 g\nBT\n/F %d Tf\n%d TL\n"
	    "1 0 0 1 0 %s Tm\n", SIZE_PT, LEADING_PT, first))
		return (-1);
	for (i = 0; i < b->nlines; i++) {
		p = b->lines[i];
		end = p + strlen(p);
		/* Four digits a character, of at least one byte. */
		if ((room = (char *)sh_buf_reserve(out, 4 * strlen(p) + 16,
		    err)) == NULL)
			return (-1);
		at = room;
		*at++ = '<';
		for (; p < end; p += sh_utf8_get(p, end, &cp), at += 4) {
			(void)sh_utf8_get(p, end, &cp);
			sh_put_be(glyph, sh_font_glyph(s, cp), 2);
			sh_hex(glyph, 2, at);
		}
		out->len += (size_t)(at - room);
		if (sh_buf_puts(out, "> Tj T*\n", err))
			return (-1);
	}
	return (sh_buf_puts(out, "ET\n", err));
}

/* Turned against the page, so that the reader sees it upright. */
static const char *
matrix(int rotate)
{
	switch (rotate) {
	case 0:
		return ("1 0 0 1 0 0");
	case 90:
		return ("0 1 -1 0 0 0");
	case 180:
		return ("-1 0 0 -1 0 0");
	default:
		return ("0 -1 1 0 0 0");
	}
}

static int
write_visible(struct sh_pdf_update *u, const struct sh_pdf_page *page,
    const struct sh_pdf_signature *what, uint32_t form, double rect[4],
    struct sh_error *err)
{
	const struct sh_font *f;
	struct sh_letters *letters = NULL;
	const struct sh_font_subset *subset;
	struct sh_buf content = SH_BUF_INIT;
	struct block *b = NULL;
	char w[SH_PDF_NUMBER_LEN], h[SH_PDF_NUMBER_LEN];
	double shown, max, height, x;
	uint32_t font;
	size_t i;
	int rc = -1;

	if ((f = sh_font_default(err)) == NULL ||
	    (b = sh_alloc(1, sizeof(*b), "a visible text", err)) == NULL)
		goto out;
	shown = (page->rotate % 180 == 0 ? page->box[2] - page->box[0] :
	    page->box[3] - page->box[1]) * page->unit;
	/* Each corner has its half of the page. */
	max = what->width_pt > 0 ? what->width_pt :
	    shown / 2 - what->offset_x_pt - GUTTER_PT;
	if (max < MIN_WIDTH_PT)
		max = MIN_WIDTH_PT;
	for (i = 0; i < SH_COUNT(what->lines) && what->lines[i] != NULL; i++) {
		sh_buf_reset(&content);
		if (sh_text_clean(what->lines[i], strlen(what->lines[i]),
		    &content, err) || (content.len > 0 &&
		    wrap(b, f, (char *)content.data, max, err)))
			goto out;
	}
	sh_buf_reset(&content);
	if (b->nlines == 0) {
		(void)sh_error_set(err, SH_EARG, "sign.text",
		    "a visible signature without a line");
		goto out;
	}
	if ((letters = sh_letters_take(f, b->lines, b->nlines, err)) ==
	    NULL || write_font(u, letters, &font, err))
		goto out;
	subset = &letters->subset;
	/* Nothing is drawn outside the box: it must hold every mark. */
	height = (double)(b->nlines - 1) * LEADING_PT +
	    (subset->top - subset->bottom) * SIZE_PT / 1000.0;
	if (write_lines(b, subset, height - subset->top * SIZE_PT / 1000.0,
	    &content, err))
		goto out;
	x = what->place == SH_SIG_TOP_LEFT ? what->offset_x_pt :
	    shown - what->offset_x_pt - b->width_pt;
	sh_pdf_page_place(page, x < 0 ? 0 : x, what->offset_y_pt, b->width_pt,
	    height, rect);
	sh_pdf_number(b->width_pt, w);
	sh_pdf_number(height, h);
	/* Not deflated: it takes longer than signing and saves 200 bytes. */
	rc = sh_pdf_update_print(u, form, 0, err, "<</Type/XObject"
	    "/Subtype/Form/BBox[0 0 %s %s]/Matrix[%s]/Resources<</Font"
	    "<</F %u 0 R>>>>/Length %zu>>\nstream\n%s\nendstream", w, h,
	    matrix(page->rotate), font, content.len,
	    (const char *)content.data);
out:
	sh_letters_release(letters);
	sh_buf_free(&content);
	free(b);
	return (rc);
}

int
sh_appearance_write(struct sh_pdf_update *u, const struct sh_pdf_page *page,
    const struct sh_pdf_signature *what, uint32_t *formp, double rect[4],
    struct sh_error *err)
{
	*formp = sh_pdf_update_number(u);
	memset(rect, 0, 4 * sizeof(*rect));
	/* PDF/A-1 asks for an appearance even where nothing is seen. */
	if (what->place == SH_SIG_INVISIBLE)
		return (sh_pdf_update_print(u, *formp, 0, err, "<</Type"
		    "/XObject/Subtype/Form/BBox[0 0 0 0]/Resources<<>>"
		    "/Length 0>>\nstream\n\nendstream"));
	return (write_visible(u, page, what, *formp, rect, err));
}
