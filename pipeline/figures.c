#include "pipeline/figures.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/fs.h"
#include "pipeline/result.h"
#include "pipeline/review.h"
#include "pipeline/spool.h"

#define ENTRY_MAX	((size_t)16 << 20)

static int
open_ledger(struct sh_home *h, struct sh_spool **sp, struct sh_error *err)
{
	char *dir;
	int rc;

	*sp = NULL;
	if ((dir = sh_path_join(h->dir, "figures", err)) == NULL)
		return (-1);
	rc = sh_spool_open(dir, h->archive, sp, err);
	free(dir);
	return (rc);
}

static int
get_entry(struct sh_spool *s, const char *name, json_t **vp,
    struct sh_error *err)
{
	struct sh_buf b = SH_BUF_INIT;
	int rc;

	*vp = NULL;
	rc = sh_spool_get(s, name, &b, err);
	if (rc == 1 && (*vp = sh_json_parse(b.data, b.len, ENTRY_MAX, err)) ==
	    NULL)
		rc = -1;
	sh_buf_free(&b);
	return (rc);
}

static int
put_entry(struct sh_spool *s, const char *name, const json_t *v,
    struct sh_error *err)
{
	struct sh_buf b = SH_BUF_INIT;
	int rc = -1;

	if (sh_json_print(v, 0, &b, err) == 0)
		rc = sh_spool_put(s, name, b.data, b.len, 1, err);
	sh_buf_free(&b);
	return (rc);
}

static json_t *
head(const struct sh_dossier *d, int64_t begun)
{
	return (json_pack("{s:s, s:s*, s:s*, s:I, s:I, s:b}", "dossier",
	    d->code, "procedure", d->procedure_code, "station", d->station,
	    "received_at", (json_int_t)(d->received_at != 0 ? d->received_at :
	    begun), "begun_at", (json_int_t)begun, "result", d->result));
}

/* Corrections of values, not confirmations. */
static size_t
corrections(const struct sh_draft *d)
{
	const json_t *v;
	size_t i, n = 0;
	const char *s;

	json_array_foreach(json_object_get(d->review, "decisions"), i, v) {
		s = json_string_value(json_object_get(v, "what"));
		n += s != NULL && strcmp(s, "correct") == 0;
	}
	return (n);
}

static json_t *
document_value(const struct sh_draft *d)
{
	static const char *const states[] = { [SH_DRAFT_NEW] = "read",
	    [SH_DRAFT_READY] = "ready", [SH_DRAFT_WAITS] = "waiting",
	    [SH_DRAFT_ARCHIVED] = "archived", [SH_DRAFT_LINKED] = "linked",
	    [SH_DRAFT_FAILED] = "failed" };

	return (json_pack("{s:s, s:s*, s:s*, s:I, s:I, s:b, s:I, s:b}",
	    "state", states[d->state], "type", d->guess.type != NULL ?
	    d->guess.type->slug : NULL, "component", d->component != NULL ?
	    d->component->code : NULL, "pages", (json_int_t)d->npages,
	    "bytes", (json_int_t)d->bytes, "straight", d->review == NULL &&
	    (d->state == SH_DRAFT_ARCHIVED || d->state == SH_DRAFT_LINKED),
	    "corrections", (json_int_t)corrections(d), "certified",
	    d->guess.certified_copy));
}

static json_t *
describe(const struct sh_job *j, struct sh_error *err)
{
	struct sh_tally t;
	json_t *v, *list;
	size_t i, open = 0;

	sh_result_tally(j, &t);
	for (i = 0; i < j->nfed; i++)
		open += j->fed[i].kind == SH_FED_SET_ASIDE && strcmp(
		    j->fed[i].failure->key, "review.dismissed") != 0;
	if ((v = head(j->dossier, j->begun)) == NULL) {
		(void)sh_error_nomem(err, "JSON");
		return (NULL);
	}
	if (sh_json_set(v, "pages", json_pack("{s:I, s:I, s:I, s:I, s:I, s:I,"
	    " s:I}", "fed", (json_int_t)t.fed, "archived",
	    (json_int_t)t.archived, "blank", (json_int_t)t.blank,
	    "separators", (json_int_t)t.separators, "set_aside",
	    (json_int_t)t.set_aside, "waiting", (json_int_t)t.waiting,
	    "failed", (json_int_t)t.failed), err) ||
	    (list = sh_json_new_array(err)) == NULL ||
	    sh_json_set(v, "documents", list, err))
		goto bad;
	for (i = 0; i < j->ndrafts; i++)
		if (sh_json_append(list, document_value(&j->drafts[i]), err))
			goto bad;
	if (t.waiting + t.failed + open == 0 && sh_json_set_int(v, "done_at",
	    sh_now(), err))
		goto bad;
	return (v);
bad:
	json_decref(v);
	return (NULL);
}

int
sh_figures_put(struct sh_home *h, const char *folder, const struct sh_job *j,
    struct sh_error *err)
{
	struct sh_spool *s = NULL;
	json_t *v = NULL, *old = NULL;
	char name[64];
	int rc = -1, got;

	(void)snprintf(name, sizeof(name), "d-%.32s", folder);
	if (open_ledger(h, &s, err) ||
	    (got = get_entry(s, name, &old, err)) < 0)
		goto out;
	/* The same scans once more: they were done when they were done. */
	if (got == 1 && json_object_get(old, "done_at") != NULL) {
		rc = 0;
		goto out;
	}
	if ((v = describe(j, err)) == NULL || (got == 1 && sh_json_set(v,
	    "begun_at", json_incref(json_object_get(old, "begun_at")), err)))
		goto out;
	rc = put_entry(s, name, v, err);
out:
	json_decref(v);
	json_decref(old);
	sh_spool_close(s);
	return (rc);
}

int
sh_figures_reused(struct sh_home *h, const struct sh_dossier *d,
    const json_t *components, struct sh_error *err)
{
	struct sh_spool *s = NULL;
	struct sh_digest digest;
	json_t *v = NULL;
	char name[64], hex[33];
	int rc = -1;

	if (open_ledger(h, &s, err) || sh_archive_keyed_digest(h->archive,
	    "figures", d->code, strlen(d->code), &digest, err))
		goto out;
	sh_hex(digest.b, 16, hex);
	(void)snprintf(name, sizeof(name), "r-%s", hex);
	if ((v = head(d, sh_now())) == NULL) {
		(void)sh_error_nomem(err, "JSON");
		goto out;
	}
	if (sh_json_set(v, "reused", json_deep_copy(components), err) == 0)
		rc = put_entry(s, name, v, err);
out:
	json_decref(v);
	sh_spool_close(s);
	return (rc);
}

struct each {
	struct sh_spool *s;
	int (*fn)(void *, const json_t *, struct sh_error *);
	void *arg;
};

static int
visit(void *arg, const char *name, struct sh_error *err)
{
	struct each *e = arg;
	json_t *v;
	int rc;

	if ((rc = get_entry(e->s, name, &v, err)) != 1)
		return (rc);
	rc = e->fn(e->arg, v, err);
	json_decref(v);
	return (rc);
}

int
sh_figures_each(struct sh_home *h,
    int (*fn)(void *, const json_t *, struct sh_error *), void *arg,
    struct sh_error *err)
{
	struct each e = { .fn = fn, .arg = arg };
	int rc = -1;

	if (open_ledger(h, &e.s, err) == 0)
		rc = sh_spool_each(e.s, visit, &e, err);
	sh_spool_close(e.s);
	return (rc);
}
