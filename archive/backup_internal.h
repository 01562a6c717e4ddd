/*
 * An increment as a stream of items, written and read.
 *
 * Invariants
 *  - Items come whole and in order; behind the last, 'E', stands the SHA-256
 *    of everything before it.
 *  - A change comes behind the blobs that it refers to for the first time.
 */
#ifndef SH_ARCHIVE_BACKUP_INTERNAL_H
#define SH_ARCHIVE_BACKUP_INTERNAL_H

#include "archive/archive_internal.h"
#include "archive/backup.h"

#define SH_BACKUP_MAGIC	"sohoaBKP"

/* Kinds of items; frozen. */
enum sh_backup_kind {
	SH_BACKUP_HEAD = 'H',		/* JSON */
	SH_BACKUP_BLOB = 'B',		/* name (32), sealed bytes */
	SH_BACKUP_CHANGE = 'C',
	SH_BACKUP_DISPOSAL = 'D',	/* a change without what it removes */
	SH_BACKUP_FILE = 'F',		/* length of name (2), name, bytes */
	SH_BACKUP_END = 'E'		/* JSON */
};

/* The most bytes of an item that is held in memory. */
#define SH_BACKUP_ITEM_MAX	((size_t)64 << 20)

struct sh_backup_item {
	enum sh_backup_kind kind;
	uint64_t at;		/* of its payload in the file */
	uint64_t len;
};

/* An increment being read, its digest proven before the first item. */
struct sh_backup_in {
	int fd;
	char *path;
	uint64_t at, end;	/* next item; behind the last */
	struct sh_digest digest;
	json_t *head, *tail;
};

/*
 * Open increment NUMBER of DIR: 1, 0 when there is none, or -1.
 * Errors: SH_EFIXITY "backup.damaged".
 */
int sh_backup_open(const char *dir, uint32_t number, struct sh_backup_in *in,
    struct sh_error *err);
void sh_backup_close(struct sh_backup_in *in);
/* 1 with the next item, 0 at the end, or -1. */
int sh_backup_next(struct sh_backup_in *in, struct sh_backup_item *item,
    struct sh_error *err);
int sh_backup_payload(const struct sh_backup_in *in,
    const struct sh_backup_item *item, struct sh_buf *out,
    struct sh_error *err) SH_MUST_CHECK;

char *sh_backup_path(const char *dir, uint32_t number, struct sh_error *err);
int sh_backup_damaged(const char *path, const char *what,
    struct sh_error *err);

#endif
