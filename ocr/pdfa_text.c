/* What stands on a PDF page: the image, and the invisible words over it. */
#include "ocr/pdfa_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "ocr/turn.h"

#define NCHARS	0x110000
#define EM	0.5		/* the font's advance, in its size */
#define SQUARE	0.18		/* sine of the least lean that shows */
#define GAP		0.2		/* between words, in the font's size: with
				   less programs take two for one */

/* ---- characters --------------------------------------------------------- */

static int
is_used(const uint8_t *used, uint32_t cp)
{
	return (used[cp / 8] >> (cp % 8) & 1);
}

int
sh_pdfa_chars_find(const struct sh_pdfa_page *pages, size_t npages,
    struct sh_pdfa_chars *out, struct sh_error *err)
{
	uint8_t *used;
	uint32_t cp;
	size_t i, k, len;
	int rc = -1;

	*out = (struct sh_pdfa_chars){ NULL, 1 };
	if ((used = sh_alloc(NCHARS / 8, 1, "characters", err)) == NULL)
		return (-1);
	used[' ' / 8] |= 1 << (' ' % 8);
	for (i = 0; i < npages; i++)
		for (k = 0; k < pages[i].page->nwords; k++) {
			const char *s = pages[i].page->words[k].text;
			const char *end = s + strlen(s);

			for (; s < end && (len = sh_utf8_get(s, end, &cp)) >
			    0; s += len) {
				out->n += !is_used(used, cp);
				used[cp / 8] |= (uint8_t)(1 << (cp % 8));
			}
		}
	if (out->n > 65000) {
		(void)sh_error_set(err, SH_ELIMIT, "pdfa.characters",
		    "%zu different characters; a font holds 65000", out->n);
		goto out;
	}
	if ((out->cp = sh_alloc(out->n, sizeof(cp), "characters", err)) ==
	    NULL)
		goto out;
	for (cp = 0, i = 0; cp < NCHARS; cp++)
		if (is_used(used, cp))
			out->cp[i++] = cp;
	rc = 0;
out:
	free(used);
	return (rc);
}

void
sh_pdfa_chars_clear(struct sh_pdfa_chars *c)
{
	free(c->cp);
	c->cp = NULL;
}

static int
compare_cp(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return ((*x > *y) - (*x < *y));
}

static unsigned
cid_of(const struct sh_pdfa_chars *c, uint32_t cp)
{
	const uint32_t *at = bsearch(&cp, c->cp, c->n, sizeof(cp),
	    compare_cp);

	return (at == NULL ? 0 : (unsigned)(at - c->cp) + 1);
}

/* UTF-16BE in hex; what ISO 19005-2 6.2.11.7.2 forbids becomes U+FFFD. */
static int
put_utf16(struct sh_buf *out, uint32_t cp, struct sh_error *err)
{
	if (cp == 0xfeff || cp == 0xfffe)
		cp = 0xfffd;
	if (cp < 0x10000)
		return (sh_buf_printf(out, err, "%04X", cp));
	cp -= 0x10000;
	return (sh_buf_printf(out, err, "%04X%04X", 0xd800 + (cp >> 10),
	    0xdc00 + (cp & 0x3ff)));
}

int
sh_pdfa_tounicode(const struct sh_pdfa_chars *c, struct sh_buf *out,
    struct sh_error *err)
{
	size_t i;

	/* Rule: ISO 32000-1 9.10.3; at most 100 entries a group. */
	if (sh_buf_puts(out, "/CIDInit /ProcSet findresource begin\n"
	    "12 dict begin\nbegincmap\n/CIDSystemInfo << /Registry (Adobe) "
	    "/Ordering (UCS) /Supplement 0 >> def\n"
	    "/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n"
	    "1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n",
	    err))
		return (-1);
	for (i = 0; i < c->n; i++) {
		size_t left = c->n - i;

		if (i % 100 == 0 && sh_buf_printf(out, err,
		    "%zu beginbfchar\n", left < 100 ? left : 100))
			return (-1);
		if (sh_buf_printf(out, err, "<%04zX> <", i + 1) ||
		    put_utf16(out, c->cp[i], err) ||
		    sh_buf_puts(out, ">\n", err) ||
		    ((i % 100 == 99 || left == 1) &&
		    sh_buf_puts(out, "endbfchar\n", err)))
			return (-1);
	}
	return (sh_buf_puts(out, "endcmap\n"
	    "CMapName currentdict /CMap defineresource pop\nend\nend\n",
	    err));
}

/* ---- content -------------------------------------------------------------- */

int
sh_pdfa_number(struct sh_buf *out, double v, struct sh_error *err)
{
	long long n = llround(fabs(v) * 10000);
	char digits[32];
	int len;

	len = snprintf(digits, sizeof(digits), "%s%lld.%04lld",
	    v < 0 && n != 0 ? "-" : "", n / 10000, n % 10000);
	while (digits[len - 1] == '0')
		len--;
	if (digits[len - 1] == '.')
		len--;
	return (sh_buf_append(out, digits, (size_t)len, err));
}

static int
put_numbers(struct sh_buf *out, const double *v, int n, const char *op,
    struct sh_error *err)
{
	int i;

	for (i = 0; i < n; i++)
		if (sh_pdfa_number(out, v[i], err) ||
		    sh_buf_append(out, " ", 1, err))
			return (-1);
	return (sh_buf_puts(out, op, err));
}

/* A matrix of parts of a page: of 30,000 pixels each must be told. */
static int
put_finely(struct sh_buf *out, const double m[6], struct sh_error *err)
{
	int i;

	for (i = 0; i < 6; i++)
		if (sh_buf_printf(out, err, "%lld.%08lld ",
		    llround(m[i] * 1e8) / 100000000,
		    llround(m[i] * 1e8) % 100000000))
			return (-1);
	return (0);
}

/* What lies on the page besides the image over all of it. */
static int
put_layers(struct sh_buf *out, const struct sh_pdfa_layers *l,
    struct sh_error *err)
{
	double m[6] = { 0 };
	size_t i;

	for (i = 0; i < l->nstencils; i++)
		if (sh_buf_printf(out, err, "/M%zu Do\n", i))
			return (-1);
	for (i = 0; i < l->npatches; i++) {
		const struct sh_page_image *im = &l->patch[i].image;

		m[0] = (double)im->width_px / l->width_px;
		m[3] = (double)im->height_px / l->height_px;
		m[4] = (double)l->patch[i].x / l->width_px;
		m[5] = 1 - m[3] - (double)l->patch[i].y / l->height_px;
		if (sh_buf_puts(out, "q ", err) ||
		    put_finely(out, m, err) ||
		    sh_buf_printf(out, err, "cm /P%zu Do Q\n", i))
			return (-1);
	}
	return (0);
}

/* The stored image turned upright over the whole page. */
static int
put_image(struct sh_buf *out, const struct sh_pdfa_page *page, double w,
    double h, struct sh_error *err)
{
	unsigned turn = sh_turn_of(page->exif_orientation,
	    page->page->orientation);
	double ox, oy, xx, xy, yx, yy, m[6];

	/* Its corners: PDF's origin is the bottom left, ours the top. */
	sh_turn_upright(turn, 0, 1, &ox, &oy);
	sh_turn_upright(turn, 1, 1, &xx, &xy);
	sh_turn_upright(turn, 0, 0, &yx, &yy);
	m[0] = (xx - ox) * w;
	m[1] = (oy - xy) * h;
	m[2] = (yx - ox) * w;
	m[3] = (oy - yy) * h;
	m[4] = ox * w;
	m[5] = (1 - oy) * h;
	return (sh_buf_puts(out, "q ", err) ||
	    put_numbers(out, m, 6, "cm /I Do\n", err) ||
	    (page->layers != NULL && put_layers(out, page->layers, err)) ||
	    sh_buf_puts(out, "Q\n", err) ? -1 : 0);
}

/* How the words of a line are set; everything in points, y downwards. */
struct setting {
	double kx, ky;		/* points a pixel */
	double page_height;
	double x0, y0;		/* a point of the baseline */
	double c, s;		/* its direction */
	double tc, ts;		/* the letters' direction */
	double size;
};

/*
 * The length along the baseline and the height across it of a word whose
 * upright box is given, as far as whole pixels tell.
 */
static void
undo_lean(const struct setting *t, struct sh_box box, double *wp, double *hp)
{
	double bw = box.w * t->kx, bh = box.h * t->ky;
	double c = fabs(t->c), s = fabs(t->s), d = c * c - s * s;

	*wp = bw;
	*hp = bh;
	if (s > c) {
		*wp = bh;
		*hp = bw;
	} else if (s < 0.5) {
		*wp = (bw * c - bh * s) / d;
		*hp = (bh * c - bw * s) / d;
		*wp = *wp < bw / 2 ? bw / 2 : *wp;
		*hp = *hp < bh / 3 ? bh / 3 : *hp;
	}
}

/* Where a word begins along its baseline, and how long it is. */
static void
span(const struct setting *t, struct sh_box box, double *startp, double *wp)
{
	double h, x, y;

	undo_lean(t, box, wp, &h);
	/* The baseline's point under the middle; half a word back from it. */
	x = (box.x + box.w / 2.0) * t->kx - t->x0;
	y = (box.y + box.h / 2.0) * t->ky - t->y0;
	*startp = x * t->c + y * t->s - *wp / 2;
}

/*
 * One size for the line, its highest word's: viewers join such words.  A
 * speck that was taken for a high letter must not join all others: the size
 * is at most what the narrowest gap bears, but half of it at least.
 */
static void
set_line(const struct sh_page *p, const struct sh_line *l, struct setting *t)
{
	double dx = (l->baseline[2] - l->baseline[0]) * t->kx;
	double dy = (l->baseline[3] - l->baseline[1]) * t->ky;
	double length = hypot(dx, dy), w, h, start, end = 0, gap = 1e9;
	size_t i;

	t->x0 = l->baseline[0] * t->kx;
	t->y0 = l->baseline[1] * t->ky;
	t->c = length > 0 ? dx / length : 1;
	t->s = length > 0 ? dy / length : 0;
	/*
	 * Letters stand square to the page while the line leans little: a
	 * word whose letters climb by half a point is two words to many
	 * programs that take text out of PDF.
	 */
	t->tc = fabs(t->s) < SQUARE ? copysign(1, t->c) :
	    fabs(t->c) < SQUARE ? 0 : t->c;
	t->ts = fabs(t->s) < SQUARE ? 0 :
	    fabs(t->c) < SQUARE ? copysign(1, t->s) : t->s;
	t->size = 1;
	for (i = l->first; i < (size_t)l->first + l->nwords; i++) {
		undo_lean(t, p->words[i].box, &w, &h);
		if (h > t->size)
			t->size = h;
		span(t, p->words[i].box, &start, &w);
		if (i > l->first && start > end && start - end < gap)
			gap = start - end;
		end = start + w;
	}
	if (gap < t->size * GAP)
		t->size = gap > t->size * GAP / 2 ? gap / GAP : t->size / 2;
}

/*
 * One word, on its line's baseline, as wide as its box, but for a gap before
 * NEXT (NULL: none), the line's next word: a space belongs to it then.
 */
static int
put_word(struct sh_buf *out, const struct setting *t,
    const struct sh_word *word, const struct sh_word *next,
    const struct sh_pdfa_chars *chars, struct sh_error *err)
{
	const char *p = word->text, *end = p + strlen(p);
	double n = (double)sh_utf8_count(p, strlen(p)), w, start, after, x;
	double v[6];
	size_t len;
	uint32_t cp;

	span(t, word->box, &start, &w);
	if (next != NULL) {
		span(t, next->box, &after, &x);
		if (after > start && start + w > after - GAP * t->size)
			w = after - GAP * t->size > start + w / 4 ?
			    after - GAP * t->size - start : w / 4;
	}
	v[0] = 100 * w / (n * t->size * EM);
	if (put_numbers(out, v, 1, "Tz ", err))
		return (-1);
	v[0] = v[3] = t->tc;
	v[1] = -t->ts;
	v[2] = t->ts;
	/* The letters' middle stays on the baseline. */
	x = start + w / 2;
	v[4] = t->x0 + x * t->c - w / 2 * t->tc;
	v[5] = t->page_height - (t->y0 + x * t->s - w / 2 * t->ts);
	if (put_numbers(out, v, 6, "Tm <", err))
		return (-1);
	for (; p < end && (len = sh_utf8_get(p, end, &cp)) > 0; p += len)
		if (sh_buf_printf(out, err, "%04X", cid_of(chars, cp)))
			return (-1);
	if (next != NULL && sh_buf_printf(out, err, "%04X", cid_of(chars, ' ')))
		return (-1);
	return (sh_buf_puts(out, "> Tj\n", err));
}

int
sh_pdfa_content(const struct sh_pdfa_page *page,
    const struct sh_pdfa_chars *chars, double width_pt, double height_pt,
    struct sh_buf *out, struct sh_error *err)
{
	const struct sh_page *p = page->page;
	struct setting t = { .kx = width_pt / p->width_px,
	    .ky = height_pt / p->height_px, .page_height = height_pt };
	size_t i, k;

	if (put_image(out, page, width_pt, height_pt, err))
		return (-1);
	if (p->nwords == 0)
		return (0);
	if (sh_buf_puts(out, "BT\n3 Tr\n", err))
		return (-1);
	for (i = 0; i < p->nlines; i++) {
		const struct sh_line *l = &p->lines[i];

		set_line(p, l, &t);
		if (l->nwords > 0 && (sh_buf_puts(out, "/F ", err) ||
		    put_numbers(out, &t.size, 1, "Tf\n", err)))
			return (-1);
		for (k = 0; k < l->nwords; k++)
			if (put_word(out, &t, &p->words[l->first + k],
			    k + 1 < l->nwords ? &p->words[l->first + k + 1] :
			    NULL, chars, err))
				return (-1);
	}
	return (sh_buf_puts(out, "ET\n", err));
}
