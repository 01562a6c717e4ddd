/*
 * Machine-readable lines of identity cards (TD1, three lines of 30) and
 * passports (TD3, two of 44), read in spite of misread characters.
 *
 * A reading takes O for 0, I for 1, c for '<'; which character stands where
 * is mostly fixed, and check digits choose among what is left.  Nothing is
 * invented: lines whose check digits do not hold are given as read.
 *
 * Source: ICAO Doc 9303-4, 9303-5; the card of Circular 06/2021/TT-BCA.
 */
#ifndef SH_OCR_MRZ_H
#define SH_OCR_MRZ_H

#include <stddef.h>

#include "base/clock.h"

#define SH_MRZ_TEXT	96	/* three lines, two '\n', NUL */

enum sh_mrz_kind { SH_MRZ_NONE, SH_MRZ_TD1, SH_MRZ_TD3 };

struct sh_mrz {
	enum sh_mrz_kind kind;
	char text[SH_MRZ_TEXT];	/* lines joined by '\n' */
	char number[13];	/* 12 digits, or the passport's number */
	char personal[15];	/* TD3: the 12 digits, or "" */
	struct sh_date birth;	/* year 0: not read */
	struct sh_date expiry;	/* year 0: not read, or without end */
	int endless;		/* the card says that it has no end */
	char sex;		/* 'M', 'F' or 0 */
	char name[64];		/* "NGUYEN VAN AN" */
	unsigned held;		/* check digits that hold */
	unsigned checks;	/* check digits that there are */
	unsigned corrected;	/* characters that were changed */
};

/*
 * Read the lines (as recognised, any spaces inside) of a page; YEAR is the
 * present one, to tell 1930 from 2030.  The kind is SH_MRZ_NONE when no
 * lines look like a card's.
 */
void sh_mrz_read(const char *const *lines, size_t nlines, int year,
    struct sh_mrz *out);

/* The figure that C was taken for, where none but a figure can be; or 0. */
char sh_mrz_digit(char c);

/*
 * The three lines of a card that says this, as the rules print them; NAME is
 * the printed name, family name first.  A date of year 0 as EXPIRY is a card
 * without end.  Returns -1 when the parts have not that form.
 */
int sh_mrz_compose(const char *number, struct sh_date birth, char sex,
    struct sh_date expiry, const char *name, char out[SH_MRZ_TEXT]);
/* The same for a passport; PERSONAL, 12 digits, may be NULL. */
int sh_mrz_compose_passport(const char *number, struct sh_date birth,
    char sex, struct sh_date expiry, const char *personal, const char *name,
    char out[SH_MRZ_TEXT]);

#endif
