/* Asking for what a verdict could not know. */
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "base/clock.h"
#include "base/mem.h"
#include "signing/fetch.h"
#include "signing/trust.h"

#define MAX_WAYS	8
#define MAX_WAY		10
#define MAX_TEXT	((size_t)64 << 10)

/* The certificate in base64; NULL: none is there. */
static X509 *
decode(const json_t *v)
{
	size_t len = json_string_length(v);
	const uint8_t *p;
	uint8_t *der;
	X509 *x = NULL;
	int n;

	if (len == 0 || len > MAX_TEXT || (der = malloc(len)) == NULL)
		return (NULL);
	n = EVP_DecodeBlock(der, (const uint8_t *)json_string_value(v),
	    (int)len);
	p = der;
	if (n > 0)
		x = d2i_X509(NULL, &p, n);
	ERR_clear_error();
	free(der);
	return (x);
}

/* A list too long for the roots' room is left out: then it stays unknown. */
static int
put_pem(const struct sh_answers *answers, struct sh_buf *pem,
    struct sh_error *err)
{
	const struct sh_answer *a;
	char *text;
	BIO *bio;
	long len;
	size_t i;
	int rc = 0;

	for (i = 0; rc == 0 && i < answers->n; i++) {
		a = &answers->item[i];
		bio = BIO_new(BIO_s_mem());
		if (bio == NULL || PEM_write_bio(bio, a->kind ==
		    SH_ANSWER_CRL ? PEM_STRING_X509_CRL : SH_PEM_OCSP, "",
		    a->der.data, (long)a->der.len) <= 0)
			rc = sh_error_nomem(err, "revocation");
		else {
			len = BIO_get_mem_data(bio, &text);
			if (pem->limit == 0 ||
			    (size_t)len <= pem->limit - pem->len)
				rc = sh_buf_append(pem, text, (size_t)len,
				    err);
		}
		BIO_free(bio);
	}
	return (rc);
}

/*
 * The report comes out of the sandbox: the way is found again here, and only
 * addresses that stand in certificates below one of our anchors are asked.
 */
static int
ask_way(const struct sh_fetch *f, const struct sh_trust *trust,
    const json_t *way, int64_t when, int64_t now, struct sh_answers *answers,
    struct sh_error *err)
{
	STACK_OF(X509) *all = sk_X509_new_null(), *chain = NULL;
	struct sh_trust_help help = { .certificates = all, .now = now,
	    .chainp = &chain };
	struct sh_findings ignored = { .n = 0 };
	json_t *one;
	X509 *x;
	size_t i;
	int k, rc = -1;

	json_array_foreach(way, i, one) {
		if (i == MAX_WAY || (x = decode(one)) == NULL)
			break;
		if (all == NULL || sk_X509_push(all, x) == 0) {
			X509_free(x);
			(void)sh_error_nomem(err, "certificates");
			goto out;
		}
	}
	if (sk_X509_num(all) > 0 && sh_trust_judge(trust,
	    sk_X509_value(all, 0), &help, when, SH_PURPOSE_DOCUMENT, &ignored,
	    err))
		goto out;
	rc = 0;
	for (k = 0; k + 1 < sk_X509_num(chain); k++)
		if (sh_fetch_revocation(f, sk_X509_value(chain, k),
		    sk_X509_value(chain, k + 1), now, answers, err) < 0) {
			if (err->code != SH_EAGAIN &&
			    err->code != SH_ESIGNATURE) {
				rc = -1;
				break;
			}
			sh_error_clear(err);
		}
out:
	sk_X509_pop_free(chain, X509_free);
	sk_X509_pop_free(all, X509_free);
	return (rc);
}

int
sh_fetch_report(const struct sh_fetch *f, const struct sh_trust *trust,
    const json_t *report, int64_t now, struct sh_buf *pem, size_t *np,
    struct sh_error *err)
{
	struct sh_answers answers = { .n = 0 };
	const json_t *sig, *way;
	const char *text;
	size_t i, k, nways = 0;
	int64_t when;
	int rc = -1;

	json_array_foreach(json_object_get(report, "signatures"), i, sig) {
		text = json_string_value(json_object_get(sig, "proven_time"));
		if (text == NULL || sh_time_parse(text, &when) != 0)
			when = now;
		json_array_foreach(json_object_get(sig, "unanswered"), k, way)
			if (nways++ < MAX_WAYS && ask_way(f, trust, way, when,
			    now, &answers, err))
				goto out;
	}
	*np = answers.n;
	rc = put_pem(&answers, pem, err);
out:
	sh_answers_clear(&answers);
	return (rc);
}
