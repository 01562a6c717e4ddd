/*
 * The document security store: what signers left in a file so that others
 * can judge its signatures later.  None of it is trusted: a revocation list
 * counts when its issuer signed it.
 *
 * Source: ISO 32000-2 12.8.4.3; ETSI EN 319 142-1 5.4.
 */
#ifndef SH_SIGNING_DSS_H
#define SH_SIGNING_DSS_H

#include "base/error.h"
#include "signing/pdfread.h"

struct stack_st_X509_CRL;

struct sh_dss {
	struct stack_st_X509_CRL *crls;	/* NULL: none */
};

/*
 * The store of the document whose catalog is CATALOG.  What is none of the
 * kind it should be is passed over; -1 only for memory, I/O and limits.
 */
int sh_dss_read(struct sh_pdf *doc, const struct sh_pdf_value *catalog,
    struct sh_dss *out, struct sh_error *err) SH_MUST_CHECK;
void sh_dss_clear(struct sh_dss *d);

#endif
