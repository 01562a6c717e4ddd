/* The key store's reads. */
#include "archive/keystore_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/mem.h"

int
sh_keystore_damaged(const struct sh_keystore *k, struct sh_error *err,
    const char *what)
{
	return (sh_error_set(err, SH_EFIXITY, "key.damaged", "%s: %s",
	    k->path, what));
}

/* ---- wrapping ------------------------------------------------------------ */

void
sh_keystore_binding(const uint8_t head[SLOT], const char *what,
    const struct sh_tag *holder, uint32_t version, uint8_t aad[48])
{
	memset(aad, 0, 48);
	memcpy(aad, what, strlen(what));
	memcpy(aad + 12, head + 16, 16);
	if (holder != NULL)
		memcpy(aad + 28, holder->b, 16);
	sh_put_be(aad + 44, version, 4);
}

int
sh_keystore_unwrap(struct sh_aead *a, const uint8_t *kek,
    const uint8_t aad[48], const uint8_t *wrapped, uint8_t key[SH_KEY_LEN],
    struct sh_error *err)
{
	return (sh_aead_open(a, kek, wrapped, aad, 48,
	    wrapped + SH_NONCE_LEN, SH_KEY_LEN, key, err));
}

/* ---- slots --------------------------------------------------------------- */

/* 0, or -1 when the bytes are no slot. */
static int
parse_slot(const uint8_t bytes[SLOT], struct sh_slot *s)
{
	memcpy(s->bytes, bytes, SLOT);
	bytes = s->bytes;	/* the map may change meanwhile */
	s->state = EMPTY;
	if (slot_is_zero(bytes))
		return (0);
	if (sh_get_be(bytes + SLOT_SUMMED, 4) !=
	    sh_crc32c(0, bytes, SLOT_SUMMED) ||
	    (bytes[0] != LIVE && bytes[0] != DESTROYED))
		return (-1);
	s->state = (enum sh_slot_state)bytes[0];
	s->version = (uint32_t)sh_get_be(bytes + 4, 4);
	memcpy(s->holder.b, bytes + 8, 16);
	return (0);
}

/* The slot from whichever of its copies is whole, given the first's RA. */
static int
choose(const struct sh_keystore *k, int ra, const uint8_t a[SLOT],
    const uint8_t b[SLOT], struct sh_slot *s, enum sh_slot_health *healthp,
    struct sh_error *err)
{
	struct sh_slot second;
	int rb;

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
	return (sh_keystore_damaged(k, err,
	    "both copies of a slot are damaged"));
}

int
sh_keystore_choose(const struct sh_keystore *k, const uint8_t a[SLOT],
    const uint8_t b[SLOT], struct sh_slot *s, enum sh_slot_health *healthp,
    struct sh_error *err)
{
	*healthp = SOUND;
	return (choose(k, parse_slot(a, s), a, b, s, healthp, err));
}

int
sh_keystore_slot(struct sh_keystore *k, uint64_t i, struct sh_slot *s,
    enum sh_slot_health *healthp, struct sh_error *err)
{
	uint8_t a[SLOT], b[SLOT];

	if (sh_pread_all(k->fd, a, SLOT, slot_at(k->log2, 0, i), err) ||
	    sh_pread_all(k->fd, b, SLOT, slot_at(k->log2, 1, i), err))
		return (-1);
	return (sh_keystore_choose(k, a, b, s, healthp, err));
}

/* Slot I in the map; a whole first copy is not compared with the second. */
static int
mapped_slot(const struct sh_keystore *k, uint64_t i, struct sh_slot *s,
    enum sh_slot_health *healthp, struct sh_error *err)
{
	const uint8_t *a = k->map + slot_at(k->log2, 0, i);
	uint8_t first[SLOT], second[SLOT];
	int ra = parse_slot(a, s);

	*healthp = SOUND;
	if (ra == 0 && s->state != EMPTY)
		return (0);
	memcpy(first, s->bytes, SLOT);
	memcpy(second, k->map + slot_at(k->log2, 1, i), SLOT);
	return (choose(k, ra, first, second, s, healthp, err));
}

/* ---- head ---------------------------------------------------------------- */

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
		return (sh_keystore_damaged(k, err, "this is no key store"));
	format = (uint32_t)sh_get_be(k->head + 8, 4);
	k->log2 = (unsigned)sh_get_be(k->head + 12, 4);
	if (format != 1)
		return (sh_error_set(err, SH_EUNSUPPORTED, "key.format",
		    "%s has format %u, this program knows 1", k->path,
		    format));
	if (k->log2 < 1 || k->log2 > LAST_LOG2)
		return (sh_keystore_damaged(k, err, "its size"));
	return (0);
}

static int
unwrap_root(struct sh_keystore *k, struct sh_error *err)
{
	uint8_t aad[48];
	int r;

	if (sh_secret_new(&k->root, SH_KEY_LEN, err))
		return (-1);
	sh_keystore_binding(k->head, "sohoa root", NULL,
	    (uint32_t)sh_get_be(k->head + 32, 4), aad);
	r = sh_keystore_unwrap(k->aead, k->kek, aad, k->head + 36,
	    k->root.data, err);
	if (r == 0)
		return (sh_error_set(err, SH_EDENIED, "key.wrong",
		    "%s belongs to another archive key", k->path));
	return (r < 0 ? -1 : 0);
}

/* ---- open ---------------------------------------------------------------- */

void
sh_keystore_close_file(struct sh_keystore *k)
{
	if (k->map != NULL)
		(void)munmap((void *)(uintptr_t)k->map, k->mapped);
	if (k->fd >= 0)
		(void)close(k->fd);
	k->map = NULL;
	k->fd = -1;
}

static uint64_t
news_of(const struct sh_keystore *k)
{
	return (__atomic_load_n((const uint64_t *)(const void *)(k->map +
	    NEWS_AT), __ATOMIC_ACQUIRE));
}

static int
map_file(struct sh_keystore *k, const struct stat *st, struct sh_error *err)
{
	void *map;

	if ((st->st_mode & 077) != 0)
		return (sh_error_set(err, SH_EDENIED, "key.mode",
		    "key store %s has mode %04o; only its owner may read it",
		    k->path, (unsigned)(st->st_mode & 07777)));
	k->ino = st->st_ino;
	if (read_head(k, err))
		return (-1);
	if ((uint64_t)st->st_size < slot_at(k->log2, 2, 0))
		return (sh_keystore_damaged(k, err, "the file is too short"));
	k->mapped = (size_t)slot_at(k->log2, 2, 0);
	map = mmap(NULL, k->mapped, PROT_READ, MAP_SHARED, k->fd, 0);
	if (map == MAP_FAILED)
		return (sh_error_sys(err, "key.read", "%s", k->path));
	k->map = map;
	/* Slots lie as they fall: what is near one is of no use. */
	(void)madvise(map, k->mapped, MADV_RANDOM);
	/* A replacement that a crash cut short is not coming any more. */
	if (k->writable && news_of(k) == NEWS_REPLACED &&
	    sh_keystore_tell_anew(k, err))
		return (-1);
	k->news = news_of(k);
	return (0);
}

/* In K there is the file at its path, or nothing has changed. */
int
sh_keystore_open_file(struct sh_keystore *k, struct sh_error *err)
{
	struct sh_keystore old = *k;
	struct stat st;

	k->map = NULL;
	k->fd = open(k->path, (k->writable ? O_RDWR : O_RDONLY) | O_CLOEXEC);
	if (k->fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		(void)sh_error_set(err, SH_ENOTFOUND, "key.missing",
		    "key store %s is not there", k->path);
	else if (k->fd < 0 || fstat(k->fd, &st) != 0)
		(void)sh_error_sys(err, "key.read", "%s", k->path);
	else if (map_file(k, &st, err) == 0) {
		sh_keystore_close_file(&old);
		return (0);
	}
	sh_keystore_close_file(k);
	*k = old;
	return (-1);
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
	    (k->aead = sh_aead_new(err)) == NULL ||
	    sh_keystore_open_file(k, err) || unwrap_root(k, err)) {
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
	sh_keystore_close_file(k);
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

enum sh_keystore_news
sh_keystore_news(struct sh_keystore *k)
{
	uint64_t news = news_of(k);
	struct stat st;

	if (news == k->news)
		return (SH_KEYS_AS_BEFORE);
	if (news != NEWS_REPLACED)
		k->news = news;
	else if (stat(k->path, &st) == 0 && st.st_ino != k->ino)
		return (SH_KEYS_REPLACED);
	return (SH_KEYS_DESTROYED);
}

/* ---- looking up ---------------------------------------------------------- */

void
sh_keystore_expect(const struct sh_keystore *k, const struct sh_tag *holder)
{
	const uint8_t *slot = k->map + slot_at(k->log2, 0, slot_home(k->log2,
	    holder));

	__builtin_prefetch(slot);
	__builtin_prefetch(slot + SLOT / 2);
}

void
sh_keystore_fetch(const struct sh_keystore *k, const struct sh_tag *holder)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	uint64_t at = slot_at(k->log2, 0, slot_home(k->log2, holder));

	(void)madvise((void *)(uintptr_t)(k->map + at / page * page), page,
	    MADV_WILLNEED);
}

int
sh_keystore_look(struct sh_keystore *k, const struct sh_tag *holder,
    uint32_t version, struct sh_slots_found *f, struct sh_error *err)
{
	struct sh_slot s;
	uint64_t first = slot_home(k->log2, holder), i;
	enum sh_slot_health health;

	memset(f, 0, sizeof(*f));
	f->empty = UINT64_MAX;
	for (i = 0; i < PROBES; i++) {
		if (mapped_slot(k, first + i, &s, &health, err))
			return (-1);
		if (s.state == EMPTY) {
			f->empty = first + i;
			return (0);
		}
		if (health != SOUND && k->writable &&
		    sh_keystore_write_slot(k, first + i, s.bytes, err))
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

int
sh_keystore_get(struct sh_keystore *k, const struct sh_tag *holder,
    uint32_t *versionp, uint8_t key[SH_KEY_LEN], struct sh_error *err)
{
	struct sh_slots_found f;
	uint8_t aad[48];
	int r;

	if (sh_keystore_look(k, holder, *versionp, &f, err))
		return (-1);
	if (f.best.state == EMPTY && f.destroyed)
		return (sh_error_set(err, SH_ENOTFOUND, "key.destroyed",
		    "the holder's key was destroyed"));
	if (f.best.state == EMPTY)
		return (0);
	sh_keystore_binding(k->head, "sohoa holder", holder, f.best.version,
	    aad);
	r = sh_keystore_unwrap(k->aead, k->kek, aad, f.best.bytes + 36, key,
	    err);
	if (r == 0)
		return (sh_keystore_damaged(k, err, "a holder's key"));
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
		    &err) != 0 || !slot_is_zero(slot))
			n++;
	return (n);
}
