/* The projection's file: opening, following the feed, finding. */
#include "archive/search.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "archive/search_internal.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/mem.h"

#define FORMAT		2
#define TEXT_MAX	((size_t)64 << 20)
#define TRANSACTION	256	/* events */

/* ---- errors -------------------------------------------------------------- */

int
sh_search_failed(struct sh_search *s, struct sh_error *err)
{
	int code = sqlite3_errcode(s->db) & 0xff;
	const char *what = sqlite3_errmsg(s->db);

	if (code == SQLITE_CORRUPT || code == SQLITE_NOTADB)
		return (sh_error_set(err, SH_EFIXITY, "search.damaged",
		    "%s: %s", s->path, what));
	if (code == SQLITE_BUSY || code == SQLITE_LOCKED)
		return (sh_error_set(err, SH_EAGAIN, "search.busy", "%s: %s",
		    s->path, what));
	if (code == SQLITE_NOMEM)
		return (sh_error_nomem(err, "the search"));
	if (code == SQLITE_FULL) {
		errno = ENOSPC;
		return (sh_error_sys(err, "search.file", "%s", s->path));
	}
	if (code == SQLITE_IOERR || code == SQLITE_CANTOPEN) {
		errno = sqlite3_system_errno(s->db);
		if (errno == 0)
			errno = EIO;
		return (sh_error_sys(err, "search.file", "%s: %s", s->path,
		    what));
	}
	return (sh_error_set(err, SH_ELIBRARY, "search.library", "%s: %s",
	    s->path, what));
}

int
sh_search_run(struct sh_search *s, const char *sql, struct sh_error *err)
{
	return (sqlite3_exec(s->db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 :
	    sh_search_failed(s, err));
}

int
sh_search_prepare(struct sh_search *s, const char *sql, sqlite3_stmt **stp,
    struct sh_error *err)
{
	return (sqlite3_prepare_v2(s->db, sql, -1, stp, NULL) == SQLITE_OK ?
	    0 : sh_search_failed(s, err));
}

/* ---- open ---------------------------------------------------------------- */

void
sh_search_close_db(struct sh_search *s)
{
	(void)sqlite3_finalize(s->get_state);
	(void)sqlite3_finalize(s->find);
	(void)sqlite3_finalize(s->put_word);
	(void)sqlite3_finalize(s->put_document);
	(void)sqlite3_finalize(s->put_state);
	s->get_state = s->find = NULL;
	s->put_word = s->put_document = s->put_state = NULL;
	(void)sqlite3_close(s->db);
	s->db = NULL;
}

static int
open_db(struct sh_search *s, int flags, struct sh_error *err)
{
	int rc;

	rc = sqlite3_open_v2(s->path, &s->db, flags | SQLITE_OPEN_NOMUTEX,
	    NULL);
	if (s->db == NULL)
		return (sh_error_nomem(err, "the search"));
	if (rc != SQLITE_OK)
		return (sh_search_failed(s, err));
	(void)sqlite3_busy_timeout(s->db, 5000);
	/* What is deleted is to be gone, not only unlinked. */
	return (sh_search_run(s, "PRAGMA temp_store = memory; "
	    "PRAGMA secure_delete = on; "
	    "PRAGMA cache_size = -4096; PRAGMA trusted_schema = off", err));
}

/*
 * The schema is frozen: archive/FORMAT, "Search projection".  The sum tells
 * whether every word still stands where it was put.
 */
static int
make_schema(struct sh_search *s, struct sh_error *err)
{
	return (sh_search_run(s, "PRAGMA journal_mode = wal; "
	    "PRAGMA synchronous = normal; BEGIN; "
	    "CREATE TABLE state (shard INTEGER PRIMARY KEY, "
	    "format INTEGER NOT NULL, archive BLOB, "
	    "position INTEGER NOT NULL, sum INTEGER NOT NULL); "
	    "CREATE TABLE document (row INTEGER PRIMARY KEY, "
	    "id BLOB NOT NULL, holder BLOB NOT NULL); "
	    "CREATE INDEX by_id ON document (id); "
	    "CREATE VIRTUAL TABLE word USING fts5(body, head, edge, "
	    "content = '', columnsize = 0, tokenize = 'ascii'); "
	    "COMMIT", err));
}

static int
prepare_all(struct sh_search *s, struct sh_error *err)
{
	if (sh_search_prepare(s, "SELECT d.row, d.id, d.holder FROM word JOIN document "
	    "d ON d.row = word.rowid WHERE word MATCH ?1 AND word.rowid < ?2 "
	    "ORDER BY word.rowid DESC LIMIT ?3", &s->find, err) ||
	    sh_search_prepare(s, "SELECT format, archive, position, sum FROM state "
	    "WHERE shard = ?1", &s->get_state, err))
		return (-1);
	if (s->readonly)
		return (0);
	return (sh_search_prepare(s, "INSERT INTO word (rowid, body, head, edge) "
	    "VALUES (?1, ?2, ?3, ?4)", &s->put_word, err) ||
	    sh_search_prepare(s, "INSERT INTO document VALUES (?1, ?2, ?3)",
	    &s->put_document, err) ||
	    sh_search_prepare(s, "INSERT OR REPLACE INTO state VALUES (?1, 2, ?2, ?3, "
	    "?4)", &s->put_state, err) ? -1 : 0);
}

int
sh_search_remove_file(struct sh_search *s, const char *suffix, struct sh_error *err)
{
	char *path;
	int rc = 0;

	if ((path = sh_asprintf(err, "%s%s", s->path, suffix)) == NULL)
		return (-1);
	if (unlink(path) != 0 && errno != ENOENT)
		rc = sh_error_sys(err, "search.file", "%s", path);
	free(path);
	return (rc);
}

/* A fresh, empty file in place of what is there, for its owner alone. */
int
sh_search_make_anew(struct sh_search *s, struct sh_error *err)
{
	int fd;

	sh_search_close_db(s);
	if (sh_search_remove_file(s, "-wal", err) || sh_search_remove_file(s, "-shm", err) ||
	    sh_search_remove_file(s, "", err))
		return (-1);
	fd = open(s->path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return (sh_error_sys(err, "search.file", "%s", s->path));
	(void)close(fd);
	if (open_db(s, SQLITE_OPEN_READWRITE, err) || make_schema(s, err))
		return (-1);
	return (prepare_all(s, err));
}

int
sh_search_reopen(struct sh_search *s, struct sh_error *err)
{
	if (access(s->path, F_OK) != 0)
		return (s->readonly ? 0 : sh_search_make_anew(s, err));
	if (open_db(s, s->readonly ? SQLITE_OPEN_READONLY :
	    SQLITE_OPEN_READWRITE, err) == 0 && prepare_all(s, err) == 0 &&
	    (s->readonly || sh_search_run(s, "PRAGMA synchronous = normal", err) == 0))
		return (0);
	/* Half made, or damaged: a projection can always be made again. */
	if (s->readonly || (err->code != SH_EFIXITY &&
	    err->code != SH_ELIBRARY))
		return (-1);
	sh_log(SH_WARN, "search: made anew: %s", err->text);
	sh_error_clear(err);
	return (sh_search_make_anew(s, err));
}

struct sh_search *
sh_search_new(const char *dir, struct sh_error *err)
{
	struct sh_search *s;

	if ((s = sh_alloc(1, sizeof(*s), "the search", err)) == NULL)
		return (NULL);
	if ((s->dir = sh_strdup(dir, err)) == NULL ||
	    (s->path = sh_path_join(dir, SH_SEARCH_FILE, err)) == NULL) {
		sh_search_close(s);
		return (NULL);
	}
	return (s);
}

int
sh_search_open(const char *dir, struct sh_vault *vault, int readonly,
    struct sh_search **sp, struct sh_error *err)
{
	struct sh_search *s;

	*sp = NULL;
	if ((s = sh_search_new(dir, err)) == NULL)
		return (-1);
	s->vault = vault;
	s->readonly = readonly;
	if ((!readonly && sh_fs_mkdirs(dir, 0700, err)) || sh_search_reopen(s, err)) {
		sh_search_close(s);
		return (-1);
	}
	*sp = s;
	return (0);
}

int
sh_search_create(const char *dir, struct sh_error *err)
{
	struct sh_search *s;

	if (sh_search_open(dir, NULL, 0, &s, err))
		return (-1);
	sh_search_close(s);
	return (sh_fs_sync_dir(dir, err));
}

void
sh_search_close(struct sh_search *s)
{
	if (s == NULL)
		return;
	sh_search_close_db(s);
	free(s->dir);
	free(s->path);
	free(s);
}

/* ---- the sum over all words ---------------------------------------------- */

uint64_t
sh_search_sum(const uint8_t *word, size_t len, uint64_t row, unsigned column,
    uint64_t offset)
{
	uint64_t h = 0xcbf29ce484222325;
	size_t i;

	for (i = 0; i < len; i++)
		h = (h ^ word[i]) * 0x100000001b3;
	h ^= row * 0x9e3779b97f4a7c15 + column;
	h = (h ^ (h >> 30)) * 0xbf58476d1ce4e5b9;
	h ^= offset;
	h = (h ^ (h >> 27)) * 0x94d049bb133111eb;
	return (h ^ (h >> 31));
}

static uint64_t
column_sum(const struct sh_buf *b, uint64_t row, unsigned column)
{
	const uint8_t *p = b->data, *stop = p + b->len, *end;
	uint64_t sum = 0, offset = 0;

	for (; p < stop; p = end + 1) {
		end = memchr(p, ' ', (size_t)(stop - p));
		if (end == NULL)
			end = stop;
		sum += sh_search_sum(p, (size_t)(end - p), row, column, offset++);
	}
	return (sum);
}

/* ---- following ----------------------------------------------------------- */

/* What the search belongs to: the tag of nobody under the archive's keys. */
static int
archive_mark(struct sh_search *s, struct sh_tag *mark, struct sh_error *err)
{
	return (sh_vault_tag(s->vault, SH_NAME_WORD, "", 0, mark, err));
}

/* 1 with the shard's state, 0 when there is none, or -1. */
int
sh_search_state(struct sh_search *s, unsigned shard, struct sh_search_state *state,
    struct sh_error *err)
{
	sqlite3_stmt *st = s->get_state;
	struct sh_tag mark;
	int r, rc;

	memset(state, 0, sizeof(*state));
	if (archive_mark(s, &mark, err))
		return (-1);
	(void)sqlite3_bind_int64(st, 1, shard);
	rc = sqlite3_step(st);
	if (rc == SQLITE_ROW) {
		r = 1;
		if (sqlite3_column_int64(st, 0) != FORMAT ||
		    sqlite3_column_bytes(st, 1) != sizeof(mark.b) ||
		    memcmp(sqlite3_column_blob(st, 1), mark.b,
		    sizeof(mark.b)) != 0)
			r = sh_error_set(err, SH_EFIXITY, "search.damaged",
			    "%s belongs to another archive", s->path);
		state->position = (uint64_t)sqlite3_column_int64(st, 2);
		state->sum = (uint64_t)sqlite3_column_int64(st, 3);
	} else {
		r = rc == SQLITE_DONE ? 0 : sh_search_failed(s, err);
	}
	(void)sqlite3_reset(st);
	return (r);
}

int
sh_search_step(struct sh_search *s, sqlite3_stmt *st, struct sh_error *err)
{
	int rc = sqlite3_step(st);

	if (rc != SQLITE_DONE)
		(void)sh_search_failed(s, err);
	(void)sqlite3_reset(st);
	return (rc == SQLITE_DONE ? 0 : -1);
}

static int
write_state(struct sh_search_follow *f, struct sh_error *err)
{
	sqlite3_stmt *st = f->s->put_state;
	struct sh_tag mark;

	if (archive_mark(f->s, &mark, err))
		return (-1);
	(void)sqlite3_bind_int64(st, 1, f->shard);
	(void)sqlite3_bind_blob(st, 2, mark.b, sizeof(mark.b),
	    SQLITE_TRANSIENT);
	(void)sqlite3_bind_int64(st, 3, (int64_t)f->state.position);
	(void)sqlite3_bind_int64(st, 4, (int64_t)f->state.sum);
	return (sh_search_step(f->s, st, err));
}

static int
to_buf(void *arg, const void *data, size_t len, struct sh_error *err)
{
	return (sh_buf_append(arg, data, len, err));
}

int
sh_search_bind(sqlite3_stmt *st, int column, const struct sh_buf *b)
{
	return (sqlite3_bind_text64(st, column, b->len > 0 ?
	    (const char *)b->data : "", b->len, SQLITE_STATIC, SQLITE_UTF8));
}

static int
put_row(struct sh_search_follow *f, uint64_t row, const struct sh_words *w,
    const struct sh_tag *document, const struct sh_tag *holder,
    struct sh_error *err)
{
	struct sh_search *s = f->s;

	(void)sqlite3_bind_int64(s->put_document, 1, (int64_t)row);
	(void)sqlite3_bind_blob(s->put_document, 2, document->b, 16,
	    SQLITE_TRANSIENT);
	(void)sqlite3_bind_blob(s->put_document, 3, holder->b, 16,
	    SQLITE_TRANSIENT);
	if (sh_search_step(s, s->put_document, err))
		return (-1);
	(void)sqlite3_bind_int64(s->put_word, 1, (int64_t)row);
	if (sh_search_bind(s->put_word, 2, &w->body) != SQLITE_OK ||
	    sh_search_bind(s->put_word, 3, &w->head) != SQLITE_OK ||
	    sh_search_bind(s->put_word, 4, &w->edge) != SQLITE_OK)
		return (sh_search_failed(s, err));
	if (sh_search_step(s, s->put_word, err))
		return (-1);
	f->state.sum += column_sum(&w->body, row, 0) +
	    column_sum(&w->head, row, 1) + column_sum(&w->edge, row, 2) +
	    sh_search_sum(document->b, 16, row, 3, 0) +
	    sh_search_sum(holder->b, 16, row, 4, 0);
	return (0);
}

static int
take_document(struct sh_search_follow *f, uint64_t position,
    const struct sh_tag *holder, const struct sh_tag *document,
    struct sh_error *err)
{
	struct sh_words w;
	struct sh_buf text = { .limit = TEXT_MAX };
	struct sh_stored stored;
	json_t *record;
	int r, rc = -1;

	memset(&w, 0, sizeof(w));
	record = sh_document_record(f->ar, holder, document, err);
	if (record == NULL) {
		/* Destroyed since. */
		if (err->code != SH_ENOTFOUND)
			return (-1);
		sh_error_clear(err);
		return (0);
	}
	if ((r = sh_document_stored(record, NULL, &stored, err)) < 0 ||
	    (r == 1 && sh_document_read(f->ar, &stored, to_buf, &text, err)))
		goto out;
	if (sh_words_of(f->s->vault, record, text.len > 0 ?
	    (char *)text.data : "", text.len, &w, err) == 0)
		rc = put_row(f, position << 8 | f->shard, &w, document,
		    holder, err);
out:
	json_decref(record);
	sh_buf_free(&text);
	sh_words_free(&w);
	return (rc);
}

/* Each of its holders tells of it. */
static int
take_gone(struct sh_search_follow *f, const struct sh_tag *document,
    struct sh_error *err)
{
	size_t i;

	for (i = 0; i < f->ngone; i++)
		if (memcmp(&f->gone[i], document, sizeof(*document)) == 0)
			return (0);
	if (sh_grow(&f->gone, &f->gonecap, f->ngone + 1, sizeof(*f->gone),
	    "documents", err))
		return (-1);
	f->gone[f->ngone++] = *document;
	return (0);
}

static int
take_event(void *arg, const struct sh_fed *item, struct sh_error *err)
{
	struct sh_search_follow *f = arg;
	struct sh_tag document;
	enum sh_event_kind kind;
	int rc = 0;

	if (f->taken == f->limit) {
		f->more = 1;
		return (1);
	}
	if (sh_event_about(f->ar, item, &kind, &document, err))
		rc = -1;
	else if (kind == SH_EVENT_ARCHIVED)
		rc = take_document(f, item->position, &item->holder,
		    &document, err);
	else if (kind == SH_EVENT_DISPOSED)
		rc = take_gone(f, &document, err);
	if (rc != 0)
		return (sh_error_context(err, "feed %llu",
		    (unsigned long long)item->position));
	f->state.position = item->position;
	f->taken++;
	return (0);
}

/* One transaction; *DONEP is what it took. */
static int
follow_some(struct sh_search *s, struct sh_archive *ar, unsigned shard,
    uint64_t limit, uint64_t *takenp, int *morep, struct sh_error *err)
{
	struct sh_search_follow f = { .s = s, .ar = ar, .shard = shard,
	    .limit = limit };
	struct sh_error ignored = SH_ERROR_INIT;
	int rc = -1;

	if (sh_search_run(s, "BEGIN IMMEDIATE", err))
		return (-1);
	if (sh_search_state(s, shard, &f.state, err) < 0 ||
	    sh_engine_feed(ar->engine, shard, NULL, f.state.position,
	    take_event, &f, err) ||
	    (f.ngone > 0 && sh_search_forget(&f, err)) ||
	    (f.taken > 0 && write_state(&f, err)) || sh_search_run(s, "COMMIT", err)) {
		(void)!sh_search_run(s, "ROLLBACK", &ignored);
		goto out;
	}
	*takenp = f.taken;
	*morep = f.more;
	rc = f.ngone == 0 ? 0 : sh_search_run(s, "PRAGMA wal_checkpoint(TRUNCATE)",
	    err);
out:
	free(f.gone);
	return (rc);
}

static int
stop_at_first(void *arg, const struct sh_fed *item, struct sh_error *err)
{
	(void)err;
	*(uint64_t *)arg = item->position;
	return (1);
}

/* 1 if the feed has not the event that was taken in last, or -1. */
int
sh_search_is_ahead(struct sh_search *s, struct sh_archive *ar, unsigned shard,
    struct sh_error *err)
{
	struct sh_search_state state;
	uint64_t position = 0;

	if (sh_search_state(s, shard, &state, err) < 0)
		return (-1);
	if (state.position == 0)
		return (0);
	if (sh_engine_feed(ar->engine, shard, NULL, state.position - 1,
	    stop_at_first, &position, err))
		return (-1);
	return (position != state.position);
}

int
sh_search_missing(struct sh_search *s, struct sh_error *err)
{
	return (sh_error_set(err, SH_ENOTFOUND, "search.missing",
	    "%s is not there", s->path));
}

/* What makes a projection worthless: damage, or another archive's feed. */
int
sh_search_follow_checked(struct sh_search *s, struct sh_archive *ar, uint64_t limit,
    int *behindp, struct sh_error *err)
{
	uint64_t taken;
	unsigned shard;
	int r, more;

	*behindp = 0;
	for (shard = 0; shard < sh_engine_shards(ar->engine); shard++) {
		if ((r = sh_search_is_ahead(s, ar, shard, err)) < 0)
			return (-1);
		if (r == 1)
			return (sh_error_set(err, SH_EFIXITY,
			    "search.damaged", "%s is ahead of the feed",
			    s->path));
		do {
			if (follow_some(s, ar, shard, limit < TRANSACTION ?
			    limit : TRANSACTION, &taken, &more, err))
				return (-1);
			limit -= taken;
		} while (more && limit > 0);
		*behindp |= more;
	}
	return (0);
}

int
sh_search_follow(struct sh_search *s, struct sh_archive *ar, uint64_t limit,
    int *behindp, struct sh_error *err)
{
	*behindp = 0;
	if (s->db == NULL)
		return (sh_search_missing(s, err));
	if (sh_search_follow_checked(s, ar, limit, behindp, err) == 0)
		return (0);
	if (strcmp(err->key, "search.damaged") != 0)
		return (-1);
	sh_log(SH_WARN, "search: made anew: %s", err->text);
	sh_error_clear(err);
	if (sh_search_make_anew(s, err))
		return (-1);
	return (sh_search_follow_checked(s, ar, limit, behindp, err));
}

int
sh_search_is_behind(struct sh_search *s, struct sh_archive *ar,
    struct sh_error *err)
{
	struct sh_search_state state;
	uint64_t position;
	unsigned shard;

	if (s->db == NULL)
		return (sh_search_missing(s, err));
	for (shard = 0; shard < sh_engine_shards(ar->engine); shard++) {
		position = 0;
		if (sh_search_state(s, shard, &state, err) < 0 ||
		    sh_engine_feed(ar->engine, shard, NULL, state.position,
		    stop_at_first, &position, err))
			return (-1);
		if (position > state.position)
			return (1);
	}
	return (0);
}

/* ---- finding ------------------------------------------------------------- */

int
sh_search_find(struct sh_search *s, const char *match, uint64_t before,
    size_t cap, struct sh_hit *hits, size_t *np, struct sh_error *err)
{
	sqlite3_stmt *st = s->find;
	int rc;

	*np = 0;
	if (s->db == NULL)
		return (sh_search_missing(s, err));
	(void)sqlite3_bind_text(st, 1, match, -1, SQLITE_STATIC);
	(void)sqlite3_bind_int64(st, 2, before > INT64_MAX ? INT64_MAX :
	    (int64_t)before);
	(void)sqlite3_bind_int64(st, 3, (int64_t)cap);
	while ((rc = sqlite3_step(st)) == SQLITE_ROW && *np < cap) {
		if (sqlite3_column_bytes(st, 1) != 16 ||
		    sqlite3_column_bytes(st, 2) != 16) {
			(void)sh_error_set(err, SH_EFIXITY, "search.damaged",
			    "%s: a document's row", s->path);
			break;
		}
		hits[*np].row = (uint64_t)sqlite3_column_int64(st, 0);
		memcpy(hits[*np].document.b, sqlite3_column_blob(st, 1), 16);
		memcpy(hits[*np].holder.b, sqlite3_column_blob(st, 2), 16);
		(*np)++;
	}
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		(void)sh_search_failed(s, err);
	(void)sqlite3_reset(st);
	return (err->code != SH_OK ? -1 : 0);
}
