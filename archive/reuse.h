/*
 * Nobody is asked for the same paper twice: who is the same holder, what is
 * held for a procedure, which dossier relied on what, and who is told when
 * that changes.
 *
 * Acts are durable when the call returns 0, and made with every holder
 * concerned, also after a crash.  WHO is the officer who answers for them.
 */
#ifndef SH_ARCHIVE_REUSE_H
#define SH_ARCHIVE_REUSE_H

#include "archive/archive.h"
#include "signing/signer.h"

/*
 * ALIAS, an older number of a person (nine digits, passport, tax code), and
 * HOLDER, the citizen's number, are one: whoever asks for either finds the
 * documents of both.  EVIDENCE says how that is known.  Known already is
 * fine.
 * Errors: SH_EARG "alias.kind"; SH_ECONFLICT "alias.conflict", the number
 * belongs to somebody else.
 */
int sh_archive_alias(struct sh_archive *ar, const struct sh_reader *who,
    const struct sh_holder *holder, const struct sh_holder *alias,
    const char *evidence, struct sh_error *err) SH_MUST_CHECK;

/*
 * A child got its number: every document filed under HOLDER's name and birth
 * is filed under the number, too.  *NP is how many there were.
 * Errors: SH_EARG "holder.malformed"; SH_ENOTFOUND "holder.nothing".
 */
int sh_archive_file(struct sh_archive *ar, const struct sh_reader *who,
    const struct sh_holder *holder, const char *evidence, size_t *np,
    struct sh_error *err) SH_MUST_CHECK;

/* sh_archive_need() for any holder, also one without a number. */
int sh_archive_need_of(struct sh_archive *ar, const struct sh_reader *who,
    const char *procedure, const struct sh_holder *holder,
    struct sh_date day, json_t **answer, struct sh_error *err)
    SH_MUST_CHECK;

struct sh_reuse {
	struct sh_document_id document;
	const struct sh_holder *holder;
	const char *dossier;
	const char *procedure;
	const char *component;		/* its code within the procedure */
	struct sh_date day;
	/*
	 * The document is of a type that the component does not name, and an
	 * officer takes it in place of one that it does.
	 */
	int instead;
	int national;		/* taken from the national store's copy */
};

/*
 * Satisfy the dossier's component with a document that is held and counts on
 * that day; the receipt is signed with SIGNER and kept.  The same once more
 * is the same receipt.  *RECEIPTP: schemas/receipt.schema.json.
 * Errors: SH_ENOTFOUND "procedure.unknown", "component.unknown",
 * "document.missing"; SH_ECONFLICT "reuse.not-held" with the parameter
 * "value", why the document does not count.
 */
int sh_archive_reuse(struct sh_archive *ar, const struct sh_reader *who,
    const struct sh_reuse *reuse, struct sh_signer *signer,
    json_t **receiptp, struct sh_error *err) SH_MUST_CHECK;

/* A receipt and its signature (CMS, detached) as they were kept. */
int sh_archive_receipt(struct sh_archive *ar, const struct sh_reader *who,
    const char *receipt, const struct sh_document_id *document,
    struct sh_buf *text, struct sh_buf *signature, struct sh_error *err)
    SH_MUST_CHECK;

/*
 * The document was withdrawn by who issued it, or a newer one takes its
 * place: it counts no more, and every dossier with a receipt is told.
 * Errors: SH_ENOTFOUND "document.missing"; SH_EARG "supersede.same";
 * SH_ECONFLICT "supersede.holder", they have no holder in common.
 */
int sh_archive_revoke(struct sh_archive *ar, const struct sh_reader *who,
    const struct sh_document_id *document, const char *reason,
    struct sh_error *err) SH_MUST_CHECK;
int sh_archive_supersede(struct sh_archive *ar, const struct sh_reader *who,
    const struct sh_document_id *old, const struct sh_document_id *by,
    const char *reason, struct sh_error *err) SH_MUST_CHECK;

/*
 * What a dossier has: every component with its flags as the national portal
 * wants them, its documents, receipts and notices:
 * schemas/dossier.schema.json.  PROCEDURE NULL: the one that its documents
 * name.  TEMPLATE makes the code of a digitised paper: {holder} {type}
 * {number} {id}.
 * Errors: SH_ENOTFOUND "dossier.unknown".
 */
int sh_archive_dossier(struct sh_archive *ar, const struct sh_reader *who,
    const char *code, const char *procedure, const char *template,
    json_t **answer, struct sh_error *err) SH_MUST_CHECK;

#endif
