#include "signing/dss.h"

#include <openssl/err.h>
#include <openssl/x509.h>

#define MAX_CRLS	64

/* 1 if the error is about the file: then this list is passed over. */
static int
pass_over(struct sh_error *err)
{
	if (err->code != SH_EFORMAT && err->code != SH_EUNSUPPORTED)
		return (0);
	sh_error_clear(err);
	return (1);
}

static int
add_crl(struct sh_pdf *doc, const struct sh_pdf_value *ref,
    struct sh_dss *out, struct sh_error *err)
{
	const struct sh_pdf_object *o = NULL;
	const struct sh_pdf_value *value;
	struct sh_buf der = SH_BUF_INIT;
	const uint8_t *p;
	X509_CRL *crl = NULL;
	int rc = 0;

	if (sh_pdf_resolve(doc, ref, &value, &o, err) || (o != NULL &&
	    o->is_stream && sh_pdf_content(doc, o, &der, err)))
		rc = pass_over(err) ? 0 : -1;
	else if (der.len > 0) {
		p = der.data;
		crl = d2i_X509_CRL(NULL, &p, (long)der.len);
		ERR_clear_error();
	}
	if (crl != NULL && sk_X509_CRL_push(out->crls, crl) == 0) {
		X509_CRL_free(crl);
		rc = sh_error_nomem(err, "revocation lists");
	}
	sh_buf_free(&der);
	return (rc);
}

int
sh_dss_read(struct sh_pdf *doc, const struct sh_pdf_value *catalog,
    struct sh_dss *out, struct sh_error *err)
{
	const struct sh_pdf_value *dss, *list, *ref;
	int n = 0;

	out->crls = NULL;
	if (sh_pdf_find(doc, catalog, "DSS", &dss, err) ||
	    sh_pdf_find(doc, dss, "CRLs", &list, err))
		return (pass_over(err) ? 0 : -1);
	if (!sh_pdf_is(list, SH_PDF_ARRAY))
		return (0);
	if ((out->crls = sk_X509_CRL_new_null()) == NULL)
		return (sh_error_nomem(err, "revocation lists"));
	for (ref = list->first; ref != NULL && n < MAX_CRLS;
	    ref = ref->next, n++)
		if (add_crl(doc, ref, out, err))
			return (-1);
	return (0);
}

void
sh_dss_clear(struct sh_dss *d)
{
	sk_X509_CRL_pop_free(d->crls, X509_CRL_free);
	d->crls = NULL;
}
