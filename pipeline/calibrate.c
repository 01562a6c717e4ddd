#include "pipeline/calibrate.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "pipeline/aql.h"
#include "pipeline/review.h"

#define BINS		10
#define METHODS_MAX	16
#define MONTHS_MAX	240

struct tally {
	size_t n, right;
	double confidence;	/* sum */
	double square;		/* sum of squared errors: Brier */
};

struct calibration {
	int64_t from, to;
	struct sh_buf *pairs;
	const json_t *samples;
	struct tally all[2];	/* reviews, samples */
	struct tally bins[BINS];
	struct {
		char name[16];
		struct tally t;
	} methods[METHODS_MAX];
	size_t nmethods;
	struct {
		char name[8];	/* "2026-11" */
		struct tally t;
	} months[MONTHS_MAX];
	size_t nmonths;
	size_t missed;		/* values that only a person found */
	size_t documents;
};

static const char *
text(const json_t *v, const char *name)
{
	const char *s = json_string_value(json_object_get(v, name));

	return (s != NULL ? s : "");
}

static void
add(struct tally *t, double confidence, int right)
{
	t->n++;
	t->right += right != 0;
	t->confidence += confidence;
	t->square += (confidence - right) * (confidence - right);
}

static void
add_method(struct calibration *c, const char *name, double confidence,
    int right)
{
	size_t i;

	for (i = 0; i < c->nmethods; i++)
		if (strcmp(c->methods[i].name, name) == 0)
			break;
	if (i == METHODS_MAX)
		return;
	if (i == c->nmethods) {
		(void)snprintf(c->methods[i].name, sizeof(c->methods[i].name),
		    "%.15s", name);
		c->nmethods++;
	}
	add(&c->methods[i].t, confidence, right);
}

static void
add_month(struct calibration *c, const char *at, double confidence, int right)
{
	size_t i;

	for (i = 0; i < c->nmonths; i++)
		if (strncmp(c->months[i].name, at, 7) == 0)
			break;
	if (i == MONTHS_MAX)
		return;
	if (i == c->nmonths) {
		(void)snprintf(c->months[i].name, sizeof(c->months[i].name),
		    "%.7s", at);
		c->nmonths++;
	}
	add(&c->months[i].t, confidence, right);
}

struct value {
	const char *field, *method;
	int64_t bp;
	int right;
};

static int
take_value(struct calibration *c, const json_t *record,
    const struct value *v, int sampled, struct sh_error *err)
{
	const char *at = text(record, "archived_at");
	double p = (double)v->bp / 10000;
	int bin = (int)(p * BINS);

	add(&c->all[sampled], p, v->right);
	add(&c->bins[bin < BINS ? bin : BINS - 1], p, v->right);
	add_method(c, v->method, p, v->right);
	add_month(c, at, p, v->right);
	return (c->pairs == NULL ? 0 : sh_buf_printf(c->pairs, err,
	    "%.10s,%s,%s,%s,%lld,%d,%s\r\n", at, text(record, "type"),
	    v->field, v->method, (long long)v->bp, v->right, sampled ?
	    "sample" : "review"));
}

/* ---- documents that a person accepted -------------------------------------------- */

/* The first word about a field tells what the machine had read. */
static const json_t *
first_word(const json_t *decisions, const char *field)
{
	const json_t *v;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)decisions, i, v)
		if (strcmp(text(v, "field"), field) == 0)
			return (v);
	return (NULL);
}

static int
take_decided(struct calibration *c, const json_t *record,
    const json_t *decisions, struct sh_error *err)
{
	const json_t *d;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)decisions, i, d) {
		struct value v = { text(d, "field"), text(d, "method"),
		    json_integer_value(json_object_get(d, "old_bp")),
		    strcmp(text(d, "what"), "confirm") == 0 };

		if (*v.field == '\0' || first_word(decisions, v.field) != d)
			continue;
		if (json_object_get(d, "old") == NULL)
			c->missed++;
		else if (take_value(c, record, &v, 0, err))
			return (-1);
	}
	return (0);
}

static int
take_reviewed(struct calibration *c, const json_t *record,
    const json_t *decisions, struct sh_error *err)
{
	const json_t *f;
	const char *name;

	json_object_foreach(json_object_get(record, "fields"), name, f) {
		struct value v = { name, text(f, "method"),
		    json_integer_value(json_object_get(f, "confidence_bp")),
		    1 };

		if (first_word(decisions, name) == NULL &&
		    take_value(c, record, &v, 0, err))
			return (-1);
	}
	return (take_decided(c, record, decisions, err));
}

/* ---- samples ------------------------------------------------------------------------ */

static int
take_sample(struct calibration *c, const json_t *record, const json_t *sample,
    struct sh_error *err)
{
	const json_t *errors = json_object_get(sample, "errors"), *e, *f;
	const json_t *fields = json_object_get(record, "fields");
	const char *name;
	size_t i;

	json_object_foreach((json_t *)(uintptr_t)fields, name, f) {
		struct value v = { name, text(f, "method"),
		    json_integer_value(json_object_get(f, "confidence_bp")),
		    first_word(errors, name) == NULL };

		if (take_value(c, record, &v, 1, err))
			return (-1);
	}
	json_array_foreach((json_t *)(uintptr_t)errors, i, e)
		c->missed += json_object_get(fields, text(e, "field")) ==
		    NULL;
	return (0);
}

static int
take_document(void *arg, const struct sh_document_id *id,
    const json_t *record, struct sh_error *err)
{
	struct calibration *c = arg;
	const json_t *decisions = json_object_get(json_object_get(record,
	    "made_by"), "review"), *s;
	char hex[SH_DOCUMENT_ID_LEN];
	int64_t at;
	size_t i;

	if (sh_time_parse(text(record, "archived_at"), &at) || at < c->from ||
	    at >= c->to)
		return (0);
	if (decisions != NULL) {
		c->documents++;
		return (take_reviewed(c, record, decisions, err));
	}
	sh_document_id_print(id, hex);
	json_array_foreach((json_t *)(uintptr_t)c->samples, i, s)
		if (strcmp(text(s, "document"), hex) == 0 &&
		    strcmp(text(s, "state"), "open") != 0) {
			c->documents++;
			return (take_sample(c, record, s, err));
		}
	return (0);
}

/* ---- the answer ------------------------------------------------------------------------ */

static json_t *
tally_value(const struct tally *t, struct sh_error *err)
{
	double low = 0, high = 1, n = (double)t->n;
	json_t *v;

	if (t->n > 0)
		sh_rate_interval(t->right, t->n, &low, &high);
	v = t->n == 0 ? json_pack("{s:i}", "values", 0) :
	    json_pack("{s:I, s:I, s:f, s:f, s:f, s:f, s:f}", "values",
	    (json_int_t)t->n, "right", (json_int_t)t->right, "confidence",
	    t->confidence / n, "rate", (double)t->right / n, "low", low,
	    "high", high, "brier", t->square / n);
	if (v == NULL)
		(void)sh_error_nomem(err, "JSON");
	return (v);
}

static int
add_named(json_t *list, const char *member, const char *name,
    const struct tally *t, struct sh_error *err)
{
	json_t *v = tally_value(t, err);

	if (v == NULL || sh_json_append(list, v, err))
		return (-1);
	return (sh_json_set_str(v, member, name, err));
}

/* Expected calibration error: how far rates lie from confidences. */
static double
calibration_error(const struct calibration *c)
{
	double sum = 0, n = 0;
	size_t i;

	for (i = 0; i < BINS; i++) {
		const struct tally *t = &c->bins[i];

		if (t->n == 0)
			continue;
		sum += fabs((double)t->right - t->confidence);
		n += (double)t->n;
	}
	return (n > 0 ? sum / n : 0);
}

static int
by_name(const void *a, const void *b)
{
	return (strcmp(a, b));
}

/*
 * The last month against all before: does its rate lie outside what its
 * confidence, and the gap that was there before, would let expect?
 */
static json_t *
drift_value(const struct calibration *c, struct sh_error *err)
{
	struct tally before = { 0 };
	const struct tally *last;
	double low, high, gap, was, expected;
	json_t *v;
	size_t i;

	if (c->nmonths < 2)
		return (json_null());
	for (i = 0; i + 1 < c->nmonths; i++) {
		before.n += c->months[i].t.n;
		before.right += c->months[i].t.right;
		before.confidence += c->months[i].t.confidence;
	}
	last = &c->months[c->nmonths - 1].t;
	was = ((double)before.right - before.confidence) / (double)before.n;
	gap = ((double)last->right - last->confidence) / (double)last->n;
	expected = last->confidence / (double)last->n + was;
	sh_rate_interval(last->right, last->n, &low, &high);
	v = json_pack("{s:s, s:f, s:f, s:b}", "month",
	    c->months[c->nmonths - 1].name, "gap", gap, "before", was,
	    "significant", expected < low || expected > high);
	if (v == NULL)
		(void)sh_error_nomem(err, "JSON");
	return (v);
}

static json_t *
answer_of(struct calibration *c, struct sh_error *err)
{
	json_t *v, *bins, *methods, *months;
	char name[16];
	size_t i;

	v = json_pack("{s:s, s:I, s:I, s:f, s:[], s:[], s:[]}", "format",
	    "sohoa-calibration-1", "documents", (json_int_t)c->documents,
	    "missed", (json_int_t)c->missed, "error", calibration_error(c),
	    "bins", "methods", "months");
	if (v == NULL) {
		(void)sh_error_nomem(err, "JSON");
		return (NULL);
	}
	bins = json_object_get(v, "bins");
	methods = json_object_get(v, "methods");
	months = json_object_get(v, "months");
	if (c->nmonths > 0)
		qsort(c->months, c->nmonths, sizeof(c->months[0]), by_name);
	for (i = 0; i < BINS; i++) {
		(void)snprintf(name, sizeof(name), "%zu-%zu", i * 100 / BINS,
		    (i + 1) * 100 / BINS);
		if (add_named(bins, "percent", name, &c->bins[i], err))
			goto bad;
	}
	for (i = 0; i < c->nmethods; i++)
		if (add_named(methods, "method", c->methods[i].name,
		    &c->methods[i].t, err))
			goto bad;
	for (i = 0; i < c->nmonths; i++)
		if (add_named(months, "month", c->months[i].name,
		    &c->months[i].t, err))
			goto bad;
	if (sh_json_set(v, "reviews", tally_value(&c->all[0], err), err) ||
	    sh_json_set(v, "samples", tally_value(&c->all[1], err), err) ||
	    sh_json_set(v, "drift", drift_value(c, err), err))
		goto bad;
	return (v);
bad:
	json_decref(v);
	return (NULL);
}

int
sh_calibrate(struct sh_home *h, struct sh_date from, struct sh_date to,
    struct sh_buf *pairs, json_t **answer, struct sh_error *err)
{
	struct calibration *c;
	json_t *quality = NULL;
	int rc = -1;

	*answer = NULL;
	if ((c = sh_alloc(1, sizeof(*c), "the figures", err)) == NULL)
		return (-1);
	c->from = sh_date_start(from);
	c->to = sh_date_start(sh_date_add_days(to, 1));
	c->pairs = pairs;
	if (pairs != NULL && sh_buf_puts(pairs, "day,type,field,method,"
	    "confidence_bp,right,source\r\n", err))
		goto out;
	if (sh_review_quality(h, &quality, err))
		goto out;
	c->samples = json_object_get(quality, "samples");
	if (sh_archive_each(h->archive, take_document, c, err) == 0 &&
	    (*answer = answer_of(c, err)) != NULL)
		rc = 0;
out:
	json_decref(quality);
	free(c);
	return (rc);
}
