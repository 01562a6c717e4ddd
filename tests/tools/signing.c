/*
 * The signing room from a shell, for tests and measurements.
 *
 *   signing keys FOLDER PASSPHRASE
 *   signing sign FILE KEY.p12 PASSPHRASE FIELD left|right|none [LINE …]
 *   signing cms FILE FIELD-INDEX CMS-OUT CONTENT-OUT
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/mem.h"
#include "signing/pdfsig.h"
#include "signing/signer.h"

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

int
main(int argc, char **argv)
{
	struct sh_error err = SH_ERROR_INIT;
	int rc;

	if (argc == 4 && strcmp(argv[1], "keys") == 0)
		rc = keys(argv + 2, &err);
	else if (argc >= 7 && strcmp(argv[1], "sign") == 0)
		rc = sign(argc - 2, argv + 2, &err);
	else {
		(void)fprintf(stderr, "signing: wrong arguments\n");
		return (64);
	}
	if (rc != 0)
		(void)fprintf(stderr, "%s [%s] %s\n", sh_code_word(err.code),
		    err.key, err.text);
	return (rc != 0 ? sh_code_exit(err.code) : 0);
}
