/* Reading; writing is in dss_write.c. */
#include "signing/dss.h"

#include <string.h>

#include <openssl/err.h>
#include <openssl/x509.h>

#define MAX_EACH	128

/* 1 if the error is about the file: then this value is passed over. */
static int
pass_over(struct sh_error *err)
{
	if (err->code != SH_EFORMAT && err->code != SH_EUNSUPPORTED)
		return (0);
	sh_error_clear(err);
	return (1);
}

static int
add_certificate(struct sh_dss *out, const struct sh_buf *der,
    struct sh_error *err)
{
	const uint8_t *p = der->data;
	X509 *x = d2i_X509(NULL, &p, (long)der->len);

	ERR_clear_error();
	if (x != NULL && sk_X509_push(out->certificates, x) == 0) {
		X509_free(x);
		return (sh_error_nomem(err, "certificates"));
	}
	return (0);
}

static int
add_one(struct sh_pdf *doc, const char *key, const struct sh_pdf_value *ref,
    struct sh_dss *out, struct sh_error *err)
{
	const struct sh_pdf_object *o = NULL;
	const struct sh_pdf_value *value;
	struct sh_buf der = SH_BUF_INIT;
	int rc = 0;

	if (sh_pdf_resolve(doc, ref, &value, &o, err) || (o != NULL &&
	    o->is_stream && sh_pdf_content(doc, o, &der, err)))
		rc = pass_over(err) ? 0 : -1;
	else if (der.len > 0 && strcmp(key, "Certs") == 0)
		rc = add_certificate(out, &der, err);
	else if (der.len > 0 && sh_answers_add(&out->answers,
	    strcmp(key, "CRLs") == 0 ? SH_ANSWER_CRL : SH_ANSWER_OCSP,
	    der.data, der.len, o->base, err) < 0)
		rc = -1;
	sh_buf_free(&der);
	return (rc);
}

int
sh_dss_read(struct sh_pdf *doc, const struct sh_pdf_value *catalog,
    struct sh_dss *out, struct sh_error *err)
{
	static const char *const keys[] = { "Certs", "CRLs", "OCSPs" };
	const struct sh_pdf_value *dss, *list, *ref;
	size_t i;
	int n;

	memset(out, 0, sizeof(*out));
	if ((out->certificates = sk_X509_new_null()) == NULL)
		return (sh_error_nomem(err, "certificates"));
	if (sh_pdf_find(doc, catalog, "DSS", &dss, err))
		return (pass_over(err) ? 0 : -1);
	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (sh_pdf_find(doc, dss, keys[i], &list, err)) {
			if (!pass_over(err))
				return (-1);
			continue;
		}
		if (!sh_pdf_is(list, SH_PDF_ARRAY))
			continue;
		n = 0;
		for (ref = list->first; ref != NULL && n < MAX_EACH;
		    ref = ref->next, n++)
			if (add_one(doc, keys[i], ref, out, err))
				return (-1);
	}
	return (0);
}

void
sh_dss_clear(struct sh_dss *d)
{
	sk_X509_pop_free(d->certificates, X509_free);
	d->certificates = NULL;
	sh_answers_clear(&d->answers);
}
