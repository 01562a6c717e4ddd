/*
 * Damage that changes pixels where they are, and the order of all of it.
 */
#include "samples/wear.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "samples/keep.h"
#include "samples/rng.h"

static const char *const names[SH_WEAR_KINDS] = {
	"photocopy", "stamp", "sign", "bleed", "tint", "punch", "fold",
	"stain", "specks", "fade", "skew", "border", "light", "blur", "noise",
	"fax", "photo", "exif", "rot90", "rot180", "rot270", "jpeg", "scan"
};

const char *
sh_wear_help(void)
{
	return (
	    "  scan        what any scanner adds (tint, skew, light, noise)\n"
	    "  skew=DEG blur=SIGMA noise=SIGMA light=% fade=% tint=1..10\n"
	    "  bleed=% specks=N punch fold stain border=MM stamp sign\n"
	    "  photocopy   grey and hard          fax      black and white\n"
	    "  photo=%     perspective on a desk  exif=N   with photo\n"
	    "  rot90 rot180 rot270 (clockwise)    jpeg=Q   quality\n");
}

int
sh_wear_parse(const char *list, struct sh_wear *w, struct sh_error *err)
{
	const char *s = list;
	size_t len, name;
	unsigned i;

	for (; *s != '\0'; s += len + (s[len] == ',')) {
		len = strcspn(s, ",");
		name = strcspn(s, ",=");
		for (i = 0; i < SH_WEAR_KINDS; i++)
			if (strlen(names[i]) == name &&
			    memcmp(names[i], s, name) == 0)
				break;
		if (i == SH_WEAR_KINDS)
			return (sh_error_set(err, SH_EARG, "sample.wear",
			    "no damage is called %.*s", (int)len, s));
		w->has |= 1u << i;
		w->value[i] = name < len ? atof(s + name + 1) : 0;
	}
	return (0);
}

static uint8_t
clamp(int v)
{
	return ((uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v));
}

static size_t
npixels(const struct sh_raster *r)
{
	return ((size_t)r->w * r->h);
}

static uint8_t
grey(const uint8_t *p)
{
	return ((uint8_t)((p[0] * 77 + p[1] * 150 + p[2] * 29) >> 8));
}

static void
photocopy(struct sh_raster *r)
{
	size_t i, n = npixels(r);
	uint8_t *p = r->px;
	int v;

	for (i = 0; i < n; i++, p += 3) {
		v = (grey(p) - 128) * 3 / 2 + 150;
		p[0] = p[1] = p[2] = clamp(v);
	}
}

/* Paper's colour by age, and clouds of some millimetres. */
static void
tint(struct sh_raster *r, double age, struct sh_rng *rng)
{
	uint8_t paper[3][256];
	int grid[40][40], level[40], v, fy, white;
	unsigned x, y, c, step = (r->w > r->h ? r->w : r->h) / 38 + 1;
	uint8_t *p = r->px;

	for (c = 0; c < 3; c++) {
		white = c == 0 ? 252 - (int)(age * 1.2) : c == 1 ?
		    251 - (int)(age * 2.4) : 248 - (int)(age * 5.6);
		for (v = 0; v < 256; v++)
			paper[c][v] = (uint8_t)((v * white + 127) / 255);
	}
	for (y = 0; y < 40; y++)
		for (x = 0; x < 40; x++)
			grid[y][x] = sh_rng_range(rng, -3 * 256, 3 * 256);
	for (y = 0; y < r->h; y++) {
		fy = (int)(y % step * 256 / step);
		for (x = 0; x < 40; x++)
			level[x] = grid[y / step][x] * (256 - fy) +
			    grid[y / step + 1][x] * fy;
		for (x = 0; x < r->w; x++, p += 3) {
			c = x / step;
			v = (level[c] + (level[c + 1] - level[c]) /
			    (int)step * (int)(x - c * step)) >> 16;
			p[0] = clamp(paper[0][p[0]] + v);
			p[1] = clamp(paper[1][p[1]] + v);
			p[2] = clamp(paper[2][p[2]] + v);
		}
	}
}

static void
bleed(struct sh_raster *r, const struct sh_raster *verso, double percent)
{
	const uint8_t *q;
	uint8_t *p = r->px;
	unsigned x, y, c;
	int a = (int)(percent * 256 / 100);

	for (y = 0; y < r->h; y++)
		for (x = 0; x < r->w; x++, p += 3) {
			q = verso->px + 3 * ((size_t)y * r->w + r->w - 1 - x);
			for (c = 0; c < 3; c++)
				p[c] = (uint8_t)(p[c] - p[c] * a *
				    (255 - q[c]) / (255 * 256));
		}
}

/* Darken towards VALUE inside a disc. */
static void
disc(struct sh_raster *r, double cx, double cy, double radius, double inner,
    const int to[3], int percent)
{
	int x, y, c, x0 = (int)(cx - radius), y0 = (int)(cy - radius);
	double d;
	uint8_t *p;

	for (y = y0 < 0 ? 0 : y0; y <= cy + radius && y < (int)r->h; y++)
		for (x = x0 < 0 ? 0 : x0; x <= cx + radius && x < (int)r->w;
		    x++) {
			d = (x - cx) * (x - cx) + (y - cy) * (y - cy);
			if (d > radius * radius || d < inner * inner)
				continue;
			p = r->px + 3 * ((size_t)y * r->w + (size_t)x);
			for (c = 0; c < 3; c++)
				p[c] = (uint8_t)(p[c] + (p[c] * to[c] / 255 -
				    p[c]) * percent / 100);
		}
}

static double
mm(const struct sh_raster *r, double n)
{
	return (n * (r->dpi == 0 ? 200 : r->dpi) / 25.4);
}

/* Rule: ISO 838: holes of 6 mm, 80 mm apart, 12 mm from the edge */
static void
punch(struct sh_raster *r)
{
	static const int hole[3] = { 120, 120, 118 }, rim[3] = { 60, 60, 60 };
	int i;

	for (i = -1; i <= 1; i += 2) {
		disc(r, mm(r, 12), r->h / 2.0 + i * mm(r, 40), mm(r, 3), 0,
		    hole, 100);
		disc(r, mm(r, 12), r->h / 2.0 + i * mm(r, 40), mm(r, 3.1),
		    mm(r, 2.8), rim, 70);
	}
}

static void
stain(struct sh_raster *r, struct sh_rng *rng)
{
	static const int coffee[3] = { 168, 128, 84 };
	double x = sh_rng_real(rng, 0.2, 0.8) * r->w, y = sh_rng_real(rng, 0.2,
	    0.8) * r->h, radius = mm(r, sh_rng_real(rng, 32, 40));
	int i;

	for (i = 0; i < 5; i++)
		disc(r, x + sh_rng_real(rng, -3, 3), y + sh_rng_real(rng, -3,
		    3), radius + mm(r, 0.4) * i, radius - mm(r, 1.2) + mm(r,
		    0.5) * i, coffee, 22);
	disc(r, x, y, radius, 0, coffee, 6);
}

/* A crease: a light line beside a dark one. */
static void
fold(struct sh_raster *r, struct sh_rng *rng)
{
	unsigned y0 = (unsigned)(sh_rng_real(rng, 0.44, 0.56) * r->h), x;
	int k, v;
	uint8_t *p;

	for (k = -3; k <= 3; k++) {
		if ((int)y0 + k < 0 || y0 + (unsigned)(k + 3) >= r->h)
			continue;
		p = r->px + 3 * (size_t)((int)y0 + k) * r->w;
		v = k < 0 ? -10 * (4 + k) : k > 0 ? 6 * (4 - k) : -24;
		for (x = 0; x < 3 * r->w; x++)
			p[x] = clamp(p[x] + v);
	}
}

static void
specks(struct sh_raster *r, int n, struct sh_rng *rng)
{
	static const int black[3] = { 40, 40, 40 };
	double x, y;

	while (n-- > 0) {
		x = sh_rng_real(rng, 0, r->w);
		y = sh_rng_real(rng, 0, r->h);
		disc(r, x, y, sh_rng_real(rng, 0.6, mm(r, 0.22)), 0, black,
		    sh_rng_range(rng, 40, 100));
	}
}

static void
fade(struct sh_raster *r, double percent)
{
	size_t i, n = 3 * npixels(r);

	for (i = 0; i < n; i++)
		r->px[i] = (uint8_t)(255 - (255 - r->px[i]) * (int)percent /
		    100);
}

static void
border(struct sh_raster *r, double width, struct sh_rng *rng)
{
	unsigned side[4], y, i;
	size_t row = 3 * (size_t)r->w;

	for (i = 0; i < 4; i++)
		side[i] = sh_rng_chance(rng, 60) ? (unsigned)mm(r, width *
		    sh_rng_real(rng, 0.4, 1)) : 0;
	for (y = 0; y < r->h; y++) {
		if (y < side[0] || y >= r->h - side[1]) {
			memset(r->px + y * row, 18, row);
			continue;
		}
		memset(r->px + y * row, 18, (size_t)3 * side[2]);
		memset(r->px + (y + 1) * row - (size_t)3 * side[3], 18,
		    (size_t)3 * side[3]);
	}
}

static void
light(struct sh_raster *r, double percent, struct sh_rng *rng)
{
	int dx = sh_rng_range(rng, -100, 100), dy = sh_rng_range(rng, -100,
	    100), amount = (int)(percent * 655.36), k, down;
	int *across = sh_keep(r->w, sizeof(*across));
	unsigned x, y, c;
	uint8_t *p = r->px;

	/* From 0 to 100 % of the amount, along a direction. */
	for (x = 0; x < r->w; x++)
		across[x] = dx * ((int)(x * 200 / r->w) - 100);
	for (y = 0; y < r->h; y++) {
		down = 20000 + dy * ((int)(y * 200 / r->h) - 100);
		for (x = 0; x < r->w; x++, p += 3) {
			k = 65536 - (amount >> 4) * (down + across[x]) / 2500;
			for (c = 0; c < 3; c++)
				p[c] = (uint8_t)(p[c] * k >> 16);
		}
	}
	free(across);
}

/*
 * exp(-x^2 / 2), near enough, by multiplying only: as in wear_geometry.c the
 * result must not depend on the processor.
 */
static double
bell(double x)
{
	double v = 1 / (1 + x * x / 2 / 64);
	int i;

	for (i = 0; i < 6; i++)
		v *= v;
	return (v);
}

/* Weights that add up to 4096. */
static int
kernel(double sigma, int weight[16])
{
	double v[16], sum = 0;
	int i, n = (int)(2.5 * sigma + 1), left = 4096;

	if (n > 15)
		n = 15;
	for (i = 0; i <= n; i++) {
		v[i] = bell(i / sigma);
		sum += i == 0 ? v[i] : 2 * v[i];
	}
	for (i = n; i > 0; i--) {
		weight[i] = (int)(v[i] / sum * 4096 + 0.5);
		left -= 2 * weight[i];
	}
	weight[0] = left;
	return (n);
}

static void
add_weighted(uint32_t *sum, const uint8_t *p, unsigned n, int weight)
{
	unsigned i;

	for (i = 0; i < n; i++)
		sum[i] += (uint32_t)weight * p[i];
}

/* Rows first, each out of a copy with its ends repeated; then columns. */
static void
blur(struct sh_raster *r, double sigma)
{
	int weight[16], n, k;
	unsigned y, i, row = 3 * r->w, a;
	uint32_t *sum = sh_keep(row, sizeof(*sum));
	uint8_t *in = sh_keep(row + 96, 1), *copy, *p;

	n = kernel(sigma, weight);
	for (y = 0; y < r->h; y++) {
		p = r->px + (size_t)y * row;
		memcpy(in + 48, p, row);
		for (i = 0; i < 48; i++) {
			in[i] = p[i % 3];
			in[48 + row + i] = p[row - 3 + i % 3];
		}
		memset(sum, 0, row * sizeof(*sum));
		for (k = -n; k <= n; k++)
			add_weighted(sum, in + 48 + 3 * k, row,
			    weight[k < 0 ? -k : k]);
		for (i = 0; i < row; i++)
			p[i] = (uint8_t)((sum[i] + 2048) >> 12);
	}
	copy = sh_keep(r->h, row);
	memcpy(copy, r->px, (size_t)r->h * row);
	for (y = 0; y < r->h; y++) {
		memset(sum, 0, row * sizeof(*sum));
		for (k = -n; k <= n; k++) {
			a = (int)y + k < 0 ? 0 : y + (unsigned)k >= r->h ?
			    r->h - 1 : y + (unsigned)k;
			add_weighted(sum, copy + (size_t)a * row, row,
			    weight[k < 0 ? -k : k]);
		}
		p = r->px + (size_t)y * row;
		for (i = 0; i < row; i++)
			p[i] = (uint8_t)((sum[i] + 2048) >> 12);
	}
	free(copy);
	free(in);
	free(sum);
}

static void
noise(struct sh_raster *r, double sigma, struct sh_rng *rng)
{
	size_t i, n = npixels(r);
	uint8_t *p = r->px;
	uint64_t v;
	int k, scale = (int)(sigma * 256 / 148), c;

	for (i = 0; i < n; i++, p += 3) {
		/* Four bytes: near enough a bell, spread 148. */
		v = sh_rng_next(rng);
		k = (int)(v & 255) + (int)(v >> 8 & 255) +
		    (int)(v >> 16 & 255) + (int)(v >> 24 & 255) - 510;
		k = (k * scale + 128) >> 8;
		for (c = 0; c < 3; c++)
			p[c] = clamp(p[c] + k + (int)(v >> (32 + 8 * c) & 1));
	}
}

static void
fax(struct sh_raster *r, struct sh_rng *rng)
{
	size_t i, n = npixels(r);
	uint8_t *p = r->px;
	int level = sh_rng_range(rng, 150, 185);

	for (i = 0; i < n; i++, p += 3)
		p[0] = p[1] = p[2] = grey(p) + (int)(sh_rng_next(rng) & 15) <
		    level ? 0 : 255;
}

/* Strength as said, or by chance. */
static double
strength(const struct sh_wear *w, enum sh_wear_kind kind, double lo,
    double hi, struct sh_rng *rng)
{
	double chance = sh_rng_real(rng, lo, hi);

	return (w->value[kind] != 0 ? w->value[kind] : chance);
}

/* "scan" stands for a list; what is said beside it counts more. */
static struct sh_wear
spelled(const struct sh_wear *w, struct sh_rng *rng)
{
	struct sh_wear out = *w;
	static const struct {
		enum sh_wear_kind kind;
		double lo, hi;
	} part[] = {
		{ SH_WEAR_TINT, 0.2, 1.6 }, { SH_WEAR_SKEW, 0.05, 0.7 },
		{ SH_WEAR_LIGHT, 1, 4 }, { SH_WEAR_BLUR, 0.45, 0.75 },
		{ SH_WEAR_NOISE, 1.0, 2.2 }
	};
	double v;
	size_t i;

	if (!SH_WEAR_HAS(w, SH_WEAR_SCAN))
		return (out);
	for (i = 0; i < SH_COUNT(part); i++) {
		v = sh_rng_real(rng, part[i].lo, part[i].hi);
		if (part[i].kind == SH_WEAR_SKEW && sh_rng_chance(rng, 50))
			v = -v;
		if (!SH_WEAR_HAS(w, part[i].kind)) {
			out.has |= 1u << part[i].kind;
			out.value[part[i].kind] = v;
		}
	}
	return (out);
}

void
sh_wear_apply(const struct sh_wear *wear, uint64_t seed, struct sh_raster *r,
    const struct sh_raster *verso, struct sh_worn *out)
{
	struct sh_rng rng[SH_WEAR_KINDS];
	struct sh_raster self = { .px = NULL };
	struct sh_wear w;
	double v;
	unsigned i;

	*out = (struct sh_worn){ .exif = 1 };
	sh_wear_identity(out->m);
	/* One generator each, so that one damage does not move another. */
	for (i = 0; i < SH_WEAR_KINDS; i++)
		sh_rng_start(&rng[i], sh_seed(seed, names[i]));
	w = spelled(wear, &rng[SH_WEAR_SCAN]);
#define DO(kind)	if (SH_WEAR_HAS(&w, SH_WEAR_##kind))
#define HOW(kind, lo, hi)						\
	strength(&w, SH_WEAR_##kind, (lo), (hi), &rng[SH_WEAR_##kind])
	DO(PHOTOCOPY)
		photocopy(r);
	DO(BLEED) {
		if (verso == NULL || verso->w != r->w || verso->h != r->h) {
			sh_raster_new(&self, r->w, r->h, r->dpi);
			memcpy(self.px, r->px, 3 * npixels(r));
			verso = &self;
		}
		bleed(r, verso, HOW(BLEED, 5, 12));
		sh_raster_free(&self);
	}
	DO(TINT)
		tint(r, HOW(TINT, 1, 6), &rng[SH_WEAR_TINT]);
	DO(PUNCH)
		punch(r);
	DO(FOLD)
		fold(r, &rng[SH_WEAR_FOLD]);
	DO(STAIN)
		stain(r, &rng[SH_WEAR_STAIN]);
	DO(SPECKS)
		specks(r, (int)HOW(SPECKS, 40, 300), &rng[SH_WEAR_SPECKS]);
	DO(FADE)
		fade(r, HOW(FADE, 40, 65));
	DO(SKEW) {
		v = HOW(SKEW, 0.8, 3);
		if (w.value[SH_WEAR_SKEW] == 0 &&
		    sh_rng_chance(&rng[SH_WEAR_SKEW], 50))
			v = -v;
		sh_wear_skew(r, v, out->m);
	}
	DO(BORDER)
		border(r, HOW(BORDER, 2, 6), &rng[SH_WEAR_BORDER]);
	DO(PHOTO)
		sh_wear_photo(r, HOW(PHOTO, 2, 4.5) / 100, sh_seed(seed,
		    "desk"), out->m);
	DO(LIGHT)
		light(r, HOW(LIGHT, 8, 25), &rng[SH_WEAR_LIGHT]);
	DO(BLUR)
		blur(r, HOW(BLUR, 0.8, 1.8));
	DO(NOISE)
		noise(r, HOW(NOISE, 4, 14), &rng[SH_WEAR_NOISE]);
	DO(FAX) {
		fax(r, &rng[SH_WEAR_FAX]);
		out->bilevel = 1;
	}
	out->rotation = SH_WEAR_HAS(&w, SH_WEAR_ROT90) ? 90 :
	    SH_WEAR_HAS(&w, SH_WEAR_ROT180) ? 180 :
	    SH_WEAR_HAS(&w, SH_WEAR_ROT270) ? 270 : 0;
	if (out->rotation != 0)
		sh_wear_turn(r, out->rotation);
	DO(EXIF) {
		/* Rule: Exif 2.3, 0x0112: 6 is to be turned 90 clockwise. */
		static const int orientation[] = { 1, 6, 3, 8 };

		i = sh_rng_below(&rng[SH_WEAR_EXIF], 4);
		out->exif = (int)HOW(EXIF, 0, 0);
		if (out->exif == 0)
			out->exif = orientation[i];
		if (out->exif != 1)
			sh_wear_turn(r, out->exif == 6 ? 270 : out->exif == 3 ?
			    180 : 90);
	}
	DO(JPEG)
		out->quality = (int)HOW(JPEG, 20, 55);
#undef DO
#undef HOW
}
