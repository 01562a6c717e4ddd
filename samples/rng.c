#include "samples/rng.h"

/* SplitMix64: one addition and a mixing of the bits. */
static uint64_t
mix(uint64_t z)
{
	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return (z ^ (z >> 31));
}

uint64_t
sh_seed(uint64_t seed, const char *label)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);	/* FNV-1a */

	for (; *label != '\0'; label++)
		h = (h ^ (unsigned char)*label) * UINT64_C(0x100000001b3);
	return (mix(seed ^ mix(h)));
}

uint64_t
sh_seed_n(uint64_t seed, const char *label, uint64_t n)
{
	return (mix(sh_seed(seed, label) + mix(n + 1)));
}

void
sh_rng_start(struct sh_rng *r, uint64_t seed)
{
	r->s = seed;
}

uint64_t
sh_rng_next(struct sh_rng *r)
{
	r->s += UINT64_C(0x9e3779b97f4a7c15);
	return (mix(r->s));
}

unsigned
sh_rng_below(struct sh_rng *r, unsigned n)
{
	return ((unsigned)(((sh_rng_next(r) >> 32) * n) >> 32));
}

int
sh_rng_range(struct sh_rng *r, int lo, int hi)
{
	return (lo + (int)sh_rng_below(r, (unsigned)(hi - lo) + 1));
}

int
sh_rng_chance(struct sh_rng *r, unsigned percent)
{
	return (sh_rng_below(r, 100) < percent);
}

double
sh_rng_real(struct sh_rng *r, double lo, double hi)
{
	return (lo + (hi - lo) * (double)sh_rng_below(r, 65536) / 65536.0);
}
