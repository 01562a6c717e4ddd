/* ocr/barcode: codes as scanners and phones see them. */
#include "tests/unit/test.h"

#include "base/mem.h"
#include "ocr/barcode.h"
#include "ocr/clean.h"
#include "ocr/quality.h"
#include "tests/unit/raster.h"

#define CARD "001187000001|283892503|Trần Thị Thử Nghiệm|09061987|Nữ|" \
    "Số 12, đường Hoa Ban, phường Mai Hạ, tỉnh Phú Thọ|05012022"
#define DOSSIER "H05-251121-0001"

/* An empty A4 page at 300 dpi. */
static PIX *
make_paper(void)
{
	PIX *p = pixCreate(2480, 3508, 8);

	(void)pixSetAllArbitrary(p, 245);
	return (p);
}

/* One module of the code file as SCALE pixels; bars HEIGHT modules high. */
static PIX *
make_code(const char *file, double scale, int height)
{
	PIX *bits = pixRead(file), *tall, *grey, *big;

	assert_non_null(bits);
	if (height > 1) {
		tall = pixScaleBySampling(bits, 1, (float)height);
		pixDestroy(&bits);
		bits = tall;
	}
	/* Four modules of quiet zone, then pixels that fall between. */
	tall = pixAddBorder(bits, 4, 0);
	grey = pixConvertTo8(tall, 0);
	big = pixScaleBySampling(grey, 8, 8);
	pixDestroy(&bits);
	pixDestroy(&tall);
	pixDestroy(&grey);
	grey = pixScaleAreaMap(big, (float)(scale / 8), (float)(scale / 8));
	pixDestroy(&big);
	return (grey);
}

static void
paste(PIX *page, PIX *code, int x, int y)
{
	(void)pixRasterop(page, x, y, pixGetWidth(code), pixGetHeight(code),
	    PIX_SRC, code, 0, 0);
	pixDestroy(&code);
}

/* Find the codes of the page, which is destroyed. */
static struct sh_page *
find(PIX *raster)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_pixels px = raster_pixels(raster, 300);
	struct sh_quality q;
	struct sh_sketch sketch;
	struct sh_page *p;
	PIX *grey;

	must_ptr(grey = sh_clean_grey(&px, &err));
	sh_quality_measure(&px, grey, &q);
	must(sh_sketch_make(grey, 300, &q, &sketch, &err));
	must_ptr(p = sh_page_new(&err));
	p->width_px = px.width_px;
	p->height_px = px.height_px;
	must(sh_barcode_find(grey, &sketch, 1, 1, p, &err));
	sh_sketch_clear(&sketch);
	pixDestroy(&grey);
	free(px.data);
	return (p);
}

static void
expect(struct sh_page *p, enum sh_barcode kind, const char *text, int x,
    int y, int w, int h)
{
	struct sh_box b;

	if (p->nmarks != 1 || strcmp(p->marks[0].text, text) != 0)
		fail_msg("%zu codes, first %s", p->nmarks,
		    p->nmarks > 0 ? p->marks[0].text : "none");
	assert_int_equal(p->marks[0].kind, kind);
	b = p->marks[0].box;
	if (abs(2 * b.x + b.w - 2 * x - w) > 60 ||
	    abs(2 * b.y + b.h - 2 * y - h) > 60 || b.w > w + 90 ||
	    b.h > h + 90 || b.w * 3 < w * 2 || b.h * 3 < h * 2)
		fail_msg("box %d,%d %dx%d, expected %d,%d %dx%d", b.x, b.y,
		    b.w, b.h, x, y, w, h);
	sh_page_free(p);
}

static void
square_codes_are_read(void **state)
{
	/* Pixels a module, blur in pixels, turn in degrees. */
	static const struct { double scale, blur, turn; } c[] = {
		{ 4, 0, 0 }, { 3.3, 1, 0 }, { 2.3, 1, 2 }, { 4, 2, 12 },
		{ 8, 0, 45 } };
	size_t i;

	(void)state;
	for (i = 0; i < SH_COUNT(c); i++) {
		PIX *page = make_paper(), *code, *next;
		int side;

		code = make_code("tests/unit/data/qr.png", c[i].scale, 1);
		if (c[i].turn != 0) {
			next = pixRotate(code, (float)(c[i].turn * 3.14159 /
			    180), L_ROTATE_AREA_MAP, L_BRING_IN_WHITE,
			    pixGetWidth(code), pixGetHeight(code));
			pixDestroy(&code);
			code = next;
		}
		if (c[i].blur > 0) {
			next = pixBlockconvGray(code, NULL, (int)c[i].blur,
			    (int)c[i].blur);
			pixDestroy(&code);
			code = next;
		}
		side = pixGetWidth(code);
		paste(page, code, 1700, 300);
		expect(find(page), SH_BARCODE_QR, CARD, 1700, 300, side,
		    side);
	}
}

static void
bars_are_read(void **state)
{
	/* Pixels a module; 0 or 90 degrees. */
	static const struct { double scale; int turn; } c[] = { { 3, 0 },
		{ 2, 0 }, { 3, 1 }, { 4, 3 } };
	size_t i;

	(void)state;
	for (i = 0; i < SH_COUNT(c); i++) {
		PIX *page = make_paper(), *code, *turned;
		int w, h;

		code = make_code("tests/unit/data/code128.png", c[i].scale,
		    40);
		turned = pixRotateOrth(code, c[i].turn);
		pixDestroy(&code);
		w = pixGetWidth(turned);
		h = pixGetHeight(turned);
		paste(page, turned, 400, 500);
		expect(find(page), SH_BARCODE_CODE128, DOSSIER, 400, 500, w,
		    h);
	}
}

static void
several_codes_are_told_apart(void **state)
{
	PIX *page = make_paper();
	struct sh_page *p;
	size_t i, cards = 0, dossiers = 0;

	(void)state;
	paste(page, make_code("tests/unit/data/qr.png", 4, 1), 200, 200);
	paste(page, make_code("tests/unit/data/qr.png", 5, 1), 1800, 2800);
	paste(page, make_code("tests/unit/data/code128.png", 3, 40), 900,
	    1500);
	p = find(page);
	assert_int_equal(p->nmarks, 3);
	for (i = 0; i < p->nmarks; i++) {
		cards += strcmp(p->marks[i].text, CARD) == 0;
		dossiers += strcmp(p->marks[i].text, DOSSIER) == 0;
	}
	assert_int_equal(cards, 2);
	assert_int_equal(dossiers, 1);
	sh_page_free(p);
}

static void
no_code_is_invented(void **state)
{
	PIX *page = make_paper(), *form = pixRead("tests/unit/data/form.png");
	struct sh_page *p;
	unsigned r = 1, i;

	(void)state;
	paste(page, pixConvertTo8(form, 0), 100, 100);
	pixDestroy(&form);
	/* A field of random squares, as dense as a code. */
	for (i = 0; i < 1600; i++)
		if (raster_random(&r, 2)) {
			BOX *b = boxCreate(400 + (int)(i % 40) * 10,
			    2000 + (int)(i / 40) * 10, 10, 10);

			(void)pixSetInRectArbitrary(page, b, 20);
			boxDestroy(&b);
		}
	p = find(page);
	assert_int_equal(p->nmarks, 0);
	sh_page_free(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(square_codes_are_read),
		cmocka_unit_test(bars_are_read),
		cmocka_unit_test(several_codes_are_told_apart),
		cmocka_unit_test(no_code_is_invented),
	};

	(void)setMsgSeverity(L_SEVERITY_NONE);
	return (cmocka_run_group_tests_name("barcode", tests, NULL, NULL));
}
