/*
 * Is this signed PDF what was signed, by whom, and does it still count?
 *
 * Verdicts follow ETSI EN 319 102-1: TOTAL-PASSED, INDETERMINATE,
 * TOTAL-FAILED with a sub-indication, and reasons as message keys in the
 * order found.  'integrity' is all that can be said without trusting a
 * chain: every signature's digest and value are right, its byte range
 * covers its revision, and later revisions change nothing they may not.
 *
 * Runs on hostile files: called in the worker when the file comes from
 * outside; bounded in objects, depth, memory and time.
 */
#ifndef SH_SIGNING_VERIFY_H
#define SH_SIGNING_VERIFY_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/json.h"

enum sh_status { SH_TOTAL_PASSED, SH_INDETERMINATE, SH_TOTAL_FAILED };

struct sh_trust;

/* Every certificate in the PEM files of a folder is an anchor. */
int sh_trust_load(const char *dir, struct sh_trust **tp,
    struct sh_error *err) SH_MUST_CHECK;
/* Those files' bytes one behind the other, for a worker. */
int sh_trust_read(const char *dir, struct sh_buf *pem, struct sh_error *err)
    SH_MUST_CHECK;
/*
 * The same from PEM bytes, for the worker, which opens no file.  No bytes:
 * nothing is trusted.  Blocks "X509 CRL" and SH_PEM_OCSP are lists and
 * answers that were fetched: they count when their issuer signed them.
 */
#define SH_PEM_OCSP	"OCSP RESPONSE"
int sh_trust_parse(const void *pem, size_t len, struct sh_trust **tp,
    struct sh_error *err) SH_MUST_CHECK;
void sh_trust_free(struct sh_trust *t);
/* What was fetched about revocation helps to judge from now on; copied. */
struct sh_answers;
int sh_trust_know(struct sh_trust *t, const struct sh_answers *answers,
    struct sh_error *err) SH_MUST_CHECK;

/*
 * Let OpenSSL read its configuration and load what it loads once.  After
 * this call, and with the anchors parsed, sh_verify_pdf() opens no file and
 * no socket: a worker calls it before it gives up the right to.
 */
int sh_verify_prepare(struct sh_error *err) SH_MUST_CHECK;

struct sh_verdict {
	enum sh_status status;	/* the worst of the signatures */
	int integrity;
	int nsignatures;
	json_t *report;		/* schemas/verdict.schema.json */
};

/*
 * Judge the PDF in FD at the moment WHEN; TRUST NULL trusts nobody.  Without
 * a time stamp the moment of signing is not proven, so certificates are
 * judged at WHEN; that revocation was not checked is a note.  A file that is
 * no PDF, has no signature or is damaged has a verdict too (TOTAL-FAILED,
 * FORMAT_FAILURE or INDETERMINATE, NO_SIGNATURE); -1 means that no judgement
 * was possible (memory, I/O).
 */
int sh_verify_pdf(int fd, const struct sh_trust *trust, int64_t when,
    struct sh_verdict *out, struct sh_error *err) SH_MUST_CHECK;
void sh_verdict_clear(struct sh_verdict *v);

const char *sh_status_word(enum sh_status s);

#endif
