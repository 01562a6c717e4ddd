/* The queue: items of kept dossiers, found, ordered and told. */
#include "pipeline/review_internal.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/mem.h"
#include "pipeline/kept.h"

/* ---- items ------------------------------------------------------------------------ */

void
sh_review_close_item(struct sh_item *it)
{
	sh_job_free(it->job);
	sh_spool_close(it->spool);
	memset(it, 0, sizeof(*it));
}

/* Each open item of each kept dossier; FN returns 0 to go on. */
struct visit {
	struct sh_home *h;
	const char *prefix;	/* of the folders, or NULL */
	int readings;
	int (*fn)(void *arg, struct sh_item *it, struct sh_error *err);
	void *arg;
	size_t interrupted;	/* folders whose intake was cut short */
};

static int
visit_items(struct visit *v, struct sh_item *it, struct sh_error *err)
{
	const struct sh_job *j = it->job;
	size_t i;
	int rc = 0;

	for (i = 0; rc == 0 && i < j->ndrafts + j->nfed; i++) {
		it->draft = i < j->ndrafts ? i : SH_NO_PAGE;
		it->page = i < j->ndrafts ? SH_NO_PAGE : i - j->ndrafts;
		if (it->draft != SH_NO_PAGE ?
		    !sh_review_draft_open(&j->drafts[it->draft]) :
		    !sh_review_page_open(&j->fed[it->page]))
			continue;
		if (sh_review_name(v->h, it->folder, j, it->draft, it->page,
		    it->name, err))
			return (-1);
		rc = v->fn(v->arg, it, err);
	}
	return (rc);
}

static int
visit_folder(struct visit *v, const char *root, const char *name,
    struct sh_error *err)
{
	struct sh_item it;
	char *path;
	int rc;

	memset(&it, 0, sizeof(it));
	/* visit_all() has looked at its length. */
	memcpy(it.folder, name, sizeof(it.folder) - 1);
	if ((path = sh_path_join(root, name, err)) == NULL)
		return (-1);
	/* Archived in the meantime by who holds the lock. */
	if (access(path, R_OK | X_OK) != 0) {
		free(path);
		return (0);
	}
	rc = sh_spool_open(path, v->h->archive, &it.spool, err);
	free(path);
	if (rc == 0) {
		rc = sh_kept_get(it.spool, v->h->catalogue, v->readings,
		    &it.job, err);
		if (rc == 0)
			v->interrupted++;
		else if (rc == 1)
			rc = visit_items(v, &it, err);
	}
	/* Whoever wants to keep the item has emptied it. */
	sh_review_close_item(&it);
	return (rc);
}

static int
visit_all(struct visit *v, struct sh_error *err)
{
	struct dirent *e;
	char *root;
	DIR *dir;
	int rc = 0;

	if ((root = sh_path_join(v->h->dir, "spool", err)) == NULL)
		return (-1);
	if ((dir = opendir(root)) != NULL) {
		while (rc == 0 && (e = readdir(dir)) != NULL)
			if (strlen(e->d_name) == SH_REVIEW_FOLDER_LEN - 1 &&
			    (v->prefix == NULL || strncmp(e->d_name,
			    v->prefix, 8) == 0))
				rc = visit_folder(v, root, e->d_name, err);
		(void)closedir(dir);
	}
	free(root);
	return (rc);
}

struct wanted {
	const char *name;
	struct sh_item *out;
};

static int
take_item(void *arg, struct sh_item *it, struct sh_error *err)
{
	struct wanted *w = arg;

	(void)err;
	if (strcmp(w->name, it->name) != 0)
		return (0);
	*w->out = *it;
	it->job = NULL;
	it->spool = NULL;
	return (1);
}

int
sh_review_open_item(struct sh_home *h, const char *name, struct sh_item *it,
    struct sh_error *err)
{
	struct wanted w = { name, it };
	struct visit v = { .h = h, .prefix = name, .readings = 1,
	    .fn = take_item, .arg = &w };
	int rc;

	memset(it, 0, sizeof(*it));
	rc = strlen(name) == SH_ITEM_LEN - 1 ? visit_all(&v, err) : 0;
	if (rc == 1) {
		it->job->archive = h->archive;
		if (it->draft == SH_NO_PAGE || sh_review_default_holders(
		    it->job, &it->job->drafts[it->draft], err) == 0)
			return (0);
		sh_review_close_item(it);
		return (-1);
	}
	if (rc == 0) {
		sh_error_param(err, "value", "%.40s", name);
		(void)sh_error_set(err, SH_ENOTFOUND, "review.item",
		    "no item %.40s waits", name);
	}
	return (-1);
}

/* ---- the queue ---------------------------------------------------------------------- */

static int
add_reason(json_t *list, const char *key, const char *sentence,
    enum sh_lang lang, struct sh_error *err)
{
	if (sentence == NULL)
		sentence = sh_message_text(key, lang);
	return (sh_json_append(list, json_pack("{s:s, s:s*}", "key", key,
	    "text", sentence), err));
}

static int
add_failure(json_t *list, const struct sh_error *why, enum sh_lang lang,
    struct sh_error *err)
{
	struct sh_buf b = SH_BUF_INIT;
	int rc;

	rc = sh_message(why, lang, &b, err);
	if (rc == 0)
		rc = add_reason(list, why->key, (char *)b.data, lang, err);
	sh_buf_free(&b);
	return (rc);
}

/*
 * A page that is set aside comes first: the paper may still be at the desk.
 * Then whose a paper is, then what it is.
 */
static int
priority_of(const struct sh_item *it)
{
	const struct sh_draft *d;
	unsigned i;

	if (it->draft == SH_NO_PAGE)
		return (1);
	d = &it->job->drafts[it->draft];
	for (i = 0; i < d->nreasons; i++)
		if (strncmp(d->reasons[i], "holder.", 7) == 0)
			return (2);
	return (3);
}

json_t *
sh_review_summary(struct sh_home *h, const struct sh_item *it,
    enum sh_lang lang, struct sh_error *err)
{
	const struct sh_job *j = it->job;
	const struct sh_draft *d = it->draft == SH_NO_PAGE ? NULL :
	    &j->drafts[it->draft];
	const struct sh_paper_type *t = d != NULL ? d->guess.type : NULL;
	int64_t now = sh_now(), deadline = j->since +
	    sh_config_int(h->config, "review-hours") * 3600;
	char since[SH_TIME_LEN], until[SH_TIME_LEN];
	json_t *v, *pages, *reasons;
	size_t i, n = d != NULL ? d->npages : 1;

	sh_time_print(j->since, since);
	sh_time_print(deadline, until);
	v = json_pack("{s:s, s:s, s:s, s:s*, s:s*, s:s*, s:s*, s:s, s:I, s:s,"
	    " s:b, s:i, s:[], s:[]}", "item", it->name, "kind", d != NULL ?
	    "document" : "page", "dossier", j->dossier->code, "procedure",
	    j->dossier->procedure_code, "station", j->dossier->station,
	    "type", t != NULL ? t->slug : NULL, "type_name", t == NULL ?
	    NULL : lang == SH_VI ? t->name : t->name_en, "since", since,
	    "age_s", (json_int_t)(now > j->since ? now - j->since : 0),
	    "deadline", until, "overdue", now > deadline, "priority",
	    priority_of(it), "pages", "reasons");
	if (v == NULL) {
		(void)sh_error_nomem(err, "JSON");
		return (NULL);
	}
	pages = json_object_get(v, "pages");
	reasons = json_object_get(v, "reasons");
	for (i = 0; i < n; i++) {
		const struct sh_fed_page *f = &j->fed[d != NULL ?
		    d->pages[i] : it->page];

		if (sh_json_append(pages, json_pack("[i,i]", (int)f->scan,
		    (int)f->page), err))
			goto bad;
	}
	for (i = 0; d != NULL && i < d->nreasons; i++)
		if (add_reason(reasons, d->reasons[i], NULL, lang, err))
			goto bad;
	if (d != NULL && d->failure != NULL && add_failure(reasons,
	    d->failure, lang, err))
		goto bad;
	if (d == NULL && add_failure(reasons, j->fed[it->page].failure, lang,
	    err))
		goto bad;
	return (v);
bad:
	json_decref(v);
	return (NULL);
}

struct listing {
	struct sh_home *h;
	const struct sh_review_filter *f;
	enum sh_lang lang;
	json_t *items;
};

static int
list_item(void *arg, struct sh_item *it, struct sh_error *err)
{
	struct listing *l = arg;
	json_t *v, *r;
	size_t i;
	int keep = 0;

	if (l->f->dossier != NULL && strcmp(l->f->dossier,
	    it->job->dossier->code) != 0)
		return (0);
	if ((v = sh_review_summary(l->h, it, l->lang, err)) == NULL)
		return (-1);
	json_array_foreach(json_object_get(v, "reasons"), i, r)
		keep |= l->f->reason != NULL && strcmp(l->f->reason,
		    json_string_value(json_object_get(r, "key"))) == 0;
	if (keep || l->f->reason == NULL)
		return (sh_json_append(l->items, v, err));
	json_decref(v);
	return (0);
}

static int
more_urgent(const void *a, const void *b)
{
	const json_t *x = *(json_t *const *)a, *y = *(json_t *const *)b;
	json_int_t m, n;

	m = json_is_true(json_object_get(x, "overdue"));
	n = json_is_true(json_object_get(y, "overdue"));
	if (m != n)
		return (m > n ? -1 : 1);
	m = json_integer_value(json_object_get(x, "priority"));
	n = json_integer_value(json_object_get(y, "priority"));
	if (m != n)
		return (m < n ? -1 : 1);
	m = json_integer_value(json_object_get(x, "age_s"));
	n = json_integer_value(json_object_get(y, "age_s"));
	if (m != n)
		return (m > n ? -1 : 1);
	return (strcmp(json_string_value(json_object_get(x, "item")),
	    json_string_value(json_object_get(y, "item"))));
}

/* The items in their order, at most LIMIT of them. */
static json_t *
ordered(json_t *items, size_t limit, struct sh_error *err)
{
	size_t i, n = json_array_size(items);
	json_t **list, *out;

	if ((list = sh_alloc(n, sizeof(*list), "the queue", err)) == NULL)
		return (NULL);
	for (i = 0; i < n; i++)
		list[i] = json_array_get(items, i);
	if (n > 0)
		qsort(list, n, sizeof(*list), more_urgent);
	out = sh_json_new_array(err);
	for (i = 0; out != NULL && i < n && (limit == 0 || i < limit); i++)
		if (sh_json_append(out, json_incref(list[i]), err)) {
			json_decref(out);
			out = NULL;
		}
	free(list);
	return (out);
}

int
sh_review_list(struct sh_home *h, const struct sh_review_filter *f,
    enum sh_lang lang, json_t **answer, struct sh_error *err)
{
	struct listing l = { h, f, lang, NULL };
	struct visit v = { .h = h, .fn = list_item, .arg = &l };
	json_t *sorted;
	size_t n;
	int rc = -1;

	*answer = NULL;
	if ((l.items = sh_json_new_array(err)) == NULL)
		return (-1);
	if (visit_all(&v, err) < 0 || (f->dossier == NULL &&
	    f->reason == NULL && sh_review_sample_list(h, l.items, lang,
	    err)))
		goto out;
	n = json_array_size(l.items);
	if ((sorted = ordered(l.items, f->limit, err)) == NULL)
		goto out;
	*answer = json_pack("{s:s, s:I, s:I, s:o}", "format",
	    "sohoa-review-1", "waiting", (json_int_t)n, "interrupted",
	    (json_int_t)v.interrupted, "items", sorted);
	rc = *answer != NULL ? 0 : sh_error_nomem(err, "JSON");
out:
	json_decref(l.items);
	return (rc);
}
