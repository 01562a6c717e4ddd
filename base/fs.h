/*
 * Files that survive a power cut, and files that others gave us.
 *
 * Every descriptor is close-on-exec.  What returns 0 from a function whose
 * comment says *durable* has been synced, its folder entry too.
 */
#ifndef SH_BASE_FS_H
#define SH_BASE_FS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/error.h"

/* All of the file, at most LIMIT bytes (else SH_ELIMIT "file.too-large"). */
int sh_fs_read(const char *path, size_t limit, struct sh_buf *out,
    struct sh_error *err) SH_MUST_CHECK;
/* The same from a descriptor, from where it stands to its end. */
int sh_fs_read_fd(int fd, size_t limit, struct sh_buf *out,
    struct sh_error *err) SH_MUST_CHECK;

/* Durable: the path holds exactly these bytes, or what it held before. */
int sh_fs_replace(const char *path, const void *data, size_t len,
    mode_t mode, struct sh_error *err) SH_MUST_CHECK;

/*
 * The same with the LEN bytes of FD that stand at AT, whatever their size.
 * Errors: SH_EFIXITY "file.short", FD has fewer.
 */
int sh_fs_replace_from(const char *path, int fd, uint64_t at, uint64_t len,
    mode_t mode, struct sh_error *err) SH_MUST_CHECK;

/* Durable: the folder and every missing parent. */
int sh_fs_mkdirs(const char *path, mode_t mode, struct sh_error *err)
    SH_MUST_CHECK;
int sh_fs_sync_dir(const char *path, struct sh_error *err) SH_MUST_CHECK;
/* Sync the folder that PATH stands in. */
int sh_fs_sync_parent(const char *path, struct sh_error *err) SH_MUST_CHECK;

/* Say by errno why PATH did not open for reading, with its name; returns -1. */
int sh_fs_unread(const char *path, struct sh_error *err);

/*
 * Open for reading a regular file below the folder DIRFD by an untrusted
 * relative name: never above it, never through a symbolic link.
 */
int sh_fs_open_beneath(int dirfd, const char *name, struct sh_error *err);

/* Remove a folder and all below it; absent is fine. */
int sh_fs_remove_tree(const char *path, struct sh_error *err) SH_MUST_CHECK;

int sh_write_all(int fd, const void *data, size_t len, struct sh_error *err)
    SH_MUST_CHECK;
int sh_pwrite_all(int fd, const void *data, size_t len, uint64_t at,
    struct sh_error *err) SH_MUST_CHECK;
/* Exactly LEN bytes; fewer are SH_EFIXITY "file.short". */
int sh_pread_all(int fd, void *data, size_t len, uint64_t at,
    struct sh_error *err) SH_MUST_CHECK;

/* A file without a name, in memory; the descriptor, or -1. */
int sh_memfd(const char *name, struct sh_error *err);

/*
 * An exclusive lock on PATH, held by the returned descriptor until it is
 * closed.  Errors: SH_EAGAIN "lock.held", another process holds it.
 */
int sh_fs_lock(const char *path, struct sh_error *err);

/* "A/B" in fresh memory. */
char *sh_path_join(const char *a, const char *b, struct sh_error *err);

#endif
