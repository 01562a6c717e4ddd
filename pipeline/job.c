#include "pipeline/job.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <zstd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/text.h"
#include "pipeline/cover.h"

#define READING_MAX	(16 << 20)	/* bytes of JSON, one page */

int
sh_job_new(struct sh_dossier *take_dossier,
    const struct sh_catalogue *catalogue, struct sh_job **jp,
    struct sh_error *err)
{
	struct sh_job *j;

	*jp = NULL;
	if ((j = sh_alloc(1, sizeof(*j), "a job", err)) == NULL) {
		sh_dossier_free(take_dossier);
		return (-1);
	}
	j->dossier = take_dossier;
	j->catalogue = catalogue;
	j->begun = sh_now();
	if ((j->readings_fd = sh_memfd("readings", err)) < 0) {
		sh_job_free(j);
		return (-1);
	}
	*jp = j;
	return (0);
}

void
sh_job_free(struct sh_job *j)
{
	size_t i;

	if (j == NULL)
		return;
	for (i = 0; i < j->nfed; i++) {
		free(j->fed[i].failure);
		free(j->fed[i].separator);
		free(j->fed[i].component);
	}
	free(j->fed);
	for (i = 0; i < j->ndrafts; i++)
		sh_draft_clear(&j->drafts[i]);
	free(j->drafts);
	if (j->readings_fd >= 0)
		(void)close(j->readings_fd);
	sh_dossier_free(j->dossier);
	json_decref(j->need);
	json_decref(j->kept);
	free(j);
}

void
sh_draft_clear(struct sh_draft *d)
{
	free(d->pages);
	sh_guess_clear(&d->guess);
	sh_fields_clear(&d->fields);
	sh_parties_clear(&d->parties);
	free(d->holders);
	free(d->failure);
	json_decref(d->review);
	memset(d, 0, sizeof(*d));
}

void
sh_job_image_name(const struct sh_job *j, size_t index,
    char out[SH_IMAGE_NAME])
{
	const struct sh_fed_page *f = &j->fed[index];

	if (f->rescan == 0)
		(void)snprintf(out, SH_IMAGE_NAME, "image-%zu", index);
	else
		(void)snprintf(out, SH_IMAGE_NAME, "image-%zu-%u", index,
		    f->rescan);
}

int
sh_job_feed(struct sh_job *j, uint32_t scan, uint32_t page, size_t *indexp,
    struct sh_error *err)
{
	struct sh_fed_page *f;

	if (sh_grow(&j->fed, &j->fedcap, j->nfed + 1, sizeof(*j->fed),
	    "the pages", err))
		return (-1);
	f = &j->fed[j->nfed];
	memset(f, 0, sizeof(*f));
	f->scan = scan;
	f->page = page;
	f->exif_orientation = 1;
	*indexp = j->nfed++;
	j->npending++;
	return (0);
}

/* Compressed JSON behind what is there already. */
static int
keep_reading(struct sh_job *j, struct sh_fed_page *f, const struct sh_page *page,
    struct sh_error *err)
{
	struct sh_buf text = SH_BUF_INIT;
	json_t *v;
	void *z = NULL;
	size_t bound, n;
	int rc = -1;

	if ((v = sh_page_to_json(page, err)) == NULL)
		return (-1);
	if (sh_json_print(v, 0, &text, err))
		goto out;
	bound = ZSTD_compressBound(text.len);
	if ((z = sh_alloc(1, bound, "a reading", err)) == NULL)
		goto out;
	n = ZSTD_compress(z, bound, text.data, text.len, 1);
	if (ZSTD_isError(n)) {
		(void)sh_error_nomem(err, "a reading");
		goto out;
	}
	if (sh_pwrite_all(j->readings_fd, z, n, j->readings_len, err))
		goto out;
	f->reading_at = j->readings_len;
	f->reading_len = (uint32_t)n;
	j->readings_len += n;
	rc = 0;
out:
	free(z);
	sh_buf_free(&text);
	json_decref(v);
	return (rc);
}

/*
 * A cover sheet of this dossier separates; one that somebody made up, or of
 * another dossier, is set aside: what it would say is not believed, and what
 * follows it is looked at as it is.
 */
static int
read_cover(const struct sh_job *j, struct sh_fed_page *f, const char *mark,
    struct sh_error *err)
{
	struct sh_cover c;
	enum sh_cover_kind kind;

	if (sh_cover_read(j->archive, j->dossier->code, mark, &c, &kind, err))
		return (-1);
	switch (kind) {
	case SH_COVER_NONE:
		return (0);
	case SH_COVER_GENUINE:
		f->kind = SH_FED_SEPARATOR;
		f->sheet = c.n;
		f->sheets = c.m;
		if ((f->separator = sh_strdup(c.type, err)) == NULL ||
		    (f->component = sh_strdup(c.component, err)) == NULL)
			return (-1);
		return (0);
	case SH_COVER_FORGED:
	case SH_COVER_FOREIGN:
		break;
	}
	if ((f->failure = sh_alloc(1, sizeof(*f->failure), "a page", err)) ==
	    NULL)
		return (-1);
	sh_error_param(f->failure, "page", "%u", f->page + 1);
	sh_error_param(f->failure, "file", "%s", j->dossier->scans[f->scan]);
	if (kind == SH_COVER_FOREIGN)
		sh_error_param(f->failure, "value", "%s", c.dossier);
	(void)sh_error_set(f->failure, SH_EDENIED, kind == SH_COVER_FOREIGN ?
	    "cover.foreign" : "cover.forged", "a cover sheet of %s",
	    kind == SH_COVER_FOREIGN ? "another dossier" : "no archive here");
	f->kind = SH_FED_SET_ASIDE;
	return (0);
}

/*
 * A separator sheet says SH1|dossier|type|station|n.  One of another
 * dossier is no separator here: it is looked at as any page.
 */
static int
read_separator(const struct sh_job *j, struct sh_fed_page *f,
    const struct sh_page *page, struct sh_error *err)
{
	const char *s, *type;
	size_t i, len;

	for (i = 0; i < page->nmarks; i++) {
		s = page->marks[i].text;
		if (read_cover(j, f, s, err))
			return (-1);
		if (f->kind != SH_FED_PENDING)
			break;
		len = strlen(j->dossier->code);
		if (strncmp(s, "SH1|", 4) != 0 ||
		    strncmp(s + 4, j->dossier->code, len) != 0 ||
		    s[4 + len] != '|')
			continue;
		type = s + 5 + len;
		f->separator = sh_strndup(type, strcspn(type, "|"), err);
		if (f->separator == NULL)
			return (-1);
		f->kind = SH_FED_SEPARATOR;
		break;
	}
	return (0);
}

/*
 * Does the national motto stand in the upper third?  Only first pages carry
 * it.  Rule: NĐ 30/2020/NĐ-CP App. I, box 1.  1, 0 or -1.
 */
static int
has_heading(const struct sh_page *page, struct sh_error *err)
{
	struct sh_buf line = SH_BUF_INIT, folded = SH_BUF_INIT;
	size_t i, k;
	int found = 0;

	for (i = 0; i < page->nlines && found == 0; i++) {
		const struct sh_line *l = &page->lines[i];

		if (l->box.y > page->height_px / 3)
			continue;
		sh_buf_reset(&line);
		sh_buf_reset(&folded);
		for (k = l->first; k < l->first + l->nwords; k++)
			if (sh_buf_printf(&line, err, "%s ",
			    page->words[k].text))
				found = -1;
		if (found == 0 && sh_text_fold(line.data, line.len, &folded,
		    err))
			found = -1;
		if (found == 0 && folded.len > 0)
			found = strstr((char *)folded.data,
			    "chu nghia viet nam") != NULL ||
			    strstr((char *)folded.data, "doc lap tu do hanh")
			    != NULL;
	}
	sh_buf_free(&line);
	sh_buf_free(&folded);
	return (found);
}

int
sh_job_read(struct sh_job *j, size_t index, const struct sh_page *page,
    struct sh_error *err)
{
	struct sh_fed_page *f = &j->fed[index];
	struct sh_guess guess;

	assert(f->kind == SH_FED_PENDING);
	if (keep_reading(j, f, page, err))
		return (-1);
	if (page->state == SH_PAGE_BLANK) {
		f->kind = SH_FED_BLANK;
	} else {
		if (read_separator(j, f, page, err))
			return (-1);
		if (f->kind == SH_FED_PENDING) {
			if (sh_classify(j->catalogue, &page, 1,
			    j->dossier->procedure, &guess, err))
				return (-1);
			f->type = guess.type;
			f->type_confidence = guess.confidence;
			f->first_page = guess.first_page;
			sh_guess_clear(&guess);
			if ((f->heading = has_heading(page, err)) < 0)
				return (-1);
			f->kind = SH_FED_DOCUMENT;
		}
	}
	j->npending--;
	return (0);
}

int
sh_job_set_aside(struct sh_job *j, size_t index, const struct sh_error *cause,
    struct sh_error *err)
{
	struct sh_fed_page *f = &j->fed[index];

	assert(f->kind == SH_FED_PENDING);
	if ((f->failure = sh_alloc(1, sizeof(*cause), "a page", err)) == NULL)
		return (-1);
	*f->failure = *cause;
	sh_error_param(f->failure, "file", "%s",
	    j->dossier->scans[f->scan]);
	sh_error_param(f->failure, "page", "%u", f->page + 1);
	f->kind = SH_FED_SET_ASIDE;
	j->npending--;
	return (0);
}

struct sh_page *
sh_job_page(const struct sh_job *j, size_t index, struct sh_error *err)
{
	const struct sh_fed_page *f = &j->fed[index];
	struct sh_page *page = NULL;
	json_t *v = NULL;
	char *z = NULL, *text = NULL;
	unsigned long long len;
	size_t n;

	if (f->reading_len == 0) {
		(void)sh_error_set(err, SH_ENOTFOUND, "page.unread",
		    "page %zu has no reading", index + 1);
		return (NULL);
	}
	if ((z = sh_alloc(1, f->reading_len, "a reading", err)) == NULL ||
	    sh_pread_all(j->readings_fd, z, f->reading_len, f->reading_at,
	    err))
		goto out;
	len = ZSTD_getFrameContentSize(z, f->reading_len);
	if (len > READING_MAX) {
		(void)sh_error_set(err, SH_ELIMIT, "page.too-much-text",
		    "a reading of more than %d bytes", READING_MAX);
		goto out;
	}
	if ((text = sh_alloc(1, (size_t)len, "a reading", err)) == NULL)
		goto out;
	n = ZSTD_decompress(text, (size_t)len, z, f->reading_len);
	if (ZSTD_isError(n)) {
		(void)sh_error_set(err, SH_ELIBRARY, "page.unread", "%s",
		    ZSTD_getErrorName(n));
		goto out;
	}
	if ((v = sh_json_parse(text, n, READING_MAX, err)) != NULL)
		(void)!sh_page_from_json(v, &page, err);
out:
	json_decref(v);
	free(text);
	free(z);
	return (page);
}

int
sh_job_pages(const struct sh_job *j, const struct sh_draft *d,
    struct sh_page ***pagesp, struct sh_error *err)
{
	struct sh_page **pages;
	size_t i;

	*pagesp = NULL;
	pages = sh_alloc(d->npages, sizeof(*pages), "the pages", err);
	if (pages == NULL)
		return (-1);
	for (i = 0; i < d->npages; i++)
		if ((pages[i] = sh_job_page(j, d->pages[i], err)) == NULL) {
			sh_job_release(pages, i);
			return (-1);
		}
	*pagesp = pages;
	return (0);
}

void
sh_job_release(struct sh_page **pages, size_t n)
{
	size_t i;

	if (pages == NULL)
		return;
	for (i = 0; i < n; i++)
		sh_page_free(pages[i]);
	free(pages);
}

void
sh_draft_wait(struct sh_draft *d, const char *reason)
{
	unsigned i;

	d->state = SH_DRAFT_WAITS;
	for (i = 0; i < d->nreasons; i++)
		if (strcmp(d->reasons[i], reason) == 0)
			return;
	if (d->nreasons < SH_DRAFT_REASONS)
		d->reasons[d->nreasons++] = reason;
}

int
sh_job_account(const struct sh_job *j, struct sh_error *err)
{
	unsigned char *seen;
	size_t i, k, missing = 0;

	if ((seen = sh_alloc(j->nfed, 1, "the pages", err)) == NULL)
		return (-1);
	for (i = 0; i < j->ndrafts; i++)
		for (k = 0; k < j->drafts[i].npages; k++)
			seen[j->drafts[i].pages[k]]++;
	for (i = 0; i < j->nfed; i++)
		missing += seen[i] != (j->fed[i].kind == SH_FED_DOCUMENT);
	free(seen);
	if (missing > 0 || j->npending > 0)
		return (sh_error_set(err, SH_EFIXITY, "pages.unaccounted",
		    "%zu of %zu fed pages are not accounted for",
		    missing + j->npending, j->nfed));
	return (0);
}
