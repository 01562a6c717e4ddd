#include "archive/fixity.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "archive/archive_internal.h"
#include "archive/fixity_internal.h"
#include "base/fs.h"
#include "base/mem.h"
#include "signing/cms.h"

#define STATE_MAX	((size_t)256 << 20)
#define FINDINGS_MAX	1000
#define NUMBER_MAX	((int64_t)1 << 52)

/* A span: the events of a shard behind position FROM. */
struct span {
	unsigned shard;
	uint64_t from;
	uint64_t events;	/* at most SH_SPAN_EVENTS */
	int64_t checked;	/* 0: never */
	uint64_t documents, bytes;
};

struct state {
	struct span *spans;
	size_t n, cap;
	json_t *findings;
};

static void
state_clear(struct state *s)
{
	free(s->spans);
	json_decref(s->findings);
	memset(s, 0, sizeof(*s));
}

/* ---- the file ------------------------------------------------------------ */

static int
parse_span(const json_t *v, struct span *s, struct sh_error *err)
{
	int64_t n[6];
	size_t i;

	for (i = 0; i < SH_COUNT(n); i++) {
		n[i] = json_integer_value(json_array_get(v, i));
		if (!json_is_integer(json_array_get(v, i)) || n[i] < 0 ||
		    n[i] > NUMBER_MAX)
			return (sh_error_set(err, SH_EFORMAT, "scrub.state",
			    "a span that is none"));
	}
	*s = (struct span){ (unsigned)n[0], (uint64_t)n[1], (uint64_t)n[2],
	    n[3], (uint64_t)n[4], (uint64_t)n[5] };
	return (0);
}

/* 1 with the state, 0 when there is none yet, -1. */
static int
load_state(const char *dir, struct state *s, struct sh_error *err)
{
	json_t *v = NULL, *list, *item;
	char *path;
	size_t i;
	int r = -1;

	memset(s, 0, sizeof(*s));
	if ((path = sh_path_join(dir, "state.json", err)) == NULL)
		return (-1);
	if (access(path, F_OK) != 0) {
		r = (s->findings = sh_json_new_array(err)) == NULL ? -1 : 0;
		goto out;
	}
	if ((v = sh_json_load(path, STATE_MAX, err)) == NULL ||
	    sh_json_array(v, "spans", 1, SIZE_MAX, &list, err) ||
	    sh_grow(&s->spans, &s->cap, json_array_size(list) + 1,
	    sizeof(*s->spans), "spans", err))
		goto out;
	json_array_foreach(list, i, item)
		if (parse_span(item, &s->spans[s->n++], err))
			goto out;
	if (sh_json_array(v, "findings", 1, FINDINGS_MAX, &list, err) == 0) {
		s->findings = json_incref(list);
		r = 1;
	}
out:
	if (r < 0)
		state_clear(s);
	json_decref(v);
	free(path);
	return (r);
}

static int
store_state(const char *dir, const struct state *s, struct sh_error *err)
{
	struct sh_buf b = SH_BUF_INIT;
	json_t *v, *list = NULL, *item;
	char *path = NULL;
	size_t i;
	int rc = -1;

	if ((v = sh_json_new_object(err)) == NULL ||
	    sh_json_set_str(v, "format", "sohoa-scrub-1", err) ||
	    (list = sh_json_new_array(err)) == NULL ||
	    sh_json_set(v, "spans", list, err) ||
	    sh_json_set(v, "findings", json_incref(s->findings), err))
		goto out;
	for (i = 0; i < s->n; i++) {
		item = json_pack("[I,I,I,I,I,I]",
		    (json_int_t)s->spans[i].shard,
		    (json_int_t)s->spans[i].from,
		    (json_int_t)s->spans[i].events,
		    (json_int_t)s->spans[i].checked,
		    (json_int_t)s->spans[i].documents,
		    (json_int_t)s->spans[i].bytes);
		if (sh_json_append(list, item, err))
			goto out;
	}
	if (sh_json_canonical(v, &b, err) == 0 &&
	    (path = sh_path_join(dir, "state.json", err)) != NULL)
		rc = sh_fs_replace(path, b.data, b.len, 0600, err);
out:
	free(path);
	json_decref(v);
	sh_buf_free(&b);
	return (rc);
}

/* ---- spans --------------------------------------------------------------- */

struct counting {
	struct state *state;
	unsigned shard;
	uint64_t position;
	uint64_t behind;	/* the last span's own events, not new */
};

static int
count_event(void *arg, const struct sh_fed *item, struct sh_error *err)
{
	struct counting *c = arg;
	struct state *s = c->state;
	struct span *last = s->n > 0 ? &s->spans[s->n - 1] : NULL;

	if (last == NULL || last->shard != c->shard ||
	    last->events == SH_SPAN_EVENTS) {
		if (sh_grow(&s->spans, &s->cap, s->n + 1, sizeof(*s->spans),
		    "spans", err))
			return (-1);
		last = &s->spans[s->n++];
		*last = (struct span){ .shard = c->shard,
		    .from = c->position };
	}
	c->position = item->position;
	if (c->behind > 0) {
		c->behind--;
		return (0);
	}
	last->events++;
	/* What was added has never been looked at. */
	last->checked = 0;
	return (0);
}

/* Spans for what the feed has grown by. */
static int
follow_feed(struct sh_archive *ar, struct state *s, struct sh_error *err)
{
	struct counting c = { .state = s };
	struct span *open;
	struct state all = { .findings = NULL };
	size_t i, k = 0;
	int rc = 0;

	/* Shard by shard, each with its spans in order. */
	for (c.shard = 0; rc == 0 && c.shard < sh_engine_shards(ar->engine);
	    c.shard++) {
		c.state = &all;
		for (i = 0; i < s->n && rc == 0; i++)
			if (s->spans[i].shard == c.shard) {
				rc = sh_grow(&all.spans, &all.cap, all.n + 1,
				    sizeof(*all.spans), "spans", err);
				if (rc == 0)
					all.spans[all.n++] = s->spans[i];
			}
		open = all.n > k ? &all.spans[all.n - 1] : NULL;
		c.position = open != NULL ? open->from : 0;
		c.behind = open != NULL ? open->events : 0;
		if (rc == 0)
			rc = sh_engine_feed(ar->engine, c.shard, NULL,
			    c.position, count_event, &c, err);
		k = all.n;
	}
	if (rc == 0) {
		free(s->spans);
		s->spans = all.spans;
		s->n = all.n;
		s->cap = all.cap;
	} else
		free(all.spans);
	return (rc);
}

/* ---- proving ------------------------------------------------------------- */

struct proving {
	struct sh_archive *ar;
	const struct sh_scrub *how;
	struct state *state;
	struct span *span;
	uint64_t left;		/* events of the span */
	uint64_t documents, bytes;
	uint64_t done;		/* bytes of all spans of this call */
	int stopped;
};

/* What is wrong is written down; anything else ends the scrub. */
static int
note(struct proving *p, const struct sh_tag *document, struct sh_error *err)
{
	struct sh_error cause = *err;
	char at[SH_TIME_LEN], hex[SH_TAG_HEX];
	json_t *v;

	if (err->code != SH_EFIXITY && err->code != SH_EFORMAT &&
	    err->code != SH_ENOTFOUND && err->code != SH_EUNSUPPORTED)
		return (-1);
	sh_error_clear(err);
	/* An erased holder's is no loss. */
	if (strcmp(cause.key, "key.destroyed") == 0 ||
	    strcmp(cause.key, "engine.tombstone") == 0)
		return (0);
	sh_time_print(p->how->now, at);
	sh_tag_print(document, hex);
	if (json_array_size(p->state->findings) >= FINDINGS_MAX)
		return (0);
	if ((v = sh_json_new_object(err)) == NULL ||
	    sh_json_append(p->state->findings, v, err))
		return (-1);
	return (sh_json_set_str(v, "key", cause.key, err) ||
	    sh_json_set_str(v, "text", cause.text, err) ||
	    sh_json_set_str(v, "document", hex, err) ||
	    sh_json_set_str(v, "at", at, err) ||
	    sh_json_set_int(v, "shard", p->span->shard, err) ||
	    sh_json_set_int(v, "span", (int64_t)p->span->from, err) ? -1 :
	    0);
}

/* What is still wrong will be found again. */
static void
forget(struct state *s, const struct span *span)
{
	json_t *v;
	size_t i;

	for (i = json_array_size(s->findings); i-- > 0;) {
		v = json_array_get(s->findings, i);
		if (json_integer_value(json_object_get(v, "shard")) ==
		    (json_int_t)span->shard && json_integer_value(
		    json_object_get(v, "span")) == (json_int_t)span->from)
			(void)json_array_remove(s->findings, i);
	}
}

static int
prove_blob(struct proving *p, const struct sh_stored *stored,
    const struct sh_tag *document, struct sh_error *err)
{
	p->bytes += stored->bytes;
	if (sh_document_read(p->ar, stored, NULL, NULL, err))
		return (note(p, document, err));
	return (0);
}

static int
prove_document(struct proving *p, const struct sh_tag *holder,
    const struct sh_tag *document, struct sh_error *err)
{
	uint8_t value[SH_VALUE_MAX];
	struct sh_stored body, stored;
	json_t *record, *list;
	size_t len, i;
	int has_body, r = 0;

	p->documents++;
	if (sh_engine_get(p->ar->engine, holder, document, value, &len,
	    err) || (record = sh_document_open(p->ar, holder, document,
	    value, len, &body, &has_body, err)) == NULL)
		return (note(p, document, err));
	list = json_object_get(record, "renditions");
	for (i = 0; r == 0 && i <= json_array_size(list); i++) {
		r = sh_document_stored(record, i < json_array_size(list) ?
		    sh_member(json_array_get(list, i), "name") : NULL,
		    &stored, err);
		if (r < 0)
			r = note(p, document, err);
		else if (r == 1)
			r = prove_blob(p, &stored, document, err);
	}
	if (r == 0 && has_body)
		r = prove_blob(p, &body, document, err);
	json_decref(record);
	return (r);
}

static int
prove_event(void *arg, const struct sh_fed *item, struct sh_error *err)
{
	struct proving *p = arg;
	struct sh_tag document;
	int r;

	if (p->how->stop != NULL && *p->how->stop) {
		p->stopped = 1;
		return (1);
	}
	if ((r = sh_event_document(p->ar, item, &document, err)) < 0)
		r = note(p, &item->operation, err);
	else if (r == 1)
		r = prove_document(p, &item->holder, &document, err);
	if (r < 0)
		return (-1);
	if (p->how->progress != NULL)
		p->how->progress(p->how->arg, p->done + p->bytes,
		    p->how->bytes);
	return (--p->left == 0);
}

static int
prove_span(struct proving *p, struct sh_error *err)
{
	struct span *s = p->span;

	forget(p->state, s);
	p->left = s->events;
	p->documents = p->bytes = 0;
	if (s->events > 0 && sh_engine_feed(p->ar->engine, s->shard, NULL,
	    s->from, prove_event, p, err))
		return (-1);
	p->done += p->bytes;
	if (p->stopped)
		return (0);
	s->checked = p->how->now;
	s->documents = p->documents;
	s->bytes = p->bytes;
	return (store_state(p->how->dir, p->state, err));
}

static struct span *
oldest(const struct state *s, int64_t before)
{
	struct span *found = NULL;
	size_t i;

	for (i = 0; i < s->n; i++)
		if (s->spans[i].checked < before && (found == NULL ||
		    s->spans[i].checked < found->checked))
			found = &s->spans[i];
	return (found);
}

/* ---- how all stands ------------------------------------------------------ */

/* When each span was proven last. */
static json_t *
list_spans(const struct state *s, struct sh_error *err)
{
	char at[SH_TIME_LEN];
	json_t *list, *v;
	size_t i;

	if ((list = sh_json_new_array(err)) == NULL)
		return (NULL);
	for (i = 0; i < s->n; i++) {
		v = json_pack("{s:I,s:I,s:I,s:I,s:I}",
		    "shard", (json_int_t)s->spans[i].shard,
		    "from", (json_int_t)s->spans[i].from,
		    "events", (json_int_t)s->spans[i].events,
		    "documents", (json_int_t)s->spans[i].documents,
		    "bytes", (json_int_t)s->spans[i].bytes);
		sh_time_print(s->spans[i].checked, at);
		if (sh_json_append(list, v, err) || sh_json_set_str(v,
		    "checked_at", s->spans[i].checked > 0 ? at : NULL, err)) {
			json_decref(list);
			return (NULL);
		}
	}
	return (list);
}

static json_t *
summary(const struct state *s, int64_t since, struct sh_error *err)
{
	uint64_t never = 0, documents = 0, bytes = 0, events = 0, recent = 0;
	const struct span *first = oldest(s, INT64_MAX);
	char at[SH_TIME_LEN] = "";
	json_t *v;
	size_t i;

	for (i = 0; i < s->n; i++) {
		never += s->spans[i].checked == 0;
		recent += s->spans[i].checked >= since;
		events += s->spans[i].events;
		documents += s->spans[i].documents;
		bytes += s->spans[i].bytes;
	}
	if (first != NULL && first->checked > 0)
		sh_time_print(first->checked, at);
	if ((v = sh_json_new_object(err)) == NULL)
		return (NULL);
	if (sh_json_set_int(v, "spans", (int64_t)s->n, err) ||
	    sh_json_set_int(v, "never", (int64_t)never, err) ||
	    sh_json_set_int(v, "recent", (int64_t)recent, err) ||
	    sh_json_set_str(v, "oldest", *at != '\0' ? at : NULL, err) ||
	    sh_json_set_int(v, "events", (int64_t)events, err) ||
	    sh_json_set_int(v, "documents", (int64_t)documents, err) ||
	    sh_json_set_int(v, "bytes", (int64_t)bytes, err) ||
	    sh_json_set(v, "list", list_spans(s, err), err) ||
	    sh_json_set(v, "findings", json_incref(s->findings), err)) {
		json_decref(v);
		return (NULL);
	}
	return (v);
}

int
sh_fixity_scrub(struct sh_archive *ar, const struct sh_scrub *how,
    json_t **answer, struct sh_error *err)
{
	struct proving p = { .ar = ar, .how = how };
	struct state s;
	char *lock = NULL;
	int fd = -1, rc = -1;

	*answer = NULL;
	memset(&s, 0, sizeof(s));
	if (sh_fs_mkdirs(how->dir, 0700, err) ||
	    (lock = sh_path_join(how->dir, "lock", err)) == NULL ||
	    (fd = sh_fs_lock(lock, err)) < 0 ||
	    load_state(how->dir, &s, err) < 0 || follow_feed(ar, &s, err))
		goto out;
	p.state = &s;
	while (!p.stopped && p.done < how->bytes &&
	    (p.span = oldest(&s, how->now)) != NULL)
		if (prove_span(&p, err))
			goto out;
	if (store_state(how->dir, &s, err) == 0 &&
	    (*answer = summary(&s, how->now, err)) != NULL)
		rc = 0;
out:
	state_clear(&s);
	if (fd >= 0)
		(void)close(fd);
	free(lock);
	return (rc);
}

int
sh_fixity_repair(struct sh_archive *ar, const struct sh_reader *who,
    const char *dir, const char *from, json_t **answer, struct sh_error *err)
{
	struct state s;
	uint64_t repaired = 0;
	char *lock;
	int fd = -1, rc = -1;

	*answer = NULL;
	memset(&s, 0, sizeof(s));
	if ((lock = sh_path_join(dir, "lock", err)) == NULL ||
	    sh_fs_mkdirs(dir, 0700, err) ||
	    (fd = sh_fs_lock(lock, err)) < 0 || load_state(dir, &s, err) <
	    0 || sh_fixity_mend(ar, who, dir, from, s.findings, &repaired,
	    err) || store_state(dir, &s, err) ||
	    (*answer = summary(&s, 0, err)) == NULL)
		goto out;
	rc = sh_json_set_int(*answer, "repaired", (int64_t)repaired, err);
out:
	if (rc != 0) {
		json_decref(*answer);
		*answer = NULL;
	}
	state_clear(&s);
	if (fd >= 0)
		(void)close(fd);
	free(lock);
	return (rc);
}

int
sh_fixity_status(const char *dir, json_t **answer, struct sh_error *err)
{
	struct state s;
	int r;

	*answer = NULL;
	if ((r = load_state(dir, &s, err)) < 0)
		return (-1);
	if (r == 0)
		r = sh_error_set(err, SH_ENOTFOUND, "scrub.never",
		    "nothing was scrubbed yet");
	else
		r = (*answer = summary(&s, 0, err)) == NULL ? -1 : 0;
	state_clear(&s);
	return (r);
}

/* ---- the month's report -------------------------------------------------- */

static int
sign(struct sh_signer *signer, const struct sh_buf *text, struct sh_buf *out,
    struct sh_error *err)
{
	uint8_t digest[SH_MD_MAX];

	if (sh_md_digest(sh_sig_md(sh_signer_algorithm(signer)), text->data,
	    text->len, digest, err))
		return (-1);
	return (sh_cms_sign(signer, digest, out, err));
}

static int
write_report(struct sh_archive *ar, const struct state *s, const char *month,
    int64_t since, int64_t now, struct sh_buf *out, struct sh_error *err)
{
	char at[SH_TIME_LEN];
	json_t *v;
	int rc = -1;

	sh_time_print(now, at);
	if ((v = summary(s, since, err)) == NULL)
		return (-1);
	if (sh_json_set_str(v, "format", "sohoa-fixity-report-1", err) == 0 &&
	    sh_json_set_str(v, "archive", ar->id, err) == 0 &&
	    sh_json_set_str(v, "month", month, err) == 0 &&
	    sh_json_set_str(v, "made_at", at, err) == 0)
		rc = sh_json_canonical(v, out, err);
	json_decref(v);
	return (rc);
}

int
sh_fixity_report(struct sh_archive *ar, const char *dir,
    struct sh_signer *signer, int64_t now, char **pathp,
    struct sh_error *err)
{
	struct sh_buf text = SH_BUF_INIT, signature = SH_BUF_INIT;
	struct sh_date day = sh_date_at(now);
	char month[SH_DATE_LEN], *path = NULL, *beside = NULL;
	struct state s;
	int rc = -1;

	*pathp = NULL;
	sh_date_print(day, month);
	month[7] = '\0';
	day.day = 1;
	if (load_state(dir, &s, err) < 0)
		return (-1);
	if (write_report(ar, &s, month, sh_date_start(day), now, &text,
	    err) || sign(signer, &text, &signature, err) ||
	    (path = sh_asprintf(err, "%s/report-%s.json", dir, month)) ==
	    NULL || (beside = sh_asprintf(err, "%s.p7s", path)) == NULL ||
	    sh_fs_replace(path, text.data, text.len, 0644, err) ||
	    sh_fs_replace(beside, signature.data, signature.len, 0644, err))
		goto out;
	*pathp = path;
	path = NULL;
	rc = 0;
out:
	free(path);
	free(beside);
	state_clear(&s);
	sh_buf_free(&text);
	sh_buf_free(&signature);
	return (rc);
}
