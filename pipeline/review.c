#include "pipeline/review_internal.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/mem.h"
#include "pipeline/figures.h"
#include "pipeline/kept.h"

/* Hex digits of a folder's name that every feed of a dossier has. */
#define DOSSIER_HEX	16
#define DONE_MAX	((size_t)64 << 20)

int
sh_review_draft_open(const struct sh_draft *d)
{
	return (d->state != SH_DRAFT_ARCHIVED && d->state != SH_DRAFT_LINKED);
}

int
sh_review_page_open(const struct sh_fed_page *f)
{
	return (f->kind == SH_FED_SET_ASIDE &&
	    strcmp(f->failure->key, "review.dismissed") != 0);
}

int
sh_review_store(struct sh_home *h, struct sh_spool **sp, struct sh_error *err)
{
	char *dir;
	int rc;

	*sp = NULL;
	if ((dir = sh_path_join(h->dir, "review", err)) == NULL)
		return (-1);
	rc = sh_spool_open(dir, h->archive, sp, err);
	free(dir);
	return (rc);
}

/* ---- names ------------------------------------------------------------------ */

/* The scans' bytes in their order; one that is missing counts as such. */
static int
digest_scans(const struct sh_dossier *d, struct sh_digest *out,
    struct sh_error *err)
{
	struct sh_hasher *h;
	struct sh_digest one;
	struct sh_error absent;
	size_t i;
	int fd, rc = -1;

	if ((h = sh_hasher_new(NULL, 0, err)) == NULL)
		return (-1);
	for (i = 0; i < d->nscans; i++) {
		sh_error_clear(&absent);
		memset(&one, 0, sizeof(one));
		if ((fd = sh_dossier_open_scan(d, i, &absent)) >= 0) {
			rc = sh_sha256_fd(fd, &one, NULL, err);
			(void)close(fd);
			if (rc != 0)
				goto out;
		}
		if (sh_hasher_update(h, one.b, sizeof(one.b), err)) {
			rc = -1;
			goto out;
		}
	}
	rc = sh_hasher_final(h, out, err);
out:
	sh_hasher_free(h);
	return (rc);
}

int
sh_review_folder(struct sh_home *home, const struct sh_dossier *d,
    char **pathp, struct sh_error *err)
{
	struct sh_digest scans, a, b;
	struct sh_buf name = SH_BUF_INIT;
	char hex[2][DOSSIER_HEX + 1];
	int rc = -1;

	*pathp = NULL;
	if (sh_buf_printf(&name, err, "%s|%s|%s", d->code,
	    d->procedure_code != NULL ? d->procedure_code : "",
	    d->holder.value) || digest_scans(d, &scans, err) ||
	    sh_archive_keyed_digest(home->archive, "spool", name.data,
	    name.len, &a, err) ||
	    sh_archive_keyed_digest(home->archive, "spool", scans.b,
	    sizeof(scans.b), &b, err))
		goto out;
	sh_hex(a.b, DOSSIER_HEX / 2, hex[0]);
	sh_hex(b.b, DOSSIER_HEX / 2, hex[1]);
	*pathp = sh_asprintf(err, "%s/spool/%s%s", home->dir, hex[0], hex[1]);
	rc = *pathp != NULL ? 0 : -1;
out:
	sh_buf_free(&name);
	return (rc);
}

int
sh_review_name(struct sh_home *h, const char *folder, const struct sh_job *j,
    size_t draft, size_t page, char out[SH_ITEM_LEN], struct sh_error *err)
{
	struct sh_buf b = SH_BUF_INIT;
	struct sh_digest digest;
	const struct sh_draft *d;
	char hex[9];
	size_t i;
	int rc = -1;

	if (sh_buf_printf(&b, err, "%s|", folder))
		goto out;
	if (draft != SH_NO_PAGE) {
		d = &j->drafts[draft];
		for (i = 0; i < d->npages; i++)
			if (sh_buf_printf(&b, err, "%zu.%u|", d->pages[i],
			    j->fed[d->pages[i]].rescan))
				goto out;
	} else if (sh_buf_printf(&b, err, "page %zu", page)) {
		goto out;
	}
	if (sh_archive_keyed_digest(h->archive, "review", b.data, b.len,
	    &digest, err))
		goto out;
	sh_hex(digest.b, 4, hex);
	(void)snprintf(out, SH_ITEM_LEN, "%.8s-%s", folder, hex);
	rc = 0;
out:
	sh_buf_free(&b);
	return (rc);
}

/* ---- what was decided before ----------------------------------------------------- */

/* Was the kept job fed the same pages as this one? */
static int
same_feed(const struct sh_job *kept, const struct sh_job *j)
{
	static const struct sh_digest none;
	size_t i, n = 0;

	for (i = 0; i < kept->nfed; i++) {
		const struct sh_fed_page *k = &kept->fed[i];
		const struct sh_digest *as = k->rescan > 0 ? &k->replaced :
		    &k->digest;

		if (k->added)
			continue;
		if (n >= j->nfed || k->scan != j->fed[n].scan ||
		    k->page != j->fed[n].page || !sh_digest_equal(as,
		    j->fed[n].kind == SH_FED_SET_ASIDE ? &none :
		    &j->fed[n].digest))
			return (0);
		n++;
	}
	return (n == j->nfed);
}

static int
was_touched(const struct sh_job *j)
{
	size_t i;

	for (i = 0; i < j->ndrafts; i++)
		if (j->drafts[i].review != NULL)
			return (1);
	for (i = 0; i < j->nfed; i++)
		if (j->fed[i].rescan > 0 || (j->fed[i].failure != NULL &&
		    !sh_review_page_open(&j->fed[i])))
			return (1);
	return (0);
}

/* The job is as a person left it; what failed is tried again. */
static void
take_over(struct sh_job *j, struct sh_job *kept)
{
	struct sh_job t = *j;
	size_t i;

	*j = *kept;
	*kept = t;
	j->archive = kept->archive;
	j->need = kept->need;
	kept->need = NULL;
	for (i = 0; i < j->ndrafts; i++)
		if (j->drafts[i].state == SH_DRAFT_FAILED) {
			j->drafts[i].state = SH_DRAFT_READY;
			free(j->drafts[i].failure);
			j->drafts[i].failure = NULL;
		}
}

/* All was decided: the drafts as they were archived, with fresh readings. */
static int
take_outcome(struct sh_job *j, struct sh_job *done, struct sh_error *err)
{
	struct sh_draft *drafts = j->drafts;
	size_t i, n = j->ndrafts, index;

	for (i = 0; i < done->nfed; i++) {
		struct sh_fed_page *d = &done->fed[i], *f;

		if (i >= j->nfed) {
			if (sh_job_feed(j, d->scan, d->page, &index, err))
				return (-1);
			j->npending--;
		}
		f = &j->fed[i];
		if (f->kind == d->kind && d->kind != SH_FED_SET_ASIDE)
			continue;
		f->kind = d->kind;
		free(f->failure);
		f->failure = d->failure;
		d->failure = NULL;
	}
	j->drafts = done->drafts;
	j->ndrafts = done->ndrafts;
	done->drafts = drafts;
	done->ndrafts = n;
	return (0);
}

/* 1 with what was decided when this folder was done, 0, -1. */
static int
outcome_of(struct sh_home *h, const char *folder, struct sh_job **jp,
    struct sh_error *err)
{
	struct sh_spool *store = NULL;
	struct sh_buf b = SH_BUF_INIT;
	char name[64];
	json_t *v;
	int rc = -1;

	*jp = NULL;
	(void)snprintf(name, sizeof(name), "j-%s", folder);
	if (sh_review_store(h, &store, err) == 0 &&
	    (rc = sh_spool_get(store, name, &b, err)) == 1 &&
	    ((v = sh_json_parse(b.data, b.len, DONE_MAX, err)) == NULL ||
	    sh_kept_from_json(v, h->catalogue, jp, err)))
		rc = -1;
	sh_buf_free(&b);
	sh_spool_close(store);
	return (rc);
}

/*
 * An earlier feed of the dossier, of which every page is here again: what
 * was archived of it is, and its folder has nothing more to keep.
 */
static int
absorb(struct sh_job *j, const struct sh_job *old)
{
	size_t i, k;

	for (i = 0; i < old->nfed; i++) {
		if (old->fed[i].kind != SH_FED_DOCUMENT)
			continue;
		for (k = 0; k < j->nfed; k++)
			if (sh_digest_equal(&j->fed[k].digest,
			    &old->fed[i].digest))
				break;
		if (k == j->nfed)
			return (0);
	}
	for (i = 0; i < old->ndrafts; i++)
		for (k = 0; k < j->ndrafts; k++) {
			struct sh_draft *d = &j->drafts[k];

			if (sh_review_draft_open(&old->drafts[i]) ||
			    !sh_digest_equal(&d->content,
			    &old->drafts[i].content) ||
			    d->state != SH_DRAFT_WAITS)
				continue;
			d->state = old->drafts[i].state;
			d->id = old->drafts[i].id;
			d->nreasons = 0;
		}
	return (1);
}

/*
 * The earlier feeds of this dossier.  One that a person has begun with is
 * left to that person.
 */
static int
absorb_others(struct sh_home *h, const char *folder, struct sh_job *j,
    struct sh_error *err)
{
	struct sh_spool *s = NULL;
	struct sh_job *old = NULL;
	struct dirent *e;
	char *root, *path;
	DIR *dir;
	int rc = -1, got;

	if ((root = sh_path_join(h->dir, "spool", err)) == NULL)
		return (-1);
	if ((dir = opendir(root)) == NULL) {
		(void)sh_error_sys(err, "file.read", "folder %s", root);
		free(root);
		return (-1);
	}
	while ((e = readdir(dir)) != NULL) {
		if (strncmp(e->d_name, folder, DOSSIER_HEX) != 0 ||
		    strcmp(e->d_name, folder) == 0 ||
		    strlen(e->d_name) != SH_REVIEW_FOLDER_LEN - 1)
			continue;
		if ((path = sh_path_join(root, e->d_name, err)) == NULL)
			goto out;
		got = sh_spool_open(path, h->archive, &s, err);
		free(path);
		if (got != 0 || (got = sh_kept_get(s, h->catalogue, 0, &old,
		    err)) < 0)
			goto out;
		if (got == 1 && !was_touched(old) && absorb(j, old) &&
		    sh_spool_destroy(s, err))
			goto out;
		sh_job_free(old);
		sh_spool_close(s);
		old = NULL;
		s = NULL;
	}
	rc = 0;
out:
	sh_job_free(old);
	sh_spool_close(s);
	(void)closedir(dir);
	free(root);
	return (rc);
}

static const char *
folder_of(const struct sh_spool *s)
{
	const char *slash = strrchr(sh_spool_dir(s), '/');

	return (slash != NULL ? slash + 1 : sh_spool_dir(s));
}

int
sh_review_recall(struct sh_home *h, struct sh_spool *s, struct sh_job *j,
    struct sh_error *err)
{
	struct sh_job *kept = NULL;
	int rc;

	if ((rc = sh_kept_get(s, h->catalogue, 1, &kept, err)) < 0)
		goto out;
	if (rc == 1) {
		j->since = kept->since;
		if (same_feed(kept, j) && was_touched(kept))
			take_over(j, kept);
		rc = 0;
		goto out;
	}
	if ((rc = outcome_of(h, folder_of(s), &kept, err)) < 0)
		goto out;
	if (rc == 1 && same_feed(kept, j))
		rc = take_outcome(j, kept, err);
	else
		rc = absorb_others(h, folder_of(s), j, err);
out:
	sh_job_free(kept);
	return (rc);
}

int
sh_review_settle(struct sh_home *h, struct sh_spool *s, struct sh_job *j,
    struct sh_error *err)
{
	struct sh_spool *store = NULL;
	struct sh_buf b = SH_BUF_INIT;
	char name[64];
	json_t *v = NULL;
	size_t i;
	int open = 0, rc = -1;

	if (sh_figures_put(h, folder_of(s), j, err))
		return (-1);
	for (i = 0; i < j->ndrafts; i++)
		open |= sh_review_draft_open(&j->drafts[i]);
	for (i = 0; i < j->nfed; i++)
		open |= sh_review_page_open(&j->fed[i]);
	if (open) {
		if (j->since == 0)
			j->since = sh_now();
		return (sh_kept_put(s, j, err));
	}
	/* What a person decided is known when the same scans come again. */
	if (j->since != 0) {
		(void)snprintf(name, sizeof(name), "j-%s", folder_of(s));
		if (sh_review_store(h, &store, err) ||
		    (v = sh_kept_to_json(j, 1, err)) == NULL ||
		    sh_json_print(v, 0, &b, err) ||
		    sh_spool_put(store, name, b.data, b.len, 1, err))
			goto out;
	}
	rc = sh_spool_destroy(s, err);
out:
	json_decref(v);
	sh_buf_free(&b);
	sh_spool_close(store);
	return (rc);
}
