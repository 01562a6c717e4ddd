#include "archive/vault.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "archive/kek.h"
#include "archive/keystore.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/secret.h"

/* Frozen: archive/FORMAT, "Keys" and "Sealed values". */
static const char *const purposes[SH_NAME_KINDS] = {
	[SH_NAME_HOLDER] = "sohoa 1 holder",
	[SH_NAME_DOCUMENT] = "sohoa 1 document",
	[SH_NAME_CONTENT] = "sohoa 1 content",
	[SH_NAME_TERM] = "sohoa 1 term",
	[SH_NAME_BLOB] = "sohoa 1 blob",
	[SH_NAME_BLOB_KEY] = "sohoa 1 blob key",
	[SH_NAME_WORD] = "sohoa 1 word",
	[SH_NAME_EDGE] = "sohoa 1 edge",
};
#define PURPOSE_VALUES	"sohoa 1 values"
#define PURPOSE_SEAL	"sohoa 1 seal "
#define PURPOSE_DIGEST	"sohoa 1 digest "

#define ENVELOPE	1	/* AES-256-GCM, random nonce */
#define KEY_OF_HOLDER	'h'
#define KEY_OF_ARCHIVE	'a'
#define KEY_OF_PURPOSE	'p'
#define HEAD		8	/* envelope, key kind, key version, version */

#define NCACHED		1024	/* more than the holders of a batch */

struct cached {
	struct sh_tag holder;
	uint32_t version;	/* 0: empty */
	int newest;
	uint8_t key[SH_KEY_LEN];
};

/* What must not leave the process. */
struct secrets {
	uint8_t values[SH_KEY_LEN];
};

struct sh_vault {
	char *key, *table;	/* paths */
	int writable;
	struct sh_secret kek;
	struct sh_secret memory;
	struct secrets *s;	/* in memory */
	struct sh_secret holders;
	struct cached *cache;	/* in holders: NCACHED */
	struct sh_keystore *keys;
	struct sh_aead *aead;
	struct sh_hasher *names[SH_NAME_KINDS];
};

/* ---- create, open -------------------------------------------------------- */

static int
paths(const char *keys, char **keyp, char **tablep, struct sh_error *err)
{
	*tablep = NULL;
	if ((*keyp = sh_path_join(keys, "archive.key", err)) == NULL ||
	    (*tablep = sh_path_join(keys, "holders/table", err)) == NULL) {
		free(*keyp);
		*keyp = NULL;
		return (-1);
	}
	return (0);
}

/* 1 if a whole, unused pair of key and store is there. */
static int
is_unused_pair(const char *key, const char *table, struct sh_error *err)
{
	struct sh_secret kek = SH_SECRET_INIT;
	struct sh_keystore *k = NULL;
	int r = -1;

	if (sh_kek_load(key, &kek, err) ||
	    sh_keystore_open(table, kek.data, 0, &k, err))
		goto out;
	r = sh_keystore_count(k) == 0;
	if (r == 0)
		r = sh_error_set(err, SH_EEXISTS, "key.in-use",
		    "%s holds the keys of an archive", table);
out:
	sh_keystore_close(k);
	sh_secret_free(&kek);
	return (r);
}

/*
 * The store first, the archive key last: a store without its key is what a
 * crash left, unless it is so large that it was once grown and so used.
 */
static int
create_pair(const char *key, const char *table, struct sh_error *err)
{
	struct sh_secret kek = SH_SECRET_INIT;
	struct sh_buf old = SH_BUF_INIT;
	size_t i;
	int rc = -1;

	if (access(table, F_OK) == 0) {
		if (sh_fs_read(table, (size_t)1 << 20, &old, err)) {
			if (err->code != SH_ELIMIT)
				goto out;
			sh_error_clear(err);
		}
		/* Slots begin behind two pages of heads. */
		for (i = 8192; i < old.len; i++)
			if (old.data[i] != 0)
				break;
		if (i < old.len) {
			(void)sh_error_set(err, SH_EEXISTS, "key.in-use",
			    "%s holds keys, but %s is not there", table, key);
			goto out;
		}
	}
	if (sh_secret_random(&kek, SH_KEY_LEN, err) ||
	    sh_keystore_create(table, kek.data, err) ||
	    sh_fs_replace(key, kek.data, kek.len, 0600, err))
		goto out;
	rc = 0;
out:
	sh_buf_free(&old);
	sh_secret_free(&kek);
	return (rc);
}

int
sh_vault_create(const char *keys, struct sh_error *err)
{
	char *key, *table, *dir = NULL;
	int rc = -1;

	if (paths(keys, &key, &table, err))
		return (-1);
	if ((dir = sh_path_join(keys, "holders", err)) == NULL ||
	    sh_fs_mkdirs(dir, 0700, err))
		goto out;
	if (access(key, F_OK) == 0)
		rc = is_unused_pair(key, table, err) == 1 ? 0 : -1;
	else
		rc = create_pair(key, table, err);
out:
	free(dir);
	free(key);
	free(table);
	return (rc);
}

static int
derive(struct sh_vault *v, struct sh_error *err)
{
	const uint8_t *root = sh_keystore_root(v->keys);
	struct sh_secret key = SH_SECRET_INIT;
	int i, rc = -1;

	if (sh_secret_new(&v->memory, sizeof(*v->s), err) ||
	    sh_secret_new(&v->holders, NCACHED * sizeof(*v->cache), err) ||
	    sh_secret_new(&key, SH_KEY_LEN, err))
		goto out;
	v->s = (struct secrets *)(void *)v->memory.data;
	v->cache = (struct cached *)(void *)v->holders.data;
	if (sh_hkdf(root, SH_KEY_LEN, PURPOSE_VALUES, v->s->values,
	    SH_KEY_LEN, err))
		goto out;
	for (i = 0; i < SH_NAME_KINDS; i++)
		if (sh_hkdf(root, SH_KEY_LEN, purposes[i], key.data, key.len,
		    err) || (v->names[i] = sh_hasher_new(key.data, key.len,
		    err)) == NULL)
			goto out;
	rc = 0;
out:
	sh_secret_free(&key);
	return (rc);
}

/*
 * The key store with the archive key beside it, or with the next one, which
 * a change of the archive key that was cut short may have left there.
 */
static int
open_store(struct sh_vault *v, struct sh_error *err)
{
	struct sh_error why;
	char *next;
	int rc;

	if ((next = sh_asprintf(err, "%s.next", v->key)) == NULL)
		return (-1);
	rc = sh_kek_load(v->key, &v->kek, err) || sh_keystore_open(v->table,
	    v->kek.data, v->writable, &v->keys, err) ? -1 : 0;
	if (rc != 0 && strcmp(err->key, "key.wrong") == 0 &&
	    access(next, F_OK) == 0) {
		why = *err;
		sh_error_clear(err);
		sh_secret_free(&v->kek);
		rc = sh_kek_load(next, &v->kek, err) || sh_keystore_open(
		    v->table, v->kek.data, v->writable, &v->keys, err) ? -1 :
		    0;
		if (rc != 0)
			*err = why;
		else if (v->writable && rename(next, v->key) != 0)
			rc = sh_error_sys(err, "key.write", "%s", v->key);
		else if (v->writable)
			rc = sh_fs_sync_parent(v->key, err);
	} else if (rc == 0 && v->writable)
		(void)unlink(next);
	free(next);
	return (rc);
}

int
sh_vault_rotate(struct sh_vault *v, const char *keys,
    const struct sh_kek_token *token, struct sh_error *err)
{
	struct sh_secret kek = SH_SECRET_INIT;
	char *key, *table, *next = NULL;
	int rc = -1;

	if (paths(keys, &key, &table, err))
		return (-1);
	/* The next key lies beside the store before the store needs it. */
	if ((next = sh_asprintf(err, "%s.next", key)) == NULL ||
	    sh_secret_random(&kek, SH_KEY_LEN, err) ||
	    sh_kek_store(next, &kek, token, err) ||
	    sh_keystore_rewrap(v->keys, kek.data, err))
		goto out;
	sh_secret_free(&v->kek);
	v->kek = kek;
	memset(&kek, 0, sizeof(kek));
	if (rename(next, key) != 0)
		(void)sh_error_sys(err, "key.write", "%s", key);
	else
		rc = sh_fs_sync_parent(key, err);
out:
	sh_secret_free(&kek);
	free(next);
	free(key);
	free(table);
	return (rc);
}

int
sh_vault_open(const char *keys, int writable, struct sh_vault **vp,
    struct sh_error *err)
{
	struct sh_vault *v;

	*vp = NULL;
	if ((v = sh_alloc(1, sizeof(*v), "the vault", err)) == NULL)
		return (-1);
	v->writable = writable;
	if (paths(keys, &v->key, &v->table, err) ||
	    open_store(v, err) ||
	    (v->aead = sh_aead_new(err)) == NULL || derive(v, err)) {
		sh_vault_close(v);
		v = NULL;
	}
	*vp = v;
	return (v != NULL ? 0 : -1);
}

void
sh_vault_close(struct sh_vault *v)
{
	int i;

	if (v == NULL)
		return;
	for (i = 0; i < SH_NAME_KINDS; i++)
		sh_hasher_free(v->names[i]);
	sh_aead_free(v->aead);
	sh_keystore_close(v->keys);
	sh_secret_free(&v->holders);
	sh_secret_free(&v->memory);
	sh_secret_free(&v->kek);
	free(v->key);
	free(v->table);
	free(v);
}

struct sh_aead *
sh_vault_aead(struct sh_vault *v)
{
	return (v->aead);
}

/* ---- names --------------------------------------------------------------- */

int
sh_vault_name(struct sh_vault *v, enum sh_name_kind kind, const void *data,
    size_t len, struct sh_digest *out, struct sh_error *err)
{
	if (sh_hasher_update(v->names[kind], data, len, err))
		return (-1);
	return (sh_hasher_final(v->names[kind], out, err));
}

int
sh_vault_tag(struct sh_vault *v, enum sh_name_kind kind, const void *data,
    size_t len, struct sh_tag *out, struct sh_error *err)
{
	struct sh_digest d;

	if (sh_vault_name(v, kind, data, len, &d, err))
		return (-1);
	memcpy(out->b, d.b, sizeof(out->b));
	return (0);
}

/* ---- holders' keys ------------------------------------------------------- */

static struct cached *
place_of(const struct sh_vault *v, const struct sh_tag *holder)
{
	return (&v->cache[sh_get_be(holder->b + 14, 2) % NCACHED]);
}

/* The key of VERSION, or the newest (0), is in its place. */
static int
is_cached(const struct cached *c, const struct sh_tag *holder,
    uint32_t version)
{
	return (c->version != 0 &&
	    memcmp(&c->holder, holder, sizeof(*holder)) == 0 &&
	    (version == 0 ? c->newest : c->version == version));
}

int
sh_vault_need_keys(struct sh_vault *v, const struct sh_tag *holders,
    size_t n, struct sh_error *err)
{
	struct sh_tag *unknown;
	size_t i, k = 0;
	int rc;

	unknown = sh_alloc(n, sizeof(*unknown), "holders", err);
	if (unknown == NULL)
		return (-1);
	/* Nobody but this handle destroys keys while it may add some. */
	for (i = 0; i < n; i++)
		if (!is_cached(place_of(v, &holders[i]), &holders[i], 0))
			unknown[k++] = holders[i];
	rc = sh_keystore_add(v->keys, unknown, k, err);
	free(unknown);
	return (rc);
}

static void
forget(struct sh_vault *v)
{
	sh_wipe(v->cache, NCACHED * sizeof(*v->cache));
	sh_aead_forget(v->aead);
}

/* Another file has taken the store's place: it grew, or its key changed. */
static int
open_again(struct sh_vault *v, struct sh_error *err)
{
	struct sh_vault fresh = { .key = v->key, .table = v->table };
	struct sh_keystore *keys = v->keys;
	struct sh_secret kek = v->kek;
	int rc;

	rc = open_store(&fresh, err);
	if (rc == 0 && !sh_equal_secret(sh_keystore_root(fresh.keys),
	    sh_keystore_root(v->keys), SH_KEY_LEN))
		rc = sh_error_set(err, SH_EDENIED, "key.wrong",
		    "%s is another archive's", v->table);
	if (rc == 0) {
		v->keys = fresh.keys;
		v->kek = fresh.kek;
		fresh.keys = keys;
		fresh.kek = kek;
	}
	sh_keystore_close(fresh.keys);
	sh_secret_free(&fresh.kek);
	return (rc);
}

/* What others destroyed must not be remembered here. */
static int
follow(struct sh_vault *v, struct sh_error *err)
{
	enum sh_keystore_news news = sh_keystore_news(v->keys);

	if (news == SH_KEYS_AS_BEFORE)
		return (0);
	forget(v);
	return (news == SH_KEYS_REPLACED ? open_again(v, err) : 0);
}

void
sh_vault_rest(struct sh_vault *v)
{
	if (!v->writable)
		forget(v);
}

int
sh_vault_destroy_key(struct sh_vault *v, const struct sh_tag *holder,
    struct sh_error *err)
{
	forget(v);
	return (sh_keystore_destroy(v->keys, holder, err));
}

/* The key of HOLDER: of VERSION, or the newest (0); borrowed for a call. */
static int
holder_key(struct sh_vault *v, const struct sh_tag *holder,
    uint32_t *versionp, const uint8_t **keyp, struct sh_error *err)
{
	struct cached *c = place_of(v, holder);
	uint32_t version = *versionp;
	int r;

	if (follow(v, err))
		return (-1);
	if (is_cached(c, holder, version)) {
		*versionp = c->version;
		*keyp = c->key;
		return (0);
	}
	c->version = 0;
	r = sh_keystore_get(v->keys, holder, versionp, c->key, err);
	if (r < 0)
		return (-1);
	if (r == 0)
		return (sh_error_set(err, SH_EFIXITY, "key.absent",
		    "the key store has no key for a holder"));
	c->holder = *holder;
	c->version = *versionp;
	c->newest = version == 0;
	*keyp = c->key;
	return (0);
}

void
sh_vault_expect(const struct sh_vault *v, const struct sh_tag *holder)
{
	sh_keystore_expect(v->keys, holder);
}

void
sh_vault_fetch(const struct sh_vault *v, const struct sh_tag *holder)
{
	sh_keystore_fetch(v->keys, holder);
}

int
sh_vault_has_key(struct sh_vault *v, const struct sh_tag *holder,
    struct sh_error *err)
{
	const uint8_t *key;
	uint32_t version = 0;

	if (holder_key(v, holder, &version, &key, err) == 0)
		return (1);
	if (err->code != SH_ENOTFOUND)
		return (-1);
	sh_error_clear(err);
	return (0);
}

/* ---- sealing ------------------------------------------------------------- */

/* Additional data: the envelope's head, table, holder, key. */
static int
binding(const uint8_t head[HEAD], const struct sh_label *l, uint8_t aad[160],
    size_t *lenp, struct sh_error *err)
{
	if (l->keylen > 128 || l->table > 255)
		return (sh_error_set(err, SH_ELIMIT, "engine.limit",
		    "a key of %zu bytes", l->keylen));
	memcpy(aad, head, HEAD);
	aad[HEAD] = (uint8_t)l->table;
	if (l->holder != NULL)
		memcpy(aad + HEAD + 1, l->holder->b, 16);
	else
		memset(aad + HEAD + 1, 0, 16);
	if (l->keylen > 0)
		memcpy(aad + HEAD + 17, l->key, l->keylen);
	*lenp = HEAD + 17 + l->keylen;
	return (0);
}

/* Head, nonce, ciphertext and tag are appended to OUT. */
static int
seal_under(struct sh_vault *v, const uint8_t *key, const uint8_t head[HEAD],
    const uint8_t *aad, size_t aadlen, const void *data, size_t len,
    struct sh_buf *out, struct sh_error *err)
{
	uint8_t *p;

	if (len > SIZE_MAX - SH_SEAL_OVERHEAD)
		return (sh_error_set(err, SH_ELIMIT, "engine.limit",
		    "a value of %zu bytes", len));
	if ((p = sh_buf_reserve(out, SH_SEAL_OVERHEAD + len, err)) == NULL)
		return (-1);
	memcpy(p, head, HEAD);
	if (sh_aead_random(v->aead, p + HEAD, SH_NONCE_LEN, err) ||
	    sh_aead_seal(v->aead, key, p + HEAD, aad, aadlen, data, len,
	    p + HEAD + SH_NONCE_LEN, err))
		return (-1);
	out->len += SH_SEAL_OVERHEAD + len;
	return (sh_buf_append(out, "", 0, err));
}

static int
damaged(struct sh_error *err, const char *what)
{
	return (sh_error_set(err, SH_EFIXITY, "value.damaged", "%s", what));
}

static int
unseal_under(struct sh_vault *v, const uint8_t *key, const uint8_t *aad,
    size_t aadlen, const uint8_t *data, size_t len, struct sh_buf *out,
    struct sh_error *err)
{
	size_t plain = len - SH_SEAL_OVERHEAD;
	uint8_t *p;
	int r;

	if ((p = sh_buf_reserve(out, plain, err)) == NULL)
		return (-1);
	r = sh_aead_open(v->aead, key, data + HEAD, aad, aadlen,
	    data + HEAD + SH_NONCE_LEN, plain, p, err);
	if (r < 0)
		return (-1);
	if (r == 0)
		return (damaged(err, "a value is not what was sealed here"));
	out->len += plain;
	return (sh_buf_append(out, "", 0, err));
}

int
sh_vault_seal(struct sh_vault *v, const struct sh_label *label,
    const void *data, size_t len, struct sh_buf *out, struct sh_error *err)
{
	const uint8_t *key = v->s->values;
	uint8_t head[HEAD] = { ENVELOPE, KEY_OF_ARCHIVE }, aad[160];
	uint32_t version = 0;
	size_t aadlen;

	if (label->holder != NULL) {
		head[1] = KEY_OF_HOLDER;
		if (holder_key(v, label->holder, &version, &key, err))
			return (-1);
	} else {
		version = 1;
	}
	sh_put_be(head + 2, version, 2);
	sh_put_be(head + 4, label->version, 4);
	if (binding(head, label, aad, &aadlen, err))
		return (-1);
	return (seal_under(v, key, head, aad, aadlen, data, len, out, err));
}

int
sh_vault_unseal(struct sh_vault *v, const struct sh_label *label,
    const void *data, size_t len, struct sh_buf *out, struct sh_error *err)
{
	const uint8_t *key = v->s->values, *p = data;
	uint8_t aad[160];
	uint32_t version;
	size_t aadlen;

	if (len < SH_SEAL_OVERHEAD)
		return (damaged(err, "a sealed value is too short"));
	version = (uint32_t)sh_get_be(p + 2, 2);
	if (p[0] != ENVELOPE || version == 0 || p[1] != (label->holder !=
	    NULL ? KEY_OF_HOLDER : KEY_OF_ARCHIVE) ||
	    sh_get_be(p + 4, 4) != label->version)
		return (damaged(err, "a sealed value's head"));
	if (label->holder != NULL) {
		if (holder_key(v, label->holder, &version, &key, err))
			return (-1);
	} else if (version != 1) {
		return (damaged(err, "a sealed value's head"));
	}
	if (binding(p, label, aad, &aadlen, err))
		return (-1);
	return (unseal_under(v, key, aad, aadlen, p, len, out, err));
}

/* A key of its own for each KIND and purpose. */
static int
purpose_key(struct sh_vault *v, const char *kind, const char *purpose,
    struct sh_secret *key, struct sh_error *err)
{
	char *info;
	int rc;

	if (sh_secret_new(key, SH_KEY_LEN, err))
		return (-1);
	if ((info = sh_asprintf(err, "%s%s", kind, purpose)) == NULL)
		return (-1);
	rc = sh_hkdf(sh_keystore_root(v->keys), SH_KEY_LEN, info, key->data,
	    key->len, err);
	free(info);
	return (rc);
}

/* Additional data of a purpose's value: the head, then the name. */
static uint8_t *
name_binding(const uint8_t head[HEAD], const char *name, size_t *lenp,
    struct sh_error *err)
{
	size_t len = strlen(name);
	uint8_t *aad;

	if ((aad = sh_alloc(HEAD + len, 1, "a name", err)) == NULL)
		return (NULL);
	memcpy(aad, head, HEAD);
	memcpy(aad + HEAD, name, len);
	*lenp = HEAD + len;
	return (aad);
}

int
sh_vault_seal_for(struct sh_vault *v, const char *purpose, const char *name,
    const void *data, size_t len, struct sh_buf *out, struct sh_error *err)
{
	static const uint8_t head[HEAD] = { ENVELOPE, KEY_OF_PURPOSE, 0, 1,
	    0, 0, 0, 1 };
	struct sh_secret key = SH_SECRET_INIT;
	uint8_t *aad = NULL;
	size_t aadlen;
	int rc = -1;

	if (purpose_key(v, PURPOSE_SEAL, purpose, &key, err) == 0 &&
	    (aad = name_binding(head, name, &aadlen, err)) != NULL)
		rc = seal_under(v, key.data, head, aad, aadlen, data, len,
		    out, err);
	free(aad);
	sh_secret_free(&key);
	return (rc);
}

int
sh_vault_unseal_for(struct sh_vault *v, const char *purpose,
    const char *name, const void *data, size_t len, struct sh_buf *out,
    struct sh_error *err)
{
	struct sh_secret key = SH_SECRET_INIT;
	const uint8_t *p = data;
	uint8_t *aad = NULL;
	size_t aadlen;
	int rc = -1;

	if (len < SH_SEAL_OVERHEAD || p[0] != ENVELOPE ||
	    p[1] != KEY_OF_PURPOSE)
		return (damaged(err, "a sealed value's head"));
	if (purpose_key(v, PURPOSE_SEAL, purpose, &key, err) == 0 &&
	    (aad = name_binding(p, name, &aadlen, err)) != NULL)
		rc = unseal_under(v, key.data, aad, aadlen, p, len, out, err);
	free(aad);
	sh_secret_free(&key);
	return (rc);
}

int
sh_vault_digest_for(struct sh_vault *v, const char *purpose,
    const void *data, size_t len, struct sh_digest *out,
    struct sh_error *err)
{
	struct sh_secret key = SH_SECRET_INIT;
	int rc;

	rc = purpose_key(v, PURPOSE_DIGEST, purpose, &key, err);
	if (rc == 0)
		rc = sh_hmac(key.data, key.len, data, len, out, err);
	sh_secret_free(&key);
	return (rc);
}

int
sh_vault_check(struct sh_vault *v, int (*finding)(void *, const char *,
    const char *, struct sh_error *), void *arg, struct sh_error *err)
{
	return (sh_keystore_check(v->keys, finding, arg, err));
}
