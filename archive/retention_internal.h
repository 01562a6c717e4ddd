/* What retention and disposal share. */
#ifndef SH_ARCHIVE_RETENTION_INTERNAL_H
#define SH_ARCHIVE_RETENTION_INTERNAL_H

#include "archive/archive_internal.h"

struct sh_retention {
	int permanent;
	int held;
	int years;		/* the longest of its dossiers */
	struct sh_date until;	/* last day; not if permanent */
};

int sh_retention_of(struct sh_archive *ar, const struct sh_tag *holder,
    const struct sh_tag *document, const json_t *record,
    struct sh_retention *out, struct sh_error *err) SH_MUST_CHECK;

#endif
