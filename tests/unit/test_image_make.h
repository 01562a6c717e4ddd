/*
 * What the decoder tests share: a picture that has no symmetry, so that a
 * turn, a mirror or a swapped channel shows; one call that decodes a file
 * in memory.
 */
#ifndef SH_TESTS_IMAGE_MAKE_H
#define SH_TESTS_IMAGE_MAKE_H

#include "tests/unit/test.h"

#include "base/mem.h"
#include "ocr/image_internal.h"

/* Smooth enough for JPEG, different in each channel. */
static inline uint8_t
picture(int x, int y, int c, int w, int h)
{
	int v = c == 0 ? 255 * x / w : c == 1 ? 255 * y / h :
	    255 * (x + y) / (w + h);

	return ((uint8_t)(x < w / 4 && y < h / 4 ? 255 - v : v));
}

/* A bilevel picture with edges everywhere. */
static inline int
is_ink(int x, int y)
{
	return ((x * 7 + y * 13) % 31 < 9 || (x > 20 && x < 30));
}

struct decoded {
	struct sh_image_page page;
	struct sh_error err;
	int rc;			/* of the first page; -2: not opened */
	uint32_t npages;
};

static inline void
decode(const void *data, size_t len, struct decoded *d)
{
	struct sh_image *im;
	uint32_t n;

	memset(d, 0, sizeof(*d));
	d->rc = -2;
	if (sh_image_open(data, len, &im, &d->err))
		return;
	d->npages = sh_image_npages(im);
	d->rc = sh_image_next(im, &d->page, &n, &d->err);
	sh_image_close(im);
}

static inline void
decode_ok(const void *data, size_t len, struct decoded *d)
{
	decode(data, len, d);
	if (d->rc != 1)
		fail_msg("decode: [%s] %s", d->err.key, d->err.text);
}

static inline void
decode_refused(const void *data, size_t len, const char *key)
{
	struct decoded d;

	decode(data, len, &d);
	if (d.rc >= 0)
		fail_msg("decoded, expected %s", key);
	if (strcmp(d.err.key, key) != 0)
		fail_msg("[%s] %s, expected %s", d.err.key, d.err.text, key);
}

/* Largest difference of two pictures of one size. */
static inline int
distance(const struct sh_pixels *a, const struct sh_pixels *b)
{
	size_t n, i;
	int worst = 0, d;

	assert_int_equal(a->width_px, b->width_px);
	assert_int_equal(a->height_px, b->height_px);
	assert_int_equal(a->channels, b->channels);
	n = (size_t)a->width_px * (size_t)a->height_px * (size_t)a->channels;
	for (i = 0; i < n; i++) {
		d = abs(a->data[i] - b->data[i]);
		worst = d > worst ? d : worst;
	}
	return (worst);
}

static inline void
make_picture(struct sh_pixels *px, int w, int h, int channels)
{
	struct sh_error err = SH_ERROR_INIT;
	int x, y, c;

	memset(px, 0, sizeof(*px));
	must(sh_pixels_new(px, w, h, channels, &err));
	for (y = 0; y < h; y++)
		for (x = 0; x < w; x++)
			for (c = 0; c < channels; c++)
				px->data[(y * w + x) * channels + c] =
				    picture(x, y, c, w, h);
}

static inline void
make_ink(struct sh_pixels *px, int w, int h)
{
	struct sh_error err = SH_ERROR_INIT;
	int x, y;

	memset(px, 0, sizeof(*px));
	must(sh_pixels_new(px, w, h, 1, &err));
	for (y = 0; y < h; y++)
		for (x = 0; x < w; x++)
			px->data[y * w + x] = is_ink(x, y) ? 0 : 255;
}

/* The coded image decoded again: what a PDF reader will show. */
static inline void
decode_coded(const struct sh_image_page *p, struct sh_image_page *out)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_fax fax = { .k = -1, .width_px = p->coded_width_px,
	    .height_px = p->coded_height_px };

	memset(out, 0, sizeof(*out));
	if (p->coding == SH_IMAGE_G4)
		must(sh_fax_page(&fax, p->coded.data, p->coded.len, out,
		    &err));
	else
		must(sh_jpeg_page(p->coded.data, p->coded.len, out, &err));
}

#endif
