#include "ocr/barcode.h"

#include <allheaders.h>
#include <stdlib.h>
#include <string.h>
#include <zbar.h>

#include "base/mem.h"
#include "base/text.h"
#include "ocr/quality.h"

#define HITS_MAX	16
#define PLACES_MAX	6	/* places that get the whole cascade */
#define PLACE_SIDE_MAX	1600	/* px: a larger code needs no cascade */

/* A place that looks like a code, in pixels of the page's raster. */
struct place {
	struct sh_box box;
	int read;
};

struct search {
	struct Pix *grey;
	double scale_x, scale_y;
	struct sh_page *page;
	struct place place[PLACES_MAX];
	int nplaces;
	struct sh_barcode_hit *hit;	/* HITS_MAX of them */
};

static int
overlap(struct sh_box a, struct sh_box b)
{
	return (a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h &&
	    b.y < a.y + a.h);
}

/* Bytes as UTF-8 without NUL, at most SH_PAGE_CODE_BYTES. */
static int
to_text(const struct sh_barcode_hit *h, struct sh_buf *out,
    struct sh_error *err)
{
	size_t i, n;
	char utf8[4];
	int as_is;

	for (i = 0; i < h->len; i++)
		if (h->text[i] != '\0' &&
		    sh_buf_append(out, &h->text[i], 1, err))
			return (-1);
	if (sh_buf_append(out, "", 0, err))
		return (-1);
	as_is = sh_text_is_utf8(out->data, out->len);
	if (as_is)
		return (0);
	/* Neither UTF-8 nor declared otherwise: ISO 8859-1. */
	sh_buf_reset(out);
	for (i = 0; i < h->len; i++) {
		n = sh_utf8_put(h->text[i], utf8);
		if (h->text[i] == '\0')
			continue;
		if (out->len + n > SH_PAGE_CODE_BYTES)
			break;
		if (sh_buf_append(out, utf8, n, err))
			return (-1);
	}
	return (sh_buf_append(out, "", 0, err));
}

/* A box of the raster as a box of the page, inside it. */
static struct sh_box
to_page(const struct search *s, struct sh_box b)
{
	double x1 = (b.x + b.w) * s->scale_x, y1 = (b.y + b.h) * s->scale_y;
	double x0 = b.x * s->scale_x, y0 = b.y * s->scale_y;
	struct sh_box p;

	x0 = x0 < 0 ? 0 : x0 > s->page->width_px - 1 ?
	    s->page->width_px - 1 : x0;
	y0 = y0 < 0 ? 0 : y0 > s->page->height_px - 1 ?
	    s->page->height_px - 1 : y0;
	x1 = x1 > s->page->width_px ? s->page->width_px : x1;
	y1 = y1 > s->page->height_px ? s->page->height_px : y1;
	p = (struct sh_box){ (int32_t)x0, (int32_t)y0, (int32_t)(x1 - x0),
	    (int32_t)(y1 - y0) };
	p.w = p.w < 1 ? 1 : p.w;
	p.h = p.h < 1 ? 1 : p.h;
	return (p);
}

/* One code, once: the same text in the same place is one. */
static int
add_hit(struct search *s, const struct sh_barcode_hit *h, struct sh_box box,
    const char *method, struct sh_error *err)
{
	struct sh_buf text = SH_BUF_INIT;
	struct sh_box where = to_page(s, box);
	size_t i;
	int rc = -1;

	if (to_text(h, &text, err))
		goto out;
	for (i = 0; i < s->page->nmarks; i++)
		if (overlap(s->page->marks[i].box, where) &&
		    strcmp(s->page->marks[i].text, (char *)text.data) == 0) {
			rc = 0;
			goto out;
		}
	if (s->page->nmarks < SH_PAGE_CODES_MAX)
		rc = sh_page_add_mark(s->page, h->kind, (char *)text.data,
		    where, method, err);
	else
		rc = 0;
out:
	sh_buf_free(&text);
	return (rc);
}

/* ---- decoders --------------------------------------------------------------- */

/* Hits of zxing on a grey raster; none when it failed. */
static int
try_zxing(struct Pix *grey, struct sh_barcode_hit *hits)
{
	int n;

	/* Leptonica keeps the first pixel in a word's high byte. */
	(void)pixEndianByteSwap(grey);
	n = sh_barcode_zxing((const uint8_t *)pixGetData(grey),
	    pixGetWidth(grey), pixGetHeight(grey), 4 * pixGetWpl(grey), 1,
	    hits, HITS_MAX);
	(void)pixEndianByteSwap(grey);
	return (n < 0 ? 0 : n);
}

static void
take_symbol(const zbar_symbol_t *sym, struct sh_barcode_hit *h)
{
	unsigned i, n = zbar_symbol_get_loc_size(sym);
	size_t len = zbar_symbol_get_data_length(sym);

	h->kind = zbar_symbol_get_type(sym) == ZBAR_QRCODE ? SH_BARCODE_QR :
	    SH_BARCODE_CODE128;
	h->len = len > sizeof(h->text) ? sizeof(h->text) : len;
	memcpy(h->text, zbar_symbol_get_data(sym), h->len);
	for (i = 0; i < n; i++) {
		int x = zbar_symbol_get_loc_x(sym, i);
		int y = zbar_symbol_get_loc_y(sym, i);

		h->x0 = i == 0 || x < h->x0 ? x : h->x0;
		h->x1 = i == 0 || x > h->x1 ? x : h->x1;
		h->y0 = i == 0 || y < h->y0 ? y : h->y0;
		h->y1 = i == 0 || y > h->y1 ? y : h->y1;
	}
}

static int
try_zbar(struct Pix *grey, struct sh_barcode_hit *hits)
{
	size_t w = (size_t)pixGetWidth(grey), h = (size_t)pixGetHeight(grey);
	size_t y, wpl = (size_t)pixGetWpl(grey);
	zbar_image_scanner_t *scanner = zbar_image_scanner_create();
	zbar_image_t *image = zbar_image_create();
	uint8_t *rows = malloc(w * h);
	const zbar_symbol_t *sym;
	int n = 0;

	if (scanner == NULL || image == NULL || rows == NULL)
		goto out;
	(void)pixEndianByteSwap(grey);
	for (y = 0; y < h; y++)
		memcpy(rows + y * w, pixGetData(grey) + y * wpl, w);
	(void)pixEndianByteSwap(grey);
	(void)zbar_image_scanner_set_config(scanner, ZBAR_NONE,
	    ZBAR_CFG_ENABLE, 0);
	(void)zbar_image_scanner_set_config(scanner, ZBAR_QRCODE,
	    ZBAR_CFG_ENABLE, 1);
	(void)zbar_image_scanner_set_config(scanner, ZBAR_CODE128,
	    ZBAR_CFG_ENABLE, 1);
	zbar_image_set_format(image, zbar_fourcc('Y', '8', '0', '0'));
	zbar_image_set_size(image, (unsigned)w, (unsigned)h);
	zbar_image_set_data(image, rows, w * h, NULL);
	if (zbar_scan_image(scanner, image) > 0)
		for (sym = zbar_image_first_symbol(image);
		    sym != NULL && n < HITS_MAX;
		    sym = zbar_symbol_next(sym))
			take_symbol(sym, &hits[n++]);
out:
	if (image != NULL)
		zbar_image_destroy(image);
	if (scanner != NULL)
		zbar_image_scanner_destroy(scanner);
	free(rows);
	return (n);
}

/* ---- places ------------------------------------------------------------------ */

static void
add_place(struct search *s, struct sh_box b)
{
	/* A quiet zone around it, which decoders want. */
	int margin = (b.w < b.h ? b.w : b.h) / 8 + 8;

	b = (struct sh_box){ b.x - margin, b.y - margin, b.w + 2 * margin,
	    b.h + 2 * margin };
	if (s->nplaces < PLACES_MAX && b.w <= PLACE_SIDE_MAX &&
	    b.h <= PLACE_SIDE_MAX)
		s->place[s->nplaces++].box = b;
}

/* Share of ink in the box, in hundredths. */
static int
density(struct Pix *bits, int x, int y, int w, int h)
{
	struct Box *b = boxCreate(x, y, w, h);
	int n = 0;

	(void)pixCountPixelsInRect(bits, b, &n, NULL);
	boxDestroy(&b);
	return ((int)((int64_t)n * 100 / w / h));
}

/*
 * Do the lines at a third and two thirds of the box show the same bars, one
 * after the other along x or y?  The sketch is too coarse to tell.
 */
static int
has_bars(struct Pix *grey, struct sh_box b, int along_x)
{
	int n = along_x ? b.w : b.h, across = along_x ? b.h : b.w, i, k;
	int changes = 0, differ = 0, before = 0, level = 128;
	l_uint32 v, lo = 255, hi = 0;

	for (k = 0; k < 2; k++, level = (int)(lo + hi) / 2)
		for (i = 0; i < n; i++) {
			int ink[2], line;

			for (line = 0; line < 2; line++) {
				int off = across * (line + 1) / 3;

				v = 255;
				(void)pixGetPixel(grey,
				    along_x ? b.x + i : b.x + off,
				    along_x ? b.y + off : b.y + i, &v);
				lo = v < lo ? v : lo;
				hi = v > hi ? v : hi;
				ink[line] = (int)v < level;
			}
			if (k == 0)
				continue;
			changes += ink[0] != before;
			differ += ink[0] != ink[1];
			before = ink[0];
		}
	return (changes >= 30 && differ * 4 <= n);
}

/*
 * Blobs of 6 to 120 mm: square ones as dense as codes are, and bars along
 * either axis.
 */
static int
find_places(struct search *s, const struct sh_sketch *sketch,
    struct sh_error *err)
{
	double mm = sketch->dpi / 25.4;
	int reach = (int)(1.8 * mm) | 1, i, x, y, w, h, f = sketch->factor;
	struct Pix *closed = pixCloseSafeBrick(NULL, sketch->pix, reach,
	    reach);
	struct Boxa *boxes = closed == NULL ? NULL :
	    pixConnCompBB(closed, 8);

	pixDestroy(&closed);
	if (boxes == NULL)
		return (sh_error_nomem(err, "a raster"));
	for (i = 0; i < boxaGetCount(boxes); i++) {
		struct sh_box b;
		int square, ink;

		boxaGetBoxGeometry(boxes, i, &x, &y, &w, &h);
		if (w < 4 * mm || h < 4 * mm || (w < 6 * mm && h < 6 * mm) ||
		    w > 120 * mm || h > 120 * mm)
			continue;
		b = (struct sh_box){ x * f, y * f, w * f, h * f };
		square = 4 * w <= 5 * h && 4 * h <= 5 * w && w <= 60 * mm;
		ink = square ? density(sketch->pix, x, y, w, h) : 0;
		if ((ink >= 25 && ink <= 75) || has_bars(s->grey, b, 1) ||
		    has_bars(s->grey, b, 0))
			add_place(s, b);
	}
	boxaDestroy(&boxes);
	return (0);
}

/* ---- the cascade --------------------------------------------------------------- */

/* What a step makes of a cut-out. */
static struct Pix *
prepare(struct Pix *cut, int step)
{
	struct Pix *big, *out;

	if (step == 0)
		return (pixUnsharpMaskingGray(cut, 2, 2));
	if ((big = pixScaleGrayLI(cut, 2, 2)) == NULL)
		return (NULL);
	out = step == 1 ? pixUnsharpMaskingGray(big, 2, 4) : pixClone(big);
	pixDestroy(&big);
	return (out);
}

static int
read_place(struct search *s, struct place *p, struct sh_error *err)
{
	static const char *const method[] = { "unsharp", "upsample", "zbar" };
	struct Box *b = boxCreate(p->box.x, p->box.y, p->box.w, p->box.h);
	struct Pix *cut = pixClipRectangle(s->grey, b, NULL), *turned, *made;
	int step, n = 0, i, rc = -1;

	boxDestroy(&b);
	if (cut == NULL)
		return (0);	/* it lies outside */
	/* Bars are read along the rows. */
	if (2 * p->box.h > 3 * p->box.w &&
	    (turned = pixRotateOrth(cut, 1)) != NULL) {
		pixDestroy(&cut);
		cut = turned;
	}
	for (step = 0; step < 3 && n == 0; step++) {
		if ((made = prepare(cut, step)) == NULL)
			continue;
		n = step == 2 ? try_zbar(made, s->hit) :
		    try_zxing(made, s->hit);
		pixDestroy(&made);
		for (i = 0; i < n; i++)
			if (add_hit(s, &s->hit[i], p->box, method[step],
			    err))
				goto out;
	}
	rc = 0;
out:
	pixDestroy(&cut);
	return (rc);
}

int
sh_barcode_find(struct Pix *grey, const struct sh_sketch *sketch,
    double scale_x, double scale_y, struct sh_page *page,
    struct sh_error *err)
{
	struct search s = { .grey = grey, .scale_x = scale_x,
	    .scale_y = scale_y, .page = page };
	int i, k, n, rc = -1;

	s.hit = sh_alloc(HITS_MAX, sizeof(*s.hit), "codes", err);
	if (s.hit == NULL || find_places(&s, sketch, err))
		goto out;
	n = try_zxing(grey, s.hit);
	for (i = 0; i < n; i++) {
		struct sh_barcode_hit *h = &s.hit[i];
		struct sh_box box = { h->x0, h->y0, h->x1 - h->x0 + 1,
		    h->y1 - h->y0 + 1 };

		for (k = 0; k < s.nplaces; k++)
			if (overlap(s.place[k].box, box)) {
				s.place[k].read = 1;
				/* zxing gives a line for a whole bar code. */
				if (h->kind == SH_BARCODE_CODE128)
					box = s.place[k].box;
			}
		if (add_hit(&s, h, box, "plain", err))
			goto out;
	}
	for (k = 0; k < s.nplaces; k++)
		if (!s.place[k].read && read_place(&s, &s.place[k], err))
			goto out;
	rc = 0;
out:
	free(s.hit);
	return (rc);
}
