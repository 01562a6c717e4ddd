#include "ocr/quality.h"

#include <allheaders.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK		32	/* side of a block of paper, px */
#define BLOCKS_MAX	16384

/* A scan with more lone pixels or more roughness than print ever has. */
#define LONE_E5		100
#define ROUGHNESS_E1	80

static int
compare_int(const void *a, const void *b)
{
	const int *x = a, *y = b;

	return ((*x > *y) - (*x < *y));
}

/* Brightest pixel of each block, on every fourth row and column. */
static void
measure_paper(struct Pix *grey, struct sh_quality *q)
{
	static int level[BLOCKS_MAX];
	int w = pixGetWidth(grey), h = pixGetHeight(grey), n = 0, x, y, i, j;
	int wpl = pixGetWpl(grey), side = BLOCK, top, v;
	const l_uint32 *line;

	while ((w / side + 1) * (h / side + 1) > BLOCKS_MAX)
		side *= 2;
	for (y = 0; y < h; y += side)
		for (x = 0; x < w; x += side) {
			top = 0;
			for (i = y; i < y + side && i < h; i += 4) {
				line = pixGetData(grey) +
				    (size_t)i * (size_t)wpl;
				for (j = x; j < x + side && j < w; j += 4) {
					v = GET_DATA_BYTE(line, j);
					if (v > top)
						top = v;
				}
			}
			level[n++] = top;
		}
	qsort(level, (size_t)n, sizeof(level[0]), compare_int);
	q->paper_level = level[n / 2];
	q->paper_spread = level[n * 19 / 20] - level[n / 20];
}

/* The level that SHARE (in 1e-4) of the pixels do not pass. */
static int
rank_level(const uint32_t count[256], uint64_t total, unsigned share)
{
	uint64_t sum = 0;
	int i;

	for (i = 0; i < 255; i++) {
		sum += count[i];
		if (sum * 10000 >= total * share && sum > 0)
			break;
	}
	return (i);
}

/* The histogram, on every fourth row. */
static void
measure_levels(struct Pix *grey, struct sh_quality *q)
{
	uint32_t count[256] = { 0 };
	uint64_t total = 0, dark = 0;
	int w = pixGetWidth(grey), h = pixGetHeight(grey), x, y;
	int wpl = pixGetWpl(grey);

	for (y = 0; y < h; y += 4) {
		const l_uint32 *line = pixGetData(grey) +
		    (size_t)y * (size_t)wpl;

		for (x = 0; x < w; x++)
			count[GET_DATA_BYTE(line, x)]++;
		total += (uint64_t)w;
	}
	q->two_level = (uint64_t)count[0] + count[255] == total;
	q->median_level = rank_level(count, total, 5000);
	q->ink_level = rank_level(count, total, 100);
	q->faint_level = rank_level(count, total, 20);
	for (x = 0; x < 90; x++)
		dark += count[x];
	q->dark_e3 = (int)(dark * 1000 / total);
}

/* Noise, on every sixteenth row. */
static void
measure_noise(struct Pix *grey, struct sh_quality *q)
{
	uint64_t total = 0, rough = 0, lone = 0;
	int w = pixGetWidth(grey), h = pixGetHeight(grey), x, y;
	int wpl = pixGetWpl(grey);

	for (y = 8; y + 1 < h; y += 16) {
		const l_uint32 *b = pixGetData(grey) +
		    (size_t)y * (size_t)wpl, *a = b - wpl, *c = b + wpl;

		for (x = 1; x + 1 < w; x++) {
			int v = GET_DATA_BYTE(b, x);
			int n1 = GET_DATA_BYTE(a, x), n2 =
			    GET_DATA_BYTE(b, x - 1), n3 =
			    GET_DATA_BYTE(b, x + 1), n4 = GET_DATA_BYTE(c, x);
			int sum = v + n1 + n2 + n3 + n4 +
			    GET_DATA_BYTE(a, x - 1) +
			    GET_DATA_BYTE(a, x + 1) +
			    GET_DATA_BYTE(c, x - 1) + GET_DATA_BYTE(c, x + 1);

			rough += (uint64_t)abs(9 * v - sum);
			lone += (v + 60 < n1 && v + 60 < n2 && v + 60 < n3 &&
			    v + 60 < n4) || (v > n1 + 60 && v > n2 + 60 &&
			    v > n3 + 60 && v > n4 + 60);
			total++;
		}
	}
	if (total == 0)
		return;
	q->roughness_e1 = (int)(rough * 10 / 9 / total);
	q->lone_e5 = (int)(lone * 100000 / total);
}

/*
 * The hundredth part of all pixels with the steepest change along the row,
 * by the page's contrast, on every sixteenth row.
 */
static void
measure_sharpness(struct Pix *grey, struct sh_quality *q)
{
	uint32_t count[256] = { 0 };
	uint64_t total = 0, sum = 0;
	int w = pixGetWidth(grey), h = pixGetHeight(grey), x, y, d;
	int wpl = pixGetWpl(grey), contrast = q->median_level - q->faint_level;

	for (y = 8; y < h; y += 16) {
		const l_uint32 *b = pixGetData(grey) +
		    (size_t)y * (size_t)wpl;

		for (x = 2; x < w; x++)
			count[abs(GET_DATA_BYTE(b, x) -
			    GET_DATA_BYTE(b, x - 2))]++;
		total += (uint64_t)(w > 2 ? w - 2 : 0);
	}
	for (d = 255; d > 0 && sum * 100 < total; d--)
		sum += count[d];
	q->sharpness_e2 = contrast > 0 ? (d + 1) * 100 / contrast : 0;
}

/* Saturated pixels, on every eighth row and column. */
static void
measure_colour(const struct sh_pixels *px, struct sh_quality *q)
{
	uint64_t total = 0, found = 0;
	int32_t x, y;

	if (px->channels != 3)
		return;
	for (y = 0; y < px->height_px; y += 8) {
		const uint8_t *s = px->data +
		    (size_t)y * (size_t)px->width_px * 3;

		for (x = 0; x < px->width_px; x += 8, s += 24) {
			int hi = s[0] > s[1] ? s[0] : s[1];
			int lo = s[0] < s[1] ? s[0] : s[1];

			if (s[2] > hi)
				hi = s[2];
			if (s[2] < lo)
				lo = s[2];
			found += hi > 90 && hi - lo > 60;
			total++;
		}
	}
	q->colour_e5 = (int)(found * 100000 / total);
}

void
sh_quality_measure(const struct sh_pixels *px, struct Pix *grey,
    struct sh_quality *q)
{
	memset(q, 0, sizeof(*q));
	measure_paper(grey, q);
	measure_levels(grey, q);
	measure_noise(grey, q);
	measure_sharpness(grey, q);
	measure_colour(px, q);
}

int
sh_quality_is_noise(const struct sh_quality *q)
{
	/* Random levels give 10,500, a tenth of salt and pepper 6,600. */
	return (q->lone_e5 > (q->two_level ? 5000 : 9000));
}

int
sh_quality_is_grainy(const struct sh_quality *q)
{
	return (!q->two_level && (q->lone_e5 > LONE_E5 ||
	    q->roughness_e1 > ROUGHNESS_E1));
}

int
sh_quality_record(const struct sh_quality *q, struct sh_page *p,
    struct sh_error *err)
{
	if (sh_page_set_measure(p, "paper_level", q->paper_level, err) ||
	    sh_page_set_measure(p, "paper_spread_levels", q->paper_spread,
	    err) ||
	    sh_page_set_measure(p, "contrast_levels",
	    q->median_level - q->ink_level, err) ||
	    sh_page_set_measure(p, "dark_e3", q->dark_e3, err) ||
	    sh_page_set_measure(p, "roughness_levels_e1", q->roughness_e1,
	    err) ||
	    sh_page_set_measure(p, "lone_e5", q->lone_e5, err) ||
	    sh_page_set_measure(p, "colour_e5", q->colour_e5, err) ||
	    sh_page_set_measure(p, "sharpness_e2", q->sharpness_e2, err))
		return (-1);
	return (0);
}
