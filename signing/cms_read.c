/* Reading and verifying; building is in cms.c. */
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "base/mem.h"
#include "signing/cms.h"
#include "signing/oid.h"

#define MAX_CERTIFICATES	64
#define MAX_BYTES		((size_t)16 << 20)

#define is_oid(e, oid)							\
	((e)->len == sizeof(oid) - 1 &&					\
	    memcmp((e)->body, oid, sizeof(oid) - 1) == 0)

static int
bad(struct sh_error *err, const char *key, const char *what)
{
	return (sh_error_set(err, SH_EFORMAT, key, "CMS: %s", what));
}

/* The one value of an attribute. */
static int
single_value(const struct sh_der_element *values, struct sh_der_element *e,
    struct sh_error *err)
{
	struct sh_der d;

	if (sh_der_enter(values, &d, err) || sh_der_next(&d, e, err))
		return (-1);
	if (!sh_der_done(&d))
		return (bad(err, "cms.attributes",
		    "an attribute with several values"));
	return (0);
}

/* ---- certificates ---- */

static int
read_certificates(struct sh_cms *cms, const struct sh_der_element *set,
    struct sh_error *err)
{
	struct sh_der d;
	struct sh_der_element e;
	const uint8_t *p;
	X509 *x;

	if (sh_der_enter(set, &d, err))
		return (-1);
	while (!sh_der_done(&d)) {
		if (sh_der_next(&d, &e, err))
			return (-1);
		/* Attribute certificates and the like say nothing here. */
		if (e.tag != SH_DER_SEQUENCE)
			continue;
		if (sk_X509_num(cms->certificates) == MAX_CERTIFICATES)
			return (sh_error_set(err, SH_ELIMIT, "cms.limit",
			    "more than %d certificates", MAX_CERTIFICATES));
		p = e.whole;
		x = d2i_X509(NULL, &p, (long)e.wholelen);
		ERR_clear_error();
		if (x == NULL || p != e.whole + e.wholelen) {
			X509_free(x);
			return (bad(err, "cms.damaged",
			    "a certificate that is none"));
		}
		if (sk_X509_push(cms->certificates, x) == 0) {
			X509_free(x);
			return (sh_error_nomem(err, "certificates"));
		}
	}
	return (0);
}

/* Does the certificate carry that issuer and serial number? */
static int
has_names(X509 *x, const struct sh_der_element *issuer,
    const struct sh_der_element *serial)
{
	const uint8_t *p = issuer->whole;
	X509_NAME *name;
	ASN1_INTEGER *number;
	int same = 0;

	name = d2i_X509_NAME(NULL, &p, (long)issuer->wholelen);
	p = serial->whole;
	number = d2i_ASN1_INTEGER(NULL, &p, (long)serial->wholelen);
	if (name != NULL && number != NULL)
		same = X509_NAME_cmp(name, X509_get_issuer_name(x)) == 0 &&
		    ASN1_INTEGER_cmp(number,
			X509_get0_serialNumber(x)) == 0;
	X509_NAME_free(name);
	ASN1_INTEGER_free(number);
	ERR_clear_error();
	return (same);
}

/* The certificate that a SignerIdentifier names. */
static int
find_signer(struct sh_cms *cms, const struct sh_der_element *sid,
    struct sh_error *err)
{
	struct sh_der_element issuer, serial;
	const ASN1_OCTET_STRING *skid;
	struct sh_der d;
	X509 *x;
	int i, fits;

	if (sid->tag == SH_DER_SEQUENCE) {
		if (sh_der_enter(sid, &d, err) ||
		    sh_der_expect(&d, SH_DER_SEQUENCE, &issuer, err) ||
		    sh_der_expect(&d, SH_DER_INTEGER, &serial, err) ||
		    sh_der_finish(&d, err))
			return (-1);
	} else if (sid->tag != SH_DER_CONTEXT(0))
		return (bad(err, "cms.damaged", "a signer without a name"));
	for (i = 0; i < sk_X509_num(cms->certificates); i++) {
		x = sk_X509_value(cms->certificates, i);
		if (sid->tag == SH_DER_SEQUENCE)
			fits = has_names(x, &issuer, &serial);
		else {
			skid = X509_get0_subject_key_id(x);
			fits = skid != NULL && (size_t)ASN1_STRING_length(skid)
			    == sid->len && memcmp(ASN1_STRING_get0_data(skid),
			    sid->body, sid->len) == 0;
		}
		if (fits) {
			cms->signer = x;
			return (0);
		}
	}
	return (sh_error_set(err, SH_ESIGNATURE, "cms.certificate",
	    "the signer's certificate is not in the signature"));
}

/* ---- signed attributes ---- */

/*
 * The first ESSCertID must be the signer's certificate: its digest, and
 * issuer and serial number when they are there.
 * Rule: RFC 5035 3 and 4; EN 319 122-1 5.2.2.
 */
static int
check_ess(struct sh_cms *cms, const struct sh_der_element *value, int version,
    struct sh_error *err)
{
	struct sh_der d, id, names;
	struct sh_der_element e, hash, issuer, serial;
	enum sh_md md = version == 2 ? SH_MD_SHA256 : SH_MD_SHA1;
	uint8_t actual[SH_MD_MAX], *der = NULL;
	int got, len, rc;

	if (value->tag != SH_DER_SEQUENCE || sh_der_enter(value, &d, err) ||
	    sh_der_expect(&d, SH_DER_SEQUENCE, &e, err) ||
	    sh_der_enter(&e, &d, err) ||
	    sh_der_expect(&d, SH_DER_SEQUENCE, &e, err) ||
	    sh_der_enter(&e, &id, err))
		return (bad(err, "cms.damaged", "signing-certificate"));
	if (version == 2) {
		got = sh_der_optional(&id, SH_DER_SEQUENCE, &e, err);
		if (got < 0 || (got && sh_md_read(&e, &md, err)))
			return (-1);
	}
	if (sh_der_expect(&id, SH_DER_OCTETS, &hash, err))
		return (-1);
	if (md == SH_MD_NONE)
		return (sh_error_set(err, SH_EUNSUPPORTED, "cms.algorithm",
		    "signing-certificate with a digest that is not known"));
	if ((len = i2d_X509(cms->signer, &der)) < 0)
		return (sh_error_nomem(err, "a certificate"));
	rc = sh_md_digest(md, der, (size_t)len, actual, err);
	OPENSSL_free(der);
	if (rc != 0)
		return (-1);
	if (hash.len != sh_md_size(md) ||
	    memcmp(hash.body, actual, hash.len) != 0)
		return (sh_error_set(err, SH_ESIGNATURE, "cms.substituted",
		    "the certificate is not the one that was signed with"));
	got = sh_der_optional(&id, SH_DER_SEQUENCE, &e, err);
	if (got < 0)
		return (-1);
	if (got) {
		/* IssuerSerial { GeneralNames { [4] Name }, serial } */
		if (sh_der_enter(&e, &id, err) ||
		    sh_der_expect(&id, SH_DER_SEQUENCE, &e, err) ||
		    sh_der_enter(&e, &names, err) ||
		    sh_der_expect(&names, SH_DER_CONTEXT_C(4), &e, err) ||
		    sh_der_enter(&e, &names, err) ||
		    sh_der_expect(&names, SH_DER_SEQUENCE, &issuer, err) ||
		    sh_der_expect(&id, SH_DER_INTEGER, &serial, err))
			return (-1);
		if (!has_names(cms->signer, &issuer, &serial))
			return (sh_error_set(err, SH_ESIGNATURE,
			    "cms.substituted", "the certificate is not the "
			    "one that was signed with"));
	}
	if (cms->ess < version)
		cms->ess = version;
	return (0);
}

/* Rule: RFC 6211: the algorithms again, where they are signed. */
static int
check_protection(const struct sh_cms *cms, const struct sh_der_element *value,
    struct sh_error *err)
{
	struct sh_der d;
	struct sh_der_element e;
	enum sh_md md;

	if (sh_der_enter(value, &d, err) ||
	    sh_der_expect(&d, SH_DER_SEQUENCE, &e, err) ||
	    sh_md_read(&e, &md, err))
		return (-1);
	if (md != cms->md)
		return (bad(err, "cms.digests",
		    "the protected digest is another one"));
	return (0);
}

/* What an attribute was: for telling that each comes once. */
static int
read_attribute(struct sh_cms *cms, const struct sh_der_element *oid,
    const struct sh_der_element *values, enum sh_cms_kind kind,
    struct sh_error *err)
{
	struct sh_der_element v;

	if (is_oid(oid, SH_OID_CONTENT_TYPE)) {
		if (single_value(values, &v, err))
			return (-1);
		if (v.tag != SH_DER_OID || (kind == SH_CMS_DETACHED ?
		    !is_oid(&v, SH_OID_DATA) : !is_oid(&v, SH_OID_TST_INFO)))
			return (bad(err, "cms.content",
			    "content-type is another one"));
		return (1);
	}
	if (is_oid(oid, SH_OID_MESSAGE_DIGEST)) {
		if (single_value(values, &v, err))
			return (-1);
		if (v.tag != SH_DER_OCTETS || v.len != sh_md_size(cms->md))
			return (bad(err, "cms.digests",
			    "message-digest of another length"));
		cms->digest = v.body;
		return (2);
	}
	if (is_oid(oid, SH_OID_SIGNING_TIME)) {
		if (single_value(values, &v, err) ||
		    sh_der_time(&v, &cms->signing_time, err))
			return (-1);
		cms->has_signing_time = 1;
	} else if (is_oid(oid, SH_OID_ESS_V1) || is_oid(oid, SH_OID_ESS_V2)) {
		if (single_value(values, &v, err) || check_ess(cms, &v,
		    is_oid(oid, SH_OID_ESS_V2) ? 2 : 1, err))
			return (-1);
	} else if (is_oid(oid, SH_OID_PROTECTION)) {
		if (single_value(values, &v, err) ||
		    check_protection(cms, &v, err))
			return (-1);
	}
	return (0);
}

static int
read_attributes(struct sh_cms *cms, const struct sh_der_element *set,
    enum sh_cms_kind kind, struct sh_error *err)
{
	struct sh_der_element attribute, values, seen[48];
	struct sh_der d, in;
	size_t n = 0, i;
	int got, mask = 0;

	/* The signature is over the SET, whose tag is not transmitted. */
	if (sh_buf_append(&cms->attributes, set->whole, set->wholelen, err))
		return (-1);
	cms->attributes.data[0] = SH_DER_SET;
	sh_der_init(&d, cms->attributes.data, cms->attributes.len, SH_DER);
	if (sh_der_expect(&d, SH_DER_SET, &values, err) ||
	    sh_der_enter(&values, &d, err))
		return (-1);
	for (; !sh_der_done(&d); n++) {
		if (n == SH_COUNT(seen))
			return (sh_error_set(err, SH_ELIMIT, "cms.limit",
			    "more than %zu attributes", SH_COUNT(seen)));
		if (sh_der_expect(&d, SH_DER_SEQUENCE, &attribute, err) ||
		    sh_der_enter(&attribute, &in, err) ||
		    sh_der_expect(&in, SH_DER_OID, &seen[n], err) ||
		    sh_der_expect(&in, SH_DER_SET, &values, err) ||
		    sh_der_finish(&in, err))
			return (-1);
		for (i = 0; i < n; i++)
			if (seen[i].len == seen[n].len && memcmp(seen[i].body,
			    seen[n].body, seen[n].len) == 0)
				return (bad(err, "cms.attributes",
				    "an attribute that occurs twice"));
		if ((got = read_attribute(cms, &seen[n], &values, kind,
		    err)) < 0)
			return (-1);
		mask |= got;
	}
	if (mask != 3)
		return (bad(err, "cms.attributes",
		    "content-type or message-digest is missing"));
	return (0);
}

/* Unsigned attributes change nothing; is there a time stamp? */
static int
read_unsigned(struct sh_cms *cms, const struct sh_der_element *set,
    struct sh_error *err)
{
	struct sh_der_element attribute, oid, values, token;
	struct sh_der d, in;

	if (sh_der_enter(set, &d, err))
		return (-1);
	while (!sh_der_done(&d)) {
		if (sh_der_expect(&d, SH_DER_SEQUENCE, &attribute, err) ||
		    sh_der_enter(&attribute, &in, err) ||
		    sh_der_expect(&in, SH_DER_OID, &oid, err))
			return (-1);
		if (!is_oid(&oid, SH_OID_TIME_STAMP) || cms->token != NULL)
			continue;
		if (sh_der_expect(&in, SH_DER_SET, &values, err) ||
		    sh_der_enter(&values, &in, err) ||
		    sh_der_expect(&in, SH_DER_SEQUENCE, &token, err))
			return (-1);
		cms->token = token.whole;
		cms->tokenlen = token.wholelen;
	}
	return (0);
}

/* ---- the whole ---- */

static int
read_signer_info(struct sh_cms *cms, const struct sh_der_element *info,
    enum sh_cms_kind kind, struct sh_error *err)
{
	struct sh_der_element e, sid, attributes, algorithm, signature;
	enum sh_md implied;
	struct sh_der d;
	uint64_t version;
	int got;

	if (sh_der_enter(info, &d, err) ||
	    sh_der_expect(&d, SH_DER_INTEGER, &e, err) ||
	    sh_der_uint(&e, 5, &version, err) ||
	    sh_der_next(&d, &sid, err) ||
	    sh_der_expect(&d, SH_DER_SEQUENCE, &e, err) ||
	    sh_md_read(&e, &cms->md, err))
		return (-1);
	/* Rule: RFC 5652 5.3: the version tells how the signer is named. */
	if (version != (sid.tag == SH_DER_SEQUENCE ? 1 : 3))
		return (bad(err, "cms.damaged", "a SignerInfo of another "
		    "version"));
	/* Without them a signature over content passes for one over them. */
	if ((got = sh_der_optional(&d, SH_DER_CONTEXT_C(0), &attributes,
	    err)) <= 0)
		return (got < 0 ? -1 : bad(err, "cms.attributes",
		    "nothing but the content is signed"));
	if (sh_der_expect(&d, SH_DER_SEQUENCE, &algorithm, err) ||
	    sh_der_expect(&d, SH_DER_OCTETS, &signature, err) ||
	    (got = sh_der_optional(&d, SH_DER_CONTEXT_C(1), &e, err)) < 0 ||
	    (got && read_unsigned(cms, &e, err)) || sh_der_finish(&d, err))
		return (-1);
	if (sh_scheme_read(&algorithm, &cms->scheme, &implied, &cms->salt,
	    err))
		return (-1);
	if (cms->md == SH_MD_NONE)
		return (sh_error_set(err, SH_EUNSUPPORTED, "cms.algorithm",
		    "a digest that is not known"));
	/* Rule: RFC 8933, RFC 8419 3: one digest throughout. */
	if (implied != SH_MD_NONE && implied != cms->md)
		return (bad(err, "cms.digests", "the signature algorithm and "
		    "the digest do not belong together"));
	if (!cms->old && !sh_md_strong(cms->md))
		return (sh_error_set(err, SH_ESIGNATURE, "cms.weak",
		    "digest %s", sh_md_name(cms->md)));
	cms->signature = signature.body;
	cms->signaturelen = signature.len;
	if (find_signer(cms, &sid, err))
		return (-1);
	return (read_attributes(cms, &attributes, kind, err));
}

/* EncapsulatedContentInfo: a type, and for a token what it says. */
static int
read_content(struct sh_cms *cms, const struct sh_der_element *info,
    enum sh_cms_kind kind, struct sh_error *err)
{
	struct sh_der_element type, e;
	const uint8_t *p;
	struct sh_der d;
	size_t len;
	int got;

	if (sh_der_enter(info, &d, err) ||
	    sh_der_expect(&d, SH_DER_OID, &type, err) ||
	    (got = sh_der_optional(&d, SH_DER_CONTEXT_C(0), &e, err)) < 0 ||
	    sh_der_finish(&d, err))
		return (-1);
	if (kind == SH_CMS_DETACHED) {
		if (got || !is_oid(&type, SH_OID_DATA))
			return (bad(err, "cms.content", "content within a "
			    "signature over the document"));
		return (0);
	}
	if (!got || !is_oid(&type, SH_OID_TST_INFO))
		return (bad(err, "cms.content", "no time stamp within"));
	if (sh_der_enter(&e, &d, err) || sh_der_next(&d, &e, err) ||
	    sh_der_finish(&d, err) ||
	    sh_der_octets(&e, &cms->content, &p, &len, err))
		return (-1);
	if (cms->content.len == 0)
		return (sh_buf_append(&cms->content, p, len, err));
	return (0);
}

/* SignerInfo.digestAlgorithm must be announced in SignedData. */
static int
check_announced(const struct sh_cms *cms, const struct sh_der_element *set,
    struct sh_error *err)
{
	struct sh_der_element e;
	struct sh_der d;
	enum sh_md md;

	if (sh_der_enter(set, &d, err))
		return (-1);
	while (!sh_der_done(&d)) {
		if (sh_der_expect(&d, SH_DER_SEQUENCE, &e, err) ||
		    sh_md_read(&e, &md, err))
			return (-1);
		if (md == cms->md)
			return (0);
	}
	return (bad(err, "cms.digests", "the signer's digest is not among "
	    "those announced"));
}

static int
read_signed_data(struct sh_cms *cms, const uint8_t *bytes, size_t len,
    enum sh_cms_kind kind, struct sh_error *err)
{
	struct sh_der_element e, type, digests, content, certificates, infos;
	struct sh_der d, outer;
	uint64_t version;
	size_t i;
	int got;

	/* ISO 32000-2 12.8.3.1 asks for DER; writers in use give BER too. */
	sh_der_init(&outer, bytes, len, SH_BER);
	if (sh_der_expect(&outer, SH_DER_SEQUENCE, &e, err))
		return (-1);
	cms->len = e.wholelen;
	for (i = cms->len; i < len; i++)
		if (bytes[i] != 0)
			return (bad(err, "cms.padding", "bytes other than "
			    "zero behind the signature"));
	if (sh_der_enter(&e, &d, err) ||
	    sh_der_expect(&d, SH_DER_OID, &type, err) ||
	    sh_der_expect(&d, SH_DER_CONTEXT_C(0), &e, err) ||
	    sh_der_finish(&d, err) || sh_der_enter(&e, &d, err) ||
	    sh_der_expect(&d, SH_DER_SEQUENCE, &e, err) ||
	    sh_der_finish(&d, err))
		return (-1);
	if (!is_oid(&type, SH_OID_SIGNED_DATA))
		return (bad(err, "cms.damaged", "no SignedData"));
	if (sh_der_enter(&e, &d, err) ||
	    sh_der_expect(&d, SH_DER_INTEGER, &e, err) ||
	    sh_der_uint(&e, 5, &version, err) ||
	    sh_der_expect(&d, SH_DER_SET, &digests, err) ||
	    sh_der_expect(&d, SH_DER_SEQUENCE, &content, err) ||
	    (got = sh_der_optional(&d, SH_DER_CONTEXT_C(0), &certificates,
	    err)) < 0)
		return (-1);
	if (got && read_certificates(cms, &certificates, err))
		return (-1);
	if (sh_der_optional(&d, SH_DER_CONTEXT_C(1), &e, err) < 0 ||
	    sh_der_expect(&d, SH_DER_SET, &infos, err) ||
	    sh_der_finish(&d, err) ||
	    read_content(cms, &content, kind, err) ||
	    sh_der_enter(&infos, &d, err))
		return (-1);
	if (sh_der_done(&d))
		return (bad(err, "cms.signers", "no signer"));
	if (sh_der_expect(&d, SH_DER_SEQUENCE, &e, err))
		return (-1);
	if (!sh_der_done(&d))
		return (bad(err, "cms.signers", "more than one signer"));
	if (read_signer_info(cms, &e, kind, err))
		return (-1);
	return (check_announced(cms, &digests, err));
}

int
sh_cms_read(const void *bytes, size_t len, unsigned kind,
    struct sh_cms **cmsp, struct sh_error *err)
{
	struct sh_cms *cms;

	*cmsp = NULL;
	if (len > MAX_BYTES)
		return (sh_error_set(err, SH_ELIMIT, "cms.limit",
		    "a signature of %zu bytes, limit %zu", len, MAX_BYTES));
	if ((cms = sh_alloc(1, sizeof(*cms), "a signature", err)) == NULL)
		return (-1);
	cms->old = (kind & SH_CMS_OLD) != 0;
	if ((cms->certificates = sk_X509_new_null()) == NULL)
		(void)sh_error_nomem(err, "a signature");
	else if (read_signed_data(cms, bytes, len,
	    (enum sh_cms_kind)(kind & ~(unsigned)SH_CMS_OLD), err) == 0) {
		*cmsp = cms;
		return (0);
	}
	sh_cms_free(cms);
	return (-1);
}

void
sh_cms_free(struct sh_cms *cms)
{
	if (cms == NULL)
		return;
	sk_X509_pop_free(cms->certificates, X509_free);
	sh_buf_free(&cms->attributes);
	sh_buf_free(&cms->content);
	free(cms);
}

int
sh_cms_verify(const struct sh_cms *cms, const uint8_t *digest,
    struct sh_error *err)
{
	EVP_PKEY *key;
	int got;

	if (memcmp(digest, cms->digest, sh_md_size(cms->md)) != 0)
		return (sh_error_set(err, SH_ESIGNATURE, "cms.digest",
		    "the content is not what was signed"));
	if ((key = X509_get0_pubkey(cms->signer)) == NULL) {
		ERR_clear_error();
		return (sh_error_set(err, SH_EUNSUPPORTED, "cms.algorithm",
		    "a public key that is not known"));
	}
	got = sh_scheme_verify(cms->scheme, cms->md, cms->salt, key,
	    cms->attributes.data, cms->attributes.len, cms->signature,
	    cms->signaturelen, err);
	if (got == 0)
		return (sh_error_set(err, SH_ESIGNATURE, "cms.signature",
		    "the signature value is wrong"));
	return (got < 0 ? -1 : 0);
}

int
sh_timestamp_read(const struct sh_cms *cms, struct sh_timestamp *out,
    struct sh_error *err)
{
	struct sh_der_element e, imprint, hash, policy;
	struct sh_der d, in;
	uint64_t version;
	int got;

	/* TSTInfo { version, policy, messageImprint, serial, genTime … } */
	memset(out, 0, sizeof(*out));
	sh_der_init(&d, cms->content.data, cms->content.len, SH_DER);
	if (sh_der_expect(&d, SH_DER_SEQUENCE, &e, err) ||
	    sh_der_finish(&d, err) || sh_der_enter(&e, &d, err) ||
	    sh_der_expect(&d, SH_DER_INTEGER, &e, err) ||
	    sh_der_uint(&e, 1, &version, err) ||
	    sh_der_expect(&d, SH_DER_OID, &policy, err) ||
	    sh_der_expect(&d, SH_DER_SEQUENCE, &imprint, err) ||
	    sh_der_expect(&d, SH_DER_INTEGER, &e, err) ||
	    sh_der_expect(&d, SH_DER_GENERAL_TIME, &e, err) ||
	    sh_der_time(&e, &out->when, err) ||
	    sh_der_enter(&imprint, &in, err) ||
	    sh_der_expect(&in, SH_DER_SEQUENCE, &e, err) ||
	    sh_md_read(&e, &out->md, err) ||
	    sh_der_expect(&in, SH_DER_OCTETS, &hash, err) ||
	    sh_der_finish(&in, err))
		return (-1);
	if (out->md == SH_MD_NONE)
		return (sh_error_set(err, SH_EUNSUPPORTED, "cms.algorithm",
		    "a time stamp over a digest that is not known"));
	if (!cms->old && !sh_md_strong(out->md))
		return (sh_error_set(err, SH_ESIGNATURE, "cms.weak",
		    "a time stamp over %s", sh_md_name(out->md)));
	if (hash.len != sh_md_size(out->md))
		return (bad(err, "cms.digests",
		    "a time stamp's imprint of another length"));
	out->imprint = hash.body;
	out->policy = policy.body;
	out->policylen = policy.len;
	/* accuracy, ordering, nonce … */
	while (!sh_der_done(&d)) {
		if ((got = sh_der_optional(&d, SH_DER_INTEGER, &e, err)) < 0)
			return (-1);
		if (got) {
			out->nonce = e.body;
			out->noncelen = e.len;
			break;
		}
		if (sh_der_next(&d, &e, err))
			return (-1);
	}
	return (0);
}
