/*
 * Pages of digits of seven strokes: the same sheet leaning, moved, noisy and
 * darker is the same; one stroke of one digit more or less is another.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ocr/clean.h"
#include "ocr/likeness.h"
#include "tests/unit/test.h"

#define W	1654
#define H	2339
#define DIGIT_W	14
#define DIGIT_H	22
#define STROKE	3
#define ROWS	30
#define COLS	40

static const uint8_t strokes[10] = { 0x77, 0x24, 0x5d, 0x6d, 0x2e, 0x6b,
    0x7b, 0x25, 0x7f, 0x6f };

static uint8_t *
page_new(uint8_t paper)
{
	uint8_t *p = malloc((size_t)W * H);

	assert_non_null(p);
	memset(p, paper, (size_t)W * H);
	return (p);
}

static void
bar(uint8_t *p, int x, int y, int w, int h, uint8_t level)
{
	int i;

	for (i = 0; i < h; i++)
		memset(p + (size_t)(y + i) * W + x, level, (size_t)w);
}

/* Strokes: top, upper left, upper right, middle, lower ones, bottom. */
static void
digit(uint8_t *p, int x, int y, unsigned value, uint8_t level)
{
	static const int at[7][4] = {
		{ 0, 0, DIGIT_W, STROKE }, { 0, 0, STROKE, 11 },
		{ DIGIT_W - STROKE, 0, STROKE, 11 }, { 0, 10, DIGIT_W,
		STROKE }, { 0, 10, STROKE, 12 }, { DIGIT_W - STROKE, 10,
		STROKE, 12 }, { 0, DIGIT_H - STROKE, DIGIT_W, STROKE } };
	int i;

	for (i = 0; i < 7; i++)
		if (strokes[value] >> i & 1)
			bar(p, x + at[i][0], y + at[i][1], at[i][2],
			    at[i][3], level);
}

/* ROW, COL: the digit that is VALUE instead; -1: none. */
static uint8_t *
draw(int row, int col, unsigned value)
{
	uint8_t *p = page_new(235);
	unsigned seed = 7;
	int r, c;

	for (r = 0; r < ROWS; r++)
		for (c = 0; c < COLS; c++) {
			seed = seed * 1103515245 + 12345;
			if (r == row && c == col)
				digit(p, 150 + c * 32, 200 + r * 60, value,
				    30);
			else if ((seed >> 16) % 6 != 0)	/* words */
				digit(p, 150 + c * 32, 200 + r * 60,
				    (seed >> 20) % 10, 30);
		}
	return (p);
}

/* Another capture: leaning by DEG, moved, darker, with noise. */
static uint8_t *
captured(const uint8_t *from, double deg, double dx, double dy)
{
	uint8_t *to = page_new(225);
	double a = tan(deg * M_PI / 180), sx, sy, fx, fy, v;
	unsigned seed = 3;
	int x, y;

	for (y = 0; y < H; y++)
		for (x = 0; x < W; x++) {
			const uint8_t *p;

			sx = x - dx + a * (y - H / 2);
			sy = y - dy - a * (x - W / 2);
			if (sx < 0 || sy < 0 || sx >= W - 1 || sy >= H - 1)
				continue;
			p = from + (size_t)sy * W + (size_t)sx;
			fx = sx - floor(sx);
			fy = sy - floor(sy);
			seed = seed * 1103515245 + 12345;
			v = (p[0] * (1 - fx) + p[1] * fx) * (1 - fy) +
			    (p[W] * (1 - fx) + p[W + 1] * fx) * fy;
			v = 0.95 * v + (seed >> 16) % 9;
			to[(size_t)y * W + (size_t)x] = (uint8_t)v;
		}
	return (to);
}

static struct sh_looks *
made(uint8_t *take_p)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_looks *l;

	must(sh_likeness_new(take_p, W, H, 1, 200, 200, 1, &l, &err));
	free(take_p);
	return (l);
}

static int
places(struct sh_looks *a, struct sh_looks *b,
    struct sh_shift *shift)
{
	struct sh_error err = SH_ERROR_INIT;
	int n = sh_likeness_compare(a, b, 1000, shift, &err);

	assert_true(n >= 0);
	return (n);
}

static void
a_sheet_captured_again_is_the_same(void **state)
{
	static const double lean[][3] = { { 0, 0, 0 }, { 0.6, 7, -5 },
	    { -1.1, -20, 30 } };
	uint8_t *page = draw(-1, -1, 0);
	struct sh_looks *held, *l;
	struct sh_shift s;
	size_t i;

	(void)state;
	assert_non_null(held = made(draw(-1, -1, 0)));
	for (i = 0; i < 3; i++) {
		double a = tan(lean[i][0] * M_PI / 180);

		assert_non_null(l = made(captured(page, lean[i][0], lean[i][1],
		    lean[i][2])));
		assert_int_equal(places(l, held, &s), 0);
		/* Where the middle of the first digits went. */
		assert_true(fabs(150 + s.a * 200 + s.b - (150 + lean[i][1] -
		    a * (200 - H / 2))) < 4);
		assert_true(fabs(200 - s.a * 150 + s.c - (200 + lean[i][2] +
		    a * (150 - W / 2))) < 4);
		sh_likeness_free(l);
	}
	sh_likeness_free(held);
	free(page);
}

/* Every digit for every other one, on a page that leans and is noisy. */
static void
one_digit_makes_another_paper(void **state)
{
	struct sh_looks *held[10], *l;
	struct sh_shift s;
	unsigned i, k;

	(void)state;
	for (i = 0; i < 10; i++)
		assert_non_null(held[i] = made(draw(12, 17, i)));
	for (k = 0; k < 10; k++) {
		uint8_t *page = draw(12, 17, k);

		assert_non_null(l = made(captured(page, 0.4, 3, 9)));
		free(page);
		for (i = 0; i < 10; i++)
			assert_int_equal(places(l, held[i], &s) == 0, i == k);
		sh_likeness_free(l);
	}
	for (i = 0; i < 10; i++)
		sh_likeness_free(held[i]);
}

/* A sheet is the same however its file says that it was stored. */
static void
a_stored_turn_is_undone(void **state)
{
	uint8_t *same = draw(-1, -1, 0), *another = draw(7, 9, 3);
	uint8_t *page[2] = { captured(same, 0.4, 5, 3), captured(another,
	    0.4, 5, 3) };
	struct sh_looks *l = made(same), *turned;
	struct sh_error err = SH_ERROR_INIT;
	struct sh_shift shift;
	struct sh_pixels px = { .width_px = W, .height_px = H,
	    .channels = 1, .dpi_x = 200, .dpi_y = 200,
	    .exif_orientation = 1 }, to;
	/* What undoes a turn: itself, but for the two quarters. */
	static const int undone[9] = { 0, 1, 2, 3, 4, 5, 8, 7, 6 };
	int exif, k;

	(void)state;
	for (k = 0; k < 2; k++) {
		px.data = page[k];
		for (exif = 2; exif <= 8; exif++) {
			must(sh_clean_turn(&px, undone[exif], 0, &to, &err));
			must(sh_likeness_new(to.data, to.width_px,
			    to.height_px, 1, 200, 200, exif, &turned, &err));
			assert_int_equal(places(turned, l, &shift) > 0, k);
			sh_likeness_free(turned);
			free(to.data);
		}
		free(page[k]);
	}
	free(another);
	sh_likeness_free(l);
}

static void
what_is_too_coarse_has_no_likeness(void **state)
{
	uint8_t *page = draw(-1, -1, 0);
	struct sh_error err = SH_ERROR_INIT;
	struct sh_looks *l;

	(void)state;
	must(sh_likeness_new(page, W, H, 1, 150, 150, 1, &l, &err));
	assert_null(l);
	must(sh_likeness_new(page, W, H, 1, 0, 0, 1, &l, &err));
	assert_null(l);
	free(page);
}

/* What nobody compared may be what makes it another sheet. */
static void
what_is_too_faint_is_never_the_same_sheet(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_buf b = SH_BUF_INIT;
	struct sh_looks *held, *l, *back;
	struct sh_shift s;
	uint8_t *page = draw(-1, -1, 0);
	int i;

	(void)state;
	assert_non_null(held = made(draw(-1, -1, 0)));
	digit(page, 700, 2100, 8, 190);
	assert_non_null(l = made(page));
	must(sh_likeness_pack(l, &b, &err));
	assert_false(sh_likeness_is_whole(b.data, b.len));
	must(sh_likeness_unpack(b.data, b.len, &back, &err));
	assert_true(places(l, held, &s) > 0);
	assert_true(places(held, back, &s) > 0);
	sh_likeness_free(back);
	sh_buf_reset(&b);
	must(sh_likeness_pack(held, &b, &err));
	for (i = 0; i < 10; i++)
		assert_int_equal(sh_likeness_is_whole(b.data, (size_t)i), 0);
	assert_true(sh_likeness_is_whole(b.data, b.len));
	sh_buf_free(&b);
	sh_likeness_free(l);
	sh_likeness_free(held);
}

/* The word of digits in row 12, columns 15 to 19, on either page. */
static struct sh_look_at
word_at(double deg, double dx, double dy, int row)
{
	struct sh_look_at at = { .width_px = W, .height_px = H };
	double a = tan(deg * M_PI / 180), x = 150 + 15 * 32, y = 200 + row *
	    60, w = 4 * 32 + DIGIT_W, h = DIGIT_H;

	at.box.x = (int32_t)(x + dx - a * (y + h / 2 - H / 2));
	at.box.y = (int32_t)(y + dy + a * (x + w / 2 - W / 2));
	at.box.w = (int32_t)w;
	at.box.h = (int32_t)h;
	return (at);
}

static void
a_word_is_looked_at_by_itself(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_looks *held, *l;
	struct sh_look_at at[3];
	unsigned k, seen = 0;
	uint8_t *page;

	(void)state;
	assert_non_null(held = made(draw(12, 17, 8)));
	for (k = 0; k < 10; k++) {
		page = draw(12, 17, k);
		/* Faint strokes elsewhere hinder nobody. */
		digit(page, 700, 2100, 8, 190);
		assert_non_null(l = made(captured(page, 0.4, 3, 9)));
		free(page);
		at[0] = word_at(0.4, 3, 9, 12);
		at[1] = word_at(0.4, 3, 9, 20);
		at[2] = (struct sh_look_at){ .box = { 700, 2060, 60, 30 },
		    .width_px = W, .height_px = H };
		must(sh_likeness_look(l, held, at, 3, &err));
		assert_int_equal(at[0].look, k == 8 ? SH_LOOK_SAME :
		    SH_LOOK_DIFFERENT);
		assert_int_equal(at[1].look, SH_LOOK_SAME);
		assert_int_equal(at[2].look, SH_LOOK_NOTHING);
		seen += at[0].look == SH_LOOK_DIFFERENT;
		sh_likeness_free(l);
	}
	assert_int_equal(seen, 9);
	sh_likeness_free(held);
}

static void
a_box_of_a_page_that_was_turned_is_found(void **state)
{
	static const struct { int turned; struct sh_box box; } is[] = {
		{ 0, { 630, 920, 142, 22 } },
		{ 180, { W - 630 - 142, H - 920 - 22, 142, 22 } },
		{ 90, { H - 920 - 22, 630, 22, 142 } },
		{ 270, { 920, W - 630 - 142, 22, 142 } } };
	struct sh_error err = SH_ERROR_INIT;
	struct sh_looks *held, *other;
	struct sh_look_at at;
	size_t i;

	(void)state;
	assert_non_null(held = made(draw(12, 17, 8)));
	assert_non_null(other = made(draw(12, 17, 1)));
	for (i = 0; i < 4; i++) {
		at = (struct sh_look_at){ .box = is[i].box, .orientation =
		    is[i].turned };
		at.width_px = is[i].turned % 180 == 0 ? W : H;
		at.height_px = is[i].turned % 180 == 0 ? H : W;
		must(sh_likeness_look(held, held, &at, 1, &err));
		assert_int_equal(at.look, SH_LOOK_SAME);
		must(sh_likeness_look(other, held, &at, 1, &err));
		assert_int_equal(at.look, SH_LOOK_DIFFERENT);
		/* Out of the page is nowhere. */
		at.box.x = INT32_MAX;
		must(sh_likeness_look(held, held, &at, 1, &err));
		assert_int_equal(at.look, SH_LOOK_NOTHING);
	}
	sh_likeness_free(other);
	sh_likeness_free(held);
}

static void
it_is_kept_in_little_room(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_buf b = SH_BUF_INIT;
	struct sh_looks *l, *back;
	struct sh_shift s;
	size_t i;

	(void)state;
	assert_non_null(l = made(draw(-1, -1, 0)));
	must(sh_likeness_pack(l, &b, &err));
	assert_true(b.len < 60000);
	must(sh_likeness_unpack(b.data, b.len, &back, &err));
	assert_int_equal(places(back, l, &s), 0);
	sh_likeness_free(back);
	/* What no worker of ours sends is refused or is some other page. */
	for (i = 0; i < b.len; i += i < 64 ? 1 : 997) {
		assert_int_equal(sh_likeness_unpack(b.data, i, &back, &err),
		    -1);
		assert_string_equal(err.key, "likeness.damaged");
		assert_null(back);
		sh_error_clear(&err);
	}
	b.data[4] ^= 0x40;
	assert_int_equal(sh_likeness_unpack(b.data, b.len, &back, &err), -1);
	sh_buf_free(&b);
	sh_likeness_free(l);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_sheet_captured_again_is_the_same),
		cmocka_unit_test(one_digit_makes_another_paper),
		cmocka_unit_test(a_stored_turn_is_undone),
		cmocka_unit_test(what_is_too_coarse_has_no_likeness),
		cmocka_unit_test(what_is_too_faint_is_never_the_same_sheet),
		cmocka_unit_test(a_word_is_looked_at_by_itself),
		cmocka_unit_test(a_box_of_a_page_that_was_turned_is_found),
		cmocka_unit_test(it_is_kept_in_little_room),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
