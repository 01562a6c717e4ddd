/*
 * What a procedure still needs: every component against the documents that
 * the archive has for the holder, by the rules of the paper types.
 */
#include "archive/reuse.h"

#include <stdlib.h>
#include <string.h>

#include "archive/access_internal.h"
#include "archive/act.h"
#include "archive/reuse_internal.h"
#include "base/mem.h"

/* A document of the holder, as its summary tells. */
struct kept {
	struct sh_tag document;
	struct sh_tag holder;		/* to read it from */
	const char *standing;		/* sh_standing_word(), static */
	char *type;
	char *procedure;
	char *provenance;
	struct sh_date issued;		/* year 0: not known */
	struct sh_date valid_until;	/* its own field; year 0: none */
	uint64_t archived_at;
};

struct shelf {
	struct sh_archive *ar;
	const struct sh_tag *holder;	/* whose list is being taken */
	struct sh_access *access;	/* what may be seen; NULL: all */
	struct kept *kept;
	size_t n, cap;
};

enum state { MISSING, EXPIRED, HELD };

struct verdict {
	enum state state;
	const char *reason;		/* NULL: held without remark */
	struct sh_date until;		/* last day; year 0: no end known */
};

/* ---- what is there ------------------------------------------------------- */

static int
copy_member(const json_t *v, const char *name, char **out,
    struct sh_error *err)
{
	const char *s = sh_member(v, name);

	return (s == NULL || (*out = sh_strdup(s, err)) != NULL ? 0 : -1);
}

static int
take_kept(void *arg, const struct sh_entry *t, struct sh_error *err)
{
	struct shelf *s = arg;
	struct sh_standing standing;
	struct kept *k;
	const char *day;
	size_t i;
	json_t *v;
	int rc = -1;

	if (t->sortlen != SH_PLACE_LEN)
		return (sh_error_set(err, SH_EFIXITY, "record.damaged",
		    "an entry of a holder's list"));
	/* Filed under two numbers of one person. */
	for (i = 0; i < s->n; i++)
		if (memcmp(s->kept[i].document.b, t->sort + 8, 16) == 0)
			return (0);
	if ((v = sh_document_entry(s->ar, s->holder, t, err)) == NULL)
		return (-1);
	if (s->access != NULL && !sh_access_may(s->access, sh_member(v,
	    "type"))) {
		rc = 0;
		goto out;
	}
	if (sh_grow(&s->kept, &s->cap, s->n + 1, sizeof(*s->kept),
	    "documents", err))
		goto out;
	k = &s->kept[s->n++];
	memset(k, 0, sizeof(*k));
	k->archived_at = sh_get_be(t->sort, 8);
	memcpy(k->document.b, t->sort + 8, 16);
	k->holder = *s->holder;
	if (sh_standing_read(s->ar, s->holder, &k->document, &standing, err))
		goto out;
	k->standing = sh_standing_word(&standing);
	sh_standing_clear(&standing);
	if ((day = sh_member(v, "issued")) != NULL)
		(void)sh_date_parse(day, &k->issued);
	if ((day = sh_member(v, "valid_until")) != NULL)
		(void)sh_date_parse(day, &k->valid_until);
	if (copy_member(v, "type", &k->type, err) ||
	    copy_member(v, "procedure", &k->procedure, err) ||
	    copy_member(v, "provenance", &k->provenance, err))
		goto out;
	rc = 0;
out:
	json_decref(v);
	return (rc);
}

static void
shelf_free(struct shelf *s)
{
	size_t i;

	for (i = 0; i < s->n; i++) {
		free(s->kept[i].type);
		free(s->kept[i].procedure);
		free(s->kept[i].provenance);
	}
	free(s->kept);
}

static int
is_type(const struct kept *k, const struct sh_paper_type *type)
{
	return (k->type != NULL && strcmp(k->type, type->slug) == 0);
}

/* Which of two is the newer document, by issue and then by archiving. */
static int
is_newer(const struct kept *a, const struct kept *b)
{
	int c = sh_date_compare(a->issued, b->issued);

	if (c == 0 && a->archived_at != b->archived_at)
		return (a->archived_at > b->archived_at);
	return (c > 0 || (c == 0 && memcmp(&a->document, &b->document,
	    sizeof(a->document)) > 0));
}

/* ---- rules --------------------------------------------------------------- */

/* The document counts to DAY at the latest; the nearest end stays. */
static void
end_at(struct verdict *v, struct sh_date end, const char *reason)
{
	if (v->until.year != 0 && sh_date_compare(v->until, end) <= 0)
		return;
	v->until = end;
	v->reason = reason;
}

/* A term that runs from the day of issue, its last day counted. */
static void
end_months(struct verdict *v, const struct kept *k, int months,
    const char *reason)
{
	if (k->issued.year == 0) {
		/* Nobody can say that it still counts. */
		v->state = EXPIRED;
		v->reason = "no-issue-date";
		return;
	}
	end_at(v, sh_date_add_months(k->issued, months), reason);
}

static int
is_superseded(const struct shelf *s, const struct kept *k,
    const struct sh_paper_type *type, struct sh_date day)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		if (&s->kept[i] != k && is_type(&s->kept[i], type) &&
		    sh_date_compare(s->kept[i].issued, day) <= 0 &&
		    is_newer(&s->kept[i], k))
			return (1);
	return (0);
}

/* A suffix such as ".000.00.00.H13" names who decides, not what. */
static int
is_procedure(const char *code, const char *base)
{
	size_t len = strlen(base);

	return (code != NULL && strncmp(code, base, len) == 0 &&
	    (code[len] == '\0' || code[len] == '.'));
}

static struct verdict
judge(const struct shelf *s, const struct kept *k,
    const struct sh_paper_type *type, const struct sh_component *component,
    const char *procedure, struct sh_date day)
{
	struct verdict v = { .state = HELD };

	if (k->issued.year != 0 && sh_date_compare(k->issued, day) > 0)
		return ((struct verdict){ .state = MISSING,
		    .reason = "issued-later" });
	if (strcmp(k->standing, "archived") != 0)
		return ((struct verdict){ .state = EXPIRED,
		    .reason = k->standing });
	/* Rule: Decree 123/2015/NĐ-CP Art. 23, for its stated purpose only */
	if (type->validity == SH_VALID_PURPOSE &&
	    !is_procedure(k->procedure, procedure))
		return ((struct verdict){ .state = MISSING,
		    .reason = "other-purpose" });
	if (type->validity == SH_VALID_SUPERSEDED &&
	    is_superseded(s, k, type, day))
		return ((struct verdict){ .state = EXPIRED,
		    .reason = "superseded" });
	if (type->validity == SH_VALID_VOID && type->void_from.year == 0)
		return ((struct verdict){ .state = EXPIRED,
		    .reason = "void-by-law" });
	if (k->valid_until.year != 0)
		end_at(&v, k->valid_until, "expired");
	if (type->validity == SH_VALID_VOID)
		end_at(&v, sh_date_add_days(type->void_from, -1),
		    "void-by-law");
	if (type->validity == SH_VALID_MONTHS ||
	    type->validity == SH_VALID_PURPOSE)
		end_months(&v, k, type->validity_months, "expired");
	if (component->freshness_months > 0 && v.state == HELD)
		end_months(&v, k, component->freshness_months, "not-fresh");
	if (v.state == EXPIRED)
		return (v);
	if (v.until.year != 0 && sh_date_compare(day, v.until) > 0)
		v.state = EXPIRED;
	else
		v.reason = NULL;
	return (v);
}

/* The better of two answers: what counts, then what is newer. */
static int
is_better(const struct verdict *v, const struct kept *k,
    const struct verdict *best, const struct kept *than)
{
	if (than == NULL || v->state != best->state)
		return (than == NULL || v->state > best->state);
	return (is_newer(k, than));
}

/* ---- the answer ---------------------------------------------------------- */

static int
set_or_null(json_t *to, const char *name, const char *s,
    struct sh_error *err)
{
	return (sh_json_set(to, name, s != NULL ? json_string(s) :
	    json_null(), err));
}

static int
set_day(json_t *to, const char *name, struct sh_date d, struct sh_error *err)
{
	char s[SH_DATE_LEN];

	if (d.year == 0)
		return (set_or_null(to, name, NULL, err));
	sh_date_print(d, s);
	return (set_or_null(to, name, s, err));
}

static int
put_component(json_t *list, const struct sh_component *c,
    const struct kept *k, const struct verdict *v, struct sh_error *err)
{
	static const char *const states[] = { [MISSING] = "missing",
	    [EXPIRED] = "expired", [HELD] = "held" };
	static const struct sh_date none;
	char hex[SH_TAG_HEX];
	json_t *o;

	if ((o = sh_json_new_object(err)) == NULL ||
	    sh_json_append(list, o, err))
		return (-1);
	if (k != NULL)
		sh_tag_print(&k->document, hex);
	if (set_or_null(o, "code", c->code, err) ||
	    set_or_null(o, "name", c->name, err) ||
	    set_or_null(o, "type", k != NULL ? k->type : c->ntypes > 0 ?
	    c->types[0]->slug : NULL, err) ||
	    sh_json_set(o, "required", json_boolean(c->required), err) ||
	    set_or_null(o, "state", states[v->state], err) ||
	    set_or_null(o, "document", k != NULL ? hex : NULL, err) ||
	    set_or_null(o, "provenance", k != NULL ? k->provenance : NULL,
	    err) || set_day(o, "issued", k != NULL ? k->issued : none, err) ||
	    set_day(o, "valid_until", v->until, err) ||
	    set_or_null(o, "reason", v->reason, err))
		return (-1);
	return (0);
}

static int
answer_component(const struct shelf *s, const struct sh_procedure *p,
    const struct sh_component *c, struct sh_date day, json_t *list,
    struct sh_error *err)
{
	struct verdict best = { .state = MISSING }, v;
	const struct kept *chosen = NULL;
	size_t i, t;

	for (i = 0; i < s->n; i++) {
		for (t = 0; t < c->ntypes; t++) {
			if (!is_type(&s->kept[i], c->types[t]))
				continue;
			v = judge(s, &s->kept[i], c->types[t], c, p->code,
			    day);
			if (is_better(&v, &s->kept[i], &best, chosen)) {
				best = v;
				chosen = &s->kept[i];
			}
		}
	}
	if (chosen != NULL && sh_access_saw(s->access, &chosen->holder,
	    &chosen->document, err))
		return (-1);
	return (put_component(list, c, chosen, &best, err));
}

/*
 * Everything held for the holder, for whoever is known to be the same, and
 * for the enterprise that a dependent unit belongs to (10 digits of 13).
 */
static int
fill_shelf(struct shelf *s, const struct sh_holder *holder,
    struct sh_error *err)
{
	struct sh_tag tag, tags[SH_ALIASES_MAX];
	struct sh_range r = { .table = SH_TABLE_LIST };
	struct sh_id parent = holder->id;
	size_t n, i;

	if (sh_holder_tag(s->ar, &holder->id, holder->name, holder->birth,
	    &tag, err) || sh_alias_group(s->ar, &tag, tags, &n, err))
		return (-1);
	if (parent.kind == SH_ID_TAX && strlen(parent.value) > 10 &&
	    n < SH_ALIASES_MAX) {
		memset(parent.value + 10, 0, sizeof(parent.value) - 10);
		if (sh_holder_tag(s->ar, &parent, NULL, holder->birth,
		    &tags[n++], err))
			return (-1);
	}
	for (i = 0; i < n; i++) {
		s->holder = &tags[i];
		r.term = tags[i];
		if (sh_engine_scan(s->ar->engine, &r, take_kept, s, err))
			return (-1);
	}
	return (0);
}

int
sh_reuse_need(struct sh_archive *ar, const struct sh_reader *who,
    const struct sh_procedure *procedure, const struct sh_holder *holder,
    struct sh_date day, json_t **answerp, struct sh_error *err)
{
	struct sh_access access;
	struct shelf s = { .ar = ar, .access = &access };
	struct sh_tag tag;
	json_t *out = NULL, *list;
	size_t i;
	int rc = -1;

	*answerp = NULL;
	if (sh_access_begin(&access, ar, who, SH_DO_NEED, err))
		return (-1);
	if (!sh_date_valid(day))
		(void)sh_error_set(err, SH_EARG, "query.day",
		    "a day that is not in the calendar");
	if (err->code != SH_OK || sh_holder_tag(ar, &holder->id,
	    holder->name, holder->birth, &tag, err) ||
	    sh_access_saw(&access, &tag, NULL, err) || fill_shelf(&s, holder, err) ||
	    (out = sh_json_new_object(err)) == NULL ||
	    sh_json_set_str(out, "procedure", procedure->code, err) ||
	    sh_json_set_str(out, "holder", holder->id.kind != SH_ID_NONE ?
	    holder->id.value : holder->name, err) ||
	    set_day(out, "day", day, err) ||
	    (list = sh_json_new_array(err)) == NULL ||
	    sh_json_set(out, "components", list, err))
		goto out;
	for (i = 0; i < procedure->ncomponents; i++)
		if (answer_component(&s, procedure,
		    &procedure->components[i], day, list, err))
			goto out;
	if (sh_access_record(&access, err))
		goto out;
	rc = 0;
	*answerp = out;
	out = NULL;
out:
	sh_access_end(&access);
	json_decref(out);
	shelf_free(&s);
	return (rc);
}

int
sh_reuse_judge(struct sh_archive *ar, const struct sh_procedure *procedure,
    const struct sh_component *component, const struct sh_holder *holder,
    const struct sh_tag *document, struct sh_date day,
    struct sh_reusable *out, struct sh_error *err)
{
	struct shelf s = { .ar = ar };
	const struct sh_paper_type *type;
	struct verdict v;
	size_t i, t;
	int rc = -1;

	memset(out, 0, sizeof(*out));
	if (fill_shelf(&s, holder, err))
		goto out;
	for (i = 0; i < s.n; i++)
		if (memcmp(&s.kept[i].document, document, 16) == 0)
			break;
	if (i == s.n) {
		out->reason = "missing";
		rc = 0;
		goto out;
	}
	out->holder = s.kept[i].holder;
	type = s.kept[i].type == NULL ? NULL : sh_catalogue_type(
	    ar->catalogue, s.kept[i].type);
	for (t = 0; type != NULL && t < component->ntypes; t++)
		out->named |= component->types[t] == type;
	if (type == NULL) {
		out->reason = "type-unknown";
	} else {
		v = judge(&s, &s.kept[i], type, component, procedure->code,
		    day);
		out->counts = v.state == HELD;
		out->reason = v.reason;
		out->until = v.until;
	}
	rc = 0;
out:
	shelf_free(&s);
	return (rc);
}

int
sh_reuse_procedure(struct sh_archive *ar, const char *code,
    const struct sh_procedure **pp, struct sh_error *err)
{
	*pp = ar->catalogue == NULL ? NULL : sh_catalogue_procedure(
	    ar->catalogue, code);
	if (*pp != NULL)
		return (0);
	sh_error_param(err, "value", "%s", code);
	return (sh_error_set(err, SH_ENOTFOUND, "procedure.unknown",
	    "the catalogue has no procedure %s", code));
}

int
sh_archive_need_of(struct sh_archive *ar, const struct sh_reader *who,
    const char *procedure, const struct sh_holder *holder,
    struct sh_date day, json_t **answer, struct sh_error *err)
{
	const struct sh_procedure *p;

	*answer = NULL;
	if (sh_reuse_procedure(ar, procedure, &p, err))
		return (-1);
	return (sh_reuse_need(ar, who, p, holder, day, answer, err));
}

int
sh_archive_need(struct sh_archive *ar, const struct sh_reader *who,
    const char *procedure, const struct sh_id *holder, struct sh_date day,
    json_t **answer, struct sh_error *err)
{
	struct sh_holder h = { .id = *holder };

	return (sh_archive_need_of(ar, who, procedure, &h, day, answer,
	    err));
}
