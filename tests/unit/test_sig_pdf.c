/* signing/pdfread, pdfupdate, pdfsig, appearance: reading strictly, signing. */
#include "tests/unit/test_sig.h"

#include <fcntl.h>
#include <zlib.h>

#include "signing/appearance.h"
#include "signing/font.h"
#include "signing/letters.h"
#include "signing/pdfform.h"
#include "signing/pdfread.h"

static const struct test_pdf plain = { .shape = CLASSIC };

/* Signed twice, every shape of input holds and keeps its bytes. */
static void
every_shape(void **state)
{
	static const struct test_pdf shapes[] = {
		{ .shape = CLASSIC },
		{ .shape = STREAMED },
		{ .shape = HYBRID },
		{ .shape = HYBRID, .page = "/Annots 5 0 R",
		    .more = { "[]" } },
		{ .shape = CLASSIC, .page = "/Annots[]" },
		{ .shape = CLASSIC, .page = "/Annots 5 0 R",
		    .more = { "[ ]" } },
		{ .shape = CLASSIC, .page = "/Annots[6 0 R]", .more = {
		    "null", "<</Type/Annot/Subtype/Text/Rect[0 0 9 9]>>" } },
		{ .shape = CLASSIC, .catalog = "/AcroForm<</Fields[]>>" },
		{ .shape = CLASSIC, .catalog = "/AcroForm 5 0 R",
		    .more = { "<</Fields 6 0 R/DA(/Helv 0 Tf)>>", "[]" } },
		{ .shape = CLASSIC, .catalog = "/AcroForm 5 0 R",
		    .more = { "<</Fields 6 0 R/SigFlags 3>>", "[]" } },
		{ .shape = STREAMED, .catalog = "/AcroForm<</SigFlags 1>>" },
		{ .shape = STREAMED, .page = "/Annots null" },
		/* One array for the form and the page. */
		{ .shape = CLASSIC, .catalog = "/AcroForm 6 0 R",
		    .page = "/Annots 5 0 R", .more = { "[]",
		    "<</Fields 5 0 R/SigFlags 3>>" } },
	};
	struct sh_signer *officer = test_signer(P256, GOOD_CERT);
	struct sh_signer *agency = test_signer(RSA2048, GOOD_CERT);
	struct sh_error err = SH_ERROR_INIT;
	struct sh_buf before = SH_BUF_INIT, after = SH_BUF_INIT;
	struct sh_pdf_signature what;
	size_t i;
	int fd;

	(void)state;
	for (i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		sh_buf_reset(&before);
		test_build_pdf(&shapes[i], &before);
		fd = test_memfd(before.data, before.len);
		test_sign(fd, officer, "officer");
		expect(fd, SH_TOTAL_PASSED, NULL);
		what = test_what("agency", SH_SIG_TOP_RIGHT);
		what.reason = "Sao y (bản \\ chính)";
		what.location = "Hà Nội";
		must(sh_pdf_sign(fd, agency, &what, &err));
		expect(fd, SH_TOTAL_PASSED, "revision.later");
		test_read_fd(fd, &after);
		assert_true(after.len > before.len);
		assert_memory_equal(after.data, before.data, before.len);
		(void)close(fd);
	}
	sh_buf_free(&before);
	sh_buf_free(&after);
	sh_signer_close(officer);
	sh_signer_close(agency);
}

/* The dictionary says what PAdES asks for, and no more. */
static void
dictionary(void **state)
{
	struct sh_signer *s = test_signer(P256, GOOD_CERT);
	struct sh_error err = SH_ERROR_INIT;
	struct sh_pdf_form form;
	struct sh_buf text = SH_BUF_INIT;
	const struct sh_pdf_value *sig, *v;
	struct sh_pdf_signature what = test_what("officer", SH_SIG_TOP_LEFT);
	struct sh_pdf *doc;
	int fd = test_pdf_fd(&plain);

	(void)state;
	what.reason = "Ký số (thử)";
	must(sh_pdf_sign(fd, s, &what, &err));
	must(sh_pdf_open(fd, test_size(fd), &doc, &err));
	assert_int_equal(sh_pdf_nsections(doc), 2);
	must(sh_pdf_form_read(doc, &form, &err));
	assert_int_equal(form.nfields, 1);
	assert_string_equal(form.fields[0].name, "officer");
	must(sh_pdf_resolve(doc, form.fields[0].value, &sig, NULL, &err));
	assert_true(sh_pdf_is_name(sh_pdf_member(sig, "Filter"),
	    "Adobe.PPKLite"));
	assert_true(sh_pdf_is_name(sh_pdf_member(sig, "SubFilter"),
	    "ETSI.CAdES.detached"));
	assert_null(sh_pdf_member(sig, "Cert"));
	v = sh_pdf_member(sig, "M");
	assert_string_equal((const char *)v->text,
	    "D:20261121093000+07'00'");
	must(sh_pdf_text(sh_pdf_member(sig, "Reason"), &text, &err));
	assert_string_equal((char *)text.data, "Ký số (thử)");
	must(sh_pdf_find(doc, form.value, "SigFlags", &v, &err));
	assert_int_equal(v->num, 3);
	v = sh_pdf_member(form.fields[0].object->value, "F");
	assert_int_equal(v->num, 132);
	assert_non_null(sh_pdf_member(sh_pdf_trailer(doc), "ID"));
	sh_buf_free(&text);
	sh_pdf_form_clear(&form);
	sh_pdf_close(doc);
	(void)close(fd);
	sh_signer_close(s);
}

/* ---- refusals ---- */

static int
never_signs(void *self, enum sh_sig_algorithm alg, const void *tbs,
    size_t len, struct sh_buf *sig, struct sh_error *err)
{
	(void)self;
	(void)alg;
	(void)tbs;
	(void)len;
	(void)sig;
	return (sh_error_set(err, SH_EAGAIN, "key.busy", "the token is busy"));
}

static void
never_closes(void *self)
{
	(void)self;
}

static const struct sh_signer_ops broken_ops = {
	.name = "broken", .sign = never_signs, .close = never_closes
};

static void
a_failure_leaves_the_file(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_signer *good = test_signer(P256, GOOD_CERT), *s;
	struct sh_pdf_signature what = test_what("officer", SH_SIG_TOP_LEFT);
	struct sh_buf before = SH_BUF_INIT, after = SH_BUF_INIT;
	const uint8_t *chain;
	size_t len;
	int fd;

	(void)state;
	test_build_pdf(&plain, &before);
	fd = test_memfd(before.data, before.len);
	chain = sh_signer_certificate(good, 0, &len);
	must(sh_signer_new(&broken_ops, NULL, &chain, &len, 1,
	    SH_SIG_ECDSA_SHA256, &s, &err));
	must_fail(sh_pdf_sign(fd, s, &what, &err), SH_EAGAIN);
	test_read_fd(fd, &after);
	assert_int_equal(after.len, before.len);
	assert_memory_equal(after.data, before.data, before.len);
	sh_signer_close(s);

	/* Neither does what fails before anything is written. */
	what.lines[0] = "\xf0\x9f\x98\x80";
	must_fail_key(sh_pdf_sign(fd, good, &what, &err), "font.letter");
	what.lines[0] = " \n";
	what.lines[1] = NULL;
	must_fail_key(sh_pdf_sign(fd, good, &what, &err), "sign.text");
	what.lines[0] = NULL;
	must_fail_key(sh_pdf_sign(fd, good, &what, &err), "sign.text");
	what.place = SH_SIG_INVISIBLE;
	what.field = "a.b";
	must_fail_key(sh_pdf_sign(fd, good, &what, &err), "sign.field-name");
	what.field = "officer";
	what.when = NOW + 900 * DAY;
	must_fail_key(sh_pdf_sign(fd, good, &what, &err), "cert.expired");
	what.when = NOW;
	assert_true(test_size(fd) == before.len);
	must(sh_pdf_sign(fd, good, &what, &err));
	must_fail_key(sh_pdf_sign(fd, good, &what, &err), "sign.field");
	(void)close(fd);
	sh_buf_free(&before);
	sh_buf_free(&after);
	sh_signer_close(good);
}

static void
files_that_are_not_signed(void **state)
{
	static const struct {
		struct test_pdf pdf;
		const char *key;
	} cases[] = {
		{ { .catalog = "/AcroForm<</XFA(x)/Fields[]>>" }, "pdf.xfa" },
		{ { .catalog = "/Perms<</DocMDP 5 0 R>>", .more = {
		    "<</Reference[<</TransformMethod/DocMDP/TransformParams"
		    "<</P 1>>>>]>>" } }, "pdf.locked" },
		{ { .catalog = "/AcroForm 7" }, "pdf.damaged" },
		{ { .page = "/MediaBox[0 0 0 0]" }, "pdf.damaged" },
		{ { .page = "/MediaBox[0 0 1 9999999]" }, "pdf.damaged" },
		{ { .page = "/UserUnit 0" }, "pdf.damaged" },
		{ { .page = "/Rotate 45" }, "pdf.damaged" },
		{ { .page = "/Annots 4 0 R" }, "pdf.damaged" },
		{ { .page = "/Type/Page" }, "pdf.damaged" },	/* twice */
	};
	struct sh_error err = SH_ERROR_INIT;
	struct sh_signer *s = test_signer(P256, GOOD_CERT);
	struct sh_pdf_signature what = test_what("officer", SH_SIG_INVISIBLE);
	size_t i;
	int fd;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		fd = test_pdf_fd(&cases[i].pdf);
		must_fail_key(sh_pdf_sign(fd, s, &what, &err), cases[i].key);
		(void)close(fd);
	}
	sh_signer_close(s);
}

/* What reading the structure of these bytes says: NULL, or an error's key. */
static const char *
reading(const char *bytes, size_t len, struct sh_error *err)
{
	struct sh_pdf *doc = NULL;
	struct sh_pdf_form form = { .nfields = 0 };
	struct sh_pdf_page page;
	int fd = test_memfd(bytes, len), rc;

	sh_error_clear(err);
	rc = sh_pdf_open(fd, len, &doc, err);
	if (rc == 0)
		rc = sh_pdf_form_read(doc, &form, err);
	if (rc == 0)
		rc = sh_pdf_first_page(doc, &page, err);
	sh_pdf_form_clear(&form);
	sh_pdf_close(doc);
	(void)close(fd);
	return (rc != 0 ? err->key : NULL);
}

/* A catalog that is its own page, with MORE in it, and a trailer's rest. */
static void
read_body(const char *more, const char *trailer, const char *want)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_buf b = SH_BUF_INIT;
	const char *key;
	size_t xref;

	must(sh_buf_printf(&b, &err, "%%PDF-1.7\n1 0 obj\n"
	    "<</Pages 1 0 R/MediaBox[0 0 9 9]%s\nendobj\n", more));
	xref = b.len;
	must(sh_buf_printf(&b, &err, "xref\n0 2\n0000000000 65535 f \n"
	    "0000000009 00000 n \ntrailer\n<</Size 2%s>>\nstartxref\n%zu\n"
	    "%%%%EOF\n", trailer, xref));
	key = reading((char *)b.data, b.len, &err);
	if ((key == NULL) != (want == NULL) ||
	    (key != NULL && strcmp(key, want) != 0))
		fail_msg("[%s] %s, expected [%s] for %s", key, err.text, want,
		    (char *)b.data);
	sh_buf_free(&b);
}

static void
strict_reader(void **state)
{
	static const char root[] = "/Root 1 0 R", bad[] = "pdf.damaged";
	static const char *const stumps[] = { "", "%PDF-1.7",
	    "%PDF-1.7\n%%EOF\n", "%PDF-1.7\nstartxref\n9\n%%EOF\n",
	    "%PDF-1.7\nstartxref\n0\n%%EOF\n",
	    "%PDF-1.7\nstartxref\n99999999999999999999\n%%EOF\n" };
	struct sh_buf deep = SH_BUF_INIT;
	struct sh_error err = SH_ERROR_INIT;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(stumps) / sizeof(stumps[0]); i++)
		assert_string_equal(reading(stumps[i], strlen(stumps[i]),
		    &err), bad);
	sh_error_clear(&err);
	test_build_pdf(&plain, &deep);
	assert_null(reading((char *)deep.data, deep.len, &err));
	must(sh_buf_puts(&deep, "junk\n%%EOF\n", &err));
	assert_string_equal(reading((char *)deep.data, deep.len, &err), bad);
	sh_buf_reset(&deep);
	sh_error_clear(&err);
	read_body(">>", root, NULL);
	read_body("/A(\\()/B#41<4>/C -.5/D[1 0 R null true]>>", root, NULL);
	/* The trailer. */
	read_body(">>", "", bad);
	read_body(">>", "/Root 1 0 R/Prev 9", bad);
	read_body(">>", "/Root 1 0 R/Prev 100", bad);	/* itself */
	read_body(">>", "/Root 1 0 R/Encrypt 3 0 R", "pdf.encrypted");
	read_body(">>", "/Root 2 0 R", bad);
	/* Values. */
	read_body("/A 1/A 2>>", root, bad);
	read_body("/A 1/#41 2>>", root, bad);
	read_body("/A --1>>", root, bad);
	read_body("/A 1.2.3>>", root, bad);
	read_body("/A#0 1>>", root, bad);
	read_body("/A#00 1>>", root, bad);
	read_body("/A (1>>", root, bad);
	read_body("/A <1g>>>", root, bad);
	read_body("/A [1>>", root, bad);
	read_body("/A 99999999999999999999>>", root, bad);
	read_body("/A nul>>", root, bad);
	read_body("/A>>", root, bad);
	read_body(">", root, bad);
	/* Streams and circles. */
	read_body("/Length 4>>\nstream\nabcd\nendstream", root, NULL);
	read_body("/Length 3>>\nstream\nabcd\nendstream", root, bad);
	read_body("/Length 4>>\nstream\rabcd\nendstream", root, bad);
	read_body("/Length 1 0 R>>\nstream\nabcd\nendstream", root, bad);
	read_body("/Length 99999>>\nstream\nabcd\nendstream", root, bad);
	read_body("/Kids[1 0 R]>>", root, "pdf.limit");
	/* The form. */
	read_body("/AcroForm<</Fields[]>>>>", root, NULL);
	read_body("/AcroForm<</Fields[1 0 R]>>/T(a)>>", root, NULL);
	read_body("/AcroForm<</Fields[1 0 R 1 0 R]>>/T(a)>>", root, bad);
	read_body("/AcroForm<</Fields[2 0 R]>>>>", root, bad);
	read_body("/AcroForm<</Fields[<</T(a)>>]>>>>", root, bad);

	must(sh_buf_puts(&deep, "/A ", &err));
	for (i = 0; i < 100; i++)
		must(sh_buf_puts(&deep, "[", &err));
	read_body((char *)deep.data, root, "pdf.limit");
	sh_buf_free(&deep);
}

/* A few kilobytes that would become 100 MB. */
static void
bomb(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_buf b = SH_BUF_INIT;
	uLongf packed = compressBound(100 << 20);
	uint8_t *zeros = calloc(1, 100 << 20), *z = malloc(packed);
	size_t at, xref;

	(void)state;
	assert_int_equal(compress2(z, &packed, zeros, 100 << 20, 9), Z_OK);
	must(sh_buf_puts(&b, "%PDF-1.7\n", &err));
	at = b.len;
	must(sh_buf_printf(&b, &err, "2 0 obj\n<</Type/ObjStm/N 1/First 4"
	    "/Filter/FlateDecode/Length %lu>>\nstream\n", packed));
	must(sh_buf_append(&b, z, packed, &err));
	must(sh_buf_puts(&b, "\nendstream\nendobj\n", &err));
	xref = b.len;
	must(sh_buf_printf(&b, &err, "3 0 obj\n<</Type/XRef/Size 4/W[1 4 1]"
	    "/Root 1 0 R/Length 24>>\nstream\n"));
	must(sh_buf_append(&b, "\0\0\0\0\0\xff\2\0\0\0\2\0\1", 13, &err));
	must(sh_buf_put_be(&b, at, 4, &err));
	must(sh_buf_append(&b, "\0\1", 2, &err));
	must(sh_buf_put_be(&b, xref, 4, &err));
	must(sh_buf_printf(&b, &err, "%c\nendstream\nendobj\nstartxref\n"
	    "%zu\n%%%%EOF\n", 0, xref));
	assert_string_equal(reading((char *)b.data, b.len, &err),
	    "pdf.limit");
	free(zeros);
	free(z);
	sh_buf_free(&b);
}

/* ---- what is seen ---- */


/*
 * The text's box on pages of all turns, with an origin of their own and a
 * crop: its corner as the reader sees it must be where it was asked for.
 */
static void
places(void **state)
{
	static const struct {
		const char *page;
		int rotate;
		double seen[4];	/* what is shown, in user units */
		double unit;
	} cases[] = {
		{ "", 0, { 0, 0, 595, 842 }, 1 },
		{ "/MediaBox[10 20 605 862]", 0, { 10, 20, 605, 862 }, 1 },
		{ "/MediaBox[605 862 10 20]/Rotate 90", 90,
		    { 10, 20, 605, 862 }, 1 },
		{ "/Rotate 180", 180, { 0, 0, 595, 842 }, 1 },
		{ "/Rotate -90", 270, { 0, 0, 595, 842 }, 1 },
		{ "/CropBox[50 60 500 700]", 0, { 50, 60, 500, 700 }, 1 },
		{ "/CropBox[-50 60 500 9999]", 0, { 0, 60, 500, 842 }, 1 },
		{ "/CropBox[900 900 990 990]", 0, { 0, 0, 595, 842 }, 1 },
		{ "/UserUnit 2", 0, { 0, 0, 595, 842 }, 2 },
	};
	struct sh_error err = SH_ERROR_INIT;
	struct sh_pdf_signature what;
	struct sh_pdf_page page;
	struct sh_pdf_update u;
	struct sh_pdf *doc;
	double r[4], x, y, w, h, dx, dy;
	uint32_t form;
	size_t i;
	int fd, left;

	(void)state;
	for (i = 0; i < 2 * sizeof(cases) / sizeof(cases[0]); i++) {
		struct test_pdf pdf = { .page = cases[i / 2].page };
		const double *s = cases[i / 2].seen;
		double unit = cases[i / 2].unit;

		left = i % 2 == 0;
		fd = test_pdf_fd(&pdf);
		must(sh_pdf_open(fd, test_size(fd), &doc, &err));
		must(sh_pdf_first_page(doc, &page, &err));
		assert_int_equal(page.rotate, cases[i / 2].rotate);
		assert_memory_equal(page.box, s, sizeof(page.box));
		what = test_what("f", left ? SH_SIG_TOP_LEFT :
		    SH_SIG_TOP_RIGHT);
		must(sh_pdf_update_begin(doc, &u, &err));
		must(sh_appearance_write(&u, &page, &what, &form, r, &err));
		w = r[2] - r[0];
		h = r[3] - r[1];
		/* From the seen corner along the seen axes. */
		switch (page.rotate) {
		case 0:
			x = left ? r[0] - s[0] : s[2] - r[2];
			y = s[3] - r[3];
			break;
		case 90:
			x = left ? r[1] - s[1] : s[3] - r[3];
			y = r[0] - s[0];
			break;
		case 180:
			x = left ? s[2] - r[2] : r[0] - s[0];
			y = r[1] - s[1];
			break;
		default:
			x = left ? s[3] - r[3] : r[1] - s[1];
			y = s[2] - r[2];
		}
		dx = x * unit - 36;
		dy = y * unit - 24;
		assert_true(dx < 0.01 && dx > -0.01);
		assert_true(dy < 0.01 && dy > -0.01);
		/* Two lines of 10 points, wider than high as it is read. */
		assert_true((page.rotate % 180 == 0 ? w / h : h / w) > 4);
		assert_true((page.rotate % 180 == 0 ? h : w) * unit > 20);
		assert_true((page.rotate % 180 == 0 ? h : w) * unit < 30);
		sh_pdf_update_clear(&u);
		sh_pdf_close(doc);
		(void)close(fd);
	}
}

static void
the_font(void **state)
{
	static const char *const texts[] = { "Ễ ẵ ộ", "Đ-" };
	struct sh_error err = SH_ERROR_INIT;
	const struct sh_font *f = sh_font_default(&err);
	struct sh_font *other;
	struct sh_font_subset s, again;
	char *dir = test_mkdir(), path[128];

	(void)state;
	must_ptr(f);
	must(sh_font_subset(f, texts, 2, &s, &err));
	must(sh_font_subset(f, texts, 2, &again, &err));
	assert_int_equal(s.nletters, 6);
	/* The same text gives the same bytes. */
	assert_int_equal(s.file.len, again.file.len);
	assert_memory_equal(s.file.data, again.file.data, s.file.len);
	assert_true(s.file.len < 16384);
	/* Times: the letter Đ is 722 wide, a stacked mark passes 0.9 em. */
	assert_int_equal(s.widths[sh_font_glyph(&s, 0x110)], 722);
	assert_true(s.top > 900);
	sh_font_subset_clear(&s);
	sh_font_subset_clear(&again);
	(void)snprintf(path, sizeof(path), "%s/none.ttf", dir);
	must_fail_key(sh_font_open(path, &other, &err), "font.missing");
	must(sh_fs_replace(path, "no font", 7, 0644, &err));
	must_fail_key(sh_font_open(path, &other, &err), "font.letters");
	test_rmdir(dir);
}

/* What is kept is what would be made anew, and no more than told. */
static void
letters_are_kept(void **state)
{
	static const char *const noon[] = { "Người ký: Ánh", "12:00" };
	static const char *const later[] = { "Ánh Người ký", "2026-11-22" };
	struct sh_error err = SH_ERROR_INIT;
	const struct sh_font *f = sh_font_default(&err);
	struct sh_letters *first, *l, *again;
	char text[8] = "";
	const char *other = text;
	int i;

	(void)state;
	must_ptr(f);
	first = sh_letters_take(f, noon, 2, &err);
	must_ptr(first);
	l = sh_letters_take(f, later, 2, &err);
	assert_ptr_equal(l, first);
	sh_letters_release(l);
	for (i = 0; i < SH_LETTERS_KEPT; i++) {
		text[0] = (char)('A' + i);
		l = sh_letters_take(f, &other, 1, &err);
		must_ptr(l);
		assert_ptr_not_equal(l, first);
		sh_letters_release(l);
	}
	/* Forgotten, but ours as long as we use it. */
	again = sh_letters_take(f, noon, 2, &err);
	must_ptr(again);
	assert_ptr_not_equal(again, first);
	assert_int_equal(again->file.len, first->file.len);
	assert_memory_equal(again->file.data, first->file.data,
	    first->file.len);
	assert_string_equal(again->subset.name, first->subset.name);
	sh_letters_release(first);
	sh_letters_release(again);
	other = "\xff";
	assert_null(sh_letters_take(f, &other, 1, &err));
	assert_string_equal(err.key, "text.utf8");
}

/* Long lines are broken inside their half of the page. */
static void
long_lines(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_pdf_signature what = test_what("f", SH_SIG_TOP_RIGHT);
	struct sh_pdf_page page;
	struct sh_pdf_update u;
	struct sh_pdf *doc;
	char line[4000];
	double r[4];
	uint32_t form;
	int fd = test_pdf_fd(&plain);

	(void)state;
	must(sh_pdf_open(fd, test_size(fd), &doc, &err));
	must(sh_pdf_first_page(doc, &page, &err));
	must(sh_pdf_update_begin(doc, &u, &err));
	memset(line, 'W', sizeof(line) - 1);
	line[200] = '\0';
	what.lines[0] = line;
	must(sh_appearance_write(&u, &page, &what, &form, r, &err));
	assert_true(r[0] > 595 / 2.0);
	assert_true(r[2] < 595 - 35.9);
	line[200] = 'W';
	line[sizeof(line) - 1] = '\0';
	must_fail_key(sh_appearance_write(&u, &page, &what, &form, r, &err),
	    "sign.text");
	sh_pdf_update_clear(&u);
	sh_pdf_close(doc);
	(void)close(fd);
}

static int
free_root(void **state)
{
	(void)state;
	test_root_free();
	return (0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_shape),
		cmocka_unit_test(dictionary),
		cmocka_unit_test(a_failure_leaves_the_file),
		cmocka_unit_test(files_that_are_not_signed),
		cmocka_unit_test(strict_reader),
		cmocka_unit_test(bomb),
		cmocka_unit_test(places),
		cmocka_unit_test(the_font),
		cmocka_unit_test(letters_are_kept),
		cmocka_unit_test(long_lines),
	};

	return (cmocka_run_group_tests_name("signing/pdf", tests, NULL,
	    free_root));
}
