/*
 * Which algorithms counted on which day: a table in a data file
 * (signing/data/algorithms.json), asked with the moment at which something
 * was proven to exist.
 *
 * Source: TT 15/2025/TT-BKHCN appendix; ETSI TS 119 312; SOG-IS Agreed
 * Cryptographic Mechanisms.
 */
#ifndef SH_SIGNING_POLICY_H
#define SH_SIGNING_POLICY_H

#include <stdint.h>

#include "base/error.h"
#include "signing/algorithm.h"

struct evp_pkey_st;

/*
 * 1 if the digest resisted collisions at the moment WHEN as far as anybody
 * knew, else 0 and WHY.
 */
int sh_policy_digest(enum sh_md md, int64_t when, char why[64]);
/* The same of a key. */
int sh_policy_key(struct evp_pkey_st *key, int64_t when, char why[64]);

/*
 * The last moment that an algorithm of the table counts, for renewal before
 * it passes: INT64_MAX when no end is set.
 */
int64_t sh_policy_digest_end(enum sh_md md);

/* Read the table; the other calls do it when nobody did. */
int sh_policy_load(struct sh_error *err) SH_MUST_CHECK;

#endif
