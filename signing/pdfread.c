#include "signing/pdfread.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "base/mem.h"
#include "signing/pdfread_internal.h"

#define MAX_CHAIN	16	/* references that lead to references */

static const struct sh_pdf_value null_value = { .kind = SH_PDF_NULL };

int
sh_pdf_damaged(struct sh_error *err, const char *fmt, ...)
{
	char what[200];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	return (sh_error_set(err, SH_EFORMAT, "pdf.damaged", "%s", what));
}

int
sh_pdf_work(struct sh_pdf *doc, uint64_t cost, struct sh_error *err)
{
	if (cost > SH_PDF_MAX_WORK - *doc->work)
		return (sh_error_set(err, SH_ELIMIT, "pdf.limit",
		    "more than %llu bytes to look at",
		    (unsigned long long)SH_PDF_MAX_WORK));
	*doc->work += cost;
	return (0);
}

int
sh_pdf_window(struct sh_pdf *doc, uint64_t at, size_t first,
    sh_pdf_reader *reader, void *ctx, struct sh_error *err)
{
	struct sh_pdf_lexer lx;
	size_t n, size = first;
	int rc;

	if (at >= doc->len)
		return (sh_pdf_damaged(err, "byte %llu is behind the end",
		    (unsigned long long)at));
	for (;; size *= 4) {
		n = doc->len - at < size ? (size_t)(doc->len - at) : size;
		sh_buf_reset(&doc->scratch);
		if (sh_pdf_work(doc, n, err) ||
		    sh_buf_reserve(&doc->scratch, n, err) == NULL ||
		    sh_pread_all(doc->fd, doc->scratch.data, n, at, err))
			return (-1);
		sh_pdf_lex(&lx, &doc->arena, doc->scratch.data, n,
		    at + n == doc->len);
		rc = reader(doc, &lx, ctx, err);
		if (!lx.hit_end || err->code == SH_ENOMEM ||
		    err->code == SH_ELIMIT)
			break;
		sh_error_clear(err);
		if (size >= SH_PDF_MAX_TEXT)
			return (sh_error_set(err, SH_ELIMIT, "pdf.limit",
			    "an object of more than %zu bytes",
			    SH_PDF_MAX_TEXT));
	}
	if (rc != 0)
		(void)sh_error_context(err, "at byte %llu",
		    (unsigned long long)at);
	return (rc);
}

/* ---- the document ---- */

static int
open_document(int fd, uint64_t len, uint64_t *work, struct sh_pdf **docp,
    struct sh_error *err)
{
	struct sh_pdf *doc;
	uint8_t head[8];

	*docp = NULL;
	if ((doc = sh_alloc(1, sizeof(*doc), "a PDF", err)) == NULL)
		return (-1);
	doc->fd = fd;
	doc->len = len;
	doc->work = work != NULL ? work : &doc->own_work;
	doc->arena.limit = SH_PDF_MAX_MEMORY;
	if (len < sizeof(head))
		(void)sh_pdf_damaged(err, "no PDF: %llu bytes",
		    (unsigned long long)len);
	else if (sh_pread_all(fd, head, sizeof(head), 0, err) == 0) {
		if (memcmp(head, "%PDF-", 5) != 0 || head[6] != '.')
			(void)sh_pdf_damaged(err, "no PDF header");
		else if (sh_pdf_read_xref(doc, err) == 0) {
			*docp = doc;
			return (0);
		}
	}
	sh_pdf_close(doc);
	return (-1);
}

int
sh_pdf_open(int fd, uint64_t len, struct sh_pdf **docp, struct sh_error *err)
{
	return (open_document(fd, len, NULL, docp, err));
}

int
sh_pdf_open_revision(struct sh_pdf *whole, uint64_t len,
    struct sh_pdf **docp, struct sh_error *err)
{
	return (open_document(whole->fd, len, whole->work, docp, err));
}

void
sh_pdf_close(struct sh_pdf *doc)
{
	struct sh_pdf_pack *p;

	if (doc == NULL)
		return;
	while ((p = doc->packs) != NULL) {
		doc->packs = p->next;
		sh_buf_free(&p->data);
		free(p->nums);
		free(p->offsets);
		free(p);
	}
	sh_pdf_arena_free(&doc->arena);
	sh_buf_free(&doc->scratch);
	free(doc->sections);
	free(doc->entries);
	free(doc->map);
	free(doc);
}

uint64_t
sh_pdf_len(const struct sh_pdf *doc)
{
	return (doc->len);
}

int
sh_pdf_fd(const struct sh_pdf *doc)
{
	return (doc->fd);
}

size_t
sh_pdf_nsections(const struct sh_pdf *doc)
{
	return (doc->nsections);
}

const struct sh_pdf_section *
sh_pdf_section(const struct sh_pdf *doc, size_t i)
{
	return (&doc->sections[i]);
}

const struct sh_pdf_value *
sh_pdf_trailer(const struct sh_pdf *doc)
{
	return (doc->sections[0].trailer);
}

uint32_t
sh_pdf_next_number(const struct sh_pdf *doc)
{
	return (doc->next_number);
}

/* ---- objects ---- */

struct read {
	uint64_t at;
	struct sh_pdf_object *object;
	uint64_t end;
};

/* "12 0 obj" value "endobj", or "stream" and where its bytes begin. */
static int
read_object(struct sh_pdf *doc, struct sh_pdf_lexer *lx, void *ctx,
    struct sh_error *err)
{
	struct read *r = ctx;
	struct sh_pdf_object *o = r->object;

	(void)doc;
	if (sh_pdf_header(lx, &o->num, &o->gen, err) ||
	    sh_pdf_value(lx, &o->value, err))
		return (-1);
	sh_pdf_skip(lx);
	o->is_stream = 0;
	if (sh_pdf_word(lx, "endobj")) {
		r->end = r->at + (uint64_t)(lx->p - lx->base);
		return (0);
	}
	if (o->value->kind != SH_PDF_DICT || !sh_pdf_word(lx, "stream"))
		return (sh_pdf_damaged(err, "object %u without its end",
		    o->num));
	if (sh_pdf_stream_start(lx, err))
		return (-1);
	o->is_stream = 1;
	o->stream_at = r->at + (uint64_t)(lx->p - lx->base);
	return (0);
}

/* How long the stream is, and that it ends there. */
static int
measure_stream(struct sh_pdf *doc, struct sh_pdf_object *o, uint64_t *endp,
    struct sh_error *err)
{
	const struct sh_pdf_value *v;
	struct sh_pdf_lexer lx;
	uint8_t tail[64];
	uint64_t left = doc->len - o->stream_at;
	size_t n;

	if (sh_pdf_find_kind(doc, o->value, "Length", SH_PDF_INT, &v, err))
		return (-1);
	if (v == NULL || v->num < 0 || (uint64_t)v->num > left)
		return (sh_pdf_damaged(err, "stream of a wrong length"));
	o->stream_len = (uint64_t)v->num;
	left -= o->stream_len;
	n = left < sizeof(tail) ? (size_t)left : sizeof(tail);
	if (sh_pread_all(doc->fd, tail, n, o->stream_at + o->stream_len, err))
		return (-1);
	sh_pdf_lex(&lx, &doc->arena, tail, n, 1);
	while (lx.p < tail + 2 && (sh_pdf_peek(&lx, 0) == '\r' ||
	    sh_pdf_peek(&lx, 0) == '\n'))
		lx.p++;
	if (!sh_pdf_word(&lx, "endstream"))
		return (sh_pdf_damaged(err, "stream of a wrong length"));
	sh_pdf_skip(&lx);
	if (!sh_pdf_word(&lx, "endobj"))
		return (sh_pdf_damaged(err, "object %u without its end",
		    o->num));
	*endp = o->stream_at + o->stream_len + (uint64_t)(lx.p - tail);
	return (0);
}

int
sh_pdf_object_at(struct sh_pdf *doc, uint64_t at, struct sh_pdf_object *o,
    uint64_t *endp, struct sh_error *err)
{
	struct read r = { .at = at, .object = o };

	memset(o, 0, sizeof(*o));
	o->base = at;
	if (sh_pdf_window(doc, at, 2048, read_object, &r, err) ||
	    (o->is_stream && measure_stream(doc, o, &r.end, err)))
		return (-1);
	*endp = r.end;
	return (0);
}

static int
unpack(struct sh_pdf *doc, uint32_t num, struct sh_pdf_pack **packp,
    struct sh_error *err)
{
	const struct sh_pdf_object *o;
	const struct sh_pdf_value *n, *first;
	struct sh_pdf_pack *p = NULL;
	struct sh_pdf_lexer lx;
	uint64_t a, b;
	size_t i;

	for (p = doc->packs; p != NULL; p = p->next)
		if (p->num == num) {
			*packp = p;
			return (0);
		}
	if (sh_pdf_object(doc, num, 0, &o, err))
		return (-1);
	if (o == NULL || !o->is_stream ||
	    !sh_pdf_is_name(sh_pdf_member(o->value, "Type"), "ObjStm"))
		return (sh_pdf_damaged(err, "object %u is no object stream",
		    num));
	n = sh_pdf_member(o->value, "N");
	first = sh_pdf_member(o->value, "First");
	if (!sh_pdf_is(n, SH_PDF_INT) || !sh_pdf_is(first, SH_PDF_INT) ||
	    n->num < 0 || n->num > (int64_t)SH_PDF_MAX_ENTRIES ||
	    first->num < 0)
		return (sh_pdf_damaged(err, "object stream %u: /N or /First",
		    num));
	if ((p = sh_alloc(1, sizeof(*p), "an object stream", err)) == NULL)
		return (-1);
	/* From here on the document owns it, whole or not. */
	p->next = doc->packs;
	doc->packs = p;
	if (sh_pdf_decode(doc, o->value, o->stream_at, o->stream_len,
	    &p->data, err))
		return (-1);
	if ((uint64_t)first->num > p->data.len ||
	    (uint64_t)n->num > p->data.len)
		return (sh_pdf_damaged(err, "object stream %u: /N or /First",
		    num));
	doc->unpacked += p->data.len + (size_t)n->num *
	    (sizeof(*p->nums) + sizeof(*p->offsets));
	if (doc->unpacked > SH_PDF_MAX_MEMORY)
		return (sh_error_set(err, SH_ELIMIT, "pdf.limit",
		    "object streams of more than %zu bytes",
		    SH_PDF_MAX_MEMORY));
	p->nums = sh_alloc((size_t)n->num, sizeof(*p->nums), "objects", err);
	p->offsets = sh_alloc((size_t)n->num, sizeof(*p->offsets), "objects",
	    err);
	if (p->nums == NULL || p->offsets == NULL)
		return (-1);
	sh_pdf_lex(&lx, &doc->arena, p->data.data, (size_t)first->num, 1);
	for (i = 0; i < (size_t)n->num; i++) {
		sh_pdf_skip(&lx);
		if (sh_pdf_digits(&lx, SH_PDF_MAX_OBJECT, &a, err))
			return (-1);
		sh_pdf_skip(&lx);
		if (sh_pdf_digits(&lx, p->data.len - (size_t)first->num, &b,
		    err))
			return (-1);
		p->nums[i] = (uint32_t)a;
		p->offsets[i] = (size_t)first->num + (size_t)b;
	}
	p->n = (size_t)n->num;
	p->num = num;
	*packp = p;
	return (0);
}

static int
load_packed(struct sh_pdf *doc, const struct sh_pdf_entry *e,
    struct sh_pdf_object *o, struct sh_error *err)
{
	const struct sh_pdf_entry *outer;
	struct sh_pdf_lexer lx;
	struct sh_pdf_pack *p = NULL;

	outer = sh_pdf_entry(doc, (uint32_t)e->where);
	if (outer == NULL || outer->type != SH_PDF_PLAIN)
		return (sh_pdf_damaged(err, "object %u: object stream %u is "
		    "not there", e->num, (unsigned)e->where));
	if (unpack(doc, (uint32_t)e->where, &p, err))
		return (-1);
	if (e->gen >= p->n || p->nums[e->gen] != e->num)
		return (sh_pdf_damaged(err, "object %u is not in object "
		    "stream %u", e->num, (unsigned)e->where));
	sh_pdf_lex(&lx, &doc->arena, p->data.data, p->data.len, 1);
	lx.p += p->offsets[e->gen];
	if (sh_pdf_value(&lx, &o->value, err))
		return (-1);
	o->packed = 1;
	o->bytes = p->data.data;
	return (sh_pdf_work(doc, o->value->end - o->value->start, err));
}

static int
load(struct sh_pdf *doc, struct sh_pdf_entry *e, struct sh_error *err)
{
	struct sh_pdf_object *o;
	uint64_t end;

	if ((o = sh_pdf_alloc(&doc->arena, sizeof(*o), err)) == NULL)
		return (-1);
	if (e->type == SH_PDF_PACKED) {
		memset(o, 0, sizeof(*o));
		o->num = e->num;
		if (load_packed(doc, e, o, err))
			return (-1);
	} else {
		if (sh_pdf_object_at(doc, e->where, o, &end, err))
			return (-1);
		if (o->num != e->num || o->gen != e->gen)
			return (sh_pdf_damaged(err, "another object stands "
			    "at its place"));
	}
	e->object = o;
	return (0);
}

int
sh_pdf_object(struct sh_pdf *doc, uint32_t num, uint32_t gen,
    const struct sh_pdf_object **op, struct sh_error *err)
{
	struct sh_pdf_entry *e;
	int rc;

	*op = NULL;
	e = sh_pdf_entry(doc, num);
	if (e == NULL || e->type == SH_PDF_FREE ||
	    gen != (e->type == SH_PDF_PACKED ? 0 : e->gen))
		return (0);
	if (e->object == NULL) {
		if (e->loading)
			return (sh_pdf_damaged(err, "object %u needs itself",
			    num));
		if (doc->nesting == SH_PDF_MAX_NESTING)
			return (sh_error_set(err, SH_ELIMIT, "pdf.limit",
			    "objects that need one another deeper than %d",
			    SH_PDF_MAX_NESTING));
		e->loading = 1;
		doc->nesting++;
		rc = load(doc, e, err);
		doc->nesting--;
		e->loading = 0;
		if (rc != 0)
			return (sh_error_context(err, "object %u", num));
	}
	*op = e->object;
	return (0);
}

int
sh_pdf_resolve(struct sh_pdf *doc, const struct sh_pdf_value *v,
    const struct sh_pdf_value **vp, const struct sh_pdf_object **op,
    struct sh_error *err)
{
	const struct sh_pdf_object *o;
	int i;

	for (i = 0; v != NULL && v->kind == SH_PDF_REF; i++) {
		if (i == MAX_CHAIN)
			return (sh_pdf_damaged(err, "references in a circle"));
		if (sh_pdf_object(doc, (uint32_t)v->num, v->gen, &o, err))
			return (-1);
		v = o != NULL ? o->value : &null_value;
		if (op != NULL)
			*op = o;
	}
	*vp = v;
	return (0);
}

int
sh_pdf_find(struct sh_pdf *doc, const struct sh_pdf_value *dict,
    const char *key, const struct sh_pdf_value **vp, struct sh_error *err)
{
	if (sh_pdf_resolve(doc, sh_pdf_member(dict, key), vp, NULL, err))
		return (-1);
	if (sh_pdf_is(*vp, SH_PDF_NULL))
		*vp = NULL;
	return (0);
}

int
sh_pdf_find_kind(struct sh_pdf *doc, const struct sh_pdf_value *dict,
    const char *key, enum sh_pdf_kind kind, const struct sh_pdf_value **vp,
    struct sh_error *err)
{
	if (sh_pdf_find(doc, dict, key, vp, err))
		return (-1);
	if (*vp != NULL && (*vp)->kind != kind)
		return (sh_pdf_damaged(err, "/%s is of another kind", key));
	return (0);
}

int
sh_pdf_raw(struct sh_pdf *doc, const struct sh_pdf_object *o, size_t start,
    size_t end, struct sh_buf *out, struct sh_error *err)
{
	uint8_t *room;

	if (o->packed)
		return (sh_buf_append(out, o->bytes + start, end - start,
		    err));
	if ((room = sh_buf_reserve(out, end - start, err)) == NULL ||
	    sh_pread_all(doc->fd, room, end - start, o->base + start, err))
		return (-1);
	out->len += end - start;
	out->data[out->len] = '\0';
	return (0);
}
