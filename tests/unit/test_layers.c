/* ocr/layers: pages taken apart, and what poppler and qpdf make of them. */
#include "tests/unit/test.h"

#include <fcntl.h>
#include <math.h>
#include <zlib.h>

#include "base/mem.h"
#include "ocr/layers.h"
#include "tests/unit/raster.h"
#include "tests/unit/shell.h"

static struct sh_pixels
blank(int w, int h, int channels)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_pixels px;

	must(sh_pixels_new(&px, w, h, channels, &err));
	memset(px.data, 245, (size_t)w * (size_t)h * (size_t)channels);
	return (px);
}

static void
dot(struct sh_pixels *px, int x, int y, uint32_t colour)
{
	uint8_t *p;
	int c;

	if (x < 0 || x >= px->width_px || y < 0 || y >= px->height_px)
		return;
	p = px->data + ((size_t)y * (size_t)px->width_px + (size_t)x) *
	    (size_t)px->channels;
	for (c = 0; c < px->channels; c++)
		p[c] = (uint8_t)(colour >> (16 - 8 * c));
}

static void
fill(struct sh_pixels *px, int x, int y, int w, int h, uint32_t colour)
{
	int i, k;

	for (k = y; k < y + h; k++)
		for (i = x; i < x + w; i++)
			dot(px, i, k, colour);
}

/* What a scanner's optics do to edges. */
static void
soften(struct sh_pixels *px)
{
	size_t ch = (size_t)px->channels, row = (size_t)px->width_px * ch;
	size_t n = row * (size_t)px->height_px, i;
	uint8_t *from = malloc(n);

	assert_non_null(from);
	memcpy(from, px->data, n);
	for (i = row + ch; i < n - row - ch; i++)
		px->data[i] = (uint8_t)((4 * from[i] + 2 * (from[i - ch] +
		    from[i + ch] + from[i - row] + from[i + row]) +
		    from[i - row - ch] + from[i - row + ch] +
		    from[i + row - ch] + from[i + row + ch]) / 16);
	free(from);
}

#define STAMP_X	700
#define STAMP_Y	900
#define STAMP_R	180

/* Lines of strokes, a red ring, a blue stroke, a photograph, paper noise. */
static struct sh_pixels
draw_page(int channels)
{
	struct sh_pixels px = blank(1240, 1754, channels);
	unsigned seed = 7, i;
	int line, x, y;
	double t;

	for (line = 0; line < 20; line++)
		for (x = 100; x < 1100; x += 14) {
			int h = 12 + (int)raster_random(&seed, 10);

			fill(&px, x, 120 + 36 * line - h, 4, h, 0x202020);
			fill(&px, x, 120 + 36 * line, 10, 3, 0x202020);
		}
	for (t = 0; t < 2 * M_PI; t += 0.002)
		for (i = 0; i < 8; i++)
			dot(&px, STAMP_X + (int)((STAMP_R - (int)i) * cos(t)),
			    STAMP_Y + (int)((STAMP_R - (int)i) * sin(t)),
			    0xd02030);
	for (x = 0; x < 300; x++)
		fill(&px, 650 + x, 1000 - x / 3, 3, 4, 0x3040b0);
	for (y = 0; y < 260; y++)
		for (x = 0; x < 200; x++)
			dot(&px, 120 + x, 1000 + y, (uint32_t)(90 + x / 4) *
			    0x10000 + (uint32_t)(80 + y / 4) * 0x100 +
			    (uint32_t)(100 + (x ^ y) % 8));
	soften(&px);
	for (i = 0; i < (unsigned)(px.width_px * px.height_px * channels);
	    i++)
		px.data[i] = (uint8_t)(px.data[i] + raster_random(&seed, 7) -
		    3);
	return (px);
}

/* The layers as a PDF/A-1b of one page; its path in PATH. */
static void
write_pdf(const char *dir, const char *name, const struct sh_layers *l,
    const struct sh_page_image *image, int w, int h, char path[256])
{
	static const struct sh_pdfa_info info = { SH_PDFA_1B, "Thử", NULL,
	    NULL, 1700000000 };
	struct sh_error err = SH_ERROR_INIT;
	struct sh_pdfa_layers of = l->of;
	struct sh_page *p = sh_page_new(&err);
	struct sh_pdfa_page page = { .page = p, .exif_orientation = 1 };
	char images[256];
	size_t i;
	int fd, out;

	must_ptr(p);
	(void)snprintf(images, sizeof(images), "%s/images", dir);
	must(sh_fs_replace(images, l->bytes.data, l->bytes.len, 0600, &err));
	fd = open(images, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	p->width_px = w;
	p->height_px = h;
	p->dpi = p->dpi_y = 150;
	p->dpi_known = 1;
	if (image != NULL) {
		page.image = *image;
		page.image.fd = fd;
	} else {
		of.background.fd = fd;
		for (i = 0; i < of.nstencils; i++)
			of.stencil[i].ink.fd = of.stencil[i].mask.fd = fd;
		for (i = 0; i < of.npatches; i++)
			of.patch[i].image.fd = fd;
		page.layers = &of;
	}
	(void)snprintf(path, 256, "%s/%s", dir, name);
	out = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(out >= 0);
	must(sh_pdfa_write(out, &info, &page, 1, &err));
	(void)close(out);
	(void)close(fd);
	sh_page_free(p);
	free(run("qpdf --check %s 2>&1", path));
}

/* The pixels as they are, rows behind a PNG filter byte. */
static void
pack(const struct sh_pixels *px, struct sh_buf *out, struct sh_page_image *im)
{
	struct sh_error err = SH_ERROR_INIT;
	size_t row = (size_t)px->width_px * (size_t)px->channels;
	uint8_t *rows = calloc((size_t)px->height_px, row + 1), *to;
	uLongf len = compressBound((row + 1) * (size_t)px->height_px);
	int y;

	assert_non_null(rows);
	for (y = 0; y < px->height_px; y++)
		memcpy(rows + (size_t)y * (row + 1) + 1, px->data +
		    (size_t)y * row, row);
	must_ptr(to = sh_buf_reserve(out, len, &err));
	assert_int_equal(compress2(to, &len, rows, (row + 1) *
	    (size_t)px->height_px, 1), Z_OK);
	out->len += len;
	*im = (struct sh_page_image){ .bytes = len,
	    .coding = SH_IMAGE_FLATE, .width_px = px->width_px,
	    .height_px = px->height_px, .components = px->channels };
	free(rows);
}

/* Mean and largest mean of 8x8 cells of the difference in an area. */
static double
differ(const struct sh_pixels *a, const struct sh_pixels *b, int x0, int y0,
    int w, int h, double *worst)
{
	double sum = 0, cell;
	int x, y, i, k, c;
	size_t at;

	*worst = 0;
	for (y = y0; y + 8 <= y0 + h; y += 8)
		for (x = x0; x + 8 <= x0 + w; x += 8) {
			cell = 0;
			for (k = 0; k < 8; k++)
				for (i = 0; i < 8; i++)
					for (c = 0; c < a->channels; c++) {
						at = ((size_t)(y + k) *
						    (size_t)a->width_px +
						    (size_t)(x + i)) *
						    (size_t)a->channels +
						    (size_t)c;
						cell += abs(a->data[at] -
						    b->data[at]);
					}
			cell /= 64 * a->channels;
			sum += cell;
			*worst = cell > *worst ? cell : *worst;
		}
	return (sum / ((double)(w / 8) * (h / 8)));
}

/* The page as poppler draws it, dot for dot. */
static struct sh_pixels
drawn(const char *dir, const char *pdf)
{
	struct sh_pixels px;
	char path[300];
	PIX *p;

	free(run("pdftoppm -r 150 -singlefile %s %s/drawn", pdf, dir));
	(void)snprintf(path, sizeof(path), "%s/drawn.ppm", dir);
	assert_non_null(p = pixRead(path));
	px = raster_pixels(p, 150);
	return (px);
}

static void
layers_look_like_the_page(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	char *dir = test_mkdir(), path[256];
	struct sh_pixels px = draw_page(3), shown, seen, same;
	struct sh_layers l, whole = { .bytes = SH_BUF_INIT };
	struct sh_page_image image;
	double mean, worst;
	size_t i;
	int stamp = 0, photo = 0;

	(void)state;
	must(sh_layers_make(&px, 150, &l, &err));
	assert_int_equal(l.of.nstencils, SH_STENCILS_MAX);
	/* Below the resolution that the background must have: all dots. */
	assert_int_equal(l.of.background.width_px, 1240);
	for (i = 0; i < l.of.npatches; i++) {
		const struct sh_page_image *im = &l.of.patch[i].image;
		int x = l.of.patch[i].x, y = l.of.patch[i].y;

		stamp |= x <= STAMP_X - STAMP_R && y <= STAMP_Y - STAMP_R &&
		    x + im->width_px > STAMP_X + STAMP_R &&
		    y + im->height_px > STAMP_Y + STAMP_R;
		photo |= x <= 120 && y <= 1000 && x + im->width_px >= 320 &&
		    y + im->height_px >= 1260;
	}
	assert_true(stamp);
	assert_true(photo);
	must(sh_layers_compose(&l, &shown, &err));
	mean = differ(&px, &shown, 0, 0, 1240, 1752, &worst);
	if (mean > 6 || worst > 40)
		fail_msg("composed: %.1f, worst %.1f", mean, worst);
	/* Stamp and signature keep their colours everywhere. */
	mean = differ(&px, &shown, STAMP_X - STAMP_R, STAMP_Y - STAMP_R,
	    2 * STAMP_R, 2 * STAMP_R, &worst);
	if (mean > 4 || worst > 16)
		fail_msg("stamp: %.1f, worst %.1f", mean, worst);
	/*
	 * What is read again is what an independent viewer shows.  Poppler
	 * draws images a pixel wider: the composed page, too, as it does.
	 */
	write_pdf(dir, "layers.pdf", &l, NULL, 1240, 1754, path);
	seen = drawn(dir, path);
	pack(&shown, &whole.bytes, &image);
	write_pdf(dir, "whole.pdf", &whole, &image, 1240, 1754, path);
	same = drawn(dir, path);
	assert_int_equal(seen.width_px, 1240);
	assert_int_equal(seen.height_px, 1754);
	mean = differ(&seen, &same, 0, 0, 1240, 1752, &worst);
	if (mean > 1 || worst > 30)
		fail_msg("poppler: %.1f, worst %.1f", mean, worst);
	free(same.data);
	sh_layers_clear(&whole);
	free(seen.data);
	sh_pixels_free(&shown);
	sh_pixels_free(&px);
	sh_layers_clear(&l);
	test_rmdir(dir);
}

/* A picture that a viewer made; its data is the caller's. */
static struct sh_pixels
picture(const char *dir, const char *name)
{
	char path[300];
	PIX *p;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	assert_non_null(p = pixRead(path));
	return (raster_pixels(p, 0));
}

/*
 * Chromium shows the page in layers as it shows the page itself, and as it
 * is in the source: stamp, strokes and photograph.
 */
static void
chromium_shows_the_page(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	char *dir = test_mkdir(), a[256], b[256];
	struct sh_pixels px = draw_page(3), layered, fed;
	struct sh_layers l, whole = { .bytes = SH_BUF_INIT };
	struct sh_page_image image;
	double mean, worst;
	size_t i, red = 0, dark = 0, n;

	(void)state;
	must(sh_layers_make(&px, 150, &l, &err));
	write_pdf(dir, "layers.pdf", &l, NULL, 1240, 1754, a);
	pack(&px, &whole.bytes, &image);
	write_pdf(dir, "whole.pdf", &whole, &image, 1240, 1754, b);
	free(run("tests/tools/chromium.py %s %s/a.ppm %s %s/b.ppm 2>&1", a,
	    dir, b, dir));
	layered = picture(dir, "a.ppm");
	fed = picture(dir, "b.ppm");
	n = (size_t)fed.width_px * (size_t)fed.height_px;
	for (i = 0; i < n; i++) {
		const uint8_t *p = layered.data + 3 * i;

		red += p[0] > 180 && p[1] < 90 && p[2] < 110;
		dark += p[0] < 80 && p[1] < 80 && p[2] < 80;
	}
	if (red < 3000 || dark < 10000)
		fail_msg("%zu px red, %zu dark", red, dark);
	mean = differ(&layered, &fed, 0, 0, fed.width_px, fed.height_px,
	    &worst);
	if (mean > 5 || worst > 45)
		fail_msg("Chromium: %.1f, worst %.1f", mean, worst);
	free(layered.data);
	free(fed.data);
	sh_pixels_free(&px);
	sh_layers_clear(&whole);
	sh_layers_clear(&l);
	test_rmdir(dir);
}

/* The masks, taken out of the PDF, are ours bit for bit in jbig2dec. */
static void
masks_are_exact(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	char *dir = test_mkdir(), path[256], *out;
	struct sh_pixels px = draw_page(3);
	struct sh_layers l;
	size_t i;

	(void)state;
	must(sh_layers_make(&px, 150, &l, &err));
	write_pdf(dir, "layers.pdf", &l, NULL, 1240, 1754, path);
	out = run("cd %s && pdfimages -jbig2 layers.pdf m && ls m-*.jb2e | "
	    "wc -l", dir);
	assert_int_equal(atoi(out), SH_STENCILS_MAX);
	free(out);
	for (i = 0; i < l.of.nstencils; i++) {
		const struct sh_bits *b = &l.mask[i];
		struct sh_buf pbm = SH_BUF_INIT;
		size_t row = ((size_t)b->width_px + 7) / 8, x, y;

		free(run("cd %s && f=$(ls m-*.jb2e | sed -n %zup) && "
		    "jbig2dec -q -e -t pbm -o mask.pbm $f", dir, i + 1));
		(void)snprintf(path, sizeof(path), "%s/mask.pbm", dir);
		must(sh_fs_read(path, 1 << 24, &pbm, &err));
		assert_true(pbm.len > row * (size_t)b->height_px);
		for (y = 0; y < (size_t)b->height_px; y++)
			for (x = 0; x < (size_t)b->width_px; x++) {
				size_t at = pbm.len - row *
				    ((size_t)b->height_px - y) + x / 8;

				if ((pbm.data[at] >> (7 - x % 8) & 1) !=
				    (b->word[y * b->stride + x / 64] >>
				    (63 - x % 64) & 1))
					fail_msg("mask %zu, %zu,%zu", i, x,
					    y);
			}
		sh_buf_free(&pbm);
	}
	sh_pixels_free(&px);
	sh_layers_clear(&l);
	test_rmdir(dir);
}

/* Preflight, the packaged validator of PDF/A-1b. */
static void
layers_are_pdfa(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	char *dir = test_mkdir(), path[256], *out;
	struct sh_pixels px = draw_page(3);
	struct sh_layers l;

	(void)state;
	must(sh_layers_make(&px, 150, &l, &err));
	write_pdf(dir, "layers.pdf", &l, NULL, 1240, 1754, path);
	sh_pixels_free(&px);
	sh_layers_clear(&l);
	out = run("tests/tools/preflight.sh %s 2>&1", path);
	if (strstr(out, "is a valid PDF/A-1b file") == NULL)
		fail_msg("%s", out);
	free(out);
	test_rmdir(dir);
}

/* A frame round the paper is patches along its sides, not one of the page. */
static void
frames_are_split(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_pixels px = blank(1240, 1754, 3);
	struct sh_layers l;
	uint64_t covered = 0;
	size_t i;
	int x, y;

	(void)state;
	fill(&px, 100, 100, 1040, 6, 0xd02030);
	fill(&px, 100, 1648, 1040, 6, 0xd02030);
	fill(&px, 100, 100, 6, 1554, 0xd02030);
	fill(&px, 1134, 100, 6, 1554, 0xd02030);
	must(sh_layers_make(&px, 150, &l, &err));
	for (i = 0; i < l.of.npatches; i++)
		covered += (uint64_t)l.of.patch[i].image.width_px *
		    (uint64_t)l.of.patch[i].image.height_px;
	if (covered > 1040 * 1554 / 4)
		fail_msg("%zu patches cover %llu px", l.of.npatches,
		    (unsigned long long)covered);
	/* All of the frame is under a patch. */
	for (y = 100; y < 1654; y++)
		for (x = 100; x < 1140; x++) {
			if (x >= 106 && x < 1134 && y >= 106 && y < 1648)
				continue;
			for (i = 0; i < l.of.npatches; i++) {
				const struct sh_page_image *im =
				    &l.of.patch[i].image;

				if (x >= l.of.patch[i].x && y >=
				    l.of.patch[i].y && x <
				    l.of.patch[i].x + im->width_px && y <
				    l.of.patch[i].y + im->height_px)
					break;
			}
			if (i == l.of.npatches)
				fail_msg("%d,%d is under no patch", x, y);
		}
	sh_layers_clear(&l);
	sh_pixels_free(&px);
}

/* Less light from the middle on: a sixteenth is lost at the right edge. */
static void
shade(struct sh_pixels *px)
{
	int32_t x, y, w = px->width_px;
	uint8_t *p = px->data;

	for (y = 0; y < px->height_px; y++)
		for (x = 0; x < w; x++, p += 3)
			for (int c = 0; x > w / 2 && c < 3; c++)
				p[c] = (uint8_t)(p[c] * (17 * w - 2 * x) /
				    (16 * w));
}

static void
has_card(const struct sh_layers *l)
{
	int32_t x, y;

	assert_int_equal(l->of.npatches, 1);
	x = l->of.patch[0].x;
	y = l->of.patch[0].y;
	assert_true(x <= 300 && y <= 1100 && y > 900);
	assert_true(x + l->of.patch[0].image.width_px >= 1020);
	assert_true(y + l->of.patch[0].image.height_px >= 1560);
}

/*
 * A card's tinted print is one patch, in uneven light too; the paper's lines
 * around it are none.
 */
static void
cards_stay_whole(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_pixels px = blank(1240, 1754, 3);
	struct sh_layers l;
	int line, x;

	(void)state;
	for (line = 0; line < 40; line++)
		for (x = 100; x < 1140; x += 12)
			fill(&px, x, 100 + 20 * line, 4, 12, 0x202020);
	fill(&px, 300, 1100, 720, 460, 0xdce8dc);
	for (line = 0; line < 10; line++)
		for (x = 400; x < 900; x += 12)
			fill(&px, x, 1160 + 30 * line, 4, 12, 0x303030);
	soften(&px);
	must(sh_layers_make(&px, 200, &l, &err));
	has_card(&l);
	sh_layers_clear(&l);
	shade(&px);
	must(sh_layers_make(&px, 200, &l, &err));
	has_card(&l);
	sh_layers_clear(&l);
	/* Paper of that colour is no card. */
	fill(&px, 0, 0, 1240, 1754, 0xdce8dc);
	fill(&px, 0, 0, 1240, 300, 0xf5f5f5);
	must(sh_layers_make(&px, 200, &l, &err));
	assert_int_equal(l.of.npatches, 0);
	sh_layers_clear(&l);
	sh_pixels_free(&px);
}

/* Dots of a form's line, paler than the letters over them, turn no paler. */
static void
pale_dots_stay(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_pixels px = blank(600, 200, 3), shown;
	struct sh_layers l;
	int x, worst = 0;

	(void)state;
	for (x = 40; x < 560; x += 16) {
		fill(&px, x, 60, 6, 40, 0x202020);
		fill(&px, x, 121, 3, 3, 0xa5a5a5);
		dot(&px, x + 1, 122, 0x828282);
	}
	must(sh_layers_make(&px, 300, &l, &err));
	must(sh_layers_compose(&l, &shown, &err));
	for (x = 40; x < 560; x += 16) {
		int d = shown.data[(122 * 600 + x + 1) * 3] - 0x82;

		worst = d > worst ? d : worst;
	}
	if (worst > 12)
		fail_msg("a dot is paler by %d", worst);
	sh_pixels_free(&shown);
	sh_layers_clear(&l);
	sh_pixels_free(&px);
}

/* An empty page costs next to nothing. */
static void
empty_pages_are_small(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_pixels px = blank(2480, 3508, 3);
	struct sh_layers l;

	(void)state;
	must(sh_layers_make(&px, 300, &l, &err));
	if (l.bytes.len > 14000)
		fail_msg("%zu bytes", l.bytes.len);
	sh_layers_clear(&l);
	sh_pixels_free(&px);
}

static void
bytes_follow_from_pixels(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_pixels px = draw_page(3);
	struct sh_layers a, b;

	(void)state;
	must(sh_layers_make(&px, 300, &a, &err));
	must(sh_layers_make(&px, 300, &b, &err));
	assert_int_equal(a.bytes.len, b.bytes.len);
	assert_memory_equal(a.bytes.data, b.bytes.data, a.bytes.len);
	assert_memory_equal(&a.of, &b.of, sizeof(a.of));
	/* 200 dpi of 300. */
	assert_int_equal(a.of.background.width_px, 827);
	assert_int_equal(a.of.background.height_px, 1170);
	sh_layers_clear(&a);
	sh_layers_clear(&b);
	sh_pixels_free(&px);
}

/* One bit a pixel goes through JBIG2 and a PDF without a change. */
static void
bilevel_is_lossless(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	char *dir = test_mkdir(), path[256];
	struct sh_layers l = { .bytes = SH_BUF_INIT };
	struct sh_pixels px = blank(403, 301, 1), back;
	struct sh_page_image im = { .coding = SH_IMAGE_JBIG2,
	    .width_px = 403, .height_px = 301, .components = 1 };
	unsigned seed = 3;
	size_t i;
	PIX *p;

	(void)state;
	for (i = 0; i < 403 * 301; i++)
		px.data[i] = raster_random(&seed, 5) == 0 ? 0 : 255;
	must(sh_layers_bilevel(&px, &l.bytes, &err));
	im.bytes = l.bytes.len;
	write_pdf(dir, "bits.pdf", &l, &im, 403, 301, path);
	free(run("pdfimages -png %s %s/out", path, dir));
	(void)snprintf(path, sizeof(path), "%s/out-000.png", dir);
	assert_non_null(p = pixRead(path));
	back = raster_pixels(p, 150);
	assert_int_equal(back.width_px, 403);
	assert_memory_equal(back.data, px.data, 403 * 301);
	free(back.data);
	sh_pixels_free(&px);
	px = blank(20, 20, 3);
	must_fail(sh_layers_bilevel(&px, &l.bytes, &err), SH_EARG);
	sh_pixels_free(&px);
	sh_layers_clear(&l);
	test_rmdir(dir);
}

static void
previews_are_small(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_pixels px = draw_page(3), tiny = blank(3, 2, 1);
	struct sh_buf b = SH_BUF_INIT;
	struct sh_page_image im;

	(void)state;
	must(sh_layers_preview(&px, &im, &b, &err));
	assert_int_equal(im.height_px, SH_PREVIEW_SIDE_PX);
	assert_int_equal(im.width_px, 1240 * SH_PREVIEW_SIDE_PX / 1754);
	assert_int_equal(im.bytes, b.len);
	assert_true(b.len < 200000);
	must(sh_layers_preview(&tiny, &im, &b, &err));
	assert_int_equal(im.width_px, 3);
	assert_int_equal(im.height_px, 2);
	assert_int_equal(im.offset + im.bytes, b.len);
	sh_buf_free(&b);
	sh_pixels_free(&px);
	sh_pixels_free(&tiny);
}

/* Shapes and contents that no scanner gives. */
static void
odd_pages_are_taken(void **state)
{
	static const int size[][2] = { { 1, 1 }, { 1, 700 }, { 900, 1 },
	    { 8, 8 }, { 65, 63 }, { 1029, 17 } };
	struct sh_error err = SH_ERROR_INIT;
	unsigned seed = 1;
	size_t i, k, n;
	int channels, kind;

	(void)state;
	for (i = 0; i < SH_COUNT(size); i++)
		for (channels = 1; channels <= 3; channels += 2)
			for (kind = 0; kind < 4; kind++) {
				struct sh_pixels px = blank(size[i][0],
				    size[i][1], channels), shown;
				struct sh_layers l;

				n = (size_t)(size[i][0] * size[i][1] *
				    channels);
				for (k = 0; k < n; k++)
					px.data[k] = (uint8_t)(kind == 0 ?
					    0 : kind == 1 ? 255 : kind == 2 ?
					    raster_random(&seed, 256) :
					    raster_random(&seed, 2) * 255);
				must(sh_layers_make(&px, 300, &l, &err));
				must(sh_layers_compose(&l, &shown, &err));
				assert_int_equal(shown.width_px, size[i][0]);
				assert_int_equal(shown.channels, channels);
				sh_pixels_free(&shown);
				sh_layers_clear(&l);
				sh_pixels_free(&px);
			}
}

static void
only_known_images_are_decoded(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_page_image im = { .coding = SH_IMAGE_JPEG, .width_px = 3,
	    .height_px = 2, .components = 1 };
	struct sh_pixels px = blank(3, 2, 1), back;
	struct sh_buf b = SH_BUF_INIT;

	(void)state;
	must(sh_layers_preview(&px, &im, &b, &err));
	must(sh_layers_decode(&im, b.data, b.len, &back, &err));
	assert_int_equal(back.width_px, 3);
	sh_pixels_free(&back);
	im.width_px = 4;
	must_fail(sh_layers_decode(&im, b.data, b.len, &back, &err),
	    SH_EFORMAT);
	im.width_px = 3;
	assert_int_equal(sh_layers_decode(&im, b.data, b.len / 2, &back,
	    &err), -1);
	sh_error_clear(&err);
	im.coding = SH_IMAGE_JBIG2;
	must_fail(sh_layers_decode(&im, b.data, b.len, &back, &err),
	    SH_EUNSUPPORTED);
	sh_buf_free(&b);
	sh_pixels_free(&px);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(layers_look_like_the_page),
		cmocka_unit_test(chromium_shows_the_page),
		cmocka_unit_test(masks_are_exact),
		cmocka_unit_test(layers_are_pdfa),
		cmocka_unit_test(frames_are_split),
		cmocka_unit_test(cards_stay_whole),
		cmocka_unit_test(pale_dots_stay),
		cmocka_unit_test(empty_pages_are_small),
		cmocka_unit_test(bytes_follow_from_pixels),
		cmocka_unit_test(bilevel_is_lossless),
		cmocka_unit_test(previews_are_small),
		cmocka_unit_test(odd_pages_are_taken),
		cmocka_unit_test(only_known_images_are_decoded),
	};

	return (cmocka_run_group_tests_name("layers", tests, NULL, NULL));
}
