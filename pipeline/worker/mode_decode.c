#include <fcntl.h>
#include <limits.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/text.h"
#include "ocr/image.h"
#include "ocr/likeness.h"
#include "pipeline/worker/protocol.h"
#include "pipeline/worker/sandbox.h"

/*
 * Room for the largest page and what a decoder needs beside it; the file
 * itself is mapped and comes on top.
 */
#define MEMORY_BYTES	((uint64_t)1200 << 20)
#define CPU_S		600	/* a long file goes on in a fresh worker */
#define OUTPUT_BYTES	((uint64_t)SH_IMAGE_PIXELS_MAX * 3)
#define FILES		32

/* What a failed page's message and a good one's begin with. */
static json_t *
about_page(uint32_t page, struct sh_error *err)
{
	json_t *v = sh_json_new_object(err);

	if (v != NULL && sh_json_set_int(v, "page", page, err)) {
		json_decref(v);
		v = NULL;
	}
	return (v);
}

/* Bytes in a sealed memory file. */
static int
sealed_file(const char *name, const struct sh_buf *b, int *fdp,
    struct sh_error *err)
{
	int fd;

	if ((fd = sh_memfd(name, err)) < 0)
		return (-1);
	if (sh_write_all(fd, b->data, b->len, err) ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW |
	    F_SEAL_WRITE | F_SEAL_SEAL) != 0) {
		(void)sh_error_sys(err, "memory.none", "seal");
		(void)close(fd);
		return (-1);
	}
	*fdp = fd;
	return (0);
}

/* What the page looks like once it is upright. */
static int
look(const struct sh_image_page *p, struct sh_buf *out, struct sh_error *err)
{
	const struct sh_pixels *px = &p->pixels;
	struct sh_looks *l = NULL;
	int rc;

	if (p->needs_raster)
		return (0);
	if (sh_likeness_new(px->data, px->width_px, px->height_px,
	    px->channels, px->dpi_x, px->dpi_y, px->exif_orientation, &l,
	    err))
		return (-1);
	rc = l != NULL ? sh_likeness_pack(l, out, err) : 0;
	sh_likeness_free(l);
	return (rc);
}

static int
describe(const struct sh_image_page *p, size_t likeness, json_t *v,
    struct sh_error *err)
{
	static const char *const codings[] = { [SH_IMAGE_JPEG] = "jpeg",
	    [SH_IMAGE_G4] = "g4", [SH_IMAGE_FLATE] = "flate" };
	char digest[SH_HEX_LEN];

	sh_hex(p->digest.b, SH_DIGEST_LEN, digest);
	if (sh_json_set_str(v, "digest", digest, err))
		return (-1);
	if (p->needs_raster)
		return (sh_json_set(v, "raster_x",
		    json_real(p->raster_dpi_x), err) ||
		    sh_json_set(v, "raster_y", json_real(p->raster_dpi_y),
		    err) || sh_json_set(v, "mono",
		    json_boolean(p->raster_mono), err) ||
		    sh_json_set(v, "text", json_boolean(p->may_have_text),
		    err) ||
		    sh_json_set(v, "width_pt", json_real(p->page_width_pt),
		    err) || sh_json_set(v, "height_pt",
		    json_real(p->page_height_pt), err) ? -1 : 0);
	return (sh_json_set_int(v, "width", p->pixels.width_px, err) ||
	    sh_json_set_int(v, "height", p->pixels.height_px, err) ||
	    sh_json_set_int(v, "channels", p->pixels.channels, err) ||
	    sh_json_set(v, "dpi_x", json_real(p->pixels.dpi_x), err) ||
	    sh_json_set(v, "dpi_y", json_real(p->pixels.dpi_y), err) ||
	    sh_json_set_int(v, "exif", p->pixels.exif_orientation, err) ||
	    sh_json_set_str(v, "coding", codings[p->coding], err) ||
	    sh_json_set_int(v, "components", p->components, err) ||
	    sh_json_set_int(v, "bytes", (int64_t)p->coded.len, err) ||
	    sh_json_set_int(v, "likeness", (int64_t)likeness, err) ? -1 : 0);
}

static int
send_page(uint32_t page, struct sh_image_page *p, struct sh_error *err)
{
	struct sh_buf likeness = { .limit = SH_LIKENESS_MAX };
	json_t *v;
	int fds[3] = { -1, -1, -1 }, rc = -1;
	size_t i, n = 0;

	if ((v = about_page(page, err)) == NULL)
		return (-1);
	if (look(p, &likeness, err) ||
	    describe(p, likeness.len, v, err) || (!p->needs_raster &&
	    (sh_pixels_seal(&p->pixels, &fds[0], err) ||
	    sealed_file("coded image", &p->coded, &fds[1], err))))
		goto out;
	if (likeness.len > 0 && sealed_file("likeness", &likeness, &fds[2],
	    err))
		goto out;
	while (n < 3 && fds[n] >= 0)
		n++;
	rc = sh_worker_send(v, fds, n, err);
	v = NULL;
out:
	json_decref(v);
	for (i = 0; i < 3; i++)
		if (fds[i] >= 0)
			(void)close(fds[i]);
	sh_buf_free(&likeness);
	return (rc);
}

/* Pages, one for each wish, until nobody wants one. */
static int
serve(struct sh_image *im, struct sh_error *err)
{
	struct sh_image_page p;
	json_t *wish, *v;
	uint32_t page = 0;
	int rc, got;

	for (;;) {
		if ((rc = sh_worker_receive(&wish, NULL, 0, err)) <= 0)
			return (rc);
		json_decref(wish);
		got = sh_image_next(im, &p, &page, err);
		if (got == 0)
			return (0);
		if (got > 0) {
			rc = send_page(page, &p, err);
			sh_image_page_clear(&p);
		} else {
			struct sh_error why = *err;

			sh_error_clear(err);
			v = about_page(page, err);
			rc = v == NULL ? -1 : sh_worker_send_error(v, &why,
			    err);
		}
		if (rc != 0)
			return (-1);
	}
}

static int
open_input(uint32_t first, struct sh_image **imp, struct sh_error *err)
{
	struct sh_sandbox_limits limits = { MEMORY_BYTES, CPU_S,
	    OUTPUT_BYTES, FILES };
	struct stat st;
	void *data = NULL;
	json_t *v;

	if (fstat(SH_WORKER_INPUT, &st) != 0 || st.st_size < 0)
		return (sh_error_sys(err, "file.read", "the file"));
	limits.memory_bytes += (uint64_t)st.st_size;
	if (st.st_size > 0 && (data = mmap(NULL, (size_t)st.st_size,
	    PROT_READ, MAP_PRIVATE, SH_WORKER_INPUT, 0)) == MAP_FAILED)
		return (sh_error_sys(err, "file.read", "map the file"));
	if (sh_sandbox_close(SH_SANDBOX_DECODE, &limits, NULL, err) ||
	    sh_image_open(data, (size_t)st.st_size, imp, err))
		return (-1);
	sh_image_seek(*imp, first);
	if ((v = sh_json_new_object(err)) == NULL)
		return (-1);
	if (sh_json_set_str(v, "open", sh_image_kind(*imp), err) ||
	    sh_json_set_int(v, "npages", sh_image_npages(*imp), err)) {
		json_decref(v);
		return (-1);
	}
	return (sh_worker_send(v, NULL, 0, err));
}

int
sh_worker_decode(int argc, char **argv)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_image *im = NULL;
	uint64_t first;

	if (argc != 1 || sh_parse_u64(argv[0], UINT32_MAX, &first) != 0)
		return (64);
	if (open_input((uint32_t)first, &im, &err) == 0 &&
	    serve(im, &err) == 0)
		return (0);
	return (sh_worker_fail(&err));
}
