/* ocr/jbig2: what jbig2dec, which shares no code with us, makes of it. */
#include "tests/unit/test.h"

#include <fcntl.h>

#include "ocr/jbig2.h"

static uint32_t seed = 1;

static unsigned
chance(unsigned n)
{
	seed = seed * 1664525u + 1013904223u;
	return ((seed >> 8) % n);
}

static void
set(struct sh_bits *b, int x, int y)
{
	b->word[(size_t)y * b->stride + (size_t)x / 64] |=
	    (uint64_t)1 << (63 - x % 64);
}

/* A page of strokes and specks: KIND tells how many. */
static void
fill(struct sh_bits *b, int kind)
{
	int x, y, i;

	for (y = 0; y < b->height_px; y++)
		for (x = 0; x < b->width_px; x++)
			if (kind == 1 || (kind == 2 && chance(2)) ||
			    (kind == 3 && chance(400) == 0) ||
			    (kind == 5 && (x / 5 + y / 3) % 2))
				set(b, x, y);
	for (i = 0; kind == 4 && i < 200; i++) {
		int x0 = (int)chance((unsigned)b->width_px);
		int y0 = (int)chance((unsigned)b->height_px);
		int w = 1 + (int)chance(40), h = 1 + (int)chance(12);

		for (y = y0; y < y0 + h && y < b->height_px; y++)
			for (x = x0; x < x0 + w && x < b->width_px; x++)
				set(b, x, y);
	}
}

/* The page as jbig2dec decodes it, compared bit by bit. */
static void
comes_back(const char *dir, const struct sh_bits *b, const struct sh_buf *coded)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_buf pbm = SH_BUF_INIT;
	char in[256], out[256], line[600], head[64];
	size_t row = ((size_t)b->width_px + 7) / 8, at;
	int x, y;

	(void)snprintf(in, sizeof(in), "%s/page.jb2", dir);
	(void)snprintf(out, sizeof(out), "%s/page.pbm", dir);
	(void)snprintf(line, sizeof(line),
	    "jbig2dec -q -e -t pbm -o %s %s", out, in);
	must(sh_fs_replace(in, coded->data, coded->len, 0600, &err));
	assert_int_equal(system(line), 0);
	must(sh_fs_read(out, 1 << 26, &pbm, &err));
	at = (size_t)snprintf(head, sizeof(head), "P4\n%d %d\n", b->width_px,
	    b->height_px);
	assert_int_equal(pbm.len, at + row * (size_t)b->height_px);
	assert_memory_equal(pbm.data, head, at);
	for (y = 0; y < b->height_px; y++)
		for (x = 0; x < b->width_px; x++) {
			unsigned want = (unsigned)(b->word[(size_t)y *
			    b->stride + (size_t)x / 64] >> (63 - x % 64)) & 1;
			unsigned got = pbm.data[at + (size_t)y * row +
			    (size_t)x / 8] >> (7 - x % 8) & 1u;

			if (want != got)
				fail_msg("%dx%d: pixel %d,%d", b->width_px,
				    b->height_px, x, y);
		}
	sh_buf_free(&pbm);
}

static void
every_pixel_comes_back(void **state)
{
	static const int size[][2] = { { 1, 1 }, { 2, 3 }, { 63, 5 },
	    { 64, 4 }, { 65, 70 }, { 127, 9 }, { 128, 1 }, { 1, 300 },
	    { 700, 501 } };
	struct sh_error err = SH_ERROR_INIT;
	char *dir = test_mkdir();
	size_t i;
	int kind;

	(void)state;
	for (i = 0; i < sizeof(size) / sizeof(size[0]); i++)
		for (kind = 0; kind < 6; kind++) {
			struct sh_buf coded = SH_BUF_INIT;
			struct sh_bits b;

			must(sh_bits_new(&b, size[i][0], size[i][1], &err));
			fill(&b, kind);
			must(sh_jbig2_encode(&b, &coded, &err));
			comes_back(dir, &b, &coded);
			sh_buf_free(&coded);
			sh_bits_free(&b);
		}
	test_rmdir(dir);
}

/* Blank pages cost nothing, and the same page has the same bytes. */
static void
bytes_follow_from_pixels(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_buf one = SH_BUF_INIT, two = SH_BUF_INIT;
	struct sh_bits b;

	(void)state;
	must(sh_bits_new(&b, 2480, 3508, &err));
	must(sh_jbig2_encode(&b, &one, &err));
	assert_true(one.len < 100);
	sh_buf_reset(&one);
	fill(&b, 4);
	must(sh_jbig2_encode(&b, &one, &err));
	must(sh_jbig2_encode(&b, &two, &err));
	assert_int_equal(one.len, two.len);
	assert_memory_equal(one.data, two.data, one.len);
	/* Packed rows would be 1,087,480 bytes. */
	assert_true(one.len < 4000);
	sh_buf_free(&one);
	sh_buf_free(&two);
	sh_bits_free(&b);
}

static void
absurd_sizes_are_refused(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_bits b;

	(void)state;
	must_fail(sh_bits_new(&b, 30001, 10, &err), SH_ELIMIT);
	must_fail(sh_bits_new(&b, 30000, 30000, &err), SH_ELIMIT);
	must_fail(sh_bits_new(&b, 0, 10, &err), SH_EFORMAT);
	must_fail(sh_bits_new(&b, -5, 10, &err), SH_EFORMAT);
	assert_null(b.word);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_pixel_comes_back),
		cmocka_unit_test(bytes_follow_from_pixels),
		cmocka_unit_test(absurd_sizes_are_refused),
	};

	return (cmocka_run_group_tests_name("jbig2", tests, NULL, NULL));
}
