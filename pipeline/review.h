/*
 * What a person must decide: documents that wait with their reasons, pages
 * that are set aside, samples of what went straight through.
 *
 * A dossier with something open is kept on its spool (kept.h); each open
 * draft and page of it is an item.  An item's name is stable until its pages
 * change: eight hex digits of the dossier's folder, a dash, eight of its
 * pages.  Every act is durable when it returns, and written down with who,
 * when, old and new; what is accepted goes through the same accession as
 * everything else, and takes its history into the document's record.
 *
 * The forms of the answers stand in schemas/review.schema.json.  Listing and
 * showing change nothing and need no lock; acting needs SH_HOME_WRITE, and
 * accepting SH_HOME_SIGN.
 */
#ifndef SH_PIPELINE_REVIEW_H
#define SH_PIPELINE_REVIEW_H

#include "base/error.h"
#include "base/json.h"
#include "pipeline/home.h"
#include "pipeline/job.h"
#include "pipeline/spool.h"
#include "pipeline/worker_pool.h"
#include "schemas/message.h"

#define SH_ITEM_LEN	18	/* "3fa2c1d0-5b21e0aa" and NUL */

/* ---- for intake ---------------------------------------------------------- */

/*
 * The folder of the spool for a dossier fed as these scans: a name that
 * tells nothing.  The same dossier with other scans is another folder.
 */
int sh_review_folder(struct sh_home *h, const struct sh_dossier *d,
    char **pathp, struct sh_error *err) SH_MUST_CHECK;

/*
 * The job was divided and matched anew: what people decided about it before
 * holds, in an earlier run of the same scans.  S is its spool.
 */
int sh_review_recall(struct sh_home *h, struct sh_spool *s, struct sh_job *j,
    struct sh_error *err) SH_MUST_CHECK;

/*
 * The run is done with the job: what is open is kept for a person; if
 * nothing is, the spool is destroyed.
 */
int sh_review_settle(struct sh_home *h, struct sh_spool *s, struct sh_job *j,
    struct sh_error *err) SH_MUST_CHECK;

/* ---- for the desk ---------------------------------------------------------- */

struct sh_review_filter {
	const char *dossier;	/* code, or NULL */
	const char *reason;	/* message key, or NULL */
	size_t limit;		/* 0: all */
};

/* The queue, most urgent first: overdue, priority, age. */
int sh_review_list(struct sh_home *h, const struct sh_review_filter *f,
    enum sh_lang lang, json_t **answer, struct sh_error *err) SH_MUST_CHECK;

/*
 * All about an item.  CROPS names a folder for PNG pictures of its fields
 * and pages, made by a worker of POOL; NULL: none.  WHO does not see what
 * another person keyed for a field that must be keyed twice.
 * Errors: SH_ENOTFOUND "review.item".
 */
int sh_review_show(struct sh_home *h, struct sh_pool *pool, const char *item,
    const char *who, const char *crops, enum sh_lang lang, json_t **answer,
    struct sh_error *err) SH_MUST_CHECK;

enum sh_review_what {
	SH_REVIEW_ACCEPT,	/* it is right: archive it */
	SH_REVIEW_LINK,		/* it is the held document that it is like */
	SH_REVIEW_CORRECT,	/* FIELD is VALUE; "" removes it */
	SH_REVIEW_SPLIT,	/* behind its page PAGE (1: the first) */
	SH_REVIEW_MERGE,	/* the pages of OTHER follow its own */
	SH_REVIEW_RETYPE,	/* VALUE is the slug of its type */
	SH_REVIEW_REASSIGN,	/* to the holder VALUE, named NAME */
	SH_REVIEW_RESCAN,	/* the pages in FD instead of its own */
	SH_REVIEW_DISMISS	/* it will not be archived; VALUE says why */
};

struct sh_review_act {
	enum sh_review_what what;
	const char *item;
	const char *who;	/* the officer */
	const char *field, *value, *name, *other;
	size_t page;
	int fd;
};

/*
 * Do it.  The answer is the item as it is now, or {"document": id} and
 * others that the act made.
 * Errors: SH_ENOTFOUND "review.item", "review.field", "review.type";
 * SH_EARG "review.value", "review.page"; SH_ECONFLICT "review.confirm",
 * fields that must be keyed first; "review.second-key", another person must
 * key a field; "review.untyped"; "review.no-kin", nothing held is like it; SH_ELIMIT "review.too-few-pages"; of the
 * rooms.
 */
int sh_review_do(struct sh_home *h, struct sh_pool *pool,
    const struct sh_review_act *act, enum sh_lang lang, json_t **answer,
    struct sh_error *err) SH_MUST_CHECK;

/* ---- samples ---------------------------------------------------------------- */

/*
 * Draw the sample that the acceptance quality level asks for from the
 * documents that went straight through between two moments: they become
 * items of kind "sample".  Drawn by a keyed order that nobody can foresee;
 * the same lot gives the same sample.
 */
int sh_review_sample(struct sh_home *h, int64_t from, int64_t to,
    json_t **answer, struct sh_error *err) SH_MUST_CHECK;

/*
 * What the samples say: inspected, wrong, the rate of wrong documents with
 * its 95 % interval (Clopper and Pearson), and whether the lot passes.
 */
int sh_review_quality(struct sh_home *h, json_t **answer,
    struct sh_error *err) SH_MUST_CHECK;

#endif
