/*
 * From a manifest to a run: rows checked, files measured, shards cut.  Only
 * the last entry makes it a run, so a crash before leaves none.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/mem.h"
#include "pipeline/bulk_internal.h"
#include "pipeline/bulk_manifest.h"

/* The dossier codes seen so far, as keyed digests: 8 bytes a row. */
struct seen {
	uint64_t *slot;		/* 0: empty */
	size_t cap, n;		/* cap is a power of two */
};

struct planning {
	struct sh_bulk *b;
	json_t *rows;		/* of the shard that is being filled */
	uint64_t shard_bytes;
	json_t *refused;
	struct seen seen;
	const volatile int *stop;
	struct sh_error first;	/* the first refused row's */
};

/* ---- the same dossier twice ----------------------------------------------- */

static int
seen_grow(struct seen *s, struct sh_error *err)
{
	size_t cap = s->cap == 0 ? 1024 : s->cap * 2, i, at;
	uint64_t *slot;

	if ((slot = sh_alloc(cap, sizeof(*slot), "dossier codes", err)) ==
	    NULL)
		return (-1);
	for (i = 0; i < s->cap; i++) {
		if (s->slot[i] == 0)
			continue;
		for (at = s->slot[i] & (cap - 1); slot[at] != 0;
		    at = (at + 1) & (cap - 1))
			;
		slot[at] = s->slot[i];
	}
	free(s->slot);
	s->slot = slot;
	s->cap = cap;
	return (0);
}

/* 1 if CODE was there before, 0 and it is now, or -1. */
static int
seen_before(struct planning *p, const char *code, struct sh_error *err)
{
	struct seen *s = &p->seen;
	struct sh_digest digest;
	uint64_t v;
	size_t at;

	if ((s->n + 1) * 4 > s->cap * 3 && seen_grow(s, err))
		return (-1);
	/* Keyed: nobody can make codes that all fall on one slot. */
	if (sh_archive_keyed_digest((*p->b->home)->archive, "bulk-code",
	    code, strlen(code), &digest, err))
		return (-1);
	v = sh_get_be(digest.b, 8);
	v += v == 0;
	for (at = v & (s->cap - 1); s->slot[at] != 0;
	    at = (at + 1) & (s->cap - 1))
		if (s->slot[at] == v)
			return (1);
	s->slot[at] = v;
	s->n++;
	return (0);
}

/* ---- entries ------------------------------------------------------------- */

static int
close_shard(struct planning *p, struct sh_error *err)
{
	char name[SH_ENTRY_NAME];

	if (json_array_size(p->rows) == 0)
		return (0);
	sh_bulk_entry(name, "shard", p->b->plan.nshards++);
	if (sh_bulk_put(p->b, name, p->rows, 0, err))
		return (-1);
	p->shard_bytes = 0;
	return (json_array_clear(p->rows));
}

static int
close_refused(struct planning *p, struct sh_error *err)
{
	char name[SH_ENTRY_NAME];

	if (json_array_size(p->refused) == 0)
		return (0);
	sh_bulk_entry(name, "refused", p->b->plan.nrefused++);
	if (sh_bulk_put(p->b, name, p->refused, 0, err))
		return (-1);
	return (json_array_clear(p->refused));
}

static int
refuse(struct planning *p, uint64_t number, const char *code,
    const struct sh_error *why, struct sh_error *err)
{
	json_t *result, *v = NULL;

	if (p->first.code == SH_OK)
		p->first = *why;
	p->b->plan.refused++;
	if ((result = sh_bulk_result(number, NULL, NULL, why, err)) == NULL)
		return (-1);
	if (sh_json_set_str(result, "dossier", code, err) ||
	    sh_json_set_str(result, "state", "refused", err))
		goto bad;
	v = result;
	if (sh_json_append(p->refused, v, err))
		return (-1);
	if (json_array_size(p->refused) == SH_SHARD_ROWS * 4)
		return (close_refused(p, err));
	return (0);
bad:
	json_decref(result);
	return (-1);
}

/* ---- rows ---------------------------------------------------------------- */

/* What the row's files come to; one that is missing is told when its turn
   comes. */
static void
measure(struct planning *p, const struct sh_dossier *d, json_t *row)
{
	struct stat st;
	uint64_t bytes = 0, files = 0;
	size_t i;

	for (i = 0; i < d->nscans; i++) {
		if (fstatat(d->dirfd, d->scans[i], &st, AT_SYMLINK_NOFOLLOW) !=
		    0 || !S_ISREG(st.st_mode))
			continue;
		files++;
		bytes += (uint64_t)st.st_size;
	}
	p->b->plan.missing += d->nscans - files;
	p->b->plan.files += d->nscans;
	p->b->plan.bytes += bytes;
	(void)json_object_set_new(row, "bytes",
	    json_integer((json_int_t)bytes));
	(void)json_object_set_new(row, "files",
	    json_integer((json_int_t)files));
}

static int
add_row(struct planning *p, json_t *row, uint64_t number,
    struct sh_error *err)
{
	struct sh_dossier *d = NULL;
	struct sh_error why = SH_ERROR_INIT;
	struct sh_buf b = SH_BUF_INIT;
	int r, rc = -1;

	if (sh_bulk_dossier(p->b, row, &d, &why))
		return (why.code == SH_ENOMEM ? (*err = why, -1) :
		    refuse(p, number, json_string_value(json_object_get(row,
		    "code")), &why, err));
	if ((r = seen_before(p, d->code, err)) < 0)
		goto out;
	if (r == 1) {
		p->b->plan.duplicates++;
		sh_error_param(&why, "value", "%s", d->code);
		(void)sh_error_set(&why, SH_EEXISTS, "row.duplicate",
		    "dossier %s stands in an earlier row", d->code);
		rc = refuse(p, number, d->code, &why, err);
		goto out;
	}
	measure(p, d, row);
	if (sh_json_set_int(row, "row", (int64_t)number, err) ||
	    sh_json_canonical(row, &b, err) ||
	    (p->shard_bytes + b.len > SH_SHARD_BYTES && close_shard(p,
	    err)) || sh_json_append(p->rows, json_incref(row), err))
		goto out;
	p->shard_bytes += b.len;
	rc = json_array_size(p->rows) == SH_SHARD_ROWS ? close_shard(p, err) :
	    0;
out:
	sh_buf_free(&b);
	sh_dossier_free(d);
	return (rc);
}

static int
ends_manifest(const struct sh_error *e)
{
	return (e->code == SH_ESYSTEM || e->code == SH_ENOMEM ||
	    strncmp(e->key, "manifest.", 9) == 0);
}

static int
plan_rows(struct planning *p, struct sh_manifest *m, struct sh_error *err)
{
	struct sh_error why;
	uint64_t number;
	json_t *row;
	int r, rc;

	for (;;) {
		if (p->stop != NULL && *p->stop)
			return (sh_error_set(err, SH_EAGAIN, "run.stopped",
			    "stopped while the rows were read"));
		sh_error_clear(&why);
		if ((r = sh_manifest_next(m, &row, &number, &why)) == 0)
			break;
		if (r < 0 && ends_manifest(&why)) {
			*err = why;
			return (-1);
		}
		p->b->plan.rows++;
		rc = r < 0 ? refuse(p, number, NULL, &why, err) :
		    add_row(p, row, number, err);
		json_decref(row);
		if (rc != 0)
			return (-1);
	}
	if (p->b->plan.rows == p->b->plan.refused) {
		*err = p->first;
		sh_error_param(err, "file", "%s", p->b->plan.source);
		if (p->first.code == SH_OK)
			return (sh_error_set(err, SH_EFORMAT,
			    "manifest.empty", "no row"));
		return (sh_error_context(err, "no row can be used; the "
		    "first"));
	}
	return (close_shard(p, err) || close_refused(p, err) ? -1 : 0);
}

/* The lowest queue that no unfinished run has. */
static int
choose_queue(struct sh_bulk *b, struct sh_error *err)
{
	uint8_t used[SH_QUEUE_LAST + 1] = { 0 };
	unsigned q;

	if (sh_bulk_queues(b, used, err))
		return (-1);
	for (q = SH_QUEUE_FIRST; q <= SH_QUEUE_LAST; q++) {
		if (!used[q]) {
			b->plan.queue = q;
			return (0);
		}
	}
	sh_error_param(err, "limit", "%d", SH_QUEUE_LAST - SH_QUEUE_FIRST +
	    1);
	return (sh_error_set(err, SH_ELIMIT, "bulk.runs",
	    "too many unfinished bulk runs"));
}

static int
save_plan(struct sh_bulk *b, struct sh_error *err)
{
	const struct sh_bulk_plan *p = &b->plan;
	json_t *v;
	int fd, rc = -1;

	/* The shards are many: one sync for all of them. */
	if ((fd = open(b->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0 ||
	    syncfs(fd) != 0) {
		(void)sh_error_sys(err, "file.sync", "%s", b->dir);
		goto out;
	}
	v = json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I,"
	    "s:I, s:I}", "source", p->source, "folder", p->folder,
	    "rows", (json_int_t)p->rows, "refused", (json_int_t)p->refused,
	    "duplicates", (json_int_t)p->duplicates,
	    "files", (json_int_t)p->files,
	    "missing", (json_int_t)p->missing,
	    "bytes", (json_int_t)p->bytes,
	    "shards", (json_int_t)p->nshards,
	    "refused_entries", (json_int_t)p->nrefused,
	    "queue", (json_int_t)p->queue,
	    "created_at", (json_int_t)p->created_at);
	rc = v == NULL ? sh_error_nomem(err, "JSON") :
	    sh_bulk_put(b, "plan", v, 1, err);
	json_decref(v);
out:
	if (fd >= 0)
		(void)close(fd);
	return (rc);
}

static int
begin(struct planning *p, struct sh_manifest *m, const char *source,
    struct sh_error *err)
{
	struct sh_bulk *b = p->b;

	memset(&b->plan, 0, sizeof(b->plan));
	b->plan.created_at = sh_now();
	if ((b->plan.folder = sh_strdup(sh_manifest_folder(m), err)) ==
	    NULL || (b->plan.source = realpath(source, NULL)) == NULL)
		return (err->code != SH_OK ? -1 : sh_error_sys(err,
		    "file.read", "%s", source));
	b->folder_fd = open(b->plan.folder, O_RDONLY | O_DIRECTORY |
	    O_CLOEXEC);
	if (b->folder_fd < 0)
		return (sh_error_sys(err, "file.read", "%s",
		    b->plan.folder));
	/* What a plan that was cut short left. */
	if (sh_fs_remove_tree(b->dir, err) || sh_bulk_reattach(b, err) ||
	    (p->rows = sh_json_new_array(err)) == NULL ||
	    (p->refused = sh_json_new_array(err)) == NULL)
		return (-1);
	return (0);
}

int
sh_bulk_plan(struct sh_bulk *b, struct sh_manifest *m, const char *source,
    const volatile int *stop, struct sh_error *err)
{
	struct planning p = { .b = b, .stop = stop };
	struct sh_error ignored = SH_ERROR_INIT;
	int rc = -1;

	if (begin(&p, m, source, err) || plan_rows(&p, m, err) ||
	    choose_queue(b, err))
		goto out;
	/* Before anything is promised: is there room for it? */
	if (sh_bulk_reserve(b, err) || save_plan(b, err))
		goto out;
	rc = 0;
out:
	if (rc != 0)
		(void)!sh_fs_remove_tree(b->dir, &ignored);
	json_decref(p.rows);
	json_decref(p.refused);
	free(p.seen.slot);
	return (rc);
}
