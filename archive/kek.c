#include "archive/kek.h"

#include <dlfcn.h>
#include <string.h>

#include <p11-kit-1/p11-kit/pkcs11.h>

#include "archive/aead.h"
#include "base/buf.h"
#include "base/digest.h"
#include "base/fs.h"
#include "base/json.h"

#define FILE_MAX	4096
#define WRAPPED_MAX	1024	/* RSA of 8,192 bits */
#define MAX_SLOTS	64

/* ---- the token ----------------------------------------------------------- */

struct session {
	CK_FUNCTION_LIST *f;
	int initialized;	/* by us: then ours to finalize */
	CK_SESSION_HANDLE handle;
	int open;
};

static int
say(struct sh_error *err, const char *what, CK_RV rv)
{
	if (rv == CKR_PIN_INCORRECT || rv == CKR_PIN_INVALID ||
	    rv == CKR_PIN_LEN_RANGE)
		return (sh_error_set(err, SH_EDENIED, "key.pin",
		    "token: the PIN is wrong; it is not tried again"));
	if (rv == CKR_PIN_LOCKED)
		return (sh_error_set(err, SH_EDENIED, "key.locked",
		    "token: the PIN is locked"));
	if (rv == CKR_TOKEN_NOT_PRESENT || rv == CKR_DEVICE_REMOVED ||
	    rv == CKR_DEVICE_ERROR)
		return (sh_error_set(err, SH_EAGAIN, "key.token-gone",
		    "token: %s: 0x%lx", what, (unsigned long)rv));
	return (sh_error_set(err, SH_ELIBRARY, "key.failed",
	    "token: %s: 0x%lx", what, (unsigned long)rv));
}

static int
load_module(struct session *s, const char *module, struct sh_error *err)
{
	CK_C_INITIALIZE_ARGS args = { .flags = CKF_OS_LOCKING_OK };
	CK_RV (*get)(CK_FUNCTION_LIST **);
	void *library;
	CK_RV rv;

	/* It stays: some drivers keep threads that need it. */
	library = dlopen(module, RTLD_NOW | RTLD_LOCAL);
	if (library == NULL || (*(void **)&get = dlsym(library,
	    "C_GetFunctionList")) == NULL || get(&s->f) != CKR_OK) {
		sh_error_param(err, "file", "%s", module);
		return (sh_error_set(err, SH_ENOTFOUND, "key.module",
		    "%s is no PKCS#11 driver", module));
	}
	rv = s->f->C_Initialize(&args);
	s->initialized = rv == CKR_OK;
	if (rv != CKR_OK && rv != CKR_CRYPTOKI_ALREADY_INITIALIZED)
		return (say(err, "start", rv));
	return (0);
}

/* Labels are padded with blanks. */
static int
has_label(const CK_TOKEN_INFO *info, const char *want)
{
	size_t len = strlen(want), i;

	if (len > sizeof(info->label) ||
	    memcmp(info->label, want, len) != 0)
		return (0);
	for (i = len; i < sizeof(info->label); i++)
		if (info->label[i] != ' ' && info->label[i] != '\0')
			return (0);
	return (1);
}

static int
open_session(struct session *s, const struct sh_kek_token *t,
    struct sh_error *err)
{
	CK_SLOT_ID slots[MAX_SLOTS];
	CK_ULONG n = MAX_SLOTS, i;
	CK_TOKEN_INFO info;
	struct sh_secret pin = SH_SECRET_INIT;
	CK_RV rv;

	if (load_module(s, t->module, err))
		return (-1);
	if ((rv = s->f->C_GetSlotList(CK_TRUE, slots, &n)) != CKR_OK)
		return (say(err, "slots", rv));
	for (i = 0; i < n && i < MAX_SLOTS; i++)
		if (s->f->C_GetTokenInfo(slots[i], &info) == CKR_OK &&
		    has_label(&info, t->token))
			break;
	if (i == n || i == MAX_SLOTS) {
		sh_error_param(err, "value", "%s", t->token);
		return (sh_error_set(err, SH_ENOTFOUND, "key.token",
		    "no token \"%s\" is there", t->token));
	}
	if ((info.flags & CKF_USER_PIN_FINAL_TRY) != 0)
		return (sh_error_set(err, SH_EDENIED, "key.pin-last",
		    "token: one more wrong PIN would lock it"));
	rv = s->f->C_OpenSession(slots[i], CKF_SERIAL_SESSION, NULL, NULL,
	    &s->handle);
	if (rv != CKR_OK)
		return (say(err, "session", rv));
	s->open = 1;
	if ((info.flags & CKF_LOGIN_REQUIRED) == 0)
		return (0);
	if (sh_secret_load(&pin, t->pin_file, 256, err))
		return (-1);
	/* A line's end is no part of a PIN. */
	while (pin.len > 0 && pin.data[pin.len - 1] == '\n')
		pin.len--;
	rv = s->f->C_Login(s->handle, CKU_USER, pin.data, (CK_ULONG)pin.len);
	sh_secret_free(&pin);
	if (rv != CKR_OK && rv != CKR_USER_ALREADY_LOGGED_IN)
		return (say(err, "login", rv));
	return (0);
}

static void
close_session(struct session *s)
{
	if (s->open)
		(void)s->f->C_CloseSession(s->handle);
	if (s->initialized)
		(void)s->f->C_Finalize(NULL);
}

static int
find_key(struct session *s, CK_OBJECT_CLASS class, const char *label,
    CK_OBJECT_HANDLE *key, struct sh_error *err)
{
	CK_ATTRIBUTE want[2] = {
		{ CKA_CLASS, &class, sizeof(class) },
		{ CKA_LABEL, (void *)(uintptr_t)label, strlen(label) }
	};
	CK_OBJECT_HANDLE found[2];
	CK_ULONG n = 0;
	CK_RV rv;

	rv = s->f->C_FindObjectsInit(s->handle, want, 2);
	if (rv == CKR_OK) {
		rv = s->f->C_FindObjects(s->handle, found, 2, &n);
		(void)s->f->C_FindObjectsFinal(s->handle);
	}
	if (rv != CKR_OK)
		return (say(err, "objects", rv));
	sh_error_param(err, "file", "%s", label);
	if (n != 1)
		return (sh_error_set(err, SH_ENOTFOUND, "key.missing",
		    "token: %lu keys named %s, one is wanted",
		    (unsigned long)n, label));
	*key = found[0];
	return (0);
}

/*
 * IN through the token's key pair: to be wrapped, or back.  RSAES-OAEP with
 * SHA-1, which is what tokens have; OAEP needs no resistance to collisions.
 * Rule: RFC 8017 7.1
 */
static int
through_token(const struct sh_kek_token *t, int wrap, const uint8_t *in,
    size_t len, uint8_t out[WRAPPED_MAX], size_t *outlenp,
    struct sh_error *err)
{
	CK_RSA_PKCS_OAEP_PARAMS oaep = { CKM_SHA_1, CKG_MGF1_SHA1,
	    CKZ_DATA_SPECIFIED, NULL, 0 };
	CK_MECHANISM how = { CKM_RSA_PKCS_OAEP, &oaep, sizeof(oaep) };
	CK_BYTE_PTR data = (CK_BYTE_PTR)(uintptr_t)in;
	struct session s = { .f = NULL };
	CK_ULONG n = WRAPPED_MAX;
	CK_OBJECT_HANDLE key = 0;
	CK_RV rv;
	int rc = -1;

	if (open_session(&s, t, err) || find_key(&s, wrap ? CKO_PUBLIC_KEY :
	    CKO_PRIVATE_KEY, t->object, &key, err))
		goto out;
	rv = wrap ? s.f->C_EncryptInit(s.handle, &how, key) :
	    s.f->C_DecryptInit(s.handle, &how, key);
	if (rv == CKR_OK)
		rv = wrap ? s.f->C_Encrypt(s.handle, data, len, out, &n) :
		    s.f->C_Decrypt(s.handle, data, len, out, &n);
	if (rv == CKR_ENCRYPTED_DATA_INVALID ||
	    rv == CKR_ENCRYPTED_DATA_LEN_RANGE || (!wrap &&
	    rv == CKR_GENERAL_ERROR))
		(void)sh_error_set(err, SH_EDENIED, "key.wrong",
		    "the token's key is not the one that wrapped");
	else if (rv != CKR_OK)
		(void)say(err, wrap ? "wrap" : "unwrap", rv);
	else {
		*outlenp = n;
		rc = 0;
	}
out:
	close_session(&s);
	return (rc);
}

/* ---- the file ------------------------------------------------------------ */

static int
load_wrapped(const char *path, const struct sh_secret *file,
    struct sh_secret *kek, struct sh_error *err)
{
	uint8_t wrapped[WRAPPED_MAX], plain[WRAPPED_MAX];
	struct sh_kek_token t;
	const char *hex;
	size_t len, n;
	json_t *v;
	int rc = -1;

	if ((v = sh_json_parse(file->data, file->len, FILE_MAX, err)) ==
	    NULL ||
	    sh_json_str(v, "module", 1, 1024, &t.module, err) ||
	    sh_json_str(v, "token", 1, 32, &t.token, err) ||
	    sh_json_str(v, "object", 1, 256, &t.object, err) ||
	    sh_json_str(v, "pin_file", 1, 1024, &t.pin_file, err) ||
	    sh_json_str(v, "wrapped", 1, 2 * WRAPPED_MAX, &hex, err))
		goto out;
	len = strlen(hex) / 2;
	if (sh_unhex(hex, wrapped, len)) {
		(void)sh_error_set(err, SH_EFORMAT, "key.file",
		    "%s: the wrapped key", path);
		goto out;
	}
	if (through_token(&t, 0, wrapped, len, plain, &n, err))
		goto out;
	if (n != SH_KEY_LEN)
		(void)sh_error_set(err, SH_EFORMAT, "key.size",
		    "%s: the token unwraps %zu bytes", path, n);
	else if (sh_secret_new(kek, SH_KEY_LEN, err) == 0) {
		memcpy(kek->data, plain, SH_KEY_LEN);
		rc = 0;
	}
out:
	sh_wipe(plain, sizeof(plain));
	json_decref(v);
	return (rc);
}

int
sh_kek_load(const char *path, struct sh_secret *kek, struct sh_error *err)
{
	struct sh_secret file = SH_SECRET_INIT;
	int rc;

	if (sh_secret_load(&file, path, FILE_MAX, err))
		return (-1);
	if (file.len == SH_KEY_LEN) {
		*kek = file;
		return (0);
	}
	if (file.len > 0 && file.data[0] == '{')
		rc = load_wrapped(path, &file, kek, err);
	else
		rc = sh_error_set(err, SH_EFORMAT, "key.size",
		    "%s has %zu bytes; an archive key has %d", path,
		    file.len, SH_KEY_LEN);
	sh_secret_free(&file);
	return (rc);
}

int
sh_kek_store(const char *path, const struct sh_secret *kek,
    const struct sh_kek_token *t, struct sh_error *err)
{
	uint8_t wrapped[WRAPPED_MAX];
	char hex[2 * WRAPPED_MAX + 1];
	struct sh_buf b = SH_BUF_INIT;
	json_t *v;
	size_t n;
	int rc = -1;

	if (t == NULL)
		return (sh_fs_replace(path, kek->data, kek->len, 0600, err));
	if (through_token(t, 1, kek->data, kek->len, wrapped, &n, err))
		return (-1);
	sh_hex(wrapped, n, hex);
	v = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "format",
	    "sohoa-key-1", "module", t->module, "token", t->token, "object",
	    t->object, "pin_file", t->pin_file, "wrapped", hex);
	if (v == NULL)
		(void)sh_error_nomem(err, "JSON");
	else if (sh_json_canonical(v, &b, err) == 0)
		rc = sh_fs_replace(path, b.data, b.len, 0600, err);
	json_decref(v);
	sh_buf_free(&b);
	return (rc);
}
