/*
 * signing/revision and pdftail: what may stand behind a signature, and that
 * whatever else is appended is refused; document time stamps.
 */
#include "tests/unit/test_sig.h"

#include <openssl/ts.h>

#include "signing/cms.h"
#include "signing/pdfform.h"
#include "signing/pdfupdate.h"

static struct sh_signer *officer;

static const struct test_pdf plain = { .shape = CLASSIC };

/* A fresh copy of a signed file. */
static int
signed_copy(const struct test_pdf *p)
{
	int fd = test_pdf_fd(p);

	test_sign(fd, officer, "officer");
	return (fd);
}

/* ---- what is appended ---- */

/* Objects in the order of their numbers: the next free one is the last + 1. */
struct edit {
	const char *name;
	struct {
		uint32_t num;
		const char *body;
	} object[4];
	const char *key;	/* NULL: allowed */
};

/*
 * In the signed classic file: 1 catalog, 2 pages, 3 page, 4 content,
 * 5 signature, 6 appearance, 7 field, 8 form, 9 fields' array of the page.
 */
#define CATALOG	"<</Type/Catalog/Pages 2 0 R/AcroForm 8 0 R"
#define PAGE	"<</Type/Page/Parent 2 0 R/Resources<<>>/Contents 4 0 R"	\
		"/MediaBox[0 0 595 842]/Annots 9 0 R"
#define FORM	"<</SigFlags 3/Fields"

static const struct edit edits[] = {
	{ "nothing", { { 0, NULL } }, NULL },
	{ "a new object nobody refers to", { { 10, "(x)" } }, NULL },
	{ "the same catalog again", { { 1, CATALOG ">>" } }, NULL },
	{ "security store", { { 1, CATALOG "/DSS<</Certs[]>>>>" } }, NULL },
	{ "extension", { { 1, CATALOG "/Extensions<</ESIC<</BaseVersion/1.7"
	    "/ExtensionLevel 1>>>>>>" } }, NULL },
	{ "metadata", { { 1, CATALOG "/Metadata 10 0 R>>" }, { 10,
	    "<</Type/Metadata/Subtype/XML/Length 0>>\nstream\n\nendstream"
	    } }, NULL },
	{ "metadata that are none", { { 1, CATALOG "/Metadata 4 0 R>>" } },
	    "revision.changed" },
	{ "an empty signature field", { { 8, FORM "[7 0 R 10 0 R]>>" },
	    { 10, "<</FT/Sig/T(b)>>" } }, NULL },
	{ "one that shows something", { { 8, FORM "[7 0 R 10 0 R]>>" },
	    { 10, "<</FT/Sig/T(b)/AP<</N 6 0 R>>>>" } },
	    "revision.changed" },
	{ "one of a name in use", { { 8, FORM "[7 0 R 10 0 R]>>" },
	    { 10, "<</FT/Sig/T(officer)>>" } }, "revision.changed" },
	{ "one with an action", { { 8, FORM "[7 0 R 10 0 R]>>" },
	    { 10, "<</FT/Sig/T(b)/AA<<>>>>" } }, "revision.changed" },
	{ "a text field", { { 8, FORM "[7 0 R 10 0 R]>>" },
	    { 10, "<</FT/Tx/T(b)>>" } }, "revision.changed" },
	{ "the field is gone", { { 8, FORM "[]>>" } }, "signature.none" },
	{ "the form is gone", { { 1, "<</Type/Catalog/Pages 2 0 R>>" } },
	    "signature.none" },
	{ "no more signature flags", { { 8, "<</Fields[7 0 R]>>" } },
	    "revision.changed" },
	{ "appearances made anew", { { 8, FORM "[7 0 R]/NeedAppearances "
	    "true>>" } }, "revision.changed" },
	{ "the field shows something else", { { 7, "<</Type/Annot/Subtype"
	    "/Widget/FT/Sig/F 132/Rect[0.00 0.00 0.00 0.00]/P 3 0 R/V 5 0 R"
	    "/AP<</N 4 0 R>>/T(officer)>>" } }, "revision.changed" },
	{ "the appearance is overwritten", { { 6, "<</Type/XObject/Subtype"
	    "/Form/BBox[0 0 9 9]/Length 1>>\nstream\nf\nendstream" } },
	    "revision.changed" },
	{ "content", { { 4, "<</Length 1>>\nstream\nf\nendstream" } },
	    "revision.changed" },
	{ "content of the same length", { { 4, "<</Length 30>>\nstream\n0.9 g "
	    "100 100 300 301 re f    \nendstream" } }, "revision.changed" },
	{ "content under another number", { { 3, "<</Type/Page/Parent 2 0 R"
	    "/Resources<<>>/Contents 10 0 R/MediaBox[0 0 595 842]"
	    "/Annots 9 0 R>>" }, { 10, "<</Length 1>>\nstream\nf\nendstream"
	    } }, "revision.changed" },
	{ "the same content under another number", { { 3, "<</Type/Page"
	    "/Parent 2 0 R/Resources<<>>/Contents 10 0 R"
	    "/MediaBox[0 0 595 842]/Annots 9 0 R>>" }, { 10, "<</Length 30>>"
	    "\nstream\n0.9 g 100 100 300 300 re f    \nendstream" } }, NULL },
	{ "page size", { { 3, "<</Type/Page/Parent 2 0 R/Resources<<>>"
	    "/Contents 4 0 R/MediaBox[0 0 595 420]/Annots 9 0 R>>" } },
	    "revision.changed" },
	{ "resources", { { 3, "<</Type/Page/Parent 2 0 R/Resources<</Font<<"
	    "/F 6 0 R>>>>/Contents 4 0 R/MediaBox[0 0 595 842]/Annots 9 0 R"
	    ">>" } }, "revision.changed" },
	{ "page turned", { { 3, PAGE "/Rotate 180>>" } },
	    "revision.changed" },
	{ "annotation", { { 9, "[7 0 R 10 0 R]" }, { 10, "<</Type/Annot"
	    "/Subtype/FreeText/Rect[0 0 99 99]/Contents(x)>>" } },
	    "revision.changed" },
	{ "annotation beside the page", { { 3, PAGE "/AA<<>>>>" } },
	    "revision.changed" },
	{ "no more widget", { { 9, "[]" } }, "revision.changed" },
	{ "a page more", { { 2, "<</Type/Pages/Kids[3 0 R 10 0 R]/Count 2>>"
	    }, { 10, PAGE ">>" } }, "revision.changed" },
	{ "the page twice", { { 2, "<</Type/Pages/Kids[3 0 R 3 0 R]/Count 2"
	    ">>" } }, "revision.changed" },
	{ "another page", { { 2, "<</Type/Pages/Kids[10 0 R]/Count 1>>" },
	    { 10, PAGE ">>" } }, "revision.changed" },
	{ "open action", { { 1, CATALOG "/OpenAction[3 0 R/Fit]>>" } },
	    "revision.changed" },
	{ "optional content", { { 1, CATALOG "/OCProperties<<>>>>" } },
	    "revision.changed" },
	{ "names", { { 1, CATALOG "/Names<</JavaScript<<>>>>>>" } },
	    "revision.changed" },
	{ "another signature in its place", { { 5, "<</Type/Sig/Filter"
	    "/Adobe.PPKLite/SubFilter/ETSI.CAdES.detached/ByteRange[0 1 2 3]"
	    "/Contents<00>>>" } }, "signature.range" },
	{ "a field that is the signature's twin", { { 8,
	    FORM "[7 0 R 10 0 R]>>" }, { 10, "<</FT/Sig/T(b)/V 5 0 R>>" } },
	    "signature.shared" },
	{ "an object stream", { { 10, "<</Type/ObjStm/N 0/First 0/Length 0>>"
	    "\nstream\n\nendstream" } }, NULL },
};

static void
apply(int fd, const struct edit *e)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_pdf_update u;
	struct sh_pdf *doc;
	size_t i;

	must(sh_pdf_open(fd, test_size(fd), &doc, &err));
	must(sh_pdf_update_begin(doc, &u, &err));
	for (i = 0; i < 4 && e->object[i].body != NULL; i++)
		must(sh_pdf_update_print(&u, e->object[i].num, 0, &err, "%s",
		    e->object[i].body));
	if (u.next <= 10)
		u.next = 11;
	must(sh_pdf_update_finish(&u, &err));
	test_append(fd, u.out.data, u.out.len);
	sh_pdf_update_clear(&u);
	sh_pdf_close(doc);
}

static void
appended_updates(void **state)
{
	struct sh_verdict v;
	size_t i;
	int fd, mended;

	(void)state;
	for (i = 0; i < sizeof(edits) / sizeof(edits[0]); i++) {
		fd = signed_copy(&plain);
		apply(fd, &edits[i]);
		v = test_verdict(fd);
		if (edits[i].key == NULL ? v.status != SH_TOTAL_PASSED :
		    v.integrity || v.status == SH_TOTAL_PASSED ||
		    !test_has_reason(&v, edits[i].key))
			fail_msg("%s: %s", edits[i].name,
			    json_dumps(v.report, 0));
		sh_verdict_clear(&v);
		/*
		 * A further signature on top makes it no better, but that it
		 * sets the flags again.
		 */
		test_sign(fd, officer, "later");
		v = test_verdict(fd);
		mended = strcmp(edits[i].name, "no more signature flags") == 0;
		if (edits[i].key == NULL || mended ?
		    v.status != SH_TOTAL_PASSED : v.integrity &&
		    strcmp(edits[i].key, "signature.none") != 0)
			fail_msg("%s, signed again: %s", edits[i].name,
			    json_dumps(v.report, 0));
		sh_verdict_clear(&v);
		(void)close(fd);
	}
}

/* Bytes behind the signature that are no update. */
static void
stray_bytes(void **state)
{
	static const struct {
		const char *bytes;
		int ok;
	} cases[] = {
		{ "\n", 1 }, { "\r\n \n", 1 },
		{ "x", 0 }, { "% x\n", 0 }, { "%%EOF\n", 0 },
		{ "10 0 obj\n(x)\nendobj\n", 0 },
		{ "10 0 obj\n(x)\nendobj\n%%EOF\n", 0 },
		{ "startxref\n9\n%%EOF\n", 0 },
	};
	struct sh_error err = SH_ERROR_INIT;
	struct sh_pdf_update u;
	struct sh_verdict v;
	struct sh_pdf *doc;
	size_t i;
	int fd;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		fd = signed_copy(&plain);
		test_append(fd, cases[i].bytes, strlen(cases[i].bytes));
		v = test_verdict(fd);
		if (v.integrity != cases[i].ok)
			fail_msg("%s: %s", cases[i].bytes,
			    json_dumps(v.report, 0));
		sh_verdict_clear(&v);
		(void)close(fd);
	}
	/* An object in an update that its cross-references do not list. */
	fd = signed_copy(&plain);
	must(sh_pdf_open(fd, test_size(fd), &doc, &err));
	must(sh_pdf_update_begin(doc, &u, &err));
	must(sh_buf_puts(&u.out, "4 0 obj\n(hidden)\nendobj\n", &err));
	must(sh_pdf_update_print(&u, 1, 0, &err, CATALOG ">>"));
	must(sh_pdf_update_finish(&u, &err));
	test_append(fd, u.out.data, u.out.len);
	sh_pdf_update_clear(&u);
	sh_pdf_close(doc);
	expect(fd, SH_TOTAL_FAILED, "revision.stray");
	(void)close(fd);
}

/* ---- signatures made by hand ---- */

/*
 * Appends a signature with MEMBERS in its dictionary, over which CMS is made
 * by MAKE; the form becomes FORM.
 */
typedef void make_cms(const uint8_t *digest, struct sh_buf *out);

static void
sign_by_hand(int fd, const char *field, const char *subfilter,
    const char *members, const char *catalog, make_cms *make)
{
	enum { ROOM = 8192 };
	struct sh_error err = SH_ERROR_INIT;
	struct sh_pdf_update u;
	struct sh_pdf_form form;
	struct sh_pdf *doc;
	struct sh_buf cms = SH_BUF_INIT, hex = SH_BUF_INIT;
	struct sh_buf fields = SH_BUF_INIT;
	uint64_t size = test_size(fd), range[2][2];
	size_t at, i;
	uint8_t digest[SH_MD_MAX];
	char text[64];
	uint32_t num;

	must(sh_pdf_open(fd, size, &doc, &err));
	must(sh_pdf_form_read(doc, &form, &err));
	must(sh_pdf_update_begin(doc, &u, &err));
	num = sh_pdf_update_number(&u);
	(void)sh_pdf_update_number(&u);
	(void)sh_pdf_update_number(&u);
	must(sh_buf_reserve(&hex, 2 * ROOM + 1, &err) == NULL);
	memset(hex.data, '0', 2 * ROOM);
	hex.data[2 * ROOM] = '\0';
	must(sh_pdf_update_print(&u, num, 0, &err, "<<%s/SubFilter/%s"
	    "/ByteRange[%40s]/Contents<%s>>>", members, subfilter, "",
	    (char *)hex.data));
	must(sh_pdf_update_print(&u, num + 1, 0, &err, "<</FT/Sig/T(%s)"
	    "/V %u 0 R/Rect[0 0 0 0]/Type/Annot/Subtype/Widget/F 132>>",
	    field, num));
	for (i = 0; i < form.nfields; i++)
		must(sh_buf_printf(&fields, &err, "%u 0 R ",
		    form.fields[i].object->num));
	must(sh_pdf_update_print(&u, form.object != NULL ? form.object->num :
	    num + 2, 0, &err, FORM "[%s%u 0 R]>>", fields.len > 0 ?
	    (char *)fields.data : "", num + 1));
	if (form.object == NULL)
		must(sh_pdf_update_print(&u, 1, 0, &err, "<</Type/Catalog"
		    "/Pages 2 0 R/AcroForm %u 0 R%s>>", num + 2, catalog));
	must(sh_pdf_update_finish(&u, &err));
	at = (size_t)((uint8_t *)memmem(u.out.data, u.out.len, "/Contents<",
	    10) - u.out.data) + 9;
	range[0][0] = 0;
	range[0][1] = size + at;
	range[1][0] = size + at + 2 * ROOM + 2;
	range[1][1] = u.out.len - at - 2 * ROOM - 2;
	(void)snprintf(text, sizeof(text), "%llu %llu %llu %llu",
	    (unsigned long long)range[0][0], (unsigned long long)range[0][1],
	    (unsigned long long)range[1][0], (unsigned long long)range[1][1]);
	memcpy(u.out.data + at - 50, text, strlen(text));
	test_append(fd, u.out.data, u.out.len);
	must(sh_md_ranges(SH_MD_SHA256, fd, (const uint64_t (*)[2])range, 2,
	    digest, &err));
	make(digest, &cms);
	assert_true(cms.len <= ROOM);
	for (i = 0; i < cms.len; i++)
		(void)snprintf(text, 3, "%02x", cms.data[i]),
		memcpy(hex.data + 2 * i, text, 2);
	must(sh_pwrite_all(fd, hex.data, 2 * ROOM, size + at + 1, &err));
	sh_buf_free(&cms);
	sh_buf_free(&hex);
	sh_buf_free(&fields);
	sh_pdf_form_clear(&form);
	sh_pdf_update_clear(&u);
	sh_pdf_close(doc);
}

static void
make_signature(const uint8_t *digest, struct sh_buf *out)
{
	struct sh_error err = SH_ERROR_INIT;

	must(sh_cms_sign(officer, digest, out, &err));
}

#define CERTIFY(p)							\
	"/Type/Sig/Reference[<</TransformMethod/DocMDP/TransformParams"	\
	"<</P " p ">>>>]"
#define LOCK(what)							\
	"/Type/Sig/Reference[<</TransformMethod/FieldMDP"		\
	"/TransformParams<<" what ">>>>]"

static void
certified(void **state)
{
	static const struct {
		const char *members;
		const char *key;	/* of signing again; NULL: allowed */
	} cases[] = {
		{ "/Type/Sig", NULL },
		{ CERTIFY("2"), NULL },
		{ CERTIFY("3"), NULL },
		{ CERTIFY("1"), "revision.changed" },
		{ LOCK("/Action/All"), "revision.changed" },
		{ LOCK("/Action/Include/Fields[(x)(later)]"),
		    "revision.changed" },
		{ LOCK("/Action/Include/Fields[(lat)]"), NULL },
		{ LOCK("/Action/Exclude/Fields[(later)]"), NULL },
		{ LOCK("/Action/Exclude/Fields[(x)]"), "revision.changed" },
	};
	size_t i;
	int fd;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		fd = test_pdf_fd(&plain);
		sign_by_hand(fd, "first", "ETSI.CAdES.detached",
		    cases[i].members, "", make_signature);
		expect(fd, SH_TOTAL_PASSED, NULL);
		test_sign(fd, officer, "later");
		expect(fd, cases[i].key == NULL ? SH_TOTAL_PASSED :
		    SH_TOTAL_FAILED, cases[i].key);
		(void)close(fd);
	}
	/* Only the first signature certifies. */
	fd = signed_copy(&plain);
	sign_by_hand(fd, "second", "ETSI.CAdES.detached", CERTIFY("2"), "",
	    make_signature);
	expect(fd, SH_TOTAL_FAILED, "signature.dictionary");
	(void)close(fd);
}

/* Filling in a form: only where a certification says so, not if locked. */
static void
forms(void **state)
{
	static const struct test_pdf form = { .shape = CLASSIC,
	    .catalog = "/AcroForm 5 0 R", .page = "/Annots[6 0 R]", .more = {
	    "<</SigFlags 3/Fields[6 0 R]>>",
	    "<</Type/Annot/Subtype/Widget/FT/Tx/T(name)/Rect[9 9 99 30]>>" } };
	/* The field is the configuration of optional content as well. */
	static const struct test_pdf twofold = { .shape = CLASSIC,
	    .catalog = "/AcroForm 5 0 R/OCProperties<</OCGs[]/D 6 0 R>>",
	    .page = "/Annots[6 0 R]", .more = {
	    "<</SigFlags 3/Fields[6 0 R]>>",
	    "<</Type/Annot/Subtype/Widget/FT/Tx/T(name)/Rect[9 9 99 30]>>" } };
	static const struct edit hide = { "hide", { { 6, "<</Type/Annot"
	    "/Subtype/Widget/FT/Tx/T(name)/Rect[9 9 99 30]/AS[<<>>]>>" } },
	    NULL };
	static const struct edit fill = { "fill", { { 6, "<</Type/Annot"
	    "/Subtype/Widget/FT/Tx/T(name)/Rect[9 9 99 30]/V(An)>>" } },
	    NULL };
	static const struct edit move = { "move", { { 6, "<</Type/Annot"
	    "/Subtype/Widget/FT/Tx/T(name)/Rect[9 9 500 700]/V(An)>>" } },
	    NULL };
	static const struct {
		const struct test_pdf *pdf;
		const char *members;
		const struct edit *edit;
		int ok;
	} cases[] = {
		{ &form, "/Type/Sig", &fill, 0 },
		{ &form, CERTIFY("1"), &fill, 0 },
		{ &form, CERTIFY("2"), &fill, 1 },
		{ &form, CERTIFY("2"), &move, 0 },
		{ &twofold, CERTIFY("2"), &fill, 1 },
		{ &twofold, CERTIFY("2"), &hide, 0 },
		{ &form, "/Type/Sig/Reference[<</TransformMethod/DocMDP"
		    "/TransformParams<</P 2>>>><</TransformMethod/FieldMDP"
		    "/TransformParams<</Action/All>>>>]", &fill, 0 },
	};
	size_t i;
	int fd;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		fd = test_pdf_fd(cases[i].pdf);
		sign_by_hand(fd, "first", "ETSI.CAdES.detached",
		    cases[i].members, "", make_signature);
		expect(fd, SH_TOTAL_PASSED, NULL);
		apply(fd, cases[i].edit);
		expect(fd, cases[i].ok ? SH_TOTAL_PASSED : SH_TOTAL_FAILED,
		    cases[i].ok ? NULL : "revision.changed");
		(void)close(fd);
	}
}

/* ---- document time stamps ---- */

static struct {
	EVP_PKEY *key;
	X509 *cert;
	int spoil;
} tsa;

static ASN1_INTEGER *
next_serial(struct TS_resp_ctx *ctx, void *data)
{
	ASN1_INTEGER *n = ASN1_INTEGER_new();

	(void)ctx;
	(void)data;
	ASN1_INTEGER_set(n, 7);
	return (n);
}

static int
test_time(struct TS_resp_ctx *ctx, void *data, long *sec, long *usec)
{
	(void)ctx;
	(void)data;
	*sec = NOW;
	*usec = 0;
	return (1);
}

/* A token of OpenSSL's own time-stamping authority. */
static void
make_stamp(const uint8_t *digest, struct sh_buf *out)
{
	struct sh_error err = SH_ERROR_INIT;
	TS_REQ *req = TS_REQ_new();
	TS_MSG_IMPRINT *imprint = TS_MSG_IMPRINT_new();
	X509_ALGOR *alg = X509_ALGOR_new();
	TS_RESP_CTX *ctx = TS_RESP_CTX_new();
	BIO *bio = BIO_new(BIO_s_mem());
	ASN1_OBJECT *policy;
	TS_RESP *resp;
	uint8_t copy[32], *der = NULL;
	int len;

	memcpy(copy, digest, sizeof(copy));
	copy[0] ^= (uint8_t)tsa.spoil;
	X509_ALGOR_set0(alg, OBJ_nid2obj(NID_sha256), V_ASN1_NULL, NULL);
	TS_MSG_IMPRINT_set_algo(imprint, alg);
	TS_MSG_IMPRINT_set_msg(imprint, copy, sizeof(copy));
	TS_REQ_set_version(req, 1);
	TS_REQ_set_msg_imprint(req, imprint);
	TS_REQ_set_cert_req(req, 1);
	assert_int_equal(i2d_TS_REQ_bio(bio, req), 1);
	TS_RESP_CTX_set_signer_cert(ctx, tsa.cert);
	TS_RESP_CTX_set_signer_key(ctx, tsa.key);
	TS_RESP_CTX_set_signer_digest(ctx, EVP_sha256());
	TS_RESP_CTX_set_ess_cert_id_digest(ctx, EVP_sha256());
	policy = OBJ_txt2obj("1.2.3.4", 1);
	TS_RESP_CTX_set_def_policy(ctx, policy);
	TS_RESP_CTX_add_md(ctx, EVP_sha256());
	TS_RESP_CTX_set_serial_cb(ctx, next_serial, NULL);
	TS_RESP_CTX_set_time_cb(ctx, test_time, NULL);
	resp = TS_RESP_create_response(ctx, bio);
	assert_non_null(resp);
	assert_non_null(TS_RESP_get_token(resp));
	len = i2d_PKCS7(TS_RESP_get_token(resp), &der);
	must(sh_buf_append(out, der, (size_t)len, &err));
	OPENSSL_free(der);
	TS_RESP_free(resp);
	TS_RESP_CTX_free(ctx);
	TS_REQ_free(req);
	TS_MSG_IMPRINT_free(imprint);
	X509_ALGOR_free(alg);
	ASN1_OBJECT_free(policy);
	BIO_free(bio);
}

static void
time_stamps(void **state)
{
	struct test_cert c = { "TEST TSA", -30, 700,
	    "critical,digitalSignature", "critical,timeStamping", 0 };
	struct sh_verdict v;
	json_t *sig;
	int fd;

	(void)state;
	tsa.key = test_make_key(P256);
	tsa.cert = test_make_cert(&c, tsa.key, test_root()->cert,
	    test_root()->key);
	tsa.spoil = 0;
	fd = signed_copy(&plain);
	sign_by_hand(fd, "stamp", "ETSI.RFC3161", "/Type/DocTimeStamp", "",
	    make_stamp);
	v = test_verdict(fd);
	assert_int_equal(v.status, SH_TOTAL_PASSED);
	assert_int_equal(v.nsignatures, 2);
	sig = json_array_get(json_object_get(v.report, "signatures"), 1);
	assert_string_equal(json_string_value(json_object_get(sig, "kind")),
	    "timestamp");
	assert_string_equal(json_string_value(json_object_get(sig,
	    "stamped_time")), "2026-11-21T09:30:00+07:00");
	sh_verdict_clear(&v);
	(void)close(fd);

	/* A stamp may follow where nothing else may. */
	fd = test_pdf_fd(&plain);
	sign_by_hand(fd, "first", "ETSI.CAdES.detached", CERTIFY("1"), "",
	    make_signature);
	sign_by_hand(fd, "stamp", "ETSI.RFC3161", "/Type/DocTimeStamp", "",
	    make_stamp);
	expect(fd, SH_TOTAL_PASSED, "revision.later");
	(void)close(fd);

	tsa.spoil = 1;
	fd = signed_copy(&plain);
	sign_by_hand(fd, "stamp", "ETSI.RFC3161", "/Type/DocTimeStamp", "",
	    make_stamp);
	expect(fd, SH_TOTAL_FAILED, "cms.digest");
	(void)close(fd);

	/* A signature is no time stamp, and the other way round. */
	fd = signed_copy(&plain);
	sign_by_hand(fd, "stamp", "ETSI.RFC3161", "/Type/DocTimeStamp", "",
	    make_signature);
	expect(fd, SH_TOTAL_FAILED, "cms.content");
	(void)close(fd);
	tsa.spoil = 0;
	fd = test_pdf_fd(&plain);
	sign_by_hand(fd, "f", "ETSI.CAdES.detached", "/Type/Sig", "",
	    make_stamp);
	expect(fd, SH_TOTAL_FAILED, "cms.content");
	(void)close(fd);
	X509_free(tsa.cert);
	EVP_PKEY_free(tsa.key);
}

/* ---- revocation lists in the file ---- */

/*
 * A list of ISSUER, signed by KEY, that names SERIAL; valid for DAYS.  The
 * first is object 10, and stays in the store when another comes.
 */
static void
add_crl(int fd, X509 *issuer, EVP_PKEY *key, ASN1_INTEGER *serial, int days)
{
	struct sh_error err = SH_ERROR_INIT;
	X509_CRL *crl = X509_CRL_new();
	X509_REVOKED *r = X509_REVOKED_new();
	ASN1_TIME *t = ASN1_TIME_set(NULL, NOW - 20 * DAY);
	struct sh_pdf_update u;
	struct sh_pdf *doc;
	uint8_t *der = NULL;
	uint32_t num;
	int len;

	X509_CRL_set_version(crl, X509_CRL_VERSION_2);
	X509_CRL_set_issuer_name(crl, X509_get_subject_name(issuer));
	X509_CRL_set1_lastUpdate(crl, t);
	X509_REVOKED_set_revocationDate(r, t);
	ASN1_TIME_set(t, NOW + days * DAY);
	X509_CRL_set1_nextUpdate(crl, t);
	X509_REVOKED_set_serialNumber(r, serial);
	X509_CRL_add0_revoked(crl, r);
	X509_CRL_sign(crl, key, EVP_sha256());
	len = i2d_X509_CRL(crl, &der);
	must(sh_pdf_open(fd, test_size(fd), &doc, &err));
	must(sh_pdf_update_begin(doc, &u, &err));
	num = sh_pdf_update_number(&u);
	must(sh_pdf_update_stream(&u, num, "", der, (size_t)len, &err));
	must(sh_pdf_update_print(&u, 1, 0, &err, CATALOG "/DSS<</CRLs[4 0 R "
	    "99 0 R 10 0 R %u 0 R]>>>>", num));
	must(sh_pdf_update_finish(&u, &err));
	test_append(fd, u.out.data, u.out.len);
	sh_pdf_update_clear(&u);
	sh_pdf_close(doc);
	OPENSSL_free(der);
	ASN1_TIME_free(t);
	X509_CRL_free(crl);
}

static void
revocation_lists(void **state)
{
	const struct test_root *root = test_root();
	EVP_PKEY *other = test_make_key(P256);
	const uint8_t *der;
	size_t len;
	ASN1_INTEGER *serial, *none = ASN1_INTEGER_new();
	const struct {
		EVP_PKEY *key;
		int mine, days;
		enum sh_status want;
		const char *key_;
	} cases[] = {
		{ root->key, 1, 20, SH_INDETERMINATE, "chain.revoked" },
		/* Out of date, but it names the certificate. */
		{ root->key, 1, -1, SH_INDETERMINATE, "chain.revoked" },
		{ root->key, 0, -1, SH_TOTAL_PASSED, "revocation.unchecked" },
		/* Not its issuer's: says nothing. */
		{ other, 1, 20, SH_TOTAL_PASSED, "revocation.unchecked" },
		{ root->key, 0, 20, SH_TOTAL_PASSED, NULL },
	};
	struct sh_verdict v;
	X509 *x;
	size_t i;
	int fd;

	(void)state;
	der = sh_signer_certificate(officer, 0, &len);
	x = d2i_X509(NULL, &der, (long)len);
	serial = X509_get_serialNumber(x);
	ASN1_INTEGER_set(none, 4711);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		fd = signed_copy(&plain);
		add_crl(fd, root->cert, cases[i].key, cases[i].mine ? serial :
		    none, cases[i].days);
		expect(fd, cases[i].want, cases[i].key_);
		v = test_verdict(fd);
		assert_true(v.integrity);
		if (cases[i].key_ == NULL)
			assert_false(test_has_reason(&v,
			    "revocation.unchecked"));
		sh_verdict_clear(&v);
		/* A forged list that is newer hides nothing. */
		add_crl(fd, root->cert, other, none, 40);
		expect(fd, cases[i].want, cases[i].key_);
		(void)close(fd);
	}
	ASN1_INTEGER_free(none);
	X509_free(x);
	EVP_PKEY_free(other);
}

static int
begin(void **state)
{
	(void)state;
	officer = test_signer(P256, GOOD_CERT);
	return (0);
}

static int
end(void **state)
{
	(void)state;
	sh_signer_close(officer);
	test_root_free();
	return (0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(appended_updates),
		cmocka_unit_test(stray_bytes),
		cmocka_unit_test(certified),
		cmocka_unit_test(forms),
		cmocka_unit_test(time_stamps),
		cmocka_unit_test(revocation_lists),
	};

	return (cmocka_run_group_tests_name("signing/revision", tests, begin,
	    end));
}
