/* sohoa sign. */
#include "pipeline/cmd/command.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/fs.h"
#include "base/mem.h"
#include "pipeline/sign.h"
#include "pipeline/worker_pool.h"

#define MAX_FILE	((size_t)1 << 30)
#define MAX_PIN		256

struct signing {
	struct sh_args *a;
	struct sh_home *home;		/* NULL: all is on the line */
	struct sh_trust *trust;		/* ours when there is no home */
	struct sh_tsa tsa;
	struct sh_fetch fetch;
	struct sh_pades pades;
	struct sh_signer *own;		/* from --key */
	struct sh_signer *signer;	/* that, or the home's; borrowed */
	struct sh_buf roots;
	int file;			/* in memory */
	struct sh_digest shown, made;
	char field[64];
};

/* ---- who signs ---- */

/* A line without its end, never echoed. */
static int
read_pin(int fd, struct sh_secret *out, struct sh_error *err)
{
	struct termios was, now;
	int tty = isatty(fd), rc = 0;
	size_t n = 0;
	char c;

	if (sh_secret_new(out, MAX_PIN, err))
		return (-1);
	if (tty) {
		(void)fputs("PIN: ", stderr);
		if (tcgetattr(fd, &was) == 0) {
			now = was;
			now.c_lflag &= ~(tcflag_t)ECHO;
			(void)tcsetattr(fd, TCSAFLUSH, &now);
		}
	}
	while (n < MAX_PIN && read(fd, &c, 1) == 1 && c != '\n')
		out->data[n++] = (uint8_t)c;
	if (tty) {
		(void)tcsetattr(fd, TCSAFLUSH, &was);
		(void)fputs("\n", stderr);
	}
	if (n == MAX_PIN || n == 0)
		rc = sh_error_set(err, SH_EDENIED, "key.passphrase",
		    "no PIN of 1 to %d bytes", MAX_PIN - 1);
	out->len = n;
	return (rc);
}

static int
open_own(struct signing *s, const char *spec, struct sh_error *err)
{
	const char *text = sh_args_get(s->a, "pin-fd");
	struct sh_secret pin = SH_SECRET_INIT;
	int fd = text != NULL ? atoi(text) : open("/dev/tty", O_RDWR |
	    O_CLOEXEC | O_NOCTTY), rc = -1;

	if (fd < 0)
		(void)sh_error_set(err, SH_EARG, "key.passphrase",
		    "no terminal to ask for the PIN: use --pin-fd");
	else if (read_pin(fd, &pin, err) == 0)
		rc = sh_signing_key(s->home, spec, &pin, &s->own, err);
	if (text == NULL && fd >= 0)
		(void)close(fd);
	sh_secret_free(&pin);
	return (rc);
}

static int
open_signer(struct signing *s, struct sh_error *err)
{
	const char *key = sh_args_get(s->a, "key");
	const char *as = sh_args_get(s->a, "as");

	if (key != NULL) {
		if (open_own(s, key, err))
			return (-1);
		s->signer = s->own;
	} else
		s->signer = as != NULL && strcmp(as, "agency") == 0 ?
		    s->home->agency : s->home->officer;
	if (sh_args_get(s->a, "pss") != NULL)
		return (sh_signer_use(s->signer, SH_SIG_RSA_PSS_SHA256, err));
	return (0);
}

/* ---- how ---- */

static int
read_roots(struct signing *s, struct sh_error *err)
{
	const char *roots = sh_args_get(s->a, "roots");
	char *dir = NULL;
	int rc = -1;

	if (roots == NULL && s->home != NULL &&
	    (dir = sh_home_path(s->home, sh_config_text(s->home->config,
	    "roots"), err)) == NULL)
		return (-1);
	if (sh_trust_read(roots != NULL ? roots : dir, &s->roots, err) == 0 &&
	    sh_trust_parse(s->roots.data, s->roots.len, &s->trust, err) == 0)
		rc = 0;
	free(dir);
	return (rc);
}

static int
settle(struct signing *s, struct sh_error *err)
{
	const char *level = sh_args_get(s->a, "level");
	const char *url = sh_args_get(s->a, "tsa");

	if (s->home != NULL) {
		s->tsa = s->home->signing.tsa;
		s->fetch = s->home->signing.fetch;
		s->pades = s->home->signing.pades;
	} else {
		s->tsa.timeout_ms = s->fetch.timeout_ms = 20000;
		s->tsa.tries = s->fetch.tries = 3;
		s->pades.fetch = &s->fetch;
	}
	if (read_roots(s, err))
		return (-1);
	s->tsa.trust = s->pades.trust = s->trust;
	if (s->pades.fetch != NULL)
		s->pades.fetch = &s->fetch;
	if (url != NULL)
		s->tsa.url = url;
	s->pades.tsa = s->tsa.url != NULL ? &s->tsa : NULL;
	if (level != NULL && sh_pades_parse(level, &s->pades.level) != 0)
		return (sh_error_set(err, SH_EARG, "sign.word",
		    "level %s, there are b, t, lt and lta", level));
	return (0);
}

/* ---- the file ---- */

static int
load(struct signing *s, const char *path, struct sh_error *err)
{
	const char *want = sh_args_get(s->a, "digest");
	struct sh_buf bytes = SH_BUF_INIT;
	char hex[SH_HEX_LEN];
	int rc = -1;

	if ((s->file = sh_memfd("document", err)) < 0 ||
	    sh_fs_read(path, MAX_FILE, &bytes, err) ||
	    sh_sha256(bytes.data, bytes.len, &s->shown, err) ||
	    sh_pwrite_all(s->file, bytes.data, bytes.len, 0, err))
		goto out;
	sh_hex(s->shown.b, sizeof(s->shown.b), hex);
	/* What was on the screen is what is signed. */
	if (want != NULL && strcasecmp(want, hex) != 0)
		(void)sh_error_set(err, SH_ECONFLICT, "sign.changed",
		    "the file's digest is %s", hex);
	else
		rc = 0;
out:
	sh_buf_free(&bytes);
	return (rc);
}

/*
 * A file from anywhere is first read in the sandbox: what cannot be read
 * there, or is damaged, is never parsed beside the key.
 */
static int
look_first(struct signing *s, struct sh_error *err)
{
	const struct sh_pool_options po = { .readers = 1 };
	struct sh_pool *pool = NULL;
	json_t *report = NULL;
	const char *sub;
	int rc = -1;

	if (sh_pool_new(&po, &pool, err) || sh_pool_verify(pool, s->file,
	    s->roots.data, s->roots.len, sh_now(), &report, err))
		goto out;
	sub = json_string_value(json_object_get(report, "sub_indication"));
	if (!json_is_true(json_object_get(report, "integrity")) &&
	    (sub == NULL || strcmp(sub, "NO_SIGNATURE") != 0))
		(void)sh_error_set(err, SH_ESIGNATURE, "sign.damaged",
		    "the file verifies as %s %s", json_string_value(
		    json_object_get(report, "status")), sub != NULL ? sub :
		    "");
	else
		rc = 0;
out:
	json_decref(report);
	sh_pool_free(pool);
	return (rc);
}

static int
place_of(const char *word, enum sh_sig_place *out)
{
	if (word == NULL || strcmp(word, "none") == 0)
		*out = SH_SIG_INVISIBLE;
	else if (strcmp(word, "left") == 0)
		*out = SH_SIG_TOP_LEFT;
	else if (strcmp(word, "right") == 0)
		*out = SH_SIG_TOP_RIGHT;
	else
		return (-1);
	return (0);
}

/* "officer", or "officer-2" when that field is there. */
static int
sign_free_field(struct signing *s, struct sh_pdf_signature *what,
    struct sh_error *err)
{
	const char *field = what->field;
	int n;

	(void)snprintf(s->field, sizeof(s->field), "%s", field);
	what->field = s->field;
	for (n = 2;; n++) {
		if (sh_pades_sign(&s->pades, s->file, s->signer, what, err) ==
		    0)
			return (0);
		if (err->code != SH_EEXISTS || n > 99 ||
		    sh_args_get(s->a, "field") != NULL)
			return (-1);
		sh_error_clear(err);
		(void)snprintf(s->field, sizeof(s->field), "%.50s-%d", field,
		    n);
	}
}

static int
sign(struct signing *s, struct sh_error *err)
{
	const char *field = sh_args_get(s->a, "field");
	const char *as = sh_args_get(s->a, "as");
	const char *certify = sh_args_get(s->a, "certify");
	struct sh_pdf_signature what = { .when = sh_now(),
	    .field = field != NULL ? field : as != NULL ? as : "officer",
	    .reason = sh_args_get(s->a, "reason"),
	    .offset_x_pt = 28, .offset_y_pt = 12,
	    .certify = certify != NULL ? atoi(certify) : 0 };
	char who[256], at[64], when[SH_TIME_LEN];

	if (place_of(sh_args_get(s->a, "place"), &what.place) != 0)
		return (sh_error_set(err, SH_EARG, "sign.word",
		    "--place is left, right or none"));
	if (s->home != NULL) {
		int right = what.place == SH_SIG_TOP_RIGHT;

		what.offset_x_pt = (double)sh_config_int(s->home->config,
		    right ? "agency-offset-x" : "officer-offset-x");
		what.offset_y_pt = (double)sh_config_int(s->home->config,
		    right ? "agency-offset-y" : "officer-offset-y");
	}
	sh_time_print(what.when, when);
	(void)snprintf(who, sizeof(who), "Người ký: %.200s",
	    sh_signer_name(s->signer));
	(void)snprintf(at, sizeof(at), "Thời gian ký: %s", when);
	what.lines[0] = who;
	what.lines[1] = at;
	return (sign_free_field(s, &what, err));
}

static int
save(struct signing *s, const char *path, struct sh_error *err)
{
	struct sh_buf bytes = SH_BUF_INIT;
	int rc = -1;

	if (lseek(s->file, 0, SEEK_SET) == 0 &&
	    sh_fs_read_fd(s->file, MAX_FILE, &bytes, err) == 0 &&
	    sh_sha256(bytes.data, bytes.len, &s->made, err) == 0)
		rc = sh_fs_replace(path, bytes.data, bytes.len, 0644, err);
	sh_buf_free(&bytes);
	return (rc);
}

static int
tell(const struct signing *s, const char *in, const char *out,
    struct sh_error *err)
{
	char shown[SH_HEX_LEN], made[SH_HEX_LEN], when[SH_TIME_LEN];
	const char *signer = s->signer != NULL ? sh_signer_name(s->signer) :
	    NULL;

	sh_hex(s->shown.b, sizeof(s->shown.b), shown);
	sh_hex(s->made.b, sizeof(s->made.b), made);
	sh_time_print(sh_now(), when);
	if (s->a->json)
		return (sh_print_json(json_pack(
		    "{s:s, s:s, s:s, s:s*, s:s, s:s, s:s, s:s}",
		    "format", "sohoa-sign-1", "input", in, "output", out,
		    "signer", signer, "level",
		    sh_pades_name(s->pades.level), "signed_at", when,
		    "shown", shown, "digest", made), err));
	(void)printf("%s: %s, %s\n", out, sh_pades_name(s->pades.level),
	    signer != NULL ? signer : (s->a->lang == SH_VI ? "gia hạn" :
	    "prolonged"));
	return (0);
}

static int
sign_file(struct signing *s, const char *in, const char *out, int prolong,
    struct sh_error *err)
{
	if (load(s, in, err) || look_first(s, err) ||
	    (!prolong && (open_signer(s, err) || sign(s, err))) ||
	    sh_pades_finish(&s->pades, s->file, sh_now(), err) ||
	    sh_sign_prove(&s->pades, s->file, 1, prolong ? NULL : s->field,
	    err) || save(s, out, err))
		return (sh_error_context(err, "%s", in));
	return (tell(s, in, out, err));
}

int
sh_cmd_sign(struct sh_args *a, struct sh_error *err)
{
	struct signing s = { .a = a, .file = -1 };
	const char *home = sh_args_get(a, "home");
	const char *out = sh_args_get(a, "output");
	const char *as = sh_args_get(a, "as");
	int prolong = sh_args_get(a, "prolong") != NULL;
	int own = sh_args_get(a, "key") != NULL, rc = -1;

	if (out == NULL)
		return (sh_args_usage(a, "--output FILE"));
	if (as != NULL && strcmp(as, "officer") != 0 &&
	    strcmp(as, "agency") != 0)
		return (sh_args_usage(a, "--as officer or --as agency"));
	if (home == NULL)
		home = getenv("SOHOA_HOME");
	if (home != NULL && *home != '\0') {
		if (sh_open_home(a, own || prolong ? 0 : SH_HOME_SIGN,
		    &s.home, err))
			goto out;
	} else if ((!own && !prolong) || sh_args_get(a, "roots") == NULL)
		return (sh_args_usage(a, "--home HOME, or --key and --roots"));
	if (settle(&s, err) == 0)
		rc = sign_file(&s, a->operands[0], out, prolong, err);
out:
	sh_signer_close(s.own);
	sh_trust_free(s.trust);
	sh_buf_free(&s.roots);
	if (s.file >= 0)
		(void)close(s.file);
	sh_home_close(s.home);
	return (rc == 0 ? EX_OK : rc);
}
