/*
 * PDF values: bytes in, a tree out, strictly.
 *
 * Every value knows where its bytes stood, because signatures are about
 * bytes.  What a lenient reader repairs is refused here: a key that occurs
 * twice in one dictionary, numbers with two signs, a name with a broken
 * escape.  Values live in an arena and go when it goes; they are never
 * changed.
 *
 * Errors: SH_EFORMAT "pdf.damaged"; SH_ELIMIT "pdf.limit" for nesting,
 * memory and length.
 *
 * Source: ISO 32000-2 7.2, 7.3.
 */
#ifndef SH_SIGNING_PDFOBJ_H
#define SH_SIGNING_PDFOBJ_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define SH_PDF_DEPTH	64

/* Memory that is given back all at once, with a limit. */
struct sh_pdf_arena {
	struct sh_pdf_chunk *chunks;
	size_t left;		/* in the newest chunk */
	size_t used, limit;	/* bytes, all chunks */
};

void *sh_pdf_alloc(struct sh_pdf_arena *a, size_t len, struct sh_error *err);
void sh_pdf_arena_free(struct sh_pdf_arena *a);

enum sh_pdf_kind {
	SH_PDF_NULL,
	SH_PDF_BOOL,		/* num is 0 or 1 */
	SH_PDF_INT,
	SH_PDF_REAL,
	SH_PDF_STRING,		/* ( ), text decoded */
	SH_PDF_HEX,		/* < >, text decoded */
	SH_PDF_NAME,		/* text without the slash, escapes decoded */
	SH_PDF_ARRAY,
	SH_PDF_DICT,
	SH_PDF_REF		/* num and gen */
};

struct sh_pdf_value {
	enum sh_pdf_kind kind;
	uint32_t gen;
	size_t start, end;	/* in the bytes parsed: [start, end) */
	int64_t num;
	double real;		/* of an INT too */
	const uint8_t *text;	/* ends with a NUL that len does not count */
	size_t len;
	size_t n;		/* elements, members, hexadecimal digits */
	const struct sh_pdf_value *first;	/* of an array or dictionary */
	const struct sh_pdf_value *next;	/* in the same container */
	const uint8_t *key;	/* as a member of a dictionary */
	size_t keylen;
	size_t keystart;	/* of the key's slash */
};

/* The member under KEY as it stands (a reference is not followed), or NULL. */
const struct sh_pdf_value *sh_pdf_member(const struct sh_pdf_value *dict,
    const char *key);
/* 1 if V is the name NAME; V may be NULL. */
int sh_pdf_is_name(const struct sh_pdf_value *v, const char *name);
/* 1 if V has that kind; V may be NULL. */
int sh_pdf_is(const struct sh_pdf_value *v, enum sh_pdf_kind kind);
int sh_pdf_key_is(const struct sh_pdf_value *v, const char *key);

/*
 * A place in bytes.  With FINAL 0 the bytes go on behind END: when the lexer
 * looked there, hit_end is set and what it said does not count; the caller
 * comes again with more.
 */
struct sh_pdf_lexer {
	const uint8_t *base, *p, *end;
	int final;
	int hit_end;
	struct sh_pdf_arena *arena;
};

void sh_pdf_lex(struct sh_pdf_lexer *lx, struct sh_pdf_arena *a,
    const void *bytes, size_t len, int final);
/* The byte K places ahead, or -1 at the end. */
int sh_pdf_peek(struct sh_pdf_lexer *lx, size_t k);
int sh_pdf_is_space(int c);
/* A byte that ends a token: white space, a delimiter, the end. */
int sh_pdf_is_break(int c);
/* White space and comments. */
void sh_pdf_skip(struct sh_pdf_lexer *lx);
/* 1 and past it if the word stands here, ended by a break. */
int sh_pdf_word(struct sh_pdf_lexer *lx, const char *word);
/* Plain digits, at most MAX. */
int sh_pdf_digits(struct sh_pdf_lexer *lx, uint64_t max, uint64_t *vp,
    struct sh_error *err) SH_MUST_CHECK;
/* White space, then one value of any kind. */
int sh_pdf_value(struct sh_pdf_lexer *lx, const struct sh_pdf_value **vp,
    struct sh_error *err) SH_MUST_CHECK;
/* "12 0 obj", white space between. */
int sh_pdf_header(struct sh_pdf_lexer *lx, uint32_t *nump, uint32_t *genp,
    struct sh_error *err) SH_MUST_CHECK;

#define SH_PDF_MAX_OBJECT	8388607	/* ISO 32000-1 annex C */

#endif
