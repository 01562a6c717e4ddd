/*
 * The interactive form of a document: its fields, flat, with full names.
 *
 * Source: ISO 32000-2 12.7, 12.8.2.
 */
#ifndef SH_SIGNING_PDFFORM_H
#define SH_SIGNING_PDFFORM_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "signing/pdfread.h"

/* A field without fields below it. */
struct sh_pdf_field {
	char *name;		/* full, UTF-8, may be empty */
	const struct sh_pdf_object *object;
	int is_signature;
	const struct sh_pdf_value *value;	/* /V as it stands, or NULL */
};

struct sh_pdf_form {
	const struct sh_pdf_object *catalog;
	const struct sh_pdf_object *object;	/* NULL: direct, or none */
	const struct sh_pdf_value *value;	/* the dictionary, or NULL */
	int has_xfa;
	struct sh_pdf_field *fields;
	size_t nfields, capfields;
};

/* A document without a form has none of the fields.  Clear even on error. */
int sh_pdf_form_read(struct sh_pdf *doc, struct sh_pdf_form *out,
    struct sh_error *err) SH_MUST_CHECK;
void sh_pdf_form_clear(struct sh_pdf_form *f);

/* What a signature lets others change afterwards. */
struct sh_pdf_lock {
	int level;		/* DocMDP /P: 1 nothing, 2 forms, 3 comments
				   too; 0: it certifies nothing */
	enum { SH_LOCK_NONE, SH_LOCK_ALL, SH_LOCK_INCLUDE, SH_LOCK_EXCLUDE }
	    action;		/* FieldMDP */
	const struct sh_pdf_value *fields;	/* array of names, or NULL */
};
/* From a signature dictionary's /Reference. */
int sh_pdf_lock_read(struct sh_pdf *doc, const struct sh_pdf_value *sig,
    struct sh_pdf_lock *out, struct sh_error *err) SH_MUST_CHECK;
/* 1 if the field of that name is locked. */
int sh_pdf_lock_holds(struct sh_pdf *doc, const struct sh_pdf_lock *lock,
    const char *name, struct sh_error *err);

/* The level of the signature that certifies the document; 0: none does. */
int sh_pdf_certification(struct sh_pdf *doc, int *levelp,
    struct sh_error *err) SH_MUST_CHECK;

/* A text string (UTF-16 or UTF-8 with mark, else Latin) appended as UTF-8. */
int sh_pdf_text(const struct sh_pdf_value *v, struct sh_buf *out,
    struct sh_error *err) SH_MUST_CHECK;

#endif
