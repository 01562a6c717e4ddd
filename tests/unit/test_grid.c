/* ocr/grid: what is a table's cell, and that cells are read one by one. */
#include "tests/unit/test.h"

#include <allheaders.h>
#include <math.h>

#include "base/mem.h"
#include "ocr/grid.h"
#include "ocr/tidy.h"

#define FACTOR	2	/* page pixels to one of the sketch */

static struct sh_error err = SH_ERROR_INIT;

/* A4 at 150 dpi; rules are drawn on it as they lie on a page that leans. */
struct drawing {
	struct sh_sketch sketch;
	double lean;
};

static void
draw_start(struct drawing *d, double lean_deg)
{
	d->sketch = (struct sh_sketch){ pixCreate(1240, 1754, 1), FACTOR,
	    150 };
	d->lean = tan(lean_deg * M_PI / 180);
	must_ptr(d->sketch.pix);
}

static void
dot(struct drawing *d, int x, int y)
{
	(void)pixSetPixel(d->sketch.pix, x - (int)lround(y * d->lean),
	    y + (int)lround(x * d->lean), 1);
}

static void
rule(struct drawing *d, int x0, int y0, int x1, int y1)
{
	int x, y;

	for (x = x0; x <= x1; x++)
		for (y = y0; y <= y1; y++) {
			dot(d, x, y);
			dot(d, x + 1, y);
			dot(d, x, y + 1);
		}
}

/* Columns of 200 and rows of 60 at 150, 300. */
static void
draw_table(struct drawing *d, int columns, int rows)
{
	int i;

	for (i = 0; i <= rows; i++)
		rule(d, 150, 300 + 60 * i, 150 + 200 * columns, 300 + 60 * i);
	for (i = 0; i <= columns; i++)
		rule(d, 150 + 200 * i, 300, 150 + 200 * i, 300 + 60 * rows);
}

static void
find(struct drawing *d, double lean_deg, struct sh_grid *g)
{
	must(sh_grid_find(&d->sketch, 1, 1, lean_deg, g, &err));
	pixDestroy(&d->sketch.pix);
}

/* The cell at a point of the drawing. */
static uint32_t
cell_at(const struct sh_grid *g, int x, int y, double lean_deg)
{
	double lean = tan(lean_deg * M_PI / 180);
	struct sh_box b = { (int)lround(FACTOR * (x - y * lean)) - 5,
	    (int)lround(FACTOR * (y + x * lean)) - 5, 10, 10 };

	return (sh_grid_cell(g, &b));
}

static void
cells_are_counted_row_by_row(void **state)
{
	static const double leans[] = { 0, 0.8, -0.8, 2.5, -2.5 };
	struct drawing d;
	struct sh_grid g;
	size_t i;
	int k;

	(void)state;
	for (i = 0; i < SH_COUNT(leans); i++) {
		draw_start(&d, leans[i]);
		draw_table(&d, 3, 4);
		find(&d, leans[i], &g);
		assert_int_equal(g.ntables, 1);
		for (k = 0; k < 12; k++)
			assert_int_equal(cell_at(&g, 250 + 200 * (k % 3), 330 +
			    60 * (k / 3), leans[i]), k + 1);
		assert_int_equal(cell_at(&g, 100, 330, leans[i]), 0);
		assert_int_equal(cell_at(&g, 450, 600, leans[i]), 0);
		sh_grid_clear(&g);
	}
}

/* A cell may reach over rows or columns; scanners lose bits of rules. */
static void
a_cell_may_be_large(void **state)
{
	struct drawing d;
	struct sh_grid g;

	(void)state;
	draw_start(&d, 0);
	draw_table(&d, 3, 4);
	/* One over two rows on the left, one over two columns below. */
	pixRasterop(d.sketch.pix, 156, 358, 190, 6, PIX_CLR, NULL, 0, 0);
	pixRasterop(d.sketch.pix, 548, 486, 6, 50, PIX_CLR, NULL, 0, 0);
	/* Two holes in the outer rule. */
	pixRasterop(d.sketch.pix, 200, 298, 4, 6, PIX_CLR, NULL, 0, 0);
	pixRasterop(d.sketch.pix, 148, 500, 6, 4, PIX_CLR, NULL, 0, 0);
	find(&d, 0, &g);
	assert_int_equal(g.ntables, 1);
	assert_int_equal(cell_at(&g, 250, 330, 0), 1);
	assert_int_equal(cell_at(&g, 250, 390, 0), 1);
	assert_int_equal(cell_at(&g, 450, 330, 0), 2);
	assert_int_equal(cell_at(&g, 650, 390, 0), 5);
	assert_int_equal(cell_at(&g, 250, 510, 0), 9);
	assert_int_equal(cell_at(&g, 450, 510, 0), 10);
	assert_int_equal(cell_at(&g, 650, 510, 0), 10);
	sh_grid_clear(&g);
}

static void
frames_and_lines_are_no_tables(void **state)
{
	struct drawing d;
	struct sh_grid g;
	int i;

	(void)state;
	draw_start(&d, 0);
	/* A frame, one within it, a form's lines to write on, a box halved. */
	rule(&d, 30, 30, 1200, 30);
	rule(&d, 30, 1700, 1200, 1700);
	rule(&d, 30, 30, 30, 1700);
	rule(&d, 1200, 30, 1200, 1700);
	for (i = 0; i < 8; i++)
		rule(&d, 150, 900 + 60 * i, 1000, 900 + 60 * i);
	draw_table(&d, 2, 1);
	find(&d, 0, &g);
	assert_int_equal(g.ntables, 0);
	assert_null(g.cells);
	assert_int_equal(cell_at(&g, 250, 330, 0), 0);
	sh_grid_clear(&g);
}

static void
add(struct sh_page *p, int x, int y, const char *text)
{
	const int32_t base[4] = { x, y + 30, x + 100, y + 30 };
	char copy[200], *rest = copy, *word;
	int at = x;

	(void)snprintf(copy, sizeof(copy), "%s", text);
	must(sh_page_add_line(p, (struct sh_box){ x, y, 1100, 36 }, base, 7,
	    &err));
	while ((word = strsep(&rest, " ")) != NULL) {
		if (strcmp(word, ">") == 0) {
			at = x += 400;
			continue;
		}
		must(sh_page_add_word(p, word, (struct sh_box){ at, y, 18 *
		    (int)strlen(word), 36 }, 0.9, &err));
		at += 18 * (int)strlen(word) + 12;
	}
}

/* The engine reads across the cells; " > ": on in the next column. */
static void
what_is_wrapped_stays_together(void **state)
{
	struct sh_page *p = sh_page_new(&err), *q;
	struct sh_buf text = SH_BUF_INIT;
	struct drawing d;
	struct sh_grid g;

	(void)state;
	must_ptr(p);
	p->width_px = 2480;
	p->height_px = 3508;
	draw_start(&d, 0);
	draw_table(&d, 3, 3);
	find(&d, 0, &g);
	add(p, 310, 560, "Danh sach");
	add(p, 310, 612, "STT > Noi > So");
	add(p, 310, 730, "[1 > Hoa > {9.000");
	add(p, 310, 850, "2 > Phu > [2]");
	add(p, 710, 772, "Binh");
	add(p, 310, 1200, "Ngay");
	must_ptr(q = sh_page_tidy(p, NULL, 0, &g, &err));
	must(sh_page_text(q, &text, &err));
	assert_string_equal(text.data, "Danh sach\nSTT\nNoi\nSo\n1\nHoa\n"
	    "Binh\n9.000\n2\nPhu\n[2]\nNgay");
	assert_int_equal(q->lines[5].block, q->lines[6].block);
	assert_int_not_equal(q->lines[6].block, q->lines[7].block);
	sh_buf_free(&text);
	sh_page_free(p);
	sh_page_free(q);
	sh_grid_clear(&g);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cells_are_counted_row_by_row),
		cmocka_unit_test(a_cell_may_be_large),
		cmocka_unit_test(frames_and_lines_are_no_tables),
		cmocka_unit_test(what_is_wrapped_stays_together),
	};

	return (cmocka_run_group_tests_name("grid", tests, NULL, NULL));
}
