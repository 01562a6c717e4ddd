/* ocr/image_png (written by libpng itself), ocr/image_pnm, and the frame. */
#include "tests/unit/test_image_make.h"

#include <png.h>
#include <zlib.h>

#define W	37
#define H	29

struct recipe {
	int depth, type, interlaced;
	int dpm;		/* dots a metre */
	int transparent;	/* a tRNS chunk */
};

static void
on_write(png_structp png, png_bytep data, size_t len)
{
	struct sh_error err = SH_ERROR_INIT;

	must(sh_buf_append(png_get_io_ptr(png), data, len, &err));
}

static void
on_flush(png_structp png)
{
	(void)png;
}

static int
samples_of(int type)
{
	return (type == PNG_COLOR_TYPE_RGB ? 3 : type ==
	    PNG_COLOR_TYPE_RGB_ALPHA ? 4 : type ==
	    PNG_COLOR_TYPE_GRAY_ALPHA ? 2 : 1);
}

static unsigned
stored(const struct recipe *r, int x, int y, int s)
{
	unsigned max = (1u << r->depth) - 1, v = picture(x, y, s % 3, W, H);

	return (v * max / 255);
}

static void
make_png(const struct recipe *r, struct sh_buf *out)
{
	png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING,
	    NULL, NULL, NULL);
	png_infop info = png_create_info_struct(png);
	static uint8_t rows[H][W * 8];
	png_bytep rowp[H];
	png_color map[256];
	png_byte alpha[1] = { 0 };
	unsigned v;
	int x, y, s, n = samples_of(r->type), i;

	memset(out, 0, sizeof(*out));
	memset(rows, 0, sizeof(rows));
	png_set_write_fn(png, out, on_write, on_flush);
	png_set_IHDR(png, info, W, H, r->depth, r->type, r->interlaced ?
	    PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE,
	    PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
	if (r->type == PNG_COLOR_TYPE_PALETTE) {
		for (i = 0; i < 1 << r->depth; i++)
			map[i] = (png_color){ (png_byte)i,
			    (png_byte)(255 - i), (png_byte)(i * 3) };
		png_set_PLTE(png, info, map, 1 << r->depth);
		if (r->transparent)
			png_set_tRNS(png, info, alpha, 1, NULL);
	}
	if (r->dpm != 0)
		png_set_pHYs(png, info, (png_uint_32)r->dpm,
		    (png_uint_32)r->dpm, PNG_RESOLUTION_METER);
	png_write_info(png, info);
	for (y = 0; y < H; y++) {
		rowp[y] = rows[y];
		for (x = 0; x < W; x++)
			for (s = 0; s < n; s++) {
				v = stored(r, x, y, s);
				i = x * n + s;
				if (r->depth == 16) {
					rows[y][2 * i] = (uint8_t)(v >> 8);
					rows[y][2 * i + 1] = (uint8_t)v;
				} else {
					rows[y][i * r->depth / 8] |=
					    (uint8_t)(v << (8 - r->depth -
					    i * r->depth % 8));
				}
			}
	}
	png_write_image(png, rowp);
	png_write_end(png, info);
	png_destroy_write_struct(&png, &info);
}

static int
expected(const struct recipe *r, int x, int y, int c)
{
	unsigned max = (1u << r->depth) - 1;
	int n = samples_of(r->type), v, a;

	if (r->type == PNG_COLOR_TYPE_PALETTE) {
		v = (int)stored(r, x, y, 0);
		if (r->transparent && v == 0)
			return (255);
		return (c == 0 ? v : c == 1 ? 255 - v : v * 3 % 256);
	}
	v = (int)((stored(r, x, y, c) * 255 + max / 2) / max);
	if (n == 1 || n == 3)
		return (v);
	a = (int)((stored(r, x, y, n - 1) * 255 + max / 2) / max);
	return ((v * a + 127) / 255 + 255 - a);
}

static void
every_kind_decodes(void **state)
{
	static const struct recipe recipes[] = {
		{ 1, PNG_COLOR_TYPE_GRAY, 0, 0, 0 },
		{ 1, PNG_COLOR_TYPE_GRAY, 1, 0, 0 },
		{ 2, PNG_COLOR_TYPE_GRAY, 0, 0, 0 },
		{ 4, PNG_COLOR_TYPE_GRAY, 1, 0, 0 },
		{ 8, PNG_COLOR_TYPE_GRAY, 0, 11811, 0 },
		{ 16, PNG_COLOR_TYPE_GRAY, 0, 0, 0 },
		{ 1, PNG_COLOR_TYPE_PALETTE, 0, 0, 0 },
		{ 4, PNG_COLOR_TYPE_PALETTE, 0, 0, 0 },
		{ 8, PNG_COLOR_TYPE_PALETTE, 1, 0, 1 },
		{ 8, PNG_COLOR_TYPE_RGB, 0, 2835, 0 },
		{ 16, PNG_COLOR_TYPE_RGB, 1, 0, 0 },
		{ 8, PNG_COLOR_TYPE_GRAY_ALPHA, 0, 0, 0 },
		{ 8, PNG_COLOR_TYPE_RGB_ALPHA, 0, 0, 0 },
		{ 8, PNG_COLOR_TYPE_RGB_ALPHA, 1, 0, 0 },
		{ 16, PNG_COLOR_TYPE_RGB_ALPHA, 0, 0, 0 },
	};
	struct sh_image_page again;
	struct sh_buf file;
	struct decoded d;
	size_t i;
	int x, y, c, n, got, want;

	(void)state;
	for (i = 0; i < SH_COUNT(recipes); i++) {
		const struct recipe *r = &recipes[i];

		make_png(r, &file);
		decode_ok(file.data, file.len, &d);
		n = r->type & PNG_COLOR_MASK_COLOR ? 3 : 1;
		assert_int_equal(d.page.pixels.channels, n);
		for (y = 0; y < H; y++)
			for (x = 0; x < W; x++)
				for (c = 0; c < n; c++) {
					got = d.page.pixels.data[(y * W + x) *
					    n + c];
					want = expected(r, x, y, c);
					if (abs(got - want) > (r->depth == 16))
						fail_msg("recipe %zu (%d, %d)"
						    " %d: %d, expected %d", i,
						    x, y, c, got, want);
				}
		assert_int_equal((int)d.page.pixels.dpi_x,
		    r->dpm == 11811 ? 299 : 0);
		assert_int_equal(d.page.coding, r->depth == 1 && n == 1 ?
		    SH_IMAGE_G4 : SH_IMAGE_JPEG);
		decode_coded(&d.page, &again);
		if (d.page.coding == SH_IMAGE_G4)
			assert_int_equal(distance(&d.page.pixels,
			    &again.pixels), 0);
		sh_image_page_clear(&again);
		sh_image_page_clear(&d.page);
		sh_buf_free(&file);
	}
}

static void
damage_is_an_error(void **state)
{
	static const struct recipe r = { 8, PNG_COLOR_TYPE_RGB, 0, 11811, 0 };
	struct sh_buf file;
	struct decoded d;
	uint8_t *p;
	size_t i;

	(void)state;
	make_png(&r, &file);
	for (i = 8; i < file.len; i += 5) {	/* not one flip passes */
		file.data[i] ^= 0x10;
		decode(file.data, file.len, &d);
		if (d.rc >= 0)
			fail_msg("a flip at byte %zu passed", i);
		file.data[i] ^= 0x10;
	}
	decode_refused(file.data, file.len / 2, "image.truncated");
	decode_refused(file.data, file.len - 12, "image.truncated");
	assert_non_null(p = memmem(file.data, file.len, "pHYs", 4));
	p[6] ^= 1;
	decode_refused(file.data, file.len, "image.damaged");
	sh_buf_free(&file);
}

/* Set the sides in the header, with a right checksum. */
static void
resize_header(struct sh_buf *file, uint32_t w, uint32_t h)
{
	sh_put_be(file->data + 16, w, 4);
	sh_put_be(file->data + 20, h, 4);
	sh_put_be(file->data + 29, crc32(0, file->data + 12, 17), 4);
}

static void
giants_are_refused(void **state)
{
	static const struct recipe r = { 8, PNG_COLOR_TYPE_GRAY, 0, 0, 0 };
	struct sh_buf file;

	(void)state;
	make_png(&r, &file);
	resize_header(&file, 60000, 1);
	decode_refused(file.data, file.len, "image.too-large");
	resize_header(&file, 29000, 29000);
	decode_refused(file.data, file.len, "image.too-large");
	resize_header(&file, 0x7fffffff, 0x7fffffff);
	decode_refused(file.data, file.len, "image.too-large");
	/* Inside the limit, but without the data that it promises. */
	resize_header(&file, 12000, 12000);
	decode_refused(file.data, file.len, "image.damaged");
	sh_buf_free(&file);
}

static void
pnm_decodes(void **state)
{
	static const char bits[] = "P4\n# a comment\n10 2\n\x55\x40\xff\xc0",
	    grey[] = "P5 3 2 255\n\x00\x01\x02\xfd\xfe\xff",
	    deep[] = "P5\n2 1\n1000\n\x03\xe8\x01\xf4",
	    colour[] = "P6\n2 1\n255\n\x01\x02\x03\x04\x05\x06\n",
	    no_colour[] = "P6\n2 1\n255\n\x07\x07\x07\x09\x09\x09";
	struct decoded d;

	(void)state;
	decode_ok(bits, sizeof(bits) - 1, &d);
	assert_memory_equal(d.page.pixels.data, "\xff\0\xff\0\xff\0\xff\0"
	    "\xff\0\0\0\0\0\0\0\0\0\0\0", 20);
	assert_int_equal(d.page.coding, SH_IMAGE_G4);
	sh_image_page_clear(&d.page);
	decode_ok(grey, sizeof(grey) - 1, &d);
	assert_memory_equal(d.page.pixels.data, grey + 11, 6);
	sh_image_page_clear(&d.page);
	decode_ok(deep, sizeof(deep) - 1, &d);
	assert_memory_equal(d.page.pixels.data, "\xff\x80", 2);
	sh_image_page_clear(&d.page);
	decode_ok(colour, sizeof(colour) - 1, &d);
	assert_int_equal(d.page.pixels.channels, 3);
	assert_memory_equal(d.page.pixels.data, "\1\2\3\4\5\6", 6);
	sh_image_page_clear(&d.page);
	decode_ok(no_colour, sizeof(no_colour) - 1, &d);
	assert_int_equal(d.page.pixels.channels, 1);
	assert_memory_equal(d.page.pixels.data, "\7\11", 2);
	sh_image_page_clear(&d.page);
}

static void
pnm_headers_are_strict(void **state)
{
	static const struct {
		const char *text, *key;
	} cases[] = {
		{ "P5 2 2 255\nabc", "image.truncated" },
		{ "P5 2 2 255\nabcdx", "image.samples" },
		{ "P5 -2 2 255\nabcd", "image.damaged" },
		{ "P5 2 2 65536\nabcd", "image.damaged" },
		{ "P5 2 2 0\nabcd", "image.damaged" },
		{ "P5 2 2\n", "image.damaged" },
		{ "P5 0 2 255\n", "image.damaged" },
		{ "P5 99999999999999999999 2 255\n", "image.damaged" },
		{ "P6 40000 2 255\n", "image.too-large" },
		{ "P5 # only a comment", "image.damaged" },
		{ "P1 1 1 0", "file.kind" },
		{ "P7\nWIDTH 1", "file.kind" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < SH_COUNT(cases); i++)
		decode_refused(cases[i].text, strlen(cases[i].text),
		    cases[i].key);
}

static void
refused_kinds_have_names(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		const char *name;
	} kinds[] = {
		{ "PK\3\4....", 8, "ZIP, Word or Excel" },
		{ "\0\0\0\x18" "ftypheic", 12, "HEIC" },
	};
	struct decoded d;
	size_t i;

	(void)state;
	for (i = 0; i < SH_COUNT(kinds); i++) {
		decode(kinds[i].bytes, kinds[i].len, &d);
		assert_int_equal(d.rc, -2);
		assert_int_equal(d.err.code, SH_EUNSUPPORTED);
		assert_string_equal(d.err.key, "file.kind");
		assert_string_equal(d.err.param[0].value, kinds[i].name);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_decodes),
		cmocka_unit_test(damage_is_an_error),
		cmocka_unit_test(giants_are_refused),
		cmocka_unit_test(pnm_decodes),
		cmocka_unit_test(pnm_headers_are_strict),
		cmocka_unit_test(refused_kinds_have_names),
	};

	return (cmocka_run_group_tests_name("image_png", tests, NULL, NULL));
}
