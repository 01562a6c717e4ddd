/* What needs the item's pixels: pages scanned again, pictures to look at. */
#include "pipeline/review_internal.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"

#define RESCAN_PAGES_MAX	1000
#define MARGIN_PX		24	/* around a field */
#define CROP_MAX		((size_t)64 << 20)
#define SCREEN_PX		1600	/* longer side of a page's picture */

/* ---- scanned again ----------------------------------------------------------- */

struct rescan {
	struct sh_pool *pool;
	struct sh_item *it;
	uint32_t serial;
	uint32_t npages;
	size_t *pages;		/* fed pages that take them, in order */
};

/* The coded image, durable before the page counts as read. */
static int
keep_image(struct rescan *r, size_t index, const struct sh_raster *raster,
    struct sh_error *err)
{
	struct sh_fed_page *f = &r->it->job->fed[index];
	struct sh_buf b = SH_BUF_INIT;
	char name[SH_IMAGE_NAME];
	uint8_t *p;
	int rc = -1;

	if (f->rescan == 0 && f->kind != SH_FED_SET_ASIDE)
		f->replaced = f->digest;
	f->rescan = r->serial;
	f->rescan_page = raster->page;
	f->digest = raster->digest;
	f->image = raster->image;
	f->image.fd = -1;
	f->exif_orientation = raster->exif_orientation;
	if ((p = sh_buf_reserve(&b, (size_t)raster->image.bytes, err)) !=
	    NULL && sh_pread_all(raster->image.fd, p,
	    (size_t)raster->image.bytes, raster->image.offset, err) == 0) {
		sh_job_image_name(r->it->job, index, name);
		rc = sh_spool_put(r->it->spool, name, p,
		    (size_t)raster->image.bytes, 1, err);
	}
	sh_buf_free(&b);
	return (rc);
}

static int
read_page(struct rescan *r, size_t index, const struct sh_raster *raster,
    struct sh_error *err)
{
	struct sh_job *j = r->it->job;
	struct sh_fed_page *f = &j->fed[index];
	struct sh_error failure = SH_ERROR_INIT;
	struct sh_page *page = NULL;
	uint64_t tag;
	int rc = -1;

	if (sh_read_submit(r->pool, raster, index, err) ||
	    sh_read_wait(r->pool, 1, &tag, &page, &failure, err) != 1)
		return (-1);
	if (page == NULL) {
		*err = failure;
		return (-1);
	}
	if (f->kind != SH_FED_PENDING) {
		f->kind = SH_FED_PENDING;
		j->npending++;
	}
	free(f->failure);
	f->failure = NULL;
	free(f->separator);
	f->separator = NULL;
	rc = sh_job_read(j, index, page, err);
	sh_page_free(page);
	/* A person says that these are pages of the document. */
	if (rc == 0) {
		free(f->failure);
		f->failure = NULL;
		f->kind = SH_FED_DOCUMENT;
	}
	return (rc);
}

/* The fed page that takes page I of the file; one more when they run out. */
static int
place_of(struct rescan *r, size_t i, size_t *indexp, struct sh_error *err)
{
	struct sh_item *it = r->it;
	struct sh_job *j = it->job;
	const struct sh_draft *d = it->draft == SH_NO_PAGE ? NULL :
	    &j->drafts[it->draft];
	size_t n = d != NULL ? d->npages : 1, last;

	if (i < n) {
		*indexp = d != NULL ? d->pages[i] : it->page;
		return (0);
	}
	last = d != NULL ? d->pages[n - 1] : it->page;
	if (sh_job_feed(j, j->fed[last].scan, j->fed[last].page +
	    (uint32_t)(i - n) + 1, indexp, err))
		return (-1);
	j->fed[*indexp].added = 1;
	return (0);
}

static int
take_pages(struct rescan *r, struct sh_decoding *decoding,
    struct sh_error *err)
{
	struct sh_raster raster;
	uint32_t page;
	size_t index, i;
	int got, rc;

	for (i = 0;; i++) {
		if ((got = sh_decode_next(decoding, &raster, &page, err)) <=
		    0)
			return (got);
		rc = place_of(r, i, &index, err);
		if (rc == 0)
			rc = keep_image(r, index, &raster, err);
		if (rc == 0)
			rc = read_page(r, index, &raster, err);
		sh_raster_clear(&raster);
		if (rc != 0)
			return (-1);
		r->pages[i] = index;
		r->npages++;
	}
}

/* A page that was set aside becomes a draft of its own. */
static int
make_draft(struct rescan *r, struct sh_error *err)
{
	struct sh_job *j = r->it->job;
	size_t cap = j->ndrafts;

	if (sh_grow(&j->drafts, &cap, j->ndrafts + 1, sizeof(*j->drafts),
	    "the drafts", err))
		return (-1);
	memset(&j->drafts[j->ndrafts], 0, sizeof(*j->drafts));
	r->it->draft = j->ndrafts++;
	r->it->page = SH_NO_PAGE;
	return (0);
}

/*
 * Nothing of this lasts unless all of it does: the job is kept again only
 * when every page of the file was read.
 */
int
sh_review_rescan(struct sh_pool *pool, struct sh_item *it,
    const struct sh_review_act *act, struct sh_error *err)
{
	struct rescan r = { .pool = pool, .it = it };
	struct sh_decoding *decoding = NULL;
	struct sh_digest digest;
	struct sh_draft *d;
	json_t *note;
	uint64_t bytes;
	uint32_t n;
	size_t i, wanted = it->draft == SH_NO_PAGE ? 1 :
	    it->job->drafts[it->draft].npages;
	char name[32];
	int rc = -1;

	for (i = 0; i < it->job->nfed; i++)
		if (it->job->fed[i].rescan > r.serial)
			r.serial = it->job->fed[i].rescan;
	r.serial++;
	(void)snprintf(name, sizeof(name), "rescan-%u", r.serial);
	if (sh_spool_put_file(it->spool, name, act->fd, &digest, &bytes,
	    err) || sh_decode_open(pool, act->fd, &decoding, err))
		goto out;
	n = sh_decode_npages(decoding);
	if (n < wanted || n > RESCAN_PAGES_MAX) {
		sh_error_param(err, "value", "%u", n);
		sh_error_param(err, "limit", "%zu", wanted);
		(void)sh_error_set(err, SH_ELIMIT, n < wanted ?
		    "review.too-few-pages" : "review.too-many-pages",
		    "%u pages for a document of %zu", n, wanted);
		goto out;
	}
	r.pages = sh_alloc(n, sizeof(*r.pages), "the pages", err);
	if (r.pages == NULL || sh_pool_engine(pool, err) == NULL ||
	    take_pages(&r, decoding, err) ||
	    (it->draft == SH_NO_PAGE && make_draft(&r, err)))
		goto out;
	d = &it->job->drafts[it->draft];
	free(d->pages);
	d->pages = r.pages;
	d->npages = r.npages;
	r.pages = NULL;
	if ((note = sh_review_note(d, act->who, "rescan", err)) == NULL ||
	    sh_json_set_int(note, "pages", r.npages, err))
		goto out;
	rc = 0;
out:
	sh_decode_close(decoding);
	free(r.pages);
	return (rc);
}

/* ---- to look at ------------------------------------------------------------------- */

/* The page's pixels, from the scan that lies on the spool. */
static int
raster_of(struct sh_pool *pool, const struct sh_item *it, size_t index,
    struct sh_raster *out, struct sh_error *err)
{
	const struct sh_fed_page *f = &it->job->fed[index];
	struct sh_decoding *decoding = NULL;
	uint32_t page = f->rescan > 0 ? f->rescan_page : f->page, got;
	char name[32];
	int fd, rc = -1;

	(void)snprintf(name, sizeof(name), f->rescan > 0 ? "rescan-%u" :
	    "scan-%u", f->rescan > 0 ? f->rescan : f->scan);
	if ((fd = sh_memfd("a scan", err)) < 0)
		return (-1);
	if (sh_spool_get_file(it->spool, name, fd, err) == 0 &&
	    sh_decode_open(pool, fd, &decoding, err) == 0 &&
	    sh_decode_seek(decoding, page, err) == 0) {
		rc = sh_decode_next(decoding, out, &got, err) == 1 ? 0 : -1;
		if (rc != 0)
			(void)sh_error_set(err, SH_ENOTFOUND,
			    "page.unread", "no page %u", page + 1);
	}
	sh_decode_close(decoding);
	(void)close(fd);
	return (rc);
}

/* PNG into FOLDER/NAME, which nobody but its owner may read. */
static int
write_crop(struct sh_pool *pool, const struct sh_raster *raster,
    int orientation, struct sh_box box, int step, const char *folder,
    const char *name, json_t *to, struct sh_error *err)
{
	struct sh_buf b = SH_BUF_INIT;
	char *path = NULL;
	int fd, rc = -1;

	if ((fd = sh_memfd("a picture", err)) < 0)
		return (-1);
	if (sh_pool_crop(pool, raster, orientation, box, step, fd, err) == 0
	    && lseek(fd, 0, SEEK_SET) == 0 &&
	    sh_fs_read_fd(fd, CROP_MAX, &b, err) == 0 &&
	    (path = sh_path_join(folder, name, err)) != NULL &&
	    sh_fs_replace(path, b.data, b.len, 0600, err) == 0)
		rc = sh_json_set_str(to, "crop", path, err);
	(void)close(fd);
	free(path);
	sh_buf_free(&b);
	return (rc);
}

static struct sh_box
with_margin(struct sh_box b, const struct sh_page *p)
{
	int32_t x1 = b.x + b.w + MARGIN_PX, y1 = b.y + b.h + MARGIN_PX;

	b.x = b.x > MARGIN_PX ? b.x - MARGIN_PX : 0;
	b.y = b.y > MARGIN_PX ? b.y - MARGIN_PX : 0;
	b.w = (x1 < p->width_px ? x1 : p->width_px) - b.x;
	b.h = (y1 < p->height_px ? y1 : p->height_px) - b.y;
	return (b);
}

/* The picture of page I of the draft, and of the fields on it. */
static int
crop_page(struct sh_pool *pool, const struct sh_item *it, size_t i,
    const char *folder, json_t *pictures, json_t *fields,
    struct sh_error *err)
{
	const struct sh_draft *d = &it->job->drafts[it->draft];
	struct sh_raster raster = { .fd = -1, .image = { .fd = -1 } };
	struct sh_page *p;
	struct sh_box whole;
	const char *name;
	char file[128];
	json_t *v;
	int32_t longer;
	size_t k, n;
	int rc = -1;

	if ((p = sh_job_page(it->job, d->pages[i], err)) == NULL)
		return (-1);
	if (raster_of(pool, it, d->pages[i], &raster, err))
		goto out;
	whole = (struct sh_box){ 0, 0, p->width_px, p->height_px };
	longer = whole.w > whole.h ? whole.w : whole.h;
	(void)snprintf(file, sizeof(file), "%s-p%zu.png", it->name, i + 1);
	v = json_pack("{s:I}", "page", (json_int_t)i);
	if (sh_json_append(pictures, v, err) || write_crop(pool, &raster,
	    p->orientation, whole, (longer + SCREEN_PX - 1) / SCREEN_PX,
	    folder, file, v, err))
		goto out;
	n = json_array_size(fields);
	for (k = 0; k < n; k++) {
		const struct sh_field *f;

		v = json_array_get(fields, k);
		name = json_string_value(json_object_get(v, "name"));
		f = sh_fields_get(&d->fields, name);
		if (f == NULL || f->page != i || f->box.w <= 0 ||
		    f->box.h <= 0)
			continue;
		(void)snprintf(file, sizeof(file), "%s-%.64s.png", it->name,
		    name);
		if (write_crop(pool, &raster, p->orientation,
		    with_margin(f->box, p), 1, folder, file, v, err))
			goto out;
	}
	rc = 0;
out:
	sh_raster_clear(&raster);
	sh_page_free(p);
	return (rc);
}

int
sh_review_crops(struct sh_pool *pool, const struct sh_item *it,
    const char *folder, json_t *answer, struct sh_error *err)
{
	const struct sh_draft *d = &it->job->drafts[it->draft];
	json_t *pictures;
	size_t i;

	if ((pictures = sh_json_new_array(err)) == NULL ||
	    sh_json_set(answer, "pictures", pictures, err) ||
	    sh_fs_mkdirs(folder, 0700, err))
		return (-1);
	for (i = 0; i < d->npages; i++)
		if (crop_page(pool, it, i, folder, pictures,
		    json_object_get(answer, "fields"), err))
			return (-1);
	return (0);
}
