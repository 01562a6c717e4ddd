/* Signed files to spoil, for the tests of mistakes. */
#ifndef SH_TESTS_TEST_SIG_MISTAKES_H
#define SH_TESTS_TEST_SIG_MISTAKES_H

#include "tests/unit/test_sig_authority.h"

#include <fcntl.h>

#include <openssl/cms.h>

#include "signing/certificate.h"
#include "signing/cms.h"
#include "signing/pdfupdate.h"
#include "signing/policy.h"
#include "signing/revocation.h"

static struct sh_signer *officer;

static const struct test_pdf plain = { .shape = CLASSIC };

static inline int
signed_copy(void)
{
	int fd = test_pdf_fd(&plain);

	test_sign(fd, officer, "officer");
	return (fd);
}

/* FROM becomes TO, of the same length, where it first stands behind AFTER. */
static inline void
patch(int fd, const char *after, const char *from, const char *to)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_buf b = SH_BUF_INIT;
	uint8_t *at;

	test_read_fd(fd, &b);
	at = memmem(b.data, b.len, after, strlen(after));
	assert_non_null(at);
	at = memmem(at, b.len - (size_t)(at - b.data), from, strlen(from));
	assert_non_null(at);
	must(sh_pwrite_all(fd, to, strlen(to), (uint64_t)(at - b.data),
	    &err));
	sh_buf_free(&b);
}

/* The verdict on FD, which is closed, must be WANT for KEY. */
static inline void
refused(int fd, enum sh_status want, const char *key)
{
	expect(fd, want, key);
	(void)close(fd);
}

/*
 * One update: in the signed file 1 is the catalog, 3 the page, 4 its
 * content, 5 the signature, 6 its appearance, 7 the field, 8 the form.
 */
static inline void
update(int fd, uint32_t num, const char *body, uint32_t num2,
    const char *body2)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_pdf_update u;
	struct sh_pdf *doc;

	must(sh_pdf_open(fd, test_size(fd), &doc, &err));
	must(sh_pdf_update_begin(doc, &u, &err));
	must(sh_pdf_update_print(&u, num, 0, &err, "%s", body));
	if (body2 != NULL)
		must(sh_pdf_update_print(&u, num2, 0, &err, "%s", body2));
	if (u.next <= 10)
		u.next = 11;
	must(sh_pdf_update_finish(&u, &err));
	test_append(fd, u.out.data, u.out.len);
	sh_pdf_update_clear(&u);
	sh_pdf_close(doc);
}

#define FORM	"<</SigFlags 3/Fields"

/* Where the hexadecimal digits of the first signature stand. */
static inline void
gap(int fd, struct sh_buf *file, uint64_t *fromp, uint64_t *top)
{
	uint8_t *at;

	test_read_fd(fd, file);
	at = memmem(file->data, file->len, "/Contents<", 10);
	assert_non_null(at);
	*fromp = (uint64_t)(at - file->data) + 10;
	*top = (uint64_t)((uint8_t *)memchr(at, '>', file->len) -
	    file->data);
}

static inline void
read_value(int fd, struct sh_buf *out)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_buf file = SH_BUF_INIT;
	uint64_t from, to, i;
	unsigned v;
	uint8_t c;

	gap(fd, &file, &from, &to);
	for (i = from; i < to; i += 2) {
		assert_int_equal(sscanf((char *)file.data + i, "%2x", &v), 1);
		c = (uint8_t)v;
		must(sh_buf_append(out, &c, 1, &err));
	}
	sh_buf_free(&file);
}

static inline void
write_value(int fd, const uint8_t *der, size_t len)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_buf file = SH_BUF_INIT, hex = SH_BUF_INIT;
	uint64_t from, to, i;

	gap(fd, &file, &from, &to);
	assert_true(2 * len <= to - from);
	for (i = 0; i < (to - from) / 2; i++)
		must(sh_buf_printf(&hex, &err, "%02x", i < len ? der[i] : 0));
	must(sh_pwrite_all(fd, hex.data, hex.len, from, &err));
	sh_buf_free(&file);
	sh_buf_free(&hex);
}

/* A file with room for any CMS, signed with a time stamp by TSA. */
static inline int
stamped_copy(struct sh_signer *s, struct test_tsa *t)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_pdf_signature what = test_what("officer", SH_SIG_INVISIBLE);
	int fd = test_pdf_fd(&plain);

	what.tsa = &t->tsa;
	must(sh_pdf_sign(fd, s, &what, &err));
	return (fd);
}

/* OpenSSL's CMS over the file's ranges in the place of ours. */
static inline void
replace_cms(int fd, unsigned flags, int nsigners, const EVP_MD *md)
{
	struct sh_buf file = SH_BUF_INIT;
	EVP_PKEY *key = test_make_key(P256);
	X509 *x = test_make_cert(&GOOD_CERT, key, test_root()->cert,
	    test_root()->key);
	BIO *data = BIO_new(BIO_s_mem());
	CMS_ContentInfo *ci;
	uint8_t *der = NULL;
	uint64_t from, to;
	int len, i;

	gap(fd, &file, &from, &to);
	BIO_write(data, file.data, (int)from - 1);
	BIO_write(data, file.data + to + 1, (int)(file.len - to - 1));
	flags |= CMS_BINARY | CMS_CADES | CMS_NOSMIMECAP;
	ci = CMS_sign(NULL, NULL, NULL, data, flags | CMS_PARTIAL);
	for (i = 0; i < nsigners; i++)
		assert_non_null(CMS_add1_signer(ci, x, key, md, flags |
		    (i > 0 ? CMS_NOCERTS : 0)));
	assert_int_equal(CMS_final(ci, data, NULL, flags), 1);
	len = i2d_CMS_ContentInfo(ci, &der);
	assert_true(len > 0);
	write_value(fd, der, (size_t)len);
	OPENSSL_free(der);
	CMS_ContentInfo_free(ci);
	BIO_free(data);
	X509_free(x);
	EVP_PKEY_free(key);
	sh_buf_free(&file);
}

static inline int
begin(void **state)
{
	(void)state;
	officer = test_signer(P256, GOOD_CERT);
	return (0);
}

static inline int
end(void **state)
{
	(void)state;
	sh_signer_close(officer);
	test_root_free();
	return (0);
}

#endif
