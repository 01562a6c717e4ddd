/*
 * A document's pages as rows of text, whatever order they were read in.
 *
 * Recognition gives lines in blocks; what stands side by side on the paper
 * may come one after the other.  A view lays all words out again by where
 * they stand: rows from the top of the first page to the foot of the last,
 * each row cut into segments (columns, cells) from left to right, each
 * segment into atoms: a run of letters or digits with the punctuation
 * around it.  Atoms stand in that order in one array.
 *
 * Built once from the pages, then only read; owns its texts.  Coordinates
 * are pixels of the upright page; rows follow the page's slope.
 */
#ifndef SH_OCR_VIEW_H
#define SH_OCR_VIEW_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "ocr/page.h"

/* What an atom looks like. */
#define SH_ATOM_GLUED	0x01	/* no white space before it */
#define SH_ATOM_DIGITS	0x02	/* its letters are all digits */
#define SH_ATOM_UPPER	0x04	/* all capitals, at least one letter */
#define SH_ATOM_CAPITAL	0x08	/* begins with a capital letter */
#define SH_ATOM_COLON	0x10	/* a colon stands behind it */
#define SH_ATOM_SLASH	0x20	/* a slash stands behind it */
#define SH_ATOM_COMMA	0x40	/* a comma or semicolon */
#define SH_ATOM_STOP	0x80	/* a full stop */
#define SH_ATOM_OPEN	0x100	/* a bracket opens before it */
#define SH_ATOM_SHUT	0x200	/* a bracket closes behind it */
#define SH_ATOM_DASH	0x400	/* a dash stands before it */
#define SH_ATOM_APART	0x800	/* that dash is a word of its own */

struct sh_atom {
	const char *text;	/* as printed, with its punctuation */
	const char *fold;	/* folded letters and digits; never empty */
	struct sh_box box;
	float confidence;
	uint32_t flags;
	uint32_t seg;
	uint32_t row;
	uint32_t page;
};

struct sh_seg {
	uint32_t first, n;	/* atoms */
	uint32_t row;
	struct sh_box box;
};

struct sh_row {
	uint32_t first, n;	/* segments */
	uint32_t page;
	int32_t y;		/* of its base line, slope taken out */
	int32_t h;		/* of its letters */
};

struct sh_view {
	struct sh_atom *atom;	/* and an empty one behind the last */
	size_t natoms;
	struct sh_seg *seg;
	size_t nsegs;
	struct sh_row *row;
	size_t nrows;
	const struct sh_page *const *pages;	/* borrowed */
	size_t npages;
	int32_t *left, *right;	/* margins of the text, by page */
	int32_t *height;	/* of ordinary letters, by page */
	char **block;		/* private */
	size_t nblocks, capblocks, used;
};

#define SH_VIEW_ATOMS_MAX	200000	/* what stands behind is not seen */

/* PAGES must outlive the view. */
int sh_view_build(struct sh_view *v, const struct sh_page *const *pages,
    size_t npages, struct sh_error *err) SH_MUST_CHECK;
void sh_view_free(struct sh_view *v);

/* The last row of a page, plus one; the first is where the last ended. */
uint32_t sh_view_page_end(const struct sh_view *v, uint32_t page);

/* Atoms [FIRST, END) folded, without spaces, as many as fit; the length. */
size_t sh_view_join(const struct sh_view *v, uint32_t first, uint32_t end,
    char *out, size_t size);

/* 1 if the segment's letters are mostly capitals, at least four of them. */
int sh_view_is_upper(const struct sh_view *v, uint32_t seg);

#endif
