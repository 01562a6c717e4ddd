#include "schemas/catalogue_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/embed.h"
#include "base/fs.h"
#include "base/mem.h"
#include "schemas/identifier.h"

#define FILE_MAX	(8 << 20)
#define TYPES_FILE	"paper-types.json"
#define PROCEDURES_FILE	"procedures.json"

SH_EMBED(sh_paper_types_json, "schemas/" TYPES_FILE);
SH_EMBED(sh_procedures_json, "schemas/" PROCEDURES_FILE);

struct sh_catalogue {
	json_t *types_file;
	json_t *procedures_file;
	struct sh_paper_type *type;
	size_t ntypes;
	struct sh_procedure *procedure;
	size_t nprocedures;
	struct sh_digest digest;
};

static const char *const kind_words[] = { "text", "name", "id", "number",
    "date", "money", "area", "place", "enum", "mrz", "qr" };
static const char *const validity_words[] = { "always", "months", "until",
    "superseded", "purpose", "void" };
static const char *const duplicate_words[] = { "link", "keep", "replace",
    "ask" };
static const char *const profile_words[] = { "standard", "archive",
    "preview" };

int
sh_catalogue_wrong(struct sh_error *err, const char *fmt, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	/* On its way up an error collects the names of where it is. */
	if (err->code != SH_OK)
		return (sh_error_context(err, "%s", text));
	return (sh_error_set(err, SH_EFORMAT, "catalogue.entry", "%s", text));
}

/* What a getter of base/json.h refused is a wrong entry like any other. */
static int
as_entry(const char *entry, struct sh_error *err)
{
	char text[sizeof(err->text)];

	if (err->code == SH_EFORMAT || err->code == SH_ELIMIT) {
		memcpy(text, err->text, sizeof(text));
		sh_error_clear(err);
		sh_error_param(err, "entry", "%.60s", entry);
		(void)sh_error_set(err, SH_EFORMAT, "catalogue.entry", "%s",
		    text);
	}
	return (sh_error_context(err, "%s", entry));
}

/* The index of the member's word in WORDS. */
static int
get_word(const json_t *obj, const char *name, const char *const *words,
    size_t n, struct sh_error *err)
{
	const char *s;
	size_t i;

	if (sh_json_str(obj, name, 1, 40, &s, err))
		return (-1);
	for (i = 0; i < n; i++)
		if (strcmp(s, words[i]) == 0)
			return ((int)i);
	return (sh_catalogue_wrong(err, "\"%s\" is \"%s\"", name, s));
}

/* Lower-case letters and digits, joined by single JOINs. */
static int
is_name(const char *s, char join)
{
	size_t i, n = strlen(s);

	for (i = 0; i < n; i++)
		if (!((s[i] >= 'a' && s[i] <= 'z') ||
		    (s[i] >= '0' && s[i] <= '9') ||
		    (s[i] == join && i > 0 && i + 1 < n && s[i - 1] != join)))
			return (0);
	return (n > 0 && n <= 48);
}

const struct sh_field_def *
sh_paper_type_field(const struct sh_paper_type *type, const char *name)
{
	size_t i;

	for (i = 0; i < type->nfields; i++)
		if (strcmp(type->fields[i].name, name) == 0)
			return (&type->fields[i]);
	return (NULL);
}

/* NAME, if given, is a field of TYPE. */
static int
check_field(const struct sh_paper_type *type, const char *what,
    const char *name, struct sh_error *err)
{
	if (name != NULL && sh_paper_type_field(type, name) == NULL)
		return (sh_catalogue_wrong(err,
		    "\"%s\" names the field \"%s\", which it has not", what,
		    name));
	return (0);
}

static int
load_validity(struct sh_paper_type *t, const json_t *entry,
    struct sh_error *err)
{
	const char *from;
	json_t *v;
	int64_t months;
	int kind;

	if (sh_json_object(entry, "validity", 1, &v, err) ||
	    (kind = get_word(v, "kind", validity_words,
	    SH_COUNT(validity_words), err)) < 0 ||
	    sh_json_int(v, "months", 0, 0, 1200, -1, &months, err) ||
	    sh_json_str(v, "field", 0, 48, &t->validity_field, err) ||
	    sh_json_str(v, "from", 0, 10, &from, err))
		return (-1);
	t->validity = (enum sh_validity)kind;
	t->validity_months = (int)months;
	if ((months >= 0) != (kind == SH_VALID_MONTHS ||
	    kind == SH_VALID_PURPOSE) ||
	    (kind == SH_VALID_MONTHS && months == 0) ||
	    (t->validity_field != NULL) != (kind == SH_VALID_UNTIL) ||
	    (from != NULL) != (kind == SH_VALID_VOID) ||
	    (from != NULL && sh_date_parse(from, &t->void_from)))
		return (sh_catalogue_wrong(err,
		    "\"validity\" does not hold what its kind needs"));
	if (months < 0)
		t->validity_months = 0;
	return (0);
}

static int
load_field(struct sh_field_def *f, const json_t *v,
    const struct sh_paper_type *t, const json_t *shared,
    struct sh_error *err)
{
	const json_t *dflt;
	json_t *values;
	int kind;

	if (sh_json_str(v, "name", 1, 48, &f->name, err))
		return (-1);
	if (!is_name(f->name, '_'))
		return (sh_catalogue_wrong(err, "\"%s\" is no field name",
		    f->name));
	/* What the entry leaves out stands under "fields" of the file. */
	dflt = json_object_get(json_object_get(shared, "fields"), f->name);
	if ((kind = get_word(json_object_get(v, "kind") != NULL ? v : dflt,
	    "kind", kind_words, SH_COUNT(kind_words), err)) < 0 ||
	    sh_json_str(json_object_get(v, "label") != NULL ? v : dflt,
	    "label", 1, 200, &f->label, err) ||
	    sh_json_bool(v, "required", 0, &f->required, err) ||
	    sh_json_bool(v, "critical",
	    json_is_true(json_object_get(dflt, "critical")), &f->critical,
	    err) ||
	    sh_json_num(json_object_get(v, "error_rate") != NULL ? v : dflt,
	    "error_rate", 0, 0, 0.5, f->critical ? SH_ERROR_RATE_CRITICAL :
	    SH_ERROR_RATE_USUAL, &f->error_rate, err) ||
	    sh_json_array(json_object_get(v, "values") != NULL ? v : dflt,
	    "values", 0, SH_CATALOGUE_LIST_MAX, &values, err))
		return (sh_catalogue_wrong(err, "field %s", f->name));
	f->kind = (enum sh_field_kind)kind;
	f->values = values;
	f->find = json_object_get(v, "find");
	if (f->find == NULL)
		f->find = json_object_get(dflt, "find");
	if (sh_catalogue_check_find(f->find, t->contexts, shared, err))
		return (sh_catalogue_wrong(err, "field %s", f->name));
	return (0);
}

static int
load_fields(struct sh_paper_type *t, const json_t *entry,
    const json_t *shared, struct sh_error *err)
{
	struct sh_field_def *f;
	json_t *a, *v;
	size_t i;

	if (sh_json_array(entry, "fields", 1, SH_CATALOGUE_FIELDS_MAX, &a,
	    err) || (f = sh_alloc(json_array_size(a), sizeof(*f),
	    "paper type", err)) == NULL)
		return (-1);
	t->fields = f;
	json_array_foreach(a, i, v) {
		if (load_field(&f[i], v, t, shared, err))
			return (-1);
		if (sh_paper_type_field(t, f[i].name) != NULL)
			return (sh_catalogue_wrong(err,
			    "field %s stands twice", f[i].name));
		t->nfields = i + 1;
	}
	return (0);
}

/* "id": a field, two fields in order of preference, or null. */
static int
holder_ids(const json_t *v, struct sh_holder_def *h, struct sh_error *err)
{
	const json_t *id = json_object_get(v, "id");

	if (!json_is_array(id))
		return (sh_json_str(v, "id", 0, 48, &h->id_field, err));
	h->id_field = json_string_value(json_array_get(id, 0));
	h->other_id_field = json_string_value(json_array_get(id, 1));
	if (json_array_size(id) != 2 || h->id_field == NULL ||
	    h->other_id_field == NULL)
		return (sh_catalogue_wrong(err,
		    "\"id\" must name one or two fields"));
	return (0);
}

static int
load_holders(struct sh_paper_type *t, const json_t *entry,
    struct sh_error *err)
{
	struct sh_holder_def *h;
	json_t *a, *v;
	size_t i;

	if (sh_json_array(entry, "holders", 1, 16, &a, err) ||
	    (h = sh_alloc(json_array_size(a), sizeof(*h), "paper type",
	    err)) == NULL)
		return (-1);
	t->holders = h;
	t->nholders = json_array_size(a);
	json_array_foreach(a, i, v)
		if (sh_json_str(v, "role", 1, 40, &h[i].role, err) ||
		    holder_ids(v, &h[i], err) ||
		    sh_json_str(v, "name", 1, 48, &h[i].name_field, err) ||
		    sh_json_str(v, "birth", 0, 48, &h[i].birth_field, err) ||
		    sh_json_bool(v, "files", 0, &h[i].files, err) ||
		    check_field(t, "id", h[i].id_field, err) ||
		    check_field(t, "id", h[i].other_id_field, err) ||
		    check_field(t, "name", h[i].name_field, err) ||
		    check_field(t, "birth", h[i].birth_field, err))
			return (sh_catalogue_wrong(err, "holder %zu", i + 1));
	return (0);
}

static int
load_type(struct sh_paper_type *t, const json_t *entry, const json_t *shared,
    struct sh_error *err)
{
	int64_t retention;
	int duplicate, profile = SH_PROFILE_STANDARD;

	if (sh_json_str(entry, "slug", 1, 48, &t->slug, err))
		return (-1);
	if (!is_name(t->slug, '-'))
		return (sh_catalogue_wrong(err, "\"%s\" is no slug",
		    t->slug));
	t->recognise = json_object_get(entry, "recognise");
	t->contexts = json_object_get(entry, "contexts");
	t->people = json_object_get(entry, "people");
	if (sh_json_str(entry, "name", 1, 200, &t->name, err) ||
	    sh_json_str(entry, "name_en", 1, 200, &t->name_en, err) ||
	    sh_json_bool(entry, "card", 0, &t->card, err) ||
	    load_validity(t, entry, err) ||
	    sh_json_int(entry, "retention_years", 1, -1, 70, 0, &retention,
	    err) ||
	    (duplicate = get_word(entry, "duplicate", duplicate_words,
	    SH_COUNT(duplicate_words), err)) < 0 ||
	    (json_object_get(entry, "profile") != NULL &&
	    (profile = get_word(entry, "profile", profile_words,
	    SH_COUNT(profile_words), err)) < 0) ||
	    sh_catalogue_check_recognise(t->recognise, err) ||
	    sh_catalogue_check_contexts(t->contexts, shared, err) ||
	    load_fields(t, entry, shared, err) ||
	    load_holders(t, entry, err) ||
	    sh_json_str(entry, "number", 0, 48, &t->number_field, err) ||
	    sh_json_str(entry, "issued", 0, 48, &t->issued_field, err) ||
	    sh_json_str(entry, "issuer", 0, 48, &t->issuer_field, err) ||
	    check_field(t, "number", t->number_field, err) ||
	    check_field(t, "issued", t->issued_field, err) ||
	    check_field(t, "issuer", t->issuer_field, err) ||
	    check_field(t, "validity", t->validity_field, err) ||
	    sh_catalogue_check_people(t, err))
		return (-1);
	t->retention_years = (int)retention;
	t->duplicate = (enum sh_duplicate)duplicate;
	t->profile = (enum sh_profile)profile;
	return (0);
}

static int
load_types(struct sh_catalogue *c, struct sh_error *err)
{
	char entry[80];
	const char *slug;
	json_t *a, *v;
	size_t i;

	if (sh_catalogue_check_shared(c->types_file, err) ||
	    sh_json_array(c->types_file, "types", 1,
	    SH_CATALOGUE_TYPES_MAX, &a, err))
		return (as_entry(TYPES_FILE, err));
	c->type = sh_alloc(json_array_size(a), sizeof(*c->type),
	    "paper types", err);
	if (c->type == NULL)
		return (-1);
	json_array_foreach(a, i, v) {
		slug = json_string_value(json_object_get(v, "slug"));
		if (slug != NULL)
			(void)snprintf(entry, sizeof(entry), "%.60s", slug);
		else
			(void)snprintf(entry, sizeof(entry), "type %zu",
			    i + 1);
		/* Counted at once, so that what it owns is freed. */
		c->type[i].index = (unsigned)i;
		c->ntypes = i + 1;
		if (load_type(&c->type[i], v, c->types_file, err))
			return (as_entry(entry, err));
		if (sh_catalogue_type(c, c->type[i].slug) != &c->type[i]) {
			(void)sh_catalogue_wrong(err, "it stands twice");
			return (as_entry(entry, err));
		}
	}
	return (0);
}

static int
load_component(const struct sh_catalogue *c, struct sh_component *p,
    const json_t *v, struct sh_error *err)
{
	const struct sh_paper_type **types;
	const char *slug;
	int64_t months;
	json_t *a;
	size_t i;

	if (sh_json_str(v, "code", 1, 48, &p->code, err) ||
	    sh_json_str(v, "name", 1, SH_CATALOGUE_TEXT_MAX, &p->name, err) ||
	    sh_json_bool(v, "required", 1, &p->required, err) ||
	    sh_json_int(v, "freshness_months", 0, 0, 1200, 0, &months,
	    err) ||
	    sh_json_array(v, "types", 1, 32, &a, err))
		return (-1);
	p->freshness_months = (int)months;
	if (json_array_size(a) == 0)
		return (sh_catalogue_wrong(err, "no paper satisfies it"));
	types = sh_alloc(json_array_size(a), sizeof(*types), "component",
	    err);
	p->types = types;
	if (types == NULL)
		return (-1);
	for (i = 0; i < json_array_size(a); i++) {
		slug = json_string_value(json_array_get(a, i));
		if (slug == NULL ||
		    (types[i] = sh_catalogue_type(c, slug)) == NULL)
			return (sh_catalogue_wrong(err,
			    "unknown paper type \"%s\"",
			    slug != NULL ? slug : "?"));
		p->ntypes = i + 1;
	}
	return (0);
}

static int
load_procedure(const struct sh_catalogue *c, struct sh_procedure *p,
    const json_t *entry, struct sh_error *err)
{
	struct sh_component *part;
	json_t *a, *v;
	size_t i, k;

	if (sh_json_str(entry, "code", 1, 48, &p->code, err) ||
	    sh_json_str(entry, "name", 1, SH_CATALOGUE_TEXT_MAX, &p->name,
	    err) ||
	    sh_json_array(entry, "components", 1, 64, &a, err))
		return (-1);
	if (!sh_procedure_code_valid(p->code))
		return (sh_catalogue_wrong(err, "\"%s\" is no procedure code",
		    p->code));
	part = sh_alloc(json_array_size(a), sizeof(*part), "procedure", err);
	p->components = part;
	if (part == NULL)
		return (-1);
	json_array_foreach(a, i, v) {
		p->ncomponents = i + 1;
		if (load_component(c, &part[i], v, err))
			return (sh_catalogue_wrong(err, "component %zu",
			    i + 1));
		for (k = 0; k < i; k++)
			if (strcmp(part[k].code, part[i].code) == 0)
				return (sh_catalogue_wrong(err,
				    "component %s stands twice",
				    part[i].code));
	}
	return (0);
}

static int
load_procedures(struct sh_catalogue *c, struct sh_error *err)
{
	char entry[80];
	const char *code;
	json_t *a, *v;
	size_t i;

	if (sh_json_array(c->procedures_file, "procedures", 1,
	    SH_CATALOGUE_PROCEDURES_MAX, &a, err))
		return (as_entry(PROCEDURES_FILE, err));
	c->procedure = sh_alloc(json_array_size(a), sizeof(*c->procedure),
	    "procedures", err);
	if (c->procedure == NULL)
		return (-1);
	json_array_foreach(a, i, v) {
		code = json_string_value(json_object_get(v, "code"));
		(void)snprintf(entry, sizeof(entry), "procedure %.60s",
		    code != NULL ? code : "?");
		c->nprocedures = i + 1;
		if (load_procedure(c, &c->procedure[i], v, err))
			return (as_entry(entry, err));
		if (sh_catalogue_procedure(c, c->procedure[i].code) !=
		    &c->procedure[i]) {
			(void)sh_catalogue_wrong(err, "it stands twice");
			return (as_entry(entry, err));
		}
	}
	return (0);
}

/* The file's bytes: from DIR, or the ones in the program. */
static int
read_file(const char *dir, const char *name, const char *own, size_t ownlen,
    struct sh_buf *out, struct sh_error *err)
{
	char *path;
	int rc;

	if (dir == NULL)
		return (sh_buf_append(out, own, ownlen, err));
	if ((path = sh_path_join(dir, name, err)) == NULL)
		return (-1);
	rc = sh_fs_read(path, FILE_MAX, out, err);
	free(path);
	return (rc);
}

int
sh_catalogue_load(const char *dir, struct sh_catalogue **cp,
    struct sh_error *err)
{
	struct sh_buf types = SH_BUF_INIT, procedures = SH_BUF_INIT;
	struct sh_hasher *h = NULL;
	struct sh_catalogue *c;
	int rc = -1;

	*cp = NULL;
	if ((c = sh_alloc(1, sizeof(*c), "catalogue", err)) == NULL ||
	    read_file(dir, TYPES_FILE, sh_paper_types_json,
	    sh_paper_types_json_size, &types, err) ||
	    read_file(dir, PROCEDURES_FILE, sh_procedures_json,
	    sh_procedures_json_size, &procedures, err))
		goto out;
	c->types_file = sh_json_parse(types.data, types.len, FILE_MAX, err);
	if (c->types_file == NULL) {
		(void)as_entry(TYPES_FILE, err);
		goto out;
	}
	c->procedures_file = sh_json_parse(procedures.data, procedures.len,
	    FILE_MAX, err);
	if (c->procedures_file == NULL) {
		(void)as_entry(PROCEDURES_FILE, err);
		goto out;
	}
	if (load_types(c, err) || load_procedures(c, err) ||
	    (h = sh_hasher_new(NULL, 0, err)) == NULL ||
	    /* The NUL keeps the two files apart. */
	    sh_hasher_update(h, types.data, types.len, err) ||
	    sh_hasher_update(h, "", 1, err) ||
	    sh_hasher_update(h, procedures.data, procedures.len, err) ||
	    sh_hasher_final(h, &c->digest, err))
		goto out;
	*cp = c;
	c = NULL;
	rc = 0;
out:
	sh_hasher_free(h);
	sh_buf_free(&procedures);
	sh_buf_free(&types);
	sh_catalogue_free(c);
	return (rc);
}

/* Members that a loader filled are const for everybody else. */
static void
drop(const void *p)
{
	free((void *)(uintptr_t)p);
}

void
sh_catalogue_free(struct sh_catalogue *c)
{
	size_t i, k;

	if (c == NULL)
		return;
	for (i = 0; i < c->ntypes; i++) {
		drop(c->type[i].fields);
		drop(c->type[i].holders);
	}
	for (i = 0; i < c->nprocedures; i++) {
		for (k = 0; k < c->procedure[i].ncomponents; k++)
			drop(c->procedure[i].components[k].types);
		drop(c->procedure[i].components);
	}
	free(c->type);
	free(c->procedure);
	json_decref(c->types_file);
	json_decref(c->procedures_file);
	free(c);
}

static int
install_file(const char *dir, const char *name, const char *data,
    size_t len, struct sh_error *err)
{
	char *path = sh_path_join(dir, name, err);
	int rc = path == NULL ? -1 : sh_fs_replace(path, data, len, 0644,
	    err);

	free(path);
	return (rc);
}

int
sh_catalogue_install(const char *dir, struct sh_error *err)
{
	if (sh_fs_mkdirs(dir, 0755, err) ||
	    install_file(dir, TYPES_FILE, sh_paper_types_json,
	    sh_paper_types_json_size, err) ||
	    install_file(dir, PROCEDURES_FILE, sh_procedures_json,
	    sh_procedures_json_size, err))
		return (-1);
	return (0);
}

const struct sh_paper_type *
sh_catalogue_type(const struct sh_catalogue *c, const char *slug)
{
	size_t i;

	for (i = 0; i < c->ntypes; i++)
		if (strcmp(c->type[i].slug, slug) == 0)
			return (&c->type[i]);
	return (NULL);
}

const struct sh_procedure *
sh_catalogue_procedure(const struct sh_catalogue *c, const char *code)
{
	size_t i, n;

	if (!sh_procedure_code_valid(code))
		return (NULL);
	/* An exact code wins over the same without its suffix. */
	for (i = 0; i < c->nprocedures; i++)
		if (strcmp(c->procedure[i].code, code) == 0)
			return (&c->procedure[i]);
	for (i = 0; i < c->nprocedures; i++) {
		n = strlen(c->procedure[i].code);
		if (strncmp(c->procedure[i].code, code, n) == 0 &&
		    code[n] == '.')
			return (&c->procedure[i]);
	}
	return (NULL);
}

size_t
sh_catalogue_ntypes(const struct sh_catalogue *c)
{
	return (c->ntypes);
}

const struct sh_paper_type *
sh_catalogue_type_at(const struct sh_catalogue *c, size_t i)
{
	return (i < c->ntypes ? &c->type[i] : NULL);
}

size_t
sh_catalogue_nprocedures(const struct sh_catalogue *c)
{
	return (c->nprocedures);
}

const struct sh_procedure *
sh_catalogue_procedure_at(const struct sh_catalogue *c, size_t i)
{
	return (i < c->nprocedures ? &c->procedure[i] : NULL);
}

const json_t *
sh_catalogue_shared(const struct sh_catalogue *c)
{
	return (c->types_file);
}

const struct sh_digest *
sh_catalogue_digest(const struct sh_catalogue *c)
{
	return (&c->digest);
}

const char *
sh_profile_word(enum sh_profile profile)
{
	return (profile_words[profile]);
}
