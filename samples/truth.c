/*
 * What is true about a dossier, in the format that README.md describes.
 * Building JSON fails only for want of memory.
 */
#include <string.h>

#include "base/json.h"
#include "samples/dossier.h"

static json_t *
must(json_t *v)
{
	if (v == NULL)
		sh_keep_die();
	return (v);
}

static void
put(json_t *o, const char *name, json_t *v)
{
	if (json_object_set_new(o, name, must(v)) == -1)
		sh_keep_die();
}

static void
add(json_t *a, json_t *v)
{
	if (json_array_append_new(a, must(v)) == -1)
		sh_keep_die();
}

json_t *
sh_truth_dossier(const struct sh_dossier *d)
{
	json_t *o = must(json_object()), *p = must(json_object()),
	    *h = must(json_object()), *s = must(json_array());
	char when[SH_TIME_LEN], born[SH_DATE_LEN];
	size_t i;

	put(o, "code", json_string(d->code));
	put(o, "code_style", json_string(d->code_style));
	put(p, "code", json_string(d->procedure));
	put(p, "name", json_string(d->procedure_name));
	put(o, "procedure", p);
	sh_date_print(d->holder->birth, born);
	put(h, "id", json_string(d->holder->id));
	put(h, "name", json_string(d->holder->name));
	put(h, "birth_date", json_string(born));
	put(o, "holder", h);
	sh_time_print(d->received, when);
	put(o, "received_at", json_string(when));
	put(o, "station", json_string(d->station));
	for (i = 0; i < d->nscans; i++)
		add(s, json_string(d->scans[i].name));
	put(o, "scans", s);
	return (o);
}

json_t *
sh_truth_document(const struct sh_paper *p)
{
	json_t *o = must(json_object()), *f = must(json_object()),
	    *hs = must(json_array()), *h;
	size_t i;

	put(o, "type", json_string(p->slug));
	for (i = 0; i < p->nholders; i++) {
		h = must(json_object());
		put(h, "id", json_string(p->holders[i].id));
		put(h, "name", json_string(p->holders[i].name));
		put(h, "role", json_string(p->holders[i].role));
		add(hs, h);
	}
	put(o, "holders", hs);
	for (i = 0; i < p->nfields; i++)
		put(f, p->fields[i].name, json_string(p->fields[i].value));
	put(o, "fields", f);
	return (o);
}

static json_t *
place(size_t scan, size_t page)
{
	return (json_pack("[i,i]", (int)scan, (int)page));
}

static void
move(const double m[9], double x, double y, double *u, double *v)
{
	double w = m[6] * x + m[7] * y + m[8];

	*u = (m[0] * x + m[1] * y + m[2]) / w;
	*v = (m[3] * x + m[4] * y + m[5]) / w;
}

/* [scan, page, x, y, w, h] in pixels of the upright page. */
static json_t *
box(size_t scan, size_t page, const struct sh_scan *s,
    const struct sh_box *b)
{
	const struct sh_page *p = &s->pages[page];
	double k = s->dpi / 72.0, x0 = 1e9, y0 = 1e9, x1 = 0, y1 = 0, u, v;
	int i;

	for (i = 0; i < 4; i++) {
		move(p->worn.m, (b->x + (i & 1 ? b->w : 0)) * k,
		    (b->y + (i & 2 ? b->h : 0)) * k, &u, &v);
		x0 = u < x0 ? u : x0;
		y0 = v < y0 ? v : y0;
		x1 = u > x1 ? u : x1;
		y1 = v > y1 ? v : y1;
	}
	return (json_pack("[i,i,i,i,i,i]", (int)scan, (int)page, (int)x0,
	    (int)y0, (int)(x1 - x0 + 1), (int)(y1 - y0 + 1)));
}

/* Where the sides of document K are, and where its fields stand. */
static void
places(const struct sh_dossier *d, size_t k, json_t *o)
{
	const struct sh_paper *p = &d->documents[k].paper;
	const struct sh_scan *s;
	json_t *pages = must(json_array()), *boxes = must(json_object()), *b;
	size_t i, j, f, n;

	for (i = 0; i < d->nscans; i++)
		for (j = 0; j < d->scans[i].npages; j++)
			if (d->scans[i].pages[j].kind == SH_PAGE_DOCUMENT &&
			    d->scans[i].pages[j].document == k)
				add(pages, place(i, j));
	put(o, "pages", pages);
	for (f = 0; f < p->nfields; f++) {
		b = must(json_array());
		for (n = 0; n < p->fields[f].nboxes; n++)
			for (i = 0; i < d->nscans; i++)
				for (s = &d->scans[i], j = 0; j < s->npages;
				    j++)
					if (s->pages[j].kind ==
					    SH_PAGE_DOCUMENT &&
					    s->pages[j].document == k &&
					    s->pages[j].side ==
					    p->fields[f].boxes[n].side)
						add(b, box(i, j, s,
						    &p->fields[f].boxes[n]));
		if (json_array_size(b) > 0)
			put(boxes, p->fields[f].name, b);
		else
			json_decref(b);
	}
	put(o, "boxes", boxes);
}

static json_t *
page(size_t scan, size_t index, const struct sh_scan *s)
{
	static const char *const kinds[] = { "document", "blank",
	    "separator" };
	const struct sh_page *p = &s->pages[index];
	json_t *o = must(json_object());

	put(o, "scan", json_integer((json_int_t)scan));
	put(o, "page", json_integer((json_int_t)index));
	put(o, "kind", json_string(kinds[p->kind]));
	put(o, "rotation", json_integer(p->worn.rotation));
	put(o, "exif_orientation", json_integer(p->worn.exif));
	put(o, "dpi", p->dpi == 0 ? json_null() : json_integer(p->dpi));
	put(o, "text", json_string(p->text));
	return (o);
}

json_t *
sh_truth(const struct sh_dossier *d)
{
	static const char *const copies[] = { "original", "certified-copy",
	    "photocopy" };
	json_t *o = must(json_object()), *docs = must(json_array()),
	    *blank = must(json_array()), *sep = must(json_array()),
	    *pages = must(json_array()), *doc;
	const struct sh_document *x;
	size_t i, j;

	for (i = 0; i < d->ndocuments; i++) {
		x = &d->documents[i];
		doc = sh_truth_document(&x->paper);
		places(d, i, doc);
		put(doc, "paper", json_sprintf("%016llx",
		    (unsigned long long)x->order.seed));
		put(doc, "copy", json_string(copies[x->order.copy]));
		put(doc, "duplicate_of", x->dup_dossier == NULL ?
		    json_null() : json_pack("{s:s,s:i,s:s}", "dossier",
		    x->dup_dossier, "document", (int)x->dup_document, "kind",
		    x->dup_kind));
		add(docs, doc);
	}
	for (i = 0; i < d->nscans; i++)
		for (j = 0; j < d->scans[i].npages; j++) {
			add(pages, page(i, j, &d->scans[i]));
			if (d->scans[i].pages[j].kind == SH_PAGE_BLANK)
				add(blank, place(i, j));
			if (d->scans[i].pages[j].kind == SH_PAGE_SEPARATOR)
				add(sep, place(i, j));
		}
	put(o, "documents", docs);
	put(o, "blank_pages", blank);
	put(o, "separator_pages", sep);
	put(o, "pages", pages);
	put(o, "note", json_string(d->note));
	return (o);
}

int
sh_truth_save(const char *path, json_t *v, struct sh_error *err)
{
	struct sh_buf b = SH_BUF_INIT;
	int rc = -1;

	if (sh_json_print(v, 1, &b, err) == 0 && sh_buf_puts(&b, "\n", err) ==
	    0 && sh_carrier_write(path, b.data, b.len, err) == 0)
		rc = 0;
	sh_buf_free(&b);
	json_decref(v);
	return (rc);
}
