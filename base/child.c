#include "base/child.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fs.h"

/* What stands before the answer's bytes; both sides are one program. */
struct verdict {
	int rc;
	struct sh_error err;
};

static void
work(int fd, int (*fn)(void *, struct sh_buf *, struct sh_error *),
    void *arg)
{
	static const int deadly[] = { SIGSEGV, SIGBUS, SIGABRT, SIGFPE,
	    SIGILL };
	static const struct rlimit no_core = { 0, 0 };
	struct verdict v = { .err = SH_ERROR_INIT };
	struct sh_error ignored = SH_ERROR_INIT;
	struct sh_buf out = SH_BUF_INIT;
	size_t i;

	/* Whoever caught them did so for the parent. */
	for (i = 0; i < sizeof(deadly) / sizeof(deadly[0]); i++)
		(void)signal(deadly[i], SIG_DFL);
	(void)setrlimit(RLIMIT_CORE, &no_core);
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	v.rc = fn(arg, &out, &v.err);
	if (sh_write_all(fd, &v, sizeof(v), &ignored) == 0 && out.len > 0 &&
	    sh_write_all(fd, out.data, out.len, &ignored))
		_exit(1);
	_exit(0);
}

/* The verdict, then the answer. */
static int
listen_to(int fd, struct verdict *v, struct sh_buf *out,
    struct sh_error *err)
{
	uint8_t chunk[65536], *p = (uint8_t *)v;
	size_t got = 0, take;
	ssize_t n;

	while ((n = read(fd, chunk, sizeof(chunk))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return (sh_error_sys(err, "child.read", "a child"));
		take = sizeof(*v) - got < (size_t)n ? sizeof(*v) - got :
		    (size_t)n;
		memcpy(p + got, chunk, take);
		got += take;
		if ((size_t)n > take && sh_buf_append(out, chunk + take,
		    (size_t)n - take, err))
			return (-1);
	}
	return (got == sizeof(*v));
}

static int
judge(int status, int whole, const struct verdict *v, struct sh_error *err)
{
	const char *name = "exit";

	if (whole && WIFEXITED(status) && WEXITSTATUS(status) == 0) {
		if (v->rc != 0)
			*err = v->err;
		return (v->rc);
	}
	if (WIFSIGNALED(status))
		name = sigabbrev_np(WTERMSIG(status));
	sh_error_param(err, "value", "%s", name != NULL ? name : "?");
	return (sh_error_set(err, SH_EFIXITY, "child.died",
	    "the process that read it died (%s)", name != NULL ? name : "?"));
}

int
sh_child_run(int (*fn)(void *, struct sh_buf *, struct sh_error *),
    void *arg, struct sh_buf *out, struct sh_error *err)
{
	struct verdict v = { .err = SH_ERROR_INIT };
	int fd[2], status, whole;
	pid_t pid;

	if (pipe(fd) != 0)
		return (sh_error_sys(err, "child.start", "a pipe"));
	/* What is buffered is to be written once. */
	(void)fflush(NULL);
	if ((pid = fork()) == 0) {
		(void)close(fd[0]);
		work(fd[1], fn, arg);
	}
	(void)close(fd[1]);
	if (pid < 0) {
		(void)close(fd[0]);
		return (sh_error_sys(err, "child.start", "a process"));
	}
	whole = listen_to(fd[0], &v, out, err);
	(void)close(fd[0]);
	if (whole < 0)
		(void)kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return (whole < 0 ? -1 : judge(status, whole, &v, err));
}
