/*
 * Every seal against the one before, its signature, its stamp, and the
 * changes that are there now: from the first one on, nothing that was kept
 * to help is used.
 */
#include "archive/seal_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "signing/cms.h"
#include "signing/trust.h"

struct check {
	struct sh_archive *ar;
	const struct sh_trust *trust;
	int (*finding)(void *arg, const char *key, const char *text,
	    struct sh_error *err);
	void *arg;
	struct sh_log *logs[SH_SEAL_SHARDS_MAX];
	struct sh_merkle trees[SH_SEAL_SHARDS_MAX];
	struct sh_digest previous;
	uint64_t documents;
};

static int
tell(struct check *c, const char *key, const char *what, uint64_t number,
    struct sh_error *err)
{
	char text[560];

	(void)snprintf(text, sizeof(text), "seal %llu: %s",
	    (unsigned long long)number, what);
	return (c->finding(c->arg, key, text, err));
}

/* What is wrong with a seal is a finding; the rest ends the check. */
static int
forgive(struct check *c, uint64_t number, struct sh_error *err)
{
	struct sh_error cause = *err;

	if (err->code != SH_EFIXITY && err->code != SH_ESIGNATURE &&
	    err->code != SH_EFORMAT && err->code != SH_EUNSUPPORTED &&
	    err->code != SH_ENOTFOUND)
		return (-1);
	sh_error_clear(err);
	return (tell(c, cause.code == SH_EFIXITY ? cause.key : "seal.broken",
	    cause.text, number, err));
}

static int
check_signature(struct check *c, const struct sh_seal *s,
    struct sh_error *err)
{
	struct sh_findings f = { .n = 0 };
	uint8_t digest[SH_MD_MAX];
	struct sh_trust_help help;
	struct sh_cms *cms;
	const char *sub;
	int rc = -1;

	if (sh_cms_read(s->signature.data, s->signature.len, SH_CMS_DETACHED,
	    &cms, err))
		return (-1);
	help = (struct sh_trust_help){ .certificates = cms->certificates };
	if (sh_md_digest(cms->md, s->text.data, s->text.len, digest, err) ||
	    sh_cms_verify(cms, digest, err) || (c->trust != NULL &&
	    sh_trust_judge(c->trust, cms->signer, &help, s->at,
	    SH_PURPOSE_DOCUMENT, &f, err)))
		goto out;
	if (c->trust != NULL && sh_findings_status(&f, &sub) !=
	    SH_TOTAL_PASSED)
		(void)sh_error_set(err, SH_ESIGNATURE, "seal.broken",
		    "who signed it: %s", f.item[0].reason->key);
	else
		rc = 0;
out:
	sh_cms_free(cms);
	return (rc);
}

static int
check_stamp(struct check *c, const struct sh_seal *s, struct sh_error *err)
{
	struct sh_hash imprint;
	int64_t when;

	if (s->stamp.len == 0)
		return (0);
	return (sh_seal_imprint(s, &imprint, err) ||
	    sh_stamp_judge(s->stamp.data, s->stamp.len, s->md, imprint.b,
	    c->trust, 0, &when, err) ? -1 : 0);
}

static int
check_nodes(struct check *c, const struct sh_seal *s, struct sh_error *err)
{
	struct sh_nodes nodes;
	struct sh_hash root;
	enum sh_md md;
	int rc = -1;

	if (s->count == 0)
		return (0);
	if (sh_nodes_load(c->ar, "nodes", s->number, &md, &nodes, err))
		return (-1);
	if (md != s->md || nodes.n != s->count)
		(void)sh_error_set(err, SH_EFIXITY, "seal.broken",
		    "not as many documents as sealed");
	else if (sh_evidence_root(md, nodes.hash, nodes.n, 0, NULL, NULL,
	    &root, err) == 0)
		rc = memcmp(root.b, s->root.b, sh_md_size(md)) == 0 ? 0 :
		    sh_error_set(err, SH_EFIXITY, "seal.broken",
		    "the root of its documents");
	sh_nodes_clear(&nodes);
	return (rc);
}

static int
add_leaf(void *arg, const struct sh_leaf *leaf, struct sh_error *err)
{
	return (sh_merkle_add(arg, 0, &leaf->hash, err));
}

static int
check_trees(struct check *c, const struct sh_seal *s, struct sh_error *err)
{
	struct sh_digest root;
	unsigned i;

	if (s->ntrees != c->ar->seals->nlogs)
		return (sh_error_set(err, SH_EFIXITY, "seal.broken",
		    "another number of shards"));
	for (i = 0; i < s->ntrees; i++) {
		struct sh_merkle *t = &c->trees[i];

		if (s->trees[i].size < t->size)
			return (sh_error_set(err, SH_EFIXITY, "seal.broken",
			    "fewer changes than the seal before"));
		if (sh_log_read(c->logs[i], t->size, s->trees[i].size,
		    add_leaf, t, err))
			return (-1);
		if (t->size != s->trees[i].size)
			return (sh_error_set(err, SH_EFIXITY,
			    "seal.rolled-back", "the archive has fewer "
			    "changes than were sealed"));
		if (sh_merkle_root(t, &root, err))
			return (-1);
		if (!sh_digest_equal(&root, &s->trees[i].root))
			return (sh_error_set(err, SH_EFIXITY, "seal.forked",
			    "the changes are not those that were sealed"));
	}
	return (0);
}

static int
check_one(struct check *c, uint64_t number, struct sh_error *err)
{
	struct sh_seal s;
	int rc = 0;

	if (sh_seal_load(c->ar, number, &s, err))
		return (forgive(c, number, err));
	if (!sh_digest_equal(&s.previous, &c->previous))
		rc = tell(c, "seal.broken", "it does not follow the seal "
		    "before", number, err);
	c->previous = s.statement;
	if (rc == 0 && s.first != c->documents)
		rc = tell(c, "seal.broken", "it does not count on from the "
		    "seal before", number, err);
	c->documents = s.first + s.count;
	if (rc == 0 && check_signature(c, &s, err))
		rc = forgive(c, number, err);
	if (rc == 0 && check_stamp(c, &s, err))
		rc = forgive(c, number, err);
	if (rc == 0 && check_nodes(c, &s, err))
		rc = forgive(c, number, err);
	if (rc == 0 && check_trees(c, &s, err))
		rc = forgive(c, number, err);
	sh_seal_clear(&s);
	return (rc);
}

static int
check_renewal(struct check *c, uint64_t number, struct sh_error *err)
{
	struct sh_renewal r;
	struct sh_nodes nodes;
	struct sh_hash root;
	enum sh_md md;
	int64_t when;
	int rc = 0;

	memset(&nodes, 0, sizeof(nodes));
	if (sh_renewal_load(c->ar, number, &r, err))
		return (tell(c, "seal.broken", "a renewal of it is damaged",
		    c->ar->seals->last, err));
	if (sh_nodes_load(c->ar, "renewal-nodes", number, &md, &nodes, err) ||
	    sh_evidence_root(md, nodes.hash, nodes.n, 0, NULL, NULL, &root,
	    err) || sh_stamp_judge(r.stamp.data, r.stamp.len, md, root.b,
	    c->trust, 0, &when, err))
		rc = forgive(c, r.seals, err);
	sh_nodes_clear(&nodes);
	sh_renewal_clear(&r);
	return (rc);
}

int
sh_seals_check(struct sh_archive *ar, const struct sh_trust *trust,
    int (*finding)(void *, const char *, const char *, struct sh_error *),
    void *arg, struct sh_error *err)
{
	struct check *c;
	uint64_t n;
	unsigned i;
	int rc = -1;

	if (ar->seals == NULL)
		return (0);
	if ((c = sh_alloc(1, sizeof(*c), "a check of seals", err)) == NULL)
		return (-1);
	c->ar = ar;
	c->trust = trust;
	c->finding = finding;
	c->arg = arg;
	for (i = 0; i < ar->seals->nlogs; i++)
		if ((c->logs[i] = sh_log_new(ar->engine, i, NULL, 0, err)) ==
		    NULL)
			goto out;
	for (n = 1; n <= ar->seals->last; n++)
		if (check_one(c, n, err))
			goto out;
	for (n = 1; n <= ar->seals->renewals; n++)
		if (check_renewal(c, n, err))
			goto out;
	rc = 0;
out:
	for (i = 0; i < SH_SEAL_SHARDS_MAX; i++)
		sh_log_free(c->logs[i]);
	free(c);
	return (rc);
}
