/*
 * Consistency of the whole archive: the engine walks over everything it has,
 * and each thing is opened and compared with the record that it comes from.
 * Nothing is compared twice and nothing is held in memory: what must be
 * there is looked up, what is there is counted, and equal counts leave no
 * room for anything else.
 */
#include "archive/archive_internal.h"

#include <stdlib.h>
#include <string.h>

#include "archive/act.h"
#include "archive/seal.h"
#include "archive/search.h"
#include "base/mem.h"

#define FINDINGS_MAX	1000
#define NTABLES		256

struct check {
	struct sh_archive *ar;
	void (*progress)(void *arg, uint64_t done, uint64_t total);
	void *arg;
	uint64_t done, total;
	struct sh_tag manifest;
	json_t *findings;
	uint64_t nfindings;
	uint64_t documents, erased, blobs, bytes, unreferenced;
	uint64_t rows, archived;	/* documents with holders; events */
	uint64_t links;			/* events of links */
	uint64_t gone;			/* those whose document was disposed of */
	uint64_t want_entries[NTABLES], entries[NTABLES];
	uint64_t want_references, references;
	/* The blob whose references are being heard. */
	int in_blob, proven;
	struct sh_digest blob;
};

/* ---- findings ------------------------------------------------------------ */

static int
add_finding(struct check *c, const char *key, const char *text,
    const struct sh_tag *document, struct sh_error *err)
{
	char hex[SH_TAG_HEX];
	json_t *v;

	if (c->nfindings++ >= FINDINGS_MAX)
		return (0);
	if ((v = sh_json_new_object(err)) == NULL ||
	    sh_json_append(c->findings, v, err))
		return (-1);
	if (document != NULL)
		sh_tag_print(document, hex);
	return (sh_json_set_str(v, "key", key, err) ||
	    sh_json_set_str(v, "text", text, err) ||
	    sh_json_set_str(v, "document", document != NULL ? hex : NULL,
	    err) ? -1 : 0);
}

static int
on_finding(void *arg, const char *key, const char *text,
    struct sh_error *err)
{
	return (add_finding(arg, key, text, NULL, err));
}

/* Damage and absence become findings; anything else ends the check. */
static int
forgive(struct check *c, const struct sh_tag *document, struct sh_error *err)
{
	struct sh_error cause = *err;

	if (err->code != SH_EFIXITY && err->code != SH_ENOTFOUND &&
	    err->code != SH_EFORMAT && err->code != SH_EUNSUPPORTED)
		return (-1);
	sh_error_clear(err);
	return (add_finding(c, cause.key, cause.text, document, err));
}

/* 1 if nothing of HOLDER can be opened any more, or is meant to be. */
static int
is_closed(struct check *c, const struct sh_tag *holder, struct sh_error *err)
{
	int r;

	if (memcmp(holder, &c->manifest, sizeof(*holder)) == 0)
		return (1);
	if ((r = sh_vault_has_key(c->ar->vault, holder, err)) < 0)
		return (-1);
	return (!r);
}

/* ---- events -------------------------------------------------------------- */

/* *GONEP: a tombstone is there, which is a row as well. */
static int
has_row(struct check *c, const struct sh_tag *holder,
    const struct sh_tag *document, int *gonep, struct sh_error *err)
{
	uint8_t value[SH_VALUE_MAX];
	size_t len;

	*gonep = 0;
	if (sh_engine_get(c->ar->engine, holder, document, value, &len,
	    err) == 0)
		return (1);
	if (err->code != SH_ENOTFOUND)
		return (-1);
	*gonep = strcmp(err->key, "engine.tombstone") == 0;
	sh_error_clear(err);
	return (*gonep);
}

static int want_entry(struct check *c, const struct sh_tag *holder,
    const struct sh_tag *document, const struct sh_entry *want,
    struct sh_error *err);

/* What an act's event calls for, but for documents that are gone. */
static int
compare_act(struct check *c, const struct sh_fed *item, const json_t *e,
    struct sh_error *err)
{
	static const struct sh_tag none;
	struct sh_act_index x;
	size_t i;
	int r, gone, rc = -1;

	if (sh_act_index(c->ar, e, &item->operation, &item->holder, &x, err))
		return (forgive(c, NULL, err));
	for (i = 0; i < x.nentries; i++) {
		gone = 0;
		if (memcmp(&x.about[i], &none, sizeof(none)) != 0 &&
		    (r = has_row(c, &item->holder, &x.about[i], &gone, err)) <
		    0)
			goto out;
		if (!gone && want_entry(c, &item->holder, &x.about[i],
		    &x.entries[i], err))
			goto out;
	}
	if (x.has_reference) {
		if ((r = has_row(c, &item->holder, &x.reference.document,
		    &gone, err)) < 0)
			goto out;
		c->want_references += !gone;
	}
	rc = 0;
out:
	sh_act_index_clear(&x);
	return (rc);
}

static int
compare_event(struct check *c, const struct sh_fed *item, const json_t *e,
    struct sh_error *err)
{
	const char *kind = sh_member(e, "event");
	struct sh_tag document;
	int r, gone, is_link;

	if (kind != NULL && sh_act_is(kind))
		return (compare_act(c, item, e, err));
	is_link = kind != NULL && strcmp(kind, "link") == 0;
	if (kind != NULL && !is_link && strcmp(kind, "accede") != 0)
		return (0);
	if (kind == NULL || sh_tag_parse(sh_member(e, "document"),
	    &document))
		return (add_finding(c, "event.damaged",
		    "an event without its document", NULL, err));
	if ((r = has_row(c, &item->holder, &document, &gone, err)) < 0)
		return (-1);
	c->archived += !is_link;
	c->links += is_link;
	c->gone += is_link && gone;
	return (r == 1 ? 0 : add_finding(c, "document.missing",
	    "an archived document is not there", &document, err));
}

static int
on_event(void *arg, const struct sh_fed *item, struct sh_error *err)
{
	struct check *c = arg;
	json_t *e;
	int r;

	if ((r = is_closed(c, &item->holder, err)) != 0)
		return (r < 0 ? forgive(c, NULL, err) : 0);
	if ((e = sh_event_open(c->ar, item, err)) == NULL)
		return (forgive(c, NULL, err));
	r = compare_event(c, item, e, err);
	json_decref(e);
	return (r);
}

/* ---- documents ----------------------------------------------------------- */

struct rank {
	const struct sh_tag *holder;
	int rank;		/* -1: none */
};

static int
take_rank(void *arg, const struct sh_entry *t, struct sh_error *err)
{
	struct rank *r = arg;

	(void)err;
	if (t->sortlen != 17 || memcmp(t->sort + 1, r->holder->b, 16) != 0)
		return (0);
	r->rank = t->sort[0];
	return (1);
}

struct wanted {
	struct sh_archive *ar;
	const struct sh_tag *holder;
	const struct sh_entry *want;
	int same;
};

static int
compare_entry(void *arg, const struct sh_entry *t, struct sh_error *err)
{
	struct wanted *w = arg;
	json_t *a = NULL, *b = NULL;

	if (t->table >= SH_TABLE_GLOBAL) {
		w->same = t->len == w->want->len && memcmp(t->value,
		    w->want->value, t->len) == 0;
		return (1);
	}
	/* Sealed twice, never the same bytes. */
	if ((a = sh_document_entry(w->ar, w->holder, t, err)) != NULL &&
	    (b = sh_document_entry(w->ar, w->holder, w->want, err)) != NULL)
		w->same = json_equal(a, b);
	json_decref(a);
	json_decref(b);
	return (err->code != SH_OK ? -1 : 1);
}

static int
want_entry(struct check *c, const struct sh_tag *holder,
    const struct sh_tag *document, const struct sh_entry *want,
    struct sh_error *err)
{
	struct sh_range r = { .table = want->table, .term = want->term,
	    .prefix = want->sort, .prefixlen = want->sortlen };
	struct wanted w = { .ar = c->ar, .holder = holder, .want = want };

	c->want_entries[want->table]++;
	if (sh_engine_scan(c->ar->engine, &r, compare_entry, &w, err))
		return (forgive(c, document, err));
	if (w.same)
		return (0);
	return (add_finding(c, "index.differs",
	    "an index entry is not what the record says", document, err));
}

struct linked {
	struct check *c;
	const struct sh_tag *holder, *document;
	int lead;
};

/* Every link of the document with this holder opens; its dossier has it. */
static int
on_link(void *arg, const struct sh_entry *t, struct sh_error *err)
{
	struct linked *l = arg;
	struct sh_entry want = { .table = SH_TABLE_DOSSIER,
	    .sortlen = SH_IN_DOSSIER_LEN, .value = l->holder->b, .len = 16 };
	struct sh_tag operation;
	const char *code, *at;
	json_t *v;
	int64_t when;
	int rc = 0;

	l->c->want_entries[SH_TABLE_LINK]++;
	if ((v = sh_document_entry(l->c->ar, l->holder, t, err)) == NULL)
		return (-1);
	code = sh_member(v, "dossier");
	at = sh_member(v, "at");
	if (l->lead && sh_member(v, "evidence") == NULL) {
		if (code == NULL || at == NULL || sh_time_parse(at, &when)) {
			rc = sh_error_set(err, SH_EFIXITY, "record.damaged",
			    "a link");
		} else if ((rc = sh_filing_dossier(l->c->ar, code,
		    &want.term, err)) == 0) {
			memcpy(operation.b, t->sort + 16, 16);
			sh_filing_in_dossier(when, l->document, &operation,
			    want.sort);
			rc = want_entry(l->c, l->holder, l->document, &want,
			    err);
		}
	}
	json_decref(v);
	return (rc);
}

static int
check_links(struct check *c, const struct sh_tag *holder,
    const struct sh_tag *document, int lead, struct sh_error *err)
{
	struct sh_range r = { .table = SH_TABLE_LINK, .term = *holder,
	    .prefix = document->b, .prefixlen = sizeof(document->b) };
	struct linked l = { c, holder, document, lead };

	if (sh_engine_scan(c->ar->engine, &r, on_link, &l, err))
		return (forgive(c, document, err));
	return (0);
}

/* The index entries and references that the record calls for. */
static int
compare_index(struct check *c, const struct sh_filed *what, unsigned rank,
    const struct sh_tag *holder, struct sh_error *err)
{
	struct sh_tag tags[SH_HOLDERS_MAX];
	struct sh_filed mine = *what;
	struct sh_filing *f;
	struct sh_change *change;
	size_t i;
	int rc = -1;

	if (rank >= SH_HOLDERS_MAX)
		return (add_finding(c, "index.differs", "a holder's rank",
		    &what->document, err));
	memset(tags, 0, sizeof(tags));
	tags[rank] = *holder;
	mine.tags = tags;
	mine.ntags = 1;		/* no job */
	if ((f = sh_filing_new(c->ar, &mine, rank, err)) == NULL)
		return (forgive(c, &what->document, err));
	change = sh_filing_change(f);
	c->want_references += change->nreferences;
	for (i = 0; i < change->nentries; i++)
		if (want_entry(c, holder, &what->document,
		    &change->entries[i], err))
			goto out;
	rc = check_links(c, holder, &what->document, rank == 0, err);
out:
	sh_filing_free(f);
	return (rc);
}

static int
compare_record(struct check *c, const struct sh_tag *holder,
    const struct sh_put *put, struct sh_error *err)
{
	struct sh_filed what = { .document = put->document,
	    .operation = put->document };
	struct sh_range r = { .table = SH_TABLE_DOCUMENT,
	    .term = put->document };
	struct rank rank = { holder, -1 };
	struct sh_buf bytes = SH_BUF_INIT;
	struct sh_stored body;
	json_t *record;
	int has_body, rc = -1;

	record = sh_document_open(c->ar, holder, &put->document, put->value,
	    put->len, &body, &has_body, err);
	if (record == NULL || sh_record_bytes(record, &bytes, err) ||
	    sh_engine_scan(c->ar->engine, &r, take_rank, &rank, err)) {
		rc = forgive(c, &put->document, err);
		goto out;
	}
	if (rank.rank == 0)
		c->documents++;
	if (rank.rank < 0 && add_finding(c, "index.differs",
	    "the index does not say where a document lies", &put->document,
	    err))
		goto out;
	what.record = record;
	what.bytes = &bytes;
	what.body = has_body ? &body : NULL;
	rc = compare_index(c, &what, rank.rank < 0 ? 0 :
	    (unsigned)rank.rank, holder, err);
out:
	json_decref(record);
	sh_buf_free(&bytes);
	return (rc);
}

static int
on_document(void *arg, const struct sh_tag *holder,
    const struct sh_put *put, struct sh_error *err)
{
	struct check *c = arg;
	int r;

	if (memcmp(holder, &c->manifest, sizeof(*holder)) == 0)
		return (0);
	if ((r = is_closed(c, holder, err)) != 0) {
		c->erased++;
		return (r < 0 ? forgive(c, &put->document, err) : 0);
	}
	c->rows++;
	if (put->len == 0)
		return (0);
	return (compare_record(c, holder, put, err));
}

/* ---- entries ------------------------------------------------------------- */

static int
on_entry(void *arg, const struct sh_entry *t, struct sh_error *err)
{
	struct check *c = arg;
	struct sh_tag holder;
	int r;

	switch (t->table) {
	case SH_TABLE_LIST:
	case SH_TABLE_CONTENT:
	case SH_TABLE_LINK:
	case SH_TABLE_ACT:
		holder = t->term;
		break;
	case SH_TABLE_DOCUMENT:
		if (t->sortlen != 17 || t->len != 8)
			return (add_finding(c, "index.differs",
			    "an index entry's form", &t->term, err));
		memcpy(holder.b, t->sort + 1, 16);
		break;
	case SH_TABLE_NUMBER:
	case SH_TABLE_TYPE:
		if (t->sortlen != SH_PLACE_LEN || t->len != 16)
			return (add_finding(c, "index.differs",
			    "an index entry's form", NULL, err));
		memcpy(holder.b, t->value, 16);
		break;
	case SH_TABLE_DOSSIER:
	case SH_TABLE_PROPOSAL:
		if (t->len != 16)
			return (add_finding(c, "index.differs",
			    "an index entry's form", NULL, err));
		memcpy(holder.b, t->value, 16);
		break;
	default:
		return (add_finding(c, "index.differs",
		    "an index entry of an unknown table", NULL, err));
	}
	if ((r = is_closed(c, &holder, err)) < 0)
		return (forgive(c, NULL, err));
	c->entries[t->table] += r == 0;
	return (0);
}

/* ---- blobs --------------------------------------------------------------- */

/* Nobody can open it any more: what the engine stored is still whole? */
static int
prove_sealed(struct check *c, const struct sh_digest *name,
    struct sh_error *err)
{
	if (sh_engine_blob_get(c->ar->engine, name, 0, UINT64_MAX, NULL,
	    NULL, NULL, err))
		return (forgive(c, NULL, err));
	return (0);
}

static int
end_blob(struct check *c, struct sh_error *err)
{
	if (!c->in_blob)
		return (0);
	c->in_blob = 0;
	return (c->proven ? 0 : prove_sealed(c, &c->blob, err));
}

/* 1 with what the record says of the blob, 0 when it does not name it. */
static int
named_by(struct check *c, const json_t *record, const struct sh_stored *body,
    const struct sh_digest *blob, struct sh_stored *out,
    struct sh_error *err)
{
	json_t *v, *list = json_object_get(record, "renditions");
	struct sh_digest name;
	size_t i, n = json_array_size(list);
	int r;

	for (i = 0; i < n + 2; i++) {
		if (i <= n) {
			v = json_array_get(list, i);
			r = sh_document_stored(record, i < n ?
			    sh_member(v, "name") : NULL, out, err);
		} else {
			r = body != NULL;
			if (r == 1)
				*out = *body;
		}
		if (r < 0 || (r == 1 && sh_document_blob_name(c->ar,
		    &out->plain, &name, err)))
			return (-1);
		if (r == 1 && memcmp(&name, blob, sizeof(name)) == 0)
			return (1);
	}
	return (0);
}

struct receipts {
	struct check *c;
	const struct sh_digest *blob;
	struct sh_stored *out;
	int found;
};

static int
take_receipt(void *arg, const struct sh_act_seen *seen, struct sh_error *err)
{
	struct receipts *r = arg;
	struct sh_digest name;

	if (sh_stored_parse(json_object_get(seen->act, "receipt"), r->out,
	    err) || sh_document_blob_name(r->c->ar, &r->out->plain, &name,
	    err))
		return (-1);
	r->found = memcmp(&name, r->blob, sizeof(name)) == 0;
	return (r->found);
}

/* The same for receipts of reuse. */
static int
named_by_receipt(struct check *c, const struct sh_tag *holder,
    const struct sh_reference *ref, struct sh_stored *out,
    struct sh_error *err)
{
	struct receipts r = { c, &ref->blob, out, 0 };

	if (sh_act_each(c->ar, holder, &ref->document, 'u', take_receipt, &r,
	    err))
		return (-1);
	return (r.found);
}

static int
prove_blob(struct check *c, const struct sh_tag *holder,
    const struct sh_reference *ref, struct sh_error *err)
{
	uint8_t value[SH_VALUE_MAX];
	struct sh_stored body, stored;
	json_t *record = NULL;
	size_t len;
	int has_body, r = -1;

	if (sh_engine_get(c->ar->engine, holder, &ref->document, value, &len,
	    err) == 0 && (record = sh_document_open(c->ar, holder,
	    &ref->document, value, len, &body, &has_body, err)) != NULL)
		r = named_by(c, record, has_body ? &body : NULL, &ref->blob,
		    &stored, err);
	json_decref(record);
	if (r == 0)
		r = named_by_receipt(c, holder, ref, &stored, err);
	if (r == 0)
		return (add_finding(c, "reference.extra",
		    "a reference that the record does not make",
		    &ref->document, err));
	if (r < 0)
		return (forgive(c, &ref->document, err));
	if (c->proven)
		return (0);
	c->proven = 1;
	if (sh_document_read(c->ar, &stored, NULL, NULL, err))
		return (forgive(c, &ref->document, err));
	return (0);
}

static int
on_reference(void *arg, const struct sh_tag *holder,
    const struct sh_reference *ref, struct sh_error *err)
{
	struct check *c = arg;
	int r;

	if (!c->in_blob || memcmp(&c->blob, &ref->blob,
	    sizeof(c->blob)) != 0) {
		if (end_blob(c, err))
			return (-1);
		c->in_blob = 1;
		c->proven = 0;
		c->blob = ref->blob;
	}
	if ((r = is_closed(c, holder, err)) != 0)
		return (r < 0 ? forgive(c, &ref->document, err) : 0);
	c->references++;
	return (prove_blob(c, holder, ref, err));
}

static int
on_blob(void *arg, const struct sh_digest *name, uint64_t bytes,
    int referenced, struct sh_error *err)
{
	struct check *c = arg;

	c->blobs++;
	c->bytes += bytes;
	c->unreferenced += !referenced;
	return (referenced ? 0 : prove_sealed(c, name, err));
}

/* ---- all of it ----------------------------------------------------------- */

static void
on_total(void *arg, uint64_t items)
{
	struct check *c = arg;

	c->total = items;
	if (c->progress != NULL)
		c->progress(c->arg, 0, items);
}

static void
on_step(void *arg)
{
	struct check *c = arg;

	c->done++;
	if (c->progress != NULL)
		c->progress(c->arg, c->done, c->total > c->done ? c->total :
		    c->done);
}

static int
compare_counts(struct check *c, struct sh_error *err)
{
	unsigned t;

	for (t = 0; t < NTABLES; t++)
		if (c->entries[t] != c->want_entries[t] && add_finding(c,
		    "index.count", "an index has not as many entries as the "
		    "records call for", NULL, err))
			return (-1);
	if (c->references != c->want_references && add_finding(c,
	    "reference.count", "there are not as many references as the "
	    "records call for", NULL, err))
		return (-1);
	if (c->links - c->gone != c->want_entries[SH_TABLE_LINK] && add_finding(c,
	    "index.count", "there are not as many links as were made", NULL,
	    err))
		return (-1);
	/* A link may bring a document to a holder without an event of it. */
	if (c->rows < c->archived || c->rows > c->archived + c->links)
		return (add_finding(c, "document.count", "there are not as "
		    "many documents as were archived", NULL, err));
	return (0);
}

static int
walk(struct check *c, struct sh_error *err)
{
	struct sh_visit visit = { .arg = c, .total = on_total,
	    .step = on_step, .document = on_document, .entry = on_entry,
	    .reference = on_reference, .blob = on_blob, .event = on_event,
	    .finding = on_finding };

	if (sh_archive_manifest(c->ar->vault, &c->manifest, err) ||
	    sh_vault_check(c->ar->vault, on_finding, c, err) ||
	    sh_engine_check(c->ar->engine, &visit, err) ||
	    end_blob(c, err) || compare_counts(c, err))
		return (-1);
	return (sh_seals_check(c->ar, NULL, on_finding, c, err) ||
	    sh_search_check(c->ar->search, c->ar, on_finding, c, err) ?
	    -1 : 0);
}

static int
fill_answer(const struct check *c, json_t *out, struct sh_error *err)
{
	const struct {
		const char *name;
		uint64_t n;
	} counts[] = {
		{ "documents", c->documents }, { "erased", c->erased },
		{ "blobs", c->blobs }, { "bytes", c->bytes },
		{ "unreferenced", c->unreferenced },
		{ "findings_total", c->nfindings },
	};
	size_t i;

	for (i = 0; i < SH_COUNT(counts); i++)
		if (sh_json_set_int(out, counts[i].name,
		    (int64_t)counts[i].n, err))
			return (-1);
	return (0);
}

int
sh_archive_check(struct sh_archive *ar, void (*progress)(void *, uint64_t,
    uint64_t), void *arg, json_t **answerp, struct sh_error *err)
{
	struct check *c;
	json_t *out = NULL;
	int rc = -1;

	*answerp = NULL;
	if ((c = sh_alloc(1, sizeof(*c), "a check", err)) == NULL)
		return (-1);
	c->ar = ar;
	c->progress = progress;
	c->arg = arg;
	if ((out = sh_json_new_object(err)) == NULL ||
	    (c->findings = sh_json_new_array(err)) == NULL ||
	    sh_json_set(out, "findings", c->findings, err) ||
	    walk(c, err) || fill_answer(c, out, err))
		goto out;
	*answerp = out;
	out = NULL;
	rc = 0;
out:
	json_decref(out);
	free(c);
	return (rc);
}
