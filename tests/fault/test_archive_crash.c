/*
 * The archive under death and starvation: the writer is killed at its n-th
 * system call, or that call fails.  Afterwards every acknowledged document
 * must be there, whole, with each of its holders; the check must find
 * nothing; and the same work done again must end complete.
 *
 * A sample of the points runs here; SOHOA_TORTURE=1 runs them all.
 */
#include "tests/unit/test.h"

#include <fcntl.h>
#include <sys/wait.h>

#include "archive/archive_internal.h"
#include "tests/unit/archive_fixture.h"

#define COUNT	5		/* documents */
#define COUNT_S	"5"

static char tool[512];
static const char *patience = "0";

/* The writer stands beside this program. */
static int
find_tool(void **state)
{
	ssize_t n = readlink("/proc/self/exe", tool, sizeof(tool) - 40);
	char *p;

	(void)state;
	assert_true(n > 0);
	tool[n] = '\0';
	p = strrchr(tool, '/');
	(void)strcpy(p, "/../tools/archive_writer");
	assert_int_equal(access(tool, X_OK), 0);
	/* Leak checking does not work under ptrace. */
	(void)setenv("ASAN_OPTIONS", "detect_leaks=0", 1);
	return (0);
}

/* ---- running the writer -------------------------------------------------- */

/*
 * Run it, under strace with OPTION unless that is NULL; how many documents it
 * acknowledged, its wait status in *STATUSP, strace's lines in LOG.
 */
static int
run_writer(const char *dir, const char *trace, const char *inject,
    const char *batch, const char *log, int *statusp)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_buf out = SH_BUF_INIT;
	const char *argv[24], *p;
	int fd[2], n = 0, acks = 0;
	char t[100], i[200];
	pid_t pid;

	if (trace != NULL) {
		(void)snprintf(t, sizeof(t), "trace=%s", trace);
		argv[n++] = "strace";
		argv[n++] = "-f";
		argv[n++] = "-qq";
		argv[n++] = "-o";
		argv[n++] = log;
		argv[n++] = "-e";
		argv[n++] = t;
	}
	if (inject != NULL) {
		(void)snprintf(i, sizeof(i), "inject=%s:%s", trace, inject);
		argv[n++] = "-e";
		argv[n++] = i;
	}
	argv[n++] = tool;
	argv[n++] = dir;
	argv[n++] = COUNT_S;
	argv[n++] = batch;
	argv[n++] = patience;
	argv[n] = NULL;
	assert_int_equal(pipe(fd), 0);
	if ((pid = fork()) == 0) {
		int null = open("/dev/null", O_WRONLY);

		(void)dup2(fd[1], STDOUT_FILENO);
		(void)dup2(null, STDERR_FILENO);
		(void)close(fd[0]);
		(void)close(fd[1]);
		(void)execvp(argv[0], (char **)(uintptr_t)argv);
		_exit(127);
	}
	(void)close(fd[1]);
	must(sh_fs_read_fd(fd[0], 65536, &out, &err));
	(void)close(fd[0]);
	assert_int_equal(waitpid(pid, statusp, 0), pid);
	for (p = (char *)out.data; p != NULL && (p = strstr(p, "ACK ")) !=
	    NULL; p += 4)
		acks++;
	sh_buf_free(&out);
	return (acks);
}

/* How often the writer calls TRACE when nothing is done to it. */
static int
count_calls(const char *trace, const char *batch)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_buf b = SH_BUF_INIT;
	char *dir = test_mkdir(), log[300];
	int status, n = 0;
	const char *p;

	(void)snprintf(log, sizeof(log), "%s/log", dir);
	assert_int_equal(run_writer(dir, trace, NULL, batch, log, &status),
	    COUNT);
	assert_int_equal(status, 0);
	must(sh_fs_read(log, 64 << 20, &b, &err));
	for (p = (char *)b.data; (p = strchr(p, '\n')) != NULL; p++)
		n++;
	sh_buf_free(&b);
	test_rmdir(dir);
	return (n);
}

/* ---- the oracle ---------------------------------------------------------- */

static void
compare_document(struct sh_archive *ar, unsigned n)
{
	struct sh_error err = SH_ERROR_INIT;
	struct fixture_doc d;
	struct sh_document_id id;
	struct sh_query q = { .limit = 100 };
	struct sh_buf b = SH_BUF_INIT;
	json_t *a;
	size_t i;
	int fd;

	/* Under its own dossier, or linked to that of the other's. */
	fixture_make(&d, n, n / 3, n % 4 == 0);
	assert_int_equal(sh_archive_holds(ar, &d.holders[0], &d.acc.content,
	    &id, &err), 1);
	fd = sh_memfd("rendition", &err);
	for (i = 0; i < 3; i++) {
		assert_int_equal(ftruncate(fd, 0), 0);
		assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
		must(sh_archive_get(ar, &fixture_reader, &id,
		    d.renditions[i].name, fd, &err));
		assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
		sh_buf_reset(&b);
		must(sh_fs_read_fd(fd, 1 << 20, &b, &err));
		assert_int_equal(b.len, d.renditions[i].len);
		assert_memory_equal(b.data, d.renditions[i].data, b.len);
	}
	for (i = 0; i < d.acc.nholders; i++) {
		q.holder = &d.holders[i].id;
		q.number = d.number;
		must(sh_archive_find(ar, &fixture_reader, &q, &a, &err));
		assert_int_equal(json_array_size(json_object_get(a,
		    "documents")), 1);
		json_decref(a);
	}
	(void)close(fd);
	sh_buf_free(&b);
	fixture_free(&d);
}

/* Every acknowledged document is there and nothing contradicts itself. */
static void
judge(const char *dir, int acked, int all)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_buf b = SH_BUF_INIT;
	struct fixture_place p;
	struct sh_archive *ar;
	json_t *a;
	int n, documents;

	fixture_place(&p, dir, "");
	if (sh_archive_open(&p.place, NULL, 0, &ar, &err)) {
		/* Killed while it was being created. */
		if (err.code == SH_ENOTFOUND && acked == 0)
			return;
		fail_msg("%s %s", err.key, err.text);
	}
	for (n = 0; n < acked; n++)
		compare_document(ar, (unsigned)n);
	must(sh_archive_check(ar, NULL, NULL, &a, &err));
	if (json_array_size(json_object_get(a, "findings")) > 0) {
		must(sh_json_print(a, 1, &b, &err));
		fail_msg("%s", (char *)b.data);
	}
	documents = (int)json_integer_value(json_object_get(a, "documents"));
	assert_in_range(documents, acked, COUNT);
	if (all)
		assert_int_equal(documents, COUNT);
	json_decref(a);
	sh_archive_close(ar);
}

/* One injury, the judgement, the same work again, the judgement again. */
static void
injure(const char *trace, const char *inject, const char *batch)
{
	char *dir = test_mkdir();
	int acked, status;

	acked = run_writer(dir, trace, inject, batch, "/dev/null", &status);
	print_message("# %s %s: %d acknowledged\n", trace, inject, acked);
	judge(dir, acked, 0);
	acked = run_writer(dir, NULL, NULL, batch, NULL, &status);
	assert_int_equal(status, 0);
	assert_int_equal(acked, COUNT);
	judge(dir, COUNT, 1);
	test_rmdir(dir);
}

/* ---- sweeps -------------------------------------------------------------- */

struct sweep {
	const char *trace;
	int points;		/* of the sample */
};

/* MANNER with the number of the call, for a sample of the calls. */
static void
sweep(const struct sweep *s, size_t n, const char *manner,
    const char *after, const char *batch)
{
	int all = getenv("SOHOA_TORTURE") != NULL, calls, points, k, last;
	char inject[100];
	size_t i;

	for (i = 0; i < n; i++) {
		calls = count_calls(s[i].trace, batch);
		points = all || calls < s[i].points ? calls : s[i].points;
		for (k = 1, last = 0; k <= points; k++) {
			int when = (int)((int64_t)k * calls / points);

			if (when == last)
				continue;
			last = when;
			(void)snprintf(inject, sizeof(inject), "%s:when=%d%s",
			    manner, when, after);
			injure(s[i].trace, inject, batch);
		}
	}
}

static void
death_at_any_call(void **state)
{
	static const struct sweep s[] = {
		{ "pwrite64", 22 }, { "fdatasync", 10 }, { "fsync", 6 },
		{ "writev", 3 }, { "write", 4 }, { "rename", 3 },
		{ "ftruncate", 3 }, { "openat", 4 }, { "mkdir", 3 },
	};

	(void)state;
	sweep(s, SH_COUNT(s), "signal=SIGKILL", "", "1");
}

static void
death_in_a_batch(void **state)
{
	static const struct sweep s[] = {
		{ "pwrite64", 6 }, { "fdatasync", 4 },
	};

	(void)state;
	sweep(s, SH_COUNT(s), "signal=SIGKILL", "", COUNT_S);
}

static void
calls_that_fail_once(void **state)
{
	static const struct sweep eio[] = {
		{ "pwrite64", 7 }, { "fdatasync", 6 }, { "fsync", 2 },
	};
	static const struct sweep full[] = {
		{ "pwrite64", 5 }, { "fdatasync", 2 }, { "ftruncate", 2 },
		{ "writev", 2 },
	};

	(void)state;
	sweep(eio, SH_COUNT(eio), "error=EIO", "", "1");
	sweep(full, SH_COUNT(full), "error=ENOSPC", "", "1");
}

static void
a_disk_that_stays_full(void **state)
{
	static const struct sweep full[] = { { "pwrite64", 8 } };

	(void)state;
	sweep(full, SH_COUNT(full), "error=ENOSPC", "+", "1");
}

/*
 * The disk is full for a while: the same handle goes on afterwards.  Only
 * when LMDB's own meta page could not be written does it stop for good, and
 * the next one goes on.
 */
static void
a_full_disk_that_is_freed(void **state)
{
	static const char *const when[] = { "60..75", "80..110", "100..101",
	    "120..140" };
	char inject[60], *dir;
	int status, acked, went_on = 0;
	size_t i;

	(void)state;
	for (i = 0; i < SH_COUNT(when); i++) {
		dir = test_mkdir();
		(void)snprintf(inject, sizeof(inject), "error=ENOSPC:when=%s",
		    when[i]);
		patience = "40";
		acked = run_writer(dir, "pwrite64", inject, "1", "/dev/null",
		    &status);
		patience = "0";
		went_on += status == 0;
		judge(dir, acked, status == 0);
		acked = run_writer(dir, NULL, NULL, "1", NULL, &status);
		assert_int_equal(status, 0);
		assert_int_equal(acked, COUNT);
		judge(dir, COUNT, 1);
		test_rmdir(dir);
	}
	assert_true(went_on >= 2);
}

static int
has_strace(void)
{
	return (system("strace -V >/dev/null 2>&1") == 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(death_at_any_call),
		cmocka_unit_test(death_in_a_batch),
		cmocka_unit_test(calls_that_fail_once),
		cmocka_unit_test(a_disk_that_stays_full),
		cmocka_unit_test(a_full_disk_that_is_freed),
	};

	if (!has_strace()) {
		(void)printf("1..0 # SKIP strace is not here\n");
		return (0);
	}
	return (cmocka_run_group_tests_name("archive crash", tests, find_tool,
	    NULL));
}
