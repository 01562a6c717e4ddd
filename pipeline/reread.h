/*
 * Archived documents read again: with another engine, model or treatment.
 *
 * What is read is the archived PDF as it was before it was signed, so that
 * no signature's appearance is taken for the paper's words.  Only a better
 * reading takes the old one's place: more letters expected right, no field
 * lost, no critical value changed (that is told, for a person to see).  What
 * people confirmed stays as they said.  A better reading becomes a document
 * of its own with the same pages, the same signed PDF and the new words and
 * fields; it supersedes the old one, whose record says by what.
 *
 * Engine, model and program stand in each record's "made_by", the
 * treatments in each page's reading.
 */
#ifndef SH_PIPELINE_REREAD_H
#define SH_PIPELINE_REREAD_H

#include <stddef.h>

#include "archive/archive.h"
#include "base/error.h"
#include "base/json.h"
#include "ocr/page.h"
#include "pipeline/home.h"
#include "pipeline/worker_pool.h"

struct sh_reread {
	struct sh_home *home;
	struct sh_pool *pool;
	struct sh_reader who;
	const char *type;			/* slug, or NULL */
	const struct sh_document_id *document;	/* or NULL */
	/*
	 * Conditions that must all hold, parted by commas: a name, one of
	 * < > = !=, a value.  Names: model, engine, sohoa (compared as
	 * versions; "current" is today's), confidence (the least of the
	 * pages, 0..1), archived (yyyy-mm-dd).  NULL: none.
	 */
	const char *where;
	int dry;				/* change nothing */
	const volatile int *stop;
	void (*progress)(void *arg, size_t done, size_t known);
	/* What came of one document; schemas/reread.schema.json. */
	void (*told)(void *arg, const json_t *outcome);
	void *arg;
};

/*
 * Documents that were tried with this engine before are not read again, so
 * that a stopped run goes on where it was.  *ANSWER:
 * schemas/reread.schema.json.
 * Errors: SH_EARG "reread.where"; SH_EAGAIN "run.stopped".
 */
int sh_reread(const struct sh_reread *r, json_t **answer,
    struct sh_error *err) SH_MUST_CHECK;

/*
 * Let a new document with these readings take the place of RECORD's
 * (sh_archive_show); FIELDS in the form of a record's.  *ID is its own.
 */
int sh_reread_replace(struct sh_home *home, const struct sh_reader *who,
    const json_t *record, const struct sh_page *const *pages, size_t npages,
    const json_t *fields, const char *engine, struct sh_document_id *id,
    struct sh_error *err) SH_MUST_CHECK;

#endif
