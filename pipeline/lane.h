/*
 * Who goes first at a home: the desk before bulk runs.
 *
 * A desk that wants to write shares the lock HOME/lane for as long as it
 * works.  A bulk run looks whether anybody shares it, gives the home away
 * after the pages under way, and takes it again when nobody does.  Locks end
 * with their process, so nobody waits for the dead.
 */
#ifndef SH_PIPELINE_LANE_H
#define SH_PIPELINE_LANE_H

#include "base/error.h"

/* Ask for the home at HOME: a descriptor to close when done, or -1. */
int sh_lane_ask(const char *home, struct sh_error *err);
/* 1 if a bulk run works at it, which will give way; 0 or -1. */
int sh_lane_bulk(const char *home, struct sh_error *err);
/* 1 if a desk asks for the home or has it; 0 or -1. */
int sh_lane_wanted(const char *home, struct sh_error *err);

#endif
