/*
 * What a worker says, checked as if the file that it decodes had written
 * it: a decoder that was taken over can do no more than give a wrong page.
 */
#include "pipeline/worker_pool_internal.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fs.h"
#include "base/mem.h"
#include "ocr/likeness.h"

/* ocr/image.h's limits; the main program sees no decoder. */
#define SIDE_MAX	SH_PAGE_SIDE_MAX
#define PIXELS_MAX	150000000
#define PT_MAX		14400.0

/* "area.cause": lower case letters, digits, '-', one point. */
static int
is_key(const char *s)
{
	const char *dot = strchr(s, '.');
	size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-.");

	return (s[n] == '\0' && dot != NULL && dot != s && dot[1] != '\0' &&
	    strchr(dot + 1, '.') == NULL);
}

int
sh_wire_error(const json_t *v, struct sh_error *why, struct sh_error *err)
{
	const char *word, *key, *text, *name;
	json_t *e, *params, *value;
	enum sh_code code;
	int64_t sys;

	if (sh_json_object(v, "error", 1, &e, err) ||
	    sh_json_str(e, "code", 1, 32, &word, err) ||
	    sh_json_str(e, "key", 1, sizeof(why->key) - 1, &key, err) ||
	    sh_json_str(e, "text", 1, 1024, &text, err) ||
	    sh_json_int(e, "sys", 1, 0, 4095, 0, &sys, err) ||
	    sh_json_object(e, "params", 1, &params, err))
		return (-1);
	code = sh_code_from_word(word);
	if (code == SH_OK || code == SH_NCODES || !is_key(key))
		return (sh_error_set(err, SH_EFORMAT, "worker.protocol",
		    "error %s %s", word, key));
	if (code == SH_ENOMEM) {
		/* Not the machine's memory: the worker's limit. */
		code = SH_ELIMIT;
		key = "page.memory-limit";
	}
	(void)sh_error_set(why, code, key, "%s", text);
	why->sys = (int)sys;
	json_object_foreach(params, name, value)
		if (json_is_string(value))
			sh_error_param(why, name, "%s",
			    json_string_value(value));
	return (0);
}

/* A sealed memory file of exactly BYTES: nobody can change it under us. */
int
sh_wire_sealed(int fd, uint64_t bytes, struct sh_error *err)
{
	int need = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE, seals;
	struct stat st;

	seals = fd >= 0 ? fcntl(fd, F_GET_SEALS) : -1;
	if (seals < 0 || (seals & need) != need || fstat(fd, &st) != 0 ||
	    !S_ISREG(st.st_mode) || (uint64_t)st.st_size != bytes)
		return (sh_error_set(err, SH_ELIBRARY, "worker.protocol",
		    "no sealed memory file of %llu bytes",
		    (unsigned long long)bytes));
	return (0);
}

static int
read_digest(const json_t *v, struct sh_digest *out, struct sh_error *err)
{
	const char *hex;

	if (sh_json_str(v, "digest", 1, SH_HEX_LEN - 1, &hex, err))
		return (-1);
	if (sh_unhex(hex, out->b, SH_DIGEST_LEN) != 0)
		return (sh_error_set(err, SH_EFORMAT, "worker.protocol",
		    "digest %s", hex));
	return (0);
}

static int
read_coding(const json_t *v, struct sh_page_image *image,
    struct sh_error *err)
{
	static const struct {
		const char *word;
		enum sh_image_coding coding;
	} codings[] = { { "jpeg", SH_IMAGE_JPEG }, { "g4", SH_IMAGE_G4 },
	    { "flate", SH_IMAGE_FLATE } };
	const char *word;
	size_t i;

	if (sh_json_str(v, "coding", 1, 8, &word, err))
		return (-1);
	for (i = 0; i < SH_COUNT(codings); i++)
		if (strcmp(word, codings[i].word) == 0) {
			image->coding = codings[i].coding;
			return (0);
		}
	return (sh_error_set(err, SH_EFORMAT, "worker.protocol", "coding %s",
	    word));
}

/* Also of a decoder that knows nothing of them. */
static int
read_likeness(const struct sh_message *m, struct sh_buf *out,
    struct sh_error *err)
{
	int64_t bytes;
	uint8_t *p;

	if (sh_json_int(m->v, "likeness", 0, 0, (int64_t)SH_LIKENESS_MAX, 0,
	    &bytes, err))
		return (-1);
	if (bytes == 0)
		return (0);
	if (sh_wire_sealed(m->fd[2], (uint64_t)bytes, err) ||
	    (p = sh_buf_reserve(out, (size_t)bytes, err)) == NULL ||
	    sh_pread_all(m->fd[2], p, (size_t)bytes, 0, err))
		return (-1);
	out->len = (size_t)bytes;
	return (0);
}

int
sh_wire_raster(struct sh_message *m, struct sh_raster *out,
    struct sh_error *err)
{
	int64_t width, height, channels, exif, components, bytes;
	const json_t *v = m->v;

	if (sh_json_int(v, "width", 1, 1, SIDE_MAX, 0, &width, err) ||
	    sh_json_int(v, "height", 1, 1, SIDE_MAX, 0, &height, err) ||
	    sh_json_int(v, "channels", 1, 1, 3, 0, &channels, err) ||
	    sh_json_num(v, "dpi_x", 1, 0, 2400, 0, &out->dpi_x, err) ||
	    sh_json_num(v, "dpi_y", 1, 0, 2400, 0, &out->dpi_y, err) ||
	    sh_json_int(v, "exif", 1, 1, 8, 0, &exif, err) ||
	    sh_json_int(v, "components", 1, 1, 3, 0, &components, err) ||
	    sh_json_int(v, "bytes", 1, 1, (int64_t)SH_CODED_MAX, 0, &bytes,
	    err) || read_digest(v, &out->digest, err) ||
	    read_coding(v, &out->image, err))
		return (-1);
	if (width * height > PIXELS_MAX || channels == 2 || components == 2)
		return (sh_error_set(err, SH_EFORMAT, "worker.protocol",
		    "page of %lld x %lld px, %lld channels",
		    (long long)width, (long long)height,
		    (long long)channels));
	if (sh_wire_sealed(m->fd[0], (uint64_t)(width * height * channels), err)
	    || sh_wire_sealed(m->fd[1], (uint64_t)bytes, err) ||
	    read_likeness(m, &out->likeness, err))
		return (-1);
	out->width_px = out->image.width_px = (int32_t)width;
	out->height_px = out->image.height_px = (int32_t)height;
	out->channels = (int)channels;
	out->exif_orientation = (int)exif;
	out->image.components = (int)components;
	out->image.bytes = (uint64_t)bytes;
	out->fd = m->fd[0];
	out->image.fd = m->fd[1];
	m->fd[0] = m->fd[1] = -1;
	return (0);
}

int
sh_wire_request(const json_t *v, struct sh_wire_request *out,
    struct sh_error *err)
{
	double width, height;

	if (sh_json_num(v, "raster_x", 1, 72, 1200, 0, &out->dpi_x, err) ||
	    sh_json_num(v, "raster_y", 1, 72, 1200, 0, &out->dpi_y, err) ||
	    sh_json_bool(v, "mono", 0, &out->mono, err) ||
	    sh_json_bool(v, "text", 0, &out->text, err) ||
	    sh_json_num(v, "width_pt", 1, 0.01, PT_MAX, 0, &out->width_pt,
	    err) || sh_json_num(v, "height_pt", 1, 0.01, PT_MAX, 0,
	    &out->height_pt, err) || read_digest(v, &out->digest, err))
		return (-1);
	width = out->width_pt * out->dpi_x / 72;
	height = out->height_pt * out->dpi_y / 72;
	if (width > SIDE_MAX || height > SIDE_MAX ||
	    width * height > PIXELS_MAX)
		return (sh_error_set(err, SH_EFORMAT, "worker.protocol",
		    "page of %.0f x %.0f px to be drawn", width, height));
	return (0);
}

json_t *
sh_wire_file(int fd, const json_t *message, size_t limit,
    struct sh_error *err)
{
	struct sh_buf b = { .limit = limit };
	int64_t bytes;
	uint8_t *room;
	json_t *v = NULL;

	if (sh_json_int(message, "bytes", 1, 2, (int64_t)limit, 0, &bytes,
	    err) == 0 && (room = sh_buf_reserve(&b, (size_t)bytes, err)) !=
	    NULL && sh_pread_all(fd, room, (size_t)bytes, 0, err) == 0)
		v = sh_json_parse(room, (size_t)bytes, limit, err);
	sh_buf_free(&b);
	return (v);
}
