/* What became of rows, and what that comes to. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "pipeline/bulk_internal.h"

static const char *const counts[7] = { "fed", "archived", "blank",
	"separators", "set_aside", "waiting", "failed" };

/* ---- one dossier's result -------------------------------------------------- */

const char *
sh_bulk_param(const struct sh_error *e, const char *name)
{
	unsigned i;

	for (i = 0; i < e->nparam; i++)
		if (strcmp(e->param[i].name, name) == 0)
			return (e->param[i].value);
	return (NULL);
}

/* One more of KEY among the causes; the first of each is told in full. */
static int
add_cause(json_t *causes, const char *key, const char *file, int page,
    const struct sh_error *why, struct sh_error *err)
{
	struct sh_buf clean = SH_BUF_INIT;
	const char *s;
	json_t *v;
	size_t i;
	int rc = -1;

	json_array_foreach(causes, i, v)
		if (strcmp(json_string_value(json_object_get(v, "key")),
		    key) == 0)
			return (json_integer_set(json_object_get(v, "count"),
			    json_integer_value(json_object_get(v, "count")) +
			    1));
	/* A name on disk may be anything: what is shown is one clean line. */
	if (file != NULL && sh_text_clean(file, strlen(file), &clean, err)) {
		sh_error_clear(err);
		sh_buf_reset(&clean);
	}
	v = json_pack("{s:s, s:i, s:s*, s:o*, s:s*}", "key", key, "count", 1,
	    "file", clean.len > 0 ? (char *)clean.data : NULL,
	    "page", page > 0 ? json_integer(page) : NULL,
	    "cause", why != NULL ? why->text : NULL);
	/* What the sentence wants filled in. */
	if (why != NULL && (s = sh_bulk_param(why, "value")) != NULL)
		(void)json_object_set_new(v, "value", json_string(s));
	if (why != NULL && (s = sh_bulk_param(why, "limit")) != NULL)
		(void)json_object_set_new(v, "limit", json_string(s));
	rc = sh_json_append(causes, v, err);
	sh_buf_free(&clean);
	return (rc);
}

static int
page_causes(const struct sh_job *j, json_t *causes, struct sh_error *err)
{
	size_t i;

	for (i = 0; i < j->nfed; i++) {
		const struct sh_fed_page *f = &j->fed[i];

		if (f->kind == SH_FED_SET_ASIDE && add_cause(causes,
		    f->failure->key, j->dossier->scans[f->scan],
		    (int)f->page + 1, f->failure, err))
			return (-1);
	}
	return (0);
}

static int
draft_causes(const struct sh_job *j, json_t *causes, struct sh_error *err)
{
	const struct sh_fed_page *f;
	const struct sh_draft *d;
	size_t i;
	unsigned k;

	for (i = 0; i < j->ndrafts; i++) {
		d = &j->drafts[i];
		f = &j->fed[d->pages[0]];
		if (d->state == SH_DRAFT_FAILED && add_cause(causes,
		    d->failure->key, j->dossier->scans[f->scan],
		    (int)f->page + 1, d->failure, err))
			return (-1);
		for (k = 0; d->state == SH_DRAFT_WAITS && k < d->nreasons;
		    k++)
			if (add_cause(causes, d->reasons[k],
			    j->dossier->scans[f->scan], (int)f->page + 1,
			    NULL, err))
				return (-1);
	}
	return (0);
}

/* Pages that a reader read for this dossier, and those it got for nothing. */
static int
add_readings(json_t *v, const struct sh_job *j, struct sh_error *err)
{
	size_t i;
	int64_t read = 0, reused = 0;

	for (i = 0; i < j->nfed; i++) {
		read += j->fed[i].reading_len > 0 && *j->fed[i].cache != '\0';
		reused += j->fed[i].reading_len > 0 &&
		    *j->fed[i].cache == '\0';
	}
	return (sh_json_set_int(v, "read", read, err) ||
	    sh_json_set_int(v, "reused", reused, err) ? -1 : 0);
}

static int
add_counts(json_t *v, const struct sh_job *j, struct sh_error *err)
{
	struct sh_tally t;
	json_t *count;
	size_t i;

	sh_result_tally(j, &t);
	const size_t n[7] = { t.fed, t.archived, t.blank, t.separators,
	    t.set_aside, t.waiting, t.failed };
	if ((count = sh_json_new_object(err)) == NULL)
		return (-1);
	for (i = 0; i < 7; i++) {
		if (sh_json_set_int(count, counts[i], (int64_t)n[i], err)) {
			json_decref(count);
			return (-1);
		}
	}
	return (sh_json_set(v, "count", count, err) || sh_json_set_str(v,
	    "state", t.set_aside + t.waiting + t.failed == 0 ? "done" :
	    "incomplete", err) ? -1 : 0);
}

/* Components that the archive had; a row without any has none of it. */
static int
add_held(json_t *v, const struct sh_job *j, struct sh_error *err)
{
	json_t *held;

	if (j->need == NULL)
		return (0);
	if ((held = sh_again_held(j, err)) == NULL)
		return (-1);
	if (json_array_size(held) > 0)
		return (sh_json_set(v, "components", held, err));
	json_decref(held);
	return (0);
}

json_t *
sh_bulk_result(uint64_t row, const struct sh_dossier *d,
    const struct sh_job *job, const struct sh_error *why,
    struct sh_error *err)
{
	json_t *v, *causes;

	if ((causes = sh_json_new_array(err)) == NULL)
		return (NULL);
	v = json_pack("{s:I, s:s*, s:s, s:o}", "row", (json_int_t)row,
	    "dossier", d != NULL ? d->code : NULL, "state", "failed",
	    "causes", causes);
	if (v == NULL) {
		(void)sh_error_nomem(err, "JSON");
		return (NULL);
	}
	if (job != NULL ? (add_counts(v, job, err) || add_readings(v, job,
	    err) || add_held(v, job, err) || page_causes(job, causes, err) ||
	    draft_causes(job, causes, err)) : add_cause(causes, why->key, sh_bulk_param(why,
	    "file"), 0, why, err)) {
		json_decref(v);
		return (NULL);
	}
	return (v);
}

/* ---- sums ---------------------------------------------------------------- */

static uint64_t
number(const json_t *v, const char *name)
{
	return ((uint64_t)json_integer_value(json_object_get(v, name)));
}

static void
copy_text(char *to, size_t cap, const json_t *v, const char *name)
{
	const char *s = json_string_value(json_object_get(v, name));
	size_t len;

	if (s == NULL)
		return;
	/* Cut between characters. */
	for (len = strlen(s); len >= cap || ((uint8_t)s[len] & 0xc0) == 0x80;
	    len--)
		;
	memcpy(to, s, len);
	to[len] = '\0';
}

static struct sh_cause *
cause_of(struct sh_bulk_state *s, const char *key)
{
	struct sh_cause *c;
	unsigned i;

	for (i = 0; i < s->ncauses; i++)
		if (strcmp(s->cause[i].key, key) == 0)
			return (&s->cause[i]);
	/* The last place is for all that there is no place for. */
	if (s->ncauses == SH_CAUSES_MAX)
		return (&s->cause[SH_CAUSES_MAX - 1]);
	c = &s->cause[s->ncauses++];
	(void)snprintf(c->key, sizeof(c->key), "%s", s->ncauses ==
	    SH_CAUSES_MAX ? "other" : key);
	return (c);
}

static void
count_causes(struct sh_bulk_state *s, const json_t *result)
{
	struct sh_cause_sample *at;
	struct sh_cause *c;
	const json_t *v;
	size_t i;

	json_array_foreach(json_object_get(result, "causes"), i, v) {
		c = cause_of(s, json_string_value(json_object_get(v,
		    "key")));
		c->n += number(v, "count");
		if (c->nsamples == 0) {
			copy_text(c->value, sizeof(c->value), v, "value");
			copy_text(c->limit, sizeof(c->limit), v, "limit");
		}
		if (c->nsamples == SH_SAMPLES_MAX)
			continue;
		at = &c->sample[c->nsamples++];
		memset(at, 0, sizeof(*at));
		at->row = number(result, "row");
		at->page = (int)number(v, "page");
		copy_text(at->dossier, sizeof(at->dossier), result,
		    "dossier");
		copy_text(at->file, sizeof(at->file), v, "file");
		copy_text(at->text, sizeof(at->text), v, "cause");
	}
}

void
sh_bulk_count(struct sh_bulk_state *s, const json_t *result)
{
	const char *state = json_string_value(json_object_get(result,
	    "state"));
	const json_t *count = json_object_get(result, "count");
	const json_t *v;
	size_t i;

	count_causes(s, result);
	if (strcmp(state, "refused") == 0)
		return;
	*(strcmp(state, "done") == 0 ? &s->done : strcmp(state,
	    "incomplete") == 0 ? &s->incomplete : &s->failed) += 1;
	for (i = 0; i < 7; i++)
		s->count[i] += number(count, counts[i]);
	s->read += number(result, "read");
	s->reused += number(result, "reused");
	json_array_foreach(json_object_get(result, "components"), i, v) {
		s->held++;
		s->receipts += json_object_get(v, "receipt") != NULL;
	}
	s->files += number(result, "files");
	s->bytes += number(result, "bytes");
}

/* The sentence of a cause, for its first page; its key when there is none. */
json_t *
sh_bulk_sentence(const json_t *cause, enum sh_lang lang,
    struct sh_error *err)
{
	static const char *const names[] = { "value", "limit", "file" };
	const char *key = json_string_value(json_object_get(cause, "key"));
	const json_t *first = json_array_get(json_object_get(cause,
	    "samples"), 0);
	struct sh_error e = SH_ERROR_INIT;
	struct sh_buf text = SH_BUF_INIT;
	const char *s;
	json_t *v = NULL;
	size_t i;

	if (sh_message_text(key, lang) == NULL)
		return (json_string(key));
	if (first == NULL)
		first = cause;
	for (i = 0; i < SH_COUNT(names); i++)
		if ((s = json_string_value(json_object_get(cause,
		    names[i]))) != NULL)
			sh_error_param(&e, names[i], "%s", s);
	if (number(first, "page") > 0)
		sh_error_param(&e, "page", "%lld", (long long)number(first,
		    "page"));
	(void)sh_error_set(&e, SH_EFORMAT, key, "%s", key);
	if (sh_message(&e, lang, &text, err) == 0)
		v = json_string((char *)text.data);
	sh_buf_free(&text);
	return (v);
}

/* ---- for who only looks --------------------------------------------------- */

/* The state lies as it is in memory: made anew by the next process. */
int
sh_bulk_state_save(struct sh_bulk *b, int sync, struct sh_error *err)
{
	b->state.version = SH_STATE_VERSION;
	return (sh_spool_put(b->spool, "state", &b->state, sizeof(b->state),
	    sync, err));
}

int
sh_bulk_state_load(struct sh_bulk *b, struct sh_error *err)
{
	struct sh_buf bytes = SH_BUF_INIT;
	int r;

	memset(&b->state, 0, sizeof(b->state));
	if ((r = sh_spool_get(b->spool, "state", &bytes, err)) == 1) {
		if (bytes.len == sizeof(b->state))
			memcpy(&b->state, bytes.data, sizeof(b->state));
		if (b->state.version != SH_STATE_VERSION) {
			memset(&b->state, 0, sizeof(b->state));
			r = 0;
		}
	}
	sh_buf_free(&bytes);
	return (r);
}

/* ---- from the results ----------------------------------------------------- */

static int
recount_refused(struct sh_bulk *b, struct sh_error *err)
{
	char name[SH_ENTRY_NAME];
	json_t *list, *v;
	uint32_t n;
	size_t i;

	for (n = 0; n < b->plan.nrefused; n++) {
		sh_bulk_entry(name, "refused", n);
		if (sh_bulk_get(b, name, &list, err) < 0)
			return (-1);
		json_array_foreach(list, i, v)
			sh_bulk_count(&b->state, v);
		json_decref(list);
	}
	return (0);
}

/* 1 if every row of shard N has its result, 0, or -1. */
static int
recount_shard(struct sh_bulk *b, uint32_t n, struct sh_error *err)
{
	char name[SH_ENTRY_NAME];
	json_t *results = NULL, *v;
	const char *row;
	int whole, r;

	sh_bulk_entry(name, "result", n);
	if ((r = sh_bulk_get(b, name, &results, err)) <= 0)
		return (r);
	whole = json_is_true(json_object_get(results, "whole"));
	json_object_foreach(json_object_get(results, "rows"), row, v)
		sh_bulk_count(&b->state, v);
	json_decref(results);
	return (whole);
}

int
sh_bulk_recount(struct sh_bulk *b, uint32_t **numbersp, size_t *np,
    struct sh_error *err)
{
	struct sh_bulk_state old;
	uint32_t *numbers = NULL, n;
	size_t cap = 0;
	int r;

	*numbersp = NULL;
	*np = 0;
	if (sh_bulk_state_load(b, err) < 0)
		return (-1);
	old = b->state;
	memset(&b->state, 0, sizeof(b->state));
	b->state.working_ms = old.working_ms;
	b->state.yields = old.yields;
	if (recount_refused(b, err))
		return (-1);
	for (n = 0; n < b->plan.nshards; n++) {
		if ((r = recount_shard(b, n, err)) < 0)
			goto bad;
		if (r == 1)
			continue;
		if (sh_grow(&numbers, &cap, *np + 1, sizeof(*numbers),
		    "shards", err))
			goto bad;
		numbers[(*np)++] = n;
	}
	b->taken_files = b->state.files;
	b->taken_bytes = b->state.bytes;
	*numbersp = numbers;
	return (0);
bad:
	free(numbers);
	return (-1);
}
