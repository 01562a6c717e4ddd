/*
 * A document under its seal, and its evidence in the making; shared by the
 * rooms that prove and renew.
 */
#ifndef SH_ARCHIVE_SEAL_EVIDENCE_H
#define SH_ARCHIVE_SEAL_EVIDENCE_H

#include "archive/seal_internal.h"

struct sh_sealed {
	struct sh_tag document, holder;
	uint64_t sequence;
	struct sh_digest event, head;
	int found;
	unsigned shard;
	uint64_t index;		/* of its leaf */
	struct sh_digest leaf;
	struct sh_seal seal;	/* the caller clears it */
};

/* Errors: SH_ENOTFOUND "document.missing"; SH_EAGAIN "seal.not-yet". */
int sh_sealed_find(struct sh_archive *ar, const struct sh_tag *document,
    struct sh_sealed *out, struct sh_error *err) SH_MUST_CHECK;

/* Stamps of one document, with their memory. */
struct sh_stamps {
	size_t n, cap;
	struct sh_stamp_part {
		struct sh_evidence_stamp stamp;
		struct sh_hash *hashes;
		size_t *lists;
		struct sh_buf token;
	} *part;
};

void sh_stamps_clear(struct sh_stamps *s);

/*
 * The stamps of the document whose record is RECORD and whose event EVENT,
 * at place I of the NODES of SEAL: the seal's own and those of the renewals
 * up to number UPTO.
 */
int sh_stamps_of(struct sh_archive *ar, const json_t *record,
    const struct sh_digest *event, const struct sh_seal *seal,
    const struct sh_nodes *nodes, size_t i, uint64_t upto,
    struct sh_stamps *out, struct sh_error *err) SH_MUST_CHECK;

/* As sh_evidence_write() and sh_evidence_sequence() want them; free(). */
struct sh_evidence_stamp *sh_stamps_list(const struct sh_stamps *s,
    struct sh_error *err);

#endif
