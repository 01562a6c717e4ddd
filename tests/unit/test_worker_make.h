/*
 * What the tests of the workers share: a pool on the built sohoa-worker,
 * files for it, and what must be as before when a test ends: descriptors
 * and child processes.
 */
#ifndef SH_TESTS_WORKER_MAKE_H
#define SH_TESTS_WORKER_MAKE_H

#include "tests/unit/test.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/wait.h>

#include "base/log.h"
#include "base/mem.h"
#include "pipeline/worker_pool_internal.h"

static inline const char *
worker_path(void)
{
	static char path[512];
	const char *o = getenv("O");

	(void)snprintf(path, sizeof(path), "%s/sohoa-worker", o != NULL ? o :
	    "out/release");
	return (path);
}

static inline struct sh_pool *
start_pool(const char *worker, int wall_ms, unsigned pages_per_reader)
{
	struct sh_pool_options options = { .worker = worker, .readers = 1,
	    .pages_per_reader = pages_per_reader, .decode_wall_ms = wall_ms,
	    .read_wall_ms = wall_ms };
	struct sh_error err = SH_ERROR_INIT;
	struct sh_pool *p;

	must(sh_pool_new(&options, &p, &err));
	return (p);
}

static inline int
count_fds(void)
{
	DIR *d = opendir("/proc/self/fd");
	int n = 0;

	assert_non_null(d);
	while (readdir(d) != NULL)
		n++;
	(void)closedir(d);
	return (n);
}

/* Children in MODE ("decode"); their number, the first one's pid. */
static inline int
find_children(const char *mode, pid_t *pidp)
{
	char path[64], text[4096];
	struct dirent *e;
	DIR *d = opendir("/proc");
	size_t len;
	int n = 0, ppid;
	FILE *f;

	assert_non_null(d);
	while ((e = readdir(d)) != NULL) {
		if (e->d_name[0] < '0' || e->d_name[0] > '9')
			continue;
		(void)snprintf(path, sizeof(path), "/proc/%.16s/stat",
		    e->d_name);
		if ((f = fopen(path, "re")) == NULL)
			continue;
		ppid = 0;
		if (fgets(text, sizeof(text), f) != NULL &&
		    strrchr(text, ')') != NULL)
			(void)sscanf(strrchr(text, ')') + 1, " %*c %d",
			    &ppid);
		(void)fclose(f);
		if (ppid != getpid())
			continue;
		(void)snprintf(path, sizeof(path), "/proc/%.16s/cmdline",
		    e->d_name);
		if ((f = fopen(path, "re")) == NULL)
			continue;
		len = fread(text, 1, sizeof(text) - 1, f);
		(void)fclose(f);
		text[len] = '\0';
		/* The word behind the program's name. */
		if (strlen(text) + 1 < len &&
		    strcmp(text + strlen(text) + 1, mode) == 0 && n++ == 0)
			*pidp = (pid_t)atoi(e->d_name);
	}
	(void)closedir(d);
	return (n);
}

static inline void
no_children_left(void)
{
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

/* A memory file of those bytes, standing at its start. */
static inline int
file_of(const void *data, size_t len)
{
	struct sh_error err = SH_ERROR_INIT;
	int fd = sh_memfd("test", &err);

	assert_true(fd >= 0);
	must(sh_write_all(fd, data, len, &err));
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return (fd);
}

static inline void
put_le(struct sh_buf *b, uint32_t v, unsigned n)
{
	struct sh_error err = SH_ERROR_INIT;
	uint8_t byte;

	for (; n > 0; n--, v >>= 8) {
		byte = (uint8_t)v;
		must(sh_buf_append(b, &byte, 1, &err));
	}
}

/*
 * A TIFF of NPAGES grey pages W x H; page n's pixels are all 40 + n.  The
 * page BAD (or -1) claims a strip behind the end of the file.
 */
static inline int
tiff_file(unsigned npages, uint32_t w, uint32_t h, int bad)
{
	static const uint16_t tags[] = { 256, 257, 258, 259, 262, 273, 278,
	    279 };
	struct sh_error err = SH_ERROR_INIT;
	struct sh_buf b = SH_BUF_INIT;
	uint32_t ifd = 2 + 12 * SH_COUNT(tags) + 4, at = 8;
	unsigned i, k;
	int fd;

	must(sh_buf_append(&b, "II*\0\x08\0\0\0", 8, &err));
	for (i = 0; i < npages; i++) {
		uint32_t values[] = { w, h, 8, 1, 1, (int)i == bad ?
		    0x7ffffff0 : at + ifd, h, w * h };

		put_le(&b, SH_COUNT(tags), 2);
		for (k = 0; k < SH_COUNT(tags); k++) {
			put_le(&b, tags[k], 2);
			put_le(&b, 4, 2);
			put_le(&b, 1, 4);
			put_le(&b, values[k], 4);
		}
		at += ifd + w * h;
		put_le(&b, i + 1 < npages ? at : 0, 4);
		assert_non_null(sh_buf_reserve(&b, w * h, &err));
		memset(b.data + b.len, (int)(40 + i), w * h);
		b.len += w * h;
	}
	fd = file_of(b.data, b.len);
	sh_buf_free(&b);
	return (fd);
}

/*
 * A PDF page of 4 x 3 in that shows TEXT six times, each between BEFORE and
 * AFTER, and once more the same.
 */
static inline int
text_pdf_as(const char *text, const char *before, const char *after)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_buf b = SH_BUF_INIT;
	char content[1024];
	int fd, i, n;

	n = snprintf(content, sizeof(content), "BT /F1 14 Tf 20 190 Td");
	for (i = 0; i < 6; i++)
		n += snprintf(content + n, sizeof(content) - (size_t)n,
		    " %s (%s) Tj %s 0 -24 Td", before, text, after);
	(void)snprintf(content + n, sizeof(content) - (size_t)n, " ET");
	/* Without a table of its objects: readers rebuild it. */
	must(sh_buf_printf(&b, &err, "%%PDF-1.4\n"
	    "1 0 obj << /Type /Catalog /Pages 2 0 R >> endobj\n"
	    "2 0 obj << /Type /Pages /Kids [3 0 R 3 0 R] /Count 2 >> endobj\n"
	    "3 0 obj << /Type /Page /Parent 2 0 R /MediaBox [0 0 288 216] "
	    "/Contents 4 0 R /Resources << /Font << /F1 << /Type /Font "
	    "/Subtype /Type1 /BaseFont /Helvetica "
	    "/Encoding /WinAnsiEncoding >> >> >> >> endobj\n"
	    "4 0 obj << /Length %zu >>\nstream\n%s\nendstream\nendobj\n"
	    "trailer << /Root 1 0 R >>\n%%%%EOF\n", strlen(content),
	    content));
	fd = file_of(b.data, b.len);
	sh_buf_free(&b);
	return (fd);
}

static inline int
text_pdf(const char *text)
{
	return (text_pdf_as(text, "", ""));
}

/* The only page of the file, decoded; the descriptor is closed. */
static inline void
only_page(struct sh_pool *p, int fd, struct sh_raster *out)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_decoding *d;
	uint32_t page;

	must(sh_decode_open(p, fd, &d, &err));
	if (sh_decode_next(d, out, &page, &err) != 1)
		fail_msg("[%s] %s", err.key, err.text);
	sh_decode_close(d);
	(void)close(fd);
}

#endif
