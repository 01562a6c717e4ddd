#include "ocr/likeness_internal.h"

#include <endian.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <zstd.h>

#include "base/mem.h"
#include "base/text.h"
#include "ocr/turn.h"

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
	free(l->profile);
	free(l);
}

/* ---- from pixels ----------------------------------------------------------- */

/*
 * The share of each source pixel in the one or two that it falls into, and
 * where each target's pixels end.
 */
struct share {
	uint16_t first, second;		/* of 256; second is the next one's */
};

struct scale {
	struct share *share;	/* by source pixel */
	int32_t *end;		/* by target: behind the last that begins in it */
	uint32_t *weight;	/* of all of it, and of no more: 256 at most */
};

static void
scale_free(struct scale *s)
{
	free(s->share);
	free(s->end);
	free(s->weight);
}

static int
scale_new(int n, int to, struct scale *out, struct sh_error *err)
{
	double scale = (double)to / n, from, end;
	int i, t;

	out->share = sh_alloc((size_t)n, sizeof(*out->share), "a likeness",
	    err);
	out->end = sh_alloc((size_t)to, sizeof(*out->end), "a likeness", err);
	out->weight = sh_alloc((size_t)to + 1, sizeof(*out->weight),
	    "a likeness", err);
	if (out->share == NULL || out->end == NULL || out->weight == NULL)
		return (-1);
	for (i = 0; i < n; i++) {
		struct share *s = &out->share[i];

		from = i * scale;
		end = (i + 1) * scale;
		t = (int32_t)from < to ? (int32_t)from : to - 1;
		s->first = (uint16_t)(256 * (end - from));
		if (end > t + 1 && t + 1 < to) {
			s->first = (uint16_t)(256 * (t + 1 - from));
			s->second = (uint16_t)(256 * (end - t - 1));
		}
		out->end[t] = i + 1;
		out->weight[t] += s->first;
		out->weight[t + 1] += s->second;
	}
	return (0);
}

/* V / DIVISOR of anything up to 255 times the divisor, which is up to 256. */
static inline uint32_t
part_of(uint32_t v, uint32_t reciprocal)
{
	return ((uint32_t)((uint64_t)v * reciprocal >> 24));
}

static inline uint32_t
reciprocal_of(uint32_t divisor)
{
	return ((1u << 24) / divisor + 1);
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

static void
grey_row(const uint8_t *p, int w, uint8_t *out)
{
	int x;

	for (x = 0; x < w; x++, p += 3)
		out[x] = (uint8_t)((77u * p[0] + 150u * p[1] + 29u * p[2]) >>
		    8);
}

static void
reduce_row(const uint8_t *p, const struct scale *s, const uint32_t *part,
    uint32_t *line, int tw)
{
	const struct share *share = s->share;
	uint32_t sum = 0;
	int x = 0, t;

	for (t = 0; t < tw; t++) {
		for (; x < s->end[t] - 1; x++)
			sum += p[x] * (uint32_t)share[x].first;
		sum += p[x] * (uint32_t)share[x].first;
		line[t] = part_of(sum, part[t]);
		sum = p[x] * (uint32_t)share[x].second;
		x++;
	}
}

static int
reduce(const uint8_t *data, int w, int h, int channels, uint8_t *out, int tw,
    int th, struct sh_error *err)
{
	struct scale sx = { NULL, NULL, NULL }, sy = { NULL, NULL, NULL };
	uint32_t *line = NULL, *sum = NULL, *part = NULL, whole;
	uint8_t *grey = NULL;
	const uint8_t *row;
	int x, y, t, rc = -1;

	if (scale_new(w, tw, &sx, err) || scale_new(h, th, &sy, err))
		goto out;
	line = sh_alloc((size_t)tw, sizeof(*line), "a likeness", err);
	part = sh_alloc((size_t)tw, sizeof(*part), "a likeness", err);
	sum = sh_alloc((size_t)tw, sizeof(*sum), "a likeness", err);
	grey = sh_alloc((size_t)w, 1, "a likeness", err);
	if (line == NULL || sum == NULL || part == NULL || grey == NULL)
		goto out;
	for (x = 0; x < tw; x++)
		part[x] = reciprocal_of(sx.weight[x]);
	for (y = t = 0; y < h; y++) {
		const struct share *s = &sy.share[y];

		row = data + (size_t)y * (size_t)w * (size_t)channels;
		if (channels != 1) {
			grey_row(row, w, grey);
			row = grey;
		}
		reduce_row(row, &sx, part, line, tw);
		for (x = 0; x < tw; x++)
			sum[x] += line[x] * s->first;
		if (y + 1 < sy.end[t])
			continue;
		/* The next line begins another one: this is whole. */
		whole = reciprocal_of(sy.weight[t]);
		for (x = 0; x < tw; x++) {
			out[(size_t)t * (size_t)tw + (size_t)x] = (uint8_t)
			    part_of(sum[x], whole);
			sum[x] = line[x] * s->second;
		}
		t++;
	}
	rc = 0;
out:
	scale_free(&sx);
	scale_free(&sy);
	free(line);
	free(sum);
	free(part);
	free(grey);
	return (rc);
}

/* The level of the paper in a tile: most of its pixels are no darker. */
static int
paper_of(const uint8_t *grey, int w, int h, int tx, int ty)
{
	/* Neighbours are alike: in tables of their own none waits for another. */
	uint16_t count[4][256];
	unsigned n, seen = 0;
	int x, y, level, ex = tx + TILE < w ? tx + TILE : w;
	int ey = ty + TILE < h ? ty + TILE : h;

	memset(count, 0, sizeof(count));
	n = (unsigned)(ex - tx) * (unsigned)(ey - ty);
	for (y = ty; y < ey; y++) {
		const uint8_t *p = grey + (size_t)y * (size_t)w;

		for (x = tx; x + 4 <= ex; x += 4) {
			count[0][p[x]]++;
			count[1][p[x + 1]]++;
			count[2][p[x + 2]]++;
			count[3][p[x + 3]]++;
		}
		for (; x < ex; x++)
			count[0][p[x]]++;
	}
	for (level = 255; level > 0 && seen < n / 5; level--)
		seen += (unsigned)count[0][level] + count[1][level] +
		    count[2][level] + count[3][level];
	return (level);
}

/* Which of N pixels, TILE at most, are darker than LIMIT: the first is lowest. */
static uint64_t
darker(const uint8_t *p, int n, int limit)
{
	const uint64_t high = UINT64_C(0x8080808080808080);
	uint64_t y = UINT64_C(0x0101010101010101) * (uint64_t)limit, v, less;
	uint64_t out = 0;
	int i;

	/* Eight bytes in a word are compared, and their highest bits packed. */
	for (i = 0; i + 8 <= n; i += 8) {
		memcpy(&v, p + i, sizeof(v));
		v = le64toh(v);
		less = (v | high) - (y & ~high);
		less = ((~v & y) | (~(v ^ y) & ~less)) & high;
		out |= (less * UINT64_C(0x0002040810204081) >> 56) << i;
	}
	for (; i < n; i++)
		out |= (uint64_t)(p[i] < limit) << i;
	return (out);
}

/*
 * What is darker than INK of the paper around it, and where FAINT is not NULL,
 * there what is darker than FAINT of it.
 */
static void
find_ink(const uint8_t *grey, struct sh_looks *l, struct sh_looks *faint)
{
	size_t size = (size_t)l->h * (size_t)l->words * sizeof(*l->bits);
	int tx, ty, y, n, paper;

	memset(l->bits, 0, size);
	if (faint != NULL)
		memset(faint->bits, 0, size);
	for (ty = 0; ty < l->h; ty += TILE)
		for (tx = 0; tx < l->w; tx += TILE) {
			paper = paper_of(grey, l->w, l->h, tx, ty);
			n = tx + TILE < l->w ? TILE : l->w - tx;
			for (y = ty; y < ty + TILE && y < l->h; y++) {
				const uint8_t *p = grey + (size_t)y *
				    (size_t)l->w + (size_t)tx;

				row_of(l, y)[tx >> 6] |= darker(p, n,
				    (int)(INK * paper)) << (tx & 63);
				if (faint != NULL)
					row_of(faint, y)[tx >> 6] |= darker(p,
					    n, (int)(FAINT * paper)) <<
					    (tx & 63);
			}
		}
}

/* How sharply lines part when they lean by ANGLE; INK by word of each row. */
static double
sharpness(const struct sh_looks *l, const uint8_t *ink, double angle,
    uint32_t *rows)
{
	double lean = tan(angle * M_PI / 180), sum = 0;
	int y, k, at;

	memset(rows, 0, (size_t)l->h * sizeof(*rows));
	for (k = 0; k < l->words; k++, ink += l->h) {
		int down = (int)lrint((k * 64 + 32 - l->w / 2) * lean);

		for (y = SH_LIKENESS_MARGIN; y < l->h - SH_LIKENESS_MARGIN; y++) {
			at = y - down;
			if (at >= 0 && at < l->h)
				rows[at] += ink[y];
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
					n[i] += ones(v >> i * STROKE &
					    0xffff);
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
	uint8_t *ink = sh_alloc((size_t)l->h, (size_t)l->words, "a likeness",
	    err);
	double best = -1, v, a, around = 0;
	int i, k, y, rc = -1;

	if (rows == NULL || ink == NULL)
		goto out;
	for (y = 0; y < l->h; y++)
		for (k = 0; k < l->words; k++)
			ink[(size_t)k * (size_t)l->h + (size_t)y] = (uint8_t)
			    ones(row_of(l, y)[k]);
	for (i = -15; i <= 15; i++)
		if ((v = sharpness(l, ink, i * SKEW_MAX / 15, rows)) > best) {
			best = v;
			around = i * SKEW_MAX / 15;
		}
	l->angle = around;
	for (i = -5; i <= 5; i++) {
		a = around + i * 0.04;
		if ((v = sharpness(l, ink, a, rows)) > best) {
			best = v;
			l->angle = a;
		}
	}
	rc = 0;
out:
	free(rows);
	free(ink);
	return (rc);
}

/* N pixels between two rows of FROM, as far as it goes on in them. */
static void
straighten_run(const uint8_t *p, int w, int n, int fx, int32_t sy, int32_t a,
    uint8_t *to)
{
	const uint8_t *q = p + w;
	int i, fy;

	for (i = 0; i < n; i++, sy += a) {
		fy = sy >> 8 & 255;
		to[i] = (uint8_t)(((p[i] * (256 - fx) + p[i + 1] * fx) *
		    (256 - fy) + (q[i] * (256 - fx) + q[i + 1] * fx) * fy) >>
		    16);
	}
}

/* Lines that lean lie straight; what comes from outside is paper. */
static int
straighten(uint8_t **greyp, const struct sh_looks *l, struct sh_error *err)
{
	uint8_t *to, *from = *greyp, *row;
	int32_t a = (int32_t)lrint(65536 * tan(l->angle * M_PI / 180));
	int32_t sx, sy;
	int x, y, end, dx, w = l->w;

	if ((to = sh_alloc((size_t)w, (size_t)l->h, "a likeness", err)) ==
	    NULL)
		return (-1);
	memset(to, 255, (size_t)w * (size_t)l->h);
	for (y = 0; y < l->h; y++) {
		sx = -a * (y - l->h / 2);
		dx = sx >> 16;
		row = to + (size_t)y * (size_t)w;
		x = dx < 0 ? -dx : 0;
		/* As long as it stays between the same two rows. */
		for (; x + dx < w - 1 && x < w; x = end) {
			sy = y * 65536 + a * (x - w / 2);
			for (end = x + 1; end + dx < w - 1 && end < w && (sy +
			    a * (end - x)) >> 16 == sy >> 16; end++)
				;
			if (sy < 0 || sy >> 16 >= l->h - 1)
				continue;
			straighten_run(from + (size_t)(sy >> 16) * (size_t)w +
			    x + dx, w, end - x, sx >> 8 & 255, sy, a, row +
			    x);
		}
	}
	free(from);
	*greyp = to;
	return (0);
}

/* What was stored turned stands upright; *WP and *HP are its sides then. */
static int
turn_upright(uint8_t **greyp, int *wp, int *hp, int exif_orientation,
    struct sh_error *err)
{
	unsigned turn = sh_turn_of(exif_orientation, 0);
	int w = *wp, h = *hp, x, y, sx, sy;
	uint8_t *to, *p;

	if (turn == 0)
		return (0);
	if ((to = sh_alloc((size_t)w, (size_t)h, "a likeness", err)) == NULL)
		return (-1);
	*wp = turn & SH_TURN_SWAP ? h : w;
	*hp = turn & SH_TURN_SWAP ? w : h;
	for (p = to, y = 0; y < *hp; y++)
		for (x = 0; x < *wp; x++) {
			sx = turn & SH_TURN_SWAP ? y : x;
			sy = turn & SH_TURN_SWAP ? x : y;
			if (turn & SH_TURN_MIRROR_X)
				sx = w - 1 - sx;
			if (turn & SH_TURN_MIRROR_Y)
				sy = h - 1 - sy;
			*p++ = (*greyp)[(size_t)sy * (size_t)w + (size_t)sx];
		}
	free(*greyp);
	*greyp = to;
	return (0);
}

int
sh_likeness_new(const uint8_t *data, int32_t width_px, int32_t height_px,
    int channels, double dpi_x, double dpi_y, int exif_orientation,
    struct sh_looks **lp, struct sh_error *err)
{
	struct sh_looks *l = NULL, *faint = NULL;
	uint8_t *grey = NULL;
	double w, h;
	int tw, th, rc = -1;

	*lp = NULL;
	if (dpi_x < DPI_MIN || dpi_y < DPI_MIN)
		return (0);
	w = rint(width_px * SH_LIKENESS_DPI / dpi_x);
	h = rint(height_px * SH_LIKENESS_DPI / dpi_y);
	if (w < SIDE_MIN || h < SIDE_MIN || w > SIDE_MAX || h > SIDE_MAX ||
	    w * h > AREA_MAX)
		return (0);
	tw = (int)w;
	th = (int)h;
	if ((grey = sh_alloc((size_t)w, (size_t)h, "a likeness", err)) == NULL)
		goto out;
	if (w > width_px || h > height_px)
		enlarge(data, width_px, height_px, channels, grey, tw, th);
	else if (reduce(data, width_px, height_px, channels, grey, tw, th,
	    err))
		goto out;
	if (turn_upright(&grey, &tw, &th, exif_orientation, err) ||
	    (l = sh_likeness_empty(tw, th, err)) == NULL ||
	    (faint = sh_likeness_empty(tw, th, err)) == NULL)
		goto out;
	find_ink(grey, l, faint);
	if (find_angle(l, err))
		goto out;
	if (fabs(l->angle) > STRAIGHT) {
		if (straighten(&grey, l, err))
			goto out;
		find_ink(grey, l, faint);
	} else {
		l->angle = 0;
	}
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
