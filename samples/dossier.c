#include "samples/dossier.h"

#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "samples/draw.h"

static void *
more(struct sh_arena *a, void *old, size_t n, size_t *capp, size_t size)
{
	void *p;

	if (n < *capp)
		return (old);
	*capp = *capp == 0 ? 8 : 2 * *capp;
	p = sh_arena_get(a, *capp, size);
	if (n > 0)
		memcpy(p, old, n * size);
	return (p);
}

struct sh_document *
sh_dossier_document(struct sh_dossier *d)
{
	d->documents = more(&d->arena, d->documents, d->ndocuments,
	    &d->documents_cap, sizeof(*d->documents));
	return (&d->documents[d->ndocuments++]);
}

struct sh_scan *
sh_dossier_scan(struct sh_dossier *d)
{
	d->scans = more(&d->arena, d->scans, d->nscans, &d->scans_cap,
	    sizeof(*d->scans));
	return (&d->scans[d->nscans++]);
}

struct sh_page *
sh_dossier_page(struct sh_dossier *d, struct sh_scan *s)
{
	s->pages = more(&d->arena, s->pages, s->npages, &s->pages_cap,
	    sizeof(*s->pages));
	return (&s->pages[s->npages++]);
}

void
sh_dossier_free(struct sh_dossier *d)
{
	size_t i;

	for (i = 0; i < d->ndocuments; i++)
		sh_paper_free(&d->documents[i].paper);
	sh_arena_free(&d->arena);
}

int
sh_dossier_compose(struct sh_dossier *d, struct sh_error *err)
{
	size_t i;

	for (i = 0; i < d->ndocuments; i++)
		if (d->documents[i].paper.nsides == 0 &&
		    sh_compose(&d->documents[i].order, &d->documents[i].paper,
		    err) == -1)
			return (-1);
	return (0);
}

/* A sheet with a code that tells the station where a document begins. */
static int
separator(const struct sh_page *page, struct sh_paper *p,
    struct sh_error *err)
{
	struct sh_facts facts;
	struct sh_arena arena = SH_ARENA_INIT;
	struct sh_order o = { .form = sh_form_find("separator"),
	    .seed = page->seed, .variant = -1, .facts = &facts };
	int rc;

	sh_facts_start(&facts, &arena, NULL, NULL, page->seed);
	sh_facts_set(&facts, "payload", page->separator);
	sh_facts_set(&facts, "kind", page->separator_type);
	rc = sh_compose(&o, p, err);
	sh_arena_free(&arena);
	return (rc);
}

/* Extra ink over the text; the paper's items gain pictures. */
static void
overprint(struct sh_paper *p, size_t side, const struct sh_page *page)
{
	struct sh_side *s = &p->sides[side];
	struct sh_item *it;
	struct sh_rng r;
	int i;

	sh_rng_start(&r, sh_seed(page->seed, "overprint"));
	for (i = 0; i < 2; i++) {
		if (!SH_WEAR_HAS(&page->wear, i == 0 ? SH_WEAR_STAMP :
		    SH_WEAR_SIGN))
			continue;
		it = sh_side_item(p, s, SH_ITEM_ART);
		it->text = i == 0 ? "seal" : "signature";
		it->arg = "ỦY BAN NHÂN DÂN|ĐÃ TIẾP NHẬN";
		it->w = i == 0 ? 98 : 120;
		it->h = i == 0 ? 98 : 60;
		it->x = sh_rng_real(&r, 0.2, 0.6) * s->w;
		it->y = sh_rng_real(&r, 0.2, 0.6) * s->h;
		it->seed = sh_rng_next(&r);
	}
}

/* Pixels of one page, worn; what it reads goes to PAGE. */
static int
render(struct sh_dossier *d, const struct sh_scan *s, struct sh_page *page,
    struct sh_raster *r, struct sh_error *err)
{
	struct sh_raster verso = { .px = NULL };
	struct sh_paper sheet = { .nsides = 0 }, *p = NULL;
	struct sh_wear wear = page->wear;
	size_t side = page->side;
	int rc = -1;

	if (page->kind == SH_PAGE_SEPARATOR) {
		if (separator(page, &sheet, err) == -1)
			goto out;
		p = &sheet;
		side = 0;
	} else
		p = &d->documents[page->document].paper;
	page->text = "";
	if (page->kind == SH_PAGE_BLANK) {
		/* The other side shines through a little. */
		sh_draw_side(p, side, s->dpi, &verso);
		sh_raster_new(r, verso.w, verso.h, s->dpi);
		memset(r->px, 255, (size_t)3 * r->w * r->h);
		if (!SH_WEAR_HAS(&wear, SH_WEAR_BLEED)) {
			wear.has |= 1u << SH_WEAR_BLEED;
			wear.value[SH_WEAR_BLEED] = 2;
		}
	} else {
		overprint(p, side, page);
		sh_draw_side(p, side, s->dpi, r);
		page->text = sh_arena_dup(&d->arena, p->sides[side].text);
		if (SH_WEAR_HAS(&wear, SH_WEAR_BLEED) && p->nsides > 1)
			sh_draw_side(p, (side + 1) % p->nsides, s->dpi,
			    &verso);
	}
	sh_wear_apply(&wear, page->seed, r, verso.px != NULL ? &verso : NULL,
	    &page->worn);
	page->dpi = r->dpi;
	rc = 0;
out:
	sh_raster_free(&verso);
	sh_paper_free(&sheet);
	return (rc);
}

static int
write_pages(struct sh_dossier *d, struct sh_scan *s, const char *path,
    struct sh_error *err)
{
	struct sh_carrier *c;
	struct sh_raster r = { .px = NULL };
	struct sh_packing how;
	size_t i;
	int rc = 0;

	if ((c = sh_carrier_open(path, (enum sh_carrier_kind)s->kind, err)) ==
	    NULL)
		return (-1);
	for (i = 0; i < s->npages && rc == 0; i++) {
		if (render(d, s, &s->pages[i], &r, err) == -1) {
			rc = -1;
			break;
		}
		how = (struct sh_packing){ .depth = s->depth,
		    .quality = s->quality, .exif = s->pages[i].worn.exif,
		    .camera = s->camera };
		if (s->pages[i].worn.bilevel)
			how.depth = SH_DEPTH_BILEVEL;
		if (s->pages[i].worn.quality > 0)
			how.quality = s->pages[i].worn.quality;
		rc = sh_carrier_add(c, &r, &how, err);
		sh_raster_free(&r);
	}
	if (rc == -1) {
		sh_carrier_drop(c);
		return (-1);
	}
	return (sh_carrier_close(c, err));
}

/* The document's own outlines; its pages are known without pixels. */
static int
write_vector(struct sh_dossier *d, struct sh_scan *s, const char *path,
    struct sh_error *err)
{
	const struct sh_paper *p;
	struct sh_buf b = SH_BUF_INIT;
	size_t i;
	int rc = -1;

	p = &d->documents[s->pages[0].document].paper;
	for (i = 0; i < s->npages; i++) {
		s->pages[i].text = p->sides[s->pages[i].side].text;
		s->pages[i].dpi = s->dpi;
		s->pages[i].worn = (struct sh_worn){ .exif = 1 };
		sh_wear_identity(s->pages[i].worn.m);
	}
	if (sh_draw_pdf(p, &b, err) == 0)
		rc = sh_carrier_write(path, b.data, b.len, err);
	sh_buf_free(&b);
	return (rc);
}

static int
write_scan(struct sh_dossier *d, struct sh_scan *s, const char *dir,
    struct sh_error *err)
{
	char *path;
	int rc;

	if ((path = sh_path_join(dir, s->name, err)) == NULL)
		return (-1);
	rc = s->kind == SH_VECTOR ? write_vector(d, s, path, err) :
	    write_pages(d, s, path, err);
	free(path);
	return (rc);
}

int
sh_dossier_write(struct sh_dossier *d, const char *dir, int whole,
    struct sh_error *err)
{
	char *path;
	size_t i;
	int rc;

	if (sh_dossier_compose(d, err) == -1)
		return (-1);
	for (i = 0; i < d->nscans; i++)
		if (write_scan(d, &d->scans[i], dir, err) == -1)
			return (-1);
	if (!whole)
		return (0);
	if ((path = sh_path_join(dir, "dossier.json", err)) == NULL)
		return (-1);
	rc = sh_truth_save(path, sh_truth_dossier(d), err);
	free(path);
	if (rc == -1 || (path = sh_path_join(dir, "truth.json", err)) == NULL)
		return (-1);
	rc = sh_truth_save(path, sh_truth(d), err);
	free(path);
	return (rc);
}
