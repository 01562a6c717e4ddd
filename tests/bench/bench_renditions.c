/*
 * What the profiles make of pages: bytes, processor time, what is read
 * again, pictures before and after.
 *
 *   bench_renditions [-r] OUT FILE...
 *
 * Of each page in colour with a JPEG of 250 dpi or more a line: name, page,
 * bytes fed, of JPEG quality 75, of layers, of a preview, CPU seconds of the
 * layers, of a preview, of the PDF/A without its image coded anew.  OUT gets
 * NAME.fed.txt and NAME.archive.txt, what is read on either (not with -r:
 * without reading), and NAME.png: patches before and after, side by side.
 */
#include <time.h>

#include "tests/unit/test.h"
#include "tests/unit/raster.h"

#include "base/mem.h"
#include "ocr/image_internal.h"
#include "ocr/layers.h"
#include "ocr/recognise.h"

#define DPI_LEAST	250
#define CROP_PX		700	/* of a picture: a side of what is shown */
#define CROPS		2

static struct sh_error err = SH_ERROR_INIT;

static void
check(int rc, const char *what)
{
	if (rc == 0)
		return;
	(void)fprintf(stderr, "bench_renditions: %s: [%s] %s\n", what,
	    err.key, err.text);
	exit(70);
}

static double
cpu_s(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return ((double)t.tv_sec + (double)t.tv_nsec / 1e9);
}

static struct sh_page *
read_to(struct sh_recogniser *r, const struct sh_pixels *px,
    const char *out, const char *name, const char *what)
{
	struct sh_buf text = SH_BUF_INIT;
	struct sh_page *p;
	char path[1024];

	check(sh_recogniser_read(r, px, &p, &err), name);
	check(sh_page_text(p, &text, &err), name);
	(void)snprintf(path, sizeof(path), "%s/%s.%s.txt", out, name, what);
	check(sh_fs_replace(path, text.data, text.len, 0600, &err), path);
	sh_buf_free(&text);
	return (p);
}

/* The largest patches, each before and, right of it, after. */
static void
draw(const struct sh_pixels *a, const struct sh_pixels *b,
    const struct sh_pdfa_layers *l, const char *out, const char *name)
{
	PIX *pix = pixCreate(2 * CROP_PX + 20, CROPS * (CROP_PX + 20), 32);
	const struct sh_pixels *side[2] = { a, b };
	size_t i, k, best, used[CROPS] = { SIZE_MAX };
	char path[1024];
	int x, y, s;

	check(pix == NULL ? -1 : 0, "a picture");
	for (i = 0; i < CROPS && i < l->npatches; i++) {
		for (best = SIZE_MAX, k = 0; k < l->npatches; k++)
			if ((i == 0 || k != used[0]) && (best == SIZE_MAX ||
			    l->patch[k].image.bytes >
			    l->patch[best].image.bytes))
				best = k;
		used[i] = best;
		for (s = 0; s < 2; s++)
			for (y = 0; y < CROP_PX && l->patch[best].y + y <
			    a->height_px; y++)
				for (x = 0; x < CROP_PX && l->patch[best].x +
				    x < a->width_px; x++) {
					const uint8_t *p = side[s]->data +
					    ((size_t)(l->patch[best].y + y) *
					    (size_t)a->width_px + (size_t)(
					    l->patch[best].x + x)) * 3;

					(void)pixSetRGBPixel(pix, s *
					    (CROP_PX + 20) + x, (int)i *
					    (CROP_PX + 20) + y, p[0], p[1],
					    p[2]);
				}
	}
	(void)snprintf(path, sizeof(path), "%s/%s.png", out, name);
	if (l->npatches > 0)
		check(pixWrite(path, pix, IFF_PNG), path);
	pixDestroy(&pix);
}

/* CPU seconds to write the page as it was fed. */
static double
write_pdf(const struct sh_image_page *ip, struct sh_page *p)
{
	static const struct sh_pdfa_info info = { SH_PDFA_2U, "Bench", NULL,
	    NULL, 1700000000 };
	int in = sh_memfd("image", &err), fd = sh_memfd("pdf", &err);
	struct sh_pdfa_page page = { .page = p, .exif_orientation =
	    ip->pixels.exif_orientation, .image = { .fd = in,
	    .bytes = ip->coded.len, .coding = ip->coding,
	    .width_px = ip->coded_width_px,
	    .height_px = ip->coded_height_px,
	    .components = ip->components } };
	double t;

	check(in < 0 || fd < 0 ? -1 : 0, "memory");
	check(sh_write_all(in, ip->coded.data, ip->coded.len, &err), "image");
	t = cpu_s();
	check(sh_pdfa_write(fd, &info, &page, 1, &err), "PDF/A");
	t = cpu_s() - t;
	(void)close(in);
	(void)close(fd);
	return (t);
}

static void
one_page(struct sh_recogniser *r, const struct sh_image_page *ip,
    const char *out, const char *name)
{
	const struct sh_pixels *px = &ip->pixels;
	struct sh_pixels shown = { .data = NULL };
	struct sh_buf q75 = SH_BUF_INIT, preview = SH_BUF_INIT;
	struct sh_page_image im;
	struct sh_layers l;
	struct sh_page *p = NULL;
	double t[3] = { 0 };

	t[0] = cpu_s();
	check(sh_layers_make(px, px->dpi_x, &l, &err), name);
	t[0] = cpu_s() - t[0];
	t[1] = cpu_s();
	check(sh_layers_preview(px, &im, &preview, &err), name);
	t[1] = cpu_s() - t[1];
	check(sh_jpeg_encode(px, 75, &q75, &err), name);
	check(sh_layers_compose(&l, &shown, &err), name);
	shown.dpi_x = px->dpi_x;
	shown.dpi_y = px->dpi_y;
	shown.exif_orientation = px->exif_orientation;
	if (r != NULL) {
		p = read_to(r, px, out, name, "fed");
		t[2] = write_pdf(ip, p);
		sh_page_free(p);
		sh_page_free(read_to(r, &shown, out, name, "archive"));
	}
	draw(px, &shown, &l.of, out, name);
	(void)printf("%s\t%zu\t%zu\t%zu\t%zu\t%.3f\t%.3f\t%.3f\n", name,
	    ip->coded.len, q75.len, l.bytes.len, preview.len, t[0], t[1],
	    t[2]);
	(void)fflush(stdout);
	sh_pixels_free(&shown);
	sh_layers_clear(&l);
	sh_buf_free(&q75);
	sh_buf_free(&preview);
}

/* "d01-0001.tif-2": the folder and file that a page comes from. */
static void
one_file(struct sh_recogniser *r, const char *out, const char *path)
{
	struct sh_buf file = SH_BUF_INIT;
	struct sh_image_page page;
	struct sh_image *im;
	const char *base = strrchr(path, '/'), *dir = base;
	char name[256];
	uint32_t n;

	while (dir > path && dir[-1] != '/')
		dir--;
	check(sh_fs_read(path, (size_t)256 << 20, &file, &err), path);
	check(sh_image_open(file.data, file.len, &im, &err), path);
	while (sh_image_next(im, &page, &n, &err) == 1) {
		(void)snprintf(name, sizeof(name), "%.*s-%s-%u",
		    (int)(base - dir), dir, base + 1, n);
		if (!page.needs_raster && page.coding == SH_IMAGE_JPEG &&
		    page.components == 3 && page.pixels.dpi_x >= DPI_LEAST)
			one_page(r, &page, out, name);
		sh_image_page_clear(&page);
	}
	sh_image_close(im);
	sh_buf_free(&file);
}

int
main(int argc, char **argv)
{
	struct sh_recogniser *r = NULL;
	int i = 1;

	if (i < argc && strcmp(argv[i], "-r") == 0)
		i++;
	else
		check(sh_recogniser_new(NULL, &r, &err), "the model");
	if (argc - i < 2)
		return (64);
	for (int k = i + 1; k < argc; k++)
		if (strchr(argv[k], '/') != NULL)
			one_file(r, argv[i], argv[k]);
	sh_recogniser_free(r);
	return (0);
}
