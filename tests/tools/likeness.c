/*
 * Do two captures show one sheet?
 *
 *	likeness FILE FILE ...
 *	likeness --digits FILE CAPTURE X Y W H N DIGITS
 *
 * Compares each file with the first; prints the places that differ (0: the
 * same sheet), the bytes that are kept of it and the CPU milliseconds of
 * making and comparing.
 *
 * With --digits: the N DIGITS, of one width, stand in the box of CAPTURE, another
 * capture of FILE's sheet.  Each in turn becomes each other one, in pixels:
 * never the same sheet, and the box never looks the same.  Prints how many
 * were tried and how many were not seen on the page and in the box; the exit
 * status is 1 when there was one in the box.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/fs.h"
#include "ocr/image.h"
#include "ocr/likeness.h"
#include "tests/unit/test.h"

#define PLACES_MAX	1000

static void
decode(const char *path, struct sh_image_page *p)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_buf b = SH_BUF_INIT;
	struct sh_image *im;
	uint32_t page;

	must(sh_fs_read(path, (size_t)1 << 30, &b, &err));
	must(sh_image_open(b.data, b.len, &im, &err));
	assert_int_equal(sh_image_next(im, p, &page, &err), 1);
	sh_image_close(im);
	sh_buf_free(&b);
}

static struct sh_looks *
likeness(const struct sh_pixels *px)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_looks *l;

	must(sh_likeness_new(px->data, px->width_px, px->height_px,
	    px->channels, px->dpi_x, px->dpi_y, px->exif_orientation, &l,
	    &err));
	return (l);
}

static struct sh_looks *
load(const char *path, double *spent)
{
	struct sh_image_page p;
	struct sh_looks *l;
	double at;

	decode(path, &p);
	at = sh_cpu_seconds();
	l = likeness(&p.pixels);
	*spent = 1000 * (sh_cpu_seconds() - at);
	sh_image_page_clear(&p);
	return (l);
}

/* ---- digits ---------------------------------------------------------------- */

struct place {
	int x, y, w, h;
};

static uint8_t *
pixel(const struct sh_pixels *px, int x, int y)
{
	return (px->data + ((size_t)y * (size_t)px->width_px + (size_t)x) *
	    (size_t)px->channels);
}

/* From the first column with ink in the box to the last. */
static void
shrink(const struct sh_pixels *px, struct place *b)
{
	int x, y, first = -1, last = b->x;

	for (x = b->x; x < b->x + b->w; x++)
		for (y = b->y; y < b->y + b->h; y++)
			if (pixel(px, x, y)[0] < 120) {
				first = first < 0 ? x : first;
				last = x;
			}
	b->x = first;
	b->w = last - first + 1;
}

/* Columns from FROM become those from TO; both are as wide as W. */
static void
copy_columns(const struct sh_pixels *px, const struct place *b, int w,
    int from, int to, uint8_t *kept, int restore)
{
	size_t bytes = (size_t)w * (size_t)px->channels;
	int y;

	for (y = 0; y < b->h; y++) {
		uint8_t *at = pixel(px, to, b->y + y);

		if (restore) {
			memcpy(at, kept + (size_t)y * bytes, bytes);
			continue;
		}
		memcpy(kept + (size_t)y * bytes, at, bytes);
		memmove(at, pixel(px, from, b->y + y), bytes);
	}
}

static int
try_digits(char **argv)
{
	struct sh_error err = SH_ERROR_INIT;
	struct place b = { atoi(argv[2]), atoi(argv[3]), atoi(argv[4]),
	    atoi(argv[5]) };
	int n = atoi(argv[6]), i, k, w, places, tried = 0, same = 0;
	int least = PLACES_MAX, unseen = 0;
	struct sh_look_at at;
	struct sh_looks *held, *l;
	struct sh_image_page p;
	struct sh_shift shift;
	uint8_t *kept;
	double spent, step;

	held = load(argv[0], &spent);
	decode(argv[1], &p);
	assert_true(b.x >= 0 && b.y >= 0 && b.w > n && b.h > 0 && n > 1 &&
	    b.x + b.w <= p.pixels.width_px && b.y + b.h <=
	    p.pixels.height_px);
	l = likeness(&p.pixels);
	must_ptr(held);
	must_ptr(l);
	shrink(&p.pixels, &b);
	at = (struct sh_look_at){ .box = { b.x, b.y, b.w, b.h }, .width_px =
	    p.pixels.width_px, .height_px = p.pixels.height_px };
	must(sh_likeness_look(l, held, &at, 1, &err));
	(void)printf("%s: %d places, the box %d; ", argv[1],
	    sh_likeness_compare(l, held, PLACES_MAX, &shift, &err), at.look);
	sh_likeness_free(l);
	step = b.w / (n - 0.1);
	w = (int)step;
	must_ptr(kept = malloc((size_t)w * (size_t)b.h * 3));
	for (i = 0; i < n; i++)
		for (k = 0; k < n; k++) {
			if (argv[7][i] == argv[7][k])
				continue;
			copy_columns(&p.pixels, &b, w, b.x + (int)(k * step),
			    b.x + (int)(i * step), kept, 0);
			l = likeness(&p.pixels);
			places = sh_likeness_compare(l, held, PLACES_MAX,
			    &shift, &err);
			must(sh_likeness_look(l, held, &at, 1, &err));
			sh_likeness_free(l);
			copy_columns(&p.pixels, &b, w, 0, b.x +
			    (int)(i * step), kept, 1);
			tried++;
			same += places == 0;
			unseen += at.look == SH_LOOK_SAME;
			least = places < least ? places : least;
			if (at.look == SH_LOOK_SAME)
				(void)printf("%c for %c is not seen; ",
				    argv[7][k], argv[7][i]);
		}
	(void)printf("%d digits changed, %d not seen on the page, %d in the "
	    "box, %d places at least\n", tried, same, unseen, least);
	free(kept);
	sh_likeness_free(held);
	sh_image_page_clear(&p);
	return (unseen > 0);
}

int
main(int argc, char **argv)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_looks *first = NULL, *l;
	struct sh_shift shift;
	double made, at;
	int i, n;

	if (argc == 10 && strcmp(argv[1], "--digits") == 0)
		return (try_digits(argv + 2));
	for (i = 1; i < argc; i++) {
		struct sh_buf kept = SH_BUF_INIT;

		if ((l = load(argv[i], &made)) == NULL) {
			(void)printf("%s: none\n", argv[i]);
			continue;
		}
		must(sh_likeness_pack(l, &kept, &err));
		if (first == NULL) {
			(void)printf("%s: %zu bytes, made in %.0f ms\n",
			    argv[i], kept.len, made);
			first = l;
		} else {
			at = sh_cpu_seconds();
			n = sh_likeness_compare(l, first, PLACES_MAX, &shift,
			    &err);
			(void)printf("%s: %d places, %zu bytes, made in %.0f "
			    "ms, compared in %.0f ms\n", argv[i], n, kept.len,
			    made, 1000 * (sh_cpu_seconds() - at));
			sh_likeness_free(l);
		}
		sh_buf_free(&kept);
	}
	sh_likeness_free(first);
	return (0);
}
