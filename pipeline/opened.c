#include "pipeline/opened.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/mem.h"
#include "ocr/layers.h"
#include "pipeline/job.h"
#include "pipeline/render.h"

#define READING_MAX	((size_t)256 << 20)

void
sh_opened_clear(struct sh_opened *k)
{
	sh_job_release(k->reading, k->npages);
	free(k->list);
	if (k->images >= 0)
		(void)close(k->images);
}

int
sh_opened_reading(struct sh_home *home, const struct sh_reader *who,
    const struct sh_document_id *id, struct sh_opened *k, struct sh_error *err)
{
	struct sh_buf text = SH_BUF_INIT;
	json_t *all = NULL, *v;
	size_t i;
	int fd, rc = -1;

	if ((fd = sh_memfd("reading", err)) < 0)
		return (-1);
	if (sh_archive_get(home->archive, who, id, "reading", fd, err))
		goto out;
	if (lseek(fd, 0, SEEK_SET) != 0 || sh_fs_read_fd(fd, READING_MAX,
	    &text, err) || (all = sh_json_parse(text.data, text.len,
	    READING_MAX, err)) == NULL)
		goto out;
	k->reading = sh_alloc(json_array_size(all), sizeof(*k->reading),
	    "pages", err);
	if (k->reading == NULL)
		goto out;
	k->npages = json_array_size(all);
	json_array_foreach(all, i, v)
		if (sh_page_from_json(v, &k->reading[i], err))
			goto out;
	rc = 0;
out:
	json_decref(all);
	sh_buf_free(&text);
	(void)close(fd);
	return (rc);
}

/* IMAGE behind the others. */
static int
add_image(struct sh_opened *k, const struct sh_page_image *image,
    struct sh_pdfa_page *to, struct sh_error *err)
{
	struct sh_buf b = SH_BUF_INIT;
	uint8_t *p = sh_buf_reserve(&b, (size_t)image->bytes, err);
	int rc = -1;

	if (p != NULL && sh_pread_all(image->fd, p, (size_t)image->bytes,
	    image->offset, err) == 0 && sh_write_all(k->images, p,
	    (size_t)image->bytes, err) == 0)
		rc = 0;
	sh_buf_free(&b);
	to->image = *image;
	to->image.fd = k->images;
	to->image.offset = k->at;
	k->at += image->bytes;
	return (rc);
}

/* One page of the archived PDF, as it is decoded: upright by its EXIF. */
static int
take_page(struct sh_pool *pool, const struct sh_raster *r, size_t page,
    enum sh_profile form, struct sh_opened *k, struct sh_error *err)
{
	struct sh_pdfa_page *to = &k->list[k->n++];
	struct sh_layered small;
	int rc;

	k->reading[page]->orientation = 0;
	to->page = k->reading[page];
	to->exif_orientation = r->exif_orientation;
	if (form != SH_PROFILE_PREVIEW)
		return (add_image(k, &r->image, to, err));
	if (sh_pool_layers(pool, &r->image, form, r->dpi_x, &small, err))
		return (-1);
	rc = add_image(k, &small.image, to, err);
	sh_layered_clear(&small);
	return (rc);
}

int
sh_opened_pages(struct sh_pool *pool, int pdf, const uint8_t *wanted,
    enum sh_profile form, struct sh_opened *k, struct sh_error *err)
{
	struct sh_decoding *d;
	struct sh_raster r;
	uint32_t page = 0;
	int rc;

	if ((k->images = sh_memfd("images", err)) < 0 || (k->list = sh_alloc(
	    k->npages, sizeof(*k->list), "pages", err)) == NULL ||
	    sh_decode_open(pool, pdf, &d, err))
		return (-1);
	if (form == SH_PROFILE_PREVIEW)
		sh_decode_small(d, SH_PREVIEW_SIDE_PX);
	while ((rc = sh_decode_next(d, &r, &page, err)) == 1) {
		if (page < k->npages && (wanted == NULL || wanted[page]) &&
		    take_page(pool, &r, page, form, k, err))
			rc = -1;
		sh_raster_clear(&r);
		if (rc != 1)
			break;
	}
	sh_decode_close(d);
	return (rc);
}

int
sh_preview_write(struct sh_home *home, struct sh_pool *pool,
    const struct sh_reader *who, const struct sh_document_id *id, int fd,
    struct sh_error *err)
{
	struct sh_pdfa_info info = { .flavour = sh_render_flavour(home) };
	struct sh_opened k = SH_OPENED_INIT;
	char identifier[SH_DOCUMENT_ID_LEN];
	const char *when;
	json_t *record = NULL;
	int pdf, rc = -1;

	if ((pdf = sh_memfd("document", err)) < 0)
		return (-1);
	if (sh_archive_show(home->archive, who, id, &record, err) ||
	    sh_archive_get(home->archive, who, id, "pdf", pdf, err) ||
	    sh_opened_reading(home, who, id, &k, err) ||
	    sh_opened_pages(pool, pdf, NULL, SH_PROFILE_PREVIEW, &k, err))
		goto out;
	sh_document_id_print(id, identifier);
	info.identifier = identifier;
	info.title = json_string_value(json_object_get(record, "type_name"));
	if (info.title == NULL)
		info.title = identifier;
	when = json_string_value(json_object_get(record, "archived_at"));
	if (when != NULL && sh_time_parse(when, &info.created) != 0)
		info.created = 0;
	rc = sh_pdfa_write(fd, &info, k.list, k.n, err);
out:
	json_decref(record);
	sh_opened_clear(&k);
	(void)close(pdf);
	return (rc);
}
