/*
 * Backups: the feed written down, change by change, with everything that
 * each change put there.
 *
 * A backup is a folder of numbered increments; each goes on behind the one
 * before and names its digest.  It is made from the engine's contract alone,
 * while others write, so it can be restored into any engine and any later
 * format, and to any change.  What it holds is sealed as in the archive: it
 * is worth nothing without the keys, which are kept apart.  Destroying a
 * holder's key destroys that holder in every backup.
 *
 * Format: archive/FORMAT, "Backup".
 */
#ifndef SH_ARCHIVE_BACKUP_H
#define SH_ARCHIVE_BACKUP_H

#include "archive/archive.h"

/* A file that goes with the archive: NAME is its path below the home. */
struct sh_backup_file {
	char *name;
	char *path;
};

struct sh_backup_made {
	uint32_t number;	/* of the increment; 0: nothing was new */
	uint64_t changes;
	uint64_t blobs;
	uint64_t bytes;		/* of the increment */
	uint64_t position;	/* in the feed, summed over shards */
};

/*
 * Add an increment to the folder DIR, which is made when it is missing.
 * FILES are written down when they changed since the last increment.
 * Durable: the increment is there, whole and synced, or not at all.
 * Errors: SH_EDENIED "backup.other", another archive's; SH_EFIXITY
 * "backup.damaged"; SH_ESYSTEM.
 */
int sh_archive_backup(struct sh_archive *ar, const char *dir,
    const struct sh_backup_file *files, size_t nfiles,
    struct sh_backup_made *made, struct sh_error *err) SH_MUST_CHECK;

/* Read the backup's every byte: {"archive", "increments", "changes", …}. */
int sh_backup_verify(const char *dir, json_t **answer, struct sh_error *err)
    SH_MUST_CHECK;

/*
 * Make the archive that the backup holds at PLACE, whose keys are there
 * already and where no engine is: up to position TO of the feed (UINT64_MAX:
 * all).  FILE, unless NULL, is given each file of the newest state: the LEN
 * bytes of FD at AT, whatever their number.
 * Errors: SH_EEXISTS; SH_EDENIED "key.wrong"; SH_EFIXITY "backup.damaged".
 */
int sh_backup_restore(const char *dir, const struct sh_archive_place *place,
    const struct sh_catalogue *catalogue, uint64_t to,
    int (*file)(void *arg, const char *name, int fd, uint64_t at,
    uint64_t len, struct sh_error *err), void *arg, json_t **answer,
    struct sh_error *err) SH_MUST_CHECK;

#endif
