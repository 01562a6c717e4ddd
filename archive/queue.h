/*
 * Work to be handed out: numbered items in queues of the engine, for whoever
 * cuts a large job into pieces.
 *
 * An item is handed out until it is done; it may be handed out twice, so what
 * is done for it must come to the same when it is done again.  Times are the
 * caller's: any number that grows will do, so that a clock that jumps can do
 * no harm where a single process works.
 */
#ifndef SH_ARCHIVE_QUEUE_H
#define SH_ARCHIVE_QUEUE_H

#include "archive/archive.h"
#include "archive/engine.h"

/* Queues below are the archive's own. */
#define SH_QUEUE_FIRST	16
#define SH_QUEUE_LAST	255

struct sh_queued {
	uint32_t number;
	uint32_t tries;		/* times handed out, this one counted */
	struct sh_engine_job job;
};

/*
 * Queue the numbers of NAME; one that is waiting already is left alone.
 * Durable, and idempotent but for items that were done in between.
 */
int sh_queue_add(struct sh_archive *ar, unsigned queue, const char *name,
    const uint32_t *numbers, size_t n, struct sh_error *err) SH_MUST_CHECK;

/*
 * The next item that is due at NOW: 1, with its attempt counted durably;
 * 0 when there is none.  It is due again at NOW + TTL.
 */
int sh_queue_lease(struct sh_archive *ar, unsigned queue, int64_t now,
    int64_t ttl, struct sh_queued *out, struct sh_error *err);

/* The item is done for good. */
int sh_queue_done(struct sh_archive *ar, const struct sh_queued *item,
    struct sh_error *err) SH_MUST_CHECK;

#endif
