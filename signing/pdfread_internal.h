/*
 * Shared by pdfread, pdfxref, pdfstream and pdftail.
 *
 * Invariants: entries stand in the order of sections, newest first; once
 * mapped, map finds for every number the entry that counts.  An entry's
 * object, once loaded, stays.
 */
#ifndef SH_SIGNING_PDFREAD_INTERNAL_H
#define SH_SIGNING_PDFREAD_INTERNAL_H

#include "signing/pdfread.h"

#define SH_PDF_MAX_SECTIONS	512
#define SH_PDF_MAX_ENTRIES	((size_t)1 << 20)
#define SH_PDF_MAX_MEMORY	((size_t)128 << 20)
#define SH_PDF_MAX_WORK		((uint64_t)1 << 31)
#define SH_PDF_MAX_NESTING	8	/* objects needed to load an object */
#define SH_PDF_MAX_STREAM	((size_t)32 << 20)	/* decoded */
#define SH_PDF_MAX_TEXT		((size_t)16 << 20)	/* of one object */

enum sh_pdf_entry_type { SH_PDF_FREE, SH_PDF_PLAIN, SH_PDF_PACKED };

struct sh_pdf_entry {
	uint32_t num;
	uint32_t gen;		/* packed: index in the object stream */
	uint64_t where;		/* packed: number of the object stream */
	uint16_t section;
	uint8_t type;
	uint8_t loading;
	struct sh_pdf_object *object;
};

/* A decoded object stream. */
struct sh_pdf_pack {
	struct sh_pdf_pack *next;
	uint32_t num;
	struct sh_buf data;
	size_t n;
	uint32_t *nums;
	size_t *offsets;	/* from the start of data */
};

struct sh_pdf {
	int fd;
	uint64_t len;
	struct sh_pdf_arena arena;
	struct sh_buf scratch;
	uint64_t own_work, *work;	/* the second is what counts */
	unsigned nesting;
	size_t unpacked;	/* bytes of packs */
	struct sh_pdf_section *sections;
	size_t nsections, capsections;
	struct sh_pdf_entry *entries;
	size_t nentries, capentries;
	uint32_t *map;		/* index + 1 of the entry, or 0 */
	size_t mapsize;		/* a power of two */
	uint32_t next_number;
	struct sh_pdf_pack *packs;
};

typedef int sh_pdf_reader(struct sh_pdf *, struct sh_pdf_lexer *, void *,
    struct sh_error *);

/*
 * Read at AT with a window that grows until READER no longer looks past its
 * end.  READER may run several times.  It must not read another window.
 */
int sh_pdf_window(struct sh_pdf *doc, uint64_t at, size_t first,
    sh_pdf_reader *reader, void *ctx, struct sh_error *err) SH_MUST_CHECK;
int sh_pdf_damaged(struct sh_error *err, const char *fmt, ...)
    SH_PRINTF(2, 3);

/* Whatever object stands at AT; *ENDP is behind its "endobj". */
int sh_pdf_object_at(struct sh_pdf *doc, uint64_t at,
    struct sh_pdf_object *o, uint64_t *endp, struct sh_error *err)
    SH_MUST_CHECK;

/* The entry that counts for NUM, or NULL. */
struct sh_pdf_entry *sh_pdf_entry(const struct sh_pdf *doc, uint32_t num);

/* pdfxref: every section from the end backwards, and the map. */
int sh_pdf_read_xref(struct sh_pdf *doc, struct sh_error *err) SH_MUST_CHECK;
/* Just behind the word "stream": its line end. */
int sh_pdf_stream_start(struct sh_pdf_lexer *lx, struct sh_error *err)
    SH_MUST_CHECK;

/*
 * pdfstream: the LEN coded bytes at AT of a stream whose dictionary is DICT
 * (its filters direct), decoded; none or Flate with PNG predictors.
 */
int sh_pdf_decode(struct sh_pdf *doc, const struct sh_pdf_value *dict,
    uint64_t at, uint64_t len, struct sh_buf *out, struct sh_error *err)
    SH_MUST_CHECK;

#endif
