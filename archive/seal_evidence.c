/*
 * Evidence records of documents, and their renewal.  A renewal is one stamp
 * over one tree.  Stamps stamped again are its leaves: that of the renewal
 * before, then those of the seals since.  Documents hashed anew are leaves
 * in the order of the seals' nodes.
 */
#include "archive/seal_evidence.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* ---- stamps -------------------------------------------------------------- */

void
sh_stamps_clear(struct sh_stamps *s)
{
	size_t i;

	for (i = 0; i < s->n; i++) {
		free(s->part[i].hashes);
		free(s->part[i].lists);
		sh_buf_free(&s->part[i].token);
	}
	free(s->part);
	memset(s, 0, sizeof(*s));
}

struct sh_evidence_stamp *
sh_stamps_list(const struct sh_stamps *s, struct sh_error *err)
{
	struct sh_evidence_stamp *list;
	size_t i;

	if ((list = sh_alloc(s->n, sizeof(*list), "time stamps", err)) !=
	    NULL)
		for (i = 0; i < s->n; i++)
			list[i] = s->part[i].stamp;
	return (list);
}

/* One more stamp: a first list of NGROUP, then lists of one each. */
static int
add_stamp(struct sh_stamps *s, enum sh_md md, int rehashed,
    const struct sh_hash *group, size_t ngroup, const struct sh_hash *path,
    size_t npath, const struct sh_buf *token, struct sh_error *err)
{
	struct sh_stamp_part *p;
	size_t i;

	if (sh_grow(&s->part, &s->cap, s->n + 1, sizeof(*s->part),
	    "time stamps", err))
		return (-1);
	p = &s->part[s->n++];
	memset(p, 0, sizeof(*p));
	if ((p->hashes = sh_alloc(ngroup + npath, sizeof(*p->hashes),
	    "hashes", err)) == NULL || (p->lists = sh_alloc(1 + npath,
	    sizeof(*p->lists), "hashes", err)) == NULL ||
	    sh_buf_append(&p->token, token->data, token->len, err))
		return (-1);
	memcpy(p->hashes, group, ngroup * sizeof(*group));
	if (npath > 0)
		memcpy(p->hashes + ngroup, path, npath * sizeof(*path));
	p->lists[0] = ngroup;
	for (i = 1; i <= npath; i++)
		p->lists[i] = 1;
	p->stamp = (struct sh_evidence_stamp){ .md = md,
	    .rehashed = rehashed, .hashes = p->hashes, .lists = p->lists,
	    .nlists = 1 + npath, .token = p->token.data,
	    .tokenlen = p->token.len };
	return (0);
}

static int
sequence_digest(const struct sh_stamps *s, enum sh_md md,
    struct sh_hash *out, struct sh_error *err)
{
	struct sh_evidence_stamp *list;
	struct sh_buf b = SH_BUF_INIT;
	int rc = -1;

	memset(out, 0, sizeof(*out));
	if ((list = sh_stamps_list(s, err)) == NULL)
		return (-1);
	if (sh_evidence_sequence(list, s->n, &b, err) == 0)
		rc = sh_md_digest(md, b.data, b.len, out->b, err);
	free(list);
	sh_buf_free(&b);
	return (rc);
}

/* The stamp that the seal got. */
static int
add_seal(struct sh_archive *ar, const json_t *record,
    const struct sh_digest *event, const struct sh_seal *seal,
    const struct sh_nodes *nodes, size_t i, struct sh_stamps *out,
    struct sh_error *err)
{
	struct sh_hash group[SH_SEAL_GROUP_MAX];
	struct sh_hash path[SH_EVIDENCE_PATH_MAX + 1], root;
	size_t n, npath;

	if (seal->stamp.len == 0)
		return (sh_error_set(err, SH_EAGAIN, "seal.pending",
		    "seal %llu has no time stamp yet",
		    (unsigned long long)seal->number));
	if (sh_seal_group(ar, record, event, seal->md, NULL, group, &n, err) ||
	    sh_evidence_root(seal->md, nodes->hash, nodes->n, i, path,
	    &npath, &root, err))
		return (-1);
	/* The signature stands beside the documents' root. */
	memset(&path[npath], 0, sizeof(path[npath]));
	if (sh_md_digest(seal->md, seal->signature.data, seal->signature.len,
	    path[npath].b, err))
		return (-1);
	return (add_stamp(out, seal->md, 0, group, n, path, npath + 1,
	    &seal->stamp, err));
}

/* ---- renewals ------------------------------------------------------------ */

/* Seals that the renewal before NUMBER was about. */
static int
seals_before(struct sh_archive *ar, uint64_t number, uint64_t *sealsp,
    struct sh_error *err)
{
	struct sh_renewal r;

	*sealsp = 0;
	if (number <= 1)
		return (0);
	if (sh_renewal_load(ar, number - 1, &r, err))
		return (-1);
	*sealsp = r.seals;
	sh_renewal_clear(&r);
	return (0);
}

/* The document's leaf among those of renewal R. */
static int
add_renewal(struct sh_archive *ar, const json_t *record,
    const struct sh_digest *event, const struct sh_seal *seal, size_t i,
    const struct sh_renewal *r, struct sh_stamps *out, struct sh_error *err)
{
	struct sh_hash group[SH_SEAL_GROUP_MAX], sequence, root;
	struct sh_hash path[SH_EVIDENCE_PATH_MAX];
	struct sh_nodes nodes;
	uint64_t before, leaf;
	size_t n = 1, npath;
	enum sh_md md;
	int rc = -1;

	if (sh_nodes_load(ar, "renewal-nodes", r->number, &md, &nodes, err))
		return (-1);
	if (r->rehashed) {
		leaf = seal->first + i;
		if (sequence_digest(out, md, &sequence, err) ||
		    sh_seal_group(ar, record, event, md, &sequence, group,
		    &n, err))
			goto out;
	} else {
		if (seals_before(ar, r->number, &before, err))
			goto out;
		leaf = seal->number <= before ? 0 : seal->number - before -
		    1 + (before > 0);
		if (leaf < nodes.n)
			group[0] = nodes.hash[leaf];
	}
	if (leaf >= nodes.n) {
		(void)sh_error_set(err, SH_EFIXITY, "seal.broken",
		    "renewal %llu is too short",
		    (unsigned long long)r->number);
		goto out;
	}
	if (sh_evidence_root(md, nodes.hash, nodes.n, leaf, path, &npath,
	    &root, err) == 0)
		rc = add_stamp(out, md, r->rehashed, group, n, path, npath,
		    &r->stamp, err);
out:
	sh_nodes_clear(&nodes);
	return (rc);
}

int
sh_stamps_of(struct sh_archive *ar, const json_t *record,
    const struct sh_digest *event, const struct sh_seal *seal,
    const struct sh_nodes *nodes, size_t i, uint64_t upto,
    struct sh_stamps *out, struct sh_error *err)
{
	struct sh_renewal r;
	uint64_t k;
	int rc;

	if (add_seal(ar, record, event, seal, nodes, i, out, err))
		return (-1);
	for (k = 1, rc = 0; rc == 0 && k <= upto; k++) {
		if (sh_renewal_load(ar, k, &r, err))
			return (-1);
		if (r.seals >= seal->number)
			rc = add_renewal(ar, record, event, seal, i, &r, out,
			    err);
		sh_renewal_clear(&r);
	}
	return (rc);
}

/* ---- a document's record ------------------------------------------------- */

static int
place_of(const struct sh_nodes *nodes, uint64_t index, size_t *ip,
    struct sh_error *err)
{
	for (*ip = 0; *ip < nodes->n; ++*ip)
		if (nodes->index[*ip] == index)
			return (0);
	return (sh_error_set(err, SH_EFIXITY, "seal.broken",
	    "the document is not among its seal's"));
}

int
sh_seals_evidence(struct sh_archive *ar, const struct sh_document_id *id,
    struct sh_buf *out, struct sh_error *err)
{
	struct sh_stamps stamps = { .n = 0 };
	struct sh_evidence_stamp *list = NULL;
	struct sh_nodes nodes;
	struct sh_sealed s;
	struct sh_tag document, holder;
	json_t *record = NULL;
	enum sh_md md;
	size_t i;
	int rc = -1;

	memcpy(document.b, id->b, 16);
	if (sh_sealed_find(ar, &document, &s, err))
		return (-1);
	memset(&nodes, 0, sizeof(nodes));
	if ((record = sh_document_find(ar, &document, &holder, err)) !=
	    NULL && sh_nodes_load(ar, "nodes", s.seal.number, &md, &nodes,
	    err) == 0 && place_of(&nodes, s.index, &i, err) == 0 &&
	    sh_stamps_of(ar, record, &s.event, &s.seal, &nodes, i,
	    ar->seals->renewals, &stamps, err) == 0 &&
	    (list = sh_stamps_list(&stamps, err)) != NULL)
		rc = sh_evidence_write(list, stamps.n, out, err);
	free(list);
	json_decref(record);
	sh_stamps_clear(&stamps);
	sh_nodes_clear(&nodes);
	sh_seal_clear(&s.seal);
	return (rc);
}

/* ---- renewing ------------------------------------------------------------ */

static int
add_token(struct sh_nodes *nodes, enum sh_md md, const struct sh_buf *token,
    struct sh_error *err)
{
	struct sh_hash h = { { 0 } };

	if (sh_md_digest(md, token->data, token->len, h.b, err))
		return (-1);
	return (sh_nodes_add(nodes, nodes->n, &h, err));
}

/* The stamp of the renewal before, and of every seal since. */
static int
collect_tokens(struct sh_archive *ar, struct sh_renewal *r,
    struct sh_nodes *nodes, struct sh_error *err)
{
	struct sh_renewal before;
	struct sh_seal seal;
	uint64_t k, done = 0;
	int rc;

	if (r->number > 1) {
		if (sh_renewal_load(ar, r->number - 1, &before, err))
			return (-1);
		done = before.seals;
		rc = add_token(nodes, r->md, &before.stamp, err);
		sh_renewal_clear(&before);
		if (rc != 0)
			return (-1);
	}
	for (k = done + 1; k <= r->seals; k++) {
		if (sh_seal_load(ar, k, &seal, err))
			return (-1);
		rc = add_token(nodes, r->md, &seal.stamp, err);
		sh_seal_clear(&seal);
		if (rc != 0)
			return (-1);
	}
	return (0);
}

struct rehash {
	struct sh_archive *ar;
	struct sh_renewal *renewal;
	const struct sh_seal *seal;
	const struct sh_nodes *old;
	size_t i;		/* the next of them */
	struct sh_nodes *nodes;
};

/* The new leaf of a document that can be read no more is as good as none. */
static int
rehash_document(struct rehash *h, const struct sh_leaf *leaf,
    struct sh_hash *out, struct sh_error *err)
{
	struct sh_hash group[SH_SEAL_GROUP_MAX], sequence;
	struct sh_stamps stamps = { .n = 0 };
	enum sh_md md = h->renewal->md;
	struct sh_tag holder;
	json_t *record;
	size_t n;
	int rc = -1;

	record = sh_document_find(h->ar, &leaf->item->operation, &holder,
	    err);
	if (record == NULL) {
		if (err->code != SH_ENOTFOUND)
			return (-1);
		sh_error_clear(err);
		memset(out, 0, sizeof(*out));
		return (sh_md_digest(md, &h->old->hash[h->i],
		    sh_md_size(h->seal->md), out->b, err));
	}
	if (sh_stamps_of(h->ar, record, &leaf->item->digest, h->seal, h->old,
	    h->i, h->renewal->number - 1, &stamps, err) == 0 &&
	    sequence_digest(&stamps, md, &sequence, err) == 0 &&
	    sh_seal_group(h->ar, record, &leaf->item->digest, md, &sequence,
	    group, &n, err) == 0)
		rc = sh_evidence_list(md, group, n, out, err);
	json_decref(record);
	sh_stamps_clear(&stamps);
	return (rc);
}

static int
rehash_leaf(void *arg, const struct sh_leaf *leaf, struct sh_error *err)
{
	struct rehash *h = arg;
	struct sh_hash node;

	if (h->i >= h->old->n)
		return (1);
	if (leaf->index != h->old->index[h->i])
		return (0);
	if (rehash_document(h, leaf, &node, err) ||
	    sh_nodes_add(h->nodes, leaf->index, &node, err))
		return (-1);
	h->i++;
	return (0);
}

/* Every document under seals 1 .. R->seals, in their order. */
static int
collect_documents(struct sh_archive *ar, struct sh_renewal *r,
    struct sh_nodes *nodes, struct sh_error *err)
{
	uint64_t from[SH_SEAL_SHARDS_MAX] = { 0 }, k;
	struct sh_nodes old;
	struct sh_seal seal;
	enum sh_md md;
	unsigned i;
	int rc = 0;

	for (k = 1; rc == 0 && k <= r->seals; k++) {
		struct rehash h = { ar, r, &seal, &old, 0, nodes };

		memset(&old, 0, sizeof(old));
		if (sh_seal_load(ar, k, &seal, err))
			return (-1);
		if (seal.count > 0)
			rc = sh_nodes_load(ar, "nodes", k, &md, &old, err);
		for (i = 0; rc == 0 && i < seal.ntrees; i++) {
			if (seal.count > 0)
				rc = sh_log_read(ar->seals->logs[i], from[i],
				    seal.trees[i].size, rehash_leaf, &h,
				    err);
			from[i] = seal.trees[i].size;
		}
		if (rc == 0 && h.i != old.n)
			rc = sh_error_set(err, SH_EFIXITY, "seal.broken",
			    "seal %llu: documents that are not there",
			    (unsigned long long)k);
		sh_nodes_clear(&old);
		sh_seal_clear(&seal);
	}
	return (rc);
}

int
sh_seals_renew(struct sh_archive *ar, const struct sh_sealing *with,
    enum sh_md md, struct sh_error *err)
{
	struct sh_renewal r;
	struct sh_nodes nodes;
	struct sh_hash root;
	int64_t when;
	int rc = -1;

	if (ar->seals == NULL || ar->readonly)
		return (sh_error_set(err, SH_EDENIED, "archive.readonly",
		    "the archive was opened without its seals"));
	if (with->stamper == NULL || ar->seals->last == 0 ||
	    !sh_md_strong(md))
		return (sh_error_set(err, SH_EARG, "seal.nothing",
		    "there is nothing to renew"));
	if (ar->seals->stamped != ar->seals->last)
		return (sh_error_set(err, SH_EAGAIN, "seal.pending",
		    "%llu seals have no time stamp yet", (unsigned long long)
		    (ar->seals->last - ar->seals->stamped)));
	memset(&r, 0, sizeof(r));
	memset(&nodes, 0, sizeof(nodes));
	r.number = ar->seals->renewals + 1;
	r.md = md;
	r.rehashed = md != ar->seals->md;
	r.seals = ar->seals->last;
	if ((r.rehashed ? collect_documents(ar, &r, &nodes, err) :
	    collect_tokens(ar, &r, &nodes, err)) != 0)
		goto out;
	if (nodes.n == 0) {
		(void)sh_error_set(err, SH_EARG, "seal.nothing",
		    "there is nothing to renew");
		goto out;
	}
	if (sh_evidence_root(md, nodes.hash, nodes.n, 0, NULL, NULL, &root,
	    err) || with->stamper->stamp(with->stamper->arg, md, root.b,
	    &r.stamp, err) || sh_stamp_judge(r.stamp.data, r.stamp.len, md,
	    root.b, with->trust, 0, &when, err) ||
	    sh_nodes_store(ar, "renewal-nodes", r.number, md, &nodes, err) ||
	    sh_renewal_store(ar, &r, err))
		goto out;
	ar->seals->renewals++;
	ar->seals->md = md;
	rc = 0;
out:
	sh_nodes_clear(&nodes);
	sh_renewal_clear(&r);
	return (rc);
}
