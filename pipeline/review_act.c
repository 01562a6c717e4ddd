/* What a person does with an item, and the answer that shows it. */
#include "pipeline/review_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "pipeline/accede.h"
#include "pipeline/divide.h"
#include "pipeline/kept.h"

/* ---- to see it ------------------------------------------------------------------ */

static json_t *
field_value(const struct sh_draft *d, const struct sh_field_def *def,
    const char *who, struct sh_error *err)
{
	const struct sh_field *f = sh_fields_get(&d->fields, def->name);
	const json_t *keyed = sh_review_keyed(d, def->name), *k;
	const char *yours = NULL;
	json_t *v;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)keyed, i, k)
		if (strcmp(json_string_value(json_object_get(k, "by")),
		    who) == 0)
			yours = json_string_value(json_object_get(k,
			    "value"));
	v = json_pack("{s:s, s:s, s:b, s:b, s:b, s:i, s:s*}", "name",
	    def->name, "label", def->label, "critical", def->critical,
	    "required", def->required, "confirmed",
	    sh_review_confirmed(d, def->name) != NULL, "keyed",
	    (int)json_array_size(keyed), "yours", yours);
	if (v == NULL || f == NULL) {
		if (v == NULL)
			(void)sh_error_nomem(err, "JSON");
		return (v);
	}
	/* What the machine read would not be a second witness if shown. */
	if (sh_json_set_str(v, "value", f->value, err) ||
	    sh_json_set(v, "confidence", json_real(f->confidence), err) ||
	    sh_json_set_str(v, "method", f->method, err) ||
	    sh_json_set_str(v, "doubt", f->doubt, err) ||
	    sh_json_set_int(v, "page", f->page, err) ||
	    sh_json_set(v, "box", json_pack("[i,i,i,i]", f->box.x, f->box.y,
	    f->box.w, f->box.h), err)) {
		json_decref(v);
		return (NULL);
	}
	return (v);
}

static int
add_holder(json_t *list, const struct sh_id *id, const char *name,
    const char *role, double confidence, struct sh_error *err)
{
	return (sh_json_append(list, json_pack("{s:s, s:s*, s:s*, s:f}", "id",
	    id->value, "name", name, "role", role, "confidence", confidence),
	    err));
}

/* The words of the item's pages, as the reader gave them. */
static int
add_text(const struct sh_item *it, const struct sh_draft *d, json_t *answer,
    struct sh_error *err)
{
	struct sh_buf b = SH_BUF_INIT;
	struct sh_page *p;
	size_t i;
	int rc = 0;

	for (i = 0; rc == 0 && i < d->npages; i++) {
		if ((p = sh_job_page(it->job, d->pages[i], err)) == NULL)
			rc = -1;
		else if ((i > 0 && sh_buf_puts(&b, "\f", err)) ||
		    sh_page_text(p, &b, err))
			rc = -1;
		sh_page_free(p);
	}
	if (rc == 0 && b.len > 0)
		rc = sh_json_set(answer, "text", json_stringn((char *)b.data,
		    b.len), err);
	sh_buf_free(&b);
	return (rc);
}

static int
describe(struct sh_item *it, const char *who, json_t *v, struct sh_error *err)
{
	const struct sh_draft *d = &it->job->drafts[it->draft];
	const struct sh_paper_type *t = d->guess.type;
	json_t *fields, *holders;
	size_t i;

	if ((fields = sh_json_new_array(err)) == NULL ||
	    sh_json_set(v, "fields", fields, err) ||
	    (holders = sh_json_new_array(err)) == NULL ||
	    sh_json_set(v, "holders", holders, err) ||
	    sh_json_set(v, "confidence", json_real(d->guess.confidence),
	    err) ||
	    sh_json_set_str(v, "component", d->component != NULL ?
	    d->component->code : NULL, err) ||
	    sh_json_set_str(v, "dossier_holder",
	    it->job->dossier->holder.value, err) ||
	    sh_json_set_str(v, "dossier_holder_name",
	    it->job->dossier->holder_name, err))
		return (-1);
	for (i = 0; t != NULL && i < t->nfields; i++) {
		json_t *f = field_value(d, &t->fields[i], who, err);

		if (f == NULL || sh_json_append(fields, f, err))
			return (-1);
	}
	if (d->kin.kinship != SH_KIN_OTHER && sh_json_set(v, "kin",
	    sh_kin_json(&d->kin, err), err))
		return (-1);
	for (i = 0; i < d->nholders; i++)
		if (add_holder(holders, &d->holders[i].id,
		    d->holders[i].name, d->holders[i].role, 1, err))
			return (-1);
	for (i = 0; i < d->parties.n; i++) {
		const struct sh_party *p = &d->parties.party[i];

		if (!p->files && add_holder(holders, &p->id, p->name,
		    p->role, p->confidence, err))
			return (-1);
	}
	if (d->guess.evidence != NULL && sh_json_set(v, "evidence",
	    json_incref(d->guess.evidence), err))
		return (-1);
	if (json_object_get(d->review, "decisions") != NULL &&
	    sh_json_set(v, "decisions", json_deep_copy(json_object_get(
	    d->review, "decisions")), err))
		return (-1);
	return (add_text(it, d, v, err));
}

int
sh_review_show(struct sh_home *h, struct sh_pool *pool, const char *item,
    const char *who, const char *crops, enum sh_lang lang, json_t **answer,
    struct sh_error *err)
{
	struct sh_item it;
	json_t *v = NULL;
	int rc = -1;

	*answer = NULL;
	if (strncmp(item, "sample-", 7) == 0)
		return (sh_review_sample_show(h, item, lang, answer, err));
	if (sh_review_open_item(h, item, &it, err))
		return (-1);
	if ((v = sh_review_summary(h, &it, lang, err)) == NULL ||
	    sh_json_set_str(v, "format", "sohoa-review-item-1", err))
		goto out;
	if (it.draft != SH_NO_PAGE && describe(&it, who, v, err))
		goto out;
	if (it.draft != SH_NO_PAGE && crops != NULL && sh_review_crops(pool,
	    &it, crops, v, err))
		goto out;
	*answer = v;
	v = NULL;
	rc = 0;
out:
	json_decref(v);
	sh_review_close_item(&it);
	return (rc);
}

/* ---- to change it ------------------------------------------------------------------ */

static int
bad_page(struct sh_error *err, size_t page)
{
	sh_error_param(err, "value", "%zu", page);
	return (sh_error_set(err, SH_EARG, "review.page",
	    "no boundary behind page %zu", page));
}

static int
no_document(struct sh_error *err)
{
	return (sh_error_set(err, SH_EARG, "review.not-document",
	    "a page that is set aside can be scanned again or dismissed"));
}

/* Room for a draft behind AT; pointers into the array move. */
static struct sh_draft *
insert_draft(struct sh_job *j, size_t at, struct sh_error *err)
{
	size_t cap = j->ndrafts;

	if (sh_grow(&j->drafts, &cap, j->ndrafts + 1, sizeof(*j->drafts),
	    "the drafts", err))
		return (NULL);
	memmove(&j->drafts[at + 2], &j->drafts[at + 1],
	    (j->ndrafts - at - 1) * sizeof(*j->drafts));
	memset(&j->drafts[at + 1], 0, sizeof(*j->drafts));
	j->ndrafts++;
	return (&j->drafts[at + 1]);
}

static void
remove_draft(struct sh_job *j, size_t at)
{
	sh_draft_clear(&j->drafts[at]);
	j->ndrafts--;
	memmove(&j->drafts[at], &j->drafts[at + 1], (j->ndrafts - at) *
	    sizeof(*j->drafts));
}

/* Judge and match a draft whose pages are others now. */
static int
judge_anew(struct sh_job *j, size_t at, struct sh_error *err)
{
	struct sh_draft *d = &j->drafts[at];

	d->nreasons = 0;
	d->decided = SH_KIN_UNDECIDED;
	memset(&d->kin, 0, sizeof(d->kin));
	if (d->review != NULL)
		(void)json_object_del(d->review, "keyed");
	if (sh_draft_judge(j, d, err))
		return (-1);
	return (sh_review_rematch(j, at, err));
}

static int
split(struct sh_item *it, const struct sh_review_act *act,
    struct sh_error *err)
{
	struct sh_draft *d = &it->job->drafts[it->draft], *tail;
	json_t *note;
	size_t n;

	if (act->page == 0 || act->page >= d->npages)
		return (bad_page(err, act->page));
	n = d->npages - act->page;
	if ((tail = insert_draft(it->job, it->draft, err)) == NULL)
		return (-1);
	d = &it->job->drafts[it->draft];
	if ((tail->pages = sh_alloc(n, sizeof(*tail->pages), "the pages",
	    err)) == NULL)
		return (-1);
	memcpy(tail->pages, d->pages + act->page, n * sizeof(*tail->pages));
	tail->npages = n;
	d->npages = act->page;
	if ((note = sh_review_note(d, act->who, "split", err)) == NULL ||
	    sh_json_set_int(note, "page", (int64_t)act->page, err) ||
	    (note = sh_review_note(tail, act->who, "split", err)) == NULL ||
	    sh_json_set_int(note, "page", (int64_t)act->page, err))
		return (-1);
	if (judge_anew(it->job, it->draft, err))
		return (-1);
	return (judge_anew(it->job, it->draft + 1, err));
}

/* The draft of this dossier with that name. */
static int
find_other(struct sh_home *h, const struct sh_item *it, const char *name,
    size_t *out, struct sh_error *err)
{
	char each[SH_ITEM_LEN];
	size_t i;

	for (i = 0; i < it->job->ndrafts; i++) {
		if (i == it->draft ||
		    !sh_review_draft_open(&it->job->drafts[i]))
			continue;
		if (sh_review_name(h, it->folder, it->job, i, SH_NO_PAGE,
		    each, err))
			return (-1);
		if (strcmp(each, name) == 0) {
			*out = i;
			return (0);
		}
	}
	sh_error_param(err, "value", "%.40s", name);
	return (sh_error_set(err, SH_ENOTFOUND, "review.item",
	    "no item %.40s waits in this dossier", name));
}

static int
merge(struct sh_home *h, struct sh_item *it, const struct sh_review_act *act,
    struct sh_error *err)
{
	struct sh_draft *d = &it->job->drafts[it->draft], *o;
	json_t *note;
	size_t other = 0, cap = d->npages;

	if (find_other(h, it, act->other, &other, err))
		return (-1);
	o = &it->job->drafts[other];
	if (sh_grow(&d->pages, &cap, d->npages + o->npages,
	    sizeof(*d->pages), "the pages", err))
		return (-1);
	memcpy(d->pages + d->npages, o->pages, o->npages *
	    sizeof(*d->pages));
	if ((note = sh_review_note(d, act->who, "merge", err)) == NULL ||
	    sh_json_set_int(note, "pages", (int64_t)o->npages, err))
		return (-1);
	d->npages += o->npages;
	remove_draft(it->job, other);
	it->draft -= other < it->draft;
	return (judge_anew(it->job, it->draft, err));
}

static int
retype(struct sh_item *it, const struct sh_review_act *act,
    struct sh_error *err)
{
	struct sh_draft *d = &it->job->drafts[it->draft];
	const struct sh_paper_type *t = sh_catalogue_type(it->job->catalogue,
	    act->value);
	json_t *note;

	if (t == NULL) {
		sh_error_param(err, "value", "%.60s", act->value);
		return (sh_error_set(err, SH_ENOTFOUND, "review.type",
		    "no paper type %.60s", act->value));
	}
	if ((note = sh_review_note(d, act->who, "retype", err)) == NULL ||
	    sh_json_set_str(note, "old", d->guess.type != NULL ?
	    d->guess.type->slug : NULL, err) ||
	    sh_json_set_str(note, "new", t->slug, err))
		return (-1);
	(void)json_object_del(d->review, "keyed");
	if (sh_draft_retype(it->job, d, t, err))
		return (-1);
	return (sh_review_rematch(it->job, it->draft, err));
}

/* Holders that a person named stay, whatever is read or corrected later. */
static int
set_named(struct sh_draft *d, struct sh_error *err)
{
	const json_t *v = json_object_get(d->review, "holder");
	struct sh_holder *h;
	unsigned i, n = 0;

	if (v == NULL)
		return (0);
	if ((h = sh_alloc(1, sizeof(*h), "the holders", err)) == NULL)
		return (-1);
	if (sh_id_parse(json_string_value(json_object_get(v, "id")), &h->id,
	    err)) {
		free(h);
		return (-1);
	}
	h->name = json_string_value(json_object_get(v, "name"));
	h->role = json_string_value(json_object_get(v, "role"));
	free(d->holders);
	d->holders = h;
	d->nholders = 1;
	for (i = 0; i < d->nreasons; i++)
		if (strncmp(d->reasons[i], "holder.", 7) != 0)
			d->reasons[n++] = d->reasons[i];
	d->nreasons = n;
	return (0);
}

static int
reassign(struct sh_item *it, const struct sh_review_act *act,
    struct sh_error *err)
{
	struct sh_draft *d = &it->job->drafts[it->draft];
	struct sh_buf name = SH_BUF_INIT;
	struct sh_id id;
	const char *role = d->nholders > 0 ? d->holders[0].role : NULL;
	json_t *note;
	int rc = -1;

	if (sh_id_parse(act->value, &id, err)) {
		sh_error_param(err, "value", "%.40s", act->value);
		return (-1);
	}
	if (act->name != NULL && sh_text_clean(act->name, strlen(act->name),
	    &name, err))
		goto out;
	if ((note = sh_review_note(d, act->who, "reassign", err)) == NULL ||
	    sh_json_set_str(note, "old", d->nholders > 0 ?
	    d->holders[0].id.value : NULL, err) ||
	    sh_json_set_str(note, "new", id.value, err) ||
	    sh_json_set(d->review, "holder", json_pack("{s:s, s:s*, s:s}",
	    "id", id.value, "name", (char *)name.data, "role",
	    role != NULL ? role : "subject"), err))
		goto out;
	rc = set_named(d, err);
out:
	sh_buf_free(&name);
	return (rc);
}

/* The pages stay accounted for: set aside for good, with who and why. */
static int
dismiss(struct sh_item *it, const struct sh_review_act *act,
    struct sh_error *err)
{
	struct sh_job *j = it->job;
	const struct sh_draft *d = it->draft == SH_NO_PAGE ? NULL :
	    &j->drafts[it->draft];
	size_t i, n = d != NULL ? d->npages : 1;

	for (i = 0; i < n; i++) {
		struct sh_fed_page *f = &j->fed[d != NULL ? d->pages[i] :
		    it->page];

		free(f->failure);
		f->failure = sh_alloc(1, sizeof(*f->failure), "a page", err);
		if (f->failure == NULL)
			return (-1);
		(void)sh_error_set(f->failure, SH_EARG, "review.dismissed",
		    "%s dismissed it", act->who);
		sh_error_param(f->failure, "officer", "%s", act->who);
		sh_error_param(f->failure, "value", "%s", act->value);
		sh_error_param(f->failure, "page", "%u", f->page + 1);
		f->kind = SH_FED_SET_ASIDE;
	}
	if (d != NULL)
		remove_draft(j, it->draft);
	return (0);
}

static int
accept(struct sh_home *h, struct sh_pool *pool, struct sh_item *it,
    const struct sh_review_act *act, struct sh_error *err)
{
	struct sh_draft *d = &it->job->drafts[it->draft];
	struct sh_page *page;
	json_t *note, *list;
	unsigned i;
	int rc = -1;

	if (sh_review_acceptable(h, d, err) ||
	    (note = sh_review_note(d, act->who, act->what == SH_REVIEW_LINK ?
	    "link" : "accept", err)) == NULL ||
	    (list = sh_json_new_array(err)) == NULL ||
	    sh_json_set(note, "reasons", list, err))
		return (-1);
	for (i = 0; i < d->nreasons; i++) {
		if (sh_json_append(list, json_string(d->reasons[i]), err))
			return (-1);
		if (strncmp(d->reasons[i], "duplicate.", 10) == 0)
			d->decided = SH_KIN_KEPT;
	}
	if (act->what == SH_REVIEW_LINK) {
		if (d->kin.kinship == SH_KIN_OTHER)
			return (sh_error_set(err, SH_ECONFLICT,
			    "review.no-kin", "nothing held is like it"));
		d->decided = SH_KIN_LINKED;
	}
	d->nreasons = 0;
	if ((page = sh_job_page(it->job, d->pages[0], err)) == NULL)
		return (-1);
	free(d->failure);
	d->failure = NULL;
	d->state = SH_DRAFT_READY;
	rc = sh_accede(h, pool, it->spool, it->job, d, page->engine != NULL ?
	    page->engine : "", err);
	sh_page_free(page);
	/* It may wait again: only now is it known what it is like. */
	if (rc != 0)
		return (-1);
	return (sh_archive_search_follow(h->archive, err));
}

static int
act_on(struct sh_home *h, struct sh_pool *pool, struct sh_item *it,
    const struct sh_review_act *act, struct sh_error *err)
{
	int rc = -1;

	if (act->what == SH_REVIEW_DISMISS)
		return (dismiss(it, act, err));
	if (act->what == SH_REVIEW_RESCAN) {
		if (sh_review_rescan(pool, it, act, err))
			return (-1);
		rc = judge_anew(it->job, it->draft, err);
	} else if (it->draft == SH_NO_PAGE) {
		return (no_document(err));
	} else if (act->what == SH_REVIEW_ACCEPT ||
	    act->what == SH_REVIEW_LINK) {
		return (accept(h, pool, it, act, err));
	} else if (act->what == SH_REVIEW_CORRECT) {
		rc = sh_review_correct(h, it, act, err);
	} else if (act->what == SH_REVIEW_SPLIT) {
		rc = split(it, act, err);
	} else if (act->what == SH_REVIEW_MERGE) {
		rc = merge(h, it, act, err);
	} else if (act->what == SH_REVIEW_RETYPE) {
		rc = retype(it, act, err);
	} else {
		return (reassign(it, act, err));
	}
	return (rc == 0 ? set_named(&it->job->drafts[it->draft], err) : -1);
}

/* The item as it is now, or what became of it. */
static int
tell(struct sh_home *h, struct sh_item *it, const struct sh_review_act *act,
    enum sh_lang lang, json_t **answer, struct sh_error *err)
{
	const struct sh_draft *d = it->draft == SH_NO_PAGE ||
	    act->what == SH_REVIEW_DISMISS ? NULL :
	    &it->job->drafts[it->draft];
	char id[SH_DOCUMENT_ID_LEN];
	json_t *v = NULL;

	if (d == NULL) {
		v = json_pack("{s:s, s:s}", "item", it->name, "state",
		    "dismissed");
	} else if (!sh_review_draft_open(d)) {
		sh_document_id_print(&d->id, id);
		v = json_pack("{s:s, s:s, s:s}", "item", it->name, "state",
		    d->state == SH_DRAFT_LINKED ? "linked" : "archived",
		    "document", id);
	} else {
		if (sh_review_name(h, it->folder, it->job, it->draft,
		    SH_NO_PAGE, it->name, err))
			return (-1);
		v = sh_review_summary(h, it, lang, err);
		if (v != NULL && describe(it, act->who, v, err)) {
			json_decref(v);
			return (-1);
		}
	}
	if (v == NULL)
		return (sh_error_nomem(err, "JSON"));
	if (sh_json_set_str(v, "format", "sohoa-review-item-1", err)) {
		json_decref(v);
		return (-1);
	}
	*answer = v;
	return (0);
}

int
sh_review_do(struct sh_home *h, struct sh_pool *pool,
    const struct sh_review_act *act, enum sh_lang lang, json_t **answer,
    struct sh_error *err)
{
	struct sh_item it;
	int rc = -1;

	*answer = NULL;
	if (strncmp(act->item, "sample-", 7) == 0)
		return (sh_review_sample_do(h, act, answer, err));
	if (sh_review_open_item(h, act->item, &it, err))
		return (-1);
	if (act_on(h, pool, &it, act, err) == 0 &&
	    sh_job_account(it.job, err) == 0 &&
	    sh_review_settle(h, it.spool, it.job, err) == 0)
		rc = tell(h, &it, act, lang, answer, err);
	sh_review_close_item(&it);
	return (rc);
}
