/*
 * What the rooms of the archive share: the open archive, where documents lie
 * in the engine, and a document as it goes in and comes out.
 *
 * Invariants
 *  - A document lies, whole, with each of its holders: its value under
 *    (holder, document), sealed with that holder's key.  The first holder
 *    leads: global index entries, the content's own entry and links' events
 *    begin there.
 *  - Every name in the engine is a keyed digest; every value is sealed.
 *  - A leader's change that has followers queues a job (SH_QUEUE_FILE); the
 *    job is finished when every follower has the document.
 */
#ifndef SH_ARCHIVE_ARCHIVE_INTERNAL_H
#define SH_ARCHIVE_ARCHIVE_INTERNAL_H

#include "archive/archive.h"
#include "archive/engine.h"
#include "archive/record.h"
#include "archive/vault.h"

struct sh_access_log;
struct sh_rights;
struct sh_search;
struct sh_seals;

/* archive.c: the pseudo-holder of the manifest. */
int sh_archive_manifest(struct sh_vault *v, struct sh_tag *holder,
    struct sh_error *err) SH_MUST_CHECK;

struct sh_archive {
	struct sh_engine *engine;
	struct sh_vault *vault;
	struct sh_packer *packer;
	const struct sh_catalogue *catalogue;	/* borrowed; may be NULL */
	struct sh_search *search;
	struct sh_seals *seals;		/* NULL: the place names no folder */
	char id[33];			/* the manifest's, hex */
	struct sh_access_log *access;	/* NULL: reads leave no trace */
	const struct sh_rights *rights;	/* borrowed; NULL: everything goes */
	int readonly;
	int unfiled;		/* jobs of SH_QUEUE_FILE may be waiting */
};

/* Frozen: archive/FORMAT, "Tables". */
enum sh_table {
	SH_TABLE_LIST = 1,	/* a holder's documents: archived, document */
	SH_TABLE_CONTENT = 2,	/* a leader's: keyed content digest */
	SH_TABLE_LINK = 3,	/* a holder's: document, accession */
	SH_TABLE_ACT = 4,	/* a holder's: subject, kind, operation */
	SH_TABLE_DOCUMENT = 0x80,	/* document: rank, holder */
	SH_TABLE_NUMBER = 0x81,	/* number: archived, document */
	SH_TABLE_TYPE = 0x82,	/* type: archived, document */
	SH_TABLE_DOSSIER = 0x83,	/* dossier: time, document, operation */
	SH_TABLE_PROPOSAL = 0x84,	/* proposal: document */
	/* No tables of the engine, but places of sealed values. */
	SH_LABEL_RECORD = 0x40,
	SH_LABEL_EVENT = 0x41,
	SH_LABEL_JOB = 0x42,
};

#define SH_QUEUE_FILE	1	/* follow-up changes of other holders */
#define SH_QUEUE_ACT	2	/* the same for acts: act.h */
#define SH_QUEUE_PURGE	3	/* what was removed is to be overwritten */

#define SH_HOLDERS_MAX		32	/* of one document */
#define SH_RENDITIONS_MAX	16
#define SH_RECORD_BLOBS_MAX	(SH_RENDITIONS_MAX + 2)	/* text, body */
#define SH_PLACE_LEN		24	/* archived (8), document (16) */

/* Where a document is listed: its holder and its order bytes there. */
struct sh_listed {
	struct sh_tag holder;
	uint8_t sort[SH_PLACE_LEN];
};

/* ---- holder.c ------------------------------------------------------------ */

/*
 * The tag that a holder is filed under.  NAME and BIRTH count only when the
 * kind is SH_ID_NONE.  Errors: SH_EARG "holder.malformed".
 */
int sh_holder_tag(struct sh_archive *ar, const struct sh_id *id,
    const char *name, struct sh_date birth, struct sh_tag *out,
    struct sh_error *err) SH_MUST_CHECK;

/* The tags of a record's holders, each once, in order, the leader first. */
int sh_holder_tags(struct sh_archive *ar, const json_t *record,
    struct sh_tag tags[SH_HOLDERS_MAX], size_t *np, struct sh_error *err)
    SH_MUST_CHECK;

/* The id in a record's holder; kind SH_ID_NONE when it has none. */
int sh_holder_id(const json_t *holder, struct sh_id *id,
    struct sh_error *err) SH_MUST_CHECK;

/* 1 if the array HOLDERS has the person or organisation H. */
int sh_holder_listed(const json_t *holders, const json_t *h);

/* ---- document.c ---------------------------------------------------------- */

/* A stored blob as a record names it. */
struct sh_stored {
	struct sh_digest plain;
	uint64_t bytes;
	uint8_t key[SH_KEY_LEN];
};

/* {"bytes", "digest", "key"}. */
int sh_stored_parse(const json_t *v, struct sh_stored *out,
    struct sh_error *err) SH_MUST_CHECK;

/* What is archived under NAME ("pdf", or NULL: the search text): 1, 0, -1. */
int sh_document_stored(const json_t *record, const char *name,
    struct sh_stored *out, struct sh_error *err);

/* The record of DOCUMENT with HOLDER; *BODYP, unless NULL: its own blob. */
json_t *sh_document_record(struct sh_archive *ar,
    const struct sh_tag *holder, const struct sh_tag *document,
    struct sh_error *err);

/*
 * The record behind a sealed value; its blob, when it has one, in BODY, also
 * when that blob is what cannot be read.
 */
json_t *sh_document_open(struct sh_archive *ar, const struct sh_tag *holder,
    const struct sh_tag *document, const void *value, size_t len,
    struct sh_stored *body, int *has_bodyp, struct sh_error *err);

/* A blob's content into SINK, proven when 0 is returned. */
int sh_document_read(struct sh_archive *ar, const struct sh_stored *stored,
    sh_sink sink, void *arg, struct sh_error *err) SH_MUST_CHECK;
int sh_document_blob_name(struct sh_archive *ar,
    const struct sh_digest *plain, struct sh_digest *name,
    struct sh_error *err) SH_MUST_CHECK;

/* The holders that have DOCUMENT, the leader first, and when it came. */
int sh_document_locate(struct sh_archive *ar, const struct sh_tag *document,
    struct sh_tag tags[SH_HOLDERS_MAX], size_t *np, int64_t *archived_atp,
    struct sh_error *err) SH_MUST_CHECK;

/* Its record and who of its holders it was read from. */
json_t *sh_document_find(struct sh_archive *ar,
    const struct sh_tag *document, struct sh_tag *holder,
    struct sh_error *err);

/* As schemas/document.schema.json shows it: no keys, with its links. */
json_t *sh_document_view(struct sh_archive *ar, const struct sh_tag *holder,
    const struct sh_tag *document, const json_t *record,
    struct sh_error *err);

/* The short form under SH_TABLE_LIST, with at most MAX holders. */
json_t *sh_document_summary(const json_t *record, size_t max,
    struct sh_error *err);
json_t *sh_document_listed(struct sh_archive *ar,
    const struct sh_listed *at, struct sh_error *err);

void sh_document_sort(int64_t archived_at, const struct sh_tag *document,
    uint8_t sort[SH_PLACE_LEN]);

/* V sealed for an index entry of HOLDER's; KEY is its order bytes. */
int sh_document_seal(struct sh_archive *ar, unsigned table,
    const struct sh_tag *holder, const uint8_t *key, size_t keylen,
    const json_t *v, struct sh_buf *out, struct sh_error *err)
    SH_MUST_CHECK;
json_t *sh_document_entry(struct sh_archive *ar, const struct sh_tag *holder,
    const struct sh_entry *entry, struct sh_error *err);

/* ---- accession.c: an accession measured ---------------------------------- */

/* A rendition's bytes, read twice: once to be named, once to be sealed. */
struct sh_content {
	int fd;			/* or -1 and data */
	const uint8_t *data;
	size_t len;
	uint64_t at;
};

/* A sh_source over a struct sh_content. */
int sh_accession_source(void *content, void *buf, size_t cap, size_t *lenp,
    struct sh_error *err);

struct sh_planned {
	struct sh_stored stored;
	struct sh_digest name;
	struct sh_content content;
	struct sh_sealer *sealer;
};

/*
 * RECORD holds what the accession says but for its renditions; TAGS are its
 * holders', OPERATION what it is known by, which is its document's id too.
 */
struct sh_accession_plan {
	const struct sh_accession *acc;
	json_t *record;
	struct sh_tag tags[SH_HOLDERS_MAX];
	size_t ntags;
	struct sh_tag operation;
	/* After sh_accession_measure(). */
	struct sh_buf text;
	struct sh_buf bytes;		/* of the record, canonical */
	struct sh_planned blobs[SH_RECORD_BLOBS_MAX];
	size_t nblobs;
	struct sh_stored body;
	int has_body;
};

/* Errors: SH_EARG "accession.member", "holder.malformed". */
int sh_accession_begin(struct sh_archive *ar, const struct sh_accession *acc,
    struct sh_accession_plan *in, struct sh_error *err) SH_MUST_CHECK;
/* Digest everything and finish the record.  Errors: "file.read". */
int sh_accession_measure(struct sh_archive *ar, struct sh_accession_plan *in,
    int64_t now, struct sh_error *err) SH_MUST_CHECK;
void sh_accession_free(struct sh_accession_plan *in);
/* One blob more; {bytes, digest, key} goes to V unless it is NULL. */
int sh_accession_blob(struct sh_archive *ar, struct sh_accession_plan *in,
    const struct sh_content *content, json_t *v, struct sh_error *err)
    SH_MUST_CHECK;
/* A record whose bytes do not fit a value becomes a blob. */
int sh_accession_body(struct sh_archive *ar, struct sh_accession_plan *in,
    struct sh_error *err) SH_MUST_CHECK;

/*
 * The link that an accession leaves with a document that is held already; it
 * names the holders that RECORD does not.
 */
json_t *sh_accession_link(const struct sh_accession_plan *in,
    const json_t *record, int64_t now, struct sh_error *err);

/* ---- filing.c: what one holder's change consists of ---------------------- */

struct sh_filing;

/*
 * The change that files the record with holder number RANK: the document and
 * its index entries, or, when LINK is not NULL, that link (and the document
 * too if that holder has not got it).  The leader's change carries the job
 * when there are several holders.  All is copied.
 */
struct sh_filed {
	const json_t *record;
	const struct sh_buf *bytes;	/* canonical */
	const struct sh_stored *body;	/* the record's own blob, or NULL */
	const json_t *link;
	struct sh_tag operation;
	struct sh_tag document;
	const struct sh_tag *tags;
	size_t ntags;
	int whole;			/* a link: with the document, too */
};

struct sh_filing *sh_filing_new(struct sh_archive *ar,
    const struct sh_filed *what, size_t rank, struct sh_error *err);
void sh_filing_free(struct sh_filing *f);
/* Borrowed, ready for sh_engine_commit(). */
struct sh_change *sh_filing_change(struct sh_filing *f);

/* The value that the record has with a holder, as packed before sealing. */
int sh_filing_value(struct sh_archive *ar, const struct sh_filed *what,
    struct sh_buf *packed, struct sh_error *err) SH_MUST_CHECK;

/* The tag of a number or a type in a global table. */
int sh_filing_number(struct sh_archive *ar, const char *number,
    struct sh_tag *out, struct sh_error *err) SH_MUST_CHECK;
int sh_filing_type(struct sh_archive *ar, const char *slug, struct sh_tag *out,
    struct sh_error *err) SH_MUST_CHECK;
int sh_filing_dossier(struct sh_archive *ar, const char *code,
    struct sh_tag *out, struct sh_error *err) SH_MUST_CHECK;
/* Order bytes of what a dossier has of a document, since AT. */
#define SH_IN_DOSSIER_LEN	40
void sh_filing_in_dossier(int64_t at, const struct sh_tag *document,
    const struct sh_tag *operation, uint8_t sort[SH_IN_DOSSIER_LEN]);
/* A content digest's order bytes under SH_TABLE_CONTENT. */
int sh_filing_content(struct sh_archive *ar, const struct sh_digest *content,
    struct sh_tag *out, struct sh_error *err) SH_MUST_CHECK;

/* Every blob that the record and its body name: at most MAX. */
int sh_document_blobs(struct sh_archive *ar, const json_t *record,
    const struct sh_stored *body, struct sh_digest *names, size_t *np,
    struct sh_error *err) SH_MUST_CHECK;

/* ---- event.c ------------------------------------------------------------- */

/* Canonical bytes of an event about the record, and their digest. */
int sh_event_make(struct sh_archive *ar, const struct sh_filed *what,
    int lead, struct sh_buf *out, struct sh_digest *digest,
    struct sh_error *err) SH_MUST_CHECK;
int sh_event_seal(struct sh_archive *ar, const struct sh_tag *holder,
    const struct sh_tag *operation, const struct sh_buf *event,
    struct sh_buf *out, struct sh_error *err) SH_MUST_CHECK;
/* The event behind an item of the feed, its digest compared. */
json_t *sh_event_open(struct sh_archive *ar, const struct sh_fed *item,
    struct sh_error *err);
/*
 * What the item did to DOCUMENT.  It was archived, and the item's holder is
 * the one to read it from (each document has one such item); or destroyed
 * (one such item for each of its holders).
 */
enum sh_event_kind { SH_EVENT_OTHER, SH_EVENT_ARCHIVED, SH_EVENT_DISPOSED };
int sh_event_about(struct sh_archive *ar, const struct sh_fed *item,
    enum sh_event_kind *kindp, struct sh_tag *document, struct sh_error *err)
    SH_MUST_CHECK;
/* 1 if that is SH_EVENT_ARCHIVED, 0 for any other item, or -1. */
int sh_event_document(struct sh_archive *ar, const struct sh_fed *item,
    struct sh_tag *document, struct sh_error *err);

/* ---- sweep.c ------------------------------------------------------------- */

/* Finish what a crash cut short. */
int sh_sweep(struct sh_archive *ar, struct sh_error *err)
    SH_MUST_CHECK;
/* The job that a leader's change queues. */
int sh_sweep_job(struct sh_archive *ar, const struct sh_filed *what,
    struct sh_engine_job *job, struct sh_error *err) SH_MUST_CHECK;

/* ---- removal.c ----------------------------------------------------------- */

/*
 * Overwrite what destructions left in the engine, if there were any.  Put off
 * to the next opening while a reader is in the way.
 */
int sh_purge(struct sh_archive *ar, struct sh_error *err) SH_MUST_CHECK;

/* ---- find.c -------------------------------------------------------------- */

/* SH_EDENIED "reader.incomplete" unless name, agency, purpose are given. */
int sh_reader_check(const struct sh_reader *who, struct sh_error *err)
    SH_MUST_CHECK;

/* ---- small things -------------------------------------------------------- */

/* A member that may be null or absent. */
static inline const char *
sh_member(const json_t *obj, const char *name)
{
	return (json_string_value(json_object_get(obj, name)));
}

/* A tag as 32 hex digits, and back (-1: S is anything else). */
#define SH_TAG_HEX	33

static inline void
sh_tag_print(const struct sh_tag *t, char out[SH_TAG_HEX])
{
	sh_hex(t->b, sizeof(t->b), out);
}

static inline int
sh_tag_parse(const char *s, struct sh_tag *t)
{
	return (s == NULL ? -1 : sh_unhex(s, t->b, sizeof(t->b)));
}

#endif
