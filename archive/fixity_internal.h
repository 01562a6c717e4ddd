/* What scrubbing and repairing share. */
#ifndef SH_ARCHIVE_FIXITY_INTERNAL_H
#define SH_ARCHIVE_FIXITY_INTERNAL_H

#include "archive/fixity.h"

/*
 * repair.c: mend from the copy at FROM the documents that FINDINGS name; a
 * finding whose document can be read then is taken off the list.  Temporary
 * files go to DIR.
 */
int sh_fixity_mend(struct sh_archive *ar, const struct sh_reader *who,
    const char *dir, const char *from, json_t *findings, uint64_t *repairedp,
    struct sh_error *err) SH_MUST_CHECK;

#endif
