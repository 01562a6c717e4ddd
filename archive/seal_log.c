/*
 * The leaves of a shard, in the order of the feed.  The roots of whole
 * blocks of leaves are kept with the position where each block ends, so that
 * a proof among ten millions reads some hundred leaves and no more.  They
 * are no more than a help: what they lead to is compared with what was
 * signed.
 */
#include "archive/seal_internal.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"

#define LEVEL	8
#define LEAVES	((uint64_t)1 << LEVEL)		/* of a block */
#define ROW	44	/* root, position, CRC-32C of number and both */

struct block {
	struct sh_digest root;
	uint64_t position;
};

struct sh_log {
	struct sh_engine *engine;
	unsigned shard;
	char *path;		/* NULL: nothing is kept */
	int writable;
	struct block *blocks;
	size_t nblocks, cap, kept;
};

int
sh_log_leaf(const struct sh_fed *item, struct sh_digest *out,
    struct sh_error *err)
{
	uint8_t b[16 + 8 + 2 * SH_DIGEST_LEN];

	memcpy(b, item->holder.b, 16);
	sh_put_be(b + 16, item->sequence, 8);
	memcpy(b + 24, item->digest.b, SH_DIGEST_LEN);
	memcpy(b + 24 + SH_DIGEST_LEN, item->head.b, SH_DIGEST_LEN);
	return (sh_merkle_leaf(b, sizeof(b), out, err));
}

/* ---- blocks -------------------------------------------------------------- */

static void
print_row(const struct block *b, size_t i, uint8_t row[ROW])
{
	uint8_t number[8];

	memcpy(row, b->root.b, SH_DIGEST_LEN);
	sh_put_be(row + 32, b->position, 8);
	sh_put_be(number, i, 8);
	sh_put_be(row + 40, sh_crc32c(sh_crc32c(0, number, 8), row, 40), 4);
}

/* Rows from the first on that are whole. */
static int
load_blocks(struct sh_log *l, struct sh_error *err)
{
	struct sh_buf b = SH_BUF_INIT;
	uint8_t row[ROW];
	size_t i;
	int rc = -1;

	if (sh_fs_read(l->path, (size_t)1 << 30, &b, err)) {
		/* It is made again from the feed. */
		sh_error_clear(err);
		sh_buf_reset(&b);
	}
	if (sh_grow(&l->blocks, &l->cap, b.len / ROW + 1, sizeof(*l->blocks),
	    "blocks of leaves", err))
		goto out;
	for (i = 0; (i + 1) * ROW <= b.len; i++) {
		memcpy(l->blocks[i].root.b, b.data + i * ROW, SH_DIGEST_LEN);
		l->blocks[i].position = sh_get_be(b.data + i * ROW + 32, 8);
		print_row(&l->blocks[i], i, row);
		if (memcmp(row, b.data + i * ROW, ROW) != 0 || (i > 0 &&
		    l->blocks[i].position <= l->blocks[i - 1].position))
			break;
	}
	l->nblocks = l->kept = i;
	rc = 0;
out:
	sh_buf_free(&b);
	return (rc);
}

struct sh_log *
sh_log_new(struct sh_engine *e, unsigned shard, const char *dir,
    int writable, struct sh_error *err)
{
	struct sh_log *l;

	if ((l = sh_alloc(1, sizeof(*l), "the leaves", err)) == NULL)
		return (NULL);
	l->engine = e;
	l->shard = shard;
	l->writable = writable;
	if (dir != NULL && ((l->path = sh_asprintf(err, "%s/blocks-%u", dir,
	    shard)) == NULL || load_blocks(l, err))) {
		sh_log_free(l);
		return (NULL);
	}
	return (l);
}

void
sh_log_free(struct sh_log *l)
{
	if (l == NULL)
		return;
	free(l->path);
	free(l->blocks);
	free(l);
}

void
sh_log_reset(struct sh_log *l)
{
	l->nblocks = l->kept = 0;
	if (l->path != NULL && l->writable)
		(void)unlink(l->path);
}

/* Not synced and not worth an error: a torn row is not taken for one. */
static void
keep_blocks(struct sh_log *l)
{
	uint8_t row[ROW];
	size_t i;
	int fd;

	if (l->path == NULL || !l->writable || l->kept == l->nblocks)
		return;
	fd = open(l->path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return;
	for (i = l->kept; i < l->nblocks; i++) {
		print_row(&l->blocks[i], i, row);
		if (pwrite(fd, row, ROW, (off_t)(i * ROW)) != ROW)
			break;
	}
	if (i == l->nblocks && ftruncate(fd, (off_t)(i * ROW)) == 0)
		l->kept = i;
	(void)close(fd);
}

/* ---- reading ------------------------------------------------------------- */

struct reading {
	struct sh_log *log;
	uint64_t lo, hi, index, position;
	struct sh_merkle block;
	int (*fn)(void *arg, const struct sh_leaf *leaf,
	    struct sh_error *err);
	void *arg;
};

static int
end_block(struct reading *r, struct sh_error *err)
{
	struct sh_log *l = r->log;

	if (sh_grow(&l->blocks, &l->cap, l->nblocks + 1, sizeof(*l->blocks),
	    "blocks of leaves", err) ||
	    sh_merkle_root(&r->block, &l->blocks[l->nblocks].root, err))
		return (-1);
	l->blocks[l->nblocks++].position = r->position;
	return (0);
}

static int
read_leaf(void *arg, const struct sh_fed *item, struct sh_error *err)
{
	struct reading *r = arg;
	struct sh_leaf leaf = { .index = r->index, .item = item };
	int stop = 0;

	if (r->index >= r->hi)
		return (1);
	/* The feed may deliver a change again. */
	if (item->position <= r->position)
		return (0);
	if (sh_log_leaf(item, &leaf.hash, err) ||
	    sh_merkle_add(&r->block, 0, &leaf.hash, err))
		return (-1);
	r->position = item->position;
	r->index++;
	if (r->index % LEAVES == 0) {
		if (r->index / LEAVES > r->log->nblocks && end_block(r, err))
			return (-1);
		memset(&r->block, 0, sizeof(r->block));
	}
	if (leaf.index >= r->lo && r->fn != NULL)
		stop = r->fn(r->arg, &leaf, err);
	return (stop != 0 ? stop : r->index >= r->hi);
}

int
sh_log_read(struct sh_log *l, uint64_t lo, uint64_t hi,
    int (*fn)(void *, const struct sh_leaf *, struct sh_error *), void *arg,
    struct sh_error *err)
{
	struct reading r = { .log = l, .lo = lo, .hi = hi, .fn = fn,
	    .arg = arg };
	uint64_t block = lo / LEAVES < l->nblocks ? lo / LEAVES : l->nblocks;
	int rc;

	r.index = block * LEAVES;
	r.position = block > 0 ? l->blocks[block - 1].position : 0;
	if (lo >= hi)
		return (0);
	rc = sh_engine_feed(l->engine, l->shard, NULL, r.position, read_leaf,
	    &r, err);
	keep_blocks(l);
	return (rc);
}

/* ---- trees --------------------------------------------------------------- */

static int
add_leaf(void *arg, const struct sh_leaf *leaf, struct sh_error *err)
{
	return (sh_merkle_add(arg, 0, &leaf->hash, err));
}

int
sh_log_subtree(void *log, uint64_t lo, uint64_t hi, struct sh_digest *out,
    struct sh_error *err)
{
	struct sh_log *l = log;
	struct sh_merkle t;
	uint64_t i = lo;

	/* Subtrees of more than a block begin with one. */
	if (hi / LEAVES > l->nblocks && sh_log_read(l, l->nblocks * LEAVES,
	    hi, NULL, NULL, err))
		return (-1);
	memset(&t, 0, sizeof(t));
	for (; lo % LEAVES == 0 && i + LEAVES <= hi &&
	    i / LEAVES < l->nblocks; i += LEAVES)
		if (sh_merkle_add(&t, LEVEL, &l->blocks[i / LEAVES].root,
		    err))
			return (-1);
	if (sh_log_read(l, i, hi, add_leaf, &t, err))
		return (-1);
	if (t.size != hi - lo)
		return (sh_error_set(err, SH_EFIXITY, "seal.rolled-back",
		    "the archive has fewer changes than were sealed"));
	return (sh_merkle_root(&t, out, err));
}

int
sh_log_tree(struct sh_log *l, uint64_t size, struct sh_merkle *out,
    struct sh_error *err)
{
	uint64_t i;

	memset(out, 0, sizeof(*out));
	if (size / LEAVES > l->nblocks && sh_log_read(l, l->nblocks * LEAVES,
	    size, NULL, NULL, err))
		return (-1);
	for (i = 0; i + LEAVES <= size && i / LEAVES < l->nblocks;
	    i += LEAVES)
		if (sh_merkle_add(out, LEVEL, &l->blocks[i / LEAVES].root,
		    err))
			return (-1);
	if (sh_log_read(l, i, size, add_leaf, out, err))
		return (-1);
	if (out->size != size)
		return (sh_error_set(err, SH_EFIXITY, "seal.rolled-back",
		    "the archive has fewer changes than were sealed"));
	return (0);
}
