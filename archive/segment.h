/*
 * Segments: append-only files of about 1 GiB that hold the blobs of the
 * embedded engine (archive/FORMAT, "Segments").  Every entry carries its
 * name, length and SHA-256 under a CRC-32C that also covers where it lies,
 * so the offset index can be made again from the files alone, and bytes that
 * only look like an entry are not taken for one.
 *
 * What was appended counts only once sh_segments_sync() has returned 0;
 * sh_segments_undo() takes back what came after the last sync.  A handle is
 * used by one thread at a time; one handle appends.
 */
#ifndef SH_ARCHIVE_SEGMENT_H
#define SH_ARCHIVE_SEGMENT_H

#include <stdint.h>

#include "archive/engine.h"
#include "base/error.h"

struct sh_segments;

struct sh_blob_place {
	uint32_t segment;	/* from 1 */
	uint64_t offset;	/* of the entry's head */
	uint64_t bytes;		/* of the payload */
};

/*
 * Open the folder DIR, which exists.  ID is mixed into every entry's check
 * sum: a segment of another engine is not taken.  A new segment is begun
 * once one has LIMIT bytes.
 */
int sh_segments_open(const char *dir, const struct sh_tag *id, int writable,
    uint64_t limit, struct sh_segments **sp, struct sh_error *err)
    SH_MUST_CHECK;
void sh_segments_close(struct sh_segments *s);

/*
 * Find the entries from (SEGMENT, OFFSET) to the end: what a crash kept from
 * being indexed.  FN hears those whose payload has its digest; the others
 * are skipped.  Afterwards, unless the handle only reads, new entries follow
 * the last whole one and the torn rest is cut off.
 */
int sh_segments_recover(struct sh_segments *s, uint32_t segment,
    uint64_t offset, int (*fn)(void *arg, const struct sh_digest *name,
    const struct sh_blob_place *at, struct sh_error *err), void *arg,
    struct sh_error *err) SH_MUST_CHECK;

/* Where the next entry will begin. */
void sh_segments_end(const struct sh_segments *s, uint32_t *segmentp,
    uint64_t *offsetp);

/* When it fails, what came before it in the same batch is still there. */
int sh_segments_append(struct sh_segments *s, const struct sh_digest *name,
    sh_source source, void *arg, struct sh_blob_place *at,
    struct sh_error *err) SH_MUST_CHECK;

/* Errors: SH_ESYSTEM "engine.stopped", the disk's state is not known. */
int sh_segments_sync(struct sh_segments *s, struct sh_error *err)
    SH_MUST_CHECK;
void sh_segments_undo(struct sh_segments *s);

/*
 * The payload's bytes OFFSET .. OFFSET + LEN, cut at its end; the head is
 * checked always, the digest when the whole is read.
 * Errors: SH_EFIXITY "engine.damaged", with the place in its text.
 */
int sh_segments_read(struct sh_segments *s, const struct sh_digest *name,
    const struct sh_blob_place *at, uint64_t offset, uint64_t len,
    sh_sink sink, void *arg, struct sh_error *err) SH_MUST_CHECK;

#endif
