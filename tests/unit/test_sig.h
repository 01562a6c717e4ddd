/*
 * What the tests of the signing room share: keys and certificates of every
 * kind, small PDFs of every shape.
 */
#ifndef SH_TESTS_TEST_SIG_H
#define SH_TESTS_TEST_SIG_H

#include "tests/unit/test.h"

#include <sys/stat.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509v3.h>

#include "base/buf.h"
#include "base/clock.h"
#include "signing/pdfsig.h"
#include "signing/signer.h"
#include "signing/verify.h"

#define NOW	((int64_t)1795228200)	/* 2026-11-21T09:30:00+07:00 */
#define DAY	86400

#define TESTED	__attribute__((unused)) static

/* The call must fail under that key; the error is cleared for the next. */
#define must_fail_key(call, want)					\
	do {								\
		if ((call) == 0)					\
			fail_msg("%s succeeded", #call);		\
		if (strcmp(err.key, (want)) != 0)			\
			fail_msg("%s: [%s] %s, expected [%s]", #call,	\
			    err.key, err.text, want);			\
		sh_error_clear(&err);					\
	} while (0)

/* ---- keys ---- */

enum test_key { RSA2048, RSA3072, RSA1024, P256, P384, P521, ED25519 };

TESTED EVP_PKEY *
test_make_key(enum test_key kind)
{
	EVP_PKEY *key;

	switch (kind) {
	case RSA1024:
		key = EVP_RSA_gen(1024);
		break;
	case RSA2048:
		key = EVP_RSA_gen(2048);
		break;
	case RSA3072:
		key = EVP_RSA_gen(3072);
		break;
	case P256:
		key = EVP_EC_gen("P-256");
		break;
	case P384:
		key = EVP_EC_gen("P-384");
		break;
	case P521:
		key = EVP_EC_gen("P-521");
		break;
	default:
		key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	}
	assert_non_null(key);
	return (key);
}

struct test_cert {
	const char *cn;
	int64_t from, to;	/* from NOW, in days */
	const char *usage;	/* NULL: digitalSignature,nonRepudiation */
	const char *eku;	/* NULL: none */
	int is_ca;		/* 2: but it does not say so */
};

TESTED void
test_extend(X509 *x, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509_EXTENSION *e;

	X509V3_set_ctx(&ctx, issuer, x, NULL, NULL, 0);
	e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	assert_non_null(e);
	assert_int_equal(X509_add_ext(x, e, -1), 1);
	X509_EXTENSION_free(e);
}

/* ISSUER NULL: signed by itself. */
TESTED X509 *
test_make_cert(const struct test_cert *c, EVP_PKEY *key, X509 *issuer,
    EVP_PKEY *issuer_key)
{
	static long serial = 1000;
	X509 *x = X509_new();
	X509_NAME *name = X509_get_subject_name(x);

	X509_set_version(x, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(x), serial++);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
	    (const unsigned char *)c->cn, -1, -1, 0);
	X509_set_issuer_name(x, X509_get_subject_name(issuer != NULL ?
	    issuer : x));
	ASN1_TIME_set(X509_getm_notBefore(x), NOW + c->from * DAY);
	ASN1_TIME_set(X509_getm_notAfter(x), NOW + c->to * DAY);
	X509_set_pubkey(x, key);
	if (c->is_ca != 2)
		test_extend(x, x, NID_basic_constraints, c->is_ca ?
		    "critical,CA:TRUE" : "critical,CA:FALSE");
	test_extend(x, x, NID_key_usage, c->usage != NULL ? c->usage :
	    c->is_ca ? "critical,keyCertSign,cRLSign" :
	    "critical,digitalSignature,nonRepudiation");
	if (c->eku != NULL)
		test_extend(x, x, NID_ext_key_usage, c->eku);
	assert_true(X509_sign(x, issuer_key != NULL ? issuer_key : key,
	    EVP_PKEY_get_base_id(issuer_key != NULL ? issuer_key : key) ==
	    EVP_PKEY_ED25519 ? NULL : EVP_sha256()) > 0);
	return (x);
}

/* A root of P-256 that everything in a test program hangs on. */
struct test_root {
	EVP_PKEY *key;
	X509 *cert;
	struct sh_trust *trust;
};

TESTED struct sh_trust *
test_trust(X509 *cert)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_trust *t;
	BIO *bio = BIO_new(BIO_s_mem());
	char *pem;
	long len;

	assert_int_equal(PEM_write_bio_X509(bio, cert), 1);
	len = BIO_get_mem_data(bio, &pem);
	must(sh_trust_parse(pem, (size_t)len, &t, &err));
	BIO_free(bio);
	return (t);
}

TESTED const struct test_root *
test_root(void)
{
	static const struct test_cert c = { "TEST root", -365, 3650, NULL,
	    NULL, 1 };
	static struct test_root root;

	if (root.key == NULL) {
		root.key = test_make_key(P256);
		root.cert = test_make_cert(&c, root.key, NULL, NULL);
		root.trust = test_trust(root.cert);
	}
	return (&root);
}

TESTED void
test_root_free(void)
{
	const struct test_root *root = test_root();

	sh_trust_free(root->trust);
	X509_free(root->cert);
	EVP_PKEY_free(root->key);
}

#define GOOD_CERT							\
	((struct test_cert){ "Nguyễn Thị Ánh (TEST)", -30, 700, NULL,	\
	    "1.3.6.1.5.5.7.3.36", 0 })

TESTED void
test_write_p12(const char *path, EVP_PKEY *key, X509 *cert)
{
	struct sh_error err = SH_ERROR_INIT;
	STACK_OF(X509) *ca = sk_X509_new_null();
	BIO *bio = BIO_new(BIO_s_mem());
	PKCS12 *p12;
	char *der;
	long len;

	sk_X509_push(ca, test_root()->cert);
	p12 = PKCS12_create("secret", "test", key, cert, ca, 0, 0, 1, 1, 0);
	assert_non_null(p12);
	assert_int_equal(i2d_PKCS12_bio(bio, p12), 1);
	len = BIO_get_mem_data(bio, &der);
	must(sh_fs_replace(path, der, (size_t)len, 0600, &err));
	PKCS12_free(p12);
	BIO_free(bio);
	sk_X509_free(ca);
}

TESTED struct sh_secret
test_secret(const char *word)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_secret s;

	must(sh_secret_new(&s, strlen(word), &err));
	memcpy(s.data, word, strlen(word));
	return (s);
}

/* A signer by way of a PKCS#12 file, as in life. */
TESTED struct sh_signer *
test_open_signer(EVP_PKEY *key, X509 *cert)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_secret word = test_secret("secret");
	char path[] = "/tmp/sohoa-test-p12-XXXXXX";
	struct sh_signer *s;
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	(void)close(fd);
	test_write_p12(path, key, cert);
	must(sh_signer_open_p12(path, &word, &s, &err));
	(void)unlink(path);
	sh_secret_free(&word);
	return (s);
}

TESTED struct sh_signer *
test_signer(enum test_key kind, struct test_cert c)
{
	EVP_PKEY *key = test_make_key(kind);
	X509 *x = test_make_cert(&c, key, test_root()->cert,
	    test_root()->key);
	struct sh_signer *s = test_open_signer(key, x);

	X509_free(x);
	EVP_PKEY_free(key);
	return (s);
}

/* ---- PDFs ---- */

#define TEST_MORE	8

enum test_shape {
	CLASSIC,		/* a table */
	STREAMED,		/* a cross-reference stream, packed objects */
	HYBRID			/* as word processors write: a table without
				   the packed objects, a stream with them */
};

struct test_pdf {
	enum test_shape shape;
	const char *catalog;	/* members besides /Pages; may be NULL */
	const char *page;	/* members besides the needed; may be NULL */
	const char *more[TEST_MORE];	/* bodies of objects 5, 6, … */
};

#define FIRST_MORE	5

#define LAST_PACKED	3

/* Where the objects stand; those from PACKED on in object stream PACK. */
struct test_places {
	size_t at[32], n, packed, pack;
};

TESTED int
test_is_packed(const struct test_places *w, size_t i)
{
	return (w->pack != 0 && i >= w->packed && i <= LAST_PACKED);
}

/* Objects PACKED … 3 in one object stream, the next object. */
TESTED void
test_put_pack(struct test_places *w, const char *const *body,
    struct sh_buf *out)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_buf packed = SH_BUF_INIT, heads = SH_BUF_INIT;
	size_t i;

	for (i = w->packed; i <= LAST_PACKED; i++) {
		must(sh_buf_printf(&heads, &err, "%zu %zu ", i, packed.len));
		must(sh_buf_printf(&packed, &err, "%s ", body[i]));
	}
	w->pack = ++w->n;
	w->at[w->n] = out->len;
	must(sh_buf_printf(out, &err, "%zu 0 obj\n<</Type/ObjStm/N %zu"
	    "/First %zu/Length %zu>>\nstream\n%s%s\nendstream\nendobj\n",
	    w->n, LAST_PACKED + 1 - w->packed, heads.len,
	    heads.len + packed.len, (char *)heads.data,
	    (char *)packed.data));
	sh_buf_free(&packed);
	sh_buf_free(&heads);
}

TESTED void
test_put_stream(struct test_places *w, struct sh_buf *out)
{
	struct sh_error err = SH_ERROR_INIT;
	size_t i;

	w->at[++w->n] = out->len;
	must(sh_buf_printf(out, &err, "%zu 0 obj\n<</Type/XRef/Size %zu"
	    "/W[1 4 2]/Root 1 0 R/ID[<00><00>]/Length %zu>>\nstream\n",
	    w->n, w->n + 1, 7 * (w->n + 1)));
	must(sh_buf_append(out, "\0\0\0\0\0\xff\xff", 7, &err));
	for (i = 1; i <= w->n; i++) {
		int in = test_is_packed(w, i);

		must(sh_buf_put_be(out, in ? 2 : 1, 1, &err));
		must(sh_buf_put_be(out, in ? w->pack : w->at[i], 4, &err));
		must(sh_buf_put_be(out, in ? i - w->packed : 0, 2, &err));
	}
	must(sh_buf_puts(out, "\nendstream\nendobj\n", &err));
}

TESTED void
test_put_table(const struct test_places *w, struct sh_buf *out)
{
	struct sh_error err = SH_ERROR_INIT;
	size_t i;

	must(sh_buf_printf(out, &err, "xref\n0 %zu\n"
	    "0000000000 65535 f \n", w->n + 1));
	for (i = 1; i <= w->n; i++)
		must(test_is_packed(w, i) ?
		    sh_buf_puts(out, "0000000000 65535 f \n", &err) :
		    sh_buf_printf(out, &err, "%010zu 00000 n \n", w->at[i]));
	must(sh_buf_printf(out, &err, "trailer\n<</Size %zu/Root 1 0 R"
	    "/ID[<00><00>]>>\n", w->n + 1));
}

/* One page of A4 with a grey square, as bytes. */
TESTED void
test_build_pdf(const struct test_pdf *p, struct sh_buf *out)
{
	struct sh_error err = SH_ERROR_INIT;
	const char *body[FIRST_MORE + TEST_MORE];
	char catalog[1024], page[1024];
	/* A hybrid's catalogue must be seen by older readers too. */
	struct test_places w = { .n = FIRST_MORE - 1,
	    .packed = p->shape == STREAMED ? 1 :
	    p->shape == HYBRID ? 2 : LAST_PACKED + 1 };
	size_t i, last;

	(void)snprintf(catalog, sizeof(catalog),
	    "<</Type/Catalog/Pages 2 0 R%s>>",
	    p->catalog != NULL ? p->catalog : "");
	(void)snprintf(page, sizeof(page), "<</Type/Page/Parent 2 0 R"
	    "/Resources<<>>/Contents 4 0 R%s%s>>",
	    p->page != NULL && strstr(p->page, "MediaBox") != NULL ? "" :
	    "/MediaBox[0 0 595 842]", p->page != NULL ? p->page : "");
	body[1] = catalog;
	body[2] = "<</Type/Pages/Kids[3 0 R]/Count 1>>";
	body[3] = page;
	body[4] = "<</Length 30>>\nstream\n0.9 g 100 100 300 300 re f    \n"
	    "endstream";
	for (i = 0; i < TEST_MORE && p->more[i] != NULL; i++)
		body[++w.n] = p->more[i];
	must(sh_buf_puts(out, "%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", &err));
	for (i = 1; i <= w.n; i++) {
		if (i >= w.packed && i <= LAST_PACKED)
			continue;
		w.at[i] = out->len;
		must(sh_buf_printf(out, &err, "%zu 0 obj\n%s\nendobj\n", i,
		    body[i]));
	}
	if (p->shape != CLASSIC)
		test_put_pack(&w, body, out);
	last = out->len;
	if (p->shape != CLASSIC)
		test_put_stream(&w, out);
	if (p->shape == HYBRID) {
		size_t beside = last, table = out->len;

		test_put_table(&w, out);
		must(sh_buf_printf(out, &err, "startxref\n%zu\n%%%%EOF\n",
		    table));
		last = out->len;
		must(sh_buf_printf(out, &err, "xref\n0 0\ntrailer\n<</Size "
		    "%zu/Root 1 0 R/ID[<00><00>]/Prev %zu/XRefStm %zu>>\n",
		    w.n + 1, table, beside));
	} else if (p->shape == CLASSIC)
		test_put_table(&w, out);
	must(sh_buf_printf(out, &err, "startxref\n%zu\n%%%%EOF\n", last));
}

/* A file in memory that holds the bytes. */
TESTED int
test_memfd(const void *bytes, size_t len)
{
	struct sh_error err = SH_ERROR_INIT;
	int fd = sh_memfd("test", &err);

	assert_true(fd >= 0);
	must(sh_pwrite_all(fd, bytes, len, 0, &err));
	return (fd);
}

TESTED int
test_pdf_fd(const struct test_pdf *p)
{
	struct sh_buf b = SH_BUF_INIT;
	int fd;

	test_build_pdf(p, &b);
	fd = test_memfd(b.data, b.len);
	sh_buf_free(&b);
	return (fd);
}

TESTED uint64_t
test_size(int fd)
{
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	return ((uint64_t)st.st_size);
}

TESTED void
test_append(int fd, const void *bytes, size_t len)
{
	struct sh_error err = SH_ERROR_INIT;

	must(sh_pwrite_all(fd, bytes, len, test_size(fd), &err));
}

TESTED void
test_read_fd(int fd, struct sh_buf *out)
{
	struct sh_error err = SH_ERROR_INIT;

	sh_buf_reset(out);
	assert_true(lseek(fd, 0, SEEK_SET) == 0);
	must(sh_fs_read_fd(fd, (size_t)64 << 20, out, &err));
}

TESTED struct sh_pdf_signature
test_what(const char *field, enum sh_sig_place place)
{
	return ((struct sh_pdf_signature){ .field = field, .place = place,
	    .offset_x_pt = 36, .offset_y_pt = 24, .when = NOW,
	    .lines = { "Người ký: Nguyễn Thị Ngọc Ánh",
		"Thời gian ký: 2026-11-21T09:30:00+07:00" } });
}

TESTED void
test_sign(int fd, struct sh_signer *s, const char *field)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_pdf_signature what = test_what(field, SH_SIG_INVISIBLE);

	must(sh_pdf_sign(fd, s, &what, &err));
}

/* ---- verdicts ---- */

TESTED struct sh_verdict
test_verdict(int fd)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_verdict v;

	must(sh_verify_pdf(fd, test_root()->trust, NOW, &v, &err));
	return (v);
}

/* 1 if one of the reasons, of the file or a signature, has that key. */
TESTED int
test_has_reason(const struct sh_verdict *v, const char *key)
{
	json_t *sig, *r;
	size_t i, k;

	json_array_foreach(json_object_get(v->report, "reasons"), k, r)
		if (strcmp(json_string_value(json_object_get(r, "key")),
		    key) == 0)
			return (1);
	json_array_foreach(json_object_get(v->report, "signatures"), i, sig)
		json_array_foreach(json_object_get(sig, "reasons"), k, r)
			if (strcmp(json_string_value(json_object_get(r,
			    "key")), key) == 0)
				return (1);
	return (0);
}

/* The verdict on FD must be STATUS for the reason KEY (NULL: any). */
#define expect(fd, want, key)						\
	do {								\
		struct sh_verdict v_ = test_verdict(fd);		\
		const char *key_ = (key);				\
									\
		if (v_.status != (want) || (key_ != NULL &&		\
		    !test_has_reason(&v_, key_)))			\
			fail_msg("%s, not %s for %s: %s",		\
			    sh_status_word(v_.status),			\
			    sh_status_word(want), key_ != NULL ? key_ : "-", \
			    json_dumps(v_.report, 0));			\
		sh_verdict_clear(&v_);					\
	} while (0)

#endif
