/* How a document stands, told from its acts. */
#include "archive/act.h"

#include <string.h>

#include "archive/reuse_internal.h"
#include "base/clock.h"

struct standing {
	struct sh_standing *s;
	json_t *holds;		/* operation: act */
	json_t *released;	/* operations */
};

static int
keep_latest(json_t **slot, const json_t *act)
{
	const char *a = sh_member(*slot, "at"), *b = sh_member(act, "at");

	if (*slot != NULL && a != NULL && b != NULL && strcmp(a, b) > 0)
		return (0);
	json_decref(*slot);
	*slot = json_incref((json_t *)(uintptr_t)act);
	return (0);
}

static int
take_standing(void *arg, const struct sh_act_seen *seen,
    struct sh_error *err)
{
	struct standing *st = arg;
	const char *hold;
	char hex[SH_TAG_HEX];

	switch (seen->kind) {
	case 'v':
		return (keep_latest(&st->s->revoke, seen->act));
	case 's':
		return (keep_latest(&st->s->supersede, seen->act));
	case 'h':
		sh_tag_print(&seen->operation, hex);
		return (sh_json_set(st->holds, hex,
		    json_incref((json_t *)(uintptr_t)seen->act), err));
	case 'l':
		hold = sh_member(seen->act, "hold");
		return (hold == NULL ? sh_error_set(err, SH_EFIXITY,
		    "event.damaged", "an act without its hold") :
		    sh_json_set(st->released, hold, json_true(), err));
	default:
		return (0);
	}
}

/* A hold with a last day ends by itself. */
static int
holds_still(const json_t *act)
{
	const char *until = sh_member(act, "until");
	struct sh_date day;

	return (until == NULL || sh_date_parse(until, &day) ||
	    sh_date_compare(sh_date_at(sh_now()), day) <= 0);
}

int
sh_standing_read(struct sh_archive *ar, const struct sh_tag *holder,
    const struct sh_tag *document, struct sh_standing *out,
    struct sh_error *err)
{
	struct standing st = { .s = out };
	const char *operation;
	json_t *act;
	int rc = -1;

	memset(out, 0, sizeof(*out));
	if ((st.holds = sh_json_new_object(err)) == NULL ||
	    (st.released = sh_json_new_object(err)) == NULL ||
	    sh_act_each(ar, holder, document, 0, take_standing, &st, err))
		goto out;
	json_object_foreach(st.holds, operation, act) {
		if (json_object_get(st.released, operation) != NULL ||
		    !holds_still(act))
			continue;
		out->held = 1;
		(void)keep_latest(&out->hold, act);
	}
	rc = 0;
out:
	json_decref(st.holds);
	json_decref(st.released);
	if (rc != 0)
		sh_standing_clear(out);
	return (rc);
}

void
sh_standing_clear(struct sh_standing *s)
{
	json_decref(s->revoke);
	json_decref(s->supersede);
	json_decref(s->hold);
	memset(s, 0, sizeof(*s));
}

const char *
sh_standing_word(const struct sh_standing *s)
{
	return (s->revoke != NULL ? "revoked" : s->supersede != NULL ?
	    "superseded" : "archived");
}
