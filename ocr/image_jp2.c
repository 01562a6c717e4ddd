/*
 * JPEG 2000, as a file (JP2) or as its bare codestream.  Rule: ITU-T T.800,
 * Annex A (codestream), Annex I (file format).
 */
#include "ocr/image_internal.h"

#include <stdlib.h>
#include <string.h>

#include <openjpeg.h>

#include "base/mem.h"

#define COMPONENTS_MAX	5	/* CMYK and alpha */
#define PRECISION_MAX	16	/* bits of a sample */
#define TILES_MAX	65535	/* Rule: T.800 A.4.2 */
/* openjp2 holds four bytes a sample, twice while it joins tiles. */
#define SAMPLES_MAX	((uint64_t)110000000)

struct jp2 {
	const uint8_t *data;
	size_t len, at;
	char said[160];		/* openjp2's first complaint */
	int short_data;
};

static int
fail(const struct jp2 *j, struct sh_error *err)
{
	if (strstr(j->said, "emory") != NULL)
		return (sh_error_nomem(err, "JPEG 2000"));
	return (sh_error_set(err, SH_EFORMAT, j->short_data ?
	    "image.truncated" : "image.damaged", "JPEG 2000: %s",
	    j->said[0] != '\0' ? j->said : "not well formed"));
}

/* ---- openjp2's questions ------------------------------------------------ */

static void
on_error(const char *text, void *arg)
{
	struct jp2 *j = arg;
	size_t n = strcspn(text, "\n");

	if (j->said[0] != '\0')
		return;
	if (n >= sizeof(j->said))
		n = sizeof(j->said) - 1;
	memcpy(j->said, text, n);
}

static OPJ_SIZE_T
on_read(void *dst, OPJ_SIZE_T len, void *arg)
{
	struct jp2 *j = arg;
	size_t left = j->len - j->at;

	if (left == 0) {
		j->short_data = 1;
		return ((OPJ_SIZE_T)-1);
	}
	if (len > left)
		len = left;
	memcpy(dst, j->data + j->at, len);
	j->at += len;
	return (len);
}

static OPJ_OFF_T
on_skip(OPJ_OFF_T n, void *arg)
{
	struct jp2 *j = arg;

	if (n < 0)
		return (-1);
	if ((uint64_t)n > j->len - j->at)
		n = (OPJ_OFF_T)(j->len - j->at);
	j->at += (size_t)n;
	return (n);
}

static OPJ_BOOL
on_seek(OPJ_OFF_T n, void *arg)
{
	struct jp2 *j = arg;

	if (n < 0 || (uint64_t)n > j->len)
		return (OPJ_FALSE);
	j->at = (size_t)n;
	return (OPJ_TRUE);
}

static opj_stream_t *
open_stream(struct jp2 *j)
{
	opj_stream_t *s = opj_stream_create(OPJ_J2K_STREAM_CHUNK_SIZE,
	    OPJ_TRUE);

	if (s == NULL)
		return (NULL);
	opj_stream_set_user_data(s, j, NULL);
	opj_stream_set_user_data_length(s, j->len);
	opj_stream_set_read_function(s, on_read);
	opj_stream_set_skip_function(s, on_skip);
	opj_stream_set_seek_function(s, on_seek);
	return (s);
}

/* ---- before anything is decoded ------------------------------------------ */

static uint32_t
u32(const uint8_t *p)
{
	return ((uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	    (uint32_t)p[2] << 8 | (uint32_t)p[3]);
}

static uint32_t
u16(const uint8_t *p)
{
	return ((uint32_t)p[0] << 8 | (uint32_t)p[1]);
}

/*
 * The contents of the first box TYPE; its length, or 0.  Boxes without a
 * length of 32 bits hold the codestream, which comes last.
 */
static size_t
find_box(const uint8_t *p, size_t len, const char *type, const uint8_t **outp)
{
	size_t n;

	for (; len >= 8; p += n, len -= n) {
		n = u32(p);
		if (n < 8 || n > len)
			return (0);
		if (memcmp(p + 4, type, 4) == 0) {
			*outp = p + 8;
			return (n - 8);
		}
	}
	return (0);
}

static double
resolution(const uint8_t *p, int8_t exponent)
{
	double v = u16(p + 2) == 0 ? 0 : (double)u16(p) / u16(p + 2);

	for (; exponent > 0 && v < 1e9; exponent--)
		v *= 10;
	for (; exponent < 0 && v > 0; exponent++)
		v /= 10;
	return (v * 0.0254);	/* it was told in dots a metre */
}

/* Rule: T.800 I.5.3.7. */
static void
set_dpi(const struct jp2 *j, struct sh_pixels *px)
{
	const uint8_t *head, *res, *p;
	size_t n;

	if ((n = find_box(j->data, j->len, "jp2h", &head)) == 0 ||
	    (n = find_box(head, n, "res ", &res)) == 0 ||
	    (find_box(res, n, "resc", &p) < 10 &&
	    find_box(res, n, "resd", &p) < 10))
		return;
	sh_image_set_dpi(px, resolution(p + 4, (int8_t)p[9]),
	    resolution(p, (int8_t)p[8]));
}

static int
too_large(const opj_image_t *image, struct sh_error *err)
{
	(void)sh_error_set(err, SH_ELIMIT, "image.too-large",
	    "JPEG 2000 of %u x %u px, %u components",
	    image->x1 - image->x0, image->y1 - image->y0, image->numcomps);
	sh_error_param(err, "value", "%u x %u", image->x1 - image->x0,
	    image->y1 - image->y0);
	sh_error_param(err, "limit", "%d", SH_IMAGE_SIDE_MAX);
	return (-1);
}

/* What the header promises: sides, depths, samples, tiles. */
static int
check_header(opj_codec_t *codec, const opj_image_t *image,
    struct sh_error *err)
{
	opj_codestream_info_v2_t *info;
	uint64_t samples = 0, tiles = 0;
	uint32_t i;

	if (sh_image_check_size((int64_t)image->x1 - image->x0,
	    (int64_t)image->y1 - image->y0, err))
		return (-1);
	if (image->numcomps < 1 || image->numcomps > COMPONENTS_MAX)
		return (sh_error_set(err, SH_EUNSUPPORTED, "image.samples",
		    "JPEG 2000 of %u components", image->numcomps));
	for (i = 0; i < image->numcomps; i++) {
		const opj_image_comp_t *c = &image->comps[i];

		if (c->prec < 1 || c->prec > PRECISION_MAX)
			return (sh_error_set(err, SH_EUNSUPPORTED,
			    "image.samples", "JPEG 2000 of %u bits a sample",
			    c->prec));
		if (c->dx < 1 || c->dy < 1 || c->dx > 255 || c->dy > 255)
			return (sh_error_set(err, SH_EFORMAT,
			    "image.damaged", "JPEG 2000: sampling %u x %u",
			    c->dx, c->dy));
		samples += (((uint64_t)image->x1 - image->x0) / c->dx + 1) *
		    (((uint64_t)image->y1 - image->y0) / c->dy + 1);
	}
	if (samples > SAMPLES_MAX)
		return (too_large(image, err));
	if ((info = opj_get_cstr_info(codec)) != NULL) {
		tiles = (uint64_t)info->tw * info->th;
		opj_destroy_cstr_info(&info);
	}
	if (tiles < 1 || tiles > TILES_MAX)
		return (sh_error_set(err, SH_EFORMAT, "image.damaged",
		    "JPEG 2000: %llu tiles", (unsigned long long)tiles));
	return (0);
}

/* ---- from components to rows ----------------------------------------------- */

static uint8_t
sample(const opj_image_comp_t *c, uint32_t x, uint32_t y)
{
	int64_t max = ((int64_t)1 << c->prec) - 1;
	int64_t v = c->data[(size_t)y * c->w + x];

	if (c->sgnd)
		v += (int64_t)1 << (c->prec - 1);
	v = v < 0 ? 0 : v > max ? max : v;
	return ((uint8_t)((v * 255 + max / 2) / max));
}

static uint8_t
cut(int v)
{
	return ((uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v));
}

/* Rule: ITU-T T.871 7. */
static void
ycc_row(uint8_t *row, size_t width, size_t nsamples)
{
	for (; width > 0; width--, row += nsamples) {
		int y = row[0], cb = row[1] - 128, cr = row[2] - 128;

		row[0] = cut(y + (91881 * cr + 32768) / 65536);
		row[1] = cut(y - (22554 * cb + 46802 * cr - 32768) / 65536);
		row[2] = cut(y + (116130 * cb + 32768) / 65536);
	}
}

/* How the components are meant; -1 when that is unknown. */
static int
read_colour(const opj_image_t *image, struct sh_colour *out, int *yccp)
{
	uint32_t n = image->numcomps, i;

	*out = (struct sh_colour){ .alpha = -1, .nsamples = (int)n };
	for (i = 0; i < n; i++) {
		if (image->comps[i].data == NULL || image->comps[i].w < 1 ||
		    image->comps[i].h < 1)
			return (-1);
		if (image->comps[i].alpha != 0)
			out->alpha = (int)i;
	}
	*yccp = n >= 3 && (image->color_space == OPJ_CLRSPC_SYCC ||
	    image->comps[1].dx > image->comps[0].dx);
	if (image->color_space == OPJ_CLRSPC_CMYK && n >= 4)
		out->model = SH_COLOUR_CMYK;
	else if (n >= 3)
		out->model = SH_COLOUR_RGB;
	else
		out->model = SH_COLOUR_GREY;
	/* An alpha that is one of the colours is none. */
	if (out->alpha >= 0 && out->alpha < sh_colour_channels(out->model))
		out->alpha = -1;
	return (0);
}

static int
take_rows(const opj_image_t *image, struct sh_pixels *px,
    struct sh_error *err)
{
	size_t width = (size_t)px->width_px, n = image->numcomps, i, x;
	struct sh_colour colour;
	uint8_t *row;
	int32_t y;
	int ycc;

	if (read_colour(image, &colour, &ycc) != 0 ||
	    sh_colour_channels(colour.model) != px->channels)
		return (sh_error_set(err, SH_EFORMAT, "image.damaged",
		    "JPEG 2000: a component is empty"));
	if ((row = sh_alloc(width, n, "a row", err)) == NULL)
		return (-1);
	for (y = 0; y < px->height_px; y++) {
		for (i = 0; i < n; i++) {
			const opj_image_comp_t *c = &image->comps[i];
			uint32_t cy = (uint32_t)y / c->dy, cx;

			cy = cy < c->h ? cy : c->h - 1;
			for (x = 0; x < width; x++) {
				cx = (uint32_t)x / c->dx;
				row[x * n + i] = sample(c, cx < c->w ? cx :
				    c->w - 1, cy);
			}
		}
		if (ycc)
			ycc_row(row, width, n);
		sh_colour_row(&colour, row, width, px->data + (size_t)y *
		    width * (size_t)px->channels);
	}
	free(row);
	return (0);
}

static int
decode(struct jp2 *j, opj_codec_t *codec, opj_stream_t *stream,
    opj_image_t **imagep, struct sh_image_page *out, struct sh_error *err)
{
	opj_dparameters_t parameters;

	opj_set_default_decoder_parameters(&parameters);
	(void)opj_set_error_handler(codec, on_error, j);
	if (!opj_setup_decoder(codec, &parameters) ||
	    !opj_decoder_set_strict_mode(codec, OPJ_TRUE) ||
	    !opj_read_header(stream, codec, imagep) || *imagep == NULL)
		return (fail(j, err));
	if (check_header(codec, *imagep, err))
		return (-1);
	if (!opj_decode(codec, stream, *imagep) ||
	    !opj_end_decompress(codec, stream))
		return (fail(j, err));
	/* A palette may have made components out of one. */
	if ((*imagep)->numcomps < 1 || (*imagep)->numcomps > COMPONENTS_MAX)
		return (fail(j, err));
	if (sh_pixels_new(&out->pixels, (*imagep)->x1 - (*imagep)->x0,
	    (*imagep)->y1 - (*imagep)->y0, (*imagep)->numcomps >= 3 ? 3 : 1,
	    err))
		return (-1);
	return (take_rows(*imagep, &out->pixels, err));
}

static int
jp2_page(struct sh_image *im, struct sh_image_page *out,
    struct sh_error *err)
{
	struct jp2 j = { .data = im->data, .len = im->len };
	struct sh_span all = { im->data, im->len };
	int bare = im->data[0] == 0xff;
	opj_stream_t *stream = open_stream(&j);
	opj_codec_t *codec = opj_create_decompress(bare ? OPJ_CODEC_J2K :
	    OPJ_CODEC_JP2);
	opj_image_t *image = NULL;
	int rc, bilevel = 0;

	if (stream == NULL || codec == NULL)
		rc = sh_error_nomem(err, "JPEG 2000");
	else
		rc = decode(&j, codec, stream, &image, out, err);
	if (rc == 0) {
		bilevel = image->numcomps == 1 && image->comps[0].prec == 1;
		if (!bare)
			set_dpi(&j, &out->pixels);
	}
	opj_image_destroy(image);
	if (codec != NULL)
		opj_destroy_codec(codec);
	if (stream != NULL)
		opj_stream_destroy(stream);
	if (rc != 0 || sh_image_drop_colour(&out->pixels, err) ||
	    sh_image_code(out, bilevel, err))
		return (-1);
	return (sh_image_digest("jp2", &all, 1, &out->digest, err));
}

const struct sh_image_decoder sh_image_jp2 = {
	.kind = "jp2", .open = sh_image_open_single, .page = jp2_page
};
