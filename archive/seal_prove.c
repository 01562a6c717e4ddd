/* What strangers are shown: proofs of inclusion, evidence records. */
#include "archive/seal_internal.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "archive/seal_evidence.h"
#include "base/mem.h"

/* ---- the documents' hashes ----------------------------------------------- */

static int
hash_bytes(void *arg, const void *data, size_t len, struct sh_error *err)
{
	return (EVP_DigestUpdate(arg, data, len) == 1 ? 0 :
	    sh_error_nomem(err, "a digest"));
}

/* A blob's digest; SHA-256 is known. */
static int
digest_stored(struct sh_archive *ar, const struct sh_stored *stored,
    enum sh_md md, struct sh_hash *out, struct sh_error *err)
{
	EVP_MD_CTX *ctx;
	int rc = -1;

	memset(out, 0, sizeof(*out));
	if (md == SH_MD_SHA256) {
		memcpy(out->b, stored->plain.b, SH_DIGEST_LEN);
		return (0);
	}
	if ((ctx = EVP_MD_CTX_new()) == NULL || sh_md_evp(md) == NULL ||
	    EVP_DigestInit_ex(ctx, sh_md_evp(md), NULL) != 1)
		(void)sh_error_nomem(err, "a digest");
	else if (sh_document_read(ar, stored, hash_bytes, ctx, err) == 0)
		rc = EVP_DigestFinal_ex(ctx, out->b, NULL) == 1 ? 0 :
		    sh_error_nomem(err, "a digest");
	EVP_MD_CTX_free(ctx);
	return (rc);
}

int
sh_seal_group(struct sh_archive *ar, const json_t *record,
    const struct sh_digest *event, enum sh_md md,
    const struct sh_hash *sequence, struct sh_hash *hashes, size_t *np,
    struct sh_error *err)
{
	json_t *list = json_object_get(record, "renditions");
	struct sh_stored stored;
	struct sh_hash h;
	size_t i, n = json_array_size(list);

	if (n > SH_RENDITIONS_MAX)
		return (sh_error_set(err, SH_EFIXITY, "record.damaged",
		    "a record: it has too many renditions"));
	for (i = 0; i <= n; i++) {
		memset(&h, 0, sizeof(h));
		if (i == n && (md == SH_MD_SHA256 && sequence == NULL))
			memcpy(h.b, event->b, SH_DIGEST_LEN);
		else if (i == n) {
			if (sh_md_digest(md, event->b, SH_DIGEST_LEN, h.b,
			    err))
				return (-1);
		} else if (sh_document_stored(record, sh_member(
		    json_array_get(list, i), "name"), &stored, err) != 1 ||
		    digest_stored(ar, &stored, md, &h, err))
			return (err->code != SH_OK ? -1 : sh_error_set(err,
			    SH_EFIXITY, "record.damaged", "a record: a "
			    "rendition without a name"));
		if (sequence != NULL && sh_evidence_rehash(md, &h, sequence,
		    &h, err))
			return (-1);
		hashes[i] = h;
	}
	*np = n + 1;
	return (0);
}

/* ---- where a document's accession lies ----------------------------------- */

static int
take_accession(void *arg, const struct sh_fed *item, struct sh_error *err)
{
	struct sh_sealed *s = arg;

	(void)err;
	/* An accession's operation is its document. */
	if (memcmp(&item->operation, &s->document, 16) != 0)
		return (0);
	s->holder = item->holder;
	s->sequence = item->sequence;
	s->event = item->digest;
	s->head = item->head;
	s->found = 1;
	return (1);
}

struct looking {
	struct sh_sealed *sealed;
	int found;
};

static int
compare_leaf(void *arg, const struct sh_leaf *leaf, struct sh_error *err)
{
	struct looking *l = arg;

	(void)err;
	if (leaf->item->sequence != l->sealed->sequence ||
	    memcmp(&leaf->item->holder, &l->sealed->holder, 16) != 0)
		return (0);
	l->sealed->index = leaf->index;
	l->sealed->leaf = leaf->hash;
	l->found = 1;
	return (1);
}

/* Is it under seal NUMBER?  1 with the seal, 0, -1. */
static int
look_under(struct sh_archive *ar, uint64_t number, struct sh_sealed *out,
    struct sh_error *err)
{
	struct looking l = { out, 0 };
	struct sh_seal before;
	unsigned i;
	int r = -1;

	memset(&before, 0, sizeof(before));
	if ((number > 1 && sh_seal_load(ar, number - 1, &before, err)) ||
	    sh_seal_load(ar, number, &out->seal, err))
		goto out;
	for (i = 0, r = 0; i < out->seal.ntrees && r == 0; i++) {
		if (sh_log_read(ar->seals->logs[i], before.trees[i].size,
		    out->seal.trees[i].size, compare_leaf, &l, err))
			r = -1;
		else if (l.found) {
			out->shard = i;
			r = 1;
		}
	}
out:
	sh_seal_clear(&before);
	if (r <= 0)
		sh_seal_clear(&out->seal);
	return (r);
}

/* The first seal made at WHEN or later; last + 1: none. */
static int
first_after(struct sh_archive *ar, int64_t when, uint64_t *numberp,
    struct sh_error *err)
{
	uint64_t lo = 1, hi = ar->seals->last + 1, mid;
	struct sh_seal s;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (sh_seal_load(ar, mid, &s, err))
			return (-1);
		if (s.at >= when)
			hi = mid;
		else
			lo = mid + 1;
		sh_seal_clear(&s);
	}
	*numberp = lo;
	return (0);
}

int
sh_sealed_find(struct sh_archive *ar, const struct sh_tag *document,
    struct sh_sealed *out, struct sh_error *err)
{
	struct sh_tag tags[SH_HOLDERS_MAX];
	uint64_t guess, k, last;
	int64_t archived_at;
	size_t n;
	int r;

	memset(out, 0, sizeof(*out));
	out->document = *document;
	if (ar->seals == NULL)
		return (sh_error_set(err, SH_ENOTFOUND, "seal.missing",
		    "the archive was opened without its seals"));
	if (sh_document_locate(ar, document, tags, &n, &archived_at, err))
		return (-1);
	if (n == 0)
		return (sh_error_set(err, SH_ENOTFOUND, "document.missing",
		    "no such document"));
	if (sh_engine_feed(ar->engine, 0, &tags[0], 0, take_accession, out,
	    err) || first_after(ar, archived_at, &guess, err))
		return (-1);
	if (!out->found)
		return (sh_error_set(err, SH_EFIXITY, "event.damaged",
		    "a document without its accession's event"));
	/* Where it should be; elsewhere only if a clock went wrong. */
	last = ar->seals->last;
	for (k = guess; k <= last; k++)
		if ((r = look_under(ar, k, out, err)) != 0)
			return (r < 0 ? -1 : 0);
	for (k = guess; k-- > 1;)
		if ((r = look_under(ar, k, out, err)) != 0)
			return (r < 0 ? -1 : 0);
	return (sh_error_set(err, SH_EAGAIN, "seal.not-yet",
	    "the document is under no seal yet"));
}

/* ---- proofs -------------------------------------------------------------- */

static int
set_hex(json_t *v, const char *name, const void *data, size_t len,
    struct sh_error *err)
{
	char hex[SH_HEX_LEN];

	sh_hex(data, len, hex);
	return (sh_json_set_str(v, name, hex, err));
}

/* Nodes one behind the other in base64: a third of what hex would need. */
static int
set_path(json_t *v, const struct sh_digest *path, size_t n,
    struct sh_error *err)
{
	char s[SH_MERKLE_PROOF_MAX * SH_DIGEST_LEN * 4 / 3 + 8] = "";

	(void)EVP_EncodeBlock((unsigned char *)s, (const uint8_t *)path,
	    (int)(n * SH_DIGEST_LEN));
	return (sh_json_set_str(v, "path", s, err));
}

static int
fill_proof(struct sh_archive *ar, const struct sh_sealed *s, json_t *v,
    struct sh_error *err)
{
	struct sh_merkle_source source = { sh_log_subtree,
	    ar->seals->logs[s->shard] };
	struct sh_digest path[SH_MERKLE_PATH_MAX];
	size_t n;

	if (sh_merkle_inclusion(&source, s->index,
	    s->seal.trees[s->shard].size, path, &n, err))
		return (-1);
	return (sh_json_set_str(v, "format", "sohoa-proof-1", err) ||
	    sh_json_set_int(v, "seal", (int64_t)s->seal.number, err) ||
	    sh_json_set_int(v, "tree", (int64_t)s->shard, err) ||
	    sh_json_set_int(v, "index", (int64_t)s->index, err) ||
	    set_hex(v, "holder", s->holder.b, 16, err) ||
	    sh_json_set_int(v, "sequence", (int64_t)s->sequence, err) ||
	    set_hex(v, "event", s->event.b, SH_DIGEST_LEN, err) ||
	    set_hex(v, "head", s->head.b, SH_DIGEST_LEN, err) ||
	    set_path(v, path, n, err) ? -1 : 0);
}

int
sh_seals_prove(struct sh_archive *ar, const struct sh_document_id *id,
    json_t **proof, struct sh_error *err)
{
	struct sh_sealed s;
	struct sh_tag document;
	json_t *v;

	*proof = NULL;
	memcpy(document.b, id->b, 16);
	if (sh_sealed_find(ar, &document, &s, err))
		return (-1);
	if ((v = sh_json_new_object(err)) != NULL &&
	    fill_proof(ar, &s, v, err) == 0) {
		*proof = v;
		v = NULL;
	}
	json_decref(v);
	sh_seal_clear(&s.seal);
	return (*proof != NULL ? 0 : -1);
}

int
sh_seals_consistency(struct sh_archive *ar, uint64_t first, uint64_t last,
    json_t **proof, struct sh_error *err)
{
	struct sh_digest path[SH_MERKLE_PROOF_MAX];
	struct sh_merkle_source source;
	struct sh_seal a, b;
	json_t *v = NULL, *trees, *t;
	size_t n;
	unsigned i;
	int rc = -1;

	*proof = NULL;
	memset(&a, 0, sizeof(a));
	memset(&b, 0, sizeof(b));
	if (first > last)
		return (sh_error_set(err, SH_EARG, "seal.order",
		    "seal %llu is no later than seal %llu",
		    (unsigned long long)last, (unsigned long long)first));
	if (sh_seal_load(ar, first, &a, err) ||
	    sh_seal_load(ar, last, &b, err) ||
	    (v = sh_json_new_object(err)) == NULL ||
	    sh_json_set_str(v, "format", "sohoa-consistency-1", err) ||
	    sh_json_set_int(v, "first", (int64_t)first, err) ||
	    sh_json_set_int(v, "last", (int64_t)last, err) ||
	    (trees = sh_json_new_array(err)) == NULL ||
	    sh_json_set(v, "trees", trees, err))
		goto out;
	for (i = 0; i < b.ntrees; i++) {
		source = (struct sh_merkle_source){ sh_log_subtree,
		    ar->seals->logs[i] };
		n = 0;
		if (a.trees[i].size > 0 && sh_merkle_consistency(&source,
		    a.trees[i].size, b.trees[i].size, path, &n, err))
			goto out;
		if ((t = sh_json_new_object(err)) == NULL ||
		    sh_json_append(trees, t, err) ||
		    set_path(t, path, n, err))
			goto out;
	}
	*proof = v;
	v = NULL;
	rc = 0;
out:
	json_decref(v);
	sh_seal_clear(&a);
	sh_seal_clear(&b);
	return (rc);
}
