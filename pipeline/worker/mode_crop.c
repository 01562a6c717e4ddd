/* A box of an upright page as PNG: pixels in, a picture for a screen out. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <zlib.h>

#include "base/fs.h"
#include "base/mem.h"
#include "base/text.h"
#include "ocr/image.h"
#include "ocr/turn.h"
#include "pipeline/worker/protocol.h"
#include "pipeline/worker/sandbox.h"

#define MEMORY_BYTES	((uint64_t)512 << 20)
#define CPU_S		60
#define FILES		32

struct crop {
	const uint8_t *pixels;
	size_t width, height;	/* stored */
	int channels;
	unsigned turn;
	size_t x, y, w, h;	/* upright */
	size_t step;
};

/* The mean of STEP x STEP upright pixels, as they lie in the stored page. */
static void
mean(const struct crop *c, size_t x, size_t y, uint8_t *out)
{
	size_t dx, dy, sx, sy, n = 0, sum[3] = { 0, 0, 0 };
	const uint8_t *p;
	int k;

	for (dy = 0; dy < c->step && y + dy < c->y + c->h; dy++)
		for (dx = 0; dx < c->step && x + dx < c->x + c->w; dx++) {
			sx = c->turn & SH_TURN_SWAP ? y + dy : x + dx;
			sy = c->turn & SH_TURN_SWAP ? x + dx : y + dy;
			if (c->turn & SH_TURN_MIRROR_X)
				sx = c->width - 1 - sx;
			if (c->turn & SH_TURN_MIRROR_Y)
				sy = c->height - 1 - sy;
			p = c->pixels + (sy * c->width + sx) *
			    (size_t)c->channels;
			for (k = 0; k < c->channels; k++)
				sum[k] += p[k];
			n++;
		}
	for (k = 0; k < c->channels; k++)
		out[k] = (uint8_t)(sum[k] / n);
}

static int
put_chunk(struct sh_buf *out, const char *kind, const void *data, size_t len,
    struct sh_error *err)
{
	size_t at = out->len + 4;

	if (sh_buf_put_be(out, len, 4, err) ||
	    sh_buf_append(out, kind, 4, err) ||
	    sh_buf_append(out, data, len, err))
		return (-1);
	return (sh_buf_put_be(out, crc32(0, out->data + at, (uInt)(len + 4)),
	    4, err));
}

/* Source: W3C PNG (Second Edition), 5 and 11. */
static int
write_png(const struct crop *c, struct sh_buf *out, struct sh_error *err)
{
	size_t w = (c->w + c->step - 1) / c->step;
	size_t h = (c->h + c->step - 1) / c->step;
	size_t row = 1 + w * (size_t)c->channels, x, y;
	uint8_t head[13], *rows = NULL, *packed = NULL;
	uLongf len = compressBound(row * h);
	int rc = -1;

	sh_put_be(head, w, 4);
	sh_put_be(head + 4, h, 4);
	memcpy(head + 8, c->channels == 1 ? "\10\0\0\0\0" : "\10\2\0\0\0", 5);
	if ((rows = sh_alloc(h, row, "a picture", err)) == NULL ||
	    (packed = sh_alloc(1, len, "a picture", err)) == NULL)
		goto out;
	for (y = 0; y < h; y++)
		for (x = 0; x < w; x++)
			mean(c, c->x + x * c->step, c->y + y * c->step,
			    rows + y * row + 1 + x * (size_t)c->channels);
	if (compress2(packed, &len, rows, row * h, 6) != Z_OK) {
		(void)sh_error_nomem(err, "a picture");
		goto out;
	}
	if (sh_buf_append(out, "\211PNG\r\n\32\n", 8, err) == 0 &&
	    put_chunk(out, "IHDR", head, sizeof(head), err) == 0 &&
	    put_chunk(out, "IDAT", packed, len, err) == 0)
		rc = put_chunk(out, "IEND", "", 0, err);
out:
	free(rows);
	free(packed);
	return (rc);
}

static int
parse(int argc, char **argv, struct crop *c)
{
	uint64_t v[9];
	size_t uw, uh;
	int i;

	if (argc != 9)
		return (-1);
	for (i = 0; i < 9; i++)
		if (sh_parse_u64(argv[i], SH_IMAGE_SIDE_MAX, &v[i]) != 0)
			return (-1);
	*c = (struct crop){ .width = v[0], .height = v[1],
	    .channels = (int)v[2], .turn = (unsigned)v[3], .x = v[4],
	    .y = v[5], .w = v[6], .h = v[7], .step = v[8] };
	uw = c->turn & SH_TURN_SWAP ? c->height : c->width;
	uh = c->turn & SH_TURN_SWAP ? c->width : c->height;
	return ((c->channels == 1 || c->channels == 3) && c->turn < 8 &&
	    c->step > 0 && c->w > 0 && c->h > 0 && c->x + c->w <= uw &&
	    c->y + c->h <= uh && c->w / c->step < SH_CROP_SIDE_MAX &&
	    c->h / c->step < SH_CROP_SIDE_MAX ? 0 : -1);
}

static int
crop(struct crop *c, size_t *lenp, struct sh_error *err)
{
	struct sh_sandbox_limits limits = { MEMORY_BYTES, CPU_S, SH_CROP_MAX,
	    FILES };
	struct sh_buf png = { .limit = SH_CROP_MAX };
	size_t size = c->width * c->height * (size_t)c->channels;
	struct stat st;
	void *data;
	int rc = -1;

	if (fstat(SH_WORKER_INPUT, &st) != 0 || (uint64_t)st.st_size != size ||
	    (data = mmap(NULL, size, PROT_READ, MAP_PRIVATE, SH_WORKER_INPUT,
	    0)) == MAP_FAILED)
		return (sh_error_sys(err, "file.read", "map the pixels"));
	c->pixels = data;
	limits.memory_bytes += size;
	if (sh_sandbox_close(SH_SANDBOX_VERIFY, &limits, NULL, err) == 0 &&
	    write_png(c, &png, err) == 0 &&
	    sh_write_all(SH_WORKER_OUTPUT, png.data, png.len, err) == 0) {
		*lenp = png.len;
		rc = 0;
	}
	sh_buf_free(&png);
	return (rc);
}

int
sh_worker_crop(int argc, char **argv)
{
	struct sh_error err = SH_ERROR_INIT;
	struct crop c;
	size_t len = 0;
	json_t *v;

	if (parse(argc, argv, &c) != 0)
		return (64);
	if (crop(&c, &len, &err) == 0 &&
	    (v = sh_json_new_object(&err)) != NULL &&
	    sh_json_set_int(v, "bytes", (int64_t)len, &err) == 0 &&
	    sh_worker_send(v, NULL, 0, &err) == 0)
		return (0);
	return (sh_worker_fail(&err));
}
