/* sohoa find and sohoa need: what is held for somebody. */
#include "archive/reuse.h"

#include <string.h>

#include "base/text.h"
#include "pipeline/cmd/command.h"

static const char *
text_of(const json_t *obj, const char *name)
{
	const char *s = json_string_value(json_object_get(obj, name));

	return (s != NULL ? s : "");
}

/* Only what is no longer good is said, and the line ended. */
static void
print_standing(const char *status, enum sh_lang lang)
{
	if (strcmp(status, "superseded") == 0)
		(void)puts(lang == SH_VI ? "  (đã được thay thế)" :
		    "  (superseded)");
	else if (strcmp(status, "revoked") == 0)
		(void)puts(lang == SH_VI ? "  (đã bị thu hồi)" :
		    "  (revoked)");
	else
		(void)putchar('\n');
}

static void
print_documents(const json_t *answer, const struct sh_home *h,
    enum sh_lang lang)
{
	const json_t *d, *holder;
	const struct sh_paper_type *type;
	size_t i, k;

	json_array_foreach(json_object_get(answer, "documents"), i, d) {
		type = sh_catalogue_type(h->catalogue, text_of(d, "type"));
		(void)printf("%s  %-10s  %s", text_of(d, "id"),
		    text_of(d, "issued"), type == NULL ? text_of(d, "type") :
		    lang == SH_VI ? type->name : type->name_en);
		if (*text_of(d, "number") != '\0')
			(void)printf("  %s %s", lang == SH_VI ? "số" : "no.",
			    text_of(d, "number"));
		print_standing(text_of(d, "status"), lang);
		json_array_foreach(json_object_get(d, "holders"), k, holder)
			(void)printf("    %-14s %s (%s)\n",
			    text_of(holder, "id"), text_of(holder, "name"),
			    text_of(holder, "role"));
	}
	if (i == 0)
		(void)puts(lang == SH_VI ? "Không có giấy tờ nào." :
		    "No documents.");
	if (*text_of(answer, "next") != '\0')
		(void)printf("%s --after %s\n", lang == SH_VI ?
		    "Còn nữa:" : "More:", text_of(answer, "next"));
}

int
sh_cmd_find(struct sh_args *a, struct sh_error *err)
{
	const char *holder = sh_args_get(a, "holder");
	const char *limit = sh_args_get(a, "limit");
	const char *birth = sh_args_get(a, "birth");
	struct sh_query q = {
		.name = sh_args_get(a, "name"),
		.type = sh_args_get(a, "type"),
		.number = sh_args_get(a, "number"),
		.text = sh_args_get(a, "text"),
		.exact = sh_args_get(a, "exact") != NULL,
		.places = sh_args_get(a, "places") != NULL,
		.after = sh_args_get(a, "after"),
	};
	struct sh_home *h = NULL;
	struct sh_reader who;
	struct sh_id id;
	json_t *answer = NULL;
	uint64_t n = 20;
	int rc = -1;

	if (birth != NULL && sh_date_parse(birth, &q.birth))
		return (sh_args_usage(a, "--birth wants yyyy-mm-dd"));
	if ((holder != NULL || q.name != NULL) + (q.number != NULL) + (q.text != NULL) != 1)
		return (sh_args_usage(a,
		    "one of --holder, --number, --text"));
	if (q.type != NULL && holder == NULL && q.name == NULL)
		return (sh_args_usage(a, "--type goes with --holder"));
	if (limit != NULL && (sh_parse_u64(limit, 1000, &n) || n == 0))
		return (sh_args_usage(a, "--limit wants 1 to 1000"));
	q.limit = (size_t)n;
	if (holder != NULL) {
		if (sh_id_parse(holder, &id, err))
			return (-1);
		q.holder = &id;
	}
	if (sh_open_home(a, 0, &h, err))
		goto out;
	who = sh_reader_of(h, a);
	if (sh_archive_find(h->archive, &who, &q, &answer, err))
		goto out;
	rc = EX_OK;
	if (a->json) {
		rc = sh_print_json(answer, err);
		answer = NULL;
	} else {
		print_documents(answer, h, a->lang);
	}
out:
	json_decref(answer);
	sh_home_close(h);
	return (rc);
}

static void
print_needs(const json_t *answer, enum sh_lang lang)
{
	static const char *const vi[] = { "held", "đã có", "expired",
	    "hết hạn", "missing", "còn thiếu" };
	const json_t *c;
	const char *state;
	size_t i, k;

	json_array_foreach(json_object_get(answer, "components"), i, c) {
		state = text_of(c, "state");
		for (k = 0; lang == SH_VI && k < sizeof(vi) / sizeof(vi[0]);
		    k += 2)
			if (strcmp(vi[k], state) == 0) {
				state = vi[k + 1];
				break;
			}
		/* Pad to characters, not bytes. */
		(void)printf("  %s%*s %s%s", state, 10 - (int)sh_utf8_count(
		    state, strlen(state)), "", text_of(c, "name"),
		    json_is_true(json_object_get(c, "required")) ? "" :
		    lang == SH_VI ? " (nếu có)" : " (if any)");
		if (*text_of(c, "document") != '\0')
			(void)printf("\n             %s  %s%s%s",
			    text_of(c, "document"), text_of(c, "issued"),
			    *text_of(c, "valid_until") != '\0' ? " → " : "",
			    text_of(c, "valid_until"));
		(void)fputc('\n', stdout);
	}
}

int
sh_cmd_need(struct sh_args *a, struct sh_error *err)
{
	const char *on = sh_args_get(a, "day");
	struct sh_home *h = NULL;
	struct sh_reader who;
	struct sh_date day = sh_date_at(sh_now());
	struct sh_holder holder;
	json_t *answer = NULL;
	int rc;

	if (on != NULL && sh_date_parse(on, &day))
		return (sh_args_usage(a, "--day wants yyyy-mm-dd"));
	if ((rc = sh_args_holder(a, a->noperands > 1 ? a->operands[1] : NULL,
	    &holder, err)) != 0)
		return (rc);
	rc = -1;
	if (sh_open_home(a, 0, &h, err))
		goto out;
	who = sh_reader_of(h, a);
	if (sh_archive_need_of(h->archive, &who, a->operands[0], &holder,
	    day, &answer, err))
		goto out;
	rc = EX_OK;
	if (a->json) {
		rc = sh_print_json(answer, err);
		answer = NULL;
	} else {
		print_needs(answer, a->lang);
	}
out:
	json_decref(answer);
	sh_home_close(h);
	return (rc);
}
