/*
 * Seals, nodes and renewals on the disk.  Every file is replaced whole and
 * synced, so that each is there or not.
 */
#include "archive/seal_internal.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "base/fs.h"
#include "base/mem.h"

#define FILE_MAX	((size_t)4 << 20)
#define NODES_MAX	((size_t)1 << 31)
#define NODES_HEAD	24	/* "sohoaNOD", format, digest, count */
#define A_FOLDER	1000	/* files in one folder */
#define NUMBER_MAX	((int64_t)1 << 52)

static int
damaged(struct sh_error *err, const char *what, uint64_t number)
{
	return (sh_error_set(err, SH_EFIXITY, "seal.broken", "%s %llu", what,
	    (unsigned long long)number));
}

char *
sh_seal_path(const struct sh_archive *ar, const char *kind, uint64_t number,
    struct sh_error *err)
{
	return (sh_asprintf(err, "%s/%s/%06llu/%09llu", ar->seals->dir, kind,
	    (unsigned long long)(number / A_FOLDER),
	    (unsigned long long)number));
}

/* Durable: the file of KIND and NUMBER, its folder too. */
static int
store(const struct sh_archive *ar, const char *kind, uint64_t number,
    const void *data, size_t len, struct sh_error *err)
{
	char *path, *slash;
	int rc = -1;

	if ((path = sh_seal_path(ar, kind, number, err)) == NULL)
		return (-1);
	slash = strrchr(path, '/');
	*slash = '\0';
	if (sh_fs_mkdirs(path, 0700, err) == 0) {
		*slash = '/';
		rc = sh_fs_replace(path, data, len, 0600, err);
	}
	free(path);
	return (rc);
}

/* The largest number among the names of DIR, -1 when there is none. */
static int
largest(const char *dir, int64_t *np, struct sh_error *err)
{
	struct dirent *e;
	long long n;
	char *end;
	DIR *d;

	*np = -1;
	if ((d = opendir(dir)) == NULL) {
		if (errno == ENOENT)
			return (0);
		return (sh_error_sys(err, "file.read", "%s", dir));
	}
	while ((e = readdir(d)) != NULL) {
		n = strtoll(e->d_name, &end, 10);
		if (end != e->d_name && *end == '\0' && n > *np &&
		    n < NUMBER_MAX)
			*np = n;
	}
	(void)closedir(d);
	return (0);
}

static int
last(const struct sh_archive *ar, const char *kind, uint64_t *numberp,
    struct sh_error *err)
{
	int64_t folder, n = -1;
	char *dir, *below = NULL;
	int rc = -1;

	*numberp = 0;
	if ((dir = sh_path_join(ar->seals->dir, kind, err)) == NULL)
		return (-1);
	if (largest(dir, &folder, err))
		goto out;
	/* A crash may leave a folder with nothing in it. */
	for (rc = 0; rc == 0 && n < 0 && folder >= 0; folder--) {
		free(below);
		below = sh_asprintf(err, "%s/%06lld", dir,
		    (long long)folder);
		rc = below == NULL ? -1 : largest(below, &n, err);
	}
	if (n > 0)
		*numberp = (uint64_t)n;
out:
	free(below);
	free(dir);
	return (rc);
}

int
sh_seal_last(const struct sh_archive *ar, uint64_t *numberp,
    struct sh_error *err)
{
	return (last(ar, "seals", numberp, err));
}

int
sh_renewal_last(const struct sh_archive *ar, uint64_t *numberp,
    struct sh_error *err)
{
	return (last(ar, "renewals", numberp, err));
}

/* ---- JSON ---------------------------------------------------------------- */

static int
set_base64(json_t *obj, const char *name, const struct sh_buf *b,
    struct sh_error *err)
{
	char *s;
	int rc;

	if (b->len == 0)
		return (0);
	s = sh_alloc(b->len / 3 + 2, 4, "base64", err);
	if (s == NULL)
		return (-1);
	(void)EVP_EncodeBlock((unsigned char *)s, b->data, (int)b->len);
	rc = sh_json_set_str(obj, name, s, err);
	free(s);
	return (rc);
}

static int
get_base64(const json_t *obj, const char *name, struct sh_buf *out,
    struct sh_error *err)
{
	const char *s;
	size_t len;
	uint8_t *p;
	int n;

	if (sh_json_str(obj, name, 0, FILE_MAX, &s, err))
		return (-1);
	if (s == NULL)
		return (0);
	len = strlen(s);
	if ((p = sh_buf_reserve(out, len, err)) == NULL)
		return (-1);
	if ((n = EVP_DecodeBlock(p, (const unsigned char *)s, (int)len)) < 0)
		return (sh_error_set(err, SH_EFORMAT, "json.member",
		    "%s is not in base64", name));
	/* EVP counts the padding as zeros. */
	while (len > 0 && n > 0 && s[--len] == '=')
		n--;
	out->len = (size_t)n;
	return (0);
}

static int
set_hex(json_t *obj, const char *name, const void *data, size_t len,
    struct sh_error *err)
{
	char hex[2 * SH_MD_MAX + 1];

	sh_hex(data, len, hex);
	return (sh_json_set_str(obj, name, hex, err));
}

static int
get_hex(const json_t *obj, const char *name, void *out, size_t len,
    struct sh_error *err)
{
	const char *s;

	if (sh_json_str(obj, name, 1, 2 * SH_MD_MAX, &s, err))
		return (-1);
	if (sh_unhex(s, out, len))
		return (sh_error_set(err, SH_EFORMAT, "json.member",
		    "%s is not %zu bytes in hex", name, len));
	return (0);
}

static int
get_number(const json_t *obj, const char *name, uint64_t *out,
    struct sh_error *err)
{
	int64_t v;

	if (sh_json_int(obj, name, 1, 0, NUMBER_MAX, 0, &v, err))
		return (-1);
	*out = (uint64_t)v;
	return (0);
}

/* The member is exactly VALUE. */
static int
expect(const json_t *obj, const char *name, const char *value,
    struct sh_error *err)
{
	const char *s;

	if (sh_json_str(obj, name, 1, 64, &s, err))
		return (-1);
	if (strcmp(s, value) == 0)
		return (0);
	return (sh_error_set(err, SH_EFORMAT, "json.member",
	    "%s is %s, not %s", name, s, value));
}

static int
get_md(const json_t *obj, enum sh_md *mdp, struct sh_error *err)
{
	const char *s;

	if (sh_json_str(obj, "hash", 1, 20, &s, err))
		return (-1);
	for (*mdp = SH_MD_NONE + 1; *mdp < SH_NMDS; (*mdp)++)
		if (strcmp(s, sh_md_name(*mdp)) == 0 && sh_md_strong(*mdp))
			return (0);
	return (sh_error_set(err, SH_EUNSUPPORTED, "json.member",
	    "digest %s", s));
}

/* ---- statements ---------------------------------------------------------- */

void
sh_seal_clear(struct sh_seal *s)
{
	sh_buf_free(&s->text);
	sh_buf_free(&s->signature);
	sh_buf_free(&s->stamp);
	memset(s, 0, sizeof(*s));
}

static json_t *
state_trees(const struct sh_seal *s, struct sh_error *err)
{
	json_t *list, *v;
	unsigned i;

	if ((list = sh_json_new_array(err)) == NULL)
		return (NULL);
	for (i = 0; i < s->ntrees; i++) {
		const struct sh_seal_tree *t = &s->trees[i];

		if ((v = sh_json_new_object(err)) == NULL ||
		    sh_json_append(list, v, err) ||
		    sh_json_set_int(v, "size", (int64_t)t->size, err) ||
		    sh_json_set_int(v, "position", (int64_t)t->position,
		    err) || set_hex(v, "leaf", t->leaf.b, SH_DIGEST_LEN,
		    err) || set_hex(v, "root", t->root.b, SH_DIGEST_LEN,
		    err)) {
			json_decref(list);
			return (NULL);
		}
	}
	return (list);
}

static int
state_members(const struct sh_archive *ar, json_t *v,
    const struct sh_seal *s, struct sh_error *err)
{
	char at[SH_TIME_LEN];
	json_t *documents;

	sh_time_print(s->at, at);
	if (sh_json_set_str(v, "format", "sohoa-seal-1", err) ||
	    sh_json_set_str(v, "archive", ar->id, err) ||
	    sh_json_set_int(v, "number", (int64_t)s->number, err) ||
	    sh_json_set_str(v, "at", at, err) ||
	    set_hex(v, "previous", s->previous.b, SH_DIGEST_LEN, err) ||
	    sh_json_set(v, "trees", state_trees(s, err), err) ||
	    (documents = sh_json_new_object(err)) == NULL ||
	    sh_json_set(v, "documents", documents, err) ||
	    sh_json_set_str(documents, "hash", sh_md_name(s->md), err) ||
	    sh_json_set_int(documents, "first", (int64_t)s->first, err) ||
	    sh_json_set_int(documents, "count", (int64_t)s->count, err))
		return (-1);
	return (s->count == 0 ? 0 : set_hex(documents, "root", s->root.b,
	    sh_md_size(s->md), err));
}

int
sh_seal_state(const struct sh_archive *ar, struct sh_seal *s,
    struct sh_error *err)
{
	json_t *v;
	int rc = -1;

	sh_buf_reset(&s->text);
	if ((v = sh_json_new_object(err)) == NULL)
		return (-1);
	if (state_members(ar, v, s, err) == 0 &&
	    sh_json_canonical(v, &s->text, err) == 0)
		rc = sh_sha256(s->text.data, s->text.len, &s->statement, err);
	json_decref(v);
	return (rc);
}

static int
parse_statement(const struct sh_archive *ar, const json_t *v,
    struct sh_seal *s, struct sh_error *err)
{
	const char *str;
	json_t *list, *d, *t;
	size_t i;

	if (expect(v, "format", "sohoa-seal-1", err) ||
	    expect(v, "archive", ar->id, err) ||
	    get_number(v, "number", &s->number, err) ||
	    sh_json_str(v, "at", 1, 40, &str, err) ||
	    sh_time_parse(str, &s->at) ||
	    get_hex(v, "previous", s->previous.b, SH_DIGEST_LEN, err) ||
	    sh_json_array(v, "trees", 1, SH_SEAL_SHARDS_MAX, &list, err) ||
	    sh_json_object(v, "documents", 1, &d, err) ||
	    get_md(d, &s->md, err) || get_number(d, "first", &s->first, err) ||
	    get_number(d, "count", &s->count, err) || (s->count > 0 &&
	    get_hex(d, "root", s->root.b, sh_md_size(s->md), err)))
		return (-1);
	json_array_foreach(list, i, t) {
		struct sh_seal_tree *tree = &s->trees[i];

		if (get_number(t, "size", &tree->size, err) ||
		    get_number(t, "position", &tree->position, err) ||
		    get_hex(t, "leaf", tree->leaf.b, SH_DIGEST_LEN, err) ||
		    get_hex(t, "root", tree->root.b, SH_DIGEST_LEN, err))
			return (-1);
	}
	s->ntrees = (unsigned)json_array_size(list);
	return (0);
}

/* ---- seals --------------------------------------------------------------- */

static int
print_seal(const struct sh_seal *s, struct sh_buf *out, struct sh_error *err)
{
	json_t *v;
	int rc = -1;

	if ((v = sh_json_new_object(err)) == NULL)
		return (-1);
	if (sh_json_set_str(v, "format", "sohoa-sealed-1", err) == 0 &&
	    sh_json_set_str(v, "statement", (char *)s->text.data, err) == 0 &&
	    set_base64(v, "signature", &s->signature, err) == 0 &&
	    set_base64(v, "stamp", &s->stamp, err) == 0)
		rc = sh_json_canonical(v, out, err);
	json_decref(v);
	return (rc);
}

static int
parse_seal(const struct sh_archive *ar, const struct sh_buf *file,
    struct sh_seal *s, struct sh_error *err)
{
	json_t *v, *statement = NULL;
	const char *text;
	int rc = -1;

	if ((v = sh_json_parse(file->data, file->len, FILE_MAX, err)) ==
	    NULL || expect(v, "format", "sohoa-sealed-1", err) ||
	    sh_json_str(v, "statement", 1, FILE_MAX, &text, err) ||
	    sh_buf_puts(&s->text, text, err) ||
	    sh_sha256(text, strlen(text), &s->statement, err) ||
	    get_base64(v, "signature", &s->signature, err) ||
	    get_base64(v, "stamp", &s->stamp, err) ||
	    (statement = sh_json_parse(text, strlen(text), FILE_MAX, err)) ==
	    NULL || parse_statement(ar, statement, s, err))
		goto out;
	rc = 0;
out:
	json_decref(statement);
	json_decref(v);
	return (rc);
}

int
sh_seal_load(const struct sh_archive *ar, uint64_t number, struct sh_seal *s,
    struct sh_error *err)
{
	struct sh_buf file = SH_BUF_INIT;
	int rc = -1;

	memset(s, 0, sizeof(*s));
	if (sh_seals_read((struct sh_archive *)(uintptr_t)ar, number, &file,
	    err) == 0)
		rc = parse_seal(ar, &file, s, err);
	if (rc == 0 && s->number != number)
		rc = damaged(err, "a seal under the wrong number", number);
	if (rc != 0) {
		sh_seal_clear(s);
		if (err->code == SH_EFORMAT) {
			sh_error_clear(err);
			(void)damaged(err, "damaged: seal", number);
		}
	}
	sh_buf_free(&file);
	return (rc);
}

int
sh_seals_read(struct sh_archive *ar, uint64_t number, struct sh_buf *file,
    struct sh_error *err)
{
	char *path;
	int rc;

	if (ar->seals == NULL || number == 0 || number > ar->seals->last)
		return (sh_error_set(err, SH_ENOTFOUND, "seal.missing",
		    "there is no seal %llu", (unsigned long long)number));
	if ((path = sh_seal_path(ar, "seals", number, err)) == NULL)
		return (-1);
	if (access(path, F_OK) != 0)
		rc = damaged(err, "missing: seal", number);
	else
		rc = sh_fs_read(path, FILE_MAX, file, err);
	free(path);
	return (rc);
}

int
sh_seal_store(const struct sh_archive *ar, const struct sh_seal *s,
    struct sh_error *err)
{
	const struct sh_seals *seals = ar->seals;
	struct sh_buf b = SH_BUF_INIT;
	struct sh_error ignored = SH_ERROR_INIT;
	int rc = -1;

	if (print_seal(s, &b, err) ||
	    store(ar, "seals", s->number, b.data, b.len, err))
		goto out;
	/* Older seals get their stamps later; the copies are of the last. */
	rc = 0;
	if (s->number >= seals->last) {
		rc = sh_fs_replace(seals->keys, b.data, b.len, 0600, err);
		/* Seen in the status; work goes on without the witness. */
		if (rc == 0 && seals->witness != NULL)
			ar->seals->witness_lost = sh_fs_replace(
			    seals->witness, b.data, b.len, 0600, &ignored) !=
			    0;
	}
out:
	sh_buf_free(&b);
	return (rc);
}

int
sh_seal_imprint(const struct sh_seal *s, struct sh_hash *out,
    struct sh_error *err)
{
	struct sh_hash both[2] = { { { 0 } } };

	if (sh_md_digest(s->md, s->signature.data, s->signature.len,
	    both[0].b, err))
		return (-1);
	both[1] = s->root;
	return (sh_evidence_list(s->md, both, s->count > 0 ? 2 : 1, out,
	    err));
}

/* ---- nodes --------------------------------------------------------------- */

void
sh_nodes_clear(struct sh_nodes *n)
{
	free(n->index);
	free(n->hash);
	memset(n, 0, sizeof(*n));
}

int
sh_nodes_add(struct sh_nodes *n, uint64_t index, const struct sh_hash *hash,
    struct sh_error *err)
{
	size_t cap = n->cap;

	if (sh_grow(&n->index, &cap, n->n + 1, sizeof(*n->index), "nodes",
	    err) || sh_grow(&n->hash, &n->cap, n->n + 1, sizeof(*n->hash),
	    "nodes", err))
		return (-1);
	n->index[n->n] = index;
	n->hash[n->n++] = *hash;
	return (0);
}

int
sh_nodes_store(const struct sh_archive *ar, const char *kind,
    uint64_t number, enum sh_md md, const struct sh_nodes *n,
    struct sh_error *err)
{
	struct sh_buf b = SH_BUF_INIT;
	uint32_t sum;
	size_t i;
	int rc = -1;

	if (sh_buf_puts(&b, "sohoaNOD", err) ||
	    sh_buf_put_be(&b, 1, 4, err) || sh_buf_put_be(&b, md, 4, err) ||
	    sh_buf_put_be(&b, n->n, 8, err))
		goto out;
	for (i = 0; i < n->n; i++)
		if (sh_buf_put_be(&b, n->index[i], 8, err) ||
		    sh_buf_append(&b, n->hash[i].b, sh_md_size(md), err))
			goto out;
	sum = sh_crc32c(0, b.data, b.len);
	if (sh_buf_put_be(&b, sum, 4, err) == 0)
		rc = store(ar, kind, number, b.data, b.len, err);
out:
	sh_buf_free(&b);
	return (rc);
}

static int
parse_nodes(const struct sh_buf *b, enum sh_md *mdp, struct sh_nodes *n,
    struct sh_error *err)
{
	struct sh_hash h = { { 0 } };
	const uint8_t *p = b->data;
	uint64_t count, i;
	size_t row;

	if (b->len < NODES_HEAD + 4 || memcmp(p, "sohoaNOD", 8) != 0 ||
	    sh_get_be(p + 8, 4) != 1 || sh_get_be(p + b->len - 4, 4) !=
	    sh_crc32c(0, p, b->len - 4))
		return (-1);
	*mdp = (enum sh_md)sh_get_be(p + 12, 4);
	count = sh_get_be(p + 16, 8);
	if (*mdp >= SH_NMDS || !sh_md_strong(*mdp))
		return (-1);
	row = 8 + sh_md_size(*mdp);
	if (count > b->len || b->len != NODES_HEAD + count * row + 4)
		return (-1);
	for (i = 0, p += NODES_HEAD; i < count; i++, p += row) {
		memcpy(h.b, p + 8, row - 8);
		if (sh_nodes_add(n, sh_get_be(p, 8), &h, err))
			return (-1);
	}
	return (0);
}

int
sh_nodes_load(const struct sh_archive *ar, const char *kind,
    uint64_t number, enum sh_md *mdp, struct sh_nodes *n,
    struct sh_error *err)
{
	struct sh_buf b = SH_BUF_INIT;
	char *path;
	int rc = -1;

	memset(n, 0, sizeof(*n));
	if ((path = sh_seal_path(ar, kind, number, err)) == NULL)
		return (-1);
	if (sh_fs_read(path, NODES_MAX, &b, err) == 0 &&
	    (rc = parse_nodes(&b, mdp, n, err)) != 0) {
		sh_nodes_clear(n);
		if (err->code == SH_OK)
			(void)damaged(err, "nodes of seal", number);
	}
	sh_buf_free(&b);
	free(path);
	return (rc);
}

/* ---- renewals ------------------------------------------------------------ */

void
sh_renewal_clear(struct sh_renewal *r)
{
	sh_buf_free(&r->stamp);
	memset(r, 0, sizeof(*r));
}

int
sh_renewal_store(const struct sh_archive *ar, const struct sh_renewal *r,
    struct sh_error *err)
{
	struct sh_buf b = SH_BUF_INIT;
	json_t *v;
	int rc = -1;

	if ((v = sh_json_new_object(err)) == NULL)
		return (-1);
	if (sh_json_set_str(v, "format", "sohoa-renewal-1", err) == 0 &&
	    sh_json_set_str(v, "archive", ar->id, err) == 0 &&
	    sh_json_set_int(v, "number", (int64_t)r->number, err) == 0 &&
	    sh_json_set(v, "rehashed", json_boolean(r->rehashed), err) == 0 &&
	    sh_json_set_str(v, "hash", sh_md_name(r->md), err) == 0 &&
	    sh_json_set_int(v, "seals", (int64_t)r->seals, err) == 0 &&
	    set_base64(v, "stamp", &r->stamp, err) == 0 &&
	    sh_json_canonical(v, &b, err) == 0)
		rc = store(ar, "renewals", r->number, b.data, b.len, err);
	json_decref(v);
	sh_buf_free(&b);
	return (rc);
}

int
sh_renewal_load(const struct sh_archive *ar, uint64_t number,
    struct sh_renewal *r, struct sh_error *err)
{
	json_t *v = NULL;
	char *path;
	int rc = -1;

	memset(r, 0, sizeof(*r));
	if ((path = sh_seal_path(ar, "renewals", number, err)) == NULL)
		return (-1);
	if ((v = sh_json_load(path, FILE_MAX, err)) == NULL ||
	    expect(v, "format", "sohoa-renewal-1", err) ||
	    expect(v, "archive", ar->id, err) ||
	    get_number(v, "number", &r->number, err) ||
	    sh_json_bool(v, "rehashed", 0, &r->rehashed, err) ||
	    get_md(v, &r->md, err) || get_number(v, "seals", &r->seals,
	    err) || get_base64(v, "stamp", &r->stamp, err))
		goto out;
	if (r->number != number ||
	    !json_is_boolean(json_object_get(v, "rehashed")))
		(void)damaged(err, "renewal under the wrong number", number);
	else
		rc = 0;
out:
	if (rc != 0) {
		sh_renewal_clear(r);
		if (err->code == SH_EFORMAT) {
			sh_error_clear(err);
			(void)damaged(err, "damaged: renewal", number);
		}
	}
	json_decref(v);
	free(path);
	return (rc);
}
