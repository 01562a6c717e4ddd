/*
 * Invented people: a family, and strangers, with everything that papers say
 * about them.  Names are combined at random from lists of common family,
 * middle and given names; numbers are well formed and belong to nobody
 * (six random digits).
 */
#ifndef SH_SAMPLES_PEOPLE_H
#define SH_SAMPLES_PEOPLE_H

#include "base/clock.h"
#include "samples/keep.h"
#include "samples/place.h"
#include "samples/rng.h"

/* Who is who; the names by which templates and procedures know them. */
enum sh_kin {
	SH_KIN_HUSBAND, SH_KIN_WIFE, SH_KIN_CHILD, SH_KIN_SON,
	SH_KIN_ELDER,		/* the husband's father, who died lately */
	SH_KIN_GRANDMA,		/* the husband's mother */
	SH_KIN_SINGLE,		/* a young person of another family */
	SH_KIN_STRANGER, SH_KIN_OTHER,
	SH_KIN_COUNT
};

struct sh_person {
	enum sh_kin kin;
	int male;
	const char *family, *middle, *given;
	const char *name;		/* all of it */
	struct sh_date birth, death;
	char id[13];
	char old_id[10];		/* nine digits, or "" */
	char phone[11];
	const char *ethnicity, *religion, *job, *feature;
	struct sh_place home, origin;
	/* Days of issue; year 0: none. */
	struct sh_date cccd, can_cuoc, passport;
	int renewed;			/* carries the card of 2024 */
	char passport_number[9];
	const char *father, *mother;
	int father_year, mother_year;
};

struct sh_family {
	struct sh_arena arena;
	uint64_t seed;
	struct sh_date base;		/* their first dossier comes */
	struct sh_date marriage;
	struct sh_person person[SH_KIN_COUNT];
};

/* The family number SEED, as it is around the day BASE. */
void sh_family_make(struct sh_family *f, uint64_t seed, struct sh_date base);
void sh_family_free(struct sh_family *f);

/* A fresh name, MALE or not; for officers. */
const char *sh_people_name(struct sh_arena *a, struct sh_rng *r, int male);

/* 1 if what P carries on the day is the card of 2024. */
int sh_person_renewed(const struct sh_person *p, struct sh_date day);

/* SH_KIN_COUNT when there is none of that name ("wife"). */
enum sh_kin sh_kin_from_word(const char *word);
const char *sh_kin_word(enum sh_kin kin);
/* What M is to the head of the household: "Vợ", "Con". */
const char *sh_kin_relation(enum sh_kin head, const struct sh_person *m);

/*
 * What a template calls PERSON.ATTR in a paper of that day (see DESIGN.md,
 * "Names"); dates are yyyy-mm-dd or "".  NULL: no such attribute.
 */
const char *sh_person_attr(const struct sh_person *p, const char *attr,
    struct sh_date day, struct sh_arena *a);

#endif
