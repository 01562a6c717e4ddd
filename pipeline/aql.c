#include "pipeline/aql.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"

/* Table 2-A: sizes by code letter A to Q. */
static const size_t sizes[] = { 2, 3, 5, 8, 13, 20, 32, 50, 80, 125, 200,
    315, 500, 800, 1250 };
/* Table 1, level II: the largest lot of each letter. */
static const size_t lots[] = { 8, 15, 25, 50, 90, 150, 280, 500, 1200, 3200,
    10000, 35000, 150000, 500000 };
/*
 * Along a column the numbers are the same, from the letter where 0 stands
 * on; the two after it point back to it and on to the next.
 */
static const size_t accepted[] = { 0, 0, 1, 1, 2, 3, 5, 7, 10, 14, 21 };
static const struct {
	const char *aql;
	size_t zero;		/* letter where 0 stands */
} columns[] = {
	{ "0.40", 6 }, { "0.65", 5 }, { "1.0", 4 }, { "1.5", 3 }, { "2.5", 2 },
};

struct sh_aql_plan
sh_aql_plan_of(size_t lot, const char *aql)
{
	struct sh_aql_plan plan = { lot, 0 };
	size_t letter = 0, zero = 4, i;

	if (lot < 2)
		return (plan);
	while (letter < SH_COUNT(lots) && lot > lots[letter])
		letter++;
	for (i = 0; i < SH_COUNT(columns); i++)
		if (strcmp(columns[i].aql, aql) == 0)
			zero = columns[i].zero;
	if (letter < zero || letter == zero + 1)
		letter = zero;
	else if (letter == zero + 2)
		letter = zero + 3;
	else if (letter > zero + SH_COUNT(accepted) - 1)
		letter = zero + SH_COUNT(accepted) - 1;
	plan.sample = sizes[letter] < lot ? sizes[letter] : lot;
	plan.accept = accepted[letter - zero];
	return (plan);
}

/* P(X <= K) of N draws with probability P. */
static double
at_most(size_t k, size_t n, double p)
{
	double sum = 0;
	size_t i;

	if (p <= 0)
		return (1);
	if (p >= 1)
		return (k >= n ? 1 : 0);
	for (i = 0; i <= k; i++)
		sum += exp(lgamma((double)n + 1) - lgamma((double)i + 1) -
		    lgamma((double)(n - i) + 1) + (double)i * log(p) +
		    (double)(n - i) * log1p(-p));
	return (sum > 1 ? 1 : sum);
}

/* The P at which at_most(K) falls to WANT. */
static double
solve(size_t k, size_t n, double want)
{
	double lo = 0, hi = 1, mid;
	int i;

	for (i = 0; i < 60; i++) {
		mid = (lo + hi) / 2;
		if (at_most(k, n, mid) > want)
			lo = mid;
		else
			hi = mid;
	}
	return ((lo + hi) / 2);
}

void
sh_rate_interval(size_t wrong, size_t n, double *low, double *high)
{
	*low = wrong == 0 ? 0 : solve(wrong - 1, n, 0.975);
	*high = wrong >= n ? 1 : solve(wrong, n, 0.025);
}
