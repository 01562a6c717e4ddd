#include "pipeline/match.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

#define TYPE_SURE	0.50
/* Digits of a number that may have been misread at once. */
#define MISREAD_MAX	2

/* How a party of a draft stands to the dossier's holder. */
enum standing {
	STRANGER,
	HOLDER,
	NAME_DIFFERS,		/* the number is the holder's, the name not */
	NUMBER_DIFFERS		/* name and birth are, the number is not */
};

static int
births_differ(const struct sh_dossier *d, const struct sh_party *p)
{
	return (d->holder_birth.year != 0 && p->birth.year != 0 &&
	    sh_date_compare(d->holder_birth, p->birth) != 0);
}

/* In how many places two numbers of one length differ; else many. */
static unsigned
digits_apart(const struct sh_id *a, const struct sh_id *b)
{
	unsigned n = 0;
	size_t i;

	if (a->kind != b->kind || strlen(a->value) != strlen(b->value))
		return (UINT_MAX);
	for (i = 0; a->value[i] != '\0'; i++)
		n += a->value[i] != b->value[i];
	return (n);
}

static enum standing
stands(const struct sh_dossier *d, const struct sh_party *p)
{
	enum sh_likeness name = SH_LIKELY;

	if (d->holder_name != NULL && p->name != NULL)
		name = sh_name_compare(d->holder_name, p->name);
	if (sh_id_equal(&d->holder, &p->id)) {
		if (name == SH_DIFFERENT || births_differ(d, p))
			return (NAME_DIFFERS);
		return (HOLDER);
	}
	if (name != SH_SAME || p->name == NULL || d->holder_name == NULL ||
	    births_differ(d, p))
		return (STRANGER);
	/*
	 * The same name without a number, or with the old nine digits that
	 * the twelve replaced.
	 */
	if (p->id.kind == SH_ID_NONE || p->id.kind == SH_ID_OLD ||
	    p->id.kind == SH_ID_PASSPORT)
		return (HOLDER);
	/* Read badly, and the name and the birth say whose number it is. */
	if (d->holder_birth.year != 0 && p->birth.year != 0 &&
	    p->unsure && digits_apart(&d->holder, &p->id) <= MISREAD_MAX)
		return (HOLDER);
	/* A namesake, or a number read wrongly: for a person, unless it is
	   no number of a citizen at all. */
	if (p->id.kind == SH_ID_CITIZEN ||
	    (d->holder_birth.year != 0 && p->birth.year != 0))
		return (NUMBER_DIFFERS);
	return (STRANGER);
}

/* Somebody else of the holder's name: born on another day. */
static int
is_namesake(const struct sh_dossier *d, const struct sh_party *p)
{
	return (!sh_id_equal(&d->holder, &p->id) && births_differ(d, p) &&
	    d->holder_name != NULL && p->name != NULL &&
	    sh_name_compare(d->holder_name, p->name) == SH_SAME);
}

/* The words of a draft, folded, with a space at both ends. */
static char *
folded_text(const struct sh_job *j, const struct sh_draft *d,
    struct sh_error *err)
{
	struct sh_buf text = SH_BUF_INIT, out = SH_BUF_INIT;
	struct sh_page *page;
	size_t i;
	int rc = -1;

	if (sh_buf_puts(&out, " ", err))
		goto out;
	for (i = 0; i < d->npages; i++) {
		if ((page = sh_job_page(j, d->pages[i], err)) == NULL)
			goto out;
		sh_buf_reset(&text);
		rc = sh_page_text(page, &text, err);
		sh_page_free(page);
		if (rc != 0)
			goto out;
		rc = -1;
		if (sh_text_fold(text.data, text.len, &out, err) ||
		    sh_buf_puts(&out, " ", err))
			goto out;
	}
	rc = 0;
out:
	sh_buf_free(&text);
	if (rc != 0) {
		sh_buf_free(&out);
		return (NULL);
	}
	return (sh_buf_steal(&out, err));
}

/* 1 if the folded text names the person by number or whole name. */
static int
mentions(const char *text, const struct sh_id *id, const char *name,
    struct sh_error *err)
{
	char *folded, *needle;
	int found = 0;

	if (id->kind != SH_ID_NONE && strstr(text, id->value) != NULL)
		return (1);
	if (name == NULL)
		return (0);
	if ((folded = sh_text_fold_dup(name, err)) == NULL)
		return (-1);
	needle = sh_asprintf(err, " %s ", folded);
	/* One syllable is a word, not a person. */
	if (needle == NULL)
		found = -1;
	else if (strchr(folded, ' ') != NULL)
		found = strstr(text, needle) != NULL;
	free(needle);
	free(folded);
	return (found);
}

/* Another draft gives the same number, by another reading. */
static int
corroborated(const struct sh_job *j, const struct sh_draft *d,
    const struct sh_party *p)
{
	size_t i, k;

	for (i = 0; i < j->ndrafts; i++) {
		const struct sh_draft *o = &j->drafts[i];

		if (o == d)
			continue;
		for (k = 0; k < o->parties.n; k++)
			if (sh_id_equal(&o->parties.party[k].id, &p->id))
				return (1);
	}
	return (0);
}

/* The role in which a type's papers name the one whom they are of. */
static const char *
own_role(const struct sh_draft *d)
{
	const struct sh_paper_type *t = d->guess.type;
	size_t i;

	for (i = 0; t != NULL && i < t->nholders; i++)
		if (t->holders[i].files)
			return (t->holders[i].role);
	return ("subject");
}

static void
add_holder(struct sh_draft *d, const struct sh_id *id, const char *name,
    const char *role, struct sh_date birth)
{
	struct sh_holder *h = &d->holders[d->nholders++];

	h->id = *id;
	h->name = name;
	h->role = role;
	h->birth = birth;
}

/* The people under whom a draft is filed; the dossier's holder leads. */
static int
set_holders(const struct sh_job *j, struct sh_draft *d, struct sh_error *err)
{
	const struct sh_dossier *s = j->dossier;
	size_t i;
	int pass;

	d->holders = sh_alloc(d->parties.n + 1, sizeof(*d->holders),
	    "the holders", err);
	if (d->holders == NULL)
		return (-1);
	for (pass = 0; pass < 2; pass++)
		for (i = 0; i < d->parties.n; i++) {
			const struct sh_party *p = &d->parties.party[i];
			int own = stands(s, p) == HOLDER;

			if (!p->files || own == pass)
				continue;
			if (own) {
				add_holder(d, &s->holder, p->name != NULL ?
				    p->name : s->holder_name, p->role,
				    p->birth.year != 0 ? p->birth :
				    s->holder_birth);
				continue;
			}
			/* Nobody can be found under neither number nor name. */
			if (p->id.kind == SH_ID_NONE && p->name == NULL)
				continue;
			/* Somebody else's number is one digit away. */
			if (p->id.kind != SH_ID_NONE && p->unsure &&
			    !corroborated(j, d, p))
				sh_draft_wait(d, "holder.unsure");
			add_holder(d, &p->id, p->name, p->role, p->birth);
		}
	if (d->nholders == 0)
		add_holder(d, &s->holder, s->holder_name, own_role(d),
		    s->holder_birth);
	return (0);
}

static int
is_required(const struct sh_paper_type *t, const char *field)
{
	const struct sh_field_def *f = field == NULL ? NULL :
	    sh_paper_type_field(t, field);

	return (f != NULL && f->required);
}

/*
 * A paper of several people, such as a marriage certificate, of whom one
 * was not read: it would be missing under that one.
 */
static int
lacks_party(const struct sh_draft *d)
{
	const struct sh_paper_type *t = d->guess.type;
	size_t i, k, wanted = 0, found = 0;

	for (i = 0; t != NULL && i < t->nholders; i++) {
		const struct sh_holder_def *h = &t->holders[i];

		if (!h->files || !(is_required(t, h->name_field) ||
		    is_required(t, h->id_field)))
			continue;
		wanted++;
		for (k = 0; k < d->parties.n; k++)
			if (strcmp(d->parties.party[k].role, h->role) == 0) {
				found++;
				break;
			}
	}
	return (wanted > 1 && found < wanted);
}

/*
 * The holder's own papers: a party of them is the holder, or they name no
 * party at all and the holder in their text.  1, 0, or -1.
 */
static int
is_own(const struct sh_job *j, struct sh_draft *d, const char *text,
    struct sh_error *err)
{
	const struct sh_dossier *s = j->dossier;
	size_t i;
	int own = 0, filing = 0, numbered = 0;

	for (i = 0; i < d->parties.n; i++)
		numbered |= sh_id_equal(&d->parties.party[i].id, &s->holder);
	for (i = 0; i < d->parties.n; i++) {
		const struct sh_party *p = &d->parties.party[i];

		filing += p->files;
		switch (stands(s, p)) {
		case HOLDER:
			own = 1;
			break;
		case NAME_DIFFERS:
			sh_draft_wait(d, "holder.name-differs");
			return (0);
		case NUMBER_DIFFERS:
			/* Beside the holder's number it is another owner's. */
			if (numbered)
				break;
			sh_draft_wait(d, "holder.number-differs");
			return (0);
		case STRANGER:
			break;
		}
	}
	if (own || filing > 0)
		return (own);
	return (mentions(text, &s->holder, s->holder_name, err));
}

/* Does the draft belong to somebody whom the holder's papers name? */
static int
is_related(const struct sh_job *j, const struct sh_draft *d, char **texts,
    const char *own, struct sh_error *err)
{
	const char *name = j->dossier->holder_name;
	size_t me = (size_t)(d - j->drafts), i, k;
	int r;

	/* A namesake's paper has the holder's name, and not the holder. */
	for (i = 0; i < d->parties.n; i++)
		if (is_namesake(j->dossier, &d->parties.party[i]))
			name = NULL;
	r = mentions(texts[me], &j->dossier->holder, name, err);
	for (i = 0; r == 0 && i < j->ndrafts; i++)
		for (k = 0; own[i] && r == 0 && k < d->parties.n; k++) {
			const struct sh_party *p = &d->parties.party[k];

			if (p->files)
				r = mentions(texts[i], &p->id, is_namesake(
				    j->dossier, p) ? NULL : p->name, err);
		}
	return (r);
}

int
sh_match(struct sh_job *j, struct sh_error *err)
{
	char **texts = NULL, *own = NULL;
	size_t i;
	int r, rc = -1;

	if ((texts = sh_alloc(j->ndrafts, sizeof(*texts), "texts", err)) ==
	    NULL || (own = sh_alloc(j->ndrafts, 1, "texts", err)) == NULL)
		goto out;
	for (i = 0; i < j->ndrafts; i++) {
		struct sh_draft *d = &j->drafts[i];

		if (d->npages > SH_DRAFT_PAGES_MAX)
			continue;
		if ((texts[i] = folded_text(j, d, err)) == NULL ||
		    (r = is_own(j, d, texts[i], err)) < 0)
			goto out;
		own[i] = (char)r;
	}
	for (i = 0; i < j->ndrafts; i++) {
		struct sh_draft *d = &j->drafts[i];

		if (d->state != SH_DRAFT_NEW)
			continue;
		d->state = SH_DRAFT_READY;
		if (d->guess.type == NULL || d->guess.confidence < TYPE_SURE)
			sh_draft_wait(d, "type.unknown");
		if (lacks_party(d))
			sh_draft_wait(d, "holder.incomplete");
		if (!own[i]) {
			if ((r = is_related(j, d, texts, own, err)) < 0)
				goto out;
			if (r == 0)
				sh_draft_wait(d, d->parties.n > 0 ?
				    "holder.other-person" :
				    "holder.not-named");
		}
		if (set_holders(j, d, err))
			goto out;
	}
	rc = 0;
out:
	for (i = 0; texts != NULL && i < j->ndrafts; i++)
		free(texts[i]);
	free(texts);
	free(own);
	return (rc);
}
