/*
 * What happens to a page on its way: paper, age, scanner, fax, telephone.
 *
 * A list such as "skew=1.5,noise,rot180" names the damage; without a number
 * its strength is chance from the seed.  Damage is done in the order in
 * which it happens to a sheet, whatever the order of the list.  The same
 * list and seed give the same pixels.
 */
#ifndef SH_SAMPLES_WEAR_H
#define SH_SAMPLES_WEAR_H

#include <stdint.h>

#include "base/error.h"
#include "samples/raster.h"

enum sh_wear_kind {
	SH_WEAR_PHOTOCOPY,	/* grey, hard */
	SH_WEAR_STAMP,		/* a seal over the text */
	SH_WEAR_SIGN,		/* a signature over the text */
	SH_WEAR_BLEED,		/* the back shines through; % */
	SH_WEAR_TINT,		/* aged paper; 1..10 */
	SH_WEAR_PUNCH,		/* two holes at the left */
	SH_WEAR_FOLD,
	SH_WEAR_STAIN,		/* the ring of a cup */
	SH_WEAR_SPECKS,		/* how many */
	SH_WEAR_FADE,		/* contrast left; % */
	SH_WEAR_SKEW,		/* degrees, clockwise */
	SH_WEAR_BORDER,		/* black edges, mm */
	SH_WEAR_LIGHT,		/* % darker at one side */
	SH_WEAR_BLUR,		/* sigma, pixels */
	SH_WEAR_NOISE,		/* sigma, grey levels */
	SH_WEAR_FAX,		/* bilevel */
	SH_WEAR_PHOTO,		/* perspective, on a desk; largest shift, % */
	SH_WEAR_EXIF,		/* with photo: orientation 1, 3, 6, 8 */
	SH_WEAR_ROT90, SH_WEAR_ROT180, SH_WEAR_ROT270,	/* clockwise */
	SH_WEAR_JPEG,		/* quality */
	SH_WEAR_SCAN,		/* what any scanner adds: tint, a little skew,
				 * light, noise */
	SH_WEAR_KINDS
};

struct sh_wear {
	uint32_t has;			/* bits 1 << kind */
	double value[SH_WEAR_KINDS];	/* 0: by chance */
};

/* What the damage means for the truth. */
struct sh_worn {
	int rotation;		/* degrees clockwise */
	int exif;		/* orientation to be written; 1: upright */
	int bilevel;
	int quality;		/* of JPEG; 0: not said */
	/*
	 * Pixels of the page as it was drawn to pixels of the upright image:
	 * x' = (m0 x + m1 y + m2) / (m6 x + m7 y + m8), y' alike from m3.
	 */
	double m[9];
};

#define SH_WEAR_HAS(w, kind)	((w)->has >> (kind) & 1)

/* Adds to W.  Errors: SH_EARG "sample.wear", no such damage. */
int sh_wear_parse(const char *list, struct sh_wear *w, struct sh_error *err)
    SH_MUST_CHECK;
/* Names and what they do, a line each, for --help. */
const char *sh_wear_help(void);

/* VERSO: what shines through, same size; NULL: the page itself. */
void sh_wear_apply(const struct sh_wear *w, uint64_t seed,
    struct sh_raster *r, const struct sh_raster *verso, struct sh_worn *out);

/* wear_geometry.c */
void sh_wear_identity(double m[9]);
void sh_wear_skew(struct sh_raster *r, double degrees, double m[9]);
/* Corners are shifted by at most SHARE of the size; on a desk. */
void sh_wear_photo(struct sh_raster *r, double share, uint64_t seed,
    double m[9]);
void sh_wear_turn(struct sh_raster *r, int degrees);

#endif
