#include "pipeline/lane.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/fs.h"

static int
open_lock(const char *home, const char *name, int flags,
    struct sh_error *err)
{
	char *path;
	int fd;

	if ((path = sh_path_join(home, name, err)) == NULL)
		return (-1);
	fd = open(path, O_RDWR | O_CLOEXEC | flags, 0600);
	if (fd < 0 && errno != ENOENT)
		(void)sh_error_sys(err, "file.create", "lock %s", path);
	free(path);
	return (fd);
}

int
sh_lane_ask(const char *home, struct sh_error *err)
{
	int fd;

	if ((fd = open_lock(home, "lane", O_CREAT, err)) < 0)
		return (err->code != SH_OK ? -1 : sh_error_set(err,
		    SH_ENOTFOUND, "home.missing", "%s is no archive home",
		    home));
	/* Only the short look of a bulk run stands in the way. */
	while (flock(fd, LOCK_SH) != 0) {
		if (errno == EINTR)
			continue;
		(void)sh_error_sys(err, "file.create", "lock %s/lane", home);
		(void)close(fd);
		return (-1);
	}
	return (fd);
}

/* 1 if somebody holds the lock, 0 or -1. */
static int
held(const char *home, const char *name, struct sh_error *err)
{
	int fd, r = 0;

	if ((fd = open_lock(home, name, 0, err)) < 0)
		return (err->code != SH_OK ? -1 : 0);
	if (flock(fd, LOCK_EX | LOCK_NB) != 0)
		r = errno == EWOULDBLOCK ? 1 : sh_error_sys(err,
		    "file.create", "lock %s/%s", home, name);
	(void)close(fd);
	return (r);
}

int
sh_lane_bulk(const char *home, struct sh_error *err)
{
	return (held(home, "bulk/lock", err));
}

int
sh_lane_wanted(const char *home, struct sh_error *err)
{
	return (held(home, "lane", err));
}
