/* Rule: ISO 32000-1 7.4.4 (Flate and its predictors), 8.9.5. */
#include "ocr/pdfin_internal.h"

#include <stdlib.h>
#include <string.h>

#define ZLIB_CONST
#include <zlib.h>

#include "base/mem.h"

/* Rows of a stream, one at a time. */
struct rows {
	z_stream z;
	int deflated;
	int complete;		/* deflated, and its checksum was right */
	const uint8_t *at, *end;	/* when not deflated */
};

static int
rows_begin(struct rows *r, int deflated, const uint8_t *data, size_t len,
    struct sh_error *err)
{
	memset(r, 0, sizeof(*r));
	if (len > UINT32_MAX)
		return (sh_error_set(err, SH_ELIMIT, "file.too-large",
		    "PDF stream of %zu bytes", len));
	r->at = data;
	r->end = data + len;
	if (!deflated)
		return (0);
	r->z.next_in = data;
	r->z.avail_in = (uInt)len;
	if (inflateInit(&r->z) != Z_OK)
		return (sh_error_nomem(err, "zlib"));
	r->deflated = 1;
	return (0);
}

/* Up to LEN bytes; fewer only where the data ends or is damaged. */
static size_t
rows_read(struct rows *r, uint8_t *dst, size_t len)
{
	size_t n;
	int rc;

	if (!r->deflated) {
		n = (size_t)(r->end - r->at);
		if (n > len)
			n = len;
		memcpy(dst, r->at, n);
		r->at += n;
		return (n);
	}
	r->z.next_out = dst;
	r->z.avail_out = (uInt)len;
	do
		rc = inflate(&r->z, Z_SYNC_FLUSH);
	while (rc == Z_OK && r->z.avail_out > 0 && r->z.avail_in > 0);
	r->complete = rc == Z_STREAM_END;
	return (len - r->z.avail_out);
}

static void
rows_end(struct rows *r)
{
	if (r->deflated)
		(void)inflateEnd(&r->z);
}

int
sh_pdf_inflate(const uint8_t *data, size_t len, struct sh_buf *out,
    struct sh_error *err)
{
	struct rows r;
	uint8_t *chunk = NULL;
	size_t n;
	int rc = -1;

	if (rows_begin(&r, 1, data, len, err))
		return (-1);
	if ((chunk = sh_alloc(1, 64 * 1024, "a PDF stream", err)) == NULL)
		goto out;
	do {
		n = rows_read(&r, chunk, 64 * 1024);
		if (out->len + n > out->limit) {
			rc = 1;
			goto out;
		}
		if (sh_buf_append(out, chunk, n, err))
			goto out;
	} while (n == 64 * 1024);
	rc = 0;
out:
	rows_end(&r);
	free(chunk);
	return (rc);
}

static uint8_t
paeth(int a, int b, int c)
{
	int p = a + b - c, pa = abs(p - a), pb = abs(p - b), pc = abs(p - c);

	return ((uint8_t)(pa <= pb && pa <= pc ? a : pb <= pc ? b : c));
}

/* -1 for a filter type that does not exist. */
static int
unfilter_png(int type, uint8_t *row, const uint8_t *prior, size_t len,
    size_t bpp)
{
	size_t i;

	if (type < 0 || type > 4)
		return (-1);
	for (i = 0; type > 0 && i < len; i++) {
		int a = i >= bpp ? row[i - bpp] : 0, b = prior[i],
		    c = i >= bpp ? prior[i - bpp] : 0;

		row[i] = (uint8_t)(row[i] + (type == 1 ? a : type == 2 ? b :
		    type == 3 ? (a + b) / 2 : paeth(a, b, c)));
	}
	return (0);
}

static int
read_row(struct rows *r, const struct sh_pdf_samples *s, uint8_t *row,
    const uint8_t *prior, size_t len, struct sh_error *err)
{
	size_t bpp = s->bits < 8 ? 1 : (size_t)s->colour.nsamples, i;
	uint8_t type = 0;

	if ((s->predictor >= 10 && rows_read(r, &type, 1) != 1) ||
	    rows_read(r, row, len) != len)
		return (sh_error_set(err, SH_EFORMAT, "image.truncated",
		    "PDF image: the stream ends early"));
	if (s->predictor >= 10 && unfilter_png(type, row, prior, len, bpp))
		return (sh_error_set(err, SH_EFORMAT, "image.damaged",
		    "PDF image: row filter %u", type));
	for (i = bpp; s->predictor == 2 && i < len; i++)
		row[i] = (uint8_t)(row[i] + row[i - bpp]);
	return (0);
}

int
sh_pdf_samples_page(const struct sh_pdf_samples *s, const uint8_t *data,
    size_t len, struct sh_image_page *out, struct sh_error *err)
{
	struct rows r;
	size_t width = (size_t)s->width_px, height = (size_t)s->height_px,
	    n = width * (size_t)s->colour.nsamples,
	    row_bytes = (n * (size_t)s->bits + 7) / 8, y;
	uint8_t *row[2] = { NULL, NULL }, *bytes = NULL;
	int channels = sh_colour_channels(s->colour.model), rc = -1;

	if (sh_pixels_new(&out->pixels, s->width_px, s->height_px, channels,
	    err) || rows_begin(&r, s->deflated, data, len, err))
		return (-1);
	row[0] = sh_alloc(row_bytes, 1, "a row", err);
	row[1] = sh_alloc(row_bytes, 1, "a row", err);
	bytes = sh_alloc(n, 1, "a row", err);
	if (row[0] == NULL || row[1] == NULL || bytes == NULL)
		goto out;
	for (y = 0; y < height; y++) {
		if (read_row(&r, s, row[y % 2], row[(y + 1) % 2], row_bytes,
		    err)) {
			if (r.complete && strcmp(err->key,
			    "image.truncated") == 0) {
				sh_error_clear(err);
				rc = 1;
			}
			goto out;
		}
		sh_samples_unpack(row[y % 2], s->bits, SH_SAMPLE_UNSIGNED,
		    s->colour.model == SH_COLOUR_PALETTE, n, bytes, 1);
		sh_colour_row(&s->colour, bytes, width, out->pixels.data +
		    y * width * (size_t)channels);
	}
	rc = sh_image_code(out, s->bits == 1 && channels == 1, err);
out:
	rows_end(&r);
	free(row[0]);
	free(row[1]);
	free(bytes);
	return (rc);
}
