/*
 * Shared by verify (what a file's signatures are), verify_time (at which
 * moment they count) and verify_report (how it is told).
 *
 * Invariants: a signature that is right has its CMS; the document stays open
 * while a CMS borrows from it.
 */
#ifndef SH_SIGNING_VERIFY_INTERNAL_H
#define SH_SIGNING_VERIFY_INTERNAL_H

#include "signing/cms.h"
#include "signing/dss.h"
#include "signing/reason.h"
#include "signing/signature.h"
#include "signing/trust.h"
#include "signing/verify.h"

/* One signature or document time stamp judged. */
struct sh_judged {
	struct sh_signature sig;
	struct sh_findings found;
	struct sh_cms *cms;	/* NULL: could not be read */
	int right;		/* digests and value agree */
	enum sh_md over;	/* digest of the document's bytes */
	char *signer;		/* NULL: no certificate */
	char algorithm[48];	/* empty: not known */
	int64_t stamped;	/* a document time stamp's own time */
	int64_t proven;		/* existed then at the latest; 0: not judged */
	int preserved;		/* a later document time stamp covers it */
	int stamped_time;	/* a stamp vouches for 'proven', if only for
				   this very second */
	int whole;		/* signs the file to its end */
	struct stack_st_X509 *chain;	/* the way to an anchor, or NULL */
	struct {		/* the time stamp of the signature value */
		int there;
		struct sh_findings found;
		char *signer;
		int64_t when;
		struct stack_st_X509 *chain;
	} stamp;
};

struct sh_verifying {
	struct sh_pdf *doc;
	struct sh_pdf_form form;
	const struct sh_trust *trust;
	struct sh_dss dss;
	int64_t when;
	struct sh_findings found;	/* about the file */
	int stamped;		/* a document time stamp passed so far */
	struct sh_judged *judged;
	size_t njudged;
};

/* verify_time: chains, revocation, algorithms, each at its proven time. */
int sh_verify_times(struct sh_verifying *v, struct sh_error *err)
    SH_MUST_CHECK;
/* verify_report: status, integrity and report of OUT. */
int sh_verify_report(const struct sh_verifying *v, struct sh_verdict *out,
    struct sh_error *err) SH_MUST_CHECK;

#endif
