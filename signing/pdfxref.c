/* Cross-references: tables, streams, both; from the end to the beginning. */
#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "base/mem.h"
#include "signing/pdfread_internal.h"

#define END_BYTES	2048	/* where "startxref" must stand */

static int
add_entry(struct sh_pdf *doc, const struct sh_pdf_entry *e,
    struct sh_error *err)
{
	if (doc->nentries == SH_PDF_MAX_ENTRIES)
		return (sh_error_set(err, SH_ELIMIT, "pdf.limit",
		    "more than %zu objects", SH_PDF_MAX_ENTRIES));
	if (sh_grow(&doc->entries, &doc->capentries, doc->nentries + 1,
	    sizeof(*e), "cross-references", err))
		return (-1);
	doc->entries[doc->nentries++] = *e;
	return (0);
}

int
sh_pdf_stream_start(struct sh_pdf_lexer *lx, struct sh_error *err)
{
	/* Rule: ISO 32000-2 7.3.8.1: never a carriage return alone. */
	if (sh_pdf_peek(lx, 0) == '\r' && sh_pdf_peek(lx, 1) == '\n')
		lx->p += 2;
	else if (sh_pdf_peek(lx, 0) == '\n')
		lx->p++;
	else
		return (sh_pdf_damaged(err, "a stream without its line end"));
	return (0);
}

/* ---- tables ---- */

/* One subsection's entries. */
static int
read_entries(struct sh_pdf *doc, struct sh_pdf_lexer *lx, uint64_t first,
    uint64_t n, uint16_t section, struct sh_error *err)
{
	struct sh_pdf_entry e;
	uint64_t gen;
	const uint8_t *p;

	memset(&e, 0, sizeof(e));
	e.section = section;
	for (; n > 0; n--, first++) {
		sh_pdf_skip(lx);
		p = lx->p;
		if (sh_pdf_digits(lx, 9999999999, &e.where, err))
			return (-1);
		if (lx->p - p != 10 || sh_pdf_peek(lx, 0) != ' ')
			return (sh_pdf_damaged(err, "a cross-reference of "
			    "another form"));
		p = ++lx->p;
		if (sh_pdf_digits(lx, 65535, &gen, err))
			return (-1);
		if (lx->p - p != 5 || sh_pdf_peek(lx, 0) != ' ')
			return (sh_pdf_damaged(err, "a cross-reference of "
			    "another form"));
		lx->p++;
		e.num = (uint32_t)first;
		e.gen = (uint32_t)gen;
		if (sh_pdf_word(lx, "n"))
			e.type = SH_PDF_PLAIN;
		else if (sh_pdf_word(lx, "f"))
			e.type = SH_PDF_FREE;
		else
			return (sh_pdf_damaged(err, "a cross-reference of "
			    "another form"));
		/* Writers mark numbers they left out as in use at 0. */
		if (e.where == 0)
			e.type = SH_PDF_FREE;
		if (add_entry(doc, &e, err))
			return (-1);
	}
	return (0);
}

struct reading {
	struct sh_pdf_section *section;
	uint16_t index;
	size_t nentries;	/* of the document, before this section */
	/* A cross-reference stream only. */
	uint64_t stream_at;
};

/* "xref" … "trailer" dictionary. */
static int
read_table(struct sh_pdf *doc, struct sh_pdf_lexer *lx, void *ctx,
    struct sh_error *err)
{
	struct reading *r = ctx;
	uint64_t first, n;

	doc->nentries = r->nentries;
	sh_pdf_skip(lx);
	if (!sh_pdf_word(lx, "xref"))
		return (sh_pdf_damaged(err, "no cross-reference table"));
	for (sh_pdf_skip(lx); !sh_pdf_word(lx, "trailer"); sh_pdf_skip(lx)) {
		if (sh_pdf_digits(lx, SH_PDF_MAX_OBJECT, &first, err))
			return (-1);
		sh_pdf_skip(lx);
		if (sh_pdf_digits(lx, SH_PDF_MAX_OBJECT + 1 - first, &n, err))
			return (-1);
		if (read_entries(doc, lx, first, n, r->index, err))
			return (-1);
	}
	if (sh_pdf_value(lx, &r->section->trailer, err))
		return (-1);
	if (r->section->trailer->kind != SH_PDF_DICT)
		return (sh_pdf_damaged(err, "the trailer is no dictionary"));
	return (0);
}

/* ---- streams ---- */

static int
read_stream_head(struct sh_pdf *doc, struct sh_pdf_lexer *lx, void *ctx,
    struct sh_error *err)
{
	struct reading *r = ctx;
	uint32_t num, gen;

	(void)doc;
	if (sh_pdf_header(lx, &num, &gen, err) ||
	    sh_pdf_value(lx, &r->section->trailer, err))
		return (-1);
	sh_pdf_skip(lx);
	if (!sh_pdf_is_name(sh_pdf_member(r->section->trailer, "Type"),
	    "XRef") || !sh_pdf_word(lx, "stream"))
		return (sh_pdf_damaged(err, "no cross-reference stream"));
	if (sh_pdf_stream_start(lx, err))
		return (-1);
	r->stream_at = r->section->at + (uint64_t)(lx->p - lx->base);
	return (0);
}

/* The rows of one subsection, WIDTH bytes each. */
static int
read_rows(struct sh_pdf *doc, const uint8_t *p, uint64_t first, uint64_t n,
    const unsigned width[3], uint16_t section, struct sh_error *err)
{
	struct sh_pdf_entry e;
	uint64_t field[3];
	unsigned k;

	memset(&e, 0, sizeof(e));
	e.section = section;
	for (; n > 0; n--, first++) {
		for (k = 0; k < 3; k++) {
			field[k] = width[k] > 0 ? sh_get_be(p, width[k]) :
			    k == 0;
			p += width[k];
		}
		/* Object streams are objects; indexes fit in them. */
		if (field[0] > 2 || field[2] > SH_PDF_MAX_OBJECT ||
		    (field[0] == 2 && field[1] > SH_PDF_MAX_OBJECT))
			return (sh_pdf_damaged(err, "a cross-reference out "
			    "of range"));
		e.num = (uint32_t)first;
		e.type = (uint8_t)field[0];
		e.where = field[1];
		e.gen = (uint32_t)field[2];
		if (e.type == SH_PDF_PLAIN && e.where == 0)
			e.type = SH_PDF_FREE;
		if (add_entry(doc, &e, err))
			return (-1);
	}
	return (0);
}

static int
read_index(struct sh_pdf *doc, const struct reading *r,
    const struct sh_buf *data, struct sh_error *err)
{
	const struct sh_pdf_value *dict = r->section->trailer, *v, *size;
	const struct sh_pdf_value *w = sh_pdf_member(dict, "W");
	unsigned width[3], row = 0, k = 0;
	size_t at = 0;
	int64_t first, n;

	size = sh_pdf_member(dict, "Size");
	if (!sh_pdf_is(w, SH_PDF_ARRAY) || w->n != 3 ||
	    !sh_pdf_is(size, SH_PDF_INT))
		return (sh_pdf_damaged(err, "/W or /Size of a "
		    "cross-reference stream"));
	for (v = w->first; v != NULL; v = v->next, k++) {
		if (v->kind != SH_PDF_INT || v->num < 0 || v->num > 8)
			return (sh_pdf_damaged(err, "/W of a "
			    "cross-reference stream"));
		width[k] = (unsigned)v->num;
		row += width[k];
	}
	v = sh_pdf_member(dict, "Index");
	if (row == 0 || (v != NULL && (v->kind != SH_PDF_ARRAY ||
	    v->n % 2 != 0)))
		return (sh_pdf_damaged(err, "/Index of a cross-reference "
		    "stream"));
	v = v != NULL ? v->first : NULL;
	first = 0;
	n = size->num;
	do {
		if (v != NULL) {
			if (v->kind != SH_PDF_INT ||
			    v->next->kind != SH_PDF_INT)
				return (sh_pdf_damaged(err, "/Index of a "
				    "cross-reference stream"));
			first = v->num;
			n = v->next->num;
			v = v->next->next;
		}
		if (first < 0 || n < 0 || first > SH_PDF_MAX_OBJECT ||
		    n > SH_PDF_MAX_OBJECT + 1 - first ||
		    (uint64_t)n > (data->len - at) / row)
			return (sh_pdf_damaged(err, "a cross-reference "
			    "stream that is too short"));
		if (read_rows(doc, data->data + at, (uint64_t)first,
		    (uint64_t)n, width, r->index, err))
			return (-1);
		at += (size_t)n * row;
	} while (v != NULL);
	return (0);
}

static int
read_stream(struct sh_pdf *doc, struct reading *r, struct sh_error *err)
{
	const struct sh_pdf_value *length;
	struct sh_buf data = SH_BUF_INIT;
	int rc = -1;

	if (sh_pdf_window(doc, r->section->at, 1024, read_stream_head, r, err))
		return (-1);
	length = sh_pdf_member(r->section->trailer, "Length");
	if (!sh_pdf_is(length, SH_PDF_INT) || length->num < 0 ||
	    (uint64_t)length->num > doc->len - r->stream_at)
		return (sh_pdf_damaged(err, "/Length of a cross-reference "
		    "stream"));
	if (sh_pdf_decode(doc, r->section->trailer, r->stream_at,
	    (uint64_t)length->num, &data, err) == 0)
		rc = read_index(doc, r, &data, err);
	sh_buf_free(&data);
	return (rc);
}

/* ---- the chain ---- */

static int
look_for_table(struct sh_pdf *doc, struct sh_pdf_lexer *lx, void *ctx,
    struct sh_error *err)
{
	(void)doc;
	(void)err;
	sh_pdf_skip(lx);
	*(int *)ctx = sh_pdf_peek(lx, 0) == 'x';
	return (0);
}

/* The byte offset under KEY: 0 when it is absent. */
static int
offset_member(const struct sh_pdf *doc, const struct sh_pdf_value *dict,
    const char *key, uint64_t *atp, struct sh_error *err)
{
	const struct sh_pdf_value *v = sh_pdf_member(dict, key);

	*atp = 0;
	if (v == NULL)
		return (0);
	if (v->kind != SH_PDF_INT || v->num < 0 ||
	    (uint64_t)v->num >= doc->len)
		return (sh_pdf_damaged(err, "/%s leads nowhere", key));
	*atp = (uint64_t)v->num;
	return (0);
}

static int
read_section(struct sh_pdf *doc, uint64_t at, struct sh_error *err)
{
	struct sh_pdf_section *s, beside;
	struct reading r;
	uint64_t stream;
	size_t i;
	int is_table;

	for (i = 0; i < doc->nsections; i++)
		if (doc->sections[i].at == at)
			return (sh_pdf_damaged(err, "cross-references in a "
			    "circle"));
	if (doc->nsections == SH_PDF_MAX_SECTIONS)
		return (sh_error_set(err, SH_ELIMIT, "pdf.limit",
		    "more than %d cross-reference sections",
		    SH_PDF_MAX_SECTIONS));
	if (sh_grow(&doc->sections, &doc->capsections, doc->nsections + 1,
	    sizeof(*s), "cross-references", err))
		return (-1);
	s = &doc->sections[doc->nsections];
	memset(s, 0, sizeof(*s));
	s->at = at;
	memset(&r, 0, sizeof(r));
	r.section = s;
	r.index = (uint16_t)doc->nsections;
	r.nentries = doc->nentries;
	if (sh_pdf_window(doc, at, 8, look_for_table, &is_table, err))
		return (-1);
	s->is_stream = !is_table;
	if (!is_table) {
		if (read_stream(doc, &r, err))
			return (-1);
	} else {
		if (sh_pdf_window(doc, at, 16384, read_table, &r, err) ||
		    offset_member(doc, s->trailer, "XRefStm", &stream, err))
			return (-1);
		s->ntable = doc->nentries - r.nentries;
		if (stream != 0) {
			s->hybrid = 1;
			memset(&beside, 0, sizeof(beside));
			beside.at = stream;
			r.section = &beside;
			if (read_stream(doc, &r, err))
				return (-1);
		}
	}
	if (sh_pdf_member(s->trailer, "Encrypt") != NULL)
		return (sh_error_set(err, SH_EUNSUPPORTED, "pdf.encrypted",
		    "the file is encrypted"));
	if (offset_member(doc, s->trailer, "Prev", &s->prev, err))
		return (-1);
	s->first = r.nentries;
	s->n = doc->nentries - r.nentries;
	doc->nsections++;
	return (0);
}

/* ---- the map ---- */

static uint32_t *
slot(const struct sh_pdf *doc, uint32_t num)
{
	size_t i = (num * 2654435761u) & (doc->mapsize - 1);

	while (doc->map[i] != 0 && doc->entries[doc->map[i] - 1].num != num)
		i = (i + 1) & (doc->mapsize - 1);
	return (&doc->map[i]);
}

struct sh_pdf_entry *
sh_pdf_entry(const struct sh_pdf *doc, uint32_t num)
{
	/* While the chain is read there is no map, and nothing to find. */
	uint32_t i = doc->map != NULL ? *slot(doc, num) : 0;

	return (i != 0 ? &doc->entries[i - 1] : NULL);
}

/*
 * The newest section wins.  Inside one section (a hybrid has two views of
 * it) an entry in use wins over a free one; two in use that differ would
 * show different files to different readers.
 */
static int
build_map(struct sh_pdf *doc, struct sh_error *err)
{
	struct sh_pdf_entry *e, *old;
	uint32_t *at, top = 0;
	size_t i;

	for (doc->mapsize = 64; doc->mapsize < 2 * doc->nentries;)
		doc->mapsize *= 2;
	if ((doc->map = sh_alloc(doc->mapsize, sizeof(*doc->map),
	    "cross-references", err)) == NULL)
		return (-1);
	for (i = 0; i < doc->nentries; i++) {
		e = &doc->entries[i];
		if (e->num > top)
			top = e->num;
		at = slot(doc, e->num);
		if (*at == 0) {
			*at = (uint32_t)i + 1;
			continue;
		}
		old = &doc->entries[*at - 1];
		if (old->section != e->section || e->type == SH_PDF_FREE)
			continue;
		if (old->type == SH_PDF_FREE)
			*at = (uint32_t)i + 1;
		else if (old->type != e->type || old->where != e->where ||
		    old->gen != e->gen)
			return (sh_pdf_damaged(err, "object %u stands at two "
			    "places at once", e->num));
	}
	doc->next_number = top + 1;
	return (0);
}

/*
 * Readers that know no cross-reference streams see the tables alone, the
 * others the streams beside them too.  What word processors write shows the
 * older readers less, which hurts nobody; another place would show them
 * another document.
 *
 * Rule: ISO 32000-2 7.5.8.4.
 */
static int
compare_views(struct sh_pdf *doc, struct sh_error *err)
{
	const struct sh_pdf_entry *e, *seen;
	struct sh_pdf_section *s;
	uint32_t *tables, at;	/* as doc->map, of the tables so far */
	size_t i, k;

	for (i = 0; i < doc->nsections && !doc->sections[i].hybrid; i++)
		;
	if (i == doc->nsections)
		return (0);
	if ((tables = sh_alloc(doc->mapsize, sizeof(*tables),
	    "cross-references", err)) == NULL)
		return (-1);
	for (i = doc->nsections; i > 0; i--) {
		s = &doc->sections[i - 1];
		for (k = s->first; k < s->first + s->ntable; k++)
			tables[slot(doc, doc->entries[k].num) - doc->map] =
			    (uint32_t)k + 1;
		for (; k < s->first + s->n && s->hybrid; k++) {
			e = &doc->entries[k];
			at = tables[slot(doc, e->num) - doc->map];
			if (at == 0 || e->type == SH_PDF_FREE)
				continue;
			seen = &doc->entries[at - 1];
			s->two_views |= seen->type != SH_PDF_FREE &&
			    (seen->type != e->type ||
			    seen->where != e->where || seen->gen != e->gen);
		}
	}
	free(tables);
	return (0);
}

/* ---- the end of the file ---- */

/*
 * "startxref" number "%%EOF" and at most a line's white space behind: the
 * number.
 */
static int
find_start(struct sh_pdf *doc, uint64_t *atp, struct sh_error *err)
{
	uint8_t end[END_BYTES + 1];
	struct sh_pdf_lexer lx;
	size_t n = doc->len < END_BYTES ? (size_t)doc->len : END_BYTES;
	size_t i, eof;

	if (sh_pread_all(doc->fd, end, n, doc->len - n, err))
		return (-1);
	for (i = n; i > 0 && sh_pdf_is_space(end[i - 1]) && end[i - 1] != 0;)
		i--;
	if (i < 5 || memcmp(end + i - 5, "%%EOF", 5) != 0)
		return (sh_pdf_damaged(err, "no %%%%EOF at the end"));
	eof = i - 5;
	for (i = eof; i > 9; i--)
		if (memcmp(end + i - 9, "startxref", 9) == 0)
			break;
	if (i <= 9)
		return (sh_pdf_damaged(err, "no startxref at the end"));
	sh_pdf_lex(&lx, &doc->arena, end + i, n - i, 1);
	while (sh_pdf_is_space(sh_pdf_peek(&lx, 0)))
		lx.p++;
	if (sh_pdf_digits(&lx, doc->len - 1, atp, err))
		return (-1);
	while (sh_pdf_is_space(sh_pdf_peek(&lx, 0)))
		lx.p++;
	if (lx.p != end + eof)
		return (sh_pdf_damaged(err, "something between startxref and "
		    "the end"));
	return (0);
}

int
sh_pdf_read_xref(struct sh_pdf *doc, struct sh_error *err)
{
	uint64_t at;

	if (find_start(doc, &at, err))
		return (-1);
	do {
		if (read_section(doc, at, err))
			return (-1);
		at = doc->sections[doc->nsections - 1].prev;
	} while (at != 0);
	if (!sh_pdf_is(sh_pdf_member(sh_pdf_trailer(doc), "Root"), SH_PDF_REF))
		return (sh_pdf_damaged(err, "the trailer names no /Root"));
	return (build_map(doc, err) || compare_views(doc, err) ? -1 : 0);
}
