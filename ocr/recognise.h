/*
 * Pixels to a reading: measures, blank, orientation, skew, codes, words.
 * Runs only in the read worker.
 *
 * The model is loaded once; after sh_recogniser_new() no file is opened, no
 * thread is started (OMP_THREAD_LIMIT=1 must be in the environment before
 * the process starts), so the sandbox can close behind it.
 */
#ifndef SH_OCR_RECOGNISE_H
#define SH_OCR_RECOGNISE_H

#include "base/error.h"
#include "ocr/image.h"
#include "ocr/page.h"

struct sh_recogniser;

/*
 * DATA_DIR holds vie.traineddata and eng.traineddata; NULL: Debian's.
 * Errors: SH_ENOTFOUND "model.missing"; SH_EFORMAT "model.damaged".
 */
int sh_recogniser_new(const char *data_dir, struct sh_recogniser **rp,
    struct sh_error *err) SH_MUST_CHECK;
void sh_recogniser_free(struct sh_recogniser *r);

/*
 * "tesseract 5.3.0 vie 01234567 eng 12345678 treated 4 marks 89abcdef": the
 * engine, its models' digests, the number of our treatments, the digest of the
 * model of marks (marks.h).  Borrowed.
 */
const char *sh_recogniser_engine(const struct sh_recogniser *r);

/* Words stay as the engine read them, from now on; the name says so. */
void sh_recogniser_leave_marks(struct sh_recogniser *r);

/*
 * Read one page.  Boxes lie on the upright page (page.h); a blank page comes
 * back as SH_PAGE_BLANK without words, at a fraction of the cost.
 */
int sh_recogniser_read(struct sh_recogniser *r, const struct sh_pixels *px,
    struct sh_page **pagep, struct sh_error *err) SH_MUST_CHECK;

/*
 * Take a page over from what pdftotext -bbox-layout wrote about it, where
 * that says what PX, its picture, shows (textlayer.h).  *PAGEP stays NULL
 * when it does not, and the page must be read.
 */
int sh_recogniser_take(struct sh_recogniser *r, const struct sh_pixels *px,
    const char *xml, size_t len, struct sh_page **pagep,
    struct sh_error *err) SH_MUST_CHECK;

#endif
