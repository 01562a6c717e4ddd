/*
 * A dossier as a desk gets it: papers, and the scans that hold their sides,
 * blank backs and separator sheets; and its truth.
 *
 * Plain data that plan.c fills and sh_dossier_write() turns into files.  A
 * dossier is alone in memory: sets and catalogues write one after another.
 */
#ifndef SH_SAMPLES_DOSSIER_H
#define SH_SAMPLES_DOSSIER_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "samples/carrier.h"
#include "samples/compose.h"
#include "samples/paper.h"
#include "samples/wear.h"

#define SH_VECTOR	(SH_CARRIER_PDF + 1)	/* a born-digital PDF */

enum sh_page_kind { SH_PAGE_DOCUMENT, SH_PAGE_BLANK, SH_PAGE_SEPARATOR };

/* One side in a scan. */
struct sh_page {
	enum sh_page_kind kind;
	size_t document;	/* SH_PAGE_DOCUMENT; of a blank: whose back */
	size_t side;
	const char *separator;	/* payload of a separator sheet's code */
	const char *separator_type;
	struct sh_wear wear;
	uint64_t seed;
	/* Filled by writing. */
	struct sh_worn worn;
	unsigned dpi;
	const char *text;
};

struct sh_scan {
	const char *name;	/* of the file, within the dossier's folder */
	int kind;		/* enum sh_carrier_kind or SH_VECTOR */
	unsigned dpi;
	enum sh_depth depth;
	int quality;
	int camera;
	struct sh_page *pages;
	size_t npages, pages_cap;
};

struct sh_document {
	struct sh_order order;
	struct sh_paper paper;		/* once composed */
	/* What it repeats; dup_dossier NULL: nothing. */
	const char *dup_dossier, *dup_kind;
	size_t dup_document;
};

struct sh_dossier {
	struct sh_arena arena;
	const char *name;	/* "d01" */
	const char *code, *code_style;
	const char *procedure, *procedure_name;
	const struct sh_person *holder;
	int64_t received;
	const char *station;
	const char *note;
	struct sh_document *documents;
	size_t ndocuments, documents_cap;
	struct sh_scan *scans;
	size_t nscans, scans_cap;
};

struct sh_document *sh_dossier_document(struct sh_dossier *d);
struct sh_scan *sh_dossier_scan(struct sh_dossier *d);
struct sh_page *sh_dossier_page(struct sh_dossier *d, struct sh_scan *s);
void sh_dossier_free(struct sh_dossier *d);

/* Compose every document that is not yet.  */
int sh_dossier_compose(struct sh_dossier *d, struct sh_error *err)
    SH_MUST_CHECK;

/*
 * Write the scans into the folder DIR, which exists, and, when WHOLE,
 * dossier.json and truth.json beside them.
 */
int sh_dossier_write(struct sh_dossier *d, const char *dir, int whole,
    struct sh_error *err) SH_MUST_CHECK;

/* truth.c: new objects; after writing. */
json_t *sh_truth_dossier(const struct sh_dossier *d);
json_t *sh_truth(const struct sh_dossier *d);
/* Fields, holders, type of one paper, as in truth's documents. */
json_t *sh_truth_document(const struct sh_paper *p);
/* Write V to PATH, two spaces of indent. */
int sh_truth_save(const char *path, json_t *v, struct sh_error *err)
    SH_MUST_CHECK;

#endif
