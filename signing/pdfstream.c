/* The two streams that a reader of structure must decode. */
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/fs.h"
#include "base/mem.h"
#include "signing/pdfread_internal.h"

#define CHUNK	((size_t)64 * 1024)

static int
inflate_range(struct sh_pdf *doc, uint64_t at, uint64_t len,
    struct sh_buf *out, struct sh_error *err)
{
	uint8_t *in = NULL, *room;
	z_stream z;
	size_t n;
	int got, rc = -1;

	memset(&z, 0, sizeof(z));
	if (inflateInit(&z) != Z_OK)
		return (sh_error_nomem(err, "a PDF stream"));
	if ((in = sh_alloc(CHUNK, 1, "a PDF stream", err)) == NULL)
		goto out;
	do {
		if (z.avail_in == 0 && len > 0) {
			n = len < CHUNK ? (size_t)len : CHUNK;
			if (sh_pread_all(doc->fd, in, n, at, err))
				goto out;
			z.next_in = in;
			z.avail_in = (unsigned)n;
			at += n;
			len -= n;
		}
		/* The buffer's limit is what stops a bomb. */
		n = SH_PDF_MAX_STREAM - out->len;
		if (n == 0) {
			(void)sh_error_set(err, SH_ELIMIT, "pdf.limit",
			    "a stream of more than %zu bytes",
			    SH_PDF_MAX_STREAM);
			goto out;
		}
		n = n < CHUNK ? n : CHUNK;
		if ((room = sh_buf_reserve(out, n, err)) == NULL)
			goto out;
		z.next_out = room;
		z.avail_out = (unsigned)n;
		got = inflate(&z, Z_NO_FLUSH);
		out->len += n - z.avail_out;
		if (sh_pdf_work(doc, n - z.avail_out, err))
			goto out;
	} while (got == Z_OK && (z.avail_in > 0 || len > 0 ||
	    z.avail_out == 0));
	if (got == Z_MEM_ERROR)
		(void)sh_error_nomem(err, "a PDF stream");
	else if (got != Z_STREAM_END)
		(void)sh_pdf_damaged(err, "a stream that does not inflate");
	else
		rc = 0;
out:
	(void)inflateEnd(&z);
	free(in);
	return (rc);
}

static uint8_t
paeth(int a, int b, int c)
{
	int pa = abs(b - c), pb = abs(a - c), pc = abs(a + b - 2 * c);

	if (pa <= pb && pa <= pc)
		return ((uint8_t)a);
	return ((uint8_t)(pb <= pc ? b : c));
}

/* Undo PNG predictors in place: rows of 1 + COLUMNS bytes, one a sample. */
static int
unpredict(struct sh_buf *b, size_t columns, struct sh_error *err)
{
	size_t rows = b->len / (columns + 1), y, x;
	const uint8_t *in, *up = NULL;
	uint8_t *out, kind, left, above, corner;

	if (b->len % (columns + 1) != 0)
		return (sh_pdf_damaged(err, "a predicted stream with a "
		    "broken row"));
	for (y = 0; y < rows; y++) {
		in = b->data + y * (columns + 1);
		out = b->data + y * columns;
		/* Read first: the row that is written reaches over it. */
		if ((kind = in[0]) > 4)
			return (sh_pdf_damaged(err, "an unknown predictor"));
		/* out never overtakes in: it lags by y + 1 bytes. */
		for (x = 0; x < columns; x++) {
			left = x > 0 ? out[x - 1] : 0;
			above = up != NULL ? up[x] : 0;
			corner = up != NULL && x > 0 ? up[x - 1] : 0;
			switch (kind) {
			case 1:
				above = left;
				break;
			case 2:
				break;
			case 3:
				above = (uint8_t)((left + above) / 2);
				break;
			case 4:
				above = paeth(left, above, corner);
				break;
			default:
				above = 0;
			}
			out[x] = (uint8_t)(in[x + 1] + above);
		}
		up = out;
	}
	b->len = rows * columns;
	return (0);
}

/* The only element of an array of one, or V itself. */
static const struct sh_pdf_value *
single(const struct sh_pdf_value *v)
{
	if (sh_pdf_is(v, SH_PDF_ARRAY) && v->n == 1)
		return (v->first);
	return (v);
}

static int
int_member(const struct sh_pdf_value *dict, const char *key, int64_t dflt,
    int64_t lo, int64_t hi, int64_t *vp, struct sh_error *err)
{
	const struct sh_pdf_value *v = sh_pdf_member(dict, key);

	*vp = dflt;
	if (v == NULL)
		return (0);
	if (v->kind != SH_PDF_INT || v->num < lo || v->num > hi)
		return (sh_error_set(err, SH_EUNSUPPORTED, "pdf.filter",
		    "/%s of a stream is out of range", key));
	*vp = v->num;
	return (0);
}

int
sh_pdf_content(struct sh_pdf *doc, const struct sh_pdf_object *o,
    struct sh_buf *out, struct sh_error *err)
{
	return (sh_pdf_decode(doc, o->value, o->stream_at, o->stream_len, out,
	    err));
}

int
sh_pdf_decode(struct sh_pdf *doc, const struct sh_pdf_value *dict,
    uint64_t at, uint64_t len, struct sh_buf *out, struct sh_error *err)
{
	const struct sh_pdf_value *filter, *parms;
	int64_t predictor, columns, colors, bits;
	uint8_t *room;

	filter = single(sh_pdf_member(dict, "Filter"));
	parms = single(sh_pdf_member(dict, "DecodeParms"));
	if (filter == NULL || (filter->kind == SH_PDF_ARRAY &&
	    filter->n == 0)) {
		if (len > SH_PDF_MAX_STREAM)
			return (sh_error_set(err, SH_ELIMIT, "pdf.limit",
			    "a stream of more than %zu bytes",
			    SH_PDF_MAX_STREAM));
		if (sh_pdf_work(doc, len, err) ||
		    (room = sh_buf_reserve(out, (size_t)len, err)) == NULL ||
		    sh_pread_all(doc->fd, room, (size_t)len, at, err))
			return (-1);
		out->len += (size_t)len;
		return (0);
	}
	if (!sh_pdf_is_name(filter, "FlateDecode"))
		return (sh_error_set(err, SH_EUNSUPPORTED, "pdf.filter",
		    "structure coded otherwise than by FlateDecode"));
	if (int_member(parms, "Predictor", 1, 1, 15, &predictor, err) ||
	    int_member(parms, "Columns", 1, 1, 4096, &columns, err) ||
	    int_member(parms, "Colors", 1, 1, 1, &colors, err) ||
	    int_member(parms, "BitsPerComponent", 8, 8, 8, &bits, err))
		return (-1);
	if (predictor != 1 && predictor < 10)
		return (sh_error_set(err, SH_EUNSUPPORTED, "pdf.filter",
		    "structure with predictor %d", (int)predictor));
	if (inflate_range(doc, at, len, out, err))
		return (-1);
	return (predictor == 1 ? 0 : unpredict(out, (size_t)columns, err));
}
