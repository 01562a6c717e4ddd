/*
 * What a bulk run is told to take in, row by row: a CSV or JSONL manifest
 * (schemas/bulk-manifest.schema.json) or a folder of dossiers.  Streamed:
 * memory does not grow with its length.
 *
 * Nothing in it is trusted.  A row that is wrong is told and left out; the
 * rows behind it are read.
 */
#ifndef SH_PIPELINE_BULK_MANIFEST_H
#define SH_PIPELINE_BULK_MANIFEST_H

#include <stdint.h>

#include "base/digest.h"
#include "base/error.h"
#include "base/json.h"

#define SH_MANIFEST_ROWS_MAX	4000000
#define SH_MANIFEST_LINE_MAX	(1 << 20)

struct sh_manifest;

/*
 * PATH is a file or a folder.  Errors: SH_ENOTFOUND "file.missing";
 * SH_EUNSUPPORTED "file.not-regular"; SH_EFORMAT "manifest.columns", what
 * the first row says are not the columns of a manifest; "manifest.empty".
 */
int sh_manifest_open(const char *path, struct sh_manifest **mp,
    struct sh_error *err) SH_MUST_CHECK;
void sh_manifest_close(struct sh_manifest *m);

/* The folder that names in rows start from; borrowed. */
const char *sh_manifest_folder(const struct sh_manifest *m);
/* What it is known by: everything that it says, and where it stands. */
int sh_manifest_name(struct sh_manifest *m, struct sh_digest *out,
    struct sh_error *err) SH_MUST_CHECK;

/*
 * The next row: 1, *ROWP in the form of a dossier.json, or {"folder": name};
 * 0: the end; -1: this row is wrong.  *NUMBERP: its line, from 1.
 * Errors of a row: "row.columns", "row.malformed", "row.too-long",
 * "text.utf8", "file.outside".  SH_ESYSTEM and SH_ENOMEM end the manifest,
 * as do SH_ELIMIT "manifest.rows" and SH_ECONFLICT "manifest.changed".
 */
int sh_manifest_next(struct sh_manifest *m, json_t **rowp,
    uint64_t *numberp, struct sh_error *err);

#endif
