#include "archive/stream.h"

#include <stdlib.h>
#include <string.h>

#include <zstd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/secret.h"

/* Frozen: archive/FORMAT, "Sealed blobs". */
#define HEAD		32
#define CHUNK_LOG2	16
#define CHUNK		((size_t)1 << CHUNK_LOG2)
#define CODEC_PLAIN	0
#define CODEC_ZSTD	1

#define LEVEL		3
#define WINDOW_LOG	21	/* 2 MiB in the writer, at most that to read */
#define WORTH_A_TRY	512	/* bytes */

static const char magic[4] = { 's', 'h', 'B', '1' };

/*
 * The key of one sealed copy: HMAC(content key, label and salt).  Keys of
 * blobs lie in plain memory here, as they do in the records that name them;
 * they are wiped all the same.
 */
static int
copy_key(const uint8_t key[SH_KEY_LEN], const uint8_t head[HEAD],
    struct sh_digest *out, struct sh_error *err)
{
	static const char label[] = "sohoa 1 copy";
	uint8_t data[sizeof(label) - 1 + 16];

	memcpy(data, label, sizeof(label) - 1);
	memcpy(data + sizeof(label) - 1, head + 12, 16);
	return (sh_hmac(key, SH_KEY_LEN, data, sizeof(data), out, err));
}

/* Room for a chunk of a blob of BYTES: most blobs are smaller than one. */
static size_t
chunk_room(uint64_t bytes)
{
	/* What zstd may add to what it cannot compress is less than this. */
	return (bytes < CHUNK - 1024 ? (size_t)bytes + 1024 : CHUNK);
}

static void
chunk_nonce(uint32_t number, int last, uint8_t nonce[SH_NONCE_LEN])
{
	memset(nonce, 0, SH_NONCE_LEN);
	sh_put_be(nonce + 7, number, 4);
	nonce[11] = (uint8_t)last;
}

/* ---- compression --------------------------------------------------------- */

/*
 * Making a context costs more than compressing a page of text: one of each
 * waits beside the cipher for the next blob.
 */
struct contexts {
	ZSTD_CCtx *c;
	ZSTD_DCtx *d;
};

static void
contexts_free(void *data)
{
	struct contexts *z = data;

	ZSTD_freeCCtx(z->c);
	ZSTD_freeDCtx(z->d);
	free(z);
}

static struct contexts *
contexts_of(struct sh_aead *aead)
{
	struct sh_aead_guest *g = sh_aead_guest(aead);

	if (g->data == NULL) {
		g->data = calloc(1, sizeof(struct contexts));
		g->free_data = contexts_free;
	}
	return (g->data);
}

static ZSTD_CCtx *
take_cctx(struct sh_aead *aead)
{
	struct contexts *z = contexts_of(aead);
	ZSTD_CCtx *c = z != NULL ? z->c : NULL;

	if (c == NULL)
		return (ZSTD_createCCtx());
	z->c = NULL;
	return (c);
}

static void
give_cctx(struct sh_aead *aead, ZSTD_CCtx *c)
{
	struct contexts *z = c != NULL ? contexts_of(aead) : NULL;

	if (z == NULL || z->c != NULL || ZSTD_isError(
	    ZSTD_CCtx_reset(c, ZSTD_reset_session_and_parameters)))
		ZSTD_freeCCtx(c);
	else
		z->c = c;
}

static ZSTD_DCtx *
take_dctx(struct sh_aead *aead)
{
	struct contexts *z = contexts_of(aead);
	ZSTD_DCtx *d = z != NULL ? z->d : NULL;

	if (d == NULL)
		return (ZSTD_createDCtx());
	z->d = NULL;
	return (d);
}

static void
give_dctx(struct sh_aead *aead, ZSTD_DCtx *d)
{
	struct contexts *z = d != NULL ? contexts_of(aead) : NULL;

	if (z == NULL || z->d != NULL || ZSTD_isError(
	    ZSTD_DCtx_reset(d, ZSTD_reset_session_and_parameters)))
		ZSTD_freeDCtx(d);
	else
		z->d = d;
}

/* ---- sealing ------------------------------------------------------------- */

struct sh_sealer {
	struct sh_aead *aead;
	uint8_t content_key[SH_KEY_LEN];
	struct sh_digest key;
	uint8_t aad[HEAD + SH_DIGEST_LEN];
	struct sh_digest plain;
	uint64_t bytes;
	size_t room;		/* chunk_room() */
	sh_source source;
	void *arg;
	struct sh_hasher *hasher;
	ZSTD_CCtx *zstd;
	uint64_t fed;		/* plain bytes so far */
	uint32_t number;
	int begun;
	int ended;		/* no more plain bytes */
	int frame_ended;	/* nor compressed ones */
	int done;		/* the last chunk is sealed */
	uint8_t *in;		/* ROOM: plain bytes on their way to zstd */
	size_t nin, at_in;
	uint8_t *stage;		/* ROOM + 1: what a chunk is cut from */
	size_t nstage;
	uint8_t *out;		/* HEAD + ROOM + tag: sealed, to be handed on */
	size_t nout, at_out;
};

struct sh_sealer *
sh_sealer_new(struct sh_aead *aead, const uint8_t key[SH_KEY_LEN],
    const struct sh_digest *name, const struct sh_digest *plain,
    uint64_t bytes, sh_source source, void *arg, struct sh_error *err)
{
	struct sh_sealer *s;

	if ((s = sh_alloc(1, sizeof(*s), "a blob", err)) == NULL)
		return (NULL);
	memcpy(s->content_key, key, SH_KEY_LEN);
	memcpy(s->aad + HEAD, name->b, SH_DIGEST_LEN);
	s->aead = aead;
	s->plain = *plain;
	s->bytes = bytes;
	s->room = chunk_room(bytes);
	s->source = source;
	s->arg = arg;
	return (s);
}

static void
sealer_release(struct sh_sealer *s)
{
	give_cctx(s->aead, s->zstd);
	sh_hasher_free(s->hasher);
	if (s->in != NULL)
		sh_wipe(s->in, s->room);
	if (s->stage != NULL)
		sh_wipe(s->stage, s->room + 1);
	free(s->in);
	free(s->stage);
	free(s->out);
	s->zstd = NULL;
	s->hasher = NULL;
	s->in = s->stage = s->out = NULL;
}

void
sh_sealer_free(struct sh_sealer *s)
{
	if (s == NULL)
		return;
	sealer_release(s);
	sh_wipe(s, sizeof(*s));
	free(s);
}

/* Up to CAP plain bytes, counted and digested; 0 bytes: the true end. */
static int
plain_bytes(struct sh_sealer *s, uint8_t *buf, size_t cap, size_t *np,
    struct sh_error *err)
{
	struct sh_digest d;

	*np = 0;
	if (s->ended)
		return (0);
	if (s->source(s->arg, buf, cap, np, err))
		return (-1);
	s->fed += *np;
	if (*np > 0 && s->fed <= s->bytes)
		return (sh_hasher_update(s->hasher, buf, *np, err));
	s->ended = 1;
	if (sh_hasher_final(s->hasher, &d, err))
		return (-1);
	if (s->fed != s->bytes || !sh_digest_equal(&d, &s->plain))
		return (sh_error_set(err, SH_EFIXITY, "rendition.changed",
		    "the bytes changed while they were being archived"));
	return (0);
}

static int
fill_in(struct sh_sealer *s, struct sh_error *err)
{
	size_t n;

	s->nin = s->at_in = 0;
	do {
		if (plain_bytes(s, s->in + s->nin, s->room - s->nin, &n, err))
			return (-1);
		s->nin += n;
	} while (n > 0 && s->nin < s->room);
	return (0);
}

/* The first chunk tells whether compressing is worth it. */
static int
choose_codec(struct sh_sealer *s, int *codecp, struct sh_error *err)
{
	ZSTD_CCtx *zstd;
	size_t cap, n;
	void *trial;

	*codecp = CODEC_PLAIN;
	if (s->nin < WORTH_A_TRY)
		return (0);
	cap = ZSTD_compressBound(s->nin);
	if ((trial = sh_alloc(cap, 1, "a blob", err)) == NULL)
		return (-1);
	if ((zstd = take_cctx(s->aead)) == NULL) {
		free(trial);
		return (sh_error_nomem(err, "compression"));
	}
	n = ZSTD_compressCCtx(zstd, trial, cap, s->in, s->nin, 1);
	give_cctx(s->aead, zstd);
	free(trial);
	if (!ZSTD_isError(n) && n < s->nin - s->nin / 8)
		*codecp = CODEC_ZSTD;
	return (0);
}

static int
start_zstd(struct sh_sealer *s, struct sh_error *err)
{
	if ((s->zstd = take_cctx(s->aead)) == NULL ||
	    ZSTD_isError(ZSTD_CCtx_setParameter(s->zstd,
	    ZSTD_c_compressionLevel, LEVEL)) ||
	    ZSTD_isError(ZSTD_CCtx_setParameter(s->zstd, ZSTD_c_windowLog,
	    WINDOW_LOG)) ||
	    ZSTD_isError(ZSTD_CCtx_setPledgedSrcSize(s->zstd, s->bytes)))
		return (sh_error_nomem(err, "compression"));
	return (0);
}

static int
begin(struct sh_sealer *s, struct sh_error *err)
{
	int codec;

	s->begun = 1;
	if ((s->hasher = sh_hasher_new(NULL, 0, err)) == NULL ||
	    (s->in = sh_alloc(s->room, 1, "a blob", err)) == NULL ||
	    (s->stage = sh_alloc(s->room + 1, 1, "a blob", err)) == NULL ||
	    (s->out = sh_alloc(HEAD + s->room + SH_TAG_LEN, 1, "a blob",
	    err)) == NULL ||
	    fill_in(s, err) || choose_codec(s, &codec, err))
		return (-1);
	if (codec == CODEC_ZSTD && start_zstd(s, err))
		return (-1);
	memset(s->aad, 0, HEAD);
	memcpy(s->aad, magic, 4);
	s->aad[4] = (uint8_t)codec;
	s->aad[5] = CHUNK_LOG2;
	sh_put_be(s->aad + 8, 1, 4);
	if (sh_aead_random(s->aead, s->aad + 12, 16, err) ||
	    copy_key(s->content_key, s->aad, &s->key, err))
		return (-1);
	memcpy(s->out, s->aad, HEAD);
	s->nout = HEAD;
	return (0);
}

/* Fill the stage to ROOM + 1 bytes, or to the end of what there is. */
static int
fill_stage(struct sh_sealer *s, int *endp, struct sh_error *err)
{
	ZSTD_outBuffer out = { s->stage, s->room + 1, s->nstage };
	size_t n, left;

	while (out.pos < out.size && !s->frame_ended) {
		if (s->at_in == s->nin && !s->ended && fill_in(s, err))
			return (-1);
		if (s->zstd == NULL) {
			n = s->nin - s->at_in;
			s->frame_ended = n == 0 && s->ended;
			if (n > out.size - out.pos)
				n = out.size - out.pos;
			memcpy(s->stage + out.pos, s->in + s->at_in, n);
			s->at_in += n;
			out.pos += n;
			continue;
		}
		ZSTD_inBuffer in = { s->in, s->nin, s->at_in };

		left = ZSTD_compressStream2(s->zstd, &out, &in, s->ended ?
		    ZSTD_e_end : ZSTD_e_continue);
		if (ZSTD_isError(left))
			return (sh_error_set(err, SH_ELIBRARY,
			    "compression.failed", "zstd: %s",
			    ZSTD_getErrorName(left)));
		s->at_in = in.pos;
		s->frame_ended = s->ended && s->at_in == s->nin && left == 0;
	}
	s->nstage = out.pos;
	*endp = s->nstage <= s->room;
	return (0);
}

static int
next_chunk(struct sh_sealer *s, struct sh_error *err)
{
	uint8_t nonce[SH_NONCE_LEN];
	size_t n;
	int last = 0;

	if (fill_stage(s, &last, err))
		return (-1);
	if (s->number == UINT32_MAX)
		return (sh_error_set(err, SH_ELIMIT, "engine.limit",
		    "a blob of more than 2^48 bytes"));
	/* Only a stage of CHUNK + 1 bytes can be full. */
	n = last ? s->nstage : CHUNK;
	chunk_nonce(s->number++, last, nonce);
	if (sh_aead_seal(s->aead, s->key.b, nonce, s->aad, sizeof(s->aad),
	    s->stage, n, s->out + s->nout, err))
		return (-1);
	s->nout += n + SH_TAG_LEN;
	if (!last)
		s->stage[0] = s->stage[CHUNK];
	s->nstage = last ? 0 : 1;
	s->done = last;
	return (0);
}

int
sh_sealer_source(void *sealer, void *buf, size_t cap, size_t *lenp,
    struct sh_error *err)
{
	struct sh_sealer *s = sealer;
	size_t n;

	*lenp = 0;
	if (!s->begun && begin(s, err))
		return (-1);
	if (s->at_out == s->nout) {
		if (s->done) {
			sealer_release(s);
			return (0);
		}
		s->at_out = s->nout = 0;
	}
	if (!s->done && s->nout <= HEAD && next_chunk(s, err))
		return (-1);
	n = s->nout - s->at_out;
	if (n > cap)
		n = cap;
	memcpy(buf, s->out + s->at_out, n);
	s->at_out += n;
	*lenp = n;
	return (0);
}

/* ---- opening ------------------------------------------------------------- */

struct sh_opener {
	struct sh_aead *aead;
	uint8_t content_key[SH_KEY_LEN];
	struct sh_digest key;
	uint8_t aad[HEAD + SH_DIGEST_LEN];
	size_t nhead;
	struct sh_digest plain;
	uint64_t bytes;
	size_t room;		/* chunk_room() */
	sh_sink sink;
	void *arg;
	struct sh_hasher *hasher;
	ZSTD_DCtx *zstd;
	int frame_ended;
	uint64_t given;		/* plain bytes handed on */
	uint32_t number;
	uint8_t *in;		/* ROOM + tag: a sealed chunk */
	size_t nin;
	uint8_t *text;		/* ROOM: what zstd gives */
};

static int
damaged(struct sh_error *err, const char *what)
{
	return (sh_error_set(err, SH_EFIXITY, "blob.damaged", "%s", what));
}

struct sh_opener *
sh_opener_new(struct sh_aead *aead, const uint8_t key[SH_KEY_LEN],
    const struct sh_digest *name, const struct sh_digest *plain,
    uint64_t bytes, sh_sink sink, void *arg, struct sh_error *err)
{
	struct sh_opener *o;

	if ((o = sh_alloc(1, sizeof(*o), "a blob", err)) == NULL)
		return (NULL);
	o->aead = aead;
	o->plain = *plain;
	o->bytes = bytes;
	o->sink = sink;
	o->arg = arg;
	o->room = chunk_room(bytes);
	memcpy(o->aad + HEAD, name->b, SH_DIGEST_LEN);
	memcpy(o->content_key, key, SH_KEY_LEN);
	if ((o->hasher = sh_hasher_new(NULL, 0, err)) == NULL ||
	    (o->in = sh_alloc(o->room + SH_TAG_LEN, 1, "a blob", err)) ==
	    NULL) {
		sh_opener_free(o);
		return (NULL);
	}
	return (o);
}

void
sh_opener_free(struct sh_opener *o)
{
	if (o == NULL)
		return;
	give_dctx(o->aead, o->zstd);
	sh_hasher_free(o->hasher);
	if (o->in != NULL)
		sh_wipe(o->in, o->room + SH_TAG_LEN);
	if (o->text != NULL)
		sh_wipe(o->text, o->room);
	free(o->in);
	free(o->text);
	sh_wipe(o, sizeof(*o));
	free(o);
}

static int
take_head(struct sh_opener *o, struct sh_error *err)
{
	if (memcmp(o->aad, magic, 4) != 0 || o->aad[4] > CODEC_ZSTD ||
	    o->aad[5] != CHUNK_LOG2 || sh_get_be(o->aad + 8, 4) != 1)
		return (damaged(err, "a sealed blob's head"));
	if (o->aad[4] == CODEC_ZSTD) {
		o->text = sh_alloc(o->room, 1, "a blob", err);
		if (o->text == NULL)
			return (-1);
		if ((o->zstd = take_dctx(o->aead)) == NULL ||
		    ZSTD_isError(ZSTD_DCtx_setParameter(o->zstd,
		    ZSTD_d_windowLogMax, WINDOW_LOG)))
			return (sh_error_nomem(err, "compression"));
	}
	return (copy_key(o->content_key, o->aad, &o->key, err));
}

static int
hand_on(struct sh_opener *o, const uint8_t *data, size_t len,
    struct sh_error *err)
{
	if (len == 0)
		return (0);
	o->given += len;
	if (o->given > o->bytes)
		return (damaged(err, "more bytes than the record says"));
	if (sh_hasher_update(o->hasher, data, len, err))
		return (-1);
	return (o->sink == NULL ? 0 : o->sink(o->arg, data, len, err));
}

static int
decompress(struct sh_opener *o, const uint8_t *data, size_t len,
    struct sh_error *err)
{
	ZSTD_inBuffer in = { data, len, 0 };
	ZSTD_outBuffer out;
	size_t r;

	do {
		out = (ZSTD_outBuffer){ o->text, o->room, 0 };
		if (o->frame_ended)
			return (len == in.pos ? 0 :
			    damaged(err, "bytes behind the content"));
		r = ZSTD_decompressStream(o->zstd, &out, &in);
		if (ZSTD_isError(r))
			return (damaged(err, ZSTD_getErrorName(r)));
		o->frame_ended = r == 0;
		if (hand_on(o, o->text, out.pos, err))
			return (-1);
	} while (in.pos < in.size || out.pos == out.size);
	return (0);
}

static int
open_chunk(struct sh_opener *o, int last, struct sh_error *err)
{
	uint8_t nonce[SH_NONCE_LEN];
	size_t len = o->nin - SH_TAG_LEN;
	int r;

	chunk_nonce(o->number++, last, nonce);
	r = sh_aead_open(o->aead, o->key.b, nonce, o->aad,
	    sizeof(o->aad), o->in, len, o->in, err);
	if (r < 0)
		return (-1);
	if (r == 0)
		return (damaged(err, "a chunk is not what was sealed"));
	o->nin = 0;
	if (o->zstd != NULL)
		return (decompress(o, o->in, len, err));
	return (hand_on(o, o->in, len, err));
}

int
sh_opener_sink(void *opener, const void *data, size_t len,
    struct sh_error *err)
{
	struct sh_opener *o = opener;
	const uint8_t *p = data;
	size_t n;

	while (len > 0) {
		if (o->nhead < HEAD) {
			n = HEAD - o->nhead < len ? HEAD - o->nhead : len;
			memcpy(o->aad + o->nhead, p, n);
			o->nhead += n;
			if (o->nhead == HEAD && take_head(o, err))
				return (-1);
		} else {
			/* A full chunk is the last if nothing follows. */
			if (o->nin == o->room + SH_TAG_LEN) {
				if (o->room < CHUNK)
					return (damaged(err,
					    "more bytes than the record says"));
				if (open_chunk(o, 0, err))
					return (-1);
			}
			n = o->room + SH_TAG_LEN - o->nin;
			if (n > len)
				n = len;
			memcpy(o->in + o->nin, p, n);
			o->nin += n;
		}
		p += n;
		len -= n;
	}
	return (0);
}

int
sh_opener_finish(struct sh_opener *o, struct sh_error *err)
{
	struct sh_digest d;

	if (o->nhead < HEAD || o->nin < SH_TAG_LEN)
		return (damaged(err, "the blob was cut short"));
	if (open_chunk(o, 1, err))
		return (-1);
	if (o->zstd != NULL && !o->frame_ended)
		return (damaged(err, "the content was cut short"));
	if (sh_hasher_final(o->hasher, &d, err))
		return (-1);
	if (o->given != o->bytes || !sh_digest_equal(&d, &o->plain))
		return (damaged(err, "the content has another digest"));
	return (0);
}
