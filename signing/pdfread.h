/*
 * A PDF file as a strict reader sees it: cross-references, objects, exact
 * byte positions.  Nothing is repaired: a file whose cross-references do not
 * lead to its objects is refused.
 *
 * A document is opened over the first LEN bytes of a file, so that every
 * revision of a file that was updated by appending is a document of its
 * own.  Memory grows with what is looked at, not with the file.  Objects and
 * values belong to the document.  One thread at a time.
 *
 * Errors: SH_EFORMAT "pdf.damaged"; SH_ELIMIT "pdf.limit" (objects, depth,
 * memory, expansion of streams, work); SH_EUNSUPPORTED "pdf.encrypted",
 * "pdf.filter".
 *
 * Source: ISO 32000-2 7.5.
 */
#ifndef SH_SIGNING_PDFREAD_H
#define SH_SIGNING_PDFREAD_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "signing/pdfobj.h"

struct sh_pdf;

struct sh_pdf_object {
	uint32_t num, gen;
	const struct sh_pdf_value *value;
	int packed;		/* stands in an object stream */
	uint64_t base;		/* where value->start counts from: in the
				   file, or in the object stream's data */
	const uint8_t *bytes;	/* packed: that data */
	int is_stream;
	uint64_t stream_at, stream_len;	/* in the file, as coded */
};

/* One cross-reference section, newest first. */
struct sh_pdf_section {
	uint64_t at;
	int is_stream;		/* a cross-reference stream, not a table */
	int hybrid;		/* a table with a stream beside it */
	int two_views;		/* which shows an object elsewhere than the
				   tables do */
	uint64_t prev;		/* 0: none */
	/* Its entries, those of the table first; private to the reader. */
	size_t first, ntable, n;
	const struct sh_pdf_value *trailer;
};

/* FD is borrowed until the document is closed. */
int sh_pdf_open(int fd, uint64_t len, struct sh_pdf **docp,
    struct sh_error *err) SH_MUST_CHECK;
/*
 * The first LEN bytes of WHOLE as a document of its own, which must be
 * closed first.  Both together may do the work of one.
 */
int sh_pdf_open_revision(struct sh_pdf *whole, uint64_t len,
    struct sh_pdf **docp, struct sh_error *err) SH_MUST_CHECK;
void sh_pdf_close(struct sh_pdf *doc);

/*
 * Count COST bytes of work (reading, comparing, looking up).  Over the limit
 * is an error, so that no file keeps its reader busy for long.
 */
int sh_pdf_work(struct sh_pdf *doc, uint64_t cost, struct sh_error *err)
    SH_MUST_CHECK;

uint64_t sh_pdf_len(const struct sh_pdf *doc);
int sh_pdf_fd(const struct sh_pdf *doc);
size_t sh_pdf_nsections(const struct sh_pdf *doc);
const struct sh_pdf_section *sh_pdf_section(const struct sh_pdf *doc,
    size_t i);
/* The newest trailer dictionary. */
const struct sh_pdf_value *sh_pdf_trailer(const struct sh_pdf *doc);
/* Above every object number that is in use or was. */
uint32_t sh_pdf_next_number(const struct sh_pdf *doc);

/* *OP is NULL when there is no such object (which means null). */
int sh_pdf_object(struct sh_pdf *doc, uint32_t num, uint32_t gen,
    const struct sh_pdf_object **op, struct sh_error *err) SH_MUST_CHECK;
/*
 * V with references followed; a missing object gives a null value, V NULL
 * gives NULL.  OP may be NULL; else it is the object the value stands in, or
 * untouched when V is no reference.
 */
int sh_pdf_resolve(struct sh_pdf *doc, const struct sh_pdf_value *v,
    const struct sh_pdf_value **vp, const struct sh_pdf_object **op,
    struct sh_error *err) SH_MUST_CHECK;
/* The member under KEY, resolved; NULL if absent or null. */
int sh_pdf_find(struct sh_pdf *doc, const struct sh_pdf_value *dict,
    const char *key, const struct sh_pdf_value **vp, struct sh_error *err)
    SH_MUST_CHECK;
/* The same, which must have that kind when it is there. */
int sh_pdf_find_kind(struct sh_pdf *doc, const struct sh_pdf_value *dict,
    const char *key, enum sh_pdf_kind kind, const struct sh_pdf_value **vp,
    struct sh_error *err) SH_MUST_CHECK;

/* The bytes [START, END) of the object as it stands, appended to OUT. */
int sh_pdf_raw(struct sh_pdf *doc, const struct sh_pdf_object *o,
    size_t start, size_t end, struct sh_buf *out, struct sh_error *err)
    SH_MUST_CHECK;

/*
 * The content of a stream that is coded in Flate or not at all, appended to
 * OUT.  Errors: SH_EUNSUPPORTED "pdf.filter"; SH_ELIMIT, over 32 MiB.
 */
int sh_pdf_content(struct sh_pdf *doc, const struct sh_pdf_object *o,
    struct sh_buf *out, struct sh_error *err) SH_MUST_CHECK;

/*
 * Everything behind byte FROM must be whole updates: objects, each listed at
 * its place by the cross-references of its update, cross-references, the
 * end.  1 if so, 0 if not (why stands in WHY).  -1: error.
 */
int sh_pdf_check_tail(struct sh_pdf *doc, uint64_t from, char why[160],
    struct sh_error *err);

#endif
