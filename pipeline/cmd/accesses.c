/* sohoa accesses: who read what, and why. */
#include "archive/access.h"

#include "pipeline/cmd/command.h"

static const char *
text_of(const json_t *obj, const char *name)
{
	const char *s = json_string_value(json_object_get(obj, name));

	return (s != NULL ? s : "");
}

static void
print_reads(const json_t *answer, enum sh_lang lang)
{
	const json_t *r;
	size_t i;

	json_array_foreach(json_object_get(answer, "reads"), i, r)
		(void)printf("%s  %s (%s)  %s  %s%s%s  %lld%s\n",
		    text_of(r, "at"), text_of(r, "actor"), text_of(r,
		    "agency"), text_of(r, "action"), text_of(r, "purpose"),
		    *text_of(r, "basis") != '\0' ? ", " : "", text_of(r,
		    "basis"), (long long)json_integer_value(json_object_get(
		    r, "count")), !json_is_true(json_object_get(r,
		    "denied")) ? "" : lang == SH_VI ? "  bị từ chối" :
		    "  denied");
	if (i == 0)
		(void)puts(lang == SH_VI ? "Chưa có ai xem." :
		    "Nobody has read anything.");
}

int
sh_cmd_accesses(struct sh_args *a, struct sh_error *err)
{
	struct sh_home *h;
	struct sh_holder holder;
	struct sh_reader who;
	json_t *answer;
	int rc;

	if ((rc = sh_args_holder(a, a->noperands > 0 ? a->operands[0] : NULL,
	    &holder, err)) != 0)
		return (rc);
	if (sh_open_home(a, 0, &h, err))
		return (-1);
	who = sh_reader_of(h, a);
	rc = sh_archive_accesses(h->archive, &who, &holder, &answer, err);
	sh_home_close(h);
	if (rc != 0)
		return (-1);
	if (a->json)
		return (sh_print_json(answer, err) == 0 ? EX_OK : -1);
	print_reads(answer, a->lang);
	json_decref(answer);
	return (EX_OK);
}
