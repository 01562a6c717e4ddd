/* Source: netpbm.sourceforge.net/doc, pbm(5), pgm(5), ppm(5), raw forms. */
#include "ocr/image_internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define HEADER_MAX	4096	/* bytes, comments too */

struct header {
	char kind;		/* '4' bits, '5' grey, '6' colour */
	int64_t width_px, height_px;
	int64_t maxval;
	size_t at;		/* of the first row */
};

static int
is_space(uint8_t c)
{
	return (c == ' ' || c == '\t' || c == '\r' || c == '\n');
}

/* One decimal number behind white space and comments; -1 when it is none. */
static int64_t
read_number(const uint8_t *p, size_t len, size_t *atp)
{
	size_t at = *atp;
	int64_t v = 0;
	int digits = 0;

	for (; at < len; at++) {
		if (p[at] == '#') {
			while (at < len && p[at] != '\n')
				at++;
			if (at == len)
				return (-1);
		} else if (!is_space(p[at])) {
			break;
		}
	}
	for (; at < len && p[at] >= '0' && p[at] <= '9'; at++) {
		if (++digits > 9)
			return (-1);
		v = v * 10 + (p[at] - '0');
	}
	*atp = at;
	return (digits > 0 ? v : -1);
}

static int
read_header(const uint8_t *p, size_t len, struct header *h)
{
	size_t bound = len < HEADER_MAX ? len : HEADER_MAX;

	h->kind = (char)p[1];
	h->at = 2;
	h->width_px = read_number(p, bound, &h->at);
	h->height_px = read_number(p, bound, &h->at);
	h->maxval = h->kind == '4' ? 1 : read_number(p, bound, &h->at);
	if (h->width_px < 0 || h->height_px < 0 || h->maxval < 1 ||
	    h->maxval > 65535)
		return (-1);
	/* Exactly one white space, then the rows. */
	if (h->at >= bound || !is_space(p[h->at]))
		return (-1);
	h->at++;
	return (0);
}

static void
unpack_row(const struct header *h, const uint8_t *src, size_t n, uint8_t *dst)
{
	uint32_t max = (uint32_t)h->maxval, v;
	size_t i;

	if (h->kind == '4') {
		for (i = 0; i < n; i++)
			dst[i] = src[i / 8] >> (7 - i % 8) & 1 ? 0 : 255;
		return;
	}
	if (max == 255) {
		memcpy(dst, src, n);
		return;
	}
	for (i = 0; i < n; i++) {
		v = max < 256 ? src[i] :
		    (uint32_t)src[2 * i] << 8 | src[2 * i + 1];
		dst[i] = v >= max ? 255 :
		    (uint8_t)((v * 255 + max / 2) / max);
	}
}

static int
pnm_page(struct sh_image *im, struct sh_image_page *out,
    struct sh_error *err)
{
	struct sh_span all = { im->data, im->len };
	struct header h;
	size_t stride, samples, y, need, tail;

	if (read_header(im->data, im->len, &h))
		return (sh_error_set(err, SH_EFORMAT, "image.damaged",
		    "PNM header is not well formed"));
	if (sh_image_check_size(h.width_px, h.height_px, err))
		return (-1);
	samples = (size_t)h.width_px * (h.kind == '6' ? 3 : 1);
	stride = h.kind == '4' ? (samples + 7) / 8 :
	    samples * (h.maxval < 256 ? 1 : 2);
	need = stride * (size_t)h.height_px;
	if (im->len - h.at < need)
		return (sh_error_set(err, SH_EFORMAT, "image.truncated",
		    "PNM: %zu bytes of pixels, %zu expected", im->len - h.at,
		    need));
	for (tail = h.at + need; tail < im->len; tail++)
		if (!is_space(im->data[tail]))
			return (sh_error_set(err, SH_EUNSUPPORTED,
			    "image.samples",
			    "PNM with something behind its first image"));
	if (sh_pixels_new(&out->pixels, h.width_px, h.height_px,
	    h.kind == '6' ? 3 : 1, err))
		return (-1);
	for (y = 0; y < (size_t)h.height_px; y++)
		unpack_row(&h, im->data + h.at + y * stride, samples,
		    out->pixels.data + y * samples);
	/* pdftoppm writes every page in colour. */
	if (sh_image_drop_colour(&out->pixels, err) ||
	    sh_image_code(out, h.kind == '4', err))
		return (-1);
	return (sh_image_digest("pnm", &all, 1, &out->digest, err));
}

const struct sh_image_decoder sh_image_pnm = {
	.kind = "pnm", .open = sh_image_open_single, .page = pnm_page
};
