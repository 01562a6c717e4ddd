/*
 * Blobs sealed as a stream of chunks, so that memory stays bounded whatever
 * their size.  Each chunk carries its number and whether it is the last
 * (the STREAM construction of Hoang, Reyhanitabar, Rogaway and Vizár, 2015):
 * a blob that was cut, lengthened, reordered or put together from two does
 * not open.  What compresses well is compressed first.
 *
 * The key of a blob comes from its content (SH_NAME_BLOB_KEY of its plain
 * digest): equal content is stored once, whoever holds it, and only who has
 * the key in a record of his own can open it.
 *
 * Format: archive/FORMAT, "Sealed blobs".
 */
#ifndef SH_ARCHIVE_STREAM_H
#define SH_ARCHIVE_STREAM_H

#include <stdint.h>

#include "archive/aead.h"
#include "archive/engine.h"
#include "base/digest.h"
#include "base/error.h"

struct sh_sealer;
struct sh_opener;

/*
 * Plain bytes from SOURCE come out sealed through sh_sealer_source(), which
 * is asked in the manner of a sh_source with the sealer as its argument.
 * They must be the BYTES bytes with digest PLAIN: a file that changed since
 * it was measured is refused (SH_EFIXITY "rendition.changed").  AEAD and ARG
 * are borrowed.  Memory is taken when the first byte is asked for.
 */
struct sh_sealer *sh_sealer_new(struct sh_aead *aead,
    const uint8_t key[SH_KEY_LEN], const struct sh_digest *name,
    const struct sh_digest *plain, uint64_t bytes, sh_source source,
    void *arg, struct sh_error *err);
void sh_sealer_free(struct sh_sealer *s);
int sh_sealer_source(void *sealer, void *buf, size_t cap, size_t *lenp,
    struct sh_error *err);

/*
 * Sealed bytes go in through sh_opener_sink(), plain bytes come out to SINK,
 * each chunk only after it has proved genuine.  sh_opener_finish() opens the
 * last one and compares length and digest; before it has returned 0 the
 * content is not known to be whole.
 * Errors: SH_EFIXITY "blob.damaged".
 */
struct sh_opener *sh_opener_new(struct sh_aead *aead,
    const uint8_t key[SH_KEY_LEN], const struct sh_digest *name,
    const struct sh_digest *plain, uint64_t bytes, sh_sink sink, void *arg,
    struct sh_error *err);
void sh_opener_free(struct sh_opener *o);
int sh_opener_sink(void *opener, const void *data, size_t len,
    struct sh_error *err);
int sh_opener_finish(struct sh_opener *o, struct sh_error *err)
    SH_MUST_CHECK;

#endif
