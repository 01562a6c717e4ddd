/*
 * What the files of the composer share: expand.c (text with choices, values
 * and marks to runs), block.c (columns and tables), flow.c (the interpreter
 * of descriptions).
 *
 * Invariants: the paper has at least one side; y lies between the margins of
 * the last side; rows holds text that was placed freely and is not yet read.
 * At most one of cols and widths is in use.
 */
#ifndef SH_SAMPLES_FLOW_INTERNAL_H
#define SH_SAMPLES_FLOW_INTERNAL_H

#include "samples/facts.h"
#include "samples/font.h"
#include "samples/form.h"
#include "samples/lay.h"
#include "samples/paper.h"

#define SH_FLOW_COLS	8

enum sh_align { SH_ALIGN_LEFT, SH_ALIGN_CENTER, SH_ALIGN_RIGHT,
	SH_ALIGN_JUSTIFY };

enum sh_fill { SH_FILL_PLAIN, SH_FILL_BOLD, SH_FILL_ITALIC, SH_FILL_HAND };

/* The attributes behind a command: "center(16,b,red)". */
struct sh_attrs {
	struct sh_ink ink;
	enum sh_align align;
	int aligned;		/* an alignment was given */
	double width;		/* mm; 0: none */
	int plain;		/* no leader, no border, no signature */
	int fixed;		/* a size was given */
};

enum sh_entry_kind { SH_ENTRY_TEXT, SH_ENTRY_RULE, SH_ENTRY_SIGN,
	SH_ENTRY_GAP };

/* One line of a column of a head or signature block. */
struct sh_entry {
	enum sh_entry_kind kind;
	int col;
	struct sh_attrs attrs;
	struct sh_runs runs;
	double gap;		/* points */
	const char *seal;	/* what runs round the seal; NULL: none */
	const char *core;	/* what stands in its middle */
};

struct sh_flow {
	struct sh_paper *p;
	struct sh_facts *f;
	struct sh_error *err;
	double w, h, left, right, top, bottom;
	double y;
	double ox, oy;		/* where "at" and "art" count from */
	unsigned face;
	double size, spacing, after, indent;
	int leaders, numbers;
	enum sh_fill fill;
	int apart;		/* this line shows what is filled in */
	uint32_t title_rgb;
	struct sh_rows rows;
	struct sh_entry *entries;	/* of the open head or sign block */
	size_t nentries, entries_cap;
	int block;			/* 'h', 's', 't' or 0 */
	double widths[SH_FLOW_COLS];	/* of the open block, points */
	unsigned ncols;
	int border;
	double table_size;
	int depth;
};

/* expand.c */
int sh_flow_attrs(struct sh_flow *fl, const struct sh_form_line *line,
    struct sh_attrs *at);
/* TEXT of LINE (all of it, or a part) as runs. */
int sh_flow_expand(struct sh_flow *fl, const struct sh_form_line *line,
    const char *text, const struct sh_ink *ink, struct sh_runs *out);
/* The same as a string. */
int sh_flow_string(struct sh_flow *fl, const struct sh_form_line *line,
    const char *text, const char **sp);
/* Cut at "||"; at most MAX parts, in the arena; their number. */
size_t sh_flow_parts(struct sh_flow *fl, const char *text,
    const char *parts[], size_t max);

/* block.c */
int sh_block_open(struct sh_flow *fl, const struct sh_form_line *line);
/* A line inside a block; 0 when the command is none of a block's. */
int sh_block_line(struct sh_flow *fl, const struct sh_form_line *line);
int sh_block_close(struct sh_flow *fl);

/* para.c: a paragraph, a line of a form, a picture; 0 when none of these */
int sh_para_line(struct sh_flow *fl, const struct sh_form_line *line);
/* The N numbers at the start of a line's text, and what stands behind. */
int sh_para_numbers(struct sh_flow *fl, const struct sh_form_line *line,
    double *v, unsigned n, const char **restp);

/* flow.c */
int sh_flow_run(struct sh_flow *fl, struct sh_form_span span);
/* Turn to a fresh side. */
void sh_flow_side(struct sh_flow *fl);
struct sh_side *sh_flow_last(struct sh_flow *fl);
/* Make sure that HEIGHT points are left on the side, or turn it. */
void sh_flow_room(struct sh_flow *fl, double height);
void sh_flow_read_rows(struct sh_flow *fl);
double sh_flow_line_height(const struct sh_flow *fl, double size);

#endif
