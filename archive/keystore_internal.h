/*
 * What reading and writing the key store share.
 *
 * Invariants: a slot is empty exactly when it is all zeros; no empty slot
 * stands between a holder's home and any of its slots; the table has PROBES
 * slots behind the last home, so that nothing wraps around.
 *
 * The file is mapped for looking up, which costs a call of the system each
 * time otherwise; the check reads it, so that a bad sector is an error there.
 */
#ifndef SH_ARCHIVE_KEYSTORE_INTERNAL_H
#define SH_ARCHIVE_KEYSTORE_INTERNAL_H

#include <string.h>
#include <sys/types.h>

#include "archive/keystore.h"
#include "base/buf.h"
#include "base/digest.h"

/* The layouts below are frozen: archive/FORMAT, "Key store". */
#define HEAD_AT(copy)	((uint64_t)(copy) * 4096)
#define NEWS_AT		128
#define TABLE_AT	8192
#define SLOT		128
#define SLOT_SUMMED	124
#define PROBES		64	/* a holder lies this near to its home */
#define FIRST_LOG2	10
#define LAST_LOG2	32

#define NEWS_REPLACED	UINT64_MAX

enum sh_slot_state { EMPTY = 0, LIVE = 1, DESTROYED = 2 };

struct sh_keystore {
	char *path;
	int fd;
	int writable;
	int stopped;
	ino_t ino;
	unsigned log2;
	uint8_t head[SLOT];
	const uint8_t *map;
	size_t mapped;
	uint64_t news;		/* as they were when last asked for */
	const uint8_t *kek;
	struct sh_aead *aead;
	struct sh_secret root;
};

struct sh_slot {
	enum sh_slot_state state;
	uint32_t version;
	struct sh_tag holder;
	uint8_t bytes[SLOT];
};

/* How the two copies of a slot stand to each other. */
enum sh_slot_health {
	SOUND,
	UNFINISHED,	/* a write was cut short: one copy is older */
	DAMAGED		/* one copy is no slot */
};

/* What the slots from a holder's home on say. */
struct sh_slots_found {
	struct sh_slot best;	/* state EMPTY: none */
	uint64_t at;
	uint64_t empty;		/* first empty slot, UINT64_MAX: none near */
	int destroyed;
};

static inline uint64_t
nslots(unsigned log2)
{
	return (((uint64_t)1 << log2) + PROBES);
}

static inline uint64_t
slot_at(unsigned log2, unsigned copy, uint64_t i)
{
	return (TABLE_AT + (copy * nslots(log2) + i) * SLOT);
}

static inline uint64_t
slot_home(unsigned log2, const struct sh_tag *holder)
{
	return (sh_get_be(holder->b, 8) >> (64 - log2));
}

static inline int
slot_is_zero(const uint8_t bytes[SLOT])
{
	static const uint8_t zero[SLOT];

	return (memcmp(bytes, zero, SLOT) == 0);
}

static inline void
slot_sum(uint8_t bytes[SLOT])
{
	sh_put_be(bytes + SLOT_SUMMED, sh_crc32c(0, bytes, SLOT_SUMMED), 4);
}

int sh_keystore_damaged(const struct sh_keystore *k, struct sh_error *err,
    const char *what);

/* What a wrapped key is bound to: store, whose key it is, version. */
void sh_keystore_binding(const uint8_t head[SLOT], const char *what,
    const struct sh_tag *holder, uint32_t version, uint8_t aad[48]);
int sh_keystore_unwrap(struct sh_aead *a, const uint8_t *kek,
    const uint8_t aad[48], const uint8_t *wrapped, uint8_t key[SH_KEY_LEN],
    struct sh_error *err);

/* A slot from whichever of its copies A and B is whole. */
int sh_keystore_choose(const struct sh_keystore *k, const uint8_t a[SLOT],
    const uint8_t b[SLOT], struct sh_slot *s, enum sh_slot_health *healthp,
    struct sh_error *err);
/* Slot I, by reading both. */
int sh_keystore_slot(struct sh_keystore *k, uint64_t i, struct sh_slot *s,
    enum sh_slot_health *healthp, struct sh_error *err);
int sh_keystore_write_slot(struct sh_keystore *k, uint64_t i,
    const uint8_t bytes[SLOT], struct sh_error *err);
int sh_keystore_look(struct sh_keystore *k, const struct sh_tag *holder,
    uint32_t version, struct sh_slots_found *f, struct sh_error *err);

/* Opens the file at the store's path in place of the one it has. */
int sh_keystore_open_file(struct sh_keystore *k, struct sh_error *err);
void sh_keystore_close_file(struct sh_keystore *k);

/* To every process that has the store open: NEWS, or a number of their own. */
int sh_keystore_tell(struct sh_keystore *k, uint64_t news,
    struct sh_error *err);
int sh_keystore_tell_anew(struct sh_keystore *k, struct sh_error *err);

#endif
