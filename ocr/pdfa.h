/*
 * Writes PDF/A: one image a page, or its layers, the words under it,
 * nothing else.
 *
 * The same input gives the same bytes: dates come from the caller, /ID from
 * the content.  Images go in as they were handed over (DCT, CCITT G4, JBIG2,
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
	SH_IMAGE_FLATE,		/* zlib rows, PNG predictor 15, 8 bits */
	SH_IMAGE_JBIG2		/* as jbig2.h codes it, 1 bit, 0 is white */
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

#define SH_STENCILS_MAX	4
#define SH_PATCHES_MAX	32

/*
 * A page in layers, in the place of its image: the background over the whole
 * page, inks through their masks, patches of all their colours on top.  All
 * lie as the fed image was stored: not yet turned.
 */
struct sh_pdfa_layers {
	int32_t width_px, height_px;	/* of the fed image; patches lie in it */
	struct sh_page_image background;
	struct {
		struct sh_page_image ink;
		struct sh_page_image mask;	/* G4 or JBIG2, 1 is ink */
	} stencil[SH_STENCILS_MAX];
	size_t nstencils;
	struct {
		int32_t x, y;
		struct sh_page_image image;
	} patch[SH_PATCHES_MAX];
	size_t npatches;
};

struct sh_pdfa_page {
	const struct sh_page *page;	/* orientation, dpi, words */
	int exif_orientation;		/* 1..8, applied before orientation */
	struct sh_page_image image;
	const struct sh_pdfa_layers *layers;	/* in its place, or NULL */
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
