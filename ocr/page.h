/*
 * The reading of one page: words, lines, codes, measures.
 *
 * Coordinates are pixels from the top left of the *upright* page: after the
 * turn in 'orientation' (and EXIF), before any deskew, so that boxes lie on
 * the image that is shown and archived.  Confidence is 0..1.  Text is NFC.
 *
 * A page is built with sh_page_add_*(), is then only read, and owns all it
 * points to.  Its width and height are set before the first line.
 * sh_page_from_json() reads what a worker sent and trusts none of it: every
 * count, index, box and string is checked.
 *
 * Errors of building and reading: SH_EFORMAT "reading.box", a box or
 * baseline leaves the page; "reading.word", not one word in NFC;
 * "reading.mark"; SH_ELIMIT "reading.too-many".
 */
#ifndef SH_OCR_PAGE_H
#define SH_OCR_PAGE_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/json.h"

#define SH_PAGE_SIDE_MAX	30000	/* px */
#define SH_PAGE_WORDS_MAX	20000
#define SH_PAGE_LINES_MAX	5000
#define SH_PAGE_CODES_MAX	64
#define SH_PAGE_MEASURES_MAX	64
#define SH_PAGE_WORD_BYTES	1000
#define SH_PAGE_CODE_BYTES	4096
#define SH_PAGE_NAME_BYTES	100	/* engine, method, measure */

struct sh_box {
	int32_t x, y, w, h;
};

struct sh_word {
	const char *text;	/* no white space; never empty */
	struct sh_box box;
	float confidence;	/* kept in thousandths */
	uint32_t line;		/* index into lines */
	int penned;		/* by hand, as far as can be told (pen.h) */
};

struct sh_line {
	struct sh_box box;
	int32_t baseline[4];	/* x0, y0, x1, y1 */
	uint32_t block;		/* column or table cell, in reading order */
	uint32_t first;		/* first word */
	uint32_t nwords;
};

enum sh_barcode { SH_BARCODE_QR, SH_BARCODE_CODE128, SH_BARCODE_OTHER };

struct sh_mark {		/* a machine-readable mark */
	enum sh_barcode kind;
	const char *text;	/* UTF-8, cleaned of nothing: data */
	struct sh_box box;
	const char *method;	/* which step of the cascade read it */
};

/* Why a page has no reading. */
enum sh_page_state {
	SH_PAGE_READ,
	SH_PAGE_BLANK,		/* folded away, kept, never deleted */
	SH_PAGE_UNREADABLE	/* no words where ink is: for a person */
};

struct sh_page {
	enum sh_page_state state;
	int32_t width_px, height_px;	/* upright */
	double dpi;		/* horizontal, as used; estimated when the file
				   had none */
	double dpi_y;		/* vertical: another only on old faxes */
	int dpi_known;
	int orientation;	/* 0, 90, 180, 270: degrees clockwise that the
				   stored page is turned to stand upright */
	double skew_deg;	/* what is left after that, clockwise */
	double confidence;	/* mean of its words */
	struct sh_word *words;
	size_t nwords;
	struct sh_line *lines;
	size_t nlines;
	struct sh_mark *marks;
	size_t nmarks;
	json_t *measures;	/* quality figures by name, integers only */
	const char *engine;	/* as recognise.h names it */
};

struct sh_page *sh_page_new(struct sh_error *err);
/* All of P but its lines; the caller's. */
struct sh_page *sh_page_frame(const struct sh_page *p, struct sh_error *err);
void sh_page_free(struct sh_page *p);

/* Copies TEXT; lines come in reading order, words after their line. */
int sh_page_add_line(struct sh_page *p, struct sh_box box,
    const int32_t baseline[4], uint32_t block, struct sh_error *err)
    SH_MUST_CHECK;
int sh_page_add_word(struct sh_page *p, const char *text, struct sh_box box,
    double confidence, struct sh_error *err) SH_MUST_CHECK;
/*
 * Line I of FROM and its words, moved by DX and DY and cut to the page, as a
 * line of block BLOCK.
 */
int sh_page_copy_line(struct sh_page *p, const struct sh_page *from,
    size_t i, int32_t dx, int32_t dy, uint32_t block, struct sh_error *err)
    SH_MUST_CHECK;
/* Another text and confidence for word I, which must be there. */
int sh_page_set_word(struct sh_page *p, size_t i, const char *text,
    double confidence, struct sh_error *err) SH_MUST_CHECK;
int sh_page_add_mark(struct sh_page *p, enum sh_barcode kind,
    const char *text, struct sh_box box, const char *method,
    struct sh_error *err) SH_MUST_CHECK;
int sh_page_set_engine(struct sh_page *p, const char *engine,
    struct sh_error *err) SH_MUST_CHECK;
/* A figure of 'measures'; its unit stands in the name ("contrast_levels"). */
int sh_page_set_measure(struct sh_page *p, const char *name, int64_t value,
    struct sh_error *err) SH_MUST_CHECK;

/* Lines in reading order, words by one space, lines by one '\n'. */
int sh_page_text(const struct sh_page *p, struct sh_buf *out,
    struct sh_error *err) SH_MUST_CHECK;

/*
 * The stored and transported form: schemas/reading.schema.json, frozen.
 * Integers only (thousandths, hundredths), so that it is canonical JSON; what
 * was built with sh_page_add_*() comes back the same.
 */
json_t *sh_page_to_json(const struct sh_page *p, struct sh_error *err);
int sh_page_from_json(const json_t *v, struct sh_page **pp,
    struct sh_error *err) SH_MUST_CHECK;

/* ALTO 4.2 of a document's pages.  Source: loc.gov/standards/alto. */
int sh_page_alto(const struct sh_page *const *pages, size_t npages,
    struct sh_buf *out, struct sh_error *err) SH_MUST_CHECK;

struct sh_box sh_box_union(struct sh_box a, struct sh_box b);
/* Does the middle of INNER lie in OUTER? */
int sh_box_holds(const struct sh_box *outer, const struct sh_box *inner);

/* Letters expected right minus letters expected wrong. */
double sh_word_worth(const struct sh_word *w);
/* The mean confidence of the page's words; 0: it has none. */
double sh_page_sureness(const struct sh_page *p);

#endif
