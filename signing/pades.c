#include "signing/pades.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/x509.h>

#include "base/mem.h"
#include "signing/cms.h"
#include "signing/dss.h"
#include "signing/pdfform.h"
#include "signing/trust.h"

#define MAX_ENTRIES	130	/* signatures, and stamps within them */

static const struct {
	const char *word, *name;
} levels[] = {
	{ "b", "B-B" }, { "t", "B-T" }, { "lt", "B-LT" }, { "lta", "B-LTA" }
};

int
sh_pades_parse(const char *word, enum sh_pades_level *levelp)
{
	size_t i;

	for (i = 0; i < SH_COUNT(levels); i++)
		if (strcasecmp(word, levels[i].word) == 0) {
			*levelp = (enum sh_pades_level)i;
			return (0);
		}
	return (-1);
}

const char *
sh_pades_name(enum sh_pades_level level)
{
	return (levels[level].name);
}

/* ---- before signing ---- */

static const struct sh_finding *
worst(const struct sh_findings *f)
{
	size_t i;

	for (i = 0; i < f->n; i++)
		if (f->item[i].reason->status != SH_TOTAL_PASSED)
			return (&f->item[i]);
	return (NULL);
}

static int
refuse(const struct sh_signer *s, const struct sh_finding *f,
    struct sh_error *err)
{
	int revoked = strcmp(f->reason->key, "chain.revoked") == 0;

	sh_error_param(err, "signer", "%s", sh_signer_name(s));
	sh_error_param(err, "value", "%s", f->detail);
	return (sh_error_set(err, SH_ESIGNATURE, revoked ? "cert.revoked" :
	    "cert.untrusted", "the certificate of %s: %s %s",
	    sh_signer_name(s), f->reason->key, f->detail));
}

/* The signer's certificates as OpenSSL has them. */
static int
read_chain(const struct sh_signer *s, STACK_OF(X509) **outp,
    struct sh_error *err)
{
	STACK_OF(X509) *all = sk_X509_new_null();
	const uint8_t *p;
	X509 *x;
	size_t i, len;

	for (i = 0; all != NULL && i < sh_signer_nchain(s); i++) {
		p = sh_signer_certificate(s, i, &len);
		x = d2i_X509(NULL, &p, (long)len);
		if (x == NULL || sk_X509_push(all, x) == 0) {
			X509_free(x);
			sk_X509_pop_free(all, X509_free);
			all = NULL;
		}
	}
	ERR_clear_error();
	*outp = all;
	return (all != NULL ? 0 : sh_error_nomem(err, "certificates"));
}

/*
 * The way of CERT at NOW, its revocation asked for; ANSWERS (may be NULL)
 * takes what was answered, CHAINP the way.
 */
static int
look_into(const struct sh_pades *p, X509 *cert, STACK_OF(X509) *help_with,
    enum sh_purpose purpose, int64_t now, STACK_OF(X509) **chainp,
    struct sh_answers *answers, struct sh_findings *found,
    struct sh_error *err)
{
	struct sh_trust_help help = { .certificates = help_with, .now = now,
	    .chainp = chainp };

	*chainp = NULL;
	if (sh_trust_judge(p->trust, cert, &help, now, purpose, found, err))
		return (-1);
	if (*chainp == NULL || p->fetch == NULL)
		return (0);
	return (sh_fetch_chain(p->fetch, *chainp, now, answers, err) ||
	    sh_trust_know(p->trust, answers, err) ? -1 : 0);
}

int
sh_pades_check(const struct sh_pades *p, struct sh_signer *signer,
    int64_t now, struct sh_error *err)
{
	struct sh_findings found = { .n = 0 };
	struct sh_answers answers = { .n = 0 };
	struct sh_trust_help help = { .answers = &answers, .now = now,
	    .strict = p->fetch != NULL };
	STACK_OF(X509) *own = NULL, *chain = NULL;
	int rc = -1;

	if (sh_signer_check(signer, now, err) ||
	    read_chain(signer, &own, err))
		return (-1);
	if (look_into(p, sk_X509_value(own, 0), own, SH_PURPOSE_DOCUMENT, now,
	    &chain, &answers, &found, err)) {
		sh_error_param(err, "signer", "%s", sh_signer_name(signer));
		goto out;
	}
	if (worst(&found) == NULL) {
		/* Once more, with what was answered. */
		help.certificates = own;
		if (sh_trust_judge(p->trust, sk_X509_value(own, 0), &help,
		    now, SH_PURPOSE_DOCUMENT, &found, err))
			goto out;
	}
	rc = worst(&found) != NULL ? refuse(signer, worst(&found), err) : 0;
out:
	sk_X509_pop_free(chain, X509_free);
	sk_X509_pop_free(own, X509_free);
	sh_answers_clear(&answers);
	return (rc);
}

/* ---- signing ---- */

int
sh_pades_sign(const struct sh_pades *p, int fd, struct sh_signer *signer,
    const struct sh_pdf_signature *what, struct sh_error *err)
{
	struct sh_pdf_signature own = *what;

	own.tsa = p->level >= SH_PADES_T ? p->tsa : NULL;
	if (p->level >= SH_PADES_T && p->tsa == NULL)
		return (sh_error_set(err, SH_EARG, "tsa.missing",
		    "level %s needs a time-stamping authority",
		    sh_pades_name(p->level)));
	if (sh_pades_check(p, signer, what->when, err))
		return (-1);
	return (sh_pdf_sign(fd, signer, &own, err));
}

/* ---- what is needed to verify ---- */

struct collecting {
	const struct sh_pades *p;
	int64_t now;
	struct sh_dss_entry entry[MAX_ENTRIES];
	size_t n;
	int stamped;		/* an authority's certificate was met */
};

/* A certificate's way and its answers into the entry of a signature. */
static int
collect(struct collecting *c, struct sh_dss_entry *e, const struct sh_cms *cms,
    enum sh_purpose purpose, struct sh_error *err)
{
	struct sh_findings found = { .n = 0 };
	STACK_OF(X509) *chain = NULL;
	X509 *x;
	int i, rc = -1;

	c->stamped |= purpose == SH_PURPOSE_TIMESTAMP;
	if (look_into(c->p, cms->signer, cms->certificates, purpose, c->now,
	    &chain, &e->answers, &found, err))
		goto out;
	if (e->certificates == NULL &&
	    (e->certificates = sk_X509_new_null()) == NULL) {
		(void)sh_error_nomem(err, "certificates");
		goto out;
	}
	for (i = 0; i < sk_X509_num(chain); i++) {
		x = sk_X509_value(chain, i);
		if (X509_up_ref(x) != 1 || sk_X509_push(e->certificates, x) ==
		    0) {
			(void)sh_error_nomem(err, "certificates");
			goto out;
		}
	}
	rc = 0;
out:
	sk_X509_pop_free(chain, X509_free);
	return (rc);
}

static int
collect_one(struct collecting *c, const struct sh_pdf_value *sig,
    struct sh_error *err)
{
	const struct sh_pdf_value *v = sh_pdf_member(sig, "Contents");
	int stamp = sh_pdf_is_name(sh_pdf_member(sig, "SubFilter"),
	    "ETSI.RFC3161"), rc = -1;
	struct sh_dss_entry *e = &c->entry[c->n];
	struct sh_cms *cms = NULL, *token = NULL;

	if (!sh_pdf_is(v, SH_PDF_HEX) || c->n == MAX_ENTRIES)
		return (0);
	if (sh_cms_read(v->text, v->len, SH_CMS_OLD | (stamp ?
	    SH_CMS_TIMESTAMP : SH_CMS_DETACHED), &cms, err))
		return (-1);
	c->n++;
	e->contents = v->text;
	e->len = v->len;
	if (collect(c, e, cms, stamp ? SH_PURPOSE_TIMESTAMP :
	    SH_PURPOSE_DOCUMENT, err))
		goto out;
	if (cms->token != NULL && (sh_cms_read(cms->token, cms->tokenlen,
	    SH_CMS_OLD | SH_CMS_TIMESTAMP, &token, err) ||
	    collect(c, e, token, SH_PURPOSE_TIMESTAMP, err)))
		goto out;
	rc = 0;
out:
	sh_cms_free(token);
	sh_cms_free(cms);
	return (rc);
}

static int
collect_all(struct collecting *c, struct sh_pdf *doc,
    const struct sh_pdf_form *form, struct sh_error *err)
{
	const struct sh_pdf_value *sig;
	size_t i;

	for (i = 0; i < form->nfields; i++) {
		if (!form->fields[i].is_signature ||
		    form->fields[i].value == NULL)
			continue;
		if (sh_pdf_resolve(doc, form->fields[i].value, &sig, NULL,
		    err))
			return (-1);
		if (sh_pdf_is(sig, SH_PDF_DICT) && collect_one(c, sig, err))
			return (sh_error_context(err, "field %s",
			    form->fields[i].name));
	}
	return (0);
}

/*
 * The document time stamp that is to come: what is needed to judge it lies
 * under it when its authority is known before.  Where no stamp is in the
 * file yet, one is asked for and thrown away.
 */
static int
collect_authority(struct collecting *c, struct sh_error *err)
{
	static const uint8_t zeros[SH_MD_MAX];
	struct sh_buf token = SH_BUF_INIT;
	struct sh_cms *cms = NULL;
	int64_t when;
	int rc = -1;

	if (c->stamped || c->n == 0 || c->p->level < SH_PADES_LTA)
		return (0);
	if (sh_tsa_stamp(c->p->tsa, SH_MD_SHA256, zeros, &token, &when,
	    err) == 0 && sh_cms_read(token.data, token.len, SH_CMS_TIMESTAMP,
	    &cms, err) == 0)
		rc = collect(c, &c->entry[c->n - 1], cms,
		    SH_PURPOSE_TIMESTAMP, err);
	sh_cms_free(cms);
	sh_buf_free(&token);
	return (rc);
}

/*
 * Ask about everybody's certificate, the time-stamping authority's too; what
 * is answered our trust knows from now on and, when WRITE, the file.
 */
static int
add_store(const struct sh_pades *p, int fd, int64_t now, int write,
    struct sh_error *err)
{
	struct collecting *c;
	struct sh_pdf_form form;
	struct sh_pdf *doc = NULL;
	struct stat st;
	size_t i;
	int added, rc = -1;

	if (fstat(fd, &st) != 0)
		return (sh_error_sys(err, "file.read", "fstat"));
	memset(&form, 0, sizeof(form));
	if ((c = sh_alloc(1, sizeof(*c), "a store", err)) == NULL)
		return (-1);
	c->p = p;
	c->now = now;
	if (sh_pdf_open(fd, (uint64_t)st.st_size, &doc, err) == 0 &&
	    sh_pdf_form_read(doc, &form, err) == 0 &&
	    collect_all(c, doc, &form, err) == 0 &&
	    (!write || collect_authority(c, err) == 0))
		rc = !write ? 0 :
		    sh_dss_write(fd, c->entry, c->n, &added, err);
	for (i = 0; i < c->n; i++) {
		sk_X509_pop_free(c->entry[i].certificates, X509_free);
		sh_answers_clear(&c->entry[i].answers);
	}
	free(c);
	sh_pdf_form_clear(&form);
	sh_pdf_close(doc);
	return (rc);
}

int
sh_pades_finish(const struct sh_pades *p, int fd, int64_t now,
    struct sh_error *err)
{
	struct stat st;

	if (p->level < SH_PADES_T)
		return (0);
	if (fstat(fd, &st) != 0)
		return (sh_error_sys(err, "file.read", "fstat"));
	if (add_store(p, fd, now, p->level >= SH_PADES_LT, err) == 0 &&
	    (p->level < SH_PADES_LTA || (sh_pdf_stamp(fd, p->tsa, err) == 0 &&
	    add_store(p, fd, now, 0, err) == 0)))
		return (0);
	if (ftruncate(fd, st.st_size) != 0)
		(void)sh_error_context(err, "and cannot be cut back");
	return (-1);
}
