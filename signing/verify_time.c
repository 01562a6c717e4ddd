/*
 * From the outermost time stamp inwards: each is judged at the moment that
 * the one around it proves, the outermost at the moment of asking.
 *
 * Rule: EN 319 102-1 5.5 and 5.6 (proofs of existence, past validation).
 */
#include <stdlib.h>
#include <string.h>

#include <openssl/x509.h>

#include "base/clock.h"
#include "base/mem.h"
#include "signing/certificate.h"
#include "signing/policy.h"
#include "signing/tsa.h"
#include "signing/verify_internal.h"

static int
outermost_first(const void *va, const void *vb)
{
	const struct sh_judged *a = *(struct sh_judged *const *)va;
	const struct sh_judged *b = *(struct sh_judged *const *)vb;

	return (a->sig.end > b->sig.end ? -1 : a->sig.end < b->sig.end);
}

/* SIGNER's certificate at the moment WHEN. */
static int
judge_chain(struct sh_verifying *v, const struct sh_cms *cms, int64_t when,
    enum sh_purpose purpose, STACK_OF(X509) **chainp,
    struct sh_findings *found, struct sh_error *err)
{
	struct sh_trust_help help = { .certificates = cms->certificates,
	    .more = v->dss.certificates, .answers = &v->dss.answers,
	    .now = v->when, .strict = 1, .chainp = chainp };

	return (sh_trust_judge(v->trust, cms->signer, &help, when, purpose,
	    found, err));
}

static void
check_digest(enum sh_md md, int64_t when, struct sh_findings *found)
{
	char why[64];

	if (!sh_policy_digest(md, when, why))
		sh_findings_add(found, "cms.weak", "%s", why);
}

/* What lies in the first END bytes of the file existed at POE. */
static void
prove_answers(struct sh_verifying *v, uint64_t end, int64_t poe)
{
	struct sh_answer *a;
	size_t i;

	for (i = 0; i < v->dss.answers.n; i++) {
		a = &v->dss.answers.item[i];
		if (a->at < end && (a->known == 0 || poe < a->known))
			a->known = poe;
	}
}

/* *POEP: until now what it covers existed at that moment; then earlier. */
static int
judge_document_stamp(struct sh_verifying *v, struct sh_judged *j,
    int64_t *poep, struct sh_error *err)
{
	const char *sub;

	j->proven = *poep;
	check_digest(j->over, *poep, &j->found);
	check_digest(j->cms->md, *poep, &j->found);
	if (judge_chain(v, j->cms, *poep, SH_PURPOSE_TIMESTAMP, &j->chain,
	    &j->found, err))
		return (-1);
	if (j->stamped > *poep + SH_CLOCK_SKEW_S)
		sh_findings_add(&j->found, "time.order", "%s", *poep ==
		    v->when ? "in the future" : "later than what covers it");
	if (sh_findings_status(&j->found, &sub) != SH_TOTAL_PASSED)
		return (0);
	v->stamped = 1;
	if (j->stamped < *poep)
		*poep = j->stamped;
	prove_answers(v, j->sig.end, *poep);
	return (0);
}

/* The token over the signature value: is it, and by whom? */
static int
check_token(struct sh_verifying *v, struct sh_judged *j, int64_t poe,
    struct sh_error *err)
{
	struct sh_findings *found = &j->stamp.found;
	struct sh_timestamp said;
	struct sh_cms *cms = NULL;
	uint8_t digest[SH_MD_MAX];
	int rc = -1;

	if (sh_cms_read(j->cms->token, j->cms->tokenlen, SH_CMS_OLD |
	    SH_CMS_TIMESTAMP, &cms, err) ||
	    sh_timestamp_read(cms, &said, err) ||
	    sh_md_digest(cms->md, cms->content.data, cms->content.len, digest,
	    err) || sh_cms_verify(cms, digest, err) ||
	    sh_md_digest(said.md, j->cms->signature, j->cms->signaturelen,
	    digest, err)) {
		rc = sh_findings_error(found, err);
		goto out;
	}
	j->stamp.when = said.when;
	if ((j->stamp.signer = sh_certificate_name(cms->signer, err)) == NULL)
		goto out;
	if (memcmp(digest, said.imprint, sh_md_size(said.md)) != 0)
		sh_findings_add(found, "cms.digest", "the time stamp is "
		    "another signature's");
	check_digest(said.md, poe, found);
	check_digest(cms->md, poe, found);
	if (said.when > poe + SH_CLOCK_SKEW_S)
		sh_findings_add(found, "time.order", "%s", poe == v->when ?
		    "in the future" : "later than what covers it");
	rc = judge_chain(v, cms, poe, SH_PURPOSE_TIMESTAMP, &j->stamp.chain,
	    found, err);
out:
	sh_cms_free(cms);
	return (rc);
}

static int
judge_signature(struct sh_verifying *v, struct sh_judged *j, int64_t poe,
    struct sh_error *err)
{
	char text[SH_TIME_LEN];
	const char *sub;

	j->proven = poe;
	j->preserved = j->stamped_time = v->stamped;
	if (j->cms->token != NULL) {
		j->stamp.there = 1;
		if (check_token(v, j, poe, err))
			return (-1);
		if (!sh_findings_integrity(&j->stamp.found))
			sh_findings_add(&j->found, "time.damaged", "%s",
			    j->stamp.found.item[0].reason->key);
		else if (sh_findings_status(&j->stamp.found, &sub) !=
		    SH_TOTAL_PASSED)
			sh_findings_add(&j->found, "time.untrusted", "%s",
			    sub);
		else {
			j->stamped_time = 1;
			if (j->stamp.when < j->proven)
				j->proven = j->stamp.when;
		}
	}
	/* A stamp of the value proves nothing about the document's bytes. */
	check_digest(j->cms->md, poe, &j->found);
	if (j->stamped_time) {
		sh_time_print(j->proven, text);
		sh_findings_add(&j->found, "time.proven", "%s", text);
	} else
		sh_findings_add(&j->found, "time.claimed", "%s", "");
	return (judge_chain(v, j->cms, j->proven, SH_PURPOSE_DOCUMENT,
	    &j->chain, &j->found, err));
}

int
sh_verify_times(struct sh_verifying *v, struct sh_error *err)
{
	struct sh_judged **order;
	int64_t poe = v->when;
	size_t i;
	int rc = 0;

	order = sh_alloc(v->njudged, sizeof(*order), "signatures", err);
	if (order == NULL)
		return (-1);
	for (i = 0; i < v->njudged; i++)
		order[i] = &v->judged[i];
	qsort(order, v->njudged, sizeof(*order), outermost_first);
	for (i = 0; rc == 0 && i < v->njudged; i++) {
		if (!order[i]->right)
			continue;
		rc = order[i]->sig.sub == SH_SUB_STAMP ?
		    judge_document_stamp(v, order[i], &poe, err) :
		    judge_signature(v, order[i], poe, err);
	}
	free(order);
	return (rc);
}
