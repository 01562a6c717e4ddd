/*
 * Dossiers out of the archive as packages that live without it, and back.
 *
 * Two forms carry the same: a BagIt bag (RFC 8493), and an archival package
 * of the E-ARK family as Circular 05/2025/TT-BNV asks for digitised dossiers
 * (AIP_hoso: METS, EAD, PREMIS).  What another archive of ours needs to make
 * the same documents again, with their links, receipts and acts, stands
 * beside them in JSON; its importer reads nothing else.
 *
 * A package is plain: it is for whoever is entitled to the whole dossier.
 */
#ifndef SH_ARCHIVE_PACKAGE_H
#define SH_ARCHIVE_PACKAGE_H

#include "archive/archive.h"

enum sh_package_form { SH_PACKAGE_EARK, SH_PACKAGE_BAG };

struct sh_package_options {
	enum sh_package_form form;
	const char *agency;		/* code */
	const char *agency_name;
	const char *program;		/* "sohoa 1.0" */
};

/*
 * Write the dossier's package into the folder DIR, which is there; durable.
 * A package of that dossier that is there already is replaced.  *NAMEP, fresh
 * memory, is its folder's name.
 * Errors: SH_ENOTFOUND "dossier.unknown"; SH_EFIXITY, what is archived is
 * not whole.
 */
int sh_archive_export(struct sh_archive *ar, const struct sh_reader *who,
    const char *dossier, const char *dir,
    const struct sh_package_options *options, char **namep,
    struct sh_error *err) SH_MUST_CHECK;

/* Every dossier's code once: FN as in sh_archive_each(). */
int sh_archive_each_dossier(struct sh_archive *ar,
    int (*fn)(void *arg, const char *code, struct sh_error *err), void *arg,
    struct sh_error *err) SH_MUST_CHECK;

struct sh_imported {
	uint64_t documents;	/* new here */
	uint64_t known;
	uint64_t acts;
};

/*
 * Take a package of ours in: each document under the id, with the record and
 * the digests that it had.  What is there already is compared and left.
 * Errors: SH_ENOTFOUND "package.missing"; SH_EFORMAT "package.index";
 * SH_EFIXITY "package.damaged", a file's digest is another; SH_ECONFLICT
 * "accession.conflict".
 */
int sh_archive_import(struct sh_archive *ar, const struct sh_reader *who,
    const char *path, struct sh_imported *out, struct sh_error *err)
    SH_MUST_CHECK;

#endif
