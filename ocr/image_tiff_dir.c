/*
 * The chain of directories is walked here, not in libtiff: each offset is
 * looked at once, a loop is found at its first step back, and the number of
 * pages is known before one is decoded.
 *
 * Source: TIFF 6.0 section 2; the BigTIFF design of Aware Systems.
 */
#include "ocr/image_internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define TAG_SUBFILE	254
#define SUBFILE_REDUCED	1
#define SUBFILE_MASK	4
#define SEEN_SLOTS	65536	/* a power of two, 3 times the page limit */

struct walk {
	const uint8_t *data;
	size_t len;
	int big_endian;
	int big_tiff;
	uint64_t *seen;		/* open addressing; 0 is free */
	struct sh_tiff_chain *c;
	uint32_t nseen;
	size_t cap;
	uint64_t *minor;	/* reduced images and masks */
	uint32_t nminor;
	size_t minor_cap;
};

static uint64_t
get(const struct walk *w, uint64_t at, unsigned n)
{
	uint64_t v = 0;
	unsigned i;

	for (i = 0; i < n; i++)
		v = v << 8 | w->data[at + (w->big_endian ? i : n - 1 - i)];
	return (v);
}

/* 1 when OFFSET was not there before. */
static int
see(struct walk *w, uint64_t offset)
{
	uint64_t h = offset * UINT64_C(0x9e3779b97f4a7c15);
	size_t i = (size_t)(h >> 48) & (SEEN_SLOTS - 1);

	for (; w->seen[i] != 0; i = (i + 1) & (SEEN_SLOTS - 1))
		if (w->seen[i] == offset)
			return (0);
	w->seen[i] = offset;
	return (1);
}

static int
add(uint64_t **listp, uint32_t *np, size_t *capp, uint64_t offset,
    struct sh_error *err)
{
	if (sh_grow(listp, capp, (size_t)*np + 1, sizeof(**listp),
	    "TIFF pages", err))
		return (-1);
	(*listp)[(*np)++] = offset;
	return (0);
}

/* NewSubfileType of the directory with N entries from AT. */
static unsigned
subfile_type(const struct walk *w, uint64_t at, uint64_t n, unsigned entry)
{
	uint64_t i, p;

	for (i = 0; i < n; i++) {
		p = at + i * entry;
		if (get(w, p, 2) != TAG_SUBFILE)
			continue;
		p += w->big_tiff ? 12 : 8;
		return ((unsigned)get(w, p, get(w, at + i * entry + 2, 2) ==
		    3 ? 2 : 4));
	}
	return (0);
}

/*
 * One directory: its page noted, the next one's offset.  0 at the end of
 * the chain; -1 when ERR is set: what is wrong with the chain, or no memory.
 */
static int
step(struct walk *w, uint64_t *offsetp, struct sh_error *err)
{
	unsigned count = w->big_tiff ? 8 : 2, entry = w->big_tiff ? 20 : 12,
	    next = w->big_tiff ? 8 : 4, type;
	uint64_t at = *offsetp, n;

	if (at > w->len || w->len - at < count)
		return (sh_error_set(err, SH_EFORMAT, "image.truncated",
		    "TIFF: the next page lies at byte %llu of %zu",
		    (unsigned long long)at, w->len));
	if (!see(w, at))
		return (sh_error_set(err, SH_EFORMAT, "image.page-loop",
		    "TIFF: behind page %u comes an earlier page", w->c->n));
	if (++w->nseen > SH_IMAGE_PAGES_MAX) {
		(void)sh_error_set(err, SH_ELIMIT, "image.too-many-pages",
		    "TIFF of more than %d pages", SH_IMAGE_PAGES_MAX);
		sh_error_param(err, "limit", "%d", SH_IMAGE_PAGES_MAX);
		return (-1);
	}
	n = get(w, at, count);
	at += count;
	if (n == 0 || n > (w->len - at) / entry)
		return (sh_error_set(err, SH_EFORMAT, "image.truncated",
		    "TIFF: a directory of %llu entries at byte %llu of %zu",
		    (unsigned long long)n, (unsigned long long)at, w->len));
	type = subfile_type(w, at, n, entry);
	if (type & (SUBFILE_REDUCED | SUBFILE_MASK)) {
		if (add(&w->minor, &w->nminor, &w->minor_cap, *offsetp, err))
			return (-1);
	} else if (add(&w->c->offset, &w->c->n, &w->cap, *offsetp, err)) {
		return (-1);
	}
	at += n * entry;
	/* Some writers end the file behind the last entry. */
	*offsetp = w->len - at < next ? 0 : get(w, at, next);
	return (*offsetp != 0);
}

int
sh_tiff_chain_read(const uint8_t *data, size_t len, struct sh_tiff_chain *c,
    struct sh_error *err)
{
	struct walk w = { .data = data, .len = len, .c = c };
	uint64_t offset;
	int rc = -1, more;

	memset(c, 0, sizeof(*c));
	if (len < 16)
		return (sh_error_set(err, SH_EFORMAT, "image.truncated",
		    "TIFF of %zu bytes", len));
	w.big_endian = data[0] == 'M';
	w.big_tiff = get(&w, 2, 2) == 43;
	if (w.big_tiff && (get(&w, 4, 2) != 8 || get(&w, 6, 2) != 0))
		return (sh_error_set(err, SH_EFORMAT, "image.damaged",
		    "BigTIFF header is not well formed"));
	if ((w.seen = sh_alloc(SEEN_SLOTS, sizeof(*w.seen), "TIFF pages",
	    err)) == NULL)
		return (-1);
	offset = w.big_tiff ? get(&w, 8, 8) : get(&w, 4, 4);
	if (offset == 0) {
		(void)sh_error_set(err, SH_EFORMAT, "image.damaged",
		    "TIFF without a page");
		goto out;
	}
	while ((more = step(&w, &offset, &c->broken)) == 1)
		;
	if (more < 0 && (c->broken.code == SH_ENOMEM || w.nseen == 0 ||
	    c->n + w.nminor == 0)) {
		*err = c->broken;
		goto out;
	}
	/* Only reduced images: the first is the page. */
	if (c->n == 0 && add(&c->offset, &c->n, &w.cap, w.minor[0], err))
		goto out;
	rc = 0;
out:
	free(w.seen);
	free(w.minor);
	if (rc != 0) {
		free(c->offset);
		c->offset = NULL;
	}
	return (rc);
}
