/* The projection against itself and the feed. */
#include <stdio.h>
#include <string.h>

#include "archive/search_internal.h"
#include "base/mem.h"

static const char *const columns[] = { "body", "head", "edge" };

unsigned
sh_search_column(const char *name)
{
	unsigned i;

	for (i = 0; i < SH_COUNT(columns) - 1; i++)
		if (name != NULL && strcmp(name, columns[i]) == 0)
			break;
	return (i);
}

/* Every word of every row, where it stands; a table of this connection. */
int
sh_search_places(struct sh_search *s, sqlite3_stmt **stp, struct sh_error *err)
{
	*stp = NULL;
	return (sh_search_run(s, "CREATE VIRTUAL TABLE IF NOT EXISTS temp.place USING "
	    "fts5vocab(main, 'word', 'instance')", err) ||
	    sh_search_prepare(s, "SELECT term, doc, col, offset FROM temp.place", stp,
	    err) ? -1 : 0);
}

struct checked {
	int (*finding)(void *arg, const char *key, const char *text,
	    struct sh_error *err);
	void *arg;
};

static int
sum_documents(struct sh_search *s, uint64_t *sump, uint64_t *np,
    struct sh_error *err)
{
	sqlite3_stmt *st;
	uint64_t row;
	int rc, i;

	if (sh_search_prepare(s, "SELECT row, id, holder FROM document", &st, err))
		return (-1);
	while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		row = (uint64_t)sqlite3_column_int64(st, 0);
		++*np;
		for (i = 1; i <= 2; i++)
			*sump += sh_search_sum(sqlite3_column_blob(st, i),
			    (size_t)sqlite3_column_bytes(st, i), row,
			    (unsigned)i + 2, 0);
	}
	if (rc != SQLITE_DONE)
		(void)sh_search_failed(s, err);
	(void)sqlite3_finalize(st);
	return (rc == SQLITE_DONE ? 0 : -1);
}

/*
 * A walk meets a word that a question does not: what leads to its page is
 * not walked over.  So each is asked for, and is found in as many documents.
 */
struct asked {
	sqlite3_stmt *st;
	char word[80];		/* in quotes */
	int64_t row, rows;
	int lost;
};

static int
ask_for_last(struct sh_search *s, struct asked *a, struct sh_error *err)
{
	int rc;

	if (a->rows == 0)
		return (0);
	(void)sqlite3_bind_text(a->st, 1, a->word, -1, SQLITE_STATIC);
	if ((rc = sqlite3_step(a->st)) == SQLITE_ROW)
		a->lost |= sqlite3_column_int64(a->st, 0) != a->rows;
	(void)sqlite3_reset(a->st);
	a->rows = 0;
	return (rc == SQLITE_ROW ? 0 : sh_search_failed(s, err));
}

static int
count_word(struct sh_search *s, struct asked *a, const char *word,
    int64_t row, struct sh_error *err)
{
	char quoted[sizeof(a->word)];

	(void)snprintf(quoted, sizeof(quoted), "\"%s\"", word);
	if (strcmp(quoted, a->word) != 0) {
		if (ask_for_last(s, a, err))
			return (-1);
		memcpy(a->word, quoted, sizeof(quoted));
	} else if (a->rows > 0 && row == a->row)
		return (0);
	a->row = row;
	a->rows++;
	return (0);
}

static int
sum_words(struct sh_search *s, uint64_t *sump, int *lostp,
    struct sh_error *err)
{
	struct asked a = { .word = "" };
	sqlite3_stmt *st;
	const char *word;
	int64_t row;
	int rc = SQLITE_ERROR;

	if (sh_search_places(s, &st, err))
		return (-1);
	if (sh_search_prepare(s, "SELECT count(*) FROM word WHERE word "
	    "MATCH ?1", &a.st, err))
		goto out;
	while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		word = (const char *)sqlite3_column_text(st, 0);
		row = sqlite3_column_int64(st, 1);
		*sump += sh_search_sum((const uint8_t *)word,
		    (size_t)sqlite3_column_bytes(st, 0), (uint64_t)row,
		    sh_search_column((const char *)
		    sqlite3_column_text(st, 2)),
		    (uint64_t)sqlite3_column_int64(st, 3));
		if (count_word(s, &a, word != NULL ? word : "", row, err))
			break;
	}
	if (rc == SQLITE_DONE && ask_for_last(s, &a, err))
		rc = SQLITE_ERROR;
	else if (rc != SQLITE_DONE && rc != SQLITE_ROW)
		(void)sh_search_failed(s, err);
	*lostp = a.lost;
out:
	(void)sqlite3_finalize(a.st);
	(void)sqlite3_finalize(st);
	return (rc == SQLITE_DONE ? 0 : -1);
}

static int
quick_check(struct sh_search *s, const struct checked *c,
    struct sh_error *err)
{
	sqlite3_stmt *st;
	const char *said;
	int rc, bad = 0;

	if (sh_search_prepare(s, "PRAGMA quick_check(1)", &st, err))
		return (-1);
	while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		said = (const char *)sqlite3_column_text(st, 0);
		if (said == NULL || strcmp(said, "ok") != 0)
			bad = 1;
	}
	if (rc != SQLITE_DONE)
		(void)sh_search_failed(s, err);
	(void)sqlite3_finalize(st);
	if (rc != SQLITE_DONE)
		return (-1);
	return (bad ? c->finding(c->arg, "search.damaged",
	    "the search file contradicts itself", err) : 0);
}

static int
check_all(struct sh_search *s, struct sh_archive *ar,
    const struct checked *c, struct sh_error *err)
{
	struct sh_search_state state;
	uint64_t sum = 0, want = 0, said, n = 0;
	int lost;
	unsigned shard;
	int r;

	if (quick_check(s, c, err))
		return (-1);
	for (shard = 0; shard < sh_engine_shards(ar->engine); shard++) {
		if (sh_search_state(s, shard, &state, err) < 0 ||
		    (r = sh_search_is_ahead(s, ar, shard, err)) < 0)
			return (-1);
		want += state.sum;
		if (r == 1 && c->finding(c->arg, "feed.rolled-back",
		    "the search has seen more of the feed than there is",
		    err))
			return (-1);
	}
	if (sum_documents(s, &sum, &n, err) || sum_words(s, &sum, &lost,
	    err) || sh_search_count(s, &said, err))
		return (-1);
	if (said != n && c->finding(c->arg, "search.damaged",
	    "it has another number of documents than it says", err))
		return (-1);
	if (lost && c->finding(c->arg, "search.damaged",
	    "a word that is there is not found", err))
		return (-1);
	if (sum != want)
		return (c->finding(c->arg, "search.differs",
		    "words do not stand where they were put", err));
	return (0);
}

int
sh_search_check(struct sh_search *s, struct sh_archive *ar,
    int (*finding)(void *, const char *, const char *, struct sh_error *),
    void *arg, struct sh_error *err)
{
	struct checked c = { finding, arg };
	struct sh_error cause;

	if (s->db == NULL)
		return (finding(arg, "search.missing",
		    "the search file is not there", err));
	if (check_all(s, ar, &c, err) == 0)
		return (0);
	if (err->code != SH_EFIXITY)
		return (-1);
	cause = *err;
	sh_error_clear(err);
	return (finding(arg, cause.key, cause.text, err));
}
