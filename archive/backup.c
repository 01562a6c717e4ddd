/* An increment written: the feed, and what each change put there. */
#include "archive/backup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive/act.h"
#include "archive/backup_internal.h"
#include "base/fs.h"
#include "base/mem.h"

#define RECENT	1024	/* blobs that are not written again */
#define FILE_CHUNK	((size_t)1 << 20)

struct writer {
	struct sh_archive *ar;
	int fd;
	const char *path;
	uint64_t at;
	struct sh_hasher *h;
	unsigned shard;
	uint64_t *to;		/* positions, by shard */
	uint64_t changes, blobs;
	struct sh_digest recent[RECENT];
	size_t nrecent;
};

/* ---- items --------------------------------------------------------------- */

static int
put(struct writer *w, const void *data, size_t len, struct sh_error *err)
{
	if (sh_write_all(w->fd, data, len, err) ||
	    sh_hasher_update(w->h, data, len, err))
		return (-1);
	w->at += len;
	return (0);
}

static int
put_head(struct writer *w, enum sh_backup_kind kind, uint64_t len,
    struct sh_error *err)
{
	uint8_t head[9];

	head[0] = (uint8_t)kind;
	sh_put_be(head + 1, len, 8);
	return (put(w, head, sizeof(head), err));
}

static int
put_item(struct writer *w, enum sh_backup_kind kind, const struct sh_buf *b,
    struct sh_error *err)
{
	if (put_head(w, kind, b->len, err))
		return (-1);
	return (b->len == 0 ? 0 : put(w, b->data, b->len, err));
}

static int
put_json(struct writer *w, enum sh_backup_kind kind, const json_t *v,
    struct sh_error *err)
{
	struct sh_buf b = SH_BUF_INIT;
	int rc = -1;

	if (sh_json_canonical(v, &b, err) == 0)
		rc = put_item(w, kind, &b, err);
	sh_buf_free(&b);
	return (rc);
}

/* ---- blobs --------------------------------------------------------------- */

struct copying {
	struct writer *w;
	const struct sh_digest *name;
	uint64_t total;		/* the engine tells before the first byte */
	int begun;
};

static int
begin_blob(struct copying *c, struct sh_error *err)
{
	c->begun = 1;
	if (put_head(c->w, SH_BACKUP_BLOB, SH_DIGEST_LEN + c->total, err))
		return (-1);
	return (put(c->w, c->name->b, SH_DIGEST_LEN, err));
}

static int
copy_some(void *arg, const void *data, size_t len, struct sh_error *err)
{
	struct copying *c = arg;

	if (!c->begun && begin_blob(c, err))
		return (-1);
	return (put(c->w, data, len, err));
}

static int
put_blob(struct writer *w, const struct sh_digest *name,
    struct sh_error *err)
{
	struct copying c = { .w = w, .name = name };
	size_t i;

	for (i = 0; i < RECENT && i < w->nrecent; i++)
		if (memcmp(&w->recent[i], name, sizeof(*name)) == 0)
			return (0);
	if (sh_engine_blob_get(w->ar->engine, name, 0, UINT64_MAX, copy_some,
	    &c, &c.total, err) || (!c.begun && begin_blob(&c, err)))
		return (-1);
	w->recent[w->nrecent++ % RECENT] = *name;
	w->blobs++;
	return (0);
}

/* ---- changes ------------------------------------------------------------- */

/* Frozen: archive/FORMAT, "Backup". */
static int
put_change(struct writer *w, const struct sh_fed *item,
    const struct sh_change *c, enum sh_backup_kind kind,
    struct sh_error *err)
{
	struct sh_buf b = SH_BUF_INIT;
	size_t i;
	int rc = -1;

	if (sh_buf_put_be(&b, w->shard, 4, err) ||
	    sh_buf_put_be(&b, item->position, 8, err) ||
	    sh_buf_append(&b, item->holder.b, 16, err) ||
	    sh_buf_append(&b, item->operation.b, 16, err) ||
	    sh_buf_append(&b, item->digest.b, SH_DIGEST_LEN, err) ||
	    sh_buf_put_be(&b, item->len, 4, err) ||
	    (item->len > 0 && sh_buf_append(&b, item->event, item->len,
	    err)) || sh_buf_put_be(&b, c->nputs, 4, err))
		goto out;
	for (i = 0; i < c->nputs; i++)
		if (sh_buf_append(&b, c->puts[i].document.b, 16, err) ||
		    sh_buf_put_be(&b, c->puts[i].len, 4, err) ||
		    sh_buf_append(&b, c->puts[i].value, c->puts[i].len, err))
			goto out;
	if (sh_buf_put_be(&b, c->nentries, 4, err))
		goto out;
	for (i = 0; i < c->nentries; i++) {
		const struct sh_entry *t = &c->entries[i];

		if (sh_buf_put_be(&b, t->table, 1, err) ||
		    sh_buf_append(&b, t->term.b, 16, err) ||
		    sh_buf_put_be(&b, t->sortlen, 1, err) ||
		    sh_buf_append(&b, t->sort, t->sortlen, err) ||
		    sh_buf_put_be(&b, t->len, 4, err) ||
		    sh_buf_append(&b, t->value, t->len, err))
			goto out;
	}
	if (sh_buf_put_be(&b, c->nreferences, 4, err))
		goto out;
	for (i = 0; i < c->nreferences; i++)
		if (sh_buf_append(&b, c->references[i].blob.b,
		    SH_DIGEST_LEN, err) || sh_buf_append(&b,
		    c->references[i].document.b, 16, err))
			goto out;
	if (sh_buf_put_be(&b, c->njobs, 4, err))
		goto out;
	for (i = 0; i < c->njobs; i++)
		if (sh_buf_put_be(&b, c->jobs[i].queue, 1, err) ||
		    sh_buf_append(&b, c->jobs[i].id.b, 16, err) ||
		    sh_buf_put_be(&b, c->jobs[i].len, 2, err) ||
		    sh_buf_append(&b, c->jobs[i].data, c->jobs[i].len, err))
			goto out;
	rc = put_item(w, kind, &b, err);
	w->changes++;
out:
	sh_buf_free(&b);
	return (rc);
}

/* The event alone: its document has gone, or it puts nothing. */
static int
put_bare(struct writer *w, const struct sh_fed *item,
    enum sh_backup_kind kind, struct sh_error *err)
{
	static const struct sh_change none;

	return (put_change(w, item, &none, kind, err));
}

/* A value as it lies there: the manifest's. */
static int
put_manifest(struct writer *w, const struct sh_fed *item,
    struct sh_error *err)
{
	uint8_t value[SH_VALUE_MAX];
	struct sh_put p = { .document = item->operation, .value = value };
	struct sh_change c = { .puts = &p, .nputs = 1 };

	if (sh_engine_get(w->ar->engine, &item->holder, &item->operation,
	    value, &p.len, err))
		return (-1);
	return (put_change(w, item, &c, SH_BACKUP_CHANGE, err));
}

struct linked {
	struct sh_archive *ar;
	const struct sh_tag *holder;
	json_t *link;
};

static int
take_link(void *arg, const struct sh_entry *t, struct sh_error *err)
{
	struct linked *l = arg;

	l->link = sh_document_entry(l->ar, l->holder, t, err);
	return (l->link != NULL ? 1 : -1);
}

static json_t *
find_link(struct sh_archive *ar, const struct sh_fed *item,
    const struct sh_tag *document, struct sh_error *err)
{
	struct linked l = { ar, &item->holder, NULL };
	uint8_t sort[32];
	struct sh_range r = { .table = SH_TABLE_LINK, .term = item->holder,
	    .prefix = sort, .prefixlen = sizeof(sort) };

	memcpy(sort, document->b, 16);
	memcpy(sort + 16, item->operation.b, 16);
	if (sh_engine_scan(ar->engine, &r, take_link, &l, err))
		return (NULL);
	if (l.link == NULL)
		(void)sh_error_set(err, SH_EFIXITY, "record.damaged",
		    "an event's link is not there");
	return (l.link);
}

struct ranked {
	const struct sh_tag *holder;
	size_t rank;
};

static int
take_rank(void *arg, const struct sh_entry *t, struct sh_error *err)
{
	struct ranked *r = arg;

	(void)err;
	if (t->sortlen != 17 || memcmp(t->sort + 1, r->holder->b, 16) != 0)
		return (0);
	r->rank = t->sort[0];
	return (1);
}

/*
 * Whom it is filed with: this holder in its rank; the leader has all whom
 * record and link name, so that its change has the job that completes them.
 */
static int
find_tags(struct sh_archive *ar, const struct sh_tag *holder,
    struct sh_filed *what, struct sh_tag tags[SH_HOLDERS_MAX], size_t *rankp,
    struct sh_error *err)
{
	struct sh_range r = { .table = SH_TABLE_DOCUMENT,
	    .term = what->document };
	struct ranked ranked = { holder, SH_HOLDERS_MAX };

	memset(tags, 0, SH_HOLDERS_MAX * sizeof(*tags));
	what->ntags = 0;
	if (sh_engine_scan(ar->engine, &r, take_rank, &ranked, err))
		return (-1);
	if ((*rankp = ranked.rank) >= SH_HOLDERS_MAX)
		return (sh_error_set(err, SH_EFIXITY, "record.damaged",
		    "where a document lies"));
	if (ranked.rank == 0 && (sh_holder_tags(ar, what->record, tags,
	    &what->ntags, err) || (what->link != NULL && sh_holder_tags(ar,
	    what->link, tags, &what->ntags, err))))
		return (-1);
	/* A leader by inheritance is no leader by name. */
	if (ranked.rank != 0 || memcmp(&tags[0], holder, sizeof(*holder))) {
		what->ntags = 1;
		tags[ranked.rank] = *holder;
	}
	what->tags = tags;
	return (0);
}

/* An accession or a link: what filing it puts with this holder. */
static int
put_filed(struct writer *w, const struct sh_fed *item,
    const struct sh_tag *document, int is_link, struct sh_error *err)
{
	struct sh_tag tags[SH_HOLDERS_MAX];
	struct sh_filed what = { .document = *document,
	    .operation = item->operation, .whole = 1 };
	uint8_t value[SH_VALUE_MAX];
	struct sh_buf bytes = SH_BUF_INIT;
	struct sh_filing *f = NULL;
	struct sh_stored body;
	json_t *record = NULL, *link = NULL;
	size_t len, rank, i;
	int has_body, rc = -1;

	if (sh_engine_get(w->ar->engine, &item->holder, document, value,
	    &len, err)) {
		/* Destroyed since. */
		if (err->code != SH_ENOTFOUND)
			return (-1);
		sh_error_clear(err);
		return (put_bare(w, item, SH_BACKUP_CHANGE, err));
	}
	if ((record = sh_document_open(w->ar, &item->holder, document, value,
	    len, &body, &has_body, err)) == NULL ||
	    sh_record_bytes(record, &bytes, err) ||
	    (is_link && (link = find_link(w->ar, item, document, err)) ==
	    NULL))
		goto out;
	what.record = record;
	what.bytes = &bytes;
	what.body = has_body ? &body : NULL;
	what.link = link;
	if (find_tags(w->ar, &item->holder, &what, tags, &rank, err))
		goto out;
	if ((f = sh_filing_new(w->ar, &what, rank, err)) == NULL)
		goto out;
	for (i = 0; !is_link && i < sh_filing_change(f)->nreferences; i++)
		if (put_blob(w, &sh_filing_change(f)->references[i].blob,
		    err))
			goto out;
	rc = put_change(w, item, sh_filing_change(f), SH_BACKUP_CHANGE, err);
out:
	json_decref(record);
	json_decref(link);
	sh_buf_free(&bytes);
	sh_filing_free(f);
	return (rc);
}

/* 1 if the document lies with the holder, 0 if it has gone, or -1. */
static int
is_there(struct sh_archive *ar, const struct sh_tag *holder,
    const struct sh_tag *document, struct sh_error *err)
{
	static const struct sh_tag none;
	uint8_t value[SH_VALUE_MAX];
	size_t len;

	if (memcmp(document, &none, sizeof(none)) == 0 ||
	    sh_engine_get(ar->engine, holder, document, value, &len, err) ==
	    0)
		return (1);
	if (err->code != SH_ENOTFOUND)
		return (-1);
	/* The newer of two may lie with others only. */
	len = strcmp(err->key, "engine.tombstone") != 0;
	sh_error_clear(err);
	return ((int)len);
}

static int
put_act(struct writer *w, const struct sh_fed *item, const json_t *event,
    struct sh_error *err)
{
	struct sh_change c = { .nputs = 0 };
	struct sh_act_index x;
	struct sh_entry kept[SH_ACT_ENTRIES];
	size_t i;
	int r, rc = -1;

	if (sh_act_index(w->ar, event, &item->operation, &item->holder, &x,
	    err))
		return (-1);
	c.entries = kept;
	for (i = 0; i < x.nentries; i++) {
		if ((r = is_there(w->ar, &item->holder, &x.about[i], err)) <
		    0)
			goto out;
		if (r == 1)
			kept[c.nentries++] = x.entries[i];
	}
	if (x.has_reference && (r = is_there(w->ar, &item->holder,
	    &x.reference.document, err)) != 0) {
		if (r < 0 || put_blob(w, &x.reference.blob, err))
			goto out;
		c.references = &x.reference;
		c.nreferences = 1;
	}
	rc = put_change(w, item, &c, SH_BACKUP_CHANGE, err);
out:
	sh_act_index_clear(&x);
	return (rc);
}

static int
put_event(struct writer *w, const struct sh_fed *item, const json_t *event,
    struct sh_error *err)
{
	const char *kind = sh_member(event, "event");
	struct sh_tag document;
	int is_link = kind != NULL && strcmp(kind, "link") == 0;

	if (kind != NULL && (is_link || strcmp(kind, "accede") == 0) &&
	    sh_tag_parse(sh_member(event, "document"), &document) == 0)
		return (put_filed(w, item, &document, is_link, err));
	if (kind != NULL && strcmp(kind, "dispose") == 0)
		return (put_bare(w, item, SH_BACKUP_DISPOSAL, err));
	if (kind != NULL && sh_act_is(kind))
		return (put_act(w, item, event, err));
	return (put_bare(w, item, SH_BACKUP_CHANGE, err));
}

static int
take_item(void *arg, const struct sh_fed *item, struct sh_error *err)
{
	struct writer *w = arg;
	json_t *event;
	int rc;

	if (item->len == 0) {
		rc = put_manifest(w, item, err);
	} else if ((event = sh_event_open(w->ar, item, err)) != NULL) {
		rc = put_event(w, item, event, err);
		json_decref(event);
	} else if (err->code == SH_ENOTFOUND) {
		sh_error_clear(err);	/* an erased holder's */
		rc = put_bare(w, item, SH_BACKUP_CHANGE, err);
	} else {
		rc = -1;
	}
	if (rc != 0)
		return (sh_error_context(err, "feed %llu",
		    (unsigned long long)item->position));
	w->to[w->shard] = item->position;
	return (0);
}

/* Everything behind where it stands; again until nothing is new. */
static int
put_feed(struct writer *w, struct sh_error *err)
{
	unsigned n = sh_engine_shards(w->ar->engine);

	for (w->shard = 0; w->shard < n; w->shard++)
		if (sh_engine_feed(w->ar->engine, w->shard, NULL,
		    w->to[w->shard], take_item, w, err))
			return (-1);
	return (0);
}

/* ---- files --------------------------------------------------------------- */

static int
put_name(struct writer *w, const char *name, struct sh_error *err)
{
	uint8_t len[2];

	sh_put_be(len, strlen(name), sizeof(len));
	return (put(w, len, sizeof(len), err) || put(w, name, strlen(name),
	    err) ? -1 : 0);
}

/* The first SIZE bytes of FD, to W unless it is NULL; their digest. */
static int
each_chunk(int fd, uint64_t size, struct writer *w, char hex[SH_HEX_LEN],
    struct sh_error *err)
{
	struct sh_hasher *h;
	struct sh_digest digest;
	uint8_t *chunk = NULL;
	uint64_t at;
	size_t n;
	int rc = -1;

	if ((h = sh_hasher_new(NULL, 0, err)) == NULL ||
	    (chunk = sh_alloc(1, FILE_CHUNK, "a file", err)) == NULL)
		goto out;
	for (at = 0; at < size; at += n) {
		n = size - at < FILE_CHUNK ? (size_t)(size - at) :
		    FILE_CHUNK;
		if (sh_pread_all(fd, chunk, n, at, err) ||
		    sh_hasher_update(h, chunk, n, err) || (w != NULL &&
		    put(w, chunk, n, err)))
			goto out;
	}
	if ((rc = sh_hasher_final(h, &digest, err)) == 0)
		sh_hex(digest.b, sizeof(digest.b), hex);
out:
	sh_hasher_free(h);
	free(chunk);
	return (rc);
}

static int
put_file(struct writer *w, const struct sh_backup_file *f,
    const json_t *known, json_t *files, struct sh_error *err)
{
	const char *had = sh_member(known, f->name);
	char hex[SH_HEX_LEN];
	struct stat st;
	uint64_t size;
	int fd, rc = -1;

	if ((fd = open(f->path, O_RDONLY | O_CLOEXEC)) < 0 ||
	    fstat(fd, &st) != 0) {
		(void)sh_error_sys(err, "backup.file", "%s", f->path);
		goto out;
	}
	/* What is added behind it meanwhile is the next increment's. */
	size = (uint64_t)st.st_size;
	if (each_chunk(fd, size, NULL, hex, err))
		goto out;
	if ((had == NULL || strcmp(had, hex) != 0) &&
	    (put_head(w, SH_BACKUP_FILE, 2 + strlen(f->name) + size, err) ||
	    put_name(w, f->name, err) || each_chunk(fd, size, w, hex, err)))
		goto out;
	rc = sh_json_set_str(files, f->name, hex, err);
out:
	if (fd >= 0)
		(void)close(fd);
	return (rc);
}

/* ---- an increment -------------------------------------------------------- */

/* Where the last increment ended. */
struct before {
	uint32_t number;
	char digest[SH_HEX_LEN];
	json_t *tail;
};

static int
find_before(struct sh_archive *ar, const char *dir, struct before *b,
    struct sh_error *err)
{
	struct sh_backup_in in;
	char *path;
	uint32_t n;
	int r;

	for (n = 1;; n++) {
		if ((path = sh_backup_path(dir, n, err)) == NULL)
			return (-1);
		r = access(path, F_OK);
		free(path);
		if (r != 0)
			break;
	}
	if (n == 1)
		return (0);
	if ((r = sh_backup_open(dir, n - 1, &in, err)) <= 0)
		return (-1);
	b->number = n - 1;
	b->tail = json_incref(in.tail);
	sh_hex(in.digest.b, SH_DIGEST_LEN, b->digest);
	if (strcmp(sh_member(in.head, "archive"), ar->id) != 0)
		r = sh_error_set(err, SH_EDENIED, "backup.other",
		    "%s holds another archive", dir);
	sh_backup_close(&in);
	return (r < 0 ? -1 : 0);
}

static int
load_positions(struct writer *w, const struct before *b,
    struct sh_error *err)
{
	unsigned n = sh_engine_shards(w->ar->engine), i;
	const json_t *list = json_object_get(b->tail, "to");

	if ((w->to = sh_alloc(n, sizeof(*w->to), "positions", err)) == NULL)
		return (-1);
	for (i = 0; i < n; i++)
		w->to[i] = (uint64_t)json_integer_value(json_array_get(list,
		    i));
	return (0);
}

static int
write_head(struct writer *w, const struct before *b, struct sh_error *err)
{
	char at[SH_TIME_LEN];
	json_t *v;
	int rc;

	sh_time_print(sh_now(), at);
	if (put(w, SH_BACKUP_MAGIC, 8, err))
		return (-1);
	v = json_pack("{s:s,s:s,s:I,s:s,s:s}", "format", "sohoa-backup-1",
	    "archive", w->ar->id, "number", (json_int_t)b->number + 1,
	    "previous", b->digest, "at", at);
	if (v == NULL)
		return (sh_error_nomem(err, "JSON"));
	rc = put_json(w, SH_BACKUP_HEAD, v, err);
	json_decref(v);
	return (rc);
}

static int
write_tail(struct writer *w, json_t *files, struct sh_backup_made *made,
    struct sh_error *err)
{
	unsigned n = sh_engine_shards(w->ar->engine), i;
	struct sh_digest digest;
	json_t *v, *to;
	int rc = -1;

	if ((v = sh_json_new_object(err)) == NULL)
		return (-1);
	if ((to = sh_json_new_array(err)) == NULL ||
	    sh_json_set(v, "to", to, err))
		goto out;
	for (i = 0; i < n; i++) {
		made->position += w->to[i];
		if (sh_json_append(to, json_integer((json_int_t)w->to[i]),
		    err))
			goto out;
	}
	if (sh_json_set(v, "files", json_incref(files), err) ||
	    sh_json_set_int(v, "changes", (int64_t)w->changes, err) ||
	    sh_json_set_int(v, "blobs", (int64_t)w->blobs, err) ||
	    sh_json_set_int(v, "position", (int64_t)made->position, err) ||
	    put_json(w, SH_BACKUP_END, v, err) ||
	    sh_hasher_final(w->h, &digest, err))
		goto out;
	rc = sh_write_all(w->fd, digest.b, sizeof(digest.b), err);
out:
	json_decref(v);
	return (rc);
}

static int
write_increment(struct writer *w, const struct before *b,
    const struct sh_backup_file *files, size_t nfiles,
    struct sh_backup_made *made, struct sh_error *err)
{
	const json_t *known = json_object_get(b->tail, "files");
	json_t *now;
	size_t i;
	int rc = -1;

	if ((now = sh_json_new_object(err)) == NULL)
		return (-1);
	if ((w->h = sh_hasher_new(NULL, 0, err)) == NULL ||
	    load_positions(w, b, err) || write_head(w, b, err) ||
	    put_feed(w, err))
		goto out;
	for (i = 0; i < nfiles; i++)
		if (put_file(w, &files[i], known, now, err))
			goto out;
	/* Seals among the files may tell of changes that came meanwhile. */
	if (put_feed(w, err) || write_tail(w, now, made, err))
		goto out;
	if (fsync(w->fd) != 0)
		(void)sh_error_sys(err, "backup.file", "%s", w->path);
	else
		rc = 0;
	if (w->changes == 0 && known != NULL && json_equal(known, now))
		made->number = 0;
out:
	json_decref(now);
	return (rc);
}

int
sh_archive_backup(struct sh_archive *ar, const char *dir,
    const struct sh_backup_file *files, size_t nfiles,
    struct sh_backup_made *made, struct sh_error *err)
{
	struct before b = { .number = 0 };
	struct writer *w = NULL;
	char *tmp = NULL, *path = NULL;
	int rc = -1;

	memset(made, 0, sizeof(*made));
	if (sh_fs_mkdirs(dir, 0700, err) || find_before(ar, dir, &b, err) ||
	    (w = sh_alloc(1, sizeof(*w), "a backup", err)) == NULL)
		goto out;
	w->ar = ar;
	w->fd = -1;
	made->number = b.number + 1;
	if ((path = sh_backup_path(dir, made->number, err)) == NULL ||
	    (tmp = sh_asprintf(err, "%s.new", path)) == NULL)
		goto out;
	w->path = path;
	w->fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (w->fd < 0) {
		(void)sh_error_sys(err, "backup.file", "%s", tmp);
		goto out;
	}
	if (write_increment(w, &b, files, nfiles, made, err))
		goto out;
	made->changes = w->changes;
	made->blobs = w->blobs;
	made->bytes = w->at + SH_DIGEST_LEN;
	if (made->number == 0)
		rc = 0;
	else if (rename(tmp, path) != 0)
		(void)sh_error_sys(err, "backup.file", "%s", path);
	else
		rc = sh_fs_sync_dir(dir, err);
out:
	if (w != NULL && w->fd >= 0)
		(void)close(w->fd);
	if (tmp != NULL && (rc != 0 || made->number == 0))
		(void)unlink(tmp);
	if (w != NULL) {
		sh_hasher_free(w->h);
		free(w->to);
	}
	free(w);
	free(tmp);
	free(path);
	json_decref(b.tail);
	return (rc);
}
