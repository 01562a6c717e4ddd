/*
 * From runs of letters to lines in place.  Everything lives in the paper's
 * arena.
 */
#ifndef SH_SAMPLES_LAY_H
#define SH_SAMPLES_LAY_H

#include <stddef.h>
#include <stdint.h>

#include "samples/paper.h"

/* How letters look and what they belong to. */
struct sh_ink {
	unsigned face;
	double size;
	uint32_t rgb;
	int hand;		/* as if by hand */
	int underline;
	int field;		/* index into the paper's fields; -1: none */
	int value;		/* filled in, not printed with the form */
};

struct sh_run {
	struct sh_ink ink;
	const char *s;
	size_t len;
};

struct sh_runs {
	struct sh_run *v;
	size_t n, cap;
};

/* A word or the part of one that has the same ink. */
struct sh_piece {
	const struct sh_ink *ink;
	const char *s;
	size_t len;
	double width;
	double space;		/* of the blank in front of it; 0: none */
	int newline;		/* a line begins here */
};

struct sh_lay_line {
	size_t from, to;	/* pieces */
	double width;
	int last;		/* of its paragraph: not justified */
};

struct sh_lay {
	struct sh_piece *pieces;
	size_t npieces;
	struct sh_lay_line *lines;
	size_t nlines;
};

void sh_runs_add(struct sh_arena *a, struct sh_runs *r,
    const struct sh_ink *ink, const char *s, size_t len);
/* All of it as one string. */
const char *sh_runs_text(struct sh_arena *a, const struct sh_runs *r);

/*
 * Break into lines of at most FIRST points, then REST; a word that is wider
 * than a line stands alone in it.  "\n" ends a line.
 */
void sh_lay_break(struct sh_arena *a, const struct sh_runs *r, double first,
    double rest, struct sh_lay *lay);

/*
 * Put line I at X on the baseline Y, each blank wider by SPACE; its text.
 * Underlines and the boxes of fields come along.
 */
const char *sh_lay_put(struct sh_paper *p, const struct sh_lay *lay, size_t i,
    double x, double y, double space);

/* How much to add to each blank so that line I fills WIDTH; 0 for a last. */
double sh_lay_stretch(const struct sh_lay *lay, size_t i, double width);

/* Lines of text that stand side by side, to be read row by row. */
struct sh_rows {
	struct sh_row_text {
		double x, y;
		const char *s;
	} *v;
	size_t n, cap;
};

void sh_rows_add(struct sh_arena *a, struct sh_rows *r, double x, double y,
    const char *s);
/*
 * Read them into the paper's last side: rows from the top, each from the
 * left; baselines closer than TOLERANCE points are one row.  Empties R.
 */
void sh_rows_read(struct sh_paper *p, struct sh_rows *r, double tolerance);

#endif
