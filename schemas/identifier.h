/*
 * The numbers that name holders and dossiers, and what their structure
 * tells.  Pure functions; no allocation.  Inputs are ASCII strings ended by
 * NUL, not trusted; spaces and dots that people print inside a number are
 * taken out first (sh_id_parse), anything else makes it not well formed.
 *
 * Source: Decree 137/2015/NĐ-CP Art. 13 and Circular 59/2021/TT-BCA Art. 4
 * (12 digits); Circular 86/2024/TT-BTC (tax codes).
 */
#ifndef SH_SCHEMAS_IDENTIFIER_H
#define SH_SCHEMAS_IDENTIFIER_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum sh_id_kind {
	SH_ID_NONE = 0,		/* no number known: filed under the name */
	SH_ID_CITIZEN,		/* 12 digits, số định danh cá nhân */
	SH_ID_OLD,		/* 9 digits, chứng minh nhân dân */
	SH_ID_TAX,		/* 10 digits, or 10-3: an organisation */
	SH_ID_PASSPORT		/* one or two letters, 6 to 8 digits */
};

struct sh_id {
	enum sh_id_kind kind;
	char value[20];		/* normal form: digits, "0123456789-001" */
};

/* What the structure of a number says against itself or the world. */
#define SH_ID_PROVINCE_UNKNOWN	0x01	/* warning: births abroad exist */
#define SH_ID_YEAR_FUTURE	0x02	/* born after the given day */
#define SH_ID_CHECK_DIGIT	0x04	/* the tax code's tenth digit */
#define SH_ID_CHECK_TEN		0x08	/* the formula gives 10: sources differ */

struct sh_citizen {
	unsigned province;	/* code of the birth registration, 1..999 */
	const char *province_name;	/* NULL when unknown; static */
	char sex;		/* 'M' or 'F' */
	int birth_year;
};

/*
 * Errors: SH_EARG "id.malformed", no known kind has that form; SH_EARG
 * "id.check-digit" for a tax code whose check digit is wrong.
 */
int sh_id_parse(const char *s, struct sh_id *id, struct sh_error *err)
    SH_MUST_CHECK;

/* The SH_ID_ flags that hold on a day of the year YEAR. */
unsigned sh_id_doubts(const struct sh_id *id, int year);

/* The parts of a citizen's number; -1 when it is of another kind. */
int sh_id_citizen(const struct sh_id *id, struct sh_citizen *c);

int sh_id_equal(const struct sh_id *a, const struct sh_id *b);
const char *sh_id_kind_word(enum sh_id_kind kind);	/* "citizen" */
enum sh_id_kind sh_id_kind_from_word(const char *word);	/* or SH_ID_NONE */

/* Name of a province by its code in citizen numbers; NULL when unknown. */
const char *sh_province_name(unsigned code);
/*
 * 1 if FOLDED (sh_text_fold) is the name of a province, of today or of
 * before July 2025, with or without "tinh" or "thanh pho" in front.
 */
int sh_province_known(const char *folded);

/*
 * The folded name that the province FOLDED bears since July 2025, "lam dong"
 * for "dak nong"; without "tinh" or "thanh pho".  NULL when there is none.
 */
const char *sh_province_today(const char *folded);

/* 1 if S is a dossier code of either form (Circulars 01/2018, 03/2025). */
int sh_dossier_code_valid(const char *s);
/* 1 if S is a procedure code such as "1.001193" or "1.008377.000.00.00.H13". */
int sh_procedure_code_valid(const char *s);

/* The ICAO 9303 check digit over S ('<' counts 0), or -1. */
int sh_mrz_check(const char *s, size_t len);

#endif
