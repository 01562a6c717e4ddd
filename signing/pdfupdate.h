/*
 * One incremental update of a PDF: new and changed objects, then the
 * cross-references in the flavour that the file has.  Built in memory (a
 * signature's tail is some ten kilobytes) and written in one piece; bytes
 * that are there are never touched.
 *
 * Used by pdfsig; document security stores and document time stamps are
 * updates of the same kind.
 *
 * Source: ISO 32000-2 7.5.6, 7.5.8; ISO 19005-2 6.1 (spacing of objects).
 */
#ifndef SH_SIGNING_PDFUPDATE_H
#define SH_SIGNING_PDFUPDATE_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "signing/pdfread.h"

struct sh_pdf_update {
	struct sh_pdf *doc;	/* borrowed */
	struct sh_buf out;	/* goes behind the document's bytes */
	uint32_t next;		/* object number */
	struct sh_pdf_change {
		uint32_t num, gen;
		uint64_t at;
	} *changes;
	size_t nchanges, capchanges;
};

int sh_pdf_update_begin(struct sh_pdf *doc, struct sh_pdf_update *u,
    struct sh_error *err) SH_MUST_CHECK;
void sh_pdf_update_clear(struct sh_pdf_update *u);

/* A number for a new object. */
uint32_t sh_pdf_update_number(struct sh_pdf_update *u);
/* 1 if the update holds that object already. */
int sh_pdf_update_has(const struct sh_pdf_update *u, uint32_t num);
/* "12 0 obj" and its end; the content is appended to u->out between. */
int sh_pdf_update_open(struct sh_pdf_update *u, uint32_t num, uint32_t gen,
    struct sh_error *err) SH_MUST_CHECK;
int sh_pdf_update_close(struct sh_pdf_update *u, struct sh_error *err)
    SH_MUST_CHECK;
/* A whole object printed. */
int sh_pdf_update_print(struct sh_pdf_update *u, uint32_t num, uint32_t gen,
    struct sh_error *err, const char *fmt, ...) SH_PRINTF(5, 6)
    SH_MUST_CHECK;
/* DATA deflated, behind what OUT holds. */
int sh_pdf_deflate(const void *data, size_t len, struct sh_buf *out,
    struct sh_error *err) SH_MUST_CHECK;
/* A stream that is deflated already; MEMBERS: what else it says of itself. */
int sh_pdf_update_deflated(struct sh_pdf_update *u, uint32_t num,
    const char *members, const struct sh_buf *packed, struct sh_error *err)
    SH_MUST_CHECK;
/* A stream to be deflated. */
int sh_pdf_update_stream(struct sh_pdf_update *u, uint32_t num,
    const char *members, const void *data, size_t len, struct sh_error *err)
    SH_MUST_CHECK;
/*
 * The object O again with members of its dictionary set to other values:
 * what else stands in it is copied as it stands.
 */
struct sh_pdf_set {
	const char *key, *value;
};
int sh_pdf_update_members(struct sh_pdf_update *u,
    const struct sh_pdf_object *o, const struct sh_pdf_set *set, size_t n,
    struct sh_error *err) SH_MUST_CHECK;
int sh_pdf_update_member(struct sh_pdf_update *u,
    const struct sh_pdf_object *o, const char *key, const char *value,
    struct sh_error *err) SH_MUST_CHECK;
/* A number with two decimals, whatever the locale. */
#define SH_PDF_NUMBER_LEN	24
void sh_pdf_number(double v, char out[SH_PDF_NUMBER_LEN]);
/* A text string, ( ) for ASCII, else UTF-16. */
int sh_pdf_put_text(struct sh_buf *out, const char *utf8,
    struct sh_error *err) SH_MUST_CHECK;

/* Cross-references, trailer, end. */
int sh_pdf_update_finish(struct sh_pdf_update *u, struct sh_error *err)
    SH_MUST_CHECK;

#endif
