/* A package of ours taken in: the same documents under the same ids. */
#include "archive/package.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "archive/access_internal.h"
#include "archive/act.h"
#include "archive/package_internal.h"
#include "archive/reuse_internal.h"
#include "archive/stream.h"
#include "base/fs.h"
#include "base/mem.h"

#define INDEX_MAX	((size_t)256 << 20)
#define RECEIPT_MAX	((size_t)64 << 10)
#define DOCUMENTS_MAX	10000
#define LIST_MAX	100000

struct import {
	struct sh_archive *ar;
	int dir;
	struct sh_imported *out;
};

static int
malformed(struct sh_error *err, const char *what)
{
	return (sh_error_set(err, SH_EFORMAT, "package.index",
	    "the package's index: %s", what));
}

/* A file of the package; only what lies in it. */
static int
open_file(const struct import *m, const char *path, struct sh_error *err)
{
	int fd;

	if (path == NULL)
		return (malformed(err, "a document without a file"));
	if ((fd = sh_fs_open_beneath(m->dir, path, err)) < 0)
		sh_error_param(err, "file", "%s", path);
	return (fd);
}

/* ---- a document ---------------------------------------------------------- */

struct taking {
	struct sh_accession_plan in;
	int fds[SH_RECORD_BLOBS_MAX];
	size_t nfds;
};

/* V tells digest and bytes; the file must have them. */
static int
plan_file(struct import *m, struct taking *t, json_t *v, const char *path,
    struct sh_error *err)
{
	struct sh_content c = { .fd = -1 };
	char want[SH_HEX_LEN];
	const char *digest = sh_member(v, "digest");

	if (digest == NULL || strlen(digest) != SH_HEX_LEN - 1)
		return (malformed(err, "a rendition without its digest"));
	memcpy(want, digest, sizeof(want));
	if (t->nfds == SH_RECORD_BLOBS_MAX)
		return (malformed(err, "too many renditions"));
	if ((c.fd = open_file(m, path, err)) < 0)
		return (-1);
	t->fds[t->nfds++] = c.fd;
	if (sh_accession_blob(m->ar, &t->in, &c, v, err))
		return (-1);
	if (strcmp(sh_member(v, "digest"), want) == 0)
		return (0);
	sh_error_param(err, "file", "%s", path);
	return (sh_error_set(err, SH_EFIXITY, "package.damaged",
	    "%s has another digest than its record says", path));
}

static int
plan(struct import *m, struct taking *t, const json_t *entry,
    struct sh_error *err)
{
	const json_t *record = json_object_get(entry, "record");
	const json_t *files = json_object_get(entry, "files");
	json_t *v;
	size_t i;

	if ((t->in.record = sh_record_normal(record, err)) == NULL)
		return (-1);
	if (sh_tag_parse(sh_member(t->in.record, "id"), &t->in.operation) ||
	    sh_member(t->in.record, "archived_at") == NULL ||
	    sh_member(t->in.record, "dossier") == NULL ||
	    sh_member(t->in.record, "content") == NULL ||
	    json_array_size(json_object_get(t->in.record, "renditions")) >
	    SH_RENDITIONS_MAX)
		return (malformed(err, "a record"));
	json_array_foreach(json_object_get(t->in.record, "renditions"), i, v)
		if (sh_member(v, "name") == NULL || plan_file(m, t, v,
		    sh_member(files, sh_member(v, "name")), err))
			return (err->code != SH_OK ? -1 : malformed(err,
			    "a rendition"));
	if ((v = json_object_get(t->in.record, "text")) != NULL &&
	    plan_file(m, t, v, sh_member(entry, "text"), err))
		return (-1);
	if (sh_record_bytes(t->in.record, &t->in.bytes, err) ||
	    sh_accession_body(m->ar, &t->in, err))
		return (-1);
	return (sh_holder_tags(m->ar, t->in.record, t->in.tags,
	    &t->in.ntags, err));
}

static int
put_blobs(struct import *m, struct taking *t, struct sh_error *err)
{
	struct sh_blob blobs[SH_RECORD_BLOBS_MAX];
	size_t i;

	memset(blobs, 0, sizeof(blobs));
	for (i = 0; i < t->in.nblobs; i++) {
		t->in.blobs[i].content.at = 0;
		blobs[i].name = t->in.blobs[i].name;
		blobs[i].source = sh_sealer_source;
		blobs[i].arg = t->in.blobs[i].sealer;
	}
	return (sh_engine_blob_put(m->ar->engine, blobs, t->in.nblobs, err));
}

/* The changes of all its holders, and the job that would complete them. */
static int
commit(struct import *m, const struct sh_filed *what, struct sh_error *err)
{
	struct sh_engine_job job;
	struct sh_filing *f;
	size_t i;
	int rc;

	if (sh_vault_need_keys(m->ar->vault, what->tags, what->ntags, err))
		return (-1);
	for (i = 0; i < what->ntags; i++) {
		if ((f = sh_filing_new(m->ar, what, i, err)) == NULL)
			return (-1);
		rc = sh_engine_commit(m->ar->engine, sh_filing_change(f), 1,
		    err);
		if (rc == 0 && sh_filing_change(f)->outcome ==
		    SH_COMMIT_CONFLICT)
			rc = sh_error_set(err, SH_ECONFLICT,
			    "accession.conflict", "the document is there, "
			    "but did not come with this package");
		sh_filing_free(f);
		if (rc != 0)
			return (-1);
	}
	memset(&job, 0, sizeof(job));
	job.queue = SH_QUEUE_FILE;
	job.id = what->operation;
	return (sh_engine_done(m->ar->engine, &job, 1, -1, err));
}

/* What was written reads back the same. */
static int
prove(struct import *m, const struct taking *t, struct sh_error *err)
{
	json_t *record;
	size_t i;
	int same;

	record = sh_document_record(m->ar, &t->in.tags[0], &t->in.operation,
	    err);
	if (record == NULL)
		return (-1);
	same = json_equal(record, t->in.record);
	json_decref(record);
	if (!same)
		return (sh_error_set(err, SH_EFIXITY, "accession.unproven",
		    "the record that was read back is another"));
	for (i = 0; i < t->in.nblobs; i++)
		if (sh_document_read(m->ar, &t->in.blobs[i].stored, NULL,
		    NULL, err))
			return (-1);
	return (0);
}

static int
take_new(struct import *m, const json_t *entry, struct sh_error *err)
{
	struct sh_filed what = { .link = NULL };
	struct taking t;
	size_t i;
	int rc = -1;

	memset(&t, 0, sizeof(t));
	if (plan(m, &t, entry, err))
		goto out;
	what.record = t.in.record;
	what.bytes = &t.in.bytes;
	what.body = t.in.has_body ? &t.in.body : NULL;
	what.document = what.operation = t.in.operation;
	what.tags = t.in.tags;
	what.ntags = t.in.ntags;
	if (put_blobs(m, &t, err) == 0 && commit(m, &what, err) == 0)
		rc = prove(m, &t, err);
	m->out->documents += rc == 0;
out:
	sh_accession_free(&t.in);
	for (i = 0; i < t.nfds; i++)
		(void)close(t.fds[i]);
	return (rc);
}

/* The same document, or another under its id. */
static int
compare_known(struct import *m, const struct sh_tag *document,
    const json_t *record, struct sh_error *err)
{
	struct sh_tag holder;
	json_t *mine, *v;
	size_t i;
	int same;

	mine = sh_document_find(m->ar, document, &holder, err);
	if (mine == NULL)
		return (-1);
	json_array_foreach(json_object_get(mine, "renditions"), i, v)
		(void)json_object_del(v, "key");
	(void)json_object_del(json_object_get(mine, "text"), "key");
	same = json_equal(mine, record);
	json_decref(mine);
	m->out->known += same;
	return (same ? 0 : sh_error_set(err, SH_ECONFLICT,
	    "accession.conflict",
	    "a document of that id is there, and is another"));
}

static int
has_link(void *arg, const struct sh_entry *t, struct sh_error *err)
{
	(void)t;
	(void)err;
	*(int *)arg = 1;
	return (1);
}

static int
take_link(struct import *m, const struct sh_tag *document,
    const json_t *link, struct sh_error *err)
{
	struct sh_tag tags[SH_HOLDERS_MAX];
	struct sh_filed what = { .document = *document, .tags = tags,
	    .link = link };
	uint8_t value[SH_VALUE_MAX], sort[32];
	struct sh_range r = { .table = SH_TABLE_LINK, .prefix = sort,
	    .prefixlen = sizeof(sort) };
	struct sh_buf bytes = SH_BUF_INIT;
	struct sh_stored body;
	json_t *record = NULL;
	int64_t archived_at;
	size_t len;
	int has_body, known = 0, rc = -1;

	if (sh_tag_parse(sh_member(link, "accession"), &what.operation))
		return (malformed(err, "a link"));
	if (sh_document_locate(m->ar, document, tags, &what.ntags,
	    &archived_at, err))
		return (-1);
	memcpy(sort, document->b, 16);
	memcpy(sort + 16, what.operation.b, 16);
	r.term = tags[0];
	if (sh_engine_scan(m->ar->engine, &r, has_link, &known, err))
		return (-1);
	if (known)
		return (0);
	if (sh_engine_get(m->ar->engine, &tags[0], document, value, &len,
	    err) || (record = sh_document_open(m->ar, &tags[0], document,
	    value, len, &body, &has_body, err)) == NULL ||
	    sh_record_bytes(record, &bytes, err))
		goto out;
	if (json_array_size(json_object_get(link, "holders")) > 0 &&
	    sh_holder_tags(m->ar, link, tags, &what.ntags, err))
		goto out;
	what.record = record;
	what.bytes = &bytes;
	what.body = has_body ? &body : NULL;
	rc = commit(m, &what, err);
out:
	json_decref(record);
	sh_buf_free(&bytes);
	return (rc);
}

static int
take_document(struct import *m, const json_t *entry, struct sh_error *err)
{
	const json_t *record = json_object_get(entry, "record");
	struct sh_tag document, tags[SH_HOLDERS_MAX];
	int64_t archived_at;
	json_t *links, *link;
	size_t n, i;

	if (sh_tag_parse(sh_member(record, "id"), &document))
		return (malformed(err, "a record without its id"));
	if (sh_document_locate(m->ar, &document, tags, &n, &archived_at, err))
		return (-1);
	if (n > 0 ? compare_known(m, &document, record, err) : take_new(m,
	    entry, err))
		return (sh_error_context(err, "document %s", sh_member(
		    record, "id")));
	if (sh_json_array(entry, "links", 1, LIST_MAX, &links, err))
		return (-1);
	json_array_foreach(links, i, link)
		if (take_link(m, &document, link, err))
			return (-1);
	return (0);
}

/* ---- acts ---------------------------------------------------------------- */

/* The receipt under this archive's own key. */
static int
take_receipt(struct import *m, const json_t *entry, json_t *act,
    struct sh_error *err)
{
	json_t *stored = json_object_get(act, "receipt");
	struct sh_buf b = SH_BUF_INIT;
	char want[SH_HEX_LEN] = "";
	int fd, rc = -1;

	if (sh_member(stored, "digest") != NULL)
		(void)snprintf(want, sizeof(want), "%s", sh_member(stored,
		    "digest"));
	if ((fd = open_file(m, sh_member(entry, "receipt"), err)) < 0)
		return (-1);
	if (sh_fs_read_fd(fd, RECEIPT_MAX, &b, err) == 0 &&
	    sh_receipt_keep(m->ar, b.data, b.len, stored, err) == 0) {
		if (strcmp(sh_member(stored, "digest"), want) == 0)
			rc = 0;
		else
			(void)sh_error_set(err, SH_EFIXITY,
			    "package.damaged", "a receipt");
	}
	(void)close(fd);
	sh_buf_free(&b);
	return (rc);
}

static int
take_act(struct import *m, const json_t *entry, struct sh_error *err)
{
	const json_t *from = json_object_get(entry, "act");
	struct sh_tag operation;
	json_t *act;
	int rc = -1;

	if (sh_tag_parse(sh_member(entry, "operation"), &operation) ||
	    !sh_act_is(sh_member(from, "event")) ||
	    strcmp(sh_member(from, "event"), "dispose") == 0)
		return (malformed(err, "an act"));
	if ((act = sh_record_normal(from, err)) == NULL)
		return (-1);
	if (json_object_get(act, "receipt") == NULL || take_receipt(m, entry,
	    act, err) == 0)
		rc = sh_act_remake(m->ar, act, &operation, err);
	m->out->acts += rc == 0;
	json_decref(act);
	return (rc);
}

/* Notices first: an act that tells makes only those that are missing. */
static int
take_acts(struct import *m, json_t *documents, int notices,
    struct sh_error *err)
{
	json_t *entry, *acts, *v;
	const char *kind;
	size_t i, k;

	json_array_foreach(documents, i, entry) {
		if (sh_json_array(entry, "acts", 1, LIST_MAX, &acts, err))
			return (-1);
		json_array_foreach(acts, k, v) {
			kind = sh_member(json_object_get(v, "act"), "event");
			if ((kind != NULL && strcmp(kind, "notice") == 0) ==
			    notices && take_act(m, v, err))
				return (-1);
		}
	}
	return (0);
}

/* ---- a package ----------------------------------------------------------- */

static json_t *
load_index(int dir, struct sh_error *err)
{
	static const char *const places[] = { "documentation/"
	    SH_PACKAGE_INDEX, "data/" SH_PACKAGE_INDEX };
	struct sh_buf b = SH_BUF_INIT;
	json_t *v = NULL;
	size_t i;
	int fd = -1;

	for (i = 0; i < SH_COUNT(places) && fd < 0; i++) {
		sh_error_clear(err);
		fd = sh_fs_open_beneath(dir, places[i], err);
	}
	if (fd < 0) {
		sh_error_clear(err);
		(void)sh_error_set(err, SH_ENOTFOUND, "package.missing",
		    "no package of ours");
		return (NULL);
	}
	if (sh_fs_read_fd(fd, INDEX_MAX, &b, err) == 0)
		v = sh_json_parse(b.data, b.len, INDEX_MAX, err);
	(void)close(fd);
	sh_buf_free(&b);
	return (v);
}

static int
take_index(struct import *m, const json_t *index, struct sh_error *err)
{
	const char *format = sh_member(index, "format");
	json_t *documents, *entry;
	size_t i;

	if (format == NULL || strcmp(format, "sohoa-package-1") != 0)
		return (malformed(err, "its format"));
	if (sh_json_array(index, "documents", 1, DOCUMENTS_MAX, &documents,
	    err))
		return (-1);
	json_array_foreach(documents, i, entry)
		if (take_document(m, entry, err))
			return (-1);
	return (take_acts(m, documents, 1, err) || take_acts(m, documents, 0,
	    err) ? -1 : 0);
}

int
sh_archive_import(struct sh_archive *ar, const struct sh_reader *who,
    const char *path, struct sh_imported *out, struct sh_error *err)
{
	struct import m = { ar, -1, out };
	json_t *index = NULL;
	int rc = -1;

	memset(out, 0, sizeof(*out));
	if (sh_rights_check(ar->rights, who, SH_DO_EXPORT, err))
		return (-1);
	if (ar->readonly)
		return (sh_error_set(err, SH_EDENIED, "archive.readonly",
		    "the archive was opened for reading"));
	m.dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (m.dir < 0) {
		sh_error_param(err, "file", "%s", path);
		return (sh_error_set(err, SH_ENOTFOUND, "package.missing",
		    "%s is no package", path));
	}
	if ((index = load_index(m.dir, err)) != NULL)
		rc = take_index(&m, index, err);
	if (rc != 0) {
		sh_error_param(err, "file", "%s", path);
		(void)sh_error_context(err, "%s", path);
	}
	json_decref(index);
	(void)close(m.dir);
	return (rc);
}
