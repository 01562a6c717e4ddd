/*
 * A home's backup: its archive (archive/backup.h), its settings, catalogue,
 * rights and seals; and its keys, in another folder.
 */
#ifndef SH_PIPELINE_BACKUP_H
#define SH_PIPELINE_BACKUP_H

#include "archive/backup.h"
#include "pipeline/home.h"

/*
 * Add an increment to DIR, others may write meanwhile.  KEYS, unless NULL, is
 * a folder that the keys are copied to, after the archive: whoever has both
 * has everything.
 * Errors: SH_EARG "backup.keys", the folder lies in the backup.
 */
int sh_home_backup(const struct sh_home *h, const char *dir,
    const char *keys, struct sh_backup_made *made, struct sh_error *err)
    SH_MUST_CHECK;

/*
 * Make the home HOME, which must not exist, from a backup and the copy of its
 * keys: up to position TO of the feed (UINT64_MAX: all).  Seals come along
 * only with all of it: those of a later state would call an earlier one
 * rolled back.  A crash leaves nothing under HOME, or all of it.
 * Errors: SH_EEXISTS "home.exists".
 */
int sh_home_restore(const char *dir, const char *keys, const char *home,
    uint64_t to, json_t **answer, struct sh_error *err) SH_MUST_CHECK;

#endif
