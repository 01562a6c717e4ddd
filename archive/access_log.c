/*
 * The journal of reads: appended by any process under a lock, emptied by a
 * writer.  Frozen: archive/FORMAT, "Journal of reads".
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive/access_internal.h"
#include "base/fs.h"
#include "base/mem.h"

#define HEAD		16	/* "sohoaJRN", end of what is whole (8) */
#define ENTRY_HEAD	8	/* length (4), CRC-32C (4) */
#define ENTRY_MAX	((size_t)4 << 20)
#define BUDGET_MAX	((size_t)4 << 20)

struct sh_access_log {
	char *journal, *budget;
	int fd;
};

static int
damaged(const struct sh_access_log *l, const char *what,
    struct sh_error *err)
{
	return (sh_error_set(err, SH_EFIXITY, "access.damaged", "%s: %s",
	    l->journal, what));
}

void
sh_access_log_close(struct sh_access_log *l)
{
	if (l == NULL)
		return;
	if (l->fd >= 0)
		(void)close(l->fd);
	free(l->journal);
	free(l->budget);
	free(l);
}

int
sh_access_log_open(const char *dir, struct sh_access_log **lp,
    struct sh_error *err)
{
	struct sh_access_log *l;

	*lp = NULL;
	if ((l = sh_alloc(1, sizeof(*l), "the journal", err)) == NULL)
		return (-1);
	l->fd = -1;
	if (sh_fs_mkdirs(dir, 0700, err) ||
	    (l->journal = sh_path_join(dir, "journal", err)) == NULL ||
	    (l->budget = sh_path_join(dir, "budget", err)) == NULL)
		goto bad;
	l->fd = open(l->journal, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (l->fd < 0) {
		(void)sh_error_sys(err, "access.file", "%s", l->journal);
		goto bad;
	}
	if (sh_fs_sync_dir(dir, err))
		goto bad;
	*lp = l;
	return (0);
bad:
	sh_access_log_close(l);
	return (-1);
}

static int
lock(struct sh_access_log *l, struct sh_error *err)
{
	int r;

	do
		r = flock(l->fd, LOCK_EX);
	while (r != 0 && errno == EINTR);
	return (r == 0 ? 0 : sh_error_sys(err, "access.file", "%s",
	    l->journal));
}

static void
unlock(struct sh_access_log *l)
{
	(void)flock(l->fd, LOCK_UN);
}

static int
put_head(struct sh_access_log *l, uint64_t end, struct sh_error *err)
{
	uint8_t head[HEAD];

	memcpy(head, "sohoaJRN", 8);
	sh_put_be(head + 8, end, 8);
	return (sh_pwrite_all(l->fd, head, sizeof(head), 0, err));
}

static int
sync_file(struct sh_access_log *l, struct sh_error *err)
{
	return (fdatasync(l->fd) == 0 ? 0 : sh_error_sys(err, "access.file",
	    "%s", l->journal));
}

static int
file_size(struct sh_access_log *l, uint64_t *sizep, struct sh_error *err)
{
	struct stat st;

	if (fstat(l->fd, &st) != 0)
		return (sh_error_sys(err, "access.file", "%s", l->journal));
	*sizep = (uint64_t)st.st_size;
	return (0);
}

/* The entry at AT into BUF: 1, 0 when what is there is not whole, or -1. */
static int
get_entry(struct sh_access_log *l, uint64_t at, uint64_t size,
    struct sh_buf *buf, struct sh_error *err)
{
	uint8_t head[ENTRY_HEAD], *p;
	uint64_t len;

	if (size - at < ENTRY_HEAD)
		return (0);
	if (sh_pread_all(l->fd, head, sizeof(head), at, err))
		return (-1);
	len = sh_get_be(head, 4);
	if (len == 0 || len > ENTRY_MAX || len > size - at - ENTRY_HEAD)
		return (0);
	sh_buf_reset(buf);
	if ((p = sh_buf_reserve(buf, (size_t)len, err)) == NULL ||
	    sh_pread_all(l->fd, p, (size_t)len, at + ENTRY_HEAD, err))
		return (-1);
	buf->len = (size_t)len;
	return (sh_crc32c(0, p, (size_t)len) == sh_get_be(head + 4, 4));
}

/*
 * Where the next entry goes: behind the last whole one.  What follows it is
 * one append that was cut short, of a read that was never answered.
 */
static int
find_end(struct sh_access_log *l, uint64_t *endp, struct sh_error *err)
{
	struct sh_buf b = SH_BUF_INIT;
	uint8_t head[HEAD] = { 0 }, none[HEAD] = { 0 };
	uint64_t size = 0, at = HEAD;
	int r = 1;

	if (file_size(l, &size, err) || (size >= HEAD &&
	    sh_pread_all(l->fd, head, sizeof(head), 0, err)))
		return (-1);
	/* Synced before anything stands behind it; a cut came before that. */
	if (size <= HEAD && memcmp(head, none, HEAD) == 0) {
		*endp = HEAD;
		return (put_head(l, HEAD, err) || sync_file(l, err) ? -1 : 0);
	}
	if (memcmp(head, "sohoaJRN", 8) != 0)
		return (damaged(l, "no journal", err));
	/* Written after its entry was synced: never too far. */
	at = sh_get_be(head + 8, 8);
	if (at < HEAD || at > size)
		return (damaged(l, "it was cut", err));
	while (at < size && (r = get_entry(l, at, size, &b, err)) == 1)
		at += ENTRY_HEAD + b.len;
	sh_buf_free(&b);
	if (r < 0)
		return (-1);
	if (r == 0 && size - at > ENTRY_HEAD + ENTRY_MAX)
		return (damaged(l, "an entry", err));
	*endp = at;
	return (0);
}

/* ---- budget -------------------------------------------------------------- */

/*
 * {"reader": {"hour", "n"}}, sealed.  Kept under the journal's lock, not
 * synced: a power cut may give a reader an hour's budget twice.
 */
static int
spend(struct sh_access_log *l, struct sh_vault *v,
    const struct sh_reader *who, int64_t budget, size_t n,
    struct sh_error *err)
{
	struct sh_buf sealed = { .limit = BUDGET_MAX }, b = SH_BUF_INIT;
	struct sh_error ignored = SH_ERROR_INIT;
	int64_t hour = sh_now() / 3600, used = 0;
	json_t *all = NULL, *mine;
	char *name = NULL;
	int fd = -1, rc = -1;

	if (budget == 0)
		return (0);
	fd = open(l->budget, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return (sh_error_sys(err, "access.file", "%s", l->budget));
	if (sh_fs_read_fd(fd, BUDGET_MAX, &sealed, err) ||
	    (name = sh_asprintf(err, "%s %s", who->agency, who->name)) ==
	    NULL)
		goto out;
	/* What cannot be read begins anew. */
	if (sealed.len > 0 && sh_vault_unseal_for(v, "access", "budget",
	    sealed.data, sealed.len, &b, &ignored) == 0)
		all = sh_json_parse(b.data, b.len, BUDGET_MAX, &ignored);
	if (all == NULL && (all = sh_json_new_object(err)) == NULL)
		goto out;
	mine = json_object_get(all, name);
	if (json_integer_value(json_object_get(mine, "hour")) == hour)
		used = json_integer_value(json_object_get(mine, "n"));
	if ((uint64_t)used + n > (uint64_t)budget) {
		sh_error_param(err, "limit", "%lld", (long long)budget);
		(void)sh_error_set(err, SH_EAGAIN, "reader.budget",
		    "%s has read %lld of %lld in this hour", name,
		    (long long)used, (long long)budget);
		goto out;
	}
	sh_buf_reset(&b);
	sh_buf_reset(&sealed);
	if (sh_json_set(all, name, json_pack("{s:I,s:I}", "hour",
	    (json_int_t)hour, "n", (json_int_t)(used + (int64_t)n)), err) ||
	    sh_json_canonical(all, &b, err) || sh_vault_seal_for(v,
	    "access", "budget", b.data, b.len, &sealed, err) ||
	    sh_pwrite_all(fd, sealed.data, sealed.len, 0, err))
		goto out;
	rc = ftruncate(fd, (off_t)sealed.len) == 0 ? 0 : sh_error_sys(err,
	    "access.file", "%s", l->budget);
out:
	json_decref(all);
	free(name);
	(void)close(fd);
	sh_buf_free(&sealed);
	sh_buf_free(&b);
	return (rc);
}

/* ---- entries ------------------------------------------------------------- */

static int
append(struct sh_access_log *l, const struct sh_buf *sealed,
    struct sh_error *err)
{
	struct sh_buf b = SH_BUF_INIT;
	uint64_t end;
	int rc = -1;

	if (find_end(l, &end, err) ||
	    sh_buf_put_be(&b, sealed->len, 4, err) ||
	    sh_buf_put_be(&b, sh_crc32c(0, sealed->data, sealed->len), 4,
	    err) || sh_buf_append(&b, sealed->data, sealed->len, err))
		goto out;
	if (ftruncate(l->fd, (off_t)end) != 0) {
		(void)sh_error_sys(err, "access.file", "%s", l->journal);
		goto out;
	}
	if (sh_pwrite_all(l->fd, b.data, b.len, end, err) ||
	    sync_file(l, err))
		goto out;
	rc = put_head(l, end + b.len, err);
out:
	sh_buf_free(&b);
	return (rc);
}

int
sh_access_log_append(struct sh_access_log *l, struct sh_vault *v,
    const json_t *entry, const struct sh_reader *who, int64_t budget,
    size_t n, struct sh_error *err)
{
	struct sh_buf plain = SH_BUF_INIT, sealed = SH_BUF_INIT;
	int rc = -1;

	if (sh_json_canonical(entry, &plain, err) || sh_vault_seal_for(v,
	    "access", "journal", plain.data, plain.len, &sealed, err))
		goto out;
	if (sealed.len > ENTRY_MAX) {
		(void)sh_error_set(err, SH_ELIMIT, "access.long",
		    "a read of %zu bytes", sealed.len);
		goto out;
	}
	if (lock(l, err))
		goto out;
	if (spend(l, v, who, budget, n, err) == 0)
		rc = append(l, &sealed, err);
	unlock(l);
out:
	sh_buf_free(&plain);
	sh_buf_free(&sealed);
	return (rc);
}

static int
each(struct sh_access_log *l, struct sh_vault *v, uint64_t end,
    int (*fn)(void *, const json_t *, struct sh_error *), void *arg,
    struct sh_error *err)
{
	struct sh_buf sealed = SH_BUF_INIT, plain = SH_BUF_INIT;
	uint64_t at = HEAD;
	json_t *entry;
	int r = 0;

	while (r == 0 && at < end) {
		if ((r = get_entry(l, at, end, &sealed, err)) < 0)
			break;
		if (r == 0) {
			r = damaged(l, "an entry", err);
			break;
		}
		at += ENTRY_HEAD + sealed.len;
		sh_buf_reset(&plain);
		if (sh_vault_unseal_for(v, "access", "journal", sealed.data,
		    sealed.len, &plain, err) || (entry = sh_json_parse(
		    plain.data, plain.len, ENTRY_MAX, err)) == NULL) {
			r = -1;
			break;
		}
		r = fn(arg, entry, err);
		json_decref(entry);
	}
	if (r == 0)
		r = fn(arg, NULL, err);
	sh_buf_free(&sealed);
	sh_buf_free(&plain);
	return (r);
}

int
sh_access_log_each(struct sh_access_log *l, struct sh_vault *v, int take,
    int (*fn)(void *, const json_t *, struct sh_error *), void *arg,
    struct sh_error *err)
{
	uint64_t end;
	int rc = -1;

	if (lock(l, err))
		return (-1);
	if (find_end(l, &end, err) == 0)
		rc = each(l, v, end, fn, arg, err);
	if (rc == 0 && take && end > HEAD) {
		/* An end behind the file is damage: the head goes first. */
		if (put_head(l, HEAD, err) || sync_file(l, err))
			rc = -1;
		else if (ftruncate(l->fd, HEAD) != 0)
			rc = sh_error_sys(err, "access.file", "%s",
			    l->journal);
		else
			rc = sync_file(l, err);
	}
	unlock(l);
	return (rc);
}
