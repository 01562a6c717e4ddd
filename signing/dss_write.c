/* Writing a document security store. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/x509.h>

#include "base/digest.h"
#include "base/fs.h"
#include "base/mem.h"
#include "signing/algorithm.h"
#include "signing/dss.h"
#include "signing/pdfform.h"
#include "signing/pdfupdate.h"

enum part { CERTS, CRLS, OCSPS, NPARTS };

static const char *const in_store[] = { "Certs", "CRLs", "OCSPs" };
static const char *const in_entry[] = { "Cert", "CRL", "OCSP" };

/* One value and the object that holds it. */
struct held {
	enum part part;
	struct sh_digest digest;
	uint32_t num, gen;
};

struct writing {
	struct sh_pdf *doc;
	struct sh_pdf_form form;
	struct sh_pdf_update u;
	const struct sh_pdf_object *vri_in;	/* where the old ones stand */
	const struct sh_pdf_value *vri;
	struct held *held;
	size_t n, cap;
	int added;
};

static int
remember(struct writing *w, enum part part, const struct sh_digest *digest,
    uint32_t num, uint32_t gen, struct sh_error *err)
{
	struct held *h;

	if (sh_grow(&w->held, &w->cap, w->n + 1, sizeof(*h), "a store", err))
		return (-1);
	h = &w->held[w->n++];
	h->part = part;
	h->digest = *digest;
	h->num = num;
	h->gen = gen;
	return (0);
}

static int
read_old(struct writing *w, struct sh_error *err)
{
	const struct sh_pdf_object *o, *in = w->form.catalog;
	const struct sh_pdf_value *dss, *list, *ref, *value;
	struct sh_digest digest;
	struct sh_buf der = SH_BUF_INIT;
	enum part part;
	int rc = -1;

	if (sh_pdf_resolve(w->doc, sh_pdf_member(w->form.catalog->value,
	    "DSS"), &dss, &in, err))
		return (-1);
	if (!sh_pdf_is(dss, SH_PDF_DICT))
		return (0);
	for (part = CERTS; part < NPARTS; part++) {
		if (sh_pdf_find(w->doc, dss, in_store[part], &list, err))
			goto out;
		if (!sh_pdf_is(list, SH_PDF_ARRAY))
			continue;
		for (ref = list->first; ref != NULL; ref = ref->next) {
			o = NULL;
			sh_buf_reset(&der);
			if (sh_pdf_resolve(w->doc, ref, &value, &o, err))
				goto out;
			if (o == NULL || !o->is_stream)
				continue;
			if (sh_pdf_content(w->doc, o, &der, err) ||
			    sh_sha256(der.data, der.len, &digest, err) ||
			    remember(w, part, &digest, o->num, o->gen, err))
				goto out;
		}
	}
	w->vri_in = in;
	if (sh_pdf_resolve(w->doc, sh_pdf_member(dss, "VRI"), &w->vri,
	    &w->vri_in, err))
		goto out;
	rc = 0;
out:
	sh_buf_free(&der);
	return (rc);
}

/* The object of a value, new when the store has it not. */
static int
hold(struct writing *w, enum part part, const void *der, size_t len,
    const struct held **hp, struct sh_error *err)
{
	struct sh_digest digest;
	uint32_t num;
	size_t i;

	if (sh_sha256(der, len, &digest, err))
		return (-1);
	for (i = 0; i < w->n; i++)
		if (w->held[i].part == part && memcmp(w->held[i].digest.b,
		    digest.b, sizeof(digest.b)) == 0) {
			*hp = &w->held[i];
			return (0);
		}
	num = sh_pdf_update_number(&w->u);
	if (sh_pdf_update_stream(&w->u, num, "", der, len, err) ||
	    remember(w, part, &digest, num, 0, err))
		return (-1);
	w->added = 1;
	*hp = &w->held[w->n - 1];
	return (0);
}

/* References of one part of an entry; the streams are written on the way. */
static int
entry_part(struct writing *w, const struct sh_dss_entry *e, enum part part,
    struct sh_buf *list, struct sh_error *err)
{
	const struct held *h;
	uint8_t *der;
	size_t i;
	int k, len, rc;

	for (k = 0; part == CERTS && k < sk_X509_num(e->certificates); k++) {
		der = NULL;
		if ((len = i2d_X509(sk_X509_value(e->certificates, k),
		    &der)) < 0)
			return (sh_error_nomem(err, "a certificate"));
		rc = hold(w, part, der, (size_t)len, &h, err);
		OPENSSL_free(der);
		if (rc != 0 || sh_buf_printf(list, err, " %u %u R", h->num,
		    h->gen))
			return (-1);
	}
	for (i = 0; part != CERTS && i < e->answers.n; i++) {
		const struct sh_answer *a = &e->answers.item[i];

		if ((a->kind == SH_ANSWER_CRL) != (part == CRLS))
			continue;
		if (hold(w, part, a->der.data, a->der.len, &h, err) ||
		    sh_buf_printf(list, err, " %u %u R", h->num, h->gen))
			return (-1);
	}
	return (0);
}

/* Rule: ISO 32000-2 table 261: named by the SHA-1 of /Contents. */
static int
entry_key(const struct sh_dss_entry *e, char key[SH_HEX_LEN],
    struct sh_error *err)
{
	uint8_t digest[SH_MD_MAX];
	char *p;

	if (sh_md_digest(SH_MD_SHA1, e->contents, e->len, digest, err))
		return (-1);
	sh_hex(digest, sh_md_size(SH_MD_SHA1), key);
	for (p = key; *p != '\0'; p++)
		if (*p >= 'a')
			*p = (char)(*p - 'a' + 'A');
	return (0);
}

static int
write_entry(struct writing *w, const struct sh_dss_entry *e,
    struct sh_buf *vri, struct sh_error *err)
{
	struct sh_buf list = SH_BUF_INIT;
	char key[SH_HEX_LEN];
	enum part part;
	int rc = -1;

	if (entry_key(e, key, err) || sh_buf_printf(vri, err, "/%s<<", key))
		goto out;
	for (part = CERTS; part < NPARTS; part++) {
		sh_buf_reset(&list);
		if (entry_part(w, e, part, &list, err) || (list.len > 0 &&
		    sh_buf_printf(vri, err, "/%s[%s]", in_entry[part],
		    (char *)list.data + 1)))
			goto out;
	}
	rc = sh_buf_puts(vri, ">>", err);
out:
	sh_buf_free(&list);
	return (rc);
}

/* Entries of signatures that nothing new is known about. */
static int
copy_entries(struct writing *w, const struct sh_dss_entry *entries, size_t n,
    struct sh_buf *vri, struct sh_error *err)
{
	const struct sh_pdf_value *v;
	char key[SH_HEX_LEN];
	size_t i;

	if (!sh_pdf_is(w->vri, SH_PDF_DICT))
		return (0);
	for (v = w->vri->first; v != NULL; v = v->next) {
		for (i = 0; i < n; i++) {
			if (entry_key(&entries[i], key, err))
				return (-1);
			if (sh_pdf_key_is(v, key))
				break;
		}
		if (i == n && sh_pdf_raw(w->doc, w->vri_in, v->keystart,
		    v->end, vri, err))
			return (-1);
	}
	return (0);
}

static int
write_store(struct writing *w, const struct sh_dss_entry *entries, size_t n,
    struct sh_error *err)
{
	struct sh_buf vri = SH_BUF_INIT;
	char ref[32];
	enum part part;
	uint32_t num;
	size_t i;
	int rc = -1, first;

	for (i = 0; i < n; i++)
		if (write_entry(w, &entries[i], &vri, err))
			goto out;
	if (!w->added) {
		rc = 0;
		goto out;
	}
	num = sh_pdf_update_number(&w->u);
	if (copy_entries(w, entries, n, &vri, err) ||
	    sh_pdf_update_open(&w->u, num, 0, err) ||
	    sh_buf_puts(&w->u.out, "<</Type/DSS", err))
		goto out;
	for (part = CERTS; part < NPARTS; part++) {
		first = 1;
		for (i = 0; i < w->n; i++) {
			if (w->held[i].part != part)
				continue;
			if ((first && sh_buf_printf(&w->u.out, err, "/%s[",
			    in_store[part])) || sh_buf_printf(&w->u.out, err,
			    "%s%u %u R", first ? "" : " ", w->held[i].num,
			    w->held[i].gen))
				goto out;
			first = 0;
		}
		if (!first && sh_buf_puts(&w->u.out, "]", err))
			goto out;
	}
	(void)snprintf(ref, sizeof(ref), "%u 0 R", num);
	if (sh_buf_printf(&w->u.out, err, "/VRI<<%s>>>>", (char *)vri.data) ||
	    sh_pdf_update_close(&w->u, err) || sh_pdf_update_member(&w->u,
	    w->form.catalog, "DSS", ref, err) ||
	    sh_pdf_update_finish(&w->u, err))
		goto out;
	rc = 0;
out:
	sh_buf_free(&vri);
	return (rc);
}

int
sh_dss_write(int fd, const struct sh_dss_entry *entries, size_t n,
    int *addedp, struct sh_error *err)
{
	struct writing w;
	struct stat st;
	int rc = -1;

	memset(&w, 0, sizeof(w));
	*addedp = 0;
	if (fstat(fd, &st) != 0)
		return (sh_error_sys(err, "file.read", "fstat"));
	if (sh_pdf_open(fd, (uint64_t)st.st_size, &w.doc, err) ||
	    sh_pdf_form_read(w.doc, &w.form, err) || read_old(&w, err) ||
	    sh_pdf_update_begin(w.doc, &w.u, err) ||
	    write_store(&w, entries, n, err))
		goto out;
	rc = 0;
	if (w.added && (rc = sh_pwrite_all(fd, w.u.out.data, w.u.out.len,
	    (uint64_t)st.st_size, err)) != 0 && ftruncate(fd, st.st_size) != 0)
		(void)sh_error_context(err, "and cannot be cut back");
	*addedp = rc == 0 && w.added;
out:
	free(w.held);
	sh_pdf_form_clear(&w.form);
	sh_pdf_update_clear(&w.u);
	sh_pdf_close(w.doc);
	return (rc);
}
