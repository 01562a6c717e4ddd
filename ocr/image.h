/*
 * From the bytes of a file to rasters, one page at a time.  Runs only in
 * the decode worker: everything here meets hostile bytes.
 *
 * The kind is told from the bytes.  Dimensions, counts and ratios are
 * checked against the limits before anything is allocated.  A page's own
 * damage is that page's error; the file goes on behind it.
 */
#ifndef SH_OCR_IMAGE_H
#define SH_OCR_IMAGE_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/digest.h"
#include "base/error.h"
#include "ocr/pdfa.h"

#define SH_IMAGE_SIDE_MAX	30000		/* px */
#define SH_IMAGE_PIXELS_MAX	150000000	/* 100 MP A3 600 dpi and some */
#define SH_IMAGE_PAGES_MAX	20000
#define SH_IMAGE_FILE_MAX	((size_t)2 << 30)

/* 8-bit pixels, rows without padding, top row first, 1 or 3 channels. */
struct sh_pixels {
	uint8_t *data;
	int32_t width_px, height_px;
	int channels;
	double dpi_x, dpi_y;	/* 0: the file said nothing believable */
	int exif_orientation;	/* 1..8, not applied */
	/* Private to sh_pixels_*(): the memory file behind data. */
	int memory_fd;
	size_t mapped;		/* 0: data lies elsewhere and is borrowed */
};

/*
 * Zeroed room for a page in a memory file, so that handing the pixels
 * to another process copies nothing.  The sides are checked first.
 * Errors: SH_ELIMIT "image.too-large"; SH_ENOMEM.
 */
int sh_pixels_new(struct sh_pixels *px, int64_t width_px, int64_t height_px,
    int channels, struct sh_error *err) SH_MUST_CHECK;
/* Unmap, seal and give away the memory file; the caller owns *FDP. */
int sh_pixels_seal(struct sh_pixels *px, int *fdp, struct sh_error *err)
    SH_MUST_CHECK;
void sh_pixels_free(struct sh_pixels *px);

/* One decoded page. */
struct sh_image_page {
	struct sh_pixels pixels;
	struct sh_digest digest;	/* of the page's coded bytes as fed, or of
					   the file and page number when a page
					   has no bytes of its own */
	/*
	 * The image for the PDF: the fed JPEG without its markers of metadata
	 * (never coded anew), the fed single-strip G4, or coded here: G4 for
	 * 1-bit sources, JPEG quality 75 otherwise.
	 */
	struct sh_buf coded;
	enum sh_image_coding coding;
	int components;
	int32_t coded_width_px, coded_height_px;
	/* A PDF page that must be rastered by pdftoppm: no pixels yet. */
	int needs_raster;
	double raster_dpi_x, raster_dpi_y;
	int raster_mono;	/* it is one bilevel image at just that dpi */
	int may_have_text;	/* more shows than one image */
	double page_width_pt, page_height_pt;	/* upright, as shown */
};
void sh_image_page_clear(struct sh_image_page *p);

struct sh_image;		/* an open file of any accepted kind */

/*
 * DATA is borrowed until sh_image_close (the worker maps the file).
 * Errors: SH_EFORMAT "file.empty", "image.damaged", "pdf.unreadable";
 * SH_EUNSUPPORTED "file.kind", "pdf.encrypted"; SH_ELIMIT "file.too-large",
 * "image.too-many-pages".
 */
int sh_image_open(const void *data, size_t len, struct sh_image **ip,
    struct sh_error *err) SH_MUST_CHECK;
/*
 * 1, 0 at the end, -1 for this page (*PAGEP set) and the next call goes on.
 * Errors: SH_EFORMAT "image.truncated", "image.damaged"; SH_EUNSUPPORTED
 * "image.samples", "image.compression"; SH_ELIMIT "image.too-large",
 * "image.scans", "pdf.page-size"; SH_ENOMEM.
 */
int sh_image_next(struct sh_image *im, struct sh_image_page *out,
    uint32_t *pagep, struct sh_error *err);
/* The next page is PAGE (from 0): a fresh worker goes on behind a bad one. */
void sh_image_seek(struct sh_image *im, uint32_t page);
uint32_t sh_image_npages(const struct sh_image *im);	/* 0: not known */
const char *sh_image_kind(const struct sh_image *im);	/* "tiff" */
void sh_image_close(struct sh_image *im);

#endif
