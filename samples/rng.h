/*
 * Chance that can be repeated: a number seeds a generator, and a label
 * splits one seed into independent ones, so that a change in one place of a
 * page does not move the rest.  Only integers go into the state; the same
 * seed gives the same numbers on every machine.
 */
#ifndef SH_SAMPLES_RNG_H
#define SH_SAMPLES_RNG_H

#include <stdint.h>

struct sh_rng {
	uint64_t s;
};

/* A seed of its own for the purpose LABEL. */
uint64_t sh_seed(uint64_t seed, const char *label);
/* The same for the N-th of its kind. */
uint64_t sh_seed_n(uint64_t seed, const char *label, uint64_t n);

void sh_rng_start(struct sh_rng *r, uint64_t seed);
uint64_t sh_rng_next(struct sh_rng *r);
/* 0 .. N - 1; N is at least 1. */
unsigned sh_rng_below(struct sh_rng *r, unsigned n);
/* LO .. HI, both possible. */
int sh_rng_range(struct sh_rng *r, int lo, int hi);
/* 1 in PERCENT cases of a hundred. */
int sh_rng_chance(struct sh_rng *r, unsigned percent);
/* LO <= x < HI in steps of 1/65536 of the width. */
double sh_rng_real(struct sh_rng *r, double lo, double hi);

#endif
