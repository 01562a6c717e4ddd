/* What retention and disposal share. */
#ifndef SH_ARCHIVE_RETENTION_INTERNAL_H
#define SH_ARCHIVE_RETENTION_INTERNAL_H

#include "archive/archive_internal.h"
#include "signing/signer.h"

struct sh_retention {
	int permanent;
	int held;
	int years;		/* the longest of its dossiers */
	struct sh_date until;	/* last day; not if permanent */
};

int sh_retention_of(struct sh_archive *ar, const struct sh_tag *holder,
    const struct sh_tag *document, const json_t *record,
    struct sh_retention *out, struct sh_error *err) SH_MUST_CHECK;

/*
 * dispose.c: into OUT the LIST's canonical bytes ("text"), their CMS ("sign-
 * ature", hex, detached) and their SHA-256 ("digest").
 */
int sh_retention_sign(const json_t *list, struct sh_signer *signer,
    json_t *out, struct sh_error *err) SH_MUST_CHECK;

#endif
