/*
 * One question to a web service, one bounded answer: time stamps, revocation
 * lists, remote signing.  The only caller of libcurl.
 *
 * The other side may be down, slow or lying: every call has a time limit for
 * the whole of it and a limit on the answer's bytes; redirections are not
 * followed and no proxy is taken from the environment, so that a request
 * goes to the address that was configured and nowhere else.  What is asked
 * for again is up to the caller's number of tries, with a growing pause.
 *
 * Errors: SH_EARG "http.url"; SH_EAGAIN "http.down" (no connection, time
 * over, or the service says 429 or 5xx: the same call may succeed later);
 * SH_EFORMAT "http.answer", any other status than 200; SH_EDENIED
 * "http.denied" (401, 403); SH_ELIMIT "http.size".
 */
#ifndef SH_SIGNING_HTTP_H
#define SH_SIGNING_HTTP_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"

struct sh_http {
	const char *url;	/* http:// or https:// */
	const char *type;	/* of the body; NULL: GET, no body */
	const void *body;
	size_t len;
	const char *bearer;	/* token of an Authorization line, or NULL */
	size_t limit;		/* bytes of the answer */
	int timeout_ms;		/* of one try, name look-up to last byte */
	int tries;		/* at least one is made */
};

/* The answer's body is appended to OUT. */
int sh_http(const struct sh_http *q, struct sh_buf *out,
    struct sh_error *err) SH_MUST_CHECK;

#endif
