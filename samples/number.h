/*
 * Invented numbers that are well formed, and numbers and dates in words.
 * Written apart from schemas/identifier, so that each can check the other.
 */
#ifndef SH_SAMPLES_NUMBER_H
#define SH_SAMPLES_NUMBER_H

#include "base/clock.h"
#include "samples/keep.h"
#include "samples/rng.h"

/* Exactly WIDTH digits of N, no NUL; what stands behind them. */
char *sh_number_put(char *out, unsigned width, unsigned n);

/*
 * Twelve digits: province, century and sex, year, six at random.
 * Rule: NĐ 137/2015/NĐ-CP Art. 13
 */
void sh_number_citizen(char out[13], int province, int male, int year,
    struct sh_rng *r);

/* Ten digits, the last one the check digit.  Rule: TT 86/2024/TT-BTC */
void sh_number_tax(char out[11], int province, struct sh_rng *r);

/* The check digit over '0'-'9', 'A'-'Z', '<'.  Rule: ICAO 9303-3 4.9 */
int sh_number_mrz_check(const char *s, size_t len);

/* N random digits, the first not 0. */
char *sh_number_digits(struct sh_arena *a, struct sh_rng *r, unsigned n);

/* 1250000 as "1.250.000". */
char *sh_number_dots(struct sh_arena *a, long long n);
/* 1250000 as "một triệu hai trăm năm mươi nghìn". */
char *sh_number_words(struct sh_arena *a, long long n);

#endif
