/*
 * Repair: a blob that cannot be proven is stored again from another copy, a
 * backup or the folder of an archive, if the copy's bytes open under the
 * blob's own key and have the content's digest.  Nothing else is believed.
 */
#include "archive/fixity.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive/access_internal.h"
#include "archive/act.h"
#include "archive/backup_internal.h"
#include "archive/fixity_internal.h"
#include "archive/stream.h"
#include "base/child.h"
#include "base/fs.h"
#include "base/mem.h"

#define ROUNDS		2	/* a record's own blob, then what it names */
#define CHUNK		((size_t)1 << 16)
#define HEAD		(SH_DIGEST_LEN + 8)

/* A blob that a document calls for and that cannot be read. */
struct wanted {
	struct sh_tag document;
	struct sh_stored stored;
	struct sh_digest name;
	int done;
};

struct repair {
	struct sh_archive *ar;
	const struct sh_reader *who;
	const char *from;
	const char *kind;		/* "backup", "copy" */
	struct wanted *wanted;
	size_t n, cap;
	uint64_t repaired;
};

/* ---- what is wrong ------------------------------------------------------- */

static int
is_damage(const struct sh_error *err)
{
	return (err->code == SH_EFIXITY || err->code == SH_ENOTFOUND);
}

/* 1 if it is read well, 0 and on the list if not, or -1. */
static int
try_blob(struct repair *r, const struct sh_tag *document,
    const struct sh_stored *s, struct sh_error *err)
{
	struct wanted *w;

	if (sh_document_read(r->ar, s, NULL, NULL, err) == 0)
		return (1);
	if (!is_damage(err))
		return (-1);
	sh_error_clear(err);
	if (sh_grow(&r->wanted, &r->cap, r->n + 1, sizeof(*r->wanted),
	    "blobs", err))
		return (-1);
	w = &r->wanted[r->n++];
	memset(w, 0, sizeof(*w));
	w->document = *document;
	w->stored = *s;
	return (sh_document_blob_name(r->ar, &s->plain, &w->name, err));
}

static int
try_record(struct repair *r, const struct sh_tag *document,
    const json_t *record, struct sh_error *err)
{
	json_t *list = json_object_get(record, "renditions");
	struct sh_stored s;
	int got, sound = 1, rc = 0;
	size_t i, n = json_array_size(list);

	for (i = 0; i <= n && rc >= 0; i++) {
		got = sh_document_stored(record, i < n ? sh_member(
		    json_array_get(list, i), "name") : NULL, &s, err);
		if (got == 0)
			continue;
		if ((rc = got < 0 ? -1 : try_blob(r, document, &s, err)) == 0)
			sound = 0;
	}
	return (rc < 0 ? -1 : sound);
}

/* 1 if every blob of the document can be read, 0, or -1. */
static int
try_document(struct repair *r, const struct sh_tag *document,
    struct sh_error *err)
{
	struct sh_tag tags[SH_HOLDERS_MAX];
	uint8_t value[SH_VALUE_MAX];
	struct sh_stored body;
	int64_t archived_at;
	json_t *record = NULL;
	size_t n, i, len;
	int has_body = 0, rc = 0;

	if (sh_document_locate(r->ar, document, tags, &n, &archived_at, err))
		n = 0;
	for (i = 0; i < n && record == NULL && !has_body; i++) {
		sh_error_clear(err);
		if (sh_engine_get(r->ar->engine, &tags[i], document, value,
		    &len, err) == 0)
			record = sh_document_open(r->ar, &tags[i], document,
			    value, len, &body, &has_body, err);
	}
	if (record != NULL)
		rc = try_record(r, document, record, err);
	else if (err->code == SH_OK || err->code == SH_ENOTFOUND)
		/* Destroyed since, or its person was erased. */
		sh_error_clear(err);
	else if (!is_damage(err))
		rc = -1;
	else {
		sh_error_clear(err);
		if (has_body && try_blob(r, document, &body, err) < 0)
			rc = -1;
	}
	json_decref(record);
	return (rc);
}

/* ---- a candidate --------------------------------------------------------- */

struct part {
	int fd;
	uint64_t at, left;
};

static int
read_part(void *arg, void *buf, size_t cap, size_t *lenp,
    struct sh_error *err)
{
	struct part *p = arg;

	*lenp = p->left < cap ? (size_t)p->left : cap;
	if (*lenp > 0 && sh_pread_all(p->fd, buf, *lenp, p->at, err))
		return (-1);
	p->at += *lenp;
	p->left -= *lenp;
	return (0);
}

/* 1 if the bytes are the blob, 0, or -1. */
static int
is_genuine(struct repair *r, const struct wanted *w, struct part p,
    struct sh_error *err)
{
	struct sh_opener *o;
	uint8_t *chunk;
	size_t n = 1;
	int rc = -1;

	if ((chunk = sh_alloc(1, CHUNK, "a blob", err)) == NULL)
		return (-1);
	o = sh_opener_new(sh_vault_aead(r->ar->vault), w->stored.key,
	    &w->name, &w->stored.plain, w->stored.bytes, NULL, NULL, err);
	if (o != NULL) {
		while ((rc = read_part(&p, chunk, CHUNK, &n, err)) == 0 &&
		    n > 0 && (rc = sh_opener_sink(o, chunk, n, err)) == 0)
			;
		if (rc == 0)
			rc = sh_opener_finish(o, err);
	}
	sh_opener_free(o);
	free(chunk);
	if (rc == 0)
		return (1);
	if (!is_damage(err))
		return (-1);
	sh_error_clear(err);
	return (0);
}

static int
tell(struct repair *r, const struct wanted *w, struct sh_error *err)
{
	char hex[SH_HEX_LEN];
	json_t *act;
	int rc = -1;

	sh_hex(w->stored.plain.b, SH_DIGEST_LEN, hex);
	if ((act = sh_act_new(r->ar, "repair", r->who, err)) == NULL)
		return (-1);
	if (sh_act_set_document(act, "document", &w->document, err) == 0 &&
	    sh_json_set_str(act, "digest", hex, err) == 0 &&
	    sh_json_set_str(act, "from", r->kind, err) == 0)
		rc = sh_act_make(r->ar, act, NULL, err);
	json_decref(act);
	return (rc);
}

/* The bytes may be what is missing: then they are stored and proven. */
static int
offer(struct repair *r, const struct sh_digest *name, struct part p,
    struct sh_error *err)
{
	struct sh_blob b = { .name = *name, .source = read_part,
	    .again = 1 };
	struct part source = p;
	struct wanted *w;
	size_t i;
	int g, put = 0;

	for (i = 0; i < r->n; i++) {
		w = &r->wanted[i];
		if (w->done || memcmp(&w->name, name, sizeof(*name)) != 0)
			continue;
		if (!put) {
			if ((g = is_genuine(r, w, p, err)) <= 0)
				return (g);
			b.arg = &source;
			if (sh_engine_blob_put(r->ar->engine, &b, 1, err))
				return (-1);
			put = 1;
			r->repaired++;
		}
		/* Its event puts the blob's new place into the index. */
		if (tell(r, w, err) || sh_document_read(r->ar, &w->stored,
		    NULL, NULL, err))
			return (-1);
		w->done = 1;
	}
	return (0);
}

/* ---- where it comes from ------------------------------------------------- */

static int
from_backup(struct repair *r, struct sh_error *err)
{
	struct sh_backup_in in;
	struct sh_backup_item item;
	struct sh_digest name;
	uint32_t n;
	int got, more = 0;

	for (n = 1; (got = sh_backup_open(r->from, n, &in, err)) == 1; n++) {
		while ((more = sh_backup_next(&in, &item, err)) == 1) {
			if (item.kind != SH_BACKUP_BLOB ||
			    item.len < SH_DIGEST_LEN)
				continue;
			if (sh_pread_all(in.fd, name.b, SH_DIGEST_LEN,
			    item.at, err) || offer(r, &name, (struct part){
			    in.fd, item.at + SH_DIGEST_LEN,
			    item.len - SH_DIGEST_LEN }, err)) {
				more = -1;
				break;
			}
		}
		sh_backup_close(&in);
		if (more < 0)
			return (-1);
	}
	return (got);
}

/* In the child: what the other archive has of the wanted, one by one. */
struct fetching {
	const struct repair *r;
	int fd;
};

struct written {
	int fd;
	uint64_t at;
};

static int
write_some(void *arg, const void *data, size_t len, struct sh_error *err)
{
	struct written *w = arg;

	if (sh_pwrite_all(w->fd, data, len, w->at, err))
		return (-1);
	w->at += len;
	return (0);
}

static int
fetch(void *arg, struct sh_buf *out, struct sh_error *err)
{
	const struct fetching *f = arg;
	struct written w = { .fd = f->fd };
	struct sh_engine *e = NULL;
	char *uri;
	uint8_t head[HEAD];
	uint64_t begin;
	size_t i;
	int rc = -1;

	(void)out;
	if ((uri = sh_asprintf(err, "lmdb:%s/archive", f->r->from)) == NULL ||
	    sh_engine_open(uri, SH_ENGINE_READ, &e, err))
		goto out;
	for (i = 0; i < f->r->n; i++) {
		begin = w.at;
		w.at += HEAD;
		/* Unproven: whoever asked will see whether it is genuine. */
		if (sh_engine_blob_get(e, &f->r->wanted[i].name, 0,
		    UINT64_MAX, write_some, &w, NULL, err)) {
			if (!is_damage(err))
				goto out;
			sh_error_clear(err);
			w.at = begin;
			continue;
		}
		memcpy(head, f->r->wanted[i].name.b, SH_DIGEST_LEN);
		sh_put_be(head + SH_DIGEST_LEN, w.at - begin - HEAD, 8);
		if (sh_pwrite_all(f->fd, head, HEAD, begin, err))
			goto out;
	}
	rc = ftruncate(f->fd, (off_t)w.at) == 0 ? 0 : sh_error_sys(err,
	    "file.create", "a copy");
out:
	sh_engine_close(e);
	free(uri);
	return (rc);
}

/* LMDB dies on damaged pages, and the other copy may be damaged too. */
static int
from_archive(struct repair *r, const char *dir, struct sh_error *err)
{
	struct sh_buf none = SH_BUF_INIT;
	struct fetching f = { r, -1 };
	struct sh_digest name;
	uint8_t head[HEAD];
	uint64_t at, len, size;
	char *tmp;
	struct stat st;
	int rc = -1;

	if ((tmp = sh_asprintf(err, "%s/repair.XXXXXX", dir)) == NULL)
		return (-1);
	if ((f.fd = mkstemp(tmp)) < 0) {
		(void)sh_error_sys(err, "file.create", "%s", tmp);
		goto out;
	}
	(void)unlink(tmp);
	if (sh_child_run(fetch, &f, &none, err))
		goto out;
	if (fstat(f.fd, &st) != 0) {
		(void)sh_error_sys(err, "file.read", "%s", tmp);
		goto out;
	}
	size = (uint64_t)st.st_size;
	for (at = 0; at < size; at += HEAD + len) {
		if (sh_pread_all(f.fd, head, HEAD, at, err))
			goto out;
		memcpy(name.b, head, SH_DIGEST_LEN);
		len = sh_get_be(head + SH_DIGEST_LEN, 8);
		if (len > size - at - HEAD || offer(r, &name, (struct part){
		    f.fd, at + HEAD, len }, err))
			goto out;
	}
	rc = 0;
out:
	if (f.fd >= 0)
		(void)close(f.fd);
	sh_buf_free(&none);
	free(tmp);
	return (rc);
}

/* ---- the call ------------------------------------------------------------ */

static int
find_source(struct repair *r, struct sh_error *err)
{
	char *path;

	if ((path = sh_asprintf(err, "%s/archive/data.mdb", r->from)) ==
	    NULL)
		return (-1);
	r->kind = access(path, F_OK) == 0 ? "copy" : "backup";
	free(path);
	if (strcmp(r->kind, "copy") == 0)
		return (0);
	if ((path = sh_backup_path(r->from, 1, err)) == NULL)
		return (-1);
	if (access(path, F_OK) != 0) {
		sh_error_param(err, "file", "%s", r->from);
		(void)sh_error_set(err, SH_ENOTFOUND, "scrub.source",
		    "%s is neither a backup nor an archive's home", r->from);
	}
	free(path);
	return (err->code != SH_OK ? -1 : 0);
}

/* The documents that findings name, each once. */
static int
find_wanted(struct repair *r, const json_t *findings, struct sh_error *err)
{
	struct sh_tag document;
	const json_t *v;
	size_t i;

	r->n = 0;
	json_array_foreach(findings, i, v)
		if (sh_tag_parse(sh_member(v, "document"), &document) == 0 &&
		    try_document(r, &document, err) < 0)
			return (-1);
	return (0);
}

/* What can be read by now is no finding any more. */
static int
forget_mended(struct repair *r, json_t *findings, struct sh_error *err)
{
	struct sh_tag document;
	size_t i;
	int sound;

	for (i = json_array_size(findings); i-- > 0;) {
		if (sh_tag_parse(sh_member(json_array_get(findings, i),
		    "document"), &document))
			continue;
		if ((sound = try_document(r, &document, err)) < 0)
			return (-1);
		if (sound)
			(void)json_array_remove(findings, i);
	}
	return (0);
}

int
sh_fixity_mend(struct sh_archive *ar, const struct sh_reader *who,
    const char *dir, const char *from, json_t *findings, uint64_t *repairedp,
    struct sh_error *err)
{
	struct repair r = { .ar = ar, .who = who, .from = from };
	int round, rc = -1;

	if (sh_rights_check(ar->rights, who, SH_DO_RETAIN, err) ||
	    find_source(&r, err))
		goto out;
	for (round = 0; round < ROUNDS; round++) {
		if (find_wanted(&r, findings, err))
			goto out;
		if (r.n == 0)
			break;
		if (strcmp(r.kind, "copy") == 0 ? from_archive(&r, dir,
		    err) : from_backup(&r, err))
			goto out;
	}
	rc = forget_mended(&r, findings, err);
	*repairedp = r.repaired;
out:
	free(r.wanted);
	return (rc);
}
