/* An evidence record against the bytes that it is about. */
#include "archive/evidence.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "archive/stamp.h"
#include "base/mem.h"
#include "signing/cms.h"
#include "signing/der.h"

#define STAMPS_MAX	1000
#define LISTS_MAX	10000

struct verify {
	const struct sh_evidence_object *objects;
	size_t nobjects;
	const struct sh_trust *trust;
	int64_t when;
	struct sh_evidence_found *found;
	/* The stamp before, judged once the next one's time is known. */
	struct sh_der_element token;
	int has_token;
	enum sh_md token_md;
	struct sh_hash root;
	/* What the next stamp has to cover. */
	struct sh_hash want[SH_EVIDENCE_OBJECTS_MAX];
	size_t nwant;
};

static int
damaged(struct sh_error *err, const char *what)
{
	return (sh_error_set(err, SH_EFORMAT, "evidence.damaged",
	    "an evidence record: %s", what));
}

static int
broken(const struct verify *v, struct sh_error *err, const char *what)
{
	return (sh_error_set(err, SH_ESIGNATURE, "evidence.broken",
	    "time stamp %zu of the evidence record: %s", v->found->nstamps,
	    what));
}

/* ---- digests ------------------------------------------------------------- */

static int
digest_object(const struct sh_evidence_object *o, enum sh_md md,
    struct sh_hash *out, struct sh_error *err)
{
	uint64_t range[1][2] = { { 0, 0 } };
	struct stat st;

	memset(out, 0, sizeof(*out));
	if (o->fd < 0)
		return (sh_md_digest(md, o->data, o->len, out->b, err));
	if (fstat(o->fd, &st) != 0)
		return (sh_error_sys(err, "file.read", "an object"));
	range[0][1] = (uint64_t)st.st_size;
	return (sh_md_ranges(md, o->fd, (const uint64_t (*)[2])range, 1,
	    out->b, err));
}

/* A chain begins: the objects, and from the second on all that was before. */
static int
want_objects(struct verify *v, enum sh_md md, const struct sh_buf *before,
    struct sh_error *err)
{
	struct sh_hash h, sequence = { { 0 } };
	size_t i;

	if (before->len > 0 && sh_md_digest(md, before->data, before->len,
	    sequence.b, err))
		return (-1);
	for (i = 0; i < v->nobjects; i++) {
		if (digest_object(&v->objects[i], md, &h, err))
			return (-1);
		if (before->len > 0 && sh_evidence_rehash(md, &h, &sequence,
		    &h, err))
			return (-1);
		v->want[i] = h;
	}
	v->nwant = v->nobjects;
	return (0);
}

/* The next stamp of a chain covers the one before. */
static int
want_stamp(struct verify *v, enum sh_md md, struct sh_error *err)
{
	memset(&v->want[0], 0, sizeof(v->want[0]));
	v->nwant = 1;
	return (sh_md_digest(md, v->token.whole, v->token.wholelen,
	    v->want[0].b, err));
}

/* ---- one stamp ----------------------------------------------------------- */

/* A PartialHashtree as hashes; room for one more stays at the end. */
static int
read_list(struct sh_der *d, enum sh_md md, struct sh_hash **hashesp,
    size_t *np, struct sh_error *err)
{
	struct sh_der_element e, h;
	struct sh_der in;
	size_t cap = 0;

	*np = 0;
	if (sh_der_expect(d, SH_DER_SEQUENCE, &e, err) ||
	    sh_der_enter(&e, &in, err) || sh_grow(hashesp, &cap, 2,
	    sizeof(**hashesp), "hashes", err))
		return (-1);
	while (!sh_der_done(&in)) {
		if (sh_der_expect(&in, SH_DER_OCTETS, &h, err) ||
		    sh_grow(hashesp, &cap, *np + 2, sizeof(**hashesp),
		    "hashes", err))
			return (-1);
		if (h.len != sh_md_size(md))
			return (damaged(err, "a hash of another length"));
		memset(&(*hashesp)[*np], 0, sizeof(**hashesp));
		memcpy((*hashesp)[(*np)++].b, h.body, h.len);
	}
	return (*np > 0 ? 0 : damaged(err, "an empty list"));
}

static int
contains(const struct sh_hash *hashes, size_t n, const struct sh_hash *h)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (memcmp(&hashes[i], h, sizeof(*h)) == 0)
			return (1);
	return (0);
}

/*
 * The root that the lists lead to.  Several objects must be the first list
 * and nothing else.  Rule: RFC 4998 4.3
 */
static int
follow(struct verify *v, enum sh_md md, const struct sh_der_element *tree,
    struct sh_error *err)
{
	struct sh_hash *hashes = NULL;
	size_t i, n, lists = 0;
	struct sh_der d;
	int rc = -1;

	if (sh_der_enter(tree, &d, err))
		return (-1);
	while (!sh_der_done(&d)) {
		free(hashes);
		hashes = NULL;
		if (++lists > LISTS_MAX) {
			(void)damaged(err, "too many lists");
			goto out;
		}
		if (read_list(&d, md, &hashes, &n, err))
			goto out;
		for (i = 0; lists == 1 && i < v->nwant; i++) {
			if (!contains(hashes, n, &v->want[i])) {
				(void)broken(v, err, "it is about something "
				    "else");
				goto out;
			}
		}
		if (lists == 1 && v->nwant > 1 && n != v->nwant) {
			(void)broken(v, err, "its group has other members");
			goto out;
		}
		if (lists > 1)
			hashes[n++] = v->root;
		if (sh_evidence_list(md, hashes, n, &v->root, err))
			goto out;
	}
	if (lists == 0)
		(void)damaged(err, "a tree without lists");
	else
		rc = 0;
out:
	free(hashes);
	return (rc);
}

/* The stamp that waited, now that it is known until when it had to hold. */
static int
judge_last(struct verify *v, int64_t until, int64_t *whenp,
    struct sh_error *err)
{
	return (sh_stamp_judge(v->token.whole, v->token.wholelen,
	    v->token_md, v->root.b, v->trust, until, whenp, err));
}

/* The time that a token tells; nothing else of it is looked at yet. */
static int
token_time(const struct sh_der_element *token, enum sh_md *mdp,
    int64_t *whenp, struct sh_error *err)
{
	struct sh_timestamp stamp;
	struct sh_cms *cms;
	int rc;

	if (sh_cms_read(token->whole, token->wholelen, SH_CMS_TIMESTAMP,
	    &cms, err))
		return (-1);
	rc = sh_timestamp_read(cms, &stamp, err);
	*mdp = stamp.md;
	*whenp = stamp.when;
	sh_cms_free(cms);
	return (rc);
}

struct parts {
	struct sh_der_element tree, token;
	int has_tree;
	enum sh_md md, token_md;
	int64_t when;
};

static int
read_parts(const struct sh_der_element *stamp, struct parts *p,
    struct sh_error *err)
{
	struct sh_der_element e;
	struct sh_der d;
	int got;

	p->md = SH_MD_NONE;
	if (sh_der_enter(stamp, &d, err) ||
	    (got = sh_der_optional(&d, SH_DER_CONTEXT_C(0), &e, err)) < 0 ||
	    (got && sh_md_read(&e, &p->md, err)) ||
	    sh_der_optional(&d, SH_DER_CONTEXT_C(1), &e, err) < 0 ||
	    (p->has_tree = sh_der_optional(&d, SH_DER_CONTEXT_C(2), &p->tree,
	    err)) < 0 ||
	    sh_der_expect(&d, SH_DER_SEQUENCE, &p->token, err) ||
	    sh_der_finish(&d, err) ||
	    token_time(&p->token, &p->token_md, &p->when, err))
		return (-1);
	if (!got)
		p->md = p->token_md;
	if (p->md == SH_MD_NONE || !sh_md_strong(p->md))
		return (sh_error_set(err, SH_ESIGNATURE, "cms.weak",
		    "an evidence record over a weak digest"));
	return (0);
}

/* ArchiveTimeStamp; BEFORE: the chains before this one. */
static int
verify_stamp(struct verify *v, const struct sh_der_element *stamp,
    int begins, enum sh_md *chain_mdp, const struct sh_buf *before,
    struct sh_error *err)
{
	int64_t when;
	struct parts p;

	if (++v->found->nstamps > STAMPS_MAX)
		return (damaged(err, "too many time stamps"));
	if (read_parts(stamp, &p, err))
		return (-1);
	if (v->has_token && judge_last(v, p.when, &when, err))
		return (-1);
	if (v->has_token && p.when < when)
		return (broken(v, err, "it is older than the one before"));
	if (begins ? want_objects(v, p.md, before, err) :
	    want_stamp(v, p.md, err))
		return (-1);
	if (!begins && p.md != *chain_mdp)
		return (broken(v, err, "its chain has another digest"));
	*chain_mdp = p.md;
	if (p.has_tree) {
		if (follow(v, p.md, &p.tree, err))
			return (-1);
	} else if (v->nwant != 1) {
		return (broken(v, err, "it has no tree for its objects"));
	} else
		v->root = v->want[0];
	if (v->found->nstamps == 1)
		v->found->first = p.when;
	v->found->last = p.when;
	v->token = p.token;
	v->token_md = p.md;
	v->has_token = 1;
	return (0);
}

/* ---- the record ---------------------------------------------------------- */

/* SEQUENCE of the chains in BYTES, as it was when the next one began. */
static int
wrap(const uint8_t *chains, size_t len, struct sh_buf *out,
    struct sh_error *err)
{
	struct sh_der_writer w;

	sh_buf_reset(out);
	if (len == 0)
		return (0);
	sh_der_write_begin(&w, out, err);
	sh_der_put(&w, SH_DER_SEQUENCE, chains, len);
	return (sh_der_write_end(&w));
}

static int
verify_sequence(struct verify *v, const struct sh_der_element *sequence,
    struct sh_error *err)
{
	struct sh_buf before = SH_BUF_INIT;
	struct sh_der_element chain, stamp;
	struct sh_der chains, stamps;
	enum sh_md md = SH_MD_NONE;
	int64_t when;
	int begins, rc = -1;

	if (sh_der_enter(sequence, &chains, err))
		return (-1);
	while (!sh_der_done(&chains)) {
		if (sh_der_expect(&chains, SH_DER_SEQUENCE, &chain, err) ||
		    sh_der_enter(&chain, &stamps, err) ||
		    wrap(sequence->body, (size_t)(chain.whole -
		    sequence->body), &before, err))
			goto out;
		v->found->nchains++;
		for (begins = 1; !sh_der_done(&stamps); begins = 0)
			if (sh_der_expect(&stamps, SH_DER_SEQUENCE, &stamp,
			    err) || verify_stamp(v, &stamp, begins, &md,
			    &before, err))
				goto out;
		if (begins) {
			(void)damaged(err, "an empty chain");
			goto out;
		}
	}
	if (!v->has_token)
		(void)damaged(err, "no time stamp");
	else
		rc = judge_last(v, v->when, &when, err);
out:
	sh_buf_free(&before);
	return (rc);
}

int
sh_evidence_verify(const void *record, size_t len,
    const struct sh_evidence_object *objects, size_t n,
    const struct sh_trust *trust, int64_t when,
    struct sh_evidence_found *out, struct sh_error *err)
{
	struct sh_der_element e, version;
	struct verify *v;
	struct sh_der d;
	uint64_t number;
	int rc = -1;

	memset(out, 0, sizeof(*out));
	if (len > SH_EVIDENCE_MAX || n == 0 || n > SH_EVIDENCE_OBJECTS_MAX)
		return (sh_error_set(err, SH_ELIMIT, "evidence.limit",
		    "an evidence record of %zu bytes about %zu objects", len,
		    n));
	if ((v = sh_alloc(1, sizeof(*v), "an evidence record", err)) == NULL)
		return (-1);
	v->objects = objects;
	v->nobjects = n;
	v->trust = trust;
	v->when = when;
	v->found = out;
	/* { version 1, digestAlgorithms, [0], [1], the sequence } */
	sh_der_init(&d, record, len, SH_BER);
	if (sh_der_expect(&d, SH_DER_SEQUENCE, &e, err) ||
	    sh_der_finish(&d, err) || sh_der_enter(&e, &d, err) ||
	    sh_der_expect(&d, SH_DER_INTEGER, &version, err) ||
	    sh_der_uint(&version, 1, &number, err) ||
	    sh_der_expect(&d, SH_DER_SEQUENCE, &e, err) ||
	    sh_der_optional(&d, SH_DER_CONTEXT_C(0), &e, err) < 0 ||
	    sh_der_optional(&d, SH_DER_CONTEXT_C(1), &e, err) < 0 ||
	    sh_der_expect(&d, SH_DER_SEQUENCE, &e, err) ||
	    sh_der_finish(&d, err) || verify_sequence(v, &e, err))
		goto out;
	rc = 0;
out:
	free(v);
	return (rc);
}
