/*
 * Is this page a sheet that the holder has already, captured again?  Asked
 * of its picture before anybody reads it.  Compared are the holder's own
 * documents, nobody else's: whoever brings a page learns of no other.
 *
 * The archive keeps what each page of a document looks like as a rendition
 * of the document (SH_NEAR_RENDITION): for each page its length in four
 * bytes, then so many bytes of likeness.h's packed form; length 0: none.
 * Frozen.
 */
#ifndef SH_PIPELINE_NEAR_H
#define SH_PIPELINE_NEAR_H

#include "archive/archive.h"
#include "base/buf.h"
#include "base/error.h"
#include "ocr/likeness.h"
#include "ocr/page.h"
#include "pipeline/worker_pool.h"

#define SH_NEAR_RENDITION	"likeness"

struct sh_near;

/*
 * The pages that HOLDER has, the latest documents first, as far as they fit
 * in a bounded memory.  AR is borrowed.
 */
int sh_near_open(struct sh_archive *ar, const struct sh_reader *who,
    const struct sh_holder *holder, struct sh_near **np,
    struct sh_error *err) SH_MUST_CHECK;
void sh_near_close(struct sh_near *n);

/* Where the sheet is held. */
struct sh_near_page {
	struct sh_document_id document;
	unsigned page, npages;	/* from 0, of so many */
};

/*
 * 1 with what ENGINE read of the sheet, laid onto this capture; 0: it is not
 * held, or its reading is not good enough to be taken over: the held capture
 * was coarser or was read badly or by another engine.
 */
int sh_near_find(const struct sh_near *n, const struct sh_reader *who,
    const struct sh_raster *r, const char *engine,
    struct sh_page **pagep, struct sh_near_page *where, struct sh_error *err);

/*
 * What page PAGE of a document looks like, from its rendition; *LP stays NULL
 * where that is not known.
 */
int sh_near_page(const struct sh_buf *rendition, size_t page,
    struct sh_looks **lp, struct sh_error *err) SH_MUST_CHECK;
/* The rendition itself; empty: the document has none. */
int sh_near_rendition(struct sh_archive *ar, const struct sh_reader *who,
    const struct sh_document_id *id, struct sh_buf *out,
    struct sh_error *err) SH_MUST_CHECK;

/* A page of a rendition that is made; LIKENESS may be empty. */
int sh_near_append(struct sh_buf *out, const struct sh_buf *likeness,
    struct sh_error *err) SH_MUST_CHECK;

#endif
