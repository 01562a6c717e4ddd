#include "pipeline/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "base/mem.h"
#include "base/text.h"
#include "pipeline/figures.h"
#include "pipeline/review.h"
#include "schemas/indicators.h"

#define CODE_BYTES	72

/* What can be said of a dossier: the names that indicators use. */
enum fact {
	RECEIVED = 0x01,
	FINISHED = 0x02,
	COMPONENT = 0x04,	/* one was digitised */
	RESULT = 0x08,
	REUSED = 0x10,		/* a component was satisfied from the archive */
	CERTIFIED = 0x20,
	NATIONAL = 0x40		/* from the national portal's store */
};
static const struct {
	const char *name;
	unsigned fact;		/* 0: nothing here knows it */
} facts[] = {
	{ "received", RECEIVED }, { "finished", FINISHED },
	{ "component", COMPONENT }, { "result", RESULT },
	{ "reused", REUSED }, { "certified", CERTIFIED },
	{ "national", NATIONAL }, { "population", 0 },
};

struct sums {
	int64_t dossiers, finished, fed, archived_pages, blank, set_aside,
	    components, results, reused, certified, documents, linked,
	    straight, waiting, corrections, bytes, signed_pages;
};

struct dossier {		/* all its feeds */
	char code[CODE_BYTES];
	char procedure[CODE_BYTES];
	char agency[CODE_BYTES];
	unsigned facts;
	int open;
	int64_t received, begun, done;
	struct sums sums;
};

struct report {
	struct sh_home *h;
	int64_t from, to;
	int64_t first, last;	/* receipts in the ledger, of any day; 0: none */
	json_t *indicators;
	struct dossier *list;
	size_t n, cap;
};

/* ---- dossiers ------------------------------------------------------------------ */

static const char *
text(const json_t *v, const char *name)
{
	const char *s = json_string_value(json_object_get(v, name));

	return (s != NULL ? s : "");
}

static int64_t
number(const json_t *v, const char *name)
{
	return ((int64_t)json_integer_value(json_object_get(v, name)));
}

/*
 * The agency in a dossier's code.  Rule: TT 03/2025/TT-VPCP Art. 13 (large to
 * small); TT 01/2018/TT-VPCP Art. 19 (small to large).  Empty groups are left
 * out.  A code of our own has none: then it is the home's.
 */
static void
agency_of(const struct sh_home *h, const char *code, char out[CODE_BYTES])
{
	const char *part[8];
	size_t len[8], n = 0, i, k, at = 0, end = strcspn(code, "-");
	int reversed;

	out[0] = '\0';
	for (i = 0; i < end && n < SH_COUNT(part); i += len[n - 1] + 1) {
		part[n] = code + i;
		len[n] = strcspn(code + i, ".-");
		n++;
	}
	reversed = n > 1 && part[n - 1][0] >= 'A' && part[n - 1][0] <= 'Z';
	if (n < 2 && strncmp(code, "L-", 2) == 0)
		n = 0;
	for (i = 0; i < n; i++) {
		k = reversed ? n - 1 - i : i;
		if (strspn(part[k], "0") >= len[k] || at + len[k] + 2 >
		    CODE_BYTES)
			continue;
		at += (size_t)snprintf(out + at, CODE_BYTES - at, "%s%.*s",
		    at > 0 ? "." : "", (int)len[k], part[k]);
	}
	if (at == 0)
		(void)snprintf(out, CODE_BYTES, "%.70s",
		    sh_config_text(h->config, "agency-code"));
}

static const char *
level_of(const json_t *indicators, const char *agency)
{
	const json_t *own = json_object_get(json_object_get(indicators,
	    "agencies"), agency), *v;
	int64_t segments = 1;
	const char *p;
	size_t i;

	if (json_is_string(own))
		return (json_string_value(own));
	for (p = agency; *p != '\0'; p++)
		segments += *p == '.';
	json_array_foreach(json_object_get(indicators, "levels"), i, v)
		if (number(v, "segments") == segments)
			return (text(v, "level"));
	return ("other");
}

static struct dossier *
new_dossier(struct report *r, const json_t *e, struct sh_error *err)
{
	const char *code = text(e, "dossier");
	struct dossier *d;

	if (sh_grow(&r->list, &r->cap, r->n + 1, sizeof(*r->list),
	    "the figures", err))
		return (NULL);
	d = &r->list[r->n++];
	memset(d, 0, sizeof(*d));
	(void)snprintf(d->code, sizeof(d->code), "%.70s", code);
	(void)snprintf(d->procedure, sizeof(d->procedure), "%.70s",
	    text(e, "procedure"));
	agency_of(r->h, code, d->agency);
	d->received = number(e, "received_at");
	d->begun = number(e, "begun_at");
	d->facts = RECEIVED;
	d->sums.dossiers = 1;
	return (d);
}

static void
add_document(struct dossier *d, const json_t *v, int result)
{
	const char *state = text(v, "state");
	int linked = strcmp(state, "linked") == 0;
	struct sums *s = &d->sums;

	if (!linked && strcmp(state, "archived") != 0) {
		s->waiting++;
		return;
	}
	s->documents++;
	s->linked += linked;
	s->straight += json_is_true(json_object_get(v, "straight"));
	s->corrections += number(v, "corrections");
	if (number(v, "bytes") > 0) {
		s->bytes += number(v, "bytes");
		s->signed_pages += number(v, "pages");
	}
	if (result) {
		s->results++;
		d->facts |= RESULT;
	} else {
		s->components++;
		d->facts |= COMPONENT;
	}
	if (json_is_true(json_object_get(v, "certified"))) {
		s->certified++;
		d->facts |= CERTIFIED;
	}
}

static int
add_entry(void *arg, const json_t *e, struct sh_error *err)
{
	struct report *r = arg;
	const json_t *pages = json_object_get(e, "pages"), *v;
	int64_t done = number(e, "done_at"), received = number(e,
	    "received_at");
	struct dossier *d;
	size_t i;

	if (r->first == 0 || received < r->first)
		r->first = received;
	if (received > r->last)
		r->last = received;
	if (received < r->from || received >= r->to)
		return (0);
	if ((d = new_dossier(r, e, err)) == NULL)
		return (-1);
	json_array_foreach(json_object_get(e, "documents"), i, v)
		add_document(d, v, json_is_true(json_object_get(e,
		    "result")));
	json_array_foreach(json_object_get(e, "reused"), i, v) {
		d->sums.reused++;
		d->facts |= REUSED;
		if (json_is_true(json_object_get(v, "national")))
			d->facts |= NATIONAL;
	}
	if (pages == NULL)
		return (0);
	d->sums.fed = number(pages, "fed");
	d->sums.archived_pages = number(pages, "archived");
	d->sums.blank = number(pages, "blank");
	d->sums.set_aside = number(pages, "set_aside");
	d->open = done == 0;
	d->done = done;
	return (0);
}

static int
by_code(const void *a, const void *b)
{
	const struct dossier *x = a, *y = b;

	return (strcmp(x->code, y->code));
}

static void
add_sums(struct sums *to, const struct sums *from)
{
	int64_t *t = (int64_t *)to;
	const int64_t *f = (const int64_t *)from;
	size_t i;

	for (i = 0; i < sizeof(*to) / sizeof(*t); i++)
		t[i] += f[i];
}

/* The feeds of one dossier are one. */
static void
merge_feeds(struct report *r)
{
	struct dossier *to, *d;
	size_t i, n = 0;

	if (r->n > 0)
		qsort(r->list, r->n, sizeof(*r->list), by_code);
	for (i = 0; i < r->n; i++) {
		d = &r->list[i];
		to = n > 0 ? &r->list[n - 1] : NULL;
		if (to == NULL || strcmp(to->code, d->code) != 0) {
			r->list[n++] = *d;
			continue;
		}
		add_sums(&to->sums, &d->sums);
		to->sums.dossiers = 1;
		to->facts |= d->facts;
		to->open |= d->open;
		to->begun = d->begun < to->begun ? d->begun : to->begun;
		to->done = d->done > to->done ? d->done : to->done;
	}
	r->n = n;
	for (i = 0; i < n; i++)
		if (!r->list[i].open && r->list[i].done != 0) {
			r->list[i].facts |= FINISHED;
			r->list[i].sums.finished = 1;
		}
}

/* ---- groups --------------------------------------------------------------------- */

static int
by_number(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x < y ? -1 : x > y);
}

/* The value that a share of a sorted list does not pass; nearest rank. */
static int64_t
percentile(const int64_t *sorted, size_t n, unsigned percent)
{
	size_t rank = (n * percent + 99) / 100;

	return (n == 0 ? 0 : sorted[rank > 0 ? rank - 1 : 0]);
}

static int
set_share(json_t *v, const char *name, int64_t part, int64_t whole,
    struct sh_error *err)
{
	return (whole <= 0 ? sh_json_set(v, name, json_null(), err) :
	    sh_json_set(v, name, json_real((double)part / (double)whole),
	    err));
}

static json_t *
sums_value(const struct sums *s, const int64_t *times, size_t ntimes,
    struct sh_error *err)
{
	const struct {
		const char *name;
		int64_t value;
	} list[] = {
		{ "dossiers", s->dossiers }, { "finished", s->finished },
		{ "pages_fed", s->fed },
		{ "pages_archived", s->archived_pages },
		{ "pages_blank", s->blank },
		{ "pages_set_aside", s->set_aside },
		{ "documents", s->documents }, { "linked", s->linked },
		{ "components", s->components }, { "results", s->results },
		{ "reused", s->reused }, { "certified", s->certified },
		{ "waiting", s->waiting }, { "straight", s->straight },
		{ "corrections", s->corrections }, { "bytes", s->bytes },
	};
	json_t *v;
	size_t i;

	if ((v = sh_json_new_object(err)) == NULL)
		return (NULL);
	for (i = 0; i < SH_COUNT(list); i++)
		if (sh_json_set_int(v, list[i].name, list[i].value, err))
			goto bad;
	if (set_share(v, "straight_share", s->straight, s->documents +
	    s->waiting, err) ||
	    set_share(v, "corrections_a_page", s->corrections,
	    s->archived_pages, err) ||
	    set_share(v, "bytes_a_page", s->bytes, s->signed_pages, err) ||
	    sh_json_set(v, "time_p50_s", ntimes > 0 ? json_integer(
	    percentile(times, ntimes, 50)) : json_null(), err) ||
	    sh_json_set(v, "time_p95_s", ntimes > 0 ? json_integer(
	    percentile(times, ntimes, 95)) : json_null(), err))
		goto bad;
	return (v);
bad:
	json_decref(v);
	return (NULL);
}

/*
 * The figures of all dossiers for which KEY gives NAME; NULL: of all.  KEY
 * writes into its last argument.
 */
static json_t *
group_value(const struct report *r, void (*key)(const struct report *,
    const struct dossier *, char *), const char *name, struct sh_error *err)
{
	struct sums s = { 0 };
	int64_t *times;
	char own[CODE_BYTES];
	json_t *v;
	size_t i, n = 0;

	if ((times = sh_alloc(r->n, sizeof(*times), "the figures", err)) ==
	    NULL)
		return (NULL);
	for (i = 0; i < r->n; i++) {
		const struct dossier *d = &r->list[i];

		if (name != NULL) {
			key(r, d, own);
			if (strcmp(own, name) != 0)
				continue;
		}
		add_sums(&s, &d->sums);
		if (d->facts & FINISHED && d->done >= d->begun)
			times[n++] = d->done - d->begun;
	}
	if (n > 0)
		qsort(times, n, sizeof(*times), by_number);
	v = sums_value(&s, times, n, err);
	free(times);
	return (v);
}

static void
key_agency(const struct report *r, const struct dossier *d, char *out)
{
	(void)r;
	memcpy(out, d->agency, CODE_BYTES);
}

static void
key_level(const struct report *r, const struct dossier *d, char *out)
{
	(void)snprintf(out, CODE_BYTES, "%.70s", level_of(r->indicators,
	    d->agency));
}

static void
key_day(const struct report *r, const struct dossier *d, char *out)
{
	(void)r;
	sh_date_print(sh_date_at(d->received), out);
}

static int
by_name(const void *a, const void *b)
{
	return (strcmp(a, b));
}

/* A list of groups in the order of their names. */
static json_t *
groups_value(const struct report *r, const char *member,
    void (*key)(const struct report *, const struct dossier *, char *),
    struct sh_error *err)
{
	char (*names)[CODE_BYTES];
	json_t *list, *v;
	size_t i;

	if ((names = sh_alloc(r->n, sizeof(*names), "the figures", err)) ==
	    NULL)
		return (NULL);
	for (i = 0; i < r->n; i++)
		key(r, &r->list[i], names[i]);
	if (r->n > 0)
		qsort(names, r->n, sizeof(*names), by_name);
	list = sh_json_new_array(err);
	for (i = 0; list != NULL && i < r->n; i++) {
		if (i > 0 && strcmp(names[i], names[i - 1]) == 0)
			continue;
		v = group_value(r, key, names[i], err);
		if (v == NULL || sh_json_append(list, v, err) ||
		    sh_json_set_str(v, member, names[i], err) ||
		    (key == key_agency && sh_json_set_str(v, "level",
		    level_of(r->indicators, names[i]), err))) {
			json_decref(list);
			list = NULL;
		}
	}
	free(names);
	return (list);
}

/* ---- indicators -------------------------------------------------------------------- */

/* The facts that a list names; KNOWN 0: one of them nobody knows here. */
static unsigned
facts_of(const json_t *list, int *known)
{
	const char *s;
	const json_t *v;
	unsigned all = 0;
	size_t i, k;

	json_array_foreach((json_t *)(uintptr_t)list, i, v) {
		s = json_string_value(v);
		for (k = 0; k < SH_COUNT(facts); k++)
			if (strcmp(facts[k].name, s) == 0)
				break;
		if (k == SH_COUNT(facts) || facts[k].fact == 0)
			*known = 0;
		else
			all |= facts[k].fact;
	}
	return (all);
}

/* Is it the first dossier of its procedure that has these facts? */
static int
is_first(const struct report *r, size_t i, unsigned want)
{
	size_t k;

	for (k = 0; k < i; k++)
		if ((r->list[k].facts & want) == want &&
		    strcmp(r->list[k].procedure, r->list[i].procedure) == 0)
			return (0);
	return (1);
}

static int
list_dossiers(const struct report *r, json_t *v, const char *name,
    unsigned want, unsigned without, struct sh_error *err)
{
	json_t *list = sh_json_new_array(err);
	size_t i;

	if (list == NULL || sh_json_set(v, name, list, err))
		return (-1);
	for (i = 0; i < r->n; i++)
		if ((r->list[i].facts & want) == want && (without == 0 ||
		    (r->list[i].facts & without) != without))
			if (sh_json_append(list, json_string(
			    r->list[i].code), err))
				return (-1);
	return (0);
}

/* Rule: QĐ 766/QĐ-TTg: points = min(most, most × ratio / target). */
static json_t *
indicator_value(const struct report *r, const json_t *def, int drill,
    struct sh_error *err)
{
	int known = 1, by_procedure = strcmp(text(def, "by"), "procedure") ==
	    0;
	unsigned over = facts_of(json_object_get(def, "numerator"), &known);
	unsigned under = facts_of(json_object_get(def, "denominator"),
	    &known);
	int64_t n = 0, m = 0;
	double ratio, points, most = (double)number(def, "max");
	json_t *v;
	size_t i;

	over |= under;
	for (i = 0; i < r->n; i++) {
		unsigned f = r->list[i].facts;

		m += (f & under) == under && (!by_procedure || is_first(r, i,
		    under));
		n += (f & over) == over && (!by_procedure || is_first(r, i,
		    over));
	}
	v = json_pack("{s:s, s:s, s:s, s:I, s:I, s:b}", "code", text(def,
	    "code"), "label", text(def, "label"), "label_en", text(def,
	    "label_en"), "max", (json_int_t)number(def, "max"), "target_bp",
	    (json_int_t)number(def, "target_bp"), "known", known);
	if (v == NULL) {
		(void)sh_error_nomem(err, "JSON");
		return (NULL);
	}
	if (!known)
		return (v);
	ratio = m > 0 ? (double)n / (double)m : 0;
	points = most * ratio * 10000 / (double)number(def, "target_bp");
	if (sh_json_set_int(v, "numerator", n, err) ||
	    sh_json_set_int(v, "denominator", m, err) ||
	    (m > 0 && (sh_json_set(v, "ratio", json_real(ratio), err) ||
	    sh_json_set(v, "points", json_real((double)(int64_t)((points <
	    most ? points : most) * 100 + 0.5) / 100), err))) ||
	    (drill && (list_dossiers(r, v, "counted", over, 0, err) ||
	    list_dossiers(r, v, "not_counted", under, over, err)))) {
		json_decref(v);
		return (NULL);
	}
	return (v);
}

static json_t *
indicators_value(const struct report *r, const char *drill,
    struct sh_error *err)
{
	json_t *list, *def, *v;
	size_t i;
	int found = drill == NULL, this;

	if ((list = sh_json_new_array(err)) == NULL)
		return (NULL);
	json_array_foreach(json_object_get(r->indicators, "indicators"), i,
	    def) {
		this = drill != NULL && strcmp(drill, text(def, "code")) == 0;
		found |= this;
		v = indicator_value(r, def, this, err);
		if (v == NULL || sh_json_append(list, v, err)) {
			json_decref(list);
			return (NULL);
		}
	}
	if (found)
		return (list);
	json_decref(list);
	sh_error_param(err, "value", "%.60s", drill);
	(void)sh_error_set(err, SH_ENOTFOUND, "report.indicator",
	    "no indicator %.60s", drill);
	return (NULL);
}

/* ---- the queue ------------------------------------------------------------------------- */

static json_t *
queue_value(struct sh_home *h, struct sh_error *err)
{
	struct sh_review_filter f = { .limit = 0 };
	json_t *answer, *items, *e, *v = NULL;
	int64_t *ages, overdue = 0;
	size_t i, n;

	if (sh_review_list(h, &f, SH_EN, &answer, err))
		return (NULL);
	items = json_object_get(answer, "items");
	n = json_array_size(items);
	ages = sh_alloc(n, sizeof(*ages), "the queue", err);
	if (ages != NULL) {
		json_array_foreach(items, i, e) {
			ages[i] = number(e, "age_s");
			overdue += json_is_true(json_object_get(e,
			    "overdue"));
		}
		if (n > 0)
			qsort(ages, n, sizeof(*ages), by_number);
		v = json_pack("{s:I, s:I, s:I, s:I, s:I}", "waiting",
		    (json_int_t)n, "overdue", (json_int_t)overdue,
		    "age_p50_s", (json_int_t)percentile(ages, n, 50),
		    "age_p95_s", (json_int_t)percentile(ages, n, 95),
		    "age_max_s", (json_int_t)percentile(ages, n, 100));
		if (v == NULL)
			(void)sh_error_nomem(err, "JSON");
	}
	free(ages);
	json_decref(answer);
	return (v);
}

int
sh_report(struct sh_home *h, struct sh_date from, struct sh_date to,
    const char *drill, json_t **answer, struct sh_error *err)
{
	struct report r = { .h = h, .from = sh_date_start(from),
	    .to = sh_date_start(sh_date_add_days(to, 1)) };
	char first[SH_DATE_LEN], last[SH_DATE_LEN];
	char *dir;
	json_t *v = NULL, *quality = NULL;
	int rc = -1;

	*answer = NULL;
	if ((dir = sh_path_join(h->dir, "catalogue", err)) == NULL)
		return (-1);
	if (sh_indicators_load(dir, &r.indicators, err) ||
	    sh_figures_each(h, add_entry, &r, err))
		goto out;
	merge_feeds(&r);
	sh_date_print(from, first);
	sh_date_print(to, last);
	v = json_pack("{s:s, s:s, s:s}", "format", "sohoa-report-1", "from",
	    first, "to", last);
	if (v == NULL) {
		(void)sh_error_nomem(err, "JSON");
		goto out;
	}
	if (sh_json_set(v, "total", group_value(&r, NULL, NULL, err), err) ||
	    sh_json_set(v, "levels", groups_value(&r, "level", key_level,
	    err), err) || sh_json_set(v, "agencies", groups_value(&r,
	    "agency", key_agency, err), err) ||
	    sh_json_set(v, "days", groups_value(&r, "day", key_day, err),
	    err) || sh_json_set(v, "indicators", indicators_value(&r, drill,
	    err), err) || sh_json_set(v, "queue", queue_value(h, err), err) ||
	    sh_review_quality(h, &quality, err))
		goto out;
	(void)json_object_del(quality, "samples");
	if (r.first > 0) {
		sh_date_print(sh_date_at(r.first), first);
		sh_date_print(sh_date_at(r.last), last);
		if (sh_json_set(v, "received", json_pack("{s:s, s:s}",
		    "first", first, "last", last), err))
			goto out;
	}
	if (sh_json_set(v, "quality", json_incref(quality), err))
		goto out;
	*answer = v;
	v = NULL;
	rc = 0;
out:
	json_decref(v);
	json_decref(quality);
	json_decref(r.indicators);
	free(r.list);
	free(dir);
	return (rc);
}

/* ---- CSV ------------------------------------------------------------------------------------ */

int
sh_report_csv(const json_t *report, struct sh_buf *out, struct sh_error *err)
{
	static const char *const columns[] = { "agency", "level", "dossiers",
	    "finished", "pages_fed", "pages_archived", "pages_blank",
	    "pages_set_aside", "documents", "linked", "components", "results",
	    "reused", "certified", "waiting", "straight", "straight_share",
	    "corrections", "corrections_a_page", "bytes", "bytes_a_page",
	    "time_p50_s", "time_p95_s" };
	const json_t *v, *x;
	size_t i, k;

	for (k = 0; k < SH_COUNT(columns); k++)
		if (sh_buf_printf(out, err, "%s%s", k > 0 ? "," : "",
		    columns[k]))
			return (-1);
	json_array_foreach(json_object_get(report, "agencies"), i, v)
		for (k = 0; k < SH_COUNT(columns); k++) {
			if (sh_buf_puts(out, k == 0 ? "\r\n" : ",", err))
				return (-1);
			x = json_object_get(v, columns[k]);
			/* Codes hold no comma, quote or line. */
			if ((json_is_string(x) && sh_buf_puts(out,
			    json_string_value(x), err)) ||
			    (json_is_integer(x) && sh_buf_printf(out, err,
			    "%lld", (long long)json_integer_value(x))) ||
			    (json_is_real(x) && sh_buf_printf(out, err,
			    "%.4f", json_real_value(x))))
				return (-1);
		}
	return (sh_buf_puts(out, "\r\n", err));
}
