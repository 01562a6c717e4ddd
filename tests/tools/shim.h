/*
 * What the fault tests put between a program and its system: calls that
 * change the disk and allocations are counted, fail, kill, or are written
 * down for a power cut to be replayed.  Included by one file of a program;
 * its definitions take the place of the C library's.
 *
 * SOHOA_FAULT: "kill:N" dies before the N-th call that changes the disk (from
 * 1); "eio:N", "enospc:N" let it fail, "enospc+:N" all from it on; "short:N"
 * writes half; "alloc:N", "alloc+:N" let allocations fail.
 * SOHOA_RECORD: file to write everything down in; SOHOA_COUNT: file for the
 * counts, "disk alloc", and which allocations were the first that their way
 * through the program led to, a line each.
 */
#ifndef SH_TESTS_SHIM_H
#define SH_TESTS_SHIM_H

#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "tests/tools/shim_record.h"

static struct {
	volatile int on;	/* allocations are not moved across it */
	int recording;
	char kind[12];
	unsigned long n;
	unsigned long disk, alloc;
	int counting;
} shim = { .recording = -1 };

static void
shim_write(const void *data, size_t len)
{
	if (syscall(SYS_write, shim.recording, data, len) != (long)len)
		abort();
}

static void
shim_note(uint8_t op, uint64_t ino, uint64_t at, const void *a, size_t alen,
    const void *b, size_t blen)
{
	struct shim_record r;

	if (shim.recording < 0)
		return;
	memset(&r, 0, sizeof(r));
	r.op = op;
	r.ino = ino;
	r.at = at;
	r.len = (uint32_t)alen;
	r.len2 = (uint32_t)blen;
	shim_write(&r, sizeof(r));
	if (alen > 0)
		shim_write(a, alen);
	if (blen > 0)
		shim_write(b, blen);
}

static uint64_t
shim_ino(int fd)
{
	struct stat st;

	return (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) ? st.st_ino : 0);
}

/* 0: do it; -1: fail with errno; 1: do half of it. */
static int
shim_disk(void)
{
	unsigned long n;
	int all;

	if (!shim.on)
		return (0);
	n = ++shim.disk;
	all = shim.kind[0] != '\0' && shim.kind[strlen(shim.kind) - 1] == '+';
	if (n != shim.n && !(all && n > shim.n))
		return (0);
	if (strncmp(shim.kind, "kill", 4) == 0)
		(void)kill(getpid(), SIGKILL);
	if (strncmp(shim.kind, "short", 5) == 0)
		return (1);
	if (strncmp(shim.kind, "eio", 3) == 0) {
		errno = EIO;
		return (-1);
	}
	if (strncmp(shim.kind, "enospc", 6) == 0) {
		errno = ENOSPC;
		return (-1);
	}
	return (0);
}

#define SHIM_WAYS	(1 << 16)
#define SHIM_DEPTH	40

static struct {
	uint64_t seen[SHIM_WAYS];	/* digests of calls; a hash table */
	unsigned long first[SHIM_WAYS / 2];
	unsigned n;
} shim_ways;

/* Has the program come to this allocation by the same calls before? */
static void
shim_way(void)
{
	uint64_t h = UINT64_C(14695981039346656037);
	void *at[SHIM_DEPTH];
	int i, n = backtrace(at, SHIM_DEPTH);

	for (i = 0; i < n; i++)
		h = (h ^ (uint64_t)(uintptr_t)at[i]) * UINT64_C(1099511628211);
	for (i = (int)(h >> 48); shim_ways.seen[i] != h; i = (i + 1) %
	    SHIM_WAYS) {
		if (shim_ways.seen[i] != 0)
			continue;
		if (shim_ways.n == SHIM_WAYS / 2)
			abort();
		shim_ways.seen[i] = h;
		shim_ways.first[shim_ways.n++] = shim.alloc;
		return;
	}
}

static void
shim_end(void)
{
	const char *path = getenv("SOHOA_COUNT");
	char line[64];
	unsigned i;
	int fd, n;

	shim.on = 0;
	if (path == NULL || (fd = (int)syscall(SYS_openat, AT_FDCWD, path,
	    O_WRONLY | O_CREAT | O_TRUNC, 0600)) < 0)
		return;
	n = snprintf(line, sizeof(line), "%lu %lu\n", shim.disk, shim.alloc);
	(void)!syscall(SYS_write, fd, line, n);
	for (i = 0; i < shim_ways.n; i++) {
		n = snprintf(line, sizeof(line), "%lu\n", shim_ways.first[i]);
		(void)!syscall(SYS_write, fd, line, n);
	}
	(void)close(fd);
}

/* Called first thing in main(). */
static inline void
shim_begin(void)
{
	const char *fault = getenv("SOHOA_FAULT"), *p;
	const char *record = getenv("SOHOA_RECORD");

	if (fault != NULL && (p = strchr(fault, ':')) != NULL &&
	    p - fault < 11) {
		memcpy(shim.kind, fault, (size_t)(p - fault));
		shim.n = strtoul(p + 1, NULL, 10);
	}
	if (record != NULL)
		shim.recording = (int)syscall(SYS_openat, AT_FDCWD, record,
		    O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC,
		    0600);
	(void)atexit(shim_end);
	shim.counting = getenv("SOHOA_COUNT") != NULL;
	if (shim.counting)
		shim_way();	/* loads what it needs */
	shim.on = 1;
}

/* What the program does for the test's sake is neither counted nor failed. */
static inline void
shim_own(int own)
{
	shim.on = !own;
}

/* ---- writes -------------------------------------------------------------- */

static void
shim_wrote(int fd, const void *data, ssize_t n, off_t at)
{
	uint64_t ino;

	if (n <= 0 || shim.recording < 0)
		return;
	if (fd == STDOUT_FILENO)
		shim_note('a', 0, 0, NULL, 0, NULL, 0);
	else if ((ino = shim_ino(fd)) != 0)
		shim_note((fcntl(fd, F_GETFL) & O_DSYNC) != 0 ? 'W' : 'w',
		    ino, (uint64_t)at, data, (size_t)n, NULL, 0);
}

ssize_t
pwrite64(int fd, const void *data, size_t len, off64_t at)
{
	int t = shim_disk();
	ssize_t n;

	if (t < 0)
		return (-1);
	n = syscall(SYS_pwrite64, fd, data, t ? len / 2 : len, at);
	shim_wrote(fd, data, n, at);
	return (n);
}

/* On this machine both names are one call. */
#define SHIM_ALIAS(name)						\
__asm__(".globl " #name "\n.type " #name ", @function\n"		\
    ".set " #name ", " #name "64")
SHIM_ALIAS(pwrite);

ssize_t
write(int fd, const void *data, size_t len)
{
	off_t at = lseek(fd, 0, SEEK_CUR);
	int t = fd <= STDERR_FILENO ? 0 : shim_disk();
	ssize_t n;

	if (t < 0)
		return (-1);
	n = syscall(SYS_write, fd, data, t ? (len + 1) / 2 : len);
	shim_wrote(fd, data, n, at);
	return (n);
}

ssize_t
writev(int fd, const struct iovec *v, int count)
{
	off_t at = lseek(fd, 0, SEEK_CUR);
	ssize_t n, left;
	int t = shim_disk(), i;

	if (t < 0)
		return (-1);
	n = syscall(SYS_writev, fd, v, t && count > 1 ? count / 2 : count);
	for (i = 0, left = n; i < count && left > 0; i++) {
		ssize_t part = (size_t)left < v[i].iov_len ? left :
		    (ssize_t)v[i].iov_len;

		shim_wrote(fd, v[i].iov_base, part, at);
		at += part;
		left -= part;
	}
	return (n);
}

int
ftruncate64(int fd, off64_t len)
{
	int rc;

	if (shim_disk() < 0)
		return (-1);
	rc = (int)syscall(SYS_ftruncate, fd, len);
	if (rc == 0)
		shim_note('t', shim_ino(fd), (uint64_t)len, NULL, 0, NULL,
		    0);
	return (rc);
}

SHIM_ALIAS(ftruncate);

/* ---- syncs --------------------------------------------------------------- */

static int
shim_sync(int fd, long call)
{
	char link[40], path[4096];
	struct stat st;
	ssize_t n;
	int rc;

	if (shim_disk() < 0)
		return (-1);
	rc = (int)syscall(call, fd);
	if (rc != 0 || shim.recording < 0 || fstat(fd, &st) != 0)
		return (rc);
	if (!S_ISDIR(st.st_mode)) {
		shim_note('s', st.st_ino, 0, NULL, 0, NULL, 0);
		return (rc);
	}
	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	if ((n = readlink(link, path, sizeof(path))) > 0)
		shim_note('d', 0, 0, path, (size_t)n, NULL, 0);
	return (rc);
}

int
fsync(int fd)
{
	return (shim_sync(fd, SYS_fsync));
}

int
fdatasync(int fd)
{
	return (shim_sync(fd, SYS_fdatasync));
}

/* ---- names --------------------------------------------------------------- */

static int
shim_open(int dir, const char *path, int flags, mode_t mode)
{
	struct stat st;
	int is_new = 0, fd;

	if ((flags & O_CREAT) != 0) {
		if (shim_disk() < 0)
			return (-1);
		is_new = fstatat(dir, path, &st, 0) != 0;
	}
	fd = (int)syscall(SYS_openat, dir, path, flags, mode);
	if (fd >= 0 && is_new && path[0] == '/')
		shim_note('c', shim_ino(fd), 0, path, strlen(path), NULL, 0);
	else if (fd >= 0 && (flags & O_TRUNC) != 0)
		shim_note('t', shim_ino(fd), 0, NULL, 0, NULL, 0);
	return (fd);
}

int
open64(const char *path, int flags, ...)
{
	mode_t mode = 0;
	va_list ap;

	if ((flags & O_CREAT) != 0) {
		va_start(ap, flags);
		mode = va_arg(ap, mode_t);
		va_end(ap);
	}
	return (shim_open(AT_FDCWD, path, flags, mode));
}
SHIM_ALIAS(open);

int
mkostemp64(char *path, int flags)
{
	int (*real)(char *, int);
	int fd;

	*(void **)&real = dlsym(RTLD_NEXT, "mkostemp64");
	if (real == NULL || shim_disk() < 0)
		return (-1);
	if ((fd = real(path, flags)) >= 0)
		shim_note('c', shim_ino(fd), 0, path, strlen(path), NULL, 0);
	return (fd);
}
SHIM_ALIAS(mkostemp);

int
mkdir(const char *path, mode_t mode)
{
	int rc;

	if (shim_disk() < 0)
		return (-1);
	rc = (int)syscall(SYS_mkdir, path, mode);
	if (rc == 0)
		shim_note('m', 0, 0, path, strlen(path), NULL, 0);
	return (rc);
}

int
rename(const char *from, const char *to)
{
	int rc;

	if (shim_disk() < 0)
		return (-1);
	rc = (int)syscall(SYS_rename, from, to);
	if (rc == 0)
		shim_note('r', 0, 0, from, strlen(from), to, strlen(to));
	return (rc);
}

int
unlink(const char *path)
{
	int rc;

	if (shim_disk() < 0)
		return (-1);
	rc = (int)syscall(SYS_unlink, path);
	if (rc == 0)
		shim_note('u', 0, 0, path, strlen(path), NULL, 0);
	return (rc);
}

/* ---- memory -------------------------------------------------------------- */

#ifndef __SANITIZE_ADDRESS__
extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);

static int
shim_starved(void)
{
	unsigned long n;

	if (!shim.on)
		return (0);
	n = ++shim.alloc;
	if (shim.counting) {
		shim.on = 0;
		shim_way();
		shim.on = 1;
	}
	if (strncmp(shim.kind, "alloc", 5) != 0 || n < shim.n ||
	    (n > shim.n && shim.kind[5] != '+'))
		return (0);
	errno = ENOMEM;
	return (1);
}

void *
malloc(size_t n)
{
	return (shim_starved() ? NULL : __libc_malloc(n));
}

void *
calloc(size_t n, size_t size)
{
	return (shim_starved() ? NULL : __libc_calloc(n, size));
}

void *
realloc(void *p, size_t n)
{
	return (shim_starved() ? NULL : __libc_realloc(p, n));
}
#endif

#endif
