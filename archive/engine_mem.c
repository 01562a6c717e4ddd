/*
 * The reference: the contract in the plainest form, in memory.  "mem:NAME"
 * lives until the process ends, so that a test can close and open it.
 * Everything is a list that is searched from its start; nothing here is
 * shared with the embedded engine.
 */
#include "archive/engine.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

struct value {
	uint8_t *data;
	size_t len;
};

struct document {
	struct sh_tag holder, id;
	struct value value;		/* len 0: a tombstone */
};

struct entry {
	struct sh_entry key;		/* its value is not used */
	struct value value;
};

struct blob {
	struct sh_digest name;
	struct value value;
};

struct reference {
	struct sh_tag holder;
	struct sh_reference ref;
};

struct event {
	struct sh_fed fed;
	struct value value;
};

struct job {
	struct sh_engine_job job;
	int64_t when;
};

#define LIST(type, name)	struct type *name; size_t n##name, cap_##name

struct store {
	struct store *next;
	char *name;
	int written;			/* a writing handle is open */
	LIST(document, documents);
	LIST(entry, entries);		/* sorted */
	LIST(blob, blobs);
	LIST(reference, references);
	LIST(event, events);		/* in the feed's order */
	LIST(job, jobs);
};

struct mem {
	struct sh_engine base;
	struct store *s;
	int writes;
};

#define ROOM(s, list, more, err)					\
	sh_grow(&(s)->list, &(s)->cap_##list, (s)->n##list + (more),	\
	    sizeof(*(s)->list), "the engine", err)

static struct store *stores;

static int
same(const void *a, const void *b, size_t len)
{
	return (memcmp(a, b, len) == 0);
}

static int
copy(struct value *v, const void *data, size_t len, struct sh_error *err)
{
	v->len = len;
	if ((v->data = sh_alloc(len, 1, "the engine", err)) == NULL)
		return (-1);
	if (len > 0)
		memcpy(v->data, data, len);
	return (0);
}

/* ---- open, close --------------------------------------------------------- */

static int
mem_open(const char *place, enum sh_engine_mode mode, struct sh_engine **ep,
    struct sh_error *err)
{
	struct store *s;
	struct mem *m;

	for (s = stores; s != NULL; s = s->next)
		if (strcmp(s->name, place) == 0)
			break;
	if (mode == SH_ENGINE_CREATE && s != NULL)
		return (sh_error_set(err, SH_EEXISTS, "engine.exists",
		    "mem:%s is there already", place));
	if (mode != SH_ENGINE_CREATE && s == NULL)
		return (sh_error_set(err, SH_ENOTFOUND, "engine.missing",
		    "mem:%s is not there", place));
	if (mode != SH_ENGINE_READ && s != NULL && s->written)
		return (sh_error_set(err, SH_EAGAIN, "lock.held",
		    "another handle writes mem:%s", place));
	if ((m = sh_alloc(1, sizeof(*m), "the engine", err)) == NULL)
		return (-1);
	if (s == NULL) {
		if ((s = sh_alloc(1, sizeof(*s), "the engine", err)) == NULL ||
		    (s->name = sh_strdup(place, err)) == NULL) {
			free(s);
			free(m);
			return (-1);
		}
		s->next = stores;
		stores = s;
	}
	m->s = s;
	m->writes = mode != SH_ENGINE_READ;
	s->written |= m->writes;
	m->base.shards = 1;
	*ep = &m->base;
	return (0);
}

static void
mem_close(struct sh_engine *e)
{
	struct mem *m = (struct mem *)e;

	if (m->writes)
		m->s->written = 0;
	free(m);
}

/* ---- blobs --------------------------------------------------------------- */

static struct blob *
find_blob(struct store *s, const struct sh_digest *name)
{
	size_t i;

	for (i = 0; i < s->nblobs; i++)
		if (same(&s->blobs[i].name, name, sizeof(*name)))
			return (&s->blobs[i]);
	return (NULL);
}

static int
take_blob(struct store *s, struct sh_blob *b, struct sh_error *err)
{
	struct sh_buf all = SH_BUF_INIT;
	struct blob *held;
	uint8_t *p;
	size_t n;

	if ((held = find_blob(s, &b->name)) != NULL && !b->again) {
		b->existed = 1;
		b->bytes = held->value.len;
		return (0);
	}
	do {
		if ((p = sh_buf_reserve(&all, 4096, err)) == NULL ||
		    b->source(b->arg, p, 4096, &n, err)) {
			sh_buf_free(&all);
			return (-1);
		}
		all.len += n;
	} while (n > 0);
	b->existed = held != NULL;
	if (held != NULL) {
		free(held->value.data);
	} else if (ROOM(s, blobs, 1, err)) {
		sh_buf_free(&all);
		return (-1);
	} else {
		held = &s->blobs[s->nblobs++];
	}
	held->name = b->name;
	held->value.data = all.data;
	held->value.len = all.len;
	b->bytes = all.len;
	return (0);
}

static int
mem_blob_put(struct sh_engine *e, struct sh_blob *blobs, size_t n,
    struct sh_error *err)
{
	struct store *s = ((struct mem *)e)->s;
	size_t before = s->nblobs, i;

	for (i = 0; i < n; i++) {
		if (take_blob(s, &blobs[i], err)) {
			while (s->nblobs > before)
				free(s->blobs[--s->nblobs].value.data);
			return (-1);
		}
	}
	return (0);
}

static int
mem_blob_get(struct sh_engine *e, const struct sh_digest *name,
    uint64_t offset, uint64_t len, sh_sink sink, void *arg,
    uint64_t *totalp, struct sh_error *err)
{
	struct blob *b = find_blob(((struct mem *)e)->s, name);

	if (b == NULL)
		return (sh_error_set(err, SH_ENOTFOUND, "engine.blob-missing",
		    "a blob is not held"));
	if (totalp != NULL)
		*totalp = b->value.len;
	if (offset > b->value.len)
		offset = b->value.len;
	if (len > b->value.len - offset)
		len = b->value.len - offset;
	if (sink == NULL || len == 0)
		return (0);
	return (sink(arg, b->value.data + offset, (size_t)len, err));
}

/* ---- changes ------------------------------------------------------------- */

static struct document *
find_document(struct store *s, const struct sh_tag *holder,
    const struct sh_tag *id)
{
	size_t i;

	for (i = 0; i < s->ndocuments; i++)
		if (same(&s->documents[i].holder, holder, 16) &&
		    same(&s->documents[i].id, id, 16))
			return (&s->documents[i]);
	return (NULL);
}

static int
compare_entries(const struct sh_entry *a, const struct sh_entry *b)
{
	size_t n = a->sortlen < b->sortlen ? a->sortlen : b->sortlen;
	int r;

	if (a->table != b->table)
		return (a->table < b->table ? -1 : 1);
	if ((r = memcmp(&a->term, &b->term, sizeof(a->term))) != 0 ||
	    (r = memcmp(a->sort, b->sort, n)) != 0)
		return (r);
	return (a->sortlen < b->sortlen ? -1 : a->sortlen > b->sortlen);
}

/* The place of KEY in the sorted list; *THEREP if an entry has it. */
static size_t
entry_place(const struct store *s, const struct sh_entry *key, int *therep)
{
	size_t i;
	int r = -1;

	for (i = 0; i < s->nentries; i++)
		if ((r = compare_entries(key, &s->entries[i].key)) <= 0)
			break;
	*therep = i < s->nentries && r == 0;
	return (i);
}

static void
put_entry(struct store *s, const struct sh_entry *t, struct value *v)
{
	struct entry *at;
	size_t i;
	int there;

	i = entry_place(s, t, &there);
	at = s->entries + i;
	if (there)
		free(at->value.data);
	if (t->remove && there) {
		memmove(at, at + 1, (--s->nentries - i) * sizeof(*at));
	} else if (!t->remove) {
		if (!there)
			memmove(at + 1, at, (s->nentries++ - i) * sizeof(*at));
		at->key = *t;
		at->value = *v;
	}
}

static void
put_reference(struct store *s, const struct sh_tag *holder,
    const struct sh_reference *ref)
{
	size_t i;

	for (i = 0; i < s->nreferences; i++)
		if (same(&s->references[i].holder, holder, 16) &&
		    same(&s->references[i].ref.blob, &ref->blob, 32) &&
		    same(&s->references[i].ref.document, &ref->document, 16))
			break;
	if (ref->remove && i < s->nreferences)
		s->references[i] = s->references[--s->nreferences];
	if (ref->remove || i < s->nreferences)
		return;
	s->references[i].holder = *holder;
	s->references[i].ref = *ref;
	s->nreferences++;
}

static struct job *
find_job(struct store *s, const struct sh_engine_job *j)
{
	size_t i;

	for (i = 0; i < s->njobs; i++)
		if (s->jobs[i].job.queue == j->queue &&
		    same(&s->jobs[i].job.id, &j->id, 16))
			return (&s->jobs[i]);
	return (NULL);
}

/* The last event of HOLDER's chain, or NULL. */
static const struct event *
last_event(const struct store *s, const struct sh_tag *holder)
{
	size_t i;

	for (i = s->nevents; i-- > 0;)
		if (same(&s->events[i].fed.holder, holder, 16))
			return (&s->events[i]);
	return (NULL);
}

/* Decide the outcome; 1 when the change is to be made. */
static int
decide(struct store *s, struct sh_change *c)
{
	static const struct sh_digest none;
	const struct event *last = last_event(s, &c->holder);
	struct document *d;
	size_t i;

	for (i = 0; i < s->nevents; i++) {
		const struct sh_fed *f = &s->events[i].fed;

		if (same(&f->holder, &c->holder, 16) &&
		    same(&f->operation, &c->operation, 16)) {
			c->outcome = SH_COMMITTED_BEFORE;
			c->sequence = f->sequence;
			c->head = f->head;
			return (0);
		}
	}
	c->outcome = SH_COMMIT_CONFLICT;
	c->sequence = last != NULL ? last->fed.sequence : 0;
	c->head = last != NULL ? last->fed.head : none;
	if (c->expect != NULL && !same(c->expect, &c->head, 32))
		return (0);
	for (i = 0; i < c->nputs; i++) {
		d = find_document(s, &c->holder, &c->puts[i].document);
		if (d != NULL && (c->puts[i].len > 0 || d->value.len == 0))
			return (0);
	}
	c->outcome = SH_COMMITTED;
	return (1);
}

/* Room and copies for everything, so that what follows cannot fail. */
static int
prepare(struct store *s, const struct sh_change *c, struct value *values,
    struct sh_error *err)
{
	size_t i, n = 0;

	for (i = 0; i < c->nreferences; i++)
		if (!c->references[i].remove &&
		    find_blob(s, &c->references[i].blob) == NULL)
			return (sh_error_set(err, SH_ENOTFOUND,
			    "engine.blob-missing",
			    "a reference to a blob that is not held"));
	if (ROOM(s, documents, c->nputs, err) ||
	    ROOM(s, entries, c->nentries, err) ||
	    ROOM(s, references, c->nreferences, err) ||
	    ROOM(s, jobs, c->njobs, err) || ROOM(s, events, 1, err) ||
	    copy(&values[n++], c->event, c->eventlen, err))
		return (-1);
	for (i = 0; i < c->nputs; i++)
		if (copy(&values[n++], c->puts[i].value, c->puts[i].len, err))
			return (-1);
	for (i = 0; i < c->nentries; i++)
		if (!c->entries[i].remove && copy(&values[n++],
		    c->entries[i].value, c->entries[i].len, err))
			return (-1);
	return (0);
}

static int
apply(struct store *s, struct sh_change *c, struct value *v,
    struct sh_error *err)
{
	struct event *e;
	struct document *d;
	struct sh_digest head;
	size_t i;

	if (sh_chain_next(&c->head, c->sequence + 1, &c->digest, &head, err))
		return (-1);
	c->sequence++;
	c->head = head;
	e = &s->events[s->nevents++];
	e->fed = (struct sh_fed){ .position = s->nevents,
	    .holder = c->holder, .operation = c->operation,
	    .sequence = c->sequence, .digest = c->digest, .head = c->head };
	e->value = *v++;
	for (i = 0; i < c->nputs; i++, v++) {
		d = find_document(s, &c->holder, &c->puts[i].document);
		if (d == NULL)
			d = &s->documents[s->ndocuments++];
		else
			free(d->value.data);
		d->holder = c->holder;
		d->id = c->puts[i].document;
		d->value = *v;
	}
	for (i = 0; i < c->nentries; i++) {
		put_entry(s, &c->entries[i], v);
		v += !c->entries[i].remove;
	}
	for (i = 0; i < c->nreferences; i++)
		put_reference(s, &c->holder, &c->references[i]);
	for (i = 0; i < c->njobs; i++) {
		if (find_job(s, &c->jobs[i]) != NULL)
			continue;
		s->jobs[s->njobs] = (struct job){ .job = c->jobs[i] };
		memset(&s->jobs[s->njobs].job.lease, 0, 16);
		s->jobs[s->njobs++].job.tries = 0;
	}
	return (0);
}

static int
mem_commit(struct sh_engine *e, struct sh_change *changes, size_t n,
    struct sh_error *err)
{
	struct store *s = ((struct mem *)e)->s;
	struct value *values;
	size_t i, k, nvalues;

	for (i = 0; i < n; i++) {
		if (!decide(s, &changes[i]))
			continue;
		nvalues = 1 + changes[i].nputs + changes[i].nentries;
		values = sh_alloc(nvalues, sizeof(*values), "the engine", err);
		if (values == NULL)
			return (-1);
		if (prepare(s, &changes[i], values, err) ||
		    apply(s, &changes[i], values, err)) {
			for (k = 0; k < nvalues; k++)
				free(values[k].data);
			free(values);
			return (-1);
		}
		free(values);
	}
	return (0);
}

/* ---- reads --------------------------------------------------------------- */

static int
mem_get(struct sh_engine *e, const struct sh_tag *holder,
    const struct sh_tag *document, uint8_t *value, size_t *lenp,
    struct sh_error *err)
{
	struct document *d = find_document(((struct mem *)e)->s, holder,
	    document);

	if (d == NULL)
		return (sh_error_set(err, SH_ENOTFOUND,
		    "engine.document-missing", "no such document"));
	if (d->value.len == 0)
		return (sh_error_set(err, SH_ENOTFOUND, "engine.tombstone",
		    "the document was destroyed"));
	memcpy(value, d->value.data, d->value.len);
	*lenp = d->value.len;
	return (0);
}

static int
in_range(const struct sh_range *r, const struct sh_entry *key)
{
	struct sh_entry after = { .table = r->table, .term = r->term };
	int c;

	if (key->table != r->table || !same(&key->term, &r->term, 16) ||
	    key->sortlen < r->prefixlen || (r->prefixlen > 0 &&
	    !same(key->sort, r->prefix, r->prefixlen)))
		return (0);
	if (r->after == NULL)
		return (1);
	memcpy(after.sort, r->after, r->afterlen);
	after.sortlen = r->afterlen;
	c = compare_entries(key, &after);
	return (r->descending ? c < 0 : c > 0);
}

static int
mem_scan(struct sh_engine *e, const struct sh_range *range,
    int (*fn)(void *, const struct sh_entry *, struct sh_error *),
    void *arg, struct sh_error *err)
{
	struct store *s = ((struct mem *)e)->s;
	struct sh_range rest = *range;
	struct sh_entry t;
	size_t i;
	int r = 0, found;

	/* FN may change the list: the place is found again by key. */
	do {
		found = 0;
		for (i = 0; i < s->nentries && !found; i++) {
			struct entry *at = &s->entries[rest.descending ?
			    s->nentries - 1 - i : i];

			if (!in_range(&rest, &at->key))
				continue;
			found = 1;
			t = at->key;
			t.value = at->value.data;
			t.len = at->value.len;
			rest.after = t.sort;
			rest.afterlen = t.sortlen;
		}
		if (found)
			r = fn(arg, &t, err);
	} while (found && r == 0);
	return (r < 0 ? -1 : 0);
}

static int
mem_head(struct sh_engine *e, const struct sh_tag *holder,
    struct sh_head *head, struct sh_error *err)
{
	const struct event *last = last_event(((struct mem *)e)->s, holder);

	(void)err;
	if (last != NULL) {
		head->sequence = last->fed.sequence;
		head->head = last->fed.head;
	}
	return (0);
}

static int
mem_feed(struct sh_engine *e, unsigned shard, const struct sh_tag *holder,
    uint64_t after, int (*fn)(void *, const struct sh_fed *,
    struct sh_error *), void *arg, struct sh_error *err)
{
	struct store *s = ((struct mem *)e)->s;
	struct sh_fed item;
	size_t i;
	int r = 0;

	(void)shard;
	for (i = 0; i < s->nevents && r == 0; i++) {
		item = s->events[i].fed;
		if (holder != NULL && !same(holder, &item.holder, 16))
			continue;
		if (holder != NULL)
			item.position = item.sequence;
		if (item.position <= after)
			continue;
		item.event = s->events[i].value.data;
		item.len = s->events[i].value.len;
		r = fn(arg, &item, err);
	}
	return (r < 0 ? -1 : 0);
}

/* ---- jobs ---------------------------------------------------------------- */

static int
mem_lease(struct sh_engine *e, unsigned queue, size_t n, int64_t now,
    int64_t ttl_s, struct sh_engine_job *jobs, size_t *gotp,
    struct sh_error *err)
{
	struct store *s = ((struct mem *)e)->s;
	struct sh_tag fresh;
	struct job *j, *next;
	size_t i, got = 0;
	uint8_t given[SH_LEASE_MAX][16];

	if (sh_random(fresh.b, sizeof(fresh.b), err))
		return (-1);
	while (got < n) {
		next = NULL;
		for (i = 0; i < s->njobs; i++) {
			size_t k;

			j = &s->jobs[i];
			for (k = 0; k < got; k++)
				if (same(given[k], &j->job.id, 16))
					break;
			if (j->job.queue != queue || j->when > now || k < got)
				continue;
			if (next == NULL || j->when < next->when ||
			    (j->when == next->when && memcmp(&j->job.id,
			    &next->job.id, 16) < 0))
				next = j;
		}
		if (next == NULL)
			break;
		next->when = now + ttl_s;
		next->job.lease = fresh;
		next->job.tries++;
		memcpy(given[got], &next->job.id, 16);
		jobs[got++] = next->job;
	}
	*gotp = got;
	return (0);
}

static int
mem_done(struct sh_engine *e, const struct sh_engine_job *jobs, size_t n,
    int64_t again, struct sh_error *err)
{
	struct store *s = ((struct mem *)e)->s;
	struct job *j;
	size_t i;

	(void)err;
	for (i = 0; i < n; i++) {
		j = find_job(s, &jobs[i]);
		if (j == NULL || !same(&j->job.lease, &jobs[i].lease, 16))
			continue;
		if (again >= 0) {
			j->when = again;
			memset(&j->job.lease, 0, 16);
		} else {
			*j = s->jobs[--s->njobs];
		}
	}
	return (0);
}

/* ---- check --------------------------------------------------------------- */

static int
compare_blobs(const void *a, const void *b)
{
	return (memcmp(((const struct reference *)a)->ref.blob.b,
	    ((const struct reference *)b)->ref.blob.b, 32));
}

static int
compare_events(const void *a, const void *b)
{
	const struct sh_fed *x = &((const struct event *)a)->fed;
	const struct sh_fed *y = &((const struct event *)b)->fed;
	int r = memcmp(&x->holder, &y->holder, 16);

	return (r != 0 ? r : x->sequence < y->sequence ? -1 :
	    x->sequence > y->sequence);
}

static int
visit_events(struct store *s, const struct sh_visit *visit,
    struct sh_error *err)
{
	struct event *sorted;
	struct sh_fed item;
	size_t i;
	int rc = 0;

	sorted = sh_alloc(s->nevents, sizeof(*sorted), "the engine", err);
	if (sorted == NULL)
		return (-1);
	if (s->nevents > 0) {
		memcpy(sorted, s->events, s->nevents * sizeof(*sorted));
		qsort(sorted, s->nevents, sizeof(*sorted), compare_events);
	}
	for (i = 0; i < s->nevents && rc == 0; i++) {
		item = sorted[i].fed;
		item.position = item.sequence;
		item.event = sorted[i].value.data;
		item.len = sorted[i].value.len;
		rc = visit->event(visit->arg, &item, err);
	}
	free(sorted);
	return (rc);
}

static int
mem_check(struct sh_engine *e, const struct sh_visit *visit,
    struct sh_error *err)
{
	struct store *s = ((struct mem *)e)->s;
	size_t i, k;

	if (visit->total != NULL)
		visit->total(visit->arg, s->nevents + s->ndocuments +
		    s->nentries + s->nreferences + s->nblobs);
	if (visit->event != NULL && visit_events(s, visit, err))
		return (-1);
	for (i = 0; i < s->ndocuments && visit->document != NULL; i++) {
		struct sh_put put = { s->documents[i].id,
		    s->documents[i].value.data, s->documents[i].value.len };

		if (visit->document(visit->arg, &s->documents[i].holder, &put,
		    err))
			return (-1);
	}
	for (i = 0; i < s->nentries && visit->entry != NULL; i++) {
		struct sh_entry t = s->entries[i].key;

		t.value = s->entries[i].value.data;
		t.len = s->entries[i].value.len;
		if (visit->entry(visit->arg, &t, err))
			return (-1);
	}
	if (s->nreferences > 0)
		qsort(s->references, s->nreferences, sizeof(*s->references),
		    compare_blobs);
	for (i = 0; i < s->nreferences && visit->reference != NULL; i++)
		if (visit->reference(visit->arg, &s->references[i].holder,
		    &s->references[i].ref, err))
			return (-1);
	for (i = 0; i < s->nblobs && visit->blob != NULL; i++) {
		for (k = 0; k < s->nreferences; k++)
			if (same(&s->references[k].ref.blob,
			    &s->blobs[i].name, 32))
				break;
		if (visit->blob(visit->arg, &s->blobs[i].name,
		    s->blobs[i].value.len, k < s->nreferences, err))
			return (-1);
	}
	return (0);
}

/* What was removed is not there any more. */
static int
mem_purge(struct sh_engine *e, struct sh_error *err)
{
	(void)e;
	(void)err;
	return (0);
}

const struct sh_engine_driver sh_engine_mem = {
	.scheme = "mem:",
	.open = mem_open,
	.close = mem_close,
	.blob_put = mem_blob_put,
	.blob_get = mem_blob_get,
	.commit = mem_commit,
	.get = mem_get,
	.scan = mem_scan,
	.head = mem_head,
	.feed = mem_feed,
	.lease = mem_lease,
	.done = mem_done,
	.purge = mem_purge,
	.check = mem_check,
};
