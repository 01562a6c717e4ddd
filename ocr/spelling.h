/*
 * How the catalogue spells pairs of words, to mend marks that a reading got
 * wrong: "GIẦY PHÉP" is "GIẤY PHÉP" because papers and procedures are called
 * so.  Letters are never changed, only their marks; a pair that is spelt in
 * two ways mends nothing.
 */
#ifndef SH_OCR_SPELLING_H
#define SH_OCR_SPELLING_H

#include "schemas/catalogue.h"

struct sh_spelling;

struct sh_spelling *sh_spelling_new(const struct sh_catalogue *c,
    struct sh_error *err);
void sh_spelling_free(struct sh_spelling *s);

/*
 * The usual spelling, in lower case, of the folded words A and B where they
 * follow each other: 1 and *PA, *PB (borrowed), or 0.
 */
int sh_spelling_pair(const struct sh_spelling *s, const char *a,
    const char *b, const char **pa, const char **pb);

#endif
