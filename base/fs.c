#include "base/fs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/secret.h"

#define COPY_CHUNK	((size_t)1 << 20)

int
sh_fs_read_fd(int fd, size_t limit, struct sh_buf *out, struct sh_error *err)
{
	uint8_t *p;
	ssize_t n;
	size_t got = 0;

	for (;;) {
		if ((p = sh_buf_reserve(out, 64 * 1024, err)) == NULL)
			return (-1);
		if ((n = read(fd, p, 64 * 1024)) < 0) {
			if (errno == EINTR)
				continue;
			return (sh_error_sys(err, "file.read", "read"));
		}
		if (n == 0)
			return (sh_buf_append(out, "", 0, err));
		out->len += (size_t)n;
		if ((got += (size_t)n) > limit)
			return (sh_error_set(err, SH_ELIMIT, "file.too-large",
			    "more than %zu bytes", limit));
	}
}

int
sh_fs_unread(const char *path, struct sh_error *err)
{
	int cause = errno;

	sh_error_param(err, "file", "%s", path);
	errno = cause;
	if (cause == ENOENT || cause == ENAMETOOLONG || cause == ENOTDIR)
		return (sh_error_set(err, SH_ENOTFOUND, "file.missing",
		    "%s is not there", path));
	return (sh_error_sys(err, "file.read", "%s", path));
}

int
sh_fs_read(const char *path, size_t limit, struct sh_buf *out,
    struct sh_error *err)
{
	int fd, rc;

	if ((fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY)) < 0)
		return (sh_fs_unread(path, err));
	if ((rc = sh_fs_read_fd(fd, limit, out, err)) != 0)
		(void)sh_error_context(err, "%s", path);
	(void)close(fd);
	return (rc);
}

int
sh_write_all(int fd, const void *data, size_t len, struct sh_error *err)
{
	const char *p = data;
	ssize_t n;

	while (len > 0) {
		if ((n = write(fd, p, len)) < 0) {
			if (errno == EINTR)
				continue;
			return (sh_error_sys(err, "file.write", "write"));
		}
		p += n;
		len -= (size_t)n;
	}
	return (0);
}

int
sh_pwrite_all(int fd, const void *data, size_t len, uint64_t at,
    struct sh_error *err)
{
	const char *p = data;
	ssize_t n;

	while (len > 0) {
		if ((n = pwrite(fd, p, len, (off_t)at)) < 0) {
			if (errno == EINTR)
				continue;
			return (sh_error_sys(err, "file.write", "write"));
		}
		p += n;
		at += (uint64_t)n;
		len -= (size_t)n;
	}
	return (0);
}

int
sh_pread_all(int fd, void *data, size_t len, uint64_t at,
    struct sh_error *err)
{
	char *p = data;
	ssize_t n;

	while (len > 0) {
		if ((n = pread(fd, p, len, (off_t)at)) < 0) {
			if (errno == EINTR)
				continue;
			return (sh_error_sys(err, "file.read", "read"));
		}
		if (n == 0)
			return (sh_error_set(err, SH_EFIXITY, "file.short",
			    "the file ends %zu bytes early", len));
		p += n;
		at += (uint64_t)n;
		len -= (size_t)n;
	}
	return (0);
}

int
sh_fs_sync_dir(const char *path, struct sh_error *err)
{
	int fd, rc = 0;

	if ((fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
		return (sh_error_sys(err, "file.sync", "folder %s", path));
	if (fsync(fd) != 0)
		rc = sh_error_sys(err, "file.sync", "folder %s", path);
	(void)close(fd);
	return (rc);
}

int
sh_fs_sync_parent(const char *path, struct sh_error *err)
{
	const char *slash = strrchr(path, '/');
	char *dir;
	int rc;

	if (slash == NULL)
		return (sh_fs_sync_dir(".", err));
	if (slash == path)
		return (sh_fs_sync_dir("/", err));
	if ((dir = sh_strndup(path, (size_t)(slash - path), err)) == NULL)
		return (-1);
	rc = sh_fs_sync_dir(dir, err);
	free(dir);
	return (rc);
}

/* What a new file is to hold: bytes in memory, or of another file. */
struct content {
	const void *data;
	int fd;			/* -1: data */
	uint64_t at, len;
};

static int
write_content(int fd, const struct content *c, struct sh_error *err)
{
	uint64_t at = c->at, left = c->len;
	uint8_t *chunk;
	size_t n;
	int rc = 0;

	if (c->fd < 0)
		return (sh_write_all(fd, c->data, (size_t)c->len, err));
	if ((chunk = sh_alloc(1, COPY_CHUNK, "a copy", err)) == NULL)
		return (-1);
	for (; rc == 0 && left > 0; left -= n, at += n) {
		n = left < COPY_CHUNK ? (size_t)left : COPY_CHUNK;
		rc = sh_pread_all(c->fd, chunk, n, at, err) != 0 ||
		    sh_write_all(fd, chunk, n, err) != 0 ? -1 : 0;
	}
	/* It may have been a key. */
	sh_wipe(chunk, COPY_CHUNK);
	free(chunk);
	return (rc);
}

static int
replace(const char *path, const struct content *c, mode_t mode,
    struct sh_error *err)
{
	char *tmp;
	int fd = -1, rc = -1;

	if ((tmp = sh_asprintf(err, "%s.XXXXXX", path)) == NULL)
		return (-1);
	if ((fd = mkostemp(tmp, O_CLOEXEC)) < 0) {
		(void)sh_error_sys(err, "file.create", "%s", path);
		goto out;
	}
	if (write_content(fd, c, err))
		goto unlink;
	if (fchmod(fd, mode) != 0 || fsync(fd) != 0) {
		(void)sh_error_sys(err, "file.sync", "%s", path);
		goto unlink;
	}
	if (rename(tmp, path) != 0) {
		(void)sh_error_sys(err, "file.create", "%s", path);
		goto unlink;
	}
	rc = sh_fs_sync_parent(path, err);
	goto out;
unlink:
	(void)unlink(tmp);
out:
	if (fd >= 0)
		(void)close(fd);
	free(tmp);
	return (rc);
}

int
sh_fs_replace(const char *path, const void *data, size_t len, mode_t mode,
    struct sh_error *err)
{
	struct content c = { .data = data, .fd = -1, .len = len };

	return (replace(path, &c, mode, err));
}

int
sh_fs_replace_from(const char *path, int fd, uint64_t at, uint64_t len,
    mode_t mode, struct sh_error *err)
{
	struct content c = { .fd = fd, .at = at, .len = len };

	return (replace(path, &c, mode, err));
}

int
sh_fs_mkdirs(const char *path, mode_t mode, struct sh_error *err)
{
	struct stat st;
	char *p, *s;
	int rc = -1;

	if ((s = sh_strdup(path, err)) == NULL)
		return (-1);
	for (p = s + 1;; p++) {
		char c = *p;

		if (c != '/' && c != '\0')
			continue;
		*p = '\0';
		if (mkdir(s, mode) == 0) {
			if (sh_fs_sync_parent(s, err))
				goto out;
		} else if (errno != EEXIST || stat(s, &st) != 0 ||
		    !S_ISDIR(st.st_mode)) {
			if (errno == EEXIST)
				errno = ENOTDIR;
			(void)sh_error_sys(err, "file.create", "folder %s", s);
			goto out;
		}
		if (c == '\0')
			break;
		*p = c;
	}
	rc = 0;
out:
	free(s);
	return (rc);
}

int
sh_fs_open_beneath(int dirfd, const char *name, struct sh_error *err)
{
	struct open_how how = {
		.flags = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS |
		    RESOLVE_NO_MAGICLINKS,
	};
	struct stat st;
	int fd;

	fd = (int)syscall(SYS_openat2, dirfd, name, &how, sizeof(how));
	if (fd < 0) {
		if (errno == EXDEV || errno == ELOOP)
			return (sh_error_set(err, SH_EDENIED, "file.outside",
			    "%s leads out of its folder", name));
		return (sh_fs_unread(name, err));
	}
	if (fstat(fd, &st) != 0) {
		(void)sh_error_sys(err, "file.read", "%s", name);
	} else if (!S_ISREG(st.st_mode)) {
		(void)sh_error_set(err, SH_EUNSUPPORTED, "file.not-regular",
		    "%s is no regular file", name);
	} else {
		return (fd);
	}
	(void)close(fd);
	return (-1);
}

static int
remove_below(int dirfd, const char *name)
{
	struct dirent *e;
	DIR *dir;
	int fd, rc = 0;

	if (unlinkat(dirfd, name, 0) == 0 || errno == ENOENT)
		return (0);
	if (errno != EISDIR && errno != EPERM)
		return (-1);
	fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW |
	    O_CLOEXEC);
	if (fd < 0)
		return (-1);
	if ((dir = fdopendir(fd)) == NULL) {
		(void)close(fd);
		return (-1);
	}
	while (rc == 0 && (e = readdir(dir)) != NULL)
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			rc = remove_below(fd, e->d_name);
	(void)closedir(dir);
	if (rc == 0)
		rc = unlinkat(dirfd, name, AT_REMOVEDIR);
	return (rc);
}

int
sh_fs_remove_tree(const char *path, struct sh_error *err)
{
	if (remove_below(AT_FDCWD, path) != 0)
		return (sh_error_sys(err, "file.remove", "%s", path));
	return (0);
}

int
sh_memfd(const char *name, struct sh_error *err)
{
	int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0)
		return (sh_error_sys(err, "memory.none", "memory for %s",
		    name));
	return (fd);
}

int
sh_fs_lock(const char *path, struct sh_error *err)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0)
		return (sh_error_sys(err, "file.create", "lock %s", path));
	if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		if (errno == EWOULDBLOCK)
			(void)sh_error_set(err, SH_EAGAIN, "lock.held",
			    "another process holds %s", path);
		else
			(void)sh_error_sys(err, "file.create", "lock %s",
			    path);
		(void)close(fd);
		return (-1);
	}
	return (fd);
}

char *
sh_path_join(const char *a, const char *b, struct sh_error *err)
{
	return (sh_asprintf(err, "%s/%s", a, b));
}
