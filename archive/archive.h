/*
 * The archive as the rest of sohoa sees it: documents go in proven, are
 * found by holder, and answer what a procedure still needs.
 *
 * Under it: document and holder records over the vault (nothing readable on
 * disk, nothing altered unseen) over the engine contract (engine.h).  One
 * process has an archive open at a time for writing; a struct sh_archive is
 * used by one thread at a time.
 *
 * json_t results are new references in the forms of schemas/.
 */
#ifndef SH_ARCHIVE_ARCHIVE_H
#define SH_ARCHIVE_ARCHIVE_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/json.h"
#include "schemas/catalogue.h"
#include "schemas/identifier.h"

struct sh_archive;

struct sh_archive_place {
	const char *engine;	/* "lmdb:/srv/sohoa/archive" */
	const char *keys;	/* folder: archive.key, holders/ */
	const char *search;	/* folder of the full-text projection */
	const char *access;	/* folder of the journal of reads; NULL: none
				   is kept */
	const char *seals;	/* folder of the seals; NULL: none are made */
	const char *witness;	/* folder elsewhere for a copy of the last
				   seal, or NULL */
	int must_stamp;		/* seals need a time stamp */
};

struct sh_document_id {
	uint8_t b[16];
};
#define SH_DOCUMENT_ID_LEN	33	/* hex and NUL */

/* Who asks, for whom, why: every read names it. */
struct sh_reader {
	const char *name;	/* officer or service */
	const char *agency;	/* code, "H05.12" */
	const char *purpose;	/* dossier or procedure code */
	const char *basis;	/* legal basis; may be NULL */
	int machine;		/* the program compares; nobody sees it: no
				   right is asked for, no trace left */
};

struct sh_holder {
	struct sh_id id;	/* SH_ID_NONE: filed under name and birth */
	const char *name;
	const char *role;
	struct sh_date birth;	/* year 0: not known */
};

struct sh_rendition {
	const char *name;	/* "pdf", "text", "reading", "original" */
	const char *media;	/* "application/pdf" */
	int fd;			/* whole file from its start, or -1 and data: */
	const void *data;
	size_t len;
};

/* What the pipeline hands over for keeping.  All borrowed for the call. */
struct sh_accession {
	const struct sh_holder *holders;	/* the first leads */
	size_t nholders;
	const char *dossier;
	const char *procedure;
	const char *component;		/* code within the procedure, or NULL */
	const struct sh_paper_type *type;	/* NULL: unknown */
	int confidence_bp;		/* of the type, 0..10000 */
	const char *copy;		/* "original", "certified-copy", … */
	const char *number;		/* the paper's own, or NULL */
	const char *issuer;		/* or NULL */
	struct sh_date issued;		/* year 0: not known */
	struct sh_date valid_until;	/* from its own field; year 0: none */
	const json_t *fields;		/* {name: {value, confidence_bp, …}} */
	const json_t *pages;		/* [{scan, page, digest, …}] */
	const json_t *made_by;		/* tools, versions, parameters */
	struct sh_digest content;	/* over the fed pages' bytes */
	const char *provenance;		/* "issued", "seen", "submitted" */
	const char *station;
	const char *actor;		/* the officer who answers for it */
	int64_t received_at;
	const char *text;		/* for full-text search; may be "" */
	const struct sh_rendition *renditions;
	size_t nrenditions;
	/*
	 * What it is to a document of the leading holder: {"kind": "rescan",
	 * "of": its id, …}; NULL: nothing.  With HELD it is only another
	 * capture of that document: the dossier is linked to it.
	 */
	const json_t *kinship;
	const struct sh_document_id *held;
};

enum sh_accession_state {
	SH_ACCEDED,		/* new: synced, read back, digests equal */
	SH_ACCEDED_BEFORE,	/* this very accession was done already */
	SH_ACCEDED_LINKED	/* it is held: the dossier is linked to the
				   document that was there */
};

/*
 * Create an archive that does not exist: keys (archive.key of mode 0600),
 * engine, search projection.  Durable; a crash leaves nothing or all of it.
 * Errors: SH_EEXISTS "archive.exists".
 */
int sh_archive_create(const struct sh_archive_place *place,
    struct sh_error *err) SH_MUST_CHECK;

/*
 * Errors: SH_ENOTFOUND "archive.missing"; SH_EDENIED "key.mode",
 * "key.wrong"; SH_EAGAIN "lock.held"; SH_EFIXITY.
 */
int sh_archive_open(const struct sh_archive_place *place,
    const struct sh_catalogue *catalogue, int readonly,
    struct sh_archive **ap, struct sh_error *err) SH_MUST_CHECK;
void sh_archive_close(struct sh_archive *ar);

/* The id that this accession gets, whenever and how often it is done. */
int sh_archive_document_id(struct sh_archive *ar,
    const struct sh_accession *acc, struct sh_document_id *id,
    struct sh_error *err) SH_MUST_CHECK;

/*
 * Is this content held for the leading holder already?  1 with the id, 0,
 * or -1.  Asked before anything expensive is done with a document.
 */
int sh_archive_holds(struct sh_archive *ar, const struct sh_holder *holder,
    const struct sh_digest *content, struct sh_document_id *id,
    struct sh_error *err) SH_MUST_CHECK;

/*
 * Take the document into the archive and prove it: blobs synced, one atomic
 * commit per holder, read back, every digest compared.  The same accession
 * twice is one document.
 */
int sh_archive_accede(struct sh_archive *ar, const struct sh_accession *acc,
    struct sh_document_id *id, enum sh_accession_state *statep,
    struct sh_error *err) SH_MUST_CHECK;

#define SH_ACCESSIONS_MAX	256

struct sh_accession_result {
	struct sh_document_id id;
	enum sh_accession_state state;
	struct sh_error error;		/* SH_OK: archived and proven */
};

/*
 * The same for N accessions (at most SH_ACCESSIONS_MAX) under shared syncs:
 * for bulk work.  Each has its own result; one that fails takes no other
 * with it.  -1 only when there are too many.
 */
int sh_archive_accede_many(struct sh_archive *ar,
    const struct sh_accession *acc, size_t n,
    struct sh_accession_result *results, struct sh_error *err)
    SH_MUST_CHECK;

/*
 * What is asked for is looked up by the first of text, holder, number, type
 * that is given; the others must hold too.
 */
struct sh_query {
	const struct sh_id *holder;	/* or NULL */
	const char *name;		/* with a holder of SH_ID_NONE */
	struct sh_date birth;		/* likewise; year 0: not known */
	const char *type;		/* slug, or NULL */
	const char *number;		/* printed number and symbol; or NULL */
	const char *text;		/* words; "in quotes": a phrase */
	int exact;			/* text: marks count */
	int places;			/* text: tell where on the pages */
	size_t limit;			/* 1..1000 */
	const char *after;		/* cursor of the previous answer */
};

/*
 * {"documents":[…], "next": cursor or null}, newest first:
 * schemas/find.schema.json.  Nothing found is an empty list.
 */
int sh_archive_find(struct sh_archive *ar, const struct sh_reader *who,
    const struct sh_query *q, json_t **answer, struct sh_error *err)
    SH_MUST_CHECK;

/* The whole record: schemas/document.schema.json.  SH_ENOTFOUND. */
int sh_archive_show(struct sh_archive *ar, const struct sh_reader *who,
    const struct sh_document_id *id, json_t **record, struct sh_error *err)
    SH_MUST_CHECK;

/* Copy a rendition into FD, digest verified before success is said. */
int sh_archive_get(struct sh_archive *ar, const struct sh_reader *who,
    const struct sh_document_id *id, const char *rendition, int fd,
    struct sh_error *err) SH_MUST_CHECK;

/*
 * Per component of PROCEDURE, in the catalogue's order: held, expired or
 * missing for HOLDER on DAY: schemas/need.schema.json.
 * Errors: SH_ENOTFOUND "procedure.unknown".
 */
int sh_archive_need(struct sh_archive *ar, const struct sh_reader *who,
    const char *procedure, const struct sh_id *holder, struct sh_date day,
    json_t **answer, struct sh_error *err) SH_MUST_CHECK;

/* Every document once, in no promised order; FN returns 0 to go on. */
int sh_archive_each(struct sh_archive *ar,
    int (*fn)(void *arg, const struct sh_document_id *id,
    const json_t *record, struct sh_error *err), void *arg,
    struct sh_error *err) SH_MUST_CHECK;

/*
 * Consistency: every record unsealed, every blob's digest, every index term
 * against its record, every chain.  FN hears progress (done, total) and each
 * finding; the answer is {"documents", "blobs", "bytes", "findings":[…],
 * "unreferenced"}.  Findings are no error of the call.
 */
int sh_archive_check(struct sh_archive *ar,
    void (*progress)(void *arg, uint64_t done, uint64_t total), void *arg,
    json_t **answer, struct sh_error *err) SH_MUST_CHECK;

/* Bring the search projection up to the feed. */
int sh_archive_search_follow(struct sh_archive *ar, struct sh_error *err)
    SH_MUST_CHECK;
/* Make it again from the archive; searches go on meanwhile. */
int sh_archive_search_rebuild(struct sh_archive *ar, struct sh_error *err)
    SH_MUST_CHECK;

/* How the archive stands: schemas/status.schema.json. */
int sh_archive_status(struct sh_archive *ar, json_t **answer,
    struct sh_error *err) SH_MUST_CHECK;

/*
 * A digest that only this archive's keys can compute: names of things that
 * the pipeline keeps for PURPOSE, which then tell nothing.
 */
int sh_archive_keyed_digest(struct sh_archive *ar, const char *purpose,
    const void *data, size_t len, struct sh_digest *out,
    struct sh_error *err) SH_MUST_CHECK;

/*
 * Seal and open bytes of the pipeline's own (spool, stage results) under a
 * key derived for PURPOSE; NAME is authenticated with them.
 */
int sh_archive_seal(struct sh_archive *ar, const char *purpose,
    const char *name, const void *data, size_t len, struct sh_buf *out,
    struct sh_error *err) SH_MUST_CHECK;
int sh_archive_unseal(struct sh_archive *ar, const char *purpose,
    const char *name, const void *data, size_t len, struct sh_buf *out,
    struct sh_error *err) SH_MUST_CHECK;

struct sh_kek_token;

/*
 * Durable: another archive key in the folder KEYS that the archive was opened
 * with, or in a token (archive/kek.h); no document, no blob is touched.
 * Processes that have the archive open must open it again.
 */
int sh_archive_rotate_key(struct sh_archive *ar, const char *keys,
    const struct sh_kek_token *token, struct sh_error *err) SH_MUST_CHECK;

void sh_document_id_print(const struct sh_document_id *id,
    char out[SH_DOCUMENT_ID_LEN]);
int sh_document_id_parse(const char *s, struct sh_document_id *id);

#endif
