#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "ocr/page.h"
#include "ocr/recognise.h"
#include "pipeline/worker/protocol.h"
#include "pipeline/worker/sandbox.h"

#define MEMORY_BYTES	((uint64_t)3 << 30)
#define CPU_S		36000	/* the supervisor's clock ends a page */
#define FILES		32

static int
read_geometry(const json_t *v, struct sh_pixels *px, struct sh_error *err)
{
	int64_t width, height, channels, exif;

	if (sh_json_int(v, "width", 1, 1, SH_IMAGE_SIDE_MAX, 0, &width,
	    err) || sh_json_int(v, "height", 1, 1, SH_IMAGE_SIDE_MAX, 0,
	    &height, err) || sh_json_int(v, "channels", 1, 1, 3, 0,
	    &channels, err) || sh_json_int(v, "exif", 1, 1, 8, 0, &exif,
	    err) || sh_json_num(v, "dpi_x", 1, 0, 100000, 0, &px->dpi_x,
	    err) || sh_json_num(v, "dpi_y", 1, 0, 100000, 0, &px->dpi_y, err))
		return (-1);
	px->width_px = (int32_t)width;
	px->height_px = (int32_t)height;
	px->channels = (int)channels;
	px->exif_orientation = (int)exif;
	return (0);
}

/* The reading as JSON into the file; its length. */
static int
write_reading(int fd, const struct sh_page *page, size_t *lenp,
    struct sh_error *err)
{
	struct sh_buf b = { .limit = SH_READING_MAX };
	json_t *v;
	int rc = -1;

	if ((v = sh_page_to_json(page, err)) != NULL &&
	    sh_json_print(v, 0, &b, err) == 0 &&
	    sh_write_all(fd, b.data, b.len, err) == 0) {
		*lenp = b.len;
		rc = 0;
	}
	json_decref(v);
	sh_buf_free(&b);
	return (rc);
}

static int
read_page(struct sh_recogniser *r, const json_t *job, const int fds[3],
    size_t *lenp, struct sh_error *err)
{
	struct sh_pixels px = { .data = NULL };
	struct sh_page *page = NULL;
	void *text = MAP_FAILED;
	int64_t textlen;
	size_t bytes;
	int rc;

	if (read_geometry(job, &px, err) || sh_json_int(job, "text", 1, 0,
	    (int64_t)SH_TEXT_MAX, 0, &textlen, err))
		return (-1);
	bytes = (size_t)px.width_px * (size_t)px.height_px *
	    (size_t)px.channels;
	px.data = mmap(NULL, bytes, PROT_READ, MAP_SHARED, fds[0], 0);
	if (px.data == MAP_FAILED)
		return (sh_error_sys(err, "memory.none", "map the pixels"));
	rc = 0;
	if (textlen > 0) {
		text = mmap(NULL, (size_t)textlen, PROT_READ, MAP_SHARED,
		    fds[2], 0);
		if (text == MAP_FAILED)
			rc = sh_error_sys(err, "memory.none", "map the words");
		else
			rc = sh_recogniser_take(r, &px, text, (size_t)textlen,
			    &page, err);
	}
	if (rc == 0 && page == NULL)
		rc = sh_recogniser_read(r, &px, &page, err);
	if (rc == 0)
		rc = write_reading(fds[1], page, lenp, err);
	sh_page_free(page);
	(void)munmap(px.data, bytes);
	if (text != MAP_FAILED)
		(void)munmap(text, (size_t)textlen);
	return (rc);
}

static int
serve(struct sh_recogniser *r, struct sh_error *err)
{
	json_t *job, *v;
	size_t len = 0;
	int fds[3], rc;

	for (;;) {
		if ((rc = sh_worker_receive(&job, fds, 3, err)) <= 0)
			return (rc);
		rc = read_page(r, job, fds, &len, err);
		json_decref(job);
		(void)close(fds[0]);
		(void)close(fds[1]);
		(void)close(fds[2]);
		if (rc == 0) {
			if ((v = sh_json_new_object(err)) == NULL ||
			    sh_json_set_int(v, "bytes", (int64_t)len, err))
				return (-1);
			rc = sh_worker_send(v, NULL, 0, err);
		} else {
			struct sh_error why = *err;

			sh_error_clear(err);
			rc = sh_worker_send_error(NULL, &why, err);
		}
		if (rc != 0)
			return (-1);
	}
}

int
sh_worker_read(int argc, char **argv)
{
	static const struct sh_sandbox_limits limits = { MEMORY_BYTES, CPU_S,
	    SH_READING_MAX, FILES };
	struct sh_error err = SH_ERROR_INIT;
	struct sh_recogniser *r = NULL;
	int as_read = 0;
	json_t *v;

	if (argc > 0 && strcmp(argv[0], "--as-read") == 0) {
		as_read = 1;
		argc--;
		argv++;
	}
	/* The model is ours: it is read before the walls close. */
	if (sh_recogniser_new(argc > 0 ? argv[0] : NULL, &r, &err) != 0)
		return (sh_worker_fail(&err));
	if (as_read)
		sh_recogniser_leave_marks(r);
	if (sh_sandbox_close(SH_SANDBOX_READ, &limits, NULL, &err) == 0 &&
	    (v = sh_json_new_object(&err)) != NULL) {
		if (sh_json_set_str(v, "ready", sh_recogniser_engine(r),
		    &err) == 0 && sh_worker_send(v, NULL, 0, &err) == 0 &&
		    serve(r, &err) == 0)
			return (0);
	}
	return (sh_worker_fail(&err));
}
