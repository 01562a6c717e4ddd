/* Where a run lies; opening, pausing, naming. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"
#include "pipeline/bulk_internal.h"
#include "pipeline/bulk_manifest.h"

#define ENTRY_MAX	(16 << 20)

/* ---- entries ------------------------------------------------------------- */

void
sh_bulk_entry(char name[SH_ENTRY_NAME], const char *what, uint32_t n)
{
	(void)snprintf(name, SH_ENTRY_NAME, "%s-%08lu", what,
	    (unsigned long)n);
}

int
sh_bulk_get(struct sh_bulk *b, const char *entry, json_t **vp,
    struct sh_error *err)
{
	struct sh_buf bytes = SH_BUF_INIT;
	int r;

	*vp = NULL;
	if ((r = sh_spool_get(b->spool, entry, &bytes, err)) == 1 &&
	    (*vp = sh_json_parse(bytes.data, bytes.len, ENTRY_MAX, err)) ==
	    NULL)
		r = -1;
	sh_buf_free(&bytes);
	return (r);
}

int
sh_bulk_put(struct sh_bulk *b, const char *entry, const json_t *v, int sync,
    struct sh_error *err)
{
	struct sh_buf bytes = SH_BUF_INIT;
	int rc = -1;

	if (sh_json_canonical(v, &bytes, err) == 0)
		rc = sh_spool_put(b->spool, entry, bytes.data, bytes.len,
		    sync, err);
	sh_buf_free(&bytes);
	return (rc);
}

char *
sh_bulk_path(const struct sh_bulk *b, const char *entry,
    struct sh_error *err)
{
	return (sh_path_join(b->dir, entry, err));
}

/* ---- opening ------------------------------------------------------------- */

static int
valid_name(const char *run)
{
	return (strlen(run) == SH_RUN_LEN - 1 && strspn(run,
	    "0123456789abcdef") == SH_RUN_LEN - 1);
}

static int
no_run(const char *run, struct sh_error *err)
{
	sh_error_param(err, "value", "%.40s", run);
	return (sh_error_set(err, SH_ENOTFOUND, "bulk.none",
	    "no bulk run %.40s", run));
}

int
sh_bulk_new(struct sh_home **homep, const char *run, struct sh_bulk **bp,
    struct sh_error *err)
{
	struct sh_bulk *b;

	*bp = NULL;
	if ((b = sh_alloc(1, sizeof(*b), "a bulk run", err)) == NULL)
		return (-1);
	b->home = homep;
	b->folder_fd = b->lock = b->reserve_fd = -1;
	(void)snprintf(b->name, sizeof(b->name), "%s", run);
	if ((b->dir = sh_asprintf(err, "%s/bulk/%s", (*homep)->dir, run)) ==
	    NULL) {
		sh_bulk_close(b);
		return (-1);
	}
	*bp = b;
	return (0);
}

static int
take_lock(struct sh_bulk *b, struct sh_error *err)
{
	char *path;
	int i;

	if ((path = sh_asprintf(err, "%s/bulk/lock", (*b->home)->dir)) == NULL)
		return (-1);
	/* Who only looks whether it is held holds it for a moment. */
	for (i = 0; i < 5 && (b->lock = sh_fs_lock(path, err)) < 0 &&
	    err->code == SH_EAGAIN; i++) {
		sh_error_clear(err);
		(void)poll(NULL, 0, 20);
	}
	if (b->lock < 0 && err->code == SH_OK) {
		(void)sh_error_set(err, SH_EAGAIN, "bulk.held",
		    "another process works at the bulk runs of %s",
		    (*b->home)->dir);
	}
	free(path);
	return (b->lock < 0 ? -1 : 0);
}

void
sh_bulk_close(struct sh_bulk *b)
{
	if (b == NULL)
		return;
	if (b->lock >= 0)
		sh_bulk_unreserve(b);
	sh_spool_close(b->spool);
	if (b->folder_fd >= 0)
		(void)close(b->folder_fd);
	if (b->lock >= 0)
		(void)close(b->lock);
	free(b->plan.source);
	free(b->plan.folder);
	free(b->dir);
	free(b);
}

int
sh_bulk_reattach(struct sh_bulk *b, struct sh_error *err)
{
	sh_spool_close(b->spool);
	b->spool = NULL;
	return (sh_spool_open(b->dir, (*b->home)->archive, &b->spool, err));
}

static int
load_plan(struct sh_bulk *b, const json_t *v, struct sh_error *err)
{
	struct sh_bulk_plan *p = &b->plan;
	const char *source, *folder;
	int64_t n[9];
	static const char *const names[9] = { "rows", "refused",
	    "duplicates", "files", "missing", "bytes", "shards",
	    "refused_entries", "queue" };
	size_t i;

	for (i = 0; i < 9; i++)
		if (sh_json_int(v, names[i], 1, 0, INT64_MAX, 0, &n[i], err))
			return (-1);
	if (sh_json_int(v, "created_at", 1, 0, INT64_MAX, 0, &p->created_at,
	    err) || sh_json_str(v, "source", 1, 8192, &source, err) ||
	    sh_json_str(v, "folder", 1, 8192, &folder, err) ||
	    (p->source = sh_strdup(source, err)) == NULL ||
	    (p->folder = sh_strdup(folder, err)) == NULL)
		return (-1);
	p->rows = (uint64_t)n[0];
	p->refused = (uint64_t)n[1];
	p->duplicates = (uint64_t)n[2];
	p->files = (uint64_t)n[3];
	p->missing = (uint64_t)n[4];
	p->bytes = (uint64_t)n[5];
	p->nshards = (uint32_t)n[6];
	p->nrefused = (uint32_t)n[7];
	p->queue = (unsigned)n[8];
	if (p->queue < SH_QUEUE_FIRST || p->queue > SH_QUEUE_LAST)
		return (sh_error_set(err, SH_EFIXITY, "spool.damaged",
		    "the plan names queue %u", p->queue));
	return (0);
}

/* The plan: there is no run without one. */
int
sh_bulk_load(struct sh_bulk *b, struct sh_error *err)
{
	json_t *v = NULL;
	int r;

	if (access(b->dir, F_OK) != 0)
		return (no_run(b->name, err));
	if ((b->spool == NULL && sh_bulk_reattach(b, err)) ||
	    (r = sh_bulk_get(b, "plan", &v, err)) < 0)
		return (-1);
	if (r == 0)
		return (no_run(b->name, err));
	r = load_plan(b, v, err);
	json_decref(v);
	return (r);
}

static int
newest(struct sh_home *home, char run[SH_RUN_LEN], struct sh_error *err)
{
	struct timespec best = { 0, 0 };
	struct dirent *e;
	struct stat st;
	char *path;
	DIR *dir;

	*run = '\0';
	if ((path = sh_path_join(home->dir, "bulk", err)) == NULL)
		return (-1);
	dir = opendir(path);
	free(path);
	while (dir != NULL && (e = readdir(dir)) != NULL) {
		/* Every save of its state touches the folder. */
		if (!valid_name(e->d_name) || fstatat(dirfd(dir), e->d_name,
		    &st, AT_SYMLINK_NOFOLLOW) != 0 ||
		    st.st_mtim.tv_sec < best.tv_sec ||
		    (st.st_mtim.tv_sec == best.tv_sec &&
		    st.st_mtim.tv_nsec < best.tv_nsec))
			continue;
		best = st.st_mtim;
		memcpy(run, e->d_name, SH_RUN_LEN);
	}
	if (dir != NULL)
		(void)closedir(dir);
	return (*run != '\0' ? 0 : no_run("", err));
}

int
sh_bulk_queues(struct sh_bulk *b, uint8_t used[SH_QUEUE_LAST + 1],
    struct sh_error *err)
{
	struct sh_bulk *other;
	struct dirent *e;
	char *path;
	DIR *dir;
	int rc = 0;

	if ((path = sh_path_join((*b->home)->dir, "bulk", err)) == NULL)
		return (-1);
	dir = opendir(path);
	free(path);
	while (rc == 0 && dir != NULL && (e = readdir(dir)) != NULL) {
		if (!valid_name(e->d_name) || strcmp(e->d_name, b->name) == 0)
			continue;
		if ((rc = sh_bulk_new(b->home, e->d_name, &other, err)) != 0)
			break;
		if ((rc = sh_bulk_load(other, err)) == 0 &&
		    (rc = sh_bulk_state_load(other, err)) >= 0) {
			used[other->plan.queue] |= !other->state.finished;
			rc = 0;
		}
		/* A plan that was cut short has no queue. */
		if (rc != 0 && err->code == SH_ENOTFOUND) {
			sh_error_clear(err);
			rc = 0;
		}
		sh_bulk_close(other);
	}
	if (dir != NULL)
		(void)closedir(dir);
	return (rc);
}

/* RUN or the newest, its plan loaded, to look at. */
int
sh_bulk_look(struct sh_home **homep, const char *run, struct sh_bulk **bp,
    struct sh_error *err)
{
	char name[SH_RUN_LEN];

	*bp = NULL;
	if (run == NULL) {
		if (newest(*homep, name, err))
			return (-1);
		run = name;
	}
	if (!valid_name(run))
		return (no_run(run, err));
	if (sh_bulk_new(homep, run, bp, err))
		return (-1);
	if (sh_bulk_load(*bp, err)) {
		sh_bulk_close(*bp);
		*bp = NULL;
		return (-1);
	}
	return (0);
}

static int
open_folder(struct sh_bulk *b, struct sh_error *err)
{
	b->folder_fd = open(b->plan.folder, O_RDONLY | O_DIRECTORY |
	    O_CLOEXEC);
	if (b->folder_fd >= 0)
		return (0);
	return (sh_fs_unread(b->plan.folder, err));
}

int
sh_bulk_open(struct sh_home **homep, const char *run, struct sh_bulk **bp,
    struct sh_error *err)
{
	if (sh_bulk_look(homep, run, bp, err))
		return (-1);
	if (take_lock(*bp, err) == 0 && open_folder(*bp, err) == 0)
		return (0);
	sh_bulk_close(*bp);
	*bp = NULL;
	return (-1);
}

int
sh_bulk_make(struct sh_home **homep, const char *source,
    const volatile int *stop, struct sh_bulk **bp, struct sh_error *err)
{
	struct sh_manifest *m = NULL;
	struct sh_digest name, keyed;
	struct sh_bulk *b = NULL;
	char run[SH_RUN_LEN], *dir = NULL;
	int rc = -1;

	*bp = NULL;
	if (sh_manifest_open(source, &m, err) ||
	    sh_manifest_name(m, &name, err) || sh_archive_keyed_digest(
	    (*homep)->archive, "bulk", name.b, sizeof(name.b), &keyed, err))
		goto out;
	sh_hex(keyed.b, (SH_RUN_LEN - 1) / 2, run);
	if ((dir = sh_path_join((*homep)->dir, "bulk", err)) == NULL ||
	    sh_fs_mkdirs(dir, 0700, err) ||
	    sh_bulk_new(homep, run, &b, err) || take_lock(b, err))
		goto out;
	if (sh_bulk_load(b, err)) {
		if (err->code != SH_ENOTFOUND)
			goto out;
		sh_error_clear(err);
		if (sh_bulk_plan(b, m, source, stop, err))
			goto out;
	}
	if (b->folder_fd < 0 && open_folder(b, err))
		goto out;
	*bp = b;
	b = NULL;
	rc = 0;
out:
	sh_bulk_close(b);
	sh_manifest_close(m);
	free(dir);
	return (rc);
}

const char *
sh_bulk_name(const struct sh_bulk *b)
{
	return (b->name);
}

uint64_t
sh_bulk_pages(const struct sh_bulk *b)
{
	return (b->state.count[0]);
}

int
sh_bulk_dossier(struct sh_bulk *b, const json_t *row,
    struct sh_dossier **dp, struct sh_error *err)
{
	const char *folder = json_string_value(json_object_get(row,
	    "folder"));
	char *path;
	int rc;

	if (folder == NULL)
		return (sh_dossier_from_json(row, b->folder_fd,
		    (*b->home)->catalogue, dp, err));
	if ((path = sh_path_join(b->plan.folder, folder, err)) == NULL)
		return (-1);
	rc = sh_dossier_load(path, (*b->home)->catalogue, dp, err);
	free(path);
	return (rc);
}

/* ---- looking ------------------------------------------------------------- */

int
sh_bulk_is_paused(const struct sh_bulk *b)
{
	struct sh_error err = SH_ERROR_INIT;
	char *path;
	int paused;

	if ((path = sh_bulk_path(b, "pause", &err)) == NULL)
		return (0);
	paused = access(path, F_OK) == 0;
	free(path);
	return (paused);
}

int
sh_bulk_pause(struct sh_home *home, const char *run, int paused,
    struct sh_error *err)
{
	struct sh_bulk *b;
	char *path = NULL;
	int rc = -1;

	if (sh_bulk_look(&home, run, &b, err) ||
	    (path = sh_bulk_path(b, "pause", err)) == NULL)
		goto out;
	if (paused)
		rc = sh_fs_replace(path, "", 0, 0600, err);
	else if (unlink(path) != 0 && errno != ENOENT)
		rc = sh_error_sys(err, "file.remove", "%s", path);
	else
		rc = sh_fs_sync_dir(b->dir, err);
out:
	free(path);
	sh_bulk_close(b);
	return (rc);
}

/* 1 if a process works at the home's runs now. */
static int
at_work(const struct sh_home *home)
{
	struct sh_error err = SH_ERROR_INIT;
	char *path;
	int fd = -1;

	if ((path = sh_asprintf(&err, "%s/bulk/lock", home->dir)) != NULL)
		fd = sh_fs_lock(path, &err);
	free(path);
	if (fd >= 0)
		(void)close(fd);
	return (fd < 0 && err.code == SH_EAGAIN);
}

int
sh_bulk_incomplete(const struct sh_bulk *b)
{
	return (b->state.incomplete + b->state.failed + b->plan.refused > 0);
}

static json_t *
cause_value(const struct sh_cause *c, enum sh_lang lang,
    struct sh_error *err)
{
	json_t *samples = json_array(), *v;
	unsigned i;

	for (i = 0; i < c->nsamples; i++) {
		const struct sh_cause_sample *s = &c->sample[i];

		(void)json_array_append_new(samples, json_pack(
		    "{s:I, s:s*, s:s*, s:o*, s:s*}", "row",
		    (json_int_t)s->row, "dossier", *s->dossier != '\0' ?
		    s->dossier : NULL, "file", *s->file != '\0' ? s->file :
		    NULL, "page", s->page > 0 ? json_integer(s->page) : NULL,
		    "cause", *s->text != '\0' ? s->text : NULL));
	}
	v = json_pack("{s:s, s:I, s:s*, s:s*, s:s*, s:o}", "key", c->key,
	    "count", (json_int_t)c->n, "value", *c->value != '\0' ?
	    c->value : NULL, "limit", *c->limit != '\0' ? c->limit : NULL,
	    "file", c->nsamples > 0 && *c->sample[0].file != '\0' ?
	    c->sample[0].file : NULL, "samples", samples);
	(void)json_object_set_new(v, "text", sh_bulk_sentence(v, lang, err));
	(void)json_object_del(v, "value");
	(void)json_object_del(v, "limit");
	(void)json_object_del(v, "file");
	return (v);
}

static json_t *
counts_value(const struct sh_bulk_state *s)
{
	static const char *const names[7] = { "fed", "archived", "blank",
	    "separators", "set_aside", "waiting", "failed" };
	json_t *v = json_object();
	size_t i;

	for (i = 0; i < 7; i++)
		(void)json_object_set_new(v, names[i],
		    json_integer((json_int_t)s->count[i]));
	return (v);
}

/* Rows and time left, from what the rows so far took. */
static json_t *
pace_value(const struct sh_bulk *b, uint64_t left)
{
	const struct sh_bulk_state *s = &b->state;
	uint64_t rows = s->done + s->incomplete + s->failed;

	if (rows == 0 || s->working_ms == 0 || s->count[0] == 0)
		return (NULL);
	return (json_pack("{s:I, s:I, s:I}", "working_s",
	    (json_int_t)(s->working_ms / 1000), "pages_per_hour",
	    (json_int_t)(s->count[0] * 3600000 / s->working_ms), "left_s",
	    (json_int_t)(left * s->working_ms / rows / 1000)));
}

json_t *
sh_bulk_status(struct sh_home *home, const char *run, enum sh_lang lang,
    struct sh_error *err)
{
	struct sh_bulk *b;
	json_t *v = NULL, *causes = NULL;
	const char *state;
	uint64_t rows, results;
	unsigned i;

	uint32_t *open = NULL;
	size_t nopen;
	int r;

	if (sh_bulk_look(&home, run, &b, err) || (r = sh_bulk_state_load(b, err)) <
	    0 || (r == 0 && sh_bulk_recount(b, &open, &nopen, err)))
		goto out;
	rows = b->plan.rows - b->plan.refused;
	results = b->state.done + b->state.incomplete + b->state.failed;
	state = b->state.finished ? "finished" : sh_bulk_is_paused(b) ?
	    "paused" : at_work(home) ? (*b->state.waits_for != '\0' ?
	    "waiting" : "running") : results > 0 ? "stopped" : "planned";
	causes = json_array();
	for (i = 0; i < b->state.ncauses; i++)
		(void)json_array_append_new(causes, cause_value(
		    &b->state.cause[i], lang, err));
	v = json_pack("{s:s, s:s, s:s, s:s, s:s*, s:I, s:I, s:I, s:I, s:I,"
	    "s:I, s:I, s:I, s:I, s:I, s:o, s:I, s:I, s:{s:I, s:I}, s:I,"
	    "s:o*, s:o}",
	    "format", "sohoa-bulk-1", "run", b->name, "source",
	    b->plan.source, "state", state, "waits_for",
	    *b->state.waits_for != '\0' ? b->state.waits_for : NULL,
	    "rows", (json_int_t)b->plan.rows,
	    "refused", (json_int_t)b->plan.refused,
	    "duplicates", (json_int_t)b->plan.duplicates,
	    "files", (json_int_t)b->plan.files,
	    "missing", (json_int_t)b->plan.missing,
	    "bytes", (json_int_t)b->plan.bytes,
	    "open", (json_int_t)(rows - results),
	    "done", (json_int_t)b->state.done,
	    "incomplete", (json_int_t)b->state.incomplete,
	    "failed", (json_int_t)b->state.failed,
	    "count", counts_value(&b->state),
	    "read", (json_int_t)b->state.read,
	    "reused", (json_int_t)b->state.reused,
	    "components", "held", (json_int_t)b->state.held, "reused",
	    (json_int_t)b->state.receipts,
	    "yields", (json_int_t)b->state.yields,
	    "pace", pace_value(b, rows - results),
	    "causes", causes);
	if (v == NULL)
		(void)sh_error_nomem(err, "JSON");
out:
	free(open);
	sh_bulk_close(b);
	return (v);
}
