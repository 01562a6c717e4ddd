/*
 * Certified copies of archived documents: the whole of it, or some of its
 * pages, with the form of copy, the agency and the time at the top right of
 * the first page, signed by the agency.
 *
 * Rule: NĐ 30/2020/NĐ-CP Art. 25, App. I part I section II (copies in
 * electronic form).
 */
#ifndef SH_PIPELINE_COPY_H
#define SH_PIPELINE_COPY_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "pipeline/home.h"
#include "pipeline/worker_pool.h"

enum sh_copy_form {
	SH_COPY_WHOLE,		/* sao y */
	SH_COPY_EXTRACT,	/* trích sao: some pages */
	SH_COPY_OF_COPY		/* sao lục: of what somebody else copied */
};

/* "sao-y", "trich-sao", "sao-luc".  Errors: SH_EARG "copy.form". */
int sh_copy_form(const char *word, enum sh_copy_form *out,
    struct sh_error *err) SH_MUST_CHECK;

/*
 * "2,4-6" as flags of NPAGES pages (caller frees).
 * Errors: SH_EARG "copy.pages".
 */
int sh_copy_pages(const char *text, size_t npages, uint8_t **flagsp,
    struct sh_error *err) SH_MUST_CHECK;

/*
 * The signed copy into FD, an empty file.  A whole copy keeps every byte of
 * the archived PDF and the signatures in it; an extract is drawn anew, with
 * its words.  PAGES as in sh_copy_pages(), only for an extract.
 * Errors: SH_EARG "copy.pages", an extract without pages, or of all of them;
 * those of archive, workers and signing.
 */
int sh_copy(struct sh_home *home, struct sh_pool *pool,
    const struct sh_reader *who, const struct sh_document_id *id,
    enum sh_copy_form form, const char *pages, int fd, struct sh_error *err)
    SH_MUST_CHECK;

#endif
