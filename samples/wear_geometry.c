/*
 * Damage that moves pixels: every pixel of the result is looked up in the
 * source, between its four neighbours.
 */
#include <stdlib.h>
#include <string.h>

#include "samples/keep.h"
#include "samples/rng.h"
#include "samples/wear.h"

#define PI	3.14159265358979323846

void
sh_wear_identity(double m[9])
{
	memset(m, 0, 9 * sizeof(*m));
	m[0] = m[4] = m[8] = 1;
}

/* A = B after A: first A, then B. */
static void
then(double a[9], const double b[9])
{
	double c[9];
	int i, j;

	for (i = 0; i < 3; i++)
		for (j = 0; j < 3; j++)
			c[3 * i + j] = b[3 * i] * a[j] + b[3 * i + 1] *
			    a[3 + j] + b[3 * i + 2] * a[6 + j];
	memcpy(a, c, sizeof(c));
}

static void
invert(const double m[9], double o[9])
{
	double d;
	int i;

	o[0] = m[4] * m[8] - m[5] * m[7];
	o[1] = m[2] * m[7] - m[1] * m[8];
	o[2] = m[1] * m[5] - m[2] * m[4];
	o[3] = m[5] * m[6] - m[3] * m[8];
	o[4] = m[0] * m[8] - m[2] * m[6];
	o[5] = m[2] * m[3] - m[0] * m[5];
	o[6] = m[3] * m[7] - m[4] * m[6];
	o[7] = m[1] * m[6] - m[0] * m[7];
	o[8] = m[0] * m[4] - m[1] * m[3];
	d = m[0] * o[0] + m[1] * o[3] + m[2] * o[6];
	for (i = 0; i < 9; i++)
		o[i] /= d;
}

/* The colour between the four pixels at U, V (256ths of a pixel). */
static void
between(const struct sh_raster *in, int64_t u, int64_t v, uint8_t *o)
{
	const uint8_t *p = in->px + 3 * ((size_t)(v >> 8) * in->w +
	    (size_t)(u >> 8));
	int fx = (int)(u & 255), fy = (int)(v & 255), a, b;
	unsigned c;

	for (c = 0; c < 3; c++) {
		a = p[c] * (256 - fx) + p[c + 3] * fx;
		b = p[c + 3 * in->w] * (256 - fx) + p[c + 3 * in->w + 3] * fx;
		o[c] = (uint8_t)((a * (256 - fy) + b * fy + 32768) >> 16);
	}
}

/* OUT holds what lies outside; pixels that M moves inside are replaced. */
static void
resample(const struct sh_raster *in, struct sh_raster *out,
    const double m[9])
{
	double inv[9], w;
	int64_t u, v, du, dv, right = ((int64_t)in->w - 1) << 8,
	    bottom = ((int64_t)in->h - 1) << 8;
	unsigned x, y;
	uint8_t *o = out->px;
	int affine = m[6] == 0 && m[7] == 0;

	invert(m, inv);
	/* Without perspective a step to the right is the same everywhere:
	 * in 2^32ths of a 256th. */
	du = (int64_t)(inv[0] * 256 * 4294967296.0);
	dv = (int64_t)(inv[3] * 256 * 4294967296.0);
	for (y = 0; y < out->h; y++) {
		int64_t us = (int64_t)((inv[1] * y + inv[2]) * 256 *
		    4294967296.0), vs = (int64_t)((inv[4] * y + inv[5]) *
		    256 * 4294967296.0);

		for (x = 0; x < out->w; x++, o += 3) {
			if (affine) {
				u = us >> 32;
				v = vs >> 32;
				us += du;
				vs += dv;
			} else {
				w = inv[6] * x + inv[7] * y + inv[8];
				u = (int64_t)((inv[0] * x + inv[1] * y +
				    inv[2]) / w * 256);
				v = (int64_t)((inv[3] * x + inv[4] * y +
				    inv[5]) / w * 256);
			}
			if (u >= 0 && v >= 0 && u < right && v < bottom)
				between(in, u, v, o);
		}
	}
}

/*
 * Sine and cosine of a small angle by their series: the mathematics library
 * rounds differently from one processor to the next, and one bit here moves
 * pixels.
 */
static void
turned(double angle, double *s, double *c)
{
	double a = angle, b = 1;
	int i;

	*s = *c = 0;
	for (i = 1; i < 24; i += 2) {
		*c += b;
		*s += a;
		b *= -angle * angle / (i * (i + 1));
		a *= -angle * angle / ((i + 1) * (i + 2));
	}
}

void
sh_wear_skew(struct sh_raster *r, double degrees, double m[9])
{
	struct sh_raster out;
	double c, s, x = r->w / 2.0, y = r->h / 2.0;
	double rot[9] = { 0, 0, 0, 0, 0, 0, 0, 0, 1 };

	turned(degrees * PI / 180, &s, &c);
	rot[0] = rot[4] = c;
	rot[1] = -s;
	rot[3] = s;
	rot[2] = x - c * x + s * y;
	rot[5] = y - s * x - c * y;
	sh_raster_new(&out, r->w, r->h, r->dpi);
	/* The lid behind the sheet. */
	memset(out.px, 250, (size_t)3 * r->w * r->h);
	resample(r, &out, rot);
	then(m, rot);
	sh_raster_free(r);
	*r = out;
}

/*
 * The transform that takes the rectangle W x H to the four corners Q (top
 * left, top right, bottom right, bottom left).
 * Source: P. Heckbert, "Fundamentals of Texture Mapping", 1989, 2.2.3
 */
static void
square_to_quad(double w, double h, double q[4][2], double m[9])
{
	double dx1 = q[1][0] - q[2][0], dx2 = q[3][0] - q[2][0];
	double dy1 = q[1][1] - q[2][1], dy2 = q[3][1] - q[2][1];
	double sx = q[0][0] - q[1][0] + q[2][0] - q[3][0];
	double sy = q[0][1] - q[1][1] + q[2][1] - q[3][1];
	double det = dx1 * dy2 - dx2 * dy1;
	double g = (sx * dy2 - dx2 * sy) / det, k = (dx1 * sy - sx * dy1) / det;

	m[0] = (q[1][0] - q[0][0] + g * q[1][0]) / w;
	m[1] = (q[3][0] - q[0][0] + k * q[3][0]) / h;
	m[2] = q[0][0];
	m[3] = (q[1][1] - q[0][1] + g * q[1][1]) / w;
	m[4] = (q[3][1] - q[0][1] + k * q[3][1]) / h;
	m[5] = q[0][1];
	m[6] = g / w;
	m[7] = k / h;
	m[8] = 1;
}

/* Wood or stone: stripes of two shades with grain. */
static void
desk(struct sh_raster *r, struct sh_rng *rng)
{
	static const uint8_t shade[4][3] = { { 92, 70, 52 }, { 70, 72, 76 },
	    { 126, 104, 80 }, { 58, 62, 54 } };
	const uint8_t *base = shade[sh_rng_below(rng, 4)];
	unsigned x, y, c;
	uint8_t *p = r->px;
	int row = 0, v;

	for (y = 0; y < r->h; y++) {
		if (y % 3 == 0)
			row = sh_rng_range(rng, -6, 6);
		for (x = 0; x < r->w; x++, p += 3) {
			v = row + (int)((x * 7919u ^ y * 104729u) >> 3 & 7) - 3;
			for (c = 0; c < 3; c++)
				p[c] = (uint8_t)(base[c] + v);
		}
	}
}

void
sh_wear_photo(struct sh_raster *r, double share, uint64_t seed, double m[9])
{
	struct sh_raster out;
	struct sh_rng rng;
	double q[4][2], h[9], w, e, k;
	unsigned i, x, y;
	uint8_t *p;
	int from, light;

	sh_rng_start(&rng, seed);
	/* A telephone's frame is 3:4. */
	w = r->w * 1.16;
	e = w * 4 / 3;
	if (e < r->h * 1.08) {
		e = r->h * 1.08;
		w = e * 3 / 4;
	}
	sh_raster_new(&out, (unsigned)w & ~7u, (unsigned)e & ~7u, 0);
	desk(&out, &rng);
	for (i = 0; i < 4; i++) {
		q[i][0] = (w - r->w) / 2 + (i == 1 || i == 2 ? r->w : 0) +
		    sh_rng_real(&rng, -share, share) * r->w;
		q[i][1] = (e - r->h) / 2 + (i >= 2 ? r->h : 0) +
		    sh_rng_real(&rng, -share, share) * r->h * 0.7;
	}
	square_to_quad(r->w, r->h, q, h);
	resample(r, &out, h);
	then(m, h);
	/* A lamp on one side, one's own shadow on the other. */
	from = sh_rng_chance(&rng, 50);
	light = sh_rng_range(&rng, 20, 38);
	p = out.px;
	for (y = 0; y < out.h; y++)
		for (x = 0; x < out.w; x++, p += 3) {
			k = (double)y / out.h * 0.6 + (double)(from ? x :
			    out.w - x) / out.w * 0.4;
			for (i = 0; i < 3; i++)
				p[i] = (uint8_t)(p[i] * (100 - light * k) /
				    100);
		}
	sh_raster_free(r);
	*r = out;
}

void
sh_wear_turn(struct sh_raster *r, int degrees)
{
	struct sh_raster out;
	const uint8_t *p = r->px;
	size_t to;
	unsigned x, y;

	if (degrees == 180)
		sh_raster_new(&out, r->w, r->h, r->dpi);
	else
		sh_raster_new(&out, r->h, r->w, r->dpi);
	for (y = 0; y < r->h; y++)
		for (x = 0; x < r->w; x++, p += 3) {
			to = degrees == 180 ? (size_t)(r->h - 1 - y) * r->w +
			    r->w - 1 - x : degrees == 90 ?
			    (size_t)x * r->h + r->h - 1 - y :
			    (size_t)(r->w - 1 - x) * r->h + y;
			memcpy(out.px + 3 * to, p, 3);
		}
	sh_raster_free(r);
	*r = out;
}
