/*
 * What is printed under the text: QR, emblem, portrait, security patterns,
 * cards, frames, the sketch of a parcel, the plan of a house.
 */
#include <cairo.h>
#include <math.h>
#include <qrencode.h>
#include <string.h>

#include "samples/art_internal.h"
#include "samples/font.h"
#include "samples/keep.h"

#define PI	3.14159265358979323846

void
sh_art_qr(cairo_t *cr, const struct sh_item *it, int worn)
{
	QRcode *q = QRcode_encodeString(it->arg, 0, QR_ECLEVEL_M, QR_MODE_8,
	    1);
	double step;
	int x, y, run;

	(void)worn;
	if (q == NULL)
		sh_keep_die();
	/* Four modules of quiet zone.  Rule: ISO/IEC 18004 5.3.8 */
	step = it->w / (q->width + 8);
	sh_art_colour(cr, 0xffffff, 1);
	cairo_rectangle(cr, it->x, it->y, it->w, it->w);
	cairo_fill(cr);
	sh_art_colour(cr, 0, 1);
	for (y = 0; y < q->width; y++)
		for (x = 0; x < q->width; x += run) {
			for (run = 0; x + run < q->width &&
			    q->data[y * q->width + x + run] & 1; run++)
				continue;
			if (run == 0) {
				run = 1;
				continue;
			}
			cairo_rectangle(cr, it->x + (x + 4) * step,
			    it->y + (y + 4) * step, run * step, step);
		}
	cairo_fill(cr);
	QRcode_free(q);
}

void
sh_art_emblem(cairo_t *cr, const struct sh_item *it, int worn)
{
	double r = it->w / 2, x = it->x + r, y = it->y + r;
	int i;

	(void)worn;
	sh_art_colour(cr, 0xc8202aU, 1);
	cairo_arc(cr, x, y, r, 0, 2 * PI);
	cairo_fill(cr);
	sh_art_colour(cr, 0xf3c93bU, 1);
	sh_art_star(cr, x, y - r * 0.12, r * 0.42);
	cairo_set_line_width(cr, r * 0.1);
	cairo_arc(cr, x, y, r * 0.86, PI * 0.08, PI * 0.92);
	cairo_stroke(cr);
	for (i = -4; i <= 4; i++) {
		cairo_move_to(cr, x + r * 0.86 * sin(i * 0.33),
		    y + r * 0.86 * cos(i * 0.33));
		cairo_line_to(cr, x + r * 0.6 * sin(i * 0.33),
		    y + r * 0.6 * cos(i * 0.33));
	}
	cairo_set_line_width(cr, r * 0.05);
	cairo_stroke(cr);
}

/* Head and shoulders of nobody. */
void
sh_art_portrait(cairo_t *cr, const struct sh_item *it, int worn)
{
	static const uint32_t skin[] = { 0xd9a982, 0xcf9c78, 0xe3b892 };
	double x = it->x + it->w / 2, w = it->w, h = it->h, y = it->y;
	struct sh_rng r;

	(void)worn;
	sh_rng_start(&r, it->seed);
	cairo_rectangle(cr, it->x, y, w, h);
	cairo_clip(cr);
	sh_art_colour(cr, sh_rng_chance(&r, 50) ? 0xb9c9dbU : 0xe9ecf0U, 1);
	cairo_paint(cr);
	sh_art_colour(cr, sh_rng_chance(&r, 50) ? 0x3b4258U : 0xe4e4ea, 1);
	cairo_save(cr);
	cairo_translate(cr, x, y + h * 1.05);
	cairo_scale(cr, w * 0.46, h * 0.3);
	cairo_arc(cr, 0, 0, 1, 0, 2 * PI);
	cairo_restore(cr);
	cairo_fill(cr);
	sh_art_colour(cr, skin[sh_rng_below(&r, 3)], 1);
	cairo_rectangle(cr, x - w * 0.09, y + h * 0.58, w * 0.18, h * 0.22);
	cairo_fill(cr);
	sh_art_colour(cr, 0x2a2220U, 1);
	cairo_save(cr);
	cairo_translate(cr, x, y + h * 0.37);
	cairo_scale(cr, w * 0.26, h * 0.27 * (sh_rng_chance(&r, 50) ? 1 :
	    1.25));
	cairo_arc(cr, 0, 0, 1, 0, 2 * PI);
	cairo_restore(cr);
	cairo_fill(cr);
	sh_art_colour(cr, skin[sh_rng_below(&r, 3)], 1);
	cairo_save(cr);
	cairo_translate(cr, x, y + h * 0.44);
	cairo_scale(cr, w * 0.2, h * 0.23);
	cairo_arc(cr, 0, 0, 1, 0, 2 * PI);
	cairo_restore(cr);
	cairo_fill(cr);
	sh_art_colour(cr, 0x3a2c28U, 1);
	cairo_arc(cr, x - w * 0.08, y + h * 0.42, w * 0.016, 0, 2 * PI);
	cairo_fill(cr);
	cairo_arc(cr, x + w * 0.08, y + h * 0.42, w * 0.016, 0, 2 * PI);
	cairo_fill(cr);
	cairo_set_line_width(cr, w * 0.014);
	cairo_arc(cr, x, y + h * 0.52, w * 0.06, PI * 0.2, PI * 0.8);
	cairo_stroke(cr);
}

static uint32_t
tint(const char *name)
{
	static const struct {
		const char *name;
		uint32_t rgb;
	} table[] = {
		{ "green", 0x7fae8a }, { "rose", 0xd59a9a },
		{ "blue", 0x90acd0 }, { "yellow", 0xd2ba74 },
		{ "grey", 0xa9b0b4 }
	};
	size_t i;

	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (strncmp(name, table[i].name, strlen(table[i].name)) == 0)
			return (table[i].rgb);
	return (0xb9b9b9);
}

/* Woven waves over the box, in the tint that ARG names. */
void
sh_art_guilloche(cairo_t *cr, const struct sh_item *it, int worn)
{
	double y, x, phase, amp, step;
	struct sh_rng r;
	int k;

	(void)worn;
	sh_rng_start(&r, it->seed);
	phase = sh_rng_real(&r, 0, 6);
	step = it->h > 400 ? 11 : 3.2;
	amp = step * 1.1;
	cairo_rectangle(cr, it->x, it->y, it->w, it->h);
	cairo_clip(cr);
	sh_art_colour(cr, tint(it->arg), it->h > 400 ? 0.32 : 0.4);
	cairo_set_line_width(cr, it->h > 400 ? 0.5 : 0.35);
	for (k = 0; k < 2; k++)
		for (y = it->y - amp; y < it->y + it->h + amp; y += step) {
			cairo_move_to(cr, it->x, y);
			for (x = 0; x <= it->w + 3; x += 3)
				cairo_line_to(cr, it->x + x, y + amp *
				    sin(x / (step * 2.4) + phase + k * PI) *
				    (0.7 + 0.3 * sin(x / 90)));
			cairo_stroke(cr);
		}
}

static void
rounded(cairo_t *cr, const struct sh_item *it, double r)
{
	cairo_new_sub_path(cr);
	cairo_arc(cr, it->x + it->w - r, it->y + r, r, -PI / 2, 0);
	cairo_arc(cr, it->x + it->w - r, it->y + it->h - r, r, 0, PI / 2);
	cairo_arc(cr, it->x + r, it->y + it->h - r, r, PI / 2, PI);
	cairo_arc(cr, it->x + r, it->y + r, r, PI, 1.5 * PI);
	cairo_close_path(cr);
}

/* The ground of a plastic card. */
void
sh_art_card(cairo_t *cr, const struct sh_item *it, int worn)
{
	rounded(cr, it, 9);
	sh_art_colour(cr, 0xffffff, 1);
	cairo_fill_preserve(cr);
	sh_art_colour(cr, tint(it->arg), 0.3);
	cairo_fill_preserve(cr);
	sh_art_colour(cr, 0x808080, 0.6);
	cairo_set_line_width(cr, 0.5);
	cairo_stroke_preserve(cr);
	cairo_clip(cr);
	sh_art_guilloche(cr, it, worn);
}

void
sh_art_finger(cairo_t *cr, const struct sh_item *it, int worn)
{
	double i, x = it->x + it->w / 2, y = it->y + it->h / 2;
	struct sh_rng r;

	(void)worn;
	sh_rng_start(&r, it->seed);
	sh_art_colour(cr, 0x50565aU, 0.75);
	cairo_set_line_width(cr, 0.5);
	for (i = 0.12; i < 1; i += 0.075) {
		cairo_save(cr);
		cairo_translate(cr, x, y + it->h * 0.08 * (1 - i));
		cairo_rotate(cr, sh_rng_real(&r, -0.1, 0.1));
		cairo_scale(cr, it->w / 2 * i, it->h / 2 * i);
		cairo_new_sub_path(cr);
		cairo_arc(cr, 0, 0, 1, sh_rng_real(&r, 0, 1), sh_rng_real(&r,
		    5.4, 6.5));
		cairo_restore(cr);
		cairo_stroke(cr);
	}
}

void
sh_art_chip(cairo_t *cr, const struct sh_item *it, int worn)
{
	int i;

	(void)worn;
	rounded(cr, it, it->w * 0.14);
	sh_art_colour(cr, 0xcfb45fU, 1);
	cairo_fill(cr);
	sh_art_colour(cr, 0x7d6a30U, 1);
	cairo_set_line_width(cr, 0.5);
	for (i = 1; i < 4; i++) {
		cairo_move_to(cr, it->x, it->y + it->h * i / 4);
		cairo_rel_line_to(cr, it->w * 0.35, 0);
		cairo_move_to(cr, it->x + it->w * 0.65, it->y + it->h * i / 4);
		cairo_rel_line_to(cr, it->w * 0.35, 0);
	}
	cairo_rectangle(cr, it->x + it->w * 0.35, it->y, it->w * 0.3, it->h);
	cairo_stroke(cr);
}

/* Two waves, woven along one edge of a frame; at least one period. */
static void
braid(cairo_t *cr, double x, double y, double length, int down)
{
	int k, i, n = (int)(length / 18) * 12;
	double t, s;

	for (k = 0; k < 2; k++) {
		for (i = 0; i <= n; i++) {
			t = length * i / n;
			s = 3 * sin(PI * i / 6 + k * PI);
			if (down)
				cairo_line_to(cr, x + s, y + t);
			else
				cairo_line_to(cr, x + t, y + s);
		}
		cairo_new_sub_path(cr);
	}
	cairo_stroke(cr);
}

/* The border of a certificate: a braid between two lines. */
void
sh_art_frame(cairo_t *cr, const struct sh_item *it, int worn)
{
	double g = 11, m = 5.5;

	(void)worn;
	sh_art_colour(cr, tint(it->arg), 1);
	cairo_set_line_width(cr, 1.8);
	cairo_rectangle(cr, it->x, it->y, it->w, it->h);
	cairo_stroke(cr);
	cairo_set_line_width(cr, 0.6);
	cairo_rectangle(cr, it->x + g, it->y + g, it->w - 2 * g,
	    it->h - 2 * g);
	cairo_stroke(cr);
	cairo_set_line_width(cr, 0.9);
	braid(cr, it->x + m, it->y + m, it->w - 2 * m, 0);
	braid(cr, it->x + m, it->y + it->h - m, it->w - 2 * m, 0);
	braid(cr, it->x + m, it->y + m, it->h - 2 * m, 1);
	braid(cr, it->x + it->w - m, it->y + m, it->h - 2 * m, 1);
}

/* A parcel: four or five corners, a road beside it. */
void
sh_art_parcel(cairo_t *cr, const struct sh_item *it, int worn)
{
	static const double corner[5][2] = { { 0.22, 0.2 }, { 0.74, 0.14 },
	    { 0.82, 0.7 }, { 0.5, 0.82 }, { 0.18, 0.74 } };
	struct sh_rng r;
	double x, y;
	int i, n;

	(void)worn;
	sh_rng_start(&r, it->seed);
	n = sh_rng_range(&r, 4, 5);
	sh_art_colour(cr, 0x202020, 1);
	cairo_set_line_width(cr, 0.9);
	for (i = 0; i < 5; i++) {
		if (n == 4 && i == 3)
			continue;
		x = it->x + it->w * (corner[i][0] + sh_rng_real(&r, -0.04,
		    0.04));
		y = it->y + it->h * (corner[i][1] + sh_rng_real(&r, -0.04,
		    0.04));
		cairo_line_to(cr, x, y);
	}
	cairo_close_path(cr);
	cairo_stroke(cr);
	cairo_set_line_width(cr, 0.5);
	for (i = 0; i < 2; i++) {
		cairo_move_to(cr, it->x, it->y + it->h * (0.9 + 0.08 * i));
		cairo_rel_line_to(cr, it->w, it->h * -0.03);
	}
	cairo_stroke(cr);
	/* North. */
	cairo_move_to(cr, it->x + it->w * 0.94, it->y + it->h * 0.25);
	cairo_rel_line_to(cr, 0, -it->h * 0.2);
	cairo_rel_line_to(cr, -4, 9);
	cairo_rel_line_to(cr, 8, 0);
	cairo_rel_line_to(cr, -4, -9);
	cairo_stroke(cr);
}

/* The floor of a house: walls, doors, a stair, measures. */
void
sh_art_plan(cairo_t *cr, const struct sh_item *it, int worn)
{
	struct sh_rng r;
	double x = it->x + it->w * 0.2, y = it->y + it->h * 0.08,
	    w = it->w * 0.6, h = it->h * 0.84, at = 0;
	int i, n;

	(void)worn;
	sh_rng_start(&r, it->seed);
	sh_art_colour(cr, 0x101010, 1);
	cairo_set_line_width(cr, 2.4);
	cairo_rectangle(cr, x, y, w, h);
	cairo_stroke(cr);
	n = sh_rng_range(&r, 3, 5);
	for (i = 1; i < n; i++) {
		at = h * (i + sh_rng_real(&r, -0.2, 0.2)) / n;
		cairo_set_line_width(cr, 1.8);
		cairo_move_to(cr, x, y + at);
		cairo_rel_line_to(cr, w * sh_rng_real(&r, 0.4, 0.7), 0);
		cairo_stroke(cr);
		cairo_set_line_width(cr, 0.6);
		cairo_arc(cr, x + w * 0.8, y + at, w * 0.14, PI, 1.5 * PI);
		cairo_stroke(cr);
	}
	for (i = 0; i < 9; i++) {
		cairo_move_to(cr, x + w * 0.7, y + h * 0.4 + i * 6);
		cairo_rel_line_to(cr, w * 0.3, 0);
	}
	cairo_stroke(cr);
	for (i = 0; i < 2; i++) {
		cairo_move_to(cr, x - 18 - 9 * i, y);
		cairo_rel_line_to(cr, 0, h);
		cairo_move_to(cr, x, y + h + 14 + 9 * i);
		cairo_rel_line_to(cr, w, 0);
	}
	cairo_stroke(cr);
}
