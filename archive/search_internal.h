/*
 * What the search's files share; the only includer of SQLite.
 *
 * Invariants
 *  - A row of "word" has one of "document"; both change in one transaction
 *    with the shard's position and sum.
 *  - The sum is over every word where it stands and every row of "document":
 *    what is taken out is subtracted.
 */
#ifndef SH_ARCHIVE_SEARCH_INTERNAL_H
#define SH_ARCHIVE_SEARCH_INTERNAL_H

#include <sqlite3.h>

#include "archive/archive_internal.h"
#include "archive/search.h"

#define SH_SEARCH_FILE	"words.sqlite"

struct sh_search {
	char *dir;
	char *path;
	struct sh_vault *vault;
	int readonly;
	sqlite3 *db;			/* NULL: a reader found nothing */
	sqlite3_stmt *get_state, *find;
	sqlite3_stmt *put_word, *put_document, *put_state;
};

struct sh_search_state {
	uint64_t position;
	uint64_t sum;
};

struct sh_search_follow {
	struct sh_tag *gone;		/* destroyed in this transaction */
	size_t ngone, gonecap;
	struct sh_search *s;
	struct sh_archive *ar;
	unsigned shard;
	struct sh_search_state state;
	uint64_t taken;
	uint64_t limit;
	int more;
};

/* The open file's last error as ours; -1. */
int sh_search_failed(struct sh_search *s, struct sh_error *err);
/* There is no file; -1. */
int sh_search_missing(struct sh_search *s, struct sh_error *err);
int sh_search_run(struct sh_search *s, const char *sql, struct sh_error *err)
    SH_MUST_CHECK;
int sh_search_prepare(struct sh_search *s, const char *sql,
    sqlite3_stmt **stp, struct sh_error *err) SH_MUST_CHECK;
/* Run a statement that gives no rows, and reset it. */
int sh_search_step(struct sh_search *s, sqlite3_stmt *st,
    struct sh_error *err) SH_MUST_CHECK;
int sh_search_bind(sqlite3_stmt *st, int column, const struct sh_buf *b);

struct sh_search *sh_search_new(const char *dir, struct sh_error *err);
void sh_search_close_db(struct sh_search *s);
int sh_search_remove_file(struct sh_search *s, const char *suffix,
    struct sh_error *err) SH_MUST_CHECK;
int sh_search_make_anew(struct sh_search *s, struct sh_error *err)
    SH_MUST_CHECK;
int sh_search_reopen(struct sh_search *s, struct sh_error *err)
    SH_MUST_CHECK;

/* What a word at its place adds to the sum: archive/FORMAT. */
uint64_t sh_search_sum(const uint8_t *word, size_t len, uint64_t row,
    unsigned column, uint64_t offset);
/* 1 with the shard's state, 0 when there is none, or -1. */
int sh_search_state(struct sh_search *s, unsigned shard,
    struct sh_search_state *state, struct sh_error *err);
/* 1 if the feed has not the event that was taken in last, or -1. */
int sh_search_is_ahead(struct sh_search *s, struct sh_archive *ar,
    unsigned shard, struct sh_error *err);
/* As sh_search_follow(), but damage is an error. */
int sh_search_follow_checked(struct sh_search *s, struct sh_archive *ar,
    uint64_t limit, int *behindp, struct sh_error *err) SH_MUST_CHECK;

/* ---- search_check.c ------------------------------------------------------ */

/* Every word of every row: term, row, name of its column, offset. */
int sh_search_places(struct sh_search *s, sqlite3_stmt **stp,
    struct sh_error *err) SH_MUST_CHECK;
#define SH_SEARCH_COLUMNS	3
unsigned sh_search_column(const char *name);

/* ---- search_forget.c ----------------------------------------------------- */

/* Take the documents that are gone out of the open transaction's file. */
int sh_search_forget(struct sh_search_follow *f, struct sh_error *err)
    SH_MUST_CHECK;
/* How many documents the file says it has; the check counts them. */
int sh_search_count(struct sh_search *s, uint64_t *np, struct sh_error *err)
    SH_MUST_CHECK;

#endif
