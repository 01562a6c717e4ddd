/* What writing and reading packages share. */
#ifndef SH_ARCHIVE_PACKAGE_INTERNAL_H
#define SH_ARCHIVE_PACKAGE_INTERNAL_H

#include "archive/archive_internal.h"
#include "archive/package.h"

#define SH_PACKAGE_INDEX	"sohoa.json"

/* A file of the package as it was written. */
struct sh_package_file {
	char *path;		/* below the package */
	const char *media;	/* borrowed or static */
	uint64_t bytes;
	struct sh_digest digest;
	size_t document;	/* whose signed PDF it is, from 1; 0: other */
};

/* A document in the package. */
struct sh_package_document {
	json_t *view;		/* as sh_archive_show() gives it */
	char *code;		/* dossier code, '.', 7 digits */
};

struct sh_package {
	struct sh_archive *ar;
	const struct sh_package_options *options;
	const char *dossier;
	char *root;		/* folder that is being written */
	char id[40];		/* "urn:uuid:…" */
	char at[32];
	int permanent, years;	/* how long it is kept */
	struct sh_package_document *documents;
	size_t ndocuments, documentcap;
	struct sh_package_file *files;
	size_t nfiles, filecap;
};

/* Write DATA as the file PATH of the package; synced. */
int sh_package_put(struct sh_package *p, const char *path, const char *media,
    const void *data, size_t len, struct sh_error *err) SH_MUST_CHECK;

/* ---- package_eark.c, package_bag.c --------------------------------------- */

/* Everything that describes what has been put so far. */
int sh_package_eark(struct sh_package *p, struct sh_error *err)
    SH_MUST_CHECK;
int sh_package_bag(struct sh_package *p, struct sh_error *err) SH_MUST_CHECK;

#endif
