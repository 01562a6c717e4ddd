/* One coded image in another form: layers, one lossless bit, a preview. */
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/text.h"
#include "ocr/layers.h"
#include "pipeline/worker/protocol.h"
#include "pipeline/worker/sandbox.h"

#define MEMORY_BYTES	((uint64_t)2500 << 20)
#define CPU_S		120
#define OUTPUT_BYTES	((uint64_t)SH_IMAGE_PIXELS_MAX * 3)
#define FILES		32

struct order {
	int preview;
	struct sh_page_image image;
	double dpi;
};

struct answer {
	struct sh_layers layers;	/* or only its bytes */
	struct sh_pixels shown;
	struct sh_page_image image;
	int is_layers, is_bilevel;
	int channels;
};

static int
read_order(int argc, char **argv, struct order *o)
{
	uint64_t v[6];
	int i;

	if (argc != 8 || (strcmp(argv[0], "archive") != 0 &&
	    strcmp(argv[0], "preview") != 0) ||
	    (strcmp(argv[1], "jpeg") != 0 && strcmp(argv[1], "g4") != 0))
		return (-1);
	for (i = 0; i < 6; i++)
		if (sh_parse_u64(argv[i + 2], UINT32_MAX, &v[i]) != 0)
			return (-1);
	if (v[0] > SH_IMAGE_SIDE_MAX || v[1] > SH_IMAGE_SIDE_MAX ||
	    v[2] > 1 || v[5] < 1 || v[5] > 10000)
		return (-1);
	o->preview = strcmp(argv[0], "preview") == 0;
	o->image = (struct sh_page_image){ .fd = SH_WORKER_INPUT,
	    .coding = strcmp(argv[1], "g4") == 0 ? SH_IMAGE_G4 :
	    SH_IMAGE_JPEG, .width_px = (int32_t)v[0],
	    .height_px = (int32_t)v[1], .inverted = (int)v[2],
	    .offset = v[3], .bytes = v[4] };
	o->dpi = (double)v[5];
	return (0);
}

static int
change(const struct order *o, struct answer *a, struct sh_error *err)
{
	struct sh_sandbox_limits limits = { MEMORY_BYTES, CPU_S,
	    OUTPUT_BYTES, FILES };
	struct sh_pixels px = { .data = NULL };
	struct stat st;
	uint8_t *data;
	int rc = -1;

	if (fstat(SH_WORKER_INPUT, &st) != 0 || o->image.offset +
	    o->image.bytes > (uint64_t)st.st_size || o->image.bytes == 0)
		return (sh_error_set(err, SH_EARG, "file.short",
		    "the image leaves its file"));
	limits.memory_bytes += (uint64_t)st.st_size;
	data = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE,
	    SH_WORKER_INPUT, 0);
	if (data == MAP_FAILED)
		return (sh_error_sys(err, "file.read", "map the file"));
	if (sh_sandbox_close(SH_SANDBOX_DECODE, &limits, NULL, err) ||
	    sh_layers_decode(&o->image, data + o->image.offset,
	    (size_t)o->image.bytes, &px, err))
		goto out;
	a->channels = px.channels;
	if (o->preview) {
		rc = sh_layers_preview(&px, &a->image, &a->layers.bytes,
		    err);
	} else if (o->image.coding == SH_IMAGE_G4) {
		a->is_bilevel = 1;
		rc = sh_layers_bilevel(&px, &a->layers.bytes, err);
		a->image = o->image;
		a->image.offset = 0;
		a->image.bytes = a->layers.bytes.len;
	} else {
		a->is_layers = 1;
		rc = sh_layers_make(&px, o->dpi, &a->layers, err);
		sh_pixels_free(&px);
		if (rc == 0)
			rc = sh_layers_compose(&a->layers, &a->shown, err);
	}
out:
	sh_pixels_free(&px);
	return (rc);
}

static json_t *
image_value(const struct sh_page_image *im)
{
	return (json_pack("[I,I,i,i]", (json_int_t)im->offset,
	    (json_int_t)im->bytes, im->width_px, im->height_px));
}

static int
describe_layers(const struct sh_pdfa_layers *l, json_t *v,
    struct sh_error *err)
{
	json_t *stencils, *patches;
	size_t i;

	if ((stencils = sh_json_new_array(err)) == NULL ||
	    sh_json_set(v, "stencils", stencils, err) ||
	    (patches = sh_json_new_array(err)) == NULL ||
	    sh_json_set(v, "patches", patches, err) ||
	    sh_json_set(v, "background", image_value(&l->background), err))
		return (-1);
	for (i = 0; i < l->nstencils; i++)
		if (sh_json_append(stencils, json_pack("[o,o]",
		    image_value(&l->stencil[i].ink),
		    image_value(&l->stencil[i].mask)), err))
			return (-1);
	for (i = 0; i < l->npatches; i++)
		if (sh_json_append(patches, json_pack("[i,i,o]",
		    l->patch[i].x, l->patch[i].y,
		    image_value(&l->patch[i].image)), err))
			return (-1);
	return (0);
}

static int
sealed_file(const struct sh_buf *b, int *fdp, struct sh_error *err)
{
	if ((*fdp = sh_memfd("images", err)) < 0)
		return (-1);
	if (sh_write_all(*fdp, b->data, b->len, err))
		return (-1);
	if (fcntl(*fdp, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW |
	    F_SEAL_WRITE | F_SEAL_SEAL) != 0)
		return (sh_error_sys(err, "memory.none", "seal"));
	return (0);
}

static int
reply(struct answer *a, struct sh_error *err)
{
	json_t *v;
	int fds[2] = { -1, -1 };

	if ((v = sh_json_new_object(err)) == NULL)
		return (-1);
	/* The process ends behind this: what is left goes with it. */
	if (sh_json_set_int(v, "bytes", (int64_t)a->layers.bytes.len, err) ||
	    sh_json_set_int(v, "channels", a->channels, err) ||
	    sh_json_set(v, "bilevel", json_boolean(a->is_bilevel), err) ||
	    (a->is_layers ? describe_layers(&a->layers.of, v, err) :
	    sh_json_set(v, "image", image_value(&a->image), err)) ||
	    sealed_file(&a->layers.bytes, &fds[0], err) || (a->is_layers &&
	    sh_pixels_seal(&a->shown, &fds[1], err))) {
		json_decref(v);
		return (-1);
	}
	return (sh_worker_send(v, fds, a->is_layers ? 2 : 1, err));
}

int
sh_worker_layers(int argc, char **argv)
{
	struct sh_error err = SH_ERROR_INIT;
	struct answer a = { .is_layers = 0 };
	struct order o;

	if (read_order(argc, argv, &o))
		return (64);
	if (change(&o, &a, &err) == 0 && reply(&a, &err) == 0)
		return (0);
	return (sh_worker_fail(&err));
}
