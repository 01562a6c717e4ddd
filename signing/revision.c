/* The rules: what may differ, and where. */
#include "signing/revision.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "signing/revision_internal.h"

int
sh_revision_strict(struct sh_comparison *c, const struct sh_pdf_value *was,
    const struct sh_pdf_value *now, struct sh_error *err)
{
	return (sh_revision_same(c, was, now, 0, err));
}

int
sh_revision_any(struct sh_comparison *c, const struct sh_pdf_value *was,
    const struct sh_pdf_value *now, struct sh_error *err)
{
	(void)c;
	(void)was;
	(void)now;
	(void)err;
	return (1);
}

static sh_revision_check *
rule_for(const struct sh_revision_rule *rules, const char *key)
{
	for (; rules->key != NULL; rules++)
		if (strcmp(rules->key, key) == 0)
			break;
	return (rules->check);
}

/* The answer 0 with the member in front of what was said below it. */
static int
within(struct sh_comparison *c, const struct sh_pdf_value *v, const char *what)
{
	char below[SH_WHY_LEN];

	(void)snprintf(below, sizeof(below), "%s", c->why);
	if (below[0] == '\0')
		return (sh_revision_no(c, "/%.40s %s", (const char *)v->key,
		    what));
	return (sh_revision_no(c, "/%.40s: %s", (const char *)v->key, below));
}

/*
 * Two dictionaries, either of them perhaps NULL, member by member under
 * RULES; the last rule, without a key, is for all other members.
 */
int
sh_revision_rules(struct sh_comparison *c, const struct sh_pdf_value *was,
    const struct sh_pdf_value *now, const struct sh_revision_rule *rules,
    struct sh_error *err)
{
	const struct sh_pdf_value *v, *other;
	int got = 1;

	if (was != NULL && now != NULL &&
	    sh_pdf_work(c->now, SH_KEY_COST * was->n * now->n, err))
		return (-1);
	for (v = was != NULL ? was->first : NULL; got == 1 && v != NULL;
	    v = v->next) {
		other = sh_pdf_member(now, (const char *)v->key);
		got = rule_for(rules, (const char *)v->key)(c, v, other, err);
		if (got == 0)
			return (within(c, v, "differs"));
	}
	for (v = now != NULL ? now->first : NULL; got == 1 && v != NULL;
	    v = v->next) {
		if (sh_pdf_member(was, (const char *)v->key) != NULL)
			continue;
		got = rule_for(rules, (const char *)v->key)(c, NULL, v, err);
		if (got == 0)
			return (within(c, v, "is new"));
	}
	return (got);
}

/* V of one of the documents resolved; NULL for null. */
static int
resolve(struct sh_pdf *doc, const struct sh_pdf_value *v,
    const struct sh_pdf_value **out, struct sh_error *err)
{
	if (sh_pdf_resolve(doc, v, out, NULL, err))
		return (-1);
	if (sh_pdf_is(*out, SH_PDF_NULL))
		*out = NULL;
	return (0);
}

int
sh_revision_resolve(struct sh_comparison *c, const struct sh_pdf_value **was,
    const struct sh_pdf_value **now, struct sh_error *err)
{
	return (resolve(c->was, *was, was, err) ||
	    resolve(c->now, *now, now, err) ? -1 : 0);
}

/* What stood in the dictionary stays; more may have come. */
static int
additive(struct sh_comparison *c, const struct sh_pdf_value *was,
    const struct sh_pdf_value *now, struct sh_error *err)
{
	const struct sh_pdf_value *v, *other;
	int got = 1;

	if (sh_revision_resolve(c, &was, &now, err))
		return (-1);
	if (was == NULL)
		return (sh_pdf_is(now, SH_PDF_DICT));
	if (was->kind != SH_PDF_DICT || !sh_pdf_is(now, SH_PDF_DICT))
		return (0);
	if (sh_pdf_work(c->now, SH_KEY_COST * was->n * now->n, err))
		return (-1);
	for (v = was->first; got == 1 && v != NULL; v = v->next) {
		other = sh_pdf_member(now, (const char *)v->key);
		got = other == NULL ? 0 : sh_revision_strict(c, v, other, err);
	}
	return (got);
}

/* A developer's extension may rise to another level. */
static int
extension(struct sh_comparison *c, const struct sh_pdf_value *was,
    const struct sh_pdf_value *now, struct sh_error *err)
{
	static const struct sh_revision_rule rules[] = {
		{ "BaseVersion", sh_revision_any },
		{ "ExtensionLevel", sh_revision_any },
		{ "ExtensionRevision", sh_revision_any },
		{ NULL, sh_revision_strict }
	};

	if (sh_revision_resolve(c, &was, &now, err))
		return (-1);
	if (!sh_pdf_is(was, SH_PDF_DICT) || !sh_pdf_is(now, SH_PDF_DICT))
		return (was == NULL);
	return (sh_revision_rules(c, was, now, rules, err));
}

static int
extensions(struct sh_comparison *c, const struct sh_pdf_value *was,
    const struct sh_pdf_value *now, struct sh_error *err)
{
	static const struct sh_revision_rule rules[] = { { NULL, extension } };

	if (sh_revision_resolve(c, &was, &now, err))
		return (-1);
	if ((was != NULL && was->kind != SH_PDF_DICT) ||
	    !sh_pdf_is(now, SH_PDF_DICT))
		return (0);
	return (sh_revision_rules(c, was, now, rules, err));
}

/* The same one level deeper: /DR has a dictionary for each kind. */
static int
resources(struct sh_comparison *c, const struct sh_pdf_value *was,
    const struct sh_pdf_value *now, struct sh_error *err)
{
	static const struct sh_revision_rule rules[] = {
		/* Obsolete since PDF 1.4, and nothing but names. */
		{ "ProcSet", sh_revision_any }, { NULL, additive }
	};

	if (sh_revision_resolve(c, &was, &now, err))
		return (-1);
	if ((was != NULL && was->kind != SH_PDF_DICT) ||
	    !sh_pdf_is(now, SH_PDF_DICT))
		return (0);
	return (sh_revision_rules(c, was, now, rules, err));
}

int
sh_revision_may_appear(struct sh_comparison *c, const struct sh_pdf_value *was,
    const struct sh_pdf_value *now, struct sh_error *err)
{
	return (was == NULL ? 1 : sh_revision_strict(c, was, now, err));
}

/* ---- lists that may grow ---- */

/* The old elements in their order; between and behind them only new ones. */
static int
grown(struct sh_comparison *c, const struct sh_pdf_value *was,
    const struct sh_pdf_value *now, struct sh_error *err)
{
	const struct sh_pdf_value *a, *b;
	int got = 1;

	if (sh_revision_resolve(c, &was, &now, err))
		return (-1);
	if ((was != NULL && was->kind != SH_PDF_ARRAY) ||
	    (now != NULL && now->kind != SH_PDF_ARRAY))
		return (sh_revision_no(c, "a list is none"));
	a = was != NULL ? was->first : NULL;
	for (b = now != NULL ? now->first : NULL; got == 1 && b != NULL;
	    b = b->next) {
		if (b->kind == SH_PDF_REF &&
		    sh_numbers_has(&c->added, (uint64_t)b->num))
			continue;
		if (a == NULL)
			return (sh_revision_no(c, "something is added to a "
			    "list"));
		got = sh_revision_strict(c, a, b, err);
		a = a->next;
	}
	if (got == 1 && a != NULL)
		return (sh_revision_no(c, "something is gone from a list"));
	return (got);
}

/* ---- pages ---- */

static int pages(struct sh_comparison *, const struct sh_pdf_value *,
    const struct sh_pdf_value *, unsigned, struct sh_error *);

static const struct sh_revision_rule page_rules[] = {
	{ "Annots", grown },
	{ "Tabs", sh_revision_any },	/* in which order the tabulator goes */
	{ NULL, sh_revision_strict }
};

/* Everything of a node of the page tree but its kids. */
static const struct sh_revision_rule node_rules[] = {
	{ "Kids", sh_revision_any }, { NULL, sh_revision_strict }
};

static int
page_node(struct sh_comparison *c, const struct sh_pdf_value *was,
    const struct sh_pdf_value *now, unsigned depth, struct sh_error *err)
{
	const struct sh_pdf_value *a, *b;
	int got;

	if (sh_pdf_find(c->was, was, "Kids", &a, err) ||
	    sh_pdf_find(c->now, now, "Kids", &b, err))
		return (-1);
	if (a == NULL || b == NULL) {
		if (a != b)
			return (sh_revision_no(c, "a page is another one"));
		return (sh_revision_rules(c, was, now, page_rules, err));
	}
	if (a->kind != SH_PDF_ARRAY || b->kind != SH_PDF_ARRAY ||
	    a->n != b->n)
		return (sh_revision_no(c, "pages were added or removed"));
	got = sh_revision_rules(c, was, now, node_rules, err);
	for (a = a->first, b = b->first; got == 1 && a != NULL;
	    a = a->next, b = b->next)
		got = pages(c, a, b, depth + 1, err);
	return (got);
}

static int
pages(struct sh_comparison *c, const struct sh_pdf_value *was,
    const struct sh_pdf_value *now, unsigned depth, struct sh_error *err)
{
	int got;

	if (depth > SH_PDF_DEPTH)
		return (sh_error_set(err, SH_ELIMIT, "pdf.limit",
		    "a page tree deeper than %d", SH_PDF_DEPTH));
	if (!sh_pdf_is(was, SH_PDF_REF) || !sh_pdf_is(now, SH_PDF_REF) ||
	    was->num != now->num || was->gen != now->gen)
		return (sh_revision_no(c, "a page is another one"));
	if ((got = sh_numbers_add(&c->licensed, (uint64_t)was->num, err)) < 0)
		return (-1);
	if (got == 0)
		return (sh_revision_no(c, "a page stands twice in the tree"));
	if (sh_revision_resolve(c, &was, &now, err))
		return (-1);
	if (!sh_pdf_is(was, SH_PDF_DICT) || !sh_pdf_is(now, SH_PDF_DICT))
		return (sh_revision_no(c, "a page is none"));
	return (page_node(c, was, now, depth, err));
}

static int
page_tree(struct sh_comparison *c, const struct sh_pdf_value *was,
    const struct sh_pdf_value *now, struct sh_error *err)
{
	return (pages(c, was, now, 0, err));
}

/* ---- the catalog and what hangs on it ---- */

static int
sig_flags(struct sh_comparison *c, const struct sh_pdf_value *was,
    const struct sh_pdf_value *now, struct sh_error *err)
{
	int64_t before;

	if (sh_revision_resolve(c, &was, &now, err))
		return (-1);
	before = sh_pdf_is(was, SH_PDF_INT) ? was->num : 0;
	return (sh_pdf_is(now, SH_PDF_INT) && (now->num & ~(int64_t)3) == 0 &&
	    (before & ~now->num) == 0);
}

/* Appearances made anew by the viewer: never from now on. */
static int
need_appearances(struct sh_comparison *c, const struct sh_pdf_value *was,
    const struct sh_pdf_value *now, struct sh_error *err)
{
	if (sh_revision_resolve(c, &was, &now, err))
		return (-1);
	return (now == NULL || (now->kind == SH_PDF_BOOL &&
	    (now->num == 0 || (was != NULL && was->num == 1))));
}

static int
form(struct sh_comparison *c, const struct sh_pdf_value *was,
    const struct sh_pdf_value *now, struct sh_error *err)
{
	static const struct sh_revision_rule rules[] = {
		{ "Fields", grown }, { "SigFlags", sig_flags },
		{ "DR", resources }, { "DA", sh_revision_may_appear },
		{ "NeedAppearances", need_appearances },
		{ NULL, sh_revision_strict }
	};

	if (sh_revision_resolve(c, &was, &now, err))
		return (-1);
	if ((was != NULL && was->kind != SH_PDF_DICT) ||
	    !sh_pdf_is(now, SH_PDF_DICT))
		return (0);
	return (sh_revision_rules(c, was, now, rules, err));
}

/* Certificates, revocation lists, answers: data for whoever verifies. */
static int
security_store(struct sh_comparison *c, const struct sh_pdf_value *was,
    const struct sh_pdf_value *now, struct sh_error *err)
{
	(void)was;
	if (resolve(c->now, now, &now, err))
		return (-1);
	return (sh_pdf_is(now, SH_PDF_DICT));
}

/* /Version: a later one of the file format may be named. */
static int
version(struct sh_comparison *c, const struct sh_pdf_value *was,
    const struct sh_pdf_value *now, struct sh_error *err)
{
	if (sh_revision_resolve(c, &was, &now, err))
		return (-1);
	return (sh_pdf_is(now, SH_PDF_NAME) && (was == NULL ||
	    (was->kind == SH_PDF_NAME && strcmp((const char *)was->text,
	    (const char *)now->text) <= 0)));
}

/*
 * The description of the file: signing software notes there that it wrote.
 * Nothing of it is shown on a page.
 */
static int
metadata(struct sh_comparison *c, const struct sh_pdf_value *was,
    const struct sh_pdf_value *now, struct sh_error *err)
{
	const struct sh_pdf_object *o = NULL;

	(void)was;
	if (sh_pdf_resolve(c->now, now, &now, &o, err))
		return (-1);
	return (o != NULL && o->is_stream &&
	    sh_pdf_is_name(sh_pdf_member(now, "Type"), "Metadata"));
}

static const struct sh_revision_rule catalog_rules[] = {
	{ "Pages", page_tree }, { "AcroForm", form },
	{ "DSS", security_store }, { "Extensions", extensions },
	{ "Version", version }, { "Metadata", metadata },
	{ NULL, sh_revision_strict }
};

static int
catalog(struct sh_comparison *c, const struct sh_pdf_value *was,
    const struct sh_pdf_value *now, struct sh_error *err)
{
	if (!sh_pdf_is(was, SH_PDF_REF) || !sh_pdf_is(now, SH_PDF_REF) ||
	    was->num != now->num || was->gen != now->gen)
		return (0);
	if (sh_numbers_add(&c->licensed, (uint64_t)was->num, err) < 0 ||
	    sh_revision_resolve(c, &was, &now, err))
		return (-1);
	if (!sh_pdf_is(was, SH_PDF_DICT) || !sh_pdf_is(now, SH_PDF_DICT))
		return (0);
	return (sh_revision_rules(c, was, now, catalog_rules, err));
}

/* The information dictionary: who wrote last, and when, may differ. */
static int
information(struct sh_comparison *c, const struct sh_pdf_value *was,
    const struct sh_pdf_value *now, struct sh_error *err)
{
	static const struct sh_revision_rule rules[] = {
		{ "ModDate", sh_revision_any }, { "Producer", sh_revision_any },
		{ NULL, sh_revision_strict }
	};

	if (sh_revision_resolve(c, &was, &now, err))
		return (-1);
	if (now == NULL)
		return (1);
	if ((was != NULL && was->kind != SH_PDF_DICT) ||
	    now->kind != SH_PDF_DICT)
		return (0);
	return (sh_revision_rules(c, was, now, rules, err));
}

/*
 * Other entries of a trailer may be dropped, but not come or change.  One
 * that keeps an object in reach beside the catalog has no honest use.
 */
static int
may_go(struct sh_comparison *c, const struct sh_pdf_value *was,
    const struct sh_pdf_value *now, struct sh_error *err)
{
	if (now == NULL)
		return (1);
	if (now->kind == SH_PDF_REF)
		return (sh_revision_no(c, "it leads past the catalog"));
	return (sh_revision_strict(c, was, now, err));
}

/* The first of the two parts says which document this is. */
static int
identifier(struct sh_comparison *c, const struct sh_pdf_value *was,
    const struct sh_pdf_value *now, struct sh_error *err)
{
	if (sh_revision_resolve(c, &was, &now, err))
		return (-1);
	if (was == NULL || now == NULL)
		return (1);
	if (was->kind != SH_PDF_ARRAY || now->kind != SH_PDF_ARRAY ||
	    was->n == 0 || now->n == 0)
		return (0);
	return (sh_revision_strict(c, was->first, now->first, err));
}

static const struct sh_revision_rule trailer_rules[] = {
	{ "Size", sh_revision_any }, { "Prev", sh_revision_any },
	{ "XRefStm", sh_revision_any },
	{ "Type", sh_revision_any }, { "W", sh_revision_any },
	{ "Index", sh_revision_any }, { "Length", sh_revision_any },
	{ "Filter", sh_revision_any }, { "DecodeParms", sh_revision_any },
	{ "DL", sh_revision_any },
	{ "Root", catalog }, { "Info", information }, { "ID", identifier },
	{ NULL, may_go }
};

int
sh_revision_compare(struct sh_pdf *was, struct sh_pdf *now,
    const struct sh_pdf_lock *lock, char why[SH_WHY_LEN],
    struct sh_error *err)
{
	struct sh_comparison c = { .was = was, .now = now, .lock = lock,
	    .why = why };
	int got = -1;

	why[0] = '\0';
	if (sh_pdf_form_read(was, &c.was_form, err) == 0 &&
	    sh_pdf_form_read(now, &c.now_form, err) == 0)
		got = sh_revision_fields(&c, err);
	if (got == 1)
		got = sh_revision_rules(&c, sh_pdf_trailer(was),
		    sh_pdf_trailer(now), trailer_rules, err);
	if (got == 1)
		got = sh_revision_run(&c, err);
	sh_pdf_form_clear(&c.was_form);
	sh_pdf_form_clear(&c.now_form);
	free(c.pairs.slot);
	free(c.licensed.slot);
	free(c.added.slot);
	free(c.queue);
	return (got);
}
