/* Seals are made, stamped, compared with the archive. */
#include "archive/seal_internal.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/log.h"
#include "base/mem.h"
#include "signing/cms.h"

#define STAMP_SLACK_S	600	/* clocks of ours and of the authority */

/* ---- open, close --------------------------------------------------------- */

static int
forked(struct sh_error *err, const char *what)
{
	return (sh_error_set(err, SH_EFIXITY, "seal.forked",
	    "the archive is not the one that was sealed: %s", what));
}

struct last_leaf {
	const struct sh_seal_tree *tree;
	int found;	/* 1: as sealed, -1: another one */
};

static int
compare_leaf(void *arg, const struct sh_fed *item, struct sh_error *err)
{
	struct last_leaf *l = arg;
	struct sh_digest d;

	if (sh_log_leaf(item, &d, err))
		return (-1);
	l->found = item->position == l->tree->position &&
	    sh_digest_equal(&d, &l->tree->leaf) ? 1 : -1;
	return (1);
}

int
sh_seal_match(struct sh_archive *ar, const struct sh_seal *s,
    struct sh_error *err)
{
	struct last_leaf l;
	unsigned i;

	if (s->ntrees != ar->seals->nlogs)
		return (forked(err, "another number of shards"));
	for (i = 0; i < s->ntrees; i++) {
		l.tree = &s->trees[i];
		l.found = l.tree->size == 0;
		if (!l.found && sh_engine_feed(ar->engine, i, NULL,
		    l.tree->position - 1, compare_leaf, &l, err))
			return (-1);
		if (l.found == 0)
			return (sh_error_set(err, SH_EFIXITY,
			    "seal.rolled-back", "the archive ends before "
			    "seal %llu", (unsigned long long)s->number));
		if (l.found < 0)
			return (forked(err, "its last sealed change"));
	}
	return (0);
}

/* A copy of the last seal against those that are there. */
static int
compare_copy(struct sh_archive *ar, const char *path, int *lostp,
    struct sh_error *err)
{
	struct sh_buf file = SH_BUF_INIT;
	struct sh_digest theirs;
	struct sh_seal own;
	json_t *v = NULL, *statement = NULL;
	const char *text;
	int64_t number;
	int rc = -1;

	if (access(path, F_OK) != 0) {
		/* Only a first seal has no copy yet. */
		*lostp = ar->seals->last > 1;
		return (0);
	}
	if (sh_fs_read(path, (size_t)4 << 20, &file, err) ||
	    (v = sh_json_parse(file.data, file.len, file.len, err)) == NULL ||
	    sh_json_str(v, "statement", 1, file.len, &text, err) ||
	    (statement = sh_json_parse(text, strlen(text), file.len, err)) ==
	    NULL || sh_json_int(statement, "number", 1, 1, INT64_MAX, 0,
	    &number, err) || sh_sha256(text, strlen(text), &theirs, err)) {
		/* What is damaged there says nothing about us. */
		if (err->code == SH_ENOMEM)
			goto out;
		sh_log(SH_WARN, "seals: %s: %s", path, err->text);
		sh_error_clear(err);
		*lostp = 1;
		rc = 0;
	} else if ((uint64_t)number > ar->seals->last) {
		(void)sh_error_set(err, SH_EFIXITY, "seal.rolled-back",
		    "seal %lld is known, the archive's last is %llu",
		    (long long)number, (unsigned long long)ar->seals->last);
	} else if (sh_seal_load(ar, (uint64_t)number, &own, err) == 0) {
		rc = sh_digest_equal(&own.statement, &theirs) ? 0 :
		    forked(err, "a copy of one of its seals differs");
		sh_seal_clear(&own);
	}
out:
	json_decref(statement);
	json_decref(v);
	sh_buf_free(&file);
	return (rc);
}

/* How many of the seals have their stamp, and since when one has not. */
static int
count_stamped(struct sh_archive *ar, struct sh_error *err)
{
	struct sh_seals *s = ar->seals;
	uint64_t lo = 0, hi = s->last, mid;
	struct sh_seal seal;

	/* 1 .. LO have it, those behind HI do not. */
	while (lo < hi) {
		mid = hi - (hi - lo) / 2;
		if (sh_seal_load(ar, mid, &seal, err))
			return (-1);
		if (seal.stamp.len > 0)
			lo = mid;
		else {
			hi = mid - 1;
			s->pending_since = seal.at;
		}
		sh_seal_clear(&seal);
	}
	s->stamped = lo;
	if (lo == s->last)
		s->pending_since = 0;
	return (0);
}

static int
open_logs(struct sh_archive *ar, struct sh_error *err)
{
	struct sh_seals *s = ar->seals;
	unsigned i, n = sh_engine_shards(ar->engine);

	if (n > SH_SEAL_SHARDS_MAX)
		return (sh_error_set(err, SH_ELIMIT, "engine.limit",
		    "%u shards, limit %d", n, SH_SEAL_SHARDS_MAX));
	for (i = 0; i < n; i++)
		if ((s->logs[i] = sh_log_new(ar->engine, i, s->dir,
		    !ar->readonly, err)) == NULL)
			return (-1);
	s->nlogs = n;
	return (0);
}

/* What was hashed anew has its new digest for good. */
static int
find_digest(struct sh_archive *ar, struct sh_error *err)
{
	struct sh_renewal r;

	ar->seals->md = SH_MD_SHA256;
	if (sh_renewal_last(ar, &ar->seals->renewals, err))
		return (-1);
	if (ar->seals->renewals == 0)
		return (0);
	if (sh_renewal_load(ar, ar->seals->renewals, &r, err))
		return (-1);
	ar->seals->md = r.md;
	sh_renewal_clear(&r);
	return (0);
}

enum sh_md
sh_seals_digest(const struct sh_archive *ar)
{
	return (ar->seals != NULL ? ar->seals->md : SH_MD_SHA256);
}

static int
open_seals(struct sh_archive *ar, const struct sh_archive_place *p,
    struct sh_error *err)
{
	struct sh_seals *s = ar->seals;
	struct sh_seal seal;
	int lost, rc;

	s->must_stamp = p->must_stamp;
	if ((s->dir = sh_strdup(p->seals, err)) == NULL ||
	    (s->keys = sh_path_join(p->keys, "last.seal", err)) == NULL ||
	    (p->witness != NULL && (s->witness = sh_asprintf(err,
	    "%s/%s.seal", p->witness, ar->id)) == NULL) ||
	    (!ar->readonly && sh_fs_mkdirs(s->dir, 0700, err)) ||
	    open_logs(ar, err) || sh_seal_last(ar, &s->last, err) ||
	    find_digest(ar, err) ||
	    compare_copy(ar, s->keys, &lost, err) || (s->witness != NULL &&
	    compare_copy(ar, s->witness, &s->witness_lost, err)) ||
	    count_stamped(ar, err))
		return (-1);
	if (s->last == 0)
		return (0);
	if (sh_seal_load(ar, s->last, &seal, err))
		return (-1);
	rc = sh_seal_match(ar, &seal, err);
	sh_seal_clear(&seal);
	return (rc);
}

int
sh_seals_open(struct sh_archive *ar, const struct sh_archive_place *p,
    struct sh_error *err)
{
	if (p->seals == NULL)
		return (0);
	if ((ar->seals = sh_alloc(1, sizeof(*ar->seals), "the seals", err)) ==
	    NULL)
		return (-1);
	if (open_seals(ar, p, err) == 0)
		return (0);
	/* A damaged seal takes nobody's documents away from readers. */
	if (!ar->readonly || strcmp(err->key, "seal.broken") != 0)
		return (-1);
	sh_log(SH_WARN, "seals: %s", err->text);
	sh_error_clear(err);
	return (0);
}

void
sh_seals_close(struct sh_archive *ar)
{
	struct sh_seals *s = ar->seals;
	unsigned i;

	if (s == NULL)
		return;
	for (i = 0; i < SH_SEAL_SHARDS_MAX; i++)
		sh_log_free(s->logs[i]);
	free(s->dir);
	free(s->keys);
	free(s->witness);
	free(s);
	ar->seals = NULL;
}

/* Rule: the grace that X-Road's security servers give their authority. */
static int
is_overdue(const struct sh_seals *s, int64_t now)
{
	return (s->must_stamp && s->pending_since != 0 &&
	    now - s->pending_since > SH_SEAL_GRACE_S);
}

int
sh_seals_permit(const struct sh_archive *ar, struct sh_error *err)
{
	char since[SH_TIME_LEN];

	if (ar->seals == NULL || !is_overdue(ar->seals, sh_now()))
		return (0);
	sh_time_print(ar->seals->pending_since, since);
	sh_error_param(err, "value", "%s", since);
	return (sh_error_set(err, SH_EAGAIN, "seal.overdue",
	    "no time stamp since %s", since));
}

/* ---- stamps -------------------------------------------------------------- */

static int
stamp_one(const struct sh_sealing *with, const struct sh_hash *imprint,
    enum sh_md md, int64_t not_before, struct sh_buf *token,
    struct sh_error *err)
{
	int64_t when;

	if (with->stamper->stamp(with->stamper->arg, md, imprint->b, token,
	    err) || sh_stamp_judge(token->data, token->len, md, imprint->b,
	    with->trust, 0, &when, err))
		return (-1);
	if (when < not_before - STAMP_SLACK_S ||
	    when > with->now + STAMP_SLACK_S)
		return (sh_error_set(err, SH_ESIGNATURE, "stamp.time",
		    "the authority's clock and ours differ by %lld s",
		    (long long)(when - with->now)));
	return (0);
}

/* 1 when the authority is the cause, which then stands in WHY. */
static int
is_excused(struct sh_error *err, struct sh_error *why)
{
	if (err->code == SH_ENOMEM)
		return (0);
	sh_log(SH_WARN, "seals: %s", err->text);
	if (why != NULL)
		*why = *err;
	sh_error_clear(err);
	return (1);
}

static int
stamp_pending(struct sh_archive *ar, const struct sh_sealing *with,
    struct sh_error *why, struct sh_error *err)
{
	struct sh_seals *s = ar->seals;
	struct sh_seal seal;
	struct sh_hash imprint;
	int rc = 0;

	while (rc == 0 && with->stamper != NULL && s->stamped < s->last) {
		if (sh_seal_load(ar, s->stamped + 1, &seal, err))
			return (-1);
		s->pending_since = seal.at;
		if (sh_seal_imprint(&seal, &imprint, err) ||
		    stamp_one(with, &imprint, seal.md, seal.at, &seal.stamp,
		    err))
			rc = is_excused(err, why) ? 1 : -1;
		else if ((rc = sh_seal_store(ar, &seal, err)) == 0 &&
		    ++s->stamped == s->last)
			s->pending_since = 0;
		sh_seal_clear(&seal);
	}
	return (rc < 0 ? -1 : 0);
}

/* ---- making -------------------------------------------------------------- */

struct collect {
	struct sh_archive *ar;
	struct sh_seal *seal;
	struct sh_seal_tree *tree;
	struct sh_merkle merkle;
	struct sh_nodes nodes;
	uint64_t changes;
};

/* The document that a change archived becomes a leaf of its own tree. */
static int
collect_document(struct collect *c, const struct sh_leaf *leaf,
    struct sh_error *err)
{
	struct sh_hash group[SH_SEAL_GROUP_MAX], node;
	struct sh_tag document;
	json_t *record;
	size_t n;
	int r, rc = -1;

	if ((r = sh_event_document(c->ar, leaf->item, &document, err)) <= 0)
		return (r);
	record = sh_document_record(c->ar, &leaf->item->holder, &document,
	    err);
	if (record == NULL) {
		if (err->code != SH_ENOTFOUND)
			return (-1);
		/* Destroyed before it was sealed. */
		sh_error_clear(err);
		return (0);
	}
	if (sh_seal_group(c->ar, record, &leaf->item->digest, c->seal->md,
	    NULL, group, &n, err) == 0 &&
	    sh_evidence_list(c->seal->md, group, n, &node, err) == 0)
		rc = sh_nodes_add(&c->nodes, leaf->index, &node, err);
	json_decref(record);
	return (rc);
}

static int
collect_leaf(void *arg, const struct sh_leaf *leaf, struct sh_error *err)
{
	struct collect *c = arg;

	if (sh_merkle_add(&c->merkle, 0, &leaf->hash, err) ||
	    collect_document(c, leaf, err))
		return (-1);
	c->tree->leaf = leaf->hash;
	c->tree->position = leaf->item->position;
	return (++c->changes == SH_SEAL_MAX_CHANGES);
}

/* The tree as it was sealed last; what is kept of it may be wrong. */
static int
begin_tree(struct sh_log *log, const struct sh_seal_tree *sealed,
    struct sh_merkle *out, struct sh_error *err)
{
	struct sh_digest root;
	int tries;

	for (tries = 0; tries < 2; tries++) {
		if (sh_log_tree(log, sealed->size, out, err) == 0) {
			if (sealed->size == 0)
				return (0);
			if (sh_merkle_root(out, &root, err))
				return (-1);
			if (sh_digest_equal(&root, &sealed->root))
				return (0);
		} else if (err->code != SH_EFIXITY)
			return (-1);
		sh_error_clear(err);
		sh_log_reset(log);
	}
	return (forked(err, "the root of its changes"));
}

static int
collect_changes(struct collect *c, struct sh_error *err)
{
	unsigned i;

	for (i = 0; i < c->ar->seals->nlogs; i++) {
		c->tree = &c->seal->trees[i];
		if (begin_tree(c->ar->seals->logs[i], c->tree, &c->merkle,
		    err) || (c->changes < SH_SEAL_MAX_CHANGES &&
		    sh_log_read(c->ar->seals->logs[i], c->tree->size,
		    UINT64_MAX, collect_leaf, c, err)))
			return (-1);
		c->tree->size = c->merkle.size;
		if (sh_merkle_root(&c->merkle, &c->tree->root, err))
			return (-1);
	}
	return (0);
}

/* Sizes and digest of the seal before. */
static int
follow_last(struct sh_archive *ar, const struct sh_sealing *with,
    struct sh_seal *out, struct sh_error *err)
{
	struct sh_seal seal;
	int back;

	memset(out, 0, sizeof(*out));
	out->number = ar->seals->last + 1;
	out->at = with->now;
	out->md = ar->seals->md;
	out->ntrees = ar->seals->nlogs;
	if (ar->seals->last == 0)
		return (0);
	if (sh_seal_load(ar, ar->seals->last, &seal, err))
		return (-1);
	out->previous = seal.statement;
	out->first = seal.first + seal.count;
	memcpy(out->trees, seal.trees, sizeof(out->trees));
	back = with->now < seal.at;
	sh_seal_clear(&seal);
	if (back)
		return (sh_error_set(err, SH_EAGAIN, "seal.clock",
		    "the clock stands before the last seal"));
	return (0);
}

static int
sign(const struct sh_sealing *with, struct sh_seal *s, struct sh_error *err)
{
	uint8_t digest[SH_MD_MAX];

	if (sh_md_digest(sh_sig_md(sh_signer_algorithm(with->signer)),
	    s->text.data, s->text.len, digest, err))
		return (-1);
	return (sh_cms_sign(with->signer, digest, &s->signature, err));
}

/* 1 if a seal was made, 0 if nothing has changed, -1. */
static int
make_one(struct sh_archive *ar, const struct sh_sealing *with,
    struct sh_error *err)
{
	struct sh_seals *seals = ar->seals;
	struct sh_seal s;
	struct collect c = { .ar = ar, .seal = &s };
	int r = -1;

	if (follow_last(ar, with, &s, err) || collect_changes(&c, err))
		goto out;
	if (c.changes == 0) {
		r = 0;
		goto out;
	}
	s.count = c.nodes.n;
	if (s.count > 0 && (sh_evidence_root(s.md, c.nodes.hash, s.count, 0,
	    NULL, NULL, &s.root, err) ||
	    sh_nodes_store(ar, "nodes", s.number, s.md, &c.nodes, err)))
		goto out;
	if (sh_seal_state(ar, &s, err) || sign(with, &s, err) ||
	    sh_seal_store(ar, &s, err))
		goto out;
	seals->last = s.number;
	if (seals->pending_since == 0)
		seals->pending_since = s.at;
	r = 1;
out:
	sh_nodes_clear(&c.nodes);
	sh_seal_clear(&s);
	return (r);
}

int
sh_seals_make(struct sh_archive *ar, const struct sh_sealing *with,
    unsigned *np, struct sh_error *why, struct sh_error *err)
{
	int r;

	*np = 0;
	if (ar->seals == NULL || ar->readonly)
		return (sh_error_set(err, SH_EDENIED, "archive.readonly",
		    "the archive was opened without its seals"));
	/* What waited is stamped first: its time is running out. */
	if (stamp_pending(ar, with, why, err))
		return (-1);
	while ((r = make_one(ar, with, err)) == 1)
		++*np;
	ar->seals->looked_at = with->now;
	ar->seals->changes = 0;
	if (r < 0 || *np == 0)
		return (r);
	return (stamp_pending(ar, with, why, err));
}

int
sh_seals_due(struct sh_archive *ar, const struct sh_sealing *with,
    struct sh_error *why, struct sh_error *err)
{
	unsigned n;

	if (ar->seals == NULL || (with->now - ar->seals->looked_at <
	    SH_SEAL_EVERY_S && ar->seals->changes < SH_SEAL_DUE_CHANGES))
		return (0);
	return (sh_seals_make(ar, with, &n, why, err));
}

/* ---- status -------------------------------------------------------------- */

static int
take_position(void *arg, const struct sh_leaf *leaf, struct sh_error *err)
{
	(void)err;
	*(uint64_t *)arg = leaf->item->position;
	return (1);
}

/* What SHARD's feed has behind the first SIZE leaves; gaps counted too. */
static int
count_unsealed(struct sh_archive *ar, unsigned shard, uint64_t size,
    uint64_t *np, struct sh_error *err)
{
	uint64_t sealed = 0, end;

	if (size > 0 && sh_log_read(ar->seals->logs[shard], size - 1, size,
	    take_position, &sealed, err))
		return (-1);
	/* An archive that fell back has less than was sealed. */
	if (size > 0 && sealed == 0)
		return (0);
	if (sh_engine_feed_end(ar->engine, shard, sealed, &end, err))
		return (-1);
	*np += end - sealed;
	return (0);
}

static int
fill_status(struct sh_archive *ar, int64_t now, json_t *v,
    struct sh_error *err)
{
	const struct sh_seals *s = ar->seals;
	uint64_t sealed = 0, unsealed = 0;
	char at[SH_TIME_LEN] = "", since[SH_TIME_LEN] = "";
	struct sh_seal seal;
	unsigned i;

	memset(&seal, 0, sizeof(seal));
	if (s->last > 0) {
		if (sh_seal_load(ar, s->last, &seal, err))
			return (-1);
		sh_time_print(seal.at, at);
		sh_buf_free(&seal.text);
		sh_buf_free(&seal.signature);
		sh_buf_free(&seal.stamp);
	}
	for (i = 0; i < s->nlogs; i++) {
		sealed += seal.trees[i].size;
		if (count_unsealed(ar, i, seal.trees[i].size, &unsealed, err))
			return (-1);
	}
	if (s->pending_since != 0)
		sh_time_print(s->pending_since, since);
	return (sh_json_set_int(v, "last", (int64_t)s->last, err) ||
	    sh_json_set_str(v, "at", *at != '\0' ? at : NULL, err) ||
	    sh_json_set_int(v, "sealed", (int64_t)sealed, err) ||
	    sh_json_set_int(v, "unsealed", (int64_t)unsealed, err) ||
	    sh_json_set_int(v, "stamped", (int64_t)s->stamped, err) ||
	    sh_json_set_int(v, "pending", (int64_t)(s->last - s->stamped),
	    err) || sh_json_set_str(v, "pending_since", *since != '\0' ?
	    since : NULL, err) || sh_json_set(v, "stamps_wanted",
	    json_boolean(s->must_stamp), err) ||
	    sh_json_set(v, "refusing", json_boolean(is_overdue(s, now)),
	    err) || sh_json_set_int(v, "renewals", (int64_t)s->renewals,
	    err) || sh_json_set_str(v, "witness", s->witness == NULL ?
	    "none" : s->witness_lost ? "lost" : "kept", err) ? -1 : 0);
}

int
sh_seals_status(struct sh_archive *ar, int64_t now, json_t **answer,
    struct sh_error *err)
{
	json_t *v;

	*answer = NULL;
	if (ar->seals == NULL)
		return (sh_error_set(err, SH_ENOTFOUND, "seal.missing",
		    "the archive was opened without its seals"));
	if ((v = sh_json_new_object(err)) == NULL)
		return (-1);
	if (fill_status(ar, now, v, err)) {
		json_decref(v);
		return (-1);
	}
	*answer = v;
	return (0);
}
