/*
 * Where on its pages a document says what was searched for: the words of the
 * kept reading, compared as the search compares them.
 */
#include "archive/places.h"

#include <stdlib.h>
#include <string.h>

#include "archive/archive_internal.h"
#include "base/mem.h"
#include "base/text.h"
#include "ocr/page.h"

#define READING_MAX	((size_t)256 << 20)
#define PLACES_MAX	100	/* of one document */

/* One word as the search sees it; a printed word may hold several. */
struct token {
	char *text;
	size_t word;		/* index into the page's */
};

struct tokens {
	struct token *t;
	size_t n, cap;
};

struct looking {
	const struct sh_wanted *wanted;
	int exact;
	json_t *places;
};

static int
to_buf(void *arg, const void *data, size_t len, struct sh_error *err)
{
	return (sh_buf_append(arg, data, len, err));
}

static void
tokens_clear(struct tokens *ts)
{
	size_t i;

	for (i = 0; i < ts->n; i++)
		free(ts->t[i].text);
	ts->n = 0;
}

static int
add_tokens(struct tokens *ts, const char *s, size_t len, size_t word,
    int exact, struct sh_error *err)
{
	struct sh_buf b = SH_BUF_INIT;
	char *p, *next;
	int rc = -1;

	if (exact ? sh_words_marked(s, len, &b, err) : sh_text_fold(s, len,
	    &b, err))
		goto out;
	for (p = (char *)b.data; p != NULL && *p != '\0'; p = next) {
		if ((next = strchr(p, ' ')) != NULL)
			*next++ = '\0';
		if (*p == '\0')
			continue;
		if (sh_grow(&ts->t, &ts->cap, ts->n + 1, sizeof(*ts->t),
		    "words", err) || (ts->t[ts->n].text = sh_strdup(p,
		    err)) == NULL)
			goto out;
		ts->t[ts->n++].word = word;
	}
	rc = 0;
out:
	sh_buf_free(&b);
	return (rc);
}

/* 1 if NEEDLE stands at PAGE[AT]; its last word may be a beginning. */
static int
stands(const struct tokens *page, size_t at, const struct tokens *needle,
    int edge)
{
	size_t i;

	if (needle->n == 0 || needle->n > page->n - at)
		return (0);
	for (i = 0; i + 1 < needle->n; i++)
		if (strcmp(page->t[at + i].text, needle->t[i].text) != 0)
			return (0);
	return (edge ? strncmp(page->t[at + i].text, needle->t[i].text,
	    strlen(needle->t[i].text)) == 0 :
	    strcmp(page->t[at + i].text, needle->t[i].text) == 0);
}

static int
put_place(struct looking *l, const struct sh_page *page, size_t number,
    const struct tokens *ts, size_t at, size_t n, struct sh_error *err)
{
	struct sh_buf text = SH_BUF_INIT;
	json_t *v, *boxes;
	size_t i, last = SIZE_MAX;
	int rc = -1;

	if ((v = sh_json_new_object(err)) == NULL ||
	    sh_json_append(l->places, v, err) ||
	    sh_json_set_int(v, "page", (int64_t)number, err) ||
	    (boxes = sh_json_new_array(err)) == NULL ||
	    sh_json_set(v, "boxes", boxes, err))
		return (-1);
	for (i = at; i < at + n; i++) {
		const struct sh_word *w = &page->words[ts->t[i].word];

		if (ts->t[i].word == last)
			continue;
		last = ts->t[i].word;
		if ((text.len > 0 && sh_buf_puts(&text, " ", err)) ||
		    sh_buf_puts(&text, w->text, err) ||
		    sh_json_append(boxes, json_pack("[i,i,i,i]", w->box.x,
		    w->box.y, w->box.w, w->box.h), err))
			goto out;
	}
	rc = sh_json_set_str(v, "text", (char *)text.data, err);
out:
	sh_buf_free(&text);
	return (rc);
}

static int
look_at_page(struct looking *l, const struct sh_page *page, size_t number,
    struct sh_error *err)
{
	const char *needle = (const char *)l->wanted->exact.data;
	struct tokens ts = { .t = NULL }, want = { .t = NULL };
	size_t i, k, len;
	int rc = -1;

	for (i = 0; i < page->nwords; i++)
		if (add_tokens(&ts, page->words[i].text,
		    strlen(page->words[i].text), i, l->exact, err))
			goto out;
	for (k = 0; k < l->wanted->n; k++, needle += len + 1) {
		len = strlen(needle);
		tokens_clear(&want);
		if (add_tokens(&want, needle, len, 0, l->exact, err))
			goto out;
		for (i = 0; i < ts.n; i++)
			if (json_array_size(l->places) < PLACES_MAX &&
			    stands(&ts, i, &want, len > 0 &&
			    needle[len - 1] != ' ') && put_place(l, page,
			    number, &ts, i, want.n, err))
				goto out;
	}
	rc = 0;
out:
	tokens_clear(&ts);
	tokens_clear(&want);
	free(ts.t);
	free(want.t);
	return (rc);
}

int
sh_places_of(struct sh_archive *ar, const struct sh_tag *holder,
    const struct sh_tag *document, const struct sh_wanted *wanted, int exact,
    json_t **placesp, struct sh_error *err)
{
	struct looking l = { wanted, exact, NULL };
	struct sh_buf text = { .limit = READING_MAX };
	struct sh_stored stored;
	struct sh_page *page;
	json_t *record, *list = NULL, *v;
	size_t i;
	int r, rc = -1;

	*placesp = NULL;
	record = sh_document_record(ar, holder, document, err);
	if (record == NULL || (l.places = sh_json_new_array(err)) == NULL)
		goto out;
	r = sh_document_stored(record, "reading", &stored, err);
	if (r < 0 || (r == 1 && (sh_document_read(ar, &stored, to_buf, &text,
	    err) || (list = sh_json_parse(text.data, text.len, READING_MAX,
	    err)) == NULL)))
		goto out;
	json_array_foreach(list, i, v) {
		if (sh_page_from_json(v, &page, err))
			goto out;
		r = look_at_page(&l, page, i + 1, err);
		sh_page_free(page);
		if (r != 0)
			goto out;
	}
	*placesp = l.places;
	l.places = NULL;
	rc = 0;
out:
	json_decref(l.places);
	json_decref(record);
	json_decref(list);
	sh_buf_free(&text);
	return (rc);
}
