/*
 * Merkle trees as transparency logs have them.
 *
 * Leaves are numbered from 0.  A tree of N leaves is told by the roots of
 * the whole subtrees that it consists of, largest first, so adding a leaf
 * costs one node on average and no leaf is kept.
 *
 * Source: RFC 9162 2.1 (SHA-256).
 */
#ifndef SH_ARCHIVE_MERKLE_H
#define SH_ARCHIVE_MERKLE_H

#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/error.h"

#define SH_MERKLE_PATH_MAX	64	/* nodes of a proof of inclusion */
#define SH_MERKLE_PROOF_MAX	128	/* nodes of a proof of consistency */

/* Rule: RFC 9162 2.1.1 */
int sh_merkle_leaf(const void *data, size_t len, struct sh_digest *out,
    struct sh_error *err) SH_MUST_CHECK;
int sh_merkle_node(const struct sh_digest *left,
    const struct sh_digest *right, struct sh_digest *out,
    struct sh_error *err) SH_MUST_CHECK;

/* A growing tree; zero it to begin. */
struct sh_merkle {
	uint64_t size;
	unsigned n;
	struct sh_digest whole[64];
};

/* A whole subtree of 2^LEVEL leaves, at a place divisible by that. */
int sh_merkle_add(struct sh_merkle *t, unsigned level,
    const struct sh_digest *root, struct sh_error *err) SH_MUST_CHECK;
int sh_merkle_root(const struct sh_merkle *t, struct sh_digest *out,
    struct sh_error *err) SH_MUST_CHECK;

/* The root over the leaves LO .. HI - 1, a subtree of the tree asked about. */
struct sh_merkle_source {
	int (*subtree)(void *arg, uint64_t lo, uint64_t hi,
	    struct sh_digest *out, struct sh_error *err);
	void *arg;
};

/* Leaf INDEX in the tree of SIZE leaves.  Rule: RFC 9162 2.1.3 */
int sh_merkle_inclusion(const struct sh_merkle_source *s, uint64_t index,
    uint64_t size, struct sh_digest path[SH_MERKLE_PATH_MAX], size_t *np,
    struct sh_error *err) SH_MUST_CHECK;
/* 1 if the proof leads from LEAF to ROOT, else 0; -1. */
int sh_merkle_included(const struct sh_digest *leaf, uint64_t index,
    uint64_t size, const struct sh_digest *path, size_t n,
    const struct sh_digest *root, struct sh_error *err);

/* The tree of FIRST leaves (not 0) begins that of SIZE.  Rule: 2.1.4 */
int sh_merkle_consistency(const struct sh_merkle_source *s, uint64_t first,
    uint64_t size, struct sh_digest proof[SH_MERKLE_PROOF_MAX], size_t *np,
    struct sh_error *err) SH_MUST_CHECK;
int sh_merkle_consistent(uint64_t first, uint64_t size,
    const struct sh_digest *proof, size_t n, const struct sh_digest *old,
    const struct sh_digest *root, struct sh_error *err);

#endif
