/*
 * Ink on top of papers (seals, signatures, stamps), and the table of all
 * pictures; art_print.c draws what is printed under the text.
 */
#include "samples/art.h"

#include <cairo.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "samples/art_internal.h"
#include "samples/font.h"

#define PI	3.14159265358979323846

void
sh_art_colour(cairo_t *cr, uint32_t rgb, double alpha)
{
	cairo_set_source_rgba(cr, (rgb >> 16 & 255) / 255.0,
	    (rgb >> 8 & 255) / 255.0, (rgb & 255) / 255.0, alpha);
}

/* Blotches: where a stamp presses less. */
static cairo_pattern_t *
blotches(uint64_t seed, double size)
{
	cairo_surface_t *s = cairo_image_surface_create(CAIRO_FORMAT_A8, 48,
	    48);
	cairo_pattern_t *p;
	cairo_matrix_t m;
	struct sh_rng r;
	uint8_t *px;
	int x, y, stride, light;

	sh_rng_start(&r, seed);
	light = sh_rng_range(&r, 120, 190);
	cairo_surface_flush(s);
	px = cairo_image_surface_get_data(s);
	stride = cairo_image_surface_get_stride(s);
	for (y = 0; y < 48; y++)
		for (x = 0; x < 48; x++)
			px[y * stride + x] = (uint8_t)sh_rng_range(&r, light,
			    255);
	cairo_surface_mark_dirty(s);
	p = cairo_pattern_create_for_surface(s);
	cairo_surface_destroy(s);
	cairo_matrix_init_scale(&m, 48 / size, 48 / size);
	cairo_pattern_set_matrix(p, &m);
	cairo_pattern_set_extend(p, CAIRO_EXTEND_REPEAT);
	cairo_pattern_set_filter(p, CAIRO_FILTER_BILINEAR);
	return (p);
}

/* What was drawn since cairo_push_group(), with the wear of a stamp. */
static void
imprint(cairo_t *cr, const struct sh_item *it, int worn, double alpha)
{
	cairo_pattern_t *mask;

	cairo_pop_group_to_source(cr);
	if (!worn) {
		cairo_paint_with_alpha(cr, alpha);
		return;
	}
	mask = blotches(it->seed, 60);
	cairo_mask(cr, mask);
	cairo_pattern_destroy(mask);
}

void
sh_art_star(cairo_t *cr, double x, double y, double radius)
{
	int i;

	for (i = 0; i < 10; i++)
		cairo_line_to(cr, x + (i % 2 ? 0.4 : 1) * radius *
		    sin(i * PI / 5), y - (i % 2 ? 0.4 : 1) * radius *
		    cos(i * PI / 5));
	cairo_close_path(cr);
	cairo_fill(cr);
}

static void
centred(cairo_t *cr, unsigned face, double size, double x, double y,
    const char *s, size_t len)
{
	sh_font_show(cr, face, size, x - sh_font_width(face, size, s, len) / 2,
	    y, s, len, 0, 0);
}

/* Break CORE into lines of at most 12 characters' width and centre them. */
static void
core_text(cairo_t *cr, const char *s, double radius)
{
	const char *line[4];
	size_t len[4], n = 0, i, w;
	double size = radius * 0.19;

	while (*s != '\0' && n < 4) {
		line[n] = s;
		len[n] = strcspn(s, " ");
		while (s[len[n]] == ' ') {
			w = strcspn(s + len[n] + 1, " ");
			if (sh_font_width(SH_FACE_BOLD, size, s, len[n] + 1 +
			    w) > radius * 0.96)
				break;
			len[n] += 1 + w;
		}
		s += len[n];
		s += *s == ' ';
		n++;
	}
	for (i = 0; i < n; i++)
		centred(cr, SH_FACE_BOLD, size, 0, size * 1.15 *
		    ((double)i - ((double)n - 1) / 2) + size * 0.34, line[i],
		    len[i]);
}

/* Round, two circles, the name between them, a star below. */
static void
seal(cairo_t *cr, const struct sh_item *it, int worn)
{
	const char *bar = strchr(it->arg, '|');
	double radius = it->w / 2, size = radius * 0.25, width;
	struct sh_rng r;
	char ring[256];
	size_t len = (size_t)(bar - it->arg);

	sh_rng_start(&r, it->seed);
	if (len >= sizeof(ring))
		len = sizeof(ring) - 1;
	memcpy(ring, it->arg, len);
	ring[len] = '\0';
	cairo_push_group(cr);
	cairo_set_operator(cr, CAIRO_OPERATOR_OVER);
	cairo_translate(cr, it->x + radius, it->y + radius);
	cairo_rotate(cr, sh_rng_real(&r, -0.35, 0.35));
	sh_art_colour(cr, (0xc4U << 16) + (sh_rng_below(&r, 40) << 8) +
	    sh_rng_below(&r, 50) + 10, 1);
	cairo_set_line_width(cr, radius * 0.055);
	cairo_arc(cr, 0, 0, radius * 0.97, 0, 2 * PI);
	cairo_stroke(cr);
	cairo_set_line_width(cr, radius * 0.02);
	cairo_arc(cr, 0, 0, radius * 0.9, 0, 2 * PI);
	cairo_stroke(cr);
	cairo_arc(cr, 0, 0, radius * 0.58, 0, 2 * PI);
	cairo_stroke(cr);
	/* The name has to fit above the star. */
	width = sh_font_width(SH_FACE_BOLD, size, ring, len) * 1.12;
	if (width > radius * 0.66 * 5.2)
		size *= radius * 0.66 * 5.2 / width;
	sh_font_ring(cr, SH_FACE_BOLD, size, 0, 0, radius * 0.66, 0, ring);
	sh_art_star(cr, 0, radius * 0.73, radius * 0.11);
	core_text(cr, bar + 1, radius);
	imprint(cr, it, worn, 0.85);
}

/* A pen's loops: points that run to the right, joined by curves. */
static void
signature(cairo_t *cr, const struct sh_item *it, int worn)
{
	struct sh_rng r;
	double x, y, px, py, step, top = it->y + it->h * 0.12,
	    height = it->h * 0.76;
	int i, n, black;

	(void)worn;
	sh_rng_start(&r, it->seed);
	black = sh_rng_chance(&r, 15);
	n = sh_rng_range(&r, 5, 9);
	step = it->w / n;
	sh_art_colour(cr, black ? 0x22242cU : SH_BLUE, 0.9);
	cairo_set_line_cap(cr, CAIRO_LINE_CAP_ROUND);
	cairo_set_line_join(cr, CAIRO_LINE_JOIN_ROUND);
	cairo_set_line_width(cr, sh_rng_real(&r, 1.0, 1.7));
	px = it->x + sh_rng_real(&r, 0, step);
	py = top + height * sh_rng_real(&r, 0.4, 0.9);
	cairo_move_to(cr, px, py);
	for (i = 0; i < n; i++) {
		x = it->x + step * (i + sh_rng_real(&r, 0.5, 1.3));
		y = top + height * (i % 2 ? sh_rng_real(&r, 0.55, 1) :
		    sh_rng_real(&r, 0, 0.4));
		cairo_curve_to(cr, px + step * sh_rng_real(&r, -0.9, 0.6),
		    py + height * sh_rng_real(&r, -0.5, 0.2), x -
		    step * sh_rng_real(&r, -0.4, 0.9), y + height *
		    sh_rng_real(&r, -0.4, 0.3), x, y);
		px = x;
		py = y;
	}
	if (sh_rng_chance(&r, 70)) {
		y = top + height * sh_rng_real(&r, 0.7, 1);
		cairo_move_to(cr, it->x, y);
		cairo_curve_to(cr, it->x + it->w * 0.4, y - 3, it->x +
		    it->w * 0.7, y + 2, it->x + it->w * 1.05, y -
		    sh_rng_real(&r, 2, 10));
	}
	cairo_stroke(cr);
}

/* "COLOUR|TEXT": a rectangular stamp. */
static void
stamp(cairo_t *cr, const struct sh_item *it, int worn)
{
	const char *text = strchr(it->arg, '|');
	struct sh_rng r;
	double size = it->h * 0.5, w;
	size_t len;

	text = text == NULL ? it->arg : text + 1;
	len = strlen(text);
	sh_rng_start(&r, it->seed);
	cairo_push_group(cr);
	cairo_set_operator(cr, CAIRO_OPERATOR_OVER);
	cairo_translate(cr, it->x + it->w / 2, it->y + it->h / 2);
	cairo_rotate(cr, sh_rng_real(&r, -0.12, 0.12));
	sh_art_colour(cr, strncmp(it->arg, "blue", 4) == 0 ? 0x2b4bb0U :
	    0xc22a30U, 1);
	cairo_set_line_width(cr, 1.6);
	cairo_rectangle(cr, -it->w / 2, -it->h / 2, it->w, it->h);
	cairo_stroke(cr);
	w = sh_font_width(SH_FACE_BOLD, size, text, len);
	if (w > it->w * 0.9)
		size *= it->w * 0.9 / w;
	centred(cr, SH_FACE_BOLD, size, 0, size * 0.34, text, len);
	imprint(cr, it, worn, 0.85);
}

static const struct {
	const char *name;
	int ink;
	void (*draw)(cairo_t *, const struct sh_item *, int worn);
} arts[] = {
	{ "seal", 1, seal }, { "signature", 1, signature },
	{ "stamp", 1, stamp }, { "qr", 0, sh_art_qr },
	{ "emblem", 0, sh_art_emblem }, { "portrait", 0, sh_art_portrait },
	{ "guilloche", 0, sh_art_guilloche }, { "card", 0, sh_art_card },
	{ "finger", 0, sh_art_finger }, { "chip", 0, sh_art_chip },
	{ "frame", 0, sh_art_frame }, { "parcel", 0, sh_art_parcel },
	{ "plan", 0, sh_art_plan },
};

static size_t
find(const char *name)
{
	size_t i;

	for (i = 0; i < SH_COUNT(arts); i++)
		if (strcmp(arts[i].name, name) == 0)
			break;
	return (i);
}

int
sh_art_known(const char *name)
{
	return (find(name) < SH_COUNT(arts));
}

int
sh_art_is_ink(const struct sh_item *it)
{
	return (arts[find(it->text)].ink);
}

void
sh_art_draw(cairo_t *cr, const struct sh_item *it, int worn)
{
	arts[find(it->text)].draw(cr, it, worn);
}
