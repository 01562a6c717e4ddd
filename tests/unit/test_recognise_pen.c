/* ocr/recognise: what a pen did to the form. */
#include "tests/unit/form.h"

/* Squares of SIDE px and LEVEL at the points, on what is lighter. */
static void
draw_along(PIX *p, PTA *points, int side, int level)
{
	int i, x, y, dx, dy;
	l_uint32 v;

	for (i = 0; i < ptaGetCount(points); i++) {
		ptaGetIPt(points, i, &x, &y);
		for (dy = 0; dy < side; dy++)
			for (dx = 0; dx < side; dx++)
				if (pixGetPixel(p, x + dx, y + dy, &v) == 0 &&
				    v > (l_uint32)level)
					(void)pixSetPixel(p, x + dx, y + dy,
					    (l_uint32)level);
	}
}

/*
 * A pen's strokes through two lines and a seal's ring on a photocopy: the
 * engine takes what they join for a picture.
 */
static void
print_under_strokes_is_read(void **state)
{
	PIX *p = pixCopy(NULL, form);
	struct sh_page *page;
	PTA *pen = ptaCreate(0), *ring = ptaCreate(0);
	double at;

	(void)state;
	for (at = 0; at < 1; at += 0.0005) {
		ptaAddPt(pen, (float)(560 + 300 * at), (float)(480 +
		    70 * sin(at * 31)));
		ptaAddPt(ring, (float)(420 + 110 * cos(at * 2 * M_PI)),
		    (float)(640 + 110 * sin(at * 2 * M_PI)));
	}
	draw_along(p, pen, 4, 95);
	draw_along(p, ring, 9, 120);
	ptaDestroy(&pen);
	ptaDestroy(&ring);
	page = read_raster(p, 200, 1);
	assert_in_range(lost(page), 0, 6);
	sh_page_free(page);
}

/* A number in blue ink beside black print. */
static void
pen_is_told_from_print(void **state)
{
	PIX *ink = pixConvertTo32(form);
	struct sh_page *p;
	size_t i, penned = 0;
	l_uint32 v;
	int x, y;

	(void)state;
	for (y = 470; y < 506; y++)
		for (x = 520; x < 750; x++) {
			(void)pixGetPixel(ink, x, y, &v);
			/* Black to blue, paper as it is. */
			(void)composeRGBPixel((int)(v >> 24),
			    (int)(v >> 16 & 255), 120 + (int)(v >> 8 & 255) *
			    135 / 255, &v);
			(void)pixSetPixel(ink, x, y, v);
		}
	p = read_raster(ink, 200, 1);
	assert_true(find_word(p, "001187000001")->penned);
	for (i = 0; i < p->nwords; i++)
		penned += p->words[i].penned != 0;
	assert_int_equal(penned, 1);
	sh_page_free(p);
	p = read_raster(pixConvertTo32(form), 200, 1);
	for (i = 0; i < p->nwords; i++)
		assert_false(p->words[i].penned);
	sh_page_free(p);
}

static void
scrawl_is_no_reading(void **state)
{
	PIX *page = paper(255), *mirror = pixFlipLR(NULL, form);
	struct sh_page *p;

	(void)state;
	(void)pixRasterop(page, 0, 300, 1654, 1169, PIX_SRC, mirror, 0, 0);
	pixDestroy(&mirror);
	p = read_raster(page, 200, 1);
	assert_int_equal(p->state, SH_PAGE_UNREADABLE);
	assert_int_equal(p->nwords, 0);
	sh_page_free(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(print_under_strokes_is_read),
		cmocka_unit_test(pen_is_told_from_print),
		cmocka_unit_test(scrawl_is_no_reading),
	};

	return (cmocka_run_group_tests_name("recognise_pen", tests, start,
	    stop));
}
