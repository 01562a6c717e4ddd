#include "archive/record.h"

#include <stdlib.h>
#include <string.h>

/* For ZSTD_initStaticCDict(): the other wants memory of its own. */
#define ZSTD_STATIC_LINKING_ONLY
#include <zstd.h>

#include "base/embed.h"
#include "base/mem.h"
#include "base/text.h"

/* Frozen: archive/FORMAT, "Records". */
SH_EMBED(sh_record_dictionary, "archive/dictionary-1.txt");
#define CODEC_PLAIN	0
#define CODEC_ZSTD_1	1	/* a zstd frame under dictionary 1 */

#define LEVEL		4	/* 9 takes twice the time for one byte in sixty */
#define DEPTH_MAX	64
#define USUAL_BYTES	513	/* what zstd supposes when it is not told */

struct sh_packer {
	void *memory;			/* cdict lies here */
	const ZSTD_CDict *cdict;
	ZSTD_DDict *ddict;
	ZSTD_CCtx *cctx;
	ZSTD_DCtx *dctx;
};

/* Where there is no memory ZSTD_createCDict() crashes. */
static int
make_dictionary(struct sh_packer *p, struct sh_error *err)
{
	ZSTD_compressionParameters how = ZSTD_getCParams(LEVEL, USUAL_BYTES,
	    sh_record_dictionary_size);
	size_t size = ZSTD_estimateCDictSize_advanced(
	    sh_record_dictionary_size, how, ZSTD_dlm_byRef);

	if ((p->memory = sh_alloc(size, 1, "compression", err)) == NULL)
		return (-1);
	p->cdict = ZSTD_initStaticCDict(p->memory, size,
	    sh_record_dictionary, sh_record_dictionary_size, ZSTD_dlm_byRef,
	    ZSTD_dct_auto, how);
	return (0);
}

struct sh_packer *
sh_packer_new(struct sh_error *err)
{
	struct sh_packer *p;

	if ((p = sh_alloc(1, sizeof(*p), "compression", err)) == NULL)
		return (NULL);
	if (make_dictionary(p, err)) {
		sh_packer_free(p);
		return (NULL);
	}
	p->ddict = ZSTD_createDDict(sh_record_dictionary,
	    sh_record_dictionary_size);
	p->cctx = ZSTD_createCCtx();
	p->dctx = ZSTD_createDCtx();
	if (p->cdict == NULL || p->ddict == NULL || p->cctx == NULL ||
	    p->dctx == NULL) {
		(void)sh_error_nomem(err, "compression");
		sh_packer_free(p);
		return (NULL);
	}
	return (p);
}

void
sh_packer_free(struct sh_packer *p)
{
	if (p == NULL)
		return;
	free(p->memory);
	ZSTD_freeDDict(p->ddict);
	ZSTD_freeCCtx(p->cctx);
	ZSTD_freeDCtx(p->dctx);
	free(p);
}

/* ---- normal form --------------------------------------------------------- */

static json_t *normal(const json_t *v, unsigned depth, struct sh_error *err);

static json_t *
normal_string(const char *s, size_t len, struct sh_error *err)
{
	struct sh_buf b = SH_BUF_INIT;
	json_t *v = NULL;

	if (sh_text_nfc(s, len, &b, err) == 0 &&
	    (v = json_stringn((char *)b.data, b.len)) == NULL)
		(void)sh_error_nomem(err, "JSON");
	sh_buf_free(&b);
	return (v);
}

static json_t *
normal_object(const json_t *v, unsigned depth, struct sh_error *err)
{
	json_t *out, *key, *child;
	const char *name;
	const json_t *member;

	if ((out = sh_json_new_object(err)) == NULL)
		return (NULL);
	json_object_foreach((json_t *)(uintptr_t)v, name, member) {
		if ((key = normal_string(name, strlen(name), err)) == NULL)
			goto bad;
		if (json_object_get(out, json_string_value(key)) != NULL) {
			(void)sh_error_set(err, SH_EFORMAT, "record.duplicate",
			    "two members are called %s", name);
			json_decref(key);
			goto bad;
		}
		if ((child = normal(member, depth, err)) == NULL ||
		    sh_json_set(out, json_string_value(key), child, err)) {
			json_decref(key);
			goto bad;
		}
		json_decref(key);
	}
	return (out);
bad:
	json_decref(out);
	return (NULL);
}

static json_t *
normal_array(const json_t *v, unsigned depth, struct sh_error *err)
{
	json_t *out, *child;
	const json_t *member;
	size_t i;

	if ((out = sh_json_new_array(err)) == NULL)
		return (NULL);
	json_array_foreach(v, i, member) {
		if ((child = normal(member, depth, err)) == NULL ||
		    sh_json_append(out, child, err)) {
			json_decref(out);
			return (NULL);
		}
	}
	return (out);
}

static json_t *
normal(const json_t *v, unsigned depth, struct sh_error *err)
{
	if (depth == 0) {
		(void)sh_error_set(err, SH_ELIMIT, "json.too-deep",
		    "JSON nested deeper than %d", DEPTH_MAX);
		return (NULL);
	}
	switch (json_typeof(v)) {
	case JSON_OBJECT:
		return (normal_object(v, depth - 1, err));
	case JSON_ARRAY:
		return (normal_array(v, depth - 1, err));
	case JSON_STRING:
		return (normal_string(json_string_value(v),
		    json_string_length(v), err));
	case JSON_REAL:
		(void)sh_error_set(err, SH_EARG, "json.float",
		    "a float has no canonical form");
		return (NULL);
	default:
		return (sh_json_copy(v, 0, err));
	}
}

json_t *
sh_record_normal(const json_t *v, struct sh_error *err)
{
	return (normal(v, DEPTH_MAX, err));
}

int
sh_record_bytes(const json_t *v, struct sh_buf *out, struct sh_error *err)
{
	size_t start = out->len;

	if (sh_json_canonical(v, out, err))
		return (-1);
	if (out->len - start > SH_RECORD_MAX) {
		sh_error_param(err, "limit", "%zu", SH_RECORD_MAX);
		return (sh_error_set(err, SH_ELIMIT, "record.too-large",
		    "a record of %zu bytes; limit %zu", out->len - start,
		    SH_RECORD_MAX));
	}
	return (0);
}

/* ---- packing ------------------------------------------------------------- */

int
sh_record_pack(struct sh_packer *p, const void *data, size_t len,
    struct sh_buf *out, struct sh_error *err)
{
	size_t cap = ZSTD_compressBound(len), n;
	uint8_t *room;

	if ((room = sh_buf_reserve(out, 1 + cap, err)) == NULL)
		return (-1);
	n = ZSTD_compress_usingCDict(p->cctx, room + 1, cap, data, len,
	    p->cdict);
	if (ZSTD_isError(n))
		return (sh_error_set(err, SH_ELIBRARY, "compression.failed",
		    "zstd: %s", ZSTD_getErrorName(n)));
	room[0] = CODEC_ZSTD_1;
	if (n >= len) {
		room[0] = CODEC_PLAIN;
		memcpy(room + 1, data, len);
		n = len;
	}
	out->len += 1 + n;
	return (sh_buf_append(out, "", 0, err));
}

static int
damaged(struct sh_error *err, const char *what)
{
	return (sh_error_set(err, SH_EFIXITY, "record.damaged",
	    "a packed record: %s", what));
}

int
sh_record_unpack(struct sh_packer *p, const void *data, size_t len,
    struct sh_buf *out, struct sh_error *err)
{
	const uint8_t *in = data;
	unsigned long long size;
	uint8_t *room;
	size_t n;

	if (len < 1)
		return (damaged(err, "nothing"));
	if (in[0] == CODEC_PLAIN)
		return (sh_buf_append(out, in + 1, len - 1, err));
	if (in[0] != CODEC_ZSTD_1)
		return (sh_error_set(err, SH_EUNSUPPORTED, "record.codec",
		    "a record is packed with codec %u", in[0]));
	size = ZSTD_getFrameContentSize(in + 1, len - 1);
	if (size > SH_RECORD_MAX)
		return (damaged(err, "its size"));
	if ((room = sh_buf_reserve(out, (size_t)size, err)) == NULL)
		return (-1);
	n = ZSTD_decompress_usingDDict(p->dctx, room, (size_t)size, in + 1,
	    len - 1, p->ddict);
	if (ZSTD_isError(n) || n != size)
		return (damaged(err, ZSTD_isError(n) ? ZSTD_getErrorName(n) :
		    "its size"));
	out->len += n;
	return (sh_buf_append(out, "", 0, err));
}
