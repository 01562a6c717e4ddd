#include "archive/merkle.h"

#include <assert.h>
#include <string.h>

int
sh_merkle_leaf(const void *data, size_t len, struct sh_digest *out,
    struct sh_error *err)
{
	struct sh_hasher *h;
	int rc;

	if ((h = sh_hasher_new(NULL, 0, err)) == NULL)
		return (-1);
	rc = sh_hasher_update(h, "\0", 1, err) ||
	    sh_hasher_update(h, data, len, err) ||
	    sh_hasher_final(h, out, err) ? -1 : 0;
	sh_hasher_free(h);
	return (rc);
}

int
sh_merkle_node(const struct sh_digest *left, const struct sh_digest *right,
    struct sh_digest *out, struct sh_error *err)
{
	uint8_t b[1 + 2 * SH_DIGEST_LEN] = { 1 };

	memcpy(b + 1, left->b, SH_DIGEST_LEN);
	memcpy(b + 1 + SH_DIGEST_LEN, right->b, SH_DIGEST_LEN);
	return (sh_sha256(b, sizeof(b), out, err));
}

/* ---- growing ------------------------------------------------------------- */

int
sh_merkle_add(struct sh_merkle *t, unsigned level,
    const struct sh_digest *root, struct sh_error *err)
{
	uint64_t size = t->size >> level;
	struct sh_digest d = *root;

	assert((size << level) == t->size);
	/* Each set bit is a whole subtree that this one completes. */
	for (; size & 1; size >>= 1)
		if (sh_merkle_node(&t->whole[--t->n], &d, &d, err))
			return (-1);
	t->whole[t->n++] = d;
	t->size += (uint64_t)1 << level;
	return (0);
}

int
sh_merkle_root(const struct sh_merkle *t, struct sh_digest *out,
    struct sh_error *err)
{
	unsigned i = t->n;

	if (i == 0)
		return (sh_sha256("", 0, out, err));
	*out = t->whole[--i];
	while (i-- > 0)
		if (sh_merkle_node(&t->whole[i], out, out, err))
			return (-1);
	return (0);
}

/* ---- proofs -------------------------------------------------------------- */

/* The largest power of two below N, which is over 1. */
static uint64_t
split(uint64_t n)
{
	return ((uint64_t)1 << (63 - __builtin_clzll(n - 1)));
}

/* Nodes are found from the root down and are told from the leaf up. */
static void
reverse(struct sh_digest *d, size_t n)
{
	struct sh_digest t;
	size_t i;

	for (i = 0; i < n / 2; i++) {
		t = d[i];
		d[i] = d[n - 1 - i];
		d[n - 1 - i] = t;
	}
}

int
sh_merkle_inclusion(const struct sh_merkle_source *s, uint64_t index,
    uint64_t size, struct sh_digest path[SH_MERKLE_PATH_MAX], size_t *np,
    struct sh_error *err)
{
	uint64_t lo = 0, hi = size, k;
	size_t n = 0;

	assert(index < size);
	while (hi - lo > 1) {
		k = lo + split(hi - lo);
		if (s->subtree(s->arg, index < k ? k : lo, index < k ? hi : k,
		    &path[n++], err))
			return (-1);
		if (index < k)
			hi = k;
		else
			lo = k;
	}
	reverse(path, n);
	*np = n;
	return (0);
}

int
sh_merkle_consistency(const struct sh_merkle_source *s, uint64_t first,
    uint64_t size, struct sh_digest proof[SH_MERKLE_PROOF_MAX],
    size_t *np, struct sh_error *err)
{
	uint64_t lo = 0, hi = size, k;
	size_t n = 0;

	assert(first > 0 && first <= size);
	/* The subtree that both trees share whole is where it ends. */
	while (hi != first) {
		k = lo + split(hi - lo);
		if (s->subtree(s->arg, first <= k ? k : lo,
		    first <= k ? hi : k, &proof[n++], err))
			return (-1);
		if (first <= k)
			hi = k;
		else
			lo = k;
	}
	/* What begins at the first leaf is known: it is the old root. */
	if (lo > 0 && s->subtree(s->arg, lo, hi, &proof[n++], err))
		return (-1);
	reverse(proof, n);
	*np = n;
	return (0);
}

int
sh_merkle_included(const struct sh_digest *leaf, uint64_t index,
    uint64_t size, const struct sh_digest *path, size_t n,
    const struct sh_digest *root, struct sh_error *err)
{
	uint64_t fn = index, sn;
	struct sh_digest r = *leaf;
	size_t i;

	if (index >= size)
		return (0);
	for (i = 0, sn = size - 1; i < n; i++, fn >>= 1, sn >>= 1) {
		if (sn == 0)
			return (0);
		if ((fn & 1) == 0 && fn != sn) {
			if (sh_merkle_node(&r, &path[i], &r, err))
				return (-1);
			continue;
		}
		if (sh_merkle_node(&path[i], &r, &r, err))
			return (-1);
		for (; (fn & 1) == 0 && fn != 0; fn >>= 1)
			sn >>= 1;
	}
	return (sn == 0 && sh_digest_equal(&r, root));
}

int
sh_merkle_consistent(uint64_t first, uint64_t size,
    const struct sh_digest *proof, size_t n, const struct sh_digest *old,
    const struct sh_digest *root, struct sh_error *err)
{
	uint64_t fn = first - 1, sn = size - 1;
	struct sh_digest fr, sr;
	size_t i = 0;

	if (first == 0 || first > size)
		return (0);
	if (first == size)
		return (n == 0 && sh_digest_equal(old, root));
	/* A whole tree is not repeated at the proof's head. */
	if ((first & (first - 1)) == 0)
		fr = *old;
	else if (n > 0)
		fr = proof[i++];
	else
		return (0);
	for (sr = fr; fn & 1; fn >>= 1)
		sn >>= 1;
	for (; i < n; i++, fn >>= 1, sn >>= 1) {
		if (sn == 0)
			return (0);
		if ((fn & 1) == 0 && fn != sn) {
			if (sh_merkle_node(&sr, &proof[i], &sr, err))
				return (-1);
			continue;
		}
		if (sh_merkle_node(&proof[i], &fr, &fr, err) ||
		    sh_merkle_node(&proof[i], &sr, &sr, err))
			return (-1);
		for (; (fn & 1) == 0 && fn != 0; fn >>= 1)
			sn >>= 1;
	}
	return (sn == 0 && sh_digest_equal(&fr, old) &&
	    sh_digest_equal(&sr, root));
}
