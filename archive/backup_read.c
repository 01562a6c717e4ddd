/* Increments as they are read. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive/backup_internal.h"
#include "base/fs.h"
#include "base/mem.h"

#define ITEM_HEAD	9	/* kind (1), length (8) */

int
sh_backup_damaged(const char *path, const char *what, struct sh_error *err)
{
	sh_error_param(err, "file", "%s", path);
	return (sh_error_set(err, SH_EFIXITY, "backup.damaged", "%s: %s",
	    path, what));
}

char *
sh_backup_path(const char *dir, uint32_t number, struct sh_error *err)
{
	return (sh_asprintf(err, "%s/%06u.shb", dir, number));
}

void
sh_backup_close(struct sh_backup_in *in)
{
	if (in->fd >= 0)
		(void)close(in->fd);
	free(in->path);
	json_decref(in->head);
	json_decref(in->tail);
	memset(in, 0, sizeof(*in));
	in->fd = -1;
}

/* The digest over all but itself. */
static int
prove(struct sh_backup_in *in, uint64_t size, struct sh_error *err)
{
	struct sh_digest want;
	struct sh_hasher *h;
	uint8_t *buf;
	uint64_t at = 0, n;
	int rc = -1;

	if ((buf = sh_alloc(1 << 20, 1, "a backup", err)) == NULL)
		return (-1);
	if ((h = sh_hasher_new(NULL, 0, err)) == NULL)
		goto out;
	for (; at < in->end; at += n) {
		n = in->end - at < (1 << 20) ? in->end - at : 1 << 20;
		if (sh_pread_all(in->fd, buf, (size_t)n, at, err) ||
		    sh_hasher_update(h, buf, (size_t)n, err))
			goto out;
	}
	if (sh_hasher_final(h, &in->digest, err) || sh_pread_all(in->fd,
	    want.b, sizeof(want.b), size - SH_DIGEST_LEN, err))
		goto out;
	rc = sh_digest_equal(&in->digest, &want) ? 0 :
	    sh_backup_damaged(in->path, "its digest is another", err);
out:
	sh_hasher_free(h);
	free(buf);
	return (rc);
}

int
sh_backup_next(struct sh_backup_in *in, struct sh_backup_item *item,
    struct sh_error *err)
{
	uint8_t head[ITEM_HEAD];

	if (in->at == in->end)
		return (0);
	if (in->end - in->at < sizeof(head))
		return (sh_backup_damaged(in->path, "an item", err));
	if (sh_pread_all(in->fd, head, sizeof(head), in->at, err))
		return (-1);
	item->kind = (enum sh_backup_kind)head[0];
	item->len = sh_get_be(head + 1, 8);
	item->at = in->at + sizeof(head);
	if (item->len > in->end - item->at)
		return (sh_backup_damaged(in->path, "an item's length", err));
	in->at = item->at + item->len;
	return (1);
}

int
sh_backup_payload(const struct sh_backup_in *in,
    const struct sh_backup_item *item, struct sh_buf *out,
    struct sh_error *err)
{
	uint8_t *p;

	sh_buf_reset(out);
	if (item->len > SH_BACKUP_ITEM_MAX)
		return (sh_backup_damaged(in->path, "an item's length", err));
	if ((p = sh_buf_reserve(out, (size_t)item->len + 1, err)) == NULL ||
	    sh_pread_all(in->fd, p, (size_t)item->len, item->at, err))
		return (-1);
	p[item->len] = 0;
	out->len = (size_t)item->len;
	return (0);
}

static json_t *
read_json(struct sh_backup_in *in, const struct sh_backup_item *item,
    struct sh_error *err)
{
	struct sh_buf b = SH_BUF_INIT;
	json_t *v = NULL;

	if (sh_backup_payload(in, item, &b, err) == 0)
		v = sh_json_parse(b.data, b.len, SH_BACKUP_ITEM_MAX, err);
	sh_buf_free(&b);
	return (v);
}

/* The first item and the last. */
static int
read_ends(struct sh_backup_in *in, struct sh_error *err)
{
	struct sh_backup_item item;
	const char *format;
	int r;

	in->at = 8;
	if ((r = sh_backup_next(in, &item, err)) < 0)
		return (-1);
	if (r == 0 || item.kind != SH_BACKUP_HEAD ||
	    (in->head = read_json(in, &item, err)) == NULL)
		return (sh_backup_damaged(in->path, "its head", err));
	format = sh_member(in->head, "format");
	if (format == NULL || strcmp(format, "sohoa-backup-1") != 0)
		return (sh_error_set(err, SH_EUNSUPPORTED, "backup.format",
		    "%s: format %s", in->path, format != NULL ? format :
		    "?"));
	while ((r = sh_backup_next(in, &item, err)) == 1)
		if (item.kind == SH_BACKUP_END)
			break;
	if (r < 0)
		return (-1);
	if (r == 0 || in->at != in->end || (in->tail = read_json(in, &item,
	    err)) == NULL)
		return (sh_backup_damaged(in->path, "its end", err));
	in->at = 8;
	return (0);
}

int
sh_backup_open(const char *dir, uint32_t number, struct sh_backup_in *in,
    struct sh_error *err)
{
	uint8_t magic[8];
	struct stat st;

	memset(in, 0, sizeof(*in));
	in->fd = -1;
	if ((in->path = sh_backup_path(dir, number, err)) == NULL)
		return (-1);
	in->fd = open(in->path, O_RDONLY | O_CLOEXEC);
	if (in->fd < 0) {
		if (errno != ENOENT)
			(void)sh_error_sys(err, "backup.file", "%s",
			    in->path);
		sh_backup_close(in);
		return (err->code != SH_OK ? -1 : 0);
	}
	if (fstat(in->fd, &st) != 0) {
		(void)sh_error_sys(err, "backup.file", "%s", in->path);
		goto bad;
	}
	if (st.st_size < 8 + SH_DIGEST_LEN || sh_pread_all(in->fd, magic, 8,
	    0, err) || memcmp(magic, SH_BACKUP_MAGIC, 8) != 0) {
		(void)sh_backup_damaged(in->path, "no backup", err);
		goto bad;
	}
	in->end = (uint64_t)st.st_size - SH_DIGEST_LEN;
	if (prove(in, (uint64_t)st.st_size, err) == 0 &&
	    read_ends(in, err) == 0)
		return (1);
bad:
	sh_backup_close(in);
	return (-1);
}

int
sh_backup_verify(const char *dir, json_t **answerp, struct sh_error *err)
{
	static const char *const counts[] = { "changes", "blobs" };
	struct sh_backup_in in;
	char previous[SH_HEX_LEN] = "", id[SH_TAG_HEX] = "";
	int64_t sums[SH_COUNT(counts)] = { 0 }, bytes = 0, position = 0;
	const char *s;
	uint32_t n;
	size_t i;
	int r;

	*answerp = NULL;
	for (n = 1; (r = sh_backup_open(dir, n, &in, err)) == 1; n++) {
		s = sh_member(in.head, "previous");
		if (strcmp(s != NULL ? s : "", previous) != 0 || (n > 1 &&
		    strcmp(sh_member(in.head, "archive"), id) != 0))
			r = sh_backup_damaged(in.path,
			    "it does not follow the one before", err);
		(void)snprintf(id, sizeof(id), "%s", sh_member(in.head,
		    "archive"));
		sh_hex(in.digest.b, SH_DIGEST_LEN, previous);
		for (i = 0; i < SH_COUNT(counts); i++)
			sums[i] += json_integer_value(json_object_get(in.tail,
			    counts[i]));
		bytes += (int64_t)in.end;
		position = json_integer_value(json_object_get(in.tail,
		    "position"));
		sh_backup_close(&in);
		if (r < 0)
			break;
	}
	if (r < 0)
		return (-1);
	if (n == 1) {
		sh_error_param(err, "file", "%s", dir);
		return (sh_error_set(err, SH_ENOTFOUND, "backup.missing",
		    "%s holds no backup", dir));
	}
	*answerp = json_pack("{s:s,s:I,s:I,s:I,s:I,s:I}", "archive", id,
	    "increments", (json_int_t)n - 1, "changes", (json_int_t)sums[0],
	    "blobs", (json_int_t)sums[1], "bytes", (json_int_t)bytes,
	    "position", (json_int_t)position);
	return (*answerp != NULL ? 0 : sh_error_nomem(err, "JSON"));
}
