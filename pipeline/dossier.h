/*
 * What a station knows before anything is read: the dossier's code,
 * procedure, holder, and its scans in feeding order.
 *
 * Comes from a folder with dossier.json (the form of samples/README.md) or
 * from loose files.  Nothing in it is trusted: sizes and counts have limits,
 * scans are opened below the folder and never through a link.
 */
#ifndef SH_PIPELINE_DOSSIER_H
#define SH_PIPELINE_DOSSIER_H

#include "base/error.h"
#include "base/json.h"
#include "schemas/catalogue.h"
#include "schemas/identifier.h"

#define SH_DOSSIER_SCANS_MAX	10000

struct sh_dossier {
	char *code;
	char *procedure_code;		/* may be NULL: loose files to read */
	const struct sh_procedure *procedure;	/* NULL: not in the catalogue */
	struct sh_id holder;		/* kind NONE: not given */
	char *holder_name;		/* NFC, or NULL */
	struct sh_date holder_birth;	/* year 0: not given */
	char *station;			/* or NULL */
	int64_t received_at;		/* 0: not given */
	int result;			/* what the procedure ended in, not
					   what was handed in for it */
	char **scans;			/* names as given: data */
	size_t nscans;
	int dirfd;			/* scans lie below it; -1: paths */
};

/*
 * Read DIR/dossier.json.  The scans are opened one at a time, so a scan
 * that is missing is a failure of that scan, not of the dossier.
 * Errors: SH_ENOTFOUND "dossier.missing"; SH_EFORMAT "dossier.json" and
 * what json.h says; SH_EARG "id.malformed", "dossier.code",
 * "procedure.malformed".
 */
int sh_dossier_load(const char *dir, const struct sh_catalogue *catalogue,
    struct sh_dossier **dp, struct sh_error *err) SH_MUST_CHECK;

/*
 * The same from what a dossier.json would say; the scans lie below the folder
 * DIRFD (borrowed).  The code may also be one that names a dossier after its
 * content.
 */
int sh_dossier_from_json(const json_t *root, int dirfd,
    const struct sh_catalogue *catalogue, struct sh_dossier **dp,
    struct sh_error *err) SH_MUST_CHECK;

/*
 * The same from files: HOLDER and PROCEDURE may be NULL.  Without a code of
 * its own the dossier is named after its content: "L-" and 16 hex digits.
 */
int sh_dossier_from_files(const char *const *paths, size_t npaths,
    const char *holder, const char *procedure,
    const struct sh_catalogue *catalogue, struct sh_dossier **dp,
    struct sh_error *err) SH_MUST_CHECK;

/*
 * Open scan I for reading; the descriptor, or -1 with the parameter "file".
 * Errors: SH_ENOTFOUND "file.missing"; SH_EDENIED "file.outside";
 * SH_EUNSUPPORTED "file.not-regular".
 */
int sh_dossier_open_scan(const struct sh_dossier *d, size_t i,
    struct sh_error *err);

void sh_dossier_free(struct sh_dossier *d);

#endif
