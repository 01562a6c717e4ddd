/*
 * The signing room from a shell, for tests and measurements.
 *
 *   signing keys FOLDER PASSPHRASE
 *   signing sign FILE KEY.p12 PASSPHRASE FIELD left|right|none [LINE …]
 *   signing verify FILE [ROOTS.pem]
 *   signing bench FILE FOLDER PASSPHRASE TIMES
 *
 * verify prints the report and ends with 0 (TOTAL-PASSED), 1 or 2.  bench
 * signs copies of FILE for officer and agency with the keys in FOLDER and
 * prints the CPU time of each part.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/mem.h"
#include "signing/pdfsig.h"
#include "signing/signer.h"
#include "signing/verify.h"

static int
make_secret(const char *word, struct sh_secret *out, struct sh_error *err)
{
	if (sh_secret_new(out, strlen(word), err))
		return (-1);
	memcpy(out->data, word, strlen(word));
	return (0);
}

static int
keys(char **argv, struct sh_error *err)
{
	struct sh_secret word;
	int rc;

	if (make_secret(argv[1], &word, err))
		return (-1);
	rc = sh_signer_make_test_keys(argv[0], &word, sh_now(), err);
	sh_secret_free(&word);
	return (rc);
}

static int
sign(int argc, char **argv, struct sh_error *err)
{
	struct sh_pdf_signature what = { .field = argv[3],
	    .offset_x_pt = 36, .offset_y_pt = 24, .when = sh_now() };
	struct sh_secret word;
	struct sh_signer *s = NULL;
	int fd = -1, rc = -1, i;

	what.place = strcmp(argv[4], "left") == 0 ? SH_SIG_TOP_LEFT :
	    strcmp(argv[4], "right") == 0 ? SH_SIG_TOP_RIGHT :
	    SH_SIG_INVISIBLE;
	for (i = 5; i < argc && i < 11; i++)
		what.lines[i - 5] = argv[i];
	if (make_secret(argv[2], &word, err))
		return (-1);
	if (sh_signer_open_p12(argv[1], &word, &s, err))
		goto out;
	if ((fd = open(argv[0], O_RDWR | O_CLOEXEC)) < 0) {
		(void)sh_error_sys(err, "file.read", "%s", argv[0]);
		goto out;
	}
	rc = sh_pdf_sign(fd, s, &what, err);
out:
	if (fd >= 0)
		(void)close(fd);
	sh_signer_close(s);
	sh_secret_free(&word);
	return (rc);
}

static int
verify(int argc, char **argv, int *statusp, struct sh_error *err)
{
	struct sh_buf pem = SH_BUF_INIT, text = SH_BUF_INIT;
	struct sh_trust *trust = NULL;
	struct sh_verdict v = { .report = NULL };
	int fd = -1, rc = -1;

	if (argc > 1 && (sh_fs_read(argv[1], (size_t)1 << 20, &pem, err) ||
	    sh_trust_parse(pem.data, pem.len, &trust, err)))
		goto out;
	if ((fd = open(argv[0], O_RDONLY | O_CLOEXEC)) < 0) {
		(void)sh_error_sys(err, "file.read", "%s", argv[0]);
		goto out;
	}
	if (sh_verify_pdf(fd, trust, sh_now(), &v, err) ||
	    sh_json_print(v.report, 1, &text, err))
		goto out;
	(void)printf("%s\n", (char *)text.data);
	*statusp = (int)v.status;
	rc = 0;
out:
	if (fd >= 0)
		(void)close(fd);
	sh_verdict_clear(&v);
	sh_trust_free(trust);
	sh_buf_free(&text);
	sh_buf_free(&pem);
	return (rc);
}

static double
cpu_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return ((double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6);
}

/* Both signatures of one document, as the intake makes them. */
static int
sign_both(int fd, struct sh_signer *officer, struct sh_signer *agency,
    int visible, struct sh_error *err)
{
	struct sh_pdf_signature what = {
		.field = "officer", .place = SH_SIG_TOP_LEFT,
		.offset_x_pt = 36, .offset_y_pt = 24, .when = sh_now(),
		.lines = { "Người ký: Nguyễn Thị Ngọc Ánh",
		    "Thời gian ký: 2026-11-21T09:30:00+07:00" }
	};

	if (!visible)
		what.place = SH_SIG_INVISIBLE;
	if (sh_pdf_sign(fd, officer, &what, err))
		return (-1);
	what.field = "agency";
	if (visible)
		what.place = SH_SIG_TOP_RIGHT;
	what.lines[0] = "Cơ quan: Ủy ban nhân dân xã Đường Lâm";
	return (sh_pdf_sign(fd, agency, &what, err));
}

static int
bench(char **argv, struct sh_error *err)
{
	static const char *const names[] = { "two invisible signatures",
	    "two visible signatures", "verifying both" };
	struct sh_secret word = SH_SECRET_INIT;
	struct sh_signer *s[2] = { NULL, NULL };
	struct sh_buf file = SH_BUF_INIT;
	struct sh_verdict v;
	char *path = NULL;
	double began, sum[3] = { 0, 0, 0 };
	int fd = -1, rc = -1, i, n = atoi(argv[3]), visible;

	if (make_secret(argv[2], &word, err) ||
	    sh_fs_read(argv[0], (size_t)1 << 30, &file, err))
		goto out;
	for (i = 0; i < 2; i++) {
		free(path);
		if ((path = sh_path_join(argv[1], i == 0 ? "officer.p12" :
		    "agency.p12", err)) == NULL ||
		    sh_signer_open_p12(path, &word, &s[i], err))
			goto out;
	}
	if ((fd = sh_memfd("bench", err)) < 0)
		goto out;
	for (i = 0; i < 2 * n; i++) {
		visible = i % 2;
		if (ftruncate(fd, 0) != 0 ||
		    sh_pwrite_all(fd, file.data, file.len, 0, err))
			goto out;
		began = cpu_ms();
		if (sign_both(fd, s[0], s[1], visible, err))
			goto out;
		sum[visible] += cpu_ms() - began;
		if (!visible)
			continue;
		began = cpu_ms();
		if (sh_verify_pdf(fd, NULL, sh_now(), &v, err))
			goto out;
		sum[2] += cpu_ms() - began;
		sh_verdict_clear(&v);
	}
	for (i = 0; i < 3; i++)
		(void)printf("%-26s %8.3f ms of CPU\n", names[i],
		    sum[i] / n);
	rc = 0;
out:
	if (fd >= 0)
		(void)close(fd);
	free(path);
	sh_signer_close(s[0]);
	sh_signer_close(s[1]);
	sh_buf_free(&file);
	sh_secret_free(&word);
	return (rc);
}

int
main(int argc, char **argv)
{
	struct sh_error err = SH_ERROR_INIT;
	int rc, status = 0;

	if (argc == 4 && strcmp(argv[1], "keys") == 0)
		rc = keys(argv + 2, &err);
	else if (argc >= 7 && strcmp(argv[1], "sign") == 0)
		rc = sign(argc - 2, argv + 2, &err);
	else if (argc >= 3 && strcmp(argv[1], "verify") == 0)
		rc = verify(argc - 2, argv + 2, &status, &err);
	else if (argc == 6 && strcmp(argv[1], "bench") == 0)
		rc = bench(argv + 2, &err);
	else {
		(void)fprintf(stderr, "signing: wrong arguments\n");
		return (64);
	}
	if (rc != 0)
		(void)fprintf(stderr, "%s [%s] %s\n", sh_code_word(err.code),
		    err.key, err.text);
	return (rc != 0 ? sh_code_exit(err.code) : status);
}
