#include "pipeline/decoded.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "ocr/likeness.h"
#include "pipeline/version.h"

/* Changes with whatever changes what a decoder says of a file. */
#define PURPOSE		"decoded-1 " SH_VERSION
#define FILE_MAX	((size_t)32 << 20)
#define HEAD_MAX	((size_t)64 << 10)	/* of an image, made anew */
#define SAMPLE		64	/* bytes by which it is found in the file */
#define SIDE_MAX	65535
#define LENGTH_MAX	((size_t)1 << 20)	/* of what is told */

/*
 * The entry: the length of the JSON in four bytes, the JSON, then what it
 * gives lengths of: page by page the image's head and the likeness.
 */
struct sh_decoded {
	char name[SH_DECODED_NAME];
	struct sh_buf file;
	json_t *pages;
	struct sh_buf tail;
	int forgotten;
};

int
sh_decoded_new(struct sh_archive *ar, int fd, struct sh_decoded **dp,
    struct sh_error *err)
{
	struct sh_decoded *d;
	struct sh_digest digest;
	struct stat st;
	char hex[SH_HEX_LEN];

	*dp = NULL;
	if (fstat(fd, &st) != 0 || st.st_size <= 0 ||
	    (uint64_t)st.st_size > FILE_MAX)
		return (0);
	if ((d = sh_alloc(1, sizeof(*d), "a file", err)) == NULL)
		return (-1);
	d->file.limit = FILE_MAX;
	if (sh_fs_read_fd(fd, FILE_MAX, &d->file, err) ||
	    (d->pages = sh_json_new_array(err)) == NULL ||
	    sh_archive_keyed_digest(ar, PURPOSE, d->file.data, d->file.len,
	    &digest, err)) {
		sh_decoded_free(d);
		return (-1);
	}
	sh_hex(digest.b, SH_DIGEST_LEN, hex);
	(void)snprintf(d->name, sizeof(d->name), "d-%s", hex);
	*dp = d;
	return (0);
}

void
sh_decoded_free(struct sh_decoded *d)
{
	if (d == NULL)
		return;
	sh_buf_free(&d->file);
	sh_buf_free(&d->tail);
	json_decref(d->pages);
	free(d);
}

void
sh_decoded_forget(struct sh_decoded *d)
{
	if (d != NULL)
		d->forgotten = 1;
}

/* ---- remembering ------------------------------------------------------------- */

/*
 * Where the image lies in the file: the bytes at its start that do not
 * (a decoder leaves out what a picture does not need), and where the others
 * begin.
 */
static int
find_image(const struct sh_buf *file, const uint8_t *image, size_t len,
    size_t *headp, size_t *atp)
{
	size_t sample = len < SAMPLE ? len : SAMPLE, n;
	const uint8_t *end, *p, *at = NULL;

	/* The last place: an image's end is the end of its file as a rule. */
	for (p = file->data; (p = memmem(p, file->len - (size_t)(p -
	    file->data), image + len - sample, sample)) != NULL; p++)
		at = p;
	if (at == NULL)
		return (0);
	end = at + sample;
	for (n = sample; n < len && n < (size_t)(end - file->data) &&
	    image[len - n - 1] == *(end - n - 1); n++)
		;
	*headp = len - n;
	*atp = (size_t)(end - n - file->data);
	return (len - n <= HEAD_MAX);
}

int
sh_decoded_add(struct sh_decoded *d, const struct sh_raster *r,
    struct sh_error *err)
{
	const struct sh_page_image *im = &r->image;
	struct sh_buf image = { .limit = FILE_MAX };
	char hex[SH_HEX_LEN];
	uint8_t *p;
	json_t *v;
	size_t head, at;
	int rc = -1;

	if (d == NULL || d->forgotten)
		return (0);
	if (im->bytes > d->file.len + HEAD_MAX ||
	    json_array_size(d->pages) >= SH_DECODED_PAGES_MAX) {
		d->forgotten = 1;
		return (0);
	}
	if ((p = sh_buf_reserve(&image, (size_t)im->bytes, err)) == NULL ||
	    sh_pread_all(im->fd, p, (size_t)im->bytes, im->offset, err))
		goto out;
	if (!find_image(&d->file, p, (size_t)im->bytes, &head, &at)) {
		d->forgotten = 1;
		rc = 0;
		goto out;
	}
	sh_hex(r->digest.b, SH_DIGEST_LEN, hex);
	v = json_pack("{s:I, s:i, s:i, s:i, s:f, s:f, s:i, s:s, s:b, s:b, "
	    "s:i, s:i, s:I, s:I, s:I, s:I}", "page", (json_int_t)r->page,
	    "width", (int)r->width_px, "height", (int)r->height_px,
	    "channels", r->channels, "dpi_x", r->dpi_x, "dpi_y", r->dpi_y,
	    "exif", r->exif_orientation, "digest", hex, "pdf", r->from_pdf,
	    "drawn", r->drawn || r->text_bytes > 0, "coding",
	    (int)im->coding, "components", im->components, "bytes",
	    (json_int_t)im->bytes, "head", (json_int_t)head, "at",
	    (json_int_t)at, "likeness", (json_int_t)r->likeness.len);
	if (sh_json_append(d->pages, v, err) || sh_buf_append(&d->tail, p,
	    head, err) || (r->likeness.len > 0 && sh_buf_append(&d->tail,
	    r->likeness.data, r->likeness.len, err)))
		goto out;
	rc = 0;
out:
	sh_buf_free(&image);
	return (rc);
}

int
sh_decoded_put(struct sh_decoded *d, struct sh_spool *cache,
    struct sh_error *err)
{
	struct sh_buf b = SH_BUF_INIT, all = SH_BUF_INIT;
	int rc = -1;

	if (d == NULL || d->forgotten || json_array_size(d->pages) == 0)
		return (0);
	if (sh_json_print(d->pages, 0, &b, err) == 0 &&
	    sh_buf_put_be(&all, b.len, 4, err) == 0 &&
	    sh_buf_append(&all, b.data, b.len, err) == 0 &&
	    (d->tail.len == 0 || sh_buf_append(&all, d->tail.data,
	    d->tail.len, err) == 0))
		rc = sh_spool_put(cache, d->name, all.data, all.len, 0, err);
	sh_buf_free(&b);
	sh_buf_free(&all);
	return (rc);
}

/* ---- remembered --------------------------------------------------------------- */

static int
measures(const json_t *v, struct sh_raster *r, struct sh_error *err)
{
	int64_t page, width, height, channels, exif, coding, components;
	const char *hex;

	if (sh_json_int(v, "page", 1, 0, UINT32_MAX, 0, &page, err) ||
	    sh_json_int(v, "width", 1, 1, SIDE_MAX, 0, &width, err) ||
	    sh_json_int(v, "height", 1, 1, SIDE_MAX, 0, &height, err) ||
	    sh_json_int(v, "channels", 1, 1, 3, 0, &channels, err) ||
	    sh_json_num(v, "dpi_x", 1, 0, 2400, 0, &r->dpi_x, err) ||
	    sh_json_num(v, "dpi_y", 1, 0, 2400, 0, &r->dpi_y, err) ||
	    sh_json_int(v, "exif", 1, 1, 8, 0, &exif, err) ||
	    sh_json_bool(v, "pdf", 0, &r->from_pdf, err) ||
	    sh_json_bool(v, "drawn", 0, &r->drawn, err) ||
	    sh_json_int(v, "coding", 1, SH_IMAGE_JPEG, SH_IMAGE_FLATE, 0,
	    &coding, err) || sh_json_int(v, "components", 1, 1, 3, 0,
	    &components, err) || sh_json_str(v, "digest", 1, SH_HEX_LEN - 1,
	    &hex, err))
		return (-1);
	if (sh_unhex(hex, r->digest.b, SH_DIGEST_LEN))
		return (sh_error_set(err, SH_EFORMAT, "spool.damaged",
		    "digest %s", hex));
	r->page = (uint32_t)page;
	r->width_px = r->image.width_px = (int32_t)width;
	r->height_px = r->image.height_px = (int32_t)height;
	r->channels = (int)channels;
	r->exif_orientation = (int)exif;
	r->image.coding = (enum sh_image_coding)coding;
	r->image.components = (int)components;
	return (0);
}

/* The page's image again, of its head in *TAILP and of the file. */
static int
assemble(const struct sh_decoded *d, const json_t *v, const uint8_t **tailp,
    size_t *leftp, struct sh_raster *r, struct sh_error *err)
{
	int64_t bytes, head, at, likeness;

	if (sh_json_int(v, "bytes", 1, 1, (int64_t)(d->file.len + HEAD_MAX),
	    0, &bytes, err) || sh_json_int(v, "head", 1, 0, bytes, 0, &head,
	    err) || sh_json_int(v, "at", 1, 0, (int64_t)d->file.len, 0, &at,
	    err) || sh_json_int(v, "likeness", 1, 0,
	    (int64_t)SH_LIKENESS_MAX, 0, &likeness, err))
		return (-1);
	if ((uint64_t)(bytes - head) > d->file.len - (uint64_t)at ||
	    (uint64_t)(head + likeness) > *leftp)
		return (sh_error_set(err, SH_EFORMAT, "spool.damaged",
		    "an image beyond its file"));
	r->image.bytes = (uint64_t)bytes;
	if ((r->image.fd = sh_memfd("coded image", err)) < 0 ||
	    sh_write_all(r->image.fd, *tailp, (size_t)head, err) ||
	    sh_write_all(r->image.fd, d->file.data + at, (size_t)(bytes -
	    head), err) || (likeness > 0 && sh_buf_append(&r->likeness,
	    *tailp + head, (size_t)likeness, err)))
		return (-1);
	*tailp += head + likeness;
	*leftp -= (size_t)(head + likeness);
	return (0);
}

int
sh_decoded_get(struct sh_decoded *d, struct sh_spool *cache,
    struct sh_raster *pages, size_t *np, struct sh_error *err)
{
	struct sh_buf b = SH_BUF_INIT;
	const uint8_t *tail;
	json_t *all = NULL, *v;
	size_t len, left, i;
	int rc;

	*np = 0;
	if (d == NULL || (rc = sh_spool_get(cache, d->name, &b, err)) == 0)
		return (0);
	if (rc != 1 || b.len < 4 || (len = (size_t)sh_get_be(b.data, 4)) >
	    b.len - 4 || (all = sh_json_parse(b.data + 4, len, LENGTH_MAX,
	    err)) == NULL || json_array_size(all) > SH_DECODED_PAGES_MAX) {
		rc = -1;
		goto out;
	}
	tail = b.data + 4 + len;
	left = b.len - 4 - len;
	json_array_foreach(all, i, v) {
		struct sh_raster *r = &pages[(*np)++];

		memset(r, 0, sizeof(*r));
		r->fd = r->image.fd = -1;
		if (measures(v, r, err) || assemble(d, v, &tail, &left, r,
		    err)) {
			rc = -1;
			goto out;
		}
	}
out:
	if (rc < 0 && err->code == SH_OK)
		(void)sh_error_set(err, SH_EFIXITY, "spool.damaged",
		    "what a file was decoded to");
	json_decref(all);
	sh_buf_free(&b);
	return (rc);
}
