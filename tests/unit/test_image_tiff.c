/* ocr/image_tiff*, image_fax, image_samples: written by libtiff itself. */
#include "tests/unit/test_image_make.h"

#include <tiffio.h>

#define W	90
#define H	70

struct memory {
	struct sh_buf b;
	uint64_t at;
};

static tmsize_t
mem_read(thandle_t h, void *p, tmsize_t n)
{
	struct memory *m = h;

	if (m->at >= m->b.len)
		return (0);
	if ((uint64_t)n > m->b.len - m->at)
		n = (tmsize_t)(m->b.len - m->at);
	memcpy(p, m->b.data + m->at, (size_t)n);
	m->at += (uint64_t)n;
	return (n);
}

static tmsize_t
mem_write(thandle_t h, void *p, tmsize_t n)
{
	struct memory *m = h;
	struct sh_error err = SH_ERROR_INIT;

	if (m->at + (uint64_t)n > m->b.len) {
		size_t more = (size_t)(m->at + (uint64_t)n - m->b.len);

		assert_non_null(sh_buf_reserve(&m->b, more, &err));
		memset(m->b.data + m->b.len, 0, more);
		m->b.len += more;
	}
	memcpy(m->b.data + m->at, p, (size_t)n);
	m->at += (uint64_t)n;
	return (n);
}

static toff_t
mem_seek(thandle_t h, toff_t to, int whence)
{
	struct memory *m = h;

	m->at = whence == SEEK_CUR ? m->at + to : whence == SEEK_END ?
	    m->b.len + to : to;
	return (m->at);
}

static int
mem_close(thandle_t h)
{
	(void)h;
	return (0);
}

static toff_t
mem_size(thandle_t h)
{
	return (((struct memory *)h)->b.len);
}

static TIFF *
begin(struct memory *m, const char *mode)
{
	TIFF *tif;

	memset(m, 0, sizeof(*m));
	tif = TIFFClientOpen("test", mode, m, mem_read, mem_write, mem_seek,
	    mem_close, mem_size, NULL, NULL);
	assert_non_null(tif);
	return (tif);
}

struct recipe {
	const char *mode;
	int bits, samples, photometric, planar, tiled, compression;
	int rows;		/* a strip; 0: all */
	int alpha;		/* 0 none, 1 premultiplied, 2 not */
	int fill_order;
	int format;
};

static void
set_tags(TIFF *tif, const struct recipe *r)
{
	uint16_t extra = (uint16_t)r->alpha, map[3][256];
	int i;

	TIFFSetField(tif, TIFFTAG_IMAGEWIDTH, W);
	TIFFSetField(tif, TIFFTAG_IMAGELENGTH, H);
	TIFFSetField(tif, TIFFTAG_BITSPERSAMPLE, r->bits);
	TIFFSetField(tif, TIFFTAG_SAMPLESPERPIXEL, r->samples);
	TIFFSetField(tif, TIFFTAG_PHOTOMETRIC, r->photometric);
	TIFFSetField(tif, TIFFTAG_PLANARCONFIG, r->planar ?
	    PLANARCONFIG_SEPARATE : PLANARCONFIG_CONTIG);
	TIFFSetField(tif, TIFFTAG_COMPRESSION, r->compression);
	if (r->format != 0)
		TIFFSetField(tif, TIFFTAG_SAMPLEFORMAT, r->format);
	if (r->fill_order != 0)
		TIFFSetField(tif, TIFFTAG_FILLORDER, r->fill_order);
	if (r->alpha != 0)
		TIFFSetField(tif, TIFFTAG_EXTRASAMPLES, 1, &extra);
	if (r->photometric == PHOTOMETRIC_PALETTE) {
		for (i = 0; i < 1 << r->bits; i++) {
			map[0][i] = (uint16_t)(i * 257 % 65536);
			map[1][i] = (uint16_t)(65535 - i * 257 % 65536);
			map[2][i] = (uint16_t)(i * 100 * 257 % 65536);
		}
		TIFFSetField(tif, TIFFTAG_COLORMAP, map[0], map[1], map[2]);
	}
	if (r->tiled) {
		TIFFSetField(tif, TIFFTAG_TILEWIDTH, 32);
		TIFFSetField(tif, TIFFTAG_TILELENGTH, 16);
	} else {
		TIFFSetField(tif, TIFFTAG_ROWSPERSTRIP, r->rows != 0 ?
		    r->rows : H);
	}
}

/* The stored value of a sample: the picture cut to so many bits. */
static uint32_t
stored(const struct recipe *r, int x, int y, int s)
{
	uint64_t max = (UINT64_C(1) << r->bits) - 1;

	if (x >= W || y >= H)
		return (0);
	return ((uint32_t)(picture(x, y, s % 3, W, H) * max / 255));
}

static void
put_sample(uint8_t *row, int bits, int i, uint32_t v)
{
	uint16_t v16 = (uint16_t)v;
	int b;

	if (bits == 16) {
		memcpy(row + 2 * i, &v16, 2);
	} else if (bits == 32) {
		memcpy(row + 4 * i, &v, 4);
	} else {
		for (b = 0; b < bits; b++)
			if (v >> (bits - 1 - b) & 1)
				row[(i * bits + b) / 8] |=
				    (uint8_t)(0x80 >> (i * bits + b) % 8);
	}
}

/* One strip or tile from (x0, y0). */
static void
fill_block(const struct recipe *r, uint8_t *buf, size_t row_bytes, int x0,
    int y0, int width, int rows, int plane)
{
	int x, y, s;

	memset(buf, 0, row_bytes * (size_t)rows);
	for (y = 0; y < rows; y++)
		for (x = 0; x < width; x++)
			for (s = 0; s < (r->planar ? 1 : r->samples); s++)
				put_sample(buf + (size_t)y * row_bytes,
				    r->bits, r->planar ? x :
				    x * r->samples + s, stored(r, x0 + x,
				    y0 + y, r->planar ? plane : s));
}

static void
write_blocks(TIFF *tif, const struct recipe *r)
{
	static uint8_t buf[1 << 20];
	int rows = r->tiled ? 16 : r->rows != 0 ? r->rows : H, width =
	    r->tiled ? 32 : W, plane, x, y, n;
	size_t row_bytes = (size_t)(r->tiled ? TIFFTileRowSize(tif) :
	    TIFFScanlineSize(tif));

	for (plane = 0; plane < (r->planar ? r->samples : 1); plane++)
		for (y = 0; y < H; y += rows)
			for (x = 0; x < W; x += width) {
				n = r->tiled || H - y > rows ? rows : H - y;
				fill_block(r, buf, row_bytes, x, y, width, n,
				    plane);
				if (r->tiled)
					assert_true(TIFFWriteEncodedTile(tif,
					    TIFFComputeTile(tif, (uint32_t)x,
					    (uint32_t)y, 0, (uint16_t)plane),
					    buf, (tmsize_t)row_bytes * n) >
					    0);
				else
					assert_true(TIFFWriteEncodedStrip(tif,
					    TIFFComputeStrip(tif, (uint32_t)y,
					    (uint16_t)plane), buf,
					    (tmsize_t)row_bytes * n) > 0);
			}
}

/* What the decoder must make of it. */
static int
expected(const struct recipe *r, int x, int y, int c)
{
	uint64_t max = (UINT64_C(1) << r->bits) - 1;
	int v[5], s, a, k;

	for (s = 0; s < r->samples; s++)
		v[s] = (int)(((uint64_t)stored(r, x, y, s) * 255 + max / 2) /
		    max);
	switch (r->photometric) {
	case PHOTOMETRIC_MINISWHITE:
		return (255 - v[0]);
	case PHOTOMETRIC_PALETTE:
		s = (int)stored(r, x, y, 0);
		return (c == 0 ? s : c == 1 ? 255 - s :
		    (s * 100 * 257 % 65536 * 255 + 32767) / 65535);
	case PHOTOMETRIC_SEPARATED:
		return (((255 - v[c]) * (255 - v[3]) + 127) / 255);
	default:
		if (r->alpha == 0)
			return (v[c]);
		a = v[r->samples - 1];
		k = r->alpha == 1 ? v[c] : (v[c] * a + 127) / 255;
		return (k + 255 - a > 255 ? 255 : k + 255 - a);
	}
}

static void
check_recipe(const struct recipe *r, size_t number)
{
	struct memory m;
	struct decoded d;
	TIFF *tif = begin(&m, r->mode);
	int x, y, c, channels, want, got;

	set_tags(tif, r);
	write_blocks(tif, r);
	TIFFClose(tif);
	decode_ok(m.b.data, m.b.len, &d);
	channels = r->photometric <= PHOTOMETRIC_MINISBLACK ? 1 : 3;
	assert_int_equal(d.page.pixels.width_px, W);
	assert_int_equal(d.page.pixels.height_px, H);
	assert_int_equal(d.page.pixels.channels, channels);
	for (y = 0; y < H; y++)
		for (x = 0; x < W; x++)
			for (c = 0; c < channels; c++) {
				want = expected(r, x, y, c);
				got = d.page.pixels.data[(y * W + x) *
				    channels + c];
				if (want != got)
					fail_msg("recipe %zu: (%d, %d) "
					    "channel %d is %d, expected %d",
					    number, x, y, c, got, want);
			}
	assert_int_equal(d.page.coding, r->bits == 1 && channels == 1 ?
	    SH_IMAGE_G4 : SH_IMAGE_JPEG);
	sh_image_page_clear(&d.page);
	sh_buf_free(&m.b);
}

enum { WHITE0 = PHOTOMETRIC_MINISWHITE, GREY = PHOTOMETRIC_MINISBLACK,
    RGB = PHOTOMETRIC_RGB, INDEX = PHOTOMETRIC_PALETTE,
    CMYK = PHOTOMETRIC_SEPARATED, NONE = COMPRESSION_NONE,
    LZW = COMPRESSION_LZW, ZIP = COMPRESSION_ADOBE_DEFLATE,
    PACK = COMPRESSION_PACKBITS, FAX3 = COMPRESSION_CCITTFAX3,
    FAX4 = COMPRESSION_CCITTFAX4, RLE = COMPRESSION_CCITTRLE };

static void
every_layout_decodes(void **state)
{
	static const struct recipe recipes[] = {
		/* mode bits n photometric planar tiled compression rows */
		{ "w", 1, 1, WHITE0, 0, 0, NONE, 0, 0, 0, 0 },
		{ "w", 1, 1, GREY, 0, 0, PACK, 9, 0, 0, 0 },
		{ "w", 1, 1, WHITE0, 0, 0, FAX3, 0, 0, 0, 0 },
		{ "w", 1, 1, WHITE0, 0, 0, RLE, 20, 0, 0, 0 },
		{ "w", 1, 1, WHITE0, 0, 0, FAX4, 0, 0, 0, 0 },
		{ "w", 1, 1, WHITE0, 0, 0, FAX4, 16, 0, 0, 0 },
		{ "w", 1, 1, GREY, 0, 0, FAX4, 0, 0, 0, 0 },
		{ "w", 1, 1, WHITE0, 0, 0, FAX4, 0, 0, 2, 0 },
		{ "w", 1, 1, GREY, 0, 1, FAX4, 0, 0, 0, 0 },
		{ "w", 2, 1, GREY, 0, 0, NONE, 0, 0, 0, 0 },
		{ "w", 2, 3, RGB, 1, 0, NONE, 0, 0, 0, 0 },
		{ "wb", 4, 1, GREY, 0, 0, LZW, 7, 0, 0, 0 },
		{ "w", 4, 3, RGB, 0, 0, NONE, 0, 0, 0, 0 },
		{ "w", 4, 1, INDEX, 0, 0, LZW, 0, 0, 0, 0 },
		{ "w", 8, 1, GREY, 0, 0, LZW, 39, 0, 0, 0 },
		{ "w", 8, 1, WHITE0, 0, 1, ZIP, 0, 0, 0, 0 },
		{ "w", 8, 1, INDEX, 0, 0, ZIP, 0, 0, 0, 0 },
		{ "w", 8, 3, RGB, 0, 0, NONE, 0, 0, 0, 0 },
		{ "w8", 8, 3, RGB, 1, 0, LZW, 11, 0, 0, 0 },
		{ "wb", 8, 3, RGB, 1, 1, ZIP, 0, 0, 0, 0 },
		{ "w8b", 8, 3, RGB, 0, 1, PACK, 0, 0, 0, 0 },
		{ "w", 8, 4, RGB, 0, 0, ZIP, 0, 2, 0, 0 },
		{ "w", 8, 4, RGB, 1, 0, ZIP, 0, 1, 0, 0 },
		{ "w", 8, 2, GREY, 0, 0, LZW, 0, 2, 0, 0 },
		{ "w", 8, 4, CMYK, 0, 0, LZW, 0, 0, 0, 0 },
		{ "w", 8, 4, CMYK, 1, 1, ZIP, 0, 0, 0, 0 },
		{ "w", 12, 1, GREY, 0, 0, NONE, 0, 0, 0, 0 },
		{ "wb", 16, 1, GREY, 0, 0, ZIP, 0, 0, 0, 0 },
		{ "wl", 16, 3, RGB, 0, 0, LZW, 5, 0, 0, 0 },
		{ "w", 16, 4, CMYK, 1, 0, NONE, 0, 0, 0, 0 },
		{ "w", 16, 4, RGB, 0, 1, ZIP, 0, 2, 0, 0 },
		{ "wb", 32, 1, GREY, 0, 0, ZIP, 0, 0, 0, 0 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < SH_COUNT(recipes); i++)
		check_recipe(&recipes[i], i);
}

/* A single strip goes on bit for bit; several are coded anew, the same. */
static void
bilevel_stays_bilevel(void **state)
{
	static const struct {
		int photometric, rows, fill_order, same_bytes;
	} cases[] = { { WHITE0, 0, 1, 1 }, { WHITE0, 16, 1, 0 },
	    { GREY, 0, 1, 0 }, { WHITE0, 0, 2, 0 } };
	struct recipe r = { .mode = "w", .bits = 1, .samples = 1,
	    .compression = FAX4 };
	struct sh_image_page again;
	struct memory m;
	struct decoded d;
	TIFF *tif;
	size_t i;

	(void)state;
	for (i = 0; i < SH_COUNT(cases); i++) {
		r.photometric = cases[i].photometric;
		r.rows = cases[i].rows;
		r.fill_order = cases[i].fill_order;
		tif = begin(&m, "w");
		set_tags(tif, &r);
		write_blocks(tif, &r);
		TIFFClose(tif);
		decode_ok(m.b.data, m.b.len, &d);
		assert_int_equal(d.page.coding, SH_IMAGE_G4);
		assert_int_equal(cases[i].same_bytes, memmem(m.b.data,
		    m.b.len, d.page.coded.data, d.page.coded.len) != NULL);
		decode_coded(&d.page, &again);
		assert_int_equal(distance(&d.page.pixels, &again.pixels), 0);
		sh_image_page_clear(&again);
		sh_image_page_clear(&d.page);
		sh_buf_free(&m.b);
	}
}

/* JPEG strips of ROWS rows; the pixels as libtiff decodes them. */
static void
make_jpeg_tiff(struct memory *m, int rows, int photometric, int subsampling,
    struct sh_pixels *by_libtiff)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_pixels px;
	uint8_t row[W * 3];
	TIFF *tif = begin(m, "w");
	int n = photometric == GREY ? 1 : 3, y;

	make_picture(&px, W, H, n);
	TIFFSetField(tif, TIFFTAG_IMAGEWIDTH, W);
	TIFFSetField(tif, TIFFTAG_IMAGELENGTH, H);
	TIFFSetField(tif, TIFFTAG_BITSPERSAMPLE, 8);
	TIFFSetField(tif, TIFFTAG_SAMPLESPERPIXEL, n);
	TIFFSetField(tif, TIFFTAG_PHOTOMETRIC, photometric);
	TIFFSetField(tif, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG);
	TIFFSetField(tif, TIFFTAG_COMPRESSION, COMPRESSION_JPEG);
	TIFFSetField(tif, TIFFTAG_JPEGQUALITY, 90);
	if (photometric == PHOTOMETRIC_YCBCR) {
		TIFFSetField(tif, TIFFTAG_YCBCRSUBSAMPLING, subsampling,
		    subsampling);
		TIFFSetField(tif, TIFFTAG_JPEGCOLORMODE,
		    JPEGCOLORMODE_RGB);
	}
	TIFFSetField(tif, TIFFTAG_ROWSPERSTRIP, rows);
	for (y = 0; y < H; y++) {
		memcpy(row, px.data + y * W * n, (size_t)(W * n));
		assert_int_equal(TIFFWriteScanline(tif, row, (uint32_t)y, 0),
		    1);
	}
	TIFFClose(tif);
	sh_pixels_free(&px);
	memset(by_libtiff, 0, sizeof(*by_libtiff));
	must(sh_pixels_new(by_libtiff, W, H, n, &err));
	m->at = 0;
	tif = TIFFClientOpen("test", "r", m, mem_read, mem_write, mem_seek,
	    mem_close, mem_size, NULL, NULL);
	if (photometric == PHOTOMETRIC_YCBCR)
		TIFFSetField(tif, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
	for (y = 0; y < H; y++)
		assert_int_equal(TIFFReadScanline(tif, by_libtiff->data +
		    y * W * n, (uint32_t)y, 0), 1);
	TIFFClose(tif);
}

/*
 * The strips of a feeder's JPEG become one JPEG without being coded anew:
 * where no chroma is interpolated across them the pixels are the same bits.
 */
static void
jpeg_strips_are_joined(void **state)
{
	static const struct {
		int rows, photometric, subsampling, tolerance;
	} cases[] = {
		{ 16, PHOTOMETRIC_YCBCR, 1, 0 },
		{ 64, PHOTOMETRIC_YCBCR, 1, 0 },
		{ H, PHOTOMETRIC_YCBCR, 1, 0 },
		{ 8, PHOTOMETRIC_MINISBLACK, 1, 0 },
		{ 24, PHOTOMETRIC_RGB, 1, 0 },
		{ 16, PHOTOMETRIC_YCBCR, 2, 12 },
		{ H, PHOTOMETRIC_YCBCR, 2, 0 },
	};
	struct sh_image_page again;
	struct sh_pixels want;
	struct memory m;
	struct decoded d;
	size_t i;

	(void)state;
	for (i = 0; i < SH_COUNT(cases); i++) {
		make_jpeg_tiff(&m, cases[i].rows, cases[i].photometric,
		    cases[i].subsampling, &want);
		decode_ok(m.b.data, m.b.len, &d);
		assert_int_equal(d.page.coding, SH_IMAGE_JPEG);
		assert_true(distance(&d.page.pixels, &want) <=
		    cases[i].tolerance);
		/* Passed on, not coded again: the same pixels exactly. */
		decode_coded(&d.page, &again);
		assert_int_equal(distance(&d.page.pixels, &again.pixels), 0);
		sh_image_page_clear(&again);
		sh_image_page_clear(&d.page);
		sh_pixels_free(&want);
		sh_buf_free(&m.b);
	}
}

/* Cut in the middle of a strip: lost rows are never painted grey. */
static void
damage_is_an_error(void **state)
{
	struct recipe r = { .mode = "w", .bits = 8, .samples = 3,
	    .photometric = RGB, .compression = ZIP, .rows = 10 };
	struct sh_pixels want;
	struct memory m;
	TIFF *tif;
	size_t i, first;

	(void)state;
	tif = begin(&m, "w");
	set_tags(tif, &r);
	write_blocks(tif, &r);
	TIFFClose(tif);
	first = 8;
	m.b.data[first + 40] ^= 0xff;
	decode_refused(m.b.data, m.b.len, "image.damaged");
	decode_refused(m.b.data, m.b.len / 2, "image.truncated");
	sh_buf_free(&m.b);
	make_jpeg_tiff(&m, 16, PHOTOMETRIC_YCBCR, 1, &want);
	/* An end marker in the entropy-coded data of the third strip. */
	for (i = m.b.len / 2; m.b.data[i] == 0xff || m.b.data[i - 1] == 0xff;
	    i++)
		;
	m.b.data[i] = 0xff;
	m.b.data[i + 1] = 0xd9;
	decode_refused(m.b.data, m.b.len, "image.truncated");
	sh_pixels_free(&want);
	sh_buf_free(&m.b);
}

/* Fax data that ends in the middle of the page, or goes wrong there. */
static void
lost_fax_rows_are_an_error(void **state)
{
	struct sh_fax fax = { .k = -1, .width_px = 400, .height_px = 300 };
	struct sh_error err = SH_ERROR_INIT;
	struct sh_image_page page;
	struct sh_buf g4 = SH_BUF_INIT;
	struct sh_pixels ink;
	size_t cut;

	(void)state;
	make_ink(&ink, 400, 300);
	must(sh_g4_encode(&ink, &g4, &err));
	for (cut = 1; cut < g4.len - 16; cut += g4.len / 20) {
		memset(&page, 0, sizeof(page));
		must_fail(sh_fax_page(&fax, g4.data, cut, &page, &err),
		    SH_EFORMAT);
		sh_image_page_clear(&page);
	}
	memset(&page, 0, sizeof(page));
	memcpy(g4.data + g4.len / 2, "\x00\x10\x01", 3);	/* its end */
	must_fail(sh_fax_page(&fax, g4.data, g4.len, &page, &err),
	    SH_EFORMAT);
	sh_image_page_clear(&page);
	sh_pixels_free(&ink);
	sh_buf_free(&g4);
}

static void
add_page(TIFF *tif, int orientation, int unit, float dpi, int subfile)
{
	struct recipe r = { .mode = "w", .bits = 8, .samples = 1,
	    .photometric = GREY, .compression = LZW };

	set_tags(tif, &r);
	TIFFSetField(tif, TIFFTAG_SUBFILETYPE, subfile);
	TIFFSetField(tif, TIFFTAG_ORIENTATION, orientation);
	TIFFSetField(tif, TIFFTAG_RESOLUTIONUNIT, unit);
	TIFFSetField(tif, TIFFTAG_XRESOLUTION, dpi);
	TIFFSetField(tif, TIFFTAG_YRESOLUTION, dpi);
	write_blocks(tif, &r);
	assert_int_equal(TIFFWriteDirectory(tif), 1);
}

static void
pages_are_counted_and_reached(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_image_page p;
	struct sh_image *im;
	struct memory m;
	TIFF *tif = begin(&m, "w");
	uint32_t n;

	(void)state;
	add_page(tif, 6, RESUNIT_INCH, 300, 0);
	add_page(tif, 1, RESUNIT_INCH, 30, FILETYPE_REDUCEDIMAGE);
	add_page(tif, 3, RESUNIT_CENTIMETER, 118.11f, FILETYPE_PAGE);
	add_page(tif, 1, RESUNIT_INCH, 72, 0);
	TIFFClose(tif);
	must(sh_image_open(m.b.data, m.b.len, &im, &err));
	assert_string_equal(sh_image_kind(im), "tiff");
	assert_int_equal(sh_image_npages(im), 3);
	assert_int_equal(sh_image_next(im, &p, &n, &err), 1);
	assert_int_equal(p.pixels.exif_orientation, 6);
	assert_int_equal((int)p.pixels.dpi_x, 300);
	sh_image_page_clear(&p);
	sh_image_seek(im, 2);
	assert_int_equal(sh_image_next(im, &p, &n, &err), 1);
	assert_int_equal(n, 2);
	assert_int_equal((int)p.pixels.dpi_x, 0);	/* nobody meant 72 */
	sh_image_page_clear(&p);
	assert_int_equal(sh_image_next(im, &p, &n, &err), 0);
	sh_image_seek(im, 1);
	assert_int_equal(sh_image_next(im, &p, &n, &err), 1);
	assert_int_equal(p.pixels.exif_orientation, 3);
	assert_int_equal((int)(p.pixels.dpi_y + 0.5), 300);
	sh_image_page_clear(&p);
	sh_image_close(im);
	sh_buf_free(&m.b);
}

/* The next-directory field of the last page of a classic little-endian file. */
static uint8_t *
last_link(struct memory *m)
{
	uint8_t *p = m->b.data + 4;
	uint32_t at;

	for (;;) {
		memcpy(&at, p, 4);
		if (at == 0)
			return (p);
		p = m->b.data + at + 2 + 12 * (m->b.data[at] |
		    m->b.data[at + 1] << 8);
	}
}

static void
a_broken_chain_ends_visibly(void **state)
{
	static const struct {
		uint32_t link;
		const char *key;
	} cases[] = { { 0, "image.page-loop" },
	    { 0x7fffffff, "image.truncated" }, { 12, "image.truncated" } };
	struct sh_error err = SH_ERROR_INIT;
	struct sh_image_page p;
	struct sh_image *im;
	struct memory m;
	TIFF *tif;
	uint32_t n, link;
	size_t i;

	(void)state;
	for (i = 0; i < SH_COUNT(cases); i++) {
		tif = begin(&m, "wl");
		add_page(tif, 1, RESUNIT_INCH, 300, 0);
		add_page(tif, 1, RESUNIT_INCH, 300, 0);
		TIFFClose(tif);
		link = cases[i].link;
		if (link == 0)		/* back to the first page */
			memcpy(&link, m.b.data + 4, 4);
		memcpy(last_link(&m), &link, 4);
		must(sh_image_open(m.b.data, m.b.len, &im, &err));
		assert_int_equal(sh_image_next(im, &p, &n, &err), 1);
		sh_image_page_clear(&p);
		assert_int_equal(sh_image_next(im, &p, &n, &err), 1);
		sh_image_page_clear(&p);
		assert_int_equal(sh_image_next(im, &p, &n, &err), -1);
		assert_int_equal(n, 2);
		assert_string_equal(err.key, cases[i].key);
		sh_error_clear(&err);
		assert_int_equal(sh_image_next(im, &p, &n, &err), 0);
		sh_image_close(im);
		sh_buf_free(&m.b);
	}
}

/* Headers that promise too much are refused before memory is asked for. */
static void
giants_are_refused(void **state)
{
	struct memory m;
	TIFF *tif = begin(&m, "w");
	uint8_t bit = 0;

	(void)state;
	TIFFSetField(tif, TIFFTAG_IMAGEWIDTH, 60000);
	TIFFSetField(tif, TIFFTAG_IMAGELENGTH, 1);
	TIFFSetField(tif, TIFFTAG_BITSPERSAMPLE, 1);
	TIFFSetField(tif, TIFFTAG_PHOTOMETRIC, WHITE0);
	TIFFSetField(tif, TIFFTAG_ROWSPERSTRIP, 1);
	assert_true(TIFFWriteRawStrip(tif, 0, &bit, 1) > 0);
	TIFFClose(tif);
	decode_refused(m.b.data, m.b.len, "image.too-large");
	sh_buf_free(&m.b);
	tif = begin(&m, "w");
	TIFFSetField(tif, TIFFTAG_IMAGEWIDTH, 100);
	TIFFSetField(tif, TIFFTAG_IMAGELENGTH, 100);
	TIFFSetField(tif, TIFFTAG_BITSPERSAMPLE, 8);
	TIFFSetField(tif, TIFFTAG_PHOTOMETRIC, GREY);
	TIFFSetField(tif, TIFFTAG_COMPRESSION, ZIP);
	TIFFSetField(tif, TIFFTAG_TILEWIDTH, 65520);
	TIFFSetField(tif, TIFFTAG_TILELENGTH, 65520);
	assert_true(TIFFWriteRawTile(tif, 0, &bit, 1) > 0);
	TIFFClose(tif);
	decode_refused(m.b.data, m.b.len, "image.too-large");
	sh_buf_free(&m.b);
}

/* Where a strip begins and ends does not matter to libtiff's own colours. */
static void
ycbcr_without_jpeg_decodes(void **state)
{
	struct memory m;
	struct decoded d;
	TIFF *tif = begin(&m, "w");
	uint8_t blocks[6 * (W / 2) * (H / 2)];
	size_t i;

	(void)state;
	/* Four Y, one Cb, one Cr: a plain grey of 100. */
	for (i = 0; i < sizeof(blocks); i++)
		blocks[i] = i % 6 < 4 ? 100 : 128;
	TIFFSetField(tif, TIFFTAG_IMAGEWIDTH, W);
	TIFFSetField(tif, TIFFTAG_IMAGELENGTH, H);
	TIFFSetField(tif, TIFFTAG_BITSPERSAMPLE, 8);
	TIFFSetField(tif, TIFFTAG_SAMPLESPERPIXEL, 3);
	TIFFSetField(tif, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG);
	TIFFSetField(tif, TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_YCBCR);
	TIFFSetField(tif, TIFFTAG_YCBCRSUBSAMPLING, 2, 2);
	TIFFSetField(tif, TIFFTAG_ROWSPERSTRIP, H);
	assert_true(TIFFWriteRawStrip(tif, 0, blocks, sizeof(blocks)) > 0);
	TIFFClose(tif);
	decode_ok(m.b.data, m.b.len, &d);
	assert_int_equal(d.page.pixels.channels, 3);
	for (i = 0; i < (size_t)W * H * 3; i++)
		assert_true(abs(d.page.pixels.data[i] - 100) <= 1);
	sh_image_page_clear(&d.page);
	sh_buf_free(&m.b);
}

static void
the_digest_is_the_pages(void **state)
{
	struct recipe r = { .mode = "w", .bits = 8, .samples = 1,
	    .photometric = GREY, .compression = LZW };
	struct memory m[2];
	struct decoded d[2];
	TIFF *tif;
	int i;

	(void)state;
	for (i = 0; i < 2; i++) {
		tif = begin(&m[i], "w");
		set_tags(tif, &r);
		/* Says nothing about the page. */
		TIFFSetField(tif, TIFFTAG_DATETIME, i == 0 ?
		    "2026:01:01 00:00:00" : "2026:01:01 00:00:01");
		write_blocks(tif, &r);
		TIFFClose(tif);
		decode_ok(m[i].b.data, m[i].b.len, &d[i]);
	}
	assert_true(sh_digest_equal(&d[0].page.digest, &d[1].page.digest));
	for (i = 0; i < 2; i++) {
		sh_image_page_clear(&d[i].page);
		sh_buf_free(&m[i].b);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_layout_decodes),
		cmocka_unit_test(bilevel_stays_bilevel),
		cmocka_unit_test(jpeg_strips_are_joined),
		cmocka_unit_test(damage_is_an_error),
		cmocka_unit_test(lost_fax_rows_are_an_error),
		cmocka_unit_test(pages_are_counted_and_reached),
		cmocka_unit_test(a_broken_chain_ends_visibly),
		cmocka_unit_test(giants_are_refused),
		cmocka_unit_test(ycbcr_without_jpeg_decodes),
		cmocka_unit_test(the_digest_is_the_pages),
	};

	TIFFSetErrorHandler(NULL);
	TIFFSetWarningHandler(NULL);
	return (cmocka_run_group_tests_name("image_tiff", tests, NULL,
	    NULL));
}
