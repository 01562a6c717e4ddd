#include "pipeline/render.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/log.h"
#include "base/mem.h"
#include "ocr/fields.h"
#include "ocr/pdfa.h"
#include "pipeline/render_proof.h"

/* What stands around each further image in a PDF, at most. */
#define AROUND_BYTES	400

/* What is held while one document is rendered. */
struct rendering {
	struct sh_pool *pool;
	const struct sh_job *job;
	const struct sh_draft *draft;
	struct sh_pdfa_page *list;
	struct sh_layered *layered;	/* of each page; bytes 0: none */
	struct sh_page **shown;		/* readings of the layered pages, NULL
					   where no field stands */
	int in_part;			/* not all of them was read again */
	size_t n;
	int images;			/* memory file of the coded images */
	uint64_t at;			/* its end */
	enum sh_profile profile;
	char why[64];			/* another than wanted: a message key */
	char field[64];
};

static void
rendering_clear(struct rendering *r)
{
	size_t i;

	for (i = 0; i < r->n; i++) {
		if (r->layered != NULL)
			sh_layered_clear(&r->layered[i]);
		if (r->shown != NULL)
			sh_page_free(r->shown[i]);
	}
	free(r->list);
	free(r->layered);
	free(r->shown);
	if (r->images >= 0)
		(void)close(r->images);
}

static int
rendering_new(struct rendering *r, struct sh_error *err)
{
	size_t i;

	r->list = sh_alloc(r->n, sizeof(*r->list), "the pages", err);
	r->layered = sh_alloc(r->n, sizeof(*r->layered), "the pages", err);
	r->shown = sh_alloc(r->n, sizeof(*r->shown), "the pages", err);
	for (i = 0; r->layered != NULL && i < r->n; i++)
		r->layered[i].fd = r->layered[i].shown.fd =
		    r->layered[i].shown.image.fd = -1;
	if (r->list == NULL || r->layered == NULL || r->shown == NULL)
		return (-1);
	return ((r->images = sh_memfd("images", err)) < 0 ? -1 : 0);
}

/* Append the page's coded image from the spool to the memory file. */
static int
fetch_image(struct rendering *r, struct sh_spool *spool, size_t index,
    struct sh_page_image *out, struct sh_error *err)
{
	struct sh_buf bytes = SH_BUF_INIT;
	char name[SH_IMAGE_NAME];
	int rc = -1;

	sh_job_image_name(r->job, index, name);
	*out = r->job->fed[index].image;
	switch (sh_spool_get(spool, name, &bytes, err)) {
	case 1:
		if (sh_write_all(r->images, bytes.data, bytes.len, err))
			break;
		out->fd = r->images;
		out->offset = r->at;
		out->bytes = bytes.len;
		r->at += bytes.len;
		rc = 0;
		break;
	case 0:
		(void)sh_error_set(err, SH_EFIXITY, "spool.damaged",
		    "the image of page %zu is not on the spool", index + 1);
		break;
	default:
		break;
	}
	sh_buf_free(&bytes);
	return (rc);
}

/* ---- layers --------------------------------------------------------------------- */

/*
 * All pages stay as they were fed, for a reason that the record tells; those
 * of one bit lost nothing.
 */
static void
fall_back(struct rendering *r, const char *why, const char *field)
{
	size_t i;

	sh_log(SH_INFO, "pages are kept as they were fed: %s %s", why,
	    field);
	r->profile = SH_PROFILE_STANDARD;
	(void)snprintf(r->why, sizeof(r->why), "%s", why);
	(void)snprintf(r->field, sizeof(r->field), "%s", field);
	for (i = 0; i < r->n; i++)
		if (r->layered[i].is_layers)
			sh_layered_clear(&r->layered[i]);
}

static void
move_image(struct sh_page_image *im, int fd, uint64_t by)
{
	im->fd = fd;
	im->offset += by;
}

/* To the other images: a document may have more pages than descriptors. */
static int
gather(struct rendering *r, struct sh_layered *l, struct sh_error *err)
{
	struct sh_pdfa_layers *of = &l->layers;
	struct sh_buf b = SH_BUF_INIT;
	uint8_t *p = sh_buf_reserve(&b, (size_t)l->bytes, err);
	size_t i;
	int rc = -1;

	if (p == NULL || sh_pread_all(l->fd, p, (size_t)l->bytes, 0, err) ||
	    sh_write_all(r->images, p, (size_t)l->bytes, err))
		goto out;
	move_image(&l->image, r->images, r->at);
	move_image(&of->background, r->images, r->at);
	for (i = 0; i < of->nstencils; i++) {
		move_image(&of->stencil[i].ink, r->images, r->at);
		move_image(&of->stencil[i].mask, r->images, r->at);
	}
	for (i = 0; i < of->npatches; i++)
		move_image(&of->patch[i].image, r->images, r->at);
	r->at += l->bytes;
	(void)close(l->fd);
	l->fd = -1;
	rc = 0;
out:
	sh_buf_free(&b);
	return (rc);
}

/* What a worker cannot do leaves the pages as they were fed. */
static int
give_up(struct rendering *r, struct sh_error *err)
{
	if (err->code == SH_ESYSTEM || err->code == SH_ENOMEM)
		return (-1);
	fall_back(r, err->key, "");
	sh_error_clear(err);
	return (0);
}

static int
take_apart(struct rendering *r, size_t i, struct sh_layered *out,
    struct sh_error *err)
{
	const struct sh_page *p = r->list[i].page;

	if (sh_pool_layers(r->pool, &r->list[i].image, r->profile, p->dpi >
	    p->dpi_y ? p->dpi : p->dpi_y, out, err))
		return (-1);
	out->shown.exif_orientation = r->list[i].exif_orientation;
	return (0);
}

/* One page in its other form, where that takes less room. */
static int
change_page(struct rendering *r, size_t i, struct sh_error *err)
{
	const struct sh_page_image *image = &r->list[i].image;
	struct sh_layered *l = &r->layered[i];
	uint64_t bytes;
	int whole;

	if (image->coding == SH_IMAGE_FLATE ||
	    image->coding == SH_IMAGE_JBIG2)
		return (0);
	if (take_apart(r, i, l, err))
		return (give_up(r, err));
	bytes = l->bytes + (l->is_layers ? AROUND_BYTES *
	    (2 * l->layers.nstencils + l->layers.npatches) : 0);
	if (bytes >= image->bytes) {
		sh_layered_clear(l);
		return (0);
	}
	if (gather(r, l, err))
		return (-1);
	if (!l->is_layers)
		return (0);
	if (sh_proof_read(r->pool, &l->shown, r->list[i].page,
	    &r->draft->fields, (uint32_t)i, &r->shown[i], &whole, err))
		return (give_up(r, err));
	r->in_part |= r->shown[i] != NULL && !whole;
	/* Pixels are large and no longer needed. */
	sh_raster_clear(&l->shown);
	l->shown.fd = l->shown.image.fd = -1;
	return (0);
}

/* The first field that is not what it was, or NULL. */
static const char *
changed_field(const struct sh_fields *before, const struct sh_fields *after)
{
	const struct sh_field *f;
	size_t i;

	for (i = 0; i < before->n; i++) {
		f = sh_fields_get(after, before->field[i].def->name);
		if (f == NULL ||
		    strcmp(f->value, before->field[i].value) != 0)
			return (before->field[i].def->name);
	}
	for (i = 0; i < after->n; i++)
		if (sh_fields_get(before, after->field[i].def->name) == NULL)
			return (after->field[i].def->name);
	return (NULL);
}

/* The first field that the layered pages no longer say, or NULL in *NAMEP. */
static int
find_change(struct rendering *r, const char **namep, struct sh_error *err)
{
	const struct sh_draft *d = r->draft;
	struct sh_fields fields = { NULL, 0 };
	const struct sh_page **pages;
	size_t i, again = 0;
	int rc;

	*namep = NULL;
	pages = sh_alloc(r->n, sizeof(*pages), "the pages", err);
	if (pages == NULL)
		return (-1);
	for (i = 0; i < r->n; i++) {
		again += r->shown[i] != NULL;
		pages[i] = r->shown[i] != NULL ? r->shown[i] :
		    r->list[i].page;
	}
	rc = again == 0 ? 0 : sh_fields_extract(r->job->catalogue,
	    d->guess.type, pages, r->n, d->guess.certified_copy, &fields,
	    err);
	if (rc == 0 && again > 0)
		*namep = changed_field(&d->fields, &fields);
	sh_fields_clear(&fields);
	free(pages);
	return (rc);
}

/* The layered pages read again as a whole: a strip may read worse alone. */
static int
read_whole(struct rendering *r, struct sh_error *err)
{
	struct sh_layered again;
	size_t i;
	int rc;

	for (i = 0; i < r->n; i++) {
		if (r->shown[i] == NULL)
			continue;
		if (take_apart(r, i, &again, err))
			return (-1);
		sh_page_free(r->shown[i]);
		rc = sh_read_now(r->pool, &again.shown, &r->shown[i], err);
		sh_layered_clear(&again);
		if (rc)
			return (-1);
	}
	return (0);
}

/* Does the document still say the same? */
static int
compare_fields(struct rendering *r, struct sh_error *err)
{
	const char *name;

	if (r->draft->guess.type == NULL)
		return (0);
	if (find_change(r, &name, err))
		return (-1);
	if (name != NULL && r->in_part) {
		if (read_whole(r, err))
			return (give_up(r, err));
		if (find_change(r, &name, err))
			return (-1);
	}
	if (name != NULL)
		fall_back(r, "layers.field-changed", name);
	return (0);
}

static int
change_pages(struct rendering *r, struct sh_error *err)
{
	size_t i;

	for (i = 0; i < r->n && r->profile != SH_PROFILE_STANDARD; i++)
		if (change_page(r, i, err))
			return (sh_error_context(err, "page %zu", i + 1));
	if (r->profile == SH_PROFILE_ARCHIVE && compare_fields(r, err))
		return (-1);
	for (i = 0; i < r->n; i++) {
		struct sh_layered *l = &r->layered[i];

		if (l->bytes == 0)
			continue;
		if (l->is_layers)
			r->list[i].layers = &l->layers;
		else
			r->list[i].image = l->image;
	}
	return (0);
}

/* ---- the document --------------------------------------------------------------- */

enum sh_pdfa_flavour
sh_render_flavour(const struct sh_home *home)
{
	const char *s = sh_config_text(home->config, "pdfa");

	return (strcmp(s, "1b") == 0 ? SH_PDFA_1B :
	    strcmp(s, "3u") == 0 ? SH_PDFA_3U : SH_PDFA_2U);
}

static int
tell(const struct rendering *r, json_t *made_by, struct sh_error *err)
{
	if (sh_json_set_str(made_by, "profile", sh_profile_word(r->profile),
	    err))
		return (-1);
	if (r->why[0] == '\0')
		return (0);
	return (sh_json_set_str(made_by, "profile_why", r->why, err) ||
	    (r->field[0] != '\0' && sh_json_set_str(made_by, "profile_field",
	    r->field, err)) ? -1 : 0);
}

int
sh_render(struct sh_home *home, struct sh_pool *pool, struct sh_spool *spool,
    const struct sh_job *job, const struct sh_draft *d,
    struct sh_page *const *pages, const char *identifier, int64_t now,
    int fd, json_t *made_by, struct sh_error *err)
{
	struct sh_pdfa_info info = {
		.flavour = sh_render_flavour(home),
		.title = d->guess.type->name,
		.identifier = identifier,
		.created = job->dossier->received_at != 0 ?
		    job->dossier->received_at : now,
	};
	struct rendering r = { .pool = pool, .job = job, .draft = d,
	    .n = d->npages, .images = -1,
	    .profile = d->guess.type->profile };
	size_t i;
	int rc = -1;

	if (rendering_new(&r, err))
		goto out;
	for (i = 0; i < r.n; i++) {
		r.list[i].page = pages[i];
		r.list[i].exif_orientation = job->fed[d->pages[i]].
		    exif_orientation;
		if (fetch_image(&r, spool, d->pages[i], &r.list[i].image,
		    err))
			goto out;
	}
	if (change_pages(&r, err) ||
	    sh_pdfa_write(fd, &info, r.list, r.n, err) ||
	    tell(&r, made_by, err))
		goto out;
	rc = 0;
out:
	rendering_clear(&r);
	return (rc);
}
