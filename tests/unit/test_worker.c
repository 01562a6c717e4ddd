/* The pool on the real worker: decode, raster, read, verify. */
#include "tests/unit/test_worker_make.h"

#include <sys/resource.h>
#include <sys/stat.h>

static void
pages_come_in_order(void **state)
{
	struct sh_pool *p = start_pool(worker_path(), 0, 0);
	struct sh_error err = SH_ERROR_INIT;
	struct sh_decoding *d;
	struct sh_raster r;
	struct sh_digest last = { { 0 } };
	uint8_t pixels[30 * 20], head[2];
	int fd = tiff_file(5, 30, 20, -1), writable;
	uint32_t page, i;
	size_t k;

	(void)state;
	must(sh_decode_open(p, fd, &d, &err));
	assert_int_equal(sh_decode_npages(d), 5);
	for (i = 0; i < 5; i++) {
		assert_int_equal(sh_decode_next(d, &r, &page, &err), 1);
		assert_int_equal(page, i);
		assert_int_equal(r.page, i);
		assert_int_equal(r.width_px, 30);
		assert_int_equal(r.height_px, 20);
		assert_int_equal(r.channels, 1);
		assert_int_equal(r.exif_orientation, 1);
		must(sh_pread_all(r.fd, pixels, sizeof(pixels), 0, &err));
		for (k = 0; k < sizeof(pixels); k++)
			assert_int_equal(pixels[k], 40 + i);
		assert_int_equal(r.image.coding, SH_IMAGE_JPEG);
		must(sh_pread_all(r.image.fd, head, 2, 0, &err));
		assert_memory_equal(head, "\xff\xd8", 2);
		assert_false(sh_digest_equal(&last, &r.digest));
		last = r.digest;
		/* Nobody can change it any more. */
		writable = (int)write(r.fd, "x", 1);
		assert_int_equal(writable, -1);
		assert_int_equal(ftruncate(r.fd, 0), -1);
		sh_raster_clear(&r);
	}
	assert_int_equal(sh_decode_next(d, &r, &page, &err), 0);
	assert_int_equal(sh_decode_next(d, &r, &page, &err), 0);
	sh_decode_close(d);
	/* The caller's descriptor is where it was. */
	assert_int_equal(lseek(fd, 0, SEEK_CUR), 0);
	(void)close(fd);
	sh_pool_free(p);
}

static void
a_bad_page_is_one_page(void **state)
{
	struct sh_pool *p = start_pool(worker_path(), 0, 0);
	struct sh_error err = SH_ERROR_INIT;
	struct sh_decoding *d;
	struct sh_raster r;
	int fd = tiff_file(3, 9, 9, 1);
	uint32_t page;

	(void)state;
	must(sh_decode_open(p, fd, &d, &err));
	assert_int_equal(sh_decode_next(d, &r, &page, &err), 1);
	sh_raster_clear(&r);
	assert_int_equal(sh_decode_next(d, &r, &page, &err), -1);
	assert_int_equal(page, 1);
	assert_string_equal(err.key, "image.truncated");
	assert_string_equal(err.param[0].name, "page");
	assert_string_equal(err.param[0].value, "2");
	sh_error_clear(&err);
	assert_int_equal(sh_decode_next(d, &r, &page, &err), 1);
	assert_int_equal(page, 2);
	sh_raster_clear(&r);
	assert_int_equal(sh_decode_next(d, &r, &page, &err), 0);
	sh_decode_close(d);
	(void)close(fd);
	sh_pool_free(p);
}

static void
open_refused(struct sh_pool *p, int fd, enum sh_code code, const char *key)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_decoding *d;

	assert_int_equal(sh_decode_open(p, fd, &d, &err), -1);
	assert_null(d);
	assert_int_equal(err.code, code);
	assert_string_equal(err.key, key);
	(void)close(fd);
}

static void
files_are_refused_with_a_reason(void **state)
{
	struct sh_pool *p = start_pool(worker_path(), 0, 0);
	static const char text[] = "/some/other/citizen.tif\n",
	    damaged[] = "%PDF-1.7\nnothing";
	int fds = count_fds();

	(void)state;
	open_refused(p, file_of("", 0), SH_EFORMAT, "file.empty");
	open_refused(p, file_of(text, sizeof(text) - 1), SH_EUNSUPPORTED,
	    "file.kind");
	open_refused(p, file_of(damaged, sizeof(damaged) - 1), SH_EFORMAT,
	    "pdf.unreadable");
	open_refused(p, open("/tmp", O_RDONLY | O_CLOEXEC), SH_EUNSUPPORTED,
	    "file.not-regular");
	assert_int_equal(count_fds(), fds);
	sh_pool_free(p);
	no_children_left();
}

static void
vector_pages_are_drawn(void **state)
{
	struct sh_pool *p = start_pool(worker_path(), 0, 0);
	struct sh_error err = SH_ERROR_INIT;
	struct sh_decoding *d;
	struct sh_raster r;
	uint8_t *pixels;
	size_t n = 1200 * 900, i, dark = 0;
	struct sh_digest first;
	uint32_t page;
	int fd = text_pdf("Nguyen Thi Thanh Dinh");

	(void)state;
	must(sh_decode_open(p, fd, &d, &err));
	assert_int_equal(sh_decode_next(d, &r, &page, &err), 1);
	first = r.digest;
	sh_raster_clear(&r);
	assert_int_equal(sh_decode_next(d, &r, &page, &err), 1);
	assert_int_equal(page, 1);
	assert_int_equal(r.page, 1);
	assert_false(sh_digest_equal(&first, &r.digest));
	sh_decode_close(d);
	(void)close(fd);
	assert_int_equal(r.width_px, 1200);
	assert_int_equal(r.height_px, 900);
	assert_int_equal(r.channels, 1);
	assert_int_equal((int)r.dpi_x, 300);
	assert_non_null(pixels = malloc(n));
	must(sh_pread_all(r.fd, pixels, n, 0, &err));
	for (i = 0; i < n; i++)
		dark += pixels[i] < 128;
	assert_in_range(dark, n / 100, n / 4);
	free(pixels);
	sh_raster_clear(&r);
	sh_pool_free(p);
}

static double
own_cpu_s(void)
{
	struct rusage ru;

	assert_int_equal(getrusage(RUSAGE_SELF, &ru), 0);
	return ((double)(ru.ru_utime.tv_sec + ru.ru_stime.tv_sec) +
	    (double)(ru.ru_utime.tv_usec + ru.ru_stime.tv_usec) / 1e6);
}

/* For a look only, and nobody turns in circles while pdftoppm draws. */
static void
a_drawing_can_be_small(void **state)
{
	struct sh_pool *p = start_pool(worker_path(), 0, 0);
	struct sh_error err = SH_ERROR_INIT;
	double own = own_cpu_s(), decode, reading;
	uint64_t peak, read_peak;
	struct sh_decoding *d;
	struct sh_raster r;
	uint32_t page;
	int fd = text_pdf("Nguyen Thi Thanh Dinh");

	(void)state;
	must(sh_decode_open(p, fd, &d, &err));
	sh_decode_small(d, 600);
	while (sh_decode_next(d, &r, &page, &err) == 1) {
		assert_int_equal(r.width_px, 600);
		assert_int_equal(r.height_px, 450);
		assert_int_equal((int)r.dpi_x, 150);
		assert_int_equal(r.text_bytes, 0);
		sh_raster_clear(&r);
	}
	must(err.code != SH_OK);
	assert_int_equal(page, 1);
	sh_decode_close(d);
	(void)close(fd);
	sh_pool_usage(p, &peak, &read_peak, &decode, &reading);
	assert_true(own_cpu_s() - own < decode / 8);
	sh_pool_free(p);
}

/*
 * A page that is one image of a kind that only pdftoppm decodes comes dot
 * for dot, and a bilevel one stays bilevel.
 */
static void
a_drawn_image_is_exact(void **state)
{
	struct sh_pool *p = start_pool(worker_path(), 0, 0);
	struct sh_error err = SH_ERROR_INIT;
	struct sh_buf b = SH_BUF_INIT;
	static uint8_t bits[200][50], pixels[200 * 400];
	struct sh_raster r;
	size_t x, y;

	(void)state;
	must(sh_buf_puts(&b, "%PDF-1.4\n"
	    "1 0 obj << /Type /Catalog /Pages 2 0 R >> endobj\n"
	    "2 0 obj << /Type /Pages /Kids [3 0 R] /Count 1 >> endobj\n"
	    "3 0 obj << /Type /Page /Parent 2 0 R /MediaBox [0 0 144 72] "
	    "/Contents 4 0 R /Resources << /XObject << /I 5 0 R >> >> >> "
	    "endobj\n4 0 obj << /Length 26 >>\nstream\n"
	    "144 0 0 72 0 0 cm /I Do   \nendstream\nendobj\n"
	    "5 0 obj << /Type /XObject /Subtype /Image /Width 400 "
	    "/Height 200 /BitsPerComponent 1 /ColorSpace /DeviceGray "
	    "/Filter /ASCIIHexDecode /Length 20001 >>\nstream\n", &err));
	for (y = 0; y < 200; y++)
		for (x = 0; x < 50; x++) {
			bits[y][x] = (uint8_t)(x * 37 + y * 101 + x * y);
			must(sh_buf_printf(&b, &err, "%02x", bits[y][x]));
		}
	must(sh_buf_puts(&b, ">\nendstream\nendobj\n"
	    "trailer << /Root 1 0 R >>\n%%EOF\n", &err));
	only_page(p, file_of(b.data, b.len), &r);
	assert_int_equal(r.width_px, 400);
	assert_int_equal(r.height_px, 200);
	assert_int_equal(r.channels, 1);
	assert_int_equal((int)r.dpi_x, 200);
	assert_int_equal(r.image.coding, SH_IMAGE_G4);
	must(sh_pread_all(r.fd, pixels, sizeof(pixels), 0, &err));
	for (y = 0; y < 200; y++)
		for (x = 0; x < 400; x++)
			assert_int_equal(pixels[y * 400 + x],
			    bits[y][x / 8] >> (7 - x % 8) & 1 ? 255 : 0);
	sh_raster_clear(&r);
	sh_buf_free(&b);
	sh_pool_free(p);
}

/*
 * A page's own words are taken when its picture agrees, and only then; what
 * it hides, renames or spells for another font is read from the picture.
 */
static void
words_are_taken_where_they_show(void **state)
{
	static const struct {
		const char *text, *before, *after;
		int taken;
		const char *shows;	/* NULL: nothing, or a muddle */
	} cases[] = {
		{ "Nguyen Thi Thanh Dinh", "", "", 1, "Thanh Dinh" },
		{ "S\\363 12, 30 m\\262", "", "", 1, "S\303\263 12, 30 m" },
		{ "Nguyen Thi Thanh Dinh", "1 g", "", 0, NULL },
		{ "Nguyen Thi Thanh Dinh", "3 Tr", "", 0, NULL },
		{ "Nguyen Thi Thanh Dinh", "/Span << /ActualText (Le Van) >> "
		    "BDC", "EMC", 0, "Thanh Dinh" },
		{ "Nguyen Thi Thanh Dinh", "/Span << /Actual#54ext (Le) >> "
		    "BDC", "EMC", 0, "Thanh Dinh" },
		{ "Nguyen Thi Thanh Dinh", "", "0 0 Td (Le Van Minh Dinh Hoa) "
		    "Tj", 0, NULL },
		/* Old fonts: "Cong hoa" in TCVN 3, "Cong hoa" in VNI. */
		{ "C\\351ng ho\\265 x\\267 h\\351i", "", "", 0, "ng h" },
		{ "Co\\344ng ho\\370a xa\\365", "", "", 0, "ng h" },
	};
	struct sh_pool *p = start_pool(worker_path(), 0, 0);
	struct sh_error err = SH_ERROR_INIT, failure = SH_ERROR_INIT;
	struct sh_buf text = SH_BUF_INIT;
	struct sh_raster r;
	struct sh_page *page;
	uint64_t tag;
	size_t i;

	(void)state;
	for (i = 0; i < SH_COUNT(cases); i++) {
		only_page(p, text_pdf_as(cases[i].text, cases[i].before,
		    cases[i].after), &r);
		must(sh_read_submit(p, &r, i, &err));
		sh_raster_clear(&r);
		assert_int_equal(sh_read_wait(p, 1, &tag, &page, &failure,
		    &err), 1);
		must_ptr(page);
		if ((strcmp(page->engine, "pdftotext") == 0) !=
		    cases[i].taken)
			fail_msg("case %zu: by %s", i, page->engine);
		assert_int_equal(page->state == SH_PAGE_READ,
		    cases[i].shows != NULL);
		sh_buf_reset(&text);
		must(sh_page_text(page, &text, &err));
		if (cases[i].shows != NULL && strstr((char *)text.data,
		    cases[i].shows) == NULL)
			fail_msg("case %zu: %s", i, (char *)text.data);
		if (cases[i].taken) {
			assert_int_equal(page->nlines, 6);
			assert_in_range(page->lines[0].box.x, 75, 90);
			assert_in_range(page->lines[0].box.y, 40, 100);
		}
		sh_page_free(page);
	}
	sh_buf_free(&text);
	sh_pool_free(p);
	no_children_left();
}

struct more {
	struct sh_pool *p;
	const struct sh_raster *r;
	uint64_t *next;
};

static int
submit_one(void *arg)
{
	struct more *m = arg;
	struct sh_error err = SH_ERROR_INIT;

	if (*m->next == 3)
		return (0);
	must(sh_read_submit(m->p, m->r, (*m->next)++, &err));
	return (1);
}

/* Everything at once: PDF, pdftoppm, decoder, reader, and its recycling. */
static void
pages_are_read(void **state)
{
	struct sh_pool *p = start_pool(worker_path(), 0, 2);
	struct sh_error err = SH_ERROR_INIT, failure = SH_ERROR_INIT;
	struct sh_raster r;
	struct sh_page *page;
	struct sh_buf text = SH_BUF_INIT;
	const char *engine;
	uint64_t tag, decode_peak, read_peak, next = 0;
	struct more more;
	double decode_cpu, read_cpu;
	int fds = count_fds(), n;

	(void)state;
	must_ptr(engine = sh_pool_engine(p, &err));
	assert_non_null(strstr(engine, "tesseract"));
	assert_int_equal(sh_read_wait(p, 1, &tag, &page, &failure, &err), 0);
	only_page(p, text_pdf("Nguyen Thi Thanh Dinh"), &r);
	while (sh_read_room(p))
		must(sh_read_submit(p, &r, next++, &err));
	/* One works, four wait; one may be done by now. */
	assert_in_range(next, 5, 6);
	must_fail(sh_read_submit(p, &r, 9, &err), SH_EAGAIN);
	/* Those that wait are let go; the one that works goes on. */
	sh_read_drop(p);
	assert_true(sh_read_room(p));
	for (n = 0; sh_read_wait(p, 1, &tag, &page, &failure, &err) == 1; n++)
		sh_page_free(page);
	assert_in_range(n, 1, 2);
	assert_true(tag < 2);
	/* While one is waited for, others may come. */
	next = 2;
	more.p = p;
	more.r = &r;
	more.next = &next;
	sh_read_ahead(p, submit_one, &more);
	must(sh_read_now(p, &r, &page, &err));
	sh_page_free(page);
	sh_read_ahead(p, NULL, NULL);
	assert_int_equal(next, 3);
	while (sh_read_wait(p, 1, &tag, &page, &failure, &err) == 1) {
		must_ptr(page);
		assert_int_equal(page->state, SH_PAGE_READ);
		assert_int_equal(page->width_px, 1200);
		sh_buf_reset(&text);
		must(sh_page_text(page, &text, &err));
		assert_non_null(strstr((char *)text.data, "Thanh Dinh"));
		sh_page_free(page);
		if (next < 4)
			must(sh_read_submit(p, &r, next++, &err));
	}
	assert_int_equal(err.code, SH_OK);
	assert_int_equal(tag, 3);
	sh_raster_clear(&r);
	sh_pool_usage(p, &decode_peak, &read_peak, &decode_cpu, &read_cpu);
	assert_true(decode_peak > 1 << 20 && read_peak > 1 << 20);
	assert_true(decode_cpu > 0 && read_cpu > 0);
	/* Two readers of two pages each are gone; a third has started. */
	assert_int_equal(count_fds(), fds + 2);
	sh_buf_free(&text);
	sh_pool_free(p);
	no_children_left();
}

static void
pdfs_are_verified(void **state)
{
	struct sh_pool *p = start_pool(worker_path(), 0, 0);
	struct sh_error err = SH_ERROR_INIT;
	struct sh_buf roots = SH_BUF_INIT;
	int fd = text_pdf("unsigned");
	char *dir = test_mkdir(), path[256], command[1024];
	json_t *report;

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/root.pem", dir);
	(void)snprintf(command, sizeof(command), "openssl req -x509 -newkey "
	    "ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=test "
	    "-keyout /dev/null -out %s 2>/dev/null", path);
	assert_int_equal(system(command), 0);
	must(sh_fs_read(path, 1 << 16, &roots, &err));
	test_rmdir(dir);
	must(sh_pool_verify(p, fd, roots.data, roots.len, 1700000000, &report,
	    &err));
	assert_string_not_equal(json_string_value(json_object_get(report,
	    "status")), "TOTAL-PASSED");
	assert_int_equal(json_array_size(json_object_get(report,
	    "signatures")), 0);
	json_decref(report);
	must_fail(sh_pool_verify(p, fd, "not PEM at all", 14, 0, &report,
	    &err), SH_EFORMAT);
	(void)close(fd);
	sh_buf_free(&roots);
	sh_pool_free(p);
	no_children_left();
}

/* Its name tells whether a reader mends marks. */
static void
readers_can_leave_words_as_read(void **state)
{
	struct sh_pool_options options = { .worker = worker_path(),
	    .readers = 1 };
	struct sh_error err = SH_ERROR_INIT;
	struct sh_pool *p;
	const char *engine;

	(void)state;
	for (options.as_read = 0; options.as_read < 2; options.as_read++) {
		must(sh_pool_new(&options, &p, &err));
		must_ptr(engine = sh_pool_engine(p, &err));
		assert_int_equal(strstr(engine, " marks ") == NULL,
		    options.as_read);
		sh_pool_free(p);
	}
	no_children_left();
}

static void
what_is_missing_is_named(void **state)
{
	struct sh_pool_options options = { .worker = "/no/such/worker" };
	struct sh_error err = SH_ERROR_INIT, failure = SH_ERROR_INIT;
	struct sh_page *page;
	struct sh_raster r;
	struct sh_pool *p;
	uint64_t tag;

	(void)state;
	must_fail(sh_pool_new(&options, &p, &err), SH_ENOTFOUND);
	options.worker = worker_path();
	options.model_dir = "/no/such/model";
	options.readers = 2;
	must(sh_pool_new(&options, &p, &err));
	assert_null(sh_pool_engine(p, &err));
	assert_string_equal(err.key, "model.missing");
	sh_error_clear(&err);
	/* Decoding goes on without a model. */
	only_page(p, tiff_file(1, 5, 5, -1), &r);
	must_fail(sh_read_submit(p, &r, 0, &err), SH_ENOTFOUND);
	assert_int_equal(sh_read_wait(p, 1, &tag, &page, &failure, &err), -1);
	sh_raster_clear(&r);
	sh_pool_free(p);
	no_children_left();
}

/* A file of many pages costs one process and nothing that stays. */
static void
nothing_leaks(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_decoding *d;
	struct sh_raster r;
	struct sh_pool *p;
	int fds = count_fds(), fd, i;
	uint32_t page, n = 0;
	pid_t pid;

	(void)state;
	p = start_pool(worker_path(), 0, 0);
	fd = tiff_file(300, 20, 20, -1);
	must(sh_decode_open(p, fd, &d, &err));
	assert_int_equal(find_children("decode", &pid), 1);
	while (sh_decode_next(d, &r, &page, &err) == 1) {
		n++;
		sh_raster_clear(&r);
	}
	assert_int_equal(n, 300);
	sh_decode_close(d);
	assert_int_equal(find_children("decode", &pid), 0);
	for (i = 0; i < 3; i++) {	/* closed in the middle */
		must(sh_decode_open(p, fd, &d, &err));
		assert_int_equal(sh_decode_next(d, &r, &page, &err), 1);
		sh_raster_clear(&r);
		sh_decode_close(d);
	}
	(void)close(fd);
	sh_pool_free(p);
	assert_int_equal(count_fds(), fds);
	no_children_left();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pages_come_in_order),
		cmocka_unit_test(a_bad_page_is_one_page),
		cmocka_unit_test(files_are_refused_with_a_reason),
		cmocka_unit_test(vector_pages_are_drawn),
		cmocka_unit_test(a_drawing_can_be_small),
		cmocka_unit_test(a_drawn_image_is_exact),
		cmocka_unit_test(words_are_taken_where_they_show),
		cmocka_unit_test(pages_are_read),
		cmocka_unit_test(pdfs_are_verified),
		cmocka_unit_test(readers_can_leave_words_as_read),
		cmocka_unit_test(what_is_missing_is_named),
		cmocka_unit_test(nothing_leaks),
	};

	sh_log_level((enum sh_level)(SH_ERR + 1));
	return (cmocka_run_group_tests_name("worker", tests, NULL, NULL));
}
