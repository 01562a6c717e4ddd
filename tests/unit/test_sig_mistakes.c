/*
 * The mistakes that verifiers and signers of PDF make, one test each: what
 * was trusted as it was given in the file and in the signature's value.
 */
#include "tests/unit/test_sig_mistakes.h"

/* ---- the file ---- */

static void
mistake_01_byte_range_trusted_as_given(void **state)
{
	int fd = signed_copy();

	(void)state;
	patch(fd, "/ByteRange", "[0 ", "[1 ");
	refused(fd, SH_TOTAL_FAILED, "signature.range");
	fd = signed_copy();
	patch(fd, "/ByteRange", "[0 ", "[-0");
	refused(fd, SH_TOTAL_FAILED, NULL);
}

/* The second range moved, the end still the file's end. */
static void
mistake_02_only_the_end_of_the_range_checked(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_buf b = SH_BUF_INIT;
	unsigned long long r[4];
	char text[64], *at;
	int fd = signed_copy();

	(void)state;
	test_read_fd(fd, &b);
	at = memmem(b.data, b.len, "/ByteRange[", 11);
	assert_int_equal(sscanf(at + 11, "%llu %llu %llu %llu", &r[0], &r[1],
	    &r[2], &r[3]), 4);
	(void)snprintf(text, sizeof(text), "%llu %llu %llu %llu", r[0], r[1],
	    r[2] + 20, r[3] - 20);
	must(sh_pwrite_all(fd, text, strlen(text),
	    (uint64_t)(at + 11 - (char *)b.data), &err));
	sh_buf_free(&b);
	refused(fd, SH_TOTAL_FAILED, "signature.range");
}

static void
mistake_03_more_than_the_value_in_the_gap(void **state)
{
	int fd = signed_copy();

	(void)state;
	patch(fd, "/ByteRange", "/Contents<30", "/Contents<  ");
	refused(fd, SH_TOTAL_FAILED, "signature.dictionary");
	fd = signed_copy();
	patch(fd, "/ByteRange", "/Contents<3082", "/Contents<%x\n0");
	refused(fd, SH_TOTAL_FAILED, NULL);
}

static void
mistake_04_no_value_taken_for_nothing_wrong(void **state)
{
	int fd = signed_copy();

	(void)state;
	patch(fd, "/ByteRange", "/Contents<", "/Contentz<");
	refused(fd, SH_TOTAL_FAILED, "signature.dictionary");
	fd = signed_copy();
	patch(fd, "/Type/Sig", "/ByteRange", "/ByteRangz");
	refused(fd, SH_TOTAL_FAILED, "signature.dictionary");
	fd = signed_copy();
	write_value(fd, (const uint8_t *)"", 0);
	refused(fd, SH_TOTAL_FAILED, NULL);
}

static void
mistake_05_bytes_behind_the_signed_revision(void **state)
{
	int fd = signed_copy();

	(void)state;
	test_append(fd, "10 0 obj\n(x)\nendobj\n", 20);
	refused(fd, SH_TOTAL_FAILED, NULL);
}

/* The last cross-references are not where the file says. */
static void
mistake_06_a_reader_that_repairs(void **state)
{
	int fd = signed_copy();

	(void)state;
	test_append(fd, "startxref\n7\n%%EOF\n", 18);
	refused(fd, SH_TOTAL_FAILED, "pdf.damaged");
}

/* Only objects that existed change place and meaning. */
static void
mistake_07_revisions_compared_by_number_only(void **state)
{
	int fd = signed_copy();

	(void)state;
	update(fd, 4, "<</Length 30>>\nstream\n0.1 g 100 100 300 300 re f    "
	    "\nendstream", 0, NULL);
	refused(fd, SH_TOTAL_FAILED, "revision.changed");
	fd = signed_copy();
	update(fd, 3, "<</Type/Page/Parent 2 0 R/Resources<<>>/Contents 10 0 R"
	    "/MediaBox[0 0 595 842]/Annots 9 0 R>>", 10, "<</Length 1>>\n"
	    "stream\n \nendstream");
	refused(fd, SH_TOTAL_FAILED, "revision.changed");
}

/* What the first signature forbade stays forbidden when it is taken away. */
static void
mistake_08_permissions_of_the_newest_revision(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_pdf_signature what = test_what("first", SH_SIG_INVISIBLE);
	int fd = test_pdf_fd(&plain);

	(void)state;
	what.certify = 1;
	must(sh_pdf_sign(fd, officer, &what, &err));
	expect(fd, SH_TOTAL_PASSED, NULL);
	what = test_what("second", SH_SIG_INVISIBLE);
	must_fail_key(sh_pdf_sign(fd, officer, &what, &err), "pdf.locked");
	update(fd, 1, "<</Type/Catalog/Pages 2 0 R/AcroForm 8 0 R>>", 0,
	    NULL);
	expect(fd, SH_TOTAL_FAILED, "revision.changed");
	must(sh_pdf_sign(fd, officer, &what, &err));
	refused(fd, SH_TOTAL_FAILED, "revision.changed");
}

static void
mistake_09_an_appearance_swapped(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_pdf_signature what = test_what("first", SH_SIG_INVISIBLE);
	int fd = test_pdf_fd(&plain);

	(void)state;
	what.certify = 2;
	must(sh_pdf_sign(fd, officer, &what, &err));
	update(fd, 6, "<</Type/XObject/Subtype/Form/BBox[0 0 500 500]"
	    "/Resources<<>>/Length 16>>\nstream\n0 0 500 500 re f\nendstream",
	    0, NULL);
	refused(fd, SH_TOTAL_FAILED, "revision.changed");
}

static void
mistake_10_the_dictionary_of_the_last_revision(void **state)
{
	struct sh_buf b = SH_BUF_INIT;
	uint64_t from, to;
	char *body;
	int fd = signed_copy();

	(void)state;
	gap(fd, &b, &from, &to);
	assert_true(asprintf(&body, "<</Type/Sig/Filter/Adobe.PPKLite"
	    "/SubFilter/ETSI.CAdES.detached/Reason(I agree)/ByteRange[0 %llu "
	    "%llu %llu]/Contents<%.*s>>>", (unsigned long long)from - 1,
	    (unsigned long long)to + 1, (unsigned long long)(b.len - to - 1),
	    (int)(to - from), (char *)b.data + from) > 0);
	update(fd, 5, body, 0, NULL);
	free(body);
	sh_buf_free(&b);
	refused(fd, SH_TOTAL_FAILED, NULL);
}

static void
mistake_11_one_value_for_two_fields(void **state)
{
	int fd = signed_copy();

	(void)state;
	update(fd, 8, FORM "[7 0 R 10 0 R]>>", 10, "<</FT/Sig/T(other)/V 5 0 R"
	    "/Rect[0 0 0 0]/Type/Annot/Subtype/Widget>>");
	refused(fd, SH_TOTAL_FAILED, "signature.shared");
	fd = signed_copy();
	update(fd, 8, FORM "[7 0 R 10 0 R]>>", 10, "<</FT/Sig/T(officer)"
	    "/Rect[0 0 0 0]/Type/Annot/Subtype/Widget>>");
	refused(fd, SH_TOTAL_FAILED, "signature.shared");
}

/* ---- the value ---- */

static void
mistake_12_a_cms_that_is_not_pinned(void **state)
{
	struct test_tsa *t = test_tsa_new("critical,timeStamping", -9, 900);
	int fd = stamped_copy(officer, t);

	(void)state;
	/* Good content within, another document outside. */
	replace_cms(fd, 0, 1, EVP_sha256());
	refused(fd, SH_TOTAL_FAILED, "cms.content");
	fd = stamped_copy(officer, t);
	replace_cms(fd, CMS_DETACHED, 2, EVP_sha256());
	refused(fd, SH_TOTAL_FAILED, "cms.signers");
	/* And one that is right is taken, whoever wrote it. */
	fd = stamped_copy(officer, t);
	replace_cms(fd, CMS_DETACHED, 1, EVP_sha256());
	refused(fd, SH_TOTAL_PASSED, NULL);
	test_tsa_free(t);
}

static void
mistake_13_padding_that_hides_something(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_buf b = SH_BUF_INIT;
	uint64_t from, to;
	int fd = signed_copy();

	(void)state;
	gap(fd, &b, &from, &to);
	must(sh_pwrite_all(fd, "1", 1, to - 1, &err));
	sh_buf_free(&b);
	refused(fd, SH_TOTAL_FAILED, "cms.padding");
}

/* The same key, issuer and serial number in another certificate. */
static void
mistake_14_a_certificate_in_the_place_of_another(void **state)
{
	struct sh_buf value = SH_BUF_INIT;
	EVP_PKEY *key = test_make_key(P256);
	X509 *x = test_make_cert(&GOOD_CERT, key, test_root()->cert,
	    test_root()->key), *other;
	struct sh_signer *s = test_open_signer(key, x);
	uint8_t *was = NULL, *now = NULL, *at;
	int fd = test_pdf_fd(&plain), waslen, nowlen;

	(void)state;
	test_sign(fd, s, "officer");
	waslen = i2d_X509(x, &was);
	other = X509_dup(x);
	ASN1_TIME_set(X509_getm_notAfter(other), NOW + 9000 * DAY);
	do {
		OPENSSL_free(now);
		now = NULL;
		X509_sign(other, test_root()->key, EVP_sha256());
		nowlen = i2d_X509(other, &now);
	} while (nowlen != waslen);
	read_value(fd, &value);
	at = memmem(value.data, value.len, was, (size_t)waslen);
	assert_non_null(at);
	memcpy(at, now, (size_t)nowlen);
	write_value(fd, value.data, value.len);
	refused(fd, SH_INDETERMINATE, "cms.substituted");
	OPENSSL_free(was);
	OPENSSL_free(now);
	X509_free(other);
	X509_free(x);
	EVP_PKEY_free(key);
	sh_signer_close(s);
	sh_buf_free(&value);
}

static void
mistake_15_digests_that_do_not_agree(void **state)
{
	static const uint8_t sha256[] = { 0x60, 0x86, 0x48, 0x01, 0x65, 3, 4,
	    2, 1 };
	struct sh_buf value = SH_BUF_INIT;
	int fd = signed_copy();
	uint8_t *at;

	(void)state;
	read_value(fd, &value);
	at = memmem(value.data, value.len, sha256, sizeof(sha256));
	at[8] = 3;	/* SHA-512 announced, SHA-256 used */
	write_value(fd, value.data, value.len);
	sh_buf_free(&value);
	refused(fd, SH_TOTAL_FAILED, "cms.digests");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mistake_01_byte_range_trusted_as_given),
		cmocka_unit_test(mistake_02_only_the_end_of_the_range_checked),
		cmocka_unit_test(mistake_03_more_than_the_value_in_the_gap),
		cmocka_unit_test(mistake_04_no_value_taken_for_nothing_wrong),
		cmocka_unit_test(mistake_05_bytes_behind_the_signed_revision),
		cmocka_unit_test(mistake_06_a_reader_that_repairs),
		cmocka_unit_test(mistake_07_revisions_compared_by_number_only),
		cmocka_unit_test(mistake_08_permissions_of_the_newest_revision),
		cmocka_unit_test(mistake_09_an_appearance_swapped),
		cmocka_unit_test(mistake_10_the_dictionary_of_the_last_revision),
		cmocka_unit_test(mistake_11_one_value_for_two_fields),
		cmocka_unit_test(mistake_12_a_cms_that_is_not_pinned),
		cmocka_unit_test(mistake_13_padding_that_hides_something),
		cmocka_unit_test(mistake_14_a_certificate_in_the_place_of_another),
		cmocka_unit_test(mistake_15_digests_that_do_not_agree),
	};

	return (cmocka_run_group_tests_name("signing/mistakes", tests, begin,
	    end));
}
