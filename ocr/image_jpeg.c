#include "ocr/image_internal.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <jerror.h>

#include "base/mem.h"

/*
 * A progressive file of a few kilobytes can ask for thousands of passes
 * over a large page.  Encoders write about ten.
 */
#define SCANS_MAX	100
#define SCAN_WORK_MAX	1500000000.0	/* scans times pixels */
#define COEFFICIENTS_MAX	((uint64_t)450 << 20)	/* bytes */
#define CODED_MAX	((size_t)256 << 20)

struct decoding {
	struct jpeg_decompress_struct c;
	struct jpeg_error_mgr mgr;
	struct jpeg_progress_mgr progress;
	jmp_buf env;
	struct sh_error *err;
	int ended_early;	/* no EOI where the data ends */
	uint8_t *row;		/* CMYK only */
};

static _Noreturn void
give_up(struct decoding *d, enum sh_code code, const char *key)
{
	char text[JMSG_LENGTH_MAX];

	d->mgr.format_message((j_common_ptr)&d->c, text);
	(void)sh_error_set(d->err, code, key, "JPEG: %s", text);
	longjmp(d->env, 1);
}

static _Noreturn void
on_error(j_common_ptr c)
{
	struct decoding *d = c->client_data;

	switch (d->mgr.msg_code) {
	case JERR_OUT_OF_MEMORY:
		give_up(d, SH_ENOMEM, "memory.none");
	case JERR_BAD_PRECISION:
	case JERR_CONVERSION_NOTIMPL:
		give_up(d, SH_EUNSUPPORTED, "image.samples");
	case JERR_SOF_UNSUPPORTED:
	case JERR_ARITH_NOTIMPL:
		give_up(d, SH_EUNSUPPORTED, "image.compression");
	case JERR_IMAGE_TOO_BIG:
		give_up(d, SH_ELIMIT, "image.too-large");
	case JERR_INPUT_EMPTY:
	case JERR_INPUT_EOF:
		give_up(d, SH_EFORMAT, "image.truncated");
	default:
		give_up(d, SH_EFORMAT, "image.damaged");
	}
}

/*
 * libjpeg paints what is missing grey and warns.  A page that lost a part
 * must not be archived as if it were whole: warnings of lost data end it.
 */
static void
on_message(j_common_ptr c, int level)
{
	struct decoding *d = c->client_data;

	if (level >= 0)
		return;
	switch (d->mgr.msg_code) {
	case JWRN_JPEG_EOF:
		d->ended_early = 1;
		break;
	case JWRN_HIT_MARKER:
	case JWRN_HUFF_BAD_CODE:
	case JWRN_ARITH_BAD_CODE:
	case JWRN_MUST_RESYNC:
		give_up(d, SH_EFORMAT, d->ended_early ? "image.truncated" :
		    "image.damaged");
	default:
		break;
	}
}

static void
on_progress(j_common_ptr c)
{
	struct decoding *d = c->client_data;
	double scans = d->c.input_scan_number;

	if (scans > SCANS_MAX || scans * d->c.image_width *
	    d->c.image_height > SCAN_WORK_MAX) {
		(void)sh_error_set(d->err, SH_ELIMIT, "image.scans",
		    "JPEG with more than %d scans for its size",
		    d->c.input_scan_number - 1);
		longjmp(d->env, 1);
	}
}

static int
check_header(struct decoding *d)
{
	struct jpeg_decompress_struct *c = &d->c;
	uint64_t coefficients = 0;
	int i;

	if (sh_image_check_size(c->image_width, c->image_height, d->err))
		return (-1);
	if (c->num_components != 1 && c->num_components != 3 &&
	    c->num_components != 4)
		return (sh_error_set(d->err, SH_EUNSUPPORTED,
		    "image.samples", "JPEG of %d components",
		    c->num_components));
	if (!jpeg_has_multiple_scans(c))
		return (0);
	for (i = 0; i < c->num_components; i++)
		coefficients += (uint64_t)c->comp_info[i].width_in_blocks *
		    c->comp_info[i].height_in_blocks * sizeof(JBLOCK);
	if (coefficients > COEFFICIENTS_MAX) {
		(void)sh_error_set(d->err, SH_ELIMIT, "image.too-large",
		    "progressive JPEG of %u x %u px needs %llu bytes; limit "
		    "%llu", c->image_width, c->image_height,
		    (unsigned long long)coefficients,
		    (unsigned long long)COEFFICIENTS_MAX);
		sh_error_param(d->err, "value", "%u x %u", c->image_width,
		    c->image_height);
		sh_error_param(d->err, "limit", "%d", SH_IMAGE_SIDE_MAX);
		return (-1);
	}
	return (0);
}

/* Adobe stores inks inverted: 255 is none. */
static void
invert(uint8_t *row, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		row[i] = (uint8_t)(255 - row[i]);
}

static int
read_rows(struct decoding *d, struct sh_pixels *px)
{
	struct jpeg_decompress_struct *c = &d->c;
	static const struct sh_colour cmyk = { .model = SH_COLOUR_CMYK,
	    .nsamples = 4, .alpha = -1 };
	size_t stride = (size_t)px->width_px * (size_t)px->channels;
	JSAMPROW rows[4];
	int i;

	if (c->num_components == 4 && (d->row = sh_alloc((size_t)
	    px->width_px, 4, "a row", d->err)) == NULL)
		return (-1);
	while (c->output_scanline < c->output_height) {
		uint8_t *dst = px->data + c->output_scanline * stride;

		if (d->row != NULL) {
			rows[0] = d->row;
			(void)jpeg_read_scanlines(c, rows, 1);
			if (c->saw_Adobe_marker)
				invert(d->row, 4 * (size_t)px->width_px);
			sh_colour_row(&cmyk, d->row, (size_t)px->width_px,
			    dst);
			continue;
		}
		for (i = 0; i < 4 && c->output_scanline + (unsigned)i <
		    c->output_height; i++)
			rows[i] = dst + (size_t)i * stride;
		(void)jpeg_read_scanlines(c, rows, (JDIMENSION)i);
	}
	return (0);
}

/* Did the data end before each coefficient had its last bit? */
static int
is_incomplete(const struct decoding *d)
{
	const struct jpeg_decompress_struct *c = &d->c;
	int i, k;

	if (!d->ended_early || c->coef_bits == NULL)
		return (d->ended_early && c->input_scan_number > 1);
	for (i = 0; i < c->num_components; i++)
		for (k = 0; k < DCTSIZE2; k++)
			if (c->coef_bits[i][k] != 0)
				return (1);
	return (0);
}

static int
decode(struct decoding *d, const uint8_t *data, size_t len,
    struct sh_pixels *px)
{
	struct jpeg_decompress_struct *c = &d->c;

	if (setjmp(d->env) != 0)
		return (-1);
	jpeg_create_decompress(c);
	c->client_data = d;
	c->progress = &d->progress;
	jpeg_mem_src(c, data, len);
	(void)jpeg_read_header(c, TRUE);
	if (check_header(d))
		return (-1);
	if (c->num_components == 4)
		c->out_color_space = JCS_CMYK;
	else if (c->num_components == 3)
		c->out_color_space = JCS_RGB;
	else
		c->out_color_space = JCS_GRAYSCALE;
	(void)jpeg_start_decompress(c);
	if (sh_pixels_new(px, c->output_width, c->output_height,
	    c->num_components == 1 ? 1 : 3, d->err) || read_rows(d, px))
		return (-1);
	/* What finish() frees is looked at before; several scans were read
	   to their end by then. */
	if (is_incomplete(d))
		return (sh_error_set(d->err, SH_EFORMAT, "image.truncated",
		    "JPEG: the data ends before its last scan"));
	(void)jpeg_finish_decompress(c);
	return (0);
}

/*
 * May a PDF carry this stream, and will its reader see the colours that
 * libjpeg saw?  Rule: ISO 32000-1 7.4.8.
 */
static int
can_pass(const struct jpeg_decompress_struct *c,
    const struct sh_jpeg_info *info)
{
	if (c->arith_code || c->num_components == 4 ||
	    c->data_precision != 8)
		return (0);
	if (c->num_components == 3 && info->has_adobe &&
	    info->adobe_transform != (c->jpeg_color_space == JCS_YCbCr))
		return (0);
	return (1);
}

int
sh_jpeg_page(const uint8_t *data, size_t len, struct sh_image_page *out,
    struct sh_error *err)
{
	struct sh_jpeg_info info;
	struct decoding d;
	double unit;
	int rc = -1, add_adobe;

	memset(&d, 0, sizeof(d));
	d.err = err;
	d.c.err = jpeg_std_error(&d.mgr);
	d.mgr.error_exit = on_error;
	d.mgr.emit_message = on_message;
	d.progress.progress_monitor = on_progress;
	d.c.client_data = &d;
	if (decode(&d, data, len, &out->pixels))
		goto out;
	sh_jpeg_info(data, len, &info);
	out->pixels.exif_orientation = info.exif_orientation;
	unit = d.c.density_unit == 1 ? 1 : d.c.density_unit == 2 ? 2.54 : 0;
	sh_image_set_dpi(&out->pixels, d.c.X_density * unit,
	    d.c.Y_density * unit);
	if (!can_pass(&d.c, &info)) {
		rc = sh_image_code(out, 0, err);
		goto out;
	}
	out->coding = SH_IMAGE_JPEG;
	out->components = d.c.num_components;
	out->coded_width_px = out->pixels.width_px;
	out->coded_height_px = out->pixels.height_px;
	add_adobe = d.c.jpeg_color_space == JCS_RGB && !info.has_adobe ?
	    0 : -1;
	rc = sh_jpeg_strip(data, len, add_adobe, &out->coded, err);
out:
	jpeg_destroy_decompress(&d.c);
	free(d.row);
	return (rc);
}

/* ---- encoding --------------------------------------------------------- */

struct encoding {
	struct jpeg_compress_struct c;
	struct jpeg_error_mgr mgr;
	struct jpeg_destination_mgr dest;
	jmp_buf env;
	struct sh_buf *out;
	int small;		/* time for room */
	struct sh_error *err;
};

#define DEST_STEP	(64 * 1024)

static _Noreturn void
on_encode_error(j_common_ptr c)
{
	struct encoding *e = c->client_data;
	char text[JMSG_LENGTH_MAX];

	e->mgr.format_message(c, text);
	(void)sh_error_set(e->err, e->mgr.msg_code == JERR_OUT_OF_MEMORY ?
	    SH_ENOMEM : SH_ELIBRARY, e->mgr.msg_code == JERR_OUT_OF_MEMORY ?
	    "memory.none" : "image.damaged", "JPEG: %s", text);
	longjmp(e->env, 1);
}

static void
dest_room(struct encoding *e)
{
	uint8_t *p = sh_buf_reserve(e->out, DEST_STEP, e->err);

	if (p == NULL)
		longjmp(e->env, 1);
	e->dest.next_output_byte = p;
	e->dest.free_in_buffer = DEST_STEP;
}

static void
dest_begin(j_compress_ptr c)
{
	dest_room(c->client_data);
}

static boolean
dest_full(j_compress_ptr c)
{
	struct encoding *e = c->client_data;

	e->out->len += DEST_STEP;
	dest_room(e);
	return (TRUE);
}

static void
dest_end(j_compress_ptr c)
{
	struct encoding *e = c->client_data;

	e->out->len += DEST_STEP - e->dest.free_in_buffer;
}

/*
 * Colours half as coarse as the lightness: a hue that shifts is seen before
 * sharpness that is lost.  Rule: ITU-T T.81 table K.2.
 */
static void
tone_true(struct jpeg_compress_struct *c, int quality)
{
	static const unsigned colours[DCTSIZE2] = {
		17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99,
		99, 24, 26, 56, 99, 99, 99, 99, 99, 47, 66, 99, 99, 99, 99,
		99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
		99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
		99, 99, 99, 99 };

	jpeg_add_quant_table(c, 1, colours,
	    jpeg_quality_scaling((quality + 100) / 2), TRUE);
}

/*
 * Progressive as libjpeg does it, but for the lightness and colour of whole
 * blocks, which go out whole: their last bit in a scan of its own costs a
 * bit a block, half of an empty page's bytes.
 */
static void
progress(struct jpeg_compress_struct *c)
{
#define DC(n)		{ n, { 0, 1, 2 }, 0, 0, 0, 0 }
#define AC(k, from, to, high, low)	{ 1, { k }, from, to, high, low }
	static const jpeg_scan_info colour[] = { DC(3), AC(0, 1, 5, 0, 2),
	    AC(2, 1, 63, 0, 1), AC(1, 1, 63, 0, 1), AC(0, 6, 63, 0, 2),
	    AC(0, 1, 63, 2, 1), AC(2, 1, 63, 1, 0), AC(1, 1, 63, 1, 0),
	    AC(0, 1, 63, 1, 0) };
	static const jpeg_scan_info grey[] = { DC(1), AC(0, 1, 5, 0, 2),
	    AC(0, 6, 63, 0, 2), AC(0, 1, 63, 2, 1), AC(0, 1, 63, 1, 0) };
#undef DC
#undef AC
	int is_grey = c->num_components == 1;

	c->scan_info = is_grey ? grey : colour;
	c->num_scans = is_grey ? SH_COUNT(grey) : SH_COUNT(colour);
}

static int
encode(struct encoding *e, const struct sh_pixels *px, int quality)
{
	struct jpeg_compress_struct *c = &e->c;
	size_t stride = (size_t)px->width_px * (size_t)px->channels;
	JSAMPROW row;

	if (setjmp(e->env) != 0)
		return (-1);
	jpeg_create_compress(c);
	c->client_data = e;
	c->dest = &e->dest;
	c->image_width = (JDIMENSION)px->width_px;
	c->image_height = (JDIMENSION)px->height_px;
	c->input_components = px->channels;
	c->in_color_space = px->channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
	jpeg_set_defaults(c);
	jpeg_set_quality(c, quality, TRUE);
	if (e->small) {
		tone_true(c, quality);
		progress(c);
	}
	if (px->dpi_x > 0) {
		c->density_unit = 1;
		c->X_density = (UINT16)(px->dpi_x + 0.5);
		c->Y_density = (UINT16)(px->dpi_y + 0.5);
	}
	jpeg_start_compress(c, TRUE);
	while (c->next_scanline < c->image_height) {
		row = px->data + c->next_scanline * stride;
		(void)jpeg_write_scanlines(c, &row, 1);
	}
	jpeg_finish_compress(c);
	return (0);
}

static int
encode_as(const struct sh_pixels *px, int quality, int small,
    struct sh_buf *out, struct sh_error *err)
{
	struct encoding e;
	int rc;

	memset(&e, 0, sizeof(e));
	e.c.err = jpeg_std_error(&e.mgr);
	e.mgr.error_exit = on_encode_error;
	e.c.client_data = &e;
	e.dest.init_destination = dest_begin;
	e.dest.empty_output_buffer = dest_full;
	e.dest.term_destination = dest_end;
	e.out = out;
	e.small = small;
	e.err = err;
	if (out->limit == 0)
		out->limit = CODED_MAX;
	rc = encode(&e, px, quality);
	jpeg_destroy_compress(&e.c);
	return (rc);
}

int
sh_jpeg_encode(const struct sh_pixels *px, int quality, struct sh_buf *out,
    struct sh_error *err)
{
	return (encode_as(px, quality, 0, out, err));
}

int
sh_jpeg_encode_small(const struct sh_pixels *px, int quality,
    struct sh_buf *out, struct sh_error *err)
{
	return (encode_as(px, quality, 1, out, err));
}

/* ---- a JPEG file ------------------------------------------------------- */

static int
jpeg_page(struct sh_image *im, struct sh_image_page *out,
    struct sh_error *err)
{
	struct sh_span all = { im->data, im->len };

	if (sh_jpeg_page(im->data, im->len, out, err))
		return (-1);
	return (sh_image_digest("jpeg", &all, 1, &out->digest, err));
}

const struct sh_image_decoder sh_image_jpeg = {
	.kind = "jpeg", .open = sh_image_open_single, .page = jpeg_page
};
