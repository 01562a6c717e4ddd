/* sohoa seal and prove. */
#include "pipeline/cmd/command.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/text.h"
#include "pipeline/seal.h"

static int
make(struct sh_args *a, struct sh_home *h, struct sh_error *why,
    unsigned *np, struct sh_error *err)
{
	const char *rehash = sh_args_get(a, "rehash");
	struct sh_home_sealing s;
	enum sh_md md = SH_MD_SHA256;

	sh_home_sealing(h, &s);
	if (sh_seals_make(h->archive, &s.with, np, why, err))
		return (-1);
	if (rehash == NULL && sh_args_get(a, "renew") == NULL)
		return (0);
	if (rehash == NULL)
		return (sh_seals_renew(h->archive, &s.with,
		    sh_seals_digest(h->archive), err));
	for (md = SH_MD_NONE + 1; md < SH_NMDS; md++)
		if (strcmp(rehash, sh_md_name(md)) == 0)
			break;
	if (md == SH_NMDS)
		return (sh_error_set(err, SH_EARG, "seal.nothing",
		    "%s is no digest", rehash));
	return (sh_seals_renew(h->archive, &s.with, md, err));
}

int
sh_cmd_seal(struct sh_args *a, struct sh_error *err)
{
	struct sh_error why = SH_ERROR_INIT;
	struct sh_home *h;
	json_t *v = NULL, *seals;
	unsigned made;
	int rc = -1;

	if (sh_open_home(a, SH_HOME_WRITE | SH_HOME_SIGN, &h, err))
		return (-1);
	if (make(a, h, &why, &made, err) ||
	    sh_home_status(h, sh_now(), &v, err))
		goto out;
	seals = json_object_get(v, "seals");
	rc = sh_seals_exit(seals);
	if (!a->json)
		sh_print_seals(seals, a->lang);
	else if (sh_json_set_int(v, "made", (int64_t)made, err) ||
	    sh_json_set_str(v, "why", why.code != SH_OK ? why.key : NULL,
	    err) || sh_print_json(json_incref(v), err))
		rc = -1;
out:
	json_decref(v);
	sh_home_close(h);
	return (rc);
}

/* ---- prove --------------------------------------------------------------- */

static int
put(int dir, const char *name, const void *data, size_t len,
    struct sh_error *err)
{
	int fd, rc;

	if ((fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC |
	    O_NOFOLLOW, 0600)) < 0)
		return (sh_error_sys(err, "file.create", "%s", name));
	rc = sh_write_all(fd, data, len, err);
	(void)close(fd);
	return (rc);
}

static int
put_json(int dir, const char *name, const json_t *v, struct sh_error *err)
{
	struct sh_buf b = SH_BUF_INIT;
	int rc;

	rc = sh_json_canonical(v, &b, err) ||
	    put(dir, name, b.data, b.len, err) ? -1 : 0;
	sh_buf_free(&b);
	return (rc);
}

/* The proof, its seal and the evidence record as files. */
static int
write_proof(struct sh_home *h, const struct sh_document_id *id, int dir,
    struct sh_error *err)
{
	struct sh_buf b = SH_BUF_INIT;
	json_t *v;
	int rc = -1;

	if (sh_seals_prove(h->archive, id, &v, err))
		return (-1);
	if (put_json(dir, "proof.json", v, err) ||
	    sh_seals_read(h->archive, (uint64_t)json_integer_value(
	    json_object_get(v, "seal")), &b, err) ||
	    put(dir, "seal.json", b.data, b.len, err))
		goto out;
	sh_buf_reset(&b);
	/* Without a stamp there is no evidence, but still a proof. */
	if (sh_seals_evidence(h->archive, id, &b, err) == 0)
		rc = put(dir, "evidence.ers", b.data, b.len, err);
	else if (strcmp(err->key, "seal.pending") == 0) {
		sh_error_clear(err);
		rc = 0;
	}
out:
	json_decref(v);
	sh_buf_free(&b);
	return (rc);
}

static int
write_consistency(struct sh_home *h, uint64_t first, int dir,
    struct sh_error *err)
{
	struct sh_buf b = SH_BUF_INIT;
	uint64_t last;
	json_t *v;
	int rc = -1;

	if (sh_seals_status(h->archive, sh_now(), &v, err))
		return (-1);
	last = (uint64_t)json_integer_value(json_object_get(v, "last"));
	json_decref(v);
	if (sh_seals_consistency(h->archive, first, last, &v, err))
		return (-1);
	if (put_json(dir, "consistency.json", v, err) == 0 &&
	    sh_seals_read(h->archive, first, &b, err) == 0 &&
	    put(dir, "first.json", b.data, b.len, err) == 0) {
		sh_buf_reset(&b);
		rc = sh_seals_read(h->archive, last, &b, err) == 0 ?
		    put(dir, "last.json", b.data, b.len, err) : -1;
	}
	json_decref(v);
	sh_buf_free(&b);
	return (rc);
}

int
sh_cmd_prove(struct sh_args *a, struct sh_error *err)
{
	const char *out = sh_args_get(a, "output");
	const char *since = sh_args_get(a, "since");
	struct sh_document_id id;
	struct sh_home *h = NULL;
	uint64_t first = 0;
	int dir = -1, rc = -1;

	if ((since == NULL) == (a->noperands == 0))
		return (sh_args_usage(a, "a document, or --since SEAL"));
	if (out == NULL)
		return (sh_args_usage(a, "--output names a folder"));
	if (since != NULL && (sh_parse_u64(since, INT64_MAX, &first) ||
	    first == 0))
		return (sh_args_usage(a, "--since wants a seal's number"));
	if (since == NULL && sh_document_id_parse(a->operands[0], &id))
		return (sh_args_usage(a, "%s is no document's id",
		    a->operands[0]));
	if (sh_open_home(a, 0, &h, err) || sh_fs_mkdirs(out, 0700, err))
		goto out;
	if ((dir = open(out, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
		(void)sh_error_sys(err, "file.create", "%s", out);
	else
		rc = since != NULL ? write_consistency(h, first, dir, err) :
		    write_proof(h, &id, dir, err);
out:
	if (dir >= 0)
		(void)close(dir);
	sh_home_close(h);
	return (rc);
}
