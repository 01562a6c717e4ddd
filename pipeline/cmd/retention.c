/* sohoa hold and sohoa dispose. */
#include "archive/retention.h"

#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "base/mem.h"
#include "pipeline/cmd/command.h"

static const char *
text_of(const json_t *obj, const char *name)
{
	const char *s = json_string_value(json_object_get(obj, name));

	return (s != NULL ? s : "");
}

int
sh_cmd_hold(struct sh_args *a, struct sh_error *err)
{
	const char *reason = sh_args_get(a, "reason");
	const char *last = sh_args_get(a, "until");
	const char *release = sh_args_get(a, "release");
	char hold[SH_DOCUMENT_ID_LEN];
	struct sh_date until = { 0 };
	struct sh_document_id id;
	struct sh_home *h = NULL;
	struct sh_reader who;
	int rc = -1;

	if (reason == NULL || (last != NULL && release != NULL))
		return (sh_args_usage(a, "it wants --reason"));
	if (last != NULL && sh_date_parse(last, &until))
		return (sh_args_usage(a, "--until wants yyyy-mm-dd"));
	if (sh_args_document(a->operands[0], &id, err) ||
	    sh_open_home(a, SH_HOME_WRITE, &h, err))
		goto out;
	who = sh_reader_of(h, a);
	if (release != NULL)
		rc = sh_archive_release(h->archive, &who, &id, release,
		    reason, err);
	else
		rc = sh_archive_hold(h->archive, &who, &id, reason, until,
		    hold, err);
	if (rc != 0)
		goto out;
	if (a->json)
		rc = sh_print_json(json_pack("{s:s,s:s,s:b}", "document",
		    a->operands[0], "hold", release != NULL ? release : hold,
		    "held", release == NULL), err);
	else
		(void)printf("%s\n", release != NULL ? release : hold);
out:
	sh_home_close(h);
	return (rc);
}

/* ---- dispose ------------------------------------------------------------- */

struct run {
	struct sh_args *a;
	struct sh_home *h;
	struct sh_reader who;
};

static void
print_documents(const json_t *answer, enum sh_lang lang)
{
	const json_t *d;
	size_t i;

	json_array_foreach(json_object_get(answer, "documents"), i, d)
		(void)printf("%s  %-24s %s  %s %s\n", text_of(d, "document"),
		    text_of(d, "type"), text_of(d, "dossier"),
		    lang == SH_VI ? "giữ đến" : "kept until",
		    text_of(d, "until"));
	if (i == 0)
		(void)puts(lang == SH_VI ? "Không có giấy tờ nào." :
		    "No documents.");
}

static int
due(struct run *r, json_t **answer, struct sh_error *err)
{
	const char *on = sh_args_get(r->a, "day");
	struct sh_date day = sh_date_at(sh_now());

	if (on != NULL && sh_date_parse(on, &day))
		return (sh_args_usage(r->a, "--day wants yyyy-mm-dd"));
	if (sh_archive_due(r->h->archive, &r->who, day, answer, err))
		return (-1);
	if (!r->a->json)
		print_documents(*answer, r->a->lang);
	return (0);
}

static int
propose(struct run *r, json_t **answer, struct sh_error *err)
{
	const char *reason = sh_args_get(r->a, "reason");
	char proposal[SH_DOCUMENT_ID_LEN];
	struct sh_document_id *ids;
	int i, rc = -1;

	if (reason == NULL || r->a->noperands == 0)
		return (sh_args_usage(r->a,
		    "--propose wants documents and --reason"));
	ids = sh_alloc((size_t)r->a->noperands, sizeof(*ids), "documents",
	    err);
	if (ids == NULL)
		return (-1);
	for (i = 0; i < r->a->noperands; i++)
		if (sh_args_document(r->a->operands[i], &ids[i], err))
			goto out;
	if (sh_archive_propose(r->h->archive, &r->who, ids,
	    (size_t)r->a->noperands, reason, proposal, err))
		goto out;
	if (!r->a->json)
		(void)printf("%s\n", proposal);
	*answer = json_pack("{s:s,s:i}", "proposal", proposal, "documents",
	    r->a->noperands);
	rc = 0;
out:
	free(ids);
	return (rc);
}

static int
approve(struct run *r, json_t **answer, struct sh_error *err)
{
	const char *out = sh_args_get(r->a, "output");

	if (sh_archive_dispose(r->h->archive, &r->who, sh_args_get(r->a,
	    "approve"), r->h->agency, answer, err) ||
	    sh_archive_search_follow(r->h->archive, err) ||
	    (out != NULL && sh_write_list(out, *answer, err)))
		return (-1);
	if (!r->a->json) {
		print_documents(json_object_get(*answer, "list"),
		    r->a->lang);
		(void)printf("%s %s\n", r->a->lang == SH_VI ?
		    "Đã hủy; danh mục:" : "Destroyed; list:",
		    text_of(*answer, "digest"));
	}
	return (0);
}

static int
prove(struct run *r, json_t **answer, struct sh_error *err)
{
	struct sh_document_id id;
	struct sh_holder holder;
	const json_t *e;
	size_t i;
	int rc;

	if ((rc = sh_args_holder(r->a, sh_args_get(r->a, "holder"), &holder,
	    err)) != 0)
		return (rc);
	if (sh_args_document(sh_args_get(r->a, "proof"), &id, err) ||
	    sh_archive_proof(r->h->archive, &r->who, &holder, &id, answer,
	    err))
		return (-1);
	json_array_foreach(json_object_get(*answer, "events"), i, e)
		if (!r->a->json)
			(void)printf("%lld  %s  %-10s %s\n",
			    (long long)json_integer_value(json_object_get(e,
			    "sequence")), text_of(json_object_get(e,
			    "event"), "at"), text_of(json_object_get(e,
			    "event"), "event"), text_of(e, "head"));
	return (0);
}

static int
show(struct run *r, json_t **answer, struct sh_error *err)
{
	if (sh_archive_proposal(r->h->archive, &r->who, sh_args_get(r->a,
	    "show"), answer, err))
		return (-1);
	if (!r->a->json)
		print_documents(*answer, r->a->lang);
	return (0);
}

int
sh_cmd_dispose(struct sh_args *a, struct sh_error *err)
{
	static const struct {
		const char *name;
		unsigned flags;
		int (*run)(struct run *r, json_t **answer,
		    struct sh_error *err);
	} ways[] = {
		{ "due", 0, due },
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
	if (given != 1 || (a->noperands > 0 && strcmp(ways[way].name,
	    "propose") != 0))
		return (sh_args_usage(a,
		    "one of --due, --propose, --show, --approve, --proof"));
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
