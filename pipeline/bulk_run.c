/* Working at a run: shards handed out, dossiers taken in, results kept. */
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "pipeline/bulk_internal.h"
#include "pipeline/intake.h"
#include "pipeline/lane.h"

/* Dossiers between two tidyings of cache and search. */
#define SEGMENT		256
#define SAVE_MS		2000
#define LOOK_MS		100
#define TRIES		5	/* of a dossier that time may heal */

struct shard {
	struct sh_queued item;
	json_t *rows;
	json_t *results;	/* by row */
	size_t next;		/* row to hand out */
	struct shard *link;
};

/* A row on its way. */
struct slot {
	struct shard *shard;	/* NULL: it has its result */
	size_t at;
	unsigned tries;
	int again;		/* not for the first time */
};

enum halt { GO, STOP, PAUSE, DESK };

struct work {
	struct sh_bulk *b;
	const struct sh_bulk_options *o;
	enum sh_reuse_mode reuse;
	struct shard *shards;		/* newest first */
	struct slot *slots;		/* by the intake's index */
	size_t nslots, slotcap;
	struct slot *again;		/* to be handed out once more */
	size_t nagain, againcap;
	size_t segment;
	int exhausted;			/* the queue has nothing more */
	enum halt halt;
	struct sh_error closed;		/* a gate's cause, or SH_OK */
	struct sh_error broken;		/* what a callback could not do */
	int64_t looked_ms, saved_ms;
	uint64_t pages_before, pages;	/* of earlier processes; of this */
	int backoff_ms;			/* before a closed gate is tried */
};

/* ---- shards -------------------------------------------------------------- */

static void
shard_free(struct shard *s)
{
	if (s == NULL)
		return;
	json_decref(s->rows);
	json_decref(s->results);
	free(s);
}

static int
load_shard(struct work *w, struct shard *s, struct sh_error *err)
{
	char name[SH_ENTRY_NAME];
	json_t *v = NULL;
	int r;

	sh_bulk_entry(name, "shard", s->item.number);
	if ((r = sh_bulk_get(w->b, name, &s->rows, err)) <= 0)
		return (r < 0 ? -1 : sh_error_set(err, SH_EFIXITY,
		    "spool.damaged", "%s is not there", name));
	sh_bulk_entry(name, "result", s->item.number);
	if (sh_bulk_get(w->b, name, &v, err) < 0)
		return (-1);
	s->results = v != NULL ? json_incref(json_object_get(v, "rows")) :
	    json_object();
	json_decref(v);
	return (s->results != NULL ? 0 : sh_error_nomem(err, "JSON"));
}

/* Another shard in front of the list: 1, or 0 when there is none. */
static int
lease(struct work *w, struct sh_error *err)
{
	struct shard *s;
	int r;

	if ((s = sh_alloc(1, sizeof(*s), "a shard", err)) == NULL)
		return (-1);
	if ((r = sh_queue_lease((*w->b->home)->archive, w->b->plan.queue,
	    w->b->term, 1, &s->item, err)) <= 0 ||
	    (r = load_shard(w, s, err)) < 0) {
		shard_free(s);
		return (r);
	}
	s->link = w->shards;
	w->shards = s;
	return (1);
}

static const char *
row_key(const json_t *row, char key[24])
{
	(void)snprintf(key, 24, "%lld", (long long)json_integer_value(
	    json_object_get(row, "row")));
	return (key);
}

static int
save_results(struct work *w, struct shard *s, int whole,
    struct sh_error *err)
{
	char name[SH_ENTRY_NAME];
	json_t *v;
	int rc;

	sh_bulk_entry(name, "result", s->item.number);
	v = json_pack("{s:O, s:b}", "rows", s->results, "whole", whole);
	rc = v == NULL ? sh_error_nomem(err, "JSON") :
	    sh_bulk_put(w->b, name, v, whole, err);
	json_decref(v);
	return (rc);
}

/* Take a shard that is whole off the list and the queue. */
static int
finish_shard(struct work *w, struct shard *s, struct sh_error *err)
{
	struct shard **at;

	if (save_results(w, s, 1, err) || sh_queue_done((*w->b->home)->
	    archive, &s->item, err))
		return (-1);
	for (at = &w->shards; *at != s; at = &(*at)->link)
		;
	*at = s->link;
	shard_free(s);
	return (0);
}

/* ---- handing out ---------------------------------------------------------- */

/* The next row without a result: 1, 0 when there is none, or -1. */
static int
next_row(struct work *w, struct slot *out, struct sh_error *err)
{
	struct shard *s;
	char key[24];
	int r;

	if (w->nagain > 0) {
		*out = w->again[0];
		memmove(w->again, w->again + 1, --w->nagain *
		    sizeof(*w->again));
		return (1);
	}
	for (;;) {
		s = w->shards;
		while (s != NULL && s->next < json_array_size(s->rows)) {
			out->shard = s;
			out->at = s->next++;
			out->tries = 0;
			out->again = 0;
			if (json_object_get(s->results, row_key(
			    json_array_get(s->rows, out->at), key)) == NULL)
				return (1);
		}
		if (s != NULL && json_object_size(s->results) ==
		    json_array_size(s->rows) && finish_shard(w, s, err))
			return (-1);
		if ((r = lease(w, err)) <= 0) {
			w->exhausted = r == 0;
			return (r);
		}
	}
}

/* When every row has its result, nothing stands before a gate any more. */
static int
gates_open(struct work *w)
{
	const struct sh_bulk *b = w->b;
	size_t i;

	sh_error_clear(&w->closed);
	if (b->state.done + b->state.incomplete + b->state.failed >=
	    b->plan.rows - b->plan.refused)
		return (1);
	if (!sh_bulk_disk_open(w->b, *w->b->home, &w->closed) ||
	    !sh_bulk_review_open(w->b, *w->b->home, &w->closed))
		return (0);
	for (i = 0; i < w->o->ngates; i++)
		if (!w->o->gates[i].open(w->o->gates[i].arg, *w->b->home,
		    &w->closed))
			return (0);
	return (1);
}

static enum halt
look(struct work *w)
{
	struct sh_error err = SH_ERROR_INIT;

	if (w->o->stop != NULL && *w->o->stop)
		return (STOP);
	if (sh_bulk_is_paused(w->b))
		return (PAUSE);
	return (sh_lane_wanted((*w->b->home)->dir, &err) == 1 ? DESK : GO);
}

/* Asked between pages by the intake. */
static int
halted(void *arg)
{
	struct work *w = arg;
	int64_t now = sh_monotonic_ms();

	if (w->broken.code != SH_OK)
		return (1);
	if (w->halt == GO && ((w->o->stop != NULL && *w->o->stop) ||
	    now - w->looked_ms >= LOOK_MS)) {
		w->looked_ms = now;
		w->halt = look(w);
	}
	return (w->halt != GO);
}

static int
next_dossier(void *arg, struct sh_dossier **dp, struct sh_error *err)
{
	struct work *w = arg;
	struct slot slot;
	const json_t *row;
	int r;

	if (w->segment == 0 || w->closed.code != SH_OK || !gates_open(w))
		return (0);
	if ((r = next_row(w, &slot, &w->broken)) <= 0)
		return (0);
	if (sh_grow(&w->slots, &w->slotcap, w->nslots + 1,
	    sizeof(*w->slots), "rows", &w->broken))
		return (0);
	w->segment--;
	w->slots[w->nslots++] = slot;
	row = json_array_get(slot.shard->rows, slot.at);
	if (!slot.again) {
		w->b->taken_files += (uint64_t)json_integer_value(
		    json_object_get(row, "files"));
		w->b->taken_bytes += (uint64_t)json_integer_value(
		    json_object_get(row, "bytes"));
		sh_bulk_release(w->b);
	}
	return (sh_bulk_dossier(w->b, row, dp, err) == 0 ? 1 : -1);
}

/* ---- results ------------------------------------------------------------- */

static int
keep_for_later(struct work *w, const struct slot *slot, unsigned tries,
    struct sh_error *err)
{
	if (sh_grow(&w->again, &w->againcap, w->nagain + 1,
	    sizeof(*w->again), "rows", err))
		return (-1);
	w->again[w->nagain] = *slot;
	w->again[w->nagain].tries = tries;
	w->again[w->nagain++].again = 1;
	return (0);
}

/* A failure that time may heal, such as a signer that does not answer. */
static const struct sh_error *
passing(const struct sh_job *job)
{
	size_t i;

	for (i = 0; job != NULL && i < job->ndrafts; i++)
		if (job->drafts[i].state == SH_DRAFT_FAILED &&
		    sh_code_retry(job->drafts[i].failure->code) ==
		    SH_RETRY_DELAY)
			return (job->drafts[i].failure);
	return (NULL);
}

static int
record(struct work *w, struct slot *slot, const struct sh_job *job,
    const struct sh_error *why, struct sh_error *err)
{
	const json_t *row = json_array_get(slot->shard->rows, slot->at);
	struct shard *s = slot->shard;
	json_t *result;
	char key[24];
	int whole;

	result = sh_bulk_result((uint64_t)json_integer_value(json_object_get(
	    row, "row")), job != NULL ? job->dossier : NULL, job, why, err);
	if (result == NULL)
		return (-1);
	if (job == NULL && sh_json_set_str(result, "dossier",
	    json_string_value(json_object_get(row, "code")), err))
		goto bad;
	if (sh_json_set(result, "files", json_incref(json_object_get(row,
	    "files")), err) || sh_json_set(result, "bytes", json_incref(
	    json_object_get(row, "bytes")), err))
		goto bad;
	sh_bulk_count(&w->b->state, result);
	if (sh_json_set(s->results, row_key(row, key), result, err))
		return (-1);
	slot->shard = NULL;
	whole = s->next == json_array_size(s->rows) &&
	    json_object_size(s->results) == json_array_size(s->rows);
	return (whole ? finish_shard(w, s, err) : save_results(w, s, 0, err));
bad:
	json_decref(result);
	return (-1);
}

static void
finished(void *arg, size_t index, const struct sh_job *job,
    const struct sh_error *why)
{
	struct work *w = arg;
	struct slot *slot = &w->slots[index];
	const struct sh_error *p = passing(job);
	int64_t now = sh_monotonic_ms();

	if (p != NULL && slot->tries + 1 < TRIES) {
		w->closed = *p;
		w->backoff_ms = 1000 << (2 * slot->tries);
		if (keep_for_later(w, slot, slot->tries + 1, &w->broken) ==
		    0)
			slot->shard = NULL;
		return;
	}
	if (record(w, slot, job, why, &w->broken))
		return;
	if (now - w->saved_ms >= SAVE_MS) {
		w->saved_ms = now;
		if (sh_bulk_state_save(w->b, 0, &w->broken))
			return;
	}
}

static void
progress(void *arg, size_t done, size_t known)
{
	struct work *w = arg;
	const struct sh_bulk *b = w->b;
	uint64_t left = b->plan.files > b->taken_files ? b->plan.files -
	    b->taken_files : 0;

	if (w->o->progress != NULL)
		w->o->progress(w->o->arg, w->pages + done, w->pages + known +
		    left);
}

/* ---- segments ------------------------------------------------------------ */

/* One stretch of dossiers; those that it did not finish come again. */
static int
run_segment(struct work *w, struct sh_error *err)
{
	struct sh_home *home = *w->b->home;
	const struct sh_intake_options io = {
		.pool = w->o->pool, .catalogue = home->catalogue,
		.home = home, .reuse = w->reuse,
		.watch = { progress, finished, halted, w },
	};
	int64_t begin = sh_monotonic_ms();
	size_t i;
	int rc;

	w->nslots = 0;
	w->segment = SEGMENT;
	w->halt = GO;
	rc = sh_intake(&io, next_dossier, w, err);
	w->b->state.working_ms += (uint64_t)(sh_monotonic_ms() - begin);
	for (i = 0; i < w->nslots; i++) {
		if (w->slots[i].shard == NULL)
			continue;
		if (keep_for_later(w, &w->slots[i], w->slots[i].tries,
		    &w->broken))
			break;
	}
	w->pages = w->b->state.count[0] - w->pages_before;
	if (w->broken.code != SH_OK) {
		*err = w->broken;
		return (-1);
	}
	return (rc);
}

/* Give the home to the desk and take it again; readers stay as they are. */
static int
give_way(struct work *w, struct sh_error *err)
{
	struct sh_bulk *b = w->b;
	struct sh_home *old = *b->home;
	double spent[SH_STAGES];
	char *dir;
	int rc = -1;

	memcpy(spent, old->stage_cpu_s, sizeof(spent));
	b->state.yields++;
	if (sh_bulk_state_save(b, 0, err) ||
	    (dir = sh_strdup(old->dir, err)) == NULL)
		return (-1);
	sh_home_close(old);
	*b->home = NULL;
	for (;;) {
		sh_error_clear(err);
		if (sh_lane_wanted(dir, err) == 0 && sh_home_open(dir,
		    SH_HOME_WRITE | SH_HOME_SIGN, b->home, err) == 0)
			break;
		if (err->code != SH_OK && strcmp(err->key, "lock.held") != 0)
			goto out;
		if (w->o->stop != NULL && *w->o->stop) {
			sh_error_clear(err);
			(void)sh_error_set(err, SH_EAGAIN, "run.stopped",
			    "stopped");
			goto out;
		}
		(void)poll(NULL, 0, 20);
	}
	memcpy((*b->home)->stage_cpu_s, spent, sizeof(spent));
	rc = sh_bulk_reattach(b, err);
out:
	free(dir);
	return (rc);
}

/* A gate is closed: wait until it opens, as long as that is allowed. */
static int
wait_for_gates(struct work *w, struct sh_error *err)
{
	struct sh_error why = w->closed;
	int64_t until = sh_monotonic_ms() + (int64_t)w->o->wait_s * 1000;
	int64_t now, next = sh_monotonic_ms() + w->backoff_ms;

	w->backoff_ms = 0;
	(void)snprintf(w->b->state.waits_for, sizeof(w->b->state.waits_for),
	    "%s", why.key);
	/* On a full disk nobody can be told; waiting goes on all the same. */
	if (sh_bulk_state_save(w->b, 0, err))
		sh_error_clear(err);
	sh_log(SH_WARN, "bulk: waiting: %s", why.text);
	for (;;) {
		now = sh_monotonic_ms();
		/* What was under way may have been all that stood in it. */
		if (now >= next && gates_open(w))
			break;
		if (now >= until) {
			*err = why;
			return (-1);
		}
		if ((w->halt = look(w)) == STOP || w->halt == PAUSE)
			return (0);
		if (w->halt == DESK && give_way(w, err))
			return (-1);
		if (now >= next)
			next = now + 1000;
		(void)poll(NULL, 0, LOOK_MS);
	}
	*w->b->state.waits_for = '\0';
	return (0);
}

static int
stopped(enum halt why, struct sh_error *err)
{
	sh_error_clear(err);
	return (why == PAUSE ? sh_error_set(err, SH_EAGAIN, "bulk.paused",
	    "the run is paused") : sh_error_set(err, SH_EAGAIN,
	    "run.stopped", "stopped; the same command goes on from here"));
}

/* Shards that a failed write kept from being finished. */
static int
finish_all(struct work *w, struct sh_error *err)
{
	const struct shard *s;

	while ((s = w->shards) != NULL) {
		if (json_object_size(s->results) != json_array_size(s->rows))
			return (sh_error_set(err, SH_EFIXITY,
			    "pages.unaccounted", "rows without a result"));
		if (finish_shard(w, w->shards, err))
			return (-1);
	}
	return (0);
}

static int
work(struct work *w, struct sh_error *err)
{
	int rc;

	for (;;) {
		if ((w->halt = look(w)) == STOP || w->halt == PAUSE)
			return (stopped(w->halt, err));
		if (w->halt == DESK && give_way(w, err))
			return (-1);
		rc = run_segment(w, err);
		if (rc != 0 && strcmp(err->key, "run.stopped") == 0 &&
		    w->halt != GO) {
			sh_error_clear(err);
			continue;
		}
		if (rc != 0 && strcmp(err->key, "disk.full") == 0 &&
		    w->o->wait_s > 0) {
			w->closed = *err;
			sh_error_clear(err);
			sh_error_clear(&w->broken);
		} else if (rc != 0) {
			return (-1);
		}
		if (w->closed.code != SH_OK) {
			if (wait_for_gates(w, err))
				return (-1);
			continue;
		}
		if (w->exhausted && w->nagain == 0)
			return (finish_all(w, err));
		if (sh_bulk_state_save(w->b, 0, err))
			return (-1);
	}
}

/* Leases of processes before this one are over: their clock is this. */
static int
begin_term(struct sh_bulk *b, struct sh_error *err)
{
	json_t *v = NULL;
	int rc;

	if (sh_bulk_get(b, "term", &v, err) < 0)
		return (-1);
	b->term = json_integer_value(json_object_get(v, "term")) + 1;
	json_decref(v);
	if ((v = json_pack("{s:I}", "term", (json_int_t)b->term)) == NULL)
		return (sh_error_nomem(err, "JSON"));
	rc = sh_bulk_put(b, "term", v, 1, err);
	json_decref(v);
	return (rc);
}

/* As it is told now, or was told before. */
static int
reuse_of(struct sh_bulk *b, const enum sh_reuse_mode *told,
    enum sh_reuse_mode *out, struct sh_error *err)
{
	const char *word;
	json_t *v = NULL;
	int rc;

	*out = SH_REUSE_NEVER;
	if (told != NULL) {
		*out = *told;
		if ((v = json_pack("{s:s}", "mode", sh_reuse_mode_word(
		    *told))) == NULL)
			return (sh_error_nomem(err, "JSON"));
		rc = sh_bulk_put(b, "reuse", v, 1, err);
	} else if ((rc = sh_bulk_get(b, "reuse", &v, err)) == 1) {
		word = json_string_value(json_object_get(v, "mode"));
		rc = word != NULL && sh_reuse_mode_parse(word, out) ==
		    0 ? 0 : sh_error_set(err, SH_EFORMAT, "spool.damaged",
		    "how a run reuses");
	}
	json_decref(v);
	return (rc);
}

int
sh_bulk_work(struct sh_bulk *b, const struct sh_bulk_options *o,
    struct sh_error *err)
{
	struct work w = { .b = b, .o = o };
	struct sh_error ignored = SH_ERROR_INIT;
	uint32_t *numbers = NULL;
	size_t n;
	int rc = -1;

	if (sh_bulk_is_paused(b))
		return (stopped(PAUSE, err));
	if (reuse_of(b, o->reuse, &w.reuse, err) ||
	    sh_bulk_recount(b, &numbers, &n, err) || begin_term(b, err) ||
	    sh_queue_add((*b->home)->archive, b->plan.queue, b->name,
	    numbers, n, err) || sh_bulk_reserve(b, err))
		goto out;
	w.pages_before = b->state.count[0];
	rc = work(&w, err);
	if (rc == 0) {
		b->state.finished = 1;
		rc = sh_bulk_state_save(b, 1, err);
	} else if (*b->home != NULL) {
		(void)!sh_bulk_state_save(b, 0, &ignored);
	}
out:
	while (w.shards != NULL) {
		struct shard *s = w.shards;

		w.shards = s->link;
		shard_free(s);
	}
	free(w.slots);
	free(w.again);
	free(numbers);
	return (rc);
}

/* ---- once more ------------------------------------------------------------ */

static int
to_retry(const json_t *result, const char *key)
{
	const json_t *count = json_object_get(result, "count"), *v;
	size_t i;

	json_array_foreach(json_object_get(result, "causes"), i, v)
		if (key != NULL && strcmp(json_string_value(json_object_get(
		    v, "key")), key) == 0)
			return (1);
	if (key != NULL)
		return (0);
	return (strcmp(json_string_value(json_object_get(result, "state")),
	    "failed") == 0 || json_integer_value(json_object_get(count,
	    "set_aside")) + json_integer_value(json_object_get(count,
	    "failed")) > 0);
}

static int
retry_shard(struct sh_bulk *b, uint32_t number, const char *key,
    uint64_t *np, struct sh_error *err)
{
	char name[SH_ENTRY_NAME];
	json_t *v, *rows, *result;
	const char *row;
	void *tmp;
	uint64_t before = *np;
	int r;

	sh_bulk_entry(name, "result", number);
	if ((r = sh_bulk_get(b, name, &v, err)) <= 0)
		return (r);
	rows = json_object_get(v, "rows");
	json_object_foreach_safe(rows, tmp, row, result) {
		if (!to_retry(result, key))
			continue;
		(void)json_object_del(rows, row);
		++*np;
	}
	r = 0;
	if (*np > before && (r = sh_json_set(v, "whole", json_false(),
	    err)) == 0)
		r = sh_bulk_put(b, name, v, 1, err);
	json_decref(v);
	return (r);
}

int
sh_bulk_retry(struct sh_bulk *b, const char *key, uint64_t *np,
    struct sh_error *err)
{
	uint32_t n;

	*np = 0;
	for (n = 0; n < b->plan.nshards; n++)
		if (retry_shard(b, n, key, np, err))
			return (-1);
	return (0);
}
