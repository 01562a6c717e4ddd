/*
 * Records as bytes: canonical JSON (sorted keys, NFC, no floats), compressed
 * with a dictionary that is part of the format (archive/dictionary-1.txt),
 * ready for the vault.  What a stranger can still read in thirty years.
 *
 * A packer belongs to one thread.
 */
#ifndef SH_ARCHIVE_RECORD_H
#define SH_ARCHIVE_RECORD_H

#include <stddef.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/json.h"

/* Canonical bytes of one record: fields and pages of a thick bundle. */
#define SH_RECORD_MAX	((size_t)8 << 20)

struct sh_packer;

struct sh_packer *sh_packer_new(struct sh_error *err);
void sh_packer_free(struct sh_packer *p);

/*
 * A copy of V with every string in NFC; NULL with err set.
 * Errors: SH_EARG "json.float"; SH_EFORMAT "text.utf8", a NUL in a string,
 * "record.duplicate", two keys of an object that are equal in NFC; SH_ELIMIT
 * "json.too-deep".
 */
json_t *sh_record_normal(const json_t *v, struct sh_error *err);

/* Canonical bytes of V, which is normal.  SH_ELIMIT "record.too-large". */
int sh_record_bytes(const json_t *v, struct sh_buf *out,
    struct sh_error *err) SH_MUST_CHECK;

/* One byte of codec, then the bytes, compressed when that is shorter. */
int sh_record_pack(struct sh_packer *p, const void *data, size_t len,
    struct sh_buf *out, struct sh_error *err) SH_MUST_CHECK;
/* Errors: SH_EFIXITY "record.damaged". */
int sh_record_unpack(struct sh_packer *p, const void *data, size_t len,
    struct sh_buf *out, struct sh_error *err) SH_MUST_CHECK;

#endif
