/* A page's image in another form: one worker an image, its answer checked. */
#include "pipeline/worker_pool_internal.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SIDE_MAX	SH_PAGE_SIDE_MAX
#define PIXELS_MAX	150000000

void
sh_layered_clear(struct sh_layered *l)
{
	if (l->fd >= 0)
		(void)close(l->fd);
	sh_raster_clear(&l->shown);
	memset(l, 0, sizeof(*l));
	l->fd = l->shown.fd = l->shown.image.fd = -1;
}

static int
refuse(struct sh_error *err, const char *what)
{
	return (sh_error_set(err, SH_ELIBRARY, "worker.protocol",
	    "the layers' worker: %s", what));
}

/* [offset, bytes, width, height] within a file of TOTAL bytes. */
static int
read_image(const json_t *v, const struct sh_layered *l, int channels,
    enum sh_image_coding coding, struct sh_page_image *im,
    struct sh_error *err)
{
	json_int_t n[4];
	size_t i;

	if (json_array_size(v) != 4)
		return (refuse(err, "no image"));
	for (i = 0; i < 4; i++) {
		if (!json_is_integer(json_array_get(v, i)))
			return (refuse(err, "no image"));
		n[i] = json_integer_value(json_array_get(v, i));
	}
	if (n[0] < 0 || n[1] < 1 || n[0] > (json_int_t)l->bytes ||
	    n[1] > (json_int_t)l->bytes - n[0] || n[2] < 1 ||
	    n[2] > SIDE_MAX || n[3] < 1 || n[3] > SIDE_MAX ||
	    n[2] * n[3] > PIXELS_MAX)
		return (refuse(err, "an image outside its file"));
	*im = (struct sh_page_image){ .fd = l->fd, .offset = (uint64_t)n[0],
	    .bytes = (uint64_t)n[1], .coding = coding,
	    .width_px = (int32_t)n[2], .height_px = (int32_t)n[3],
	    .components = channels };
	return (0);
}

static int
read_stencils(const json_t *all, int channels, struct sh_layered *l,
    struct sh_error *err)
{
	json_t *v;
	size_t i;

	if (!json_is_array(all) || json_array_size(all) > SH_STENCILS_MAX)
		return (refuse(err, "stencils"));
	json_array_foreach(all, i, v) {
		struct sh_page_image *mask = &l->layers.stencil[i].mask;

		if (read_image(json_array_get(v, 0), l, channels,
		    SH_IMAGE_JPEG, &l->layers.stencil[i].ink, err) ||
		    read_image(json_array_get(v, 1), l, 1, SH_IMAGE_JBIG2,
		    mask, err))
			return (-1);
		if (mask->width_px != l->layers.width_px ||
		    mask->height_px != l->layers.height_px)
			return (refuse(err, "a mask of another size"));
	}
	l->layers.nstencils = json_array_size(all);
	return (0);
}

static int
read_patches(const json_t *all, int channels, struct sh_layered *l,
    struct sh_error *err)
{
	struct sh_pdfa_layers *of = &l->layers;
	json_int_t x, y;
	json_t *v;
	size_t i;

	if (!json_is_array(all) || json_array_size(all) > SH_PATCHES_MAX)
		return (refuse(err, "patches"));
	json_array_foreach(all, i, v) {
		struct sh_page_image *im = &of->patch[i].image;

		if (read_image(json_array_get(v, 2), l, channels,
		    SH_IMAGE_JPEG, im, err))
			return (-1);
		x = json_integer_value(json_array_get(v, 0));
		y = json_integer_value(json_array_get(v, 1));
		if (x < 0 || x > of->width_px - im->width_px || y < 0 ||
		    y > of->height_px - im->height_px)
			return (refuse(err, "a patch outside the page"));
		of->patch[i].x = (int32_t)x;
		of->patch[i].y = (int32_t)y;
	}
	of->npatches = json_array_size(all);
	return (0);
}

/* The answer about IMAGE; the layered page takes the descriptors. */
static int
read_answer(struct sh_message *m, const struct sh_page_image *image,
    enum sh_profile form, double dpi, struct sh_layered *l,
    struct sh_error *err)
{
	int64_t bytes, channels;
	int bilevel;

	if (sh_json_int(m->v, "bytes", 1, 1, (int64_t)SH_CODED_MAX, 0,
	    &bytes, err) || sh_json_int(m->v, "channels", 1, 1, 3, 0,
	    &channels, err) || sh_json_bool(m->v, "bilevel", 1, &bilevel,
	    err) || sh_wire_sealed(m->fd[0], (uint64_t)bytes, err))
		return (-1);
	if (channels == 2)
		return (refuse(err, "two channels"));
	l->fd = m->fd[0];
	m->fd[0] = -1;
	l->bytes = (uint64_t)bytes;
	if (json_object_get(m->v, "image") != NULL) {
		if (read_image(json_object_get(m->v, "image"), l,
		    (int)channels, bilevel ? SH_IMAGE_JBIG2 : SH_IMAGE_JPEG,
		    &l->image, err))
			return (-1);
		if (form == SH_PROFILE_ARCHIVE && (!bilevel ||
		    channels != 1 || l->image.width_px != image->width_px ||
		    l->image.height_px != image->height_px))
			return (refuse(err, "another image"));
		return (0);
	}
	if (form != SH_PROFILE_ARCHIVE || image->coding != SH_IMAGE_JPEG)
		return (refuse(err, "layers that nobody asked for"));
	l->is_layers = 1;
	l->layers.width_px = image->width_px;
	l->layers.height_px = image->height_px;
	if (read_image(json_object_get(m->v, "background"), l, (int)channels,
	    SH_IMAGE_JPEG, &l->layers.background, err) ||
	    read_stencils(json_object_get(m->v, "stencils"), (int)channels,
	    l, err) || read_patches(json_object_get(m->v, "patches"),
	    (int)channels, l, err) || sh_wire_sealed(m->fd[1],
	    (uint64_t)image->width_px * (uint64_t)image->height_px *
	    (uint64_t)channels, err))
		return (-1);
	l->shown.fd = m->fd[1];
	m->fd[1] = -1;
	l->shown.width_px = image->width_px;
	l->shown.height_px = image->height_px;
	l->shown.channels = (int)channels;
	l->shown.dpi_x = l->shown.dpi_y = dpi;
	return (0);
}

static int
try_once(struct sh_pool *p, const struct sh_page_image *image,
    enum sh_profile form, double dpi, struct sh_layered *out,
    struct sh_error *err)
{
	char width[16], height[16], offset[24], bytes[24], dots[16];
	const char *args[9] = { sh_profile_word(form),
	    image->coding == SH_IMAGE_G4 ? "g4" : "jpeg", width, height,
	    image->inverted ? "1" : "0", offset, bytes, dots, NULL };
	struct sh_child c = SH_CHILD_INIT;
	struct sh_message m = { .fd = { -1, -1 } };
	struct sh_error bad = SH_ERROR_INIT;
	int fd, rc = -1;

	(void)snprintf(width, sizeof(width), "%d", image->width_px);
	(void)snprintf(height, sizeof(height), "%d", image->height_px);
	(void)snprintf(offset, sizeof(offset), "%llu",
	    (unsigned long long)image->offset);
	(void)snprintf(bytes, sizeof(bytes), "%llu",
	    (unsigned long long)image->bytes);
	(void)snprintf(dots, sizeof(dots), "%.0f",
	    dpi < 1 ? 1 : dpi > 9999 ? 9999 : floor(dpi));
	if ((fd = sh_pool_reopen(image->fd, err)) < 0)
		return (-1);
	if (sh_child_start(p, &c, "layers", args, &fd, 1, err))
		goto out;
	if (sh_child_answer(p, &c, p->decode_wall_ms, &m, err) == 0) {
		if (json_object_get(m.v, "error") != NULL) {
			if (sh_wire_error(m.v, err, &bad))
				*err = bad;
		} else {
			rc = read_answer(&m, image, form, dpi, out, err);
		}
	}
	sh_message_clear(&m);
	(void)sh_child_end(p, &c, SH_END_DONE, 0, NULL);
out:
	(void)close(fd);
	if (rc != 0)
		sh_layered_clear(out);
	return (rc);
}

int
sh_pool_layers(struct sh_pool *p, const struct sh_page_image *image,
    enum sh_profile form, double dpi, struct sh_layered *out,
    struct sh_error *err)
{
	int rc = -1, attempt;

	memset(out, 0, sizeof(*out));
	out->fd = out->shown.fd = out->shown.image.fd = -1;
	if (image->coding != SH_IMAGE_JPEG && image->coding != SH_IMAGE_G4)
		return (sh_error_set(err, SH_EUNSUPPORTED,
		    "image.compression", "coding %d is not taken apart",
		    image->coding));
	for (attempt = 0; attempt < SH_ATTEMPTS && rc != 0; attempt++) {
		sh_error_clear(err);
		rc = try_once(p, image, form, dpi, out, err);
		if (rc != 0 && sh_code_retry(err->code) != SH_RETRY_FRESH)
			break;
	}
	return (rc);
}
