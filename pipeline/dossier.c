#include "pipeline/dossier.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/text.h"

#define DOSSIER_MAX	(1 << 20)
#define NAME_MAX_BYTES	400
#define CODE_MAX	64

static char *
clean_dup(const char *s, struct sh_error *err)
{
	struct sh_buf b = SH_BUF_INIT;

	if (sh_text_clean(s, strlen(s), &b, err)) {
		sh_buf_free(&b);
		return (NULL);
	}
	return (sh_buf_steal(&b, err));
}

static int
set_procedure(struct sh_dossier *d, const char *code,
    const struct sh_catalogue *catalogue, struct sh_error *err)
{
	if (!sh_procedure_code_valid(code)) {
		sh_error_param(err, "value", "%.60s", code);
		return (sh_error_set(err, SH_EARG, "procedure.malformed",
		    "\"%.60s\" is no procedure code", code));
	}
	if ((d->procedure_code = sh_strdup(code, err)) == NULL)
		return (-1);
	d->procedure = sh_catalogue_procedure(catalogue, code);
	return (0);
}

static int
set_holder(struct sh_dossier *d, const char *id, struct sh_error *err)
{
	if (sh_id_parse(id, &d->holder, err)) {
		sh_error_param(err, "value", "%.40s", id);
		return (sh_error_context(err, "holder"));
	}
	return (0);
}

static int
load_holder(struct sh_dossier *d, const json_t *root, struct sh_error *err)
{
	json_t *holder;
	const char *s;

	if (sh_json_object(root, "holder", 1, &holder, err) ||
	    sh_json_str(holder, "id", 1, 40, &s, err) ||
	    set_holder(d, s, err) ||
	    sh_json_str(holder, "name", 0, NAME_MAX_BYTES, &s, err))
		return (-1);
	if (s != NULL && (d->holder_name = clean_dup(s, err)) == NULL)
		return (-1);
	if (sh_json_str(holder, "birth_date", 0, 10, &s, err))
		return (-1);
	if (s != NULL && sh_date_parse(s, &d->holder_birth)) {
		sh_error_param(err, "member", "birth_date");
		return (sh_error_set(err, SH_EFORMAT, "json.member",
		    "\"birth_date\" must be yyyy-mm-dd"));
	}
	return (0);
}

/* "L-" and 16 hex digits: named after what it holds. */
static int
named_by_content(const char *s)
{
	return (s[0] == 'L' && s[1] == '-' && strspn(s + 2,
	    "0123456789abcdef") == 16 && s[18] == '\0');
}

static int
load_members(struct sh_dossier *d, const json_t *root,
    const struct sh_catalogue *catalogue, struct sh_error *err)
{
	json_t *procedure;
	const char *s;

	if (sh_json_str(root, "code", 1, CODE_MAX, &s, err))
		return (-1);
	if (!sh_dossier_code_valid(s) && !named_by_content(s)) {
		sh_error_param(err, "value", "%s", s);
		return (sh_error_set(err, SH_EARG, "dossier.code",
		    "\"%s\" is no dossier code", s));
	}
	if ((d->code = sh_strdup(s, err)) == NULL ||
	    sh_json_object(root, "procedure", 1, &procedure, err) ||
	    sh_json_str(procedure, "code", 1, CODE_MAX, &s, err) ||
	    set_procedure(d, s, catalogue, err) ||
	    load_holder(d, root, err))
		return (-1);
	if (sh_json_str(root, "station", 0, CODE_MAX, &s, err) ||
	    (s != NULL && (d->station = clean_dup(s, err)) == NULL))
		return (-1);
	if (sh_json_str(root, "received_at", 0, CODE_MAX, &s, err))
		return (-1);
	if (s != NULL && sh_time_parse(s, &d->received_at)) {
		sh_error_param(err, "member", "received_at");
		return (sh_error_set(err, SH_EFORMAT, "json.member",
		    "\"received_at\" must be a time with its zone"));
	}
	return (0);
}

static int
load_scans(struct sh_dossier *d, const json_t *root, struct sh_error *err)
{
	json_t *scans, *v;
	size_t i;

	if (sh_json_array(root, "scans", 1, SH_DOSSIER_SCANS_MAX, &scans, err))
		return (-1);
	d->scans = sh_alloc(json_array_size(scans), sizeof(*d->scans),
	    "the scans", err);
	if (d->scans == NULL)
		return (-1);
	json_array_foreach(scans, i, v) {
		if (!json_is_string(v) || json_string_length(v) > 1024) {
			sh_error_param(err, "member", "scans");
			return (sh_error_set(err, SH_EFORMAT, "json.member",
			    "\"scans\" must hold file names"));
		}
		d->scans[i] = sh_strdup(json_string_value(v), err);
		if (d->scans[i] == NULL)
			return (-1);
		d->nscans++;
	}
	if (d->nscans == 0)
		return (sh_error_set(err, SH_EFORMAT, "dossier.empty",
		    "the dossier names no scan"));
	return (0);
}

static struct sh_dossier *
new_dossier(struct sh_error *err)
{
	struct sh_dossier *d;

	if ((d = sh_alloc(1, sizeof(*d), "a dossier", err)) != NULL)
		d->dirfd = -1;
	return (d);
}

int
sh_dossier_load(const char *dir, const struct sh_catalogue *catalogue,
    struct sh_dossier **dp, struct sh_error *err)
{
	struct sh_dossier *d;
	struct sh_buf text = SH_BUF_INIT;
	json_t *root = NULL;
	int fd = -1, rc = -1;

	*dp = NULL;
	if ((d = new_dossier(err)) == NULL)
		return (-1);
	d->dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (d->dirfd < 0 || (fd = sh_fs_open_beneath(d->dirfd, "dossier.json",
	    err)) < 0) {
		sh_error_clear(err);
		sh_error_param(err, "file", "%s", dir);
		(void)sh_error_set(err, SH_ENOTFOUND, "dossier.missing",
		    "%s holds no dossier.json", dir);
		goto out;
	}
	if (sh_fs_read_fd(fd, DOSSIER_MAX, &text, err) ||
	    (root = sh_json_parse(text.data, text.len, DOSSIER_MAX, err)) ==
	    NULL || load_members(d, root, catalogue, err) ||
	    load_scans(d, root, err)) {
		sh_error_param(err, "file", "%s/dossier.json", dir);
		(void)sh_error_context(err, "%s/dossier.json", dir);
		goto out;
	}
	*dp = d;
	d = NULL;
	rc = 0;
out:
	if (fd >= 0)
		(void)close(fd);
	json_decref(root);
	sh_buf_free(&text);
	sh_dossier_free(d);
	return (rc);
}

int
sh_dossier_from_json(const json_t *root, int dirfd,
    const struct sh_catalogue *catalogue, struct sh_dossier **dp,
    struct sh_error *err)
{
	struct sh_dossier *d;

	*dp = NULL;
	if ((d = new_dossier(err)) == NULL)
		return (-1);
	if ((d->dirfd = fcntl(dirfd, F_DUPFD_CLOEXEC, 0)) < 0) {
		(void)sh_error_sys(err, "file.read", "the scans' folder");
	} else if (load_members(d, root, catalogue, err) == 0 &&
	    load_scans(d, root, err) == 0) {
		*dp = d;
		return (0);
	}
	sh_dossier_free(d);
	return (-1);
}

/* A path that a person named: links are theirs to follow. */
static int
open_path(const char *path, struct sh_error *err)
{
	struct stat st;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return (sh_fs_unread(path, err));
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		return (fd);
	(void)close(fd);
	return (sh_error_set(err, SH_EUNSUPPORTED, "file.not-regular",
	    "%s is no regular file", path));
}

int
sh_dossier_open_scan(const struct sh_dossier *d, size_t i,
    struct sh_error *err)
{
	int fd;

	fd = d->dirfd >= 0 ? sh_fs_open_beneath(d->dirfd, d->scans[i], err) :
	    open_path(d->scans[i], err);
	if (fd < 0)
		sh_error_param(err, "file", "%s", d->scans[i]);
	return (fd);
}

/* The same files in the same order for the same holder: the same dossier. */
static int
name_by_content(struct sh_dossier *d, struct sh_error *err)
{
	struct sh_hasher *h;
	struct sh_digest digest;
	struct sh_error absent;
	char hex[17];
	size_t i;
	int fd, rc = -1;

	if ((h = sh_hasher_new(NULL, 0, err)) == NULL)
		return (-1);
	if (sh_hasher_update(h, d->holder.value, strlen(d->holder.value) + 1,
	    err))
		goto out;
	for (i = 0; i < d->nscans; i++) {
		sh_error_clear(&absent);
		if ((fd = sh_dossier_open_scan(d, i, &absent)) < 0)
			continue;
		rc = sh_sha256_fd(fd, &digest, NULL, err);
		(void)close(fd);
		if (rc != 0 || (rc = sh_hasher_update(h, digest.b,
		    sizeof(digest.b), err)) != 0)
			goto out;
	}
	rc = -1;
	if (sh_hasher_final(h, &digest, err))
		goto out;
	sh_hex(digest.b, 8, hex);
	if ((d->code = sh_asprintf(err, "L-%s", hex)) != NULL)
		rc = 0;
out:
	sh_hasher_free(h);
	return (rc);
}

int
sh_dossier_from_files(const char *const *paths, size_t npaths,
    const char *holder, const char *procedure,
    const struct sh_catalogue *catalogue, struct sh_dossier **dp,
    struct sh_error *err)
{
	struct sh_dossier *d;

	*dp = NULL;
	if (npaths > SH_DOSSIER_SCANS_MAX)
		return (sh_error_set(err, SH_ELIMIT, "dossier.too-many",
		    "%zu files; limit %d", npaths, SH_DOSSIER_SCANS_MAX));
	if ((d = new_dossier(err)) == NULL)
		return (-1);
	if ((holder != NULL && set_holder(d, holder, err)) ||
	    (procedure != NULL && set_procedure(d, procedure, catalogue, err)))
		goto bad;
	d->scans = sh_alloc(npaths, sizeof(*d->scans), "the scans", err);
	if (d->scans == NULL)
		goto bad;
	for (; d->nscans < npaths; d->nscans++)
		if ((d->scans[d->nscans] = sh_strdup(paths[d->nscans],
		    err)) == NULL)
			goto bad;
	if (name_by_content(d, err))
		goto bad;
	*dp = d;
	return (0);
bad:
	sh_dossier_free(d);
	return (-1);
}

void
sh_dossier_free(struct sh_dossier *d)
{
	size_t i;

	if (d == NULL)
		return;
	for (i = 0; i < d->nscans; i++)
		free(d->scans[i]);
	free(d->scans);
	if (d->dirfd >= 0)
		(void)close(d->dirfd);
	free(d->code);
	free(d->procedure_code);
	free(d->holder_name);
	free(d->station);
	free(d);
}
