/* A dossier's package written. */
#include "archive/package.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "archive/access_internal.h"
#include "archive/act.h"
#include "archive/package_internal.h"
#include "archive/retention_internal.h"
#include "base/fs.h"
#include "base/mem.h"

#define DOCUMENTS_MAX	10000

static int
add_file(struct sh_package *p, const char *path, const char *media,
    uint64_t bytes, const struct sh_digest *digest, struct sh_error *err)
{
	struct sh_package_file *f;

	if (sh_grow(&p->files, &p->filecap, p->nfiles + 1, sizeof(*p->files),
	    "files", err))
		return (-1);
	f = &p->files[p->nfiles];
	memset(f, 0, sizeof(*f));
	if ((f->path = sh_strdup(path, err)) == NULL)
		return (-1);
	f->media = media;
	f->bytes = bytes;
	f->digest = *digest;
	p->nfiles++;
	return (0);
}

/* A new file below the package, its folders made. */
static int
open_file(struct sh_package *p, const char *path, struct sh_error *err)
{
	char *full, *slash;
	int fd = -1;

	if ((full = sh_path_join(p->root, path, err)) == NULL)
		return (-1);
	slash = strrchr(full, '/');
	*slash = '\0';
	if (sh_fs_mkdirs(full, 0700, err) == 0) {
		*slash = '/';
		fd = open(full, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		if (fd < 0)
			(void)sh_error_sys(err, "package.file", "%s", full);
	}
	free(full);
	return (fd);
}

static int
close_file(int fd, const char *path, struct sh_error *err)
{
	int rc = fsync(fd) == 0 ? 0 : sh_error_sys(err, "package.file", "%s",
	    path);

	(void)close(fd);
	return (rc);
}

int
sh_package_put(struct sh_package *p, const char *path, const char *media,
    const void *data, size_t len, struct sh_error *err)
{
	struct sh_digest digest;
	int fd;

	if (sh_sha256(data, len, &digest, err) ||
	    (fd = open_file(p, path, err)) < 0)
		return (-1);
	if (sh_write_all(fd, data, len, err)) {
		(void)close(fd);
		return (-1);
	}
	if (close_file(fd, path, err))
		return (-1);
	return (add_file(p, path, media, len, &digest, err));
}

static int
put_json(struct sh_package *p, const char *path, const json_t *v,
    struct sh_error *err)
{
	struct sh_buf b = SH_BUF_INIT;
	int rc = -1;

	if (sh_json_canonical(v, &b, err) == 0)
		rc = sh_package_put(p, path, "application/json", b.data,
		    b.len, err);
	sh_buf_free(&b);
	return (rc);
}

static int
to_fd(void *arg, const void *data, size_t len, struct sh_error *err)
{
	return (sh_write_all(*(int *)arg, data, len, err));
}

/* What is archived, digest proven on the way. */
static int
put_stored(struct sh_package *p, const char *path, const char *media,
    const struct sh_stored *s, struct sh_error *err)
{
	int fd;

	if ((fd = open_file(p, path, err)) < 0)
		return (-1);
	if (sh_document_read(p->ar, s, to_fd, &fd, err)) {
		(void)close(fd);
		return (-1);
	}
	if (close_file(fd, path, err))
		return (-1);
	return (add_file(p, path, media, s->bytes, &s->plain, err));
}

/* ---- documents ----------------------------------------------------------- */

static const char *
folder_of(const struct sh_package *p)
{
	return (p->options->form == SH_PACKAGE_BAG ? "data" :
	    "documentation");
}

static int
put_rendition(struct sh_package *p, const json_t *record,
    const json_t *rendition, json_t *files, struct sh_error *err)
{
	const char *name = sh_member(rendition, "name");
	const struct sh_package_document *d =
	    &p->documents[p->ndocuments - 1];
	int pdf = strcmp(name, "pdf") == 0;
	struct sh_stored s;
	char *path;
	int rc = -1;

	/* Rule: TT 05/2025/TT-BNV: the signed PDF is the package's data. */
	path = p->options->form == SH_PACKAGE_EARK && pdf ?
	    sh_asprintf(err, "representations/rep1/data/%s.pdf", d->code) :
	    sh_asprintf(err, "%s/%s/%s", folder_of(p), sh_member(record,
	    "id"), name);
	if (path == NULL)
		return (-1);
	if (sh_document_stored(record, name, &s, err) == 1 && put_stored(p,
	    path, pdf ? "application/pdf" : "application/octet-stream", &s,
	    err) == 0) {
		p->files[p->nfiles - 1].document = pdf ? p->ndocuments : 0;
		rc = sh_json_set_str(files, name, path, err);
	}
	free(path);
	return (rc);
}

static int
take_act(void *arg, const struct sh_act_seen *seen, struct sh_error *err)
{
	char hex[SH_TAG_HEX];

	/* It is the older document's; the newer one only knows of it. */
	if (seen->kind == 'S')
		return (0);
	sh_tag_print(&seen->operation, hex);
	return (sh_json_append(arg, json_pack("{s:s,s:O}", "operation", hex,
	    "act", seen->act), err));
}

struct aliases {
	struct sh_archive *ar;
	const struct sh_tag *holder;
	json_t *acts;
};

static int
take_alias(void *arg, const struct sh_entry *t, struct sh_error *err)
{
	struct aliases *a = arg;
	struct sh_act_seen seen = { .kind = 'a' };
	json_t *act;
	int rc;

	if (t->sortlen != SH_ACT_SORT)
		return (sh_error_set(err, SH_EFIXITY, "record.damaged",
		    "an alias"));
	if ((act = sh_document_entry(a->ar, a->holder, t, err)) == NULL)
		return (-1);
	memcpy(seen.operation.b, t->sort + 18, 16);
	seen.act = act;
	rc = take_act(a->acts, &seen, err);
	json_decref(act);
	return (rc);
}

/* Acts about the document, and who its holders are also known as. */
static int
put_acts(struct sh_package *p, const struct sh_tag *document,
    const struct sh_tag *holder, const char *id, json_t *entry,
    struct sh_error *err)
{
	struct sh_tag tags[SH_HOLDERS_MAX];
	struct sh_range r = { .table = SH_TABLE_ACT, .prefix = "h",
	    .prefixlen = 1 };
	struct aliases a = { .ar = p->ar };
	struct sh_stored s;
	json_t *acts, *v, *act;
	char *path;
	int64_t archived_at;
	size_t n, i;
	int rc = -1;

	if ((acts = sh_json_new_array(err)) == NULL ||
	    sh_json_set(entry, "acts", acts, err) ||
	    sh_act_each(p->ar, holder, document, 0, take_act, acts, err) ||
	    sh_document_locate(p->ar, document, tags, &n, &archived_at, err))
		return (-1);
	a.acts = acts;
	for (i = 0; i < n; i++) {
		a.holder = &tags[i];
		r.term = tags[i];
		if (sh_engine_scan(p->ar->engine, &r, take_alias, &a, err))
			return (-1);
	}
	json_array_foreach(acts, i, v) {
		act = json_object_get(v, "act");
		if (json_object_get(act, "receipt") == NULL)
			continue;
		if ((path = sh_asprintf(err, "%s/%s/receipt-%s.json",
		    folder_of(p), id, sh_member(act, "id"))) == NULL)
			return (-1);
		rc = sh_stored_parse(json_object_get(act, "receipt"), &s,
		    err);
		if (rc == 0)
			rc = put_stored(p, path, "application/json", &s,
			    err);
		if (rc == 0)
			rc = sh_json_set_str(v, "receipt", path, err);
		free(path);
		if (rc != 0)
			return (-1);
		(void)json_object_del(json_object_get(act, "receipt"), "key");
	}
	return (0);
}

/* Keys are this archive's alone. */
static json_t *
without_keys(const json_t *record, struct sh_error *err)
{
	json_t *copy = sh_json_copy(record, 1, err), *v;
	size_t i;

	json_array_foreach(json_object_get(copy, "renditions"), i, v)
		(void)json_object_del(v, "key");
	(void)json_object_del(json_object_get(copy, "text"), "key");
	return (copy);
}

/* Behind the dossier that brought it. */
static json_t *
links_of(const json_t *view, struct sh_error *err)
{
	json_t *list = sh_json_copy(json_object_get(view, "dossiers"), 1,
	    err);

	(void)json_array_remove(list, 0);
	return (list);
}

static int
put_document(struct sh_package *p, const struct sh_tag *document,
    const struct sh_tag *holder, json_t *list, struct sh_error *err)
{
	struct sh_package_document *d;
	const char *id;
	json_t *record, *entry, *files, *v;
	struct sh_stored s;
	char *path = NULL;
	size_t i;
	int r, rc = -1;

	record = sh_document_record(p->ar, holder, document, err);
	if (record == NULL)
		return (-1);
	id = sh_member(record, "id");
	if (sh_grow(&p->documents, &p->documentcap, p->ndocuments + 1,
	    sizeof(*p->documents), "documents", err))
		goto out;
	d = &p->documents[p->ndocuments++];
	memset(d, 0, sizeof(*d));
	if ((d->view = sh_document_view(p->ar, holder, document, record,
	    err)) == NULL || (d->code = sh_asprintf(err, "%s.%07zu",
	    p->dossier, p->ndocuments)) == NULL ||
	    (entry = sh_json_new_object(err)) == NULL ||
	    sh_json_append(list, entry, err) ||
	    sh_json_set(entry, "record", without_keys(record, err),
	    err) ||
	    sh_json_set(entry, "links", links_of(d->view, err), err) ||
	    (files = sh_json_new_object(err)) == NULL ||
	    sh_json_set(entry, "files", files, err))
		goto out;
	json_array_foreach(json_object_get(record, "renditions"), i, v)
		if (put_rendition(p, record, v, files, err))
			goto out;
	if ((r = sh_document_stored(record, NULL, &s, err)) < 0)
		goto out;
	if (r == 1 && ((path = sh_asprintf(err, "%s/%s/search-text",
	    folder_of(p), id)) == NULL || put_stored(p, path, "text/plain",
	    &s, err) || sh_json_set_str(entry, "text", path, err)))
		goto out;
	rc = put_acts(p, document, holder, id, entry, err);
out:
	free(path);
	json_decref(record);
	return (rc);
}

/* ---- a dossier ----------------------------------------------------------- */

struct listing {
	struct sh_tag *documents, *holders;
	size_t n, cap, holdercap;
};

static int
take_item(void *arg, const struct sh_entry *t, struct sh_error *err)
{
	struct listing *l = arg;
	size_t i;

	if (t->sortlen != SH_IN_DOSSIER_LEN || t->len != 16)
		return (sh_error_set(err, SH_EFIXITY, "record.damaged",
		    "an entry of a dossier"));
	for (i = 0; i < l->n; i++)
		if (memcmp(l->documents[i].b, t->sort + 8, 16) == 0)
			return (0);
	if (l->n == DOCUMENTS_MAX)
		return (sh_error_set(err, SH_ELIMIT, "dossier.many",
		    "a dossier of more than %d documents", DOCUMENTS_MAX));
	if (sh_grow(&l->documents, &l->cap, l->n + 1, sizeof(*l->documents),
	    "documents", err) || sh_grow(&l->holders, &l->holdercap, l->n + 1,
	    sizeof(*l->holders), "documents", err))
		return (-1);
	memcpy(l->documents[l->n].b, t->sort + 8, 16);
	memcpy(l->holders[l->n++].b, t->value, 16);
	return (0);
}

/* The same package has the same name, whenever it is made. */
static int
name_package(struct sh_package *p, struct sh_error *err)
{
	struct sh_buf b = SH_BUF_INIT;
	struct sh_digest d;
	char hex[33];
	int rc = -1;

	if (sh_buf_printf(&b, err, "%s %s", p->ar->id, p->dossier) == 0 &&
	    sh_sha256(b.data, b.len, &d, err) == 0) {
		/* RFC 9562: version 8, our own making. */
		d.b[6] = (uint8_t)((d.b[6] & 0x0f) | 0x80);
		d.b[8] = (uint8_t)((d.b[8] & 0x3f) | 0x80);
		sh_hex(d.b, 16, hex);
		(void)snprintf(p->id, sizeof(p->id),
		    "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12,
		    hex + 16, hex + 20);
		rc = 0;
	}
	sh_buf_free(&b);
	return (rc);
}

static int
find_term(struct sh_package *p, const struct listing *l,
    struct sh_error *err)
{
	struct sh_retention r;
	json_t *record;
	size_t i;
	int rc;

	for (i = 0; i < l->n; i++) {
		record = sh_document_record(p->ar, &l->holders[i],
		    &l->documents[i], err);
		if (record == NULL)
			return (-1);
		rc = sh_retention_of(p->ar, &l->holders[i], &l->documents[i],
		    record, &r, err);
		json_decref(record);
		if (rc != 0)
			return (-1);
		p->permanent |= r.permanent;
		if (r.years > p->years)
			p->years = r.years;
	}
	return (0);
}

static int
fill(struct sh_package *p, const struct listing *l, struct sh_error *err)
{
	json_t *index, *list;
	char *path = NULL;
	size_t i;
	int rc = -1;

	if ((index = sh_json_new_object(err)) == NULL)
		return (-1);
	if (sh_json_set_str(index, "format", "sohoa-package-1", err) ||
	    sh_json_set_str(index, "dossier", p->dossier, err) ||
	    sh_json_set_str(index, "archive", p->ar->id, err) ||
	    (list = sh_json_new_array(err)) == NULL ||
	    sh_json_set(index, "documents", list, err))
		goto out;
	for (i = 0; i < l->n; i++)
		if (put_document(p, &l->documents[i], &l->holders[i], list,
		    err))
			goto out;
	if ((path = sh_asprintf(err, "%s/" SH_PACKAGE_INDEX, folder_of(p))) ==
	    NULL || put_json(p, path, index, err))
		goto out;
	rc = p->options->form == SH_PACKAGE_BAG ? sh_package_bag(p, err) :
	    sh_package_eark(p, err);
out:
	free(path);
	json_decref(index);
	return (rc);
}

static void
package_clear(struct sh_package *p)
{
	size_t i;

	for (i = 0; i < p->ndocuments; i++) {
		json_decref(p->documents[i].view);
		free(p->documents[i].code);
	}
	for (i = 0; i < p->nfiles; i++)
		free(p->files[i].path);
	free(p->documents);
	free(p->files);
	free(p->root);
}

static int
sync_all(const char *root, const struct sh_package *p, struct sh_error *err)
{
	char *path, *slash;
	size_t i;
	int rc = 0;

	for (i = 0; i < p->nfiles && rc == 0; i++) {
		if ((path = sh_path_join(root, p->files[i].path, err)) ==
		    NULL)
			return (-1);
		slash = strrchr(path, '/');
		*slash = '\0';
		rc = sh_fs_sync_dir(path, err);
		free(path);
	}
	return (rc != 0 ? -1 : sh_fs_sync_dir(root, err));
}

/* Written beside, then put in the place of what was there. */
static int
write_package(struct sh_package *p, const struct listing *l,
    const char *dir, char **namep, struct sh_error *err)
{
	struct sh_error ignored = SH_ERROR_INIT;
	char *name, *place = NULL;
	int rc = -1;

	if (name_package(p, err))
		return (-1);
	/* Rule: the folder is OBJID with ':' replaced by '_'. */
	name = sh_asprintf(err, p->options->form == SH_PACKAGE_BAG ? "%s" :
	    "urn_uuid_%s", p->id);
	if (name == NULL || (place = sh_path_join(dir, name, err)) == NULL ||
	    (p->root = sh_asprintf(err, "%s.new", place)) == NULL ||
	    sh_fs_remove_tree(p->root, err) ||
	    sh_fs_mkdirs(p->root, 0700, err))
		goto out;
	if (find_term(p, l, err) || fill(p, l, err) ||
	    sync_all(p->root, p, err) || sh_fs_remove_tree(place, err))
		goto out;
	if (rename(p->root, place) != 0) {
		(void)sh_error_sys(err, "package.file", "%s", place);
		goto out;
	}
	if ((rc = sh_fs_sync_dir(dir, err)) == 0) {
		*namep = name;
		name = NULL;
	}
out:
	if (rc != 0 && p->root != NULL)
		(void)!sh_fs_remove_tree(p->root, &ignored);
	free(name);
	free(place);
	return (rc);
}

int
sh_archive_export(struct sh_archive *ar, const struct sh_reader *who,
    const char *dossier, const char *dir,
    const struct sh_package_options *options, char **namep,
    struct sh_error *err)
{
	struct sh_package p = { .ar = ar, .options = options,
	    .dossier = dossier };
	struct sh_range r = { .table = SH_TABLE_DOSSIER };
	struct listing l = { .n = 0 };
	struct sh_access a;
	size_t i;
	int rc = -1;

	*namep = NULL;
	sh_time_print(sh_now(), p.at);
	if (sh_access_begin(&a, ar, who, SH_DO_EXPORT, err) ||
	    sh_filing_dossier(ar, dossier, &r.term, err) ||
	    sh_engine_scan(ar->engine, &r, take_item, &l, err))
		goto out;
	for (i = 0; i < l.n; i++)
		if (sh_access_saw_all(&a, &l.documents[i], err))
			goto out;
	if (sh_access_record(&a, err))
		goto out;
	if (l.n == 0) {
		sh_error_param(err, "value", "%s", dossier);
		(void)sh_error_set(err, SH_ENOTFOUND, "dossier.unknown",
		    "the archive has nothing of dossier %s", dossier);
		goto out;
	}
	rc = write_package(&p, &l, dir, namep, err);
out:
	sh_access_end(&a);
	package_clear(&p);
	free(l.documents);
	free(l.holders);
	return (rc);
}

/* ---- all of them --------------------------------------------------------- */

static int
take_codes(void *arg, const struct sh_document_id *id, const json_t *view,
    struct sh_error *err)
{
	json_t *seen = arg, *v;
	const char *code;
	size_t i;

	(void)id;
	json_array_foreach(json_object_get(view, "dossiers"), i, v)
		if ((code = sh_member(v, "dossier")) != NULL &&
		    sh_member(v, "evidence") == NULL &&
		    sh_json_set(seen, code, json_true(), err))
			return (-1);
	json_array_foreach(json_object_get(view, "reuses"), i, v)
		if ((code = sh_member(v, "dossier")) != NULL &&
		    sh_json_set(seen, code, json_true(), err))
			return (-1);
	return (0);
}

int
sh_archive_each_dossier(struct sh_archive *ar, int (*fn)(void *,
    const char *, struct sh_error *), void *arg, struct sh_error *err)
{
	const char *code;
	json_t *seen, *v;
	int r = 0;

	if ((seen = sh_json_new_object(err)) == NULL)
		return (-1);
	if (sh_archive_each(ar, take_codes, seen, err))
		r = -1;
	json_object_foreach(seen, code, v)
		if (r == 0)
			r = fn(arg, code, err);
	json_decref(seen);
	return (r < 0 ? -1 : 0);
}
