/*
 * What an authority answers: a time stamp, an OCSP response, a revocation
 * list; the first byte tells which.
 */
#include <openssl/x509.h>

#include "signing/revocation.h"
#include "signing/tsa.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

struct fuzz_bytes {
	const uint8_t *data;
	size_t len;
};

static int
fuzz_carry(void *arg, const struct sh_buf *question, struct sh_buf *answer,
    struct sh_error *err)
{
	const struct fuzz_bytes *b = arg;

	(void)question;
	return (sh_buf_append(answer, b->data, b->len, err));
}

/* A certificate to ask about: anything will do. */
static X509 *
fuzz_certificate(void)
{
	static X509 *x;

	if (x == NULL && (x = X509_new()) != NULL)
		ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
	return (x);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const uint8_t digest[SH_MD_MAX];
	struct sh_error err = SH_ERROR_INIT;
	struct sh_answers answers = { .n = 0 };
	struct sh_revocation said;
	struct fuzz_bytes b = { data + 1, len - 1 };
	struct sh_tsa tsa = { .carry = fuzz_carry, .arg = &b, .now = 1 };
	struct sh_buf token = SH_BUF_INIT;
	int64_t when;

	if (len == 0)
		return (0);
	if (data[0] % 3 == 0) {
		if (sh_tsa_stamp(&tsa, SH_MD_SHA256, digest, &token, &when,
		    &err) == 0)
			__builtin_trap();	/* it cannot know our nonce */
	} else if (sh_answers_add(&answers, data[0] % 3 == 1 ? SH_ANSWER_CRL :
	    SH_ANSWER_OCSP, b.data, b.len, 0, &err) >= 0)
		sh_revocation_judge(fuzz_certificate(), fuzz_certificate(),
		    &answers, 1, 1, &said);
	sh_answers_clear(&answers);
	sh_buf_free(&token);
	return (0);
}
