/*
 * Reads pages of image files, for tests and for people:
 *
 *	read_page [--json | --text | --alto] [--cpu] FILE [PAGE]
 *
 * FILE is TIFF (PAGE from 1; all of them when absent), JPEG or PNG.  --json,
 * the default, prints one reading a line.  --cpu tells the CPU seconds of
 * each page on standard error.  OMP_THREAD_LIMIT=1 must be set.
 */
#include <allheaders.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/fs.h"
#include "base/mem.h"
#include "ocr/recognise.h"

static double
cpu_seconds(void)
{
	struct rusage u;

	(void)getrusage(RUSAGE_SELF, &u);
	return ((double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	    (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6);
}

/* The EXIF orientation in a JPEG's APP1, or 1. */
static int
exif_orientation(const uint8_t *d, size_t len)
{
	size_t at = 2, n, i, ifd, count;
	int big;

#define GET16(p)	(big ? (p)[0] << 8 | (p)[1] : (p)[1] << 8 | (p)[0])
	while (at + 4 < len && d[at] == 0xff && d[at + 1] != 0xda) {
		const uint8_t *t = d + at + 10;

		n = (size_t)(d[at + 2] << 8 | d[at + 3]);
		if (at + 2 + n > len)
			break;
		if (d[at + 1] == 0xe1 && n > 22 &&
		    memcmp(d + at + 4, "Exif\0", 6) == 0) {
			big = t[0] == 'M';
			ifd = (size_t)(big ? t[6] << 8 | t[7] :
			    t[5] << 8 | t[4]);
			if (ifd + 2 > n - 8)
				break;
			count = (size_t)GET16(t + ifd);
			for (i = 0; i < count &&
			    ifd + 2 + (i + 1) * 12 <= n - 8; i++) {
				const uint8_t *e = t + ifd + 2 + i * 12;

				if (GET16(e) == 0x112 && GET16(e + 8) >= 1 &&
				    GET16(e + 8) <= 8)
					return (GET16(e + 8));
			}
		}
		at += 2 + n;
	}
#undef GET16
	return (1);
}

/* Leptonica's raster as ours. */
static int
to_pixels(PIX *any, struct sh_pixels *out, struct sh_error *err)
{
	PIX *p = pixGetDepth(any) == 32 ? pixClone(any) :
	    pixConvertTo8(any, 0);
	int w = pixGetWidth(p), h = pixGetHeight(p), x, y;
	int colour = pixGetDepth(p) == 32, r, g, b;
	l_uint32 v;
	uint8_t *d;

	*out = (struct sh_pixels){ .width_px = w, .height_px = h,
	    .channels = colour ? 3 : 1, .dpi_x = pixGetXRes(any),
	    .dpi_y = pixGetYRes(any), .exif_orientation = 1 };
	out->data = d = sh_alloc((size_t)w * (size_t)h,
	    (size_t)out->channels, "a raster", err);
	for (y = 0; d != NULL && y < h; y++)
		for (x = 0; x < w; x++) {
			(void)pixGetPixel(p, x, y, &v);
			if (!colour) {
				*d++ = (uint8_t)v;
				continue;
			}
			extractRGBValues(v, &r, &g, &b);
			*d++ = (uint8_t)r;
			*d++ = (uint8_t)g;
			*d++ = (uint8_t)b;
		}
	pixDestroy(&p);
	return (out->data == NULL ? -1 : 0);
}

static int
print(const struct sh_page *p, const char *form, struct sh_error *err)
{
	struct sh_buf b = SH_BUF_INIT;
	json_t *v = NULL;
	int rc = -1;

	if (strcmp(form, "--text") == 0) {
		rc = sh_page_text(p, &b, err);
	} else if (strcmp(form, "--alto") == 0) {
		rc = sh_page_alto(&p, 1, &b, err);
	} else if ((v = sh_page_to_json(p, err)) != NULL) {
		rc = sh_json_canonical(v, &b, err);
	}
	if (rc == 0)
		(void)printf("%s\n", (char *)b.data);
	json_decref(v);
	sh_buf_free(&b);
	return (rc);
}

int
main(int argc, char **argv)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_recogniser *r = NULL;
	struct sh_buf file = SH_BUF_INIT;
	const char *form = "--json";
	int show_cpu = 0, only = 0, page, many, format = IFF_UNKNOWN;

	(void)argc;
	for (argv++; *argv != NULL && (*argv)[0] == '-'; argv++) {
		if (strcmp(*argv, "--cpu") == 0)
			show_cpu = 1;
		else
			form = *argv;
	}
	if (*argv == NULL) {
		(void)fprintf(stderr,
		    "usage: read_page [--json|--text|--alto] [--cpu] FILE "
		    "[PAGE]\n");
		return (64);
	}
	if (argv[1] != NULL)
		only = atoi(argv[1]);
	if (sh_fs_read(argv[0], (size_t)1 << 30, &file, &err) ||
	    sh_recogniser_new(getenv("SOHOA_MODEL"), &r, &err))
		goto fail;
	(void)findFileFormatBuffer(file.data, &format);
	for (page = only > 0 ? only : 1;; page++) {
		size_t at = 0;
		struct sh_pixels px = { .data = NULL };
		struct sh_page *p = NULL;
		PIX *pix = NULL;
		double t;

		many = format >= IFF_TIFF && format <= IFF_TIFF_ZIP;
		if (many) {
			/* The file's pages are a chain: walk to ours. */
			for (int i = 0; i < page; i++) {
				pixDestroy(&pix);
				if (i > 0 && at == 0)
					break;
				pix = pixReadMemFromMultipageTiff(file.data,
				    file.len, &at);
			}
		} else {
			pix = pixReadMem(file.data, file.len);
		}
		if (pix == NULL)
			break;
		if (to_pixels(pix, &px, &err))
			goto fail;
		pixDestroy(&pix);
		if (format == IFF_JFIF_JPEG)
			px.exif_orientation = exif_orientation(file.data,
			    file.len);
		t = cpu_seconds();
		if (sh_recogniser_read(r, &px, &p, &err) ||
		    print(p, form, &err))
			goto fail;
		if (show_cpu)
			(void)fprintf(stderr, "%s %d %.3f\n", argv[0], page,
			    cpu_seconds() - t);
		sh_page_free(p);
		free(px.data);
		if (only > 0 || !many)
			break;
	}
	sh_recogniser_free(r);
	sh_buf_free(&file);
	return (0);
fail:
	(void)fprintf(stderr, "read_page: %s: %s\n", argv[0], err.text);
	return (sh_code_exit(err.code));
}
