/*
 * Where a signature of a PDF stands and what it covers: pinned to the bytes
 * of its own dictionary before anything else is believed.
 *
 * Rule: ISO 32000-2 12.8.1: the range is the file but for the very token of
 * /Contents.
 */
#ifndef SH_SIGNING_SIGNATURE_H
#define SH_SIGNING_SIGNATURE_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "signing/pdfform.h"
#include "signing/pdfread.h"
#include "signing/reason.h"

enum sh_sub_filter {
	SH_SUB_OTHER,
	SH_SUB_CADES,		/* ETSI.CAdES.detached */
	SH_SUB_PKCS7,		/* adbe.pkcs7.detached */
	SH_SUB_STAMP		/* ETSI.RFC3161, a document time stamp */
};

struct sh_signature {
	const struct sh_pdf_field *field;	/* borrowed from the form */
	enum sh_sub_filter sub;
	uint64_t range[2][2];	/* first byte, length */
	uint64_t end;		/* of the revision that it signs */
	const struct sh_pdf_value *contents;	/* borrowed from the document */
	struct sh_pdf *revision;	/* the file as it was signed; owned */
	const struct sh_pdf_value *dictionary;	/* in that revision */
	struct sh_pdf_lock lock;
	int64_t claimed;	/* /M; 0: none */
};

/*
 * The signature that is the value of FIELD.  What is wrong with it goes to
 * FOUND; then revision may be NULL.  -1 only for memory and I/O.
 */
int sh_signature_read(struct sh_pdf *doc, const struct sh_pdf_field *field,
    struct sh_signature *out, struct sh_findings *found,
    struct sh_error *err) SH_MUST_CHECK;
/* Forget the signed revision; what is plain data stays. */
void sh_signature_close(struct sh_signature *s);

/*
 * What was appended behind the signed revision: whole updates that change
 * nothing they may not, or a finding.
 */
int sh_signature_check_later(struct sh_pdf *doc,
    const struct sh_signature *s, struct sh_findings *found,
    struct sh_error *err) SH_MUST_CHECK;

#endif
