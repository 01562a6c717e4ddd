/*
 * Files that pages travel in: JPEG (with EXIF), PNG, TIFF of many pages
 * (JPEG, LZW or G4 inside), scanned PDF (one JPEG a page).
 *
 * A carrier takes pages one at a time and holds no more than the file that
 * it is making.  Errors: SH_ESYSTEM "sample.write", SH_ELIBRARY
 * "sample.encode".
 */
#ifndef SH_SAMPLES_CARRIER_H
#define SH_SAMPLES_CARRIER_H

#include "base/buf.h"
#include "base/error.h"
#include "samples/raster.h"

enum sh_carrier_kind {
	SH_CARRIER_JPEG, SH_CARRIER_PNG, SH_CARRIER_TIFF, SH_CARRIER_PDF
};

enum sh_depth { SH_DEPTH_COLOUR, SH_DEPTH_GREY, SH_DEPTH_BILEVEL };

/* How a page is stored. */
struct sh_packing {
	enum sh_depth depth;
	int quality;		/* JPEG; 0 in a TIFF: LZW */
	int exif;		/* JPEG: orientation, written when not 1 */
	int camera;		/* JPEG: from a telephone, EXIF always */
};

struct sh_carrier;

/* PNG and JPEG take one page. */
struct sh_carrier *sh_carrier_open(const char *path,
    enum sh_carrier_kind kind, struct sh_error *err);
int sh_carrier_add(struct sh_carrier *c, const struct sh_raster *r,
    const struct sh_packing *how, struct sh_error *err) SH_MUST_CHECK;
/* Frees C, also after a failure. */
int sh_carrier_close(struct sh_carrier *c, struct sh_error *err)
    SH_MUST_CHECK;
/* Frees C without finishing the file; NULL is fine. */
void sh_carrier_drop(struct sh_carrier *c);

/* By the name's extension; -1 if it is none of ours. */
int sh_carrier_kind_of(const char *path, enum sh_carrier_kind *kindp);

/* Write a whole file that may be lost with the power: samples are remade. */
int sh_carrier_write(const char *path, const void *data, size_t len,
    struct sh_error *err) SH_MUST_CHECK;

#endif
