/*
 * Letters: which glyph, how wide, drawn where.
 *
 * Faces come from Debian's fonts-liberation through Pango's font map; hinting
 * is off, so that widths grow with the size and are the same on every
 * machine.  Widths are looked up once a character: measuring a text costs
 * no more than adding.  One thread.
 */
#ifndef SH_SAMPLES_FONT_H
#define SH_SAMPLES_FONT_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct _cairo;		/* cairo_t */

enum sh_family_face {
	SH_FACE_SERIF, SH_FACE_SANS, SH_FACE_MONO, SH_FACE_NARROW,
	SH_FACE_FAMILIES
};

#define SH_FACE_BOLD	4	/* added to the family */
#define SH_FACE_ITALIC	8
#define SH_FACE_COUNT	16

/*
 * SERIF NULL: Liberation Serif.  Errors: SH_ENOTFOUND "sample.font", a
 * family is not installed.
 */
int sh_font_open(const char *serif, struct sh_error *err) SH_MUST_CHECK;
void sh_font_close(void);

/* Width of LEN bytes of UTF-8 in points. */
double sh_font_width(unsigned face, double size, const char *s, size_t len);

/*
 * Draw at the baseline X, Y; every space is wider by SPACE.  SHAKE is not 0
 * for text as if by hand: letters stand unevenly, by chance from SHAKE.
 */
void sh_font_show(struct _cairo *cr, unsigned face, double size, double x,
    double y, const char *s, size_t len, double space, uint64_t shake);

/* Letters along a circle, clockwise, centred on the angle MID (radians). */
void sh_font_ring(struct _cairo *cr, unsigned face, double size, double x,
    double y, double radius, double mid, const char *s);

#endif
