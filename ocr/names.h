/*
 * Vietnamese names of persons: which spellings are one person, which
 * syllables names are made of.  Pure.
 */
#ifndef SH_OCR_NAMES_H
#define SH_OCR_NAMES_H

#include <stddef.h>

/* 1 if the word, folded, is a family name that many bear. */
int sh_name_is_family(const char *folded);

/* The same for the words that middle and given names are made of. */
int sh_name_is_given(const char *folded);

/*
 * How the word is spelt in names, in lower case with its marks, when exactly
 * one usual syllable of names has those letters: "nguyen" is "nguyễn".  NULL
 * when none or several have.  FAMILY: as a family name.
 */
const char *sh_name_spelling(const char *folded, int family);

/* 1 if nine in ten have this family name, in lower case, or one like it. */
int sh_name_is_common(const char *family);

/* 1 if two words in lower case are one syllable: hoà is hòa. */
int sh_name_same(const char *a, const char *b);

/* 1 if the word (any case, NFC) is a usual syllable of names. */
int sh_name_syllable(const char *word, int family);

#endif
