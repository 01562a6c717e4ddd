/*
 * Evidence records: that certain bytes existed at a certain time, for a
 * stranger who has only the bytes, the record and the time-stamp
 * authorities' certificates.  A record outlives keys and digests by being
 * renewed: stamped again, or hashed anew and stamped again.
 *
 * A record is a sequence of stamps.  Each stamp covers the root of a hash
 * tree, of which it carries what leads from one leaf to the root: a list of
 * lists of hashes.  One list's hash joins the next list.
 *
 * Source: RFC 4998.
 */
#ifndef SH_ARCHIVE_EVIDENCE_H
#define SH_ARCHIVE_EVIDENCE_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "signing/algorithm.h"
#include "signing/verify.h"

#define SH_EVIDENCE_MAX		((size_t)16 << 20)	/* bytes of a record */
#define SH_EVIDENCE_OBJECTS_MAX	64

struct sh_hash {
	uint8_t b[SH_MD_MAX];	/* as many as its digest has */
};

/* ---- hash trees ---------------------------------------------------------- */

/*
 * The hash of a list: of its elements in ascending order; one alone stands
 * for itself.  Rule: RFC 4998 4.2
 */
int sh_evidence_list(enum sh_md md, const struct sh_hash *hashes, size_t n,
    struct sh_hash *out, struct sh_error *err) SH_MUST_CHECK;

#define SH_EVIDENCE_PATH_MAX	64

/*
 * The root over N leaves, paired from the left, level by level; and, PATH
 * not being NULL, what leads there from leaf INDEX: one hash each list.
 */
int sh_evidence_root(enum sh_md md, const struct sh_hash *leaves, size_t n,
    size_t index, struct sh_hash *path, size_t *npathp, struct sh_hash *root,
    struct sh_error *err) SH_MUST_CHECK;

/* ---- records ------------------------------------------------------------- */

struct sh_evidence_stamp {
	enum sh_md md;		/* of the tree; the stamp is of its root */
	int rehashed;		/* begins a chain: everything hashed anew */
	const struct sh_hash *hashes;	/* of all lists, one behind the other */
	const size_t *lists;		/* their lengths */
	size_t nlists;
	const void *token;
	size_t tokenlen;
};

/* The record, or only its sequence of stamps, as it is hashed anew. */
int sh_evidence_write(const struct sh_evidence_stamp *stamps, size_t n,
    struct sh_buf *out, struct sh_error *err) SH_MUST_CHECK;
int sh_evidence_sequence(const struct sh_evidence_stamp *stamps, size_t n,
    struct sh_buf *out, struct sh_error *err) SH_MUST_CHECK;

/*
 * What a leaf becomes when it is hashed anew: OBJECT is its digest under MD,
 * SEQUENCE that of the stamps so far.  Rule: RFC 4998 5.2
 */
int sh_evidence_rehash(enum sh_md md, const struct sh_hash *object,
    const struct sh_hash *sequence, struct sh_hash *out,
    struct sh_error *err) SH_MUST_CHECK;

/* ---- verifying ----------------------------------------------------------- */

/* Bytes that a record is about: a file from its start, or -1 and data. */
struct sh_evidence_object {
	int fd;
	const void *data;
	size_t len;
};

struct sh_evidence_found {
	size_t nstamps, nchains;
	int64_t first, last;	/* times of the first and the last stamp */
};

/*
 * Does the record prove the objects?  Every stamp's signature is checked,
 * and its way to an anchor of TRUST (NULL: not looked for) at the time of
 * the next stamp, the last one's at WHEN.
 * Errors: SH_EFORMAT "evidence.damaged"; SH_ESIGNATURE "evidence.broken", it
 * is about other bytes or its chain is broken; "stamp.…", "cms.…"; SH_ELIMIT
 * "evidence.limit".
 */
int sh_evidence_verify(const void *record, size_t len,
    const struct sh_evidence_object *objects, size_t n,
    const struct sh_trust *trust, int64_t when,
    struct sh_evidence_found *out, struct sh_error *err) SH_MUST_CHECK;

#endif
