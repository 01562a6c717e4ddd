#include "pipeline/spool.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"

#define PIECE		(1 << 20)
#define PIECE_SEALED	(PIECE + 4096)
#define PURPOSE		"spool"

struct sh_spool {
	struct sh_archive *ar;
	char *dir;
};

int
sh_spool_open(const char *dir, struct sh_archive *ar, struct sh_spool **sp,
    struct sh_error *err)
{
	struct sh_spool *s;

	*sp = NULL;
	if ((s = sh_alloc(1, sizeof(*s), "a spool", err)) == NULL)
		return (-1);
	s->ar = ar;
	if ((s->dir = sh_strdup(dir, err)) == NULL ||
	    sh_fs_mkdirs(dir, 0700, err)) {
		sh_spool_close(s);
		return (-1);
	}
	*sp = s;
	return (0);
}

void
sh_spool_close(struct sh_spool *s)
{
	if (s == NULL)
		return;
	free(s->dir);
	free(s);
}

const char *
sh_spool_dir(const struct sh_spool *s)
{
	return (s->dir);
}

static char *
path_of(const struct sh_spool *s, const char *name, struct sh_error *err)
{
	assert(strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-.") ==
	    strlen(name) && name[0] != '.');
	return (sh_path_join(s->dir, name, err));
}

int
sh_spool_put(struct sh_spool *s, const char *name, const void *data,
    size_t len, int sync, struct sh_error *err)
{
	struct sh_buf sealed = SH_BUF_INIT;
	char *path = NULL, *tmp = NULL;
	int fd = -1, rc = -1;

	if ((path = path_of(s, name, err)) == NULL ||
	    sh_archive_seal(s->ar, PURPOSE, name, data, len, &sealed, err))
		goto out;
	if (sync) {
		rc = sh_fs_replace(path, sealed.data, sealed.len, 0600, err);
		goto out;
	}
	if ((tmp = sh_asprintf(err, "%s.new", path)) == NULL)
		goto out;
	fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0) {
		(void)sh_error_sys(err, "file.create", "spool entry %s", name);
		goto out;
	}
	if (sh_write_all(fd, sealed.data, sealed.len, err))
		goto out;
	if (rename(tmp, path) != 0) {
		(void)sh_error_sys(err, "file.create", "spool entry %s", name);
		goto out;
	}
	rc = 0;
out:
	if (fd >= 0)
		(void)close(fd);
	free(tmp);
	free(path);
	sh_buf_free(&sealed);
	return (rc);
}

int
sh_spool_get(struct sh_spool *s, const char *name, struct sh_buf *out,
    struct sh_error *err)
{
	struct sh_buf sealed = SH_BUF_INIT;
	char *path;
	int rc = -1;

	if ((path = path_of(s, name, err)) == NULL)
		return (-1);
	if (sh_fs_read(path, SIZE_MAX / 2, &sealed, err)) {
		if (err->code == SH_ENOTFOUND) {
			sh_error_clear(err);
			rc = 0;
		}
	} else if (sh_archive_unseal(s->ar, PURPOSE, name, sealed.data,
	    sealed.len, out, err)) {
		/* An entry that was not synced may be torn: as if absent. */
		if (err->code == SH_EFIXITY) {
			sh_error_clear(err);
			rc = 0;
		}
	} else {
		rc = 1;
	}
	sh_buf_free(&sealed);
	free(path);
	return (rc);
}

/* The name under which piece N is sealed; LAST closes the file. */
static void
piece_name(char out[128], const char *name, unsigned n, int last)
{
	(void)snprintf(out, 128, "%s/%u%s", name, n, last ? "/end" : "");
}

static int
write_piece(struct sh_spool *s, int fd, const char *name, unsigned n,
    const void *data, size_t len, struct sh_error *err)
{
	struct sh_buf sealed = SH_BUF_INIT;
	char pname[128];
	uint8_t head[4];
	int rc = -1;

	piece_name(pname, name, n, len < PIECE);
	if (sh_archive_seal(s->ar, PURPOSE, pname, data, len, &sealed, err))
		goto out;
	assert(sealed.len <= PIECE_SEALED);
	sh_put_be(head, sealed.len, 4);
	if (sh_write_all(fd, head, 4, err) == 0 &&
	    sh_write_all(fd, sealed.data, sealed.len, err) == 0)
		rc = 0;
out:
	sh_buf_free(&sealed);
	return (rc);
}

/* Up to LEN bytes at OFF; fewer only at the end of the file. */
static ssize_t
read_piece(int fd, void *buf, size_t len, uint64_t off, struct sh_error *err)
{
	size_t got = 0;
	ssize_t n;

	while (got < len) {
		n = pread(fd, (char *)buf + got, len - got,
		    (off_t)(off + got));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return (sh_error_sys(err, "file.read", "read"));
		if (n == 0)
			break;
		got += (size_t)n;
	}
	return ((ssize_t)got);
}

int
sh_spool_put_file(struct sh_spool *s, const char *name, int fd,
    struct sh_digest *digest, uint64_t *bytes, struct sh_error *err)
{
	struct sh_hasher *h = NULL;
	char *path = NULL, *tmp = NULL;
	uint8_t *piece = NULL;
	unsigned n = 0;
	ssize_t got;
	int out = -1, rc = -1;

	*bytes = 0;
	if ((path = path_of(s, name, err)) == NULL ||
	    (tmp = sh_asprintf(err, "%s.new", path)) == NULL ||
	    (h = sh_hasher_new(NULL, 0, err)) == NULL ||
	    (piece = sh_alloc(1, PIECE, "a file", err)) == NULL)
		goto out;
	out = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (out < 0) {
		(void)sh_error_sys(err, "file.create", "spool entry %s", name);
		goto out;
	}
	do {
		if ((got = read_piece(fd, piece, PIECE, *bytes, err)) < 0 ||
		    sh_hasher_update(h, piece, (size_t)got, err) ||
		    write_piece(s, out, name, n++, piece, (size_t)got, err))
			goto out;
		*bytes += (uint64_t)got;
	} while (got == PIECE);
	if (sh_hasher_final(h, digest, err))
		goto out;
	if (fsync(out) != 0 || rename(tmp, path) != 0) {
		(void)sh_error_sys(err, "file.sync", "spool entry %s", name);
		goto out;
	}
	rc = sh_fs_sync_dir(s->dir, err);
out:
	if (out >= 0)
		(void)close(out);
	if (rc != 0 && tmp != NULL)
		(void)unlink(tmp);
	sh_hasher_free(h);
	free(piece);
	free(tmp);
	free(path);
	return (rc);
}

int
sh_spool_get_file(struct sh_spool *s, const char *name, int out_fd,
    struct sh_error *err)
{
	struct sh_buf plain = SH_BUF_INIT;
	char *path = NULL, pname[128];
	uint8_t head[4], *sealed = NULL;
	uint64_t at = 0;
	size_t len;
	unsigned n;
	int fd = -1, rc = -1;

	if ((path = path_of(s, name, err)) == NULL ||
	    (sealed = sh_alloc(1, PIECE_SEALED, "a file", err)) == NULL)
		goto out;
	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) < 0) {
		(void)sh_error_sys(err, "file.read", "spool entry %s", name);
		goto out;
	}
	for (n = 0;; n++) {
		if (sh_pread_all(fd, head, 4, at, err))
			goto out;
		len = (size_t)sh_get_be(head, 4);
		if (len > PIECE_SEALED) {
			(void)sh_error_set(err, SH_EFIXITY, "spool.damaged",
			    "spool entry %s is damaged", name);
			goto out;
		}
		if (sh_pread_all(fd, sealed, len, at + 4, err))
			goto out;
		at += 4 + len;
		sh_buf_reset(&plain);
		piece_name(pname, name, n, 0);
		if (sh_archive_unseal(s->ar, PURPOSE, pname, sealed, len,
		    &plain, err) == 0) {
			if (sh_write_all(out_fd, plain.data, plain.len, err))
				goto out;
			continue;
		}
		if (err->code != SH_EFIXITY)
			goto out;
		/* Not a middle piece: it must be the last one. */
		sh_error_clear(err);
		sh_buf_reset(&plain);
		piece_name(pname, name, n, 1);
		if (sh_archive_unseal(s->ar, PURPOSE, pname, sealed, len,
		    &plain, err) || sh_write_all(out_fd, plain.data,
		    plain.len, err))
			goto out;
		break;
	}
	rc = 0;
out:
	if (fd >= 0)
		(void)close(fd);
	free(sealed);
	free(path);
	sh_buf_free(&plain);
	return (rc);
}

int
sh_spool_remove(struct sh_spool *s, const char *name, struct sh_error *err)
{
	char *path;
	int rc = 0;

	if ((path = path_of(s, name, err)) == NULL)
		return (-1);
	if (unlink(path) != 0 && errno != ENOENT)
		rc = sh_error_sys(err, "file.remove", "spool entry %s", name);
	free(path);
	return (rc);
}

int
sh_spool_sync(struct sh_spool *s, const char *name, struct sh_error *err)
{
	char *path;
	int fd, rc = 0;

	if ((path = path_of(s, name, err)) == NULL)
		return (-1);
	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) < 0) {
		if (errno != ENOENT)
			rc = sh_error_sys(err, "file.sync", "spool entry %s",
			    name);
	} else {
		if (fsync(fd) != 0)
			rc = sh_error_sys(err, "file.sync", "spool entry %s",
			    name);
		else
			rc = sh_fs_sync_dir(s->dir, err);
		(void)close(fd);
	}
	free(path);
	return (rc);
}

int
sh_spool_each(struct sh_spool *s,
    int (*fn)(void *, const char *, struct sh_error *), void *arg,
    struct sh_error *err)
{
	struct dirent *e;
	size_t len;
	DIR *dir;
	int rc = 0;

	if ((dir = opendir(s->dir)) == NULL)
		return (sh_error_sys(err, "file.read", "folder %s", s->dir));
	while (rc == 0 && (e = readdir(dir)) != NULL) {
		len = strlen(e->d_name);
		/* Not what a crash left half written. */
		if (e->d_name[0] == '.' || (len > 4 &&
		    strcmp(e->d_name + len - 4, ".new") == 0))
			continue;
		rc = fn(arg, e->d_name, err);
	}
	(void)closedir(dir);
	return (rc);
}

int
sh_spool_destroy(struct sh_spool *s, struct sh_error *err)
{
	if (sh_fs_remove_tree(s->dir, err))
		return (-1);
	return (sh_fs_sync_parent(s->dir, err));
}

struct entry {
	char *name;
	uint64_t bytes;
	struct timespec used;
};

static int
older(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	if (x->used.tv_sec != y->used.tv_sec)
		return (x->used.tv_sec < y->used.tv_sec ? -1 : 1);
	return (x->used.tv_nsec < y->used.tv_nsec ? -1 :
	    x->used.tv_nsec > y->used.tv_nsec);
}

int
sh_spool_trim(struct sh_spool *s, uint64_t limit, struct sh_error *err)
{
	struct entry *list = NULL;
	size_t n = 0, cap = 0, i;
	uint64_t total = 0;
	struct dirent *e;
	struct stat st;
	DIR *dir;
	int rc = -1;

	if ((dir = opendir(s->dir)) == NULL)
		return (sh_error_sys(err, "file.read", "folder %s", s->dir));
	while ((e = readdir(dir)) != NULL) {
		if (fstatat(dirfd(dir), e->d_name, &st,
		    AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(st.st_mode))
			continue;
		if (sh_grow(&list, &cap, n + 1, sizeof(*list), "a spool",
		    err) ||
		    (list[n].name = sh_strdup(e->d_name, err)) == NULL)
			goto out;
		list[n].bytes = (uint64_t)st.st_size;
		list[n++].used = st.st_mtim;
		total += (uint64_t)st.st_size;
	}
	if (n > 0)
		qsort(list, n, sizeof(*list), older);
	for (i = 0; i < n && total > limit; i++) {
		if (unlinkat(dirfd(dir), list[i].name, 0) != 0 &&
		    errno != ENOENT) {
			(void)sh_error_sys(err, "file.remove",
			    "spool entry %s", list[i].name);
			goto out;
		}
		total -= list[i].bytes;
	}
	rc = 0;
out:
	while (n > 0)
		free(list[--n].name);
	free(list);
	(void)closedir(dir);
	return (rc);
}
