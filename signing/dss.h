/*
 * The document security store: what signers left in a file so that others
 * can judge its signatures later.  None of it is trusted: a list or an
 * answer counts when its issuer signed it, a certificate when it lies on a
 * way to an anchor.
 *
 * Source: ISO 32000-2 12.8.4.3; ETSI EN 319 142-1 5.4.
 */
#ifndef SH_SIGNING_DSS_H
#define SH_SIGNING_DSS_H

#include "base/error.h"
#include "signing/pdfread.h"
#include "signing/revocation.h"

struct stack_st_X509;

struct sh_dss {
	struct stack_st_X509 *certificates;	/* NULL: none */
	struct sh_answers answers;
};

/*
 * The store of the document whose catalog is CATALOG.  What is none of the
 * kind it should be is passed over; -1 only for memory, I/O and limits.
 */
int sh_dss_read(struct sh_pdf *doc, const struct sh_pdf_value *catalog,
    struct sh_dss *out, struct sh_error *err) SH_MUST_CHECK;
void sh_dss_clear(struct sh_dss *d);

/* What belongs to one signature or time stamp of the file. */
struct sh_dss_entry {
	const uint8_t *contents;	/* of its /Contents, padding too */
	size_t len;
	struct stack_st_X509 *certificates;
	struct sh_answers answers;
};

/*
 * Append an update with a store that holds what was there and what the
 * entries bring; what lies there already is not written again.  *ADDEDP is
 * 0 when there was nothing to add: then nothing is written.  On failure the
 * file is cut back.
 */
int sh_dss_write(int fd, const struct sh_dss_entry *entries, size_t n,
    int *addedp, struct sh_error *err) SH_MUST_CHECK;

#endif
