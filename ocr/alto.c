/* ALTO 4.2: the exchange form of readings in archive packages. */
#include "ocr/page.h"

#include <string.h>

#include "base/text.h"

/* Text as an attribute value; what XML 1.0 cannot carry becomes U+FFFD. */
static int
put_escaped(struct sh_buf *out, const char *s, struct sh_error *err)
{
	const char *end = s + strlen(s);
	uint32_t cp;
	size_t n;
	int rc = 0;

	for (; rc == 0 && s < end && (n = sh_utf8_get(s, end, &cp)) > 0;
	    s += n)
		switch (cp) {
		case '&':
			rc = sh_buf_puts(out, "&amp;", err);
			break;
		case '<':
			rc = sh_buf_puts(out, "&lt;", err);
			break;
		case '>':
			rc = sh_buf_puts(out, "&gt;", err);
			break;
		case '"':
			rc = sh_buf_puts(out, "&quot;", err);
			break;
		default:
			if (cp < 0x20 || cp == 0xfffe || cp == 0xffff)
				rc = sh_buf_puts(out, "\xef\xbf\xbd", err);
			else
				rc = sh_buf_append(out, s, n, err);
		}
	return (rc);
}

static int
put_box(struct sh_buf *out, struct sh_box b, struct sh_error *err)
{
	return (sh_buf_printf(out, err,
	    " HPOS=\"%d\" VPOS=\"%d\" WIDTH=\"%d\" HEIGHT=\"%d\"", b.x, b.y,
	    b.w, b.h));
}

static int
put_words(struct sh_buf *out, const struct sh_page *p,
    const struct sh_line *l, size_t page, struct sh_error *err)
{
	size_t i, end = (size_t)l->first + l->nwords;

	for (i = l->first; i < end; i++) {
		const struct sh_word *w = &p->words[i];

		if (sh_buf_printf(out, err, "<String ID=\"p%zu_w%zu\"", page,
		    i + 1) || put_box(out, w->box, err) ||
		    sh_buf_printf(out, err, " WC=\"%.3f\" CONTENT=\"",
		    (double)w->confidence) ||
		    put_escaped(out, w->text, err) ||
		    sh_buf_puts(out, i + 1 < end ? "\"/><SP/>\n" : "\"/>\n",
		    err))
			return (-1);
	}
	return (0);
}

/* The lines FIRST to END - 1, which share a block. */
static int
put_block(struct sh_buf *out, const struct sh_page *p, size_t first,
    size_t end, size_t page, struct sh_error *err)
{
	struct sh_box box = { 0, 0, 0, 0 };
	size_t i;

	for (i = first; i < end; i++)
		if (p->lines[i].nwords > 0)
			box = sh_box_union(box, p->lines[i].box);
	if (box.w == 0)
		return (0);
	if (sh_buf_printf(out, err, "<TextBlock ID=\"p%zu_b%zu\"", page,
	    first + 1) || put_box(out, box, err) ||
	    sh_buf_puts(out, " LANG=\"vi\">\n", err))
		return (-1);
	for (i = first; i < end; i++) {
		const struct sh_line *l = &p->lines[i];

		if (l->nwords == 0)
			continue;
		if (sh_buf_printf(out, err, "<TextLine ID=\"p%zu_l%zu\"",
		    page, i + 1) || put_box(out, l->box, err) ||
		    sh_buf_printf(out, err,
		    " BASELINE=\"%d,%d %d,%d\">\n", l->baseline[0],
		    l->baseline[1], l->baseline[2], l->baseline[3]) ||
		    put_words(out, p, l, page, err) ||
		    sh_buf_puts(out, "</TextLine>\n", err))
			return (-1);
	}
	return (sh_buf_puts(out, "</TextBlock>\n", err));
}

static int
put_page(struct sh_buf *out, const struct sh_page *p, size_t page,
    struct sh_error *err)
{
	const struct sh_box all = { 0, 0, p->width_px, p->height_px };
	size_t first, end;

	if (sh_buf_printf(out, err, "<Page ID=\"p%zu\" "
	    "PHYSICAL_IMG_NR=\"%zu\" WIDTH=\"%d\" HEIGHT=\"%d\" "
	    "PROCESSINGREFS=\"reading%zu\"", page, page, p->width_px,
	    p->height_px, page) ||
	    (p->nwords > 0 && sh_buf_printf(out, err, " PC=\"%.3f\"",
	    p->confidence)) ||
	    sh_buf_puts(out, ">\n<PrintSpace", err) ||
	    put_box(out, all, err) || sh_buf_puts(out, ">\n", err))
		return (-1);
	for (first = 0; first < p->nlines; first = end) {
		for (end = first + 1; end < p->nlines &&
		    p->lines[end].block == p->lines[first].block; end++)
			;
		if (put_block(out, p, first, end, page, err))
			return (-1);
	}
	return (sh_buf_puts(out, "</PrintSpace>\n</Page>\n", err));
}

int
sh_page_alto(const struct sh_page *const *pages, size_t npages,
    struct sh_buf *out, struct sh_error *err)
{
	size_t i;

	/* Rule: ALTO 4.2, altoType: Description, then Layout with pages. */
	if (npages == 0)
		return (sh_error_set(err, SH_EARG, "reading.no-page",
		    "ALTO needs a page"));
	if (sh_buf_puts(out,
	    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	    "<alto xmlns=\"http://www.loc.gov/standards/alto/ns-v4#\" "
	    "SCHEMAVERSION=\"4.2\">\n"
	    "<Description>\n<MeasurementUnit>pixel</MeasurementUnit>\n",
	    err))
		return (-1);
	for (i = 0; i < npages; i++)
		if (sh_buf_printf(out, err, "<Processing ID=\"reading%zu\">"
		    "<processingCategory>contentGeneration"
		    "</processingCategory>"
		    "<processingSoftware><softwareName>", i + 1) ||
		    put_escaped(out, pages[i]->engine, err) ||
		    sh_buf_puts(out, "</softwareName></processingSoftware>"
		    "</Processing>\n", err))
			return (-1);
	if (sh_buf_puts(out, "</Description>\n<Layout>\n", err))
		return (-1);
	for (i = 0; i < npages; i++)
		if (put_page(out, pages[i], i + 1, err))
			return (-1);
	return (sh_buf_puts(out, "</Layout>\n</alto>\n", err));
}
