#include "ocr/likeness_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <zstd.h>

#include "base/mem.h"
#include "base/text.h"

#define DPI_MIN		190		/* digits of small print */
#define SIDE_MIN	200
#define SIDE_MAX	3500		/* A3 at 200 dpi, and some */
#define AREA_MAX	8e6		/* fits in SH_LIKENESS_MAX, whatever it is */
#define WHOLE		"SHL1"
#define SEEN_FAINTLY	"SHF1"
#define HEAD		10		/* magic, width, height, angle */

#define TILE		32		/* px, of which paper has one level */
#define INK		0.70		/* ink is darker than so much of it */
#define FAINT		0.88	/* what is darker than this, but no ink */
#define STROKE		16	/* px: a window of a digit's size */
#define FAINT_MAX	24	/* px of it in one, away from ink */
#define HALO		4	/* px around ink that coding makes faint */

#define SKEW_MAX	3.0		/* degrees */
#define STRAIGHT	0.06	/* degrees that need no turning */
#define ANGLE_UNIT	0.01

struct sh_looks *
sh_likeness_empty(int w, int h, struct sh_error *err)
{
	struct sh_looks *l = sh_alloc(1, sizeof(*l), "a likeness", err);

	if (l == NULL)
		return (NULL);
	l->w = w;
	l->h = h;
	l->words = (w + 63) / 64;
	l->bits = sh_alloc((size_t)h * (size_t)l->words, sizeof(*l->bits),
	    "a likeness", err);
	if (l->bits == NULL) {
		sh_likeness_free(l);
		return (NULL);
	}
	return (l);
}

void
sh_likeness_free(struct sh_looks *l)
{
	if (l == NULL)
		return;
	free(l->bits);
	free(l);
}

/* ---- from pixels ----------------------------------------------------------- */

/* The share of each source pixel in the one or two that it falls into. */
struct share {
	int32_t to;
	uint16_t first, second;		/* of 256; second goes to to + 1 */
};

static struct share *
shares(int n, int to, struct sh_error *err)
{
	struct share *s = sh_alloc((size_t)n, sizeof(*s), "a likeness", err);
	double scale = (double)to / n, from, end;
	int i;

	for (i = 0; s != NULL && i < n; i++) {
		from = i * scale;
		end = (i + 1) * scale;
		s[i].to = (int32_t)from < to ? (int32_t)from : to - 1;
		s[i].first = (uint16_t)(256 * (end - from));
		if (end > s[i].to + 1 && s[i].to + 1 < to) {
			s[i].first = (uint16_t)(256 * (s[i].to + 1 - from));
			s[i].second = (uint16_t)(256 * (end - s[i].to - 1));
		}
	}
	return (s);
}

/* Where the target is finer, the nearest pixel. */
static void
enlarge(const uint8_t *data, int w, int h, int channels, uint8_t *out, int tw,
    int th)
{
	int x, y;

	for (y = 0; y < th; y++)
		for (x = 0; x < tw; x++) {
			const uint8_t *p = data + ((size_t)((int64_t)y * h /
			    th) * (size_t)w + (size_t)((int64_t)x * w / tw)) *
			    (size_t)channels;

			out[(size_t)y * (size_t)tw + (size_t)x] = channels ==
			    1 ? p[0] : (uint8_t)((77 * p[0] + 150 * p[1] +
			    29 * p[2]) >> 8);
		}
}

static int
reduce(const uint8_t *data, int w, int h, int channels, uint8_t *out, int tw,
    int th, struct sh_error *err)
{
	struct share *sx = shares(w, tw, err), *sy = shares(h, th, err);
	uint32_t *line = NULL, *sum = NULL, *weight = NULL, *wx = NULL;
	uint32_t grey, rest = 0;
	int x, y, rc = -1;

	if (sx == NULL || sy == NULL)
		goto out;
	line = sh_alloc((size_t)tw + 1, sizeof(*line), "a likeness", err);
	sum = sh_alloc(2 * ((size_t)tw + 1), sizeof(*sum), "a likeness", err);
	wx = sh_alloc((size_t)tw + 1, sizeof(*wx), "a likeness", err);
	weight = sh_alloc((size_t)th + 1, sizeof(*weight), "a likeness", err);
	if (line == NULL || sum == NULL || wx == NULL || weight == NULL)
		goto out;
	for (x = 0; x < w; x++) {
		wx[sx[x].to] += sx[x].first;
		wx[sx[x].to + 1] += sx[x].second;
	}
	for (y = 0; y < h; y++) {
		weight[sy[y].to] += sy[y].first;
		weight[sy[y].to + 1] += sy[y].second;
	}
	for (y = 0; y < h; y++) {
		const uint8_t *p = data + (size_t)y * (size_t)w *
		    (size_t)channels;
		const struct share *s = sx;

		memset(line, 0, ((size_t)tw + 1) * sizeof(*line));
		for (x = 0; x < w; x++, p += channels, s++) {
			grey = channels == 1 ? p[0] : (77u * p[0] +
			    150u * p[1] + 29u * p[2]) >> 8;
			line[s->to] += grey * s->first;
			line[s->to + 1] += grey * s->second;
		}
		for (x = 0; x < tw; x++) {
			line[x] /= wx[x];
			sum[x] += line[x] * sy[y].first;
			sum[tw + x] += line[x] * sy[y].second;
		}
		/* The next line begins another one: this is whole. */
		if (y + 1 < h && sy[y + 1].to == sy[y].to)
			continue;
		rest = weight[sy[y].to];
		for (x = 0; x < tw; x++)
			out[(size_t)sy[y].to * (size_t)tw + (size_t)x] =
			    (uint8_t)(sum[x] / rest);
		memcpy(sum, sum + tw, (size_t)tw * sizeof(*sum));
		memset(sum + tw, 0, (size_t)tw * sizeof(*sum));
	}
	rc = 0;
out:
	free(sx);
	free(sy);
	free(line);
	free(sum);
	free(wx);
	free(weight);
	return (rc);
}

/* The level of the paper in a tile: most of its pixels are no darker. */
static uint8_t
paper_of(const uint8_t *grey, int w, int h, int tx, int ty)
{
	unsigned count[256] = { 0 }, n = 0, seen = 0;
	int x, y, level;

	for (y = ty; y < ty + TILE && y < h; y++)
		for (x = tx; x < tx + TILE && x < w; x++, n++)
			count[grey[(size_t)y * (size_t)w + (size_t)x]]++;
	for (level = 255; level > 0 && seen < n / 5; level--)
		seen += count[level];
	return ((uint8_t)level);
}

/* What is darker than SHARE of the paper around it. */
static void
find_ink(const uint8_t *grey, double share, struct sh_looks *l)
{
	int tx, ty, x, y, limit;

	memset(l->bits, 0, (size_t)l->h * (size_t)l->words *
	    sizeof(*l->bits));
	for (ty = 0; ty < l->h; ty += TILE)
		for (tx = 0; tx < l->w; tx += TILE) {
			limit = (int)(share * paper_of(grey, l->w, l->h, tx,
			    ty));
			for (y = ty; y < ty + TILE && y < l->h; y++)
				for (x = tx; x < tx + TILE && x < l->w; x++)
					if (grey[(size_t)y * (size_t)l->w +
					    (size_t)x] < limit)
						row_of(l, y)[x >> 6] |=
						    (uint64_t)1 << (x & 63);
		}
}

/* How sharply lines part when they lean by ANGLE. */
static double
sharpness(const struct sh_looks *l, double angle, uint32_t *rows)
{
	double lean = tan(angle * M_PI / 180), sum = 0;
	int y, k, at;

	memset(rows, 0, (size_t)l->h * sizeof(*rows));
	for (k = 0; k < l->words; k++) {
		int down = (int)lrint((k * 64 + 32 - l->w / 2) * lean);

		for (y = SH_LIKENESS_MARGIN; y < l->h - SH_LIKENESS_MARGIN; y++) {
			at = y - down;
			if (at >= 0 && at < l->h)
				rows[at] += (uint32_t)__builtin_popcountll(
				    row_of(l, y)[k]);
		}
	}
	for (y = 1; y < l->h; y++) {
		double d = (double)rows[y] - (double)rows[y - 1];

		sum += d * d;
	}
	return (sum);
}

/*
 * Strokes too faint to be ink would be compared by nobody: pencil, a weak
 * stamp, the pattern of secure paper.  What lies along ink is its own edge;
 * dots of a line to write on are less than a stroke.
 */
static int
has_faint(const struct sh_looks *l, const struct sh_looks *faint)
{
	uint64_t near, v;
	unsigned n[4];
	int x, y, i, k, dy;

	for (y = SH_LIKENESS_MARGIN; y < l->h - SH_LIKENESS_MARGIN; y += STROKE)
		for (x = SH_LIKENESS_MARGIN; x < l->w - SH_LIKENESS_MARGIN; x += 64) {
			memset(n, 0, sizeof(n));
			for (dy = 0; dy < STROKE; dy++) {
				if ((v = span(faint, x, y + dy)) == 0)
					continue;
				near = 0;
				for (i = -HALO; i <= HALO; i++)
					for (k = -HALO; k <= HALO; k++)
						near |= span(l, x + k, y +
						    dy + i);
				for (v &= ~near, i = 0; i < 4; i++)
					n[i] += (unsigned)
					    __builtin_popcountll(v >> i *
					    STROKE & 0xffff);
			}
			for (i = 0; i < 4; i++)
				if (n[i] > FAINT_MAX)
					return (1);
		}
	return (0);
}

static int
find_angle(struct sh_looks *l, struct sh_error *err)
{
	uint32_t *rows = sh_alloc((size_t)l->h, sizeof(*rows), "a likeness",
	    err);
	double best = -1, v, a, around = 0;
	int i;

	if (rows == NULL)
		return (-1);
	for (i = -15; i <= 15; i++)
		if ((v = sharpness(l, i * SKEW_MAX / 15, rows)) > best) {
			best = v;
			around = i * SKEW_MAX / 15;
		}
	l->angle = around;
	for (i = -5; i <= 5; i++) {
		a = around + i * 0.04;
		if ((v = sharpness(l, a, rows)) > best) {
			best = v;
			l->angle = a;
		}
	}
	free(rows);
	return (0);
}

/* Lines that lean lie straight; what comes from outside is paper. */
static int
straighten(uint8_t **greyp, const struct sh_looks *l, struct sh_error *err)
{
	uint8_t *to, *from = *greyp;
	int32_t a = (int32_t)lrint(65536 * tan(l->angle * M_PI / 180));
	int32_t sx, sy, fx, fy;
	int x, y, w = l->w;

	if ((to = sh_alloc((size_t)w, (size_t)l->h, "a likeness", err)) ==
	    NULL)
		return (-1);
	for (y = 0; y < l->h; y++)
		for (x = 0; x < w; x++) {
			const uint8_t *p;

			sx = x * 65536 - a * (y - l->h / 2);
			sy = y * 65536 + a * (x - w / 2);
			if (sx < 0 || sy < 0 || sx >> 16 >= w - 1 ||
			    sy >> 16 >= l->h - 1) {
				to[(size_t)y * (size_t)w + (size_t)x] = 255;
				continue;
			}
			p = from + (size_t)(sy >> 16) * (size_t)w +
			    (size_t)(sx >> 16);
			fx = sx >> 8 & 255;
			fy = sy >> 8 & 255;
			to[(size_t)y * (size_t)w + (size_t)x] = (uint8_t)(
			    ((p[0] * (256 - fx) + p[1] * fx) * (256 - fy) +
			    (p[w] * (256 - fx) + p[w + 1] * fx) * fy) >> 16);
		}
	free(from);
	*greyp = to;
	return (0);
}

int
sh_likeness_new(const uint8_t *data, int32_t width_px, int32_t height_px,
    int channels, double dpi_x, double dpi_y, struct sh_looks **lp,
    struct sh_error *err)
{
	struct sh_looks *l = NULL, *faint = NULL;
	uint8_t *grey = NULL;
	double w, h;
	int rc = -1;

	*lp = NULL;
	if (dpi_x < DPI_MIN || dpi_y < DPI_MIN)
		return (0);
	w = rint(width_px * SH_LIKENESS_DPI / dpi_x);
	h = rint(height_px * SH_LIKENESS_DPI / dpi_y);
	if (w < SIDE_MIN || h < SIDE_MIN || w > SIDE_MAX || h > SIDE_MAX ||
	    w * h > AREA_MAX)
		return (0);
	if ((l = sh_likeness_empty((int)w, (int)h, err)) == NULL ||
	    (grey = sh_alloc((size_t)w, (size_t)h, "a likeness", err)) ==
	    NULL)
		goto out;
	if (w > width_px || h > height_px)
		enlarge(data, width_px, height_px, channels, grey, l->w,
		    l->h);
	else if (reduce(data, width_px, height_px, channels, grey, l->w, l->h,
	    err))
		goto out;
	find_ink(grey, INK, l);
	if (find_angle(l, err))
		goto out;
	if (fabs(l->angle) > STRAIGHT) {
		if (straighten(&grey, l, err))
			goto out;
		find_ink(grey, INK, l);
	} else {
		l->angle = 0;
	}
	if ((faint = sh_likeness_empty(l->w, l->h, err)) == NULL)
		goto out;
	find_ink(grey, FAINT, faint);
	l->faint = has_faint(l, faint);
	*lp = l;
	l = NULL;
	rc = 0;
out:
	sh_likeness_free(faint);
	free(grey);
	sh_likeness_free(l);
	return (rc);
}

/* ---- the form that is kept --------------------------------------------------- */

/* Each row but the first as what it changes of the one above. */
static void
add_rows(struct sh_looks *l)
{
	size_t i, n = (size_t)l->h * (size_t)l->words;

	for (i = (size_t)l->words; i < n; i++)
		l->bits[i] ^= l->bits[i - (size_t)l->words];
}

static void
part_rows(struct sh_looks *l)
{
	size_t i, n = (size_t)l->h * (size_t)l->words;

	for (i = n; i-- > (size_t)l->words;)
		l->bits[i] ^= l->bits[i - (size_t)l->words];
}

int
sh_likeness_pack(const struct sh_looks *l, struct sh_buf *out,
    struct sh_error *err)
{
	struct sh_looks *d;
	size_t size = (size_t)l->h * (size_t)l->words * 8, bound, n;
	uint8_t *z;
	int rc = -1;

	if ((d = sh_likeness_empty(l->w, l->h, err)) == NULL)
		return (-1);
	memcpy(d->bits, l->bits, size);
	part_rows(d);
	bound = ZSTD_compressBound(size);
	if (sh_buf_puts(out, l->faint ? SEEN_FAINTLY : WHOLE, err) ||
	    sh_buf_put_be(out, (uint64_t)l->w, 2, err) ||
	    sh_buf_put_be(out, (uint64_t)l->h, 2, err) ||
	    sh_buf_put_be(out, (uint64_t)(lrint(l->angle / ANGLE_UNIT) +
	    32768), 2, err) || (z = sh_buf_reserve(out, bound, err)) == NULL)
		goto out;
	n = ZSTD_compress(z, bound, d->bits, size, 6);
	if (ZSTD_isError(n)) {
		(void)sh_error_nomem(err, "a likeness");
		goto out;
	}
	out->len += n;
	rc = 0;
out:
	sh_likeness_free(d);
	return (rc);
}

static uint64_t
get_be(const uint8_t *p, int n)
{
	uint64_t v = 0;

	while (n-- > 0)
		v = v << 8 | *p++;
	return (v);
}

int
sh_likeness_is_whole(const void *data, size_t len)
{
	return (len >= HEAD && memcmp(data, WHOLE, 4) == 0);
}

int
sh_likeness_unpack(const void *data, size_t len, struct sh_looks **lp,
    struct sh_error *err)
{
	const uint8_t *p = data;
	struct sh_looks *l = NULL;
	size_t size, n;
	int w, h;

	*lp = NULL;
	if (len < HEAD || len > SH_LIKENESS_MAX || (memcmp(p, WHOLE, 4) != 0 &&
	    memcmp(p, SEEN_FAINTLY, 4) != 0))
		goto damaged;
	w = (int)get_be(p + 4, 2);
	h = (int)get_be(p + 6, 2);
	if (w < SIDE_MIN || h < SIDE_MIN || w > SIDE_MAX || h > SIDE_MAX)
		goto damaged;
	if ((l = sh_likeness_empty(w, h, err)) == NULL)
		return (-1);
	l->faint = !sh_likeness_is_whole(data, len);
	size = (size_t)h * (size_t)l->words * 8;
	n = ZSTD_decompress(l->bits, size, p + HEAD, len - HEAD);
	if (ZSTD_isError(n) || n != size)
		goto damaged;
	l->angle = ((double)get_be(p + 8, 2) - 32768) * ANGLE_UNIT;
	if (fabs(l->angle) > 2 * SKEW_MAX)
		goto damaged;
	add_rows(l);
	*lp = l;
	return (0);
damaged:
	sh_likeness_free(l);
	return (sh_error_set(err, SH_EFORMAT, "likeness.damaged",
	    "no likeness of a page"));
}
