#include "samples/carrier.h"

#include <stdio.h>
#include <jpeglib.h>
#include <fcntl.h>
#include <png.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <tiffio.h>
#include <unistd.h>

#include "base/fs.h"
#include "samples/keep.h"

struct sh_carrier {
	enum sh_carrier_kind kind;
	char *path;
	TIFF *tiff;
	struct sh_buf out;	/* PDF, JPEG, PNG */
	size_t *offsets;	/* PDF: of its objects, from number 1 */
	size_t noffsets, offsets_cap;
	unsigned npages;
};

int
sh_carrier_kind_of(const char *path, enum sh_carrier_kind *kindp)
{
	const char *dot = strrchr(path, '.');

	if (dot == NULL)
		return (-1);
	if (strcasecmp(dot, ".jpg") == 0 || strcasecmp(dot, ".jpeg") == 0)
		*kindp = SH_CARRIER_JPEG;
	else if (strcasecmp(dot, ".png") == 0)
		*kindp = SH_CARRIER_PNG;
	else if (strcasecmp(dot, ".tif") == 0 || strcasecmp(dot, ".tiff") == 0)
		*kindp = SH_CARRIER_TIFF;
	else if (strcasecmp(dot, ".pdf") == 0)
		*kindp = SH_CARRIER_PDF;
	else
		return (-1);
	return (0);
}

int
sh_carrier_write(const char *path, const void *data, size_t len,
    struct sh_error *err)
{
	int fd, rc;

	if ((fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
	    0644)) == -1)
		return (sh_error_sys(err, "sample.write", "%s", path));
	rc = sh_write_all(fd, data, len, err);
	if (close(fd) == -1 && rc == 0)
		rc = sh_error_sys(err, "sample.write", "%s", path);
	return (rc);
}

static uint8_t
grey(const uint8_t *p)
{
	return ((uint8_t)((p[0] * 77 + p[1] * 150 + p[2] * 29) >> 8));
}

/* Row Y as bytes of the depth: 3, 1 or 1/8 a pixel. */
static void
pack_row(const struct sh_raster *r, unsigned y, enum sh_depth depth,
    uint8_t *row)
{
	const uint8_t *p = r->px + 3 * (size_t)y * r->w;
	unsigned x;

	switch (depth) {
	case SH_DEPTH_COLOUR:
		memcpy(row, p, 3 * (size_t)r->w);
		break;
	case SH_DEPTH_GREY:
		for (x = 0; x < r->w; x++, p += 3)
			row[x] = grey(p);
		break;
	case SH_DEPTH_BILEVEL:
		/* One is black. */
		memset(row, 0, (r->w + 7) / 8);
		for (x = 0; x < r->w; x++, p += 3)
			if (grey(p) < 160)
				row[x / 8] |= (uint8_t)(0x80 >> x % 8);
		break;
	}
}

/* ---- JPEG ----------------------------------------------------------- */

/* Rule: Exif 2.3: make, orientation; big-endian, one directory */
static void
put_exif(struct jpeg_compress_struct *j, int orientation)
{
	uint8_t app1[] = {
		'E', 'x', 'i', 'f', 0, 0, 'M', 'M', 0, 42, 0, 0, 0, 8, 0, 2,
		0x01, 0x0f, 0, 2, 0, 0, 0, 6, 0, 0, 0, 38,
		0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, 0, 0, 0,
		0, 0, 0, 0, 'P', 'h', 'o', 'n', 'e', 0
	};

	app1[37] = (uint8_t)orientation;
	jpeg_write_marker(j, JPEG_APP0 + 1, app1, sizeof(app1));
}

/* libjpeg's only failures here are of memory. */
static void
jpeg_fatal(j_common_ptr j)
{
	(void)j;
	sh_keep_die();
}

static int
jpeg_bytes(const struct sh_raster *r, const struct sh_packing *how,
    struct sh_buf *out, struct sh_error *err)
{
	struct jpeg_compress_struct j;
	struct jpeg_error_mgr mgr;
	unsigned char *mem = NULL;
	unsigned long len = 0;
	uint8_t *row = sh_keep(r->w, 3);
	int rc;

	j.err = jpeg_std_error(&mgr);
	mgr.error_exit = jpeg_fatal;
	jpeg_create_compress(&j);
	jpeg_mem_dest(&j, &mem, &len);
	j.image_width = r->w;
	j.image_height = r->h;
	j.input_components = how->depth == SH_DEPTH_COLOUR ? 3 : 1;
	j.in_color_space = how->depth == SH_DEPTH_COLOUR ? JCS_RGB :
	    JCS_GRAYSCALE;
	jpeg_set_defaults(&j);
	jpeg_set_quality(&j, how->quality > 0 ? how->quality : 75, TRUE);
	j.optimize_coding = TRUE;
	j.dct_method = JDCT_ISLOW;
	j.density_unit = 1;
	j.X_density = j.Y_density = (UINT16)(r->dpi > 0 ? r->dpi : 72);
	jpeg_start_compress(&j, TRUE);
	if (how->camera || how->exif > 1)
		put_exif(&j, how->exif > 0 ? how->exif : 1);
	while (j.next_scanline < r->h) {
		pack_row(r, j.next_scanline, how->depth == SH_DEPTH_COLOUR ?
		    SH_DEPTH_COLOUR : SH_DEPTH_GREY, row);
		(void)jpeg_write_scanlines(&j, &row, 1);
	}
	jpeg_finish_compress(&j);
	jpeg_destroy_compress(&j);
	free(row);
	rc = sh_buf_append(out, mem, len, err);
	free(mem);
	return (rc);
}

/* ---- PNG ------------------------------------------------------------ */

static void
png_put(png_structp png, png_bytep data, png_size_t len)
{
	struct sh_error err = SH_ERROR_INIT;

	if (sh_buf_append(png_get_io_ptr(png), data, len, &err) == -1)
		sh_keep_die();
}

static int
png_bytes(const struct sh_raster *r, const struct sh_packing *how,
    struct sh_buf *out, struct sh_error *err)
{
	png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL,
	    NULL, NULL);
	png_infop info;
	uint8_t *row = sh_keep(r->w, 3);
	unsigned y, ppm = (unsigned)(r->dpi / 0.0254 + 0.5);

	if (png == NULL || (info = png_create_info_struct(png)) == NULL)
		sh_keep_die();
	if (setjmp(png_jmpbuf(png))) {
		png_destroy_write_struct(&png, &info);
		free(row);
		return (sh_error_set(err, SH_ELIBRARY, "sample.encode",
		    "libpng refused the page"));
	}
	png_set_write_fn(png, out, png_put, NULL);
	png_set_IHDR(png, info, r->w, r->h, 8, how->depth == SH_DEPTH_COLOUR ?
	    PNG_COLOR_TYPE_RGB : PNG_COLOR_TYPE_GRAY, PNG_INTERLACE_NONE,
	    PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
	if (r->dpi > 0)
		png_set_pHYs(png, info, ppm, ppm, PNG_RESOLUTION_METER);
	png_write_info(png, info);
	for (y = 0; y < r->h; y++) {
		pack_row(r, y, how->depth == SH_DEPTH_COLOUR ?
		    SH_DEPTH_COLOUR : SH_DEPTH_GREY, row);
		png_write_row(png, row);
	}
	png_write_end(png, NULL);
	png_destroy_write_struct(&png, &info);
	free(row);
	return (0);
}

/* ---- TIFF ----------------------------------------------------------- */

static int
tiff_page(struct sh_carrier *c, const struct sh_raster *r,
    const struct sh_packing *how, struct sh_error *err)
{
	TIFF *t = c->tiff;
	uint8_t *row = sh_keep(r->w, 3);
	unsigned y;
	int colour = how->depth == SH_DEPTH_COLOUR, ok = 1;
	int bilevel = how->depth == SH_DEPTH_BILEVEL;

	TIFFSetField(t, TIFFTAG_IMAGEWIDTH, r->w);
	TIFFSetField(t, TIFFTAG_IMAGELENGTH, r->h);
	TIFFSetField(t, TIFFTAG_SAMPLESPERPIXEL, colour ? 3 : 1);
	TIFFSetField(t, TIFFTAG_BITSPERSAMPLE, bilevel ? 1 : 8);
	TIFFSetField(t, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG);
	TIFFSetField(t, TIFFTAG_ORIENTATION, ORIENTATION_TOPLEFT);
	TIFFSetField(t, TIFFTAG_RESOLUTIONUNIT, RESUNIT_INCH);
	TIFFSetField(t, TIFFTAG_XRESOLUTION, (double)r->dpi);
	TIFFSetField(t, TIFFTAG_YRESOLUTION, (double)r->dpi);
	TIFFSetField(t, TIFFTAG_PAGENUMBER, c->npages, 0);
	if (bilevel) {
		TIFFSetField(t, TIFFTAG_COMPRESSION, COMPRESSION_CCITTFAX4);
		TIFFSetField(t, TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_MINISWHITE);
		TIFFSetField(t, TIFFTAG_ROWSPERSTRIP, r->h);
	} else if (how->quality > 0) {
		TIFFSetField(t, TIFFTAG_COMPRESSION, COMPRESSION_JPEG);
		TIFFSetField(t, TIFFTAG_PHOTOMETRIC, colour ?
		    PHOTOMETRIC_YCBCR : PHOTOMETRIC_MINISBLACK);
		TIFFSetField(t, TIFFTAG_JPEGQUALITY, how->quality);
		TIFFSetField(t, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
		TIFFSetField(t, TIFFTAG_ROWSPERSTRIP, 256);
	} else {
		TIFFSetField(t, TIFFTAG_COMPRESSION, COMPRESSION_LZW);
		TIFFSetField(t, TIFFTAG_PREDICTOR, PREDICTOR_HORIZONTAL);
		TIFFSetField(t, TIFFTAG_PHOTOMETRIC, colour ?
		    PHOTOMETRIC_RGB : PHOTOMETRIC_MINISBLACK);
		TIFFSetField(t, TIFFTAG_ROWSPERSTRIP, 64);
	}
	for (y = 0; y < r->h && ok; y++) {
		pack_row(r, y, how->depth, row);
		ok = TIFFWriteScanline(t, row, y, 0) == 1;
	}
	free(row);
	if (!ok || TIFFWriteDirectory(t) != 1)
		return (sh_error_set(err, SH_ELIBRARY, "sample.encode",
		    "libtiff cannot write %s", c->path));
	return (0);
}

/* ---- PDF ------------------------------------------------------------ */

/* Begin object number N; 0 first.  Rule: ISO 32000-1 7.3.10 */
static int
pdf_object(struct sh_carrier *c, unsigned n, struct sh_error *err)
{
	c->offsets = sh_keep_grow(c->offsets, &c->offsets_cap, n + 1,
	    sizeof(*c->offsets));
	if (n >= c->noffsets)
		c->noffsets = n + 1;
	c->offsets[n] = c->out.len;
	return (sh_buf_printf(&c->out, err, "%u 0 obj\n", n));
}

/* Objects 3k, 3k+1, 3k+2 of page k (from 1) are page, content, image. */
static int
pdf_page(struct sh_carrier *c, const struct sh_raster *r,
    const struct sh_packing *how, struct sh_error *err)
{
	struct sh_buf image = SH_BUF_INIT;
	char content[96];
	unsigned k = 3 * (c->npages + 1), dpi = r->dpi > 0 ? r->dpi : 200;
	unsigned w = r->w * 7200 / dpi, h = r->h * 7200 / dpi;
	int rc = -1, len;

	if (jpeg_bytes(r, how, &image, err) == -1)
		goto out;
	len = snprintf(content, sizeof(content),
	    "q %u.%02u 0 0 %u.%02u 0 0 cm /I Do Q", w / 100, w % 100, h / 100,
	    h % 100);
	if (pdf_object(c, k, err) == -1 || sh_buf_printf(&c->out, err,
	    "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %u.%02u %u.%02u]\n"
	    "/Resources << /XObject << /I %u 0 R >> >> /Contents %u 0 R >>\n"
	    "endobj\n", w / 100, w % 100, h / 100, h % 100, k + 2, k + 1) ==
	    -1 || pdf_object(c, k + 1, err) == -1 ||
	    sh_buf_printf(&c->out, err, "<< /Length %d >>\nstream\n%s\n"
	    "endstream\nendobj\n", len, content) == -1 ||
	    pdf_object(c, k + 2, err) == -1 || sh_buf_printf(&c->out, err,
	    "<< /Type /XObject /Subtype /Image /Width %u /Height %u\n"
	    "/ColorSpace /%s /BitsPerComponent 8 /Filter /DCTDecode "
	    "/Length %zu >>\nstream\n", r->w, r->h, how->depth ==
	    SH_DEPTH_COLOUR ? "DeviceRGB" : "DeviceGray", image.len) == -1 ||
	    sh_buf_append(&c->out, image.data, image.len, err) == -1 ||
	    sh_buf_puts(&c->out, "\nendstream\nendobj\n", err) == -1)
		goto out;
	rc = 0;
out:
	sh_buf_free(&image);
	return (rc);
}

static int
pdf_end(struct sh_carrier *c, struct sh_error *err)
{
	size_t start;
	unsigned i;

	if (pdf_object(c, 1, err) == -1 || sh_buf_puts(&c->out,
	    "<< /Type /Catalog /Pages 2 0 R >>\nendobj\n", err) == -1 ||
	    pdf_object(c, 2, err) == -1 || sh_buf_printf(&c->out, err,
	    "<< /Type /Pages /Count %u /Kids [", c->npages) == -1)
		return (-1);
	for (i = 1; i <= c->npages; i++)
		if (sh_buf_printf(&c->out, err, " %u 0 R", 3 * i) == -1)
			return (-1);
	if (sh_buf_puts(&c->out, " ] >>\nendobj\n", err) == -1)
		return (-1);
	start = c->out.len;
	if (sh_buf_printf(&c->out, err, "xref\n0 %zu\n0000000000 65535 f \n",
	    c->noffsets) == -1)
		return (-1);
	for (i = 1; i < c->noffsets; i++)
		if (sh_buf_printf(&c->out, err, "%010zu 00000 n \n",
		    c->offsets[i]) == -1)
			return (-1);
	return (sh_buf_printf(&c->out, err, "trailer\n<< /Size %zu /Root 1 0 "
	    "R >>\nstartxref\n%zu\n%%%%EOF\n", c->noffsets, start));
}

/* ---- all ------------------------------------------------------------ */

struct sh_carrier *
sh_carrier_open(const char *path, enum sh_carrier_kind kind,
    struct sh_error *err)
{
	struct sh_carrier *c = sh_keep(1, sizeof(*c));

	c->kind = kind;
	c->path = sh_keep(strlen(path) + 1, 1);
	memcpy(c->path, path, strlen(path));
	if (kind == SH_CARRIER_TIFF &&
	    (c->tiff = TIFFOpen(path, "wl")) == NULL) {
		(void)sh_error_sys(err, "sample.write", "%s", path);
		goto fail;
	}
	/* Bytes above 127: a binary file. */
	if (kind == SH_CARRIER_PDF && sh_buf_puts(&c->out,
	    "%PDF-1.4\n%\xc3\xa4\xc3\xb6\n", err) == -1)
		goto fail;
	return (c);
fail:
	sh_carrier_drop(c);
	return (NULL);
}

int
sh_carrier_add(struct sh_carrier *c, const struct sh_raster *r,
    const struct sh_packing *how, struct sh_error *err)
{
	int rc = -1;

	switch (c->kind) {
	case SH_CARRIER_JPEG:
		rc = jpeg_bytes(r, how, &c->out, err);
		break;
	case SH_CARRIER_PNG:
		rc = png_bytes(r, how, &c->out, err);
		break;
	case SH_CARRIER_TIFF:
		rc = tiff_page(c, r, how, err);
		break;
	case SH_CARRIER_PDF:
		rc = pdf_page(c, r, how, err);
		break;
	}
	c->npages++;
	return (rc);
}

int
sh_carrier_close(struct sh_carrier *c, struct sh_error *err)
{
	int rc = 0;

	if (c->kind == SH_CARRIER_PDF)
		rc = pdf_end(c, err);
	if (rc == 0 && c->kind != SH_CARRIER_TIFF)
		rc = sh_carrier_write(c->path, c->out.data, c->out.len, err);
	sh_carrier_drop(c);
	return (rc);
}

void
sh_carrier_drop(struct sh_carrier *c)
{
	if (c == NULL)
		return;
	if (c->tiff != NULL)
		TIFFClose(c->tiff);
	sh_buf_free(&c->out);
	free(c->offsets);
	free(c->path);
	free(c);
}
