#include "pipeline/divide.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* A separator's word against the text's needs this much from the text. */
#define CONFIDENT	0.90
/* What a page alone must be to part it from another file's page. */
#define TYPE_LIKELY	0.50

static int
begins(const struct sh_job *j, size_t i, size_t previous, int separated)
{
	const struct sh_fed_page *f = &j->fed[i], *p = &j->fed[previous];

	if (separated)
		return (1);
	/* A new file goes on only with a paper of its own kind. */
	if (f->scan != p->scan)
		return (f->first_page >= 0 || (f->type != NULL && f->type !=
		    p->type && f->type_confidence >= TYPE_LIKELY));
	return (f->first_page > 0 || f->heading);
}

static int
add_page(struct sh_job *j, size_t *capp, size_t i, int begin,
    struct sh_error *err)
{
	struct sh_draft *d;
	size_t cap;

	if (begin) {
		if (sh_grow(&j->drafts, capp, j->ndrafts + 1,
		    sizeof(*j->drafts), "the drafts", err))
			return (-1);
		memset(&j->drafts[j->ndrafts++], 0, sizeof(*j->drafts));
	}
	d = &j->drafts[j->ndrafts - 1];
	cap = d->npages;
	if (sh_grow(&d->pages, &cap, d->npages + 1, sizeof(*d->pages),
	    "the pages", err))
		return (-1);
	d->pages[d->npages++] = i;
	return (0);
}

/* The sheet before the document; NULL: there is none. */
static const struct sh_fed_page *
sheet_before(const struct sh_job *j, const struct sh_draft *d)
{
	size_t i = d->pages[0];

	while (i > 0 && j->fed[i - 1].kind == SH_FED_BLANK)
		i--;
	if (i == 0 || j->fed[i - 1].kind != SH_FED_SEPARATOR)
		return (NULL);
	return (&j->fed[i - 1]);
}

/* What that sheet says that it is; NULL: nothing. */
static const struct sh_paper_type *
announced(const struct sh_job *j, const struct sh_draft *d)
{
	const struct sh_fed_page *f = sheet_before(j, d);

	return (f != NULL ? sh_catalogue_type(j->catalogue, f->separator) :
	    NULL);
}

/* The fields of its type, then the parties that they name. */
static int
extract(const struct sh_job *j, struct sh_draft *d,
    const struct sh_page *const *p, struct sh_error *err)
{
	if (sh_fields_extract(j->catalogue, d->guess.type, p, d->npages,
	    d->guess.certified_copy, &d->fields, err))
		return (-1);
	return (sh_parties_extract(j->catalogue, d->guess.type, &d->fields, p,
	    d->npages, &d->parties, err));
}

static int
judge(struct sh_job *j, struct sh_draft *d, struct sh_page **pages,
    struct sh_error *err)
{
	const struct sh_paper_type *said = announced(j, d);
	const struct sh_page *const *p = (const struct sh_page *const *)pages;
	json_t *e;

	if (sh_classify(j->catalogue, p, d->npages, j->dossier->procedure,
	    &d->guess, err))
		return (-1);
	if (said != NULL && d->guess.type != said) {
		if (d->guess.type != NULL && d->guess.confidence >= CONFIDENT) {
			sh_draft_wait(d, "type.separator-differs");
		} else {
			d->guess.type = said;
			d->guess.confidence = CONFIDENT;
			e = json_pack("{s:s}", "separator", said->slug);
			if (sh_json_append(d->guess.evidence, e, err))
				return (-1);
		}
	}
	return (d->guess.type == NULL ? 0 : extract(j, d, p, err));
}

static int
digest_pages(const struct sh_job *j, struct sh_draft *d, struct sh_error *err)
{
	struct sh_hasher *h;
	size_t i;
	int rc = 0;

	if ((h = sh_hasher_new(NULL, 0, err)) == NULL)
		return (-1);
	for (i = 0; rc == 0 && i < d->npages; i++)
		rc = sh_hasher_update(h, j->fed[d->pages[i]].digest.b,
		    SH_DIGEST_LEN, err);
	if (rc == 0)
		rc = sh_hasher_final(h, &d->content, err);
	sh_hasher_free(h);
	return (rc);
}

/*
 * A cover sheet names the component, when the paper can be it; when it reads
 * as something else a person decides.
 */
static void
assign_covered(struct sh_job *j, struct sh_draft *d)
{
	const struct sh_procedure *p = j->dossier->procedure;
	const struct sh_fed_page *f = sheet_before(j, d);
	const struct sh_component *k = NULL;
	size_t i;

	if (f == NULL || f->component == NULL)
		return;
	for (i = 0; i < p->ncomponents; i++)
		if (strcmp(p->components[i].code, f->component) == 0)
			k = &p->components[i];
	for (i = 0; k != NULL && i < k->ntypes; i++)
		if (k->types[i] == d->guess.type)
			d->component = k;
	if (k != NULL && d->component == NULL && d->guess.type != NULL &&
	    d->guess.confidence >= CONFIDENT)
		sh_draft_wait(d, "type.separator-differs");
}

/* Give each component of the procedure the first draft that can be it. */
static void
assign_components(struct sh_job *j)
{
	const struct sh_procedure *p = j->dossier->procedure;
	size_t c, t, i;

	/* A result is what came of the procedure, no part of its dossier. */
	if (p == NULL || j->dossier->result)
		return;
	for (i = 0; i < j->ndrafts; i++)
		assign_covered(j, &j->drafts[i]);
	for (c = 0; c < p->ncomponents; c++) {
		const struct sh_component *k = &p->components[c];

		for (i = 0; i < j->ndrafts; i++)
			if (j->drafts[i].component == k)
				break;
		if (i < j->ndrafts)
			continue;

		for (i = 0; i < j->ndrafts; i++) {
			struct sh_draft *d = &j->drafts[i];

			if (d->component != NULL || d->guess.type == NULL)
				continue;
			for (t = 0; t < k->ntypes; t++)
				if (k->types[t] == d->guess.type)
					break;
			if (t < k->ntypes) {
				d->component = k;
				break;
			}
		}
	}
}

int
sh_draft_judge(struct sh_job *j, struct sh_draft *d, struct sh_error *err)
{
	struct sh_page **pages;
	int rc;

	sh_guess_clear(&d->guess);
	sh_fields_clear(&d->fields);
	sh_parties_clear(&d->parties);
	if (digest_pages(j, d, err))
		return (-1);
	if (d->npages > SH_DRAFT_PAGES_MAX) {
		sh_draft_wait(d, "document.too-long");
		return (0);
	}
	if (sh_job_pages(j, d, &pages, err))
		return (-1);
	rc = judge(j, d, pages, err);
	sh_job_release(pages, d->npages);
	return (rc);
}

int
sh_draft_retype(struct sh_job *j, struct sh_draft *d,
    const struct sh_paper_type *type, struct sh_error *err)
{
	struct sh_page **pages;
	const struct sh_page *const *p;
	int rc;

	if (sh_job_pages(j, d, &pages, err))
		return (-1);
	p = (const struct sh_page *const *)pages;
	sh_parties_clear(&d->parties);
	if (type != NULL) {
		sh_fields_clear(&d->fields);
		d->guess.type = type;
		d->guess.confidence = 1;
		rc = extract(j, d, p, err);
	} else {
		rc = sh_parties_extract(j->catalogue, d->guess.type,
		    &d->fields, p, d->npages, &d->parties, err);
	}
	sh_job_release(pages, d->npages);
	return (rc);
}

int
sh_divide(struct sh_job *j, struct sh_error *err)
{
	size_t i, previous = 0, cap = 0;
	int separated = 1;

	for (i = 0; i < j->nfed; i++) {
		if (j->fed[i].kind == SH_FED_SEPARATOR)
			separated = 1;
		if (j->fed[i].kind != SH_FED_DOCUMENT)
			continue;
		if (add_page(j, &cap, i, begins(j, i, previous, separated),
		    err))
			return (-1);
		separated = 0;
		previous = i;
	}
	for (i = 0; i < j->ndrafts; i++)
		if (sh_draft_judge(j, &j->drafts[i], err))
			return (-1);
	assign_components(j);
	return (0);
}
