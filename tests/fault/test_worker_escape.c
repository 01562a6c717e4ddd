/*
 * The escape canary: a process in each sandbox tries what a taken-over
 * worker would try.  Each act must be refused or end the process, and must
 * work without the sandbox, or it would prove nothing.
 */
#include "tests/unit/test_worker_make.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/bpf.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "pipeline/worker/sandbox.h"

static char scratch[256];	/* a folder that anybody may write */
static pid_t parent;

/* Each returns 0 when it got what it wanted. */

static int
open_secret(void)
{
	return (open("/etc/passwd", O_RDONLY) < 0);
}

static int
open_old(void)
{
	return (syscall(SYS_open, "/etc/passwd", O_RDONLY) < 0);
}

static int
open_new(void)
{
	uint64_t how[3] = { O_RDONLY, 0, 0 };

	return (syscall(SYS_openat2, AT_FDCWD, "/etc/passwd", how,
	    sizeof(how)) < 0);
}

static int
create_file(void)
{
	char path[300];

	(void)snprintf(path, sizeof(path), "%s/%d", scratch, (int)getpid());
	return (open(path, O_WRONLY | O_CREAT, 0600) < 0);
}

static int
make_folder(void)
{
	char path[300];

	(void)snprintf(path, sizeof(path), "%s/d%d", scratch, (int)getpid());
	return (mkdir(path, 0700));
}

static int
look(void)
{
	struct stat st;

	return (stat("/etc/passwd", &st));
}

static int
change_mode(void)
{
	return (chmod(scratch, 0777));
}

static int
talk_tcp(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(9),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int s = socket(AF_INET, SOCK_STREAM, 0);

	if (s < 0)
		return (-1);
	/* Nobody listens: being told so is having got through. */
	return (connect(s, (struct sockaddr *)&a, sizeof(a)) != 0 &&
	    errno != ECONNREFUSED);
}

static int
talk_udp(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(9),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int s = socket(AF_INET, SOCK_DGRAM, 0);

	return (s < 0 || sendto(s, "x", 1, 0, (struct sockaddr *)&a,
	    sizeof(a)) != 1);
}

static int
talk_unix(void)
{
	int s[2];

	return (socketpair(AF_UNIX, SOCK_STREAM, 0, s));
}

static int
make_process(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	return (pid < 0);
}

static int
make_thread(void)
{
	static char stack[4096];
	long pid = syscall(SYS_clone, CLONE_VM | SIGCHLD, stack +
	    sizeof(stack), NULL, NULL, NULL);

	if (pid == 0)
		_exit(0);
	return (pid < 0);
}

static int
execute(void)
{
	static char *const argv[] = { (char *)(uintptr_t)"true", NULL };

	(void)execv("/bin/true", argv);
	return (-1);		/* a success never comes back: status 0 */
}

static int
execute_memory(void)
{
	static char *const argv[] = { (char *)(uintptr_t)"x", NULL };
	int fd = memfd_create("x", 0), in = open("/bin/true", O_RDONLY);
	char buf[65536];
	ssize_t n;

	while ((n = read(in, buf, sizeof(buf))) > 0)
		if (write(fd, buf, (size_t)n) != n)
			return (-1);
	(void)syscall(SYS_execveat, fd, "", argv, NULL, AT_EMPTY_PATH);
	return (-1);
}

static int
trace_parent(void)
{
	return (ptrace(PTRACE_SEIZE, parent, NULL, NULL) != 0);
}

static int
read_parent(void)
{
	char c;
	struct iovec here = { &c, 1 },
	    there = { (void *)(uintptr_t)&parent, 1 };

	return (process_vm_readv(parent, &here, 1, &there, 1, 0) != 1);
}

static int
kill_parent(void)
{
	return (kill(parent, 0));
}

static int
write_and_execute(void)
{
	return (mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED);
}

static int
make_executable(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE |
	    MAP_ANONYMOUS, -1, 0);

	return (p == MAP_FAILED || mprotect(p, 4096, PROT_READ | PROT_WRITE |
	    PROT_EXEC));
}

static int
new_user_namespace(void)
{
	return (unshare(CLONE_NEWUSER));
}

static int
start_uring(void)
{
	char params[256] = { 0 };

	return (syscall(SYS_io_uring_setup, 1, params) < 0);
}

static int
load_bpf(void)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.map_type = BPF_MAP_TYPE_ARRAY;
	attr.key_size = attr.value_size = 4;
	attr.max_entries = 1;
	return (syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof(attr)) < 0);
}

static int
raise_limits(void)
{
	struct rlimit r = { RLIM_INFINITY, RLIM_INFINITY };

	return (setrlimit(RLIMIT_CPU, &r));
}

static int
change_user(void)
{
	return (setuid(0));
}

static int
regain_privileges(void)
{
	return (prctl(PR_SET_DUMPABLE, 1, 0, 0, 0));
}

static int
fill_memory(void)
{
	size_t i, n = (size_t)2 << 30;
	char *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE |
	    MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		return (-1);
	for (i = 0; i < (8 << 20); i += 4096)
		p[i] = 1;
	return (0);
}

struct act {
	const char *name;
	int (*run)(void);
	int in_raster;		/* that sandbox allows it for a reason */
	int control;		/* works for everybody outside */
};

static const struct act acts[] = {
	{ "open a file", open_secret, 0, 1 },
	{ "open, old call", open_old, 0, 1 },
	{ "open, new call", open_new, 0, 1 },
	{ "create a file", create_file, 0, 1 },
	{ "make a folder", make_folder, 0, 1 },
	{ "stat a path", look, 1, 1 },
	{ "chmod", change_mode, 0, 1 },
	{ "TCP", talk_tcp, 0, 1 },
	{ "UDP", talk_udp, 0, 1 },
	{ "a socket pair", talk_unix, 0, 1 },
	{ "fork", make_process, 0, 1 },
	{ "clone", make_thread, 0, 1 },
	{ "exec", execute, 0, 1 },
	{ "exec from memory", execute_memory, 0, 1 },
	{ "ptrace its parent", trace_parent, 0, 0 },
	{ "read its parent's memory", read_parent, 0, 0 },
	{ "signal its parent", kill_parent, 0, 1 },
	{ "map W+X", write_and_execute, 0, 1 },
	{ "make memory executable", make_executable, 0, 1 },
	{ "a user namespace", new_user_namespace, 0, 0 },
	{ "io_uring", start_uring, 0, 0 },
	{ "bpf", load_bpf, 0, 0 },
	{ "raise a limit", raise_limits, 0, 0 },
	{ "become root", change_user, 0, 0 },
	{ "prctl", regain_privileges, 0, 1 },
	{ "2 GiB", fill_memory, 0, 1 },
};

/* 1 when the act succeeded; KIND -1: no sandbox. */
static int
attempt(const struct act *a, int kind)
{
	static const struct sh_sandbox_limits limits = { (uint64_t)1 << 30,
	    20, 1 << 20, 64 };
	struct sh_error err = SH_ERROR_INIT;
	int status;
	pid_t pid;

	parent = getpid();
	pid = fork();
	if (pid == 0) {
		/* Its last words are of no interest, nor is cmocka's wish
		   to go on after a signal. */
		(void)close(2);
		(void)signal(SIGSEGV, SIG_DFL);
		(void)signal(SIGBUS, SIG_DFL);
		(void)signal(SIGILL, SIG_DFL);
		(void)signal(SIGSYS, SIG_DFL);
		if (kind >= 0 && (sh_sandbox_begin(&err) ||
		    sh_sandbox_close((enum sh_sandbox)kind, &limits,
		    kind == SH_SANDBOX_RASTER ? "/usr/bin/pdftoppm" : NULL,
		    &err)))
			_exit(99);
		_exit(a->run() == 0 ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 99)
		fail_msg("%s: the sandbox does not close", a->name);
	if (WIFSIGNALED(status) && WTERMSIG(status) != SIGSYS)
		fail_msg("%s: died of signal %d", a->name, WTERMSIG(status));
	return (WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* ASan needs its address space: the limit on memory is off there. */
static int
is_limited(const struct act *a)
{
#if defined(__SANITIZE_ADDRESS__)
	return (a->run != fill_memory);
#else
	(void)a;
	return (1);
#endif
}

static void
nothing_gets_out(void **state)
{
	unsigned kind, refused = 0, escaped = 0;
	size_t i;

	(void)state;
	for (kind = SH_SANDBOX_DECODE; kind <= SH_SANDBOX_RASTER; kind++)
		for (i = 0; i < SH_COUNT(acts); i++) {
			if ((kind == SH_SANDBOX_RASTER && acts[i].in_raster)
			    || !is_limited(&acts[i]))
				continue;
			if (attempt(&acts[i], (int)kind)) {
				print_message("# sandbox %u allows: %s\n",
				    kind, acts[i].name);
				escaped++;
			}
			refused++;
		}
	print_message("# %u attempts, %u got out\n", refused, escaped);
	assert_int_equal(escaped, 0);
}

static void
each_act_works_outside(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < SH_COUNT(acts); i++)
		if (acts[i].control && !attempt(&acts[i], -1))
			fail_msg("%s fails without a sandbox too",
			    acts[i].name);
}

/* What a worker needs still works. */
static int
honest_work(void)
{
	struct sh_error err = SH_ERROR_INIT;
	int fd = sh_memfd("x", &err);
	void *p;

	if (fd < 0 || ftruncate(fd, 1 << 16) != 0)
		return (-1);
	p = mmap(NULL, 1 << 16, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		return (-1);
	memset(p, 1, 1 << 16);
	return (munmap(p, 1 << 16) != 0 || fcntl(fd, F_ADD_SEALS,
	    F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) != 0 ||
	    close(fd) != 0);
}

static void
honest_work_goes_on(void **state)
{
	static const struct act a = { "honest work", honest_work, 0, 0 };

	(void)state;
	assert_true(attempt(&a, SH_SANDBOX_DECODE));
}

/* A worker on a system without seccomp does not begin to work. */
static void
no_sandbox_no_work(void **state)
{
	struct sh_error err = SH_ERROR_INIT;
	struct sh_decoding *d;
	struct sh_pool *p;
	char path[300], script[1200];
	int fd, n;

	(void)state;
	if (system("strace -qq -o /dev/null true 2>/dev/null") != 0) {
		print_message("# strace cannot trace here: skipped\n");
		test_skip();
	}
	(void)snprintf(path, sizeof(path), "%s/worker", scratch);
	n = snprintf(script, sizeof(script), "#!/bin/sh\n"
	    "exec /usr/bin/strace -qq -f -o /dev/null "
	    "-e trace=seccomp,prctl -e inject=seccomp,prctl:error=EINVAL "
	    "%s%s \"$@\"\n", worker_path()[0] == '/' ? "" : "./",
	    worker_path());
	must(sh_fs_replace(path, script, (size_t)n, 0700, &err));
	p = start_pool(path, 0, 0);
	fd = tiff_file(1, 5, 5, -1);
	must_fail(sh_decode_open(p, fd, &d, &err), SH_ESYSTEM);
	assert_null(sh_pool_engine(p, &err));
	assert_string_equal(err.key, "sandbox.none");
	(void)close(fd);
	sh_pool_free(p);
}

static int
setup(void **state)
{
	char *dir = test_mkdir();

	(void)state;
	(void)snprintf(scratch, sizeof(scratch), "%s", dir);
	free(dir);
	return (chmod(scratch, 0777));
}

static int
teardown(void **state)
{
	struct sh_error err = SH_ERROR_INIT;

	(void)state;
	return (sh_fs_remove_tree(scratch, &err));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_act_works_outside),
		cmocka_unit_test(nothing_gets_out),
		cmocka_unit_test(honest_work_goes_on),
		cmocka_unit_test(no_sandbox_no_work),
	};

	sh_log_level((enum sh_level)(SH_ERR + 1));
	return (cmocka_run_group_tests_name("worker_escape", tests, setup,
	    teardown));
}
