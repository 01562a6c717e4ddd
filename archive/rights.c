/* Rights: readers with their roles, and the entitlement matrix. */
#include <stdlib.h>
#include <string.h>

#include "archive/access_internal.h"
#include "base/mem.h"

#define POLICY_MAX	((size_t)4 << 20)
#define READERS_MAX	100000
#define RULES_MAX	100000

enum role { OFFICER, RECORDS, AGENCY, AUDITOR, ADMINISTRATOR, NROLES };

static const char *const roles[NROLES] = { "officer", "records", "agency",
    "auditor", "administrator" };
static const char *const actions[SH_ACTIONS] = { "find", "text", "show",
    "get", "need", "dossier", "reuse", "correct", "retain", "audit", "export" };

#define BIT(a)	(1u << (a))
#define READS	(BIT(SH_DO_FIND) | BIT(SH_DO_SHOW) | BIT(SH_DO_GET) | \
	BIT(SH_DO_NEED) | BIT(SH_DO_DOSSIER))

/* An administrator looks after the archive, and reads nobody's papers. */
static const unsigned may[NROLES] = {
	[OFFICER] = READS | BIT(SH_DO_TEXT) | BIT(SH_DO_REUSE),
	[RECORDS] = READS | BIT(SH_DO_TEXT) | BIT(SH_DO_REUSE) |
	    BIT(SH_DO_CORRECT) | BIT(SH_DO_RETAIN) | BIT(SH_DO_AUDIT) |
	    BIT(SH_DO_EXPORT),
	[AGENCY] = READS,
	[AUDITOR] = BIT(SH_DO_AUDIT),
	[ADMINISTRATOR] = 0,
};

struct sh_rights {
	json_t *root;
	const json_t *readers;	/* borrowed from root */
	const json_t *rules;
};

const char *
sh_action_word(enum sh_action a)
{
	return (actions[a]);
}

/* ---- loading ------------------------------------------------------------- */

static int
wrong(struct sh_error *err, const char *list, size_t i, const char *what)
{
	sh_error_param(err, "entry", "%s[%zu]", list, i);
	return (sh_error_set(err, SH_EFORMAT, "rights.entry", "%s[%zu]: %s",
	    list, i, what));
}

static int
role_of(const char *word)
{
	int i;

	for (i = 0; i < NROLES; i++)
		if (word != NULL && strcmp(roles[i], word) == 0)
			return (i);
	return (-1);
}

static int
check_readers(const json_t *list, struct sh_error *err)
{
	const json_t *v, *n;
	size_t i;

	json_array_foreach(list, i, v) {
		n = json_object_get(v, "reads_per_hour");
		if (sh_member(v, "name") == NULL || sh_member(v, "agency") ==
		    NULL)
			return (wrong(err, "readers", i,
			    "a reader without name or agency"));
		if (role_of(sh_member(v, "role")) < 0)
			return (wrong(err, "readers", i, "an unknown role"));
		if (n != NULL && (!json_is_integer(n) ||
		    json_integer_value(n) < 0))
			return (wrong(err, "readers", i, "reads_per_hour"));
	}
	return (0);
}

/* "*" or a list of patterns; a pattern may end in '*'. */
static int
is_patterns(const json_t *v)
{
	const json_t *s;
	size_t i;

	if (json_is_string(v))
		return (strcmp(json_string_value(v), "*") == 0);
	if (!json_is_array(v) || json_array_size(v) == 0)
		return (0);
	json_array_foreach(v, i, s)
		if (!json_is_string(s) || json_string_length(s) == 0)
			return (0);
	return (1);
}

static int
check_rules(const json_t *list, struct sh_error *err)
{
	const json_t *v;
	size_t i;

	json_array_foreach(list, i, v) {
		if (sh_member(v, "agency") == NULL)
			return (wrong(err, "rules", i,
			    "a rule without agency"));
		if (!is_patterns(json_object_get(v, "procedures")) ||
		    !is_patterns(json_object_get(v, "types")))
			return (wrong(err, "rules", i,
			    "procedures and types: \"*\" or a list"));
	}
	return (0);
}

int
sh_rights_load(const char *path, struct sh_rights **pp, struct sh_error *err)
{
	struct sh_rights *p;
	json_t *readers, *rules;
	const char *format;

	*pp = NULL;
	if ((p = sh_alloc(1, sizeof(*p), "rights", err)) == NULL)
		return (-1);
	if ((p->root = sh_json_load(path, POLICY_MAX, err)) == NULL ||
	    sh_json_str(p->root, "format", 1, 32, &format, err) ||
	    sh_json_array(p->root, "readers", 1, READERS_MAX, &readers,
	    err) || sh_json_array(p->root, "rules", 1, RULES_MAX, &rules,
	    err) || check_readers(readers, err) || check_rules(rules, err)) {
		(void)sh_error_context(err, "%s", path);
		goto bad;
	}
	if (strcmp(format, "sohoa-rights-1") != 0) {
		sh_error_param(err, "entry", "format");
		(void)sh_error_set(err, SH_EFORMAT, "rights.entry",
		    "%s: format \"%s\"", path, format);
		goto bad;
	}
	p->readers = readers;
	p->rules = rules;
	*pp = p;
	return (0);
bad:
	sh_rights_free(p);
	return (-1);
}

void
sh_rights_free(struct sh_rights *p)
{
	if (p == NULL)
		return;
	json_decref(p->root);
	free(p);
}

/* ---- asking -------------------------------------------------------------- */

static const json_t *
find_reader(const struct sh_rights *p, const struct sh_reader *who)
{
	const json_t *v;
	size_t i;

	json_array_foreach(p->readers, i, v)
		if (strcmp(sh_member(v, "name"), who->name) == 0 &&
		    strcmp(sh_member(v, "agency"), who->agency) == 0)
			return (v);
	return (NULL);
}

int
sh_rights_check(const struct sh_rights *p, const struct sh_reader *who,
    enum sh_action action, struct sh_error *err)
{
	const json_t *v;

	if (sh_reader_check(who, err))
		return (-1);
	if (p == NULL || who->machine)
		return (0);
	sh_error_param(err, "value", "%s", who->name);
	if ((v = find_reader(p, who)) == NULL)
		return (sh_error_set(err, SH_EDENIED, "reader.unknown",
		    "no rights are given to %s of %s", who->name,
		    who->agency));
	if ((may[role_of(sh_member(v, "role"))] & BIT(action)) == 0)
		return (sh_error_set(err, SH_EDENIED, "reader.role",
		    "%s is %s and may not %s", who->name, sh_member(v,
		    "role"), actions[action]));
	/* At the archive's own machine there is a purpose, too. */
	if ((BIT(action) & (READS | BIT(SH_DO_TEXT))) != 0 &&
	    strcmp(who->purpose, "local") == 0)
		return (sh_error_set(err, SH_EDENIED, "reader.purpose",
		    "%s does not say what for", who->name));
	sh_error_clear(err);
	return (0);
}

static int
is_like(const char *pattern, const char *s)
{
	size_t len = strlen(pattern);

	if (len > 0 && pattern[len - 1] == '*')
		return (s == NULL ? len == 1 : strncmp(pattern, s, len -
		    1) == 0);
	return (s != NULL && strcmp(pattern, s) == 0);
}

static int
matches(const json_t *patterns, const char *s)
{
	const json_t *v;
	size_t i;

	if (json_is_string(patterns))
		return (1);
	json_array_foreach(patterns, i, v)
		if (is_like(json_string_value(v), s))
			return (1);
	return (0);
}

int
sh_rights_allows(const struct sh_rights *p, const struct sh_reader *who,
    const char *procedure, const char *type)
{
	const json_t *v;
	size_t i;

	if (p == NULL || who->machine)
		return (1);
	if ((v = find_reader(p, who)) == NULL)
		return (0);
	if (role_of(sh_member(v, "role")) == RECORDS)
		return (1);
	json_array_foreach(p->rules, i, v)
		if (is_like(sh_member(v, "agency"), who->agency) &&
		    matches(json_object_get(v, "procedures"), procedure) &&
		    matches(json_object_get(v, "types"), type) &&
		    (sh_member(v, "basis") == NULL || who->basis != NULL))
			return (1);
	return (0);
}

int64_t
sh_rights_budget(const struct sh_rights *p, const struct sh_reader *who)
{
	const json_t *v = p == NULL ? NULL : find_reader(p, who);

	return (json_integer_value(json_object_get(v, "reads_per_hour")));
}
