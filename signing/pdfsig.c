#include "signing/pdfsig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/fs.h"
#include "base/mem.h"
#include "signing/appearance.h"
#include "signing/cms.h"
#include "signing/pdfform.h"
#include "signing/pdfupdate.h"

/* Room behind the dry run: a signer whose values differ in length. */
#define MARGIN	64

#define PRINT_LOCKED	132	/* annotation flags Print and Locked */

/* The numbers and places of one signature while its update is built. */
struct signing {
	struct sh_signer *signer;	/* NULL: a document time stamp */
	struct sh_pdf *doc;
	struct sh_pdf_update u;
	const struct sh_pdf_signature *what;
	struct sh_pdf_page page;
	struct sh_pdf_form form;
	uint32_t dictionary, field, form_ref;	/* form_ref 0: stays */
	size_t reserved;	/* bytes of CMS that fit */
	size_t range_at;	/* in u.out: behind "/ByteRange[" */
	size_t contents_at;	/* in u.out: of '<' */
};

#define RANGE_LEN	48	/* "0 " and three numbers of at most 14 */

/*
 * May this file still be signed?  A certification that allows no change
 * would be broken by it.
 */
static int
check_certify(const struct signing *s, struct sh_error *err)
{
	size_t i;
	int others = sh_pdf_member(s->form.catalog->value, "Perms") != NULL;

	if (s->what->certify < 1 || s->what->certify > 3)
		return (sh_error_set(err, SH_EARG, "sign.certify",
		    "certification level %d, there are 1, 2 and 3",
		    s->what->certify));
	for (i = 0; i < s->form.nfields; i++)
		others |= s->form.fields[i].is_signature &&
		    s->form.fields[i].value != NULL;
	if (others)
		return (sh_error_set(err, SH_EUNSUPPORTED, "sign.certify",
		    "only the first signature of a file may certify it"));
	return (0);
}

static int
check_allowed(struct signing *s, struct sh_error *err)
{
	struct sh_pdf_field *f;
	size_t i;
	int level;

	if (sh_pdf_certification(s->doc, &level, err) ||
	    (s->what->certify != 0 && check_certify(s, err)))
		return (-1);
	/* Rule: ISO 32000-2 12.8.2.2: time stamps may always follow. */
	if (level == 1 && s->signer != NULL)
		return (sh_error_set(err, SH_EUNSUPPORTED, "pdf.locked",
		    "the file is certified against any change"));
	if (s->form.has_xfa)
		return (sh_error_set(err, SH_EUNSUPPORTED, "pdf.xfa",
		    "the file has an XFA form"));
	for (i = 0; i < s->form.nfields; i++) {
		f = &s->form.fields[i];
		if (strcmp(f->name, s->what->field) == 0) {
			sh_error_param(err, "value", "%s", s->what->field);
			return (sh_error_set(err, SH_EEXISTS, "sign.field",
			    "the file has a field %s already",
			    s->what->field));
		}
	}
	return (0);
}

/* D:YYYYMMDDHHmmSS+07'00' */
static int
put_date(struct sh_buf *out, int64_t when, struct sh_error *err)
{
	char t[SH_TIME_LEN];

	sh_time_print(when, t);
	return (sh_buf_printf(out, err, "(D:%.4s%.2s%.2s%.2s%.2s%.2s+07'00')",
	    t, t + 5, t + 8, t + 11, t + 14, t + 17));
}

static int
put_dictionary(struct signing *s, struct sh_error *err)
{
	struct sh_buf *out = &s->u.out;
	uint8_t *room;

	s->dictionary = sh_pdf_update_number(&s->u);
	if (sh_pdf_update_open(&s->u, s->dictionary, 0, err) ||
	    sh_buf_puts(out, s->signer != NULL ? "<</Type/Sig"
	    "/Filter/Adobe.PPKLite/SubFilter/ETSI.CAdES.detached/ByteRange[" :
	    "<</Type/DocTimeStamp/Filter/Adobe.PPKLite/SubFilter/ETSI.RFC3161"
	    "/ByteRange[", err))
		return (-1);
	s->range_at = out->len;
	if (sh_buf_printf(out, err, "%*s]/Contents", RANGE_LEN, ""))
		return (-1);
	s->contents_at = out->len;
	if ((room = sh_buf_reserve(out, 2 * s->reserved + 2, err)) == NULL)
		return (-1);
	room[0] = '<';
	memset(room + 1, '0', 2 * s->reserved);
	room[2 * s->reserved + 1] = '>';
	out->len += 2 * s->reserved + 2;
	/* A document time stamp tells its time itself. */
	if ((s->signer != NULL && (sh_buf_puts(out, "/M", err) ||
	    put_date(out, s->what->when, err))) ||
	    (s->what->certify != 0 && sh_buf_printf(out, err,
	    "/Reference[<</Type/SigRef/TransformMethod/DocMDP/TransformParams"
	    "<</Type/TransformParams/P %d/V/1.2>>>>]", s->what->certify)) ||
	    (s->what->reason != NULL && (sh_buf_puts(out, "/Reason", err) ||
	    sh_pdf_put_text(out, s->what->reason, err))) ||
	    (s->what->location != NULL && (sh_buf_puts(out, "/Location",
	    err) || sh_pdf_put_text(out, s->what->location, err))) ||
	    sh_buf_puts(out, ">>", err))
		return (-1);
	return (sh_pdf_update_close(&s->u, err));
}

/* The field and its one widget in one object. */
static int
put_field(struct signing *s, struct sh_error *err)
{
	struct sh_buf *out = &s->u.out;
	char n[4][SH_PDF_NUMBER_LEN];
	double rect[4];
	uint32_t form;
	int i;

	if (sh_appearance_write(&s->u, &s->page, s->what, &form, rect, err))
		return (-1);
	for (i = 0; i < 4; i++)
		sh_pdf_number(rect[i], n[i]);
	s->field = sh_pdf_update_number(&s->u);
	if (sh_pdf_update_open(&s->u, s->field, 0, err) || sh_buf_printf(out,
	    err, "<</Type/Annot/Subtype/Widget/FT/Sig/F %d/Rect[%s %s %s %s]"
	    "/P %u %u R/V %u 0 R/AP<</N %u 0 R>>/T", PRINT_LOCKED, n[0],
	    n[1], n[2], n[3], s->page.object->num, s->page.object->gen,
	    s->dictionary, form) || sh_pdf_put_text(out, s->what->field,
	    err) || sh_buf_puts(out, ">>", err))
		return (-1);
	return (sh_pdf_update_close(&s->u, err));
}

/* Append to OUT the elements of ARRAY (inside O) and then one reference. */
static int
put_longer_array(struct signing *s, const struct sh_pdf_object *o,
    const struct sh_pdf_value *array, uint32_t ref, struct sh_buf *out,
    struct sh_error *err)
{
	if (array == NULL)
		return (sh_buf_printf(out, err, "[%u 0 R]", ref));
	if (sh_pdf_raw(s->doc, o, array->start, array->end - 1, out, err))
		return (-1);
	return (sh_buf_printf(out, err, "%s%u 0 R]", array->n > 0 ? " " : "",
	    ref));
}

/*
 * Put the field into the array that is the member KEY of HOLDER's
 * dictionary.  The object that changes is the smallest there is: the array's
 * own, or the holder, which from then on refers to an array of its own.
 */
static int
extend(struct signing *s, const struct sh_pdf_object *holder,
    const char *key, struct sh_error *err)
{
	const struct sh_pdf_value *member = sh_pdf_member(holder->value, key);
	const struct sh_pdf_value *array;
	const struct sh_pdf_object *o = holder;
	char ref[32];
	uint32_t num, gen = 0;

	if (sh_pdf_resolve(s->doc, member, &array, &o, err))
		return (-1);
	if (array != NULL && array->kind == SH_PDF_NULL)
		array = NULL;
	if (array != NULL && array->kind != SH_PDF_ARRAY)
		return (sh_error_set(err, SH_EFORMAT, "pdf.damaged",
		    "/%s is no array", key));
	if (array != NULL && o != holder) {
		/* Some writers let form and page share one array. */
		if (sh_pdf_update_has(&s->u, o->num))
			return (0);
		num = o->num;
		gen = o->gen;
	} else
		num = sh_pdf_update_number(&s->u);
	if (sh_pdf_update_open(&s->u, num, gen, err) ||
	    put_longer_array(s, o, array, s->field, &s->u.out, err) ||
	    sh_pdf_update_close(&s->u, err))
		return (-1);
	if (array != NULL && o != holder)
		return (0);
	(void)snprintf(ref, sizeof(ref), "%u 0 R", num);
	return (sh_pdf_update_member(&s->u, holder, key, ref, err));
}

/* The form: made, moved out of the catalog, or longer by one field. */
static int
put_form(struct signing *s, struct sh_error *err)
{
	const struct sh_pdf_object *o = s->form.object;
	const struct sh_pdf_value *dict = s->form.value, *v;
	const struct sh_pdf_value *fields = NULL;
	const struct sh_pdf_object *in;
	struct sh_buf *out = &s->u.out;
	uint32_t num;

	if (sh_pdf_find_kind(s->doc, dict, "SigFlags", SH_PDF_INT, &v, err))
		return (-1);
	/* Rule: ISO 32000-2 12.7.3: signatures exist, append only. */
	if (o != NULL && v != NULL && (v->num & 3) == 3)
		return (extend(s, o, "Fields", err));
	num = o != NULL ? o->num : sh_pdf_update_number(&s->u);
	if (sh_pdf_update_open(&s->u, num, o != NULL ? o->gen : 0, err) ||
	    sh_buf_puts(out, "<<", err))
		return (-1);
	in = o != NULL ? o : s->form.catalog;
	for (v = dict != NULL ? dict->first : NULL; v != NULL; v = v->next)
		if (!sh_pdf_key_is(v, "Fields") &&
		    !sh_pdf_key_is(v, "SigFlags") &&
		    sh_pdf_raw(s->doc, in, v->keystart, v->end, out, err))
			return (-1);
	if (sh_pdf_resolve(s->doc, sh_pdf_member(dict, "Fields"), &fields,
	    &in, err) || sh_buf_puts(out, "/SigFlags 3/Fields", err) ||
	    put_longer_array(s, in, fields, s->field, out, err) ||
	    sh_buf_puts(out, ">>", err) || sh_pdf_update_close(&s->u, err))
		return (-1);
	if (o == NULL)
		s->form_ref = num;
	return (0);
}

/* What of the catalog changes, in one copy of it. */
static int
put_catalog(struct signing *s, struct sh_error *err)
{
	struct sh_pdf_set set[2];
	char form[32], perms[48];
	size_t n = 0;

	if (s->form_ref != 0) {
		(void)snprintf(form, sizeof(form), "%u 0 R", s->form_ref);
		set[n++] = (struct sh_pdf_set){ "AcroForm", form };
	}
	if (s->what->certify != 0) {
		(void)snprintf(perms, sizeof(perms), "<</DocMDP %u 0 R>>",
		    s->dictionary);
		set[n++] = (struct sh_pdf_set){ "Perms", perms };
	}
	return (n == 0 ? 0 : sh_pdf_update_members(&s->u, s->form.catalog,
	    set, n, err));
}

/* Everything but the signature value, with all places known. */
static int
build(struct signing *s, struct sh_error *err)
{
	uint64_t before = sh_pdf_len(s->doc), gap, end;
	int n;

	if (sh_pdf_update_begin(s->doc, &s->u, err) ||
	    put_dictionary(s, err) || put_field(s, err) ||
	    put_form(s, err) || put_catalog(s, err) ||
	    extend(s, s->page.object, "Annots", err) ||
	    sh_pdf_update_finish(&s->u, err))
		return (-1);
	gap = before + s->contents_at;
	end = gap + 2 * s->reserved + 2;
	n = snprintf((char *)s->u.out.data + s->range_at, RANGE_LEN + 1,
	    "0 %llu %llu %llu", (unsigned long long)gap,
	    (unsigned long long)end,
	    (unsigned long long)(before + s->u.out.len - end));
	/* snprintf ended the text with a NUL; the array ends further on. */
	memset(s->u.out.data + s->range_at + n, ' ', (size_t)(RANGE_LEN - n));
	s->u.out.data[s->range_at + RANGE_LEN] = ']';
	return (0);
}

/* The digest of what is written, the CMS over it, into its place. */
static int
fill_in(int fd, const struct signing *s, struct sh_error *err)
{
	enum sh_md md = s->signer != NULL ?
	    sh_sig_md(sh_signer_algorithm(s->signer)) : SH_MD_SHA256;
	uint64_t gap = sh_pdf_len(s->doc) + s->contents_at;
	uint64_t end = gap + 2 * s->reserved + 2;
	uint64_t range[2][2] = { { 0, gap },
	    { end, sh_pdf_len(s->doc) + s->u.out.len - end } };
	struct sh_buf cms = SH_BUF_INIT;
	uint8_t digest[SH_MD_MAX];
	int64_t when;
	char *hex = NULL;
	int rc = -1;

	if (sh_md_ranges(md, fd, (const uint64_t (*)[2])range, 2, digest,
	    err) || (s->signer != NULL ? sh_cms_sign_stamped(s->signer,
	    digest, s->what->tsa, &cms, err) : sh_tsa_stamp(s->what->tsa, md,
	    digest, &cms, &when, err)))
		goto out;
	if (cms.len > s->reserved) {
		(void)sh_error_set(err, SH_ELIBRARY, "sign.room",
		    "a signature of %zu bytes, room for %zu", cms.len,
		    s->reserved);
		goto out;
	}
	if ((hex = sh_alloc(2 * cms.len + 1, 1, "a signature", err)) == NULL)
		goto out;
	sh_hex(cms.data, cms.len, hex);
	rc = sh_pwrite_all(fd, hex, 2 * cms.len, gap + 1, err);
out:
	free(hex);
	sh_buf_free(&cms);
	return (rc);
}

static int
check_what(const struct sh_pdf_signature *what, struct sh_error *err)
{
	if (what->field == NULL || what->field[0] == '\0' ||
	    strlen(what->field) > 64 || strchr(what->field, '.') != NULL)
		return (sh_error_set(err, SH_EARG, "sign.field-name",
		    "a field name is 1 to 64 bytes without a full stop"));
	return (0);
}

/* The name of a field for a time stamp that no field has yet. */
static int
free_name(const struct signing *s, char out[32], struct sh_error *err)
{
	size_t i;
	int n;

	for (n = 1; n <= 999; n++) {
		(void)snprintf(out, 32, "timestamp-%d", n);
		for (i = 0; i < s->form.nfields; i++)
			if (strcmp(s->form.fields[i].name, out) == 0)
				break;
		if (i == s->form.nfields)
			return (0);
	}
	return (sh_error_set(err, SH_ELIMIT, "pdf.limit",
	    "more than 999 time stamps"));
}

static int
append(int fd, struct signing *s, struct sh_error *err)
{
	struct sh_pdf_signature what = *s->what;
	char name[32];
	struct stat st;
	int rc = -1;

	if (fstat(fd, &st) != 0)
		return (sh_error_sys(err, "file.read", "fstat"));
	if (sh_pdf_open(fd, (uint64_t)st.st_size, &s->doc, err) ||
	    sh_pdf_form_read(s->doc, &s->form, err))
		goto out;
	if (s->signer == NULL) {
		if (free_name(s, name, err))
			goto out;
		what.field = name;
		s->what = &what;
	}
	if (check_allowed(s, err) ||
	    sh_pdf_first_page(s->doc, &s->page, err) || build(s, err))
		goto out;
	if (sh_pwrite_all(fd, s->u.out.data, s->u.out.len,
	    (uint64_t)st.st_size, err) == 0 && fill_in(fd, s, err) == 0)
		rc = 0;
	else if (ftruncate(fd, st.st_size) != 0)
		(void)sh_error_context(err, "and cannot be cut back");
out:
	sh_pdf_form_clear(&s->form);
	sh_pdf_update_clear(&s->u);
	sh_pdf_close(s->doc);
	return (rc);
}

int
sh_pdf_sign(int fd, struct sh_signer *signer,
    const struct sh_pdf_signature *what, struct sh_error *err)
{
	struct signing s;

	memset(&s, 0, sizeof(s));
	s.signer = signer;
	s.what = what;
	if (check_what(what, err) ||
	    sh_signer_check(signer, what->when, err) ||
	    sh_cms_size(signer, &s.reserved, err))
		return (-1);
	s.reserved += MARGIN + (what->tsa != NULL ? SH_CMS_STAMP_ROOM : 0);
	return (append(fd, &s, err));
}

int
sh_pdf_stamp(int fd, const struct sh_tsa *tsa, struct sh_error *err)
{
	const struct sh_pdf_signature what = { .tsa = tsa };
	struct signing s;

	memset(&s, 0, sizeof(s));
	s.what = &what;
	s.reserved = SH_TOKEN_MAX;
	return (append(fd, &s, err));
}
