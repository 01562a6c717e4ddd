/* sohoa verify and sohoa check. */
#include "pipeline/cmd/command.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/fs.h"
#include "base/mem.h"
#include "pipeline/verdict_page.h"
#include "pipeline/worker_pool.h"
#include "signing/fetch.h"

/* A stamp within a stamp: what is answered opens the next question. */
#define MAX_ROUNDS	3

struct run {
	struct sh_args *a;
	struct sh_home *home;	/* NULL: files only */
	struct sh_pool *pool;
	struct sh_buf roots;	/* PEM */
	struct sh_reader who;
	struct sh_progress progress;
	json_t *reports;	/* for --json and --report */
	struct sh_fetch fetch;	/* --fetch */
	uint64_t done, total;
	int worst;		/* exit status so far */
};

static void
print_report(const char *name, const json_t *report, enum sh_lang lang)
{
	const json_t *s, *reason;
	const char *sub;
	size_t i, k;

	sub = json_string_value(json_object_get(report, "sub_indication"));
	(void)printf("%s: %s%s%s\n", name, json_string_value(json_object_get(
	    report, "status")), sub != NULL ? " " : "", sub != NULL ? sub :
	    "");
	json_array_foreach(json_object_get(report, "signatures"), i, s)
		(void)printf("  %s: %s  %s\n", json_string_value(
		    json_object_get(s, "field")), json_string_value(
		    json_object_get(s, "status")), json_string_value(
		    json_object_get(s, "signer")));
	json_array_foreach(json_object_get(report, "reasons"), k, reason)
		(void)printf("  - %s\n", json_string_value(json_object_get(
		    reason, lang == SH_VI ? "vi" : "en")));
}

/* The verdict, with what issuers answer when they may be asked. */
static int
judge(struct run *r, int fd, json_t **reportp, struct sh_error *err)
{
	struct sh_trust *trust = NULL;
	int round, fetch = sh_args_get(r->a, "fetch") != NULL, rc = -1;
	size_t n = 1;

	*reportp = NULL;
	for (round = 0; n > 0; round++) {
		json_decref(*reportp);
		if (sh_pool_verify(r->pool, fd, r->roots.data != NULL ?
		    (char *)r->roots.data : "", r->roots.len, sh_now(),
		    reportp, err))
			goto out;
		if (!fetch || round == MAX_ROUNDS)
			break;
		if (trust == NULL && sh_trust_parse(r->roots.data,
		    r->roots.len, &trust, err))
			goto out;
		if (sh_fetch_report(&r->fetch, trust, *reportp, sh_now(),
		    &r->roots, &n, err))
			goto out;
	}
	rc = 0;
out:
	sh_trust_free(trust);
	if (rc != 0) {
		json_decref(*reportp);
		*reportp = NULL;
	}
	return (rc);
}

/* Which bytes the verdict is about, for who reads the page later. */
static int
put_digest(json_t *report, int fd, struct sh_error *err)
{
	struct sh_digest digest;
	char hex[SH_HEX_LEN];

	if (sh_sha256_fd(fd, &digest, NULL, err))
		return (-1);
	sh_hex(digest.b, sizeof(digest.b), hex);
	return (sh_json_set_str(report, "digest", hex, err));
}

static int
verify_fd(struct run *r, const char *name, int fd, struct sh_error *err)
{
	json_t *report;
	const char *status;
	int code;

	if (judge(r, fd, &report, err))
		return (-1);
	status = json_string_value(json_object_get(report, "status"));
	code = strcmp(status, "TOTAL-PASSED") == 0 ? EX_OK :
	    strcmp(status, "INDETERMINATE") == 0 ? 1 : EX_PROTOCOL;
	if (code > r->worst)
		r->worst = code;
	if (!r->a->json) {
		sh_progress_clear(&r->progress);
		print_report(name, report, r->a->lang);
	}
	if (sh_json_set_str(report, "name", name, err) ||
	    put_digest(report, fd, err) || ((r->a->json || sh_args_get(r->a,
	    "report") != NULL) && sh_json_append(r->reports, json_incref(report),
	    err))) {
		json_decref(report);
		return (-1);
	}
	json_decref(report);
	return (0);
}

static int
verify_document(void *arg, const struct sh_document_id *id,
    const json_t *record, struct sh_error *err)
{
	struct run *r = arg;
	char name[SH_DOCUMENT_ID_LEN];
	int fd, rc = -1;

	(void)record;
	if (sh_stop)
		return (sh_error_set(err, SH_EAGAIN, "run.stopped",
		    "stopped"));
	sh_document_id_print(id, name);
	if ((fd = sh_memfd("document", err)) < 0)
		return (-1);
	if (sh_archive_get(r->home->archive, &r->who, id, "pdf", fd, err) ==
	    0)
		rc = verify_fd(r, name, fd, err);
	(void)close(fd);
	sh_progress_show(&r->progress, ++r->done, r->total);
	return (rc);
}

static int
verify_operand(struct run *r, const char *s, struct sh_error *err)
{
	struct sh_document_id id;
	int fd, rc;

	if (sh_document_id_parse(s, &id) == 0 && access(s, F_OK) != 0) {
		if (r->home == NULL && sh_open_home(r->a, 0, &r->home, err))
			return (-1);
		r->who = sh_reader_of(r->home, r->a);
		return (verify_document(r, &id, NULL, err));
	}
	if ((fd = open(s, O_RDONLY | O_CLOEXEC | O_NOCTTY)) < 0)
		return (sh_fs_unread(s, err));
	rc = verify_fd(r, s, fd, err);
	(void)close(fd);
	return (rc);
}

static int
verify_all(struct run *r, struct sh_error *err)
{
	int i;

	if (sh_args_get(r->a, "all") != NULL)
		return (sh_archive_each(r->home->archive, verify_document, r,
		    err));
	for (i = 0; i < r->a->noperands; i++)
		if (verify_operand(r, r->a->operands[i], err))
			return (-1);
	return (0);
}

static int
write_page(struct run *r, const char *path, struct sh_error *err)
{
	struct sh_buf page = SH_BUF_INIT;
	int rc = -1;

	if (sh_verdict_page(r->reports, r->a->lang, &page, err) == 0)
		rc = sh_fs_replace(path, page.data, page.len, 0644, err);
	sh_buf_free(&page);
	return (rc);
}

/* One report alone, several under "reports". */
static int
print_reports(struct run *r, struct sh_error *err)
{
	if (sh_args_get(r->a, "all") == NULL &&
	    json_array_size(r->reports) == 1)
		return (sh_print_json(json_incref(json_array_get(r->reports,
		    0)), err));
	return (sh_print_json(json_pack("{s:s, s:O}", "format",
	    "sohoa-verdicts-1", "reports", r->reports), err));
}

int
sh_cmd_verify(struct sh_args *a, struct sh_error *err)
{
	const struct sh_pool_options po = { .readers = 1 };
	const char *roots = sh_args_get(a, "roots");
	const char *page = sh_args_get(a, "report");
	const char *home = sh_args_get(a, "home");
	int all = sh_args_get(a, "all") != NULL, rc = -1;
	struct run r = { .a = a, .fetch = { .timeout_ms = 20000,
	    .tries = 2 } };
	char *dir = NULL;

	if (all == (a->noperands > 0))
		return (sh_args_usage(a, "files, documents, or --all"));
	sh_catch_signals();
	if (home == NULL)
		home = getenv("SOHOA_HOME");
	/* A file can be verified without a home. */
	if ((all || (home != NULL && *home != '\0')) &&
	    sh_open_home(a, 0, &r.home, err))
		goto out;
	if (r.home != NULL) {
		r.fetch = r.home->signing.fetch;
		r.who = sh_reader_of(r.home, a);
		dir = sh_home_path(r.home, sh_config_text(r.home->config,
		    "roots"), err);
		if (dir == NULL)
			goto out;
	}
	if ((roots != NULL || dir != NULL) && sh_trust_read(roots != NULL ?
	    roots : dir, &r.roots, err))
		goto out;
	if ((r.reports = sh_json_new_array(err)) == NULL ||
	    sh_pool_new(&po, &r.pool, err))
		goto out;
	sh_progress_start(&r.progress, a, "verify", "documents");
	rc = verify_all(&r, err);
	sh_progress_clear(&r.progress);
	if (rc == 0 && page != NULL)
		rc = write_page(&r, page, err);
	if (rc == 0 && a->json)
		rc = print_reports(&r, err);
out:
	sh_pool_free(r.pool);
	json_decref(r.reports);
	sh_buf_free(&r.roots);
	free(dir);
	sh_home_close(r.home);
	return (rc == 0 ? r.worst : rc);
}
