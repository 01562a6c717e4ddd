/*
 * signing/verify: what is accepted, and that whatever else is done to a
 * signed file is not.
 */
#include "tests/unit/test_sig.h"

#include <fcntl.h>
#include <seccomp.h>
#include <sys/wait.h>

#include "signing/reason.h"

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
	test_append(fd, "no PDF at all\n", 14);
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
	must(sh_trust_parse("", 0, &t, &err));
	sh_trust_free(t);
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
	const char *path = "schemas/messages.json";
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
	assert_true(attacks > 0 && accepted * 50 >= good * 49);
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
		cmocka_unit_test(in_a_sandbox),
		cmocka_unit_test(reasons_have_sentences),
		cmocka_unit_test(corpus),
	};

	return (cmocka_run_group_tests_name("signing/verify", tests, begin,
	    end));
}
