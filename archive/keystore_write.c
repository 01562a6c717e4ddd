/* The key store's writes: creating, adding, growing, destroying; the check. */
#include "archive/keystore_internal.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/mem.h"

#define DRAWN	64	/* keys drawn at once: a call for each costs more */
#define RUN	512	/* slots read at once when the store is rewritten */

/* ---- slots --------------------------------------------------------------- */

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

int
sh_keystore_write_slot(struct sh_keystore *k, uint64_t i,
    const uint8_t bytes[SLOT], struct sh_error *err)
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

int
sh_keystore_tell(struct sh_keystore *k, uint64_t news, struct sh_error *err)
{
	return (sh_pwrite_all(k->fd, &news, sizeof(news), NEWS_AT, err));
}

int
sh_keystore_tell_anew(struct sh_keystore *k, struct sh_error *err)
{
	uint64_t news;

	return (sh_random(&news, sizeof(news), err) ||
	    sh_keystore_tell(k, news, err) ? -1 : 0);
}

/* ---- create -------------------------------------------------------------- */

static void
make_head(uint8_t head[SLOT], const uint8_t *old, unsigned log2)
{
	if (old != NULL)
		memcpy(head, old, SLOT);
	memcpy(head, "sohoaKEY", 8);
	sh_put_be(head + 8, 1, 4);
	sh_put_be(head + 12, log2, 4);
	slot_sum(head);
}

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
	sh_keystore_binding(file, "sohoa root", NULL, 1, aad);
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

/* ---- adding -------------------------------------------------------------- */

/* Not worth locked memory of their own: wiped in a moment. */
struct drawn {
	uint8_t keys[DRAWN][SH_KEY_LEN];
	size_t left;
};

static int
make_slot(struct sh_keystore *k, const struct sh_tag *holder,
    const uint8_t key[SH_KEY_LEN], uint8_t bytes[SLOT], struct sh_error *err)
{
	uint8_t aad[48];

	memset(bytes, 0, SLOT);
	bytes[0] = LIVE;
	sh_put_be(bytes + 4, 1, 4);
	memcpy(bytes + 8, holder->b, 16);
	sh_put_be(bytes + 24, (uint64_t)sh_now(), 8);
	sh_put_be(bytes + 32, 1, 4);
	sh_keystore_binding(k->head, "sohoa holder", holder, 1, aad);
	if (wrap(k->aead, k->kek, aad, key, bytes + 36, err))
		return (-1);
	slot_sum(bytes);
	return (0);
}

/*
 * A table of 2^LOG2 on its way into a file.  Slots come in the order of the
 * old table, so nearly in that of the new one: it is written from its start
 * to its end, with a window in memory of where slots may still fall.
 */
struct table {
	int fd;
	unsigned log2;
	uint64_t first;		/* slot that the window begins with */
	size_t cap;		/* slots in it */
	uint8_t *window;
};

/* Write what lies before slot UPTO; the window begins there then. */
static int
table_flush(struct table *t, uint64_t upto, struct sh_error *err)
{
	size_t n, all = t->cap * SLOT;

	while (t->first < upto) {
		n = upto - t->first < t->cap ? (size_t)(upto - t->first) :
		    t->cap;
		if (sh_pwrite_all(t->fd, t->window, n * SLOT,
		    slot_at(t->log2, 0, t->first), err) ||
		    sh_pwrite_all(t->fd, t->window, n * SLOT,
		    slot_at(t->log2, 1, t->first), err))
			return (-1);
		t->first += n;
		memmove(t->window, t->window + n * SLOT, all - n * SLOT);
		memset(t->window + all - n * SLOT, 0, n * SLOT);
	}
	return (0);
}

/* A slot near its home; 1 when there is no room, -1 when it lay elsewhere. */
static int
table_place(struct table *t, const struct sh_slot *s)
{
	uint64_t i, home = slot_home(t->log2, &s->holder);

	if (home < t->first || home - t->first > t->cap - PROBES)
		return (-1);
	for (i = home - t->first; i < home - t->first + PROBES; i++) {
		if (!slot_is_zero(t->window + i * SLOT))
			continue;
		memcpy(t->window + i * SLOT, s->bytes, SLOT);
		return (0);
	}
	return (1);
}

/* A holder's key, wrapped anew by KEK. */
static int
rewrap_slot(struct sh_keystore *k, const uint8_t *kek, struct sh_slot *s,
    struct sh_error *err)
{
	uint8_t aad[48], key[SH_KEY_LEN];
	int r;

	sh_keystore_binding(k->head, "sohoa holder", &s->holder, s->version, aad);
	r = sh_keystore_unwrap(k->aead, k->kek, aad, s->bytes + 36, key, err);
	if (r == 1)
		r = wrap(k->aead, kek, aad, key, s->bytes + 36, err);
	else if (r == 0)
		r = sh_keystore_damaged(k, err, "a holder's key");
	sh_wipe(key, sizeof(key));
	sh_put_be(s->bytes + 32, sh_get_be(s->bytes + 32, 4) + 1, 4);
	slot_sum(s->bytes);
	return (r);
}

/*
 * Slots FIRST to FIRST + N into T, wrapped by KEK unless that is NULL; 1 when
 * one has no room there.  COPIES is room for N slots twice.
 */
static int
copy_run(struct sh_keystore *k, struct table *t, uint64_t first, size_t n,
    const uint8_t *kek, uint8_t *copies, struct sh_error *err)
{
	unsigned wider = t->log2 - k->log2;
	enum sh_slot_health health;
	struct sh_slot s;
	size_t i;
	int r;

	/* Homes lie before slots, at most as many as are looked at. */
	if ((first > PROBES && table_flush(t, (first - PROBES) << wider,
	    err)) || sh_pread_all(k->fd, copies, n * SLOT,
	    slot_at(k->log2, 0, first), err) || sh_pread_all(k->fd, copies +
	    n * SLOT, n * SLOT, slot_at(k->log2, 1, first), err))
		return (-1);
	for (i = 0; i < n; i++) {
		if (sh_keystore_choose(k, copies + i * SLOT, copies + (n +
		    i) * SLOT, &s, &health, err))
			return (-1);
		if (s.state == LIVE && kek != NULL &&
		    rewrap_slot(k, kek, &s, err))
			return (-1);
		r = s.state != EMPTY ? table_place(t, &s) : 0;
		if (r < 0)
			return (sh_keystore_damaged(k, err,
			    "a slot is not where its holder's lie"));
		if (r > 0)
			return (1);
	}
	return (0);
}

static int
copy_slots(struct sh_keystore *k, struct table *t, const uint8_t *kek,
    struct sh_error *err)
{
	uint64_t i, n, all = nslots(k->log2);
	uint8_t *copies;
	int r = 0;

	/* A run's homes, those before it and what may lie behind them. */
	t->cap = ((size_t)(RUN + PROBES) << (t->log2 - k->log2)) + PROBES;
	copies = sh_alloc(2 * RUN, SLOT, "slots", err);
	if (copies == NULL || (t->window = sh_alloc(t->cap, SLOT, "slots",
	    err)) == NULL)
		r = -1;
	for (i = 0; r == 0 && i < all; i += n) {
		n = all - i < RUN ? all - i : RUN;
		r = copy_run(k, t, i, n, kek, copies, err);
	}
	if (r == 0)
		r = table_flush(t, nslots(t->log2), err);
	free(t->window);
	free(copies);
	return (r);
}

/*
 * Heads and every slot into FD, with tables of 2^LOG2, wrapped by KEK unless
 * that is NULL; 1 when a slot has no room there.
 */
static int
copy_store(struct sh_keystore *k, int fd, unsigned log2, const uint8_t *kek,
    struct sh_error *err)
{
	struct table t = { .fd = fd, .log2 = log2 };
	uint8_t head[SLOT], old[SLOT], aad[48];
	int r;

	memcpy(old, k->head, SLOT);
	sh_keystore_binding(old, "sohoa root", NULL, (uint32_t)sh_get_be(old + 32, 4),
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
	if ((r = copy_slots(k, &t, kek, err)) != 0)
		return (r);
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
	} while ((r = copy_store(k, fd, log2++, kek, err)) == 1);
	/* Told before it is so: nobody could tell it after a crash. */
	if (r == 0)
		r = sh_keystore_tell(k, NEWS_REPLACED, err);
	if (r == 0 && rename(path, k->path) != 0)
		r = sh_error_sys(err, "key.write", "%s", k->path);
	if (r == 0 && (sh_fs_sync_parent(k->path, err) ||
	    sh_keystore_open_file(k, err))) {
		/* The file that is open is not the one that counts. */
		k->stopped = 1;
		r = -1;
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

/* 1 if HOLDERS[0] has a key now, 0 if it had one; N are still to come. */
static int
add_one(struct sh_keystore *k, const struct sh_tag *holders, size_t n,
    struct drawn *d, struct sh_error *err)
{
	struct sh_slots_found f;
	uint8_t bytes[SLOT];

	for (;;) {
		if (sh_keystore_look(k, &holders[0], 0, &f, err))
			return (-1);
		if (f.best.state != EMPTY)
			return (0);
		if (f.destroyed)
			return (sh_error_set(err, SH_ENOTFOUND,
			    "key.destroyed", "the holder's key was "
			    "destroyed"));
		if (f.empty != UINT64_MAX)
			break;
		if (rewrite(k, k->log2 + 1, NULL, err))
			return (-1);
	}
	if (d->left == 0) {
		n = n < DRAWN ? n : DRAWN;
		if (sh_random(d->keys, n * SH_KEY_LEN, err))
			return (-1);
		d->left = n;
	}
	if (make_slot(k, &holders[0], d->keys[--d->left], bytes, err) ||
	    sh_keystore_write_slot(k, f.empty, bytes, err))
		return (-1);
	return (1);
}

int
sh_keystore_add(struct sh_keystore *k, const struct sh_tag *holders,
    size_t n, struct sh_error *err)
{
	struct drawn d = { .left = 0 };
	size_t i, added = 0;
	int r = 0;

	for (i = 0; i < n && r >= 0; i++) {
		r = add_one(k, holders + i, n - i, &d, err);
		added += r > 0;
	}
	sh_wipe(d.keys, sizeof(d.keys));
	if (r < 0)
		return (-1);
	return (added > 0 ? sync_slots(k, err) : 0);
}

int
sh_keystore_destroy(struct sh_keystore *k, const struct sh_tag *holder,
    struct sh_error *err)
{
	struct sh_slots_found f;
	uint8_t bytes[SLOT];

	for (;;) {
		if (sh_keystore_look(k, holder, 0, &f, err))
			return (-1);
		if (f.best.state == EMPTY)
			return (sh_keystore_tell_anew(k, err) ||
			    sync_slots(k, err) ? -1 : 0);
		memcpy(bytes, f.best.bytes, SLOT);
		bytes[0] = DESTROYED;
		sh_put_be(bytes + 24, (uint64_t)sh_now(), 8);
		memset(bytes + 32, 0, SLOT_SUMMED - 32);
		slot_sum(bytes);
		if (sh_keystore_write_slot(k, f.at, bytes, err))
			return (-1);
	}
}

/* ---- check --------------------------------------------------------------- */

static int
check_slot(struct sh_keystore *k, uint64_t i, const char **findingp,
    struct sh_error *err)
{
	uint8_t aad[48], key[SH_KEY_LEN];
	enum sh_slot_health health;
	struct sh_slot s;
	int r;

	*findingp = NULL;
	if (sh_keystore_slot(k, i, &s, &health, err)) {
		if (err->code != SH_EFIXITY)
			return (-1);
		sh_error_clear(err);
		*findingp = "both copies of a slot are damaged";
		return (0);
	}
	if (s.state == LIVE) {
		sh_keystore_binding(k->head, "sohoa holder", &s.holder,
		    s.version, aad);
		r = sh_keystore_unwrap(k->aead, k->kek, aad, s.bytes + 36,
		    key, err);
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
	return (k->writable ? sh_keystore_write_slot(k, i, s.bytes, err) : 0);
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
