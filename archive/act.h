/*
 * Acts: what is done about a document, or about whom papers belong to, after
 * it was archived (hold, supersede, revoke, reuse, alias, dispose).
 *
 * An act is one canonical JSON object.  Every holder concerned gets an event
 * that holds the whole of it, and index entries that follow from the event
 * alone: what the check expects and what a backup writes down come from the
 * same function.  An act of several holders queues a job with the first one's
 * change, as an accession does.
 *
 * Members of every act: "event" (its kind), "at", "actor", "agency",
 * "purpose", "basis"; "document" but for aliases.  archive/FORMAT, "Acts".
 */
#ifndef SH_ARCHIVE_ACT_H
#define SH_ARCHIVE_ACT_H

#include "archive/archive_internal.h"

/* Bytes of an act in canonical form: it must fit into an event and a job. */
#define SH_ACT_MAX	1500
#define SH_REASON_MAX	300	/* bytes of free text in an act */

/* Order bytes under SH_TABLE_ACT; frozen. */
#define SH_ACT_SORT	34	/* 'd' or 'h', subject (16), kind, operation */

/* A new act of KIND by WHO, now; the caller adds members. */
json_t *sh_act_new(struct sh_archive *ar, const char *kind,
    const struct sh_reader *who, struct sh_error *err);

/* One line of free text, cleaned; SH_EARG "act.reason" when it is missing. */
int sh_act_set_reason(json_t *act, const char *name, const char *s,
    struct sh_error *err) SH_MUST_CHECK;
int sh_act_set_document(json_t *act, const char *name,
    const struct sh_tag *document, struct sh_error *err) SH_MUST_CHECK;

/*
 * Make the act with every holder concerned: those who have its document, or
 * both ends of an alias.  *OPERATION, unless NULL, is what it is known by.
 * Errors: SH_ENOTFOUND "document.missing"; SH_ELIMIT "act.long".
 */
int sh_act_make(struct sh_archive *ar, const json_t *act,
    struct sh_tag *operation, struct sh_error *err) SH_MUST_CHECK;

/* The same of an act that another archive made under OPERATION. */
int sh_act_remake(struct sh_archive *ar, const json_t *act,
    const struct sh_tag *operation, struct sh_error *err) SH_MUST_CHECK;

/*
 * The entries and references that an event of HOLDER's calls for; the same
 * act gives no others.  LEAD: the holder leads the document.
 */
#define SH_ACT_ENTRIES	3
struct sh_act_index {
	struct sh_entry entries[SH_ACT_ENTRIES];
	struct sh_buf values[SH_ACT_ENTRIES];
	struct sh_tag about[SH_ACT_ENTRIES];	/* document; zero: none */
	size_t nentries;
	struct sh_reference reference;
	int has_reference;
};
int sh_act_index(struct sh_archive *ar, const json_t *event,
    const struct sh_tag *operation, const struct sh_tag *holder,
    struct sh_act_index *out, struct sh_error *err) SH_MUST_CHECK;
void sh_act_index_clear(struct sh_act_index *x);

/* 1 if events of that kind are acts. */
int sh_act_is(const char *kind);

/* An event that leaves no entry, sealed for HOLDER's chain. */
int sh_act_seal_note(struct sh_archive *ar, const json_t *note,
    const struct sh_tag *holder, const struct sh_tag *operation,
    struct sh_buf *sealed, struct sh_digest *digest, struct sh_error *err)
    SH_MUST_CHECK;

/* The act without what belongs to the event alone. */
json_t *sh_act_of_event(const json_t *event, struct sh_error *err);

/* Complete what a crash cut short. */
int sh_act_sweep(struct sh_archive *ar, struct sh_error *err) SH_MUST_CHECK;

/*
 * Acts about DOCUMENT with HOLDER, of the kind whose letter is KIND (0: all),
 * in no order: FN as in sh_engine_scan().
 */
struct sh_act_seen {
	char kind;
	struct sh_tag operation;
	const json_t *act;
};
int sh_act_each(struct sh_archive *ar, const struct sh_tag *holder,
    const struct sh_tag *document, char kind,
    int (*fn)(void *arg, const struct sh_act_seen *seen,
    struct sh_error *err), void *arg, struct sh_error *err) SH_MUST_CHECK;

/*
 * How a document stands, from its acts: "revoked" before "superseded" before
 * "archived".  Release with sh_standing_clear().
 */
struct sh_standing {
	int held;			/* a hold that nobody released */
	json_t *revoke;			/* the act, or NULL */
	json_t *supersede;
	json_t *hold;			/* the latest one that holds */
};
int sh_standing_read(struct sh_archive *ar, const struct sh_tag *holder,
    const struct sh_tag *document, struct sh_standing *out,
    struct sh_error *err) SH_MUST_CHECK;
void sh_standing_clear(struct sh_standing *s);
const char *sh_standing_word(const struct sh_standing *s);

/* ---- erase.c ------------------------------------------------------------- */

/* The archive's own chain, which tells of erasures: a pseudo-holder. */
int sh_erase_register(struct sh_archive *ar, struct sh_tag *out,
    struct sh_error *err) SH_MUST_CHECK;
#define SH_LETTER_ERASURE	'e'	/* proposed; frozen */
/* What ACT, an erasure, says is done: as often as one likes. */
int sh_erase_do(struct sh_archive *ar, const json_t *act,
    struct sh_error *err) SH_MUST_CHECK;
/* The keys of all whom the register calls erased, destroyed again. */
int sh_erase_again(struct sh_archive *ar, struct sh_error *err)
    SH_MUST_CHECK;

/* ---- alias.c ------------------------------------------------------------- */

/* TAG and whoever is known to be the same: TAG first. */
#define SH_ALIASES_MAX	8
int sh_alias_group(struct sh_archive *ar, const struct sh_tag *tag,
    struct sh_tag tags[SH_ALIASES_MAX], size_t *np, struct sh_error *err)
    SH_MUST_CHECK;

/* ---- dispose.c ----------------------------------------------------------- */

/* What takes DOCUMENT away from HOLDER again. */
struct sh_removal;
struct sh_removal *sh_removal_new(struct sh_archive *ar,
    const struct sh_tag *holder, const struct sh_tag *document,
    struct sh_error *err);
/* Adds its parts to the change; it must outlive the commit. */
void sh_removal_add(struct sh_removal *r, struct sh_change *c);
void sh_removal_free(struct sh_removal *r);

#endif
