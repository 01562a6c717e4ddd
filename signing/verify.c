#include "signing/verify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <openssl/x509.h>

#include "base/mem.h"
#include "signing/certificate.h"
#include "signing/policy.h"
#include "signing/verify_internal.h"

#define MAX_SIGNATURES	64

/* ---- the CMS ---- */

static int
describe(struct sh_judged *j, const struct sh_cms *cms, struct sh_error *err)
{
	const EVP_PKEY *key = X509_get0_pubkey(cms->signer);

	(void)snprintf(j->algorithm, sizeof(j->algorithm), "%s %d, %s",
	    sh_scheme_name(cms->scheme),
	    key != NULL ? EVP_PKEY_get_bits(key) : 0, sh_md_name(cms->md));
	j->signer = sh_certificate_name(cms->signer, err);
	return (j->signer != NULL ? 0 : -1);
}

/*
 * A document time stamp is a token over the ranges: its own signature is
 * over what it says, and what it says must be the ranges' digest.
 */
static int
check_stamp(struct sh_verifying *v, struct sh_judged *j,
    const struct sh_cms *cms, struct sh_error *err)
{
	struct sh_timestamp stamp;
	uint8_t digest[SH_MD_MAX];

	if (sh_timestamp_read(cms, &stamp, err) ||
	    sh_md_ranges(stamp.md, sh_pdf_fd(v->doc),
	    (const uint64_t (*)[2])j->sig.range, 2, digest, err))
		return (-1);
	j->stamped = stamp.when;
	j->over = stamp.md;
	if (memcmp(digest, stamp.imprint, sh_md_size(stamp.md)) != 0)
		return (sh_error_set(err, SH_ESIGNATURE, "cms.digest",
		    "the time stamp is another document's"));
	if (sh_md_digest(cms->md, cms->content.data, cms->content.len, digest,
	    err))
		return (-1);
	return (sh_cms_verify(cms, digest, err));
}

/* Is the value right?  Whether it counts is asked when all are read. */
static int
check_cms(struct sh_verifying *v, struct sh_judged *j, struct sh_error *err)
{
	const struct sh_pdf_value *c = j->sig.contents;
	struct sh_cms *cms;
	uint8_t digest[SH_MD_MAX];
	int stamp = j->sig.sub == SH_SUB_STAMP, rc;

	rc = sh_cms_read(c->text, c->len, SH_CMS_OLD | (stamp ?
	    SH_CMS_TIMESTAMP : SH_CMS_DETACHED), &j->cms, err);
	cms = j->cms;
	if (rc == 0) {
		j->over = cms->md;
		rc = describe(j, cms, err);
	}
	if (rc == 0 && stamp)
		rc = check_stamp(v, j, cms, err);
	else if (rc == 0) {
		rc = sh_md_ranges(cms->md, sh_pdf_fd(v->doc),
		    (const uint64_t (*)[2])j->sig.range, 2, digest, err);
		if (rc == 0)
			rc = sh_cms_verify(cms, digest, err);
	}
	if (rc != 0)
		return (sh_findings_error(&j->found, err));
	j->right = 1;
	/* Rule: EN 319 142-1 6.3: signing-certificate is mandatory. */
	if (cms->ess == 0 && j->sig.sub != SH_SUB_PKCS7)
		sh_findings_add(&j->found, "cms.ess", "no "
		    "signing-certificate attribute");
	if (j->sig.sub == SH_SUB_PKCS7)
		sh_findings_add(&j->found, "signature.profile",
		    "adbe.pkcs7.detached");
	if (j->sig.claimed == 0 && cms->has_signing_time)
		j->sig.claimed = cms->signing_time;
	return (0);
}

/* ---- the signatures ---- */

static int
judge(struct sh_verifying *v, const struct sh_pdf_field *field,
    struct sh_judged *j, struct sh_error *err)
{
	int rc;

	rc = sh_signature_read(v->doc, field, &j->sig, &j->found, err);
	if (rc == 0 && j->sig.dictionary != NULL) {
		j->whole = j->sig.end == sh_pdf_len(v->doc);
		rc = sh_signature_check_later(v->doc, &j->sig, &j->found,
		    err);
		if (rc == 0)
			rc = check_cms(v, j, err);
	}
	/* One revision at a time in memory. */
	sh_signature_close(&j->sig);
	return (rc);
}

/*
 * One signature for two fields, or two fields of one name: which of them is
 * meant is a viewer's guess.  Only the first signature may certify.
 */
static void
compare_signatures(struct sh_verifying *v)
{
	struct sh_judged *a, *b;
	const struct sh_pdf_field *f;
	size_t i, k;

	for (i = 0; i < v->njudged; i++) {
		a = &v->judged[i];
		for (k = 0; k < v->form.nfields; k++) {
			f = &v->form.fields[k];
			if (f == a->sig.field)
				continue;
			if (sh_pdf_is(f->value, SH_PDF_REF) &&
			    sh_pdf_is(a->sig.field->value, SH_PDF_REF) &&
			    f->value->num == a->sig.field->value->num)
				sh_findings_add(&a->found, "signature.shared",
				    "one value for two fields");
			if (strcmp(f->name, a->sig.field->name) == 0)
				sh_findings_add(&a->found, "signature.shared",
				    "two fields %s", f->name);
		}
		for (k = 0; k < v->njudged; k++) {
			b = &v->judged[k];
			if (a->sig.lock.level != 0 && b->sig.end != 0 &&
			    b->sig.end < a->sig.end)
				sh_findings_add(&a->found,
				    "signature.dictionary", "a certification "
				    "that is not the first signature");
		}
	}
}

static int
judge_all(struct sh_verifying *v, struct sh_error *err)
{
	size_t i, n = 0;

	for (i = 0; i < sh_pdf_nsections(v->doc); i++)
		if (sh_pdf_section(v->doc, i)->two_views)
			sh_findings_add(&v->found, "pdf.hybrid", "a "
			    "cross-reference table and the stream beside it");
	for (i = 0; i < v->form.nfields; i++)
		n += v->form.fields[i].is_signature &&
		    v->form.fields[i].value != NULL;
	if (n == 0) {
		sh_findings_add(&v->found, "signature.none", "%s", "");
		return (0);
	}
	if (n > MAX_SIGNATURES) {
		sh_findings_add(&v->found, "pdf.limit", "%zu signatures, "
		    "limit %d", n, MAX_SIGNATURES);
		return (0);
	}
	if ((v->judged = sh_alloc(n, sizeof(*v->judged), "signatures",
	    err)) == NULL)
		return (-1);
	if (sh_dss_read(v->doc, v->form.catalog->value, &v->dss, err))
		return (sh_findings_error(&v->found, err));
	for (i = 0; i < v->form.nfields; i++) {
		if (!v->form.fields[i].is_signature ||
		    v->form.fields[i].value == NULL)
			continue;
		if (judge(v, &v->form.fields[i], &v->judged[v->njudged++],
		    err))
			return (-1);
	}
	compare_signatures(v);
	return (sh_verify_times(v, err));
}

int
sh_verify_prepare(struct sh_error *err)
{
	return (sh_algorithm_warm(err) || sh_policy_load(err) ? -1 : 0);
}

static void
judged_clear(struct sh_judged *j)
{
	sh_cms_free(j->cms);
	free(j->signer);
	free(j->stamp.signer);
	sk_X509_pop_free(j->chain, X509_free);
	sk_X509_pop_free(j->stamp.chain, X509_free);
}

int
sh_verify_pdf(int fd, const struct sh_trust *trust, int64_t when,
    struct sh_verdict *out, struct sh_error *err)
{
	struct sh_verifying v = { .trust = trust, .when = when };
	struct stat st;
	size_t i;
	int rc;

	memset(out, 0, sizeof(*out));
	if (fstat(fd, &st) != 0)
		return (sh_error_sys(err, "file.read", "fstat"));
	if (sh_pdf_open(fd, (uint64_t)st.st_size, &v.doc, err) ||
	    sh_pdf_form_read(v.doc, &v.form, err))
		rc = sh_findings_error(&v.found, err);
	else
		rc = judge_all(&v, err);
	if (rc == 0)
		rc = sh_verify_report(&v, out, err);
	for (i = 0; i < v.njudged; i++)
		judged_clear(&v.judged[i]);
	free(v.judged);
	sh_dss_clear(&v.dss);
	sh_pdf_form_clear(&v.form);
	sh_pdf_close(v.doc);
	return (rc);
}

void
sh_verdict_clear(struct sh_verdict *v)
{
	json_decref(v->report);
	memset(v, 0, sizeof(*v));
}
