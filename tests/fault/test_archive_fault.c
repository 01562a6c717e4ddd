/*
 * The archive over an engine of which one call fails, the first, the second,
 * and so on until none is left: before anything was done, or after all of it
 * was and only the answer is lost.  What was acknowledged is there, what
 * failed can be done again, and nothing contradicts itself.
 *
 * A sample runs here, SOHOA_TORTURE=1 runs all; of the acts' calls, which are
 * many, one in SOHOA_STRIDE when that is set.  SOHOA_ONLY: one test alone.
 */
#include "tests/fault/archive_judge.h"

#include "archive/engine_fault.h"
#include "archive/seal.h"
#include "tests/tools/archive_acts.h"

#define COUNT	4

static struct sh_signer *signer;
static struct sh_catalogue *catalogue;

static int
setup(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_secret pass;

	if (judge_setup(state))
		return (-1);
	must(sh_secret_new(&pass, 8, &err));
	memcpy(pass.data, "geheimni", 8);
	must(sh_signer_open_p12(getenv("SOHOA_SEALS"), &pass, &signer,
	    &err));
	sh_secret_free(&pass);
	catalogue = acts_catalogue();
	acts_engine = "fault:";
	return (0);
}

static int
teardown(void **state)
{
	sh_catalogue_free(catalogue);
	sh_signer_close(signer);
	return (judge_teardown(state));
}

/* -1 only for the failure that was asked for. */
static int
expected(int rc, struct sh_error *err)
{
	if (rc == 0)
		return (0);
	if (strcmp(err->key, SH_FAULT_KEY) != 0)
		fail_msg("%s: %s", err->key, err->text);
	sh_error_clear(err);
	return (-1);
}

/* Documents, a second dossier, a seal, questions; how many acknowledged. */
static int
work(struct sh_archive *ar)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_sealing with = { .signer = signer, .now = sh_now() };
	struct sh_query q = { .limit = 5 };
	enum sh_accession_state st;
	struct sh_document_id id;
	struct fixture_doc d;
	int acked = 0, n, rc;
	unsigned made;
	json_t *a;

	for (n = 0; n < COUNT; n++) {
		fixture_make(&d, (unsigned)n, (unsigned)n / 3, n % 4 == 0);
		rc = expected(sh_archive_accede(ar, &d.acc, &id, &st, &err),
		    &err);
		acked += rc == 0 && acked == n;
		if (n % 3 == 0) {
			d.acc.dossier = "linked";
			(void)expected(sh_archive_accede(ar, &d.acc, &id,
			    &st, &err), &err);
		}
		q.holder = &d.holders[0].id;
		if (expected(sh_archive_find(ar, &fixture_reader, &q, &a,
		    &err), &err) == 0)
			json_decref(a);
		fixture_free(&d);
	}
	(void)expected(sh_seals_make(ar, &with, &made, NULL, &err), &err);
	(void)expected(sh_archive_search_follow(ar, &err), &err);
	return (acked);
}

static void
open_archive(const char *dir, struct fixture_place *p, char seals[400],
    struct sh_archive **ar)
{
	struct sh_error err = SH_ERROR_INIT;

	fixture_place(p, dir, "");
	memmove(p->engine + 6, p->engine, strlen(p->engine) + 1);
	memcpy(p->engine, "fault:", 6);
	(void)snprintf(seals, 400, "%s/seals", dir);
	p->place.seals = seals;
	if (ar != NULL)
		must(sh_archive_open(&p->place, NULL, 0, ar, &err));
}

/* Call N of the work fails; 0 when it has no such call. */
static int
fail_at(enum sh_fault_kind kind, uint64_t n)
{
	struct sh_error err = SH_ERROR_INIT;
	struct fixture_place p;
	struct sh_archive *ar;
	char *dir = judge_mkdir(), seals[400];
	int acked, reached;

	sh_engine_fault_plan(SH_FAULT_NONE, 0);
	open_archive(dir, &p, seals, NULL);
	must(sh_archive_create(&p.place, &err));
	open_archive(dir, &p, seals, &ar);
	sh_engine_fault_plan(kind, n);
	acked = work(ar);
	reached = sh_engine_fault_calls() > n;
	sh_engine_fault_plan(SH_FAULT_NONE, 0);
	sh_archive_close(ar);
	judge(dir, acked, COUNT, 0);
	open_archive(dir, &p, seals, &ar);
	assert_int_equal(work(ar), COUNT);
	sh_archive_close(ar);
	judge(dir, COUNT, COUNT, 1);
	test_rmdir(dir);
	return (reached);
}

/* The same of acts, reads, backup, restore, repair; access: the journal. */
static int
act_at(enum sh_fault_kind kind, uint64_t n)
{
	struct sh_error err = SH_ERROR_INIT;
	struct fixture_place p;
	struct sh_archive *ar;
	char *dir = judge_mkdir(), seals[400], access[400];
	int reached;

	(void)snprintf(access, sizeof(access), "%s/access", dir);
	sh_engine_fault_plan(SH_FAULT_NONE, 0);
	open_archive(dir, &p, seals, NULL);
	must(sh_archive_create(&p.place, &err));
	p.place.access = access;
	must(sh_archive_open(&p.place, catalogue, 0, &ar,
	    &err));
	sh_engine_fault_plan(kind, n);
	(void)expected(acts_do(ar, dir, &err), &err);
	reached = sh_engine_fault_calls() > n;
	sh_engine_fault_plan(SH_FAULT_NONE, 0);
	sh_archive_close(ar);
	judge(dir, 0, 0, 0);
	must(sh_archive_open(&p.place, catalogue, 0, &ar,
	    &err));
	must(acts_do(ar, dir, &err));
	must(sh_archive_search_follow(ar, &err));
	sh_archive_close(ar);
	judge(dir, 0, 0, 1);
	test_rmdir(dir);
	return (reached);
}

/* Opening and creating, the same way. */
static int
open_at(enum sh_fault_kind kind, uint64_t n)
{
	struct sh_error err = SH_ERROR_INIT;
	struct fixture_place p;
	struct sh_archive *ar;
	char *dir = judge_mkdir(), seals[400];
	int reached;

	open_archive(dir, &p, seals, NULL);
	sh_engine_fault_plan(kind, n);
	(void)expected(sh_archive_create(&p.place, &err), &err);
	reached = sh_engine_fault_calls() > n;
	sh_engine_fault_plan(SH_FAULT_NONE, 0);
	if (sh_archive_create(&p.place, &err))
		assert_string_equal(err.key, "archive.exists");
	sh_error_clear(&err);
	sh_engine_fault_plan(kind, n);
	if (expected(sh_archive_open(&p.place, NULL, 0, &ar, &err), &err) ==
	    0)
		sh_archive_close(ar);
	reached |= sh_engine_fault_calls() > n;
	sh_engine_fault_plan(SH_FAULT_NONE, 0);
	open_archive(dir, &p, seals, &ar);
	assert_int_equal(work(ar), COUNT);
	sh_archive_close(ar);
	test_rmdir(dir);
	return (reached);
}

static void
sweep(const char *what, int (*at)(enum sh_fault_kind, uint64_t),
    uint64_t stride)
{
	static const enum sh_fault_kind kinds[] = { SH_FAULT_BEFORE,
	    SH_FAULT_AFTER, SH_FAULT_FROM };
	uint64_t n, points = 0;
	size_t i;

	for (i = 0; i < SH_COUNT(kinds); i++)
		for (n = i % stride; at(kinds[i], n); n += stride)
			points++;
	print_message("# %s: %llu points\n", what,
	    (unsigned long long)points);
	assert_true(points > 3);
}

static void
every_engine_call_may_fail(void **state)
{
	(void)state;
	sweep("work", fail_at, getenv("SOHOA_TORTURE") != NULL ? 1 : 4);
}

static void
so_may_those_of_acts(void **state)
{
	const char *stride = getenv("SOHOA_STRIDE");

	(void)state;
	(void)setenv("SOHOA_ACTS", "1", 1);
	sweep("acts", act_at, stride != NULL ? strtoul(stride, NULL, 10) :
	    getenv("SOHOA_TORTURE") != NULL ? 1 : 83);
	(void)unsetenv("SOHOA_ACTS");
}

static void
so_may_those_of_creating_and_opening(void **state)
{
	(void)state;
	sweep("create and open", open_at, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_engine_call_may_fail),
		cmocka_unit_test(so_may_those_of_acts),
		cmocka_unit_test(so_may_those_of_creating_and_opening),
	};

	cmocka_set_test_filter(getenv("SOHOA_ONLY"));
	return (cmocka_run_group_tests_name("archive engine faults", tests,
	    setup, teardown));
}
