#include "signing/pdfupdate.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/fs.h"
#include "base/mem.h"
#include "base/text.h"

/* What ten digits of a cross-reference can say. */
#define MAX_FILE	((uint64_t)9000000000)

int
sh_pdf_update_begin(struct sh_pdf *doc, struct sh_pdf_update *u,
    struct sh_error *err)
{
	uint8_t last;

	memset(u, 0, sizeof(*u));
	u->doc = doc;
	u->next = sh_pdf_next_number(doc);
	if (sh_pdf_len(doc) > MAX_FILE)
		return (sh_error_set(err, SH_ELIMIT, "pdf.limit",
		    "a file of more than %llu bytes",
		    (unsigned long long)MAX_FILE));
	/* The first object needs a line of its own. */
	if (sh_pread_all(sh_pdf_fd(doc), &last, 1, sh_pdf_len(doc) - 1, err))
		return (-1);
	if (last != '\n' && last != '\r')
		return (sh_buf_puts(&u->out, "\n", err));
	return (0);
}

void
sh_pdf_update_clear(struct sh_pdf_update *u)
{
	sh_buf_free(&u->out);
	free(u->changes);
	memset(u, 0, sizeof(*u));
}

uint32_t
sh_pdf_update_number(struct sh_pdf_update *u)
{
	return (u->next++);
}

int
sh_pdf_update_has(const struct sh_pdf_update *u, uint32_t num)
{
	size_t i;

	for (i = 0; i < u->nchanges; i++)
		if (u->changes[i].num == num)
			return (1);
	return (0);
}

int
sh_pdf_update_open(struct sh_pdf_update *u, uint32_t num, uint32_t gen,
    struct sh_error *err)
{
	struct sh_pdf_change *c;

	if (num > SH_PDF_MAX_OBJECT)
		return (sh_error_set(err, SH_ELIMIT, "pdf.limit",
		    "more than %d objects", SH_PDF_MAX_OBJECT));
	if (sh_grow(&u->changes, &u->capchanges, u->nchanges + 1, sizeof(*c),
	    "an update", err))
		return (-1);
	c = &u->changes[u->nchanges++];
	c->num = num;
	c->gen = gen;
	c->at = sh_pdf_len(u->doc) + u->out.len;
	return (sh_buf_printf(&u->out, err, "%u %u obj\n", num, gen));
}

int
sh_pdf_update_close(struct sh_pdf_update *u, struct sh_error *err)
{
	return (sh_buf_puts(&u->out, "\nendobj\n", err));
}

int
sh_pdf_update_print(struct sh_pdf_update *u, uint32_t num, uint32_t gen,
    struct sh_error *err, const char *fmt, ...)
{
	va_list ap;
	int rc;

	if (sh_pdf_update_open(u, num, gen, err))
		return (-1);
	va_start(ap, fmt);
	rc = sh_buf_vprintf(&u->out, err, fmt, ap);
	va_end(ap);
	return (rc != 0 ? rc : sh_pdf_update_close(u, err));
}

int
sh_pdf_deflate(const void *data, size_t len, struct sh_buf *out,
    struct sh_error *err)
{
	uLongf packed = compressBound(len);
	uint8_t *room = sh_buf_reserve(out, packed, err);

	if (room == NULL)
		return (-1);
	if (compress2(room, &packed, data, len, 6) != Z_OK)
		return (sh_error_nomem(err, "a PDF stream"));
	out->len += packed;
	return (0);
}

int
sh_pdf_update_deflated(struct sh_pdf_update *u, uint32_t num,
    const char *members, const struct sh_buf *packed, struct sh_error *err)
{
	if (sh_pdf_update_open(u, num, 0, err) ||
	    sh_buf_printf(&u->out, err,
		"<<%s/Filter/FlateDecode/Length %zu>>\nstream\n", members,
		packed->len) ||
	    sh_buf_append(&u->out, packed->data, packed->len, err) ||
	    sh_buf_puts(&u->out, "\nendstream", err))
		return (-1);
	return (sh_pdf_update_close(u, err));
}

int
sh_pdf_update_stream(struct sh_pdf_update *u, uint32_t num,
    const char *members, const void *data, size_t len, struct sh_error *err)
{
	struct sh_buf packed = SH_BUF_INIT;
	int rc = -1;

	if (sh_pdf_deflate(data, len, &packed, err) == 0)
		rc = sh_pdf_update_deflated(u, num, members, &packed, err);
	sh_buf_free(&packed);
	return (rc);
}

int
sh_pdf_update_members(struct sh_pdf_update *u, const struct sh_pdf_object *o,
    const struct sh_pdf_set *set, size_t n, struct sh_error *err)
{
	const struct sh_pdf_value *dict = o->value, *v;
	size_t from = dict->start, i;

	if (dict->kind != SH_PDF_DICT || o->is_stream)
		return (sh_error_set(err, SH_EFORMAT, "pdf.damaged",
		    "object %u is no dictionary", o->num));
	if (sh_pdf_update_open(u, o->num, o->gen, err))
		return (-1);
	for (v = dict->first; v != NULL; v = v->next) {
		for (i = 0; i < n && !sh_pdf_key_is(v, set[i].key);)
			i++;
		if (i == n)
			continue;
		if (sh_pdf_raw(u->doc, o, from, v->keystart, &u->out, err))
			return (-1);
		from = v->end;
	}
	if (sh_pdf_raw(u->doc, o, from, dict->end - 2, &u->out, err))
		return (-1);
	for (i = 0; i < n; i++)
		if (sh_buf_printf(&u->out, err, "/%s %s", set[i].key,
		    set[i].value))
			return (-1);
	if (sh_buf_puts(&u->out, ">>", err))
		return (-1);
	return (sh_pdf_update_close(u, err));
}

int
sh_pdf_update_member(struct sh_pdf_update *u, const struct sh_pdf_object *o,
    const char *key, const char *value, struct sh_error *err)
{
	const struct sh_pdf_set set = { key, value };

	return (sh_pdf_update_members(u, o, &set, 1, err));
}

void
sh_pdf_number(double v, char out[SH_PDF_NUMBER_LEN])
{
	long long n = (long long)(v * 100 + (v < 0 ? -0.5 : 0.5));

	(void)snprintf(out, SH_PDF_NUMBER_LEN, "%s%lld.%02lld",
	    n < 0 ? "-" : "", (n < 0 ? -n : n) / 100,
	    (n < 0 ? -n : n) % 100);
}

int
sh_pdf_put_text(struct sh_buf *out, const char *utf8, struct sh_error *err)
{
	const char *p, *end = utf8 + strlen(utf8);
	int ascii = 1, rc = 0;
	uint32_t cp;
	size_t len;

	for (p = utf8; *p != '\0'; p++)
		ascii = ascii && *p >= 0x20 && *p < 0x7f;
	if (ascii) {
		rc = sh_buf_puts(out, "(", err);
		for (p = utf8; rc == 0 && *p != '\0'; p++) {
			if (strchr("()\\", *p) != NULL)
				rc = sh_buf_puts(out, "\\", err);
			if (rc == 0)
				rc = sh_buf_append(out, p, 1, err);
		}
		return (rc != 0 ? rc : sh_buf_puts(out, ")", err));
	}
	rc = sh_buf_puts(out, "<FEFF", err);
	for (p = utf8; rc == 0 && p < end; p += len) {
		if ((len = sh_utf8_get(p, end, &cp)) == 0)
			return (sh_error_set(err, SH_EFORMAT, "text.utf8",
			    "a text in a signature is no UTF-8"));
		if (cp < 0x10000)
			rc = sh_buf_printf(out, err, "%04X", cp);
		else
			rc = sh_buf_printf(out, err, "%04X%04X",
			    0xd800 + ((cp - 0x10000) >> 10),
			    0xdc00 + ((cp - 0x10000) & 0x3ff));
	}
	return (rc != 0 ? rc : sh_buf_puts(out, ">", err));
}

/* ---- the end ---- */

static int
compare_changes(const void *va, const void *vb)
{
	const struct sh_pdf_change *a = va, *b = vb;

	return (a->num < b->num ? -1 : a->num > b->num);
}

/* How many changes from I on have consecutive numbers. */
static size_t
run(const struct sh_pdf_update *u, size_t i)
{
	size_t n = 1;

	while (i + n < u->nchanges &&
	    u->changes[i + n].num == u->changes[i].num + n)
		n++;
	return (n);
}

/* What the old trailer says, but for what is this section's own. */
static int
copy_trailer(struct sh_pdf_update *u, struct sh_error *err)
{
	static const char *const own[] = { "Size", "Prev", "XRefStm", "Type",
	    "W", "Index", "Length", "Filter", "DecodeParms" };
	const struct sh_pdf_section *s = sh_pdf_section(u->doc, 0);
	const struct sh_pdf_value *v;
	uint8_t *room;
	size_t i, n;

	for (v = s->trailer->first; v != NULL; v = v->next) {
		for (i = 0; i < SH_COUNT(own); i++)
			if (sh_pdf_key_is(v, own[i]))
				break;
		if (i < SH_COUNT(own))
			continue;
		n = v->end - v->keystart;
		if ((room = sh_buf_reserve(&u->out, n, err)) == NULL ||
		    sh_pread_all(sh_pdf_fd(u->doc), room, n,
		    s->at + v->keystart, err))
			return (-1);
		u->out.len += n;
	}
	return (0);
}

static int
write_table(struct sh_pdf_update *u, struct sh_error *err)
{
	size_t i, n, k;

	if (sh_buf_puts(&u->out, "xref\n", err))
		return (-1);
	for (i = 0; i < u->nchanges; i += n) {
		n = run(u, i);
		if (sh_buf_printf(&u->out, err, "%u %zu\n", u->changes[i].num,
		    n))
			return (-1);
		for (k = i; k < i + n; k++)
			if (sh_buf_printf(&u->out, err, "%010llu %05u n \n",
			    (unsigned long long)u->changes[k].at,
			    u->changes[k].gen))
				return (-1);
	}
	if (sh_buf_printf(&u->out, err, "trailer\n<</Size %u/Prev %llu",
	    u->next, (unsigned long long)sh_pdf_section(u->doc, 0)->at) ||
	    copy_trailer(u, err))
		return (-1);
	return (sh_buf_puts(&u->out, ">>\n", err));
}

static int
write_stream(struct sh_pdf_update *u, struct sh_error *err)
{
	struct sh_buf rows = SH_BUF_INIT;
	size_t i, n;
	uint32_t num = sh_pdf_update_number(u);
	int rc = -1;

	/* It lists itself: numbers are in order, so it is the last. */
	if (sh_pdf_update_open(u, num, 0, err))
		return (-1);
	for (i = 0; i < u->nchanges; i++)
		if (sh_buf_put_be(&rows, 1, 1, err) ||
		    sh_buf_put_be(&rows, u->changes[i].at, 5, err) ||
		    sh_buf_put_be(&rows, u->changes[i].gen, 2, err))
			goto out;
	if (sh_buf_printf(&u->out, err, "<</Type/XRef/Size %u/Prev %llu"
	    "/W[1 5 2]/Index[", u->next,
	    (unsigned long long)sh_pdf_section(u->doc, 0)->at))
		goto out;
	for (i = 0; i < u->nchanges; i += n) {
		n = run(u, i);
		if (sh_buf_printf(&u->out, err, "%s%u %zu", i > 0 ? " " : "",
		    u->changes[i].num, n))
			goto out;
	}
	if (sh_buf_puts(&u->out, "]", err) || copy_trailer(u, err) ||
	    sh_buf_printf(&u->out, err, "/Length %zu>>\nstream\n",
		rows.len) ||
	    sh_buf_append(&u->out, rows.data, rows.len, err) ||
	    sh_buf_puts(&u->out, "\nendstream", err))
		goto out;
	rc = sh_pdf_update_close(u, err);
out:
	sh_buf_free(&rows);
	return (rc);
}

int
sh_pdf_update_finish(struct sh_pdf_update *u, struct sh_error *err)
{
	uint64_t at = sh_pdf_len(u->doc) + u->out.len;

	if (u->nchanges > 0)
		qsort(u->changes, u->nchanges, sizeof(u->changes[0]),
		    compare_changes);
	if (sh_pdf_section(u->doc, 0)->is_stream ?
	    write_stream(u, err) : write_table(u, err))
		return (-1);
	return (sh_buf_printf(&u->out, err, "startxref\n%llu\n%%%%EOF\n",
	    (unsigned long long)at));
}
