#include "pipeline/worker_pool_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"

#define ARGS_MAX	12
#define FIRST_FREE_FD	16	/* above every descriptor of a worker */
#define LINES_MAX	8	/* logged of one worker */
#define DYING_MS	1000	/* from closing its socket to its end */

/* ---- start ---------------------------------------------------------------- */

/* A copy of FD that no later dup2 can tread on. */
static int
lift(int fd, struct sh_error *err)
{
	int high = fcntl(fd, F_DUPFD_CLOEXEC, FIRST_FREE_FD);

	if (high < 0)
		return (sh_error_sys(err, "worker.start", "descriptor"));
	return (high);
}

/* The descriptors of the child: null, null, PIPE, CONTROL, FDS. */
static int
place_files(posix_spawn_file_actions_t *fa, const int *high, size_t n)
{
	size_t i;
	int rc = 0;

	for (i = 0; i < n && rc == 0; i++)
		if (high[i] >= 0)
			rc = posix_spawn_file_actions_adddup2(fa, high[i],
			    (int)i);
	for (i = 0; i < n && rc == 0; i++)
		if (high[i] < 0)
			rc = posix_spawn_file_actions_addclose(fa, (int)i);
	if (rc == 0)
		rc = posix_spawn_file_actions_addclosefrom_np(fa, (int)n);
	return (rc);
}

static int
spawn(struct sh_pool *p, struct sh_child *c, const char *const *args,
    const int *high, size_t n)
{
	char threads[] = "OMP_THREAD_LIMIT=1", locale[] = "LC_ALL=C";
	char *const environment[] = { threads, locale, NULL };
	const char *argv[ARGS_MAX] = { p->worker, c->mode };
	posix_spawn_file_actions_t fa;
	posix_spawnattr_t attr;
	/* Ignored signals outlive exec; these must work in a worker. */
	static const int needed[] = { SIGINT, SIGTERM, SIGPIPE, SIGCHLD,
	    SIGXCPU, SIGXFSZ };
	sigset_t none, dflt;
	size_t i;
	int rc;

	for (i = 0; args[i] != NULL && i + 3 < ARGS_MAX; i++)
		argv[i + 2] = args[i];
	(void)sigemptyset(&none);
	(void)sigemptyset(&dflt);
	for (i = 0; i < SH_COUNT(needed); i++)
		(void)sigaddset(&dflt, needed[i]);
	if ((rc = posix_spawn_file_actions_init(&fa)) != 0)
		return (rc);
	if ((rc = posix_spawnattr_init(&attr)) != 0) {
		(void)posix_spawn_file_actions_destroy(&fa);
		return (rc);
	}
	/* A session of its own: no terminal, none of its signals. */
	rc = posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK |
	    POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID);
	if (rc == 0)
		rc = posix_spawnattr_setsigmask(&attr, &none);
	if (rc == 0)
		rc = posix_spawnattr_setsigdefault(&attr, &dflt);
	if (rc == 0)
		rc = place_files(&fa, high, n);
	if (rc == 0)
		rc = posix_spawn(&c->pid, p->worker, &fa, &attr,
		    /* The prototype is older than const. */
		    (char *const *)(uintptr_t)argv, environment);
	(void)posix_spawnattr_destroy(&attr);
	(void)posix_spawn_file_actions_destroy(&fa);
	return (rc);
}

int
sh_child_start(struct sh_pool *p, struct sh_child *c, const char *mode,
    const char *const *args, const int *fds, size_t nfds,
    struct sh_error *err)
{
	int sock[2] = { -1, -1 }, pipes[2] = { -1, -1 }, rc = -1, failed;
	int have[SH_WORKER_OUTPUT + 1], high[SH_WORKER_OUTPUT + 1];
	size_t n = SH_WORKER_INPUT + nfds, i;

	*c = (struct sh_child)SH_CHILD_INIT;
	c->mode = mode;
	for (i = 0; i < SH_COUNT(high); i++)
		high[i] = -1;
	/* A worker that floods its standard error loses words, not time. */
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sock) != 0
	    || pipe2(pipes, O_CLOEXEC | O_NONBLOCK) != 0) {
		(void)sh_error_sys(err, "worker.start", "worker channels");
		goto out;
	}
	have[0] = have[1] = p->null_fd;
	have[2] = pipes[1];
	have[SH_WORKER_CONTROL] = sock[1];
	for (i = 0; i < nfds; i++)
		have[SH_WORKER_INPUT + i] = fds[i];
	for (i = 0; i < n; i++)
		if (have[i] >= 0 && (high[i] = lift(have[i], err)) < 0)
			goto out;
	failed = spawn(p, c, args, high, n);
	if (failed != 0) {
		c->pid = 0;
		errno = failed;
		(void)sh_error_sys(err, "worker.start", "start %s",
		    p->worker);
		goto out;
	}
	c->control = sock[0];
	c->complaints = pipes[0];
	sock[0] = pipes[0] = -1;
	rc = 0;
out:
	for (i = 0; i < SH_COUNT(high); i++)
		if (high[i] >= 0)
			(void)close(high[i]);
	for (i = 0; i < 2; i++) {
		if (sock[i] >= 0)
			(void)close(sock[i]);
		if (pipes[i] >= 0)
			(void)close(pipes[i]);
	}
	return (rc);
}

/* ---- standard error -------------------------------------------------------- */

static void
log_lines(struct sh_child *c, char *text)
{
	char *line, *rest = NULL;

	for (line = strtok_r(text, "\n", &rest); line != NULL;
	    line = strtok_r(NULL, "\n", &rest)) {
		if (c->lines == LINES_MAX)
			sh_log(SH_INFO, "%s worker %d: and more", c->mode,
			    (int)c->pid);
		if (c->lines++ < LINES_MAX)
			sh_log(SH_INFO, "%s worker %d: %.200s", c->mode,
			    (int)c->pid, line);
	}
}

int
sh_child_listen(struct sh_child *c)
{
	struct pollfd end = { .fd = c->complaints, .events = 0 };
	char text[4096];
	ssize_t n;

	while (c->complained < SH_COMPLAINTS_MAX) {
		n = read(c->complaints, text, sizeof(text) - 1);
		if (n < 0)
			return (errno == EAGAIN || errno == EINTR);
		if (n == 0)
			return (0);
		c->complained += (size_t)n;
		text[n] = '\0';
		log_lines(c, text);
	}
	/* The rest stays in the pipe, and the pipe is small. */
	return (poll(&end, 1, 0) != 1);
}

/* ---- end ---------------------------------------------------------------------- */

static void
count_usage(struct sh_pool *p, const struct sh_child *c,
    const struct rusage *ru)
{
	int reads = strcmp(c->mode, "read") == 0;
	uint64_t peak = (uint64_t)ru->ru_maxrss * 1024,
	    *peakp = reads ? &p->read_peak : &p->decode_peak;
	double *cpu = reads ? &p->read_cpu_s : &p->decode_cpu_s;

	if (peak > *peakp)
		*peakp = peak;
	*cpu += (double)ru->ru_utime.tv_sec + (double)ru->ru_stime.tv_sec +
	    (double)(ru->ru_utime.tv_usec + ru->ru_stime.tv_usec) / 1e6;
}

static void
explain(const struct sh_child *c, int status, enum sh_end end, int wall_ms,
    struct sh_error *why)
{
	int sig = WIFSIGNALED(status) ? WTERMSIG(status) : 0;

	if (end == SH_END_TIME || sig == SIGXCPU) {
		(void)sh_error_set(why, SH_ELIMIT, "page.time-limit",
		    "the %s worker took longer than %d s", c->mode,
		    wall_ms / 1000);
		sh_error_param(why, "limit", "%d", wall_ms / 1000);
	} else if (sig == SIGXFSZ) {
		(void)sh_error_set(why, SH_ELIMIT, "page.memory-limit",
		    "the %s worker wrote more than it may", c->mode);
	} else if (sig == SIGSYS) {
		sh_log(SH_ERR, "%s worker %d asked for a forbidden system "
		    "call and was ended", c->mode, (int)c->pid);
		(void)sh_error_set(why, SH_ELIBRARY, "worker.killed",
		    "the %s worker asked for a forbidden system call",
		    c->mode);
	} else if (sig != 0) {
		(void)sh_error_set(why, SH_ELIBRARY, "worker.killed",
		    "the %s worker died of signal %d", c->mode, sig);
	} else if (end == SH_END_ITSELF) {
		(void)sh_error_set(why, SH_ELIBRARY, "worker.killed",
		    "the %s worker ended with status %d", c->mode,
		    WEXITSTATUS(status));
	}
}

static int
dies_by_itself(pid_t pid)
{
	struct pollfd p = { .events = POLLIN };
	int dead;

	if ((p.fd = (int)syscall(SYS_pidfd_open, pid, 0)) < 0)
		return (0);
	dead = poll(&p, 1, DYING_MS) == 1;
	(void)close(p.fd);
	return (dead);
}

int
sh_child_end(struct sh_pool *p, struct sh_child *c, enum sh_end end,
    int wall_ms, struct sh_error *why)
{
	struct rusage ru;
	int status = 0;
	pid_t pid;

	if (c->pid == 0)
		return (0);
	/* One that closed its end is dying and soon has a status that tells
	   of what; one that only pretends dies too. */
	if (end != SH_END_ITSELF || !dies_by_itself(c->pid))
		(void)kill(c->pid, SIGKILL);
	while ((pid = wait4(c->pid, &status, 0, &ru)) < 0 && errno == EINTR)
		;
	(void)sh_child_listen(c);
	if (pid == c->pid)
		count_usage(p, c, &ru);
	if (why != NULL && end != SH_END_DONE && end != SH_END_LIE)
		explain(c, status, end, wall_ms, why);
	if (c->control >= 0)
		(void)close(c->control);
	(void)close(c->complaints);
	*c = (struct sh_child)SH_CHILD_INIT;
	return (status);
}

/* ---- messages -------------------------------------------------------------------- */

int
sh_child_send(struct sh_child *c, json_t *v, const int *fds, size_t nfds,
    struct sh_error *err)
{
	struct sh_buf b = { .limit = SH_MESSAGE_MAX };
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(SH_MESSAGE_FDS * sizeof(int))];
	} control;
	struct msghdr m;
	struct iovec iov;
	int rc = -1;

	if (v == NULL || sh_json_print(v, 0, &b, err))
		goto out;
	memset(&m, 0, sizeof(m));
	iov.iov_base = b.data;
	iov.iov_len = b.len;
	m.msg_iov = &iov;
	m.msg_iovlen = 1;
	if (nfds > 0) {
		memset(&control, 0, sizeof(control));
		m.msg_control = &control;
		m.msg_controllen = CMSG_SPACE(nfds * sizeof(int));
		control.head.cmsg_level = SOL_SOCKET;
		control.head.cmsg_type = SCM_RIGHTS;
		control.head.cmsg_len = CMSG_LEN(nfds * sizeof(int));
		memcpy(CMSG_DATA(&control.head), fds, nfds * sizeof(int));
	}
	/* Two small messages are the most that is ever on its way. */
	if (sendmsg(c->control, &m, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
		(void)sh_error_sys(err, "worker.killed", "send to worker");
		goto out;
	}
	rc = 0;
out:
	sh_buf_free(&b);
	json_decref(v);
	return (rc);
}

void
sh_message_clear(struct sh_message *m)
{
	size_t i;

	json_decref(m->v);
	m->v = NULL;
	for (i = 0; i < SH_MESSAGE_FDS; i++) {
		if (m->fd[i] >= 0)
			(void)close(m->fd[i]);
		m->fd[i] = -1;
	}
}

/* Take every descriptor that came, close what nobody asked for. */
static int
take_files(struct msghdr *h, struct sh_message *m)
{
	struct cmsghdr *c;
	size_t n, i, k = 0;
	int fd, surplus = 0;

	for (c = CMSG_FIRSTHDR(h); c != NULL; c = CMSG_NXTHDR(h, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (i = 0; i < n; i++) {
			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int),
			    sizeof(fd));
			if (k < SH_MESSAGE_FDS) {
				m->fd[k++] = fd;
			} else {
				(void)close(fd);
				surplus = 1;
			}
		}
	}
	return (surplus);
}

int
sh_child_receive(struct sh_child *c, struct sh_message *m,
    struct sh_error *err)
{
	char text[SH_MESSAGE_MAX];
	union {
		struct cmsghdr head;
		/* As many as the kernel passes at once, to close them all. */
		char room[CMSG_SPACE(253 * sizeof(int))];
	} control;
	struct iovec iov = { text, sizeof(text) };
	struct sh_error bad = SH_ERROR_INIT;
	struct msghdr h;
	size_t i;
	ssize_t n;

	m->v = NULL;
	for (i = 0; i < SH_MESSAGE_FDS; i++)
		m->fd[i] = -1;
	memset(&h, 0, sizeof(h));
	h.msg_iov = &iov;
	h.msg_iovlen = 1;
	h.msg_control = &control;
	h.msg_controllen = sizeof(control);
	n = recvmsg(c->control, &h, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	if (n < 0)
		return (errno == EAGAIN || errno == EINTR ? 0 : -1);
	if (n == 0 && h.msg_controllen == 0)
		return (-1);
	if (take_files(&h, m) || h.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) {
		(void)sh_error_set(err, SH_ELIBRARY, "worker.protocol",
		    "the %s worker sent too large a message", c->mode);
	} else {
		m->v = sh_json_parse(text, (size_t)n, sizeof(text), &bad);
		if (json_is_object(m->v))
			return (1);
		(void)sh_error_set(err, SH_ELIBRARY, "worker.protocol",
		    "the %s worker sent no message: %s", c->mode, bad.text);
	}
	sh_message_clear(m);
	return (-2);
}
