/*
 * What the decoders of image.h share.  A decoder gets a whole file in
 * memory, tells its pages, and decodes the page that it is asked for; the
 * frame around it (image.c) counts.
 *
 * Invariants: a decoder never reads outside data[0..len); every dimension
 * has passed sh_pixels_new() before a byte of that size is touched; a page
 * that comes back is whole: lost rows are an error, not grey.
 */
#ifndef SH_OCR_IMAGE_INTERNAL_H
#define SH_OCR_IMAGE_INTERNAL_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "ocr/image.h"

struct sh_image_decoder {
	const char *kind;
	/* Sets im->npages, and im->state where it needs one. */
	int (*open)(struct sh_image *im, struct sh_error *err);
	/* Decode the page im->page into *OUT, which is zeroed. */
	int (*page)(struct sh_image *im, struct sh_image_page *out,
	    struct sh_error *err);
	void (*close)(struct sh_image *im);	/* may be NULL */
};

struct sh_image {
	const struct sh_image_decoder *decoder;
	const uint8_t *data;
	size_t len;
	uint32_t page;		/* the next one */
	uint32_t npages;
	void *state;		/* the decoder's */
};

extern const struct sh_image_decoder sh_image_jpeg;
extern const struct sh_image_decoder sh_image_png;
extern const struct sh_image_decoder sh_image_pnm;
extern const struct sh_image_decoder sh_image_tiff;
extern const struct sh_image_decoder sh_image_pdf;
extern const struct sh_image_decoder sh_image_bmp;
extern const struct sh_image_decoder sh_image_gif;
extern const struct sh_image_decoder sh_image_webp;
extern const struct sh_image_decoder sh_image_jp2;

/* The open of a file that is one image, whatever it holds. */
int sh_image_open_single(struct sh_image *im, struct sh_error *err)
    SH_MUST_CHECK;

struct sh_span {
	const uint8_t *data;
	size_t len;
};

/*
 * Does an image of that size stay under the limits?  Errors: SH_ELIMIT
 * "image.too-large"; SH_EFORMAT "image.damaged" when a side is 0.
 */
int sh_image_check_size(int64_t width_px, int64_t height_px,
    struct sh_error *err) SH_MUST_CHECK;

/* Take the resolution over where a scanner could have meant it, else 0. */
void sh_image_set_dpi(struct sh_pixels *px, double dpi_x, double dpi_y);

/* Digest of a page's own bytes: ABOUT tells how they are to be read. */
int sh_image_digest(const char *about, const struct sh_span *parts,
    size_t nparts, struct sh_digest *out, struct sh_error *err)
    SH_MUST_CHECK;

/*
 * A colour page without any colour becomes a grey one: a third of the work
 * for the reader and a smaller image.
 */
int sh_image_drop_colour(struct sh_pixels *px, struct sh_error *err)
    SH_MUST_CHECK;

/* Code the pixels for the PDF: G4 when BILEVEL, else JPEG quality 75. */
int sh_image_code(struct sh_image_page *p, int bilevel, struct sh_error *err)
    SH_MUST_CHECK;

/*
 * image_jpeg.c.  Decode one JPEG stream and keep it, without its metadata,
 * as the coded image when a PDF may carry it as it is.  The resolution and
 * EXIF orientation are taken over.
 */
int sh_jpeg_page(const uint8_t *data, size_t len, struct sh_image_page *out,
    struct sh_error *err) SH_MUST_CHECK;
int sh_jpeg_encode(const struct sh_pixels *px, int quality,
    struct sh_buf *out, struct sh_error *err) SH_MUST_CHECK;
/* Progressive: a tenth smaller, and twice the time. */
int sh_jpeg_encode_small(const struct sh_pixels *px, int quality,
    struct sh_buf *out, struct sh_error *err) SH_MUST_CHECK;

/*
 * image_tiff.c.  A grey page of only 0 and 255 as one strip of T.6, white
 * runs first.  Rule: ITU-T T.6.
 */
int sh_g4_encode(const struct sh_pixels *px, struct sh_buf *out,
    struct sh_error *err) SH_MUST_CHECK;

/* The first page of a TIFF in memory. */
int sh_tiff_page(const uint8_t *data, size_t len, struct sh_image_page *out,
    struct sh_error *err) SH_MUST_CHECK;

/* image_fax.c: T.4 or T.6 data without a file around it, as PDF carries them. */
struct sh_fax {
	int k;			/* PDF's K: < 0 is T.6, 0 is 1-D, > 0 2-D */
	int32_t width_px, height_px;
	int byte_align;		/* each row starts on a byte (T.4 only) */
	int inverted;		/* black runs are white on paper */
};
/* Pixels and the coded image (DATA itself where it is plain T.6). */
int sh_fax_page(const struct sh_fax *fax, const uint8_t *data, size_t len,
    struct sh_image_page *out, struct sh_error *err) SH_MUST_CHECK;

/* image_tiff_dir.c: the chain of a TIFF's directories. */
struct sh_tiff_chain {
	uint64_t *offset;	/* of each page's directory */
	uint32_t n;
	/* Why the chain ended other than at its end: the error of page n. */
	struct sh_error broken;
};
int sh_tiff_chain_read(const uint8_t *data, size_t len,
    struct sh_tiff_chain *c, struct sh_error *err) SH_MUST_CHECK;

/* image_jpeg_stream.c: JPEG at the level of its markers. */
struct sh_jpeg_info {
	int has_jfif, has_adobe;
	int adobe_transform;
	int exif_orientation;	/* 1..8; 1 when there is none */
};
/* Bounded reading of the segments before the first scan; never fails. */
void sh_jpeg_info(const uint8_t *data, size_t len, struct sh_jpeg_info *out);
/*
 * The stream without APPn (but JFIF's density and Adobe's transform), COM
 * and whatever stands behind its end.  ADD_ADOBE >= 0 puts that transform
 * in where the stream says nothing.
 */
int sh_jpeg_strip(const uint8_t *data, size_t len, int add_adobe,
    struct sh_buf *out, struct sh_error *err) SH_MUST_CHECK;
/*
 * One JPEG out of a TIFF's tables and strips of ROWS rows each, losslessly:
 * the strips become restart intervals.  1, or 0 when these strips cannot be
 * joined so, or -1.  ADOBE is the colour transform that the TIFF tells (1
 * YCbCr, 0 RGB, -1 grey).  Rule: ITU-T T.81 B.2.4.4, E.1.4.
 */
int sh_jpeg_join(struct sh_span tables, const struct sh_span *strips,
    size_t nstrips, uint32_t width_px, uint32_t height_px, uint32_t rows,
    int adobe, struct sh_buf *out, struct sh_error *err) SH_MUST_CHECK;

/* image_samples.c: stored samples to 8-bit grey or RGB. */
enum sh_sample_kind { SH_SAMPLE_UNSIGNED, SH_SAMPLE_SIGNED, SH_SAMPLE_FLOAT };
enum sh_colour_model {
	SH_COLOUR_GREY,
	SH_COLOUR_WHITE_ZERO,	/* grey, 0 is white */
	SH_COLOUR_PALETTE,
	SH_COLOUR_RGB,
	SH_COLOUR_CMYK		/* 0 is no ink */
};
struct sh_colour {
	enum sh_colour_model model;
	int nsamples;		/* a pixel, as stored; colour first */
	int alpha;		/* index of the alpha sample, or -1 */
	int premultiplied;
	const uint8_t (*palette)[3];
	unsigned npalette;	/* an index past it is black */
};

/* 1 if samples of that depth and kind can be unpacked. */
int sh_samples_known(int bits, enum sh_sample_kind kind);
/*
 * N samples of BITS bits, packed from the high bit, 16 and more in the
 * machine's order, to bytes STRIDE apart.  Scaled to 0..255, but not when
 * RAW (palette indexes, at most 8 bits).
 */
void sh_samples_unpack(const uint8_t *src, int bits, enum sh_sample_kind kind,
    int raw, size_t n, uint8_t *dst, size_t stride);
/* 1 or 3. */
int sh_colour_channels(enum sh_colour_model model);
/* One row of WIDTH pixels over white paper. */
void sh_colour_row(const struct sh_colour *c, const uint8_t *src,
    size_t width, uint8_t *dst);

#endif
