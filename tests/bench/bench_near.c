/*
 * What it costs to know that a page is held, in an archive of many pages: by
 * its bytes, and by its picture among the sheets of its holder (the archive
 * compares it with nobody else's).
 *
 *   bench_near [PAGES [DIR]]
 *
 * PAGES (100,000) documents of one page; of the holder who is asked, 20 with
 * pictures of their own, 1,000 strokes each, as read.  An archive that is in
 * DIR already is only asked.  Times are wall-clock milliseconds and CPU.
 */
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "pipeline/near.h"
#include "tests/unit/archive_fixture.h"

#define BATCH	100
#define HELD	20
#define ASKED	60
#define WIDTH	1654		/* A4 at 200 dpi */
#define HEIGHT	2339
#define STROKES	1000
#define ENGINE	"bench"

/* As the intake asks. */
static const struct sh_reader machine = { .machine = 1, .name = "bench",
    .agency = "H05.12", .purpose = "1.001193" };

static void
check(int rc, const struct sh_error *err)
{
	if (rc == 0)
		return;
	(void)fprintf(stderr, "%s: %s\n", err->key, err->text);
	exit(1);
}

static double
wall_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return ((double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6);
}

/* Strokes in lines, as SEED draws them, the page a little off its place. */
static void
draw(uint32_t seed, int dx, int dy, struct sh_raster *r)
{
	static uint8_t px[HEIGHT][WIDTH];
	struct sh_error err = SH_ERROR_INIT;
	struct sh_looks *l;
	int i, x, y, w, h, k;

	memset(px, 235, sizeof(px));
	for (i = 0; i < STROKES; i++) {
		x = 100 + dx + i % 25 * 58 + (int)fixture_draw(&seed, 8);
		y = 120 + dy + i / 25 * 52 + (int)fixture_draw(&seed, 6);
		w = 3 + (int)fixture_draw(&seed, 40);
		h = 3 + (int)fixture_draw(&seed, 20);
		for (k = 0; k < h; k++)
			memset(&px[y + k][x], 30, (size_t)w);
	}
	memset(r, 0, sizeof(*r));
	r->width_px = WIDTH;
	r->height_px = HEIGHT;
	r->dpi_x = r->dpi_y = 200;
	check(sh_likeness_new(px[0], WIDTH, HEIGHT, 1, 200, 200, 1, &l,
	    &err), &err);
	check(sh_likeness_pack(l, &r->likeness, &err), &err);
	sh_likeness_free(l);
}

static void
reading(struct sh_buf *out)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_page *p = sh_page_new(&err);
	json_t *all = json_array();

	p->width_px = WIDTH;
	p->height_px = HEIGHT;
	p->dpi = p->dpi_y = 200;
	p->confidence = 0.95;
	check(sh_page_set_engine(p, ENGINE, &err), &err);
	check(json_array_append_new(all, sh_page_to_json(p, &err)), &err);
	check(sh_json_print(all, 0, out, &err), &err);
	json_decref(all);
	sh_page_free(p);
}

/* The documents of persons 1, 2, …, one page each; then those of person 0. */
static void
fill(struct sh_archive *ar, unsigned pages)
{
	static struct fixture_doc docs[BATCH];
	static struct sh_accession acc[BATCH];
	static struct sh_accession_result got[BATCH];
	struct sh_buf looks[HELD] = { SH_BUF_INIT }, read = SH_BUF_INIT;
	struct sh_error err = SH_ERROR_INIT;
	struct sh_rendition *rend;
	struct sh_raster r;
	unsigned i, k, n;

	reading(&read);
	for (i = 0; i < pages; i += n) {
		n = pages - i < BATCH ? pages - i : BATCH;
		if (pages - i > HELD && n > pages - i - HELD)
			n = pages - i - HELD;
		for (k = 0; k < n; k++) {
			fixture_make(&docs[k], i + k, pages - i <= HELD ? 0 :
			    1 + (i + k) / 4, 0);
			rend = docs[k].renditions;
			rend[0].len = 600;
			rend[1].len = 400;
			if (pages - i <= HELD) {
				draw(1 + k, 0, 0, &r);
				check(sh_near_append(&looks[k], &r.likeness,
				    &err), &err);
				sh_buf_free(&r.likeness);
				rend[0] = (struct sh_rendition){
				    SH_NEAR_RENDITION, "application/octet-"
				    "stream", -1, looks[k].data,
				    looks[k].len };
				rend[1] = (struct sh_rendition){ "reading",
				    "application/json", -1, read.data,
				    read.len };
			}
			acc[k] = docs[k].acc;
		}
		check(sh_archive_accede_many(ar, acc, n, got, &err), &err);
		for (k = 0; k < n; k++) {
			check(got[k].error.code != SH_OK, &got[k].error);
			fixture_free(&docs[k]);
		}
	}
	for (k = 0; k < HELD; k++)
		sh_buf_free(&looks[k]);
	sh_buf_free(&read);
}

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x < y ? -1 : x > y);
}

static void
report(const char *what, double *ms, double cpu, unsigned found)
{
	qsort(ms, ASKED, sizeof(*ms), by_value);
	(void)printf("%-38s%9.2f%9.2f%9.2f%9u\n", what, ms[ASKED / 2],
	    ms[ASKED * 99 / 100], cpu / ASKED * 1e3, found);
}

/* By the digest of its bytes; MISS: of bytes that nobody has. */
static void
ask_bytes(struct sh_archive *ar, unsigned pages, int miss)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_document_id id;
	struct fixture_doc d;
	double ms[ASKED], cpu = 0, at;
	uint32_t seed = 7;
	unsigned i, n, found = 0;
	int rc;

	for (i = 0; i < ASKED; i++) {
		n = fixture_draw(&seed, pages - HELD);
		fixture_make(&d, n, 1 + n / 4, 0);
		d.acc.content.b[0] ^= (uint8_t)(miss != 0);
		ms[i] = wall_ms();
		at = sh_cpu_seconds();
		rc = sh_archive_holds(ar, &d.holders[0], &d.acc.content, &id,
		    &err);
		cpu += sh_cpu_seconds() - at;
		ms[i] = wall_ms() - ms[i];
		check(rc < 0 ? -1 : 0, &err);
		found += (unsigned)rc;
		fixture_free(&d);
	}
	report(miss ? "other bytes" : "the same bytes", ms, cpu, found);
}

/*
 * By its picture; MISS: of a sheet that the holder does not have.  FIRST: of a
 * dossier, for which the holder's pages are fetched.
 */
static void
ask_picture(struct sh_archive *ar, int miss, int first)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_near *near = NULL;
	struct sh_near_page where;
	struct sh_page *page;
	struct sh_raster r;
	struct fixture_doc d;
	double ms[ASKED], cpu = 0, at;
	unsigned i, found = 0;
	int rc;

	fixture_make(&d, 0, 0, 0);
	for (i = 0; i < ASKED; i++) {
		draw(miss ? 1000 + i : 1 + i % HELD, 1 + (int)(i % 7),
		    (int)(i % 5), &r);
		if (first) {
			sh_near_close(near);
			near = NULL;
		}
		ms[i] = wall_ms();
		at = sh_cpu_seconds();
		if (near == NULL)
			check(sh_near_open(ar, &machine, &d.holders[0], &near,
			    &err), &err);
		rc = sh_near_find(near, &machine, &r, ENGINE, &page,
		    &where, &err);
		cpu += sh_cpu_seconds() - at;
		ms[i] = wall_ms() - ms[i];
		check(rc < 0 ? -1 : 0, &err);
		found += (unsigned)rc;
		if (rc == 1)
			sh_page_free(page);
		sh_buf_free(&r.likeness);
	}
	sh_near_close(near);
	fixture_free(&d);
	report(miss ? first ? "another sheet, first of a dossier" :
	    "another sheet" : first ? "a sheet again, first of a dossier" :
	    "a sheet captured again", ms, cpu, found);
}

int
main(int argc, char **argv)
{
	unsigned pages = argc > 1 ? (unsigned)atoi(argv[1]) : 100000;
	char tmpl[] = "/tmp/sohoa-bench-XXXXXX";
	const char *dir = argc > 2 ? argv[2] : mkdtemp(tmpl);
	struct sh_error err = SH_ERROR_INIT;
	struct fixture_place p;
	struct sh_archive *ar;

	if (dir == NULL || pages < 2 * HELD)
		return (64);
	fixture_place(&p, dir, "");
	if (sh_archive_open(&p.place, NULL, 0, &ar, &err)) {
		sh_error_clear(&err);
		check(sh_archive_create(&p.place, &err), &err);
		check(sh_archive_open(&p.place, NULL, 0, &ar, &err), &err);
		fill(ar, pages);
	}
	(void)printf("is it held?  %u pages, %d of its holder%9s%9s%9s%9s\n",
	    pages, HELD, "p50 ms", "p99 ms", "CPU ms", "found");
	ask_bytes(ar, pages, 0);
	ask_bytes(ar, pages, 1);
	ask_picture(ar, 0, 1);
	ask_picture(ar, 1, 1);
	ask_picture(ar, 0, 0);
	ask_picture(ar, 1, 0);
	sh_archive_close(ar);
	if (argc <= 2)
		check(sh_fs_remove_tree(dir, &err), &err);
	return (0);
}
