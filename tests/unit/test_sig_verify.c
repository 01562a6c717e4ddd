/*
 * signing/verify: what is accepted, and that whatever else is done to a
 * signed file is not.
 */
#include "tests/unit/test_sig.h"

#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <openssl/ts.h>

#include "signing/cms.h"
#include "signing/pdfform.h"
#include "signing/pdfupdate.h"
#include "signing/reason.h"

static struct sh_signer *officer;

static const struct test_pdf plain = { .shape = CLASSIC };

static uint64_t
size_of(int fd)
{
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	return ((uint64_t)st.st_size);
}

static void
append(int fd, const void *bytes, size_t len)
{
	struct sh_error err = SH_ERROR_INIT;

	must(sh_pwrite_all(fd, bytes, len, size_of(fd), &err));
}

/* A fresh copy of a signed file. */
static int
signed_copy(const struct test_pdf *p)
{
	int fd = test_pdf_fd(p);

	test_sign(fd, officer, "officer");
	return (fd);
}

/* ---- bytes ---- */

static void
no_signed_byte_may_differ(void **state)
{
	int fd = signed_copy(&plain);
	struct sh_buf b = SH_BUF_INIT;
	struct sh_error err = SH_ERROR_INIT;
	struct sh_verdict v;
	const uint8_t *gap;
	size_t i, first, last, n = 0;
	uint8_t c;

	(void)state;
	test_read_fd(fd, &b);
	gap = memmem(b.data, b.len, "/Contents<", 10);
	first = (size_t)(gap - b.data) + 9;
	last = (size_t)((uint8_t *)memchr(gap, '>', 99999) - b.data);
	for (i = 0; i < b.len; i += i > first && i < last ? 61 : 3) {
		c = b.data[i] ^ 1;
		must(sh_pwrite_all(fd, &c, 1, i, &err));
		must(sh_verify_pdf(fd, test_root()->trust, NOW, &v, &err));
		if (v.integrity || v.status == SH_TOTAL_PASSED)
			fail_msg("byte %zu changed, still good", i);
		sh_verdict_clear(&v);
		must(sh_pwrite_all(fd, &b.data[i], 1, i, &err));
		n++;
	}
	assert_true(n > 300);
	expect(fd, SH_TOTAL_PASSED, NULL);
	/* Neither cut short. */
	for (i = 0; i < b.len; i += 97) {
		assert_int_equal(ftruncate(fd, (off_t)i), 0);
		must(sh_verify_pdf(fd, test_root()->trust, NOW, &v, &err));
		assert_false(v.integrity);
		sh_verdict_clear(&v);
		must(sh_pwrite_all(fd, b.data, b.len, 0, &err));
	}
	sh_buf_free(&b);
	(void)close(fd);
}

/* FROM becomes TO, of the same length, where it first stands. */
static void
patch(int fd, const char *from, const char *to)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_buf b = SH_BUF_INIT;
	uint8_t *at;

	assert_int_equal(strlen(from), strlen(to));
	test_read_fd(fd, &b);
	at = memmem(b.data, b.len, from, strlen(from));
	assert_non_null(at);
	must(sh_pwrite_all(fd, to, strlen(to), (uint64_t)(at - b.data),
	    &err));
	sh_buf_free(&b);
}

static void
signature_dictionaries(void **state)
{
	static const struct {
		const char *from, *to, *key;
	} cases[] = {
		{ "/ByteRange[0 ", "/ByteRange[1 ", "signature.range" },
		{ "/ByteRange[0 ", "/ByteRangX[0 ", "signature.dictionary" },
		{ "/ByteRange[0 ", "/ByteRange[- ", "pdf.damaged" },
		{ "]/Contents<", "]/Contentx<", "signature.dictionary" },
		{ "]/Contents<3", "]/Contents< ", "signature.dictionary" },
		{ "/Contents<30", "/Contents<  ", "signature.dictionary" },
		{ "/SubFilter/ETSI.CAdES.detached",
		    "/SubFilter/ETSI.CAdES.detachee", "signature.kind" },
		{ "/SubFilter/ETSI.CAdES.detached",
		    "/SubFilter/adbe.x509.rsa_sha1x", "signature.kind" },
		{ "0>/M(", "> /M(", "signature.dictionary" },	/* odd */
		{ "/Type/Sig/", "/Type/Sug/", "signature.dictionary" },
		{ "<</Type/Sig/Filter/", "<</Filter 1 /Filter", "pdf.damaged" },
	};
	size_t i;
	int fd;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct sh_verdict v;

		fd = signed_copy(&plain);
		patch(fd, cases[i].from, cases[i].to);
		v = test_verdict(fd);
		if (v.integrity || v.status == SH_TOTAL_PASSED ||
		    !test_has_reason(&v, cases[i].key))
			fail_msg("%s: %s", cases[i].to,
			    json_dumps(v.report, 0));
		sh_verdict_clear(&v);
		(void)close(fd);
	}
}

/* Each of the numbers one more or less leaves out something else. */
static void
byte_ranges(void **state)
{
	static const int delta[][4] = {
		{ 1, 0, 0, 0 }, { 0, 1, 0, 0 }, { 0, -1, 0, 0 },
		{ 0, 0, 1, 0 }, { 0, 0, -1, 0 }, { 0, 0, 0, 1 },
		{ 0, 0, 1, -1 }, { 0, 0, -1, 1 }, { 0, -1, -1, 1 },
		{ 0, 9, 0, 0 }, { 0, 0, 0, 0 }
	};
	unsigned long long r[4];
	struct sh_error err = SH_ERROR_INIT;
	struct sh_buf b = SH_BUF_INIT;
	char text[64], *at;
	size_t i, n = sizeof(delta) / sizeof(delta[0]);
	int fd = signed_copy(&plain), k;

	(void)state;
	test_read_fd(fd, &b);
	at = memmem(b.data, b.len, "/ByteRange[", 11);
	assert_int_equal(sscanf(at + 11, "%llu %llu %llu %llu", &r[0], &r[1],
	    &r[2], &r[3]), 4);
	for (i = 0; i < n; i++) {
		unsigned long long x[4];

		for (k = 0; k < 4; k++)
			x[k] = r[k] + (unsigned long long)delta[i][k];
		(void)snprintf(text, sizeof(text), "%llu %llu %llu %llu ",
		    x[0], x[1], x[2], x[3]);
		must(sh_pwrite_all(fd, text, strlen(text),
		    (uint64_t)(at + 11 - (char *)b.data), &err));
		if (i == n - 1)
			expect(fd, SH_TOTAL_PASSED, NULL);
		else
			expect(fd, SH_TOTAL_FAILED, "signature.range");
	}
	sh_buf_free(&b);
	(void)close(fd);
}

static void
files_without_a_signature(void **state)
{
	static const struct test_pdf encrypted = { .catalog = "" };
	int fd = test_pdf_fd(&plain);

	(void)state;
	expect(fd, SH_INDETERMINATE, "signature.none");
	(void)close(fd);
	fd = test_memfd("", 0);
	expect(fd, SH_TOTAL_FAILED, "pdf.damaged");
	append(fd, "no PDF at all\n", 14);
	expect(fd, SH_TOTAL_FAILED, "pdf.damaged");
	(void)close(fd);
	fd = test_pdf_fd(&encrypted);
	patch(fd, "/ID[<00><00>]", "/Encrypt 1   ");
	expect(fd, SH_INDETERMINATE, "pdf.encrypted");
	(void)close(fd);
}

/* ---- trust ---- */

static void
judge_cert(struct test_cert c, enum test_key kind, int64_t when,
    enum sh_status want, const char *key)
{
	struct sh_error err = SH_ERROR_INIT;
	EVP_PKEY *k = test_make_key(kind);
	X509 *x = test_make_cert(&c, k, test_root()->cert,
	    test_root()->key);
	struct sh_signer *s = test_open_signer(k, x);
	struct sh_verdict v;
	struct sh_pdf_signature what = test_what("f", SH_SIG_INVISIBLE);
	int fd = test_pdf_fd(&plain);

	/* What may not sign does not sign here; then its verdict is moot. */
	if (sh_pdf_sign(fd, s, &what, &err) != 0) {
		assert_int_equal(err.code, SH_ESIGNATURE);
		sh_error_clear(&err);
		assert_string_equal(key, "refused");
	} else {
		must(sh_verify_pdf(fd, test_root()->trust, when, &v, &err));
		assert_true(v.integrity);
		if (v.status != want || (key != NULL &&
		    !test_has_reason(&v, key)))
			fail_msg("expected %s: %s", key,
			    json_dumps(v.report, 0));
		sh_verdict_clear(&v);
	}
	(void)close(fd);
	sh_signer_close(s);
	X509_free(x);
	EVP_PKEY_free(k);
}

static void
certificates(void **state)
{
	struct test_cert c = GOOD_CERT;

	(void)state;
	judge_cert(c, P256, NOW, SH_TOTAL_PASSED, "revocation.unchecked");
	judge_cert(c, P256, NOW + 800 * DAY, SH_INDETERMINATE,
	    "chain.expired");
	judge_cert(c, P256, NOW - 40 * DAY, SH_INDETERMINATE,
	    "chain.not-yet");
	c.eku = NULL;
	judge_cert(c, P256, NOW, SH_TOTAL_PASSED, "time.claimed");
	c.eku = "emailProtection,clientAuth";
	judge_cert(c, RSA2048, NOW, SH_TOTAL_PASSED, NULL);
	c.eku = "clientAuth";
	judge_cert(c, P256, NOW, SH_TOTAL_FAILED, "refused");
	c.eku = NULL;
	c.usage = "critical,keyAgreement";
	judge_cert(c, P256, NOW, SH_TOTAL_FAILED, "refused");
}

/* Our own check stands before signing, so foreign ones are made by hand. */
static int
sign_by_ops(void *self, enum sh_sig_algorithm alg, const void *tbs,
    size_t len, struct sh_buf *sig, struct sh_error *err)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	size_t siglen = 512;
	uint8_t *room = sh_buf_reserve(sig, siglen, err);

	(void)alg;
	assert_int_equal(EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL,
	    self), 1);
	assert_int_equal(EVP_DigestSign(ctx, room, &siglen, tbs, len), 1);
	sig->len += siglen;
	EVP_MD_CTX_free(ctx);
	return (0);
}

static void
keep_key(void *self)
{
	(void)self;
}

static const struct sh_signer_ops key_ops = {
	.name = "test", .sign = sign_by_ops, .close = keep_key
};

static struct sh_signer *
signer_with_chain(EVP_PKEY *key, enum sh_sig_algorithm alg, X509 **chain,
    size_t n)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_signer *s;
	uint8_t *der[4] = { NULL };
	size_t len[4], i;

	for (i = 0; i < n; i++)
		len[i] = (size_t)i2d_X509(chain[i], &der[i]);
	must(sh_signer_new(&key_ops, key, (const uint8_t *const *)der, len,
	    n, alg, &s, &err));
	for (i = 0; i < n; i++)
		OPENSSL_free(der[i]);
	return (s);
}

static void
chains(void **state)
{
	static const struct test_cert sub = { "TEST sub", -30, 700, NULL,
	    NULL, 1 }, no_ca = { "TEST no CA", -30, 700, NULL, NULL, 0 },
	    old = { "TEST old", -30, -1, NULL, NULL, 1 },
	    silent = { "TEST silent", -30, 700, NULL, NULL, 2 };
	const struct {
		const struct test_cert *c;
		const char *key;
		int with_sub;
	} cases[] = {
		{ &sub, NULL, 1 }, { &sub, "chain.none", 0 },
		{ &no_ca, "chain.invalid", 1 }, { &old, "chain.expired", 1 },
		{ &silent, "chain.invalid", 1 },
	};
	EVP_PKEY *subkey = test_make_key(P256), *key = test_make_key(P256);
	struct sh_signer *s;
	struct sh_trust *partial;
	struct sh_error err = SH_ERROR_INIT;
	struct sh_verdict v;
	X509 *chain[2];
	size_t i;
	int fd;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		chain[1] = test_make_cert(cases[i].c, subkey,
		    test_root()->cert, test_root()->key);
		chain[0] = test_make_cert(&GOOD_CERT, key, chain[1], subkey);
		s = signer_with_chain(key, SH_SIG_ECDSA_SHA256, chain,
		    cases[i].with_sub ? 2 : 1);
		fd = test_pdf_fd(&plain);
		test_sign(fd, s, "f");
		expect(fd, cases[i].key == NULL ? SH_TOTAL_PASSED :
		    SH_INDETERMINATE, cases[i].key);
		/* An authority below the root may itself be an anchor. */
		if (!cases[i].with_sub) {
			partial = test_trust(chain[1]);
			must(sh_verify_pdf(fd, partial, NOW, &v, &err));
			assert_int_equal(v.status, SH_TOTAL_PASSED);
			sh_verdict_clear(&v);
			sh_trust_free(partial);
		}
		/* Nobody is trusted without anchors. */
		must(sh_verify_pdf(fd, NULL, NOW, &v, &err));
		assert_int_equal(v.status, SH_INDETERMINATE);
		assert_true(v.integrity);
		sh_verdict_clear(&v);
		(void)close(fd);
		sh_signer_close(s);
		X509_free(chain[0]);
		X509_free(chain[1]);
	}
	EVP_PKEY_free(subkey);
	EVP_PKEY_free(key);
}

static void
anchors(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_trust *t;
	struct sh_secret word = test_secret("secret");
	char *dir = test_mkdir(), path[128];

	(void)state;
	must_fail_key(sh_trust_parse("", 0, &t, &err), "trust.empty");
	must_fail_key(sh_trust_parse("nonsense", 8, &t, &err),
	    "trust.empty");
	must_fail_key(sh_trust_load(dir, &t, &err), "trust.empty");
	must(sh_signer_make_test_keys(dir, &word, NOW, &err));
	must(sh_trust_load(dir, &t, &err));
	sh_trust_free(t);
	(void)snprintf(path, sizeof(path), "%s/z.pem", dir);
	must(sh_fs_replace(path, "-----BEGIN CERTIFICATE-----\nAAAA\n"
	    "-----END CERTIFICATE-----\n", 59, 0644, &err));
	must_fail_key(sh_trust_load(dir, &t, &err), "trust.damaged");
	sh_secret_free(&word);
	test_rmdir(dir);
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

	must(sh_pdf_open(fd, size_of(fd), &doc, &err));
	must(sh_pdf_update_begin(doc, &u, &err));
	for (i = 0; i < 4 && e->object[i].body != NULL; i++)
		must(sh_pdf_update_print(&u, e->object[i].num, 0, &err, "%s",
		    e->object[i].body));
	if (u.next <= 10)
		u.next = 11;
	must(sh_pdf_update_finish(&u, &err));
	append(fd, u.out.data, u.out.len);
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
		append(fd, cases[i].bytes, strlen(cases[i].bytes));
		v = test_verdict(fd);
		if (v.integrity != cases[i].ok)
			fail_msg("%s: %s", cases[i].bytes,
			    json_dumps(v.report, 0));
		sh_verdict_clear(&v);
		(void)close(fd);
	}
	/* An object in an update that its cross-references do not list. */
	fd = signed_copy(&plain);
	must(sh_pdf_open(fd, size_of(fd), &doc, &err));
	must(sh_pdf_update_begin(doc, &u, &err));
	must(sh_buf_puts(&u.out, "4 0 obj\n(hidden)\nendobj\n", &err));
	must(sh_pdf_update_print(&u, 1, 0, &err, CATALOG ">>"));
	must(sh_pdf_update_finish(&u, &err));
	append(fd, u.out.data, u.out.len);
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
	uint64_t size = size_of(fd), range[2][2];
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
	append(fd, u.out.data, u.out.len);
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
	static const struct edit fill = { "fill", { { 6, "<</Type/Annot"
	    "/Subtype/Widget/FT/Tx/T(name)/Rect[9 9 99 30]/V(An)>>" } },
	    NULL };
	static const struct edit move = { "move", { { 6, "<</Type/Annot"
	    "/Subtype/Widget/FT/Tx/T(name)/Rect[9 9 500 700]/V(An)>>" } },
	    NULL };
	static const struct {
		const char *members;
		const struct edit *edit;
		int ok;
	} cases[] = {
		{ "/Type/Sig", &fill, 0 },
		{ CERTIFY("1"), &fill, 0 },
		{ CERTIFY("2"), &fill, 1 },
		{ CERTIFY("2"), &move, 0 },
		{ "/Type/Sig/Reference[<</TransformMethod/DocMDP"
		    "/TransformParams<</P 2>>>><</TransformMethod/FieldMDP"
		    "/TransformParams<</Action/All>>>>]", &fill, 0 },
	};
	size_t i;
	int fd;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		fd = test_pdf_fd(&form);
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

/* ---- the surroundings ---- */

/* In a process that may open nothing the verdict is the same. */
static void
in_a_sandbox(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_verdict v;
	scmp_filter_ctx f;
	int fd = signed_copy(&plain), status;
	pid_t pid;

	(void)state;
#if defined(__SANITIZE_ADDRESS__)
	/* The sanitizer itself opens files when a process ends. */
	print_message("# not under the address sanitizer: skipped\n");
	(void)close(fd);
	return;
#endif
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		if (sh_verify_prepare(&err) != 0)
			_exit(10);
		f = seccomp_init(SCMP_ACT_ALLOW);
		if (seccomp_rule_add(f, SCMP_ACT_KILL_PROCESS,
		    SCMP_SYS(openat), 0) != 0 ||
		    seccomp_rule_add(f, SCMP_ACT_KILL_PROCESS,
		    SCMP_SYS(open), 0) != 0 ||
		    seccomp_rule_add(f, SCMP_ACT_KILL_PROCESS,
		    SCMP_SYS(socket), 0) != 0 || seccomp_load(f) != 0)
			_exit(11);
		if (sh_verify_pdf(fd, test_root()->trust, NOW, &v, &err) != 0)
			_exit(12);
		_exit(v.status == SH_TOTAL_PASSED ? 0 : 13);
	}
	assert_true(waitpid(pid, &status, 0) == pid);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 11)
		print_message("# no seccomp here: skipped\n");
	else
		assert_int_equal(WEXITSTATUS(status), 0);
	(void)close(fd);
}

/* Each reason has its sentences where the others are, in the same words. */
static void
reasons_have_sentences(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	const struct sh_reason *r;
	const char *path = access("schemas/messages.d/signing.json", R_OK) ==
	    0 ? "schemas/messages.d/signing.json" : "schemas/messages.json";
	json_t *all, *m;
	size_t i;

	(void)state;
	all = sh_json_load(path, (size_t)8 << 20, &err);
	must_ptr(all);
	for (i = 0; (r = sh_reason_at(i)) != NULL; i++) {
		m = json_object_get(all, r->key);
		if (m == NULL || strcmp(r->vi, json_string_value(
		    json_object_get(m, "vi"))) != 0 || strcmp(r->en,
		    json_string_value(json_object_get(m, "en"))) != 0)
			fail_msg("%s says something else in %s", r->key,
			    path);
		assert_true(r->status == SH_TOTAL_PASSED ?
		    r->sub == NULL && !r->breaks : r->sub != NULL);
	}
	json_decref(all);
}

/*
 * Files that others made and attacked: no attack is accepted (one that is
 * only revoked has its integrity), and hardly a good one refused.
 */
static void
corpus(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_buf manifest = SH_BUF_INIT;
	const char *folder = test_shared("corpora/signatures");
	char path[1024], *next, *line, *file, *expected;
	unsigned good = 0, accepted = 0, attacks = 0;
	struct sh_verdict v;
	int fd, reject;

	(void)state;
	/* skip() of this cmocka counts as a failure under TAP. */
	if (folder == NULL)
		return;
	(void)snprintf(path, sizeof(path), "%s/MANIFEST.tsv", folder);
	must(sh_fs_read(path, (size_t)8 << 20, &manifest, &err));
	next = (char *)manifest.data;
	while ((line = strsep(&next, "\n")) != NULL) {
		file = strsep(&line, "\t");
		expected = strsep(&line, "\t");
		if (expected == NULL || strcmp(expected, "expected") == 0)
			continue;
		(void)snprintf(path, sizeof(path), "%s/%s", folder, file);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		assert_true(fd >= 0);
		must(sh_verify_pdf(fd, NULL, NOW, &v, &err));
		(void)close(fd);
		reject = strncmp(expected, "REJECT", 6) == 0;
		attacks += (unsigned)reject;
		if (reject && (v.status == SH_TOTAL_PASSED || (v.integrity &&
		    strcmp(expected, "REJECT_TRUST") != 0)))
			fail_msg("%s is accepted", file);
		if (strcmp(expected, "VALID") == 0) {
			good++;
			accepted += (unsigned)v.integrity;
		}
		sh_verdict_clear(&v);
	}
	print_message("# %u attacks refused, %u of %u good ones accepted\n",
	    attacks, accepted, good);
	assert_true(attacks > 0 && accepted * 10 >= good * 9);
	sh_buf_free(&manifest);
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
		cmocka_unit_test(no_signed_byte_may_differ),
		cmocka_unit_test(signature_dictionaries),
		cmocka_unit_test(byte_ranges),
		cmocka_unit_test(files_without_a_signature),
		cmocka_unit_test(certificates),
		cmocka_unit_test(chains),
		cmocka_unit_test(anchors),
		cmocka_unit_test(appended_updates),
		cmocka_unit_test(stray_bytes),
		cmocka_unit_test(certified),
		cmocka_unit_test(forms),
		cmocka_unit_test(time_stamps),
		cmocka_unit_test(in_a_sandbox),
		cmocka_unit_test(reasons_have_sentences),
		cmocka_unit_test(corpus),
	};

	return (cmocka_run_group_tests_name("signing/verify", tests, begin,
	    end));
}
