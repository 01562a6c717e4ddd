#include "ocr/pen.h"

#define DARKER	40	/* than paper: ink */
#define BLUER	30	/* than red: blue or violet */
#define INK_MIN	30	/* pixels: a word, not a comma */

static int
is_penned(const struct sh_pixels *px, int32_t x0, int32_t y0, int32_t x1,
    int32_t y1, int paper_level)
{
	uint32_t ink = 0, blue = 0;
	int32_t x, y;

	for (y = y0; y < y1; y++)
		for (x = x0; x < x1; x++) {
			const uint8_t *c = px->data + ((size_t)y *
			    (size_t)px->width_px + (size_t)x) * 3;
			int grey = (77 * c[0] + 150 * c[1] + 29 * c[2]) >> 8;

			if (grey > paper_level - DARKER)
				continue;
			ink++;
			blue += c[2] - c[0] > BLUER && c[2] >= c[1];
		}
	return (ink >= INK_MIN && blue * 2 > ink);
}

static int32_t
within(double v, int32_t hi)
{
	return (v < 0 ? 0 : v > hi ? hi : (int32_t)v);
}

void
sh_pen_find(const struct sh_pixels *px, double scale_x, double scale_y,
    int paper_level, struct sh_page *p)
{
	size_t i;

	for (i = 0; px->channels == 3 && i < p->nwords; i++) {
		const struct sh_box *b = &p->words[i].box;

		p->words[i].penned = is_penned(px,
		    within(b->x / scale_x, px->width_px),
		    within(b->y / scale_y, px->height_px),
		    within((b->x + b->w) / scale_x, px->width_px),
		    within((b->y + b->h) / scale_y, px->height_px),
		    paper_level);
	}
}

/* Does the middle of B lie in A? */
static int
has_middle(const struct sh_box *a, const struct sh_box *b)
{
	int32_t x = b->x + b->w / 2 - a->x, y = b->y + b->h / 2 - a->y;

	return (x >= 0 && x < a->w && y >= 0 && y < a->h);
}

int
sh_pen_wrote(const struct sh_page *p, struct sh_box box)
{
	uint32_t words = 0, penned = 0;
	size_t i;

	for (i = 0; i < p->nwords; i++) {
		const struct sh_box *b = &p->words[i].box;

		/* "2012" out of "02/6/2012" is a part of its word. */
		if (!has_middle(&box, b) && !has_middle(b, &box))
			continue;
		words++;
		penned += p->words[i].penned != 0;
	}
	return (penned * 2 > words);
}
