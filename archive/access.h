/*
 * Who may read what, and who did.
 *
 * Every read names reader, agency, purpose (a dossier or a procedure) and,
 * where the law wants it, its legal basis.  The rights say which agency may
 * read which paper types for which procedure, and what each role may do.
 * What a reader may not see is answered as what is not there.
 *
 * A read is written down, durably, before its answer leaves: into a sealed
 * journal beside the archive, which any number of reading processes append
 * to.  The next writer takes it into the chains of the holders whose papers
 * were read.  So every citizen can be told who read what, and why.
 */
#ifndef SH_ARCHIVE_ACCESS_H
#define SH_ARCHIVE_ACCESS_H

#include "archive/archive.h"

struct sh_rights;

/*
 * schemas/rights.schema.json.
 * Errors: SH_EFORMAT "rights.entry" with the parameter "entry".
 */
int sh_rights_load(const char *path, struct sh_rights **pp,
    struct sh_error *err) SH_MUST_CHECK;
void sh_rights_free(struct sh_rights *p);

/*
 * Borrowed for the archive's life.  Without rights whoever can open the
 * archive may do everything; it is written down all the same.
 */
void sh_archive_use_rights(struct sh_archive *ar, const struct sh_rights *p);

/*
 * Who read what of HOLDER's, and why: schemas/accesses.schema.json, the
 * newest last.  Reads that no writer has taken in yet are there too.
 */
int sh_archive_accesses(struct sh_archive *ar, const struct sh_reader *who,
    const struct sh_holder *holder, json_t **answer, struct sh_error *err)
    SH_MUST_CHECK;

#endif
