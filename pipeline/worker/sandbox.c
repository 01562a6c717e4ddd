#include "pipeline/worker/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <link.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"

#define NOBODY	65534

/* An address-space limit and AddressSanitizer exclude each other. */
#if defined(__SANITIZE_ADDRESS__)
#define HAVE_ASAN	1
#else
#define HAVE_ASAN	0
#endif

static int
no_sandbox(struct sh_error *err, const char *wall)
{
	return (sh_error_sys(err, "sandbox.none", "no sandbox: %s", wall));
}

static int
set_limit(int resource, uint64_t value, const char *name,
    struct sh_error *err)
{
	struct rlimit r = { value, value }, had;

	/* Never above what the operator allows. */
	if (getrlimit((__rlimit_resource_t)resource, &had) == 0 &&
	    had.rlim_max < value)
		r.rlim_cur = r.rlim_max = had.rlim_max;
	if (setrlimit((__rlimit_resource_t)resource, &r) != 0)
		return (no_sandbox(err, name));
	return (0);
}

int
sh_sandbox_begin(struct sh_error *err)
{
	static const char score[] = "800";
	int fd;

	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0 ||
	    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		return (no_sandbox(err, "prctl"));
	(void)umask(077);
	/* Without /proc the system chooses its victim without our advice. */
	fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
	if (fd >= 0) {
		if (write(fd, score, sizeof(score) - 1) < 0)
			sh_log(SH_INFO, "oom_score_adj: %s", strerror(errno));
		(void)close(fd);
	}
	return (set_limit(RLIMIT_CORE, 0, "core size", err));
}

/* ---- Landlock, by system call: no header of the build's kernel needed ---- */

#define LL_EXECUTE	(UINT64_C(1) << 0)
#define LL_READ_FILE	(UINT64_C(1) << 2)
#define LL_READ_DIR	(UINT64_C(1) << 3)
#define LL_FS_ABI1	((UINT64_C(1) << 13) - 1)
#define LL_REFER	(UINT64_C(1) << 13)	/* ABI 2 */
#define LL_TRUNCATE	(UINT64_C(1) << 14)	/* ABI 3 */
#define LL_IOCTL_DEV	(UINT64_C(1) << 15)	/* ABI 5 */
#define LL_NET		UINT64_C(3)		/* ABI 4: bind, connect */
#define LL_SCOPES	UINT64_C(3)		/* ABI 6: sockets, signals */
#define LL_VERSION	1u
#define LL_PATH_BENEATH	1

struct ll_ruleset {
	uint64_t fs, net, scoped;
};

struct ll_path {
	uint64_t allowed;
	int32_t parent;
} __attribute__((packed));

#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset	444
#define SYS_landlock_add_rule		445
#define SYS_landlock_restrict_self	446
#endif

/* Allow ACCESS at and below PATH, if there is such a path. */
static int
allow_path(int ruleset, const char *path, uint64_t allowed)
{
	struct ll_path rule = { allowed, -1 };
	struct stat st;
	long rc;

	rule.parent = open(path, O_PATH | O_CLOEXEC);
	if (rule.parent < 0)
		return (errno == ENOENT ? 0 : -1);
	if (fstat(rule.parent, &st) == 0 && !S_ISDIR(st.st_mode))
		rule.allowed &= ~LL_READ_DIR;
	rc = syscall(SYS_landlock_add_rule, ruleset, LL_PATH_BENEATH, &rule,
	    0);
	(void)close(rule.parent);
	return (rc == 0 ? 0 : -1);
}

/* The dynamic loader of this program, which loads the other one too. */
static int
note_loader(struct dl_phdr_info *info, size_t size, void *arg)
{
	int i;

	(void)size;
	for (i = 0; i < info->dlpi_phnum; i++)
		if (info->dlpi_phdr[i].p_type == PT_INTERP)
			*(const char **)arg = (const char *)(info->dlpi_addr +
			    info->dlpi_phdr[i].p_vaddr);
	return (1);		/* the first object is the program itself */
}

/* What a program that draws text reads. */
static int
allow_program(int ruleset, const char *program)
{
	static const char *const readable[] = { "/usr", "/lib", "/lib64",
	    "/etc/fonts", "/etc/ld.so.cache", "/etc/localtime",
	    "/var/cache/fontconfig" };
	const char *loader = NULL;
	size_t i;

	for (i = 0; i < SH_COUNT(readable); i++)
		if (allow_path(ruleset, readable[i], LL_READ_FILE |
		    LL_READ_DIR) != 0)
			return (-1);
	(void)dl_iterate_phdr(note_loader, &loader);
	if (loader != NULL && allow_path(ruleset, loader, LL_EXECUTE |
	    LL_READ_FILE) != 0)
		return (-1);
	return (allow_path(ruleset, program, LL_EXECUTE | LL_READ_FILE));
}

static int
close_files(const char *program, struct sh_error *err)
{
	struct ll_ruleset r = { LL_FS_ABI1, 0, 0 };
	size_t size = sizeof(r.fs);
	long abi;
	int fd, rc = -1;

	abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LL_VERSION);
	if (abi < 1) {
		sh_log(SH_WARN, "this kernel has no Landlock: the worker "
		    "stands behind seccomp alone");
		return (0);
	}
	if (abi >= 2)
		r.fs |= LL_REFER;
	if (abi >= 3)
		r.fs |= LL_TRUNCATE;
	if (abi >= 4) {
		r.net = LL_NET;
		size = 2 * sizeof(uint64_t);
	}
	if (abi >= 5)
		r.fs |= LL_IOCTL_DEV;
	if (abi >= 6) {
		r.scoped = LL_SCOPES;
		size = sizeof(r);
	}
	fd = (int)syscall(SYS_landlock_create_ruleset, &r, size, 0);
	if (fd < 0)
		return (no_sandbox(err, "Landlock rules"));
	if ((program == NULL || allow_program(fd, program) == 0) &&
	    syscall(SYS_landlock_restrict_self, fd, 0) == 0)
		rc = 0;
	else
		(void)no_sandbox(err, "Landlock");
	(void)close(fd);
	return (rc);
}

/* ---- seccomp -------------------------------------------------------------- */

/* What every worker needs to compute, answer and end. */
static const int common_calls[] = {
	SCMP_SYS(write), SCMP_SYS(close), SCMP_SYS(munmap), SCMP_SYS(mremap),
	SCMP_SYS(brk), SCMP_SYS(madvise), SCMP_SYS(futex),
	SCMP_SYS(clock_gettime), SCMP_SYS(gettimeofday), SCMP_SYS(getrandom),
	SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn), SCMP_SYS(gettid),
	SCMP_SYS(getpid), SCMP_SYS(exit_group),
	SCMP_SYS(sysinfo),	/* qsort asks how much memory there is */
};
static const int decode_calls[] = {
	SCMP_SYS(memfd_create), SCMP_SYS(ftruncate),
};
static const int verify_calls[] = {
	SCMP_SYS(pread64), SCMP_SYS(fstat),
};
/* A dynamic program with fonts: looks files up, opens them for reading. */
static const int raster_calls[] = {
	SCMP_SYS(execve), SCMP_SYS(read), SCMP_SYS(pread64), SCMP_SYS(lseek),
	SCMP_SYS(fstat), SCMP_SYS(newfstatat), SCMP_SYS(statx),
	SCMP_SYS(access), SCMP_SYS(faccessat), SCMP_SYS(faccessat2),
	SCMP_SYS(readlink), SCMP_SYS(readlinkat), SCMP_SYS(getdents64),
	SCMP_SYS(fstatfs), SCMP_SYS(statfs), SCMP_SYS(fadvise64),
	SCMP_SYS(arch_prctl), SCMP_SYS(set_tid_address),
	SCMP_SYS(set_robust_list), SCMP_SYS(rseq), SCMP_SYS(rt_sigaction),
	SCMP_SYS(fcntl), SCMP_SYS(exit), SCMP_SYS(getcwd), SCMP_SYS(uname),
	SCMP_SYS(getuid), SCMP_SYS(geteuid),
	SCMP_SYS(getgid), SCMP_SYS(getegid), SCMP_SYS(sched_getaffinity),
};
/* Nothing that draws a page asks for these: whoever does is not drawing. */
static const int raster_deadly[] = {
	SCMP_SYS(fork), SCMP_SYS(vfork), SCMP_SYS(clone), SCMP_SYS(clone3),
	SCMP_SYS(execveat), SCMP_SYS(socket), SCMP_SYS(socketpair),
	SCMP_SYS(connect), SCMP_SYS(bind), SCMP_SYS(ptrace),
	SCMP_SYS(process_vm_readv), SCMP_SYS(process_vm_writev),
	SCMP_SYS(kill), SCMP_SYS(tkill), SCMP_SYS(unshare), SCMP_SYS(setns),
	SCMP_SYS(mount), SCMP_SYS(pivot_root), SCMP_SYS(chroot),
	SCMP_SYS(bpf), SCMP_SYS(perf_event_open), SCMP_SYS(userfaultfd),
	SCMP_SYS(io_uring_setup), SCMP_SYS(keyctl), SCMP_SYS(add_key),
	SCMP_SYS(request_key), SCMP_SYS(memfd_create), SCMP_SYS(mknodat),
	SCMP_SYS(unlinkat), SCMP_SYS(renameat2), SCMP_SYS(linkat),
	SCMP_SYS(symlinkat), SCMP_SYS(init_module), SCMP_SYS(kexec_load),
	SCMP_SYS(open_by_handle_at), SCMP_SYS(pidfd_open),
};

static int
add_calls(scmp_filter_ctx f, uint32_t action, const int *calls, size_t n)
{
	size_t i;
	int rc;

	for (i = 0; i < n; i++) {
		rc = seccomp_rule_add(f, action, calls[i], 0);
		if (rc != 0)
			return (rc);
	}
	return (0);
}

#define ALLOW(call, ...)						\
	seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(call), __VA_ARGS__)

/* Memory, but never both written and executed; executed not at all. */
static int
add_memory(scmp_filter_ctx f, int may_execute)
{
	int rc = ALLOW(mmap, 1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));

	if (rc == 0)
		rc = ALLOW(mprotect, 1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC,
		    0));
	if (rc != 0 || !may_execute)
		return (rc);
	rc = ALLOW(mmap, 1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC |
	    PROT_WRITE, PROT_EXEC));
	return (rc != 0 ? rc : ALLOW(mprotect, 1, SCMP_A2(SCMP_CMP_MASKED_EQ,
	    PROT_EXEC | PROT_WRITE, PROT_EXEC)));
}

static int
add_raster(scmp_filter_ctx f)
{
	int rc = add_calls(f, SCMP_ACT_ALLOW, raster_calls,
	    SH_COUNT(raster_calls));

	if (rc == 0)
		rc = add_calls(f, SCMP_ACT_KILL_PROCESS, raster_deadly,
		    SH_COUNT(raster_deadly));
	/* Only to read: Landlock says the same where there is one. */
	if (rc == 0)
		rc = ALLOW(openat, 1, SCMP_A2(SCMP_CMP_MASKED_EQ, O_ACCMODE |
		    O_CREAT | O_TRUNC, O_RDONLY));
	/* To ask for limits, not to set them. */
	if (rc == 0)
		rc = ALLOW(prlimit64, 2, SCMP_A0(SCMP_CMP_EQ, 0),
		    SCMP_A2(SCMP_CMP_EQ, 0));
	return (rc);
}

static int
add_kind(scmp_filter_ctx f, enum sh_sandbox kind)
{
	int rc = add_calls(f, SCMP_ACT_ALLOW, common_calls,
	    SH_COUNT(common_calls));

	/*
	 * A library that wants to say something to its log file, or to read
	 * its configuration late, is told no; it need not die for that.
	 */
	if (rc == 0 && kind != SH_SANDBOX_RASTER)
		rc = seccomp_rule_add(f, SCMP_ACT_ERRNO(EACCES),
		    SCMP_SYS(openat), 0);
	/* abort() is an honest death. */
	if (rc == 0)
		rc = ALLOW(tgkill, 1, SCMP_A0(SCMP_CMP_EQ,
		    (scmp_datum_t)getpid()));
	if (rc == 0 && HAVE_ASAN)	/* at every C++ exception */
		rc = seccomp_rule_add(f, SCMP_ACT_ALLOW,
		    SCMP_SYS(sigaltstack), 0);
	if (rc == 0)
		rc = add_memory(f, kind == SH_SANDBOX_RASTER);
	if (rc == 0 && kind != SH_SANDBOX_RASTER) {
		rc = ALLOW(sendmsg, 1, SCMP_A0(SCMP_CMP_EQ, 3));
		if (rc == 0)
			rc = ALLOW(recvmsg, 1, SCMP_A0(SCMP_CMP_EQ, 3));
	}
	if (rc != 0)
		return (rc);
	switch (kind) {
	case SH_SANDBOX_DECODE:
		rc = ALLOW(fcntl, 1, SCMP_A1(SCMP_CMP_EQ, F_ADD_SEALS));
		return (rc != 0 ? rc : add_calls(f, SCMP_ACT_ALLOW,
		    decode_calls, SH_COUNT(decode_calls)));
	case SH_SANDBOX_READ:
		return (0);
	case SH_SANDBOX_VERIFY:
		/* fstat() is this call in the C library of today. */
		rc = ALLOW(newfstatat, 1, SCMP_A3(SCMP_CMP_EQ,
		    AT_EMPTY_PATH));
		return (rc != 0 ? rc : add_calls(f, SCMP_ACT_ALLOW,
		    verify_calls, SH_COUNT(verify_calls)));
	case SH_SANDBOX_RASTER:
		return (add_raster(f));
	}
	return (-EINVAL);
}

static int
close_calls(enum sh_sandbox kind, struct sh_error *err)
{
	/* A foreign program asks for harmless things that it can do without;
	   ASan's reporter too. */
	uint32_t otherwise = kind == SH_SANDBOX_RASTER || HAVE_ASAN ?
	    SCMP_ACT_ERRNO(EPERM) : SCMP_ACT_KILL_PROCESS;
	scmp_filter_ctx f;
	int rc;

	if ((f = seccomp_init(otherwise)) == NULL)
		return (sh_error_nomem(err, "seccomp"));
	rc = seccomp_attr_set(f, SCMP_FLTATR_ACT_BADARCH,
	    SCMP_ACT_KILL_PROCESS);
	if (rc == 0)
		rc = add_kind(f, kind);
	if (rc == 0)
		rc = seccomp_load(f);
	seccomp_release(f);
	if (rc != 0) {
		errno = -rc;
		return (no_sandbox(err, "seccomp"));
	}
	return (0);
}

/* ---- the rest --------------------------------------------------------------- */

/*
 * No network, and no root.  The first is the second lock on a door that
 * seccomp keeps shut, so a system that forbids it is not refused.
 */
static int
leave_the_system(struct sh_error *err)
{
	struct { uint32_t version; int pid; } head = { 0x20080522, 0 };
	static const uint32_t none[6];	/* version 3 has two of three sets */
	int root = geteuid() == 0;

	if (unshare(root ? CLONE_NEWNET : CLONE_NEWUSER | CLONE_NEWNET) != 0)
		sh_log(SH_DEBUG, "no network namespace: %s", strerror(errno));
	/* In a container of one user there is nobody else to become. */
	if (root && (setgroups(0, NULL) != 0 ||
	    setresgid(NOBODY, NOBODY, NOBODY) != 0 ||
	    setresuid(NOBODY, NOBODY, NOBODY) != 0))
		sh_log(SH_WARN, "the worker stays root: %s", strerror(errno));
	/* A change of user forgets these. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0 ||
	    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    syscall(SYS_capset, &head, none) != 0)
		return (no_sandbox(err, "privileges"));
	return (0);
}

int
sh_sandbox_close(enum sh_sandbox kind,
    const struct sh_sandbox_limits *limits, const char *program,
    struct sh_error *err)
{
	if (leave_the_system(err) || close_files(program, err) ||
	    (!HAVE_ASAN && set_limit(RLIMIT_AS, limits->memory_bytes,
	    "address space", err)) ||
	    set_limit(RLIMIT_CPU, limits->cpu_s, "processor time", err) ||
	    set_limit(RLIMIT_FSIZE, limits->output_bytes, "file size", err) ||
	    set_limit(RLIMIT_NOFILE, limits->files, "descriptors", err) ||
	    set_limit(RLIMIT_NPROC, 0, "processes", err))
		return (-1);
	return (close_calls(kind, err));
}
