/*
 * Acceptance sampling by attributes, and what a sample says of the whole.
 * Pure functions.
 *
 * Source: ISO 2859-1, single sampling plans for normal inspection, general
 * level II (tables 1 and 2-A), and the interval of Clopper and Pearson.
 */
#ifndef SH_PIPELINE_AQL_H
#define SH_PIPELINE_AQL_H

#include <stddef.h>

struct sh_aql_plan {
	size_t sample;		/* at most the lot */
	size_t accept;		/* so many wrong ones still pass */
};

/*
 * AQL is one of "0.40", "0.65", "1.0", "1.5", "2.5" wrong in a hundred;
 * anything else counts as "1.0".  A lot of 0 or 1 is inspected whole.
 */
struct sh_aql_plan sh_aql_plan_of(size_t lot, const char *aql);

/* The 95 % interval of a rate of which WRONG of N were seen. */
void sh_rate_interval(size_t wrong, size_t n, double *low, double *high);

#endif
