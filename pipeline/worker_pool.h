/*
 * The sandboxed workers as the rest of sohoa sees them.
 *
 * A decoding is one sohoa-worker process per input file: file in by
 * descriptor, upright-able rasters and coded page images out in memory
 * files, one page at a time, so that memory does not grow with the file.
 * Readers are a pool of long-lived processes, one per core, that get pixels
 * only.  Everything that a worker sends is checked; a worker that dies,
 * hangs or lies costs one page, never the supervisor.
 *
 * One thread, which must live as long as the pool: workers die with the
 * thread that started them.  No callbacks.  The caller must not ignore
 * SIGCHLD nor reap children that it did not start.
 */
#ifndef SH_PIPELINE_WORKER_POOL_H
#define SH_PIPELINE_WORKER_POOL_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/json.h"
#include "ocr/page.h"
#include "ocr/pdfa.h"
#include "schemas/catalogue.h"

struct sh_pool_options {
	const char *worker;	/* path of sohoa-worker; NULL: beside sohoa,
				   then ../libexec/sohoa */
	unsigned readers;	/* 0: one per core this process may use */
	unsigned pages_per_reader;	/* then a fresh one; 0: 200 */
	int decode_wall_ms;	/* per page; 0: 60,000 */
	int read_wall_ms;	/* per page; 0: 120,000 */
	const char *model_dir;	/* recognise.h; NULL: Debian's */
	int as_read;		/* marks are not mended (ocr/marks.h) */
};

struct sh_pool;

/*
 * Readers start in the background with the first sh_pool_engine() or
 * sh_read_submit(); who only decodes or verifies loads no model.
 * Errors: SH_ENOTFOUND "worker.missing".
 */
int sh_pool_new(const struct sh_pool_options *options, struct sh_pool **pp,
    struct sh_error *err) SH_MUST_CHECK;
/* After the last decoding was closed. */
void sh_pool_free(struct sh_pool *p);

/* A decoded page on its way to a reader and into a PDF. */
struct sh_raster {
	int fd;			/* memory file of the pixels; owned */
	int32_t width_px, height_px;
	int channels;		/* 1 or 3, 8 bits, rows without padding */
	double dpi_x, dpi_y;	/* 0: the file said nothing believable */
	int exif_orientation;	/* 1..8, not applied to the pixels */
	struct sh_page_image image;	/* its fd is owned by the raster */
	struct sh_digest digest;	/* of the page's coded bytes as fed */
	uint32_t page;		/* within the file, from 0 */
	int text_fd;		/* the page's own words as pdftotext wrote
				   them, unchecked; owned */
	uint64_t text_bytes;	/* 0: it has none, and text_fd is nothing */
	int from_pdf;		/* the file is a PDF */
	int drawn;		/* ... and more than the image stands on it */
	struct sh_buf likeness;	/* packed, unchecked; empty: none was made */
};
/* Only what sh_decode_next() has filled, well or badly. */
void sh_raster_clear(struct sh_raster *r);

struct sh_decoding;

/*
 * Begin to decode the file behind FD (borrowed for the call).  The kind is
 * told from its bytes, never from a name.
 * Errors: SH_EFORMAT, SH_EUNSUPPORTED, SH_ELIMIT about the whole file
 * ("file.empty", "file.kind", "pdf.encrypted", …); SH_ESYSTEM
 * "sandbox.none": nothing can be decoded on this system.
 */
int sh_decode_open(struct sh_pool *p, int fd, struct sh_decoding **dp,
    struct sh_error *err) SH_MUST_CHECK;
/* The next page is PAGE (from 0); before the first sh_decode_next(). */
int sh_decode_seek(struct sh_decoding *d, uint32_t page,
    struct sh_error *err) SH_MUST_CHECK;
/*
 * For a look at the pages only: where the file has layers to be drawn, the
 * longer side of a page gets SIDE_PX at most.  Before the first page.
 */
void sh_decode_small(struct sh_decoding *d, int32_t side_px);
/*
 * The next page: 1; no more: 0; -1: this page failed (*PAGEP says which).
 * After a page's own failure the next call goes on behind it; after one of
 * the whole file the next call answers 0.  While it waits, readers are
 * served.  One page is decoded ahead.
 * Errors: image.h's; SH_ELIMIT "page.time-limit", "page.memory-limit";
 * SH_ELIBRARY "worker.killed", "worker.protocol" (each after two workers);
 * SH_EFORMAT "raster.failed"; SH_ESYSTEM "raster.missing"; for the whole
 * file SH_ELIMIT "file.deaths", too many of its pages ended their workers.
 */
int sh_decode_next(struct sh_decoding *d, struct sh_raster *out,
    uint32_t *pagep, struct sh_error *err);
/* Pages in the file: known from the start, for progress. */
uint32_t sh_decode_npages(const struct sh_decoding *d);
void sh_decode_close(struct sh_decoding *d);

/*
 * Give a page to a reader.  TAG comes back with the result.  Never blocks.
 * The pixels are kept by a descriptor of the pool's own: the raster may be
 * cleared at once, but for its coded image.
 * Errors: SH_EAGAIN "worker.busy" when sh_read_room() would say no.
 */
int sh_read_submit(struct sh_pool *p, const struct sh_raster *r,
    uint64_t tag, struct sh_error *err) SH_MUST_CHECK;
int sh_read_room(const struct sh_pool *p);
/* Pages that no reader has begun with are not read: nothing comes of them. */
void sh_read_drop(struct sh_pool *p);
/*
 * Wait for a result: 1 with *TAGP set and either *PAGEP or *FAILURE filled;
 * 0: nothing is under way (or WAIT is 0 and nothing is done yet).  A page is
 * tried twice in two processes before it fails.  -1: no reader can be kept
 * running; pages under way are lost.
 */
int sh_read_wait(struct sh_pool *p, int wait, uint64_t *tagp,
    struct sh_page **pagep, struct sh_error *failure, struct sh_error *err);

/*
 * While sh_read_now() waits and there is room, MORE may submit a page: 1 when
 * it did something, 0 when there is nothing more to do.  NULL: nobody.
 */
void sh_read_ahead(struct sh_pool *p, int (*more)(void *arg), void *arg);
/* Read this page before all others and wait for it; they go on meanwhile. */
int sh_read_now(struct sh_pool *p, const struct sh_raster *r,
    struct sh_page **pagep, struct sh_error *err) SH_MUST_CHECK;

/* A page's image in another form (ocr/layers.h). */
struct sh_layered {
	int fd;			/* of all images in it; owned */
	uint64_t bytes;		/* of all of them */
	int is_layers;		/* else one image */
	struct sh_pdfa_layers layers;
	struct sh_page_image image;
	struct sh_raster shown;	/* what a viewer shows of the layers */
};
void sh_layered_clear(struct sh_layered *l);
/*
 * IMAGE's descriptor is borrowed.  FORM: SH_PROFILE_ARCHIVE makes layers of
 * grey and colour, one lossless image of one bit a pixel (nothing is shown
 * then); SH_PROFILE_PREVIEW one small image.
 * Errors: layers.h's; of a worker, as for sh_decode_next().
 */
int sh_pool_layers(struct sh_pool *p, const struct sh_page_image *image,
    enum sh_profile form, double dpi, struct sh_layered *out,
    struct sh_error *err) SH_MUST_CHECK;

/*
 * Engine, model and parameters: part of every reading's cache key.  Waits
 * for the first reader; NULL when none comes up.  Errors: "model.missing",
 * "sandbox.none", "worker.start".
 */
const char *sh_pool_engine(struct sh_pool *p, struct sh_error *err);

/*
 * A part of a page as PNG into the memory file OUT: BOX of the upright page
 * (ORIENTATION as the reading says), one pixel of STEP x STEP.  RASTER is as
 * sh_decode_next() gave it.
 * Errors: SH_EARG "crop.box", the box is empty or leaves the page.
 */
int sh_pool_crop(struct sh_pool *p, const struct sh_raster *raster,
    int orientation, struct sh_box box, int step, int out,
    struct sh_error *err) SH_MUST_CHECK;

/*
 * Verify a signed PDF from outside in a worker of its own.  ROOTS is PEM.
 * The report is signing/verify.h's, checked against its schema's shape.
 */
int sh_pool_verify(struct sh_pool *p, int fd, const void *roots,
    size_t rootslen, int64_t when, json_t **report, struct sh_error *err)
    SH_MUST_CHECK;

/*
 * Peak resident bytes and processor time of each kind of worker so far, for
 * the bench; raster and verify count as decode.
 */
void sh_pool_usage(const struct sh_pool *p, uint64_t *decode_peak,
    uint64_t *read_peak, double *decode_cpu_s, double *read_cpu_s);
/* Pages that were given to readers so far. */
uint64_t sh_pool_reads(const struct sh_pool *p);

#endif
