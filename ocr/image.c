#include "ocr/image.h"

#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"
#include "base/text.h"
#include "ocr/image_internal.h"

#define JPEG_QUALITY	75
/*
 * What a scanner may be set to.  Cameras, editors and screens write 72 or
 * 96 when they know nothing; such a page is measured, not believed.
 */
#define DPI_MIN		100.0
#define DPI_MAX		1200.0
#define PDF_HEADER_MAX	1024	/* how far junk may push "%PDF-" */

static int
starts(const uint8_t *data, size_t len, const char *magic, size_t n)
{
	return (len >= n && memcmp(data, magic, n) == 0);
}

#define STARTS(magic)	starts(data, len, magic, sizeof(magic) - 1)

static int
is_pdf(const uint8_t *data, size_t len)
{
	if (len > PDF_HEADER_MAX)
		len = PDF_HEADER_MAX;
	return (memmem(data, len, "%PDF-", 5) != NULL);
}

static const struct sh_image_decoder *
find_decoder(const uint8_t *data, size_t len)
{
	if (STARTS("\xff\xd8\xff"))
		return (&sh_image_jpeg);
	if (STARTS("\x89PNG\r\n\x1a\n"))
		return (&sh_image_png);
	if (STARTS("II*\0") || STARTS("MM\0*") || STARTS("II+\0") ||
	    STARTS("MM\0+"))
		return (&sh_image_tiff);
	if (len > 2 && data[0] == 'P' && data[1] >= '4' && data[1] <= '6' &&
	    memchr(" \t\r\n#", data[2], 5) != NULL)
		return (&sh_image_pnm);
	if (is_pdf(data, len))
		return (&sh_image_pdf);
	if (STARTS("GIF87a") || STARTS("GIF89a"))
		return (&sh_image_gif);
	if (len >= 12 && memcmp(data, "RIFF", 4) == 0 &&
	    memcmp(data + 8, "WEBP", 4) == 0)
		return (&sh_image_webp);
	if (STARTS("\0\0\0\x0cjP  \r\n\x87\n") ||
	    STARTS("\xff\x4f\xff\x51"))
		return (&sh_image_jp2);
	/* Two letters tell little: its header must be of a known size. */
	if (len > 17 && STARTS("BM") && data[15] == 0 && data[16] == 0 &&
	    data[17] == 0)
		return (&sh_image_bmp);
	return (NULL);
}

/* The name of a kind that people know, for the sentence they read. */
static const char *
name_refused(const uint8_t *data, size_t len)
{
	static const struct {
		size_t at, n;
		const char *magic, *name;
	} kinds[] = {
		{ 4, 8, "ftypheic", "HEIC" },
		{ 4, 8, "ftypmif1", "HEIC" },
		{ 4, 8, "ftypavif", "AVIF" },
		{ 0, 4, "PK\x03\x04", "ZIP, Word or Excel" },
		{ 0, 4, "\xd0\xcf\x11\xe0", "Word or Excel" },
		{ 0, 5, "{\\rtf", "RTF" },
		{ 0, 2, "%!", "PostScript" },
		{ 0, 8, "AT&TFORM", "DjVu" },
		{ 0, 5, "<?xml", "XML" },
	};
	size_t i;

	for (i = 0; i < SH_COUNT(kinds); i++)
		if (len >= kinds[i].at + kinds[i].n && memcmp(data +
		    kinds[i].at, kinds[i].magic, kinds[i].n) == 0)
			return (kinds[i].name);
	return (sh_text_is_utf8(data, len < 512 ? len : 512) ? "text" :
	    "unknown");
}

int
sh_image_open(const void *data, size_t len, struct sh_image **ip,
    struct sh_error *err)
{
	const struct sh_image_decoder *decoder;
	struct sh_image *im;

	*ip = NULL;
	if (len == 0)
		return (sh_error_set(err, SH_EFORMAT, "file.empty",
		    "the file is empty"));
	if (len > SH_IMAGE_FILE_MAX) {
		(void)sh_error_set(err, SH_ELIMIT, "file.too-large",
		    "file of %zu bytes; limit %zu", len, SH_IMAGE_FILE_MAX);
		sh_error_param(err, "limit", "%zu", SH_IMAGE_FILE_MAX);
		return (-1);
	}
	if ((decoder = find_decoder(data, len)) == NULL) {
		const char *name = name_refused(data, len);

		(void)sh_error_set(err, SH_EUNSUPPORTED, "file.kind",
		    "no image of a known kind, no PDF (%s)", name);
		sh_error_param(err, "value", "%s", name);
		return (-1);
	}
	if ((im = sh_alloc(1, sizeof(*im), "an image", err)) == NULL)
		return (-1);
	im->decoder = decoder;
	im->data = data;
	im->len = len;
	if (decoder->open(im, err)) {
		sh_image_close(im);
		return (-1);
	}
	*ip = im;
	return (0);
}

int
sh_image_next(struct sh_image *im, struct sh_image_page *out,
    uint32_t *pagep, struct sh_error *err)
{
	int rc;

	memset(out, 0, sizeof(*out));
	if (im->page >= im->npages)
		return (0);
	*pagep = im->page;
	rc = im->decoder->page(im, out, err);
	if (rc == 0 && !out->needs_raster && out->coded.len == 0)
		rc = sh_error_set(err, SH_ELIBRARY, "image.damaged",
		    "the page has no coded image");
	if (rc != 0) {
		sh_image_page_clear(out);
		(void)sh_error_context(err, "page %u", im->page + 1);
		sh_error_param(err, "page", "%u", im->page + 1);
	}
	im->page++;
	return (rc != 0 ? -1 : 1);
}

void
sh_image_seek(struct sh_image *im, uint32_t page)
{
	im->page = page;
}

uint32_t
sh_image_npages(const struct sh_image *im)
{
	return (im->npages);
}

const char *
sh_image_kind(const struct sh_image *im)
{
	return (im->decoder->kind);
}

void
sh_image_close(struct sh_image *im)
{
	if (im == NULL)
		return;
	if (im->decoder->close != NULL)
		im->decoder->close(im);
	free(im);
}

void
sh_image_page_clear(struct sh_image_page *p)
{
	sh_pixels_free(&p->pixels);
	sh_buf_free(&p->coded);
	memset(p, 0, sizeof(*p));
}

int
sh_image_check_size(int64_t width_px, int64_t height_px,
    struct sh_error *err)
{
	if (width_px < 1 || height_px < 1)
		return (sh_error_set(err, SH_EFORMAT, "image.damaged",
		    "image of %lld x %lld px", (long long)width_px,
		    (long long)height_px));
	if (width_px > SH_IMAGE_SIDE_MAX || height_px > SH_IMAGE_SIDE_MAX ||
	    width_px * height_px > SH_IMAGE_PIXELS_MAX) {
		(void)sh_error_set(err, SH_ELIMIT, "image.too-large",
		    "image of %lld x %lld px; limit %d px a side, %d in all",
		    (long long)width_px, (long long)height_px,
		    SH_IMAGE_SIDE_MAX, SH_IMAGE_PIXELS_MAX);
		sh_error_param(err, "value", "%lld x %lld",
		    (long long)width_px, (long long)height_px);
		sh_error_param(err, "limit", "%d", SH_IMAGE_SIDE_MAX);
		return (-1);
	}
	return (0);
}

int
sh_pixels_new(struct sh_pixels *px, int64_t width_px, int64_t height_px,
    int channels, struct sh_error *err)
{
	size_t bytes;
	void *p;
	int fd;

	if (sh_image_check_size(width_px, height_px, err))
		return (-1);
	bytes = (size_t)width_px * (size_t)height_px * (size_t)channels;
	if ((fd = sh_memfd("pixels", err)) < 0)
		return (-1);
	if (ftruncate(fd, (off_t)bytes) != 0 || (p = mmap(NULL, bytes,
	    PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0)) == MAP_FAILED) {
		(void)close(fd);
		return (sh_error_nomem(err, "pixels"));
	}
	px->data = p;
	px->width_px = (int32_t)width_px;
	px->height_px = (int32_t)height_px;
	px->channels = channels;
	px->exif_orientation = 1;
	px->memory_fd = fd;
	px->mapped = bytes;
	return (0);
}

int
sh_pixels_seal(struct sh_pixels *px, int *fdp, struct sh_error *err)
{
	int fd = px->memory_fd;

	/* A writable mapping forbids the seal. */
	(void)munmap(px->data, px->mapped);
	px->data = NULL;
	px->mapped = 0;
	if (fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW |
	    F_SEAL_WRITE | F_SEAL_SEAL) != 0) {
		(void)sh_error_sys(err, "memory.none", "seal the pixels");
		(void)close(fd);
		return (-1);
	}
	*fdp = fd;
	return (0);
}

void
sh_pixels_free(struct sh_pixels *px)
{
	if (px->mapped != 0) {
		(void)munmap(px->data, px->mapped);
		(void)close(px->memory_fd);
	}
	px->data = NULL;
	px->mapped = 0;
}

void
sh_image_set_dpi(struct sh_pixels *px, double dpi_x, double dpi_y)
{
	/* Written so that NaN fails. */
	if (!(dpi_x >= DPI_MIN && dpi_x <= DPI_MAX) || dpi_x == 96 ||
	    !(dpi_y >= DPI_MIN / 2 && dpi_y <= DPI_MAX) ||
	    dpi_x > 3 * dpi_y || dpi_y > 3 * dpi_x)
		dpi_x = dpi_y = 0;
	px->dpi_x = dpi_x;
	px->dpi_y = dpi_y;
}

int
sh_image_digest(const char *about, const struct sh_span *parts,
    size_t nparts, struct sh_digest *out, struct sh_error *err)
{
	struct sh_hasher *h;
	size_t i;
	int rc = -1;

	if ((h = sh_hasher_new(NULL, 0, err)) == NULL)
		return (-1);
	if (sh_hasher_update(h, about, strlen(about), err))
		goto out;
	for (i = 0; i < nparts; i++)
		if (parts[i].len > 0 && sh_hasher_update(h, parts[i].data,
		    parts[i].len, err))
			goto out;
	rc = sh_hasher_final(h, out, err);
out:
	sh_hasher_free(h);
	return (rc);
}

int
sh_image_open_single(struct sh_image *im, struct sh_error *err)
{
	(void)err;
	im->npages = 1;
	return (0);
}

int
sh_image_drop_colour(struct sh_pixels *px, struct sh_error *err)
{
	struct sh_pixels grey = { .data = NULL };
	size_t n = (size_t)px->width_px * (size_t)px->height_px, i;
	const uint8_t *p = px->data;

	if (px->channels == 1)
		return (0);
	for (i = 0; i < n; i++, p += 3)
		if (p[0] != p[1] || p[0] != p[2])
			return (0);
	if (sh_pixels_new(&grey, px->width_px, px->height_px, 1, err))
		return (-1);
	for (i = 0; i < n; i++)
		grey.data[i] = px->data[3 * i];
	grey.dpi_x = px->dpi_x;
	grey.dpi_y = px->dpi_y;
	grey.exif_orientation = px->exif_orientation;
	sh_pixels_free(px);
	*px = grey;
	return (0);
}

int
sh_image_code(struct sh_image_page *p, int bilevel, struct sh_error *err)
{
	p->coded_width_px = p->pixels.width_px;
	p->coded_height_px = p->pixels.height_px;
	p->components = p->pixels.channels;
	if (bilevel) {
		p->coding = SH_IMAGE_G4;
		return (sh_g4_encode(&p->pixels, &p->coded, err));
	}
	p->coding = SH_IMAGE_JPEG;
	return (sh_jpeg_encode(&p->pixels, JPEG_QUALITY, &p->coded, err));
}
