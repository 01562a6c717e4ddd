#include "ocr/image_internal.h"

#include <string.h>

int
sh_samples_known(int bits, enum sh_sample_kind kind)
{
	if (kind == SH_SAMPLE_FLOAT)
		return (bits == 32 || bits == 64);
	if (kind == SH_SAMPLE_SIGNED)
		return (bits == 8 || bits == 16 || bits == 32);
	return ((bits >= 1 && bits <= 16) || bits == 24 || bits == 32);
}

/* 24-bit samples come in the machine's order, as the wider ones do. */
static uint32_t
read_wide(const uint8_t *p, int bits)
{
	uint16_t v16;
	uint32_t v32;

	if (bits == 16) {
		memcpy(&v16, p, sizeof(v16));
		return (v16);
	}
	if (bits == 32) {
		memcpy(&v32, p, sizeof(v32));
		return (v32);
	}
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	return ((uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16);
#else
	return ((uint32_t)p[2] | (uint32_t)p[1] << 8 | (uint32_t)p[0] << 16);
#endif
}

static uint8_t
from_real(double v)
{
	if (!(v > 0))		/* NaN too */
		return (0);
	return (v >= 1 ? 255 : (uint8_t)(v * 255 + 0.5));
}

static void
unpack_float(const uint8_t *src, int bits, size_t n, uint8_t *dst,
    size_t stride)
{
	size_t i;
	double d;
	float f;

	for (i = 0; i < n; i++, dst += stride) {
		if (bits == 32) {
			memcpy(&f, src + 4 * i, sizeof(f));
			d = (double)f;
		} else {
			memcpy(&d, src + 8 * i, sizeof(d));
		}
		*dst = from_real(d);
	}
}

static void
unpack_wide(const uint8_t *src, int bits, int is_signed, size_t n,
    uint8_t *dst, size_t stride)
{
	uint64_t max = (UINT64_C(1) << bits) - 1;
	uint32_t flip = is_signed ? UINT32_C(1) << (bits - 1) : 0;
	size_t i;

	for (i = 0; i < n; i++, dst += stride, src += bits / 8)
		*dst = (uint8_t)(((uint64_t)(read_wide(src, bits) ^ flip) *
		    255 + max / 2) / max);
}

static void
unpack_bits(const uint8_t *src, int bits, int raw, size_t n, uint8_t *dst,
    size_t stride)
{
	uint32_t acc = 0, max = (UINT32_C(1) << bits) - 1, v;
	int have = 0;
	size_t i;

	for (i = 0; i < n; i++, dst += stride) {
		while (have < bits) {
			acc = acc << 8 | *src++;
			have += 8;
		}
		have -= bits;
		v = acc >> have & max;
		*dst = (uint8_t)(raw ? v : (v * 255 + max / 2) / max);
	}
}

void
sh_samples_unpack(const uint8_t *src, int bits, enum sh_sample_kind kind,
    int raw, size_t n, uint8_t *dst, size_t stride)
{
	size_t i;

	if (kind == SH_SAMPLE_FLOAT) {
		unpack_float(src, bits, n, dst, stride);
	} else if (bits == 8) {
		uint8_t flip = kind == SH_SAMPLE_SIGNED ? 0x80 : 0;

		for (i = 0; i < n; i++, dst += stride)
			*dst = src[i] ^ flip;
	} else if (bits >= 16) {
		unpack_wide(src, bits, kind == SH_SAMPLE_SIGNED, n, dst,
		    stride);
	} else {
		unpack_bits(src, bits, raw, n, dst, stride);
	}
}

int
sh_colour_channels(enum sh_colour_model model)
{
	return (model == SH_COLOUR_GREY || model == SH_COLOUR_WHITE_ZERO ?
	    1 : 3);
}

/* A * B / 255, rounded. */
static uint8_t
scale(unsigned a, unsigned b)
{
	return ((uint8_t)((a * b + 127) / 255));
}

static uint8_t
over_white(uint8_t v, uint8_t alpha, int premultiplied)
{
	unsigned x;

	if (alpha == 255)
		return (v);
	x = (premultiplied ? v : scale(v, alpha)) + (255u - alpha);
	return (x > 255 ? 255 : (uint8_t)x);
}

static void
colour_pixel(const struct sh_colour *c, const uint8_t *src, uint8_t *dst)
{
	switch (c->model) {
	case SH_COLOUR_GREY:
		dst[0] = src[0];
		break;
	case SH_COLOUR_WHITE_ZERO:
		dst[0] = (uint8_t)(255 - src[0]);
		break;
	case SH_COLOUR_PALETTE:
		if (src[0] < c->npalette)
			memcpy(dst, c->palette[src[0]], 3);
		else
			memset(dst, 0, 3);
		break;
	case SH_COLOUR_RGB:
		memcpy(dst, src, 3);
		break;
	case SH_COLOUR_CMYK:
		dst[0] = scale(255u - src[0], 255u - src[3]);
		dst[1] = scale(255u - src[1], 255u - src[3]);
		dst[2] = scale(255u - src[2], 255u - src[3]);
		break;
	}
}

void
sh_colour_row(const struct sh_colour *c, const uint8_t *src, size_t width,
    uint8_t *dst)
{
	int channels = sh_colour_channels(c->model), k;
	size_t i;

	if (c->alpha < 0 && c->nsamples == channels &&
	    (c->model == SH_COLOUR_GREY || c->model == SH_COLOUR_RGB)) {
		memcpy(dst, src, width * (size_t)channels);
		return;
	}
	for (i = 0; i < width; i++) {
		colour_pixel(c, src, dst);
		if (c->alpha >= 0)
			for (k = 0; k < channels; k++)
				dst[k] = over_white(dst[k], src[c->alpha],
				    c->premultiplied);
		src += c->nsamples;
		dst += channels;
	}
}
