/*
 * Filing: what one holder's change consists of.  The same function serves
 * the accession, the sweeper that completes one, and the check that compares
 * an index with its records.
 */
#include "archive/archive_internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

#define ENTRIES_MAX	8
#define SUMMARY_HOLDERS	8

struct sh_filing {
	struct sh_change change;
	struct sh_put put;
	struct sh_entry entries[ENTRIES_MAX];
	struct sh_buf values[ENTRIES_MAX];
	size_t nentries;
	struct sh_reference references[SH_RECORD_BLOBS_MAX];
	struct sh_engine_job job;
	struct sh_buf value;
	struct sh_buf event;
};

struct sh_change *
sh_filing_change(struct sh_filing *f)
{
	return (&f->change);
}

void
sh_filing_free(struct sh_filing *f)
{
	size_t i;

	if (f == NULL)
		return;
	for (i = 0; i < ENTRIES_MAX; i++)
		sh_buf_free(&f->values[i]);
	sh_buf_free(&f->value);
	sh_buf_free(&f->event);
	free(f);
}

/* ---- terms --------------------------------------------------------------- */

/* A global term says which table it is for, so that tables do not mix. */
static int
term_tag(struct sh_archive *ar, char table, const char *s,
    struct sh_tag *out, struct sh_error *err)
{
	struct sh_buf b = SH_BUF_INIT;
	int rc = -1;

	if (sh_buf_append(&b, &table, 1, err) == 0 &&
	    sh_buf_puts(&b, s, err) == 0)
		rc = sh_vault_tag(ar->vault, SH_NAME_TERM, b.data, b.len, out,
		    err);
	sh_buf_free(&b);
	return (rc);
}

int
sh_filing_number(struct sh_archive *ar, const char *number, struct sh_tag *out,
    struct sh_error *err)
{
	char *folded;
	int rc;

	if ((folded = sh_text_fold_dup(number, err)) == NULL)
		return (-1);
	rc = term_tag(ar, 'n', folded, out, err);
	free(folded);
	return (rc);
}

int
sh_filing_type(struct sh_archive *ar, const char *slug, struct sh_tag *out,
    struct sh_error *err)
{
	return (term_tag(ar, 't', slug, out, err));
}

int
sh_filing_dossier(struct sh_archive *ar, const char *code, struct sh_tag *out,
    struct sh_error *err)
{
	return (term_tag(ar, 'd', code, out, err));
}

void
sh_filing_in_dossier(int64_t at, const struct sh_tag *document,
    const struct sh_tag *operation, uint8_t sort[SH_IN_DOSSIER_LEN])
{
	sh_put_be(sort, (uint64_t)at, 8);
	memcpy(sort + 8, document->b, 16);
	memcpy(sort + 24, operation->b, 16);
}

int
sh_filing_content(struct sh_archive *ar, const struct sh_digest *content,
    struct sh_tag *out, struct sh_error *err)
{
	return (sh_vault_tag(ar->vault, SH_NAME_CONTENT, content->b,
	    sizeof(content->b), out, err));
}

/* ---- entries ------------------------------------------------------------- */

/* The next entry, its value still to be appended to the buffer returned. */
static struct sh_buf *
add_entry(struct sh_filing *f, unsigned table, const struct sh_tag *term,
    const void *sort, size_t sortlen)
{
	struct sh_entry *t = &f->entries[f->nentries];

	t->table = table;
	t->term = *term;
	memcpy(t->sort, sort, sortlen);
	t->sortlen = sortlen;
	return (&f->values[f->nentries++]);
}

static int
add_list(struct sh_archive *ar, struct sh_filing *f,
    const struct sh_filed *what, const struct sh_tag *holder,
    const uint8_t sort[SH_PLACE_LEN], struct sh_error *err)
{
	struct sh_buf *value = add_entry(f, SH_TABLE_LIST, holder, sort,
	    SH_PLACE_LEN);
	json_t *summary;
	size_t max;
	int rc;

	/* With many long names the list shows fewer of them. */
	for (max = SUMMARY_HOLDERS; max > 0; max /= 2) {
		sh_buf_reset(value);
		summary = sh_document_summary(what->record, max, err);
		if (summary == NULL)
			return (-1);
		rc = sh_document_seal(ar, SH_TABLE_LIST, holder, sort,
		    SH_PLACE_LEN, summary, value, err);
		json_decref(summary);
		if (rc != 0 || value->len <= SH_ENTRY_MAX)
			return (rc);
	}
	return (0);
}

static int
add_content(struct sh_archive *ar, struct sh_filing *f,
    const struct sh_filed *what, const struct sh_tag *holder,
    struct sh_error *err)
{
	const char *hex = sh_member(what->record, "content");
	struct sh_digest content;
	struct sh_tag tag;
	json_t *v;
	int rc;

	if (hex == NULL || sh_unhex(hex, content.b, sizeof(content.b)))
		return (sh_error_set(err, SH_EFIXITY, "record.damaged",
		    "a record without the digest of its content"));
	if (sh_filing_content(ar, &content, &tag, err))
		return (-1);
	if ((v = json_pack("{s:s}", "id", sh_member(what->record, "id"))) ==
	    NULL)
		return (sh_error_nomem(err, "JSON"));
	rc = sh_document_seal(ar, SH_TABLE_CONTENT, holder, tag.b,
	    sizeof(tag.b), v, add_entry(f, SH_TABLE_CONTENT, holder, tag.b,
	    sizeof(tag.b)), err);
	json_decref(v);
	return (rc);
}

/* A global entry: its value is the holder to look at. */
static int
add_global(struct sh_filing *f, unsigned table, const struct sh_tag *term,
    const uint8_t sort[SH_PLACE_LEN], const struct sh_tag *holder,
    struct sh_error *err)
{
	return (sh_buf_append(add_entry(f, table, term, sort, SH_PLACE_LEN),
	    holder->b, sizeof(holder->b), err));
}

/* What FROM, a record or a link, brought to its dossier. */
static int
add_dossier(struct sh_archive *ar, struct sh_filing *f,
    const struct sh_tag *document, const struct sh_tag *operation,
    const char *code, const char *at, const struct sh_tag *holder,
    struct sh_error *err)
{
	uint8_t sort[SH_IN_DOSSIER_LEN];
	struct sh_tag tag;
	int64_t when;

	if (code == NULL || at == NULL || sh_time_parse(at, &when))
		return (sh_error_set(err, SH_EFIXITY, "record.damaged",
		    "a record without its dossier"));
	if (sh_filing_dossier(ar, code, &tag, err))
		return (-1);
	sh_filing_in_dossier(when, document, operation, sort);
	return (sh_buf_append(add_entry(f, SH_TABLE_DOSSIER, &tag, sort,
	    sizeof(sort)), holder->b, sizeof(holder->b), err));
}

static int
add_leaders(struct sh_archive *ar, struct sh_filing *f,
    const struct sh_filed *what, const struct sh_tag *holder,
    const uint8_t sort[SH_PLACE_LEN], struct sh_error *err)
{
	const char *number = sh_member(what->record, "number");
	const char *type = sh_member(what->record, "type");
	struct sh_tag tag;

	/* An accession is known by its document's id. */
	if (add_content(ar, f, what, holder, err) ||
	    add_dossier(ar, f, &what->document, &what->document,
	    sh_member(what->record, "dossier"), sh_member(what->record,
	    "archived_at"), holder, err))
		return (-1);
	if (number != NULL && (sh_filing_number(ar, number, &tag, err) ||
	    add_global(f, SH_TABLE_NUMBER, &tag, sort, holder, err)))
		return (-1);
	if (type != NULL && (sh_filing_type(ar, type, &tag, err) ||
	    add_global(f, SH_TABLE_TYPE, &tag, sort, holder, err)))
		return (-1);
	return (0);
}

static int
add_link(struct sh_archive *ar, struct sh_filing *f,
    const struct sh_filed *what, const struct sh_tag *holder, size_t rank,
    struct sh_error *err)
{
	uint8_t sort[32];

	/* One that only gives a number to a holder brings nothing. */
	if (rank == 0 && sh_member(what->link, "evidence") == NULL &&
	    add_dossier(ar, f, &what->document,
	    &what->operation, sh_member(what->link, "dossier"),
	    sh_member(what->link, "at"), holder, err))
		return (-1);
	memcpy(sort, what->document.b, 16);
	memcpy(sort + 16, what->operation.b, 16);
	return (sh_document_seal(ar, SH_TABLE_LINK, holder, sort, sizeof(sort),
	    what->link, add_entry(f, SH_TABLE_LINK, holder, sort,
	    sizeof(sort)), err));
}

/* ---- the document -------------------------------------------------------- */

static int
pack_pointer(struct sh_archive *ar, const struct sh_filed *what,
    struct sh_buf *packed, struct sh_error *err)
{
	char digest[SH_HEX_LEN], key[2 * SH_KEY_LEN + 1];
	struct sh_buf bytes = SH_BUF_INIT;
	json_t *v;
	int rc = -1;

	sh_hex(what->body->plain.b, SH_DIGEST_LEN, digest);
	sh_hex(what->body->key, SH_KEY_LEN, key);
	v = json_pack("{s:{s:I,s:s,s:s}}", "body", "bytes",
	    (json_int_t)what->body->bytes, "digest", digest, "key", key);
	if (v == NULL)
		return (sh_error_nomem(err, "JSON"));
	if (sh_record_bytes(v, &bytes, err) == 0)
		rc = sh_record_pack(ar->packer, bytes.data, bytes.len, packed,
		    err);
	json_decref(v);
	sh_buf_free(&bytes);
	return (rc);
}

int
sh_filing_value(struct sh_archive *ar, const struct sh_filed *what,
    struct sh_buf *packed, struct sh_error *err)
{
	if (what->body != NULL)
		return (pack_pointer(ar, what, packed, err));
	return (sh_record_pack(ar->packer, what->bytes->data,
	    what->bytes->len, packed, err));
}

static int
add_document(struct sh_archive *ar, struct sh_filing *f,
    const struct sh_filed *what, size_t rank, struct sh_error *err)
{
	const struct sh_tag *holder = &what->tags[rank];
	struct sh_label l = { .table = SH_LABEL_RECORD, .holder = holder,
	    .key = what->document.b, .keylen = sizeof(what->document.b),
	    .version = 1 };
	const char *at = sh_member(what->record, "archived_at");
	struct sh_buf packed = SH_BUF_INIT;
	struct sh_digest names[SH_RECORD_BLOBS_MAX];
	uint8_t sort[SH_PLACE_LEN], where[17];
	int64_t archived_at;
	size_t i, n;
	int rc = -1;

	if (at == NULL || sh_time_parse(at, &archived_at))
		return (sh_error_set(err, SH_EFIXITY, "record.damaged",
		    "a record without the time of its archiving"));
	if (sh_filing_value(ar, what, &packed, err) ||
	    sh_vault_seal(ar->vault, &l, packed.data, packed.len, &f->value,
	    err))
		goto out;
	f->put.document = what->document;
	f->put.value = f->value.data;
	f->put.len = f->value.len;
	f->change.puts = &f->put;
	f->change.nputs = 1;
	sh_document_sort(archived_at, &what->document, sort);
	where[0] = (uint8_t)rank;
	memcpy(where + 1, holder->b, 16);
	if (add_list(ar, f, what, holder, sort, err) ||
	    sh_buf_append(add_entry(f, SH_TABLE_DOCUMENT, &what->document,
	    where, sizeof(where)), sort, 8, err) ||
	    (rank == 0 && add_leaders(ar, f, what, holder, sort, err)) ||
	    sh_document_blobs(ar, what->record, what->body, names, &n, err))
		goto out;
	for (i = 0; i < n; i++) {
		f->references[i].blob = names[i];
		f->references[i].document = what->document;
	}
	f->change.references = f->references;
	f->change.nreferences = n;
	rc = 0;
out:
	sh_buf_free(&packed);
	return (rc);
}

/* 1 if the holder has the document already. */
static int
has_document(struct sh_archive *ar, const struct sh_tag *holder,
    const struct sh_tag *document, struct sh_error *err)
{
	uint8_t value[SH_VALUE_MAX];
	size_t len;

	if (sh_engine_get(ar->engine, holder, document, value, &len, err) ==
	    0)
		return (1);
	if (err->code != SH_ENOTFOUND)
		return (-1);
	sh_error_clear(err);
	return (0);
}

static int
fill(struct sh_archive *ar, struct sh_filing *f, const struct sh_filed *what,
    size_t rank, struct sh_error *err)
{
	const struct sh_tag *holder = &what->tags[rank];
	struct sh_buf event = SH_BUF_INIT;
	size_t i;
	int rc = -1, has = 0;

	f->change.holder = *holder;
	f->change.operation = what->operation;
	if (what->link != NULL && ((has = what->whole ? 0 : has_document(ar,
	    holder, &what->document, err)) < 0 || add_link(ar, f, what, holder,
	    rank, err)))
		goto out;
	if (!has && add_document(ar, f, what, rank, err))
		goto out;
	if (rank == 0 && what->ntags > 1) {
		if (sh_sweep_job(ar, what, &f->job, err))
			goto out;
		f->change.jobs = &f->job;
		f->change.njobs = 1;
	}
	for (i = 0; i < f->nentries; i++) {
		f->entries[i].value = f->values[i].data;
		f->entries[i].len = f->values[i].len;
	}
	f->change.entries = f->entries;
	f->change.nentries = f->nentries;
	if (sh_event_make(ar, what, rank == 0, &event, &f->change.digest,
	    err) ||
	    sh_event_seal(ar, holder, &what->operation, &event, &f->event,
	    err))
		goto out;
	f->change.event = f->event.data;
	f->change.eventlen = f->event.len;
	rc = 0;
out:
	sh_buf_free(&event);
	return (rc);
}

struct sh_filing *
sh_filing_new(struct sh_archive *ar, const struct sh_filed *what,
    size_t rank, struct sh_error *err)
{
	struct sh_filing *f;

	if ((f = sh_alloc(1, sizeof(*f), "a change", err)) == NULL)
		return (NULL);
	if (fill(ar, f, what, rank, err)) {
		sh_filing_free(f);
		return (NULL);
	}
	return (f);
}
