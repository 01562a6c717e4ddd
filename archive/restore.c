/* A backup made into an archive again. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "archive/act.h"
#include "archive/backup_internal.h"
#include "archive/search.h"
#include "base/fs.h"
#include "base/mem.h"

#define BATCH		256
#define ENTRIES_MAX	4096	/* of one change */

/* A blob that waits, where it lies in its increment. */
struct waiting {
	struct sh_blob blob;
	int fd;
	uint64_t at, left;
};

/* A change and the memory that it points into. */
struct parsed {
	struct sh_change c;
	struct sh_buf bytes;
	struct sh_put *puts;
	struct sh_entry *entries;
	struct sh_reference *references;
	struct sh_engine_job *jobs;
	unsigned shard;
	uint64_t position;
};

struct restore {
	struct sh_archive *ar;	/* once the manifest is there */
	const struct sh_archive_place *place;
	const struct sh_catalogue *catalogue;
	struct waiting *blobs;
	size_t nblobs;
	struct parsed *changes;
	size_t nchanges;
	uint64_t to, done, position;
	int removed;
};

/* ---- parsing ------------------------------------------------------------- */

struct cursor {
	const uint8_t *p;
	size_t left;
	int bad;
};

static const uint8_t *
take(struct cursor *c, uint64_t n)
{
	const uint8_t *p = c->p;

	if (c->bad || n > c->left) {
		c->bad = 1;
		return (NULL);
	}
	c->p += n;
	c->left -= (size_t)n;
	return (p);
}

static uint64_t
number(struct cursor *c, unsigned n)
{
	const uint8_t *p = take(c, n);

	return (p == NULL ? 0 : sh_get_be(p, n));
}

static void
bytes(struct cursor *c, void *to, size_t n)
{
	const uint8_t *p = take(c, n);

	if (p != NULL)
		memcpy(to, p, n);
}

static void
parsed_clear(struct parsed *p)
{
	sh_buf_free(&p->bytes);
	free(p->puts);
	free(p->entries);
	free(p->references);
	free(p->jobs);
	memset(p, 0, sizeof(*p));
}

/* A count that there can be; room for so many elements. */
static size_t
count(struct cursor *c, void *listp, size_t size, struct sh_error *err)
{
	uint64_t n = number(c, 4);

	if (n > ENTRIES_MAX)
		c->bad = 1;
	if (c->bad)
		return (0);
	*(void **)listp = sh_alloc((size_t)n, size, "a change", err);
	c->bad |= *(void **)listp == NULL;
	return (c->bad ? 0 : (size_t)n);
}

static void
parse_entries(struct cursor *c, struct parsed *p, struct sh_error *err)
{
	size_t i, n;

	n = count(c, &p->entries, sizeof(*p->entries), err);
	for (i = 0; i < n && !c->bad; i++) {
		struct sh_entry *t = &p->entries[i];

		t->table = (unsigned)number(c, 1);
		bytes(c, t->term.b, 16);
		t->sortlen = (size_t)number(c, 1);
		c->bad |= t->sortlen > SH_SORT_MAX;
		bytes(c, t->sort, t->sortlen);
		t->len = (size_t)number(c, 4);
		t->value = take(c, t->len);
	}
	p->c.entries = p->entries;
	p->c.nentries = n;
}

/* Frozen: archive/FORMAT, "Backup". */
static int
parse(struct parsed *p, const char *path, struct sh_error *err)
{
	struct cursor c = { p->bytes.data, p->bytes.len, 0 };
	size_t i, n;

	p->shard = (unsigned)number(&c, 4);
	p->position = number(&c, 8);
	bytes(&c, p->c.holder.b, 16);
	bytes(&c, p->c.operation.b, 16);
	bytes(&c, p->c.digest.b, SH_DIGEST_LEN);
	p->c.eventlen = (size_t)number(&c, 4);
	p->c.event = take(&c, p->c.eventlen);
	n = count(&c, &p->puts, sizeof(*p->puts), err);
	for (i = 0; i < n && !c.bad; i++) {
		bytes(&c, p->puts[i].document.b, 16);
		p->puts[i].len = (size_t)number(&c, 4);
		p->puts[i].value = take(&c, p->puts[i].len);
	}
	p->c.puts = p->puts;
	p->c.nputs = n;
	parse_entries(&c, p, err);
	n = count(&c, &p->references, sizeof(*p->references), err);
	for (i = 0; i < n && !c.bad; i++) {
		bytes(&c, p->references[i].blob.b, SH_DIGEST_LEN);
		bytes(&c, p->references[i].document.b, 16);
	}
	p->c.references = p->references;
	p->c.nreferences = n;
	n = count(&c, &p->jobs, sizeof(*p->jobs), err);
	for (i = 0; i < n && !c.bad; i++) {
		p->jobs[i].queue = (unsigned)number(&c, 1);
		bytes(&c, p->jobs[i].id.b, 16);
		p->jobs[i].len = (size_t)number(&c, 2);
		c.bad |= p->jobs[i].len > SH_JOB_MAX;
		bytes(&c, p->jobs[i].data, c.bad ? 0 : p->jobs[i].len);
	}
	p->c.jobs = p->jobs;
	p->c.njobs = n;
	if (!c.bad && c.left == 0)
		return (0);
	return (sh_backup_damaged(path, "a change", err));
}

/* ---- writing ------------------------------------------------------------- */

static int
read_blob(void *arg, void *buf, size_t cap, size_t *lenp,
    struct sh_error *err)
{
	struct waiting *w = arg;

	*lenp = w->left < cap ? (size_t)w->left : cap;
	if (*lenp == 0)
		return (0);
	if (sh_pread_all(w->fd, buf, *lenp, w->at, err))
		return (-1);
	w->at += *lenp;
	w->left -= *lenp;
	return (0);
}

static int
put_blobs(struct restore *r, struct sh_engine *e, struct sh_error *err)
{
	struct sh_blob *list;
	size_t i;
	int rc;

	if (r->nblobs == 0)
		return (0);
	if ((list = sh_alloc(r->nblobs, sizeof(*list), "blobs", err)) == NULL)
		return (-1);
	for (i = 0; i < r->nblobs; i++) {
		list[i] = r->blobs[i].blob;
		list[i].source = read_blob;
		list[i].arg = &r->blobs[i];
	}
	rc = sh_engine_blob_put(e, list, r->nblobs, err);
	r->nblobs = 0;
	free(list);
	return (rc);
}

static int
flush(struct restore *r, struct sh_engine *e, struct sh_error *err)
{
	struct sh_change list[BATCH];
	size_t i, n = r->nchanges;
	int rc;

	rc = put_blobs(r, e, err);
	for (i = 0; i < n; i++)
		list[i] = r->changes[i].c;
	if (rc == 0 && n > 0)
		rc = sh_engine_commit(e, list, n, err);
	for (i = 0; i < n && rc == 0; i++)
		if (list[i].outcome == SH_COMMIT_CONFLICT)
			rc = sh_error_set(err, SH_EFIXITY, "backup.damaged",
			    "a change of the backup contradicts another");
	for (i = 0; i < n; i++)
		parsed_clear(&r->changes[i]);
	r->nchanges = 0;
	return (rc);
}

/* The first change of all makes the archive one that can be opened. */
static int
begin_archive(struct restore *r, struct sh_error *err)
{
	struct sh_archive_place bare = { .engine = r->place->engine,
	    .keys = r->place->keys, .search = r->place->search };
	struct sh_engine *e = NULL;
	int rc;

	if (sh_engine_open(r->place->engine, SH_ENGINE_CREATE, &e, err))
		return (-1);
	rc = flush(r, e, err);
	sh_engine_close(e);
	return (rc != 0 ? -1 : sh_archive_open(&bare, r->catalogue, 0,
	    &r->ar, err));
}

/* The document may have come with an earlier change of the holder's. */
static int
drop_known_put(struct restore *r, struct parsed *p, struct sh_error *err)
{
	uint8_t value[SH_VALUE_MAX];
	size_t len, i;

	for (i = 0; i < r->nchanges; i++)
		if (p->c.nputs == 1 && r->changes[i].c.nputs == 1 &&
		    memcmp(&r->changes[i].c.holder, &p->c.holder, 16) == 0 &&
		    memcmp(&r->changes[i].puts[0].document,
		    &p->puts[0].document, 16) == 0)
			p->c.nputs = 0;
	if (p->c.nputs == 0)
		return (0);
	if (sh_engine_get(r->ar->engine, &p->c.holder, &p->puts[0].document,
	    value, &len, err) == 0) {
		p->c.nputs = 0;
		return (0);
	}
	if (err->code != SH_ENOTFOUND)
		return (-1);
	sh_error_clear(err);
	return (0);
}

/* What a destruction removes is what the archive has by now. */
static int
dispose(struct restore *r, struct parsed *p, struct sh_error *err)
{
	struct sh_fed item = { .holder = p->c.holder,
	    .operation = p->c.operation, .sequence = 1,
	    .digest = p->c.digest, .event = p->c.event,
	    .len = p->c.eventlen };
	struct sh_removal *removal = NULL;
	struct sh_tag document;
	struct sh_put tombstone;
	uint8_t value[SH_VALUE_MAX];
	json_t *event;
	size_t len;
	int rc = -1;

	r->removed = 1;
	if (flush(r, r->ar->engine, err))
		return (-1);
	if ((event = sh_event_open(r->ar, &item, err)) == NULL) {
		if (err->code != SH_ENOTFOUND)
			return (-1);
		/* An erased holder's: nobody can tell what it removed. */
		sh_error_clear(err);
		return (sh_engine_commit(r->ar->engine, &p->c, 1, err));
	}
	if (sh_tag_parse(sh_member(event, "document"), &document) != 0) {
		(void)sh_error_set(err, SH_EFIXITY, "event.damaged",
		    "a destruction without its document");
		goto out;
	}
	if (sh_engine_get(r->ar->engine, &p->c.holder, &document, value,
	    &len, err) == 0) {
		removal = sh_removal_new(r->ar, &p->c.holder, &document,
		    err);
		if (removal == NULL)
			goto out;
		sh_removal_add(removal, &p->c);
	} else if (err->code == SH_ENOTFOUND) {
		/* It had gone before the backup saw it. */
		sh_error_clear(err);
		tombstone = (struct sh_put){ .document = document };
		p->c.puts = &tombstone;
		p->c.nputs = 1;
	} else {
		goto out;
	}
	rc = sh_engine_commit(r->ar->engine, &p->c, 1, err);
out:
	json_decref(event);
	sh_removal_free(removal);
	return (rc);
}

static int
take_change(struct restore *r, struct sh_backup_in *in,
    const struct sh_backup_item *item, struct sh_error *err)
{
	struct parsed p;
	int rc = -1;

	memset(&p, 0, sizeof(p));
	if (sh_backup_payload(in, item, &p.bytes, err) ||
	    parse(&p, in->path, err))
		goto out;
	if (p.position > r->to) {
		rc = 0;
		goto out;
	}
	r->position = p.position;
	r->done++;
	if (r->ar != NULL && item->kind == SH_BACKUP_DISPOSAL) {
		rc = dispose(r, &p, err);
		goto out;
	}
	if (r->ar != NULL && drop_known_put(r, &p, err))
		goto out;
	r->changes[r->nchanges++] = p;
	memset(&p, 0, sizeof(p));
	if (r->ar == NULL)
		rc = begin_archive(r, err);
	else
		rc = r->nchanges == BATCH ? flush(r, r->ar->engine, err) : 0;
out:
	parsed_clear(&p);
	return (rc);
}

static int
take_blob(struct restore *r, struct sh_backup_in *in,
    const struct sh_backup_item *item, struct sh_error *err)
{
	struct waiting *w;

	if (item->len < SH_DIGEST_LEN)
		return (sh_backup_damaged(in->path, "a blob", err));
	/* Before the first change there is nothing to keep it for. */
	if (r->ar == NULL)
		return (sh_backup_damaged(in->path, "its first change", err));
	if (r->nblobs == BATCH && flush(r, r->ar->engine, err))
		return (-1);
	w = &r->blobs[r->nblobs++];
	memset(w, 0, sizeof(*w));
	w->fd = in->fd;
	w->at = item->at + SH_DIGEST_LEN;
	w->left = item->len - SH_DIGEST_LEN;
	return (sh_pread_all(in->fd, w->blob.name.b, SH_DIGEST_LEN, item->at,
	    err));
}

static int
take_file(struct sh_backup_in *in, const struct sh_backup_item *item,
    int (*file)(void *, const char *, int, uint64_t, uint64_t,
    struct sh_error *), void *arg, struct sh_error *err)
{
	uint8_t head[2];
	char name[512];
	uint64_t len;

	if (item->len < sizeof(head))
		return (sh_backup_damaged(in->path, "a file", err));
	if (sh_pread_all(in->fd, head, sizeof(head), item->at, err))
		return (-1);
	len = sh_get_be(head, 2);
	if (len >= sizeof(name) || len > item->len - sizeof(head))
		return (sh_backup_damaged(in->path, "a file", err));
	if (sh_pread_all(in->fd, name, (size_t)len, item->at + sizeof(head),
	    err))
		return (-1);
	name[len] = '\0';
	return (file(arg, name, in->fd, item->at + sizeof(head) + len,
	    item->len - sizeof(head) - len, err));
}

static int
take_increment(struct restore *r, struct sh_backup_in *in,
    int (*file)(void *, const char *, int, uint64_t, uint64_t,
    struct sh_error *), void *arg, struct sh_error *err)
{
	struct sh_backup_item item;
	int n, rc = 0;

	while (rc == 0 && (n = sh_backup_next(in, &item, err)) != 0) {
		if (n < 0)
			return (-1);
		switch (item.kind) {
		case SH_BACKUP_BLOB:
			rc = take_blob(r, in, &item, err);
			break;
		case SH_BACKUP_CHANGE:
		case SH_BACKUP_DISPOSAL:
			rc = take_change(r, in, &item, err);
			break;
		case SH_BACKUP_FILE:
			rc = file == NULL ? 0 : take_file(in, &item, file,
			    arg, err);
			break;
		case SH_BACKUP_HEAD:
		case SH_BACKUP_END:
			break;
		default:
			rc = sh_backup_damaged(in->path, "an item's kind",
			    err);
		}
	}
	/* What waits lies in this increment's file. */
	if (rc == 0 && r->ar != NULL)
		rc = flush(r, r->ar->engine, err);
	return (rc);
}

int
sh_backup_restore(const char *dir, const struct sh_archive_place *place,
    const struct sh_catalogue *catalogue, uint64_t to,
    int (*file)(void *, const char *, int, uint64_t, uint64_t,
    struct sh_error *), void *arg, json_t **answerp, struct sh_error *err)
{
	struct restore r = { .place = place, .catalogue = catalogue,
	    .to = to };
	struct sh_backup_in in;
	json_t *checked = NULL;
	uint32_t n;
	size_t i;
	int got, behind, rc = -1;

	*answerp = NULL;
	if (sh_backup_verify(dir, &checked, err) ||
	    (r.blobs = sh_alloc(BATCH, sizeof(*r.blobs), "blobs", err)) ==
	    NULL || (r.changes = sh_alloc(BATCH, sizeof(*r.changes),
	    "changes", err)) == NULL)
		goto out;
	for (n = 1; (got = sh_backup_open(dir, n, &in, err)) == 1; n++) {
		got = take_increment(&r, &in, file, arg, err);
		sh_backup_close(&in);
		if (got != 0)
			goto out;
	}
	if (got < 0)
		goto out;
	if (r.ar == NULL) {
		(void)sh_backup_damaged(dir, "it has no change", err);
		goto out;
	}
	/* Who was erased stays it, whatever keys were brought along. */
	if (sh_erase_again(r.ar, err) ||
	    (r.removed && sh_engine_purge(r.ar->engine, err)))
		goto out;
	do
		if (sh_search_follow(r.ar->search, r.ar, UINT64_MAX, &behind,
		    err))
			goto out;
	while (behind);
	*answerp = json_pack("{s:s,s:I,s:I}", "archive", r.ar->id, "changes",
	    (json_int_t)r.done, "position", (json_int_t)r.position);
	rc = *answerp != NULL ? 0 : sh_error_nomem(err, "JSON");
out:
	for (i = 0; r.changes != NULL && i < r.nchanges; i++)
		parsed_clear(&r.changes[i]);
	free(r.changes);
	free(r.blobs);
	json_decref(checked);
	sh_archive_close(r.ar);
	return (rc);
}
