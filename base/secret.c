#include "base/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "base/digest.h"

#define SECRET_MAX	((size_t)1 << 20)

int
sh_secret_new(struct sh_secret *s, size_t len, struct sh_error *err)
{
	void *p;
	size_t page = (size_t)sysconf(_SC_PAGESIZE), mapped;

	s->data = NULL;
	s->len = 0;
	if (len == 0 || len > SECRET_MAX)
		return (sh_error_set(err, SH_ELIMIT, "key.size",
		    "a key of %zu bytes; limit %zu", len, SECRET_MAX));
	mapped = (len + page - 1) / page * page;
	p = mmap(NULL, mapped, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		return (sh_error_nomem(err, "a key"));
	/* Best effort: an unprivileged user's limit may be small. */
	(void)mlock(p, mapped);
	(void)madvise(p, mapped, MADV_DONTDUMP);
	s->data = p;
	s->len = len;
	s->mapped = mapped;
	return (0);
}

int
sh_secret_random(struct sh_secret *s, size_t len, struct sh_error *err)
{
	if (sh_secret_new(s, len, err))
		return (-1);
	if (sh_random(s->data, len, err)) {
		sh_secret_free(s);
		return (-1);
	}
	return (0);
}

void
sh_secret_free(struct sh_secret *s)
{
	if (s->data != NULL) {
		sh_wipe(s->data, s->mapped);
		(void)munmap(s->data, s->mapped);
	}
	s->data = NULL;
	s->len = s->mapped = 0;
}

int
sh_secret_load(struct sh_secret *s, const char *path, size_t limit,
    struct sh_error *err)
{
	struct stat st;
	ssize_t n;
	size_t got = 0;
	int fd, rc = -1;

	s->data = NULL;
	s->len = 0;
	if ((fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY)) < 0) {
		if (errno == ENOENT)
			return (sh_error_set(err, SH_ENOTFOUND, "key.missing",
			    "key file %s is not there", path));
		return (sh_error_sys(err, "key.read", "key file %s", path));
	}
	if (fstat(fd, &st) != 0) {
		(void)sh_error_sys(err, "key.read", "key file %s", path);
		goto out;
	}
	if (!S_ISREG(st.st_mode) || (st.st_mode & 077) != 0) {
		(void)sh_error_set(err, SH_EDENIED, "key.mode",
		    "key file %s has mode %04o; only its owner may read it",
		    path, (unsigned)(st.st_mode & 07777));
		goto out;
	}
	if (st.st_size <= 0 || (uint64_t)st.st_size > limit) {
		(void)sh_error_set(err, SH_EFORMAT, "key.size",
		    "key file %s has %lld bytes; limit %zu", path,
		    (long long)st.st_size, limit);
		goto out;
	}
	if (sh_secret_new(s, (size_t)st.st_size, err))
		goto out;
	while (got < s->len) {
		if ((n = read(fd, s->data + got, s->len - got)) < 0) {
			if (errno == EINTR)
				continue;
			(void)sh_error_sys(err, "key.read", "key file %s",
			    path);
			goto out;
		}
		if (n == 0) {
			(void)sh_error_set(err, SH_EFORMAT, "key.size",
			    "key file %s became shorter", path);
			goto out;
		}
		got += (size_t)n;
	}
	rc = 0;
out:
	if (rc != 0)
		sh_secret_free(s);
	(void)close(fd);
	return (rc);
}

void
sh_wipe(void *p, size_t len)
{
	OPENSSL_cleanse(p, len);
}
