/*
 * X.509 certificates as this room asks about them.
 *
 * Source: RFC 5280, RFC 9336 (document signing).
 */
#ifndef SH_SIGNING_CERTIFICATE_H
#define SH_SIGNING_CERTIFICATE_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "signing/der.h"

struct x509_st;

/* Where issuer and serial number stand in a DER certificate. */
int sh_certificate_names(const uint8_t *der, size_t len,
    struct sh_der_element *issuer, struct sh_der_element *serial,
    struct sh_error *err) SH_MUST_CHECK;

/*
 * The subject's common name (else organisation, else empty) as one clean
 * line of NFC in fresh memory; NULL with err set.
 */
char *sh_certificate_name(struct x509_st *x, struct sh_error *err);

enum sh_purpose { SH_PURPOSE_DOCUMENT, SH_PURPOSE_TIMESTAMP };

/*
 * 1 if key usage and extended key usage let the certificate's key sign for
 * that purpose, else 0.  An extension that is absent restricts nothing, but
 * a time-stamping authority must have its own, critical and alone
 * (RFC 3161 2.3).
 */
int sh_certificate_usage(struct x509_st *x, enum sh_purpose purpose);

/* -1 before its validity, 0 within, 1 after it. */
int sh_certificate_period(struct x509_st *x, int64_t when);

#endif
