/*
 * What passes between the supervisor (pipeline/worker_pool*.c) and a worker.
 *
 * Descriptor 3 is a socket of whole messages (SOCK_SEQPACKET); each message
 * is one JSON object of at most SH_MESSAGE_MAX bytes with at most two
 * descriptors.  Bulk (pixels, coded images, readings, reports) lies in
 * memory files.  The supervisor believes nothing of it; its half of the code
 * is its own.  Members, by mode:
 *
 * decode PAGE   4: the file
 *   <- {"open": kind, "npages": N}             or {"error": E}
 *   -> {}                                      one for each page wanted
 *   <- {"page", "width", "height", "channels", "dpi_x", "dpi_y",
 *       "exif", "digest", "coding", "components", "bytes", "likeness"} and
 *       three sealed memory files: pixels, coded image, and as many bytes
 *       of what the page looks like (likeness.h) as "likeness" says; 0: the
 *       third is not there
 *   <- {"page", "digest", "raster_x", "raster_y", "mono", "text",
 *       "width_pt", "height_pt"}
 *       a page that a raster worker must draw, at so many dots per inch;
 *       text: ask another for its words
 *   <- {"page", "error": E}                    this page failed
 * raster PAGE DPI-X DPI-Y colour|mono BYTES   4: the PDF, 6: takes the PNM;
 *   no socket; the exit status is pdftoppm's, or one of SH_RASTER_*
 * raster PAGE 72 72 text BYTES   the same for pdftotext, which writes XML
 * read [MODEL]
 *   <- {"ready": engine}                       or {"error": E}
 *   -> {"width", "height", "channels", "dpi_x", "dpi_y", "exif", "text"}
 *       and three files: pixels, room for the reading, and "text" bytes of
 *       what pdftotext wrote
 *   <- {"bytes": N}                            or {"error": E}
 * crop WIDTH HEIGHT CHANNELS TURN X Y W H STEP   4: pixels as decode sent
 *   them, 6: takes a PNG of the box of the upright page, one pixel of STEP
 *   <- {"bytes": N}                            or {"error": E}
 * verify WHEN   4: the PDF, 5: anchors in PEM, 6: takes the report
 *   <- {"bytes": N}                            or {"error": E}
 * layers FORM CODING WIDTH HEIGHT INVERTED OFFSET BYTES DPI   4: the image
 *   FORM is archive, preview
 *   <- {"bytes": N, "channels", ...} and a sealed memory file of N bytes:
 *       "image": I                             a preview, or one bit a pixel
 *       "bilevel": true                        ... the latter
 *       "background": I, "stencils": [[I, I]], "patches": [[X, Y, I]]
 *       and a second memory file: the pixels that a viewer shows
 *   or {"error": E}.  I is [offset, bytes, width, height]
 *
 * E is {"code", "key", "text", "sys", "params": {name: value}}.
 */
#ifndef SH_PIPELINE_WORKER_PROTOCOL_H
#define SH_PIPELINE_WORKER_PROTOCOL_H

#include <stddef.h>

#include "base/error.h"
#include "base/json.h"

#define SH_MESSAGE_MAX		16384
#define SH_MESSAGE_FDS		3

#define SH_WORKER_CONTROL	3
#define SH_WORKER_INPUT		4
#define SH_WORKER_SECOND	5
#define SH_WORKER_OUTPUT	6

#define SH_READING_MAX		((size_t)32 << 20)	/* bytes of JSON */
#define SH_REPORT_MAX		((size_t)8 << 20)
#define SH_TEXT_MAX		((size_t)8 << 20)	/* of pdftotext */
#define SH_CROP_SIDE_MAX	8000			/* px */
#define SH_CROP_MAX		((size_t)64 << 20)
#define SH_CODED_MAX		((size_t)256 << 20)

#define SH_RASTER_NO_SANDBOX	71	/* exit statuses before pdftoppm's */
#define SH_RASTER_MISSING	69

/* ---- the worker's half; the other is the supervisor's own ---- */

/* Send and release V, with the descriptors (not closed). */
int sh_worker_send(json_t *v, const int *fds, size_t nfds,
    struct sh_error *err) SH_MUST_CHECK;
/* Wait: 1 with *VP (and FDS, exactly NFDS of them); 0: no more work. */
int sh_worker_receive(json_t **vp, int *fds, size_t nfds,
    struct sh_error *err);
/* Send E under "error", with the members of WITH (taken; may be NULL). */
int sh_worker_send_error(json_t *with, const struct sh_error *e,
    struct sh_error *err) SH_MUST_CHECK;

/* The last word of a worker that cannot go on; its exit status. */
int sh_worker_fail(const struct sh_error *why);

/* The modes: the exit status of the process. */
int sh_worker_decode(int argc, char **argv);
int sh_worker_read(int argc, char **argv);
int sh_worker_raster(int argc, char **argv);
int sh_worker_crop(int argc, char **argv);
int sh_worker_verify(int argc, char **argv);
int sh_worker_layers(int argc, char **argv);

#endif
