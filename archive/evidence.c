/* Trees and records; verifying is in evidence_verify.c. */
#include "archive/evidence.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "signing/der.h"

/* ---- hash trees ---------------------------------------------------------- */

static int
ascending(const void *a, const void *b)
{
	/* Hashes shorter than their place end in zeros. */
	return (memcmp(a, b, sizeof(struct sh_hash)));
}

int
sh_evidence_list(enum sh_md md, const struct sh_hash *hashes, size_t n,
    struct sh_hash *out, struct sh_error *err)
{
	size_t i, size = sh_md_size(md);
	struct sh_hash *sorted;
	uint8_t *bytes;
	int rc;

	if (n == 1) {
		*out = hashes[0];
		return (0);
	}
	if ((sorted = sh_alloc(n, sizeof(*sorted), "hashes", err)) == NULL)
		return (-1);
	if (n > 0)
		memcpy(sorted, hashes, n * sizeof(*sorted));
	qsort(sorted, n, sizeof(*sorted), ascending);
	bytes = (uint8_t *)sorted;
	for (i = 1; i < n; i++)
		memmove(bytes + i * size, sorted[i].b, size);
	memset(out, 0, sizeof(*out));
	rc = sh_md_digest(md, bytes, n * size, out->b, err);
	free(sorted);
	return (rc);
}

int
sh_evidence_root(enum sh_md md, const struct sh_hash *leaves, size_t n,
    size_t index, struct sh_hash *path, size_t *npathp, struct sh_hash *root,
    struct sh_error *err)
{
	struct sh_hash *level;
	size_t i, npath = 0;
	int rc = -1;

	level = sh_alloc(n, sizeof(*level), "a hash tree", err);
	if (level == NULL)
		return (-1);
	memcpy(level, leaves, n * sizeof(*level));
	for (; n > 1; n = (n + 1) / 2, index /= 2) {
		if ((index ^ 1) < n && path != NULL)
			path[npath++] = level[index ^ 1];
		for (i = 0; i + 1 < n; i += 2)
			if (sh_evidence_list(md, &level[i], 2, &level[i / 2],
			    err))
				goto out;
		/* Who has no partner waits for the next level. */
		if (n % 2 == 1)
			level[n / 2] = level[n - 1];
	}
	*root = level[0];
	if (npathp != NULL)
		*npathp = npath;
	rc = 0;
out:
	free(level);
	return (rc);
}

int
sh_evidence_rehash(enum sh_md md, const struct sh_hash *object,
    const struct sh_hash *sequence, struct sh_hash *out,
    struct sh_error *err)
{
	uint8_t both[2 * SH_MD_MAX];
	size_t size = sh_md_size(md);

	memcpy(both, object->b, size);
	memcpy(both + size, sequence->b, size);
	memset(out, 0, sizeof(*out));
	return (sh_md_digest(md, both, 2 * size, out->b, err));
}

/* ---- writing ------------------------------------------------------------- */

/* ArchiveTimeStamp { [0] digestAlgorithm, [2] reducedHashtree, timeStamp } */
static void
write_stamp(struct sh_der_writer *w, const struct sh_evidence_stamp *s)
{
	const struct sh_hash *h = s->hashes;
	struct sh_buf algorithm = SH_BUF_INIT;
	struct sh_der_writer in;
	size_t i, k;

	sh_der_open(w, SH_DER_SEQUENCE);
	sh_der_write_begin(&in, &algorithm, w->err);
	sh_md_write(&in, s->md);
	if (sh_der_write_end(&in))
		w->failed = 1;
	else {
		/* The same bytes under the tag [0]. */
		sh_der_put_raw(w, "\xa0", 1);
		sh_der_put_raw(w, algorithm.data + 1, algorithm.len - 1);
	}
	sh_buf_free(&algorithm);
	sh_der_open(w, SH_DER_CONTEXT_C(2));
	for (i = 0; i < s->nlists; i++) {
		sh_der_open(w, SH_DER_SEQUENCE);
		for (k = 0; k < s->lists[i]; k++, h++)
			sh_der_put(w, SH_DER_OCTETS, h->b,
			    sh_md_size(s->md));
		sh_der_close(w);
	}
	sh_der_close(w);
	sh_der_put_raw(w, s->token, s->tokenlen);
	sh_der_close(w);
}

static void
write_sequence(struct sh_der_writer *w, const struct sh_evidence_stamp *s,
    size_t n)
{
	size_t i;

	sh_der_open(w, SH_DER_SEQUENCE);
	for (i = 0; i < n; i++) {
		if (i == 0 || s[i].rehashed) {
			if (i > 0)
				sh_der_close(w);
			sh_der_open(w, SH_DER_SEQUENCE);
		}
		write_stamp(w, &s[i]);
	}
	sh_der_close(w);
	sh_der_close(w);
}

int
sh_evidence_sequence(const struct sh_evidence_stamp *stamps, size_t n,
    struct sh_buf *out, struct sh_error *err)
{
	struct sh_der_writer w;

	sh_der_write_begin(&w, out, err);
	write_sequence(&w, stamps, n);
	return (sh_der_write_end(&w));
}

int
sh_evidence_write(const struct sh_evidence_stamp *stamps, size_t n,
    struct sh_buf *out, struct sh_error *err)
{
	struct sh_der_writer w;
	unsigned seen = 0;
	size_t i;

	sh_der_write_begin(&w, out, err);
	sh_der_open(&w, SH_DER_SEQUENCE);
	sh_der_put_uint(&w, 1);
	sh_der_open(&w, SH_DER_SEQUENCE);
	for (i = 0; i < n; i++) {
		if ((seen & 1u << stamps[i].md) == 0)
			sh_md_write(&w, stamps[i].md);
		seen |= 1u << stamps[i].md;
	}
	sh_der_close(&w);
	write_sequence(&w, stamps, n);
	sh_der_close(&w);
	return (sh_der_write_end(&w));
}
