/* What the rooms that answer reads share: a read from asking to answering. */
#ifndef SH_ARCHIVE_ACCESS_INTERNAL_H
#define SH_ARCHIVE_ACCESS_INTERNAL_H

#include "archive/access.h"
#include "archive/archive_internal.h"

enum sh_action {
	SH_DO_FIND,		/* by holder, number, type */
	SH_DO_TEXT,		/* by words, over everybody's papers */
	SH_DO_SHOW,
	SH_DO_GET,
	SH_DO_NEED,
	SH_DO_DOSSIER,
	SH_DO_REUSE,
	SH_DO_CORRECT,		/* supersede, revoke, alias, file */
	SH_DO_RETAIN,		/* hold, what is due, dispose */
	SH_DO_AUDIT,		/* accesses, proofs */
	SH_DO_EXPORT,		/* whole dossiers, out and in */
	SH_ACTIONS
};

/* ---- rights.c ------------------------------------------------------------ */

const char *sh_action_word(enum sh_action a);

/*
 * May WHO do that at all?  Errors: SH_EDENIED "reader.incomplete",
 * "reader.unknown", "reader.role", "reader.purpose".
 */
int sh_rights_check(const struct sh_rights *p, const struct sh_reader *who,
    enum sh_action action, struct sh_error *err) SH_MUST_CHECK;
/* 1 if WHO may see papers of TYPE for PROCEDURE (NULL: not known). */
int sh_rights_allows(const struct sh_rights *p, const struct sh_reader *who,
    const char *procedure, const char *type);
/* Holders' papers that WHO may look at in an hour; 0: no limit. */
int64_t sh_rights_budget(const struct sh_rights *p,
    const struct sh_reader *who);

/* ---- access.c ------------------------------------------------------------ */

struct sh_access_seen {
	struct sh_tag holder;
	struct sh_tag document;		/* zero: asked about, nothing shown */
};

/* One read.  Zeroed by sh_access_begin(); release with sh_access_end(). */
struct sh_access {
	struct sh_archive *ar;
	const struct sh_reader *who;
	enum sh_action action;
	const char *rendition;		/* borrowed; or NULL */
	char *procedure;		/* that the purpose belongs to */
	int denied;
	struct sh_access_seen *seen;
	size_t n, cap;
};

int sh_access_begin(struct sh_access *a, struct sh_archive *ar,
    const struct sh_reader *who, enum sh_action action, struct sh_error *err)
    SH_MUST_CHECK;
int sh_access_may(const struct sh_access *a, const char *type);
/* DOCUMENT NULL: HOLDER was asked about. */
int sh_access_saw(struct sh_access *a, const struct sh_tag *holder,
    const struct sh_tag *document, struct sh_error *err) SH_MUST_CHECK;
/* The same with everyone who has the document. */
int sh_access_saw_all(struct sh_access *a, const struct sh_tag *document,
    struct sh_error *err) SH_MUST_CHECK;
/*
 * Write it down, durably, before anything is answered.
 * Errors: SH_EAGAIN "reader.budget"; SH_EFIXITY "access.damaged".
 */
int sh_access_record(struct sh_access *a, struct sh_error *err)
    SH_MUST_CHECK;
void sh_access_end(struct sh_access *a);

/* ---- access_log.c -------------------------------------------------------- */

struct sh_access_log;
/* The journal in the folder DIR, made when it is missing. */
int sh_access_log_open(const char *dir, struct sh_access_log **lp,
    struct sh_error *err) SH_MUST_CHECK;
void sh_access_log_close(struct sh_access_log *l);
/*
 * Append ENTRY, of N subjects read by WHO, unless that is more than BUDGET
 * (0: no limit) in this hour.
 */
int sh_access_log_append(struct sh_access_log *l, struct sh_vault *v,
    const json_t *entry, const struct sh_reader *who, int64_t budget,
    size_t n, struct sh_error *err) SH_MUST_CHECK;
/*
 * FN sees every entry, and NULL behind the last; then, with TAKE, the journal
 * is emptied.
 */
int sh_access_log_each(struct sh_access_log *l, struct sh_vault *v,
    int take, int (*fn)(void *arg, const json_t *entry,
    struct sh_error *err), void *arg, struct sh_error *err) SH_MUST_CHECK;

/* A writer takes the journal into the chains. */
int sh_access_fold(struct sh_archive *ar, struct sh_error *err)
    SH_MUST_CHECK;

#endif
