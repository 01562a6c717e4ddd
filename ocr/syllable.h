/*
 * What is common to all Vietnamese syllables.  Pure.
 */
#ifndef SH_OCR_SYLLABLE_H
#define SH_OCR_SYLLABLE_H

enum sh_tone { SH_LEVEL, SH_GRAVE, SH_ACUTE, SH_TILDE, SH_HOOK, SH_DOT,
    SH_TONES };

/* The tone of a syllable in NFC, of either case. */
enum sh_tone sh_syllable_tone(const char *syllable);

/*
 * 1 if the syllable, in lower case, can have the tone that it has: those that
 * end with p, t, c or ch are said with the acute or the dot alone, so "tuyêt"
 * was misread.
 */
int sh_syllable_possible(const char *low);

#endif
