/* sohoa erase: a person made unreadable, by two people. */
#include "archive/erase.h"

#include "pipeline/cmd/ways.h"

static int
propose(struct sh_run *r, json_t **answer, struct sh_error *err)
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
show(struct sh_run *r, json_t **answer, struct sh_error *err)
{
	if (sh_archive_erasure(r->h->archive, &r->who, sh_args_get(r->a,
	    "show"), answer, err))
		return (-1);
	if (!r->a->json)
		sh_print_documents(*answer, r->a->lang);
	return (0);
}

static int
approve(struct sh_run *r, json_t **answer, struct sh_error *err)
{
	/* Before it: a crash behind it would leave them. */
	if (sh_home_forget_readings(r->h, err) ||
	    sh_archive_erase(r->h->archive, &r->who, sh_args_get(r->a,
	    "approve"), r->h->agency, answer, err))
		return (-1);
	return (sh_tell_list(r, *answer, r->a->lang == SH_VI ?
	    "Đã xóa; danh mục:" : "Erased; list:", err));
}

static int
prove(struct sh_run *r, json_t **answer, struct sh_error *err)
{
	struct sh_holder holder;
	int rc;

	if ((rc = sh_args_holder(r->a, sh_args_get(r->a, "holder"), &holder,
	    err)) != 0)
		return (rc);
	if (sh_archive_erasures(r->h->archive, &r->who, &holder, answer,
	    err))
		return (-1);
	if (!r->a->json)
		sh_print_events(*answer);
	return (0);
}

int
sh_cmd_erase(struct sh_args *a, struct sh_error *err)
{
	static const struct sh_way ways[] = {
		{ "propose", SH_HOME_WRITE, 0, propose },
		{ "show", 0, 0, show },
		{ "approve", SH_HOME_WRITE | SH_HOME_SIGN, 0, approve },
		{ "proof", 0, 0, prove },
		{ 0 }
	};

	return (sh_run_way(a, ways,
	    "one of --propose, --show, --approve, --proof", err));
}
