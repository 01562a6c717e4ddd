/*
 * sample hostile: files that a scanner, a citizen or an attacker may send.
 * Each is written byte by byte here or cut from a good one; manifest.tsv
 * says what is wrong with it and what a careful reader does.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/fs.h"
#include "base/mem.h"
#include "samples/cmd.h"
#include "samples/scenario.h"

struct writer {
	const char *dir;
	FILE *manifest;
	struct sh_error *err;
};

static int
put(struct writer *w, const char *name, const void *data, size_t len,
    const char *expect, const char *what)
{
	char *path = sh_path_join(w->dir, name, w->err);
	int rc = -1;

	if (path != NULL && sh_carrier_write(path, data, len, w->err) == 0) {
		/* Names are data: a line break in one is written as such. */
		const char *p;

		for (p = name; *p != '\0'; p++)
			if (*p == '\n')
				(void)fputs("\\n", w->manifest);
			else
				(void)fputc(*p, w->manifest);
		(void)fprintf(w->manifest, "\t%s\t%s\n", expect, what);
		rc = 0;
	}
	free(path);
	return (rc);
}

/* A good page in a file of that kind, as bytes. */
static int
good(struct writer *w, const char *name, struct sh_buf *out)
{
	struct sh_options o = { .type = "giay-khai-sinh", .seed = 1,
	    .degrade = "scan", .dpi = 100, .quality = 60, .variant = -1 };
	char *path = sh_path_join(w->dir, name, w->err), *json = NULL;
	int rc = -1;

	if (path == NULL)
		return (-1);
	o.output = path;
	if (sh_cmd_page(&o, w->err) == 0 && sh_fs_read(path, (size_t)1 << 26,
	    out, w->err) == 0 && (json = sh_asprintf(w->err, "%s.json",
	    path)) != NULL && remove(json) == 0 && remove(path) == 0)
		rc = 0;
	free(json);
	free(path);
	return (rc);
}

/* Classic little-endian TIFF, one directory, one strip of LEN bytes. */
static size_t
tiff(uint8_t *p, uint32_t width, uint32_t height, uint32_t strip,
    uint32_t next, uint32_t dpi)
{
	const struct {
		uint16_t tag, type;
		uint32_t value;
	} entry[] = {
		{ 256, 4, width }, { 257, 4, height }, { 258, 3, 8 },
		{ 259, 3, 1 }, { 262, 3, 1 }, { 273, 4, 134 },
		{ 277, 3, 1 }, { 278, 4, height }, { 279, 4, strip },
		{ 282, 5, 126 }
	};
	uint8_t *q = p;
	size_t i;
	int k;

	memcpy(q, "II*\0\10\0\0\0\12\0", 10);
	q += 10;
	for (i = 0; i < SH_COUNT(entry); i++) {
		*q++ = (uint8_t)entry[i].tag;
		*q++ = (uint8_t)(entry[i].tag >> 8);
		*q++ = (uint8_t)entry[i].type;
		*q++ = 0;
		*q++ = 1;
		*q++ = 0;
		*q++ = 0;
		*q++ = 0;
		for (k = 0; k < 4; k++)
			*q++ = (uint8_t)(entry[i].value >> 8 * k);
	}
	for (k = 0; k < 4; k++)
		*q++ = (uint8_t)(next >> 8 * k);
	/* At 134 - 8: the resolution, dpi / 1. */
	memset(p + 126, 0, 8);
	for (k = 0; k < 4; k++)
		p[126 + k] = (uint8_t)(dpi >> 8 * k);
	p[130] = 1;
	return (134);
}

static int
tiffs(struct writer *w)
{
	uint8_t b[134 + 64];
	size_t len;

	memset(b, 200, sizeof(b));
	len = tiff(b, 60000, 60000, 64, 0, 300);
	if (put(w, "wide.tif", b, len + 64, "refuse",
	    "60,000 x 60,000 px announced, 64 bytes there") == -1)
		return (-1);
	len = tiff(b, 8, 8, 0x7fffffff, 0, 300);
	if (put(w, "strip.tif", b, len + 64, "refuse",
	    "a strip of 2 GiB in a file of 198 bytes") == -1)
		return (-1);
	len = tiff(b, 8, 8, 64, 8, 300);
	if (put(w, "loop.tif", b, len + 64, "refuse or one page",
	    "the directory names itself as the next") == -1)
		return (-1);
	len = tiff(b, 8, 8, 64, 0, 0);
	if (put(w, "dpi-zero.tif", b, len + 64, "refuse",
	    "resolution 0") == -1)
		return (-1);
	len = tiff(b, 8, 8, 64, 0, 1000000000);
	return (put(w, "dpi-wild.tif", b, len + 64, "refuse",
	    "resolution 1,000,000,000 dpi"));
}

static int
chunk(struct sh_buf *b, const char *type, const void *data, size_t len,
    struct sh_error *err)
{
	size_t from = b->len + 4;
	uint32_t crc;

	if (sh_buf_put_be(b, len, 4, err) == -1 ||
	    sh_buf_append(b, type, 4, err) == -1 ||
	    sh_buf_append(b, data, len, err) == -1)
		return (-1);
	crc = (uint32_t)crc32(0, b->data + from, (uInt)(len + 4));
	return (sh_buf_put_be(b, crc, 4, err));
}

/* A white bilevel PNG of SIDE x SIDE; ROWS of its rows are there. */
static int
png(struct writer *w, const char *name, unsigned side, unsigned rows,
    const char *expect, const char *what)
{
	struct sh_buf b = SH_BUF_INIT;
	size_t row = 1 + (side + 7) / 8;
	uLongf len = compressBound((uLong)(row * rows));
	uint8_t *raw = sh_keep(row, rows + 1), *packed = sh_keep(len, 1);
	uint8_t head[13] = { 0 };
	int rc = -1;

	sh_put_be(head, side, 4);
	sh_put_be(head + 4, side, 4);
	head[8] = 1;
	if (compress2(packed, &len, raw, (uLong)(row * rows), 9) != Z_OK)
		sh_keep_die();
	if (sh_buf_append(&b, "\x89PNG\r\n\x1a\n", 8, w->err) == 0 &&
	    chunk(&b, "IHDR", head, 13, w->err) == 0 &&
	    chunk(&b, "IDAT", packed, len, w->err) == 0 &&
	    chunk(&b, "IEND", "", 0, w->err) == 0)
		rc = put(w, name, b.data, b.len, expect, what);
	free(raw);
	free(packed);
	sh_buf_free(&b);
	return (rc);
}

/* BODY with its cross-reference table written behind it. */
static int
pdf(struct writer *w, const char *name, const char *body,
    const char *trailer, const char *expect, const char *what)
{
	struct sh_buf b = SH_BUF_INIT;
	const char *p;
	size_t off[16], n = 0, i, start;
	int rc = -1;

	for (p = body; (p = strstr(p, " 0 obj")) != NULL && n < 16; p++)
		off[n++] = (size_t)(p - 1 - body);
	if (sh_buf_puts(&b, body, w->err) == -1)
		goto out;
	start = b.len;
	if (sh_buf_printf(&b, w->err, "xref\n0 %zu\n0000000000 65535 f \n",
	    n + 1) == -1)
		goto out;
	for (i = 0; i < n; i++)
		if (sh_buf_printf(&b, w->err, "%010zu 00000 n \n", off[i]) ==
		    -1)
			goto out;
	if (sh_buf_printf(&b, w->err, "trailer\n<< /Size %zu /Root 1 0 R %s "
	    ">>\nstartxref\n%zu\n%%%%EOF\n", n + 1, trailer, start) == 0)
		rc = put(w, name, b.data, b.len, expect, what);
out:
	sh_buf_free(&b);
	return (rc);
}

static int
pdfs(struct writer *w)
{
	/* Nobody knows a password: O and U are any 32 bytes.
	 * Rule: ISO 32000-1 7.6.3 */
	if (pdf(w, "password.pdf", "%PDF-1.4\n"
	    "1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n"
	    "2 0 obj\n<< /Type /Pages /Count 1 /Kids [3 0 R] >>\nendobj\n"
	    "3 0 obj\n<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] "
	    ">>\nendobj\n"
	    "4 0 obj\n<< /Filter /Standard /V 1 /R 2 /P -4 /O <"
	    "0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20"
	    "> /U <"
	    "2122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f40"
	    "> >>\nendobj\n", "/Encrypt 4 0 R /ID [<00> <00>]", "refuse",
	    "encrypted, the password is not known") == -1)
		return (-1);
	if (pdf(w, "count.pdf", "%PDF-1.4\n"
	    "1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n"
	    "2 0 obj\n<< /Type /Pages /Count 1000000000 /Kids [3 0 R] "
	    ">>\nendobj\n"
	    "3 0 obj\n<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] "
	    ">>\nendobj\n", "", "refuse or one page",
	    "a page tree that counts 1,000,000,000") == -1)
		return (-1);
	if (pdf(w, "tree.pdf", "%PDF-1.4\n"
	    "1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n"
	    "2 0 obj\n<< /Type /Pages /Count 2 /Kids [2 0 R 2 0 R] "
	    ">>\nendobj\n", "", "refuse",
	    "a page tree that is its own child") == -1)
		return (-1);
	return (pdf(w, "huge.pdf", "%PDF-1.4\n"
	    "1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n"
	    "2 0 obj\n<< /Type /Pages /Count 1 /Kids [3 0 R] >>\nendobj\n"
	    "3 0 obj\n<< /Type /Page /Parent 2 0 R /MediaBox "
	    "[0 0 14400000 14400000] >>\nendobj\n", "", "refuse",
	    "a page of 5 km by 5 km"));
}

/* Good files, cut; a good file under bad names. */
static int
cuts(struct writer *w)
{
	static const struct {
		const char *name, *cut;
	} files[] = {
		{ "a.tif", "cut.tif" }, { "a.jpg", "cut.jpg" },
		{ "a.pdf", "cut.pdf" }, { "a.png", "cut.png" }
	};
	static const char *const names[] = {
		"giấy khai sinh (bản 2).jpg",
		"gia\xcc\x82\xcc\x81y.jpg",	/* the same word, decomposed */
		"-rf.jpg", "line\nbreak.jpg", "$(id).jpg", "a'b\"c.jpg"
	};
	struct sh_buf b = SH_BUF_INIT;
	size_t i;
	int rc = -1;

	for (i = 0; i < SH_COUNT(files); i++) {
		sh_buf_reset(&b);
		if (good(w, files[i].name, &b) == -1 || put(w, files[i].cut,
		    b.data, b.len * 3 / 5, "refuse or set the page aside",
		    "the last two fifths are missing") == -1)
			goto out;
	}
	sh_buf_reset(&b);
	if (good(w, "a.jpg", &b) == -1)
		goto out;
	for (i = 0; i < SH_COUNT(names); i++)
		if (put(w, names[i], b.data, b.len, "read",
		    "a good page under an awkward name") == -1)
			goto out;
	if (put(w, "jpeg.tif", b.data, b.len, "read as JPEG, or refuse",
	    "a JPEG that calls itself TIFF") == -1)
		goto out;
	rc = 0;
out:
	sh_buf_free(&b);
	return (rc);
}

int
sh_cmd_hostile(const struct sh_options *o, struct sh_error *err)
{
	struct writer w = { .dir = o->output, .err = err };
	static const char text[] = "/etc/passwd\n/etc/hostname\n";
	char *path = NULL;
	int rc = -1;

	if (sh_fs_mkdirs(o->output, 0755, err) == -1 ||
	    (path = sh_path_join(o->output, "manifest.tsv", err)) == NULL)
		goto out;
	if ((w.manifest = fopen(path, "we")) == NULL) {
		(void)sh_error_sys(err, "sample.write", "%s", path);
		goto out;
	}
	if (put(&w, "empty.tif", "", 0, "refuse", "no bytes") == -1 ||
	    put(&w, "empty.pdf", "", 0, "refuse", "no bytes") == -1 ||
	    put(&w, "list.tif", text, sizeof(text) - 1, "refuse",
	    "text: a list of files that must not be opened") == -1 ||
	    tiffs(&w) == -1 || png(&w, "wide.png", 60000, 1, "refuse",
	    "60,000 x 60,000 px announced, one row there") == -1 ||
	    png(&w, "bomb.png", 20000, 20000, "refuse",
	    "50 MB of white in 50 kB") == -1 || pdfs(&w) == -1 ||
	    cuts(&w) == -1)
		goto out;
	rc = 0;
out:
	if (w.manifest != NULL && fclose(w.manifest) != 0 && rc == 0)
		rc = sh_error_sys(err, "sample.write", "%s", path);
	free(path);
	return (rc);
}
