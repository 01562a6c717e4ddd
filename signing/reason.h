/*
 * Why a verdict is what it is: reasons under stable keys, each with the
 * status it leads to and its sentence for people.
 *
 * The keys are those of the errors that the readers set, so that an error
 * becomes a reason as it stands, and some that only a verdict knows.
 *
 * Source: ETSI EN 319 102-1 5.1.3 and 5.1.4 (status, sub-indication).
 */
#ifndef SH_SIGNING_REASON_H
#define SH_SIGNING_REASON_H

#include <stddef.h>

#include "base/error.h"
#include "base/json.h"
#include "signing/verify.h"

struct sh_reason {
	const char *key;
	enum sh_status status;	/* SH_TOTAL_PASSED: a note */
	const char *sub;	/* sub-indication, or NULL */
	int breaks;		/* integrity */
	const char *vi, *en;
};

/* The table, for the test that holds it against the catalogue of messages. */
const struct sh_reason *sh_reason_at(size_t i);	/* NULL behind the last */

/* Each reason is given once, so this holds the whole table. */
#define SH_MAX_REASONS	48

/* What was found about one signature, or about the file; plain data. */
struct sh_findings {
	size_t n;
	struct sh_finding {
		const struct sh_reason *reason;
		char detail[200];	/* technical, English; may be empty */
	} item[SH_MAX_REASONS];
};

/* KEY must be in the table.  The first detail under a key stays. */
void sh_findings_add(struct sh_findings *f, const char *key, const char *fmt,
    ...) SH_PRINTF(3, 4);
/*
 * An error as a finding: 0 and the error is cleared.  -1 when it says
 * nothing about the file (memory, I/O) and stays.
 */
int sh_findings_error(struct sh_findings *f, struct sh_error *err)
    SH_MUST_CHECK;

/* The worst status and its sub-indication (NULL: none). */
enum sh_status sh_findings_status(const struct sh_findings *f,
    const char **subp);
int sh_findings_integrity(const struct sh_findings *f);
/* [{"key", "vi", "en", "detail"?} …]; NULL with err set. */
json_t *sh_findings_json(const struct sh_findings *f, struct sh_error *err);

#endif
