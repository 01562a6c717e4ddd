/*
 * The letters of visible signatures: Liberation Serif, which has the metrics
 * of Times New Roman, cut down to what a text needs so that it can be
 * embedded.  The only user of HarfBuzz.
 *
 * A font may be used by several threads; a subset belongs to one.
 */
#ifndef SH_SIGNING_FONT_H
#define SH_SIGNING_FONT_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"

struct sh_font;

/*
 * Errors: SH_ENOTFOUND "font.missing", no file there; SH_EUNSUPPORTED
 * "font.letters", a font without Vietnamese (Liberation before 2.0).
 */
int sh_font_open(const char *path, struct sh_font **fp, struct sh_error *err)
    SH_MUST_CHECK;
void sh_font_close(struct sh_font *f);

/*
 * The font of the package fonts-liberation2 (or fonts-liberation from 2.0
 * on), opened once; borrowed for ever.  NULL with err set.
 */
const struct sh_font *sh_font_default(struct sh_error *err);

/*
 * Width of one character in thousandths of the font's size; 0 when the font
 * has no glyph for it.
 */
unsigned sh_font_width(const struct sh_font *f, uint32_t cp);

struct sh_font_metrics {
	int ascent, descent, cap_height;	/* thousandths; descent < 0 */
	int bbox[4];
};
void sh_font_metrics(const struct sh_font *f, struct sh_font_metrics *out);

/* A font file of some glyphs only, numbered anew. */
struct sh_font_subset {
	struct sh_buf file;	/* TrueType */
	size_t nglyphs;
	uint16_t *widths;	/* of each glyph, thousandths */
	size_t nletters;
	struct sh_font_letter {
		uint32_t cp;
		uint16_t glyph;
	} *letters;		/* by code point */
	int top, bottom;	/* thousandths from the baseline: how far the
				   letters reach; stacked marks pass the
				   font's ascent */
	char name[32];		/* "ABCDEF+LiberationSerif" */
};

/*
 * What the N strings (UTF-8, NFC) need.
 * Errors: SH_EUNSUPPORTED "font.letter", a character without a glyph.
 */
int sh_font_subset(const struct sh_font *f, const char *const *texts,
    size_t n, struct sh_font_subset *out, struct sh_error *err)
    SH_MUST_CHECK;
void sh_font_subset_clear(struct sh_font_subset *s);
/* The glyph of a character that is in the subset. */
uint16_t sh_font_glyph(const struct sh_font_subset *s, uint32_t cp);

#endif
