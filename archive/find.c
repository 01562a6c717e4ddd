/*
 * Finding: by words, by holder, by number, by type, newest first.  Each way
 * in yields candidates; the summary in the holder's own list then decides,
 * for a global index may name what is no longer there.
 */
#include "archive/archive_internal.h"

#include <stdlib.h>
#include <string.h>

#include "archive/access_internal.h"
#include "archive/act.h"
#include "archive/places.h"
#include "archive/search.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/text.h"

#define CANDIDATES_MAX	5000	/* looked at in one call */
#define CATCH_UP	1000	/* events taken in before a search */
#define HITS		64
#define TEXT_MAX	((size_t)64 << 20)

/* The way in that a cursor belongs to. */
enum way { BY_TEXT = 'w', BY_HOLDER = 'h', BY_NUMBER = 'n', BY_TYPE = 't' };

struct find {
	struct sh_archive *ar;
	const struct sh_query *q;
	enum way way;
	int has_holder;
	struct sh_tag tags[SH_ALIASES_MAX];	/* the holder, the same */
	size_t ntags;
	char *number;		/* folded; or NULL */
	struct sh_access access;
	const struct sh_wanted *wanted;	/* places are asked for; or NULL */
	json_t *documents;
	size_t looked;
	int full;
	uint8_t last[SH_PLACE_LEN];	/* order bytes looked at last */
	uint64_t row;			/* BY_TEXT: likewise */
};

int
sh_reader_check(const struct sh_reader *who, struct sh_error *err)
{
	if (who != NULL && who->name != NULL && who->name[0] != '\0' &&
	    who->agency != NULL && who->agency[0] != '\0' &&
	    who->purpose != NULL && who->purpose[0] != '\0')
		return (0);
	return (sh_error_set(err, SH_EDENIED, "reader.incomplete",
	    "a read without the reader's name, agency and purpose"));
}

/* ---- answers ------------------------------------------------------------- */

/* A member that is always there, null when the summary has none. */
static int
copy_or_null(json_t *to, const json_t *from, const char *name,
    struct sh_error *err)
{
	json_t *v = json_object_get(from, name);

	return (sh_json_set(to, name, v != NULL ? json_incref(v) :
	    json_null(), err));
}

static int
fill_holder(json_t *out, const json_t *from, struct sh_error *err)
{
	return (copy_or_null(out, from, "kind", err) ||
	    copy_or_null(out, from, "id", err) ||
	    copy_or_null(out, from, "name", err) ||
	    copy_or_null(out, from, "role", err) ? -1 : 0);
}

/* The summary was made when the document was archived. */
static int
set_status(struct find *f, json_t *v, const struct sh_tag *holder,
    const struct sh_tag *document, struct sh_error *err)
{
	struct sh_standing s;
	int rc;

	if (sh_standing_read(f->ar, holder, document, &s, err))
		return (-1);
	rc = sh_json_set_str(v, "status", sh_standing_word(&s), err);
	sh_standing_clear(&s);
	return (rc);
}

static int
answer(struct find *f, const struct sh_tag *holder,
    const struct sh_tag *document, const json_t *summary,
    struct sh_error *err)
{
	static const char *const members[] = { "type", "number", "issued",
	    "issuer", "pages", "archived_at" };
	char hex[SH_TAG_HEX];
	json_t *v, *list, *h, *out;
	size_t i;

	if ((v = sh_json_new_object(err)) == NULL ||
	    sh_json_append(f->documents, v, err))
		return (-1);
	sh_tag_print(document, hex);
	if (sh_json_set_str(v, "id", hex, err))
		return (-1);
	for (i = 0; i < SH_COUNT(members); i++)
		if (copy_or_null(v, summary, members[i], err))
			return (-1);
	if (set_status(f, v, holder, document, err))
		return (-1);
	if (f->wanted != NULL && (sh_places_of(f->ar, holder, document,
	    f->wanted, f->q->exact, &list, err) ||
	    sh_json_set(v, "places", list, err)))
		return (-1);
	if ((list = sh_json_new_array(err)) == NULL ||
	    sh_json_set(v, "holders", list, err))
		return (-1);
	json_array_foreach(json_object_get(summary, "holders"), i, h)
		if ((out = sh_json_new_object(err)) == NULL ||
		    sh_json_append(list, out, err) ||
		    fill_holder(out, h, err))
			return (-1);
	return (0);
}

/* ---- candidates ---------------------------------------------------------- */

static int
number_matches(struct find *f, const json_t *summary, struct sh_error *err)
{
	const char *number = sh_member(summary, "number");
	char *folded;
	int same;

	if (f->number == NULL)
		return (1);
	if (number == NULL)
		return (0);
	if ((folded = sh_text_fold_dup(number, err)) == NULL)
		return (-1);
	same = strcmp(folded, f->number) == 0;
	free(folded);
	return (same);
}

/* Every condition but the words: 1, 0 or -1. */
static int
matches(struct find *f, const struct sh_tag *document,
    const json_t *summary, struct sh_error *err)
{
	const char *type = sh_member(summary, "type");
	struct sh_tag tags[SH_HOLDERS_MAX];
	int64_t archived_at;
	size_t n, i, k;
	int found = 0;

	if (f->q->type != NULL && (type == NULL ||
	    strcmp(type, f->q->type) != 0))
		return (0);
	if (f->has_holder && f->way != BY_HOLDER) {
		if (sh_document_locate(f->ar, document, tags, &n,
		    &archived_at, err))
			return (-1);
		for (i = 0; i < n; i++)
			for (k = 0; k < f->ntags; k++)
				found |= memcmp(&tags[i], &f->tags[k], 16) ==
				    0;
		if (!found)
			return (0);
	}
	return (number_matches(f, summary, err));
}

/* One candidate: 0 to go on, 1 when the answer is full, or -1. */
static int
consider(struct find *f, const struct sh_tag *holder,
    const struct sh_tag *document, const json_t *summary,
    struct sh_error *err)
{
	int r;

	if ((r = matches(f, document, summary, err)) < 0)
		return (-1);
	if (r == 1 && !sh_access_may(&f->access, sh_member(summary, "type")))
		r = 0;
	if (r == 1 && sh_access_saw(&f->access, holder, document, err))
		return (-1);
	if ((r == 1 && answer(f, holder, document, summary, err)))
		return (-1);
	f->full = json_array_size(f->documents) >= f->q->limit ||
	    ++f->looked >= CANDIDATES_MAX;
	return (f->full);
}

/*
 * The lists of a holder's several numbers, merged.  Each is read a few
 * entries at a time, the newest first.
 */
#define STREAM	32

struct stream {
	struct find *f;
	struct sh_tag holder;
	struct {
		uint8_t sort[SH_PLACE_LEN];
		json_t *summary;
	} entries[STREAM];
	size_t at, n;
	uint8_t last[SH_PLACE_LEN];	/* read last */
	int has_last, ended;
};

static int
on_own(void *arg, const struct sh_entry *t, struct sh_error *err)
{
	struct stream *s = arg;
	json_t *summary;

	if (s->n == STREAM)
		return (1);
	if (t->sortlen != SH_PLACE_LEN)
		return (sh_error_set(err, SH_EFIXITY, "record.damaged",
		    "an entry of a holder's list"));
	summary = sh_document_entry(s->f->ar, &s->holder, t, err);
	if (summary == NULL)
		return (-1);
	memcpy(s->entries[s->n].sort, t->sort, SH_PLACE_LEN);
	s->entries[s->n++].summary = summary;
	memcpy(s->last, t->sort, SH_PLACE_LEN);
	s->has_last = 1;
	return (0);
}

static int
refill(struct stream *s, struct sh_error *err)
{
	struct sh_range r = { .table = SH_TABLE_LIST, .term = s->holder,
	    .descending = 1 };

	if (s->at < s->n || s->ended)
		return (0);
	s->at = s->n = 0;
	if (s->has_last) {
		r.after = s->last;
		r.afterlen = sizeof(s->last);
	}
	if (sh_engine_scan(s->f->ar->engine, &r, on_own, s, err))
		return (-1);
	s->ended = s->n < STREAM;
	return (0);
}

/* The stream whose next entry is the newest; NULL at the end. */
static struct stream *
newest(struct stream *streams, size_t n)
{
	struct stream *best = NULL;
	size_t i;

	for (i = 0; i < n; i++)
		if (streams[i].at < streams[i].n && (best == NULL ||
		    memcmp(streams[i].entries[streams[i].at].sort,
		    best->entries[best->at].sort, SH_PLACE_LEN) > 0))
			best = &streams[i];
	return (best);
}

/* AFTER: order bytes to go on behind, or NULL. */
static int
find_own(struct find *f, const uint8_t *after, struct sh_error *err)
{
	struct stream *streams, *s;
	struct sh_tag document;
	uint8_t seen[SH_PLACE_LEN];
	size_t i;
	int has_seen = 0, r = 0;

	streams = sh_alloc(f->ntags, sizeof(*streams), "lists", err);
	if (streams == NULL)
		return (-1);
	for (i = 0; i < f->ntags; i++) {
		streams[i].f = f;
		streams[i].holder = f->tags[i];
		if ((streams[i].has_last = after != NULL))
			memcpy(streams[i].last, after, SH_PLACE_LEN);
	}
	while (r == 0) {
		for (i = 0; i < f->ntags && r == 0; i++)
			r = refill(&streams[i], err);
		if (r != 0 || (s = newest(streams, f->ntags)) == NULL)
			break;
		memcpy(f->last, s->entries[s->at].sort, SH_PLACE_LEN);
		memcpy(document.b, f->last + 8, 16);
		/* Filed under two numbers of one person. */
		if (!has_seen || memcmp(seen, f->last, sizeof(seen)) != 0)
			r = consider(f, &s->holder, &document,
			    s->entries[s->at].summary, err);
		memcpy(seen, f->last, sizeof(seen));
		has_seen = 1;
		json_decref(s->entries[s->at++].summary);
	}
	for (i = 0; i < f->ntags; i++)
		for (; streams[i].at < streams[i].n; streams[i].at++)
			json_decref(streams[i].entries[streams[i].at].
			    summary);
	free(streams);
	return (r < 0 ? -1 : 0);
}

/* The summary behind a global entry; NULL with no error: it has gone. */
static json_t *
look_up(struct find *f, const struct sh_listed *at, struct sh_error *err)
{
	json_t *summary;

	summary = sh_document_listed(f->ar, at, err);
	if (summary == NULL && err->code == SH_ENOTFOUND)
		sh_error_clear(err);
	return (summary);
}

static int
on_global(void *arg, const struct sh_entry *t, struct sh_error *err)
{
	struct find *f = arg;
	struct sh_listed at;
	struct sh_tag document;
	json_t *summary;
	int r;

	if (t->sortlen != SH_PLACE_LEN || t->len != 16)
		return (sh_error_set(err, SH_EFIXITY, "record.damaged",
		    "an entry of a global index"));
	memcpy(at.holder.b, t->value, 16);
	memcpy(at.sort, t->sort, SH_PLACE_LEN);
	memcpy(f->last, t->sort, SH_PLACE_LEN);
	memcpy(document.b, t->sort + 8, 16);
	if ((summary = look_up(f, &at, err)) == NULL)
		return (err->code != SH_OK ? -1 : 0);
	r = consider(f, &at.holder, &document, summary, err);
	json_decref(summary);
	return (r);
}

static int
find_indexed(struct find *f, struct sh_error *err)
{
	struct sh_range r = { .descending = 1 };
	uint8_t after[SH_PLACE_LEN];

	if (f->q->after != NULL) {
		if (f->q->after[0] != (char)f->way ||
		    sh_unhex(f->q->after + 1, after, sizeof(after)))
			return (sh_error_set(err, SH_EARG, "cursor.malformed",
			    "not a cursor of this query"));
		r.after = after;
		r.afterlen = sizeof(after);
	}
	switch (f->way) {
	case BY_HOLDER:
		return (find_own(f, r.after, err));
	case BY_NUMBER:
		r.table = SH_TABLE_NUMBER;
		if (sh_filing_number(f->ar, f->q->number, &r.term, err))
			return (-1);
		break;
	default:
		r.table = SH_TABLE_TYPE;
		if (sh_filing_type(f->ar, f->q->type, &r.term, err))
			return (-1);
		break;
	}
	return (sh_engine_scan(f->ar->engine, &r, on_global, f, err));
}

/* ---- by words ------------------------------------------------------------ */

static int
to_buf(void *arg, const void *data, size_t len, struct sh_error *err)
{
	return (sh_buf_append(arg, data, len, err));
}

/* Marks count: does the stored text hold what was typed? */
static int
says_exactly(struct find *f, const struct sh_hit *hit,
    const struct sh_wanted *wanted, struct sh_error *err)
{
	struct sh_buf text = { .limit = TEXT_MAX };
	struct sh_stored stored;
	json_t *record;
	int r;

	record = sh_document_record(f->ar, &hit->holder, &hit->document, err);
	if (record == NULL)
		return (-1);
	if ((r = sh_document_stored(record, NULL, &stored, err)) >= 0 &&
	    (r == 0 || (r = sh_document_read(f->ar, &stored, to_buf, &text,
	    err)) == 0))
		r = sh_wanted_in(wanted, record, text.len > 0 ?
		    (char *)text.data : "", text.len, err);
	json_decref(record);
	sh_buf_free(&text);
	return (r);
}

/* 1 if the hit's document is still there and says what was typed. */
static int
holds_good(struct find *f, const struct sh_hit *hit,
    const struct sh_wanted *wanted, json_t **summaryp, struct sh_error *err)
{
	struct sh_tag tags[SH_HOLDERS_MAX];
	struct sh_listed at = { .holder = hit->holder };
	int64_t archived_at;
	size_t n;

	if (sh_document_locate(f->ar, &hit->document, tags, &n, &archived_at,
	    err))
		return (-1);
	sh_document_sort(archived_at, &hit->document, at.sort);
	if (n == 0 || (*summaryp = look_up(f, &at, err)) == NULL)
		return (err->code != SH_OK ? -1 : 0);
	return (f->q->exact ? says_exactly(f, hit, wanted, err) : 1);
}

/* 0 to go on, 1 when the answer is full, or -1. */
static int
on_hit(struct find *f, const struct sh_hit *hit,
    const struct sh_wanted *wanted, struct sh_error *err)
{
	json_t *summary = NULL;
	int r;

	f->row = hit->row;
	r = holds_good(f, hit, wanted, &summary, err);
	if (r == 1)
		r = consider(f, &hit->holder, &hit->document, summary, err);
	else if (r == 0)
		r = f->full = ++f->looked >= CANDIDATES_MAX;
	json_decref(summary);
	if (r < 0 && err->code == SH_ENOTFOUND) {
		sh_error_clear(err);	/* destroyed meanwhile */
		r = 0;
	}
	return (r);
}

static int
find_words(struct find *f, struct sh_error *err)
{
	struct sh_wanted wanted;
	struct sh_hit hits[HITS];
	uint64_t before = INT64_MAX;
	uint8_t row[8];
	size_t n, i;
	int r, rc = -1;

	if (f->q->after != NULL) {
		if (f->q->after[0] != BY_TEXT ||
		    sh_unhex(f->q->after + 1, row, sizeof(row)))
			return (sh_error_set(err, SH_EARG, "cursor.malformed",
			    "not a cursor of this query"));
		before = sh_get_be(row, 8);
	}
	if (sh_wanted_parse(f->ar->vault, f->q->text, &wanted, err))
		goto out;
	f->wanted = f->q->places ? &wanted : NULL;
	do {
		if (sh_search_find(f->ar->search, (char *)wanted.match.data,
		    before, HITS, hits, &n, err))
			goto out;
		for (i = 0; i < n && !f->full; i++) {
			if ((r = on_hit(f, &hits[i], &wanted, err)) < 0)
				goto out;
			before = hits[i].row;
		}
	} while (n == HITS && !f->full);
	rc = 0;
out:
	sh_wanted_free(&wanted);
	return (rc);
}

/* ---- the call ------------------------------------------------------------ */

static int
choose(struct find *f, struct sh_error *err)
{
	static const struct sh_id nobody;
	const struct sh_query *q = f->q;
	struct sh_tag tag;

	if (q->limit < 1 || q->limit > 1000)
		return (sh_error_set(err, SH_EARG, "query.limit",
		    "a limit of %zu; 1 to 1000", q->limit));
	if (q->holder != NULL || q->name != NULL) {
		f->has_holder = 1;
		if (sh_holder_tag(f->ar, q->holder != NULL ? q->holder :
		    &nobody, q->name, q->birth, &tag, err) ||
		    sh_alias_group(f->ar, &tag, f->tags, &f->ntags, err))
			return (-1);
	}
	if (q->number != NULL && (f->number = sh_text_fold_dup(q->number,
	    err)) == NULL)
		return (-1);
	if (q->text != NULL)
		f->way = BY_TEXT;
	else if (f->has_holder)
		f->way = BY_HOLDER;
	else if (q->number != NULL)
		f->way = BY_NUMBER;
	else if (q->type != NULL)
		f->way = BY_TYPE;
	else
		return (sh_error_set(err, SH_EARG, "query.empty",
		    "a query that asks for nothing"));
	return (0);
}

static int
set_next(struct find *f, json_t *out, struct sh_error *err)
{
	char cursor[2 + 2 * SH_PLACE_LEN];
	uint8_t row[8];

	if (!f->full)
		return (sh_json_set(out, "next", json_null(), err));
	cursor[0] = (char)f->way;
	if (f->way == BY_TEXT) {
		sh_put_be(row, f->row, 8);
		sh_hex(row, sizeof(row), cursor + 1);
	} else {
		sh_hex(f->last, sizeof(f->last), cursor + 1);
	}
	return (sh_json_set_str(out, "next", cursor, err));
}

/* Take in what is new; a long way behind, the answer says so. */
static int
catch_up(struct find *f, json_t *out, struct sh_error *err)
{
	int behind;

	behind = sh_search_is_behind(f->ar->search, f->ar, err);
	if (behind < 0 || (behind == 1 && !f->ar->readonly &&
	    sh_search_follow(f->ar->search, f->ar, CATCH_UP, &behind, err)))
		return (-1);
	return (sh_json_set(out, "behind", json_boolean(behind), err));
}

int
sh_archive_find(struct sh_archive *ar, const struct sh_reader *who,
    const struct sh_query *q, json_t **answerp, struct sh_error *err)
{
	struct find f = { .ar = ar, .q = q };
	json_t *out = NULL;
	int rc = -1;

	*answerp = NULL;
	if (sh_access_begin(&f.access, ar, who, q->text != NULL ?
	    SH_DO_TEXT : SH_DO_FIND, err) || choose(&f, err) ||
	    (f.has_holder && sh_access_saw(&f.access, &f.tags[0], NULL,
	    err)) ||
	    (out = sh_json_new_object(err)) == NULL ||
	    (f.documents = sh_json_new_array(err)) == NULL ||
	    sh_json_set(out, "documents", f.documents, err))
		goto out;
	if (f.way == BY_TEXT ? catch_up(&f, out, err) ||
	    find_words(&f, err) : find_indexed(&f, err))
		goto out;
	if (set_next(&f, out, err) == 0 &&
	    sh_access_record(&f.access, err) == 0) {
		*answerp = out;
		out = NULL;
		rc = 0;
	}
out:
	sh_access_end(&f.access);
	json_decref(out);
	free(f.number);
	return (rc);
}

/* ---- one document -------------------------------------------------------- */

/*
 * The record of a document that the reader may see, once the read stands in
 * the journal.  What is not there and what is not the reader's are one.
 */
static json_t *
read_record(struct sh_access *a, const struct sh_document_id *id,
    struct sh_tag *document, struct sh_tag *holder, struct sh_error *err)
{
	struct sh_error why = SH_ERROR_INIT;
	char hex[SH_TAG_HEX];
	json_t *record;

	memcpy(document->b, id->b, sizeof(document->b));
	record = sh_document_find(a->ar, document, holder, &why);
	if (record == NULL && why.code != SH_ENOTFOUND) {
		*err = why;
		return (NULL);
	}
	a->denied = record != NULL && !sh_access_may(a, sh_member(record,
	    "type"));
	if ((record != NULL && sh_access_saw_all(a, document, err)) ||
	    sh_access_record(a, err)) {
		json_decref(record);
		return (NULL);
	}
	if (record != NULL && !a->denied)
		return (record);
	json_decref(record);
	sh_tag_print(document, hex);
	sh_error_param(err, "value", "%s", hex);
	(void)sh_error_set(err, SH_ENOTFOUND, "document.missing",
	    "no document %s", hex);
	return (NULL);
}

int
sh_archive_show(struct sh_archive *ar, const struct sh_reader *who,
    const struct sh_document_id *id, json_t **recordp, struct sh_error *err)
{
	struct sh_tag document, holder;
	struct sh_access a;
	json_t *record = NULL;

	*recordp = NULL;
	if (sh_access_begin(&a, ar, who, SH_DO_SHOW, err) == 0 &&
	    (record = read_record(&a, id, &document, &holder, err)) != NULL)
		*recordp = sh_document_view(ar, &holder, &document, record,
		    err);
	sh_access_end(&a);
	json_decref(record);
	return (*recordp != NULL ? 0 : -1);
}

static int
to_fd(void *arg, const void *data, size_t len, struct sh_error *err)
{
	return (sh_write_all(*(int *)arg, data, len, err));
}

int
sh_archive_get(struct sh_archive *ar, const struct sh_reader *who,
    const struct sh_document_id *id, const char *rendition, int fd,
    struct sh_error *err)
{
	struct sh_tag document, holder;
	struct sh_access a;
	struct sh_stored stored;
	json_t *record = NULL;
	int r, rc = -1;

	if (sh_access_begin(&a, ar, who, SH_DO_GET, err) == 0) {
		a.rendition = rendition;
		record = read_record(&a, id, &document, &holder, err);
	}
	sh_access_end(&a);
	if (record == NULL)
		return (-1);
	r = rendition == NULL ? 0 : sh_document_stored(record, rendition,
	    &stored, err);
	if (r == 0) {
		sh_error_param(err, "value", "%s", rendition != NULL ?
		    rendition : "");
		(void)sh_error_set(err, SH_ENOTFOUND, "rendition.missing",
		    "the document has no such rendition");
	} else if (r == 1) {
		rc = sh_document_read(ar, &stored, to_fd, &fd, err);
	}
	json_decref(record);
	return (rc);
}

int
sh_archive_search_rebuild(struct sh_archive *ar, struct sh_error *err)
{
	return (sh_search_rebuild(ar->search, ar, err));
}

int
sh_archive_search_follow(struct sh_archive *ar, struct sh_error *err)
{
	int behind;

	do
		if (sh_search_follow(ar->search, ar, UINT64_MAX, &behind,
		    err))
			return (-1);
	while (behind);
	return (0);
}
