#include "ocr/clean.h"

#include <allheaders.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "ocr/page.h"
#include "ocr/turn.h"

#define WIDE_PX		1000	/* of a wider raster a sample is counted */

int
sh_clean_check(const struct sh_pixels *px, struct sh_error *err)
{
	if (px->data == NULL || px->width_px < 1 || px->height_px < 1 ||
	    (px->channels != 1 && px->channels != 3) ||
	    px->exif_orientation < 1 || px->exif_orientation > 8)
		return (sh_error_set(err, SH_EARG, "raster.shape",
		    "raster of %dx%d px, %d channels, EXIF turn %d",
		    px->width_px, px->height_px, px->channels,
		    px->exif_orientation));
	if (px->width_px > SH_IMAGE_SIDE_MAX ||
	    px->height_px > SH_IMAGE_SIDE_MAX ||
	    (int64_t)px->width_px * px->height_px > SH_IMAGE_PIXELS_MAX) {
		sh_error_param(err, "value", "%dx%d", px->width_px,
		    px->height_px);
		return (sh_error_set(err, SH_ELIMIT, "raster.too-large",
		    "raster of %dx%d px; limit %d a side, %d in all",
		    px->width_px, px->height_px, SH_IMAGE_SIDE_MAX,
		    SH_IMAGE_PIXELS_MAX));
	}
	return (0);
}

/* Where the upright pixel x, y is found, in a stored raster of W x H. */
static void
find_stored(unsigned turn, int32_t w, int32_t h, int32_t x, int32_t y,
    int32_t *sx, int32_t *sy)
{
	*sx = turn & SH_TURN_SWAP ? y : x;
	*sy = turn & SH_TURN_SWAP ? x : y;
	if (turn & SH_TURN_MIRROR_X)
		*sx = w - 1 - *sx;
	if (turn & SH_TURN_MIRROR_Y)
		*sy = h - 1 - *sy;
}

/* COUNT pixels of N bytes, 1 or 3, STEP bytes apart. */
static void
turn_run(const uint8_t *from, ptrdiff_t step, size_t n, uint8_t *to,
    int32_t count)
{
	for (; count > 0; count--, from += step, to += n) {
		to[0] = from[0];
		if (n == 1)
			continue;
		to[1] = from[1];
		to[2] = from[2];
	}
}

int
sh_clean_turn(const struct sh_pixels *px, int exif_orientation, int degrees,
    struct sh_pixels *out, struct sh_error *err)
{
	enum { TILE = 64 };	/* tiles stay in the cache */
	unsigned turn = sh_turn_of(exif_orientation, degrees);
	size_t n = (size_t)px->channels, row;
	int32_t x, y, tx, ty, sx, sy;
	ptrdiff_t step;		/* from pixel to pixel of a turned row */

	*out = *px;
	out->exif_orientation = 1;
	if (turn & SH_TURN_SWAP) {
		out->width_px = px->height_px;
		out->height_px = px->width_px;
		out->dpi_x = px->dpi_y;
		out->dpi_y = px->dpi_x;
	}
	row = (size_t)out->width_px * n;
	out->data = sh_alloc((size_t)out->height_px, row, "a raster", err);
	if (out->data == NULL)
		return (-1);
	step = turn & SH_TURN_SWAP ? (turn & SH_TURN_MIRROR_Y ? -1 : 1) *
	    (ptrdiff_t)px->width_px : (turn & SH_TURN_MIRROR_X ? -1 : 1);
	step *= (ptrdiff_t)n;
	for (ty = 0; ty < out->height_px; ty += TILE)
		for (tx = 0; tx < out->width_px; tx += TILE)
			for (y = ty; y < ty + TILE && y < out->height_px;
			    y++) {
				find_stored(turn, px->width_px,
				    px->height_px, tx, y, &sx, &sy);
				x = tx + TILE < out->width_px ? TILE :
				    out->width_px - tx;
				turn_run(px->data + ((size_t)sy * (size_t)
				    px->width_px + (size_t)sx) * n, step, n,
				    out->data + (size_t)y * row + (size_t)tx *
				    n, x);
			}
	return (0);
}

int
sh_clean_square(const struct sh_pixels *px, struct sh_pixels *out,
    struct sh_error *err)
{
	double dpi = fmax(px->dpi_x, px->dpi_y);
	double w = px->width_px * dpi / px->dpi_x;
	double h = px->height_px * dpi / px->dpi_y;
	size_t n = (size_t)px->channels;
	int32_t x, y, sx, sy;

	*out = *px;
	out->data = NULL;
	if (w > SH_IMAGE_SIDE_MAX || h > SH_IMAGE_SIDE_MAX ||
	    w * h > SH_IMAGE_PIXELS_MAX)
		return (sh_error_set(err, SH_ELIMIT, "raster.too-large",
		    "raster of %.0fx%.0f px once its pixels are square", w,
		    h));
	out->width_px = (int32_t)lround(w);
	out->height_px = (int32_t)lround(h);
	out->dpi_x = out->dpi_y = dpi;
	out->data = sh_alloc((size_t)out->height_px, (size_t)out->width_px *
	    n, "a raster", err);
	if (out->data == NULL)
		return (-1);
	for (y = 0; y < out->height_px; y++) {
		sy = (int32_t)((int64_t)y * px->height_px / out->height_px);
		for (x = 0; x < out->width_px; x++) {
			sx = (int32_t)((int64_t)x * px->width_px /
			    out->width_px);
			memcpy(out->data + ((size_t)y *
			    (size_t)out->width_px + (size_t)x) * n,
			    px->data + ((size_t)sy * (size_t)px->width_px +
			    (size_t)sx) * n, n);
		}
	}
	return (0);
}

struct Pix *
sh_clean_grey(const struct sh_pixels *px, struct sh_error *err)
{
	size_t w = (size_t)px->width_px, x;
	struct Pix *g;
	l_uint32 *words;
	int32_t y, wpl;

	if ((g = pixCreateNoInit(px->width_px, px->height_px, 8)) == NULL) {
		(void)sh_error_nomem(err, "a raster");
		return (NULL);
	}
	words = pixGetData(g);
	wpl = pixGetWpl(g);
	for (y = 0; y < px->height_px; y++) {
		const uint8_t *s = px->data + (size_t)y * w *
		    (size_t)px->channels;
		uint8_t *d = (uint8_t *)(words + (size_t)y * (size_t)wpl);

		if (px->channels == 1)
			memcpy(d, s, w);
		else
			for (x = 0; x < w; x++, s += 3)
				d[x] = (uint8_t)((77 * s[0] + 150 * s[1] +
				    29 * s[2]) >> 8);
		memset(d + w, 255, (size_t)wpl * 4 - w);
	}
	/* Leptonica keeps the first pixel in a word's high byte. */
	(void)pixEndianByteSwap(g);
	return (g);
}

/* Room for the turned page around it, filled with its paper. */
static struct Pix *
embed(struct Pix *grey, double radians, int *leftp, int *topp)
{
	double w = pixGetWidth(grey), h = pixGetHeight(grey);
	double s = fabs(sin(radians)), c = fabs(cos(radians));
	int wide = (int)ceil(w * c + h * s), high = (int)ceil(w * s + h * c);
	struct Pix *out;

	*leftp = wide > w ? (wide - (int)w) / 2 : 0;
	*topp = high > h ? (high - (int)h) / 2 : 0;
	out = pixCreate((int)w + 2 * *leftp, (int)h + 2 * *topp, 8);
	if (out == NULL || pixSetAllArbitrary(out, 255) != 0 ||
	    pixRasterop(out, *leftp, *topp, (int)w, (int)h, PIX_SRC, grey, 0,
	    0) != 0)
		pixDestroy(&out);
	return (out);
}

int
sh_clean_straighten(struct Pix **greyp, double scale_x, double scale_y,
    double lean_deg, struct sh_view *view, struct sh_error *err)
{
	double r = -lean_deg * M_PI / 180, s, c, cx, cy;
	struct Pix *next, *room;
	int left, top;

	*view = (struct sh_view){ 1, 0, 0, 0, 1, 0 };
	if (scale_x != 1 || scale_y != 1) {
		next = pixScale(*greyp, (float)scale_x, (float)scale_y);
		if (next == NULL)
			return (sh_error_nomem(err, "a raster"));
		/* Whole pixels came out: take the scale from them. */
		view->a = (double)pixGetWidth(*greyp) / pixGetWidth(next);
		view->e = (double)pixGetHeight(*greyp) / pixGetHeight(next);
		pixDestroy(greyp);
		*greyp = next;
	}
	if (lean_deg == 0)
		return (0);
	if ((room = embed(*greyp, r, &left, &top)) == NULL)
		return (sh_error_nomem(err, "a raster"));
	next = pixRotateAMGray(room, (float)r, 255);
	/* Leptonica turns about the middle pixel, clockwise for r > 0. */
	cx = pixGetWidth(room) / 2;
	cy = pixGetHeight(room) / 2;
	pixDestroy(&room);
	if (next == NULL)
		return (sh_error_nomem(err, "a raster"));
	pixDestroy(greyp);
	*greyp = next;
	s = sin(r);
	c = cos(r);
	view->c = view->a * (cx - c * cx - s * cy - left);
	view->f = view->e * (cy + s * cx - c * cy - top);
	view->b = view->a * s;
	view->a *= c;
	view->d = -view->e * s;
	view->e *= c;
	return (0);
}

/* What of GREY shows the box of the page; NULL: nothing, or no memory. */
static struct Box *
find_box(struct Pix *grey, const struct sh_view *v, const struct sh_box *b)
{
	double det = v->a * v->e - v->b * v->d, x, y, u, w;
	double u0 = pixGetWidth(grey), w0 = pixGetHeight(grey), u1 = 0, w1 = 0;
	int i;

	for (i = 0; i < 4; i++) {
		x = b->x + (i & 1 ? b->w : 0) - v->c;
		y = b->y + (i & 2 ? b->h : 0) - v->f;
		u = (v->e * x - v->b * y) / det;
		w = (v->a * y - v->d * x) / det;
		u0 = fmin(u0, u);
		w0 = fmin(w0, w);
		u1 = fmax(u1, u);
		w1 = fmax(w1, w);
	}
	u0 = floor(fmax(u0, 0));
	w0 = floor(fmax(w0, 0));
	u1 = ceil(fmin(u1, pixGetWidth(grey)));
	w1 = ceil(fmin(w1, pixGetHeight(grey)));
	return (u1 <= u0 || w1 <= w0 ? NULL : boxCreate((int)u0, (int)w0,
	    (int)(u1 - u0), (int)(w1 - w0)));
}

struct Pix *
sh_view_cut(struct Pix *grey, const struct sh_view *v,
    const struct sh_box *box, struct sh_view *out, struct sh_error *err)
{
	struct Box *b = find_box(grey, v, box);
	struct Pix *cut = b != NULL ? pixClipRectangle(grey, b, NULL) : NULL;
	int x, y;

	if (cut == NULL) {
		boxDestroy(&b);
		(void)sh_error_nomem(err, "a raster");
		return (NULL);
	}
	boxGetGeometry(b, &x, &y, NULL, NULL);
	boxDestroy(&b);
	*out = *v;
	out->c += v->a * x + v->b * y;
	out->f += v->d * x + v->e * y;
	return (cut);
}

void
sh_view_clear(struct Pix *grey, const struct sh_view *v,
    const struct sh_box *box, int level)
{
	struct Box *b = find_box(grey, v, box);

	if (b != NULL)
		(void)pixSetInRectArbitrary(grey, b, (l_uint32)level);
	boxDestroy(&b);
}

int
sh_clean_paper_level(struct Pix *grey)
{
	struct Numa *h = pixGetGrayHistogram(grey, pixGetWidth(grey) >
	    WIDE_PX ? 8 : 1);
	int i, n, most = 0, level = 255;

	for (i = 128; h != NULL && i < 256; i++)
		if (numaGetIValue(h, i, &n) == 0 && n > most) {
			most = n;
			level = i;
		}
	numaDestroy(&h);
	return (level);
}
