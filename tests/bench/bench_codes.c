/*
 * How many hard codes are read: 648 QR codes as a card's (12 payloads, 6
 * sizes, 3 blurs, 3 turns, noise) and 16 bar codes of a dossier's number (8
 * turns, 300 and 200 dpi).  A wrong text is worse than none.
 *
 *   bench_codes [bars]	prints both, or bar codes alone, against their
 *				bars; exit 1 below
 */
#include <allheaders.h>
#include <math.h>
#include <qrencode.h>
#include <time.h>

#include "tests/unit/test.h"

#include "base/mem.h"
#include "ocr/barcode.h"
#include "ocr/clean.h"
#include "ocr/quality.h"
#include "tests/unit/raster.h"

#define PAYLOADS	12
#define NOISE		6.0	/* levels */
#define QR_BAR		500
#define BARS_BAR	12
#define DOSSIER		"H05-251121-0001"

static const double scales[] = { 1.5, 2, 2.5, 3, 3.5, 4 };
static const double blurs[] = { 0.5, 0.8, 1.2 };
static const double turns[] = { 0, 2, 12 };

struct tally {
	unsigned n, right, wrong;
};

static unsigned seed = 7;

static double
normal(void)
{
	double u = (raster_random(&seed, 1000000) + 1) / 1000001.0;
	double v = raster_random(&seed, 1000000) / 1000000.0;

	return (sqrt(-2 * log(u)) * cos(2 * M_PI * v));
}

/* 142 bytes, as a card of the year 2021 has them. */
static void
make_payload(int i, char out[143])
{
	static const char fill[] = "So 12, duong Hoa Ban, phuong Mai Ha, thanh "
	    "pho Viet Tri, tinh Phu Tho, khu vuc so 4, to dan pho so 17, ";
	char text[400];
	int n = snprintf(text, sizeof(text), "%012u|%09u|Nguyen Thi Thu %c|"
	    "%02d%02d19%02d|Nu|%s", 187000000u + (unsigned)i * 7919u,
	    283892500u + (unsigned)i, 'A' + i, 1 + i, 1 + i, 60 + i, fill);

	assert_true(n > 142 - 9);
	(void)snprintf(text + 142 - 9, 10, "|%02d%02d2022", 1 + i, 1 + i);
	memcpy(out, text, 143);
}

/* Modules as pixels, four of them white around. */
static PIX *
qr_modules(const char *payload)
{
	QRcode *q = QRcode_encodeData((int)strlen(payload),
	    (const unsigned char *)payload, 7, QR_ECLEVEL_L);
	PIX *p;
	int x, y;

	assert_non_null(q);
	p = pixCreate(q->width + 8, q->width + 8, 8);
	(void)pixSetAllArbitrary(p, 255);
	for (y = 0; y < q->width; y++)
		for (x = 0; x < q->width; x++)
			if (q->data[y * q->width + x] & 1)
				(void)pixSetPixel(p, x + 4, y + 4, 20);
	QRcode_free(q);
	return (p);
}

/* Scaled by area, turned, blurred, noised, on a page of SIDE pixels. */
static PIX *
scan(PIX *modules, double sx, double sy, double turn, double blur, int w,
    int h)
{
	PIX *big = pixScaleBySampling(modules, 16, 16), *page, *next;
	PIX *code = pixScaleAreaMap(big, (float)(sx / 16), (float)(sy / 16));
	L_KERNEL *k;
	int x, y;

	pixDestroy(&big);
	page = pixCreate(w, h, 8);
	(void)pixSetAllArbitrary(page, 255);
	(void)pixRasterop(page, (w - pixGetWidth(code)) / 2, (h -
	    pixGetHeight(code)) / 2, pixGetWidth(code), pixGetHeight(code),
	    PIX_SRC, code, 0, 0);
	pixDestroy(&code);
	if (turn != 0) {
		next = pixRotateAMGray(page, (float)(turn * M_PI / 180), 255);
		pixDestroy(&page);
		page = next;
	}
	if (blur > 0) {
		k = makeGaussianKernel(4, 4, (float)blur, 1);
		next = pixConvolve(page, k, 8, 1);
		kernelDestroy(&k);
		pixDestroy(&page);
		page = next;
	}
	for (y = 0; y < h; y++)
		for (x = 0; x < w; x++) {
			l_uint32 v;
			double d;

			(void)pixGetPixel(page, x, y, &v);
			d = v + NOISE * normal();
			(void)pixSetPixel(page, x, y, d < 0 ? 0 : d > 255 ?
			    255 : (l_uint32)lround(d));
		}
	return (page);
}

/* Find the codes of the page, which is destroyed. */
static void
count(PIX *page, double dpi, const char *truth, struct tally *t)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_pixels px = raster_pixels(page, dpi);
	struct sh_quality q;
	struct sh_sketch sketch;
	struct sh_page *p;
	int right = 0;
	PIX *grey;
	size_t i;

	must_ptr(grey = sh_clean_grey(&px, &err));
	sh_quality_measure(&px, grey, &q);
	must(sh_sketch_make(grey, dpi, &q, &sketch, &err));
	must_ptr(p = sh_page_new(&err));
	p->width_px = px.width_px;
	p->height_px = px.height_px;
	must(sh_barcode_find(grey, &sketch, 1, 1, p, &err));
	t->n++;
	for (i = 0; i < p->nmarks; i++)
		if (strcmp(p->marks[i].text, truth) == 0)
			right = 1;
		else
			t->wrong++;
	t->right += (unsigned)right;
	sh_sketch_clear(&sketch);
	pixDestroy(&grey);
	sh_page_free(p);
	free(px.data);
}

static void
run_squares(struct tally *all)
{
	char payload[143];
	size_t s, b, r;
	PIX *modules;
	int i;

	for (s = 0; s < SH_COUNT(scales); s++)
		for (b = 0; b < SH_COUNT(blurs); b++) {
			struct tally t = { 0, 0, 0 };

			for (i = 0; i < PAYLOADS; i++) {
				make_payload(i, payload);
				modules = qr_modules(payload);
				for (r = 0; r < SH_COUNT(turns); r++)
					count(scan(modules, scales[s],
					    scales[s], turns[r], blurs[b],
					    420, 420), 300, payload, &t);
				pixDestroy(&modules);
			}
			(void)printf("QR %.1f px a module, blur %.1f: %u of "
			    "%u\n", scales[s], blurs[b], t.right, t.n);
			(void)fflush(stdout);
			all->n += t.n;
			all->right += t.right;
			all->wrong += t.wrong;
		}
}

static void
run_bars(struct tally *t)
{
	static const double angles[] = { 0, 2, 5, 12, 90, 180, 270, 358 };
	PIX *file = pixRead("tests/unit/data/code128.png"), *bits, *modules;
	size_t a;
	int fine;

	assert_non_null(file);
	bits = pixAddBorder(file, 4, 0);
	modules = pixConvertTo8(bits, 0);
	for (fine = 0; fine < 2; fine++)
		for (a = 0; a < SH_COUNT(angles); a++)
			count(scan(modules, fine ? 3 : 2, fine ? 120 : 80,
			    angles[a], 0.5, fine ? 2480 : 1654, fine ? 3508 :
			    2339), fine ? 300 : 200, DOSSIER, t);
	pixDestroy(&file);
	pixDestroy(&bits);
	pixDestroy(&modules);
}

static int
bar(const char *what, const struct tally *t, unsigned least)
{
	int ok = t->right >= least && t->wrong == 0;

	(void)printf("%s: %u of %u, %u wrong  bar %u, 0  %s\n", what,
	    t->right, t->n, t->wrong, least, ok ? "holds" : "MISSED");
	return (!ok);
}

int
main(int argc, char **argv)
{
	int squares_too = argc < 2 || strcmp(argv[1], "bars") != 0;
	struct tally squares = { 0, 0, 0 }, bars = { 0, 0, 0 };
	clock_t start = clock();
	int missed = 0;

	if (squares_too)
		run_squares(&squares);
	run_bars(&bars);
	if (squares_too)
		missed = bar("QR codes", &squares, QR_BAR);
	missed |= bar("bar codes", &bars, BARS_BAR);
	(void)printf("%.1f s of CPU\n", (double)(clock() - start) /
	    CLOCKS_PER_SEC);
	return (missed);
}
