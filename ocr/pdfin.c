/*
 * PDF in.  A scan in a PDF is mostly one image a page: that image is taken
 * out as it is.  Every other page is left to pdftoppm, which runs behind
 * its own sandbox; nothing is drawn here.
 *
 * Whatever is not plainly a full-page image of a plain kind goes the second
 * way: a page shown by two programs in two ways is a forgery waiting.
 */
#include "ocr/pdfin_dict.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "ocr/pdfin_cost.h"

#define PARENTS_MAX	64
#define CONTENT_MAX	((size_t)4 << 20)
#define CONTENTS_MAX	256
#define ANNOTATIONS_MAX	1000
#define STATES_MAX	64
#define SIDE_MAX_PT	(200.0 * 72)	/* Rule: ISO 32000-1 Annex C.2 */
#define UNLINED_MAX	((size_t)1 << 20)
#define RASTER_DPI	300
#define OWN_DPI_MIN	140	/* of an image; below it 300 reads better */
#define OWN_DPI_MAX	1200
#define RASTER_DPI_MIN	72
/* 300 dpi up to A2; larger sheets get what these pixels give. */
#define RASTER_PIXELS	36000000.0

struct pdf {
	qpdf_data q;
	uint8_t *copy;		/* what q reads, where it is not the file */
	int digested;
	struct sh_digest digest;	/* of the whole file */
};

struct page {
	qpdf_oh oh;
	double box[4];		/* shown, in default user space */
	int rotate;		/* 0, 90, 180, 270 clockwise */
};

/* ---- the page ------------------------------------------------------------ */

static qpdf_oh
inherited(qpdf_data q, qpdf_oh page, const char *name)
{
	qpdf_oh at = page, v;
	int depth;

	for (depth = 0; depth < PARENTS_MAX; depth++) {
		v = key(q, at, name);
		if (!qpdf_oh_is_null(q, v))
			return (v);
		at = key(q, at, "/Parent");
		if (!qpdf_oh_is_dictionary(q, at))
			break;
	}
	return (qpdf_oh_new_null(q));
}

static int
read_box(qpdf_data q, qpdf_oh oh, double box[4])
{
	double v[4];
	int i;

	if (!qpdf_oh_is_array(q, oh) || qpdf_oh_get_array_n_items(q, oh) < 4)
		return (0);
	for (i = 0; i < 4; i++)
		if (!qpdf_oh_get_value_as_number(q, qpdf_oh_get_array_item(q,
		    oh, i), &v[i]) || !(fabs(v[i]) < 1e15))
			return (0);
	box[0] = fmin(v[0], v[2]);
	box[1] = fmin(v[1], v[3]);
	box[2] = fmax(v[0], v[2]);
	box[3] = fmax(v[1], v[3]);
	return (box[2] > box[0] && box[3] > box[1]);
}

static int
read_page(qpdf_data q, uint32_t n, struct page *pg, struct sh_error *err)
{
	static const double letter[4] = { 0, 0, 612, 792 };
	double crop[4];
	int i;

	pg->oh = qpdf_get_page_n(q, n);
	if (!qpdf_oh_is_dictionary(q, pg->oh))
		return (sh_error_set(err, SH_EFORMAT, "pdf.unreadable",
		    "PDF: page is no dictionary"));
	if (!read_box(q, inherited(q, pg->oh, "/MediaBox"), pg->box))
		memcpy(pg->box, letter, sizeof(letter));
	if (read_box(q, inherited(q, pg->oh, "/CropBox"), crop)) {
		for (i = 0; i < 2; i++) {
			crop[i] = fmax(crop[i], pg->box[i]);
			crop[i + 2] = fmin(crop[i + 2], pg->box[i + 2]);
		}
		if (crop[2] > crop[0] && crop[3] > crop[1])
			memcpy(pg->box, crop, sizeof(crop));
	}
	if (!qpdf_oh_get_value_as_int(q, inherited(q, pg->oh, "/Rotate"),
	    &pg->rotate) || pg->rotate % 90 != 0)
		pg->rotate = 0;
	pg->rotate = (pg->rotate % 360 + 360) % 360;
	return (0);
}

/* Anything but links would be drawn on top of the image. */
static int
has_annotations(qpdf_data q, const struct page *pg)
{
	qpdf_oh a = key(q, pg->oh, "/Annots");
	int n, i;

	if (qpdf_oh_is_null(q, a))
		return (0);
	n = qpdf_oh_is_array(q, a) ? qpdf_oh_get_array_n_items(q, a) : -1;
	if (n < 0 || n > ANNOTATIONS_MAX)
		return (1);
	for (i = 0; i < n; i++)
		if (!is_name(q, key(q, qpdf_oh_get_array_item(q, a, i),
		    "/Subtype"), "/Link"))
			return (1);
	return (0);
}

/* Filters and their parameters: 1, or 0 when they are not of our kinds. */
static int
read_kind(qpdf_data q, qpdf_oh dict, struct sh_pdf_kind *k)
{
	qpdf_oh filters = key(q, dict, "/Filter"), parms, f, p;
	int n, i, many;

	memset(k, 0, sizeof(*k));
	k->flate_parms = k->coder_parms = qpdf_oh_new_null(q);
	if (qpdf_oh_is_null(q, filters))
		return (1);
	parms = key(q, dict, "/DecodeParms");
	many = qpdf_oh_is_array(q, filters);
	n = many ? qpdf_oh_get_array_n_items(q, filters) : 1;
	for (i = 0; i < n; i++) {
		f = many ? qpdf_oh_get_array_item(q, filters, i) : filters;
		p = !many ? parms : qpdf_oh_is_array(q, parms) &&
		    i < qpdf_oh_get_array_n_items(q, parms) ?
		    qpdf_oh_get_array_item(q, parms, i) :
		    qpdf_oh_new_null(q);
		if (many && n == 1 && qpdf_oh_is_dictionary(q, parms))
			p = parms;
		if (is_name(q, f, "/FlateDecode") && i == 0) {
			k->deflated = 1;
			k->flate_parms = p;
			continue;
		}
		if (k->coder != SH_PDF_CODER_NONE)
			return (0);
		k->coder_parms = p;
		if (is_name(q, f, "/DCTDecode"))
			k->coder = SH_PDF_CODER_JPEG;
		else if (is_name(q, f, "/CCITTFaxDecode"))
			k->coder = SH_PDF_CODER_FAX;
		else
			return (0);
	}
	return (1);
}

/* The bytes of a stream as they lie in the file; free with free(). */
static int
raw_stream(qpdf_data q, qpdf_oh stream, uint8_t **bytesp, size_t *lenp)
{
	unsigned char *p = NULL;
	QPDF_BOOL filtered;

	if (qpdf_oh_get_stream_data(q, stream, qpdf_dl_none, &filtered, &p,
	    lenp) & QPDF_ERRORS || p == NULL) {
		free(p);
		return (0);
	}
	*bytesp = p;
	return (1);
}

/* Append one content stream; 1, 0 when it is not simple, -1. */
static int
append_content(qpdf_data q, qpdf_oh stream, struct sh_buf *out,
    struct sh_error *err)
{
	struct sh_pdf_kind k;
	uint8_t *raw = NULL;
	size_t len;
	int rc;

	if (!qpdf_oh_is_stream(q, stream) || !read_kind(q, qpdf_oh_get_dict(q,
	    stream), &k) || k.coder != SH_PDF_CODER_NONE ||
	    !qpdf_oh_is_null(q, k.flate_parms) ||
	    !raw_stream(q, stream, &raw, &len))
		return (0);
	if (k.deflated)
		rc = sh_pdf_inflate(raw, len, out, err);
	else if (len > out->limit - out->len)
		rc = 1;
	else
		rc = sh_buf_append(out, raw, len, err);
	free(raw);
	if (rc != 0 || out->len >= out->limit)
		return (rc < 0 ? -1 : 0);
	return (sh_buf_append(out, "\n", 1, err) == 0 ? 1 : -1);
}

static int
read_content(qpdf_data q, const struct page *pg, struct sh_buf *out,
    struct sh_error *err)
{
	qpdf_oh c = key(q, pg->oh, "/Contents");
	int n, i, rc;

	if (!qpdf_oh_is_array(q, c))
		return (append_content(q, c, out, err));
	n = qpdf_oh_get_array_n_items(q, c);
	if (n < 1 || n > CONTENTS_MAX)
		return (0);
	for (i = 0; i < n; i++)
		if ((rc = append_content(q, qpdf_oh_get_array_item(q, c, i),
		    out, err)) != 1)
			return (rc);
	return (1);
}

/* Named graphics states that blend, mask or fade change the image. */
static int
states_are_plain(qpdf_data q, qpdf_oh resources)
{
	qpdf_oh states = key(q, resources, "/ExtGState"), s, v;
	char names[STATES_MAX][SH_PDF_NAME_MAX];
	static const char *const alphas[] = { "/ca", "/CA" };
	double alpha;
	unsigned n = 0, i, k;

	if (!qpdf_oh_is_dictionary(q, states))
		return (0);
	qpdf_oh_begin_dict_key_iter(q, states);
	while (qpdf_oh_dict_more_keys(q)) {
		const char *name = qpdf_oh_dict_next_key(q);

		if (n == STATES_MAX || strlen(name) >= SH_PDF_NAME_MAX)
			return (0);
		(void)snprintf(names[n++], SH_PDF_NAME_MAX, "%s", name);
	}
	for (i = 0; i < n; i++) {
		s = key(q, states, names[i]);
		for (k = 0; k < SH_COUNT(alphas); k++)
			if (!absent(q, s, alphas[k]) &&
			    (!qpdf_oh_get_value_as_number(q, key(q, s,
			    alphas[k]), &alpha) || alpha != 1))
				return (0);
		v = key(q, s, "/SMask");
		if (!qpdf_oh_is_null(q, v) && !is_name(q, v, "/None"))
			return (0);
		v = key(q, s, "/BM");
		if (!qpdf_oh_is_null(q, v) && !is_name(q, v, "/Normal") &&
		    !is_name(q, v, "/Compatible"))
			return (0);
		if (!absent(q, s, "/TR") || !absent(q, s, "/TR2"))
			return (0);
	}
	return (1);
}

/* ---- the image -------------------------------------------------------------- */

/* Fill *OUT from the image's bytes: 1, 0 for pdftoppm, -1. */
static int
decode_picture(qpdf_data q, const struct sh_pdf_kind *k,
    const struct sh_pdf_picture *pic, const uint8_t *raw, size_t len,
    struct sh_image_page *out, struct sh_error *err)
{
	struct sh_buf plain = { .limit = SH_IMAGE_FILE_MAX / 8 };
	struct sh_fax fax;
	int rc = -1;

	if (k->coder == SH_PDF_CODER_NONE) {
		rc = sh_pdf_samples_page(&pic->samples, raw, len, out, err);
		if (rc == 1)
			sh_pixels_free(&out->pixels);
		return (rc < 0 ? -1 : rc == 0);
	}
	if (k->deflated) {
		if ((rc = sh_pdf_inflate(raw, len, &plain, err)) != 0)
			goto out;
		raw = plain.data;
		len = plain.len;
	}
	if (k->coder == SH_PDF_CODER_FAX) {
		rc = sh_pdf_fax_read(q, k->coder_parms, pic, &fax);
		if (rc == 1 && sh_fax_page(&fax, raw, len, out, err))
			rc = -1;
		goto out;
	}
	if (sh_jpeg_page(raw, len, out, err)) {
		rc = -1;
	} else if (out->components != pic->components ||
	    out->pixels.width_px != pic->samples.width_px ||
	    out->pixels.height_px != pic->samples.height_px) {
		sh_image_page_clear(out);
		rc = 0;
	} else {
		rc = 1;
	}
out:
	sh_buf_free(&plain);
	return (rc < 0 ? -1 : rc == 1);
}

static int
digest_picture(const struct sh_pdf_kind *k, const struct sh_pdf_picture *pic,
    struct sh_span raw, struct sh_digest *out, struct sh_error *err)
{
	char about[96];

	/* The same JPEG in a file of its own is the same page. */
	(void)snprintf(about, sizeof(about), "pdf %d %d %d %d %d %d",
	    k->coder, pic->samples.width_px, pic->samples.height_px,
	    pic->samples.bits, pic->components, pic->inverted);
	return (sh_image_digest(k->coder == SH_PDF_CODER_JPEG && !k->deflated ?
	    "jpeg" : about, &raw, 1, out, err));
}

/*
 * A page that is one image, but of a kind that pdftoppm must decode, is
 * drawn at that image's own resolution: dot for dot, and bilevel as such.
 */
static void
note_own_resolution(qpdf_data q, qpdf_oh dict, const double size_pt[2],
    int orientation, int coloured, struct sh_image_page *out)
{
	double dpi[2];
	int side[2], i, stencil = truth(q, dict, "/ImageMask", 0);

	side[0] = small_int(q, dict, "/Width", 0);
	side[1] = small_int(q, dict, "/Height", 0);
	for (i = 0; i < 2; i++) {
		/* Splash paints every dot it touches: not quite all of it. */
		dpi[i] = (side[i] - 0.01) * 72 / size_pt[i];
		if (!(dpi[i] >= OWN_DPI_MIN && dpi[i] <= OWN_DPI_MAX))
			return;
	}
	out->raster_dpi_x = dpi[orientation >= 5];
	out->raster_dpi_y = dpi[orientation < 5];
	out->raster_mono = absent(q, dict, "/SMask") &&
	    absent(q, dict, "/Mask") && (stencil ? !coloured :
	    small_int(q, dict, "/BitsPerComponent", 0) == 1 &&
	    sh_pdf_components(q, key(q, dict, "/ColorSpace")) == 1);
}

/* The page's one image: 1 when taken, 0 when pdftoppm must draw, -1. */
static int
take_image(qpdf_data q, const struct page *pg, struct sh_image_page *out,
    struct sh_error *err)
{
	struct sh_buf content = { .limit = CONTENT_MAX };
	struct sh_pdf_placing place;
	struct sh_pdf_kind k;
	struct sh_pdf_picture *pic = NULL;
	qpdf_oh resources, image;
	uint8_t *raw = NULL;
	size_t len = 0;
	double size_pt[2];	/* along its rows, down its columns */
	int rc, orientation;

	if (has_annotations(q, pg) || !absent(q, pg->oh, "/UserUnit"))
		return (0);
	if ((rc = read_content(q, pg, &content, err)) != 1)
		goto out;
	rc = 0;
	resources = inherited(q, pg->oh, "/Resources");
	if (!sh_pdf_content_scan(content.data, content.len, pg->box, &place)
	    || (place.states && !states_are_plain(q, resources)))
		goto out;
	orientation = sh_pdf_orientation(place.ctm, pg->box, pg->rotate,
	    &size_pt[0], &size_pt[1]);
	image = key(q, key(q, resources, "/XObject"), place.image);
	if (orientation == 0 || !qpdf_oh_is_stream(q, image) ||
	    !is_name(q, key(q, qpdf_oh_get_dict(q, image), "/Subtype"),
	    "/Image"))
		goto out;
	note_own_resolution(q, qpdf_oh_get_dict(q, image), size_pt,
	    orientation, place.coloured, out);
	if (!read_kind(q, qpdf_oh_get_dict(q, image), &k))
		goto out;
	rc = -1;
	if ((pic = sh_alloc(1, sizeof(*pic), "a picture", err)) == NULL)
		goto out;
	rc = 0;
	if (!sh_pdf_picture_read(q, qpdf_oh_get_dict(q, image), &place, &k, pic) ||
	    !raw_stream(q, image, &raw, &len))
		goto out;
	if ((rc = decode_picture(q, &k, pic, raw, len, out, err)) != 1)
		goto out;
	out->pixels.exif_orientation = orientation;
	sh_image_set_dpi(&out->pixels,
	    out->pixels.width_px * 72 / size_pt[0],
	    out->pixels.height_px * 72 / size_pt[1]);
	if (digest_picture(&k, pic, (struct sh_span){ raw, len },
	    &out->digest, err))
		rc = -1;
out:
	sh_buf_free(&content);
	free(pic);
	free(raw);
	return (rc);
}

/* ---- the file ------------------------------------------------------------------ */

/* Under the limits at the resolution that its own image has? */
static int
is_drawable(double w, double h, const struct sh_image_page *p)
{
	struct sh_error ignored = SH_ERROR_INIT;

	return (sh_image_check_size((int64_t)ceil(w * p->raster_dpi_x / 72),
	    (int64_t)ceil(h * p->raster_dpi_y / 72), &ignored) == 0);
}

/* Leave the page to pdftoppm: how large, and what tells it from others. */
static int
ask_for_raster(struct sh_image *im, const struct page *pg,
    struct sh_image_page *out, struct sh_error *err)
{
	struct pdf *pdf = im->state;
	struct sh_span all = { im->data, im->len },
	    file = { pdf->digest.b, SH_DIGEST_LEN };
	double w = pg->box[2] - pg->box[0], h = pg->box[3] - pg->box[1], dpi,
	    swap;
	char about[48];

	if (pg->rotate % 180 != 0) {
		swap = w;
		w = h;
		h = swap;
	}
	dpi = floor(72 * sqrt(RASTER_PIXELS / (w * h)));
	dpi = fmin(dpi, floor(72.0 * SH_IMAGE_SIDE_MAX / fmax(w, h)));
	if (w > SIDE_MAX_PT || h > SIDE_MAX_PT || !(dpi >= RASTER_DPI_MIN)) {
		(void)sh_error_set(err, SH_ELIMIT, "pdf.page-size",
		    "PDF page of %.0f x %.0f mm", w / 72 * 25.4,
		    h / 72 * 25.4);
		sh_error_param(err, "value", "%.0f x %.0f mm", w / 72 * 25.4,
		    h / 72 * 25.4);
		return (-1);
	}
	if (!pdf->digested && sh_image_digest("pdf", &all, 1, &pdf->digest,
	    err))
		return (-1);
	pdf->digested = 1;
	out->needs_raster = 1;
	out->may_have_text = out->raster_dpi_x == 0;
	if (out->raster_dpi_x == 0 || !is_drawable(w, h, out)) {
		out->raster_dpi_x = out->raster_dpi_y = fmin(dpi, RASTER_DPI);
		out->raster_mono = 0;
	}
	out->page_width_pt = w;
	out->page_height_pt = h;
	(void)snprintf(about, sizeof(about), "pdf page %u", im->page);
	return (sh_image_digest(about, &file, 1, &out->digest, err));
}

static int
pdf_page(struct sh_image *im, struct sh_image_page *out,
    struct sh_error *err)
{
	struct pdf *pdf = im->state;
	struct page pg;
	int rc, veiled;

	if (read_page(pdf->q, im->page, &pg, err))
		rc = -1;
	else if ((rc = take_image(pdf->q, &pg, out, err)) == 0 &&
	    (rc = sh_pdf_check_cost(pdf->q, key(pdf->q, pg.oh, "/Contents"),
	    inherited(pdf->q, pg.oh, "/Resources"), &veiled, err)) == 0 &&
	    (rc = ask_for_raster(im, &pg, out, err)) == 0)
		out->may_have_text &= !veiled && !has_annotations(pdf->q,
		    &pg);
	qpdf_oh_release_all(pdf->q);
	return (rc < 0 ? -1 : 0);
}

static void
pdf_close(struct sh_image *im)
{
	struct pdf *pdf = im->state;

	if (pdf != NULL && pdf->q != NULL)
		qpdf_cleanup(&pdf->q);
	if (pdf != NULL)
		free(pdf->copy);
	free(pdf);
}

static int
explain(qpdf_data q, struct sh_error *err)
{
	qpdf_error e = qpdf_has_error(q) ? qpdf_get_error(q) : NULL;

	if (e != NULL && (qpdf_get_error_code(q, e) == qpdf_e_password ||
	    qpdf_get_error_code(q, e) == qpdf_e_unsupported))
		return (sh_error_set(err, SH_EUNSUPPORTED, "pdf.encrypted",
		    "PDF: %s", qpdf_get_error_message_detail(q, e)));
	return (sh_error_set(err, SH_EFORMAT, "pdf.unreadable", "PDF: %s",
	    e != NULL ? qpdf_get_error_message_detail(q, e) : "unreadable"));
}

static int
read_file(struct pdf *pdf, const uint8_t *data, size_t len,
    struct sh_error *err)
{
	if (pdf->q != NULL)
		qpdf_cleanup(&pdf->q);
	if ((pdf->q = qpdf_init()) == NULL)
		return (sh_error_nomem(err, "a PDF"));
	qpdf_silence_errors(pdf->q);
	qpdf_set_suppress_warnings(pdf->q, QPDF_TRUE);
	if (qpdf_read_memory(pdf->q, "file", (const char *)data, len, NULL) &
	    QPDF_ERRORS)
		return (explain(pdf->q, err));
	return (0);
}

/*
 * Where a file has no table that leads to its objects, qpdf looks for them
 * where lines begin; others find them anywhere.  A small file that has them
 * inside lines is read once more, the space behind each made a line's end.
 */
static int
read_again(struct pdf *pdf, const struct sh_image *im, struct sh_error *err)
{
	static const char end_of_object[] = "endobj ";
	const size_t n = sizeof(end_of_object) - 1;
	uint8_t *at, *end;

	if (im->len > UNLINED_MAX || err->code != SH_EFORMAT ||
	    (pdf->copy = sh_alloc(1, im->len, "a PDF", err)) == NULL)
		return (-1);
	memcpy(pdf->copy, im->data, im->len);
	end = pdf->copy + im->len;
	for (at = pdf->copy; (at = memmem(at, (size_t)(end - at),
	    end_of_object, n)) != NULL; at += n)
		at[n - 1] = '\n';
	sh_error_clear(err);
	return (read_file(pdf, pdf->copy, im->len, err));
}

static int
pdf_open(struct sh_image *im, struct sh_error *err)
{
	struct pdf *pdf;
	int n;

	if ((pdf = sh_alloc(1, sizeof(*pdf), "a PDF", err)) == NULL)
		return (-1);
	im->state = pdf;
	if (read_file(pdf, im->data, im->len, err) &&
	    read_again(pdf, im, err))
		return (-1);
	if ((n = qpdf_get_num_pages(pdf->q)) < 0)
		return (explain(pdf->q, err));
	if (n == 0)
		return (sh_error_set(err, SH_EFORMAT, "pdf.unreadable",
		    "PDF without a page"));
	if (n > SH_IMAGE_PAGES_MAX) {
		(void)sh_error_set(err, SH_ELIMIT, "image.too-many-pages",
		    "PDF of %d pages; limit %d", n, SH_IMAGE_PAGES_MAX);
		sh_error_param(err, "limit", "%d", SH_IMAGE_PAGES_MAX);
		return (-1);
	}
	im->npages = (uint32_t)n;
	return (0);
}

const struct sh_image_decoder sh_image_pdf = {
	.kind = "pdf", .open = pdf_open, .page = pdf_page,
	.close = pdf_close
};
