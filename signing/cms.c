/* Building; reading is in cms_read.c. */
#include "signing/cms.h"

#include <string.h>

#include "base/digest.h"
#include "signing/certificate.h"
#include "signing/oid.h"
#include "signing/tsa.h"

_Static_assert(SH_CMS_STAMP_ROOM == SH_TOKEN_MAX + 64,
    "room for the largest token and its attribute");

#define put_oid(w, oid)	sh_der_put(w, SH_DER_OID, oid, sizeof(oid) - 1)

/* One signed attribute, but for its value. */
static void
open_attribute(struct sh_der_writer *w, const char *oid, size_t len)
{
	sh_der_open(w, SH_DER_SEQUENCE);
	sh_der_put(w, SH_DER_OID, oid, len);
	sh_der_open(w, SH_DER_SET);
}

static void
close_attribute(struct sh_der_writer *w)
{
	sh_der_close(w);
	sh_der_close(w);
}

/* The SET of signed attributes as it is signed. */
static int
write_attributes(struct sh_buf *out, const struct sh_signer *s,
    const uint8_t *digest, struct sh_error *err)
{
	struct sh_der_writer w;
	struct sh_der_element issuer, serial;
	struct sh_digest hash;
	const uint8_t *der;
	size_t len;

	der = sh_signer_certificate(s, 0, &len);
	if (sh_certificate_names(der, len, &issuer, &serial, err) ||
	    sh_sha256(der, len, &hash, err))
		return (-1);
	sh_der_write_begin(&w, out, err);
	sh_der_open(&w, SH_DER_SET);

	open_attribute(&w, SH_OID_CONTENT_TYPE,
	    sizeof(SH_OID_CONTENT_TYPE) - 1);
	put_oid(&w, SH_OID_DATA);
	close_attribute(&w);

	open_attribute(&w, SH_OID_MESSAGE_DIGEST,
	    sizeof(SH_OID_MESSAGE_DIGEST) - 1);
	sh_der_put(&w, SH_DER_OCTETS, digest,
	    sh_md_size(sh_sig_md(sh_signer_algorithm(s))));
	close_attribute(&w);

	/*
	 * SigningCertificateV2 { certs { ESSCertIDv2 { hash, IssuerSerial }}};
	 * the default, SHA-256, is not written.
	 */
	open_attribute(&w, SH_OID_ESS_V2, sizeof(SH_OID_ESS_V2) - 1);
	sh_der_open(&w, SH_DER_SEQUENCE);
	sh_der_open(&w, SH_DER_SEQUENCE);
	sh_der_open(&w, SH_DER_SEQUENCE);
	sh_der_put(&w, SH_DER_OCTETS, hash.b, sizeof(hash.b));
	sh_der_open(&w, SH_DER_SEQUENCE);
	sh_der_open(&w, SH_DER_SEQUENCE);
	sh_der_open(&w, SH_DER_CONTEXT_C(4));	/* directoryName */
	sh_der_put_raw(&w, issuer.whole, issuer.wholelen);
	sh_der_close(&w);
	sh_der_close(&w);
	sh_der_put_raw(&w, serial.whole, serial.wholelen);
	sh_der_close(&w);
	sh_der_close(&w);
	sh_der_close(&w);
	sh_der_close(&w);
	close_attribute(&w);

	sh_der_close_set(&w);
	return (sh_der_write_end(&w));
}

/* Everything around the signed attributes and the signature value. */
static int
write_signed_data(struct sh_buf *out, const struct sh_signer *s,
    const struct sh_buf *attributes, const struct sh_buf *signature,
    const struct sh_buf *token, struct sh_error *err)
{
	enum sh_sig_algorithm alg = sh_signer_algorithm(s);
	struct sh_der_writer w;
	struct sh_der_element issuer, serial;
	const uint8_t *der;
	size_t i, len;

	der = sh_signer_certificate(s, 0, &len);
	if (sh_certificate_names(der, len, &issuer, &serial, err))
		return (-1);
	sh_der_write_begin(&w, out, err);
	sh_der_open(&w, SH_DER_SEQUENCE);
	put_oid(&w, SH_OID_SIGNED_DATA);
	sh_der_open(&w, SH_DER_CONTEXT_C(0));
	sh_der_open(&w, SH_DER_SEQUENCE);
	sh_der_put_uint(&w, 1);
	sh_der_open(&w, SH_DER_SET);
	sh_md_write(&w, sh_sig_md(alg));
	sh_der_close(&w);
	sh_der_open(&w, SH_DER_SEQUENCE);
	put_oid(&w, SH_OID_DATA);
	sh_der_close(&w);

	sh_der_open(&w, SH_DER_CONTEXT_C(0));
	for (i = 0; i < sh_signer_nchain(s); i++) {
		der = sh_signer_certificate(s, i, &len);
		sh_der_put_raw(&w, der, len);
	}
	sh_der_close_set(&w);

	sh_der_open(&w, SH_DER_SET);
	sh_der_open(&w, SH_DER_SEQUENCE);
	sh_der_put_uint(&w, 1);
	sh_der_open(&w, SH_DER_SEQUENCE);
	sh_der_put_raw(&w, issuer.whole, issuer.wholelen);
	sh_der_put_raw(&w, serial.whole, serial.wholelen);
	sh_der_close(&w);
	sh_md_write(&w, sh_sig_md(alg));
	/* The same bytes as signed, under the tag [0] (RFC 5652 5.4). */
	sh_der_put_raw(&w, "\xa0", 1);
	sh_der_put_raw(&w, attributes->data + 1, attributes->len - 1);
	sh_sig_write(&w, alg);
	sh_der_put(&w, SH_DER_OCTETS, signature->data, signature->len);
	if (token->len > 0) {
		sh_der_open(&w, SH_DER_CONTEXT_C(1));
		open_attribute(&w, SH_OID_TIME_STAMP,
		    sizeof(SH_OID_TIME_STAMP) - 1);
		sh_der_put_raw(&w, token->data, token->len);
		close_attribute(&w);
		sh_der_close(&w);
	}
	sh_der_close(&w);
	sh_der_close(&w);

	sh_der_close(&w);
	sh_der_close(&w);
	sh_der_close(&w);
	return (sh_der_write_end(&w));
}

/* Rule: EN 319 122-1 5.3: the stamp is over the signature value. */
static int
stamp(const struct sh_tsa *tsa, enum sh_md md, const struct sh_buf *signature,
    struct sh_buf *token, struct sh_error *err)
{
	uint8_t digest[SH_MD_MAX];
	int64_t when;

	if (sh_md_digest(md, signature->data, signature->len, digest, err))
		return (-1);
	return (sh_tsa_stamp(tsa, md, digest, token, &when, err));
}

int
sh_cms_sign_stamped(struct sh_signer *s, const uint8_t *digest,
    const struct sh_tsa *tsa, struct sh_buf *out, struct sh_error *err)
{
	struct sh_buf attributes = SH_BUF_INIT, signature = SH_BUF_INIT;
	struct sh_buf token = SH_BUF_INIT;
	int rc = -1;

	if (write_attributes(&attributes, s, digest, err) == 0 &&
	    sh_signer_sign(s, attributes.data, attributes.len, &signature,
	    err) == 0 && (tsa == NULL || stamp(tsa, sh_sig_md(
	    sh_signer_algorithm(s)), &signature, &token, err) == 0))
		rc = write_signed_data(out, s, &attributes, &signature,
		    &token, err);
	sh_buf_free(&attributes);
	sh_buf_free(&signature);
	sh_buf_free(&token);
	return (rc);
}

int
sh_cms_sign(struct sh_signer *s, const uint8_t *digest, struct sh_buf *out,
    struct sh_error *err)
{
	return (sh_cms_sign_stamped(s, digest, NULL, out, err));
}

int
sh_cms_size(const struct sh_signer *s, size_t *maxp, struct sh_error *err)
{
	static const uint8_t zeros[SH_MD_MAX];
	static const struct sh_buf none = SH_BUF_INIT;
	struct sh_buf attributes = SH_BUF_INIT, signature = SH_BUF_INIT;
	struct sh_buf out = SH_BUF_INIT;
	size_t siglen = sh_signer_signature_max(s);
	int rc = -1;

	if (write_attributes(&attributes, s, zeros, err) == 0 &&
	    sh_buf_reserve(&signature, siglen, err) != NULL) {
		memset(signature.data, 0, siglen);
		signature.len = siglen;
		rc = write_signed_data(&out, s, &attributes, &signature,
		    &none, err);
	}
	*maxp = out.len;
	sh_buf_free(&attributes);
	sh_buf_free(&signature);
	sh_buf_free(&out);
	return (rc);
}
