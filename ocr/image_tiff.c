#include "ocr/image_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tiffio.h>

#include "base/mem.h"

#define BLOCK_MAX	((uint64_t)600 << 20)	/* bytes of a strip or tile */
#define RGBA_MAX	((uint64_t)400 << 20)
#define ALLOC_MAX	((tmsize_t)900 << 20)	/* one of libtiff's own */
#define SAMPLES_MAX	16

/* A file in memory as libtiff sees it, and what it said about it. */
struct source {
	const uint8_t *data;
	size_t len;
	struct sh_buf *out;	/* written, or NULL */
	uint64_t at;
	int decoding;		/* complaints count from here on */
	int damaged;
	char text[256];		/* the first complaint */
};

struct layout {
	uint32_t width, height;
	uint32_t block_width, block_height;	/* a tile, or a strip */
	uint16_t bits, samples, photometric, planar, compression, format;
	uint16_t fill_order;
	enum sh_sample_kind kind;
	int tiled;
	int rgba;		/* libtiff must turn it into colours */
	struct sh_colour colour;
	uint8_t palette[256][3];
};

struct tiff_state {
	struct sh_tiff_chain chain;
	struct source src;
	TIFF *tif;
};

/* ---- libtiff's view of memory ------------------------------------------ */

static tmsize_t
source_read(thandle_t h, void *dst, tmsize_t len)
{
	struct source *s = h;
	size_t n = (size_t)len;

	if (len <= 0 || s->at >= s->len)
		return (0);
	if (n > s->len - s->at)
		n = s->len - s->at;
	memcpy(dst, s->data + s->at, n);
	s->at += n;
	return ((tmsize_t)n);
}

static tmsize_t
source_write(thandle_t h, void *src, tmsize_t len)
{
	struct source *s = h;
	struct sh_error err = SH_ERROR_INIT;

	/* What we write is one strip: always at the end. */
	if (s->out == NULL || len < 0 || s->at != s->out->len)
		return (-1);
	if (sh_buf_append(s->out, src, (size_t)len, &err))
		return (-1);
	s->at += (uint64_t)len;
	return (len);
}

static toff_t
source_seek(thandle_t h, toff_t to, int whence)
{
	struct source *s = h;
	uint64_t end = s->out != NULL ? s->out->len : s->len;

	s->at = whence == SEEK_CUR ? s->at + to :
	    whence == SEEK_END ? end + to : to;
	return (s->at);
}

static int
source_close(thandle_t h)
{
	(void)h;
	return (0);
}

static toff_t
source_size(thandle_t h)
{
	struct source *s = h;

	return (s->out != NULL ? s->out->len : s->len);
}

static void
complain(struct source *s, const char *fmt, va_list ap)
{
	if (s->text[0] == '\0')
		(void)vsnprintf(s->text, sizeof(s->text), fmt, ap);
}

static int
on_error(TIFF *tif, void *user, const char *module, const char *fmt,
    va_list ap)
{
	struct source *s = user;

	(void)tif;
	(void)module;
	s->damaged = s->decoding;
	complain(s, fmt, ap);
	return (1);
}

/*
 * The fax and JPEG decoders paint over what they cannot read and only warn.
 * Rows that were guessed are damage.
 */
static int
on_warning(TIFF *tif, void *user, const char *module, const char *fmt,
    va_list ap)
{
	struct source *s = user;

	(void)tif;
	if (!s->decoding || module == NULL || (strncmp(module, "Fax", 3) != 0
	    && strcmp(module, "JPEGLib") != 0))
		return (1);
	complain(s, fmt, ap);
	if (strstr(s->text, "extraneous bytes") != NULL)
		s->text[0] = '\0';
	else
		s->damaged = 1;
	return (1);
}

static TIFF *
open_source(struct source *s, const char *mode, struct sh_error *err)
{
	TIFFOpenOptions *o;
	TIFF *tif = NULL;

	if ((o = TIFFOpenOptionsAlloc()) != NULL) {
		TIFFOpenOptionsSetMaxSingleMemAlloc(o, ALLOC_MAX);
		TIFFOpenOptionsSetErrorHandlerExtR(o, on_error, s);
		TIFFOpenOptionsSetWarningHandlerExtR(o, on_warning, s);
		tif = TIFFClientOpenExt("page", mode, s, source_read,
		    source_write, source_seek, source_close, source_size,
		    NULL, NULL, o);
		TIFFOpenOptionsFree(o);
	}
	if (tif == NULL)
		(void)sh_error_set(err, SH_EFORMAT, "image.damaged",
		    "TIFF: %s", s->text);
	return (tif);
}

/* ---- what a page is ------------------------------------------------------ */

static int
unsupported(struct sh_error *err, const struct layout *l, const char *why)
{
	return (sh_error_set(err, SH_EUNSUPPORTED, "image.samples",
	    "TIFF: %s (%u x %u bits, photometric %u, format %u)", why,
	    l->samples, l->bits, l->photometric, l->format));
}

static int
read_palette(TIFF *tif, struct layout *l, struct sh_error *err)
{
	uint16_t *rgb[3];
	unsigned n = 1u << l->bits, i, k, wide = 0;

	if (l->bits > 8 || TIFFGetField(tif, TIFFTAG_COLORMAP, &rgb[0],
	    &rgb[1], &rgb[2]) == 0)
		return (unsupported(err, l, "no palette"));
	for (k = 0; k < 3; k++)
		for (i = 0; i < n; i++)
			wide |= rgb[k][i] > 255;
	/* Old writers filled the low byte. */
	for (k = 0; k < 3; k++)
		for (i = 0; i < n; i++)
			l->palette[i][k] = (uint8_t)(wide ?
			    (rgb[k][i] * 255u + 32767) / 65535 : rgb[k][i]);
	l->colour.palette = (const uint8_t (*)[3])l->palette;
	l->colour.npalette = n;
	return (0);
}

static int
read_colour(TIFF *tif, struct layout *l, struct sh_error *err)
{
	uint16_t nextra = 0, *extra = NULL;
	int need = 1;

	l->colour.alpha = -1;
	l->colour.nsamples = l->samples;
	switch (l->photometric) {
	case PHOTOMETRIC_MINISWHITE:
		l->colour.model = SH_COLOUR_WHITE_ZERO;
		break;
	case PHOTOMETRIC_MINISBLACK:
		l->colour.model = SH_COLOUR_GREY;
		break;
	case PHOTOMETRIC_PALETTE:
		l->colour.model = SH_COLOUR_PALETTE;
		if (read_palette(tif, l, err))
			return (-1);
		break;
	case PHOTOMETRIC_RGB:
		l->colour.model = SH_COLOUR_RGB;
		need = 3;
		break;
	case PHOTOMETRIC_SEPARATED:
		l->colour.model = SH_COLOUR_CMYK;
		need = 4;
		break;
	case PHOTOMETRIC_YCBCR:
		l->colour.model = SH_COLOUR_RGB;
		need = 3;
		if (l->compression == COMPRESSION_JPEG && l->bits == 8 &&
		    l->planar == PLANARCONFIG_CONTIG)
			(void)TIFFSetField(tif, TIFFTAG_JPEGCOLORMODE,
			    JPEGCOLORMODE_RGB);
		else
			l->rgba = 1;
		break;
	default:
		l->rgba = 1;
		return (0);
	}
	if (l->compression == COMPRESSION_OJPEG)
		l->rgba = 1;
	if (l->rgba)
		return (0);
	if (l->samples < need || l->samples > SAMPLES_MAX)
		return (unsupported(err, l, "samples"));
	if (!sh_samples_known(l->bits, l->kind))
		return (unsupported(err, l, "depth"));
	if (l->samples > need && TIFFGetField(tif, TIFFTAG_EXTRASAMPLES,
	    &nextra, &extra) != 0 && nextra > 0 &&
	    (extra[0] == EXTRASAMPLE_ASSOCALPHA ||
	    extra[0] == EXTRASAMPLE_UNASSALPHA)) {
		l->colour.alpha = need;
		l->colour.premultiplied = extra[0] == EXTRASAMPLE_ASSOCALPHA;
	}
	return (0);
}

static int
read_layout(TIFF *tif, struct layout *l, struct sh_error *err)
{
	memset(l, 0, sizeof(*l));
	(void)TIFFGetField(tif, TIFFTAG_IMAGEWIDTH, &l->width);
	(void)TIFFGetField(tif, TIFFTAG_IMAGELENGTH, &l->height);
	if (sh_image_check_size(l->width, l->height, err))
		return (-1);
	(void)TIFFGetFieldDefaulted(tif, TIFFTAG_BITSPERSAMPLE, &l->bits);
	(void)TIFFGetFieldDefaulted(tif, TIFFTAG_SAMPLESPERPIXEL,
	    &l->samples);
	(void)TIFFGetFieldDefaulted(tif, TIFFTAG_PLANARCONFIG, &l->planar);
	(void)TIFFGetFieldDefaulted(tif, TIFFTAG_COMPRESSION,
	    &l->compression);
	(void)TIFFGetFieldDefaulted(tif, TIFFTAG_SAMPLEFORMAT, &l->format);
	l->kind = l->format == SAMPLEFORMAT_IEEEFP ? SH_SAMPLE_FLOAT :
	    l->format == SAMPLEFORMAT_INT ? SH_SAMPLE_SIGNED :
	    SH_SAMPLE_UNSIGNED;
	(void)TIFFGetFieldDefaulted(tif, TIFFTAG_FILLORDER, &l->fill_order);
	if (TIFFGetField(tif, TIFFTAG_PHOTOMETRIC, &l->photometric) == 0)
		l->photometric = l->samples >= 3 ? PHOTOMETRIC_RGB :
		    PHOTOMETRIC_MINISWHITE;
	if (!TIFFIsCODECConfigured(l->compression)) {
		(void)sh_error_set(err, SH_EUNSUPPORTED, "image.compression",
		    "TIFF compression %u", l->compression);
		sh_error_param(err, "value", "%u", l->compression);
		return (-1);
	}
	if (read_colour(tif, l, err))
		return (-1);
	l->tiled = TIFFIsTiled(tif);
	if (l->tiled) {
		(void)TIFFGetField(tif, TIFFTAG_TILEWIDTH, &l->block_width);
		(void)TIFFGetField(tif, TIFFTAG_TILELENGTH,
		    &l->block_height);
	} else {
		(void)TIFFGetFieldDefaulted(tif, TIFFTAG_ROWSPERSTRIP,
		    &l->block_height);
		l->block_width = l->width;
		if (l->block_height > l->height)
			l->block_height = l->height;
	}
	if (l->block_width == 0 || l->block_height == 0)
		return (sh_error_set(err, SH_EFORMAT, "image.damaged",
		    "TIFF with empty strips or tiles"));
	return (0);
}

static void
read_placing(TIFF *tif, struct sh_pixels *px)
{
	uint16_t orientation = 1, unit = RESUNIT_INCH;
	float x = 0, y = 0;
	double per_inch;

	(void)TIFFGetFieldDefaulted(tif, TIFFTAG_ORIENTATION, &orientation);
	px->exif_orientation = orientation >= 1 && orientation <= 8 ?
	    orientation : 1;
	(void)TIFFGetField(tif, TIFFTAG_XRESOLUTION, &x);
	(void)TIFFGetField(tif, TIFFTAG_YRESOLUTION, &y);
	(void)TIFFGetFieldDefaulted(tif, TIFFTAG_RESOLUTIONUNIT, &unit);
	per_inch = unit == RESUNIT_INCH ? 1 :
	    unit == RESUNIT_CENTIMETER ? 2.54 : 0;
	sh_image_set_dpi(px, (double)x * per_inch, (double)y * per_inch);
}

/* ---- pixels -------------------------------------------------------------- */

/* What libtiff said about data that it could not decode. */
static int
bad_data(const struct source *s, struct sh_error *err)
{
	const char *t = s->text;
	int short_read = strstr(t, "Premature EOF") != NULL ||
	    strstr(t, "premature end") != NULL ||
	    strstr(t, " bytes, expected ") != NULL ||
	    strstr(t, "Not enough data") != NULL ||
	    strstr(t, "Read error") != NULL;

	return (sh_error_set(err, SH_EFORMAT, short_read ? "image.truncated" :
	    "image.damaged", "TIFF: %s", t));
}

struct block {
	uint8_t *coded;		/* as libtiff gives it */
	uint8_t *samples;	/* 8 bits each, interleaved: of one row, of
				   all rows where planes lie apart */
	size_t row_bytes;
	int used;		/* samples of a pixel that matter */
};

static int
read_block(TIFF *tif, const struct layout *l, const struct block *b,
    uint32_t x, uint32_t y, uint32_t rows, int plane, struct sh_error *err)
{
	tmsize_t want, got;
	struct source *s = TIFFClientdata(tif);

	if (l->tiled) {
		want = TIFFTileSize(tif);
		got = TIFFReadEncodedTile(tif, TIFFComputeTile(tif, x, y, 0,
		    (uint16_t)plane), b->coded, want);
	} else {
		want = TIFFVStripSize(tif, rows);
		got = TIFFReadEncodedStrip(tif, TIFFComputeStrip(tif, y,
		    (uint16_t)plane), b->coded, want);
	}
	if (got != want || s->damaged)
		return (bad_data(s, err));
	return (0);
}

/* One strip or tile, all planes, into the page. */
static int
decode_block(TIFF *tif, const struct layout *l, const struct block *b,
    uint32_t x, uint32_t y, struct sh_pixels *px, struct sh_error *err)
{
	uint32_t rows = l->height - y, width = l->width - x, r;
	int planar = l->planar == PLANARCONFIG_SEPARATE, plane;
	int raw = l->colour.model == SH_COLOUR_PALETTE;
	struct sh_colour colour = l->colour;
	size_t stride;
	uint8_t *dst = px->data + ((size_t)y * l->width + x) *
	    (size_t)px->channels;
	size_t dst_stride = (size_t)l->width * (size_t)px->channels;

	if (rows > l->block_height)
		rows = l->block_height;
	if (width > l->block_width)
		width = l->block_width;
	if (!planar) {
		if (read_block(tif, l, b, x, y, rows, 0, err))
			return (-1);
		for (r = 0; r < rows; r++) {
			sh_samples_unpack(b->coded + r * b->row_bytes,
			    l->bits, l->kind, raw, (size_t)width * l->samples,
			    b->samples, 1);
			sh_colour_row(&colour, b->samples, width,
			    dst + r * dst_stride);
		}
		return (0);
	}
	colour.nsamples = b->used;
	stride = (size_t)l->block_width * (size_t)b->used;
	for (plane = 0; plane < b->used; plane++) {
		if (read_block(tif, l, b, x, y, rows, plane, err))
			return (-1);
		for (r = 0; r < rows; r++)
			sh_samples_unpack(b->coded + r * b->row_bytes,
			    l->bits, l->kind, raw, width,
			    b->samples + r * stride + plane,
			    (size_t)b->used);
	}
	for (r = 0; r < rows; r++)
		sh_colour_row(&colour, b->samples + r * stride, width,
		    dst + r * dst_stride);
	return (0);
}

static int
decode_blocks(TIFF *tif, const struct layout *l, struct sh_pixels *px,
    struct sh_error *err)
{
	struct block b = { .coded = NULL };
	uint64_t bytes, packed;
	uint32_t x, y, rows;
	size_t used;
	int planar = l->planar == PLANARCONFIG_SEPARATE, rc = -1;

	b.used = l->colour.alpha >= 0 ? l->colour.alpha + 1 :
	    l->colour.model == SH_COLOUR_CMYK ? 4 :
	    l->colour.model == SH_COLOUR_RGB ? 3 : 1;
	b.row_bytes = (size_t)(l->tiled ? TIFFTileRowSize64(tif) :
	    TIFFScanlineSize64(tif));
	packed = ((uint64_t)l->block_width * l->bits *
	    (planar ? 1 : l->samples) + 7) / 8;
	bytes = (uint64_t)b.row_bytes * l->block_height;
	if (b.row_bytes < packed)
		return (sh_error_set(err, SH_EFORMAT, "image.damaged",
		    "TIFF rows of %zu bytes", b.row_bytes));
	rows = planar ? l->block_height : 1;
	used = (size_t)(planar ? b.used : l->samples);
	if (bytes > BLOCK_MAX || (uint64_t)l->block_width * rows * used >
	    BLOCK_MAX) {
		(void)sh_error_set(err, SH_ELIMIT, "image.too-large",
		    "TIFF strip or tile of %llu bytes; limit %llu",
		    (unsigned long long)bytes, (unsigned long long)BLOCK_MAX);
		sh_error_param(err, "value", "%u x %u", l->width, l->height);
		sh_error_param(err, "limit", "%d", SH_IMAGE_SIDE_MAX);
		return (-1);
	}
	b.coded = sh_alloc((size_t)bytes + 8, 1, "a TIFF strip", err);
	b.samples = sh_alloc((size_t)l->block_width * rows, used,
	    "TIFF samples", err);
	if (b.coded == NULL || b.samples == NULL)
		goto out;
	for (y = 0; y < l->height; y += l->block_height)
		for (x = 0; x < l->width; x += l->block_width)
			if (decode_block(tif, l, &b, x, y, px, err))
				goto out;
	rc = 0;
out:
	free(b.coded);
	free(b.samples);
	return (rc);
}

static void
rgba_row(const uint32_t *src, uint32_t width, uint8_t *dst)
{
	static const struct sh_colour rgba = { .model = SH_COLOUR_RGB,
	    .nsamples = 4, .alpha = 3, .premultiplied = 1 };
	uint8_t px[4];
	uint32_t i;

	for (i = 0; i < width; i++, dst += 3) {
		px[0] = (uint8_t)TIFFGetR(src[i]);
		px[1] = (uint8_t)TIFFGetG(src[i]);
		px[2] = (uint8_t)TIFFGetB(src[i]);
		px[3] = (uint8_t)TIFFGetA(src[i]);
		sh_colour_row(&rgba, px, 1, dst);
	}
}

/* Old JPEG, subsampled YCbCr, Lab, LogLuv: libtiff makes colours of them. */
static int
decode_rgba(TIFF *tif, const struct layout *l, struct sh_pixels *px,
    struct sh_error *err)
{
	struct source *s = TIFFClientdata(tif);
	TIFFRGBAImage img;
	char why[1024];
	uint32_t *band = NULL, rows, y, r, n;
	int rc = -1;

	if (!TIFFRGBAImageOK(tif, why))
		return (unsupported(err, l, why));
	/* Whole strips, so that none is decoded twice. */
	rows = l->block_height;
	if (rows < 64)
		rows *= (64 + rows - 1) / rows;
	if (rows > l->height)
		rows = l->height;
	if ((uint64_t)l->width * rows * 4 > RGBA_MAX) {
		(void)sh_error_set(err, SH_ELIMIT, "image.too-large",
		    "TIFF of photometric %u, %u x %u px in one strip",
		    l->photometric, l->width, l->height);
		sh_error_param(err, "value", "%u x %u", l->width, l->height);
		sh_error_param(err, "limit", "%d", SH_IMAGE_SIDE_MAX);
		return (-1);
	}
	if (!TIFFRGBAImageBegin(&img, tif, 1, why))
		return (s->text[0] != '\0' ? bad_data(s, err) :
		    unsupported(err, l, why));
	img.req_orientation = img.orientation;	/* turned by nobody here */
	if ((band = sh_alloc((size_t)l->width * rows, 4, "TIFF rows",
	    err)) == NULL)
		goto out;
	for (y = 0; y < l->height; y += n) {
		n = l->height - y < rows ? l->height - y : rows;
		img.row_offset = (int)y;
		if (!TIFFRGBAImageGet(&img, band, l->width, n) ||
		    s->damaged) {
			(void)bad_data(s, err);
			goto out;
		}
		for (r = 0; r < n; r++)
			rgba_row(band + (size_t)r * l->width, l->width,
			    px->data + (size_t)(y + r) * l->width * 3);
	}
	rc = 0;
out:
	TIFFRGBAImageEnd(&img);
	free(band);
	return (rc);
}

/* ---- coded bytes as fed --------------------------------------------------- */

/* Every strip or tile as it lies in the file; *NP of them. */
static int
raw_spans(TIFF *tif, const struct source *s, struct sh_span **spansp,
    size_t *np, struct sh_error *err)
{
	uint32_t n = TIFFIsTiled(tif) ? TIFFNumberOfTiles(tif) :
	    TIFFNumberOfStrips(tif), i;
	struct sh_span *spans;
	uint64_t at, len;

	if ((spans = sh_alloc(n, sizeof(*spans), "TIFF strips", err)) == NULL)
		return (-1);
	for (i = 0; i < n; i++) {
		at = TIFFGetStrileOffset(tif, i);
		len = TIFFGetStrileByteCount(tif, i);
		if (at > s->len || len > s->len - at) {
			free(spans);
			return (sh_error_set(err, SH_EFORMAT,
			    "image.truncated", "TIFF: strip %u of %u lies "
			    "behind the end of the file", i + 1, n));
		}
		spans[i].data = s->data + at;
		spans[i].len = (size_t)len;
	}
	*spansp = spans;
	*np = n;
	return (0);
}

/*
 * The feeder's own JPEG, losslessly out of its strips.  1 when the page is
 * filled; 0 when libtiff must decode it.
 */
static int
pass_jpeg(TIFF *tif, const struct layout *l, const struct sh_span *spans,
    size_t nspans, struct sh_image_page *out, struct sh_error *err)
{
	struct sh_error why = SH_ERROR_INIT;
	struct sh_buf joined = SH_BUF_INIT;
	struct sh_span tables = { NULL, 0 };
	uint32_t ntables = 0;
	void *p = NULL;
	int adobe, rc;

	if (l->compression != COMPRESSION_JPEG || l->tiled || l->bits != 8 ||
	    (l->samples > 1 && l->planar != PLANARCONFIG_CONTIG))
		return (0);
	if (l->samples == 1 && l->photometric == PHOTOMETRIC_MINISBLACK)
		adobe = -1;
	else if (l->samples == 3 && (l->photometric == PHOTOMETRIC_YCBCR ||
	    l->photometric == PHOTOMETRIC_RGB))
		adobe = l->photometric == PHOTOMETRIC_YCBCR;
	else
		return (0);
	if (TIFFGetField(tif, TIFFTAG_JPEGTABLES, &ntables, &p) != 0) {
		tables.data = p;
		tables.len = ntables;
	}
	rc = sh_jpeg_join(tables, spans, nspans, l->width, l->height,
	    l->block_height, adobe, &joined, err);
	if (rc == 1 && (sh_jpeg_page(joined.data, joined.len, out, &why) ||
	    (uint32_t)out->pixels.width_px != l->width ||
	    (uint32_t)out->pixels.height_px != l->height)) {
		sh_image_page_clear(out);
		rc = 0;
	}
	sh_buf_free(&joined);
	return (rc);
}

/* A single strip of T.6 goes into the PDF as it is. */
static int
pass_g4(const struct layout *l, const struct sh_span *spans, size_t nspans,
    struct sh_image_page *out, struct sh_error *err)
{
	if (nspans != 1 || l->tiled || l->bits != 1 || l->samples != 1 ||
	    l->compression != COMPRESSION_CCITTFAX4 ||
	    l->photometric != PHOTOMETRIC_MINISWHITE)
		return (0);
	if (sh_buf_append(&out->coded, spans[0].data, spans[0].len, err))
		return (-1);
	if (l->fill_order == FILLORDER_LSB2MSB)
		TIFFReverseBits(out->coded.data, (tmsize_t)out->coded.len);
	out->coding = SH_IMAGE_G4;
	out->components = 1;
	out->coded_width_px = (int32_t)l->width;
	out->coded_height_px = (int32_t)l->height;
	return (1);
}

static int
digest_page(const struct layout *l, const struct sh_span *spans,
    size_t nspans, struct sh_digest *out, struct sh_error *err)
{
	char about[128];

	(void)snprintf(about, sizeof(about), "tiff %u %u %u %u %u %u %u %u",
	    l->width, l->height, l->bits, l->samples, l->photometric,
	    l->planar, l->compression, l->block_height);
	return (sh_image_digest(about, spans, nspans, out, err));
}

/* The directory that TIF stands on. */
static int
decode_page(TIFF *tif, struct source *s, struct sh_image_page *out,
    struct sh_error *err)
{
	struct layout l;
	struct sh_span *spans = NULL;
	size_t nspans = 0;
	int bilevel, rc = -1, passed;

	if (read_layout(tif, &l, err) || raw_spans(tif, s, &spans, &nspans,
	    err))
		return (-1);
	bilevel = l.bits == 1 && l.samples == 1 && !l.rgba &&
	    l.colour.model != SH_COLOUR_PALETTE;
	s->decoding = 1;
	s->damaged = 0;
	s->text[0] = '\0';
	if ((passed = pass_jpeg(tif, &l, spans, nspans, out, err)) < 0)
		goto out;
	if (!passed) {
		if (sh_pixels_new(&out->pixels, l.width, l.height, l.rgba ?
		    3 : sh_colour_channels(l.colour.model), err))
			goto out;
		if (l.rgba ? decode_rgba(tif, &l, &out->pixels, err) :
		    decode_blocks(tif, &l, &out->pixels, err))
			goto out;
	}
	read_placing(tif, &out->pixels);
	if (!passed && (passed = pass_g4(&l, spans, nspans, out, err)) < 0)
		goto out;
	if (!passed && sh_image_code(out, bilevel, err))
		goto out;
	rc = digest_page(&l, spans, nspans, &out->digest, err);
out:
	s->decoding = 0;
	free(spans);
	return (rc);
}

/* ---- a TIFF file ----------------------------------------------------------- */

static void
tiff_close(struct sh_image *im)
{
	struct tiff_state *st = im->state;

	if (st == NULL)
		return;
	if (st->tif != NULL)
		TIFFClose(st->tif);
	free(st->chain.offset);
	free(st);
}

static int
tiff_open(struct sh_image *im, struct sh_error *err)
{
	struct tiff_state *st;

	if ((st = sh_alloc(1, sizeof(*st), "a TIFF", err)) == NULL)
		return (-1);
	im->state = st;
	st->src.data = im->data;
	st->src.len = im->len;
	if (sh_tiff_chain_read(im->data, im->len, &st->chain, err))
		return (-1);
	/* 'h': no directory yet; 'm': no mapping, every read is checked. */
	if ((st->tif = open_source(&st->src, "rhm", err)) == NULL)
		return (-1);
	im->npages = st->chain.n + (st->chain.broken.code != SH_OK);
	return (0);
}

static int
tiff_page(struct sh_image *im, struct sh_image_page *out,
    struct sh_error *err)
{
	struct tiff_state *st = im->state;

	if (im->page >= st->chain.n) {
		*err = st->chain.broken;
		return (-1);
	}
	st->src.text[0] = '\0';
	if (!TIFFSetSubDirectory(st->tif, st->chain.offset[im->page]))
		return (sh_error_set(err, SH_EFORMAT, "image.damaged",
		    "TIFF: %s", st->src.text));
	return (decode_page(st->tif, &st->src, out, err));
}

const struct sh_image_decoder sh_image_tiff = {
	.kind = "tiff", .open = tiff_open, .page = tiff_page,
	.close = tiff_close
};

int
sh_tiff_page(const uint8_t *data, size_t len, struct sh_image_page *out,
    struct sh_error *err)
{
	struct source s = { .data = data, .len = len };
	TIFF *tif;
	int rc;

	if ((tif = open_source(&s, "rm", err)) == NULL)
		return (-1);
	rc = decode_page(tif, &s, out, err);
	TIFFClose(tif);
	return (rc);
}

int
sh_g4_encode(const struct sh_pixels *px, struct sh_buf *out,
    struct sh_error *err)
{
	struct sh_buf file = SH_BUF_INIT;
	struct source s = { .out = &file };
	size_t width = (size_t)px->width_px, height = (size_t)px->height_px,
	    stride = (width + 7) / 8, x, y;
	uint8_t *bits = NULL;
	TIFF *tif = NULL;
	uint64_t at, len;
	int rc = -1;

	if ((bits = sh_alloc(height, stride, "a bilevel page", err)) == NULL)
		goto out;
	for (y = 0; y < height; y++)
		for (x = 0; x < width; x++)
			if (px->data[y * width + x] < 128)
				bits[y * stride + x / 8] |=
				    (uint8_t)(0x80 >> x % 8);
	if ((tif = open_source(&s, "w", err)) == NULL)
		goto out;
	(void)TIFFSetField(tif, TIFFTAG_IMAGEWIDTH, (uint32_t)width);
	(void)TIFFSetField(tif, TIFFTAG_IMAGELENGTH, (uint32_t)height);
	(void)TIFFSetField(tif, TIFFTAG_BITSPERSAMPLE, 1);
	(void)TIFFSetField(tif, TIFFTAG_SAMPLESPERPIXEL, 1);
	(void)TIFFSetField(tif, TIFFTAG_ROWSPERSTRIP, (uint32_t)height);
	(void)TIFFSetField(tif, TIFFTAG_COMPRESSION, COMPRESSION_CCITTFAX4);
	(void)TIFFSetField(tif, TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_MINISWHITE);
	if (TIFFWriteEncodedStrip(tif, 0, bits, (tmsize_t)(stride * height)) <
	    0) {
		(void)sh_error_set(err, SH_ELIBRARY, "image.damaged",
		    "G4: %s", s.text);
		goto out;
	}
	at = TIFFGetStrileOffset(tif, 0);
	len = TIFFGetStrileByteCount(tif, 0);
	if (at > file.len || len > file.len - at || len == 0) {
		(void)sh_error_set(err, SH_ELIBRARY, "image.damaged",
		    "G4: the strip was not written");
		goto out;
	}
	rc = sh_buf_append(out, file.data + at, (size_t)len, err);
out:
	if (tif != NULL)
		TIFFClose(tif);
	sh_buf_free(&file);
	free(bits);
	return (rc);
}
