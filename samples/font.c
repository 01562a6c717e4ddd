#include "samples/font.h"

#include <math.h>
#include <pango/pangocairo.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "samples/keep.h"
#include "samples/rng.h"

#define NCHARS	0x2600		/* Latin, Vietnamese, punctuation, arrows */
#define EM	1000.0

struct glyph {
	float width;		/* in thousandths of the size; < 0: not known */
	uint32_t index;
};

/* ỹ: a font that has it has all of Vietnamese. */
#define LAST_LETTER	0x1ef9

static struct face {
	cairo_scaled_font_t *scaled;
	cairo_font_face_t *face;
	struct glyph *glyph;
} faces[SH_FACE_COUNT];
static PangoFontMap *map;
static PangoContext *context;
static cairo_font_options_t *options;

static int
open_face(unsigned i, const char *family, struct sh_error *err)
{
	PangoFontDescription *want = pango_font_description_new();
	PangoFontDescription *have = NULL;
	PangoFont *font;
	unsigned c;
	int rc = -1;

	pango_font_description_set_family(want, family);
	pango_font_description_set_weight(want, i & SH_FACE_BOLD ?
	    PANGO_WEIGHT_BOLD : PANGO_WEIGHT_NORMAL);
	pango_font_description_set_style(want, i & SH_FACE_ITALIC ?
	    PANGO_STYLE_ITALIC : PANGO_STYLE_NORMAL);
	pango_font_description_set_absolute_size(want, EM * PANGO_SCALE);
	if ((font = pango_font_map_load_font(map, context, want)) != NULL)
		have = pango_font_describe(font);
	if (have == NULL || strcmp(pango_font_description_get_family(have),
	    family) != 0) {
		(void)sh_error_set(err, SH_ENOTFOUND, "sample.font",
		    "font %s is not installed (Debian package "
		    "fonts-liberation2)", family);
		goto out;
	}
	if (!pango_font_has_char(font, LAST_LETTER)) {
		(void)sh_error_set(err, SH_ENOTFOUND, "sample.font",
		    "font %s has no Vietnamese letters (Debian package "
		    "fonts-liberation2 has)", family);
		goto out;
	}
	faces[i].scaled = cairo_scaled_font_reference(
	    pango_cairo_font_get_scaled_font((PangoCairoFont *)font));
	faces[i].face = cairo_font_face_reference(
	    cairo_scaled_font_get_font_face(faces[i].scaled));
	faces[i].glyph = sh_keep(NCHARS, sizeof(*faces[i].glyph));
	for (c = 0; c < NCHARS; c++)
		faces[i].glyph[c].width = -1;
	rc = 0;
out:
	if (have != NULL)
		pango_font_description_free(have);
	if (font != NULL)
		g_object_unref(font);
	pango_font_description_free(want);
	return (rc);
}

int
sh_font_open(const char *serif, struct sh_error *err)
{
	static const char *const families[SH_FACE_FAMILIES] = {
		"Liberation Serif", "Liberation Sans", "Liberation Mono",
		/* Squeezed: the family's own narrow face has no Vietnamese. */
		"Liberation Sans"
	};
	unsigned i;

	map = pango_cairo_font_map_new();
	context = pango_font_map_create_context(map);
	options = cairo_font_options_create();
	cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY);
	cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
	cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
	pango_cairo_context_set_font_options(context, options);
	for (i = 0; i < SH_FACE_COUNT; i++)
		if (open_face(i, i % SH_FACE_FAMILIES == SH_FACE_SERIF &&
		    serif != NULL ? serif : families[i % SH_FACE_FAMILIES],
		    err) == -1)
			return (-1);
	return (0);
}

void
sh_font_close(void)
{
	unsigned i;

	for (i = 0; i < SH_FACE_COUNT; i++) {
		cairo_font_face_destroy(faces[i].face);
		cairo_scaled_font_destroy(faces[i].scaled);
		free(faces[i].glyph);
	}
	memset(faces, 0, sizeof(faces));
	if (options != NULL)
		cairo_font_options_destroy(options);
	if (context != NULL)
		g_object_unref(context);
	if (map != NULL)
		g_object_unref(map);
	options = NULL;
	context = NULL;
	map = NULL;
}

/* How much narrower than its family a face is drawn. */
static double
squeeze(unsigned face)
{
	return (face % SH_FACE_FAMILIES == SH_FACE_NARROW ? 0.82 : 1);
}

/* The glyph of the character at S, whose length goes to *NP. */
static const struct glyph *
lookup(unsigned face, const char *s, const char *end, size_t *np)
{
	struct face *f = &faces[face];
	cairo_text_extents_t extents;
	cairo_glyph_t *glyphs = NULL;
	struct glyph *g;
	uint32_t cp;
	int n = 0;

	if ((*np = sh_utf8_get(s, end, &cp)) == 0) {
		*np = 1;
		cp = '?';
	}
	if (cp >= NCHARS)
		cp = '?';
	g = &f->glyph[cp];
	if (g->width >= 0)
		return (g);
	if (cairo_scaled_font_text_to_glyphs(f->scaled, 0, 0, s, (int)*np,
	    &glyphs, &n, NULL, NULL, NULL) != CAIRO_STATUS_SUCCESS || n != 1)
		sh_keep_die();
	cairo_scaled_font_glyph_extents(f->scaled, glyphs, 1, &extents);
	g->index = (uint32_t)glyphs[0].index;
	g->width = (float)(extents.x_advance / EM * squeeze(face));
	cairo_glyph_free(glyphs);
	return (g);
}

double
sh_font_width(unsigned face, double size, const char *s, size_t len)
{
	const char *end = s + len;
	double width = 0;
	size_t n;

	for (; s < end; s += n)
		width += (double)lookup(face, s, end, &n)->width;
	return (width * size);
}

static void
use(cairo_t *cr, unsigned face, double size)
{
	cairo_matrix_t m;

	cairo_matrix_init_scale(&m, size * squeeze(face), size);
	cairo_set_font_face(cr, faces[face].face);
	cairo_set_font_matrix(cr, &m);
	cairo_set_font_options(cr, options);
}

/* Letter by letter, each a little out of line. */
static void
show_shaky(cairo_t *cr, unsigned face, double size, double x, double y,
    const char *s, size_t len, uint64_t shake)
{
	const char *end = s + len;
	const struct glyph *g;
	cairo_glyph_t one;
	struct sh_rng r;
	double drift;
	size_t n;

	sh_rng_start(&r, shake);
	drift = sh_rng_real(&r, -0.012, 0.012);
	for (; s < end; s += n) {
		g = lookup(face, s, end, &n);
		one = (cairo_glyph_t){ .index = g->index };
		cairo_save(cr);
		cairo_translate(cr, x, y + sh_rng_real(&r, -0.035, 0.035) *
		    size);
		cairo_rotate(cr, sh_rng_real(&r, -0.06, 0.06));
		use(cr, face, size * sh_rng_real(&r, 0.95, 1.06));
		cairo_show_glyphs(cr, &one, 1);
		cairo_restore(cr);
		x += (double)g->width * size;
		y += drift * (double)g->width * size;
	}
}

void
sh_font_show(cairo_t *cr, unsigned face, double size, double x, double y,
    const char *s, size_t len, double space, uint64_t shake)
{
	cairo_text_cluster_t *clusters;
	cairo_glyph_t *glyphs;
	const struct glyph *g;
	size_t i, n, count = 0;

	if (shake != 0) {
		show_shaky(cr, face, size, x, y, s, len, shake);
		return;
	}
	glyphs = sh_keep(len, sizeof(*glyphs));
	clusters = sh_keep(len, sizeof(*clusters));
	for (i = 0; i < len; i += n) {
		g = lookup(face, s + i, s + len, &n);
		glyphs[count] = (cairo_glyph_t){ g->index, x, y };
		clusters[count++] = (cairo_text_cluster_t){ (int)n, 1 };
		x += (double)g->width * size + (s[i] == ' ' ? space : 0);
	}
	use(cr, face, size);
	cairo_show_text_glyphs(cr, s, (int)len, glyphs, (int)count, clusters,
	    (int)count, 0);
	free(glyphs);
	free(clusters);
}

void
sh_font_ring(cairo_t *cr, unsigned face, double size, double x, double y,
    double radius, double mid, const char *s)
{
	const char *end = s + strlen(s);
	double angle = mid - sh_font_width(face, size, s, strlen(s)) * 1.12 /
	    radius / 2;
	const struct glyph *g;
	cairo_glyph_t one;
	size_t n;

	use(cr, face, size);
	for (; s < end; s += n) {
		g = lookup(face, s, end, &n);
		one = (cairo_glyph_t){ .index = g->index };
		angle += (double)g->width * size * 0.56 / radius;
		cairo_save(cr);
		cairo_translate(cr, x + radius * sin(angle),
		    y - radius * cos(angle));
		cairo_rotate(cr, angle);
		cairo_translate(cr, -(double)g->width * size / 2, 0);
		cairo_show_glyphs(cr, &one, 1);
		cairo_restore(cr);
		angle += (double)g->width * size * 0.56 / radius;
	}
}
