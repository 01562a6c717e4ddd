/*
 * ocr/image_bmp, image_gif, image_webp, image_jp2: what their own libraries
 * write comes back; BMP is written here by hand.
 */
#include "tests/unit/test_image_make.h"

#include <gif_lib.h>
#include <openjpeg.h>
#include <webp/encode.h>

#define W	37
#define H	29

static void
clear(struct decoded *d)
{
	sh_image_page_clear(&d->page);
}

/* The decoded page is the picture, to within SLACK. */
static void
is_picture(const struct decoded *d, int channels, int slack)
{
	struct sh_pixels px;

	make_picture(&px, W, H, channels);
	assert_in_range(distance(&d->page.pixels, &px), 0, slack);
	sh_pixels_free(&px);
}

/*
 * Cut short it is refused, but for a last few bytes that hold nothing; with
 * any one byte changed it ends, well or badly.
 */
static void
stands_damage(uint8_t *data, size_t len, size_t tail)
{
	struct decoded d;
	size_t i;
	uint8_t old;

	for (i = 0; i < len; i += i < 64 ? 1 : 7) {
		decode(data, i, &d);
		if (d.rc == 1 && i + tail < len)
			fail_msg("%zu of %zu bytes are taken", i, len);
		clear(&d);
	}
	for (i = 0; i < len; i++) {
		old = data[i];
		data[i] ^= (uint8_t)(1u << (i % 8));
		decode(data, len, &d);
		clear(&d);
		data[i] = 0xff;
		decode(data, len, &d);
		clear(&d);
		data[i] = old;
	}
}

/* ---- WebP -------------------------------------------------------------- */

static void
webp(void **state)
{
	struct sh_pixels px;
	struct decoded d;
	uint8_t rgba[W * H * 4], *data = NULL;
	size_t len;
	int i;

	(void)state;
	make_picture(&px, W, H, 3);
	assert_true(len = WebPEncodeLosslessRGB(px.data, W, H, W * 3, &data));
	decode_ok(data, len, &d);
	is_picture(&d, 3, 0);
	assert_int_equal(d.page.coding, SH_IMAGE_JPEG);
	clear(&d);
	stands_damage(data, len, 2);
	WebPFree(data);
	/* Over white, where it is transparent. */
	for (i = 0; i < W * H; i++) {
		memcpy(rgba + 4 * i, px.data + 3 * i, 3);
		rgba[4 * i + 3] = i < W ? 0 : 255;
	}
	assert_true(len = WebPEncodeLosslessRGBA(rgba, W, H, W * 4, &data));
	decode_ok(data, len, &d);
	assert_int_equal(d.page.pixels.data[0], 255);
	assert_memory_equal(d.page.pixels.data + 3 * W, px.data + 3 * W,
	    3 * W * (H - 1));
	clear(&d);
	WebPFree(data);
	/* A page without colour becomes grey. */
	memset(px.data, 90, 3 * W * H);
	assert_true(len = WebPEncodeLosslessRGB(px.data, W, H, W * 3, &data));
	decode_ok(data, len, &d);
	assert_int_equal(d.page.pixels.channels, 1);
	assert_int_equal(d.page.pixels.data[W * H - 1], 90);
	clear(&d);
	WebPFree(data);
	sh_pixels_free(&px);
}

/* ---- GIF ---------------------------------------------------------------- */

static int
on_gif(GifFileType *file, const GifByteType *p, int len)
{
	struct sh_error err = SH_ERROR_INIT;

	must(sh_buf_append(file->UserData, p, (size_t)len, &err));
	return (len);
}

static uint8_t
index_at(int x, int y)
{
	return ((uint8_t)((x * 5 + y * 3) % 16));
}

static void
make_gif(int interlaced, int frames, int transparent, struct sh_buf *out)
{
	static const int first[] = { 0, 4, 2, 1 }, step[] = { 8, 8, 4, 2 };
	GifColorType colours[16];
	ColorMapObject *map;
	GifFileType *g;
	GraphicsControlBlock control = { .TransparentColor = 3 };
	GifByteType row[W], block[4];
	int x, y, pass, i;

	for (i = 0; i < 16; i++)
		colours[i] = (GifColorType){ (GifByteType)(i * 16),
		    (GifByteType)(255 - i), (GifByteType)(i * 3) };
	memset(out, 0, sizeof(*out));
	assert_non_null(g = EGifOpen(out, on_gif, NULL));
	map = GifMakeMapObject(16, colours);
	assert_int_equal(EGifPutScreenDesc(g, W, H, 8, 0, map), GIF_OK);
	for (i = 0; i < frames; i++) {
		if (transparent) {
			(void)EGifGCBToExtension(&control, block);
			assert_int_equal(EGifPutExtension(g,
			    GRAPHICS_EXT_FUNC_CODE, 4, block), GIF_OK);
		}
		assert_int_equal(EGifPutImageDesc(g, 0, 0, W, H, interlaced,
		    NULL), GIF_OK);
		for (pass = 0; pass < (interlaced ? 4 : 1); pass++)
			for (y = interlaced ? first[pass] : 0; y < H;
			    y += interlaced ? step[pass] : 1) {
				for (x = 0; x < W; x++)
					row[x] = index_at(x, y);
				assert_int_equal(EGifPutLine(g, row, W),
				    GIF_OK);
			}
	}
	assert_int_equal(EGifCloseFile(g, NULL), GIF_OK);
	GifFreeMapObject(map);
}

static void
gif(void **state)
{
	struct decoded d;
	struct sh_buf b;
	int k, x, y;

	(void)state;
	for (k = 0; k < 3; k++) {
		make_gif(k == 1, 1, k == 2, &b);
		decode_ok(b.data, b.len, &d);
		assert_int_equal(d.page.pixels.channels, 3);
		for (y = 0; y < H; y++)
			for (x = 0; x < W; x++) {
				int i = index_at(x, y);
				const uint8_t *p = d.page.pixels.data +
				    3 * (y * W + x);

				assert_int_equal(p[0], k == 2 && i == 3 ?
				    255 : i * 16);
				assert_int_equal(p[1], k == 2 && i == 3 ?
				    255 : 255 - i);
			}
		clear(&d);
		stands_damage(b.data, b.len, 0);
		sh_buf_free(&b);
	}
	make_gif(0, 2, 0, &b);
	decode_refused(b.data, b.len, "image.samples");
	sh_buf_free(&b);
}

/* ---- BMP ------------------------------------------------------------------ */

static void
put16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
}

static void
put32(uint8_t *p, uint32_t v)
{
	put16(p, v & 0xffff);
	put16(p + 2, v >> 16);
}

/* Head, palette of 2^BITS greys up to 8 bits; 300 dpi.  Gives its length. */
static size_t
bmp_head(uint8_t *p, int bits, int compression, int height, int masks)
{
	size_t n = bits <= 8 ? (size_t)1 << bits : 0, i;
	size_t at = 54 + 4 * n + (masks ? 12 : 0);

	memset(p, 0, at);
	memcpy(p, "BM", 2);
	put32(p + 10, (uint32_t)at);
	put32(p + 14, 40);
	put32(p + 18, W);
	put32(p + 22, (uint32_t)height);
	put16(p + 26, 1);
	put16(p + 28, (unsigned)bits);
	put32(p + 30, (uint32_t)compression);
	put32(p + 38, 11811);
	put32(p + 42, 11811);
	for (i = 0; i < n; i++)
		memset(p + 54 + 4 * i, (int)(i * 255 / (n - 1)), 3);
	return (at);
}

static void
bmp_of_each_depth(void **state)
{
	static const int depths[] = { 1, 4, 8, 24, 32 };
	static uint8_t p[16384];
	struct decoded d;
	size_t k, at, stride;
	int x, y, c, down, bits;

	(void)state;
	for (k = 0; k < 2 * SH_COUNT(depths); k++) {
		bits = depths[k / 2];
		down = k % 2 != 0;
		at = bmp_head(p, bits, 0, down ? -H : H, 0);
		stride = ((size_t)W * (size_t)bits + 31) / 32 * 4;
		memset(p + at, 0, stride * H);
		for (y = 0; y < H; y++) {
			uint8_t *row = p + at + stride *
			    (size_t)(down ? y : H - 1 - y);

			for (x = 0; x < W; x++) {
				for (c = 0; bits >= 24 && c < 3; c++)
					row[x * bits / 8 + 2 - c] =
					    picture(x, y, c, W, H);
				if (bits < 24)
					row[x * bits / 8] |= (uint8_t)(
					    picture(x, y, 0, W, H) >>
					    (8 - bits) << (8 - bits -
					    x * bits % 8));
			}
		}
		decode_ok(p, at + stride * H, &d);
		is_picture(&d, bits < 24 ? 1 : 3, bits == 1 ? 128 :
		    bits == 4 ? 16 : 0);
		assert_int_equal(d.page.coding, bits == 1 ? SH_IMAGE_G4 :
		    SH_IMAGE_JPEG);
		assert_true(d.page.pixels.dpi_x > 299.9 &&
		    d.page.pixels.dpi_x < 300.1);
		clear(&d);
		if (k % 2 == 0)
			stands_damage(p, at + stride * H, 0);
	}
}

static void
bmp_of_masks_and_runs(void **state)
{
	/* A row of one run, a row one by one, a row with a hole, the end. */
	static const uint8_t runs[] = { W, 7, 0, 0, 0, 5, 1, 2, 3, 4, 5, 0,
	    0, 0, 0, 2, 4, 0, 9, 0, 0, 1 };
	static uint8_t p[16384];
	struct decoded d;
	size_t at;
	int x, y;

	(void)state;
	at = bmp_head(p, 16, 3, H, 1);
	put32(p + 54, 0xf800);
	put32(p + 58, 0x07e0);
	put32(p + 62, 0x001f);
	for (y = 0; y < H; y++)
		for (x = 0; x < W; x++)
			put16(p + at + (H - 1 - y) * 76 + 2 * x,
			    (unsigned)(picture(x, y, 0, W, H) >> 3 << 11 |
			    picture(x, y, 1, W, H) >> 2 << 5 |
			    picture(x, y, 2, W, H) >> 3));
	decode_ok(p, at + 76 * H, &d);
	is_picture(&d, 3, 8);
	clear(&d);
	put32(p + 54, 0xf810);		/* two runs of bits */
	decode_refused(p, at + 76 * H, "image.damaged");

	at = bmp_head(p, 8, 1, 3, 0);
	memcpy(p + at, runs, sizeof(runs));
	decode_ok(p, at + sizeof(runs), &d);
	assert_int_equal(d.page.pixels.channels, 1);
	assert_int_equal(d.page.pixels.data[2 * W], 7);
	assert_int_equal(d.page.pixels.data[2 * W + W - 1], 7);
	assert_int_equal(d.page.pixels.data[W + 4], 5);
	assert_int_equal(d.page.pixels.data[W + 5], 255);	/* not told */
	assert_int_equal(d.page.pixels.data[3], 255);
	assert_int_equal(d.page.pixels.data[4], 0);
	clear(&d);
	stands_damage(p, at + sizeof(runs), 0);
	p[at] = W + 1;
	decode_refused(p, at + sizeof(runs), "image.damaged");
	put32(p + 30, 4);
	decode_refused(p, at + sizeof(runs), "image.compression");
	bmp_head(p, 24, 0, 40000, 0);
	decode_refused(p, sizeof(p), "image.too-large");
}

/* ---- JPEG 2000 --------------------------------------------------------------- */

struct memory {
	struct sh_buf buf;
	size_t at;
};

static OPJ_SIZE_T
on_jp2_write(void *p, OPJ_SIZE_T n, void *arg)
{
	struct sh_error err = SH_ERROR_INIT;
	struct memory *m = arg;

	if (m->at + n > m->buf.len) {
		size_t more = m->at + n - m->buf.len;

		must_ptr(sh_buf_reserve(&m->buf, more, &err));
		m->buf.len += more;
	}
	memcpy(m->buf.data + m->at, p, n);
	m->at += n;
	return (n);
}

static OPJ_OFF_T
on_jp2_skip(OPJ_OFF_T n, void *arg)
{
	struct memory *m = arg;

	m->at += (size_t)n;
	return (n);
}

static OPJ_BOOL
on_jp2_seek(OPJ_OFF_T n, void *arg)
{
	struct memory *m = arg;

	m->at = (size_t)n;
	return (OPJ_TRUE);
}

static void
make_jp2(int bare, int channels, int bits, int tiled, int sub,
    struct sh_buf *out)
{
	struct memory m = { .buf = SH_BUF_INIT };
	opj_image_cmptparm_t parm[3];
	opj_cparameters_t p;
	opj_stream_t *s;
	opj_codec_t *codec;
	opj_image_t *image;
	OPJ_UINT32 x, y;
	int c;

	memset(parm, 0, sizeof(parm));
	for (c = 0; c < channels; c++) {
		parm[c].dx = parm[c].dy = c > 0 && sub ? 2 : 1;
		parm[c].w = c > 0 && sub ? (W + 1) / 2 : W;
		parm[c].h = c > 0 && sub ? (H + 1) / 2 : H;
		parm[c].prec = (OPJ_UINT32)bits;
	}
	assert_non_null(image = opj_image_create((OPJ_UINT32)channels, parm,
	    channels == 3 ? sub ? OPJ_CLRSPC_SYCC : OPJ_CLRSPC_SRGB :
	    OPJ_CLRSPC_GRAY));
	image->x1 = W;
	image->y1 = H;
	for (c = 0; c < channels; c++)
		for (y = 0; y < parm[c].h; y++)
			for (x = 0; x < parm[c].w; x++)
				image->comps[c].data[y * parm[c].w + x] =
				    c > 0 && sub ? 128 : picture((int)x,
				    (int)y, c, W, H) << 8 >> (16 - bits);
	opj_set_default_encoder_parameters(&p);
	p.tcp_numlayers = 1;
	p.cp_disto_alloc = 1;
	p.numresolution = 3;
	if (tiled) {
		p.tile_size_on = OPJ_TRUE;
		p.cp_tdx = p.cp_tdy = 16;
	}
	codec = opj_create_compress(bare ? OPJ_CODEC_J2K : OPJ_CODEC_JP2);
	s = opj_stream_create(4096, OPJ_FALSE);
	opj_stream_set_user_data(s, &m, NULL);
	opj_stream_set_write_function(s, on_jp2_write);
	opj_stream_set_skip_function(s, on_jp2_skip);
	opj_stream_set_seek_function(s, on_jp2_seek);
	assert_true(opj_setup_encoder(codec, &p, image));
	assert_true(opj_start_compress(codec, image, s));
	assert_true(opj_encode(codec, s));
	assert_true(opj_end_compress(codec, s));
	opj_stream_destroy(s);
	opj_destroy_codec(codec);
	opj_image_destroy(image);
	*out = m.buf;
}

static void
jp2(void **state)
{
	static const struct {
		int bare, channels, bits, tiled, sub, slack;
	} kinds[] = { { 0, 3, 8, 0, 0, 0 }, { 1, 3, 8, 1, 0, 0 },
	    { 0, 1, 8, 0, 0, 0 }, { 1, 1, 16, 1, 0, 1 },
	    { 0, 1, 4, 0, 0, 16 } };
	struct decoded d;
	struct sh_buf b;
	size_t i;

	(void)state;
	for (i = 0; i < SH_COUNT(kinds); i++) {
		make_jp2(kinds[i].bare, kinds[i].channels, kinds[i].bits,
		    kinds[i].tiled, kinds[i].sub, &b);
		decode_ok(b.data, b.len, &d);
		is_picture(&d, kinds[i].channels, kinds[i].slack);
		clear(&d);
		if (i < 2)
			stands_damage(b.data, b.len, 16);
		sh_buf_free(&b);
	}
	/* Half as much colour as light; without any it is a grey page. */
	make_jp2(0, 3, 8, 0, 1, &b);
	decode_ok(b.data, b.len, &d);
	is_picture(&d, 1, 0);
	clear(&d);
	sh_buf_free(&b);
}

/* The resolution box, which openjp2 does not tell of. */
static void
jp2_resolution(void **state)
{
	/* res: resc: 118.11 dots a centimetre, as 11811/1 a metre. */
	static const uint8_t box[26] = { 0, 0, 0, 26, 'r', 'e', 's', ' ',
	    0, 0, 0, 18, 'r', 'e', 's', 'c', 0x2e, 0x23, 0, 1, 0x2e, 0x23,
	    0, 1, 0, 0 };
	uint8_t *with, *head;
	struct decoded d;
	struct sh_buf b;
	size_t at, len;

	(void)state;
	make_jp2(0, 1, 8, 0, 0, &b);
	assert_non_null(head = memmem(b.data, b.len, "jp2h", 4));
	len = (size_t)head[-2] << 8 | head[-1];
	at = (size_t)(head - b.data) - 4 + len;
	assert_non_null(with = malloc(b.len + sizeof(box)));
	memcpy(with, b.data, at);
	memcpy(with + at, box, sizeof(box));
	memcpy(with + at + sizeof(box), b.data + at, b.len - at);
	len += sizeof(box);
	with[head - b.data - 2] = (uint8_t)(len >> 8);
	with[head - b.data - 1] = (uint8_t)len;
	decode_ok(with, b.len + sizeof(box), &d);
	is_picture(&d, 1, 0);
	assert_true(d.page.pixels.dpi_x > 299.9 &&
	    d.page.pixels.dpi_x < 300.1);
	clear(&d);
	free(with);
	sh_buf_free(&b);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(webp),
		cmocka_unit_test(gif),
		cmocka_unit_test(bmp_of_each_depth),
		cmocka_unit_test(bmp_of_masks_and_runs),
		cmocka_unit_test(jp2),
		cmocka_unit_test(jp2_resolution),
	};

	return (cmocka_run_group_tests_name("image_more", tests, NULL, NULL));
}
