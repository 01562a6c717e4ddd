#include "signing/pdfpage.h"

#include <string.h>

#define MAX_NODES	256	/* of the page tree, looked at */
#define MAX_COORDINATE	1e6	/* far beyond any page */
#define MAX_UNIT	75000	/* points in a user unit */

/* Attributes on the way from the root of the page tree to a page. */
struct inherited {
	const struct sh_pdf_value *media, *crop, *rotate;
};

static int
inherit(struct sh_pdf *doc, const struct sh_pdf_value *node,
    struct inherited *in, struct sh_error *err)
{
	const struct sh_pdf_value *v;

	if (sh_pdf_find_kind(doc, node, "MediaBox", SH_PDF_ARRAY, &v, err))
		return (-1);
	in->media = v != NULL ? v : in->media;
	if (sh_pdf_find_kind(doc, node, "CropBox", SH_PDF_ARRAY, &v, err))
		return (-1);
	in->crop = v != NULL ? v : in->crop;
	if (sh_pdf_find_kind(doc, node, "Rotate", SH_PDF_INT, &v, err))
		return (-1);
	in->rotate = v != NULL ? v : in->rotate;
	return (0);
}

/*
 * The first page below NODE in depth-first order.  1 found, 0 none there,
 * -1 error.
 */
static int
find_page(struct sh_pdf *doc, const struct sh_pdf_value *ref,
    struct inherited in, unsigned depth, unsigned *nodes,
    struct sh_pdf_page *out, struct inherited *found, struct sh_error *err)
{
	const struct sh_pdf_object *o = NULL;
	const struct sh_pdf_value *node, *kids, *kid;
	int got;

	if (++*nodes > MAX_NODES || depth > SH_PDF_DEPTH)
		return (sh_error_set(err, SH_ELIMIT, "pdf.limit",
		    "a page tree too deep or too wide"));
	if (sh_pdf_resolve(doc, ref, &node, &o, err))
		return (-1);
	if (o == NULL || node->kind != SH_PDF_DICT)
		return (sh_error_set(err, SH_EFORMAT, "pdf.damaged",
		    "the page tree leads to something that is no page"));
	if (inherit(doc, node, &in, err) || sh_pdf_find_kind(doc, node, "Kids",
	    SH_PDF_ARRAY, &kids, err))
		return (-1);
	if (kids == NULL) {
		out->object = o;
		*found = in;
		return (1);
	}
	for (kid = kids->first; kid != NULL; kid = kid->next)
		if ((got = find_page(doc, kid, in, depth + 1, nodes, out,
		    found, err)) != 0)
			return (got);
	return (0);
}

/* A rectangle with its corners in order; 0 if it is none. */
static int
read_box(struct sh_pdf *doc, const struct sh_pdf_value *array, double box[4],
    struct sh_error *err)
{
	const struct sh_pdf_value *v, *e;
	double t;
	size_t i = 0;

	if (array == NULL || array->n != 4)
		return (0);
	for (v = array->first; v != NULL; v = v->next) {
		if (sh_pdf_resolve(doc, v, &e, NULL, err))
			return (-1);
		if ((e->kind != SH_PDF_INT && e->kind != SH_PDF_REAL) ||
		    e->real > MAX_COORDINATE || e->real < -MAX_COORDINATE)
			return (0);
		box[i++] = e->real;
	}
	for (i = 0; i < 2; i++)
		if (box[i] > box[i + 2]) {
			t = box[i];
			box[i] = box[i + 2];
			box[i + 2] = t;
		}
	return (box[0] < box[2] && box[1] < box[3]);
}

int
sh_pdf_first_page(struct sh_pdf *doc, struct sh_pdf_page *out,
    struct sh_error *err)
{
	const struct sh_pdf_value *root, *v;
	struct inherited in = { NULL, NULL, NULL }, found;
	double crop[4];
	unsigned nodes = 0, i;
	int got;

	memset(out, 0, sizeof(*out));
	if (sh_pdf_find_kind(doc, sh_pdf_trailer(doc), "Root", SH_PDF_DICT,
	    &root, err))
		return (-1);
	got = find_page(doc, sh_pdf_member(root, "Pages"), in, 0, &nodes, out,
	    &found, err);
	if (got <= 0)
		return (got < 0 ? -1 : sh_error_set(err, SH_EFORMAT,
		    "pdf.damaged", "the file has no page"));
	if ((got = read_box(doc, found.media, out->box, err)) <= 0)
		return (got < 0 ? -1 : sh_error_set(err, SH_EFORMAT,
		    "pdf.damaged", "the first page has no size"));
	if ((got = read_box(doc, found.crop, crop, err)) < 0)
		return (-1);
	for (i = 0; got && i < 2; i++)
		got = crop[i] < out->box[i + 2] && crop[i + 2] > out->box[i];
	for (i = 0; got && i < 2; i++) {
		if (crop[i] > out->box[i])
			out->box[i] = crop[i];
		if (crop[i + 2] < out->box[i + 2])
			out->box[i + 2] = crop[i + 2];
	}
	if (found.rotate != NULL)
		out->rotate = (int)((found.rotate->num % 360 + 360) % 360);
	if (out->rotate % 90 != 0)
		return (sh_error_set(err, SH_EFORMAT, "pdf.damaged",
		    "the first page is turned by %d degrees", out->rotate));
	if (sh_pdf_find(doc, out->object->value, "UserUnit", &v, err))
		return (-1);
	out->unit = v != NULL ? v->real : 1;
	if (out->unit < 1.0 / MAX_UNIT || out->unit > MAX_UNIT)
		return (sh_error_set(err, SH_EFORMAT, "pdf.damaged",
		    "the first page has no scale"));
	return (0);
}

void
sh_pdf_page_place(const struct sh_pdf_page *page, double x, double y,
    double w, double h, double rect[4])
{
	const double *b = page->box;
	double x0 = x / page->unit, y0 = y / page->unit;
	double x1 = (x + w) / page->unit, y1 = (y + h) / page->unit;

	switch (page->rotate) {
	case 0:
		rect[0] = b[0] + x0;
		rect[1] = b[3] - y1;
		rect[2] = b[0] + x1;
		rect[3] = b[3] - y0;
		break;
	case 90:
		rect[0] = b[0] + y0;
		rect[1] = b[1] + x0;
		rect[2] = b[0] + y1;
		rect[3] = b[1] + x1;
		break;
	case 180:
		rect[0] = b[2] - x1;
		rect[1] = b[1] + y0;
		rect[2] = b[2] - x0;
		rect[3] = b[1] + y1;
		break;
	default:
		rect[0] = b[2] - y1;
		rect[1] = b[3] - x1;
		rect[2] = b[2] - y0;
		rect[3] = b[3] - x0;
	}
}
