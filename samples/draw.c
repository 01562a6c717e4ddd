#include "samples/draw.h"

#include <cairo-pdf.h>
#include <cairo.h>
#include <string.h>

#include "samples/art.h"
#include "samples/font.h"
#include "samples/keep.h"

static void
colour(cairo_t *cr, uint32_t rgb)
{
	cairo_set_source_rgb(cr, (rgb >> 16 & 255) / 255.0,
	    (rgb >> 8 & 255) / 255.0, (rgb & 255) / 255.0);
}

static void
draw_item(cairo_t *cr, const struct sh_item *it, int worn)
{
	static const double dots[] = { 0.6, 2.6 };

	colour(cr, it->rgb);
	switch (it->kind) {
	case SH_ITEM_TEXT:
		sh_font_show(cr, it->face, it->size, it->x, it->y, it->text,
		    it->len, it->space, it->hand ? it->seed : 0);
		break;
	case SH_ITEM_LINE:
		cairo_set_line_width(cr, it->size);
		cairo_move_to(cr, it->x, it->y);
		cairo_rel_line_to(cr, it->w, it->h);
		cairo_stroke(cr);
		break;
	case SH_ITEM_BOX:
		cairo_set_line_width(cr, it->size);
		cairo_rectangle(cr, it->x, it->y, it->w, it->h);
		cairo_stroke(cr);
		break;
	case SH_ITEM_DOTS:
		cairo_set_line_width(cr, 0.6);
		cairo_set_dash(cr, dots, 2, 0);
		colour(cr, 0x555555);
		cairo_move_to(cr, it->x, it->y);
		cairo_rel_line_to(cr, it->w, 0);
		cairo_stroke(cr);
		cairo_set_dash(cr, NULL, 0, 0);
		break;
	case SH_ITEM_ART:
		cairo_save(cr);
		sh_art_draw(cr, it, worn);
		cairo_restore(cr);
		break;
	}
}

/* What is printed first, then the text, then ink on top. */
static void
draw(cairo_t *cr, const struct sh_side *s, int copied, int worn)
{
	size_t i;
	int pass, layer;

	for (pass = 0; pass < 3; pass++) {
		cairo_set_operator(cr, pass == 2 ? CAIRO_OPERATOR_MULTIPLY :
		    CAIRO_OPERATOR_OVER);
		for (i = 0; i < s->nitems; i++) {
			layer = s->items[i].kind != SH_ITEM_ART ? 1 :
			    sh_art_is_ink(&s->items[i]) ? 2 : 0;
			if (layer == pass && s->items[i].copied == copied)
				draw_item(cr, &s->items[i], worn);
		}
	}
}

/* What a copier makes of colours: grey, a little hard. */
static void
copier(cairo_surface_t *surface, unsigned w, unsigned h)
{
	uint8_t *row;
	uint32_t *px;
	unsigned x, y;
	int v;

	cairo_surface_flush(surface);
	row = cairo_image_surface_get_data(surface);
	for (y = 0; y < h; y++) {
		px = (uint32_t *)(void *)row;
		for (x = 0; x < w; x++) {
			v = (int)((px[x] >> 16 & 255) * 77 + (px[x] >> 8 &
			    255) * 150 + (px[x] & 255) * 29) >> 8;
			v = (v - 128) * 5 / 4 + 138;
			v = v < 0 ? 0 : v > 255 ? 255 : v;
			px[x] = (uint32_t)v * 0x010101;
		}
		row += cairo_image_surface_get_stride(surface);
	}
	cairo_surface_mark_dirty(surface);
}

void
sh_draw_side(const struct sh_paper *p, size_t side, unsigned dpi,
    struct sh_raster *r)
{
	const struct sh_side *s = &p->sides[side];
	cairo_surface_t *surface;
	cairo_t *cr;
	const uint8_t *row;
	const uint32_t *px;
	uint8_t *out;
	unsigned x, y, w, h;
	int stride;

	w = (unsigned)(s->w * dpi / 72 + 0.5);
	h = (unsigned)(s->h * dpi / 72 + 0.5);
	sh_raster_new(r, w, h, dpi);
	surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, (int)w,
	    (int)h);
	cr = cairo_create(surface);
	colour(cr, 0xffffff);
	cairo_paint(cr);
	cairo_scale(cr, dpi / 72.0, dpi / 72.0);
	if (s->nitems > 0 && s->items[0].copied) {
		draw(cr, s, 1, 1);
		copier(surface, w, h);
	}
	draw(cr, s, 0, 1);
	if (cairo_status(cr) != CAIRO_STATUS_SUCCESS)
		sh_keep_die();
	cairo_surface_flush(surface);
	row = cairo_image_surface_get_data(surface);
	stride = cairo_image_surface_get_stride(surface);
	out = r->px;
	for (y = 0; y < h; y++, row += stride) {
		px = (const uint32_t *)(const void *)row;
		for (x = 0; x < w; x++) {
			*out++ = (uint8_t)(px[x] >> 16);
			*out++ = (uint8_t)(px[x] >> 8);
			*out++ = (uint8_t)px[x];
		}
	}
	cairo_destroy(cr);
	cairo_surface_destroy(surface);
}

struct sink {
	struct sh_buf *out;
	struct sh_error *err;
};

static cairo_status_t
sink_write(void *closure, const unsigned char *data, unsigned len)
{
	struct sink *s = closure;

	return (sh_buf_append(s->out, data, len, s->err) == -1 ?
	    CAIRO_STATUS_WRITE_ERROR : CAIRO_STATUS_SUCCESS);
}

int
sh_draw_pdf(const struct sh_paper *p, struct sh_buf *out,
    struct sh_error *err)
{
	struct sink sink = { out, err };
	cairo_surface_t *surface;
	cairo_status_t status;
	cairo_t *cr;
	size_t i;

	surface = cairo_pdf_surface_create_for_stream(sink_write, &sink,
	    p->sides[0].w, p->sides[0].h);
	/* The same seed, the same bytes. */
	cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_CREATE_DATE,
	    "2025-01-01T08:00:00+07:00");
	cr = cairo_create(surface);
	for (i = 0; i < p->nsides; i++) {
		cairo_pdf_surface_set_size(surface, p->sides[i].w,
		    p->sides[i].h);
		cairo_save(cr);
		draw(cr, &p->sides[i], 1, 0);
		draw(cr, &p->sides[i], 0, 0);
		cairo_restore(cr);
		cairo_show_page(cr);
	}
	cairo_destroy(cr);
	cairo_surface_finish(surface);
	status = cairo_surface_status(surface);
	cairo_surface_destroy(surface);
	if (status != CAIRO_STATUS_SUCCESS)
		return (sh_error_set(err, SH_ELIBRARY, "sample.cairo",
		    "cairo: %s", cairo_status_to_string(status)));
	return (0);
}
