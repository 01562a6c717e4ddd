/*
 * The archive under death and starvation: the writer is killed before its
 * n-th call that changes the disk, that call fails, or it gets no memory.
 * Afterwards every acknowledged document must be there, whole, with each of
 * its holders; the check must find nothing; and the same work done again must
 * end complete.  Creating the archive and sealing it are part of the work.
 *
 * A sample of the points runs here; SOHOA_TORTURE=1 runs them all.  Of the
 * allocations, 180,000 and most of them alike, these are the first that each
 * chain of calls leads to.  SOHOA_STRIDE=n: one in n.  SOHOA_ONLY=no_memory
 * runs that test alone, SOHOA_LOUD=1 tells each point.
 */
#include "tests/fault/archive_judge.h"

#define LENGTHS	5	/* 3 documents to 7 */

/* Documents and how many in one batch. */
struct work {
	const char *count, *batch;
};

static const struct work singly = { "5", "1" };
static const struct work batched = { "5", "5" };

static const char *patience = "0";

static struct {
	const char *what;
	unsigned points, died, refused;
} table[48];
static size_t nrows;

static int
torture(void)
{
	return (getenv("SOHOA_TORTURE") != NULL);
}

static int
run_writer(const char *dir, const struct work *w, const char *fault,
    const char *count, int *statusp)
{
	const char *argv[] = { judge_tool, dir, w->count, w->batch, patience,
	    NULL };

	return (run_line(argv, fault, NULL, count, statusp));
}

/*
 * The calls of an undisturbed writer that are to be met, ascending: each that
 * changes the disk, or each allocation that its chain of calls came to first.
 */
static size_t
calls_of(const struct work *w, int allocations, unsigned long **callsp)
{
	char *dir = judge_mkdir(), path[300];
	unsigned long disk, alloc;
	size_t i, n = 0;
	int status;
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s.count", dir);
	assert_int_equal(run_writer(dir, w, NULL, path, &status),
	    atoi(w->count));
	assert_int_equal(status, 0);
	assert_non_null(f = fopen(path, "r"));
	assert_int_equal(fscanf(f, "%lu %lu", &disk, &alloc), 2);
	*callsp = calloc(allocations ? alloc : disk, sizeof(**callsp));
	if (allocations)
		while (fscanf(f, "%lu", &(*callsp)[n]) == 1)
			n++;
	else
		for (i = 0; i < disk; i++)
			(*callsp)[n++] = i + 1;
	(void)fclose(f);
	(void)unlink(path);
	test_rmdir(dir);
	return (n);
}

/* One injury, the judgement, the same work again, the judgement again. */
static void
injure(const struct work *w, const char *fault, int may_die)
{
	char *dir = judge_mkdir();
	int count = atoi(w->count), acked, status;

	if (getenv("SOHOA_LOUD") != NULL)
		print_message("# %s\n", fault);
	acked = run_writer(dir, w, fault, NULL, &status);
	if (!may_die && WIFSIGNALED(status))
		fail_msg("%s: died of signal %d", fault, WTERMSIG(status));
	if (status == 0)
		assert_int_equal(acked, count);
	table[nrows].points++;
	table[nrows].died += WIFSIGNALED(status);
	table[nrows].refused += WIFEXITED(status) &&
	    WEXITSTATUS(status) != 0;
	judge(dir, acked, count, 0);
	acked = run_writer(dir, w, NULL, NULL, &status);
	if (status != 0)
		fail_msg("%s: the next run ends with %d", fault, status);
	assert_int_equal(acked, count);
	judge(dir, count, count, 1);
	test_rmdir(dir);
}

/* POINTS of the calls in a sample, all of them under torture. */
static void
sweep(const char *what, const struct work *w, const char *kind,
    size_t points)
{
	const char *stride = getenv("SOHOA_STRIDE");
	unsigned long *calls;
	size_t n = calls_of(w, strncmp(kind, "alloc", 5) == 0, &calls), k;
	char fault[40];

	if (torture())
		points = n / (stride != NULL ? strtoul(stride, NULL, 10) : 1);
	if (points > n)
		points = n;
	table[nrows].what = what;
	for (k = 1; k <= points; k++) {
		(void)snprintf(fault, sizeof(fault), "%s:%lu", kind,
		    calls[k * n / points - 1]);
		injure(w, fault, strcmp(kind, "kill") == 0);
	}
	free(calls);
	if (torture())
		print_message("# %s: %u points\n", what, table[nrows].points);
	nrows++;
}

/* Other lengths meet segments, trees and maps in other states. */
static void
many_lengths(void)
{
	static char text[LENGTHS][4];
	static const char *const batches[] = { "1", "2", "3" };
	struct work w;
	size_t i, k;

	for (i = 0; i < LENGTHS; i++) {
		(void)snprintf(text[i], 4, "%zu", i + 3);
		for (k = 0; k < 3; k++) {
			w.count = text[i];
			w.batch = batches[k];
			sweep("killed, other lengths", &w, "kill", 0);
		}
	}
}

static void
death_at_any_call(void **state)
{
	(void)state;
	sweep("killed, one by one", &singly, "kill", 40);
	sweep("killed, in a batch", &batched, "kill", 12);
	if (torture())
		many_lengths();
}

static void
calls_that_fail(void **state)
{
	(void)state;
	sweep("EIO once", &singly, "eio", 15);
	sweep("ENOSPC once", &singly, "enospc", 12);
	sweep("full from then on", &singly, "enospc+", 8);
	sweep("half written", &singly, "short", 10);
	sweep("half written, in a batch", &batched, "short", 4);
}

static void
no_memory(void **state)
{
#ifdef __SANITIZE_ADDRESS__
	(void)state;
	test_skip();
#else
	int k;
	char fault[16];

	(void)state;
	sweep("no memory once", &singly, "alloc", 24);
	/* OpenSSL's start among the first: it dies later of what it lacks. */
	table[nrows].what = "no memory at the start";
	for (k = 22; k <= 66; k += 11) {
		(void)snprintf(fault, sizeof(fault), "alloc:%d", k);
		injure(&singly, fault, 0);
	}
	nrows++;
	sweep("no memory from then on", &singly, "alloc+", 10);
#endif
}

/* Acts, an erasure, the journal of reads, backup, restore, repair. */
static void
acts_that_are_cut_short(void **state)
{
	static const struct work few = { "1", "1" };

	(void)state;
	(void)setenv("SOHOA_ACTS", "1", 1);
	sweep("acts, killed", &few, "kill", 14);
	sweep("acts, EIO once", &few, "eio", 6);
	sweep("acts, full from then on", &few, "enospc+", 4);
	sweep("acts, half written", &few, "short", 4);
#ifndef __SANITIZE_ADDRESS__
	sweep("acts, no memory once", &few, "alloc", 10);
#endif
	(void)unsetenv("SOHOA_ACTS");
}

/*
 * The disk is full for a while: the same handle goes on afterwards.  Only
 * when LMDB's own meta page could not be written does it stop for good, and
 * the next one goes on.  This one is done to the system calls themselves.
 */
static void
a_full_disk_that_is_freed(void **state)
{
	static const char *const when[] = { "60..75", "80..110", "100..101",
	    "120..140" };
	char inject[80], *dir;
	int status, acked, went_on = 0;
	size_t i;

	(void)state;
	if (system("strace -V >/dev/null 2>&1") != 0)
		test_skip();
	for (i = 0; i < SH_COUNT(when); i++) {
		dir = judge_mkdir();
		(void)snprintf(inject, sizeof(inject),
		    "inject=pwrite64:error=ENOSPC:when=%s", when[i]);
		const char *argv[] = { "strace", "-f", "-qq", "-o",
		    "/dev/null", "-e", "trace=pwrite64", "-e", inject,
		    judge_tool, dir, "5", "1", "40", NULL };

		acked = run_line(argv, NULL, NULL, NULL, &status);
		went_on += status == 0;
		judge(dir, acked, 5, status == 0);
		acked = run_writer(dir, &singly, NULL, NULL, &status);
		assert_int_equal(status, 0);
		assert_int_equal(acked, 5);
		judge(dir, 5, 5, 1);
		test_rmdir(dir);
	}
	assert_true(went_on >= 2);
}

static void
the_table(void **state)
{
	unsigned total = 0, died = 0;
	size_t i;

	(void)state;
	/* A point that lost anything has ended the test already. */
	print_message("# %-26s %7s %7s %8s\n", "fault", "points", "died",
	    "refused");
	for (i = 0; i < nrows; i++) {
		print_message("# %-26s %7u %7u %8u\n", table[i].what,
		    table[i].points, table[i].died, table[i].refused);
		total += table[i].points;
		died += table[i].died;
	}
	print_message("# %-26s %7u %7u\n", "all", total, died);
	if (torture() && getenv("SOHOA_ONLY") == NULL)
		assert_true(died >= 5000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(death_at_any_call),
		cmocka_unit_test(calls_that_fail),
		cmocka_unit_test(no_memory),
		cmocka_unit_test(acts_that_are_cut_short),
		cmocka_unit_test(a_full_disk_that_is_freed),
		cmocka_unit_test(the_table),
	};

	cmocka_set_test_filter(getenv("SOHOA_ONLY"));
	return (cmocka_run_group_tests_name("archive crash", tests,
	    judge_setup, judge_teardown));
}
