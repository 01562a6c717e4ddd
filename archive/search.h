/*
 * Full-text search: a projection of the feed into one SQLite FTS5 file, made
 * again from the archive whenever it is missing or doubtful.  Words are
 * folded and fed as keyed pseudonyms, so that the file holds no word; what
 * their frequencies still tell is written in archive/DESIGN.md.
 *
 * Rows are numbered by the feed, so that a cursor outlives a rebuilding and
 * the newest row is the newest document.  The position in the feed is stored
 * in the transaction that stores the rows.
 *
 * A handle belongs to one thread.
 */
#ifndef SH_ARCHIVE_SEARCH_H
#define SH_ARCHIVE_SEARCH_H

#include <stddef.h>
#include <stdint.h>

#include "archive/engine.h"
#include "archive/vault.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/json.h"

struct sh_archive;
struct sh_search;

/* The folder DIR with an empty projection; one that is there is left. */
int sh_search_create(const char *dir, struct sh_error *err) SH_MUST_CHECK;

/*
 * A writing handle makes what is missing; a reading one then knows nothing
 * (sh_search_find() fails with SH_ENOTFOUND "search.missing").
 */
int sh_search_open(const char *dir, struct sh_vault *vault, int readonly,
    struct sh_search **sp, struct sh_error *err) SH_MUST_CHECK;
void sh_search_close(struct sh_search *s);

/*
 * Take in at most LIMIT events; *BEHINDP is 1 when there are more.
 * Errors: SH_EFIXITY "search.damaged".
 */
int sh_search_follow(struct sh_search *s, struct sh_archive *ar,
    uint64_t limit, int *behindp, struct sh_error *err) SH_MUST_CHECK;

struct sh_hit {
	uint64_t row;
	struct sh_tag document;
	struct sh_tag holder;	/* to read it from */
};

/*
 * Up to CAP rows below BEFORE that match the FTS5 expression MATCH, the
 * newest first.
 */
int sh_search_find(struct sh_search *s, const char *match, uint64_t before,
    size_t cap, struct sh_hit *hits, size_t *np, struct sh_error *err)
    SH_MUST_CHECK;

/* 1 if the feed goes on behind what was taken in. */
int sh_search_is_behind(struct sh_search *s, struct sh_archive *ar,
    struct sh_error *err);

/*
 * How far it is behind the feed, and what it has.  An engine that leaves
 * gaps between positions makes it look further behind than it is.
 */
struct sh_search_lag {
	uint64_t position;	/* in the feed, summed over shards */
	uint64_t behind;
	uint64_t documents;
};
int sh_search_lag(struct sh_search *s, struct sh_archive *ar,
    struct sh_search_lag *out, struct sh_error *err) SH_MUST_CHECK;

/* Made again beside what is there, which is searched meanwhile. */
int sh_search_rebuild(struct sh_search *s, struct sh_archive *ar,
    struct sh_error *err) SH_MUST_CHECK;

/* The file's own consistency, every word's place, its place in the feed. */
int sh_search_check(struct sh_search *s, struct sh_archive *ar,
    int (*finding)(void *arg, const char *key, const char *text,
    struct sh_error *err), void *arg, struct sh_error *err) SH_MUST_CHECK;

/* ---- words (search_words.c) ---------------------------------------------- */

/*
 * A document's words as pseudonyms, separated by spaces: of its text, of
 * what its record says (names, numbers, issuer, fields), and the beginnings
 * of names and numbers.
 */
struct sh_words {
	struct sh_buf body;
	struct sh_buf head;
	struct sh_buf edge;
};

int sh_words_of(struct sh_vault *v, const json_t *record, const char *text,
    size_t len, struct sh_words *out, struct sh_error *err) SH_MUST_CHECK;
void sh_words_free(struct sh_words *w);

/*
 * " w1 w2 ": NFC, lower case, marks kept, whatever folding drops as one
 * space, appended to OUT.
 */
int sh_words_marked(const char *s, size_t len, struct sh_buf *out,
    struct sh_error *err) SH_MUST_CHECK;

/* What a person typed, understood. */
struct sh_wanted {
	struct sh_buf match;	/* FTS5 expression over pseudonyms */
	struct sh_buf exact;	/* needles " word " ended by NUL each */
	size_t n;
};

/*
 * "in quotes" is a phrase, a word ended by '*' a beginning of a name or
 * number; everything must occur.
 * Errors: SH_EARG "search.empty", no word; SH_ELIMIT "search.long".
 */
int sh_wanted_parse(struct sh_vault *v, const char *query,
    struct sh_wanted *out, struct sh_error *err) SH_MUST_CHECK;
void sh_wanted_free(struct sh_wanted *w);

/* 1 if text and record hold every needle, marks counted, case not. */
int sh_wanted_in(const struct sh_wanted *w, const json_t *record,
    const char *text, size_t len, struct sh_error *err);

#endif
