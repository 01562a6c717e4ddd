/*
 * ocr/pdfin*: which pages give up their image, and how it lies.  pdftoppm
 * is the witness: what it shows is what our pixels show when turned.
 */
#include "tests/unit/test_image_make.h"

#include <zlib.h>

#include "ocr/pdfin_internal.h"

#define W	40
#define H	24
#define OBJECTS_MAX	16

struct pdf {
	struct sh_buf b;
	size_t at[OBJECTS_MAX];
	int n;
};

static void
begin(struct pdf *p)
{
	struct sh_error err = SH_ERROR_INIT;

	memset(p, 0, sizeof(*p));
	must(sh_buf_puts(&p->b, "%PDF-1.5\n", &err));
}

/* The next object; its stream when DATA is there. */
static int
add(struct pdf *p, const char *dict, const void *data, size_t len)
{
	struct sh_error err = SH_ERROR_INIT;

	assert_true(p->n + 1 < OBJECTS_MAX);
	p->at[++p->n] = p->b.len;
	must(sh_buf_printf(&p->b, &err, "%d 0 obj\n<< %s ", p->n, dict));
	if (data != NULL) {
		must(sh_buf_printf(&p->b, &err, "/Length %zu >>\nstream\n",
		    len));
		must(sh_buf_append(&p->b, data, len, &err));
		must(sh_buf_puts(&p->b, "\nendstream\nendobj\n", &err));
	} else {
		must(sh_buf_puts(&p->b, ">>\nendobj\n", &err));
	}
	return (p->n);
}

/* Object 1 is the catalogue. */
static void
end(struct pdf *p)
{
	struct sh_error err = SH_ERROR_INIT;
	size_t xref = p->b.len;
	int i;

	must(sh_buf_printf(&p->b, &err, "xref\n0 %d\n0000000000 65535 f \n",
	    p->n + 1));
	for (i = 1; i <= p->n; i++)
		must(sh_buf_printf(&p->b, &err, "%010zu 00000 n \n",
		    p->at[i]));
	must(sh_buf_printf(&p->b, &err, "trailer << /Size %d /Root 1 0 R >>\n"
	    "startxref\n%zu\n%%%%EOF\n", p->n + 1, xref));
}

/* One page of CONTENT over one image; both dictionaries get additions. */
struct recipe {
	const char *content;
	const char *page;	/* "/MediaBox [...] ..." */
	const char *image;	/* its dictionary */
	const void *data;
	size_t len;
	const char *resources;	/* additions */
	const char *extra;	/* one more object, number 6 */
};

static void
make_pdf(struct pdf *p, const struct recipe *r)
{
	char dict[1024];

	begin(p);
	(void)add(p, "/Type /Catalog /Pages 2 0 R", NULL, 0);
	(void)add(p, "/Type /Pages /Kids [3 0 R] /Count 1", NULL, 0);
	(void)snprintf(dict, sizeof(dict), "/Type /Page /Parent 2 0 R "
	    "/Contents 4 0 R /Resources << /XObject << /Im0 5 0 R >> %s >> "
	    "%s", r->resources != NULL ? r->resources : "", r->page);
	(void)add(p, dict, NULL, 0);
	(void)add(p, "", r->content, strlen(r->content));
	(void)snprintf(dict, sizeof(dict), "/Type /XObject /Subtype /Image "
	    "%s", r->image);
	(void)add(p, dict, r->data, r->len);
	if (r->extra != NULL)
		(void)add(p, r->extra, NULL, 0);
	end(p);
}

static void
decode_recipe(const struct recipe *r, struct decoded *d)
{
	struct pdf p;

	make_pdf(&p, r);
	decode_ok(p.b.data, p.b.len, d);
	sh_buf_free(&p.b);
}

static uint8_t grey[W * H];
static struct sh_buf jpeg;

#define BOX		"/MediaBox [0 0 40 24]"
#define DRAW		"q 40 0 0 24 0 0 cm /Im0 Do Q"
#define GREY_IMAGE	"/Width 40 /Height 24 /BitsPerComponent 8 " \
			"/ColorSpace /DeviceGray"
#define JPEG_IMAGE	"/Width 40 /Height 24 /BitsPerComponent 8 " \
			"/ColorSpace /DeviceRGB /Filter /DCTDecode"

static int
setup(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_pixels px;
	int x, y;

	(void)state;
	for (y = 0; y < H; y++)
		for (x = 0; x < W; x++)
			grey[y * W + x] = picture(x, y, 0, W, H);
	make_picture(&px, W, H, 3);
	must(sh_jpeg_encode(&px, 90, &jpeg, &err));
	sh_pixels_free(&px);
	return (0);
}

static void
a_scanned_page_gives_its_jpeg(void **state)
{
	struct recipe r = { DRAW, "/MediaBox [0 0 9.6 5.76]", JPEG_IMAGE,
	    jpeg.data, jpeg.len, NULL, NULL };
	struct decoded d;

	(void)state;
	r.content = "q 9.6 0 0 5.76 0 0 cm /Im0 Do Q";
	decode_recipe(&r, &d);
	assert_int_equal(d.page.needs_raster, 0);
	assert_int_equal(d.page.coding, SH_IMAGE_JPEG);
	assert_int_equal(d.page.coded.len, jpeg.len);
	assert_memory_equal(d.page.coded.data, jpeg.data, jpeg.len);
	assert_int_equal((int)(d.page.pixels.dpi_x + 0.5), 300);
	assert_int_equal((int)(d.page.pixels.dpi_y + 0.5), 300);
	sh_image_page_clear(&d.page);
}

/* Turn the pixels as their orientation says. */
static void
upright(const struct sh_pixels *px, struct sh_pixels *out)
{
	struct sh_error err = SH_ERROR_INIT;
	int w = px->width_px, h = px->height_px, o = px->exif_orientation,
	    x, y, u, v;

	memset(out, 0, sizeof(*out));
	must(sh_pixels_new(out, o >= 5 ? h : w, o >= 5 ? w : h, 1, &err));
	for (y = 0; y < out->height_px; y++)
		for (x = 0; x < out->width_px; x++) {
			u = o >= 5 ? y : x;
			v = o >= 5 ? x : y;
			if (o == 2 || o == 3 || o == 7 || o == 8)
				u = w - 1 - u;
			if (o == 3 || o == 4 || o == 6 || o == 7)
				v = h - 1 - v;
			out->data[y * out->width_px + x] =
			    px->data[v * w + u];
		}
}

static double
mean_difference(const struct sh_pixels *a, const struct sh_pixels *b)
{
	size_t n = (size_t)a->width_px * (size_t)a->height_px, i;
	double sum = 0;

	assert_int_equal(a->width_px, b->width_px);
	assert_int_equal(a->height_px, b->height_px);
	for (i = 0; i < n; i++)
		sum += abs(a->data[i] - b->data[i]);
	return (sum / (double)n);
}

/* All eight ways to lay an image down, under all four page rotations. */
static void
placing_is_what_pdftoppm_shows(void **state)
{
	static const char *const placings[] = {
		"40 0 0 24 0 0", "-40 0 0 24 40 0", "40 0 0 -24 0 24",
		"-40 0 0 -24 40 24", "0 40 24 0 0 0", "0 -40 24 0 0 40",
		"0 40 -24 0 24 0", "0 -40 -24 0 24 40" };
	struct sh_error err = SH_ERROR_INIT;
	char *dir = test_mkdir(), path[256], pgm[300], command[600],
	    content[64], page[64];
	struct recipe r = { content, page, GREY_IMAGE, grey, sizeof(grey),
	    NULL, NULL };
	struct sh_pixels turned;
	struct decoded d, seen;
	struct sh_buf shown;
	struct pdf p;
	size_t i;
	int rotate;

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/p.pdf", dir);
	(void)snprintf(pgm, sizeof(pgm), "%s.pgm", path);
	(void)snprintf(command, sizeof(command), "pdftoppm -r 72 -gray "
	    "%s >%s", path, pgm);
	for (i = 0; i < SH_COUNT(placings); i++)
		for (rotate = 0; rotate < 360; rotate += 90) {
			(void)snprintf(content, sizeof(content),
			    "%s cm /Im0 Do", placings[i]);
			(void)snprintf(page, sizeof(page),
			    "/MediaBox [0 0 %s] /Rotate %d", i < 4 ? "40 24" :
			    "24 40", rotate);
			make_pdf(&p, &r);
			decode_ok(p.b.data, p.b.len, &d);
			assert_int_equal(d.page.needs_raster, 0);
			must(sh_fs_replace(path, p.b.data, p.b.len, 0600,
			    &err));
			assert_int_equal(system(command), 0);
			memset(&shown, 0, sizeof(shown));
			must(sh_fs_read(pgm, 1 << 20, &shown, &err));
			decode_ok(shown.data, shown.len, &seen);
			upright(&d.page.pixels, &turned);
			if (mean_difference(&turned, &seen.page.pixels) > 6)
				fail_msg("placing %zu, rotation %d: "
				    "orientation %d is wrong", i, rotate,
				    d.page.pixels.exif_orientation);
			sh_pixels_free(&turned);
			sh_image_page_clear(&seen.page);
			sh_image_page_clear(&d.page);
			sh_buf_free(&shown);
			sh_buf_free(&p.b);
		}
	test_rmdir(dir);
}

/* What a page may hold beside its image, and what it may not. */
static void
only_plain_pages_are_taken(void **state)
{
	static const struct {
		const char *content, *page, *resources;
		int taken;
	} cases[] = {
		{ DRAW, BOX, NULL, 1 },
		{ "% a comment\n/Artifact BMC " DRAW " EMC", BOX, NULL, 1 },
		{ "q 0 0 40 24 re W n " DRAW " Q", BOX, NULL, 1 },
		{ DRAW " BT 3 Tr /F1 9 Tf 1 0 0 1 2 2 Tm [(ab) -3 <6364>] TJ "
		    "ET", BOX, NULL, 1 },
		{ DRAW " q 3 Tr BT (\\)x(y)) Tj ET Q", BOX, NULL, 1 },
		{ "/G0 gs " DRAW, BOX,
		    "/ExtGState << /G0 << /CA 1 /ca 1 /BM /Normal >> >>", 1 },
		{ "q 40.3 0 0 24.2 -0.2 -0.1 cm /Im0 Do Q", BOX, NULL, 1 },
		{ "q .1 0 0 .1 0 0 cm 400 0 0 240 0 0 cm /I#6d0 Do Q", BOX,
		    NULL, 1 },
		{ "q 40 0 0 24 5 5 cm /Im0 Do Q",
		    "/MediaBox [0 0 99 99] /CropBox [5 5 45 29]", NULL, 1 },
		{ DRAW, BOX " /Annots [<< /Subtype /Link /Rect [0 0 9 9] >>]",
		    NULL, 1 },
		/* Visible text, before and after a restored state. */
		{ DRAW " BT /F1 9 Tf (ab) Tj ET", BOX, NULL, 0 },
		{ "q 3 Tr Q " DRAW " BT (ab) Tj ET", BOX, NULL, 0 },
		{ DRAW " BT 3 Tr 0 Tr [(a)] TJ ET", BOX, NULL, 0 },
		/* Lines, shadings, inline and second images. */
		{ DRAW " 0 0 m 9 9 l S", BOX, NULL, 0 },
		{ "0 0 40 24 re f " DRAW, BOX, NULL, 0 },
		{ DRAW " /Sh0 sh", BOX, NULL, 0 },
		{ DRAW " BI /W 1 /H 1 ID x EI", BOX, NULL, 0 },
		{ DRAW " " DRAW, BOX, NULL, 0 },
		/* Clipped, faded, small, skewed, off the page, optional. */
		{ "q 0 0 20 24 re W n " DRAW " Q", BOX, NULL, 0 },
		{ "/G0 gs " DRAW, BOX,
		    "/ExtGState << /G0 << /ca 0.5 >> >>", 0 },
		{ "/G0 gs " DRAW, BOX, NULL, 0 },
		{ "q 30 0 0 24 0 0 cm /Im0 Do Q", BOX, NULL, 0 },
		{ "q 40 2 -2 24 0 0 cm /Im0 Do Q", BOX, NULL, 0 },
		{ "q 80 0 0 48 -20 -12 cm /Im0 Do Q", BOX, NULL, 0 },
		{ "/OC /MC0 BDC " DRAW " EMC", BOX, NULL, 0 },
		{ "q 40 0 0 24 0 0 cm /Im1 Do Q", BOX, NULL, 0 },
		{ DRAW, BOX " /UserUnit 2", NULL, 0 },
		{ DRAW, BOX " /Annots [<< /Subtype /Stamp >>]", NULL, 0 },
		{ DRAW " (unfinished", BOX, NULL, 0 },
		{ DRAW " [ <", BOX, NULL, 0 },
		{ "", BOX, NULL, 0 },
	};
	struct recipe r = { NULL, NULL, GREY_IMAGE, grey, sizeof(grey), NULL,
	    NULL };
	struct decoded d;
	size_t i;

	(void)state;
	for (i = 0; i < SH_COUNT(cases); i++) {
		r.content = cases[i].content;
		r.page = cases[i].page;
		r.resources = cases[i].resources;
		decode_recipe(&r, &d);
		if (d.page.needs_raster == cases[i].taken)
			fail_msg("case %zu: %s %s", i, r.content, r.page);
		sh_image_page_clear(&d.page);
	}
}

static void
samples_are_unpacked(void **state)
{
	static const struct {
		const char *image;
		const char *data;
		size_t len;
		const char *want;	/* four pixels, two rows of two */
		int channels;
	} cases[] = {
		{ "/BitsPerComponent 8 /ColorSpace /DeviceGray", "\1\2\3\4",
		    4, "\1\2\3\4", 1 },
		{ "/BitsPerComponent 8 /ColorSpace /DeviceGray "
		    "/Decode [1 0]", "\0\1\2\377", 4, "\377\376\375\0", 1 },
		{ "/BitsPerComponent 4 /ColorSpace [/CalGray << >>]",
		    "\x0f\xf0", 2, "\0\377\377\0", 1 },
		{ "/BitsPerComponent 1 /ColorSpace /DeviceGray", "\x80\x40",
		    2, "\377\0\0\377", 1 },
		{ "/ImageMask true", "\x80\x40", 2, "\377\0\0\377", 1 },
		{ "/ImageMask true /Decode [1 0]", "\x80\x40", 2,
		    "\0\377\377\0", 1 },
		{ "/BitsPerComponent 1 /ColorSpace [/Indexed /DeviceRGB 1 "
		    "<ffffff000000>]", "\x80\x40", 2, "\0\377\377\0", 1 },
		{ "/BitsPerComponent 2 /ColorSpace [/Indexed /DeviceRGB 2 "
		    "<010203040506070809>]", "\x10\x80", 2,
		    "\1\2\3\4\5\6\7\10\11\1\2\3", 3 },
		{ "/BitsPerComponent 8 /ColorSpace /DeviceRGB",
		    "abcdefghijkl", 12, "abcdefghijkl", 3 },
	};
	char dict[256];
	struct recipe r = { "2 0 0 2 0 0 cm /Im0 Do", "/MediaBox [0 0 2 2]",
	    dict, NULL, 0, NULL, NULL };
	struct decoded d;
	size_t i;

	(void)state;
	for (i = 0; i < SH_COUNT(cases); i++) {
		(void)snprintf(dict, sizeof(dict), "/Width 2 /Height 2 %s",
		    cases[i].image);
		r.data = cases[i].data;
		r.len = cases[i].len;
		decode_recipe(&r, &d);
		if (d.page.needs_raster)
			fail_msg("case %zu was not taken", i);
		assert_int_equal(d.page.pixels.channels, cases[i].channels);
		assert_memory_equal(d.page.pixels.data, cases[i].want,
		    (size_t)(4 * cases[i].channels));
		sh_image_page_clear(&d.page);
	}
}

/* A coloured stencil, masks, odd depths, filters: pdftoppm's. */
static void
odd_images_are_left_alone(void **state)
{
	static const struct {
		const char *content, *image;
	} cases[] = {
		{ "1 0 0 rg " DRAW, "/ImageMask true" },
		{ DRAW, "/BitsPerComponent 16 /ColorSpace /DeviceGray" },
		{ DRAW, "/BitsPerComponent 8 /ColorSpace /DeviceCMYK" },
		{ DRAW, "/BitsPerComponent 8 /ColorSpace /DeviceGray "
		    "/Mask [0 0]" },
		{ DRAW, "/BitsPerComponent 8 /ColorSpace /DeviceGray "
		    "/SMask 5 0 R" },
		{ DRAW, "/BitsPerComponent 8 /ColorSpace /DeviceGray "
		    "/Decode [0 .5]" },
		{ DRAW, "/BitsPerComponent 8 /ColorSpace /DeviceGray "
		    "/Filter /JPXDecode" },
		{ DRAW, "/BitsPerComponent 1 /ColorSpace /DeviceGray "
		    "/Filter /JBIG2Decode" },
		{ DRAW, "/BitsPerComponent 8 /ColorSpace /DeviceGray "
		    "/Filter [/ASCII85Decode /FlateDecode]" },
		{ DRAW, "/BitsPerComponent 1 /ColorSpace /DeviceGray "
		    "/Filter /CCITTFaxDecode" },	/* K 0, no EOLs */
	};
	char dict[256];
	struct recipe r = { NULL, BOX, dict, grey, sizeof(grey), NULL, NULL };
	struct decoded d;
	size_t i;

	(void)state;
	for (i = 0; i < SH_COUNT(cases); i++) {
		(void)snprintf(dict, sizeof(dict), "/Width 40 /Height 24 %s",
		    cases[i].image);
		r.content = cases[i].content;
		decode_recipe(&r, &d);
		if (!d.page.needs_raster)
			fail_msg("case %zu was taken", i);
		assert_int_equal((int)d.page.raster_dpi_x, 300);
		assert_int_equal((int)d.page.page_width_pt, 40);
		sh_image_page_clear(&d.page);
	}
}

static void
flate_with_predictors(void **state)
{
	uint8_t rows[H][W + 1], packed[4096];
	static const char *const parms[] = { "/Predictor 15", "/Predictor 2",
	    "/Predictor 1" };
	struct recipe r = { DRAW, BOX, NULL, packed, 0, NULL, NULL };
	struct decoded d;
	char dict[256];
	uLongf len;
	int kind, x, y, a, b, c;

	(void)state;
	for (kind = 0; kind < 3; kind++) {
		for (y = 0; y < H; y++)
			for (x = 0; x < W; x++) {
				a = x > 0 ? grey[y * W + x - 1] : 0;
				b = y > 0 ? grey[y * W + x - W] : 0;
				c = x > 0 && y > 0 ? grey[y * W + x - W - 1] :
				    0;
				rows[y][0] = (uint8_t)(y % 5);
				/* The row filters of PNG, each in turn. */
				if (kind == 1 || y % 5 == 1)
					b = a;
				else if (y % 5 == 0)
					b = 0;
				else if (y % 5 == 3)
					b = (a + b) / 2;
				else if (y % 5 == 4) {
					int p = a + b - c, pa = abs(p - a),
					    pb = abs(p - b), pc = abs(p - c);

					b = pa <= pb && pa <= pc ? a :
					    pb <= pc ? b : c;
				}
				rows[y][x + 1] = (uint8_t)(grey[y * W + x] -
				    (kind == 2 ? 0 : b));
			}
		for (y = 0; kind > 0 && y < H; y++)	/* no filter byte */
			memmove((uint8_t *)rows + y * W, rows[y] + 1, W);
		len = sizeof(packed);
		assert_int_equal(compress(packed, &len, (uint8_t *)rows,
		    kind == 0 ? sizeof(rows) : W * H), Z_OK);
		r.len = len;
		(void)snprintf(dict, sizeof(dict), GREY_IMAGE
		    " /Filter /FlateDecode /DecodeParms << %s /Columns 40 >>",
		    parms[kind]);
		r.image = dict;
		decode_recipe(&r, &d);
		assert_int_equal(d.page.needs_raster, 0);
		assert_memory_equal(d.page.pixels.data, grey, sizeof(grey));
		sh_image_page_clear(&d.page);
	}
	/* A stream that ends early is no page. */
	{
		struct pdf p;

		r.len = len / 2;
		make_pdf(&p, &r);
		decode_refused(p.b.data, p.b.len, "image.truncated");
		sh_buf_free(&p.b);
	}
}

static void
fax_images_are_taken(void **state)
{
	static const struct {
		const char *more;
		int inverted, same_bytes;
	} cases[] = {
		{ "/K -1", 0, 1 },
		{ "/K -1 /BlackIs1 true", 1, 0 },
	};
	struct sh_error err = SH_ERROR_INIT;
	struct sh_buf g4 = SH_BUF_INIT;
	struct sh_image_page again;
	struct sh_pixels ink;
	struct decoded d;
	char dict[256];
	struct recipe r = { "90 0 0 70 0 0 cm /Im0 Do", "/MediaBox [0 0 90 70]",
	    dict, NULL, 0, NULL, NULL };
	size_t i, k;

	(void)state;
	make_ink(&ink, 90, 70);
	must(sh_g4_encode(&ink, &g4, &err));
	r.data = g4.data;
	r.len = g4.len;
	for (i = 0; i < SH_COUNT(cases); i++) {
		(void)snprintf(dict, sizeof(dict), "/Width 90 /Height 70 "
		    "/BitsPerComponent 1 /ColorSpace /DeviceGray "
		    "/Filter /CCITTFaxDecode /DecodeParms << /Columns 90 "
		    "/Rows 70 %s >>", cases[i].more);
		decode_recipe(&r, &d);
		assert_int_equal(d.page.coding, SH_IMAGE_G4);
		for (k = 0; k < 90 * 70; k++)
			assert_int_equal(d.page.pixels.data[k],
			    cases[i].inverted ? 255 - ink.data[k] :
			    ink.data[k]);
		assert_int_equal(d.page.coded.len == g4.len &&
		    memcmp(d.page.coded.data, g4.data, g4.len) == 0,
		    cases[i].same_bytes);
		decode_coded(&d.page, &again);
		assert_int_equal(distance(&d.page.pixels, &again.pixels), 0);
		sh_image_page_clear(&again);
		sh_image_page_clear(&d.page);
	}
	sh_pixels_free(&ink);
	sh_buf_free(&g4);
}

static void
giant_pages_are_refused_or_shrunk(void **state)
{
	struct recipe r = { "0 0 9 9 re f", NULL, GREY_IMAGE, grey,
	    sizeof(grey), NULL, NULL };
	struct decoded d;
	struct pdf p;

	(void)state;
	r.page = "/MediaBox [0 0 842 1191]";		/* A3 */
	decode_recipe(&r, &d);
	assert_int_equal((int)d.page.raster_dpi_x, 300);
	sh_image_page_clear(&d.page);
	r.page = "/MediaBox [0 0 2384 3370]";		/* A0 */
	decode_recipe(&r, &d);
	assert_in_range((int)d.page.raster_dpi_x, 100, 200);
	sh_image_page_clear(&d.page);
	r.page = "/MediaBox [0 0 1000000000 1000000000]";
	make_pdf(&p, &r);
	decode_refused(p.b.data, p.b.len, "pdf.page-size");
	sh_buf_free(&p.b);
}

/*
 * LEVELS forms, each of which draws the next TIMES times, the last an image
 * or, when LOOP, the first again.
 */
static void
make_forms(struct pdf *p, int levels, int times, int loop)
{
	char dict[256], content[256] = "";
	int i;

	begin(p);
	(void)add(p, "/Type /Catalog /Pages 2 0 R", NULL, 0);
	(void)add(p, "/Type /Pages /Kids [3 0 R] /Count 1", NULL, 0);
	(void)add(p, "/Type /Page /Parent 2 0 R /Contents 4 0 R /Resources "
	    "<< /XObject << /X 6 0 R >> >> " BOX, NULL, 0);
	(void)add(p, "", "/X Do", 5);
	(void)add(p, "/Type /XObject /Subtype /Image " GREY_IMAGE, grey,
	    sizeof(grey));
	for (i = 0; i < times; i++)
		(void)strcat(content, "/X Do ");
	for (i = 0; i < levels; i++) {
		(void)snprintf(dict, sizeof(dict), "/Type /XObject /Subtype "
		    "/Form /BBox [0 0 40 24] /Resources << /XObject << /X "
		    "%d 0 R >> >>", i + 1 < levels ? 7 + i : loop ? 6 : 5);
		(void)add(p, dict, content, strlen(content));
	}
	end(p);
}

static void
endless_pages_are_refused(void **state)
{
	static const struct {
		int levels, times, loop;
		const char *key;
	} cases[] = { { 8, 10, 0, "pdf.too-complex" },
	    { 8, 10, 1, "pdf.too-complex" }, { 3, 10, 0, NULL },
	    { 1, 10, 1, NULL } };
	struct recipe r = { "0 0 9 9 re f /Im0 Do", BOX,
	    "/Width 20000 /Height 20000 /BitsPerComponent 1 "
	    "/ColorSpace /DeviceGray", grey, sizeof(grey), NULL, NULL };
	struct decoded d;
	struct pdf p;
	size_t i;

	(void)state;
	for (i = 0; i < SH_COUNT(cases); i++) {
		make_forms(&p, cases[i].levels, cases[i].times,
		    cases[i].loop);
		if (cases[i].key != NULL) {
			decode_refused(p.b.data, p.b.len, cases[i].key);
		} else {
			decode_ok(p.b.data, p.b.len, &d);
			assert_true(d.page.needs_raster);
			sh_image_page_clear(&d.page);
		}
		sh_buf_free(&p.b);
	}
	make_pdf(&p, &r);
	decode_refused(p.b.data, p.b.len, "image.too-large");
	sh_buf_free(&p.b);
}

/* Which pages are asked for their words. */
static void
veiled_pages_are_not_asked(void **state)
{
	static const struct {
		const char *content;
		int asked;
	} cases[] = { { "BT (x) Tj ET 0 0 9 9 re f", 1 },
	    { "BT 1 Tr (x) Tj ET 0 0 9 9 re f", 1 },
	    { "BT 3 Tr (x) Tj ET 0 0 9 9 re f", 0 },
	    { "BT 7\nTr (x) Tj ET 0 0 9 9 re f", 0 },
	    { "BT (x) Tj ET /Im0 Do", 0 },
	    { "/S << /ActualText (y) >> BDC BT (x) Tj ET EMC", 0 },
	    { "/S << /Actual#54ext (y) >> BDC BT (x) Tj ET EMC", 0 },
	    { "/P << /MCID 0 >> BDC BT (x) Tj ET EMC", 1 } };
	struct recipe r = { NULL, BOX, "/Width 1000 /Height 600 "
	    "/BitsPerComponent 1 /ColorSpace /DeviceGray", grey,
	    sizeof(grey), NULL, NULL };
	struct decoded d;
	size_t i;

	(void)state;
	for (i = 0; i < SH_COUNT(cases); i++) {
		r.content = cases[i].content;
		decode_recipe(&r, &d);
		assert_true(d.page.needs_raster);
		if (d.page.may_have_text != cases[i].asked)
			fail_msg("%s", cases[i].content);
		sh_image_page_clear(&d.page);
	}
}

/* A whole stream of too few rows is drawn; one that was cut is an error. */
static void
short_images(void **state)
{
	uint8_t packed[2048];
	uLongf n = sizeof(packed);
	struct recipe r = { DRAW, BOX, GREY_IMAGE " /Filter /FlateDecode",
	    packed, 0, NULL, NULL };
	struct decoded d;
	struct pdf p;

	(void)state;
	assert_int_equal(compress(packed, &n, grey, sizeof(grey) - W), Z_OK);
	r.len = n;
	decode_recipe(&r, &d);
	assert_true(d.page.needs_raster);
	assert_null(d.page.pixels.data);
	sh_image_page_clear(&d.page);
	r.len = n - 30;
	make_pdf(&p, &r);
	decode_refused(p.b.data, p.b.len, "image.truncated");
	sh_buf_free(&p.b);
}

static void
objects_inside_lines_are_found(void **state)
{
	static const char file[] = "%PDF-1.0\n1 0 obj<</Type/Catalog/Pages "
	    "2 0 R>>endobj 2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj "
	    "3 0 obj<</Type/Page/MediaBox[0 0 30 30]>>endobj "
	    "trailer<</Size 4/Root 1 0 R>>";
	struct decoded d;

	(void)state;
	decode_ok(file, sizeof(file) - 1, &d);
	assert_true(d.page.needs_raster);
	sh_image_page_clear(&d.page);
}

static void
passwords_and_rubbish(void **state)
{
	struct recipe r = { DRAW, BOX, GREY_IMAGE, grey, sizeof(grey), NULL,
	    NULL };
	struct sh_error err = SH_ERROR_INIT;
	struct sh_buf file = SH_BUF_INIT;
	char *dir = test_mkdir(), in[256], out[256], command[1200];
	static const char *const passwords[] = { "\"\" secret", "user owner" };
	struct decoded d;
	struct pdf p;
	int i;

	(void)state;
	(void)snprintf(in, sizeof(in), "%s/in.pdf", dir);
	(void)snprintf(out, sizeof(out), "%s/out.pdf", dir);
	make_pdf(&p, &r);
	must(sh_fs_replace(in, p.b.data, p.b.len, 0600, &err));
	for (i = 0; i < 2; i++) {
		(void)snprintf(command, sizeof(command),
		    "qpdf --encrypt %s 256 -- %s %s", passwords[i], in, out);
		assert_int_equal(system(command), 0);
		sh_buf_reset(&file);
		must(sh_fs_read(out, 1 << 20, &file, &err));
		if (i == 1) {
			decode_refused(file.data, file.len, "pdf.encrypted");
			continue;
		}
		/* Only its owner has one: everybody may read. */
		decode_ok(file.data, file.len, &d);
		assert_memory_equal(d.page.pixels.data, grey, sizeof(grey));
		sh_image_page_clear(&d.page);
	}
	decode_refused("%PDF-1.7\nrubbish", 16, "pdf.unreadable");
	decode_refused(p.b.data, 200, "pdf.unreadable");
	sh_buf_free(&file);
	sh_buf_free(&p.b);
	test_rmdir(dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_scanned_page_gives_its_jpeg),
		cmocka_unit_test(placing_is_what_pdftoppm_shows),
		cmocka_unit_test(only_plain_pages_are_taken),
		cmocka_unit_test(samples_are_unpacked),
		cmocka_unit_test(odd_images_are_left_alone),
		cmocka_unit_test(flate_with_predictors),
		cmocka_unit_test(fax_images_are_taken),
		cmocka_unit_test(giant_pages_are_refused_or_shrunk),
		cmocka_unit_test(endless_pages_are_refused),
		cmocka_unit_test(veiled_pages_are_not_asked),
		cmocka_unit_test(short_images),
		cmocka_unit_test(objects_inside_lines_are_found),
		cmocka_unit_test(passwords_and_rubbish),
	};
	int rc = cmocka_run_group_tests_name("image_pdf", tests, setup, NULL);

	sh_buf_free(&jpeg);
	return (rc);
}
