/*
 * Small questions to a PDF's dictionaries, for the files of pdfin that call
 * qpdf, and what they share.
 */
#ifndef SH_OCR_PDFIN_DICT_H
#define SH_OCR_PDFIN_DICT_H

#include <qpdf/qpdf-c.h>

#include "ocr/pdfin_internal.h"

static inline qpdf_oh
key(qpdf_data q, qpdf_oh dict, const char *name)
{
	return (qpdf_oh_get_key_if_dict(q, dict, name));
}

static inline int
absent(qpdf_data q, qpdf_oh dict, const char *name)
{
	return (qpdf_oh_is_null(q, key(q, dict, name)));
}

static inline int
is_name(qpdf_data q, qpdf_oh oh, const char *name)
{
	return (qpdf_oh_is_name_and_equals(q, oh, name));
}

/* An integer member, DFLT when absent, SH_PDF_OUTSIDE when out of range. */
#define SH_PDF_OUTSIDE	(-100000)
static inline int
small_int(qpdf_data q, qpdf_oh dict, const char *name, int dflt)
{
	qpdf_oh oh = key(q, dict, name);
	int v;

	if (qpdf_oh_is_null(q, oh))
		return (dflt);
	if (!qpdf_oh_get_value_as_int(q, oh, &v) || v < -99999 || v > 99999)
		return (SH_PDF_OUTSIDE);
	return (v);
}

static inline int
truth(qpdf_data q, qpdf_oh dict, const char *name, int dflt)
{
	QPDF_BOOL v;

	return (qpdf_oh_get_value_as_bool(q, key(q, dict, name), &v) ?
	    v != 0 : dflt);
}

/* A filter chain that we take: Flate at most once, then a coder. */
enum sh_pdf_coder { SH_PDF_CODER_NONE, SH_PDF_CODER_JPEG, SH_PDF_CODER_FAX };
struct sh_pdf_kind {
	int deflated;
	enum sh_pdf_coder coder;
	qpdf_oh flate_parms, coder_parms;
};

/* What an image's dictionary says. */
struct sh_pdf_picture {
	struct sh_pdf_samples samples;
	int components;		/* 1, 3; 0: not of our kinds */
	int inverted;		/* /Decode [1 0] on one component */
	uint8_t palette[256][3];
};

/* DeviceX, CalX or an ICC profile of N: the number of components, or 0. */
int sh_pdf_components(qpdf_data q, qpdf_oh cs);
/* 0 when pdftoppm must draw it. */
int sh_pdf_picture_read(qpdf_data q, qpdf_oh dict,
    const struct sh_pdf_placing *place, const struct sh_pdf_kind *k,
    struct sh_pdf_picture *pic);
int sh_pdf_fax_read(qpdf_data q, qpdf_oh parms,
    const struct sh_pdf_picture *pic, struct sh_fax *fax);

#endif
