/*
 * What a run must not outgrow: the disk, reserved before it begins and
 * watched while it goes on, and the people who decide what waits.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/mem.h"
#include "pipeline/bulk_internal.h"

/*
 * What a row leaves on disk, from above: the document's image and the sealed
 * copy of what was fed, as long as something of the dossier waits; text,
 * reading, signatures and records beside them.
 */
#define FACTOR		2
#define FILE_BYTES	(64ULL << 10)
/* Readings on their way, the index's own growth. */
#define FLOOR_BYTES	(64ULL << 20)
#define COUNT_MS	5000

static uint64_t
need_bytes(const struct sh_bulk *b)
{
	/* What is not there leaves nothing. */
	uint64_t files = b->plan.files - b->plan.missing;
	uint64_t bytes = b->plan.bytes;

	files -= files < b->taken_files ? files : b->taken_files;
	bytes -= bytes < b->taken_bytes ? bytes : b->taken_bytes;
	return (bytes * FACTOR + files * FILE_BYTES);
}

static int
free_bytes(const char *dir, uint64_t *out, struct sh_error *err)
{
	struct statvfs v;

	if (statvfs(dir, &v) != 0)
		return (sh_error_sys(err, "file.read", "disk of %s", dir));
	*out = (uint64_t)v.f_bavail * v.f_frsize;
	return (0);
}

static int
too_little(struct sh_error *err, uint64_t need, uint64_t have)
{
	sh_error_param(err, "value", "%llu", (unsigned long long)(need >>
	    20));
	sh_error_param(err, "limit", "%llu", (unsigned long long)(have >>
	    20));
	return (sh_error_set(err, SH_ESYSTEM, "disk.short",
	    "%llu bytes of disk are needed, %llu are free",
	    (unsigned long long)need, (unsigned long long)have));
}

int
sh_bulk_reserve(struct sh_bulk *b, struct sh_error *err)
{
	uint64_t need = need_bytes(b), have = 0;
	char *path;
	int rc = -1;

	/* What an earlier process reserved is free again. */
	sh_bulk_unreserve(b);
	if (free_bytes(b->dir, &have, err))
		return (-1);
	if (need + FLOOR_BYTES > have)
		return (too_little(err, need + FLOOR_BYTES, have));
	if ((path = sh_bulk_path(b, "reserve", err)) == NULL)
		return (-1);
	b->reserve_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (b->reserve_fd < 0)
		(void)sh_error_sys(err, "file.create", "%s", path);
	else if (need > 0 && fallocate(b->reserve_fd, 0, 0, (off_t)need) !=
	    0 && errno != EOPNOTSUPP && errno != ENOSYS)
		(void)sh_error_sys(err, "file.create", "%s", path);
	else
		rc = 0;
	free(path);
	return (rc);
}

void
sh_bulk_release(struct sh_bulk *b)
{
	off_t now;

	if (b->reserve_fd >= 0 && (now = lseek(b->reserve_fd, 0, SEEK_END)) >
	    (off_t)need_bytes(b))
		(void)!ftruncate(b->reserve_fd, (off_t)need_bytes(b));
}

void
sh_bulk_unreserve(struct sh_bulk *b)
{
	struct sh_error err = SH_ERROR_INIT;
	char *path;

	if (b->reserve_fd >= 0)
		(void)close(b->reserve_fd);
	b->reserve_fd = -1;
	if ((path = sh_bulk_path(b, "reserve", &err)) != NULL)
		(void)unlink(path);
	free(path);
}

int
sh_bulk_disk_open(void *bulk, struct sh_home *home, struct sh_error *why)
{
	struct sh_bulk *b = bulk;
	uint64_t have = 0;

	(void)home;
	if (free_bytes(b->dir, &have, why))
		return (0);
	if (have >= FLOOR_BYTES / 4)
		return (1);
	(void)too_little(why, FLOOR_BYTES / 4, have);
	return (0);
}

/* A dossier with something open keeps its folder on the spool. */
static int
count_waiting(struct sh_bulk *b, struct sh_home *home, struct sh_error *err)
{
	struct dirent *e;
	char *path;
	DIR *dir;

	if ((path = sh_path_join(home->dir, "spool", err)) == NULL)
		return (-1);
	dir = opendir(path);
	free(path);
	b->waiting = 0;
	while (dir != NULL && (e = readdir(dir)) != NULL)
		b->waiting += e->d_name[0] != '.';
	if (dir != NULL)
		(void)closedir(dir);
	return (0);
}

int
sh_bulk_review_open(void *bulk, struct sh_home *home, struct sh_error *why)
{
	struct sh_bulk *b = bulk;
	int64_t now = sh_monotonic_ms();
	uint64_t limit = (uint64_t)sh_config_int(home->config, "bulk-review");

	if (b->counted_ms == 0 || now - b->counted_ms >= COUNT_MS ||
	    b->waiting >= limit) {
		b->counted_ms = now;
		if (count_waiting(b, home, why))
			return (0);
	}
	if (b->waiting < limit)
		return (1);
	sh_error_param(why, "value", "%llu", (unsigned long long)b->waiting);
	sh_error_param(why, "limit", "%llu", (unsigned long long)limit);
	(void)sh_error_set(why, SH_EAGAIN, "bulk.review",
	    "%llu dossiers wait for a person, limit %llu",
	    (unsigned long long)b->waiting, (unsigned long long)limit);
	return (0);
}
