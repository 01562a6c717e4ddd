/*
 * The fault tests' writer (tests/tools/archive_writer.c), run and judged:
 * whatever happened to it, every document that it acknowledged is there,
 * whole, with each of its holders, nothing contradicts itself, and the same
 * work done again ends complete.
 */
#ifndef SH_TESTS_ARCHIVE_JUDGE_H
#define SH_TESTS_ARCHIVE_JUDGE_H

#include <fcntl.h>
#include <sys/wait.h>

#include "archive/archive_internal.h"
#include "signing/signer.h"
#include "tests/unit/archive_fixture.h"
#include "tests/unit/test.h"

static char judge_tool[512];
static char *judge_keys;	/* folder with a sealing key */

/* The writer stands beside this program; a key for it is made. */
static inline int
judge_setup(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_secret pass;
	ssize_t n = readlink("/proc/self/exe", judge_tool,
	    sizeof(judge_tool) - 40);
	char path[300];

	(void)state;
	assert_true(n > 0);
	judge_tool[n] = '\0';
	(void)strcpy(strrchr(judge_tool, '/'), "/../tools/archive_writer");
	assert_int_equal(access(judge_tool, X_OK), 0);
	/* Leak checking does not work under ptrace. */
	(void)setenv("ASAN_OPTIONS",
	    "detect_leaks=0:allocator_may_return_null=1", 1);
	judge_keys = test_mkdir();
	must(sh_secret_new(&pass, 8, &err));
	memcpy(pass.data, "geheimni", 8);
	must(sh_signer_make_test_keys(judge_keys, &pass, sh_now(), &err));
	sh_secret_free(&pass);
	(void)snprintf(path, sizeof(path), "%s/agency.p12", judge_keys);
	(void)setenv("SOHOA_SEALS", path, 1);
	return (0);
}

static inline int
judge_teardown(void **state)
{
	(void)state;
	test_rmdir(judge_keys);
	return (0);
}

/* A folder in memory where there is one: a kill needs no disk. */
static inline char *
judge_mkdir(void)
{
	char shm[] = "/dev/shm/sohoa-test-XXXXXX";

	return (mkdtemp(shm) != NULL ? strdup(shm) : test_mkdir());
}

/*
 * Run ARGV, a NULL-terminated line that ends with the writer's own, with
 * FAULT and RECORD (or NULL) for its shim: how many documents it
 * acknowledged, its wait status in *STATUSP.
 */
static inline int
run_line(const char *const *argv, const char *fault, const char *record,
    const char *count, int *statusp)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_buf out = SH_BUF_INIT;
	int fd[2], acks = 0;
	const char *p;
	pid_t pid;

	assert_int_equal(pipe(fd), 0);
	if ((pid = fork()) == 0) {
		int null = open("/dev/null", O_WRONLY);

		(void)dup2(fd[1], STDOUT_FILENO);
		if (getenv("SOHOA_LOUD") == NULL)
			(void)dup2(null, STDERR_FILENO);
		(void)close(fd[0]);
		(void)close(fd[1]);
		if (fault != NULL)
			(void)setenv("SOHOA_FAULT", fault, 1);
		if (record != NULL)
			(void)setenv("SOHOA_RECORD", record, 1);
		if (count != NULL)
			(void)setenv("SOHOA_COUNT", count, 1);
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

static inline void
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
static inline void
judge(const char *dir, int acked, int count, int all)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_buf b = SH_BUF_INIT;
	struct fixture_place p;
	struct sh_archive *ar;
	char seals[400];
	json_t *a;
	int n, documents;

	fixture_place(&p, dir, "");
	(void)snprintf(seals, sizeof(seals), "%s/seals", dir);
	p.place.seals = seals;
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
	/* Acts bring four more, of which one stays. */
	if (getenv("SOHOA_ACTS") != NULL) {
		assert_in_range(documents, acked, count + 4);
		count++;
	} else {
		assert_in_range(documents, acked, count);
	}
	if (all)
		assert_int_equal(documents, count);
	json_decref(a);
	sh_archive_close(ar);
}

#endif
