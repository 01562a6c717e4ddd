#include "archive/keystore.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/fs.h"
#include "base/mem.h"

/* The layouts below are frozen: archive/FORMAT, "Key store". */
#define HEAD_AT(copy)	((uint64_t)(copy) * 4096)
#define TABLE_AT	8192
#define SLOT		128
#define SLOT_SUMMED	124
#define PROBES		64	/* a holder lies this near to its home */
#define WINDOW		8	/* slots read at once; divides PROBES */
#define FIRST_LOG2	10
#define LAST_LOG2	32

enum state { EMPTY = 0, LIVE = 1, DESTROYED = 2 };

/*
 * Invariants: a slot is empty exactly when it is all zeros; no empty slot
 * stands between a holder's home and any of its slots; the table has PROBES
 * slots behind the last home, so that nothing wraps around.
 */
struct sh_keystore {
	char *path;
	int fd;
	int writable;
	int stopped;
	ino_t ino;
	unsigned log2;
	uint8_t head[SLOT];
	const uint8_t *kek;
	struct sh_aead *aead;
	struct sh_secret root;
};

struct slot {
	enum state state;
	uint32_t version;
	struct sh_tag holder;
	uint8_t bytes[SLOT];
};

static uint64_t
nslots(unsigned log2)
{
	return (((uint64_t)1 << log2) + PROBES);
}

static uint64_t
slot_at(unsigned log2, unsigned copy, uint64_t i)
{
	return (TABLE_AT + (copy * nslots(log2) + i) * SLOT);
}

static uint64_t
home(unsigned log2, const struct sh_tag *holder)
{
	return (sh_get_be(holder->b, 8) >> (64 - log2));
}

static int
damaged(const struct sh_keystore *k, struct sh_error *err, const char *what)
{
	return (sh_error_set(err, SH_EFIXITY, "key.damaged", "%s: %s",
	    k->path, what));
}

/* ---- wrapping ------------------------------------------------------------ */

/* What a wrapped key is bound to: store, whose key it is, version. */
static void
binding(const uint8_t head[SLOT], const char *what,
    const struct sh_tag *holder, uint32_t version, uint8_t aad[48])
{
	memset(aad, 0, 48);
	memcpy(aad, what, strlen(what));
	memcpy(aad + 12, head + 16, 16);
	if (holder != NULL)
		memcpy(aad + 28, holder->b, 16);
	sh_put_be(aad + 44, version, 4);
}

/* WRAPPED: nonce, key and tag, 60 bytes. */
static int
wrap(struct sh_aead *a, const uint8_t *kek, const uint8_t aad[48],
    const uint8_t key[SH_KEY_LEN], uint8_t *wrapped, struct sh_error *err)
{
	if (sh_aead_random(a, wrapped, SH_NONCE_LEN, err))
		return (-1);
	return (sh_aead_seal(a, kek, wrapped, aad, 48, key, SH_KEY_LEN,
	    wrapped + SH_NONCE_LEN, err));
}

static int
unwrap(struct sh_aead *a, const uint8_t *kek, const uint8_t aad[48],
    const uint8_t *wrapped, uint8_t key[SH_KEY_LEN], struct sh_error *err)
{
	return (sh_aead_open(a, kek, wrapped, aad, 48,
	    wrapped + SH_NONCE_LEN, SH_KEY_LEN, key, err));
}

/* ---- slots --------------------------------------------------------------- */

static void
sum(uint8_t bytes[SLOT])
{
	sh_put_be(bytes + SLOT_SUMMED, sh_crc32c(0, bytes, SLOT_SUMMED), 4);
}

static int
is_zero(const uint8_t bytes[SLOT])
{
	static const uint8_t zero[SLOT];

	return (memcmp(bytes, zero, SLOT) == 0);
}

/* 0, or -1 when the bytes are no slot. */
static int
parse_slot(const uint8_t bytes[SLOT], struct slot *s)
{
	memcpy(s->bytes, bytes, SLOT);
	s->state = EMPTY;
	if (is_zero(bytes))
		return (0);
	if (sh_get_be(bytes + SLOT_SUMMED, 4) !=
	    sh_crc32c(0, bytes, SLOT_SUMMED) ||
	    (bytes[0] != LIVE && bytes[0] != DESTROYED))
		return (-1);
	s->state = (enum state)bytes[0];
	s->version = (uint32_t)sh_get_be(bytes + 4, 4);
	memcpy(s->holder.b, bytes + 8, 16);
	return (0);
}

static int
write_slot(struct sh_keystore *k, uint64_t i, const uint8_t bytes[SLOT],
    struct sh_error *err)
{
	if (k->stopped)
		return (sh_error_set(err, SH_ESYSTEM, "engine.stopped",
		    "an earlier write to %s failed", k->path));
	if (sh_pwrite_all(k->fd, bytes, SLOT, slot_at(k->log2, 0, i), err) ||
	    sh_pwrite_all(k->fd, bytes, SLOT, slot_at(k->log2, 1, i), err)) {
		(void)sh_error_context(err, "%s", k->path);
		return (-1);
	}
	return (0);
}

static int
sync_slots(struct sh_keystore *k, struct sh_error *err)
{
	if (fdatasync(k->fd) == 0)
		return (0);
	k->stopped = 1;
	return (sh_error_sys(err, "key.sync", "%s", k->path));
}

/* How the two copies of a slot stand to each other. */
enum health {
	SOUND,
	UNFINISHED,	/* a write was cut short: one copy is older */
	DAMAGED		/* one copy is no slot */
};

/*
 * Slot I from whichever copy is whole; FIRST, unless NULL, is the first copy
 * as already read, and then a whole one is not compared with the second.
 */
static int
read_slot(struct sh_keystore *k, uint64_t i, const uint8_t *first,
    struct slot *s, enum health *healthp, struct sh_error *err)
{
	uint8_t a[SLOT], b[SLOT];
	struct slot second;
	int ra, rb;

	if (first != NULL)
		memcpy(a, first, SLOT);
	else if (sh_pread_all(k->fd, a, SLOT, slot_at(k->log2, 0, i), err))
		return (-1);
	*healthp = SOUND;
	ra = parse_slot(a, s);
	if (ra == 0 && s->state != EMPTY && first != NULL)
		return (0);
	if (sh_pread_all(k->fd, b, SLOT, slot_at(k->log2, 1, i), err))
		return (-1);
	if (memcmp(a, b, SLOT) == 0 && ra == 0)
		return (0);
	rb = parse_slot(b, &second);
	/* A power cut keeps either of two copies that were not synced. */
	*healthp = ra == 0 && rb == 0 ? UNFINISHED : DAMAGED;
	if (ra == 0 && s->state != EMPTY)
		return (0);
	*s = second;
	if (rb == 0 && s->state != EMPTY)
		return (0);
	return (damaged(k, err, "both copies of a slot are damaged"));
}

/* ---- head ---------------------------------------------------------------- */

static void
make_head(uint8_t head[SLOT], const uint8_t *old, unsigned log2)
{
	if (old != NULL)
		memcpy(head, old, SLOT);
	memcpy(head, "sohoaKEY", 8);
	sh_put_be(head + 8, 1, 4);
	sh_put_be(head + 12, log2, 4);
	sum(head);
}

static int
read_head(struct sh_keystore *k, struct sh_error *err)
{
	unsigned copy;
	uint32_t format;

	for (copy = 0; copy < 2; copy++) {
		if (sh_pread_all(k->fd, k->head, SLOT, HEAD_AT(copy), err))
			return (-1);
		if (memcmp(k->head, "sohoaKEY", 8) == 0 &&
		    sh_get_be(k->head + SLOT_SUMMED, 4) ==
		    sh_crc32c(0, k->head, SLOT_SUMMED))
			break;
	}
	if (copy == 2)
		return (damaged(k, err, "this is no key store"));
	format = (uint32_t)sh_get_be(k->head + 8, 4);
	k->log2 = (unsigned)sh_get_be(k->head + 12, 4);
	if (format != 1)
		return (sh_error_set(err, SH_EUNSUPPORTED, "key.format",
		    "%s has format %u, this program knows 1", k->path,
		    format));
	if (k->log2 < 1 || k->log2 > LAST_LOG2)
		return (damaged(k, err, "its size"));
	return (0);
}

static int
unwrap_root(struct sh_keystore *k, struct sh_error *err)
{
	uint8_t aad[48];
	int r;

	if (sh_secret_new(&k->root, SH_KEY_LEN, err))
		return (-1);
	binding(k->head, "sohoa root", NULL,
	    (uint32_t)sh_get_be(k->head + 32, 4), aad);
	r = unwrap(k->aead, k->kek, aad, k->head + 36, k->root.data, err);
	if (r == 0)
		return (sh_error_set(err, SH_EDENIED, "key.wrong",
		    "%s belongs to another archive key", k->path));
	return (r < 0 ? -1 : 0);
}

/* ---- create, open -------------------------------------------------------- */

int
sh_keystore_create(const char *path, const uint8_t kek[SH_KEY_LEN],
    struct sh_error *err)
{
	struct sh_aead *aead = NULL;
	struct sh_secret root = SH_SECRET_INIT;
	uint8_t *file = NULL, aad[48];
	size_t size = (size_t)slot_at(FIRST_LOG2, 2, 0);
	int rc = -1;

	if ((aead = sh_aead_new(err)) == NULL ||
	    sh_secret_random(&root, SH_KEY_LEN, err) ||
	    (file = sh_alloc(size, 1, "a key store", err)) == NULL ||
	    sh_random(file + 16, 16, err))
		goto out;
	sh_put_be(file + 32, 1, 4);
	binding(file, "sohoa root", NULL, 1, aad);
	if (wrap(aead, kek, aad, root.data, file + 36, err))
		goto out;
	make_head(file, NULL, FIRST_LOG2);
	memcpy(file + HEAD_AT(1), file, SLOT);
	rc = sh_fs_replace(path, file, size, 0600, err);
out:
	free(file);
	sh_secret_free(&root);
	sh_aead_free(aead);
	return (rc);
}

static int
open_file(struct sh_keystore *k, struct sh_error *err)
{
	struct stat st;

	k->fd = open(k->path, (k->writable ? O_RDWR : O_RDONLY) | O_CLOEXEC);
	if (k->fd < 0) {
		if (errno == ENOENT || errno == ENOTDIR)
			return (sh_error_set(err, SH_ENOTFOUND, "key.missing",
			    "key store %s is not there", k->path));
		return (sh_error_sys(err, "key.read", "%s", k->path));
	}
	if (fstat(k->fd, &st) != 0)
		return (sh_error_sys(err, "key.read", "%s", k->path));
	if ((st.st_mode & 077) != 0)
		return (sh_error_set(err, SH_EDENIED, "key.mode",
		    "key store %s has mode %04o; only its owner may read it",
		    k->path, (unsigned)(st.st_mode & 07777)));
	k->ino = st.st_ino;
	if (read_head(k, err))
		return (-1);
	if ((uint64_t)st.st_size < slot_at(k->log2, 2, 0))
		return (damaged(k, err, "the file is too short"));
	return (0);
}

int
sh_keystore_open(const char *path, const uint8_t kek[SH_KEY_LEN],
    int writable, struct sh_keystore **kp, struct sh_error *err)
{
	struct sh_keystore *k;

	*kp = NULL;
	if ((k = sh_alloc(1, sizeof(*k), "a key store", err)) == NULL)
		return (-1);
	k->fd = -1;
	k->writable = writable;
	k->kek = kek;
	if ((k->path = sh_strdup(path, err)) == NULL ||
	    (k->aead = sh_aead_new(err)) == NULL || open_file(k, err) ||
	    unwrap_root(k, err)) {
		sh_keystore_close(k);
		return (-1);
	}
	*kp = k;
	return (0);
}

void
sh_keystore_close(struct sh_keystore *k)
{
	if (k == NULL)
		return;
	if (k->fd >= 0)
		(void)close(k->fd);
	sh_secret_free(&k->root);
	sh_aead_free(k->aead);
	free(k->path);
	free(k);
}

const uint8_t *
sh_keystore_root(const struct sh_keystore *k)
{
	return (k->root.data);
}

/* ---- looking up ---------------------------------------------------------- */

/* What the slots from HOLDER's home on say. */
struct found {
	struct slot best;	/* state EMPTY: none */
	uint64_t at;
	uint64_t empty;		/* first empty slot, UINT64_MAX: none near */
	int destroyed;
};

static int
look(struct sh_keystore *k, const struct sh_tag *holder, uint32_t version,
    struct found *f, struct sh_error *err)
{
	uint8_t window[WINDOW * SLOT];
	struct slot s;
	uint64_t first = home(k->log2, holder), i;
	enum health health;

	memset(f, 0, sizeof(*f));
	f->empty = UINT64_MAX;
	for (i = 0; i < PROBES; i++) {
		if (i % WINDOW == 0 && sh_pread_all(k->fd, window,
		    sizeof(window), slot_at(k->log2, 0, first + i), err))
			return (sh_error_context(err, "%s", k->path));
		if (read_slot(k, first + i, window + i % WINDOW * SLOT, &s,
		    &health, err))
			return (-1);
		if (s.state == EMPTY) {
			f->empty = first + i;
			return (0);
		}
		if (health != SOUND && k->writable &&
		    write_slot(k, first + i, s.bytes, err))
			return (-1);
		if (memcmp(&s.holder, holder, sizeof(*holder)) != 0 ||
		    (version != 0 && s.version != version))
			continue;
		if (s.state == DESTROYED)
			f->destroyed = 1;
		else if (f->best.state == EMPTY ||
		    s.version > f->best.version) {
			f->best = s;
			f->at = first + i;
			/* There is one slot for a version. */
			if (version != 0)
				return (0);
		}
	}
	return (0);
}

/* A writer in another process has made the store larger: 1 if it was. */
static int
reopen(struct sh_keystore *k, struct sh_error *err)
{
	struct stat st;

	if (k->writable || stat(k->path, &st) != 0 || st.st_ino == k->ino)
		return (0);
	(void)close(k->fd);
	return (open_file(k, err) ? -1 : 1);
}

int
sh_keystore_get(struct sh_keystore *k, const struct sh_tag *holder,
    uint32_t *versionp, uint8_t key[SH_KEY_LEN], struct sh_error *err)
{
	struct found f;
	uint8_t aad[48];
	int r;

	do {
		if (look(k, holder, *versionp, &f, err))
			return (-1);
		r = 0;
		if (f.best.state == EMPTY && !f.destroyed &&
		    (r = reopen(k, err)) < 0)
			return (-1);
	} while (r == 1);
	if (f.best.state == EMPTY && f.destroyed)
		return (sh_error_set(err, SH_ENOTFOUND, "key.destroyed",
		    "the holder's key was destroyed"));
	if (f.best.state == EMPTY)
		return (0);
	binding(k->head, "sohoa holder", holder, f.best.version, aad);
	r = unwrap(k->aead, k->kek, aad, f.best.bytes + 36, key, err);
	if (r == 0)
		return (damaged(k, err, "a holder's key"));
	*versionp = f.best.version;
	return (r);
}

uint64_t
sh_keystore_count(const struct sh_keystore *k)
{
	struct sh_error err = SH_ERROR_INIT;
	uint8_t slot[SLOT];
	uint64_t i, n = 0;

	for (i = 0; i < nslots(k->log2); i++)
		if (sh_pread_all(k->fd, slot, SLOT, slot_at(k->log2, 0, i),
		    &err) != 0 || !is_zero(slot))
			n++;
	return (n);
}

/* ---- adding -------------------------------------------------------------- */

static int
make_slot(struct sh_keystore *k, const struct sh_tag *holder,
    uint8_t bytes[SLOT], struct sh_error *err)
{
	uint8_t aad[48], key[SH_KEY_LEN];
	int rc;

	memset(bytes, 0, SLOT);
	bytes[0] = LIVE;
	sh_put_be(bytes + 4, 1, 4);
	memcpy(bytes + 8, holder->b, 16);
	sh_put_be(bytes + 24, (uint64_t)sh_now(), 8);
	sh_put_be(bytes + 32, 1, 4);
	/* Not worth locked memory of its own: it is wiped in a moment. */
	if (sh_random(key, sizeof(key), err))
		return (-1);
	binding(k->head, "sohoa holder", holder, 1, aad);
	rc = wrap(k->aead, k->kek, aad, key, bytes + 36, err);
	sh_wipe(key, sizeof(key));
	sum(bytes);
	return (rc);
}

/* Write SLOT near its home in the larger file FD; 1 when there is no room. */
static int
place(int fd, unsigned log2, const struct slot *s, struct sh_error *err)
{
	uint8_t there[SLOT];
	uint64_t i, first = home(log2, &s->holder);

	for (i = first; i < first + PROBES; i++) {
		if (sh_pread_all(fd, there, SLOT, slot_at(log2, 0, i), err))
			return (-1);
		if (!is_zero(there))
			continue;
		if (sh_pwrite_all(fd, s->bytes, SLOT, slot_at(log2, 0, i),
		    err) || sh_pwrite_all(fd, s->bytes, SLOT,
		    slot_at(log2, 1, i), err))
			return (-1);
		return (0);
	}
	return (1);
}

/* A holder's key, wrapped anew by KEK. */
static int
rewrap_slot(struct sh_keystore *k, const uint8_t *kek, struct slot *s,
    struct sh_error *err)
{
	uint8_t aad[48], key[SH_KEY_LEN];
	int r;

	binding(k->head, "sohoa holder", &s->holder, s->version, aad);
	r = unwrap(k->aead, k->kek, aad, s->bytes + 36, key, err);
	if (r == 1)
		r = wrap(k->aead, kek, aad, key, s->bytes + 36, err);
	else if (r == 0)
		r = damaged(k, err, "a holder's key");
	sh_wipe(key, sizeof(key));
	sh_put_be(s->bytes + 32, sh_get_be(s->bytes + 32, 4) + 1, 4);
	sum(s->bytes);
	return (r);
}

/*
 * Every slot into FD, a table of 2^LOG2, wrapped by KEK unless that is NULL;
 * 1 when one has no room there.
 */
static int
copy_slots(struct sh_keystore *k, int fd, unsigned log2, const uint8_t *kek,
    struct sh_error *err)
{
	struct slot s;
	uint8_t head[SLOT], old[SLOT], aad[48];
	enum health health;
	uint64_t i;
	int r;

	memcpy(old, k->head, SLOT);
	binding(old, "sohoa root", NULL, (uint32_t)sh_get_be(old + 32, 4),
	    aad);
	if (kek != NULL && wrap(k->aead, kek, aad, k->root.data, old + 36,
	    err))
		return (-1);
	if (ftruncate(fd, 0) != 0 ||
	    ftruncate(fd, (off_t)slot_at(log2, 2, 0)) != 0)
		return (sh_error_sys(err, "key.write", "%s", k->path));
	make_head(head, old, log2);
	if (sh_pwrite_all(fd, head, SLOT, HEAD_AT(0), err) ||
	    sh_pwrite_all(fd, head, SLOT, HEAD_AT(1), err))
		return (-1);
	for (i = 0; i < nslots(k->log2); i++) {
		if (read_slot(k, i, NULL, &s, &health, err))
			return (-1);
		if (s.state == LIVE && kek != NULL &&
		    rewrap_slot(k, kek, &s, err))
			return (-1);
		if (s.state != EMPTY && (r = place(fd, log2, &s, err)) != 0)
			return (r);
	}
	if (fsync(fd) != 0)
		return (sh_error_sys(err, "key.sync", "%s", k->path));
	return (0);
}

/* A store of at least 2^LOG2 slots takes this one's place. */
static int
rewrite(struct sh_keystore *k, unsigned log2, const uint8_t *kek,
    struct sh_error *err)
{
	char *path;
	int fd, r = -1;

	if ((path = sh_asprintf(err, "%s.new", k->path)) == NULL)
		return (-1);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0) {
		(void)sh_error_sys(err, "key.write", "%s", path);
		goto out;
	}
	do {
		if (log2 > LAST_LOG2) {
			(void)sh_error_set(err, SH_ELIMIT, "key.full",
			    "%s is full", k->path);
			goto out;
		}
	} while ((r = copy_slots(k, fd, log2++, kek, err)) == 1);
	if (r == 0 && rename(path, k->path) != 0)
		r = sh_error_sys(err, "key.write", "%s", k->path);
	if (r == 0)
		r = sh_fs_sync_parent(k->path, err);
	if (r == 0) {
		(void)close(k->fd);
		fd = -1;
		r = open_file(k, err);
	}
out:
	if (fd >= 0)
		(void)close(fd);
	free(path);
	return (r);
}

int
sh_keystore_rewrap(struct sh_keystore *k, const uint8_t kek[SH_KEY_LEN],
    struct sh_error *err)
{
	if (rewrite(k, k->log2, kek, err))
		return (-1);
	k->kek = kek;
	return (0);
}

int
sh_keystore_add(struct sh_keystore *k, const struct sh_tag *holders,
    size_t n, struct sh_error *err)
{
	uint8_t bytes[SLOT];
	struct found f;
	size_t i, added = 0;

	for (i = 0; i < n;) {
		if (look(k, &holders[i], 0, &f, err))
			return (-1);
		if (f.best.state == EMPTY && f.destroyed)
			return (sh_error_set(err, SH_ENOTFOUND,
			    "key.destroyed", "the holder's key was "
			    "destroyed"));
		if (f.best.state == EMPTY && f.empty == UINT64_MAX) {
			if (rewrite(k, k->log2 + 1, NULL, err))
				return (-1);
			continue;
		}
		if (f.best.state == EMPTY) {
			if (make_slot(k, &holders[i], bytes, err) ||
			    write_slot(k, f.empty, bytes, err))
				return (-1);
			added++;
		}
		i++;
	}
	return (added > 0 ? sync_slots(k, err) : 0);
}

int
sh_keystore_destroy(struct sh_keystore *k, const struct sh_tag *holder,
    struct sh_error *err)
{
	struct found f;
	uint8_t bytes[SLOT];

	for (;;) {
		if (look(k, holder, 0, &f, err))
			return (-1);
		if (f.best.state == EMPTY)
			return (sync_slots(k, err));
		memcpy(bytes, f.best.bytes, SLOT);
		bytes[0] = DESTROYED;
		sh_put_be(bytes + 24, (uint64_t)sh_now(), 8);
		memset(bytes + 32, 0, SLOT_SUMMED - 32);
		sum(bytes);
		if (write_slot(k, f.at, bytes, err))
			return (-1);
	}
}

/* ---- check --------------------------------------------------------------- */

static int
check_slot(struct sh_keystore *k, uint64_t i, const char **findingp,
    struct sh_error *err)
{
	uint8_t aad[48], key[SH_KEY_LEN];
	enum health health;
	struct slot s;
	int r;

	*findingp = NULL;
	if (read_slot(k, i, NULL, &s, &health, err)) {
		if (err->code != SH_EFIXITY)
			return (-1);
		sh_error_clear(err);
		*findingp = "both copies of a slot are damaged";
		return (0);
	}
	if (s.state == LIVE) {
		binding(k->head, "sohoa holder", &s.holder, s.version, aad);
		r = unwrap(k->aead, k->kek, aad, s.bytes + 36, key, err);
		sh_wipe(key, sizeof(key));
		if (r < 0)
			return (-1);
		if (r == 0)
			*findingp = "a holder's key cannot be unwrapped";
	}
	if (health == SOUND)
		return (0);
	if (health == DAMAGED && *findingp == NULL)
		*findingp = "one copy of a slot is damaged";
	return (k->writable ? write_slot(k, i, s.bytes, err) : 0);
}

/* The heads and what nothing else reads: the space between. */
static int
check_heads(struct sh_keystore *k, const char **findingp,
    struct sh_error *err)
{
	uint8_t head[SLOT];
	unsigned copy;

	*findingp = NULL;
	for (copy = 0; copy < 2; copy++) {
		if (sh_pread_all(k->fd, head, SLOT, HEAD_AT(copy), err))
			return (-1);
		if (memcmp(head, k->head, SLOT) == 0)
			continue;
		*findingp = "one copy of the head is damaged";
		if (k->writable && sh_pwrite_all(k->fd, k->head, SLOT,
		    HEAD_AT(copy), err))
			return (-1);
	}
	return (0);
}

int
sh_keystore_check(struct sh_keystore *k, int (*finding)(void *, const char *,
    const char *, struct sh_error *), void *arg, struct sh_error *err)
{
	const char *what;
	uint64_t i;

	if (check_heads(k, &what, err) ||
	    (what != NULL && finding(arg, "key.damaged", what, err)))
		return (-1);
	for (i = 0; i < nslots(k->log2); i++)
		if (check_slot(k, i, &what, err) ||
		    (what != NULL && finding(arg, "key.damaged", what, err)))
			return (-1);
	return (k->writable ? sync_slots(k, err) : 0);
}
