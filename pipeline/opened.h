/*
 * What the archive keeps of a document, opened again: its readings, and its
 * PDF's pages as images, from which other files are made.
 */
#ifndef SH_PIPELINE_OPENED_H
#define SH_PIPELINE_OPENED_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "ocr/page.h"
#include "ocr/pdfa.h"
#include "pipeline/home.h"
#include "pipeline/worker_pool.h"

struct sh_opened {
	struct sh_page **reading;	/* of every page */
	size_t npages;
	struct sh_pdfa_page *list;	/* pages taken, with their images */
	size_t n;
	int images;			/* memory file behind them */
	uint64_t at;			/* its end */
};
#define SH_OPENED_INIT	{ .images = -1 }

/*
 * The readings.  Errors: the archive's ("access.denied", "document.missing",
 * "rendition.missing").
 */
int sh_opened_reading(struct sh_home *home, const struct sh_reader *who,
    const struct sh_document_id *id, struct sh_opened *k, struct sh_error *err)
    SH_MUST_CHECK;
/*
 * Behind sh_opened_reading(): the pages of the document's PDF that are flagged
 * in WANTED (NULL: all), upright.  FORM: SH_PROFILE_STANDARD, images as they
 * are decoded; SH_PROFILE_PREVIEW, small ones.  Errors: of the workers.
 */
int sh_opened_pages(struct sh_pool *pool, int pdf, const uint8_t *wanted,
    enum sh_profile form, struct sh_opened *k, struct sh_error *err)
    SH_MUST_CHECK;
void sh_opened_clear(struct sh_opened *k);

/*
 * The document's preview into FD, an empty file: a PDF/A of small pictures
 * with the words under them.  Nothing of it is kept; the same document gives
 * the same bytes.
 */
int sh_preview_write(struct sh_home *home, struct sh_pool *pool,
    const struct sh_reader *who, const struct sh_document_id *id, int fd,
    struct sh_error *err) SH_MUST_CHECK;

#endif
