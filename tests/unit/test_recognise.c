/* ocr/recognise: the form, and what scanners and phones do to it. */
#include "tests/unit/form.h"

static void
near_box(struct sh_box b, double x, double y, double w, double h, int slack)
{
	if (fabs(b.x - x) > slack || fabs(b.y - y) > slack ||
	    fabs(b.x + b.w - x - w) > slack ||
	    fabs(b.y + b.h - y - h) > slack)
		fail_msg("box %d,%d %dx%d, expected %.0f,%.0f %.0fx%.0f",
		    b.x, b.y, b.w, b.h, x, y, w, h);
}

static void
clean_page_is_read(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_buf truth = SH_BUF_INIT;
	struct sh_page *p = read_raster(pixClone(form), 200, 1);
	char *text = text_of(p);
	const struct sh_line *l;

	(void)state;
	must(sh_fs_read("tests/unit/data/form.txt", 65536, &truth, &err));
	truth.data[truth.len - 1] = '\0';
	assert_string_equal(text, (char *)truth.data);
	assert_int_equal(p->state, SH_PAGE_READ);
	assert_int_equal(p->orientation, 0);
	assert_int_equal(p->width_px, 1654);
	assert_float_equal(p->dpi, 200, 1e-9);
	assert_true(p->dpi_known);
	assert_true(fabs(p->skew_deg) < 0.1);
	assert_true(p->confidence > 0.95);
	assert_true(strncmp(p->engine, "tesseract 5.", 12) == 0);
	assert_string_equal(p->engine, sh_recogniser_engine(reader));
	assert_int_equal(p->nlines, 15);
	near_box(find_word(p, "001187000001")->box, 528, 476, 213, 24, 6);
	l = &p->lines[find_word(p, "001187000001")->line];
	assert_in_range(l->baseline[1], 492, 504);
	assert_in_range(l->baseline[3], 492, 504);
	sh_buf_free(&truth);
	free(text);
	sh_page_free(p);
}

static void
every_turn_is_set_right(void **state)
{
	int exif, quarters;

	(void)state;
	for (exif = 1; exif <= 8; exif++)
		for (quarters = 0; quarters < 4; quarters++) {
			PIX *fed, *stored;
			struct sh_page *p;

			if (exif > 1 && quarters != exif % 4)
				continue;
			/* Fed wrong by QUARTERS: turned back by the rest. */
			fed = pixRotateOrth(form, quarters);
			stored = raster_store(fed, exif);
			pixDestroy(&fed);
			p = read_raster(stored, 200, exif);
			assert_int_equal(p->orientation,
			    (360 - 90 * quarters) % 360);
			assert_int_equal(p->width_px, 1654);
			assert_int_equal(p->height_px, 1169);
			assert_int_equal(lost(p), 0);
			near_box(find_word(p, "001187000001")->box, 528, 476,
			    213, 24, 6);
			sh_page_free(p);
		}
}

/* The form in colour. */
static PIX *
coloured(void)
{
	return (pixConvertTo32(form));
}

/* What ink of (R, G, B) leaves of the light where it lies on the page. */
static void
ink(PIX *p, int x, int y, int r, int g, int b)
{
	l_uint32 v = 0;

	(void)pixGetPixel(p, x, y, &v);
	(void)pixSetPixel(p, x, y, (v >> 24) * (unsigned)r / 255 << 24 |
	    (v >> 16 & 255) * (unsigned)g / 255 << 16 |
	    (v >> 8 & 255) * (unsigned)b / 255 << 8);
}

static PIX *
stamped(void)
{
	PIX *p = coloured();
	int x, y;

	for (y = -150; y <= 150; y++)
		for (x = -150; x <= 150; x++) {
			int d = x * x + y * y;

			if ((d > 138 * 138 && d < 150 * 150) ||
			    (d > 95 * 95 && d < 103 * 103) || (d < 90 * 90 &&
			    (x + y + 400) % 24 < 9))
				ink(p, 620 + x, 560 + y, 205, 40, 50);
		}
	return (p);
}

static PIX *
shaded(void)
{
	PIX *p = pixCopy(NULL, form);
	int x, y;
	l_uint32 v;

	for (y = 0; y < pixGetHeight(p); y++)
		for (x = 0; x < pixGetWidth(p); x++) {
			(void)pixGetPixel(p, x, y, &v);
			(void)pixSetPixel(p, x, y, v * (unsigned)(60 +
			    180 * x / pixGetWidth(p)) / 255);
		}
	return (p);
}

static PIX *
greyed(void)
{
	PIX *p = pixCopy(NULL, form);

	(void)pixMultConstantGray(p, (float)0.25);
	(void)pixAddConstantGray(p, 120);
	return (p);
}

static PIX *
salted(void)
{
	PIX *p = pixCopy(NULL, form);
	unsigned r = 7;
	int i, n = pixGetWidth(p) * pixGetHeight(p) / 50;

	for (i = 0; i < n; i++)
		(void)pixSetPixel(p, (int)raster_random(&r, 1654),
		    (int)raster_random(&r, 1169), i % 2 ? 0 : 255);
	return (p);
}

static PIX *
dusty(void)
{
	PIX *p = pixCopy(NULL, form);
	unsigned r = 3;
	int i;

	for (i = 0; i < 600; i++) {
		int side = 1 + (int)raster_random(&r, 3);
		BOX *b = boxCreate((int)raster_random(&r, 1650),
		    (int)raster_random(&r, 1165), side, side);

		(void)pixSetInRectArbitrary(p, b, 0);
		boxDestroy(&b);
	}
	return (p);
}

static PIX *
two_level(void)
{
	return (pixThresholdToBinary(form, 150));
}

/* Two rings of coffee, each darkest at its rim, over the print. */
static PIX *
ringed(void)
{
	PIX *p = coloured();
	int x, y, k, shade;

	for (k = 0; k < 2; k++)
		for (y = -260; y <= 260; y++)
			for (x = -260; x <= 260; x++) {
				double d = sqrt((double)(x * x + y * y));

				if (d > 250)
					continue;
				shade = (int)(110 * exp((d - 250) / 8));
				ink(p, 500 + 400 * k + x, 520 + 60 * k + y,
				    235 - shade, 220 - shade, 200 - shade);
			}
	return (p);
}

/* The print of the other side, at a third of its strength. */
static PIX *
shone_through(void)
{
	PIX *p = pixCopy(NULL, form), *mirror = pixFlipLR(NULL, form);
	int x, y, w = pixGetWidth(p), h = pixGetHeight(p);
	l_uint32 v, m;

	for (y = 0; y < h; y++)
		for (x = 0; x < w; x++) {
			(void)pixGetPixel(p, x, y, &v);
			(void)pixGetPixel(mirror, x, (y + 17) % h, &m);
			(void)pixSetPixel(p, x, y, v * (255 - (255 - m) * 2 /
			    5) / 255);
		}
	pixDestroy(&mirror);
	return (p);
}

static void
damage_is_mended(void **state)
{
	static const struct {
		const char *name;
		PIX *(*make)(void);
		int words;	/* that may be lost, of 94 */
	} c[] = { { "stamp", stamped, 0 }, { "shade", shaded, 0 },
	    { "grey", greyed, 0 }, { "salt", salted, 2 },
	    { "dust", dusty, 4 }, { "bits", two_level, 2 },
	    { "rings", ringed, 1 }, { "other side", shone_through, 1 } };
	size_t i;

	(void)state;
	for (i = 0; i < SH_COUNT(c); i++) {
		struct sh_page *p = read_raster(c[i].make(), 200, 1);
		char *text = text_of(p);

		if (lost(p) > c[i].words)
			fail_msg("%s: %d words lost of:\n%s", c[i].name,
			    lost(p), text);
		free(text);
		sh_page_free(p);
	}
}

static void
boxes_lie_on_the_leaning_page(void **state)
{
	static const double leans[] = { 0.6, -2.5, 5 };
	size_t i;

	(void)state;
	for (i = 0; i < SH_COUNT(leans); i++) {
		double r = leans[i] * M_PI / 180, c = cos(r), s = sin(r);
		PIX *big = pixAddBorderGeneral(form, 100, 100, 100, 100,
		    255), *turned;
		int cx = pixGetWidth(big) / 2, cy = pixGetHeight(big) / 2;
		struct sh_page *p;
		double x = 528 + 106 + 100 - cx, y = 476 + 12 + 100 - cy;

		turned = pixRotateAMGray(big, (float)r, 255);
		pixDestroy(&big);
		p = read_raster(turned, 200, 1);
		assert_float_equal(p->skew_deg, leans[i], 0.1);
		if (lost(p) > 3)
			fail_msg("lean %g: %d words lost", leans[i],
			    lost(p));
		/* The middle of the number, turned with the page. */
		near_box(find_word(p, "001187000001")->box,
		    cx + c * x - s * y - (106 * c + 12 * fabs(s)),
		    cy + s * x + c * y - (12 * c + 106 * fabs(s)),
		    2 * (106 * c + 12 * fabs(s)),
		    2 * (12 * c + 106 * fabs(s)), 9);
		sh_page_free(p);
	}
}

static void
scale_does_not_matter(void **state)
{
	static const struct { double scale, dpi; } c[] = { { 0.5, 100 },
		{ 3, 600 }, { 1.5, 0 }, { 1.5, 72 } };
	size_t i;

	(void)state;
	for (i = 0; i < SH_COUNT(c); i++) {
		double k = c[i].scale;
		struct sh_page *p = read_raster(pixScale(form, (float)k,
		    (float)k), c[i].dpi, 1);

		if (lost(p) > 1)
			fail_msg("scale %g: %d words lost", k, lost(p));
		assert_int_equal(p->dpi_known, c[i].dpi > 99);
		near_box(find_word(p, "001187000001")->box, 528 * k, 476 * k,
		    213 * k, 24 * k, (int)(6 * k) + 1);
		sh_page_free(p);
	}
}

static void
fax_pixels_are_not_square(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_pixels px = raster_pixels(pixScale(form, 1, 0.5), 200);
	struct sh_page *p;

	(void)state;
	px.dpi_y = 100;
	must(sh_recogniser_read(reader, &px, &p, &err));
	assert_int_equal(p->width_px, 1654);
	assert_int_equal(p->height_px, px.height_px);
	assert_float_equal(p->dpi, 200, 0.5);
	assert_float_equal(p->dpi_y, 100, 0.5);
	assert_true(lost(p) <= 6);
	near_box(find_word(p, "001187000001")->box, 528, 238, 213, 12, 6);
	free(px.data);
	sh_page_free(p);
}

/*
 * A card's small print on a dusty sheet: its dots are as small as dust is
 * elsewhere, and stay.
 */
static void
small_print_keeps_its_dots(void **state)
{
	PIX *p = pixCopy(NULL, form);
	unsigned r = 5;
	struct sh_page *page;
	int i;

	(void)state;
	for (i = 0; i < 400; i++) {
		BOX *b = boxCreate(20 + (int)raster_random(&r, 60),
		    20 + (int)raster_random(&r, 1120), 2, 2);

		(void)pixSetInRectArbitrary(p, b, 0);
		boxDestroy(&b);
	}
	page = read_raster(p, 400, 1);
	assert_in_range(lost(page), 0, 1);
	sh_page_free(page);
}

static void
blank_is_told_from_nearly_blank(void **state)
{
	struct sh_page *p;
	PIX *page, *mirror;
	unsigned r = 5;
	int i;

	(void)state;
	p = read_raster(paper(255), 200, 1);
	assert_int_equal(p->state, SH_PAGE_BLANK);
	assert_int_equal(p->nwords, 0);
	sh_page_free(p);
	/* Noise, dust, a punched hole and a shadow at the rim. */
	page = paper(238);
	for (i = 0; i < 400000; i++)
		(void)pixSetPixel(page, (int)raster_random(&r, 1654),
		    (int)raster_random(&r, 2339), 230 + raster_random(&r,
		    20));
	for (i = 0; i < 200; i++)
		(void)pixSetPixel(page, (int)raster_random(&r, 1654),
		    (int)raster_random(&r, 2339), 0);
	for (i = 0; i < 2339; i++)
		(void)pixSetPixel(page, 3, i, 30);
	p = read_raster(page, 200, 1);
	assert_int_equal(p->state, SH_PAGE_BLANK);
	sh_page_free(p);
	/* The other side shines through. */
	page = paper(255);
	mirror = pixFlipLR(NULL, form);
	(void)pixMultConstantGray(mirror, (float)0.2);
	(void)pixAddConstantGray(mirror, 204);
	(void)pixRasterop(page, 0, 300, 1654, 1169, PIX_SRC, mirror, 0, 0);
	pixDestroy(&mirror);
	p = read_raster(page, 200, 1);
	assert_int_equal(p->state, SH_PAGE_BLANK);
	sh_page_free(p);
	/* One line of print, or a seal alone, is not nothing. */
	page = paper(255);
	(void)pixRasterop(page, 300, 900, 700, 40, PIX_SRC, form, 200, 470);
	p = read_raster(page, 200, 1);
	assert_int_equal(p->state, SH_PAGE_READ);
	(void)find_word(p, "001187000001");
	sh_page_free(p);
	page = paper(255);
	for (i = 0; i < 360; i++) {
		BOX *b = boxCreate(800 + (int)(140 * cos(i * M_PI / 180)),
		    1200 + (int)(140 * sin(i * M_PI / 180)), 9, 9);

		(void)pixSetInRectArbitrary(page, b, 60);
		boxDestroy(&b);
	}
	p = read_raster(page, 200, 1);
	assert_int_not_equal(p->state, SH_PAGE_BLANK);
	sh_page_free(p);
}

static int
measure(const struct sh_page *p, const char *name)
{
	const json_t *v = json_object_get(p->measures, name);

	assert_true(json_is_integer(v));
	return ((int)json_integer_value(v));
}

/* What was not read is counted; a blurred page is told from a sharp one. */
static void
measures_tell_what_is_wrong(void **state)
{
	struct sh_page *p, *soft;
	PIX *page = paper(255), *mirror;

	(void)state;
	p = read_raster(pixClone(form), 200, 1);
	assert_true(measure(p, "word_shapes") > 10);
	assert_in_range(measure(p, "ink_read_e2"), 95, 100);
	assert_int_equal(measure(p, "clipped_shapes"), 0);
	soft = read_raster(pixBlockconvGray(form, NULL, 2, 2), 200, 1);
	assert_true(measure(soft, "sharpness_e2") * 3 <
	    measure(p, "sharpness_e2") * 2);
	sh_page_free(soft);
	sh_page_free(p);
	/* Moved to the left until its lines are cut; the same, mirrored. */
	(void)pixRasterop(page, -240, 0, 1654, 1169, PIX_SRC, form, 0, 0);
	mirror = pixFlipLR(NULL, form);
	(void)pixRasterop(page, 0, 1169, 1654, 1169, PIX_SRC, mirror, 0, 0);
	pixDestroy(&mirror);
	p = read_raster(page, 200, 1);
	assert_true(measure(p, "clipped_shapes") > 0);
	sh_page_free(p);
}

/* Noise and a picture: they end, and no word of theirs is believed. */
static void
what_holds_no_text(void **state)
{
	PIX *noise = pixCreate(827, 1169, 8), *picture;
	struct sh_page *p;
	unsigned r = 11;
	size_t i;
	int x, y;

	(void)state;
	picture = pixCreate(827, 1169, 8);
	for (y = 0; y < 1169; y++)
		for (x = 0; x < 827; x++) {
			(void)pixSetPixel(noise, x, y, raster_random(&r,
			    256));
			(void)pixSetPixel(picture, x, y, (l_uint32)(128 + 90 *
			    sin(x / 48.0) * cos(y / 71.0 + x / 155.0) +
			    raster_random(&r, 12)));
		}
	for (i = 0; i < 2; i++) {
		p = read_raster(i == 0 ? noise : picture, 100, 1);
		assert_int_not_equal(p->state, SH_PAGE_READ);
		assert_int_equal(p->nwords, 0);
		sh_page_free(p);
	}
}

static void
same_pixels_same_reading(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_buf b[2] = { SH_BUF_INIT, SH_BUF_INIT };
	int i;

	(void)state;
	for (i = 0; i < 2; i++) {
		struct sh_page *p = read_raster(pixClone(form), 200, 1);
		json_t *v = sh_page_to_json(p, &err);

		must_ptr(v);
		must(sh_json_canonical(v, &b[i], &err));
		json_decref(v);
		sh_page_free(p);
		/* What was read between leaves no trace. */
		sh_page_free(read_raster(salted(), 200, 1));
	}
	assert_string_equal((char *)b[0].data, (char *)b[1].data);
	sh_buf_free(&b[0]);
	sh_buf_free(&b[1]);
}

static void
odd_rasters_are_answered(void **state)
{
	static const struct { int w, h; } c[] = { { 1, 1 }, { 31, 5000 },
		{ 33, 33 }, { 40, 9000 }, { 9000, 40 }, { 500, 100 } };
	struct sh_error err = SH_ERROR_INIT;
	struct sh_pixels px;
	struct sh_page *p;
	uint8_t pixel = 0;
	unsigned r = 11;
	size_t i;
	int k;

	(void)state;
	for (i = 0; i < SH_COUNT(c); i++)
		for (k = 0; k < 3; k++) {
			size_t n = (size_t)c[i].w * (size_t)c[i].h * 3, j;

			px = (struct sh_pixels){ .width_px = c[i].w,
			    .height_px = c[i].h, .channels = 3,
			    .dpi_x = 300 * k, .dpi_y = 300,
			    .exif_orientation = 6 };
			px.data = malloc(n);
			for (j = 0; j < n; j++)
				px.data[j] = (uint8_t)(k == 0 ? 0 : k == 1 ?
				    raster_random(&r, 256) :
				    200 * (j / 60 % 2));
			must(sh_recogniser_read(reader, &px, &p, &err));
			assert_int_equal(p->width_px, c[i].h);
			assert_int_equal(p->height_px, c[i].w);
			sh_page_free(p);
			free(px.data);
		}
	px = (struct sh_pixels){ .data = &pixel, .width_px = 1,
	    .height_px = 1, .channels = 2, .exif_orientation = 1 };
	must_fail(sh_recogniser_read(reader, &px, &p, &err), SH_EARG);
	assert_null(p);
	px.channels = 1;
	px.exif_orientation = 0;
	must_fail(sh_recogniser_read(reader, &px, &p, &err), SH_EARG);
	px.exif_orientation = 1;
	px.width_px = 0;
	must_fail(sh_recogniser_read(reader, &px, &p, &err), SH_EARG);
	px.width_px = 30001;
	must_fail(sh_recogniser_read(reader, &px, &p, &err), SH_ELIMIT);
	px.width_px = 30000;
	px.height_px = 30000;
	must_fail(sh_recogniser_read(reader, &px, &p, &err), SH_ELIMIT);
}

/* The form with a word whose mark the print has lost. */
static void
marks_are_mended_unless_told_not_to(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_recogniser *mending = reader;
	struct sh_page *p;
	PIX *raster;
	BOX *b;
	int as_read;

	(void)state;
	must(sh_recogniser_new(NULL, &reader, &err));
	for (as_read = 0; as_read < 2; as_read++) {
		if (as_read)
			sh_recogniser_leave_marks(reader);
		assert_int_equal(strstr(sh_recogniser_engine(reader),
		    " marks ") == NULL, as_read);
		raster = pixCopy(NULL, form);
		b = boxCreate(400, 476, 30, 9);	/* "cá nhân" */
		(void)pixSetInRectArbitrary(raster, b, 255);
		boxDestroy(&b);
		p = read_raster(raster, 200, 1);
		assert_string_equal(find_word(p, "001187000001")->text,
		    "001187000001");
		assert_int_equal(lost(p), as_read);
		sh_page_free(p);
	}
	sh_recogniser_free(reader);
	reader = mending;
}

/* Both models, and the first of them is looked into. */
static void
model_must_be_there(void **state)
{
	static const char *const models[] = { "vie", "eng" };
	struct sh_error err = SH_ERROR_INIT;
	struct sh_recogniser *r;
	char *dir = test_mkdir(), path[256];
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		must_fail(sh_recogniser_new(dir, &r, &err), SH_ENOTFOUND);
		assert_null(r);
		(void)snprintf(path, sizeof(path), "%s/%s.traineddata", dir,
		    models[i]);
		must(sh_fs_replace(path, "not a model", 11, 0600, &err));
	}
	assert_int_equal(sh_recogniser_new(dir, &r, &err), -1);
	assert_string_equal(err.key, "model.damaged");
	assert_null(r);
	test_rmdir(dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(clean_page_is_read),
		cmocka_unit_test(every_turn_is_set_right),
		cmocka_unit_test(damage_is_mended),
		cmocka_unit_test(boxes_lie_on_the_leaning_page),
		cmocka_unit_test(scale_does_not_matter),
		cmocka_unit_test(fax_pixels_are_not_square),
		cmocka_unit_test(small_print_keeps_its_dots),
		cmocka_unit_test(blank_is_told_from_nearly_blank),
		cmocka_unit_test(measures_tell_what_is_wrong),
		cmocka_unit_test(what_holds_no_text),
		cmocka_unit_test(same_pixels_same_reading),
		cmocka_unit_test(odd_rasters_are_answered),
		cmocka_unit_test(marks_are_mended_unless_told_not_to),
		cmocka_unit_test(model_must_be_there),
	};

	return (cmocka_run_group_tests_name("recognise", tests, start, stop));
}
