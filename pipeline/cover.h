/*
 * Cover sheets: printed here, laid before each paper in the feeder, known
 * again by their QR.  It carries dossier, component, paper type, which sheet
 * of how many, and a MAC under the archive's key, so that nobody can make
 * one up and a sheet of another dossier or archive is seen.
 *
 *   SH2|H05.12-261121-0001|04|cccd|3|5|<16 letters>	frozen
 */
#ifndef SH_PIPELINE_COVER_H
#define SH_PIPELINE_COVER_H

#include "archive/archive.h"
#include "base/buf.h"
#include "base/error.h"
#include "schemas/catalogue.h"

#define SH_COVER_SHEETS_MAX	999

struct sh_cover {
	char dossier[65];
	char component[33];	/* code within the procedure */
	char type[65];		/* slug, or "": several are possible */
	unsigned n, m;		/* sheet N, from 1, of M */
};

enum sh_cover_kind {
	SH_COVER_NONE,		/* no cover sheet at all */
	SH_COVER_GENUINE,
	SH_COVER_FORGED,	/* its MAC is not this archive's */
	SH_COVER_FOREIGN	/* genuine, of another dossier */
};

/* The QR's text. */
int sh_cover_text(struct sh_archive *ar, const struct sh_cover *c,
    struct sh_buf *out, struct sh_error *err) SH_MUST_CHECK;

/*
 * What a mark on a page is for DOSSIER.  AR NULL: nothing is archived, so
 * the MAC is not asked for.
 */
int sh_cover_read(struct sh_archive *ar, const char *dossier,
    const char *mark, struct sh_cover *out, enum sh_cover_kind *kindp,
    struct sh_error *err) SH_MUST_CHECK;

/*
 * The sheets of a dossier as PDF, A4, one for each component of PROCEDURE
 * that WANTED (comma-separated codes; NULL: all) names; *NP is how many.
 * Errors: SH_ENOTFOUND "cover.component"; of the font.
 */
int sh_cover_pdf(struct sh_archive *ar, const char *dossier,
    const struct sh_procedure *procedure, const char *wanted,
    struct sh_buf *out, size_t *np, struct sh_error *err) SH_MUST_CHECK;

#endif
