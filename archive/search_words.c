/* Words of documents and of queries, and their pseudonyms. */
#include "archive/search.h"

#include <stdlib.h>
#include <string.h>

#include <unictype.h>

#include "base/text.h"

#define INDEXED_MAX	((size_t)4 << 20)	/* bytes of text a document */
#define WANTED_MAX	32			/* words and phrases */
#define QUERY_MAX	1000			/* bytes */
#define EDGE_MIN	2			/* characters */
#define EDGE_MAX	12

static int
put_pseudonym(struct sh_vault *v, enum sh_name_kind kind, const char *word,
    size_t len, struct sh_buf *out, struct sh_error *err)
{
	struct sh_digest d;
	char name[16];

	/* Frozen: 8 bytes in base32. */
	if (sh_vault_name(v, kind, word, len, &d, err))
		return (-1);
	sh_base32(d.b, 8, name);
	if (out->len > 0 && out->data[out->len - 1] != '"' &&
	    sh_buf_append(out, " ", 1, err))
		return (-1);
	return (sh_buf_puts(out, name, err));
}

/* ---- documents ----------------------------------------------------------- */

static int
put_edges(struct sh_vault *v, const char *word, size_t len,
    struct sh_buf *out, struct sh_error *err)
{
	size_t i, chars = 0;

	for (i = 0; i < len && chars < EDGE_MAX; i++) {
		if (i + 1 < len && ((uint8_t)word[i + 1] & 0xc0) == 0x80)
			continue;
		if (++chars >= EDGE_MIN && put_pseudonym(v, SH_NAME_EDGE,
		    word, i + 1, out, err))
			return (-1);
	}
	return (0);
}

/* Every word of TEXT to OUT, and its beginnings to EDGE unless NULL. */
static int
put_words(struct sh_vault *v, const char *text, size_t len,
    struct sh_buf *out, struct sh_buf *edge, struct sh_error *err)
{
	struct sh_buf folded = SH_BUF_INIT;
	const char *p, *end, *stop;
	int rc = -1;

	if (sh_text_fold(text, len, &folded, err))
		goto out;
	p = (const char *)folded.data;
	stop = p + folded.len;
	for (; p < stop; p = end + 1) {
		end = memchr(p, ' ', (size_t)(stop - p));
		if (end == NULL)
			end = stop;
		if (put_pseudonym(v, SH_NAME_WORD, p, (size_t)(end - p), out,
		    err) || (edge != NULL && put_edges(v, p,
		    (size_t)(end - p), edge, err)))
			goto out;
	}
	rc = 0;
out:
	sh_buf_free(&folded);
	return (rc);
}

/* What the record says in words: FN hears each piece. */
static int
each_said(const json_t *record, int (*fn)(void *arg, const char *s,
    int edges, struct sh_error *err), void *arg, struct sh_error *err)
{
	static const struct {
		const char *name;
		int edges;
	} said[] = {
		{ "number", 1 }, { "issuer", 0 }, { "type_name", 0 },
		{ "dossier", 0 }
	};
	json_t *v, *list;
	const char *s, *name;
	size_t i;
	int r;

	for (i = 0; i < sizeof(said) / sizeof(said[0]); i++) {
		s = json_string_value(json_object_get(record, said[i].name));
		if (s != NULL && (r = fn(arg, s, said[i].edges, err)) != 0)
			return (r);
	}
	list = json_object_get(record, "holders");
	json_array_foreach(list, i, v) {
		s = json_string_value(json_object_get(v, "name"));
		if (s != NULL && (r = fn(arg, s, 1, err)) != 0)
			return (r);
		s = json_string_value(json_object_get(v, "id"));
		if (s != NULL && (r = fn(arg, s, 1, err)) != 0)
			return (r);
	}
	json_object_foreach(json_object_get(record, "fields"), name, v) {
		s = json_string_value(json_is_object(v) ?
		    json_object_get(v, "value") : v);
		if (s != NULL && (r = fn(arg, s, 0, err)) != 0)
			return (r);
	}
	return (0);
}

struct taking {
	struct sh_vault *v;
	struct sh_words *out;
};

static int
take_said(void *arg, const char *s, int edges, struct sh_error *err)
{
	struct taking *t = arg;

	return (put_words(t->v, s, strlen(s), &t->out->head,
	    edges ? &t->out->edge : NULL, err));
}

int
sh_words_of(struct sh_vault *v, const json_t *record, const char *text,
    size_t len, struct sh_words *out, struct sh_error *err)
{
	struct taking t = { v, out };

	if (len > INDEXED_MAX) {
		len = INDEXED_MAX;
		while (len > 0 && ((uint8_t)text[len] & 0xc0) == 0x80)
			len--;
	}
	if (each_said(record, take_said, &t, err))
		return (-1);
	return (put_words(v, text, len, &out->body, NULL, err));
}

void
sh_words_free(struct sh_words *w)
{
	sh_buf_free(&w->body);
	sh_buf_free(&w->head);
	sh_buf_free(&w->edge);
}

/* ---- queries ------------------------------------------------------------- */

/*
 * " w1 w2 ": NFC, lower case, marks kept, whatever folding drops as one
 * space.  A text in this form holds a phrase exactly when it holds the
 * phrase in this form.
 */
int
sh_words_marked(const char *s, size_t len, struct sh_buf *out,
    struct sh_error *err)
{
	struct sh_buf lower = SH_BUF_INIT;
	const char *p, *end;
	uint32_t cp;
	size_t n;
	int gap = 1, rc = -1;

	if (sh_text_lower(s, len, &lower, err))
		goto out;
	p = (const char *)lower.data;
	end = p + lower.len;
	for (; p < end && (n = sh_utf8_get(p, end, &cp)) > 0; p += n) {
		if (cp < 0x80 ? !((cp >= 'a' && cp <= 'z') ||
		    (cp >= '0' && cp <= '9')) :
		    !uc_is_alnum(cp) && sh_fold_char(cp) != 0) {
			gap = 1;
			continue;
		}
		if (gap && sh_buf_append(out, " ", 1, err))
			goto out;
		gap = 0;
		if (sh_buf_append(out, p, n, err))
			goto out;
	}
	rc = sh_buf_append(out, " ", 1, err);
out:
	sh_buf_free(&lower);
	return (rc);
}

static int
want_edge(struct sh_vault *v, const struct sh_buf *folded,
    struct sh_wanted *out, struct sh_error *err)
{
	size_t chars = sh_utf8_count((char *)folded->data, folded->len);

	if (chars < EDGE_MIN || chars > EDGE_MAX ||
	    memchr(folded->data, ' ', folded->len) != NULL)
		return (sh_error_set(err, SH_EARG, "search.beginning",
		    "a beginning has %d to %d letters or digits", EDGE_MIN,
		    EDGE_MAX));
	if (sh_buf_puts(&out->match, "edge : \"", err) ||
	    put_pseudonym(v, SH_NAME_EDGE, (char *)folded->data, folded->len,
	    &out->match, err))
		return (-1);
	return (sh_buf_puts(&out->match, "\"", err));
}

/* One word, one phrase or, with EDGE, one beginning. */
static int
want(struct sh_vault *v, const char *s, size_t len, int edge,
    struct sh_wanted *out, struct sh_error *err)
{
	struct sh_buf folded = SH_BUF_INIT;
	int rc = -1;

	if (sh_text_fold(s, len, &folded, err))
		goto out;
	if (folded.len == 0) {
		rc = 0;
		goto out;
	}
	if (out->n++ == WANTED_MAX) {
		(void)sh_error_set(err, SH_ELIMIT, "search.long",
		    "more than %d words", WANTED_MAX);
		goto out;
	}
	if (out->match.len > 0 && sh_buf_puts(&out->match, " AND ", err))
		goto out;
	if (edge) {
		rc = want_edge(v, &folded, out, err);
	} else if (sh_buf_puts(&out->match, "{body head} : \"", err) == 0 &&
	    put_words(v, s, len, &out->match, NULL, err) == 0) {
		rc = sh_buf_puts(&out->match, "\"", err);
	}
	if (rc == 0 && (rc = sh_words_marked(s, len, &out->exact, err)) == 0) {
		/* A beginning is open at its end. */
		out->exact.len -= edge;
		rc = sh_buf_append(&out->exact, "", 1, err);
	}
out:
	sh_buf_free(&folded);
	return (rc);
}

/* Of "12/20*" only the last part is a beginning. */
static int
want_typed(struct sh_vault *v, const char *s, size_t len, int edge,
    struct sh_wanted *out, struct sh_error *err)
{
	size_t cut = len;

	while (edge && cut > 0 && ((uint8_t)s[cut - 1] >= 0x80 ||
	    uc_is_alnum((uint8_t)s[cut - 1])))
		cut--;
	if (edge && cut > 0 && cut < len) {
		if (want(v, s, cut, 0, out, err))
			return (-1);
		s += cut;
		len -= cut;
	}
	return (want(v, s, len, edge, out, err));
}

int
sh_wanted_parse(struct sh_vault *v, const char *query,
    struct sh_wanted *out, struct sh_error *err)
{
	const char *p = query, *end;
	int edge;

	memset(out, 0, sizeof(*out));
	if (strlen(query) > QUERY_MAX) {
		sh_error_param(err, "limit", "%d", QUERY_MAX);
		return (sh_error_set(err, SH_ELIMIT, "search.long",
		    "a query of %zu bytes; limit %d", strlen(query),
		    QUERY_MAX));
	}
	while (*p != '\0') {
		if (*p == '"') {
			end = strchr(++p, '"');
			if (end == NULL)
				end = p + strlen(p);
			if (want(v, p, (size_t)(end - p), 0, out, err))
				return (-1);
			p = *end == '"' ? end + 1 : end;
			continue;
		}
		end = p + strcspn(p, " \t\r\n\"");
		edge = end > p && end[-1] == '*';
		if (want_typed(v, p, (size_t)(end - p) - (size_t)edge, edge,
		    out, err))
			return (-1);
		p = end + (*end != '\0' && *end != '"');
	}
	if (out->n == 0)
		return (sh_error_set(err, SH_EARG, "search.empty",
		    "the query has no word"));
	return (0);
}

void
sh_wanted_free(struct sh_wanted *w)
{
	sh_buf_free(&w->match);
	sh_buf_free(&w->exact);
}

static int
take_marked(void *arg, const char *s, int edges, struct sh_error *err)
{
	(void)edges;
	/* Pieces stay apart: no phrase runs from one into the next. */
	if (sh_words_marked(s, strlen(s), arg, err))
		return (-1);
	return (sh_buf_append(arg, "\n", 1, err));
}

int
sh_wanted_in(const struct sh_wanted *w, const json_t *record,
    const char *text, size_t len, struct sh_error *err)
{
	struct sh_buf all = SH_BUF_INIT;
	const char *needle = (const char *)w->exact.data;
	size_t i;
	int r = -1;

	if (sh_words_marked(text, len, &all, err) ||
	    sh_buf_append(&all, "\n", 1, err) ||
	    each_said(record, take_marked, &all, err))
		goto out;
	for (r = 1, i = 0; i < w->n && r == 1; i++) {
		r = memmem(all.data, all.len, needle, strlen(needle)) != NULL;
		needle += strlen(needle) + 1;
	}
out:
	sh_buf_free(&all);
	return (r);
}
