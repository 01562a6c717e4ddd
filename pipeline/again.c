#include "pipeline/again.h"

#include <string.h>

#include "archive/reuse.h"
#include "base/clock.h"
#include "base/mem.h"
#include "pipeline/figures.h"

static const char *
text(const json_t *v, const char *name)
{
	const char *s = json_string_value(json_object_get(v, name));

	return (s != NULL ? s : "");
}

static struct sh_reader
reader(const struct sh_home *h, const struct sh_job *j)
{
	return ((struct sh_reader){
		.name = h->officer != NULL ? sh_signer_name(h->officer) :
		    "sohoa",
		.agency = sh_config_text(h->config, "agency-code"),
		.purpose = j->dossier->code,
	});
}

static struct sh_date
day_of(const struct sh_job *j)
{
	return (sh_date_at(j->dossier->received_at != 0 ?
	    j->dossier->received_at : sh_now()));
}

/* Did this very dossier bring the document? */
static int
is_own(struct sh_home *h, const struct sh_job *j, const char *document,
    struct sh_error *err)
{
	struct sh_reader who = reader(h, j);
	struct sh_document_id id;
	json_t *record, *v;
	size_t i;
	int own = 0;

	if (sh_document_id_parse(document, &id) ||
	    sh_archive_show(h->archive, &who, &id, &record, err))
		return (-1);
	json_array_foreach(json_object_get(record, "dossiers"), i, v)
		own |= strcmp(text(v, "dossier"), j->dossier->code) == 0;
	json_decref(record);
	return (own);
}

int
sh_again_look(struct sh_home *h, struct sh_job *j, enum sh_reuse_mode mode,
    struct sh_error *err)
{
	const struct sh_dossier *d = j->dossier;
	struct sh_reader who = reader(h, j);
	json_t *answer, *v, *copy;
	size_t i;
	int held, own, rc = -1;

	if (d->procedure == NULL || d->holder.kind == SH_ID_NONE || d->result)
		return (0);
	if ((j->need = sh_json_new_array(err)) == NULL)
		return (-1);
	if (sh_archive_need(h->archive, &who, d->procedure->code, &d->holder,
	    day_of(j), &answer, err)) {
		/* Who may feed papers need not be one who may ask. */
		if (err->code != SH_EDENIED)
			return (-1);
		sh_error_clear(err);
		return (0);
	}
	json_array_foreach(json_object_get(answer, "components"), i, v) {
		held = strcmp(text(v, "state"), "held") == 0;
		own = held ? is_own(h, j, text(v, "document"), err) : 0;
		if (own < 0)
			goto out;
		copy = json_pack("{s:s, s:s, s:b, s:s, s:s*, s:b}", "code",
		    text(v, "code"), "name", text(v, "name"), "required",
		    json_is_true(json_object_get(v, "required")), "state",
		    text(v, "state"), "document", held ? text(v, "document") :
		    NULL, "reuse", held && !own && mode == SH_REUSE_AUTO &&
		    json_is_true(json_object_get(v, "required")));
		if (sh_json_append(j->need, copy, err))
			goto out;
	}
	rc = 0;
out:
	json_decref(answer);
	return (rc);
}

static int
was_scanned(const struct sh_job *j, const char *component)
{
	size_t i;

	for (i = 0; i < j->ndrafts; i++)
		if (j->drafts[i].component != NULL && strcmp(
		    j->drafts[i].component->code, component) == 0)
			return (1);
	return (0);
}

json_t *
sh_again_held(const struct sh_job *j, struct sh_error *err)
{
	json_t *list, *v;
	size_t i;

	if ((list = sh_json_new_array(err)) == NULL)
		return (NULL);
	json_array_foreach(j->need, i, v)
		if (strcmp(text(v, "document"), "") != 0 &&
		    !was_scanned(j, text(v, "code")) && sh_json_append(list,
		    json_pack("{s:s, s:s, s:s*}", "component", text(v,
		    "code"), "document", text(v, "document"), "receipt",
		    json_string_value(json_object_get(v, "receipt"))), err)) {
			json_decref(list);
			return (NULL);
		}
	return (list);
}

static const char *const mode_words[] = { [SH_REUSE_NEVER] = "never",
	[SH_REUSE_AUTO] = "auto", [SH_REUSE_ASK] = "ask" };

const char *
sh_reuse_mode_word(enum sh_reuse_mode mode)
{
	return (mode_words[mode]);
}

int
sh_reuse_mode_parse(const char *s, enum sh_reuse_mode *out)
{
	size_t i;

	for (i = 0; i < SH_COUNT(mode_words); i++)
		if (strcmp(s, mode_words[i]) == 0) {
			*out = (enum sh_reuse_mode)i;
			return (0);
		}
	return (-1);
}

/* 1 when it was reused, 0 when it no longer counts. */
static int
take(struct sh_home *h, const struct sh_job *j, json_t *v,
    struct sh_error *err)
{
	const struct sh_dossier *d = j->dossier;
	struct sh_reader who = reader(h, j);
	struct sh_holder holder = { d->holder, d->holder_name, NULL,
	    d->holder_birth };
	struct sh_reuse u = { .holder = &holder, .dossier = d->code,
	    .procedure = d->procedure->code, .component = text(v, "code"),
	    .day = day_of(j) };
	json_t *answer;
	int rc;

	if (sh_document_id_parse(text(v, "document"), &u.document))
		return (0);
	if (sh_archive_reuse(h->archive, &who, &u, h->agency, &answer,
	    err) == 0) {
		rc = sh_json_set_str(v, "receipt", text(json_object_get(
		    answer, "receipt"), "receipt"), err);
		json_decref(answer);
		return (rc == 0 ? 1 : -1);
	}
	if (err->code != SH_ECONFLICT && err->code != SH_ENOTFOUND)
		return (-1);
	rc = sh_json_set_str(v, "reason", err->key, err);
	sh_error_clear(err);
	return (rc);
}

int
sh_again_take(struct sh_home *h, struct sh_job *j, struct sh_error *err)
{
	json_t *list, *v;
	size_t i;
	int rc = -1, got;

	if ((list = sh_json_new_array(err)) == NULL)
		return (-1);
	json_array_foreach(j->need, i, v) {
		if (!json_is_true(json_object_get(v, "reuse")) ||
		    was_scanned(j, text(v, "code")))
			continue;
		if ((got = take(h, j, v, err)) < 0)
			goto out;
		if (got == 1 && sh_json_append(list, json_pack("{s:s, s:s,"
		    " s:s, s:b}", "component", text(v, "code"), "document",
		    text(v, "document"), "receipt", text(v, "receipt"),
		    "national", 0), err))
			goto out;
	}
	rc = json_array_size(list) > 0 ? sh_figures_reused(h, j->dossier,
	    list, err) : 0;
out:
	json_decref(list);
	return (rc);
}
