/*
 * What the rooms of the seals share.
 *
 * Invariants
 *  - The changes of a shard are its leaves, numbered from 0 in the order of
 *    the feed.
 *  - Seals are numbered from 1 without a gap; those with a stamp come before
 *    those without.
 *  - A seal's nodes are on the disk before the seal is.
 */
#ifndef SH_ARCHIVE_SEAL_INTERNAL_H
#define SH_ARCHIVE_SEAL_INTERNAL_H

#include "archive/archive_internal.h"
#include "archive/merkle.h"
#include "archive/seal.h"

#define SH_SEAL_SHARDS_MAX	64

/* ---- seal_log.c: the leaves ---------------------------------------------- */

struct sh_log;

/* DIR: where what is known of whole blocks is kept; may be NULL. */
struct sh_log *sh_log_new(struct sh_engine *e, unsigned shard,
    const char *dir, int writable, struct sh_error *err);
void sh_log_free(struct sh_log *l);
/* Forget what was kept: it led to a wrong root. */
void sh_log_reset(struct sh_log *l);

/* Frozen: archive/FORMAT, "Seals". */
int sh_log_leaf(const struct sh_fed *item, struct sh_digest *out,
    struct sh_error *err) SH_MUST_CHECK;

struct sh_leaf {
	uint64_t index;
	struct sh_digest hash;
	const struct sh_fed *item;
};

/*
 * The leaves from LO on, at most those before HI, in order.  FN returns 0 to
 * go on, 1 to stop, -1.
 */
int sh_log_read(struct sh_log *l, uint64_t lo, uint64_t hi,
    int (*fn)(void *arg, const struct sh_leaf *leaf, struct sh_error *err),
    void *arg, struct sh_error *err) SH_MUST_CHECK;

/* The tree of the first SIZE leaves.  SH_EFIXITY "seal.rolled-back". */
int sh_log_tree(struct sh_log *l, uint64_t size, struct sh_merkle *out,
    struct sh_error *err) SH_MUST_CHECK;
/* For struct sh_merkle_source; ARG is the log. */
int sh_log_subtree(void *log, uint64_t lo, uint64_t hi,
    struct sh_digest *out, struct sh_error *err);

/* ---- seal_file.c: seals and nodes on the disk ---------------------------- */

struct sh_seal_tree {
	uint64_t size;
	uint64_t position;	/* of the last leaf; 0: none */
	struct sh_digest leaf;	/* the last one */
	struct sh_digest root;
};

struct sh_seal {
	uint64_t number;
	int64_t at;
	struct sh_digest previous;	/* statement before; zero: the first */
	struct sh_digest statement;	/* this one's digest */
	unsigned ntrees;
	struct sh_seal_tree trees[SH_SEAL_SHARDS_MAX];
	enum sh_md md;			/* of the documents' tree */
	uint64_t first, count;		/* documents before, under it */
	struct sh_hash root;		/* of the documents' tree */
	struct sh_buf text;		/* the statement's bytes */
	struct sh_buf signature;	/* CMS */
	struct sh_buf stamp;		/* empty: pending */
};

void sh_seal_clear(struct sh_seal *s);
int sh_seal_load(const struct sh_archive *ar, uint64_t number,
    struct sh_seal *s, struct sh_error *err) SH_MUST_CHECK;
/* The statement's bytes and digest from the other members. */
int sh_seal_state(const struct sh_archive *ar, struct sh_seal *s,
    struct sh_error *err) SH_MUST_CHECK;
/* Durable, with the copies of the last one. */
int sh_seal_store(const struct sh_archive *ar, const struct sh_seal *s,
    struct sh_error *err) SH_MUST_CHECK;
/* What the stamp is of: the documents' root and the signature. */
int sh_seal_imprint(const struct sh_seal *s, struct sh_hash *out,
    struct sh_error *err) SH_MUST_CHECK;

/* Number of the newest seal, 0 without any. */
int sh_seal_last(const struct sh_archive *ar, uint64_t *numberp,
    struct sh_error *err) SH_MUST_CHECK;
/* The seal against the archive's last leaves: SH_EFIXITY. */
int sh_seal_match(struct sh_archive *ar, const struct sh_seal *s,
    struct sh_error *err) SH_MUST_CHECK;

/* Nodes of a tree of documents, with the leaf of the log that each is of. */
struct sh_nodes {
	size_t n, cap;
	uint64_t *index;
	struct sh_hash *hash;
};

void sh_nodes_clear(struct sh_nodes *n);
int sh_nodes_add(struct sh_nodes *n, uint64_t index,
    const struct sh_hash *hash, struct sh_error *err) SH_MUST_CHECK;
int sh_nodes_store(const struct sh_archive *ar, const char *kind,
    uint64_t number, enum sh_md md, const struct sh_nodes *n,
    struct sh_error *err) SH_MUST_CHECK;
int sh_nodes_load(const struct sh_archive *ar, const char *kind,
    uint64_t number, enum sh_md *mdp, struct sh_nodes *n,
    struct sh_error *err) SH_MUST_CHECK;

/* A renewal, numbered from 1. */
struct sh_renewal {
	uint64_t number;
	int rehashed;
	enum sh_md md;
	uint64_t seals;		/* the last seal it is about */
	struct sh_buf stamp;
};

void sh_renewal_clear(struct sh_renewal *r);
int sh_renewal_load(const struct sh_archive *ar, uint64_t number,
    struct sh_renewal *r, struct sh_error *err) SH_MUST_CHECK;
int sh_renewal_store(const struct sh_archive *ar, const struct sh_renewal *r,
    struct sh_error *err) SH_MUST_CHECK;
int sh_renewal_last(const struct sh_archive *ar, uint64_t *numberp,
    struct sh_error *err) SH_MUST_CHECK;

/* The folder KIND of the seals' folder, number/1000 in it; fresh memory. */
char *sh_seal_path(const struct sh_archive *ar, const char *kind,
    uint64_t number, struct sh_error *err);

/* ---- seal.c -------------------------------------------------------------- */

/* In struct sh_archive when it has seals. */
struct sh_seals {
	char *dir;
	char *keys;		/* copies of the last seal: with the keys, */
	char *witness;		/* and elsewhere, or NULL */
	int must_stamp;
	unsigned nlogs;
	struct sh_log *logs[SH_SEAL_SHARDS_MAX];
	uint64_t last;		/* seals */
	uint64_t stamped;	/* of them, with their stamp */
	uint64_t renewals;
	enum sh_md md;		/* of the last renewal: in use */
	int64_t pending_since;	/* 0: none is pending */
	int64_t looked_at;	/* when seals were last made */
	uint64_t changes;	/* since then, about */
	int witness_lost;	/* the witness could not be read */
};

/* Opened with the archive, after its manifest. */
int sh_seals_open(struct sh_archive *ar, const struct sh_archive_place *p,
    struct sh_error *err) SH_MUST_CHECK;
void sh_seals_close(struct sh_archive *ar);
/* SH_EAGAIN "seal.overdue" when nothing may be archived any more. */
int sh_seals_permit(const struct sh_archive *ar, struct sh_error *err)
    SH_MUST_CHECK;

/* ---- seal_prove.c -------------------------------------------------------- */

/*
 * What an evidence record's first list names of a document: each rendition
 * and, so that the list cannot be guessed, its event.  For the first stamp
 * as they are, for a later chain with all stamps before.
 */
int sh_seal_group(struct sh_archive *ar, const json_t *record,
    const struct sh_digest *event, enum sh_md md,
    const struct sh_hash *sequence, struct sh_hash *hashes, size_t *np,
    struct sh_error *err) SH_MUST_CHECK;
#define SH_SEAL_GROUP_MAX	(SH_RENDITIONS_MAX + 1)

#endif
