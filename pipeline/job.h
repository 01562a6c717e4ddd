/*
 * One dossier on its way: its fed pages, and the drafts (pages taken as one
 * document, not archived yet) that they become.
 *
 * A job holds little per page: readings lie compressed in a memory file and
 * are loaded when asked for, so that a dossier of ten thousand pages fits in
 * the main process.  Used by one thread.
 */
#ifndef SH_PIPELINE_JOB_H
#define SH_PIPELINE_JOB_H

#include <stddef.h>
#include <stdint.h>

#include "archive/archive.h"
#include "base/digest.h"
#include "base/error.h"
#include "ocr/classify.h"
#include "ocr/fields.h"
#include "ocr/page.h"
#include "ocr/pdfa.h"
#include "pipeline/dossier.h"
#include "pipeline/kin.h"
#include "pipeline/near.h"
#include "schemas/catalogue.h"

enum sh_fed_kind {
	SH_FED_PENDING,		/* no result yet */
	SH_FED_DOCUMENT,
	SH_FED_BLANK,		/* folded away */
	SH_FED_SEPARATOR,
	SH_FED_SET_ASIDE	/* a visible hole; see failure */
};

struct sh_fed_page {
	uint32_t scan, page;	/* from 0 */
	enum sh_fed_kind kind;
	struct sh_digest digest;	/* of the page's bytes as fed */
	struct sh_error *failure;	/* SH_FED_SET_ASIDE */
	/* Where the reading lies in the job's memory file. */
	uint64_t reading_at;
	uint32_t reading_len;	/* 0: none */
	/* The coded image, of which the spool keeps the bytes. */
	struct sh_page_image image;
	int exif_orientation;
	int from_pdf;		/* its file is a PDF, */
	int composed;		/* ... of which the image does not tell all */
	/* What the page says alone; the reading's own evidence is not kept. */
	const struct sh_paper_type *type;
	double type_confidence;
	int first_page;		/* as in struct sh_guess */
	int heading;		/* the national motto stands at its top */
	char *separator;	/* paper type named by a separator sheet */
	char *component;	/* and component, by a cover sheet; or NULL */
	unsigned sheet, sheets;	/* it is so many of so many; 0: not told */
	char cache[72];		/* entry that its reading goes to; "": none */
	int follows;		/* a reader has the same page already */
	/* A person had it scanned again: page of that file, for this. */
	uint32_t rescan;	/* 1, 2 …: spool entry "rescan-N"; 0: no */
	uint32_t rescan_page;
	struct sh_digest replaced;
	struct sh_near_page near;	/* of a sheet that is held: where, by its
				   picture; npages 0: it is not, or unknown */
	int added;		/* came with a rescan: it was not fed at intake */
};

enum sh_draft_state {
	SH_DRAFT_NEW,
	SH_DRAFT_READY,		/* matched: may be archived */
	SH_DRAFT_WAITS,		/* for a person; see reasons */
	SH_DRAFT_ARCHIVED,
	SH_DRAFT_LINKED,	/* held already: the dossier is linked to it */
	SH_DRAFT_FAILED		/* see failure; a later run tries again */
};

#define SH_DRAFT_REASONS	8
#define SH_DRAFT_PAGES_MAX	1000	/* a longer one waits to be divided */

struct sh_draft {
	size_t *pages;		/* indices into the job's fed pages */
	size_t npages;
	struct sh_guess guess;
	struct sh_fields fields;
	struct sh_parties parties;
	struct sh_digest content;	/* over its pages' digests, in order */
	const struct sh_component *component;	/* or NULL */
	struct sh_holder *holders;	/* set by match; strings borrowed */
	size_t nholders;
	enum sh_draft_state state;
	const char *reasons[SH_DRAFT_REASONS];	/* message keys */
	unsigned nreasons;
	struct sh_error *failure;
	struct sh_document_id id;	/* archived or linked */
	/*
	 * What people did with it: {"decisions": […], "keyed": {…}} as
	 * review.h tells; NULL: nobody looked at it.
	 */
	json_t *review;
	enum sh_kin_decision {
		SH_KIN_UNDECIDED,
		SH_KIN_KEPT,	/* a person said: a document of its own */
		SH_KIN_LINKED	/* the same as the held one */
	} decided;
	uint64_t bytes;		/* of its signed PDF; 0: not made here */
	struct sh_kin kin;	/* to what the holder had, after matching */
};

struct sh_job {
	struct sh_dossier *dossier;
	const struct sh_catalogue *catalogue;
	struct sh_archive *archive;	/* proves cover sheets; or NULL */
	struct sh_fed_page *fed;
	size_t nfed, fedcap;
	size_t npending;
	struct sh_draft *drafts;
	size_t ndrafts;
	signed char *signed_scan;	/* of each: 1 it is, -1 not, 0 unknown */
	int readings_fd;
	uint64_t readings_len;
	json_t *need;		/* what was held before; or NULL: again.h */
	int64_t begun;		/* it was opened first */
	int64_t since;		/* it waits for a person; 0: it does not */
	json_t *kept;		/* owns the texts of a job that was brought
				   back (kept.h); else NULL */
};

/* Takes the dossier, also when it fails. */
int sh_job_new(struct sh_dossier *take_dossier,
    const struct sh_catalogue *catalogue, struct sh_job **jp,
    struct sh_error *err) SH_MUST_CHECK;
void sh_job_free(struct sh_job *j);

/* A page was fed; *INDEXP is its place.  It is pending. */
int sh_job_feed(struct sh_job *j, uint32_t scan, uint32_t page,
    size_t *indexp, struct sh_error *err) SH_MUST_CHECK;
/* The page's reading came: keep it and what the page says alone. */
int sh_job_read(struct sh_job *j, size_t index, const struct sh_page *page,
    struct sh_error *err) SH_MUST_CHECK;
/* The page is set aside, with its cause. */
int sh_job_set_aside(struct sh_job *j, size_t index,
    const struct sh_error *cause, struct sh_error *err) SH_MUST_CHECK;

/* The reading of a fed page; NULL with err set when there is none. */
struct sh_page *sh_job_page(const struct sh_job *j, size_t index,
    struct sh_error *err);
/* The readings of a draft's pages; release with sh_job_release(). */
int sh_job_pages(const struct sh_job *j, const struct sh_draft *d,
    struct sh_page ***pagesp, struct sh_error *err) SH_MUST_CHECK;
void sh_job_release(struct sh_page **pages, size_t n);

/* The spool entry with the coded image of fed page INDEX. */
#define SH_IMAGE_NAME	48
void sh_job_image_name(const struct sh_job *j, size_t index,
    char out[SH_IMAGE_NAME]);

/* The spool entry with what it looks like; there may be none. */
#define SH_SPOOL_LIKENESS	"likeness-%zu"

/* Release what a draft owns. */
void sh_draft_clear(struct sh_draft *d);

/* Add a reason why the draft waits; it leaves SH_DRAFT_NEW or READY. */
void sh_draft_wait(struct sh_draft *d, const char *reason);

/*
 * Every fed page must be in a draft, folded away, a separator or set aside:
 * SH_EFIXITY "pages.unaccounted" otherwise.  Asked before success is said.
 */
int sh_job_account(const struct sh_job *j, struct sh_error *err)
    SH_MUST_CHECK;

#endif
