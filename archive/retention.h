/*
 * How long a document is kept, what stops its destruction, and how it is
 * destroyed: proposed by one person, approved by another, a tombstone in the
 * chain of every holder.
 *
 * Rule: Law on Archives 33/2024/QH15 Art. 15: a term is 2 to 70 years from
 * the year in which the work ended, or permanent; a dossier is kept as long
 * as its longest paper.
 */
#ifndef SH_ARCHIVE_RETENTION_H
#define SH_ARCHIVE_RETENTION_H

#include "archive/archive.h"
#include "signing/signer.h"

/*
 * Nobody may destroy the document while the hold lasts: to its release, or
 * to the last day UNTIL (year 0: none).  *HOLD is what it is released by.
 * Errors: SH_ENOTFOUND "document.missing", "hold.unknown".
 */
int sh_archive_hold(struct sh_archive *ar, const struct sh_reader *who,
    const struct sh_document_id *document, const char *reason,
    struct sh_date until, char hold[SH_DOCUMENT_ID_LEN],
    struct sh_error *err) SH_MUST_CHECK;
int sh_archive_release(struct sh_archive *ar, const struct sh_reader *who,
    const struct sh_document_id *document, const char *hold,
    const char *reason, struct sh_error *err) SH_MUST_CHECK;

/* How long the document is kept: {"permanent", "years", "until", "held"}. */
int sh_archive_retention(struct sh_archive *ar, const struct sh_reader *who,
    const struct sh_document_id *document, json_t **answer,
    struct sh_error *err) SH_MUST_CHECK;

/* Every document whose term is over on DAY: schemas/dispose.schema.json. */
int sh_archive_due(struct sh_archive *ar, const struct sh_reader *who,
    struct sh_date day, json_t **answer, struct sh_error *err) SH_MUST_CHECK;

/*
 * Propose to destroy N documents whose terms are over.  *PROPOSAL names it.
 * Errors: SH_EARG "dispose.empty"; SH_ECONFLICT "dispose.held",
 * "dispose.early" with the parameter "value", the document.
 */
#define SH_PROPOSED_MAX	1000
int sh_archive_propose(struct sh_archive *ar, const struct sh_reader *who,
    const struct sh_document_id *documents, size_t n, const char *reason,
    char proposal[SH_DOCUMENT_ID_LEN], struct sh_error *err) SH_MUST_CHECK;

/* What a proposal names and has not been destroyed yet. */
int sh_archive_proposal(struct sh_archive *ar, const struct sh_reader *who,
    const char *proposal, json_t **answer, struct sh_error *err)
    SH_MUST_CHECK;

/*
 * The second person's word: destroy what was proposed.  Terms and holds are
 * looked at once more.  The destruction list is signed with SIGNER; its
 * digest stands in every tombstone's event.  After a crash the same call
 * goes on.  The records' keys go with the records: what is left of contents
 * in the segments can be opened by nobody.
 * Errors: SH_ENOTFOUND "proposal.unknown"; SH_EDENIED "dispose.same-person";
 * what sh_archive_propose() says.
 */
int sh_archive_dispose(struct sh_archive *ar, const struct sh_reader *who,
    const char *proposal, struct sh_signer *signer, json_t **list,
    struct sh_error *err) SH_MUST_CHECK;

/*
 * Proof of a destruction: the events about the document in HOLDER's chain,
 * each with its sequence, digest and the chain's head after it.
 * Errors: SH_ENOTFOUND "document.missing", no such event.
 */
int sh_archive_proof(struct sh_archive *ar, const struct sh_reader *who,
    const struct sh_holder *holder, const struct sh_document_id *document,
    json_t **answer, struct sh_error *err) SH_MUST_CHECK;

#endif
