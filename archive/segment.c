#include "archive/segment.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/digest.h"
#include "base/fs.h"
#include "base/mem.h"

/* The layouts below are frozen: archive/FORMAT, "Segments". */
#define FILE_HEAD	64
#define ENTRY_HEAD	96
#define CHUNK		((size_t)64 * 1024)
#define NREADERS	16

static const char file_magic[8] = "sohoaSEG";
static const char entry_magic[8] = "sohoaBLB";

struct reader {
	uint32_t number;	/* 0: none */
	int fd;
	uint64_t used;
};

/*
 * Invariant of a writing handle: fd is segment NUMBER; the bytes before
 * SYNCED are on the disk, those before END are written.
 */
struct sh_segments {
	char *dir;
	struct sh_tag id;
	uint64_t limit;
	int writable;
	int stopped;
	int fd;			/* -1 before sh_segments_recover() */
	uint32_t number;
	uint64_t end;
	uint64_t synced;
	struct reader readers[NREADERS];
	uint64_t clock;
	uint8_t *room;		/* ENTRY_HEAD + CHUNK: what is appended */
};

static int
stopped(struct sh_error *err)
{
	return (sh_error_set(err, SH_ESYSTEM, "engine.stopped",
	    "an earlier write to the blobs failed"));
}

static int
damaged(struct sh_error *err, uint32_t number, uint64_t offset,
    const char *what)
{
	return (sh_error_set(err, SH_EFIXITY, "engine.damaged",
	    "segment %u offset %llu: %s", number, (unsigned long long)offset,
	    what));
}

static uint64_t
entry_end(uint64_t offset, uint64_t bytes)
{
	return ((offset + ENTRY_HEAD + bytes + 7) & ~(uint64_t)7);
}

static int
open_file(const struct sh_segments *s, uint32_t number, int flags,
    struct sh_error *err)
{
	char *path;
	int fd;

	if ((path = sh_asprintf(err, "%s/%08u.seg", s->dir, number)) == NULL)
		return (-1);
	if ((fd = open(path, flags | O_CLOEXEC, 0600)) < 0) {
		if (errno == ENOENT)
			(void)damaged(err, number, 0, "the file is missing");
		else
			(void)sh_error_sys(err, "engine.file", "%s", path);
	}
	free(path);
	return (fd);
}

/* The largest number in the folder, 0 when there is none. */
static int
last_number(const char *dir, uint32_t *np, struct sh_error *err)
{
	struct dirent *e;
	DIR *d;
	unsigned n;
	int used;

	*np = 0;
	if ((d = opendir(dir)) == NULL)
		return (sh_error_sys(err, "engine.file", "folder %s", dir));
	while ((e = readdir(d)) != NULL) {
		used = 0;
		if (sscanf(e->d_name, "%8u.seg%n", &n, &used) == 1 &&
		    used == 12 && e->d_name[used] == '\0' && n > *np)
			*np = n;
	}
	(void)closedir(d);
	return (0);
}

int
sh_segments_open(const char *dir, const struct sh_tag *id, int writable,
    uint64_t limit, struct sh_segments **sp, struct sh_error *err)
{
	struct sh_segments *s;
	size_t i;

	*sp = NULL;
	if ((s = sh_alloc(1, sizeof(*s), "segments", err)) == NULL)
		return (-1);
	s->fd = -1;
	for (i = 0; i < NREADERS; i++)
		s->readers[i].fd = -1;
	s->id = *id;
	s->limit = limit;
	s->writable = writable;
	if ((s->dir = sh_strdup(dir, err)) == NULL) {
		sh_segments_close(s);
		return (-1);
	}
	*sp = s;
	return (0);
}

void
sh_segments_close(struct sh_segments *s)
{
	size_t i;

	if (s == NULL)
		return;
	if (s->fd >= 0)
		(void)close(s->fd);
	for (i = 0; i < NREADERS; i++)
		if (s->readers[i].fd >= 0)
			(void)close(s->readers[i].fd);
	free(s->room);
	free(s->dir);
	free(s);
}

/* ---- heads --------------------------------------------------------------- */

static void
file_head(const struct sh_segments *s, uint32_t number,
    uint8_t head[FILE_HEAD])
{
	memset(head, 0, FILE_HEAD);
	memcpy(head, file_magic, 8);
	sh_put_be(head + 8, 1, 4);
	sh_put_be(head + 12, number, 4);
	memcpy(head + 16, s->id.b, sizeof(s->id.b));
	sh_put_be(head + 60, sh_crc32c(0, head, 60), 4);
}

static uint32_t
entry_crc(const struct sh_segments *s, uint32_t number, uint64_t offset,
    const uint8_t head[ENTRY_HEAD])
{
	uint8_t where[12];
	uint32_t crc;

	sh_put_be(where, number, 4);
	sh_put_be(where + 4, offset, 8);
	crc = sh_crc32c(0, s->id.b, sizeof(s->id.b));
	crc = sh_crc32c(crc, where, sizeof(where));
	return (sh_crc32c(crc, head, ENTRY_HEAD - 4));
}

static void
make_entry_head(const struct sh_segments *s, const struct sh_digest *name,
    const struct sh_blob_place *at, const struct sh_digest *digest,
    uint8_t head[ENTRY_HEAD])
{
	memset(head, 0, ENTRY_HEAD);
	memcpy(head, entry_magic, 8);
	memcpy(head + 8, name->b, SH_DIGEST_LEN);
	sh_put_be(head + 40, at->bytes, 8);
	memcpy(head + 48, digest->b, SH_DIGEST_LEN);
	sh_put_be(head + 92, entry_crc(s, at->segment, at->offset, head), 4);
}

/* 1 if HEAD is that of an entry at this place that ends before SIZE. */
static int
is_entry(const struct sh_segments *s, uint32_t number, uint64_t offset,
    uint64_t size, const uint8_t head[ENTRY_HEAD])
{
	uint64_t bytes = sh_get_be(head + 40, 8);

	return (memcmp(head, entry_magic, 8) == 0 &&
	    sh_get_be(head + 92, 4) == entry_crc(s, number, offset, head) &&
	    offset + ENTRY_HEAD <= size &&
	    bytes <= size - offset - ENTRY_HEAD);
}

/* ---- recovery ------------------------------------------------------------ */

struct file {
	const struct sh_segments *s;
	uint32_t number;
	int fd;
	uint64_t size;
	uint8_t *chunk;		/* CHUNK bytes */
};

/* 1 if the payload behind HEAD has the digest that HEAD states. */
static int
payload_is_whole(const struct file *f, uint64_t offset,
    const uint8_t head[ENTRY_HEAD], struct sh_error *err)
{
	struct sh_hasher *h;
	struct sh_digest digest;
	uint64_t at = offset + ENTRY_HEAD, left = sh_get_be(head + 40, 8);
	size_t n;
	int r = -1;

	if ((h = sh_hasher_new(NULL, 0, err)) == NULL)
		return (-1);
	for (; left > 0; left -= n, at += n) {
		n = left < CHUNK ? (size_t)left : CHUNK;
		if (sh_pread_all(f->fd, f->chunk, n, at, err) ||
		    sh_hasher_update(h, f->chunk, n, err))
			goto out;
	}
	if (sh_hasher_final(h, &digest, err) == 0)
		r = memcmp(digest.b, head + 48, SH_DIGEST_LEN) == 0;
out:
	sh_hasher_free(h);
	return (r);
}

/* The next offset from OFFSET on where an entry lies; SIZE if none does. */
static int
next_entry(const struct file *f, uint64_t offset, uint64_t *nextp,
    uint8_t head[ENTRY_HEAD], struct sh_error *err)
{
	size_t i, n;

	while (f->size >= ENTRY_HEAD && offset <= f->size - ENTRY_HEAD) {
		n = f->size - offset < CHUNK ? (size_t)(f->size - offset) :
		    CHUNK;
		if (sh_pread_all(f->fd, f->chunk, n, offset, err))
			return (-1);
		for (i = 0; i + ENTRY_HEAD <= n; i += 8) {
			if (!is_entry(f->s, f->number, offset + i, f->size,
			    f->chunk + i))
				continue;
			*nextp = offset + i;
			memcpy(head, f->chunk + i, ENTRY_HEAD);
			return (0);
		}
		offset += i;
	}
	*nextp = f->size;
	return (0);
}

/* *ENDP: behind the last whole entry, or OFFSET when there is none. */
static int
recover_file(const struct file *f, uint64_t offset, uint64_t *endp,
    int (*fn)(void *, const struct sh_digest *, const struct sh_blob_place *,
    struct sh_error *), void *arg, struct sh_error *err)
{
	struct sh_blob_place at;
	struct sh_digest name;
	uint8_t head[ENTRY_HEAD];
	int whole;

	if (offset < FILE_HEAD)
		offset = FILE_HEAD;
	for (*endp = offset;;) {
		if (next_entry(f, offset, &offset, head, err))
			return (-1);
		if (offset >= f->size)
			return (0);
		if ((whole = payload_is_whole(f, offset, head, err)) < 0)
			return (-1);
		at.segment = f->number;
		at.offset = offset;
		at.bytes = sh_get_be(head + 40, 8);
		offset = entry_end(offset, at.bytes);
		if (!whole)
			continue;
		memcpy(name.b, head + 8, SH_DIGEST_LEN);
		if (fn(arg, &name, &at, err))
			return (-1);
		*endp = offset;
	}
}

static int
recover_number(struct sh_segments *s, uint32_t number, uint64_t offset,
    uint64_t *endp, int (*fn)(void *, const struct sh_digest *,
    const struct sh_blob_place *, struct sh_error *), void *arg,
    struct sh_error *err)
{
	struct file f = { .s = s, .number = number, .fd = -1 };
	struct stat st;
	int rc = -1;

	if ((f.fd = open_file(s, number, O_RDONLY, err)) < 0)
		return (-1);
	if (fstat(f.fd, &st) != 0) {
		(void)sh_error_sys(err, "engine.file", "segment %u", number);
		goto out;
	}
	f.size = (uint64_t)st.st_size;
	/* An end is rounded up, the file is not. */
	if (offset > f.size + 7 && offset > FILE_HEAD) {
		(void)damaged(err, number, offset,
		    "the file ends before what the index knows");
		goto out;
	}
	if ((f.chunk = sh_alloc(CHUNK, 1, "segments", err)) == NULL)
		goto out;
	rc = recover_file(&f, offset, endp, fn, arg, err);
out:
	free(f.chunk);
	(void)close(f.fd);
	return (rc);
}

/* Make segment NUMBER an empty one and write to it from now on. */
static int
begin_segment(struct sh_segments *s, uint32_t number, struct sh_error *err)
{
	uint8_t head[FILE_HEAD];
	int fd;

	if ((fd = open_file(s, number, O_RDWR | O_CREAT, err)) < 0)
		return (-1);
	file_head(s, number, head);
	if (sh_pwrite_all(fd, head, sizeof(head), 0, err))
		goto bad;
	if (ftruncate(fd, FILE_HEAD) != 0 || fsync(fd) != 0) {
		(void)sh_error_sys(err, "engine.sync", "segment %u", number);
		goto bad;
	}
	if (sh_fs_sync_dir(s->dir, err))
		goto bad;
	if (s->fd >= 0)
		(void)close(s->fd);
	s->fd = fd;
	s->number = number;
	s->end = s->synced = FILE_HEAD;
	return (0);
bad:
	(void)close(fd);
	return (-1);
}

/* Go on writing segment NUMBER at END; what lies behind it is cut off. */
static int
resume_segment(struct sh_segments *s, uint32_t number, uint64_t end,
    struct sh_error *err)
{
	struct stat st;

	if ((s->fd = open_file(s, number, O_RDWR, err)) < 0)
		return (-1);
	if (fstat(s->fd, &st) != 0)
		return (sh_error_sys(err, "engine.file", "segment %u",
		    number));
	if ((uint64_t)st.st_size > end &&
	    (ftruncate(s->fd, (off_t)end) != 0 || fsync(s->fd) != 0))
		return (sh_error_sys(err, "engine.file", "segment %u",
		    number));
	s->number = number;
	s->end = s->synced = end;
	return (0);
}

int
sh_segments_recover(struct sh_segments *s, uint32_t segment, uint64_t offset,
    int (*fn)(void *, const struct sh_digest *, const struct sh_blob_place *,
    struct sh_error *), void *arg, struct sh_error *err)
{
	uint32_t last, n;
	uint64_t end = FILE_HEAD;

	if (segment == 0)
		segment = 1;
	if (last_number(s->dir, &last, err))
		return (-1);
	if (last < segment && !(last == 0 && segment == 1 &&
	    offset <= FILE_HEAD))
		return (damaged(err, segment, offset, "the file is missing"));
	for (n = segment; n <= last; n++)
		if (recover_number(s, n, n == segment ? offset : 0, &end, fn,
		    arg, err))
			return (-1);
	if (!s->writable)
		return (0);
	/* A crash may have left the newest file without its head. */
	if (end <= FILE_HEAD)
		return (begin_segment(s, last > 0 ? last : 1, err));
	return (resume_segment(s, last, end, err));
}

/* ---- writing ------------------------------------------------------------- */

void
sh_segments_end(const struct sh_segments *s, uint32_t *segmentp,
    uint64_t *offsetp)
{
	*segmentp = s->number;
	*offsetp = s->end;
}

static int
write_entry(struct sh_segments *s, const struct sh_digest *name,
    sh_source source, void *arg, struct sh_blob_place *at,
    struct sh_hasher *h, struct sh_error *err)
{
	struct sh_digest digest;
	uint8_t *room = s->room, *payload = room + ENTRY_HEAD;
	uint64_t pos = at->offset + ENTRY_HEAD;
	size_t fill = 0, n;

	/* A small payload goes out with its head in one write. */
	for (;;) {
		if (source(arg, payload + fill, CHUNK - fill, &n, err))
			return (-1);
		if (n > 0 && sh_hasher_update(h, payload + fill, n, err))
			return (-1);
		fill += n;
		at->bytes += n;
		if (n == 0)
			break;
		if (fill < CHUNK)
			continue;
		if (sh_pwrite_all(s->fd, payload, fill, pos, err))
			return (-1);
		pos += fill;
		fill = 0;
	}
	if (sh_hasher_final(h, &digest, err))
		return (-1);
	make_entry_head(s, name, at, &digest, room);
	if (pos == at->offset + ENTRY_HEAD)
		return (sh_pwrite_all(s->fd, room, ENTRY_HEAD + fill,
		    at->offset, err));
	if (sh_pwrite_all(s->fd, payload, fill, pos, err))
		return (-1);
	return (sh_pwrite_all(s->fd, room, ENTRY_HEAD, at->offset, err));
}

int
sh_segments_append(struct sh_segments *s, const struct sh_digest *name,
    sh_source source, void *arg, struct sh_blob_place *at,
    struct sh_error *err)
{
	struct sh_hasher *h;
	int rc;

	if (s->stopped)
		return (stopped(err));
	if (s->end >= s->limit && (sh_segments_sync(s, err) ||
	    begin_segment(s, s->number + 1, err)))
		return (-1);
	at->segment = s->number;
	at->offset = s->end;
	at->bytes = 0;
	if ((s->room == NULL && (s->room = sh_alloc(ENTRY_HEAD + CHUNK, 1,
	    "a blob", err)) == NULL) ||
	    (h = sh_hasher_new(NULL, 0, err)) == NULL)
		return (-1);
	rc = write_entry(s, name, source, arg, at, h, err);
	if (rc == 0)
		s->end = entry_end(at->offset, at->bytes);
	else if (ftruncate(s->fd, (off_t)s->end) != 0)
		s->stopped = 1;
	sh_hasher_free(h);
	return (rc);
}

int
sh_segments_sync(struct sh_segments *s, struct sh_error *err)
{
	if (s->stopped)
		return (stopped(err));
	if (s->end == s->synced)
		return (0);
	if (fdatasync(s->fd) != 0) {
		/*
		 * The kernel counts the lost pages as clean: a second sync
		 * would succeed without them.  A full disk leaves nothing
		 * doubtful once the batch is cut off.
		 */
		if (errno != ENOSPC && errno != EDQUOT)
			s->stopped = 1;
		return (sh_error_sys(err, "engine.sync", "segment %u",
		    s->number));
	}
	/* What is read back to be compared comes from the disk. */
	(void)posix_fadvise(s->fd, (off_t)s->synced,
	    (off_t)(s->end - s->synced), POSIX_FADV_DONTNEED);
	s->synced = s->end;
	return (0);
}

void
sh_segments_undo(struct sh_segments *s)
{
	if (s->end == s->synced)
		return;
	if (ftruncate(s->fd, (off_t)s->synced) != 0)
		s->stopped = 1;
	s->end = s->synced;
}

/* ---- reading ------------------------------------------------------------- */

static int
reader_fd(struct sh_segments *s, uint32_t number, struct sh_error *err)
{
	struct reader *r, *oldest = &s->readers[0];
	size_t i;
	int fd;

	if (s->fd >= 0 && number == s->number)
		return (s->fd);
	for (i = 0; i < NREADERS; i++) {
		r = &s->readers[i];
		if (r->fd >= 0 && r->number == number) {
			r->used = ++s->clock;
			return (r->fd);
		}
		if (r->used < oldest->used)
			oldest = r;
	}
	if ((fd = open_file(s, number, O_RDONLY, err)) < 0)
		return (-1);
	if (oldest->fd >= 0)
		(void)close(oldest->fd);
	oldest->fd = fd;
	oldest->number = number;
	oldest->used = ++s->clock;
	return (fd);
}

static int
read_range(int fd, const struct sh_blob_place *at, uint64_t offset,
    uint64_t len, struct sh_hasher *h, sh_sink sink, void *arg,
    struct sh_error *err)
{
	uint64_t pos = at->offset + ENTRY_HEAD + offset;
	uint8_t *chunk;
	size_t n;
	int rc = -1;

	chunk = sh_alloc(len < CHUNK ? (size_t)len : CHUNK, 1, "a blob", err);
	if (chunk == NULL)
		return (-1);
	for (; len > 0; len -= n, pos += n) {
		n = len < CHUNK ? (size_t)len : CHUNK;
		if (sh_pread_all(fd, chunk, n, pos, err))
			goto out;
		if (h != NULL && sh_hasher_update(h, chunk, n, err))
			goto out;
		if (sink != NULL && sink(arg, chunk, n, err))
			goto out;
	}
	rc = 0;
out:
	free(chunk);
	return (rc);
}

int
sh_segments_read(struct sh_segments *s, const struct sh_digest *name,
    const struct sh_blob_place *at, uint64_t offset, uint64_t len,
    sh_sink sink, void *arg, struct sh_error *err)
{
	struct sh_hasher *h = NULL;
	struct sh_digest digest;
	uint8_t head[ENTRY_HEAD];
	int fd, rc = -1;

	if ((fd = reader_fd(s, at->segment, err)) < 0)
		return (-1);
	if (sh_pread_all(fd, head, sizeof(head), at->offset, err))
		return (-1);
	if (!is_entry(s, at->segment, at->offset, UINT64_MAX, head) ||
	    memcmp(head + 8, name->b, SH_DIGEST_LEN) != 0 ||
	    sh_get_be(head + 40, 8) != at->bytes)
		return (damaged(err, at->segment, at->offset,
		    "this is not the blob that the index says"));
	if (offset > at->bytes)
		offset = at->bytes;
	if (len > at->bytes - offset)
		len = at->bytes - offset;
	if (len == at->bytes && (h = sh_hasher_new(NULL, 0, err)) == NULL)
		return (-1);
	if (read_range(fd, at, offset, len, h, sink, arg, err))
		goto out;
	if (h != NULL) {
		if (sh_hasher_final(h, &digest, err))
			goto out;
		if (memcmp(digest.b, head + 48, SH_DIGEST_LEN) != 0) {
			(void)damaged(err, at->segment, at->offset,
			    "the digest differs");
			goto out;
		}
	}
	rc = 0;
out:
	sh_hasher_free(h);
	return (rc);
}
