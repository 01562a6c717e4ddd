/*
 * Accession: blobs synced, one change per holder, everything read back.  A
 * batch shares its syncs: one for the keys of new holders, one for the
 * blobs, one transaction for the changes.
 */
#include "archive/archive_internal.h"

#include <stdlib.h>
#include <string.h>

#include "archive/seal_internal.h"
#include "archive/stream.h"
#include "base/mem.h"

struct work {
	struct sh_accession_plan in;
	struct sh_accession_result *result;
	struct sh_filed what;		/* what is filed: see filed() */
	struct sh_tag tags[SH_HOLDERS_MAX];
	size_t ntags;
	/* A link's document. */
	json_t *record;
	json_t *link;
	struct sh_buf bytes;
	struct sh_stored body;
	struct sh_filing *filings[SH_HOLDERS_MAX];
};

struct batch {
	struct sh_archive *ar;
	struct work *works[SH_ACCESSIONS_MAX];
	size_t n;
	size_t nchanges;
};

static void
work_free(struct work *w)
{
	size_t i;

	if (w == NULL)
		return;
	for (i = 0; i < SH_HOLDERS_MAX; i++)
		sh_filing_free(w->filings[i]);
	json_decref(w->record);
	json_decref(w->link);
	sh_buf_free(&w->bytes);
	sh_accession_free(&w->in);
	free(w);
}

/* ---- what is held already ------------------------------------------------ */

struct held {
	struct sh_archive *ar;
	const struct sh_tag *holder;
	struct sh_tag id;
	int found;
};

static int
take_held(void *arg, const struct sh_entry *t, struct sh_error *err)
{
	struct held *h = arg;
	json_t *v;

	int rc;

	if ((v = sh_document_entry(h->ar, h->holder, t, err)) == NULL)
		return (-1);
	/* An entry that names nothing is not nothing held. */
	rc = sh_tag_parse(sh_member(v, "id"), &h->id) == 0 ? 1 :
	    sh_error_set(err, SH_EFIXITY, "record.damaged",
	    "an entry of what is held names no document");
	h->found = rc == 1;
	json_decref(v);
	return (rc);
}

/* 1 with the document that holds CONTENT for HOLDER, 0, or -1. */
static int
held(struct sh_archive *ar, const struct sh_tag *holder,
    const struct sh_digest *content, struct sh_tag *id, struct sh_error *err)
{
	struct held h = { .ar = ar, .holder = holder };
	struct sh_tag tag;
	struct sh_range r = { .table = SH_TABLE_CONTENT, .term = *holder,
	    .prefix = tag.b, .prefixlen = sizeof(tag.b) };

	if (sh_filing_content(ar, content, &tag, err) ||
	    sh_engine_scan(ar->engine, &r, take_held, &h, err))
		return (-1);
	*id = h.id;
	return (h.found);
}

int
sh_archive_holds(struct sh_archive *ar, const struct sh_holder *holder,
    const struct sh_digest *content, struct sh_document_id *id,
    struct sh_error *err)
{
	struct sh_tag tag, found;
	int r;

	if (sh_holder_tag(ar, &holder->id, holder->name, holder->birth, &tag,
	    err))
		return (-1);
	if ((r = held(ar, &tag, content, &found, err)) == 1)
		memcpy(id->b, found.b, sizeof(id->b));
	return (r);
}

int
sh_archive_document_id(struct sh_archive *ar, const struct sh_accession *acc,
    struct sh_document_id *id, struct sh_error *err)
{
	struct sh_accession_plan in;
	int rc;

	if ((rc = sh_accession_begin(ar, acc, &in, err)) == 0)
		memcpy(id->b, in.operation.b, sizeof(id->b));
	sh_accession_free(&in);
	return (rc);
}

/* ---- beginning ----------------------------------------------------------- */

struct known_link {
	struct sh_archive *ar;
	const struct sh_tag *holder;
	json_t *link;
};

static int
take_known(void *arg, const struct sh_entry *t, struct sh_error *err)
{
	struct known_link *k = arg;

	k->link = sh_document_entry(k->ar, k->holder, t, err);
	return (k->link != NULL ? 1 : -1);
}

/* The link of this accession with DOCUMENT; NULL with no error: none. */
static json_t *
known_link(struct sh_archive *ar, const struct sh_tag *holder,
    const struct sh_tag *document, const struct sh_tag *operation,
    struct sh_error *err)
{
	struct known_link k = { .ar = ar, .holder = holder };
	uint8_t sort[32];
	struct sh_range r = { .table = SH_TABLE_LINK, .term = *holder,
	    .prefix = sort, .prefixlen = sizeof(sort) };

	memcpy(sort, document->b, 16);
	memcpy(sort + 16, operation->b, 16);
	if (sh_engine_scan(ar->engine, &r, take_known, &k, err))
		return (NULL);
	return (k.link);
}

/* The document that is there, and who has it: to be linked or proven. */
static int
load_held(struct sh_archive *ar, struct work *w, const struct sh_tag *id,
    struct sh_error *err)
{
	uint8_t value[SH_VALUE_MAX];
	int64_t archived_at;
	size_t len;
	int has_body;

	if (sh_engine_get(ar->engine, &w->in.tags[0], id, value, &len, err) ||
	    (w->record = sh_document_open(ar, &w->in.tags[0], id, value, len,
	    &w->body, &has_body, err)) == NULL ||
	    sh_record_bytes(w->record, &w->bytes, err) ||
	    sh_document_locate(ar, id, w->tags, &w->ntags, &archived_at, err))
		return (-1);
	w->what.record = w->record;
	w->what.bytes = &w->bytes;
	w->what.body = has_body ? &w->body : NULL;
	w->what.document = *id;
	return (0);
}

static int
begin(struct sh_archive *ar, struct work *w, const struct sh_accession *acc,
    struct sh_error *err)
{
	struct sh_tag id;
	int r;

	if (sh_accession_begin(ar, acc, &w->in, err))
		return (-1);
	w->what.operation = w->in.operation;
	w->what.tags = w->tags;
	if ((r = held(ar, &w->in.tags[0], &acc->content, &id, err)) < 0)
		return (-1);
	if (r == 0 && acc->held != NULL) {
		memcpy(id.b, acc->held->b, sizeof(id.b));
		r = 1;
	}
	if (r == 0) {
		w->result->state = SH_ACCEDED;
		memcpy(w->tags, w->in.tags, sizeof(w->tags));
		w->ntags = w->in.ntags;
		w->what.document = w->in.operation;
		if (sh_accession_measure(ar, &w->in, sh_now(), err))
			return (-1);
		w->what.record = w->in.record;
		w->what.bytes = &w->in.bytes;
		w->what.body = w->in.has_body ? &w->in.body : NULL;
	} else {
		if (load_held(ar, w, &id, err))
			return (-1);
		w->result->state = SH_ACCEDED_BEFORE;
		if (memcmp(&id, &w->in.operation, sizeof(id)) != 0 &&
		    (w->link = known_link(ar, &w->in.tags[0], &id,
		    &w->in.operation, err)) == NULL) {
			if (err->code != SH_OK)
				return (-1);
			w->result->state = SH_ACCEDED_LINKED;
			w->link = sh_accession_link(&w->in, w->record, sh_now(),
			    err);
			if (w->link == NULL || sh_holder_tags(ar, w->link,
			    w->tags, &w->ntags, err))
				return (-1);
		}
		w->what.link = w->link;
	}
	w->what.ntags = w->ntags;
	memcpy(w->result->id.b, w->what.document.b, 16);
	return (0);
}

/* ---- writing ------------------------------------------------------------- */

static int
make_filings(struct sh_archive *ar, struct work *w, struct sh_error *err)
{
	size_t i;

	if (w->result->state == SH_ACCEDED_BEFORE)
		return (0);
	for (i = 0; i < w->ntags; i++) {
		w->filings[i] = sh_filing_new(ar, &w->what, i, err);
		if (w->filings[i] == NULL)
			return (-1);
	}
	return (0);
}

static int
put_blobs(struct batch *b, struct sh_error *err)
{
	struct sh_blob *blobs;
	size_t i, k, n = 0;
	int rc;

	for (i = 0; i < b->n; i++)
		n += b->works[i]->in.nblobs;
	if (n == 0)
		return (0);
	if ((blobs = sh_alloc(n, sizeof(*blobs), "blobs", err)) == NULL)
		return (-1);
	for (i = n = 0; i < b->n; i++) {
		for (k = 0; k < b->works[i]->in.nblobs; k++, n++) {
			struct sh_planned *p = &b->works[i]->in.blobs[k];

			p->content.at = 0;
			blobs[n].name = p->name;
			blobs[n].source = sh_sealer_source;
			blobs[n].arg = p->sealer;
		}
	}
	rc = sh_engine_blob_put(b->ar->engine, blobs, n, err);
	free(blobs);
	return (rc);
}

static int
commit(struct batch *b, struct sh_error *err)
{
	struct sh_change *changes;
	size_t i, k, n = 0;
	int rc = -1;

	if (b->nchanges == 0)
		return (0);
	changes = sh_alloc(b->nchanges, sizeof(*changes), "changes", err);
	if (changes == NULL)
		return (-1);
	for (i = 0; i < b->n; i++)
		for (k = 0; k < SH_HOLDERS_MAX; k++)
			if (b->works[i]->filings[k] != NULL)
				changes[n++] = *sh_filing_change(
				    b->works[i]->filings[k]);
	if (sh_engine_commit(b->ar->engine, changes, n, err))
		goto out;
	for (i = 0; i < n; i++) {
		if (changes[i].outcome == SH_COMMIT_CONFLICT) {
			(void)sh_error_set(err, SH_ECONFLICT,
			    "accession.conflict", "the document is there, "
			    "but was not archived by this accession");
			goto out;
		}
	}
	rc = 0;
out:
	free(changes);
	return (rc);
}

/* ---- proving ------------------------------------------------------------- */

/* Every holder has the very record. */
static int
prove_records(struct sh_archive *ar, const struct work *w,
    struct sh_error *err)
{
	struct sh_buf bytes = SH_BUF_INIT;
	json_t *v;
	size_t i;
	int rc = 0;

	for (i = 0; i < w->ntags && rc == 0; i++) {
		sh_buf_reset(&bytes);
		v = sh_document_record(ar, &w->tags[i], &w->what.document,
		    err);
		if (v == NULL || sh_record_bytes(v, &bytes, err))
			rc = -1;
		else if (bytes.len != w->what.bytes->len || memcmp(bytes.data,
		    w->what.bytes->data, bytes.len) != 0)
			rc = sh_error_set(err, SH_EFIXITY, "accession.unproven",
			    "the record that was read back is another");
		json_decref(v);
	}
	sh_buf_free(&bytes);
	return (rc);
}

static int
prove_blobs(struct sh_archive *ar, const struct work *w,
    struct sh_error *err)
{
	json_t *list = json_object_get(w->what.record, "renditions"), *v;
	struct sh_stored s;
	size_t i;
	int r;

	json_array_foreach(list, i, v) {
		r = sh_document_stored(w->what.record, sh_member(v, "name"),
		    &s, err);
		if (r < 0 || sh_document_read(ar, &s, NULL, NULL, err))
			return (-1);
	}
	r = sh_document_stored(w->what.record, NULL, &s, err);
	if (r < 0 || (r == 1 && sh_document_read(ar, &s, NULL, NULL, err)))
		return (-1);
	return (0);
}

static int
prove_link(struct sh_archive *ar, const struct work *w, struct sh_error *err)
{
	json_t *v;
	int same;

	if (w->link == NULL)
		return (0);
	v = known_link(ar, &w->tags[0], &w->what.document,
	    &w->what.operation, err);
	same = v != NULL && json_equal(v, w->link);
	json_decref(v);
	if (same || err->code != SH_OK)
		return (same ? 0 : -1);
	return (sh_error_set(err, SH_EFIXITY, "accession.unproven",
	    "the link that was read back is another"));
}

static void
prove(struct sh_archive *ar, const struct work *w, struct sh_error *err)
{
	if (prove_records(ar, w, err) || prove_blobs(ar, w, err) ||
	    prove_link(ar, w, err)) {
		(void)sh_error_told(err);
		(void)sh_error_context(err, "read back");
	}
}

/* ---- the batch ----------------------------------------------------------- */

static int
need_keys(struct batch *b, struct sh_error *err)
{
	struct sh_tag *tags;
	size_t i, n = 0;
	int rc;

	tags = sh_alloc(b->nchanges, sizeof(*tags), "holders", err);
	if (tags == NULL)
		return (-1);
	for (i = 0; i < b->n; i++) {
		if (b->works[i]->result->state == SH_ACCEDED_BEFORE)
			continue;
		memcpy(tags + n, b->works[i]->tags,
		    b->works[i]->ntags * sizeof(*tags));
		n += b->works[i]->ntags;
	}
	rc = sh_vault_need_keys(b->ar->vault, tags, n, err);
	free(tags);
	return (rc);
}

/* Jobs of what has been filed with every holder. */
static int
finish_jobs(struct batch *b, struct sh_error *err)
{
	struct sh_engine_job *jobs;
	size_t i, n = 0;
	int rc;

	if (!b->ar->unfiled)
		return (0);
	if ((jobs = sh_alloc(b->n, sizeof(*jobs), "jobs", err)) == NULL)
		return (-1);
	for (i = 0; i < b->n; i++) {
		if (b->works[i]->ntags < 2)
			continue;
		jobs[n].queue = SH_QUEUE_FILE;
		jobs[n++].id = b->works[i]->what.operation;
	}
	rc = sh_engine_done(b->ar->engine, jobs, n, -1, err);
	if (rc == 0)
		b->ar->unfiled = 0;
	free(jobs);
	return (rc);
}

static int
write_batch(struct batch *b, struct sh_error *err)
{
	size_t i;

	if (need_keys(b, err))
		return (-1);
	for (i = 0; i < b->n; i++) {
		if (make_filings(b->ar, b->works[i], err))
			return (-1);
		if (b->works[i]->ntags > 1 &&
		    b->works[i]->result->state != SH_ACCEDED_BEFORE)
			b->ar->unfiled = 1;
	}
	if (put_blobs(b, err) || commit(b, err))
		return (-1);
	return (finish_jobs(b, err));
}

/* Archive what the batch holds and give every work its result. */
static void
flush(struct batch *b)
{
	struct sh_error err = SH_ERROR_INIT;
	size_t i;

	if (b->n > 0 && write_batch(b, &err)) {
		(void)sh_error_told(&err);
		for (i = 0; i < b->n; i++)
			b->works[i]->result->error = err;
	} else {
		for (i = 0; i < b->n; i++)
			prove(b->ar, b->works[i],
			    &b->works[i]->result->error);
	}
	for (i = 0; i < b->n; i++)
		work_free(b->works[i]);
	b->n = b->nchanges = 0;
}

/* 1 if W must see what the batch holds before it is begun. */
static int
same_content(const struct batch *b, const struct work *w)
{
	size_t i;

	for (i = 0; i < b->n; i++)
		if (memcmp(&b->works[i]->in.tags[0], &w->in.tags[0], 16) ==
		    0 && memcmp(&b->works[i]->in.acc->content,
		    &w->in.acc->content, SH_DIGEST_LEN) == 0)
			return (1);
	return (0);
}

static void
add(struct batch *b, const struct sh_accession *acc,
    struct sh_accession_result *result)
{
	struct work *w;

	memset(result, 0, sizeof(*result));
	for (;;) {
		w = sh_alloc(1, sizeof(*w), "an accession", &result->error);
		if (w == NULL)
			return;
		w->result = result;
		if (begin(b->ar, w, acc, &result->error)) {
			(void)sh_error_told(&result->error);
			work_free(w);
			return;
		}
		if (!same_content(b, w))
			break;
		work_free(w);
		flush(b);
	}
	if (b->n == SH_ACCESSIONS_MAX ||
	    b->nchanges + w->ntags > SH_CHANGES_MAX)
		flush(b);
	b->works[b->n++] = w;
	if (result->state != SH_ACCEDED_BEFORE)
		b->nchanges += w->ntags;
}

/* One bad accession must not sink the others: each is tried alone. */
static void
retry_alone(struct sh_archive *ar, const struct sh_accession *acc, size_t n,
    struct sh_accession_result *results)
{
	struct batch *b;
	size_t i;

	if ((b = calloc(1, sizeof(*b))) == NULL)
		return;
	b->ar = ar;
	for (i = 0; i < n; i++) {
		if (results[i].error.code == SH_OK)
			continue;
		add(b, &acc[i], &results[i]);
		flush(b);
	}
	free(b);
}

int
sh_archive_accede_many(struct sh_archive *ar, const struct sh_accession *acc,
    size_t n, struct sh_accession_result *results, struct sh_error *err)
{
	struct batch *b;
	size_t i, failed = 0;

	if (n > SH_ACCESSIONS_MAX)
		return (sh_error_set(err, SH_ELIMIT, "accession.many",
		    "%zu accessions at once; limit %d", n,
		    SH_ACCESSIONS_MAX));
	if (ar->readonly)
		return (sh_error_set(err, SH_EDENIED, "archive.readonly",
		    "the archive was opened for reading"));
	if (sh_seals_permit(ar, err))
		return (-1);
	/* What an earlier failure left half done comes first. */
	if (ar->unfiled && sh_sweep(ar, err))
		return (-1);
	if ((b = sh_alloc(1, sizeof(*b), "a batch", err)) == NULL)
		return (-1);
	b->ar = ar;
	for (i = 0; i < n; i++)
		add(b, &acc[i], &results[i]);
	flush(b);
	free(b);
	for (i = 0; i < n; i++)
		failed += results[i].error.code != SH_OK;
	if (ar->seals != NULL)
		ar->seals->changes += n - failed;
	if (failed > 0 && n > 1)
		retry_alone(ar, acc, n, results);
	return (0);
}

int
sh_archive_accede(struct sh_archive *ar, const struct sh_accession *acc,
    struct sh_document_id *id, enum sh_accession_state *statep,
    struct sh_error *err)
{
	struct sh_accession_result r;

	if (sh_archive_accede_many(ar, acc, 1, &r, err))
		return (-1);
	if (r.error.code != SH_OK) {
		*err = r.error;
		return (-1);
	}
	*id = r.id;
	*statep = r.state;
	return (0);
}
