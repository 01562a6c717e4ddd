/*
 * What the files of the review share: an item with the job that it stands
 * in.  Invariant: exactly one of draft and page is set (page: NO_PAGE is
 * none); the draft lies in the job's array, so it moves with it.
 */
#ifndef SH_PIPELINE_REVIEW_INTERNAL_H
#define SH_PIPELINE_REVIEW_INTERNAL_H

#include "pipeline/review.h"

#define SH_NO_PAGE	((size_t)-1)
#define SH_REVIEW_FOLDER_LEN	33	/* hex and NUL, the folder's name */

struct sh_item {
	char name[SH_ITEM_LEN];
	char folder[SH_REVIEW_FOLDER_LEN];
	struct sh_spool *spool;
	struct sh_job *job;
	size_t draft;		/* index, or SH_NO_PAGE */
	size_t page;		/* fed page, or SH_NO_PAGE */
};

/* 1 if a person has something to decide about it. */
int sh_review_draft_open(const struct sh_draft *d);
int sh_review_page_open(const struct sh_fed_page *f);

int sh_review_open_item(struct sh_home *h, const char *name,
    struct sh_item *it, struct sh_error *err) SH_MUST_CHECK;
void sh_review_close_item(struct sh_item *it);

/* The name of a draft or page of the job in FOLDER. */
int sh_review_name(struct sh_home *h, const char *folder,
    const struct sh_job *j, size_t draft, size_t page,
    char out[SH_ITEM_LEN], struct sh_error *err) SH_MUST_CHECK;

/* What "list" and "show" have in common. */
json_t *sh_review_summary(struct sh_home *h, const struct sh_item *it,
    enum sh_lang lang, struct sh_error *err);

/* The home's folder of the review's own. */
int sh_review_store(struct sh_home *h, struct sh_spool **sp,
    struct sh_error *err) SH_MUST_CHECK;

/* {"at", "by", "what"} added to what people did with the draft; borrowed. */
json_t *sh_review_note(struct sh_draft *d, const char *who, const char *what,
    struct sh_error *err);
/* The last correction of a field; NULL: nobody confirmed it. */
const json_t *sh_review_confirmed(const struct sh_draft *d,
    const char *field);
/* What was keyed for a field and is not confirmed yet; NULL: nothing. */
json_t *sh_review_keyed(const struct sh_draft *d, const char *field);

/* Key a value: review_key.c. */
int sh_review_correct(struct sh_home *h, struct sh_item *it,
    const struct sh_review_act *act, struct sh_error *err) SH_MUST_CHECK;
/* May the draft be accepted as it is? */
int sh_review_acceptable(struct sh_home *h, const struct sh_draft *d,
    struct sh_error *err) SH_MUST_CHECK;
/*
 * A draft that matching gave nobody: whom it names, else the dossier's
 * holder.  That is what a person accepts, or changes.
 */
int sh_review_default_holders(const struct sh_job *j, struct sh_draft *d,
    struct sh_error *err) SH_MUST_CHECK;
/* Match one draft anew; the others stay as they are. */
int sh_review_rematch(struct sh_job *j, size_t draft, struct sh_error *err)
    SH_MUST_CHECK;

/* Other pages for the item: review_scan.c. */
int sh_review_rescan(struct sh_pool *pool, struct sh_item *it,
    const struct sh_review_act *act, struct sh_error *err) SH_MUST_CHECK;
/* Pictures of the item's fields and pages, into "crop" of ANSWER. */
int sh_review_crops(struct sh_pool *pool, const struct sh_item *it,
    const char *folder, json_t *answer, struct sh_error *err) SH_MUST_CHECK;

/* Samples: review_sample.c. */
int sh_review_sample_list(struct sh_home *h, json_t *items,
    enum sh_lang lang, struct sh_error *err) SH_MUST_CHECK;
int sh_review_sample_do(struct sh_home *h, const struct sh_review_act *act,
    json_t **answer, struct sh_error *err) SH_MUST_CHECK;
int sh_review_sample_show(struct sh_home *h, const char *item,
    enum sh_lang lang, json_t **answer, struct sh_error *err) SH_MUST_CHECK;

#endif
