/*
 * Forgetting: no word of a destroyed document stays in the projection.  And
 * what concerns the whole file: its lag, making it again.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "archive/search_internal.h"
#include "base/fs.h"
#include "base/mem.h"

/* A word where it stands. */
struct stand {
	uint64_t row, offset;
	unsigned column;
	char word[16];
};

struct forget {
	struct sh_search_follow *f;
	uint64_t *rows;
	size_t nrows, rowcap;
	struct stand *stands;
	size_t n, cap;
};

static int
compare_rows(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x < y ? -1 : x > y);
}

static int
compare_stands(const void *a, const void *b)
{
	const struct stand *x = a, *y = b;

	if (x->row != y->row)
		return (x->row < y->row ? -1 : 1);
	if (x->column != y->column)
		return (x->column < y->column ? -1 : 1);
	return (x->offset < y->offset ? -1 : x->offset > y->offset);
}

/* The rows of the documents, and what leaves the sum with them. */
static int
find_rows(struct forget *g, struct sh_error *err)
{
	struct sh_search *s = g->f->s;
	sqlite3_stmt *st;
	uint64_t row;
	size_t i;
	int rc = 0;

	if (sh_search_prepare(s, "SELECT row, holder FROM document WHERE id = ?1", &st,
	    err))
		return (-1);
	for (i = 0; i < g->f->ngone && rc == 0; i++) {
		(void)sqlite3_bind_blob(st, 1, g->f->gone[i].b, 16,
		    SQLITE_TRANSIENT);
		while (rc == 0 && (rc = sqlite3_step(st)) == SQLITE_ROW) {
			row = (uint64_t)sqlite3_column_int64(st, 0);
			g->f->state.sum -= sh_search_sum(g->f->gone[i].b, 16,
			    row, 3, 0) + sh_search_sum(sqlite3_column_blob(st,
			    1), (size_t)sqlite3_column_bytes(st, 1), row, 4,
			    0);
			rc = sh_grow(&g->rows, &g->rowcap, g->nrows + 1,
			    sizeof(*g->rows), "rows", err);
			if (rc == 0)
				g->rows[g->nrows++] = row;
		}
		if (rc == SQLITE_DONE)
			rc = 0;
		else if (rc > 0)
			rc = sh_search_failed(s, err);
		(void)sqlite3_reset(st);
	}
	(void)sqlite3_finalize(st);
	if (g->nrows > 0)
		qsort(g->rows, g->nrows, sizeof(*g->rows), compare_rows);
	return (rc);
}

static int
find_words(struct forget *g, struct sh_error *err)
{
	struct sh_search *s = g->f->s;
	struct stand *w;
	sqlite3_stmt *st;
	uint64_t row;
	int rc, grown = 0;

	if (sh_search_places(s, &st, err))
		return (-1);
	while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		row = (uint64_t)sqlite3_column_int64(st, 1);
		if (bsearch(&row, g->rows, g->nrows, sizeof(row),
		    compare_rows) == NULL)
			continue;
		if ((grown = sh_grow(&g->stands, &g->cap, g->n + 1,
		    sizeof(*g->stands), "words", err)) != 0)
			break;
		w = &g->stands[g->n++];
		w->row = row;
		w->column = sh_search_column((const char *)sqlite3_column_text(st,
		    2));
		w->offset = (uint64_t)sqlite3_column_int64(st, 3);
		(void)snprintf(w->word, sizeof(w->word), "%s",
		    (const char *)sqlite3_column_text(st, 0));
		g->f->state.sum -= sh_search_sum((const uint8_t *)w->word,
		    strlen(w->word), row, w->column, w->offset);
	}
	if (grown == 0 && rc != SQLITE_DONE)
		(void)sh_search_failed(s, err);
	(void)sqlite3_finalize(st);
	if (g->n > 0)
		qsort(g->stands, g->n, sizeof(*g->stands),
		    compare_stands);
	return (grown == 0 && rc == SQLITE_DONE ? 0 : -1);
}

/* FTS5 deletes from a table without content only what it is told again. */
static int
forget_row(struct forget *g, uint64_t row, size_t *atp, sqlite3_stmt *word,
    sqlite3_stmt *document, struct sh_error *err)
{
	struct sh_buf text[SH_SEARCH_COLUMNS];
	struct sh_search *s = g->f->s;
	size_t i;
	int rc = -1;

	memset(text, 0, sizeof(text));
	for (; *atp < g->n && g->stands[*atp].row == row; (*atp)++) {
		struct sh_buf *b = &text[g->stands[*atp].column];

		if ((b->len > 0 && sh_buf_append(b, " ", 1, err)) ||
		    sh_buf_puts(b, g->stands[*atp].word, err))
			goto out;
	}
	(void)sqlite3_bind_int64(word, 1, (int64_t)row);
	(void)sqlite3_bind_int64(document, 1, (int64_t)row);
	for (i = 0; i < SH_SEARCH_COLUMNS; i++)
		if (sh_search_bind(word, (int)i + 2, &text[i]) != SQLITE_OK) {
			(void)sh_search_failed(s, err);
			goto out;
		}
	if (sh_search_step(s, word, err) == 0)
		rc = sh_search_step(s, document, err);
out:
	for (i = 0; i < SH_SEARCH_COLUMNS; i++)
		sh_buf_free(&text[i]);
	return (rc);
}

/* No word of a destroyed document stays behind. */
int
sh_search_forget(struct sh_search_follow *f, struct sh_error *err)
{
	struct forget g = { .f = f };
	sqlite3_stmt *word = NULL, *document = NULL;
	size_t i, at = 0;
	int rc = -1;

	if (find_rows(&g, err) || (g.nrows > 0 && find_words(&g, err)))
		goto out;
	if (sh_search_prepare(f->s, "INSERT INTO word (word, rowid, body, head, edge) "
	    "VALUES ('delete', ?1, ?2, ?3, ?4)", &word, err) ||
	    sh_search_prepare(f->s, "DELETE FROM document WHERE row = ?1", &document,
	    err))
		goto out;
	for (i = 0; i < g.nrows; i++)
		if (forget_row(&g, g.rows[i], &at, word, document, err))
			goto out;
	/* One segment: nothing that only says "deleted" is left. */
	rc = g.nrows == 0 ? 0 : sh_search_run(f->s,
	    "INSERT INTO word (word) VALUES ('optimize')", err);
out:
	(void)sqlite3_finalize(word);
	(void)sqlite3_finalize(document);
	free(g.rows);
	free(g.stands);
	return (rc);
}

/* ---- lag ----------------------------------------------------------------- */

/*
 * FTS5 keeps the number of its rows, a variable-length integer of SQLite's,
 * at the beginning of its row of averages; to count them is to read an index
 * of all documents.
 */
int
sh_search_count(struct sh_search *s, uint64_t *np, struct sh_error *err)
{
	sqlite3_stmt *st;
	const uint8_t *p;
	int i, len, rc;

	*np = 0;
	if (sh_search_prepare(s, "SELECT block FROM word_data WHERE id = 1",
	    &st, err))
		return (-1);
	if ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		p = sqlite3_column_blob(st, 0);
		len = sqlite3_column_bytes(st, 0);
		for (i = 0; i < len && i < 8; i++) {
			*np = *np << 7 | (p[i] & 0x7f);
			if ((p[i] & 0x80) == 0)
				break;
		}
	} else if (rc != SQLITE_DONE) {
		(void)sh_search_failed(s, err);
	}
	(void)sqlite3_finalize(st);
	return (err->code != SH_OK ? -1 : 0);
}

int
sh_search_lag(struct sh_search *s, struct sh_archive *ar,
    struct sh_search_lag *out, struct sh_error *err)
{
	struct sh_search_state state;
	uint64_t end;
	unsigned shard;

	memset(out, 0, sizeof(*out));
	if (s->db == NULL)
		return (sh_search_missing(s, err));
	for (shard = 0; shard < sh_engine_shards(ar->engine); shard++) {
		if (sh_search_state(s, shard, &state, err) < 0 ||
		    sh_engine_feed_end(ar->engine, shard, state.position, &end,
		    err))
			return (-1);
		out->position += state.position;
		out->behind += end - state.position;
	}
	return (sh_search_count(s, &out->documents, err));
}

/* ---- making it again ----------------------------------------------------- */

static int
put_in_place(struct sh_search *s, struct sh_search *fresh,
    struct sh_error *err)
{
	/* Closing takes the write-ahead log into the file. */
	sh_search_close_db(fresh);
	sh_search_close_db(s);
	/* A reader keeps what it has open; nobody else writes. */
	if (sh_search_remove_file(s, "-wal", err) || sh_search_remove_file(s, "-shm", err))
		return (-1);
	if (rename(fresh->path, s->path) != 0)
		return (sh_error_sys(err, "search.file", "%s", s->path));
	if (sh_fs_sync_dir(s->dir, err))
		return (-1);
	return (sh_search_reopen(s, err));
}

int
sh_search_rebuild(struct sh_search *s, struct sh_archive *ar,
    struct sh_error *err)
{
	struct sh_search *fresh;
	int behind, rc = -1;

	if (s->readonly)
		return (sh_error_set(err, SH_EDENIED, "archive.readonly",
		    "the search was opened for reading"));
	if ((fresh = sh_search_new(s->dir, err)) == NULL)
		return (-1);
	free(fresh->path);
	fresh->vault = s->vault;
	if ((fresh->path = sh_path_join(s->dir, SH_SEARCH_FILE ".new", err)) ==
	    NULL || sh_search_make_anew(fresh, err))
		goto out;
	do
		if (sh_search_follow_checked(fresh, ar, UINT64_MAX, &behind, err))
			goto out;
	while (behind);
	rc = put_in_place(s, fresh, err);
out:
	sh_search_close(fresh);
	return (rc);
}
