/*
 * Was a certificate revoked, as far as lists and answers that lie before us
 * say?  Reads what others made, fetches nothing.
 *
 * An answer counts when its issuer, or a responder that the issuer named for
 * this, signed it; it speaks of this very certificate; and it tells of the
 * moment that is asked about.  A list with critical extensions (indirect,
 * partial, a delta) is refused.
 *
 * Source: RFC 5280 5 and 6.3; RFC 6960; EN 319 102-1 5.2.5.
 */
#ifndef SH_SIGNING_REVOCATION_H
#define SH_SIGNING_REVOCATION_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"

struct x509_st;

enum sh_answer_kind { SH_ANSWER_CRL, SH_ANSWER_OCSP };

/* One list or answer; the bytes as they came. */
struct sh_answer {
	enum sh_answer_kind kind;
	struct sh_buf der;
	void *parsed;		/* X509_CRL or OCSP_BASICRESP */
	uint64_t at;		/* where it stands in a file; 0: nowhere */
	int64_t known;		/* proven to have existed then; 0: now */
};

#define SH_MAX_ANSWERS	256

/* Plain data: zero it; clear it. */
struct sh_answers {
	struct sh_answer *item;
	size_t n, cap;
	size_t bytes;		/* of all; at most 16 MiB */
};

/*
 * Add a list or an answer (a whole OCSPResponse); the same bytes twice are
 * one.  1 added, 0 it is none of that kind or there are too many, -1.
 */
int sh_answers_add(struct sh_answers *a, enum sh_answer_kind kind,
    const void *der, size_t len, uint64_t at, struct sh_error *err);
void sh_answers_clear(struct sh_answers *a);

enum sh_revocation_state { SH_UNKNOWN, SH_NOT_REVOKED, SH_REVOKED };

struct sh_revocation {
	enum sh_revocation_state state;
	int64_t when;		/* SH_REVOKED: since */
	int64_t told;		/* of the answer that decided: thisUpdate */
	int64_t until;		/* and nextUpdate; 0: none */
	const struct sh_answer *answer;
};

/*
 * CERT, which ISSUER issued, at the moment WHEN, judged at the moment NOW.
 * Revoked later than WHEN is not revoked at WHEN.
 */
void sh_revocation_judge(struct x509_st *cert, struct x509_st *issuer,
    const struct sh_answers *answers, int64_t when, int64_t now,
    struct sh_revocation *out);

/* 1 if the certificate says where its revocation can be asked. */
int sh_revocation_published(struct x509_st *cert);

#endif
