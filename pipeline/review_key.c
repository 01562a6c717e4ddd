/*
 * Values that people key.  A critical field stands when two witnesses that
 * do not know of each other agree: the machine and a person, or two people.
 */
#include "pipeline/review_internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "pipeline/divide.h"
#include "pipeline/match.h"

#define VALUE_MAX	1000	/* bytes */

static json_t *
part(struct sh_draft *d, const char *name, int array, struct sh_error *err)
{
	json_t *v;

	if (d->review == NULL &&
	    (d->review = sh_json_new_object(err)) == NULL)
		return (NULL);
	if ((v = json_object_get(d->review, name)) != NULL)
		return (v);
	v = array ? json_array() : json_object();
	return (sh_json_set(d->review, name, v, err) == 0 ? v : NULL);
}

json_t *
sh_review_note(struct sh_draft *d, const char *who, const char *what,
    struct sh_error *err)
{
	char at[SH_TIME_LEN];
	json_t *list, *v;

	sh_time_print(sh_now(), at);
	if ((list = part(d, "decisions", 1, err)) == NULL)
		return (NULL);
	v = json_pack("{s:s, s:s, s:s}", "at", at, "by", who, "what", what);
	return (sh_json_append(list, v, err) == 0 ? v : NULL);
}

const json_t *
sh_review_confirmed(const struct sh_draft *d, const char *field)
{
	const json_t *list = json_object_get(d->review, "decisions"), *v;
	const json_t *found = NULL;
	const char *s;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)list, i, v) {
		s = json_string_value(json_object_get(v, "field"));
		if (s != NULL && strcmp(s, field) == 0)
			found = v;
	}
	return (found);
}

json_t *
sh_review_keyed(const struct sh_draft *d, const char *field)
{
	json_t *list = json_object_get(json_object_get(d->review, "keyed"),
	    field);

	return (json_array_size(list) > 0 ? list : NULL);
}

/* The form that the field's kind asks for; *OUT is fresh memory. */
static int
normal_value(const struct sh_field_def *def, const char *value, char **out,
    struct sh_error *err)
{
	struct sh_buf b = SH_BUF_INIT;
	struct sh_error own = SH_ERROR_INIT;
	struct sh_date day;
	struct sh_id id;
	int good;

	if (strlen(value) > VALUE_MAX || sh_text_clean(value, strlen(value),
	    &b, err) || sh_buf_append(&b, "", 0, err)) {
		sh_buf_free(&b);
		if (err->code != SH_OK)
			return (-1);
		return (sh_error_set(err, SH_EARG, "review.value",
		    "%s: more than %d bytes", def->name, VALUE_MAX));
	}
	good = 1;
	if (b.len > 0 && def->kind == SH_FIELD_DATE)
		good = sh_date_parse((char *)b.data, &day) == 0;
	else if (b.len > 0 && def->kind == SH_FIELD_ID)
		good = sh_id_parse((char *)b.data, &id, &own) == 0;
	if (!good) {
		sh_error_param(err, "value", "%s", (char *)b.data);
		sh_error_param(err, "field", "%s", def->label);
		(void)sh_error_set(err, SH_EARG, "review.value",
		    "\"%s\" is no %s", (char *)b.data, def->name);
		sh_buf_free(&b);
		return (-1);
	}
	*out = sh_buf_steal(&b, err);
	return (*out != NULL ? 0 : -1);
}

static struct sh_field *
field_of(struct sh_draft *d, const char *name)
{
	size_t i;

	for (i = 0; i < d->fields.n; i++)
		if (strcmp(d->fields.field[i].def->name, name) == 0)
			return (&d->fields.field[i]);
	return (NULL);
}

/* The value stands: into the draft, with what it was. */
static int
apply(struct sh_draft *d, const struct sh_field_def *def, const char *value,
    const char *who, const char *second, struct sh_error *err)
{
	struct sh_field *f = field_of(d, def->name);
	size_t cap = d->fields.n;
	json_t *note;
	char *copy;

	if ((note = sh_review_note(d, who, f != NULL && strcmp(f->value,
	    value) == 0 ? "confirm" : "correct", err)) == NULL ||
	    sh_json_set_str(note, "field", def->name, err) ||
	    sh_json_set_str(note, "new", value, err) ||
	    sh_json_set_str(note, "second", second, err) ||
	    (f != NULL && (sh_json_set_str(note, "old", f->value, err) ||
	    sh_json_set_str(note, "method", f->method, err) ||
	    sh_json_set_int(note, "old_bp", (int64_t)(f->confidence * 10000 +
	    0.5), err))) || (copy = sh_strdup(value, err)) == NULL)
		return (-1);
	if (*value == '\0') {
		free(copy);
		if (f == NULL)
			return (0);
		free(f->value);
		d->fields.n--;
		memmove(f, f + 1, (size_t)(d->fields.field + d->fields.n -
		    f) * sizeof(*f));
		return (0);
	}
	if (f == NULL) {
		if (sh_grow(&d->fields.field, &cap, d->fields.n + 1,
		    sizeof(*d->fields.field), "the fields", err)) {
			free(copy);
			return (-1);
		}
		f = &d->fields.field[d->fields.n++];
		memset(f, 0, sizeof(*f));
		f->def = def;
	}
	free(f->value);
	f->value = copy;
	f->confidence = 1;
	f->method = "person";
	f->doubt = NULL;
	f->review = 0;
	return (0);
}

/*
 * Whose word agrees with VALUE: "machine", another person, NULL.  DIFFERS:
 * somebody keyed something else.
 */
static const char *
witness(const struct sh_home *h, struct sh_draft *d,
    const struct sh_field_def *def, const char *value, const char *who,
    int *differs)
{
	int twice = strcmp(sh_config_text(h->config, "double-keying"),
	    "twice") == 0;
	const struct sh_field *f = field_of(d, def->name);
	json_t *list = sh_review_keyed(d, def->name), *v;
	const char *by, *found = NULL;
	size_t i;

	*differs = 0;
	if (f != NULL && strcmp(f->method, "person") != 0 &&
	    strcmp(f->value, value) == 0)
		return ("machine");
	json_array_foreach(list, i, v) {
		by = json_string_value(json_object_get(v, "by"));
		if (strcmp(json_string_value(json_object_get(v, "value")),
		    value) != 0)
			*differs = 1;
		else if (twice || strcmp(by, who) != 0)
			found = by;
	}
	return (found);
}

/* Keep the value apart until somebody else has keyed it too. */
static int
key_once(struct sh_draft *d, const struct sh_field_def *def,
    const char *value, const char *who, struct sh_error *err)
{
	json_t *keyed = part(d, "keyed", 0, err), *list, *v, *own = NULL;
	char at[SH_TIME_LEN];
	size_t i;

	if (keyed == NULL)
		return (-1);
	if ((list = json_object_get(keyed, def->name)) == NULL) {
		list = json_array();
		if (sh_json_set(keyed, def->name, list, err))
			return (-1);
	}
	sh_time_print(sh_now(), at);
	v = json_pack("{s:s, s:s, s:s}", "at", at, "by", who, "value", value);
	/* A person who keys again has thought again. */
	json_array_foreach(list, i, own)
		if (strcmp(json_string_value(json_object_get(own, "by")),
		    who) == 0)
			break;
	if (i < json_array_size(list)) {
		if (v == NULL || json_array_set_new(list, i, v) != 0)
			return (sh_error_nomem(err, "JSON"));
		return (0);
	}
	return (sh_json_append(list, v, err));
}

int
sh_review_default_holders(const struct sh_job *j, struct sh_draft *d,
    struct sh_error *err)
{
	struct sh_holder *h;
	size_t i;

	if (d->nholders > 0)
		return (0);
	if ((h = sh_alloc(d->parties.n + 1, sizeof(*h), "the holders",
	    err)) == NULL)
		return (-1);
	free(d->holders);
	d->holders = h;
	for (i = 0; i < d->parties.n; i++) {
		const struct sh_party *p = &d->parties.party[i];

		if (p->files && (p->id.kind != SH_ID_NONE ||
		    p->name != NULL))
			h[d->nholders++] = (struct sh_holder){ p->id,
			    p->name, p->role, p->birth };
	}
	if (d->nholders == 0)
		h[d->nholders++] = (struct sh_holder){ j->dossier->holder,
		    j->dossier->holder_name, "subject",
		    j->dossier->holder_birth };
	return (0);
}

int
sh_review_rematch(struct sh_job *j, size_t draft, struct sh_error *err)
{
	struct sh_draft *d = &j->drafts[draft];
	struct before {
		enum sh_draft_state state;
		unsigned nreasons;
	} *was;
	size_t i;
	int rc;

	if ((was = sh_alloc(j->ndrafts, sizeof(*was), "the drafts", err)) ==
	    NULL)
		return (-1);
	for (i = 0; i < j->ndrafts; i++)
		was[i] = (struct before){ j->drafts[i].state,
		    j->drafts[i].nreasons };
	free(d->holders);
	d->holders = NULL;
	d->nholders = 0;
	d->nreasons = 0;
	d->state = SH_DRAFT_NEW;
	rc = sh_match(j, err);
	for (i = 0; i < j->ndrafts; i++)
		if (i != draft) {
			j->drafts[i].state = was[i].state;
			j->drafts[i].nreasons = was[i].nreasons;
		}
	free(was);
	/* It is a person's now, who says when it is right. */
	if (d->state == SH_DRAFT_READY)
		d->state = SH_DRAFT_WAITS;
	return (rc != 0 ? -1 : sh_review_default_holders(j, d, err));
}

/* Values that were keyed differently are a reason of their own. */
static void
tell_keyed(const struct sh_home *h, struct sh_draft *d)
{
	const char *field, *first;
	json_t *keyed = json_object_get(d->review, "keyed"), *list, *v;
	size_t i;

	if (strcmp(sh_config_text(h->config, "double-keying"), "off") == 0)
		return;
	json_object_foreach(keyed, field, list) {
		if (json_array_size(list) == 0)
			continue;
		sh_draft_wait(d, "field.keyed-once");
		first = json_string_value(json_object_get(json_array_get(list,
		    0), "value"));
		json_array_foreach(list, i, v)
			if (strcmp(first, json_string_value(json_object_get(v,
			    "value"))) != 0)
				sh_draft_wait(d, "field.keyed-differently");
	}
}

int
sh_review_correct(struct sh_home *h, struct sh_item *it,
    const struct sh_review_act *act, struct sh_error *err)
{
	struct sh_draft *d = &it->job->drafts[it->draft];
	const struct sh_field_def *def;
	const char *second = NULL;
	char *value = NULL;
	int critical, differs, rc = -1;

	if (d->guess.type == NULL)
		return (sh_error_set(err, SH_ECONFLICT, "review.untyped",
		    "nobody has said what it is"));
	if ((def = sh_paper_type_field(d->guess.type, act->field)) == NULL) {
		sh_error_param(err, "value", "%.60s", act->field);
		return (sh_error_set(err, SH_ENOTFOUND, "review.field",
		    "%s has no field %.60s", d->guess.type->slug,
		    act->field));
	}
	if (normal_value(def, act->value, &value, err))
		return (-1);
	critical = def->critical && strcmp(sh_config_text(h->config,
	    "double-keying"), "off") != 0;
	if (critical)
		second = witness(h, d, def, value, act->who, &differs);
	if (critical && second == NULL) {
		rc = key_once(d, def, value, act->who, err);
	} else if (apply(d, def, value, act->who, second, err) == 0) {
		(void)json_object_del(json_object_get(d->review, "keyed"),
		    def->name);
		/* Whom the paper names may be another now. */
		rc = sh_draft_retype(it->job, d, NULL, err);
		if (rc == 0)
			rc = sh_review_rematch(it->job, it->draft, err);
	}
	if (rc == 0)
		tell_keyed(h, d);
	free(value);
	return (rc);
}

int
sh_review_acceptable(struct sh_home *h, const struct sh_draft *d,
    struct sh_error *err)
{
	struct sh_buf missing = SH_BUF_INIT;
	const char *field;
	json_t *list;
	size_t i;
	int rc = 0;

	if (d->guess.type == NULL)
		return (sh_error_set(err, SH_ECONFLICT, "review.untyped",
		    "nobody has said what it is"));
	if (d->npages > SH_DRAFT_PAGES_MAX)
		return (sh_error_set(err, SH_ECONFLICT, "document.too-long",
		    "%zu pages", d->npages));
	if (strcmp(sh_config_text(h->config, "double-keying"), "off") == 0)
		return (0);
	json_object_foreach(json_object_get(d->review, "keyed"), field, list)
		if (json_array_size(list) > 0) {
			sh_error_param(err, "field", "%s", field);
			return (sh_error_set(err, SH_ECONFLICT,
			    "review.second-key", "%s was keyed by one person",
			    field));
		}
	for (i = 0; rc == 0 && i < d->guess.type->nfields; i++) {
		const struct sh_field_def *def = &d->guess.type->fields[i];
		const struct sh_field *f = sh_fields_get(&d->fields,
		    def->name);

		if (!def->critical || sh_review_confirmed(d, def->name) !=
		    NULL || (f == NULL && !def->required) || (f != NULL &&
		    f->doubt == NULL && !f->review))
			continue;
		rc = sh_buf_printf(&missing, err, "%s%s", missing.len > 0 ?
		    ", " : "", def->name);
	}
	if (rc == 0 && missing.len > 0) {
		sh_error_param(err, "field", "%s", (char *)missing.data);
		rc = sh_error_set(err, SH_ECONFLICT, "review.confirm",
		    "to be keyed first: %s", (char *)missing.data);
	}
	sh_buf_free(&missing);
	return (rc);
}
