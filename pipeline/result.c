#include "pipeline/result.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

static const char *
state_word(enum sh_draft_state s)
{
	static const char *const words[] = {
		[SH_DRAFT_NEW] = "read", [SH_DRAFT_READY] = "ready",
		[SH_DRAFT_WAITS] = "waiting", [SH_DRAFT_ARCHIVED] = "archived",
		[SH_DRAFT_LINKED] = "linked", [SH_DRAFT_FAILED] = "failed",
	};

	return (words[s]);
}

void
sh_result_tally(const struct sh_job *j, struct sh_tally *t)
{
	size_t i;

	memset(t, 0, sizeof(*t));
	t->fed = j->nfed;
	for (i = 0; i < j->nfed; i++) {
		t->blank += j->fed[i].kind == SH_FED_BLANK;
		t->separators += j->fed[i].kind == SH_FED_SEPARATOR;
		t->set_aside += j->fed[i].kind == SH_FED_SET_ASIDE;
	}
	for (i = 0; i < j->ndrafts; i++) {
		const struct sh_draft *d = &j->drafts[i];

		if (d->state == SH_DRAFT_WAITS)
			t->waiting += d->npages;
		else if (d->state == SH_DRAFT_FAILED)
			t->failed += d->npages;
		else if (d->state == SH_DRAFT_ARCHIVED ||
		    d->state == SH_DRAFT_LINKED)
			t->archived += d->npages;
	}
}

json_t *
sh_result_error(const struct sh_error *e, enum sh_lang lang,
    struct sh_error *err)
{
	struct sh_buf text = SH_BUF_INIT;
	json_t *v = NULL;

	if (sh_message(e, lang, &text, err) == 0 && (v = json_pack(
	    "{s:s, s:s, s:s, s:s}", "code", sh_code_word(e->code), "key",
	    e->key, "text", (char *)text.data, "cause", e->text)) == NULL)
		(void)sh_error_nomem(err, "JSON");
	sh_buf_free(&text);
	return (v);
}

/* ---- for programs ----------------------------------------------------------- */

static int
print_value(FILE *out, json_t *take_v, struct sh_error *err)
{
	struct sh_buf b = SH_BUF_INIT;
	int rc;

	if (take_v == NULL)
		return (sh_error_nomem(err, "JSON"));
	rc = sh_json_print(take_v, 0, &b, err);
	if (rc == 0 && fwrite(b.data, 1, b.len, out) != b.len)
		rc = sh_error_sys(err, "file.write", "output");
	json_decref(take_v);
	sh_buf_free(&b);
	return (rc);
}

static json_t *
page_pair(const struct sh_fed_page *f)
{
	return (json_pack("[i,i]", (int)f->scan, (int)f->page));
}

static int
add_holder(json_t *list, const struct sh_id *id, const char *name,
    const char *role, struct sh_error *err)
{
	return (sh_json_append(list, json_pack("{s:s, s:s*, s:s*}", "id",
	    id->value, "name", name, "role", role), err));
}

/*
 * Whom it is filed under, then the others whom it names; before it is
 * matched, all whom it names.
 */
static json_t *
holders_value(const struct sh_draft *d, struct sh_error *err)
{
	json_t *list;
	size_t i;

	if ((list = sh_json_new_array(err)) == NULL)
		return (NULL);
	for (i = 0; i < d->nholders; i++)
		if (add_holder(list, &d->holders[i].id, d->holders[i].name,
		    d->holders[i].role, err))
			goto bad;
	for (i = 0; i < d->parties.n; i++) {
		const struct sh_party *p = &d->parties.party[i];

		if ((d->nholders == 0 || !p->files) && add_holder(list,
		    &p->id, p->name, p->role, err))
			goto bad;
	}
	return (list);
bad:
	json_decref(list);
	return (NULL);
}

static json_t *
fields_value(const struct sh_draft *d, struct sh_error *err)
{
	json_t *all = sh_json_new_object(err), *v;
	size_t i;

	for (i = 0; all != NULL && i < d->fields.n; i++) {
		const struct sh_field *f = &d->fields.field[i];

		v = json_pack("{s:s, s:f, s:i, s:[i,i,i,i], s:s, s:s*, s:b}",
		    "value", f->value, "confidence", f->confidence,
		    "page", (int)f->page, "box", f->box.x, f->box.y,
		    f->box.w, f->box.h, "method", f->method, "doubt",
		    f->doubt, "review", f->review);
		if (sh_json_set(all, f->def->name, v, err)) {
			json_decref(all);
			return (NULL);
		}
	}
	return (all);
}

static int
add_reasons(json_t *doc, const struct sh_draft *d, enum sh_lang lang,
    struct sh_error *err)
{
	json_t *list;
	const char *text;
	unsigned i;

	if (d->nreasons == 0)
		return (0);
	if ((list = sh_json_new_array(err)) == NULL ||
	    sh_json_set(doc, "reasons", list, err))
		return (-1);
	for (i = 0; i < d->nreasons; i++) {
		text = sh_message_text(d->reasons[i], lang);
		if (sh_json_append(list, json_pack("{s:s, s:s*}", "key",
		    d->reasons[i], "text", text), err))
			return (-1);
	}
	return (0);
}

static json_t *
draft_value(const struct sh_job *j, const struct sh_draft *d,
    enum sh_lang lang, struct sh_error *err)
{
	char id[SH_DOCUMENT_ID_LEN];
	json_t *doc, *pages;
	size_t i;

	doc = json_pack("{s:s, s:f, s:s}", "type", d->guess.type != NULL ?
	    d->guess.type->slug : "unknown", "confidence",
	    d->guess.confidence, "copy", d->guess.certified_copy ?
	    "certified-copy" : "original");
	if (doc == NULL) {
		(void)sh_error_nomem(err, "JSON");
		return (NULL);
	}
	if ((pages = sh_json_new_array(err)) == NULL ||
	    sh_json_set(doc, "pages", pages, err))
		goto bad;
	for (i = 0; i < d->npages; i++)
		if (sh_json_append(pages, page_pair(&j->fed[d->pages[i]]),
		    err))
			goto bad;
	if (sh_json_set(doc, "holders", holders_value(d, err), err) ||
	    sh_json_set(doc, "fields", fields_value(d, err), err) ||
	    (d->guess.evidence != NULL && sh_json_set(doc, "evidence",
	    json_incref(d->guess.evidence), err)) ||
	    sh_json_set_str(doc, "component", d->component != NULL ?
	    d->component->code : NULL, err) ||
	    sh_json_set_str(doc, "state", state_word(d->state), err) ||
	    add_reasons(doc, d, lang, err))
		goto bad;
	if (d->failure != NULL && sh_json_set(doc, "failure",
	    sh_result_error(d->failure, lang, err), err))
		goto bad;
	if (d->state == SH_DRAFT_ARCHIVED || d->state == SH_DRAFT_LINKED) {
		sh_document_id_print(&d->id, id);
		if (sh_json_set_str(doc, "id", id, err))
			goto bad;
	}
	if (d->kin.kinship != SH_KIN_OTHER && sh_json_set(doc, "kinship",
	    sh_kin_json(&d->kin, err), err))
		goto bad;
	return (doc);
bad:
	json_decref(doc);
	return (NULL);
}

static int
print_kind(const struct sh_job *j, enum sh_fed_kind kind, const char *name,
    FILE *out, struct sh_error *err)
{
	size_t i, n = 0;

	(void)fprintf(out, ",\"%s\":[", name);
	for (i = 0; i < j->nfed; i++)
		if (j->fed[i].kind == kind) {
			if (n++ > 0)
				(void)fputc(',', out);
			if (print_value(out, page_pair(&j->fed[i]), err))
				return (-1);
		}
	(void)fputc(']', out);
	return (0);
}

static int
print_set_aside(const struct sh_job *j, enum sh_lang lang, FILE *out,
    struct sh_error *err)
{
	json_t *v;
	size_t i, n = 0;

	(void)fputs(",\"set_aside\":[", out);
	for (i = 0; i < j->nfed; i++) {
		const struct sh_fed_page *f = &j->fed[i];

		if (f->kind != SH_FED_SET_ASIDE)
			continue;
		if (n++ > 0)
			(void)fputc(',', out);
		if ((v = sh_result_error(f->failure, lang, err)) == NULL)
			return (-1);
		/* "reason" is the sentence for the desk. */
		if (sh_json_set(v, "reason", json_incref(json_object_get(v,
		    "text")), err) || sh_json_set(v, "page", page_pair(f),
		    err)) {
			json_decref(v);
			return (-1);
		}
		(void)json_object_set_new(v, "code",
		    json_string(f->failure->key));
		(void)json_object_del(v, "key");
		(void)json_object_del(v, "text");
		if (print_value(out, v, err))
			return (-1);
	}
	(void)fputc(']', out);
	return (0);
}

/* Cover sheets that were printed and did not come through. */
static void
print_missing_sheets(const struct sh_job *j, FILE *out)
{
	unsigned m = 0, n, missing = 0;
	size_t i;

	for (i = 0; i < j->nfed; i++)
		if (j->fed[i].sheets > m)
			m = j->fed[i].sheets;
	for (n = 1; n <= m; n++) {
		for (i = 0; i < j->nfed; i++)
			if (j->fed[i].sheet == n)
				break;
		if (i == j->nfed)
			(void)fprintf(out, "%s%u", missing++ > 0 ? "," :
			    ",\"missing_sheets\":[", n);
	}
	if (missing > 0)
		(void)fputc(']', out);
}

static json_t *
page_value(const struct sh_job *j, size_t i, struct sh_error *err)
{
	static const char *const kinds[] = { "pending", "document", "blank",
	    "separator", "set-aside" };
	const struct sh_fed_page *f = &j->fed[i];
	struct sh_buf text = SH_BUF_INIT;
	struct sh_page *p = NULL;
	json_t *v;

	v = json_pack("{s:i, s:i, s:s}", "scan", (int)f->scan, "page",
	    (int)f->page, "kind", kinds[f->kind]);
	if (v == NULL) {
		(void)sh_error_nomem(err, "JSON");
		return (NULL);
	}
	if (f->reading_len == 0)
		return (v);
	if ((p = sh_job_page(j, i, err)) == NULL || sh_page_text(p, &text,
	    err) || sh_buf_append(&text, "", 0, err) ||
	    sh_json_set_str(v, "text", (char *)text.data, err) ||
	    sh_json_set(v, "dpi", json_real(p->dpi), err) ||
	    sh_json_set(v, "skew", json_real(p->skew_deg), err) ||
	    sh_json_set_int(v, "orientation", p->orientation, err) ||
	    sh_json_set_int(v, "exif_orientation", f->exif_orientation, err) ||
	    sh_json_set_int(v, "width", p->width_px, err) ||
	    sh_json_set_int(v, "height", p->height_px, err) ||
	    sh_json_set(v, "confidence", json_real(p->confidence), err) ||
	    (p->measures != NULL && sh_json_set(v, "measures",
	    json_incref(p->measures), err))) {
		json_decref(v);
		v = NULL;
	}
	sh_page_free(p);
	sh_buf_free(&text);
	return (v);
}

int
sh_result_json(const struct sh_job *j, enum sh_lang lang, FILE *out,
    struct sh_error *err)
{
	struct sh_tally t;
	json_t *v;
	size_t i;

	sh_result_tally(j, &t);
	(void)fputs("{\"format\":\"sohoa-intake-1\",\"dossier\":", out);
	if (print_value(out, json_string(j->dossier->code), err))
		return (-1);
	(void)fputs(",\"documents\":[", out);
	for (i = 0; i < j->ndrafts; i++) {
		if (i > 0)
			(void)fputc(',', out);
		if ((v = draft_value(j, &j->drafts[i], lang, err)) == NULL ||
		    print_value(out, v, err))
			return (-1);
	}
	(void)fputc(']', out);
	if (print_kind(j, SH_FED_BLANK, "blank_pages", out, err) ||
	    print_kind(j, SH_FED_SEPARATOR, "separator_pages", out, err) ||
	    print_set_aside(j, lang, out, err))
		return (-1);
	print_missing_sheets(j, out);
	if (j->need != NULL) {
		(void)fputs(",\"components\":", out);
		if (print_value(out, json_incref(j->need), err))
			return (-1);
	}
	(void)fprintf(out, ",\"count\":{\"fed\":%zu,\"archived\":%zu,"
	    "\"blank\":%zu,\"separators\":%zu,\"set_aside\":%zu,"
	    "\"waiting\":%zu,\"failed\":%zu},\"pages\":[", t.fed, t.archived,
	    t.blank, t.separators, t.set_aside, t.waiting, t.failed);
	for (i = 0; i < j->nfed; i++) {
		if (i > 0)
			(void)fputc(',', out);
		if ((v = page_value(j, i, err)) == NULL ||
		    print_value(out, v, err))
			return (-1);
	}
	(void)fputs("]}", out);
	if (ferror(out))
		return (sh_error_sys(err, "file.write", "output"));
	return (0);
}

/* ---- for people --------------------------------------------------------------- */

/* "1-2, 5": pages of the dossier as people count them. */
static void
print_pages(const struct sh_draft *d, char *out, size_t size)
{
	size_t i = 0, k, at = 0;
	int n;

	out[0] = '\0';
	while (i < d->npages && at + 24 < size) {
		for (k = i; k + 1 < d->npages && d->pages[k + 1] ==
		    d->pages[k] + 1; k++)
			;
		n = k > i ? snprintf(out + at, size - at, "%s%zu-%zu",
		    at > 0 ? ", " : "", d->pages[i] + 1, d->pages[k] + 1) :
		    snprintf(out + at, size - at, "%s%zu", at > 0 ? ", " : "",
		    d->pages[i] + 1);
		at += (size_t)n;
		i = k + 1;
	}
}

/* Pad to WIDTH characters, not bytes. */
static void
print_padded(FILE *out, const char *s, size_t width)
{
	size_t n = sh_utf8_count(s, strlen(s));

	(void)fprintf(out, "%s%*s", s, n < width ? (int)(width - n) : 0, "");
}

static int
print_sentence(FILE *out, const struct sh_error *e, enum sh_lang lang,
    const char *indent, struct sh_error *err)
{
	struct sh_buf text = SH_BUF_INIT;
	int rc;

	if ((rc = sh_message(e, lang, &text, err)) == 0)
		(void)fprintf(out, "%s%s\n", indent, (char *)text.data);
	sh_buf_free(&text);
	return (rc);
}

static int
print_draft(const struct sh_draft *d, enum sh_lang lang, FILE *out,
    struct sh_error *err)
{
	static const char *const words[2][6] = {
		{ "đã đọc", "sẵn sàng", "chờ", "lưu kho", "đã có", "lỗi" },
		{ "read", "ready", "waits", "archived", "held", "failed" },
	};
	static const char *const kinship_words[2][7] = {
		{ "", "bản quét khác của", "bản sao hoặc bản chính của",
		    "bản cấp sau của", "bản cấp trước của", "trái với",
		    "có thể là bản quét khác của" },
		{ "", "another capture of", "copy or original of",
		    "later issue of", "earlier issue of", "contradicts",
		    "perhaps another capture of" },
	};
	static const char *const signs[] = { " ", " ", "!", "+", "=", "x" };
	char pages[128], id[SH_DOCUMENT_ID_LEN] = "";
	const char *text;
	unsigned i;

	print_pages(d, pages, sizeof(pages));
	(void)fprintf(out, "  %s ", signs[d->state]);
	print_padded(out, d->guess.type == NULL ? lang == SH_VI ?
	    "(chưa rõ loại)" : "(unknown type)" : lang == SH_VI ?
	    d->guess.type->name : d->guess.type->name_en, 40);
	(void)fputs(lang == SH_VI ? " trang " : " page ", out);
	print_padded(out, pages, 7);
	(void)fputc(' ', out);
	print_padded(out, words[lang == SH_EN][d->state], 9);
	if (d->state == SH_DRAFT_ARCHIVED || d->state == SH_DRAFT_LINKED)
		sh_document_id_print(&d->id, id);
	(void)fprintf(out, " %s\n", id);
	if (d->kin.kinship != SH_KIN_OTHER) {
		sh_document_id_print(&d->kin.id, id);
		(void)fprintf(out, "      %s: %s\n",
		    kinship_words[lang == SH_EN][d->kin.kinship], id);
	}
	for (i = 0; i < d->nreasons; i++) {
		text = sh_message_text(d->reasons[i], lang);
		(void)fprintf(out, "      %s\n", text != NULL ? text :
		    d->reasons[i]);
	}
	if (d->failure != NULL)
		return (print_sentence(out, d->failure, lang, "      ", err));
	return (0);
}

/* Components that nobody had to bring. */
static void
print_reused(const struct sh_job *j, enum sh_lang lang, FILE *out)
{
	const json_t *v;
	size_t i;

	json_array_foreach(j->need, i, v) {
		if (json_object_get(v, "receipt") == NULL)
			continue;
		(void)fputs("  ~ ", out);
		print_padded(out, json_string_value(json_object_get(v,
		    "name")), 40);
		(void)fprintf(out, "%s %s\n", lang == SH_VI ?
		    " tái sử dụng       " : " reused            ",
		    json_string_value(json_object_get(v, "document")));
	}
}

int
sh_result_print_aside(const struct sh_job *j, enum sh_lang lang, FILE *out,
    struct sh_error *err)
{
	size_t i;

	for (i = 0; i < j->nfed; i++)
		if (j->fed[i].kind == SH_FED_SET_ASIDE &&
		    print_sentence(out, j->fed[i].failure, lang, "  x ", err))
			return (-1);
	return (0);
}

int
sh_result_print(const struct sh_job *j, int archived, enum sh_lang lang,
    FILE *out, struct sh_error *err)
{
	struct sh_tally t;
	size_t i;

	sh_result_tally(j, &t);
	(void)fprintf(out, "%s %s%s%s\n", lang == SH_VI ? "Hồ sơ" : "Dossier",
	    j->dossier->code, j->dossier->procedure != NULL ? "  " : "",
	    j->dossier->procedure != NULL ? j->dossier->procedure->name : "");
	if (j->dossier->procedure_code != NULL &&
	    j->dossier->procedure == NULL)
		(void)fprintf(out, "  ! %s: %s\n", j->dossier->procedure_code,
		    sh_message_text("dossier.procedure", lang));
	for (i = 0; i < j->ndrafts; i++)
		if (print_draft(&j->drafts[i], lang, out, err))
			return (-1);
	if (sh_result_print_aside(j, lang, out, err))
		return (-1);
	print_reused(j, lang, out);
	if (lang == SH_VI) {
		(void)fprintf(out, "  %zu trang đưa vào: ", t.fed);
		if (archived)
			(void)fprintf(out, "%zu lưu kho, %zu chờ, %zu lỗi, ",
			    t.archived, t.waiting, t.failed);
		(void)fprintf(out, "%zu trang trắng, %zu tờ ngăn, "
		    "%zu để riêng\n", t.blank, t.separators, t.set_aside);
	} else {
		(void)fprintf(out, "  %zu pages fed: ", t.fed);
		if (archived)
			(void)fprintf(out, "%zu archived, %zu waiting, "
			    "%zu failed, ", t.archived, t.waiting, t.failed);
		(void)fprintf(out, "%zu blank, %zu separators, "
		    "%zu set aside\n", t.blank, t.separators, t.set_aside);
	}
	if (ferror(out))
		return (sh_error_sys(err, "file.write", "output"));
	return (0);
}
