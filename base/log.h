/*
 * What operators read: one line an event on standard error, with time and
 * level.  Control characters become '?', so that a name from outside cannot
 * forge a line.  Never given keys, page text or whole identifiers.
 */
#ifndef SH_BASE_LOG_H
#define SH_BASE_LOG_H

#include "base/error.h"

enum sh_level { SH_DEBUG, SH_INFO, SH_WARN, SH_ERR };

/* Lines below LEVEL are dropped; SH_WARN at start. */
void sh_log_level(enum sh_level level);
void sh_log(enum sh_level level, const char *fmt, ...) SH_PRINTF(2, 3);

#endif
