/*
 * The mistakes that verifiers and signers of PDF make, one test each: what
 * is judged at the wrong moment, by the wrong authority, or without a limit.
 */
#include "tests/unit/test_sig_mistakes.h"

/* ---- the moment ---- */

static void
mistake_16_algorithms_judged_today(void **state)
{
	struct test_tsa *t = test_tsa_new("critical,timeStamping", -9, 900);
	struct sh_date then = { 2010, 6, 1 };
	EVP_PKEY *weak = test_make_key(RSA1024), *good = test_make_key(P256);
	char why[64];
	int fd = stamped_copy(officer, t);

	(void)state;
	assert_int_equal(sh_policy_digest(SH_MD_SHA1, sh_date_start(then),
	    why), 1);
	assert_int_equal(sh_policy_digest(SH_MD_SHA1, NOW, why), 0);
	assert_string_equal(why, "SHA-1, until 2012-12-31");
	assert_int_equal(sh_policy_digest(SH_MD_MD5, sh_date_start(then),
	    why), 0);
	assert_int_equal(sh_policy_digest(SH_MD_SHA256, NOW, why), 1);
	assert_int_equal(sh_policy_key(weak, sh_date_start(then), why), 1);
	assert_int_equal(sh_policy_key(weak, NOW, why), 0);
	assert_int_equal(sh_policy_key(good, NOW, why), 1);
	replace_cms(fd, CMS_DETACHED, 1, EVP_sha1());
	refused(fd, SH_INDETERMINATE, "cms.weak");
	EVP_PKEY_free(weak);
	EVP_PKEY_free(good);
	test_tsa_free(t);
}

static struct sh_verdict
verdict_at(int fd, int64_t when)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_verdict v;

	must(sh_verify_pdf(fd, test_root()->trust, when, &v, &err));
	return (v);
}

static const char *
said(const struct sh_verdict *v, size_t i, const char *name)
{
	return (json_string_value(json_object_get(json_array_get(
	    json_object_get(v->report, "signatures"), i), name)));
}

static void
mistake_17_the_signers_own_time_trusted(void **state)
{
	struct test_tsa *t = test_tsa_new("critical,timeStamping", -9, 2000);
	int fd = signed_copy();
	struct sh_verdict v = verdict_at(fd, NOW + 800 * DAY);

	(void)state;
	/* The certificate ended; that it was alive then is only claimed. */
	assert_int_equal(v.status, SH_INDETERMINATE);
	assert_string_equal(said(&v, 0, "sub_indication"),
	    "OUT_OF_BOUNDS_NO_POE");
	assert_non_null(said(&v, 0, "claimed_time"));
	assert_null(said(&v, 0, "proven_time"));
	sh_verdict_clear(&v);
	(void)close(fd);
	fd = stamped_copy(officer, t);
	v = verdict_at(fd, NOW + 800 * DAY);
	assert_int_equal(v.status, SH_TOTAL_PASSED);
	assert_string_equal(said(&v, 0, "proven_time"),
	    "2026-11-21T09:30:00+07:00");
	assert_string_equal(said(&v, 0, "level"), "B-T");
	sh_verdict_clear(&v);
	(void)close(fd);
	test_tsa_free(t);
}

/* The token of FROM's signature in TO's, where it proves nothing. */
static void
copy_token(int from, int to)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_buf a = SH_BUF_INIT, b = SH_BUF_INIT;
	struct sh_cms *ca, *cb;

	read_value(from, &a);
	read_value(to, &b);
	must(sh_cms_read(a.data, a.len, SH_CMS_DETACHED, &ca, &err));
	must(sh_cms_read(b.data, b.len, SH_CMS_DETACHED, &cb, &err));
	assert_int_equal(ca->tokenlen, cb->tokenlen);
	memcpy(b.data + (cb->token - b.data), ca->token, ca->tokenlen);
	write_value(to, b.data, b.len);
	sh_cms_free(ca);
	sh_cms_free(cb);
	sh_buf_free(&a);
	sh_buf_free(&b);
}

static void
mistake_18_a_time_stamp_that_is_not_bound(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct test_tsa *t = test_tsa_new("critical,timeStamping", -9, 900);
	struct test_tsa *loose = test_tsa_new("timeStamping", -9, 900);
	struct test_tsa *wide = test_tsa_new("critical,timeStamping,"
	    "emailProtection", -9, 900);
	struct test_tsa *alien = test_tsa_new("critical,timeStamping", -9,
	    900);
	static const struct test_cert c = { "TEST alien", -9, 900, NULL,
	    "critical,timeStamping", 0 };
	struct sh_verdict v;
	int64_t when;
	struct sh_buf token = SH_BUF_INIT;
	uint8_t digest[SH_MD_MAX] = { 0 };
	int fd, other;

	(void)state;
	t->when = alien->when = NOW - 60;
	fd = stamped_copy(officer, t);
	other = stamped_copy(officer, t);
	expect(fd, SH_TOTAL_PASSED, "time.proven");
	copy_token(other, fd);
	refused(fd, SH_INDETERMINATE, "time.damaged");
	(void)close(other);
	/* By one who may not stamp, may do other things too, or is nobody. */
	assert_int_equal(sh_certificate_usage(t->cert,
	    SH_PURPOSE_TIMESTAMP), 1);
	assert_int_equal(sh_certificate_usage(loose->cert,
	    SH_PURPOSE_TIMESTAMP), 0);
	assert_int_equal(sh_certificate_usage(wide->cert,
	    SH_PURPOSE_TIMESTAMP), 0);
	X509_free(alien->cert);
	alien->cert = test_make_cert(&c, alien->key, NULL, NULL);
	fd = stamped_copy(officer, alien);
	refused(fd, SH_TOTAL_PASSED, "time.untrusted");
	/* One over the document, and the document is another one. */
	fd = signed_copy();
	must(sh_pdf_stamp(fd, &t->tsa, &err));
	expect(fd, SH_TOTAL_PASSED, "time.proven");
	patch(fd, "/Type/Sig", "/M(D:2026", "/M(D:2025");
	refused(fd, SH_TOTAL_FAILED, "cms.digest");
	/* From the future. */
	t->when = NOW + 2 * DAY;
	t->tsa.now = t->when;
	fd = stamped_copy(officer, t);
	v = test_verdict(fd);
	assert_null(said(&v, 0, "proven_time"));
	sh_verdict_clear(&v);
	(void)close(fd);
	/* The client compares what it asked for. */
	t->when = t->tsa.now = NOW;
	t->tsa.policy = "1.2.3.4.2";
	must_fail(sh_tsa_stamp(&t->tsa, SH_MD_SHA256, digest, &token, &when,
	    &err), SH_EAGAIN);
	t->tsa.policy = NULL;
	alien->tsa.trust = test_root()->trust;
	must_fail_key(sh_tsa_stamp(&alien->tsa, SH_MD_SHA256, digest, &token,
	    &when, &err), "tsa.untrusted");
	sh_buf_free(&token);
	test_tsa_free(t);
	test_tsa_free(loose);
	test_tsa_free(wide);
	test_tsa_free(alien);
}

static void
mistake_19_missing_revocation_taken_for_good(void **state)
{
	EVP_PKEY *key = test_make_key(P256), *stranger = test_make_key(P256);
	X509 *x = test_published(key), *alien, *root = test_root()->cert;
	struct test_cert c = { "TEST responder", -30, 700,
	    "critical,digitalSignature", "OCSPSigning", 0 };
	X509 *responder = test_make_cert(&c, stranger, root,
	    test_root()->key);
	struct sh_signer *s = test_open_signer(key, x);
	struct sh_buf ocsp = SH_BUF_INIT;
	int fd = test_pdf_fd(&plain);

	(void)state;
	alien = test_make_cert(&c, stranger, NULL, NULL);
	test_sign(fd, s, "officer");
	expect(fd, SH_INDETERMINATE, "chain.unanswered");
	/* By a stranger; about somebody else; out of date. */
	test_ocsp(x, root, alien, stranger, 0, NOW - DAY, NOW + DAY, &ocsp);
	test_store(fd, &ocsp, NULL);
	expect(fd, SH_INDETERMINATE, "chain.unanswered");
	test_ocsp(responder, root, root, test_root()->key, 0, NOW - DAY,
	    NOW + DAY, &ocsp);
	test_store(fd, &ocsp, NULL);
	expect(fd, SH_INDETERMINATE, "chain.unanswered");
	test_ocsp(x, root, root, test_root()->key, 0, NOW - 9 * DAY,
	    NOW - 8 * DAY, &ocsp);
	test_store(fd, &ocsp, NULL);
	expect(fd, SH_INDETERMINATE, "chain.unanswered");
	/* By the responder that the issuer named. */
	test_ocsp(x, root, responder, stranger, 0, NOW - DAY, NOW + DAY,
	    &ocsp);
	test_store(fd, &ocsp, NULL);
	expect(fd, SH_TOTAL_PASSED, NULL);
	/* Revoked wins over good. */
	test_ocsp(x, root, root, test_root()->key, NOW - 2 * DAY, NOW - DAY,
	    NOW + DAY, &ocsp);
	test_store(fd, &ocsp, NULL);
	refused(fd, SH_INDETERMINATE, "chain.revoked");
	sh_buf_free(&ocsp);
	sh_signer_close(s);
	X509_free(x);
	X509_free(alien);
	X509_free(responder);
	EVP_PKEY_free(key);
	EVP_PKEY_free(stranger);
}

/* A list of the test root's that holds CERT. */
static void
list_with(X509 *cert, int64_t since, struct sh_answers *out)
{
	struct sh_error err = SH_ERROR_INIT;
	X509_CRL *crl = X509_CRL_new();
	X509_REVOKED *entry = X509_REVOKED_new();
	ASN1_TIME *t = ASN1_TIME_set(NULL, since);
	uint8_t *der = NULL;
	int len;

	assert_true(X509_CRL_set_issuer_name(crl,
	    X509_get_subject_name(test_root()->cert)));
	assert_true(X509_REVOKED_set_serialNumber(entry,
	    X509_get_serialNumber(cert)));
	assert_true(X509_REVOKED_set_revocationDate(entry, t));
	assert_true(X509_CRL_add0_revoked(crl, entry));
	assert_true(X509_CRL_set1_lastUpdate(crl, t));
	ASN1_TIME_set(t, NOW + DAY);
	assert_true(X509_CRL_set1_nextUpdate(crl, t));
	assert_true(X509_CRL_sign(crl, test_root()->key, EVP_sha256()) > 0);
	len = i2d_X509_CRL(crl, &der);
	assert_int_equal(sh_answers_add(out, SH_ANSWER_CRL, der, (size_t)len,
	    0, &err), 1);
	OPENSSL_free(der);
	ASN1_TIME_free(t);
	X509_CRL_free(crl);
}

static void
a_revoked_responder_says_nothing(void **state)
{
	static const struct test_cert what = { "TEST responder", -30, 700,
	    "critical,digitalSignature", "OCSPSigning", 0 };
	EVP_PKEY *key = test_make_key(P256);
	X509 *x = test_published(key), *root = test_root()->cert;
	X509 *responder = test_make_cert(&what, key, root, test_root()->key);
	struct sh_error err = SH_ERROR_INIT;
	struct sh_buf ocsp = SH_BUF_INIT;
	struct sh_answers a = { 0 };
	struct sh_revocation r;

	(void)state;
	/* Newer than the list, so that it would decide. */
	test_ocsp(x, root, responder, key, 0, NOW - 60, NOW + DAY, &ocsp);
	assert_int_equal(sh_answers_add(&a, SH_ANSWER_OCSP, ocsp.data,
	    ocsp.len, 0, &err), 1);
	list_with(responder, NOW - 3600, &a);
	sh_revocation_judge(x, root, &a, NOW, NOW, &r);
	assert_true(r.answer == &a.item[1]);
	/* Proven to be older than the revocation, it counts. */
	a.item[0].known = NOW - 7200;
	sh_revocation_judge(x, root, &a, NOW, NOW, &r);
	assert_int_equal(r.state, SH_NOT_REVOKED);
	assert_true(r.answer == &a.item[0]);
	sh_answers_clear(&a);
	sh_buf_free(&ocsp);
	X509_free(responder);
	X509_free(x);
	EVP_PKEY_free(key);
}

static void
mistake_20_a_way_that_is_none(void **state)
{
	static const struct test_cert ca = { "TEST middle", -30, 700, NULL,
	    NULL, 1 }, no_ca = { "TEST middle", -30, 700, NULL, NULL, 0 };
	static const struct {
		const char *usage, *eku, *names, *key;
		int is_ca;
	} cases[] = {
		{ NULL, NULL, NULL, NULL, 1 },
		{ NULL, NULL, NULL, "chain.invalid", 0 },
		{ NULL, NULL, "critical,excluded;dirName:names",
		    "chain.invalid", 1 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		EVP_PKEY *mkey = test_make_key(P256), *key = test_make_key(
		    P256);
		X509 *middle = test_make_cert(cases[i].is_ca ? &ca : &no_ca,
		    mkey, test_root()->cert, test_root()->key);
		X509 *x;
		struct sh_signer *s;
		int fd = test_pdf_fd(&plain);

		if (cases[i].names != NULL) {
			/* Nobody whose name begins as the signer's does. */
			NAME_CONSTRAINTS *nc = NAME_CONSTRAINTS_new();
			GENERAL_SUBTREE *tree = GENERAL_SUBTREE_new();

			tree->base->type = GEN_DIRNAME;
			tree->base->d.directoryName = X509_NAME_new();
			X509_NAME_add_entry_by_txt(tree->base->d.directoryName,
			    "CN", MBSTRING_UTF8, (const unsigned char *)
			    GOOD_CERT.cn, -1, -1, 0);
			nc->excludedSubtrees = sk_GENERAL_SUBTREE_new_null();
			sk_GENERAL_SUBTREE_push(nc->excludedSubtrees, tree);
			X509_add1_ext_i2d(middle, NID_name_constraints, nc, 1,
			    0);
			X509_sign(middle, test_root()->key, EVP_sha256());
			NAME_CONSTRAINTS_free(nc);
		}
		x = test_make_cert(&GOOD_CERT, key, middle, mkey);
		s = test_open_signer(key, x);
		test_sign(fd, s, "officer");
		test_store(fd, NULL, middle);
		refused(fd, cases[i].key == NULL ? SH_TOTAL_PASSED :
		    SH_INDETERMINATE, cases[i].key);
		sh_signer_close(s);
		X509_free(x);
		X509_free(middle);
		EVP_PKEY_free(key);
		EVP_PKEY_free(mkey);
	}
}

static void
mistake_21_what_a_file_brings_taken_for_an_anchor(void **state)
{
	static const struct test_cert c = { "TEST own root", -30, 700, NULL,
	    NULL, 1 };
	EVP_PKEY *rkey = test_make_key(P256), *key = test_make_key(P256);
	X509 *root = test_make_cert(&c, rkey, NULL, NULL);
	X509 *x = test_make_cert(&GOOD_CERT, key, root, rkey);
	struct sh_signer *s = test_open_signer(key, x);
	int fd = test_pdf_fd(&plain);

	(void)state;
	test_sign(fd, s, "officer");
	test_store(fd, NULL, root);
	refused(fd, SH_INDETERMINATE, "chain.none");
	sh_signer_close(s);
	X509_free(x);
	X509_free(root);
	EVP_PKEY_free(rkey);
	EVP_PKEY_free(key);
}

/* ---- readers and writers ---- */

/* The number behind WORD, from byte FROM on. */
static int
number(const struct sh_buf *b, size_t from, const char *word)
{
	char *at = memmem(b->data + from, b->len - from, word, strlen(word));

	assert_non_null(at);
	return (atoi(at + strlen(word)));
}

/*
 * A table with a stream beside it is what word processors write: older
 * readers see less.  They must not see something else, and no update behind
 * a signature has two views.
 */
static void
two_views(void)
{
	static const struct test_pdf hybrid = { .shape = HYBRID };
	static const char unused[] = "0000000000 65535 f \n";
	struct sh_buf b = SH_BUF_INIT;
	char update[256], entry[32], *at;
	int fd;

	test_build_pdf(&hybrid, &b);
	fd = test_memfd(b.data, b.len);
	test_sign(fd, officer, "officer");
	expect(fd, SH_TOTAL_PASSED, NULL);
	/* Behind the signature the stream of before, beside a table. */
	test_read_fd(fd, &b);
	(void)snprintf(update, sizeof(update), "xref\n0 0\ntrailer\n<</Size "
	    "20/Root 1 0 R/ID[<00><00>]/Prev %d/XRefStm %d>>\n"
	    "startxref\n%zu\n%%%%EOF\n", number(&b, b.len - 30, "startxref\n"),
	    number(&b, 0, "/XRefStm "), b.len);
	test_append(fd, update, strlen(update));
	refused(fd, SH_INDETERMINATE, "pdf.hybrid");
	/* Older readers are shown object 4 where 3 is for the others. */
	sh_buf_reset(&b);
	test_build_pdf(&hybrid, &b);
	(void)snprintf(entry, sizeof(entry), "%010d 00000 n \n", (int)(
	    (uint8_t *)memmem(b.data, b.len, "4 0 obj", 7) - b.data));
	at = memmem(b.data, b.len, unused, 20);
	at = memmem(at + 20, 200, unused, 20);
	memcpy(at + 20, entry, 20);
	fd = test_memfd(b.data, b.len);
	test_sign(fd, officer, "officer");
	refused(fd, SH_INDETERMINATE, "pdf.hybrid");
	sh_buf_free(&b);
}

static void
mistake_22_a_reader_without_limits(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_buf b = SH_BUF_INIT, deep = SH_BUF_INIT;
	char text[32], *at, *last;
	int fd = signed_copy(), i;

	(void)state;
	/* Cross-references that lead back to themselves. */
	test_read_fd(fd, &b);
	at = memmem(b.data, b.len, "/Prev ", 6);
	last = (char *)b.data + b.len - 24;
	last = memmem(last, 24, "startxref\n", 10);
	assert_true(at != NULL && last != NULL);
	(void)snprintf(text, sizeof(text), "%d", atoi(last + 10));
	must(sh_pwrite_all(fd, text, strlen(text),
	    (uint64_t)(at + 6 - (char *)b.data), &err));
	refused(fd, SH_TOTAL_FAILED, NULL);
	/* A value of a thousand levels. */
	fd = signed_copy();
	for (i = 0; i < 1000; i++)
		must(sh_buf_puts(&deep, "[", &err));
	for (i = 0; i < 1000; i++)
		must(sh_buf_puts(&deep, "]", &err));
	update(fd, 10, (char *)deep.data, 1, "<</Type/Catalog/Pages 2 0 R"
	    "/AcroForm 8 0 R/X 10 0 R>>");
	expect(fd, SH_INDETERMINATE, "pdf.limit");
	(void)close(fd);
	sh_buf_free(&b);
	sh_buf_free(&deep);
	two_views();
}

static void
mistake_23_names_that_mean_two_things(void **state)
{
	int fd = signed_copy();

	(void)state;
	patch(fd, "/Type/Sig", "/Filter/Adobe.PPKLite",
	    "/Type/Font /Filter/A ");
	refused(fd, SH_TOTAL_FAILED, "pdf.damaged");
	fd = signed_copy();
	patch(fd, "/ByteRange", "/Contents<", "/Contents 4");
	refused(fd, SH_TOTAL_FAILED, NULL);
}

/* Old bytes stay, the flavour of the cross-references too. */
static void
mistake_24_a_writer_that_touches_what_was_there(void **state)
{
	static const enum test_shape shapes[] = { CLASSIC, STREAMED };
	struct sh_buf before = SH_BUF_INIT, after = SH_BUF_INIT;
	struct test_tsa *t = test_tsa_new("critical,timeStamping", -9, 900);
	struct sh_error err = SH_ERROR_INIT;
	struct test_pdf p = { .shape = CLASSIC };
	size_t i, k;
	int fd;

	(void)state;
	for (i = 0; i < 2; i++) {
		p.shape = shapes[i];
		fd = test_pdf_fd(&p);
		for (k = 0; k < 4; k++) {
			test_read_fd(fd, &before);
			if (k == 0)
				test_sign(fd, officer, "a");
			else if (k == 1)
				test_store(fd, NULL, test_root()->cert);
			else if (k == 2)
				must(sh_pdf_stamp(fd, &t->tsa, &err));
			else
				test_sign(fd, officer, "b");
			test_read_fd(fd, &after);
			assert_true(after.len > before.len);
			assert_memory_equal(before.data, after.data,
			    before.len);
			assert_int_equal(p.shape == CLASSIC, memmem(
			    after.data + before.len, after.len - before.len,
			    "\nxref\n", 6) != NULL);
			expect(fd, SH_TOTAL_PASSED, NULL);
		}
		assert_non_null(memmem(after.data, after.len, "/SigFlags 3",
		    11));
		(void)close(fd);
	}
	sh_buf_free(&before);
	sh_buf_free(&after);
	test_tsa_free(t);
}

static void
mistake_25_clocks(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct test_tsa *t = test_tsa_new("critical,timeStamping", -9, 900);
	struct sh_buf token = SH_BUF_INIT, b = SH_BUF_INIT;
	uint8_t digest[SH_MD_MAX] = { 0 };
	int64_t when;
	int fd = signed_copy();

	(void)state;
	t->when = NOW + SH_CLOCK_SKEW_S;
	must(sh_tsa_stamp(&t->tsa, SH_MD_SHA256, digest, &token, &when,
	    &err));
	assert_int_equal(when, t->when);
	t->when = NOW + SH_CLOCK_SKEW_S + 1;
	must_fail_key(sh_tsa_stamp(&t->tsa, SH_MD_SHA256, digest, &token,
	    &when, &err), "tsa.clock");
	t->when = NOW - SH_CLOCK_SKEW_S - 1;
	must_fail_key(sh_tsa_stamp(&t->tsa, SH_MD_SHA256, digest, &token,
	    &when, &err), "tsa.clock");
	/* The claimed time says its zone. */
	test_read_fd(fd, &b);
	assert_non_null(memmem(b.data, b.len, "/M(D:20261121093000+07'00')",
	    27));
	(void)close(fd);
	sh_buf_free(&token);
	sh_buf_free(&b);
	test_tsa_free(t);
}

/* The digest is of what lies in the file, not of what was to lie there. */
static void
mistake_26_one_buffer_hashed_another_written(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_buf file = SH_BUF_INIT, value = SH_BUF_INIT;
	struct sh_cms *cms;
	uint64_t from, to, range[2][2];
	uint8_t digest[SH_MD_MAX];
	int fd = signed_copy();

	(void)state;
	gap(fd, &file, &from, &to);
	read_value(fd, &value);
	range[0][0] = 0;
	range[0][1] = from - 1;
	range[1][0] = to + 1;
	range[1][1] = file.len - to - 1;
	must(sh_md_ranges(SH_MD_SHA256, fd, (const uint64_t (*)[2])range, 2,
	    digest, &err));
	must(sh_cms_read(value.data, value.len, SH_CMS_DETACHED, &cms, &err));
	must(sh_cms_verify(cms, digest, &err));
	sh_cms_free(cms);
	sh_buf_free(&file);
	sh_buf_free(&value);
	(void)close(fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mistake_16_algorithms_judged_today),
		cmocka_unit_test(mistake_17_the_signers_own_time_trusted),
		cmocka_unit_test(mistake_18_a_time_stamp_that_is_not_bound),
		cmocka_unit_test(mistake_19_missing_revocation_taken_for_good),
		cmocka_unit_test(a_revoked_responder_says_nothing),
		cmocka_unit_test(mistake_20_a_way_that_is_none),
		cmocka_unit_test(mistake_21_what_a_file_brings_taken_for_an_anchor),
		cmocka_unit_test(mistake_22_a_reader_without_limits),
		cmocka_unit_test(mistake_23_names_that_mean_two_things),
		cmocka_unit_test(mistake_24_a_writer_that_touches_what_was_there),
		cmocka_unit_test(mistake_25_clocks),
		cmocka_unit_test(mistake_26_one_buffer_hashed_another_written),
	};

	return (cmocka_run_group_tests_name("signing/mistakes", tests, begin,
	    end));
}
