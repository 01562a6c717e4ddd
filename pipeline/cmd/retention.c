/* sohoa hold and sohoa dispose. */
#include "archive/retention.h"

#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "base/mem.h"
#include "pipeline/cmd/ways.h"

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

static int
due(struct sh_run *r, json_t **answer, struct sh_error *err)
{
	const char *on = sh_args_get(r->a, "day");
	struct sh_date day = sh_date_at(sh_now());

	if (on != NULL && sh_date_parse(on, &day))
		return (sh_args_usage(r->a, "--day wants yyyy-mm-dd"));
	if (sh_archive_due(r->h->archive, &r->who, day, answer, err))
		return (-1);
	if (!r->a->json)
		sh_print_documents(*answer, r->a->lang);
	return (0);
}

static int
propose(struct sh_run *r, json_t **answer, struct sh_error *err)
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
approve(struct sh_run *r, json_t **answer, struct sh_error *err)
{
	/* Before it: a crash behind it would leave them. */
	if (sh_home_forget_readings(r->h, err) ||
	    sh_archive_dispose(r->h->archive, &r->who, sh_args_get(r->a,
	    "approve"), r->h->agency, answer, err) ||
	    sh_archive_search_follow(r->h->archive, err))
		return (-1);
	return (sh_tell_list(r, *answer, r->a->lang == SH_VI ?
	    "Đã hủy; danh mục:" : "Destroyed; list:", err));
}

static int
prove(struct sh_run *r, json_t **answer, struct sh_error *err)
{
	struct sh_document_id id;
	struct sh_holder holder;
	int rc;

	if ((rc = sh_args_holder(r->a, sh_args_get(r->a, "holder"), &holder,
	    err)) != 0)
		return (rc);
	if (sh_args_document(sh_args_get(r->a, "proof"), &id, err) ||
	    sh_archive_proof(r->h->archive, &r->who, &holder, &id, answer,
	    err))
		return (-1);
	if (!r->a->json)
		sh_print_events(*answer);
	return (0);
}

static int
show(struct sh_run *r, json_t **answer, struct sh_error *err)
{
	if (sh_archive_proposal(r->h->archive, &r->who, sh_args_get(r->a,
	    "show"), answer, err))
		return (-1);
	if (!r->a->json)
		sh_print_documents(*answer, r->a->lang);
	return (0);
}

int
sh_cmd_dispose(struct sh_args *a, struct sh_error *err)
{
	static const struct sh_way ways[] = {
		{ "due", 0, 0, due },
		{ "propose", SH_HOME_WRITE, 1, propose },
		{ "show", 0, 0, show },
		{ "approve", SH_HOME_WRITE | SH_HOME_SIGN, 0, approve },
		{ "proof", 0, 0, prove },
		{ 0 }
	};

	return (sh_run_way(a, ways,
	    "one of --due, --propose, --show, --approve, --proof", err));
}
