/*
 * The back end whose key lies at a signing service: Cloud Signature
 * Consortium API v2, credentials with explicit (PIN) or no authorisation.
 */
#include <stdlib.h>
#include <string.h>

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/x509.h>

#include "base/fs.h"
#include "base/json.h"
#include "base/mem.h"
#include "signing/algorithm.h"
#include "signing/http.h"
#include "signing/signer.h"

#define MAX_ANSWER	((size_t)256 << 10)
#define MAX_CERTS	8
#define MAX_TEXT	((size_t)64 << 10)

struct remote {
	char *url, *credential;
	struct sh_secret bearer;	/* ends with NUL */
	struct sh_secret pin;		/* the same; empty: none */
	int timeout_ms, tries;
	X509 *leaf;
	STACK_OF(X509) *others;
};

static void
remote_close(void *self)
{
	struct remote *r = self;

	free(r->url);
	free(r->credential);
	sh_secret_free(&r->bearer);
	sh_secret_free(&r->pin);
	X509_free(r->leaf);
	sk_X509_pop_free(r->others, X509_free);
	free(r);
}

static int
bad_answer(struct sh_error *err, const char *what)
{
	sh_error_clear(err);
	return (sh_error_set(err, SH_EFORMAT, "csc.answer",
	    "the signing service answers without %s", what));
}

/* One call; takes the question. */
static json_t *
call(const struct remote *r, const char *method, json_t *take_question,
    int tries, struct sh_error *err)
{
	struct sh_buf body = SH_BUF_INIT, text = SH_BUF_INIT;
	struct sh_http q = { .type = "application/json",
	    .bearer = (const char *)r->bearer.data, .limit = MAX_ANSWER,
	    .timeout_ms = r->timeout_ms, .tries = tries };
	char *url = sh_path_join(r->url, method, err);
	json_t *answer = NULL;

	if (take_question == NULL)
		(void)sh_error_nomem(err, "a request");
	else if (url != NULL && sh_json_print(take_question, 0, &body, err) ==
	    0) {
		q.url = url;
		q.body = body.data;
		q.len = body.len;
		if (sh_http(&q, &text, err) == 0 && (answer = sh_json_parse(
		    text.data, text.len, MAX_ANSWER, err)) == NULL)
			(void)bad_answer(err, "JSON");
	}
	/* It may hold the PIN. */
	if (body.data != NULL)
		sh_wipe(body.data, body.len);
	sh_buf_free(&body);
	sh_buf_free(&text);
	free(url);
	json_decref(take_question);
	return (answer);
}

/* Base64 without its padding's zeros; -1: it is none. */
static int
decode(const char *text, struct sh_buf *out, struct sh_error *err)
{
	size_t len = strlen(text), pad = 0;
	uint8_t *room;
	int n;

	sh_buf_reset(out);
	if (len == 0 || len % 4 != 0)
		return (bad_answer(err, "base64"));
	while (pad < 2 && text[len - 1 - pad] == '=')
		pad++;
	if ((room = sh_buf_reserve(out, len / 4 * 3, err)) == NULL)
		return (-1);
	n = EVP_DecodeBlock(room, (const uint8_t *)text, (int)len);
	if (n < 0)
		return (bad_answer(err, "base64"));
	out->len = (size_t)n - pad;
	return (0);
}

static json_t *
encode(const uint8_t *bytes, size_t len)
{
	char text[SH_MD_MAX * 2];

	(void)EVP_EncodeBlock((uint8_t *)text, bytes, (int)len);
	return (json_string(text));
}

static int
read_info(struct remote *r, struct sh_error *err)
{
	json_t *answer, *cert, *list, *one;
	struct sh_buf der = SH_BUF_INIT;
	const uint8_t *p;
	X509 *x;
	size_t i;
	int rc = -1;

	answer = call(r, "credentials/info", json_pack("{s:s, s:s}",
	    "credentialID", r->credential, "certificates", "chain"),
	    r->tries, err);
	if (answer == NULL)
		return (-1);
	if (sh_json_object(answer, "cert", 1, &cert, err) ||
	    sh_json_array(cert, "certificates", 1, MAX_CERTS, &list, err)) {
		(void)bad_answer(err, "certificates");
		goto out;
	}
	if ((r->others = sk_X509_new_null()) == NULL) {
		(void)sh_error_nomem(err, "certificates");
		goto out;
	}
	json_array_foreach(list, i, one) {
		if (!json_is_string(one) || json_string_length(one) >
		    MAX_TEXT || decode(json_string_value(one), &der, err)) {
			(void)bad_answer(err, "certificates");
			goto out;
		}
		p = der.data;
		x = d2i_X509(NULL, &p, (long)der.len);
		ERR_clear_error();
		if (x == NULL) {
			(void)bad_answer(err, "certificates");
			goto out;
		}
		if (i == 0)
			r->leaf = x;
		else if (sk_X509_push(r->others, x) == 0) {
			X509_free(x);
			(void)sh_error_nomem(err, "certificates");
			goto out;
		}
	}
	rc = r->leaf != NULL ? 0 : bad_answer(err, "certificates");
out:
	sh_buf_free(&der);
	json_decref(answer);
	return (rc);
}

static const char *
digest_name(enum sh_md md)
{
	return (md == SH_MD_SHA384 ? "2.16.840.1.101.3.4.2.2" :
	    "2.16.840.1.101.3.4.2.1");
}

/* The permission to sign this digest: SAD in the API's words. */
static int
authorise(struct remote *r, const json_t *digest, enum sh_md md, char **sadp,
    struct sh_error *err)
{
	json_t *question, *answer, *data = NULL;
	const char *sad;
	int rc = -1;

	question = json_pack("{s:s, s:i, s:[O], s:s}", "credentialID",
	    r->credential, "numSignatures", 1, "hashes", digest,
	    "hashAlgorithmOID", digest_name(md));
	if (r->pin.data != NULL) {
		data = json_pack("[{s:s, s:s}]", "id", "PIN", "value",
		    (const char *)r->pin.data);
		if (question == NULL || data == NULL ||
		    json_object_set_new(question, "authData", data) != 0) {
			json_decref(question);
			return (sh_error_nomem(err, "a request"));
		}
	}
	/* A PIN is told once: services lock after wrong ones as tokens do. */
	answer = call(r, "credentials/authorize", question, 1, err);
	if (answer == NULL) {
		if (err->code == SH_EDENIED || (err->code == SH_EFORMAT &&
		    strcmp(err->key, "http.answer") == 0)) {
			sh_error_clear(err);
			(void)sh_error_set(err, SH_EDENIED, "key.pin",
			    "the signing service does not let us sign");
		}
		return (-1);
	}
	if (sh_json_str(answer, "SAD", 1, MAX_TEXT, &sad, err))
		(void)bad_answer(err, "permission");
	else if ((*sadp = sh_strdup(sad, err)) != NULL)
		rc = 0;
	json_decref(answer);
	return (rc);
}

/* An ECDSA value comes as DER, or as its two halves. */
static int
put_value(enum sh_sig_algorithm alg, const struct sh_buf *v,
    struct sh_buf *sig, struct sh_error *err)
{
	ECDSA_SIG *s;
	BIGNUM *a, *b;
	uint8_t *der = NULL;
	size_t half = alg == SH_SIG_ECDSA_SHA384 ? 48 : 32;
	int n = -1, rc = -1;

	if (sh_sig_scheme(alg) != SH_SCHEME_ECDSA || v->len != 2 * half)
		return (sh_buf_append(sig, v->data, v->len, err));
	s = ECDSA_SIG_new();
	a = BN_bin2bn(v->data, (int)half, NULL);
	b = BN_bin2bn(v->data + half, (int)half, NULL);
	if (s != NULL && a != NULL && b != NULL &&
	    ECDSA_SIG_set0(s, a, b) == 1) {
		a = b = NULL;
		n = i2d_ECDSA_SIG(s, &der);
	}
	rc = n > 0 ? sh_buf_append(sig, der, (size_t)n, err) :
	    sh_error_nomem(err, "a signature");
	OPENSSL_free(der);
	BN_free(a);
	BN_free(b);
	ECDSA_SIG_free(s);
	return (rc);
}

static json_t *
sign_question(const struct remote *r, enum sh_sig_algorithm alg,
    const json_t *digest, const char *sad)
{
	/* Its AlgorithmIdentifier's parameters, in base64. */
	static const char pss[] = "MDSgDzANBglghkgBZQMEAgEFAKEcMBoGCSqGSIb3"
	    "DQEBCDANBglghkgBZQMEAgEFAKIDAgEg";
	static const char *const names[] = {
		[SH_SIG_RSA_PKCS1_SHA256] = "1.2.840.113549.1.1.11",
		[SH_SIG_RSA_PSS_SHA256] = "1.2.840.113549.1.1.10",
		[SH_SIG_ECDSA_SHA256] = "1.2.840.10045.4.3.2",
		[SH_SIG_ECDSA_SHA384] = "1.2.840.10045.4.3.3",
	};

	return (json_pack("{s:s, s:s, s:[O], s:s, s:s, s:s*}",
	    "credentialID", r->credential, "SAD", sad, "hashes", digest,
	    "hashAlgorithmOID", digest_name(sh_sig_md(alg)), "signAlgo",
	    names[alg], "signAlgoParams", alg == SH_SIG_RSA_PSS_SHA256 ? pss :
	    NULL));
}

static int
remote_sign(void *self, enum sh_sig_algorithm alg, const void *tbs,
    size_t len, struct sh_buf *sig, struct sh_error *err)
{
	struct remote *r = self;
	struct sh_buf value = SH_BUF_INIT;
	uint8_t digest[SH_MD_MAX];
	enum sh_md md = sh_sig_md(alg);
	json_t *hash = NULL, *answer = NULL, *list;
	const char *text;
	char *sad = NULL;
	size_t before = sig->len;
	int rc = -1;

	if (alg == SH_SIG_ED25519)
		return (sh_error_set(err, SH_EUNSUPPORTED, "key.kind",
		    "Ed25519 signs no digest"));
	if (sh_md_digest(md, tbs, len, digest, err))
		return (-1);
	if ((hash = encode(digest, sh_md_size(md))) == NULL) {
		(void)sh_error_nomem(err, "a request");
		goto out;
	}
	if (authorise(r, hash, md, &sad, err))
		goto out;
	/* The permission is for one signature: not asked for again. */
	answer = call(r, "signatures/signHash", sign_question(r, alg, hash,
	    sad), 1, err);
	if (answer == NULL)
		goto out;
	if (sh_json_array(answer, "signatures", 1, 1, &list, err) ||
	    (text = json_string_value(json_array_get(list, 0))) == NULL ||
	    decode(text, &value, err)) {
		(void)bad_answer(err, "a signature");
		goto out;
	}
	if (put_value(alg, &value, sig, err))
		goto out;
	rc = sh_scheme_verify(sh_sig_scheme(alg), md, 32,
	    X509_get0_pubkey(r->leaf), tbs, len, sig->data + before,
	    sig->len - before, err);
	if (rc == 0)
		(void)sh_error_set(err, SH_ESIGNATURE, "key.lying",
		    "the signing service: its signature is not of its "
		    "certificate");
	rc = rc == 1 ? 0 : -1;
out:
	free(sad);
	json_decref(hash);
	json_decref(answer);
	sh_buf_free(&value);
	return (rc);
}

static const struct sh_signer_ops remote_ops = {
	.name = "remote", .sign = remote_sign, .close = remote_close
};

/* A copy with the NUL that libraries of text want. */
static int
copy_secret(const struct sh_secret *s, struct sh_secret *out,
    struct sh_error *err)
{
	if (s == NULL || s->data == NULL)
		return (0);
	if (sh_secret_new(out, s->len + 1, err))
		return (-1);
	memcpy(out->data, s->data, s->len);
	return (0);
}

int
sh_signer_open_remote(const struct sh_remote *o, struct sh_signer **sp,
    struct sh_error *err)
{
	struct remote *r = sh_alloc(1, sizeof(*r), "a remote signer", err);

	*sp = NULL;
	if (r == NULL)
		return (-1);
	r->timeout_ms = o->timeout_ms;
	r->tries = o->tries;
	if ((r->url = sh_strdup(o->url, err)) == NULL ||
	    (r->credential = sh_strdup(o->credential, err)) == NULL ||
	    copy_secret(o->bearer, &r->bearer, err) ||
	    copy_secret(o->pin, &r->pin, err) || read_info(r, err)) {
		remote_close(r);
		return (-1);
	}
	return (sh_signer_build(&remote_ops, r, r->leaf, r->others, sp, err));
}
