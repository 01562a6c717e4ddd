/*
 * What the files of recognise.h share.
 */
#ifndef SH_OCR_RECOGNISE_INTERNAL_H
#define SH_OCR_RECOGNISE_INTERNAL_H

#include "ocr/clean.h"
#include "ocr/engine.h"
#include "ocr/marks.h"
#include "ocr/quality.h"
#include "ocr/recognise.h"

struct sh_recogniser {
	struct sh_engine *engine;
	struct sh_marks *marks;		/* NULL: words stay as read */
	char name[SH_PAGE_NAME_BYTES + 1];
};

/* An upright page on its way; borrowed all. */
struct sh_upright {
	struct sh_recogniser *r;
	const struct sh_pixels *px;
	const struct sh_quality *q;
	const struct sh_lie *lie;
	double dpi;		/* of px */
	double scale_x, scale_y;	/* page pixels to one of px */
	int dpi_known;
	int orientation;
	double skew_deg;
	/* Cards on it, in pixels of px: each is read by itself. */
	const struct sh_box *card;
	size_t ncards;
	int only_cards;		/* nothing else is there to be read */
};

/* A page of the job's size, its measures taken down, without words. */
struct sh_page *sh_upright_page(const struct sh_upright *j, struct sh_error *err);

/* ---- recognise_words.c ---- */

/* Keep the better of two readings in *PP. */
void sh_words_keep_better(struct sh_page **pp, struct sh_page *other);

/* Read once, as its measures ask for; not tidied. */
int sh_words_once(const struct sh_upright *j, struct sh_page **pp,
    struct sh_error *err) SH_MUST_CHECK;

/*
 * Read, and once more otherwise where that was poor or lost what SKETCH
 * shows; tidied, its marks mended.
 */
int sh_words_read(const struct sh_upright *j, const struct sh_sketch *sketch,
    struct sh_page **pp, struct sh_error *err) SH_MUST_CHECK;

#endif
