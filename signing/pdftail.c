/*
 * What stands behind a signed revision.  The bytes are read one after the
 * other, as they are, and held against the cross-references: an object that
 * none lists, a stray byte, a comment would be seen by some reader that
 * repairs files, and by no reader that was honest with the signer.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "base/mem.h"
#include "signing/pdfread_internal.h"

#define MAX_COMMENT	80

/* An object found in the bytes of one update. */
struct found {
	uint64_t gap;		/* white space begins here */
	uint64_t at;		/* and ends here */
	uint32_t num, gen;
	int listed;
};

struct tail {
	struct found *found;
	size_t nfound, capfound;
	size_t section;		/* of the update being read */
	char *why;
};

static int no(struct tail *, const char *, ...) SH_PRINTF(2, 3);

static int
no(struct tail *t, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(t->why, 160, fmt, ap);
	va_end(ap);
	return (0);
}

enum word {
	WORD_END, WORD_OBJECT, WORD_XREF, WORD_START, WORD_EOF, WORD_COMMENT,
	WORD_OTHER
};

struct look {
	uint64_t at;		/* in: from where; out: of the word */
	enum word word;
	size_t len;		/* of a comment */
};

/*
 * Writers sign their updates with a line such as "%Writer-1.2".  Whatever
 * could be taken for more than that by a reader that repairs is no comment.
 */
static size_t
comment(struct sh_pdf_lexer *lx)
{
	size_t n;
	int c;

	for (n = 1; (c = sh_pdf_peek(lx, n)) != '\n' && c != '\r'; n++)
		if (n == MAX_COMMENT || c < 0x20 || c > 0x7e ||
		    strchr("<>[]()/%", c) != NULL)
			return (0);
	return (n);
}

/* What comes next behind white space. */
static int
look(struct sh_pdf *doc, struct sh_pdf_lexer *lx, void *ctx,
    struct sh_error *err)
{
	struct look *l = ctx;
	const uint8_t *p;

	(void)doc;
	(void)err;
	while (sh_pdf_is_space(sh_pdf_peek(lx, 0)))
		lx->p++;
	p = lx->p;
	if (sh_pdf_peek(lx, 0) < 0)
		l->word = WORD_END;
	else if (*p >= '0' && *p <= '9')
		l->word = WORD_OBJECT;
	else if (sh_pdf_word(lx, "xref"))
		l->word = WORD_XREF;
	else if (sh_pdf_word(lx, "startxref"))
		l->word = WORD_START;
	else if (*p == '%' && sh_pdf_peek(lx, 1) == '%' &&
	    sh_pdf_peek(lx, 2) == 'E' && sh_pdf_peek(lx, 3) == 'O' &&
	    sh_pdf_peek(lx, 4) == 'F')
		l->word = WORD_EOF;
	else if (*p == '%' && (l->len = comment(lx)) > 0)
		l->word = WORD_COMMENT;
	else
		l->word = WORD_OTHER;
	l->at += (uint64_t)(p - lx->base);
	return (0);
}

static int
next_word(struct sh_pdf *doc, uint64_t at, struct look *l,
    struct sh_error *err)
{
	l->at = at;
	l->word = WORD_END;
	if (at == doc->len)
		return (0);
	return (sh_pdf_window(doc, at, 64, look, l, err) ? -1 : 0);
}

/* Past "xref" … trailer; the values were read when the file was opened. */
static int
skip_table(struct sh_pdf *doc, struct sh_pdf_lexer *lx, void *ctx,
    struct sh_error *err)
{
	const struct sh_pdf_value *v;

	(void)doc;
	lx->p += 4;
	for (sh_pdf_skip(lx); !sh_pdf_word(lx, "trailer"); sh_pdf_skip(lx)) {
		if (sh_pdf_peek(lx, 0) < 0)
			return (sh_pdf_damaged(err, "a table without its "
			    "trailer"));
		lx->p++;
	}
	if (sh_pdf_value(lx, &v, err))
		return (-1);
	*(uint64_t *)ctx += (uint64_t)(lx->p - lx->base);
	return (0);
}

struct number {
	uint64_t value;
	uint64_t len;
};

/* "startxref" white space number. */
static int
read_start(struct sh_pdf *doc, struct sh_pdf_lexer *lx, void *ctx,
    struct sh_error *err)
{
	struct number *n = ctx;

	lx->p += 9;
	while (sh_pdf_is_space(sh_pdf_peek(lx, 0)))
		lx->p++;
	if (sh_pdf_digits(lx, doc->len, &n->value, err))
		return (-1);
	n->len = (uint64_t)(lx->p - lx->base);
	return (0);
}

/* The object at WHERE, or behind the white space there; NULL: none. */
static struct found *
find(const struct tail *t, uint64_t where)
{
	size_t lo = 0, hi = t->nfound, mid;

	while (lo < hi) {
		mid = (lo + hi) / 2;
		if (t->found[mid].at < where)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == t->nfound || t->found[lo].gap > where)
		return (NULL);
	return (&t->found[lo]);
}

/*
 * The update [FROM, END) and section S of the document must agree: each
 * object listed where it stands, each entry leading to an object of this
 * update or into earlier bytes.
 */
static int
check_update(struct sh_pdf *doc, struct tail *t, uint64_t from, uint64_t end)
{
	const struct sh_pdf_section *section = &doc->sections[t->section];
	const struct sh_pdf_value *beside;
	const struct sh_pdf_entry *e;
	struct found *f;
	size_t i;

	beside = sh_pdf_member(section->trailer, "XRefStm");
	for (i = 0; i < section->n; i++) {
		e = &doc->entries[section->first + i];
		if (e->type != SH_PDF_PLAIN || e->where < from)
			continue;
		f = e->where < end ? find(t, e->where) : NULL;
		if (f == NULL || f->num != e->num || f->gen != e->gen)
			return (no(t, "object %u is not where its update "
			    "lists it", e->num));
		f->listed = 1;
	}
	for (i = 0; i < t->nfound; i++) {
		f = &t->found[i];
		/* Cross-reference streams need not list themselves. */
		if (!f->listed && f != find(t, section->at) &&
		    (beside == NULL || f->at != (uint64_t)beside->num))
			return (no(t, "object %u at byte %llu is listed "
			    "nowhere", f->num, (unsigned long long)f->at));
	}
	return (1);
}

static int
add_object(struct sh_pdf *doc, struct tail *t, uint64_t at, uint64_t *endp,
    struct sh_error *err)
{
	uint64_t gap = *endp;
	struct sh_pdf_object o;
	struct found *f;

	if (sh_pdf_object_at(doc, at, &o, endp, err) ||
	    sh_grow(&t->found, &t->capfound, t->nfound + 1, sizeof(*f),
	    "objects", err))
		return (-1);
	f = &t->found[t->nfound++];
	f->gap = gap;
	f->at = at;
	f->num = o.num;
	f->gen = o.gen;
	f->listed = 0;
	return (0);
}

/*
 * One update from *ATP on; moves *ATP behind its "%%EOF".  1, 0 (why), -1.
 */
static int
read_update(struct sh_pdf *doc, struct tail *t, uint64_t *atp,
    struct sh_error *err)
{
	const struct sh_pdf_section *s = &doc->sections[t->section];
	struct look l;
	struct number start;
	uint64_t at = *atp, gap = 0, table = 0;

	t->nfound = 0;
	for (;;) {
		if (next_word(doc, at, &l, err))
			return (-1);
		if (l.word == WORD_OBJECT) {
			if (add_object(doc, t, l.at, &at, err))
				return (-1);
		} else if (l.word == WORD_XREF && table == 0) {
			gap = at;
			table = at = l.at;
			if (sh_pdf_window(doc, at, 16384, skip_table, &at,
			    err))
				return (-1);
		} else if (l.word == WORD_COMMENT)
			at = l.at + l.len;
		else
			break;
	}
	if (l.word != WORD_START)
		return (no(t, "bytes at %llu belong to no update",
		    (unsigned long long)l.at));
	if (sh_pdf_window(doc, l.at, 64, read_start, &start, err))
		return (-1);
	if (start.value != s->at || s->at < *atp || s->at >= l.at ||
	    (table != 0 && (s->at < gap || s->at > table)))
		return (no(t, "the update at byte %llu names another one's "
		    "cross-references", (unsigned long long)*atp));
	at = l.at + start.len;
	if (next_word(doc, at, &l, err))
		return (-1);
	if (l.word != WORD_EOF)
		return (no(t, "bytes at %llu belong to no update",
		    (unsigned long long)l.at));
	at = *atp;
	*atp = l.at + 5;
	return (check_update(doc, t, at, *atp));
}

int
sh_pdf_check_tail(struct sh_pdf *doc, uint64_t from, char why[160],
    struct sh_error *err)
{
	struct tail t = { .why = why };
	struct look l;
	uint64_t at = from;
	size_t nupdates = 0, i;
	int rc;

	why[0] = '\0';
	while (nupdates < doc->nsections &&
	    doc->sections[nupdates].at >= from)
		nupdates++;
	for (i = nupdates; i > 1; i--)
		if (doc->sections[i - 1].at >= doc->sections[i - 2].at)
			return (no(&t, "updates out of order"));
	for (rc = 1; rc == 1 && nupdates > 0; nupdates--) {
		t.section = nupdates - 1;
		rc = read_update(doc, &t, &at, err);
	}
	if (rc == 1 && next_word(doc, at, &l, err))
		rc = -1;
	if (rc == 1 && l.word != WORD_END)
		rc = no(&t, "bytes at %llu belong to no update",
		    (unsigned long long)l.at);
	free(t.found);
	return (rc);
}
