/* The back end whose key lies in a token; the only caller of PKCS#11. */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/x509.h>
#include <p11-kit-1/p11-kit/pkcs11.h>

#include "base/mem.h"
#include "signing/algorithm.h"
#include "signing/signer.h"

#define MAX_SLOTS	64
#define MAX_OBJECTS	64
#define MAX_CERT	((size_t)64 << 10)
#define MAX_ID		256

struct token {
	void *library;
	CK_FUNCTION_LIST *f;
	int initialized;	/* by us: then ours to finalize */
	CK_SESSION_HANDLE session;
	int has_session;
	CK_OBJECT_HANDLE key;
	int asks_each_time;	/* CKA_ALWAYS_AUTHENTICATE */
	struct sh_secret pin;	/* for that alone */
	X509 *leaf;
	STACK_OF(X509) *others;
};

static void
token_close(void *self)
{
	struct token *t = self;

	if (t->has_session)
		(void)t->f->C_CloseSession(t->session);
	if (t->initialized)
		(void)t->f->C_Finalize(NULL);
	/* The library stays: some drivers keep threads that need it. */
	sh_secret_free(&t->pin);
	X509_free(t->leaf);
	sk_X509_pop_free(t->others, X509_free);
	free(t);
}

/* What the token says in our words. */
static int
say(struct sh_error *err, const char *what, CK_RV rv)
{
	switch (rv) {
	case CKR_PIN_INCORRECT:
	case CKR_PIN_INVALID:
	case CKR_PIN_LEN_RANGE:
		return (sh_error_set(err, SH_EDENIED, "key.pin",
		    "token: the PIN is wrong; it is not tried again"));
	case CKR_PIN_LOCKED:
		return (sh_error_set(err, SH_EDENIED, "key.locked",
		    "token: the PIN is locked"));
	case CKR_TOKEN_NOT_PRESENT:
	case CKR_DEVICE_REMOVED:
	case CKR_DEVICE_ERROR:
	case CKR_SESSION_HANDLE_INVALID:
	case CKR_SESSION_CLOSED:
	case CKR_USER_NOT_LOGGED_IN:
		return (sh_error_set(err, SH_EAGAIN, "key.token-gone",
		    "token: %s: 0x%lx", what, (unsigned long)rv));
	case CKR_HOST_MEMORY:
		return (sh_error_nomem(err, "a token"));
	default:
		return (sh_error_set(err, SH_ELIBRARY, "key.failed",
		    "token: %s: 0x%lx", what, (unsigned long)rv));
	}
}

static int
load(struct token *t, const char *module, struct sh_error *err)
{
	CK_RV (*get)(CK_FUNCTION_LIST **);
	CK_C_INITIALIZE_ARGS args = { .flags = CKF_OS_LOCKING_OK };
	CK_RV rv;

	t->library = dlopen(module, RTLD_NOW | RTLD_LOCAL);
	if (t->library == NULL || (*(void **)&get = dlsym(t->library,
	    "C_GetFunctionList")) == NULL || get(&t->f) != CKR_OK) {
		sh_error_param(err, "file", "%s", module);
		return (sh_error_set(err, SH_ENOTFOUND, "key.module",
		    "%s is no PKCS#11 driver", module));
	}
	rv = t->f->C_Initialize(&args);
	if (rv != CKR_OK && rv != CKR_CRYPTOKI_ALREADY_INITIALIZED)
		return (say(err, "start", rv));
	t->initialized = rv == CKR_OK;
	return (0);
}

/* Labels are padded with blanks. */
static int
has_label(const CK_UTF8CHAR *label, size_t size, const char *want)
{
	size_t len = strlen(want), i;

	if (len > size || memcmp(label, want, len) != 0)
		return (0);
	for (i = len; i < size; i++)
		if (label[i] != ' ' && label[i] != '\0')
			return (0);
	return (1);
}

static int
find_token(struct token *t, const char *label, CK_SLOT_ID *slotp,
    CK_FLAGS *flagsp, struct sh_error *err)
{
	CK_SLOT_ID slots[MAX_SLOTS];
	CK_ULONG n = MAX_SLOTS, i;
	CK_TOKEN_INFO info;
	CK_RV rv = t->f->C_GetSlotList(CK_TRUE, slots, &n);

	if (rv != CKR_OK)
		return (say(err, "slots", rv));
	for (i = 0; i < n && i < MAX_SLOTS; i++) {
		if (t->f->C_GetTokenInfo(slots[i], &info) != CKR_OK ||
		    !has_label(info.label, sizeof(info.label), label))
			continue;
		*slotp = slots[i];
		*flagsp = info.flags;
		return (0);
	}
	sh_error_param(err, "value", "%s", label);
	return (sh_error_set(err, SH_ENOTFOUND, "key.token",
	    "no token \"%s\" is there", label));
}

static int
log_in(struct token *t, CK_FLAGS flags, const struct sh_secret *pin,
    struct sh_error *err)
{
	CK_RV rv;

	if ((flags & CKF_LOGIN_REQUIRED) == 0)
		return (0);
	if ((flags & CKF_USER_PIN_LOCKED) != 0)
		return (say(err, "PIN", CKR_PIN_LOCKED));
	if ((flags & CKF_USER_PIN_FINAL_TRY) != 0)
		return (sh_error_set(err, SH_EDENIED, "key.pin-last",
		    "token: one more wrong PIN would lock it"));
	rv = t->f->C_Login(t->session, CKU_USER, pin->data,
	    (CK_ULONG)pin->len);
	if (rv != CKR_OK && rv != CKR_USER_ALREADY_LOGGED_IN)
		return (say(err, "login", rv));
	return (0);
}

static int
find_objects(struct token *t, CK_OBJECT_CLASS class, const char *label,
    CK_OBJECT_HANDLE *out, CK_ULONG *np, struct sh_error *err)
{
	CK_ATTRIBUTE want[2] = {
		{ CKA_CLASS, &class, sizeof(class) },
		{ CKA_LABEL, (void *)(uintptr_t)label,
		    label != NULL ? strlen(label) : 0 }
	};
	CK_RV rv;

	rv = t->f->C_FindObjectsInit(t->session, want, label != NULL ? 2 : 1);
	if (rv == CKR_OK) {
		rv = t->f->C_FindObjects(t->session, out, MAX_OBJECTS, np);
		(void)t->f->C_FindObjectsFinal(t->session);
	}
	return (rv == CKR_OK ? 0 : say(err, "objects", rv));
}

/* 1 and the attribute's bytes, 0 when it has none (or too many). */
static int
attribute(struct token *t, CK_OBJECT_HANDLE o, CK_ATTRIBUTE_TYPE type,
    uint8_t *out, size_t size, size_t *lenp)
{
	CK_ATTRIBUTE a = { type, NULL, 0 };

	if (t->f->C_GetAttributeValue(t->session, o, &a, 1) != CKR_OK ||
	    a.ulValueLen == 0 || a.ulValueLen > size)
		return (0);
	a.pValue = out;
	if (t->f->C_GetAttributeValue(t->session, o, &a, 1) != CKR_OK)
		return (0);
	*lenp = a.ulValueLen;
	return (1);
}

static int
find_key(struct token *t, const char *label, struct sh_error *err)
{
	CK_OBJECT_HANDLE keys[MAX_OBJECTS];
	CK_ULONG n = 0;
	CK_BBOOL each = CK_FALSE;
	size_t len;

	if (find_objects(t, CKO_PRIVATE_KEY, label, keys, &n, err))
		return (-1);
	if (n != 1) {
		sh_error_param(err, "file", "%s", label != NULL ? label :
		    "token");
		return (sh_error_set(err, SH_ENOTFOUND, "key.missing",
		    "token: %lu private keys%s%s, one is wanted",
		    (unsigned long)n, label != NULL ? " named " : "",
		    label != NULL ? label : ""));
	}
	t->key = keys[0];
	t->asks_each_time = attribute(t, t->key, CKA_ALWAYS_AUTHENTICATE,
	    &each, sizeof(each), &len) && each == CK_TRUE;
	return (0);
}

static int
find_certificates(struct token *t, struct sh_error *err)
{
	CK_OBJECT_HANDLE list[MAX_OBJECTS];
	CK_ULONG n = 0, i;
	uint8_t id[MAX_ID], own[MAX_ID], *der;
	size_t idlen = 0, ownlen = 0, len;
	const uint8_t *p;
	X509 *x;
	int rc = 0;

	if (find_objects(t, CKO_CERTIFICATE, NULL, list, &n, err))
		return (-1);
	if ((der = sh_alloc(MAX_CERT, 1, "a certificate", err)) == NULL ||
	    (t->others = sk_X509_new_null()) == NULL) {
		free(der);
		return (sh_error_nomem(err, "certificates"));
	}
	(void)attribute(t, t->key, CKA_ID, id, sizeof(id), &idlen);
	for (i = 0; i < n && rc == 0; i++) {
		if (!attribute(t, list[i], CKA_VALUE, der, MAX_CERT, &len))
			continue;
		p = der;
		x = d2i_X509(NULL, &p, (long)len);
		ERR_clear_error();
		if (x == NULL)
			continue;
		ownlen = 0;
		(void)attribute(t, list[i], CKA_ID, own, sizeof(own),
		    &ownlen);
		if (t->leaf == NULL && idlen > 0 && ownlen == idlen &&
		    memcmp(id, own, idlen) == 0)
			t->leaf = x;
		else if (sk_X509_push(t->others, x) == 0) {
			X509_free(x);
			rc = sh_error_nomem(err, "certificates");
		}
	}
	free(der);
	if (rc == 0 && t->leaf == NULL)
		rc = sh_error_set(err, SH_ENOTFOUND, "key.missing",
		    "token: no certificate beside the key");
	return (rc);
}

/* ---- signing ---- */

/* Rule: RFC 8017 9.2: what PKCS#1 v1.5 signs of a SHA-256 digest. */
static const uint8_t digest_info[] = { 0x30, 0x31, 0x30, 0x0d, 0x06, 0x09,
    0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04,
    0x20 };

/* r and s, each half of RAW, as ECDSA-Sig-Value. */
static int
put_ecdsa(const uint8_t *raw, size_t len, struct sh_buf *sig,
    struct sh_error *err)
{
	ECDSA_SIG *v = ECDSA_SIG_new();
	BIGNUM *r = BN_bin2bn(raw, (int)len / 2, NULL);
	BIGNUM *s = BN_bin2bn(raw + len / 2, (int)len / 2, NULL);
	unsigned char *der = NULL;
	int n = -1, rc = -1;

	if (v != NULL && r != NULL && s != NULL &&
	    ECDSA_SIG_set0(v, r, s) == 1) {
		r = s = NULL;
		n = i2d_ECDSA_SIG(v, &der);
	}
	if (n > 0)
		rc = sh_buf_append(sig, der, (size_t)n, err);
	else
		(void)sh_error_nomem(err, "a signature");
	OPENSSL_free(der);
	BN_free(r);
	BN_free(s);
	ECDSA_SIG_free(v);
	return (rc);
}

static int
token_sign(void *self, enum sh_sig_algorithm alg, const void *tbs, size_t len,
    struct sh_buf *sig, struct sh_error *err)
{
	struct token *t = self;
	CK_RSA_PKCS_PSS_PARAMS pss = { CKM_SHA256, CKG_MGF1_SHA256, 32 };
	CK_MECHANISM how = { CKM_RSA_PKCS, NULL, 0 };
	uint8_t in[sizeof(digest_info) + SH_MD_MAX], out[2048];
	enum sh_md md = sh_sig_md(alg);
	size_t head = 0, before = sig->len;
	CK_ULONG n = sizeof(out);
	CK_RV rv;
	int rc;

	switch (alg) {
	case SH_SIG_RSA_PKCS1_SHA256:
		head = sizeof(digest_info);
		memcpy(in, digest_info, head);
		break;
	case SH_SIG_RSA_PSS_SHA256:
		how = (CK_MECHANISM){ CKM_RSA_PKCS_PSS, &pss, sizeof(pss) };
		break;
	case SH_SIG_ECDSA_SHA256:
	case SH_SIG_ECDSA_SHA384:
		how.mechanism = CKM_ECDSA;
		break;
	default:
		return (sh_error_set(err, SH_EUNSUPPORTED, "key.kind",
		    "no token signs so"));
	}
	if (sh_md_digest(md, tbs, len, in + head, err))
		return (-1);
	rv = t->f->C_SignInit(t->session, &how, t->key);
	if (rv == CKR_OK && t->asks_each_time)
		rv = t->f->C_Login(t->session, CKU_CONTEXT_SPECIFIC,
		    t->pin.data, (CK_ULONG)t->pin.len);
	if (rv == CKR_OK)
		rv = t->f->C_Sign(t->session, in, head + sh_md_size(md), out,
		    &n);
	if (rv != CKR_OK)
		return (say(err, "sign", rv));
	rc = how.mechanism == CKM_ECDSA ? put_ecdsa(out, n, sig, err) :
	    sh_buf_append(sig, out, n, err);
	if (rc == 0 && sh_scheme_verify(sh_sig_scheme(alg), md, 32,
	    X509_get0_pubkey(t->leaf), tbs, len, sig->data + before,
	    sig->len - before, err) != 1)
		rc = sh_error_set(err, SH_ESIGNATURE, "key.lying",
		    "token: its signature is not of its certificate");
	return (rc);
}

static const struct sh_signer_ops pkcs11_ops = {
	.name = "pkcs11", .sign = token_sign, .close = token_close
};

int
sh_signer_open_pkcs11(const char *module, const char *token,
    const char *object, const struct sh_secret *pin, struct sh_signer **sp,
    struct sh_error *err)
{
	struct token *t = sh_alloc(1, sizeof(*t), "a token", err);
	CK_SLOT_ID slot;
	CK_FLAGS flags;
	CK_RV rv;

	*sp = NULL;
	if (t == NULL)
		return (-1);
	if (load(t, module, err) || find_token(t, token, &slot, &flags, err))
		goto bad;
	rv = t->f->C_OpenSession(slot, CKF_SERIAL_SESSION, NULL, NULL,
	    &t->session);
	if (rv != CKR_OK) {
		(void)say(err, "session", rv);
		goto bad;
	}
	t->has_session = 1;
	if (log_in(t, flags, pin, err) || find_key(t, object, err) ||
	    find_certificates(t, err))
		goto bad;
	if (t->asks_each_time) {
		if (sh_secret_new(&t->pin, pin->len, err))
			goto bad;
		memcpy(t->pin.data, pin->data, pin->len);
	}
	/* On failure the signer closes it. */
	return (sh_signer_build(&pkcs11_ops, t, t->leaf, t->others, sp, err));
bad:
	token_close(t);
	return (-1);
}
