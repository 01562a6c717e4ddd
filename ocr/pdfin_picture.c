/* The dictionary of an image.  Rule: ISO 32000-1 8.6, 8.9.5. */
#include "ocr/pdfin_dict.h"

#include <string.h>

#include "base/mem.h"

/* DeviceX, CalX or an ICC profile of N: the number of components, or 0. */
int
sh_pdf_components(qpdf_data q, qpdf_oh cs)
{
	qpdf_oh first;
	int n;

	if (qpdf_oh_is_name(q, cs))
		return (is_name(q, cs, "/DeviceGray") ? 1 :
		    is_name(q, cs, "/DeviceRGB") ? 3 : 0);
	if (!qpdf_oh_is_array(q, cs) || qpdf_oh_get_array_n_items(q, cs) < 1)
		return (0);
	first = qpdf_oh_get_array_item(q, cs, 0);
	if (is_name(q, first, "/CalGray") || is_name(q, first, "/DeviceGray"))
		return (1);
	if (is_name(q, first, "/CalRGB") || is_name(q, first, "/DeviceRGB"))
		return (3);
	if (!is_name(q, first, "/ICCBased") ||
	    qpdf_oh_get_array_n_items(q, cs) < 2)
		return (0);
	first = qpdf_oh_get_array_item(q, cs, 1);
	if (!qpdf_oh_is_stream(q, first))
		return (0);
	n = small_int(q, qpdf_oh_get_dict(q, first), "/N", 0);
	return (n == 1 || n == 3 ? n : 0);
}

/* [/Indexed base hival table]: 1, or 0 when it is not simple. */
static int
read_palette(qpdf_data q, qpdf_oh cs, struct sh_pdf_picture *pic)
{
	int base, hival, i, k;
	qpdf_oh table;
	const char *p;
	size_t len;

	if (!qpdf_oh_is_array(q, cs) || qpdf_oh_get_array_n_items(q, cs) != 4
	    || !is_name(q, qpdf_oh_get_array_item(q, cs, 0), "/Indexed"))
		return (0);
	base = sh_pdf_components(q, qpdf_oh_get_array_item(q, cs, 1));
	table = qpdf_oh_get_array_item(q, cs, 3);
	if (base == 0 || !qpdf_oh_get_value_as_int(q,
	    qpdf_oh_get_array_item(q, cs, 2), &hival) || hival < 0 ||
	    hival > 255 || !qpdf_oh_is_string(q, table))
		return (0);
	p = qpdf_oh_get_binary_string_value(q, table, &len);
	if (p == NULL || len < (size_t)(hival + 1) * (size_t)base)
		return (0);
	for (i = 0; i <= hival; i++)
		for (k = 0; k < 3; k++)
			pic->palette[i][k] = (uint8_t)p[i * base +
			    (base == 3 ? k : 0)];
	pic->samples.colour.npalette = (unsigned)hival + 1;
	return (1);
}

/* The usual Decode, or for one component its inverse; else 0. */
static int
read_decode(qpdf_data q, qpdf_oh dict, struct sh_pdf_picture *pic)
{
	qpdf_oh d = key(q, dict, "/Decode");
	double v[6];
	int n, i;

	if (qpdf_oh_is_null(q, d))
		return (1);
	n = qpdf_oh_is_array(q, d) ? qpdf_oh_get_array_n_items(q, d) : 0;
	if (pic->samples.colour.model == SH_COLOUR_PALETTE ||
	    n != 2 * pic->components)
		return (0);
	for (i = 0; i < n; i++)
		if (!qpdf_oh_get_value_as_number(q, qpdf_oh_get_array_item(q,
		    d, i), &v[i]))
			return (0);
	if (n == 2 && v[0] == 1 && v[1] == 0) {
		pic->inverted = 1;
		return (1);
	}
	for (i = 0; i < n; i++)
		if (v[i] != i % 2)
			return (0);
	return (1);
}

/* Two colours that are black and white need no palette. */
static void
palette_to_grey(struct sh_pdf_picture *pic)
{
	static const uint8_t black_white[2][3] = { { 0, 0, 0 },
	    { 255, 255, 255 } };
	struct sh_colour *c = &pic->samples.colour;

	if (c->npalette != 2 || pic->samples.bits != 1)
		return;
	if (memcmp(pic->palette, black_white, 6) == 0)
		c->model = SH_COLOUR_GREY;
	else if (memcmp(pic->palette[0], black_white[1], 3) == 0 &&
	    memcmp(pic->palette[1], black_white[0], 3) == 0)
		c->model = SH_COLOUR_WHITE_ZERO;
}

/* What the image dictionary says; 0 when pdftoppm must draw it. */
int
sh_pdf_picture_read(qpdf_data q, qpdf_oh dict, const struct sh_pdf_placing *place,
    const struct sh_pdf_kind *k, struct sh_pdf_picture *pic)
{
	static const char *const refused[] = { "/Mask", "/SMask", "/OC",
	    "/Alternates", "/Matte" };
	struct sh_pdf_samples *s = &pic->samples;
	qpdf_oh cs = key(q, dict, "/ColorSpace");
	struct sh_error ignored = SH_ERROR_INIT;
	int stencil = truth(q, dict, "/ImageMask", 0);
	unsigned i;

	memset(pic, 0, sizeof(*pic));
	for (i = 0; i < SH_COUNT(refused); i++)
		if (!absent(q, dict, refused[i]))
			return (0);
	s->width_px = small_int(q, dict, "/Width", 0);
	s->height_px = small_int(q, dict, "/Height", 0);
	s->bits = stencil || k->coder == SH_PDF_CODER_FAX ? 1 :
	    small_int(q, dict, "/BitsPerComponent", 8);
	s->deflated = k->deflated;
	s->predictor = small_int(q, k->flate_parms, "/Predictor", 1);
	s->colour.alpha = -1;
	s->colour.palette = (const uint8_t (*)[3])pic->palette;
	if (stencil) {
		/* A stencil paints its zeros in black unless told else. */
		if (place->coloured || k->coder == SH_PDF_CODER_JPEG)
			return (0);
		pic->components = 1;
	} else if ((pic->components = sh_pdf_components(q, cs)) == 0) {
		if (k->coder != SH_PDF_CODER_NONE || !read_palette(q, cs, pic))
			return (0);
		pic->components = 1;
		s->colour.model = SH_COLOUR_PALETTE;
		palette_to_grey(pic);
	}
	s->colour.nsamples = pic->components;
	if (s->colour.model != SH_COLOUR_PALETTE &&
	    s->colour.model != SH_COLOUR_WHITE_ZERO)
		s->colour.model = pic->components == 3 ? SH_COLOUR_RGB :
		    SH_COLOUR_GREY;
	/* pdftoppm makes a large image fit its page. */
	if (sh_image_check_size(s->width_px, s->height_px, &ignored) ||
	    !read_decode(q, dict, pic))
		return (0);
	if (k->coder == SH_PDF_CODER_JPEG)
		return (!pic->inverted && s->predictor == 1 &&
		    absent(q, k->coder_parms, "/ColorTransform"));
	if (k->coder == SH_PDF_CODER_FAX)
		return (pic->components == 1 && s->predictor == 1);
	if (pic->inverted)
		s->colour.model = s->colour.model == SH_COLOUR_GREY ?
		    SH_COLOUR_WHITE_ZERO : SH_COLOUR_GREY;
	if (s->bits != 1 && s->bits != 2 && s->bits != 4 && s->bits != 8)
		return (0);
	if (s->predictor == 1)
		return (1);
	return ((s->predictor >= 10 || (s->predictor == 2 && s->bits == 8)) &&
	    s->predictor <= 15 &&
	    small_int(q, k->flate_parms, "/Colors", 1) == pic->components &&
	    small_int(q, k->flate_parms, "/BitsPerComponent", 8) == s->bits &&
	    small_int(q, k->flate_parms, "/Columns", 1) == s->width_px);
}

int
sh_pdf_fax_read(qpdf_data q, qpdf_oh parms, const struct sh_pdf_picture *pic,
    struct sh_fax *fax)
{
	int rows = small_int(q, parms, "/Rows", 0);

	memset(fax, 0, sizeof(*fax));
	fax->k = small_int(q, parms, "/K", 0);
	fax->width_px = pic->samples.width_px;
	fax->height_px = pic->samples.height_px;
	fax->byte_align = truth(q, parms, "/EncodedByteAlign", 0);
	fax->inverted = truth(q, parms, "/BlackIs1", 0) != pic->inverted;
	if (small_int(q, parms, "/Columns", 1728) != fax->width_px ||
	    (rows != 0 && rows != fax->height_px) || fax->k == SH_PDF_OUTSIDE)
		return (0);
	/* Without marks of row ends only these two can be followed. */
	if (!truth(q, parms, "/EndOfLine", 0))
		return (fax->k < 0 ? !fax->byte_align : fax->k == 0 &&
		    fax->byte_align);
	return (fax->k >= 0 && !fax->byte_align);
}
