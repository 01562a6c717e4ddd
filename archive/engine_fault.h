/*
 * An engine that fails on request: "fault:" and another engine's place.  It
 * does what that one does, counts the calls, and lets one of them fail:
 * before anything of it was done, or after all of it was (a lost answer).
 *
 * The plan is the process's; for tests and for rehearsals of failure.
 */
#ifndef SH_ARCHIVE_ENGINE_FAULT_H
#define SH_ARCHIVE_ENGINE_FAULT_H

#include <stdint.h>

enum sh_fault_kind {
	SH_FAULT_NONE,
	SH_FAULT_BEFORE,	/* the call fails and did nothing */
	SH_FAULT_AFTER,		/* the call was made, its answer is lost */
	SH_FAULT_FROM		/* this call and all later ones fail */
};

/* Let call number N from now on (from 0) fail; counts anew. */
void sh_engine_fault_plan(enum sh_fault_kind kind, uint64_t n);
/* Calls since the plan was made. */
uint64_t sh_engine_fault_calls(void);

/* What the failing call says: SH_ESYSTEM. */
#define SH_FAULT_KEY	"engine.fault"

#endif
