#include "signing/signature.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "signing/revision.h"

static enum sh_sub_filter
sub_filter(const struct sh_pdf_value *v)
{
	if (sh_pdf_is_name(v, "ETSI.CAdES.detached"))
		return (SH_SUB_CADES);
	if (sh_pdf_is_name(v, "adbe.pkcs7.detached"))
		return (SH_SUB_PKCS7);
	if (sh_pdf_is_name(v, "ETSI.RFC3161"))
		return (SH_SUB_STAMP);
	return (SH_SUB_OTHER);
}

/* D:YYYYMMDDHHmmSS and a zone; 0 when it is anything else. */
static int64_t
read_date(const struct sh_pdf_value *v)
{
	char iso[32], sign;
	int64_t when;
	const char *p;
	unsigned zh = 0, zm = 0;

	if (!sh_pdf_is(v, SH_PDF_STRING) || v->len < 17)
		return (0);
	p = (const char *)v->text;
	if (p[0] != 'D' || p[1] != ':' || strspn(p + 2, "0123456789") != 14)
		return (0);
	sign = p[16];
	if (sign != 'Z' && ((sign != '+' && sign != '-') ||
	    sscanf(p + 17, "%2u'%2u", &zh, &zm) < 1 || zh > 23 || zm > 59))
		return (0);
	(void)snprintf(iso, sizeof(iso),
	    "%.4s-%.2s-%.2sT%.2s:%.2s:%.2s%c%02u:%02u", p + 2, p + 6, p + 8,
	    p + 10, p + 12, p + 14, sign == 'Z' ? '+' : sign, zh % 100,
	    zm % 100);
	return (sh_time_parse(iso, &when) == 0 ? when : 0);
}

/* Four plain numbers in the dictionary itself: [0 a b c]. */
static int
read_range(const struct sh_pdf_value *v, uint64_t out[4])
{
	const struct sh_pdf_value *e;
	size_t i = 0;

	if (!sh_pdf_is(v, SH_PDF_ARRAY) || v->n != 4)
		return (0);
	for (e = v->first; e != NULL; e = e->next) {
		if (e->kind != SH_PDF_INT || e->num < 0)
			return (0);
		out[i++] = (uint64_t)e->num;
	}
	return (1);
}

/*
 * The range must leave out exactly the token of this dictionary's /Contents,
 * which is one hexadecimal string without white space, and end in the file.
 */
static int
pin(const struct sh_pdf *doc, const struct sh_pdf_object *o,
    struct sh_signature *s, struct sh_findings *found)
{
	const struct sh_pdf_value *c = sh_pdf_member(o->value, "Contents");
	uint64_t r[4];

	if (!sh_pdf_is(c, SH_PDF_HEX) || c->n == 0 || c->n % 2 != 0 ||
	    c->end - c->start != c->n + 2) {
		sh_findings_add(found, "signature.dictionary",
		    "/Contents is no plain hexadecimal string");
		return (0);
	}
	s->contents = c;
	if (!read_range(sh_pdf_member(o->value, "ByteRange"), r)) {
		sh_findings_add(found, "signature.dictionary",
		    "/ByteRange is no list of four numbers");
		return (0);
	}
	if (r[0] != 0 || r[1] != o->base + c->start ||
	    r[2] != o->base + c->end || r[2] > sh_pdf_len(doc) ||
	    r[3] == 0 || r[3] > sh_pdf_len(doc) - r[2]) {
		sh_findings_add(found, "signature.range", "/ByteRange leaves "
		    "out something else than /Contents");
		return (0);
	}
	s->range[0][0] = 0;
	s->range[0][1] = r[1];
	s->range[1][0] = r[2];
	s->range[1][1] = r[3];
	s->end = r[2] + r[3];
	return (1);
}

/*
 * The bytes that were signed must be a file of their own, in which the same
 * field has the same value at the same place.
 */
static int
open_revision(struct sh_pdf *doc, const struct sh_pdf_object *o,
    struct sh_signature *s, struct sh_findings *found, struct sh_error *err)
{
	const struct sh_pdf_object *was, *field;
	const struct sh_pdf_value *v;

	if (sh_pdf_open_revision(doc, s->end, &s->revision, err) ||
	    sh_pdf_object(s->revision, o->num, o->gen, &was, err) ||
	    sh_pdf_object(s->revision, s->field->object->num,
	    s->field->object->gen, &field, err)) {
		if (err->code == SH_EFORMAT)
			(void)sh_error_context(err, "the signed revision");
		return (sh_findings_error(found, err));
	}
	v = field != NULL ? sh_pdf_member(field->value, "V") : NULL;
	if (was == NULL || was->packed || was->base != o->base ||
	    !sh_pdf_is(v, SH_PDF_REF) || v->num != o->num) {
		sh_findings_add(found, "signature.range", "the signed "
		    "revision does not hold this signature");
		return (0);
	}
	s->dictionary = was->value;
	s->claimed = read_date(sh_pdf_member(was->value, "M"));
	if (sh_pdf_lock_read(s->revision, was->value, &s->lock, err))
		return (sh_findings_error(found, err));
	return (0);
}

int
sh_signature_read(struct sh_pdf *doc, const struct sh_pdf_field *field,
    struct sh_signature *out, struct sh_findings *found,
    struct sh_error *err)
{
	const struct sh_pdf_object *o = NULL;
	const struct sh_pdf_value *v, *sub, *type;

	memset(out, 0, sizeof(*out));
	out->field = field;
	if (sh_pdf_resolve(doc, field->value, &v, &o, err))
		return (sh_findings_error(found, err));
	if (o == NULL || o->packed || o->is_stream ||
	    v->kind != SH_PDF_DICT) {
		sh_findings_add(found, "signature.dictionary",
		    "the value of the field is no object of its own");
		return (0);
	}
	type = sh_pdf_member(v, "Type");
	sub = sh_pdf_member(v, "SubFilter");
	out->sub = sub_filter(sub);
	if (!pin(doc, o, out, found))
		return (0);
	if (out->sub == SH_SUB_OTHER) {
		sh_findings_add(found, "signature.kind", "/SubFilter %.60s",
		    sh_pdf_is(sub, SH_PDF_NAME) ? (const char *)sub->text :
		    "is missing");
		return (0);
	}
	if (type != NULL && !sh_pdf_is_name(type, out->sub == SH_SUB_STAMP ?
	    "DocTimeStamp" : "Sig")) {
		sh_findings_add(found, "signature.dictionary",
		    "/Type and /SubFilter do not belong together");
		return (0);
	}
	return (open_revision(doc, o, out, found, err));
}

void
sh_signature_close(struct sh_signature *s)
{
	sh_pdf_close(s->revision);
	s->revision = NULL;
	s->dictionary = NULL;
	s->lock.fields = NULL;
}

int
sh_signature_check_later(struct sh_pdf *doc, const struct sh_signature *s,
    struct sh_findings *found, struct sh_error *err)
{
	char why[SH_WHY_LEN];
	uint64_t at = sh_pdf_section(s->revision, 0)->at;
	size_t i = 0;
	int got;

	if (s->end == sh_pdf_len(doc))
		return (0);
	if ((got = sh_pdf_check_tail(doc, s->end, why, err)) < 0)
		return (sh_findings_error(found, err));
	if (got == 0) {
		sh_findings_add(found, "revision.stray", "%s", why);
		return (0);
	}
	/* Behind the updates the chain must enter the signed revision. */
	for (; i < sh_pdf_nsections(doc) &&
	    sh_pdf_section(doc, i)->at >= s->end; i++)
		if (sh_pdf_section(doc, i)->hybrid)
			sh_findings_add(found, "pdf.hybrid", "an update with "
			    "two cross-references");
	if (i == sh_pdf_nsections(doc) || sh_pdf_section(doc, i)->at != at) {
		sh_findings_add(found, "revision.stray", "the updates lead "
		    "past the signed revision");
		return (0);
	}
	got = sh_revision_compare(s->revision, doc, &s->lock, why, err);
	if (got < 0)
		return (sh_findings_error(found, err));
	if (got == 0)
		sh_findings_add(found, "revision.changed", "%s", why);
	else
		sh_findings_add(found, "revision.later", "%s", "");
	return (0);
}
