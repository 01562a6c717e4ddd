/* ocr/image_jpeg, image_jpeg_stream: written by libjpeg itself. */
#include "tests/unit/test_image_make.h"

#include <jpeglib.h>

#define W	83
#define H	61

struct recipe {
	J_COLOR_SPACE in, coded;
	int progressive, arithmetic, restart;
	int density_unit, density;
	const uint8_t *app1;	/* written before the image */
	size_t app1_len;
	int no_jfif;
};

static void
make_jpeg(const struct recipe *r, struct sh_buf *out)
{
	struct jpeg_compress_struct c;
	struct jpeg_error_mgr mgr;
	struct sh_error err = SH_ERROR_INIT;
	unsigned char *mem = NULL;
	unsigned long len = 0;
	uint8_t row[W * 4], *p = row;
	int n = r->in == JCS_GRAYSCALE ? 1 : r->in == JCS_CMYK ? 4 : 3, x, k;

	memset(out, 0, sizeof(*out));
	c.err = jpeg_std_error(&mgr);
	jpeg_create_compress(&c);
	jpeg_mem_dest(&c, &mem, &len);
	c.image_width = W;
	c.image_height = H;
	c.input_components = n;
	c.in_color_space = r->in;
	jpeg_set_defaults(&c);
	jpeg_set_colorspace(&c, r->coded);
	jpeg_set_quality(&c, 95, TRUE);
	if (r->progressive)
		jpeg_simple_progression(&c);
	c.arith_code = r->arithmetic ? TRUE : FALSE;
	c.restart_interval = (unsigned)r->restart;
	if (r->density_unit != 0) {
		c.density_unit = (UINT8)r->density_unit;
		c.X_density = c.Y_density = (UINT16)r->density;
	}
	if (r->no_jfif)
		c.write_JFIF_header = FALSE;
	jpeg_start_compress(&c, TRUE);
	if (r->app1 != NULL)
		jpeg_write_marker(&c, JPEG_APP0 + 1, r->app1,
		    (unsigned)r->app1_len);
	jpeg_write_marker(&c, JPEG_COM, (const uint8_t *)"a secret", 8);
	while (c.next_scanline < H) {
		for (x = 0; x < W; x++)
			for (k = 0; k < n; k++)
				row[x * n + k] = k == 3 ? 220 : picture(x,
				    (int)c.next_scanline, k, W, H);
		(void)jpeg_write_scanlines(&c, &p, 1);
	}
	jpeg_finish_compress(&c);
	jpeg_destroy_compress(&c);
	must(sh_buf_append(out, mem, len, &err));
	free(mem);
}

static void
check_colours(const struct sh_image_page *p, int cmyk)
{
	int x, y, c, worst = 0, want, n = p->pixels.channels;

	assert_int_equal(p->pixels.width_px, W);
	assert_int_equal(p->pixels.height_px, H);
	for (y = 2; y < H - 2; y++)
		for (x = 2; x < W - 2; x++)
			for (c = 0; c < n; c++) {
				/* Not at the edges of the inset. */
				if (abs(x - W / 4) < 9 || abs(y - H / 4) < 9)
					continue;
				want = picture(x, y, c, W, H);
				if (cmyk)	/* Adobe: 255 is no ink */
					want = want * 220 / 255;
				want = abs(want - p->pixels.data[(y * W + x) *
				    n + c]);
				worst = want > worst ? want : worst;
			}
	assert_in_range(worst, 0, 12);
}

static void
every_colour_space_decodes(void **state)
{
	static const struct {
		struct recipe r;
		int channels, passed;
	} cases[] = {
		{ { .in = JCS_GRAYSCALE, .coded = JCS_GRAYSCALE }, 1, 1 },
		{ { .in = JCS_RGB, .coded = JCS_YCbCr }, 3, 1 },
		{ { .in = JCS_RGB, .coded = JCS_RGB }, 3, 1 },
		{ { .in = JCS_RGB, .coded = JCS_YCbCr, .progressive = 1 },
		    3, 1 },
		{ { .in = JCS_RGB, .coded = JCS_YCbCr, .restart = 3 }, 3, 1 },
		{ { .in = JCS_RGB, .coded = JCS_YCbCr, .no_jfif = 1 }, 3, 1 },
		{ { .in = JCS_RGB, .coded = JCS_YCbCr, .arithmetic = 1 },
		    3, 0 },
		{ { .in = JCS_CMYK, .coded = JCS_CMYK }, 3, 0 },
		{ { .in = JCS_CMYK, .coded = JCS_YCCK }, 3, 0 },
	};
	struct sh_image_page again;
	struct sh_buf file;
	struct decoded d;
	size_t i;

	(void)state;
	for (i = 0; i < SH_COUNT(cases); i++) {
		make_jpeg(&cases[i].r, &file);
		decode_ok(file.data, file.len, &d);
		assert_int_equal(d.npages, 1);
		assert_int_equal(d.page.pixels.channels, cases[i].channels);
		assert_int_equal(d.page.components, cases[i].channels);
		check_colours(&d.page, cases[i].r.in == JCS_CMYK);
		/* Passed on it is the same picture to the bit. */
		decode_coded(&d.page, &again);
		assert_int_equal(distance(&d.page.pixels, &again.pixels) ==
		    0, cases[i].passed);
		check_colours(&again, cases[i].r.in == JCS_CMYK);
		assert_null(memmem(d.page.coded.data, d.page.coded.len,
		    "a secret", 8));
		sh_image_page_clear(&again);
		sh_image_page_clear(&d.page);
		sh_buf_free(&file);
	}
}

static void
density_and_orientation_are_read(void **state)
{
	uint8_t exif[] = "Exif\0\0MM\0*\0\0\0\x08\0\x02"
	    "\x01\x00\0\x03\0\0\0\x01\0\x01\0\0"	/* another tag */
	    "\x01\x12\0\x03\0\0\0\x01\0\x06\0\0" "\0\0\0\0";
	struct recipe r = { .in = JCS_RGB, .coded = JCS_YCbCr,
	    .density_unit = 1, .density = 300, .app1 = exif,
	    .app1_len = sizeof(exif) - 1 };
	struct sh_buf file;
	struct decoded d;
	size_t i;

	(void)state;
	make_jpeg(&r, &file);
	decode_ok(file.data, file.len, &d);
	assert_int_equal(d.page.pixels.exif_orientation, 6);
	assert_int_equal((int)d.page.pixels.dpi_x, 300);
	assert_null(memmem(d.page.coded.data, d.page.coded.len, "Exif", 4));
	sh_image_page_clear(&d.page);
	sh_buf_free(&file);
	/* Dots a centimetre; an orientation that does not exist. */
	exif[sizeof(exif) - 1 - 7] = 9;
	r.density_unit = 2;
	r.density = 118;
	make_jpeg(&r, &file);
	decode_ok(file.data, file.len, &d);
	assert_int_equal(d.page.pixels.exif_orientation, 1);
	assert_int_equal((int)d.page.pixels.dpi_x, 299);
	sh_image_page_clear(&d.page);
	sh_buf_free(&file);
	/* Offsets that lead out are followed nowhere. */
	for (i = 0; i < sizeof(exif) - 1; i++) {
		struct sh_jpeg_info info;
		uint8_t keep = exif[i];

		exif[i] = 0xff;
		make_jpeg(&r, &file);
		sh_jpeg_info(file.data, file.len, &info);
		assert_in_range(info.exif_orientation, 1, 8);
		sh_buf_free(&file);
		exif[i] = keep;
	}
	r.app1 = NULL;
	r.density_unit = 1;
	r.density = 72;
	make_jpeg(&r, &file);
	decode_ok(file.data, file.len, &d);
	assert_int_equal((int)d.page.pixels.dpi_x, 0);
	sh_image_page_clear(&d.page);
	sh_buf_free(&file);
}

static void
lost_data_is_an_error(void **state)
{
	struct recipe r = { .in = JCS_RGB, .coded = JCS_YCbCr };
	struct sh_buf file;
	struct decoded d;
	size_t cut;

	(void)state;
	for (r.progressive = 0; r.progressive < 2; r.progressive++) {
		make_jpeg(&r, &file);
		/* Without its end marker nothing is lost. */
		decode_ok(file.data, file.len - 2, &d);
		sh_image_page_clear(&d.page);
		/* Cut anywhere else something is. */
		for (cut = 700; cut < file.len - 40; cut += 97) {
			decode(file.data, cut, &d);
			assert_true(d.rc < 0);
			assert_int_equal(d.err.code, SH_EFORMAT);
		}
		decode_refused(file.data, file.len * 9 / 10,
		    "image.truncated");
		sh_buf_free(&file);
	}
	/* A restart marker that is not there. */
	r.progressive = 0;
	r.restart = 2;
	make_jpeg(&r, &file);
	for (cut = file.len / 2; file.data[cut] != 0xff ||
	    (file.data[cut + 1] & 0xf8) != 0xd0; cut++)
		;
	file.data[cut + 1] = 0xd0 | ((file.data[cut + 1] + 4) & 7);
	decode_refused(file.data, file.len, "image.damaged");
	sh_buf_free(&file);
}

static void
what_follows_the_end_is_dropped(void **state)
{
	static const struct recipe r = { .in = JCS_RGB, .coded = JCS_YCbCr };
	struct sh_error err = SH_ERROR_INIT;
	struct sh_buf file;
	struct decoded d;

	(void)state;
	make_jpeg(&r, &file);
	must(sh_buf_puts(&file, "%PDF-1.4 another file", &err));
	decode_ok(file.data, file.len, &d);
	assert_null(memmem(d.page.coded.data, d.page.coded.len, "%PDF", 4));
	assert_memory_equal(d.page.coded.data + d.page.coded.len - 2,
	    "\xff\xd9", 2);
	sh_image_page_clear(&d.page);
	sh_buf_free(&file);
}

/* The first scan of a progressive file again and again. */
static void
scans_are_counted(void **state)
{
	static const struct recipe r = { .in = JCS_GRAYSCALE,
	    .coded = JCS_GRAYSCALE, .progressive = 1 };
	struct sh_error err = SH_ERROR_INIT;
	struct sh_buf file;
	struct decoded d;
	uint8_t *scan;
	size_t at, len;
	int i;

	(void)state;
	make_jpeg(&r, &file);
	scan = memmem(file.data, file.len, "\xff\xda", 2);
	assert_non_null(scan);
	at = (size_t)(scan - file.data);
	for (len = 10; file.data[at + len] != 0xff ||
	    file.data[at + len + 1] == 0; len++)
		;
	assert_non_null(scan = malloc(len));
	memcpy(scan, file.data + at, len);
	file.len -= 2;
	for (i = 0; i < 80; i++)
		must(sh_buf_append(&file, scan, len, &err));
	must(sh_buf_append(&file, "\xff\xd9", 2, &err));
	decode_ok(file.data, file.len, &d);	/* odd, but whole */
	sh_image_page_clear(&d.page);
	file.len -= 2;
	for (i = 0; i < 80; i++)
		must(sh_buf_append(&file, scan, len, &err));
	must(sh_buf_append(&file, "\xff\xd9", 2, &err));
	decode_refused(file.data, file.len, "image.scans");
	free(scan);
	sh_buf_free(&file);
}

static void
odd_heads_are_refused(void **state)
{
	static const struct recipe r = { .in = JCS_RGB, .coded = JCS_YCbCr };
	struct sh_buf file;
	uint8_t *sof;

	(void)state;
	make_jpeg(&r, &file);
	assert_non_null(sof = memmem(file.data, file.len, "\xff\xc0", 2));
	sof[4] = 12;				/* bits */
	decode_refused(file.data, file.len, "image.samples");
	sof[4] = 8;
	sof[5] = sof[7] = 0xea;			/* 60,000 px a side */
	decode_refused(file.data, file.len, "image.too-large");
	sof[5] = 0;
	sof[6] = 0;				/* no rows */
	decode_refused(file.data, file.len, "image.damaged");
	sh_buf_free(&file);
	decode_refused("\xff\xd8\xff", 3, "image.damaged");
	decode_refused("", 0, "file.empty");
	decode_refused("just some text\n", 15, "file.kind");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_colour_space_decodes),
		cmocka_unit_test(density_and_orientation_are_read),
		cmocka_unit_test(lost_data_is_an_error),
		cmocka_unit_test(what_follows_the_end_is_dropped),
		cmocka_unit_test(scans_are_counted),
		cmocka_unit_test(odd_heads_are_refused),
	};

	return (cmocka_run_group_tests_name("image_jpeg", tests, NULL,
	    NULL));
}
