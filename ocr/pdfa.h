/*
 * Writes PDF/A: one image a page, the words under it, nothing else.
 *
 * The same input gives the same bytes: dates come from the caller, /ID from
 * the content.  The image goes in as it was handed over (DCT, CCITT G4,
 * Flate), turned upright by the page's matrix, never decoded or coded anew.
 * Streams: a page's image is copied from its descriptor, so memory does not
 * grow with the document.
 *
 * Source: ISO 19005-1, -2, -3; ISO 32000-1.
 */
#ifndef SH_OCR_PDFA_H
#define SH_OCR_PDFA_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "ocr/page.h"

enum sh_pdfa_flavour { SH_PDFA_2U, SH_PDFA_1B, SH_PDFA_3U };

enum sh_image_coding {
	SH_IMAGE_JPEG,		/* baseline or progressive, 8 bits */
	SH_IMAGE_G4,		/* CCITT T.6, one strip, 1 bit, 0 is white */
	SH_IMAGE_FLATE		/* zlib rows, PNG predictor 15, 8 bits */
};

/* One coded image as a decoder handed it over; not yet turned. */
struct sh_page_image {
	int fd;			/* borrowed */
	uint64_t offset;	/* of the coded bytes in fd */
	uint64_t bytes;
	enum sh_image_coding coding;
	int32_t width_px, height_px;	/* as coded */
	int components;		/* 1 or 3 */
	int inverted;		/* JPEG CMYK never gets here */
};

struct sh_pdfa_page {
	const struct sh_page *page;	/* orientation, dpi, words */
	int exif_orientation;		/* 1..8, applied before orientation */
	struct sh_page_image image;
};

struct sh_pdfa_info {
	enum sh_pdfa_flavour flavour;
	const char *title;	/* NFC */
	const char *subject;	/* may be NULL */
	const char *identifier;	/* document id; may be NULL */
	int64_t created;	/* Unix seconds */
};

/* Writes from the descriptor's start; it must be seekable and empty. */
int sh_pdfa_write(int fd, const struct sh_pdfa_info *info,
    const struct sh_pdfa_page *pages, size_t npages, struct sh_error *err)
    SH_MUST_CHECK;

#endif
