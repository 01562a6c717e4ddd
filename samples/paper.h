/*
 * A composed paper: its sides with every letter and line in place, the exact
 * text of each side, the fields and holders that are printed on it.
 *
 * Lengths are points (1/72 inch) from the top left of the side.  Plain data
 * in the paper's arena, immutable once composed.
 */
#ifndef SH_SAMPLES_PAPER_H
#define SH_SAMPLES_PAPER_H

#include <stddef.h>
#include <stdint.h>

#include "samples/keep.h"

#define SH_MM		(72.0 / 25.4)
#define SH_RED		0xb51a1aU
#define SH_BLUE		0x1b2f8aU
#define SH_BLACK	0x000000U

enum sh_item_kind {
	SH_ITEM_TEXT,
	SH_ITEM_LINE,		/* from x,y to x+w,y+h; size: thickness */
	SH_ITEM_BOX,		/* outline; size: thickness */
	SH_ITEM_DOTS,		/* leader of width w on the baseline y */
	SH_ITEM_ART		/* what TEXT names, in the box x,y,w,h */
};

struct sh_item {
	enum sh_item_kind kind;
	unsigned face;		/* sh_font_width() */
	int hand;		/* as if written by hand */
	int copied;		/* in grey, as a copier leaves it */
	uint32_t rgb;
	double x, y, w, h, size;
	double space;		/* added to each space of a justified line */
	const char *text;
	size_t len;
	const char *arg;	/* of a picture */
	uint64_t seed;		/* of a picture or of the hand */
};

struct sh_side {
	double w, h;
	struct sh_item *items;
	size_t nitems, items_cap;
	char *text;		/* lines parted by \n, no \n at the end */
	size_t len, text_cap;
};

struct sh_box {
	size_t side;
	double x, y, w, h;
};

struct sh_field {
	const char *name, *value;
	struct sh_box *boxes;
	size_t nboxes, boxes_cap;
};

struct sh_paper_holder {
	const char *role, *id, *name;
};

struct sh_paper {
	struct sh_arena arena;
	const char *slug;
	struct sh_side *sides;
	size_t nsides, sides_cap;
	struct sh_field *fields;
	size_t nfields, fields_cap;
	struct sh_paper_holder *holders;
	size_t nholders, holders_cap;
};

/* A new side of that size; borrowed until the next one. */
struct sh_side *sh_paper_side(struct sh_paper *p, double w, double h);
struct sh_item *sh_side_item(struct sh_paper *p, struct sh_side *s,
    enum sh_item_kind kind);
/* Add a line of text to what the side reads. */
void sh_side_read(struct sh_paper *p, struct sh_side *s, const char *line);

/*
 * The field of that name; a second mention of one that has a value is not
 * counted (-1), because its box is the first one's.
 */
int sh_paper_field(struct sh_paper *p, const char *name);
void sh_paper_holder(struct sh_paper *p, const char *role, const char *id,
    const char *name);

void sh_paper_free(struct sh_paper *p);

#endif
