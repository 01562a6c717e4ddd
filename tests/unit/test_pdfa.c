/* ocr/pdfa: what independent programs make of the files we write. */
#include "tests/unit/test.h"

#include <fcntl.h>
#include <math.h>
#include <zlib.h>

#include "base/mem.h"
#include "base/text.h"
#include "ocr/pdfa.h"
#include "tests/unit/raster.h"
#include "tests/unit/shell.h"

/* A page of 200 x 120 px or turned, nothing of it symmetrical. */
static PIX *
draw(int colour)
{
	PIX *p = pixCreate(200, 120, 32), *g;
	static const int box[4][5] = { { 10, 10, 60, 30, 0 },
	    { 150, 10, 40, 20, 90 }, { 10, 90, 30, 20, 160 },
	    { 90, 50, 80, 10, 30 } };
	int i;

	pixSetAllArbitrary(p, 0xffffff00);
	for (i = 0; i < 4; i++) {
		BOX *b = boxCreate(box[i][0], box[i][1], box[i][2],
		    box[i][3]);
		l_uint32 v = (l_uint32)box[i][4];

		pixSetInRectArbitrary(p, b, colour && i == 1 ? 0xc0202000 :
		    v << 24 | v << 16 | v << 8);
		boxDestroy(&b);
	}
	if (colour)
		return (p);
	g = pixConvertTo8(p, 0);
	pixDestroy(&p);
	return (g);
}

/* A page without words; its image appended to FILE. */
static struct sh_pdfa_page
make_page(int file, PIX *stored, int exif, int orientation)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_pdfa_page pg = { .exif_orientation = exif };
	struct sh_page *p;
	off_t at = lseek(file, 0, SEEK_END);
	l_uint8 *data;
	size_t len;
	int swap = (exif >= 5) != (orientation % 180 != 0);

	must_ptr(p = sh_page_new(&err));
	p->width_px = swap ? pixGetHeight(stored) : pixGetWidth(stored);
	p->height_px = swap ? pixGetWidth(stored) : pixGetHeight(stored);
	p->dpi = p->dpi_y = 72;
	p->dpi_known = 1;
	p->orientation = orientation;
	pixSetXRes(stored, 72);
	assert_int_equal(pixWriteMemJpeg(&data, &len, stored, 95, 0), 0);
	must(sh_write_all(file, data, len, &err));
	lept_free(data);
	pg.page = p;
	pg.image = (struct sh_page_image){ .fd = file,
	    .offset = (uint64_t)at, .bytes = len, .coding = SH_IMAGE_JPEG,
	    .width_px = pixGetWidth(stored),
	    .height_px = pixGetHeight(stored),
	    .components = pixGetDepth(stored) == 32 ? 3 : 1 };
	return (pg);
}

static void
free_page(struct sh_pdfa_page *pg)
{
	struct sh_page *p;

	memcpy(&p, &pg->page, sizeof(p));
	sh_page_free(p);
}

static int
create(const char *dir, const char *name, char path[256])
{
	int fd;

	(void)snprintf(path, 256, "%s/%s", dir, name);
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	return (fd);
}

static const struct sh_pdfa_info info = { SH_PDFA_2U,
    "Giấy khai sinh <số 12> & \"bản sao\" 𝐀", "Thử nghiệm", "0a1b",
    1700000000 };

/* Write the pages; the path lives until the folder goes. */
static void
write_pdf(const char *dir, const char *name, enum sh_pdfa_flavour flavour,
    const struct sh_pdfa_page *pages, size_t n, char path[256])
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_pdfa_info in = info;
	int fd = create(dir, name, path);

	in.flavour = flavour;
	must(sh_pdfa_write(fd, &in, pages, n, &err));
	assert_int_equal(close(fd), 0);
	free(run("qpdf --check %s 2>&1", path));
}

/* Mean difference of two grey or colour rasters of one size. */
static double
difference(PIX *a, PIX *b)
{
	PIX *x = pixConvertTo32(a), *y = pixConvertTo32(b);
	int w = pixGetWidth(x), h = pixGetHeight(x), i, j, k;
	l_uint32 v, u;
	double sum = 0;

	assert_int_equal(w, pixGetWidth(y));
	assert_int_equal(h, pixGetHeight(y));
	for (j = 0; j < h; j++)
		for (i = 0; i < w; i++) {
			(void)pixGetPixel(x, i, j, &v);
			(void)pixGetPixel(y, i, j, &u);
			for (k = 8; k < 32; k += 8)
				sum += abs((int)(v >> k & 255) -
				    (int)(u >> k & 255));
		}
	pixDestroy(&x);
	pixDestroy(&y);
	return (sum / 3 / w / h);
}

/* Page N (from 1) as poppler draws it at 72 dpi. */
static PIX *
render(const char *dir, const char *pdf, int n)
{
	char path[300];
	PIX *p;

	free(run("pdftoppm -r 72 -f %d -l %d -singlefile %s %s/drawn", n, n,
	    pdf, dir));
	(void)snprintf(path, sizeof(path), "%s/drawn.ppm", dir);
	assert_non_null(p = pixRead(path));
	return (p);
}

static void
images_stand_upright(void **state)
{
	char *dir = test_mkdir(), path[256];
	struct sh_pdfa_page pages[32];
	PIX *scene = draw(1), *turned, *stored, *drawn;
	int file = create(dir, "images", path), exif, quarters, n = 0;

	(void)state;
	/* A sheet fed wrong by QUARTERS, stored under each EXIF value. */
	for (exif = 1; exif <= 8; exif++)
		for (quarters = 0; quarters < 4; quarters++) {
			turned = pixRotateOrth(scene, (4 - quarters) % 4);
			stored = raster_store(turned, exif);
			pages[n++] = make_page(file, stored, exif,
			    90 * quarters);
			pixDestroy(&turned);
			pixDestroy(&stored);
		}
	write_pdf(dir, "turns.pdf", SH_PDFA_2U, pages, (size_t)n, path);
	for (n = 1; n <= 32; n++) {
		drawn = render(dir, path, n);
		if (difference(drawn, scene) > 2)
			fail_msg("page %d differs by %.1f", n,
			    difference(drawn, scene));
		pixDestroy(&drawn);
		free_page(&pages[n - 1]);
	}
	pixDestroy(&scene);
	(void)close(file);
	test_rmdir(dir);
}

/* The strip of a G4 TIFF that Leptonica wrote. */
static void
take_strip(const uint8_t *tiff, size_t len, uint64_t *at, uint64_t *bytes)
{
	size_t ifd = (size_t)tiff[4] | (size_t)tiff[5] << 8 |
	    (size_t)tiff[6] << 16, n, i;

	assert_memory_equal(tiff, "II*\0", 4);
	assert_true(ifd + 2 < len);
	n = (size_t)tiff[ifd] | (size_t)tiff[ifd + 1] << 8;
	for (i = 0; i < n; i++) {
		const uint8_t *e = tiff + ifd + 2 + 12 * i;
		unsigned tag = e[0] | (unsigned)e[1] << 8;
		uint64_t v = e[8] | (uint64_t)e[9] << 8 |
		    (uint64_t)e[10] << 16;

		if (tag == 273)
			*at = v;
		if (tag == 279)
			*bytes = v;
	}
}

/* Rows behind a PNG filter byte (2, up), packed. */
static size_t
pack_rows(PIX *p, uint8_t *out, size_t max)
{
	int w = pixGetWidth(p), h = pixGetHeight(p), x, y;
	size_t n = 0, row = (size_t)w + 1;
	uint8_t *rows = calloc((size_t)h, row);
	uLongf len = max;
	l_uint32 v, above = 0;

	for (y = 0; y < h; y++) {
		rows[n++] = 2;
		for (x = 0; x < w; x++) {
			(void)pixGetPixel(p, x, y, &v);
			if (y > 0)
				(void)pixGetPixel(p, x, y - 1, &above);
			rows[n++] = (uint8_t)(v - (y > 0 ? above : 0));
		}
	}
	assert_int_equal(compress(out, &len, rows, n), Z_OK);
	free(rows);
	return (len);
}

static void
other_codings_are_exact(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	char *dir = test_mkdir(), path[256];
	struct sh_pdfa_page pages[3];
	PIX *grey = draw(0), *bits = pixThresholdToBinary(grey, 128);
	PIX *drawn, *plain = pixConvertTo8(bits, 0), *inverse;
	int file = create(dir, "images", path), i;
	uint8_t packed[65536];
	l_uint8 *tiff;
	size_t len;
	uint64_t at = 0, bytes = 0;

	(void)state;
	for (i = 0; i < 3; i++)
		pages[i] = make_page(file, grey, 1, 0);
	assert_int_equal(pixWriteMemTiff(&tiff, &len, bits, IFF_TIFF_G4), 0);
	take_strip(tiff, len, &at, &bytes);
	pages[0].image.offset = (uint64_t)lseek(file, 0, SEEK_END) + at;
	pages[0].image.bytes = bytes;
	pages[0].image.coding = SH_IMAGE_G4;
	pages[1].image = pages[0].image;
	pages[1].image.inverted = 1;
	must(sh_write_all(file, tiff, len, &err));
	lept_free(tiff);
	pages[2].image.offset = (uint64_t)lseek(file, 0, SEEK_END);
	pages[2].image.coding = SH_IMAGE_FLATE;
	pages[2].image.bytes = pack_rows(grey, packed, sizeof(packed));
	must(sh_write_all(file, packed, pages[2].image.bytes, &err));
	write_pdf(dir, "codings.pdf", SH_PDFA_2U, pages, 3, path);
	/* Taken out, each is exact; poppler draws it a pixel wider. */
	inverse = pixInvert(NULL, plain);
	free(run("pdfimages -png %s %s/out", path, dir));
	for (i = 0; i < 3; i++) {
		PIX *want = i == 0 ? plain : i == 1 ? inverse : grey;
		char name[300];

		(void)snprintf(name, sizeof(name), "%s/out-%03d.png", dir, i);
		assert_non_null(drawn = pixRead(name));
		assert_true(difference(drawn, want) == 0);
		pixDestroy(&drawn);
		drawn = render(dir, path, i + 1);
		assert_true(difference(drawn, want) < 4);
		pixDestroy(&drawn);
	}
	for (i = 0; i < 3; i++)
		free_page(&pages[i]);
	pixDestroy(&grey);
	pixDestroy(&bits);
	pixDestroy(&plain);
	pixDestroy(&inverse);
	(void)close(file);
	test_rmdir(dir);
}

/* NLINES lines of words, all leaning by DEG, as a scanner would see them. */
static void
write_lines(struct sh_page *p, const char *const *lines, size_t nlines,
    double deg)
{
	struct sh_error err = SH_ERROR_INIT;
	double t = tan(deg * M_PI / 180);
	size_t i;

	for (i = 0; i < nlines; i++) {
		char copy[200], *word, *rest = copy;
		int x = 200, y = 400 + 80 * (int)i, end;

		(void)snprintf(copy, sizeof(copy), "%s", lines[i]);
		end = x + 26 * (int)sh_utf8_count(copy, strlen(copy));
		must(sh_page_add_line(p, (struct sh_box){ x, y, end - x,
		    60 + (int)((end - x) * fabs(t)) }, (int32_t[4]){ x,
		    y + 45, end, y + 45 + (int)((end - x) * t) }, 0, &err));
		while ((word = strsep(&rest, " ")) != NULL) {
			int n = (int)sh_utf8_count(word, strlen(word));
			int w = n * 24, lift = (int)(w * fabs(t));

			/* A dash is low, letters are high. */
			must(sh_page_add_word(p, word, (struct sh_box){ x,
			    y + (int)((x - 200) * t) + (*word == '-' ? 25 :
			    0), w, (*word == '-' ? 6 : 58) + lift }, 0.9,
			    &err));
			x += w + 26;
		}
	}
}

/* Lines of text without empty ones, white space made one space. */
static char *
squeeze(char *s)
{
	char *d = s, *p;

	for (p = s; *p != '\0'; p++) {
		int gap = *p == ' ' || *p == '\n' || *p == '\f';

		if (gap && (d == s || d[-1] == '\n'))
			continue;
		if (gap && d[-1] == ' ' && *p != '\n')
			continue;
		if (*p == '\n' && d[-1] == ' ')
			d--;
		*d++ = *p == '\f' ? '\n' : *p;
	}
	while (d > s && (d[-1] == '\n' || d[-1] == ' '))
		d--;
	*d = '\0';
	return (s);
}

static void
text_comes_back(void **state)
{
	static const char *const lines[] = {
	    "Độc lập - Tự do - Hạnh phúc", "Họ và tên: NGUYỄN THỊ THÚY ANH",
	    "Số định danh: 027193349901", "Thường trú: phường Thủy Xuân",
	    "a 𝐀 <&> \\ ( ) […] ‘’“”" };
	static const double leans[] = { 0, 0.4, -0.9, 2.5, -6, 20 };
	char *dir = test_mkdir(), path[256], *got;
	struct sh_error err = SH_ERROR_INIT;
	struct sh_buf want = SH_BUF_INIT;
	PIX *scene = draw(0);
	int file = create(dir, "images", path);
	size_t i;

	(void)state;
	for (i = 0; i < SH_COUNT(leans); i++) {
		struct sh_pdfa_page pg = make_page(file, scene, 1, 0);
		struct sh_page *p = sh_page_new(&err);
		char name[32];

		must_ptr(p);
		free_page(&pg);
		p->width_px = 2480;
		p->height_px = 3508;
		p->dpi = p->dpi_y = 300;
		p->dpi_known = 1;
		p->skew_deg = leans[i];
		write_lines(p, lines, SH_COUNT(lines), leans[i]);
		pg.page = p;
		(void)snprintf(name, sizeof(name), "text%zu.pdf", i);
		write_pdf(dir, name, SH_PDFA_2U, &pg, 1, path);
		sh_buf_reset(&want);
		must(sh_page_text(p, &want, &err));
		got = run("pdftotext -raw %s -", path);
		assert_string_equal(squeeze(got), (char *)want.data);
		free(got);
		/* Viewers that sort by place bear the leans of scans. */
		if (fabs(leans[i]) < 3) {
			got = run("pdftotext %s - | tr -s ' \\n\\f' "
			    "'\\n' | sort | tr '\\n' ' '", path);
			char *words = run("pdftotext -raw %s - | tr -s "
			    "' \\n\\f' '\\n' | sort | tr '\\n' ' '", path);

			assert_string_equal(got, words);
			free(got);
			free(words);
		}
		free_page(&pg);
	}
	sh_buf_free(&want);
	pixDestroy(&scene);
	(void)close(file);
	test_rmdir(dir);
}

/* Preflight is the packaged validator of PDF/A-1b. */
static void
flavours_keep_their_promise(void **state)
{
	static const char *const lines[] = { "Một hai ba", "Bốn năm" };
	char *dir = test_mkdir(), path[256], *out;
	struct sh_error err = SH_ERROR_INIT;
	PIX *colour = draw(1), *grey = draw(0);
	int file = create(dir, "images", path), f;
	struct sh_pdfa_page pages[3] = { make_page(file, colour, 6, 90),
	    make_page(file, grey, 1, 0), make_page(file, colour, 1, 0) };
	struct sh_page *p = sh_page_new(&err);
	static const char *const claims[3][2] = {
	    [SH_PDFA_2U] = { "<pdfaid:part>2<", "conformance>U<" },
	    [SH_PDFA_1B] = { "<pdfaid:part>1<", "conformance>B<" },
	    [SH_PDFA_3U] = { "<pdfaid:part>3<", "conformance>U<" } };
	static const char *const banned[] = { "/SMask", "/Encrypt",
	    "/JavaScript", "/LZWDecode", "/JPXDecode", "/Rotate",
	    "/ObjStm", "/XRef" };

	(void)state;
	must_ptr(p);
	free_page(&pages[2]);
	p->width_px = 2480;
	p->height_px = 3508;
	p->dpi = p->dpi_y = 300;
	p->dpi_known = 1;
	write_lines(p, lines, 2, 0);
	pages[2].page = p;
	for (f = SH_PDFA_2U; f <= SH_PDFA_3U; f++) {
		struct sh_buf b = SH_BUF_INIT;
		size_t i;

		write_pdf(dir, "flavour.pdf", (enum sh_pdfa_flavour)f, pages,
		    3, path);
		must(sh_fs_read(path, 1 << 20, &b, &err));
		assert_memory_equal(b.data, f == SH_PDFA_1B ? "%PDF-1.4\n%" :
		    "%PDF-1.7\n%", 10);
		assert_non_null(memmem(b.data, b.len, claims[f][0], 15));
		assert_non_null(memmem(b.data, b.len, claims[f][1], 14));
		for (i = 0; i < SH_COUNT(banned); i++)
			assert_null(memmem(b.data, b.len, banned[i],
			    strlen(banned[i])));
		sh_buf_free(&b);
		out = run("pdfinfo %s", path);
		assert_non_null(strstr(out, info.title));
		assert_non_null(strstr(out, "Thử nghiệm"));
		free(out);
		out = run("pdffonts %s | tail -1", path);
		assert_non_null(strstr(out, " yes no  yes "));
		free(out);
		if (f != SH_PDFA_1B)
			continue;
		out = run("tests/tools/preflight.sh %s 2>&1", path);
		if (strstr(out, "is a valid PDF/A-1b file") == NULL)
			fail_msg("%s", out);
		free(out);
	}
	for (f = 0; f < 3; f++)
		free_page(&pages[f]);
	pixDestroy(&colour);
	pixDestroy(&grey);
	(void)close(file);
	test_rmdir(dir);
}

static void
bytes_follow_from_input(void **state)
{
	char *dir = test_mkdir(), a[256], b[256], *ids;
	struct sh_error err = SH_ERROR_INIT;
	PIX *scene = draw(1);
	int file = create(dir, "images", a);
	struct sh_pdfa_page pg = make_page(file, scene, 1, 0);
	struct sh_buf coded = SH_BUF_INIT;
	char jpeg[256];

	(void)state;
	write_pdf(dir, "a.pdf", SH_PDFA_2U, &pg, 1, a);
	write_pdf(dir, "b.pdf", SH_PDFA_2U, &pg, 1, b);
	free(run("cmp %s %s", a, b));
	write_pdf(dir, "b.pdf", SH_PDFA_3U, &pg, 1, b);
	ids = run("grep -a -o '/ID .*' %s %s | cut -d: -f2 | sort -u | wc "
	    "-l", a, b);
	assert_int_equal(atoi(ids), 2);
	free(ids);
	/* The image is the very bytes that were handed over. */
	free(run("pdfimages -all %s %s/out", a, dir));
	(void)snprintf(jpeg, sizeof(jpeg), "%s/out-000.jpg", dir);
	must(sh_fs_read(jpeg, 1 << 20, &coded, &err));
	assert_int_equal(coded.len, pg.image.bytes);
	sh_buf_free(&coded);
	free(run("tail -c +%d %s/images | head -c %d | cmp - %s",
	    (int)pg.image.offset + 1, dir, (int)pg.image.bytes, jpeg));
	free_page(&pg);
	pixDestroy(&scene);
	(void)close(file);
	test_rmdir(dir);
}

static void
pages_have_true_size(void **state)
{
	static const struct {
		int w, h;
		double dpi, dpi_y;
		int known;
		const char *want;
	} c[] = {
		{ 2480, 3508, 300, 300, 1, "595.2 x 841.92" },
		{ 1728, 1100, 204, 98, 1, "609.882 x 808.163" },
		{ 3000, 4000, 257, 257, 0, "595.276 x 793.701" },
		{ 4000, 3000, 257, 257, 0, "793.701 x 595.276" },
		{ 800, 400, 30, 30, 1, "1190.55 x 595.276" },
		{ 30000, 100, 72, 72, 1, "14400 x 48" },
		{ 10, 10, 1200, 1200, 1, "3 x 3" },
	};
	char *dir = test_mkdir(), path[256], *out;
	PIX *scene = draw(0);
	int file = create(dir, "images", path);
	struct sh_pdfa_page pg[SH_COUNT(c)];
	size_t i;

	(void)state;
	for (i = 0; i < SH_COUNT(c); i++) {
		struct sh_page *p;

		pg[i] = make_page(file, scene, 1, 0);
		memcpy(&p, &pg[i].page, sizeof(p));
		p->width_px = c[i].w;
		p->height_px = c[i].h;
		p->dpi = c[i].dpi;
		p->dpi_y = c[i].dpi_y;
		p->dpi_known = c[i].known;
	}
	write_pdf(dir, "sizes.pdf", SH_PDFA_2U, pg, SH_COUNT(c), path);
	for (i = 0; i < SH_COUNT(c); i++) {
		out = run("pdfinfo -f %d -l %d %s | grep 'size:'", (int)i + 1,
		    (int)i + 1, path);
		if (strstr(out, c[i].want) == NULL)
			fail_msg("%s, expected %s", out, c[i].want);
		free(out);
		free_page(&pg[i]);
	}
	pixDestroy(&scene);
	(void)close(file);
	test_rmdir(dir);
}

static void
many_pages_make_a_tree(void **state)
{
	char *dir = test_mkdir(), path[256], *out;
	PIX *scene = draw(0);
	int file = create(dir, "images", path);
	struct sh_pdfa_page one = make_page(file, scene, 1, 0);
	struct sh_pdfa_page *pages = calloc(600, sizeof(*pages));
	int i;

	(void)state;
	for (i = 0; i < 600; i++)
		pages[i] = one;
	write_pdf(dir, "many.pdf", SH_PDFA_1B, pages, 600, path);
	out = run("qpdf --show-npages %s", path);
	assert_int_equal(atoi(out), 600);
	free(out);
	free(pages);
	free_page(&one);
	pixDestroy(&scene);
	(void)close(file);
	test_rmdir(dir);
}

static void
nonsense_is_refused(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	char *dir = test_mkdir(), path[256];
	PIX *scene = draw(0);
	int file = create(dir, "images", path), fd = create(dir, "x", path);
	struct sh_pdfa_page pg = make_page(file, scene, 1, 0), bad;
	struct sh_pdfa_info in = info;

	(void)state;
	must_fail(sh_pdfa_write(fd, &in, &pg, 0, &err), SH_EARG);
	must_fail(sh_pdfa_write(fd, &in, &pg, 20001, &err), SH_ELIMIT);
	in.title = NULL;
	must_fail(sh_pdfa_write(fd, &in, &pg, 1, &err), SH_EARG);
	in.title = "two\nlines";
	must_fail(sh_pdfa_write(fd, &in, &pg, 1, &err), SH_EARG);
	in.title = "\xff";
	must_fail(sh_pdfa_write(fd, &in, &pg, 1, &err), SH_EARG);
	in.title = "title";
	bad = pg;
	bad.exif_orientation = 9;
	must_fail(sh_pdfa_write(fd, &in, &bad, 1, &err), SH_EARG);
	bad = pg;
	bad.image.components = 4;
	must_fail(sh_pdfa_write(fd, &in, &bad, 1, &err), SH_EARG);
	bad = pg;
	bad.image.bytes = 0;
	must_fail(sh_pdfa_write(fd, &in, &bad, 1, &err), SH_EARG);
	/* The image ends before its length. */
	bad = pg;
	bad.image.bytes += 1;
	assert_int_equal(sh_pdfa_write(fd, &in, &bad, 1, &err), -1);
	assert_string_equal(err.key, "file.short");
	assert_non_null(strstr(err.text, "page 1"));
	free_page(&pg);
	pixDestroy(&scene);
	(void)close(file);
	(void)close(fd);
	test_rmdir(dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(images_stand_upright),
		cmocka_unit_test(other_codings_are_exact),
		cmocka_unit_test(text_comes_back),
		cmocka_unit_test(flavours_keep_their_promise),
		cmocka_unit_test(bytes_follow_from_input),
		cmocka_unit_test(pages_have_true_size),
		cmocka_unit_test(many_pages_make_a_tree),
		cmocka_unit_test(nonsense_is_refused),
	};

	return (cmocka_run_group_tests_name("pdfa", tests, NULL, NULL));
}
