/*
 * The head of a Vietnamese paper and what others stamped on it: national
 * motto, issuing agency, title lines, certification block.
 *
 * Rule: Decree 30/2020/NĐ-CP Annex I for where they stand; older and private
 * papers keep to the same habits.
 */
#ifndef SH_OCR_HEADING_H
#define SH_OCR_HEADING_H

#include "ocr/phrase.h"
#include "ocr/view.h"

#define SH_NONE		UINT32_MAX
#define SH_ISSUER_LINES	4
#define SH_TITLE_LINES	6

/* Lines of capitals that stand together: a title, or another heading. */
struct sh_title_block {
	uint32_t seg[SH_TITLE_LINES];
	uint32_t nsegs;
	int ordinal;		/* 0: the first on its page */
	int below_motto;	/* close below the national motto */
	int centred;		/* its first line, more or less */
	double place;		/* 1 at the head of the page … 0 at its foot */
	double size;		/* of its letters against the ordinary ones */
};

/* A run of atoms within one row. */
struct sh_run {
	uint32_t first, end;
};

struct sh_heading {
	uint32_t page;
	uint32_t row, end;	/* its rows */
	uint32_t motto;		/* row of the first line of the motto */
	int32_t motto_x;	/* where it begins */
	struct sh_run issuer[SH_ISSUER_LINES];	/* top left, by line */
	uint32_t nissuer;
	uint32_t number;	/* atom behind "Số", or SH_NONE */
	uint32_t body;		/* first row below all that */
};

/* Read the head of one page of V. */
void sh_heading_find(const struct sh_view *v, uint32_t page,
    struct sh_heading *h);

/*
 * Blocks of capitals on the page, from its head down; *NP at most MAX.
 * The lines of the head (motto, agency, form number) are not among them.
 */
void sh_heading_titles(const struct sh_view *v, const struct sh_heading *h,
    struct sh_title_block *block, size_t max, size_t *np);

/*
 * The row where a block begins that certifies the paper as a copy, on the
 * page; SH_NONE when there is none.
 */
uint32_t sh_heading_certification(const struct sh_view *v, uint32_t page);

#endif
