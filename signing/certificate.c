#include "signing/certificate.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/x509v3.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"

int
sh_certificate_names(const uint8_t *der, size_t len,
    struct sh_der_element *issuer, struct sh_der_element *serial,
    struct sh_error *err)
{
	struct sh_der d;
	struct sh_der_element e;

	sh_der_init(&d, der, len, SH_DER);
	if (sh_der_expect(&d, SH_DER_SEQUENCE, &e, err) ||
	    sh_der_finish(&d, err) || sh_der_enter(&e, &d, err) ||
	    sh_der_expect(&d, SH_DER_SEQUENCE, &e, err) ||
	    sh_der_enter(&e, &d, err) ||
	    sh_der_optional(&d, SH_DER_CONTEXT_C(0), &e, err) < 0 ||
	    sh_der_expect(&d, SH_DER_INTEGER, serial, err) ||
	    sh_der_expect(&d, SH_DER_SEQUENCE, &e, err) ||
	    sh_der_expect(&d, SH_DER_SEQUENCE, issuer, err))
		return (sh_error_context(err, "a certificate"));
	return (0);
}

char *
sh_certificate_name(X509 *x, struct sh_error *err)
{
	static const int nids[] = { NID_commonName, NID_organizationName };
	const X509_NAME *name = X509_get_subject_name(x);
	const X509_NAME_ENTRY *entry;
	struct sh_buf clean = SH_BUF_INIT;
	unsigned char *utf8;
	char *out;
	size_t i;
	int at, len, rc;

	for (i = 0; i < SH_COUNT(nids) && clean.len == 0; i++) {
		if ((at = X509_NAME_get_index_by_NID(name, nids[i], -1)) < 0)
			continue;
		entry = X509_NAME_get_entry(name, at);
		utf8 = NULL;
		len = ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(
		    entry));
		if (len < 0) {
			ERR_clear_error();
			continue;
		}
		/* A name that is no text is no name. */
		rc = sh_text_is_utf8(utf8, (size_t)len) ?
		    sh_text_clean(utf8, (size_t)len, &clean, err) : 0;
		OPENSSL_free(utf8);
		if (rc != 0) {
			sh_buf_free(&clean);
			return (NULL);
		}
	}
	out = sh_buf_steal(&clean, err);
	sh_buf_free(&clean);
	return (out);
}

/* 1 if the extended key usage holds one of OIDS. */
static int
has_purpose(const EXTENDED_KEY_USAGE *eku, const char *const *oids, size_t n)
{
	char text[64];
	size_t k;
	int i;

	for (i = 0; i < sk_ASN1_OBJECT_num(eku); i++) {
		if (OBJ_obj2txt(text, sizeof(text),
		    sk_ASN1_OBJECT_value(eku, i), 1) <= 0)
			continue;
		for (k = 0; k < n; k++)
			if (strcmp(text, oids[k]) == 0)
				return (1);
	}
	return (0);
}

int
sh_certificate_usage(X509 *x, enum sh_purpose purpose)
{
	static const char *const stamping[] = { "1.3.6.1.5.5.7.3.8" };
	static const char *const signing[] = {
		"1.3.6.1.5.5.7.3.36",		/* document signing */
		"1.3.6.1.5.5.7.3.4",		/* e-mail: the usual habit */
		"1.3.6.1.4.1.311.10.3.12",	/* Microsoft's document one */
		"1.2.840.113583.1.1.5",		/* Adobe's */
		"2.5.29.37.0"			/* any */
	};
	EXTENDED_KEY_USAGE *eku;
	uint32_t usage = X509_get_key_usage(x);
	int critical = -1, ok;

	if ((usage & (KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION)) == 0)
		return (0);
	eku = X509_get_ext_d2i(x, NID_ext_key_usage, &critical, NULL);
	if (purpose == SH_PURPOSE_TIMESTAMP)
		ok = eku != NULL && critical == 1 &&
		    sk_ASN1_OBJECT_num(eku) == 1 &&
		    has_purpose(eku, stamping, SH_COUNT(stamping));
	else if (eku != NULL)
		ok = has_purpose(eku, signing, SH_COUNT(signing));
	else
		/* Absent, not there but unreadable (-2 says several). */
		ok = critical == -1;
	sk_ASN1_OBJECT_pop_free(eku, ASN1_OBJECT_free);
	ERR_clear_error();
	return (ok);
}

int
sh_certificate_period(X509 *x, int64_t when)
{
	time_t t = (time_t)when;

	/* 0 from X509_cmp_time means an unreadable time: outside. */
	if (X509_cmp_time(X509_get0_notBefore(x), &t) >= 0)
		return (-1);
	if (X509_cmp_time(X509_get0_notAfter(x), &t) <= 0)
		return (1);
	return (0);
}
