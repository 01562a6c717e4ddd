/*
 * Seals: every so often all changes since the last seal are put under one
 * Merkle root (RFC 9162), which is chained to the seal before, signed with
 * the archive's sealing key and stamped by a time-stamp authority.  One
 * stamp stands for thousands of documents; each can show a proof of
 * inclusion and an evidence record (RFC 4998) that strangers can check.
 *
 * Seals lie in a folder of their own, so that an archive that was put back
 * to an older state, or went on from one beside the true one, does not match
 * them and is not opened.  A copy of the last seal lies with the keys and,
 * if one is named, with a witness elsewhere: it tells of seals that are gone.
 *
 * Without an authority seals are signed only.  With one, a seal without its
 * stamp is pending; when the oldest has been so for SH_SEAL_GRACE_S, nothing
 * more is archived until the authority answers.
 *
 * Formats: archive/FORMAT, "Seals".
 */
#ifndef SH_ARCHIVE_SEAL_H
#define SH_ARCHIVE_SEAL_H

#include <stdint.h>

#include "archive/archive.h"
#include "archive/evidence.h"
#include "archive/stamp.h"
#include "signing/signer.h"

#define SH_SEAL_GRACE_S		14400
#define SH_SEAL_EVERY_S		60	/* of activity */
#define SH_SEAL_DUE_CHANGES	10000
#define SH_SEAL_MAX_CHANGES	65536	/* under one seal */

/* What seals are made with.  All borrowed. */
struct sh_sealing {
	struct sh_signer *signer;
	const struct sh_stamper *stamper;	/* NULL: no authority */
	const struct sh_trust *trust;	/* of stamps; NULL: not looked at */
	int64_t now;
};

/*
 * Get the stamps that are pending, then seal what has changed.  *NP: seals
 * made.  An authority that does not answer is no error: its reason is left
 * in WHY, which may be NULL.
 * Errors: SH_EFIXITY "seal.rolled-back", "seal.forked", "seal.broken";
 * SH_EAGAIN "seal.clock", the clock stands before the last seal.
 */
int sh_seals_make(struct sh_archive *ar, const struct sh_sealing *with,
    unsigned *np, struct sh_error *why, struct sh_error *err) SH_MUST_CHECK;

/* The same when SH_SEAL_EVERY_S have passed or many changes wait. */
int sh_seals_due(struct sh_archive *ar, const struct sh_sealing *with,
    struct sh_error *why, struct sh_error *err) SH_MUST_CHECK;

/*
 * {"last", "at", "sealed", "unsealed", "stamped", "pending",
 * "pending_since", "refusing", "renewals", "witness"}: see
 * schemas/status.schema.json.
 */
int sh_seals_status(struct sh_archive *ar, int64_t now, json_t **answer,
    struct sh_error *err) SH_MUST_CHECK;

/*
 * Every seal against the one before, its signature, its stamp and the
 * archive's own changes.  TRUST NULL: ways to anchors are not looked for.
 * FN hears what is wrong.
 */
int sh_seals_check(struct sh_archive *ar, const struct sh_trust *trust,
    int (*finding)(void *arg, const char *key, const char *text,
    struct sh_error *err), void *arg, struct sh_error *err) SH_MUST_CHECK;

/*
 * The proof that the document's accession is under a seal:
 * schemas/proof.schema.json.
 * Errors: SH_ENOTFOUND; SH_EAGAIN "seal.not-yet".
 */
int sh_seals_prove(struct sh_archive *ar, const struct sh_document_id *id,
    json_t **proof, struct sh_error *err) SH_MUST_CHECK;

/* The proof that seal FIRST's changes are the first ones of seal LAST's. */
int sh_seals_consistency(struct sh_archive *ar, uint64_t first,
    uint64_t last, json_t **proof, struct sh_error *err) SH_MUST_CHECK;

/* Seal NUMBER as it lies in its file: statement, signature, stamp. */
int sh_seals_read(struct sh_archive *ar, uint64_t number,
    struct sh_buf *file, struct sh_error *err) SH_MUST_CHECK;

/*
 * The document's evidence record (DER): proves each of its renditions.
 * Errors: SH_EAGAIN "seal.not-yet", "seal.pending".
 */
int sh_seals_evidence(struct sh_archive *ar, const struct sh_document_id *id,
    struct sh_buf *record, struct sh_error *err) SH_MUST_CHECK;

/* The digest that evidence is made with now. */
enum sh_md sh_seals_digest(const struct sh_archive *ar);

/*
 * Renew all evidence with one stamp: MD the digest in use: the stamps are
 * stamped again, before their certificates or keys grow old.  Another MD:
 * every document is hashed anew, before the old digest falls.
 * Errors: SH_EAGAIN "seal.pending"; SH_EARG "seal.nothing".
 */
int sh_seals_renew(struct sh_archive *ar, const struct sh_sealing *with,
    enum sh_md md, struct sh_error *err) SH_MUST_CHECK;

#endif
