/*
 * Scrubbing: what is kept is read from the disk and proven, a budget at a
 * time, what was proven longest ago first.
 *
 * The feed is cut into spans of SH_SPAN_EVENTS changes.  A span is proven by
 * opening every event and, for each document that it archived, the record
 * and every blob, whole.  When each span was last proven, and what was wrong,
 * stands in a folder of its own (archive/FORMAT, "Scrubbing").
 *
 * Works beside a writer, on a handle that only reads.  One scrub at a time
 * in a folder: else SH_EAGAIN "lock.held".
 */
#ifndef SH_ARCHIVE_FIXITY_H
#define SH_ARCHIVE_FIXITY_H

#include <stdint.h>

#include "archive/archive.h"
#include "signing/signer.h"

#define SH_SPAN_EVENTS	4096

struct sh_scrub {
	const char *dir;
	uint64_t bytes;		/* budget: no further span once they are read */
	int64_t now;
	const volatile int *stop;	/* set: end behind this document; NULL */
	void (*progress)(void *arg, uint64_t done, uint64_t total);
	void *arg;		/* of progress, which hears bytes; NULL */
};

/*
 * {"spans", "never", "oldest", "documents", "bytes", "findings":[{"key",
 * "text", "document", "at"}]}: what this call proved and how all stands:
 * schemas/scrub.schema.json.  Findings are no error.
 */
int sh_fixity_scrub(struct sh_archive *ar, const struct sh_scrub *how,
    json_t **answer, struct sh_error *err) SH_MUST_CHECK;

/*
 * Mend what scrubs have found: each blob that cannot be read is stored again
 * from FROM, a backup or another copy's home, if the bytes there open under
 * its key and have its digest; a "repair" in the chains of its document's
 * holders tells of it.  Findings that are mended leave the list, all others
 * stay.  The answer is that of a scrub with "repaired", blobs stored.  AR was
 * opened for writing.
 * Errors: SH_ENOTFOUND "scrub.source".
 */
int sh_fixity_repair(struct sh_archive *ar, const struct sh_reader *who,
    const char *dir, const char *from, json_t **answer, struct sh_error *err)
    SH_MUST_CHECK;

/* How all stands, nothing being read; SH_ENOTFOUND "scrub.never". */
int sh_fixity_status(const char *dir, json_t **answer, struct sh_error *err)
    SH_MUST_CHECK;

/*
 * Durable: DIR/report-YYYY-MM.json about the month of NOW, and beside it
 * .p7s, the signer's detached CMS over its bytes.  *PATHP: free().
 */
int sh_fixity_report(struct sh_archive *ar, const char *dir,
    struct sh_signer *signer, int64_t now, char **pathp,
    struct sh_error *err) SH_MUST_CHECK;

#endif
