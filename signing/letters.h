/*
 * The letters of a visible text, coded as a PDF embeds them, and kept: an
 * office signs with the same words all day, and cutting a font down costs
 * more than the signature.
 *
 * What is made depends on nothing but which characters the text has, so the
 * same document gets the same bytes whatever was signed before.  Figures and
 * the signs of dates always count as had: another time needs no other font.
 * The last SH_LETTERS_KEPT sets stay for the life of the process; threads
 * share them.
 */
#ifndef SH_SIGNING_LETTERS_H
#define SH_SIGNING_LETTERS_H

#include "base/buf.h"
#include "base/error.h"
#include "signing/font.h"

#define SH_LETTERS_KEPT	16

struct sh_letters {
	const struct sh_font *font;		/* borrowed */
	char *set;				/* its characters, in order */
	struct sh_font_subset subset;
	struct sh_font_metrics metrics;		/* of the whole font */
	struct sh_buf file, cidset, cmap;	/* deflated */
	struct sh_buf widths;			/* "250 500 ..." by glyph */
	unsigned users;
	uint64_t used;				/* the last one's is highest */
};

/*
 * The letters of N strings (UTF-8, NFC) in a font that is never closed; to
 * be released, NULL too.
 * Errors: those of sh_font_subset(); NULL with err set.
 */
struct sh_letters *sh_letters_take(const struct sh_font *f,
    const char *const *texts, size_t n, struct sh_error *err);
void sh_letters_release(struct sh_letters *l);

#endif
