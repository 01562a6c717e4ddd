/*
 * One dossier for a procedure: which papers, in which scans, with what gone
 * wrong.
 */
#ifndef SH_SAMPLES_SCENARIO_H
#define SH_SAMPLES_SCENARIO_H

#include "samples/plan.h"

/* What is special; --with takes their names. */
#define SH_WITH_BACKS		0x01	/* duplex: blank backs are in it */
#define SH_WITH_SEPARATORS	0x02
#define SH_WITH_TURNED		0x04	/* sides upside down or sideways */
#define SH_WITH_STRANGER	0x08	/* somebody else's paper */
#define SH_WITH_CERTIFIED	0x10	/* a certified copy */
#define SH_WITH_PHOTOCOPY	0x20
#define SH_WITH_UNKNOWN		0x40	/* a paper of no known type */

enum sh_feeding {
	SH_FEED_TIFF,		/* one TIFF from the feeder */
	SH_FEED_JPEG,		/* a file for each page */
	SH_FEED_PDF,		/* one scanned PDF */
	SH_FEED_PHOTO,		/* taken with a telephone */
	SH_FEED_FAX,		/* G4 */
	SH_FEED_GREY,		/* LZW, grey */
	SH_FEED_VECTOR,		/* a PDF for each document, born digital */
	SH_FEED_MIXED		/* feeder, with the card photographed */
};

struct sh_scenario {
	const char *name;
	uint64_t seed;		/* of the family */
	const char *procedure;
	int after;		/* days since the family's first dossier */
	unsigned things;	/* another parcel, another business */
	const char *me;		/* word of kin; NULL: the procedure's first */
	enum sh_feeding feeding;
	unsigned dpi;
	enum sh_depth depth;
	int quality;
	unsigned with;
	struct sh_wear wear;	/* every page gets it */
	unsigned capture;	/* 0 the first scanning, 1 another ... */
};

/* A dossier and the people that it borrows. */
struct sh_staged {
	struct sh_dossier dossier;
	struct sh_case people, others;
};

/*
 * Errors: SH_EARG "sample.procedure", no such procedure.  Free STAGED with
 * sh_staged_free() also after a failure.
 */
int sh_scenario_stage(const struct sh_scenario *sc, struct sh_staged *staged,
    struct sh_error *err) SH_MUST_CHECK;
void sh_staged_free(struct sh_staged *s);

/* -1: no such word.  SH_EARG "sample.with" for an unknown word in a list. */
int sh_feeding_from_word(const char *word, enum sh_feeding *fp);
int sh_with_parse(const char *list, unsigned *withp, struct sh_error *err)
    SH_MUST_CHECK;
const char *sh_scenario_help(void);

/* The day of the first dossier of the family SEED. */
struct sh_date sh_scenario_day(uint64_t seed);

#endif
