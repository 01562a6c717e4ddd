#include "pipeline/kept.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"

#define FORMAT		"sohoa-kept-1"
#define KEPT_MAX	((size_t)256 << 20)
#define READINGS	"readings"

/* ---- to JSON ----------------------------------------------------------------- */

static json_t *
hex_value(const struct sh_digest *d)
{
	char hex[SH_HEX_LEN];

	sh_hex(d->b, SH_DIGEST_LEN, hex);
	return (json_string(hex));
}

static json_t *
date_value(struct sh_date d)
{
	char s[SH_DATE_LEN];

	if (d.year == 0)
		return (json_null());
	sh_date_print(d, s);
	return (json_string(s));
}

static json_t *
failure_value(const struct sh_error *e)
{
	json_t *v, *params;
	unsigned i;

	if (e == NULL)
		return (json_null());
	if ((params = json_object()) == NULL)
		return (NULL);
	for (i = 0; i < e->nparam; i++)
		if (json_object_set_new(params, e->param[i].name,
		    json_string(e->param[i].value)) != 0) {
			json_decref(params);
			return (NULL);
		}
	v = json_pack("{s:s, s:s, s:s, s:i, s:o}", "code",
	    sh_code_word(e->code), "key", e->key, "text", e->text, "sys",
	    e->sys, "params", params);
	return (v);
}

static json_t *
dossier_value(const struct sh_dossier *d)
{
	json_t *scans;
	size_t i;

	if ((scans = json_array()) == NULL)
		return (NULL);
	for (i = 0; i < d->nscans; i++)
		if (json_array_append_new(scans, json_string(d->scans[i])) !=
		    0) {
			json_decref(scans);
			return (NULL);
		}
	return (json_pack("{s:s, s:s?, s:s, s:s, s:s?, s:o, s:s?, s:I, s:i, s:o}",
	    "code", d->code, "procedure", d->procedure_code, "holder_kind",
	    sh_id_kind_word(d->holder.kind), "holder", d->holder.value,
	    "name", d->holder_name, "birth", date_value(d->holder_birth),
	    "station", d->station, "received_at", (json_int_t)d->received_at,
	    "result", d->result, "scans", scans));
}

static json_t *
fed_value(const struct sh_fed_page *f)
{
	const struct sh_page_image *m = &f->image;

	return (json_pack("{s:i, s:i, s:i, s:o, s:o, s:I, s:I, s:[I,i,i,i,i,i],"
	    " s:i, s:s?, s:f, s:i, s:i, s:s?, s:s?, s:i, s:i, s:i, s:i, s:o,"
	    " s:i}",
	    "scan", (int)f->scan, "page", (int)f->page, "kind", (int)f->kind,
	    "digest", hex_value(&f->digest), "failure",
	    failure_value(f->failure), "at", (json_int_t)f->reading_at, "len",
	    (json_int_t)f->reading_len, "image", (json_int_t)m->bytes,
	    (int)m->coding, (int)m->width_px, (int)m->height_px,
	    m->components, m->inverted, "exif", f->exif_orientation, "type",
	    f->type != NULL ? f->type->slug : NULL, "confidence",
	    f->type_confidence, "first", f->first_page, "heading", f->heading,
	    "separator", f->separator, "component", f->component, "sheet",
	    (int)f->sheet, "sheets", (int)f->sheets, "rescan", (int)f->rescan,
	    "rescan_page", (int)f->rescan_page, "replaced",
	    hex_value(&f->replaced), "added", f->added));
}

static json_t *
fields_value(const struct sh_fields *fields)
{
	json_t *list = json_array(), *v;
	size_t i;

	for (i = 0; list != NULL && i < fields->n; i++) {
		const struct sh_field *f = &fields->field[i];

		v = json_pack("{s:s, s:s, s:f, s:i, s:[i,i,i,i], s:s, s:s?,"
		    " s:i}", "name", f->def->name, "value", f->value, "confidence",
		    f->confidence, "page", (int)f->page, "box", f->box.x,
		    f->box.y, f->box.w, f->box.h, "method", f->method,
		    "doubt", f->doubt, "review", f->review);
		if (json_array_append_new(list, v) != 0) {
			json_decref(list);
			return (NULL);
		}
	}
	return (list);
}

static json_t *
person_value(const struct sh_id *id, const char *name, const char *role,
    struct sh_date birth)
{
	return (json_pack("{s:s, s:s, s:s?, s:s?, s:o}", "kind",
	    sh_id_kind_word(id->kind), "id", id->value, "name", name, "role",
	    role, "birth", date_value(birth)));
}

static json_t *
parties_value(const struct sh_parties *parties)
{
	json_t *list = json_array(), *v;
	size_t i;

	for (i = 0; list != NULL && i < parties->n; i++) {
		const struct sh_party *p = &parties->party[i];

		v = person_value(&p->id, p->name, p->role, p->birth);
		if (v == NULL || json_object_set_new(v, "confidence",
		    json_real(p->confidence)) != 0 || json_object_set_new(v,
		    "files", json_integer(p->files)) != 0 ||
		    json_array_append(list, v) != 0) {
			json_decref(list);
			list = NULL;
		}
		json_decref(v);
	}
	return (list);
}

static json_t *
holders_value(const struct sh_draft *d)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; list != NULL && i < d->nholders; i++)
		if (json_array_append_new(list, person_value(
		    &d->holders[i].id, d->holders[i].name,
		    d->holders[i].role, d->holders[i].birth)) != 0) {
			json_decref(list);
			return (NULL);
		}
	return (list);
}

static json_t *
kin_value(const struct sh_draft *d)
{
	char id[SH_DOCUMENT_ID_LEN];

	sh_document_id_print(&d->kin.id, id);
	return (json_pack("{s:i, s:i, s:i, s:i, s:i, s:s?, s:s, s:i}", "kinship",
	    (int)d->kin.kinship, "better", d->kin.better, "pictured",
	    d->kin.pictured, "agreeing",
	    (int)d->kin.agreeing, "words_bp", d->kin.words_bp, "differs",
	    d->kin.differs, "id", id, "decided", (int)d->decided));
}

static json_t *
draft_value(const struct sh_draft *d, int brief, struct sh_error *err)
{
	char id[SH_DOCUMENT_ID_LEN];
	json_t *v, *pages, *reasons;
	size_t i;

	sh_document_id_print(&d->id, id);
	v = json_pack("{s:[], s:i, s:I, s:s?, s:o, s:s, s:[]}", "pages", "state",
	    (int)d->state, "bytes", (json_int_t)d->bytes, "type", d->guess.type != NULL ?
	    d->guess.type->slug : NULL, "content", hex_value(&d->content),
	    "id", id, "reasons");
	if (v == NULL) {
		(void)sh_error_nomem(err, "JSON");
		return (NULL);
	}
	pages = json_object_get(v, "pages");
	reasons = json_object_get(v, "reasons");
	for (i = 0; i < d->npages; i++)
		if (sh_json_append(pages, json_integer(
		    (json_int_t)d->pages[i]), err))
			goto bad;
	if (brief)
		return (v);
	for (i = 0; i < d->nreasons; i++)
		if (sh_json_append(reasons, json_string(d->reasons[i]), err))
			goto bad;
	if (sh_json_set(v, "confidence", json_real(d->guess.confidence),
	    err) || sh_json_set_int(v, "certified", d->guess.certified_copy,
	    err) || sh_json_set_int(v, "first", d->guess.first_page, err) ||
	    (d->guess.evidence != NULL && sh_json_set(v, "evidence",
	    json_incref(d->guess.evidence), err)) ||
	    sh_json_set(v, "fields", fields_value(&d->fields), err) ||
	    sh_json_set(v, "parties", parties_value(&d->parties), err) ||
	    sh_json_set(v, "holders", holders_value(d), err) ||
	    sh_json_set_str(v, "component", d->component != NULL ?
	    d->component->code : NULL, err) ||
	    sh_json_set(v, "failure", failure_value(d->failure), err) ||
	    sh_json_set(v, "kin", kin_value(d), err) ||
	    (d->review != NULL && sh_json_set(v, "review",
	    json_incref(d->review), err)))
		goto bad;
	return (v);
bad:
	json_decref(v);
	return (NULL);
}

json_t *
sh_kept_to_json(const struct sh_job *j, int brief, struct sh_error *err)
{
	json_t *v, *fed, *drafts;
	size_t i;

	v = json_pack("{s:s, s:o, s:I, s:I, s:[], s:[]}", "format", FORMAT,
	    "dossier", dossier_value(j->dossier), "since",
	    (json_int_t)j->since, "begun", (json_int_t)j->begun, "fed",
	    "drafts");
	if (v == NULL) {
		(void)sh_error_nomem(err, "JSON");
		return (NULL);
	}
	fed = json_object_get(v, "fed");
	drafts = json_object_get(v, "drafts");
	for (i = 0; i < j->nfed; i++)
		if (sh_json_append(fed, fed_value(&j->fed[i]), err))
			goto bad;
	for (i = 0; i < j->ndrafts; i++) {
		json_t *d = draft_value(&j->drafts[i], brief, err);

		if (d == NULL || sh_json_append(drafts, d, err))
			goto bad;
	}
	return (v);
bad:
	json_decref(v);
	return (NULL);
}

/* ---- from JSON -----------------------------------------------------------------
 *
 * What comes here was sealed by us, so a form that is not ours is damage.
 * Texts stay in the JSON, which the job keeps.
 */

static int
damaged(struct sh_error *err)
{
	return (sh_error_set(err, SH_EFIXITY, "spool.damaged",
	    "a kept dossier does not have its form"));
}

static const char *
text(const json_t *v, const char *name)
{
	return (json_string_value(json_object_get(v, name)));
}

static int64_t
number(const json_t *v, const char *name)
{
	return ((int64_t)json_integer_value(json_object_get(v, name)));
}

static double
real(const json_t *v, const char *name)
{
	return (json_number_value(json_object_get(v, name)));
}

static int
digest_of(const json_t *v, const char *name, struct sh_digest *out,
    struct sh_error *err)
{
	const char *s = text(v, name);

	if (s == NULL || strlen(s) != 2 * SH_DIGEST_LEN ||
	    sh_unhex(s, out->b, SH_DIGEST_LEN) != 0)
		return (damaged(err));
	return (0);
}

static void
date_of(const json_t *v, const char *name, struct sh_date *out)
{
	const char *s = text(v, name);

	if (s == NULL || sh_date_parse(s, out))
		memset(out, 0, sizeof(*out));
}

static void
id_of(const json_t *v, const char *kind, const char *name, struct sh_id *out)
{
	const char *k = text(v, kind), *s = text(v, name);

	memset(out, 0, sizeof(*out));
	if (k == NULL || s == NULL)
		return;
	out->kind = sh_id_kind_from_word(k);
	(void)snprintf(out->value, sizeof(out->value), "%s", s);
}

static int
failure_of(const json_t *v, const char *name, struct sh_error **out,
    struct sh_error *err)
{
	const json_t *f = json_object_get(v, name), *params, *p;
	const char *code, *key, *s;
	struct sh_error *e;

	if (!json_is_object(f))
		return (0);
	if ((e = sh_alloc(1, sizeof(*e), "a failure", err)) == NULL)
		return (-1);
	code = text(f, "code");
	key = text(f, "key");
	s = text(f, "text");
	(void)sh_error_set(e, code != NULL && sh_code_from_word(code) !=
	    SH_NCODES ? sh_code_from_word(code) : SH_EFORMAT,
	    key != NULL ? key : "error.other", "%s", s != NULL ? s : "");
	e->sys = (int)number(f, "sys");
	params = json_object_get(f, "params");
	json_object_foreach((json_t *)(uintptr_t)params, key, p)
		sh_error_param(e, key, "%s", json_string_value(p) != NULL ?
		    json_string_value(p) : "");
	*out = e;
	return (0);
}

static char *
copy_of(const json_t *v, const char *name, struct sh_error *err)
{
	const char *s = text(v, name);

	return (s == NULL ? NULL : sh_strdup(s, err));
}

static int
dossier_of(const json_t *v, const struct sh_catalogue *c,
    struct sh_dossier **dp, struct sh_error *err)
{
	const json_t *scans = json_object_get(v, "scans");
	struct sh_dossier *d;
	size_t i;

	if ((d = sh_alloc(1, sizeof(*d), "a dossier", err)) == NULL)
		return (-1);
	*dp = d;
	d->dirfd = -1;
	d->scans = sh_alloc(json_array_size(scans), sizeof(*d->scans),
	    "the scans", err);
	if (d->scans == NULL)
		return (-1);
	for (i = 0; i < json_array_size(scans); i++) {
		const char *s = json_string_value(json_array_get(scans, i));

		if ((d->scans[i] = sh_strdup(s != NULL ? s : "", err)) ==
		    NULL)
			return (-1);
		d->nscans++;
	}
	d->code = copy_of(v, "code", err);
	d->procedure_code = copy_of(v, "procedure", err);
	d->holder_name = copy_of(v, "name", err);
	d->station = copy_of(v, "station", err);
	if (err->code != SH_OK)
		return (-1);
	if (d->code == NULL)
		return (damaged(err));
	if (d->procedure_code != NULL)
		d->procedure = sh_catalogue_procedure(c, d->procedure_code);
	id_of(v, "holder_kind", "holder", &d->holder);
	date_of(v, "birth", &d->holder_birth);
	d->received_at = number(v, "received_at");
	d->result = (int)number(v, "result");
	return (0);
}

static int
fed_of(const json_t *v, struct sh_job *j, struct sh_error *err)
{
	const json_t *m = json_object_get(v, "image");
	const char *slug = text(v, "type");
	struct sh_fed_page *f;
	size_t i;

	if (sh_job_feed(j, (uint32_t)number(v, "scan"),
	    (uint32_t)number(v, "page"), &i, err))
		return (-1);
	j->npending--;
	f = &j->fed[i];
	f->kind = (enum sh_fed_kind)number(v, "kind");
	f->reading_at = (uint64_t)number(v, "at");
	f->reading_len = (uint32_t)number(v, "len");
	f->exif_orientation = (int)number(v, "exif");
	f->type = slug != NULL ? sh_catalogue_type(j->catalogue, slug) : NULL;
	f->type_confidence = real(v, "confidence");
	f->first_page = (int)number(v, "first");
	f->heading = (int)number(v, "heading");
	f->rescan = (uint32_t)number(v, "rescan");
	f->rescan_page = (uint32_t)number(v, "rescan_page");
	f->added = (int)number(v, "added");
	f->image.fd = -1;
	f->image.bytes = (uint64_t)json_integer_value(json_array_get(m, 0));
	f->image.coding = (enum sh_image_coding)json_integer_value(
	    json_array_get(m, 1));
	f->image.width_px = (int32_t)json_integer_value(json_array_get(m, 2));
	f->image.height_px = (int32_t)json_integer_value(
	    json_array_get(m, 3));
	f->image.components = (int)json_integer_value(json_array_get(m, 4));
	f->image.inverted = (int)json_integer_value(json_array_get(m, 5));
	if (digest_of(v, "digest", &f->digest, err) ||
	    digest_of(v, "replaced", &f->replaced, err) ||
	    failure_of(v, "failure", &f->failure, err))
		return (-1);
	f->separator = copy_of(v, "separator", err);
	f->component = copy_of(v, "component", err);
	f->sheet = (unsigned)number(v, "sheet");
	f->sheets = (unsigned)number(v, "sheets");
	if (f->kind > SH_FED_SET_ASIDE || f->kind == SH_FED_PENDING ||
	    (f->kind == SH_FED_SET_ASIDE && f->failure == NULL))
		return (damaged(err));
	return (err->code == SH_OK ? 0 : -1);
}

/* A field whose name the catalogue no longer knows is left out. */
static int
fields_of(const json_t *list, struct sh_draft *d, struct sh_error *err)
{
	const struct sh_field_def *def;
	const json_t *v, *box;
	const char *name, *value;
	struct sh_field *f;
	size_t i;

	d->fields.field = sh_alloc(json_array_size(list),
	    sizeof(*d->fields.field), "the fields", err);
	if (d->fields.field == NULL)
		return (-1);
	for (i = 0; i < json_array_size(list); i++) {
		v = json_array_get(list, i);
		if ((name = text(v, "name")) == NULL ||
		    (value = text(v, "value")) == NULL)
			return (damaged(err));
		def = d->guess.type == NULL ? NULL :
		    sh_paper_type_field(d->guess.type, name);
		if (def == NULL)
			continue;
		f = &d->fields.field[d->fields.n];
		f->def = def;
		if ((f->value = sh_strdup(value, err)) == NULL)
			return (-1);
		d->fields.n++;
		f->confidence = real(v, "confidence");
		f->page = (uint32_t)number(v, "page");
		box = json_object_get(v, "box");
		f->box.x = (int32_t)json_integer_value(json_array_get(box, 0));
		f->box.y = (int32_t)json_integer_value(json_array_get(box, 1));
		f->box.w = (int32_t)json_integer_value(json_array_get(box, 2));
		f->box.h = (int32_t)json_integer_value(json_array_get(box, 3));
		f->method = text(v, "method");
		f->doubt = text(v, "doubt");
		f->review = (int)number(v, "review");
	}
	return (0);
}

static int
people_of(const json_t *v, struct sh_draft *d, struct sh_error *err)
{
	const json_t *parties = json_object_get(v, "parties");
	const json_t *holders = json_object_get(v, "holders"), *p;
	size_t i;

	d->parties.party = sh_alloc(json_array_size(parties),
	    sizeof(*d->parties.party), "the parties", err);
	d->holders = sh_alloc(json_array_size(holders) + 1,
	    sizeof(*d->holders), "the holders", err);
	if (d->parties.party == NULL || d->holders == NULL)
		return (-1);
	for (i = 0; i < json_array_size(parties); i++) {
		struct sh_party *q = &d->parties.party[d->parties.n++];

		p = json_array_get(parties, i);
		id_of(p, "kind", "id", &q->id);
		q->name = copy_of(p, "name", err);
		if ((q->role = text(p, "role")) == NULL)
			q->role = "";
		date_of(p, "birth", &q->birth);
		q->confidence = real(p, "confidence");
		q->files = (int)number(p, "files");
		q->unsure = (int)number(p, "unsure");
	}
	for (i = 0; i < json_array_size(holders); i++) {
		struct sh_holder *h = &d->holders[d->nholders++];

		p = json_array_get(holders, i);
		id_of(p, "kind", "id", &h->id);
		h->name = text(p, "name");
		h->role = text(p, "role");
		date_of(p, "birth", &h->birth);
	}
	return (err->code == SH_OK ? 0 : -1);
}

static const struct sh_component *
component_of(const struct sh_procedure *p, const char *code)
{
	size_t i;

	for (i = 0; p != NULL && code != NULL && i < p->ncomponents; i++)
		if (strcmp(p->components[i].code, code) == 0)
			return (&p->components[i]);
	return (NULL);
}

static void
kin_of(const json_t *v, struct sh_draft *d)
{
	const char *id = text(v, "id");

	if (id == NULL || sh_document_id_parse(id, &d->kin.id))
		return;
	d->kin.kinship = (enum sh_kinship)number(v, "kinship");
	d->kin.better = (int)number(v, "better");
	d->kin.pictured = (int)number(v, "pictured");
	d->kin.agreeing = (unsigned)number(v, "agreeing");
	d->kin.words_bp = (int)number(v, "words_bp");
	d->kin.differs = text(v, "differs");
	d->decided = (enum sh_kin_decision)number(v, "decided");
}

static int
draft_of(const json_t *v, struct sh_job *j, struct sh_draft *d,
    struct sh_error *err)
{
	const json_t *list = json_object_get(v, "pages");
	const char *s;
	size_t i;

	d->pages = sh_alloc(json_array_size(list), sizeof(*d->pages),
	    "the pages", err);
	if (d->pages == NULL)
		return (-1);
	for (i = 0; i < json_array_size(list); i++) {
		d->pages[i] = (size_t)json_integer_value(
		    json_array_get(list, i));
		if (d->pages[i] >= j->nfed)
			return (damaged(err));
		d->npages++;
	}
	d->state = (enum sh_draft_state)number(v, "state");
	if (d->state > SH_DRAFT_FAILED || d->npages == 0 ||
	    (s = text(v, "id")) == NULL || sh_document_id_parse(s, &d->id))
		return (damaged(err));
	if ((s = text(v, "type")) != NULL)
		d->guess.type = sh_catalogue_type(j->catalogue, s);
	d->bytes = (uint64_t)number(v, "bytes");
	d->guess.confidence = real(v, "confidence");
	d->guess.certified_copy = (int)number(v, "certified");
	d->guess.first_page = (int)number(v, "first");
	d->guess.evidence = json_incref(json_object_get(v, "evidence"));
	d->review = json_incref(json_object_get(v, "review"));
	kin_of(json_object_get(v, "kin"), d);
	d->component = component_of(j->dossier->procedure,
	    text(v, "component"));
	list = json_object_get(v, "reasons");
	for (i = 0; i < json_array_size(list) && i < SH_DRAFT_REASONS; i++)
		if ((s = json_string_value(json_array_get(list, i))) != NULL)
			d->reasons[d->nreasons++] = s;
	return (digest_of(v, "content", &d->content, err) ||
	    fields_of(json_object_get(v, "fields"), d, err) ||
	    people_of(v, d, err) ||
	    failure_of(v, "failure", &d->failure, err) ? -1 : 0);
}

int
sh_kept_from_json(json_t *take_v, const struct sh_catalogue *catalogue,
    struct sh_job **jp, struct sh_error *err)
{
	const json_t *list;
	struct sh_dossier *d = NULL;
	struct sh_job *j = NULL;
	const char *format = text(take_v, "format");
	size_t i;

	*jp = NULL;
	if (format == NULL || strcmp(format, FORMAT) != 0) {
		json_decref(take_v);
		return (damaged(err));
	}
	if (dossier_of(json_object_get(take_v, "dossier"), catalogue, &d,
	    err)) {
		sh_dossier_free(d);
		json_decref(take_v);
		return (-1);
	}
	if (sh_job_new(d, catalogue, &j, err)) {
		json_decref(take_v);
		return (-1);
	}
	j->kept = take_v;
	j->since = number(take_v, "since");
	j->begun = number(take_v, "begun");
	list = json_object_get(take_v, "fed");
	for (i = 0; i < json_array_size(list); i++)
		if (fed_of(json_array_get(list, i), j, err))
			goto bad;
	list = json_object_get(take_v, "drafts");
	j->drafts = sh_alloc(json_array_size(list), sizeof(*j->drafts),
	    "the drafts", err);
	if (j->drafts == NULL)
		goto bad;
	for (i = 0; i < json_array_size(list); i++)
		if (draft_of(json_array_get(list, i), j,
		    &j->drafts[j->ndrafts++], err))
			goto bad;
	*jp = j;
	return (0);
bad:
	sh_job_free(j);
	return (-1);
}

/* ---- on the spool ---------------------------------------------------------------- */

int
sh_kept_put(struct sh_spool *s, const struct sh_job *j, struct sh_error *err)
{
	struct sh_buf b = SH_BUF_INIT;
	struct sh_digest digest;
	uint64_t bytes;
	char name[SH_IMAGE_NAME];
	json_t *v;
	size_t i, k;
	int rc = -1;

	for (i = 0; i < j->ndrafts; i++) {
		const struct sh_draft *d = &j->drafts[i];

		if (d->state == SH_DRAFT_ARCHIVED ||
		    d->state == SH_DRAFT_LINKED)
			continue;
		for (k = 0; k < d->npages; k++) {
			sh_job_image_name(j, d->pages[k], name);
			if (sh_spool_sync(s, name, err))
				return (-1);
		}
	}
	if (sh_spool_put_file(s, READINGS, j->readings_fd, &digest, &bytes,
	    err))
		return (-1);
	if ((v = sh_kept_to_json(j, 0, err)) != NULL &&
	    sh_json_print(v, 0, &b, err) == 0)
		rc = sh_spool_put(s, SH_KEPT_JOB, b.data, b.len, 1, err);
	json_decref(v);
	sh_buf_free(&b);
	return (rc);
}

int
sh_kept_get(struct sh_spool *s, const struct sh_catalogue *catalogue,
    int readings, struct sh_job **jp, struct sh_error *err)
{
	struct sh_buf b = SH_BUF_INIT;
	json_t *v;
	off_t end;
	size_t i;
	int rc;

	*jp = NULL;
	if ((rc = sh_spool_get(s, SH_KEPT_JOB, &b, err)) <= 0)
		goto out;
	rc = -1;
	if ((v = sh_json_parse(b.data, b.len, KEPT_MAX, err)) == NULL ||
	    sh_kept_from_json(v, catalogue, jp, err))
		goto out;
	rc = 1;
	if (!readings)
		goto out;
	rc = -1;
	if (sh_spool_get_file(s, READINGS, (*jp)->readings_fd, err))
		goto out;
	end = lseek((*jp)->readings_fd, 0, SEEK_END);
	(*jp)->readings_len = end > 0 ? (uint64_t)end : 0;
	for (i = 0; i < (*jp)->nfed; i++)
		if ((*jp)->fed[i].reading_at + (*jp)->fed[i].reading_len >
		    (*jp)->readings_len) {
			(void)damaged(err);
			goto out;
		}
	rc = 1;
out:
	if (rc != 1) {
		sh_job_free(*jp);
		*jp = NULL;
	}
	sh_buf_free(&b);
	return (rc);
}
