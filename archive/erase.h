/*
 * Erasing a person: every data key of theirs is destroyed, so that nothing of
 * them can be read again in the archive, in any copy and in any backup, and
 * nothing of anybody else changes.  A document that they share stays with its
 * other holders.
 *
 * One person proposes, another approves, as in archive/retention.h.  That it
 * was done, why, by whom and on what list stands in the archive's register: a
 * chain of its own, which names the person by pseudonym only.  Whoever knows
 * the number can ask for that proof.
 *
 * Keys that were copied away before are as good as ever: the folder for keys
 * of a backup is replaced by the next one.
 */
#ifndef SH_ARCHIVE_ERASE_H
#define SH_ARCHIVE_ERASE_H

#include "archive/archive.h"
#include "signing/signer.h"

/*
 * Propose to erase HOLDER and whoever is known to be the same.  WHO names a
 * legal basis: terms of retention do not stop an erasure.
 * Errors: SH_EARG "erase.basis"; SH_ENOTFOUND "holder.nothing"; SH_ECONFLICT
 * "erase.held" with the parameter "value", a document that is held.
 */
int sh_archive_propose_erasure(struct sh_archive *ar,
    const struct sh_reader *who, const struct sh_holder *holder,
    const char *reason, char proposal[SH_DOCUMENT_ID_LEN],
    struct sh_error *err) SH_MUST_CHECK;

/* What a proposal would take: schemas/erase.schema.json. */
int sh_archive_erasure(struct sh_archive *ar, const struct sh_reader *who,
    const char *proposal, json_t **answer, struct sh_error *err)
    SH_MUST_CHECK;

/*
 * The second person's word: durable when 0 is returned, with every word of
 * theirs gone from the search.  *LISTP: {"list", "text", "signature",
 * "digest"}, the list signed with SIGNER.  What a crash cuts short the next
 * opening completes.
 * Errors: SH_ENOTFOUND "proposal.unknown"; SH_EDENIED "erase.same-person";
 * SH_ECONFLICT "erase.done", "erase.held".
 */
int sh_archive_erase(struct sh_archive *ar, const struct sh_reader *who,
    const char *proposal, struct sh_signer *signer, json_t **listp,
    struct sh_error *err) SH_MUST_CHECK;

/*
 * What the register says of HOLDER: {"events": [{"sequence", "digest",
 * "head", "event"}]}.  SH_ENOTFOUND "erase.never".
 */
int sh_archive_erasures(struct sh_archive *ar, const struct sh_reader *who,
    const struct sh_holder *holder, json_t **answer, struct sh_error *err)
    SH_MUST_CHECK;

#endif
