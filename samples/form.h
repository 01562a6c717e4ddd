/*
 * Descriptions of papers: the files of samples/papers, built into the
 * program.  DESIGN.md, "The language of descriptions" tells what the lines
 * mean; here they are only split.
 *
 * Forms are loaded once and never change; everything is borrowed from them.
 * Errors: SH_EFORMAT "sample.form" with file and line.
 */
#ifndef SH_SAMPLES_FORM_H
#define SH_SAMPLES_FORM_H

#include <stddef.h>

#include "base/error.h"

#define SH_FORM_VARIANTS	8

/* "center(16,b) TEXT": command, attributes, the rest. */
struct sh_form_line {
	const char *file;
	int no;
	const char *cmd;
	const char *attrs;		/* "16,b"; "" when there are none */
	const char *text;
};

/* Lines FROM .. TO - 1 of the table. */
struct sh_form_span {
	size_t from, to;
};

struct sh_form {
	const char *slug;		/* what truth calls it */
	const char *name;		/* unlike the slug, different in all */
	struct sh_form_span header;
	struct sh_form_span variant[SH_FORM_VARIANTS];
	size_t nvariants;
};

/* One procedure of papers/procedures.txt: its lines, to be read in order. */
struct sh_form_procedure {
	const char *code, *name;
	struct sh_form_span lines;
};

int sh_forms_load(struct sh_error *err) SH_MUST_CHECK;
void sh_forms_free(void);

const struct sh_form_line *sh_form_line_at(size_t i);
/* 1 if the line opens a block that "end" closes. */
int sh_form_is_block(const struct sh_form_line *line);
/* The line behind the "end" of the block opened at I; when loading, more
 * than the number of lines if there is none. */
size_t sh_form_block_end(size_t i);

size_t sh_forms_count(void);
const struct sh_form *sh_form_at(size_t i);
/* By slug (the first of that slug) or by name; NULL when there is none. */
const struct sh_form *sh_form_find(const char *slug);

/* The body of a macro; from == to when there is none. */
struct sh_form_span sh_form_macro(const char *name);

size_t sh_form_nprocedures(void);
const struct sh_form_procedure *sh_form_procedure_at(size_t i);
const struct sh_form_procedure *sh_form_procedure_find(const char *code);

/* SH_EFORMAT "sample.form": LINE and what is wrong with it. */
int sh_form_fail(const struct sh_form_line *line, struct sh_error *err,
    const char *fmt, ...) SH_PRINTF(3, 4);

#endif
