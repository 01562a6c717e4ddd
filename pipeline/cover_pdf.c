/* The sheets on paper: a few large lines and a QR of filled squares. */
#include "pipeline/cover.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <qrencode.h>

#include "base/mem.h"
#include "base/text.h"
#include "signing/font.h"

/* Points. */
#define WIDTH		595
#define HEIGHT		842
#define MARGIN		60
#define QR_SIDE		200.0	/* with its quiet zone of four modules */
#define OBJECTS		5	/* before the pages: catalog, pages, font × 3 */
#define TEXTS		6

struct sheet {
	struct sh_cover cover;
	char *texts[TEXTS];	/* large to small, NULL: none */
};

static const struct {
	double size, gap;	/* of the letters; above the line */
} lines[TEXTS] = {
	{ 30, 0 }, { 44, 40 }, { 22, 30 }, { 15, 14 }, { 15, 34 }, { 12, 60 },
};

struct writer {
	struct sh_buf *out;
	size_t *at;		/* offsets of objects 1.. */
	size_t n, cap;
};

static void
sheet_clear(struct sheet *s)
{
	size_t i;

	for (i = 0; i < TEXTS; i++)
		free(s->texts[i]);
}

static int
begin(struct writer *w, struct sh_error *err)
{
	if (sh_grow(&w->at, &w->cap, w->n + 1, sizeof(*w->at), "a PDF", err))
		return (-1);
	w->at[w->n++] = w->out->len;
	return (sh_buf_printf(w->out, err, "%zu 0 obj\n", w->n));
}

static int
stream(struct writer *w, const char *members, const void *data, size_t len,
    struct sh_error *err)
{
	return (begin(w, err) || sh_buf_printf(w->out, err,
	    "<<%s/Length %zu>>\nstream\n", members, len) ||
	    sh_buf_append(w->out, data, len, err) ||
	    sh_buf_puts(w->out, "\nendstream\nendobj\n", err) ? -1 : 0);
}

/* ---- what stands on a sheet ----------------------------------------------------- */

/* So much of the line as is not wider than the page leaves room for. */
static size_t
fits(const struct sh_font *f, const char *s, double size)
{
	const char *p = s, *end = s + strlen(s), *space = end;
	double width = 0;
	uint32_t cp;
	size_t n;

	for (; p < end; p += n) {
		if ((n = sh_utf8_get(p, end, &cp)) == 0)
			return ((size_t)(p - s));
		width += sh_font_width(f, cp) * size / 1000;
		if (width > WIDTH - 2 * MARGIN)
			return ((size_t)((space < p ? space : p) - s));
		if (cp == ' ')
			space = p;
	}
	return ((size_t)(p - s));
}

static int
put_line(struct sh_buf *b, const struct sh_font_subset *sub, const char *s,
    size_t len, double size, double y, struct sh_error *err)
{
	const char *p = s, *end = s + len;
	uint32_t cp;

	if (sh_buf_printf(b, err, "BT /F %.0f Tf %d %.1f Td <", size, MARGIN,
	    y))
		return (-1);
	for (; p < end; p += sh_utf8_get(p, end, &cp)) {
		if (sh_utf8_get(p, end, &cp) == 0)
			break;
		if (sh_buf_printf(b, err, "%04X", sh_font_glyph(sub, cp)))
			return (-1);
	}
	return (sh_buf_puts(b, "> Tj ET\n", err));
}

static int
put_texts(struct sh_buf *b, const struct sh_font *f,
    const struct sh_font_subset *sub, const struct sheet *s,
    struct sh_error *err)
{
	double y = HEIGHT - MARGIN - 30;
	const char *p;
	size_t i, n;

	for (i = 0; i < TEXTS; i++) {
		y -= lines[i].gap;
		for (p = s->texts[i]; *p != '\0'; p += n + (p[n] == ' ')) {
			n = fits(f, p, lines[i].size);
			if (n == 0)
				break;
			if (put_line(b, sub, p, n, lines[i].size, y, err))
				return (-1);
			y -= lines[i].size * 1.25;
		}
	}
	return (0);
}

static int
put_qr(struct sh_buf *b, const char *text, struct sh_error *err)
{
	QRcode *q = QRcode_encodeString(text, 0, QR_ECLEVEL_Q, QR_MODE_8, 1);
	double side;
	int x, y, n, rc = 0;

	if (q == NULL)
		return (errno == ENOMEM ? sh_error_nomem(err, "a QR code") :
		    sh_error_set(err, SH_ELIMIT, "cover.text",
		    "\"%s\" is too long for a QR code", text));
	side = QR_SIDE / (q->width + 8);
	for (y = 0; rc == 0 && y < q->width; y++)
		for (x = 0; rc == 0 && x < q->width; x += n) {
			/* A run at a time: no hairlines between squares. */
			for (n = 0; x + n < q->width && (q->data[y *
			    q->width + x + n] & 1); n++)
				;
			if (n > 0)
				rc = sh_buf_printf(b, err,
				    "%.3f %.3f %.3f %.3f re\n", WIDTH -
				    MARGIN - QR_SIDE + (x + 4) * side,
				    MARGIN + QR_SIDE - (y + 5) * side,
				    n * side, side);
			else
				n = 1;
		}
	QRcode_free(q);
	return (rc == 0 ? sh_buf_puts(b, "f\n", err) : -1);
}

static int
write_sheet(struct writer *w, struct sh_archive *ar, const struct sh_font *f,
    const struct sh_font_subset *sub, const struct sheet *s,
    struct sh_error *err)
{
	struct sh_buf b = SH_BUF_INIT, text = SH_BUF_INIT;
	int rc = -1;

	if (sh_cover_text(ar, &s->cover, &text, err) == 0 &&
	    put_texts(&b, f, sub, s, err) == 0 &&
	    put_qr(&b, (char *)text.data, err) == 0 &&
	    begin(w, err) == 0 && sh_buf_printf(w->out, err,
	    "<</Type/Page/Parent 2 0 R/MediaBox[0 0 %d %d]/Resources<</Font"
	    "<</F 3 0 R>>>>/Contents %zu 0 R>>\nendobj\n", WIDTH, HEIGHT,
	    w->n + 1) == 0)
		rc = stream(w, "", b.data, b.len, err);
	sh_buf_free(&text);
	sh_buf_free(&b);
	return (rc);
}

/* ---- the file ----------------------------------------------------------------------- */

static int
write_font(struct writer *w, const struct sh_font *f,
    const struct sh_font_subset *s, struct sh_error *err)
{
	struct sh_font_metrics m;
	char members[64];
	size_t i;

	sh_font_metrics(f, &m);
	if (begin(w, err) || sh_buf_printf(w->out, err, "<</Type/Font/Subtype"
	    "/Type0/BaseFont/%s/Encoding/Identity-H/DescendantFonts[<</Type"
	    "/Font/Subtype/CIDFontType2/BaseFont/%s/CIDSystemInfo<</Registry"
	    "(Adobe)/Ordering(Identity)/Supplement 0>>/FontDescriptor 4 0 R"
	    "/CIDToGIDMap/Identity/DW 0/W[0[", s->name, s->name))
		return (-1);
	for (i = 0; i < s->nglyphs; i++)
		if (sh_buf_printf(w->out, err, "%u ", s->widths[i]))
			return (-1);
	(void)snprintf(members, sizeof(members), "/Length1 %zu", s->file.len);
	return (sh_buf_puts(w->out, "]]>>]>>\nendobj\n", err) ||
	    begin(w, err) || sh_buf_printf(w->out, err, "<</Type"
	    "/FontDescriptor/FontName/%s/Flags 4/FontBBox[%d %d %d %d]"
	    "/ItalicAngle 0/Ascent %d/Descent %d/CapHeight %d/StemV 80"
	    "/FontFile2 5 0 R>>\nendobj\n", s->name, m.bbox[0], m.bbox[1],
	    m.bbox[2], m.bbox[3], m.ascent, m.descent, m.cap_height) ||
	    stream(w, members, s->file.data, s->file.len, err) ? -1 : 0);
}

static int
write_file(struct sh_archive *ar, const struct sheet *sheets, size_t n,
    struct sh_buf *out, struct sh_error *err)
{
	const struct sh_font *f = sh_font_default(err);
	struct sh_font_subset sub = { .nglyphs = 0 };
	struct writer w = { .out = out };
	const char **texts;
	size_t i, xref;
	int rc = -1;

	if (f == NULL || (texts = sh_alloc(n * TEXTS, sizeof(*texts),
	    "the sheets", err)) == NULL)
		return (-1);
	for (i = 0; i < n * TEXTS; i++)
		texts[i] = sheets[i / TEXTS].texts[i % TEXTS];
	if (sh_font_subset(f, texts, n * TEXTS, &sub, err) ||
	    sh_buf_puts(out, "%PDF-1.7\n%\342\343\317\323\n", err) ||
	    begin(&w, err) || sh_buf_puts(out,
	    "<</Type/Catalog/Pages 2 0 R/Lang(vi)>>\nendobj\n", err) ||
	    begin(&w, err) || sh_buf_puts(out, "<</Type/Pages/Kids[", err))
		goto out;
	for (i = 0; i < n; i++)
		if (sh_buf_printf(out, err, "%zu 0 R ", OBJECTS + 1 + 2 * i))
			goto out;
	if (sh_buf_printf(out, err, "]/Count %zu>>\nendobj\n", n) ||
	    write_font(&w, f, &sub, err))
		goto out;
	for (i = 0; i < n; i++)
		if (write_sheet(&w, ar, f, &sub, &sheets[i], err))
			goto out;
	xref = out->len;
	if (sh_buf_printf(out, err, "xref\n0 %zu\n0000000000 65535 f \n",
	    w.n + 1))
		goto out;
	for (i = 0; i < w.n; i++)
		if (sh_buf_printf(out, err, "%010zu 00000 n \n", w.at[i]))
			goto out;
	rc = sh_buf_printf(out, err, "trailer\n<</Size %zu/Root 1 0 R>>\n"
	    "startxref\n%zu\n%%%%EOF\n", w.n + 1, xref);
out:
	sh_font_subset_clear(&sub);
	free(w.at);
	free(texts);
	return (rc);
}

static int
is_wanted(const char *list, const char *code)
{
	size_t n;

	for (; list != NULL && *list != '\0'; list += n + (list[n] == ',')) {
		n = strcspn(list, ",");
		if (strlen(code) == n && strncmp(list, code, n) == 0)
			return (1);
	}
	return (list == NULL);
}

static int
fill(struct sheet *s, const char *dossier, const struct sh_procedure *p,
    const struct sh_component *c, unsigned n, unsigned m,
    struct sh_error *err)
{
	size_t i;

	s->cover.n = n;
	s->cover.m = m;
	(void)snprintf(s->cover.dossier, sizeof(s->cover.dossier), "%s",
	    dossier);
	(void)snprintf(s->cover.component, sizeof(s->cover.component), "%s",
	    c->code);
	if (c->ntypes == 1)
		(void)snprintf(s->cover.type, sizeof(s->cover.type), "%s",
		    c->types[0]->slug);
	s->texts[0] = sh_strdup("TỜ PHÂN CÁCH HỒ SƠ", err);
	s->texts[1] = sh_asprintf(err, "%u / %u", n, m);
	s->texts[2] = sh_asprintf(err, "%s. %s", c->code, c->name);
	s->texts[3] = sh_asprintf(err, "%s  %s", p->code, p->name);
	s->texts[4] = sh_asprintf(err, "Mã hồ sơ: %s", dossier);
	s->texts[5] = sh_strdup("Đặt tờ này ngay trước giấy tờ tương ứng khi "
	    "quét. Không viết, đóng dấu hay ghim lên mã.", err);
	for (i = 0; i < TEXTS; i++)
		if (s->texts[i] == NULL)
			return (-1);
	return (0);
}

int
sh_cover_pdf(struct sh_archive *ar, const char *dossier,
    const struct sh_procedure *p, const char *wanted, struct sh_buf *out,
    size_t *np, struct sh_error *err)
{
	struct sheet *sheets;
	size_t i, n = 0;
	unsigned m = 0;
	int rc = -1;

	for (i = 0; i < p->ncomponents; i++)
		m += (unsigned)is_wanted(wanted, p->components[i].code);
	if (m == 0) {
		sh_error_param(err, "value", "%.60s", wanted != NULL ?
		    wanted : "");
		return (sh_error_set(err, SH_ENOTFOUND, "cover.component",
		    "%s has none of these components", p->code));
	}
	if ((sheets = sh_alloc(m, sizeof(*sheets), "the sheets", err)) ==
	    NULL)
		return (-1);
	for (i = 0; i < p->ncomponents; i++) {
		if (!is_wanted(wanted, p->components[i].code))
			continue;
		n++;
		if (fill(&sheets[n - 1], dossier, p, &p->components[i],
		    (unsigned)n, m, err))
			goto out;
	}
	*np = n;
	rc = write_file(ar, sheets, n, out, err);
out:
	while (n > 0)
		sheet_clear(&sheets[--n]);
	free(sheets);
	return (rc);
}
