/* How long documents are kept, and what holds them back. */
#include "archive/retention.h"

#include <stdlib.h>
#include <string.h>

#include "archive/access_internal.h"
#include "archive/act.h"
#include "archive/retention_internal.h"
#include "base/mem.h"

/* ---- terms --------------------------------------------------------------- */

/*
 * A dossier whose papers all go "with the dossier" has no term of its own.
 * Rule: Law on Archives 33/2024/QH15 Art. 15: 70 years at most.
 */
#define YEARS_UNKNOWN	70

struct term {
	int known;		/* a type that says */
	int permanent;
	int years;		/* the longest */
	int ended;		/* year of the latest paper */
};

struct dossier {
	struct sh_archive *ar;
	struct term term;
};

static void
take_type(struct sh_archive *ar, const char *slug, struct term *t)
{
	const struct sh_paper_type *type = slug == NULL ||
	    ar->catalogue == NULL ? NULL : sh_catalogue_type(ar->catalogue,
	    slug);

	/* Nobody destroys what nobody can classify. */
	if (type == NULL || type->retention_years == 0)
		t->permanent = 1;
	else if (type->retention_years > t->years)
		t->years = type->retention_years;
	t->known |= type != NULL && type->retention_years >= 0;
}

static int
take_in_dossier(void *arg, const struct sh_entry *t, struct sh_error *err)
{
	struct dossier *d = arg;
	struct sh_listed at;
	struct sh_tag document, tags[SH_HOLDERS_MAX];
	int64_t archived_at, when;
	json_t *summary;
	size_t n;
	int year;

	if (t->sortlen != SH_IN_DOSSIER_LEN || t->len != 16)
		return (sh_error_set(err, SH_EFIXITY, "record.damaged",
		    "an entry of a dossier"));
	when = (int64_t)sh_get_be(t->sort, 8);
	memcpy(at.holder.b, t->value, 16);
	memcpy(document.b, t->sort + 8, 16);
	if (sh_document_locate(d->ar, &document, tags, &n, &archived_at, err))
		return (-1);
	if (n == 0)
		return (0);
	sh_document_sort(archived_at, &document, at.sort);
	if ((summary = sh_document_listed(d->ar, &at, err)) == NULL) {
		if (err->code != SH_ENOTFOUND)
			return (-1);
		sh_error_clear(err);
		return (0);
	}
	take_type(d->ar, sh_member(summary, "type"), &d->term);
	json_decref(summary);
	year = sh_date_at(when).year;
	if (year > d->term.ended)
		d->term.ended = year;
	return (0);
}

/* The longest term of what the dossier has: its papers stay together. */
static int
dossier_term(struct sh_archive *ar, const char *code,
    struct sh_retention *out, struct sh_error *err)
{
	struct dossier d = { .ar = ar };
	struct sh_range r = { .table = SH_TABLE_DOSSIER };
	int until;

	if (sh_filing_dossier(ar, code, &r.term, err) ||
	    sh_engine_scan(ar->engine, &r, take_in_dossier, &d, err))
		return (-1);
	if (d.term.ended == 0)
		return (0);
	if (!d.term.known)
		d.term.years = YEARS_UNKNOWN;
	out->permanent |= d.term.permanent;
	if (d.term.years > out->years)
		out->years = d.term.years;
	until = d.term.ended + d.term.years;
	if (until > out->until.year)
		out->until = (struct sh_date){ until, 12, 31 };
	return (0);
}

/* ---- of a document ------------------------------------------------------- */

struct dossiers {
	struct sh_archive *ar;
	struct sh_retention *out;
	const struct sh_tag *holder;
};

static int
take_link(void *arg, const struct sh_entry *t, struct sh_error *err)
{
	struct dossiers *d = arg;
	json_t *link;
	int rc = 0;

	if ((link = sh_document_entry(d->ar, d->holder, t, err)) == NULL)
		return (-1);
	if (sh_member(link, "evidence") == NULL && sh_member(link,
	    "dossier") != NULL)
		rc = dossier_term(d->ar, sh_member(link, "dossier"), d->out,
		    err);
	json_decref(link);
	return (rc);
}

static int
take_reuse(void *arg, const struct sh_act_seen *seen, struct sh_error *err)
{
	struct dossiers *d = arg;
	const char *code = sh_member(seen->act, "dossier");

	return (code == NULL ? 0 : dossier_term(d->ar, code, d->out, err));
}

int
sh_retention_of(struct sh_archive *ar, const struct sh_tag *holder,
    const struct sh_tag *document, const json_t *record,
    struct sh_retention *out, struct sh_error *err)
{
	struct dossiers d = { ar, out, holder };
	struct sh_range r = { .table = SH_TABLE_LINK, .term = *holder,
	    .prefix = document->b, .prefixlen = 16 };
	struct sh_standing s;

	memset(out, 0, sizeof(*out));
	if (sh_member(record, "dossier") == NULL)
		return (sh_error_set(err, SH_EFIXITY, "record.damaged",
		    "a record without its dossier"));
	if (dossier_term(ar, sh_member(record, "dossier"), out, err) ||
	    sh_engine_scan(ar->engine, &r, take_link, &d, err) ||
	    sh_act_each(ar, holder, document, 'u', take_reuse, &d, err) ||
	    sh_standing_read(ar, holder, document, &s, err))
		return (-1);
	out->held = s.held;
	sh_standing_clear(&s);
	return (0);
}

int
sh_archive_retention(struct sh_archive *ar, const struct sh_reader *who,
    const struct sh_document_id *id, json_t **answerp, struct sh_error *err)
{
	struct sh_retention r;
	struct sh_tag document, holder;
	char day[SH_DATE_LEN];
	json_t *record, *v = NULL;
	int rc = -1;

	*answerp = NULL;
	memcpy(document.b, id->b, sizeof(document.b));
	if (sh_rights_check(ar->rights, who, SH_DO_RETAIN, err) ||
	    (record = sh_document_find(ar, &document, &holder, err)) == NULL)
		return (-1);
	if (sh_retention_of(ar, &holder, &document, record, &r, err))
		goto out;
	if (!r.permanent)
		sh_date_print(r.until, day);
	v = json_pack("{s:b,s:b}", "permanent", r.permanent, "held", r.held);
	if (v == NULL) {
		(void)sh_error_nomem(err, "JSON");
		goto out;
	}
	if (sh_json_set(v, "years", r.permanent ? json_null() :
	    json_integer(r.years), err) || sh_json_set(v, "until",
	    r.permanent ? json_null() : json_string(day), err))
		goto out;
	*answerp = v;
	v = NULL;
	rc = 0;
out:
	json_decref(v);
	json_decref(record);
	return (rc);
}

/* ---- holds --------------------------------------------------------------- */

int
sh_archive_hold(struct sh_archive *ar, const struct sh_reader *who,
    const struct sh_document_id *id, const char *reason,
    struct sh_date until, char hold[SH_DOCUMENT_ID_LEN],
    struct sh_error *err)
{
	struct sh_tag document, operation;
	char day[SH_DATE_LEN];
	json_t *act;
	int rc = -1;

	memcpy(document.b, id->b, sizeof(document.b));
	if (until.year != 0)
		sh_date_print(until, day);
	if ((act = sh_act_new(ar, "hold", who, err)) == NULL)
		return (-1);
	if (sh_act_set_document(act, "document", &document, err) == 0 &&
	    sh_act_set_reason(act, "reason", reason, err) == 0 &&
	    sh_json_set_str(act, "until", until.year != 0 ? day : NULL,
	    err) == 0 && sh_act_make(ar, act, &operation, err) == 0) {
		sh_tag_print(&operation, hold);
		rc = 0;
	}
	json_decref(act);
	return (rc);
}

struct wanted {
	struct sh_tag hold;
	int found, released;
};

static int
take_hold(void *arg, const struct sh_act_seen *seen, struct sh_error *err)
{
	struct wanted *w = arg;
	struct sh_tag released;

	(void)err;
	if (seen->kind == 'h')
		w->found |= memcmp(&seen->operation, &w->hold,
		    sizeof(w->hold)) == 0;
	if (seen->kind == 'l' && sh_tag_parse(sh_member(seen->act, "hold"),
	    &released) == 0)
		w->released |= memcmp(&released, &w->hold,
		    sizeof(w->hold)) == 0;
	return (0);
}

int
sh_archive_release(struct sh_archive *ar, const struct sh_reader *who,
    const struct sh_document_id *id, const char *hold, const char *reason,
    struct sh_error *err)
{
	struct sh_tag document, holder;
	struct wanted w = { .found = 0 };
	json_t *act = NULL, *record;
	int rc = -1;

	memcpy(document.b, id->b, sizeof(document.b));
	if ((record = sh_document_find(ar, &document, &holder, err)) == NULL)
		return (-1);
	json_decref(record);
	if (sh_tag_parse(hold, &w.hold) == 0 && sh_act_each(ar, &holder,
	    &document, 0, take_hold, &w, err))
		return (-1);
	if (!w.found || w.released) {
		sh_error_param(err, "value", "%.40s", hold);
		return (sh_error_set(err, SH_ENOTFOUND, "hold.unknown",
		    "the document has no hold %.40s", hold));
	}
	if ((act = sh_act_new(ar, "release", who, err)) == NULL)
		return (-1);
	if (sh_act_set_document(act, "document", &document, err) == 0 &&
	    sh_act_set_document(act, "hold", &w.hold, err) == 0 &&
	    sh_act_set_reason(act, "reason", reason, err) == 0)
		rc = sh_act_make(ar, act, NULL, err);
	json_decref(act);
	return (rc);
}
