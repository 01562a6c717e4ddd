#include "ocr/pdfa.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/text.h"
#include "ocr/pdfa_internal.h"

#define PAGES_MAX	20000
#define GROUP		256	/* kids of a node; PDF/A-1 allows 8191 */
#define TEXT_MAX	2000	/* bytes of title, subject, identifier */
#define FLUSH		65536
#define PT_MIN		3.0	/* Rule: ISO 19005-2 6.1.13, page sizes */
#define PT_MAX		14400.0
#define A4_PT		595.276

/* Objects that every file has; pages follow. */
enum {
	CATALOG = 1, PAGES, INFO, METADATA, INTENT, PROFILE, FONT, CIDFONT,
	DESCRIPTOR, FONTFILE, CIDTOGID, TOUNICODE, FIRST_GROUP
};

struct writer {
	int fd;
	uint64_t flushed;		/* bytes already in the file */
	struct sh_buf buf;
	struct sh_hasher *hasher;	/* over all that was written */
	uint64_t *offset;		/* of each object, from 1 */
	uint32_t nobjects;
	struct sh_error *err;
};

static int
flush(struct writer *w)
{
	if (sh_hasher_update(w->hasher, w->buf.data, w->buf.len, w->err) ||
	    sh_pwrite_all(w->fd, w->buf.data, w->buf.len, w->flushed, w->err))
		return (-1);
	w->flushed += w->buf.len;
	sh_buf_reset(&w->buf);
	return (0);
}

/* An object begins. */
static int
begin(struct writer *w, uint32_t object)
{
	if (w->buf.len >= FLUSH && flush(w))
		return (-1);
	w->offset[object] = w->flushed + w->buf.len;
	return (sh_buf_printf(&w->buf, w->err, "%u 0 obj\n", object));
}

/* An object that is one dictionary or array, formatted. */
static int put_object(struct writer *w, uint32_t object, const char *fmt,
    ...) SH_PRINTF(3, 4);
static int
put_object(struct writer *w, uint32_t object, const char *fmt, ...)
{
	char text[1024];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof(text))
		return (sh_error_set(w->err, SH_ELIMIT, "pdfa.object",
		    "an object of %d bytes", n));
	return (begin(w, object) ||
	    sh_buf_append(&w->buf, text, (size_t)n, w->err) ||
	    sh_buf_puts(&w->buf, "\nendobj\n", w->err) ? -1 : 0);
}

/* A stream of bytes with ENTRIES in its dictionary, packed when it helps. */
static int
put_stream(struct writer *w, uint32_t object, const char *entries,
    const struct sh_buf *data, int pack)
{
	uLongf len = compressBound(data->len);
	uint8_t *packed = NULL;
	int rc = -1;

	if (pack) {
		packed = sh_alloc(len, 1, "a stream", w->err);
		if (packed == NULL)
			return (-1);
		if (compress2(packed, &len, data->data, data->len, 9) !=
		    Z_OK) {
			(void)sh_error_nomem(w->err, "a stream");
			goto out;
		}
	} else {
		len = data->len;
	}
	if (begin(w, object) || sh_buf_printf(&w->buf, w->err,
	    "<< %s%s/Length %lu >>\nstream\n", entries,
	    pack ? "/Filter /FlateDecode " : "", len) ||
	    sh_buf_append(&w->buf, pack ? packed : data->data, len, w->err) ||
	    sh_buf_puts(&w->buf, "\nendstream\nendobj\n", w->err))
		goto out;
	rc = 0;
out:
	free(packed);
	return (rc);
}

/* ---- the document ------------------------------------------------------- */

/* A text string: ASCII as it is, anything else UTF-16BE. */
static int
put_string(struct writer *w, const char *name, const char *s)
{
	const char *end, *p;
	uint32_t cp;
	size_t n;

	if (s == NULL)
		return (0);
	end = s + strlen(s);
	if (sh_buf_printf(&w->buf, w->err, "/%s <FEFF", name))
		return (-1);
	for (p = s; p < end && (n = sh_utf8_get(p, end, &cp)) > 0; p += n) {
		if (cp >= 0x10000) {
			cp -= 0x10000;
			if (sh_buf_printf(&w->buf, w->err, "%04X",
			    0xd800 + (cp >> 10)))
				return (-1);
			cp = 0xdc00 + (cp & 0x3ff);
		}
		if (sh_buf_printf(&w->buf, w->err, "%04X", cp))
			return (-1);
	}
	return (sh_buf_puts(&w->buf, "> ", w->err));
}

/* Rule: ISO 32000-1 7.9.4; the same moment as in the XMP. */
static int
put_info(struct writer *w, const struct sh_pdfa_info *info)
{
	char t[SH_TIME_LEN];	/* 2026-11-21T09:30:00+07:00 */

	sh_time_print(info->created, t);
	return (begin(w, INFO) || sh_buf_puts(&w->buf, "<< ", w->err) ||
	    put_string(w, "Title", info->title) ||
	    put_string(w, "Subject", info->subject) ||
	    sh_buf_printf(&w->buf, w->err,
	    "/Producer (" SH_PDFA_PRODUCER ") "
	    "/CreationDate (D:%.4s%.2s%.2s%.2s%.2s%.2s+07'00') "
	    "/ModDate (D:%.4s%.2s%.2s%.2s%.2s%.2s+07'00') >>\nendobj\n",
	    t, t + 5, t + 8, t + 11, t + 14, t + 17,
	    t, t + 5, t + 8, t + 11, t + 14, t + 17) ? -1 : 0);
}

static int
put_font(struct writer *w, const struct sh_pdfa_chars *chars)
{
	struct sh_buf b = SH_BUF_INIT;
	char length1[48];
	size_t i;
	int rc = -1;

	if (put_object(w, FONT, "<< /Type /Font /Subtype /Type0 "
	    "/BaseFont /SohoaBlank /Encoding /Identity-H "
	    "/DescendantFonts [%d 0 R] /ToUnicode %d 0 R >>", CIDFONT,
	    TOUNICODE) ||
	    put_object(w, CIDFONT, "<< /Type /Font /Subtype /CIDFontType2 "
	    "/BaseFont /SohoaBlank /CIDSystemInfo << /Registry (Adobe) "
	    "/Ordering (Identity) /Supplement 0 >> /FontDescriptor %d 0 R "
	    "/DW 500 /CIDToGIDMap %d 0 R >>", DESCRIPTOR, CIDTOGID) ||
	    put_object(w, DESCRIPTOR, "<< /Type /FontDescriptor "
	    "/FontName /SohoaBlank /Flags 5 /FontBBox [0 0 500 1000] "
	    "/ItalicAngle 0 /Ascent 1000 /Descent 0 /CapHeight 1000 "
	    "/StemV 80 /FontFile2 %d 0 R >>", FONTFILE) ||
	    sh_pdfa_font(&b, w->err))
		goto out;
	(void)snprintf(length1, sizeof(length1), "/Length1 %zu ", b.len);
	if (put_stream(w, FONTFILE, length1, &b, 1))
		goto out;
	sh_buf_reset(&b);
	for (i = 0; i <= chars->n; i++)
		if (sh_buf_put_be(&b, i > 0, 2, w->err))
			goto out;
	if (put_stream(w, CIDTOGID, "", &b, 1))
		goto out;
	sh_buf_reset(&b);
	if (sh_pdfa_tounicode(chars, &b, w->err) ||
	    put_stream(w, TOUNICODE, "", &b, 1))
		goto out;
	rc = 0;
out:
	sh_buf_free(&b);
	return (rc);
}

static int
put_document(struct writer *w, const struct sh_pdfa_info *info,
    const struct sh_pdfa_chars *chars)
{
	struct sh_buf b = SH_BUF_INIT;
	int rc = -1;

	/* Rule: ISO 19005-2 6.2.3 output intent, 6.6.2 metadata. */
	if (put_object(w, CATALOG, "<< /Type /Catalog /Pages %d 0 R "
	    "/Metadata %d 0 R /OutputIntents [%d 0 R] /Lang (vi) "
	    "/MarkInfo << /Marked false >> >>", PAGES, METADATA, INTENT) ||
	    put_info(w, info) || sh_pdfa_xmp(info, &b, w->err) ||
	    put_stream(w, METADATA, "/Type /Metadata /Subtype /XML ", &b,
	    0) ||
	    put_object(w, INTENT, "<< /Type /OutputIntent /S /GTS_PDFA1 "
	    "/OutputConditionIdentifier (sRGB) /Info (sRGB) "
	    "/DestOutputProfile %d 0 R >>", PROFILE))
		goto out;
	sh_buf_reset(&b);
	if (sh_pdfa_icc(&b, w->err) ||
	    put_stream(w, PROFILE, "/N 3 ", &b, 1) || put_font(w, chars))
		goto out;
	rc = 0;
out:
	sh_buf_free(&b);
	return (rc);
}

/* ---- pages ------------------------------------------------------------------ */

/*
 * The page's size: true to scale where dpi is known and sane, else A4 wide
 * (as high, when it lies across).
 */
static void
page_size(const struct sh_page *p, double *wp, double *hp)
{
	double ky = p->dpi_y > 0 ? p->dpi_y : p->dpi, k;
	double w = p->width_px * 72.0 / p->dpi, h = p->height_px * 72.0 / ky;

	if (!p->dpi_known || !(p->dpi >= 72 && p->dpi <= 1200) ||
	    !(ky >= 18 && ky <= 4800)) {
		k = A4_PT / (p->width_px <= p->height_px ? p->width_px :
		    p->height_px);
		w = p->width_px * k;
		h = p->height_px * k;
	}
	k = w > h ? w : h;
	if (k > PT_MAX) {
		w *= PT_MAX / k;
		h *= PT_MAX / k;
	}
	*wp = w < PT_MIN ? PT_MIN : w;
	*hp = h < PT_MIN ? PT_MIN : h;
}

static int
is_bilevel(const struct sh_page_image *im)
{
	return (im->coding == SH_IMAGE_G4 || im->coding == SH_IMAGE_JBIG2);
}

/* What an image is for. */
enum role { PICTURE, STENCIL, STENCILLED };

/*
 * The image's dictionary up to its length.  A stencil is itself no picture;
 * what is stencilled shows through the object STENCIL.
 */
static int
put_image_head(struct writer *w, const struct sh_page_image *im,
    enum role role, uint32_t stencil)
{
	if (sh_buf_printf(&w->buf, w->err, "<< /Type /XObject "
	    "/Subtype /Image /Width %d /Height %d /BitsPerComponent %d ",
	    im->width_px, im->height_px, is_bilevel(im) ? 1 : 8) ||
	    sh_buf_puts(&w->buf, role == STENCIL ? "/ImageMask true " :
	    im->components == 1 ? "/ColorSpace /DeviceGray " :
	    "/ColorSpace /DeviceRGB ", w->err) ||
	    (role == STENCILLED && sh_buf_printf(&w->buf, w->err,
	    "/Mask %u 0 R ", stencil)))
		return (-1);
	switch (im->coding) {
	case SH_IMAGE_JPEG:
		return (sh_buf_printf(&w->buf, w->err,
		    "/Filter /DCTDecode %s",
		    im->inverted ? "/Decode [1 0] " : ""));
	case SH_IMAGE_G4:
		return (sh_buf_printf(&w->buf, w->err,
		    "/Filter /CCITTFaxDecode /DecodeParms << /K -1 "
		    "/Columns %d /Rows %d /BlackIs1 %s >> ", im->width_px,
		    im->height_px, im->inverted ? "true" : "false"));
	case SH_IMAGE_JBIG2:
		return (sh_buf_printf(&w->buf, w->err,
		    "/Filter /JBIG2Decode %s",
		    im->inverted ? "/Decode [1 0] " : ""));
	case SH_IMAGE_FLATE:
	default:
		return (sh_buf_printf(&w->buf, w->err,
		    "/Filter /FlateDecode /DecodeParms << /Predictor 15 "
		    "/Colors %d /BitsPerComponent 8 /Columns %d >> ",
		    im->components, im->width_px));
	}
}

/* The coded bytes, copied as they are. */
static int
put_image(struct writer *w, uint32_t object, const struct sh_page_image *im,
    enum role role, uint32_t stencil)
{
	uint64_t done = 0;

	if (begin(w, object) || put_image_head(w, im, role, stencil) ||
	    sh_buf_printf(&w->buf, w->err, "/Length %llu >>\nstream\n",
	    (unsigned long long)im->bytes))
		return (-1);
	while (done < im->bytes) {
		size_t n = im->bytes - done < FLUSH ?
		    (size_t)(im->bytes - done) : FLUSH;
		uint8_t *p = sh_buf_reserve(&w->buf, n, w->err);

		if (p == NULL || sh_pread_all(im->fd, p, n,
		    im->offset + done, w->err))
			return (-1);
		w->buf.len += n;
		done += n;
		if (flush(w))
			return (-1);
	}
	return (sh_buf_puts(&w->buf, "\nendstream\nendobj\n", w->err));
}

static int
check_image(const struct sh_page_image *im, struct sh_error *err)
{
	if (im->width_px < 1 || im->width_px > SH_PAGE_SIDE_MAX ||
	    im->height_px < 1 || im->height_px > SH_PAGE_SIDE_MAX ||
	    im->bytes == 0 || (im->components != 1 && im->components != 3) ||
	    (is_bilevel(im) && im->components != 1))
		return (sh_error_set(err, SH_EARG, "pdfa.page",
		    "an image of %dx%d px, %d components, %llu bytes",
		    im->width_px, im->height_px, im->components,
		    (unsigned long long)im->bytes));
	return (0);
}

static int
check_layers(const struct sh_pdfa_layers *l, struct sh_error *err)
{
	size_t i;

	if (l->nstencils > SH_STENCILS_MAX || l->npatches > SH_PATCHES_MAX ||
	    l->width_px < 1 || l->width_px > SH_PAGE_SIDE_MAX ||
	    l->height_px < 1 || l->height_px > SH_PAGE_SIDE_MAX)
		return (sh_error_set(err, SH_EARG, "pdfa.page",
		    "layers of %dx%d px with %zu patches", l->width_px,
		    l->height_px, l->npatches));
	if (check_image(&l->background, err))
		return (-1);
	for (i = 0; i < l->nstencils; i++) {
		if (check_image(&l->stencil[i].ink, err) ||
		    check_image(&l->stencil[i].mask, err))
			return (-1);
		if (!is_bilevel(&l->stencil[i].mask))
			return (sh_error_set(err, SH_EARG, "pdfa.page",
			    "mask %zu is not bilevel", i + 1));
	}
	for (i = 0; i < l->npatches; i++) {
		const struct sh_page_image *im = &l->patch[i].image;

		if (check_image(im, err))
			return (-1);
		if (l->patch[i].x < 0 || l->patch[i].y < 0 ||
		    im->width_px > l->width_px - l->patch[i].x ||
		    im->height_px > l->height_px - l->patch[i].y)
			return (sh_error_set(err, SH_EARG, "pdfa.page",
			    "patch %zu leaves the page", i + 1));
	}
	return (0);
}

static int
check_page(const struct sh_pdfa_page *p, struct sh_error *err)
{
	if (p->exif_orientation < 1 || p->exif_orientation > 8 ||
	    p->page->orientation < 0 || p->page->orientation > 270 ||
	    p->page->orientation % 90 != 0 || p->page->width_px < 1 ||
	    p->page->height_px < 1)
		return (sh_error_set(err, SH_EARG, "pdfa.page",
		    "a page of %dx%d px, turned by %d",
		    p->page->width_px, p->page->height_px,
		    p->page->orientation));
	return (p->layers != NULL ? check_layers(p->layers, err) :
	    check_image(&p->image, err));
}

/* Page, content and image; or page, content and all layers. */
static uint32_t
count_objects(const struct sh_pdfa_page *page)
{
	return (page->layers == NULL ? 3 :
	    3 + 2 * (uint32_t)page->layers->nstencils +
	    (uint32_t)page->layers->npatches);
}

/* The names under which the content finds the images. */
static int
put_images_named(struct writer *w, uint32_t object,
    const struct sh_pdfa_layers *l)
{
	size_t i;

	if (sh_buf_printf(&w->buf, w->err, "/I %u 0 R ", object++))
		return (-1);
	if (l == NULL)
		return (0);
	for (i = 0; i < l->nstencils; i++, object += 2)
		if (sh_buf_printf(&w->buf, w->err, "/M%zu %u 0 R ", i,
		    object))
			return (-1);
	for (i = 0; i < l->npatches; i++)
		if (sh_buf_printf(&w->buf, w->err, "/P%zu %u 0 R ", i,
		    object++))
			return (-1);
	return (0);
}

static int
put_layers(struct writer *w, uint32_t object, const struct sh_pdfa_layers *l)
{
	size_t i;

	if (put_image(w, object++, &l->background, PICTURE, 0))
		return (-1);
	for (i = 0; i < l->nstencils; i++, object += 2)
		if (put_image(w, object, &l->stencil[i].ink, STENCILLED,
		    object + 1) || put_image(w, object + 1,
		    &l->stencil[i].mask, STENCIL, 0))
			return (-1);
	for (i = 0; i < l->npatches; i++)
		if (put_image(w, object++, &l->patch[i].image, PICTURE, 0))
			return (-1);
	return (0);
}

/* All objects of the page, the first its own. */
static int
put_page(struct writer *w, uint32_t object, uint32_t parent,
    const struct sh_pdfa_page *page, const struct sh_pdfa_chars *chars)
{
	struct sh_buf b = SH_BUF_INIT;
	double width, height;
	int rc = -1;

	page_size(page->page, &width, &height);
	if (begin(w, object) || sh_buf_printf(&w->buf, w->err,
	    "<< /Type /Page /Parent %u 0 R /MediaBox [0 0 ", parent) ||
	    sh_pdfa_number(&w->buf, width, w->err) ||
	    sh_buf_puts(&w->buf, " ", w->err) ||
	    sh_pdfa_number(&w->buf, height, w->err) ||
	    sh_buf_puts(&w->buf, "] /Resources << /XObject << ", w->err) ||
	    put_images_named(w, object + 2, page->layers) ||
	    sh_buf_printf(&w->buf, w->err, ">> /Font << /F %d 0 R >> >> "
	    "/Contents %u 0 R >>\nendobj\n", FONT, object + 1) ||
	    sh_pdfa_content(page, chars, width, height, &b, w->err) ||
	    put_stream(w, object + 1, "", &b, 1) ||
	    (page->layers != NULL ? put_layers(w, object + 2, page->layers) :
	    put_image(w, object + 2, &page->image, PICTURE, 0)))
		goto out;
	rc = 0;
out:
	sh_buf_free(&b);
	return (rc);
}

/* The tree over the pages: a root, nodes of up to GROUP pages. */
static int
put_tree(struct writer *w, uint32_t ngroups,
    const struct sh_pdfa_page *pages, size_t npages)
{
	uint32_t g, page = FIRST_GROUP + ngroups;
	size_t i, end;

	if (begin(w, PAGES) || sh_buf_printf(&w->buf, w->err,
	    "<< /Type /Pages /Count %zu /Kids [", npages))
		return (-1);
	for (g = 0; g < ngroups; g++)
		if (sh_buf_printf(&w->buf, w->err, "%u 0 R ",
		    FIRST_GROUP + g))
			return (-1);
	if (sh_buf_puts(&w->buf, "] >>\nendobj\n", w->err))
		return (-1);
	for (g = 0; g < ngroups; g++) {
		end = (g + 1) * GROUP < npages ? (g + 1) * GROUP : npages;
		if (begin(w, FIRST_GROUP + g) || sh_buf_printf(&w->buf,
		    w->err, "<< /Type /Pages /Parent %d 0 R /Count %zu "
		    "/Kids [", PAGES, end - g * GROUP))
			return (-1);
		for (i = g * GROUP; i < end; i++) {
			if (sh_buf_printf(&w->buf, w->err, "%u 0 R ", page))
				return (-1);
			page += count_objects(&pages[i]);
		}
		if (sh_buf_puts(&w->buf, "] >>\nendobj\n", w->err))
			return (-1);
	}
	return (0);
}

/* ---- the file ----------------------------------------------------------------- */

/* Rule: ISO 32000-1 7.5.4: entries of exactly 20 bytes. */
static int
put_trailer(struct writer *w)
{
	struct sh_digest digest;
	uint64_t at;
	char id[33];
	uint32_t i;

	if (flush(w) || sh_hasher_final(w->hasher, &digest, w->err))
		return (-1);
	at = w->flushed;
	sh_hex(digest.b, 16, id);
	if (sh_buf_printf(&w->buf, w->err,
	    "xref\n0 %u\n0000000000 65535 f \n", w->nobjects + 1))
		return (-1);
	for (i = 1; i <= w->nobjects; i++)
		if (sh_buf_printf(&w->buf, w->err, "%010llu 00000 n \n",
		    (unsigned long long)w->offset[i]))
			return (-1);
	return (sh_buf_printf(&w->buf, w->err, "trailer\n<< /Size %u "
	    "/Root %d 0 R /Info %d 0 R /ID [<%s> <%s>] >>\nstartxref\n"
	    "%llu\n%%%%EOF\n", w->nobjects + 1, CATALOG, INFO, id, id,
	    (unsigned long long)at) || flush(w) ? -1 : 0);
}

static int
check_text(const char *s, const char *what, struct sh_error *err)
{
	struct sh_buf clean = SH_BUF_INIT;
	int same = 1;

	if (s == NULL)
		return (0);
	if (strlen(s) <= TEXT_MAX && sh_text_is_utf8(s, strlen(s))) {
		if (sh_text_clean(s, strlen(s), &clean, err))
			return (-1);
		same = clean.len == strlen(s) &&
		    memcmp(clean.data, s, clean.len) == 0;
		sh_buf_free(&clean);
		if (same)
			return (0);
	}
	return (sh_error_set(err, SH_EARG, "pdfa.text",
	    "the %s is no clean line of at most %d bytes", what, TEXT_MAX));
}

static int
about_page(size_t i, struct sh_error *err)
{
	(void)sh_error_context(err, "page %zu", i + 1);
	sh_error_param(err, "page", "%zu", i + 1);
	return (-1);
}

int
sh_pdfa_write(int fd, const struct sh_pdfa_info *info,
    const struct sh_pdfa_page *pages, size_t npages, struct sh_error *err)
{
	struct sh_pdfa_chars chars = { NULL, 0 };
	struct writer w = { .fd = fd, .err = err };
	uint32_t ngroups, page, nobjects = 0;
	size_t i;
	int rc = -1;

	if (npages == 0 || npages > PAGES_MAX)
		return (sh_error_set(err, npages == 0 ? SH_EARG : SH_ELIMIT,
		    "pdfa.pages", "%zu pages; allowed 1 to %d", npages,
		    PAGES_MAX));
	if (info->title == NULL || check_text(info->title, "title", err) ||
	    check_text(info->subject, "subject", err) ||
	    check_text(info->identifier, "identifier", err))
		return (sh_error_set(err, SH_EARG, "pdfa.text",
		    "there is no title"));
	for (i = 0; i < npages; i++) {
		if (check_page(&pages[i], err))
			return (about_page(i, err));
		nobjects += count_objects(&pages[i]);
	}
	ngroups = (uint32_t)((npages + GROUP - 1) / GROUP);
	page = FIRST_GROUP + ngroups;
	w.nobjects = page + nobjects - 1;
	w.offset = sh_alloc((size_t)w.nobjects + 1, sizeof(*w.offset),
	    "objects", err);
	w.hasher = sh_hasher_new(NULL, 0, err);
	if (w.offset == NULL || w.hasher == NULL ||
	    sh_pdfa_chars_find(pages, npages, &chars, err))
		goto out;
	/* Rule: ISO 19005-2 6.1.2: a comment of bytes over 127. */
	if (sh_buf_puts(&w.buf, info->flavour == SH_PDFA_1B ?
	    "%PDF-1.4\n%\xe2\xe3\xcf\xd3\n" :
	    "%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", err) ||
	    put_document(&w, info, &chars) ||
	    put_tree(&w, ngroups, pages, npages))
		goto out;
	for (i = 0; i < npages; i++) {
		if (put_page(&w, page, FIRST_GROUP + (uint32_t)(i / GROUP),
		    &pages[i], &chars)) {
			(void)about_page(i, err);
			goto out;
		}
		page += count_objects(&pages[i]);
	}
	rc = put_trailer(&w);
out:
	sh_pdfa_chars_clear(&chars);
	sh_hasher_free(w.hasher);
	sh_buf_free(&w.buf);
	free(w.offset);
	return (rc);
}
