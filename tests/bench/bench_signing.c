/*
 * What signing and verifying cost, in CPU seconds of this process, beside
 * what nobody can do without: the digest of the bytes and one signature.
 *
 *   bench_signing FOLDER SECONDS
 *
 * Prints one line a measurement, "name<TAB>times a CPU second"; leaves
 * FOLDER/signed.pdf, a document of 300 kB with one P-256 signature.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <openssl/ec.h>
#include <openssl/evp.h>

#include "archive/merkle.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/fs.h"
#include "base/mem.h"
#include "signing/pdfsig.h"
#include "signing/signer.h"
#include "signing/verify.h"

#define SIZE		((size_t)300 * 1000)
#define DOCUMENTS	10000

static double seconds;

static double
cpu_s(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return ((double)ts.tv_sec + (double)ts.tv_nsec / 1e9);
}

static void
die(const struct sh_error *err)
{
	(void)fprintf(stderr, "bench_signing: [%s] %s\n", err->key,
	    err->text);
	exit(1);
}

static void
report(const char *name, unsigned long n, double spent)
{
	(void)printf("%s\t%.1f\n", name, (double)n / spent);
}

/* One page with a picture of noise. */
static void
make_pdf(struct sh_buf *out, struct sh_error *err)
{
	static const char *const head[] = {
		"<</Type/Catalog/Pages 2 0 R>>",
		"<</Type/Pages/Kids[3 0 R]/Count 1>>",
		"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]"
		"/Resources<</XObject<</I 5 0 R>>>>/Contents 4 0 R>>",
		"<</Length 25>>\nstream\nq 595 0 0 842 0 0 cm /I Do Q\n"
		"endstream"
	};
	size_t at[6], i, xref, pixels = SIZE - 1200;
	int ok;
	uint8_t *room;

	ok = sh_buf_puts(out, "%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", err) == 0;
	for (i = 0; i < 4 && ok; i++) {
		at[i + 1] = out->len;
		ok = sh_buf_printf(out, err, "%zu 0 obj\n%s\nendobj\n", i + 1,
		    head[i]) == 0;
	}
	at[5] = out->len;
	ok = ok && sh_buf_printf(out, err, "5 0 obj\n<</Type/XObject"
	    "/Subtype/Image/Width %zu/Height 1/BitsPerComponent 8"
	    "/ColorSpace/DeviceGray/Length %zu>>\nstream\n", pixels,
	    pixels) == 0 && (room = sh_buf_reserve(out, pixels, err)) !=
	    NULL && sh_random(room, pixels, err) == 0;
	if (!ok)
		die(err);
	out->len += pixels;
	ok = sh_buf_puts(out, "\nendstream\nendobj\n", err) == 0;
	xref = out->len;
	ok = ok && sh_buf_puts(out, "xref\n0 6\n0000000000 65535 f \n",
	    err) == 0;
	for (i = 1; i < 6 && ok; i++)
		ok = sh_buf_printf(out, err, "%010zu 00000 n \n", at[i]) == 0;
	if (!ok || sh_buf_printf(out, err, "trailer\n<</Size 6/Root 1 0 R"
	    "/ID[<00><00>]>>\nstartxref\n%zu\n%%%%EOF\n", xref))
		die(err);
}

/* The digest of the document and the signature of it, and nothing else. */
static void
floor_of(const char *name, EVP_PKEY *key, const struct sh_buf *pdf)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_digest digest;
	uint8_t sig[512];
	size_t len;
	unsigned long n = 0;
	double began = cpu_s();
	EVP_MD_CTX *ctx;

	do {
		if (sh_sha256(pdf->data, pdf->len, &digest, &err))
			die(&err);
		ctx = EVP_MD_CTX_new();
		len = sizeof(sig);
		if (EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key) !=
		    1 || EVP_DigestSign(ctx, sig, &len, digest.b,
		    sizeof(digest.b)) != 1)
			exit(1);
		EVP_MD_CTX_free(ctx);
		n++;
	} while (cpu_s() - began < seconds);
	report(name, n, cpu_s() - began);
}

/* Signing a document that lies in a file; the copy is made before. */
static void
sign(const char *name, struct sh_signer *s, const struct sh_buf *pdf,
    enum sh_sig_place place, int fd)
{
	struct sh_pdf_signature what = { .field = "officer", .place = place,
	    .offset_x_pt = 28, .offset_y_pt = 12,
	    .lines = { "Người số hóa: Nguyễn Thị Ngọc Ánh" } };
	char when[SH_TIME_LEN], line[64];
	struct sh_error err = SH_ERROR_INIT;
	unsigned long n = 0;
	double spent = 0, began;

	do {
		if (ftruncate(fd, (off_t)pdf->len) != 0 ||
		    sh_pwrite_all(fd, pdf->data, pdf->len, 0, &err))
			die(&err);
		began = cpu_s();
		what.when = sh_now();
		sh_time_print(what.when, when);
		(void)snprintf(line, sizeof(line), "Thời gian ký: %s", when);
		what.lines[1] = line;
		if (sh_pdf_sign(fd, s, &what, &err))
			die(&err);
		spent += cpu_s() - began;
		n++;
	} while (spent < seconds);
	report(name, n, spent);
}

static void
copy(const struct sh_buf *pdf, int fd)
{
	struct sh_error err = SH_ERROR_INIT;
	unsigned long n = 0;
	double began = cpu_s();

	do {
		if (ftruncate(fd, 0) != 0 ||
		    sh_pwrite_all(fd, pdf->data, pdf->len, 0, &err))
			die(&err);
		n++;
	} while (cpu_s() - began < seconds);
	report("copy of the file", n, cpu_s() - began);
}

static void
verify(const char *name, int fd, const struct sh_trust *trust)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_verdict v;
	unsigned long n = 0;
	double began = cpu_s();

	do {
		if (sh_verify_pdf(fd, trust, sh_now(), &v, &err))
			die(&err);
		if (v.status != SH_TOTAL_PASSED) {
			(void)fprintf(stderr, "bench_signing: %s\n",
			    sh_status_word(v.status));
			exit(1);
		}
		sh_verdict_clear(&v);
		n++;
	} while (cpu_s() - began < seconds);
	report(name, n, cpu_s() - began);
}

/* Digests of ten thousand documents, the tree over them, one signature. */
static void
seal(struct sh_signer *s, const struct sh_buf *pdf)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_merkle t = { .n = 0 };
	struct sh_digest digest, leaf, root;
	struct sh_buf sig = SH_BUF_INIT;
	double began = cpu_s(), hashed;
	int i;

	for (i = 0; i < DOCUMENTS; i++)
		if (sh_sha256(pdf->data, pdf->len, &digest, &err))
			die(&err);
	hashed = cpu_s();
	for (i = 0; i < DOCUMENTS; i++)
		if (sh_merkle_leaf(digest.b, sizeof(digest.b), &leaf, &err) ||
		    sh_merkle_add(&t, 0, &leaf, &err))
			die(&err);
	if (sh_merkle_root(&t, &root, &err) ||
	    sh_signer_sign(s, root.b, sizeof(root.b), &sig, &err))
		die(&err);
	(void)printf("seconds to hash 10,000\t%.3f\n", hashed - began);
	(void)printf("seconds to seal 10,000\t%.3f\n", cpu_s() - hashed);
	sh_buf_free(&sig);
}

int
main(int argc, char **argv)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_secret word = SH_SECRET_INIT;
	struct sh_signer *s = NULL;
	struct sh_trust *trust = NULL;
	struct sh_buf pdf = SH_BUF_INIT, out = SH_BUF_INIT;
	EVP_PKEY *p256 = EVP_EC_gen("P-256");
	char *key, *path;
	int fd;

	if (argc != 3)
		return (64);
	seconds = atof(argv[2]);
	if (sh_secret_new(&word, 6, &err))
		die(&err);
	memcpy(word.data, "secret", 6);
	make_pdf(&pdf, &err);
	if (sh_signer_make_test_keys(argv[1], &word, sh_now(), &err) ||
	    (key = sh_path_join(argv[1], "officer.p12", &err)) == NULL ||
	    sh_signer_open_p12(key, &word, &s, &err) ||
	    sh_trust_load(argv[1], &trust, &err) ||
	    (fd = sh_memfd("bench", &err)) < 0)
		die(&err);
	floor_of("digest and P-256 alone", p256, &pdf);
	copy(&pdf, fd);
	sign("sign, visible", s, &pdf, SH_SIG_TOP_LEFT, fd);
	sign("sign, invisible", s, &pdf, SH_SIG_INVISIBLE, fd);
	verify("verify B-B", fd, trust);
	seal(s, &pdf);
	if (lseek(fd, 0, SEEK_SET) != 0 ||
	    sh_fs_read_fd(fd, (size_t)1 << 30, &out, &err) ||
	    (path = sh_path_join(argv[1], "signed.pdf", &err)) == NULL ||
	    sh_fs_replace(path, out.data, out.len, 0644, &err))
		die(&err);
	free(path);
	free(key);
	(void)close(fd);
	sh_signer_close(s);
	sh_trust_free(trust);
	sh_secret_free(&word);
	sh_buf_free(&pdf);
	sh_buf_free(&out);
	EVP_PKEY_free(p256);
	return (0);
}
