/* sohoa erase: a person made unreadable, by two people. */
#include "archive/erase.h"

#include <string.h>

#include "base/mem.h"
#include "pipeline/cmd/command.h"

struct run {
	struct sh_args *a;
	struct sh_home *h;
	struct sh_reader who;
};

static const char *
text_of(const json_t *obj, const char *name)
{
	const char *s = json_string_value(json_object_get(obj, name));

	return (s != NULL ? s : "-");
}

static void
print_documents(const json_t *answer, enum sh_lang lang)
{
	const json_t *d;
	long long others;
	size_t i;

	json_array_foreach(json_object_get(answer, "documents"), i, d) {
		others = (long long)json_integer_value(json_object_get(d,
		    "others"));
		(void)printf("%s  %-24s %s  %s %s", text_of(d, "document"),
		    text_of(d, "type"), text_of(d, "dossier"),
		    lang == SH_VI ? "thời hạn" : "term",
		    text_of(d, "until"));
		if (others > 0)
			(void)printf(lang == SH_VI ?
			    "  còn %lld chủ giấy tờ khác giữ" :
			    "  stays with %lld others", others);
		(void)putchar('\n');
	}
}

static int
propose(struct run *r, json_t **answer, struct sh_error *err)
{
	const char *reason = sh_args_get(r->a, "reason");
	char proposal[SH_DOCUMENT_ID_LEN];
	struct sh_holder holder;
	int rc;

	if (reason == NULL)
		return (sh_args_usage(r->a, "--propose wants --reason"));
	if ((rc = sh_args_holder(r->a, sh_args_get(r->a, "holder"), &holder,
	    err)) != 0)
		return (rc);
	if (sh_archive_propose_erasure(r->h->archive, &r->who, &holder,
	    reason, proposal, err) || sh_archive_erasure(r->h->archive,
	    &r->who, proposal, answer, err))
		return (-1);
	if (!r->a->json)
		(void)printf("%s\n", proposal);
	return (0);
}

static int
show(struct run *r, json_t **answer, struct sh_error *err)
{
	if (sh_archive_erasure(r->h->archive, &r->who, sh_args_get(r->a,
	    "show"), answer, err))
		return (-1);
	if (!r->a->json)
		print_documents(*answer, r->a->lang);
	return (0);
}

static int
approve(struct run *r, json_t **answer, struct sh_error *err)
{
	const char *out = sh_args_get(r->a, "output");

	if (sh_archive_erase(r->h->archive, &r->who, sh_args_get(r->a,
	    "approve"), r->h->agency, answer, err) ||
	    (out != NULL && sh_write_list(out, *answer, err)))
		return (-1);
	if (!r->a->json) {
		print_documents(json_object_get(*answer, "list"),
		    r->a->lang);
		(void)printf("%s %s\n", r->a->lang == SH_VI ?
		    "Đã xóa; danh mục:" : "Erased; list:",
		    text_of(*answer, "digest"));
	}
	return (0);
}

static int
prove(struct run *r, json_t **answer, struct sh_error *err)
{
	struct sh_holder holder;
	const json_t *e, *v;
	size_t i;
	int rc;

	if ((rc = sh_args_holder(r->a, sh_args_get(r->a, "holder"), &holder,
	    err)) != 0)
		return (rc);
	if (sh_archive_erasures(r->h->archive, &r->who, &holder, answer,
	    err))
		return (-1);
	json_array_foreach(json_object_get(*answer, "events"), i, e) {
		v = json_object_get(e, "event");
		if (!r->a->json)
			(void)printf("%lld  %s  %-15s %s  %s\n",
			    (long long)json_integer_value(json_object_get(e,
			    "sequence")), text_of(v, "at"), text_of(v,
			    "event"), text_of(v, "actor"), text_of(e,
			    "head"));
	}
	return (0);
}

int
sh_cmd_erase(struct sh_args *a, struct sh_error *err)
{
	static const struct {
		const char *name;
		unsigned flags;
		int (*run)(struct run *r, json_t **answer,
		    struct sh_error *err);
	} ways[] = {
		{ "propose", SH_HOME_WRITE, propose },
		{ "show", 0, show },
		{ "approve", SH_HOME_WRITE | SH_HOME_SIGN, approve },
		{ "proof", 0, prove },
	};
	struct run r = { .a = a };
	json_t *answer = NULL;
	size_t i, way = SH_COUNT(ways);
	int given = 0, rc = -1;

	for (i = 0; i < SH_COUNT(ways); i++)
		if (sh_args_get(a, ways[i].name) != NULL) {
			way = i;
			given++;
		}
	if (given != 1)
		return (sh_args_usage(a,
		    "one of --propose, --show, --approve, --proof"));
	if (sh_open_home(a, ways[way].flags, &r.h, err))
		return (-1);
	r.who = sh_reader_of(r.h, a);
	rc = ways[way].run(&r, &answer, err);
	if (rc == 0 && a->json) {
		rc = sh_print_json(answer, err);
		answer = NULL;
	}
	json_decref(answer);
	sh_home_close(r.h);
	return (rc);
}
