/*
 * Samples of what no person looked at: drawn, inspected, counted.  An
 * archived document is immutable, so what is found wrong is written down
 * here and in the figures; the paper is taken in again.
 *
 * In the home's folder "review": "s-ID", one inspected or to be inspected
 * document; "l-FROM-TO", a lot.
 */
#include "pipeline/review_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "pipeline/aql.h"

#define ENTRY_MAX	(1 << 20)

/* ---- entries ------------------------------------------------------------------- */

static int
put_entry(struct sh_spool *s, const char *name, const json_t *v,
    struct sh_error *err)
{
	struct sh_buf b = SH_BUF_INIT;
	int rc = -1;

	if (sh_json_print(v, 0, &b, err) == 0)
		rc = sh_spool_put(s, name, b.data, b.len, 1, err);
	sh_buf_free(&b);
	return (rc);
}

/* 1 with the entry, 0, -1. */
static int
get_entry(struct sh_spool *s, const char *name, json_t **vp,
    struct sh_error *err)
{
	struct sh_buf b = SH_BUF_INIT;
	int rc;

	*vp = NULL;
	rc = sh_spool_get(s, name, &b, err);
	if (rc == 1 && (*vp = sh_json_parse(b.data, b.len, ENTRY_MAX, err)) ==
	    NULL)
		rc = -1;
	sh_buf_free(&b);
	return (rc);
}

struct gather {
	struct sh_spool *store;
	const char *prefix;
	json_t *list;
};

static int
gather_entry(void *arg, const char *name, struct sh_error *err)
{
	struct gather *g = arg;
	json_t *v;
	int rc;

	if (strncmp(name, g->prefix, strlen(g->prefix)) != 0)
		return (0);
	if ((rc = get_entry(g->store, name, &v, err)) <= 0)
		return (rc);
	return (sh_json_append(g->list, v, err));
}

/* All entries whose names begin with PREFIX. */
static json_t *
gather(struct sh_spool *store, const char *prefix, struct sh_error *err)
{
	struct gather g = { store, prefix, sh_json_new_array(err) };

	if (g.list != NULL && sh_spool_each(store, gather_entry, &g, err)) {
		json_decref(g.list);
		g.list = NULL;
	}
	return (g.list);
}

static const char *
text(const json_t *v, const char *name)
{
	const char *s = json_string_value(json_object_get(v, name));

	return (s != NULL ? s : "");
}

/* ---- drawing ---------------------------------------------------------------------- */

struct candidate {
	struct sh_digest order;
	char id[SH_DOCUMENT_ID_LEN];
};

struct lot {
	struct sh_home *h;
	int64_t from, to;
	struct candidate *list;
	size_t n, cap;
};

static int
consider(void *arg, const struct sh_document_id *id, const json_t *record,
    struct sh_error *err)
{
	struct lot *l = arg;
	struct candidate *c;
	int64_t at;

	if (sh_time_parse(text(record, "archived_at"), &at) || at < l->from ||
	    at >= l->to || json_object_get(json_object_get(record,
	    "made_by"), "review") != NULL)
		return (0);
	if (sh_grow(&l->list, &l->cap, l->n + 1, sizeof(*l->list), "a lot",
	    err))
		return (-1);
	c = &l->list[l->n++];
	sh_document_id_print(id, c->id);
	return (sh_archive_keyed_digest(l->h->archive, "sample", id->b,
	    sizeof(id->b), &c->order, err));
}

static int
by_order(const void *a, const void *b)
{
	return (memcmp(a, b, SH_DIGEST_LEN));
}

static int
draw(struct sh_spool *store, const char *lot, const char *id,
    struct sh_error *err)
{
	char name[64], at[SH_TIME_LEN];
	json_t *v;
	int rc;

	(void)snprintf(name, sizeof(name), "s-%s", id);
	if ((rc = get_entry(store, name, &v, err)) != 0) {
		json_decref(v);
		return (rc < 0 ? -1 : 0);
	}
	sh_time_print(sh_now(), at);
	v = json_pack("{s:s, s:s, s:s, s:s, s:[]}", "document", id, "lot",
	    lot, "drawn_at", at, "state", "open", "errors");
	rc = v == NULL ? sh_error_nomem(err, "JSON") :
	    put_entry(store, name, v, err);
	json_decref(v);
	return (rc);
}

int
sh_review_sample(struct sh_home *h, int64_t from, int64_t to,
    json_t **answer, struct sh_error *err)
{
	struct lot l = { .h = h, .from = from, .to = to };
	struct sh_spool *store = NULL;
	struct sh_aql_plan plan;
	char lot[64], a[SH_TIME_LEN], b[SH_TIME_LEN];
	const char *aql = sh_config_text(h->config, "sample-aql");
	json_t *v = NULL;
	size_t i;
	int rc = -1;

	*answer = NULL;
	(void)snprintf(lot, sizeof(lot), "l-%lld-%lld", (long long)from,
	    (long long)to);
	sh_time_print(from, a);
	sh_time_print(to, b);
	if (sh_review_store(h, &store, err) ||
	    sh_archive_each(h->archive, consider, &l, err))
		goto out;
	plan = sh_aql_plan_of(l.n, aql);
	if (l.n > 0)
		qsort(l.list, l.n, sizeof(*l.list), by_order);
	v = json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:I}", "format",
	    "sohoa-lot-1", "lot", lot, "from", a, "to", b, "aql", aql,
	    "documents", (json_int_t)l.n, "sample", (json_int_t)plan.sample,
	    "accept", (json_int_t)plan.accept);
	if (v == NULL) {
		(void)sh_error_nomem(err, "JSON");
		goto out;
	}
	if (put_entry(store, lot, v, err))
		goto out;
	for (i = 0; i < plan.sample; i++)
		if (draw(store, lot, l.list[i].id, err))
			goto out;
	*answer = v;
	v = NULL;
	rc = 0;
out:
	json_decref(v);
	free(l.list);
	sh_spool_close(store);
	return (rc);
}

/* ---- items --------------------------------------------------------------------------- */

/* What the queue shows of a sample that nobody has inspected yet. */
static json_t *
summary(struct sh_home *h, const json_t *e, enum sh_lang lang,
    struct sh_error *err)
{
	char name[32], until[SH_TIME_LEN];
	int64_t at = 0, deadline, now = sh_now();
	json_t *v;

	(void)sh_time_parse(text(e, "drawn_at"), &at);
	deadline = at + sh_config_int(h->config, "review-hours") * 3600;
	sh_time_print(deadline, until);
	(void)snprintf(name, sizeof(name), "sample-%.16s",
	    text(e, "document"));
	v = json_pack("{s:s, s:s, s:s, s:s, s:I, s:s, s:b, s:i, s:[],"
	    " s:[{s:s, s:s*}]}", "item", name, "kind", "sample", "document",
	    text(e, "document"), "since", text(e, "drawn_at"), "age_s",
	    (json_int_t)(now > at ? now - at : 0), "deadline", until,
	    "overdue", now > deadline, "priority", 4, "pages", "reasons",
	    "key", "review.sample", "text", sh_message_text("review.sample",
	    lang));
	if (v == NULL)
		(void)sh_error_nomem(err, "JSON");
	return (v);
}

int
sh_review_sample_list(struct sh_home *h, json_t *items, enum sh_lang lang,
    struct sh_error *err)
{
	struct sh_spool *store = NULL;
	json_t *all = NULL, *e, *v;
	size_t i;
	int rc = -1;

	if (sh_review_store(h, &store, err) ||
	    (all = gather(store, "s-", err)) == NULL)
		goto out;
	json_array_foreach(all, i, e) {
		if (strcmp(text(e, "state"), "open") != 0)
			continue;
		if ((v = summary(h, e, lang, err)) == NULL ||
		    sh_json_append(items, v, err))
			goto out;
	}
	rc = 0;
out:
	json_decref(all);
	sh_spool_close(store);
	return (rc);
}

/* The entry of an open sample, and its document's record. */
static int
open_sample(struct sh_home *h, struct sh_spool *store, const char *item,
    const char *who, json_t **entryp, json_t **recordp, struct sh_error *err)
{
	struct sh_reader reader = { .name = who, .agency = sh_config_text(
	    h->config, "agency-code"), .purpose = "review" };
	struct sh_document_id id;
	json_t *all, *e = NULL;
	size_t i;
	int rc = -1;

	*entryp = *recordp = NULL;
	if ((all = gather(store, "s-", err)) == NULL)
		return (-1);
	json_array_foreach(all, i, e)
		if (strcmp(text(e, "state"), "open") == 0 &&
		    strlen(item) == 23 && strncmp(item + 7,
		    text(e, "document"), 16) == 0) {
			*entryp = json_incref(e);
			break;
		}
	if (*entryp == NULL) {
		sh_error_param(err, "value", "%.40s", item);
		(void)sh_error_set(err, SH_ENOTFOUND, "review.item",
		    "no item %.40s waits", item);
	} else if (sh_document_id_parse(text(*entryp, "document"), &id) == 0) {
		rc = sh_archive_show(h->archive, &reader, &id, recordp, err);
	}
	json_decref(all);
	return (rc);
}

int
sh_review_sample_show(struct sh_home *h, const char *item, enum sh_lang lang,
    json_t **answer, struct sh_error *err)
{
	struct sh_spool *store = NULL;
	json_t *e = NULL, *record = NULL, *v = NULL;
	int rc = -1;

	if (sh_review_store(h, &store, err) ||
	    open_sample(h, store, item, "review", &e, &record, err) ||
	    (v = summary(h, e, lang, err)) == NULL ||
	    sh_json_set_str(v, "format", "sohoa-review-item-1", err) ||
	    sh_json_set(v, "record", json_incref(record), err) ||
	    sh_json_set(v, "errors", json_incref(json_object_get(e,
	    "errors")), err))
		goto out;
	*answer = v;
	v = NULL;
	rc = 0;
out:
	json_decref(v);
	json_decref(e);
	json_decref(record);
	sh_spool_close(store);
	return (rc);
}

static int
found_wrong(json_t *e, const json_t *record, const struct sh_review_act *act,
    struct sh_error *err)
{
	const json_t *f = json_object_get(json_object_get(record, "fields"),
	    act->field);
	struct sh_buf b = SH_BUF_INIT;
	int rc = -1;

	if (sh_text_clean(act->value, strlen(act->value), &b, err) == 0 &&
	    sh_buf_append(&b, "", 0, err) == 0)
		rc = sh_json_append(json_object_get(e, "errors"), json_pack(
		    "{s:s, s:s, s:s*, s:I, s:s}", "field", act->field, "new",
		    (char *)b.data, "old", f != NULL ? text(f, "value") :
		    NULL, "old_bp", json_integer_value(json_object_get(f,
		    "confidence_bp")), "by", act->who), err);
	sh_buf_free(&b);
	return (rc);
}

int
sh_review_sample_do(struct sh_home *h, const struct sh_review_act *act,
    json_t **answer, struct sh_error *err)
{
	struct sh_spool *store = NULL;
	json_t *e = NULL, *record = NULL;
	char name[64], at[SH_TIME_LEN];
	int rc = -1;

	if (act->what != SH_REVIEW_ACCEPT && act->what != SH_REVIEW_CORRECT)
		return (sh_error_set(err, SH_EARG, "review.sample-act",
		    "a sample is accepted, or corrected and then accepted"));
	if (sh_review_store(h, &store, err) ||
	    open_sample(h, store, act->item, act->who, &e, &record, err))
		goto out;
	sh_time_print(sh_now(), at);
	if (act->what == SH_REVIEW_CORRECT) {
		if (found_wrong(e, record, act, err))
			goto out;
	} else if (sh_json_set_str(e, "state", json_array_size(
	    json_object_get(e, "errors")) > 0 ? "wrong" : "right", err) ||
	    sh_json_set_str(e, "by", act->who, err) ||
	    sh_json_set_str(e, "at", at, err)) {
		goto out;
	}
	(void)snprintf(name, sizeof(name), "s-%.32s", text(e, "document"));
	if (put_entry(store, name, e, err) ||
	    sh_json_set_str(e, "item", act->item, err) ||
	    sh_json_set_str(e, "format", "sohoa-review-item-1", err))
		goto out;
	*answer = json_incref(e);
	rc = 0;
out:
	json_decref(e);
	json_decref(record);
	sh_spool_close(store);
	return (rc);
}

/* ---- what they say ----------------------------------------------------------------- */

static void
count(const json_t *samples, const char *lot, size_t *n, size_t *wrong,
    size_t *open)
{
	const json_t *e;
	size_t i;

	*n = *wrong = *open = 0;
	json_array_foreach((json_t *)(uintptr_t)samples, i, e) {
		if (lot != NULL && strcmp(text(e, "lot"), lot) != 0)
			continue;
		if (strcmp(text(e, "state"), "open") == 0) {
			(*open)++;
		} else {
			(*n)++;
			*wrong += strcmp(text(e, "state"), "wrong") == 0;
		}
	}
}

static int
set_rate(json_t *v, size_t n, size_t wrong, size_t open,
    struct sh_error *err)
{
	double low = 0, high = 1;

	if (n > 0)
		sh_rate_interval(wrong, n, &low, &high);
	if (sh_json_set_int(v, "inspected", (int64_t)n, err) ||
	    sh_json_set_int(v, "wrong", (int64_t)wrong, err) ||
	    sh_json_set_int(v, "open", (int64_t)open, err))
		return (-1);
	return (n == 0 ? 0 : sh_json_set(v, "rate", json_real((double)wrong /
	    (double)n), err) || sh_json_set(v, "low", json_real(low), err) ||
	    sh_json_set(v, "high", json_real(high), err) ? -1 : 0);
}

int
sh_review_quality(struct sh_home *h, json_t **answer, struct sh_error *err)
{
	struct sh_spool *store = NULL;
	json_t *samples = NULL, *lots = NULL, *v = NULL, *l;
	size_t i, n, wrong, open;
	int rc = -1;

	*answer = NULL;
	if (sh_review_store(h, &store, err) ||
	    (samples = gather(store, "s-", err)) == NULL ||
	    (lots = gather(store, "l-", err)) == NULL)
		goto out;
	json_array_foreach(lots, i, l) {
		size_t ac = (size_t)json_integer_value(json_object_get(l,
		    "accept"));

		count(samples, text(l, "lot"), &n, &wrong, &open);
		if (set_rate(l, n, wrong, open, err) ||
		    sh_json_set_str(l, "verdict", wrong > ac ? "rejected" :
		    open > 0 ? "open" : "accepted", err))
			goto out;
	}
	count(samples, NULL, &n, &wrong, &open);
	v = json_pack("{s:s, s:O, s:O}", "format", "sohoa-quality-1", "lots",
	    lots, "samples", samples);
	if (v == NULL) {
		(void)sh_error_nomem(err, "JSON");
		goto out;
	}
	if (set_rate(v, n, wrong, open, err))
		goto out;
	*answer = v;
	v = NULL;
	rc = 0;
out:
	json_decref(v);
	json_decref(samples);
	json_decref(lots);
	sh_spool_close(store);
	return (rc);
}
