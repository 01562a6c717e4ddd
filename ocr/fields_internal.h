/*
 * What the files of ocr/fields share: one document under extraction.
 *
 * A label occurrence (struct sh_occ) is a known wording that stands where a
 * label can stand; it ends the value before it.  A context is a section, a
 * column or a word behind a label that says whose value it is ("mother");
 * contexts are numbered as they stand in the catalogue's shared list.
 */
#ifndef SH_OCR_FIELDS_INTERNAL_H
#define SH_OCR_FIELDS_INTERNAL_H

#include "ocr/calibrate.h"
#include "ocr/fields.h"
#include "ocr/heading.h"
#include "ocr/mrz.h"
#include "ocr/phrase.h"
#include "ocr/spelling.h"
#include "ocr/view.h"

#define SH_CONTEXTS_MAX	60
#define SH_OF_SELF	(1ULL << 62)
#define SH_OF_ANY	(1ULL << 63)
#define SH_SPAN_MAX	256
#define SH_COLUMNS_MAX	4

/* Its own place was not read: it stands elsewhere, perhaps of another. */
#define SH_DOUBT_ELSEWHERE	"field.elsewhere"

struct sh_occ {
	uint32_t first, end;	/* atoms of the label, its qualifier too */
	uint32_t phrase;
	uint32_t below;		/* atom of the next row where a label that
				   was broken over two ends, or SH_NONE */
	int context;		/* or -1 */
	unsigned errors;
	uint8_t colon;
	uint8_t leads;		/* its segment begins with it */
};

/* A place from which on a context holds; -1 ends the one before. */
struct sh_opener {
	uint32_t row;
	int32_t x;
	int context;
};

/* A table whose columns are people. */
struct sh_columns {
	uint32_t row, end;	/* rows [row, end) below its head */
	size_t n;
	int context[SH_COLUMNS_MAX];
	int32_t x[SH_COLUMNS_MAX];	/* where each head begins */
	int aligned;		/* … where its cells begin */
};

/* Atoms that may hold a value, in reading order. */
struct sh_span {
	uint32_t atom[SH_SPAN_MAX];
	size_t n;
	int below;		/* it stands below its label */
	int wraps;		/* lines in it end within the value */
};

struct sh_find {
	const struct sh_catalogue *c;
	const struct sh_paper_type *type;
	const json_t *shared;
	struct sh_view v;
	struct sh_heading head;	/* of the first page */
	uint32_t title, title_end;	/* rows of its title; empty: none */
	uint8_t *row_out;	/* rows that belong to the copy, by row */
	uint32_t out_from;	/* the first of them, or SH_NONE */
	struct sh_spelling *spelling;
	struct sh_calibration *calibration;
	struct sh_phrases labels;
	uint32_t *group;	/* by phrase of labels: lists that mean one */
	size_t capgroup;
	struct sh_phrases ofs, heads;
	int *of_context;	/* by phrase of ofs */
	uint64_t *head_contexts;	/* by phrase of heads */
	uint64_t line_contexts;	/* that reach to the end of a line only */
	uint64_t own_contexts;	/* of the type */
	const char *context_name[SH_CONTEXTS_MAX];
	size_t ncontexts;
	struct sh_occ *occ;
	size_t nocc, capocc;
	uint32_t *occ_at;	/* by atom: index of its label + 1, or 0 */
	struct sh_opener *opener;
	size_t nopener, capopener;
	struct sh_columns *columns;
	size_t ncolumns, capcolumns;
	struct sh_error *err;
};

/* A value that a rule proposes. */
struct sh_proposal {
	char *value;
	double confidence;
	double worth;		/* of the way it was found, without reading */
	uint32_t page;
	struct sh_box box;
	const char *method;
	const char *doubt;
	uint32_t first;		/* its first atom, or SH_NONE */
};

/* ---- fields_open.c: the catalogue's wordings, one document ---- */

int sh_find_open(struct sh_find *f, const struct sh_catalogue *c,
    const struct sh_paper_type *type, const struct sh_page *const *pages,
    size_t npages, int certified_copy, struct sh_error *err) SH_MUST_CHECK;
void sh_find_close(struct sh_find *f);
/* "LỜI CHỨNG CỦA NGƯỜI CÓ THẨM QUYỀN" above what it says. */
int sh_find_testimony(const struct sh_view *v, uint32_t row);
/* The contexts that a rule's "of" names; self when it names none. */
uint64_t sh_find_of(const struct sh_find *f, const json_t *of);
/* The number of a shared context, or -1. */
int sh_find_context(const struct sh_find *f, const char *name);
/* Mark the phrases of the shared label NAME in WANT (by phrase). */
int sh_find_want(struct sh_find *f, const char *name, uint8_t *want)
    SH_MUST_CHECK;

/* ---- fields_label.c: where labels stand ---- */

int sh_find_labels(struct sh_find *f) SH_MUST_CHECK;
/* "2.", "a)", "IV.": what numbers an entry. */
int sh_find_numbering(const struct sh_atom *a);
/* 1 if the label is "ông", "bà" and the like. */
int sh_find_honorific(const struct sh_find *f, const struct sh_occ *o);

/* ---- fields_context.c: whose value ---- */

int sh_find_contexts(struct sh_find *f) SH_MUST_CHECK;
/*
 * The context in which the label stands, -1 in none, SH_IN_TABLE when it is
 * the head of a row whose cells are people's.
 */
#define SH_IN_TABLE	(-2)
int sh_find_occ_context(const struct sh_find *f, const struct sh_occ *o);

/* ---- fields_span.c: where a value stands ---- */

/*
 * Behind the label, or below it when nothing stands there.  It may go on for
 * LINES more; of PROSE only a label with its colon cuts it.
 */
void sh_find_span(const struct sh_find *f, const struct sh_occ *o, int lines,
    int prose, struct sh_span *s);
/* Below the label, whatever stands behind it. */
void sh_find_span_below(const struct sh_find *f, const struct sh_occ *o,
    struct sh_span *s);
/* 1 if the atom's full stop ends a sentence, not an abbreviation. */
int sh_find_stop(const struct sh_atom *a);
/* Is the atom the family name "Võ" before a given name, and no "Vợ"? */
int sh_find_is_family(const struct sh_view *v, uint32_t atom);
/* In the column K of the table, on the label's row and the next LINES. */
void sh_find_cell(const struct sh_find *f, const struct sh_occ *o,
    const struct sh_columns *c, size_t k, int lines, struct sh_span *s);

/* ---- fields_value.c: what stands there ---- */

/*
 * Read a value of the field's kind out of the span: 1 and *p filled (its
 * confidence as if the place were certain), 0 when there is none.  PATTERN
 * (shared patterns' name) may be NULL.
 */
int sh_find_value(struct sh_find *f, const struct sh_field_def *def,
    const struct sh_span *s, const char *pattern, int organisation,
    struct sh_proposal *p) SH_MUST_CHECK;
void sh_proposal_free(struct sh_proposal *p);

/* The first date in the span: 1, or 0; *FROM and *TO its atoms in it. */
int sh_find_date(const struct sh_view *v, const struct sh_span *s,
    struct sh_date *d, size_t *from, size_t *to, unsigned *corrected);
/*
 * The first number of 12 or 9 digits (or 10, 10-3, or a passport's) in the
 * span: 1, or 0; letters that stand for digits are counted.
 */
int sh_find_id(const struct sh_view *v, const struct sh_span *s,
    char out[24], size_t *from, size_t *to, unsigned *corrected);
/* The first text of the pattern; the same. */
int sh_find_pattern(const struct sh_find *f, const char *name,
    const struct sh_span *s, char *out, size_t size, size_t *from,
    size_t *to, unsigned *corrected);
/* A person's name at the front of the span: atoms [*from, *to), or 0. */
int sh_find_name(const struct sh_view *v, const struct sh_span *s,
    size_t *from, size_t *to);
/* Dirt that was read as signs leaves the name. */
void sh_find_tidy_name(char *name);
/*
 * May uncertain words take the marks of the catalogue's spelling: never, only
 * when both neighbours say so (names of places and firms), or when one does?
 */
enum sh_mend { SH_MEND_NOT, SH_MEND_SURE, SH_MEND_USUAL };

/* The atoms as printed, by single spaces, without what ends a sentence. */
int sh_find_text(struct sh_find *f, const struct sh_span *s, size_t from,
    size_t to, enum sh_mend mend, char **out) SH_MUST_CHECK;
/* Fill place and confidence from the atoms used. */
void sh_find_place(const struct sh_view *v, const struct sh_span *s,
    size_t from, size_t to, struct sh_proposal *p);

/* ---- fields_at.c: what stands at a place of the paper ---- */

/* 1 and *p filled, 0 when nothing stands there. */
int sh_find_at(struct sh_find *f, const struct sh_field_def *def,
    const char *at, const char *where, struct sh_proposal *p) SH_MUST_CHECK;

/*
 * The date that stands alone in the head ("top"), at the foot ("bottom") or
 * there for the first time ("first"); NULL: head, else foot.
 */
int sh_find_date_line(struct sh_find *f, const char *where,
    struct sh_proposal *p) SH_MUST_CHECK;

/* ---- fields_signer.c ---- */

/*
 * The name under an office at the foot of the paper; WHERE as for the date
 * above it.
 */
int sh_find_signer(struct sh_find *f, const char *where,
    struct sh_proposal *p) SH_MUST_CHECK;
/* A name alone in its line between the title and the first label. */
int sh_find_lone_name(struct sh_find *f, struct sh_proposal *p)
    SH_MUST_CHECK;

/* ---- fields_people.c: names with their numbers ---- */

struct sh_person {
	struct sh_proposal name;
	struct sh_proposal id;	/* value NULL when it has none */
	struct sh_date birth;
	int context;
	uint32_t row;
	int32_t x;
	int moved;		/* named where the paper passes on */
};

struct sh_persons {
	struct sh_person *person;
	size_t n, cap;
};

/* The row from which on changes are noted, or SH_NONE. */
uint32_t sh_find_changes(const struct sh_find *f);
/* Everybody whom labels or running text name, in reading order. */
int sh_find_persons(struct sh_find *f, struct sh_persons *out)
    SH_MUST_CHECK;
void sh_persons_free(struct sh_persons *p);
/* The number behind the name that begins at the atom: 1 and *p, or 0. */
int sh_find_number_of(struct sh_find *f, uint32_t name,
    struct sh_proposal *p) SH_MUST_CHECK;

/* ---- fields_names.c: the same name wherever it stands ---- */

int sh_find_mend_names(struct sh_find *f, struct sh_fields *out)
    SH_MUST_CHECK;
/* "THỊHỒNG": two syllables that were read as one word are parted. */
int sh_find_unglue(struct sh_find *f, char **name) SH_MUST_CHECK;

/* ---- fields_card.c: cards say everything two or three times ---- */

int sh_find_card(struct sh_find *f, struct sh_fields *out) SH_MUST_CHECK;

#endif
