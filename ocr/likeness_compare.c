#include "ocr/likeness_internal.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define MARGIN		SH_LIKENESS_MARGIN
#define BLOCK		64		/* px, aligned by itself */
#define REACH		5		/* px around what its neighbours say */
#define FAR		3	/* px worse, for each px off */
#define DRIFT		16	/* px: two scanners' lengths differ */
#define SHIFT_MAX	160		/* px between two captures */
#define PLANES		8		/* bits of a count of ink */
#define FULL		((1 << PLANES) - 1)
#define STRIDE		32		/* values compared at a time */
#define WINDOW		6		/* px: a stroke of a digit */
#define DIFFERENT	5		/* px in it that the other has not */
#define AROUND		2		/* px around a word that are its own */
#define INKED		10		/* one px of so many of a word is ink */

/* Counts of 64 columns, bit by bit in PLANES words, are added to OUT. */
static void
spill(const uint64_t planes[PLANES], int16_t *out)
{
	const uint64_t first = UINT64_C(0x0101010101010101);
	uint64_t sum, bits;
	int i, k;

	/* Eight columns at a time, each in a byte. */
	for (k = 0; k < 8; k++, out += 8) {
		for (sum = 0, i = 0; i < PLANES; i++) {
			bits = (planes[i] >> 8 * k & 0xff) * first &
			    UINT64_C(0x8040201008040201);
			sum += (bits + 127 * first) >> 7 << i & first << i;
		}
		for (i = 0; i < 8; i++)
			out[i] += (int16_t)(sum >> 8 * i & 0xff);
	}
}

/* The sum of three bits in 64 places: *LOW, and the carry. */
static uint64_t
add(uint64_t *low, uint64_t a, uint64_t b)
{
	uint64_t half = *low ^ a, carry = (*low & a) | (half & b);

	*low = half ^ b;
	return (carry);
}

/* Ink of the N rows from Y on, FULL at most. */
static void
profile_rows(const struct sh_looks *l, int y, int n, int16_t *rows,
    int16_t *columns)
{
	uint64_t planes[PLANES], twos, carry, v, a, b, c, d;
	const size_t w = (size_t)l->words;
	const uint64_t *p;
	int i, k, r;

	for (k = 0; k < l->words; k++) {
		memset(planes, 0, sizeof(planes));
		for (r = 0, p = row_of(l, y) + k; r < n; r += 4, p += 4 * w) {
			a = p[0];
			b = r + 1 < n ? p[w] : 0;
			c = r + 2 < n ? p[2 * w] : 0;
			d = r + 3 < n ? p[3 * w] : 0;
			if ((a | b | c | d) == 0)
				continue;
			rows[r] += (int16_t)ones(a);
			rows[r + 1] += (int16_t)ones(b);
			rows[r + 2] += (int16_t)ones(c);
			rows[r + 3] += (int16_t)ones(d);
			twos = add(&planes[0], a, b);
			carry = add(&planes[1], twos, add(&planes[0], c, d));
			for (i = 2; carry != 0; i++) {
				v = planes[i];
				planes[i] = v ^ carry;
				carry &= v;
			}
		}
		spill(planes, columns + (size_t)k * 64);
	}
}

/*
 * Ink by row and by column, without the margins.  Made once for a page that
 * is compared with many; behind its end there is paper.
 */
static int
profile(struct sh_looks *l, struct sh_error *err)
{
	size_t rows = (size_t)l->h + SHIFT_MAX, columns = (size_t)l->words *
	    64 + SHIFT_MAX;
	int x, y, n;

	if (l->profile != NULL)
		return (0);
	l->profile = sh_alloc(rows + columns, sizeof(*l->profile),
	    "a likeness", err);
	if (l->profile == NULL)
		return (-1);
	l->columns = l->profile + rows;
	for (y = MARGIN; y < l->h - MARGIN; y += n) {
		n = l->h - MARGIN - y < FULL ? l->h - MARGIN - y : FULL;
		profile_rows(l, y, n, l->profile + y, l->columns);
	}
	for (x = 0; x < l->words * 64; x++)
		if (x < MARGIN || x >= l->w - MARGIN)
			l->columns[x] = 0;
	return (0);
}

/* How far N values are apart; counting stops somewhere above LIMIT. */
static int64_t
apart(const int16_t *a, const int16_t *b, int n, int64_t limit)
{
	int64_t sum = 0;
	int32_t part;
	int16_t d;
	int i, k;

	/* Values are below 4096: STRIDE of their squares fit in a part. */
	for (i = 0; i + STRIDE <= n && sum <= limit; i += STRIDE) {
		for (part = 0, k = 0; k < STRIDE; k++) {
			d = (int16_t)(a[i + k] - b[i + k]);
			part += d * d;
		}
		sum += part;
	}
	for (; i < n && sum <= limit; i++)
		sum += (int64_t)(a[i] - b[i]) * (a[i] - b[i]);
	return (sum);
}

/*
 * The shift of B at which two profiles agree best; of equals the least.  The
 * likely ones come first: the others are soon seen to be worse.
 */
static int
best_shift(const int16_t *a, const int16_t *b, int n)
{
	int64_t least = INT64_MAX, sum;
	int k, s, at = 0;

	for (k = 0; k <= 2 * SHIFT_MAX; k++) {
		s = k % 2 == 0 ? k / 2 : -(k / 2) - 1;
		sum = s > 0 ? apart(a + s, b, n - s, least) : apart(a, b - s,
		    n + s, least);
		if (sum < least || (sum == least && s < at)) {
			least = sum;
			at = s;
		}
	}
	return (at);
}

struct offset {
	int dx, dy, known;
};

/* Rows of a block of L at X, Y, and PAD more above and below it. */
static void
rows_of(const struct sh_looks *l, int x, int y, int pad, uint64_t *out)
{
	int i;

	for (i = -pad; i < BLOCK + pad; i++)
		*out++ = span(l, x, y + i);
}

/* The block at X, Y, its ink and what is within a pixel of its ink. */
struct block {
	uint64_t ink[BLOCK], wide[BLOCK];
};

static void
block_of(const struct sh_looks *l, int x, int y, struct block *out)
{
	uint64_t own[BLOCK + 2], left[BLOCK + 2], right[BLOCK + 2];
	int i;

	rows_of(l, x, y, 1, own);
	rows_of(l, x - 1, y, 1, left);
	rows_of(l, x + 1, y, 1, right);
	memcpy(out->ink, own + 1, sizeof(out->ink));
	for (i = 0; i < BLOCK + 2; i++)
		own[i] |= left[i] | right[i];
	for (i = 0; i < BLOCK; i++)
		out->wide[i] = own[i] | own[i + 1] | own[i + 2];
}

/*
 * Ink of A in the block that has none of B within a pixel, and inversely.
 * How much there is of it.
 */
static unsigned
residue(const struct block *a, const struct sh_looks *b, int x, int y,
    struct offset o, uint64_t out[BLOCK])
{
	struct block at;
	unsigned n = 0;
	int i;

	block_of(b, x - o.dx, y - o.dy, &at);
	for (i = 0; i < BLOCK; i++) {
		out[i] = (a->ink[i] & ~at.wide[i]) | (at.ink[i] &
		    ~a->wide[i]);
		if (out[i] != 0)
			n += ones(out[i]);
	}
	return (n);
}

static void
mark(struct sh_looks *l, int x, int y)
{
	int i, k;

	for (i = y; i < y + WINDOW && i < l->h; i++)
		for (k = x; k < x + WINDOW && k < l->w; k++)
			row_of(l, i)[k >> 6] |= (uint64_t)1 << (k & 63);
}

/*
 * Windows of a block at X0, Y0, overlapping by half, with too much that
 * differs; they become ink of MARKS, which may be NULL.
 */
static int
differences(const uint64_t r[BLOCK], struct sh_looks *marks, int x0, int y0)
{
	const uint64_t mask = ((uint64_t)1 << WINDOW) - 1;
	uint64_t any;
	int x, y, i, n, found = 0;

	for (y = 0; y + WINDOW <= BLOCK; y += WINDOW / 2) {
		for (any = 0, i = 0; i < WINDOW; i++)
			any |= r[y + i];
		if (any == 0)
			continue;
		for (x = 0; x + WINDOW <= 64; x += WINDOW / 2) {
			n = 0;
			for (i = 0; i < WINDOW; i++)
				n += (int)ones(r[y + i] >> x & mask);
			if (n < DIFFERENT)
				continue;
			found++;
			if (marks != NULL)
				mark(marks, x0 + x, y0 + y);
		}
	}
	return (found);
}

/*
 * Along a line every shift fits, along dots every other one: what lies far
 * from where the block should be must fit better.
 */
static struct offset
align(const struct block *a, const struct sh_looks *b, int x, int y,
    struct offset around)
{
	uint64_t rows[2 * REACH + 1][BLOCK + 2 * REACH];
	struct offset best = around;
	unsigned least = UINT_MAX, n;
	int dx, dy, i;

	for (dx = -REACH; dx <= REACH; dx++)
		rows_of(b, x - around.dx - dx, y - around.dy, REACH,
		    rows[dx + REACH]);
	for (dy = -REACH; dy <= REACH; dy++)
		for (dx = -REACH; dx <= REACH; dx++) {
			const uint64_t *p = rows[dx + REACH] + REACH - dy;

			n = FAR * (unsigned)(abs(dx) + abs(dy));
			for (i = 0; i < BLOCK && n < least; i++)
				n += ones(a->ink[i] ^ p[i]);
			if (n < least) {
				least = n;
				best.dx = around.dx + dx;
				best.dy = around.dy + dy;
			}
		}
	best.known = 1;
	return (best);
}

/* How many places of the block differ; *OP: where B's is found. */
static int
compare_block(const struct sh_looks *a, const struct sh_looks *b, int x,
    int y, struct offset around, struct offset first, struct offset *op,
    struct sh_looks *marks)
{
	uint64_t r[BLOCK];
	struct block at;
	struct offset found;

	*op = around;
	block_of(a, x, y, &at);
	if (residue(&at, b, x, y, around, r) < DIFFERENT ||
	    differences(r, NULL, x, y) == 0)
		return (0);
	found = align(&at, b, x, y, around);
	if (abs(found.dx - first.dx) <= DRIFT && abs(found.dy - first.dy) <=
	    DRIFT) {
		*op = found;
		(void)residue(&at, b, x, y, found, r);
	}
	return (differences(r, marks, x, y));
}

/*
 * Where the block behind the one at AT begins; END: there is none.  Blocks
 * overlap by a window at least, so that no stroke is cut in two.
 */
static int
behind(int at, int end)
{
	int last = end - MARGIN - BLOCK;

	if (at == last)
		return (end);
	return (at + BLOCK - WINDOW < last ? at + BLOCK - WINDOW : last);
}

static int
compare_blocks(const struct sh_looks *a, const struct sh_looks *b,
    struct offset first, int limit, struct sh_looks *marks,
    struct sh_error *err)
{
	int cols = a->w / (BLOCK - WINDOW) + 2, x, y, i, k, found = 0;
	struct offset *above, left, o;
	uint64_t any;

	above = sh_alloc((size_t)cols, sizeof(*above), "a likeness", err);
	if (above == NULL)
		return (-1);
	for (y = MARGIN; y < a->h && found < limit; y = behind(y, a->h)) {
		left.known = 0;
		for (x = MARGIN, k = 0; x < a->w && found < limit;
		    x = behind(x, a->w), k++) {
			any = 0;
			for (i = 0; i < BLOCK; i++)
				any |= span(a, x, y + i) | span(b, x -
				    first.dx, y + i - first.dy);
			if (any == 0)
				continue;
			i = compare_block(a, b, x, y, left.known ? left :
			    above[k].known ? above[k] : first, first, &o,
			    marks);
			if (i == 0)
				above[k] = left = o;
			found += i;
		}
	}
	free(above);
	return (found < limit ? found : limit);
}

/* Where B lies on A, by where either has its ink. */
static int
lay(struct sh_looks *a, struct sh_looks *b, struct offset *op,
    struct sh_error *err)
{
	if (profile(a, err) || profile(b, err))
		return (-1);
	op->dy = best_shift(a->profile, b->profile, a->h);
	op->dx = best_shift(a->columns, b->columns, a->w);
	op->known = 1;
	return (0);
}

static int
of_one_size(const struct sh_looks *a, const struct sh_looks *b)
{
	return (abs(a->w - b->w) <= SHIFT_MAX && abs(a->h - b->h) <=
	    SHIFT_MAX);
}

int
sh_likeness_compare(struct sh_looks *l, struct sh_looks *held, int limit,
    struct sh_shift *shift, struct sh_error *err)
{
	double turn = held->angle - l->angle;
	struct offset o;
	int found;

	memset(shift, 0, sizeof(*shift));
	if (l->faint || held->faint || !of_one_size(l, held))
		return (limit);
	if (lay(l, held, &o, err))
		return (-1);
	found = compare_blocks(l, held, o, limit, NULL, err);
	/* Both were straightened about their middles. */
	shift->a = tan(turn * M_PI / 180);
	shift->b = o.dx + shift->a * -(held->h / 2);
	shift->c = o.dy + shift->a * (held->w / 2);
	return (found);
}

/* ---- places ---------------------------------------------------------------- */

/* From an upright page's pixels to the page as it was stored. */
static struct sh_box
turn_back(const struct sh_look_at *at, int32_t *w, int32_t *h)
{
	struct sh_box b = at->box, r = b;

	*w = at->orientation % 180 == 0 ? at->width_px : at->height_px;
	*h = at->orientation % 180 == 0 ? at->height_px : at->width_px;
	if (at->orientation == 180)
		r = (struct sh_box){ *w - b.x - b.w, *h - b.y - b.h, b.w,
		    b.h };
	else if (at->orientation == 90)
		r = (struct sh_box){ b.y, *h - b.x - b.w, b.h, b.w };
	else if (at->orientation == 270)
		r = (struct sh_box){ *w - b.y - b.h, b.x, b.h, b.w };
	return (r);
}

static unsigned
ink_in(const struct sh_looks *l, struct sh_box b)
{
	uint64_t v;
	unsigned n = 0;
	int x, y;

	for (y = b.y; y < b.y + b.h; y++)
		for (x = b.x; x < b.x + b.w; x += 64) {
			v = span(l, x, y);
			if (b.x + b.w - x < 64)
				v &= ((uint64_t)1 << (b.x + b.w - x)) - 1;
			n += ones(v);
		}
	return (n);
}

static enum sh_look
look_at(const struct sh_looks *l, const struct sh_looks *marks,
    const struct sh_look_at *at)
{
	double lean = tan(l->angle * M_PI / 180), x, y;
	int32_t w, h;
	struct sh_box b = turn_back(at, &w, &h), own;

	if (w <= 0 || h <= 0 || b.x < 0 || b.y < 0 || b.w <= 0 || b.h <= 0 ||
	    b.x > w - b.w || b.y > h - b.h)
		return (SH_LOOK_NOTHING);
	b.x = (int32_t)((double)b.x * l->w / w);
	b.y = (int32_t)((double)b.y * l->h / h);
	b.w = (int32_t)ceil((double)b.w * l->w / w);
	b.h = (int32_t)ceil((double)b.h * l->h / h);
	/* About its middle: words stand upright once they are straight. */
	x = b.x + b.w / 2.0;
	y = b.y + b.h / 2.0;
	own = b;
	own.x = (int32_t)lrint(b.x + lean * (y - l->h / 2));
	own.y = (int32_t)lrint(b.y - lean * (x - l->w / 2));
	b = (struct sh_box){ own.x - AROUND, own.y - AROUND, own.w + 2 *
	    AROUND, own.h + 2 * AROUND };
	if (b.x < MARGIN || b.y < MARGIN || b.x + b.w > l->w - MARGIN ||
	    b.y + b.h > l->h - MARGIN || (int64_t)ink_in(l, own) * INKED <
	    (int64_t)own.w * own.h)
		return (SH_LOOK_NOTHING);
	return (ink_in(marks, b) > 0 ? SH_LOOK_DIFFERENT : SH_LOOK_SAME);
}

int
sh_likeness_look(struct sh_looks *l, struct sh_looks *held,
    struct sh_look_at *at, size_t n, struct sh_error *err)
{
	struct sh_looks *marks;
	struct offset o;
	size_t i;
	int rc = -1;

	for (i = 0; i < n; i++)
		at[i].look = SH_LOOK_NOTHING;
	if (!of_one_size(l, held))
		return (0);
	if ((marks = sh_likeness_empty(l->w, l->h, err)) == NULL)
		return (-1);
	if (lay(l, held, &o, err) == 0 && compare_blocks(l, held, o, INT_MAX,
	    marks, err) >= 0) {
		for (i = 0; i < n; i++)
			at[i].look = look_at(l, marks, &at[i]);
		rc = 0;
	}
	sh_likeness_free(marks);
	return (rc);
}
